//! One entry of a directory file to one entry of the model, with the path for its errors.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::IpAddr;

use super::credential::{CredentialFault, PasswordVerifier, SecondFactor};
use super::device::{Device, DeviceObjectId, RegistrationMethod, TrustType};
use super::error::{DirectoryError, shown};
use super::guarded::{Guid, Quiet};
use super::model::{
    GuestOrExternalUserType, InboundTrust, IpRange, LocationExtent, NamedLocation, User, UserKey,
    UserType,
};
use super::raw::{
    LocationType, RawDevice, RawIpRange, RawLocation, RawSecondFactor, RawUser, RawUserKey,
    RawVerifier,
};
use super::risk::StatedRisk;
use super::{Directory, folded};
use crate::base::id::{TenantId, UserId};
use crate::base::{Timestamp, b64};
use crate::jose::{Jwk, P256PublicKey};

/// Characters of a name.
const MAX_NAME_LEN: usize = 256;

pub(super) fn read_user(
    path: &str,
    raw: RawUser,
    partners: &BTreeMap<TenantId, InboundTrust>,
) -> Result<User, DirectoryError> {
    let sim = raw.sim;
    let home_tenant = sim.home_tenant_id.map(|Guid(id)| id);
    let device_trust = home_tenant.and_then(|tenant| partners.get(&tenant)).copied();
    let valid_from = raw.sign_in_sessions_valid_from_date_time;
    let password = sim.password.map(|Quiet(raw)| read_verifier(path, &raw)).transpose()?;
    let second_factor =
        sim.second_factor.map(|Quiet(raw)| read_second_factor(path, &raw)).transpose()?;
    Ok(User {
        id: raw.id.0,
        user_principal_name: sign_in_name(path, raw.user_principal_name)?,
        password,
        second_factor,
        password_epoch: sim.password_epoch,
        tokens_valid_from: tokens_valid_from(path, valid_from.as_deref())?,
        token_epoch: 0,
        display_name: name(format!("{path}.displayName"), raw.display_name)?,
        user_type: raw.user_type,
        account_enabled: raw.account_enabled,
        roles: raw.roles.into_iter().map(|Guid(id)| id).collect(),
        licences: raw.licences.into_iter().collect(),
        home_tenant,
        external_kind: sim.external_kind.or(match (raw.user_type, home_tenant) {
            (UserType::Member, _) => None,
            (UserType::Guest, None) => Some(GuestOrExternalUserType::InternalGuest),
            (UserType::Guest, Some(_)) => Some(GuestOrExternalUserType::B2bCollaborationGuest),
        }),
        device_trust: device_trust.unwrap_or_default(),
        risk: StatedRisk {
            user: sim.user_risk,
            sign_in: sim.sign_in_risk,
            insider: sim.insider_risk,
        },
        user_keys: Vec::new(),
    })
}

fn sign_in_name(path: &str, text: String) -> Result<String, DirectoryError> {
    let parts = text.split_once('@');
    let good = parts.is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if !good || text.len() > MAX_NAME_LEN {
        let expected = "a sign-in name such as `alice@contoso.example`";
        return Err(bad(format!("{path}.userPrincipalName"), &text, expected));
    }
    Ok(text)
}

fn tokens_valid_from(path: &str, text: Option<&str>) -> Result<Timestamp, DirectoryError> {
    let Some(text) = text else { return Ok(Timestamp::from_unix(0)) };
    let path = format!("{path}.signInSessionsValidFromDateTime");
    text.parse().map_err(|_| bad(path, text, "a time such as `2026-03-10T12:00:00Z`"))
}

fn read_verifier(path: &str, raw: &RawVerifier) -> Result<PasswordVerifier, DirectoryError> {
    let salt = b64::decode_url(&raw.salt).map_err(|_| CredentialFault::Salt);
    let hash = b64::decode_url(&raw.hash).map_err(|_| CredentialFault::Hash);
    salt.and_then(|salt| PasswordVerifier::from_parts(salt, &hash?, raw.iterations)).map_err(
        |fault| DirectoryError::BadVerifier { path: format!("{path}.sim.password"), fault },
    )
}

