//! `grantControls`: what has to be shown before access is granted.
//!
//! # Simulated
//! `block` refuses under either operator, whatever stands beside it. Every agreement and every
//! custom control counts as a control of its own: all of them with `AND`, one with `OR`. A changed
//! password remedies a risk too.

use super::strength::{self, AuthenticationStrength};
use crate::base::id::{AgreementId, PolicyId};
use crate::policy::error::PolicyError;
use crate::policy::facts::{Authentication, ClientProtection, Remediation, SignIn};
use crate::policy::flags::{Flag, Flags};
use crate::policy::model::IdSet;
use crate::policy::reader::{self, Object, Unknown, Words};

/// `grantControls`. Without controls, nothing is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantControls {
    /// How several controls combine.
    pub operator: Operator,
    /// The controls.
    pub controls: Flags<GrantControl>,
    /// The strength, if one is asked for.
    pub authentication_strength: Option<AuthenticationStrength>,
    /// Agreements to accept.
    pub terms_of_use: IdSet<AgreementId>,
    /// Custom controls by name, in the order of the policy.
    pub custom_authentication_factors: Vec<String>,
}

/// `grantControls.operator`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Operator {
    /// All controls must be met; also what several controls mean without an operator.
    #[default]
    And,
    /// One control that is met is enough.
    Or,
}

impl Words for Operator {
    const WORDS: &'static [(&'static str, Self)] = &[("AND", Self::And), ("OR", Self::Or)];
}

/// A grant control, in the order in which unmet ones decide (conditional-access 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantControl {
    /// Refuse.
    Block,
    /// Multifactor authentication.
    Mfa,
    /// One of the combinations of methods that an authentication strength allows.
    AuthenticationStrength,
    /// A device that its management says is compliant.
    CompliantDevice,
    /// A hybrid joined device.
    DomainJoinedDevice,
    /// An approved client app.
    ApprovedApplication,
    /// An app under an app protection policy.
    CompliantApplication,
    /// A password changed in this sign-in.
    PasswordChange,
    /// A risk remedied in this sign-in.
    RiskRemediation,
    /// Agreements accepted.
    TermsOfUse,
    /// Custom controls satisfied.
    CustomAuthenticationFactor,
}

use GrantControl as G;

impl GrantControl {
    /// The name under which sign-in records list it, which is not the policy's word for it.
    ///
    /// # Simulated
    /// The sources show the first six and say that names of terms of use stand there too; a policy
    /// holds only their ids. The other five labels are ours.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            G::Block => "Block",
            G::Mfa => "Mfa",
            G::AuthenticationStrength => "RequireAuthenticationStrength",
            G::CompliantDevice => "RequireCompliantDevice",
            G::DomainJoinedDevice => "RequireDomainJoinedDevice",
            G::ApprovedApplication => "RequireApprovedApp",
            G::CompliantApplication => "RequireCompliantApp",
            G::PasswordChange => "RequirePasswordChange",
            G::RiskRemediation => "RequireRiskRemediation",
            G::TermsOfUse => "TermsOfUse",
            G::CustomAuthenticationFactor => "CustomAuthenticationFactor",
        }
    }

    /// The code of a sign-in that it refuses.
    ///
    /// # Source
    /// conditional-access 1.6 and 3.4. For `mfa` the sources name 50074 and 50076 without saying
    /// which; 50076, "due to a change made by your administrator", is our choice.
    #[must_use]
    pub const fn error_code(self) -> u32 {
        match self {
            G::Block => 53003,
            G::Mfa | G::AuthenticationStrength => 50076,
            G::CompliantDevice => 53000,
            G::DomainJoinedDevice => 53001,
            G::ApprovedApplication => 53002,
            G::CompliantApplication => 53009,
            G::PasswordChange | G::RiskRemediation => 50142,
            G::TermsOfUse | G::CustomAuthenticationFactor => 50158,
        }
    }

    /// Whether the user can meet it on the spot, by acting on a prompt.
    #[must_use]
    pub const fn needs_user_action(self) -> bool {
        match self {
            G::Mfa
            | G::AuthenticationStrength
            | G::PasswordChange
            | G::RiskRemediation
            | G::TermsOfUse
            | G::CustomAuthenticationFactor => true,
            G::Block
            | G::CompliantDevice
            | G::DomainJoinedDevice
            | G::ApprovedApplication
            | G::CompliantApplication => false,
        }
    }
}

impl Flag for GrantControl {
    const ALL: &'static [Self] = &[
        G::Block,
        G::Mfa,
        G::AuthenticationStrength,
        G::CompliantDevice,
        G::DomainJoinedDevice,
        G::ApprovedApplication,
        G::CompliantApplication,
        G::PasswordChange,
        G::RiskRemediation,
        G::TermsOfUse,
        G::CustomAuthenticationFactor,
    ];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// `builtInControls`.
