//! Using a PRT, or a refresh token issued under one: the hot path and the heart of the lab.
//!
//! Each step takes the result of the one before by value, so none can be skipped:
//!
//! ```text
//! UnverifiedJws ─ unseal ─▶ Presented ─ prove ─▶ Proven ─ bind, accept ─▶ Sound ─ gate ─▶ Cleared ─▶ answer
//!   size, parts    USE-04     USE-02/03/05/06    DPO-*, SCT-*, USE-01/08/09/10        POL-*
//!                                                  NON-*, REV-*, USR-02, DEV-*
//! ```
//!
//! Nothing from the payload changes state before the signature is right.

use http::StatusCode;

use crate::base::id::{AppId, CorrelationId};
use crate::base::stream;
use crate::base::{Check, Timestamp, json};
use crate::catalog::well_known::DEVICE_REGISTRATION_SERVICE;
use crate::jose::jws::UnverifiedJws;
use crate::jose::{Ctx, KdfVersion, SessionKey, jwe};
use crate::pop::{self, Possession, session_key};
use crate::signin::IncomingTokenType;
use crate::token::sealed::{BrokerRefresh, Protocol, Prt};
use crate::wire::Response;
use crate::wire::answer::{TokenAnswer, text_response};
use crate::wire::claims::PrtUse;

use super::context::{Context, Draft, Shown};
use super::dpop::Binding;
use super::gate::Cleared;
use super::issue::Issue;
use super::prt_request::answer_apv;
use super::refusal::Refusal;
use super::sealing::Presented;
use super::settings::RequestTimes;
use super::{Provider, TokenError};

/// The sealed token of a use, with the key that must sign it.
struct Bound {
    prt: Prt,
    /// Set if the token is an app refresh token issued under the PRT.
    app: Option<BrokerRefresh>,
    session: Option<SessionKey>,
}

/// Evidence that the token's own key signed these claims.
struct Proven {
    bound: Bound,
    claims: PrtUse,
}

/// A proven use of a token that nothing has ended.
pub(super) struct Sound {
    bound: Bound,
    claims: PrtUse,
    client: AppId,
    resource: AppId,
    binding: Binding,
}

impl Provider {
    /// A signed token request with a bound token: PRT, or app refresh token under one.
    pub(super) fn prt_use(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        jws: UnverifiedJws<'_>,
        presented: Option<Presented>,
    ) -> Result<Response, TokenError> {
        let proven = self.prove_use(draft, jws, presented)?;
        let binding = self.bind_use(cx, &proven)?;
        let sound = self.accept_use(cx, draft, proven, binding)?;
        let cleared = self.gate(cx, draft)?;
        let response = self.answer_use(cx, sound, cleared)?;
        draft.token = Some(cx.request);
        Ok(response)
    }

    fn prove_use(
        &self,
        draft: &mut Draft,
        jws: UnverifiedJws<'_>,
        presented: Option<Presented>,
    ) -> Result<Proven, Refusal> {
        let header = jws.header();
        let derivation = match header.ctx.is_some() || header.kdf_ver.is_some() {
            true => Some(self.read_derivation(header)?),
            false => None,
        };
        json::from_secret_slice::<serde::de::IgnoredAny>(jws.unverified_payload())
            .map_err(|_| Refusal::MalformedJws)?;
        // USE-04
        let bound = match presented.ok_or(Refusal::TokenNotOurs)? {
            Presented::Prt(prt, session) => Bound { prt: *prt, app: None, session },
            Presented::Broker(app, session) => {
                Bound { prt: app.prt.clone(), app: Some(*app), session }
            }
            Presented::Plain(_) => return Err(Refusal::NotAPrt),
        };
        draft.incoming = match bound.app {
            Some(_) => IncomingTokenType::RefreshToken,
            None => IncomingTokenType::PrimaryRefreshToken,
        };
        draft.user = Some(bound.prt.authentication.user);
        draft.belongs_to(bound.prt.family);
        let (verified, possession) = self.prove_key(jws, derivation, &bound)?;
        draft.shown = Shown::Bound(bound.prt.device, possession);
        let claims: PrtUse = verified.json().map_err(|_| Refusal::MalformedJws)?.into_inner();
        draft.client = claims.client_id.parse().ok();
        Ok(Proven { bound, claims })
    }

