//! Settling one pool (结算一个基金池).

use super::gross::{self, Priced};
use super::ledger::{self, Account, total};
use super::money::{Funds, funds};
use super::review::adjust;
use super::share::{Book, Line, failed};
use super::steps::Steps;
use super::terms::{FundShare, PoolMoney};
use super::{CaseDue, HospitalDue, KindTotal, PoolCase, PoolSettlement, StepOfDue};
use crate::diagnostics::{Error, Result};
use crate::points::{FormulaClass, FundSplit, Kind, Pack};
use crate::units::{Fen, Points};

/// Shares a pool's money over its cases by the pack's class and steps (结算).
///
/// # Errors
/// The pack leaves a key open; a case stands twice, has a payment of another class or an amount
/// out of range; a decision, violation, change or carve-out is none of the pack's; there is money
/// but nothing to share it by. Each names the pool, and the case where there is one.
pub fn settle<'m>(
    pack: &Pack,
    pool: &str,
    money: impl Into<PoolMoney<'m>>,
    cases: &[PoolCase],
) -> Result<PoolSettlement> {
    refuse_open_keys(pack)?;
    let money = money.into();
    let rules = &pack.rules.money;
    let mut stakes = ledger::stakes(pack, pool, cases)?;
    let reviewed = adjust(rules, pool, &money, cases, &mut stakes)?;
    let accounts = ledger::open(cases, &stakes);
    let funds = funds(rules, pool, &money, cases, &accounts)?;
    let Priced {
        mut book,
        point_value,
    } = gross::price(pack, pool, funds.left, &accounts)?;
    // what the pool's own steps do not give out stays in it; other steps have their own lines
    let steps = Steps {
        rules,
        pool,
        money: &money,
        left: funds.left,
        accounts: &accounts,
    };
    steps.run(&mut book)?;
    let parts = parts(pool, &accounts, &book)?;
    let (sources, uses) = balance(pack, &funds, &book, &accounts)?;
    let settlement = PoolSettlement {
        pool: pool.to_owned(),
        difference: total([sum(&sources)?, -sum(&uses)?])?,
        sources,
        uses,
        points: points(pack, &accounts),
        point_value,
        k: book.k,
        reviewed,
        warnings: book.warnings.clone(),
        cases: case_dues(cases.len(), &parts),
        hospitals: parts
            .iter()
            .map(|part| part.hospital_due(pack))
            .collect::<Result<_>>()?,
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

fn sum(amounts: &[(&'static str, Fen)]) -> Result<Fen> {
    total(amounts.iter().map(|(_, amount)| *amount))
}

/// Named amounts of the books, in their order.
type Lines = Vec<(&'static str, Fen)>;

/// Sources and uses: what hospitals are due, what others got, and what stays or was missing.
fn balance(pack: &Pack, funds: &Funds, book: &Book, accounts: &[Account]) -> Result<(Lines, Lines)> {
    let amounts = total(accounts.iter().flat_map(Account::final_amounts))?;
    let returned = accounts.iter().flat_map(|account| &account.amounts);
    let returned = total(
        returned
            .filter(|(entry, _)| entry.stake.returned)
            .map(|(_, due)| *due),
    )?;
    let mut sources = funds.sources.clone();
    let mut uses = vec![("amount_cases", amounts), (sharing_name(pack), book.due()?)];
    if returned != Fen::ZERO {
        uses.push(("kept_by_fund", returned));
    }
    sources.extend(&book.sources);
    uses.extend(funds.uses.iter().chain(&book.uses));
    let (sources, mut uses) = (merged(sources), merged(uses));
    let rest = total([sum(&sources)?, -sum(&uses)?])?;
    let mut sources = sources;
    if rest.is_negative() {
        sources.push(("gap_funding", -rest));
        uses.push(("unallocated", Fen::ZERO));
    } else {
        uses.push(("unallocated", rest));
    }
    Ok((sources, uses))
}

/// Lines of one name as one line, at the place of the first.
fn merged(lines: Lines) -> Lines {
    let mut merged: Lines = Vec::new();
    for (name, amount) in lines {
        match merged.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += amount,
            None => merged.push((name, amount)),
        }
    }
    merged
}

fn sharing_name(pack: &Pack) -> &'static str {
    if pack.price_is_known() {
        "standard_cases"
    } else {
        "points_cases"
    }
}

/// Points of the accounts; none are counted where a price is fixed and cases have standards.
fn points(pack: &Pack, accounts: &[Account]) -> Points {
    match pack.class() {
        FormulaClass::V4 => Points::ZERO,
        _ if pack.price_is_known() => Points::ZERO,
        _ => Points::new(accounts.iter().map(Account::units).sum()),
    }
}

/// One hospital with the dues of its cases: sharing ones, then those paid by amount.
struct Part<'a> {
    account: &'a Account<'a>,
    line: &'a Line,
    dues: Vec<CaseDue>,
}

fn parts<'a>(pool: &str, accounts: &'a [Account<'a>], book: &'a Book) -> Result<Vec<Part<'a>>> {
    let part = |(account, line): (&'a Account<'a>, &'a Line)| {
        let shared = line.cases(pool, account)?;
        let sharing = line.standards.iter().zip(shared).map(|(standard, due)| CaseDue {
            standard: *standard,
            due,
        });
        let amounts = account
            .amounts
            .iter()
            .zip(account.final_amounts())
            .map(|((entry, _), due)| CaseDue {
                standard: due + entry.case.nonfund,
                due,
            });
        Ok(Part {
            account,
            line,
            dues: sharing.chain(amounts).collect(),
        })
    };
    accounts.iter().zip(&book.lines).map(part).collect()
}

fn case_dues(count: usize, parts: &[Part]) -> Vec<CaseDue> {
    let nothing = CaseDue {
        standard: Fen::ZERO,
        due: Fen::ZERO,
    };
    let mut dues = vec![nothing; count];
    for (entry, due) in parts.iter().flat_map(Part::entries) {
        if let Some(slot) = dues.get_mut(entry.position) {
            *slot = due;
        }
    }
    dues
}

impl Part<'_> {
    fn entries(&self) -> impl Iterator<Item = (&ledger::Entry<'_>, CaseDue)> {
        self.account.entries().zip(self.dues.iter().copied())
    }

    fn hospital_due(&self, pack: &Pack) -> Result<HospitalDue> {
        let of = |amount: fn(&PoolCase) -> Fen| total(self.account.entries().map(|entry| amount(entry.case)));
        let amount_due = total(self.account.final_amounts())?;
        let steps = self.line.steps.iter();
        let capped = self.line.after("cap");
        Ok(HospitalDue {
            hospital: self.account.hospital.to_owned(),
            cases: self.account.entries().fold(0, |count, _| count + 1),
            kinds: self.kind_totals(pack)?,
            points: points(pack, std::slice::from_ref(self.account)),
            cost: of(|case| case.cost)?,
            claim: of(|case| case.claim)?,
            nonfund: of(|case| case.nonfund)?,
            standard: total(self.dues.iter().map(|due| due.standard))?,
            amount_due,
            steps: steps
                .map(|(step, before, after)| StepOfDue {
                    step,
                    before: *before,
                    after: *after,
                })
                .collect(),
            addons: self.account.addons()?,
            funds: fund_shares(pack, &self.entries().collect::<Vec<_>>())?,
            after_scale: self.line.after("scale"),
            after_cap: capped,
            reflow: self.reflow(capped),
            due: total([self.line.due, amount_due])?,
        })
    }

    /// What flowed back; zero where there is a cap and nothing did.
    fn reflow(&self, capped: Option<Fen>) -> Option<Fen> {
        let step = self.line.steps.iter().find(|(name, _, _)| *name == "reflow");
        match (step, capped) {
            (Some((_, before, after)), _) => Some(*after - *before),
            (None, Some(_)) => Some(Fen::ZERO),
            (None, None) => None,
        }
    }

    fn kind_totals(&self, pack: &Pack) -> Result<Vec<KindTotal>> {
        let mut totals = Vec::new();
        let has_points = points(pack, std::slice::from_ref(self.account)) != Points::ZERO;
        for kind in Kind::ALL {
            let mut cases = 0;
            let mut units = 0_i128;
            let mut dues = Vec::new();
            for (entry, due) in self.entries().filter(|(entry, _)| entry.case.kind == kind) {
                cases += 1;
                units += entry.stake.units;
                dues.push(due.due);
            }
            if cases > 0 {
                totals.push(KindTotal {
                    kind,
                    cases,
                    points: if has_points {
                        Points::new(units)
                    } else {
                        Points::ZERO
                    },
                    due: total(dues)?,
                });
            }
        }
        Ok(totals)
    }
}

