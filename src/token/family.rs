//! A refresh-token family: all tokens that descend from one sign-in.
//!
//! ```text
//!            redeem the newest            PRT rolled
//!   Live{generation} ──▶ Live{generation+1}   Live ──▶ Rolled
//!        │ redeem a retired one, logout, …              │
//!        ▼                                              ▼
//!      Ended(reason)  ◀───────────────────────────────  …
//! ```
//!
//! Transitions consume the family, so a caller cannot go on with the old state. Showing a retired
//! token is a transition of its own (reuse detection, RFC 9700 section 4.14.2), not a lookup miss.

use crate::base::{Check, Danger};

/// Whether redeeming a token retires it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// Old tokens stay good until they expire.
    #[default]
    Keep,
    /// Each redemption retires the token shown; showing it again ends the family.
    Retire,
}

/// Why a family ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// An authorization code was redeemed twice; its tokens are withdrawn.
    CodeReused,
    /// A retired token was shown.
    Reuse,
    /// A newer PRT request followed (app refresh tokens only).
    Rolled,
}

/// The state of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Tokens may be redeemed; `generation` is the newest.
    Live {
        /// Generation of the newest token.
        generation: u32,
    },
    /// A PRT family that a newer PRT request has followed: the PRT lives to its expiry, the app
    /// refresh tokens issued under it have ended (prt-protocol 12).
    Rolled {
        /// Generation of the newest token.
        generation: u32,
    },
    /// Nothing of it is good any more.
    Ended(EndReason),
}

/// Why a family refused a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FamilyError {
    /// The family has ended.
    #[error("the family of this token has ended")]
    Ended(EndReason),
    /// The family cannot be remembered, so its token is not redeemed.
    #[error("the memory of token families is full")]
    Full,
    /// A retired token was shown; the family has ended by that.
    #[error("a retired token was shown, so its family has ended")]
    Reuse,
}

impl FamilyError {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ended(_) => "token.family_ended",
            Self::Full => "token.families_full",
            Self::Reuse => "token.reuse",
        }
    }
}

/// What came of redeeming: the next state always, and the generation of the new token or why not.
pub type Redeemed = (Family, Result<u32, FamilyError>);

impl Family {
    /// A family with its first token, generation 0.
    #[must_use]
    pub const fn new() -> Self {
        Self::Live { generation: 0 }
    }

    /// Redeems the token of `generation`.
    pub fn redeem(self, generation: u32, rotation: Rotation, danger: Danger) -> Redeemed {
        match self {
            // REV-01
            Self::Ended(reason) if danger.enforces(Check::FamilyLive) => {
                (self, Err(FamilyError::Ended(reason)))
            }
            Self::Ended(_) => (self, Ok(generation)),
            Self::Live { generation: newest } | Self::Rolled { generation: newest } => {
                // RFT-03
                if rotation == Rotation::Retire
                    && generation != newest
                    && danger.enforces(Check::RefreshUnused)
                {
                    return (Self::Ended(EndReason::Reuse), Err(FamilyError::Reuse));
                }
                match rotation {
                    Rotation::Keep => (self, Ok(generation)),
                    Rotation::Retire => {
                        let next = newest.saturating_add(1);
                        (self.with_newest(next), Ok(next))
                    }
                }
            }
        }
    }

    /// A newer PRT request has followed.
    #[must_use]
    pub const fn rolled(self) -> Self {
        match self {
            Self::Live { generation } => Self::Rolled { generation },
            other => other,
        }
    }

    /// Ends the family; an earlier reason stays.
    #[must_use]
    pub const fn ended(self, reason: EndReason) -> Self {
        match self {
            Self::Ended(_) => self,
            Self::Live { .. } | Self::Rolled { .. } => Self::Ended(reason),
        }
    }

    /// Whether app refresh tokens of this (PRT) family are good.
    ///
    /// # Errors
    /// [`FamilyError::Ended`].
    pub fn app_tokens(self, danger: Danger) -> Result<(), FamilyError> {
        // REV-01
        match self {
            Self::Live { .. } => Ok(()),
            _ if !danger.enforces(Check::FamilyLive) => Ok(()),
            Self::Rolled { .. } => Err(FamilyError::Ended(EndReason::Rolled)),
            Self::Ended(reason) => Err(FamilyError::Ended(reason)),
        }
    }

    const fn with_newest(self, generation: u32) -> Self {
        match self {
            Self::Live { .. } => Self::Live { generation },
            Self::Rolled { .. } => Self::Rolled { generation },
            Self::Ended(reason) => Self::Ended(reason),
        }
    }
}

impl Default for Family {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_retires_and_reuse_ends() {
        let (family, second) = Family::new().redeem(0, Rotation::Retire, Danger::NONE);
        assert_eq!(second, Ok(1));
        let (family, third) = family.redeem(1, Rotation::Retire, Danger::NONE);
        assert_eq!(third, Ok(2));
        let (family, reuse) = family.redeem(1, Rotation::Retire, Danger::NONE);
        assert_eq!(reuse, Err(FamilyError::Reuse));
        let (_, after) = family.redeem(2, Rotation::Retire, Danger::NONE);
        assert_eq!(after, Err(FamilyError::Ended(EndReason::Reuse)));
    }

    #[test]
    fn without_rotation_old_tokens_stay_good() {
        let (family, _) = Family::new().redeem(0, Rotation::Keep, Danger::NONE);
        assert_eq!(family.redeem(0, Rotation::Keep, Danger::NONE), (family, Ok(0)));
    }

    #[test]
    fn a_rolled_family_keeps_its_prt_and_loses_its_app_tokens() {
        let rolled = Family::new().rolled();
        assert!(rolled.app_tokens(Danger::NONE).is_err());
        assert!(rolled.redeem(0, Rotation::Keep, Danger::NONE).1.is_ok());
        assert!(Family::new().app_tokens(Danger::NONE).is_ok());
    }
}
