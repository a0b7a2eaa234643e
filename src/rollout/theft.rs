//! What an exclusion costs: thefts that the policies refused and no longer refuse.
//!
//! The rows are those of the attack matrix: a stolen refresh token that is not bound, used from an
//! unregistered machine under each platform that it may claim, and a stolen password over a legacy
//! protocol. Each is evaluated against the policies before and after; no cost is written by hand.
//!
//! # Source
//! conditional-access 8.2, attack matrix.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fleet::Member;
use super::rehearsal::Rehearsal;
use crate::base::Danger;
use crate::catalog::{Catalog, Resource};
use crate::directory::User;
use crate::policy::{
    self, Authentication, BindingFacts, ClientAppType, Evidence, ExternalUser, Identity, Platform,
    PolicySet, SecondFactorProof, SignIn, SignInHistory, Target, UserFacts,
    token_protection_status,
};

/// Resources whose doors are tried.
const DOORS: &[&str] = &["exchange", "sharepoint", "teams"];

/// So many victims are tried, spread over those there are.
const VICTIMS: usize = 40;

/// What was stolen and how it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Theft {
    /// A password, over a protocol that carries passwords.
    Password,
    /// A refresh token that is not bound, claiming no platform.
    TokenClaimingNothing,
    /// The same, claiming Linux.
    TokenClaimingLinux,
    /// The same, claiming macOS.
    TokenClaimingMacOs,
    /// The same, claiming Windows.
    TokenClaimingWindows,
}

impl Theft {
    const ALL: &[Self] = &[
        Self::TokenClaimingWindows,
        Self::TokenClaimingLinux,
        Self::TokenClaimingMacOs,
        Self::TokenClaimingNothing,
        Self::Password,
    ];

    /// The words for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Password => "stolen password over a legacy protocol",
            Self::TokenClaimingLinux => "stolen refresh token, claiming Linux",
            Self::TokenClaimingMacOs => "stolen refresh token, claiming macOS",
            Self::TokenClaimingNothing => "stolen refresh token, claiming no platform",
            Self::TokenClaimingWindows => "stolen refresh token, claiming Windows",
        }
    }

    const fn platform(self) -> Platform {
        match self {
            Self::Password | Self::TokenClaimingWindows => Platform::Windows,
            Self::TokenClaimingLinux => Platform::Linux,
            Self::TokenClaimingMacOs => Platform::MacOs,
            Self::TokenClaimingNothing => Platform::Unknown,
        }
    }
}

/// A theft that works again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reopened {
    /// What is stolen and how it is used.
    pub theft: Theft,
    /// Towards what.
    pub resource: String,
    /// The code that refused it before.
    pub code: u32,
    /// Against how many of the users that were tried.
    pub users: usize,
    /// How many users were tried.
    pub of: usize,
}

impl Rehearsal {
    /// The thefts that `before` refuses and `after` does not, against the users that `concerns`
    /// picks.
    pub(super) fn reopened(
        &self,
        before: &PolicySet,
        after: &PolicySet,
        concerns: impl Fn(&Member) -> bool,
    ) -> Vec<Reopened> {
        let concerned: Vec<&Member> =
            self.fleet.members.iter().filter(|member| concerns(member)).collect();
        let step = concerned.len().div_ceil(VICTIMS).max(1);
        let victims: Vec<&Member> = concerned.into_iter().step_by(step).collect();
        let mut found: BTreeMap<(Theft, &str, u32), usize> = BTreeMap::new();
        for victim in &victims {
            for resource in DOORS.iter().filter_map(|name| Catalog::builtin().resource(name)) {
                for theft in Theft::ALL {
                    let refused = self.refused(victim, *theft, resource, before);
                    let still = self.refused(victim, *theft, resource, after);
                    if let (Some(code), None) = (refused, still) {
                        *found.entry((*theft, &resource.display_name, code)).or_default() += 1;
                    }
                }
            }
        }
        let of = victims.len();
        let reopened = found.into_iter().map(|((theft, resource, code), users)| Reopened {
            theft,
            resource: resource.to_owned(),
            code,
            users,
            of,
        });
        reopened.collect()
    }

    /// The code by which the policies refuse a theft, if they do.
    fn refused(
        &self,
        victim: &Member,
        theft: Theft,
        resource: &Resource,
        policies: &PolicySet,
    ) -> Option<u32> {
        let user: &User = self.fleet.directory().user(victim.user)?;
        let client_app_type = match theft {
            Theft::Password => ClientAppType::Other,
            _ => ClientAppType::MobileAppsAndDesktopClients,
        };
        let facts = BindingFacts {
            evidence: Evidence::None,
            device: None,
            user: user.id(),
            user_type: user.user_type,
            device_trust: user.device_trust,
            client_app_type,
            client: Catalog::builtin().client("azure-cli"),
            client_version: None,
            resource: Some(resource),
            history: SignInHistory::Clean,
        };
        let resources = [resource.app_id];
        let external = user.external_kind;
        let sign_in = SignIn {
            platform: theft.platform(),
            client_app_type,
            authentication: Authentication {
                // The token carries the claim of the sign-in that it was stolen from.
                second_factor: match (theft, victim.second_factor) {
                    (Theft::Password, _) | (_, false) => SecondFactorProof::Absent,
                    (_, true) => SecondFactorProof::Passed,
                },
                ..Authentication::FRESH
            },
            token_protection: token_protection_status(&facts, self.rules),
            ..SignIn::new(
                Identity::User(UserFacts {
                    id: user.id(),
                    user_type: user.user_type,
                    external: external.map(|kind| ExternalUser { kind, tenant: user.home_tenant }),
                    groups: &victim.groups,
                    roles: &victim.roles,
                }),
                Target::Resources(&resources),
            )
        };
        let decision = policy::evaluate(policies, &sign_in, self.rules, Danger::NONE);
        decision.denial().map(|denial| denial.code)
    }
}
