//! From the year's fund money to what the points share (总额到清算基金): carve-outs, reserve,
//! changes, the region's corridor, the amounts that leave first.

use super::PoolCase;
use super::ledger::{Account, total};
use super::share::{exact, failed};
use super::terms::PoolMoney;
use crate::diagnostics::{Result, suggestion};
use crate::points::{AddonFunding, AddonPosition, MoneyRules, Payment, RegionBasis};
use crate::units::{Exact, Fen};

/// Where a pool's money comes from and what left it before the points.
pub(super) struct Funds {
    pub(super) sources: Vec<(&'static str, Fen)>,
    pub(super) uses: Vec<(&'static str, Fen)>,
    /// The final pool.
    pub(super) fund: Fen,
    /// What the points share.
    pub(super) left: Fen,
}

/// Takes the steps `budget` and `carve`.
pub(super) fn funds(
    rules: &MoneyRules,
    pool: &str,
    money: &PoolMoney,
    cases: &[PoolCase],
    accounts: &[Account],
) -> Result<Funds> {
    let budget = money.budget;
    if budget.is_negative() {
        return Err(failed(
            pool,
            &format!("its budget is {budget}; expected zero or more"),
        ));
    }
    let mut funds = Funds {
        sources: vec![("budget", budget)],
        uses: Vec::new(),
        fund: budget,
        left: budget,
    };
    let carved = named(
        pool,
        "carve-out",
        "budget.carveout",
        &rules.carveouts,
        money.carveouts,
    )?;
    funds.take("carve_outs", carved)?;
    let rate = rules.reserve.unwrap_or(Exact::ZERO);
    let reserve = rate.mul(funds.fund.exact()).and_then(Exact::fen_half_away);
    let reserve = exact(pool, reserve)?;
    funds.take("reserve", reserve)?;
    let changed = named(
        pool,
        "change",
        "budget.change.in_year",
        &rules.changes,
        money.changes,
    )?;
    funds.add("changes", changed)?;
    region(
        rules,
        pool,
        total([money.reserve_left, reserve])?,
        cases,
        &mut funds,
    )?;
    if funds.fund.is_negative() {
        return Err(failed(
            pool,
            &format!("carve-outs and reserve leave {} of its budget", funds.fund),
        ));
    }
    carve(rules, accounts, &mut funds)?;
    Ok(funds)
}

impl Funds {
    /// Money that leaves the fund.
    fn take(&mut self, name: &'static str, amount: Fen) -> Result<()> {
        if amount != Fen::ZERO {
            self.uses.push((name, amount));
            self.fund = total([self.fund, -amount])?;
        }
        Ok(())
    }

    /// Money that is added to it; below zero it is taken.
    fn add(&mut self, name: &'static str, amount: Fen) -> Result<()> {
        if amount.is_negative() {
            return self.take(name, -amount);
        }
        if amount != Fen::ZERO {
            self.sources.push((name, amount));
            self.fund = total([self.fund, amount])?;
        }
        Ok(())
    }
}

/// The sum of amounts, each of a kind that the pack knows.
fn named(pool: &str, what: &str, key: &str, known: &[String], given: &[(&str, Fen)]) -> Result<Fen> {
    for (kind, amount) in given {
        if !known.iter().any(|word| word == kind) {
            let hint = suggestion(kind, known.iter().map(String::as_str));
            return Err(failed(
                pool,
                &format!("the {what} `{kind}` is none of the pack's `{key}`{hint}"),
            ));
        }
        if what == "carve-out" && amount.is_negative() {
            return Err(failed(
                pool,
                &format!("the {what} `{kind}` is {amount}; expected zero or more"),
            ));
        }
    }
    total(given.iter().map(|(_, amount)| *amount))
}

/// Surplus and overrun of the region (区域结余留用、超支分担): an overrun is shared as far as the
/// reserve goes, of a surplus the fund keeps its part.
fn region(rules: &MoneyRules, pool: &str, reserve: Fen, cases: &[PoolCase], funds: &mut Funds) -> Result<()> {
    let Some(region) = &rules.region else {
        return Ok(());
    };
    let actual = match region.basis {
        RegionBasis::Claims => total(cases.iter().map(|case| case.claim))?,
        RegionBasis::Standards => standards(pool, cases)?,
    };
    let gap = total([actual, -funds.fund])?;
    let share = if gap.is_negative() {
        region.under_keep
    } else {
        region.over_share
    };
    let part = exact(pool, share.mul(gap.exact()).and_then(Exact::fen_half_away))?;
    if part.is_negative() {
        funds.take("to_reserve", -part)
    } else {
        funds.add("reserve_drawn", part.min(reserve))
    }
}

/// The fund's part of all standards at the known price.
fn standards(pool: &str, cases: &[PoolCase]) -> Result<Fen> {
    let mut sum = Exact::ZERO;
    for case in cases {
        let part = match case.payment {
            Payment::Standard(fen) => fen.sub(case.nonfund.exact()),
            Payment::Amount(fen) => Ok((fen - case.nonfund).exact()),
            Payment::ByItem => Ok(case.claim.exact()),
            Payment::Points(_) | Payment::Nothing => Ok(Exact::ZERO),
        };
        sum = exact(pool, part.and_then(|part| sum.add(part)))?;
    }
    exact(pool, sum.fen_half_away())
}

/// Cases paid by amount and the pool's own add-ons leave first.
fn carve(rules: &MoneyRules, accounts: &[Account], funds: &mut Funds) -> Result<()> {
    let amounts = accounts
        .iter()
        .map(Account::amount_due)
        .collect::<Result<Vec<_>>>()?;
    let amounts = total(amounts)?;
    // add-ons that are scaled with the standards leave with them; those of amount cases do not
    let addons = match &rules.addons {
        Some(addons) if addons.position == AddonPosition::BeforeScale => {
            accounts.iter().map(amount_addons).collect::<Result<Vec<_>>>()
        }
        Some(addons) if addons.funded_by == AddonFunding::Pool => {
            accounts.iter().map(Account::addons).collect()
        }
        _ => Ok(Vec::new()),
    };
    let addons = total(addons?)?;
    funds.left = total([funds.fund, -amounts, -addons])?;
    Ok(())
}

/// Add-ons of the cases paid by amount.
fn amount_addons(account: &Account) -> Result<Fen> {
    total(account.amounts.iter().map(|(entry, _)| entry.stake.addons))
}
