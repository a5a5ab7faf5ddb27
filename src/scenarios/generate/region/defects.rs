//! One planted defect in a record, so that the checks have something to find.
//!
//! `defects.csv` holds them, a row each: the edit that must find it, its weight, what the record must
//! be like, and what is changed. A weight of 0 is planted only where the plan names it: those are
//! found by a later stage, or with an option.

use std::collections::BTreeMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::super::draw::plus_days;
use super::checks::Checks;
use super::plan::DefectPlan;
use super::sheet::Sheet;
use crate::diagnostics::{Error, Result, suggestion};
use crate::records::{Column, read_date};
use crate::units::Fen;

const ROWS: &str = include_str!("defects.csv");

/// Draws for a record before it stays as it is: most defects need a record of some kind.
const DRAWS: usize = 40;

/// What can be planted, and how often (植入缺陷).
#[derive(Debug)]
pub(super) struct Defects {
    share: f64,
    plants: Vec<Plant>,
    /// Summed weights, the last is 1.
    cumulative: Vec<f64>,
}

/// A defect in a record: the rows to write instead of its own.
pub(super) struct Shown {
    pub(super) edit: String,
    pub(super) rows: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
struct Plant {
    edit: String,
    weight: f64,
    needs: Vec<Need>,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    /// Bytes that are no text.
    Bytes,
    /// One field too many, as an unquoted comma in a text brings it.
    Field,
    /// The same record again.
    Again,
    Cells(Vec<CellChange>),
}

#[derive(Clone, Debug)]
struct CellChange {
    column: Column,
    appends: bool,
    value: String,
}

/// What a record must be like: a column, a test, what to compare with.
#[derive(Clone, Debug)]
struct Need {
    column: Column,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Filled,
    Empty,
    Several,
    Equals(String),
    AtLeast(i64),
    AtMost(i64),
    /// Some element begins so.
    Begins(String),
    BeginsNot(String),
}

impl Defects {
    /// Those that a file of these columns can show.
    ///
    /// # Errors
    /// The plan names an edit that is not planted here.
    pub(super) fn new(plan: &DefectPlan, columns: &[Column]) -> Result<Defects> {
        let mut plants = read_plants()?;
        let known: Vec<String> = plants.iter().map(|plant| plant.edit.clone()).collect();
        if let Some(written) = plan.weights.keys().find(|written| !known.contains(written)) {
            let hint = suggestion(written, known.iter().map(String::as_str));
            return Err(Error::new(format!(
                "[defects.weights]: `{written}` is no edit that can be planted{hint}"
            )));
        }
        let weights: &BTreeMap<_, _> = &plan.weights;
        for plant in &mut plants {
            match weights.get(&plant.edit) {
                Some(weight) => plant.weight = weight.get(),
                None if plan.only_weights => plant.weight = 0.0,
                None => {}
            }
        }
        plants.retain(|plant| plant.weight > 0.0 && plant.is_shown_by(columns));
        let total: f64 = plants.iter().map(|plant| plant.weight).sum();
        if plan.share.get() > 0.0 && plants.is_empty() {
            let message = "[defects]: a share, but no edit has a weight that these columns can show";
            return Err(Error::new(message));
        }
        let mut sum = 0.0;
        let cumulative = plants.iter().map(|plant| {
            sum += plant.weight / total;
            sum
        });
        Ok(Defects {
            share: plan.share.get(),
            cumulative: cumulative.collect(),
            plants,
        })
    }

    /// Plants one in the stated share of records; each is looked for at once.
    pub(super) fn plant(
        &self,
        sheet: &Sheet,
        columns: &[Column],
        checks: &mut Checks<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Option<Shown> {
        if self.share <= 0.0 || !rng.random_bool(self.share) {
            return None;
        }
        for _ in 0..DRAWS {
            let at: f64 = rng.random();
            let place = self.cumulative.partition_point(|sum| *sum < at);
            let plant = self.plants.get(place.min(self.plants.len().saturating_sub(1)))?;
            if plant.needs.iter().all(|need| need.holds(sheet))
                && let Some(rows) = plant.rows(sheet, columns, checks)
            {
                return Some(Shown {
                    edit: plant.edit.clone(),
                    rows,
                });
            }
        }
        None
    }
}

impl Plant {
    /// Whether a file of these columns can show it: it looks only at them and changes one of them.
    fn is_shown_by(&self, columns: &[Column]) -> bool {
        let needs = self.needs.iter().all(|need| columns.contains(&need.column));
        let changes = match &self.change {
            Change::Cells(cells) => cells.iter().any(|cell| columns.contains(&cell.column)),
            _ => true,
        };
        needs && changes
    }

    /// The rows with the defect; none if its edit does not find it.
    fn rows(&self, sheet: &Sheet, columns: &[Column], checks: &mut Checks<'_>) -> Option<Vec<Vec<u8>>> {
        let mut row = String::new();
        let Change::Cells(cells) = &self.change else {
            sheet.write(columns, &mut row);
            return Some(match self.change {
                Change::Again => vec![row.clone().into_bytes(), row.into_bytes()],
                Change::Field => vec![(row + ",附").into_bytes()],
                _ => vec![[row.as_bytes(), &[0xff, 0xfe, 0x80]].concat()],
            });
        };
        let mut sheet = sheet.clone();
        let before = sheet.clone();
        for cell in cells {
            let value = filled_in(&cell.value, &before)?;
            match cell.appends {
                true => {
                    let first = sheet.get(cell.column).is_empty();
                    sheet.push(cell.column, first, value);
                }
                false => sheet.set(cell.column, value),
            }
        }
        sheet.write(columns, &mut row);
        let is_found = !self.is_found_in_row() || checks.finds(&self.edit, &row);
        is_found.then(|| vec![row.into_bytes()])
    }

