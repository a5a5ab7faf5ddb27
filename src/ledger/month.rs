//! Months: posted and closed at once (月度结算与关账).

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::database::{Database, Done, Value};
use super::entry::{CaseKey, Entry, EntryKind, Paid};
use super::note::RunNote;
use super::posting::check_month;
use super::store::{Ledger, insert};
use crate::budget::{AdvanceGiven, Booking};
use crate::diagnostics::{Error, Result, hexadecimal};
use crate::units::Fen;

/// What of a hospital's booked sum is paid and kept, and what of its advance is taken back
/// (月度拨付规则).
pub type BookingRule<'a> = &'a dyn Fn(Fen, AdvanceGiven) -> Result<Booking>;

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
    pub booking: BookingRule<'a>,
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
    /// What entries for years locked before it bring or ask back: settled by its year's clearing, not
    /// with the month.
    pub prior_year: Fen,
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
        let posted = self.close_months(std::slice::from_ref(month), &[])?;
        let none = || self.error("no month was closed");
        posted.into_iter().next().ok_or_else(none)
    }

    /// The same for the pools of a run, all of them or none, with what is kept of the run.
    ///
    /// # Errors
    /// As [`Ledger::close_month`].
    pub fn close_months(&mut self, months: &[MonthToClose], notes: &[RunNote]) -> Result<Vec<Posted>> {
        let mut before = Vec::with_capacity(months.len());
        for month in months {
            check_month(month.month)?;
            let closed = self.closed(month.pool, month.month)?;
            before.push(
                closed
                    .map(|closed| self.closed_before(month, closed))
                    .transpose()?,
            );
        }
        self.within(|db| {
            let mut posted = Vec::with_capacity(months.len());
            for (month, before) in months.iter().zip(before) {
                posted.push(match before {
                    Some(before) => before,
                    None => self.post(db, month)?,
                });
            }
            for note in notes {
                note.keep(db).map_err(|e| self.said(&e))?;
            }
            Ok(posted)
        })
    }

    /// Everything that closing a month writes, in its transaction.
    fn post(&self, db: &mut Database, month: &MonthToClose) -> Result<Posted> {
        let said = |e| self.said(&e);
        self.refuse_out_of_order(db, month.pool, month.month)?;
        if let Err(failure) = insert(db, month.pool, month.month, &month.cases) {
            return Err(if failure.twice {
                self.twice(&month.cases)
            } else {
                said(failure)
            });
        }
        let hospitals = self.sums(db, month)?;
        for row in &hospitals {
            insert_hospital(db, month.pool, row).map_err(said)?;
        }
        let hash = hash_of(db, month.pool, month.month).map_err(said)?;
        let MonthToClose {
            pool,
            month: of,
            pack,
            pack_hash,
            input_hash,
            author,
            ..
        } = month;
        let texts = [*pool, of, pack, pack_hash, input_hash, &hash, author];
        insert_closed(db, texts).map_err(said)?;
        Ok(Posted {
            closed: ClosedMonth {
                month: (*of).to_owned(),
                hash,
                input_hash: (*input_hash).to_owned(),
            },
            already: false,
            hospitals,
        })
    }

    /// The error of a second case of one key, which it names where the month itself has both.
    fn twice(&self, cases: &[Entry]) -> Error {
        let mut keys: Vec<&CaseKey> = cases.iter().map(|entry| &entry.key).collect();
        keys.sort_unstable();
        let both = keys.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(*a),
            _ => None,
        });
        self.error(match both {
            Some(key) => format!(
                "case `{}` of hospital `{}`, discharged on {}, stands twice in the month",
                key.case_id, key.hospital, key.discharge
            ),
            None => "a case stands in the ledger already: hospital, number and day of discharge are those of an earlier one".to_owned(),
        })
    }

    /// A month's sums by hospital, entries of closed months included.
    fn sums(&self, db: &mut Database, month: &MonthToClose) -> Result<Vec<HospitalMonth>> {
        // an entry of a locked year is settled by the clearing, and has no part in the month's cash
        let sql = "SELECT hospital, count(*) FILTER (WHERE kind = 'case'), \
                   CAST(coalesce(sum(booked) FILTER (WHERE of_year = ''), 0) AS BIGINT), CAST(sum(prior) AS BIGINT) \
                   FROM entry WHERE pool = $1 AND month = $2 GROUP BY hospital ORDER BY hospital";
        let rows = db.all(sql, &[month.pool.into(), month.month.into()], |row| {
            Ok((row.text(0)?, row.whole(1)?, row.fen(2)?, row.fen(3)?))
        });
        let mut sums = Vec::new();
        for (hospital, cases, booked, prior_year) in rows.map_err(|e| self.said(&e))? {
            let advance =
                advance_before(db, month.pool, &hospital, month.month).map_err(|e| self.said(&e))?;
            sums.push(HospitalMonth {
                month: month.month.to_owned(),
                cases: u32::try_from(cases).unwrap_or(u32::MAX),
                booking: (month.booking)(booked, advance)?,
                prior_year,
                hospital,
            });
        }
        Ok(sums)
    }

    fn closed_before(&self, month: &MonthToClose, closed: ClosedMonth) -> Result<Posted> {
        if closed.input_hash != month.input_hash {
            let message = format!(
                "month {} of pool `{}` is closed (hash {}) and was made from other input; what has changed since is an entry in an open month",
                month.month, month.pool, closed.hash
            );
            return Err(self.error(message));
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
        let sql = "SELECT month, hash, input_hash FROM closed_month WHERE pool = $1 AND month = $2";
        let closed = self.ask(|db| {
            db.first(sql, &[pool.into(), month.into()], |row| {
                Ok(ClosedMonth {
                    month: row.text(0)?,
                    hash: row.text(1)?,
                    input_hash: row.text(2)?,
                })
            })
        })?;
        let Some(closed) = closed else { return Ok(None) };
        let present = self.ask(|db| hash_of(db, pool, month))?;
        if present != closed.hash {
            let message = format!(
                "month {month} of pool `{pool}` was closed with hash {}, but its rows have {present}: it was changed from outside",
                closed.hash
            );
            return Err(self.error(message));
        }
        Ok(Some(closed))
    }

    /// Closed months of a year, in order (年内已关账月度).
    ///
    /// # Errors
    /// As [`Ledger::closed`].
    pub fn closed_months(&self, pool: &str, year: &str) -> Result<Vec<ClosedMonth>> {
        let sql = "SELECT month FROM closed_month WHERE pool = $1 AND month LIKE $2 ORDER BY month";
        let pattern = format!("{year}-%");
        let months = self.ask(|db| db.all(sql, &[pool.into(), (&pattern).into()], |row| row.text(0)))?;
        let closed = months.iter().map(|month| self.closed(pool, month));
        closed.filter_map(Result::transpose).collect()
    }

    /// Hospitals' months from one to another, by month and hospital (医院月度明细).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn hospital_months(&self, pool: &str, from: &str, to: &str) -> Result<Vec<HospitalMonth>> {
        let sql = "SELECT month, hospital, cases, booked, deposit, deductions, cash, advance_offset, prior_year \
                   FROM hospital_month WHERE pool = $1 AND month BETWEEN $2 AND $3 ORDER BY month, hospital";
        self.ask(|db| {
            db.all(sql, &[pool.into(), from.into(), to.into()], |row| {
                Ok(HospitalMonth {
                    month: row.text(0)?,
                    hospital: row.text(1)?,
                    cases: u32::try_from(row.whole(2)?).unwrap_or(u32::MAX),
                    booking: Booking {
                        booked: row.fen(3)?,
                        deposit: row.fen(4)?,
                        deductions: row.fen(5)?,
                        cash: row.fen(6)?,
                        offset: row.fen(7)?,
                    },
                    prior_year: row.fen(8)?,
                })
            })
        })
    }
}

