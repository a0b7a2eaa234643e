//! Sign-in records: what the log says about each request, in the shape of Graph beta `signIn`.
//!
//! Every request that authenticates somebody leaves one record, refused or not. The peer learns a
//! code; the record says which policies applied, how each came out, and whether the request was
//! bound. [`SignInRecord::new`] takes flat facts and a [`Verdict`], so that a modelled sign-in and
//! one with real cryptography leave the same record.
//!
//! Graph v1.0 has no `tokenProtectionStatusDetails`; [`SignInRecord`] has the beta shape
//! ([`graph`]). The [`diagnostic`] export and the rows of [`log_analytics`] are views of the same
//! record; [`ndjson`] writes any of the three, one line a record.
//!
//! # Source
//! conditional-access 3.5, 5.1 and 5.2; Graph beta `signIn`.

mod device;
pub mod diagnostic;
mod export;
mod facts;
pub mod graph;
mod log;
pub mod log_analytics;
pub mod ndjson;
#[cfg(feature = "parquet")]
pub mod parquet;
mod parts;
mod reason;
mod record;
mod words;

pub use device::DeviceDetail;
pub use facts::{NamedApp, RequestFacts, Verdict};
pub use log::SignInLog;
pub use parts::{
    AuthenticationDetail, AuthenticationRequirementPolicy, GeoCoordinates, MfaDetail, RiskFacts,
    SessionLifetimePolicy, SignInLocation,
};
pub use reason::failure_reason;
pub use record::{AppliedPolicyRecord, SignInRecord, SignInStatus};
pub use words::{
    AuthenticationProtocol, AuthenticationRequirement, CrossTenantAccessType,
    ExpirationRequirement, IncomingTokenType, Interactivity, LogUserType, OldTokenProtectionStatus,
    OriginalTransferMethod, RiskLevel, RiskState, SignInEventType, client_app_used,
};
