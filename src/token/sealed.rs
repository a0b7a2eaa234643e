//! Claims of the opaque tokens. The provider alone reads and writes them, under its sealing key; to
//! everybody else the text says nothing (MS-OAPXBC 3.2.5.1.2.3).

use serde::{Deserialize, Serialize};

use super::access::Amr;
use crate::base::Timestamp;
pub use crate::pop::Protocol;

use crate::base::id::{AppId, CorrelationId, DeviceId, FamilyId, RequestId, TenantId, UserId};
use crate::jose::JwkThumbprint;

/// What kind of token a sealed text is. It is authenticated with the text, so that a code cannot
/// stand where a refresh token is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedKind {
    /// [`BrokerRefresh`].
    BrokerRefresh,
    /// [`Code`].
    Code,
    /// [`Prt`].
    Prt,
    /// [`Refresh`].
    Refresh,
}

impl SealedKind {
    /// The text that is authenticated.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BrokerRefresh => "broker_refresh",
            Self::Code => "code",
            Self::Prt => "prt",
            Self::Refresh => "refresh",
        }
    }
}

/// Who signed in and how: carried from the sign-in into every token that descends from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// The user.
    pub user: UserId,
    /// Methods.
    pub amr: Vec<Amr>,
    /// When.
    pub auth_time: Timestamp,
    /// The user's password epoch, if a password was used: a change ends the token.
    pub password_epoch: Option<u32>,
    /// The user's token epoch: an administrator's revocation ends the token.
    pub token_epoch: u32,
}

/// A primary refresh token. The session key is sealed beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prt {
    /// Tenant.
    pub tenant: TenantId,
    /// Family: the PRT request it descends from.
    pub family: FamilyId,
    /// Which token of the family it is.
    pub generation: u32,
    /// The device it is bound to.
    pub device: DeviceId,
    /// How it is used.
    pub protocol: Protocol,
    /// The user.
    pub authentication: Authentication,
    /// Issued at.
    pub iat: Timestamp,
    /// Expires at.
    pub exp: Timestamp,
}

/// An app refresh token issued through the broker: bound to the key of its PRT (prt-protocol 12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerRefresh {
    /// The facts of the PRT it was issued under; the family is the PRT's.
    pub prt: Prt,
    /// The client.
    pub client: AppId,
    /// Resources it may ask for.
    pub audiences: Vec<AppId>,
    /// The sign-in it belongs to.
    pub correlation: CorrelationId,
    /// Issued at.
    pub iat: Timestamp,
    /// Expires at.
    pub exp: Timestamp,
}

/// A refresh token of an app outside the broker: nothing binds it to a device, and a DPoP key alone
/// binds it to an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// Tenant.
    pub tenant: TenantId,
    /// Family: the sign-in it descends from.
    pub family: FamilyId,
    /// Which token of the family it is.
    pub generation: u32,
    /// The client.
    pub client: AppId,
    /// The sign-in it belongs to.
    pub correlation: CorrelationId,
    /// The user.
    pub authentication: Authentication,
    /// The device that was authenticated at the sign-in. Used only if the provider is set to trust
    /// it (`refresh_token.device_claims`).
    pub device: Option<DeviceId>,
    /// The DPoP key it is used with, if a proof of it came when the token was issued to a public
    /// client (RFC 9449 section 5).
    pub jkt: Option<JwkThumbprint>,
    /// Issued at.
    pub iat: Timestamp,
    /// Expires at.
    pub exp: Timestamp,
}

/// An authorization code: sealed with the decision of the authorize step and its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Unique id; also the record that the authorize step left.
    pub id: RequestId,
    /// Tenant.
    pub tenant: TenantId,
    /// The client.
    pub client: AppId,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// PKCE challenge, S256.
    pub code_challenge: Option<String>,
    /// The DPoP key that alone may redeem it (RFC 9449 section 10).
    pub dpop_jkt: Option<JwkThumbprint>,
    /// The resource that policy allowed.
    pub resource: AppId,
    /// Granted scope.
    pub scope: String,
    /// The sign-in.
    pub correlation: CorrelationId,
    /// The user.
    pub authentication: Authentication,
    /// The device that was authenticated.
    pub device: Option<DeviceId>,
    /// Expires at.
    pub exp: Timestamp,
}
