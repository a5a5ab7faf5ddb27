//! Tables of any columns, rows as wide as the header: what other programs send back.

use std::io::Read;
use std::path::Path;

use super::source::{is_workbook, open};
use super::whole_table::{TableForm, WholeTable};
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
        let form = TableForm {
            sheet: sheet.map(str::to_owned),
            ..TableForm::default()
        };
        let whole = WholeTable::read(path, &form)?;
        let width = whole.columns.len();
        let mut rows = Vec::new();
        let mut errors = Vec::new();
        for (line, row) in &whole.rows {
            let mut cells: Vec<String> = row.iter().map(|cell| cell.trim().to_owned()).collect();
            let beyond = cells.get(width..).unwrap_or_default();
            if beyond.iter().any(|cell| !cell.is_empty()) {
                let found = cells.len();
                let message = format!("this row has {found} cells; expected {width}, as in the header");
                errors.push(Error::at(whole.place.line(*line), message));
                continue;
            }
            cells.resize(width, String::new());
            rows.push((*line, cells));
        }
        Error::all(errors)?;
        Ok(AnyTable {
            place: whole.place,
            columns: whole.columns,
            rows,
        })
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
