//! The steps between the fund's part and the residual, in the pack's order (清算步骤): scale, cap,
//! reflow, corridor, add-ons, assessment, penalty. Each writes the due before and after it.

use super::ledger::{Account, total};
use super::review::assessed_share;
use super::rounding::Rounding;
use super::share::{Book, Line, exact, failed, split};
use super::terms::PoolMoney;
use crate::diagnostics::{Error, Result};
use crate::points::{
    AddonFunding, AddonPosition, Corridor, CorridorBalance, MoneyRules, Reflow, Residual, Step,
    corridor_jumps,
};
use crate::units::{Exact, Fen};

/// What the steps of one pool work on.
pub(super) struct Steps<'a> {
    pub(super) rules: &'a MoneyRules,
    pub(super) pool: &'a str,
    pub(super) money: &'a PoolMoney<'a>,
    /// The money of the points.
    pub(super) left: Fen,
    pub(super) accounts: &'a [Account<'a>],
}

impl Steps<'_> {
    /// Runs the pack's steps on the book.
    pub(super) fn run(&self, book: &mut Book) -> Result<()> {
        for step in &self.rules.steps {
            match step {
                Step::Scale => self.scale(book)?,
                Step::Cap => self.cap(book)?,
                Step::Reflow => self.reflow(book)?,
                Step::Corridor => self.corridor(book)?,
                Step::Addons => self.addons(book)?,
                Step::Assess => self.assess(book)?,
                Step::Penalty => self.penalty(book)?,
                Step::Freeze
                | Step::Budget
                | Step::Carve
                | Step::Price
                | Step::FundPart
                | Step::Residual
                | Step::NetOff
                | Step::Confirm => {}
            }
        }
        Ok(())
    }

    /// Standards to the pool's money: k = money ÷ their sum, held at one where the pack says so.
    fn scale(&self, book: &mut Book) -> Result<()> {
        // before any step of its own a due is weights × price, exact; after one it is what it is
        let exact_due = |line: &Line| {
            if line.moved {
                Ok(line.due.exact())
            } else {
                line.price.mul(Exact::integer(line.weight()))
            }
        };
        let mut sum = Exact::ZERO;
        for line in &book.lines {
            sum = exact(self.pool, exact_due(line).and_then(|due| sum.add(due)))?;
        }
        if sum.parts().0 <= 0 {
            return self.without_standards(book);
        }
        let k = exact(self.pool, self.left.exact().div(sum))?;
        let held = !self.rules.k_may_exceed_one && k.compare(Exact::ONE).is_gt();
        let (k, money) = if held {
            (Exact::ONE, exact(self.pool, sum.fen_half_away())?)
        } else {
            (k, self.left)
        };
        let shares: Vec<Exact> = book
            .lines
            .iter()
            .map(|line| exact(self.pool, exact_due(line).and_then(|due| due.mul(k))))
            .collect::<Result<_>>()?;
        book.k = Some(k);
        let rounding = Rounding::of(self.rules);
        if rounding.sums_cases() {
            return self.scale_cases(rounding, money, &shares, book);
        }
        let (dues, residual) = match self.rules.residual {
            Residual::LargestRemainder => (self.split_exactly(money, &shares)?, Fen::ZERO),
            _ => rounding
                .rounded(money, &shares)
                .map_err(|e| failed(self.pool, &e))?,
        };
        for (line, due) in book.lines.iter_mut().zip(dues) {
            line.steps.push(("scale", line.due, due));
            line.due = due;
            if self.rules.residual != Residual::LargestRemainder {
                line.moved = true;
            } else if !line.moved {
                line.price = exact(self.pool, line.price.mul(k))?;
            }
        }
        book.balance("reserve_drawn", "to_reserve", -residual);
        Ok(())
    }

    /// Scales each case for itself: its part of the hospital's exact share, rounded.
    fn scale_cases(
        &self,
        rounding: Rounding,
        money: Fen,
        hospitals: &[Exact],
        book: &mut Book,
    ) -> Result<()> {
        let mut shares = Vec::new();
        let mut lengths = Vec::with_capacity(book.lines.len());
        for (line, share) in book.lines.iter().zip(hospitals) {
            let weight = line.weight();
            lengths.push(line.weights.len());
            for own in &line.weights {
                let part = if weight == 0 {
                    Ok(Exact::ZERO)
                } else {
                    Exact::new(*own, weight).and_then(|part| part.mul(*share))
                };
                shares.push(exact(self.pool, part)?);
            }
        }
        let spread = rounding
            .spread_cases(money, &shares, &lengths)
            .map_err(|e| failed(self.pool, &e))?;
        for ((line, due), dues) in book
            .lines
            .iter_mut()
            .zip(&spread.hospitals)
            .zip(spread.cases.iter().flatten())
        {
            line.steps.push(("scale", line.due, *due));
            line.due = *due;
            line.hold(dues);
        }
        book.balance("reserve_drawn", "to_reserve", -spread.residual);
        Ok(())
    }

    /// Splits by exact shares of any denominators: they are brought to one.
    fn split_exactly(&self, money: Fen, shares: &[Exact]) -> Result<Vec<Fen>> {
        let mut over: i128 = 1;
        for share in shares {
            let (_, den) = share.parts();
            let (_, rest) = exact(self.pool, Exact::new(over, den))?.parts();
            over = over
                .checked_mul(rest)
                .ok_or_else(|| failed(self.pool, &crate::units::Overflow))?;
        }
        let one = exact(self.pool, Exact::new(1, over))?;
        let units: Vec<i128> = shares
            .iter()
            .map(|share| exact(self.pool, share.div(one)).map(|units| units.parts().0))
            .collect::<Result<_>>()?;
        split(money, units.into_iter(), one).map_err(|e| failed(self.pool, &e))
    }

    /// An empty pool keeps its money; money without a standard to share it by is an error.
    fn without_standards(&self, book: &mut Book) -> Result<()> {
        let has_cases = self.accounts.iter().any(|account| !account.sharing.is_empty());
        if has_cases && self.left != Fen::ZERO {
            return Err(Error::new(format!(
                "no case of pool `{}` has a standard above what others paid, but {} is to be shared",
                self.pool, self.left
            )));
        }
        for line in &mut book.lines {
            line.weights.iter_mut().for_each(|weight| *weight = 0);
            line.steps.push(("scale", line.due, Fen::ZERO));
            line.due = Fen::ZERO;
        }
        Ok(())
    }

    fn caps(&self) -> Result<Vec<Fen>> {
        let rate = self.rules.cap.as_ref().map_or(Exact::ONE, |cap| cap.rate);
        self.accounts
            .iter()
            .map(|account| self.cap_of(rate, account))
            .collect()
    }

    /// The cap of a hospital's sharing cases: rate × claim, rounded half away from zero.
    fn cap_of(&self, rate: Exact, account: &Account) -> Result<Fen> {
        let claim = account.claim()?;
        if claim.is_negative() {
            let what = format!(
                "hospital `{}` has claims of {claim}: they cap nothing",
                account.hospital
            );
            return Err(failed(self.pool, &what));
        }
        exact(self.pool, rate.mul(claim.exact()).and_then(Exact::fen_half_away))
    }

    /// Holds each hospital at its cap.
    fn cap(&self, book: &mut Book) -> Result<()> {
        for (line, cap) in book.lines.iter_mut().zip(self.caps()?) {
            line.step("cap", line.due.min(cap));
        }
        Ok(())
    }

    /// What is above the caps flows back among hospitals below theirs and up to it, by what their
    /// dues were made of: once, or until nothing is left. A hospital whose part is not above zero
    /// has no claim on it.
    fn reflow(&self, book: &mut Book) -> Result<()> {
        let caps = self.caps()?;
        let cut = |line: &Line| {
            let step = line.steps.iter().find(|(name, _, _)| *name == "cap");
            step.map_or(Fen::ZERO, |(_, before, after)| *before - *after)
        };
        let mut above = total(book.lines.iter().map(cut))?;
        let mut dues: Vec<Fen> = book.lines.iter().map(|line| line.due).collect();
        loop {
            let rest = self.flow_back(book, above, &caps, &mut dues)?;
            let again = self
                .rules
                .cap
                .as_ref()
                .is_some_and(|cap| cap.reflow == Reflow::Iterate);
            if !again || rest == Fen::ZERO || rest == above {
                break;
            }
            above = rest;
        }
        for (line, due) in book.lines.iter_mut().zip(dues) {
            line.step("reflow", due);
        }
        Ok(())
    }

    /// One round; what is left of the money afterwards.
    fn flow_back(&self, book: &Book, above: Fen, caps: &[Fen], dues: &mut [Fen]) -> Result<Fen> {
        let mut takers: Vec<(&mut Fen, i128, Fen)> = dues
            .iter_mut()
            .zip(&book.lines)
            .zip(caps)
            .map(|((due, line), cap)| (due, line.weight(), *cap))
            .filter(|(due, weight, cap)| **due < *cap && *weight > 0)
            .collect();
        let sum: i128 = takers.iter().map(|(_, weight, _)| *weight).sum();
        if sum == 0 || above == Fen::ZERO {
            return Ok(above);
        }
        let price = exact(self.pool, Exact::new(above.fen().into(), sum))?;
        let parts = takers.iter().map(|(_, weight, _)| *weight);
        let back = split(above, parts, price).map_err(|e| failed(self.pool, &e))?;
        let mut rest = above;
        for ((due, _, cap), back) in takers.iter_mut().zip(back) {
            let given = back.min(*cap - **due);
            **due += given;
            rest -= given;
        }
        Ok(rest)
    }

    /// Surplus kept and overrun shared by each hospital: alpha × claim + beta × due.
    fn corridor(&self, book: &mut Book) -> Result<()> {
        let Some(corridor) = &self.rules.corridor else {
            return Ok(());
        };
        let before = book.due()?;
        for (line, account) in book.lines.iter_mut().zip(self.accounts) {
            match paid_in_band(corridor, account.claim()?, line.due) {
                Some(pay) => line.step("corridor", exact(self.pool, pay)?),
                None => {
                    line.step("corridor", line.due);
                    book.warnings.push(format!(
                        "hospital `{}` is due {}: no band of the corridor holds for it",
                        account.hospital, line.due
                    ));
                }
            }
        }
        let changed = total([book.due()?, -before])?;
        match corridor.balance {
            CorridorBalance::Reserve => book.balance("reserve_drawn", "to_reserve", changed),
            CorridorBalance::Fund => book.balance("corridor_funding", "kept_by_fund", changed),
        }
        book.warnings.extend(corridor_jumps(corridor));
        Ok(())
    }

    /// Add-ons of the cases that share; those of amount cases are added to their amounts.
    fn addons(&self, book: &mut Book) -> Result<()> {
        let Some(addons) = &self.rules.addons else {
            return Ok(());
        };
        let mut sum = Fen::ZERO;
        for (line, account) in book.lines.iter_mut().zip(self.accounts) {
            let own = total(account.sharing.iter().map(|entry| entry.stake.addons))?;
            if addons.position == AddonPosition::BeforeScale && !line.moved {
                self.add_to_standards(line, account)?;
                continue;
            }
            line.step("addons", total([line.due, own])?);
            line.addons = own;
            sum = total([sum, account.addons()?])?;
        }
        match addons.funded_by {
            // left the pool before it was priced
            AddonFunding::Pool => {}
            AddonFunding::CarveOut => book.balance("addon_funding", "addon_funding", sum),
            AddonFunding::Reserve => book.balance("reserve_drawn", "to_reserve", sum),
        }
        Ok(())
    }

    /// Add-ons as part of the standards, which are scaled with them.
    fn add_to_standards(&self, line: &mut Line, account: &Account) -> Result<()> {
        for (weight, entry) in line.weights.iter_mut().zip(&account.sharing) {
            let more = entry
                .stake
                .addons
                .exact()
                .div(line.price)
                .and_then(Exact::half_away);
            *weight += exact(self.pool, more)?;
        }
        let due = line
            .price
            .mul(Exact::integer(line.weight()))
            .and_then(Exact::fen_half_away);
        let due = exact(self.pool, due)?;
        line.steps.push(("addons", line.due, due));
        line.due = due;
        Ok(())
    }

    /// The share of its due that a hospital keeps by its assessment.
    fn assess(&self, book: &mut Book) -> Result<()> {
        let before = book.due()?;
        for (line, account) in book.lines.iter_mut().zip(self.accounts) {
            let share = assessed_share(self.rules, self.pool, self.money, account.hospital)?;
            let due = line.due.exact().mul(share).and_then(Exact::fen_half_away);
            line.step("assess", exact(self.pool, due)?);
        }
        let kept = total([before, -book.due()?])?;
        book.balance("assess", "kept_by_fund", -kept);
        Ok(())
    }

    /// What cases in violation were due goes back to the fund; what they owe stays owed.
    fn penalty(&self, book: &mut Book) -> Result<()> {
        let before = book.due()?;
        for (line, account) in book.lines.iter_mut().zip(self.accounts) {
            let dues = line.cases(self.pool, account)?;
            let kept = account.sharing.iter().zip(&dues).map(|(entry, due)| {
                if entry.stake.in_violation {
                    (*due).min(Fen::ZERO)
                } else {
                    *due
                }
            });
            let kept: Vec<Fen> = kept.collect();
            line.step("penalty", total(kept.iter().copied())?);
            line.weights = kept.iter().map(|due| due.fen().into()).collect();
            line.price = Exact::ONE;
            line.moved = false;
            line.addons = Fen::ZERO;
        }
        let returned = total([before, -book.due()?])?;
        book.balance("penalty", "kept_by_fund", -returned);
        Ok(())
    }
}

/// alpha × claim + beta × due of the one band that claim ÷ due falls into; none where nothing is
/// due.
pub(crate) fn paid_in_band(
    corridor: &Corridor,
    claim: Fen,
    due: Fen,
) -> Option<std::result::Result<Fen, crate::units::Overflow>> {
    if due <= Fen::ZERO {
        return None;
    }
    let inside = |to: &Exact, owns: bool| {
        let limit = to.mul(due.exact())?;
        let order = claim.exact().compare(limit);
        Ok(order.is_lt() || (owns && order.is_eq()))
    };
    for band in &corridor.bands {
        match band
            .to
            .as_ref()
            .map_or(Ok(true), |to| inside(to, band.owns_limit))
        {
            Err(overflow) => return Some(Err(overflow)),
            Ok(false) => {}
            Ok(true) => {
                let own = band.alpha.mul(claim.exact());
                let shared = band.beta.mul(due.exact());
                return Some(
                    own.and_then(|own| own.add(shared?))
                        .and_then(Exact::fen_half_away),
                );
            }
        }
    }
    None
}
