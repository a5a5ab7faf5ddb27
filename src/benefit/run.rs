//! One claim through the chain of payers (逐层支付).

use std::sync::Arc;

use jiff::civil::Date;

use super::claim::{Person, check_amounts};
use super::counters::YearToDate;
use super::dated::{Dated, Period};
use super::explain::{ParamUsed, Quiet, Said, Sink};
use super::literal::{Known, Literal};
use super::policy::{Axis, BenefitPolicy, Grid, Link, Source, When};
use super::slip::{Residual, Skipped, TierShare, Why};
use super::{Claim, ShareError, Slip, basic, cii, tiers};
use crate::diagnostics::Evidence;
use crate::units::Fen;

/// Shares one claim among its payers (待遇计算), and moves the person's counters on.
///
/// # Errors
/// A claim that does not fit the policy, or needs a value that is unknown or not in force; the
/// counters then stay as they were.
pub fn share(policy: &BenefitPolicy, claim: &Claim<'_>, so_far: &mut YearToDate) -> Result<Slip, ShareError> {
    let (slip, counters) = settle(policy, claim, so_far, Quiet)?;
    *so_far = counters;
    Ok(slip)
}

/// The one way through the chain, with or without someone listening.
pub fn settle<S: Sink>(
    policy: &BenefitPolicy,
    claim: &Claim<'_>,
    so_far: &YearToDate,
    sink: S,
) -> Result<(Slip, YearToDate), ShareError> {
    let mut run = Run::new(policy, claim, so_far, sink)?;
    run.period(&policy.dates)?;
    for link in &run.period(&policy.chain)?.value {
        run.pay(link)?;
    }
    run.finish()
}

/// A claim on its way.
pub struct Run<'a, S> {
    pub policy: &'a BenefitPolicy,
    pub claim: &'a Claim<'a>,
    pub person: Person,
    pub counters: YearToDate,
    pub left: Residual,
    pub deductible: Fen,
    /// What basic insurance left unpaid for its cap.
    pub over_cap: Fen,
    pub tiers: Vec<TierShare>,
    pub skipped: Vec<Skipped>,
    pub evidence: Evidence,
    pub sink: S,
}

