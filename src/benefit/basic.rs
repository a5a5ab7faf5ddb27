//! Basic insurance (基本医保): ratio by band, items with their own ratio, floor, yearly cap.

use super::counters::{outpatient, slots};
use super::deductible::{at_least_nothing, of_stay};
use super::explain::{Said, Sink};
use super::file::{BasicShape, Basis, CapOn, FloorBase, Kind, Position};
use super::literal::{Band, Change, Literal};
use super::policy::{Adjust, Basic, Floor, ItemRatio};
use super::run::Run;
use super::scale::{along, ratio_at};
use super::slip::{Payer, SCOPE, TierShare};
use super::words::How;
use super::{Care, ShareError, chain_words};
use crate::units::{Exact, Fen, Overflow};

pub fn pay<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic) -> Result<(), ShareError> {
    let scope = run.scope;
    let deductible = of_stay(run, terms)?;
    let period = run.period(&terms.cap)?;
    let limit = run.cell(terms.cap.path, period, &period.value.limit)?;
    let cap = Cap {
        on: period.value.on,
        limit: limit.0,
    };
    let counted = cap.counted(scope, run.counters.fen(slots::BASIC_BASE));
    let uncapped = uncapped(run, terms, deductible, counted)?;
    let paid = cap.paid(uncapped, run.counters.fen(slots::BASIC_PAID));
    run.over_cap = (scope - counted) + (uncapped - paid);
    run.deductible = deductible;
    count(run, deductible, counted, paid);
    let tier = TierShare {
        id: run.policy.link_names.basic,
        payer: Payer::Basic,
        base: scope,
        amount: paid,
    };
    run.paid(tier, SCOPE);
    run.step(|| Said {
        step: chain_words::BASIC.to_owned(),
        base: scope,
        how: How::CapLeft { of: uncapped },
        amount: paid,
    });
    Ok(())
}

fn count<S: Sink>(run: &mut Run<'_, S>, deductible: Fen, counted: Fen, paid: Fen) {
    let used = match run.claim.care {
        Care::Major => outpatient(Care::Major).0,
        _ => slots::DEDUCTIBLE_USED,
    };
    run.counters.add(used, deductible);
    run.counters.add(slots::BASIC_BASE, counted);
    let above = at_least_nothing(counted - deductible);
    run.counters.add(slots::BASIC_ABOVE, above);
    run.counters.add(slots::BASIC_PAID, paid);
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
    let items = items(run, terms, counted)?;
    let of_items: Fen = items.iter().map(|item| item.scope).sum();
    let other = counted - of_items;
    // the deductible comes off the other lines first
    let of_other = deductible.min(other);
    let stand = Stand {
        shape: terms.shape,
        position: run.counters.fen(slots::BASIC_BASE),
        position_above: run.counters.fen(slots::BASIC_ABOVE),
        deductible: of_other,
        counted: other,
    };
    let bands = run.value(&terms.bands)?;
    let change = adjustment(run, terms)?;
    let by_band = stand.pays(bands, change)?;
    let exact = by_band.add(item_pay(&items, deductible - of_other)?)?;
    let amount = exact.fen_half_away()?;
    let floor = floor(run, terms)?;
    let amount = floor.map_or(amount, |floor| amount.max(floor.min(counted)));
    run.step(|| Said {
        step: "basic_before_cap".to_owned(),
        base: counted,
        how: How::Bands {
            deductible,
            items: of_items,
            floor,
        },
        amount,
    });
    Ok(amount)
}

/// One class of items with its ratio.
struct Item {
    scope: Fen,
    ratio: Exact,
}

/// The claim's items whose class has a ratio on the day, as far as they are counted.
fn items<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic, counted: Fen) -> Result<Vec<Item>, ShareError> {
    let mut items = Vec::new();
    let mut left = counted;
    for item in run.claim.items {
        let known = terms.items.iter().find(|known| known.class == item.class);
        let known = known.ok_or_else(|| unknown_class(item.class, &terms.items))?;
        if known.ratio.on(run.day).is_some() {
            let ratio = run.value(&known.ratio)?.0;
            let scope = item.scope.min(left);
            left -= scope;
            items.push(Item { scope, ratio });
        }
    }
    Ok(items)
}

fn unknown_class(written: &str, known: &[ItemRatio]) -> ShareError {
    let known: Vec<&str> = known.iter().map(|item| item.class.as_str()).collect();
    ShareError::UnknownWord {
        what: "class of items",
        written: written.to_owned(),
        known: known.join(", "),
    }
}

/// Σ ratio × what the deductible leaves of each class.
fn item_pay(items: &[Item], deductible: Fen) -> Result<Exact, Overflow> {
    let mut sum = Exact::ZERO;
    let mut owed = deductible;
    for item in items {
        let taken = owed.min(item.scope);
        owed -= taken;
        sum = sum.add((item.scope - taken).exact().mul(item.ratio)?)?;
    }
    Ok(sum)
}

/// The least that is paid, where the policy has a floor for this claim.
fn floor<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic) -> Result<Option<Fen>, ShareError> {
    let Some(row) = run.first_of(&terms.floor, "inpatient.floor", |floor: &Floor| &floor.when)? else {
        return Ok(None);
    };
    let path = || "inpatient.floor".to_owned();
    let from = Some(row.days.from);
    let ratio = run.known(path, from, &row.source, &row.value.ratio, Literal::show)?;
    let base = match row.value.base {
        FloorBase::Scope => run.scope,
        FloorBase::Total => run.claim.total,
    };
    Ok(Some(base.exact().mul(ratio.0)?.fen_half_away()?))
}

/// The change of the ratio for this person: the first row in force whose condition holds, and
/// what care out of the area changes.
fn adjustment<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Basic) -> Result<Option<Change>, ShareError> {
    let row = run.first_of(&terms.adjust, "inpatient.ratio_adjust", |adjust: &Adjust| {
        &adjust.when
    })?;
    let Some(row) = row else {
        return Ok(run.area_change);
    };
    let path = || "inpatient.ratio_adjust".to_owned();
    let from = Some(row.days.from);
    let change = run.known(path, from, &row.source, &row.value.change, Literal::show)?;
    match run.area_change {
        None => Ok(Some(*change)),
        Some(area) => Ok(Some(Change(change.0.add(area.0)?))),
    }
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
    fn pays(&self, bands: &[Band], change: Option<Change>) -> Result<Exact, Overflow> {
        let (from, to) = self.stretch();
        let above = at_least_nothing(self.counted - self.deductible).exact();
        match self.shape.kind {
            Kind::Marginal => along(bands, from, to, change),
            Kind::Slab => {
                let edge = self.shape.edge.unwrap_or(super::policy::MARGINAL_EDGE);
                ratio_at(bands, to, edge, change)?.mul(above)
            }
        }
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
