//! Redeeming an authorization code: the same request for policy and record as its authorize step
//! (product 8.1), so no second evaluation and no second record.

use http::StatusCode;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::base::id::{FamilyId, RequestId};
use crate::base::{Check, b64};
use crate::pop::ProofError;
use crate::token::EndReason;
use crate::token::sealed::{Code, Refresh};
use crate::wire::Response;
use crate::wire::answer::json_response;
use crate::wire::token::CodeGrant;

use super::Provider;
use super::context::{Context, Draft, RecordKind};
use super::dpop::{self, Binding};
use super::gate::Cleared;
use super::issue::Issue;
use super::refusal::Refusal;

impl Provider {
    pub(super) fn code_grant(
        &mut self,
        cx: &mut Context<'_>,
        grant: &CodeGrant,
    ) -> Result<Response, Refusal> {
        let code = self.seal.open_code(grant.code.expose_secret());
        // Who shows no code of ours takes no room among the proofs that are remembered.
        let Some(code) = code else {
            self.answer_proof_unread(cx);
            return Err(Refusal::CodeBad);
        };
        let binding = self.bind(cx, grant.client_id)?;
        let code = self.accept_code(cx, grant, code, &binding)?;
        let cleared = Cleared::by_code(&code);
        let issue = Issue {
            authentication: &code.authentication,
            client: code.client,
            resource: code.resource,
            scope: &code.scope,
            device: code.device,
            binding,
        };
        let mut answer = self.token_answer(cx, &issue, &cleared)?;
        let asks = |scope| code.scope.split(' ').any(|part| part == scope);
        if asks("openid") {
            answer.id_token = Some(self.id_token(&code.authentication, code.client, cx));
        }
        if asks("offline_access") {
            let token = self.first_refresh(cx, &code, &binding);
            answer.refresh_token = Some(self.seal.refresh(&token, cx.rng));
            answer.refresh_token_expires_in = Some(self.settings.lifetimes.refresh_token.as_secs());
        }
        Ok(json_response(StatusCode::OK, &answer))
    }

    /// COD-01 to COD-06. A code that is shown twice ends the tokens it gave (RFC 6749 section 4.1.2).
    fn accept_code(
        &mut self,
        cx: &mut Context<'_>,
        grant: &CodeGrant,
        code: Code,
        binding: &Binding,
    ) -> Result<Code, Refusal> {
        let danger = self.settings.danger;
        cx.correlation = code.correlation;
        // COD-01
        if cx.now >= code.exp && danger.enforces(Check::CodeExpired) {
            return Err(Refusal::CodeExpired);
        }
        // COD-03
        if grant.client_id != code.client && danger.enforces(Check::CodeClient) {
            return Err(Refusal::CodeOtherClient);
        }
        // COD-04
        if grant.redirect_uri != code.redirect_uri && danger.enforces(Check::CodeRedirectUri) {
            return Err(Refusal::CodeOtherRedirect);
        }
        // COD-05
        if !pkce_matches(&code, grant) && danger.enforces(Check::CodePkce) {
            return Err(Refusal::PkceMismatch);
        }
        // COD-06
        if danger.enforces(Check::CodeDpopKey) {
            dpop::key_of_code(code.dpop_jkt, binding.jkt())?;
        }
        // User and device may have been disabled or revoked since the authorize step. What is refused
        // here has not used the code up.
        self.still_good(&mut Draft::new(RecordKind::Authorize), &code.authentication)?;
        code.device.map_or(Ok(()), |device| self.device_of_token(device))?;
        // COD-02
        let id = code.id.as_u128().to_be_bytes();
        match self.used_codes.use_up(&id, code.exp, cx.now) {
            Ok(()) => Ok(code),
            Err(ProofError::UsedBefore) if danger.enforces(Check::CodeUnused) => {
                let family = family_of(code.id);
                let ended = self.family(family).ended(EndReason::CodeReused);
                self.keep_family(family, ended, cx.now)?;
                Err(Refusal::CodeUsed)
            }
            Err(ProofError::UsedBefore) => Ok(code),
            Err(error) => Err(Refusal::of_proof(&error, Refusal::CodeUsed)),
        }
    }

    /// The refresh token of a public client is bound to the key of the proof that came with the code.
    fn first_refresh(&self, cx: &Context<'_>, code: &Code, binding: &Binding) -> Refresh {
        let family = family_of(code.id);
        Refresh {
            tenant: code.tenant,
            family,
            generation: 0,
            client: code.client,
            correlation: code.correlation,
            authentication: code.authentication.clone(),
            device: code.device,
            jkt: binding.jkt().filter(|_| self.binds_refresh_tokens(code.client)),
            iat: cx.now,
            exp: cx.now + self.settings.lifetimes.refresh_token,
        }
    }
}

/// A code gives one family, named after it, so that showing the code again can end it.
pub(super) const fn family_of(code: RequestId) -> FamilyId {
    FamilyId::from_u128(code.as_u128())
}

fn pkce_matches(code: &Code, grant: &CodeGrant) -> bool {
    match (&code.code_challenge, &grant.code_verifier) {
        (Some(challenge), Some(verifier)) => {
            let digest = Sha256::digest(verifier.expose_secret().as_bytes());
            b64::encode_url(digest).as_bytes().ct_eq(challenge.as_bytes()).into()
        }
        (Some(_), None) => false,
        (None, _) => true,
    }
}
