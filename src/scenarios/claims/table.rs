//! A table read whole, by known columns: cells borrowed by those who read rows (读表).

use std::path::Path;

use csv::StringRecord;

use super::refused::CellFault;
use crate::diagnostics::{Error, Place, Result, Told, suggestion};
use crate::records::{TableFacts, TableForm, WholeTable};

/// A table with a header and known columns.
pub struct RowTable {
    whole: WholeTable,
    /// Columns of the file nobody reads, with the nearest known one.
    pub ignored: Vec<Told>,
    at: Vec<Option<usize>>,
}

impl RowTable {
    /// Reads a file whose columns are `known`, of which those `needed` must be there.
    pub fn read(path: &Path, form: &TableForm, known: &[&str], needed: &[&str]) -> Result<RowTable> {
        RowTable::of(WholeTable::read(path, form)?, known, needed)
    }

    /// The same of a text that stands at `place`.
    pub fn parse(place: Place, text: &str, known: &[&str], needed: &[&str]) -> Result<RowTable> {
        RowTable::of(WholeTable::of_text(place, text)?, known, needed)
    }

    fn of(whole: WholeTable, known: &[&str], needed: &[&str]) -> Result<RowTable> {
        let names: Vec<&str> = whole.columns.iter().map(|name| neutral(name, known)).collect();
        if let Some((at, twice)) = (0..).zip(&names).find(|(at, name)| {
            known.contains(*name) && names.iter().take(*at).any(|earlier| earlier == *name)
        }) {
            let written = whole.columns.get(at).map_or("", String::as_str);
            let message = format!("column `{written}`: `{twice}` stands in an earlier column already");
            return Err(Error::at(whole.place.line(whole.header_line), message));
        }
        if let Some(missing) = needed.iter().find(|name| !names.contains(name)) {
            let hint = suggestion(missing, names.iter().copied());
            let hint = if hint.is_empty() { separated(&names) } else { hint };
            return Err(Error::at(
                whole.place.line(whole.header_line),
                format!("column `{missing}` is missing{hint}"),
            ));
        }
        let strange = names
            .iter()
            .filter(|name| !known.contains(name) && !name.is_empty());
        let ignored = strange.map(|name| {
            let unread = Told::new(
                "{0}: column `{1}` is not read{2}",
                "{0}：未读取列`{1}`{2}",
                [&whole.place.line(whole.header_line), name],
            );
            unread.and(Told::suggestion(name, known.iter().copied()))
        });
        let at = known
            .iter()
            .map(|name| names.iter().position(|column| column == name));
        Ok(RowTable {
            ignored: ignored.collect(),
            at: at.collect(),
            whole,
        })
    }

    /// The file, for messages.
    pub fn place(&self) -> &Place {
        &self.whole.place
    }

    /// How it was read.
    pub fn facts(&self) -> &TableFacts {
        &self.whole.facts
    }

    /// Line and cells of each row.
    pub fn rows(&self) -> &[(u64, StringRecord)] {
        &self.whole.rows
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

    /// Refuses a row of more or fewer cells than the header has.
    pub fn check_width(&self, row: &StringRecord) -> std::result::Result<(), CellFault> {
        match self.whole.odd_width(row) {
            None => Ok(()),
            Some(found) => Err(CellFault::of_row(Told::new(
                "the row has {0} cells; expected {1}, as in the header",
                "该行有{0}个单元格；应与表头一致，为{1}个",
                [&found, &self.whole.columns.len()],
            ))),
        }
    }
}

/// The Chinese terms of columns, and what the national interface calls them.
const NAMES: &str = include_str!("columns.csv");

/// The column that a name of a header stands for.
fn neutral<'n>(name: &'n str, known: &[&'n str]) -> &'n str {
    if known.contains(&name) {
        return name;
    }
    let mut rows = NAMES.lines().skip(1).filter_map(|row| row.split_once(','));
    let found =
        rows.find(|(column, names)| known.contains(column) && names.split('|').any(|word| word == name));
    found.map_or(name, |(column, _)| column)
}

/// A header in one cell was cut at the wrong character.
fn separated(names: &[&str]) -> String {
    let held = |other: &&str| names.iter().any(|name| name.contains(*other));
    let found = [";", "\t", "|"].into_iter().find(held);
    match (names, found) {
        ([_], Some("\t")) => "; the header has tabs: say --delimiter tab".to_owned(),
        ([_], Some(other)) => format!("; the header has `{other}`: say --delimiter '{other}'"),
        _ => String::new(),
    }
}
