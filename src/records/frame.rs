//! Where one record ends and the next begins, in a file of any size.
//!
//! Quotes count as in the `csv` crate: a quote opens a field only at its beginning, inside
//! quotes `""` is a quote, after the closing quote the field goes on as plain text. Unlike that
//! reader, a quote that is never closed costs its own line only, not the rest of the file.

use std::io::Read;

/// The longest record in bytes; a longer one, or a quote open for longer, is a broken row.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// The most lines one record may span; each line that opens a quote which is never closed is
/// looked at so far ahead.
pub const MAX_ROW_LINES: usize = 256;

/// What separates cells, unless the user says otherwise.
pub(super) const COMMA: u8 = b',';

/// How much is read at a time.
///
/// A chunk and the rows made of it stay in the cache of one processor core.
const CHUNK_BYTES: usize = 1 << 16;

/// A line without end longer than this is no table at all.
const LONGEST_LINE: usize = 64 << 20;

/// Whole records of a file (数据块).
#[derive(Debug, Default)]
pub struct Chunk {
    /// The bytes; they end at the end of a record.
    pub bytes: Vec<u8>,
    /// Line of the first byte, from 1.
    pub line: u64,
    /// Place of the first byte in the file, unpacked.
    pub start: u64,
    /// Bytes of the file newly taken for it, before unpacking.
    pub taken: u64,
}

/// One record's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'c> {
    /// Without the line end.
    pub bytes: &'c [u8],
    /// Its first line.
    pub line: u64,
    /// Whether any quote is in it.
    pub quoted: bool,
    /// A quote in it is never closed, or it is too long.
    pub broken: bool,
}

impl<'c> Frame<'c> {
    /// Of a row without its line end.
    pub(super) fn of_row(row: &'c str, line: u64) -> Frame<'c> {
        Frame {
            bytes: row.as_bytes(),
            line,
            quoted: row.contains('"'),
            broken: false,
        }
    }
}

enum End {
    /// Length with line end; quoted or not.
    Whole(usize, bool),
    /// The quote is never closed: length of the first line.
    Broken(usize),
    /// The bytes end inside the record.
    Open,
}

/// Where the record at the start of `bytes` ends. `complete`: nothing follows these bytes.
fn end_of_record(bytes: &[u8], complete: bool, delimiter: u8) -> End {
    let first_line = match memchr::memchr(b'\n', bytes) {
        Some(at) => at + 1,
        None if complete => bytes.len(),
        None => return End::Open,
    };
    let line = bytes.get(..first_line).unwrap_or(bytes);
    if memchr::memchr(b'"', line).is_none() {
        return End::Whole(first_line, false);
    }
    match end_of_quoted(bytes, delimiter) {
        Quoted::Ends(length) => End::Whole(length, true),
        Quoted::Endless => End::Broken(first_line),
        Quoted::AtEnd { closed: true } if complete => End::Whole(bytes.len(), true),
        Quoted::AtEnd { .. } if complete => End::Broken(first_line),
        Quoted::AtEnd { .. } => End::Open,
    }
}

/// How a record with quotes ends.
enum Quoted {
    /// Length with line end.
    Ends(usize),
    /// Longer than a record may be, in bytes or lines.
    Endless,
    /// The bytes end first, inside quotes or not.
    AtEnd { closed: bool },
}

/// Where a record with quotes ends; never looks further than the longest record.
fn end_of_quoted(bytes: &[u8], delimiter: u8) -> Quoted {
    #[derive(Clone, Copy)]
    enum At {
        FieldStart,
        Plain,
        Quoted,
        QuoteInQuoted,
    }
    let mut at = At::FieldStart;
    let mut lines = 0;
    for (index, byte) in bytes.iter().enumerate() {
        lines += usize::from(*byte == b'\n');
        if index >= MAX_ROW_BYTES || lines > MAX_ROW_LINES {
            return Quoted::Endless;
        }
        at = match (at, byte) {
            (At::Quoted, b'"') => At::QuoteInQuoted,
            (At::Quoted, _) => At::Quoted,
            (At::FieldStart | At::QuoteInQuoted, b'"') => At::Quoted,
            (_, b'\n') => return Quoted::Ends(index + 1),
            (_, byte) if *byte == delimiter => At::FieldStart,
            _ => At::Plain,
        };
    }
    Quoted::AtEnd {
        closed: !matches!(at, At::Quoted),
    }
}

impl Chunk {
    /// Place in the file and length of the record that begins at a line; the last of several records
    /// that share one cannot be told from the first.
    pub(super) fn record_at(&self, line: u64, delimiter: u8) -> Option<(u64, usize)> {
        let before = usize::try_from(line.checked_sub(self.line)?).ok()?;
        let offset = match before {
            0 => 0,
            _ => memchr::memchr_iter(b'\n', &self.bytes).nth(before - 1)? + 1,
        };
        let (frame, ..) = Frame::first_of(self.bytes.get(offset..)?, line, delimiter);
        Some((self.start + offset as u64, frame.bytes.len()))
    }

