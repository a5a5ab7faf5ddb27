//! Which cases stand in the ledger, and which months are open (已入账病例与未结账月份).

use hashbrown::HashMap;

use super::database::{Database, Done};
use super::entry::CaseKey;
use super::store::Ledger;
use crate::diagnostics::{Error, Result};

/// How a case stands (病例入账状态).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The pool that has it.
    pub pool: String,
    /// The month that took it.
    pub month: String,
    /// Which posting of its key it is.
    pub turn: u32,
    /// Fingerprint of the list that it was posted from; empty where none was kept.
    pub list: String,
    /// Why it was reversed, where it was.
    pub reversed: Option<String>,
}

impl Ledger {
    /// How every case stands when a month is made: cases of the months before it, reversals of it
    /// and of those (月度前已入账病例). A closed month that is made again finds what it found.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn postings(&self, month: &str) -> Result<HashMap<CaseKey, Posting>> {
        let sql = "SELECT id, kind, hospital, case_id, discharge, pool, month, turn, list, refers, reason FROM entry \
                   WHERE (kind = 'case' AND month < $1) OR (kind = 'reversal' AND month <= $1) ORDER BY id";
        let mut postings: HashMap<CaseKey, (i64, Posting)> = HashMap::new();
        self.ask(|db| {
            db.each(sql, &[month.into()], &mut |row| {
                let key = CaseKey {
                    hospital: row.text(2)?,
                    case_id: row.text(3)?,
                    discharge: row.text(4)?,
                };
                if row.text(1)? == "case" {
                    let posting = Posting {
                        pool: row.text(5)?,
                        month: row.text(6)?,
                        turn: u32::try_from(row.whole(7)?).unwrap_or(u32::MAX),
                        list: row.text(8)?,
                        reversed: None,
                    };
                    postings.insert(key, (row.whole(0)?, posting));
                } else if let Some((id, posting)) = postings.get_mut(&key)
                    && row.whole_or_null(9)? == Some(*id)
                {
                    posting.reversed = Some(row.text(10)?);
                }
                Ok(())
            })
        })?;
        let without_ids = postings.into_iter().map(|(key, (_, posting))| (key, posting));
        Ok(without_ids.collect())
    }

    /// The first month of the same year that is open before this one (此前未结账月份).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn open_before(&self, pool: &str, month: &str) -> Result<Option<String>> {
        let year = month.get(..4).unwrap_or("");
        for of in months_of(year).into_iter().take_while(|of| of.as_str() < month) {
            if !self.ask(|db| is_closed(db, pool, &of))? {
                return Ok(Some(of));
            }
        }
        Ok(None)
    }

    /// The months of a year that are not closed (年内未结账月份).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn open_months(&self, pool: &str, year: &str) -> Result<Vec<String>> {
        let mut open = Vec::new();
        for month in months_of(year) {
            if !self.ask(|db| is_closed(db, pool, &month))? {
                open.push(month);
            }
        }
        Ok(open)
    }

    /// The packs that closed a pool's months of a year, each name with its hash, in their order
    /// (已用政策包).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn packs_of(&self, pool: &str, year: &str) -> Result<Vec<(String, String)>> {
        let sql = "SELECT pack, pack_hash FROM closed_month WHERE pool = $1 AND month LIKE $2 ORDER BY month";
        let pattern = format!("{year}-%");
        let all = self.ask(|db| {
            db.all(sql, &[pool.into(), (&pattern).into()], |row| {
                Ok((row.text(0)?, row.text(1)?))
            })
        })?;
        let mut packs = Vec::new();
        for pack in all {
            if !packs.contains(&pack) {
                packs.push(pack);
            }
        }
        Ok(packs)
    }

    /// A pack is what it was when a month was closed with it (政策包不可变更).
    ///
    /// # Errors
    /// A month was closed by a pack of this name that had another hash.
    pub fn refuse_changed_pack(&self, pack: &str, hash: &str) -> Result<()> {
        let sql =
            "SELECT pool, month, pack_hash FROM closed_month WHERE pack = $1 AND pack_hash <> $2 ORDER BY id";
        let other = self.ask(|db| {
            db.first(sql, &[pack.into(), hash.into()], |row| {
                Ok((row.text(0)?, row.text(1)?, row.text(2)?))
            })
        })?;
        match other {
            None => Ok(()),
            Some((pool, month, closed_by)) => Err(self.error(format!(
                "pack `{pack}` has changed since it closed month {month} of pool `{pool}`: then its hash was {closed_by}, \
                 now it is {hash}; a pack does not change once a month is closed with it: give the changed one a name of \
                 its own"
            ))),
        }
    }
}

/// The clearing period of a year: open once its December is closed, until the year is locked.
pub(super) fn clearing_period(year: &str) -> String {
    format!("{year}-13")
}

pub(super) fn is_clearing_period(month: &str) -> bool {
    month.ends_with("-13")
}

/// The twelve months of a year.
fn months_of(year: &str) -> Vec<String> {
    (1..=12).map(|month| format!("{year}-{month:02}")).collect()
}

pub(super) fn is_closed(db: &mut Database, pool: &str, month: &str) -> Done<bool> {
    let sql = "SELECT 1 FROM closed_month WHERE pool = $1 AND month = $2";
    let found = db.first(sql, &[pool.into(), month.into()], |row| row.whole(0).or(Ok(1)))?;
    Ok(found.is_some())
}

/// Whether a year's clearing is locked.
pub(super) fn is_locked(db: &mut Database, pool: &str, year: &str) -> Done<bool> {
    let sql = "SELECT count(*) FROM clearing WHERE pool = $1 AND year = $2 AND state = 'LOCKED'";
    let rows = db.first(sql, &[pool.into(), year.into()], |row| row.whole(0))?;
    Ok(rows.unwrap_or(0) > 0 || is_closed(db, pool, &clearing_period(year))?)
}

/// A month as `2026-01`.
pub(super) fn check_month(month: &str) -> Result<()> {
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
