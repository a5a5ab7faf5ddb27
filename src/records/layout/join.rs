//! Rows of another file that belong to records (关联表), for what the records themselves lack.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;

use super::super::columns::Column;
use crate::diagnostics::{Error, Place, Result, read_text, suggestion};

/// A joined file: CSV in UTF-8 with neutral column names (关联文件).
#[derive(Debug)]
pub(in crate::records) struct Joined {
    keys: Vec<Column>,
    columns: Vec<Column>,
    rows: HashMap<(Column, String), JoinedRow>,
    differing: Vec<AtomicU64>,
}

/// A row of it.
#[derive(Debug)]
pub(super) struct JoinedRow(Vec<(Column, String)>);

impl JoinedRow {
    /// What it says of a column, if anything.
    pub(super) fn cell(&self, column: Column) -> Option<&str> {
        let found = self.0.iter().find(|(of, _)| *of == column);
        found.map(|(_, cell)| cell.as_str())
    }
}

impl Joined {
    /// Reads the file; rows are known by the first of `keys` that they fill.
    ///
    /// # Errors
    /// It cannot be read; a column that is no neutral one; no key; a key that stands twice.
    pub(in crate::records) fn load(path: &Path, keys: &[Column]) -> Result<Joined> {
        let (place, text) = (Place::file(path), read_text(path)?);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let unsound = |e: &csv::Error| {
            let line = e.position().map_or(1, csv::Position::line);
            Error::at(place.line(line), "this row has not as many cells as the header")
        };
        let columns = columns_of(&place, reader.headers().map_err(|e| unsound(&e))?, keys)?;
        let mut joined = Joined {
            keys: keys.to_vec(),
            differing: columns.iter().map(|_| AtomicU64::new(0)).collect(),
            rows: HashMap::new(),
            columns,
        };
        for row in reader.records() {
            let row = row.map_err(|e| unsound(&e))?;
            let line = row.position().map_or(1, csv::Position::line);
            joined.add(&place.line(line), &row)?;
        }
        Ok(joined)
    }

    fn add(&mut self, place: &Place, row: &csv::StringRecord) -> Result<()> {
        let cells = self
            .columns
            .iter()
            .zip(row)
            .map(|(column, cell)| (*column, cell.trim().to_owned()));
        let row = JoinedRow(cells.filter(|(_, cell)| !cell.is_empty()).collect());
        let key = self
            .keys
            .iter()
            .find_map(|key| Some((*key, row.cell(*key)?.to_owned())));
        let Some(key) = key else {
            let keys: Vec<&str> = self.keys.iter().map(|key| key.name()).collect();
            let message = format!(
                "this row fills none of {}, so it belongs to no record",
                keys.join(", ")
            );
            return Err(Error::at(place.clone(), message));
        };
        let (column, value) = (key.0.name(), key.1.clone());
        if self.rows.insert(key, row).is_some() {
            let value = if key_may_be_shown(column) {
                format!(" `{value}`")
            } else {
                String::new()
            };
            let message = format!("{column}{value} stands twice; expected one row for each");
            return Err(Error::at(place.clone(), message));
        }
        Ok(())
    }

    /// Columns it can fill.
    pub(in crate::records) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The row of a record, by the first key that both fill; `said` is what the record says.
    pub(super) fn row_of(&self, mut said: impl FnMut(Column) -> String) -> Option<&JoinedRow> {
        self.keys.iter().find_map(|key| {
            let value = said(*key);
            self.rows.get(&(*key, value))
        })
    }

    /// Notes that record and row say different things.
    pub(super) fn differs(&self, column: Column) {
        let found = self.columns.iter().position(|of| *of == column);
        if let Some(count) = found.and_then(|index| self.differing.get(index)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// By column, how many records say something else than their row; those with any.
    pub(in crate::records) fn differences(&self) -> Vec<(Column, u64)> {
        let counts = self.differing.iter().map(|count| count.load(Ordering::Relaxed));
        let all = self.columns.iter().copied().zip(counts);
        all.filter(|(_, count)| *count > 0).collect()
    }
}

/// Persons are never shown.
fn key_may_be_shown(column: &str) -> bool {
    column != Column::Person.name()
}

fn columns_of(place: &Place, headers: &csv::StringRecord, keys: &[Column]) -> Result<Vec<Column>> {
    let mut columns = Vec::new();
    for header in headers {
        let Some(column) = Column::of(header) else {
            let known = Column::ALL.iter().map(|column| column.name());
            let message = format!("unknown neutral column `{header}`{}", suggestion(header, known));
            return Err(Error::at(place.line(1), message));
        };
        if columns.contains(&column) {
            return Err(Error::at(
                place.line(1),
                format!("column `{header}` stands twice"),
            ));
        }
        columns.push(column);
    }
    if !keys.iter().any(|key| columns.contains(key)) {
        let keys: Vec<&str> = keys.iter().map(|key| key.name()).collect();
        let message = format!(
            "there is no column to join by; expected one of {}",
            keys.join(", ")
        );
        return Err(Error::at(place.line(1), message));
    }
    Ok(columns)
}
