//! Link to payment by groups (与病组支付标准衔接): what the person pays from, what the fund pays, what the
//! hospital keeps or carries. The group's standard comes as an amount; nothing here knows a group.

use serde::Deserialize;

use crate::units::{Exact, Fen, Overflow};

/// What the person's share is computed from (个人负担基数).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopayBase {
    /// 按项目: the bill as it is.
    Items,
    /// 按项目与标准孰低: what the bill has above the standard leaves the scope and falls to the hospital.
    MinItemsStandard,
    /// 按标准: the standard takes the bill's place, above or below it.
    Standard,
    /// 定额: an amount per group.
    Fixed,
}

/// How the fund's part comes of the standard (基金支付公式).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FundFormula {
    /// 倒减: standard − person − other funds.
    Subtract,
    /// 比例: (standard − own − pre − deductible) × ratio.
    Ratio,
}

/// What a fund's part below zero becomes (负值处理).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Negative {
    /// It is kept: the hospital gives back.
    Keep,
    /// It is nothing.
    Zero,
}

/// A bill beside its standard (账单与标准).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkBill {
    /// The bill.
    pub total: Fen,
    /// The group's payment standard.
    pub standard: Fen,
    /// Out of list and over limit.
    pub own: Fen,
    /// Pre-self-pay.
    pub pre: Fen,
    /// In scope.
    pub scope: Fen,
}

/// What the person's share is computed from, and what leaves the scope for it (个人负担基数).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// The base.
    pub base: Fen,
    /// In-scope cost that is left to share.
    pub scope: Fen,
    /// What the hospital carries of the bill (above zero), or gains on it (below).
    pub hospital: Fen,
}

impl LinkBill {
    /// The base of the person's share (个人负担基数).
    ///
    /// What is above the standard leaves the in-scope cost, as far as there is any (assumption: the
    /// published example does not say which part); `fixed` leaves the bill as it is, since the
    /// person pays an amount.
    pub fn base(&self, how: CopayBase) -> Base {
        let base = match how {
            CopayBase::Items | CopayBase::Fixed => self.total,
            CopayBase::MinItemsStandard => self.total.min(self.standard),
            CopayBase::Standard => self.standard,
        };
        let hospital = (self.total - base).min(self.scope);
        Base {
            base,
            scope: self.scope - hospital,
            hospital,
        }
    }
}

/// Who paid a bill by items (按项目支付结果).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPaid {
    /// The person.
    pub person: Fen,
    /// Funds other than the pooled one.
    pub other_funds: Fen,
    /// The person's first part.
    pub deductible: Fen,
}

/// How the fund's part comes about (基金支付条件).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundTerms {
    /// The formula.
    pub formula: FundFormula,
    /// The ratio of [`FundFormula::Ratio`].
    pub ratio: Exact,
    /// What happens below zero.
    pub negative: Negative,
}

/// The fund's part, and what is left to the hospital (基金与医院结果).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkResult {
    /// What the fund pays.
    pub fund: Fen,
    /// Person + other funds + fund − bill.
    pub hospital: Fen,
}

/// The fund's part of a standard (基金支付), rounded half up once.
///
/// # Errors
/// [`Overflow`].
pub fn link_fund(bill: &LinkBill, paid: &LinkPaid, terms: &FundTerms) -> Result<LinkResult, Overflow> {
    let fund = match terms.formula {
        FundFormula::Subtract => bill.standard - paid.person - paid.other_funds,
        FundFormula::Ratio => {
            let base = bill.standard - bill.own - bill.pre - paid.deductible;
            base.exact().mul(terms.ratio)?.fen_half_away()?
        }
    };
    let fund = match terms.negative {
        Negative::Zero => fund.max(Fen::ZERO),
        Negative::Keep => fund,
    };
    Ok(LinkResult {
        fund,
        hospital: paid.person + paid.other_funds + fund - bill.total,
    })
}
