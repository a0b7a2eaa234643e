//! Access token claims (RFC 9068 profile, with the cloud's short names).

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::base::id::{AppId, DeviceId, RequestId, TenantId, UserId};
use crate::pop::Confirmation;

/// `typ` of an access token (RFC 9068 section 2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The claims a resource server checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// Issuer: the tenant's authority.
    pub iss: String,
    /// The resource it is meant for.
    pub aud: AppId,
    /// Tenant.
    pub tid: TenantId,
    /// User.
    pub oid: UserId,
    /// User principal name.
    pub upn: String,
    /// The client it was issued to.
    pub appid: AppId,
    /// Granted scope.
    pub scp: String,
    /// Issued at.
    pub iat: Timestamp,
    /// Not before.
    pub nbf: Timestamp,
    /// When the user authenticated.
    pub auth_time: Timestamp,
    /// Expires at; the token is good while `now < exp`.
    pub exp: Timestamp,
    /// Unique id: the request that issued it.
    pub uti: RequestId,
    /// How the user authenticated.
    pub amr: Vec<Amr>,
    /// The device that was authenticated in that request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviceid: Option<DeviceId>,
    /// Key the presenter must prove (RFC 7800).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Token version.
    pub ver: String,
}

/// Authentication method references (RFC 8176 and the cloud's `ngcmfa`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amr {
    /// A key in hardware: the user key.
    Hwk,
    /// Several factors.
    Mfa,
    /// Several factors, recently, as user-key registration asks.
    Ngcmfa,
    /// Password.
    Pwd,
}
