//! The words of a sign-in record.

use serde::{Deserialize, Serialize};

use crate::catalog::LegacyProtocol;
use crate::directory::UserType;
use crate::policy::ClientAppType;

/// Whether a person acted in this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interactivity {
    /// A person signed in.
    Interactive,
    /// A client acted with what it had.
    NonInteractive,
}

/// `signInEventTypes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SignInEventType {
    /// A person signed in.
    InteractiveUser,
    /// A client acted for a user.
    NonInteractiveUser,
    /// Only ever read, never made here.
    ServicePrincipal,
    /// Only ever read, never made here.
    ManagedIdentity,
    /// Only ever read, never made here.
    #[serde(other)]
    UnknownFutureValue,
}

impl From<Interactivity> for SignInEventType {
    fn from(interactivity: Interactivity) -> Self {
        match interactivity {
            Interactivity::Interactive => Self::InteractiveUser,
            Interactivity::NonInteractive => Self::NonInteractiveUser,
        }
    }
}

/// `incomingTokenType`: what the request presented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IncomingTokenType {
    /// No token.
    #[default]
    None,
    /// A primary refresh token.
    PrimaryRefreshToken,
    /// Only ever read, never made here.
    Saml11,
    /// Only ever read, never made here.
    Saml20,
    /// Only ever read, never made here.
    RemoteDesktopToken,
    /// A refresh token.
    RefreshToken,
    /// Only ever read, never made here.
    #[serde(other)]
    UnknownFutureValue,
}

/// `authenticationProtocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthenticationProtocol {
    /// None of the others.
    #[default]
    None,
    /// Authorization code or refresh grant.
    OAuth2,
    /// User name and password through the client.
    Ropc,
    /// Only ever read, never made here.
    WsFederation,
    /// Only ever read, never made here.
    Saml20,
    /// Only ever read, never made here.
    DeviceCode,
    /// Only ever read, never made here.
    #[serde(other)]
    UnknownFutureValue,
}

/// `authenticationRequirement`: the highest level that the request needed or brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthenticationRequirement {
    /// One factor.
    SingleFactorAuthentication,
    /// Two.
    MultiFactorAuthentication,
    /// Only ever read, never made here.
    #[serde(other)]
    UnknownFutureValue,
}

/// `crossTenantAccessType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CrossTenantAccessType {
    /// The user's own tenant.
    #[default]
    None,
    /// A guest.
    B2bCollaboration,
    /// Only ever read, never made here.
    B2bDirectConnect,
    /// Only ever read, never made here.
    MicrosoftSupport,
    /// Only ever read, never made here.
    ServiceProvider,
    /// Only ever read, never made here.
    Passthrough,
    /// Only ever read, never made here.
    #[serde(other)]
    UnknownFutureValue,
}

/// `userType`, which the log writes in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LogUserType {
    /// A user of the tenant.
    Member,
    /// An external user.
    Guest,
    /// Only ever read, never made here.
    #[serde(other)]
    UnknownFutureValue,
}

impl From<UserType> for LogUserType {
    fn from(user_type: UserType) -> Self {
        match user_type {
            UserType::Guest => Self::Guest,
            UserType::Member => Self::Member,
        }
    }
}

/// `clientAppUsed`: a display string. Legacy clients are named by their protocol, for example
/// `IMAP4`.
#[must_use]
pub fn client_app_used(
    client: ClientAppType,
    legacy_protocol: Option<LegacyProtocol>,
) -> &'static str {
    match client {
        ClientAppType::Browser => "Browser",
        ClientAppType::MobileAppsAndDesktopClients => "Mobile Apps and Desktop clients",
        ClientAppType::ExchangeActiveSync | ClientAppType::EasSupported => "Exchange ActiveSync",
        ClientAppType::Other => {
            legacy_protocol.map_or("Other clients", LegacyProtocol::client_app_used)
        }
    }
}
