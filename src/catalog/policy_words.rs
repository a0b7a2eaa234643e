//! What the words of a policy stand for: application groups and built-in authentication strengths.
//!
//! A policy says `Office365` and the tenant knows which applications that is. Here it is data, with
//! its sources and with what was assumed, in `src/data/catalog/policy-words.json`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::model::Source;
use crate::base::id::{AppId, AuthenticationStrengthId};
use crate::base::json::{self, JsonError};

/// The words of policies that stand for lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyWords {
    sources: Vec<Source>,
    application_groups: Vec<ApplicationGroup>,
    authentication_strengths: Vec<BuiltInStrength>,
}

/// A word of `includeApplications` that stands for several applications.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApplicationGroup {
    /// The word.
    pub name: String,
    /// Tags of its sources.
    pub sources: Vec<String>,
    /// What was assumed.
    pub note: String,
    /// The applications.
    pub members: Vec<GroupMember>,
}

/// An application of a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupMember {
    /// The application id.
    pub app_id: AppId,
    /// The name in the source.
    pub name: String,
}

/// An authentication strength that every tenant has.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BuiltInStrength {
    /// The id.
    pub id: AuthenticationStrengthId,
    /// The name people read.
    pub display_name: String,
    /// Tags of its sources.
    pub sources: Vec<String>,
    /// Each a set of methods, joined by commas as Graph writes it.
    pub allowed_combinations: Vec<String>,
}

static BUILTIN: LazyLock<PolicyWords> = LazyLock::new(|| {
    // INVARIANT: the file is part of the build, and the tests read it.
    #[expect(clippy::expect_used, reason = "the data is compiled in and tested")]
    PolicyWords::read(include_bytes!("../data/catalog/policy-words.json"))
        .expect("the built-in words of policies are sound")
});

impl PolicyWords {
    /// The words that come with the lab.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// The group with this name.
    #[must_use]
    pub fn application_group(&self, name: &str) -> Option<&ApplicationGroup> {
        self.application_groups.iter().find(|group| group.name == name)
    }

    /// The built-in strength with this id.
    #[must_use]
    pub fn strength(&self, id: AuthenticationStrengthId) -> Option<&BuiltInStrength> {
        self.authentication_strengths.iter().find(|strength| strength.id == id)
    }

    /// Where the lists come from.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    fn read(text: &[u8]) -> Result<Self, JsonError> {
        json::from_slice(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_there_and_names_its_sources() {
        let words = PolicyWords::builtin();
        let groups = words.application_groups.iter().map(|group| (&group.name, &group.sources));
        let strengths = words
            .authentication_strengths
            .iter()
            .map(|strength| (&strength.display_name, &strength.sources));
        for (name, tags) in groups.chain(strengths) {
            assert!(!tags.is_empty(), "{name}");
            for tag in tags {
                assert!(words.sources().iter().any(|source| source.tag == *tag), "{name}: {tag}");
            }
        }
        let office = words.application_group("Office365").unwrap();
        let exchange = super::super::well_known::EXCHANGE;
        assert!(office.members.iter().any(|member| member.app_id == exchange));
        assert!(!words.application_group("MicrosoftAdminPortals").unwrap().members.is_empty());
    }
}
