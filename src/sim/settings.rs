//! [`Settings`]: every defence and server setting of a run, as scenario files and `--set` write them.
//!
//! A setting has a dotted name such as `nonce.single_use`. A matrix row overrides its column, and
//! `--set` overrides both.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{Danger, Lifetime};
use crate::idp::{
    self, AcceptedProtocols, AssertionNonces, CertificateBinding, DeviceClaims, DeviceQuota,
    DpopDemand, DpopNonces, DpopReplay, IssuingBackend, NonceUse, ProviderSettings,
    RefreshRotation, RequestTimes,
};
use crate::jose::KdfVersion;
use crate::keystore::Protection;
use crate::pop::dpop::{NonceDemand, RecipientSettings};
use crate::pop::replay::{ReplayKey, SharedReplay, Window};
use crate::pop::session_key::AcceptedKdf;
use crate::resource::AcceptedTokens;
use crate::token::sealed::Protocol;
use crate::token::{FamilyCapacity, Lifetimes, Rotation};
use crate::wire::dpop::TokenType;

/// How many proofs a server remembers at once; a story sends far fewer.
const PROOFS: usize = 1024;

/// Most servers behind the name of one resource.
const MAX_SERVERS: u8 = 8;

/// All settings of a run. The defaults are the lab's baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Policies in force: names of built-in ones (`a`, `b`, `d1`, `d2`, `d3`) or whole policies.
    pub policies: Vec<Value>,
    /// Rule pack by date.
    pub rules: String,
    /// Where devices keep their keys.
    pub keystore: KeystoreKind,
    /// Simulated time that key operations take.
    pub latency: LatencyKind,
    /// What signs each use of a PRT.
    pub protocol: ProtocolKind,
    /// Key derivation.
    pub kdf: KdfSettings,
    /// Server nonces.
    pub nonce: NonceSettings,
    /// Primary refresh tokens.
    pub prt: PrtSettings,
    /// Access tokens.
    pub access_token: AccessTokenSettings,
    /// Refresh tokens outside the broker.
    pub refresh_token: RefreshTokenSettings,
    /// User keys.
    pub user_key: UserKeySettings,
    /// Device registration.
    pub device: DeviceSettings,
    /// Clocks.
    pub clock: ClockSettings,
    /// Signing of access tokens.
    pub issuing: IssuingKind,
    /// Proof of possession at resource servers and token endpoint (DPoP).
    pub dpop: DpopSettings,
}

/// Where devices keep their keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeystoreKind {
    /// Keys never leave.
    #[default]
    Hardware,
    /// Whoever reads the disk has the keys.
    Software,
}

/// Simulated time that key operations take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LatencyKind {
    /// None.
    #[default]
    None,
    /// A TPM, as Chrome's study measured it.
    Tpm,
}

/// What signs each use of a PRT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProtocolKind {
    /// The device key, protocol 4; the provider then refuses other versions.
    DeviceKey,
    /// A key derived from the session key.
    #[default]
    SessionKey,
}

/// Key derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct KdfSettings {
    /// Whether the provider accepts version 1.
    pub accept_v1: bool,
    /// Version the broker uses: 1 or 2.
    pub broker: u8,
}

impl Default for KdfSettings {
    fn default() -> Self {
        Self { accept_v1: false, broker: 2 }
    }
}

/// Server nonces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NonceSettings {
    /// Whether a nonce serves one request only.
    pub single_use: bool,
    /// Seconds until a nonce is stale.
    pub lifetime: Lifetime,
}

impl Default for NonceSettings {
    fn default() -> Self {
        Self { single_use: false, lifetime: Lifetimes::default().nonce }
    }
}

/// Primary refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PrtSettings {
    /// Seconds.
    pub lifetime: Lifetime,
    /// Whether renewal retires the old PRT, and showing it again ends the family.
    pub rotation: bool,
    /// Whether a use must carry `iat` and `exp`.
    pub require_times: bool,
}

impl Default for PrtSettings {
    fn default() -> Self {
        Self { lifetime: Lifetimes::default().prt, rotation: false, require_times: true }
    }
}

/// Access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AccessTokenSettings {
    /// Seconds.
    pub lifetime: Lifetime,
}

impl Default for AccessTokenSettings {
    fn default() -> Self {
        Self { lifetime: Lifetimes::default().access_token }
    }
}

