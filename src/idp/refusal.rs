//! [`Refusal`]: every precise reason the provider refuses for, and what the peer may learn of it.
//!
//! Two audiences, two vocabularies. The sign-in log and the trace get the refusal with its check;
//! the peer gets a registered OAuth error and an AADSTS number. One table maps the second to the
//! first, so a new reason does not compile until someone decides what the peer may learn.

use crate::base::Check;
use crate::jose;
use crate::pop::ProofError;
use crate::pop::dpop::{DpopAnswer, DpopError};
use crate::pop::replay::ReplayError;
use crate::token::FamilyError;

/// Registered OAuth error codes (RFC 6749 sections 4.1.2.1 and 5.2; OpenID Connect 3.1.2.6; RFC 9449
/// section 12.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OAuthError {
    /// `interaction_required`
    InteractionRequired,
    /// `invalid_client`
    InvalidClient,
    /// `invalid_dpop_proof`
    InvalidDpopProof,
    /// `invalid_grant`
    InvalidGrant,
    /// `invalid_request`
    InvalidRequest,
    /// `invalid_resource` (MS-OAPXBC 3.2.5.1.3.3)
    InvalidResource,
    /// `temporarily_unavailable`
    TemporarilyUnavailable,
    /// `unsupported_grant_type`
    UnsupportedGrantType,
    /// `use_dpop_nonce`: call again with the nonce of this answer.
    UseDpopNonce,
}

impl OAuthError {
    /// The wire text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InteractionRequired => "interaction_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidResource => "invalid_resource",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }
}

macro_rules! refusals {
    ($($variant:ident $code:literal $check:ident $oauth:ident $aadsts:literal $sentence:literal;)*) => {
        /// Why the provider refused, before or beside policy.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        #[expect(missing_docs, reason = "the sentence of each variant says it")]
        pub enum Refusal {
            $(#[error($sentence)] $variant,)*
            /// The DPoP proof of the request, for its own reason.
            #[error(transparent)]
            Dpop(DpopError),
        }

        impl Refusal {
            /// Every refusal of the provider's own, in the order of the table; those of a DPoP proof
            /// are [`DpopError`]'s.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable code such as `idp.nonce_expired`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!("idp.", $code),)*
                    Self::Dpop(error) => error.code(),
                }
            }

            /// The check that made it.
            #[must_use]
            pub const fn check(self) -> Check {
                match self {
                    $(Self::$variant => Check::$check,)*
                    Self::Dpop(error) => check_of_proof(&error),
                }
            }

            /// What the peer learns: the OAuth error.
            #[must_use]
            pub const fn oauth_error(self) -> OAuthError {
                match self {
                    $(Self::$variant => OAuthError::$oauth,)*
                    Self::Dpop(error) => oauth_of_proof(&error),
                }
            }

            /// What the peer learns: the AADSTS number.
            #[must_use]
            pub const fn aadsts(self) -> u32 {
                match self {
                    $(Self::$variant => $aadsts,)*
                    Self::Dpop(error) => aadsts_of_proof(&error),
                }
            }
        }
    };
}

