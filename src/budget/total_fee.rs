//! Class V2: points share a pool of total fees (总费用池). The pool's money and the patients' are
//! priced together; each case then gives back what others paid for it.

use super::ledger::{Account, Entry, total};
use super::share::{HospitalShare, Shared, exact, failed, split};
use crate::diagnostics::{Error, Result};
use crate::units::{Exact, Fen, PointValue, Points};

/// Prices the points and splits `left` plus the patients' payments over them.
pub(super) fn share(pool: &str, left: Fen, accounts: &[Account]) -> Result<Shared> {
    let paid_by_others = accounts
        .iter()
        .flat_map(|a| &a.sharing)
        .map(|entry| entry.case.nonfund);
    let gross = total([left, total(paid_by_others)?])?;
    let points: i128 = accounts.iter().map(Account::units).sum();
    if gross.is_negative() {
        let what = format!(
            "its cases paid by amount leave {left} to share, less than nothing even with what others paid"
        );
        return Err(failed(pool, &what));
    }
    if points <= 0 {
        return without_points(pool, left, gross, accounts);
    }
    let fen_per_unit = exact(pool, Exact::new(gross.fen().into(), points))?;
    let by_hospital = split(gross, accounts.iter().map(Account::units), fen_per_unit);
    let by_hospital = by_hospital.map_err(|e| failed(pool, &e))?;
    let hospitals = accounts.iter().zip(by_hospital).map(|(account, gross)| {
        let units = account.sharing.iter().map(|entry| entry.units);
        let standards = split(gross, units, fen_per_unit).map_err(|e| failed(pool, &e))?;
        let cases: Vec<_> = account.sharing.iter().zip(standards).map(give_back).collect();
        Ok(HospitalShare {
            due: total(cases.iter().map(|(_, due)| *due))?,
            cases,
            ..HospitalShare::default()
        })
    });
    let point_value = PointValue::new(gross, Points::new(points));
    Ok(Shared {
        point_value: Some(point_value.map_err(|e| failed(pool, &e))?),
        k: None,
        unallocated: Fen::ZERO,
        hospitals: hospitals.collect::<Result<_>>()?,
    })
}

/// A case's standard, and its due once others' payments are taken off; below zero is legal.
fn give_back((entry, standard): (&Entry, Fen)) -> (Fen, Fen) {
    (standard, standard - entry.case.nonfund)
}

/// An empty pool keeps its money; money without a point to share it by is an error.
fn without_points(pool: &str, left: Fen, gross: Fen, accounts: &[Account]) -> Result<Shared> {
    let has_cases = !accounts.is_empty();
    if has_cases && gross != Fen::ZERO {
        return Err(Error::new(format!(
            "no case of pool `{pool}` has points, but {left} is to be shared"
        )));
    }
    let unallocated = if has_cases { Fen::ZERO } else { left };
    Shared::nothing(unallocated, accounts, |entry| Ok(give_back((entry, Fen::ZERO))))
}
