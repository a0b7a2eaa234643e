//! The budgets of the project.

use crate::gates::{Gate, Rule};

/// Bare verifications of a proof under one key, of the libraries that people would use.
const BARE_ONE_KEY: &[&str] = &[
    "peers/bare/ring/1",
    "peers/bare/aws-lc-rs/1",
    "peers/bare/aws-lc-rs-prepared/1",
    "peers/bare/openssl/1",
    "peers/bare/openssl-prepared/1",
];

pub const ALL: &[Gate] = &[
    Gate {
        what: "DPoP proof, whole check, key not seen before (of 1,000)",
        rule: Rule::AtMost {
            times: 1.10,
            of: "peers/dpop/ours/1000",
            than: &["peers/bare/ring/1000"],
        },
    },
    Gate {
        what: "known key, signature step, one key",
        rule: Rule::FasterBy { times: 2.0, of: "peers/bare/known/1", than: BARE_ONE_KEY },
    },
    Gate {
        what: "known key, whole check, one key",
        rule: Rule::FasterBy { times: 1.6, of: "peers/dpop/ours-known/1", than: BARE_ONE_KEY },
    },
    Gate {
        what: "use of a PRT at the provider, `ring` issuing, without the token's signature",
        rule: Rule::Within {
            nanoseconds: 10_000.0,
            of: "redeem/bound/ring",
            less: Some("jose/sign/es256/ring"),
        },
    },
    Gate {
        what: "replay window, 10 million live entries, one insert",
        rule: Rule::Within { nanoseconds: 200.0, of: "replay/insert/1/10000000", less: None },
    },
    Gate {
        what: "100 policies, one sign-in",
        rule: Rule::Within { nanoseconds: 2_000.0, of: "policy/evaluate/100", less: None },
    },
    Gate {
        what: "1,000 policies, one sign-in",
        rule: Rule::Within { nanoseconds: 15_000.0, of: "policy/evaluate/1000", less: None },
    },
];
