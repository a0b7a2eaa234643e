//! `locations`: named locations by id, any location, and the trusted ones.

use super::{Clause, Side, nothing_included, words};
use crate::base::id::{LocationId, PolicyId};
use crate::directory::LocationTrust;
use crate::policy::error::PolicyError;
use crate::policy::facts::SignIn;
use crate::policy::model::IdSet;
use crate::policy::reader::{Object, Unknown, Words};
use crate::policy::rule::{Rule, RuleKind};

/// `conditions.locations`. Exclusion overrides inclusion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locations {
    /// Whether `All` is included: every location, an unknown one too.
    pub include_all: bool,
    /// Whether `AllTrusted` is included.
    pub include_trusted: bool,
    /// Included named locations; all zeros stands for the trusted addresses of the multifactor
    /// service.
    pub include: IdSet<LocationId>,
    /// Whether `AllTrusted` is excluded.
    pub exclude_trusted: bool,
    /// Excluded named locations.
    pub exclude: IdSet<LocationId>,
}

/// A word of `includeLocations`.
#[derive(Clone, Copy, PartialEq)]
enum Included {
    All,
    AllTrusted,
}

impl Words for Included {
    const WORDS: &'static [(&'static str, Self)] =
        &[("All", Self::All), ("AllTrusted", Self::AllTrusted)];
}

/// A word of `excludeLocations`.
#[derive(Clone, Copy, PartialEq)]
enum Excluded {
    AllTrusted,
}

impl Words for Excluded {
    const WORDS: &'static [(&'static str, Self)] = &[("AllTrusted", Self::AllTrusted)];
}

/// None if the condition is not configured.
pub(super) fn read(
    conditions: &mut Object<'_>,
    policy: PolicyId,
) -> Result<Option<Locations>, PolicyError> {
    let Some(mut object) = conditions.object("locations")? else { return Ok(None) };
    let include = object.words_and_ids::<Included, _>("includeLocations")?;
    let exclude = object.words_and_ids::<Excluded, _>("excludeLocations")?;
    let path = object.path_of("includeLocations");
    object.finish(Unknown::Refuse)?;
    match (include.is_empty(), exclude.is_empty()) {
        (true, true) => Ok(None),
        (true, false) => Err(nothing_included(policy, path)),
        (false, _) => Ok(Some(Locations {
            include_all: include.says(Included::All),
            include_trusted: include.says(Included::AllTrusted),
            include: include.ids,
            exclude_trusted: exclude.says(Excluded::AllTrusted),
            exclude: exclude.ids,
        })),
    }
}

impl Locations {
    pub(super) fn clauses<'p>(&self, side: Side, to: &mut dyn FnMut(Clause<'p>)) {
        let (all, trusted, ids) = match side {
            Side::Include => (self.include_all, self.include_trusted, &self.include),
            Side::Exclude => (false, self.exclude_trusted, &self.exclude),
        };
        words([(all, RuleKind::AllLocations), (trusted, RuleKind::AllTrustedLocations)], to);
        ids.iter().for_each(|id| to(Clause::Rule(Rule::location(*id))));
    }
}

pub(super) fn traits(sign_in: &SignIn<'_>, to: &mut dyn FnMut(Rule)) {
    to(Rule::word(RuleKind::AllLocations));
    if sign_in.place.trust == LocationTrust::Trusted {
        to(Rule::word(RuleKind::AllTrustedLocations));
    }
    sign_in.place.locations.iter().for_each(|id| to(Rule::location(*id)));
}
