//! A ledger on a server (PostgreSQL, 15 or later), in a schema of its own.

use std::error::Error as _;
use std::io::Write;

use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, NoTls};

use super::database::{Done, Failure, Row, Rows, Value};
use super::schema::POSTGRES;

/// Makes the schema and gives everything in it a place.
const OWN: &str = "CREATE SCHEMA IF NOT EXISTS dianzhi_ledger; SET search_path TO dianzhi_ledger; \
     SET lock_timeout = '10s'; SET client_min_messages = warning; \
     CREATE TABLE IF NOT EXISTS ledger_version (version BIGINT NOT NULL);";

/// Held while anything is written, by one settler at a time.
const ONE_AT_A_TIME: &str = "BEGIN; SELECT pg_advisory_xact_lock(7211302195);";

/// Text of a copy is handed on in pieces of this many bytes.
const PIECE: usize = 1 << 20;

pub(super) struct Postgres(Client);

/// What the server says, with what it was about.
pub(super) fn failure(error: &postgres::Error) -> Failure {
    let said = error.as_db_error().map(|said| said.message().to_owned());
    let cause = || {
        error
            .source()
            .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
    };
    Failure {
        what: said.unwrap_or_else(cause),
        twice: error.code() == Some(&SqlState::UNIQUE_VIOLATION),
    }
}

impl Postgres {
    pub(super) fn open(url: &str) -> Done<Postgres> {
        Client::connect(url, NoTls).map(Postgres).map_err(|e| failure(&e))
    }

    pub(super) fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        take: &mut dyn FnMut(&Row<'_>) -> Done<()>,
    ) -> Done<()> {
        let said = |e: postgres::Error| failure(&e);
        let mut rows = self.0.query_raw(sql, parameters(values)).map_err(said)?;
        while let Some(row) = rows.next().map_err(said)? {
            take(&Row::Postgres(&row))?;
        }
        Ok(())
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Done<()> {
        let done = self.0.execute(sql, &parameters(values).collect::<Vec<_>>());
        done.map(|_| ()).map_err(|e| failure(&e))
    }

    pub(super) fn run(&mut self, sql: &str) -> Done<()> {
        self.0.batch_execute(sql).map_err(|e| failure(&e))
    }

    pub(super) fn begin(&mut self) -> Done<()> {
        self.run(ONE_AT_A_TIME)
    }

    /// `COPY`: rows as text, tabs between their values.
    pub(super) fn load(&mut self, table: &str, columns: &[&str], rows: Rows<'_>) -> Done<()> {
        let said = |e: postgres::Error| failure(&e);
        let broken = |e: std::io::Error| Failure::new(e.to_string());
        let sql = format!("COPY {table} ({}) FROM STDIN", columns.join(", "));
        let mut copy = self.0.copy_in(&sql).map_err(said)?;
        let mut text = Vec::with_capacity(PIECE + PIECE / 8);
        rows(&mut |row| {
            for (at, value) in row.iter().enumerate() {
                if at > 0 {
                    text.push(b'\t');
                }
                push(&mut text, value).map_err(broken)?;
            }
            text.push(b'\n');
            if text.len() >= PIECE {
                copy.write_all(&text).map_err(broken)?;
                text.clear();
            }
            Ok(())
        })?;
        copy.write_all(&text).map_err(broken)?;
        copy.finish().map(|_| ()).map_err(said)
    }

    /// Runs the versions that are still to come, all in one transaction.
    pub(super) fn migrate(&mut self) -> Done<()> {
        self.begin()?;
        let done = self.migrate_within();
        self.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        done
    }

    fn migrate_within(&mut self) -> Done<()> {
        self.run(OWN)?;
        let said = |e: postgres::Error| failure(&e);
        let version = self
            .0
            .query_opt("SELECT version FROM ledger_version", &[])
            .map_err(said)?;
        let version = version
            .map_or(Ok(0), |row| row.try_get::<_, i64>(0))
            .map_err(said)?;
        for sql in super::schema::still_to_come(&POSTGRES, version, false)? {
            self.run(sql)?;
        }
        let present = i64::try_from(POSTGRES.len()).unwrap_or(i64::MAX);
        self.run("DELETE FROM ledger_version")?;
        self.execute("INSERT INTO ledger_version VALUES ($1)", &[Value::Whole(present)])
    }
}

fn parameters<'v>(values: &'v [Value<'v>]) -> impl ExactSizeIterator<Item = &'v (dyn ToSql + Sync)> {
    values.iter().map(|value| match value {
        Value::Text(text) => text as &(dyn ToSql + Sync),
        Value::Whole(whole) => whole,
        Value::Null => &None::<i64>,
    })
}

/// A value as text of a copy: backslash, tab and ends of lines escaped.
fn push(text: &mut Vec<u8>, value: &Value<'_>) -> std::io::Result<()> {
    match value {
        Value::Whole(whole) => return write!(text, "{whole}"),
        Value::Null => text.extend_from_slice(b"\\N"),
        Value::Text(value) => {
            for byte in value.bytes() {
                match byte {
                    b'\\' => text.extend_from_slice(b"\\\\"),
                    b'\t' => text.extend_from_slice(b"\\t"),
                    b'\n' => text.extend_from_slice(b"\\n"),
                    b'\r' => text.extend_from_slice(b"\\r"),
                    other => text.push(other),
                }
            }
        }
    }
    Ok(())
}
