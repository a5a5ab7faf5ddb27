//! A year: its cases as they stand, its clearing, and what one hospital is told (年度清算与对账单).

use rusqlite::params;

use super::entry::{CaseKey, Entry, EntryKind};
use super::month::{ClosedMonth, HospitalMonth, current};
use super::store::{Ledger, failed};
use crate::budget::NetOff;
use crate::diagnostics::{Error, Place, Result};
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
        let entries = self.entries("pool = ? AND month LIKE ?", &[&pool, &pattern])?;
        let is_closed = |month: &str| closed.iter().any(|known| known.month == month);
        if let Some((_, month, _)) = entries.iter().find(|(_, month, _)| !is_closed(month)) {
            let message = format!(
                "month {month} of pool `{pool}` has entries and is not closed; close it before the year"
            );
            return Err(Error::at(Place::file(self.path()), message));
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

    /// Advances that a hospital was given (未冲抵预付金).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn advances(&self, pool: &str, hospital: &str) -> Result<Fen> {
        let sum = self.db.query_row(
            "SELECT coalesce(sum(amount), 0) FROM advance WHERE pool = ? AND hospital = ?",
            params![pool, hospital],
            |row| row.get(0),
        );
        sum.map(Fen::new).map_err(|e| self.say(&e))
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
        let before = self.clearings(pool, year)?;
        if before.iter().any(|(_, state)| state == "LOCKED") {
            let same = before.len() == rows.len() && before.iter().map(|(row, _)| row).eq(rows);
            return if same {
                Ok(Cleared::Already)
            } else {
                let message = format!(
                    "year {year} of pool `{pool}` is locked with other amounts; later entries belong to the next year"
                );
                Err(Error::at(Place::file(self.path()), message))
            };
        }
        let path = self.path().to_owned();
        let say = |e: rusqlite::Error| failed(&path, &e);
        let state = if lock { "LOCKED" } else { "PREPARED" };
        let tx = self.begin()?;
        tx.execute(
            "DELETE FROM clearing WHERE pool = ? AND year = ?",
            params![pool, year],
        )
        .map_err(say)?;
        for ClearingRow { hospital, net } in rows {
            let of = &net.year;
            let fen = [
                of.due,
                of.booked,
                of.withheld,
                of.returned,
                net.forfeited,
                of.advance,
                net.clearing,
            ]
            .map(Fen::fen);
            let [due, booked, withheld, returned, forfeited, advance, clearing] = fen;
            tx.execute(
                "INSERT INTO clearing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    pool, year, hospital, due, booked, withheld, returned, forfeited, advance, clearing,
                    state, author
                ],
            )
            .map_err(say)?;
        }
        tx.commit().map_err(say)?;
        Ok(if lock { Cleared::Locked } else { Cleared::Prepared })
    }

    /// A year's clearing by hospital, each with its state.
    fn clearings(&self, pool: &str, year: &str) -> Result<Vec<(ClearingRow, String)>> {
        let sql = "SELECT hospital, due, booked, withheld, returned, advance, state FROM clearing \
                   WHERE pool = ? AND year = ? ORDER BY hospital";
        let mut statement = self.db.prepare(sql).map_err(|e| self.say(&e))?;
        let rows = statement.query_map(params![pool, year], |row| {
            let fen = |at: usize| row.get::<_, i64>(at).map(Fen::new);
            let year = crate::budget::YearOf {
                due: fen(1)?,
                booked: fen(2)?,
                withheld: fen(3)?,
                returned: fen(4)?,
                advance: fen(5)?,
                ..crate::budget::YearOf::default()
            };
            Ok((row.get::<_, String>(0)?, year, row.get::<_, String>(6)?))
        });
        let rows: rusqlite::Result<Vec<_>> = rows.map_err(|e| self.say(&e))?.collect();
        let rows = rows.map_err(|e| self.say(&e))?;
        rows.into_iter()
            .map(|(hospital, year, state)| {
                Ok((
                    ClearingRow {
                        hospital,
                        net: NetOff::of(year)?,
                    },
                    state,
                ))
            })
            .collect()
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
            return Err(Error::at(Place::file(self.path()), message));
        }
        let pattern = format!("{year}-%");
        let entries = self.entries(
            "pool = ? AND month LIKE ? AND hospital = ? AND kind <> 'case'",
            &[&pool, &pattern, &hospital],
        )?;
        let clearing = self.clearings(pool, year)?;
        let clearing = clearing.into_iter().find(|(row, _)| row.hospital == hospital);
        Ok(Statement {
            months,
            entries: entries
                .into_iter()
                .map(|(_, month, entry)| (month, entry))
                .collect(),
            closed: self.closed_months(pool, year)?,
            clearing: clearing.map(|(row, state)| (row.net, state)),
        })
    }
}
