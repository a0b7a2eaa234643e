//! The truth of the model: a sample of sign-ins with real cryptography.
//!
//! Each sampled sign-in is played by a provider, a broker, a key store and a resource server under
//! the policies of its week. The record must be the modelled one, member by member; only ids that
//! a provider draws may differ, and what is derived from them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::RolloutError;
use super::rehearsal::{Act, Drawn, Rehearsal};
use crate::signin::SignInRecord;
use crate::sim::scenario::SignInMethod;
use crate::sim::{Played, Player, Way};

/// Members of a record that a provider draws, or derives from what it drew.
pub const DRAWN_MEMBERS: &[&str] =
    &["correlationId", "id", "originalRequestId", "sessionId", "uniqueTokenIdentifier"];

/// How far a sample is looked for.
const SEARCH: u64 = 200_000;

impl Rehearsal {
    /// Numbers of `wanted` sign-ins, ascending: first one of each kind (trouble and act), then
    /// others spread over the plan.
    #[must_use]
    pub fn sample(&self, wanted: usize) -> Vec<u64> {
        // Nobody can have more than there are.
        let wanted = wanted.min(usize::try_from(self.total()).unwrap_or(usize::MAX));
        let mut kinds = BTreeSet::new();
        let mut chosen = BTreeSet::new();
        let near = self.total().min(SEARCH);
        for number in (0..near).filter_map(|number| self.draw(number)) {
            if chosen.len() >= wanted {
                break;
            }
            if kinds.insert((number.situation.trouble(), number.situation.act)) {
                chosen.insert(number.number);
            }
        }
        let missing = wanted.saturating_sub(chosen.len()) as u64;
        let spread = (0..missing).map(|at| at * self.total() / missing.max(1));
        chosen.extend(spread);
        chosen.into_iter().collect()
    }

    /// Plays the sign-ins of these ascending numbers with real cryptography and compares. `progress`
    /// is told how many of how many are done.
    ///
    /// # Errors
    /// `rollout.differs` with the first member that differs; `rollout.unplayable`.
    pub fn verify(
        &self,
        numbers: &[u64],
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), RolloutError> {
        let directory = self.fleet.directory().clone();
        let begins = self.plan.begins();
        let unplayable = |number, why: String| RolloutError::Unplayable { number, why };
        let player = Player::new(directory, self.rules, self.plan.root(), begins);
        let mut player = player.map_err(|error| unplayable(0, error.to_string()))?;
        for (done, number) in numbers.iter().enumerate() {
            let outside = || unplayable(*number, "there is no such sign-in".to_owned());
            let drawn = self.draw(*number).ok_or_else(outside)?;
            let stage = self.timeline.stage(drawn.week).ok_or_else(outside)?;
            let modelled = self.record(&drawn).ok_or_else(outside)?;
            let real = player
                .play(&self.played(&drawn), &stage.policies)
                .map_err(|error| unplayable(*number, error.to_string()))?;
            compare(*number, &modelled, &real)?;
            progress(done + 1, numbers.len());
        }
        Ok(())
    }

    fn played<'d>(&'d self, drawn: &Drawn<'d>) -> Played<'d> {
        let situation = drawn.situation;
        let device = situation.device.and_then(|id| self.fleet.directory().device(id));
        Played {
            time: drawn.time,
            user: situation.member.user,
            method: match situation.member.second_factor {
                true => SignInMethod::PasswordAndSecondFactor,
                false => SignInMethod::Password,
            },
            machine: device.map_or("unregistered machine", |device| &device.display_name),
            device: situation.device,
            user_agent: situation.station.user_agent,
            address: situation.station.address,
            client: situation.used.client,
            version: situation.used.version,
            resource: situation.used.resource,
            way: match situation.act {
                Act::AppRefresh | Act::BrokerRefresh => Way::Refresh,
                _ => Way::SignIn,
            },
        }
    }
}

/// Compares two records member by member, drawn ids apart.
fn compare(number: u64, modelled: &SignInRecord, real: &SignInRecord) -> Result<(), RolloutError> {
    let members = |record: &SignInRecord| match serde_json::to_value(record) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (modelled, real) = (members(modelled), members(real));
    let names: BTreeSet<&String> = modelled.keys().chain(real.keys()).collect();
    for name in names.into_iter().filter(|name| !DRAWN_MEMBERS.contains(&name.as_str())) {
        let of = |members: &serde_json::Map<String, Value>| members.get(name).cloned();
        let (modelled, real) = (of(&modelled), of(&real));
        if modelled != real {
            let shown = |value: Option<Value>| match value {
                Some(value) => format!("`{name}` {value}"),
                None => format!("no `{name}`"),
            };
            let (modelled, real) = (shown(modelled), shown(real));
            return Err(RolloutError::Differs { number, modelled, real });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Directory;
    use crate::rollout::{PlanFile, Trouble, directory_file};

    /// A fleet in which every kind of trouble is frequent.
    fn troubled() -> Rehearsal {
        let mut plan = PlanFile::builtin();
        plan.fleet.users = 120;
        for share in plan.shares().shares {
            if share.assigns == crate::rollout::Assigns::Habit {
                plan.fleet.shares.insert(share.name, 0.4);
            }
        }
        plan.policies = ["b", "d1", "d2", "d3"].map(Value::from).to_vec();
        let directory = Directory::from_json(directory_file(&plan).to_string().as_bytes()).unwrap();
        Rehearsal::new(plan, directory, None).unwrap()
    }

    #[test]
    fn every_kind_of_sign_in_is_the_same_with_real_cryptography() {
        let rehearsal = troubled();
        let sample = rehearsal.sample(150);
        let seen: BTreeSet<_> = sample
            .iter()
            .map(|number| rehearsal.draw(*number).unwrap().situation.trouble())
            .collect();
        let wanted = Trouble::ALL.iter().filter(|one| **one != Trouble::UnmanagedApple);
        let missing: Vec<_> = wanted.filter(|one| !seen.contains(one)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        rehearsal.verify(&sample, &mut |_, _| {}).unwrap();
    }

    #[test]
    fn a_difference_names_both_sides() {
        let rehearsal = troubled();
        let drawn = rehearsal.draw(0).unwrap();
        let modelled = rehearsal.record(&drawn).unwrap();
        let mut real = modelled.clone();
        real.id = crate::base::id::RequestId::from_u128(1);
        assert_eq!(compare(0, &modelled, &real), Ok(()));
        real.status.error_code = 7;
        let error = compare(0, &modelled, &real).unwrap_err();
        assert_eq!(error.code(), "rollout.differs");
        assert!(error.to_string().contains("\"errorCode\":7"), "{error}");
    }
}
