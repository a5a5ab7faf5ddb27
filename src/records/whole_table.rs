//! Tables of any columns, read whole: every encoding, packing and workbook that records may have.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use csv::StringRecord;
use sha2::{Digest, Sha256};

use super::encoding::Encoding;
use super::layout::SheetRows;
use super::source::{is_workbook, open, unpacked};
use crate::diagnostics::{Error, Place, Result, hexadecimal};

/// How much of a file decides whether its letters are of two bytes.
const SAMPLE: usize = 1 << 16;

/// How a table is to be read (读表方式), where the file does not say it by itself.
#[derive(Clone, Debug, Default)]
pub struct TableForm {
    /// Its encoding; without it, found out.
    pub encoding: Option<Encoding>,
    /// What separates cells; without it, a comma.
    pub delimiter: Option<u8>,
    /// The sheet of a workbook; without it, the first visible one.
    pub sheet: Option<String>,
}

/// How a table was read (读取情况).
#[derive(Clone, Debug)]
pub struct TableFacts {
    /// Path as shown.
    pub path: String,
    /// SHA-256 of the file as it lies there.
    pub sha256: String,
    /// The encoding of its text; none of a workbook.
    pub encoding: Option<Encoding>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
}

/// A table of any columns, rows as they were found (整表).
#[derive(Clone, Debug)]
pub struct WholeTable {
    /// The file.
    pub place: Place,
    /// How it was read.
    pub facts: TableFacts,
    /// Line of the header.
    pub header_line: u64,
    /// Its header, without blanks around the names.
    pub columns: Vec<String>,
    /// Line and cells of each row that is not blank, of any number of cells.
    pub rows: Vec<(u64, StringRecord)>,
}

type Rows = Vec<(u64, StringRecord)>;

impl WholeTable {
    /// Reads a file, or standard input for `-`; gzip and Zstandard are unpacked.
    ///
    /// # Errors
    /// It cannot be read, is no text of its encoding, has no header, or names a column twice.
    pub fn read(path: &Path, form: &TableForm) -> Result<WholeTable> {
        let (place, source) = open(path)?;
        let unreadable = |e| Error::at(place.clone(), format!("could not be read: {e}"));
        let mut raw = Vec::new();
        let mut source = source;
        source.read_to_end(&mut raw).map_err(unreadable)?;
        // the hash of a large file takes as long as its rows
        let (sha256, parsed) = std::thread::scope(|scope| {
            let hashing = scope.spawn(|| hexadecimal(&Sha256::digest(&raw)));
            let parsed = parsed(&place, &raw, form);
            match hashing.join() {
                Ok(hash) => (hash, parsed),
                Err(fault) => std::panic::resume_unwind(fault),
            }
        });
        let (rows, encoding, sheet) = parsed?;
        let facts = TableFacts {
            path: place.file.to_string(),
            sha256,
            encoding,
            sheet,
        };
        WholeTable::of_rows(place, facts, rows)
    }

    /// A table that was written by this program.
    ///
    /// # Errors
    /// As [`WholeTable::read`].
    pub fn of_text(place: Place, text: &str) -> Result<WholeTable> {
        let facts = TableFacts {
            path: place.file.to_string(),
            sha256: String::new(),
            encoding: Some(Encoding::Utf8),
            sheet: None,
        };
        let rows = csv_rows(&place, text, b',')?;
        WholeTable::of_rows(place, facts, rows)
    }

    fn of_rows(place: Place, facts: TableFacts, rows: Rows) -> Result<WholeTable> {
        let blank = |row: &StringRecord| row.iter().all(|cell| cell.trim().is_empty());
        let mut rows = rows.into_iter().filter(|(_, row)| !blank(row));
        let Some((header_line, header)) = rows.next() else {
            let message = "this table is empty; expected a row of column names";
            return Err(Error::at(place, message));
        };
        let mut columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        while columns.last().is_some_and(String::is_empty) {
            columns.pop();
        }
        let twice = columns.iter().enumerate().find(|(at, name)| {
            let before = columns.get(..*at).unwrap_or_default();
            !name.is_empty() && before.contains(name)
        });
        if let Some((_, name)) = twice {
            let message = format!("the column `{name}` stands twice in the header");
            return Err(Error::at(place.line(header_line), message));
        }
        Ok(WholeTable {
            rows: rows.collect(),
            place,
            facts,
            header_line,
            columns,
        })
    }

