//! Rows of tables of any columns, of any length: a chunk at a time, on any number of threads.

use std::io::{Cursor, Read};
use std::path::Path;

use super::begin::{cut_error, first_row, header_names, sample_of};
use super::check::Row;
use super::encoding::{Encoding, Utf16};
use super::frame::{COMMA, Chunk, Cutter, Frame};
use super::layout::Intake;
use super::reader::{Hashed, RunningHash};
use super::source::{self, Bytes, Counted, Taken, is_workbook};
use super::stream::ordered;
use crate::diagnostics::{Error, Place, Result, suggestion};

/// A table of any columns whose rows are read one after the other (逐行读取任意表格): CSV in any
/// encoding, as it is or compressed.
pub struct AnyRows {
    /// The file.
    pub place: Place,
    /// Its header.
    pub columns: Vec<String>,
    cutter: Cutter<Bytes>,
    encoding: Encoding,
    delimiter: u8,
    hash: RunningHash,
    taken: Taken,
}

/// A row as it was found (一行).
pub enum FoundRow<'r> {
    /// As many cells as there are columns.
    Cells(&'r Row),
    /// Not that; what was expected instead.
    Odd(&'static str),
}

impl AnyRows {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// It cannot be read, is no CSV, or has no header.
    pub fn open(path: &Path) -> Result<AnyRows> {
        AnyRows::open_as(path, None, None)
    }

    /// As [`AnyRows::open`], by the encoding and the separator that the user names for records.
    ///
    /// # Errors
    /// As [`AnyRows::open`].
    pub fn open_by(path: &Path, intake: &Intake) -> Result<AnyRows> {
        AnyRows::open_as(path, intake.encoding, intake.delimiter)
    }

    fn open_as(path: &Path, encoding: Option<Encoding>, delimiter: Option<u8>) -> Result<AnyRows> {
        let delimiter = delimiter.unwrap_or(COMMA);
        let (place, file) = source::open(path)?;
        let (hash, taken) = (RunningHash::default(), Taken::default());
        let hashed = Hashed {
            source: file,
            hash: hash.clone(),
        };
        let counted = Counted {
            source: Box::new(hashed),
            taken: taken.clone(),
        };
        let mut bytes = source::unpacked(&place, Box::new(counted))?;
        let mut sample = sample_of(&place, &mut bytes)?;
        if is_workbook(&sample) {
            let message = "this is a workbook; save the sheet as CSV";
            return Err(Error::at(place, message));
        }
        let encoding = match encoding {
            Some(encoding) => encoding,
            None => Encoding::of_sample(&place, &sample)?,
        };
        if encoding.is_wide() {
            let whole = Cursor::new(std::mem::take(&mut sample)).chain(bytes);
            bytes = Box::new(Utf16::new(Box::new(whole), encoding));
            sample = sample_of(&place, &mut bytes)?;
        }
        if sample.starts_with(&[0xef, 0xbb, 0xbf]) {
            sample.drain(..3);
        }
        if sample.iter().all(u8::is_ascii_whitespace) {
            let message = "the file is empty; expected a row of column names and rows";
            return Err(Error::at(place, message));
        }
        let mut cutter = Cutter::new(bytes, sample, delimiter);
        let first = first_row(&mut cutter).map_err(|e| cut_error(&place, &e))?;
        Ok(AnyRows {
            columns: header_names(&place, &first, encoding, delimiter)?,
            place,
            cutter,
            encoding,
            delimiter,
            hash,
            taken,
        })
    }

    /// The place of a column in each row; none if it is not there.
    ///
    /// # Errors
    /// The column stands twice.
    pub fn find(&self, name: &str) -> Result<Option<usize>> {
        let mut found = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| *column == name);
        match (found.next(), found.next()) {
            (_, Some(_)) => {
                let message = format!("column `{name}` stands twice; expected it once");
                Err(Error::at(self.place.line(1), message))
            }
            (first, None) => Ok(first.map(|(at, _)| at)),
        }
    }

    /// The place of a column that must be there.
    ///
    /// # Errors
    /// The column is missing, with the nearest name, or stands twice.
    pub fn need(&self, name: &str) -> Result<usize> {
        self.find(name)?.ok_or_else(|| {
            let hint = suggestion(name, self.columns.iter().map(String::as_str));
            Error::at(self.place.line(1), format!("column `{name}` is missing{hint}"))
        })
    }

    /// Reads every row on so many threads and hands on what is made of each chunk of rows, in order,
    /// with the bytes newly read; SHA-256 of the file at the end.
    ///
    /// # Errors
    /// Reading fails, or `collect` does.
    pub fn in_order<T: Default + Send>(
        mut self,
        threads: usize,
        row: impl Fn(&mut T, u64, FoundRow<'_>) + Sync,
        mut collect: impl FnMut(T, u64) -> Result<()>,
    ) -> Result<String> {
        let (encoding, delimiter, width) = (self.encoding, self.delimiter, self.columns.len());
        let place = self.place.clone();
        let mut told = 0;
        let taken = &self.taken;
        let cutter = &mut self.cutter;
        let next = || {
            let chunk = cutter.next_chunk().map_err(|e| cut_error(&place, &e))?;
            let newly = taken.bytes() - std::mem::replace(&mut told, taken.bytes());
            Ok(chunk.map(|chunk| Chunk {
                taken: newly,
                ..chunk
            }))
        };
        let read = |chunk: Chunk| {
            let mut made = T::default();
            let mut cells = Row::default();
            for frame in chunk.frames(delimiter) {
                let found = cut(frame, (encoding, delimiter), width, &mut cells);
                row(&mut made, frame.line, found);
            }
            (made, chunk.taken)
        };
        ordered(threads, next, read, |(made, bytes)| collect(made, bytes))?;
        Ok(self.hash.finish())
    }
}

fn cut<'r>(
    frame: Frame<'_>,
    (encoding, delimiter): (Encoding, u8),
    width: usize,
    cells: &'r mut Row,
) -> FoundRow<'r> {
    if frame.broken {
        return FoundRow::Odd("a row whose quotes are closed");
    }
    let Some(text) = encoding.decode(frame.bytes) else {
        return FoundRow::Odd("text in the encoding of the file");
    };
    cells.set_cut(&text, frame.quoted, delimiter);
    match cells.width() == width {
        true => FoundRow::Cells(cells),
        false => FoundRow::Odd("as many cells as the header has"),
    }
}
