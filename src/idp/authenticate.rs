//! Authenticating people: password, second factor, refresh token, user key.

use crate::base::id::{DeviceId, UserId};
use crate::base::{Check, Danger, Secret, Timestamp, json};
use crate::catalog::well_known::BROKER_CLIENT;
use crate::directory::User;
use crate::jose::jws::UnverifiedJws;
use crate::pop::dpop::DpopPossession;
use crate::pop::{ProofError, UsedOnce};
use crate::token::Amr;
use crate::token::sealed::Authentication;
use crate::wire::claims::{JWT_BEARER, PrtRequest, UserAssertion};

use super::Provider;
use super::context::{Context, Draft};
use super::refusal::Refusal;
use super::sealing::Presented;
use super::settings::AssertionNonces;

impl Provider {
    /// Password, and a second factor if one was typed.
    pub(super) fn authenticate_password(
        &mut self,
        cx: &Context<'_>,
        draft: &mut Draft,
        username: &str,
        password: &Secret<String>,
        otc: Option<&str>,
    ) -> Result<Authentication, Refusal> {
        let danger = self.settings.danger;
        let user = self.directory.user_by_upn(username).ok_or(Refusal::UserUnknown)?;
        draft.user = Some(user.id());
        // USR-01
        let matches = user.password().is_some_and(|verifier| verifier.matches(password));
        if !matches && danger.enforces(Check::UserPassword) {
            return Err(Refusal::PasswordWrong);
        }
        self.user_enabled(user)?;
        let mut amr = vec![Amr::Pwd];
        if let Some(otc) = otc {
            let good = user.second_factor().and_then(|factor| factor.good_until(otc, cx.now));
            match good {
                Some(until) => {
                    use_up_code(&mut self.used_factors, user.id(), otc, until, cx.now, danger)?;
                }
                // USR-03
                None if danger.enforces(Check::UserSecondFactor) => {
                    return Err(Refusal::SecondFactorWrong);
                }
                None => {}
            }
            amr = vec![Amr::Mfa, Amr::Ngcmfa, Amr::Pwd];
        }
        draft.amr.clone_from(&amr);
        draft.auth_time = Some(cx.now);
        Ok(Authentication {
            user: user.id(),
            amr,
            auth_time: cx.now,
            password_epoch: Some(user.password_epoch()),
            token_epoch: user.token_epoch(),
        })
    }

    /// USR-02
    pub(super) fn user_enabled(&self, user: &User) -> Result<(), Refusal> {
        match user.account_enabled || !self.settings.danger.enforces(Check::UserEnabled) {
            true => Ok(()),
            false => Err(Refusal::UserDisabled),
        }
    }

    /// The user of a token is still there and enabled, and nothing has ended the token since.
    pub(super) fn still_good(
        &self,
        draft: &mut Draft,
        authentication: &Authentication,
    ) -> Result<(), Refusal> {
        let danger = self.settings.danger;
        draft.user = Some(authentication.user);
        draft.amr.clone_from(&authentication.amr);
        draft.auth_time = Some(authentication.auth_time);
        let user = self.directory.user(authentication.user).ok_or(Refusal::UserUnknown)?;
        // REV-02
        let revoked = user.token_epoch() != authentication.token_epoch;
        if revoked && danger.enforces(Check::TokensNotRevoked) {
            return Err(Refusal::TokensRevoked);
        }
        // REV-03
        let changed =
            authentication.password_epoch.is_some_and(|epoch| epoch != user.password_epoch());
        if changed && danger.enforces(Check::PasswordUnchanged) {
            return Err(Refusal::PasswordChanged);
        }
        self.user_enabled(user)
    }

    /// Authenticates the user of a PRT request by whichever way its claims take.
    pub(super) fn authenticate_request(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        claims: &PrtRequest,
        device: DeviceId,
        proof: Option<DpopPossession>,
    ) -> Result<Authentication, Refusal> {
        match claims.grant_type.as_deref() {
            Some("password") => {
                let username = claims.username.as_deref().ok_or(Refusal::MalformedMessage)?;
                let password = claims.password.as_deref().ok_or(Refusal::MalformedMessage)?;
                let otc = claims.otc.as_deref();
                self.authenticate_password(cx, draft, username, &Secret::from(password), otc)
            }
            Some("refresh_token") => {
                let token = claims.refresh_token.as_deref().ok_or(Refusal::MalformedMessage)?;
                self.authenticate_refresh_token(cx, draft, token, proof)
            }
            Some(JWT_BEARER) => self.authenticate_assertion(cx, draft, claims, device),
            _ => Err(Refusal::UnsupportedGrant),
        }
    }

