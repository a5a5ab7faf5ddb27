//! One entry: a case as posted, its mirror, or a difference (台账分录).

use rusqlite::Row;
use rusqlite::types::Type;

use crate::codes::HospitalLevel;
use crate::points::{Kind, Payment};
use crate::units::{Exact, Fen, Points};

/// What an entry is (分录类型).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A case as its month found it.
    Case,
    /// The mirror of an entry (冲正).
    Reversal,
    /// What brings a case to its right value (差额调整).
    Difference,
}

impl EntryKind {
    /// The word in the database and in statements.
    pub const fn as_str(self) -> &'static str {
        match self {
            EntryKind::Case => "case",
            EntryKind::Reversal => "reversal",
            EntryKind::Difference => "difference",
        }
    }
}

/// What makes a case itself (病例标识): a second one is rejected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseKey {
    /// Hospital code.
    pub hospital: String,
    /// Number of its list.
    pub case_id: String,
    /// Day of discharge, `2026-01-31`.
    pub discharge: String,
}

/// How a case is paid, and how much of it, in whole units (计价形式).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// Points in units of 10⁻¹².
    Points(i128),
    /// A standard in 10⁻¹² fen.
    Standard(i128),
    /// A fixed total in fen.
    Amount(i128),
    /// What the fund paid by items.
    ByItem,
    /// Nothing.
    Nothing,
}

impl Paid {
    /// From a score's payment; a standard keeps twelve decimals of a fen, as the settlement does.
    ///
    /// # Errors
    /// The standard is out of range.
    pub fn of(payment: Payment) -> Result<Paid, crate::units::Overflow> {
        Ok(match payment {
            Payment::Points(points) => Paid::Points(points.units()),
            Payment::Standard(fen) => Paid::Standard(fen.points_half_away(12)?.units()),
            Payment::Amount(fen) => Paid::Amount(fen.fen().into()),
            Payment::ByItem => Paid::ByItem,
            Payment::Nothing => Paid::Nothing,
        })
    }

    /// As the settlement takes it.
    ///
    /// # Errors
    /// An amount out of range.
    pub fn payment(self) -> Result<Payment, crate::units::Overflow> {
        Ok(match self {
            Paid::Points(units) => Payment::Points(Points::new(units)),
            Paid::Standard(units) => Payment::Standard(Exact::new(units, Points::PER_POINT)?),
            Paid::Amount(fen) => {
                Payment::Amount(Fen::new(i64::try_from(fen).map_err(|_| crate::units::Overflow)?))
            }
            Paid::ByItem => Payment::ByItem,
            Paid::Nothing => Payment::Nothing,
        })
    }

    /// The word in the database.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Paid::Points(_) => "points",
            Paid::Standard(_) => "standard",
            Paid::Amount(_) => "amount",
            Paid::ByItem => "by_item",
            Paid::Nothing => "nothing",
        }
    }

    pub(super) const fn units(self) -> i128 {
        match self {
            Paid::Points(units) | Paid::Standard(units) | Paid::Amount(units) => units,
            Paid::ByItem | Paid::Nothing => 0,
        }
    }

    pub(super) fn from(word: &str, units: i128) -> Option<Paid> {
        Some(match word {
            "points" => Paid::Points(units),
            "standard" => Paid::Standard(units),
            "amount" => Paid::Amount(units),
            "by_item" => Paid::ByItem,
            "nothing" => Paid::Nothing,
            _ => return None,
        })
    }
}

/// One entry of the ledger (分录). A reversal has every amount with its sign turned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Of which case.
    pub key: CaseKey,
    /// Level of the hospital.
    pub level: HospitalLevel,
    /// Group code; empty where there is none.
    pub group: String,
    /// Kind of the case.
    pub case_kind: Kind,
    /// How it is paid.
    pub paid: Paid,
    /// The fund's share by the pack's table, as a fraction; none elsewhere.
    pub ratio: Option<(i128, i128)>,
    /// Cost of the stay.
    pub cost: Fen,
    /// What the pool's funds paid by items.
    pub claim: Fen,
    /// What others paid.
    pub nonfund: Fen,
    /// What it was booked at.
    pub booked: Fen,
    /// Id of the entry it refers to.
    pub refers: Option<i64>,
    /// Why, for entries that are no cases.
    pub reason: String,
    /// Who wrote it.
    pub author: String,
}

