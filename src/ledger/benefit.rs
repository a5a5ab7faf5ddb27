//! Settlements of persons in a database (待遇台账): events, never changed, one after the other.
//!
//! A file of its own. Each batch of bills is one transaction; a batch that is sent again finds its
//! settlements there and writes nothing. The view `movement` tells every counter's movements, so
//! that a state is a sum: `SELECT counter, year, sum("after" - "before") FROM movement …`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hashbrown::HashSet;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params, params_from_iter};

use super::sqlite::failed;
use crate::diagnostics::{Error, Place, Result};

const PATIENCE: Duration = Duration::from_secs(10);

/// How many persons are asked for one by one; for more the whole ledger is read once.
const ONE_BY_ONE: usize = 20_000;

/// Pages as large as a few events, and enough of them in memory for the indices of a year.
const PRAGMAS: &str = "PRAGMA page_size = 16384; PRAGMA synchronous = FULL; PRAGMA cache_size = -262144;";

/// Marks the file as a ledger of persons' settlements.
const APPLICATION: i32 = 0x445a_4245;

const SCHEMA: &str = "
CREATE TABLE event (
    sequence INTEGER PRIMARY KEY,
    settlement TEXT NOT NULL UNIQUE,
    reverses TEXT,
    person TEXT NOT NULL,
    family TEXT NOT NULL,
    policy TEXT NOT NULL,
    bill TEXT NOT NULL,
    slips TEXT NOT NULL,
    postings TEXT NOT NULL,
    replayed TEXT
) STRICT;
CREATE INDEX event_person ON event (person);
CREATE INDEX event_family ON event (family) WHERE family <> '';
CREATE UNIQUE INDEX one_reversal ON event (reverses) WHERE reverses IS NOT NULL;
CREATE TRIGGER no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END;
CREATE TRIGGER no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END;
CREATE VIEW movement AS
SELECT event.sequence AS sequence, event.person AS person, event.family AS family,
       posting.value ->> 0 AS settlement, posting.value ->> 1 AS kind, posting.value ->> 2 AS year,
       moved.value ->> 0 AS counter, moved.value ->> 1 AS unit,
       moved.value ->> 2 AS before, moved.value ->> 3 AS after,
       event.reverses AS reverses
FROM event, json_each(event.postings) AS posting, json_each(posting.value -> 3) AS moved;
";

/// One event (台账事件): a settlement or a reversal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenefitEvent {
    /// Settlement id.
    pub settlement: String,
    /// What it takes back.
    pub reverses: Option<String>,
    /// The person.
    pub person: String,
    /// The family, if any.
    pub family: String,
    /// The bill as it came, one row of a claims file with all its columns.
    pub bill: String,
    /// Slips, as kept.
    pub slips: String,
    /// Movements, as kept.
    pub postings: String,
    /// Slips of what it replayed.
    pub replayed: Option<String>,
}

/// A ledger of persons' settlements (待遇台账).
pub struct BenefitLedger {
    db: Connection,
    path: PathBuf,
}

impl BenefitLedger {
    /// Opens a ledger; one that is not there is made (打开台账).
    ///
    /// # Errors
    /// The file is another database, or cannot be written.
    pub fn open(path: &Path) -> Result<BenefitLedger> {
        let say = |e: rusqlite::Error| failed(path, &e);
        let db = Connection::open(path).map_err(say)?;
        db.busy_timeout(PATIENCE).map_err(say)?;
        db.execute_batch(PRAGMAS).map_err(say)?;
        let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i32>(0)).map_err(say);
        if number("PRAGMA application_id")? != APPLICATION {
            if number("SELECT count(*) FROM sqlite_master")? > 0 {
                let message = "this is a database, but no ledger of persons' settlements";
                return Err(Error::at(Place::file(path), message));
            }
            let sql = format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION}; COMMIT;");
            db.execute_batch(&sql).map_err(say)?;
        }
        Ok(BenefitLedger {
            db,
            path: path.to_owned(),
        })
    }

    /// Opens a ledger that is there (打开已有台账).
    ///
    /// # Errors
    /// There is none; the file is another database.
    pub fn open_existing(path: &Path) -> Result<BenefitLedger> {
        match path.is_file() {
            true => BenefitLedger::open(path),
            false => Err(Error::at(
                Place::file(path),
                "there is no such file; expected a ledger of persons' settlements",
            )),
        }
    }

    /// Person and family of a settlement (结算所属人员), if the ledger has it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn find(&self, settlement: &str) -> Result<Option<(String, String)>> {
        let sql = "SELECT person, family FROM event WHERE settlement = ?";
        let found = self
            .db
            .query_row(sql, [settlement], |row| Ok((row.get(0)?, row.get(1)?)));
        found.optional().map_err(|e| failed(&self.path, &e))
    }

    /// Every event of these persons and families, in order (已有结算).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn events(&self, persons: &HashSet<&str>, families: &HashSet<&str>) -> Result<Vec<BenefitEvent>> {
        let asked = |event: &BenefitEvent| {
            let of_family = !event.family.is_empty() && families.contains(event.family.as_str());
            of_family || persons.contains(event.person.as_str())
        };
        let mut found: BTreeMap<i64, BenefitEvent> = BTreeMap::new();
        if persons.len() + families.len() > ONE_BY_ONE {
            found.extend(self.select("true", None)?);
            found.retain(|_, event| asked(event));
        } else {
            for person in persons {
                found.extend(self.select("person = ?", Some(person))?);
            }
            for family in families.iter().filter(|family| !family.is_empty()) {
                found.extend(self.select("family = ? AND family <> ''", Some(family))?);
            }
        }
        Ok(found.into_values().collect())
    }

    fn select(&self, clause: &str, value: Option<&str>) -> Result<Vec<(i64, BenefitEvent)>> {
        let say = |e: rusqlite::Error| failed(&self.path, &e);
        let sql = format!(
            "SELECT sequence, settlement, reverses, person, family, bill, slips, postings, replayed FROM event \
             WHERE {clause} ORDER BY sequence"
        );
        let mut statement = self.db.prepare(&sql).map_err(say)?;
        let rows = statement.query_map(params_from_iter(value), |row| {
            let event = BenefitEvent {
                settlement: row.get(1)?,
                reverses: row.get(2)?,
                person: row.get(3)?,
                family: row.get(4)?,
                bill: row.get(5)?,
                slips: row.get(6)?,
                postings: row.get(7)?,
                replayed: row.get(8)?,
            };
            Ok((row.get(0)?, event))
        });
        rows.map_err(say)?.collect::<rusqlite::Result<_>>().map_err(say)
    }

    /// Writes the events of a batch, all or none (写入一批).
    ///
    /// # Errors
    /// The ledger cannot be written; an id stands already; an event that is none.
    pub fn append(
        &mut self,
        policy: &str,
        events: impl IntoIterator<Item = Result<BenefitEvent>>,
    ) -> Result<u64> {
        let path = self.path.clone();
        let say = |e: rusqlite::Error| failed(&path, &e);
        let tx = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(say)?;
        let mut count = 0;
        {
            let sql = "INSERT INTO event (settlement, reverses, person, family, policy, bill, slips, postings, \
                       replayed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
            let mut insert = tx.prepare(sql).map_err(say)?;
            for event in events {
                let event = event?;
                let written = insert.execute(params![
                    event.settlement,
                    event.reverses,
                    event.person,
                    event.family,
                    policy,
                    event.bill,
                    event.slips,
                    event.postings,
                    event.replayed,
                ]);
                written.map_err(say)?;
                count += 1;
            }
        }
        tx.commit().map_err(say)?;
        Ok(count)
    }
}
