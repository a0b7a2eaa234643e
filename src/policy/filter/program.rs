//! An expression as tests in a row, each with an exit for yes and one for no.
//!
//! `-and`, `-or` and `-not` are only where exits lead, so asking needs neither stack nor memory, and
//! a test whose answer no longer matters is not made. An exit leads to a test that was added
//! earlier, so every walk ends.

use super::expression::{Comparison, Expression, Operand, Operator};
use super::needle::{Needle, OneOf, Part};

/// A rule that is ready to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program<P> {
    steps: Box<[Step<P>]>,
    entry: Exit,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step<P> {
    property: P,
    test: Test,
    yes: Exit,
    no: Exit,
}

/// Where it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Match,
    Miss,
    Step(usize),
}

impl<P: Clone> Program<P> {
    pub(super) fn of(expression: &Expression<P>) -> Self {
        let mut steps = Vec::new();
        let entry = lower(expression, Exit::Match, Exit::Miss, &mut steps);
        Self { steps: steps.into(), entry }
    }

    /// The tests in a row, each with its exits.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&P, &Test, Exit, Exit)> {
        self.steps.iter().map(|step| (&step.property, &step.test, step.yes, step.no))
    }

    /// Where it starts.
    pub(super) const fn entry(&self) -> Exit {
        self.entry
    }

    /// Asks the rule; `holds` makes one test.
    pub(super) fn matches(&self, holds: impl Fn(&P, &Test) -> bool) -> bool {
        let mut exit = self.entry;
        loop {
            let step = match exit {
                Exit::Match => return true,
                Exit::Miss => return false,
                Exit::Step(at) => self.steps.get(at),
            };
            let Some(step) = step else { return false };
            exit = if holds(&step.property, &step.test) { step.yes } else { step.no };
        }
    }
}

/// Adds the tests of an expression, the last one first, and says which one to start with.
fn lower<P: Clone>(
    expression: &Expression<P>,
    yes: Exit,
    no: Exit,
    steps: &mut Vec<Step<P>>,
) -> Exit {
    match expression {
        Expression::And(parts) => {
            parts.iter().rev().fold(yes, |next, part| lower(part, next, no, steps))
        }
        Expression::Or(parts) => {
            parts.iter().rev().fold(no, |next, part| lower(part, yes, next, steps))
        }
        Expression::Not(part) => lower(part, no, yes, steps),
        Expression::Comparison(comparison) => {
            let test = Test::of(comparison);
            steps.push(Step { property: comparison.property.clone(), test, yes, no });
            Exit::Step(steps.len() - 1)
        }
    }
}

/// The value of a property.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'v> {
    /// There is none.
    Null,
    /// One.
    Text(&'v str),
    /// Several.
    Texts(&'v [String]),
}

impl<'v> Subject<'v> {
    /// A text that may be missing.
    pub(super) fn of(text: Option<&'v str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

/// One comparison without its property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Test {
    wanted: Wanted,
    negative: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Ends(Needle),
    Equals(Needle),
    Has(Part),
    Null,
    OneOf(OneOf),
    Starts(Needle),
}

impl Test {
    fn of<P>(comparison: &Comparison<P>) -> Self {
        use Operator as O;
        let wanted = match (comparison.operator, &comparison.operand) {
            (_, Operand::Null) => Wanted::Null,
            (_, Operand::True) => Wanted::Equals(Needle::new("True")),
            (_, Operand::False) => Wanted::Equals(Needle::new("False")),
            (_, Operand::List(texts)) => Wanted::OneOf(OneOf::new(texts)),
            (O::StartsWith | O::NotStartsWith, Operand::Text(text)) => {
                Wanted::Starts(Needle::new(text))
            }
            (O::EndsWith | O::NotEndsWith, Operand::Text(text)) => Wanted::Ends(Needle::new(text)),
            (O::Contains | O::NotContains, Operand::Text(text)) => Wanted::Has(Part::new(text)),
            (O::Eq | O::Ne | O::In | O::NotIn, Operand::Text(text)) => {
                Wanted::Equals(Needle::new(text))
            }
        };
        Self { wanted, negative: comparison.operator.is_negative() }
    }

    /// Whether it holds. Without a value, a negative test does, and so does the test for null.
    pub(super) fn holds(&self, subject: Subject<'_>) -> bool {
        let found = match subject {
            Subject::Null => matches!(self.wanted, Wanted::Null),
            Subject::Text(text) => self.wanted.is(text),
            Subject::Texts(texts) => texts.iter().any(|text| self.wanted.is_element(text)),
        };
        found != self.negative
    }
}

impl Wanted {
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Ends(needle) => needle.ends(text),
            Self::Equals(needle) => needle.equals(text),
            Self::Has(part) => part.is_in(text),
            Self::Null => false,
            Self::OneOf(list) => list.has(text),
            Self::Starts(needle) => needle.starts(text),
        }
    }

    /// A collection contains whole elements.
    fn is_element(&self, text: &str) -> bool {
        match self {
            Self::Has(part) => part.is_all_of(text),
            other => other.is(text),
        }
    }
}
