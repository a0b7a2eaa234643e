//! Builders: a tenant with users and devices of your own, policies in Graph's words, and sign-ins as
//! scenarios. Each starts from something that works and changes what a test is about.
//!
//! ```
//! use token_protection_lab::sim::{RunOptions, ThiefOutcome, run};
//! use token_protection_lab::testing::builders::{DeviceBuilder, Policy, SignIn, Tenant};
//!
//! let tenant = Tenant::sample()
//!     .user("zoe", true)
//!     .device(DeviceBuilder::named("LT-ZOE").owner("zoe").compliant(false));
//! let scenario = SignIn::of("zoe").on("LT-ZOE").to("outlook", "exchange")
//!     .in_tenant(tenant)
//!     .under([Policy::named("block").block()])
//!     .scenario();
//! let outcome = run(&scenario, &RunOptions::default())?;
//! assert_eq!(outcome.steps[0].code, Some(53003));
//! # Ok::<(), token_protection_lab::sim::ScenarioError>(())
//! ```

use serde_json::{Map, Value, json};

use crate::base::id::{GroupId, PolicyId, UserId};
use crate::directory;
use crate::sim::Scenario;
use crate::sim::scenario::{Access, SignInMethod, Step};

/// A directory file in the making.
#[derive(Clone, Debug)]
pub struct Tenant(Value);

impl Tenant {
    /// The built-in tenant: Alice and her colleagues, the pilot group, their devices.
    #[must_use]
    pub fn sample() -> Self {
        Self(serde_json::from_slice(directory::SAMPLE).unwrap_or_default())
    }

    /// The same with a member `NAME@contoso.example`, in the pilot group or not.
    #[must_use]
    pub fn user(mut self, name: &str, in_pilot: bool) -> Self {
        let id = user_id(name);
        self.push(
            "users",
            json!({
                "id": id, "userPrincipalName": format!("{name}@contoso.example"),
                "displayName": name, "userType": "Member",
            }),
        );
        let pilot = self.0.pointer_mut("/groups/0/members").and_then(Value::as_array_mut);
        if let Some(members) = pilot.filter(|_| in_pilot) {
            members.push(json!(id));
        }
        self
    }

    /// The same with a device.
    #[must_use]
    pub fn device(mut self, device: DeviceBuilder) -> Self {
        self.push("devices", device.0);
        self
    }

    /// The directory file.
    #[must_use]
    pub fn into_json(self) -> Value {
        self.0
    }

    fn push(&mut self, list: &str, item: Value) {
        if let Some(items) = self.0.get_mut(list).and_then(Value::as_array_mut) {
            items.push(item);
        }
    }
}

/// A device of a directory file: a compliant Entra joined Windows 11 laptop until told otherwise.
#[derive(Clone, Debug)]
pub struct DeviceBuilder(Value);

impl DeviceBuilder {
    /// The laptop with this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let tenant = Tenant::sample().0;
        let laptop = tenant.pointer("/devices/0").cloned().unwrap_or_default();
        let id = crate::base::id::DeviceId::from_u128(hash(name) | 1);
        Self(laptop).with("displayName", name).with("deviceId", json!(id)).with("id", json!(id))
    }

    /// Any member as Graph names it.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        if let Some(members) = self.0.as_object_mut() {
            members.insert(member.to_owned(), value.into());
        }
        self
    }

    /// Any simulated member (`registrationMethod`, `hardwareBackedKey`, ...).
    #[must_use]
    pub fn sim(mut self, member: &str, value: impl Into<Value>) -> Self {
        if let Some(members) = self.0.get_mut("sim").and_then(Value::as_object_mut) {
            members.insert(member.to_owned(), value.into());
        }
        self
    }

    /// Registered by this user.
    #[must_use]
    pub fn owner(self, name: &str) -> Self {
        self.sim("registeredOwner", name)
    }

    /// Compliant or not.
    #[must_use]
    pub fn compliant(self, compliant: bool) -> Self {
        self.with("isCompliant", compliant)
    }
}

/// A policy: enabled, all users, all resources, all clients, no control yet.
#[derive(Clone, Debug)]
pub struct Policy(Value);

