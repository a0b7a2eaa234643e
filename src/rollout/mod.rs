//! Rehearsing a roll-out.
mod error;
mod generate;
mod plan;
mod shares;

pub use error::RolloutError;
pub use generate::directory_file;
pub use plan::{AppFile, DEFAULT_PLAN, FleetFile, MAX_PLAN_LEN, MAX_SIGN_INS, MAX_USERS, Phase, PlanFile};
#[cfg(feature = "cli")]
pub use plan::plan_schema;
pub use shares::{Assigns, MixEntry, Share, Shares};
