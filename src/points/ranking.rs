//! High multiples by a percentile (按百分位确定高倍率): the dearest cases of a group, a hospital or a
//! pool.

use std::collections::BTreeMap;

use super::Weights;
use super::file::{HighFile, RankBy, RankOf, RankOver};
use super::file_money::QuotaRound;
use super::pack::Places;
use super::probe::Probe;
use super::rules::{missing, share};
use super::rules_outlier::{High, Outlier};
use super::score::{PricingCase, ScoreError};
use crate::diagnostics::Result;
use crate::units::{Exact, Overflow};

/// Which cases are the dearest.
#[derive(Clone, Debug)]
pub(crate) struct Top {
    pub(super) share: Exact,
    pub(super) rank: RankBy,
    of: RankOf,
    over: RankOver,
    round: QuotaRound,
}

/// A case among those it is ranked with (排名病例).
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a> {
    /// Group code.
    pub group: &'a str,
    /// Hospital code.
    pub hospital: &'a str,
    /// Pool.
    pub pool: &'a str,
    /// Month as `2026-01`.
    pub month: &'a str,
    /// What it is ranked by: its cost in fen, or its cost over what it is held against.
    pub value: Exact,
}

impl QuotaRound {
    /// A share of so many cases as a number of cases.
    ///
    /// # Errors
    /// [`Overflow`].
    pub(crate) fn cases(self, share: Exact, of: u64) -> std::result::Result<i128, Overflow> {
        let exact = share.mul(Exact::integer(of.into()))?;
        match self {
            QuotaRound::Floor => Ok(exact.floor()),
            QuotaRound::HalfUp => exact.half_away(),
            QuotaRound::Ceil => {
                let whole = exact.floor();
                let more = exact.compare(Exact::integer(whole)).is_gt();
                Ok(whole + i128::from(more))
            }
        }
    }
}

impl Top {
    pub(super) fn of(file: &HighFile, at: &Places) -> Result<Top> {
        const KEY: &str = "outlier.high";
        let need = |name: &str| missing(at, KEY, &format!("{KEY}.{name}"));
        Ok(Top {
            share: share(at, "outlier.high.top", file.top.ok_or_else(|| need("top"))?)?,
            rank: file.rank.ok_or_else(|| need("rank"))?,
            of: file.of.ok_or_else(|| need("of"))?,
            over: file.over.ok_or_else(|| need("over"))?,
            round: file.round.ok_or_else(|| need("round"))?,
        })
    }

    /// Whether each case is among the dearest of its kind (是否属于高倍率): share × cases, rounded as
    /// the pack says. Of cases that cost alike at the limit, `>` takes none and `>=` all.
    ///
    /// # Errors
    /// A number out of range.
    pub(super) fn among(
        &self,
        cases: &[Ranked],
        owns_limit: bool,
    ) -> std::result::Result<Vec<bool>, Overflow> {
        let mut kinds: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (index, case) in cases.iter().enumerate() {
            kinds.entry(self.kind(case)).or_default().push(index);
        }
        let mut among = vec![false; cases.len()];
        for members in kinds.into_values() {
            let values = |at: &usize| cases.get(*at).map_or(Exact::ZERO, |case| case.value);
            let mut sorted: Vec<Exact> = members.iter().map(values).collect();
            sorted.sort_by(|a, b| b.compare(*a));
            let most = self
                .round
                .cases(self.share, u64::try_from(sorted.len()).map_err(|_| Overflow)?)?;
            let most = usize::try_from(most).map_err(|_| Overflow)?;
            for index in members {
                let value = cases.get(index).map_or(Exact::ZERO, |case| case.value);
                let inside = match owns_limit {
                    true => most
                        .checked_sub(1)
                        .and_then(|last| sorted.get(last))
                        .is_some_and(|limit| value.compare(*limit).is_ge()),
                    false => sorted.get(most).is_none_or(|limit| value.compare(*limit).is_gt()),
                };
                among
                    .iter_mut()
                    .skip(index)
                    .take(1)
                    .for_each(|slot| *slot = inside);
            }
        }
        Ok(among)
    }

    fn kind<'c>(&self, case: &Ranked<'c>) -> (&'c str, &'c str) {
        let of = match self.of {
            RankOf::Group => case.group,
            RankOf::Hospital => case.hospital,
            RankOf::Pool => case.pool,
        };
        let over = match self.over {
            RankOver::Month => case.month,
            RankOver::Year => case.month.get(..4).unwrap_or(""),
        };
        (of, over)
    }
}

impl super::Pack {
    /// Whether high multiples are the dearest cases of many (高倍率是否按百分位).
    pub const fn ranks_cases(&self) -> bool {
        matches!(self.rules.outlier.high, High::Top(_))
    }

    /// What a case is ranked by, where it has a weight (排名依据).
    ///
    /// # Errors
    /// As [`super::score`].
    pub fn rank_value(
        &self,
        weights: &Weights,
        case: &PricingCase,
    ) -> std::result::Result<Option<Exact>, ScoreError> {
        let High::Top(top) = &self.rules.outlier.high else {
            return Ok(None);
        };
        let probe = Probe::new(&self.rules, weights, case)?;
        let Some(priced) = &probe.priced else {
            return Ok(None);
        };
        Ok(match (top.rank, priced.outlier_base) {
            (RankBy::Cost, _) => Some(probe.held.exact()),
            (RankBy::Ratio, None) => None,
            (RankBy::Ratio, Some(base)) => Some(probe.held.exact().div(base)?),
        })
    }

    /// Which of these cases are the dearest (最高的病例); none where the pack does not rank.
    ///
    /// # Errors
    /// A number out of range.
    pub fn dearest(&self, cases: &[Ranked]) -> std::result::Result<Vec<bool>, ScoreError> {
        let Outlier { high, edge, .. } = &self.rules.outlier;
        match high {
            High::Top(top) => Ok(top.among(cases, edge.high_owns_limit)?),
            _ => Ok(vec![false; cases.len()]),
        }
    }
}
