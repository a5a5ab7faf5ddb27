//! What weights are held against: severity, earlier weights, years, gates of packets (权重检验).

use std::collections::BTreeMap;

use super::statistics::{Deviation, Missing, Quantile, Spread, Statistic, count, quantile, ratio};
use super::stays::{Sample, Severity, Stay, Stays};

// ---- severity ladder --------------------------------------------------------------------------

/// Two groups of an adjacent group whose weights do not follow their severity (严重程度倒挂).
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// Places of the more and the less severe group.
    pub groups: (usize, usize),
    /// Their weights.
    pub weights: (f64, f64),
    /// How much heavier the more severe one is.
    pub gap: Statistic,
    /// The lighter one is the more severe; otherwise the gap is too small.
    pub reversed: bool,
}

/// Pairs of neighbouring severity within adjacent groups that are reversed, or nearer than `least_gap`.
///
/// A group's severity is the least among its cases; groups of the same severity are not compared.
pub fn ladder(stays: &Stays, weights: &[Option<f64>], least_gap: f64) -> Vec<Rung> {
    let mut adjacent: BTreeMap<&str, Vec<(Severity, usize, f64)>> = BTreeMap::new();
    for (place, (group, weight)) in stays.groups.iter().zip(weights).enumerate() {
        if let Some(weight) = weight.filter(|_| !group.adrg.is_empty()) {
            let rungs = adjacent.entry(group.adrg.as_str()).or_default();
            rungs.push((group.severity, place, weight));
        }
    }
    let mut found = Vec::new();
    for rungs in adjacent.values_mut() {
        rungs.sort_by_key(|(severity, place, _)| (*severity, *place));
        for (severity, place, weight) in rungs.iter() {
            let below = rungs.iter().filter(|(below, ..)| below < severity);
            let next = below.clone().map(|(below, ..)| *below).max();
            for (_, low_place, low) in below.filter(|(below, ..)| Some(*below) == next) {
                let gap = ratio(weight - low, *low, Missing::ZeroMean);
                let reversed = weight < low;
                if reversed || gap.is_ok_and(|gap| gap < least_gap) {
                    found.push(Rung {
                        groups: (*place, *low_place),
                        weights: (*weight, *low),
                        gap,
                        reversed,
                    });
                }
            }
        }
    }
    found
}

// ---- drift ------------------------------------------------------------------------------------

/// How weights moved against earlier ones (权重变动).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    /// Place of the group and W ÷ W₀ − 1, in order of the groups.
    pub changes: Vec<(usize, f64)>,
    /// Least, lower decile, quartile, median, quartile, upper decile, largest; type 7.
    pub quantiles: Vec<(&'static str, f64)>,
}

/// Changes of the groups that have both weights.
pub fn drift(weights: &[Option<f64>], previous: &[Option<f64>]) -> Drift {
    let pairs = weights.iter().zip(previous).enumerate();
    let changes: Vec<(usize, f64)> = pairs
        .filter_map(|(place, (new, old))| {
            let old = old.filter(|old| *old > 0.0)?;
            Some((place, (*new)? / old - 1.0))
        })
        .collect();
    let mut sorted: Vec<f64> = changes.iter().map(|(_, change)| *change).collect();
    sorted.sort_by(f64::total_cmp);
    let named = [
        ("least", 0.0),
        ("p10", 0.1),
        ("p25", 0.25),
        ("median", 0.5),
        ("p75", 0.75),
        ("p90", 0.9),
        ("largest", 1.0),
    ];
    let quantiles = named
        .iter()
        .filter_map(|(name, share)| Some((*name, quantile(&sorted, *share, Quantile::Linear)?)));
    Drift {
        quantiles: quantiles.collect(),
        changes,
    }
}

// ---- years ------------------------------------------------------------------------------------

/// A group in one year (分年病组).
#[derive(Clone, Debug, PartialEq)]
pub struct YearOfGroup {
    /// Place of the group.
    pub group: usize,
    /// The year.
    pub year: i16,
    /// Kept cases.
    pub cases: usize,
    /// Their mean cost in yuan.
    pub mean: f64,
    /// Their coefficient of variation.
    pub cv: Statistic,
    /// Their mean over the mean of all kept cases of the year.
    pub weight: Statistic,
    /// Change of that against the year before in which the group has cases.
    pub change: Statistic,
}

/// Each group in each year that it has kept cases in, years known only.
pub fn by_year(kept: &Sample, deviation: Deviation) -> Vec<YearOfGroup> {
    let mut all: BTreeMap<i16, (usize, i128)> = BTreeMap::new();
    for stay in kept.stays() {
        let (cases, cost) = all.entry(stay.year).or_default();
        *cases += 1;
        *cost += i128::from(stay.cost);
    }
    let mean_of = |year: i16| {
        let (cases, cost) = all.get(&year).copied().unwrap_or_default();
        cost as f64 / 100.0 / count(cases.max(1))
    };
    let mut found: Vec<YearOfGroup> = Vec::new();
    for (group, stays) in kept.groups().enumerate() {
        let mut before: Option<f64> = None;
        for year in all.keys().filter(|year| **year != 0) {
            let of_year = stays.iter().filter(|stay| stay.year == *year);
            let spread = Spread::of(of_year.map(Stay::yuan));
            if spread.count == 0 {
                continue;
            }
            let weight = ratio(spread.mean, mean_of(*year), Missing::ZeroMean);
            let change = before
                .ok_or(Missing::NoReference)
                .and_then(|before| ratio(weight?, before, Missing::ZeroMean).map(|quotient| quotient - 1.0));
            before = weight.ok().or(before);
            found.push(YearOfGroup {
                group,
                year: *year,
                cases: spread.count,
                mean: spread.mean,
                cv: spread.cv(deviation),
                weight,
                change,
            });
        }
    }
    found
}

