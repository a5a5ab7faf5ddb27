//! Where the fen go (分厘差): money split over hospitals and their cases as the pack says.

use super::share::split;
use crate::points::{Allocate, MoneyRules, Residual};
use crate::units::{ApportionError, Exact, Fen};

/// How a pool's money is rounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounding {
    allocate: Allocate,
    residual: Residual,
}

/// Money split.
pub(super) struct Spread {
    /// By hospital.
    pub(super) hospitals: Vec<Fen>,
    /// Each hospital's cases, where they were rounded for themselves.
    pub(super) cases: Option<Vec<Vec<Fen>>>,
    /// What goes to the reserve; below zero it comes from it.
    pub(super) residual: Fen,
}

type Split<T> = std::result::Result<T, ApportionError>;

impl Rounding {
    pub(super) const fn of(rules: &MoneyRules) -> Rounding {
        Rounding {
            allocate: rules.allocate,
            residual: rules.residual,
        }
    }

    /// Whether cases are rounded for themselves.
    pub(super) fn sums_cases(self) -> bool {
        self.allocate == Allocate::CaseSum
    }

    /// Splits `money` over hospitals with the units of their cases, at an exact price in fen per unit.
    pub(super) fn spread(self, money: Fen, units: &[Vec<i128>], price: Exact) -> Split<Spread> {
        let share = |units: i128| {
            price
                .mul(Exact::integer(units))
                .map_err(|_| ApportionError::Overflow)
        };
        let mut exact = Vec::with_capacity(units.len());
        if self.sums_cases() {
            for unit in units.iter().flatten() {
                exact.push(share(*unit)?);
            }
            let lengths: Vec<usize> = units.iter().map(Vec::len).collect();
            return self.spread_cases(money, &exact, &lengths);
        }
        if self.residual == Residual::LargestRemainder {
            let hospitals = split(money, units.iter().map(|units| units.iter().sum()), price)?;
            return Ok(Spread {
                hospitals,
                cases: None,
                residual: Fen::ZERO,
            });
        }
        for units in units {
            exact.push(share(units.iter().sum())?);
        }
        let (hospitals, residual) = self.rounded(money, &exact)?;
        Ok(Spread {
            hospitals,
            cases: None,
            residual,
        })
    }

    /// Splits over cases at their exact shares, hospital after hospital.
    pub(super) fn spread_cases(self, money: Fen, shares: &[Exact], lengths: &[usize]) -> Split<Spread> {
        let (dues, residual) = self.rounded(money, shares)?;
        let mut rest = dues.as_slice();
        let mut cases = Vec::with_capacity(lengths.len());
        for length in lengths {
            let (own, others) = rest.split_at_checked(*length).ok_or(ApportionError::DoesNotSum)?;
            cases.push(own.to_vec());
            rest = others;
        }
        Ok(Spread {
            hospitals: cases.iter().map(|dues| dues.iter().copied().sum()).collect(),
            cases: Some(cases),
            residual,
        })
    }

    /// Exact shares as fen, and what is left for the reserve.
    pub(super) fn rounded(self, money: Fen, shares: &[Exact]) -> Split<(Vec<Fen>, Fen)> {
        if self.residual == Residual::LargestRemainder {
            return Ok((largest(money, shares)?, Fen::ZERO));
        }
        // a hospital's share is rounded down, so that nothing is given out twice; cases to the nearest fen
        let of = |share: &Exact| match self.sums_cases() {
            true => share.half_away().map_err(|_| ApportionError::Overflow),
            false => Ok(share.floor()),
        };
        let mut dues = Vec::with_capacity(shares.len());
        let mut sum: i128 = 0;
        for share in shares {
            let whole = of(share)?;
            sum = sum.checked_add(whole).ok_or(ApportionError::Overflow)?;
            dues.push(Fen::new(
                i64::try_from(whole).map_err(|_| ApportionError::Overflow)?,
            ));
        }
        let rest = i64::try_from(i128::from(money.fen()) - sum).map_err(|_| ApportionError::Overflow)?;
        // whoever has no share takes nothing of what rounding leaves
        let last = shares.iter().rposition(|share| *share != Exact::ZERO);
        match (self.residual, last.and_then(|last| dues.get_mut(last))) {
            (Residual::ToLast, Some(last)) => {
                *last += Fen::new(rest);
                Ok((dues, Fen::ZERO))
            }
            _ => Ok((dues, Fen::new(rest))),
        }
    }
}

/// Largest remainder over shares of any denominators.
fn largest(money: Fen, shares: &[Exact]) -> Split<Vec<Fen>> {
    let mut parts = Vec::with_capacity(shares.len());
    let mut order = Vec::with_capacity(shares.len());
    let mut floors: i128 = 0;
    for (index, share) in shares.iter().enumerate() {
        let floor = share.floor();
        floors = floors.checked_add(floor).ok_or(ApportionError::Overflow)?;
        parts.push(Fen::new(
            i64::try_from(floor).map_err(|_| ApportionError::Overflow)?,
        ));
        let rest = share
            .sub(Exact::integer(floor))
            .map_err(|_| ApportionError::Overflow)?;
        order.push((rest, index));
    }
    let missing =
        usize::try_from(i128::from(money.fen()) - floors).map_err(|_| ApportionError::DoesNotSum)?;
    if missing > parts.len() {
        return Err(ApportionError::DoesNotSum);
    }
    order.sort_by(|a, b| b.0.compare(a.0).then(a.1.cmp(&b.1)));
    for (_, index) in order.into_iter().take(missing) {
        parts
            .iter_mut()
            .skip(index)
            .take(1)
            .for_each(|part| *part += Fen::new(1));
    }
    Ok(parts)
}
