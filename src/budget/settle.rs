//! Settling one pool (结算一个基金池).

use super::ledger::{self, Account, total};
use super::share::{HospitalShare, Shared, failed};
use super::{CaseDue, HospitalDue, KindTotal, PoolCase, PoolSettlement, scaled, total_fee};
use crate::diagnostics::{Error, Result};
use crate::points::{FormulaClass, Kind, Pack};
use crate::units::{Fen, Points};

/// Shares a pool's money over its cases by the pack's class (结算).
///
/// # Errors
/// The pack leaves a key open; a case stands twice, has a payment of another class or an amount
/// out of range; there is money but nothing to share it by. Each names the pool, and the case
/// where there is one.
pub fn settle(pack: &Pack, pool: &str, amount: Fen, cases: &[PoolCase]) -> Result<PoolSettlement> {
    refuse_open_keys(pack)?;
    if amount.is_negative() {
        return Err(failed(
            pool,
            &format!("its budget is {amount}; expected zero or more"),
        ));
    }
    let accounts = ledger::open(pack.class(), pool, cases)?;
    let carved = accounts
        .iter()
        .map(Account::amount_due)
        .collect::<Result<Vec<_>>>()?;
    let carved = total(carved)?;
    let left = total([amount, -carved])?;
    let shared = match pack.class() {
        FormulaClass::V2 => total_fee::share(pool, left, &accounts)?,
        FormulaClass::V4 => scaled::share(pack, pool, left, &accounts)?,
    };
    let sharing = total(shared.hospitals.iter().map(|share| share.due))?;
    let settlement = PoolSettlement {
        pool: pool.to_owned(),
        sources: vec![("budget", amount)],
        uses: vec![
            ("amount_cases", carved),
            (sharing_name(pack), sharing),
            ("unallocated", shared.unallocated),
        ],
        difference: total([amount, -carved, -sharing, -shared.unallocated])?,
        points: points(pack, &accounts),
        point_value: shared.point_value,
        k: shared.k,
        cases: case_dues(cases.len(), &accounts, &shared),
        hospitals: hospital_dues(pack, &accounts, &shared)?,
    };
    check_closed(&settlement)?;
    Ok(settlement)
}

fn refuse_open_keys(pack: &Pack) -> Result<()> {
    match pack.unresolved() {
        [] => Ok(()),
        open => Err(Error::new(format!(
            "pack `{}` leaves open: {}; nothing is settled before they are decided",
            pack.name(),
            open.join(", ")
        ))),
    }
}

fn sharing_name(pack: &Pack) -> &'static str {
    match pack.class() {
        FormulaClass::V2 => "points_cases",
        FormulaClass::V4 => "standard_cases",
    }
}

fn points(pack: &Pack, accounts: &[Account]) -> Points {
    match pack.class() {
        FormulaClass::V2 => Points::new(accounts.iter().map(Account::units).sum()),
        FormulaClass::V4 => Points::ZERO,
    }
}

/// Each account's cases with their dues: sharing ones, then those paid by amount.
fn with_dues<'a>(
    account: &'a Account,
    share: &'a HospitalShare,
) -> impl Iterator<Item = (&'a ledger::Entry<'a>, CaseDue)> {
    let sharing = share.cases.iter().map(|(standard, due)| CaseDue {
        standard: *standard,
        due: *due,
    });
    let amounts = account.amounts.iter().map(|(entry, due)| CaseDue {
        standard: *due + entry.case.nonfund,
        due: *due,
    });
    account.entries().zip(sharing.chain(amounts))
}

fn case_dues(count: usize, accounts: &[Account], shared: &Shared) -> Vec<CaseDue> {
    let nothing = CaseDue {
        standard: Fen::ZERO,
        due: Fen::ZERO,
    };
    let mut dues = vec![nothing; count];
    for (account, share) in accounts.iter().zip(&shared.hospitals) {
        for (entry, due) in with_dues(account, share) {
            if let Some(slot) = dues.get_mut(entry.position) {
                *slot = due;
            }
        }
    }
    dues
}

fn hospital_dues(pack: &Pack, accounts: &[Account], shared: &Shared) -> Result<Vec<HospitalDue>> {
    let accounts = accounts.iter().zip(&shared.hospitals);
    accounts
        .map(|(account, share)| hospital_due(pack, account, share))
        .collect()
}

fn hospital_due(pack: &Pack, account: &Account, share: &HospitalShare) -> Result<HospitalDue> {
    let of = |amount: fn(&PoolCase) -> Fen| total(account.entries().map(|entry| amount(entry.case)));
    let amount_due = account.amount_due()?;
    Ok(HospitalDue {
        hospital: account.hospital.to_owned(),
        cases: account.entries().fold(0, |count, _| count + 1),
        kinds: kind_totals(pack, account, share)?,
        points: points(pack, std::slice::from_ref(account)),
        cost: of(|case| case.cost)?,
        claim: of(|case| case.claim)?,
        nonfund: of(|case| case.nonfund)?,
        standard: total(with_dues(account, share).map(|(_, due)| due.standard))?,
        amount_due,
        after_scale: share.after_scale,
        after_cap: share.after_cap,
        reflow: share.reflow,
        due: total([share.due, amount_due])?,
    })
}

fn kind_totals(pack: &Pack, account: &Account, share: &HospitalShare) -> Result<Vec<KindTotal>> {
    let mut totals = Vec::new();
    for kind in Kind::ALL {
        let mut cases = 0;
        let mut units = 0_i128;
        let mut dues = Vec::new();
        for (entry, due) in with_dues(account, share).filter(|(entry, _)| entry.case.kind == kind) {
            cases += 1;
            units += entry.units;
            dues.push(due.due);
        }
        if cases > 0 {
            let points = match pack.class() {
                FormulaClass::V2 => Points::new(units),
                FormulaClass::V4 => Points::ZERO,
            };
            totals.push(KindTotal {
                kind,
                cases,
                points,
                due: total(dues)?,
            });
        }
    }
    Ok(totals)
}

/// The books close to the fen, or the settlement is not given out at all.
fn check_closed(settlement: &PoolSettlement) -> Result<()> {
    let used = total(settlement.uses.iter().map(|(_, amount)| *amount))?;
    let cases = total(settlement.cases.iter().map(|case| case.due))?;
    let hospitals = total(settlement.hospitals.iter().map(|hospital| hospital.due))?;
    let unallocated = settlement.uses.iter().find(|(name, _)| *name == "unallocated");
    let given = used - unallocated.map_or(Fen::ZERO, |(_, amount)| *amount);
    if settlement.difference != Fen::ZERO || cases != hospitals || hospitals != given {
        let what = format!(
            "the books do not close: difference {}, hospitals {hospitals}, cases {cases}, given {given}",
            settlement.difference
        );
        return Err(failed(&settlement.pool, &what));
    }
    Ok(())
}
