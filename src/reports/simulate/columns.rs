//! Columns of a simulation's tables: names, units and labels, from `columns.csv` (数据字典).

use std::sync::OnceLock;

use crate::diagnostics::Lang;
use crate::reports::table::{Cell, Column, Table};
use crate::units::Fen;

/// A row of the dictionary.
#[derive(serde::Deserialize)]
struct Entry {
    name: String,
    unit: String,
    en: String,
    zh: String,
}

fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let mut rows = csv::Reader::from_reader(include_str!("columns.csv").as_bytes());
        // the text is part of the program, and a test reads every row of it
        rows.deserialize().filter_map(Result::ok).collect()
    })
}

/// The entry of a column; `isolated.budget` is `isolated` of the lever `budget`.
fn entry(name: &str) -> (Option<&'static Entry>, Option<&str>) {
    let (base, part) = name
        .split_once('.')
        .map_or((name, None), |(base, part)| (base, Some(part)));
    (entries().iter().find(|entry| entry.name == base), part)
}

/// A column by its name.
pub(super) fn column(name: &str, lang: Lang) -> Column {
    let (entry, part) = entry(name);
    let label = entry.map_or(name, |entry| lang.pick(&entry.en, &entry.zh));
    let label = match part {
        Some(part) => format!("{label}: {part}"),
        None => label.to_owned(),
    };
    Column::plain(name, label)
}

/// A table with these columns.
pub(super) fn table(name: &str, columns: &[&str], lang: Lang) -> Table {
    Table::new(name, columns.iter().map(|name| column(name, lang)).collect())
}

/// The dictionary of tables: file, column, unit, and what it is in both languages (数据字典).
pub(super) fn dictionary(tables: &[super::Named], lang: Lang) -> Table {
    let mut dictionary = Table::new(
        lang.pick("Data dictionary", "数据字典"),
        ["file", "column", "unit", "en", "zh"]
            .map(|name| Column::plain(name, name))
            .into(),
    );
    for named in tables {
        for of in &named.table.columns {
            let (entry, _) = entry(&of.name);
            let text = |of: fn(&Entry) -> &String| Cell::text(entry.map_or("", |entry| of(entry)));
            dictionary.rows.push(vec![
                Cell::text(&named.file),
                Cell::text(&of.name),
                text(|entry| &entry.unit),
                text(|entry| &entry.en),
                text(|entry| &entry.zh),
            ]);
        }
    }
    dictionary
}

/// A floating number with decimals; nothing where it is not defined.
pub(super) fn number(value: Option<f64>, decimals: usize) -> Cell {
    match value.filter(|value| value.is_finite()) {
        Some(value) => {
            let text = format!("{value:.decimals$}");
            let zero = text
                .trim_start_matches('-')
                .bytes()
                .all(|b| matches!(b, b'0' | b'.'));
            Cell::Number(if zero {
                text.trim_start_matches('-').to_owned()
            } else {
                text
            })
        }
        None => Cell::Empty,
    }
}

/// A ratio as per cent.
pub(super) fn percent(value: Option<f64>) -> Cell {
    number(value.map(|value| value * 100.0), 4)
}

/// A number of cases: whole, unless behaviour scales them.
pub(super) fn cases(value: f64) -> Cell {
    if value.fract() == 0.0 && (0.0..9e15).contains(&value) {
        Cell::Count(value as u64)
    } else {
        number(Some(value), 3)
    }
}

/// Points with what decimals they have.
pub(super) fn points(units: i128) -> Cell {
    Cell::Number(crate::units::Points::new(units).to_string())
}

/// Yuan of fen.
pub(super) fn money(amount: Fen) -> Cell {
    Cell::Money(amount)
}
