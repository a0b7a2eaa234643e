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
#[cfg(feature = "cli")]
mod commands;
mod matrix;
mod stories;
mod support;
mod switches;
mod vectors;
