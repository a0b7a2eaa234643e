//! The end of every request: one record for the administrator, one verdict for the narrator, and an
//! answer in which the peer learns no more than the table of refusals allows.

use http::StatusCode;

use crate::base::id::AppId;
use crate::catalog::Catalog;
use crate::directory::{RiskLevel, User};
use crate::policy::{Denial, SecondFactorProof, TokenProtectionStatus};
use crate::signin::{
    self, AuthenticationProtocol, Interactivity, NamedApp, RequestFacts, RiskFacts, RiskState,
    SignInRecord, client_app_used, failure_reason,
};
use crate::token::Amr;
use crate::wire::answer::{ErrorBody, json_response};
use crate::wire::authorize::AuthorizeAnswer;
use crate::wire::{ParseError, Response};

use super::context::{Context, Draft, RecordKind};
use super::refusal::{OAuthError, Refusal};
use super::verdict::Verdict;
use super::{Provider, TokenError};

/// Where the real service sends people whose request was not bound.
const TOKEN_PROTECTION_HELP: &str = "https://aka.ms/TBCADocs";

impl Provider {
    /// A request that leaves a record.
    pub(super) fn conclude(
        &mut self,
        cx: &mut Context<'_>,
        draft: Draft,
        outcome: Result<Response, TokenError>,
    ) -> Response {
        let kind = draft.kind;
        let error = outcome.as_ref().err().cloned();
        // "Call again with this nonce" is a step of the protocol, as the nonce endpoint is.
        match error.as_ref() {
            Some(error) if refusal_of(error).is_dpop_challenge() => {
                self.note_verdict(cx, Some(error), None);
            }
            error => self.record(cx, &draft, error),
        }
        match outcome {
            Ok(response) => response,
            Err(error) => self.refuse(cx, &error, kind),
        }
    }

