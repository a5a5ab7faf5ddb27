//! How well groups explain costs and stays (分组质量): CV, RIV, F, hospital effect, stable groups.

use std::collections::BTreeMap;

use super::statistics::{Deviation, Missing, Quantile, Spread, Statistic, count, quantile, ratio};
use super::stays::{Sample, Stay, Stays};
use super::trim::Trim;
use crate::diagnostics::Result;

/// What of a stay is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Cost in yuan.
    Cost,
    /// Length in days; stays of unknown length are left out.
    Stay,
}

impl Of {
    /// The value of a stay.
    pub fn value(self, stay: &Stay) -> Option<f64> {
        match self {
            Of::Cost => Some(stay.yuan()),
            Of::Stay => stay.days(),
        }
    }

    fn values<'s>(self, stays: &'s [Stay]) -> impl Iterator<Item = f64> + Clone + use<'s> {
        stays.iter().filter_map(move |stay| self.value(stay))
    }
}

/// Spread within groups and as a whole (组内与总离差).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Explained {
    /// Cases that count.
    pub cases: usize,
    /// Groups with cases.
    pub groups: usize,
    /// Sum of squares within groups.
    pub within: f64,
    /// Sum of squares as a whole.
    pub total: f64,
}

impl Explained {
    /// Of the groups that `of` takes.
    pub fn by_groups(sample: &Sample, of: Of, takes: impl Fn(usize) -> bool) -> Explained {
        let taken = || sample.groups().enumerate().filter(|(place, _)| takes(*place));
        let spreads = taken().map(|(_, stays)| Spread::of(of.values(stays)));
        let (mut found, mut sum) = (Explained::default(), 0.0);
        for spread in spreads.filter(|spread| spread.count > 0) {
            found.cases += spread.count;
            found.groups += 1;
            found.within += spread.squares;
            sum += spread.mean * count(spread.count);
        }
        let mean = sum / count(found.cases.max(1));
        let values = taken().flat_map(|(_, stays)| of.values(stays));
        found.total = values.map(|value| (value - mean) * (value - mean)).sum();
        found
    }

    /// Reduction in variance (组间变异减低系数): 1 − within ÷ total.
    ///
    /// # Errors
    /// No case, or all values alike.
    pub fn riv(&self) -> Statistic {
        if self.cases == 0 {
            return Err(Missing::NoCases);
        }
        ratio(self.within, self.total, Missing::NoSpread).map(|share| 1.0 - share)
    }

    /// Fisher's F: mean square between groups over mean square within.
    ///
    /// # Errors
    /// Fewer than two groups, no more cases than groups, or no spread within.
    pub fn f(&self) -> Statistic {
        if self.groups < 2 || self.cases <= self.groups {
            return Err(Missing::OneGroup);
        }
        let between = (self.total - self.within) / count(self.groups - 1);
        let within = self.within / count(self.cases - self.groups);
        ratio(between, within, Missing::NoSpread)
    }
}

/// Whether a group may carry a weight of its own (稳定组).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stable {
    /// Fewest kept cases.
    pub min_cases: u64,
    /// The most coefficient of variation.
    pub cv: f64,
}

impl Stable {
    /// A group of one case has no spread to be judged by: `cases` alone decides there.
    pub fn holds(&self, cases: u64, cv: Statistic) -> bool {
        cases >= self.min_cases && cases > 0 && cv.map_or(true, |cv| cv <= self.cv)
    }
}

/// Figures of one group (病组质量).
#[derive(Clone, Debug, PartialEq)]
pub struct GroupQuality {
    /// All cases, and what they cost in fen.
    pub cases: usize,
    /// Kept cases.
    pub kept: usize,
    /// Cost in fen of what was trimmed.
    pub trimmed_cost: i128,
    /// Mean cost of kept cases in yuan.
    pub mean: Statistic,
    /// Median cost of kept cases in yuan, type 7.
    pub median: Statistic,
    /// Standard deviation of kept costs in yuan.
    pub deviation: Statistic,
    /// Coefficient of variation of kept costs.
    pub cv: Statistic,
    /// The same of all cases.
    pub cv_untrimmed: Statistic,
    /// Mean days of kept cases.
    pub stay: Statistic,
    /// Share of the kept costs' spread that lies between hospitals.
    pub hospital_effect: Statistic,
    /// Whether it is stable.
    pub stable: bool,
    /// Sum of squares of kept costs within the group.
    pub squares: f64,
}

/// Figures of every group (逐组质量).
pub fn by_group(all: &Sample, kept: &Sample, deviation: Deviation, stable: &Stable) -> Vec<GroupQuality> {
    let pairs = all.groups().zip(kept.groups());
    pairs
        .map(|(all, kept)| of_group(all, kept, deviation, stable))
        .collect()
}

