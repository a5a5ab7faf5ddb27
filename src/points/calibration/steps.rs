//! The steps behind the estimator, in their order: shrink, blend, cap, normalise (收缩、平滑、封顶、归一).
//!
//! Each takes the weights of the one before it and leaves its own beside them, so that a report can
//! show what each did to every group.

use super::statistics::{Deviation, Missing, Spread, Statistic, ratio};

/// What a group brings to the steps.
#[derive(Clone, Copy, Debug, Default)]
pub struct StepGroup {
    /// Kept cases.
    pub kept: u64,
    /// All cases, trimmed ones too.
    pub all: u64,
    /// Coefficient of variation of kept cases, where there is one.
    pub cv: Option<f64>,
    /// Weight before this calibration.
    pub previous: Option<f64>,
}

/// Pulls weights of few cases towards earlier ones (小样本收缩): z W + (1 − z) W₀, z = n ÷ (n + k).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shrink {
    /// How many cases the earlier weight counts for.
    pub k: ShrinkBy,
    /// Groups with fewer cases take the earlier weight times the mean change of all.
    pub floor_cases: u64,
    /// The mean of which changes.
    pub mean_change: MeanChange,
}

/// How many cases an earlier weight counts for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ShrinkBy {
    /// So many.
    Cases(f64),
    /// Estimated of the groups with at least so many cases: mean CV² over the spread of the changes of
    /// weights that chance does not explain.
    Estimate {
        /// Fewest cases of a group that counts.
        min_cases: u64,
        /// The least spread that is divided by.
        least: f64,
    },
}

/// The mean change of all weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeanChange {
    /// Sum of new weights over sum of old ones, by kept cases.
    ByCases,
    /// Mean of the changes, each group alike.
    ByGroups,
}

/// Which cases a sum of weights counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CasesBy {
    /// Those the weights were made of.
    Kept,
    /// Trimmed ones too: they are paid.
    All,
}

impl CasesBy {
    fn of(self, group: &StepGroup) -> f64 {
        match self {
            CasesBy::Kept => group.kept as f64,
            CasesBy::All => group.all as f64,
        }
    }
}

/// Holds weights near earlier ones (涨跌幅限制), and the sum of weights where it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cap {
    /// The most a weight may fall.
    pub down: f64,
    /// The most it may rise.
    pub up: f64,
    /// Which cases the sum counts.
    pub cases: CasesBy,
}

/// What the sum of weights is brought to (归一).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Normalise {
    /// A mean weight of 1 by cases.
    One(CasesBy),
    /// The sum that the earlier weights of the same cases have.
    Previous(CasesBy),
}

/// The steps a plan takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Steps {
    /// Pull towards earlier weights.
    pub shrink: Option<Shrink>,
    /// Share of the new weights; the rest is the earlier ones'.
    pub blend: Option<f64>,
    /// Bounds around earlier weights.
    pub cap: Option<Cap>,
    /// Sum of weights.
    pub normalise: Option<Normalise>,
}

/// Why a step cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepFault {
    /// The sum to be kept lies outside what the bounds allow (CapInfeasible).
    CapInfeasible {
        /// Least sum within the bounds.
        least: f64,
        /// Largest sum within the bounds.
        largest: f64,
        /// Sum to be kept.
        target: f64,
    },
    /// There is no sum to bring weights to.
    NoSum,
    /// Too few groups to estimate `k` of, or no earlier weights.
    NoEstimate,
}

impl std::fmt::Display for StepFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StepFault::CapInfeasible {
                least,
                largest,
                target,
            } => write!(
                f,
                "[cap]: the sum of weights is {target:.6}, and the bounds allow {least:.6} to {largest:.6} \
                 (CapInfeasible); expected wider bounds, or a sum that fits them"
            ),
            StepFault::NoSum => f.write_str("[normalise]: no group has cases and both weights; expected some"),
            StepFault::NoEstimate => f.write_str(
                "[shrink]: k = `estimate` needs at least two groups with `estimate_cases` cases, a spread and an earlier \
                 weight; expected a number instead",
            ),
        }
    }
}

/// Weights after a step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepDone {
    /// Its name.
    pub name: &'static str,
    /// Weights in order of the groups.
    pub weights: Vec<Option<f64>>,
    /// What it worked out, by name: k, λ, the factor.
    pub figure: Option<(&'static str, f64)>,
}

