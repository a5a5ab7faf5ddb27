//! Many integers of one width.

/// Integers, each as wide as the widest needs (定宽整数).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Integers<'b> {
    bytes: &'b [u8],
    width: usize,
    count: usize,
}

/// Appends the width and the integers.
pub(super) fn write_integers(values: &[u64], out: &mut Vec<u8>) {
    let width: u8 = match values.iter().copied().max().unwrap_or(0) {
        0 => 0,
        1..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    out.push(width);
    for value in values {
        let bytes = value.to_le_bytes();
        out.extend_from_slice(bytes.get(..usize::from(width)).unwrap_or_default());
    }
}

/// Where integers of one width stand in a body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stretch {
    start: usize,
    width: usize,
    count: usize,
}

impl Stretch {
    /// Cuts the `count` integers that stand at `at`, and moves that behind them; nothing if they
    /// are not there, or of no legal width.
    pub(super) fn cut(body: &[u8], at: &mut usize, count: usize) -> Option<Stretch> {
        let width = usize::from(*body.get(*at)?);
        let start = *at + 1;
        let end = start.checked_add(count.checked_mul(width)?)?;
        let there = matches!(width, 0 | 1 | 2 | 4 | 8) && end <= body.len();
        *at = end;
        there.then_some(Stretch { start, width, count })
    }

    /// The integers.
    #[inline]
    pub(super) fn of(self, body: &[u8]) -> Integers<'_> {
        let bytes = body.get(self.start..self.start + self.count * self.width);
        Integers {
            bytes: bytes.unwrap_or_default(),
            width: self.width,
            count: self.count,
        }
    }
}

impl Integers<'_> {
    /// One of them; zero past the end.
    #[inline]
    pub(super) fn get(self, index: usize) -> u64 {
        match self.width {
            0 => 0,
            1 => self.bytes.get(index).copied().map_or(0, u64::from),
            2 => self
                .load(index)
                .map_or(0, |bytes| u16::from_le_bytes(bytes).into()),
            4 => self
                .load(index)
                .map_or(0, |bytes| u32::from_le_bytes(bytes).into()),
            _ => self.load(index).map_or(0, u64::from_le_bytes),
        }
    }

    #[inline]
    fn load<const WIDTH: usize>(self, index: usize) -> Option<[u8; WIDTH]> {
        let at = index * WIDTH;
        self.bytes.get(at..at + WIDTH)?.first_chunk().copied()
    }

    /// Visits those from `from` on, up to `to`.
    #[inline]
    pub(super) fn each(self, from: usize, to: usize, mut visit: impl FnMut(u64)) {
        let part = self.bytes.get(from * self.width..to * self.width);
        let part = part.unwrap_or_default();
        match self.width {
            0 => (from..to).for_each(|_| visit(0)),
            1 => part.iter().for_each(|byte| visit(u64::from(*byte))),
            2 => chunks(part).for_each(|bytes| visit(u16::from_le_bytes(bytes).into())),
            4 => chunks(part).for_each(|bytes| visit(u32::from_le_bytes(bytes).into())),
            _ => chunks(part).for_each(|bytes| visit(u64::from_le_bytes(bytes))),
        }
    }

    /// Smallest and largest; `None` of none at all.
    pub(super) fn bounds(self) -> Option<(u64, u64)> {
        let (mut least, mut most) = (u64::MAX, 0);
        // those of no width are all zero, however many are claimed
        let looked_at = if self.width == 0 {
            self.count.min(1)
        } else {
            self.count
        };
        self.each(0, looked_at, |value| {
            least = least.min(value);
            most = most.max(value);
        });
        (looked_at > 0).then_some((least, most))
    }

    /// Their sum, as far as it fits.
    pub(super) fn sum(self) -> u64 {
        let mut sum = 0_u64;
        self.all(|value| sum = sum.saturating_add(value));
        sum
    }

    /// Visits all of them, but none of no width, which are all zero.
    pub(super) fn all(self, visit: impl FnMut(u64)) {
        if self.width > 0 {
            self.each(0, self.count, visit);
        }
    }
}

#[inline]
fn chunks<const WIDTH: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; WIDTH]> {
    let (chunks, _) = bytes.as_chunks();
    chunks.iter().copied()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn integers_of_every_width_come_back() {
        let cases: [&[u64]; 7] = [
            &[],
            &[0, 0, 0],
            &[0, 255],
            &[256, 3, 65_535],
            &[65_536, 0],
            &[0xffff_ffff, 1, 2],
            &[u64::MAX, 0, 0x1_0000_0000],
        ];
        for (values, width) in cases.into_iter().zip([0, 0, 1, 2, 4, 4, 8]) {
            let mut bytes = Vec::new();
            write_integers(values, &mut bytes);
            assert_eq!(bytes.len(), 1 + width * values.len(), "{values:?}");
            let mut at = 0;
            let read = Stretch::cut(&bytes, &mut at, values.len()).unwrap().of(&bytes);
            let mut visited = Vec::new();
            read.each(0, values.len(), |value| visited.push(value));
            let one_by_one: Vec<u64> = (0..values.len()).map(|index| read.get(index)).collect();
            assert_eq!((visited.as_slice(), one_by_one.as_slice()), (values, values));
            assert_eq!(at, bytes.len());
            assert_eq!(read.get(values.len()), 0);
        }
        for bytes in [&[][..], &[3, 0, 0, 0], &[2, 0], &[8, 0, 0, 0, 0]] {
            assert!(Stretch::cut(bytes, &mut 0, 1).is_none(), "{bytes:?}");
        }
    }
}