refusals! {
    MalformedMessage "malformed_message" MessageShape InvalidRequest 900144 "the request is malformed";
    UnsupportedGrant "unsupported_grant" MessageShape UnsupportedGrantType 70003 "the grant type is not supported";
    MalformedJws "malformed_jws" JwsShape InvalidGrant 50013 "the signed request is not a well-formed JWS";
    AlgorithmMismatch "algorithm_mismatch" HeaderAlgorithm InvalidGrant 50013 "the algorithm is not the one this key is for";
    CriticalHeader "critical_header" HeaderCritical InvalidGrant 50013 "the signed request asks for an extension that is not understood";
    TooBusy "too_busy" MemoryRoom TemporarilyUnavailable 90033 "the memory of used values is full";
    FamiliesFull "families_full" MemoryRoom TemporarilyUnavailable 90033 "the memory of token families is full";

    NonceMissing "nonce_missing" NonceMissing InvalidGrant 140000 "the signed request carries no nonce";
    NonceForeign "nonce_foreign" NonceIssued InvalidGrant 140000 "the nonce was not issued here";
    NonceExpired "nonce_expired" NonceFresh InvalidGrant 140000 "the nonce is too old";
    NonceUsed "nonce_used" NonceUnused InvalidGrant 140000 "the nonce was used before";

    PasswordWrong "password_wrong" UserPassword InvalidGrant 50126 "the user name or password is wrong";
    UserUnknown "user_unknown" UserEnabled InvalidGrant 50034 "the user does not exist";
    UserDisabled "user_disabled" UserEnabled InvalidGrant 50057 "the user is disabled";
    SecondFactorWrong "second_factor_wrong" UserSecondFactor InvalidGrant 50074 "the second factor is wrong";
    SecondFactorUsed "second_factor_used" UserSecondFactorUnused InvalidGrant 50074 "the code of the second factor was used before";

    DeviceUnknown "device_unknown" DeviceKnown InvalidGrant 50155 "the device is not registered";
    DeviceDisabled "device_disabled" DeviceEnabled InvalidGrant 135011 "the device is disabled";

    RegistrationTokenBad "registration_token_bad" RegistrationToken InvalidGrant 50013 "the access token does not authorise a registration";
    RegistrationUnsigned "registration_unsigned" RegistrationDeviceKey InvalidGrant 50013 "the join body is not signed by the device key it names";
    RegistrationOneKey "registration_one_key" RegistrationKeysDiffer InvalidRequest 5001210 "device key and transport key are the same key";
    UserKeyInUse "user_key_in_use" RegistrationKeysDiffer InvalidRequest 5001210 "the key is in use already; one key, one use";
    RegistrationKeyBad "registration_key_bad" JwsShape InvalidRequest 5001210 "a key of the registration is not a public P-256 key";
    RegistrationNonceBad "registration_nonce_bad" RegistrationNonce InvalidGrant 140000 "the join body carries no fresh nonce of this provider";
    RegistrationOverQuota "registration_over_quota" RegistrationQuota InvalidRequest 50166 "the user has registered as many devices as are allowed";
    RegistrationNotOwnKey "registration_not_own_key" RegistrationReplace InvalidGrant 50155 "only the device's own key may replace its transport key";
    RegistrationJoinTypeBad "registration_join_type_bad" RegistrationJoinType InvalidRequest 900144 "the join type does not go with the registration method";
    RemovalNotOwnKey "removal_not_own_key" RegistrationRemoval InvalidGrant 50155 "only the device's own key may remove it";
    UserKeyWeakAuth "user_key_weak_auth" UserKeyStrongAuth InteractionRequired 50076 "a user key needs a second factor first";

    PrtRequestPurposeBad "prt_request_purpose_bad" PrtRequestPurpose InvalidRequest 50013 "the request does not ask for a primary refresh token";
    PrtRequestSignatureBad "prt_request_signature_bad" PrtRequestSignature InvalidGrant 50155 "the request is not signed by the registered device key";
    PrtRequestProtocolRefused "prt_request_protocol_refused" PrtRequestProtocol InvalidGrant 50013 "this protocol version is not accepted";
    BrokerTokenNeeded "broker_token_needed" PrtRequestBrokerToken InvalidGrant 70000 "the refresh token was not issued to the broker client";
    AssertionBad "assertion_bad" AssertionSignature InvalidGrant 130005 "the user assertion is not signed by a key of that user";
    AssertionKeyUnknown "assertion_key_unknown" AssertionSignature InvalidGrant 130004 "the user key is not registered";
    AssertionNonceBad "assertion_nonce_bad" AssertionNonce InvalidGrant 140000 "the nonce of the user assertion is not that of the request";
    AssertionTimesBad "assertion_times_bad" AssertionTimes InvalidGrant 50013 "the user assertion is not in date or not meant for this provider";
    TransportKeyMissing "transport_key_missing" DeviceKnown InvalidGrant 130006 "the device has no transport key";

    UsePurposeBad "use_purpose_bad" PrtUsePurpose InvalidRequest 50013 "the signed request was not made for this step";
    CtxBad "ctx_bad" PrtUseCtx InvalidGrant 140001 "the context of the session key is missing or out of bounds";
    KdfVersionRefused "kdf_version_refused" PrtUseKdfVersion InvalidGrant 5000611 "this version of the key derivation is not accepted";
    TokenNotOurs "token_not_ours" PrtUnseal InvalidGrant 70000 "the refresh token was not issued here";
    MacBad "mac_bad" PrtUseMac InvalidGrant 140001 "the request is not signed under the token's session key";
    DeviceSignatureBad "device_signature_bad" PrtUseDeviceSignature InvalidGrant 140001 "the request is not signed by the token's device key";
    UseProtocolRefused "use_protocol_refused" PrtUseProtocol InvalidGrant 50013 "this protocol version is not accepted";
    UseTimesBad "use_times_bad" PrtUseTimes InvalidGrant 50013 "the times of the signed request are missing or out of date";
    JtiUsed "jti_used" PrtUseJti InvalidGrant 140000 "the request was used before";
    JtiMissing "jti_missing" PrtUseJti InvalidGrant 140000 "the request carries no id of its own";
    PrtExpired "prt_expired" PrtExpired InvalidGrant 700082 "the primary refresh token has expired";
    NotAPrt "not_a_prt" PrtKind InvalidGrant 50013 "the token is not a primary refresh token";
    ClientUnknown "client_unknown" ClientKnown InvalidClient 700016 "the client is not registered in the tenant";
    ResourceUnknown "resource_unknown" ResourceKnown InvalidResource 500011 "the resource is not known in the tenant";

    FamilyEnded "family_ended" FamilyLive InvalidGrant 50173 "the tokens of this sign-in have been ended";
    TokensRevoked "tokens_revoked" TokensNotRevoked InvalidGrant 50173 "the user's tokens were revoked";
    PasswordChanged "password_changed" PasswordUnchanged InvalidGrant 50133 "the password has changed since";

    BrokerTokenUnbound "broker_token_unbound" BrokerTokenBinding InvalidGrant 70000 "the refresh token is bound to a key that did not sign this request";
    BrokerTokenOtherClient "broker_token_other_client" BrokerTokenClient InvalidGrant 70000 "the refresh token belongs to another client";
    BrokerTokenOtherResource "broker_token_other_resource" BrokerTokenResource InvalidGrant 70000 "the refresh token was issued for another resource";
    BrokerTokenAsPrt "broker_token_as_prt" BrokerTokenNoPrt InvalidGrant 50013 "an app refresh token is not exchanged for a primary refresh token";
    BrokerTokenTooOld "broker_token_too_old" BrokerTokenExpired InvalidGrant 70008 "the refresh token has expired";

    RedirectUriUnknown "redirect_uri_unknown" RedirectUri InvalidRequest 50011 "the redirect URI is not registered for the client";
    PkceMissing "pkce_missing" PkceRequired InvalidRequest 9002325 "the client must send a code challenge";
    BrowserPurposeBad "browser_purpose_bad" BrowserPurpose InvalidGrant 50013 "the credential was not made for the browser";
    DeviceCredentialPurposeBad "device_credential_purpose_bad" DeviceCredentialPurpose InvalidGrant 50013 "the device credential was not made for this step";
    DeviceCredentialBad "device_credential_bad" DeviceCredentialSignature InvalidGrant 50155 "the device credential is not signed by the registered device key";

    CodeBad "code_bad" PrtUnseal InvalidGrant 70000 "the code was not issued here";
    CodeExpired "code_expired" CodeExpired InvalidGrant 70008 "the code has expired";
    CodeUsed "code_used" CodeUnused InvalidGrant 54005 "the code was redeemed before";
    CodeOtherClient "code_other_client" CodeClient InvalidGrant 70000 "the code belongs to another client";
    CodeOtherRedirect "code_other_redirect" CodeRedirectUri InvalidGrant 50011 "the redirect URI is not that of the authorize step";
    PkceMismatch "pkce_mismatch" CodePkce InvalidGrant 501481 "the code verifier does not match the challenge";

    CodeProofMissing "code_proof_missing" CodeDpopKey InvalidDpopProof 50013 "the code is bound to a DPoP key, and the request proves none";
    CodeOtherKey "code_other_key" CodeDpopKey InvalidGrant 70000 "the code is bound to another DPoP key";
    RefreshTooOld "refresh_too_old" RefreshExpired InvalidGrant 70008 "the refresh token has expired";
    RefreshOtherClient "refresh_other_client" RefreshClient InvalidGrant 70000 "the refresh token belongs to another client";
    RefreshReused "refresh_reused" RefreshUnused InvalidGrant 70000 "the refresh token was used before, so its family has ended";
    RefreshProofMissing "refresh_proof_missing" RefreshDpopKey InvalidDpopProof 50013 "the refresh token is bound to a DPoP key, and the request proves none";
    RefreshOtherKey "refresh_other_key" RefreshDpopKey InvalidGrant 70000 "the refresh token is bound to another DPoP key";

    ProofDemanded "proof_demanded" DpopDemanded InvalidDpopProof 50013 "every token request has to carry a DPoP proof here";
    ProofDemandedOfClient "proof_demanded_of_client" DpopDemandedOfClient InvalidDpopProof 50013 "the client is registered for DPoP tokens, and its request carries no proof";
    CertificateMissing "certificate_missing" CertificateDemanded InvalidRequest 50013 "the client is registered for certificate-bound tokens, and its request shows no certificate";
    RegistrationTokenUnproven "registration_token_unproven" RegistrationTokenProof InvalidGrant 50013 "the access token is bound to a key or certificate, and the request proves none";
}

