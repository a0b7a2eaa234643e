//! Which loot can be used how: a use that the loot cannot be put to is refused before it is told.

use super::step::{LootKind, Step, UseAs};
use super::{Scenario, ScenarioError};
use crate::attacker::Loot;

impl LootKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::AccessToken,
        Self::BrokerRefreshToken,
        Self::BrowserCredential,
        Self::DerivedKey,
        Self::DeviceControl,
        Self::DpopProofs,
        Self::DpopRequest,
        Self::KeyStore,
        Self::Password,
        Self::Prt,
        Self::PrtRequest,
        Self::RefreshToken,
        Self::ResourceRequest,
        Self::SessionKey,
    ];

    /// The ways to use it, as it is meant first.
    #[must_use]
    pub const fn uses(self) -> &'static [UseAs] {
        use UseAs as U;
        match self {
            Self::AccessToken => &[U::AsIs, U::Bearer, U::DroppedCnf, U::OtherToken, U::OwnKey],
            Self::BrokerRefreshToken | Self::RefreshToken => &[U::AsIs, U::PlainGrant],
            Self::BrowserCredential
            | Self::DeviceControl
            | Self::KeyStore
            | Self::Password
            | Self::ResourceRequest
            | Self::SessionKey => AS_IS,
            Self::DerivedKey => &[U::AsIs, U::BrowserCredential, U::TokenRequest],
            Self::DpopProofs => &[U::AsIs, U::OtherMethod, U::OtherUrl],
            Self::DpopRequest | Self::PrtRequest => &[U::AsIs, U::Altered],
            Self::Prt => &[U::AsIs, U::PlainGrant, U::TokenRequest],
        }
    }

    /// The kind of what the thief holds; none of what it asked for itself.
    pub(in crate::sim) const fn of(loot: &Loot) -> Option<Self> {
        Some(match loot {
            Loot::AccessToken(_) => Self::AccessToken,
            Loot::BrokerRefreshToken { .. } => Self::BrokerRefreshToken,
            Loot::BrowserCredential(_) => Self::BrowserCredential,
            Loot::DerivedKeys(_) => Self::DerivedKey,
            Loot::DeviceControl { .. } => Self::DeviceControl,
            Loot::DpopProofs { .. } => Self::DpopProofs,
            Loot::DpopRequest(_) => Self::DpopRequest,
            Loot::KeyStore(_) => Self::KeyStore,
            Loot::OwnAccessToken { .. } | Loot::OwnDevice => return None,
            Loot::Password(_) => Self::Password,
            Loot::Prt(_) => Self::Prt,
            Loot::PrtRequest(_) => Self::PrtRequest,
            Loot::RefreshToken { .. } => Self::RefreshToken,
            Loot::ResourceRequest(_) => Self::ResourceRequest,
            Loot::SessionKey(_) => Self::SessionKey,
        })
    }
}

const AS_IS: &[UseAs] = &[UseAs::AsIs];

/// The ways to use loot of a kind, or what the thief asked for itself.
pub(in crate::sim) fn uses(kind: Option<LootKind>) -> &'static [UseAs] {
    kind.map_or(AS_IS, LootKind::uses)
}

