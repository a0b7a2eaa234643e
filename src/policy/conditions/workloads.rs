//! `clientApplications`: workloads by service principal, and agents by theirs (beta).
//!
//! # Simulated
//! Graph gives no condition of its own to agents; they stand under `servicePrincipals` in records.

use super::applications::{ApplicationFilter, read_attribute_filter};
use super::devices::FilterMode;
use super::{Clause, Side, words};
use crate::base::id::{PolicyId, ServicePrincipalId};
use crate::policy::error::PolicyError;
use crate::policy::facts::{Identity, ServicePrincipalHome, ServicePrincipalKind, SignIn};
use crate::policy::filter::AttributeFilter;
use crate::policy::model::IdSet;
use crate::policy::reader::{Object, Unknown, Words};
use crate::policy::rule::{Rule, RuleKind};

/// `conditions.clientApplications`. Exclusion overrides inclusion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientApplications {
    /// Service principals of applications; `all` is `ServicePrincipalsInMyTenant`.
    pub service_principals: Workloads,
    /// Service principals of agents; `all` is `All`.
    pub agents: Workloads,
}

/// Service principals by id, by filter, or all of the kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workloads {
    /// Whether all of the kind are included.
    pub include_all: bool,
    /// Included ones.
    pub include: IdSet<ServicePrincipalId>,
    /// Excluded ones.
    pub exclude: IdSet<ServicePrincipalId>,
    /// Those included or excluded by their attributes.
    pub filter: Option<ApplicationFilter>,
}

/// A word of `includeServicePrincipals`.
#[derive(Clone, Copy, PartialEq)]
enum Included {
    InMyTenant,
    None,
}

impl Words for Included {
    const WORDS: &'static [(&'static str, Self)] =
        &[("ServicePrincipalsInMyTenant", Self::InMyTenant), ("None", Self::None)];
}

/// A word of `includeAgentIdServicePrincipals`.
#[derive(Clone, Copy, PartialEq)]
enum IncludedAgent {
    All,
    None,
}

impl Words for IncludedAgent {
    const WORDS: &'static [(&'static str, Self)] = &[("All", Self::All), ("None", Self::None)];
}

/// None if no workload is named, not even by `None`.
pub(super) fn read(
    conditions: &mut Object<'_>,
    policy: PolicyId,
) -> Result<Option<ClientApplications>, PolicyError> {
    let path = conditions.path_of("clientApplications");
    let Some(mut object) = conditions.object("clientApplications")? else { return Ok(None) };
    let principals = object.words_and_ids::<Included, _>("includeServicePrincipals")?;
    let agents = object.words_and_ids::<IncludedAgent, _>("includeAgentIdServicePrincipals")?;
    let included = !principals.is_empty() || !agents.is_empty();
    let applications = ClientApplications {
        service_principals: Workloads {
            include_all: principals.says(Included::InMyTenant),
            include: principals.ids,
            exclude: object.ids("excludeServicePrincipals")?,
            filter: read_attribute_filter(&mut object, "servicePrincipalFilter")?,
        },
        agents: Workloads {
            include_all: agents.says(IncludedAgent::All),
            include: agents.ids,
            exclude: object.ids("excludeAgentIdServicePrincipals")?,
            filter: read_attribute_filter(&mut object, "agentIdServicePrincipalFilter")?,
        },
    };
    object.finish(Unknown::Refuse)?;
    let filters = |mode| {
        let filters = [&applications.service_principals.filter, &applications.agents.filter];
        filters.into_iter().flatten().any(|filter| filter.mode == mode)
    };
    let excluded = !applications.service_principals.exclude.is_empty()
        || !applications.agents.exclude.is_empty()
        || filters(FilterMode::Exclude);
    match (included || filters(FilterMode::Include), excluded) {
        (true, _) => Ok(Some(applications)),
        (false, false) => Ok(None),
        (false, true) => Err(super::nothing_included(policy, path)),
    }
}

impl ClientApplications {
    pub(super) fn clauses<'p>(&'p self, side: Side, to: &mut dyn FnMut(Clause<'p>)) {
        let (principals, agents) = (&self.service_principals, &self.agents);
        if side == Side::Include {
            words(
                [
                    (principals.include_all, RuleKind::ServicePrincipalsInMyTenant),
                    (agents.include_all, RuleKind::AllAgents),
                ],
                to,
            );
        }
        principals.ids(side).iter().for_each(|id| to(Clause::Rule(Rule::service_principal(*id))));
        agents.ids(side).iter().for_each(|id| to(Clause::Rule(Rule::agent(*id))));
        let of_principals =
            principals.filter.iter().map(|one| (one, ServicePrincipalKind::Application));
        let of_agents = agents.filter.iter().map(|one| (one, ServicePrincipalKind::Agent));
        for (filter, kind) in of_principals.chain(of_agents) {
            if filter.mode.side() == side {
                to(Clause::WorkloadFilter(kind, &filter.filter));
            }
        }
    }
}

impl Workloads {
    const fn ids(&self, side: Side) -> &IdSet<ServicePrincipalId> {
        match side {
            Side::Include => &self.include,
            Side::Exclude => &self.exclude,
        }
    }
}

pub(super) fn traits(sign_in: &SignIn<'_>, to: &mut dyn FnMut(Rule)) {
    let Identity::ServicePrincipal(workload) = sign_in.identity else { return };
    match workload.kind {
        ServicePrincipalKind::Agent => {
            to(Rule::word(RuleKind::AllAgents));
            to(Rule::agent(workload.id));
        }
        ServicePrincipalKind::Application => {
            if workload.home == ServicePrincipalHome::ThisTenant {
                to(Rule::word(RuleKind::ServicePrincipalsInMyTenant));
            }
            to(Rule::service_principal(workload.id));
        }
    }
}

pub(super) fn filter_matches(
    kind: ServicePrincipalKind,
    filter: &AttributeFilter,
    sign_in: &SignIn<'_>,
) -> bool {
    match sign_in.identity {
        Identity::ServicePrincipal(workload) => {
            workload.kind == kind && filter.matches(workload.attributes)
        }
        Identity::User(_) => false,
    }
}
