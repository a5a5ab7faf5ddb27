//! Tables of any columns, read whole: what other programs send back.

use std::io::Read;
use std::path::Path;

use super::encoding::Encoding;
use super::layout::SheetRows;
use super::source::{is_workbook, open, unpacked};
use crate::diagnostics::{Error, Place, Result};

/// A table of any columns (任意表格): CSV in any encoding, or the first visible sheet of a workbook.
#[derive(Clone, Debug)]
pub struct AnyTable {
    /// The file.
    pub place: Place,
    /// Its header.
    pub columns: Vec<String>,
    /// Line and cells of each row that is not empty, as many cells as there are columns.
    pub rows: Vec<(u64, Vec<String>)>,
}

impl AnyTable {
    /// Reads a file; gzip and Zstandard are unpacked.
    ///
    /// # Errors
    /// It cannot be read, has no header, names a column twice, or a row has cells beyond the header.
    pub fn read(path: &Path) -> Result<AnyTable> {
        AnyTable::read_sheet(path, None)
    }

    /// As [`AnyTable::read`], of the sheet of a name.
    ///
    /// # Errors
    /// As [`AnyTable::read`]; there is no such sheet.
    pub fn read_sheet(path: &Path, sheet: Option<&str>) -> Result<AnyTable> {
        let (place, source) = open(path)?;
        let mut bytes = Vec::new();
        let read = unpacked(&place, source)?.read_to_end(&mut bytes);
        read.map_err(|e| Error::at(place.clone(), format!("could not be read: {e}")))?;
        let rows = match is_workbook(&bytes) {
            true => SheetRows::open(&place, bytes, sheet)?.all_rows(),
            false => csv_rows(&place, &bytes)?,
        };
        AnyTable::of_rows(place, rows)
    }

    fn of_rows(place: Place, rows: Vec<(u64, Vec<String>)>) -> Result<AnyTable> {
        let blank = |cells: &[String]| cells.iter().all(String::is_empty);
        let mut rows = rows.into_iter().filter(|(_, cells)| !blank(cells));
        let Some((line, mut columns)) = rows.next() else {
            return Err(Error::at(
                place,
                "this table is empty; expected a row of column names",
            ));
        };
        while columns.last().is_some_and(String::is_empty) {
            columns.pop();
        }
        let twice = columns.iter().enumerate().find(|(at, name)| {
            let before = columns.get(..*at).unwrap_or_default();
            !name.is_empty() && before.contains(name)
        });
        if let Some((_, name)) = twice {
            let message = format!("the column `{name}` stands twice in the header");
            return Err(Error::at(place.line(line), message));
        }
        let mut table = AnyTable {
            place,
            columns,
            rows: Vec::new(),
        };
        let mut errors = Vec::new();
        for (line, mut cells) in rows {
            let beyond = cells.get(table.columns.len()..).unwrap_or_default();
            if !blank(beyond) {
                let (found, expected) = (cells.len(), table.columns.len());
                let message = format!("this row has {found} cells; expected {expected}, as in the header");
                errors.push(Error::at(table.place.line(line), message));
                continue;
            }
            cells.resize(table.columns.len(), String::new());
            table.rows.push((line, cells));
        }
        Error::all(errors)?;
        Ok(table)
    }

    /// Whether a file is a workbook, by its first bytes (是否工作簿).
    ///
    /// # Errors
    /// It cannot be read.
    pub fn is_workbook(path: &Path) -> Result<bool> {
        let (place, source) = open(path)?;
        let mut head = Vec::new();
        let read = source.take(4096).read_to_end(&mut head);
        read.map_err(|e| Error::at(place, format!("could not be read: {e}")))?;
        Ok(is_workbook(&head))
    }

    /// The place of a column in each row.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

fn csv_rows(place: &Place, bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>> {
    let encoding = Encoding::of_sample(place, bytes)?;
    let not_text = || {
        let message = format!("this is no text of {} throughout", encoding.name());
        Error::at(place.clone(), message)
    };
    let text = match encoding {
        Encoding::Utf16Le => encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0,
        Encoding::Utf16Be => encoding_rs::UTF_16BE.decode_without_bom_handling(bytes).0,
        narrow => narrow.decode(bytes).ok_or_else(not_text)?,
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| Error::at(place.clone(), format!("this is not CSV: {e}")))?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push((line, record.iter().map(str::to_owned).collect()));
    }
    Ok(rows)
}
