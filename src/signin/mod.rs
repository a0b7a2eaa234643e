//! Sign-in records: what the log says about each request, in the shape of Graph beta `signIn`.
//!
//! Every request that authenticates somebody leaves one record, refused or not. The peer learns a
//! code; the record says which policies applied, how each came out, and whether the request was
//! bound. [`SignInRecord::new`] takes flat facts and a [`Verdict`], so that a modelled sign-in and
//! one with real cryptography leave the same record.
//!
//! Graph v1.0 has no `tokenProtectionStatusDetails`; the shape here is the beta one. The diagnostic
//! export and the Log Analytics rows are other spellings of the same facts.
//!
//! # Source
//! conditional-access 3.5 and 5.1; Graph beta `signIn`.

mod device;
mod log;
pub mod query;
pub mod read;
mod reason;
mod record;
mod words;

pub use device::DeviceDetail;
pub use log::SignInLog;
pub use reason::failure_reason;
pub use record::{
    AppliedPolicyRecord, NamedApp, RequestFacts, SignInRecord, SignInStatus, Verdict,
};
pub use words::{
    AuthenticationProtocol, AuthenticationRequirement, CrossTenantAccessType, IncomingTokenType,
    Interactivity, LogUserType, SignInEventType, client_app_used,
};
