//! DPoP on the client's side (RFC 9449): a key in a key store, proofs under it, and the newest nonce
//! of each server.
//!
//! An app outside the broker has a key of its own ([`DpopClient`]), in a key store of the same kind
//! as its device's. Apps behind the broker have none: the broker makes the proofs of their token
//! requests and of their resource requests, under one key, and the key never leaves its store. Both
//! are a [`Prover`] to the code that sends.
//!
//! ```text
//! request --prove--> request with proof --exchange--> answer
//!              ^                                        | use_dpop_nonce, once
//!              +----------- with the server's nonce ----+
//! ```

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng as _};

use super::{Broker, BrokerError};
use crate::base::stream::{self, Stream};
use crate::base::time::Nanos;
use crate::base::{Secret, Timestamp};
use crate::jose::JwkThumbprint;
use crate::jose::jws;
use crate::keystore::{self, KeyHandle, KeyStore};
use crate::pop::dpop::ProofDraft;
use crate::wire::dpop::{demands_nonce, nonce_of, with_proof};
use crate::wire::{Link, Request, Response};

/// Servers whose nonce is remembered; one more drops the first by name.
const MAX_SERVERS: usize = 64;

/// Whoever makes DPoP proofs: an app with its own key, or the broker.
pub trait Prover {
    /// The thumbprint of the key: what tokens are bound to, and the `dpop_jkt` of an authorization
    /// request.
    ///
    /// # Errors
    /// `broker.no_dpop_key`.
    fn jkt(&self) -> Result<JwkThumbprint, BrokerError>;

    /// A proof for this request: its method and URI, the newest nonce of its server, and the hash of
    /// the access token that goes with it, if one does.
    ///
    /// # Errors
    /// `broker.no_dpop_key`, `broker.key_store`.
    fn prove(
        &mut self,
        now: Timestamp,
        request: &Request,
        access_token: Option<&Secret<String>>,
    ) -> Result<Secret<String>, BrokerError>;

    /// Keeps the nonce that an answer to this request gave, for the next proof to the same server.
    fn remember(&mut self, request: &Request, response: &Response);

    /// The simulated time that the key store took since the last call.
    fn take_elapsed(&mut self) -> Nanos;

    /// Proofs made in advance: one for each date, for this request and access token, with the
    /// newest nonce that is known.
    ///
    /// # Errors
    /// As [`Prover::prove`].
    ///
    /// # Security
    /// What an attacker who runs code on the device can have made while it is there, whatever
    /// protects the key: the key signs any date it is told (RFC 9449 section 11.2). Server nonces
    /// make such proofs stale with their nonce, and `ath` ties them to the token that was there.
    fn danger_make_proofs(
        &mut self,
        dates: &[Timestamp],
        request: &Request,
        access_token: Option<&Secret<String>>,
    ) -> Result<Vec<Secret<String>>, BrokerError> {
        dates.iter().map(|date| self.prove(*date, request, access_token)).collect()
    }
}

/// Sends a request with a proof. A server that demands its nonce is answered once, with a new proof
/// on the same request; what it says then is the answer.
///
/// # Errors
/// As [`Prover::prove`], and `broker.unsendable`.
pub fn exchange(
    prover: &mut dyn Prover,
    link: &mut dyn Link,
    request: Request,
    access_token: Option<&Secret<String>>,
) -> Result<Response, BrokerError> {
    let first = send(prover, link, request.clone(), access_token)?;
    match demands_nonce(&first) {
        true => send(prover, link, request, access_token),
        false => Ok(first),
    }
}

fn send(
    prover: &mut dyn Prover,
    link: &mut dyn Link,
    request: Request,
    access_token: Option<&Secret<String>>,
) -> Result<Response, BrokerError> {
    let proof = prover.prove(link.now(), &request, access_token)?;
    link.spend(prover.take_elapsed());
    let request = with_proof(request, &proof)?;
    let response = link.exchange(request.clone());
    prover.remember(&request, &response);
    Ok(response)
}

/// The DPoP key of an app outside the broker, in a store of its own.
pub struct DpopClient {
    store: KeyStore,
    presenter: Presenter,
}

impl DpopClient {
    /// A client with a new key in `store`.
    ///
    /// # Errors
    /// `keystore.unknown_key` if the store does not keep what it makes.
    pub fn generate(mut store: KeyStore, rng: &mut impl Rng) -> Result<Self, keystore::Error> {
        let presenter = Presenter::generate(&mut store, rng)?;
        Ok(Self { store, presenter })
    }

    /// An attacker's copy: the same key, and proofs of its own.
    ///
    /// # Errors
    /// `keystore.not_exportable` unless the store is a software one.
    ///
    /// # Security
    /// Whoever has it is, to every server, the app: bound tokens are as good as bearer tokens then.
    pub fn danger_copy(&self) -> Result<Self, keystore::Error> {
        Ok(Self { store: self.store.danger_copy()?, presenter: self.presenter.danger_copy() })
    }
}

