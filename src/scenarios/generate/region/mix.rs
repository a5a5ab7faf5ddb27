//! Which groups are frequent, dear and long, and at which hospitals they are treated.

use std::path::Path;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::super::draw::Drawer;
use super::super::wishes::Wishes;
use super::super::{Domain, GroupOfMix, Mix, stream};
use super::plan::RegionPlan;
use crate::diagnostics::{Error, Result, suggestion};
use crate::scenarios::lists::Table;
use crate::tables::NumberFact;

/// What a group's patients are like, as its principal diagnoses tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Ordinary,
    /// Women of childbearing age.
    Obstetric,
    /// In the first 28 days of life.
    Newborn,
    /// Stays of weeks: psychiatry and rehabilitation.
    Long,
    /// Stays of days: chemotherapy and radiotherapy.
    Short,
}

/// A group of the region (区域病组).
#[derive(Clone, Debug)]
pub(super) struct RegionGroup {
    /// Its place among the groups.
    pub(super) number: usize,
    pub(super) base: GroupOfMix,
    pub(super) code: String,
    pub(super) class: Class,
    pub(super) surgical: bool,
    /// Share of the records, newborns apart.
    share: f64,
    /// Mean cost in fen at a factor of 1.
    pub(super) cost_fen: f64,
    /// Mean stay in days.
    pub(super) stay: f64,
    /// Chance of levels 3, 2 and 1, summed up.
    levels: [f64; 3],
}

/// Items drawn by their shares.
#[derive(Debug, Default)]
struct Draw {
    items: Vec<usize>,
    cumulative: Vec<f64>,
}

/// The groups of a region and their frequency.
#[derive(Debug)]
pub(super) struct RegionMix {
    groups: Vec<RegionGroup>,
    all: Draw,
    deliveries: Draw,
    newborns: Draw,
}

/// Which of the mix is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All but newborns.
    Any,
    Delivery,
    Newborn,
}

impl Draw {
    fn of(groups: &[RegionGroup], fits: impl Fn(&RegionGroup) -> bool) -> Draw {
        let mut draw = Draw::default();
        let mut sum = 0.0;
        for (index, group) in groups.iter().enumerate() {
            if fits(group) && group.share > 0.0 {
                sum += group.share;
                draw.items.push(index);
                draw.cumulative.push(sum);
            }
        }
        draw.cumulative.iter_mut().for_each(|part| *part /= sum);
        draw
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> Option<usize> {
        let at: f64 = rng.random();
        let place = self.cumulative.partition_point(|sum| *sum < at);
        self.items
            .get(place.min(self.items.len().saturating_sub(1)))
            .copied()
    }
}

impl RegionMix {
    /// Of the groups that `can_be_made` says, in the order of `base`; all while that is not known.
    pub(super) fn new(
        drawer: &Drawer<'_>,
        base: &Mix,
        plan: &RegionPlan,
        can_be_made: &[bool],
    ) -> Result<RegionMix> {
        let mut groups = groups_of(drawer, base, plan.mix_seed);
        for (group, can) in groups.iter_mut().zip(can_be_made) {
            group.share *= f64::from(u8::from(*can));
        }
        match &plan.mix {
            Some(path) => take_written_mix(&mut groups, path)?,
            None => shape_mix(&mut groups, plan),
        }
        spread_over_levels(&mut groups, plan);
        scale_cost(&mut groups, plan);
        let is_delivery = |group: &RegionGroup| group.class == Class::Obstetric;
        Ok(RegionMix {
            all: Draw::of(&groups, |group| group.class != Class::Newborn),
            deliveries: Draw::of(&groups, is_delivery),
            newborns: Draw::of(&groups, |group| group.class == Class::Newborn),
            groups,
        })
    }

    pub(super) fn draw(&self, kind: Kind, rng: &mut ChaCha8Rng) -> Option<&RegionGroup> {
        let index = match kind {
            Kind::Any => self.all.draw(rng),
            Kind::Delivery => self.deliveries.draw(rng),
            Kind::Newborn => self.newborns.draw(rng),
        };
        self.groups.get(index?)
    }

    /// All groups, in the order of the base; not drawn if they have no share.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&RegionGroup, bool)> {
        self.groups.iter().map(|group| (group, group.share > 0.0))
    }

    /// Share of each group in the records, in the order of the base; newborns beside the others.
    pub(super) fn shares(&self) -> Vec<f64> {
        let total: f64 = self.groups.iter().map(|group| group.share).sum();
        let shares = self.groups.iter().map(|group| group.share / total.max(1e-12));
        shares.collect()
    }

    /// Whether mothers and newborns can be made by this scheme.
    pub(super) fn has_births(&self) -> bool {
        !self.deliveries.items.is_empty() && !self.newborns.items.is_empty()
    }

