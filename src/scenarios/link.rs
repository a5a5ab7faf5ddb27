//! Each case's bill and its group's standard joined by the terms of the link (支付衔接单).

use super::chain::Inputs;
use super::link_file::{FundRatio, LinkTerms};
use super::settle::{SharedAgain, share_again};
use super::statement::{RunResult, Settled, Statement};
use crate::benefit::link::{CopayBase, FundFormula, FundTerms, LinkBill, LinkPaid, LinkResult, link_fund};
use crate::benefit::{Payer, Slip};
use crate::diagnostics::{Error, Place, Result};
use crate::records::FeeSplit;
use crate::units::{Exact, Fen};

/// A case by the terms of the link (病例衔接结果): bill = person + funds by items + hospital's share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkLine {
    /// Which statement of the run.
    pub index: usize,
    /// The bill and its standard.
    pub bill: LinkBill,
    /// What the person's share was computed from.
    pub base: Fen,
    /// The person's first part.
    pub deductible: Fen,
    /// What the person pays.
    pub person: Fen,
    /// What the pooled fund paid by items.
    pub by_items: Fen,
    /// Critical illness insurance.
    pub cii: Fen,
    /// Medical assistance.
    pub assistance: Fen,
    /// Every other payer but the hospital.
    pub others: Fen,
    /// What the hospital waives, and carries above the base (a gain below zero).
    pub hospital: Fen,
    /// The fund's part by the formula, and what is left to the hospital.
    pub result: LinkResult,
}

impl LinkLine {
    /// Funds other than the pooled one.
    pub fn other_funds(&self) -> Fen {
        self.cii + self.assistance + self.others
    }
}

/// Joins every settled case (支付衔接), if the scenario says how.
///
/// With another base than the items, bills are shared anew, in the order of the year, since a
/// smaller bill moves every later one; the standards are those of the settlement by items.
///
/// # Errors
/// A group without a fixed amount; sums out of range.
pub fn link_cases(inputs: &Inputs, result: &RunResult) -> Result<Vec<LinkLine>> {
    let Some(terms) = &inputs.scenario.link else {
        return Ok(Vec::new());
    };
    let settled = result.statements.iter().enumerate();
    let settled: Vec<(usize, &Statement, &Settled)> = settled
        .filter_map(|(index, statement)| Some((index, statement, statement.settled()?)))
        .collect();
    let again = match terms.copay_base {
        CopayBase::Items | CopayBase::Fixed => None,
        how => Some(share_again(inputs, result, |statement| {
            shared_fees(statement, how)
        })?),
    };
    let lines = settled.into_iter().map(|(index, statement, settled)| {
        let slip = again
            .as_ref()
            .map_or(Ok(&settled.slip), |again| slip_of(again, index, statement))?;
        line(inputs, terms, index, statement, settled, slip)
    });
    lines.collect()
}

/// The bill less what leaves its scope.
fn shared_fees(statement: &Statement, how: CopayBase) -> Option<FeeSplit> {
    let settled = statement.settled()?;
    let fees = statement.fees?;
    let base = bill_of(settled).base(how);
    Some(FeeSplit {
        total: fees.total - base.hospital,
        scope: base.scope,
        ..fees
    })
}

fn slip_of<'a>(again: &'a SharedAgain, index: usize, statement: &Statement) -> Result<&'a Slip> {
    again.get(index).and_then(Option::as_ref).ok_or_else(|| {
        let message = format!("case `{}` cannot be shared from its standard", statement.case_id);
        Error::new(message)
    })
}

fn bill_of(settled: &Settled) -> LinkBill {
    let slip = &settled.slip;
    LinkBill {
        total: slip.total,
        standard: settled.standard,
        own: slip.own + slip.over,
        pre: slip.pre,
        scope: slip.scope,
    }
}

fn line(
    inputs: &Inputs,
    terms: &LinkTerms,
    index: usize,
    statement: &Statement,
    settled: &Settled,
    slip: &Slip,
) -> Result<LinkLine> {
    let failed = |what: String| {
        let place = Place::file(&inputs.scenario.path);
        Error::at(place, format!("case `{}`: {what}", statement.case_id))
    };
    let bill = bill_of(settled);
    let base = bill.base(terms.copay_base);
    let (mut person, mut others) = (slip.person, others(slip));
    let (mut cii, mut assistance) = (slip.fund(Payer::Cii), slip.fund(Payer::Ma));
    let mut hospital = slip.fund(Payer::Hospital) + base.hospital;
    let mut by_items = slip.fund(Payer::Basic);
    let mut shared_from = base.base;
    if terms.copay_base == CopayBase::Fixed {
        let group = statement.grouping.code(inputs.grouper.scheme());
        let amount = terms.fixed_for(group);
        let amount =
            amount.ok_or_else(|| failed(format!("`link.fixed` has no amount for group `{group}`")))?;
        // the person pays an amount; nobody else shares what the fund does not pay
        person = amount.min(bill.total);
        (cii, assistance, others, hospital) = (Fen::ZERO, Fen::ZERO, Fen::ZERO, Fen::ZERO);
        by_items = bill.total - person;
        shared_from = amount;
    }
    let paid = LinkPaid {
        person,
        other_funds: cii + assistance + others,
        deductible: slip.deductible,
    };
    let ratio = fund_ratio(terms, slip, by_items).map_err(|e| failed(e.to_string()))?;
    let fund = FundTerms {
        formula: terms.fund_formula,
        ratio,
        negative: terms.negative,
    };
    let result = link_fund(&bill, &paid, &fund).map_err(|e| failed(e.to_string()))?;
    Ok(LinkLine {
        index,
        bill,
        base: shared_from,
        deductible: slip.deductible,
        person,
        by_items,
        cii,
        assistance,
        others,
        hospital,
        result,
    })
}

/// Payers that are neither the pooled fund, critical illness insurance, assistance nor the hospital.
fn others(slip: &Slip) -> Fen {
    let named = [Payer::Basic, Payer::Cii, Payer::Ma, Payer::Hospital];
    let named: Fen = named.into_iter().map(|payer| slip.fund(payer)).sum();
    slip.total - slip.person - named
}

fn fund_ratio(
    terms: &LinkTerms,
    slip: &Slip,
    by_items: Fen,
) -> std::result::Result<Exact, crate::units::Overflow> {
    match (terms.fund_formula, terms.fund_ratio) {
        (FundFormula::Ratio, Some(FundRatio::Fixed(ratio))) => Ok(ratio),
        (FundFormula::Ratio, _) if slip.scope > slip.deductible => {
            by_items.exact().div((slip.scope - slip.deductible).exact())
        }
        _ => Ok(Exact::ZERO),
    }
}