/// What a hospital was given in advance by the end of a month, and what of it months before and
/// locked years did not take back.
fn advance_before(db: &mut Database, pool: &str, hospital: &str, month: &str) -> Done<AdvanceGiven> {
    let year = month.get(..4).unwrap_or("");
    let end = format!("{month}-31");
    let mut sum = |sql: &str, until: &str| {
        let values = [pool.into(), hospital.into(), until.into()];
        db.first(sql, &values, |row| row.fen(0))
            .map(|sum| sum.unwrap_or(Fen::ZERO))
    };
    let given = sum(
        "SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM advance WHERE pool = $1 AND hospital = $2 AND day <= $3",
        &end,
    )?;
    let by_months = sum(
        "SELECT CAST(coalesce(sum(advance_offset), 0) AS BIGINT) FROM hospital_month \
         WHERE pool = $1 AND hospital = $2 AND month < $3",
        month,
    )?;
    let by_years = sum(
        "SELECT CAST(coalesce(sum(advance), 0) AS BIGINT) FROM clearing \
         WHERE pool = $1 AND hospital = $2 AND year < $3 AND state = 'LOCKED'",
        year,
    )?;
    Ok(AdvanceGiven {
        given,
        outstanding: given - by_months - by_years,
    })
}

impl Ledger {
    /// What of a hospital's advances is still to be taken back at the end of a year (未冲抵预付金).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn advances(&self, pool: &str, hospital: &str, year: &str) -> Result<Fen> {
        // behind December, so that its own offset counts
        let advance = self.ask(|db| advance_before(db, pool, hospital, &format!("{year}-13")))?;
        Ok(advance.outstanding)
    }
}

