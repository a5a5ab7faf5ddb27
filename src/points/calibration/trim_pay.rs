//! What another rule of trimming would do to the point value and to hospitals (裁剪对点值与支付的影响).
//!
//! Points here are weights, without coefficients, of every case, since a trimmed case is still paid; the
//! money of all is the same. So the point value moves as the sum of weights falls, and a hospital's pay
//! as its share of that sum.

use super::quality::TrimEffect;
use super::statistics::{Missing, Statistic, ratio};
use super::stays::Stays;

/// One rule of trimming, held against the plan's (裁剪规则的影响). Floating, as changes: 0.01 is one per
/// cent more.
#[derive(Clone, Debug)]
pub struct TrimPay {
    /// The rule.
    pub rule: String,
    /// Change of the point value.
    pub point_value: Statistic,
    /// Change of each hospital's pay, in order of the stays' hospitals.
    pub hospitals: Vec<Statistic>,
}

/// Changes of point value and pay under each rule, against weights made by the plan's rule; groups that
/// have a weight under one of them only are left out of both (裁剪影响).
pub fn trim_pay(
    stays: &Stays,
    own: &[Option<f64>],
    trims: &[(TrimEffect, Vec<Option<f64>>)],
) -> Vec<TrimPay> {
    let pay = |(effect, weights): &(TrimEffect, Vec<Option<f64>>)| {
        let sums = sums(stays, own, weights);
        let (before, after) = sums
            .iter()
            .fold((0.0, 0.0), |(own, other), of| (own + of.0, other + of.1));
        let change = |of: Statistic| of.map(|ratio| ratio - 1.0);
        let of_hospital = |(own, other): &(f64, f64)| {
            let share = ratio(*own, before, Missing::NoWeight)?;
            ratio(ratio(*other, after, Missing::NoWeight)?, share, Missing::NoWeight)
        };
        TrimPay {
            rule: effect.rule.clone(),
            point_value: change(ratio(before, after, Missing::NoWeight)),
            hospitals: sums.iter().map(|sums| change(of_hospital(sums))).collect(),
        }
    };
    trims.iter().map(pay).collect()
}

/// Weights of each hospital's cases under both.
fn sums(stays: &Stays, own: &[Option<f64>], other: &[Option<f64>]) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0.0); stays.hospitals.len()];
    for stay in stays.all.stays() {
        let of = |weights: &[Option<f64>]| weights.get(stay.group as usize).copied().flatten();
        if let (Some(own), Some(other), Some(sum)) =
            (of(own), of(other), sums.get_mut(stay.hospital as usize))
        {
            sum.0 += own;
            sum.1 += other;
        }
    }
    sums
}
