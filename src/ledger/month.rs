//! Months: posted and closed at once; entries that later months take (月度结算与关账).

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::entry::{CaseKey, Entry, EntryKind, Paid};
use super::store::{Ledger, failed, insert};
use crate::budget::{Booking, difference};
use crate::diagnostics::{Error, Place, Result, hexadecimal};
use crate::units::Fen;

/// A month to be posted (待关账月度).
pub struct MonthToClose<'a> {
    /// The pool.
    pub pool: &'a str,
    /// `2026-01`.
    pub month: &'a str,
    /// Name of the pack.
    pub pack: &'a str,
    /// SHA-256 of the pack and its tables.
    pub pack_hash: &'a str,
    /// SHA-256 of everything the cases were made from.
    pub input_hash: &'a str,
    /// Who closes it.
    pub author: &'a str,
    /// Its cases, each booked.
    pub cases: Vec<Entry>,
    /// What of a hospital's booked sum is paid and kept.
    pub booking: &'a dyn Fn(Fen) -> Result<Booking>,
}

/// A closed month (已关账月度).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedMonth {
    /// The month.
    pub month: String,
    /// SHA-256 of its rows, which never changes.
    pub hash: String,
    /// What its cases were made from.
    pub input_hash: String,
}

/// A hospital's month (医院月度).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HospitalMonth {
    /// The month.
    pub month: String,
    /// Hospital code.
    pub hospital: String,
    /// Cases posted, entries of closed months not counted.
    pub cases: u32,
    /// The sums.
    pub booking: Booking,
}

/// What posting a month did (关账结果).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The month as closed.
    pub closed: ClosedMonth,
    /// Whether it was closed before, by the same cases: then nothing was written.
    pub already: bool,
    /// By hospital.
    pub hospitals: Vec<HospitalMonth>,
}

impl Ledger {
    /// Posts a month's cases and closes the month, in one transaction (月度关账). The same month
    /// from the same input changes nothing.
    ///
    /// # Errors
    /// The month is closed with other cases; a later one is closed; a case stands in the ledger
    /// already; the ledger cannot be written.
    pub fn close_month(&mut self, month: &MonthToClose) -> Result<Posted> {
        check_month(month.month)?;
        if let Some(closed) = self.closed(month.pool, month.month)? {
            return self.closed_before(month, closed);
        }
        let path = self.path().to_owned();
        let say = |e: rusqlite::Error| failed(&path, &e);
        let tx = self.begin()?;
        refuse_out_of_order(&tx, month.pool, month.month)?;
        insert(&tx, month.pool, month.month, &month.cases).map_err(|e| twice(&path, &e))?;
        let hospitals = sums(&tx, month).map_err(say)??;
        for row in &hospitals {
            insert_hospital(&tx, month.pool, row).map_err(say)?;
        }
        let hash = hash_of(&tx, month.pool, month.month).map_err(say)?;
        tx.execute(
            "INSERT INTO closed_month (pool, month, pack, pack_hash, input_hash, hash, author) VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![month.pool, month.month, month.pack, month.pack_hash, month.input_hash, hash, month.author],
        )
        .map_err(say)?;
        tx.commit().map_err(say)?;
        Ok(Posted {
            closed: ClosedMonth {
                month: month.month.to_owned(),
                hash,
                input_hash: month.input_hash.to_owned(),
            },
            already: false,
            hospitals,
        })
    }

    fn closed_before(&self, month: &MonthToClose, closed: ClosedMonth) -> Result<Posted> {
        if closed.input_hash != month.input_hash {
            let message = format!(
                "month {} of pool `{}` is closed (hash {}) and was made from other input; what has changed since is an entry in an open month",
                month.month, month.pool, closed.hash
            );
            return Err(Error::at(Place::file(self.path()), message));
        }
        let hospitals = self.hospital_months(month.pool, month.month, month.month)?;
        Ok(Posted {
            closed,
            already: true,
            hospitals,
        })
    }

