//! What a pool has besides its cases (基金池条件): money, changes, carve-outs, scores, decisions.

use crate::points::PoolFund;
use crate::units::{Exact, Fen};

/// A pool's money and what was decided about it (基金池条件). A plain amount is a pool with a
/// budget and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolMoney<'a> {
    /// The year's fund money, before anything leaves it.
    pub budget: Fen,
    /// Approved changes in the year, by their kind in the pack.
    pub changes: &'a [(&'a str, Fen)],
    /// What leaves the budget first, by its kind in the pack.
    pub carveouts: &'a [(&'a str, Fen)],
    /// Reserve of earlier years that an overrun may draw on.
    pub reserve_left: Fen,
    /// Assessment scores by hospital.
    pub assessments: &'a [(&'a str, Exact)],
    /// Cases found in violation.
    pub violations: &'a [CaseName<'a>],
    /// Decisions on single cases, in the order in which they were taken.
    pub decisions: &'a [Decision<'a>],
}

impl From<Fen> for PoolMoney<'_> {
    fn from(budget: Fen) -> Self {
        PoolMoney {
            budget,
            ..PoolMoney::default()
        }
    }
}

/// Which case of a pool (病例指称): its number, with hospital and day of discharge where several
/// cases have that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseName<'a> {
    /// Number of the case.
    pub id: &'a str,
    /// Its hospital, if it is named.
    pub hospital: Option<&'a str>,
    /// Its day of discharge, if it is named.
    pub discharge: Option<&'a str>,
}

impl<'a> From<&'a str> for CaseName<'a> {
    fn from(id: &'a str) -> CaseName<'a> {
        CaseName {
            id,
            hospital: None,
            discharge: None,
        }
    }
}

impl std::fmt::Display for CaseName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// A decision on a single case (特例单议决定). A request that was refused is no decision: the case
/// is paid as its kind.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// The case.
    pub case: CaseName<'a>,
    /// What was decided.
    pub verdict: Verdict,
}

/// What a review decided (特例单议结果).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A share of what was paid by items.
    ByItemRate(Exact),
    /// The standard times this.
    Uplift(Exact),
    /// These points on top.
    ExtraPoints(Exact),
    /// This amount of the fund.
    Agreed(Fen),
}

/// What became of a decision (特例单议执行).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// The case.
    pub case: String,
    /// Its hospital.
    pub hospital: String,
    /// Its day of discharge; empty where the case has none.
    pub discharge: String,
    /// Whether it lies within the quota; if not, the case is paid as its kind.
    pub within_quota: bool,
}

/// What a fund of the pool is due of a case (分基金应付).
pub type FundShare = (PoolFund, Fen);
