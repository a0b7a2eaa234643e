//! Opaque tokens: sealed on the way out, unsealed (USE-04) on the way in.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::stream::{self, Stream};
use crate::jose::{SealKey, SessionKey};
use crate::token::sealed::{BrokerRefresh, Code, Prt, Refresh, SealedKind};

/// A refresh token as presented, told apart by the seal and not by the sender.
pub(super) enum Presented {
    /// Bound to the session key sealed with it, or to the device key.
    Broker(Box<BrokerRefresh>, Option<SessionKey>),
    /// Bound likewise.
    Prt(Box<Prt>, Option<SessionKey>),
    /// Bound to nothing.
    Plain(Box<Refresh>),
}

/// The provider's seal.
pub(super) struct Seal(SealKey);

impl Seal {
    pub(super) fn generate(rng: &mut Stream) -> Self {
        Self(SealKey::generate(rng))
    }

    pub(super) fn prt(&self, prt: &Prt, key: Option<&SessionKey>, rng: &mut Stream) -> String {
        self.seal(SealedKind::Prt, prt, key, rng)
    }

    pub(super) fn broker_refresh(
        &self,
        token: &BrokerRefresh,
        key: Option<&SessionKey>,
        rng: &mut Stream,
    ) -> String {
        self.seal(SealedKind::BrokerRefresh, token, key, rng)
    }

    pub(super) fn refresh(&self, token: &Refresh, rng: &mut Stream) -> String {
        self.seal(SealedKind::Refresh, token, None, rng)
    }

    pub(super) fn code(&self, code: &Code, rng: &mut Stream) -> String {
        self.seal(SealedKind::Code, code, None, rng)
    }

    /// USE-04: whichever kind of refresh token the text is, or none.
    pub(super) fn open_refresh(&self, text: &str) -> Option<Presented> {
        if let Some((prt, key)) = self.open(SealedKind::Prt, text) {
            return Some(Presented::Prt(Box::new(prt), key));
        }
        if let Some((token, key)) = self.open(SealedKind::BrokerRefresh, text) {
            return Some(Presented::Broker(Box::new(token), key));
        }
        let (token, _) = self.open(SealedKind::Refresh, text)?;
        Some(Presented::Plain(Box::new(token)))
    }

    /// USE-04 for a code.
    pub(super) fn open_code(&self, text: &str) -> Option<Code> {
        self.open(SealedKind::Code, text).map(|(code, _)| code)
    }

    fn seal(
        &self,
        kind: SealedKind,
        claims: &impl Serialize,
        key: Option<&SessionKey>,
        rng: &mut Stream,
    ) -> String {
        // The sealed claims are plain structs with text keys, which always serialise.
        let json = serde_json::to_vec(claims).unwrap_or_default();
        self.0.seal(kind.as_str(), &json, key, stream::octets(rng))
    }

    fn open<T: DeserializeOwned>(
        &self,
        kind: SealedKind,
        text: &str,
    ) -> Option<(T, Option<SessionKey>)> {
        let (json, key) = self.0.unseal(kind.as_str(), text).ok()?;
        Some((serde_json::from_slice(&json).ok()?, key))
    }
}
