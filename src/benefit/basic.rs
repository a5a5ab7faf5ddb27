//! Basic insurance (基本医保): deductible, ratio by band, yearly cap.

use std::sync::Arc;

use super::explain::{Said, Sink};
use super::file::{BasicShape, Basis, CapOn, Kind, Per, Position};
use super::literal::{Band, Change, Literal};
use super::policy::{Basic, NthAct};
use super::run::{Run, not_said};
use super::scale::{along, ratio_at};
use super::slip::{Payer, SCOPE, TierShare};
use super::{ShareError, chain_words};
use crate::units::{Exact, Fen, Overflow};

pub fn pay<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic) -> Result<(), ShareError> {
    let scope = run.claim.scope;
    let deductible = deductible(run, terms)?;
    let cap_period = run.period(&terms.cap)?;
    let cap = *run.cell(terms.cap.path, cap_period, &cap_period.value.limit)?;
    let counted = match (cap_period.value.on, cap.0) {
        (CapOn::Base, Some(cap)) => at_least_nothing(cap - run.counters.basic_base).min(scope),
        _ => scope,
    };
    let bands = run.value(&terms.bands)?;
    let stand = Stand {
        shape: terms.shape,
        position: run.counters.basic_base,
        position_above: run.counters.basic_above,
        deductible,
        counted,
    };
    let uncapped = stand.pays(bands, adjustment(run, terms)?)?;
    run.sink.step(&run.counters, || Said {
        step: "basic_before_cap".to_owned(),
        base: counted,
        formula: format!("ratio by band on {counted} less the deductible {deductible}"),
        amount: uncapped,
    });
    let paid = match (cap_period.value.on, cap.0) {
        (CapOn::Payout, Some(cap)) => uncapped.min(at_least_nothing(cap - run.counters.basic_paid)),
        _ => uncapped,
    };
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
    let show = |steps: &Vec<super::policy::Nth>| format!("{} steps", steps.len());
    let steps = run.known(path, Some(period.days.from), &period.source, &period.value, show)?;
    let step = steps.iter().rev().find(|step| step.n <= n);
    match step.map(|step| &step.act) {
        None => Ok(first),
        Some(NthAct::Factor(factor)) => Ok(first.exact().mul(factor.0)?.fen_half_away()?),
        Some(NthAct::Amount(grid)) => {
            let amount = run.person.cell(grid);
            amount.copied().map_err(|axis| not_said(terms.nth.path, axis))
        }
    }
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