    /// A closed month, its hash held against its rows (核对已关账月度).
    ///
    /// # Errors
    /// The rows are not those that were closed; the ledger cannot be read.
    pub fn closed(&self, pool: &str, month: &str) -> Result<Option<ClosedMonth>> {
        let row = self.db.query_row(
            "SELECT month, hash, input_hash FROM closed_month WHERE pool = ? AND month = ?",
            params![pool, month],
            |row| {
                Ok(ClosedMonth {
                    month: row.get(0)?,
                    hash: row.get(1)?,
                    input_hash: row.get(2)?,
                })
            },
        );
        let Some(closed) = row.optional().map_err(|e| self.say(&e))? else {
            return Ok(None);
        };
        let present = hash_of(&self.db, pool, month).map_err(|e| self.say(&e))?;
        if present != closed.hash {
            let message = format!(
                "month {month} of pool `{pool}` was closed with hash {}, but its rows have {present}: it was changed from outside",
                closed.hash
            );
            return Err(Error::at(Place::file(self.path()), message));
        }
        Ok(Some(closed))
    }

    /// Closed months of a year, in order (年内已关账月度).
    ///
    /// # Errors
    /// As [`Ledger::closed`].
    pub fn closed_months(&self, pool: &str, year: &str) -> Result<Vec<ClosedMonth>> {
        let sql = "SELECT month FROM closed_month WHERE pool = ? AND month LIKE ? ORDER BY month";
        let mut statement = self.db.prepare(sql).map_err(|e| self.say(&e))?;
        let months = statement.query_map(params![pool, format!("{year}-%")], |row| row.get::<_, String>(0));
        let months: rusqlite::Result<Vec<String>> = months.map_err(|e| self.say(&e))?.collect();
        let months = months.map_err(|e| self.say(&e))?;
        let closed = months.iter().map(|month| self.closed(pool, month));
        closed.filter_map(Result::transpose).collect()
    }

