//! What a rule says, as a tree; printing it gives the canonical text.

use std::fmt::{self, Display};

/// A rule without its punctuation.
///
/// `And` and `Or` hold at least two parts; parts that stood in parentheses stay parts of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression<P> {
    /// All hold.
    And(Vec<Self>),
    /// One property against one value.
    Comparison(Comparison<P>),
    /// It does not hold.
    Not(Box<Self>),
    /// At least one holds.
    Or(Vec<Self>),
}

/// One property against one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison<P> {
    /// What is compared.
    pub property: P,
    /// How.
    pub operator: Operator,
    /// With what.
    pub operand: Operand,
}

/// How a property is compared, in the order of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Begins with.
    StartsWith,
    /// Does not begin with.
    NotStartsWith,
    /// Ends with.
    EndsWith,
    /// Does not end with.
    NotEndsWith,
    /// Has this part; of a collection: has this element.
    Contains,
    /// Has not this part or element.
    NotContains,
    /// Equal to one of a list.
    In,
    /// Equal to none of a list.
    NotIn,
}

impl Operator {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Eq,
        Self::Ne,
        Self::StartsWith,
        Self::NotStartsWith,
        Self::EndsWith,
        Self::NotEndsWith,
        Self::Contains,
        Self::NotContains,
        Self::In,
        Self::NotIn,
    ];

    /// The word, without its hyphen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::StartsWith => "startsWith",
            Self::NotStartsWith => "notStartsWith",
            Self::EndsWith => "endsWith",
            Self::NotEndsWith => "notEndsWith",
            Self::Contains => "contains",
            Self::NotContains => "notContains",
            Self::In => "in",
            Self::NotIn => "notIn",
        }
    }

    /// The operator with this word, whatever its case.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operator| operator.as_str().eq_ignore_ascii_case(word))
    }

    /// Whether it asks that something is not so. Such a comparison holds where there is no value:
    /// on a device that is not registered.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        matches!(
            self,
            Self::Ne | Self::NotStartsWith | Self::NotEndsWith | Self::NotContains | Self::NotIn
        )
    }

    /// Whether it takes a list.
    #[must_use]
    pub const fn takes_list(self) -> bool {
        matches!(self, Self::In | Self::NotIn)
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The value of a comparison, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// `false`.
    False,
    /// `["a", "b"]`; never empty.
    List(Vec<String>),
    /// `null`.
    Null,
    /// `"a"`.
    Text(String),
    /// `true`.
    True,
}

impl<P> Expression<P> {
    /// All comparisons, from left to right.
    #[must_use]
    pub fn comparisons(&self) -> Vec<&Comparison<P>> {
        let mut found = Vec::new();
        let mut next = vec![self];
        while let Some(expression) = next.pop() {
            match expression {
                Self::And(parts) | Self::Or(parts) => next.extend(parts.iter().rev()),
                Self::Comparison(comparison) => found.push(comparison),
                Self::Not(part) => next.push(part),
            }
        }
        found
    }

    /// Whether `not` stands anywhere in it.
    #[must_use]
    pub fn has_not(&self) -> bool {
        let mut next = vec![self];
        while let Some(expression) = next.pop() {
            match expression {
                Self::And(parts) | Self::Or(parts) => next.extend(parts),
                Self::Comparison(_) => {}
                Self::Not(_) => return true,
            }
        }
        false
    }
}

/// The canonical text: property names in their documented spelling, hyphens, double quotes.
impl<P: Display> Display for Expression<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(f, parts, " -and "),
            Self::Comparison(comparison) => comparison.fmt(f),
            Self::Not(part) => {
                f.write_str("-not ")?;
                part.grouped(f)
            }
            Self::Or(parts) => joined(f, parts, " -or "),
        }
    }
}

fn joined<P: Display>(
    f: &mut fmt::Formatter<'_>,
    parts: &[Expression<P>],
    by: &str,
) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { by })?;
        match part {
            Expression::Not(_) => part.fmt(f)?,
            _ => part.grouped(f)?,
        }
    }
    Ok(())
}

impl<P: Display> Expression<P> {
    /// In parentheses, but for a comparison.
    fn grouped(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comparison(comparison) => comparison.fmt(f),
            _ => write!(f, "({self})"),
        }
    }
}

impl<P: Display> Display for Comparison<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -{} {}", self.property, self.operator, self.operand)
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::False => f.write_str("false"),
            Self::List(texts) => {
                for (at, text) in texts.iter().enumerate() {
                    f.write_str(if at == 0 { "[" } else { ", " })?;
                    quoted(f, text)?;
                }
                f.write_str("]")
            }
            Self::Null => f.write_str("null"),
            Self::Text(text) => quoted(f, text),
            Self::True => f.write_str("true"),
        }
    }
}

/// In double quotes; a backtick takes the meaning from quotes and backticks inside.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    use fmt::Write as _;
    f.write_char('"')?;
    for letter in text.chars() {
        if matches!(letter, '"' | '`') {
            f.write_char('`')?;
        }
        f.write_char(letter)?;
    }
    f.write_char('"')
}
