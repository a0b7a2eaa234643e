//! Builders, a hand-made device and strategies, for testing enforcement logic. Feature `testing`.
//!
//! [`Lab`] is a provider with its tenant and a clock; [`HandmadeDevice`] is a registered device whose
//! keys the test owns, so that it can build every message of the protocol, right or wrong in one
//! place. [`strategies`] are proptest strategies for messages, policies and scenarios. A `danger_`
//! switch per check comes from [`crate::base::Danger::danger_without`].
//!
//! ```
//! use token_protection_lab::base::Check;
//! use token_protection_lab::testing::Lab;
//!
//! let mut lab = Lab::new();
//! let mut device = lab.device();
//! lab.obtain_prt(&mut device);
//! let stale = device.use_of_prt(&lab.nonce(), lab.now()).without_grant_type();
//! assert_eq!(lab.send(stale.request()).check(), Some(Check::PrtUsePurpose));
//! ```

pub mod builders;
pub mod device;
pub mod dpop;
pub mod lab;
pub mod strategies;

pub use device::{Draft, HandmadeDevice};
pub use dpop::HandmadeDpop;
pub use lab::{Answer, Lab, LabBuilder};
