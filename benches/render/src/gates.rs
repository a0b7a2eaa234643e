//! The budgets that are times: medians of one run have to keep them.

use crate::criterion::Measurement;
use crate::table::{markdown, time};

/// One budget: the median of a bench, less that of another, is so many nanoseconds at most.
pub struct Gate {
    pub what: &'static str,
    pub nanoseconds: f64,
    pub of: &'static str,
    pub less: Option<&'static str>,
}

/// What came of a budget.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Met { figure: f64 },
    NotMet { figure: f64 },
    NotMeasured { missing: &'static str },
}

impl Gate {
    pub fn judge(&self, all: &[Measurement]) -> Outcome {
        let median = |id: &'static str| {
            let found = all.iter().find(|one| one.id() == id);
            found.map(|one| one.median).ok_or(Outcome::NotMeasured { missing: id })
        };
        match (median(self.of), self.less.map_or(Ok(0.0), median)) {
            (Err(outcome), _) | (_, Err(outcome)) => outcome,
            (Ok(of), Ok(less)) if of - less <= self.nanoseconds => {
                Outcome::Met { figure: of - less }
            }
            (Ok(of), Ok(less)) => Outcome::NotMet { figure: of - less },
        }
    }
}

/// All budgets with what came of them.
pub fn table(gates: &[Gate], all: &[Measurement]) -> String {
    let head = ["budget", "asked", "measured", "", "from"].map(str::to_owned);
    let row = |gate: &Gate| {
        let (figure, word) = match gate.judge(all) {
            Outcome::Met { figure } => (time(figure), "met".to_owned()),
            Outcome::NotMet { figure } => (time(figure), "**not met**".to_owned()),
            Outcome::NotMeasured { missing } => {
                ("-".to_owned(), format!("`{missing}` was not measured"))
            }
        };
        let from = match gate.less {
            Some(less) => format!("`{}` less `{less}`", gate.of),
            None => format!("`{}`", gate.of),
        };
        let asked = format!("<= {}", time(gate.nanoseconds));
        vec![gate.what.to_owned(), asked, figure, word, from]
    };
    markdown(&head, &gates.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::measured;

    fn judged(nanoseconds: f64, less: Option<&'static str>) -> Outcome {
        let all = [("use", 52e3), ("sign", 50e3)]
            .map(|(function, median)| measured("g", function, "", median));
        Gate { what: "", nanoseconds, of: "g/use", less }.judge(&all)
    }

    #[test]
    fn a_budget_may_be_reached_and_not_passed() {
        assert_eq!(judged(52_000.0, None), Outcome::Met { figure: 52_000.0 });
        assert_eq!(judged(51_999.0, None), Outcome::NotMet { figure: 52_000.0 });
    }

    #[test]
    fn a_part_can_be_left_out() {
        assert_eq!(judged(2_000.0, Some("g/sign")), Outcome::Met { figure: 2_000.0 });
        assert_eq!(judged(1_999.0, Some("g/sign")), Outcome::NotMet { figure: 2_000.0 });
    }

    #[test]
    fn what_is_missing_leaves_a_budget_open() {
        assert_eq!(judged(1e9, Some("g/none")), Outcome::NotMeasured { missing: "g/none" });
    }
}