fn read_second_factor(path: &str, raw: &RawSecondFactor) -> Result<SecondFactor, DirectoryError> {
    b64::decode_url(&raw.secret)
        .map_err(|_| CredentialFault::SharedSecret)
        .and_then(|octets| SecondFactor::from_octets(&octets))
        .map_err(|fault| DirectoryError::BadVerifier {
            path: format!("{path}.sim.secondFactor"),
            fault,
        })
}

pub(super) fn read_user_key(path: &str, raw: RawUserKey) -> Result<UserKey, DirectoryError> {
    Ok(UserKey { key: read_key(format!("{path}.jwk"), &raw.jwk.0)?, device: raw.device_id.0 })
}

fn read_key(path: String, jwk: &Jwk) -> Result<P256PublicKey, DirectoryError> {
    P256PublicKey::from_jwk(jwk).map_err(|error| DirectoryError::BadKey { path, error })
}

/// Users by the names a device may call its owner by.
pub(super) struct Owners<'a> {
    directory: &'a Directory,
    /// The part of the sign-in name before the `@`; `None` where two users share it.
    short: BTreeMap<String, Option<UserId>>,
}

impl<'a> Owners<'a> {
    pub(super) fn of(directory: &'a Directory) -> Self {
        let mut short = BTreeMap::new();
        for (sign_in_name, &id) in &directory.by_name {
            let local = sign_in_name.split('@').next().unwrap_or_default().to_owned();
            short.entry(local).and_modify(|found| *found = None).or_insert(Some(id));
        }
        Self { directory, short }
    }

    fn resolve(&self, path: &str, text: &str) -> Result<UserId, DirectoryError> {
        let path = format!("{path}.sim.registeredOwner");
        if let Ok(id) = text.parse() {
            let user = self.directory.user(id);
            return user.map(|_| id).ok_or_else(|| unknown(path, "user", id));
        }
        if let Some(user) = self.directory.user_by_upn(text) {
            return Ok(user.id);
        }
        match self.short.get(&folded(text)) {
            Some(Some(id)) => Ok(*id),
            Some(None) => Err(DirectoryError::Ambiguous { path, value: shown(text) }),
            None => Err(unknown(path, "user", shown(text))),
        }
    }
}

pub(super) fn read_device(
    path: &str,
    raw: RawDevice,
    owners: &Owners<'_>,
) -> Result<Device, DirectoryError> {
    let sim = raw.sim;
    let owner = sim.registered_owner.map(|text| owners.resolve(path, &text)).transpose()?;
    let key = |member: &str, jwk: Option<Quiet<Jwk>>| {
        jwk.map(|Quiet(jwk)| read_key(format!("{path}.sim.{member}"), &jwk)).transpose()
    };
    Ok(Device {
        id: DeviceObjectId(raw.id.0),
        device_id: raw.device_id.0,
        display_name: name(format!("{path}.displayName"), raw.display_name)?,
        operating_system: name(format!("{path}.operatingSystem"), raw.operating_system)?,
        operating_system_version: name(
            format!("{path}.operatingSystemVersion"),
            raw.operating_system_version,
        )?,
        edition: sim.edition,
        trust_type: raw.trust_type,
        profile_type: raw.profile_type.unwrap_or_else(|| "RegisteredDevice".to_owned()),
        system_labels: raw.system_labels,
        physical_ids: raw.physical_ids,
        is_compliant: raw.is_compliant,
        is_managed: raw.is_managed,
        device_ownership: raw.device_ownership,
        enrollment_profile_name: raw.enrollment_profile_name,
        mdm_app_id: raw.mdm_app_id.map(|Guid(id)| id),
        manufacturer: raw.manufacturer,
        model: raw.model,
        extension_attributes: extension_attributes(path, raw.extension_attributes)?,
        account_enabled: raw.account_enabled,
        kind: sim.kind,
        registered_owner: owner,
        registration_method: registration_method(path, raw.trust_type, sim.registration_method)?,
        fresh_sign_in_at_registration: sim.fresh_sign_in_at_registration,
        hardware_backed_key: sim.hardware_backed_key,
        device_key: key("deviceKey", sim.device_key)?,
        transport_key: key("transportKey", sim.transport_key)?,
    })
}