/// Refresh tokens outside the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RefreshTokenSettings {
    /// Seconds.
    pub lifetime: Lifetime,
    /// Whether redeeming retires the token, and showing it again ends the family.
    pub rotation: bool,
    /// The same for tokens of the broker client, which serve several steps of an enrolment.
    pub broker_client_rotation: bool,
    /// Whether the token still speaks for the device it was obtained on.
    pub device_claims: bool,
}

impl Default for RefreshTokenSettings {
    fn default() -> Self {
        Self {
            lifetime: Lifetimes::default().refresh_token,
            rotation: true,
            broker_client_rotation: false,
            device_claims: false,
        }
    }
}

/// User keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UserKeySettings {
    /// Whether the inner nonce must equal the outer one on the key's own device too.
    pub equal_nonces: bool,
}

impl Default for UserKeySettings {
    fn default() -> Self {
        Self { equal_nonces: true }
    }
}

/// Device registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DeviceSettings {
    /// Most devices of one user.
    pub quota: usize,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self { quota: DeviceQuota::default().0 }
    }
}

/// Clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ClockSettings {
    /// Seconds a peer's clock may be off.
    pub skew: Lifetime,
}

impl Default for ClockSettings {
    fn default() -> Self {
        Self { skew: Lifetimes::default().skew }
    }
}

/// Signing of access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum IssuingKind {
    /// Reproducible.
    #[default]
    P256,
    /// Quicker, never the same bytes twice.
    Ring,
}

/// Proof of possession at resource servers and token endpoint (DPoP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DpopSettings {
    /// Whether every access token must be bound to a key of its client.
    pub required: bool,
    /// Whether proofs carry a nonce of the server they are for.
    pub nonces: bool,
    /// Whether servers remember the proofs they accepted, and refuse them the second time.
    pub replay_window: bool,
    /// Whether the servers of a resource share one such memory; otherwise each has its own.
    pub shared_window: bool,
    /// Servers behind the name of each resource; a client is served by the same one throughout.
    pub servers: u8,
}

impl Default for DpopSettings {
    fn default() -> Self {
        Self {
            required: false,
            nonces: true,
            replay_window: true,
            shared_window: false,
            servers: 1,
        }
    }
}

/// A setting that does not exist, or a value it cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No such name.
    #[error("`{name}` is no setting; the nearest is `{nearest}`")]
    Unknown {
        /// As given.
        name: String,
        /// The closest existing name.
        nearest: String,
    },
    /// The value does not fit.
    #[error("`{name}` cannot be `{value}`: {why}")]
    Value {
        /// Name.
        name: String,
        /// As given.
        value: String,
        /// What would fit.
        why: String,
    },
    /// Not of the form `name=value`.
    #[error("`{0}` is not of the form `name=value`, for example `nonce.single_use=true`")]
    Form(String),
}

impl SettingError {
    /// The setting it is about, or the text that names none.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Form(text) => text,
            Self::Unknown { name, .. } | Self::Value { name, .. } => name,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policies: Vec::new(),
            rules: crate::catalog::RulePack::newest().id.clone(),
            keystore: KeystoreKind::default(),
            latency: LatencyKind::default(),
            protocol: ProtocolKind::default(),
            kdf: KdfSettings::default(),
            nonce: NonceSettings::default(),
            prt: PrtSettings::default(),
            access_token: AccessTokenSettings::default(),
            refresh_token: RefreshTokenSettings::default(),
            user_key: UserKeySettings::default(),
            device: DeviceSettings::default(),
            clock: ClockSettings::default(),
            issuing: IssuingKind::default(),
            dpop: DpopSettings::default(),
        }
    }
}

impl Settings {
    /// Every dotted name with its default value, in order.
    #[must_use]
    pub fn names() -> Vec<(String, Value)> {
        Self::default().flat()
    }

    /// Every dotted name with its value here, in order.
    #[must_use]
    pub fn flat(&self) -> Vec<(String, Value)> {
        let mut names = Vec::new();
        if let Value::Object(all) = self.to_value() {
            for (name, value) in all {
                match value {
                    Value::Object(inner) => names.extend(
                        inner.into_iter().map(|(part, value)| (format!("{name}.{part}"), value)),
                    ),
                    value => names.push((name, value)),
                }
            }
        }
        names
    }

