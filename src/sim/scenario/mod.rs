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

mod device;
mod error;
mod expect;
mod fit;
mod names;
mod step;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::json;

pub use device::ScenarioDevice;
pub(in crate::sim) use device::user;
pub use error::ScenarioError;
pub use expect::{EntryExpectation, Expect, StepResult};
pub(in crate::sim) use fit::uses;
pub use step::{
    Access, Actor, Admin, AdminAction, ClaimedPlatform, Legacy, LootKind, Machine, OnDevice, Phish,
    RegisterDevice, SignInMethod, Steal, Step, UseAs, UseLoot, Wait,
};

/// A scenario file may be this long, in octets.
const MAX_FILE: usize = 1024 * 1024;
/// A wait may last this long, in seconds: ten years.
const MAX_WAIT: u32 = 3650 * 86_400;
/// A name may be this long.
const MAX_NAME: usize = 64;
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
    /// Short name: lower-case letters, digits and hyphens, at most 64.
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
    /// Devices and machines beside those of the directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<ScenarioDevice>,
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

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// [`ScenarioError`], with the line where one can be told. Names of apps, resources, users,
    /// devices, policies and settings are looked up.
    pub fn from_json(text: &[u8]) -> Result<Self, ScenarioError> {
        if text.len() > MAX_FILE {
            return Err(ScenarioError::TooLong);
        }
        let scenario: Self = json::from_slice(text)?;
        scenario.check().map_err(|error| error.located_in(text))?;
        Ok(scenario)
    }

    /// Everything that can be said before it runs.
    fn check(&self) -> Result<(), ScenarioError> {
        let lower = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        let fits = self.name.bytes().all(|letter| lower(letter) || letter == b'-')
            && self.name.bytes().next().is_some_and(lower)
            && self.name.len() <= MAX_NAME;
        if !fits {
            let name = self.name.chars().take(MAX_NAME).collect();
            return Err(ScenarioError::Name { name });
        }
        if self.steps.is_empty() {
            return Err(ScenarioError::NoSteps);
        }
        if self.steps.len() > MAX_STEPS {
            return Err(ScenarioError::TooManySteps);
        }
        for (name, value) in &self.settings {
            let one = Map::from_iter([(name.clone(), value.clone())]);
            super::Settings::default().apply(&one)?;
        }
        for (step, verb) in self.steps.iter().enumerate() {
            let Step::Wait(wait) = verb else { continue };
            if !(1..=MAX_WAIT).contains(&wait.total()) {
                return Err(ScenarioError::Wait { step });
            }
        }
        self.check_names()?;
        self.check_uses()
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

    /// A scenario of one step, which stands on the second line.
    fn refused(step: &str) -> ScenarioError {
        let text = format!("{{\"name\":\"x\",\"title\":\"x\",\"steps\":[\n{step}]}}");
        Scenario::from_json(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn unknown_names_have_a_line_and_a_suggestion() {
        for (step, kind, name, nearest) in [
            (
                r#"{"signIn":{"user":"alise","device":"LT-ALICE","app":"outlook","resource":"exchange"}}"#,
                "user",
                "alise",
                "alice",
            ),
            (
                r#"{"signIn":{"user":"alice","device":"LT-ALICE","app":"outlok","resource":"exchange"}}"#,
                "app",
                "outlok",
                "outlook",
            ),
            (
                r#"{"fetch":{"user":"alice","device":"LT-ALICE","app":"outlook","resource":"exchang"}}"#,
                "resource",
                "exchang",
                "exchange",
            ),
            (
                r#"{"signIn":{"user":"alice","device":"LT-ALCE","app":"outlook","resource":"exchange"}}"#,
                "device",
                "LT-ALCE",
                "LT-ALICE",
            ),
            (
                r#"{"steal":{"loot":"prt","user":"alice","device":"lt-alice"}}"#,
                "device",
                "lt-alice",
                "LT-ALICE",
            ),
            (r#"{"admin":{"action":"disableDevice","device":"X"}}"#, "device", "X", "AVD-0"),
            (r#"{"admin":{"action":"setPolicies","policies":["b","d9"]}}"#, "policy", "d9", "d1"),
            (r#"{"use":{"app":"azurecli"}}"#, "app", "azurecli", "azure-cli"),
            (
                r#"{"phish":{"user":"alice","app":"teams","resource":"team"}}"#,
                "resource",
                "team",
                "teams",
            ),
            (
                r#"{"legacySignIn":{"user":"alice","resource":"exchange","protocol":"IMAP"}}"#,
                "protocol",
                "IMAP",
                "IMAP4",
            ),
            (
                r#"{"registerDevice":{"user":"alice","device":"NEW","method":"join"}}"#,
                "registration method",
                "join",
                "hybridJoin",
            ),
        ] {
            let error = refused(step);
            assert_eq!(error.code(), "sim.unknown_name", "{step}: {error}");
            let text = error.to_string();
            assert!(text.starts_with("line 2, column "), "{text}");
            let says = format!("there is no {kind} `{name}`; the nearest is `{nearest}`");
            assert!(text.ends_with(&says), "{text}");
        }
    }

    #[test]
    fn other_faults_have_a_line_too() {
        let error = refused(r#"{"wait":{}}"#);
        assert_eq!(error.code(), "sim.wait");
        assert!(error.to_string().starts_with("line 2, column "), "{error}");
        let text = b"{\"name\":\"x\",\"title\":\"x\",\n\"settings\":{\n\"nonce.singel_use\":true},\"steps\":[{\"wait\":{\"days\":1}}]}";
        let error = Scenario::from_json(text).unwrap_err();
        assert_eq!(error.code(), "sim.setting");
        assert!(error.to_string().starts_with("line 3, column "), "{error}");
        let text = br#"{"name":"X y","title":"x","steps":[{"wait":{"days":1}}]}"#;
        assert_eq!(Scenario::from_json(text).unwrap_err().code(), "sim.name");
    }

    #[test]
    fn machines_may_have_names_of_their_own() {
        for step in [
            r#"{"signIn":{"user":"alice","device":"KIOSK-7","app":"outlook","resource":"exchange"}}"#,
            r#"{"registerDevice":{"user":"alice","device":"NEW-PC"}},{"admin":{"action":"deleteDevice","device":"NEW-PC"}}"#,
        ] {
            let text = format!(r#"{{"name":"x","title":"x","steps":[{step}]}}"#);
            Scenario::from_json(text.as_bytes()).unwrap();
        }
    }
}
