//! [`Scenario`]: a story as data, which a teacher can write by hand.
//!
//! A scenario names its settings, the steps of the honest parties, of the administrator and of the
//! thief, and what each step is expected to come to. A step is an object with one member, its verb:
//!
//! ```json
//! { "signIn": { "user": "alice", "device": "LT-ALICE", "app": "outlook", "resource": "exchange" } }
//! ```
//!
//! Errors carry line, column and path. The JSON Schema is `docs/reference/schemas/scenario.json`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::Check;
use crate::base::json::{self, JsonError};

/// A scenario file may be this long, in octets.
const MAX_FILE: usize = 1024 * 1024;
/// A wait may last this long, in seconds: ten years.
const MAX_WAIT: u32 = 3650 * 86_400;
/// A scenario may have this many steps.
const MAX_STEPS: usize = 500;

/// A story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// Where the schema is; for editors, ignored here.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Short name, lower case with hyphens.
    pub name: String,
    /// One line.
    pub title: String,
    /// What a reader should take away.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lesson: String,
    /// Settings that differ from the baseline, by dotted name (`nonce.single_use`).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    /// A directory of its own; the built-in tenant if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<Value>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// What becomes of the thief.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<ThiefExpectation>,
}

/// What becomes of the thief, over all steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ThiefExpectation {
    /// A resource served its content to the thief.
    GotIn,
    /// There was nothing to steal.
    NotApplicable,
    /// Every attempt was refused.
    Refused,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// The administrator acts.
    Admin(Admin),
    /// A browser on the device gets a fresh credential from the broker and keeps it.
    BrowserCredential(OnDevice),
    /// A browser on the device signs in with a credential of the broker, and visits the resource.
    Browse(Access),
    /// An app asks its resource again with the access token it has.
    Fetch(Access),
    /// A legacy client signs in with user name and password.
    LegacySignIn(Legacy),
    /// The thief lures the user to a page that relays the sign-in.
    Phish(Phish),
    /// An app refreshes what it has.
    Refresh(Access),
    /// A new device is registered by its user, with real messages.
    RegisterDevice(RegisterDevice),
    /// The thief registers a device of its own with the sign-in it phished.
    RegisterOwnDevice(UseLoot),
    /// A user key is made on the device and registered.
    RegisterUserKey(OnDevice),
    /// The broker renews its PRT.
    Renew(OnDevice),
    /// The broker asks for a new PRT, which rolls the session key.
    RollSessionKey(OnDevice),
    /// A user signs in to an app and visits the resource.
    SignIn(Access),
    /// The thief takes something.
    Steal(Steal),
    /// The thief uses what it took.
    Use(UseLoot),
    /// Time passes.
    Wait(Wait),
}

/// A user on a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnDevice {
    /// User: the part of the name before `@`.
    pub user: String,
    /// Device: its display name.
    pub device: String,
    /// What this step comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

/// A user, a device, an app and a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Access {
    /// User: the part of the name before `@`.
    pub user: String,
    /// Device: its display name, or a name of your own for a machine that is not registered.
    pub device: String,
    /// App of the catalogue (`tplab list --apps`).
    pub app: String,
    /// Version of the app, if not the catalogue's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Resource of the catalogue.
    pub resource: String,
    /// How the user proves who it is to the broker.
    #[serde(default, skip_serializing_if = "SignInMethod::is_default")]
    pub method: SignInMethod,
    /// What this step comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

/// How a user proves who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum SignInMethod {
    /// Password.
    #[default]
    Password,
    /// Password and second factor.
    PasswordAndSecondFactor,
    /// The registered user key.
    UserKey,
}

impl SignInMethod {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What the administrator does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Admin {
    /// The action.
    pub action: AdminAction,
    /// The user it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The device it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// With `setPolicies`: the policies from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<Value>>,
}

/// Administrative actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum AdminAction {
    /// A new password for `user`.
    ChangePassword,
    /// `device` leaves the directory.
    DeleteDevice,
    /// `user` leaves the directory.
    DeleteUser,
    /// `device` is disabled.
    DisableDevice,
    /// `user` is disabled.
    DisableUser,
    /// `device` is enabled again.
    EnableDevice,
    /// All tokens of `user` are revoked.
    RevokeTokens,
    /// The provider gets a new signing key.
    RotateSigningKey,
    /// Other policies from now on.
    SetPolicies,
}

/// A legacy client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Legacy {
    /// Whose name and password.
    pub user: String,
    /// Protocol as the sign-in log writes it.
    #[serde(default = "imap")]
    pub protocol: String,
    /// Resource of the catalogue.
    pub resource: String,
    /// The platform its user agent claims.
    #[serde(default)]
    pub platform: ClaimedPlatform,
    /// Who does it.
    #[serde(default)]
    pub by: Actor,
    /// What this step comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

