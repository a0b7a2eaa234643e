//! [`HandmadeDpop`]: a DPoP key that the test owns, and proofs to be bent in one place.

use crate::base::Timestamp;
use crate::base::stream::Stream;
use crate::jose::{JwkThumbprint, SigningKey};
use crate::pop::dpop::ProofDraft;
use crate::wire::dpop::{DPOP, nonce_of};
use crate::wire::{Request, Response};

/// A DPoP key in plain reach, with the newest nonce it was given. No key store would do that.
pub struct HandmadeDpop {
    key: SigningKey,
    rng: Stream,
    /// What the next proof carries.
    pub nonce: Option<String>,
}

impl HandmadeDpop {
    /// A new key.
    #[must_use]
    pub fn new(mut rng: Stream) -> Self {
        Self { key: SigningKey::generate(&mut rng), rng, nonce: None }
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Its thumbprint.
    #[must_use]
    pub fn jkt(&self) -> JwkThumbprint {
        self.key.public_key().thumbprint()
    }

    /// A good proof for a request, unsigned.
    #[must_use]
    pub fn draft(&mut self, request: &Request, now: Timestamp) -> ProofDraft {
        let uri = request.uri().to_string();
        ProofDraft::new(request.method().as_str(), &uri, now, &mut self.rng)
            .with_nonce(self.nonce.as_deref())
    }

    /// The proof of a draft.
    ///
    /// # Panics
    /// If the key does not sign.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn sign(&self, draft: &ProofDraft) -> String {
        draft.sign(self.key.public_key(), &self.key).expect("a signature")
    }

    /// The request with a good proof.
    #[must_use]
    pub fn prove(&mut self, request: Request, now: Timestamp) -> Request {
        self.prove_with(request, now, |_| ())
    }

    /// The request with a proof that was bent.
    #[must_use]
    pub fn prove_with(
        &mut self,
        request: Request,
        now: Timestamp,
        bend: impl FnOnce(&mut ProofDraft),
    ) -> Request {
        let mut draft = self.draft(&request, now);
        bend(&mut draft);
        with_field(request, &self.sign(&draft))
    }

    /// Keeps the nonce of an answer.
    pub fn remember(&mut self, response: &Response) {
        if let Some(nonce) = nonce_of(response) {
            self.nonce = Some(nonce.to_owned());
        }
    }
}

/// The request with one more `DPoP` field.
#[must_use]
pub fn with_field(mut request: Request, value: &str) -> Request {
    if let Ok(value) = value.parse() {
        request.headers_mut().append(DPOP, value);
    }
    request
}
