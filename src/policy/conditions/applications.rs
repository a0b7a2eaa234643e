//! `applications`: resources by id, by group and by filter; user actions; authentication contexts.
//!
//! # Simulated
//! `All` stands for every resource, not for user actions and authentication contexts, which a policy
//! has to name. A filter adds to the list beside it. What `Office365` and `MicrosoftAdminPortals`
//! stand for is data of the catalogue ([`PolicyWords`]).

use std::sync::LazyLock;

use super::devices::{FilterMode, read_filter};
use super::{Clause, Side, Subject, words};
use crate::base::id::{AppId, PolicyId};
use crate::catalog::PolicyWords;
use crate::policy::error::PolicyError;
use crate::policy::facts::{AuthenticationContextId, SignIn, Target, UserAction};
use crate::policy::filter::{AttributeFilter, AttributeValues};
use crate::policy::flags::{Flag, Flags};
use crate::policy::model::IdSet;
use crate::policy::reader::{self, Object, Unknown, Words};
use crate::policy::rule::{Rule, RuleKind};

/// `conditions.applications`. Exclusion overrides inclusion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applications {
    /// Whether `All` is included.
    pub include_all: bool,
    /// Included resources.
    pub include: IdSet<AppId>,
    /// Included groups of resources.
    pub include_groups: Flags<ApplicationWord>,
    /// Excluded resources.
    pub exclude: IdSet<AppId>,
    /// Excluded groups of resources.
    pub exclude_groups: Flags<ApplicationWord>,
    /// Included user actions.
    pub user_actions: Flags<UserAction>,
    /// Included authentication contexts.
    pub authentication_contexts: IdSet<AuthenticationContextId>,
    /// Resources included or excluded by their attributes.
    pub filter: Option<ApplicationFilter>,
}

/// A filter over the custom security attributes of resources or workloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationFilter {
    /// Whether what it matches is included or excluded.
    pub mode: FilterMode,
    /// The rule.
    pub filter: AttributeFilter,
}

/// A word that stands for a group of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApplicationWord {
    /// `MicrosoftAdminPortals`.
    MicrosoftAdminPortals,
    /// `Office365`.
    Office365,
}

impl Flag for ApplicationWord {
    const ALL: &'static [Self] = &[Self::MicrosoftAdminPortals, Self::Office365];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The members of both groups, ascending.
static GROUPS: LazyLock<[(ApplicationWord, Box<[AppId]>); 2]> = LazyLock::new(|| {
    let members = |name| -> Box<[AppId]> {
        let group = PolicyWords::builtin().application_group(name);
        let members = group.into_iter().flat_map(|group| &group.members);
        let mut ids: Vec<AppId> = members.map(|member| member.app_id).collect();
        ids.sort_unstable();
        ids.into()
    };
    [
        (ApplicationWord::MicrosoftAdminPortals, members("MicrosoftAdminPortals")),
        (ApplicationWord::Office365, members("Office365")),
    ]
});

impl ApplicationWord {
    const fn rule(self) -> RuleKind {
        match self {
            Self::MicrosoftAdminPortals => RuleKind::MicrosoftAdminPortals,
            Self::Office365 => RuleKind::Office365,
        }
    }

    /// Whether the group holds this resource.
    #[must_use]
    pub fn holds(self, id: AppId) -> bool {
        let group = GROUPS.iter().find(|(word, _)| *word == self);
        group.is_some_and(|(_, members)| members.binary_search(&id).is_ok())
    }
}

/// A word of `includeApplications`.
#[derive(Clone, Copy, PartialEq)]
enum Included {
    All,
    None,
    Group(ApplicationWord),
}

impl Words for Included {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("All", Self::All),
        ("None", Self::None),
        ("Office365", Self::Group(ApplicationWord::Office365)),
        ("MicrosoftAdminPortals", Self::Group(ApplicationWord::MicrosoftAdminPortals)),
    ];
}

impl Words for ApplicationWord {
    const WORDS: &'static [(&'static str, Self)] =
        &[("Office365", Self::Office365), ("MicrosoftAdminPortals", Self::MicrosoftAdminPortals)];
}

impl Words for UserAction {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("urn:user:registersecurityinfo", Self::RegisterSecurityInfo),
        ("urn:user:registerdevice", Self::RegisterDevice),
    ];
}

