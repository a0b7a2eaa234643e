//! One request described in catalogue names, run through binding and policy.

use std::sync::LazyLock;

use token_protection_lab::base::Danger;
use token_protection_lab::catalog::{Catalog, RulePack, Version};
use token_protection_lab::directory::{Device, Directory, InboundTrust};
use token_protection_lab::policy::{
    Authentication, BindingFacts, ClientAppType, Decision, Evidence, Explanation, Identity,
    Platform, PolicySet, SecondFactorProof, SignIn, SignInHistory, Target, TokenProtectionStatus,
    UserFacts, evaluate, token_protection_status,
};

static DIRECTORY: LazyLock<Directory> = LazyLock::new(|| {
    Directory::from_json(include_bytes!("../../../src/data/directory.json")).unwrap()
});

/// The sample directory.
pub(crate) fn directory() -> &'static Directory {
    &DIRECTORY
}

/// A device of the sample directory.
pub(crate) fn device(name: &str) -> Device {
    directory().devices().find(|device| device.display_name == name).unwrap().clone()
}

/// A sample policy file, by the letter in front of its name.
pub(crate) fn policies(letters: &[&str]) -> PolicySet {
    let read = |letter: &&str| {
        let text: &[u8] = match *letter {
            "a" => include_bytes!("../../../src/data/policies/a-token-protection-report-only.json"),
            "b" => include_bytes!("../../../src/data/policies/b-token-protection-enabled.json"),
            "d1" => include_bytes!("../../../src/data/policies/d1-block-unknown-platforms.json"),
            "d2" => include_bytes!("../../../src/data/policies/d2-require-compliant-device.json"),
            "d3" => {
                include_bytes!("../../../src/data/policies/d3-block-legacy-authentication.json")
            }
            other => panic!("no sample policy {other}"),
        };
        PolicySet::from_json(text).unwrap()
    };
    PolicySet::join(letters.iter().map(read)).unwrap()
}

/// A request. [`Case::new`] is Alice in Outlook through the broker on her own laptop.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) user: &'static str,
    pub(crate) client: &'static str,
    pub(crate) client_version: Option<Version>,
    pub(crate) resource: &'static str,
    pub(crate) platform: Platform,
    pub(crate) device: Option<Device>,
    pub(crate) evidence: Evidence,
    pub(crate) device_trust: InboundTrust,
    pub(crate) history: SignInHistory,
    pub(crate) second_factor: SecondFactorProof,
    pub(crate) rules: &'static str,
    pub(crate) danger: Danger,
}

impl Case {
    pub(crate) fn new() -> Self {
        Self {
            user: "alice@contoso.example",
            client: "outlook",
            client_version: None,
            resource: "exchange",
            platform: Platform::Windows,
            device: Some(device("LT-ALICE")),
            evidence: Evidence::Possession,
            device_trust: InboundTrust::default(),
            history: SignInHistory::Clean,
            second_factor: SecondFactorProof::Passed,
            rules: "2026-09",
            danger: Danger::NONE,
        }
    }

    /// Someone else's machine: no device, nothing but the token.
    pub(crate) fn thief(platform: Platform) -> Self {
        Self { device: None, evidence: Evidence::None, platform, ..Self::new() }
    }

    pub(crate) fn on(user: &'static str, device_name: &str) -> Self {
        Self { user, device: Some(device(device_name)), ..Self::new() }
    }

    pub(crate) fn rules(&self) -> &'static RulePack {
        RulePack::named(self.rules).unwrap()
    }

    pub(crate) fn status(&self) -> TokenProtectionStatus {
        let user = directory().user_by_upn(self.user).unwrap();
        let client = Catalog::builtin().client(self.client);
        let facts = BindingFacts {
            evidence: self.evidence,
            device: self.device.as_ref(),
            user: user.id(),
            user_type: user.user_type,
            device_trust: self.device_trust,
            client_app_type: client.map_or(ClientAppType::Other, ClientAppType::of),
            client,
            client_version: self.client_version,
            resource: Catalog::builtin().resource(self.resource),
            history: self.history,
        };
        token_protection_status(&facts, self.rules())
    }

    pub(crate) fn decide(&self, policies: &PolicySet) -> Decision {
        self.with_facts(|sign_in| evaluate(policies, sign_in, self.rules(), self.danger))
    }

    pub(crate) fn explain(&self, policies: &PolicySet) -> Explanation {
        self.with_facts(|sign_in| {
            let decision = evaluate(policies, sign_in, self.rules(), self.danger);
            decision.explain(policies, sign_in, self.rules())
        })
    }

    /// The facts as policy sees them.
    pub(crate) fn with_facts<T>(&self, then: impl FnOnce(&SignIn<'_>) -> T) -> T {
        let user = directory().user_by_upn(self.user).unwrap();
        let facts = UserFacts {
            id: user.id(),
            user_type: user.user_type,
            external: None,
            groups: &directory().groups_of(user.id()),
            roles: &user.roles,
        };
        let resources = [Catalog::builtin().resource(self.resource).unwrap().app_id];
        then(&SignIn {
            platform: self.platform,
            client_app_type: ClientAppType::of(Catalog::builtin().client(self.client).unwrap()),
            device: self.device.as_ref().filter(|_| self.evidence != Evidence::None),
            authentication: Authentication {
                second_factor: self.second_factor,
                ..Authentication::FRESH
            },
            token_protection: self.status(),
            ..SignIn::new(Identity::User(facts), Target::Resources(&resources))
        })
    }

    /// Code of the decision, then code of the binding status.
    pub(crate) fn codes(&self, policies: &PolicySet) -> (u32, u16) {
        let code = self.decide(policies).denial().map_or(0, |denial| denial.code);
        (code, self.status().code)
    }
}
