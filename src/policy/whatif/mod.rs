//! What if: which policies would apply to a sign-in that somebody describes, and, beyond what Graph
//! answers, whether their controls would be met.
//!
//! ```text
//! request body --request--> WhatIfRequest --what_if--> one result a policy: applies, or the reason
//!                                          --simulate--> decision, with stated evidence
//! ```
//!
//! [`what_if`] follows the tool: a policy that is off is not evaluated, the reason is the first
//! condition that is not met, and a condition whose signal the request does not give is not met.
//! [`simulate`] is ours and stands apart: it takes the described sign-in as a real one, fills what is
//! not described with neutral facts, and evaluates it.
//!
//! # Source
//! Graph `conditionalAccessRoot: evaluate`; conditional-access section 6.
//!
//! # Simulated
//! - The words `all` of `devicePlatform` and `clientAppType` are their documented defaults and count
//!   as no signal.
//! - A device is what `deviceInfo` says and nothing else; an extension attribute that it gives
//!   counts. `deviceInfo` without members is a device that is not registered.
//! - The risk of a workload has no reason of its own in Graph; it is reported as
//!   `workloadIdentities`.

mod answer;
mod described;
mod error;
mod facts;
mod reason;
mod request;
mod simulate;

pub use answer::{WhatIfAnswer, WhatIfResult, what_if};
pub use described::DescribedDevice;
pub use error::WhatIfError;
pub use reason::AnalysisReason;
pub use request::{WhatIfConditions, WhatIfContext, WhatIfIdentity, WhatIfRequest};
pub use simulate::{Simulation, Stated, simulate};
