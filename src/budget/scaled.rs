//! Class V4: standards at a fixed rate, scaled to the pool, then capped (固定费率后按总额折算).

use super::ledger::{Account, Entry, total};
use super::share::{HospitalShare, Shared, exact, failed, split};
use crate::diagnostics::{Error, Result};
use crate::points::{Cap, Pack, Reflow};
use crate::units::{Exact, Fen, Overflow, Points};

/// Units of 10⁻¹² fen in one fen.
const PER_FEN: i128 = Points::PER_POINT;

/// Scales the pool's part of the standards to `left`, caps it and lets the rest flow back.
pub(super) fn share(pack: &Pack, pool: &str, left: Fen, accounts: &[Account]) -> Result<Shared> {
    if left.is_negative() {
        return Err(failed(
            pool,
            &format!("its cases paid by amount leave {left} to share"),
        ));
    }
    let parts: Vec<i128> = accounts.iter().map(fund_part_of).collect();
    let sum: i128 = parts.iter().sum();
    if sum <= 0 {
        return without_standards(pool, left, accounts);
    }
    let k = exact(pool, Exact::new(i128::from(left.fen()), sum))?;
    let k = exact(pool, k.mul(Exact::integer(PER_FEN)))?;
    let scale = Scale::of(pack, left, sum, k).map_err(|e| failed(pool, &e))?;
    let after_scale = split(scale.total, parts.iter().copied(), scale.fen_per_unit);
    let after_scale = after_scale.map_err(|e| failed(pool, &e))?;
    let mut shares: Vec<HospitalShare> = after_scale.into_iter().map(scaled).collect();
    if let Some(cap) = &pack.rules.cap {
        apply_cap(pool, cap, accounts, &parts, &mut shares)?;
    }
    for ((account, part), share) in accounts.iter().zip(&parts).zip(&mut shares) {
        share.cases = cases(pool, account, *part, share, &scale)?;
    }
    let given = total(shares.iter().map(|share| share.due))?;
    Ok(Shared {
        point_value: None,
        k: Some(scale.k),
        unallocated: left - given,
        hospitals: shares,
    })
}

/// What a standard leaves for the pool once others' payments are taken off, in units.
fn fund_part(entry: &Entry) -> i128 {
    entry.units - i128::from(entry.case.nonfund.fen()) * PER_FEN
}

fn fund_part_of(account: &Account) -> i128 {
    account.sharing.iter().map(fund_part).sum()
}

fn scaled(due: Fen) -> HospitalShare {
    HospitalShare {
        after_scale: Some(due),
        due,
        ..HospitalShare::default()
    }
}

/// The factor in force, and what it distributes.
struct Scale {
    k: Exact,
    fen_per_unit: Exact,
    total: Fen,
}

impl Scale {
    fn of(pack: &Pack, left: Fen, sum: i128, k: Exact) -> std::result::Result<Scale, Overflow> {
        let held_at_one = !pack.rules.k_may_exceed_one && k.compare(Exact::ONE).is_gt();
        let k = if held_at_one { Exact::ONE } else { k };
        let total = if held_at_one {
            Exact::new(sum, PER_FEN)?.fen_half_away()?
        } else {
            left
        };
        Ok(Scale {
            k,
            fen_per_unit: k.div(Exact::integer(PER_FEN))?,
            total,
        })
    }
}

/// Holds each hospital at its cap; what is above flows back or stays.
fn apply_cap(
    pool: &str,
    cap: &Cap,
    accounts: &[Account],
    parts: &[i128],
    shares: &mut [HospitalShare],
) -> Result<()> {
    let caps: Vec<Fen> = accounts
        .iter()
        .map(|account| cap_of(pool, cap, account))
        .collect::<Result<_>>()?;
    let before = total(shares.iter().map(|share| share.due))?;
    for (share, cap) in shares.iter_mut().zip(&caps) {
        share.due = share.due.min(*cap);
        share.after_cap = Some(share.due);
        share.reflow = Some(Fen::ZERO);
    }
    let above = before - total(shares.iter().map(|share| share.due))?;
    match cap.reflow {
        Reflow::Stay => Ok(()),
        Reflow::Once => flow_back(pool, above, parts, &caps, shares),
    }
}

/// The cap of a hospital's sharing cases: rate × claim, rounded half away from zero.
fn cap_of(pool: &str, cap: &Cap, account: &Account) -> Result<Fen> {
    let claim = total(account.sharing.iter().map(|entry| entry.case.claim))?;
    if claim.is_negative() {
        let what = format!(
            "hospital `{}` has claims of {claim}: they cap nothing",
            account.hospital
        );
        return Err(failed(pool, &what));
    }
    let cap = cap.rate.mul(claim.exact()).and_then(Exact::fen_half_away);
    cap.map_err(|e| failed(pool, &e))
}

/// Shares what is above the caps once, by fund part, among hospitals below theirs and up to it;
/// the rest stays. A hospital whose fund part is not above zero has no claim on it.
fn flow_back(
    pool: &str,
    above: Fen,
    parts: &[i128],
    caps: &[Fen],
    shares: &mut [HospitalShare],
) -> Result<()> {
    let mut takers: Vec<(&mut HospitalShare, i128, Fen)> = shares
        .iter_mut()
        .zip(parts)
        .zip(caps)
        .filter(|((share, part), cap)| share.due < **cap && **part > 0)
        .map(|((share, part), cap)| (share, *part, *cap))
        .collect();
    let sum: i128 = takers.iter().map(|(_, part, _)| *part).sum();
    if sum == 0 || above == Fen::ZERO {
        return Ok(());
    }
    let price = exact(pool, Exact::new(above.fen().into(), sum))?;
    let parts = takers.iter().map(|(_, part, _)| *part);
    let back = split(above, parts, price).map_err(|e| failed(pool, &e))?;
    for ((share, _, cap), back) in takers.iter_mut().zip(back) {
        let back = back.min(*cap - share.due);
        share.due += back;
        share.reflow = Some(back);
    }
    Ok(())
}

/// A hospital's due over its cases by fund part: at the pool's factor, or, where a cap or reflow
/// moved the due, at the hospital's own.
fn cases(
    pool: &str,
    account: &Account,
    part: i128,
    share: &HospitalShare,
    scale: &Scale,
) -> Result<Vec<(Fen, Fen)>> {
    let moved = share.after_scale != Some(share.due);
    let price = if moved {
        exact(pool, Exact::new(share.due.fen().into(), part))?
    } else {
        scale.fen_per_unit
    };
    let dues = split(share.due, account.sharing.iter().map(fund_part), price);
    let dues = dues.map_err(|e| failed(pool, &e))?;
    let cases = account.sharing.iter().zip(dues);
    cases
        .map(|(entry, due)| Ok((standard(pool, entry)?, due)))
        .collect()
}

/// The standard before scaling, as the statement prints it.
fn standard(pool: &str, entry: &Entry) -> Result<Fen> {
    let fen = Exact::new(entry.units, PER_FEN).and_then(Exact::fen_half_away);
    fen.map_err(|e| failed(pool, &e))
}

/// An empty pool keeps its money; money without a standard to share it by is an error.
fn without_standards(pool: &str, left: Fen, accounts: &[Account]) -> Result<Shared> {
    if !accounts.is_empty() && left != Fen::ZERO {
        return Err(Error::new(format!(
            "no case of pool `{pool}` has a standard above what others paid, but {left} is to be shared"
        )));
    }
    Shared::nothing(left, accounts, |entry| Ok((standard(pool, entry)?, Fen::ZERO)))
}
