//! [`Verdict`]: the precise reason behind an answer, for the narrator, the record and tests.

use std::collections::VecDeque;

use crate::base::Check;
use crate::base::id::RequestId;
use crate::policy::{Denial, TokenProtectionStatus};

use super::refusal::Refusal;

/// Verdicts kept; older ones are dropped.
const KEPT: usize = 1024;

/// What the provider made of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The request.
    pub request: RequestId,
    /// The check that refused it, if one did.
    pub refusal: Option<Refusal>,
    /// The policy that refused it, if one did.
    pub denial: Option<Denial>,
    /// Credentials that were ignored, and why.
    pub ignored: Vec<Refusal>,
    /// The binding status in its record, if it left one.
    pub token_protection: Option<TokenProtectionStatus>,
}

impl Verdict {
    /// The check that decided: the one that refused, else the one that had a credential ignored.
    #[must_use]
    pub fn check(&self) -> Option<Check> {
        let refused = self.refusal.map(Refusal::check);
        let denied = self.denial.as_ref().map(Denial::check);
        refused.or(denied).or(self.ignored.first().map(|refusal| refusal.check()))
    }

    /// The AADSTS number the peer was told, if it was refused.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        let refused = self.refusal.map(Refusal::aadsts);
        refused.or(self.denial.as_ref().map(|denial| denial.code))
    }
}

/// Recent verdicts, oldest first.
#[derive(Clone, Debug, Default)]
pub struct VerdictLog(VecDeque<Verdict>);

impl VerdictLog {
    pub(super) fn push(&mut self, verdict: Verdict) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(verdict);
    }

    /// Takes the verdicts since the last call.
    pub fn take(&mut self) -> Vec<Verdict> {
        self.0.drain(..).collect()
    }
}
