//! For tests: a [`Link`] whose far side says what the test wants it to say, and a far side that
//! knows how to say it.

use std::collections::VecDeque;

use http::StatusCode;

use super::uses::AppRequest;
use super::{Broker, BrokerSettings, Protocol, requests};
use crate::base::id::{AppId, DeviceId};
use crate::base::stream::{Seed, Stream, octets};
use crate::base::time::Nanos;
use crate::base::{Check, Timestamp};
use crate::jose::P256PublicKey;
use crate::jose::jwe;
use crate::jose::kdf::{Ctx, KdfVersion, SessionKey};
use crate::keystore::{KeyStore, LatencyModel, Protection};
use crate::wire::answer::{ErrorBody, NonceAnswer, PrtAnswer, TokenAnswer, json_response};
use crate::wire::form::Form;
use crate::wire::{Link, Request, Response};

pub(crate) const ORIGIN: &str = "https://login.lab.example";
pub(crate) const ISSUER: &str = "https://login.lab.example/a1b2c3d4-0000-4000-8000-00000000c0de";
pub(crate) const ALICE: &str = "alice@contoso.example";
pub(crate) const DEVICE: DeviceId = DeviceId::from_u128(0xd1);
/// What an app asks the broker for.
pub(super) const ASK: AppRequest<'_> = AppRequest {
    client: AppId::from_u128(0xa),
    client_version: None,
    client_sku: None,
    resource: "https://outlook.lab.example",
    scope: "offline_access",
};
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_773_144_000);

/// Gives out prepared answers in order and keeps what was sent.
pub(crate) struct Scripted {
    answers: VecDeque<Response>,
    pub(crate) sent: Vec<Request>,
    pub(crate) noted: Vec<Check>,
    pub(crate) spent: Nanos,
}

impl Scripted {
    pub(crate) fn answering<const N: usize>(answers: [Response; N]) -> Self {
        Self { answers: answers.into(), sent: vec![], noted: vec![], spent: Nanos(0) }
    }

    pub(crate) fn form(&self, index: usize) -> Form {
        Form::parse(self.sent[index].body()).unwrap()
    }

    /// The compact JWS of the signed request at `index`.
    pub(crate) fn signed(&self, index: usize) -> String {
        self.form(index).required("request").unwrap()
    }
}

impl Link for Scripted {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn spend(&mut self, time: Nanos) {
        self.spent += time;
    }

    fn exchange(&mut self, request: Request) -> Response {
        self.sent.push(request);
        self.answers.pop_front().expect("the script has an answer to every request")
    }

    fn note(&mut self, check: Check) {
        self.noted.push(check);
    }
}

/// What the far side knows of the device, and its own randomness and session key.
pub(crate) struct Far {
    pub(crate) rng: Stream,
    pub(crate) session: SessionKey,
    pub(crate) device: P256PublicKey,
    pub(crate) transport: P256PublicKey,
}

pub(crate) fn store(protection: Protection) -> KeyStore {
    KeyStore::new(protection, LatencyModel::chrome_tpm(), Seed(7).stream("key store"))
}

pub(crate) fn settings(protocol: Protocol) -> BrokerSettings {
    BrokerSettings {
        protocol,
        token_type: crate::wire::dpop::TokenType::Bearer,
        kdf: KdfVersion::V2,
        issuer: ISSUER.to_owned(),
        origin: ORIGIN.to_owned(),
        user_agent: "Broker (Windows NT 10.0)".to_owned(),
    }
}

/// A device that the directory knows, and the far side that knows its keys.
pub(crate) fn known_device(protocol: Protocol) -> (Broker, Far, Stream) {
    known_device_with(protocol, Protection::Hardware)
}

pub(crate) fn known_device_with(
    protocol: Protocol,
    protection: Protection,
) -> (Broker, Far, Stream) {
    let mut rng = Seed(1).stream("device");
    let mut broker = Broker::new(store(protection), settings(protocol));
    let (device, transport) = broker.generate_keys(&mut rng).unwrap();
    broker.provisioned(DEVICE).unwrap();
    let mut far = Seed(2).stream("provider");
    let session = SessionKey::generate(&mut far);
    (broker, Far { rng: far, session, device, transport }, rng)
}