    /// USE-05 under the session key sealed in the token, or USE-06 under the device key: the token
    /// decides which, never the request.
    pub(super) fn prove_key_of(
        &self,
        jws: UnverifiedJws<'_>,
        prt: &Prt,
        session: Option<&SessionKey>,
    ) -> Result<(crate::jose::Verified<Vec<u8>>, Possession), Refusal> {
        let header = jws.header();
        let derivation = match prt.protocol {
            Protocol::SessionKey => Some(self.read_derivation(header)?),
            Protocol::DeviceKey => None,
        };
        self.prove_with(jws, derivation, prt, session)
    }

    fn prove_key(
        &self,
        jws: UnverifiedJws<'_>,
        derivation: Option<session_key::Derivation>,
        bound: &Bound,
    ) -> Result<(crate::jose::Verified<Vec<u8>>, Possession), Refusal> {
        self.prove_with(jws, derivation, &bound.prt, bound.session.as_ref())
    }

    fn prove_with(
        &self,
        jws: UnverifiedJws<'_>,
        derivation: Option<session_key::Derivation>,
        prt: &Prt,
        session: Option<&SessionKey>,
    ) -> Result<(crate::jose::Verified<Vec<u8>>, Possession), Refusal> {
        let danger = self.settings.danger;
        // USE-07
        if !self.accepts_protocol(prt.protocol) && danger.enforces(Check::PrtUseProtocol) {
            return Err(Refusal::UseProtocolRefused);
        }
        match (prt.protocol, session) {
            (Protocol::SessionKey, Some(session)) => {
                let derivation = derivation.ok_or(Refusal::CtxBad)?;
                session_key::verify(jws, &derivation, session, danger)
                    .map_err(|error| Refusal::of_proof(&error, Refusal::MacBad))
            }
            (Protocol::SessionKey, None) => Err(Refusal::MacBad),
            (Protocol::DeviceKey, _) => {
                let device = self.directory.device(prt.device).ok_or(Refusal::DeviceUnknown)?;
                let key = device.device_key.as_ref().ok_or(Refusal::DeviceUnknown)?;
                pop::device_key::verify(jws, key, Check::PrtUseDeviceSignature, danger)
                    .map_err(|error| Refusal::of_proof(&error, Refusal::DeviceSignatureBad))
            }
        }
    }

    /// USE-02, USE-03
    fn read_derivation(
        &self,
        header: &crate::jose::Header,
    ) -> Result<session_key::Derivation, Refusal> {
        session_key::read_header(header, self.settings.accepted_kdf, self.settings.danger)
            .map_err(|error| Refusal::of_proof(&error, Refusal::MacBad))
    }

    /// Before nonce and `jti` are used up. The PRT is not bound to a DPoP key: whoever may use it may
    /// bring one (product 8.5).
    fn bind_use(&self, cx: &mut Context<'_>, proven: &Proven) -> Result<Binding, Refusal> {
        match proven.claims.client_id.parse() {
            Ok(client) => self.bind(cx, client),
            Err(_) => Err(Refusal::ClientUnknown),
        }
    }

    fn accept_use(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        proven: Proven,
        binding: Binding,
    ) -> Result<Sound, Refusal> {
        let Proven { bound, claims } = proven;
        self.check_use_purpose(&claims, bound.prt.protocol)?;
        self.check_use_times(cx.now, &claims)?;
        if bound.prt.protocol == Protocol::DeviceKey {
            answer_apv(claims.jwe_crypto.as_ref())?;
        }
        self.accept_nonce(cx, claims.request_nonce.as_deref())?;
        self.accept_jti(cx, &claims, bound.prt.protocol)?;
        self.check_bound_token(cx.now, draft, &bound)?;
        if let Some(app) = &bound.app {
            cx.correlation = app.correlation;
        }
        let client = self.known_client(&claims.client_id)?;
        // BRT-02
        let owner = bound.app.as_ref().is_none_or(|app| app.client == client);
        if !owner && self.settings.danger.enforces(Check::BrokerTokenClient) {
            return Err(Refusal::BrokerTokenOtherClient);
        }
        let resource = self.resource_of_use(&claims)?;
        self.check_app_token_use(&bound, &claims, resource)?;
        draft.resource = Some(resource);
        Ok(Sound { bound, claims, client, resource, binding })
    }