fn imap() -> String {
    "IMAP4".to_owned()
}

/// Honest user or thief.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// The thief, who knows the password.
    Thief,
    /// The user.
    #[default]
    User,
}

/// A relayed sign-in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Phish {
    /// The victim, who types name, password and second factor.
    pub user: String,
    /// App the thief signs in to.
    pub app: String,
    /// Resource the thief asks for.
    pub resource: String,
    /// The platform the thief claims.
    #[serde(default)]
    pub platform: ClaimedPlatform,
    /// What this step comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

/// A registration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterDevice {
    /// Who registers it.
    pub user: String,
    /// Its display name; the name of a registered device registers that one again.
    pub device: String,
    /// `interactiveJoin`, `hybridJoin`, `workplaceJoin` or another method of the catalogue.
    #[serde(default = "workplace_join")]
    pub method: String,
    /// `Windows`, `macOS`, ...
    #[serde(default = "windows")]
    pub operating_system: String,
    /// Dotted version.
    #[serde(default = "newest_windows")]
    pub operating_system_version: String,
    /// What this step comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

fn workplace_join() -> String {
    "workplaceJoin".to_owned()
}

fn windows() -> String {
    "Windows".to_owned()
}

fn newest_windows() -> String {
    "10.0.26100".to_owned()
}

/// What the thief takes, and from where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Steal {
    /// What.
    pub loot: LootKind,
    /// Whose.
    pub user: String,
    /// From which device.
    pub device: String,
}

/// Kinds of loot, and with each the capability that yields it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LootKind {
    /// An access token, from process memory.
    AccessToken,
    /// A refresh token that was issued through the broker, from disk.
    BrokerRefreshToken,
    /// A signed browser credential, from process memory.
    BrowserCredential,
    /// A derived key with its context and the PRT, from process memory.
    DerivedKey,
    /// The use of the device's broker, by code running there.
    DeviceControl,
    /// DPoP proofs made in advance, from an app with a DPoP key (not built yet: there is none).
    DpopProofs,
    /// A DPoP request, from the network (not built yet: there is none).
    DpopRequest,
    /// The whole key store with everything the broker holds, from disk; software stores only.
    KeyStore,
    /// The password itself, learnt by whatever means.
    Password,
    /// The PRT text alone, from disk.
    Prt,
    /// A signed token request, from the network.
    PrtRequest,
    /// The refresh token of an app outside the broker, from disk.
    RefreshToken,
    /// A request to a resource, from the network.
    ResourceRequest,
    /// PRT and session key, from disk; software stores only.
    SessionKey,
}

/// How the thief uses its newest loot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UseLoot {
    /// The platform the thief claims.
    #[serde(default)]
    pub platform: ClaimedPlatform,
    /// The app the thief claims to be; by default one that fits the loot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The resource it is after.
    #[serde(default = "exchange")]
    pub resource: String,
    /// How it is used, where there is a choice.
    #[serde(default, skip_serializing_if = "UseAs::is_default")]
    pub how: UseAs,
    /// What this step comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

fn exchange() -> String {
    "exchange".to_owned()
}

/// Ways to use loot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UseAs {
    /// A recorded message with one claim changed.
    Altered,
    /// As it is meant, or byte for byte.
    #[default]
    AsIs,
    /// A derived key, to sign a browser credential.
    BrowserCredential,
    /// A bound token in a plain refresh grant.
    PlainGrant,
    /// A derived or made-up key, to sign a token request.
    TokenRequest,
}

impl UseAs {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A platform as a user agent claims it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ClaimedPlatform {
    /// Android.
    Android,
    /// iOS.
    #[serde(rename = "iOS")]
    Ios,
    /// Linux.
    Linux,
    /// macOS.
    #[serde(rename = "macOS")]
    MacOs,
    /// No user agent at all.
    None,
    /// Windows.
    #[default]
    Windows,
}

impl ClaimedPlatform {
    /// The user agent that makes the claim.
    #[must_use]
    pub const fn user_agent(self) -> &'static str {
        match self {
            Self::Android => "Mozilla/5.0 (Linux; Android 14; Pixel 8)",
            Self::Ios => "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)",
            Self::Linux => "Mozilla/5.0 (X11; Linux x86_64)",
            Self::MacOs => "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5)",
            Self::None => "",
            Self::Windows => "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
        }
    }

    /// The word a reader sees.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Android => "Android",
            Self::Ios => "iOS",
            Self::Linux => "Linux",
            Self::MacOs => "macOS",
            Self::None => "no platform",
            Self::Windows => "Windows",
        }
    }
}

