//! Who wins, who loses, by how much (影响分析): bins, breakdowns, fairness.

use std::collections::BTreeMap;
use std::path::Path;

use super::outcome::{HospitalSum, Outcome, float};
use super::statistics::{gini, quantile};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Place, Result};
use crate::scenarios::lists::Table;
use crate::units::{Exact, Fen};

/// Where a change of pay lies (盈亏分档), bounds as in PolicyEngine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bin {
    /// −5 % and below.
    LosesMuch,
    /// Above −5 % to −0.1 %.
    Loses,
    /// Above −0.1 % to +0.1 %.
    Same,
    /// Above +0.1 % to +5 %.
    Gains,
    /// Above +5 %.
    GainsMuch,
    /// The baseline paid nothing.
    New,
}

impl Bin {
    /// Every bin, from losing much to gaining much.
    pub const ALL: [Bin; 6] = [
        Bin::LosesMuch,
        Bin::Loses,
        Bin::Same,
        Bin::Gains,
        Bin::GainsMuch,
        Bin::New,
    ];

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Bin::LosesMuch => "(-inf,-5%]",
            Bin::Loses => "(-5%,-0.1%]",
            Bin::Same => "(-0.1%,+0.1%]",
            Bin::Gains => "(+0.1%,+5%]",
            Bin::GainsMuch => "(+5%,inf)",
            Bin::New => "new",
        }
    }

    /// The bin of a change, decided exactly (归档).
    pub fn of(base: Fen, reform: Fen) -> Bin {
        if base <= Fen::ZERO {
            return Bin::New;
        }
        let delta = (reform - base).exact();
        let at_most = |per_thousand: i128| {
            let bound = base
                .exact()
                .mul(Exact::new(per_thousand, 1000).unwrap_or(Exact::ZERO));
            bound.is_ok_and(|bound| delta.compare(bound).is_le())
        };
        let bounds = [
            (-50, Bin::LosesMuch),
            (-1, Bin::Loses),
            (1, Bin::Same),
            (50, Bin::Gains),
        ];
        let found = bounds.into_iter().find(|(bound, _)| at_most(*bound));
        found.map_or(Bin::GainsMuch, |(_, bin)| bin)
    }
}

/// What is known of a hospital besides its level (机构属性), by the names of a table's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    by_hospital: BTreeMap<String, BTreeMap<&'static str, String>>,
}

/// Columns of a table of attributes.
const ATTRIBUTES: [&str; 4] = ["ownership", "district", "specialty", "teaching"];

impl Attributes {
    /// Reads `hospital, ownership, district, specialty, teaching` (读取机构属性).
    ///
    /// # Errors
    /// A column is missing, a hospital stands twice; by line.
    pub fn load(path: &Path) -> Result<Attributes> {
        let table = Table::read(path)?;
        let mut attributes = Attributes::default();
        let [a, b, c, d] = ATTRIBUTES;
        table.each(["hospital", a, b, c, d], |[hospital, cells @ ..]| {
            let own = ATTRIBUTES.into_iter().zip(cells.map(str::to_owned)).collect();
            match attributes.by_hospital.insert(hospital.to_owned(), own) {
                None => Ok(()),
                Some(_) => Err("this hospital stands in an earlier row too".to_owned()),
            }
        })?;
        Ok(attributes)
    }

    fn get(&self, hospital: &str, attribute: &str) -> &str {
        let own = self.by_hospital.get(hospital).and_then(|own| own.get(attribute));
        own.map_or("", String::as_str)
    }

    /// Refuses a table that leaves hospitals of the run out.
    ///
    /// # Errors
    /// The first hospital it leaves out.
    pub fn covers(&self, path: &Path, outcome: &Outcome) -> Result<()> {
        let missing = outcome
            .hospitals
            .iter()
            .find(|hospital| !self.by_hospital.contains_key(&hospital.code));
        match missing {
            Some(hospital) if !self.by_hospital.is_empty() => {
                let message = format!("hospital `{}` has no row", hospital.code);
                Err(Error::at(Place::file(path), message))
            }
            _ => Ok(()),
        }
    }
}

/// Hospitals with something in common (分组维度).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// What divides them: `all`, `level`, `cmi_quintile`, …
    pub by: &'static str,
    /// The part: a level, a quintile, a district.
    pub part: String,
    /// Their places in the outcome.
    pub members: Vec<usize>,
}

/// Every breakdown of hospitals, by the baseline (全部分组).
pub fn slices(base: &Outcome, attributes: &Attributes) -> Vec<Slice> {
    let mut slices = vec![Slice {
        by: "all",
        part: "all".to_owned(),
        members: (0..base.hospitals.len()).collect(),
    }];
    for level in [HospitalLevel::Three, HospitalLevel::Two, HospitalLevel::One] {
        slices.extend(slice(base, "level", level.as_str(), |hospital| {
            hospital.level == level
        }));
    }
    for attribute in ATTRIBUTES {
        let mut words: Vec<&str> = base
            .hospitals
            .iter()
            .map(|hospital| attributes.get(&hospital.code, attribute))
            .collect();
        words.sort_unstable();
        words.dedup();
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            slices.extend(slice(base, attribute, word, |hospital| {
                attributes.get(&hospital.code, attribute) == word
            }));
        }
    }
    slices.extend(quantiles(base, "cmi_quintile", 5, |hospital| hospital.cmi()));
    slices.extend(quantiles(base, "size_quartile", 4, |hospital| {
        Some(hospital.cases)
    }));
    slices
}

