//! Why the amounts are what they are (计算说明): the same run, with every step written down.

use std::borrow::Cow;

use jiff::civil::Date;

use super::counters::{Layout, YearToDate};
use super::policy::BenefitPolicy;
use super::run::settle;
use super::words::How;
use super::{Claim, ShareError, Slip};
use crate::diagnostics::{Evidence, Lang};
use crate::units::Fen;

/// A parameter that a step used (所用参数).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamUsed {
    /// Key path in the benefit file, e.g. `inpatient.ratio.p1.L2`.
    pub path: String,
    /// Its value.
    pub value: String,
    /// First day it is in force; none for lists, which carry no date.
    pub from: Option<Date>,
    /// Ids of its documents.
    pub doc: Vec<String>,
    /// Number and title of each.
    pub documents: Vec<String>,
    /// Clause of the document.
    pub clause: Option<String>,
    /// How well it is known.
    pub evidence: Evidence,
}

/// A counter that a step moved (累计变动).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterMove {
    /// Name of the counter, as in `YearToDate`.
    pub id: String,
    /// Before the step.
    pub before: i64,
    /// After it.
    pub after: i64,
}

/// One step of a settlement (计算步骤).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// `deductible`, `basic`, `cii`, the id of a tier, or `person`.
    pub step: String,
    /// What the step works on.
    pub base: Fen,
    /// How the amount comes about.
    pub how: How,
    /// Parameters read since the step before.
    pub params: Vec<ParamUsed>,
    /// Counters moved since the step before.
    pub counters: Vec<CounterMove>,
    /// What comes out.
    pub amount: Fen,
}

impl Step {
    /// How the amount comes about, in words (算法说明).
    pub fn formula(&self, lang: Lang) -> String {
        self.how.words(self.base, lang)
    }
}

/// A slip with the steps that made it (结算单及其说明).
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The claim's id.
    pub claim: String,
    /// The slip, equal to what [`share`](super::share) gives.
    pub slip: Slip,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// Replays one claim with every step written down (逐步说明), from the counters as they stood
/// before it.
///
/// # Errors
/// As [`share`](super::share).
pub fn explain(
    policy: &BenefitPolicy,
    claim: &Claim<'_>,
    so_far: &YearToDate,
) -> Result<Explanation, ShareError> {
    let mut recorder = Recorder {
        steps: Vec::new(),
        params: Vec::new(),
        counters: so_far.entries(&policy.layout),
    };
    let (slip, _) = settle(policy, claim, so_far.clone(), &mut recorder)?;
    Ok(Explanation {
        claim: claim.id.to_owned(),
        slip,
        steps: recorder.steps,
    })
}

/// Who listens to a run. What is said is made only if someone does.
pub trait Sink {
    fn param(&mut self, make: impl FnOnce() -> ParamUsed);
    fn step(&mut self, counters: &YearToDate, layout: &Layout, make: impl FnOnce() -> Said);
}

/// What a step says of itself.
pub struct Said {
    pub step: String,
    pub base: Fen,
    pub how: How,
    pub amount: Fen,
}

/// Nobody.
pub struct Quiet;

impl Sink for Quiet {
    fn param(&mut self, _: impl FnOnce() -> ParamUsed) {}
    fn step(&mut self, _: &YearToDate, _: &Layout, _: impl FnOnce() -> Said) {}
}

struct Recorder {
    steps: Vec<Step>,
    params: Vec<ParamUsed>,
    counters: Vec<(Cow<'static, str>, i64)>,
}

impl Sink for &mut Recorder {
    fn param(&mut self, make: impl FnOnce() -> ParamUsed) {
        self.params.push(make());
    }

    fn step(&mut self, counters: &YearToDate, layout: &Layout, make: impl FnOnce() -> Said) {
        let said = make();
        let entries = counters.entries(layout);
        self.steps.push(Step {
            step: said.step,
            base: said.base,
            how: said.how,
            amount: said.amount,
            params: std::mem::take(&mut self.params),
            counters: moves(&self.counters, &entries),
        });
        self.counters = entries;
    }
}

fn moves(before: &[(Cow<'static, str>, i64)], after: &[(Cow<'static, str>, i64)]) -> Vec<CounterMove> {
    let stood_at = |id: &str, of: &[(Cow<'static, str>, i64)]| {
        let found = of.iter().find(|(known, _)| **known == *id);
        found.map_or(0, |(_, value)| *value)
    };
    // a counter that fell to nothing is on the earlier list only
    let gone = before.iter().filter(|(id, _)| stood_at(id, after) == 0);
    let moved = after.iter().chain(gone).map(|(id, _)| CounterMove {
        id: id.to_string(),
        before: stood_at(id, before),
        after: stood_at(id, after),
    });
    moved.filter(|counter| counter.before != counter.after).collect()
}