    /// The records in order; blank lines are left out.
    pub(super) fn frames(&self, delimiter: u8) -> impl Iterator<Item = Frame<'_>> {
        let mut rest = self.bytes.as_slice();
        let mut line = self.line;
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let (frame, length, lines) = Frame::first_of(rest, line, delimiter);
                rest = rest.get(length..).unwrap_or_default();
                line += lines;
                if !frame.is_blank() {
                    return Some(frame);
                }
            }
            None
        })
    }
}

impl<'c> Frame<'c> {
    /// The record at the start of the last bytes of a chunk, with its length and lines.
    pub(super) fn first_of(bytes: &'c [u8], line: u64, delimiter: u8) -> (Frame<'c>, usize, u64) {
        let (length, quoted, broken) = match end_of_record(bytes, true, delimiter) {
            End::Whole(length, quoted) => (length, quoted, length > MAX_ROW_BYTES),
            End::Broken(length) => (length, true, true),
            End::Open => (bytes.len(), false, false), // not when `complete`
        };
        let written = bytes.get(..length).unwrap_or(bytes);
        let frame = Frame {
            bytes: without_line_end(written),
            line,
            quoted,
            broken,
        };
        (frame, length, if quoted { count_lines(written) } else { 1 })
    }

    /// Whether there is nothing in it.
    pub(super) fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Cuts a stream into chunks of whole records.
pub(super) struct Cutter<R> {
    source: R,
    /// Read, not yet given out.
    kept: Vec<u8>,
    line: u64,
    /// Place of what is kept in the stream.
    start: u64,
    at_end: bool,
    delimiter: u8,
}

/// Why cutting stopped.
#[derive(Debug)]
pub(super) enum CutError {
    Io(std::io::Error),
    /// The line that has no end.
    EndlessLine(u64),
}

impl<R: Read> Cutter<R> {
    pub(super) fn new(source: R, already_read: Vec<u8>, delimiter: u8) -> Cutter<R> {
        Cutter {
            source,
            kept: already_read,
            line: 1,
            start: 0,
            at_end: false,
            delimiter,
        }
    }

    /// The same, of a stream whose first bytes, so many, were left out before.
    pub(super) fn behind(self, skipped: u64) -> Cutter<R> {
        Cutter {
            start: skipped,
            ..self
        }
    }

    /// The header record's bytes, taken off the stream.
    pub(super) fn first_record(&mut self) -> Result<Chunk, CutError> {
        loop {
            match end_of_record(&self.kept, self.at_end, self.delimiter) {
                End::Whole(length, _) | End::Broken(length) => return Ok(self.give(length)),
                End::Open => self.read_more(CHUNK_BYTES)?,
            }
        }
    }

