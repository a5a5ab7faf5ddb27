//! Codes found by their bytes, and the codes of a list cell.

use hashbrown::HashMap;

use super::syntax::{is_placeholder, normal_form};

/// The longest code that is packed into a key; the few longer ones are kept beside.
const PACKED_BYTES: usize = 12;

/// What stands between the codes of a list cell.
pub const LIST_SEPARATOR: u8 = b'|';

/// A code's bytes, the first lowest, zeros behind them; all zeros when there are none or more than
/// twelve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedCode {
    low: u64,
    high: u32,
}

impl PackedCode {
    /// Of a code of any bytes; a last zero byte would vanish, so there is no packed form of it.
    fn of(code: &[u8]) -> PackedCode {
        match code.last() {
            None | Some(0) => PackedCode::default(),
            Some(_) => PackedCode::of_first(sixteen(code, 0), code.len()),
        }
    }

    /// The first `length` of sixteen bytes.
    #[inline]
    fn of_first([low, high]: [u64; 2], length: usize) -> PackedCode {
        if length > PACKED_BYTES {
            return PackedCode::default();
        }
        let keep = |bytes: usize| u64::MAX.unbounded_shr(64_u32.saturating_sub(8 * bytes as u32));
        PackedCode {
            low: low & keep(length),
            high: (high & keep(length.saturating_sub(8))) as u32,
        }
    }

    fn is_nothing(self) -> bool {
        self == PackedCode::default()
    }

    #[inline]
    fn hash(self) -> u64 {
        let high = u64::from(self.high);
        self.low.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ high.wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
    }
}

/// A place for a code and its number.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    code: PackedCode,
    number: u32,
}

/// The numbers of codes by their bytes (编码索引).
///
/// A code is looked for in one slot of 16 bytes, which holds the whole code, so that a hit is the
/// code itself and never only its fingerprint. No two codes share a slot: codes of one bucket are
/// displaced together until each falls on a free one (compress, hash, displace; Belazzougui,
/// Botelho, Dietzfelbinger 2009), for a second probe would cost more than all the rest.
///
/// Only codes in normal form are found by their bytes; others are normalised first.
#[derive(Debug)]
pub struct CodeIndex {
    /// A slot without a code is free.
    slots: Vec<Slot>,
    /// Of each bucket.
    displacements: Vec<u16>,
    /// The few codes that are too long for a slot, or found none.
    others: HashMap<Box<str>, u32>,
}

/// Codes of a bucket, about.
const BUCKET: usize = 4;

impl CodeIndex {
    /// From codes with their numbers, each code once. A code that is not in normal form is never
    /// met.
    pub fn new<'c>(codes: impl Iterator<Item = (&'c str, u32)>) -> CodeIndex {
        let codes = codes.filter(|(code, _)| normal_form(code) == *code && !is_placeholder(code));
        let codes: Vec<(&str, u32)> = codes.collect();
        // at most three quarters full
        let size = (codes.len() + codes.len() / 3 + 2 * BUCKET).next_power_of_two();
        let mut index = CodeIndex {
            slots: vec![Slot::default(); size],
            displacements: vec![0; size / BUCKET],
            others: HashMap::new(),
        };
        let mut buckets: Vec<Vec<(&str, u32)>> = vec![Vec::new(); index.displacements.len()];
        for (code, number) in codes {
            match PackedCode::of(code.as_bytes()) {
                key if key.is_nothing() => drop(index.others.insert(code.into(), number)),
                key => buckets
                    .get_mut(index.bucket(key.hash()))
                    .into_iter()
                    .for_each(|bucket| bucket.push((code, number))),
            }
        }
        let mut order: Vec<usize> = (0..buckets.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(buckets.get(*at).map_or(0, Vec::len)));
        for at in order {
            index.place(at, buckets.get(at).map_or(&[], Vec::as_slice));
        }
        index
    }

    /// Places the codes of a bucket in free slots, by the first displacement that does.
    fn place(&mut self, bucket: usize, codes: &[(&str, u32)]) {
        let key = |(code, _): &(&str, u32)| PackedCode::of(code.as_bytes());
        let hashes: Vec<u64> = codes.iter().map(|code| key(code).hash()).collect();
        let mut taken = Vec::with_capacity(codes.len());
        let mut all_free = |displacement: &u16| {
            taken.clear();
            hashes.iter().all(|hash| {
                let slot = self.slot(*hash, *displacement);
                let free = self.slots.get(slot).is_some_and(|slot| slot.code.is_nothing());
                let free = free && !taken.contains(&slot);
                taken.push(slot);
                free
            })
        };
        let Some(displacement) = (0..=u16::MAX).find(&mut all_free) else {
            let others = codes.iter().map(|(code, number)| ((*code).into(), *number));
            return self.others.extend(others);
        };
        if let Some(of_bucket) = self.displacements.get_mut(bucket) {
            *of_bucket = displacement;
        }
        for (at, code) in taken.into_iter().zip(codes) {
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = Slot {
                    code: key(code),
                    number: code.1,
                };
            }
        }
    }

    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        (hash >> 40) as usize & (self.displacements.len() - 1)
    }

    #[inline]
    fn slot(&self, hash: u64, displacement: u16) -> usize {
        let displaced = hash ^ u64::from(displacement).wrapping_mul(0xd6e8_feb8_6659_fd93);
        (displaced.wrapping_mul(0xe703_7ed1_a0b4_28db) >> 36) as usize & (self.slots.len() - 1)
    }

    /// The number of a code in normal form.
    pub fn get(&self, code: &str) -> Option<u32> {
        let packed = self.get_packed(PackedCode::of(code.as_bytes()));
        packed.or_else(|| self.others.get(code).copied())
    }

    /// The number of a packed code; nothing for the few codes that found no slot.
    #[inline]
    pub fn get_packed(&self, key: PackedCode) -> Option<u32> {
        let hash = key.hash();
        let displacement = *self.displacements.get(self.bucket(hash))?;
        let slot = self.slots.get(self.slot(hash, displacement))?;
        (slot.code == key && !key.is_nothing()).then_some(slot.number)
    }
}

