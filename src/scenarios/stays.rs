//! Grouped records into stays (读取入组病案): what calibration and indicators read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hashbrown::HashSet;

use crate::diagnostics::{Error, Place, Result};
use crate::points::calibration::{RecordsPlan, SeenStay, Severity, Stays, StaysReader};
use crate::records::{AnyRows, AnyTable, FoundRow, Row, read_date, read_number, sum_of_items};

/// Why a record is not counted among the grouped stays (未计入原因).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// It is not grouped, or has no group.
    NotGrouped,
    /// The row cannot be read.
    OddRow,
    /// It names no hospital.
    NoHospital,
    /// Its cost is empty, no amount, or not above zero.
    NoCost,
}

impl Left {
    /// The word of tables.
    pub const fn word(self) -> &'static str {
        match self {
            Left::NotGrouped => "not_grouped",
            Left::OddRow => "odd_row",
            Left::NoHospital => "no_hospital",
            Left::NoCost => "no_cost",
        }
    }
}

/// What is wrong with a record, in the words of the table of findings (问题).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u64,
    /// The column; empty for the row as a whole.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// What was expected.
    pub expected: &'static str,
    /// Why the record was left out; none if it counts all the same.
    pub left: Option<Left>,
}

/// Records of a unit (出院人次).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discharged {
    /// All.
    pub all: u64,
    /// Grouped ones, those without a cost too.
    pub grouped: u64,
}

/// Records of each hospital and department (出院人次).
pub type Discharges = BTreeMap<(String, String), Discharged>;

impl Discharged {
    /// With those of others.
    #[must_use]
    pub fn and(self, others: Discharged) -> Discharged {
        Discharged {
            all: self.all + others.all,
            grouped: self.grouped + others.grouped,
        }
    }
}

/// Grouped records, read (入组病案).
#[derive(Debug, Default)]
pub struct GroupedStays {
    /// The stays that count.
    pub stays: Stays,
    /// Records read.
    pub read: u64,
    /// Records left out, by why.
    pub left: BTreeMap<Left, u64>,
    /// All records with a hospital.
    pub discharges: Discharges,
    /// What is wrong with records, but for those not grouped; at most [`MOST_FAULTS`].
    pub faults: Vec<Fault>,
    /// Records with something wrong, those beyond the limit too.
    pub faulty: u64,
    /// Codes of groups that stand under several categories or adjacent groups.
    pub torn: Vec<String>,
    /// Each file as named, with its SHA-256.
    pub files: Vec<(String, String)>,
}

/// How many records with faults are written out singly; the rest is counted.
pub const MOST_FAULTS: usize = 10_000;

/// What is read of records besides what every calculation needs (读取要求).
#[derive(Clone, Debug, Default)]
pub struct Wanted<'w> {
    /// The column of the bill's items, and the items of each block.
    pub blocks: Option<(&'w str, Vec<&'w [String]>)>,
    /// Columns of labels.
    pub labels: Vec<&'w str>,
    /// Beginnings of principal diagnoses of low risk.
    pub low_risk: Vec<String>,
    /// Whether the year of discharge is needed.
    pub years: bool,
    /// Whether the length of stay is needed.
    pub stay: bool,
    /// Whether deaths are needed.
    pub deaths: bool,
}

/// Where the columns stand in a file.
struct Places {
    file: String,
    group: usize,
    hospital: usize,
    cost: usize,
    status: Option<usize>,
    mdc: Option<usize>,
    adrg: Option<usize>,
    severity: Option<usize>,
    department: Option<usize>,
    los: Option<usize>,
    ending: Option<usize>,
    date: Option<usize>,
    diagnoses: Option<usize>,
    items: Option<usize>,
    labels: Vec<usize>,
}

impl Places {
    fn of(rows: &AnyRows, plan: &RecordsPlan, wanted: &Wanted<'_>) -> Result<Places> {
        let named = |name: &str| plan.columns.get(name).cloned().unwrap_or_else(|| name.to_owned());
        let need = |name: &str| rows.need(&named(name));
        let find = |name: &str, is_needed: bool| match is_needed || plan.columns.contains_key(name) {
            true => need(name).map(Some),
            false => rows.find(name),
        };
        let labels: Result<Vec<usize>> = wanted.labels.iter().map(|name| rows.need(name)).collect();
        Ok(Places {
            file: rows.place.file.to_string(),
            group: need("group")?,
            hospital: need("hospital")?,
            cost: need("total_fee")?,
            status: find("status", false)?,
            mdc: find("mdc", false)?,
            adrg: find("adrg", false)?,
            severity: find("mcc_cc", false)?,
            department: find("department", false)?,
            los: find("los_days", wanted.stay)?,
            ending: find("discharge_status", wanted.deaths)?,
            date: find("discharge_date", wanted.years)?,
            diagnoses: find("diagnoses", !wanted.low_risk.is_empty())?,
            items: match &wanted.blocks {
                Some((column, _)) => Some(rows.need(&named(column))?),
                None => None,
            },
            labels: labels?,
        })
    }
}