// ---- gates of packets -------------------------------------------------------------------------

/// How many cases groups of at least so many cases hold (覆盖率).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// Fewest cases of a group.
    pub threshold: u64,
    /// Groups with so many.
    pub groups: usize,
    /// Their cases.
    pub cases: usize,
    /// Share of all cases.
    pub share: Statistic,
}

/// Coverage at each threshold.
pub fn coverage(all: &Sample, thresholds: impl Iterator<Item = u64>) -> Vec<Coverage> {
    let sizes: Vec<usize> = all.groups().map(<[Stay]>::len).collect();
    let at = |threshold: u64| {
        let enough = sizes.iter().filter(|size| **size as u64 >= threshold.max(1));
        let cases = enough.clone().sum();
        Coverage {
            threshold,
            groups: enough.count(),
            cases,
            share: ratio(count(cases), count(all.len()), Missing::NoCases),
        }
    };
    thresholds.map(at).collect()
}

/// What a split of a group by labels must meet (辅助细分条件).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitGate {
    /// Fewest cases of the group.
    pub min_cases: u64,
    /// Fewest cases of each label.
    pub min_of_label: u64,
    /// Least coefficient of variation before, ddof 0.
    pub cv_before: f64,
    /// Least fall of the pooled coefficient of variation.
    pub fall: f64,
}

impl SplitGate {
    /// The gate with every threshold times `factor`, e.g. one half for intensive care.
    #[must_use]
    pub fn times(&self, factor: f64) -> SplitGate {
        SplitGate {
            min_cases: (self.min_cases as f64 * factor).ceil() as u64,
            min_of_label: (self.min_of_label as f64 * factor).ceil() as u64,
            cv_before: self.cv_before * factor,
            fall: self.fall * factor,
        }
    }
}

/// A group split by the labels of a dimension (辅助细分结果).
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Place of the group.
    pub group: usize,
    /// Place of the dimension.
    pub dimension: usize,
    /// Coefficient of variation before, ddof 0.
    pub before: Statistic,
    /// Pooled coefficient of variation behind: √(ΣΣ(x − m)² ÷ N) ÷ M.
    pub behind: Statistic,
    /// 1 − behind ÷ before.
    pub fall: Statistic,
    /// Number of the label, cases, mean ÷ mean of the group.
    pub labels: Vec<(u32, usize, Statistic)>,
    /// Whether the gate is met.
    pub passes: bool,
    /// Whether it is the one of several that pass: the largest coefficient of any label.
    pub chosen: bool,
}

/// Every group of which some case has a label, split by it; `gates` by dimension.
pub fn splits(stays: &Stays, gates: &[SplitGate]) -> Vec<Split> {
    let mut found = Vec::new();
    for (group, members) in stays.all.groups().enumerate() {
        let mut of_group: Vec<Split> = (gates.iter().enumerate())
            .filter_map(|(dimension, gate)| split(stays, (group, members), dimension, gate))
            .collect();
        let passing = of_group.iter().enumerate().filter(|(_, split)| split.passes);
        let best =
            passing.max_by(|(a, one), (b, other)| one.largest().total_cmp(&other.largest()).then(b.cmp(a)));
        let best = best.map(|(place, _)| place);
        for (place, split) in of_group.iter_mut().enumerate() {
            split.chosen = Some(place) == best;
        }
        found.extend(of_group);
    }
    found
}

impl Split {
    fn largest(&self) -> f64 {
        self.labels
            .iter()
            .filter_map(|(_, _, of)| of.ok())
            .fold(0.0, f64::max)
    }
}

fn split(
    stays: &Stays,
    (group, members): (usize, &[Stay]),
    dimension: usize,
    gate: &SplitGate,
) -> Option<Split> {
    let label = |stay: &Stay| stays.side.labels(stay).get(dimension).copied().unwrap_or(0);
    let mut by_label: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for stay in members {
        by_label.entry(label(stay)).or_default().push(stay.yuan());
    }
    if by_label.keys().all(|label| *label == 0) {
        return None;
    }
    let whole = Spread::of(members.iter().map(Stay::yuan));
    let parts: Vec<(u32, Spread)> = by_label
        .iter()
        .map(|(label, costs)| (*label, Spread::of(costs.iter().copied())))
        .collect();
    let pooled: f64 = parts.iter().map(|(_, part)| part.squares).sum();
    let n = count(whole.count);
    let before = whole.cv(Deviation::Population);
    let behind = ratio((pooled / n).sqrt(), whole.mean, Missing::ZeroMean);
    let fall = before
        .and_then(|before| ratio(behind?, before, Missing::NoSpread))
        .map(|left| 1.0 - left);
    let labels = parts.iter().filter(|(label, _)| *label != 0);
    let enough = labels
        .clone()
        .all(|(_, part)| part.count as u64 >= gate.min_of_label);
    let passes = members.len() as u64 >= gate.min_cases
        && enough
        && before.is_ok_and(|cv| cv >= gate.cv_before)
        && fall.is_ok_and(|fall| fall >= gate.fall);
    let coefficient = |part: &Spread| ratio(part.mean, whole.mean, Missing::ZeroMean);
    Some(Split {
        group,
        dimension,
        before,
        behind,
        fall,
        labels: labels
            .map(|(label, part)| (*label, part.count, coefficient(part)))
            .collect(),
        passes,
        chosen: false,
    })
}
