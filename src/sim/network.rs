//! The network: who answers which host, the one clock, the trace, and taps.
//!
//! A [`Port`] is one party's [`Link`]: it sees the party's own clock and what comes back, nothing
//! else. The network itself knows the true time and writes down every exchange.

use std::collections::BTreeMap;

use http::{HeaderValue, StatusCode, header};

use crate::base::stream::Stream;
use crate::base::time::{ManualClock, Nanos};
use crate::base::{Check, Timestamp};
use crate::idp::{Provider, Verdict};
use crate::resource::ResourceServer;
use crate::wire::answer::ErrorBody;
use crate::wire::authorize::{AuthorizeAnswer, FORWARDED_FOR};
use crate::wire::dpop::{CLIENT_CERTIFICATE, DPOP};
use crate::wire::{Link, Request, Response};

use super::trace::{Exchange, Trace};

/// Where apps write notes, at every resource.
pub(super) const NOTES_PATH: &str = "/me/notes";

/// Everything that messages pass through.
pub(super) struct Network {
    pub(super) clock: ManualClock,
    pub(super) provider: Provider,
    pub(super) provider_rng: Stream,
    /// By host name.
    pub(super) resources: BTreeMap<String, Host>,
    pub(super) trace: Trace,
    /// Raw messages by sender, for a thief who taps the network.
    pub(super) taps: Vec<(String, Request)>,
    /// What a thief on the path keeps from arriving.
    pub(super) interception: Option<Interception>,
    /// What the current step has come to so far.
    pub(super) seen: Seen,
}

/// The servers behind one host name.
#[derive(Default)]
pub(super) struct Host {
    pub(super) servers: Vec<Server>,
    /// Who has been served, in order: a client stays with its server, new ones go round.
    clients: Vec<String>,
}

/// One of them, with the chance it draws from.
pub(super) struct Server {
    pub(super) server: ResourceServer,
    pub(super) rng: Stream,
}

impl Host {
    pub(super) fn of(servers: Vec<Server>) -> Self {
        Self { servers, clients: Vec::new() }
    }

    /// Which server answers this client, from 0.
    fn place_of(&mut self, client: &str) -> usize {
        let known = self.clients.iter().position(|known| known == client);
        let place = known.unwrap_or_else(|| {
            self.clients.push(client.to_owned());
            self.clients.len() - 1
        });
        place.checked_rem(self.servers.len()).unwrap_or(0)
    }
}

/// A thief on the path waits for the next DPoP request with a body from one party and holds it back.
pub(super) struct Interception {
    party: String,
    held: Option<Request>,
}

impl Interception {
    pub(super) fn of(party: &str) -> Self {
        Self { party: party.to_owned(), held: None }
    }

    /// What has been held back.
    pub(super) fn held(&self) -> Option<Request> {
        self.held.clone()
    }

    fn wants(&self, party: &str, request: &Request) -> bool {
        self.held.is_none()
            && self.party == party
            && request.headers().contains_key(DPOP)
            && request.uri().path() == NOTES_PATH
            && !request.body().is_empty()
    }
}

/// What the exchanges of a step revealed; the last refusal counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) check: Option<Check>,
    pub(super) code: Option<u32>,
    pub(super) error: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) status: Option<u16>,
}

impl Seen {
    fn provider(&mut self, verdict: &Verdict, response: &Response) {
        if let Some(status) = verdict.token_protection {
            self.status = Some(status.code);
        }
        let Some(check) = verdict.check() else { return };
        self.check = Some(check);
        self.code = verdict.code();
        self.policy = verdict.denial.as_ref().map(|denial| denial.policy_name.clone());
        self.error = oauth_error(response);
    }

    /// `error`: what the peer was told, if it was told a registered error.
    fn refused(&mut self, check: Check, error: Option<String>) {
        *self = Self { check: Some(check), error, status: self.status, ..Self::default() };
    }
}

