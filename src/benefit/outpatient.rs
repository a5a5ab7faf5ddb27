//! Outpatient schemes (门诊待遇): pooled care with its old quota, two diseases, chronic diseases.

use super::counters::{condition, outpatient, slots};
use super::dated::Period;
use super::deductible::{at_least_nothing, base};
use super::explain::{Said, Sink};
use super::file::{CarryOrder, Per};
use super::literal::{Known, Limit, Literal};
use super::policy::{ByCondition, Scheme, SchemeCap, SchemeLimit};
use super::run::Run;
use super::slip::{Payer, SCOPE, TierShare};
use super::words::How;
use super::{Care, Condition, ShareError};
use crate::units::Fen;

/// Pays a bill of an outpatient scheme.
pub fn pay<S: Sink>(run: &mut Run<'_, S>) -> Result<(), ShareError> {
    let policy = run.policy;
    let schemes = &policy.outpatient;
    let care = run.claim.care;
    let order = match (care, &schemes.carry) {
        (Care::General, Some(carry)) => carry.on(run.day).map(|period| period.value),
        _ => None,
    };
    let granted = care == Care::General && grant(run)?;
    let has_quota = granted || order.is_some();
    if has_quota && order != Some(CarryOrder::AfterPooling) {
        spend(run);
    }
    match schemes.scheme(care) {
        Some(scheme) if scheme.ratio.on(run.day).is_some() => pool(run, scheme)?,
        _ if has_quota => {}
        _ => {
            return Err(ShareError::NoValueOnDate {
                path: format!("outpatient.{}.ratio", care.as_str()),
                date: run.day,
            });
        }
    }
    if order == Some(CarryOrder::AfterPooling) {
        spend(run);
    }
    Ok(())
}

/// Whether major diseases are paid as stays on the day.
pub fn check_major<S: Sink>(run: &mut Run<'_, S>) -> Result<(), ShareError> {
    let policy = run.policy;
    let allowed = match &policy.outpatient.major {
        Some(major) => run.period(major)?.value.as_inpatient,
        None => false,
    };
    match allowed {
        true => Ok(()),
        false => Err(ShareError::NoValueOnDate {
            path: "outpatient.major.as_inpatient".to_owned(),
            date: run.day,
        }),
    }
}

/// Puts the year's quota on the person's own, once; says whether there is one on the day.
fn grant<S: Sink>(run: &mut Run<'_, S>) -> Result<bool, ShareError> {
    let policy = run.policy;
    let Some(quota) = &policy.outpatient.quota else {
        return Ok(false);
    };
    let Some(period) = quota.on(run.day) else {
        return Ok(false);
    };
    let from = Some(period.days.from);
    let amount = *run.known(
        || quota.path.to_owned(),
        from,
        &period.source,
        &period.value,
        Literal::show,
    )?;
    if run.counters.value(slots::QUOTA_GRANTED) == 0 {
        run.counters.add(slots::QUOTA_GRANTED, amount);
        run.counters.add(slots::QUOTA_LEFT, amount);
    }
    Ok(true)
}

/// Spends the quota on what is left of the in-scope cost.
fn spend<S: Sink>(run: &mut Run<'_, S>) {
    let left = run.counters.fen(slots::QUOTA_LEFT);
    let base = run.left.scope;
    let amount = left.min(base);
    if amount == Fen::ZERO {
        return;
    }
    run.counters.add(slots::QUOTA_LEFT, -amount);
    let tier = TierShare {
        id: run.policy.link_names.quota,
        payer: Payer::Basic,
        base,
        amount,
    };
    run.paid(tier, SCOPE);
    run.step(|| Said {
        step: "quota".to_owned(),
        base,
        how: How::CapLeft { of: left },
        amount,
    });
}

