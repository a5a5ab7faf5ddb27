//! Critical illness insurance (大病保险): the year's residual against one yearly scale.

use jiff::civil::Date;

use super::counters::{CiiScaleId, YearToDate, slots};
use super::deductible::at_least_nothing;
use super::drug;
use super::explain::{Quiet, Said, Sink};
use super::file::{CiiPart, OnChange, OverCap, TiltSpan};
use super::policy::{BenefitPolicy, Cii, CiiRule, CiiScale};
use super::run::Run;
use super::scale::Scale;
use super::slip::{Payer, SCOPE, SCOPE_THEN_PRE, TierShare};
use super::words::How;
use super::{Claim, ShareError, chain_words};
use crate::units::{Exact, Fen, Overflow};

pub fn pay<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Cii) -> Result<(), ShareError> {
    let rule = &run.period(&terms.rules)?.value;
    let today = CiiScaleId {
        day: run.day,
        tilt: is_tilted(run, terms, rule)?,
    };
    let grown = growth(run, rule);
    let (id, scale) = scale_in_use(run, terms, rule, today)?;
    if changed_since(run, terms, today) {
        run.regime = Some(rule.on_change);
    }
    let before = run.counters.fen(slots::CII_BASE);
    let used = threshold_used(&scale, run.counters.fen(slots::CII_DEDUCTIBLE_USED), grown)?;
    let paid = regime(run, rule, &scale, grown)?;
    run.counters.add(slots::CII_BASE, grown);
    run.counters.add(slots::CII_DEDUCTIBLE_USED, rounded_up(used));
    run.counters.add(slots::CII_PAID, paid);
    run.counters.cii_scale = Some(id);
    let tier = TierShare {
        id: run.policy.link_names.cii,
        payer: Payer::Cii,
        base: grown,
        amount: paid,
    };
    let with_pre = rule.base.contains(&CiiPart::Pre);
    run.paid(tier, if with_pre { SCOPE_THEN_PRE } else { SCOPE });
    run.step(|| Said {
        step: chain_words::CII.to_owned(),
        base: grown,
        how: How::Cii {
            before,
            after: before + grown,
            tilt: id.tilt,
            day: id.day,
            regime: rule.on_change,
        },
        amount: paid,
    });
    match &terms.drug {
        Some(terms) => drug::pay(run, terms),
        None => Ok(()),
    }
}

/// Whether the year began on another scale than today's.
fn changed_since<S: Sink>(run: &Run<'_, S>, terms: &Cii, today: CiiScaleId) -> bool {
    let earlier = match run.counters.cii_scale {
        Some(earlier) if earlier != today && run.counters.fen(slots::CII_BASE) > Fen::ZERO => earlier,
        _ => return false,
    };
    let of = |id| periods(part_of(terms, id), id.day);
    of(earlier) != of(today)
}

/// The first days of the values a scale has on a day: they name the values.
fn periods(part: &CiiScale, day: Date) -> [Option<Date>; 3] {
    [
        part.threshold.on(day).map(|period| period.days.from),
        part.bands.on(day).map(|period| period.days.from),
        part.cap.on(day).map(|period| period.days.from),
    ]
}

fn part_of(terms: &Cii, id: CiiScaleId) -> &CiiScale {
    match &terms.tilt {
        Some(tilt) if id.tilt => &tilt.scale,
        _ => &terms.ordinary,
    }
}

/// To the whole fen, so that nothing of a threshold is owed twice.
fn rounded_up(used: Exact) -> Fen {
    let (num, den) = used.parts();
    let fen = num.div_euclid(den) + i128::from(num.rem_euclid(den) != 0);
    Fen::new(i64::try_from(fen).unwrap_or(i64::MAX))
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

/// Tilt for who has the category: from the day it is gained, or for the whole year.
fn is_tilted<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Cii, rule: &CiiRule) -> Result<bool, ShareError> {
    let Some(tilt) = &terms.tilt else {
        return Ok(false);
    };
    let held = match rule.tilt_span {
        TiltSpan::Onward => run.person.categories,
        TiltSpan::WholeYear => run.person.categories_of_year,
    };
    Ok(run.period(&tilt.categories)?.value & held != 0)
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
        if run
            .counters
            .fen(slots::CII_BASE)
            .exact()
            .compare(scale.threshold)
            .is_gt()
        {
            return Ok((earlier, scale));
        }
    }
    Ok((today, scale(run, terms, today)?))
}

fn scale<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Cii, id: CiiScaleId) -> Result<Scale<'a>, ShareError> {
    let part = part_of(terms, id);
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
fn threshold_used(scale: &Scale<'_>, used: Fen, grown: Fen) -> Result<Exact, Overflow> {
    let owed = scale.threshold.sub(used.exact())?;
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
    let before = run.counters.fen(slots::CII_BASE);
    let used = run.counters.fen(slots::CII_DEDUCTIBLE_USED);
    let paid_before = run.counters.fen(slots::CII_PAID);
    let paid = match rule.on_change {
        OnChange::Difference | OnChange::Grandfather => scale.pays(before, grown)?,
        OnChange::Consumed => consumed(scale, before, used, grown)?,
        OnChange::Recompute => {
            let due = scale.total(before + grown)? - paid_before;
            if rule.allow_negative {
                due
            } else {
                at_least_nothing(due)
            }
        }
    };
    let cap_left = scale.cap.0.map(|cap| at_least_nothing(cap - paid_before));
    Ok(cap_left.map_or(paid, |left| paid.min(left)).min(grown))
}

/// Of a risen threshold only what was added is still owed; the rest of this claim stands on the
/// scale above what the year has already put there.
fn consumed(scale: &Scale<'_>, before: Fen, used: Fen, grown: Fen) -> Result<Fen, Overflow> {
    let above = at_least_nothing(before - used).exact();
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
        let mut run = Run::new(self, claim, YearToDate::default(), Quiet)?;
        let rule = &run.period(&terms.rules)?.value;
        let id = CiiScaleId {
            day: claim.discharge,
            tilt: is_tilted(&mut run, terms, rule)?,
        };
        scale(&mut run, terms, id).map(Some)
    }
}
