//! Cost and time efficiency indices by two named definitions (费用与时间消耗指数).

use std::collections::BTreeMap;

use super::cells::Totals;
use super::reference::Reference;
use crate::points::calibration::{Group, Missing, Statistic, ratio};

/// An index by both definitions (消耗指数): they are different numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Index {
    /// Mean of the ratios of means, by cases: Σ n (ȳ ÷ ȳ₀) ÷ Σ n.
    pub norm: Statistic,
    /// Observed over expected: Σ y ÷ Σ n ȳ₀.
    pub o_over_e: Statistic,
}

/// Indices of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Efficiency {
    /// Of costs.
    pub cost: Index,
    /// Of stays.
    pub time: Index,
    /// Of costs, categories weighed as in the region.
    pub cost_adjusted: Index,
    /// Of stays, categories weighed as in the region.
    pub time_adjusted: Index,
    /// Cases of groups that the reference has no case of: they count in no index.
    pub without_reference: u64,
}

/// What an index sums.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    cases: f64,
    ratios: f64,
    observed: f64,
    expected: f64,
}

impl Sums {
    /// Of `cases` that come to `observed`, against a mean.
    fn add(&mut self, cases: f64, observed: f64, mean: f64) {
        self.cases += cases;
        self.ratios += observed / mean;
        self.observed += observed;
        self.expected += cases * mean;
    }

    fn index(&self) -> Index {
        Index {
            norm: ratio(self.ratios, self.cases, Missing::NoReference),
            o_over_e: ratio(self.observed, self.expected, Missing::NoReference),
        }
    }
}

impl Efficiency {
    /// Of a hospital's cells, each with its group; one cell a group.
    pub fn of<'c>(
        hospital: &str,
        cells: impl Iterator<Item = (&'c Group, &'c Totals)>,
        reference: &Reference,
    ) -> Efficiency {
        let (mut cost, mut time) = (Sums::default(), Sums::default());
        let mut categories: BTreeMap<&str, (Sums, Sums)> = BTreeMap::new();
        let mut without_reference = 0;
        for (group, totals) in cells {
            let Some(means) = reference.group(hospital, &group.code) else {
                without_reference += totals.cases;
                continue;
            };
            let (of_cost, of_time) = categories.entry(&group.mdc).or_default();
            let mean = means.yuan() / means.cases as f64;
            if mean > 0.0 {
                for sums in [&mut cost, of_cost] {
                    sums.add(totals.cases as f64, totals.yuan(), mean);
                }
            }
            let mean = ratio(means.stay(), means.with_stay as f64, Missing::NoStay).unwrap_or(0.0);
            if mean > 0.0 && totals.with_stay > 0 {
                for sums in [&mut time, of_time] {
                    sums.add(totals.with_stay as f64, totals.stay(), mean);
                }
            }
        }
        Efficiency {
            cost: cost.index(),
            time: time.index(),
            cost_adjusted: adjusted(categories.iter().map(|(mdc, (cost, _))| (*mdc, cost)), reference),
            time_adjusted: adjusted(categories.iter().map(|(mdc, (_, time))| (*mdc, time)), reference),
            without_reference,
        }
    }
}

/// Σ w index ÷ Σ w over the categories that the unit has; w: share of the region's cases.
fn adjusted<'c>(categories: impl Iterator<Item = (&'c str, &'c Sums)>, reference: &Reference) -> Index {
    let (mut weights, mut norm, mut o_over_e) = (0.0, 0.0, 0.0);
    for (mdc, sums) in categories {
        let weight = reference.category(mdc);
        if let Index {
            norm: Ok(of_norm),
            o_over_e: Ok(of_expected),
        } = sums.index()
        {
            weights += weight;
            norm += weight * of_norm;
            o_over_e += weight * of_expected;
        }
    }
    Index {
        norm: ratio(norm, weights, Missing::NoReference),
        o_over_e: ratio(o_over_e, weights, Missing::NoReference),
    }
}
