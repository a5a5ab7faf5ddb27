//! One claim through the chain of payers (逐层支付).

use jiff::civil::Date;

use super::claim::{Person, check_amounts};
use super::counters::{YearToDate, slots};
use super::dated::{Dated, Period};
use super::explain::{ParamUsed, Quiet, Said, Sink};
use super::file::{Age, OnChange, ParamDate, YearCrossing};
use super::literal::{Change, Known, Literal};
use super::name::Name;
use super::policy::{Axis, BenefitPolicy, ClaimDates, Grid, Link, Source, When};
use super::slip::{Residual, Skipped, TierShare, Why};
use super::words::How;
use super::{Care, Claim, ShareError, Slip, account, area, basic, chain_words, cii, outpatient, tiers};
use crate::diagnostics::Evidence;
use crate::units::Fen;

/// Shares one claim among its payers (待遇计算), and moves the person's counters on.
///
/// # Errors
/// A claim that does not fit the policy, or needs a value that is unknown or not in force; the
/// counters then stay as they were.
pub fn share(policy: &BenefitPolicy, claim: &Claim<'_>, so_far: &mut YearToDate) -> Result<Slip, ShareError> {
    let (slip, counters) = settle(policy, claim, so_far.clone(), Quiet)?;
    *so_far = counters;
    Ok(slip)
}

/// The one way through the chain, with or without someone listening.
pub fn settle<S: Sink>(
    policy: &BenefitPolicy,
    claim: &Claim<'_>,
    so_far: YearToDate,
    sink: S,
) -> Result<(Slip, YearToDate), ShareError> {
    let mut run = Run::new(policy, claim, so_far, sink)?;
    let dates = &run.period(&policy.dates)?.value;
    let chain = &run.period(&policy.chain)?.value;
    match claim.care {
        Care::Inpatient => {
            run.day = on(claim, dates.basic)?;
            area::apply(&mut run)?;
            run.pay_all(chain, dates)?;
        }
        Care::Major => {
            run.day = on(claim, dates.basic)?;
            outpatient::check_major(&mut run)?;
            area::apply(&mut run)?;
            run.pay_all(chain, dates)?;
        }
        Care::General | Care::TwoDisease | Care::Chronic => {
            run.day = on(claim, dates.basic)?;
            outpatient::pay(&mut run)?;
            if let Some(chain) = &policy.outpatient.chain {
                let chain = &run.period(chain)?.value;
                run.pay_all(chain, dates)?;
            }
        }
    }
    run.finish(dates.crossing)
}

/// The day of the claim that picks parameters for a purpose.
fn on(claim: &Claim<'_>, which: ParamDate) -> Result<Date, ShareError> {
    let said = |day: Option<Date>, what| {
        day.ok_or_else(|| ShareError::NotSaid {
            path: "rules.dates.param_date".to_owned(),
            what,
        })
    };
    match which {
        ParamDate::Discharge | ParamDate::Service => Ok(claim.discharge),
        ParamDate::Admission => said(claim.admission, "admission day"),
        ParamDate::Settlement => said(claim.settlement, "settlement day"),
    }
}

/// A claim on its way.
pub struct Run<'a, S> {
    pub policy: &'a BenefitPolicy,
    pub claim: &'a Claim<'a>,
    pub person: Person,
    /// The day that picks the parameters of the link at work.
    pub day: Date,
    pub counters: YearToDate,
    pub left: Residual,
    /// In-scope cost and pre-self-pay, after what is borne first out of the area.
    pub scope: Fen,
    pub pre: Fen,
    /// Change of the ratio for care out of the area.
    pub area_change: Option<Change>,
    pub deductible: Fen,
    /// What basic insurance left unpaid for its cap.
    pub over_cap: Fen,
    pub tiers: Vec<TierShare>,
    pub skipped: Vec<Skipped>,
    /// What was done about a scale that changed inside the year.
    pub regime: Option<OnChange>,
    pub evidence: Evidence,
    pub sink: S,
}

