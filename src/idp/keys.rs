//! Signing keys of the provider: the newest signs, older ones stay published until their tokens have
//! expired.

use crate::base::stream::Stream;
use crate::base::{Check, Danger, Timestamp};
use crate::jose::jws::{self, Header, UnverifiedJws, Verified, VerifyingKey};
use crate::jose::{self, P256PublicKey, RingSigningKey, SignatureAlgorithm, Signer, SigningKey};
use crate::token::access::{ACCESS_TOKEN_TYPE, AccessTokenClaims};
use crate::wire::keys::{KeySet, PublishedKey};

use super::settings::IssuingBackend;

struct Key {
    public: P256PublicKey,
    kid: String,
    signer: Box<dyn Signer + Send + Sync>,
    /// Last time a token signed with it can still be good.
    retired: Option<Timestamp>,
}

/// The keys, newest first.
pub(super) struct SigningKeys {
    backend: IssuingBackend,
    keys: Vec<Key>,
}

impl SigningKeys {
    pub(super) fn generate(backend: IssuingBackend, rng: &mut Stream) -> Result<Self, jose::Error> {
        Ok(Self { backend, keys: vec![Key::generate(backend, rng)?] })
    }

    /// Makes a new key; the old ones stay published until `last_good`.
    pub(super) fn rotate(
        &mut self,
        now: Timestamp,
        last_good: Timestamp,
        rng: &mut Stream,
    ) -> Result<(), jose::Error> {
        self.keys.retain(|key| key.retired.is_none_or(|until| until >= now));
        for key in &mut self.keys {
            key.retired.get_or_insert(last_good);
        }
        self.keys.insert(0, Key::generate(self.backend, rng)?);
        Ok(())
    }

    pub(super) fn published(&self) -> KeySet {
        let publish = |key: &Key| PublishedKey {
            kid: key.kid.clone(),
            key_use: "sig".to_owned(),
            alg: SignatureAlgorithm::Es256.as_str().to_owned(),
            jwk: key.public.to_jwk(),
        };
        KeySet { keys: self.keys.iter().map(publish).collect() }
    }

    pub(super) fn sign(&self, claims: &AccessTokenClaims) -> Result<String, jose::Error> {
        let key = self.keys.first().ok_or(jose::Error::SigningFailed)?;
        let header =
            Header::new(SignatureAlgorithm::Es256).with_typ(ACCESS_TOKEN_TYPE).with_kid(&key.kid);
        let payload = serde_json::to_vec(claims).map_err(|_| jose::Error::SigningFailed)?;
        jws::sign_compact(&header, &payload, key.signer.as_ref())
    }

    /// Verifies an access token that this provider is shown itself.
    pub(super) fn verify(
        &self,
        token: &str,
        danger: Danger,
    ) -> Result<Verified<AccessTokenClaims>, jose::Error> {
        let jws = UnverifiedJws::parse(token)?;
        let kid = jws.header().kid.clone();
        let key = self.keys.iter().find(|key| Some(&key.kid) == kid.as_ref());
        let key = key.or(self.keys.first()).ok_or(jose::Error::BadSignature)?;
        jws.verify(VerifyingKey::P256(&key.public), Check::RegistrationToken, danger)?.json()
    }
}

impl Key {
    fn generate(backend: IssuingBackend, rng: &mut Stream) -> Result<Self, jose::Error> {
        let (public, signer): (_, Box<dyn Signer + Send + Sync>) = match backend {
            IssuingBackend::P256 => {
                let key = SigningKey::generate(rng);
                (key.public_key().clone(), Box::new(key))
            }
            IssuingBackend::Ring => {
                let key = RingSigningKey::generate()?;
                (key.public_key().clone(), Box::new(key))
            }
        };
        Ok(Self { kid: public.thumbprint().to_string(), public, signer, retired: None })
    }
}