    /// What a later stage or an option finds cannot be looked for in the row.
    fn is_found_in_row(&self) -> bool {
        !matches!(self.edit.as_str(), "M980" | "M981" | "M982" | "D609")
    }
}

impl Need {
    fn holds(&self, sheet: &Sheet) -> bool {
        let cell = sheet.get(self.column);
        let number = || cell.parse::<i64>().ok();
        let begins = |prefix: &String| {
            cell.split('|')
                .any(|element| element.starts_with(prefix.as_str()))
        };
        match &self.test {
            Test::Filled => !cell.is_empty(),
            Test::Empty => cell.is_empty(),
            Test::Several => cell.contains('|'),
            Test::Equals(value) => cell == value,
            Test::AtLeast(least) => number().is_some_and(|number| number >= *least),
            Test::AtMost(most) => number().is_some_and(|number| number <= *most),
            Test::Begins(prefix) => begins(prefix),
            Test::BeginsNot(prefix) => !begins(prefix),
        }
    }

    fn read(text: &str) -> Option<Need> {
        let name = text.trim_end_matches(['|', '!']);
        let (name, test) = if let Some((name, value)) = text.split_once(">=") {
            (name, Test::AtLeast(value.parse().ok()?))
        } else if let Some((name, value)) = text.split_once("<=") {
            (name, Test::AtMost(value.parse().ok()?))
        } else if let Some((name, value)) = text.split_once("!^") {
            (name, Test::BeginsNot(value.to_owned()))
        } else if let Some((name, value)) = text.split_once('^') {
            (name, Test::Begins(value.to_owned()))
        } else if let Some((name, value)) = text.split_once('=') {
            (name, Test::Equals(value.to_owned()))
        } else if text.ends_with('|') {
            (name, Test::Several)
        } else if text.ends_with('!') {
            (name, Test::Empty)
        } else {
            (name, Test::Filled)
        };
        Some(Need {
            column: column(name)?,
            test,
        })
    }
}

/// The value with the cells of the record in place of `{column}`, `{column:first}`, `{column:rest}` (with
/// the separator before it), `{column:year}` and `{column+1}` (days of a date, else an integer or an
/// amount).
fn filled_in(value: &str, sheet: &Sheet) -> Option<String> {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('{') {
        let (reference, behind) = after.split_once('}')?;
        text.push_str(before);
        text.push_str(&referred(reference, sheet)?);
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

fn referred(reference: &str, sheet: &Sheet) -> Option<String> {
    if let Some((name, more)) = reference.split_once('+') {
        return increased(sheet.get(column(name)?), more);
    }
    let (name, part) = reference.split_once(':').unwrap_or((reference, ""));
    let cell = sheet.get(column(name)?);
    let first = cell.split('|').next().unwrap_or("");
    let part = match part {
        "first" => first,
        "rest" => cell.get(first.len()..).unwrap_or(""),
        "year" => cell.get(..4)?,
        _ => cell,
    };
    Some(part.to_owned())
}

fn increased(cell: &str, more: &str) -> Option<String> {
    if let Some(date) = read_date(cell) {
        return Some(plus_days(date, more.parse().ok()?).to_string());
    }
    if let Ok(whole) = cell.parse::<i64>() {
        return Some((whole + more.parse::<i64>().ok()?).to_string());
    }
    let sum = Fen::parse_yuan(cell).ok()? + Fen::parse_yuan(more).ok()?;
    Some(sum.to_string())
}

fn column(name: &str) -> Option<Column> {
    Column::ALL.iter().copied().find(|column| column.name() == name)
}

fn read_plants() -> Result<Vec<Plant>> {
    let mut reader = csv::Reader::from_reader(ROWS.as_bytes());
    let mut plants = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| Error::new(format!("defects.csv: {e}")))?;
        let plant = read_plant(&row).ok_or_else(|| {
            let line = row.position().map_or(0, csv::Position::line);
            Error::new(format!("defects.csv:{line}: this row cannot be understood"))
        })?;
        plants.push(plant);
    }
    Ok(plants)
}

fn read_plant(row: &csv::StringRecord) -> Option<Plant> {
    let parts = |cell: usize| {
        let cell = row.get(cell).unwrap_or("");
        cell.split(" & ").filter(|part| !part.is_empty())
    };
    let change = match row.get(3)? {
        "@bytes" => Change::Bytes,
        "@field" => Change::Field,
        "@again" => Change::Again,
        _ => Change::Cells(parts(3).map(read_change).collect::<Option<_>>()?),
    };
    Some(Plant {
        edit: row.get(0)?.to_owned(),
        weight: row.get(1)?.parse().ok()?,
        needs: parts(2).map(Need::read).collect::<Option<_>>()?,
        change,
    })
}

fn read_change(text: &str) -> Option<CellChange> {
    let (name, value) = text.split_once('=')?;
    let appends = name.ends_with('+');
    Some(CellChange {
        column: column(name.trim_end_matches('+'))?,
        appends,
        value: value.to_owned(),
    })
}
