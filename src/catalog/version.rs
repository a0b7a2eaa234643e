//! [`Version`]: dotted numbers, compared number by number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Up to four dotted numbers such as `1.6.00.1331` or `10.0.26100`. Numbers that are not written
/// count as 0, so `14` equals `14.0`; leading zeros mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version([u32; 4]);

/// The text is not one to four dotted numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version such as `10.0.26100`: one to four dotted numbers")]
pub struct NotAVersion(String);

impl NotAVersion {
    /// Stable code: `catalog.not_a_version`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "catalog.not_a_version"
    }
}

impl Version {
    /// The version with these four numbers.
    #[must_use]
    pub const fn new(parts: [u32; 4]) -> Self {
        Self(parts)
    }

    /// A version just below: its last number that is not 0 is one less.
    #[must_use]
    pub fn just_below(self) -> Self {
        let mut parts = self.0;
        if let Some(last) = parts.iter_mut().rev().find(|part| **part > 0) {
            *last -= 1;
        }
        Self(parts)
    }

    /// The four numbers.
    #[must_use]
    pub const fn parts(self) -> [u32; 4] {
        self.0
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let refusal = || NotAVersion(text.chars().take(64).collect());
        let mut parts = [0; 4];
        let mut slots = parts.iter_mut();
        for number in text.split('.') {
            let slot = slots.next().ok_or_else(refusal)?;
            // `u32::from_str` would take a plus sign.
            if !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(refusal());
            }
            *slot = number.parse().map_err(|_| refusal())?;
        }
        Ok(Self(parts))
    }
}

/// At least two numbers; trailing zeros beyond them are left out.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a}.{b}")?;
        if (c, d) != (0, 0) {
            write!(f, ".{c}")?;
        }
        if d != 0 {
            write!(f, ".{d}")?;
        }
        Ok(())
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_compared_not_text() {
        assert!(version("22.217") < version("25.020"));
        assert!(version("9.0") < version("10.0"));
        assert!(version("10.0.22631") < version("10.0.26100"));
        assert!(version("10.0.26100") < version("10.0.26100.8246"));
        assert_eq!(version("1.6.00.1331"), Version::new([1, 6, 0, 1331]));
        assert_eq!(version("14"), version("14.0.0.0"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", ".", "1.", ".1", "1..2", "1.2.3.4.5", "v1", "1.+2", "1.-2", "4294967296"] {
            assert_eq!(text.parse::<Version>().unwrap_err().code(), "catalog.not_a_version");
        }
    }

    #[test]
    fn writing_and_reading_is_the_identity() {
        for text in ["14.0", "10.0.26100", "1.6.0.1331", "0.0"] {
            assert_eq!(version(text).to_string(), text);
        }
        assert_eq!(
            NotAVersion("x".into()).to_string(),
            "`x` is not a version such as `10.0.26100`: one to four dotted numbers"
        );
    }

    #[test]
    fn just_below_is_below() {
        for (version, below) in
            [("22.217", "22.216"), ("1.6.00.1331", "1.6.0.1330"), ("3.7.0", "3.6")]
        {
            let version: Version = version.parse().unwrap();
            assert_eq!(
                version.just_below().to_string(),
                below.parse::<Version>().unwrap().to_string()
            );
            assert!(version.just_below() < version);
        }
        assert_eq!(Version::new([0; 4]).just_below(), Version::new([0; 4]));
    }
}
