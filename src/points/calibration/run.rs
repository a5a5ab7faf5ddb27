//! From stays to weights and all that is told of them (权重测算).

use super::bootstrap::{Bootstrap, Uncertain};
use super::checks::{Coverage, Drift, Rung, Split, YearOfGroup, by_year, coverage, drift, ladder, splits};
use super::estimate::{Estimated, Estimator, totals};
use super::plan::{CalibrationPlan, SplitPlan, Unstable, number};
use super::quality::{GroupQuality, Of, Part, TrimEffect, by_category, by_group, compare_trims, split_list};
use super::statistics::{Missing, Statistic, ratio};
use super::stays::{Sample, Stay, Stays};
use super::steps::{StepDone, StepGroup};
use crate::diagnostics::{Error, Evidence, Result};
use crate::points::weights::{ALL_CASES, WEIGHT};
use crate::points::{GroupWeight, Weights};
use crate::units::{Exact, Fen, Weight};

/// Weights, and all that is told of them (测算结果). Lists by group are in order of the stays' groups.
#[derive(Clone, Debug)]
pub struct Made {
    /// The weights as they are written.
    pub weights: Weights,
    /// Kept stays.
    pub kept: Sample,
    /// What each group brought to the steps.
    pub groups: Vec<StepGroup>,
    /// The estimator's weights.
    pub estimated: Estimated,
    /// The arithmetic weights beside those of another estimator.
    pub arithmetic: Option<Vec<Option<f64>>>,
    /// Weights after each step.
    pub steps: Vec<StepDone>,
    /// Figures by group.
    pub quality: Vec<GroupQuality>,
    /// Figures of all and by category.
    pub parts: Vec<Part>,
    /// What other rules of trimming would leave, each with its arithmetic weights.
    pub trims: Vec<(TrimEffect, Vec<Option<f64>>)>,
    /// Severity that weights do not follow.
    pub ladder: Vec<Rung>,
    /// Groups with most of the spread within, and their share.
    pub split_list: Vec<(usize, f64)>,
    /// Changes against earlier weights.
    pub drift: Drift,
    /// Groups in each year.
    pub years: Vec<YearOfGroup>,
    /// How sure each weight is.
    pub uncertain: Option<Uncertain>,
    /// Coverage by threshold, of packets.
    pub coverage: Vec<Coverage>,
    /// Splits of packets.
    pub splits: Vec<Split>,
}

impl Made {
    /// The weights behind all steps, not rounded (未取整权重).
    pub fn last(&self) -> &[Option<f64>] {
        self.steps
            .last()
            .map_or(&self.estimated.weights, |step| &step.weights)
    }

    /// Mean weight of each hospital's kept cases that have one (医院CMI), by some weights.
    pub fn case_mix(&self, stays: &Stays, weights: &[Option<f64>]) -> Vec<Statistic> {
        let mut sums = vec![(0.0, 0.0); stays.hospitals.len()];
        for stay in self.kept.stays() {
            let weight = weights.get(stay.group as usize).copied().flatten();
            if let (Some(weight), Some((sum, cases))) = (weight, sums.get_mut(stay.hospital as usize)) {
                *sum += weight;
                *cases += 1.0;
            }
        }
        let means = sums
            .into_iter()
            .map(|(sum, cases)| ratio(sum, cases, Missing::NoWeight));
        means.collect()
    }
}

