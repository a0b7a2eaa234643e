//! Asking for a PRT (prt-protocol 3.5): find the device, verify with its *registered* key, nonce,
//! user, then seal and wrap. Conditional Access is not evaluated when a PRT is issued.

use http::StatusCode;

use crate::base::id::FamilyId;
use crate::base::{Check, Timestamp, b64, json};
use crate::catalog::well_known::BROKER_CLIENT;
use crate::directory::Device;
use crate::jose::jws::UnverifiedJws;
use crate::jose::{P256PublicKey, SessionKey, jwe};
use crate::pop::{self, Possession};
use crate::token::sealed::{Authentication, Protocol, Prt};
use crate::wire::Response;
use crate::wire::answer::{PrtAnswer, json_response, text_response};
use crate::wire::claims::{JweCrypto, PROTOCOL_4, PrtRequest};

use super::Provider;
use super::context::{Context, Draft, Shown};
use super::refusal::Refusal;
use super::settings::AcceptedProtocols;

/// What has been proven of a PRT request: claims under the registered key of `device`.
struct ProvenRequest {
    claims: PrtRequest,
    device: Device,
    possession: Possession,
}

impl Provider {
    pub(super) fn prt_request(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        jws: UnverifiedJws<'_>,
    ) -> Result<Response, Refusal> {
        let proven = self.prove_prt_request(draft, jws)?;
        // Of use only to a refresh token that is bound to its key.
        let proof = self.verify_proof(cx)?;
        draft.shown = Shown::Bound(proven.device.device_id, proven.possession);
        let protocol = self.requested_protocol(&proven.claims)?;
        // What the answer needs is looked at first: a refused request changes nothing.
        if proven.device.transport_key.is_none() {
            return Err(Refusal::TransportKeyMissing);
        }
        if protocol == Protocol::DeviceKey {
            answer_apv(proven.claims.jwe_crypto.as_ref())?;
        }
        self.accept_nonce(cx, proven.claims.request_nonce.as_deref())?;
        let device = proven.device.device_id;
        let authentication = self.authenticate_request(cx, draft, &proven.claims, device, proof)?;
        let family = FamilyId::random(cx.rng);
        draft.belongs_to(family);
        self.issue_prt(cx, family, proven, authentication, protocol)
    }

    /// DEV-01, DEV-02, PRQ-02, PRQ-01
    fn prove_prt_request(
        &self,
        draft: &mut Draft,
        jws: UnverifiedJws<'_>,
    ) -> Result<ProvenRequest, Refusal> {
        let danger = self.settings.danger;
        let device = self.device_of_header(jws.header())?.clone();
        self.device_enabled(&device)?;
        let key = device.device_key.as_ref().ok_or(Refusal::DeviceUnknown)?;
        let (verified, possession) =
            pop::device_key::verify(jws, key, Check::PrtRequestSignature, danger)
                .map_err(|error| Refusal::of_proof(&error, Refusal::PrtRequestSignatureBad))?;
        let claims: PrtRequest = verified.json().map_err(|_| Refusal::MalformedJws)?.into_inner();
        draft.client = claims.client_id.parse().ok();
        // PRQ-01
        let asks = |scope| claims.scope.split(' ').any(|part| part == scope);
        let purpose = asks("aza") && asks("openid") && claims.grant_type.is_some();
        if !purpose && danger.enforces(Check::PrtRequestPurpose) {
            return Err(Refusal::PrtRequestPurposeBad);
        }
        Ok(ProvenRequest { claims, device, possession })
    }

    /// PRQ-03
    fn requested_protocol(&self, claims: &PrtRequest) -> Result<Protocol, Refusal> {
        let protocol = match claims.prt_protocol_version.as_deref() {
            Some(PROTOCOL_4) => Protocol::DeviceKey,
            _ => Protocol::SessionKey,
        };
        let accepted = self.accepts_protocol(protocol);
        match accepted || !self.settings.danger.enforces(Check::PrtRequestProtocol) {
            true => Ok(protocol),
            false => Err(Refusal::PrtRequestProtocolRefused),
        }
    }

    pub(super) fn accepts_protocol(&self, protocol: Protocol) -> bool {
        match self.settings.protocols {
            AcceptedProtocols::Both => true,
            AcceptedProtocols::DeviceKey => protocol == Protocol::DeviceKey,
            AcceptedProtocols::SessionKey => protocol == Protocol::SessionKey,
        }
    }