    /// Share of the records whose groups are only of the young: mothers.
    pub(super) fn young_share(&self) -> f64 {
        let share = |of: &dyn Fn(&RegionGroup) -> bool| -> f64 {
            let groups = self
                .groups
                .iter()
                .filter(|group| group.class != Class::Newborn && of(group));
            groups.map(|group| group.share).sum()
        };
        share(&|group| group.class == Class::Obstetric) / share(&|_| true).max(1e-12)
    }

    /// Whether anything but newborns can be drawn.
    pub(super) fn is_empty(&self) -> bool {
        self.all.items.is_empty()
    }
}

impl RegionGroup {
    /// 0 for level 3, 1 for level 2, 2 for level 1.
    pub(super) fn draw_level(&self, rng: &mut ChaCha8Rng) -> usize {
        let at: f64 = rng.random();
        self.levels.iter().position(|sum| at < *sum).unwrap_or(0)
    }
}

fn groups_of(drawer: &Drawer<'_>, base: &Mix, seed: u64) -> Vec<RegionGroup> {
    let mut before = 0.0;
    let mut groups = Vec::with_capacity(base.groups.len());
    for (number, (group, sum)) in base.groups.iter().zip(&base.cumulative).enumerate() {
        let wishes = drawer.wishes(group, &mut stream(seed, Domain::Mix, number as u64 + 1));
        groups.push(RegionGroup {
            number,
            base: *group,
            code: drawer.group_code(group).to_owned(),
            class: class_of(drawer, &wishes),
            surgical: wishes.any_procedure
                || !wishes.principal_procedure.is_empty()
                || !wishes.procedures.is_empty(),
            share: sum - before,
            cost_fen: group.mean_cost_fen,
            stay: group.mean_stay,
            levels: [1.0; 3],
        });
        before = *sum;
    }
    groups
}

/// By the first letters of most codes of the smallest set the principal diagnosis must be in.
fn class_of(drawer: &Drawer<'_>, wishes: &Wishes) -> Class {
    let (_, most_days) = wishes.bounds(NumberFact::AgeDays);
    if most_days < 36_500 {
        return Class::Newborn;
    }
    let sets = wishes
        .principal_diagnosis
        .iter()
        .filter_map(|set| drawer.listed.get(set));
    let Some(codes) = sets.min_by_key(|codes| codes.len()) else {
        return Class::Ordinary;
    };
    let mostly = |prefixes: &[&str]| {
        let begins = |text: &str| prefixes.iter().any(|prefix| text.starts_with(prefix));
        let hits = codes.iter().filter(|id| begins(drawer.scheme().code(**id)));
        2 * hits.count() > codes.len()
    };
    let classes: [(Class, &[&str]); 4] = [
        (Class::Newborn, &["P"]),
        (Class::Obstetric, &["O"]),
        (Class::Long, &["F", "Z50"]),
        (Class::Short, &["Z51.0", "Z51.1"]),
    ];
    let class = classes.iter().find(|(_, prefixes)| mostly(prefixes));
    class.map_or(Class::Ordinary, |(class, _)| *class)
}

fn take_written_mix(groups: &mut [RegionGroup], path: &Path) -> Result<()> {
    let table = Table::read(path)?;
    groups.iter_mut().for_each(|group| group.share = 0.0);
    let number = |text: &str, column: &str| {
        let number = text
            .parse::<f64>()
            .ok()
            .filter(|number| *number > 0.0 && *number < 1e9);
        number.ok_or_else(|| format!("`{text}` in column `{column}`; expected a number above 0"))
    };
    table.each(
        ["group", "share", "mean_cost", "mean_stay"],
        |[code, share, cost, stay]| {
            let known = groups.iter().position(|group| group.code == code);
            let Some(group) = known.and_then(|place| groups.get_mut(place)) else {
                let hint = suggestion(code, groups.iter().map(|group| group.code.as_str()));
                return Err(format!("the scheme has no group `{code}`{hint}"));
            };
            if group.share > 0.0 {
                return Err(format!("group `{code}` stands in an earlier row too"));
            }
            group.share = number(share, "share")?;
            group.cost_fen = 100.0 * number(cost, "mean_cost")?;
            group.stay = number(stay, "mean_stay")?;
            Ok(())
        },
    )?;
    if groups.iter().all(|group| group.share == 0.0) {
        return Err(Error::new(format!("{}: there are no rows", path.display())));
    }
    Ok(())
}

