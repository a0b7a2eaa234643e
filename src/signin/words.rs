//! The words of a sign-in record, each spelt in one place.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::catalog::LegacyProtocol;
use crate::directory::UserType;
use crate::policy::{self, ClientAppType};

/// Whether a person acted in this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interactivity {
    /// A person signed in.
    Interactive,
    /// A client acted with what it had.
    NonInteractive,
}

/// An evolvable enum of Graph: a word for each variant; a word unknown to this build is read as
/// `unknownFutureValue`, so that a record of next year is still read.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A word that this build does not know. Only ever read, never made here.
            UnknownFutureValue,
        }

        impl $name {
            /// Every word, in the order of the source.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+ Self::UnknownFutureValue];

            /// The word in the log.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::UnknownFutureValue => "unknownFutureValue",
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let word = std::borrow::Cow::<str>::deserialize(from)?;
                Ok(match word.as_ref() {
                    $($word => Self::$variant,)+
                    _ => Self::UnknownFutureValue,
                })
            }
        }
    )+};
}

words! {
    /// `signInEventTypes`.
    SignInEventType {
        /// A person signed in.
        InteractiveUser = "interactiveUser",
        /// A client acted for a user.
        NonInteractiveUser = "nonInteractiveUser",
        /// Only ever read, never made here.
        ServicePrincipal = "servicePrincipal",
        /// Only ever read, never made here.
        ManagedIdentity = "managedIdentity",
    }

    /// `incomingTokenType`: what the request presented.
    IncomingTokenType {
        /// No token.
        None = "none",
        /// A primary refresh token.
        PrimaryRefreshToken = "primaryRefreshToken",
        /// Only ever read, never made here.
        Saml11 = "saml11",
        /// Only ever read, never made here.
        Saml20 = "saml20",
        /// Only ever read, never made here.
        RemoteDesktopToken = "remoteDesktopToken",
        /// A refresh token.
        RefreshToken = "refreshToken",
    }

    /// `authenticationProtocol`.
    AuthenticationProtocol {
        /// None of the others.
        None = "none",
        /// Authorization code or refresh grant.
        OAuth2 = "oAuth2",
        /// User name and password through the client.
        Ropc = "ropc",
        /// Only ever read, never made here.
        WsFederation = "wsFederation",
        /// Only ever read, never made here.
        Saml20 = "saml20",
        /// Device code.
        DeviceCode = "deviceCode",
    }

    /// `authenticationRequirement`: the highest level that the request needed or brought.
    AuthenticationRequirement {
        /// One factor.
        SingleFactorAuthentication = "singleFactorAuthentication",
        /// Two.
        MultiFactorAuthentication = "multiFactorAuthentication",
    }

    /// `crossTenantAccessType`.
    CrossTenantAccessType {
        /// The user's own tenant.
        None = "none",
        /// A guest.
        B2bCollaboration = "b2bCollaboration",
        /// Only ever read, never made here.
        B2bDirectConnect = "b2bDirectConnect",
        /// Only ever read, never made here.
        MicrosoftSupport = "microsoftSupport",
        /// Only ever read, never made here.
        ServiceProvider = "serviceProvider",
        /// Only ever read, never made here.
        Passthrough = "passthrough",
    }

    /// `userType`, which Graph writes in lower case; exports capitalise it.
    LogUserType {
        /// A user of the tenant.
        Member = "member",
        /// An external user.
        Guest = "guest",
    }

    /// `riskLevelAggregated`, `riskLevelDuringSignIn`.
    RiskLevel {
        /// None was found.
        None = "none",
        /// Low.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
        /// The tenant has no licence to see it.
        Hidden = "hidden",
    }

    /// `riskState`.
    RiskState {
        /// No risk.
        None = "none",
        /// Only ever read, never made here.
        ConfirmedSafe = "confirmedSafe",
        /// Only ever read, never made here.
        Remediated = "remediated",
        /// Only ever read, never made here.
        Dismissed = "dismissed",
        /// At risk.
        AtRisk = "atRisk",
        /// Only ever read, never made here.
        ConfirmedCompromised = "confirmedCompromised",
    }

    /// `originalTransferMethod`: how the session came to this client.
    OriginalTransferMethod {
        /// It did not come from elsewhere.
        None = "none",
        /// By a code typed on another device.
        DeviceCodeFlow = "deviceCodeFlow",
        /// From another device, by a QR code for example.
        AuthenticationTransfer = "authenticationTransfer",
    }

    /// `signInTokenProtectionStatus` and `appTokenProtectionStatus`: what stood in the log before
    /// `tokenProtectionStatusDetails` did. Only ever read, never made here.
    OldTokenProtectionStatus {
        /// Nothing was looked at.
        None = "none",
        /// Bound to the device.
        Bound = "bound",
        /// Not bound.
        Unbound = "unbound",
    }

    /// `sessionLifetimePolicies[].expirationRequirement`: what ended or bounded the session.
    ExpirationRequirement {
        /// Only ever read, never made here.
        RememberMultifactorAuthenticationOnTrustedDevices =
            "rememberMultifactorAuthenticationOnTrustedDevices",
        /// Only ever read, never made here.
        TenantTokenLifetimePolicy = "tenantTokenLifetimePolicy",
        /// Only ever read, never made here.
        AudienceTokenLifetimePolicy = "audienceTokenLifetimePolicy",
        /// Sign-in frequency in hours or days.
        SignInFrequencyPeriodicReauthentication = "signInFrequencyPeriodicReauthentication",
        /// Only ever read, never made here.
        NgcMfa = "ngcMfa",
        /// Sign-in frequency *every time*.
        SignInFrequencyEveryTime = "signInFrequencyEveryTime",
    }
}

