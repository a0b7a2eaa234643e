//! Legacy sign-ins: a resource server forwards a password and asks whether to let it in.

use http::StatusCode;

use crate::catalog::LegacyProtocol;
use crate::wire::answer::json_response;
use crate::wire::token::LegacySignIn;
use crate::wire::{Request, Response};

use super::context::{Context, Draft};
use super::refusal::Refusal;
use super::{Provider, TokenError};

impl Provider {
    /// Password, then policy; the client shows no device and can do no second factor. The answer
    /// names the user, and the resource server serves on it.
    pub(super) fn legacy_sign_in(
        &mut self,
        cx: &mut Context<'_>,
        draft: &mut Draft,
        request: &Request,
    ) -> Result<Response, TokenError> {
        let sign_in = LegacySignIn::parse(request)?;
        draft.interactive = true;
        let protocol = LegacyProtocol::named(&sign_in.protocol).ok_or(Refusal::MalformedMessage)?;
        draft.legacy_protocol = Some(protocol);
        draft.resource = Some(self.known_resource(Some(&sign_in.resource.to_string()))?);
        let authentication =
            self.authenticate_password(cx, draft, &sign_in.username, &sign_in.password, None)?;
        self.gate(cx, draft)?;
        let upn = self.principal_name(authentication.user);
        Ok(json_response(StatusCode::OK, &serde_json::json!({ "upn": upn })))
    }
}
