//! Filter rules: `device.trustType -eq "AzureAD" -and ...` of a policy's device filter, and the same
//! grammar over custom security attributes.
//!
//! ```text
//! text --lexer--> tokens --parser--> Expression --program--> tests in a row, each with two exits
//! ```
//!
//! A rule is read once and asked often. Reading knows offsets and suggests the nearest name; asking
//! follows exits from test to test, allocates nothing and needs no stack. Rules come from strangers:
//! the parser keeps its own stack, reading and matching take time linear in rule and value, and what
//! recurses (printing, lowering) is no deeper than the [`MAX_LEN`] characters of a rule allow.
//!
//! # Source
//! conditional-access 3.3, 4.1 and 4.2.
//!
//! # Simulated
//! - `-eq`, `-ne`, `-in` and `-notIn` on a collection ask whether some element is equal; the filter
//!   reference allows only `-contains` and `-notContains` there, other pages show `-eq`. A rule says
//!   which comparisons do so ([`DeviceFilter::element_equality`]).
//! - `-in` and `-notIn` are taken wherever `-eq` and `-ne` are.
//! - `true`, `false` and `null` stand after `-eq` and `-ne` alone; `true` is the text `True`.
//! - A collection without elements is not null.

mod attribute;
mod device;
mod error;
mod expression;
mod lexer;
mod needle;
mod parser;
mod program;
mod shared;

pub(super) use shared::SharedFilters;

pub use attribute::{AttributeFilter, AttributeName, AttributeValue, AttributeValues};
pub use device::{DeviceFilter, DeviceProperty};
pub use error::{FilterError, FilterErrorKind};
pub use expression::{Comparison, Expression, Operand, Operator};

/// A rule has at most this many Unicode scalars.
pub const MAX_LEN: usize = 3072;
