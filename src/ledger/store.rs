//! The database itself: opened, brought to the present version, read and written (台账存储).

use std::path::{Path, PathBuf};
use std::time::Duration;

use hashbrown::HashSet;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::entry::{COLUMNS, CaseKey, Entry};
use super::schema::VERSIONS;
use crate::diagnostics::{Error, Place, Result};
use crate::units::Fen;

/// How long a settler waits for another one.
const PATIENCE: Duration = Duration::from_secs(10);

/// A ledger (结算台账).
pub struct Ledger {
    pub(super) db: Connection,
    path: PathBuf,
}

impl Ledger {
    /// Opens a ledger; one that is not there is made, an older one is brought to the present
    /// version (打开台账).
    ///
    /// # Errors
    /// The file is no ledger, is of a later version, or cannot be written.
    pub fn open(path: &Path) -> Result<Ledger> {
        let say = |e: rusqlite::Error| failed(path, &e);
        let db = Connection::open(path).map_err(say)?;
        db.busy_timeout(PATIENCE).map_err(say)?;
        db.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")
            .map_err(say)?;
        let mut ledger = Ledger {
            db,
            path: path.to_owned(),
        };
        ledger.migrate()?;
        Ok(ledger)
    }

    /// Runs the versions that are still to come, all in one transaction.
    fn migrate(&mut self) -> Result<()> {
        let present = u32::try_from(VERSIONS.len()).unwrap_or(u32::MAX);
        let path = self.path.clone();
        let tx = self.begin()?;
        let version: u32 = tx
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(|e| failed(&path, &e))?;
        if version > present {
            let message = format!("this ledger is of version {version}; this program knows {present}");
            return Err(Error::at(Place::file(&path), message));
        }
        let foreign: i64 = tx
            .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
            .map_err(|e| failed(&path, &e))?;
        if version == 0 && foreign > 0 {
            return Err(Error::at(Place::file(&path), "this is a database, but no ledger"));
        }
        for sql in VERSIONS.iter().skip(version as usize) {
            tx.execute_batch(sql).map_err(|e| failed(&path, &e))?;
        }
        tx.pragma_update(None, "user_version", present)
            .map_err(|e| failed(&path, &e))?;
        tx.commit().map_err(|e| failed(&path, &e))
    }

    /// A transaction that no other settler can come between.
    pub(super) fn begin(&mut self) -> Result<Transaction<'_>> {
        let path = self.path.clone();
        self.db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|e| failed(&path, &e))
    }

    /// An error of the database, with the file's name.
    pub(super) fn say(&self, error: &rusqlite::Error) -> Error {
        failed(&self.path, error)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives an advance to a hospital (拨付预付金).
    ///
    /// # Errors
    /// The amount is not above zero; the ledger cannot be written.
    pub fn advance(
        &mut self,
        pool: &str,
        hospital: &str,
        amount: Fen,
        day: &str,
        author: &str,
    ) -> Result<()> {
        if amount <= Fen::ZERO {
            return Err(Error::new(format!(
                "an advance of {amount}; expected an amount above zero"
            )));
        }
        let path = self.path.clone();
        let tx = self.begin()?;
        tx.execute(
            "INSERT INTO advance (pool, hospital, amount, day, author) VALUES (?, ?, ?, ?, ?)",
            params![pool, hospital, amount.fen(), day, author],
        )
        .map_err(|e| failed(&path, &e))?;
        tx.commit().map_err(|e| failed(&path, &e))
    }

    /// The keys of every case that was ever posted (已入账病例).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn known_cases(&self, pool: &str) -> Result<HashSet<CaseKey>> {
        self.keys("pool = ? AND kind = 'case'", &[&pool])
    }

    /// The keys of cases posted before a month (此前月份已入账病例).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn cases_before(&self, pool: &str, month: &str) -> Result<HashSet<CaseKey>> {
        self.keys("pool = ? AND month < ? AND kind = 'case'", &[&pool, &month])
    }

    fn keys(&self, clause: &str, values: &[&dyn rusqlite::ToSql]) -> Result<HashSet<CaseKey>> {
        let sql = format!("SELECT hospital, case_id, discharge FROM entry WHERE {clause}");
        let mut statement = self.db.prepare(&sql).map_err(|e| self.say(&e))?;
        let rows = statement.query_map(values, |row| {
            Ok(CaseKey {
                hospital: row.get(0)?,
                case_id: row.get(1)?,
                discharge: row.get(2)?,
            })
        });
        let rows = rows.map_err(|e| self.say(&e))?;
        rows.collect::<rusqlite::Result<_>>().map_err(|e| self.say(&e))
    }

    /// Entries that a question finds, in the one order of the ledger.
    pub(super) fn entries(
        &self,
        clause: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<(i64, String, Entry)>> {
        let sql =
            format!("SELECT {COLUMNS} FROM entry WHERE {clause} ORDER BY hospital, case_id, discharge, id");
        let mut statement = self.db.prepare(&sql).map_err(|e| self.say(&e))?;
        let rows = statement.query_map(values, |row| {
            let (id, entry) = Entry::read(row)?;
            Ok((id, row.get(18)?, entry))
        });
        let rows = rows.map_err(|e| self.say(&e))?;
        rows.collect::<rusqlite::Result<_>>().map_err(|e| self.say(&e))
    }
}

/// Writes entries of one month.
pub(super) fn insert(tx: &Transaction, pool: &str, month: &str, entries: &[Entry]) -> rusqlite::Result<()> {
    let mut statement = tx.prepare(
        "INSERT INTO entry (kind, pool, month, hospital, case_id, discharge, level, grp, case_kind, payment, units, \
         ratio, cost, claim, nonfund, booked, refers, reason, author) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for entry in entries {
        statement.execute(params![
            entry.kind.as_str(),
            pool,
            month,
            entry.key.hospital,
            entry.key.case_id,
            entry.key.discharge,
            entry.level.as_str(),
            entry.group,
            entry.case_kind.as_str(),
            entry.paid.word(),
            entry.paid.units().to_string(),
            entry.ratio_text(),
            entry.cost.fen(),
            entry.claim.fen(),
            entry.nonfund.fen(),
            entry.booked.fen(),
            entry.refers,
            entry.reason,
            entry.author,
        ])?;
    }
    Ok(())
}

/// What the database says, after the file's name and in one line.
pub(super) fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    let what = error.to_string().replace('\n', " ");
    Error::at(Place::file(path), format!("the ledger: {what}"))
}