impl Prover for DpopClient {
    fn jkt(&self) -> Result<JwkThumbprint, BrokerError> {
        Ok(self.presenter.jkt)
    }

    fn prove(
        &mut self,
        now: Timestamp,
        request: &Request,
        access_token: Option<&Secret<String>>,
    ) -> Result<Secret<String>, BrokerError> {
        Ok(self.presenter.prove(&mut self.store, now, request, access_token)?)
    }

    fn remember(&mut self, request: &Request, response: &Response) {
        self.presenter.remember(request, response);
    }

    fn take_elapsed(&mut self) -> Nanos {
        self.store.take_elapsed()
    }
}

impl std::fmt::Debug for DpopClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DpopClient").field("jkt", &self.presenter.jkt).finish_non_exhaustive()
    }
}

impl Broker {
    /// Makes the key of this broker's DPoP proofs, if there is none yet, and gives its thumbprint.
    ///
    /// It is no device key: it survives a new registration, and goes with [`Broker::unregister`].
    ///
    /// # Errors
    /// `broker.key_store`.
    pub fn ensure_dpop_key(&mut self, rng: &mut impl Rng) -> Result<JwkThumbprint, BrokerError> {
        let presenter = match self.dpop.take() {
            Some(presenter) => presenter,
            None => Presenter::generate(&mut self.store, rng)?,
        };
        Ok(self.dpop.insert(presenter).jkt)
    }

    pub(super) fn drop_dpop_key(&mut self) {
        if let Some(presenter) = self.dpop.take() {
            self.drop_key(presenter.key);
        }
    }

    fn presenter(&self) -> Result<&Presenter, BrokerError> {
        self.dpop.as_ref().ok_or(BrokerError::NoDpopKey)
    }
}

/// The broker proves for the apps behind it, which hold no key.
impl Prover for Broker {
    fn jkt(&self) -> Result<JwkThumbprint, BrokerError> {
        Ok(self.presenter()?.jkt)
    }

    fn prove(
        &mut self,
        now: Timestamp,
        request: &Request,
        access_token: Option<&Secret<String>>,
    ) -> Result<Secret<String>, BrokerError> {
        let presenter = self.dpop.as_mut().ok_or(BrokerError::NoDpopKey)?;
        Ok(presenter.prove(&mut self.store, now, request, access_token)?)
    }

    fn remember(&mut self, request: &Request, response: &Response) {
        if let Some(presenter) = &mut self.dpop {
            presenter.remember(request, response);
        }
    }

    fn take_elapsed(&mut self) -> Nanos {
        self.store.take_elapsed()
    }
}

/// A DPoP key by its handle, with what its proofs need.
pub(super) struct Presenter {
    key: KeyHandle,
    jkt: JwkThumbprint,
    /// Where `jti` come from.
    rng: Stream,
    /// The newest nonce of each server, by scheme and authority.
    nonces: BTreeMap<String, String>,
}

impl Presenter {
    fn generate(store: &mut KeyStore, rng: &mut impl Rng) -> Result<Self, keystore::Error> {
        let key = store.generate_dpop_key(rng);
        let jkt = store.public_key(key)?.thumbprint();
        let rng = Stream::from_seed(stream::octets(rng));
        Ok(Self { key, jkt, rng, nonces: BTreeMap::new() })
    }

    fn prove(
        &mut self,
        store: &mut KeyStore,
        now: Timestamp,
        request: &Request,
        access_token: Option<&Secret<String>>,
    ) -> Result<Secret<String>, keystore::Error> {
        let server = server_of(request);
        let uri = format!("{server}{}", request.uri().path());
        let draft = ProofDraft::new(request.method().as_str(), &uri, now, &mut self.rng)
            .with_nonce(self.nonces.get(&server).map(String::as_str));
        let draft = match access_token {
            Some(token) => draft.for_token(token.expose_secret()),
            None => draft,
        };
        let input = draft.signing_input(store.public_key(self.key)?);
        let signature = store.sign(self.key, input.as_bytes())?;
        Ok(Secret::new(jws::assemble(input, &signature)))
    }

    fn remember(&mut self, request: &Request, response: &Response) {
        let Some(nonce) = nonce_of(response) else { return };
        self.nonces.insert(server_of(request), nonce.to_owned());
        if self.nonces.len() > MAX_SERVERS {
            self.nonces.pop_first();
        }
    }

    /// The same key, with a stream of its own: two that drew the same `jti` would refuse each other.
    pub(super) fn danger_copy(&self) -> Self {
        let mut rng = Stream::from_seed(self.rng.get_seed());
        rng.set_stream(self.rng.get_stream().wrapping_add(1));
        Self { key: self.key, jkt: self.jkt, rng, nonces: self.nonces.clone() }
    }
}

/// Scheme and authority: each server has nonces of its own (RFC 9449 section 9).
fn server_of(request: &Request) -> String {
    let uri = request.uri();
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    format!("{}://{authority}", uri.scheme_str().unwrap_or("https"))
}
