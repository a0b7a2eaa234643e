//! Device registration (MS-DVRJ in the P-256 form of prt-protocol 9.3) and user keys (MS-KPP).
//!
//! The join body is signed by the device key it names, so that the transport key cannot be exchanged
//! on the way. Registration never makes a device compliant.

use http::{StatusCode, header};

use crate::base::id::{DeviceId, UserId};
use crate::base::{Check, Lifetime, Timestamp};
use crate::catalog::well_known::DEVICE_REGISTRATION_SERVICE;
use crate::directory::{Device, DeviceObjectId, Edition, RegistrationMethod, TrustType, UserKey};
use crate::jose::jws::UnverifiedJws;
use crate::jose::{P256PublicKey, PublicKey};
use crate::pop;
use crate::pop::dpop::DpopAnswer;
use crate::token::{AccessTokenClaims, Amr};
use crate::wire::answer::{json_response, read_json};
use crate::wire::authorize::single_header;
use crate::wire::dpop::TokenType;
use crate::wire::registration::{
    Certificate, JoinAnswer, JoinClaims, JoinError, JoinRequest, JoinUser, KeyAnswer, KeyRequest,
    RemoveClaims,
};
use crate::wire::{Request, Response};

use super::context::Context;
use super::refusal::Refusal;
use super::{Provider, TokenError};

/// A sign-in this recent while registering counts as fresh. Simulated.
const FRESH_SIGN_IN: Lifetime = Lifetime::from_secs(600);

/// A join body whose device key has signed it.
struct ProvenJoin {
    claims: JoinClaims,
    device_key: P256PublicKey,
    transport_key: P256PublicKey,
    method: RegistrationMethod,
}

impl Provider {
    /// `POST /EnrollmentServer/device`: a new device, or an existing one with new facts.
    pub(super) fn register_device(
        &mut self,
        cx: &mut Context<'_>,
        request: &Request,
    ) -> Result<Response, TokenError> {
        let token = self.registration_token(cx, request)?;
        let body: JoinRequest = read_json(request.body())?;
        let join = self.prove_join(&body.join_request)?;
        self.accept_registration_nonce(cx, join.claims.request_nonce.as_deref())?;
        let device = match join.claims.device_id.clone() {
            Some(id) => self.replace_device(cx, &token, &id, join)?,
            None => self.new_device(cx, &token, join)?,
        };
        let answer = JoinAnswer {
            certificate: Certificate { thumbprint: device.1.thumbprint().to_string() },
            user: JoinUser { upn: token.upn },
            device_id: device.0.to_string(),
        };
        Ok(json_response(StatusCode::OK, &answer))
    }

    /// REG-01, SCT-04
    fn registration_token(
        &self,
        cx: &mut Context<'_>,
        request: &Request,
    ) -> Result<AccessTokenClaims, Refusal> {
        let danger = self.settings.danger;
        let text = single_header(request.headers(), header::AUTHORIZATION.as_str())
            .map_err(|_| Refusal::MalformedMessage)?;
        let (scheme, token) = text
            .as_deref()
            .and_then(|text| text.split_once(' '))
            .and_then(|(scheme, token)| Some((TokenType::of(scheme)?, token)))
            .ok_or(Refusal::RegistrationTokenBad)?;
        let verified = self.keys.verify(token, danger);
        let claims = verified
            .map_err(|error| Refusal::of_jws(&error, Refusal::RegistrationTokenBad))?
            .into_inner();
        let here = claims.aud == DEVICE_REGISTRATION_SERVICE && claims.iss == self.issuer;
        let in_date = cx.now < claims.exp;
        if !(here && in_date) && danger.enforces(Check::RegistrationToken) {
            return Err(Refusal::RegistrationTokenBad);
        }
        self.confirm_own_token(cx, scheme, token, &claims)?;
        let user = self.directory.user(claims.oid).ok_or(Refusal::UserUnknown)?;
        self.user_enabled(user)?;
        Ok(claims)
    }

    /// REG-02, REG-03, REG-09
    fn prove_join(&self, text: &str) -> Result<ProvenJoin, Refusal> {
        let danger = self.settings.danger;
        let jws = UnverifiedJws::parse(text).map_err(|_| Refusal::MalformedJws)?;
        let named = jws.header().jwk.clone().ok_or(Refusal::RegistrationKeyBad)?;
        let device_key = public_p256(&named)?;
        let (verified, _) =
            pop::device_key::verify(jws, &device_key, Check::RegistrationDeviceKey, danger)
                .map_err(|error| Refusal::of_proof(&error, Refusal::RegistrationUnsigned))?;
        let claims: JoinClaims = verified.json().map_err(|_| Refusal::MalformedJws)?.into_inner();
        let transport_key = public_p256(&claims.transport_key)?;
        // REG-03
        if transport_key == device_key && danger.enforces(Check::RegistrationKeysDiffer) {
            return Err(Refusal::RegistrationOneKey);
        }
        let method = RegistrationMethod::named(&claims.registration_method)
            .ok_or(Refusal::MalformedMessage)?;
        // REG-09
        let fits = method.trust_type() == trust_type(claims.join_type)?;
        if !fits && danger.enforces(Check::RegistrationJoinType) {
            return Err(Refusal::RegistrationJoinTypeBad);
        }
        Ok(ProvenJoin { claims, device_key, transport_key, method })
    }

