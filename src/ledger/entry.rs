//! One entry: a case as posted, its mirror, or a difference (台账分录).

use super::database::{Done, Failure, Row, Value};
use crate::codes::HospitalLevel;
use crate::points::{Kind, Payment, PoolFund};
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
    /// What only some packs ask of it.
    pub more: EntryMore,
}

/// What only some packs ask of an entry (分录附加信息).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryMore {
    /// Add-ons by name.
    pub addons: Vec<(String, Fen)>,
    /// What each fund of the pool paid by items, where the pack splits dues.
    pub funds: Vec<(PoolFund, Fen)>,
    /// Its list came so late that it counts as a case in violation.
    pub late: bool,
    /// Which posting of its key it is: 0 for the first, 1 for the first that was corrected.
    pub turn: u32,
    /// Fingerprint of the list that it was posted from; empty where none was kept.
    pub list: String,
    /// The locked year that it belongs to, where that is not the year of its month.
    pub of_year: String,
    /// What it brings or asks back for that year: its clearing takes no notice of it any more.
    pub prior: Fen,
    /// What its payment was made of, by the names of columns; for people, nothing computes with it.
    pub grounds: Vec<(String, String)>,
}

/// Stands for a bar inside a ground, since bars stand between the parts.
const BAR: char = '\u{1e}';

impl EntryMore {
    /// As the database keeps it: `addon;name;fen|fund;basic;fen|late|ground;name;text`, empty where there is
    /// nothing.
    pub(super) fn text(&self) -> String {
        let addons = self
            .addons
            .iter()
            .map(|(name, amount)| format!("addon;{name};{}", amount.fen()));
        let funds = self
            .funds
            .iter()
            .map(|(fund, amount)| format!("fund;{};{}", fund.as_str(), amount.fen()));
        let late = self.late.then(|| "late".to_owned());
        let grounds = self.grounds.iter();
        let grounds =
            grounds.map(|(name, text)| format!("ground;{name};{}", text.replace('|', &BAR.to_string())));
        let parts = addons.chain(funds).chain(late).chain(grounds);
        parts.collect::<Vec<_>>().join("|")
    }

    fn read(text: &str) -> Option<EntryMore> {
        let mut more = EntryMore::default();
        for part in text.split('|').filter(|part| !part.is_empty()) {
            let mut cells = part.splitn(3, ';');
            let amount = |cell: Option<&str>| cell.and_then(|fen| fen.parse().ok()).map(Fen::new);
            match (cells.next()?, cells.next()) {
                ("late", None) => more.late = true,
                ("addon", Some(name)) => more.addons.push((name.to_owned(), amount(cells.next())?)),
                ("fund", Some(name)) => {
                    let fund = PoolFund::ALL.into_iter().find(|fund| fund.as_str() == name)?;
                    more.funds.push((fund, amount(cells.next())?));
                }
                ("ground", Some(name)) => {
                    let text = cells.next()?.replace(BAR, "|");
                    more.grounds.push((name.to_owned(), text));
                }
                _ => return None,
            }
        }
        Some(more)
    }

    /// Every amount with its sign turned.
    fn mirrored(&self) -> EntryMore {
        EntryMore {
            addons: self
                .addons
                .iter()
                .map(|(name, amount)| (name.clone(), -*amount))
                .collect(),
            funds: self
                .funds
                .iter()
                .map(|(fund, amount)| (*fund, -*amount))
                .collect(),
            prior: -self.prior,
            grounds: Vec::new(),
            ..self.clone()
        }
    }

    /// What the database keeps in columns of their own, as a month's hash has it; nothing where an
    /// entry has none of it, so that hashes of the first versions stand.
    fn canonical(&self) -> String {
        let EntryMore {
            turn,
            list,
            of_year,
            prior,
            ..
        } = self;
        match *turn == 0 && list.is_empty() && of_year.is_empty() && *prior == Fen::ZERO {
            true => String::new(),
            false => format!("\u{1f}{turn}\u{1f}{list}\u{1f}{of_year}\u{1f}{}", prior.fen()),
        }
    }

    /// What is left to bring these add-ons and funds to others.
    pub(super) fn less(&self, now: &EntryMore) -> EntryMore {
        let mut rest = EntryMore {
            addons: now.addons.clone(),
            funds: now.funds.clone(),
            ..EntryMore::default()
        };
        rest.add(EntryMore {
            late: false,
            ..self.mirrored()
        });
        rest.addons.retain(|(_, amount)| *amount != Fen::ZERO);
        rest.funds.retain(|(_, amount)| *amount != Fen::ZERO);
        rest.prior = Fen::ZERO;
        rest
    }

    /// Both together; the grounds are those of the first.
    pub(super) fn add(&mut self, other: EntryMore) {
        fn sum<K: PartialEq>(own: &mut Vec<(K, Fen)>, more: Vec<(K, Fen)>) {
            for (key, amount) in more {
                match own.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, sum)) => *sum += amount,
                    None => own.push((key, amount)),
                }
            }
        }
        sum(&mut self.addons, other.addons);
        sum(&mut self.funds, other.funds);
        self.late |= other.late;
        self.prior += other.prior;
    }
}

