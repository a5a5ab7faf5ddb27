//! Codes found by their bytes.

use hashbrown::HashMap;

use super::syntax::{is_placeholder, normal_form};

/// The longest code that is packed into a key; the few longer ones are kept beside.
const PACKED_BYTES: usize = 12;

/// A code's bytes, the first lowest, zeros behind them; all zeros when there are none or more than
/// twelve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedCode {
    low: u64,
    high: u32,
}

/// Masks of the first so many bytes of twelve.
const KEEP: [(u64, u32); PACKED_BYTES + 1] = {
    let mut keep = [(u64::MAX, 0); PACKED_BYTES + 1];
    let mut length = 0;
    while length <= PACKED_BYTES {
        if length < 8 {
            keep[length] = ((1 << (8 * length)) - 1, 0);
        } else {
            let high = ((1_u64 << (8 * (length - 8))) - 1) as u32;
            keep[length] = (u64::MAX, high);
        }
        length += 1;
    }
    keep
};

impl PackedCode {
    /// Of a code of any bytes; a last zero byte would vanish, so there is no packed form of it.
    fn of(code: &[u8]) -> PackedCode {
        match code.last() {
            None | Some(0) => PackedCode::default(),
            Some(_) => PackedCode::of_first(own_bytes(code), code.len()),
        }
    }

    /// The first `length` of sixteen bytes.
    #[inline]
    fn of_first([low, high]: [u64; 2], length: usize) -> PackedCode {
        let (keep_low, keep_high) = KEEP.get(length).copied().unwrap_or_default();
        PackedCode {
            low: low & keep_low,
            high: high as u32 & keep_high,
        }
    }

    fn is_nothing(self) -> bool {
        self == PackedCode::default()
    }