    /// Hospitals' months from one to another, by month and hospital (医院月度明细).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn hospital_months(&self, pool: &str, from: &str, to: &str) -> Result<Vec<HospitalMonth>> {
        let sql = "SELECT month, hospital, cases, booked, deposit, deductions, cash FROM hospital_month \
                   WHERE pool = ? AND month BETWEEN ? AND ? ORDER BY month, hospital";
        let mut statement = self.db.prepare(sql).map_err(|e| self.say(&e))?;
        let rows = statement.query_map(params![pool, from, to], |row| {
            let fen = |at: usize| row.get::<_, i64>(at).map(Fen::new);
            Ok(HospitalMonth {
                month: row.get(0)?,
                hospital: row.get(1)?,
                cases: row.get(2)?,
                booking: Booking {
                    booked: fen(3)?,
                    deposit: fen(4)?,
                    deductions: fen(5)?,
                    cash: fen(6)?,
                },
            })
        });
        let rows = rows.map_err(|e| self.say(&e))?;
        rows.collect::<rusqlite::Result<_>>().map_err(|e| self.say(&e))
    }

    /// The entries of one case, oldest first (病例分录).
    ///
    /// # Errors
    /// No such case, or several hospitals have one and none is named.
    pub fn case(
        &self,
        pool: &str,
        case_id: &str,
        hospital: Option<&str>,
    ) -> Result<Vec<(i64, String, Entry)>> {
        let found = match hospital {
            Some(hospital) => self.entries(
                "pool = ? AND case_id = ? AND hospital = ?",
                &[&pool, &case_id, &hospital],
            ),
            None => self.entries("pool = ? AND case_id = ?", &[&pool, &case_id]),
        }?;
        let keys: std::collections::BTreeSet<&CaseKey> =
            found.iter().map(|(_, _, entry)| &entry.key).collect();
        match keys.len() {
            0 => Err(Error::at(
                Place::file(self.path()),
                format!("case `{case_id}` stands in no month of pool `{pool}`"),
            )),
            1 => Ok(found),
            many => Err(Error::at(
                Place::file(self.path()),
                format!("{many} cases of pool `{pool}` have the number `{case_id}`; name the hospital"),
            )),
        }
    }

    /// Reverses every entry of a case that is not reversed yet (冲正): mirrors, in an open month.
    ///
    /// # Errors
    /// No such case; it is reversed already; the month is closed or lies before a closed one.
    pub fn reverse(
        &mut self,
        pool: &str,
        month: &str,
        case: (&str, Option<&str>),
        why: (&str, &str),
    ) -> Result<Vec<Entry>> {
        check_month(month)?;
        let entries = self.case(pool, case.0, case.1)?;
        let reversed: Vec<i64> = entries
            .iter()
            .filter(|(_, _, entry)| entry.kind == EntryKind::Reversal)
            .filter_map(|(_, _, entry)| entry.refers)
            .collect();
        let mirrors: Vec<Entry> = entries
            .iter()
            .filter(|(id, _, entry)| entry.kind != EntryKind::Reversal && !reversed.contains(id))
            .map(|(id, _, entry)| entry.mirrored(*id, why.0, why.1))
            .collect();
        if mirrors.is_empty() {
            let message = format!("case `{}` is reversed already: nothing of it is left", case.0);
            return Err(Error::at(Place::file(self.path()), message));
        }
        self.write_open(pool, month, &mirrors)?;
        Ok(mirrors)
    }

    /// Brings what was booked for a case to another amount (差额调整): the amount less what was
    /// posted, in an open month.
    ///
    /// # Errors
    /// As [`Ledger::reverse`]; the amount is what was posted.
    pub fn adjust(
        &mut self,
        pool: &str,
        month: &str,
        case: (&str, Option<&str>),
        amount: Fen,
        why: (&str, &str),
    ) -> Result<Entry> {
        check_month(month)?;
        let entries = self.case(pool, case.0, case.1)?;
        let entry = difference(amount, entries.iter().map(|(_, _, entry)| entry.booked));
        let Some((id, _, first)) = entries.first().filter(|_| entry != Fen::ZERO) else {
            let message = format!("case `{}` is booked at {amount} already", case.0);
            return Err(Error::at(Place::file(self.path()), message));
        };
        let nothing = Paid::from(first.paid.word(), 0).unwrap_or(Paid::Nothing);
        let entry = Entry {
            kind: EntryKind::Difference,
            paid: nothing,
            cost: Fen::ZERO,
            claim: Fen::ZERO,
            nonfund: Fen::ZERO,
            booked: entry,
            refers: Some(*id),
            reason: why.0.to_owned(),
            author: why.1.to_owned(),
            ..first.clone()
        };
        self.write_open(pool, month, std::slice::from_ref(&entry))?;
        Ok(entry)
    }

    fn write_open(&mut self, pool: &str, month: &str, entries: &[Entry]) -> Result<()> {
        let path = self.path().to_owned();
        let say = |e: rusqlite::Error| failed(&path, &e);
        let tx = self.begin()?;
        refuse_out_of_order(&tx, pool, month)?;
        insert(&tx, pool, month, entries).map_err(say)?;
        tx.commit().map_err(say)
    }
}

/// A month as `2026-01`.
fn check_month(month: &str) -> Result<()> {
    let good = month.split_once('-').is_some_and(|(year, of)| {
        let digits =
            |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        digits(year, 4) && digits(of, 2) && ("01"..="12").contains(&of)
    });
    if good {
        return Ok(());
    }
    Err(Error::new(format!(
        "`{month}` is no month; expected one such as 2026-01"
    )))
}

/// Months close in their order, and an open month lies behind every closed one.
fn refuse_out_of_order(tx: &Transaction, pool: &str, month: &str) -> Result<()> {
    let last = tx.query_row(
        "SELECT max(month) FROM closed_month WHERE pool = ?",
        params![pool],
        |row| row.get::<_, Option<String>>(0),
    );
    let last = last.map_err(|e| Error::new(format!("the ledger: {e}")))?;
    match last {
        Some(last) if last.as_str() >= month => Err(Error::new(format!(
            "month {month} of pool `{pool}` is not open: {last} is closed; closed months are never rewritten"
        ))),
        _ => Ok(()),
    }
}

