//! Weights from costs (权重测算).

use std::collections::BTreeMap;

use ndarray::Array2;

use super::weights::{ALL_CASES, WEIGHT};
use super::{GroupWeight, Weights};
use crate::diagnostics::{Error, Evidence, Result};
use crate::units::{Exact, Fen, Overflow, Weight};

/// Decimals of a calibrated weight.
const WEIGHT_DECIMALS: u32 = 4;

/// A case as calibration sees it (测算病例).
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Its group.
    pub group: &'a str,
    /// Its hospital.
    pub hospital: &'a str,
    /// Its cost.
    pub cost: Fen,
}

/// Weights, and the matrix of groups and hospitals they were made from (测算结果).
#[derive(Clone, Debug)]
pub struct Calibration {
    /// The weights, with the row of all cases.
    pub weights: Weights,
    /// Row names of the matrices, ascending.
    pub groups: Vec<String>,
    /// Column names of the matrices, ascending.
    pub hospitals: Vec<String>,
    /// Cases by group and hospital.
    pub cases: Array2<u64>,
    /// Sum of costs in fen by group and hospital.
    pub costs: Array2<i128>,
}

impl Calibration {
    /// Mean weight of a hospital's cases (CMI), in the order of `hospitals`; none for a hospital
    /// without a case in a stable group.
    ///
    /// # Errors
    /// The sums leave the exact range.
    pub fn case_mix(&self) -> std::result::Result<Vec<Option<Exact>>, Overflow> {
        self.cases
            .columns()
            .into_iter()
            .map(|column| self.case_mix_of(column.iter()))
            .collect()
    }

    fn case_mix_of<'a>(
        &self,
        counts: impl Iterator<Item = &'a u64>,
    ) -> std::result::Result<Option<Exact>, Overflow> {
        let (mut weight, mut cases) = (Exact::ZERO, 0_i128);
        for (group, count) in self.groups.iter().zip(counts) {
            let Some(usable) = self.weights.get(group).and_then(|row| row.usable(WEIGHT)) else {
                continue;
            };
            let count = i128::from(*count);
            weight = weight.add(usable.mul(Exact::integer(count))?)?;
            cases += count;
        }
        match cases {
            0 => Ok(None),
            _ => weight.div(Exact::integer(cases)).map(Some),
        }
    }
}

/// Makes weights: a group's mean cost over the mean cost of all cases (权重测算).
///
/// Whole numbers until the one rounding to four decimals, half away from zero; so the order of
/// the cases changes nothing. A group with fewer than `min_cases` cases gets no weight (不稳定组),
/// its cases still count in the region's mean. The evidence of the result is `assumption`: no
/// authority printed it.
///
/// # Errors
/// There is no case, a cost is negative, or all costs are zero.
pub fn calibrate<'a>(
    observations: impl IntoIterator<Item = Observation<'a>>,
    min_cases: u64,
) -> Result<Calibration> {
    let mut cells: BTreeMap<(&str, &str), (u64, i128)> = BTreeMap::new();
    for Observation {
        group,
        hospital,
        cost,
    } in observations
    {
        if group.is_empty() || group == ALL_CASES {
            return Err(Error::new(format!("`{group}` is not a group code")));
        }
        if cost.is_negative() {
            return Err(Error::new(format!(
                "a case of group `{group}` in hospital `{hospital}` costs {cost}; expected zero or more"
            )));
        }
        let (cases, sum) = cells.entry((group, hospital)).or_default();
        *cases += 1;
        *sum += i128::from(cost.fen());
    }
    let groups = names(cells.keys().map(|(group, _)| *group));
    let hospitals = names(cells.keys().map(|(_, hospital)| *hospital));
    let cell = |(row, column): (usize, usize)| {
        let key = (groups.get(row)?.as_str(), hospitals.get(column)?.as_str());
        cells.get(&key).copied()
    };
    let matrix = (groups.len(), hospitals.len());
    let cases = Array2::from_shape_fn(matrix, |at| cell(at).map_or(0, |(cases, _)| cases));
    let costs = Array2::from_shape_fn(matrix, |at| cell(at).map_or(0, |(_, sum)| sum));
    let weights = weights(&groups, &cases, &costs, min_cases)?;
    Ok(Calibration {
        weights,
        groups,
        hospitals,
        cases,
        costs,
    })
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(str::to_owned).collect()
}

fn weights(groups: &[String], cases: &Array2<u64>, costs: &Array2<i128>, min_cases: u64) -> Result<Weights> {
    let (all_cases, all_costs) = (cases.sum(), costs.sum());
    if all_costs == 0 {
        return Err(Error::new(
            "no case with a cost above zero: there is nothing to make weights from",
        ));
    }
    let mut rows = vec![(
        ALL_CASES.to_owned(),
        row(Some(Weight::ONE), all_cases, all_costs)?,
    )];
    for ((group, cases), costs) in groups.iter().zip(cases.rows()).zip(costs.rows()) {
        let (cases, cost) = (cases.sum(), costs.sum());
        let weight = (cases >= min_cases)
            .then(|| mean_over_mean(cost, cases, all_costs, all_cases))
            .transpose();
        let weight = weight.map_err(|e| Error::new(format!("group `{group}`: {e}")))?;
        rows.push((group.clone(), row(weight, cases, cost)?));
    }
    Ok(Weights::of(rows))
}

/// (cost ÷ cases) ÷ (all costs ÷ all cases), rounded to the weight's decimals.
fn mean_over_mean(
    cost: i128,
    cases: u64,
    all_costs: i128,
    all_cases: u64,
) -> std::result::Result<Weight, Overflow> {
    relative_cost(cost, cases, all_costs, all_cases)?
        .show(WEIGHT_DECIMALS)?
        .parse()
        .map_err(|_| Overflow)
}

/// (cost ÷ cases) ÷ (all costs ÷ all cases), exactly: what every arithmetic weight is before it is
/// rounded.
///
/// # Errors
/// [`Overflow`], also without cases or costs.
pub(super) fn relative_cost(
    cost: i128,
    cases: u64,
    all_costs: i128,
    all_cases: u64,
) -> std::result::Result<Exact, Overflow> {
    let mean = Exact::new(cost, i128::from(cases))?;
    mean.div(Exact::new(all_costs, i128::from(all_cases))?)
}

fn row(weight: Option<Weight>, cases: u64, cost: i128) -> Result<GroupWeight> {
    let mean = Exact::new(cost, i128::from(cases)).and_then(Exact::fen_half_away);
    let mean = mean.map_err(|e| Error::new(e.to_string()))?;
    GroupWeight::new(
        weight,
        Some(cases),
        Some(mean),
        Evidence::Assumption,
        String::new(),
    )
    .map_err(Error::new)
}
