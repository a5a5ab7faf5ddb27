//! A dBASE table (DBF) being written: fields as wide as their widest cell.

use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::Output;
use crate::diagnostics::{Error, Place, Result};
use crate::records::{CELL_END, RecordForm};

/// Bytes of a field at most; of its name; of a row, whose length has 16 bits.
const WIDEST_FIELD: usize = 254;
const LONGEST_NAME: usize = 10;
const LONGEST_ROW: usize = 65_535;
/// Bytes before the fields, and of each field's description.
const HEAD: usize = 32;

/// A table of which no width is known before its last row: rows wait in a file without a name.
pub(super) struct Dbf {
    path: PathBuf,
    names: Vec<Vec<u8>>,
    headers: Vec<String>,
    widths: Vec<usize>,
    rows: u32,
    waiting: BufWriter<std::fs::File>,
}

impl Dbf {
    /// # Errors
    /// A name is too long for such a table; the disk is full.
    pub(super) fn create(path: &Path, form: &RecordForm) -> Result<Dbf> {
        let headers = form.writer().headers().to_vec();
        let mut names = Vec::new();
        for header in &headers {
            let name = form.encoding().encode(header).ok();
            let fits = name.filter(|name| name.len() <= LONGEST_NAME);
            let too_long = || {
                format!(
                    "`{header}` is too long a name for a dBASE table; expected at most {LONGEST_NAME} bytes"
                )
            };
            let name = fits.ok_or_else(|| Error::at(Place::file(path), too_long()))?;
            names.push(name.into_owned());
        }
        let waiting = tempfile::tempfile().map_err(|e| Error::io(path, "could not be written", &e))?;
        Ok(Dbf {
            path: path.to_owned(),
            widths: vec![1; names.len()],
            names,
            headers,
            rows: 0,
            waiting: BufWriter::new(waiting),
        })
    }

    /// # Errors
    /// A cell is too long; there are too many rows; the disk is full.
    pub(super) fn put(&mut self, row: &[u8]) -> Result<()> {
        for (place, cell) in cells(row).enumerate() {
            if cell.len() > WIDEST_FIELD {
                let header = self.headers.get(place).map_or("", String::as_str);
                return Err(Error::at(
                    Place::file(&self.path),
                    format!(
                        "record {}: `{header}` has {} bytes; a dBASE table holds {WIDEST_FIELD}",
                        self.rows + 1,
                        cell.len()
                    ),
                ));
            }
            if let Some(width) = self.widths.get_mut(place) {
                *width = cell.len().max(*width);
            }
        }
        let many = || Error::at(Place::file(&self.path), "a dBASE table holds no more records");
        self.rows = self.rows.checked_add(1).ok_or_else(many)?;
        let length = u32::try_from(row.len()).unwrap_or(u32::MAX).to_le_bytes();
        let written = self
            .waiting
            .write_all(&length)
            .and_then(|()| self.waiting.write_all(row));
        written.map_err(|e| Error::io(&self.path, "could not be written", &e))
    }

    /// # Errors
    /// The rows are too long together; the disk is full.
    pub(super) fn finish(self) -> Result<()> {
        let failed = |e| Error::io(&self.path, "could not be written", &e);
        let length = 1 + self.widths.iter().sum::<usize>();
        if length > LONGEST_ROW {
            let message = format!("rows of {length} bytes; a dBASE table holds {LONGEST_ROW}");
            return Err(Error::at(Place::file(&self.path), message));
        }
        let head = self.head(length);
        let mut out = Output::create(&self.path)?;
        out.put(&head)?;
        let mut waiting = self.waiting.into_inner().map_err(|e| failed(e.into_error()))?;
        waiting.rewind().map_err(failed)?;
        let mut waiting = BufReader::new(waiting);
        let (mut size, mut row, mut padded) = ([0; 4], Vec::new(), Vec::new());
        for _ in 0..self.rows {
            waiting.read_exact(&mut size).map_err(failed)?;
            row.resize(u32::from_le_bytes(size) as usize, 0);
            waiting.read_exact(&mut row).map_err(failed)?;
            padded.clear();
            padded.push(b' '); // not deleted
            for (cell, width) in cells(&row).zip(&self.widths) {
                padded.extend_from_slice(cell);
                padded.resize(padded.len() + width - cell.len().min(*width), b' ');
            }
            out.put(&padded)?;
        }
        out.put(&[0x1a])?;
        out.finish()
    }

    /// The head of a table of dBASE III, dated as all made files are.
    fn head(&self, row: usize) -> Vec<u8> {
        let start = HEAD + HEAD * self.names.len() + 1;
        let two = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
        let mut head = vec![0x03, 100, 1, 1];
        head.extend_from_slice(&self.rows.to_le_bytes());
        head.extend_from_slice(&two(start));
        head.extend_from_slice(&two(row));
        head.resize(HEAD, 0);
        for (name, width) in self.names.iter().zip(&self.widths) {
            let field = head.len();
            head.extend_from_slice(name);
            head.resize(field + 11, 0);
            head.extend_from_slice(b"C\0\0\0\0");
            head.push(u8::try_from(*width).unwrap_or(u8::MAX));
            head.resize(field + HEAD, 0);
        }
        head.push(0x0d);
        head
    }
}

fn cells(row: &[u8]) -> impl Iterator<Item = &[u8]> {
    row.split(|byte| char::from(*byte) == CELL_END)
}
