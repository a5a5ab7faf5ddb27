//! Rows of separated text cut into cells, sixty-four bytes at a time.

use wide::u8x16;

use super::super::frame::{Frame, MAX_ROW_BYTES};

/// Bytes looked at in one step.
const BLOCK: usize = 64;

/// Between the cells of a row that had quotes, once they are taken off.
const UNIT: u8 = 0x1f;

/// A row cut into cells (切分行).
#[derive(Debug)]
pub(in crate::records) struct CutRow<'t> {
    pub text: &'t str,
    /// The place before the first cell, then that behind each.
    pub ends: &'t [u32],
    /// No cell holds a comma, a quote or the end of a line.
    pub clean: bool,
    /// Cells that begin with a quote have one at each end, and none between.
    pub quoted: bool,
    pub line: u64,
    /// As written, quotes and all, without line end.
    pub written: &'t str,
}

impl<'t> CutRow<'t> {
    /// How many cells there are.
    pub(in crate::records) fn count(&self) -> usize {
        self.ends.len() - 1
    }

    /// A cell, blanks and all; empty past the end.
    #[inline]
    pub(in crate::records) fn cell(&self, field: usize) -> &'t str {
        let cell = self.cells(field, field + 1);
        if self.quoted { without_quotes(cell) } else { cell }
    }

    /// The cells from one field to before another, with what separates them.
    #[inline]
    pub(in crate::records) fn cells(&self, from: usize, to: usize) -> &'t str {
        let (Some(before), Some(behind)) = (self.ends.get(from), self.ends.get(to)) else {
            return "";
        };
        let (start, end) = (before.wrapping_add(1) as usize, *behind as usize);
        self.text.get(start..end).unwrap_or("")
    }

    /// Whether each cell stands under one of `width` headers; extra empty ones do no harm.
    pub(in crate::records) fn fits(&self, width: usize) -> bool {
        let mut extra = width..self.count();
        self.count() >= width && extra.all(|field| self.cell(field).trim().is_empty())
    }
}

/// A cell without the quotes around it.
#[inline]
pub(super) fn without_quotes(cell: &str) -> &str {
    let inside = cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"'));
    inside.unwrap_or(cell)
}

/// What stands next in a text.
pub(in crate::records) enum Next<'t> {
    Row(CutRow<'t>),
    /// A row whose quote is never closed, or too long: its line.
    Broken(u64, usize),
}

/// Cuts a text of whole rows (切分器), reusing its memory.
pub(in crate::records) struct Cutting<'t> {
    text: &'t str,
    delimiter: u8,
    at: usize,
    line: u64,
    /// The place before the first cell of the row at hand, then that behind each: so many …
    count: usize,
    /// … of these; what stands behind them is left from other rows.
    ends: Vec<u32>,
    unquoted: String,
}

/// Where a row cut in its place ends.
struct PlainEnd {
    /// Its line feed, or the end of the text.
    line_feed: usize,
    quoted: bool,
}

impl<'t> Cutting<'t> {
    pub(in crate::records) fn new(text: &'t str, delimiter: u8, line: u64) -> Cutting<'t> {
        Cutting {
            text,
            delimiter,
            at: 0,
            line,
            count: 0,
            ends: Vec::new(),
            unquoted: String::new(),
        }
    }

    /// The next row that is not blank.
    pub(in crate::records) fn next(&mut self) -> Option<Next<'_>> {
        loop {
            let rest = self
                .text
                .as_bytes()
                .get(self.at..)
                .filter(|rest| !rest.is_empty())?;
            let (start, line) = (self.at, self.line);
            match self.cut_plain() {
                Some(PlainEnd { line_feed, quoted }) => {
                    let row = rest.get(..line_feed - self.at).unwrap_or_default();
                    let (blank, long) = (row.iter().all(u8::is_ascii_whitespace), row.len() > MAX_ROW_BYTES);
                    self.line += 1;
                    self.at = line_feed + 1;
                    if blank {
                        continue;
                    }
                    if long {
                        return Some(Next::Broken(line, row.len()));
                    }
                    return Some(Next::Row(CutRow {
                        text: self.text,
                        ends: self.ends.get(..self.count).unwrap_or_default(),
                        quoted,
                        clean: !quoted
                            && self.delimiter == b','
                            && memchr::memchr(b'\r', row).is_none_or(|at| at + 1 == row.len()),
                        line,
                        written: self.between(start, line_feed),
                    }));
                }
                None => {
                    let (frame, length, lines) = Frame::first_of(rest, self.line, self.delimiter);
                    self.at += length;
                    self.line += lines;
                    if frame.is_blank() {
                        continue;
                    }
                    if frame.broken {
                        return Some(Next::Broken(line, frame.bytes.len()));
                    }
                    self.cut_quoted(frame.bytes);
                    return Some(Next::Row(CutRow {
                        text: &self.unquoted,
                        ends: self.ends.get(..self.count).unwrap_or_default(),
                        quoted: false,
                        clean: false,
                        line,
                        written: self.between(start, start + frame.bytes.len()),
                    }));
                }
            }
        }
    }

