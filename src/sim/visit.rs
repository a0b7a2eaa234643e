//! Asking resource servers, with an access token and, where it is bound, with the proof of its key.

use crate::app::{self, AppError};
use crate::base::Secret;
use crate::broker::Prover;
use crate::catalog::Resource;

use super::machine::{Holder, Machine};
use super::network::{Network, Port};
use super::run::End;
use super::world::port;

/// What an app writes down.
pub(super) const NOTE: &str = "meet at noon";

/// What is asked of a resource server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// Its content.
    Content,
    /// To keep a note.
    Note,
}

/// An app of this machine asks for content; the content is what the story is about.
pub(super) fn fetch(
    network: &mut Network,
    machine: &mut Machine,
    resource: &Resource,
    token: &Secret<String>,
    holder: &Holder,
) -> End {
    ask(network, machine, resource, token, holder, Errand::Content)
}

/// An app of this machine asks for something.
pub(super) fn ask(
    network: &mut Network,
    machine: &mut Machine,
    resource: &Resource,
    token: &Secret<String>,
    holder: &Holder,
    errand: Errand,
) -> End {
    let agent = machine.user_agent.clone();
    let mut out = port(network, machine);
    send(&mut out, &agent, resource, token, machine.prover(holder), errand)
}

/// Somebody asks, with a proof by whoever makes one; without a prover the token is a bearer token.
pub(super) fn send(
    out: &mut Port<'_>,
    user_agent: &str,
    resource: &Resource,
    token: &Secret<String>,
    prover: Option<&mut dyn Prover>,
    errand: Errand,
) -> End {
    let origin = &resource.origin;
    served_or_refused(match (errand, prover) {
        (Errand::Content, None) => app::fetch(out, user_agent, origin, token),
        (Errand::Content, Some(prover)) => app::fetch_bound(out, user_agent, origin, token, prover),
        (Errand::Note, prover) => app::write_note(out, user_agent, origin, token, NOTE, prover),
    })
}

pub(super) fn served_or_refused(served: Result<Vec<u8>, AppError>) -> End {
    match served {
        Ok(content) => End::Served(String::from_utf8_lossy(&content).trim_end().to_owned()),
        Err(_) => End::Refused,
    }
}