fn registration_method(
    path: &str,
    trust_type: TrustType,
    method: Option<RegistrationMethod>,
) -> Result<RegistrationMethod, DirectoryError> {
    let ordinary = match trust_type {
        TrustType::AzureAd => RegistrationMethod::InteractiveJoin,
        TrustType::ServerAd => RegistrationMethod::HybridJoin,
        TrustType::Workplace => RegistrationMethod::WorkplaceJoin,
    };
    let method = method.unwrap_or(ordinary);
    if method.trust_type() == trust_type {
        return Ok(method);
    }
    let path = format!("{path}.sim.registrationMethod");
    Err(bad(path, method.as_str(), "a registration method of the device's trust type"))
}

fn extension_attributes(
    path: &str,
    raw: BTreeMap<String, Option<String>>,
) -> Result<BTreeMap<u8, String>, DirectoryError> {
    let mut attributes = BTreeMap::new();
    for (name, value) in raw {
        let number = name.strip_prefix("extensionAttribute").and_then(|digits| digits.parse().ok());
        // The second test refuses `extensionAttribute01` and its like.
        let number = number
            .filter(|number| (1..=15).contains(number))
            .filter(|number| name == format!("extensionAttribute{number}"));
        let Some(number) = number else {
            let path = format!("{path}.extensionAttributes.{}", shown(&name));
            return Err(bad(path, &name, "one of `extensionAttribute1` to `extensionAttribute15`"));
        };
        if let Some(value) = value {
            attributes.insert(number, value);
        }
    }
    Ok(attributes)
}

pub(super) fn read_location(path: &str, raw: RawLocation) -> Result<NamedLocation, DirectoryError> {
    let extent = match raw.odata_type {
        LocationType::Country => {
            let mut codes = raw.countries_and_regions.unwrap_or_default();
            for (at, code) in codes.iter_mut().enumerate() {
                if code.len() != 2 || !code.bytes().all(|letter| letter.is_ascii_alphabetic()) {
                    let path = format!("{path}.countriesAndRegions[{at}]");
                    return Err(bad(path, code, "a country code of two letters"));
                }
                code.make_ascii_uppercase();
            }
            let unknown_included = raw.include_unknown_countries_and_regions.unwrap_or(false);
            LocationExtent::Countries { codes: codes.into_iter().collect(), unknown_included }
        }
        LocationType::Ip => {
            let ranges = raw.ip_ranges.unwrap_or_default();
            let ranges = ranges.iter().enumerate().map(|(at, range)| {
                read_range(range).ok_or_else(|| {
                    let path = format!("{path}.ipRanges[{at}].cidrAddress");
                    bad(path, &range.cidr_address, "an address range such as `192.0.2.0/24`")
                })
            });
            let trusted = raw.is_trusted.unwrap_or(false);
            LocationExtent::IpRanges { trusted, ranges: ranges.collect::<Result<_, _>>()? }
        }
    };
    let display_name = name(format!("{path}.displayName"), raw.display_name)?;
    Ok(NamedLocation { id: raw.id.0, display_name, extent })
}

fn read_range(raw: &RawIpRange) -> Option<IpRange> {
    let (address, prefix) = raw.cidr_address.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.parse().ok().filter(|&bits| bits <= longest)?;
    Some(IpRange { address, prefix })
}

/// A name people read, within bounds.
pub(super) fn name(path: String, text: String) -> Result<String, DirectoryError> {
    if text.chars().take(MAX_NAME_LEN + 1).count() > MAX_NAME_LEN {
        return Err(bad(path, &text, "a name of at most 256 characters"));
    }
    Ok(text)
}

fn bad(path: String, value: &str, expected: &'static str) -> DirectoryError {
    DirectoryError::BadValue { path, value: shown(value), expected }
}

pub(super) fn duplicate(path: String, value: impl Display) -> DirectoryError {
    DirectoryError::Duplicate { path, value: value.to_string() }
}

pub(super) fn unknown(path: String, kind: &'static str, value: impl Display) -> DirectoryError {
    DirectoryError::UnknownReference { path, kind, value: value.to_string() }
}
