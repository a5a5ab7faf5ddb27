//! A year: its cases as they stand, its clearing, and what one hospital is told (年度清算与对账单).

use std::collections::{BTreeMap, BTreeSet};

use super::database::{Database, Done, Value};
use super::entry::{CaseKey, Entry, EntryKind};
use super::month::{ClosedMonth, HospitalMonth, current, hash_of, insert_closed};
use super::note::RunNote;
use super::posting::{clearing_period, is_clearing_period, is_locked};
use super::store::{Ledger, insert};
use crate::budget::{CaseDue, NetOff, YearOf};
use crate::diagnostics::Result;
use crate::units::Fen;

/// A case of a year with everything that was posted for it (年度病例).
pub type YearCase = Entry;

/// A case of a year as it stands (年度病例台账).
#[derive(Clone, Debug)]
pub struct Standing {
    /// Everything that was posted for it, summed.
    pub entry: YearCase,
    /// The month that took it.
    pub month: String,
}

/// A pool's year in the ledger (年度台账).
#[derive(Clone, Debug, Default)]
pub struct YearBook {
    /// The cases as they stand, by key.
    pub cases: Vec<Standing>,
    /// Cases that were reversed and not posted again.
    pub reversed: BTreeSet<CaseKey>,
}

/// One hospital of a clearing (清算行).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearingRow {
    /// Hospital code.
    pub hospital: String,
    /// What its year nets to.
    pub net: NetOff,
}

/// A year to be kept (待登记年度清算).
pub struct YearToKeep<'a> {
    /// The pool.
    pub pool: &'a str,
    /// `2026`.
    pub year: &'a str,
    /// Its hospitals.
    pub rows: &'a [ClearingRow],
    /// What brings cases to what their months' rules give with the whole year known.
    pub differences: Vec<Entry>,
    /// What each case is due.
    pub dues: Vec<(&'a CaseKey, CaseDue)>,
    /// Lock it for good.
    pub lock: bool,
    /// By what it was made, and who made it.
    pub note: RunNote,
}

/// What keeping a clearing did (清算结果).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleared {
    /// Looked at only: the ledger is what it was.
    Preview,
    /// It stands as PREPARED, and may be prepared again.
    Prepared,
    /// It is locked from now on.
    Locked,
    /// It was locked before, with the same amounts.
    Already,
}

/// One hospital's year (医院对账单).
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its months.
    pub months: Vec<HospitalMonth>,
    /// Its cases and their points by kind, as they stand: kind, cases, units of points.
    pub kinds: Vec<(crate::points::Kind, u64, i128)>,
    /// Entries that are no cases, with their months.
    pub entries: Vec<(String, Entry)>,
    /// Closed months of the pool with their hashes.
    pub closed: Vec<ClosedMonth>,
    /// Its clearing and the clearing's state, once there is one.
    pub clearing: Option<(NetOff, String)>,
    /// The runs of the pool's year, with their decisions.
    pub runs: Vec<RunNote>,
}

impl Ledger {
    /// The cases of a year as they stand, by key; reversed ones are left out (年度有效病例).
    ///
    /// # Errors
    /// As [`Ledger::year_book`].
    pub fn year_cases(&self, pool: &str, year: &str) -> Result<Vec<YearCase>> {
        let book = self.year_book(pool, year)?;
        Ok(book.cases.into_iter().map(|case| case.entry).collect())
    }

    /// A year's cases with their months, and those that were reversed (年度台账). What is entered in
    /// the year for an earlier one is no part of it.
    ///
    /// # Errors
    /// A month was changed from outside; entries of the year stand in a month that is not closed.
    pub fn year_book(&self, pool: &str, year: &str) -> Result<YearBook> {
        let closed = self.closed_months(pool, year)?;
        let entries = self.own_entries(pool, year)?;
        let is_closed =
            |month: &str| is_clearing_period(month) || closed.iter().any(|known| known.month == month);
        if let Some((_, month, _)) = entries.iter().find(|(_, month, _)| !is_closed(month)) {
            let message = format!(
                "month {month} of pool `{pool}` has entries and is not closed; close it before the year"
            );
            return Err(self.error(message));
        }
        Ok(book_of(entries))
    }