    /// The next whole records, or nothing at the end.
    pub(super) fn next_chunk(&mut self) -> Result<Option<Chunk>, CutError> {
        loop {
            if self.kept.len() < CHUNK_BYTES && !self.at_end {
                self.read_more(CHUNK_BYTES - self.kept.len())?;
                continue;
            }
            if self.kept.is_empty() {
                return Ok(None);
            }
            match self.whole_records() {
                0 => self.read_more(CHUNK_BYTES.max(self.kept.len()))?,
                length => return Ok(Some(self.give(length))),
            }
        }
    }

    /// Length of the whole records among the bytes kept.
    fn whole_records(&self) -> usize {
        if self.at_end {
            return self.kept.len();
        }
        if memchr::memchr(b'"', &self.kept).is_none() {
            return memchr::memrchr(b'\n', &self.kept).map_or(0, |at| at + 1);
        }
        let mut length = 0;
        while let Some(rest) = self.kept.get(length..) {
            match end_of_record(rest, false, self.delimiter) {
                End::Whole(more, _) | End::Broken(more) => length += more,
                End::Open => break,
            }
        }
        length
    }

    fn give(&mut self, length: usize) -> Chunk {
        let rest = self.kept.split_off(length.min(self.kept.len()));
        let bytes = std::mem::replace(&mut self.kept, rest);
        let (line, start) = (self.line, self.start);
        self.line += count_lines(&bytes);
        self.start += bytes.len() as u64;
        Chunk {
            bytes,
            line,
            start,
            taken: 0,
        }
    }

    fn read_more(&mut self, wanted: usize) -> Result<(), CutError> {
        if self.kept.len() > LONGEST_LINE {
            return Err(CutError::EndlessLine(self.line));
        }
        let mut filled = self.kept.len();
        let full = filled + wanted;
        self.kept.resize(full, 0);
        while let Some(free) = self.kept.get_mut(filled..).filter(|free| !free.is_empty()) {
            match self.source.read(free) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(CutError::Io(e)),
            }
        }
        self.kept.truncate(filled);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames_of(text: &[u8]) -> Vec<(u64, String, bool)> {
        let mut cutter = Cutter::new(text, Vec::new(), COMMA);
        let mut found = Vec::new();
        while let Ok(Some(chunk)) = cutter.next_chunk() {
            let texts = chunk
                .frames(COMMA)
                .map(|f| (f.line, String::from_utf8_lossy(f.bytes).into_owned(), f.broken));
            found.extend(texts);
        }
        found
    }

    #[test]
    fn a_record_ends_nowhere_before_its_end() {
        let record = b"a,\"x\ny\",\"\"\"z\"\"\n\",b\n";
        for known in 0..record.len() {
            let end = end_of_record(&record[..known], false, COMMA);
            assert!(matches!(end, End::Open), "after {known} bytes");
        }
        let followed = [&record[..], b"c,d\n"].concat();
        assert!(
            matches!(end_of_record(&followed, false, COMMA), End::Whole(length, true) if length == record.len())
        );
    }

    #[test]
    fn an_open_quote_is_not_followed_for_ever() {
        let text = [&b"\"a\n"[..], &b"b\n".repeat(MAX_ROW_LINES)].concat();
        assert!(matches!(end_of_record(&text, false, COMMA), End::Broken(3)));
        let frames = frames_of(&text);
        assert_eq!(
            (frames.len(), frames[0].2, frames[1].2),
            (MAX_ROW_LINES + 1, true, false)
        );
    }

    #[test]
    fn records_end_where_csv_says_and_an_open_quote_costs_one_line() {
        let text = b"a,b\r\n\n\"x\ny\",2\n5\" pipe,3\n\"open,4\nlast,5";
        let expected = [
            (1, "a,b", false),
            (3, "\"x\ny\",2", false),
            (5, "5\" pipe,3", false),
            (6, "\"open,4", true),
            (7, "last,5", false),
        ];
        let expected: Vec<_> = expected
            .map(|(line, text, broken)| (line, text.to_owned(), broken))
            .into();
        assert_eq!(frames_of(text), expected);
    }
}