/// The same after a PRT request by password with nonce `n1`.
pub(crate) fn signed_in(protocol: Protocol) -> (Broker, Far, Stream) {
    let (mut broker, mut far, rng) = known_device(protocol);
    let answer = far.prt_answer(protocol, "n1");
    let mut link = Scripted::answering([nonce("n1"), answer]);
    broker.prt_with_password(&mut link, ALICE, &"pw".into(), None).unwrap();
    (broker, far, rng)
}

pub(crate) fn nonce(text: &str) -> Response {
    json_response(StatusCode::OK, &NonceAnswer { nonce: text.to_owned() })
}

pub(crate) fn refused(code: u32) -> Response {
    let body = ErrorBody {
        error: "invalid_grant".to_owned(),
        error_description: format!("AADSTS{code}: no"),
        error_codes: vec![code],
        timestamp: NOW.to_string(),
        trace_id: "t".to_owned(),
        correlation_id: "c".to_owned(),
        suberror: None,
    };
    json_response(StatusCode::BAD_REQUEST, &body)
}

pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Response {
    Response::new(body.into())
}

pub(crate) fn prt(session_key_jwe: Option<String>) -> PrtAnswer {
    PrtAnswer {
        token_type: "pop".to_owned(),
        refresh_token: "sealed-prt".to_owned(),
        refresh_token_expires_in: 1_209_600,
        session_key_jwe,
        id_token: None,
        expires_in: "0".to_owned(),
        ext_expires_in: "0".to_owned(),
        expires_on: "0".to_owned(),
    }
}

pub(crate) fn tokens(refresh_token: Option<&str>) -> TokenAnswer {
    TokenAnswer {
        token_type: "Bearer".to_owned(),
        access_token: "access".to_owned(),
        expires_in: 3600,
        ext_expires_in: 3600,
        scope: "openid".to_owned(),
        refresh_token: refresh_token.map(str::to_owned),
        refresh_token_expires_in: refresh_token.map(|_| 1_209_600),
        id_token: None,
    }
}

impl Far {
    /// A JWE to the transport key of this device for the request with `nonce`.
    pub(crate) fn encrypted(&mut self, nonce: &str, plaintext: &[u8]) -> String {
        let transport = self.transport.clone();
        let apv = requests::apv(&transport.thumbprint(), nonce);
        self.encrypted_for(&transport, &apv, plaintext)
    }

    pub(crate) fn encrypted_for(&mut self, key: &P256PublicKey, apv: &str, text: &[u8]) -> String {
        jwe::encrypt_ecdh_es(key, ISSUER.as_bytes(), apv.as_bytes(), text, &mut self.rng)
    }

    pub(crate) fn wrapped(&mut self, nonce: &str) -> String {
        let apv = requests::apv(&self.transport.thumbprint(), nonce);
        let (key, apu, apv) = (&self.transport, ISSUER.as_bytes(), apv.as_bytes());
        jwe::wrap_session_key(&self.session, key, apu, apv, &mut self.rng)
    }

    /// The right answer to a PRT request.
    pub(crate) fn prt_answer(&mut self, protocol: Protocol, nonce: &str) -> Response {
        match protocol {
            Protocol::DeviceKey => {
                let json = serde_json::to_vec(&prt(None)).unwrap();
                ok(self.encrypted(nonce, &json))
            }
            Protocol::SessionKey => {
                let jwe = self.wrapped(nonce);
                json_response(StatusCode::OK, &prt(Some(jwe)))
            }
        }
    }

    /// The right answer to a use.
    pub(crate) fn use_answer(
        &mut self,
        protocol: Protocol,
        nonce: &str,
        answer: &TokenAnswer,
    ) -> Response {
        let json = serde_json::to_vec(answer).unwrap();
        match protocol {
            Protocol::DeviceKey => ok(self.encrypted(nonce, &json)),
            Protocol::SessionKey => ok(under(&self.session, &mut self.rng, &json)),
        }
    }
}

/// An answer under a session key, with a `ctx` of its own.
pub(crate) fn under(session: &SessionKey, rng: &mut Stream, plaintext: &[u8]) -> String {
    let ctx = Ctx::random(rng);
    let key = session.derive(KdfVersion::V1, &ctx, &[]);
    jwe::encrypt_dir(&key, &ctx, octets(rng), plaintext)
}
