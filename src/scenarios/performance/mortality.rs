//! Grades of the risk to die, and tests of deaths against what is expected (死亡风险).

use std::collections::BTreeMap;

use statrs::distribution::{Discrete, DiscreteCDF, Poisson};

use super::reference::Reference;
use crate::points::calibration::{Deviation, Missing, Spread, Statistic, ratio};

/// The grade of a group's risk (死亡风险分级), by ln of its mortality against mean and deviation of all
/// groups with a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// No death.
    Zero,
    /// Below mean − deviation.
    Low,
    /// From there to the mean.
    MediumLow,
    /// From the mean to mean + deviation.
    MediumHigh,
    /// Mean + deviation and above.
    High,
}

impl Grade {
    /// 0 to 4.
    pub const fn number(self) -> u8 {
        self as u8
    }

    fn of(log: f64, mean: f64, deviation: f64) -> Grade {
        if log < mean - deviation {
            Grade::Low
        } else if log < mean {
            Grade::MediumLow
        } else if log < mean + deviation {
            Grade::MediumHigh
        } else {
            Grade::High
        }
    }
}

/// The grades of a region's groups.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grades {
    /// Mean of ln of mortality over groups with deaths, unweighted.
    pub mean: Option<f64>,
    /// Standard deviation of the same, ddof 1.
    pub deviation: Option<f64>,
    /// By group code.
    pub groups: BTreeMap<String, Grade>,
}

impl Grades {
    /// Whether a group is one of low risk.
    pub fn is_low(&self, group: &str, zero_is_low: bool) -> bool {
        match self.groups.get(group) {
            Some(Grade::Low) => true,
            Some(Grade::Zero) => zero_is_low,
            _ => false,
        }
    }
}

/// Deaths over cases (病死率).
///
/// # Errors
/// No case.
pub fn rate(deaths: u64, cases: u64) -> Statistic {
    ratio(deaths as f64, cases as f64, Missing::NoCases)
}

/// Grades of the groups of a reference with at least `min_cases` cases. Fewer than two groups with deaths
/// have no spread: then only groups without a death have a grade.
pub fn grades(reference: &Reference, min_cases: u64) -> Grades {
    let enough = || {
        reference
            .groups()
            .filter(|(_, totals)| totals.cases >= min_cases.max(1))
    };
    let logs = enough().filter(|(_, totals)| totals.deaths > 0);
    let logs = logs.filter_map(|(_, totals)| Some(rate(totals.deaths, totals.cases).ok()?.ln()));
    let spread = Spread::of(logs);
    let deviation = spread.deviation(Deviation::Sample).ok();
    let grade = |(code, totals): (&str, &super::Totals)| {
        let of_deaths = || {
            let log = rate(totals.deaths, totals.cases).ok()?.ln();
            Some(Grade::of(log, spread.mean, deviation?))
        };
        let grade = match totals.deaths {
            0 => Some(Grade::Zero),
            _ => of_deaths(),
        };
        grade.map(|grade| (code.to_owned(), grade))
    };
    Grades {
        mean: (spread.count > 0).then_some(spread.mean),
        deviation,
        groups: enough().filter_map(grade).collect(),
    }
}

// ---- tests ------------------------------------------------------------------------------------

/// Deaths against what is expected of the same cases in the reference (实际与期望死亡).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Deaths {
    /// Observed.
    pub observed: u64,
    /// Expected.
    pub expected: f64,
}

/// A Poisson distribution of a mean above zero.
fn poisson(expected: f64) -> Option<Poisson> {
    Poisson::new(expected).ok()
}

/// P(X ≥ observed): how likely so many or more are by chance (泊松上尾概率). None without an expectation.
pub fn upper_tail(deaths: Deaths) -> Option<f64> {
    let poisson = poisson(deaths.expected)?;
    Some(match deaths.observed {
        0 => 1.0,
        observed => poisson.sf(observed - 1),
    })
}

/// P(X > observed) + ½ P(X = observed) (中P值). None without an expectation.
pub fn mid_p_upper(deaths: Deaths) -> Option<f64> {
    let poisson = poisson(deaths.expected)?;
    Some(poisson.sf(deaths.observed) + poisson.pmf(deaths.observed) / 2.0)
}

/// Twice the smaller tail, at most 1 (双侧精确检验). None without an expectation.
pub fn two_sided_p(deaths: Deaths) -> Option<f64> {
    let lower = poisson(deaths.expected)?.cdf(deaths.observed);
    let upper = upper_tail(deaths)?;
    Some((2.0 * lower.min(upper)).min(1.0))
}

/// The least and the largest number of deaths that chance explains to a share (漏斗图控制限): quantiles of
/// the Poisson distribution, the smallest number whose probability up to it reaches them. None without an
/// expectation.
pub fn exact_limits(expected: f64, share: f64) -> Option<(u64, u64)> {
    let poisson = poisson(expected)?;
    let outside = (1.0 - share) / 2.0;
    Some((poisson.inverse_cdf(outside), poisson.inverse_cdf(1.0 - outside)))
}

/// (observed + α) ÷ (expected + α ÷ θ): a ratio of few deaths pulled towards θ (伽马-泊松收缩).
///
/// # Errors
/// Nothing is expected and α is zero.
pub fn shrunk_ratio(deaths: Deaths, alpha: f64, theta: f64) -> Statistic {
    ratio(
        deaths.observed as f64 + alpha,
        deaths.expected + alpha / theta,
        Missing::NoReference,
    )
}

/// p-values held against a share of false alarms (BH校正): the least share at which each is an alarm.
pub fn adjusted_p(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let known = values.iter().enumerate();
    let mut order: Vec<(usize, f64)> = known.filter_map(|(place, p)| Some((place, (*p)?))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let n = order.len() as f64;
    let mut adjusted = vec![None; values.len()];
    let mut least = 1.0_f64;
    for (rank, (place, p)) in order.iter().enumerate().rev() {
        least = least.min(p * n / (rank + 1) as f64);
        if let Some(slot) = adjusted.get_mut(*place) {
            *slot = Some(least);
        }
    }
    adjusted
}
