//! Sets of small numbers.

/// A set of small numbers, as bits. Sets gathered number by number are equal as values if they are
/// equal as sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Puts a number in.
    pub(super) fn insert(&mut self, number: usize) {
        let word = number / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (number % 64);
        }
    }

    /// Whether the number is in.
    pub(super) fn contains(&self, number: usize) -> bool {
        self.0
            .get(number / 64)
            .is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// All numbers below `count`.
    pub(super) fn below(count: usize) -> Bits {
        let mut words = vec![u64::MAX; count / 64];
        if !count.is_multiple_of(64) {
            words.push((1 << (count % 64)) - 1);
        }
        Bits(words)
    }

    /// The smallest number.
    pub(super) fn first(&self) -> Option<usize> {
        let (word, bits) = self.0.iter().enumerate().find(|(_, bits)| **bits != 0)?;
        Some(word * 64 + bits.trailing_zeros() as usize)
    }

    /// The numbers, rising.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        let ones = |bits: u64| (0..64).filter(move |bit| bits >> bit & 1 == 1);
        let words = self.0.iter().enumerate().filter(|(_, bits)| **bits != 0);
        words.flat_map(move |(word, bits)| ones(*bits).map(move |bit| word * 64 + bit))
    }

    /// Those in both, and those in this one alone.
    pub(super) fn split(&self, other: &Bits) -> (Bits, Bits) {
        let in_other = other.0.iter().copied().chain(std::iter::repeat(0));
        let pairs = self.0.iter().zip(in_other);
        let (both, alone) = pairs.map(|(own, other)| (own & other, own & !other)).unzip();
        (Bits(both), Bits(alone))
    }

    /// The numbers below `count` that are not in.
    pub(super) fn complement(&self, count: usize) -> Bits {
        (0..count).filter(|number| !self.contains(*number)).collect()
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Bits {
        let mut bits = Bits::default();
        numbers.into_iter().for_each(|number| bits.insert(number));
        bits
    }
}