    /// Sets one from `name=value`. A value is JSON, or text without quotes; policies are names
    /// separated by commas.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn set_text(&mut self, assignment: &str) -> Result<(), SettingError> {
        let (name, text) =
            assignment.split_once('=').ok_or_else(|| SettingError::Form(assignment.to_owned()))?;
        let name = name.trim();
        let value = match name {
            "policies" => {
                text.split(',').filter(|part| !part.is_empty()).map(Value::from).collect()
            }
            _ => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        };
        self.set(name, value)
    }

    /// Sets one by its dotted name.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), SettingError> {
        let mut all = self.to_value();
        let pointer = format!("/{}", name.replace('.', "/"));
        let known = Self::names().iter().any(|(known, _)| known == name);
        match all.pointer_mut(&pointer).filter(|_| known) {
            Some(place) => *place = value.clone(),
            None => return Err(unknown(name)),
        }
        let refuse = |why: String| SettingError::Value {
            name: name.to_owned(),
            value: match &value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            why,
        };
        let changed: Self = crate::base::json::from_value(all)
            .map_err(|error| refuse(in_plain_words(name, error.reason())))?;
        changed.refuse_nonsense().map_err(refuse)?;
        *self = changed;
        Ok(())
    }

    /// Sets everything that a scenario's `settings` object names, flat or nested.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn apply(&mut self, changes: &serde_json::Map<String, Value>) -> Result<(), SettingError> {
        for (name, value) in changes {
            match value {
                Value::Object(inner) => {
                    for (part, value) in inner {
                        self.set(&format!("{name}.{part}"), value.clone())?;
                    }
                }
                value => self.set(name, value.clone())?,
            }
        }
        Ok(())
    }

    fn refuse_nonsense(&self) -> Result<(), String> {
        if !(1..=2).contains(&self.kdf.broker) {
            return Err("the versions are 1 and 2".to_owned());
        }
        if !(1..=MAX_SERVERS).contains(&self.dpop.servers) {
            return Err(format!("a number from 1 to {MAX_SERVERS}"));
        }
        match crate::catalog::RulePack::named(&self.rules) {
            Some(_) => Ok(()),
            None => {
                let packs = crate::catalog::Catalog::builtin().rule_packs().iter();
                let known: Vec<&str> = packs.map(|pack| pack.id.as_str()).collect();
                Err(format!("the rule packs are {}", known.join(", ")))
            }
        }
    }

    fn to_value(&self) -> Value {
        // Plain data with text keys always becomes a value.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// What the provider is told.
    #[must_use]
    pub fn provider(&self, danger: Danger) -> ProviderSettings {
        let rotation = |on| if on { Rotation::Retire } else { Rotation::Keep };
        ProviderSettings {
            family_capacity: FamilyCapacity::default(),
            lifetimes: Lifetimes {
                access_token: self.access_token.lifetime,
                nonce: self.nonce.lifetime,
                prt: self.prt.lifetime,
                refresh_token: self.refresh_token.lifetime,
                skew: self.clock.skew,
                ..Lifetimes::default()
            },
            nonce_use: match self.nonce.single_use {
                true => NonceUse::SingleUse,
                false => NonceUse::Reusable,
            },
            accepted_kdf: match self.kdf.accept_v1 {
                true => AcceptedKdf::V1AndV2,
                false => AcceptedKdf::V2,
            },
            protocols: match self.protocol {
                ProtocolKind::DeviceKey => AcceptedProtocols::DeviceKey,
                ProtocolKind::SessionKey => AcceptedProtocols::Both,
            },
            request_times: match self.prt.require_times {
                true => RequestTimes::Required,
                false => RequestTimes::Optional,
            },
            assertion_nonces: match self.user_key.equal_nonces {
                true => AssertionNonces::Equal,
                false => AssertionNonces::EqualOnOtherDevice,
            },
            refresh_rotation: RefreshRotation {
                broker_client: rotation(self.refresh_token.broker_client_rotation),
                others: rotation(self.refresh_token.rotation),
            },
            prt_rotation: rotation(self.prt.rotation),
            device_claims: match self.refresh_token.device_claims {
                true => DeviceClaims::Trusted,
                false => DeviceClaims::Ignored,
            },
            device_quota: DeviceQuota(self.device.quota),
            issuing: match self.issuing {
                IssuingKind::P256 => IssuingBackend::P256,
                IssuingKind::Ring => IssuingBackend::Ring,
            },
            dpop: idp::DpopSettings {
                demand: match self.dpop.required {
                    true => DpopDemand::Required,
                    false => DpopDemand::Offered,
                },
                nonces: match self.dpop.nonces {
                    true => DpopNonces::Demanded,
                    false => DpopNonces::Off,
                },
                replay: match self.dpop.replay_window {
                    true => DpopReplay::Window,
                    false => DpopReplay::Off,
                },
            },
            certificates: CertificateBinding::default(),
            danger,
        }
    }

    /// Which access tokens resource servers take.
    #[must_use]
    pub const fn accepted_tokens(&self) -> AcceptedTokens {
        match self.dpop.required {
            true => AcceptedTokens::Bound,
            false => AcceptedTokens::BoundAndUnbound,
        }
    }

    /// How honest clients ask for access tokens and present them.
    #[must_use]
    pub const fn token_type(&self) -> TokenType {
        match self.dpop.required {
            true => TokenType::Dpop,
            false => TokenType::Bearer,
        }
    }

    /// A new memory of proofs, if servers have one.
    pub(super) fn replay_window(&self, rng: &mut impl rand::Rng) -> Option<SharedReplay> {
        let key = ReplayKey::generate(rng);
        self.dpop.replay_window.then(|| SharedReplay::new(Window::with_capacity(PROOFS), key))
    }

    /// What a server that checks proofs is told.
    pub(super) fn recipient(&self, replay: Option<SharedReplay>) -> RecipientSettings {
        let nonces = match self.dpop.nonces {
            true => NonceDemand::default(),
            false => NonceDemand::NotUsed,
        };
        RecipientSettings { nonces, replay, ..RecipientSettings::default() }
    }

    /// What brokers speak.
    #[must_use]
    pub const fn broker_protocol(&self) -> Protocol {
        match self.protocol {
            ProtocolKind::DeviceKey => Protocol::DeviceKey,
            ProtocolKind::SessionKey => Protocol::SessionKey,
        }
    }

    /// The KDF version brokers use.
    #[must_use]
    pub const fn broker_kdf(&self) -> KdfVersion {
        match self.kdf.broker {
            1 => KdfVersion::V1,
            _ => KdfVersion::V2,
        }
    }

    /// How key stores protect their keys.
    #[must_use]
    pub const fn protection(&self) -> Protection {
        match self.keystore {
            KeystoreKind::Hardware => Protection::Hardware,
            KeystoreKind::Software => Protection::Software,
        }
    }
}

