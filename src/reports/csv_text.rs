//! CSV rows into memory.

use std::io::Write;

use crate::units::Fen;

/// Rows of CSV being written, one cell after the other (CSV文本).
///
/// Quotes only where a cell needs them; rows end with a line feed.
#[derive(Debug, Default)]
pub struct CsvText {
    bytes: Vec<u8>,
    in_row: bool,
}

impl CsvText {
    /// With a header row.
    pub fn with_header(columns: &[&str]) -> CsvText {
        let mut text = CsvText::default();
        columns.iter().for_each(|column| text.cell(column));
        text.end_row();
        text
    }

    /// Appends a cell.
    pub fn cell(&mut self, cell: &str) {
        self.separate();
        if cell.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
            self.bytes.push(b'"');
            self.bytes.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            self.bytes.push(b'"');
        } else {
            self.bytes.extend_from_slice(cell.as_bytes());
        }
    }

    /// Appends a cell by its display form; an absent value is an empty cell.
    pub fn show(&mut self, value: Option<impl std::fmt::Display>) {
        match value {
            Some(value) => self.cell(&value.to_string()),
            None => self.cell(""),
        }
    }

    /// Appends an amount in yuan.
    pub fn fen(&mut self, amount: Fen) {
        self.separate();
        amount.push_bytes(&mut self.bytes);
    }

    /// Appends a whole number.
    pub fn number(&mut self, number: i64) {
        self.separate();
        // memory takes all that is written
        let _ = write!(self.bytes, "{number}");
    }

    /// Appends a record as written, cells and quotes included.
    #[inline]
    pub fn raw(&mut self, record: &str) {
        self.separate();
        self.bytes.extend_from_slice(record.as_bytes());
    }

    /// Appends cells as written, the comma before them and the line end behind included.
    #[inline]
    pub fn raw_end(&mut self, cells: &[u8]) {
        self.bytes.extend_from_slice(cells);
        self.in_row = false;
    }

    /// The same table with one more column, at the end, that says one thing in every row (末列).
    #[must_use]
    pub fn ending_in(self, column: &str, value: &str) -> CsvText {
        let mut bytes = Vec::with_capacity(self.bytes.len() + self.bytes.len() / 8);
        let (mut quoted, mut header) = (false, true);
        for byte in self.bytes {
            quoted ^= byte == b'"';
            if byte == b'\n' && !quoted {
                bytes.push(b',');
                bytes.extend_from_slice(if header { column } else { value }.as_bytes());
                header = false;
            }
            bytes.push(byte);
        }
        CsvText { bytes, in_row: false }
    }

    /// Forgets the rows, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.in_row = false;
    }

    /// Ends the row.
    pub fn end_row(&mut self) {
        self.bytes.push(b'\n');
        self.in_row = false;
    }

    /// The bytes so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    fn separate(&mut self) {
        if self.in_row {
            self.bytes.push(b',');
        }
        self.in_row = true;
    }
}
