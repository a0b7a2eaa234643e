//! [`DpopError`]: why a DPoP proof was refused, one reason each.

use crate::base::Check;
use crate::pop::replay::ReplayError;

/// Why a request with, or without, a DPoP proof was refused. No variant carries any part of it.
///
/// # Source
/// RFC 9449 sections 4.3, 7 and 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// DPO-01: no `DPoP` field came.
    #[error("the request has no `DPoP` field")]
    ProofMissing,
    /// DPO-02: more than one came.
    #[error("the request has more than one `DPoP` field")]
    HeaderCount,
    /// DPO-03: longer than is looked at.
    #[error("the proof is longer than is looked at")]
    TooLarge,
    /// DPO-04: not one compact JWS with two JSON objects of unique members.
    #[error("the proof is not one compact JWS over JSON objects with unique members")]
    Malformed,
    /// DPO-05: the header asks for an extension.
    #[error("the proof's header carries `crit` or `b64`, and no extension is understood")]
    Crit,
    /// DPO-06: a required claim is not there.
    #[error("the proof lacks `jti`, `htm`, `htu` or `iat`")]
    ClaimMissing,
    /// DPO-06: a claim has the wrong JSON type, or `jti` is empty.
    #[error("a claim of the proof has the wrong JSON type")]
    ClaimType,
    /// DPO-06: the header has no `jwk`.
    #[error("the proof's header has no `jwk`")]
    JwkMissing,
    /// DPO-07.
    #[error("the proof's `jti` is longer than is looked at")]
    JtiSize,
    /// DPO-08.
    #[error("the proof's `typ` is not `dpop+jwt`")]
    Typ,
    /// DPO-09.
    #[error("the proof's `alg` is not one that is accepted here")]
    Alg,
    /// DPO-10: not an EC key of P-256 with whole coordinates, or not a point of the curve.
    #[error("the proof's `jwk` is not a public key of P-256")]
    JwkInvalid,
    /// DPO-11: `use`, `key_ops` or `alg` of the key name something else.
    #[error("the proof's `jwk` says that it is for something else")]
    JwkUse,
    /// DPO-12.
    #[error("the proof's signature does not match")]
    Signature,
    /// DPO-13.
    #[error("the proof's `jwk` holds a private member")]
    JwkPrivate,
    /// DPO-14.
    #[error("the proof is for another method")]
    Htm,
    /// DPO-15.
    #[error("the proof is for another URI")]
    Htu,
    /// DPO-16.
    #[error("the proof has no `nonce`, and one is demanded")]
    NonceRequired,
    /// DPO-17.
    #[error("the proof's `nonce` is not one that this server gave out lately")]
    NonceMismatch,
    /// DPO-18.
    #[error("the proof is too old")]
    IatPast,
    /// DPO-19.
    #[error("the proof is dated too far ahead")]
    IatFuture,
    /// DPO-20.
    #[error("the proof's `exp` has passed")]
    Exp,
    /// DPO-21.
    #[error("the proof's `nbf` lies ahead")]
    Nbf,
    /// DPO-22.
    #[error("the proof has no `ath`, and an access token came with it")]
    AthMissing,
    /// DPO-23.
    #[error("the proof is for another access token")]
    AthMismatch,
    /// DPO-24.
    #[error("the proof's key is not the one the token is bound to")]
    JktMismatch,
    /// DPO-25.
    #[error("the access token is not bound to a key")]
    NotBound,
    /// DPO-26.
    #[error("the access token did not come under the `DPoP` scheme")]
    Scheme,
    /// DPO-27.
    #[error("the proof has an `ath`, and no access token came with it")]
    AthUnexpected,
    /// DPO-28, or the window could not tell.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// What the peer is told: the registered error, and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DpopAnswer {
    /// The proof is at fault: `invalid_dpop_proof` (RFC 9449 section 5).
    InvalidDpopProof,
    /// The token and its presentation do not fit: `invalid_token` (RFC 6750 section 3.1).
    InvalidToken,
    /// The server cannot tell at the moment: `temporarily_unavailable`, 503.
    TemporarilyUnavailable,
    /// Call again with the nonce of the answer: `use_dpop_nonce` (RFC 9449 sections 8 and 9).
    UseDpopNonce,
}