/// A reason without the names of types.
fn in_plain_words(name: &str, reason: &str) -> String {
    match name {
        "dpop.servers" => return format!("a number from 1 to {MAX_SERVERS}"),
        "kdf.broker" => return "the versions are 1 and 2".to_owned(),
        _ => {}
    }
    ["u8", "u16", "u32", "u64", "usize"].iter().fold(reason.to_owned(), |reason, integer| {
        reason.replace(&format!("expected {integer}"), "expected a whole number")
    })
}

fn unknown(name: &str) -> SettingError {
    let likeness = |known: &String| strsim::jaro_winkler(known, name);
    let names = Settings::names().into_iter().map(|(known, _)| known);
    let nearest = names.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    SettingError::Unknown { name: name.to_owned(), nearest: nearest.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_set_by_dotted_name() {
        let mut settings = Settings::default();
        settings.set_text("nonce.single_use=true").unwrap();
        settings.set_text("keystore=software").unwrap();
        settings.set_text("policies=b,d1").unwrap();
        assert!(settings.nonce.single_use);
        assert_eq!(settings.keystore, KeystoreKind::Software);
        assert_eq!(settings.policies.len(), 2);
    }

    #[test]
    fn nonsense_is_refused_and_changes_nothing() {
        let mut settings = Settings::default();
        for bad in [
            "nonce.single=true",
            "keystore=gold",
            "kdf.broker=3",
            "nonce",
            "rules=1999",
            "dpop.servers=0",
            "dpop.servers=9",
        ] {
            assert!(settings.set_text(bad).is_err(), "{bad}");
        }
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn a_refusal_names_no_type_of_the_program() {
        let types = ["u8", "u16", "u32", "u64", "usize", "i64", "struct", "enum"];
        for (name, _) in Settings::names() {
            for value in ["two", "-1", "1.5", "99999999999999999999", "{}"] {
                let Err(error) = Settings::default().set_text(&format!("{name}={value}")) else {
                    continue;
                };
                let text = error.to_string();
                let words: Vec<&str> = text.split([' ', '`', ',']).collect();
                assert!(!types.iter().any(|one| words.contains(one)), "{text}");
            }
        }
        for wrong in ["two", "0", "9", "-1"] {
            let error = Settings::default().set_text(&format!("dpop.servers={wrong}")).unwrap_err();
            assert!(error.to_string().contains("a number from 1 to 8"), "{error}");
        }
    }

    #[test]
    fn every_name_can_be_set_to_its_default() {
        let mut settings = Settings::default();
        for (name, value) in Settings::names() {
            settings.set(&name, value).unwrap();
        }
        assert_eq!(settings, Settings::default());
    }
}