/// Brings the share of surgical groups and the lengths of stay to what the plan says.
fn shape_mix(groups: &mut [RegionGroup], plan: &RegionPlan) {
    let surgical: f64 = groups.iter().filter(|g| g.surgical).map(|g| g.share).sum();
    let total: f64 = groups.iter().map(|g| g.share).sum();
    if surgical > 0.0 && surgical < total {
        let wanted = plan.stays.surgical.get();
        for group in groups.iter_mut() {
            group.share *= match group.surgical {
                true => wanted / surgical,
                false => (1.0 - wanted) / (total - surgical),
            };
        }
    }
    for group in groups.iter_mut() {
        group.stay = match group.class {
            Class::Long => group.stay.clamp(20.0, 45.0),
            Class::Short => group.stay.clamp(1.0, 3.0),
            _ => group.stay,
        };
    }
    let fixed = |group: &RegionGroup| matches!(group.class, Class::Long | Class::Short);
    let days = |is_fixed: bool| -> f64 {
        let of_kind = groups.iter().filter(|group| fixed(group) == is_fixed);
        of_kind.map(|group| group.share * group.stay).sum()
    };
    let total: f64 = groups.iter().map(|g| g.share).sum();
    let factor = (plan.stays.mean_days.get() * total - days(true)) / days(false);
    for group in groups.iter_mut().filter(|group| !fixed(group)) {
        group.stay *= if factor > 0.2 { factor } else { 1.0 };
    }
}

/// Dearer groups go to higher levels, so far that the levels' mean costs have the ratio of the plan
/// while each level keeps its share.
fn spread_over_levels(groups: &mut [RegionGroup], plan: &RegionPlan) {
    let levels = plan.hospitals.levels();
    let within = levels[0].cost.get() / levels[1].cost.get();
    let wanted = plan.hospitals.cost_ratio.get() / within;
    if levels.iter().take(2).any(|level| level.share.get() == 0.0) {
        return tilt_levels(groups, plan, 0.0); // there is nothing to compare
    }
    let (mut low, mut high) = (-3.0, 3.0);
    for _ in 0..24 {
        let tilt = (low + high) / 2.0;
        tilt_levels(groups, plan, tilt);
        let [third, second, _] = mean_costs(groups);
        match third / second < wanted {
            true => low = tilt,
            false => high = tilt,
        }
    }
}

/// Chances of each level ∝ scale × cost to the power of `tilt`, the scales found by iteration.
fn tilt_levels(groups: &mut [RegionGroup], plan: &RegionPlan, tilt: f64) {
    let wanted = plan.hospitals.levels().map(|level| level.share.get());
    let total: f64 = groups.iter().map(|group| group.share).sum();
    let weights = groups.iter().map(|group| {
        let cost = (group.cost_fen / 600_000.0).ln();
        [(tilt * cost).exp(), 1.0, (-0.3 * tilt * cost).exp()]
    });
    let weights: Vec<[f64; 3]> = weights.collect();
    let mut scale = wanted;
    let chances = |weights: &[f64; 3], scale: &[f64; 3]| {
        let [a, b, c] = [0, 1, 2].map(|level| part(weights, level) * part(scale, level));
        let sum = a + b + c;
        [a / sum, b / sum, c / sum]
    };
    for _ in 0..25 {
        let mut sums = [0.0; 3];
        for (group, weights) in groups.iter().zip(&weights) {
            let chance = chances(weights, &scale);
            for (sum, chance) in sums.iter_mut().zip(chance) {
                *sum += group.share / total * chance;
            }
        }
        for ((scale, wanted), sum) in scale.iter_mut().zip(wanted).zip(sums) {
            *scale *= if sum > 0.0 { wanted / sum } else { 0.0 };
        }
    }
    for (group, weights) in groups.iter_mut().zip(&weights) {
        let [third, second, _] = chances(weights, &scale);
        group.levels = [third, third + second, 1.0];
    }
}

fn part(parts: &[f64; 3], index: usize) -> f64 {
    parts.get(index).copied().unwrap_or(0.0)
}

/// Mean cost of the groups treated at each level, before the levels' own factors.
fn mean_costs(groups: &[RegionGroup]) -> [f64; 3] {
    let (mut costs, mut shares) = ([0.0; 3], [0.0; 3]);
    for group in groups {
        let [third, two, _] = group.levels;
        for (level, chance) in [third, two - third, 1.0 - two].into_iter().enumerate() {
            if let (Some(cost), Some(share)) = (costs.get_mut(level), shares.get_mut(level)) {
                *cost += group.share * chance * group.cost_fen;
                *share += group.share * chance;
            }
        }
    }
    [0, 1, 2].map(|level| part(&costs, level) / part(&shares, level).max(1e-12))
}

/// Brings the overall mean cost to the plan's.
fn scale_cost(groups: &mut [RegionGroup], plan: &RegionPlan) {
    if plan.mix.is_some() {
        return; // the written means hold
    }
    let levels = plan.hospitals.levels();
    let means = mean_costs(groups);
    let mean: f64 = levels
        .iter()
        .zip(means)
        .map(|(level, mean)| level.share.get() * level.cost.get() * mean)
        .sum();
    let factor = 100.0 * plan.cost.mean.get() / mean;
    groups.iter_mut().for_each(|group| group.cost_fen *= factor);
}