fn slice(
    base: &Outcome,
    by: &'static str,
    part: &str,
    holds: impl Fn(&HospitalSum) -> bool,
) -> Option<Slice> {
    let members: Vec<usize> = (0..)
        .zip(&base.hospitals)
        .filter(|(_, hospital)| holds(hospital))
        .map(|(at, _)| at)
        .collect();
    (!members.is_empty()).then(|| Slice {
        by,
        part: part.to_owned(),
        members,
    })
}

/// Parts of equal numbers by type 7 quantiles of the baseline, a tie to the lower part.
fn quantiles(
    base: &Outcome,
    by: &'static str,
    parts: u32,
    of: impl Fn(&HospitalSum) -> Option<f64>,
) -> Vec<Slice> {
    let mut values: Vec<f64> = base.hospitals.iter().filter_map(&of).collect();
    values.sort_by(f64::total_cmp);
    let limit = |part: u32| quantile(&values, f64::from(part) / f64::from(parts)).unwrap_or(f64::INFINITY);
    let part_of = |value: f64| (1..parts).find(|part| value <= limit(*part)).unwrap_or(parts);
    let slices = (1..=parts).filter_map(|part| {
        slice(base, by, &part.to_string(), |hospital| {
            of(hospital).map(part_of) == Some(part)
        })
    });
    slices.collect()
}

/// Sums over some hospitals (合计).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Total {
    /// Hospitals.
    pub hospitals: u64,
    /// Cases.
    pub cases: f64,
    /// Points in units of 10⁻¹².
    pub points: i128,
    /// Dues.
    pub due: Fen,
    /// Cost.
    pub cost: Fen,
    /// What they keep or carry.
    pub margin: Fen,
}

/// Sums over the hospitals of a slice (分组合计).
pub fn total(outcome: &Outcome, slice: &Slice) -> Total {
    let members = slice.members.iter().filter_map(|at| outcome.hospitals.get(*at));
    members.fold(Total::default(), |sum, hospital| Total {
        hospitals: sum.hospitals + 1,
        cases: sum.cases + hospital.cases,
        points: sum.points + hospital.points.units(),
        due: sum.due + hospital.due,
        cost: sum.cost + hospital.cost,
        margin: sum.margin + hospital.margin(),
    })
}

/// How many hospitals of a slice lie in each bin (分档计数).
pub fn bins(base: &Outcome, reform: &Outcome, slice: &Slice) -> [u64; 6] {
    let mut counts = [0; 6];
    for at in &slice.members {
        if let (Some(base), Some(reform)) = (base.hospitals.get(*at), reform.hospitals.get(*at)) {
            let bin = Bin::of(base.due, reform.due);
            let count = counts.iter_mut().zip(Bin::ALL).find(|(_, known)| *known == bin);
            count.into_iter().for_each(|(count, _)| *count += 1);
        }
    }
    counts
}

/// Change over base as a ratio; none where the base is zero (变化率).
pub fn change_rate(base: Fen, reform: Fen) -> Option<f64> {
    (base != Fen::ZERO).then(|| float(reform - base) / float(base))
}

/// How even pay over cost is (公平性).
#[derive(Clone, Debug, PartialEq)]
pub struct Fairness {
    /// Gini of pay over cost, every hospital alike.
    pub gini: Option<f64>,
    /// The same, weighted by cases.
    pub gini_by_cases: Option<f64>,
    /// Hospitals with a margin below zero.
    pub losing: u64,
    /// Hospitals that lose more than five per cent of their cost.
    pub losing_much: u64,
    /// Cumulated shares of cost and pay, hospitals by pay over cost (洛伦兹曲线).
    pub lorenz: Vec<(String, f64, f64)>,
}

/// Fairness of an outcome (公平性指标).
pub fn fairness(outcome: &Outcome) -> Fairness {
    let mut sorted: Vec<(&HospitalSum, f64)> = outcome
        .hospitals
        .iter()
        .filter_map(|hospital| Some((hospital, hospital.pay_to_cost()?)))
        .collect();
    sorted.sort_by(|(a, x), (b, y)| x.total_cmp(y).then_with(|| a.code.cmp(&b.code)));
    let alike: Vec<(f64, f64)> = sorted.iter().map(|(_, x)| (*x, 1.0)).collect();
    let by_cases: Vec<(f64, f64)> = sorted.iter().map(|(hospital, x)| (*x, hospital.cases)).collect();
    let cost: Fen = sorted.iter().map(|(hospital, _)| hospital.cost).sum();
    let pay: Fen = sorted
        .iter()
        .map(|(hospital, _)| hospital.due + hospital.nonfund)
        .sum();
    let mut so_far = (Fen::ZERO, Fen::ZERO);
    let lorenz = sorted.iter().map(|(hospital, _)| {
        so_far = (
            so_far.0 + hospital.cost,
            so_far.1 + hospital.due + hospital.nonfund,
        );
        (
            hospital.code.clone(),
            float(so_far.0) / float(cost),
            float(so_far.1) / float(pay),
        )
    });
    let lorenz = lorenz.collect();
    let margin = |hospital: &HospitalSum| float(hospital.margin()) / float(hospital.cost);
    let below = |limit: f64| {
        sorted
            .iter()
            .filter(|(hospital, _)| margin(hospital) < limit)
            .fold(0, |count, _| count + 1)
    };
    Fairness {
        gini: gini(&alike),
        gini_by_cases: gini(&by_cases),
        losing: below(0.0),
        losing_much: below(-0.05),
        lorenz,
    }
}
