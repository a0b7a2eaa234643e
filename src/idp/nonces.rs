//! The nonce endpoint, and the nonce check of every signed request.

use http::StatusCode;

use crate::base::Check;
use crate::pop::ProofError;
use crate::wire::Response;
use crate::wire::answer::{NonceAnswer, json_response};

use super::Provider;
use super::context::Context;
use super::refusal::Refusal;
use super::settings::NonceUse;

impl Provider {
    /// `grant_type=srv_challenge`: anyone may have one.
    pub(super) fn issue_nonce(&self, cx: &mut Context<'_>) -> Response {
        json_response(StatusCode::OK, &NonceAnswer { nonce: self.fresh_nonce(cx) })
    }

    pub(super) fn fresh_nonce(&self, cx: &mut Context<'_>) -> String {
        self.nonces.issue(cx.now, cx.rng)
    }

    /// Accepts the nonce of a request whose signature is right, and uses it up under single use.
    pub(super) fn accept_nonce(
        &mut self,
        cx: &mut Context<'_>,
        nonce: Option<&str>,
    ) -> Result<(), Refusal> {
        let danger = self.settings.danger;
        // NON-01
        let Some(nonce) = nonce else {
            return match danger.enforces(Check::NonceMissing) {
                true => Err(Refusal::NonceMissing),
                false => Ok(()),
            };
        };
        // NON-02, NON-03
        let lifetime = self.settings.lifetimes.nonce;
        let fresh = self
            .nonces
            .verify(nonce, lifetime, cx.now, danger)
            .map_err(|error| Refusal::of_proof(&error, Refusal::NonceForeign))?;
        let counted = cx.nonces.iter().any(|seen| seen == fresh.as_bytes());
        if self.settings.nonce_use == NonceUse::Reusable || counted {
            return Ok(());
        }
        // NON-04
        match self.used_nonces.use_up(fresh.as_bytes(), fresh.expires(), cx.now) {
            Err(ProofError::UsedBefore) if !danger.enforces(Check::NonceUnused) => {}
            Err(error) => return Err(Refusal::of_proof(&error, Refusal::NonceUsed)),
            Ok(()) => {}
        }
        cx.nonces.push(fresh.as_bytes().to_vec());
        Ok(())
    }
}