/// Deductible, ratio and cap of a scheme on what is left in scope.
fn pool<'a, S: Sink>(run: &mut Run<'a, S>, scheme: &'a Scheme) -> Result<(), ShareError> {
    let care = run.claim.care;
    let (used_slot, paid_slot) = outpatient(care);
    let scope = run.left.scope;
    let charged = deductible(run, scheme, run.counters.fen(used_slot))?.min(scope);
    let ratio = run.value(&scheme.ratio)?.0;
    let due = (scope - charged).exact().mul(ratio)?.fen_half_away()?;
    let period = run.period(&scheme.cap)?;
    let mut paid_before = run.counters.fen(paid_slot);
    if let Some(other) = period.value.shared_with {
        paid_before += run.counters.fen(outpatient(other).1);
    }
    let cap = cap(run, scheme.cap.path, period)?;
    for disease in run.claim.conditions {
        let slot = condition(*disease);
        run.counters.set(slot, run.counters.value(slot) + 1);
    }
    let left = cap.map(|cap| at_least_nothing(cap - paid_before));
    let amount = left.map_or(due, |left| due.min(left));
    run.deductible = charged;
    run.counters.add(used_slot, charged);
    run.counters.add(paid_slot, amount);
    let tier = TierShare {
        id: run.policy.link_names.outpatient(care),
        payer: Payer::Basic,
        base: scope,
        amount,
    };
    run.paid(tier, SCOPE);
    run.step(|| Said {
        step: care.as_str().to_owned(),
        base: scope,
        how: How::Scheme {
            deductible: charged,
            due,
            cap_left: left,
        },
        amount,
    });
    Ok(())
}

fn deductible<'a, S: Sink>(run: &mut Run<'a, S>, scheme: &'a Scheme, used: Fen) -> Result<Fen, ShareError> {
    let Some(terms) = &scheme.deductible else {
        return Ok(Fen::ZERO);
    };
    let period = run.period(terms)?;
    let base = base(run, terms.path, period)?;
    Ok(match period.value.per {
        Per::Admission => base,
        Per::Year | Per::YearlyHighest => at_least_nothing(base - used),
    })
}

/// The year's cap for this person: by disease where the scheme says so, and more for each further
/// disease.
fn cap<'a, S: Sink>(
    run: &mut Run<'a, S>,
    path: &'static str,
    period: &'a Period<SchemeCap>,
) -> Result<Option<Fen>, ShareError> {
    let limit = match &period.value.limit {
        SchemeLimit::Grid(grid) => run.cell(path, period, grid)?,
        SchemeLimit::ByCondition(by) => {
            let (key, limit) = of_conditions(by, &of_year(run)).ok_or_else(|| ShareError::NotSaid {
                path: path.to_owned(),
                what: "disease of the two-disease scheme",
            })?;
            let from = Some(period.days.from);
            run.known(
                || format!("{path}.{key}"),
                from,
                &period.source,
                limit,
                Limit::show,
            )?
        }
    };
    let further = i64::from(run.claim.registered_diseases.max(1)) - 1;
    let more = Fen::new(period.value.per_extra_disease.fen().saturating_mul(further));
    Ok(limit.0.map(|limit| limit + more))
}

/// The diseases of the bill and of the year's bills before it: who has both on two bills has the cap of
/// both. A bill that says no disease has none.
fn of_year<S: Sink>(run: &Run<'_, S>) -> Vec<Condition> {
    let claimed = run.claim.conditions;
    let known =
        |disease: &Condition| claimed.contains(disease) || run.counters.value(condition(*disease)) > 0;
    match claimed.is_empty() {
        true => Vec::new(),
        false => Condition::ALL.into_iter().filter(known).collect(),
    }
}

/// Insulin has its own cap where the table has one; else both diseases, else the one.
fn of_conditions<'t>(
    by: &'t ByCondition,
    conditions: &[Condition],
) -> Option<(&'static str, &'t Known<Limit>)> {
    let has = |condition| conditions.contains(&condition);
    let diabetes = has(Condition::Diabetes) || has(Condition::Insulin);
    match &by.insulin {
        Some(limit) if has(Condition::Insulin) => return Some((Condition::Insulin.as_str(), limit)),
        _ => {}
    }
    match (has(Condition::Hypertension), diabetes) {
        (true, true) => Some(("both", &by.both)),
        (true, false) => Some((Condition::Hypertension.as_str(), &by.hypertension)),
        (false, true) => Some((Condition::Diabetes.as_str(), &by.diabetes)),
        (false, false) => None,
    }
}
