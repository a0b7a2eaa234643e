//! The plan of a roll-out: which policies, which groups when, and how much is signed in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::RolloutError;
use super::shares::Shares;
use crate::base::Timestamp;
use crate::base::json;
use crate::base::stream::Seed;
use crate::catalog::{Catalog, RulePack};

/// The largest plan file that is read, in octets.
pub const MAX_PLAN_LEN: usize = 1024 * 1024;

/// The largest fleet that is generated: a directory file has to hold it.
pub const MAX_USERS: u32 = 8_000;

/// The most sign-ins of one rehearsal.
pub const MAX_SIGN_INS: u64 = 1_000_000_000;

/// Weeks of a whole plan.
const MAX_WEEKS: u32 = 520;

/// A plan that rolls out policy `b` with its companions to a pilot group, a wave and everybody.
pub const DEFAULT_PLAN: &[u8] = include_bytes!("../data/rollout/plan.json");

/// A plan file as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "RolloutPlan"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanFile {
    /// Where editors find the schema; not read.
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What the plan is called.
    pub name: String,
    /// Policies in force: names of built-in ones, whole policies, or `{"file": "policies.json"}`.
    /// Those that require token protection are rolled out; the others stay as they are.
    pub policies: Vec<Value>,
    /// Rule pack by date. Default: the newest.
    #[serde(default = "newest")]
    pub rules: String,
    /// The first day, `YYYY-MM-DD` (UTC).
    pub start: String,
    /// Phases, one after another; 1 to 50.
    pub phases: Vec<Phase>,
    /// Sign-ins of each user in a week, 1 to 10,000. Default: 20.
    #[serde(default = "twenty")]
    pub sign_ins_per_user_and_week: u32,
    /// The fleet that is made up where no directory is given.
    #[serde(default)]
    pub fleet: FleetFile,
    /// The mix of apps in place of the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apps: Option<Vec<AppFile>>,
    /// So many covered sign-ins, all of them bound, make a user ready. Default: 10.
    #[serde(default = "ten")]
    pub ready_after: u32,
    /// Root of all chance. Default: 2026.
    #[serde(default = "year")]
    pub seed: u64,
}

/// A phase: its groups are watched in report-only, then the policy is On for them as well.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "RolloutPhase"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Phase {
    /// What it is called.
    pub name: String,
    /// Groups of the directory by name or id, or `All` for every user. Without the member the
    /// policies keep the users that they name themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Weeks in report-only; 0 to 104.
    pub report_only_weeks: u32,
    /// Weeks with the policy On before the next phase begins; 0 to 104.
    pub on_weeks: u32,
}

/// A fleet that is made up.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "RolloutFleet"))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FleetFile {
    /// Users, 1 to 8,000. Default: 200.
    pub users: u32,
    /// Shares by name, each 0 to 1, in place of the built-in ones.
    pub shares: BTreeMap<String, f64>,
}

impl Default for FleetFile {
    fn default() -> Self {
        Self { users: 200, shares: BTreeMap::new() }
    }
}

/// One app of the mix.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "RolloutApp"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppFile {
    /// App of the catalogue (`tplab list --apps`).
    pub app: String,
    /// Its release, if not the catalogue's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Resource of the catalogue.
    pub resource: String,
    /// How often, beside the other entries; 1 to 1,000,000.
    pub weight: u32,
}

fn newest() -> String {
    RulePack::newest().id.clone()
}

const fn ten() -> u32 {
    10
}

const fn twenty() -> u32 {
    20
}

const fn year() -> u64 {
    2026
}

impl PlanFile {
    /// Reads a plan.
    ///
    /// # Errors
    /// `rollout.too_long`, `rollout.json` with line and path, `rollout.bad_value`,
    /// `rollout.unknown_name`. Policies and groups are looked at when the rehearsal is set up.
    pub fn from_json(text: &[u8]) -> Result<Self, RolloutError> {
        if text.len() > MAX_PLAN_LEN {
            return Err(RolloutError::TooLong);
        }
        let plan: Self = json::from_slice(text)?;
        plan.check()?;
        Ok(plan)
    }

    /// The plan that comes with the lab.
    #[must_use]
    pub fn builtin() -> Self {
        // INVARIANT: the file is part of the build, and a test reads it.
        #[expect(clippy::expect_used, reason = "the data is compiled in and tested")]
        Self::from_json(DEFAULT_PLAN).expect("a sound plan")
    }

    /// Policy files that the plan names, with the place of each in `policies`. Whoever may read
    /// files puts their content there with [`PlanFile::put_policies`].
    pub fn policy_files(&self) -> impl Iterator<Item = (usize, &str)> {
        self.policies.iter().enumerate().filter_map(|(at, wanted)| Some((at, file_of(wanted)?)))
    }

