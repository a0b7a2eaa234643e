//! Rehearsing a roll-out: who is blocked when report-only becomes On, and what would have helped.
//!
//! ```text
//! PlanFile ── directory_file ─▶ Directory ─┐
//!    │            (or one that is given)   ├─▶ Rehearsal ── draw(n) ─▶ Drawn ── record ─▶ SignInRecord
//!    └──────────── Timeline ───────────────┘        │                    │
//!                                                verify(sample)       Counts ── report ─▶ Report
//! ```
//!
//! Sign-ins have *modelled evidence*: what a real request would prove with signatures is stated as
//! facts, which go straight to `policy` and `signin`. [`Rehearsal::verify`] plays a sample with real
//! cryptography, and the records must be the same.
//!
//! A sign-in is a function of its number alone, so a run can be cut anywhere: into chunks for
//! threads, into shards for machines, at the point where it was interrupted. A run keeps
//! [`Counts`], whose size follows from the fleet; every figure of a [`Report`] comes from them.
//!
//! The room is pure: no file, clock or thread. Reading plans, writing logs and stopping at Ctrl-C
//! are the command's.
//!
//! # Source
//! conditional-access 8.2 (thefts), 9 (trouble of fleets), 1.2 to 1.5 (what is supported, codes).
//!
//! # Simulated
//! Shares, habits and frequencies are ours (`src/data/rollout`, mark `SIM`), and a plan changes them.

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
mod tried;
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
    AppRow, CauseRow, CodeRow, Helps, PhaseRow, Readiness, Ready, RemedyRow, Report, Totals,
    UserRow, WeekRow,
};
pub use shard::{NotAShard, Shard, ShardResult, merge};
pub use shares::{Assigns, MixEntry, Share, Shares};
pub use theft::{Reopened, Theft};
pub use timeline::{Mode, Stage, Timeline};
pub use trouble::{Method, Trouble};
pub use truth::DRAWN_MEMBERS;
pub use verdict::Verdict;
