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
//! What a policy can say stands in `conditions` and `controls`, a file for each: how it is read, what
//! it means, what of a sign-in it looks at. `evaluate` knows none of them by name; `index` turns the
//! policies of a set round, so that a sign-in finds those that speak of it.

mod applied;
mod binding;
mod bits;
mod conditions;
mod controls;
mod decision;
mod error;
mod evaluate;
mod explain;
mod facts;
pub mod filter;
mod flags;
mod graph;
mod index;
mod model;
mod reader;
mod rule;
mod set;

pub use applied::{AppliedPolicy, AppliedPolicyResult, Condition, NotConditions};
pub use binding::{
    BindingFacts, Evidence, SignInHistory, SignInSessionStatus, TokenProtectionStatus,
    token_protection_status,
};
pub use conditions::{
    ApplicationFilter, ApplicationWord, Applications, ClientApplications, Conditions, DeviceState,
    DeviceStates, Devices, ExternalTenants, ExternalUsers, FilterMode, Locations, Platforms,
    Principals, Users, Workloads,
};
pub use controls::{
    AuthenticationStrength, ContinuousAccessEvaluation, FrequencyAuthentication, GrantControl,
    GrantControls, Operator, PersistentBrowserMode, SessionControl, SessionControls,
    SignInFrequency,
};
pub use decision::{ConditionalAccessStatus, Control, Decision, Denial, Outcome};
pub use error::PolicyError;
pub use evaluate::evaluate;
pub use explain::{
    ConditionExplanation, ConditionOutcome, ControlExplanation, ControlOutcome, Explanation,
    GrantExplanation, PolicyExplanation, RuleSatisfied, RulesExplanation, RulesSatisfied,
};
pub use facts::{
    Authentication, AuthenticationContextId, AuthenticationMethod, ClientAppType, ClientProtection,
    ExternalUser, Identity, InsiderRiskLevel, NotAContext, Place, Platform, Purpose, Remediation,
    Risk, RiskLevel, SecondFactorProof, ServicePrincipalFacts, ServicePrincipalHome,
    ServicePrincipalKind, SignIn, Target, TransferMethod, UserAction, UserFacts,
};
pub use flags::{Flag, Flags};
pub use model::{IdSet, Policy, PolicyState};
pub use set::{PolicySet, Warning};