    /// An authorize step. A page that nobody showed a credential for is no sign-in yet and leaves no
    /// record; a credential that was ignored does.
    pub(super) fn conclude_authorize(
        &mut self,
        cx: &mut Context<'_>,
        draft: Draft,
        outcome: Result<AuthorizeAnswer, TokenError>,
    ) -> Response {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) => {
                self.record(cx, &draft, Some(&error));
                return match cx.redirect.take() {
                    Some((redirect_uri, state)) => {
                        self.redirect_error(cx, &error, redirect_uri, state)
                    }
                    None => self.refuse(cx, &error, RecordKind::Authorize),
                };
            }
        };
        let page = matches!(answer, AuthorizeAnswer::SignInPage { .. });
        let ignored = cx.ignored.first().copied().map(TokenError::Refused);
        match (page, ignored) {
            (false, _) => self.record(cx, &draft, None),
            (true, Some(ignored)) => self.record(cx, &draft, Some(&ignored)),
            (true, None) => {}
        }
        answer.to_response()
    }

    /// A request that leaves a verdict and no record: the redemption of a code.
    pub(super) fn conclude_unrecorded(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Result<Response, TokenError>,
    ) -> Response {
        self.note_verdict(cx, outcome.as_ref().err(), None);
        outcome.unwrap_or_else(|error| self.refuse(cx, &error, RecordKind::Authorize))
    }

    /// A registration: its own error body, no record.
    pub(super) fn conclude_registration(
        &mut self,
        cx: &Context<'_>,
        outcome: Result<Response, TokenError>,
    ) -> Response {
        self.note_verdict(cx, outcome.as_ref().err(), None);
        outcome.unwrap_or_else(|error| self.join_error(cx, refusal_of(&error)))
    }

    /// A message that could not be told apart from noise.
    pub(super) fn unread(&mut self, cx: &Context<'_>, error: ParseError) -> Response {
        let status = match error {
            ParseError::UnknownEndpoint => StatusCode::NOT_FOUND,
            ParseError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        let error = TokenError::Message(error);
        self.note_verdict(cx, Some(&error), None);
        json_response(status, &self.error_body(cx, &error, RecordKind::Authorize))
    }

    fn record(&mut self, cx: &Context<'_>, draft: &Draft, error: Option<&TokenError>) {
        let user = draft.user.and_then(|id| self.directory.user(id));
        let status = user.map(|user| self.token_protection(cx, draft, user.id()));
        let client_type = self.client_app_type(cx, draft);
        let resource = draft.resource.map(|id| self.named(id));
        let facts = RequestFacts {
            user,
            app: self.named_client(cx, draft),
            client_app_used: Some(client_app_used(client_type, draft.legacy_protocol)),
            resource,
            device: draft.shown.device().and_then(|id| self.directory.device(id)),
            user_agent: Some(&cx.user_agent).filter(|text| !text.is_empty()).map(String::as_str),
            ip_address: cx.address.parse().ok(),
            interactivity: match draft.interactive {
                true => Interactivity::Interactive,
                false => Interactivity::NonInteractive,
            },
            incoming_token: draft.incoming,
            protocol: match draft.kind {
                RecordKind::Legacy => AuthenticationProtocol::Ropc,
                _ => AuthenticationProtocol::OAuth2,
            },
            second_factor: match draft.amr.contains(&Amr::Mfa) {
                true => SecondFactorProof::Passed,
                false => SecondFactorProof::Absent,
            },
            token_id: draft.token.filter(|_| error.is_none()),
            session: draft.session,
            risk: user.map_or_else(RiskFacts::default, stated_risk),
            ..RequestFacts::new(cx.request, cx.correlation, cx.now, self.directory.tenant())
        };
        let verdict = match (&draft.decision, error) {
            (Some(decision), None | Some(TokenError::Denied(_))) => signin::Verdict::Policy {
                decision,
                policies: &self.policies,
                rules: self.rules,
                token_protection: status.unwrap_or(TokenProtectionStatus::unbound(1002)),
            },
            (_, error) => signin::Verdict::Protocol {
                code: error.map_or(0, |error| refusal_of(error).aadsts()),
                token_protection: status,
            },
        };
        let record = SignInRecord::new(&facts, verdict);
        self.log.push(record);
        self.note_verdict(cx, error, status);
    }

    fn note_verdict(
        &mut self,
        cx: &Context<'_>,
        error: Option<&TokenError>,
        token_protection: Option<TokenProtectionStatus>,
    ) {
        let (refusal, denial) = match error {
            None => (None, None),
            Some(TokenError::Denied(denial)) => (None, Some(denial.as_ref().clone())),
            Some(error) => (Some(refusal_of(error)), None),
        };
        self.verdicts.push(Verdict {
            request: cx.request,
            refusal,
            denial,
            ignored: cx.ignored.clone(),
            token_protection,
        });
    }

    fn refuse(&self, cx: &Context<'_>, error: &TokenError, kind: RecordKind) -> Response {
        let body = self.error_body(cx, error, kind);
        let status = match body.error.as_str() {
            error if error == OAuthError::InvalidClient.as_str() => StatusCode::UNAUTHORIZED,
            error if error == OAuthError::TemporarilyUnavailable.as_str() => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::BAD_REQUEST,
        };
        json_response(status, &body)
    }

    fn redirect_error(
        &self,
        cx: &Context<'_>,
        error: &TokenError,
        redirect_uri: String,
        state: Option<String>,
    ) -> Response {
        let body = self.error_body(cx, error, RecordKind::Authorize);
        AuthorizeAnswer::Error {
            redirect_uri,
            error: body.error,
            error_description: body.error_description,
            state,
        }
        .to_response()
    }

    fn error_body(&self, cx: &Context<'_>, error: &TokenError, kind: RecordKind) -> ErrorBody {
        let (oauth, code, sentence) = match error {
            TokenError::Denied(denial) => self.denial_words(denial, kind),
            TokenError::Message(error) => {
                let refusal = refusal_of(&TokenError::Message(error.clone()));
                (refusal.oauth_error(), refusal.aadsts(), error.to_string())
            }
            TokenError::Refused(refusal) => {
                (refusal.oauth_error(), refusal.aadsts(), refusal.to_string())
            }
        };
        ErrorBody {
            error: oauth.as_str().to_owned(),
            error_description: format!("AADSTS{code}: {sentence}"),
            error_codes: vec![code],
            timestamp: cx.now.to_string(),
            trace_id: cx.request.to_string(),
            correlation_id: cx.correlation.to_string(),
            suberror: matches!(error, TokenError::Denied(_)).then(|| "message_only".to_owned()),
        }
    }

    /// `invalid_grant` for an unbound refresh, `interaction_required` otherwise (conditional-access
    /// 1.6, our choice where the sources are silent).
    fn denial_words(&self, denial: &Denial, kind: RecordKind) -> (OAuthError, u32, String) {
        let unbound = denial.code == 530_084;
        let sentence = match unbound {
            true => format!("{} {TOKEN_PROTECTION_HELP}", failure_reason(denial.code)),
            false => failure_reason(denial.code).to_owned(),
        };
        let oauth = match kind {
            RecordKind::Refresh | RecordKind::PrtUse if unbound => OAuthError::InvalidGrant,
            _ => OAuthError::InteractionRequired,
        };
        (oauth, denial.code, sentence)
    }

    fn named_client(&self, cx: &Context<'_>, draft: &Draft) -> Option<NamedApp<'_>> {
        let id = draft.client?;
        if let Some(client) = self.catalogue_client(cx, draft) {
            return Some(NamedApp { id, display_name: &client.display_name });
        }
        self.directory.app(id).map(|app| NamedApp { id, display_name: &app.display_name })
    }

    fn named(&self, id: AppId) -> NamedApp<'_> {
        let catalogue = Catalog::builtin().resource_by_id(id).map(|known| &known.display_name);
        let own = || self.directory.app(id).map(|app| &app.display_name);
        let display_name = catalogue.or_else(own).map_or("", String::as_str);
        NamedApp { id, display_name }
    }
}

/// The risk that the directory states of a user; no level is no finding.
fn stated_risk(user: &User) -> RiskFacts<'static> {
    let found = |level: RiskLevel| Some(level).filter(|level| *level != RiskLevel::None);
    RiskFacts {
        during_sign_in: found(user.risk.sign_in).map(Into::into),
        state: found(user.risk.user).map(|_| RiskState::AtRisk),
        ..RiskFacts::default()
    }
}

/// The refusal behind an error that is not a policy's. A denial has none and never asks.
const fn refusal_of(error: &TokenError) -> Refusal {
    match error {
        TokenError::Refused(refusal) => *refusal,
        TokenError::Message(ParseError::UnsupportedGrant) => Refusal::UnsupportedGrant,
        TokenError::Message(_) | TokenError::Denied(_) => Refusal::MalformedMessage,
    }
}