impl From<Interactivity> for SignInEventType {
    fn from(interactivity: Interactivity) -> Self {
        match interactivity {
            Interactivity::Interactive => Self::InteractiveUser,
            Interactivity::NonInteractive => Self::NonInteractiveUser,
        }
    }
}

impl From<policy::RiskLevel> for RiskLevel {
    fn from(level: policy::RiskLevel) -> Self {
        match level {
            policy::RiskLevel::Low => Self::Low,
            policy::RiskLevel::Medium => Self::Medium,
            policy::RiskLevel::High => Self::High,
            policy::RiskLevel::Hidden => Self::Hidden,
            policy::RiskLevel::None => Self::None,
        }
    }
}

impl From<policy::TransferMethod> for OriginalTransferMethod {
    fn from(method: policy::TransferMethod) -> Self {
        match method {
            policy::TransferMethod::AuthenticationTransfer => Self::AuthenticationTransfer,
            policy::TransferMethod::DeviceCodeFlow => Self::DeviceCodeFlow,
        }
    }
}

impl From<UserType> for LogUserType {
    fn from(user_type: UserType) -> Self {
        match user_type {
            UserType::Guest => Self::Guest,
            UserType::Member => Self::Member,
        }
    }
}

impl LogUserType {
    /// The word in exports and tables, for example `Member`.
    #[must_use]
    pub const fn as_exported(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::Guest => "Guest",
            Self::UnknownFutureValue => "UnknownFutureValue",
        }
    }
}

/// `none`, since a request that names nothing presented nothing.
impl Default for IncomingTokenType {
    fn default() -> Self {
        Self::None
    }
}

/// `none`, as for every protocol that is not listed.
impl Default for AuthenticationProtocol {
    fn default() -> Self {
        Self::None
    }
}

/// `none`: the user's own tenant.
impl Default for CrossTenantAccessType {
    fn default() -> Self {
        Self::None
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written_and_new_ones_are_not_refused() {
        fn both_ways<T>(all: &[T])
        where
            T: Copy + std::fmt::Debug + PartialEq + Serialize + for<'de> Deserialize<'de>,
        {
            for word in all {
                let text = serde_json::to_string(word).unwrap();
                assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *word, "{text}");
            }
            let new = serde_json::from_str::<T>("\"next year\"").unwrap();
            assert_eq!(serde_json::to_string(&new).unwrap(), "\"unknownFutureValue\"");
        }
        both_ways(SignInEventType::ALL);
        both_ways(IncomingTokenType::ALL);
        both_ways(AuthenticationProtocol::ALL);
        both_ways(AuthenticationRequirement::ALL);
        both_ways(CrossTenantAccessType::ALL);
        both_ways(LogUserType::ALL);
        both_ways(RiskLevel::ALL);
        both_ways(RiskState::ALL);
        both_ways(OriginalTransferMethod::ALL);
        both_ways(OldTokenProtectionStatus::ALL);
        both_ways(ExpirationRequirement::ALL);
    }
}
