//! Means over years, spreads, quantiles, trims (统计).
//!
//! Means are exact fractions until they are rounded to a millionth of a yuan; spreads and
//! quantiles are statistics, in floating point over costs in ascending order.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "statistics: counts and costs far below 2^53"
)]

use super::plan::{BuildPlan, Deviation, MeanBy, MissingYears, Quantile, TrimBy, TrimPlan};
use crate::units::{Exact, Overflow};

/// Millionths of a yuan in a fen.
const MILLIONTHS_A_FEN: i128 = 10_000;

/// Cases and costs by year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    years: Vec<(i128, i128)>,
}

impl Sums {
    pub(super) fn add(&mut self, year: usize, cost: i64) {
        if self.years.len() <= year {
            self.years.resize(year + 1, (0, 0));
        }
        if let Some((cases, sum)) = self.years.get_mut(year) {
            *cases += 1;
            *sum += i128::from(cost);
        }
    }

    pub(super) fn of(costs: impl IntoIterator<Item = (usize, i64)>) -> Sums {
        let mut sums = Sums::default();
        costs.into_iter().for_each(|(year, cost)| sums.add(year, cost));
        sums
    }

    /// What these have and others have not.
    pub(super) fn without(&self, others: &Sums) -> Sums {
        let years = self.years.iter().enumerate();
        let less = years.map(|(year, (cases, sum))| {
            let (less_cases, less_sum) = others.years.get(year).copied().unwrap_or_default();
            (cases - less_cases, sum - less_sum)
        });
        Sums {
            years: less.collect(),
        }
    }

    /// The mean as the plan weighs years, in millionths of a yuan, half away from zero; none without
    /// cases.
    pub(super) fn mean(&self, plan: &BuildPlan) -> Result<Option<i128>, Overflow> {
        let with_cases = self.years.iter().zip(&plan.year_weights);
        let weighed = with_cases.filter(|((cases, _), _)| *cases > 0);
        let (mut sum, mut weights) = (Exact::ZERO, 0_i128);
        for ((cases, costs), weight) in weighed {
            let weight = i128::from(*weight);
            match plan.mean_by {
                MeanBy::YearMeans => {
                    sum = sum.add(Exact::new(costs * MILLIONTHS_A_FEN * weight, *cases)?)?;
                    weights += weight;
                }
                MeanBy::Cases => {
                    sum = sum.add(Exact::integer(costs * MILLIONTHS_A_FEN * weight))?;
                    weights += weight * cases;
                }
            }
        }
        if weights == 0 {
            return Ok(None);
        }
        if plan.mean_by == MeanBy::YearMeans && plan.missing_years == MissingYears::Zero {
            weights = plan.year_weights.iter().map(|weight| i128::from(*weight)).sum();
        }
        sum.div(Exact::integer(weights))?.half_away().map(Some)
    }
}

/// Mean and standard deviation of costs in yuan, all years alike.
pub(super) fn spread(sorted: &[i64], deviation: Deviation) -> Spread {
    let count = sorted.len() as f64;
    let over = match deviation {
        Deviation::Population => count,
        Deviation::Sample => count - 1.0,
    };
    let mean = sorted.iter().map(|cost| *cost as f64 / 100.0).sum::<f64>() / count.max(1.0);
    let squares: f64 = sorted
        .iter()
        .map(|cost| (*cost as f64 / 100.0 - mean).powi(2))
        .sum();
    Spread {
        mean,
        deviation: if over > 0.0 { (squares / over).sqrt() } else { 0.0 },
    }
}

/// Mean and standard deviation (均值与标准差), in yuan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spread {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

impl Spread {
    /// Coefficient of variation (变异系数).
    pub(super) fn cv(self) -> f64 {
        if self.mean > 0.0 {
            self.deviation / self.mean
        } else {
            0.0
        }
    }
}

/// The quantile of costs in ascending order, in fen; `share` from 0 to 1.
pub(super) fn quantile(sorted: &[i64], share: f64, by: Quantile) -> f64 {
    let count = sorted.len();
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return 0.0;
    };
    let rank = match by {
        Quantile::NearestRank => (share * count as f64).ceil().max(1.0),
        Quantile::Linear => 1.0 + share * (count - 1) as f64,
        Quantile::Weibull => share * (count + 1) as f64,
    };
    if rank <= 1.0 {
        return *first as f64;
    }
    if rank >= count as f64 {
        return *last as f64;
    }
    let below = rank.floor();
    let at = |rank: f64| sorted.get(rank as usize - 1).map_or(0.0, |cost| *cost as f64);
    at(below) + (rank - below) * (at(below + 1.0) - at(below))
}

/// The least and the largest cost that is kept (裁剪界限), in fen; none of a packet that is not trimmed.
pub(super) fn limits(sorted: &[i64], trim: &TrimPlan) -> Option<(f64, f64)> {
    let (low, high) = (trim.low?.approximate(), trim.high?.approximate());
    if (sorted.len() as u64) < trim.min_cases || sorted.is_empty() {
        return None;
    }
    match trim.by {
        TrimBy::None => None,
        TrimBy::Percentile => {
            let by = trim.quantile?;
            Some((
                quantile(sorted, low / 100.0, by),
                quantile(sorted, high / 100.0, by),
            ))
        }
        TrimBy::Multiple => {
            let mean = sorted.iter().map(|cost| *cost as f64).sum::<f64>() / sorted.len() as f64;
            Some((low * mean, high * mean))
        }
    }
}

/// Whether a cost is kept.
pub(super) fn is_kept(cost: i64, limits: Option<(f64, f64)>) -> bool {
    limits.is_none_or(|(low, high)| (low..=high).contains(&(cost as f64)))
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "whole numbers")]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_name() {
        let sorted = [100, 200, 300, 400];
        let cases = [
            (Quantile::NearestRank, 0.5, 200.0),
            (Quantile::Linear, 0.5, 250.0),
            (Quantile::Weibull, 0.5, 250.0),
            (Quantile::NearestRank, 0.51, 300.0),
            (Quantile::Linear, 0.25, 175.0),
            (Quantile::Weibull, 0.25, 125.0),
            (Quantile::Linear, 0.0, 100.0),
            (Quantile::Weibull, 1.0, 400.0),
            (Quantile::NearestRank, 0.0, 100.0),
        ];
        for (by, share, expected) in cases {
            assert_eq!(quantile(&sorted, share, by), expected, "{by:?} {share}");
        }
    }

    #[test]
    fn deviations_by_name() {
        let sorted = [200, 400, 400, 400, 500, 500, 700, 900];
        assert_eq!(spread(&sorted, Deviation::Population).deviation, 2.0);
        let sample = spread(&sorted, Deviation::Sample).deviation;
        assert!((sample - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(spread(&[500], Deviation::Sample).cv(), 0.0);
    }
}
