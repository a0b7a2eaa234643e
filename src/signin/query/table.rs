//! [`Table`]: the result of a query, with the column names that the query gives.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

/// A result. Serializes as an array of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// Rows, each with a cell a column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// How many.
    Count(u64),
    /// Nothing.
    Missing,
    /// An integer that is a name: a status code.
    Number(i64),
    /// A share.
    Percent(Percent),
    /// Text.
    Text(String),
}

/// A percentage with two decimals, rounded from the exact quotient; a tie goes away from zero, as
/// the one published example of `round` that shows a tie does (2.15 to one digit is 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent {
    hundredths: u64,
}

impl Percent {
    /// `part` of `whole`; none of nothing.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        let whole = u128::from(whole);
        let twice = u128::from(part) * 20_000 + whole;
        let hundredths = twice.checked_div(2 * whole)?;
        u64::try_from(hundredths).ok().map(|hundredths| Self { hundredths })
    }

    /// As a number such as 42.86: the nearest to the two decimals that there is.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.hundredths as f64 / 100.0
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.hundredths / 100, self.hundredths % 100)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.as_f64())
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Missing => Ok(()),
            Self::Number(number) => number.fmt(f),
            Self::Percent(percent) => percent.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

struct Row<'t>(&'t [&'static str], &'t [Cell]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut row = to.serialize_map(Some(self.0.len()))?;
        for (name, cell) in self.0.iter().zip(self.1) {
            row.serialize_entry(name, cell)?;
        }
        row.end()
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.rows.iter().map(|row| Row(&self.columns, row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_from_the_exact_quotient() {
        let text = |part, whole| Percent::of(part, whole).unwrap().to_string();
        assert_eq!(text(6, 14), "42.86");
        assert_eq!(text(2, 3), "66.67");
        assert_eq!(text(0, 5), "0.00");
        assert_eq!(text(5, 5), "100.00");
        // 3.125 and 6.25 % of 100: a tie goes up, what is no tie stays.
        assert_eq!((text(1, 32), text(1, 16)), ("3.13".to_owned(), "6.25".to_owned()));
        assert_eq!(text(u64::MAX, u64::MAX), "100.00");
        assert_eq!(Percent::of(1, 0), None);
        assert_eq!(serde_json::to_string(&Percent::of(6, 14)).unwrap(), "42.86");
    }
}
