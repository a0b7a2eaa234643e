//! Rehearsing a roll-out.
mod assess;
mod counts;
mod error;
mod facts;
mod fleet;
mod generate;
mod plan;
mod rehearsal;
mod remedy;
mod report;
mod shard;
mod shares;
mod theft;
mod timeline;
mod trouble;
mod truth;
mod verdict;

pub use counts::{Counts, CountsFile};
pub use error::RolloutError;
pub use fleet::Fleet;
pub use generate::directory_file;
#[cfg(feature = "cli")]
pub use plan::plan_schema;
pub use plan::{
    AppFile, DEFAULT_PLAN, FleetFile, MAX_PLAN_LEN, MAX_SIGN_INS, MAX_USERS, Phase, PlanFile,
};
pub use rehearsal::{Act, Drawn, Rehearsal, Situation};
pub use remedy::{Change, Remedy};
pub use report::{
    AppRow, CauseRow, CodeRow, Helps, PhaseRow, Readiness, Ready, RemedyRow, Report, Totals, UserRow,
    WeekRow,
};
pub use shard::{NotAShard, Shard, ShardResult, merge};
pub use shares::{Assigns, MixEntry, Share, Shares};
pub use theft::{Reopened, Theft};
pub use timeline::{Mode, Stage, Timeline};
pub use trouble::{Method, Trouble};
pub use truth::DRAWN_MEMBERS;
pub use verdict::Verdict;