/// The columns of an entry, in the order in which it is read.
pub(super) const COLUMNS: &str = "id, kind, hospital, case_id, discharge, level, grp, case_kind, payment, units, ratio, \
     cost, claim, nonfund, booked, refers, reason, author, month";

impl Entry {
    /// An entry and its id from a row of [`COLUMNS`].
    pub(super) fn read(row: &Row) -> rusqlite::Result<(i64, Entry)> {
        let text = |at: usize| row.get::<_, String>(at);
        let fen = |at: usize| row.get::<_, i64>(at).map(Fen::new);
        let units = whole(9, &text(9)?)?;
        let word = text(8)?;
        let entry = Entry {
            kind: match text(1)?.as_str() {
                "case" => EntryKind::Case,
                "reversal" => EntryKind::Reversal,
                _ => EntryKind::Difference,
            },
            key: CaseKey {
                hospital: text(2)?,
                case_id: text(3)?,
                discharge: text(4)?,
            },
            level: text(5)?.parse().map_err(|e: &str| bad(5, e))?,
            group: text(6)?,
            case_kind: kind_of(&text(7)?)?,
            paid: Paid::from(&word, units).ok_or_else(|| bad(8, "no payment"))?,
            ratio: ratio_of(&text(10)?)?,
            cost: fen(11)?,
            claim: fen(12)?,
            nonfund: fen(13)?,
            booked: fen(14)?,
            refers: row.get(15)?,
            reason: text(16)?,
            author: text(17)?,
        };
        Ok((row.get(0)?, entry))
    }

    /// The mirror of an entry (冲正): every number with its sign turned.
    pub(super) fn mirrored(&self, id: i64, reason: &str, author: &str) -> Entry {
        Entry {
            kind: EntryKind::Reversal,
            paid: Paid::from(self.paid.word(), -self.paid.units()).unwrap_or(self.paid),
            cost: -self.cost,
            claim: -self.claim,
            nonfund: -self.nonfund,
            booked: -self.booked,
            refers: Some(id),
            reason: reason.to_owned(),
            author: author.to_owned(),
            ..self.clone()
        }
    }

    /// The fraction as text, empty where there is none.
    pub(super) fn ratio_text(&self) -> String {
        self.ratio
            .map_or_else(String::new, |(num, den)| format!("{num}/{den}"))
    }

    /// Everything that a month's hash is made of.
    pub(super) fn canonical(&self, id: i64) -> String {
        let refers = self.refers.map_or_else(String::new, |id| id.to_string());
        let cells: [&str; 9] = [
            self.kind.as_str(),
            &self.key.hospital,
            &self.key.case_id,
            &self.key.discharge,
            self.level.as_str(),
            &self.group,
            self.case_kind.as_str(),
            self.paid.word(),
            &self.ratio_text(),
        ];
        let numbers = format!(
            "{id}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{}",
            self.paid.units(),
            self.cost.fen(),
            self.claim.fen(),
            self.nonfund.fen(),
            self.booked.fen()
        );
        format!(
            "{}\u{1f}{numbers}\u{1f}{refers}\u{1f}{}\u{1f}{}\n",
            cells.join("\u{1f}"),
            self.reason,
            self.author
        )
    }
}

fn kind_of(word: &str) -> rusqlite::Result<Kind> {
    let found = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
    found.ok_or_else(|| bad(7, "no kind of case"))
}

fn ratio_of(text: &str) -> rusqlite::Result<Option<(i128, i128)>> {
    match text.split_once('/') {
        None => Ok(None),
        Some((num, den)) => Ok(Some((whole(10, num)?, whole(10, den)?))),
    }
}

fn whole(column: usize, text: &str) -> rusqlite::Result<i128> {
    text.parse().map_err(|_| bad(column, "no whole number"))
}

fn bad(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, what.to_owned().into())
}