/// The columns of an entry, in the order in which it is read and written.
pub(super) const COLUMNS: [&str; 25] = [
    "id",
    "kind",
    "hospital",
    "case_id",
    "discharge",
    "level",
    "grp",
    "case_kind",
    "payment",
    "units",
    "ratio",
    "cost",
    "claim",
    "nonfund",
    "booked",
    "refers",
    "reason",
    "author",
    "more",
    "pool",
    "month",
    "turn",
    "list",
    "of_year",
    "prior",
];

/// Where the month stands among [`COLUMNS`].
pub(super) const MONTH: usize = 20;

impl Entry {
    /// An entry and its id from a row of [`COLUMNS`].
    pub(super) fn read(row: &Row) -> Done<(i64, Entry)> {
        let text = |at: usize| row.text(at);
        let more = EntryMore::read(&text(18)?).ok_or_else(|| bad(18, "no further facts of an entry"))?;
        let more = EntryMore {
            turn: u32::try_from(row.whole(21)?).map_err(|_| bad(21, "no number of a posting"))?,
            list: text(22)?,
            of_year: text(23)?,
            prior: row.fen(24)?,
            ..more
        };
        let units = whole(9, &text(9)?)?;
        let word = text(8)?;
        let entry = Entry {
            kind: kind_of_entry(&text(1)?)?,
            key: CaseKey {
                hospital: text(2)?,
                case_id: text(3)?,
                discharge: text(4)?,
            },
            level: text(5)?.parse().map_err(|_| bad(5, "no level"))?,
            group: text(6)?,
            case_kind: kind_of(&text(7)?)?,
            paid: Paid::from(&word, units).ok_or_else(|| bad(8, "no payment"))?,
            ratio: ratio_of(&text(10)?)?,
            cost: row.fen(11)?,
            claim: row.fen(12)?,
            nonfund: row.fen(13)?,
            booked: row.fen(14)?,
            refers: row.whole_or_null(15)?,
            reason: text(16)?,
            author: text(17)?,
            more,
        };
        Ok((row.whole(0)?, entry))
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
            more: self.more.mirrored(),
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
        // an entry without further facts has the text that the first version gave it
        let more = match self.more.text() {
            none if none.is_empty() => none,
            more => format!("\u{1f}{more}"),
        };
        format!(
            "{}\u{1f}{numbers}\u{1f}{refers}\u{1f}{}\u{1f}{}{more}{}\n",
            cells.join("\u{1f}"),
            self.reason,
            self.author,
            self.more.canonical()
        )
    }
}

fn kind_of_entry(word: &str) -> Done<EntryKind> {
    let all = [EntryKind::Case, EntryKind::Reversal, EntryKind::Difference];
    let found = all.into_iter().find(|kind| kind.as_str() == word);
    found.ok_or_else(|| bad(1, "no kind of entry"))
}

fn kind_of(word: &str) -> Done<Kind> {
    let found = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
    found.ok_or_else(|| bad(7, "no kind of case"))
}

fn ratio_of(text: &str) -> Done<Option<(i128, i128)>> {
    match text.split_once('/') {
        None => Ok(None),
        Some((num, den)) => Ok(Some((whole(10, num)?, whole(10, den)?))),
    }
}

fn whole(column: usize, text: &str) -> Done<i128> {
    text.parse().map_err(|_| bad(column, "no whole number"))
}

/// What stands in the database is nothing that this program writes.
fn bad(column: usize, what: &str) -> Failure {
    let name = COLUMNS.get(column).copied().unwrap_or("");
    Failure::new(format!("column `{name}` of table `entry` holds {what}"))
}

/// Text of an entry's numbers, kept while its row is written.
pub(super) struct Written {
    units: String,
    ratio: String,
    more: String,
}

impl Written {
    pub(super) fn of(entry: &Entry) -> Written {
        Written {
            units: entry.paid.units().to_string(),
            ratio: entry.ratio_text(),
            more: entry.more.text(),
        }
    }

    /// The row of [`COLUMNS`].
    pub(super) fn row<'v>(
        &'v self,
        id: i64,
        entry: &'v Entry,
        pool: &'v str,
        month: &'v str,
    ) -> Vec<Value<'v>> {
        vec![
            id.into(),
            entry.kind.as_str().into(),
            (&entry.key.hospital).into(),
            (&entry.key.case_id).into(),
            (&entry.key.discharge).into(),
            entry.level.as_str().into(),
            (&entry.group).into(),
            entry.case_kind.as_str().into(),
            entry.paid.word().into(),
            (&self.units).into(),
            (&self.ratio).into(),
            entry.cost.into(),
            entry.claim.into(),
            entry.nonfund.into(),
            entry.booked.into(),
            entry.refers.map_or(Value::Null, Value::Whole),
            (&entry.reason).into(),
            (&entry.author).into(),
            (&self.more).into(),
            pool.into(),
            month.into(),
            i64::from(entry.more.turn).into(),
            (&entry.more.list).into(),
            (&entry.more.of_year).into(),
            entry.more.prior.into(),
        ]
    }
}