    /// REG-04
    fn accept_registration_nonce(
        &mut self,
        cx: &mut Context<'_>,
        nonce: Option<&str>,
    ) -> Result<(), Refusal> {
        match self.accept_nonce(cx, nonce) {
            Err(_) if self.settings.danger.enforces(Check::RegistrationNonce) => {
                Err(Refusal::RegistrationNonceBad)
            }
            _ => Ok(()),
        }
    }

    fn new_device(
        &mut self,
        cx: &mut Context<'_>,
        token: &AccessTokenClaims,
        join: ProvenJoin,
    ) -> Result<(DeviceId, P256PublicKey), Refusal> {
        // REG-05
        let full = self.directory.devices_of(token.oid) >= self.settings.device_quota.0;
        if full && self.settings.danger.enforces(Check::RegistrationQuota) {
            return Err(Refusal::RegistrationOverQuota);
        }
        let device = device_from(cx, token, &join);
        let id = device.device_id;
        self.directory.add_device(device).map_err(|_| Refusal::RegistrationKeyBad)?;
        Ok((id, join.device_key))
    }

    /// A registered device registers again: same id and device key, new transport key and facts.
    fn replace_device(
        &mut self,
        cx: &mut Context<'_>,
        token: &AccessTokenClaims,
        id: &str,
        join: ProvenJoin,
    ) -> Result<(DeviceId, P256PublicKey), Refusal> {
        let id: DeviceId = id.parse().map_err(|_| Refusal::MalformedMessage)?;
        let known = self.directory.device(id).ok_or(Refusal::DeviceUnknown)?;
        self.device_enabled(known)?;
        // REG-06
        let own = known.device_key.as_ref() == Some(&join.device_key);
        if !own && self.settings.danger.enforces(Check::RegistrationReplace) {
            return Err(Refusal::RegistrationNotOwnKey);
        }
        let (device_key, transport_key) = (join.device_key, join.transport_key);
        self.directory
            .set_device_keys(id, device_key.clone(), transport_key)
            .map_err(|_| Refusal::DeviceUnknown)?;
        if let Some(device) = self.directory.device_mut(id) {
            device.fresh_sign_in_at_registration = is_fresh(cx.now, token);
            device.operating_system_version = join.claims.os_version;
            device.display_name = join.claims.device_display_name;
        }
        Ok((id, device_key))
    }

    /// `DELETE /EnrollmentServer/device/{id}`, signed by the device key.
    pub(super) fn remove_device(
        &mut self,
        cx: &mut Context<'_>,
        request: &Request,
        id: DeviceId,
    ) -> Result<Response, TokenError> {
        let danger = self.settings.danger;
        let text = std::str::from_utf8(request.body()).map_err(|_| Refusal::MalformedJws)?;
        let jws = UnverifiedJws::parse(text).map_err(|_| Refusal::MalformedJws)?;
        let device = self.directory.device(id).ok_or(Refusal::DeviceUnknown)?;
        self.device_enabled(device)?;
        let key = device.device_key.as_ref().ok_or(Refusal::DeviceUnknown)?;
        // REG-07
        let (verified, _) =
            pop::device_key::verify(jws, key, Check::RegistrationRemoval, danger)
                .map_err(|error| Refusal::of_proof(&error, Refusal::RemovalNotOwnKey))?;
        let claims: RemoveClaims = verified.json().map_err(|_| Refusal::MalformedJws)?.into_inner();
        let same = claims.device_id == id.to_string();
        if !same && danger.enforces(Check::RegistrationRemoval) {
            return Err(Refusal::RemovalNotOwnKey.into());
        }
        self.accept_registration_nonce(cx, claims.request_nonce.as_deref())?;
        self.directory.remove_device(id);
        Ok(json_response(StatusCode::OK, &serde_json::json!({})))
    }

    /// `POST /EnrollmentServer/key`: a user key, after a second factor.
    pub(super) fn register_key(
        &mut self,
        cx: &mut Context<'_>,
        request: &Request,
    ) -> Result<Response, TokenError> {
        let token = self.registration_token(cx, request)?;
        // REG-08
        let strong = token.amr.contains(&Amr::Ngcmfa) && is_fresh(cx.now, &token);
        if !strong && self.settings.danger.enforces(Check::UserKeyStrongAuth) {
            return Err(Refusal::UserKeyWeakAuth.into());
        }
        let body: KeyRequest = read_json(request.body())?;
        let key = public_p256(&body.kngc)?;
        let device: DeviceId = body.device_id.parse().map_err(|_| Refusal::MalformedMessage)?;
        self.device_of_token(device)?;
        self.user_key_is_new(&key, device, token.oid)?;
        let kid = key.thumbprint().to_string();
        let user = self.directory.user_mut(token.oid).ok_or(Refusal::UserUnknown)?;
        user.user_keys.push(UserKey { key, device });
        Ok(json_response(StatusCode::OK, &KeyAnswer { kid, upn: token.upn }))
    }

