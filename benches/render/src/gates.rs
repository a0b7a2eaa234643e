//! The budgets: ratios and times that the measurements of one run have to keep.

use crate::criterion::Measurement;
use crate::table::{digits, markdown, time};

/// One budget.
pub struct Gate {
    pub what: &'static str,
    pub rule: Rule,
}

/// What a budget asks. Of several ids the one with the smallest median counts: the fastest peer.
pub enum Rule {
    /// The median is so many times that of the fastest of `than`, at most.
    AtMost { times: f64, of: &'static str, than: &'static [&'static str] },
    /// The fastest of `than` takes so many times as long, at least.
    FasterBy { times: f64, of: &'static str, than: &'static [&'static str] },
    /// The median, less that of another bench, is so many nanoseconds at most.
    Within { nanoseconds: f64, of: &'static str, less: Option<&'static str> },
}

/// What came of a budget.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Met {
        figure: String,
    },
    NotMet {
        figure: String,
    },
    /// These ids are missing.
    NotMeasured {
        missing: Vec<&'static str>,
    },
}

impl Gate {
    pub fn judge(&self, all: &[Measurement]) -> Outcome {
        match &self.rule {
            Rule::AtMost { times, of, than } => compared(all, of, than, |of, than| {
                let ratio = of / than;
                (ratio <= *times, format!("{} x", digits(ratio)))
            }),
            Rule::FasterBy { times, of, than } => compared(all, of, than, |of, than| {
                let ratio = than / of;
                (ratio >= *times, format!("{} x", digits(ratio)))
            }),
            Rule::Within { nanoseconds, of, less: None } => {
                compared(all, of, &[of], |of, _| (of <= *nanoseconds, time(of)))
            }
            Rule::Within { nanoseconds, of, less: Some(less) } => {
                compared(all, of, &[less], |of, less| {
                    let rest = of - less;
                    (rest <= *nanoseconds, time(rest))
                })
            }
        }
    }

    fn budget(&self) -> String {
        match &self.rule {
            Rule::AtMost { times, .. } => format!("<= {} x", digits(*times)),
            Rule::FasterBy { times, .. } => format!(">= {} x faster", digits(*times)),
            Rule::Within { nanoseconds, .. } => format!("<= {}", time(*nanoseconds)),
        }
    }

    fn ids(&self) -> String {
        let (of, others): (_, &[&str]) = match &self.rule {
            Rule::AtMost { of, than, .. } | Rule::FasterBy { of, than, .. } => (of, than),
            Rule::Within { of, less, .. } => (of, less.as_slice()),
        };
        let others: Vec<String> = others.iter().map(|id| format!("`{id}`")).collect();
        match others.is_empty() {
            true => format!("`{of}`"),
            false => format!("`{of}` to {}", others.join(", ")),
        }
    }
}

fn compared(
    all: &[Measurement],
    of: &'static str,
    than: &[&'static str],
    judge: impl Fn(f64, f64) -> (bool, String),
) -> Outcome {
    let median = |id: &str| all.iter().find(|one| one.id() == id).map(|one| one.median);
    let mut missing: Vec<_> = std::iter::once(of).chain(than.iter().copied()).collect();
    missing.retain(|id| median(id).is_none());
    missing.dedup();
    let fastest = than.iter().filter_map(|id| median(id)).reduce(f64::min);
    match (median(of), fastest) {
        // The fastest of some is not the fastest of all.
        (Some(of), Some(than)) if missing.is_empty() => match judge(of, than) {
            (true, figure) => Outcome::Met { figure },
            (false, figure) => Outcome::NotMet { figure },
        },
        _ => Outcome::NotMeasured { missing },
    }
}

/// All budgets with what came of them.
pub fn table(gates: &[Gate], all: &[Measurement]) -> String {
    let head = ["budget", "asked", "measured", "", "from"].map(str::to_owned);
    let row = |gate: &Gate| {
        let (figure, word) = match gate.judge(all) {
            Outcome::Met { figure } => (figure, "met".to_owned()),
            Outcome::NotMet { figure } => (figure, "**not met**".to_owned()),
            Outcome::NotMeasured { missing } => {
                let ids: Vec<String> = missing.iter().map(|id| format!("`{id}`")).collect();
                ("-".to_owned(), format!("not measured: {}", ids.join(", ")))
            }
        };
        vec![gate.what.to_owned(), gate.budget(), figure, word, gate.ids()]
    };
    markdown(&head, &gates.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::measured;

    fn all() -> Vec<Measurement> {
        [("whole", 52e3), ("ring", 50e3), ("openssl", 40e3), ("known", 20e3)]
            .map(|(function, median)| measured("g", function, "", median))
            .to_vec()
    }

    fn judged(rule: Rule) -> Outcome {
        Gate { what: "", rule }.judge(&all())
    }

    #[test]
    fn a_ratio_is_to_the_fastest_of_all() {
        let than = &["g/ring", "g/openssl"];
        let met = judged(Rule::FasterBy { times: 2.0, of: "g/known", than });
        assert_eq!(met, Outcome::Met { figure: "2.00 x".into() });
        let not_met = judged(Rule::FasterBy { times: 2.1, of: "g/known", than });
        assert_eq!(not_met, Outcome::NotMet { figure: "2.00 x".into() });
    }

    #[test]
    fn more_than_asked_is_not_met() {
        let met = judged(Rule::AtMost { times: 1.05, of: "g/whole", than: &["g/ring"] });
        assert_eq!(met, Outcome::Met { figure: "1.04 x".into() });
        let not_met = judged(Rule::AtMost { times: 1.03, of: "g/whole", than: &["g/ring"] });
        assert_eq!(not_met, Outcome::NotMet { figure: "1.04 x".into() });
    }

    #[test]
    fn a_time_can_leave_a_part_out() {
        let less = Some("g/ring");
        let met = judged(Rule::Within { nanoseconds: 2_000.0, of: "g/whole", less });
        assert_eq!(met, Outcome::Met { figure: "2.00 us".into() });
        let not_met = judged(Rule::Within { nanoseconds: 2_000.0, of: "g/whole", less: None });
        assert_eq!(not_met, Outcome::NotMet { figure: "52.0 us".into() });
    }

    #[test]
    fn a_missing_peer_leaves_a_budget_open() {
        let than = &["g/ring", "g/aws"];
        let open = judged(Rule::FasterBy { times: 2.0, of: "g/known", than });
        assert_eq!(open, Outcome::NotMeasured { missing: vec!["g/aws"] });
    }
}
