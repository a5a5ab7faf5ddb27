//! Entries that later periods take: the mirror of a case, or a difference (冲正与差额调整).
//!
//! An entry belongs to its case's year. While that year is open, it goes to one of the year's open
//! months, or to its clearing period, `2026-13`, which is open once December is closed and until
//! the year is locked. After that it goes to a month of a later year as *prior year*: it carries
//! what the case was due when its year was locked, takes no part in the later year's points, and
//! is settled by that year's clearing in a line of its own.

use std::collections::BTreeSet;

use super::database::Database;
use super::entry::{CaseKey, Entry, EntryKind, EntryMore, Paid};
use super::month::current;
use super::posting::{check_month, clearing_period, is_clearing_period, is_closed, is_locked};
use super::store::{Ledger, insert};
use crate::budget::difference;
use crate::diagnostics::{Error, Result};
use crate::units::Fen;

/// Which case of a pool (病例指称): its number, with hospital and day of discharge where several
/// cases have that number.
#[derive(Clone, Copy, Debug)]
pub struct WhichCase<'a> {
    /// Number of the case.
    pub case_id: &'a str,
    /// Its hospital, if it is named.
    pub hospital: Option<&'a str>,
    /// Its day of discharge, if it is named.
    pub discharge: Option<&'a str>,
}

impl<'a> From<(&'a str, Option<&'a str>)> for WhichCase<'a> {
    fn from((case_id, hospital): (&'a str, Option<&'a str>)) -> WhichCase<'a> {
        WhichCase {
            case_id,
            hospital,
            discharge: None,
        }
    }
}

/// An entry with its number and month.
type Written = (i64, String, Entry);

impl Ledger {
    /// The entries of one case, oldest first (病例分录).
    ///
    /// # Errors
    /// No such case, or several have the number and hospital or day of discharge is not named.
    pub fn case(&self, pool: &str, case_id: &str, hospital: Option<&str>) -> Result<Vec<Written>> {
        self.entries_of(pool, (case_id, hospital).into())
    }

    /// The same by everything that may name a case.
    fn entries_of(&self, pool: &str, which: WhichCase) -> Result<Vec<Written>> {
        let mut found = self.entries("pool = $1 AND case_id = $2", &[pool.into(), which.case_id.into()])?;
        found.retain(|(_, _, entry)| {
            which
                .hospital
                .is_none_or(|hospital| hospital == entry.key.hospital)
                && which.discharge.is_none_or(|day| day == entry.key.discharge)
        });
        let keys: BTreeSet<&CaseKey> = found.iter().map(|(_, _, entry)| &entry.key).collect();
        let case_id = which.case_id;
        match keys.len() {
            0 => Err(self.error(format!("case `{case_id}` stands in no month of pool `{pool}`"))),
            1 => Ok(found),
            many => {
                let keys: Vec<String> = keys
                    .iter()
                    .map(|key| format!("hospital {}, discharged {}", key.hospital, key.discharge))
                    .collect();
                Err(self.error(format!(
                    "{many} cases of pool `{pool}` have the number `{case_id}`; name the hospital, and the day of \
                     discharge where one hospital has several: {}",
                    keys.join("; ")
                )))
            }
        }
    }

