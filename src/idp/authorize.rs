//! The authorize step: a browser credential, a device credential, or a person at the sign-in page.
//!
//! A credential that fails is ignored, not refused: the next one is tried, else the person has to
//! sign in (MS-OAPXBC 3.2.5.2.1.3). Policy runs here, and the code is sealed with its decision.

use crate::base::{Check, Secret};
use crate::jose::jws::UnverifiedJws;
use crate::pop::{self, Possession};
use crate::signin::IncomingTokenType;
use crate::token::sealed::{Authentication, Code, Protocol, Prt};
use crate::wire::authorize::{
    AuthorizeAnswer, AuthorizeQuery, DEVICE_CREDENTIAL, Login, browser_credential, single_header,
};
use crate::wire::claims::Credential;
use crate::wire::form::Form;
use crate::wire::{ParseError, Request};

use super::code::family_of;
use super::context::{Context, Draft, Shown};
use super::gate::Cleared;
use super::refusal::Refusal;
use super::sealing::Presented;
use super::{Provider, TokenError};
use crate::base::id::AppId;

impl Provider {
    /// `GET authorize`.
    pub(super) fn authorize(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        request: &Request,
    ) -> Result<AuthorizeAnswer, TokenError> {
        let form = Form::parse(request.uri().query().unwrap_or_default().as_bytes())?;
        let query = self.known_query(draft, &form)?;
        let browser = browser_credential(request)?;
        let device = single_header(request.headers(), DEVICE_CREDENTIAL)?;
        let authentication = browser.and_then(|text| self.show_browser(cx, draft, &text));
        let Some(authentication) = authentication else {
            if let Some(text) = device {
                self.show_device_credential(cx, draft, &text);
            }
            return Ok(AuthorizeAnswer::SignInPage { sso_nonce: self.fresh_nonce(cx) });
        };
        self.grant_code(cx, draft, query, authentication)
    }

    /// `POST login`: what the sign-in page posts, with the device credential the browser or the
    /// native app sends along.
    pub(super) fn login(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        request: &Request,
    ) -> Result<AuthorizeAnswer, TokenError> {
        let form = Form::parse(request.body())?;
        let query = self.known_query(draft, &form)?;
        let login = Login::parse(&form)?;
        draft.interactive = true;
        if let Some(text) = single_header(request.headers(), DEVICE_CREDENTIAL)? {
            self.show_device_credential(cx, draft, &text);
        }
        let Login { username, password, otc } = login;
        let otc = otc.as_ref().map(|otc| otc.expose_secret().as_str());
        let authentication = self.authenticate_password(cx, draft, &username, &password, otc)?;
        self.grant_code(cx, draft, query, authentication)
    }

    /// USE-12, AUT-01, AUT-02, USE-13: a query that an answer may be redirected for.
    fn known_query(&self, draft: &mut Draft, form: &Form) -> Result<KnownQuery, TokenError> {
        let danger = self.settings.danger;
        let query = AuthorizeQuery::parse(form)?;
        draft.client = Some(query.client_id);
        let client = self.known_client_id(query.client_id)?;
        // AUT-01
        let registered = self.redirect_uris(client).any(|uri| uri == query.redirect_uri);
        if !registered && danger.enforces(Check::RedirectUri) {
            return Err(Refusal::RedirectUriUnknown.into());
        }
        // AUT-02
        if query.code_challenge.is_none() && danger.enforces(Check::PkceRequired) {
            return Err(Refusal::PkceMissing.into());
        }
        let resource = self.known_resource(query.resource.as_deref())?;
        draft.resource = Some(resource);
        Ok(KnownQuery { query, client, resource })
    }

    fn grant_code(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        known: KnownQuery,
        authentication: Authentication,
    ) -> Result<AuthorizeAnswer, TokenError> {
        match self.gate(cx, draft) {
            Ok(cleared) => {
                draft.belongs_to(family_of(cx.request));
                Ok(self.seal_code(cx, draft, known, authentication, &cleared))
            }
            Err(error) => {
                cx.redirect = Some((known.query.redirect_uri, known.query.state));
                Err(error)
            }
        }
    }

    fn seal_code(
        &self,
        cx: &mut Context<'_>,
        draft: &Draft,
        known: KnownQuery,
        authentication: Authentication,
        _cleared: &Cleared,
    ) -> AuthorizeAnswer {
        let KnownQuery { query, client, resource } = known;
        let code = Code {
            id: cx.request,
            tenant: self.directory.tenant(),
            client,
            redirect_uri: query.redirect_uri.clone(),
            code_challenge: query.code_challenge,
            dpop_jkt: query.dpop_jkt,
            resource,
            scope: query.scope,
            correlation: cx.correlation,
            authentication,
            device: draft.shown.device(),
            exp: cx.now + self.settings.lifetimes.code,
        };
        AuthorizeAnswer::Code {
            redirect_uri: query.redirect_uri,
            code: Secret::new(self.seal.code(&code, cx.rng)),
            state: query.state,
        }
    }

