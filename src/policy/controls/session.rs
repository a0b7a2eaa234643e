//! `sessionControls`: what is asked of the session.
//!
//! Token protection and the sign-in frequency can be unmet; the others are recorded and never are.
//!
//! # Simulated
//! Reauthentication every time allows five minutes, as the documentation of session lifetimes does
//! for skewed clocks. A frequency that asks for the second factor alone is unmet where none was given.

use crate::base::Lifetime;
use crate::base::id::PolicyId;
use crate::policy::error::PolicyError;
use crate::policy::facts::SignIn;
use crate::policy::flags::{Flag, Flags};
use crate::policy::reader::{Object, Unknown, Words};

/// A session control, in the order in which unmet ones decide, after every grant control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionControl {
    /// A sign-in not older than stated.
    SignInFrequency,
    /// Token protection: every request of the sign-in must be bound. Its name in records and its
    /// code depend on the rule pack.
    SecureSignInSession,
    /// The resource restricts what the session may do. Recorded.
    ApplicationEnforcedRestrictions,
    /// The session goes through the cloud app proxy. Recorded.
    CloudAppSecurity,
    /// How long browsers keep the session. Recorded.
    PersistentBrowser,
    /// How resources react to changes while a token lives (beta). Recorded.
    ContinuousAccessEvaluation,
    /// No access while the provider cannot evaluate. Recorded.
    DisableResilienceDefaults,
    /// A filtering profile of the network client (beta). Recorded.
    GlobalSecureAccessFilteringProfile,
}

use SessionControl as S;

impl SessionControl {
    /// The name under which sign-in records list it; of token protection see
    /// [`crate::policy::Control::label`].
    ///
    /// # Simulated
    /// The last three are in no record that the sources show; their names are those of the policy
    /// in the case of the others.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            S::SignInFrequency => "SignInFrequency",
            S::SecureSignInSession => "SignInTokenProtection",
            S::ApplicationEnforcedRestrictions => "AppEnforcedRestrictions",
            S::CloudAppSecurity => "CloudAppSecurity",
            S::PersistentBrowser => "PersistentBrowserSessionMode",
            S::ContinuousAccessEvaluation => "ContinuousAccessEvaluation",
            S::DisableResilienceDefaults => "DisableResilienceDefaults",
            S::GlobalSecureAccessFilteringProfile => "GlobalSecureAccessFilteringProfile",
        }
    }
}

impl Flag for SessionControl {
    const ALL: &'static [Self] = &[
        S::SignInFrequency,
        S::SecureSignInSession,
        S::ApplicationEnforcedRestrictions,
        S::CloudAppSecurity,
        S::PersistentBrowser,
        S::ContinuousAccessEvaluation,
        S::DisableResilienceDefaults,
        S::GlobalSecureAccessFilteringProfile,
    ];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// `sessionControls`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionControls {
    /// The controls that are switched on.
    pub controls: Flags<SessionControl>,
    /// How often to sign in, if that is asked.
    pub sign_in_frequency: Option<SignInFrequency>,
    /// How browsers keep the session, if that is said.
    pub persistent_browser: Option<PersistentBrowserMode>,
    /// How resources react to changes, if that is said.
    pub continuous_access_evaluation: Option<ContinuousAccessEvaluation>,
}

/// `signInFrequency`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInFrequency {
    /// How old the factors may be; none for every time.
    pub interval: Option<Lifetime>,
    /// Which factors.
    pub authentication: FrequencyAuthentication,
}

/// `signInFrequency.authenticationType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FrequencyAuthentication {
    /// Both factors; also what a policy without the member means.
    #[default]
    PrimaryAndSecondary,
    /// The second factor.
    Secondary,
}

impl Words for FrequencyAuthentication {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("primaryAndSecondaryAuthentication", Self::PrimaryAndSecondary),
        ("secondaryAuthentication", Self::Secondary),
    ];
}

/// `persistentBrowser.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PersistentBrowserMode {
    /// The session outlives the browser.
    Always,
    /// It does not.
    Never,
}