    /// Reverses every entry of a case that is not reversed yet (冲正): mirrors, in an open month.
    ///
    /// # Errors
    /// No such case; it is reversed already; the month is not open, or is none that takes entries
    /// of the case's year.
    pub fn reverse<'c>(
        &mut self,
        pool: &str,
        month: &str,
        case: impl Into<WhichCase<'c>>,
        why: (&str, &str),
    ) -> Result<Vec<Entry>> {
        check_period(month)?;
        let which = case.into();
        let entries = self.entries_of(pool, which)?;
        let standing = standing(&entries);
        if standing.is_empty() {
            let message = format!(
                "case `{}` is reversed already: nothing of it is left",
                which.case_id
            );
            return Err(self.error(message));
        }
        let prior = self.prior_of(pool, month, &standing)?;
        let mirrors: Vec<Entry> = standing
            .iter()
            .map(|(id, _, entry)| {
                let mut mirror = entry.mirrored(*id, why.0, why.1);
                if let Some((year, due)) = &prior {
                    mirror.more.of_year.clone_from(year);
                    if entry.kind == EntryKind::Case {
                        mirror.more.prior = -*due;
                    }
                }
                mirror
            })
            .collect();
        self.write_open(pool, month, &mirrors)?;
        Ok(mirrors)
    }

    /// Brings what was booked for a case to another amount (差额调整): the amount less what was
    /// posted, in an open month. Of a case whose year is locked it is what the case was due that is
    /// brought to the amount.
    ///
    /// # Errors
    /// As [`Ledger::reverse`]; the amount is what was posted.
    pub fn adjust<'c>(
        &mut self,
        pool: &str,
        month: &str,
        case: impl Into<WhichCase<'c>>,
        amount: Fen,
        why: (&str, &str),
    ) -> Result<Entry> {
        check_period(month)?;
        let which = case.into();
        let entries = self.entries_of(pool, which)?;
        let standing = standing(&entries);
        let prior = self.prior_of(pool, month, &standing)?;
        let posted = standing.iter().map(|(_, _, entry)| entry);
        let change = match &prior {
            Some((_, due)) => difference(amount - *due, posted.map(|entry| entry.more.prior)),
            None => difference(amount, posted.map(|entry| entry.booked)),
        };
        let now = current(standing.iter().map(|(_, _, entry)| entry.clone()));
        let first = standing.first().filter(|_| change != Fen::ZERO);
        let (Some((id, _, _)), Some(now)) = (first, now.into_values().next()) else {
            let what = match standing.is_empty() {
                true => "is reversed: nothing of it is left".to_owned(),
                false => format!("is booked at {amount} already"),
            };
            return Err(self.error(format!("case `{}` {what}", which.case_id)));
        };
        if prior.is_none() && is_clearing_period(month) {
            let message = format!(
                "{month} is a clearing period: the year is cleared by points and standards, not by what months \
                 booked; a case is reversed there, or the records are mended and the year is cleared anew"
            );
            return Err(self.error(message));
        }
        let entry = now.difference(*id, change, prior.map(|(year, _)| year), why);
        self.write_open(pool, month, std::slice::from_ref(&entry))?;
        Ok(entry)
    }

    /// The locked year of a case and what it was due then, where the entry goes to a later year.
    fn prior_of(&self, pool: &str, month: &str, standing: &[&Written]) -> Result<Option<(String, Fen)>> {
        let Some((_, posted, case)) = standing
            .iter()
            .find(|(_, _, entry)| entry.kind == EntryKind::Case)
        else {
            return Ok(None);
        };
        let year = posted.get(..4).unwrap_or("");
        if month.get(..4) == Some(year) {
            return Ok(None);
        }
        let period = clearing_period(year);
        if !self.ask(|db| is_locked(db, pool, year))? {
            let message = format!(
                "case `{}` belongs to {year}, which is not locked, and {month} is of another year; expected an open \
                 month of {year}, or {period}, its clearing period, which is open from the closing of {year}-12 on",
                case.key.case_id
            );
            return Err(self.error(message));
        }
        Ok(Some((year.to_owned(), self.cleared_due(pool, year, &case.key)?)))
    }

    /// What a case was due when its year was locked.
    fn cleared_due(&self, pool: &str, year: &str, key: &CaseKey) -> Result<Fen> {
        let sql = "SELECT due FROM cleared_case WHERE pool = $1 AND year = $2 AND hospital = $3 AND case_id = $4 \
                   AND discharge = $5";
        let values = [
            pool.into(),
            year.into(),
            (&key.hospital).into(),
            (&key.case_id).into(),
            (&key.discharge).into(),
        ];
        let due = self.ask(|db| db.first(sql, &values, |row| row.fen(0)))?;
        due.ok_or_else(|| {
            self.error(format!(
                "the ledger does not tell what case `{}` was due in {year}, which an earlier version locked; \
                 `settle year` of {year}, run once more with the same result, writes it down",
                key.case_id
            ))
        })
    }

    fn write_open(&mut self, pool: &str, month: &str, entries: &[Entry]) -> Result<()> {
        self.within(|db| {
            self.refuse_out_of_order(db, pool, month)?;
            insert(db, pool, month, entries).map_err(|e| self.said(&e))
        })
    }

    /// Months close in their order, an open month lies behind every closed one, and a locked year
    /// takes nothing more.
    pub(super) fn refuse_out_of_order(&self, db: &mut Database, pool: &str, month: &str) -> Result<()> {
        let said = |e| self.said(&e);
        let year = month.get(..4).unwrap_or("");
        if is_locked(db, pool, year).map_err(said)? {
            return Err(self.error(format!(
                "year {year} of pool `{pool}` is locked: {month} takes nothing more; later entries belong to an open \
                 month of a later year"
            )));
        }
        if is_clearing_period(month) {
            let december = format!("{year}-12");
            return match is_closed(db, pool, &december).map_err(said)? {
                true => Ok(()),
                false => Err(self.error(format!(
                    "the clearing period {month} of pool `{pool}` is not open before {december} is closed; expected \
                     an open month of {year}"
                ))),
            };
        }
        let sql = "SELECT max(month) FROM closed_month WHERE pool = $1 AND month NOT LIKE '%-13'";
        let last = db.first(sql, &[pool.into()], |row| row.text_or_null(0));
        match last.map_err(said)?.flatten() {
            Some(last) if last.as_str() >= month => Err(Error::new(format!(
                "month {month} of pool `{pool}` is not open: {last} is closed; closed months are never rewritten"
            ))),
            _ => Ok(()),
        }
    }
}