impl Scenario {
    /// # Errors
    /// [`ScenarioError::Use`] for the first use that the newest loot cannot be put to.
    pub(in crate::sim) fn check_uses(&self) -> Result<(), ScenarioError> {
        let mut newest = None;
        for (step, verb) in self.steps.iter().enumerate() {
            let (wanted, kind) = match verb {
                Step::Steal(steal) => {
                    newest = Some(Some(steal.loot));
                    continue;
                }
                Step::Phish(_) => {
                    newest = Some(None);
                    continue;
                }
                Step::RegisterOwnDevice(wanted) => {
                    newest = Some(None);
                    (wanted, None)
                }
                Step::Use(wanted) => match newest {
                    Some(kind) => (wanted, kind),
                    None => continue,
                },
                _ => continue,
            };
            if !uses(kind).contains(&wanted.how) {
                let path = format!("steps[{step}].{}.how", verb.verb());
                let loot = kind.map_or("what the thief asked for itself", LootKind::name);
                let known = uses(kind).iter().map(|one| format!("`{}`", one.word()));
                let known = known.collect::<Vec<_>>().join(", ");
                return Err(ScenarioError::Use { path, how: wanted.how.word(), loot, known });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario::StepResult;
    use crate::sim::{RunOptions, run};
    use serde_json::{Value, json};

    fn theft(loot: LootKind, how: UseAs) -> Value {
        let mut steps = vec![
            json!({"signIn": {"user": "alice", "device": "LT-ALICE", "app": "outlook", "resource": "exchange"}}),
        ];
        if loot == LootKind::BrowserCredential {
            steps.push(json!({"browserCredential": {"user": "alice", "device": "LT-ALICE"}}));
        }
        if how == UseAs::OtherToken {
            steps.push(
                json!({"steal": {"loot": "dpop-proofs", "user": "alice", "device": "LT-ALICE"}}),
            );
        }
        steps.push(json!({"steal": {"loot": loot, "user": "alice", "device": "LT-ALICE"}}));
        steps.push(json!({"use": {"how": how}}));
        json!({"name": "x", "title": "x", "settings": {"dpop.required": true}, "steps": steps})
    }

    fn read(scenario: &Value) -> Result<Scenario, ScenarioError> {
        Scenario::from_json(scenario.to_string().as_bytes())
    }

    #[test]
    fn every_pair_is_played_or_refused() {
        let mut fitting = 0;
        for (loot, how) in
            LootKind::ALL.iter().flat_map(|loot| UseAs::ALL.iter().map(move |how| (*loot, *how)))
        {
            let scenario = theft(loot, how);
            if loot.uses().contains(&how) {
                fitting += 1;
                run(&read(&scenario).unwrap(), &RunOptions::default()).unwrap();
                continue;
            }
            let error = read(&scenario).unwrap_err();
            assert_eq!(error.code(), "sim.use", "{loot:?} {how:?}");
            assert!(error.to_string().starts_with("line 1, column "), "{error}");
            // One that was never read from a file is not played either.
            let unread: Scenario = serde_json::from_value(scenario).unwrap();
            let error = run(&unread, &RunOptions::default()).unwrap_err();
            assert_eq!(error.code(), "sim.use", "{loot:?} {how:?}");
        }
        assert_eq!(fitting, 28);
    }

    /// What is told is done: each way sends something else than the way the loot is meant.
    #[test]
    fn every_way_that_is_told_is_another_one() {
        let sent = |loot, how: UseAs| {
            // Proofs are taken first, for the way that needs them.
            let mut scenario = theft(loot, UseAs::OtherToken);
            let last = scenario["steps"].as_array_mut().and_then(|steps| steps.last_mut());
            last.unwrap()["use"]["how"] = json!(how);
            let outcome = run(&read(&scenario).unwrap(), &RunOptions::default()).unwrap();
            let last = outcome.steps.last().unwrap().result;
            assert_ne!(last, StepResult::NothingToSteal, "{loot:?} {how:?}");
            let all: Vec<_> =
                outcome.trace.exchanges().map(|one| format!("{:?}", one.request)).collect();
            all
        };
        for loot in LootKind::ALL {
            // The way it is meant has a name of its own.
            let same = |how| match (loot, how) {
                (_, UseAs::AsIs)
                // The tokens here are bound.
                | (LootKind::AccessToken, UseAs::OwnKey)
                | (LootKind::DerivedKey, UseAs::BrowserCredential)
                | (LootKind::Prt, UseAs::TokenRequest) => true,
                (LootKind::BrokerRefreshToken | LootKind::RefreshToken, how) => {
                    how == UseAs::PlainGrant
                }
                _ => false,
            };
            for how in loot.uses().iter().copied().filter(|how| !same(*how)) {
                assert!(sent(*loot, how) != sent(*loot, UseAs::AsIs), "{loot:?} {how:?}");
            }
        }
    }

    #[test]
    fn what_the_thief_asked_for_itself_is_used_as_it_is() {
        let phish = json!({"phish": {"user": "alice", "app": "teams", "resource": "teams"}});
        for (step, refused) in [
            (json!({"use": {"how": "bearer"}}), true),
            (json!({"use": {}}), false),
            (json!({"registerOwnDevice": {"how": "altered"}}), true),
            (json!({"registerOwnDevice": {}}), false),
        ] {
            let scenario = json!({"name": "x", "title": "x", "steps": [phish, step]});
            let code = read(&scenario).err().map(|error| error.code());
            assert_eq!(code, refused.then_some("sim.use"), "{step}");
        }
    }

    #[test]
    fn a_theft_that_came_to_nothing_leaves_no_other_loot_for_the_use() {
        let scenario = json!({"name": "x", "title": "x", "steps": [
            {"signIn": {"user": "alice", "device": "LT-ALICE", "app": "outlook", "resource": "exchange"}},
            {"steal": {"loot": "access-token", "user": "alice", "device": "LT-ALICE"}},
            {"steal": {"loot": "dpop-proofs", "user": "alice", "device": "LT-ALICE"}},
            {"use": {"how": "other-url"}},
        ]});
        let outcome = run(&read(&scenario).unwrap(), &RunOptions::default()).unwrap();
        let results: Vec<_> = outcome.steps.iter().map(|step| step.result).collect();
        assert_eq!(results[2..], [StepResult::NothingToSteal, StepResult::NothingToSteal]);
    }
}
