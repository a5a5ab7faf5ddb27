//! The person's first part of a bill (起付线), in all its forms.

use super::counters::{outpatient, slots};
use super::dated::Period;
use super::explain::{Said, Sink};
use super::file::Per;
use super::literal::Share;
use super::literal::{Known, Literal};
use super::policy::{Basic, Deductible, DeductibleAmount, Nth, NthAct, Waive};
use super::run::{Run, not_said};
use super::words::How;
use super::{Care, ShareError};
use crate::units::{Fen, Overflow};

/// Level and kind of hospital, number of admission, waivers, what the year has used where it is
/// yearly, at most what the yearly limit leaves, at most the in-scope cost.
pub fn of_stay<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic) -> Result<Fen, ShareError> {
    if run.claim.reentry {
        return Ok(Fen::ZERO);
    }
    let period = run.period(&terms.deductible)?;
    let base = base(run, terms.deductible.path, period)?;
    let (per, used) = match (run.claim.care, major_per(run)?) {
        (Care::Major, Some(per)) => (per, run.counters.fen(outpatient(Care::Major).0)),
        _ => (period.value.per, run.counters.fen(slots::DEDUCTIBLE_USED)),
    };
    let of_admission = match run.claim.care {
        Care::Major => base,
        _ => nth(run, terms, base)?,
    };
    let mut amount = of_admission;
    if let Some(row) = run.first_of(&terms.waive, "inpatient.deductible_waive", |waive: &Waive| {
        &waive.when
    })? {
        amount = times(amount, row.value.factor)?;
    }
    if per != Per::Admission {
        amount = at_least_nothing(amount - used);
    }
    if let Some(limit) = &terms.deductible_limit
        && let Some(limit) = run.value(limit)?.0
    {
        amount = amount.min(at_least_nothing(limit - used));
    }
    let charged = amount.min(run.scope);
    run.step(|| Said {
        step: "deductible".to_owned(),
        base,
        how: How::Deductible { amount },
        amount: charged,
    });
    Ok(charged)
}

fn major_per<'a, S: Sink>(run: &mut Run<'a, S>) -> Result<Option<Per>, ShareError> {
    let policy = run.policy;
    match &policy.outpatient.major {
        Some(major) if run.claim.care == Care::Major => Ok(Some(run.period(major)?.value.per)),
        _ => Ok(None),
    }
}

/// The level's amount or a part of the in-scope cost, by kind of hospital.
pub fn base<'a, S: Sink>(
    run: &mut Run<'a, S>,
    path: &str,
    period: &'a Period<Deductible>,
) -> Result<Fen, ShareError> {
    let terms = &period.value;
    let base = match &terms.amount {
        DeductibleAmount::Fixed(grid) => *run.cell(path, period, grid)?,
        DeductibleAmount::OfScope { ratio, min, max } => {
            let part = times(run.scope, *ratio)?.max(*min);
            max.0.map_or(part, |max| part.min(max))
        }
    };
    let factor = terms
        .facility
        .iter()
        .find(|(kind, _)| *kind == run.claim.facility);
    match factor {
        Some((_, factor)) => Ok(times(base, *factor)?),
        None => Ok(base),
    }
}

fn times(amount: Fen, factor: Share) -> Result<Fen, Overflow> {
    amount.exact().mul(factor.0)?.fen_half_away()
}

fn nth<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic, first: Fen) -> Result<Fen, ShareError> {
    let n = run.counters.admissions().saturating_add(1);
    let Some(terms) = &terms.nth else {
        return Ok(first);
    };
    let period = run.period(terms)?;
    let path = || format!("{}.{n}", terms.path);
    let show = |steps: &Vec<Nth>| match act_for(steps, n) {
        Some(NthAct::Factor(factor)) => factor.show(),
        _ => "an amount of its own".to_owned(),
    };
    let known: &'a Known<Vec<Nth>> = &period.value;
    let steps = run.known(path, Some(period.days.from), &period.source, known, show)?;
    match act_for(steps, n) {
        None => Ok(first),
        Some(NthAct::Factor(factor)) => Ok(times(first, *factor)?),
        Some(NthAct::Amount(grid)) => {
            let amount = run.person.cell(grid);
            amount.copied().map_err(|axis| not_said(terms.path, axis))
        }
    }
}

/// The last step that the nth admission has reached.
fn act_for(steps: &[Nth], n: u32) -> Option<&NthAct> {
    steps.iter().rev().find(|step| step.n <= n).map(|step| &step.act)
}

pub fn at_least_nothing(amount: Fen) -> Fen {
    amount.max(Fen::ZERO)
}
