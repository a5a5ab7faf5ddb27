//! Medical assistance and the tail (医疗救助, 兜底保障): rows of data, each on what is left.

use super::ShareError;
use super::deductible::at_least_nothing;
use super::explain::{Said, Sink};
use super::file::{CapPeriod, TierPer};
use super::literal::{Band, Known, Limit, Literal};
use super::name::Name;
use super::policy::{Entitled, Tier};
use super::run::Run;
use super::scale::Scale;
use super::slip::{TierShare, Why, parts};
use super::words::How;

/// Of the rows in force, each group's first whose condition holds pays.
pub fn pay<'a, S: Sink>(run: &mut Run<'a, S>, name: Name, rows: &'a [usize]) -> Result<(), ShareError> {
    let policy = run.policy;
    let in_force = |tier: &&Tier| tier.days.hold(run.day);
    let tiers: Vec<&'a Tier> = rows
        .iter()
        .filter_map(|row| policy.tiers.get(*row))
        .filter(in_force)
        .collect();
    if tiers.is_empty() {
        run.skip(name, Why::NotInForce);
    }
    let mut done: Vec<&str> = Vec::new();
    for tier in tiers {
        let group = tier.group.as_deref().unwrap_or(&tier.id);
        if done.contains(&group) {
            continue;
        }
        if let Some(bands) = entitlement(run, tier)?
            && run.holds(&tier.when, tier.path)?
        {
            done.push(group);
            pay_row(run, tier, bands)?;
        }
    }
    Ok(())
}

/// The person's bands: of the categories the row lists, the first in identity order.
fn entitlement<'a, S: Sink>(
    run: &Run<'a, S>,
    tier: &'a Tier,
) -> Result<Option<&'a Known<Vec<Band>>>, ShareError> {
    Ok(match &tier.entitled {
        Entitled::All(bands) => Some(bands),
        Entitled::By(by) => by
            .iter()
            .find(|(mask, _)| mask & run.person.categories != 0)
            .map(|(_, bands)| bands),
    })
}

fn pay_row<'a, S: Sink>(
    run: &mut Run<'a, S>,
    tier: &'a Tier,
    bands: &'a Known<Vec<Band>>,
) -> Result<(), ShareError> {
    let threshold = read(run, tier, "threshold", &tier.threshold)?;
    let bands = read(run, tier, "ratio", bands)?;
    let cap = read(run, tier, "cap", &tier.cap)?;
    let scale = Scale {
        shape: tier.shape,
        threshold: threshold.exact(),
        bands,
        cap: Limit(None),
    };
    let base = run.left.of_parts(parts(tier.base));
    let paid_slot = tier.slots.paid(run.claim.care);
    let (year_base, year_paid) = (run.counters.fen(tier.slots.base), run.counters.fen(paid_slot));
    let due = match tier.per {
        TierPer::Year => scale.pays(year_base, base)?,
        TierPer::Claim => scale.total(base)?,
    };
    let cap_left = cap.0.map(|cap| match tier.cap_period {
        CapPeriod::Claim => cap,
        CapPeriod::Year => at_least_nothing(cap - year_paid),
    });
    let amount = cap_left.map_or(due, |left| due.min(left)).min(base);
    run.counters.add(tier.slots.base, base);
    run.counters.add(paid_slot, amount);
    let share = TierShare {
        id: tier.id,
        payer: tier.payer,
        base,
        amount,
    };
    run.paid(share, parts(tier.base));
    run.step(|| Said {
        step: tier.id.to_string(),
        base,
        how: How::Tier {
            threshold: *threshold,
            due,
            cap_left,
            unit: tier.cap_unit,
        },
        amount,
    });
    Ok(())
}

fn read<'a, S: Sink, T: Literal>(
    run: &mut Run<'a, S>,
    tier: &'a Tier,
    key: &str,
    known: &'a Known<T>,
) -> Result<&'a T, ShareError> {
    run.known(
        || format!("{}.{}.{key}", tier.path, tier.id),
        Some(tier.days.from),
        &tier.source,
        known,
        T::show,
    )
}
