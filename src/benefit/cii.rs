//! Critical illness insurance (大病保险): the year's residual against one yearly scale.

use std::sync::Arc;

use jiff::civil::Date;

use super::basic::at_least_nothing;
use super::counters::{CiiScaleId, YearToDate};
use super::explain::{Quiet, Said, Sink};
use super::file::{CiiPart, OnChange, OverCap};
use super::policy::{BenefitPolicy, Cii, CiiRule};
use super::run::Run;
use super::scale::Scale;
use super::slip::{Payer, SCOPE, SCOPE_THEN_PRE, TierShare};
use super::{Claim, ShareError, chain_words};
use crate::units::{Exact, Fen, Overflow};

pub fn pay<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Cii) -> Result<(), ShareError> {
    let rule = &run.period(&terms.rules)?.value;
    let today = CiiScaleId {
        day: run.claim.discharge,
        tilt: is_tilted(run, terms)?,
    };
    let grown = growth(run, rule);
    let (id, scale) = scale_in_use(run, terms, rule, today)?;
    let before = run.counters.cii_base;
    let used = threshold_used(&scale, run.counters.cii_threshold_used.0, grown)?;
    let paid = regime(run, rule, &scale, grown)?;
    let with_pre = rule.base.contains(&CiiPart::Pre);
    run.left.pay(if with_pre { SCOPE_THEN_PRE } else { SCOPE }, paid);
    run.counters.cii_base += grown;
    run.counters.cii_threshold_used.0 = run.counters.cii_threshold_used.0.add(used)?;
    run.counters.cii_paid += paid;
    run.counters.cii_scale = Some(id);
    run.tiers.push(TierShare {
        id: Arc::from(chain_words::CII),
        payer: Payer::Cii,
        base: grown,
        amount: paid,
    });
    run.sink.step(&run.counters, || Said {
        step: chain_words::CII.to_owned(),
        base: grown,
        formula: words(rule, id, before, grown),
        amount: paid,
    });
    Ok(())
}

fn words(rule: &CiiRule, id: CiiScaleId, before: Fen, grown: Fen) -> String {
    let scale = if id.tilt { "tilt" } else { "ordinary" };
    let regime = match rule.on_change {
        OnChange::Difference => "difference",
        OnChange::Grandfather => "grandfather",
        OnChange::Consumed => "consumed",
        OnChange::Recompute => "recompute",
    };
    format!(
        "the year's base grows from {before} to {}; {scale} scale of {}, regime {regime}",
        before + grown,
        id.day
    )
}

/// What this claim adds to the year's base.
fn growth<S: Sink>(run: &Run<'_, S>, rule: &CiiRule) -> Fen {
    let mut grown = Fen::ZERO;
    for part in &rule.base {
        grown += match part {
            CiiPart::ScopeLeft => run.left.scope,
            CiiPart::Pre => run.left.pre,
        };
    }
    match rule.over_cap {
        OverCap::Included => grown,
        OverCap::Excluded => at_least_nothing(grown - run.over_cap),
    }
}

fn is_tilted<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Cii) -> Result<bool, ShareError> {
    match &terms.tilt {
        Some(tilt) => Ok(run.period(&tilt.categories)?.value & run.person.categories != 0),
        None => Ok(false),
    }
}

/// Today's scale, or the one the year began with where who is over its threshold keeps it.
fn scale_in_use<'a, S: Sink>(
    run: &mut Run<'a, S>,
    terms: &'a Cii,
    rule: &CiiRule,
    today: CiiScaleId,
) -> Result<(CiiScaleId, Scale<'a>), ShareError> {
    if rule.on_change == OnChange::Grandfather
        && let Some(earlier) = run.counters.cii_scale
    {
        let scale = scale(run, terms, earlier)?;
        if run.counters.cii_base.exact().compare(scale.threshold).is_gt() {
            return Ok((earlier, scale));
        }
    }
    Ok((today, scale(run, terms, today)?))
}

