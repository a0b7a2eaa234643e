//! Issuing: access tokens, the plain answer, unsigned id tokens. Every function that issues asks for
//! the evidence that policy let the request through.

use serde_json::json;

use crate::base::b64;
use crate::base::id::{AppId, DeviceId};
use crate::token::AccessTokenClaims;
use crate::token::sealed::Authentication;
use crate::wire::answer::TokenAnswer;

use super::Provider;
use super::context::Context;
use super::dpop::Binding;
use super::gate::Cleared;
use super::refusal::Refusal;

/// What an access token is issued for.
pub(super) struct Issue<'a> {
    pub(super) authentication: &'a Authentication,
    pub(super) client: AppId,
    pub(super) resource: AppId,
    pub(super) scope: &'a str,
    pub(super) device: Option<DeviceId>,
    pub(super) binding: Binding,
}

impl Provider {
    /// An access token and the answer around it, without a refresh token.
    pub(super) fn token_answer(
        &self,
        cx: &Context<'_>,
        issue: &Issue<'_>,
        _cleared: &Cleared,
    ) -> Result<TokenAnswer, Refusal> {
        let span = self.settings.lifetimes.access_token;
        let user = issue.authentication.user;
        let claims = AccessTokenClaims {
            iss: self.issuer.clone(),
            aud: issue.resource,
            tid: self.directory.tenant(),
            oid: user,
            upn: self.principal_name(user),
            appid: issue.client,
            scp: issue.scope.to_owned(),
            iat: cx.now,
            nbf: cx.now,
            auth_time: issue.authentication.auth_time,
            exp: cx.now + span,
            uti: cx.request,
            amr: issue.authentication.amr.clone(),
            deviceid: issue.device,
            cnf: issue.binding.confirmation(),
            ver: "1.0".to_owned(),
        };
        let access_token = self.keys.sign(&claims).map_err(|_| Refusal::TooBusy)?;
        Ok(TokenAnswer {
            token_type: issue.binding.token_type().as_str().to_owned(),
            access_token,
            expires_in: span.as_secs(),
            ext_expires_in: span.as_secs(),
            scope: issue.scope.to_owned(),
            refresh_token: None,
            refresh_token_expires_in: None,
            id_token: None,
        })
    }

    /// An id token with `alg` `none`, as the sources allow (product 8.7): nothing rests on it.
    pub(super) fn id_token(
        &self,
        authentication: &Authentication,
        client: AppId,
        cx: &Context<'_>,
    ) -> String {
        let user = self.directory.user(authentication.user);
        let claims = json!({
            "aud": client,
            "iss": self.issuer,
            "iat": cx.now,
            "exp": cx.now + self.settings.lifetimes.access_token,
            "oid": authentication.user,
            "tid": self.directory.tenant(),
            "name": user.map(|user| user.display_name.as_str()),
            "preferred_username": user.map(|user| user.user_principal_name()),
        });
        let part = |text: String| b64::encode_url(text);
        format!(
            "{}.{}.",
            part(r#"{"alg":"none","typ":"JWT"}"#.to_owned()),
            part(claims.to_string())
        )
    }

    pub(super) fn principal_name(&self, user: crate::base::id::UserId) -> String {
        let user = self.directory.user(user);
        user.map(|user| user.user_principal_name().to_owned()).unwrap_or_default()
    }
}
