//! [`Proof`]: one DPoP proof, read and not believed.

use super::error::DpopError;
use super::members::{Claims, Header, JwkMember, Member, NumericDate, Presence};
use super::{DPOP_TYPE, Limits, MAX_PROOF};
use crate::base::{Check, Danger, b64, json};
use crate::jose::JwkThumbprint;

/// Room for the octets of header, payload and signature of the longest proof.
pub(super) type Scratch = [u8; MAX_PROOF / 4 * 3];

/// The three parts of a proof, decoded.
pub(super) struct Proof<'a> {
    signing_input: &'a str,
    /// Nothing if it is not 64 octets long.
    signature: Option<[u8; 64]>,
    header: Header<'a>,
    claims: Claims<'a>,
}

impl<'a> Proof<'a> {
    /// Reads one compact JWS. A look for three dots is all that is done with a text that has more.
    pub(super) fn read(
        text: &'a [u8],
        limits: &Limits,
        scratch: &'a mut Scratch,
    ) -> Result<Self, DpopError> {
        // DPO-03: before anything is decoded.
        if text.len() > limits.max_proof.min(MAX_PROOF) {
            return Err(DpopError::TooLarge);
        }
        // DPO-04
        Self::decode(text, scratch).ok_or(DpopError::Malformed)
    }

    fn decode(text: &'a [u8], scratch: &'a mut Scratch) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (header, rest) = text.split_once('.')?;
        let (payload, signature) = rest.split_once('.')?;
        let signing_input = text.get(..header.len() + 1 + payload.len())?;
        let signature = decode_signature(signature, scratch)?;
        let (for_header, rest) = scratch.split_at_mut_checked(header.len() * 3 / 4)?;
        Some(Self {
            signing_input,
            signature,
            header: json::read(decode_text(header, for_header)?)?,
            claims: json::read(decode_text(payload, rest)?)?,
        })
    }

    /// The octets that were signed.
    pub(super) const fn signing_input(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    pub(super) const fn signature(&self) -> Option<&[u8; 64]> {
        self.signature.as_ref()
    }

    /// The key of the header, once it says what a proof's header has to say.
    pub(super) fn key(&self, danger: Danger) -> Result<ProofKey, DpopError> {
        let header = &self.header;
        // DPO-05
        let extended = [header.crit, header.b64].contains(&Presence::Present);
        if extended && danger.enforces(Check::DpopCritical) {
            return Err(DpopError::Crit);
        }
        // DPO-08: exactly; RFC 7515 section 4.1.9 would also let other spellings mean the same.
        if !header.typ.is(DPOP_TYPE) && danger.enforces(Check::DpopType) {
            return Err(DpopError::Typ);
        }
        // DPO-09
        if !header.alg.is("ES256") && danger.enforces(Check::DpopAlgorithm) {
            return Err(DpopError::Alg);
        }
        // DPO-06
        let jwk = match &header.jwk {
            JwkMember::Key(jwk) => jwk,
            JwkMember::Absent => return Err(DpopError::JwkMissing),
            JwkMember::Other => return Err(DpopError::JwkInvalid),
        };
        // DPO-13: the mere name is too much.
        if jwk.has_private_member() && danger.enforces(Check::DpopKeyPublic) {
            return Err(DpopError::JwkPrivate);
        }
        // DPO-10: the algorithm fixes the curve.
        if !jwk.kty.is("EC") || !jwk.crv.is("P-256") {
            return Err(DpopError::JwkInvalid);
        }
        let key = ProofKey::from_coordinates(&jwk.x, &jwk.y).ok_or(DpopError::JwkInvalid)?;
        // DPO-11
        if !jwk.may_verify() && danger.enforces(Check::DpopKeyUse) {
            return Err(DpopError::JwkUse);
        }
        Ok(key)
    }

    /// The claims, once all that are required are there and each has its type.
    pub(super) fn claims(
        &self,
        limits: &Limits,
        danger: Danger,
    ) -> Result<TypedClaims<'_>, DpopError> {
        let claims = &self.claims;
        // DPO-06
        let jti = required(&claims.jti)?;
        if jti.is_empty() {
            return Err(DpopError::ClaimType);
        }
        let claims = TypedClaims {
            jti,
            htm: required(&claims.htm)?,
            htu: required(&claims.htu)?,
            iat: time(&claims.iat)?.ok_or(DpopError::ClaimMissing)?,
            exp: time(&claims.exp)?,
            nbf: time(&claims.nbf)?,
            ath: optional(&claims.ath)?,
            nonce: optional(&claims.nonce)?,
        };
        // DPO-07
        if jti.len() > limits.max_jti && danger.enforces(Check::DpopJtiSize) {
            return Err(DpopError::JtiSize);
        }
        Ok(claims)
    }
}

