//! The simulation: one world, one clock, one seed.
//!
//! [`run`] plays a [`Scenario`] through the same rooms that everything else uses and gives back an
//! [`Outcome`]: each step, the check that decided it, the sign-in records, and a [`Trace`] with the
//! bytes of every message. The same seed, version and scenario give the same trace, byte for byte.
//!
//! [`matrix`] plays every theft against every set of defences; [`aftermath`] asks how long loot
//! works once an administrator has reacted; [`library`] holds the named scenarios.

mod administrator;
pub mod aftermath;
mod honest;
pub mod kinds;
pub mod library;
mod machine;
pub mod matrix;
pub mod modelled;
mod network;
mod outcome;
mod people;
mod player;
pub mod policies;
pub mod population;
mod proof_thief;
mod run;
pub mod scenario;
mod settings;
mod thief;
mod trace;
mod visit;
mod world;

pub use machine::user_agent;
pub use outcome::{Outcome, StepOutcome, ThiefOutcome};
pub use player::{Played, Player, Way};
pub use run::{DEFAULT_SEED, RunOptions, run};
pub use scenario::{Scenario, ScenarioError};
pub use settings::{SettingError, Settings};
pub use trace::{Event, Exchange, Trace};
