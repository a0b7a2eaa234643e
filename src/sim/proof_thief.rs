//! What the thief does with DPoP: proofs that code on the device had made, a request that was held
//! back on its way, and keys of the thief's own.

use http::{HeaderValue, Method, header};

use crate::attacker::{Loot, forge};
use crate::base::{Lifetime, Secret, Timestamp};
use crate::wire::dpop::{TokenType, with_proof, with_token};
use crate::wire::{Link as _, Request};

use super::machine::{Kept, Machine};
use super::network::{Interception, NOTES_PATH, Network};
use super::run::End;
use super::scenario::{ScenarioError, Steal, UseAs};
use super::visit::{Errand, ask, served_or_refused};
use super::world::{World, port};

/// How many proofs are made in advance: enough for the life of an access token.
const PROOFS: u32 = 24;
/// How far apart they are dated, in seconds: closer than a proof gets old.
const APART: u32 = 240;
/// Why a use of proofs cannot be played.
pub(super) const NO_PROOF: &str =
    "no proof is left for this time: proofs are dated 240 s apart, and each is sent once";
/// What the thief writes in place of the user.
const OTHER_NOTE: &str = "meet at midnight";

/// Loot that is proofs: token, target, and proofs by their date.
type Proofs<'l> = (&'l Secret<String>, &'l Request, &'l mut Vec<(Timestamp, Secret<String>)>);

impl World {
    /// Code on the device lets the key sign proofs for times to come, with the newest nonce that the
    /// client knows, and takes the access token along.
    pub(super) fn make_proofs(&mut self, steal: &Steal) -> Option<Loot> {
        let machine = self.machines.get_mut(&steal.device)?;
        let kept = newest(machine, &steal.user)?;
        let target = http::Request::get(format!("{}{NOTES_PATH}", kept.resource.origin));
        let target = target.body(Vec::new()).ok()?;
        let now = self.network.clock.now();
        let dates: Vec<Timestamp> =
            (0..PROOFS).map(|number| now + Lifetime::from_secs(number * APART)).collect();
        let prover = machine.prover(&kept.holder)?;
        let token = kept.access_token;
        let proofs = prover.danger_make_proofs(&dates, &target, Some(&token)).ok()?;
        self.network.clock.advance(prover.take_elapsed());
        let proofs = dates.into_iter().zip(proofs).collect();
        Some(Loot::DpopProofs { token, target: Box::new(target), proofs })
    }

    /// An app writes a note, and its request is held back. One without a proof is let through: it is
    /// a bearer token's, and the thief could as well read the token.
    pub(super) fn intercept(&mut self, steal: &Steal) -> Option<Loot> {
        let machine = self.machines.get_mut(&steal.device)?;
        let Kept { access_token, holder, resource, .. } = newest(machine, &steal.user)?;
        self.network.interception = Some(Interception::of(&steal.device));
        // It gets no answer, or the one it would have had anyway.
        ask(&mut self.network, machine, resource, &access_token, &holder, Errand::Note);
        let held = self.network.interception.as_ref().and_then(Interception::held);
        if held.is_none() {
            self.network.interception = None;
        }
        held.map(|request| Loot::DpopRequest(Box::new(request)))
    }

    /// A proof of one token beside another, which the thief took later.
    pub(super) fn use_proof_with_other_token(
        &mut self,
        step: usize,
        other: &Secret<String>,
    ) -> Result<End, ScenarioError> {
        let why = "it needs proofs, and then another access token";
        let found = self.thief.loot.iter_mut().rev().find_map(|loot| match loot {
            Loot::DpopProofs { target, proofs, .. } => Some((other, &**target, proofs)),
            _ => None,
        });
        let proofs = found.ok_or(ScenarioError::OutOfOrder { step, why })?;
        let end = use_proof(&mut self.network, &self.thief.machine, proofs, UseAs::OtherToken);
        end.ok_or(ScenarioError::OutOfOrder { step, why: NO_PROOF })
    }