    /// BRT-04, BRT-05: an app refresh token is for its resource and never becomes a PRT.
    fn check_app_token_use(
        &self,
        bound: &Bound,
        claims: &PrtUse,
        resource: AppId,
    ) -> Result<(), Refusal> {
        let danger = self.settings.danger;
        let Some(app) = &bound.app else { return Ok(()) };
        // BRT-05
        let renewal = claims.scope.split(' ').any(|part| part == "aza");
        if renewal && danger.enforces(Check::BrokerTokenNoPrt) {
            return Err(Refusal::BrokerTokenAsPrt);
        }
        // BRT-04
        if !app.audiences.contains(&resource) && danger.enforces(Check::BrokerTokenResource) {
            return Err(Refusal::BrokerTokenOtherResource);
        }
        Ok(())
    }

    /// USE-13. A renewal that names no resource is answered with a token for the registration
    /// service, the one resource that policy exempts: nothing is to be had by calling a request a
    /// renewal.
    fn resource_of_use(&self, claims: &PrtUse) -> Result<AppId, Refusal> {
        let renewal = claims.scope.split(' ').any(|part| part == "aza");
        match (&claims.resource, renewal) {
            (None, true) => Ok(DEVICE_REGISTRATION_SERVICE),
            (resource, _) => self.known_resource(resource.as_deref()),
        }
    }

    /// USE-01
    fn check_use_purpose(&self, claims: &PrtUse, protocol: Protocol) -> Result<(), Refusal> {
        let grant = claims.grant_type.as_deref() == Some("refresh_token");
        let purpose = match protocol {
            Protocol::SessionKey => claims.purpose.is_none(),
            Protocol::DeviceKey => claims.purpose.as_deref() == Some("prt_usage"),
        };
        let openid = claims.scope.split(' ').any(|part| part == "openid");
        let right = grant && purpose && openid;
        match right || !self.settings.danger.enforces(Check::PrtUsePurpose) {
            true => Ok(()),
            false => Err(Refusal::UsePurposeBad),
        }
    }

    /// USE-08
    fn check_use_times(&self, now: Timestamp, claims: &PrtUse) -> Result<(), Refusal> {
        let skew = self.settings.skew();
        let required = self.settings.request_times == RequestTimes::Required;
        let begun = claims.iat.map_or(!required, |iat| iat.0 <= now + skew);
        let open = claims.exp.map_or(!required, |exp| now < exp.0 + skew);
        match (begun && open) || !self.settings.danger.enforces(Check::PrtUseTimes) {
            true => Ok(()),
            false => Err(Refusal::UseTimesBad),
        }
    }

    /// USE-09: remembered until the nonce would be too old anyway.
    fn accept_jti(
        &mut self,
        cx: &Context<'_>,
        claims: &PrtUse,
        protocol: Protocol,
    ) -> Result<(), Refusal> {
        if protocol == Protocol::SessionKey || !self.settings.danger.enforces(Check::PrtUseJti) {
            return Ok(());
        }
        let jti = claims.jti.as_deref().filter(|jti| !jti.is_empty()).ok_or(Refusal::JtiMissing)?;
        let until = cx.now + self.settings.lifetimes.nonce;
        self.used_jti
            .use_up(jti.as_bytes(), until, cx.now)
            .map_err(|error| Refusal::of_proof(&error, Refusal::JtiUsed))
            .map_err(|refusal| match refusal {
                Refusal::NonceUsed => Refusal::JtiUsed,
                other => other,
            })
    }

    /// USE-10, BRT-03, REV-*, USR-02, DEV-*
    fn check_bound_token(
        &mut self,
        now: Timestamp,
        draft: &mut Draft,
        bound: &Bound,
    ) -> Result<(), Refusal> {
        let danger = self.settings.danger;
        // An app refresh token lives by its own dates: a renewal of the PRT keeps it good.
        let Some(app) = &bound.app else { return self.check_prt(now, draft, &bound.prt) };
        self.still_good(draft, &bound.prt.authentication)?;
        self.device_of_token(bound.prt.device)?;
        // BRT-03
        if now >= app.exp && danger.enforces(Check::BrokerTokenExpired) {
            return Err(Refusal::BrokerTokenTooOld);
        }
        self.family(bound.prt.family).app_tokens(danger).map_err(Refusal::of_family)
    }

