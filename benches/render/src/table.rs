//! Tables in Markdown of measurements and verdicts.

use std::collections::{BTreeMap, BTreeSet};

use crate::criterion::Measurement;

/// By case, then peer: whether it was taken.
pub type Verdicts = BTreeMap<String, BTreeMap<String, bool>>;

/// A time with three digits and its unit.
pub fn time(nanoseconds: f64) -> String {
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns")];
    let (size, unit) =
        units.into_iter().find(|(size, _)| nanoseconds >= *size).unwrap_or((1.0, "ns"));
    format!("{} {unit}", digits(nanoseconds / size))
}

/// Three digits that count, and no more after the point.
pub fn digits(value: f64) -> String {
    let behind = match value {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.behind$}")
}

/// Rows of cells as a table.
pub fn markdown(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule: Vec<String> = head.iter().map(|_| "---".to_owned()).collect();
    [line(head), line(&rule)].into_iter().chain(rows.iter().map(|row| line(row))).collect()
}

/// A group: one row a function, with a column for each parameter if there are several.
pub fn of_group(all: &[Measurement], group: &str) -> Option<String> {
    let here: Vec<&Measurement> = all.iter().filter(|one| one.group == group).collect();
    let values: BTreeSet<Value> = here.iter().map(|one| Value::new(&one.value)).collect();
    let functions: BTreeSet<&str> = here.iter().map(|one| one.function.as_str()).collect();
    match (here.is_empty(), values.len() > 1 && functions.len() > 1) {
        (true, _) => None,
        (_, true) => Some(crossed(&here, &values)),
        (_, false) => Some(listed(&here)),
    }
}

/// Parameters in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Value<'v>(Option<u64>, &'v str);

impl<'v> Value<'v> {
    fn new(text: &'v str) -> Self {
        Self(text.parse().ok(), text)
    }
}

fn crossed(here: &[&Measurement], values: &BTreeSet<Value<'_>>) -> String {
    let head: Vec<String> = std::iter::once("median ± deviation".to_owned())
        .chain(values.iter().map(|value| value.1.to_owned()))
        .collect();
    let mut rows: Vec<(f64, Vec<String>)> = Vec::new();
    let functions: BTreeSet<&str> = here.iter().map(|one| one.function.as_str()).collect();
    for function in functions {
        let of = |value: &Value<'_>| {
            here.iter().find(|one| one.function == function && one.value == value.1)
        };
        let cells = values.iter().map(|value| match of(value) {
            Some(one) => format!("{} ± {:.0} %", time(one.median), one.spread() * 100.0),
            None => "-".to_owned(),
        });
        let first = values.iter().find_map(of).map_or(f64::MAX, |one| one.median);
        rows.push((first, std::iter::once(format!("`{function}`")).chain(cells).collect()));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    markdown(&head, &rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>())
}

/// The fastest of ours is what the last column divides by, if there is one beside others.
fn listed(here: &[&Measurement]) -> String {
    let mut here = here.to_vec();
    here.sort_by(|a, b| {
        (Value::new(&a.value), a.median.to_bits()).cmp(&(Value::new(&b.value), b.median.to_bits()))
    });
    let is_ours = |one: &&&Measurement| one.function == "ours" || one.function.starts_with("ours/");
    let ours = here.iter().filter(is_ours).map(|one| one.median).reduce(f64::min);
    let mut head: Vec<String> =
        ["what", "median", "95 % of the median", "deviation"].map(str::to_owned).to_vec();
    head.extend(ours.map(|_| "of ours".to_owned()));
    let row = |one: &&Measurement| {
        let id = one.id();
        let name = id.strip_prefix(&one.group).map_or(id.as_str(), |rest| rest.trim_matches('/'));
        let name = if name.is_empty() { id.as_str() } else { name };
        let mut row = figures(one, name);
        row.extend(ours.map(|ours| format!("{} x", digits(one.median / ours))));
        row
    };
    markdown(&head, &here.iter().map(row).collect::<Vec<_>>())
}

/// Every measurement of another group than these, by its whole id.
pub fn of_others(all: &[Measurement], groups: &[&str]) -> String {
    let head = ["bench", "median", "95 % of the median", "deviation"].map(str::to_owned);
    let others = all.iter().filter(|one| !groups.contains(&one.group.as_str()));
    let rows: Vec<_> = others.map(|one| figures(one, &one.id())).collect();
    markdown(&head, &rows)
}

