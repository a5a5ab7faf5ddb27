//! Tables of any columns, rows as wide as the header: what other programs send back.

use std::path::Path;

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
        let whole = WholeTable::read(path, &TableForm::default())?;
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

    /// The place of a column in each row.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}
