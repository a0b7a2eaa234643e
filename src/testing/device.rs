//! [`HandmadeDevice`]: a registered device whose keys the test owns, and [`Draft`]: a signed message
//! before it is signed, to be bent in one place.

use serde_json::{Value, json};

use crate::base::id::{AppId, DeviceId};
use crate::base::stream::Stream;
use crate::base::{Timestamp, b64};
use crate::broker::requests;
use crate::catalog::well_known::{BROKER_CLIENT, EXCHANGE};
use crate::idp::ORIGIN;
use crate::jose::jws::{self, Header};
use crate::jose::{
    AgreementKey, Ctx, KdfVersion, P256PublicKey, SessionKey, Signer as _, SigningKey, UnopenedJwe,
};
use crate::wire::Request;
use crate::wire::answer::{PrtAnswer, TokenAnswer};
use crate::wire::claims::{JWT_BEARER, PROTOCOL_4};
use crate::wire::form::Form;

/// A device of the directory whose private keys are in plain reach. No key store would do that.
pub struct HandmadeDevice {
    id: DeviceId,
    issuer: String,
    device_key: SigningKey,
    transport_key: AgreementKey,
    prt: String,
    session_key: Option<SessionKey>,
    rng: Stream,
}

/// Who signs a draft.
#[derive(Clone, Copy)]
enum SignWith<'d> {
    Device(&'d SigningKey),
    Session(&'d SessionKey),
}

/// A signed message before it is signed.
pub struct Draft<'d> {
    issuer: &'d str,
    header: Header,
    claims: Value,
    signer: SignWith<'d>,
    client_version: Option<String>,
}

impl HandmadeDevice {
    pub(super) fn new(id: DeviceId, issuer: &str, mut rng: Stream) -> Self {
        Self {
            id,
            issuer: issuer.to_owned(),
            device_key: SigningKey::generate(&mut rng),
            transport_key: AgreementKey::generate(&mut rng),
            prt: String::new(),
            session_key: None,
            rng,
        }
    }

    /// Its device id.
    #[must_use]
    pub const fn id(&self) -> DeviceId {
        self.id
    }

    /// The public device key.
    #[must_use]
    pub const fn device_key(&self) -> &P256PublicKey {
        self.device_key.public_key()
    }

    /// The public transport key.
    #[must_use]
    pub const fn transport_key(&self) -> &P256PublicKey {
        self.transport_key.public_key()
    }

    /// The PRT text it holds; empty before one was obtained.
    #[must_use]
    pub fn prt(&self) -> &str {
        &self.prt
    }

    /// The session key of its PRT, if one was wrapped for it.
    #[must_use]
    pub const fn session_key(&self) -> Option<&SessionKey> {
        self.session_key.as_ref()
    }

    /// `apv` of an answer to a request with this nonce.
    #[must_use]
    pub fn apv(&self, nonce: &str) -> String {
        requests::apv(&self.transport_key.public_key().thumbprint(), nonce)
    }

