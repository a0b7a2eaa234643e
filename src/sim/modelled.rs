//! Sign-ins with modelled evidence: facts in names of the catalogue go straight to `policy`, without
//! messages, keys or clocks.
//!
//! That is what rule packs are compared with ([`super::population`]) and what their limitations
//! are held to. What a client shows is what an honest one shows in `sim` with real cryptography;
//! `tests/it` runs the same cases through both.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::kinds::device_of_kind;
use super::policies::built_in_set;
use crate::base::Danger;
use crate::base::id::{GroupId, RoleTemplateId, TenantId, UserId};
use crate::catalog::{
    BrokerUse, Catalog, ClientApp, ClientRegistration, History, KeyHome, Management, Owner,
    Registration, Resource, RulePack, Shows, SignedInUser, Situation,
};
use crate::directory::{self, Device, Directory, InboundTrust, TrustType, User, UserType};
use crate::policy::{
    self, AppliedPolicyResult, Authentication, BindingFacts, ClientAppType, Decision, Evidence,
    Identity, Platform, PolicySet, SecondFactorProof, SignIn, SignInHistory, Target,
    TokenProtectionStatus, UserFacts,
};

/// The user of every modelled sign-in: a member of the pilot group of the built-in tenant.
const USER: &str = "alice@contoso.example";

/// What became of a modelled sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modelled {
    /// Whether it was bound, and why not.
    pub status: TokenProtectionStatus,
    /// What the policies decided.
    pub decision: Decision,
}

impl Modelled {
    /// The number after `AADSTS`; 0 if the request goes through.
    #[must_use]
    pub fn error(&self) -> u32 {
        self.decision.denial().map_or(0, |denial| denial.code)
    }

    /// How the first policy came out.
    #[must_use]
    pub fn result(&self) -> Option<AppliedPolicyResult> {
        self.decision.entries().first().map(|entry| entry.result)
    }
}

/// A situation that names something that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} `{name}`")]
pub struct UnknownInSituation {
    /// `client`, `device kind`, `policy` or `resource`.
    pub kind: &'static str,
    /// As written.
    pub name: String,
}

impl UnknownInSituation {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "sim.unknown_in_situation"
    }
}

/// Asks the policy that the situation names, under the rules of a date.
///
/// # Errors
/// [`UnknownInSituation`].
pub fn evaluate(situation: &Situation, rules: &RulePack) -> Result<Modelled, UnknownInSituation> {
    let policies =
        built_in_set(&situation.policy).ok_or_else(|| unknown("policy", &situation.policy))?;
    evaluate_under(situation, &policies, rules)
}

/// The same with policies at hand.
///
/// # Errors
/// [`UnknownInSituation`].
pub fn evaluate_under(
    situation: &Situation,
    policies: &PolicySet,
    rules: &RulePack,
) -> Result<Modelled, UnknownInSituation> {
    let found = Found::of(situation)?;
    let status = found.status(situation, rules);
    let decision = found.decide(situation, policies, status, rules);
    Ok(Modelled { status, decision })
}

fn unknown(kind: &'static str, name: &str) -> UnknownInSituation {
    UnknownInSituation { kind, name: name.to_owned() }
}

/// A situation with its names looked up.
struct Found {
    client: &'static ClientApp,
    resource: &'static Resource,
    /// The device that the request shows.
    shown: Option<Device>,
    evidence: Evidence,
    platform: Platform,
    user: UserId,
}

impl Found {
    fn of(situation: &Situation) -> Result<Self, UnknownInSituation> {
        let catalog = Catalog::builtin();
        let client = catalog
            .client(&situation.client)
            .ok_or_else(|| unknown("client", &situation.client))?;
        let resource = catalog
            .resource(&situation.resource)
            .ok_or_else(|| unknown("resource", &situation.resource))?;
        let device = device(situation)?;
        let evidence = evidence(situation, client, device.as_ref());
        let system = device.as_ref().map_or("Windows", |device| &device.operating_system);
        let claimed = situation.platform.as_deref().unwrap_or(system);
        Ok(Self {
            client,
            resource,
            platform: Platform::from_operating_system(claimed),
            shown: device.filter(|_| evidence != Evidence::None),
            evidence,
            user: tenant().user.as_ref().map_or(UserId::from_u128(1), User::id),
        })
    }

    fn status(&self, situation: &Situation, rules: &RulePack) -> TokenProtectionStatus {
        let trusted = InboundTrust { compliant_device: true, ..InboundTrust::default() };
        let facts = BindingFacts {
            evidence: self.evidence,
            device: self.shown.as_ref(),
            user: self.user,
            user_type: user_type(situation),
            device_trust: match situation.user {
                SignedInUser::GuestOfTrustedTenant => trusted,
                SignedInUser::Guest | SignedInUser::Member => InboundTrust::default(),
            },
            client_app_type: ClientAppType::of(self.client),
            client: Some(self.client),
            client_version: situation.client_version,
            resource: Some(self.resource),
            history: match situation.history {
                History::Clean => SignInHistory::Clean,
                History::DeniedAsUnbound => SignInHistory::DeniedAsUnbound,
            },
        };
        policy::token_protection_status(&facts, rules)
    }

