//! The gate: where verified evidence becomes facts, policy decides, and the issuing functions get
//! their proof that it said yes.

use crate::base::id::UserId;
use crate::base::{Check, Lifetime};
use crate::catalog::well_known::DEVICE_REGISTRATION_SERVICE;
use crate::catalog::{Catalog, ClientApp, ClientRegistration, LegacyProtocol, RulePack, Version};
use crate::directory::User;
use crate::policy::{
    self, AppliedPolicyResult, Authentication, AuthenticationMethod, BindingFacts, ClientAppType,
    Decision, Evidence, ExternalUser, Flags, Identity, Place, Platform, Purpose, SecondFactorProof,
    SessionControl, SignIn, SignInHistory, Target, TokenProtectionStatus, UserAction, UserFacts,
};
use crate::token::Amr;
use crate::token::sealed::Code;

use super::context::{Context, Draft, Shown};
use super::refusal::Refusal;
use super::{Provider, TokenError};

/// Policy let this request through. Only [`Provider::gate`] makes one, and the redemption of a code
/// that was sealed after it.
pub(super) struct Cleared(());

impl Cleared {
    /// A code is sealed only for a cleared request, so unsealing one gives the evidence back.
    pub(super) const fn by_code(_: &Code) -> Self {
        Self(())
    }
}

impl Provider {
    /// Evaluates every policy for the request and keeps the decision for its record.
    pub(super) fn gate(
        &mut self,
        cx: &Context<'_>,
        draft: &mut Draft,
    ) -> Result<Cleared, TokenError> {
        let user = draft.user.and_then(|id| self.directory.user(id)).ok_or(Refusal::UserUnknown)?;
        let decision = self.evaluate(cx, draft, user);
        // POL-01 and POL-02 are made inside `policy::evaluate`, which takes the switches.
        let denial = decision.denial().cloned();
        let denied_unbound = denial.is_some() && self.denied_as_unbound(&decision);
        draft.decision = Some(decision);
        if denied_unbound {
            let oldest = cx.now.minus(self.settings.lifetimes.refresh_token);
            self.tainted.retain(|_, since| *since >= oldest);
            self.tainted.insert(cx.correlation, cx.now);
        }
        match denial {
            None => Ok(Cleared(())),
            Some(denial) => Err(TokenError::Denied(Box::new(denial))),
        }
    }

    fn evaluate(&self, cx: &Context<'_>, draft: &Draft, user: &User) -> Decision {
        let groups = self.directory.groups_of(user.id());
        let roles = self.directory.roles_of(user.id());
        let resources: Vec<_> = draft.resource.into_iter().collect();
        let device = draft.shown.device().and_then(|id| self.directory.device(id));
        let bootstrap = draft.resource == Some(DEVICE_REGISTRATION_SERVICE);
        // To register a device is an action of the user, for which a policy may be made.
        let target = match bootstrap {
            true => Target::UserAction(UserAction::RegisterDevice),
            false => Target::Resources(&resources),
        };
        let address = cx.address.parse().ok();
        // No country is looked up: the lab has no map of addresses.
        let matched = self.directory.place_of(address, None);
        let facts = UserFacts {
            id: user.id(),
            user_type: user.user_type,
            external: user
                .external_kind
                .map(|kind| ExternalUser { kind, tenant: user.home_tenant }),
            groups: &groups,
            roles: &roles,
        };
        let sign_in = SignIn {
            place: Place::of(address, None, &matched),
            platform: Platform::from_user_agent(&cx.user_agent),
            client_app_type: self.client_app_type(cx, draft),
            device,
            authentication: authentication(cx, draft),
            risk: user.risk.into(),
            token_protection: self.token_protection(cx, draft, user.id()),
            purpose: if bootstrap { Purpose::Bootstrap } else { Purpose::Access },
            ..SignIn::new(Identity::User(facts), target)
        };
        policy::evaluate(&self.policies, &sign_in, self.rules, self.settings.danger)
    }

