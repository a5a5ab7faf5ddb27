//! Sums of financing (筹资测算): parts of a subsidy, a person's fee, a refund, the structure index.

use jiff::civil::Date;

use super::period::Span;
use super::policy::LocalShare;
use crate::units::{Exact, Fen, Overflow};

/// The centre's part of the fiscal subsidy (中央财政补助): an older share of a base, and a share of
/// what is above it. A base of zero is the share of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CentralShare {
    /// First year.
    pub from_year: i16,
    /// Last year.
    pub to_year: Option<i16>,
    /// A head and year.
    pub base: Fen,
    /// Share of the base.
    pub old_share: Exact,
    /// Share of what is above it.
    pub share: Exact,
}

impl CentralShare {
    /// Whether it is in force in a year.
    pub fn holds(&self, year: i16) -> bool {
        self.from_year <= year && self.to_year.is_none_or(|last| year <= last)
    }
}

/// The centre's part for a head (中央人均补助): `half_up(base × old + (standard − base) × share)`.
///
/// # Errors
/// [`Overflow`].
pub fn central_subsidy(standard: Fen, share: &CentralShare) -> Result<Fen, Overflow> {
    let base = share.base.min(standard);
    let old = base.exact().mul(share.old_share)?;
    let new = (standard - base).exact().mul(share.share)?;
    old.add(new)?.fen_half_away()
}

/// A head's fiscal subsidy by payer (财政补助分担); what nobody else pays falls to the county.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadSubsidy {
    /// 中央
    pub central: Fen,
    /// 省
    pub province: Fen,
    /// 市
    pub city: Fen,
    /// 县（区）
    pub county: Fen,
}

impl HeadSubsidy {
    /// Splits a standard.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn of(standard: Fen, central: &CentralShare, local: &LocalShare) -> Result<HeadSubsidy, Overflow> {
        let central = central_subsidy(standard, central)?;
        let rest = standard - central;
        let part = |share: Exact| rest.exact().mul(share)?.fen_half_away();
        let (province, city) = (part(local.province)?, part(local.city)?);
        Ok(HeadSubsidy {
            central,
            province,
            city,
            county: rest - province - city,
        })
    }
}

/// What a person pays after an enrolment subsidy (个人实缴), never below zero.
pub fn person_fee(fee: Fen, subsidy: Fen) -> Fen {
    (fee - subsidy).max(Fen::ZERO)
}

/// What is given back for somebody who paid in the window and died before cover began (退费).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refund {
    /// To the person's heirs: what the person paid.
    pub person: Fen,
    /// To whoever paid it: the enrolment subsidy.
    pub subsidy: Fen,
}

/// The refund of a fee (退费), if there is one: paid in the window, died before the first day of
/// cover. The head is dropped from every subsidy then.
pub fn refund(
    paid_on: Date,
    window: Span,
    died_on: Option<Date>,
    cover_begins: Date,
    paid: Fen,
    subsidy: Fen,
) -> Option<Refund> {
    let died = died_on?;
    (window.holds(paid_on) && died < cover_begins).then_some(Refund {
        person: paid,
        subsidy,
    })
}

/// Fee and subsidy of a financing year (筹资结构), paired by the year of collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structure {
    /// The financing year.
    pub year: i16,
    /// What a person pays.
    pub personal: Fen,
    /// What the state adds.
    pub fiscal: Fen,
    /// Whether it is projected, not on file.
    pub projected: bool,
}

/// The person's share of fee and subsidy (个人缴费占比), in percent with two decimals, half up.
///
/// # Errors
/// [`Overflow`], also where both are zero.
pub fn structure_index(personal: Fen, fiscal: Fen) -> Result<String, Overflow> {
    let share = personal.exact().div((personal + fiscal).exact())?;
    share.mul(Exact::integer(100))?.show(2)
}