impl DpopAnswer {
    /// The registered error code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InvalidToken => "invalid_token",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }
}

impl DpopError {
    /// Every reason, in the order of the checks.
    pub const ALL: &[Self] = &[
        Self::ProofMissing,
        Self::HeaderCount,
        Self::TooLarge,
        Self::Malformed,
        Self::Crit,
        Self::ClaimMissing,
        Self::ClaimType,
        Self::JwkMissing,
        Self::JtiSize,
        Self::Typ,
        Self::Alg,
        Self::JwkInvalid,
        Self::JwkUse,
        Self::Signature,
        Self::JwkPrivate,
        Self::Htm,
        Self::Htu,
        Self::NonceRequired,
        Self::NonceMismatch,
        Self::IatPast,
        Self::IatFuture,
        Self::Exp,
        Self::Nbf,
        Self::AthMissing,
        Self::AthMismatch,
        Self::JktMismatch,
        Self::NotBound,
        Self::Scheme,
        Self::AthUnexpected,
        Self::Replay(ReplayError::Away),
        Self::Replay(ReplayError::Full),
        Self::Replay(ReplayError::Seen),
    ];

    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ProofMissing => "pop.dpop_proof_missing",
            Self::HeaderCount => "pop.dpop_header_count",
            Self::TooLarge => "pop.dpop_too_large",
            Self::Malformed => "pop.dpop_malformed",
            Self::Crit => "pop.dpop_crit",
            Self::ClaimMissing => "pop.dpop_claim_missing",
            Self::ClaimType => "pop.dpop_claim_type",
            Self::JwkMissing => "pop.dpop_jwk_missing",
            Self::JtiSize => "pop.dpop_jti_size",
            Self::Typ => "pop.dpop_typ",
            Self::Alg => "pop.dpop_alg",
            Self::JwkInvalid => "pop.dpop_jwk_invalid",
            Self::JwkUse => "pop.dpop_jwk_use",
            Self::Signature => "pop.dpop_signature",
            Self::JwkPrivate => "pop.dpop_jwk_private",
            Self::Htm => "pop.dpop_htm",
            Self::Htu => "pop.dpop_htu",
            Self::NonceRequired => "pop.dpop_nonce_required",
            Self::NonceMismatch => "pop.dpop_nonce_mismatch",
            Self::IatPast => "pop.dpop_iat_past",
            Self::IatFuture => "pop.dpop_iat_future",
            Self::Exp => "pop.dpop_exp",
            Self::Nbf => "pop.dpop_nbf",
            Self::AthMissing => "pop.dpop_ath_missing",
            Self::AthMismatch => "pop.dpop_ath_mismatch",
            Self::JktMismatch => "pop.dpop_jkt_mismatch",
            Self::NotBound => "pop.dpop_not_bound",
            Self::Scheme => "pop.dpop_scheme",
            Self::AthUnexpected => "pop.dpop_ath_unexpected",
            Self::Replay(error) => error.code(),
        }
    }

    /// The reason category, as corpora of DPoP proofs name it.
    #[must_use]
    pub const fn category(&self) -> &'static str {
        match self {
            Self::ProofMissing => "proof_missing",
            Self::HeaderCount => "header_count",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::Crit => "crit",
            Self::ClaimMissing => "claim_missing",
            Self::ClaimType => "claim_type",
            Self::JwkMissing => "jwk_missing",
            Self::JtiSize => "jti_size",
            Self::Typ => "typ",
            Self::Alg => "alg",
            Self::JwkInvalid | Self::JwkUse => "jwk_invalid",
            Self::Signature => "signature",
            Self::JwkPrivate => "jwk_private",
            Self::Htm => "htm",
            Self::Htu => "htu",
            Self::NonceRequired => "nonce_required",
            Self::NonceMismatch => "nonce_mismatch",
            Self::IatPast => "iat_past",
            Self::IatFuture => "iat_future",
            Self::Exp => "exp",
            Self::Nbf => "nbf",
            Self::AthMissing => "ath_missing",
            Self::AthMismatch => "ath_mismatch",
            Self::JktMismatch => "jkt_mismatch",
            Self::NotBound => "not_bound",
            Self::Scheme => "scheme",
            Self::AthUnexpected => "ath_unexpected",
            Self::Replay(ReplayError::Away) => "replay_away",
            Self::Replay(ReplayError::Full) => "replay_full",
            Self::Replay(ReplayError::Seen) => "replay",
        }
    }

    /// The check that refused; none if the replay window could not tell.
    #[must_use]
    pub const fn check(&self) -> Option<Check> {
        Some(match self {
            Self::ProofMissing => Check::DpopProofPresent,
            Self::HeaderCount => Check::DpopOneProof,
            Self::TooLarge => Check::DpopProofSize,
            Self::Malformed => Check::DpopProofShape,
            Self::Crit => Check::DpopCritical,
            Self::ClaimMissing | Self::ClaimType | Self::JwkMissing => Check::DpopMembers,
            Self::JtiSize => Check::DpopJtiSize,
            Self::Typ => Check::DpopType,
            Self::Alg => Check::DpopAlgorithm,
            Self::JwkInvalid => Check::DpopKey,
            Self::JwkUse => Check::DpopKeyUse,
            Self::Signature => Check::DpopSignature,
            Self::JwkPrivate => Check::DpopKeyPublic,
            Self::Htm => Check::DpopMethod,
            Self::Htu => Check::DpopUri,
            Self::NonceRequired => Check::DpopNoncePresent,
            Self::NonceMismatch => Check::DpopNonce,
            Self::IatPast => Check::DpopAge,
            Self::IatFuture => Check::DpopAhead,
            Self::Exp => Check::DpopExpiry,
            Self::Nbf => Check::DpopNotBefore,
            Self::AthMissing => Check::DpopTokenHashPresent,
            Self::AthMismatch => Check::DpopTokenHash,
            Self::JktMismatch => Check::DpopBoundKey,
            Self::NotBound => Check::DpopTokenBound,
            Self::Scheme => Check::DpopScheme,
            Self::AthUnexpected => Check::DpopTokenHashAbsent,
            Self::Replay(ReplayError::Seen) => Check::DpopReplay,
            Self::Replay(ReplayError::Away | ReplayError::Full) => return None,
        })
    }

    /// What the peer may learn.
    #[must_use]
    pub const fn answer(&self) -> DpopAnswer {
        match self {
            Self::ProofMissing
            | Self::HeaderCount
            | Self::TooLarge
            | Self::Malformed
            | Self::Crit
            | Self::ClaimMissing
            | Self::ClaimType
            | Self::JwkMissing
            | Self::JtiSize
            | Self::Typ
            | Self::Alg
            | Self::JwkInvalid
            | Self::JwkUse
            | Self::Signature
            | Self::JwkPrivate
            | Self::Htm
            | Self::Htu
            | Self::IatPast
            | Self::IatFuture
            | Self::Exp
            | Self::Nbf
            | Self::AthMissing
            | Self::AthMismatch
            | Self::AthUnexpected
            | Self::Replay(ReplayError::Seen) => DpopAnswer::InvalidDpopProof,
            Self::NonceRequired | Self::NonceMismatch => DpopAnswer::UseDpopNonce,
            Self::JktMismatch | Self::NotBound | Self::Scheme => DpopAnswer::InvalidToken,
            Self::Replay(ReplayError::Away | ReplayError::Full) => {
                DpopAnswer::TemporarilyUnavailable
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn reasons_are_told_apart() {
        let codes: BTreeSet<_> = DpopError::ALL.iter().map(DpopError::code).collect();
        assert_eq!(codes.len(), DpopError::ALL.len());
        let checks: BTreeSet<_> = DpopError::ALL.iter().filter_map(DpopError::check).collect();
        let dpop = Check::ALL.iter().copied().filter(|check| check.id().starts_with("DPO-"));
        assert_eq!(checks, dpop.collect());
        for error in DpopError::ALL {
            let code = error.code().trim_start_matches("pop.dpop_").trim_start_matches("pop.");
            let same = code == error.category()
                || (code, error.category()) == ("jwk_use", "jwk_invalid")
                || (code, error.category()) == ("replay_seen", "replay");
            assert!(same, "{code}");
        }
    }
}