impl<'a, S: Sink> Run<'a, S> {
    pub fn new(
        policy: &'a BenefitPolicy,
        claim: &'a Claim<'a>,
        so_far: YearToDate,
        sink: S,
    ) -> Result<Run<'a, S>, ShareError> {
        check_amounts(claim)?;
        Ok(Run {
            policy,
            claim,
            person: Person::of(claim, policy)?,
            day: claim.discharge,
            counters: so_far,
            left: Residual::of(claim),
            scope: claim.scope,
            pre: claim.pre,
            area_change: None,
            deductible: Fen::ZERO,
            over_cap: Fen::ZERO,
            tiers: Vec::with_capacity(4),
            skipped: Vec::new(),
            regime: None,
            evidence: Evidence::Official,
            sink,
        })
    }

    fn pay_all(&mut self, chain: &'a [Link], dates: &ClaimDates) -> Result<(), ShareError> {
        for link in chain {
            let which = match link {
                Link::Basic => dates.basic,
                Link::Cii => dates.cii,
                Link::Tiers { name, .. } if **name == *chain_words::ASSIST => dates.assist,
                Link::Tiers { .. } => dates.tail,
            };
            self.day = on(self.claim, which)?;
            self.pay(link)?;
        }
        Ok(())
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
            Link::Tiers { name, rows } => match tiers::pay(self, *name, rows) {
                Err(ShareError::UnknownValueUsed { path, .. }) if self.policy.skip_unknown_tiers => {
                    self.skip(*name, Why::Unknown { path });
                    Ok(())
                }
                done => done,
            },
        }
    }

    pub fn skip(&mut self, name: Name, why: Why) {
        self.skipped.push(Skipped { tier: name, why });
    }

    fn finish(mut self, crossing: YearCrossing) -> Result<(Slip, YearToDate), ShareError> {
        let claim = self.claim;
        let year = match (claim.year, crossing) {
            (Some(year), _) => year,
            (None, YearCrossing::WholeBySettlement) => on(claim, ParamDate::Settlement)?.year(),
            (None, _) => claim.discharge.year(),
        };
        if let Some(counters) = self.counters.year.filter(|counters| *counters != year) {
            return Err(ShareError::OtherYear {
                counters,
                claim: year,
            });
        }
        self.counters.year = Some(year);
        self.count_admission();
        self.counters.add(slots::TOTAL, claim.total);
        self.counters.add(slots::SCOPE, self.scope);
        let accounts = account::pay(&mut self)?;
        let slip = Slip {
            total: claim.total,
            own: claim.own,
            over: claim.over,
            pre: self.pre,
            scope: self.scope,
            deductible: self.deductible,
            person: self.left.all(),
            scope_left: self.left.scope,
            account: accounts.own,
            family_account: accounts.family,
            cash: accounts.cash,
            deposit_refund: accounts.deposit_refund,
            tiers: self.tiers,
            uncovered: claim.uncovered,
            skipped: self.skipped,
            regime: self.regime.map(OnChange::as_str),
            evidence: self.evidence,
            draft: self.policy.draft,
        };
        let person = slip.person;
        self.sink.step(&self.counters, &self.policy.layout, || Said {
            step: "person".to_owned(),
            base: claim.total,
            how: How::Rest,
            amount: person,
        });
        let negative = cii::may_be_negative(self.policy, claim.discharge);
        Ok((slip.check(negative)?, self.counters))
    }

    fn count_admission(&mut self) {
        if self.claim.care != Care::Inpatient || self.claim.reentry {
            return;
        }
        let count = self.counters.value(slots::ADMISSIONS) + 1;
        self.counters.set(slots::ADMISSIONS, count);
        if self.policy.asks_hospital && !self.claim.hospital.is_empty() {
            self.counters.add_admission_at(self.claim.hospital, 1);
        }
    }

    /// What a tier pays: off the residual, onto the slip.
    pub fn paid(&mut self, tier: TierShare, parts: super::slip::Parts) {
        self.left.pay(parts, tier.amount);
        self.tiers.push(tier);
    }

    pub fn step(&mut self, make: impl FnOnce() -> Said) {
        self.sink.step(&self.counters, &self.policy.layout, make);
    }

    /// The value in force on the day at work.
    pub fn period<T>(&mut self, dated: &'a Dated<T>) -> Result<&'a Period<T>, ShareError> {
        self.period_on(dated, self.day)
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
        self.value_on(dated, self.day)
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
                date: self.day,
            });
        };
        let policy = self.policy;
        self.sink.param(|| ParamUsed {
            documents: policy.cited(&source.doc),
            path: path(),
            value: show(value),
            from,
            doc: source.doc.clone(),
            clause: source.clause.clone(),
            evidence: source.evidence,
        });
        Ok(value)
    }

    pub fn uses(&mut self, source: &Source) {
        self.evidence = self.evidence.max(source.evidence);
    }

    /// The first row in force whose condition holds.
    pub fn first_of<T>(
        &mut self,
        rows: &'a [Period<T>],
        path: &str,
        when: impl Fn(&'a T) -> &'a When,
    ) -> Result<Option<&'a Period<T>>, ShareError> {
        for row in rows {
            if row.days.hold(self.day) && self.holds(when(&row.value), path)? {
                self.uses(&row.source);
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Whether every written part of a condition holds. What may be unsaid or unknown is looked at
    /// last: it is needed only where all else holds.
    pub fn holds(&mut self, when: &'a When, path: &str) -> Result<bool, ShareError> {
        if !self.holds_plainly(when) || !self.is_of_age(when, path)? {
            return Ok(false);
        }
        when.disease_list.map_or(Ok(true), |list| self.is_listed(list))
    }

    fn is_of_age(&self, when: &When, path: &str) -> Result<bool, ShareError> {
        match (when.age, self.claim.minor) {
            (None, _) => Ok(true),
            (Some(age), Some(minor)) => Ok((age == Age::Minor) == minor),
            (Some(_), None) => Err(ShareError::NotSaid {
                path: path.to_owned(),
                what: "age",
            }),
        }
    }

    fn holds_plainly(&self, when: &When) -> bool {
        let claim = self.claim;
        let one_of = |allowed: &Option<Vec<usize>>, axis| match (allowed, self.person.index(axis)) {
            (None, _) => true,
            (Some(allowed), index) => index.is_some_and(|index| allowed.contains(&index)),
        };
        let nth = self.counters.admissions().saturating_add(1);
        let again = || self.counters.admissions_at(claim.hospital) > 0;
        one_of(&when.plans, Axis::Plan)
            && one_of(&when.levels, Axis::Level)
            && when.status.is_none_or(|status| claim.status == Some(status))
            && when
                .categories
                .is_none_or(|mask| mask & self.person.categories != 0)
            && when.total_over.is_none_or(|edge| claim.total > edge)
            && when.facility.is_none_or(|kind| claim.facility == kind)
            && when.area.is_none_or(|area| claim.area == area)
            && when.referral.is_none_or(|referral| claim.referral == referral)
            && when.nth_from.is_none_or(|first| nth >= first)
            && when.same_hospital.is_none_or(|same| again() == same)
            && when
                .student_entry_year
                .is_none_or(|student| claim.student_entry_year == student)
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