/// Time that passes: the sum of the members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wait {
    /// Seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seconds: u32,
    /// Minutes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub minutes: u32,
    /// Hours.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hours: u32,
    /// Days.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub days: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this shape")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Wait {
    /// The sum in seconds.
    #[must_use]
    pub const fn total(self) -> u32 {
        let minutes = self.minutes.saturating_add(self.hours.saturating_mul(60));
        let minutes = minutes.saturating_add(self.days.saturating_mul(1_440));
        self.seconds.saturating_add(minutes.saturating_mul(60))
    }
}

/// What a step is expected to come to. Members that are absent are not compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<StepResult>,
    /// The check that decided (docs/reference/checks.md).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub check: Option<Check>,
    /// The AADSTS number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// The OAuth error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `signInSessionStatusCode` of the last record: 0 is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum StepResult {
    /// It was done; no resource was asked.
    Done,
    /// There was nothing to steal.
    NothingToSteal,
    /// Somebody refused.
    Refused,
    /// A resource served its content.
    Served,
}

impl StepResult {
    /// The word a scenario file uses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NothingToSteal => "nothingToSteal",
            Self::Refused => "refused",
            Self::Served => "served",
        }
    }
}

/// A scenario that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// Longer than is read.
    #[error("the scenario is longer than 1 MiB")]
    TooLong,
    /// Not JSON of the shape of a scenario.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// A wait of no time, or of more than ten years.
    #[error("`steps[{step}].wait`: a wait lasts from 1 second to 3650 days")]
    Wait {
        /// From 0.
        step: usize,
    },
    /// More steps than are run.
    #[error("`steps`: more than 500 steps")]
    TooManySteps,
    /// No steps at all.
    #[error("`steps`: a scenario needs at least one step")]
    NoSteps,
    /// A setting that does not exist or cannot take its value.
    #[error("`settings`: {0}")]
    Setting(#[from] super::settings::SettingError),
    /// A user, device, app or resource that does not exist.
    #[error("`steps[{step}]`: there is no {kind} `{name}`")]
    UnknownName {
        /// From 0.
        step: usize,
        /// `user`, `device`, `app`, `resource` or `policy`.
        kind: &'static str,
        /// As written.
        name: String,
    },
    /// The scenario's own directory.
    #[error("`directory`: {0}")]
    Directory(String),
    /// A policy.
    #[error("`settings.policies`: {0}")]
    Policy(String),
    /// A step that needs what no earlier step has made.
    #[error("`steps[{step}]`: {why}")]
    OutOfOrder {
        /// From 0.
        step: usize,
        /// What is missing.
        why: &'static str,
    },
}

impl ScenarioError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "sim.too_long",
            Self::Json(_) => "sim.json",
            Self::Wait { .. } => "sim.wait",
            Self::TooManySteps => "sim.too_many_steps",
            Self::NoSteps => "sim.no_steps",
            Self::Setting(_) => "sim.setting",
            Self::UnknownName { .. } => "sim.unknown_name",
            Self::Directory(_) => "sim.directory",
            Self::Policy(_) => "sim.policy",
            Self::OutOfOrder { .. } => "sim.out_of_order",
        }
    }
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// [`ScenarioError`]; names are looked up when it runs.
    pub fn from_json(text: &[u8]) -> Result<Self, ScenarioError> {
        if text.len() > MAX_FILE {
            return Err(ScenarioError::TooLong);
        }
        let scenario: Self = json::from_slice(text)?;
        if scenario.steps.is_empty() {
            return Err(ScenarioError::NoSteps);
        }
        if scenario.steps.len() > MAX_STEPS {
            return Err(ScenarioError::TooManySteps);
        }
        super::Settings::default().apply(&scenario.settings)?;
        let waits = scenario.steps.iter().enumerate().filter_map(|(step, verb)| match verb {
            Step::Wait(wait) => Some((step, wait.total())),
            _ => None,
        });
        for (step, seconds) in waits {
            if !(1..=MAX_WAIT).contains(&seconds) {
                return Err(ScenarioError::Wait { step });
            }
        }
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_line_and_field() {
        let text = b"{\"name\":\"x\",\"title\":\"x\",\"steps\":[\n{\"signIn\":{\"user\":\"alice\",\n\"devise\":\"LT-ALICE\"}}]}";
        let ScenarioError::Json(error) = Scenario::from_json(text).unwrap_err() else {
            panic!("not a JSON error")
        };
        assert_eq!(error.line(), 3);
        assert!(error.to_string().contains("devise"), "{error}");
        assert!(error.path().starts_with("steps[0]"), "{}", error.path());
    }

    #[test]
    fn time_adds_up() {
        let wait = Wait { seconds: 1, minutes: 1, hours: 1, days: 1 };
        assert_eq!(wait.total(), 90_061);
        assert_eq!(Wait { days: u32::MAX, ..wait }.total(), u32::MAX);
    }
}
