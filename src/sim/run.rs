//! Running a scenario: one step after another, each compared with what was expected of it.

use crate::base::Danger;
use crate::base::stream::Seed;
use crate::signin::SignInRecord;

use super::network::Seen;
use super::outcome::{Outcome, StepOutcome, ThiefOutcome};
use super::scenario::{Expect, Scenario, ScenarioError, Step, StepResult};
use super::settings::Settings;
use super::world::World;

/// The seed of a run that names none.
pub const DEFAULT_SEED: Seed = Seed(2026);

/// How to run a scenario.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Root of all chance.
    pub seed: Seed,
    /// `name=value`, applied after the scenario's own settings.
    pub settings: Vec<String>,
    /// Checks taken out; none outside the `testing` feature.
    pub danger: Danger,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { seed: DEFAULT_SEED, settings: Vec::new(), danger: Danger::NONE }
    }
}

/// How a step ended, with what a resource served.
pub(super) enum End {
    Done,
    NothingToSteal,
    Refused,
    Served(String),
}

/// Runs a scenario from start to end.
///
/// # Errors
/// [`ScenarioError`]: a setting, name, directory or policy that does not exist or cannot be read, or
/// a step that needs what no earlier step made. A refusal is no error: it is what the run shows.
pub fn run(scenario: &Scenario, options: &RunOptions) -> Result<Outcome, ScenarioError> {
    let mut settings = Settings::default();
    settings.apply(&scenario.settings)?;
    for assignment in &options.settings {
        settings.set_text(assignment)?;
    }
    let differing = differing(&settings);
    scenario.check_names()?;
    scenario.check_uses()?;
    let mut world = World::new(scenario, settings, options.seed, options.danger)?;
    let mut steps = Vec::with_capacity(scenario.steps.len());
    for (index, step) in scenario.steps.iter().enumerate() {
        steps.push(world.perform(index, step)?);
    }
    let thief = ThiefOutcome::of(&steps);
    let mut surprises = Vec::new();
    if let Some(expected) = scenario.expect.map(ThiefOutcome::from)
        && expected != thief
    {
        surprises.push(format!("the thief: expected {}, got {}", expected.word(), thief.word()));
    }
    let expectations = steps.iter().map(|step| step.expectations).sum::<usize>()
        + usize::from(scenario.expect.is_some());
    Ok(Outcome {
        scenario: scenario.name.clone(),
        title: scenario.title.clone(),
        lesson: scenario.lesson.clone(),
        seed: options.seed.0,
        settings: differing,
        steps,
        thief,
        expectations,
        surprises,
        records: world.network.provider.log().iter().cloned().collect(),
        trace: world.network.trace,
    })
}

/// Settings that differ from the baseline, as `name=value`.
fn differing(settings: &Settings) -> Vec<String> {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => {
            let name = |item: &serde_json::Value| {
                item.as_str().map_or_else(|| "(own policy)".to_owned(), str::to_owned)
            };
            items.iter().map(name).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    };
    let differs = |(name, value): (String, serde_json::Value)| {
        let default = Settings::names().into_iter().find(|(known, _)| *known == name);
        let same = default.is_some_and(|(_, default)| default == value);
        (!same).then(|| format!("{name}={}", text(&value)))
    };
    settings.flat().into_iter().filter_map(differs).collect()
}

impl World {
    fn perform(&mut self, index: usize, step: &Step) -> Result<StepOutcome, ScenarioError> {
        self.network.seen = Seen::default();
        let records = self.network.provider.log().len();
        let text = step.sentence();
        self.network.trace.step(index + 1, text.clone());
        let end = match step {
            Step::Admin(admin) => self.administer(index, admin)?,
            Step::BrowserCredential(who) => self.make_browser_credential(index, who)?,
            Step::Browse(access) => self.browse(index, access)?,
            Step::Fetch(access) => self.fetch_again(index, access)?,
            Step::LegacySignIn(legacy) => self.legacy(index, legacy)?,
            Step::Phish(phish) => self.phish(index, phish)?,
            Step::Refresh(access) => self.refresh(index, access)?,
            Step::RegisterDevice(register) => self.register_device(index, register)?,
            Step::RegisterOwnDevice(wanted) => self.register_own_device(index, wanted)?,
            Step::RegisterUserKey(who) => self.register_user_key(index, who)?,
            Step::Renew(who) => self.renew(index, who)?,
            Step::Reset(machine) => {
                self.reset(index, &machine.device)?;
                End::Done
            }
            Step::RollSessionKey(who) => self.roll(index, who)?,
            Step::SignIn(access) => self.sign_in(index, access)?,
            Step::Steal(steal) => self.steal(index, steal)?,
            Step::Use(wanted) => self.use_loot(index, wanted)?,
            Step::Wait(wait) => {
                self.network.clock.advance_by(crate::base::Lifetime::from_secs(wait.total()));
                End::Done
            }
            Step::Write(access) => self.write(index, access)?,
        };
        Ok(self.outcome_of(index, text, step, end, records))
    }