    /// A stretch of the text; a carriage return at its end is left out.
    fn between(&self, start: usize, end: usize) -> &'t str {
        let text = self.text.get(start..end).unwrap_or("");
        text.strip_suffix('\r').unwrap_or(text)
    }

    /// Notes where the cells of the row at hand end; nothing if quotes in it stand where they do not in
    /// most files, or enclose a line end.
    fn cut_plain(&mut self) -> Option<PlainEnd> {
        let text = self.text.as_bytes();
        self.count = 0;
        self.push(small(self.at).wrapping_sub(1));
        let mut at = self.at;
        let (mut open, mut quoted) = (false, false);
        loop {
            let mut marks = match text.get(at..).and_then(<[u8]>::first_chunk) {
                Some(block) => Marks::of(block, self.delimiter),
                None => Marks::of(&last_block(text, at), self.delimiter),
            };
            if open || marks.quotes != 0 {
                marks = self.outside_quotes(marks, at, &mut open)?;
                quoted |= marks.quotes != 0;
            }
            if marks.line_feeds == 0 {
                self.push_bits(at, marks.delimiters);
                at += BLOCK;
                continue;
            }
            let stop = marks.line_feeds.trailing_zeros() as usize;
            self.push_bits(at, marks.delimiters & ((1 << stop) - 1));
            let end = at + stop;
            let line_end = match text.get(end.wrapping_sub(1)) {
                Some(b'\r') if end > self.at => end - 1,
                _ => end,
            };
            self.push(small(line_end));
            return Some(PlainEnd {
                line_feed: end,
                quoted,
            });
        }
    }

    /// The marks of the row at hand that stand outside quotes, and the quotes that are of it.
    #[cold]
    fn outside_quotes(&self, marks: Marks, at: usize, open: &mut bool) -> Option<Marks> {
        let text = self.text.as_bytes();
        let mut inside = if *open { u64::MAX } else { 0 };
        let (mut quotes, mut of_row) = (marks.quotes, 0);
        while quotes != 0 {
            let bit = quotes.trailing_zeros();
            let (place, from) = (at + bit as usize, u64::MAX << bit);
            quotes &= quotes.wrapping_sub(1);
            let next = text.get(place + 1);
            if *open {
                let ends = next.is_none_or(|next| *next == self.delimiter || *next == b'\n')
                    || next == Some(&b'\r') && text.get(place + 2).is_none_or(|next| *next == b'\n');
                inside &= !from;
                *open = false;
                ends.then_some(())?;
            } else {
                if marks.line_feeds & !inside & !from != 0 {
                    break; // the row ends before
                }
                let begins = place == self.at || text.get(place.wrapping_sub(1)) == Some(&self.delimiter);
                inside |= from;
                *open = true;
                begins.then_some(())?;
            }
            of_row |= 1 << bit;
        }
        (marks.line_feeds & inside == 0).then_some(Marks {
            delimiters: marks.delimiters & !inside,
            quotes: of_row,
            line_feeds: marks.line_feeds & !inside,
        })
    }

    fn push(&mut self, place: u32) {
        if self.ends.len() <= self.count {
            self.ends.resize(self.count + 4 * BLOCK, 0);
        }
        if let Some(slot) = self.ends.get_mut(self.count) {
            *slot = place;
        }
        self.count += 1;
    }

    /// Adds the places of the bits set.
    #[inline]
    fn push_bits(&mut self, base: usize, mut bits: u64) {
        let base = small(base);
        let count = bits.count_ones() as usize;
        if self.ends.len() < self.count + BLOCK {
            self.ends.resize(self.count + 4 * BLOCK, 0);
        }
        let free = self.ends.get_mut(self.count..).unwrap_or_default();
        for slot in free.iter_mut().take(count) {
            *slot = base.wrapping_add(bits.trailing_zeros());
            bits &= bits.wrapping_sub(1);
        }
        self.count += count;
    }

    /// Takes the quotes off a row, its cells set apart by a byte.
    fn cut_quoted(&mut self, row: &[u8]) {
        let row = std::str::from_utf8(row).unwrap_or_default();
        self.unquoted.clear();
        self.count = 0;
        self.push(u32::MAX);
        let mut rest = row;
        loop {
            let (length, more) = self.unquote_cell(rest);
            self.push(small(self.unquoted.len()));
            if !more {
                return;
            }
            self.unquoted.push(char::from(UNIT));
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    /// Appends a cell without quotes; gives its length with the delimiter, and whether there is
    /// one.
    fn unquote_cell(&mut self, rest: &str) -> (usize, bool) {
        let bytes = rest.as_bytes();
        let mut at = 0;
        if bytes.first() == Some(&b'"') {
            at = 1;
            while let Some(quote) = bytes.get(at..).and_then(|from| memchr::memchr(b'"', from)) {
                self.unquoted
                    .push_str(rest.get(at..at + quote).unwrap_or_default());
                at += quote + 1;
                if bytes.get(at) != Some(&b'"') {
                    break;
                }
                self.unquoted.push('"');
                at += 1;
            }
        }
        let plain = bytes.get(at..).unwrap_or_default();
        let length = memchr::memchr(self.delimiter, plain);
        let end = at + length.unwrap_or(plain.len());
        self.unquoted.push_str(rest.get(at..end).unwrap_or_default());
        (end + 1, length.is_some())
    }
}

/// What stands where in 64 bytes, one bit each.
struct Marks {
    delimiters: u64,
    quotes: u64,
    line_feeds: u64,
}

impl Marks {
    #[inline]
    fn of(block: &[u8; BLOCK], delimiter: u8) -> Marks {
        const QUOTE: u8x16 = u8x16::new([b'"'; 16]);
        const LINE_FEED: u8x16 = u8x16::new([b'\n'; 16]);
        let wanted = u8x16::new([delimiter; 16]);
        let mut marks = Marks {
            delimiters: 0,
            quotes: 0,
            line_feeds: 0,
        };
        let (parts, _) = block.as_chunks::<16>();
        for part in parts.iter().rev() {
            let bytes = u8x16::new(*part);
            marks.delimiters = marks.delimiters << 16 | u64::from(bytes.simd_eq(wanted).to_bitmask());
            marks.quotes = marks.quotes << 16 | u64::from(bytes.simd_eq(QUOTE).to_bitmask());
            marks.line_feeds = marks.line_feeds << 16 | u64::from(bytes.simd_eq(LINE_FEED).to_bitmask());
        }
        marks
    }
}

/// The bytes from `at` on, behind them line feeds.
#[cold]
fn last_block(text: &[u8], at: usize) -> [u8; BLOCK] {
    let mut block = [b'\n'; BLOCK];
    let rest = text.get(at..).unwrap_or_default();
    block.iter_mut().zip(rest).for_each(|(byte, from)| *byte = *from);
    block
}

/// Texts are chunks of a file, far below 4 GiB.
fn small(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, delimiter: u8) -> Vec<(u64, Vec<String>)> {
        let mut cutting = Cutting::new(text, delimiter, 1);
        let mut rows = Vec::new();
        while let Some(next) = cutting.next() {
            match next {
                Next::Row(row) => {
                    let cell = |ends: &[u32]| {
                        let (start, end) = (ends[0].wrapping_add(1) as usize, ends[1] as usize);
                        match row.quoted {
                            true => without_quotes(&row.text[start..end]).to_owned(),
                            false => row.text[start..end].to_owned(),
                        }
                    };
                    rows.push((row.line, row.ends.windows(2).map(cell).collect()));
                }
                Next::Broken(line, _) => rows.push((line, vec!["(broken)".to_owned()])),
            }
        }
        rows
    }

    /// As the `csv` crate cuts them, row by row.
    fn plain(text: &str, delimiter: u8) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        let rows = reader
            .records()
            .map(|row| row.map(|row| row.iter().map(str::to_owned).collect()));
        rows.filter_map(Result::ok).collect()
    }

    #[test]
    fn cells_are_those_of_the_csv_crate() {
        let wide = format!("{}\n{}", "x,".repeat(300), ",".repeat(90));
        let texts = [
            "a,b\r\n\n\"x\ny\",2\n5\" pipe,3\nlast,\"5\"\"6\" tail,",
            "a;b;\"c;d\"\n;;\n",
            "\u{4e2d},\u{6587}\n\"\u{4e2d},\u{6587}\"\"\",x",
            "\"a,b\",\"\",c\r\n\"one\",\"two; three\"\r\nfour,\"five\"",
            "a,\"b\" c,d\n\"b\"\r\nx,y\n",
            "no line end",
            &wide,
        ];
        for text in texts {
            for delimiter in [b',', b';'] {
                let cut: Vec<Vec<String>> = cells(text, delimiter).into_iter().map(|(_, row)| row).collect();
                assert_eq!(cut, plain(text, delimiter), "{text}");
            }
        }
    }

    #[test]
    fn lines_are_counted_and_an_open_quote_costs_its_own() {
        let rows = cells("a\n\n\"x\ny\"\n\"open,1\nz", b',');
        let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3, 5, 6]);
        assert_eq!(rows[2].1, ["(broken)"]);
    }
}
