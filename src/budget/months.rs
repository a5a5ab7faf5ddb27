//! Months and the end of the year (月度预结算、年度清算净额): what a month is booked at, what of it
//! is paid, and what the clearing nets off.

use super::PoolCase;
use super::gross;
use super::ledger::{self, total};
use super::settle::settle;
use super::share::{exact, failed, split};
use super::terms::PoolMoney;
use crate::diagnostics::{Error, Result};
use crate::points::{FundFormula, MonthModel, Pack};
use crate::units::{Exact, Fen, Points};

/// What a month is booked at, beyond its cases (月度结算参数).
#[derive(Clone, Copy, Debug)]
pub enum BookedAt<'a> {
    /// Nothing more: claims, or a price known by the pack.
    Own,
    /// The month's share of the budget.
    Money(PoolMoney<'a>),
    /// Last year's price of a point, in fen.
    LastYear(Exact),
}

/// What each case of a month is booked at, in the order of the cases (月度预结算).
///
/// # Errors
/// The pack has no table `month`, or its model asks for something else than `at` gives; the cases
/// cannot be settled.
pub fn book(pack: &Pack, pool: &str, cases: &[PoolCase], at: BookedAt) -> Result<Vec<Fen>> {
    let model = month(pack, pool)?.model;
    match (model, at) {
        (MonthModel::Claim, BookedAt::Own) => Ok(cases.iter().map(|case| case.claim).collect()),
        (MonthModel::OwnMonthPv, BookedAt::Money(money)) => {
            let settled = settle(pack, pool, money, cases)?;
            Ok(settled.cases.iter().map(|case| case.due).collect())
        }
        (MonthModel::PresetPrice, BookedAt::Own) if pack.price_is_known() => {
            at_known_price(pack, pool, cases)
        }
        (MonthModel::LastYearPrice, BookedAt::Own) if pack.price_is_known() => {
            at_known_price(pack, pool, cases)
        }
        (MonthModel::LastYearPrice, BookedAt::LastYear(price)) => at_price(pack, pool, cases, price),
        (MonthModel::PresetPrice, _) => Err(failed(
            pool,
            &"`month.model = preset_price` needs a price that the pack knows; here it floats",
        )),
        (MonthModel::Claim, _) => Err(failed(pool, &"`month.model = claim` needs no price and no money")),
        (MonthModel::OwnMonthPv, _) => Err(failed(
            pool,
            &"`month.model = own_month_pv` needs the year's budget",
        )),
        (MonthModel::LastYearPrice, _) => Err(failed(
            pool,
            &"`month.model = last_year_price` needs last year's price of a point",
        )),
    }
}

fn month<'p>(pack: &'p Pack, pool: &str) -> Result<&'p crate::points::Month> {
    let month = pack.rules.time.month.as_ref();
    month.ok_or_else(|| failed(pool, &format!("pack `{}` has no table `month`", pack.name())))
}

/// The fund's part at the price the pack knows, before anything is scaled to the year's money.
fn at_known_price(pack: &Pack, pool: &str, cases: &[PoolCase]) -> Result<Vec<Fen>> {
    let stakes = ledger::stakes(pack, pool, cases)?;
    let accounts = ledger::open(cases, &stakes);
    let book = gross::unscaled(pack, pool, &accounts)?;
    let mut dues = vec![Fen::ZERO; cases.len()];
    for (account, line) in accounts.iter().zip(&book.lines) {
        let shared = line.cases(pool, account)?;
        let amounts = account.amounts.iter().map(|(_, due)| *due);
        for (entry, due) in account.entries().zip(shared.into_iter().chain(amounts)) {
            if let Some(slot) = dues.get_mut(entry.position) {
                *slot = due;
            }
        }
    }
    Ok(dues)
}

