//! Sets of positions, one bit each, over all policies of a set.

/// A set of positions below a fixed count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BitSet(Box<[u64]>);

const WORD: usize = u64::BITS as usize;

/// How many words hold `count` positions.
pub(super) const fn words_for(count: usize) -> usize {
    count.div_ceil(WORD)
}

impl BitSet {
    /// The positions of `count` that `is_in` says are in it.
    pub(super) fn of(count: usize, mut is_in: impl FnMut(usize) -> bool) -> Self {
        let mut words = vec![0; words_for(count)];
        (0..count).filter(|at| is_in(*at)).for_each(|at| set(&mut words, at));
        Self(words.into())
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The words.
    pub(super) const fn words(&self) -> &[u64] {
        &self.0
    }
}

/// Adds a position.
pub(super) fn set(words: &mut [u64], at: usize) {
    if let Some(word) = words.get_mut(at / WORD) {
        *word |= 1 << (at % WORD);
    }
}

/// Removes a position.
pub(super) fn clear(words: &mut [u64], at: usize) {
    if let Some(word) = words.get_mut(at / WORD) {
        *word &= !(1 << (at % WORD));
    }
}

/// Whether a position is in it.
pub(super) fn has(words: &[u64], at: usize) -> bool {
    words.get(at / WORD).is_some_and(|word| word >> (at % WORD) & 1 == 1)
}

/// Adds all of `others`.
pub(super) fn add(words: &mut [u64], others: &[u64]) {
    words.iter_mut().zip(others).for_each(|(word, other)| *word |= other);
}

/// The first position that is not below `from`.
pub(super) fn next(words: &[u64], from: usize) -> Option<usize> {
    let at = from / WORD;
    let here = words.get(at)? & (u64::MAX << (from % WORD));
    if here != 0 {
        return Some(at * WORD + here.trailing_zeros() as usize);
    }
    let rest = words.iter().enumerate().skip(at + 1).find(|(_, word)| **word != 0);
    rest.map(|(at, word)| at * WORD + word.trailing_zeros() as usize)
}

/// The positions, ascending.
pub(super) fn positions(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(at, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(at * WORD + bit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_go_in_and_come_out() {
        let set = BitSet::of(130, |at| [0, 63, 64, 129].contains(&at));
        assert_eq!(positions(set.words()).collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert!(has(set.words(), 63) && !has(set.words(), 62) && !has(set.words(), 500));
        let after = [0, 1, 63, 64, 65, 130, 500].map(|from| next(set.words(), from));
        assert_eq!(after, [Some(0), Some(63), Some(63), Some(64), Some(129), None, None]);
        let mut words = set.words().to_vec();
        clear(&mut words, 64);
        add(&mut words, BitSet::of(130, |at| at == 5).words());
        assert_eq!(positions(&words).collect::<Vec<_>>(), [0, 5, 63, 129]);
        assert!(BitSet::of(0, |_| true).is_empty() && !set.is_empty());
    }
}
