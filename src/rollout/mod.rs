//! Rehearsing a roll-out.
mod error;
mod facts;
mod fleet;
mod generate;
mod plan;
mod rehearsal;
mod shares;
mod timeline;
mod trouble;
mod truth;

pub use error::RolloutError;
pub use fleet::Fleet;
pub use generate::directory_file;
#[cfg(feature = "cli")]
pub use plan::plan_schema;
pub use plan::{
    AppFile, DEFAULT_PLAN, FleetFile, MAX_PLAN_LEN, MAX_SIGN_INS, MAX_USERS, Phase, PlanFile,
};
pub use rehearsal::{Act, Drawn, Rehearsal, Situation};
pub use shares::{Assigns, MixEntry, Share, Shares};
pub use timeline::{Mode, Stage, Timeline};
pub use trouble::{Method, Trouble};
pub use truth::DRAWN_MEMBERS;
