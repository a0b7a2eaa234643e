//! Which named locations an address is in.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::Directory;
use super::model::{IpRange, LocationExtent, NamedLocation};
use crate::base::id::LocationId;

/// The location that stands for the trusted addresses of the multifactor service: all zeros. A
/// directory lists it as an ordinary location of address ranges, and it is trusted always.
///
/// # Source
/// Graph `conditionalAccessLocations`; conditional-access section 2.
pub const MULTIFACTOR_TRUSTED_IPS: LocationId = LocationId::from_u128(0);

/// A country by its two letters (ISO 3166-1 alpha-2), upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CountryCode({})", self.as_str())
    }
}

/// The text is no country code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a country code has two letters, such as `NO`")]
pub struct NotACountry;

impl FromStr for CountryCode {
    type Err = NotACountry;

    fn from_str(text: &str) -> Result<Self, NotACountry> {
        let letters: [u8; 2] = text.as_bytes().try_into().map_err(|_| NotACountry)?;
        let letters = letters.map(|letter| letter.to_ascii_uppercase());
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters)).ok_or(NotACountry)
    }
}

/// Whether a place counts as trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LocationTrust {
    /// No trusted location holds it.
    #[default]
    NotTrusted,
    /// A trusted location holds it.
    Trusted,
}

/// The named locations that a place is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchedLocations {
    /// Their ids.
    pub locations: BTreeSet<LocationId>,
    /// Whether one of them is trusted.
    pub trust: LocationTrust,
}

impl Directory {
    /// The named locations that an address is in. A country list takes addresses of unknown country
    /// only if it says so; an unknown address is in no address range.
    #[must_use]
    pub fn place_of(
        &self,
        address: Option<IpAddr>,
        country: Option<CountryCode>,
    ) -> MatchedLocations {
        let mut found = MatchedLocations::default();
        for location in self.named_locations().filter(|one| one.holds(address, country)) {
            found.locations.insert(location.id);
            if location.is_trusted() {
                found.trust = LocationTrust::Trusted;
            }
        }
        found
    }
}

impl NamedLocation {
    /// Whether an address of this country is in it.
    #[must_use]
    pub fn holds(&self, address: Option<IpAddr>, country: Option<CountryCode>) -> bool {
        match &self.extent {
            LocationExtent::Countries { codes, unknown_included } => {
                country.map_or(*unknown_included, |country| codes.contains(country.as_str()))
            }
            LocationExtent::IpRanges { ranges, .. } => {
                address.is_some_and(|address| ranges.iter().any(|range| range.holds(address)))
            }
        }
    }

    /// Whether it counts as trusted. Countries never do.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        match self.extent {
            LocationExtent::Countries { .. } => false,
            LocationExtent::IpRanges { trusted, .. } => {
                trusted || self.id == MULTIFACTOR_TRUSTED_IPS
            }
        }
    }
}

impl IpRange {
    /// Whether an address lies in the range. An IPv4 address written as IPv6 counts as IPv4.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> IpRange {
        let (address, prefix) = text.split_once('/').unwrap();
        IpRange { address: address.parse().unwrap(), prefix: prefix.parse().unwrap() }
    }

    #[test]
    fn ranges_hold_what_shares_their_leading_bits() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.77/24", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.2", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::1/128", "2001:db8::1", true),
        ];
        for (own, address, expected) in cases {
            let holds = range(own).holds(address.parse().unwrap());
            assert_eq!(holds, expected, "{own} {address}");
        }
    }

    #[test]
    fn places_of_the_sample() {
        let mut file: serde_json::Value = serde_json::from_slice(crate::directory::SAMPLE).unwrap();
        let trusted_ips = serde_json::json!({
            "@odata.type": "#microsoft.graph.ipNamedLocation",
            "id": MULTIFACTOR_TRUSTED_IPS.to_string(), "displayName": "trusted IPs",
            "ipRanges": [{"cidrAddress": "203.0.113.7/32"}],
        });
        file["namedLocations"].as_array_mut().unwrap().push(trusted_ips);
        let directory = Directory::from_json(file.to_string().as_bytes()).unwrap();
        let place = |address: &str, country: Option<&str>| {
            let country = country.map(|text| text.parse().unwrap());
            let found = directory.place_of(address.parse().ok(), country);
            let name =
                |id: &LocationId| directory.named_location(*id).unwrap().display_name.clone();
            (found.locations.iter().map(name).collect::<Vec<_>>(), found.trust)
        };
        let office = directory
            .named_locations()
            .find(|one| one.is_trusted() && one.id != MULTIFACTOR_TRUSTED_IPS)
            .unwrap();
        let LocationExtent::IpRanges { ranges, .. } = &office.extent else { panic!() };
        let inside = ranges[0].address.to_string();
        let (names, trust) = place(&inside, None);
        assert!(names.contains(&office.display_name) && trust == LocationTrust::Trusted);
        assert_eq!(place("203.0.113.7", None).1, LocationTrust::Trusted);
        let (names, trust) = place("8.8.8.8", Some("no"));
        assert_eq!((names.len(), trust), (1, LocationTrust::NotTrusted));
        assert_eq!(place("", Some("ZZ")).0, Vec::<String>::new());
    }

    #[test]
    fn country_codes_are_two_letters() {
        assert_eq!("no".parse::<CountryCode>().map(|code| code.to_string()).as_deref(), Ok("NO"));
        for bad in ["", "N", "NOR", "N1", "ØÅ"] {
            assert_eq!(bad.parse::<CountryCode>(), Err(NotACountry), "{bad}");
        }
    }
}