    /// Puts the content of a policy file in its place.
    pub fn put_policies(&mut self, at: usize, content: Value) {
        if let Some(place) = self.policies.get_mut(at) {
            *place = content;
        }
    }

    /// The whole plan in weeks.
    #[must_use]
    pub fn weeks(&self) -> u32 {
        self.phases.iter().map(|phase| phase.report_only_weeks + phase.on_weeks).sum()
    }

    /// The first second of the plan.
    #[must_use]
    pub fn begins(&self) -> Timestamp {
        day(&self.start).unwrap_or(Timestamp::from_unix(0))
    }

    /// The root of all chance.
    #[must_use]
    pub const fn root(&self) -> Seed {
        Seed(self.seed)
    }

    /// The rule pack.
    #[must_use]
    pub fn rule_pack(&self) -> &'static RulePack {
        RulePack::named(&self.rules).unwrap_or_else(RulePack::newest)
    }

    /// Shares and apps as this plan has them.
    #[must_use]
    pub fn shares(&self) -> Shares {
        let mut shares = Shares::builtin().clone().with(&self.fleet.shares);
        if let Some(apps) = &self.apps {
            let own = |app: &AppFile| super::shares::MixEntry {
                app: app.app.clone(),
                version: app.version.clone(),
                resource: app.resource.clone(),
                weight: app.weight,
                source: Vec::new(),
            };
            shares.apps = apps.iter().map(own).collect();
        }
        shares
    }

    /// Checks what a plan that was read otherwise says.
    ///
    /// # Errors
    /// `rollout.bad_value`, `rollout.unknown_name`.
    pub fn check(&self) -> Result<(), RolloutError> {
        let between = |path: &str, value: u32, low: u32, high: u32, expected| match (low..=high)
            .contains(&value)
        {
            true => Ok(()),
            false => Err(RolloutError::bad(path, &value.to_string(), expected)),
        };
        if day(&self.start).is_none() {
            return Err(RolloutError::bad("start", &self.start, "a day such as `2026-09-07`"));
        }
        if RulePack::named(&self.rules).is_none() {
            return Err(RolloutError::unknown("rules", "rule pack", &self.rules));
        }
        let phases = u32::try_from(self.phases.len()).unwrap_or(u32::MAX);
        between("phases", phases, 1, 50, "a number of phases from 1 to 50")?;
        for (at, phase) in self.phases.iter().enumerate() {
            let expected = "a number of weeks from 0 to 104";
            let path = format!("phases[{at}].reportOnlyWeeks");
            between(&path, phase.report_only_weeks, 0, 104, expected)?;
            between(&format!("phases[{at}].onWeeks"), phase.on_weeks, 0, 104, expected)?;
        }
        between("phases", self.weeks(), 1, MAX_WEEKS, "1 to 520 weeks in all")?;
        let expected = "a number from 1 to 10000";
        between("signInsPerUserAndWeek", self.sign_ins_per_user_and_week, 1, 10_000, expected)?;
        between("readyAfter", self.ready_after, 1, 1_000_000, "a number from 1 to 1000000")?;
        between("fleet.users", self.fleet.users, 1, MAX_USERS, "a number from 1 to 8000")?;
        self.check_shares()?;
        self.check_apps()
    }

    fn check_shares(&self) -> Result<(), RolloutError> {
        for (name, share) in &self.fleet.shares {
            let path = format!("fleet.shares.{name}");
            if Shares::builtin().named(name).is_none() {
                return Err(RolloutError::unknown("fleet.shares", "share", name));
            }
            if !(0.0..=1.0).contains(share) {
                return Err(RolloutError::bad(path, &share.to_string(), "a share from 0 to 1"));
            }
        }
        let shares = self.shares();
        let main = shares.shares.iter().filter(|share| share.assigns == super::Assigns::Device);
        let sum: f64 = main.map(|share| share.share).sum();
        match sum <= 1.000_001 {
            true => Ok(()),
            false => Err(RolloutError::bad(
                "fleet.shares",
                &format!("{sum:.3}"),
                "a sum of at most 1 for the shares of main devices",
            )),
        }
    }

    fn check_apps(&self) -> Result<(), RolloutError> {
        for (at, entry) in self.apps.iter().flatten().enumerate() {
            let path = |member: &str| format!("apps[{at}].{member}");
            if Catalog::builtin().client(&entry.app).is_none() {
                return Err(RolloutError::unknown(path("app"), "app", &entry.app));
            }
            if Catalog::builtin().resource(&entry.resource).is_none() {
                return Err(RolloutError::unknown(path("resource"), "resource", &entry.resource));
            }
            let version = entry.version.as_deref();
            if let Some(text) =
                version.filter(|text| text.parse::<crate::catalog::Version>().is_err())
            {
                return Err(RolloutError::bad(path("version"), text, "a version such as `22.217`"));
            }
            if !(1..=1_000_000).contains(&entry.weight) {
                let expected = "a weight from 1 to 1000000";
                return Err(RolloutError::bad(path("weight"), &entry.weight.to_string(), expected));
            }
        }
        Ok(())
    }
}

