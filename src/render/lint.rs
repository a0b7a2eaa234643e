//! Findings of `lint`, as text and as JSON.

use serde::Serialize;

use super::page::{Page, Tone, counted};
use crate::policy::lint::{Finding, Severity};

/// The findings of one tenant, with what they were made from.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LintReport {
    /// The rule pack.
    pub rules: String,
    /// How many policies were checked.
    pub policies: usize,
    /// Whether groups were resolved.
    pub groups: Groups,
    /// How many findings there are of each severity.
    pub counts: Counts,
    /// The findings.
    pub findings: Vec<Finding>,
}

/// Whether groups were resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Groups {
    /// Without a directory ids are compared as they stand.
    ByName,
    /// Through the directory, nested ones too.
    Resolved,
}

/// Findings by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Errors.
    pub error: usize,
    /// Warnings.
    pub warning: usize,
    /// The rest.
    pub information: usize,
}

/// Column at which the words of a finding begin.
const WORDS: usize = 11;

impl LintReport {
    /// Puts findings together with what they were made from.
    #[must_use]
    pub fn new(rules: &str, policies: usize, groups: Groups, findings: Vec<Finding>) -> Self {
        let count = |severity| findings.iter().filter(|one| one.severity == severity).count();
        let counts = Counts {
            error: count(Severity::Error),
            warning: count(Severity::Warning),
            information: count(Severity::Information),
        };
        Self { rules: rules.to_owned(), policies, groups, counts, findings }
    }

    /// The findings for people.
    #[must_use]
    pub fn to_page(&self) -> Page {
        let mut page = Page::new();
        for finding in &self.findings {
            page.gap();
            finding_page(&mut page, finding);
        }
        page.gap();
        page.say(0, Tone::Plain, &self.summary());
        if self.groups == Groups::ByName {
            page.say(0, Tone::Aside, NOT_RESOLVED);
        }
        page
    }

    fn summary(&self) -> String {
        format!(
            "{} under the rules of {}: {}, {}, {} for information",
            counted_policies(self.policies),
            self.rules,
            counted(self.counts.error, "error"),
            counted(self.counts.warning, "warning"),
            self.counts.information,
        )
    }
}

const NOT_RESOLVED: &str = "Without --directory groups count as they are named: who is in them, and \
whether two overlap, was not looked at.";

fn counted_policies(count: usize) -> String {
    if count == 1 { "1 policy".to_owned() } else { format!("{count} policies") }
}

fn finding_page(page: &mut Page, finding: &Finding) {
    let tone = match finding.severity {
        Severity::Error => Tone::Lost,
        Severity::Warning => Tone::Heading,
        Severity::Information => Tone::Plain,
    };
    let location = &finding.location;
    let head = match location.policy_id {
        None => "the tenant".to_owned(),
        Some(_) => location.display_name.clone(),
    };
    page.say(0, tone, &format!("{} {}: {head}", finding.rule.id(), finding.severity.as_str()));
    if !location.path.is_empty() {
        page.hang("  where", WORDS, Tone::Plain, &location.path);
    }
    page.hang("  what", WORDS, Tone::Plain, finding.rule.what());
    page.hang("  here", WORDS, Tone::Plain, &finding.why);
    page.hang("  why", WORDS, Tone::Plain, finding.rule.why());
    page.hang("  fix", WORDS, Tone::Plain, &finding.fix);
    page.hang("  source", WORDS, Tone::Aside, finding.source);
}