impl Words for PersistentBrowserMode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("always", Self::Always), ("never", Self::Never)];
}

/// `continuousAccessEvaluation.mode` (beta).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContinuousAccessEvaluation {
    /// Not at all.
    Disabled,
    /// With every restriction of this policy.
    StrictEnforcement,
    /// With the locations of this policy.
    StrictLocation,
}

impl Words for ContinuousAccessEvaluation {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("strictEnforcement", Self::StrictEnforcement),
        ("disabled", Self::Disabled),
        ("strictLocation", Self::StrictLocation),
    ];
}

/// `signInFrequency.frequencyInterval`.
#[derive(Clone, Copy, PartialEq)]
enum Interval {
    EveryTime,
    TimeBased,
}

impl Words for Interval {
    const WORDS: &'static [(&'static str, Self)] =
        &[("timeBased", Self::TimeBased), ("everyTime", Self::EveryTime)];
}

/// `signInFrequency.type`.
#[derive(Clone, Copy)]
enum Unit {
    Days,
    Hours,
}

impl Words for Unit {
    const WORDS: &'static [(&'static str, Self)] = &[("days", Self::Days), ("hours", Self::Hours)];
}

/// `cloudAppSecurityType`, which is recorded nowhere.
#[derive(Clone, Copy)]
struct CloudAppSecurityType;

impl Words for CloudAppSecurityType {
    const WORDS: &'static [(&'static str, Self)] =
        &[("mcasConfigured", Self), ("monitorOnly", Self), ("blockDownloads", Self)];
}

/// What reauthentication every time allows.
const EVERY_TIME: Lifetime = Lifetime::from_secs(300);

impl SignInFrequency {
    /// Whether the sign-in is recent enough.
    #[must_use]
    pub fn is_met_by(self, sign_in: &SignIn<'_>) -> bool {
        let limit = self.interval.unwrap_or(EVERY_TIME);
        let (primary, secondary) =
            (sign_in.authentication.primary_age, sign_in.authentication.secondary_age);
        match self.authentication {
            FrequencyAuthentication::PrimaryAndSecondary => {
                primary <= limit && secondary.is_none_or(|age| age <= limit)
            }
            FrequencyAuthentication::Secondary => secondary.is_some_and(|age| age <= limit),
        }
    }
}

impl SessionControls {
    /// The controls that are not met.
    pub(in crate::policy) fn unmet(&self, sign_in: &SignIn<'_>) -> Flags<SessionControl> {
        let mut unmet = Flags::EMPTY;
        if self.sign_in_frequency.is_some_and(|frequency| !frequency.is_met_by(sign_in)) {
            unmet.insert(S::SignInFrequency);
        }
        if self.controls.contains(S::SecureSignInSession) && !sign_in.is_bound() {
            unmet.insert(S::SecureSignInSession);
        }
        unmet
    }
}

pub(in crate::policy) fn read(
    policy: &mut Object<'_>,
    id: PolicyId,
) -> Result<SessionControls, PolicyError> {
    let mut session = SessionControls::default();
    let Some(mut object) = policy.object("sessionControls")? else { return Ok(session) };
    session.sign_in_frequency = read_frequency(&mut object, id)?;
    session.persistent_browser = read_persistent_browser(&mut object, id)?;
    session.continuous_access_evaluation = read_evaluation(&mut object)?;
    let switches = [
        (S::SecureSignInSession, switch(&mut object, "secureSignInSession", &[])?),
        (
            S::ApplicationEnforcedRestrictions,
            switch(&mut object, "applicationEnforcedRestrictions", &[])?,
        ),
        (S::CloudAppSecurity, read_cloud_app_security(&mut object)?),
        (
            S::GlobalSecureAccessFilteringProfile,
            switch(&mut object, "globalSecureAccessFilteringProfile", &["profileId"])?,
        ),
        (S::DisableResilienceDefaults, object.truth("disableResilienceDefaults")? == Some(true)),
        (S::SignInFrequency, session.sign_in_frequency.is_some()),
        (S::PersistentBrowser, session.persistent_browser.is_some()),
        (S::ContinuousAccessEvaluation, session.continuous_access_evaluation.is_some()),
    ];
    object.not_evaluated(&["networkAccessSecurity"])?;
    object.finish(Unknown::Refuse)?;
    let on = switches.into_iter().filter(|(_, on)| *on).map(|(control, _)| control);
    session.controls = on.collect();
    Ok(session)
}

