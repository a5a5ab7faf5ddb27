//! What units are compared with: means and deaths of the groups of a region (参照区域).

use std::collections::BTreeMap;

use super::cells::Totals;
use super::plan::{Own, ReferencePlan};
use crate::points::calibration::Stays;

/// Means of the groups of a region, with each hospital's part in them (参照均值).
#[derive(Clone, Debug, Default)]
pub struct Reference {
    own: Option<Own>,
    /// Sums of kept cases by group code.
    groups: BTreeMap<String, Totals>,
    /// Sums of all cases by group code, for deaths.
    all: BTreeMap<String, Totals>,
    /// Sums of kept cases by hospital and group code.
    hospitals: BTreeMap<(String, String), Totals>,
    /// Share of the region's cases by category.
    categories: BTreeMap<String, f64>,
}

impl Reference {
    /// Of the stays of a region, trimmed as the plan says; deaths are counted of all.
    pub fn of(stays: &Stays, plan: &ReferencePlan) -> Reference {
        let kept = plan.trim.keep(&stays.all, 0);
        let mut reference = Reference {
            own: Some(plan.own_hospital),
            ..Reference::default()
        };
        let mut categories: BTreeMap<&str, u64> = BTreeMap::new();
        for ((group, kept), all) in stays.groups.iter().zip(kept.groups()).zip(stays.all.groups()) {
            *categories.entry(&group.mdc).or_default() += all.len() as u64;
            reference
                .groups
                .insert(group.code.clone(), Totals::of(kept.iter()));
            reference.all.insert(group.code.clone(), Totals::of(all.iter()));
        }
        if plan.own_hospital == Own::Out {
            for cell in super::cells_of(&kept) {
                let (Some(hospital), Some(group)) = (
                    stays.hospitals.get(cell.hospital as usize),
                    stays.groups.get(cell.group as usize),
                ) else {
                    continue;
                };
                let key = (hospital.clone(), group.code.clone());
                reference.hospitals.entry(key).or_default().merge(&cell.totals);
            }
        }
        let cases = stays.all.len() as f64;
        let share = |(mdc, n): (&str, u64)| (mdc.to_owned(), n as f64 / cases);
        reference.categories = categories.into_iter().map(share).collect();
        reference
    }

    /// Sums of a group as a hospital is compared with them; none if nothing is left.
    pub fn group(&self, hospital: &str, group: &str) -> Option<Totals> {
        let totals = self.groups.get(group)?;
        let totals = match self.own {
            Some(Own::Out) => {
                let own = self.hospitals.get(&(hospital.to_owned(), group.to_owned()));
                own.map_or(*totals, |own| totals.without(own))
            }
            _ => *totals,
        };
        (totals.cases > 0).then_some(totals)
    }

    /// Cases and deaths of a group, of all cases of the region.
    pub fn deaths(&self, group: &str) -> Option<&Totals> {
        self.all.get(group)
    }

    /// Groups with all their cases, by code.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &Totals)> + Clone {
        self.all.iter().map(|(code, totals)| (code.as_str(), totals))
    }

    /// Share of the region's cases in a category.
    pub fn category(&self, mdc: &str) -> f64 {
        self.categories.get(mdc).copied().unwrap_or(0.0)
    }
}