    /// How many cells a row has, where that is not as many as the header; blank ones behind do not
    /// count, since spreadsheets write them.
    pub fn odd_width(&self, row: &StringRecord) -> Option<usize> {
        let (found, expected) = (row.len(), self.columns.len());
        let more_behind = || row.iter().skip(expected).any(|cell| !cell.trim().is_empty());
        (found < expected || found > expected && more_behind()).then_some(found)
    }
}

type Parsed = (Rows, Option<Encoding>, Option<String>);

fn parsed(place: &Place, raw: &[u8], form: &TableForm) -> Result<Parsed> {
    let packed = raw.starts_with(&[0x1f, 0x8b]) || raw.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    let bytes: Cow<'_, [u8]> = match packed {
        false => Cow::Borrowed(raw),
        true => {
            let mut bytes = Vec::new();
            let read = unpacked(place, Box::new(std::io::Cursor::new(raw.to_vec())))?.read_to_end(&mut bytes);
            read.map_err(|e| Error::at(place.clone(), format!("could not be unpacked: {e}")))?;
            Cow::Owned(bytes)
        }
    };
    if is_workbook(&bytes) {
        let sheet = SheetRows::open(place, bytes.into_owned(), form.sheet.as_deref())?;
        let rows = sheet.all_rows().into_iter();
        let rows = rows.map(|(line, cells)| (line, StringRecord::from(cells)));
        return Ok((rows.collect(), None, Some(sheet.name.clone())));
    }
    let encoding = match form.encoding {
        Some(encoding) => encoding,
        None => encoding_of(place, &bytes)?,
    };
    let text = text_of(place, &bytes, encoding)?;
    let text = text.trim_start_matches('\u{feff}');
    let rows = csv_rows(place, text, form.delimiter.unwrap_or(b','))?;
    Ok((rows, Some(encoding), None))
}

fn encoding_of(place: &Place, bytes: &[u8]) -> Result<Encoding> {
    let sample = bytes.get(..SAMPLE.min(bytes.len())).unwrap_or_default();
    let by_sample = Encoding::of_sample(place, sample)?;
    match by_sample.is_wide() || std::str::from_utf8(bytes).is_err() {
        true if by_sample.is_wide() => Ok(by_sample),
        true => Encoding::of_sample(place, bytes),
        false => Ok(Encoding::Utf8),
    }
}

fn text_of<'b>(place: &Place, bytes: &'b [u8], encoding: Encoding) -> Result<Cow<'b, str>> {
    let not_text = || {
        let message = format!(
            "this is no text of {} throughout; say another --encoding, or save the file again",
            encoding.name()
        );
        Error::at(place.line(first_bad_line(bytes, encoding)), message)
    };
    let (text, broken) = match encoding {
        Encoding::Utf16Le => encoding_rs::UTF_16LE.decode_without_bom_handling(bytes),
        Encoding::Utf16Be => encoding_rs::UTF_16BE.decode_without_bom_handling(bytes),
        narrow => return narrow.decode(bytes).ok_or_else(not_text),
    };
    match broken {
        true => Err(not_text()),
        false => Ok(text),
    }
}

/// The first line that is no text; of letters of two bytes the first line.
fn first_bad_line(bytes: &[u8], encoding: Encoding) -> u64 {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let bad = lines.position(|line| !encoding.is_wide() && encoding.decode(line).is_none());
    bad.unwrap_or_default() as u64 + 1
}

fn csv_rows(place: &Place, text: &str, delimiter: u8) -> Result<Rows> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut row = StringRecord::new();
    let not_csv = |e: csv::Error| Error::at(place.clone(), format!("this is not CSV: {e}"));
    while reader.read_record(&mut row).map_err(not_csv)? {
        rows.push((row.position().map_or(0, csv::Position::line), row.clone()));
    }
    Ok(rows)
}
