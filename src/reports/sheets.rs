//! Sheets of an analysis: one definition of columns in both languages, written as CSV with a data
//! dictionary, as a workbook, and as a page (分析报表).

use std::path::{Path, PathBuf};

use super::charts::{Chart, Draw, Section, chart_page};
use super::earlier::Leftovers;
use super::identity::result_hash;
use super::output::write_together;
use super::table::{Cell, Column, Table};
use super::table_book::book_bytes;
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
    /// Charts of the page, each with its title in both languages.
    charts: Vec<(Words, Chart)>,
}

impl Sheet {
    pub(super) fn new(file: &'static str, title: Words, columns: &[SheetColumn]) -> Sheet {
        let owned = |(name, en, zh): &SheetColumn| ((*name).to_owned(), (*en).to_owned(), (*zh).to_owned());
        Sheet {
            file,
            title,
            columns: columns.iter().map(owned).collect(),
            rows: Vec::new(),
            charts: Vec::new(),
        }
    }

    /// With a chart on the page.
    pub(super) fn drawn(mut self, title: Words, draw: Draw, x: &str, ys: &[&str]) -> Sheet {
        self.charts.push((title, Chart::new("", draw, x, ys)));
        self
    }

    /// The last chart, of the rows that have this value in a column.
    pub(super) fn only(mut self, column: &str, value: &str) -> Sheet {
        if let Some((title, chart)) = self.charts.pop() {
            self.charts.push((title, chart.only(column, value)));
        }
        self
    }

    fn charts(&self, lang: Lang) -> Vec<Chart> {
        let named = self.charts.iter().map(|(title, chart)| Chart {
            title: title.in_lang(lang).to_owned(),
            ..chart.clone()
        });
        named.collect()
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

/// What was written, and what was left (写出的文件).
#[derive(Clone, Debug, Default)]
pub struct BookWritten {
    /// Names of the files.
    pub files: Vec<String>,
    /// Files of an earlier run that stay since somebody changed them.
    pub left: Vec<PathBuf>,
}

impl SheetBook<'_> {
    /// Writes each table as CSV, the data dictionary, the workbook, the page and `run.json` into a folder,
    /// none before all are made; what an earlier run wrote and this one does not is taken away (写出分析结果).
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write(mut self, folder: &Path, lang: Lang) -> Result<BookWritten> {
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, bytes) in std::mem::take(&mut self.files) {
            files.push((name.to_owned(), bytes));
        }
        let mut tables: Vec<Table> = self.sheets.iter().map(|sheet| sheet.table(lang)).collect();
        for (sheet, table) in self.sheets.iter().zip(&tables) {
            files.push((format!("{}.csv", sheet.file), table.csv().bytes().to_vec()));
        }
        files.push((
            "dictionary.csv".to_owned(),
            dictionary(&self.sheets).bytes().to_vec(),
        ));
        let named = self.sheets.iter().map(|sheet| sheet.file).zip(&tables);
        self.made_of.result_hash = result_hash(named);
        tables.push(self.made_of.sheet().table(lang));
        files.push((
            format!("{}.html", self.name),
            self.page(&tables, lang)?.into_bytes(),
        ));
        let book = format!("{}.xlsx", self.name);
        let bytes = book_bytes(&folder.join(&book), &tables, lang)?;
        files.push((book, bytes));
        self.made_of.set_outputs(&files);
        let page = self.made_of.json(self.name)?.into_bytes();
        files.push(("run.json".to_owned(), page));
        let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
        let earlier = Leftovers::of(folder, self.name, &names);
        let places = files.iter();
        write_together(places.map(|(name, bytes)| (folder.join(name), bytes.as_slice())))?;
        earlier.remove()?;
        Ok(BookWritten {
            files: names,
            left: earlier.changed,
        })
    }

    /// The page: each table with its charts, the reproducibility block last.
    fn page(&self, tables: &[Table], lang: Lang) -> Result<String> {
        let names: Vec<String> = self
            .sheets
            .iter()
            .map(|sheet| format!("{}.csv", sheet.file))
            .collect();
        let charts = self.sheets.iter().map(|sheet| sheet.charts(lang));
        let files = names.iter().map(String::as_str).chain(["run.json"]);
        let sections: Vec<Section<'_>> = tables
            .iter()
            .zip(files)
            .zip(charts.chain([Vec::new()]))
            .map(|((table, file), charts)| Section {
                heading: table.name.clone(),
                notes: Vec::new(),
                charts,
                table,
                file,
            })
            .collect();
        chart_page(&self.title, &self.notes, &sections, lang)
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