    #[inline]
    fn hash(self) -> u64 {
        let high = u64::from(self.high);
        (self.low ^ high.wrapping_mul(0xc2b2_ae3d_27d4_eb4f)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// A place for a code and its number: sixteen bytes, so that none lies in two cache lines.
#[derive(Clone, Copy, Debug)]
struct Slot {
    low: u64,
    high: u32,
    number: u32,
}

impl Slot {
    /// Its bytes are those of no text.
    const FREE: Slot = Slot {
        low: u64::MAX,
        high: u32::MAX,
        number: u32::MAX,
    };

    fn is_free(self) -> bool {
        self.holds(PackedCode {
            low: u64::MAX,
            high: u32::MAX,
        })
    }

    #[inline]
    fn holds(self, code: PackedCode) -> bool {
        (self.low ^ code.low) | u64::from(self.high ^ code.high) == 0
    }
}

/// The numbers of codes by their bytes (编码索引).
///
/// A code is looked for in one slot of 16 bytes, which holds the whole code, so that a hit is the
/// code itself and never only its fingerprint. No two codes share a slot: codes of one bucket are
/// displaced together until each falls on a free one (compress, hash, displace; Belazzougui,
/// Botelho, Dietzfelbinger 2009), for a second probe would cost more than all the rest.
///
/// Codes are looked for in normal form: only such have a slot.
#[derive(Debug)]
pub struct CodeIndex {
    slots: Vec<Slot>,
    /// Of each bucket.
    displacements: Vec<u16>,
    /// The few codes that are too long for a slot, found none, or are not in normal form.
    others: HashMap<Box<str>, u32>,
    /// Whether codes in normal form that a slot could hold are among them.
    short_others: bool,
}

/// Codes of a bucket, at most about.
const BUCKET: usize = 4;

/// One free slot for so many codes.
const SPARE: usize = 8;

impl CodeIndex {
    /// From codes with their numbers, each code once.
    pub fn new<'c>(codes: impl Iterator<Item = (&'c str, u32)>) -> CodeIndex {
        let codes: Vec<(&str, u32)> = codes.collect();
        let size = codes.len() + codes.len() / SPARE + 1;
        let mut index = CodeIndex {
            slots: vec![Slot::FREE; size],
            displacements: vec![0; (size / BUCKET).next_power_of_two()],
            others: HashMap::new(),
            short_others: false,
        };
        let mut buckets: Vec<Vec<(&str, u32)>> = vec![Vec::new(); index.displacements.len()];
        for (code, number) in codes {
            let odd = normal_form(code) != code || is_placeholder(code);
            match PackedCode::of(code.as_bytes()) {
                key if odd || key.is_nothing() => drop(index.others.insert(code.into(), number)),
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
                let free = self.slots.get(slot).is_some_and(|slot| slot.is_free());
                let free = free && !taken.contains(&slot);
                taken.push(slot);
                free
            })
        };
        let Some(displacement) = (0..=u16::MAX).find(&mut all_free) else {
            let others = codes.iter().map(|(code, number)| ((*code).into(), *number));
            self.short_others = true;
            return self.others.extend(others);
        };
        if let Some(of_bucket) = self.displacements.get_mut(bucket) {
            *of_bucket = displacement;
        }
        for (at, code) in taken.into_iter().zip(codes) {
            if let Some(slot) = self.slots.get_mut(at) {
                let PackedCode { low, high } = key(code);
                *slot = Slot {
                    low,
                    high,
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
        // an odd factor keeps different hashes different; 32 bits of the product are scaled down
        // to the number of slots
        let spread = hash.wrapping_mul(u64::from(displacement) * 2 + 1) >> 32;
        (spread.wrapping_mul(self.slots.len() as u64) >> 32) as usize
    }

    /// The number of a code; of one that is not in normal form only as it was given.
    pub fn get(&self, code: &str) -> Option<u32> {
        let packed = self.get_packed(PackedCode::of(code.as_bytes()));
        packed.or_else(|| self.others.get(code).copied())
    }

    /// The number of a code in normal form that [`CodeIndex::get_packed`] does not find.
    pub fn get_other(&self, code: &str) -> Option<u32> {
        // nearly all codes asked for here are in no table at all: a hash of each would be in vain
        let in_vain = code.len() <= PACKED_BYTES && !self.short_others;
        if in_vain {
            None
        } else {
            self.others.get(code).copied()
        }
    }

    /// The number of a packed code; nothing for the few codes that found no slot.
    pub fn get_packed(&self, code: PackedCode) -> Option<u32> {
        Some(self.number(self.probe(code))).filter(|number| *number != UNKNOWN)
    }

    /// The numbers of many packed codes, in order, [`UNKNOWN`] for those that found no slot.
    ///
    /// First every slot is worked out, then all are loaded: they lie all over the table, and so
    /// the processor waits for many of them at once.
    #[inline]
    pub fn look_up<'w>(
        &'w self,
        codes: impl Iterator<Item = PackedCode>,
        work: &'w mut LookUp,
    ) -> impl ExactSizeIterator<Item = u32> {
        work.probes.clear();
        work.probes.extend(codes.map(|code| self.probe(code)));
        work.probes.iter().map(|probe| self.number(*probe))
    }

    #[inline]
    fn probe(&self, code: PackedCode) -> Probe {
        let hash = code.hash();
        let displacement = self.displacements.get(self.bucket(hash)).copied().unwrap_or(0);
        Probe {
            code,
            slot: self.slot(hash, displacement) as u32,
        }
    }

    #[inline]
    fn number(&self, probe: Probe) -> u32 {
        match self.slots.get(probe.slot as usize) {
            Some(slot) if slot.holds(probe.code) => slot.number,
            _ => UNKNOWN,
        }
    }
}

/// In place of the number of a code.
pub const UNKNOWN: u32 = u32::MAX;

/// A code and the slot it has if it has any.
#[derive(Clone, Copy, Debug)]
struct Probe {
    code: PackedCode,
    slot: u32,
}

/// Memory reused by [`CodeIndex::look_up`] (编码查找).
#[derive(Debug, Default)]
pub struct LookUp {
    probes: Vec<Probe>,
}

/// A code as it stands in a text (原文编码).
#[derive(Clone, Copy, Debug)]
pub struct WrittenCode {
    /// Where it begins in the text …
    pub start: u32,
    /// … and ends.
    pub end: u32,
}

impl WrittenCode {
    /// Of the bytes from `start` to `end` of a text far below 4 GiB.
    #[inline]
    pub fn new(start: usize, end: usize) -> WrittenCode {
        WrittenCode {
            start: start as u32,
            end: end as u32,
        }
    }

    /// Its bytes as a key; `text` is without zero bytes.
    #[inline]
    pub fn packed(self, text: &[u8]) -> PackedCode {
        let length = self.end.wrapping_sub(self.start) as usize;
        PackedCode::of_first(sixteen(text, self.start as usize), length)
    }
}

/// The sixteen bytes from `at` on, zeros past the end.
#[inline]
fn sixteen(text: &[u8], at: usize) -> [u64; 2] {
    match text.get(at..).and_then(<[u8]>::first_chunk) {
        Some(bytes) => halves(*bytes),
        None => last_bytes(text, at),
    }
}

/// The bytes of a code alone, zeros behind them; two reads that overlap in place of a loop.
#[inline]
fn own_bytes(code: &[u8]) -> [u64; 2] {
    if let Some(bytes) = code.first_chunk() {
        return halves(*bytes);
    }
    match (code.first_chunk(), code.last_chunk()) {
        (Some(first), Some(last)) => {
            let unread = 16 - code.len();
            let last = u64::from_le_bytes(*last).unbounded_shr(8 * unread as u32);
            [u64::from_le_bytes(*first), last]
        }
        _ => [up_to_eight(code), 0],
    }
}

#[inline]
fn up_to_eight(code: &[u8]) -> u64 {
    match (code.first_chunk(), code.last_chunk()) {
        (Some(first), Some(last)) => {
            let unread = 8 - code.len();
            let last = u64::from(u32::from_le_bytes(*last)).unbounded_shr(8 * unread as u32);
            u64::from(u32::from_le_bytes(*first)) | last << 32
        }
        _ => code
            .iter()
            .rev()
            .fold(0, |bytes, byte| bytes << 8 | u64::from(*byte)),
    }
}

#[inline]
fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(bytes);
    [both as u64, (both >> 64) as u64]
}

/// As [`sixteen`], at the end of the text.
#[cold]
fn last_bytes(text: &[u8], at: usize) -> [u64; 2] {
    let mut bytes = [0; 16];
    let rest = text.get(at..).unwrap_or_default();
    bytes.iter_mut().zip(rest).for_each(|(byte, from)| *byte = *from);
    halves(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_bytes_are_those_of_the_code() {
        let text = b"A52.000+I98.0*xyz";
        for length in 0..=16 {
            assert_eq!(
                own_bytes(&text[..length]),
                last_bytes(&text[..length], 0),
                "{length}"
            );
        }
    }

    #[test]
    fn every_code_is_found_by_all_its_bytes() {
        let codes = [
            "I10.x00",
            "I10.x00x032",
            "A52.000+I98.0*",
            "A52.000+I98.1*",
            "47.0100",
            "i10",
        ];
        let index = CodeIndex::new(codes.into_iter().zip(0..));
        for (number, code) in (0..).zip(codes) {
            assert_eq!(index.get(code), Some(number), "{code}");
        }
        for other in ["I10", "", "I10.x00\0", "I10.x00x033", "A52.000+I98.2*", "-"] {
            assert_eq!(index.get(other), None, "{other}");
        }
    }
}