fn insert_hospital(db: &mut Database, pool: &str, row: &HospitalMonth) -> Done<()> {
    let Booking {
        booked,
        deposit,
        deductions,
        offset,
        cash,
    } = row.booking;
    let sql = "INSERT INTO hospital_month (pool, month, hospital, cases, booked, deposit, deductions, cash, advance_offset, \
               prior_year) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        pool.into(),
        (&row.month).into(),
        (&row.hospital).into(),
        i64::from(row.cases).into(),
        booked.into(),
        deposit.into(),
        deductions.into(),
        cash.into(),
        offset.into(),
        row.prior_year.into(),
    ];
    db.execute(sql, &values)
}

/// Closes a month, or the clearing period of a year: pool, month, pack, its hash, the input's, the
/// month's, author.
pub(super) fn insert_closed(db: &mut Database, texts: [&str; 7]) -> Done<()> {
    let sql = "INSERT INTO closed_month (pool, month, pack, pack_hash, input_hash, hash, author) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    db.execute(sql, &texts.map(Value::Text))
}

/// SHA-256 of a month's entries and sums, in their one order.
pub(super) fn hash_of(db: &mut Database, pool: &str, month: &str) -> Done<String> {
    let mut hash = Sha256::new();
    let sql = format!(
        "SELECT {} FROM entry WHERE pool = $1 AND month = $2 ORDER BY hospital, case_id, discharge, id",
        super::entry::COLUMNS.join(", ")
    );
    let of_month = [pool.into(), month.into()];
    db.each(&sql, &of_month, &mut |row| {
        let (id, entry) = Entry::read(row)?;
        hash.update(entry.canonical(id).as_bytes());
        Ok(())
    })?;
    let sql = "SELECT hospital, cases, booked, deposit, deductions, cash, advance_offset, prior_year \
               FROM hospital_month WHERE pool = $1 AND month = $2 ORDER BY hospital";
    db.each(sql, &of_month, &mut |row| {
        let mut line = row.text(0)?;
        for at in 1..6 {
            line.push_str(&format!("\u{1f}{}", row.whole(at)?));
        }
        // a month that takes nothing back has the line that the first version gave it
        if row.whole(6)? != 0 {
            line.push_str(&format!("\u{1f}{}", row.whole(6)?));
        }
        if row.whole(7)? != 0 {
            line.push_str(&format!("\u{1f}prior\u{1f}{}", row.whole(7)?));
        }
        line.push('\n');
        hash.update(line.as_bytes());
        Ok(())
    })?;
    Ok(hexadecimal(&hash.finalize()))
}

/// What every key comes to by now; entries in the order in which they were written.
///
/// What is no number is that of the last entry: a difference may bring a case to another kind, and
/// a list posted again begins anew.
pub(super) fn current(entries: impl IntoIterator<Item = Entry>) -> BTreeMap<CaseKey, Entry> {
    let mut cases: BTreeMap<CaseKey, Entry> = BTreeMap::new();
    for entry in entries {
        match cases.get_mut(&entry.key) {
            Some(sum) if entry.kind != EntryKind::Case => add(sum, entry),
            _ => drop(cases.insert(entry.key.clone(), entry)),
        }
    }
    cases
}

/// Adds a later entry to what its case came to.
fn add(sum: &mut Entry, entry: Entry) {
    sum.paid = match sum.paid.word() == entry.paid.word() {
        true => Paid::from(sum.paid.word(), sum.paid.units() + entry.paid.units()).unwrap_or(sum.paid),
        // what it was paid by before has been taken off
        false => entry.paid,
    };
    if entry.kind == EntryKind::Difference {
        sum.level = entry.level;
        sum.group = entry.group;
        sum.case_kind = entry.case_kind;
        sum.ratio = entry.ratio;
    }
    sum.cost += entry.cost;
    sum.claim += entry.claim;
    sum.nonfund += entry.nonfund;
    sum.booked += entry.booked;
    sum.more.add(entry.more);
}