/// Dues over the funds of the pool (分基金): each case's by what the funds paid of it by items, to
/// the fen; or by their order, each up to what it paid, the rest to the first. A case that no
/// fund paid anything of goes to the first.
fn fund_shares(pack: &Pack, cases: &[(&ledger::Entry, CaseDue)]) -> Result<Vec<FundShare>> {
    let rules = &pack.rules.money;
    let (Some(by), Some(first)) = (rules.split, rules.order.first()) else {
        return Ok(Vec::new());
    };
    let mut sums: Vec<FundShare> = rules.order.iter().map(|fund| (*fund, Fen::ZERO)).collect();
    for (entry, due) in cases {
        let paid: Vec<i128> = rules
            .order
            .iter()
            .map(|fund| paid_by(entry.case, *fund))
            .collect();
        let all: i128 = paid.iter().sum();
        let shares: Vec<Fen> = match by {
            _ if all <= 0 => rules
                .order
                .iter()
                .map(|fund| if fund == first { due.due } else { Fen::ZERO })
                .collect(),
            FundSplit::ProRataClaim => due.due.split(&paid).map_err(|e| Error::new(e.to_string()))?,
            FundSplit::FixedOrder => in_order(due.due, &paid),
        };
        for ((_, sum), share) in sums.iter_mut().zip(shares) {
            *sum = total([*sum, share])?;
        }
    }
    Ok(sums)
}

