//! A ledger in one file (SQLite).

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};

use super::database::{Done, Failure, Row, Rows, Value};
use super::schema::SQLITE;

/// How long a settler waits for another one.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Sqlite(Connection);

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Whole(whole) => ToSqlOutput::from(*whole),
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
        })
    }
}

/// What SQLite says.
pub(super) fn failure(error: &rusqlite::Error) -> Failure {
    let unique = error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation);
    let what = error.to_string();
    Failure {
        twice: unique && what.contains("UNIQUE"),
        what,
    }
}

/// The same as an error of a file.
pub(super) fn failed(path: &Path, error: &rusqlite::Error) -> crate::diagnostics::Error {
    super::store::failed(path, &failure(error))
}

impl Sqlite {
    pub(super) fn open(path: &Path) -> Done<Sqlite> {
        let said = |e: rusqlite::Error| failure(&e);
        let db = Connection::open(path).map_err(said)?;
        db.busy_timeout(PATIENCE).map_err(said)?;
        // a cache of 256 MiB holds the indices of a month of a million cases while it is written
        db.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA cache_size = -262144;")
            .map_err(said)?;
        Ok(Sqlite(db))
    }

    pub(super) fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        take: &mut dyn FnMut(&Row<'_>) -> Done<()>,
    ) -> Done<()> {
        let said = |e: rusqlite::Error| failure(&e);
        let mut statement = self.0.prepare(sql).map_err(said)?;
        let mut rows = statement.query(params_from_iter(values)).map_err(said)?;
        while let Some(row) = rows.next().map_err(said)? {
            take(&Row::Sqlite(row))?;
        }
        Ok(())
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Done<()> {
        let done = self.0.execute(sql, params_from_iter(values));
        done.map(|_| ()).map_err(|e| failure(&e))
    }

    pub(super) fn run(&mut self, sql: &str) -> Done<()> {
        self.0.execute_batch(sql).map_err(|e| failure(&e))
    }

    /// The one writer of a file is whoever asked first.
    pub(super) fn begin(&mut self) -> Done<()> {
        self.run("BEGIN IMMEDIATE")
    }

    pub(super) fn load(&mut self, table: &str, columns: &[&str], rows: Rows<'_>) -> Done<()> {
        let places: Vec<String> = (1..=columns.len()).map(|at| format!("${at}")).collect();
        let sql = format!(
            "INSERT INTO {table} ({}) VALUES ({})",
            columns.join(", "),
            places.join(", ")
        );
        let mut statement = self.0.prepare(&sql).map_err(|e| failure(&e))?;
        rows(&mut |row| {
            let done = statement.execute(params_from_iter(row));
            done.map(|_| ()).map_err(|e| failure(&e))
        })
    }

    /// Runs the versions that are still to come, all in one transaction.
    pub(super) fn migrate(&mut self) -> Done<()> {
        self.begin()?;
        let done = self.migrate_within();
        self.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        done
    }

    fn migrate_within(&mut self) -> Done<()> {
        let said = |e: rusqlite::Error| failure(&e);
        let one = |db: &Connection, sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
        let version = one(&self.0, "PRAGMA user_version").map_err(said)?;
        let tables = one(&self.0, "SELECT count(*) FROM sqlite_master").map_err(said)?;
        for sql in super::schema::still_to_come(&SQLITE, version, tables > 0)? {
            self.0.execute_batch(sql).map_err(said)?;
        }
        let present = i64::try_from(SQLITE.len()).unwrap_or(i64::MAX);
        self.0.pragma_update(None, "user_version", present).map_err(said)
    }
}
