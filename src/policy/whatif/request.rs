//! Reads a What If request body.

use std::net::IpAddr;

use serde_json::Value;

use super::described::DescribedDevice;
use super::error::WhatIfError;
use crate::base::id::{AppId, ServicePrincipalId, TenantId, UserId};
use crate::base::json;
use crate::directory::{CountryCode, GuestOrExternalUserType};
use crate::policy::error::PolicyError;
use crate::policy::facts::{
    AuthenticationContextId, ClientAppType, ExternalUser, InsiderRiskLevel, Platform, RiskLevel,
    TransferMethod, UserAction,
};
use crate::policy::reader::{self, Object, Unknown, Words, wrong_type};

/// A sign-in that somebody describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatIfRequest {
    /// Who (`signInIdentity`).
    pub identity: WhatIfIdentity,
    /// What for (`signInContext`).
    pub context: WhatIfContext,
    /// Under which conditions (`signInConditions`).
    pub conditions: WhatIfConditions,
    /// Whether only policies that apply are wanted (`appliedPoliciesOnly`).
    pub applied_policies_only: bool,
}

/// Who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhatIfIdentity {
    /// `servicePrincipalSignIn`.
    ServicePrincipal(ServicePrincipalId),
    /// `userSignIn`.
    User {
        /// The user.
        id: UserId,
        /// What the request says of the user as an external one.
        external: Option<ExternalUser>,
    },
}

/// What for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhatIfContext {
    /// `applicationContext`.
    Applications(Vec<AppId>),
    /// `authContext`.
    AuthenticationContext(AuthenticationContextId),
    /// `userActionContext`.
    UserAction(UserAction),
}

/// The signals of the sign-in; none: the request does not give it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhatIfConditions {
    /// `devicePlatform`.
    pub platform: Option<Platform>,
    /// `clientAppType`.
    pub client_app_type: Option<ClientAppType>,
    /// `signInRiskLevel`.
    pub sign_in_risk: Option<RiskLevel>,
    /// `userRiskLevel`.
    pub user_risk: Option<RiskLevel>,
    /// `servicePrincipalRiskLevel`.
    pub service_principal_risk: Option<RiskLevel>,
    /// `insiderRiskLevel`; the inner none is its word `none`.
    pub insider_risk: Option<Option<InsiderRiskLevel>>,
    /// `country`.
    pub country: Option<CountryCode>,
    /// `ipAddress`.
    pub ip_address: Option<IpAddr>,
    /// `authenticationFlow.transferMethod`; the inner none is its word `none`.
    pub transfer_method: Option<Option<TransferMethod>>,
    /// `deviceInfo`.
    pub device: Option<DescribedDevice>,
}

impl WhatIfRequest {
    /// Reads a request body.
    ///
    /// # Errors
    /// [`WhatIfError`] with the path of what is missing, unknown or of another type. OData
    /// annotations and empty unknown members are silent.
    pub fn from_json(text: &[u8]) -> Result<Self, WhatIfError> {
        let mut root: Value = json::from_slice(text)?;
        if !root.is_object() {
            return Err(wrong_type(".".to_owned(), "an object", &root).into());
        }
        let mut body = Object::open(&mut root, String::new())?;
        let identity = read_identity(part(&mut body, "signInIdentity")?)?;
        let context = read_context(part(&mut body, "signInContext")?)?;
        let conditions = read_conditions(part(&mut body, "signInConditions")?)?;
        let applied_policies_only = body.truth("appliedPoliciesOnly")?.unwrap_or_default();
        body.finish(Unknown::Refuse)?;
        Ok(Self { identity, context, conditions, applied_policies_only })
    }
}

fn part<'o>(body: &'o mut Object<'_>, name: &'static str) -> Result<Object<'o>, WhatIfError> {
    let path = body.path_of(name);
    body.object(name)?.ok_or(WhatIfError::Missing { path })
}

/// `@odata.type` of the two identities and the three contexts.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Application,
    AuthenticationContext,
    ServicePrincipal,
    User,
    UserAction,
}