/// Points at a price from outside, less what others paid where the pack subtracts it; a hospital's
/// sum is rounded once.
fn at_price(pack: &Pack, pool: &str, cases: &[PoolCase], price: Exact) -> Result<Vec<Fen>> {
    let formula = pack.rules.money.formula;
    if formula == FundFormula::Ratio {
        let message =
            "`month.model = last_year_price` is not computed with `fund.formula = ratio` in this version";
        return Err(failed(pool, &message));
    }
    let per_unit = exact(pool, price.div(Exact::integer(Points::PER_POINT)))?;
    let stakes = ledger::stakes(pack, pool, cases)?;
    let accounts = ledger::open(cases, &stakes);
    let mut dues = vec![Fen::ZERO; cases.len()];
    for account in &accounts {
        let gross = per_unit
            .mul(Exact::integer(account.units()))
            .and_then(Exact::fen_half_away);
        let units = account.sharing.iter().map(|entry| entry.stake.units);
        let standards = split(exact(pool, gross)?, units, per_unit).map_err(|e| failed(pool, &e))?;
        let shared = account
            .sharing
            .iter()
            .zip(standards)
            .map(|(entry, standard)| match formula {
                FundFormula::Subtract => standard - entry.case.nonfund,
                _ => standard,
            });
        let amounts = account.amounts.iter().map(|(_, due)| *due);
        for (entry, due) in account.entries().zip(shared.chain(amounts)) {
            if let Some(slot) = dues.get_mut(entry.position) {
                *slot = due;
            }
        }
    }
    Ok(dues)
}

/// A hospital's month: booked = cash + deposit + deductions + offset (月度预结算).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Booking {
    /// What the month is worth before the year is cleared.
    pub booked: Fen,
    /// Kept back, rounded half away from zero once; the cash is what remains.
    pub deposit: Fen,
    /// Taken from the month's cash.
    pub deductions: Fen,
    /// Taken back of an advance.
    pub offset: Fen,
    /// Paid; nothing where months are booked only.
    pub cash: Fen,
}

/// A hospital's advance before a month (月前预付金): what it was given, and what of it is still to be
/// taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdvanceGiven {
    /// Given in all.
    pub given: Fen,
    /// Not taken back yet.
    pub outstanding: Fen,
}

impl Booking {
    /// Splits what a month is booked at. A month below zero has no deposit.
    ///
    /// # Errors
    /// The pack has no table `month`; amounts out of range.
    pub fn of(pack: &Pack, pool: &str, booked: Fen, deductions: Fen) -> Result<Booking> {
        let month = month(pack, pool)?;
        if !month.is_cash {
            return Ok(Booking {
                booked,
                ..Booking::default()
            });
        }
        let kept = booked
            .max(Fen::ZERO)
            .exact()
            .mul(month.deposit)
            .and_then(Exact::fen_half_away);
        let deposit = exact(pool, kept)?;
        Ok(Booking {
            booked,
            deposit,
            deductions,
            offset: Fen::ZERO,
            cash: total([booked, -deposit, -deductions])?,
        })
    }

    /// Takes back what the month's cash can give of an advance (预付金按月冲抵): the advance over the
    /// pack's months, rounded half away from zero, at most what is outstanding and what is paid.
    ///
    /// # Errors
    /// Amounts out of range.
    pub fn less_advance(self, pack: &Pack, pool: &str, advance: AdvanceGiven) -> Result<Booking> {
        let Some(over) = pack.advance_over() else {
            return Ok(self);
        };
        let part = advance.given.exact().div(Exact::integer(over.into()));
        let part = exact(pool, part.and_then(Exact::fen_half_away))?;
        let offset = part.min(advance.outstanding).min(self.cash).max(Fen::ZERO);
        Ok(Booking {
            offset,
            cash: total([self.cash, -offset])?,
            ..self
        })
    }
}

/// What a hospital's year is made of, before it is netted off (年度清算要素).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YearOf {
    /// Due by the clearing.
    pub due: Fen,
    /// Reviews paid on top of it.
    pub special: Fen,
    /// Add-ons that are not in it.
    pub addons: Fen,
    /// Deductions not taken from a month's cash already.
    pub deductions: Fen,
    /// Penalties that are not in it.
    pub penalties: Fen,
    /// What entries for years before this one, locked by then, bring or ask back.
    pub prior_year: Fen,
    /// Advance still outstanding.
    pub advance: Fen,
    /// Booked and paid by months: the sum of what was booked, where months are paid.
    pub booked: Fen,
    /// Kept back of it.
    pub withheld: Fen,
    /// The share of the deposit that is returned, rounded half away from zero.
    pub returned: Fen,
}

