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
    /// Those with a share of their own, and the chance of each in a record that can show it.
    stated: Vec<(Plant, f64)>,
}

/// A defect in a record: what to write instead of it.
pub(super) struct Shown {
    pub(super) edit: String,
    pub(super) sheet: Sheet,
    /// How many times.
    pub(super) copies: usize,
    /// What stands behind the row.
    pub(super) tail: &'static [u8],
}

/// What a file of records can show (可呈现范围).
pub(super) struct Showing<'c> {
    /// Its columns.
    pub(super) columns: &'c [Column],
    /// Whether its rows are text that may be broken.
    pub(super) text_rows: bool,
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
    pub(super) fn new(plan: &DefectPlan, showing: &Showing<'_>) -> Result<Defects> {
        let mut plants = read_plants()?;
        known_edits("weights", plan.weights.keys(), &plants)?;
        known_edits("shares", plan.shares.keys(), &plants)?;
        let weights: &BTreeMap<_, _> = &plan.weights;
        for plant in &mut plants {
            match weights.get(&plant.edit) {
                Some(weight) => plant.weight = weight.get(),
                None if plan.only_weights => plant.weight = 0.0,
                None => {}
            }
        }
        let stated = stated(plan, &plants, showing)?;
        plants.retain(|plant| plant.weight > 0.0 && plant.is_shown_by(showing));
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
            stated,
        })
    }

    /// Whether any edit has a share of its own.
    pub(super) fn has_stated(&self) -> bool {
        !self.stated.is_empty()
    }

    /// Which of the edits with a share of their own a record can show.
    pub(super) fn shown_by(&self, sheet: &Sheet, columns: &[Column], checks: &mut Checks<'_>) -> Vec<bool> {
        let shows = |(plant, _): &(Plant, f64)| plant.shown(sheet, columns, checks).is_some();
        self.stated.iter().map(shows).collect()
    }

    /// Makes the stated shares of all records chances of the records that can show the edit, by a
    /// sample of records.
    ///
    /// # Errors
    /// A share is larger than that of the records that can show it, or several together are.
    pub(super) fn calibrate(&mut self, sample: &[Vec<bool>]) -> Result<()> {
        let count = |place: usize| {
            let shown = sample.iter().filter(|record| record.get(place) == Some(&true));
            shown.count() as f64
        };
        for (place, (plant, chance)) in self.stated.iter_mut().enumerate() {
            let able = count(place) / (sample.len() as f64).max(1.0);
            if *chance > able {
                return Err(Error::new(format!(
                    "[defects.shares]: {} = {chance}, but only a share of about {able:.4} of the records can show it",
                    plant.edit
                )));
            }
            *chance = if able > 0.0 { *chance / able } else { 0.0 };
        }
        let of_record = |record: &Vec<bool>| {
            let chances = self.stated.iter().zip(record).filter(|(_, shown)| **shown);
            chances.map(|((_, chance), _)| chance).sum::<f64>() + self.share
        };
        if sample.iter().any(|record| of_record(record) > 1.0) {
            let message = "[defects]: some records would need more than one defect; expected smaller shares";
            return Err(Error::new(message));
        }
        Ok(())
    }

    /// Plants one in the stated shares of records; each is looked for at once.
    pub(super) fn plant(
        &self,
        sheet: &Sheet,
        columns: &[Column],
        checks: &mut Checks<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Option<Shown> {
        if self.share <= 0.0 && self.stated.is_empty() {
            return None;
        }
        let mut at: f64 = rng.random();
        for (plant, chance) in &self.stated {
            match plant.shown(sheet, columns, checks) {
                Some(shown) if at < *chance => return Some(shown),
                Some(_) => at -= chance,
                None => {}
            }
        }
        if at >= self.share {
            return None;
        }
        for _ in 0..DRAWS {
            let at: f64 = rng.random();
            let place = self.cumulative.partition_point(|sum| *sum < at);
            let plant = self.plants.get(place.min(self.plants.len().saturating_sub(1)))?;
            if let Some(shown) = plant.shown(sheet, columns, checks) {
                return Some(shown);
            }
        }
        None
    }
}

impl Plant {
    /// Whether a file can show it: it looks only at its columns and changes one of them.
    fn is_shown_by(&self, showing: &Showing<'_>) -> bool {
        let needs = self
            .needs
            .iter()
            .all(|need| showing.columns.contains(&need.column));
        let changes = match &self.change {
            Change::Cells(cells) => cells.iter().any(|cell| showing.columns.contains(&cell.column)),
            Change::Again => true,
            Change::Bytes | Change::Field => showing.text_rows,
        };
        needs && changes
    }

    /// The record with the defect; none if it is of another kind, or its edit does not find it.
    fn shown(&self, sheet: &Sheet, columns: &[Column], checks: &mut Checks<'_>) -> Option<Shown> {
        if !self.needs.iter().all(|need| need.holds(sheet)) {
            return None;
        }
        let shown = |sheet, copies, tail: &'static [u8]| Shown {
            edit: self.edit.clone(),
            sheet,
            copies,
            tail,
        };
        let Change::Cells(cells) = &self.change else {
            return Some(match self.change {
                Change::Again => shown(sheet.clone(), 2, b""),
                Change::Field => shown(sheet.clone(), 1, b",-"),
                _ => shown(sheet.clone(), 1, &[0xff, 0xfe, 0x80]),
            });
        };
        let mut changed = sheet.clone();
        for cell in cells {
            let value = filled_in(&cell.value, sheet)?;
            match cell.appends {
                true => {
                    let first = changed.get(cell.column).is_empty();
                    changed.push(cell.column, first, &value);
                }
                false => changed.set_text(cell.column, &value),
            }
        }
        let mut row = String::new();
        changed.write(columns, &mut row);
        let is_found = !self.is_found_in_row() || checks.finds(&self.edit, &row);
        is_found.then(|| shown(changed, 1, b""))
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

/// # Errors
/// An edit named under a key is not planted here.
fn known_edits<'e>(key: &str, named: impl Iterator<Item = &'e String>, plants: &[Plant]) -> Result<()> {
    let known = || plants.iter().map(|plant| plant.edit.as_str());
    for written in named {
        if !known().any(|edit| edit == written) {
            let hint = suggestion(written, known());
            return Err(Error::new(format!(
                "[defects.{key}]: `{written}` is no edit that can be planted{hint}"
            )));
        }
    }
    Ok(())
}

/// The edits with a share of their own.
///
/// # Errors
/// One that the file cannot show.
fn stated(plan: &DefectPlan, plants: &[Plant], showing: &Showing<'_>) -> Result<Vec<(Plant, f64)>> {
    let mut stated = Vec::new();
    for (edit, share) in plan.shares.iter().filter(|(_, share)| share.get() > 0.0) {
        let Some(plant) = plants.iter().find(|plant| plant.edit == *edit) else {
            continue;
        };
        if !plant.is_shown_by(showing) {
            return Err(Error::new(format!(
                "[defects.shares]: a file of this form cannot show `{edit}`"
            )));
        }
        stated.push((plant.clone(), share.get()));
    }
    Ok(stated)
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