    /// USE-10, REV-*, USR-02, DEV-*: whether a PRT still counts.
    pub(super) fn check_prt(
        &mut self,
        now: Timestamp,
        draft: &mut Draft,
        prt: &Prt,
    ) -> Result<(), Refusal> {
        let danger = self.settings.danger;
        // USE-10
        if now >= prt.exp && danger.enforces(Check::PrtExpired) {
            return Err(Refusal::PrtExpired);
        }
        let (family, redeemed) =
            self.family(prt.family).redeem(prt.generation, self.settings.prt_rotation, danger);
        if let Err(error) = redeemed {
            self.keep_family(prt.family, family, now)?;
            return Err(Refusal::of_family(error));
        }
        self.still_good(draft, &prt.authentication)?;
        self.device_of_token(prt.device)
    }

    fn answer_use(
        &mut self,
        cx: &mut Context<'_>,
        sound: Sound,
        cleared: Cleared,
    ) -> Result<Response, TokenError> {
        let Sound { bound, claims, client, resource, binding } = sound;
        let issue = Issue {
            authentication: &bound.prt.authentication,
            client,
            resource,
            scope: &claims.scope,
            device: Some(bound.prt.device),
            binding,
        };
        let mut answer = self.token_answer(cx, &issue, &cleared)?;
        let asks = |scope| claims.scope.split(' ').any(|part| part == scope);
        if asks("aza") {
            self.renew(cx, &bound, &mut answer)?;
        } else if asks("offline_access") {
            let correlation = cx.correlation;
            self.add_app_token(cx, &bound, client, resource, correlation, &mut answer);
        }
        self.encrypt_answer(cx, &bound, &claims, &answer)
    }

    /// Renewal: same family, same session key, a new life (prt-protocol 5.3).
    fn renew(
        &mut self,
        cx: &mut Context<'_>,
        bound: &Bound,
        answer: &mut TokenAnswer,
    ) -> Result<(), Refusal> {
        let rotation = self.settings.prt_rotation;
        let danger = self.settings.danger;
        let (family, next) =
            self.family(bound.prt.family).redeem(bound.prt.generation, rotation, danger);
        let Ok(generation) = next else { return Ok(()) };
        self.keep_family(bound.prt.family, family, cx.now)?;
        let span = self.settings.lifetimes.prt;
        let prt = Prt { generation, iat: cx.now, exp: cx.now + span, ..bound.prt.clone() };
        answer.refresh_token = Some(self.seal.prt(&prt, bound.session.as_ref(), cx.rng));
        answer.refresh_token_expires_in = Some(span.as_secs());
        Ok(())
    }

    fn add_app_token(
        &mut self,
        cx: &mut Context<'_>,
        bound: &Bound,
        client: AppId,
        resource: AppId,
        correlation: CorrelationId,
        answer: &mut TokenAnswer,
    ) {
        let span = self.settings.lifetimes.refresh_token;
        let token = BrokerRefresh {
            prt: bound.prt.clone(),
            client,
            audiences: vec![resource],
            correlation,
            iat: cx.now,
            exp: cx.now + span,
        };
        self.families.issued(bound.prt.family, token.exp);
        let text = self.seal.broker_refresh(&token, bound.session.as_ref(), cx.rng);
        answer.refresh_token = Some(text);
        answer.refresh_token_expires_in = Some(span.as_secs());
    }

    /// The answer is readable only under the key the request was signed with (prt-protocol 5.2, 12).
    fn encrypt_answer(
        &self,
        cx: &mut Context<'_>,
        bound: &Bound,
        claims: &PrtUse,
        answer: &TokenAnswer,
    ) -> Result<Response, TokenError> {
        let Some(session) = &bound.session else {
            let device = self.directory.device(bound.prt.device).ok_or(Refusal::DeviceUnknown)?;
            let transport = device.transport_key.as_ref().ok_or(Refusal::TransportKeyMissing)?;
            let apv = answer_apv(claims.jwe_crypto.as_ref())?;
            return Ok(self.encrypt_to_transport(transport, &apv, answer, cx));
        };
        let ctx = Ctx::random(cx.rng);
        let key = session.derive(KdfVersion::V1, &ctx, b"");
        let plain = serde_json::to_vec(answer).unwrap_or_default();
        let jwe = jwe::encrypt_dir(&key, &ctx, stream::octets(cx.rng), &plain);
        Ok(text_response(StatusCode::OK, "application/jose", jwe.into_bytes()))
    }
}