impl Entry {
    /// What brings a case that has come to this by so much to another amount.
    fn difference(&self, refers: i64, change: Fen, of_year: Option<String>, why: (&str, &str)) -> Entry {
        let is_prior = of_year.is_some();
        Entry {
            kind: EntryKind::Difference,
            paid: Paid::from(self.paid.word(), 0).unwrap_or(Paid::Nothing),
            cost: Fen::ZERO,
            claim: Fen::ZERO,
            nonfund: Fen::ZERO,
            booked: if is_prior { Fen::ZERO } else { change },
            refers: Some(refers),
            reason: why.0.to_owned(),
            author: why.1.to_owned(),
            more: EntryMore {
                prior: if is_prior { change } else { Fen::ZERO },
                of_year: of_year.unwrap_or_default(),
                ..EntryMore::default()
            },
            ..self.clone()
        }
    }

    /// The entries that bring a case from what it came to, to what its month's rules give it now
    /// (重算差额): none where nothing differs; two where it is paid in another form.
    pub fn differences(&self, now: &Entry, why: (&str, &str)) -> Vec<Entry> {
        let mut more = self.more.less(&now.more);
        more.late = now.more.late;
        let change = |paid: Paid| Entry {
            kind: EntryKind::Difference,
            key: self.key.clone(),
            level: now.level,
            group: now.group.clone(),
            case_kind: now.case_kind,
            paid,
            ratio: now.ratio,
            cost: now.cost - self.cost,
            claim: now.claim - self.claim,
            nonfund: now.nonfund - self.nonfund,
            booked: Fen::ZERO,
            refers: None,
            reason: why.0.to_owned(),
            author: why.1.to_owned(),
            more: more.clone(),
        };
        let (word, units) = (self.paid.word(), self.paid.units());
        if word == now.paid.word() {
            let left = Paid::from(word, now.paid.units() - units).unwrap_or(now.paid);
            let entry = change(left);
            return if entry.changes(self) {
                vec![entry]
            } else {
                Vec::new()
            };
        }
        let taken_off = Entry {
            level: self.level,
            group: self.group.clone(),
            case_kind: self.case_kind,
            ratio: self.ratio,
            cost: Fen::ZERO,
            claim: Fen::ZERO,
            nonfund: Fen::ZERO,
            more: EntryMore::default(),
            ..change(Paid::from(word, -units).unwrap_or(self.paid))
        };
        vec![taken_off, change(now.paid)]
    }

    /// Whether anything of a case is not what it was, once this difference is posted.
    fn changes(&self, before: &Entry) -> bool {
        let moves = [self.cost, self.claim, self.nonfund];
        self.paid.units() != 0
            || moves.iter().any(|amount| *amount != Fen::ZERO)
            || (self.level, &self.group, self.case_kind, self.ratio)
                != (before.level, &before.group, before.case_kind, before.ratio)
            || self.more.addons.iter().any(|(_, amount)| *amount != Fen::ZERO)
            || self.more.funds.iter().any(|(_, amount)| *amount != Fen::ZERO)
    }
}

/// The entries of a case that no reversal has taken back.
fn standing(entries: &[Written]) -> Vec<&Written> {
    let reversed: BTreeSet<i64> = entries
        .iter()
        .filter(|(_, _, entry)| entry.kind == EntryKind::Reversal)
        .filter_map(|(_, _, entry)| entry.refers)
        .collect();
    let stands = |(id, _, entry): &&Written| entry.kind != EntryKind::Reversal && !reversed.contains(id);
    entries.iter().filter(stands).collect()
}

/// A month as `2026-01`, or a year's clearing period, `2026-13`.
fn check_period(month: &str) -> Result<()> {
    match month.strip_suffix("-13") {
        Some(year) => check_month(&clearing_period(year).replace("-13", "-12")),
        None => check_month(month),
    }
}
