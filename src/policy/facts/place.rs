//! Where a request comes from.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::base::id::LocationId;
use crate::directory::{CountryCode, LocationTrust, MatchedLocations};

/// Where a request comes from, and which named locations that is in
/// ([`crate::directory::Directory::place_of`]).
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The address the provider saw.
    pub address: Option<IpAddr>,
    /// The country the address belongs to; none if unknown.
    pub country: Option<CountryCode>,
    /// The named locations it is in.
    pub locations: &'a BTreeSet<LocationId>,
    /// Whether one of them is trusted.
    pub trust: LocationTrust,
}

static NO_LOCATIONS: BTreeSet<LocationId> = BTreeSet::new();

impl<'a> Place<'a> {
    /// Nowhere that is known: in no named location, not trusted.
    pub const UNKNOWN: Self = Self {
        address: None,
        country: None,
        locations: &NO_LOCATIONS,
        trust: LocationTrust::NotTrusted,
    };

    /// An address with what the directory makes of it.
    #[must_use]
    pub const fn of(
        address: Option<IpAddr>,
        country: Option<CountryCode>,
        matched: &'a MatchedLocations,
    ) -> Self {
        Self { address, country, locations: &matched.locations, trust: matched.trust }
    }
}

impl Default for Place<'_> {
    fn default() -> Self {
        Self::UNKNOWN
    }
}
