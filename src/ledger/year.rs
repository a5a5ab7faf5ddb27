//! A year: its cases as they stand, its clearing, and what one hospital is told (年度清算与对账单).

use super::database::{Database, Done, Value};
use super::entry::{CaseKey, Entry, EntryKind};
use super::month::{ClosedMonth, HospitalMonth, current};
use super::store::Ledger;
use crate::budget::{NetOff, YearOf};
use crate::diagnostics::Result;
use crate::units::Fen;

/// A case of a year with everything that was posted for it (年度病例).
pub type YearCase = Entry;

/// One hospital of a clearing (清算行).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearingRow {
    /// Hospital code.
    pub hospital: String,
    /// What its year nets to.
    pub net: NetOff,
}

/// What keeping a clearing did (清算结果).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleared {
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
    /// Entries that are no cases, with their months.
    pub entries: Vec<(String, Entry)>,
    /// Closed months of the pool with their hashes.
    pub closed: Vec<ClosedMonth>,
    /// Its clearing and the clearing's state, once there is one.
    pub clearing: Option<(NetOff, String)>,
}

impl Ledger {
    /// The cases of a year as they stand, by key; reversed ones are left out (年度有效病例).
    ///
    /// # Errors
    /// A month was changed from outside; entries of the year stand in a month that is not closed.
    pub fn year_cases(&self, pool: &str, year: &str) -> Result<Vec<YearCase>> {
        let closed = self.closed_months(pool, year)?;
        let pattern = format!("{year}-%");
        let entries = self.entries("pool = $1 AND month LIKE $2", &[pool.into(), (&pattern).into()])?;
        let is_closed = |month: &str| closed.iter().any(|known| known.month == month);
        if let Some((_, month, _)) = entries.iter().find(|(_, month, _)| !is_closed(month)) {
            let message = format!(
                "month {month} of pool `{pool}` has entries and is not closed; close it before the year"
            );
            return Err(self.error(message));
        }
        let reversed: Vec<i64> = entries
            .iter()
            .filter(|(_, _, entry)| entry.kind == EntryKind::Reversal)
            .filter_map(|(_, _, entry)| entry.refers)
            .collect();
        let gone: std::collections::BTreeSet<CaseKey> = entries
            .iter()
            .filter(|(id, _, entry)| entry.kind == EntryKind::Case && reversed.contains(id))
            .map(|(_, _, entry)| entry.key.clone())
            .collect();
        let cases = current(entries.into_iter().map(|(_, _, entry)| entry));
        Ok(cases
            .into_iter()
            .filter(|(key, _)| !gone.contains(key))
            .map(|(_, case)| case)
            .collect())
    }

    /// Keeps a year's clearing (登记年度清算): prepared, or locked for good.
    ///
    /// # Errors
    /// The year is locked with other amounts; the ledger cannot be written.
    pub fn clear(
        &mut self,
        pool: &str,
        year: &str,
        rows: &[ClearingRow],
        lock: bool,
        author: &str,
    ) -> Result<Cleared> {
        self.within(|db| {
            let said = |e| self.said(&e);
            let before = clearings(db, pool, year).map_err(said)?;
            if before.iter().any(|(_, _, state)| state == "LOCKED") {
                let kept = before.iter().map(|(hospital, year, _)| (hospital, year));
                let same = kept.eq(rows.iter().map(|row| (&row.hospital, &row.net.year)));
                return if same {
                    Ok(Cleared::Already)
                } else {
                    let message = format!(
                        "year {year} of pool `{pool}` is locked with other amounts; later entries belong to the next year"
                    );
                    Err(self.error(message))
                };
            }
            let state = if lock { "LOCKED" } else { "PREPARED" };
            let of_year = [pool.into(), year.into()];
            db.execute("DELETE FROM clearing WHERE pool = $1 AND year = $2", &of_year)
                .map_err(said)?;
            let mut columns = vec!["pool", "year", "hospital"];
            columns.extend(KEPT);
            columns.extend(["state", "author"]);
            let write = |write: &mut dyn FnMut(&[Value<'_>]) -> Done<()>| {
                for ClearingRow { hospital, net } in rows {
                    let mut row: Vec<Value<'_>> = vec![pool.into(), year.into(), hospital.into()];
                    row.extend(net.lines().map(|(_, amount)| Value::from(amount)));
                    row.extend([Value::from(state), author.into()]);
                    write(&row)?;
                }
                Ok(())
            };
            db.load("clearing", &columns, &write).map_err(said)?;
            Ok(if lock { Cleared::Locked } else { Cleared::Prepared })
        })
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
        Ok(Statement {
            months,
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
const KEPT: [&str; 7] = [
    "due",
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
