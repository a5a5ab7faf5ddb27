//! Basic insurance (基本医保): deductible, ratio by band, yearly cap.

use std::sync::Arc;

use super::explain::{Said, Sink};
use super::file::{BasicShape, Basis, CapOn, Kind, Per, Position};
use super::literal::{Band, Change, Literal};
use super::policy::{Basic, Nth, NthAct};
use super::run::{Run, not_said};
use super::scale::{along, ratio_at};
use super::slip::{Payer, SCOPE, TierShare};
use super::{ShareError, chain_words};
use crate::units::{Exact, Fen, Overflow};

pub fn pay<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic) -> Result<(), ShareError> {
    let scope = run.claim.scope;
    let deductible = deductible(run, terms)?;
    let period = run.period(&terms.cap)?;
    let limit = run.cell(terms.cap.path, period, &period.value.limit)?;
    let cap = Cap {
        on: period.value.on,
        limit: limit.0,
    };
    let counted = cap.counted(scope, run.counters.basic_base);
    let uncapped = uncapped(run, terms, deductible, counted)?;
    let paid = cap.paid(uncapped, run.counters.basic_paid);
    run.over_cap = (scope - counted) + (uncapped - paid);
    run.deductible = deductible;
    run.left.pay(SCOPE, paid);
    run.counters.deductible_used += deductible;
    run.counters.basic_base += counted;
    run.counters.basic_above += at_least_nothing(counted - deductible);
    run.counters.basic_paid += paid;
    run.tiers.push(TierShare {
        id: Arc::from(chain_words::BASIC),
        payer: Payer::Basic,
        base: scope,
        amount: paid,
    });
    run.sink.step(&run.counters, || Said {
        step: chain_words::BASIC.to_owned(),
        base: scope,
        formula: format!("at most what the yearly cap leaves of {uncapped}"),
        amount: paid,
    });
    Ok(())
}

/// The yearly cap, on what is counted or on what is paid.
struct Cap {
    on: CapOn,
    limit: Option<Fen>,
}

impl Cap {
    fn counted(&self, scope: Fen, counted_before: Fen) -> Fen {
        match (self.on, self.limit) {
            (CapOn::Base, Some(cap)) => at_least_nothing(cap - counted_before).min(scope),
            _ => scope,
        }
    }

    fn paid(&self, uncapped: Fen, paid_before: Fen) -> Fen {
        match (self.on, self.limit) {
            (CapOn::Payout, Some(cap)) => at_least_nothing(cap - paid_before).min(uncapped),
            _ => uncapped,
        }
    }
}

fn uncapped<'a, S: Sink>(
    run: &mut Run<'a, S>,
    terms: &'a Basic,
    deductible: Fen,
    counted: Fen,
) -> Result<Fen, ShareError> {
    let stand = Stand {
        shape: terms.shape,
        position: run.counters.basic_base,
        position_above: run.counters.basic_above,
        deductible,
        counted,
    };
    let bands = run.value(&terms.bands)?;
    let amount = stand.pays(bands, adjustment(run, terms)?)?;
    run.sink.step(&run.counters, || Said {
        step: "basic_before_cap".to_owned(),
        base: counted,
        formula: format!("ratio by band on {counted} less the deductible {deductible}"),
        amount,
    });
    Ok(amount)
}

/// The person's first part: the level's amount, by number of admission, less what the year has
/// used where it is yearly, at most what the yearly limit leaves, at most the in-scope cost.
fn deductible<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic) -> Result<Fen, ShareError> {
    let period = run.period(&terms.deductible)?;
    let base = *run.cell(terms.deductible.path, period, &period.value.amount)?;
    let used = run.counters.deductible_used;
    let of_admission = nth(run, terms, base)?;
    let mut amount = match period.value.per {
        Per::Admission => of_admission,
        Per::Year | Per::YearlyHighest => at_least_nothing(of_admission - used),
    };
    if let Some(limit) = &terms.deductible_limit
        && let Some(limit) = run.value(limit)?.0
    {
        amount = amount.min(at_least_nothing(limit - used));
    }
    let charged = amount.min(run.claim.scope);
    run.sink.step(&run.counters, || Said {
        step: "deductible".to_owned(),
        base,
        formula: format!("{amount} for this admission, at most the in-scope cost"),
        amount: charged,
    });
    Ok(charged)
}

fn nth<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic, first: Fen) -> Result<Fen, ShareError> {
    let n = run.counters.admissions.saturating_add(1);
    let period = run.period(&terms.nth)?;
    let path = || format!("{}.{n}", terms.nth.path);
    let show = |steps: &Vec<Nth>| match act_for(steps, n) {
        Some(NthAct::Factor(factor)) => factor.show(),
        _ => "an amount of its own".to_owned(),
    };
    let steps = run.known(path, Some(period.days.from), &period.source, &period.value, show)?;
    match act_for(steps, n) {
        None => Ok(first),
        Some(NthAct::Factor(factor)) => Ok(first.exact().mul(factor.0)?.fen_half_away()?),
        Some(NthAct::Amount(grid)) => {
            let amount = run.person.cell(grid);
            amount.copied().map_err(|axis| not_said(terms.nth.path, axis))
        }
    }
}

/// The last step that the nth admission has reached.
fn act_for(steps: &[Nth], n: u32) -> Option<&NthAct> {
    steps.iter().rev().find(|step| step.n <= n).map(|step| &step.act)
}

/// The change of the ratio for this person: the first row in force whose condition holds.
fn adjustment<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic) -> Result<Option<Change>, ShareError> {
    for period in &terms.adjust {
        if period.days.hold(run.claim.discharge) && run.holds(&period.value.when)? {
            let path = || "inpatient.ratio_adjust".to_owned();
            let from = Some(period.days.from);
            let change = run.known(path, from, &period.source, &period.value.change, Literal::show)?;
            return Ok(Some(*change));
        }
    }
    Ok(None)
}

/// Where this claim's in-scope cost stands on the bands.
struct Stand {
    shape: BasicShape,
    position: Fen,
    position_above: Fen,
    deductible: Fen,
    counted: Fen,
}

impl Stand {
    fn pays(&self, bands: &[Band], change: Option<Change>) -> Result<Fen, Overflow> {
        let (from, to) = self.stretch();
        let above = at_least_nothing(self.counted - self.deductible).exact();
        let exact = match self.shape.kind {
            Kind::Marginal => along(bands, from, to, change)?,
            Kind::Slab => {
                let edge = self.shape.edge.unwrap_or(super::policy::MARGINAL_EDGE);
                ratio_at(bands, to, edge, change)?.mul(above)?
            }
        };
        exact.fen_half_away()
    }

    /// Gross bands run on the whole in-scope cost, the deductible inside the first of them;
    /// excess bands on what is above the deductibles.
    fn stretch(&self) -> (Exact, Exact) {
        let (position, above) = match self.shape.position {
            Position::Year => (self.position, self.position_above),
            Position::Claim => (Fen::ZERO, Fen::ZERO),
        };
        let (from, to) = match self.shape.basis {
            Basis::Gross => (position + self.deductible, position + self.counted),
            Basis::Excess => (above, above + at_least_nothing(self.counted - self.deductible)),
        };
        (from.exact(), to.exact())
    }
}

pub fn at_least_nothing(amount: Fen) -> Fen {
    amount.max(Fen::ZERO)
}
