//! Rendering: outcomes, tables, traces, refusals and tokens as text, JSON, Markdown and HTML.
//!
//! Everything here is a pure function of what it is given. Text is a [`page::Page`] of at most 80
//! columns: words first, and a tone that only repeats them, so that colour never carries anything
//! alone. The edges decide where a page goes and whether colours go with it.
//!
//! A refusal is explained in one place, [`refusal`], and reads the same in a run, in the demo and in
//! the JSON of both.

pub mod aftermath;
pub mod exchange;
pub mod html;
pub mod inspect;
pub mod json;
pub mod label;
pub mod latency;
pub mod lint;
pub mod list;
pub mod matrix;
pub mod message;
pub mod outcome;
pub mod page;
pub mod refusal;
pub mod remedy;
pub mod report;
pub mod rollout;
pub mod rules;
pub mod sign_in;
pub mod story;
pub mod table;
pub mod whatif;
