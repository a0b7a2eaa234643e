//! Ids: one type per thing, so that a device id cannot stand where a user id is meant.

use std::fmt;
use std::str::FromStr;

use rand::Rng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not a GUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a GUID such as `00000002-0000-0ff1-ce00-000000000000`")]
pub struct NotAGuid(String);

macro_rules! guid {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with this 128-bit value.
            #[must_use]
            pub const fn from_u128(value: u128) -> Self {
                Self(Uuid::from_u128(value))
            }

            /// The 128-bit value.
            #[must_use]
            pub const fn as_u128(self) -> u128 {
                self.0.as_u128()
            }

            /// A random (version 4) id.
            pub fn random(rng: &mut impl Rng) -> Self {
                Self(uuid::Builder::from_random_bytes(crate::base::stream::octets(rng)).into_uuid())
            }
        }

        /// Hyphenated lower case.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = NotAGuid;

            fn from_str(text: &str) -> Result<Self, NotAGuid> {
                Uuid::try_parse(text).map(Self).map_err(|_| NotAGuid(text.to_owned()))
            }
        }

        #[cfg(feature = "cli")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "format": "uuid"})
            }
        }
    )*};
}

guid! {
    /// A tenant of the identity provider (`tid`).
    TenantId;
    /// The directory object id of a user (`oid`).
    UserId;
    /// The id of a registered device (`deviceId`), made by the provider.
    DeviceId;
    /// The directory object id of a group.
    GroupId;
    /// A directory role, by its template id.
    RoleTemplateId;
    /// The application id of a client or of a resource (`appId`).
    AppId;
    /// A Conditional Access policy.
    PolicyId;
    /// A named location.
    LocationId;
    /// The directory object id of a service principal: an application in one tenant.
    ServicePrincipalId;
    /// An agreement: terms of use.
    AgreementId;
    /// An authentication strength.
    AuthenticationStrengthId;
    /// One sign-in: shared by all requests that belong to it (`correlationId`).
    CorrelationId;
    /// A session of a user with one client or device (`sessionId`).
    SessionId;
    /// One request, and the record it leaves (`id` of a sign-in record, trace id of an error).
    RequestId;
    /// A family of refresh tokens: all that descend from one sign-in or one PRT request.
    FamilyId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back() {
        let id = AppId::from_u128(0x00000002_0000_0ff1_ce00_000000000000);
        assert_eq!(id.to_string(), "00000002-0000-0ff1-ce00-000000000000");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("not-a-guid".parse::<AppId>().is_err());
    }
}