/// What is still to be paid (above zero) or asked back (below) (年度清算应拨).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetOff {
    /// What went in.
    pub year: YearOf,
    /// Deposit that stays with the fund.
    pub forfeited: Fen,
    /// The clearing.
    pub clearing: Fen,
}

/// The lines of a clearing, in this order (清算各行).
pub const CLEARING_LINES: [&str; 8] = [
    "due",
    "prior_year",
    "booked",
    "deposit_withheld",
    "deposit_returned",
    "deposit_forfeited",
    "advance_outstanding",
    "clearing",
];

impl YearOf {
    /// What went in, from the lines of a clearing in the order of [`CLEARING_LINES`].
    pub(crate) const fn of_lines(lines: [Fen; 8]) -> YearOf {
        let [due, prior_year, booked, withheld, returned, _, advance, _] = lines;
        YearOf {
            due,
            prior_year,
            booked,
            withheld,
            returned,
            advance,
            special: Fen::ZERO,
            addons: Fen::ZERO,
            deductions: Fen::ZERO,
            penalties: Fen::ZERO,
        }
    }
}

impl NetOff {
    /// What is added, what is taken off, and what it comes to, in the order of [`CLEARING_LINES`]
    /// (清算各行金额).
    pub fn lines(&self) -> [(&'static str, Fen); 8] {
        let of = &self.year;
        let [
            due,
            prior_year,
            booked,
            withheld,
            returned,
            forfeited,
            advance,
            clearing,
        ] = CLEARING_LINES;
        [
            (due, of.due),
            (prior_year, of.prior_year),
            (booked, of.booked),
            (withheld, of.withheld),
            (returned, of.returned),
            (forfeited, self.forfeited),
            (advance, of.advance),
            (clearing, self.clearing),
        ]
    }

    /// Nets off a year: booked amounts are taken off, and the returned deposit is added; netting
    /// cash and adding the deposit would pay the deposit twice. Both forms are computed and must
    /// agree.
    ///
    /// # Errors
    /// A sum out of range; more deposit returned than was kept.
    pub fn of(year: YearOf) -> Result<NetOff> {
        let forfeited = total([year.withheld, -year.returned])?;
        if forfeited.is_negative() {
            return Err(Error::new(format!(
                "{} of the deposit would be returned, but only {} was kept",
                year.returned, year.withheld
            )));
        }
        let before = [
            year.due,
            year.prior_year,
            year.special,
            year.addons,
            -year.deductions,
            -year.penalties,
            -year.advance,
        ];
        let before = total(before)?;
        let clearing = total([before, -year.booked, year.returned])?;
        let paid = total([year.booked, -year.withheld])?;
        let other = total([before, -paid, -forfeited])?;
        if clearing != other {
            return Err(Error::new(format!(
                "the two forms of the clearing differ: {clearing} and {other}"
            )));
        }
        Ok(NetOff {
            year,
            forfeited,
            clearing,
        })
    }

    /// The share of a deposit that is returned, rounded half away from zero.
    ///
    /// # Errors
    /// Amounts out of range.
    pub fn returned(pool: &str, withheld: Fen, share: Exact) -> Result<Fen> {
        exact(pool, withheld.exact().mul(share).and_then(Exact::fen_half_away))
    }
}

/// The entry that brings a case's posted amounts to its recomputed one (差额调整): posted minus
/// posted, so that entries sum to the fen.
pub fn difference(recomputed: Fen, posted: impl IntoIterator<Item = Fen>) -> Fen {
    posted.into_iter().fold(recomputed, |rest, entry| rest - entry)
}

/// The mirror of what was posted (冲正): amount and points with the sign turned, not a
/// recomputation.
pub fn mirror(amount: Fen, points: Points) -> (Fen, Points) {
    (-amount, Points::new(-points.units()))
}
