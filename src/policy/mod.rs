//! Conditional Access: the policies of a tenant, evaluated for one request at a time.
//!
//! ```text
//! Graph JSON --graph--> PolicySet --\
//! evidence --binding--> status ------+--evaluate--> Decision { outcome, one entry a policy }
//! facts of the request (SignIn) ----/
//! ```
//!
//! The room is pure: no clock, no tokens, no directory look-ups. Whoever calls fills in the facts,
//! whether they come from verified messages (`idp`) or are modelled (`rollout`). A refusal is a
//! [`Decision`] and not an error; errors are files that cannot be read as policies.
//!
//! What a policy can say grows here: a member is read in `graph`, kept in `model`, walked in
//! `evaluate`. Until a documented member has all three, a policy that uses it is refused.

mod applied;
mod binding;
mod decision;
mod error;
mod evaluate;
mod explain;
mod facts;
mod flags;
mod graph;
mod mentions;
mod model;
mod reader;
mod set;
mod words;

pub use applied::{AppliedPolicy, AppliedPolicyResult, Condition, NotConditions};
pub use binding::{
    BindingFacts, Evidence, SignInHistory, SignInSessionStatus, TokenProtectionStatus,
    token_protection_status,
};
pub use decision::{ConditionalAccessStatus, Control, Decision, Denial, Outcome};
pub use error::PolicyError;
pub use evaluate::evaluate;
pub use explain::{Explanation, PolicyExplanation};
pub use facts::{
    Authentication, AuthenticationContextId, AuthenticationMethod, ClientAppType, ClientProtection,
    CustomSecurityAttributes, ExternalUser, Identity, InsiderRiskLevel, NotAContext, Place,
    Platform, Purpose, Remediation, Risk, RiskLevel, SecondFactorProof, ServicePrincipalFacts,
    ServicePrincipalHome, ServicePrincipalKind, SignIn, Target, TransferMethod, UserAction,
    UserFacts,
};
pub use flags::{Flag, Flags};
pub use model::{
    Applications, Conditions, GrantControl, GrantControls, IdSet, Operator, Platforms, Policy,
    PolicyState, Principals, SessionControl, Users,
};
pub use set::{PolicySet, Warning};
