//! Session-key signatures: HS256 under a key derived from the session key (prt-protocol 4 and 5.1).
//!
//! Under KDF v1 the derived key depends on `ctx` alone, so whoever captured one signs anything with
//! it. Under v2 it depends on the payload too and signs that one message. The recipient decides
//! which versions it accepts before it looks at the MAC.

use super::{Possession, PossessionMethod, ProofError};
use crate::base::{Check, Danger};
use crate::jose::jws::{self, Header, UnverifiedJws, Verified, VerifyingKey};
use crate::jose::kdf::{Ctx, DerivedKey, KdfVersion, SessionKey};

/// Shortest and longest `ctx` accepted, in octets: real clients send 24 or 32.
const CTX_OCTETS: std::ops::RangeInclusive<usize> = 16..=64;

/// Which KDF versions a recipient accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AcceptedKdf {
    /// Version 2 alone.
    #[default]
    V2,
    /// Both: a captured derived key of version 1 then signs anything.
    V1AndV2,
}

/// Presenter: signs `payload` under a derived key. The result is a compact JWS.
#[must_use]
pub fn present(key: &DerivedKey, ctx: &Ctx, version: KdfVersion, payload: &[u8]) -> String {
    let header = Header {
        alg: "HS256".to_owned(),
        typ: Some("JWT".to_owned()),
        ctx: Some(ctx.to_header()),
        kdf_ver: (version == KdfVersion::V2).then_some(2),
        ..Header::default()
    };
    jws::sign_compact(&header, payload, &key.mac_key()).unwrap_or_default()
}

/// What the header says about the key: read and bounded before anything is unsealed.
#[derive(Clone, Debug)]
pub struct Derivation {
    ctx: Ctx,
    version: KdfVersion,
}

/// Recipient, first step: `ctx` bounds and the KDF version.
///
/// # Errors
/// [`ProofError::Ctx`] (USE-02) or [`ProofError::KdfVersion`] (USE-03).
pub fn read_header(
    header: &Header,
    accepted: AcceptedKdf,
    danger: Danger,
) -> Result<Derivation, ProofError> {
    let ctx = Ctx::from_header(header.ctx.as_deref().ok_or(ProofError::Ctx)?)
        .map_err(|_| ProofError::Ctx)?;
    // USE-02
    if !CTX_OCTETS.contains(&ctx.len()) && danger.enforces(Check::PrtUseCtx) {
        return Err(ProofError::Ctx);
    }
    let version = match header.kdf_ver {
        None | Some(1) => KdfVersion::V1,
        Some(2) => KdfVersion::V2,
        Some(_) => return Err(ProofError::KdfVersionUnknown),
    };
    // USE-03
    let refused = version == KdfVersion::V1 && accepted == AcceptedKdf::V2;
    if refused && danger.enforces(Check::PrtUseKdfVersion) {
        return Err(ProofError::KdfVersion);
    }
    Ok(Derivation { ctx, version })
}

/// Recipient, second step: derives the key from the payload as received and checks the MAC.
///
/// # Errors
/// [`ProofError::Jose`]: `crit`, `alg`, or the MAC (USE-05).
///
/// # Security
/// A false accept lets anybody use the PRT; a false reject locks one request out.
pub fn verify(
    jws: UnverifiedJws<'_>,
    derivation: &Derivation,
    session_key: &SessionKey,
    danger: Danger,
) -> Result<(Verified<Vec<u8>>, Possession), ProofError> {
    let Derivation { ctx, version } = derivation;
    let derived = session_key.derive(*version, ctx, jws.unverified_payload());
    // USE-05
    let key = derived.mac_key();
    let verified = jws.verify(VerifyingKey::Mac(&key), Check::PrtUseMac, danger)?;
    Ok((verified, Possession::of(PossessionMethod::SessionKey(*version))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::stream::Seed;

    fn signed(version: KdfVersion) -> (SessionKey, Ctx, DerivedKey, String) {
        let mut rng = Seed(3).stream("session");
        let session = SessionKey::generate(&mut rng);
        let ctx = Ctx::random(&mut rng);
        let key = session.derive(version, &ctx, b"{\"n\":1}");
        let jws = present(&key, &ctx, version, b"{\"n\":1}");
        (session, ctx, key, jws)
    }

    fn check(session: &SessionKey, text: &str, accepted: AcceptedKdf) -> Result<(), ProofError> {
        let jws = UnverifiedJws::parse(text).unwrap();
        let derivation = read_header(jws.header(), accepted, Danger::NONE)?;
        verify(jws, &derivation, session, Danger::NONE).map(|_| ())
    }

    #[test]
    fn a_captured_v1_key_signs_anything_and_a_v2_key_one_message() {
        for (version, other_passes) in [(KdfVersion::V1, true), (KdfVersion::V2, false)] {
            let (session, ctx, key, first) = signed(version);
            assert_eq!(check(&session, &first, AcceptedKdf::V1AndV2), Ok(()));
            let other = present(&key, &ctx, version, b"{\"n\":2}");
            let verdict = check(&session, &other, AcceptedKdf::V1AndV2);
            assert_eq!(verdict.is_ok(), other_passes, "{version:?}");
        }
    }

    #[test]
    fn version_1_is_refused_unless_accepted() {
        let (session, _, _, text) = signed(KdfVersion::V1);
        assert_eq!(check(&session, &text, AcceptedKdf::V2), Err(ProofError::KdfVersion));
    }

    #[test]
    fn ctx_is_bounded() {
        for (octets, good) in [(0, false), (15, false), (16, true), (64, true), (65, false)] {
            let ctx = crate::base::b64::encode_standard(vec![7; octets]);
            let header = Header { ctx: Some(ctx), kdf_ver: Some(2), ..Header::default() };
            let verdict = read_header(&header, AcceptedKdf::V2, Danger::NONE);
            assert_eq!(verdict.is_ok(), good, "{octets}");
        }
        assert!(read_header(&Header::default(), AcceptedKdf::V2, Danger::NONE).is_err());
    }
}
