//! What benches printed besides criterion's times: ratios of pairs that were measured in turns, and
//! figures that are no times.

use crate::table::{digits, markdown};

/// A line `gate NAME: RATIO (LOW to HIGH), at most LIMIT`, or `at least`.
#[derive(Debug, PartialEq)]
struct Pair<'l> {
    name: &'l str,
    ratio: f64,
    range: &'l str,
    limit: &'l str,
    met: bool,
}

impl<'l> Pair<'l> {
    fn read(line: &'l str) -> Option<Self> {
        let (name, rest) = line.strip_prefix("gate ")?.rsplit_once(": ")?;
        let (figures, limit) = rest.split_once(", ")?;
        let (ratio, range) = figures.split_once(" (")?;
        let range = range.strip_suffix(')')?;
        let ratio = ratio.parse().ok()?;
        let met = match limit.rsplit_once(' ')? {
            ("at most", limit) => ratio <= limit.parse().ok()?,
            ("at least", limit) => ratio >= limit.parse().ok()?,
            _ => return None,
        };
        Some(Self { name, ratio, range, limit, met })
    }
}

/// The ratios of an output; nothing if there are none.
///
/// A line that says it is one and cannot be read is an error, so that none is lost.
pub fn pairs(output: &str) -> Result<Option<String>, String> {
    let lines: Vec<&str> = output.lines().filter(|line| line.starts_with("gate ")).collect();
    let head = ["pair", "asked", "median of the pairs", "nine of ten", ""].map(str::to_owned);
    let row = |line: &&str| {
        let pair = Pair::read(line).ok_or_else(|| format!("`{line}` is no gate"))?;
        let word = if pair.met { "met" } else { "**not met**" };
        Ok(vec![
            pair.name.to_owned(),
            pair.limit.to_owned(),
            digits(pair.ratio),
            pair.range.to_owned(),
            word.to_owned(),
        ])
    };
    let rows = lines.iter().map(row).collect::<Result<Vec<_>, String>>()?;
    Ok((!rows.is_empty()).then(|| markdown(&head, &rows)))
}

/// The lines with this text, as they were printed.
pub fn lines(output: &str, text: &str) -> Option<String> {
    let mut found: Vec<&str> = output.lines().filter(|line| line.contains(text)).collect();
    found.dedup();
    (!found.is_empty()).then(|| format!("```text\n{}\n```\n", found.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_held_against_its_limit() {
        let output = "noise\n\
                      gate a / b: 1.050 (1.020 to 1.090), at most 1.10\n\
                      gate two / one: 1.700 (1.600 to 1.900), at least 1.8\n";
        let wanted = "| pair | asked | median of the pairs | nine of ten |  |\n\
                      | --- | --- | --- | --- | --- |\n\
                      | a / b | at most 1.10 | 1.05 | 1.020 to 1.090 | met |\n\
                      | two / one | at least 1.8 | 1.70 | 1.600 to 1.900 | **not met** |\n";
        assert_eq!(pairs(output).unwrap().unwrap(), wanted);
        assert_eq!(pairs("noise"), Ok(None));
    }

    #[test]
    fn a_ratio_that_cannot_be_read_is_told() {
        assert!(pairs("gate a: fast, at most 1.10").is_err());
        assert!(pairs("gate a: 1.0 (1.0 to 1.0), about 1.10").is_err());
    }

    #[test]
    fn lines_are_taken_by_their_text() {
        let wanted = "```text\n10 live entries: 3\n```\n";
        assert_eq!(lines("a\n10 live entries: 3\nb", "live entries").unwrap(), wanted);
        assert_eq!(lines("a", "live entries"), None);
    }
}