/// A stay as texts, before it is numbered.
#[derive(Default)]
struct Owned {
    cells: [String; 5],
    severity: Severity,
    cost: i64,
    los: Option<u32>,
    year: Option<i16>,
    died: bool,
    low_risk: bool,
    blocks: Vec<i64>,
    labels: Vec<String>,
}

impl Owned {
    fn seen(&self) -> SeenStay<'_> {
        let [group, mdc, adrg, hospital, department] = &self.cells;
        SeenStay {
            group,
            mdc,
            adrg,
            severity: self.severity,
            hospital,
            department,
            cost: self.cost,
            los: self.los,
            year: self.year,
            died: self.died,
            low_risk: self.low_risk,
            blocks: &self.blocks,
            labels: &self.labels,
        }
    }
}

/// What a chunk of rows gave.
#[derive(Default)]
struct Read {
    read: u64,
    stays: Vec<Owned>,
    left: BTreeMap<Left, u64>,
    discharges: Discharges,
    faults: Vec<Fault>,
}

/// Reads grouped records of several files, in order, on so many threads.
///
/// # Errors
/// A file cannot be read, or lacks a column; no record is grouped.
pub fn read_stays(
    files: &[PathBuf],
    (plan, wanted): (&RecordsPlan, &Wanted<'_>),
    threads: usize,
    advance: &dyn Fn(u64),
) -> Result<GroupedStays> {
    let blocks = wanted.blocks.as_ref().map_or(0, |(_, blocks)| blocks.len());
    let mut reader = StaysReader::new(blocks, wanted.labels.len());
    let mut all = GroupedStays::default();
    for file in files {
        let rows = AnyRows::open(file)?;
        let name = rows.place.file.to_string();
        let cells = Cells {
            places: Places::of(&rows, plan, wanted)?,
            grouped: plan.grouped.iter().map(String::as_str).collect(),
            died: plan.died.iter().map(String::as_str).collect(),
            wanted,
        };
        let hash = rows.in_order(
            threads,
            |read: &mut Read, line, row| cells.read(read, line, row),
            |read, bytes| {
                read.stays.iter().for_each(|stay| reader.add(&stay.seen()));
                all.take(read);
                advance(bytes);
                Ok(())
            },
        )?;
        all.files.push((name, hash));
    }
    if reader.is_empty() {
        let first = files.first().map_or(Path::new(""), PathBuf::as_path);
        let message = format!(
            "of {} records none is grouped with a hospital and a cost; expected what `dianzhi group` writes",
            all.read
        );
        return Err(Error::at(Place::file(first), message));
    }
    all.torn = std::mem::take(&mut reader.torn).into_iter().collect();
    all.stays = reader.finish();
    Ok(all)
}

impl GroupedStays {
    fn take(&mut self, read: Read) {
        self.read += read.read;
        for (why, count) in read.left {
            *self.left.entry(why).or_default() += count;
        }
        for (unit, count) in read.discharges {
            let known = self.discharges.entry(unit).or_default();
            *known = known.and(count);
        }
        self.faulty += read.faults.len() as u64;
        let room = MOST_FAULTS.saturating_sub(self.faults.len());
        self.faults.extend(read.faults.into_iter().take(room));
    }
}

/// How cells are read.
struct Cells<'w> {
    places: Places,
    grouped: HashSet<&'w str>,
    died: HashSet<&'w str>,
    wanted: &'w Wanted<'w>,
}

