//! The two databases behind one door (数据库接口): the same statements for SQLite and PostgreSQL.
//!
//! Statements number their values `$1`, `$2` …, in the order in which they first stand; both
//! databases read that. What only one of them can say stands here and in [`super::schema`], nowhere
//! else.

#[cfg(feature = "postgres")]
use super::postgres;
use super::sqlite;

/// A value of a statement.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Whole(i64),
    Null,
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Value<'a> {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Value<'a> {
        Value::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(whole: i64) -> Self {
        Value::Whole(whole)
    }
}

impl From<crate::units::Fen> for Value<'_> {
    fn from(amount: crate::units::Fen) -> Self {
        Value::Whole(amount.fen())
    }
}

/// What went wrong in the database, in its own words.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) what: String,
    /// A row stands there already.
    pub(super) twice: bool,
}

impl Failure {
    pub(super) fn new(what: impl Into<String>) -> Failure {
        Failure {
            what: what.into(),
            twice: false,
        }
    }
}

/// Gives rows to whoever writes them, one after the other.
pub(super) type Rows<'r> = &'r dyn Fn(&mut dyn FnMut(&[Value<'_>]) -> Done<()>) -> Done<()>;

pub(super) type Done<T> = std::result::Result<T, Failure>;

/// A row of an answer.
pub(super) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    #[cfg(feature = "postgres")]
    Postgres(&'r ::postgres::Row),
}

impl Row<'_> {
    /// Text of a column.
    pub(super) fn text(&self, at: usize) -> Done<String> {
        match self {
            Row::Sqlite(row) => row.get(at).map_err(|e| sqlite::failure(&e)),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => row.try_get(at).map_err(|e| postgres::failure(&e)),
        }
    }

    /// A whole number, or nothing.
    pub(super) fn whole_or_null(&self, at: usize) -> Done<Option<i64>> {
        match self {
            Row::Sqlite(row) => row.get(at).map_err(|e| sqlite::failure(&e)),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => row.try_get(at).map_err(|e| postgres::failure(&e)),
        }
    }

    /// Text, or nothing.
    pub(super) fn text_or_null(&self, at: usize) -> Done<Option<String>> {
        match self {
            Row::Sqlite(row) => row.get(at).map_err(|e| sqlite::failure(&e)),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => row.try_get(at).map_err(|e| postgres::failure(&e)),
        }
    }

    /// A whole number.
    pub(super) fn whole(&self, at: usize) -> Done<i64> {
        let value = self.whole_or_null(at)?;
        value.ok_or_else(|| Failure::new(format!("column {} of the answer is empty", at + 1)))
    }

    /// An amount.
    pub(super) fn fen(&self, at: usize) -> Done<crate::units::Fen> {
        self.whole(at).map(crate::units::Fen::new)
    }
}

/// An open database.
pub(super) enum Database {
    Sqlite(sqlite::Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Postgres>),
}

/// Calls the same method of whichever database it is.
macro_rules! on {
    ($database:expr, $name:ident => $call:expr) => {
        match $database {
            Database::Sqlite($name) => $call,
            #[cfg(feature = "postgres")]
            Database::Postgres($name) => $call,
        }
    };
}

impl Database {
    /// Hands every row of an answer to `take`, one after the other.
    pub(super) fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        take: &mut dyn FnMut(&Row<'_>) -> Done<()>,
    ) -> Done<()> {
        on!(self, database => database.each(sql, values, take))
    }

    /// The rows of an answer, each made into a `T`.
    pub(super) fn all<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Done<T>,
    ) -> Done<Vec<T>> {
        let mut rows = Vec::new();
        self.each(sql, values, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first row of an answer, if there is one.
    pub(super) fn first<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Done<T>,
    ) -> Done<Option<T>> {
        Ok(self.all(sql, values, read)?.into_iter().next())
    }

    /// Runs a statement that answers nothing.
    pub(super) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Done<()> {
        on!(self, database => database.execute(sql, values))
    }

    /// Begins a transaction that no other settler can come between.
    pub(super) fn begin(&mut self) -> Done<()> {
        on!(self, database => database.begin())
    }

    /// Ends it and keeps everything.
    pub(super) fn commit(&mut self) -> Done<()> {
        on!(self, database => database.run("COMMIT"))
    }

    /// Ends it and keeps nothing.
    pub(super) fn rollback(&mut self) {
        // a transaction that cannot be rolled back is lost with its connection
        drop(on!(self, database => database.run("ROLLBACK")));
    }

    /// Writes many rows of whole columns, the fastest way the database has.
    pub(super) fn load(&mut self, table: &str, columns: &[&str], rows: Rows<'_>) -> Done<()> {
        on!(self, database => database.load(table, columns, rows))
    }

    /// Brings it to the present version.
    pub(super) fn migrate(&mut self) -> Done<()> {
        on!(self, database => database.migrate())
    }
}