impl Words for GrantControl {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("block", G::Block),
        ("mfa", G::Mfa),
        ("compliantDevice", G::CompliantDevice),
        ("domainJoinedDevice", G::DomainJoinedDevice),
        ("approvedApplication", G::ApprovedApplication),
        ("compliantApplication", G::CompliantApplication),
        ("passwordChange", G::PasswordChange),
        ("riskRemediation", G::RiskRemediation),
    ];
}

pub(in crate::policy) fn read(
    policy: &mut Object<'_>,
    id: PolicyId,
) -> Result<GrantControls, PolicyError> {
    let Some(mut object) = policy.object("grantControls")? else {
        return Ok(GrantControls::default());
    };
    let operator = object.word("operator")?.unwrap_or_default();
    let mut controls: Flags<GrantControl> = object.word_set("builtInControls")?;
    let custom_authentication_factors = object.list("customAuthenticationFactors", reader::text)?;
    let terms_of_use: IdSet<AgreementId> = object.ids("termsOfUse")?;
    let authentication_strength = strength::read(&mut object, id)?;
    object.finish(Unknown::Refuse)?;
    if authentication_strength.is_some() {
        controls.insert(G::AuthenticationStrength);
    }
    if !terms_of_use.is_empty() {
        controls.insert(G::TermsOfUse);
    }
    if !custom_authentication_factors.is_empty() {
        controls.insert(G::CustomAuthenticationFactor);
    }
    Ok(GrantControls {
        operator,
        controls,
        authentication_strength,
        terms_of_use,
        custom_authentication_factors,
    })
}

/// Controls of which each policy asks something of its own.
const OF_THE_POLICY: [GrantControl; 3] =
    [G::AuthenticationStrength, G::TermsOfUse, G::CustomAuthenticationFactor];

/// What a sign-in shows of the controls that ask the same of every policy. Worked out once.
#[derive(Clone, Copy)]
pub(in crate::policy) struct Met<'s> {
    same_for_all: Flags<GrantControl>,
    sign_in: &'s SignIn<'s>,
}

impl<'s> Met<'s> {
    pub(in crate::policy) fn by(sign_in: &'s SignIn<'s>) -> Self {
        let authentication = &sign_in.authentication;
        let remedied = |kind| authentication.remediation.contains(kind);
        let shows = |kind| sign_in.client_protection.contains(kind);
        let met = [
            (G::Mfa, sign_in.second_factor_passed()),
            (G::CompliantDevice, sign_in.device_is_compliant()),
            (G::DomainJoinedDevice, sign_in.device_is_hybrid_joined()),
            (G::ApprovedApplication, shows(ClientProtection::ApprovedClientApp)),
            (G::CompliantApplication, shows(ClientProtection::AppProtectionPolicy)),
            (G::PasswordChange, remedied(Remediation::PasswordChange)),
            (G::RiskRemediation, !authentication.remediation.is_empty()),
        ];
        let met = met.into_iter().filter(|(_, met)| *met).map(|(control, _)| control);
        Self { same_for_all: met.collect(), sign_in }
    }

    /// Whether a control of these is met.
    pub(in crate::policy) fn meets(&self, control: GrantControl, grant: &GrantControls) -> bool {
        let authentication = &self.sign_in.authentication;
        match control {
            G::AuthenticationStrength => {
                let strength = grant.authentication_strength.as_ref();
                !self.sign_in.client_app_type.is_legacy()
                    && strength.is_some_and(|it| it.is_met_by(authentication.methods))
            }
            G::TermsOfUse => several(grant.operator, grant.terms_of_use.iter(), |id| {
                authentication.terms_accepted.contains(id)
            }),
            G::CustomAuthenticationFactor => {
                let names = grant.custom_authentication_factors.iter();
                several(grant.operator, names, |name| satisfied(authentication, name))
            }
            other => self.same_for_all.contains(other),
        }
    }

    /// The controls that leave a policy unmet; with `Or` one that is met satisfies the others, but
    /// never `block`.
    pub(in crate::policy) fn unmet(&self, grant: &GrantControls) -> Flags<GrantControl> {
        let mut met = grant.controls.and(self.same_for_all);
        for control in OF_THE_POLICY {
            if grant.controls.contains(control) && self.meets(control, grant) {
                met.insert(control);
            }
        }
        let blocked = grant.controls.contains(G::Block);
        match grant.operator {
            Operator::Or if !blocked && !met.is_empty() => Flags::EMPTY,
            Operator::Or | Operator::And => grant.controls.without(met),
        }
    }
}

fn satisfied(authentication: &Authentication<'_>, name: &str) -> bool {
    authentication.custom_controls.contains(name)
}

/// Several controls of one kind: all of them, or one.
fn several<T>(
    operator: Operator,
    mut each: impl Iterator<Item = T>,
    met: impl Fn(T) -> bool,
) -> bool {
    match operator {
        Operator::And => each.all(met),
        Operator::Or => each.any(met),
    }
}
