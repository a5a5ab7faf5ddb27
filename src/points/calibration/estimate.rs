//! Weights from costs, by the estimator's name (权重估计).

use super::hsrv::{Hsrv, fixed_point};
use super::statistics::{MeanBy, Missing, MissingYears, Statistic, Sums, YearMix, approximate, ratio};
use super::stays::{Side, Stay, Stays};
use crate::diagnostics::{Error, Result};
use crate::points::calibrate::relative_cost;

/// How weights are made of costs (权重估计方法).
#[derive(Clone, Debug, PartialEq)]
pub enum Estimator {
    /// A group's mean over the mean of all (算术均值法).
    Arithmetic,
    /// The same of means of several years, the oldest first (多年加权法).
    MultiYear {
        /// The years.
        years: Vec<i16>,
        /// Their weights.
        weights: Vec<u32>,
        /// Years without cases.
        missing: MissingYears,
    },
    /// Geometric means, over their mean by cases (几何均值法).
    Geometric,
    /// A sum of relative costs of the bill's blocks, each with its share (费用结构法).
    Structure {
        /// The share of each block; they sum to 1.
        shares: Vec<f64>,
    },
    /// Costs relative to the hospital's level of prices (医院相对值法).
    Hsrv {
        /// Largest change of a weight in the last round.
        tolerance: f64,
        /// Rounds at most.
        rounds: u32,
    },
}

impl Estimator {
    /// The word of plans and reports.
    pub const fn word(&self) -> &'static str {
        match self {
            Estimator::Arithmetic => "arithmetic",
            Estimator::MultiYear { .. } => "multi_year",
            Estimator::Geometric => "geometric",
            Estimator::Structure { .. } => "structure",
            Estimator::Hsrv { .. } => "hsrv",
        }
    }
}

/// Stays with the place of their group, each as often as it counts.
pub trait Drawn {
    /// Hands on every stay.
    fn each(&self, visit: impl FnMut(usize, &Stay));
}

impl Drawn for super::stays::Sample {
    fn each(&self, mut visit: impl FnMut(usize, &Stay)) {
        self.stays()
            .iter()
            .for_each(|stay| visit(stay.group as usize, stay));
    }
}

/// Weights by group (各组权重), and what was seen on the way.
#[derive(Clone, Debug, Default)]
pub struct Estimated {
    /// In order of the groups; none for a group without cases.
    pub weights: Vec<Option<f64>>,
    /// Rounds, where there are some.
    pub rounds: Option<u32>,
    /// Places of blocks that nothing was spent on: their shares went to the others.
    pub empty_blocks: Vec<usize>,
}

/// Cases and costs in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Total {
    pub cases: u64,
    pub cost: i128,
}

impl Total {
    pub(super) fn add(&mut self, cost: i64) {
        self.cases += 1;
        self.cost += i128::from(cost);
    }
}

impl Estimator {
    /// Weights of the stays drawn, before any step behind the estimator (估计权重).
    ///
    /// # Errors
    /// No stay; all costs zero; a cost of zero under logarithms; hospitals and groups that are not
    /// connected, or rounds that do not end; sums that leave the exact range.
    pub fn weights(&self, stays: &Stays, drawn: &impl Drawn) -> Result<Estimated> {
        let groups = stays.groups.len();
        let plain = |weights| Estimated {
            weights,
            ..Estimated::default()
        };
        match self {
            Estimator::Arithmetic => arithmetic(&totals(groups, drawn)).map(plain),
            Estimator::MultiYear {
                years,
                weights,
                missing,
            } => {
                let mix = YearMix {
                    weights,
                    by: MeanBy::YearMeans,
                    missing: *missing,
                };
                multi_year(&sums(groups, drawn, years), &mix).map(plain)
            }
            Estimator::Geometric => geometric(groups, drawn).map(plain),
            Estimator::Structure { shares } => structure(groups, drawn, &stays.side, shares),
            Estimator::Hsrv { tolerance, rounds } => {
                let hsrv = Hsrv {
                    tolerance: *tolerance,
                    rounds: *rounds,
                    hospitals: stays.hospitals.len(),
                    start: 1.0,
                };
                let made = fixed_point(groups, drawn, &hsrv).map_err(|e| e.named(stays))?;
                Ok(Estimated {
                    weights: made.weights,
                    rounds: Some(made.rounds),
                    empty_blocks: Vec::new(),
                })
            }
        }
    }
}

pub(super) fn totals(groups: usize, drawn: &impl Drawn) -> Vec<Total> {
    let mut totals = vec![Total::default(); groups];
    drawn.each(|group, stay| {
        if let Some(total) = totals.get_mut(group) {
            total.add(stay.cost);
        }
    });
    totals
}

fn sums(groups: usize, drawn: &impl Drawn, years: &[i16]) -> Vec<Sums> {
    let mut sums = vec![Sums::default(); groups];
    drawn.each(|group, stay| {
        let year = years.iter().position(|year| *year == stay.year);
        if let (Some(sums), Some(year)) = (sums.get_mut(group), year) {
            sums.add(year, stay.cost);
        }
    });
    sums
}

fn nothing() -> Error {
    Error::new("no case with a cost above zero: there is nothing to make weights from")
}

/// (cost ÷ cases) ÷ (all costs ÷ all cases), exactly until it is a statistic.
fn arithmetic(totals: &[Total]) -> Result<Vec<Option<f64>>> {
    let cases: u64 = totals.iter().map(|total| total.cases).sum();
    let cost: i128 = totals.iter().map(|total| total.cost).sum();
    if cost <= 0 {
        return Err(nothing());
    }
    let weight = |total: &Total| match total.cases {
        0 => Ok(None),
        _ => relative_cost(total.cost, total.cases, cost, cases).map(|exact| Some(approximate(exact))),
    };
    let weights: std::result::Result<Vec<_>, _> = totals.iter().map(weight).collect();
    weights.map_err(|e| Error::new(e.to_string()))
}

