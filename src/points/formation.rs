//! How a catalogue's weights and scores are formed (权重、分值形成): means of several years mixed,
//! a mean over the region's, and when a related procedure is worth a group of its own.

use crate::units::{Exact, Overflow};

/// The mean of several years (三年加权均值): each year's mean times its share, oldest first; both
/// lists of one length, amounts in any unit.
///
/// Source: DIP technical specification 1.0, 1:2:7 from the oldest year to the newest.
///
/// # Errors
/// [`Overflow`]; also lists of different length.
pub fn year_mixed_mean(means: &[Exact], mix: &[Exact]) -> Result<Exact, Overflow> {
    if means.len() != mix.len() {
        return Err(Overflow);
    }
    let years = means.iter().zip(mix);
    years
        .map(|(mean, share)| mean.mul(*share))
        .try_fold(Exact::ZERO, |sum, part| sum.add(part?))
}

/// How a value is printed in a catalogue (目录值).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Printed {
    /// What a group as dear as the region's mean is printed as: 1, 100 or 1000.
    pub scale: u32,
    /// Decimals, half away from zero.
    pub decimals: u32,
}

/// A group's weight or score as a catalogue prints it (病组权重、病种分值): mean ÷ the region's
/// mean × scale. Means in one unit.
///
/// # Errors
/// [`Overflow`], also for a region without cost.
pub fn catalogue_value(mean: Exact, region: Exact, printed: Printed) -> Result<String, Overflow> {
    let value = mean.div(region)?.mul(Exact::integer(printed.scale.into()))?;
    value.show(printed.decimals)
}

/// By how much a related procedure raises the cost of a group (关联操作费用增幅):
/// mean with it ÷ mean without it − 1.
///
/// Source: DIP 3.0 technical specification, draft, table 3-3: a group of its own from 10 % on.
///
/// # Errors
/// [`Overflow`], also for a mean of zero.
pub fn related_increase(without: Exact, with: Exact) -> Result<Exact, Overflow> {
    with.div(without)?.sub(Exact::ONE)
}
