//! The nearest of the names that exist.

/// The candidate that takes the fewest changes to become `name`; the first of equals.
pub(crate) fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> &'c str {
    // A name of any length can be typed; nothing is gained by comparing all of it.
    let name: String = name.chars().take(100).collect();
    candidates.min_by_key(|candidate| distance(&name, candidate)).unwrap_or_default()
}

/// Levenshtein distance: letters to add, drop or change.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.chars().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        let mut next = vec![left];
        for (other, above) in to.iter().zip(row.iter().skip(1)) {
            let change = diagonal + usize::from(letter != *other);
            left = change.min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_wins() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        let names = ["bearer-token-travels", "policy-asks-for-a-proof"];
        assert_eq!(nearest("bound-tokn", names.into_iter()), "policy-asks-for-a-proof");
    }
}