/// The error of the challenge that has one.
fn challenge_error(response: &Response) -> Option<String> {
    let challenges = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
    let mut texts = challenges.filter_map(|value| value.to_str().ok());
    texts.find_map(|text| Some(text.split_once("error=\"")?.1.split_once('"')?.0.to_owned()))
}

fn oauth_error(response: &Response) -> Option<String> {
    if let Some(body) = ErrorBody::read(response) {
        return Some(body.error);
    }
    match AuthorizeAnswer::read(response) {
        Some(AuthorizeAnswer::Error { error, .. }) => Some(error),
        _ => None,
    }
}

/// One party's way out.
pub(super) struct Port<'n> {
    pub(super) network: &'n mut Network,
    pub(super) party: String,
    /// None for a server: it hands on the address of whoever asked it.
    pub(super) address: Option<String>,
}

impl Link for Port<'_> {
    fn now(&self) -> Timestamp {
        self.network.clock.now()
    }

    fn spend(&mut self, time: Nanos) {
        self.network.clock.advance(time);
    }

    fn exchange(&mut self, mut request: Request) -> Response {
        let address = self.address.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(address)) = address {
            request.headers_mut().insert(FORWARDED_FOR, address);
        }
        // The network alone says which certificate a client showed, and nobody here shows one.
        request.headers_mut().remove(CLIENT_CERTIFICATE);
        self.network.deliver(&self.party, request)
    }

    fn note(&mut self, check: Check) {
        self.network.seen.refused(check, None);
        self.network.trace.note(format!("{check}: {}", check.title()));
    }
}

impl Network {
    fn deliver(&mut self, from: &str, request: Request) -> Response {
        self.taps.push((from.to_owned(), request.clone()));
        if let Some(interception) =
            self.interception.as_mut().filter(|waiting| waiting.wants(from, &request))
        {
            interception.held = Some(request);
            self.trace.note(format!("the thief holds back a request of {from}"));
            return gateway(StatusCode::GATEWAY_TIMEOUT, b"no answer");
        }
        let host = request.uri().host().unwrap_or_default().to_owned();
        if crate::idp::ORIGIN.ends_with(&format!("//{host}")) {
            return self.deliver_to_provider(from, request);
        }
        self.deliver_to_resource(from, &host, request)
    }

    fn deliver_to_provider(&mut self, from: &str, request: Request) -> Response {
        let now = self.clock.now();
        let response = self.provider.handle(&request, now, &mut self.provider_rng);
        let verdict = self.provider.verdicts().take().pop();
        if let Some(verdict) = &verdict {
            self.seen.provider(verdict, &response);
        }
        self.write_down(from, "identity provider", request, &response, verdict, None);
        response
    }

    fn deliver_to_resource(&mut self, from: &str, host: &str, request: Request) -> Response {
        // Taken out while it answers, since it may ask the provider over this same network.
        let Some(mut behind) = self.resources.remove(host) else {
            return no_such_host();
        };
        let place = behind.place_of(from);
        let several = behind.servers.len() > 1;
        let Some(Server { server, rng }) = behind.servers.get_mut(place) else {
            return no_such_host();
        };
        let name = match several {
            true => format!("{} (server {})", server.display_name(), place + 1),
            false => server.display_name().to_owned(),
        };
        let mut port = Port { network: self, party: name.clone(), address: None };
        let response = server.handle(&request, &mut port, rng);
        let check = server.take_refusal().map(|error| error.check());
        self.resources.insert(host.to_owned(), behind);
        if let Some(check) = check.flatten() {
            self.seen.refused(check, challenge_error(&response));
        }
        self.write_down(from, &name, request, &response, None, check.flatten());
        response
    }

