//! The budgets of the project that are times. Those that are ratios are taken in turns by benches, which
//! print them (`benches/support/gate.rs`).

use crate::gates::Gate;

pub const ALL: &[Gate] = &[
    Gate {
        what: "replay window, 10 million live entries, one insert",
        nanoseconds: 200.0,
        of: "replay/insert/1/10000000",
        less: None,
    },
    Gate {
        what: "100 policies, one sign-in",
        nanoseconds: 2_000.0,
        of: "policy/evaluate/100",
        less: None,
    },
    Gate {
        what: "1,000 policies, one sign-in",
        nanoseconds: 15_000.0,
        of: "policy/evaluate/1000",
        less: None,
    },
];