    /// `records`: how many there were before the step.
    fn outcome_of(
        &self,
        index: usize,
        text: String,
        step: &Step,
        end: End,
        records: usize,
    ) -> StepOutcome {
        let seen = self.network.seen.clone();
        let (result, content) = match end {
            End::Done => (StepResult::Done, None),
            End::NothingToSteal => (StepResult::NothingToSteal, None),
            End::Refused => (StepResult::Refused, None),
            End::Served(content) => (StepResult::Served, Some(content)),
        };
        // A credential that was ignored on the way to success decided nothing.
        let refused = result == StepResult::Refused;
        let mut outcome = StepOutcome {
            number: index + 1,
            text,
            by_thief: step.by_thief(),
            result,
            check: seen.check.filter(|_| refused),
            code: seen.code.filter(|_| refused),
            error: seen.error.filter(|_| refused),
            policy: seen.policy.filter(|_| refused),
            status: seen.status,
            content,
            expectations: step.expect().map_or(0, Expect::count),
            surprises: Vec::new(),
        };
        if let Some(expect) = step.expect() {
            let left: Vec<&SignInRecord> =
                self.network.provider.log().iter().skip(records).collect();
            outcome.compare(expect, &left);
        }
        outcome
    }
}

impl Step {
    /// What the step is, as a sentence without a full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Admin(admin) => admin.sentence(),
            Self::BrowserCredential(who) => {
                format!("the broker of {} signs a browser credential for {}", who.device, who.user)
            }
            Self::Browse(access) => format!(
                "{} opens {} in a browser on {}",
                access.user, access.resource, access.device
            ),
            Self::Fetch(access) => format!(
                "{} on {} asks {} again with the access token it has",
                access.app, access.device, access.resource
            ),
            Self::LegacySignIn(legacy) => format!(
                "{} signs in to {} over {} as {}",
                match legacy.by {
                    super::scenario::Actor::Thief => "the thief",
                    super::scenario::Actor::User => &legacy.user,
                },
                legacy.resource,
                legacy.protocol,
                legacy.user
            ),
            Self::Phish(phish) => format!(
                "the thief relays a sign-in of {} to {} for {}, claiming {}",
                phish.user,
                phish.app,
                phish.resource,
                phish.platform.name()
            ),
            Self::Refresh(access) => format!(
                "{} on {} refreshes its tokens for {}",
                access.app, access.device, access.resource
            ),
            Self::RegisterDevice(register) => {
                format!("{} registers the device {}", register.user, register.device)
            }
            Self::RegisterOwnDevice(_) => {
                "the thief registers a device of its own with the phished sign-in".to_owned()
            }
            Self::RegisterUserKey(who) => {
                format!("{} registers a user key on {}", who.user, who.device)
            }
            Self::Renew(who) => format!("the broker of {} renews its PRT", who.device),
            Self::Reset(machine) => format!("{} is set back to its image", machine.device),
            Self::RollSessionKey(who) => {
                format!("the broker of {} asks for a new PRT and session key", who.device)
            }
            Self::SignIn(access) => format!(
                "{} signs in to {} on {} and opens {}",
                access.user, access.app, access.device, access.resource
            ),
            Self::Steal(steal) => {
                format!("the thief takes {} from {}", steal.loot.name(), steal.device)
            }
            Self::Use(wanted) => {
                let (resource, platform) = (&wanted.resource, wanted.platform.name());
                match wanted.how.phrase() {
                    None => format!("the thief uses it for {resource}, claiming {platform}"),
                    Some(how) => {
                        format!("the thief uses it {how} for {resource}, claiming {platform}")
                    }
                }
            }
            Self::Wait(wait) => format!("{} seconds pass", wait.total()),
            Self::Write(access) => {
                format!("{} on {} writes a note at {}", access.app, access.device, access.resource)
            }
        }
    }

    /// Whether the thief acts.
    #[must_use]
    pub const fn by_thief(&self) -> bool {
        match self {
            Self::Phish(_) | Self::RegisterOwnDevice(_) | Self::Steal(_) | Self::Use(_) => true,
            Self::LegacySignIn(legacy) => matches!(legacy.by, super::scenario::Actor::Thief),
            _ => false,
        }
    }

    const fn expect(&self) -> Option<&Expect> {
        match self {
            Self::Admin(_) | Self::Reset(_) | Self::Steal(_) | Self::Wait(_) => None,
            Self::BrowserCredential(who)
            | Self::RegisterUserKey(who)
            | Self::Renew(who)
            | Self::RollSessionKey(who) => who.expect.as_ref(),
            Self::Browse(access)
            | Self::Fetch(access)
            | Self::Refresh(access)
            | Self::SignIn(access)
            | Self::Write(access) => access.expect.as_ref(),
            Self::LegacySignIn(legacy) => legacy.expect.as_ref(),
            Self::Phish(phish) => phish.expect.as_ref(),
            Self::RegisterDevice(register) => register.expect.as_ref(),
            Self::RegisterOwnDevice(wanted) | Self::Use(wanted) => wanted.expect.as_ref(),
        }
    }
}
