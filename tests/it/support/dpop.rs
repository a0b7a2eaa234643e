//! Proofs made by hand, octet by octet, and a request that shows one to both checkers.

use token_protection_lab::base::stream::Seed;
use token_protection_lab::base::{Danger, Timestamp, b64};
use token_protection_lab::jose::{Signer as _, SigningKey};
use token_protection_lab::pop::dpop::{
    DpopError, DpopPossession, NonceRule, Presented, RequestFacts, Scheme, TargetUri, Verifier,
};
use token_protection_lab::pop::replay::{ReplayKey, SharedReplay, Window};

use super::slow_dpop::{SlowRequest, SlowServer};

pub const NOW: i64 = 1_760_000_000;
pub const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
pub const ATH: &str = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";
pub const URL: &str = "https://resource.example.org/protectedresource";
pub const NONCE: &str = "eyJ7S_zG.eyJH0-Z.HX4w-7v";

/// The texts of header and payload, before they are encoded and signed.
#[derive(Clone, Debug)]
pub struct Draft {
    pub header: Vec<u8>,
    pub payload: Vec<u8>,
}

/// A key and its texts.
pub struct Holder {
    key: SigningKey,
}

impl Holder {
    pub fn new(seed: u64) -> Self {
        Self { key: SigningKey::generate(&mut Seed(seed).stream("dpop holder")) }
    }

    pub fn jkt(&self) -> String {
        self.key.public_key().thumbprint().to_string()
    }

    pub fn jwk(&self) -> String {
        let jwk = serde_json::to_value(self.key.public_key().to_jwk()).unwrap();
        format!(r#"{{"kty":"EC","crv":"P-256","x":{},"y":{}}}"#, jwk["x"], jwk["y"])
    }

    /// A good proof for the resource of this file, with a nonce.
    pub fn draft(&self, jti: &str) -> Draft {
        let header = format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{}}}"#, self.jwk());
        let payload = format!(
            r#"{{"jti":"{jti}","htm":"GET","htu":"{URL}","iat":{NOW},"ath":"{ATH}","nonce":"{NONCE}"}}"#
        );
        Draft { header: header.into_bytes(), payload: payload.into_bytes() }
    }

    pub fn sign(&self, draft: &Draft) -> String {
        let input =
            format!("{}.{}", b64::encode_url(&draft.header), b64::encode_url(&draft.payload));
        let signature = self.key.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", b64::encode_url(signature))
    }

    /// A request for the resource of this file.
    pub fn request(&self, proof: impl Into<Vec<u8>>) -> SlowRequest {
        SlowRequest {
            method: "GET".to_owned(),
            url: URL.to_owned(),
            proofs: vec![proof.into()],
            scheme: Some("DPoP".to_owned()),
            token: Some(TOKEN.to_owned()),
            jkt: Some(self.jkt()),
            nonces: Some(vec![NONCE.to_owned()]),
            now: NOW,
        }
    }
}

/// The verifier of the library and the slow one, each with a memory of its own.
pub struct Both {
    pub fast: Fast,
    pub slow: SlowServer,
}

impl Both {
    pub fn new() -> Self {
        Self { fast: Fast::new(), slow: SlowServer::default() }
    }

    /// The verdict of both, which have to agree.
    #[track_caller]
    pub fn verdict(&mut self, request: &SlowRequest) -> Result<(), DpopError> {
        let fast = self.fast.verify(request, Danger::NONE).map(|_| ());
        let slow = self.slow.accepts(request);
        assert_eq!(fast.is_ok(), slow, "{fast:?} {}", shown(request));
        fast
    }
}

fn shown(request: &SlowRequest) -> String {
    let proofs: Vec<_> = request.proofs.iter().map(|it| String::from_utf8_lossy(it)).collect();
    format!("{proofs:?} of {request:?}")
}

/// The verifier of the library with a window.
pub struct Fast {
    pub verifier: Verifier,
    pub replay: SharedReplay,
}

impl Fast {
    pub fn new() -> Self {
        let key = ReplayKey::from_octets(&[7; 32]);
        let replay = SharedReplay::new(Window::with_capacity(100_000), key);
        Self { verifier: Verifier::default(), replay }
    }

    pub fn verify(
        &self,
        request: &SlowRequest,
        danger: Danger,
    ) -> Result<DpopPossession, DpopError> {
        let uri = TargetUri::parse(&request.url).unwrap();
        let proofs: Vec<&[u8]> = request.proofs.iter().map(Vec::as_slice).collect();
        let scheme = match request.scheme.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("dpop") => Scheme::Dpop,
            Some("bearer") => Scheme::Bearer,
            _ => Scheme::None,
        };
        let jkt = request.jkt.as_ref().map(|jkt| jkt.parse().unwrap());
        let presented = match (&request.token, jkt) {
            (Some(token), jkt) => Presented::AccessToken { token, jkt },
            (None, Some(jkt)) => Presented::BoundGrant { jkt },
            (None, None) => Presented::NoToken,
        };
        let nonces: Option<Vec<&str>> =
            request.nonces.as_ref().map(|nonces| nonces.iter().map(String::as_str).collect());
        let rule = nonces.as_ref().map_or(NonceRule::NotUsed, |nonces| NonceRule::OneOf(nonces));
        let facts = RequestFacts { method: &request.method, uri: &uri, proofs: &proofs, scheme };
        let replay = Some((self.replay.window(), self.replay.key()));
        let now = Timestamp::from_unix(request.now);
        self.verifier.verify(&facts, presented, rule, replay, now, danger)
    }
}
