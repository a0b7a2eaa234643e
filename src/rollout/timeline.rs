//! The policies of every week: the plan's phases as what an administrator would have configured.
//!
//! Each policy that requires token protection stands twice while a phase is watched: On for the
//! groups of earlier phases, and as a report-only copy for the groups of this one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::error::RolloutError;
use super::plan::{Phase, PlanFile};
use crate::base::id::{GroupId, PolicyId};
use crate::directory::Directory;
use crate::policy::{PolicyError, PolicySet};
use crate::sim::policies::policy_set;

/// Set in the id of a report-only copy.
const COPY: u128 = 1 << 96;

/// The policies of each week, and of what the plan leads to.
#[derive(Clone, Debug)]
pub struct Timeline {
    stages: Vec<Stage>,
    /// Which stage a week belongs to.
    weeks: Vec<usize>,
    reaches: Vec<Reach>,
    /// Every phase On.
    pub(super) at_the_end: PolicySet,
    /// On for every user, groups or not: what readiness is measured by.
    pub(super) for_everybody: PolicySet,
    /// The policies that are rolled out, report-only copies included.
    rolled_out: Vec<PolicyId>,
}

/// Part of a phase: the weeks before or after its policies are On.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Number of the phase, from 0.
    pub phase: usize,
    /// Whether the phase's groups are watched or covered.
    pub mode: Mode,
    pub(super) policies: PolicySet,
}

/// Report-only or On.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// On.
    On,
    /// Report-only.
    ReportOnly,
}

/// Whom a phase brings in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reach {
    Everybody,
    Groups(Vec<GroupId>),
    /// As the policies say themselves.
    Own,
}

impl Timeline {
    /// The weeks of a plan in a directory.
    ///
    /// # Errors
    /// A policy's own error with its place, `rollout.nothing_to_roll_out`, `rollout.unknown_name`
    /// for a group.
    pub(super) fn new(plan: &PlanFile, directory: &Directory) -> Result<Self, RolloutError> {
        let documents = documents(plan)?;
        if !documents.iter().any(requires_token_protection) {
            return Err(RolloutError::NothingToRollOut);
        }
        let reaches: Vec<Reach> = plan
            .phases
            .iter()
            .enumerate()
            .map(|(at, phase)| reach(at, phase, directory))
            .collect::<Result<_, _>>()?;
        let making = Making { documents: &documents };
        let (mut stages, mut weeks) = (Vec::new(), Vec::new());
        let mut on = Vec::new();
        for (at, (phase, reach)) in plan.phases.iter().zip(&reaches).enumerate() {
            let watched = making.set(&on, Some(reach))?;
            on.push(reach.clone());
            let covered = making.set(&on, None)?;
            for (mode, policies, count) in [
                (Mode::ReportOnly, watched, phase.report_only_weeks),
                (Mode::On, covered, phase.on_weeks),
            ] {
                weeks.extend(std::iter::repeat_n(stages.len(), count as usize));
                stages.push(Stage { phase: at, mode, policies });
            }
        }
        let rolled_out = documents.iter().filter(|one| requires_token_protection(one));
        let ids = rolled_out.filter_map(policy_id);
        let rolled_out = ids.flat_map(|id| [id, copy_of(id)]).collect();
        Ok(Self {
            stages,
            weeks,
            reaches,
            at_the_end: making.set(&on, None)?,
            for_everybody: making.set(&[Reach::Everybody], None)?,
            rolled_out,
        })
    }

    /// The stage of a week.
    #[must_use]
    pub fn stage(&self, week: u32) -> Option<&Stage> {
        self.stages.get(self.stage_of(week))
    }

    pub(super) fn stage_of(&self, week: u32) -> usize {
        self.weeks.get(week as usize).copied().unwrap_or(usize::MAX)
    }

    /// Parts of phases in order: report-only and On for each phase.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The first phase that brings in a user of these groups; `covered` says whether the policies
    /// name the user themselves.
    pub(super) fn phase_of(&self, groups: &BTreeSet<GroupId>, covered: bool) -> Option<usize> {
        self.reaches.iter().position(|reach| match reach {
            Reach::Everybody => true,
            Reach::Groups(ids) => ids.iter().any(|id| groups.contains(id)),
            Reach::Own => covered,
        })
    }

    /// Whether a policy is one that the plan rolls out.
    #[must_use]
    pub fn rolls_out(&self, policy: PolicyId) -> bool {
        self.rolled_out.contains(&policy)
    }

    /// The policies at the end with one change made to those that are rolled out.
    pub(super) fn at_the_end_with(
        &self,
        change: impl Fn(&mut Value),
    ) -> Result<PolicySet, PolicyError> {
        changed(&self.at_the_end, change)
    }
}