fn figures(one: &Measurement, name: &str) -> Vec<String> {
    let (low, high) = one.interval;
    let interval = format!("{} to {}", time(low), time(high));
    let deviation = format!("{:.1} %", one.spread() * 100.0);
    vec![format!("`{name}`"), time(one.median), interval, deviation]
}

/// What each peer said to each case.
pub fn of_verdicts(verdicts: &Verdicts) -> String {
    let peers: BTreeSet<&String> = verdicts.values().flat_map(BTreeMap::keys).collect();
    let head: Vec<String> = std::iter::once("case".to_owned())
        .chain(peers.iter().map(|peer| format!("`{peer}`")))
        .collect();
    let row = |(case, said): (&String, &BTreeMap<String, bool>)| {
        let word = |peer: &&String| match said.get(*peer) {
            Some(true) => "takes".to_owned(),
            Some(false) => "refuses".to_owned(),
            None => "-".to_owned(),
        };
        std::iter::once(case.clone()).chain(peers.iter().map(word)).collect()
    };
    markdown(&head, &verdicts.iter().map(row).collect::<Vec<Vec<String>>>())
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn measured(group: &str, function: &str, value: &str, median: f64) -> Measurement {
        Measurement {
            group: group.to_owned(),
            function: function.to_owned(),
            value: value.to_owned(),
            median,
            interval: (median * 0.99, median * 1.02),
            deviation: median * 0.01,
            samples: 50,
        }
    }

    #[test]
    fn times_have_three_digits() {
        let shown = [0.5, 8.125, 999.4, 1_000.0, 31_250.0, 2.5e6, 3e9].map(time);
        assert_eq!(
            shown,
            ["0.50 ns", "8.12 ns", "999 ns", "1.00 us", "31.2 us", "2.50 ms", "3.00 s"]
        );
    }

    #[test]
    fn several_parameters_are_columns_in_the_order_of_their_numbers() {
        let all =
            [("ring", "1", 50e3), ("ring", "1000", 52e3), ("ring", "100", 51e3), ("p", "1", 40e3)]
                .map(|(function, value, median)| measured("bare", function, value, median));
        let wanted = "| median ± deviation | 1 | 100 | 1000 |\n\
                      | --- | --- | --- | --- |\n\
                      | `p` | 40.0 us ± 1 % | - | - |\n\
                      | `ring` | 50.0 us ± 1 % | 51.0 us ± 1 % | 52.0 us ± 1 % |\n";
        assert_eq!(of_group(&all, "bare").unwrap(), wanted);
    }

    #[test]
    fn peers_are_told_in_times_of_the_fastest_of_ours() {
        let all = [("other", 300.0), ("ours/a", 200.0), ("ours/b", 100.0)]
            .map(|(function, median)| measured("issue", function, "", median));
        let wanted = "| what | median | 95 % of the median | deviation | of ours |\n\
                      | --- | --- | --- | --- | --- |\n\
                      | `ours/b` | 100 ns | 99.0 ns to 102 ns | 1.0 % | 1.00 x |\n\
                      | `ours/a` | 200 ns | 198 ns to 204 ns | 1.0 % | 2.00 x |\n\
                      | `other` | 300 ns | 297 ns to 306 ns | 1.0 % | 3.00 x |\n";
        assert_eq!(of_group(&all, "issue").unwrap(), wanted);
    }

    #[test]
    fn the_rest_is_every_group_without_a_table() {
        let all = [measured("a", "x", "", 1e3), measured("b", "y", "2", 2e3)];
        let wanted = "| bench | median | 95 % of the median | deviation |\n\
                      | --- | --- | --- | --- |\n\
                      | `b/y/2` | 2.00 us | 1.98 us to 2.04 us | 1.0 % |\n";
        assert_eq!(of_others(&all, &["a"]), wanted);
    }

    #[test]
    fn a_group_that_was_not_measured_has_no_table() {
        assert_eq!(of_group(&[], "bare"), None);
    }

    #[test]
    fn verdicts_are_words() {
        let case = BTreeMap::from([("a".to_owned(), true), ("b".to_owned(), false)]);
        let verdicts = Verdicts::from([("two `aud`".to_owned(), case)]);
        assert!(of_verdicts(&verdicts).ends_with("| two `aud` | takes | refuses |\n"));
    }
}
