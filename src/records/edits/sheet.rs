//! The small CSV files of the edits, every row with its place.

use crate::diagnostics::{Error, Place, Result, utf8_text};

/// One file of the edits as found (质控规则文件).
#[derive(Clone, Debug)]
pub struct EditFile {
    /// Where it was found.
    pub place: Place,
    /// Its content.
    pub text: String,
}

impl EditFile {
    /// Reads a file of the user's.
    ///
    /// # Errors
    /// It cannot be read, or is no UTF-8 text.
    pub fn read(path: &std::path::Path) -> Result<EditFile> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, "could not be read", &e))?;
        let place = Place::file(path);
        let text = utf8_text(place.clone(), bytes)?;
        Ok(EditFile { place, text })
    }

    /// Visits the rows below the header, which must be `columns`; all faults are told together.
    pub(in crate::records) fn each_row<const N: usize>(
        &self,
        columns: [&str; N],
        mut visit: impl FnMut([&str; N], &Place) -> Result<()>,
    ) -> Result<()> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(self.text.as_bytes());
        let mut errors = Vec::new();
        let mut is_header = true;
        for record in reader.records() {
            let record = record.map_err(|e| Error::at(self.place.clone(), format!("this is no CSV: {e}")))?;
            let place = self.place.line(record.position().map_or(0, csv::Position::line));
            let cells: Vec<&str> = record.iter().map(str::trim).collect();
            if std::mem::take(&mut is_header) {
                if cells != columns {
                    let (written, expected) = (cells.join(","), columns.join(","));
                    let message = format!("the header is `{written}`; expected `{expected}`");
                    return Err(Error::at(place, message));
                }
                continue;
            }
            let visited = match <[&str; N]>::try_from(cells.as_slice()) {
                Ok(cells) => visit(cells, &place),
                Err(_) => {
                    let (found, expected) = (cells.len(), columns.join(","));
                    let message = format!("this row has {found} fields; expected {N}: {expected}");
                    Err(Error::at(place, message))
                }
            };
            errors.extend(visited.err());
        }
        if is_header {
            let message = format!("the file is empty; expected the header `{}`", columns.join(","));
            return Err(Error::at(self.place.clone(), message));
        }
        Error::all(errors)
    }
}