/// A set with one change made to the policies that require token protection.
fn changed(set: &PolicySet, change: impl Fn(&mut Value)) -> Result<PolicySet, PolicyError> {
    let mut documents = set.to_json();
    for document in documents.as_array_mut().into_iter().flatten() {
        if requires_token_protection(document) {
            change(document);
        }
    }
    PolicySet::from_json(documents.to_string().as_bytes())
}

/// All policies of the plan as documents.
fn documents(plan: &PlanFile) -> Result<Vec<Value>, RolloutError> {
    let mut documents = Vec::new();
    for (at, wanted) in plan.policies.iter().enumerate() {
        let set = match wanted {
            Value::String(name)
                if !crate::sim::policies::built_in().any(|(one, _)| one == name) =>
            {
                return Err(RolloutError::unknown(
                    format!("policies[{at}]"),
                    "built-in policy",
                    name,
                ));
            }
            Value::String(_) => policy_set(std::slice::from_ref(wanted))
                .map_err(|_| RolloutError::NothingToRollOut)?,
            whole => PolicySet::from_json(whole.to_string().as_bytes())
                .map_err(|error| RolloutError::Policy { index: at, error })?,
        };
        match set.to_json() {
            Value::Array(several) => documents.extend(several),
            Value::Object(mut members) => match members.remove("value") {
                Some(Value::Array(several)) => documents.extend(several),
                _ => documents.push(Value::Object(members)),
            },
            _ => {}
        }
    }
    Ok(documents)
}

fn requires_token_protection(document: &Value) -> bool {
    let enabled = document.pointer("/sessionControls/secureSignInSession/isEnabled");
    let state = document.get("state").and_then(Value::as_str);
    enabled == Some(&Value::Bool(true)) && state != Some("disabled")
}

fn policy_id(document: &Value) -> Option<PolicyId> {
    document.get("id")?.as_str()?.parse().ok()
}

fn copy_of(id: PolicyId) -> PolicyId {
    PolicyId::from_u128(id.as_u128() ^ COPY)
}

fn reach(at: usize, phase: &Phase, directory: &Directory) -> Result<Reach, RolloutError> {
    let Some(groups) = &phase.groups else { return Ok(Reach::Own) };
    if groups.iter().any(|name| name == "All") {
        return Ok(Reach::Everybody);
    }
    let find = |(number, name): (usize, &String)| {
        let by_id = name.parse::<GroupId>().ok().and_then(|id| directory.group(id));
        let found = by_id.or_else(|| directory.groups().find(|one| one.display_name == *name));
        found.map(|group| group.id).ok_or_else(|| {
            RolloutError::unknown(format!("phases[{at}].groups[{number}]"), "group", name)
        })
    };
    groups.iter().enumerate().map(find).collect::<Result<_, _>>().map(Reach::Groups)
}

struct Making<'d> {
    documents: &'d [Value],
}

impl Making<'_> {
    /// The policies with token protection On for `on` and watched for `watched`.
    fn set(&self, on: &[Reach], watched: Option<&Reach>) -> Result<PolicySet, RolloutError> {
        let mut all = Vec::new();
        for document in self.documents {
            if !requires_token_protection(document) {
                all.push(document.clone());
                continue;
            }
            if !on.is_empty() {
                let mut enforced = document.clone();
                put(&mut enforced, "state", json!("enabled"));
                include(&mut enforced, &together(on));
                all.push(enforced);
            }
            if let Some(reach) = watched {
                let mut copy = document.clone();
                put(&mut copy, "state", json!("enabledForReportingButNotEnforced"));
                if let Some(id) = policy_id(document) {
                    put(&mut copy, "id", json!(copy_of(id).to_string()));
                }
                let name = document.get("displayName").and_then(Value::as_str).unwrap_or_default();
                put(&mut copy, "displayName", json!(format!("{name} (watched)")));
                include(&mut copy, reach);
                all.push(copy);
            }
        }
        PolicySet::from_json(Value::Array(all).to_string().as_bytes())
            .map_err(RolloutError::Policies)
    }
}

fn together(reaches: &[Reach]) -> Reach {
    let mut groups = Vec::new();
    for reach in reaches {
        match reach {
            Reach::Groups(more) => groups.extend(more.iter().copied()),
            Reach::Everybody | Reach::Own => return reach.clone(),
        }
    }
    Reach::Groups(groups)
}

fn include(document: &mut Value, reach: &Reach) {
    let (users, groups) = match reach {
        Reach::Own => return,
        Reach::Everybody => (json!(["All"]), json!([])),
        Reach::Groups(ids) => {
            (json!([]), ids.iter().map(ToString::to_string).collect::<Vec<_>>().into())
        }
    };
    let Some(named) = document.pointer_mut("/conditions/users") else { return };
    put(named, "includeUsers", users);
    put(named, "includeGroups", groups);
    put(named, "includeRoles", json!([]));
    put(named, "includeGuestsOrExternalUsers", Value::Null);
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