    /// A PRT request by password, in session-key mode.
    #[must_use]
    pub fn prt_request(&self, nonce: &str, username: &str, password: &str) -> Draft<'_> {
        let claims = json!({
            "client_id": BROKER_CLIENT, "scope": "openid aza", "request_nonce": nonce,
            "grant_type": "password", "username": username, "password": password,
        });
        self.by_device_key(claims)
    }

    /// A PRT request by password, in protocol 4.
    #[must_use]
    pub fn prt_request_4(&self, nonce: &str, username: &str, password: &str) -> Draft<'_> {
        self.prt_request(nonce, username, password)
            .claim("prt_protocol_version", PROTOCOL_4)
            .claim("jwe_crypto", self.jwe_crypto(nonce))
    }

    /// A use of its PRT for Outlook and Exchange Online. Session-key or protocol 4, as the PRT is.
    #[must_use]
    pub fn use_of_prt(&self, nonce: &str, now: Timestamp) -> Draft<'_> {
        self.use_of(&self.prt, nonce, now)
    }

    /// A use of a token that was issued under its PRT.
    #[must_use]
    pub fn use_of(&self, token: &str, nonce: &str, now: Timestamp) -> Draft<'_> {
        let claims = json!({
            "client_id": super::lab::OUTLOOK, "scope": "openid", "resource": EXCHANGE,
            "iat": now, "exp": now.as_unix() + 300, "grant_type": "refresh_token",
            "refresh_token": token, "request_nonce": nonce,
        });
        match &self.session_key {
            Some(session) => self.by_session_key(session, nonce, claims),
            None => self
                .by_device_key(claims)
                .claim("purpose", "prt_usage")
                .claim("jti", format!("jti-{nonce}"))
                .claim("prt_protocol_version", PROTOCOL_4)
                .claim("jwe_crypto", self.jwe_crypto(nonce)),
        }
    }

    /// A browser credential of its PRT.
    #[must_use]
    pub fn browser_credential(&self, nonce: &str) -> Draft<'_> {
        let claims = json!({
            "refresh_token": self.prt, "is_primary": "true", "request_nonce": nonce,
        });
        match &self.session_key {
            Some(session) => self.by_session_key(session, nonce, claims),
            None => self.by_device_key(claims).claim("purpose", "browser_sso"),
        }
    }

    /// A device credential.
    #[must_use]
    pub fn device_credential(&self, nonce: &str) -> Draft<'_> {
        let claims = json!({
            "grant_type": "device_auth", "iss": "aad:brokerplugin", "request_nonce": nonce,
        });
        self.by_device_key(claims)
    }

    /// Claims of any kind under the device key, named by `kid`.
    #[must_use]
    pub fn by_device_key(&self, claims: Value) -> Draft<'_> {
        let header = Header::new(self.device_key.algorithm())
            .with_typ("JWT")
            .with_kid(self.device_key.public_key().thumbprint());
        Draft {
            issuer: &self.issuer,
            header,
            claims,
            signer: SignWith::Device(&self.device_key),
            client_version: None,
        }
    }

    /// A join body for this device's keys, with the device key in the header.
    #[must_use]
    pub fn join(&self, nonce: &str) -> Draft<'_> {
        let claims = json!({
            "request_nonce": nonce, "TransportKey": self.transport_key.public_key().to_jwk(),
            "JoinType": 0, "DeviceType": "Windows", "OSVersion": "10.0.26100",
            "DeviceDisplayName": "NEW", "RegistrationMethod": "interactiveJoin",
            "KeySecurity": "Hardware",
        });
        let jwk = self.device_key.public_key().to_jwk();
        self.by_device_key(claims).header(|header| {
            header.kid = None;
            header.jwk = Some(jwk);
        })
    }

    /// Keeps the PRT of an answer and opens its session key.
    ///
    /// # Panics
    /// If the session key is not wrapped for this device and nonce.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn keep(&mut self, answer: &PrtAnswer, nonce: &str) {
        self.prt.clone_from(&answer.refresh_token);
        self.session_key = answer.session_key_jwe.as_ref().map(|text| {
            let jwe = UnopenedJwe::parse(text).expect("a JWE");
            let apv = self.apv(nonce);
            jwe.unwrap_session_key(&self.transport_key, apv.as_bytes()).expect("wrapped for us")
        });
    }

    /// Opens the encrypted answer to a use.
    ///
    /// # Panics
    /// If it does not open.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn open_use_answer(&self, body: &[u8], nonce: &str) -> TokenAnswer {
        let plain = self.open(body, nonce).expect("an answer that opens");
        serde_json::from_slice(&plain).expect("a token answer")
    }

    /// Opens an encrypted answer, or not.
    #[must_use]
    pub fn open(&self, body: &[u8], nonce: &str) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(body).ok()?;
        let jwe = UnopenedJwe::parse(text).ok()?;
        match &self.session_key {
            None => jwe.decrypt_ecdh_es(&self.transport_key, self.apv(nonce).as_bytes()).ok(),
            Some(session) => {
                let ctx = Ctx::from_header(jwe.header().ctx.as_deref()?).ok()?;
                jwe.decrypt_dir(&session.derive(KdfVersion::V1, &ctx, b"")).ok()
            }
        }
    }

    /// A random stream of this device's own.
    pub const fn rng(&mut self) -> &mut Stream {
        &mut self.rng
    }

    fn by_session_key<'d>(
        &'d self,
        session: &'d SessionKey,
        nonce: &str,
        claims: Value,
    ) -> Draft<'d> {
        // 24 octets that differ from request to request; nothing rests on their being random.
        let ctx: Vec<u8> = nonce.bytes().cycle().take(24).collect();
        let header = Header {
            alg: "HS256".to_owned(),
            typ: Some("JWT".to_owned()),
            ctx: Some(b64::encode_standard(ctx)),
            kdf_ver: Some(2),
            ..Header::default()
        };
        Draft {
            issuer: &self.issuer,
            header,
            claims,
            signer: SignWith::Session(session),
            client_version: None,
        }
    }

    fn jwe_crypto(&self, nonce: &str) -> Value {
        json!({ "alg": "ECDH-ES", "enc": "A256GCM", "apv": b64::encode_url(self.apv(nonce)) })
    }
}

