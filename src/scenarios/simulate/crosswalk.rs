//! From an old grouper to a new one (分组器对照): who moved where, and what it does to the case mix.

use std::collections::BTreeMap;

use super::engine::Run;
use crate::units::{Fen, Points};

/// Cases that were in one group and are in another (对照行).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Cases.
    pub cases: u64,
    /// Their cost.
    pub cost: Fen,
    /// Points they had, in units of 10⁻¹².
    pub points_old: i128,
    /// Points they have.
    pub points_new: i128,
}

/// Old and new group with what moved between them; an empty code is ungrouped (对照表).
pub type Crosswalk = BTreeMap<(String, String), Moved>;

/// The same claims under two groupers (文档效应): CMI before and after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CaseMix {
    /// CMI under the old grouper.
    pub old: f64,
    /// Under the new one.
    pub new: f64,
    /// Of which between adjacent groups.
    pub between: f64,
    /// Within them.
    pub within: f64,
    /// By other weights of the same groups.
    pub weights: f64,
}

/// Joins two runs of the same cases by their ids (建立对照).
pub fn crosswalk(old: &Run, new: &Run) -> Crosswalk {
    let mut rows = Crosswalk::new();
    let news: hashbrown::HashMap<&str, usize> = (0..)
        .zip(&new.scored.ids)
        .map(|(at, id)| (id.as_str(), at))
        .collect();
    for (case, id) in old.scored.cases.iter().zip(&old.scored.ids) {
        let there = news.get(id.as_str()).and_then(|at| new.scored.cases.get(*at));
        let name = |run: &Run, group: u32| {
            run.scored
                .groups
                .get(group as usize)
                .map_or_else(String::new, |group| group.code.clone())
        };
        let to = there.map_or_else(String::new, |case| name(new, case.group));
        let row = rows.entry((name(old, case.group), to)).or_default();
        row.cases += 1;
        row.cost += Fen::new(case.cost);
        row.points_old += case.units;
        row.points_new += there.map_or(0, |case| case.units);
    }
    rows
}

/// Cases of a group, its adjacent group and both weights (病组的结构).
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// Adjacent group.
    pub adrg: String,
    /// Cases before and after.
    pub cases: (f64, f64),
    /// Weight before and after.
    pub weight: (f64, f64),
}

/// CMI₁ − CMI₀ = between adjacent groups + within them + weight table, exact (CMI 变化分解). A new
/// adjacent group takes its own later mix; none without cases.
pub fn case_mix(groups: &[Mix]) -> Option<CaseMix> {
    let all = |of: fn(&Mix) -> f64| groups.iter().map(of).sum::<f64>();
    let (n0, n1) = (all(|g| g.cases.0), all(|g| g.cases.1));
    if n0 <= 0.0 || n1 <= 0.0 {
        return None;
    }
    let mut adrgs: BTreeMap<&str, Vec<&Mix>> = BTreeMap::new();
    groups
        .iter()
        .for_each(|group| adrgs.entry(&group.adrg).or_default().push(group));
    let (mut between, mut within) = (0.0, 0.0);
    for members in adrgs.values() {
        let sum = |of: &dyn Fn(&Mix) -> f64| members.iter().map(|group| of(group)).sum::<f64>();
        let (c0, c1) = (sum(&|g| g.cases.0), sum(&|g| g.cases.1));
        let later = sum(&|g| g.cases.1 * g.weight.0) / c1;
        let mean = if c0 > 0.0 {
            sum(&|g| g.cases.0 * g.weight.0) / c0
        } else {
            later
        };
        between += (c1 / n1 - c0 / n0) * mean;
        if c1 > 0.0 {
            within += c1 / n1 * (later - mean);
        }
    }
    Some(CaseMix {
        old: all(|g| g.cases.0 * g.weight.0) / n0,
        new: all(|g| g.cases.1 * g.weight.1) / n1,
        between,
        within,
        weights: all(|g| g.cases.1 * (g.weight.1 - g.weight.0)) / n1,
    })
}

/// The mix of two runs, group by group; a group one of them does not know takes the other's weight.
pub fn mixes(old: &Run, new: &Run) -> Vec<Mix> {
    let mut mixes: BTreeMap<&str, Mix> = BTreeMap::new();
    for (run, is_new) in [(old, false), (new, true)] {
        for (group, sum) in run.scored.groups.iter().zip(&run.outcome.groups) {
            let weight = group.weight_units as f64 / Points::PER_POINT as f64;
            let mix = mixes.entry(&group.code).or_insert_with(|| Mix {
                adrg: group.adrg.clone(),
                cases: (0.0, 0.0),
                weight: (weight, weight),
            });
            if is_new {
                mix.cases.1 = sum.cases;
                mix.weight.1 = weight;
            } else {
                mix.cases.0 = sum.cases;
                mix.weight.0 = weight;
            }
        }
    }
    mixes.into_values().collect()
}
