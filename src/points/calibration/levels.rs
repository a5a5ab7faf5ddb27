//! Mean costs of hospital levels over that of all (机构系数测算).

use super::statistics::{MeanBy, Missing, MissingYears, Statistic, Sums, YearMix, approximate, ratio};
use super::stays::{Sample, Stay};

/// A level of hospitals (医院等级).
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Its word.
    pub level: String,
    /// Hospitals with cases.
    pub hospitals: usize,
    /// Cases.
    pub cases: usize,
    /// Mean cost in yuan.
    pub mean: Statistic,
    /// Mean over the mean of all levels' cases.
    pub coefficient: Statistic,
}

/// Levels of hospitals, each hospital's level by its place; years weighed as a plan says, or all alike.
pub fn levels(kept: &Sample, of: &[Option<String>], years: Option<(&[i16], YearMix<'_>)>) -> Vec<Level> {
    let one = [1];
    let alike = YearMix {
        weights: &one,
        by: MeanBy::YearMeans,
        missing: MissingYears::Reweigh,
    };
    let mix = years.map_or(alike, |(_, mix)| mix);
    let year = |stay: &Stay| match years {
        None => Some(0),
        Some((years, _)) => years.iter().position(|year| *year == stay.year),
    };
    let mut known: Vec<&String> = of.iter().flatten().collect();
    known.sort();
    known.dedup();
    let sums = |level: Option<&String>| {
        let of_level = |stay: &&Stay| {
            let found = of.get(stay.hospital as usize).and_then(Option::as_ref);
            found.is_some() && (level.is_none() || found == level)
        };
        let stays = kept.stays().iter().filter(of_level);
        Sums::of(stays.filter_map(|stay| Some((year(stay)?, stay.cost))))
    };
    let mean = |sums: &Sums| -> Statistic {
        let mean = sums.exact_mean(&mix).ok().flatten().ok_or(Missing::NoCases)?;
        Ok(approximate(mean) / 1e6)
    };
    let all = mean(&sums(None));
    let level = |level: &&String| {
        let stays = kept.stays().iter();
        let here = |place: u32| of.get(place as usize).and_then(Option::as_ref) == Some(*level);
        let mut hospitals: Vec<u32> = stays
            .map(|stay| stay.hospital)
            .filter(|place| here(*place))
            .collect();
        let cases = hospitals.len();
        hospitals.sort_unstable();
        hospitals.dedup();
        let mean = mean(&sums(Some(*level)));
        Level {
            level: (*level).clone(),
            hospitals: hospitals.len(),
            cases,
            mean,
            coefficient: mean.and_then(|mean| ratio(mean, all?, Missing::ZeroMean)),
        }
    };
    known.iter().map(level).collect()
}