impl<'d> Draft<'d> {
    /// The same with a claim set.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Some(claims) = self.claims.as_object_mut() {
            claims.insert(name.to_owned(), value.into());
        }
        self
    }

    /// The same without a claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        if let Some(claims) = self.claims.as_object_mut() {
            claims.remove(name);
        }
        self
    }

    /// The same without `grant_type`.
    #[must_use]
    pub fn without_grant_type(self) -> Self {
        self.without("grant_type")
    }

    /// The same with another header.
    #[must_use]
    pub fn header(mut self, edit: impl FnOnce(&mut Header)) -> Self {
        edit(&mut self.header);
        self
    }

    /// The same, signed by another key while the header stays.
    #[must_use]
    pub const fn signed_by(mut self, key: &'d SigningKey) -> Self {
        self.signer = SignWith::Device(key);
        self
    }

    /// The same, signed under another session key.
    #[must_use]
    pub const fn signed_under(mut self, key: &'d SessionKey) -> Self {
        self.signer = SignWith::Session(key);
        self
    }

    /// The same from an app that says it has this version.
    #[must_use]
    pub fn from_version(mut self, version: &str) -> Self {
        self.client_version = Some(version.to_owned());
        self
    }

    /// The signed text.
    #[must_use]
    pub fn text(&self) -> String {
        let payload = self.claims.to_string();
        let input = jws::signing_input(&self.header, payload.as_bytes());
        let signature = match self.signer {
            SignWith::Device(key) => key.sign(input.as_bytes()),
            SignWith::Session(key) => {
                let ctx = self.header.ctx.as_deref().and_then(|ctx| Ctx::from_header(ctx).ok());
                let version = match self.header.kdf_ver {
                    Some(2) => KdfVersion::V2,
                    _ => KdfVersion::V1,
                };
                let empty = Ctx::from_header("").ok();
                match ctx.or(empty) {
                    Some(ctx) => key
                        .derive(version, &ctx, payload.as_bytes())
                        .mac_key()
                        .sign(input.as_bytes()),
                    None => Ok(Vec::new()),
                }
            }
        };
        jws::assemble(input, &signature.unwrap_or_default())
    }

    /// The text posted to the token endpoint, from Windows.
    #[must_use]
    pub fn request(&self) -> Request {
        let form = Form::default().with("grant_type", JWT_BEARER).with("request", self.text());
        let mut request = post(&format!("{}/oauth2/token", self.issuer), form.encode());
        if let Some(version) = self.client_version.as_deref().and_then(|text| text.parse().ok()) {
            request.headers_mut().insert(crate::wire::authorize::CLIENT_VERSION, version);
        }
        request
    }

    /// The text as a join body, under an access token.
    #[must_use]
    pub fn join_request(&self, access_token: &str) -> Request {
        let body = json!({ "JoinRequest": self.text() }).to_string();
        let request = post(&format!("{ORIGIN}/EnrollmentServer/device"), body);
        super::lab::with_bearer(request, access_token)
    }
}

pub(super) fn post(url: &str, body: String) -> Request {
    let mut request = Request::new(body.into_bytes());
    *request.method_mut() = http::Method::POST;
    if let Ok(uri) = url.parse() {
        *request.uri_mut() = uri;
    }
    let agent = http::HeaderValue::from_static("Lab (Windows NT 10.0)");
    request.headers_mut().insert(http::header::USER_AGENT, agent);
    request
}

/// A client id of no app.
pub const NO_SUCH_APP: AppId = AppId::from_u128(0x00c0ffee_0000_4000_8000_000000000000);