/// Strict base64url, whatever its length; 64 octets if it has them.
fn decode_signature(text: &str, scratch: &mut Scratch) -> Option<Option<[u8; 64]>> {
    let octets = b64::decode_url_into(text, scratch).ok()?;
    Some((&*octets).try_into().ok())
}

fn decode_text<'o>(part: &str, out: &'o mut [u8]) -> Option<&'o str> {
    std::str::from_utf8(b64::decode_url_into(part, out).ok()?).ok()
}

/// Claims of the right types.
pub(super) struct TypedClaims<'a> {
    pub(super) jti: &'a str,
    pub(super) htm: &'a str,
    pub(super) htu: &'a str,
    pub(super) iat: NumericDate,
    pub(super) exp: Option<NumericDate>,
    pub(super) nbf: Option<NumericDate>,
    pub(super) ath: Option<&'a str>,
    pub(super) nonce: Option<&'a str>,
}

fn required<'a>(claim: &'a Member<'_>) -> Result<&'a str, DpopError> {
    optional(claim)?.ok_or(DpopError::ClaimMissing)
}

fn optional<'a>(claim: &'a Member<'_>) -> Result<Option<&'a str>, DpopError> {
    match claim {
        Member::Absent => Ok(None),
        Member::Text(text) => Ok(Some(text)),
        Member::Number(_) | Member::Other => Err(DpopError::ClaimType),
    }
}

fn time(claim: &Member<'_>) -> Result<Option<NumericDate>, DpopError> {
    match claim {
        Member::Absent => Ok(None),
        Member::Number(time) => Ok(Some(*time)),
        Member::Text(_) | Member::Other => Err(DpopError::ClaimType),
    }
}

/// The key of a proof: whole coordinates that may still lie off the curve.
pub(super) struct ProofKey {
    /// 4, x, y.
    pub(super) point: [u8; 65],
    pub(super) thumbprint: JwkThumbprint,
}

impl ProofKey {
    /// Exactly 32 octets each (RFC 7518 section 6.2.1.2), in their one text.
    fn from_coordinates(x: &Member<'_>, y: &Member<'_>) -> Option<Self> {
        let (x, y) = (x.as_text()?, y.as_text()?);
        let mut point = [4; 65];
        let (_, coordinates) = point.split_first_mut()?;
        let (to_x, to_y) = coordinates.split_at_mut(32);
        to_x.copy_from_slice(&b64::decode_url_exact::<32>(x).ok()?);
        to_y.copy_from_slice(&b64::decode_url_exact::<32>(y).ok()?);
        let text = |coordinate: &str| coordinate.as_bytes().try_into().ok();
        let thumbprint = JwkThumbprint::of_p256_coordinates(&text(x)?, &text(y)?);
        Some(Self { point, thumbprint })
    }

    /// For the reason of a refusal alone: every backend refuses a point off the curve.
    pub(super) fn is_on_curve(&self) -> bool {
        crate::jose::P256PublicKey::from_sec1(&self.point).is_ok()
    }
}
