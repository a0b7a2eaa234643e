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
mod docs;
mod issuance;
mod layering;
mod matrix;
mod robustness;
mod stories;
mod support;
mod switches;
mod vectors;
