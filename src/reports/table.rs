//! Tables for people: the same cells as CSV, as a worksheet, as a part of a page.

use super::CsvText;
use crate::units::Fen;

/// A table for people (报表).
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it is called, short enough for the tab of a worksheet.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of a table (列).
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name in CSV, which does not change with the language.
    pub name: String,
    /// Its label for people.
    pub label: String,
    /// Whether a sum stands below it.
    pub summed: bool,
}

/// A cell of a table (单元格).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing, which is not zero.
    Empty,
    /// Words.
    Text(String),
    /// How many.
    Count(u64),
    /// An amount.
    Money(Fen),
    /// A decimal number as it is shown.
    Number(String),
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// An amount, if there is one.
    pub fn money(amount: Option<Fen>) -> Cell {
        amount.map_or(Cell::Empty, Cell::Money)
    }

    /// As it stands in CSV.
    pub fn shown(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) | Cell::Number(text) => text.clone(),
            Cell::Count(count) => count.to_string(),
            Cell::Money(amount) => amount.to_string(),
        }
    }

    /// Whether it is read from the right: a number of any kind.
    pub const fn is_number(&self) -> bool {
        matches!(self, Cell::Count(_) | Cell::Money(_) | Cell::Number(_))
    }
}

impl Column {
    /// Words, or numbers that nobody sums.
    pub fn plain(name: impl Into<String>, label: impl Into<String>) -> Column {
        Column {
            name: name.into(),
            label: label.into(),
            summed: false,
        }
    }

    /// Numbers with their sum below.
    pub fn summed(name: impl Into<String>, label: impl Into<String>) -> Column {
        Column {
            summed: true,
            ..Column::plain(name, label)
        }
    }
}

impl Table {
    /// Without rows.
    pub fn new(name: impl Into<String>, columns: Vec<Column>) -> Table {
        Table {
            name: name.into(),
            columns,
            rows: Vec::new(),
        }
    }

    /// Sentences, a row each: what stands above a page, as a sheet.
    pub fn of_notes(name: &str, notes: &[String]) -> Table {
        let mut table = Table::new(name, vec![Column::plain("note", name)]);
        table.rows.extend(notes.iter().map(|note| vec![Cell::text(note)]));
        table
    }

    /// The sum of a column, of the kind its cells are; nothing if none of them is a count or an amount.
    pub fn sum(&self, column: usize) -> Cell {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.fold(Cell::Empty, |sum, cell| match (sum, cell) {
            (Cell::Empty, Cell::Count(_) | Cell::Money(_)) => cell.clone(),
            (Cell::Count(sum), Cell::Count(count)) => Cell::Count(sum + count),
            (Cell::Money(sum), Cell::Money(amount)) => Cell::Money(sum + *amount),
            (sum, _) => sum,
        })
    }

    /// As CSV, without sums.
    pub fn csv(&self) -> CsvText {
        Table::csv_of(std::slice::from_ref(self))
    }

    /// Tables of the same columns as one CSV, in their order.
    pub fn csv_of(tables: &[Table]) -> CsvText {
        let columns = tables.first().map_or(&[][..], |table| &table.columns);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let mut text = CsvText::with_header(&names);
        for row in tables.iter().flat_map(|table| &table.rows) {
            row.iter().for_each(|cell| text.cell(&cell.shown()));
            text.end_row();
        }
        text
    }
}