impl Steps {
    /// Whether a step looks at earlier weights.
    pub fn ask_for_previous(&self) -> bool {
        let by_previous = matches!(self.normalise, Some(Normalise::Previous(_)));
        self.shrink.is_some() || self.blend.is_some() || self.cap.is_some() || by_previous
    }

    /// Takes the steps in their order, from the estimator's weights (逐步调整).
    ///
    /// # Errors
    /// [`StepFault`].
    pub fn take(&self, weights: &[Option<f64>], groups: &[StepGroup]) -> Result<Vec<StepDone>, StepFault> {
        let mut done: Vec<StepDone> = Vec::new();
        let last = |done: &Vec<StepDone>| done.last().map_or(weights, |step| &step.weights).to_vec();
        if let Some(step) = &self.shrink {
            let made = step.take(&last(&done), groups)?;
            done.push(made);
        }
        if let Some(share) = self.blend {
            let made = blend(share, &last(&done), groups);
            done.push(made);
        }
        if let Some(step) = &self.cap {
            let made = step.take(&last(&done), groups)?;
            done.push(made);
        }
        if let Some(step) = &self.normalise {
            let made = step.take(&last(&done), groups)?;
            done.push(made);
        }
        Ok(done)
    }
}

impl Shrink {
    fn take(&self, weights: &[Option<f64>], groups: &[StepGroup]) -> Result<StepDone, StepFault> {
        let k = match self.k {
            ShrinkBy::Cases(k) => k,
            ShrinkBy::Estimate { min_cases, least } => estimate_k(weights, groups, min_cases, least)?,
        };
        let change = self.change(weights, groups);
        let shrunk = weights.iter().zip(groups).map(|(weight, group)| {
            let Some(previous) = group.previous else {
                return *weight;
            };
            match (weight, change) {
                (Some(weight), _) if group.kept >= self.floor_cases => {
                    let z = group.kept as f64 / (group.kept as f64 + k);
                    Some(z * weight + (1.0 - z) * previous)
                }
                (_, Ok(change)) => Some(previous * change),
                (weight, Err(_)) => *weight,
            }
        });
        Ok(StepDone {
            name: "shrink",
            weights: shrunk.collect(),
            figure: Some(("k", k)),
        })
    }

    /// The mean change of the weights of groups with enough cases.
    fn change(&self, weights: &[Option<f64>], groups: &[StepGroup]) -> Statistic {
        let enough = weights.iter().zip(groups).filter_map(|(weight, group)| {
            let previous = group.previous.filter(|previous| *previous > 0.0)?;
            (group.kept >= self.floor_cases).then_some((group.kept as f64, (*weight)?, previous))
        });
        match self.mean_change {
            MeanChange::ByCases => {
                let (new, old) = enough.fold((0.0, 0.0), |(new, old), (n, weight, previous)| {
                    (new + n * weight, old + n * previous)
                });
                ratio(new, old, Missing::NoReference)
            }
            MeanChange::ByGroups => {
                let changes = Spread::of(enough.map(|(_, weight, previous)| weight / previous));
                match changes.count {
                    0 => Err(Missing::NoReference),
                    _ => Ok(changes.mean),
                }
            }
        }
    }
}

/// mean CV² ÷ max(least, variance of ln(W ÷ W₀), ddof 1, − mean(CV² ÷ n)), over groups with enough cases.
fn estimate_k(
    weights: &[Option<f64>],
    groups: &[StepGroup],
    min_cases: u64,
    least: f64,
) -> Result<f64, StepFault> {
    let mut changes = Vec::new();
    let (mut squares, mut by_chance) = (0.0, 0.0);
    for (weight, group) in weights.iter().zip(groups) {
        let positive = |value: Option<f64>| value.filter(|value| *value > 0.0);
        let (Some(weight), Some(previous), Some(cv)) =
            (positive(*weight), positive(group.previous), group.cv)
        else {
            continue;
        };
        if group.kept >= min_cases.max(1) {
            changes.push((weight / previous).ln());
            squares += cv * cv;
            by_chance += cv * cv / group.kept as f64;
        }
    }
    let n = changes.len() as f64;
    let spread = Spread::of(changes.iter().copied()).deviation(Deviation::Sample);
    let variance = spread.map_err(|_| StepFault::NoEstimate)?.powi(2);
    Ok((squares / n) / (variance - by_chance / n).max(least))
}