/// A kind that its place allows.
fn kind(object: &mut Object<'_>, allowed: &[(&'static str, Kind)]) -> Result<Kind, WhatIfError> {
    let path = object.path_of("@odata.type");
    let Some(text) = object.text("@odata.type")? else {
        return Err(WhatIfError::Missing { path });
    };
    let name = text.trim_start_matches('#').trim_start_matches("microsoft.graph.");
    let found = allowed.iter().find(|(word, _)| word.eq_ignore_ascii_case(name));
    found.map(|(_, kind)| *kind).ok_or_else(|| {
        let names = allowed.iter().map(|(word, _)| format!("`#microsoft.graph.{word}`"));
        let allowed = names.collect::<Vec<_>>().join(", ");
        let value = text.chars().take(60).collect();
        PolicyError::UnknownValue { path, value, allowed }.into()
    })
}

fn read_identity(mut object: Object<'_>) -> Result<WhatIfIdentity, WhatIfError> {
    let kinds = [("userSignIn", Kind::User), ("servicePrincipalSignIn", Kind::ServicePrincipal)];
    let identity = if kind(&mut object, &kinds)? == Kind::ServicePrincipal {
        WhatIfIdentity::ServicePrincipal(object.id("servicePrincipalId")?)
    } else {
        let id = object.id("userId")?;
        let kind: Option<OrDefault<GuestOrExternalUserType>> = object.word("externalUserType")?;
        let kind = kind.and_then(|it| it.0);
        let tenant: Option<TenantId> = match object.text("externalTenantId")? {
            None | Some("") => None,
            Some(_) => Some(object.id("externalTenantId")?),
        };
        // A tenant alone says that the user is external, and not how.
        let kind = kind.or(tenant.map(|_| GuestOrExternalUserType::OtherExternalUser));
        WhatIfIdentity::User { id, external: kind.map(|kind| ExternalUser { kind, tenant }) }
    };
    finish(object)?;
    Ok(identity)
}

fn read_context(mut object: Object<'_>) -> Result<WhatIfContext, WhatIfError> {
    let kinds = [
        ("applicationContext", Kind::Application),
        ("authContext", Kind::AuthenticationContext),
        ("userActionContext", Kind::UserAction),
    ];
    let context = match kind(&mut object, &kinds)? {
        Kind::AuthenticationContext => {
            let path = object.path_of("authenticationContextValue");
            let text = object.text("authenticationContextValue")?.map(Value::from);
            let mut value = text.ok_or_else(|| WhatIfError::Missing { path: path.clone() })?;
            WhatIfContext::AuthenticationContext(reader::context(&mut value, path)?)
        }
        Kind::UserAction => {
            let path = object.path_of("userAction");
            let action: Option<ActionWord> = object.word("userAction")?;
            WhatIfContext::UserAction(action.ok_or(WhatIfError::Missing { path })?.0)
        }
        _ => WhatIfContext::Applications(read_applications(&mut object)?),
    };
    finish(object)?;
    Ok(context)
}

/// Words of policies that stand for several apps.
const GROUPS: &[&str] = &["All", "None", "Office365", "MicrosoftAdminPortals"];

fn read_applications(object: &mut Object<'_>) -> Result<Vec<AppId>, WhatIfError> {
    let at = object.path_of("includeApplications");
    let words = object.list("includeApplications", |value: &mut Value, path| {
        let group = GROUPS
            .iter()
            .find(|group| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(group)));
        match group {
            Some(group) => Ok(Err((path, *group))),
            None => reader::id(value, path).map(Ok),
        }
    })?;
    if words.is_empty() {
        return Err(WhatIfError::Missing { path: at });
    }
    let named = words.into_iter().map(|word| {
        word.map_err(|(path, group)| WhatIfError::NotAnApplication {
            path,
            group: group.to_owned(),
        })
    });
    named.collect()
}

fn read_conditions(mut object: Object<'_>) -> Result<WhatIfConditions, WhatIfError> {
    let platform: Option<OrDefault<Platform>> = object.word("devicePlatform")?;
    let client: Option<OrDefault<ClientAppType>> = object.word("clientAppType")?;
    let insider: Option<OrDefault<InsiderRiskLevel>> = object.word("insiderRiskLevel")?;
    let conditions = WhatIfConditions {
        platform: platform.and_then(|it| it.0),
        client_app_type: client.and_then(|it| it.0),
        sign_in_risk: object.word("signInRiskLevel")?,
        user_risk: object.word("userRiskLevel")?,
        service_principal_risk: object.word("servicePrincipalRiskLevel")?,
        insider_risk: insider.map(|it| it.0),
        country: read_text(&mut object, "country", "two letters such as `NO`")?,
        ip_address: read_text(&mut object, "ipAddress", "an IP address")?,
        transfer_method: read_flow(&mut object)?,
        device: object.object("deviceInfo")?.map(DescribedDevice::read).transpose()?,
    };
    finish(object)?;
    Ok(conditions)
}