/// Makes weights of stays as a plan says (权重测算), on so many threads, which change nothing.
///
/// # Errors
/// The estimator or a step cannot be carried out; see [`Estimator::weights`] and
/// [`super::StepFault`].
pub fn calibrate_stays(
    stays: &Stays,
    plan: &CalibrationPlan,
    previous: Option<&Weights>,
    threads: usize,
) -> Result<Made> {
    refuse_negative_costs(stays)?;
    let (estimator, steps) = (plan.estimator(), plan.steps());
    let kept = plan.weights.trim.keep(&stays.all, plan.weights.trim_min_cases);
    let deviation = plan.quality.deviation;
    let quality = by_group(&stays.all, &kept, deviation, &plan.stable());
    let previous = match previous {
        Some(weights) => group_weights(stays, weights, plan.weights.scale),
        None => vec![None; stays.groups.len()],
    };
    let groups: Vec<StepGroup> = quality
        .iter()
        .zip(&previous)
        .map(|(group, previous)| StepGroup {
            kept: group.kept as u64,
            all: group.cases as u64,
            cv: group.cv.ok(),
            previous: *previous,
        })
        .collect();
    let estimated = estimator.weights(stays, &kept)?;
    let done = steps
        .take(&estimated.weights, &groups)
        .map_err(|e| Error::new(e.to_string()))?;
    let last = done
        .last()
        .map_or(&estimated.weights, |step| &step.weights)
        .clone();
    let is_arithmetic = estimator == Estimator::Arithmetic;
    let arithmetic = || {
        Estimator::Arithmetic
            .weights(stays, &kept)
            .map(|made| made.weights)
    };
    let draw = |bootstrap: Bootstrap| bootstrap.run((stays, &kept), (&estimator, &steps), &groups, threads);
    let (coverage, splits) = gates(stays, plan);
    Ok(Made {
        weights: written(stays, &kept, &last, (&quality, plan))?,
        arithmetic: (!is_arithmetic).then(arithmetic).transpose()?,
        parts: by_category(stays, &kept),
        trims: compared(stays, plan)?,
        ladder: ladder(stays, &last, number(plan.quality.least_gap)),
        split_list: split_list(&quality, plan.quality.split_list),
        drift: drift(&last, &previous),
        years: by_year(&kept, deviation),
        uncertain: plan.bootstrap().map(draw).transpose()?,
        coverage,
        splits,
        quality,
        groups,
        estimated,
        steps: done,
        kept,
    })
}

/// What is asked of packets, where the plan asks.
fn gates(stays: &Stays, plan: &CalibrationPlan) -> (Vec<Coverage>, Vec<Split>) {
    let Some(plan) = &plan.packets else {
        return (Vec::new(), Vec::new());
    };
    let [from, to] = plan.thresholds;
    let gates: Vec<_> = plan.split.iter().map(SplitPlan::gate).collect();
    (coverage(&stays.all, from..=to), splits(stays, &gates))
}

fn refuse_negative_costs(stays: &Stays) -> Result<()> {
    if stays.all.stays().iter().any(|stay| stay.cost < 0) {
        return Err(Error::new(
            "a case costs less than nothing; expected zero or more",
        ));
    }
    Ok(())
}

/// Weights of a table as statistics (各组权重), in order of the stays' groups, over a scale; none where the table
/// has none.
pub fn group_weights(stays: &Stays, weights: &Weights, scale: u32) -> Vec<Option<f64>> {
    let weight = |code: &str| {
        let exact = weights.get(code)?.usable(WEIGHT)?;
        Some(super::statistics::approximate(exact) / f64::from(scale))
    };
    stays.groups.iter().map(|group| weight(&group.code)).collect()
}

/// What other rules of trimming would leave, with the arithmetic weights of each.
fn compared(stays: &Stays, plan: &CalibrationPlan) -> Result<Vec<(TrimEffect, Vec<Option<f64>>)>> {
    let weights = |sample: &Sample| {
        Estimator::Arithmetic
            .weights(stays, sample)
            .map(|made| made.weights)
    };
    let min_cases = plan.weights.trim_min_cases;
    compare_trims(&stays.all, &plan.quality.compare, min_cases, weights)
}

/// The table as policies read it: weights rounded once, half away from zero.
fn written(
    stays: &Stays,
    kept: &Sample,
    weights: &[Option<f64>],
    (quality, plan): (&[GroupQuality], &CalibrationPlan),
) -> Result<Weights> {
    let (scale, decimals) = (plan.weights.scale, plan.weights.decimals);
    let costs = totals(stays.groups.len(), kept);
    let all = stays.groups.len();
    let whole = (kept.len() as u64, kept.cost());
    let one = rounded(1.0, scale, 0)?;
    let mut rows = Vec::with_capacity(all + 1);
    rows.push((ALL_CASES.to_owned(), row(Some(one), whole, "")?));
    for (((group, weight), quality), total) in stays.groups.iter().zip(weights).zip(quality).zip(costs) {
        let drops = !quality.stable && plan.quality.unstable == Unstable::NoWeight;
        let note = match (quality.stable, quality.kept) {
            (true, _) => "",
            (false, 0) => "no case",
            (false, _) => "not stable",
        };
        let weight = weight.filter(|_| !drops);
        let weight = weight.map(|weight| rounded(weight, scale, decimals)).transpose();
        let weight = weight.map_err(|e| Error::new(format!("group `{}`: {e}", group.code)))?;
        rows.push((group.code.clone(), row(weight, (total.cases, total.cost), note)?));
    }
    Ok(Weights::of(rows))
}