impl<'a, S: Sink> Run<'a, S> {
    pub fn new(
        policy: &'a BenefitPolicy,
        claim: &'a Claim<'a>,
        so_far: &YearToDate,
        sink: S,
    ) -> Result<Run<'a, S>, ShareError> {
        check_amounts(claim)?;
        let year = claim.discharge.year();
        if let Some(counters) = so_far.year.filter(|counters| *counters != year) {
            return Err(ShareError::OtherYear {
                counters,
                claim: year,
            });
        }
        Ok(Run {
            policy,
            claim,
            person: Person::of(claim, policy)?,
            counters: so_far.clone(),
            left: Residual::of(claim),
            deductible: Fen::ZERO,
            over_cap: Fen::ZERO,
            tiers: Vec::new(),
            skipped: Vec::new(),
            evidence: Evidence::Official,
            sink,
        })
    }

    fn pay(&mut self, link: &'a Link) -> Result<(), ShareError> {
        match link {
            Link::Basic => match &self.policy.basic {
                Some(terms) => basic::pay(self, terms),
                None => Ok(()),
            },
            Link::Cii => match &self.policy.cii {
                Some(terms) => cii::pay(self, terms),
                None => Ok(()),
            },
            Link::Tiers { name, rows } => match tiers::pay(self, name, rows) {
                Err(ShareError::UnknownValueUsed { path, .. }) if self.policy.skip_unknown_tiers => {
                    self.skip(name, Why::Unknown { path });
                    Ok(())
                }
                done => done,
            },
        }
    }

    pub fn skip(&mut self, name: &Arc<str>, why: Why) {
        self.skipped.push(Skipped {
            tier: Arc::clone(name),
            why,
        });
    }

    fn finish(mut self) -> Result<(Slip, YearToDate), ShareError> {
        let claim = self.claim;
        self.counters.year = Some(claim.discharge.year());
        self.counters.admissions += 1;
        self.counters.total += claim.total;
        self.counters.scope += claim.scope;
        let slip = Slip {
            total: claim.total,
            own: claim.own,
            over: claim.over,
            pre: claim.pre,
            scope: claim.scope,
            deductible: self.deductible,
            tiers: self.tiers,
            person: self.left.all(),
            scope_left: self.left.scope,
            skipped: self.skipped,
            evidence: self.evidence,
            draft: self.policy.draft,
        };
        let person = slip.person;
        self.sink.step(&self.counters, || Said {
            step: "person".to_owned(),
            base: claim.total,
            formula: "the total less all payers".to_owned(),
            amount: person,
        });
        Ok((
            slip.check(cii::may_be_negative(self.policy, claim.discharge))?,
            self.counters,
        ))
    }

    /// The value in force on the discharge day.
    pub fn period<T>(&mut self, dated: &'a Dated<T>) -> Result<&'a Period<T>, ShareError> {
        self.period_on(dated, self.claim.discharge)
    }

    pub fn period_on<T>(&mut self, dated: &'a Dated<T>, day: Date) -> Result<&'a Period<T>, ShareError> {
        let period = dated.on(day).ok_or_else(|| ShareError::NoValueOnDate {
            path: dated.path.to_owned(),
            date: day,
        })?;
        self.uses(&period.source);
        Ok(period)
    }

    /// The cell for this person of the value in force.
    pub fn value<T: Literal>(&mut self, dated: &'a Dated<Grid<Known<T>>>) -> Result<&'a T, ShareError> {
        self.value_on(dated, self.claim.discharge)
    }

    pub fn value_on<T: Literal>(
        &mut self,
        dated: &'a Dated<Grid<Known<T>>>,
        day: Date,
    ) -> Result<&'a T, ShareError> {
        let period = self.period_on(dated, day)?;
        self.cell(dated.path, period, &period.value)
    }

    /// The cell for this person of a grid inside `period`.
    pub fn cell<T: Literal, P>(
        &mut self,
        path: &str,
        period: &'a Period<P>,
        grid: &'a Grid<Known<T>>,
    ) -> Result<&'a T, ShareError> {
        let known = self.person.cell(grid).map_err(|axis| not_said(path, axis))?;
        let (person, words) = (self.person, &self.policy.words);
        let keys = || format!("{path}{}", person.keys(grid, words));
        self.known(keys, Some(period.days.from), &period.source, known, T::show)
    }

    /// A value that may be unknown, told to whoever listens.
    pub fn known<T>(
        &mut self,
        path: impl Fn() -> String,
        from: Option<Date>,
        source: &Source,
        known: &'a Known<T>,
        show: impl FnOnce(&T) -> String,
    ) -> Result<&'a T, ShareError> {
        self.uses(source);
        let Known::Value(value) = known else {
            return Err(ShareError::UnknownValueUsed {
                path: path(),
                date: self.claim.discharge,
            });
        };
        self.sink.param(|| ParamUsed {
            path: path(),
            value: show(value),
            from,
            doc: source.doc.clone(),
            clause: source.clause.clone(),
            evidence: source.evidence,
        });
        Ok(value)
    }

    fn uses(&mut self, source: &Source) {
        self.evidence = self.evidence.max(source.evidence);
    }

    /// Whether every written part of a condition holds; a list is looked at last, since it may
    /// be unknown.
    pub fn holds(&mut self, when: &'a When) -> Result<bool, ShareError> {
        use super::file::Age;
        let claim = self.claim;
        let one_of = |allowed: &Option<Vec<usize>>, axis| match (allowed, self.person.index(axis)) {
            (None, _) => true,
            (Some(allowed), index) => index.is_some_and(|index| allowed.contains(&index)),
        };
        let plain = one_of(&when.plans, Axis::Plan)
            && one_of(&when.levels, Axis::Level)
            && when.age.is_none_or(|age| (age == Age::Minor) == claim.minor)
            && when.status.is_none_or(|status| claim.status == Some(status))
            && when
                .categories
                .is_none_or(|mask| mask & self.person.categories != 0)
            && when.total_over.is_none_or(|edge| claim.total > edge);
        match when.disease_list {
            Some(list) if plain => self.is_listed(list),
            _ => Ok(plain),
        }
    }

    fn is_listed(&mut self, list: usize) -> Result<bool, ShareError> {
        let Some(list) = self.policy.lists.get(list) else {
            return Ok(false);
        };
        let prefixes = self.known(
            || list.path.clone(),
            None,
            &list.source,
            &list.prefixes,
            Literal::show,
        )?;
        let listed = |code: &&str| prefixes.iter().any(|prefix| code.starts_with(prefix.as_str()));
        Ok(self.claim.diagnoses.iter().any(listed))
    }
}

pub fn not_said(path: &str, axis: Axis) -> ShareError {
    ShareError::NotSaid {
        path: path.to_owned(),
        what: axis.as_str(),
    }
}