    /// Entries of a year's months about its own cases.
    fn own_entries(&self, pool: &str, year: &str) -> Result<Vec<(i64, String, Entry)>> {
        let pattern = format!("{year}-%");
        self.entries(
            "pool = $1 AND month LIKE $2 AND of_year = ''",
            &[pool.into(), (&pattern).into()],
        )
    }

    /// Keeps the clearings of a year's pools, all of them or none (登记年度清算): prepared, or locked
    /// for good. What the recomputation changed is posted in the year's clearing period, and a lock
    /// closes that as it closes a month.
    ///
    /// # Errors
    /// A year is locked with other amounts; the ledger cannot be written.
    pub fn keep_years(&mut self, years: &[YearToKeep]) -> Result<Vec<Cleared>> {
        self.within(|db| years.iter().map(|year| self.keep_year(db, year)).collect())
    }

    fn keep_year(&self, db: &mut Database, of: &YearToKeep) -> Result<Cleared> {
        let said = |e| self.said(&e);
        let (pool, year) = (of.pool, of.year);
        let before = clearings(db, pool, year).map_err(said)?;
        if is_locked(db, pool, year).map_err(said)? {
            let kept = before.iter().map(|(hospital, year, _)| (hospital, year));
            let same = of.differences.is_empty()
                && kept.eq(of.rows.iter().map(|row| (&row.hospital, &row.net.year)));
            if !same {
                let message = format!(
                    "year {year} of pool `{pool}` is locked with other amounts; later entries belong to the next year"
                );
                return Err(self.error(message));
            }
            // a year that an earlier version locked is told what its cases were due
            insert_dues(db, of).map_err(said)?;
            return Ok(Cleared::Already);
        }
        let period = clearing_period(year);
        insert(db, pool, &period, &of.differences).map_err(said)?;
        of.note.keep(db).map_err(said)?;
        db.execute(
            "DELETE FROM clearing WHERE pool = $1 AND year = $2",
            &[pool.into(), year.into()],
        )
        .map_err(said)?;
        insert_rows(db, of).map_err(said)?;
        if !of.lock {
            return Ok(Cleared::Prepared);
        }
        insert_dues(db, of).map_err(said)?;
        let hash = hash_of(db, pool, &period).map_err(said)?;
        let note = &of.note;
        let texts = [
            pool,
            &period,
            &note.pack,
            &note.pack_hash,
            &note.input_hash,
            &hash,
            &note.author,
        ];
        insert_closed(db, texts).map_err(said)?;
        Ok(Cleared::Locked)
    }

    /// What one hospital is told of a year (医院对账单).
    ///
    /// # Errors
    /// A closed month was changed from outside; the ledger cannot be read.
    pub fn statement(&self, pool: &str, year: &str, hospital: &str) -> Result<Statement> {
        let (from, to) = (format!("{year}-01"), format!("{year}-12"));
        let months = self.hospital_months(pool, &from, &to)?;
        let months: Vec<HospitalMonth> = months
            .into_iter()
            .filter(|month| month.hospital == hospital)
            .collect();
        if months.is_empty() {
            let message = format!("hospital `{hospital}` has no closed month in {year} of pool `{pool}`");
            return Err(self.error(message));
        }
        let pattern = format!("{year}-%");
        let entries = self.entries(
            "pool = $1 AND month LIKE $2 AND hospital = $3 AND kind <> 'case'",
            &[pool.into(), (&pattern).into(), hospital.into()],
        )?;
        let clearing = self.ask(|db| clearings(db, pool, year))?;
        let clearing = clearing.into_iter().find(|(of, ..)| of == hospital);
        let clearing = clearing.map(|(_, year, state)| NetOff::of(year).map(|net| (net, state)));
        let cases = book_of(self.own_entries(pool, year)?).cases;
        let runs = self.runs(pool)?.into_iter();
        Ok(Statement {
            months,
            kinds: by_kind(cases.iter().filter(|case| case.entry.key.hospital == hospital)),
            runs: runs.filter(|run| run.period.starts_with(year)).collect(),
            entries: entries
                .into_iter()
                .map(|(_, month, entry)| (month, entry))
                .collect(),
            closed: self.closed_months(pool, year)?,
            clearing: clearing.transpose()?,
        })
    }
}