impl Policy {
    /// The policy with this name; its id follows from it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(json!({
            "id": PolicyId::from_u128(hash(name)), "displayName": name, "state": "enabled",
            "conditions": {
                "users": { "includeUsers": ["All"] },
                "applications": { "includeApplications": ["All"] },
                "clientAppTypes": ["all"],
            },
        }))
    }

    /// Any member by JSON pointer, such as `/conditions/platforms`.
    #[must_use]
    pub fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let Some((parent, member)) = pointer.rsplit_once('/') else { return self };
        if let Some(parent) = self.0.pointer_mut(parent).and_then(Value::as_object_mut) {
            parent.insert(member.to_owned(), value.into());
        }
        self
    }

    /// Report-only.
    #[must_use]
    pub fn report_only(self) -> Self {
        self.with("/state", "enabledForReportingButNotEnforced")
    }

    /// Blocks.
    #[must_use]
    pub fn block(self) -> Self {
        self.grant("block")
    }

    /// Asks for a grant control such as `compliantDevice`.
    #[must_use]
    pub fn grant(self, control: &str) -> Self {
        self.with("/grantControls", json!({ "operator": "OR", "builtInControls": [control] }))
    }

    /// Asks for token protection.
    #[must_use]
    pub fn token_protection(self) -> Self {
        self.with("/sessionControls", json!({ "secureSignInSession": { "isEnabled": true } }))
    }

    /// Only these platforms.
    #[must_use]
    pub fn platforms(self, include: &[&str]) -> Self {
        self.with("/conditions/platforms", json!({ "includePlatforms": include }))
    }

    /// Only members of this group.
    #[must_use]
    pub fn group(self, group: GroupId) -> Self {
        self.with("/conditions/users", json!({ "includeGroups": [group] }))
    }

    /// The policy as Graph writes it.
    #[must_use]
    pub fn into_json(self) -> Value {
        self.0
    }
}

/// A sign-in, as a scenario of one step.
#[derive(Clone, Debug)]
pub struct SignIn {
    access: Access,
    tenant: Option<Tenant>,
    policies: Vec<Value>,
}

impl SignIn {
    /// Somebody signs in to Outlook for Exchange Online on Alice's laptop.
    #[must_use]
    pub fn of(user: &str) -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            access: Access {
                user: text(user),
                device: text("LT-ALICE"),
                app: text("outlook"),
                version: None,
                resource: text("exchange"),
                method: SignInMethod::Password,
                expect: None,
            },
            tenant: None,
            policies: Vec::new(),
        }
    }

    /// On this device.
    #[must_use]
    pub fn on(mut self, device: &str) -> Self {
        device.clone_into(&mut self.access.device);
        self
    }

    /// To this app for this resource.
    #[must_use]
    pub fn to(mut self, app: &str, resource: &str) -> Self {
        app.clone_into(&mut self.access.app);
        resource.clone_into(&mut self.access.resource);
        self
    }

    /// In a tenant of your own.
    #[must_use]
    pub fn in_tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Under these policies.
    #[must_use]
    pub fn under(mut self, policies: impl IntoIterator<Item = Policy>) -> Self {
        self.policies.extend(policies.into_iter().map(Policy::into_json));
        self
    }

    /// The world to run.
    #[must_use]
    pub fn scenario(self) -> Scenario {
        let mut settings = Map::new();
        settings.insert("policies".to_owned(), Value::Array(self.policies));
        Scenario {
            schema: None,
            name: "sign-in".to_owned(),
            title: format!("{} signs in", self.access.user),
            lesson: String::new(),
            settings,
            directory: self.tenant.map(Tenant::into_json),
            devices: Vec::new(),
            steps: vec![Step::SignIn(self.access)],
            expect: None,
        }
    }
}

/// The id of a built user, which follows from the name.
#[must_use]
pub fn user_id(name: &str) -> UserId {
    UserId::from_u128(hash(name))
}

/// 128 bits that follow from a name.
fn hash(name: &str) -> u128 {
    use sha2::Digest as _;
    let digest: [u8; 32] = sha2::Sha256::digest(name).into();
    digest.iter().take(16).fold(0, |bits, octet| bits << 8 | u128::from(*octet))
}
