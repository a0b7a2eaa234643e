//! What policy knows about one request: flat facts, no tokens.
//!
//! Whoever fills them in says where each comes from. Platform and client type are signals; the
//! device is one that authenticated in this request; the binding status is computed by
//! [`super::binding`] from verified evidence. Where a neutral value exists it is the default, so a
//! caller names what it knows: `SignIn { platform, ..SignIn::new(identity, target) }`.

mod authentication;
mod client;
mod identity;
mod place;
mod risk;
mod target;

use std::collections::BTreeMap;

pub use authentication::{Authentication, AuthenticationMethod, Remediation, SecondFactorProof};
pub use client::{ClientAppType, ClientProtection, Platform};
pub use identity::{
    ExternalUser, Identity, ServicePrincipalFacts, ServicePrincipalHome, ServicePrincipalKind,
    UserFacts,
};
pub use place::Place;
pub use risk::{InsiderRiskLevel, Risk, RiskLevel};
pub use target::{AuthenticationContextId, NotAContext, Target, TransferMethod, UserAction};

use super::binding::TokenProtectionStatus;
use super::filter::AttributeValues;
use super::flags::Flags;
use crate::base::id::AppId;
use crate::directory::{Device, TrustType};

/// What a request is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Access to a resource.
    #[default]
    Access,
    /// Registration of a device, or its compliance: exempt, since nobody could start otherwise.
    Bootstrap,
}

/// The facts of one request that reached policy.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// Who signs in.
    pub identity: Identity<'a>,
    /// What for.
    pub target: Target<'a>,
    /// Custom security attributes of the resources, for application filters; an application that
    /// is not listed has none.
    pub app_attributes: &'a BTreeMap<AppId, AttributeValues>,
    /// The platform the user agent claims.
    pub platform: Platform,
    /// The kind of client, from its registration and never from the request.
    pub client_app_type: ClientAppType,
    /// Where from.
    pub place: Place<'a>,
    /// The device that authenticated in this request, by a signature or by possession.
    pub device: Option<&'a Device>,
    /// What risk detection says.
    pub risk: Risk,
    /// How the sign-in came over from another device, if it did.
    pub transfer_method: Option<TransferMethod>,
    /// What the user proved, and how long ago.
    pub authentication: Authentication<'a>,
    /// What a mobile app shows of itself.
    pub client_protection: Flags<ClientProtection>,
    /// Whether the request is bound to its device.
    pub token_protection: TokenProtectionStatus,
    /// What the request is for.
    pub purpose: Purpose,
}

static NO_APP_ATTRIBUTES: BTreeMap<AppId, AttributeValues> = BTreeMap::new();

impl<'a> SignIn<'a> {
    /// A request of which nothing is known but who makes it and what for: unknown platform and
    /// place, a native client, no device, no risk, a fresh sign-in with one factor, not bound.
    #[must_use]
    pub const fn new(identity: Identity<'a>, target: Target<'a>) -> Self {
        Self {
            identity,
            target,
            app_attributes: &NO_APP_ATTRIBUTES,
            platform: Platform::Unknown,
            client_app_type: ClientAppType::MobileAppsAndDesktopClients,
            place: Place::UNKNOWN,
            device: None,
            risk: Risk::NONE,
            transfer_method: None,
            authentication: Authentication::FRESH,
            client_protection: Flags::EMPTY,
            token_protection: TokenProtectionStatus::unbound(1002),
            purpose: Purpose::Access,
        }
    }
}

impl SignIn<'_> {
    /// The device, which a legacy client cannot show whatever the caller filled in.
    pub(super) fn shown_device(&self) -> Option<&Device> {
        self.device.filter(|_| !self.client_app_type.is_legacy())
    }

    /// Whether a device was shown that its management says is compliant.
    pub(super) fn device_is_compliant(&self) -> bool {
        self.shown_device().is_some_and(|device| device.is_compliant == Some(true))
    }

    /// Whether a hybrid joined device was shown.
    pub(super) fn device_is_hybrid_joined(&self) -> bool {
        self.shown_device().is_some_and(|device| device.trust_type == TrustType::ServerAd)
    }

    /// Whether a second factor counts.
    pub(super) fn second_factor_passed(&self) -> bool {
        self.authentication.second_factor == SecondFactorProof::Passed
            && !self.client_app_type.is_legacy()
    }

    /// Whether the request is bound.
    pub(super) fn is_bound(&self) -> bool {
        self.token_protection.is_bound() && !self.client_app_type.is_legacy()
    }
}
