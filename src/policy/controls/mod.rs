//! What a policy that applies asks for: grant controls before it grants, session controls of the
//! session that follows.

pub(super) mod grant;
pub(super) mod session;
mod strength;

pub use grant::{GrantControl, GrantControls, Operator};
pub use session::{
    ContinuousAccessEvaluation, FrequencyAuthentication, PersistentBrowserMode, SessionControl,
    SessionControls, SignInFrequency,
};
pub use strength::AuthenticationStrength;

pub(super) use grant::Met;
