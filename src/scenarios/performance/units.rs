//! Every indicator of every hospital, department, and of the region (逐单元指标).

use std::collections::{BTreeMap, BTreeSet};

use super::cells::{Cell, Totals, cells_of};
use super::composite::{Ranked, rank_sum_ratios};
use super::efficiency::Efficiency;
use super::mortality::{
    Deaths, Grades, adjusted_p, exact_limits, grades, mid_p_upper, rate, shrunk_ratio, two_sided_p,
    upper_tail,
};
use super::plan::IndicatorPlan;
use super::reference::Reference;
use crate::points::calibration::{Group, Missing, Statistic, Stays, number, ratio};
use crate::scenarios::{Discharged, Discharges};

/// Names of the indicators a composite may take.
pub const NAMES: [&str; 16] = [
    "cmi",
    "total_weight",
    "cases",
    "grouping_rate",
    "heavy_share",
    "cost_norm",
    "cost_o_over_e",
    "time_norm",
    "time_o_over_e",
    "cost_norm_adjusted",
    "time_norm_adjusted",
    "mean_cost",
    "mean_stay",
    "mortality",
    "low_risk_mortality",
    "death_ratio",
];

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnitKind {
    /// The whole region.
    Region,
    /// A hospital.
    Hospital,
    /// A department of a hospital.
    Department,
}

/// Every indicator of a unit (单元指标).
#[derive(Clone, Debug)]
pub struct Unit {
    /// What it is.
    pub kind: UnitKind,
    /// Hospital; `*` of the region.
    pub hospital: String,
    /// Department; empty of hospitals.
    pub department: String,
    /// Records of the unit.
    pub discharged: Discharged,
    /// Sums of its grouped cases.
    pub totals: Totals,
    /// Groups with at least so many cases, for each number of the plan.
    pub groups_of: Vec<usize>,
    /// Cases without a weight.
    pub without_weight: u64,
    /// Sum of the weights of the others.
    pub total_weight: f64,
    /// Sum of the weights over the cases that have one (CMI).
    pub cmi: Statistic,
    /// Grouped over discharged, those without a cost too.
    pub grouping_rate: Statistic,
    /// Cases with a heavy weight over grouped cases.
    pub heavy_share: Statistic,
    /// Indices.
    pub efficiency: Efficiency,
    /// Cases and deaths of groups of low risk.
    pub low_risk: (u64, u64),
    /// Deaths against expected ones.
    pub deaths: Deaths,
    /// Expected deaths of low risk: cases times the region's rate.
    pub low_risk_deaths: Deaths,
    /// p of both sides, held against false alarms among the units of its kind.
    pub adjusted_p: Option<f64>,
    /// Rank-sum ratio among hospitals, and its class from 1.
    pub composite: Option<(Statistic, usize)>,
}

impl Unit {
    /// Mean cost in yuan.
    ///
    /// # Errors
    /// No case.
    pub fn mean_cost(&self) -> Statistic {
        ratio(self.totals.yuan(), self.totals.cases as f64, Missing::NoCases)
    }

    /// Mean days.
    ///
    /// # Errors
    /// No case of known stay.
    pub fn mean_stay(&self) -> Statistic {
        ratio(self.totals.stay(), self.totals.with_stay as f64, Missing::NoStay)
    }

    /// Observed over expected deaths.
    ///
    /// # Errors
    /// No death is expected.
    pub fn death_ratio(&self) -> Statistic {
        ratio(
            self.deaths.observed as f64,
            self.deaths.expected,
            Missing::NoDeaths,
        )
    }

