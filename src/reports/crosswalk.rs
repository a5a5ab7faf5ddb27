//! The same cases under two schemes: which old group became which new one.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::CsvText;
use crate::diagnostics::{Error, Result, Words};
use crate::grouper::{Grouping, Status};
use crate::tables::Scheme;
use crate::units::{Exact, Fen, Overflow};

/// Columns of the crosswalk.
pub const CROSSWALK_COLUMNS: [&str; 15] = [
    "old_status",
    "old_mdc",
    "old_adrg",
    "old_group",
    "old_name",
    "new_status",
    "new_mdc",
    "new_adrg",
    "new_group",
    "new_name",
    "cases",
    "share_of_old",
    "without_fee",
    "cost",
    "mean_cost",
];

/// Columns of the list of cases that moved.
pub const MOVED_COLUMNS: [&str; 3] = ["case_id", "old_group", "new_group"];

/// Cases and their cost (病例数与费用).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many cases.
    pub cases: u64,
    /// Those of them whose record has no total fee.
    pub without_fee: u64,
    /// Sum of the total fees, in fen.
    pub cost: i128,
}

impl Tally {
    #[inline]
    fn note(&mut self, fee: Option<Fen>) {
        self.cases += 1;
        self.without_fee += u64::from(fee.is_none());
        self.cost += i128::from(fee.map_or(0, Fen::fen));
    }

    fn add(&mut self, other: &Tally) {
        self.cases += other.cases;
        self.without_fee += other.without_fee;
        self.cost += other.cost;
    }

    /// The cost in yuan with two decimals; nothing where no record has a fee.
    pub fn cost_yuan(&self) -> Option<String> {
        let has_fees = self.cases > self.without_fee;
        has_fees.then(|| format!("{}.{:02}", self.cost / 100, self.cost % 100))
    }

    /// The cost over the cases that have a fee, rounded to the fen.
    fn mean_cost(&self) -> std::result::Result<Option<Fen>, Overflow> {
        match self.cases - self.without_fee {
            0 => Ok(None),
            cases => Exact::new(self.cost, cases.into())?.fen_half_away().map(Some),
        }
    }
}

/// Cases by the rows that decided them under two schemes (对照计数).
///
/// Counts of parts of a file add up to those of the whole in any order, so threads leave no trace.
#[derive(Debug, Default)]
pub struct Pairs {
    /// By the old and the new row.
    tallies: HashMap<(RowNumber, RowNumber), Tally>,
}

/// A rule row counted from one; zero where none decided.
type RowNumber = u32;

/// The row that decided; of a case without a group the MDC that was left last.
#[inline]
fn number_of(grouping: &Grouping) -> RowNumber {
    let row = grouping.row.or(grouping.mdc);
    row.map_or(0, |row| RowNumber::try_from(row + 1).unwrap_or(0))
}

impl Pairs {
    /// Counts a case.
    #[inline]
    pub fn note(&mut self, old: &Grouping, new: &Grouping, fee: Option<Fen>) {
        let pair = (number_of(old), number_of(new));
        self.tallies.entry(pair).or_default().note(fee);
    }

    /// Adds the counts of another part.
    pub fn add(&mut self, other: &Pairs) {
        for (pair, tally) in &other.tallies {
            self.tallies.entry(*pair).or_default().add(tally);
        }
    }
}

/// Where a case ends under one scheme (入组结果). Ordered by group code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End<'s> {
    /// The group's code.
    pub group: &'s str,
    /// The MDC's code, or nothing.
    pub mdc: &'s str,
    /// The core group's code, or nothing.
    pub adrg: &'s str,
    /// How grouping ended.
    pub status: Status,
    /// The group's name.
    pub name: &'s str,
}

impl<'s> End<'s> {
    fn of(grouping: &Grouping, scheme: &'s Scheme) -> End<'s> {
        End {
            group: grouping.code(scheme),
            mdc: grouping.mdc(scheme),
            adrg: grouping.adrg(scheme),
            status: grouping.status(scheme),
            name: grouping.name(scheme),
        }
    }

    /// Of no row, then of every row of a scheme.
    fn all_of(scheme: &'s Scheme) -> Vec<End<'s>> {
        let mut groupings = Grouping::all_of(scheme);
        groupings.rotate_right(1); // that of no row is the last
        let ends = groupings.iter().map(|grouping| End::of(grouping, scheme));
        ends.collect()
    }

    fn cells(&self, out: &mut CsvText) {
        out.cell(self.status.as_str());
        [self.mdc, self.adrg, self.group, self.name]
            .into_iter()
            .for_each(|cell| out.cell(cell));
    }
}

/// How far a case moved (变动程度), the furthest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Move {
    /// The same group code.
    None,
    /// Another group of the same core group.
    Group,
    /// Another core group of the same MDC.
    Adrg,
    /// Another MDC.
    Mdc,
    /// In a group, and was ambiguous, ungrouped or in a fall-back group.
    NewlyGrouped,
    /// In a fall-back group, and was not.
    NewlyFallback,
    /// Ambiguous, and was not.
    NewlyAmbiguous,
    /// Ungrouped, and was not.
    NewlyUngrouped,
}

impl Move {
    /// All, in order.
    pub const ALL: [Move; 8] = [
        Move::None,
        Move::Group,
        Move::Adrg,
        Move::Mdc,
        Move::NewlyGrouped,
        Move::NewlyFallback,
        Move::NewlyAmbiguous,
        Move::NewlyUngrouped,
    ];

