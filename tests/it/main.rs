//! The integration tests, one binary: each module is a topic.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test fails by panicking, and a test binary exports nothing"
)]

mod arrays;
mod attack_matrix;
mod checks;
mod commands;
mod docs;
mod dpop_laws;
mod filters;
mod issuance;
mod known_keys;
mod layering;
mod limitations;
mod lint;
mod matrix;
mod policy_cases;
mod policy_files;
mod policy_laws;
mod policy_members;
mod policy_speed;
mod properties;
mod replay;
mod report;
mod robustness;
mod rollout;
mod signin_log;
#[cfg(feature = "parquet")]
mod signin_parquet;
mod signin_shapes;
mod stories;
mod support;
mod switches;
mod token_protection;
mod vectors;
mod what_if;