/// A code as it stands in a list cell.
#[derive(Clone, Copy, Debug)]
pub struct WrittenCode {
    /// Its bytes as a key.
    pub packed: PackedCode,
    /// Where it begins in the text …
    pub start: usize,
    /// … and ends.
    pub end: usize,
}

/// The codes of a list cell (编码列表), empty ones included, as they stand between `|`.
#[derive(Clone, Debug)]
pub struct ListCodes<'t> {
    text: &'t [u8],
    at: usize,
    end: usize,
}

impl<'t> ListCodes<'t> {
    /// Of the cell `text[start..end]`, which must be without zero bytes.
    #[inline]
    pub fn new(text: &'t [u8], start: usize, end: usize) -> ListCodes<'t> {
        ListCodes { text, at: start, end }
    }
}

impl Iterator for ListCodes<'_> {
    type Item = WrittenCode;

    #[inline]
    fn next(&mut self) -> Option<WrittenCode> {
        if self.at > self.end {
            return None;
        }
        let bytes = sixteen(self.text, self.at);
        let left = self.end - self.at;
        let found = first_separator(bytes);
        let length = match found < 16 || left <= 16 {
            true => found.min(left),
            false => far_separator(self.text, self.at, self.end),
        };
        let code = WrittenCode {
            packed: PackedCode::of_first(bytes, length),
            start: self.at,
            end: self.at + length,
        };
        self.at += length + 1;
        Some(code)
    }
}

/// The sixteen bytes from `at` on, zeros past the end.
#[inline]
fn sixteen(text: &[u8], at: usize) -> [u64; 2] {
    if let Some((first, rest)) = text.get(at..).and_then(<[u8]>::split_first_chunk::<8>)
        && let Some(second) = rest.first_chunk::<8>()
    {
        return [u64::from_le_bytes(*first), u64::from_le_bytes(*second)];
    }
    last_bytes(text, at)
}

/// As [`sixteen`], at the end of the text.
#[cold]
fn last_bytes(text: &[u8], at: usize) -> [u64; 2] {
    let mut bytes = [0; 16];
    let rest = text.get(at..).unwrap_or_default();
    bytes.iter_mut().zip(rest).for_each(|(byte, from)| *byte = *from);
    let (first, second) = bytes.split_at(8);
    [first, second].map(|half| u64::from_le_bytes(half.try_into().unwrap_or_default()))
}

/// How many of sixteen bytes stand before the first separator.
#[inline]
fn first_separator([low, high]: [u64; 2]) -> usize {
    let before = |bytes: u64| separators(bytes).trailing_zeros() as usize / 8;
    match before(low) {
        8 => 8 + before(high),
        found => found,
    }
}

/// The high bit of every byte that is a separator.
#[inline]
fn separators(bytes: u64) -> u64 {
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    const SEPARATORS: u64 = u64::from_le_bytes([LIST_SEPARATOR; 8]);
    let differing = bytes ^ SEPARATORS;
    // no carry leaves a byte
    !(((differing & LOW) + LOW) | differing | LOW)
}

/// As [`first_separator`] for a code longer than any.
#[cold]
fn far_separator(text: &[u8], at: usize, end: usize) -> usize {
    let cell = text.get(at..end).unwrap_or_default();
    memchr::memchr(LIST_SEPARATOR, cell).unwrap_or(cell.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_all_its_bytes() {
        let codes = ["I10.x00", "I10.x00x032", "A52.000+I98.0*", "A52.000+I98.1*", "47.0100", "i10"];
        let index = CodeIndex::new(codes.into_iter().zip(0..));
        for (number, code) in (0..5).zip(codes) {
            assert_eq!(index.get(code), Some(number), "{code}");
        }
        for other in ["i10", "I10", "", "I10.x00\0", "I10.x00x033", "A52.000+I98.2*", "-"] {
            assert_eq!(index.get(other), None, "{other}");
        }
    }

    #[test]
    fn a_list_cell_is_cut_as_split_cuts_it() {
        for cell in [
            "", "|", "I10.x00", "A|B", "|A||", "A52.000+I98.0*|x", "一二三四五六七|B",
            "a code far too long to be any|B|another that is far too long",
        ] {
            let text = format!("x,{cell},y|z");
            let known = cell.split('|').filter(|code| !code.is_empty());
            let index = CodeIndex::new(known.zip(0..));
            let codes: Vec<_> = ListCodes::new(text.as_bytes(), 2, 2 + cell.len()).collect();
            let texts: Vec<&str> = codes.iter().map(|code| &text[code.start..code.end]).collect();
            assert_eq!(texts, cell.split('|').collect::<Vec<_>>(), "{cell}");
            for code in codes {
                let text = &text[code.start..code.end];
                if text.len() <= PACKED_BYTES && normal_form(text) == text {
                    assert_eq!(index.get_packed(code.packed), index.get(text), "{text}");
                }
            }
        }
    }
}
