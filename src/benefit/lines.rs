//! The fee split (费用拆分): each line of a bill into four amounts, each rounded once.

use super::{Claim, ShareError};
use crate::units::{Exact, Fen, Ratio};

/// One line of a bill (费用明细).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeLine {
    /// Amount of the line (明细金额).
    pub amount: Fen,
    /// Class 丙, or out of the list (全自费).
    pub out_of_list: bool,
    /// Quantity, where the list limits the price (数量).
    pub quantity: Exact,
    /// Price of one (单价), exact.
    pub price: Exact,
    /// Limit of the price (限价), if there is one.
    pub limit: Option<Exact>,
    /// Part the person pays first of class 乙 (先行自付比例).
    pub selfpay: Ratio,
}

/// The four amounts of a line or a bill (费用四分): they sum to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeSplit {
    /// Out of the list (全自费).
    pub own: Fen,
    /// Over the price limit (超限价自费).
    pub over: Fen,
    /// Pre-self-pay (先行自付).
    pub pre: Fen,
    /// In scope (政策范围内).
    pub scope: Fen,
}

impl FeeSplit {
    /// All of it (合计).
    pub fn total(&self) -> Fen {
        self.own + self.over + self.pre + self.scope
    }

    /// With another line's amounts added (累加).
    #[must_use]
    pub fn plus(self, other: FeeSplit) -> FeeSplit {
        FeeSplit {
            own: self.own + other.own,
            over: self.over + other.over,
            pre: self.pre + other.pre,
            scope: self.scope + other.scope,
        }
    }

    /// The claim with these amounts (填入费用).
    #[must_use]
    pub fn on(self, claim: Claim<'_>) -> Claim<'_> {
        Claim {
            total: self.total(),
            own: self.own,
            over: self.over,
            pre: self.pre,
            scope: self.scope,
            ..claim
        }
    }
}

/// Splits one line (单条拆分): what is over the limit, then what is paid first of the rest.
///
/// # Errors
/// [`ShareError::NegativeLine`] for an amount below zero; amounts beyond any bill.
pub fn split(line: &FeeLine) -> Result<FeeSplit, ShareError> {
    if line.amount.is_negative() {
        return Err(ShareError::NegativeLine {
            field: "amount",
            amount: line.amount,
        });
    }
    if line.out_of_list {
        return Ok(FeeSplit {
            own: line.amount,
            ..FeeSplit::default()
        });
    }
    let over = over_limit(line)?.min(line.amount);
    let pre = (line.amount - over)
        .exact()
        .mul(line.selfpay.exact()?)?
        .fen_half_away()?;
    Ok(FeeSplit {
        own: Fen::ZERO,
        over,
        pre,
        scope: line.amount - over - pre,
    })
}

fn over_limit(line: &FeeLine) -> Result<Fen, ShareError> {
    let Some(limit) = line.limit else {
        return Ok(Fen::ZERO);
    };
    let above = line.price.sub(limit)?;
    if above.compare(Exact::ZERO).is_le() {
        return Ok(Fen::ZERO);
    }
    Ok(above
        .mul(line.quantity)?
        .mul(Exact::integer(100))?
        .fen_half_away()?)
}
