//! The integration tests, one binary: each module is a topic.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test fails by panicking, and a test binary exports nothing"
)]

mod checks;
mod commands;
mod docs;
mod issuance;
mod layering;
mod matrix;
mod policy_cases;
mod policy_files;
mod policy_laws;
mod properties;
mod robustness;
mod rollout;
mod signin_log;
mod signin_shapes;
mod stories;
mod support;
mod switches;
mod token_protection;
mod vectors;