    /// The binding status of a request, from its own evidence (product 8.1, 8.10).
    pub(super) fn token_protection(
        &self,
        cx: &Context<'_>,
        draft: &Draft,
        user: UserId,
    ) -> TokenProtectionStatus {
        let Some(user) = self.directory.user(user) else {
            return TokenProtectionStatus::unbound(1002);
        };
        let evidence = match draft.shown {
            Shown::Nothing => Evidence::None,
            Shown::Facts(_) => Evidence::DeviceCredential,
            Shown::Bound(..) => Evidence::Possession,
        };
        // POL-03
        let tainted = self.tainted.contains_key(&cx.correlation)
            && self.settings.danger.enforces(Check::SignInTainted);
        let facts = BindingFacts {
            evidence,
            device: draft.shown.device().and_then(|id| self.directory.device(id)),
            user: user.id(),
            user_type: user.user_type,
            device_trust: user.device_trust,
            client_app_type: self.client_app_type(cx, draft),
            client: self.catalogue_client(cx, draft),
            resource: draft.resource.and_then(|id| Catalog::builtin().resource_by_id(id)),
            client_version: stated_version(cx.client_version.as_deref()),
            history: match tainted {
                true => SignInHistory::DeniedAsUnbound,
                false => SignInHistory::Clean,
            },
        };
        policy::token_protection_status(&facts, self.rules)
    }

    /// The client type comes from the client's registration, never from the request.
    pub(super) fn client_app_type(&self, cx: &Context<'_>, draft: &Draft) -> ClientAppType {
        match draft.legacy_protocol {
            Some(LegacyProtocol::ExchangeActiveSync) => return ClientAppType::ExchangeActiveSync,
            Some(_) => return ClientAppType::Other,
            None => {}
        }
        match self.catalogue_client(cx, draft).map(|client| client.registration) {
            Some(ClientRegistration::Browser | ClientRegistration::Confidential) => {
                ClientAppType::Browser
            }
            Some(ClientRegistration::Legacy) => ClientAppType::Other,
            Some(ClientRegistration::Native) | None => ClientAppType::MobileAppsAndDesktopClients,
        }
    }

    /// Several apps may share an id; the request's own name for itself tells them apart and can
    /// only choose among them.
    pub(super) fn catalogue_client(
        &self,
        cx: &Context<'_>,
        draft: &Draft,
    ) -> Option<&'static ClientApp> {
        let id = draft.client?;
        let mut all = Catalog::builtin().clients_with_id(id);
        let named = cx.client_sku.as_deref().and_then(|name| {
            Catalog::builtin().clients_with_id(id).find(|client| client.name == name)
        });
        named.or_else(|| all.next())
    }

    /// Whether an enabled token-protection policy applied and was unmet, whichever control decided.
    fn denied_as_unbound(&self, decision: &Decision) -> bool {
        decision.entries().iter().any(|entry| {
            entry.result == AppliedPolicyResult::Failure
                && entry
                    .session_controls_not_satisfied
                    .contains(SessionControl::SecureSignInSession)
        })
    }

    /// The rules in force.
    #[must_use]
    pub const fn rules(&self) -> &'static RulePack {
        self.rules
    }
}

/// What the user proved, and when: both factors at the sign-in that the token descends from. The
/// lab has no terms of use, custom controls or risks to remedy.
fn authentication(cx: &Context<'_>, draft: &Draft) -> Authentication<'static> {
    let signed_in = draft.auth_time.unwrap_or(cx.now);
    let seconds = u32::try_from(cx.now.seconds_since(signed_in)).unwrap_or_default();
    let age = Lifetime::from_secs(seconds);
    let second_factor = draft.amr.contains(&Amr::Mfa);
    Authentication {
        second_factor: match second_factor {
            true => SecondFactorProof::Passed,
            false => SecondFactorProof::Absent,
        },
        methods: methods(&draft.amr),
        primary_age: age,
        secondary_age: second_factor.then_some(age),
        ..Authentication::FRESH
    }
}

/// The lab's user keys stand for Windows Hello for Business, its second factor beside a password is
/// a one-time code.
fn methods(amr: &[Amr]) -> Flags<AuthenticationMethod> {
    let has = |method| amr.contains(&method);
    let methods = [
        (has(Amr::Hwk), AuthenticationMethod::WindowsHelloForBusiness),
        (has(Amr::Pwd), AuthenticationMethod::Password),
        (has(Amr::Pwd) && has(Amr::Mfa), AuthenticationMethod::SoftwareOath),
    ];
    methods.into_iter().filter(|(used, _)| *used).map(|(_, method)| method).collect()
}

/// The version that an app states of itself. One that cannot be read counts as the oldest there is;
/// none at all leaves the catalogue's. It is a claim: believing it can only say that an app uses the
/// broker, and possession has to be proven all the same.
fn stated_version(text: Option<&str>) -> Option<Version> {
    text.map(|text| text.parse().unwrap_or(Version::new([0; 4])))
}
