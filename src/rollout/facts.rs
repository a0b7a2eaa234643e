//! Modelled evidence: the facts of a sign-in go straight to `policy` and `signin`.
//!
//! What a real request would prove with signatures is stated here. [`super::truth`] plays a sample
//! with real cryptography, and both must leave the same record.

use std::borrow::Cow;

use super::rehearsal::{Act, Drawn, Rehearsal, Situation};
use crate::base::Danger;
use crate::catalog::{ClientApp, Version};
use crate::directory::{Device, MatchedLocations, User};
use crate::policy::{
    self, Authentication, BindingFacts, ClientAppType, Decision, Evidence, ExternalUser, Identity,
    Place, PolicySet, SecondFactorProof, SignIn, SignInHistory, Target, TokenProtectionStatus,
    UserFacts, token_protection_status,
};
use crate::signin::{
    AuthenticationProtocol, IncomingTokenType, Interactivity, NamedApp, RequestFacts, SignInRecord,
    Verdict, client_app_used,
};

/// The facts of one situation, with what a change might make of them.
#[derive(Clone, Debug)]
pub(super) struct Modelled<'r> {
    pub(super) situation: Situation<'r>,
    pub(super) user: Cow<'r, User>,
    pub(super) device: Option<Cow<'r, Device>>,
    pub(super) client: &'static ClientApp,
    pub(super) version: Option<Version>,
    pub(super) evidence: Evidence,
}

impl Rehearsal {
    /// The facts of a situation.
    pub(super) fn model<'r>(&'r self, situation: Situation<'r>) -> Option<Modelled<'r>> {
        let directory = self.fleet.directory();
        let user = directory.user(situation.member.user)?;
        let device = situation.device.and_then(|id| directory.device(id));
        let evidence = match (situation.act, device) {
            (Act::BrokerRefresh | Act::BrokerUse | Act::BrowserSso, _) => Evidence::Possession,
            (Act::AppRefresh | Act::AppSignIn, Some(_)) => Evidence::DeviceCredential,
            _ => Evidence::None,
        };
        Some(Modelled {
            situation,
            user: Cow::Borrowed(user),
            device: device.filter(|_| evidence != Evidence::None).map(Cow::Borrowed),
            client: situation.used.client,
            version: situation.used.version,
            evidence,
        })
    }

    /// The record that a sign-in leaves under the policies of its week.
    #[must_use]
    pub fn record(&self, drawn: &Drawn<'_>) -> Option<SignInRecord> {
        let stage = self.timeline.stage(drawn.week)?;
        let modelled = self.model(drawn.situation)?;
        let status = modelled.status(self);
        let decision = modelled.decide(self, &stage.policies, status);
        let request = modelled.request(self, drawn);
        let verdict = Verdict::Policy {
            decision: &decision,
            policies: &stage.policies,
            rules: self.rules,
            token_protection: status,
        };
        Some(SignInRecord::new(&request, verdict))
    }
}

impl Modelled<'_> {
    pub(super) fn client_app_type(&self) -> ClientAppType {
        ClientAppType::of(self.client)
    }

    pub(super) fn status(&self, rehearsal: &Rehearsal) -> TokenProtectionStatus {
        let facts = BindingFacts {
            evidence: self.evidence,
            device: self.device.as_deref(),
            user: self.user.id(),
            user_type: self.user.user_type,
            device_trust: self.user.device_trust,
            client_app_type: self.client_app_type(),
            client: self.shown_client(),
            client_version: self.version,
            resource: Some(self.situation.used.resource),
            history: SignInHistory::Clean,
        };
        token_protection_status(&facts, rehearsal.rules)
    }

    /// A legacy sign-in names no client.
    fn shown_client(&self) -> Option<&'static ClientApp> {
        (self.situation.act != Act::Legacy).then_some(self.client)
    }

    pub(super) fn second_factor(&self) -> SecondFactorProof {
        match self.situation.member.second_factor && self.situation.act != Act::Legacy {
            true => SecondFactorProof::Passed,
            false => SecondFactorProof::Absent,
        }
    }

    pub(super) fn decide(
        &self,
        rehearsal: &Rehearsal,
        policies: &PolicySet,
        status: TokenProtectionStatus,
    ) -> Decision {
        let member = self.situation.member;
        let station = self.situation.station;
        let resources = [self.situation.used.resource.app_id];
        let sign_in = SignIn {
            place: place(station.address, &station.place),
            platform: station.platform,
            client_app_type: self.client_app_type(),
            device: self.device.as_deref(),
            authentication: Authentication {
                second_factor: self.second_factor(),
                ..Authentication::FRESH
            },
            token_protection: status,
            ..SignIn::new(
                Identity::User(UserFacts {
                    id: self.user.id(),
                    user_type: self.user.user_type,
                    external: self
                        .user
                        .external_kind
                        .map(|kind| ExternalUser { kind, tenant: self.user.home_tenant }),
                    groups: &member.groups,
                    roles: &member.roles,
                }),
                Target::Resources(&resources),
            )
        };
        policy::evaluate(policies, &sign_in, rehearsal.rules, Danger::NONE)
    }

    fn request<'m>(&'m self, rehearsal: &Rehearsal, drawn: &Drawn<'_>) -> RequestFacts<'m> {
        let Situation { act, used, station, .. } = self.situation;
        let protocol = self.client.legacy_protocol;
        RequestFacts {
            user: Some(self.user.as_ref()),
            app: self
                .shown_client()
                .map(|client| NamedApp { id: client.app_id, display_name: &client.display_name }),
            client_app_used: Some(client_app_used(self.client_app_type(), protocol)),
            resource: Some(NamedApp {
                id: used.resource.app_id,
                display_name: &used.resource.display_name,
            }),
            device: self.device.as_deref(),
            user_agent: Some(station.user_agent).filter(|text| !text.is_empty()),
            ip_address: Some(station.address),
            interactivity: match act {
                Act::AppSignIn | Act::BrowserSignIn | Act::Legacy => Interactivity::Interactive,
                _ => Interactivity::NonInteractive,
            },
            incoming_token: match act {
                Act::AppRefresh | Act::BrokerRefresh => IncomingTokenType::RefreshToken,
                Act::BrokerUse | Act::BrowserSso => IncomingTokenType::PrimaryRefreshToken,
                Act::AppSignIn | Act::BrowserSignIn | Act::Legacy => IncomingTokenType::None,
            },
            protocol: match act {
                Act::Legacy => AuthenticationProtocol::Ropc,
                _ => AuthenticationProtocol::OAuth2,
            },
            second_factor: self.second_factor(),
            ..RequestFacts::new(
                drawn.request,
                drawn.correlation,
                drawn.time,
                rehearsal.fleet.directory().tenant(),
            )
        }
    }
}

fn place(address: std::net::IpAddr, matched: &MatchedLocations) -> Place<'_> {
    // No country is looked up: the lab has no map of addresses.
    Place::of(Some(address), None, matched)
}
