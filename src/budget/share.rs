//! How a pool's money meets its cases: what every class gives back, and the one way to split.

use super::ledger::{Account, Entry};
use crate::diagnostics::{Error, Result};
use crate::units::{ApportionError, Exact, Fen, Overflow, PointValue, apportion};

/// What a class made of the money that is left after the amount cases.
pub(super) struct Shared {
    pub(super) point_value: Option<PointValue>,
    pub(super) k: Option<Exact>,
    pub(super) unallocated: Fen,
    /// In the order of the accounts.
    pub(super) hospitals: Vec<HospitalShare>,
}

/// One hospital's part of it.
#[derive(Default)]
pub(super) struct HospitalShare {
    pub(super) after_scale: Option<Fen>,
    pub(super) after_cap: Option<Fen>,
    pub(super) reflow: Option<Fen>,
    pub(super) due: Fen,
    /// Standard and due of its sharing cases, in the order of the account.
    pub(super) cases: Vec<(Fen, Fen)>,
}

impl Shared {
    /// There is no price: `left` stays, and each case has the standard and due it has without one.
    pub(super) fn nothing(
        left: Fen,
        accounts: &[Account],
        case: impl Fn(&Entry) -> Result<(Fen, Fen)>,
    ) -> Result<Shared> {
        let hospitals = accounts.iter().map(|account| {
            let cases = account.sharing.iter().map(&case).collect::<Result<Vec<_>>>()?;
            Ok(HospitalShare {
                due: super::ledger::total(cases.iter().map(|(_, due)| *due))?,
                cases,
                ..HospitalShare::default()
            })
        });
        Ok(Shared {
            point_value: None,
            k: None,
            unallocated: left,
            hospitals: hospitals.collect::<Result<_>>()?,
        })
    }
}

/// Splits `total` over units at an exact price in fen per unit.
pub(super) fn split(
    total: Fen,
    units: impl Iterator<Item = i128>,
    price: Exact,
) -> std::result::Result<Vec<Fen>, ApportionError> {
    let (times, over) = price.parts();
    let shares: Option<Vec<i128>> = units.map(|units| units.checked_mul(times)).collect();
    apportion(total, &shares.ok_or(ApportionError::Overflow)?, over)
}

/// An arithmetic failure of a pool, in words.
pub(super) fn failed(pool: &str, what: &impl std::fmt::Display) -> Error {
    Error::new(format!("pool `{pool}`: {what}"))
}

/// An exact fraction, or the pool's failure.
pub(super) fn exact(pool: &str, value: std::result::Result<Exact, Overflow>) -> Result<Exact> {
    value.map_err(|e| failed(pool, &e))
}
