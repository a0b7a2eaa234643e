//! Why a filter rule was refused, and where.

use std::fmt;

use super::expression::Operator;

/// Why a text is no filter rule, where it went wrong, and what may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    offset: usize,
    kind: FilterErrorKind,
    hint: Option<String>,
}

impl FilterError {
    /// The fault at `offset`, without a hint.
    pub(super) const fn at(offset: usize, kind: FilterErrorKind) -> Self {
        Self { offset, kind, hint: None }
    }

    /// The same with what may have been meant.
    pub(super) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// Where the fault is: Unicode scalars before it, counted from 0.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &FilterErrorKind {
        &self.kind
    }

    /// The nearest name or operator that exists, or what belongs there.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The stable code of this reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at offset {}: {}", self.offset, self.kind)?;
        match &self.hint {
            None => Ok(()),
            Some(hint) => write!(f, "; {hint}"),
        }
    }
}

impl std::error::Error for FilterError {}

/// What is wrong with a filter rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterErrorKind {
    /// Nothing but white space.
    #[error("the rule is empty")]
    Empty,
    /// `[]`.
    #[error("the list is empty")]
    EmptyList,
    /// `in` or `notIn` with something else than a list.
    #[error("`-{operator}` takes a list such as `[\"a\", \"b\"]`")]
    ListExpected {
        /// The operator.
        operator: Operator,
    },
    /// A list after an operator that takes one value.
    #[error("`-{operator}` takes one value; a list belongs to `-in` and `-notIn`")]
    ListNotAllowed {
        /// The operator.
        operator: Operator,
    },
    /// The rule ends, or goes on with something else, where a comparison belongs.
    #[error("a comparison is missing")]
    MissingComparison,
    /// Two comparisons side by side.
    #[error("`-and` or `-or` is missing")]
    MissingConnective,
    /// A comparison without a value.
    #[error("a value is missing after `-{operator}`")]
    MissingOperand {
        /// The operator.
        operator: Operator,
    },
    /// A property without an operator.
    #[error("an operator is missing")]
    MissingOperator,
    /// `and`, `or` or `not` that touches its neighbour.
    #[error("`{word}` needs white space or a parenthesis on both sides")]
    MissingSpace {
        /// The word.
        word: String,
    },
    /// `true`, `false` or `null` after an operator other than `eq` and `ne`.
    #[error("`-{operator}` takes a text in quotes")]
    OperandNotAllowed {
        /// The operator.
        operator: Operator,
    },
    /// An operator that the property does not have.
    #[error("`{property}` has no `-{operator}`")]
    OperatorNotAllowed {
        /// The property.
        property: String,
        /// The operator.
        operator: Operator,
    },
    /// More Unicode scalars than a rule may have.
    #[error("the rule is longer than {} characters", super::MAX_LEN)]
    TooLong,
    /// A parenthesis without its partner.
    #[error("a parenthesis has no partner")]
    UnbalancedParenthesis,
    /// A character that stands for nothing.
    #[error("`{found}` has no meaning here")]
    UnexpectedCharacter {
        /// The character, escaped.
        found: String,
    },
    /// A word where an operator belongs.
    #[error("`{word}` is no operator")]
    UnknownOperator {
        /// The start of the word.
        word: String,
    },
    /// A word where a property belongs.
    #[error("`{word}` is no property")]
    UnknownProperty {
        /// The start of the word.
        word: String,
    },
    /// A text or a list that does not end.
    #[error("the text or list that starts here does not end")]
    Unterminated,
}

impl FilterErrorKind {
    /// The stable code of this reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "policy.filter_empty",
            Self::EmptyList => "policy.filter_empty_list",
            Self::ListExpected { .. } => "policy.filter_list_expected",
            Self::ListNotAllowed { .. } => "policy.filter_list_not_allowed",
            Self::MissingComparison => "policy.filter_missing_comparison",
            Self::MissingConnective => "policy.filter_missing_connective",
            Self::MissingOperand { .. } => "policy.filter_missing_operand",
            Self::MissingOperator => "policy.filter_missing_operator",
            Self::MissingSpace { .. } => "policy.filter_missing_space",
            Self::OperandNotAllowed { .. } => "policy.filter_operand_not_allowed",
            Self::OperatorNotAllowed { .. } => "policy.filter_operator_not_allowed",
            Self::TooLong => "policy.filter_too_long",
            Self::UnbalancedParenthesis => "policy.filter_unbalanced_parenthesis",
            Self::UnexpectedCharacter { .. } => "policy.filter_unexpected_character",
            Self::UnknownOperator { .. } => "policy.filter_unknown_operator",
            Self::UnknownProperty { .. } => "policy.filter_unknown_property",
            Self::Unterminated => "policy.filter_unterminated",
        }
    }
}