/// A second case of one key, named by what the database says of it.
fn twice(path: &std::path::Path, error: &rusqlite::Error) -> Error {
    let unique = error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation);
    if unique && error.to_string().contains("case_id") {
        let message = "a case stands in the ledger already: hospital, number and day of discharge are those of an earlier one";
        return Error::at(Place::file(path), message);
    }
    failed(path, error)
}

/// A month's sums by hospital, entries of closed months included.
fn sums(tx: &Transaction, month: &MonthToClose) -> rusqlite::Result<Result<Vec<HospitalMonth>>> {
    let sql = "SELECT hospital, sum(kind = 'case'), sum(booked) FROM entry WHERE pool = ? AND month = ? \
               GROUP BY hospital ORDER BY hospital";
    let mut statement = tx.prepare(sql)?;
    let rows = statement.query_map(params![month.pool, month.month], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, u32>(1)?,
            Fen::new(row.get(2)?),
        ))
    })?;
    let mut sums = Vec::new();
    for row in rows {
        let (hospital, cases, booked) = row?;
        let booking = match (month.booking)(booked) {
            Ok(booking) => booking,
            Err(error) => return Ok(Err(error)),
        };
        sums.push(HospitalMonth {
            month: month.month.to_owned(),
            hospital,
            cases,
            booking,
        });
    }
    Ok(Ok(sums))
}

fn insert_hospital(tx: &Transaction, pool: &str, row: &HospitalMonth) -> rusqlite::Result<()> {
    let Booking {
        booked,
        deposit,
        deductions,
        cash,
    } = row.booking;
    let fen = [booked, deposit, deductions, cash].map(Fen::fen);
    let [booked, deposit, deductions, cash] = fen;
    tx.execute(
        "INSERT INTO hospital_month VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            pool,
            row.month,
            row.hospital,
            row.cases,
            booked,
            deposit,
            deductions,
            cash
        ],
    )
    .map(|_| ())
}

/// SHA-256 of a month's entries and sums, in their one order.
fn hash_of(db: &rusqlite::Connection, pool: &str, month: &str) -> rusqlite::Result<String> {
    let mut hash = Sha256::new();
    let sql = format!(
        "SELECT {} FROM entry WHERE pool = ? AND month = ? ORDER BY hospital, case_id, discharge, id",
        super::entry::COLUMNS
    );
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query(params![pool, month])?;
    while let Some(row) = rows.next()? {
        let (id, entry) = Entry::read(row)?;
        hash.update(entry.canonical(id).as_bytes());
    }
    let sql = "SELECT hospital, cases, booked, deposit, deductions, cash FROM hospital_month \
               WHERE pool = ? AND month = ? ORDER BY hospital";
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query(params![pool, month])?;
    while let Some(row) = rows.next()? {
        let mut line = row.get::<_, String>(0)?;
        for at in 1..6 {
            line.push_str(&format!("\u{1f}{}", row.get::<_, i64>(at)?));
        }
        line.push('\n');
        hash.update(line.as_bytes());
    }
    Ok(hexadecimal(&hash.finalize()))
}

/// What every key is booked at by now.
pub(super) fn current(entries: impl IntoIterator<Item = Entry>) -> BTreeMap<CaseKey, Entry> {
    let mut cases: BTreeMap<CaseKey, Entry> = BTreeMap::new();
    for entry in entries {
        match cases.get_mut(&entry.key) {
            None => drop(cases.insert(entry.key.clone(), entry)),
            Some(sum) => {
                let units = sum.paid.units() + entry.paid.units();
                sum.paid = Paid::from(sum.paid.word(), units).unwrap_or(sum.paid);
                sum.cost += entry.cost;
                sum.claim += entry.claim;
                sum.nonfund += entry.nonfund;
                sum.booked += entry.booked;
            }
        }
    }
    cases
}
