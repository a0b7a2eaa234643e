//! What a request is for, and how its sign-in came about.

use std::fmt;
use std::str::FromStr;

use crate::base::id::AppId;
use crate::policy::flags::Flag;

/// What a request is for: policies assign themselves to one of the three.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// A step-up that an application asked for.
    AuthenticationContext(AuthenticationContextId),
    /// Resources; a policy applies if one of them is in its scope.
    Resources(&'a [AppId]),
    /// An action of the user on the own account.
    UserAction(UserAction),
}

/// An authentication context, `c1` to `c99`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthenticationContextId(u8);

impl AuthenticationContextId {
    /// The number behind the `c`, 1 to 99.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for AuthenticationContextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// The text is no authentication context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("authentication contexts are `c1` to `c99`")]
pub struct NotAContext;

impl FromStr for AuthenticationContextId {
    type Err = NotAContext;

    fn from_str(text: &str) -> Result<Self, NotAContext> {
        let digits = text.strip_prefix(['c', 'C']).ok_or(NotAContext)?;
        let well_formed = matches!(digits.as_bytes(), [b'1'..=b'9'] | [b'1'..=b'9', b'0'..=b'9']);
        digits.parse().ok().filter(|_| well_formed).map(Self).ok_or(NotAContext)
    }
}

/// An action that a policy can be assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserAction {
    /// `urn:user:registerdevice`: registers or joins a device.
    RegisterDevice,
    /// `urn:user:registersecurityinfo`: registers methods of authentication.
    RegisterSecurityInfo,
}

impl UserAction {
    /// The name in Graph.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RegisterDevice => "urn:user:registerdevice",
            Self::RegisterSecurityInfo => "urn:user:registersecurityinfo",
        }
    }
}

impl Flag for UserAction {
    const ALL: &'static [Self] = &[Self::RegisterDevice, Self::RegisterSecurityInfo];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// How a sign-in came over from another device.
///
/// # Source
/// Graph `conditionalAccessTransferMethods`: flags 1, 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransferMethod {
    /// By a code typed on another device.
    DeviceCodeFlow,
    /// By carrying the sign-in over, for example with a QR code.
    AuthenticationTransfer,
}

impl Flag for TransferMethod {
    const ALL: &'static [Self] = &[Self::DeviceCodeFlow, Self::AuthenticationTransfer];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authentication_contexts_are_c1_to_c99() {
        let read = |text: &str| text.parse().map(|id: AuthenticationContextId| id.to_string());
        for good in ["c1", "c9", "c10", "c99"] {
            assert_eq!(read(good).as_deref(), Ok(good));
        }
        assert_eq!(read("C7").as_deref(), Ok("c7"));
        for bad in ["", "c", "c0", "c01", "c100", "1", "c+1", "c-1", "c1 "] {
            assert_eq!(read(bad), Err(NotAContext), "{bad}");
        }
    }
}
