//! The network: who answers which host, the one clock, the trace, and taps.
//!
//! A [`Port`] is one party's [`Link`]: it sees the party's own clock and what comes back, nothing
//! else. The network itself knows the true time and writes down every exchange.

use std::collections::BTreeMap;

use http::{HeaderValue, StatusCode};

use crate::base::stream::Stream;
use crate::base::time::{ManualClock, Nanos};
use crate::base::{Check, Timestamp};
use crate::idp::{Provider, Verdict};
use crate::resource::ResourceServer;
use crate::wire::answer::ErrorBody;
use crate::wire::authorize::{AuthorizeAnswer, FORWARDED_FOR};
use crate::wire::{Link, Request, Response};

use super::trace::{Exchange, Trace};

/// Everything that messages pass through.
pub(super) struct Network {
    pub(super) clock: ManualClock,
    pub(super) provider: Provider,
    pub(super) provider_rng: Stream,
    /// By host name.
    pub(super) resources: BTreeMap<String, ResourceServer>,
    pub(super) trace: Trace,
    /// Raw messages by sender, for a thief who taps the network.
    pub(super) taps: Vec<(String, Request)>,
    /// What the current step has come to so far.
    pub(super) seen: Seen,
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

    fn refused(&mut self, check: Check) {
        *self = Self { check: Some(check), status: self.status, ..Self::default() };
    }
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
        self.network.deliver(&self.party, request)
    }

    fn note(&mut self, check: Check) {
        self.network.seen.refused(check);
        self.network.trace.note(format!("{check}: {}", check.title()));
    }
}

impl Network {
    fn deliver(&mut self, from: &str, request: Request) -> Response {
        self.taps.push((from.to_owned(), request.clone()));
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
        let Some(mut server) = self.resources.remove(host) else {
            return no_such_host();
        };
        let name = server.display_name().to_owned();
        let mut port = Port { network: self, party: name.clone(), address: None };
        let response = server.handle(&request, &mut port);
        let check = server.take_refusal().map(|error| error.check());
        self.resources.insert(host.to_owned(), server);
        if let Some(check) = check.flatten() {
            self.seen.refused(check);
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

    /// The newest message from `party` for which `wanted` holds.
    pub(super) fn tapped(&self, party: &str, wanted: impl Fn(&Request) -> bool) -> Option<Request> {
        let mut newest = self.taps.iter().rev();
        let found = newest.find(|(from, request)| from == party && wanted(request));
        found.map(|(_, request)| request.clone())
    }
}

fn no_such_host() -> Response {
    let mut response = Response::new(b"no such host".to_vec());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}