/// The check that refused a DPoP proof. A window that cannot tell is a want of memory.
const fn check_of_proof(error: &DpopError) -> Check {
    match error.check() {
        Some(check) => check,
        None => Check::MemoryRoom,
    }
}

/// What the token endpoint says of a DPoP proof (RFC 9449 sections 5 and 8). No token is shown there,
/// so what is `invalid_token` at a resource is a wrong proof here.
const fn oauth_of_proof(error: &DpopError) -> OAuthError {
    match error.answer() {
        DpopAnswer::InvalidDpopProof | DpopAnswer::InvalidToken => OAuthError::InvalidDpopProof,
        DpopAnswer::TemporarilyUnavailable => OAuthError::TemporarilyUnavailable,
        DpopAnswer::UseDpopNonce => OAuthError::UseDpopNonce,
    }
}

/// Simulated: those of a signed request, since the cloud has no DPoP.
const fn aadsts_of_proof(error: &DpopError) -> u32 {
    match error {
        DpopError::Replay(ReplayError::Away | ReplayError::Full) => 90_033,
        DpopError::NonceRequired | DpopError::NonceMismatch => 140_000,
        _ => 50_013,
    }
}

impl Refusal {
    /// Whether the peer is asked to call again with a nonce: a step of the protocol and no refusal,
    /// so it leaves no record.
    #[must_use]
    pub const fn is_dpop_challenge(self) -> bool {
        matches!(self.oauth_error(), OAuthError::UseDpopNonce)
    }