impl Cells<'_> {
    fn read(&self, read: &mut Read, line: u64, row: FoundRow<'_>) {
        read.read += 1;
        let row = match row {
            FoundRow::Cells(row) => row,
            FoundRow::Odd(expected) => return self.leave(read, line, (Left::OddRow, "", ""), expected),
        };
        let cell = |place: Option<usize>| place.map_or("", |place| row.field(place).trim());
        let (hospital, department) = (
            row.field(self.places.hospital).trim(),
            cell(self.places.department),
        );
        if hospital.is_empty() {
            return self.leave(
                read,
                line,
                (Left::NoHospital, "hospital", ""),
                "the code of a hospital",
            );
        }
        let group = row.field(self.places.group).trim();
        let is_grouped = self.is_grouped(row) && !group.is_empty();
        let unit = (hospital.to_owned(), department.to_owned());
        let discharged = read.discharges.entry(unit).or_default();
        discharged.all += 1;
        discharged.grouped += u64::from(is_grouped);
        if !is_grouped {
            *read.left.entry(Left::NotGrouped).or_default() += 1;
            return;
        }
        let written = row.field(self.places.cost).trim();
        let Some(cost) = read_number(written).filter(|cost| *cost > 0) else {
            let expected = "yuan above zero, with at most two decimals";
            return self.leave(read, line, (Left::NoCost, "total_fee", written), expected);
        };
        let names = [
            group,
            cell(self.places.mdc),
            cell(self.places.adrg),
            hospital,
            department,
        ];
        let stay = Owned {
            cells: names.map(str::to_owned),
            severity: self.severity(read, line, cell(self.places.severity)),
            cost,
            los: self.los(read, line, cell(self.places.los)),
            year: self.year(read, line, cell(self.places.date)),
            died: self.died.contains(cell(self.places.ending)),
            low_risk: self.is_low_risk(cell(self.places.diagnoses)),
            blocks: self.blocks(read, line, row),
            labels: self
                .places
                .labels
                .iter()
                .map(|place| row.field(*place).trim().to_owned())
                .collect(),
        };
        read.stays.push(stay);
    }

    fn is_grouped(&self, row: &Row) -> bool {
        let status = self.places.status.map(|place| row.field(place).trim());
        status.is_none_or(|status| self.grouped.contains(status))
    }

    fn leave(
        &self,
        read: &mut Read,
        line: u64,
        (left, column, value): (Left, &str, &str),
        expected: &'static str,
    ) {
        *read.left.entry(left).or_default() += 1;
        self.note(read, line, (column, value), (expected, Some(left)));
    }

    fn note(
        &self,
        read: &mut Read,
        line: u64,
        (column, value): (&str, &str),
        (expected, left): (&'static str, Option<Left>),
    ) {
        read.faults.push(Fault {
            file: self.places.file.clone(),
            line,
            column: column.to_owned(),
            value: value.to_owned(),
            expected,
            left,
        });
    }

    fn severity(&self, read: &mut Read, line: u64, word: &str) -> Severity {
        Severity::of(word).unwrap_or_else(|| {
            self.note(read, line, ("mcc_cc", word), ("MCC, CC or nothing", None));
            Severity::None
        })
    }

    fn los(&self, read: &mut Read, line: u64, written: &str) -> Option<u32> {
        let days = read_number(written).and_then(|days| u32::try_from(days).ok());
        let days = days.filter(|days| *days < u32::MAX);
        if days.is_none() && self.places.los.is_some() {
            self.note(read, line, ("los_days", written), ("days of stay", None));
        }
        days
    }

    fn year(&self, read: &mut Read, line: u64, written: &str) -> Option<i16> {
        let year = read_date(written).map(|date| date.year());
        if year.is_none() && self.wanted.years {
            self.note(
                read,
                line,
                ("discharge_date", written),
                ("a date such as 2022-03-05", None),
            );
        }
        year
    }

    fn is_low_risk(&self, diagnoses: &str) -> bool {
        let principal = diagnoses.split('|').next().unwrap_or("").trim();
        let mut begins = self.wanted.low_risk.iter();
        begins.any(|code| principal.starts_with(code.as_str()))
    }

    fn blocks(&self, read: &mut Read, line: u64, row: &Row) -> Vec<i64> {
        let (Some((_, blocks)), Some(place)) = (&self.wanted.blocks, self.places.items) else {
            return Vec::new();
        };
        let cell = row.field(place);
        let amounts = blocks.iter().map(|items| sum_of_items(cell, items));
        let amounts: Option<Vec<i64>> = amounts.collect();
        amounts.unwrap_or_else(|| {
            let expected = "items of the bill, e.g. D11;420.00|D23;96.50";
            self.note(read, line, ("front_fees", cell), (expected, None));
            vec![0; blocks.len()]
        })
    }
}

/// Reads a table of `columns` at most one row a key (读取小表): the line and cells of each row.
///
/// # Errors
/// The table cannot be read, or a column is missing.
pub fn read_columns(path: &Path, columns: &[&str]) -> Result<Vec<(Place, Vec<String>)>> {
    let table = AnyTable::read(path)?;
    let place_of = |name: &&str| {
        table.column(name).ok_or_else(|| {
            let hint = crate::diagnostics::suggestion(name, table.columns.iter().map(String::as_str));
            Error::at(table.place.line(1), format!("column `{name}` is missing{hint}"))
        })
    };
    let places: Result<Vec<usize>> = columns.iter().map(place_of).collect();
    let places = places?;
    let rows = table.rows.iter().map(|(line, cells)| {
        let cells = places
            .iter()
            .map(|place| cells.get(*place).cloned().unwrap_or_default());
        (table.place.line(*line), cells.collect())
    });
    Ok(rows.collect())
}