/// (1 − α) W₀ + α W; a group that has only one of them takes it.
fn blend(share: f64, weights: &[Option<f64>], groups: &[StepGroup]) -> StepDone {
    let blended = weights
        .iter()
        .zip(groups)
        .map(|(weight, group)| match (weight, group.previous) {
            (Some(weight), Some(previous)) => Some((1.0 - share) * previous + share * weight),
            (weight, previous) => weight.or(previous),
        });
    StepDone {
        name: "blend",
        weights: blended.collect(),
        figure: Some(("new_share", share)),
    }
}

/// Halvings of an interval: more than a floating number has digits.
const HALVINGS: u32 = 200;

/// Doublings of the largest factor.
const DOUBLINGS: u32 = 200;

impl Cap {
    fn take(&self, weights: &[Option<f64>], groups: &[StepGroup]) -> Result<StepDone, StepFault> {
        let capped: Vec<Capped> = weights
            .iter()
            .zip(groups)
            .map(|(weight, group)| Capped {
                cases: self.cases.of(group),
                weight: *weight,
                bounds: group
                    .previous
                    .map(|previous| ((1.0 - self.down) * previous, (1.0 + self.up) * previous)),
            })
            .collect();
        let factor = factor_of(&capped)?;
        Ok(StepDone {
            name: "cap",
            weights: capped.iter().map(|group| group.at(factor)).collect(),
            figure: Some(("lambda", factor)),
        })
    }
}

/// A weight between its bounds; of a group without an earlier weight there are none.
struct Capped {
    cases: f64,
    weight: Option<f64>,
    bounds: Option<(f64, f64)>,
}

impl Capped {
    fn at(&self, factor: f64) -> Option<f64> {
        let weight = self.weight? * factor;
        Some(match self.bounds {
            Some((low, high)) => weight.clamp(low, high),
            None => weight,
        })
    }

    fn points(&self, factor: f64) -> f64 {
        self.at(factor).map_or(0.0, |weight| self.cases * weight)
    }
}

/// λ with Σ n clamp(λ W) = Σ n W, by halving: the sum never falls as λ grows.
fn factor_of(groups: &[Capped]) -> Result<f64, StepFault> {
    let sum_at = |factor: f64| groups.iter().map(|group| group.points(factor)).sum::<f64>();
    let weights = groups
        .iter()
        .map(|group| group.cases * group.weight.unwrap_or(0.0));
    let target: f64 = weights.sum();
    let mut high = 1.0;
    for _ in 0..DOUBLINGS {
        if sum_at(high) >= target {
            break;
        }
        high *= 2.0;
    }
    let (least, largest) = (sum_at(0.0), sum_at(high));
    // sums of many terms: the last digits are not theirs
    let slack = target.abs() * 1e-12;
    if target < least - slack || target > largest + slack {
        return Err(StepFault::CapInfeasible {
            least,
            largest,
            target,
        });
    }
    let mut low = 0.0;
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if sum_at(middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(high)
}

impl Normalise {
    fn take(&self, weights: &[Option<f64>], groups: &[StepGroup]) -> Result<StepDone, StepFault> {
        let (Normalise::One(by) | Normalise::Previous(by)) = *self;
        let (mut now, mut wanted) = (0.0, 0.0);
        for (weight, group) in weights.iter().zip(groups) {
            let (Some(weight), cases) = (weight, by.of(group)) else {
                continue;
            };
            match (self, group.previous) {
                (Normalise::One(_), _) => {
                    now += cases * weight;
                    wanted += cases;
                }
                (Normalise::Previous(_), Some(previous)) => {
                    now += cases * weight;
                    wanted += cases * previous;
                }
                // the earlier sum says nothing of a group it did not have
                (Normalise::Previous(_), None) => {}
            }
        }
        let factor = ratio(wanted, now, Missing::NoCases).map_err(|_| StepFault::NoSum)?;
        Ok(StepDone {
            name: "normalise",
            weights: weights
                .iter()
                .map(|weight| weight.map(|weight| weight * factor))
                .collect(),
            figure: Some(("factor", factor)),
        })
    }
}