    /// An indicator by its name of [`NAMES`].
    ///
    /// # Errors
    /// The unit has none.
    pub fn value(&self, name: &str) -> Statistic {
        match name {
            "cmi" => self.cmi,
            "total_weight" => Ok(self.total_weight),
            "cases" => Ok(self.totals.cases as f64),
            "grouping_rate" => self.grouping_rate,
            "heavy_share" => self.heavy_share,
            "cost_norm" => self.efficiency.cost.norm,
            "cost_o_over_e" => self.efficiency.cost.o_over_e,
            "time_norm" => self.efficiency.time.norm,
            "time_o_over_e" => self.efficiency.time.o_over_e,
            "cost_norm_adjusted" => self.efficiency.cost_adjusted.norm,
            "time_norm_adjusted" => self.efficiency.time_adjusted.norm,
            "mean_cost" => self.mean_cost(),
            "mean_stay" => self.mean_stay(),
            "mortality" => rate(self.totals.deaths, self.totals.cases),
            "low_risk_mortality" => rate(self.low_risk.1, self.low_risk.0),
            "death_ratio" => self.death_ratio(),
            _ => Err(Missing::NoReference),
        }
    }

    /// p of both sides, of the upper tail and of the mid-p of the upper tail.
    pub fn p_values(&self) -> [Option<f64>; 3] {
        [
            two_sided_p(self.deaths),
            upper_tail(self.deaths),
            mid_p_upper(self.deaths),
        ]
    }

    /// Observed over expected deaths, pulled towards θ.
    ///
    /// # Errors
    /// No death is expected.
    pub fn shrunk(&self, plan: &IndicatorPlan) -> Statistic {
        let [alpha, theta] = plan.mortality.shrink.map(number);
        shrunk_ratio(self.deaths, alpha, theta)
    }

    /// The limits of a funnel at each share of the plan, as ratios to the expected deaths.
    pub fn funnel(&self, plan: &IndicatorPlan) -> Vec<Option<(f64, f64)>> {
        let limits = |share: f64| {
            let (low, high) = exact_limits(self.deaths.expected, share)?;
            let over = |deaths: u64| deaths as f64 / self.deaths.expected;
            Some((over(low), over(high)))
        };
        let shares = plan.mortality.limits.iter().map(|share| number(*share));
        shares.map(limits).collect()
    }
}

/// Indicators of all units, and the grades they rest on (绩效指标).
#[derive(Clone, Debug)]
pub struct Indicators {
    /// The region, hospitals, then departments.
    pub units: Vec<Unit>,
    /// Grades of the groups of the reference.
    pub grades: Grades,
    /// Deaths over cases of each graded or ungraded group of the reference, in order.
    pub group_deaths: Vec<(String, u64, u64)>,
}

/// What all units share.
struct Common<'i> {
    groups: &'i [Group],
    weights: &'i [Option<f64>],
    reference: &'i Reference,
    grades: &'i Grades,
    plan: &'i IndicatorPlan,
    /// Deaths over cases of low risk in the reference.
    low_rate: f64,
}

/// Makes the indicators of stays, by weights in order of their groups (计算指标).
pub fn indicators(
    stays: &Stays,
    discharges: &Discharges,
    weights: &[Option<f64>],
    (reference, plan): (&Reference, &IndicatorPlan),
) -> Indicators {
    let grades = grades(reference, plan.mortality.min_cases);
    let group_deaths: Vec<(String, u64, u64)> = reference
        .groups()
        .map(|(code, totals)| (code.to_owned(), totals.cases, totals.deaths))
        .collect();
    let low = |code: &str| grades.is_low(code, plan.mortality.grade_0_is_low);
    let (cases, deaths) = group_deaths
        .iter()
        .filter(|(code, ..)| low(code))
        .fold((0, 0), |(cases, deaths), (_, n, died)| (cases + n, deaths + died));
    let common = Common {
        groups: &stays.groups,
        weights,
        reference,
        grades: &grades,
        plan,
        low_rate: rate(deaths, cases).unwrap_or(0.0),
    };
    let cells = cells_of(&stays.all);
    let mut units = vec![common.region(&cells, discharges)];
    for cells in cells.chunk_by(|one, other| one.hospital == other.hospital) {
        let hospital = name(&stays.hospitals, cells.first().map(|cell| cell.hospital));
        units.push(common.hospital(&hospital, cells, discharges));
    }
    for cells in
        cells.chunk_by(|one, other| (one.hospital, one.department) == (other.hospital, other.department))
    {
        let hospital = name(&stays.hospitals, cells.first().map(|cell| cell.hospital));
        let department = name(&stays.departments, cells.first().map(|cell| cell.department));
        if !department.is_empty() {
            units.push(common.department(&hospital, &department, cells, discharges));
        }
    }
    add_ungrouped(&mut units, discharges, &common);
    for kind in [UnitKind::Hospital, UnitKind::Department] {
        adjust(&mut units, kind);
    }
    rank(&mut units, plan);
    Indicators {
        units,
        grades,
        group_deaths,
    }
}