    /// The request that was held back arrives at last.
    pub(super) fn release_held(&mut self) {
        if let Some(interception) = self.network.interception.take() {
            self.network.release(interception);
        }
    }
}

/// What the user's apps got last, by name.
fn newest(machine: &Machine, user: &str) -> Option<Kept> {
    let mut kept = machine.apps.iter().rev();
    kept.find(|((owner, _), _)| owner == user).map(|(_, kept)| kept.clone())
}

/// Sends a request with the proof that was made for about this time. There is nobody who could make
/// another: a server that asks for its nonce has refused. Nothing if every proof that is due was
/// sent: one of a time to come is kept for then.
pub(super) fn use_proof(
    network: &mut Network,
    machine: &Machine,
    (token, target, proofs): Proofs<'_>,
    how: UseAs,
) -> Option<End> {
    let now = network.clock.now();
    let due = proofs.iter().rposition(|(date, _)| *date <= now)?;
    let (_, proof) = proofs.remove(due);
    let mut request = target.clone();
    match how {
        UseAs::OtherMethod => {
            request = forge::with_note(&request, OTHER_NOTE);
            *request.method_mut() = Method::POST;
        }
        UseAs::OtherUrl => {
            let other = target.uri().to_string();
            let other = other.strip_suffix("/notes").and_then(|other| other.parse().ok());
            *request.uri_mut() = other.unwrap_or_default();
        }
        _ => {}
    }
    if let Ok(agent) = HeaderValue::from_str(&machine.user_agent) {
        request.headers_mut().insert(header::USER_AGENT, agent);
    }
    let request =
        with_token(request, TokenType::Dpop, token).and_then(|request| with_proof(request, &proof));
    Some(match request {
        Ok(request) => send(network, machine, request),
        Err(_) => End::Refused,
    })
}

/// Delivers a held-back request before the user's own arrives: with another note, or as it was.
pub(super) fn deliver_first(
    network: &mut Network,
    machine: &Machine,
    held: &Request,
    how: UseAs,
) -> End {
    let request = match how {
        UseAs::Altered => forge::with_note(held, OTHER_NOTE),
        _ => held.clone(),
    };
    send(network, machine, request)
}

fn send(network: &mut Network, machine: &Machine, request: Request) -> End {
    let response = port(network, machine).exchange(request);
    match response.status().is_success() {
        true => served_or_refused(Ok(response.into_body())),
        false => End::Refused,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sim::scenario::{Scenario, ScenarioError};
    use crate::sim::{Outcome, RunOptions, run};

    fn thief(uses: &[serde_json::Value]) -> Result<Outcome, ScenarioError> {
        let mut steps = vec![
            json!({"signIn": {"user": "alice", "device": "LT-ALICE", "app": "outlook", "resource": "exchange"}}),
            json!({"steal": {"loot": "dpop-proofs", "user": "alice", "device": "LT-ALICE"}}),
        ];
        steps.extend_from_slice(uses);
        let settings = json!({"dpop.required": true, "dpop.nonces": false});
        let scenario = json!({"name": "x", "title": "x", "settings": settings, "steps": steps});
        let scenario = Scenario::from_json(scenario.to_string().as_bytes())?;
        run(&scenario, &RunOptions::default())
    }

    #[test]
    fn a_proof_of_a_time_to_come_is_kept_for_then() {
        let (send, wait) = (json!({"use": {}}), json!({"wait": {"seconds": 100}}));
        let error = thief(&[wait.clone(), send.clone(), send.clone()]).unwrap_err();
        assert_eq!(error.code(), "sim.out_of_order");
        let served = |outcome: &Outcome| {
            outcome.steps.iter().filter(|step| step.by_thief && step.content.is_some()).count()
        };
        let later = json!({"wait": {"seconds": 240}});
        let outcome = thief(&[wait, send.clone(), later, send.clone()]).unwrap();
        assert_eq!(served(&outcome), 2);
    }
}