    fn authenticate_refresh_token(
        &mut self,
        cx: &Context<'_>,
        draft: &mut Draft,
        token: &str,
        proof: Option<DpopPossession>,
    ) -> Result<Authentication, Refusal> {
        draft.incoming = crate::signin::IncomingTokenType::RefreshToken;
        let Some(Presented::Plain(token)) = self.seal.open_refresh(token) else {
            return Err(Refusal::TokenNotOurs);
        };
        // PRQ-04
        let broker = token.client == BROKER_CLIENT;
        if !broker && self.settings.danger.enforces(Check::PrtRequestBrokerToken) {
            return Err(Refusal::BrokerTokenNeeded);
        }
        self.check_refresh_key(&token, proof.map(|proof| proof.jkt()))?;
        // It is looked at and not retired: no successor comes back with a PRT.
        self.check_refresh(cx, draft, &token)?;
        Ok(token.authentication)
    }

    fn authenticate_assertion(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        outer: &PrtRequest,
        device: DeviceId,
    ) -> Result<Authentication, Refusal> {
        let danger = self.settings.danger;
        let text = outer.assertion.as_deref().ok_or(Refusal::MalformedMessage)?;
        let jws = UnverifiedJws::parse(text).map_err(|_| Refusal::MalformedJws)?;
        let claimed: UserAssertion =
            json::from_secret_slice(jws.unverified_payload()).map_err(|_| Refusal::MalformedJws)?;
        let user = self.directory.user_by_upn(&claimed.iss).ok_or(Refusal::UserUnknown)?;
        draft.user = Some(user.id());
        // PRQ-05
        let kid = jws.header().kid.clone().unwrap_or_default();
        let key = user.user_keys.iter().find(|key| key.thumbprint().to_string() == kid);
        let key = key.ok_or(Refusal::AssertionKeyUnknown)?;
        let (proven, _) =
            crate::pop::device_key::verify(jws, &key.key, Check::AssertionSignature, danger)
                .map_err(|error| Refusal::of_proof(&error, Refusal::AssertionBad))?;
        let claims: UserAssertion = proven.json().map_err(|_| Refusal::MalformedJws)?.into_inner();
        self.check_assertion_times(cx, &claims)?;
        let same_device = key.device == device;
        self.user_enabled(user)?;
        let authentication = Authentication {
            user: user.id(),
            amr: vec![Amr::Hwk, Amr::Mfa],
            auth_time: cx.now,
            password_epoch: None,
            token_epoch: user.token_epoch(),
        };
        self.check_assertion_nonce(cx, &claims, outer, same_device)?;
        draft.amr.clone_from(&authentication.amr);
        draft.auth_time = Some(authentication.auth_time);
        Ok(authentication)
    }

    /// PRQ-07
    fn check_assertion_times(
        &self,
        cx: &Context<'_>,
        claims: &UserAssertion,
    ) -> Result<(), Refusal> {
        let skew = self.settings.skew();
        let begun = claims.iat.is_some_and(|iat| iat.0 <= cx.now + skew);
        let open = claims.exp.is_some_and(|exp| cx.now < exp.0 + skew);
        let here = claims.aud == self.issuer || claims.aud == "common";
        match (begun && open && here) || !self.settings.danger.enforces(Check::AssertionTimes) {
            true => Ok(()),
            false => Err(Refusal::AssertionTimesBad),
        }
    }

    /// PRQ-06
    fn check_assertion_nonce(
        &mut self,
        cx: &mut Context<'_>,
        claims: &UserAssertion,
        outer: &PrtRequest,
        same_device: bool,
    ) -> Result<(), Refusal> {
        let equal = claims.request_nonce.is_some() && claims.request_nonce == outer.request_nonce;
        if equal || !self.settings.danger.enforces(Check::AssertionNonce) {
            return Ok(());
        }
        let lenient = self.settings.assertion_nonces == AssertionNonces::EqualOnOtherDevice;
        if !lenient || !same_device {
            return Err(Refusal::AssertionNonceBad);
        }
        self.accept_nonce(cx, claims.request_nonce.as_deref())
    }
}

/// USR-04: a code is accepted once; it is remembered until it would be refused anyway.
fn use_up_code(
    used: &mut UsedOnce,
    user: UserId,
    code: &str,
    until: Timestamp,
    now: Timestamp,
    danger: Danger,
) -> Result<(), Refusal> {
    let value = format!("{user}/{code}");
    match used.use_up(value.as_bytes(), until, now) {
        Ok(()) => Ok(()),
        Err(ProofError::UsedBefore) if danger.enforces(Check::UserSecondFactorUnused) => {
            Err(Refusal::SecondFactorUsed)
        }
        Err(ProofError::UsedBefore) => Ok(()),
        Err(error) => Err(Refusal::of_proof(&error, Refusal::SecondFactorUsed)),
    }
}
