//! The ledger as opened: a file or a server, brought to the present version (台账存储).

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::database::{Database, Done, Failure, Value};
use super::entry::{COLUMNS, Entry, MONTH, Written};
use super::sqlite::Sqlite;
use crate::diagnostics::{Error, Place, Result};
use crate::units::Fen;

/// What the address of a server begins with.
const SERVERS: [&str; 2] = ["postgres://", "postgresql://"];

/// A ledger (结算台账).
pub struct Ledger {
    db: RefCell<Database>,
    /// The file, or the server's address without a password.
    name: PathBuf,
}

/// Whether a ledger is on a server rather than in a file (台账是否在服务器上).
pub fn is_on_a_server(ledger: &Path) -> bool {
    ledger
        .to_str()
        .is_some_and(|text| SERVERS.iter().any(|start| text.starts_with(start)))
}

impl Ledger {
    /// Opens a ledger, a file or `postgres://user@host/database`; one that is not there is made, an
    /// older one is brought to the present version (打开台账).
    ///
    /// # Errors
    /// The file is no ledger, is of a later version, or cannot be written; the server cannot be
    /// reached; this program was built without servers.
    pub fn open(ledger: &Path) -> Result<Ledger> {
        let name = shown(ledger);
        let db = database(ledger).map_err(|e| failed(&name, &e))?;
        let ledger = Ledger {
            db: RefCell::new(db),
            name,
        };
        ledger.ask(|db| db.migrate())?;
        Ok(ledger)
    }

    /// Asks the database, whose words are put behind the ledger's name.
    pub(super) fn ask<T>(&self, question: impl FnOnce(&mut Database) -> Done<T>) -> Result<T> {
        question(&mut self.db.borrow_mut()).map_err(|e| failed(&self.name, &e))
    }

    /// Does everything in one transaction, or nothing of it.
    pub(super) fn within<T>(&self, work: impl FnOnce(&mut Database) -> Result<T>) -> Result<T> {
        let mut db = self.db.borrow_mut();
        let said = |e: Failure| failed(&self.name, &e);
        db.begin().map_err(said)?;
        match work(&mut db) {
            Ok(done) => db.commit().map(|()| done).map_err(said),
            Err(error) => {
                db.rollback();
                Err(error)
            }
        }
    }

    /// An error of the database, with the ledger's name.
    pub(super) fn said(&self, error: &Failure) -> Error {
        failed(&self.name, error)
    }

    /// An error of this program about the ledger.
    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        Error::at(Place::file(&self.name), message)
    }

    /// Where it is, for messages (台账位置).
    pub fn place(&self) -> Place {
        Place::file(&self.name)
    }

    /// Every pool and hospital that the ledger has, in their order (台账中的基金池与医疗机构).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn hospitals(&self) -> Result<Vec<(String, String)>> {
        let sql = "SELECT pool, hospital FROM hospital_month UNION SELECT pool, hospital FROM advance ORDER BY 1, 2";
        self.ask(|db| db.all(sql, &[], |row| Ok((row.text(0)?, row.text(1)?))))
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
        self.within(|db| {
            let sql = "INSERT INTO advance (pool, hospital, amount, day, author) VALUES ($1, $2, $3, $4, $5)";
            let values = [
                pool.into(),
                hospital.into(),
                amount.into(),
                day.into(),
                author.into(),
            ];
            db.execute(sql, &values).map_err(|e| self.said(&e))
        })
    }

    /// Entries that a question finds, in the one order of the ledger, each with its id and month.
    pub(super) fn entries(&self, clause: &str, values: &[Value<'_>]) -> Result<Vec<(i64, String, Entry)>> {
        let sql = format!(
            "SELECT {} FROM entry WHERE {clause} ORDER BY hospital, case_id, discharge, id",
            COLUMNS.join(", ")
        );
        self.ask(|db| {
            db.all(&sql, values, |row| {
                let (id, entry) = Entry::read(row)?;
                Ok((id, row.text(MONTH)?, entry))
            })
        })
    }
}

/// Writes entries of one month, numbered on.
pub(super) fn insert(db: &mut Database, pool: &str, month: &str, entries: &[Entry]) -> Done<()> {
    let last = db.first("SELECT coalesce(max(id), 0) FROM entry", &[], |row| row.whole(0))?;
    let last = last.unwrap_or(0);
    db.load("entry", &COLUMNS, &|write| {
        for (id, entry) in (last + 1..).zip(entries) {
            let written = Written::of(entry);
            write(&written.row(id, entry, pool, month))?;
        }
        Ok(())
    })
}

fn database(ledger: &Path) -> Done<Database> {
    if is_on_a_server(ledger) {
        return server(ledger);
    }
    Sqlite::open(ledger).map(Database::Sqlite)
}

#[cfg(feature = "postgres")]
fn server(ledger: &Path) -> Done<Database> {
    let url = ledger.to_str().unwrap_or("");
    super::postgres::Postgres::open(url).map(|open| Database::Postgres(Box::new(open)))
}

#[cfg(not(feature = "postgres"))]
fn server(_: &Path) -> Done<Database> {
    Err(Failure::new(
        "this program was built without PostgreSQL; build it with `cargo build --release --features postgres`",
    ))
}

/// The ledger's name in messages: of a server's address everything but the password.
fn shown(ledger: &Path) -> PathBuf {
    let text = ledger.to_string_lossy();
    let hidden = text.split_once("://").and_then(|(scheme, rest)| {
        let (who, place) = rest.split_once('@')?;
        let (user, _) = who.split_once(':')?;
        Some(PathBuf::from(format!("{scheme}://{user}@{place}")))
    });
    let is_server = is_on_a_server(ledger);
    hidden.filter(|_| is_server).unwrap_or_else(|| ledger.to_owned())
}

/// What the database says, after the ledger's name and in one line.
pub(super) fn failed(name: &Path, error: &Failure) -> Error {
    let what = error.what.replace('\n', " ");
    // the version and whether it is a ledger at all are this program's own words
    let own = what.starts_with("this ") && what.contains("ledger");
    let message = if own { what } else { format!("the ledger: {what}") };
    Error::at(Place::file(name), message)
}
