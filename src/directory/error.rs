//! [`DirectoryError`]: why a directory file or a change to the directory was refused.

use super::credential::CredentialFault;
use crate::base::id::{DeviceId, UserId};
use crate::base::json::JsonError;
use crate::jose::{self, JwkThumbprint};

/// Why a directory file, or a change to a directory, was refused. Paths are those of the JSON
/// file, for example `devices[3].sim.registeredOwner`. No variant holds key or password material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// A short name fits several users.
    #[error("`{path}`: more than one user is called `{value}`; give the id instead")]
    Ambiguous {
        /// Where.
        path: String,
        /// The short name.
        value: String,
    },
    /// A public key is no key.
    #[error("`{path}`: {error}")]
    BadKey {
        /// Where.
        path: String,
        /// Why.
        error: jose::Error,
    },
    /// A value is not one that can stand there.
    #[error("`{path}`: `{value}` is not {expected}")]
    BadValue {
        /// Where.
        path: String,
        /// The value, shortened.
        value: String,
        /// What can stand there.
        expected: &'static str,
    },
    /// A password verifier or second factor is none.
    #[error("`{path}`: {fault}")]
    BadVerifier {
        /// Where.
        path: String,
        /// Why.
        fault: CredentialFault,
    },
    /// A device with this id is registered already.
    #[error("a device with the id `{device}` is registered already")]
    DeviceExists {
        /// The device id.
        device: DeviceId,
    },
    /// Something that must be unique stands twice.
    #[error("`{path}`: `{value}` stands for something else already")]
    Duplicate {
        /// Where it stands the second time.
        path: String,
        /// The value.
        value: String,
    },
    /// The text is not JSON of the documented shape.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Another device has this device key.
    #[error("the key `{thumbprint}` is the device key of another device")]
    KeyInUse {
        /// The key.
        thumbprint: JwkThumbprint,
    },
    /// There is no such device.
    #[error("there is no device `{device}`")]
    NoSuchDevice {
        /// The device id.
        device: DeviceId,
    },
    /// There is no such user.
    #[error("there is no user `{user}`")]
    NoSuchUser {
        /// The user's object id.
        user: UserId,
    },
    /// The file is too large.
    #[error("the directory file has {octets} octets; at most {limit} are read")]
    TooLarge {
        /// Its size.
        octets: usize,
        /// The bound.
        limit: usize,
    },
    /// A list is too long.
    #[error("`{path}` has {count} entries; at most {limit} are read")]
    TooMany {
        /// Which list.
        path: String,
        /// Its length.
        count: usize,
        /// The bound.
        limit: usize,
    },
    /// A reference leads nowhere.
    #[error("`{path}`: there is no {kind} `{value}`")]
    UnknownReference {
        /// Where.
        path: String,
        /// User, group or device.
        kind: &'static str,
        /// The value.
        value: String,
    },
}

impl DirectoryError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ambiguous { .. } => "directory.ambiguous",
            Self::BadKey { .. } => "directory.bad_key",
            Self::BadValue { .. } => "directory.bad_value",
            Self::BadVerifier { .. } => "directory.bad_verifier",
            Self::DeviceExists { .. } => "directory.device_exists",
            Self::Duplicate { .. } => "directory.duplicate",
            Self::Json(_) => "directory.json",
            Self::KeyInUse { .. } => "directory.key_in_use",
            Self::NoSuchDevice { .. } => "directory.no_such_device",
            Self::NoSuchUser { .. } => "directory.no_such_user",
            Self::TooLarge { .. } => "directory.too_large",
            Self::TooMany { .. } => "directory.too_many",
            Self::UnknownReference { .. } => "directory.unknown_reference",
        }
    }

    /// The JSON path of the fault, where the fault is in a file.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Ambiguous { path, .. }
            | Self::BadKey { path, .. }
            | Self::BadValue { path, .. }
            | Self::BadVerifier { path, .. }
            | Self::Duplicate { path, .. }
            | Self::TooMany { path, .. }
            | Self::UnknownReference { path, .. } => Some(path),
            Self::Json(error) => Some(error.path()),
            Self::DeviceExists { .. }
            | Self::KeyInUse { .. }
            | Self::NoSuchDevice { .. }
            | Self::NoSuchUser { .. }
            | Self::TooLarge { .. } => None,
        }
    }
}

/// A value as an error shows it: at most 64 characters.
pub(super) fn shown(value: &str) -> String {
    match value.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let path = || "users[1].id".to_owned();
        let value = || "x".to_owned();
        let json = crate::base::json::from_slice::<u8>(b"[]").unwrap_err();
        let thumbprint = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U".parse().unwrap();
        let expected = "a name";
        for (error, sentence) in [
            (
                DirectoryError::Ambiguous { path: path(), value: value() },
                "`users[1].id`: more than one user is called `x`; give the id instead",
            ),
            (
                DirectoryError::BadKey { path: path(), error: jose::Error::NotOnCurve },
                "`users[1].id`: ",
            ),
            (
                DirectoryError::BadValue { path: path(), value: value(), expected },
                "`users[1].id`: `x` is not a name",
            ),
            (
                DirectoryError::BadVerifier { path: path(), fault: CredentialFault::Salt },
                "`users[1].id`: the salt is not base64url of 8 to 64 octets",
            ),
            (
                DirectoryError::DeviceExists { device: DeviceId::from_u128(1) },
                "a device with the id `00000000-0000-0000-0000-000000000001` is registered already",
            ),
            (
                DirectoryError::Duplicate { path: path(), value: value() },
                "`users[1].id`: `x` stands for something else already",
            ),
            (DirectoryError::Json(json), "line 1, column "),
            (
                DirectoryError::KeyInUse { thumbprint },
                "the key `oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U` is the device key of",
            ),
            (
                DirectoryError::NoSuchDevice { device: DeviceId::from_u128(1) },
                "there is no device `00000000-0000-0000-0000-000000000001`",
            ),
            (
                DirectoryError::NoSuchUser { user: UserId::from_u128(1) },
                "there is no user `00000000-0000-0000-0000-000000000001`",
            ),
            (
                DirectoryError::TooLarge { octets: 9, limit: 8 },
                "the directory file has 9 octets; at most 8 are read",
            ),
            (
                DirectoryError::TooMany { path: "users".to_owned(), count: 9, limit: 8 },
                "`users` has 9 entries; at most 8 are read",
            ),
            (
                DirectoryError::UnknownReference { path: path(), kind: "user", value: value() },
                "`users[1].id`: there is no user `x`",
            ),
        ] {
            assert!(error.to_string().starts_with(sentence), "{error}");
            assert!(error.code().starts_with("directory."), "{error}");
        }
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shown("short"), "short");
        assert_eq!(shown(&"é".repeat(65)), format!("{}…", "é".repeat(64)));
    }
}
