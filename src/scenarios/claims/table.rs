//! A CSV table read whole: cells borrowed by those who read rows (读表).

use std::path::Path;

use csv::StringRecord;

use crate::diagnostics::{Error, Place, Result, read_text, suggestion};

/// A table with a header and known columns.
pub struct RowTable {
    /// The file, for messages.
    pub place: Place,
    /// Its content, for hashing.
    pub text: String,
    /// Line and cells of each row.
    pub rows: Vec<(u64, StringRecord)>,
    /// Columns of the file nobody reads, with the nearest known one.
    pub ignored: Vec<String>,
    at: Vec<Option<usize>>,
}

impl RowTable {
    /// Reads a file whose columns are `known`, of which the first `needed` must be there.
    pub fn read(path: &Path, known: &[&str], needed: &[&str]) -> Result<RowTable> {
        RowTable::parse(Place::file(path), read_text(path)?, known, needed)
    }

    /// The same of a text that stands at `place`.
    pub fn parse(place: Place, text: String, known: &[&str], needed: &[&str]) -> Result<RowTable> {
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let refused = |e: &csv::Error| {
            let line = e.position().map_or(1, csv::Position::line);
            Error::at(place.line(line), say(e))
        };
        let header = reader.headers().map_err(|e| refused(&e))?.clone();
        let names: Vec<&str> = header
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim())
            .collect();
        if let Some(missing) = needed.iter().find(|name| !names.contains(name)) {
            let hint = suggestion(missing, names.iter().copied());
            return Err(Error::at(
                place.line(1),
                format!("column `{missing}` is missing{hint}"),
            ));
        }
        if let Some(twice) = names
            .iter()
            .enumerate()
            .find(|(at, name)| names.iter().take(*at).any(|n| n == *name))
        {
            return Err(Error::at(
                place.line(1),
                format!("column `{}` stands twice", twice.1),
            ));
        }
        let ignored = names.iter().filter(|name| !known.contains(name));
        let ignored = ignored.map(|name| format!("{name}{}", suggestion(name, known.iter().copied())));
        let ignored: Vec<String> = ignored.collect();
        let at = known
            .iter()
            .map(|name| names.iter().position(|column| column == name))
            .collect();
        let mut rows = Vec::new();
        let mut row = StringRecord::new();
        while reader.read_record(&mut row).map_err(|e| refused(&e))? {
            let line = row.position().map_or(0, csv::Position::line);
            rows.push((line, row.clone()));
        }
        Ok(RowTable {
            place,
            text,
            rows,
            ignored,
            at,
        })
    }

    /// The trimmed cell of a row by the index of a known column; empty where there is none.
    pub fn cell<'r>(&self, row: &'r StringRecord, column: usize) -> &'r str {
        let at = self.at.get(column).copied().flatten();
        at.and_then(|at| row.get(at)).map_or("", str::trim)
    }

    /// Whether the file has a known column.
    pub fn has(&self, column: usize) -> bool {
        self.at.get(column).copied().flatten().is_some()
    }
}

fn say(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("the row has {len} cells; expected {expected_len}")
        }
        _ => error.to_string().replace('\n', " "),
    }
}
