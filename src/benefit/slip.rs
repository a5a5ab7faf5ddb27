//! The slip (结算单): who pays what of one bill.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;

use super::ShareError;
use super::claim::Claim;
use super::file::TierBase;
use crate::diagnostics::Evidence;
use crate::units::Fen;

/// Who pays a tier (支付方).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Payer {
    /// Pooled fund of the basic insurance (统筹基金).
    Basic,
    /// Critical illness insurance (大病保险).
    Cii,
    /// Medical assistance (医疗救助).
    Ma,
    /// The hospital waives it (医院减免).
    Hospital,
    /// Commercial insurance (商业保险).
    Commercial,
    /// The treasury (财政).
    Finance,
    /// A charity (慈善).
    Charity,
}

impl Payer {
    /// Every payer, in the order of a report's columns.
    pub const ALL: [Payer; 7] = [
        Payer::Basic,
        Payer::Cii,
        Payer::Ma,
        Payer::Hospital,
        Payer::Commercial,
        Payer::Finance,
        Payer::Charity,
    ];

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Payer::Basic => "basic",
            Payer::Cii => "cii",
            Payer::Ma => "ma",
            Payer::Hospital => "hospital",
            Payer::Commercial => "commercial",
            Payer::Finance => "finance",
            Payer::Charity => "charity",
        }
    }
}

/// What one tier paid (一层保障的支付).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierShare {
    /// Id of the tier: `basic`, `cii`, or the id of the row that paid.
    pub id: Arc<str>,
    /// Whose money it is.
    pub payer: Payer,
    /// What it was computed on.
    pub base: Fen,
    /// What it pays.
    pub amount: Fen,
}

/// A tier of the chain that was left out (未计算的层), and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Id of the tier as the chain names it.
    pub tier: Arc<str>,
    /// Why.
    pub why: Why,
}

/// Why a tier of the chain was left out (未计算原因).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// No row is in force on the discharge day (当日无此规定).
    NotInForce,
    /// This value is unknown (参数未知), and the policy was told to skip such tiers.
    Unknown {
        /// Key path in the benefit file.
        path: String,
    },
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::NotInForce => write!(f, "{}: no row is in force on the day", self.tier),
            Why::Unknown { path } => write!(f, "{}: `{path}` is unknown", self.tier),
        }
    }
}

/// Who pays what of one bill (结算单). `total` = Σ tiers + `person`, to the fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Total fee (医疗费总额).
    pub total: Fen,
    /// Out of the list (全自费).
    pub own: Fen,
    /// Over the price limit (超限价自费).
    pub over: Fen,
    /// Pre-self-pay (先行自付).
    pub pre: Fen,
    /// In scope (政策范围内).
    pub scope: Fen,
    /// Deductible charged (本次起付线).
    pub deductible: Fen,
    /// Tiers in chain order (各层支付); a tier the person is not entitled to does not appear.
    pub tiers: Vec<TierShare>,
    /// What the person pays (个人负担).
    pub person: Fen,
    /// The in-scope part of it (政策范围内个人负担).
    pub scope_left: Fen,
    /// Tiers of the chain that were left out (未计算的层).
    pub skipped: Vec<Skipped>,
    /// The weakest evidence of any value used (所用参数最弱证据).
    pub evidence: Evidence,
    /// Made with a draft policy (草案).
    pub draft: bool,
}

impl Slip {
    /// What one payer pays in all its tiers (某支付方合计).
    pub fn fund(&self, payer: Payer) -> Fen {
        let of_payer = self.tiers.iter().filter(|tier| tier.payer == payer);
        of_payer.map(|tier| tier.amount).sum()
    }

    /// What all payers pay (各方合计), the person excepted.
    pub fn reimbursed(&self) -> Fen {
        self.tiers.iter().map(|tier| tier.amount).sum()
    }

    /// Identities I1 and I2, and no tier above its base.
    ///
    /// `person` comes from the residual, which is kept apart from the tiers, so that I2 compares
    /// two independent sums.
    pub(super) fn check(self, allow_negative: bool) -> Result<Slip, ShareError> {
        let broken = |identity, left, right| {
            Err(ShareError::IdentityBroken {
                identity,
                left,
                right,
            })
        };
        let parts = self.own + self.over + self.pre + self.scope;
        if self.total != parts {
            return broken("total = own + over + pre + scope", self.total, parts);
        }
        let paid = self.reimbursed() + self.person;
        if self.total != paid {
            return broken("total = payers + person", self.total, paid);
        }
        for tier in &self.tiers {
            if tier.amount > tier.base {
                return broken("a tier pays at most its base", tier.amount, tier.base);
            }
            if tier.amount.is_negative() && !allow_negative {
                return broken("a tier pays at least nothing", tier.amount, Fen::ZERO);
            }
        }
        Ok(self)
    }
}

/// What is not yet paid (自付余额), by part of the bill.
#[derive(Clone, Copy, Debug)]
pub struct Residual {
    pub scope: Fen,
    pub pre: Fen,
    /// Out of list and over limit.
    pub oos: Fen,
}

/// Parts of a bill, in the order in which a payment lowers them.
type Parts = &'static [Part];

#[derive(Clone, Copy)]
pub enum Part {
    Scope,
    Pre,
    Oos,
}

pub const SCOPE: Parts = &[Part::Scope];
pub const SCOPE_THEN_PRE: Parts = &[Part::Scope, Part::Pre];

/// The parts a tier works on. A payment on the whole bill lowers the in-scope part first.
pub fn parts(base: TierBase) -> Parts {
    match base {
        TierBase::ScopeLeft | TierBase::ScopeLeftYear => SCOPE,
        TierBase::TotalLeft => &[Part::Scope, Part::Pre, Part::Oos],
        TierBase::Oos => &[Part::Oos],
        TierBase::OosPre => &[Part::Oos, Part::Pre],
    }
}

impl Residual {
    pub fn of(claim: &Claim<'_>) -> Residual {
        Residual {
            scope: claim.scope,
            pre: claim.pre,
            oos: claim.own + claim.over,
        }
    }

    pub fn all(self) -> Fen {
        self.scope + self.pre + self.oos
    }

    pub fn of_parts(&mut self, parts: Parts) -> Fen {
        parts.iter().map(|part| *self.part(*part)).sum()
    }

    /// Takes a payment off the parts, one after the other; a negative one goes to the first.
    pub fn pay(&mut self, parts: Parts, amount: Fen) {
        let mut rest = amount;
        for part in parts {
            let left = self.part(*part);
            let taken = rest.min(*left);
            *left -= taken;
            rest -= taken;
        }
    }

    fn part(&mut self, part: Part) -> &mut Fen {
        match part {
            Part::Scope => &mut self.scope,
            Part::Pre => &mut self.pre,
            Part::Oos => &mut self.oos,
        }
    }
}