    fn write_down(
        &mut self,
        from: &str,
        to: &str,
        request: Request,
        response: &Response,
        verdict: Option<Verdict>,
        resource_check: Option<Check>,
    ) {
        self.trace.exchange(Exchange {
            number: 0,
            at: self.clock.now(),
            elapsed: self.clock.elapsed(),
            from: from.to_owned(),
            to: to.to_owned(),
            request,
            response: response.clone(),
            verdict,
            resource_check,
        });
    }

    /// What was held back arrives after all; nobody waits for its answer.
    pub(super) fn release(&mut self, interception: Interception) {
        let Interception { party, held } = interception;
        if let Some(request) = held {
            self.trace.note(format!("the request of {party} that was held back arrives"));
            self.deliver(&party, request);
        }
    }

    /// The newest message from `party` for which `wanted` holds.
    pub(super) fn tapped(&self, party: &str, wanted: impl Fn(&Request) -> bool) -> Option<Request> {
        let mut newest = self.taps.iter().rev();
        let found = newest.find(|(from, request)| from == party && wanted(request));
        found.map(|(_, request)| request.clone())
    }
}

fn no_such_host() -> Response {
    gateway(StatusCode::BAD_GATEWAY, b"no such host")
}

fn gateway(status: StatusCode, body: &[u8]) -> Response {
    let mut response = Response::new(body.to_vec());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Danger, stream::Seed};
    use crate::sim::settings::Settings;
    use crate::sim::world::{World, port};
    use crate::sim::{Scenario, library};

    const NOTES: &str = "https://exchange.lab.example/me/notes";

    fn world(settings: &[&str]) -> World {
        let scenario: &Scenario = library::named("bearer-token-travels").unwrap();
        let mut told = Settings::default();
        settings.iter().for_each(|one| told.set_text(one).unwrap());
        World::new(scenario, told, Seed(1), Danger::NONE).unwrap()
    }

    fn note(header: &'static str) -> Request {
        http::Request::post(NOTES).header(header, "x").body(b"note=a".to_vec()).unwrap()
    }

    #[test]
    fn a_sender_states_no_certificate() {
        let mut world = world(&[]);
        port(&mut world.network, &world.thief.machine).exchange(note(CLIENT_CERTIFICATE));
        let (_, sent) = world.network.taps.last().unwrap();
        assert!(!sent.headers().contains_key(CLIENT_CERTIFICATE));
        assert!(sent.headers().contains_key(FORWARDED_FOR));
    }

    #[test]
    fn clients_go_round_and_each_stays_with_its_server() {
        let mut world = world(&["dpop.servers=2"]);
        for client in ["a", "b", "c", "b", "a"] {
            world.network.deliver(client, note("x-test"));
        }
        let servers: Vec<String> =
            world.network.trace.exchanges().map(|exchange| exchange.to.clone()).collect();
        let place = |to: &String| to.rsplit_once("(server ").unwrap().1.to_owned();
        assert_eq!(servers.iter().map(place).collect::<Vec<_>>(), ["1)", "2)", "1)", "2)", "1)"]);
    }

    #[test]
    fn one_request_with_a_proof_and_a_body_is_held_back_and_arrives_later() {
        let mut world = world(&[]);
        let network = &mut world.network;
        network.interception = Some(Interception::of("LT"));
        let through = |network: &mut Network, party: &str, request| {
            network.deliver(party, request).status() != StatusCode::GATEWAY_TIMEOUT
        };
        assert!(through(network, "LT", note("x-test")), "no proof");
        assert!(through(network, "other", note(DPOP)), "another party");
        let mut empty = note(DPOP);
        empty.body_mut().clear();
        assert!(through(network, "LT", empty), "no body");
        assert!(!through(network, "LT", note(DPOP)));
        assert!(through(network, "LT", note(DPOP)), "one alone");
        let interception = network.interception.take().unwrap();
        assert!(interception.held().is_some());
        let before = network.trace.exchanges().count();
        network.release(interception);
        assert_eq!(network.trace.exchanges().count(), before + 1);
    }
}