/// The columns of a clearing that hold its lines, in the order of [`NetOff::lines`].
const KEPT: [&str; 8] = [
    "due",
    "prior_year",
    "booked",
    "withheld",
    "returned",
    "forfeited",
    "advance",
    "clearing",
];

/// A year's clearing by hospital: what went in, and its state.
fn clearings(db: &mut Database, pool: &str, year: &str) -> Done<Vec<(String, YearOf, String)>> {
    let sql = format!(
        "SELECT hospital, state, {} FROM clearing WHERE pool = $1 AND year = $2 ORDER BY hospital",
        KEPT.join(", ")
    );
    db.all(&sql, &[pool.into(), year.into()], |row| {
        let mut lines = [Fen::ZERO; KEPT.len()];
        for (at, line) in lines.iter_mut().enumerate() {
            *line = row.fen(at + 2)?;
        }
        Ok((row.text(0)?, YearOf::of_lines(lines), row.text(1)?))
    })
}

fn insert_rows(db: &mut Database, of: &YearToKeep) -> Done<()> {
    let state = if of.lock { "LOCKED" } else { "PREPARED" };
    let mut columns = vec!["pool", "year", "hospital"];
    columns.extend(KEPT);
    columns.extend(["state", "author"]);
    db.load("clearing", &columns, &|write| {
        for ClearingRow { hospital, net } in of.rows {
            let mut row: Vec<Value<'_>> = vec![of.pool.into(), of.year.into(), hospital.into()];
            row.extend(net.lines().map(|(_, amount)| Value::from(amount)));
            row.extend([Value::from(state), (&of.note.author).into()]);
            write(&row)?;
        }
        Ok(())
    })
}

/// What each case was due, written down once.
fn insert_dues(db: &mut Database, of: &YearToKeep) -> Done<()> {
    let known = "SELECT count(*) FROM cleared_case WHERE pool = $1 AND year = $2";
    let rows = db.first(known, &[of.pool.into(), of.year.into()], |row| row.whole(0))?;
    if rows.unwrap_or(0) > 0 {
        return Ok(());
    }
    let columns = [
        "pool",
        "year",
        "hospital",
        "case_id",
        "discharge",
        "standard",
        "due",
    ];
    db.load("cleared_case", &columns, &|write| {
        for (key, due) in &of.dues {
            write(&[
                of.pool.into(),
                of.year.into(),
                (&key.hospital).into(),
                (&key.case_id).into(),
                (&key.discharge).into(),
                due.standard.into(),
                due.due.into(),
            ])?;
        }
        Ok(())
    })
}

/// The cases as they stand, and the keys of which nothing is left.
fn book_of(entries: Vec<(i64, String, Entry)>) -> YearBook {
    let reversed: BTreeSet<i64> = entries
        .iter()
        .filter(|(_, _, entry)| entry.kind == EntryKind::Reversal)
        .filter_map(|(_, _, entry)| entry.refers)
        .collect();
    // of each key the last posting: its number and its month
    let mut last: BTreeMap<CaseKey, (i64, String)> = BTreeMap::new();
    for (id, month, entry) in &entries {
        if entry.kind == EntryKind::Case {
            last.insert(entry.key.clone(), (*id, month.clone()));
        }
    }
    let mut book = YearBook::default();
    for (key, entry) in current(entries.into_iter().map(|(_, _, entry)| entry)) {
        match last.remove(&key) {
            Some((id, month)) if !reversed.contains(&id) => book.cases.push(Standing { entry, month }),
            _ => drop(book.reversed.insert(key)),
        }
    }
    book
}

/// Cases and points by kind, in the order of statements.
fn by_kind<'c>(cases: impl Iterator<Item = &'c Standing>) -> Vec<(crate::points::Kind, u64, i128)> {
    let mut kinds: BTreeMap<crate::points::Kind, (u64, i128)> = BTreeMap::new();
    for case in cases {
        let sum = kinds.entry(case.entry.case_kind).or_default();
        sum.0 += 1;
        if let super::entry::Paid::Points(units) = case.entry.paid {
            sum.1 += units;
        }
    }
    kinds
        .into_iter()
        .map(|(kind, (cases, units))| (kind, cases, units))
        .collect()
}