/// `{"file": PATH}` and nothing else.
fn file_of(wanted: &Value) -> Option<&str> {
    let members = wanted.as_object().filter(|members| members.len() == 1)?;
    members.get("file")?.as_str()
}

fn day(text: &str) -> Option<Timestamp> {
    let date: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
    format!("{date}T00:00:00Z").parse().ok()
}

/// The JSON Schema of a plan file.
#[cfg(feature = "cli")]
#[must_use]
pub fn plan_schema() -> schemars::Schema {
    schemars::schema_for!(PlanFile)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(edit: impl FnOnce(&mut Value)) -> RolloutError {
        let mut plan: Value = serde_json::from_slice(DEFAULT_PLAN).unwrap();
        edit(&mut plan);
        PlanFile::from_json(plan.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn the_built_in_plan_can_be_read() {
        let plan = PlanFile::builtin();
        assert_eq!(plan.begins().to_string(), format!("{}T00:00:00Z", plan.start));
        assert!(plan.weeks() > 0 && plan.fleet.users > 0);
    }

    #[test]
    fn what_is_out_of_bounds_is_named_by_its_path() {
        let path = |error: RolloutError| match error {
            RolloutError::BadValue { path, .. } | RolloutError::UnknownName { path, .. } => path,
            other => panic!("{other}"),
        };
        let bad = |edit: fn(&mut Value)| path(refused(edit));
        assert_eq!(bad(|plan| plan["start"] = "2026-13-01".into()), "start");
        assert_eq!(bad(|plan| plan["start"] = "20260901".into()), "start");
        assert_eq!(bad(|plan| plan["rules"] = "1999-01".into()), "rules");
        assert_eq!(bad(|plan| plan["phases"] = Value::Array(vec![])), "phases");
        assert_eq!(bad(|plan| plan["phases"][0]["onWeeks"] = 105.into()), "phases[0].onWeeks");
        assert_eq!(bad(|plan| plan["signInsPerUserAndWeek"] = 0.into()), "signInsPerUserAndWeek");
        assert_eq!(bad(|plan| plan["fleet"]["users"] = 8_001.into()), "fleet.users");
        assert_eq!(
            bad(|plan| plan["fleet"]["shares"] = serde_json::json!({"gold": 0.1})),
            "fleet.shares"
        );
        assert_eq!(
            bad(|plan| plan["fleet"]["shares"] = serde_json::json!({"hybrid": 1.5})),
            "fleet.shares.hybrid"
        );
        assert_eq!(
            bad(|plan| plan["fleet"]["shares"] = serde_json::json!({"hybrid": 1.0})),
            "fleet.shares"
        );
        let app = |app: Value| refused(|plan| plan["apps"] = Value::Array(vec![app]));
        let entry = |app, version, resource, weight| serde_json::json!({"app": app, "version": version, "resource": resource, "weight": weight});
        assert_eq!(path(app(entry("gold", "1.0", "exchange", 1))), "apps[0].app");
        assert_eq!(path(app(entry("teams", "x", "exchange", 1))), "apps[0].version");
        assert_eq!(path(app(entry("teams", "1.0", "gold", 1))), "apps[0].resource");
        assert_eq!(path(app(entry("teams", "1.0", "exchange", 0))), "apps[0].weight");
    }

    #[test]
    fn unknown_and_doubled_members_are_refused_with_their_place() {
        let error = refused(|plan| plan["phases"][0]["weeks"] = 1.into());
        assert_eq!(error.code(), "rollout.json");
        assert!(error.to_string().contains("phases[0]"), "{error}");
        let twice = PlanFile::from_json(b"{\"name\":\"a\",\n\"name\":\"b\"}").unwrap_err();
        assert!(twice.to_string().starts_with("line 2"), "{twice}");
        let long = vec![b' '; MAX_PLAN_LEN + 1];
        assert_eq!(PlanFile::from_json(&long).unwrap_err().code(), "rollout.too_long");
    }
}
