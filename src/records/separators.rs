//! Where cells, list items and lines end in plain text, found sixteen bytes at a time.

use wide::u8x16;

/// Bytes looked at in one step.
const BLOCK: usize = 64;

/// Text looked through at once, so that its rows are read, looked up and written while they lie in
/// the nearest cache. A longer row is no plain row.
const STRETCH: usize = 8 << 10;

/// Places kept of each kind; text with more of them is a shorter stretch.
const MOST_PLACES: usize = 4 << 10;

/// The separators of a stretch of text (分隔符位置), up to a byte that no plain row holds: a quote,
/// or a control byte lower than the line feed.
#[derive(Debug)]
pub(super) struct Separators {
    /// Of cells: before the first, between them, and the line feeds behind the last.
    pub(super) cells: Places,
    /// Between the codes of a list.
    pub(super) bars: Places,
    /// Line feeds, and the end of the text if it has none.
    pub(super) lines: Places,
}

/// Ascending places in a text.
#[derive(Debug)]
pub(super) struct Places {
    places: Box<[u32]>,
    count: usize,
}

impl Places {
    fn new() -> Places {
        Places {
            places: vec![0; MOST_PLACES].into(),
            count: 0,
        }
    }

    /// A place; past the last one a place behind all texts.
    #[inline]
    pub(super) fn get(&self, index: usize) -> u32 {
        // what lies behind the last is left from an earlier stretch
        let there = self.places.get(index).filter(|_| index < self.count);
        there.copied().unwrap_or(u32::MAX)
    }

    /// `count` places from an index on.
    #[inline]
    pub(super) fn some(&self, first: usize, count: usize) -> Option<&[u32]> {
        self.places.get(first..)?.get(..count)
    }

    fn has_room(&self) -> bool {
        self.count + BLOCK < MOST_PLACES
    }

    #[inline]
    fn push(&mut self, place: u32) {
        if let Some(slot) = self.places.get_mut(self.count) {
            *slot = place;
        }
        self.count += 1;
    }

    /// Adds the places of the bits set; there is room for them.
    #[inline]
    fn push_bits(&mut self, base: u32, mut bits: u64) {
        let mut count = self.count;
        while bits != 0 {
            if let Some(slot) = self.places.get_mut(count) {
                *slot = base.wrapping_add(bits.trailing_zeros());
            }
            count = count.wrapping_add(1);
            bits &= bits.wrapping_sub(1);
        }
        self.count = count;
    }
}

impl Separators {
    pub(super) fn new() -> Separators {
        Separators {
            cells: Places::new(),
            bars: Places::new(),
            lines: Places::new(),
        }
    }

    /// Looks through the stretch that begins at `start`, the beginning of a row.
    pub(super) fn look_through(&mut self, text: &[u8], start: usize) {
        let Separators { cells, bars, lines } = self;
        for places in [&mut *cells, bars, lines] {
            places.count = 0;
        }
        cells.push(offset(start).wrapping_sub(1));
        let mut at = start;
        while at - start < STRETCH && cells.has_room() && bars.has_room() && lines.has_room() {
            let marks = match text.get(at..).and_then(<[u8]>::first_chunk) {
                Some(block) => Marks::of(block),
                None => Marks::of(&last_block(text, at)),
            };
            let base = offset(at);
            cells.push_bits(base, marks.commas | marks.line_feeds);
            bars.push_bits(base, marks.bars);
            lines.push_bits(base, marks.line_feeds);
            if marks.stopped {
                break;
            }
            at += BLOCK;
        }
    }
}

/// What stands where in 64 bytes, one bit each; nothing from a byte on that no plain row holds.
struct Marks {
    commas: u64,
    bars: u64,
    line_feeds: u64,
    stopped: bool,
}

impl Marks {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Marks {
        const COMMA: u8x16 = u8x16::new([b','; 16]);
        const BAR: u8x16 = u8x16::new([b'|'; 16]);
        const LINE_FEED: u8x16 = u8x16::new([b'\n'; 16]);
        const QUOTE: u8x16 = u8x16::new([b'"'; 16]);
        const LOWER: u8x16 = u8x16::new([b'\n' - 1; 16]);
        let (mut commas, mut bars, mut line_feeds) = (0, 0, 0);
        let mut stops = u8x16::new([0; 16]);
        let (parts, _) = block.as_chunks::<16>();
        for part in parts.iter().rev() {
            let bytes = u8x16::new(*part);
            commas = commas << 16 | u64::from(bytes.simd_eq(COMMA).to_bitmask());
            bars = bars << 16 | u64::from(bytes.simd_eq(BAR).to_bitmask());
            line_feeds = line_feeds << 16 | u64::from(bytes.simd_eq(LINE_FEED).to_bitmask());
            stops = stops | bytes.simd_eq(QUOTE) | bytes.min(LOWER).simd_eq(bytes);
        }
        let marks = Marks {
            commas,
            bars,
            line_feeds,
            stopped: false,
        };
        match stops.to_bitmask() {
            0 => marks,
            _ => marks.before_stop(block),
        }
    }

    #[cold]
    fn before_stop(self, block: &[u8; BLOCK]) -> Marks {
        let plain = |byte: &&u8| **byte != b'"' && **byte >= b'\n';
        let length = block.iter().take_while(plain).count();
        let before = u32::try_from(length).map_or(0, |length| 1_u64.unbounded_shl(length).wrapping_sub(1));
        Marks {
            commas: self.commas & before,
            bars: self.bars & before,
            line_feeds: self.line_feeds & before,
            stopped: true,
        }
    }
}

/// The bytes from `at` on, behind them a line feed if there is none, then bytes that stop.
#[cold]
fn last_block(text: &[u8], at: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let line_end: &[u8] = if text.ends_with(b"\n") { b"" } else { b"\n" };
    let rest = text.get(at..).unwrap_or_default().iter().chain(line_end);
    block.iter_mut().zip(rest).for_each(|(byte, from)| *byte = *from);
    block
}

/// Texts are chunks of a file, far below 4 GiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
