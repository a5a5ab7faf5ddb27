//! A file of records being written, of any format (记录文件).

use std::path::{Path, PathBuf};

use rust_xlsxwriter::Workbook;

use super::Output;
use super::dbf::Dbf;
use super::findings_book::{failed, new_book, save_book};
use crate::diagnostics::{Error, Place, Result};
use crate::records::{CELL_END, RecordForm, RecordFormat};

/// Rows of a worksheet below its header.
const MOST_ROWS: u32 = 1_048_575;

/// A file of records, row by row, whole or not at all (记录文件).
pub struct RecordFile {
    sink: Sink,
    path: PathBuf,
    rows: u64,
}

enum Sink {
    /// Lines: what stands before the first, between two, and behind the last.
    Lines(Output, Between),
    Book(Box<Workbook>),
    Dbf(Dbf),
}

struct Between {
    separator: Vec<u8>,
    end: Vec<u8>,
    /// The end stands even behind no row at all.
    is_array: bool,
}

impl RecordFile {
    /// A file in a form; its header is written at once.
    ///
    /// # Errors
    /// It cannot be made; the form's headers cannot be written in it.
    pub fn create(path: &Path, form: &RecordForm) -> Result<RecordFile> {
        let sink = match form.format() {
            RecordFormat::Xlsx => Sink::Book(Box::new(book(path, form)?)),
            RecordFormat::Dbf => Sink::Dbf(Dbf::create(path, form)?),
            lines => {
                let mut out = Output::create(path)?;
                out.put(&form.head()?)?;
                let text = |text: &str| {
                    let encoded = form.encoding().encode(text);
                    encoded.map(std::borrow::Cow::into_owned).unwrap_or_default()
                };
                let between = match lines {
                    RecordFormat::Json => (",\n", "\n]\n"),
                    _ => ("\n", "\n"),
                };
                let between = Between {
                    separator: text(between.0),
                    end: text(between.1),
                    is_array: lines == RecordFormat::Json,
                };
                Sink::Lines(out, between)
            }
        };
        Ok(RecordFile {
            sink,
            path: path.to_owned(),
            rows: 0,
        })
    }

    /// Appends rows as the form puts them.
    ///
    /// # Errors
    /// The disk is full; the format has no room for more, or for a cell.
    pub fn put<'r>(&mut self, rows: impl Iterator<Item = &'r [u8]>) -> Result<()> {
        for row in rows {
            match &mut self.sink {
                Sink::Lines(out, between) => {
                    if self.rows > 0 {
                        out.put(&between.separator)?;
                    }
                    out.put(row)?;
                }
                Sink::Book(book) => put_in_book(book, &self.path, self.rows, row)?,
                Sink::Dbf(table) => table.put(row)?,
            }
            self.rows += 1;
        }
        Ok(())
    }

    /// Makes the file appear under its name.
    ///
    /// # Errors
    /// The rest cannot be written.
    pub fn finish(self) -> Result<()> {
        match self.sink {
            Sink::Lines(mut out, between) => {
                if self.rows > 0 || between.is_array {
                    out.put(&between.end)?;
                }
                out.finish()
            }
            Sink::Book(book) => save_book(*book, &self.path),
            Sink::Dbf(table) => table.finish(),
        }
    }
}

fn book(path: &Path, form: &RecordForm) -> Result<Workbook> {
    let mut book = new_book(path)?;
    let sheet = book
        .add_worksheet_with_constant_memory()
        .map_err(|e| failed(path, &e))?;
    for (column, header) in (0..).zip(form.writer().headers()) {
        sheet
            .write_string(0, column, header)
            .map_err(|e| failed(path, &e))?;
    }
    Ok(book)
}

fn put_in_book(book: &mut Workbook, path: &Path, before: u64, row: &[u8]) -> Result<()> {
    let line = u32::try_from(before).ok().filter(|before| *before < MOST_ROWS);
    let Some(line) = line else {
        let message = format!("a worksheet has {MOST_ROWS} rows below its header; expected fewer records");
        return Err(Error::at(Place::file(path), message));
    };
    let text = String::from_utf8_lossy(row);
    let sheet = book.worksheet_from_index(0).map_err(|e| failed(path, &e))?;
    for (column, cell) in (0..).zip(text.split(CELL_END)) {
        if !cell.is_empty() {
            sheet
                .write_string(line + 1, column, cell)
                .map_err(|e| failed(path, &e))?;
        }
    }
    Ok(())
}
