//! The integration tests, one binary: each module is a topic.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod checks;
mod docs;
mod layering;
mod matrix;
mod support;
mod switches;
mod vectors;