    /// A browser credential: accepted, or ignored with the reason noted.
    fn show_browser(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        text: &Secret<String>,
    ) -> Option<Authentication> {
        match self.accept_browser(cx, draft, text.expose_secret()) {
            Ok((prt, possession)) => {
                draft.shown = Shown::Bound(prt.device, possession);
                Some(prt.authentication)
            }
            Err(refusal) => {
                cx.ignored.push(refusal);
                None
            }
        }
    }

    fn accept_browser(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        text: &str,
    ) -> Result<(Prt, Possession), Refusal> {
        let danger = self.settings.danger;
        let jws = UnverifiedJws::parse(text).map_err(|_| Refusal::MalformedJws)?;
        let sealed = super::prt_request::peek_refresh_token(&jws).ok_or(Refusal::MalformedJws)?;
        // USE-11: an app refresh token holds a session key too, but it signs nobody in.
        let (prt, session) = match self.seal.open_refresh(&sealed).ok_or(Refusal::TokenNotOurs)? {
            Presented::Prt(prt, session) => (*prt, session),
            Presented::Broker(app, session) if !danger.enforces(Check::PrtKind) => {
                (app.prt, session)
            }
            Presented::Broker(..) | Presented::Plain(_) => return Err(Refusal::NotAPrt),
        };
        draft.incoming = IncomingTokenType::PrimaryRefreshToken;
        let (verified, possession) = self.prove_key_of(jws, &prt, session.as_ref())?;
        let claims: Credential = verified.json().map_err(|_| Refusal::MalformedJws)?.into_inner();
        self.check_browser_purpose(&claims, prt.protocol)?;
        self.accept_nonce(cx, claims.request_nonce.as_deref())?;
        self.check_prt(cx.now, draft, &prt)?;
        Ok((prt, possession))
    }

    /// BRW-01: a recorded PRT request must not work as a browser credential.
    fn check_browser_purpose(
        &self,
        claims: &Credential,
        protocol: Protocol,
    ) -> Result<(), Refusal> {
        let purpose = match (claims.purpose.as_deref(), protocol) {
            (None, Protocol::SessionKey) | (Some("browser_sso"), _) => true,
            (None, Protocol::DeviceKey) | (Some(_), _) => false,
        };
        let right = purpose && claims.grant_type.is_none();
        match right || !self.settings.danger.enforces(Check::BrowserPurpose) {
            true => Ok(()),
            false => Err(Refusal::BrowserPurposeBad),
        }
    }

    /// A device credential: device facts, or ignored with the reason noted.
    pub(super) fn show_device_credential(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        text: &str,
    ) {
        match self.accept_device_credential(cx, text) {
            Ok(shown) => draft.shown = shown,
            Err(refusal) => cx.ignored.push(refusal),
        }
    }

    /// DEV-01, DEV-02, BRW-03, BRW-02, NON-*
    fn accept_device_credential(
        &mut self,
        cx: &mut Context<'_>,
        text: &str,
    ) -> Result<Shown, Refusal> {
        let danger = self.settings.danger;
        let jws = UnverifiedJws::parse(text).map_err(|_| Refusal::MalformedJws)?;
        let device = self.device_of_header(jws.header())?;
        self.device_enabled(device)?;
        let id = device.device_id;
        let key = device.device_key.as_ref().ok_or(Refusal::DeviceUnknown)?;
        let (verified, _) =
            pop::device_key::verify(jws, key, Check::DeviceCredentialSignature, danger)
                .map_err(|error| Refusal::of_proof(&error, Refusal::DeviceCredentialBad))?;
        let claims: Credential = verified.json().map_err(|_| Refusal::MalformedJws)?.into_inner();
        // BRW-02
        let purpose = claims.grant_type.as_deref() == Some("device_auth");
        if !purpose && danger.enforces(Check::DeviceCredentialPurpose) {
            return Err(Refusal::DeviceCredentialPurposeBad);
        }
        self.accept_nonce(cx, claims.request_nonce.as_deref())?;
        Ok(Shown::Facts(id))
    }
}

/// A query whose client, redirect URI and resource are known.
struct KnownQuery {
    query: AuthorizeQuery,
    client: AppId,
    resource: AppId,
}

impl From<ParseError> for TokenError {
    fn from(error: ParseError) -> Self {
        Self::Message(error)
    }
}
