//! Means over years, spreads, quantiles (统计).
//!
//! Sums of costs are whole numbers and means of them exact fractions, until they are rounded or become
//! a statistic; spreads and quantiles are in floating point over values in ascending order.

use crate::units::{Exact, Overflow};

/// Millionths of a yuan in a fen.
const MILLIONTHS_A_FEN: i128 = 10_000;

/// A statistic, or why there is none (统计量): never 0, NaN or infinity for a denominator of zero.
pub type Statistic = std::result::Result<f64, Missing>;

/// Why a statistic does not exist (缺失原因).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// No case.
    NoCases,
    /// Too few cases for a sample deviation.
    OneCase,
    /// The mean is zero.
    ZeroMean,
    /// All values are the same.
    NoSpread,
    /// One group only, or no more cases than groups.
    OneGroup,
    /// Nothing to compare with.
    NoReference,
    /// No weight.
    NoWeight,
    /// No stay length.
    NoStay,
    /// No death.
    NoDeaths,
}

impl Missing {
    /// The word of a table.
    pub const fn word(self) -> &'static str {
        match self {
            Missing::NoCases => "no_cases",
            Missing::OneCase => "one_case",
            Missing::ZeroMean => "zero_mean",
            Missing::NoSpread => "no_spread",
            Missing::OneGroup => "one_group",
            Missing::NoReference => "no_reference",
            Missing::NoWeight => "no_weight",
            Missing::NoStay => "no_stay",
            Missing::NoDeaths => "no_deaths",
        }
    }
}

/// A quotient, or `missing` for a denominator of zero (比值).
///
/// # Errors
/// The denominator is zero or no number.
pub fn ratio(over: f64, under: f64, missing: Missing) -> Statistic {
    if under == 0.0 || !under.is_finite() || !over.is_finite() {
        return Err(missing);
    }
    Ok(over / under)
}

/// A fraction as a statistic (近似值).
pub fn approximate(exact: Exact) -> f64 {
    let (num, den) = exact.parts();
    num as f64 / den as f64
}

/// A count as a statistic.
pub fn count(cases: usize) -> f64 {
    cases as f64
}

// ---- means over years -------------------------------------------------------------------------

/// Where the weight of a year without cases goes (缺年处理).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingYears {
    /// To the years that have cases.
    Reweigh,
    /// Nowhere: a year without cases counts as a mean of zero.
    Zero,
}

/// What the weights of years weigh (年度加权对象).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeanBy {
    /// The mean of each year.
    YearMeans,
    /// Each case of the year.
    Cases,
}

/// How years are weighed, the oldest first (年度权重).
#[derive(Clone, Copy, Debug)]
pub struct YearMix<'p> {
    /// Weight of each year.
    pub weights: &'p [u32],
    /// What they weigh.
    pub by: MeanBy,
    /// Years without cases.
    pub missing: MissingYears,
}

/// Cases and costs by year (分年例数与费用).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    years: Vec<(i128, i128)>,
}

impl Sums {
    /// Counts a case of the year at this place among those of the plan; cost in fen.
    pub fn add(&mut self, year: usize, cost: i64) {
        if self.years.len() <= year {
            self.years.resize(year + 1, (0, 0));
        }
        if let Some((cases, sum)) = self.years.get_mut(year) {
            *cases += 1;
            *sum += i128::from(cost);
        }
    }

    /// Of all costs with their years.
    pub fn of(costs: impl IntoIterator<Item = (usize, i64)>) -> Sums {
        let mut sums = Sums::default();
        costs.into_iter().for_each(|(year, cost)| sums.add(year, cost));
        sums
    }

    /// With those of others.
    pub fn merge(&mut self, others: &Sums) {
        if self.years.len() < others.years.len() {
            self.years.resize(others.years.len(), (0, 0));
        }
        for ((cases, sum), (more, cost)) in self.years.iter_mut().zip(&others.years) {
            *cases += more;
            *sum += cost;
        }
    }

    /// What these have and others have not.
    #[must_use]
    pub fn without(&self, others: &Sums) -> Sums {
        let years = self.years.iter().enumerate();
        let less = years.map(|(year, (cases, sum))| {
            let (less_cases, less_sum) = others.years.get(year).copied().unwrap_or_default();
            (cases - less_cases, sum - less_sum)
        });
        Sums {
            years: less.collect(),
        }
    }