fn row(weight: Option<Weight>, (cases, cost): (u64, i128), note: &str) -> Result<GroupWeight> {
    let mean = |cases: u64| Exact::new(cost, i128::from(cases)).and_then(Exact::fen_half_away);
    let mean: Option<Fen> = match cases {
        0 => None,
        _ => Some(mean(cases).map_err(|e| Error::new(e.to_string()))?),
    };
    GroupWeight::new(weight, Some(cases), mean, Evidence::Assumption, note.to_owned()).map_err(Error::new)
}

/// The longest text of a statistic that is read as a decimal.
const LONGEST: usize = 22;

/// A statistic as a weight (权重取整): its shortest decimal, times the scale, rounded once half away from
/// zero.
fn rounded(value: f64, scale: u32, decimals: u32) -> Result<Weight> {
    let refused = || {
        Error::new(format!(
            "the weight comes to {value}; expected a number of zero or more"
        ))
    };
    let mut text = value.to_string();
    if text.len() > LONGEST {
        text = format!("{value:.18}");
    }
    let exact = text.parse::<Weight>().ok().and_then(|weight| weight.exact().ok());
    let scaled = exact.filter(|weight| weight.parts().0 >= 0).ok_or_else(refused)?;
    let scaled = scaled.mul(Exact::integer(i128::from(scale)));
    let shown = scaled.and_then(|weight| weight.show(decimals));
    shown.ok().and_then(|text| text.parse().ok()).ok_or_else(refused)
}

/// Costs changed before calibration (费用调整): charges to costs, savings added back.
#[derive(Clone, Debug, Default)]
pub struct CostChanges {
    /// Cost over charge, by hospital and block; 1 where there is none.
    pub ratios: std::collections::BTreeMap<(String, usize), Exact>,
    /// Fen added to every case of a group.
    pub added: std::collections::BTreeMap<String, Exact>,
}

impl CostChanges {
    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.ratios.is_empty() && self.added.is_empty()
    }

    /// Changes the costs: Σ charge × ratio, what no block holds at 1, and what is added back; rounded once
    /// to fen, half away from zero.
    ///
    /// # Errors
    /// A cost leaves the exact range.
    pub fn apply(&self, stays: &mut Stays) -> Result<()> {
        let mut ratios: Vec<Vec<(usize, Exact)>> = vec![Vec::new(); stays.hospitals.len()];
        for ((hospital, block), ratio) in &self.ratios {
            if let Ok(place) = stays.hospitals.binary_search(hospital)
                && let Some(of) = ratios.get_mut(place)
            {
                of.push((*block, *ratio));
            }
        }
        let added = stays
            .groups
            .iter()
            .map(|group| self.added.get(&group.code).copied());
        let added: Vec<Option<Exact>> = added.collect();
        let failed = std::cell::Cell::new(false);
        stays.change_costs(|stay, side| {
            let of = ratios.get(stay.hospital as usize).map_or(&[][..], Vec::as_slice);
            let add = added.get(stay.group as usize).copied().flatten();
            cost_of(stay, side.blocks(stay), of, add).unwrap_or_else(|_| {
                failed.set(true);
                stay.cost
            })
        });
        if failed.get() {
            return Err(Error::new("the changed cost of a case leaves the exact range"));
        }
        Ok(())
    }
}

fn cost_of(
    stay: &Stay,
    blocks: &[i64],
    ratios: &[(usize, Exact)],
    add: Option<Exact>,
) -> std::result::Result<i64, crate::units::Overflow> {
    if ratios.is_empty() && add.is_none() {
        return Ok(stay.cost);
    }
    let mut cost = Exact::integer(i128::from(stay.cost));
    for (block, ratio) in ratios {
        let charge = Exact::integer(i128::from(blocks.get(*block).copied().unwrap_or(0)));
        cost = cost.add(charge.mul(ratio.sub(Exact::ONE)?)?)?;
    }
    let cost = cost.add(add.unwrap_or(Exact::ZERO))?;
    cost.fen_half_away().map(Fen::fen)
}

/// How much of the kept costs and stays the groups explain, for a notice (裁剪前后RIV).
pub fn trimmed_is_lower(made: &Made, stays: &Stays) -> bool {
    let riv = |sample: &Sample| super::quality::Explained::by_groups(sample, Of::Cost, |_| true).riv();
    matches!((riv(&made.kept), riv(&stays.all)), (Ok(kept), Ok(all)) if kept < all)
}