fn read_flow(object: &mut Object<'_>) -> Result<Option<Option<TransferMethod>>, WhatIfError> {
    let Some(mut flow) = object.object("authenticationFlow")? else { return Ok(None) };
    let method: Option<OrDefault<TransferMethod>> = flow.word("transferMethod")?;
    finish(flow)?;
    Ok(method.map(|it| it.0))
}

fn read_text<T: std::str::FromStr>(
    object: &mut Object<'_>,
    name: &'static str,
    allowed: &str,
) -> Result<Option<T>, WhatIfError> {
    let path = object.path_of(name);
    let Some(text) = object.text(name)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let value = text.chars().take(60).collect();
    let unknown = || PolicyError::UnknownValue { path, value, allowed: allowed.to_owned() };
    text.parse().map(Some).map_err(|_| unknown().into())
}

/// Ends the reading of a part of the body.
fn finish(object: Object<'_>) -> Result<(), WhatIfError> {
    object.finish(Unknown::Refuse).map_err(WhatIfError::from)
}

/// A word, or the one that stands for no word (`all`, `none`).
#[derive(Clone, Copy)]
struct OrDefault<T>(Option<T>);

impl Words for OrDefault<Platform> {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("android", Self(Some(Platform::Android))),
        ("iOS", Self(Some(Platform::Ios))),
        ("windows", Self(Some(Platform::Windows))),
        ("windowsPhone", Self(Some(Platform::WindowsPhone))),
        ("macOS", Self(Some(Platform::MacOs))),
        ("linux", Self(Some(Platform::Linux))),
        ("all", Self(None)),
    ];
}

impl Words for OrDefault<ClientAppType> {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("browser", Self(Some(ClientAppType::Browser))),
        ("mobileAppsAndDesktopClients", Self(Some(ClientAppType::MobileAppsAndDesktopClients))),
        ("exchangeActiveSync", Self(Some(ClientAppType::ExchangeActiveSync))),
        ("easSupported", Self(Some(ClientAppType::EasSupported))),
        ("other", Self(Some(ClientAppType::Other))),
        ("all", Self(None)),
    ];
}

impl Words for OrDefault<GuestOrExternalUserType> {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("none", Self(None)),
        ("internalGuest", Self(Some(GuestOrExternalUserType::InternalGuest))),
        ("b2bCollaborationGuest", Self(Some(GuestOrExternalUserType::B2bCollaborationGuest))),
        ("b2bCollaborationMember", Self(Some(GuestOrExternalUserType::B2bCollaborationMember))),
        ("b2bDirectConnectUser", Self(Some(GuestOrExternalUserType::B2bDirectConnectUser))),
        ("otherExternalUser", Self(Some(GuestOrExternalUserType::OtherExternalUser))),
        ("serviceProvider", Self(Some(GuestOrExternalUserType::ServiceProvider))),
    ];
}

impl Words for OrDefault<InsiderRiskLevel> {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("none", Self(None)),
        ("minor", Self(Some(InsiderRiskLevel::Minor))),
        ("moderate", Self(Some(InsiderRiskLevel::Moderate))),
        ("elevated", Self(Some(InsiderRiskLevel::Elevated))),
    ];
}

impl Words for OrDefault<TransferMethod> {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("none", Self(None)),
        ("deviceCodeFlow", Self(Some(TransferMethod::DeviceCodeFlow))),
        ("authenticationTransfer", Self(Some(TransferMethod::AuthenticationTransfer))),
    ];
}

/// A word of `userAction`, which are not those of policies.
#[derive(Clone, Copy)]
struct ActionWord(UserAction);

impl Words for ActionWord {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("registerSecurityInformation", Self(UserAction::RegisterSecurityInfo)),
        ("registerOrJoinDevices", Self(UserAction::RegisterDevice)),
    ];
}
