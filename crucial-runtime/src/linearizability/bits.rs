//! Which calls have been put in order: a set of numbers, most of the small ones in it.

/// A set of numbers below a limit.
#[derive(Debug, Clone)]
pub(super) struct Bits {
    words: Vec<u64>,
    /// The words before this are full.
    full: usize,
    /// The words from this on are empty.
    used: usize,
}

impl Bits {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            words: vec![0; limit.div_ceil(64)],
            full: 0,
            used: 0,
        }
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.words[number / 64] & (1 << (number % 64)) != 0
    }

    pub(super) fn insert(&mut self, number: usize) {
        let word = number / 64;
        self.words[word] |= 1 << (number % 64);
        self.used = self.used.max(word + 1);
        while self.words.get(self.full) == Some(&u64::MAX) {
            self.full += 1;
        }
    }

    pub(super) fn remove(&mut self, number: usize) {
        let word = number / 64;
        self.words[word] &= !(1 << (number % 64));
        self.full = self.full.min(word);
        while self.used > 0 && self.words[self.used - 1] == 0 {
            self.used -= 1;
        }
    }

    /// Puts down what tells this set from the other sets of the same limit: where it begins to have gaps, and the words from there.
    pub(super) fn put_down(&self, key: &mut Vec<u64>) {
        // A set without gaps uses nothing beyond its full words.
        let from = self.full.min(self.used);
        key.push((from as u64) << 32 | (self.used - from) as u64);
        key.extend_from_slice(&self.words[from..self.used]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use proptest::prelude::*;

    use super::Bits;

    proptest! {
        #[test]
        fn equal_sets_and_only_those_are_put_down_equally(
            steps in prop::collection::vec((0_usize..200, prop::bool::weighted(0.7)), 0..600),
        ) {
            let (mut bits, mut set) = (Bits::new(200), BTreeSet::new());
            let mut seen = HashMap::new();
            for (number, insert) in steps {
                if insert {
                    bits.insert(number);
                    set.insert(number);
                } else {
                    bits.remove(number);
                    set.remove(&number);
                }
                prop_assert_eq!(bits.contains(number), insert);
                let mut key = Vec::new();
                bits.put_down(&mut key);
                let before = seen.insert(key, set.clone());
                prop_assert!(before.is_none_or(|before| before == set));
                // The same set made anew.
                let mut fresh = Bits::new(200);
                set.iter().rev().for_each(|number| fresh.insert(*number));
                let (mut key, mut other) = (Vec::new(), Vec::new());
                bits.put_down(&mut key);
                fresh.put_down(&mut other);
                prop_assert_eq!(key, other);
            }
        }
    }
}