    fn issue_prt(
        &mut self,
        cx: &mut Context<'_>,
        family: FamilyId,
        proven: ProvenRequest,
        authentication: Authentication,
        protocol: Protocol,
    ) -> Result<Response, Refusal> {
        let ProvenRequest { claims, device, .. } = proven;
        let transport = device.transport_key.as_ref().ok_or(Refusal::TransportKeyMissing)?;
        let prt = Prt {
            tenant: self.directory.tenant(),
            family,
            generation: 0,
            device: device.device_id,
            protocol,
            authentication,
            iat: cx.now,
            exp: cx.now + self.settings.lifetimes.prt,
        };
        self.start_family(&prt, cx.now)?;
        match protocol {
            Protocol::SessionKey => {
                let session = SessionKey::generate(cx.rng);
                let text = self.seal.prt(&prt, Some(&session), cx.rng);
                let nonce = claims.request_nonce.as_deref().unwrap_or_default();
                let jwe = self.wrap(&session, transport, nonce, cx);
                let answer = self.prt_answer(&prt, text, Some(jwe), &claims, cx);
                Ok(json_response(StatusCode::OK, &answer))
            }
            Protocol::DeviceKey => {
                let text = self.seal.prt(&prt, None, cx.rng);
                let answer = self.prt_answer(&prt, text, None, &claims, cx);
                let apv = answer_apv(claims.jwe_crypto.as_ref())?;
                Ok(self.encrypt_to_transport(transport, &apv, &answer, cx))
            }
        }
    }

    /// A new PRT request is the visible way to roll the session key: it starts a family and ends
    /// the app refresh tokens of the one it follows (prt-protocol 12).
    fn start_family(&mut self, prt: &Prt, now: Timestamp) -> Result<(), Refusal> {
        let key = (prt.authentication.user, prt.device);
        if let Some(previous) = self.current_prt.get(&key).copied() {
            self.keep_family(previous, self.family(previous).rolled(), now)?;
        }
        self.current_prt.insert(key, prt.family);
        Ok(())
    }

    /// `apv` names transport key and nonce, so that an answer cannot be moved to another request
    /// (prt-protocol 9.2).
    fn wrap(
        &self,
        session: &SessionKey,
        transport: &P256PublicKey,
        nonce: &str,
        cx: &mut Context<'_>,
    ) -> String {
        let apv = format!("{}.{nonce}", transport.thumbprint());
        jwe::wrap_session_key(session, transport, self.issuer.as_bytes(), apv.as_bytes(), cx.rng)
    }

    /// A protocol 4 answer: form A to the transport key, `apv` as asked.
    pub(super) fn encrypt_to_transport(
        &self,
        transport: &P256PublicKey,
        apv: &[u8],
        answer: &impl serde::Serialize,
        cx: &mut Context<'_>,
    ) -> Response {
        let plain = serde_json::to_vec(answer).unwrap_or_default();
        let apu = self.issuer.as_bytes();
        let jwe = jwe::encrypt_ecdh_es(transport, apu, apv, &plain, cx.rng);
        text_response(StatusCode::OK, "application/jose", jwe.into_bytes())
    }

    fn prt_answer(
        &self,
        prt: &Prt,
        text: String,
        session_key_jwe: Option<String>,
        claims: &PrtRequest,
        cx: &Context<'_>,
    ) -> PrtAnswer {
        let client = claims.client_id.parse().unwrap_or(BROKER_CLIENT);
        let seconds = self.settings.lifetimes.prt.as_secs();
        PrtAnswer {
            token_type: "pop".to_owned(),
            refresh_token: text,
            refresh_token_expires_in: seconds,
            session_key_jwe,
            id_token: Some(self.id_token(&prt.authentication, client, cx)),
            expires_in: seconds.to_string(),
            ext_expires_in: "0".to_owned(),
            expires_on: prt.exp.as_unix().to_string(),
        }
    }
}

/// The `apv` that a protocol 4 request asks for, if it asks for the one encryption that is spoken.
pub(super) fn answer_apv(asked: Option<&JweCrypto>) -> Result<Vec<u8>, Refusal> {
    let asked = asked.ok_or(Refusal::MalformedMessage)?;
    if asked.alg != "ECDH-ES" || asked.enc != "A256GCM" {
        return Err(Refusal::AlgorithmMismatch);
    }
    b64::decode_url(&asked.apv).map_err(|_| Refusal::MalformedMessage)
}

/// The claims of a signed request before its signature is checked: only for telling a PRT request
/// from a use, and for finding the key to verify with.
pub(super) fn peek_refresh_token(jws: &UnverifiedJws<'_>) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Peek {
        refresh_token: Option<String>,
    }
    json::from_secret_slice::<Peek>(jws.unverified_payload()).ok()?.refresh_token
}
