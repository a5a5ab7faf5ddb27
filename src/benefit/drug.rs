//! Special drugs of critical illness insurance (大病特效药): a ledger of their own.

use super::ShareError;
use super::counters::slots;
use super::dated::Dated;
use super::deductible::at_least_nothing;
use super::explain::{Said, Sink};
use super::file::{Basis, Kind, Shape};
use super::literal::{Known, Limit, Literal};
use super::policy::DrugTerms;
use super::run::Run;
use super::scale::Scale;
use super::slip::{OOS, Payer, TierShare};
use super::words::How;
use crate::units::Fen;

const PATH: &str = "cii.special_drug";

/// Pays on the year's special drugs above their threshold; they lie outside the list.
pub fn pay<'a, S: Sink>(run: &mut Run<'a, S>, terms: &'a Dated<DrugTerms>) -> Result<(), ShareError> {
    let base = run.claim.special_drug;
    if base == Fen::ZERO {
        return Ok(());
    }
    let period = run.period(terms)?;
    let (from, source) = (Some(period.days.from), &period.source);
    let terms = &period.value;
    let threshold = match terms.zero_threshold_for & run.person.categories {
        0 => *run.known(
            || format!("{PATH}.threshold"),
            from,
            source,
            &terms.threshold,
            Literal::show,
        )?,
        _ => Fen::ZERO,
    };
    let bands = run.known(
        || format!("{PATH}.ratio"),
        from,
        source,
        &terms.bands,
        Literal::show,
    )?;
    let cap: &'a Known<Limit> = &terms.cap;
    let cap = *run.known(|| format!("{PATH}.cap"), from, source, cap, Literal::show)?;
    let scale = Scale {
        shape: Shape {
            basis: Basis::Gross,
            kind: Kind::Marginal,
            edge: None,
        },
        threshold: threshold.exact(),
        bands,
        cap,
    };
    let before = run.counters.fen(slots::DRUG_BASE);
    let paid_before = run.counters.fen(slots::DRUG_PAID);
    let due = at_least_nothing(scale.pays(before, base)?);
    let left = cap.0.map(|cap| at_least_nothing(cap - paid_before));
    let amount = left.map_or(due, |left| due.min(left)).min(base);
    run.counters.add(slots::DRUG_BASE, base);
    run.counters.add(slots::DRUG_PAID, amount);
    let tier = TierShare {
        id: run.policy.link_names.drug,
        payer: Payer::Cii,
        base,
        amount,
    };
    run.paid(tier, OOS);
    run.step(|| Said {
        step: "special_drug".to_owned(),
        base,
        how: How::Year {
            before,
            after: before + base,
            threshold,
        },
        amount,
    });
    Ok(())
}