fn scale<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Cii, id: CiiScaleId) -> Result<Scale<'a>, ShareError> {
    let part = match &terms.tilt {
        Some(tilt) if id.tilt => &tilt.scale,
        _ => &terms.ordinary,
    };
    let threshold = run.period_on(&part.threshold, id.day)?;
    let path = || part.threshold.path.to_owned();
    let from = Some(threshold.days.from);
    let threshold = run.known(path, from, &threshold.source, &threshold.value, show_yuan)?;
    Ok(Scale {
        shape: part.shape,
        threshold: *threshold,
        bands: run.value_on(&part.bands, id.day)?,
        cap: *run.value_on(&part.cap, id.day)?,
    })
}

fn show_yuan(fen: &Exact) -> String {
    let yuan = fen.div(Exact::integer(100)).and_then(|yuan| yuan.show(3));
    yuan.map_or_else(|e| e.to_string(), |yuan| format!("{yuan} yuan"))
}

/// What this claim uses up of the year's one threshold.
fn threshold_used(scale: &Scale<'_>, used: Exact, grown: Fen) -> Result<Exact, Overflow> {
    let owed = scale.threshold.sub(used)?;
    match owed.compare(Exact::ZERO).is_gt() {
        true => Ok(owed.min(grown.exact())),
        false => Ok(Exact::ZERO),
    }
}

/// What is paid, by what the place does when its scale changes inside the year. Without a change
/// all regimes pay the same.
fn regime<S: Sink>(
    run: &Run<'_, S>,
    rule: &CiiRule,
    scale: &Scale<'_>,
    grown: Fen,
) -> Result<Fen, ShareError> {
    let counters = &run.counters;
    let before = counters.cii_base;
    let paid = match rule.on_change {
        OnChange::Difference | OnChange::Grandfather => scale.pays(before, grown)?,
        OnChange::Consumed => consumed(scale, before, counters.cii_threshold_used.0, grown)?,
        OnChange::Recompute => {
            let due = scale.total(before + grown)? - counters.cii_paid;
            if rule.allow_negative {
                due
            } else {
                at_least_nothing(due)
            }
        }
    };
    let cap_left = scale.cap.0.map(|cap| at_least_nothing(cap - counters.cii_paid));
    Ok(cap_left.map_or(paid, |left| paid.min(left)).min(grown))
}

/// Of a risen threshold only what was added is still owed; the rest of this claim stands on the
/// scale above what the year has already put there.
fn consumed(scale: &Scale<'_>, before: Fen, used: Exact, grown: Fen) -> Result<Fen, Overflow> {
    let above = before.exact().sub(used)?;
    let rest = grown.exact().sub(threshold_used(scale, used, grown)?)?;
    let from = scale.threshold.add(above)?;
    Ok(scale.total_exact(from.add(rest)?)? - scale.total_exact(from)?)
}

/// Whether a tier below zero is a legal outcome on that day.
pub fn may_be_negative(policy: &BenefitPolicy, day: Date) -> bool {
    let rule = policy.cii.as_ref().and_then(|cii| cii.rules.on(day));
    rule.is_some_and(|rule| rule.value.allow_negative)
}

impl BenefitPolicy {
    /// The critical illness scale (大病保险分段) in force on a day for a person of these
    /// categories; `None` where the policy has no critical illness insurance.
    ///
    /// # Errors
    /// Words the policy does not know, and values unknown or not in force.
    pub fn cii_scale<'a>(&'a self, claim: &'a Claim<'a>) -> Result<Option<Scale<'a>>, ShareError> {
        let Some(terms) = &self.cii else {
            return Ok(None);
        };
        let mut run = Run::new(self, claim, &YearToDate::default(), Quiet)?;
        let id = CiiScaleId {
            day: claim.discharge,
            tilt: is_tilted(&mut run, terms)?,
        };
        scale(&mut run, terms, id).map(Some)
    }
}