pub(super) fn read(
    conditions: &mut Object<'_>,
    policy: PolicyId,
) -> Result<Applications, PolicyError> {
    let path = conditions.path_of("applications");
    let nothing =
        || PolicyError::Incomplete { policy, path, reason: "includes no target resource" };
    let Some(mut object) = conditions.object("applications")? else { return Err(nothing()) };
    let include = object.words_and_ids::<Included, _>("includeApplications")?;
    let exclude = object.words_and_ids::<ApplicationWord, _>("excludeApplications")?;
    let groups = include.words.iter().filter_map(|word| match word {
        Included::Group(group) => Some(*group),
        Included::All | Included::None => None,
    });
    let applications = Applications {
        include_all: include.says(Included::All),
        include_groups: groups.collect(),
        include: include.ids,
        exclude: exclude.ids,
        exclude_groups: exclude.words.into_iter().collect(),
        user_actions: object.word_set("includeUserActions")?,
        authentication_contexts: object
            .list("includeAuthenticationContextClassReferences", reader::context)?
            .into_iter()
            .collect(),
        filter: read_attribute_filter(&mut object, "applicationFilter")?,
    };
    object.not_evaluated(&["globalSecureAccess", "networkAccess"])?;
    object.finish(Unknown::Refuse)?;
    let filtered = applications.filter.as_ref().is_some_and(|it| it.mode == FilterMode::Include);
    let something = applications.include_all
        || filtered
        || include.words.contains(&Included::None)
        || !applications.include.is_empty()
        || !applications.include_groups.is_empty()
        || !applications.user_actions.is_empty()
        || !applications.authentication_contexts.is_empty();
    something.then_some(applications).ok_or_else(nothing)
}

/// A filter over custom security attributes; none if it is absent or null.
pub(super) fn read_attribute_filter(
    object: &mut Object<'_>,
    name: &'static str,
) -> Result<Option<ApplicationFilter>, PolicyError> {
    let read = read_filter(object, name, AttributeFilter::parse)?;
    Ok(read.map(|(mode, filter)| ApplicationFilter { mode, filter }))
}

impl Applications {
    pub(super) fn clauses<'p>(&'p self, side: Side, to: &mut dyn FnMut(Clause<'p>)) {
        let (all, groups, ids) = match side {
            Side::Include => (self.include_all, self.include_groups, &self.include),
            Side::Exclude => (false, self.exclude_groups, &self.exclude),
        };
        words([(all, RuleKind::AllApps)], to);
        groups.iter().for_each(|group| to(Clause::Rule(Rule::word(group.rule()))));
        ids.iter().for_each(|id| to(Clause::Rule(Rule::app(*id))));
        if let Some(filter) = self.filter.as_ref().filter(|filter| filter.mode.side() == side) {
            to(Clause::AppFilter(&filter.filter));
        }
        if side == Side::Include {
            self.user_actions.iter().for_each(|one| to(Clause::Rule(Rule::user_action(one))));
            let contexts = self.authentication_contexts.iter();
            contexts.for_each(|one| to(Clause::Rule(Rule::context(*one))));
        }
    }
}

pub(super) fn traits(sign_in: &SignIn<'_>, subject: Subject, to: &mut dyn FnMut(Rule)) {
    match (subject, sign_in.target) {
        (Subject::Resource(id), _) => {
            to(Rule::word(RuleKind::AllApps));
            to(Rule::app(id));
            for (word, members) in GROUPS.iter() {
                if members.binary_search(&id).is_ok() {
                    to(Rule::word(word.rule()));
                }
            }
        }
        (Subject::Request, Target::UserAction(action)) => to(Rule::user_action(action)),
        (Subject::Request, Target::AuthenticationContext(id)) => to(Rule::context(id)),
        (Subject::Request, Target::Resources(_)) => {}
    }
}

static NO_ATTRIBUTES: AttributeValues = AttributeValues::new();

pub(super) fn filter_matches(
    filter: &AttributeFilter,
    sign_in: &SignIn<'_>,
    subject: Subject,
) -> bool {
    let Subject::Resource(id) = subject else { return false };
    filter.matches(sign_in.app_attributes.get(&id).unwrap_or(&NO_ATTRIBUTES))
}