fn multi_year(sums: &[Sums], mix: &YearMix<'_>) -> Result<Vec<Option<f64>>> {
    let out_of_range = |e: crate::units::Overflow| Error::new(e.to_string());
    let mut all = Sums::default();
    sums.iter().for_each(|sums| all.merge(sums));
    let all = all.exact_mean(mix).map_err(out_of_range)?;
    let all = all.filter(|mean| mean.parts().0 > 0).ok_or_else(nothing)?;
    let weight = |sums: &Sums| {
        let mean = sums.exact_mean(mix)?;
        mean.map(|mean| mean.div(all)).transpose()
    };
    let weights: std::result::Result<Vec<_>, _> = sums.iter().map(weight).collect();
    let weights = weights.map_err(out_of_range)?;
    Ok(weights
        .into_iter()
        .map(|weight| weight.map(approximate))
        .collect())
}

/// exp of the mean logarithm over the same of all, then over its mean by cases.
fn geometric(groups: usize, drawn: &impl Drawn) -> Result<Vec<Option<f64>>> {
    let (raw, counts) = geometric_raw(groups, drawn)?;
    let cases = counts.iter().map(|n| *n as f64);
    let points: f64 = raw
        .iter()
        .zip(cases.clone())
        .map(|(weight, n)| weight.unwrap_or(0.0) * n)
        .sum();
    let mean = ratio(points, cases.sum(), Missing::NoCases).map_err(|_| nothing())?;
    Ok(raw
        .into_iter()
        .map(|weight| weight.map(|weight| weight / mean))
        .collect())
}

/// Geometric means of groups over that of all, and the cases (未归一几何权重).
///
/// # Errors
/// A cost of zero; no stay.
pub fn geometric_raw(groups: usize, drawn: &impl Drawn) -> Result<(Vec<Option<f64>>, Vec<u64>)> {
    let mut logs = vec![0.0; groups];
    let mut counts = vec![0_u64; groups];
    let mut zero = 0_u64;
    drawn.each(|group, stay| {
        if stay.cost <= 0 {
            zero += 1;
            return;
        }
        if let (Some(log), Some(count)) = (logs.get_mut(group), counts.get_mut(group)) {
            *log += stay.yuan().ln();
            *count += 1;
        }
    });
    if zero > 0 {
        return Err(Error::new(format!(
            "{zero} cases cost nothing, and the geometric mean takes logarithms; expected costs above zero"
        )));
    }
    let cases: u64 = counts.iter().sum();
    if cases == 0 {
        return Err(nothing());
    }
    let all = logs.iter().sum::<f64>() / cases as f64;
    let weight = |(log, count): (&f64, &u64)| (*count > 0).then(|| (log / *count as f64 - all).exp());
    let weights = logs.iter().zip(&counts).map(weight).collect();
    Ok((weights, counts))
}

/// Sum over the blocks of share × mean in the group ÷ mean of all; a block that nothing was spent on
/// is dropped and its share goes to the others.
fn structure(groups: usize, drawn: &impl Drawn, side: &Side, shares: &[f64]) -> Result<Estimated> {
    let blocks = shares.len();
    let mut sums = vec![0_i128; groups * blocks];
    let mut counts = vec![0_u64; groups];
    drawn.each(|group, stay| {
        if let Some(count) = counts.get_mut(group) {
            *count += 1;
        }
        let row = sums.iter_mut().skip(group * blocks).take(blocks);
        row.zip(side.blocks(stay))
            .for_each(|(sum, amount)| *sum += i128::from(*amount));
    });
    let means: Vec<Vec<f64>> = sums
        .chunks(blocks.max(1))
        .zip(&counts)
        .map(|(row, n)| row.iter().map(|sum| *sum as f64 / (*n).max(1) as f64).collect())
        .collect();
    let cases = counts.iter().sum::<u64>();
    let spent = (0..blocks).map(|block| sums.iter().skip(block).step_by(blocks).sum::<i128>());
    let all: Vec<f64> = spent.map(|sum| sum as f64 / cases.max(1) as f64).collect();
    let made = structure_weights(&means, &all, shares).map_err(|_| nothing())?;
    let with_cases = made.0.into_iter().zip(&counts);
    Ok(Estimated {
        weights: with_cases.map(|(weight, n)| (*n > 0).then_some(weight)).collect(),
        rounds: None,
        empty_blocks: made.1,
    })
}

/// Weights of groups from their mean amounts by block, those of all, and the shares (费用结构权重), with
/// the places of blocks that nothing was spent on.
///
/// # Errors
/// Nothing was spent on any block.
pub fn structure_weights(
    means: &[Vec<f64>],
    all: &[f64],
    shares: &[f64],
) -> std::result::Result<(Vec<f64>, Vec<usize>), Missing> {
    let spent = all.iter().zip(shares).filter(|(mean, _)| **mean > 0.0);
    let whole: f64 = spent.map(|(_, share)| share).sum();
    let empty = all.iter().enumerate().filter(|(_, mean)| **mean <= 0.0);
    let empty = empty.map(|(place, _)| place).collect();
    let weight = |row: &Vec<f64>| -> Statistic {
        let parts = row
            .iter()
            .zip(all)
            .zip(shares)
            .filter(|((_, all), _)| **all > 0.0);
        let sum: f64 = parts.map(|((mean, all), share)| share * mean / all).sum();
        ratio(sum, whole, Missing::NoCases)
    };
    let weights: std::result::Result<Vec<f64>, Missing> = means.iter().map(weight).collect();
    Ok((weights?, empty))
}
