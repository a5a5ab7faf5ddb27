//! Codes found by their bytes, and the codes of a list cell.

use hashbrown::HashMap;

use super::syntax::{is_placeholder, normal_form};

/// The longest code that is packed into a key; the few longer ones are kept beside.
const PACKED_BYTES: usize = 12;

/// What stands between the codes of a list cell.
pub const LIST_SEPARATOR: u8 = b'|';

/// A code's bytes as a number, the first byte lowest; 0 when there are none or too many, or the
/// last is a zero byte, which would vanish.
///
/// At most 96 bits, so that key and number of a code together fill one 16-byte slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedCode(u128);

impl PackedCode {
    fn of(code: &[u8]) -> PackedCode {
        PackedCode::of_first(sixteen(code, 0), code.len())
    }

    /// The first `length` of sixteen bytes.
    #[inline]
    fn of_first(bytes: u128, length: usize) -> PackedCode {
        if length == 0 || length > PACKED_BYTES {
            return PackedCode(0);
        }
        let last = 8 * (length - 1);
        match (bytes >> last) as u8 {
            0 => PackedCode(0),
            _ => PackedCode(bytes & ((1 << (last + 8)) - 1)),
        }
    }

    #[inline]
    fn hash(self) -> u64 {
        let (low, high) = (self.0 as u64, (self.0 >> 64) as u64);
        (low ^ high.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// The numbers of codes by their bytes (编码索引): one probe of a 16-byte slot that holds the
/// whole code, so that a hit is the code itself and never only its fingerprint.
///
/// Only codes in normal form are found by their bytes; others are normalised first.
#[derive(Debug)]
pub struct CodeIndex {
    /// Key in the upper 96 bits, number in the lower 32; 0 is free.
    slots: Vec<u128>,
    shift: u32,
    long: HashMap<Box<str>, u32>,
}

impl CodeIndex {
    /// From codes with their numbers, each code once. A code that is not in normal form is never
    /// met.
    pub fn new<'c>(codes: impl Iterator<Item = (&'c str, u32)>) -> CodeIndex {
        let codes: Vec<(&str, u32)> = codes.collect();
        // at most three quarters full
        let bits = (codes.len() + codes.len() / 3 + 2).next_power_of_two().ilog2();
        let mut index = CodeIndex {
            slots: vec![0; 1 << bits],
            shift: 64 - bits,
            long: HashMap::new(),
        };
        for (code, number) in codes {
            if normal_form(code) == code && !is_placeholder(code) {
                index.insert(code, number);
            }
        }
        index
    }

    fn insert(&mut self, code: &str, number: u32) {
        let key = PackedCode::of(code.as_bytes());
        if key == PackedCode(0) {
            self.long.insert(code.into(), number);
            return;
        }
        let mut at = self.home(key);
        while self.slots.get(at).is_some_and(|slot| *slot != 0) {
            at = (at + 1) & (self.slots.len() - 1);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = key.0 << 32 | u128::from(number);
        }
    }

    #[inline]
    fn home(&self, key: PackedCode) -> usize {
        (key.hash() >> self.shift) as usize
    }

    /// The number of a code in normal form.
    pub fn get(&self, code: &str) -> Option<u32> {
        match PackedCode::of(code.as_bytes()) {
            PackedCode(0) => self.long.get(code).copied(),
            key => self.get_packed(key),
        }
    }

    /// The number of a packed code; nothing for the key 0.
    #[inline]
    pub fn get_packed(&self, key: PackedCode) -> Option<u32> {
        let mut at = self.home(key);
        loop {
            let slot = *self.slots.get(at)?;
            if slot >> 32 == key.0 {
                return (slot != 0).then_some(slot as u32);
            }
            if slot == 0 {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
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
    /// Of the cell `text[start..end]`.
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
fn sixteen(text: &[u8], at: usize) -> u128 {
    if let Some(Ok(bytes)) = text.get(at..at + 16).map(TryInto::try_into) {
        return u128::from_le_bytes(bytes);
    }
    let mut bytes = [0; 16];
    let rest = text.get(at..).unwrap_or_default();
    bytes.iter_mut().zip(rest).for_each(|(byte, from)| *byte = *from);
    u128::from_le_bytes(bytes)
}

/// How many of sixteen bytes stand before the first separator.
#[inline]
fn first_separator(bytes: u128) -> usize {
    const LOW: u128 = u128::from_le_bytes([0x7f; 16]);
    const SEPARATORS: u128 = u128::from_le_bytes([LIST_SEPARATOR; 16]);
    let differing = bytes ^ SEPARATORS;
    // the high bit of every byte that is zero: no carry leaves a byte
    let zero = !(((differing & LOW) + LOW) | differing | LOW);
    zero.trailing_zeros() as usize / 8
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
