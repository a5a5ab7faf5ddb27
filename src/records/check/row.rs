//! A row as decoded text.

use crate::records::case::Span;
use crate::records::columns::Header;
use crate::records::draft::write_cell;

/// A row as decoded text, cut into fields (原始行).
#[derive(Debug, Default)]
pub struct Row {
    /// The record as written, without line end; behind it the fields that were quoted.
    text: String,
    written: usize,
    fields: Vec<Span>,
}

impl Row {
    /// The record as written, quotes included.
    pub fn written(&self) -> &str {
        self.text.get(..self.written).unwrap_or("")
    }

    /// A field, unquoted; empty past the end.
    pub fn field(&self, index: usize) -> &str {
        let span = self.fields.get(index);
        span.and_then(|(start, end)| self.text.get(*start as usize..*end as usize))
            .unwrap_or("")
    }

    /// How many fields there are.
    pub fn width(&self) -> usize {
        self.fields.len()
    }

    /// Whether each field stands under its header; extra empty fields at the end do no harm.
    pub fn fits(&self, header: &Header) -> bool {
        let mut extra = header.width()..self.width();
        self.width() >= header.width() && extra.all(|index| self.field(index).trim().is_empty())
    }

    pub(in crate::records) fn set(&mut self, text: &str, quoted: bool) {
        self.set_cut(text, quoted, b',');
    }

    /// As [`Row::set`], of cells that something else than a comma separates.
    pub(in crate::records) fn set_cut(&mut self, text: &str, quoted: bool, delimiter: u8) {
        self.text.clear();
        self.fields.clear();
        self.text.push_str(text);
        self.written = text.len();
        if quoted {
            self.cut_quoted(delimiter)
        } else {
            self.cut_plain(delimiter)
        }
    }

    /// Puts other cells in place of those of some fields; `more` stand behind the first `width`.
    pub(super) fn rewrite(&mut self, cells: &[(usize, String)], more: &[String], width: usize) {
        let mut text = String::with_capacity(self.written + 64);
        for index in 0..width + more.len() {
            if index > 0 {
                text.push(',');
            }
            let other = cells
                .iter()
                .find(|(field, _)| *field == index)
                .map(|(_, cell)| cell.as_str());
            let behind = index
                .checked_sub(width)
                .and_then(|at| more.get(at))
                .map(String::as_str);
            write_cell(&mut text, other.or(behind).unwrap_or_else(|| self.field(index)));
        }
        let quoted = text.contains('"');
        self.set(&text, quoted);
    }

    fn cut_plain(&mut self, delimiter: u8) {
        let mut start = 0;
        for comma in memchr::memchr_iter(delimiter, self.text.as_bytes()) {
            self.fields.push((start, small(comma)));
            start = small(comma + 1);
        }
        self.fields.push((start, small(self.written)));
    }

    fn cut_quoted(&mut self, delimiter: u8) {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(self.text.as_bytes());
        let mut record = csv::StringRecord::new();
        // text was decoded before, so the only error a record can have is not to be there
        let _ = reader.read_record(&mut record);
        for field in &record {
            let start = small(self.text.len());
            self.text.push_str(field);
            self.fields.push((start, small(self.text.len())));
        }
    }
}

/// Rows are at most 1 MiB long, so their offsets fit 32 bits.
pub(super) fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