    /// REG-03 once more: a user key is nobody's key yet, and lives on a device of its user.
    fn user_key_is_new(
        &self,
        key: &P256PublicKey,
        device: DeviceId,
        user: UserId,
    ) -> Result<(), Refusal> {
        let danger = self.settings.danger;
        let device = self.directory.device(device);
        let of_device = device.is_some_and(|device| {
            [&device.device_key, &device.transport_key].into_iter().flatten().any(|own| own == key)
        });
        let thumbprint = key.thumbprint();
        let known = self.directory.user_by_key(&thumbprint).is_some()
            || self.directory.device_by_key(&thumbprint).is_some();
        if (of_device || known) && danger.enforces(Check::RegistrationKeysDiffer) {
            return Err(Refusal::UserKeyInUse);
        }
        let own = device.is_some_and(|device| device.registered_owner == Some(user));
        match own || !danger.enforces(Check::DeviceKnown) {
            true => Ok(()),
            false => Err(Refusal::DeviceUnknown),
        }
    }

    /// The error body of the registration service (MS-DVRJ 2.2.3.1).
    pub(super) fn join_error(&self, cx: &Context<'_>, refusal: Refusal) -> Response {
        let (status, kind) = match refusal {
            Refusal::RegistrationTokenBad
            | Refusal::RegistrationTokenUnproven
            | Refusal::UserDisabled
            | Refusal::UserUnknown => (StatusCode::UNAUTHORIZED, "AuthenticationError"),
            Refusal::Dpop(error) if error.answer() == DpopAnswer::TemporarilyUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "UnknownError")
            }
            Refusal::Dpop(_) => (StatusCode::UNAUTHORIZED, "AuthenticationError"),
            Refusal::RegistrationOverQuota => (StatusCode::BAD_REQUEST, "DirectoryAccountError"),
            Refusal::RegistrationNotOwnKey | Refusal::RemovalNotOwnKey => {
                (StatusCode::UNAUTHORIZED, "AuthorizationError")
            }
            _ => (StatusCode::BAD_REQUEST, "InvalidParameter"),
        };
        let body = JoinError {
            error_type: kind.to_owned(),
            message: format!("AADSTS{}: {refusal}", refusal.aadsts()),
            trace_id: cx.request.to_string(),
            time: cx.now.to_string(),
        };
        let mut response = json_response(status, &body);
        super::dpop::challenge(&mut response, refusal);
        response
    }
}

fn public_p256(jwk: &crate::jose::Jwk) -> Result<P256PublicKey, Refusal> {
    match PublicKey::from_jwk(jwk) {
        Ok(PublicKey::P256(key)) => Ok(key),
        Err(_) => Err(Refusal::RegistrationKeyBad),
    }
}

/// The numbers that clients send (prt-protocol 1.4).
fn trust_type(join_type: u8) -> Result<TrustType, Refusal> {
    match join_type {
        0 => Ok(TrustType::AzureAd),
        4 => Ok(TrustType::Workplace),
        6 => Ok(TrustType::ServerAd),
        _ => Err(Refusal::RegistrationJoinTypeBad),
    }
}

fn is_fresh(now: Timestamp, token: &AccessTokenClaims) -> bool {
    now.seconds_since(token.auth_time) <= i64::from(FRESH_SIGN_IN.as_secs())
}

fn device_from(cx: &mut Context<'_>, token: &AccessTokenClaims, join: &ProvenJoin) -> Device {
    let claims = &join.claims;
    Device {
        id: DeviceObjectId::random(cx.rng),
        device_id: DeviceId::random(cx.rng),
        display_name: claims.device_display_name.clone(),
        operating_system: claims.device_type.clone(),
        operating_system_version: claims.os_version.clone(),
        edition: Edition::Client,
        trust_type: join.method.trust_type(),
        profile_type: "RegisteredDevice".to_owned(),
        system_labels: Vec::new(),
        physical_ids: Vec::new(),
        is_compliant: None,
        is_managed: None,
        device_ownership: None,
        enrollment_profile_name: None,
        mdm_app_id: None,
        manufacturer: None,
        model: None,
        extension_attributes: std::collections::BTreeMap::new(),
        account_enabled: true,
        kind: None,
        registered_owner: Some(token.oid),
        registration_method: join.method,
        fresh_sign_in_at_registration: is_fresh(cx.now, token),
        hardware_backed_key: claims.key_security == "Hardware",
        device_key: Some(join.device_key.clone()),
        transport_key: Some(join.transport_key.clone()),
    }
}
