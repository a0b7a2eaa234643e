//! The plain refresh grant, for apps outside the broker. It shows no device of its own; a device
//! credential in a header may speak for device facts, never for binding.

use http::StatusCode;

use crate::base::id::AppId;
use crate::base::{Check, Timestamp};
use crate::catalog::well_known::BROKER_CLIENT;
use crate::jose::JwkThumbprint;
use crate::signin::IncomingTokenType;
use crate::token::sealed::Refresh;
use crate::token::{Family, Rotation};
use crate::wire::answer::json_response;
use crate::wire::authorize::{DEVICE_CREDENTIAL, single_header};
use crate::wire::token::RefreshGrant;
use crate::wire::{Request, Response};

use super::context::{Context, Draft, Shown};
use super::dpop::{self, Binding};
use super::issue::Issue;
use super::refusal::Refusal;
use super::sealing::Presented;
use super::settings::DeviceClaims;
use super::{Provider, TokenError};

/// A refresh token that may be redeemed, and the state of its family once it is.
pub(super) struct Redeemable {
    pub(super) family: Family,
    pub(super) generation: u32,
}

impl Provider {
    pub(super) fn refresh_grant(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        request: &Request,
        grant: &RefreshGrant,
    ) -> Result<Response, TokenError> {
        draft.client = Some(grant.client_id);
        draft.incoming = IncomingTokenType::RefreshToken;
        let credential = single_header(request.headers(), DEVICE_CREDENTIAL)?;
        let opened = self
            .open_plain(cx, draft, grant)
            .and_then(|token| Ok((token, self.bind(cx, grant.client_id)?)));
        // The request comes again after a challenge, with this credential and its nonce.
        let challenged = opened.as_ref().is_err_and(|refusal| refusal.is_dpop_challenge());
        if let Some(credential) = credential.filter(|_| !challenged) {
            self.show_device_credential(cx, draft, &credential);
        }
        let (token, binding) = opened?;
        cx.correlation = token.correlation;
        let client = self.known_client_id(grant.client_id)?;
        // RFT-02
        if token.client != client && self.settings.danger.enforces(Check::RefreshClient) {
            return Err(Refusal::RefreshOtherClient.into());
        }
        self.check_refresh_key(&token, binding.jkt())?;
        let redeemable = self.check_refresh(cx, draft, &token)?;
        self.trust_device_claim(draft, &token);
        let resource = self.known_resource(grant.resource.as_deref())?;
        draft.resource = Some(resource);
        let cleared = self.gate(cx, draft)?;
        let scope = grant.scope.as_deref().unwrap_or("openid offline_access");
        let issue = Issue {
            authentication: &token.authentication,
            client,
            resource,
            scope,
            device: draft.shown.device(),
            binding,
        };
        let mut answer = self.token_answer(cx, &issue, &cleared)?;
        self.keep_family(token.family, redeemable.family, cx.now)?;
        draft.token = Some(cx.request);
        let next = self.next_refresh(cx.now, &token, redeemable.generation, &binding);
        answer.refresh_token = Some(self.seal.refresh(&next, cx.rng));
        answer.refresh_token_expires_in = Some(self.settings.lifetimes.refresh_token.as_secs());
        Ok(json_response(StatusCode::OK, &answer))
    }

    /// A bound token in a plain grant is refused whatever the policy (BRT-01); it is still recorded
    /// with the binding status that this request's own evidence gives.
    fn open_plain(
        &self,
        cx: &Context<'_>,
        draft: &mut Draft,
        grant: &RefreshGrant,
    ) -> Result<Refresh, Refusal> {
        let presented = self.seal.open_refresh(grant.refresh_token.expose_secret());
        let (prt, client, correlation) = match presented.ok_or(Refusal::TokenNotOurs)? {
            Presented::Plain(token) => {
                draft.belongs_to(token.family);
                return Ok(*token);
            }
            Presented::Broker(app, _) => (app.prt, app.client, app.correlation),
            Presented::Prt(prt, _) => (*prt, grant.client_id, cx.correlation),
        };
        draft.user = Some(prt.authentication.user);
        draft.belongs_to(prt.family);
        // BRT-01
        if self.settings.danger.enforces(Check::BrokerTokenBinding) {
            return Err(Refusal::BrokerTokenUnbound);
        }
        Ok(Refresh {
            tenant: prt.tenant,
            family: prt.family,
            generation: prt.generation,
            client,
            correlation,
            authentication: prt.authentication,
            device: Some(prt.device),
            jkt: None,
            iat: prt.iat,
            exp: prt.exp,
        })
    }

    /// RFT-04
    pub(super) fn check_refresh_key(
        &self,
        token: &Refresh,
        shown: Option<JwkThumbprint>,
    ) -> Result<(), Refusal> {
        match self.settings.danger.enforces(Check::RefreshDpopKey) {
            true => dpop::key_of_refresh(token.jkt, shown),
            false => Ok(()),
        }
    }

    /// RFT-01, RFT-03, REV-*, USR-02. Reuse of a retired token ends the family at once.
    pub(super) fn check_refresh(
        &mut self,
        cx: &Context<'_>,
        draft: &mut Draft,
        token: &Refresh,
    ) -> Result<Redeemable, Refusal> {
        let danger = self.settings.danger;
        // RFT-01
        if cx.now >= token.exp && danger.enforces(Check::RefreshExpired) {
            return Err(Refusal::RefreshTooOld);
        }
        self.still_good(draft, &token.authentication)?;
        let rotation = self.rotation_of(token.client);
        let (family, redeemed) =
            self.family(token.family).redeem(token.generation, rotation, danger);
        match redeemed {
            Ok(generation) => Ok(Redeemable { family, generation }),
            Err(error) => {
                self.keep_family(token.family, family, cx.now)?;
                Err(Refusal::of_family(error))
            }
        }
    }

    fn rotation_of(&self, client: AppId) -> Rotation {
        match client == BROKER_CLIENT {
            true => self.settings.refresh_rotation.broker_client,
            false => self.settings.refresh_rotation.others,
        }
    }

    fn trust_device_claim(&self, draft: &mut Draft, token: &Refresh) {
        let trusted = self.settings.device_claims == DeviceClaims::Trusted;
        if let (true, Shown::Nothing, Some(device)) = (trusted, draft.shown, token.device) {
            draft.shown = Shown::Facts(device);
        }
    }

    /// The successor keeps the key of its token. One that had none gets the key of this request's
    /// proof: it is issued to a public client that shows one (RFC 9449 section 5).
    fn next_refresh(
        &self,
        now: Timestamp,
        token: &Refresh,
        generation: u32,
        binding: &Binding,
    ) -> Refresh {
        let exp = now + self.settings.lifetimes.refresh_token;
        let shown = binding.jkt().filter(|_| self.binds_refresh_tokens(token.client));
        Refresh { generation, iat: now, exp, jkt: token.jkt.or(shown), ..token.clone() }
    }
}
