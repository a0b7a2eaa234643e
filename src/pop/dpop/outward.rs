//! The checks of a proof that need nothing but the proof.

use super::MAX_PROOF;
use super::error::DpopError;
use super::proof::{Proof, Scratch};
use super::verifier::Verifier;
use crate::base::{Check, Danger};
use crate::jose::VerifyEs256;

/// These checks, in the order in which [`Verifier::outward`] makes them.
const OUTWARD: &[Check] = &[
    Check::DpopProofSize,
    Check::DpopProofShape,
    Check::DpopCritical,
    Check::DpopType,
    Check::DpopAlgorithm,
    Check::DpopKeyPublic,
    Check::DpopKey,
    Check::DpopKeyUse,
    Check::DpopMembers,
    Check::DpopJtiSize,
    Check::DpopSignature,
];

/// What a proof is, seen by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outward {
    /// Checks that it passes, in order.
    pub passed: Vec<Check>,
    /// The first reason to refuse it, after which nothing was checked.
    pub refused: Option<DpopError>,
}

impl<B: VerifyEs256> Verifier<B> {
    /// Makes the checks that need no request, token, nonce, clock or memory. One that passes them is
    /// well made; whether it is worth anything, [`Self::verify`] tells.
    pub fn outward(&self, proof: &[u8]) -> Outward {
        let refused = self.try_outward(proof).err();
        let stop = match refused {
            // It is asked for first of all that is said of the key.
            Some(DpopError::JwkMissing) => Some(Check::DpopKeyPublic),
            refused => refused.and_then(|error| error.check()),
        };
        let passed = OUTWARD.iter().copied().take_while(|check| Some(*check) != stop).collect();
        Outward { passed, refused }
    }

    fn try_outward(&self, proof: &[u8]) -> Result<(), DpopError> {
        let mut scratch: Scratch = [0; MAX_PROOF / 4 * 3];
        let proof = Proof::read(proof, self.limits(), &mut scratch)?;
        let key = proof.key(Danger::NONE)?;
        proof.claims(self.limits(), Danger::NONE)?;
        self.signed(&proof, &key, Danger::NONE)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::base::b64;
    use crate::pop::dpop::Limits;

    fn outward(header: &Value, claims: &Value) -> Outward {
        let part = |value: &Value| b64::encode_url(value.to_string());
        let proof = format!("{}.{}.AAAA", part(header), part(claims));
        Verifier::new(Limits::default()).outward(proof.as_bytes())
    }

    #[test]
    fn each_reason_that_a_proof_itself_gives_is_found() {
        let jwk = json!({
            "kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        });
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk});
        let claims = json!({"jti": "a", "htm": "GET", "htu": "https://a/", "iat": 1});
        let with = |object: &Value, pointer: &str, value: Value| {
            let mut object = object.clone();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            object.pointer_mut(parent).unwrap()[name] = value;
            object
        };
        for (header, claims, refused, passed) in [
            (with(&header, "/crit", json!(["b"])), claims.clone(), DpopError::Crit, 2),
            (with(&header, "/typ", json!("jwt")), claims.clone(), DpopError::Typ, 3),
            (with(&header, "/alg", json!("none")), claims.clone(), DpopError::Alg, 4),
            (json!({"typ": "dpop+jwt", "alg": "ES256"}), claims.clone(), DpopError::JwkMissing, 5),
            (with(&header, "/jwk/d", json!("AA")), claims.clone(), DpopError::JwkPrivate, 5),
            (with(&header, "/jwk/x", json!("AA")), claims.clone(), DpopError::JwkInvalid, 6),
            (with(&header, "/jwk/use", json!("enc")), claims.clone(), DpopError::JwkUse, 7),
            (header.clone(), json!({"jti": "a"}), DpopError::ClaimMissing, 8),
            (header.clone(), with(&claims, "/iat", json!("1")), DpopError::ClaimType, 8),
            (header.clone(), with(&claims, "/jti", json!("a".repeat(257))), DpopError::JtiSize, 9),
            (header.clone(), claims.clone(), DpopError::Signature, 10),
        ] {
            let found = outward(&header, &claims);
            assert_eq!(found.refused, Some(refused), "{header} {claims}");
            assert_eq!(found.passed, OUTWARD[..passed], "{header} {claims}");
        }
        let long = Verifier::new(Limits::default()).outward(&[b'a'; MAX_PROOF + 1]);
        assert_eq!(long, Outward { passed: Vec::new(), refused: Some(DpopError::TooLarge) });
    }
}