/// A control of which nothing counts but whether it is on.
fn switch(
    session: &mut Object<'_>,
    name: &'static str,
    others: &[&'static str],
) -> Result<bool, PolicyError> {
    let Some(mut control) = session.object(name)? else { return Ok(false) };
    let on = control.truth("isEnabled")? == Some(true);
    control.without_influence(others);
    control.finish(Unknown::Refuse)?;
    Ok(on)
}

fn read_cloud_app_security(session: &mut Object<'_>) -> Result<bool, PolicyError> {
    let Some(mut control) = session.object("cloudAppSecurity")? else { return Ok(false) };
    let on = control.truth("isEnabled")? == Some(true);
    control.word::<CloudAppSecurityType>("cloudAppSecurityType")?;
    control.finish(Unknown::Refuse)?;
    Ok(on)
}

/// None if it is off. `isEnabled` is told apart from null: a null control is off.
fn read_frequency(
    session: &mut Object<'_>,
    policy: PolicyId,
) -> Result<Option<SignInFrequency>, PolicyError> {
    let Some(mut control) = session.object("signInFrequency")? else { return Ok(None) };
    let on = control.truth("isEnabled")? == Some(true);
    let value = control.number("value")?;
    let unit = control.word("type")?;
    let interval = control.word("frequencyInterval")?.unwrap_or(Interval::TimeBased);
    let authentication = control.word("authenticationType")?.unwrap_or_default();
    let path = control.path_of("value");
    control.finish(Unknown::Refuse)?;
    let interval = match (interval, value, unit) {
        _ if !on => return Ok(None),
        (Interval::EveryTime, None | Some(0), _) => None,
        (Interval::EveryTime, Some(_), _) => {
            let reason = "stands beside `everyTime`, which takes none";
            return Err(PolicyError::Contradiction { policy, path, reason });
        }
        (Interval::TimeBased, Some(value @ 1..), Some(unit)) => Some(span(value, unit)),
        (Interval::TimeBased, ..) => {
            let reason = "and `type` say how often, and one of them does not";
            return Err(PolicyError::Incomplete { policy, path, reason });
        }
    };
    Ok(Some(SignInFrequency { interval, authentication }))
}

fn span(value: u32, unit: Unit) -> Lifetime {
    Lifetime::from_secs(value.saturating_mul(match unit {
        Unit::Days => 24 * 60 * 60,
        Unit::Hours => 60 * 60,
    }))
}

fn read_persistent_browser(
    session: &mut Object<'_>,
    policy: PolicyId,
) -> Result<Option<PersistentBrowserMode>, PolicyError> {
    let Some(mut control) = session.object("persistentBrowser")? else { return Ok(None) };
    let on = control.truth("isEnabled")? == Some(true);
    let mode = control.word("mode")?;
    let path = control.path_of("mode");
    control.finish(Unknown::Refuse)?;
    match (on, mode) {
        (false, _) => Ok(None),
        (true, Some(mode)) => Ok(Some(mode)),
        (true, None) => Err(PolicyError::Incomplete { policy, path, reason: "is missing" }),
    }
}

/// It has no `isEnabled`: a mode is enough.
fn read_evaluation(
    session: &mut Object<'_>,
) -> Result<Option<ContinuousAccessEvaluation>, PolicyError> {
    let Some(mut control) = session.object("continuousAccessEvaluation")? else { return Ok(None) };
    let mode = control.word("mode")?;
    control.finish(Unknown::Refuse)?;
    Ok(mode)
}