fn paid_by(case: &PoolCase, fund: crate::points::PoolFund) -> i128 {
    let own = case.more.funds.iter().filter(|(of, _)| *of == fund);
    own.map(|(_, amount)| i128::from(amount.fen())).sum()
}

fn in_order(due: Fen, paid: &[i128]) -> Vec<Fen> {
    let mut left = due;
    let mut shares: Vec<Fen> = Vec::with_capacity(paid.len());
    for amount in paid {
        let most = i64::try_from(*amount).map_or(left, Fen::new);
        let share = if left.is_negative() {
            Fen::ZERO
        } else {
            left.min(most)
        };
        shares.push(share);
        left -= share;
    }
    if let Some(first) = shares.first_mut() {
        *first += left;
    }
    shares
}

/// The books close to the fen, or the settlement is not given out at all.
fn check_closed(settlement: &PoolSettlement) -> Result<()> {
    let cases = total(settlement.cases.iter().map(|case| case.due))?;
    let hospitals = total(settlement.hospitals.iter().map(|hospital| hospital.due))?;
    let given = settlement.uses.iter().take(2);
    let given = total(given.map(|(_, amount)| *amount))?;
    if settlement.difference != Fen::ZERO || cases != hospitals || hospitals != given {
        let what = format!(
            "the books do not close: difference {}, hospitals {hospitals}, cases {cases}, given {given}",
            settlement.difference
        );
        return Err(failed(&settlement.pool, &what));
    }
    Ok(())
}