    fn decide(
        &self,
        situation: &Situation,
        policies: &PolicySet,
        token_protection: TokenProtectionStatus,
        rules: &RulePack,
    ) -> Decision {
        let identity = Identity::User(UserFacts {
            id: self.user,
            user_type: user_type(situation),
            external: None,
            groups: &tenant().groups,
            roles: &tenant().roles,
        });
        let resources = [self.resource.app_id];
        let sign_in = SignIn {
            platform: self.platform,
            client_app_type: ClientAppType::of(self.client),
            device: self.shown.as_ref(),
            authentication: Authentication {
                second_factor: SecondFactorProof::Passed,
                ..Authentication::FRESH
            },
            token_protection,
            ..SignIn::new(identity, Target::Resources(&resources))
        };
        policy::evaluate(policies, &sign_in, rules, Danger::NONE)
    }
}

/// What an honest client shows, unless the situation says otherwise.
fn evidence(situation: &Situation, client: &ClientApp, device: Option<&Device>) -> Evidence {
    let usual = match (client.registration, client.broker) {
        (ClientRegistration::Legacy, _) => Evidence::None,
        (ClientRegistration::Browser | ClientRegistration::Confidential, _)
        | (ClientRegistration::Native, BrokerUse::Integrated) => Evidence::Possession,
        (ClientRegistration::Native, BrokerUse::Outside) => Evidence::DeviceCredential,
    };
    match (device, situation.shows) {
        (None, _) | (_, Shows::Nothing) => Evidence::None,
        (Some(device), _) if !serves(device, situation.owner) => Evidence::None,
        (Some(_), Shows::DeviceCredential) => Evidence::DeviceCredential,
        (Some(_), Shows::AsUsual) => usual,
    }
}

/// On Windows a registration belongs to one account; who else signs in there has none. Joined
/// devices serve everybody, and so do Apple's, where the owner matters later.
pub(super) fn serves(device: &Device, owner: Owner) -> bool {
    let registered = device.trust_type == TrustType::Workplace;
    let windows = Platform::from_operating_system(&device.operating_system) == Platform::Windows;
    !(registered && windows && owner == Owner::Another)
}

fn device(situation: &Situation) -> Result<Option<Device>, UnknownInSituation> {
    let Some(name) = &situation.device else { return Ok(None) };
    let kind = Catalog::builtin().device_kind(name).ok_or_else(|| unknown("device kind", name))?;
    let owner = match situation.owner {
        Owner::Another => None,
        Owner::User => tenant().user.as_ref().map(User::id),
    };
    let mut device =
        device_of_kind(kind, name, owner, 1).ok_or_else(|| unknown("device kind", name))?;
    if let Some(version) = situation.operating_system_version {
        device.operating_system_version = version.to_string();
    }
    let managed = situation.management == Management::Managed;
    (device.is_managed, device.is_compliant) = (Some(managed), Some(managed));
    device.fresh_sign_in_at_registration = situation.registration == Registration::Fresh;
    device.hardware_backed_key = situation.key == KeyHome::Hardware;
    Ok(Some(device))
}

const fn user_type(situation: &Situation) -> UserType {
    match situation.user {
        SignedInUser::Guest | SignedInUser::GuestOfTrustedTenant => UserType::Guest,
        SignedInUser::Member => UserType::Member,
    }
}

/// The user with what she is in.
struct Tenant {
    user: Option<User>,
    groups: BTreeSet<GroupId>,
    roles: BTreeSet<RoleTemplateId>,
}

fn tenant() -> &'static Tenant {
    static TENANT: OnceLock<Tenant> = OnceLock::new();
    TENANT.get_or_init(|| {
        let directory = Directory::from_json(directory::SAMPLE)
            .unwrap_or_else(|_| Directory::empty(TenantId::from_u128(0)));
        let user = directory.user_by_upn(USER).cloned();
        let of = |id: UserId| (directory.groups_of(id), directory.roles_of(id));
        let (groups, roles) = user.as_ref().map(|user| of(user.id())).unwrap_or_default();
        Tenant { user, groups, roles }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of limitations cannot lie: each cause is turned into a request, and what comes
    /// out is what the row says.
    #[test]
    fn every_limitation_has_the_effect_its_row_says() {
        for pack in Catalog::builtin().rule_packs() {
            assert!(pack.limitations.len() > 40, "{}", pack.id);
            for row in &pack.limitations {
                let modelled = evaluate(&row.cause, pack).unwrap();
                let result = serde_json::to_value(modelled.result().unwrap()).unwrap();
                let said = (row.effect.status, row.effect.error, row.effect.result.as_str());
                let came = (modelled.status.code, modelled.error(), result.as_str().unwrap());
                assert_eq!(came, said, "{} under {}", row.id, pack.id);
            }
        }
    }

    #[test]
    fn names_that_are_not_there_are_refused() {
        let ordinary = Situation::default;
        for (situation, kind) in [
            (Situation { client: "x".into(), ..ordinary() }, "client"),
            (Situation { resource: "x".into(), ..ordinary() }, "resource"),
            (Situation { device: Some("x".into()), ..ordinary() }, "device kind"),
            (Situation { policy: "x".into(), ..ordinary() }, "policy"),
        ] {
            let error = evaluate(&situation, RulePack::newest()).unwrap_err();
            assert_eq!((error.kind, error.code()), (kind, "sim.unknown_in_situation"));
            assert_eq!(error.to_string(), format!("there is no {kind} `x`"));
        }
    }

    #[test]
    fn the_tenant_is_there() {
        assert!(tenant().user.is_some() && tenant().groups.len() == 3);
    }
}