fn of_group(all: &[Stay], kept: &[Stay], deviation: Deviation, stable: &Stable) -> GroupQuality {
    let spread = Spread::of(Of::Cost.values(kept));
    let days = Spread::of(Of::Stay.values(kept));
    let cost = |stays: &[Stay]| stays.iter().map(|stay| i128::from(stay.cost)).sum::<i128>();
    let fen: Vec<i64> = kept.iter().map(|stay| stay.cost).collect();
    let median = quantile(&fen, 0.5, Quantile::Linear).map(|fen| fen / 100.0);
    let cv = spread.cv(deviation);
    GroupQuality {
        cases: all.len(),
        kept: kept.len(),
        trimmed_cost: cost(all) - cost(kept),
        mean: mean_of(&spread, Missing::NoCases),
        median: median.ok_or(Missing::NoCases),
        deviation: spread.deviation(deviation),
        cv,
        cv_untrimmed: Spread::of(Of::Cost.values(all)).cv(deviation),
        stay: mean_of(&days, Missing::NoStay),
        hospital_effect: hospital_effect(kept, &spread),
        stable: stable.holds(kept.len() as u64, cv),
        squares: spread.squares,
    }
}

fn mean_of(spread: &Spread, missing: Missing) -> Statistic {
    if spread.count == 0 {
        Err(missing)
    } else {
        Ok(spread.mean)
    }
}

/// Sum of squares between hospitals over that of the group.
fn hospital_effect(stays: &[Stay], spread: &Spread) -> Statistic {
    let mut hospitals: BTreeMap<u32, (usize, f64)> = BTreeMap::new();
    for stay in stays {
        let (cases, sum) = hospitals.entry(stay.hospital).or_default();
        *cases += 1;
        *sum += stay.yuan();
    }
    let between = hospitals.values().map(|(cases, sum)| {
        let n = count(*cases);
        n * (sum / n - spread.mean).powi(2)
    });
    if spread.count == 0 {
        return Err(Missing::NoCases);
    }
    ratio(between.sum(), spread.squares, Missing::NoSpread)
}

/// The groups that hold most of the spread within groups, the largest first (拆分候选).
pub fn split_list(quality: &[GroupQuality], most: usize) -> Vec<(usize, f64)> {
    let whole: f64 = quality.iter().map(|group| group.squares).sum();
    let shares = quality.iter().enumerate();
    let mut shares: Vec<(usize, f64)> = shares
        .filter(|(_, group)| group.squares > 0.0)
        .map(|(place, group)| (place, group.squares / whole))
        .collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    shares.truncate(most);
    shares
}

/// How a set of rules of trimming compares (裁剪敏感性).
#[derive(Clone, Debug, PartialEq)]
pub struct TrimEffect {
    /// The rule as written.
    pub rule: String,
    /// Kept cases.
    pub kept: usize,
    /// Trimmed cases.
    pub removed: usize,
    /// What these cost, in fen.
    pub removed_cost: i128,
    /// Kept costs explained.
    pub cost: Explained,
    /// Kept stays explained.
    pub stay: Explained,
    /// Costs explained on the cases that every rule keeps.
    pub on_common: Explained,
}

/// What each of the rules leaves and explains, and what `of` makes of it (裁剪规则比较). One sample at a
/// time, so that memory does not grow with the rules.
///
/// # Errors
/// Those of `of`.
pub fn compare_trims<T>(
    all: &Sample,
    rules: &[Trim],
    min_cases: u64,
    of: impl Fn(&Sample) -> Result<T>,
) -> Result<Vec<(TrimEffect, T)>> {
    let mut common = vec![true; all.len()];
    let mut effects = Vec::with_capacity(rules.len());
    for rule in rules {
        let marks = rule.marks(all, min_cases);
        common
            .iter_mut()
            .zip(&marks)
            .for_each(|(common, mark)| *common &= mark);
        let sample = all.marked(&marks);
        let effect = TrimEffect {
            rule: rule.to_string(),
            kept: sample.len(),
            removed: all.len() - sample.len(),
            removed_cost: all.cost() - sample.cost(),
            cost: Explained::by_groups(&sample, Of::Cost, |_| true),
            stay: Explained::by_groups(&sample, Of::Stay, |_| true),
            on_common: Explained::default(),
        };
        effects.push((effect, of(&sample)?));
    }
    let on_common = Explained::by_groups(&all.marked(&common), Of::Cost, |_| true);
    effects
        .iter_mut()
        .for_each(|(effect, _)| effect.on_common = on_common);
    Ok(effects)
}

/// Figures of one category of groups, or of all (分类质量).
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The category; `*` of all.
    pub mdc: String,
    /// Costs of all cases.
    pub cost: Explained,
    /// Costs of kept cases.
    pub cost_kept: Explained,
    /// Stays of all cases.
    pub stay: Explained,
    /// Stays of kept cases.
    pub stay_kept: Explained,
}

/// The whole, then each category in order (总体与各大类).
pub fn by_category(stays: &Stays, kept: &Sample) -> Vec<Part> {
    let mut categories: Vec<&str> = stays.groups.iter().map(|group| group.mdc.as_str()).collect();
    categories.sort_unstable();
    categories.dedup();
    let part = |mdc: &str, is_all: bool| {
        let takes = |place: usize| is_all || stays.groups.get(place).is_some_and(|group| group.mdc == mdc);
        Part {
            mdc: mdc.to_owned(),
            cost: Explained::by_groups(&stays.all, Of::Cost, takes),
            cost_kept: Explained::by_groups(kept, Of::Cost, takes),
            stay: Explained::by_groups(&stays.all, Of::Stay, takes),
            stay_kept: Explained::by_groups(kept, Of::Stay, takes),
        }
    };
    let known = categories.iter().filter(|mdc| !mdc.is_empty());
    std::iter::once(part("*", true))
        .chain(known.map(|mdc| part(mdc, false)))
        .collect()
}
