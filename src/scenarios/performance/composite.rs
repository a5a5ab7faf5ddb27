//! Rank-sum ratio of several indicators (秩和比综合评价).

use super::plan::Better;
use crate::points::calibration::{Missing, Statistic};

/// An indicator of all units, to be ranked.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// A value of each unit, or why there is none.
    pub values: Vec<Statistic>,
    /// Its weight.
    pub weight: f64,
    /// Which end is better: it has the highest rank.
    pub better: Better,
}

/// Σ weight × rank ÷ units, of each unit (秩和比): ranks from 1, the same values share their mean rank. A
/// unit that lacks a value has no ratio, and is not ranked in what it has not.
pub fn rank_sum_ratios(indicators: &[Ranked], units: usize) -> Vec<Statistic> {
    let mut ratios: Vec<Statistic> = vec![Ok(0.0); units];
    for indicator in indicators {
        let ranks = ranks(indicator);
        for (place, ratio) in ratios.iter_mut().enumerate() {
            let rank = ranks.get(place).copied().unwrap_or(Err(Missing::NoCases));
            *ratio = ratio.and_then(|sum| Ok(sum + indicator.weight * rank?));
        }
    }
    ratios
}

/// Rank over the number of ranked units.
fn ranks(indicator: &Ranked) -> Vec<Statistic> {
    let signed = |value: f64| match indicator.better {
        Better::High => value,
        Better::Low => -value,
    };
    let known: Vec<f64> = indicator
        .values
        .iter()
        .flatten()
        .map(|value| signed(*value))
        .collect();
    let n = known.len() as f64;
    let rank = |value: &Statistic| {
        let value = signed((*value)?);
        let below = known.iter().filter(|other| **other < value).count() as f64;
        let same = known
            .iter()
            .filter(|other| other.total_cmp(&value).is_eq())
            .count() as f64;
        Ok((below + (same + 1.0) / 2.0) / n)
    };
    indicator.values.iter().map(rank).collect()
}
