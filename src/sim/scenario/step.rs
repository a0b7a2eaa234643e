//! The steps of a scenario, and the words in them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::expect::Expect;

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
    /// A machine is set back to its image: registration, keys and tokens are gone from it.
    Reset(Machine),
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
    /// An app writes a note at its resource with the access token it has.
    Write(Access),
}

impl Step {
    /// The verb, as a file writes it.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Admin(_) => "admin",
            Self::BrowserCredential(_) => "browserCredential",
            Self::Browse(_) => "browse",
            Self::Fetch(_) => "fetch",
            Self::LegacySignIn(_) => "legacySignIn",
            Self::Phish(_) => "phish",
            Self::Refresh(_) => "refresh",
            Self::RegisterDevice(_) => "registerDevice",
            Self::RegisterOwnDevice(_) => "registerOwnDevice",
            Self::RegisterUserKey(_) => "registerUserKey",
            Self::Renew(_) => "renew",
            Self::Reset(_) => "reset",
            Self::RollSessionKey(_) => "rollSessionKey",
            Self::SignIn(_) => "signIn",
            Self::Steal(_) => "steal",
            Self::Use(_) => "use",
            Self::Wait(_) => "wait",
            Self::Write(_) => "write",
        }
    }
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Machine {
    /// Device: its display name.
    pub device: String,
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
    /// DPoP proofs made in advance by code that ran on the device, with their access token.
    DpopProofs,
    /// A DPoP request with a body, held back on the network before it arrived.
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
    /// A recorded message with one claim, or its body, changed.
    Altered,
    /// As it is meant, or byte for byte.
    #[default]
    AsIs,
    /// An access token as a bearer token, whatever it says.
    Bearer,
    /// A derived key, to sign a browser credential.
    BrowserCredential,
    /// An access token whose `cnf` claim was taken out.
    DroppedCnf,
    /// A proof, in a request with another method.
    OtherMethod,
    /// A proof, beside another access token that the thief holds.
    OtherToken,
    /// A proof, in a request for another URL.
    OtherUrl,
    /// An access token with a proof by a key of the thief's own.
    OwnKey,
    /// A bound token in a plain refresh grant.
    PlainGrant,
    /// A derived or made-up key, to sign a token request.
    TokenRequest,
}

impl UseAs {
    /// Every way.
    pub const ALL: &[Self] = &[
        Self::Altered,
        Self::AsIs,
        Self::Bearer,
        Self::BrowserCredential,
        Self::DroppedCnf,
        Self::OtherMethod,
        Self::OtherToken,
        Self::OtherUrl,
        Self::OwnKey,
        Self::PlainGrant,
        Self::TokenRequest,
    ];

    /// As it is written in a scenario.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::AsIs => "as-is",
            Self::Bearer => "bearer",
            Self::BrowserCredential => "browser-credential",
            Self::DroppedCnf => "dropped-cnf",
            Self::OtherMethod => "other-method",
            Self::OtherToken => "other-token",
            Self::OtherUrl => "other-url",
            Self::OwnKey => "own-key",
            Self::PlainGrant => "plain-grant",
            Self::TokenRequest => "token-request",
        }
    }

    /// How, as a phrase; nothing where there is nothing to say.
    pub(in crate::sim) const fn phrase(self) -> Option<&'static str> {
        match self {
            Self::AsIs => None,
            Self::Altered => Some("altered"),
            Self::Bearer => Some("as a bearer token"),
            Self::BrowserCredential => Some("to sign a browser credential"),
            Self::DroppedCnf => Some("without its `cnf` claim"),
            Self::OtherMethod => Some("with another method"),
            Self::OtherToken => Some("with a proof of another token"),
            Self::OtherUrl => Some("at another URL"),
            Self::OwnKey => Some("with a key of its own"),
            Self::PlainGrant => Some("in a plain refresh grant"),
            Self::TokenRequest => Some("to sign a token request"),
        }
    }

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
