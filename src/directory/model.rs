//! What the directory knows of people and places: users, groups, keys, apps, named locations.
//!
//! Names are those of Microsoft Graph where Graph has them. Plain facts are public fields. Fields
//! that the directory looks things up by (a user's id and name) and secrets are private.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::credential::{PasswordVerifier, SecondFactor};
use super::risk::StatedRisk;
use crate::base::Timestamp;
use crate::base::id::{AppId, DeviceId, GroupId, LocationId, RoleTemplateId, TenantId, UserId};
use crate::jose::{JwkThumbprint, P256PublicKey};

/// Whether a user belongs to the tenant or was invited (`userType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum UserType {
    /// An external user whose home is another tenant.
    Guest,
    /// A user of this tenant.
    Member,
}

/// The kinds of guests and external users.
///
/// # Source
/// Graph `conditionalAccessGuestOrExternalUserTypes`: flags 1, 2, 4, 8, 16, 32, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum GuestOrExternalUserType {
    /// A guest whose account is in this tenant.
    InternalGuest,
    /// An invited user of another tenant, as a guest.
    B2bCollaborationGuest,
    /// An invited user of another tenant, as a member.
    B2bCollaborationMember,
    /// A user of another tenant without an account here.
    B2bDirectConnectUser,
    /// Any other external user.
    OtherExternalUser,
    /// A user of a partner that serves this tenant.
    ServiceProvider,
}

/// A user of the tenant, with what the provider needs to sign the user in.
#[derive(Clone, Debug)]
pub struct User {
    pub(super) id: UserId,
    pub(super) user_principal_name: String,
    pub(super) password: Option<PasswordVerifier>,
    pub(super) second_factor: Option<SecondFactor>,
    pub(super) password_epoch: u32,
    pub(super) tokens_valid_from: Timestamp,
    pub(super) token_epoch: u32,
    /// The name people read.
    pub display_name: String,
    /// Member or guest.
    pub user_type: UserType,
    /// A disabled user cannot sign in, and tokens of the user are not redeemed.
    pub account_enabled: bool,
    /// Directory roles held directly, by template id.
    pub roles: BTreeSet<RoleTemplateId>,
    /// Service plans such as `AAD_PREMIUM` (Entra ID P1) and `AAD_PREMIUM_P2`.
    pub licences: BTreeSet<String>,
    /// The tenant a guest comes from; none for members.
    pub home_tenant: Option<TenantId>,
    /// The kind of guest or external user; none for users of the tenant.
    pub external_kind: Option<GuestOrExternalUserType>,
    /// What this tenant believes of the guest's home tenant; nothing for members.
    pub device_trust: InboundTrust,
    /// What risk detection says of the user (simulated).
    pub risk: StatedRisk,
    /// Keys that sign this user in without a password.
    pub user_keys: Vec<UserKey>,
}

impl User {
    /// The directory object id (`oid`).
    #[must_use]
    pub const fn id(&self) -> UserId {
        self.id
    }

    /// The sign-in name, as the file spells it; it is compared without regard to case.
    #[must_use]
    pub fn user_principal_name(&self) -> &str {
        &self.user_principal_name
    }

    /// The password's verifier; none if the user has no password.
    #[must_use]
    pub const fn password(&self) -> Option<&PasswordVerifier> {
        self.password.as_ref()
    }

    /// The second factor; none if the user has not enrolled one.
    #[must_use]
    pub const fn second_factor(&self) -> Option<&SecondFactor> {
        self.second_factor.as_ref()
    }

    /// How often the password was changed. A token obtained with a password carries the epoch of
    /// its day and dies when the epoch moves on.
    #[must_use]
    pub const fn password_epoch(&self) -> u32 {
        self.password_epoch
    }

    /// How often the user's tokens were revoked. A token carries the epoch of its day and dies when
    /// the epoch moves on; a time alone could not tell apart what happened within one second.
    #[must_use]
    pub const fn token_epoch(&self) -> u32 {
        self.token_epoch
    }

    /// Tokens made before this time are revoked (`signInSessionsValidFromDateTime`).
    #[must_use]
    pub const fn tokens_valid_from(&self) -> Timestamp {
        self.tokens_valid_from
    }
}

/// Which claims of a partner tenant are believed (cross-tenant access, `inboundTrust`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboundTrust {
    /// A second factor given in the home tenant counts here.
    pub mfa: bool,
    /// A compliant device of the home tenant counts here.
    pub compliant_device: bool,
    /// A hybrid joined device of the home tenant counts here.
    pub hybrid_joined_device: bool,
}

impl InboundTrust {
    /// Whether any device of the home tenant counts here.
    ///
    /// # Simulated
    /// No source says which of the two device settings token protection asks for; either will do.
    #[must_use]
    pub const fn trusts_devices(self) -> bool {
        self.compliant_device || self.hybrid_joined_device
    }
}

/// A registered key of a user, made on one device (Windows Hello for Business and its like).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserKey {
    /// The public key.
    pub key: P256PublicKey,
    /// The device whose key store holds the private key.
    pub device: DeviceId,
}

impl UserKey {
    /// The name a user assertion gives the key by (`kid`).
    #[must_use]
    pub fn thumbprint(&self) -> JwkThumbprint {
        self.key.thumbprint()
    }
}

/// A group with its direct members. Nested membership: [`super::Directory::groups_of`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The directory object id.
    pub id: GroupId,
    /// The name people read.
    pub display_name: String,
    /// Direct members.
    pub members: BTreeSet<UserId>,
    /// Groups whose members are members of this group too.
    pub member_groups: BTreeSet<GroupId>,
}

/// An application the tenant knows besides the catalogue's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The application id.
    pub app_id: AppId,
    /// The name people read.
    pub display_name: String,
    /// Redirect URIs it may use as a client; empty for a mere resource.
    pub redirect_uris: Vec<String>,
    /// Client metadata `dpop_bound_access_tokens` (RFC 9449 section 5.2): its token requests carry a
    /// proof, or are refused. An entry for an app of the catalogue adds this to it.
    pub dpop_bound_access_tokens: bool,
    /// Client metadata `tls_client_certificate_bound_access_tokens` (RFC 8705 section 3.4): its token
    /// requests show a certificate, or are refused.
    pub tls_client_certificate_bound_access_tokens: bool,
}

/// A named location. [`super::Directory::place_of`] finds those an address is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedLocation {
    /// The id policies name it by.
    pub id: LocationId,
    /// The name people read.
    pub display_name: String,
    /// What it covers.
    pub extent: LocationExtent,
}

/// What a named location covers (Graph `ipNamedLocation`, `countryNamedLocation`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocationExtent {
    /// Countries by their two-letter codes, upper case.
    Countries {
        /// ISO 3166-1 alpha-2 codes.
        codes: BTreeSet<String>,
        /// Whether addresses of unknown country belong to it.
        unknown_included: bool,
    },
    /// Address ranges.
    IpRanges {
        /// Whether the location counts as trusted.
        trusted: bool,
        /// The ranges.
        ranges: Vec<IpRange>,
    },
}

/// Addresses in CIDR form: `address/prefix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    /// An address of the range.
    pub address: IpAddr,
    /// Leading bits that all addresses share: at most 32, or 128 for IPv6.
    pub prefix: u8,
}
