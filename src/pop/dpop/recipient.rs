//! [`Recipient`]: what a server that takes DPoP proofs holds.

use super::error::DpopError;
use super::facts::{NonceRule, Presented, RequestFacts};
use super::verifier::{DpopPossession, Verifier};
use super::{Limits, NONCE_LIFETIME};
use crate::base::{Danger, Lifetime, Timestamp};
use crate::jose::{Ring, VerifyEs256};
use crate::pop::NonceMint;
use crate::pop::replay::SharedReplay;

/// Whether a server gives out nonces and demands them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceDemand {
    /// From everybody, each good for this long.
    Demanded(Lifetime),
    /// From nobody.
    NotUsed,
}

impl Default for NonceDemand {
    fn default() -> Self {
        Self::Demanded(NONCE_LIFETIME)
    }
}

/// How a server checks proofs.
#[derive(Clone, Debug, Default)]
pub struct RecipientSettings {
    /// Ages and sizes.
    pub limits: Limits,
    /// Whether nonces are demanded.
    pub nonces: NonceDemand,
    /// The window of used proofs, if there is one. Servers with clones of one handle share it.
    pub replay: Option<SharedReplay>,
}

/// Neither a replay window nor nonces are configured.
///
/// Every proof that anybody saw would pass again until it is too old, and nothing would show that
/// protection is off. A server with these settings does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("DPoP without a replay window and without nonces protects nothing: switch one of them on")]
pub struct Unprotected;

impl Unprotected {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "pop.dpop_unprotected"
    }
}

/// A server's verifier, nonces and replay window.
///
/// # Example
/// ```
/// use token_protection_lab::base::stream::Seed;
/// use token_protection_lab::base::{Danger, Timestamp};
/// use token_protection_lab::jose::{Signer as _, SigningKey};
/// use token_protection_lab::pop::dpop::{
///     DpopError, Presented, ProofDraft, Recipient, RecipientSettings, RequestFacts, Scheme,
///     TargetUri,
/// };
/// use token_protection_lab::pop::replay::{ReplayKey, SharedReplay, Window};
///
/// let mut rng = Seed(1).stream("server");
/// let replay = SharedReplay::new(Window::with_capacity(100_000), ReplayKey::generate(&mut rng));
/// let settings = RecipientSettings { replay: Some(replay), ..RecipientSettings::default() };
/// let recipient = Recipient::new(settings, &mut rng)?;
///
/// // The presenter proves its key for this request, with the nonce of the server's challenge.
/// let now = Timestamp::from_unix(1_760_000_000);
/// let nonce = recipient.next_nonce(now, &mut rng);
/// let key = SigningKey::generate(&mut rng);
/// let uri = TargetUri::parse("https://api.example/orders")?;
/// let mut draft = ProofDraft::new("GET", uri.as_str(), now, &mut rng).for_token("the token");
/// draft.nonce = nonce;
/// let proof = draft.sign(key.public_key(), &key)?;
///
/// let request = RequestFacts {
///     method: "GET",
///     uri: &uri,
///     proofs: &[proof.as_bytes()],
///     scheme: Scheme::Dpop,
/// };
/// let jkt = Some(key.public_key().thumbprint());
/// let token = Presented::AccessToken { token: "the token", jkt };
/// let possession = recipient.verify(&request, token, now, Danger::NONE)?;
/// assert_eq!(Some(possession.jkt()), jkt);
///
/// // The same proof is good once.
/// let again = recipient.verify(&request, token, now, Danger::NONE);
/// assert_eq!(again.map_err(|error| error.category()), Err("replay"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Recipient<B: VerifyEs256 = Ring> {
    verifier: Verifier<B>,
    nonces: Option<(NonceMint, Lifetime)>,
    replay: Option<SharedReplay>,
}

impl Recipient {
    /// A recipient on ring, with a nonce mint of its own.
    ///
    /// # Errors
    /// [`Unprotected`] if there is neither a replay window nor a demand for nonces.
    pub fn new(settings: RecipientSettings, rng: &mut impl rand::Rng) -> Result<Self, Unprotected> {
        Self::with_backend(settings, Ring, rng)
    }
}

impl<B: VerifyEs256> Recipient<B> {
    /// A recipient on another backend.
    ///
    /// # Errors
    /// As [`Recipient::new`].
    pub fn with_backend(
        settings: RecipientSettings,
        backend: B,
        rng: &mut impl rand::Rng,
    ) -> Result<Self, Unprotected> {
        let RecipientSettings { limits, nonces, replay } = settings;
        let nonces = match nonces {
            NonceDemand::Demanded(lifetime) => Some((NonceMint::generate(rng), lifetime)),
            NonceDemand::NotUsed if replay.is_none() => return Err(Unprotected),
            NonceDemand::NotUsed => None,
        };
        Ok(Self { verifier: Verifier::with_backend(limits, backend), nonces, replay })
    }

    /// Checks the proof of a request; see [`Verifier::verify`].
    ///
    /// # Errors
    /// [`DpopError`]. After one whose [answer](DpopError::answer) is
    /// [`UseDpopNonce`](super::DpopAnswer::UseDpopNonce) the response carries
    /// [`Self::next_nonce`] in its `DPoP-Nonce` field.
    pub fn verify(
        &self,
        request: &RequestFacts<'_>,
        presented: Presented<'_>,
        now: Timestamp,
        danger: Danger,
    ) -> Result<DpopPossession, DpopError> {
        let nonces = match &self.nonces {
            Some((mint, lifetime)) => NonceRule::Demanded(mint, *lifetime),
            None => NonceRule::NotUsed,
        };
        let replay = self.replay.as_ref().map(|replay| (replay.window(), replay.key()));
        self.verifier.verify(request, presented, nonces, replay, now, danger)
    }

    /// A nonce for the `DPoP-Nonce` field of a response, if this server uses them.
    pub fn next_nonce(&self, now: Timestamp, rng: &mut impl rand::Rng) -> Option<String> {
        self.nonces.as_ref().map(|(mint, _)| mint.issue(now, rng))
    }

    /// What the proofs are checked with.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier<B> {
        &self.verifier
    }
}