    /// The refusal for a proof that failed; `signature` is the one for the signature itself.
    #[must_use]
    pub const fn of_proof(error: &ProofError, signature: Self) -> Self {
        match error {
            ProofError::Ctx => Self::CtxBad,
            ProofError::Jose(error) => Self::of_jws(error, signature),
            ProofError::KdfVersion | ProofError::KdfVersionUnknown => Self::KdfVersionRefused,
            ProofError::NonceExpired => Self::NonceExpired,
            ProofError::NonceForeign => Self::NonceForeign,
            ProofError::UsedBefore => Self::NonceUsed,
            ProofError::WindowFull => Self::TooBusy,
        }
    }

    /// The refusal for a JWS; `signature` is the one for the signature itself.
    #[must_use]
    pub const fn of_jws(error: &jose::Error, signature: Self) -> Self {
        match error {
            jose::Error::BadSignature => signature,
            jose::Error::CriticalExtension => Self::CriticalHeader,
            jose::Error::WrongAlgorithm { .. } => Self::AlgorithmMismatch,
            _ => Self::MalformedJws,
        }
    }

    /// The refusal of a token family.
    #[must_use]
    pub const fn of_family(error: FamilyError) -> Self {
        match error {
            FamilyError::Ended(_) => Self::FamilyEnded,
            FamilyError::Full => Self::FamiliesFull,
            FamilyError::Reuse => Self::RefreshReused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique() {
        let codes: BTreeSet<_> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
        assert_eq!(codes.len(), Refusal::ALL.len());
    }
}
