//! What a hospital keeps or carries (盈亏), and sums over months of which some are not known: null
//! is not zero.

use crate::units::{Exact, Fen, Overflow};

/// Profit and loss of a month by the formula and as the bureau returned it (盈亏).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profit {
    /// Standard less cost.
    pub formula: Fen,
    /// As returned; not every month has it.
    pub official: Option<Fen>,
    /// Official less formula: outliers and what else the return counts otherwise.
    pub adjust: Option<Fen>,
}

impl Profit {
    /// From the sums of a month.
    pub fn of(standard: Fen, cost: Fen, official: Option<Fen>) -> Profit {
        let formula = standard - cost;
        Profit {
            formula,
            official,
            adjust: official.map(|official| official - formula),
        }
    }
}

/// A sum and whether everything in it was known (合计).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Of what is known.
    pub total: Fen,
    /// `false` if something was not known, and left out.
    pub complete: bool,
}

impl Sum {
    /// The sum of amounts of which some may not be known.
    pub fn of(amounts: impl IntoIterator<Item = Option<Fen>>) -> Sum {
        let nothing = Sum {
            total: Fen::ZERO,
            complete: true,
        };
        amounts.into_iter().fold(nothing, |sum, amount| Sum {
            total: sum.total + amount.unwrap_or(Fen::ZERO),
            complete: sum.complete && amount.is_some(),
        })
    }
}

/// Part of a whole in per cent, rounded half away from zero (占比).
///
/// # Errors
/// [`Overflow`], also for a whole of zero.
pub fn percent(part: i128, whole: i128, decimals: u32) -> Result<String, Overflow> {
    Exact::new(part, whole)?.mul(Exact::integer(100))?.show(decimals)
}

/// An amount a case, to the fen (次均).
///
/// # Errors
/// [`Overflow`], also without cases.
pub fn mean(amount: Fen, cases: u64) -> Result<Fen, Overflow> {
    amount.exact().div(Exact::integer(cases.into()))?.fen_half_away()
}