fn name(names: &[String], place: Option<u32>) -> String {
    let name = place.and_then(|place| names.get(place as usize));
    name.cloned().unwrap_or_default()
}

/// Hospitals and departments of which no case is grouped with a cost: they discharged, and their grouping
/// rate counts like that of others.
fn add_ungrouped(units: &mut Vec<Unit>, discharges: &Discharges, common: &Common<'_>) {
    let known: BTreeSet<(UnitKind, String, String)> = units
        .iter()
        .map(|unit| (unit.kind, unit.hospital.clone(), unit.department.clone()))
        .collect();
    let is_new = |kind, hospital: &str, department: &str| {
        !known.contains(&(kind, hospital.to_owned(), department.to_owned()))
    };
    let mut hospitals: Vec<&String> = discharges.keys().map(|(hospital, _)| hospital).collect();
    hospitals.dedup();
    for hospital in hospitals {
        if is_new(UnitKind::Hospital, hospital, "") {
            units.push(common.hospital(hospital, &[], discharges));
        }
    }
    for (hospital, department) in discharges.keys().filter(|(_, department)| !department.is_empty()) {
        if is_new(UnitKind::Department, hospital, department) {
            units.push(common.department(hospital, department, &[], discharges));
        }
    }
    units.sort_by(|a, b| (a.kind, &a.hospital, &a.department).cmp(&(b.kind, &b.hospital, &b.department)));
}

