//! Sheets of an analysis: one definition of columns in both languages, written as CSV with a data
//! dictionary, as a workbook, and as a page (分析报表).

use std::path::{Path, PathBuf};

use super::output::write_together;
use super::table::{Cell, Column, Table};
use super::table_book::write_book;
use super::table_page::page;
use super::{CsvText, Reproduced};
use crate::diagnostics::{Lang, Result, Words};
use crate::points::calibration::Statistic;
use crate::units::Fen;

/// A column: its name, and what it means in both languages.
pub(super) type SheetColumn = (&'static str, &'static str, &'static str);

/// The last column of sheets with statistics: why cells are empty.
pub(super) const MISSING: SheetColumn = ("missing", "why cells are empty", "空值原因");

/// A table of an analysis (分析表).
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its file, without the ending.
    pub file: &'static str,
    title: Words,
    columns: Vec<(String, String, String)>,
    rows: Vec<Vec<Cell>>,
}

impl Sheet {
    pub(super) fn new(file: &'static str, title: Words, columns: &[SheetColumn]) -> Sheet {
        let owned = |(name, en, zh): &SheetColumn| ((*name).to_owned(), (*en).to_owned(), (*zh).to_owned());
        Sheet {
            file,
            title,
            columns: columns.iter().map(owned).collect(),
            rows: Vec::new(),
        }
    }

    /// With further columns whose names are known only now.
    pub(super) fn with(mut self, columns: impl IntoIterator<Item = (String, String, String)>) -> Sheet {
        self.columns.extend(columns);
        self
    }

    /// Begins a row.
    pub(super) fn row(&mut self) -> RowBuilder<'_> {
        RowBuilder {
            sheet: self,
            cells: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Whether it has rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn table(&self, lang: Lang) -> Table {
        let columns = self.columns.iter();
        let columns = columns.map(|(name, en, zh)| Column::plain(name, lang.pick(en, zh)));
        Table {
            rows: self.rows.clone(),
            ..Table::new(self.title.in_lang(lang), columns.collect())
        }
    }
}

/// A row on its way.
pub(super) struct RowBuilder<'s> {
    sheet: &'s mut Sheet,
    cells: Vec<Cell>,
    missing: Vec<String>,
}

impl RowBuilder<'_> {
    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.cells.push(match text.is_empty() {
            true => Cell::Empty,
            false => Cell::Text(text),
        });
        self
    }

    pub(super) fn count(mut self, count: usize) -> Self {
        self.cells.push(Cell::Count(count as u64));
        self
    }

    /// An amount in fen.
    pub(super) fn money(mut self, fen: i128) -> Self {
        let amount = i64::try_from(fen).ok().map(Fen::new);
        self.cells.push(Cell::money(amount));
        self
    }

    /// A number with so many decimals, or nothing where there is none.
    pub(super) fn number(mut self, value: Option<f64>, decimals: usize) -> Self {
        self.cells.push(shown(value, decimals));
        self
    }

    /// A statistic with so many decimals; why there is none goes to the last column.
    pub(super) fn statistic(mut self, value: Statistic, decimals: usize) -> Self {
        if let Err(missing) = value {
            let column = self.sheet.columns.get(self.cells.len());
            let name = column.map_or("", |(name, ..)| name.as_str());
            self.missing.push(format!("{name}: {}", missing.word()));
        }
        self.cells.push(shown(value.ok(), decimals));
        self
    }

    pub(super) fn yes(self, is: bool) -> Self {
        self.text(if is { "yes" } else { "no" })
    }

    pub(super) fn end(mut self) {
        let has_reasons = |(name, ..): &(String, String, String)| name == MISSING.0;
        if self.sheet.columns.last().is_some_and(has_reasons) {
            let missing = self.missing.join("; ");
            self = self.text(missing);
        }
        self.sheet.rows.push(self.cells);
    }
}

/// A number as it is shown: no negative zero.
fn shown(value: Option<f64>, decimals: usize) -> Cell {
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return Cell::Empty;
    };
    let text = format!("{value:.decimals$}");
    let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    Cell::Number(match text.strip_prefix('-') {
        Some(positive) if is_zero => positive.to_owned(),
        _ => text,
    })
}

/// What an analysis says of itself (分析说明).
#[derive(Clone, Debug)]
pub struct SheetBook<'b> {
    /// Name of the workbook and page, without the ending.
    pub name: &'static str,
    /// Title for people.
    pub title: String,
    /// Notes above the tables.
    pub notes: Vec<String>,
    /// The tables in reading order.
    pub sheets: Vec<Sheet>,
    /// Further files, by name.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// What it was made of.
    pub made_of: Reproduced<'b>,
}

impl SheetBook<'_> {
    /// Writes each table as CSV, the data dictionary, the workbook, the page and `run.json` into a folder;
    /// the names of what was written (写出分析结果).
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write(mut self, folder: &Path, lang: Lang) -> Result<Vec<String>> {
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, bytes) in std::mem::take(&mut self.files) {
            files.push((name.to_owned(), bytes));
        }
        for sheet in &self.sheets {
            let csv = sheet.table(lang).csv();
            files.push((format!("{}.csv", sheet.file), csv.bytes().to_vec()));
        }
        files.push((
            "dictionary.csv".to_owned(),
            dictionary(&self.sheets).bytes().to_vec(),
        ));
        self.made_of.set_outputs(&files);
        let mut tables: Vec<Table> = self.sheets.iter().map(|sheet| sheet.table(lang)).collect();
        tables.push(self.made_of.sheet().table(lang));
        files.push(("run.json".to_owned(), self.made_of.json()?.into_bytes()));
        let html = page(&self.title, &self.notes, &tables, lang);
        files.push((format!("{}.html", self.name), html.into_bytes()));
        let book = format!("{}.xlsx", self.name);
        let places: Vec<(PathBuf, &[u8])> = files
            .iter()
            .map(|(name, bytes)| (folder.join(name), bytes.as_slice()))
            .collect();
        write_together(places)?;
        write_book(&folder.join(&book), &tables, lang)?;
        let mut names: Vec<String> = files.into_iter().map(|(name, _)| name).collect();
        names.push(book);
        Ok(names)
    }
}

/// `dictionary.csv`: every column of every table (数据字典).
fn dictionary(sheets: &[Sheet]) -> CsvText {
    let mut text = CsvText::with_header(&["file", "column", "meaning", "含义"]);
    for sheet in sheets {
        for (name, en, zh) in &sheet.columns {
            let cells = [&format!("{}.csv", sheet.file), name, en, zh];
            cells.into_iter().for_each(|cell| text.cell(cell));
            text.end_row();
        }
    }
    text
}
