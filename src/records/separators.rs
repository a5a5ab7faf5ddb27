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
    /// How many of the cells' separators are line feeds, the end of a text without one among them.
    pub(super) line_feeds: usize,
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

    /// Whether a line feed stands at a place, or the text ends there.
    #[inline]
    fn ends_line(&self, text: &[u8], index: usize) -> bool {
        let place = self.get(index) as usize;
        text.get(place).map_or(place == text.len(), |byte| *byte == b'\n')
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
            line_feeds: 0,
        }
    }

    /// Looks through the stretch that begins at `start`, the beginning of a row.
    pub(super) fn look_through(&mut self, text: &[u8], start: usize) {
        let Separators {
            cells,
            bars,
            line_feeds,
        } = self;
        (cells.count, bars.count) = (0, 0);
        cells.push(offset(start).wrapping_sub(1));
        let mut counted = LineFeeds::default();
        let mut at = start;
        while at - start < STRETCH && cells.has_room() && bars.has_room() {
            let marks = match text.get(at..).and_then(<[u8]>::first_chunk) {
                Some(block) => Marks::of(block, &mut counted),
                None => Marks::of(&last_block(text, at), &mut counted),
            };
            let base = offset(at);
            cells.push_bits(base, marks.cell_ends);
            bars.push_bits(base, marks.bars);
            if marks.stopped {
                break;
            }
            at += BLOCK;
        }
        *line_feeds = counted.sum();
    }

    /// How many rows of `width` cells follow each other from the separator `first` on, at most `rows`: as
    /// many as there are line feeds behind it.
    #[inline]
    pub(super) fn rows_of(&self, text: &[u8], width: usize, first: usize, rows: usize) -> usize {
        let ends_line = |separator: usize| self.cells.ends_line(text, first + separator);
        // where a line feed ends every `width`-th cell, none is left to end another one
        if (1..=rows).all(|row| ends_line(row * width)) {
            return rows;
        }
        let fits = |row: &usize| (1..=width).all(|cell| ends_line(row * width + cell) == (cell == width));
        (0..rows).take_while(fits).count()
    }

    /// How many cells the line behind the separator `first` has; it has a line feed.
    #[cold]
    pub(super) fn cells_of_line(&self, text: &[u8], first: usize) -> usize {
        let ends_line = |cells: &usize| self.cells.ends_line(text, first + cells);
        (1..=self.cells.count).find(ends_line).unwrap_or(self.cells.count)
    }
}

/// Line feeds of a stretch, counted in each of 64 bytes: no more than 255 blocks.
#[derive(Default)]
struct LineFeeds([u8x16; BLOCK / 16]);

const _: () = assert!(STRETCH / BLOCK <= 255);

impl LineFeeds {
    fn sum(&self) -> usize {
        let bytes = self.0.iter().flat_map(|counts| counts.to_array());
        bytes.map(usize::from).sum()
    }
}

/// What stands where in 64 bytes, one bit each; nothing from a byte on that no plain row holds.
struct Marks {
    /// Commas and line feeds.
    cell_ends: u64,
    bars: u64,
    stopped: bool,
}

impl Marks {
    #[inline]
    fn of(block: &[u8; BLOCK], counted: &mut LineFeeds) -> Marks {
        const COMMA: u8x16 = u8x16::new([b','; 16]);
        const BAR: u8x16 = u8x16::new([b'|'; 16]);
        const LINE_FEED: u8x16 = u8x16::new([b'\n'; 16]);
        const QUOTE: u8x16 = u8x16::new([b'"'; 16]);
        const LOWER: u8x16 = u8x16::new([b'\n' - 1; 16]);
        let (mut cell_ends, mut bars) = (0, 0);
        let mut stops = u8x16::new([0; 16]);
        let mut line_feeds = [stops; BLOCK / 16];
        let (parts, _) = block.as_chunks::<16>();
        for (part, line_feeds) in parts.iter().zip(&mut line_feeds).rev() {
            let bytes = u8x16::new(*part);
            *line_feeds = bytes.simd_eq(LINE_FEED);
            let ends = bytes.simd_eq(COMMA) | *line_feeds;
            cell_ends = cell_ends << 16 | u64::from(ends.to_bitmask());
            bars = bars << 16 | u64::from(bytes.simd_eq(BAR).to_bitmask());
            stops = stops | bytes.simd_eq(QUOTE) | bytes.min(LOWER).simd_eq(bytes);
        }
        if stops.to_bitmask() != 0 {
            return Marks::before_stop(block, counted);
        }
        for (counts, line_feeds) in counted.0.iter_mut().zip(line_feeds) {
            *counts -= line_feeds; // a byte that is one is marked by -1
        }
        Marks {
            cell_ends,
            bars,
            stopped: false,
        }
    }

    /// Of the bytes before the first that no plain row holds.
    #[cold]
    fn before_stop(block: &[u8; BLOCK], counted: &mut LineFeeds) -> Marks {
        let plain = |byte: &&u8| **byte != b'"' && **byte >= b'\n';
        let length = block.iter().take_while(plain).count();
        let mut before = [b'0'; BLOCK];
        for (byte, from) in before.iter_mut().zip(block).take(length) {
            *byte = *from;
        }
        Marks {
            stopped: true,
            ..Marks::of(&before, counted)
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