    /// The mean as the plan weighs years, in millionths of a yuan, exactly; none without cases.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn exact_mean(&self, mix: &YearMix<'_>) -> Result<Option<Exact>, Overflow> {
        let with_cases = self.years.iter().zip(mix.weights);
        let weighed = with_cases.filter(|((cases, _), _)| *cases > 0);
        let (mut sum, mut weights) = (Exact::ZERO, 0_i128);
        for ((cases, costs), weight) in weighed {
            let weight = i128::from(*weight);
            match mix.by {
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
        if mix.by == MeanBy::YearMeans && mix.missing == MissingYears::Zero {
            weights = mix.weights.iter().map(|weight| i128::from(*weight)).sum();
        }
        sum.div(Exact::integer(weights)).map(Some)
    }

    /// The same, rounded half away from zero to a millionth of a yuan.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn mean(&self, mix: &YearMix<'_>) -> Result<Option<i128>, Overflow> {
        self.exact_mean(mix)?.map(Exact::half_away).transpose()
    }
}

// ---- spreads ----------------------------------------------------------------------------------

/// Which standard deviation (标准差).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deviation {
    /// Over n (ddof 0).
    Population,
    /// Over n − 1 (ddof 1).
    Sample,
}

impl Deviation {
    /// What is taken from the number of cases: the delta of degrees of freedom.
    pub const fn ddof(self) -> u8 {
        match self {
            Deviation::Population => 0,
            Deviation::Sample => 1,
        }
    }
}

/// Mean and sum of squared differences from it (均值与离差平方和).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// How many values.
    pub count: usize,
    /// Their mean; 0 without any.
    pub mean: f64,
    /// Sum of squared differences from the mean.
    pub squares: f64,
}

impl Spread {
    /// Of values, looked at twice.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Spread {
        let (count, sum) = values
            .clone()
            .fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
        let mean = sum / count.max(1) as f64;
        Spread {
            count,
            mean,
            squares: values.map(|value| (value - mean) * (value - mean)).sum(),
        }
    }

    /// Standard deviation.
    ///
    /// # Errors
    /// Too few values.
    pub fn deviation(&self, deviation: Deviation) -> Statistic {
        let over = self.count as f64 - f64::from(deviation.ddof());
        if self.count == 0 {
            return Err(Missing::NoCases);
        }
        ratio(self.squares, over, Missing::OneCase).map(f64::sqrt)
    }

    /// Coefficient of variation (变异系数): standard deviation ÷ mean.
    ///
    /// # Errors
    /// Too few values, or a mean of zero.
    pub fn cv(&self, deviation: Deviation) -> Statistic {
        ratio(self.deviation(deviation)?, self.mean, Missing::ZeroMean)
    }
}

// ---- quantiles --------------------------------------------------------------------------------

/// How a quantile between two values is found (分位数算法).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantile {
    /// The value of rank ⌈p n⌉.
    NearestRank,
    /// Between the values around rank 1 + p (n − 1): type 7.
    Linear,
    /// Between the values around rank p (n + 1): type 6.
    Weibull,
}

/// A value of which quantiles are taken.
pub trait Value: Copy {
    /// As a statistic.
    fn value(self) -> f64;
}

impl Value for i64 {
    fn value(self) -> f64 {
        self as f64
    }
}

impl Value for f64 {
    fn value(self) -> f64 {
        self
    }
}

/// The quantile of values in ascending order (分位数); `share` from 0 to 1. Nothing without values.
pub fn quantile<T: Value>(sorted: &[T], share: f64, by: Quantile) -> Option<f64> {
    let count = sorted.len();
    let (first, last) = (sorted.first()?.value(), sorted.last()?.value());
    let rank = match by {
        Quantile::NearestRank => (share * count as f64).ceil().max(1.0),
        Quantile::Linear => 1.0 + share * (count - 1) as f64,
        Quantile::Weibull => share * (count + 1) as f64,
    };
    if rank <= 1.0 {
        return Some(first);
    }
    if rank >= count as f64 {
        return Some(last);
    }
    let below = rank.floor();
    let at = |rank: f64| sorted.get(rank as usize - 1).map_or(last, |value| value.value());
    Some(at(below) + (rank - below) * (at(below + 1.0) - at(below)))
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "whole numbers")]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_name() {
        let sorted = [100_i64, 200, 300, 400];
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
            assert_eq!(quantile(&sorted, share, by), Some(expected), "{by:?} {share}");
        }
        assert_eq!(quantile::<i64>(&[], 0.5, Quantile::Linear), None);
    }

    #[test]
    fn deviations_by_name() {
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        let spread = Spread::of(values.into_iter());
        assert_eq!(spread.deviation(Deviation::Population), Ok(2.0));
        let sample = spread.deviation(Deviation::Sample).unwrap_or_default();
        assert!((sample - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(
            Spread::of([5.0].into_iter()).cv(Deviation::Sample),
            Err(Missing::OneCase)
        );
        assert_eq!(
            Spread::of([].into_iter()).cv(Deviation::Population),
            Err(Missing::NoCases)
        );
        assert_eq!(
            Spread::of([0.0, 0.0].into_iter()).cv(Deviation::Sample),
            Err(Missing::ZeroMean)
        );
    }
}