impl Common<'_> {
    fn region(&self, cells: &[Cell], discharges: &Discharges) -> Unit {
        let discharged = discharges
            .values()
            .fold(Discharged::default(), |sum, more| sum.and(*more));
        // the region is compared as a whole: no hospital is taken out of its reference
        self.unit((UnitKind::Region, "*", ""), discharged, cells)
    }

    fn hospital(&self, hospital: &str, cells: &[Cell], discharges: &Discharges) -> Unit {
        let own = discharges.iter().filter(|((of, _), _)| of == hospital);
        let discharged = own.fold(Discharged::default(), |sum, (_, more)| sum.and(*more));
        self.unit((UnitKind::Hospital, hospital, ""), discharged, cells)
    }

    fn department(&self, hospital: &str, department: &str, cells: &[Cell], discharges: &Discharges) -> Unit {
        let key = (hospital.to_owned(), department.to_owned());
        let discharged = discharges.get(&key).copied().unwrap_or_default();
        self.unit((UnitKind::Department, hospital, department), discharged, cells)
    }

    fn unit(
        &self,
        (kind, hospital, department): (UnitKind, &str, &str),
        discharged: Discharged,
        cells: &[Cell],
    ) -> Unit {
        let mut by_group: BTreeMap<u32, Totals> = BTreeMap::new();
        for cell in cells {
            by_group.entry(cell.group).or_default().merge(&cell.totals);
        }
        let groups: Vec<(&Group, Option<f64>, &Totals)> = by_group
            .iter()
            .filter_map(|(place, totals)| {
                let weight = self.weights.get(*place as usize).copied().flatten();
                Some((self.groups.get(*place as usize)?, weight, totals))
            })
            .collect();
        let mut all = Totals::default();
        groups.iter().for_each(|(_, _, totals)| all.merge(totals));
        let heavy = number(self.plan.counts.heavy_weight);
        let cases_if = |takes: &dyn Fn(&Group, Option<f64>) -> bool| -> u64 {
            let taken = groups.iter().filter(|(group, weight, _)| takes(group, *weight));
            taken.map(|(_, _, totals)| totals.cases).sum()
        };
        let without_weight = cases_if(&|_, weight| weight.is_none());
        let weights = groups
            .iter()
            .map(|(_, weight, totals)| weight.unwrap_or(0.0) * totals.cases as f64);
        let total_weight: f64 = weights.sum();
        let with_weight = all.cases - without_weight;
        let efficiency = groups.iter().map(|(group, _, totals)| (*group, *totals));
        let groups_of = self.plan.counts.groups_of.iter();
        let groups_of = groups_of.map(|least| {
            groups
                .iter()
                .filter(|(_, _, totals)| totals.cases >= *least)
                .count()
        });
        let heavy_cases = cases_if(&|_, weight| weight.is_some_and(|weight| weight >= heavy));
        let low_risk = self.low_risk(&groups);
        Unit {
            kind,
            hospital: hospital.to_owned(),
            department: department.to_owned(),
            discharged,
            groups_of: groups_of.collect(),
            without_weight,
            total_weight,
            cmi: ratio(total_weight, with_weight as f64, Missing::NoWeight),
            grouping_rate: ratio(discharged.grouped as f64, discharged.all as f64, Missing::NoCases),
            heavy_share: ratio(heavy_cases as f64, all.cases as f64, Missing::NoCases),
            efficiency: Efficiency::of(hospital, efficiency, self.reference),
            low_risk,
            deaths: Deaths {
                observed: all.deaths,
                expected: self.expected(&groups),
            },
            low_risk_deaths: Deaths {
                observed: low_risk.1,
                expected: low_risk.0 as f64 * self.low_rate,
            },
            totals: all,
            adjusted_p: None,
            composite: None,
        }
    }

    /// Cases and deaths of groups of low risk.
    fn low_risk(&self, groups: &[(&Group, Option<f64>, &Totals)]) -> (u64, u64) {
        let zero_is_low = self.plan.mortality.grade_0_is_low;
        let low = groups
            .iter()
            .filter(|(group, ..)| self.grades.is_low(&group.code, zero_is_low));
        low.fold((0, 0), |(cases, deaths), (_, _, totals)| {
            (cases + totals.cases, deaths + totals.deaths)
        })
    }

    /// Σ cases × mortality of the group in the reference.
    fn expected(&self, groups: &[(&Group, Option<f64>, &Totals)]) -> f64 {
        let expected = groups.iter().filter_map(|(group, _, totals)| {
            let of = self.reference.deaths(&group.code)?;
            Some(totals.cases as f64 * rate(of.deaths, of.cases).ok()?)
        });
        expected.sum()
    }
}

fn adjust(units: &mut [Unit], kind: UnitKind) {
    let values: Vec<Option<f64>> = units
        .iter()
        .map(|unit| (unit.kind == kind).then(|| two_sided_p(unit.deaths)).flatten())
        .collect();
    for (unit, p) in units.iter_mut().zip(adjusted_p(&values)) {
        unit.adjusted_p = p.or(unit.adjusted_p);
    }
}

fn rank(units: &mut [Unit], plan: &IndicatorPlan) {
    let Some(composite) = &plan.composite else { return };
    let hospitals: Vec<usize> = (units.iter().enumerate())
        .filter(|(_, unit)| unit.kind == UnitKind::Hospital)
        .map(|(place, _)| place)
        .collect();
    let indicators: Vec<Ranked> = composite
        .indicator
        .iter()
        .map(|indicator| Ranked {
            values: hospitals
                .iter()
                .filter_map(|place| units.get(*place))
                .map(|unit| unit.value(&indicator.name))
                .collect(),
            weight: number(indicator.weight),
            better: indicator.better,
        })
        .collect();
    let ratios = rank_sum_ratios(&indicators, hospitals.len());
    for (place, ratio) in hospitals.into_iter().zip(ratios) {
        let cuts = composite.cuts.iter().map(|cut| number(*cut));
        let class = cuts.filter(|cut| ratio.is_ok_and(|ratio| ratio >= *cut)).count() + 1;
        if let Some(unit) = units.get_mut(place) {
            unit.composite = Some((ratio, class));
        }
    }
}
