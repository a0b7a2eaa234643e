//! The integration tests, one binary: each module is a topic.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod policy_cases;
mod policy_files;
mod policy_laws;
mod signin_log;
mod support;
mod token_protection;
mod vectors;