    /// The words for people.
    pub const fn words(self) -> Words {
        let (en, zh) = match self {
            Move::None => ("same group code", "病组编码不变"),
            Move::Group => ("other group, same core group", "核心组不变，细分组变动"),
            Move::Adrg => ("other core group, same MDC", "MDC不变，核心组变动"),
            Move::Mdc => ("other MDC", "MDC变动"),
            Move::NewlyGrouped => ("newly grouped", "新入组"),
            Move::NewlyFallback => ("newly in a fall-back group", "新入保底病种"),
            Move::NewlyAmbiguous => ("newly ambiguous", "新成歧义"),
            Move::NewlyUngrouped => ("newly ungrouped", "新未入组"),
        };
        Words { en, zh }
    }

    fn between(old: &End<'_>, new: &End<'_>) -> Move {
        match new.status {
            _ if old.group == new.group => Move::None,
            Status::Grouped if old.status != Status::Grouped => Move::NewlyGrouped,
            Status::Fallback if old.status != Status::Fallback => Move::NewlyFallback,
            Status::Ambiguous if old.status != Status::Ambiguous => Move::NewlyAmbiguous,
            Status::Ungrouped if old.status != Status::Ungrouped => Move::NewlyUngrouped,
            _ if old.mdc != new.mdc => Move::Mdc,
            _ if old.adrg != new.adrg => Move::Adrg,
            _ => Move::Group,
        }
    }
}

/// Cases and cost by old and new group (对照表), in order of their codes.
#[derive(Debug)]
pub struct Crosswalk<'s> {
    rows: BTreeMap<(End<'s>, End<'s>), Tally>,
}

impl<'s> Crosswalk<'s> {
    /// From what was counted by rows: rows that give the same group are one.
    pub fn of(pairs: &Pairs, old: &'s Scheme, new: &'s Scheme) -> Crosswalk<'s> {
        let (old_ends, new_ends) = (End::all_of(old), End::all_of(new));
        let mut rows: BTreeMap<(End<'s>, End<'s>), Tally> = BTreeMap::new();
        // sums in an ordered map: the order of the hashes does not get out
        for ((old, new), tally) in &pairs.tallies {
            let ends = old_ends.get(*old as usize).zip(new_ends.get(*new as usize));
            if let Some((old, new)) = ends {
                rows.entry((old.clone(), new.clone())).or_default().add(tally);
            }
        }
        Crosswalk { rows }
    }

    /// Every old and new group with its cases.
    pub fn rows(&self) -> impl Iterator<Item = (&End<'s>, &End<'s>, &Tally)> {
        self.rows.iter().map(|((old, new), tally)| (old, new, tally))
    }

    /// All cases.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.rows.values().for_each(|tally| total.add(tally));
        total
    }

    /// Cases by how far they moved; together they are all.
    pub fn moves(&self) -> BTreeMap<Move, Tally> {
        let mut moves: BTreeMap<Move, Tally> = BTreeMap::new();
        for (old, new, tally) in self.rows() {
            moves.entry(Move::between(old, new)).or_default().add(tally);
        }
        moves
    }

    /// `crosswalk.csv` (对照表).
    ///
    /// # Errors
    /// None in practice: a mean or a share would have to leave 128 bits.
    pub fn csv(&self) -> Result<CsvText> {
        let mut of_old: BTreeMap<&End<'s>, u64> = BTreeMap::new();
        for (old, _, tally) in self.rows() {
            *of_old.entry(old).or_default() += tally.cases;
        }
        let mut out = CsvText::with_header(&CROSSWALK_COLUMNS);
        for (old, new, tally) in self.rows() {
            old.cells(&mut out);
            new.cells(&mut out);
            let all = of_old.get(old).copied().unwrap_or(0);
            tally_cells(&mut out, tally, all).map_err(|_| too_large(old.group))?;
        }
        Ok(out)
    }
}

fn tally_cells(out: &mut CsvText, tally: &Tally, all: u64) -> std::result::Result<(), Overflow> {
    out.show(Some(tally.cases));
    out.cell(&Exact::new(tally.cases.into(), all.into())?.show(6)?);
    out.show(Some(tally.without_fee));
    out.show(tally.cost_yuan());
    out.show(tally.mean_cost()?);
    out.end_row();
    Ok(())
}

fn too_large(group: &str) -> Error {
    Error::new(format!(
        "the cases of group `{group}` or their cost are too many to be counted"
    ))
}
