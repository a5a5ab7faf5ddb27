//! The slip (结算单): who pays what of one bill.

use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;

use super::ShareError;
use super::claim::Claim;
use super::file::TierBase;
use super::name::Name;
use crate::diagnostics::Evidence;
use crate::units::Fen;

/// Who pays a tier (支付方).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Large-sum fund of an employee scheme (职工大额医疗补助).
    LargeSum,
    /// Supplement for civil servants (公务员医疗补助).
    CivilServant,
    /// Supplement of an enterprise (企业补充医疗保险).
    Enterprise,
    /// Special funds of an epidemic (疫情专项资金).
    Epidemic,
}

impl Payer {
    /// Every payer, in the order of a report's columns.
    pub const ALL: [Payer; 11] = [
        Payer::Basic,
        Payer::Cii,
        Payer::Ma,
        Payer::Hospital,
        Payer::Commercial,
        Payer::Finance,
        Payer::Charity,
        Payer::LargeSum,
        Payer::CivilServant,
        Payer::Enterprise,
        Payer::Epidemic,
    ];

    /// Those no shipped policy knows: a report names them where they pay (少见支付方).
    pub const RARE: [Payer; 4] = [
        Payer::LargeSum,
        Payer::CivilServant,
        Payer::Enterprise,
        Payer::Epidemic,
    ];

    /// Those that have no column of their own in the reports of a run (其他支付方).
    pub const OTHERS: [Payer; 6] = [
        Payer::Finance,
        Payer::Charity,
        Payer::LargeSum,
        Payer::CivilServant,
        Payer::Enterprise,
        Payer::Epidemic,
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
            Payer::LargeSum => "large_sum",
            Payer::CivilServant => "civil_servant",
            Payer::Enterprise => "enterprise",
            Payer::Epidemic => "epidemic",
        }
    }
}

/// What one tier paid (一层保障的支付).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierShare {
    /// Id of the tier: `basic`, `cii`, or the id of the row that paid.
    pub id: Name,
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
    pub tier: Name,
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

/// The part of a stay after cover had ended (参保终止后费用); it lies in `own`, and nobody but the person
/// pays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncovered {
    /// The first day without cover.
    pub from: Date,
    /// What was spent from that day on.
    pub amount: Fen,
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
    /// Of it, from the own account (个人账户支付).
    pub account: Fen,
    /// Of it, from the family's account (账户共济支付).
    pub family_account: Fen,
    /// Of it, in cash (现金支付).
    pub cash: Fen,
    /// What goes back of the deposit (押金退款); below zero, what is still to be paid.
    pub deposit_refund: Option<Fen>,
    /// What was done about a scale that changed inside the year (跨标准处理方式).
    pub regime: Option<&'static str>,
    /// Days of the stay that were not covered (未参保部分).
    pub uncovered: Option<Uncovered>,
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

    /// What every payer pays (各方支付), by [`Payer`] as a number.
    pub fn by_payer(&self) -> [Fen; Payer::ALL.len()] {
        let mut paid = [Fen::ZERO; Payer::ALL.len()];
        for tier in &self.tiers {
            if let Some(sum) = paid.get_mut(tier.payer as usize) {
                *sum += tier.amount;
            }
        }
        paid
    }

    /// What all payers pay (各方合计), the person excepted.
    pub fn reimbursed(&self) -> Fen {
        self.tiers.iter().map(|tier| tier.amount).sum()
    }

    /// What the hospital bears (医院负担金额).
    pub fn hospital(&self) -> Fen {
        self.fund(Payer::Hospital)
    }

    /// What all funds pay (基金支付总额): every payer but hospital and person.
    pub fn funds(&self) -> Fen {
        self.reimbursed() - self.hospital()
    }

    /// Names of the fields of [`Slip::national`] (国家接口字段名).
    pub const NATIONAL_FIELDS: [&'static str; 19] = [
        "medfee_sumamt",
        "fulamt_ownpay_amt",
        "overlmt_selfpay",
        "preselfpay_amt",
        "inscp_scp_amt",
        "act_pay_dedc",
        "hifp_pay",
        "hifmi_pay",
        "maf_pay",
        "hifob_pay",
        "cvlserv_pay",
        "hifes_pay",
        "oth_pay",
        "fund_pay_sumamt",
        "hosp_part_amt",
        "psn_part_amt",
        "acct_pay",
        "acct_mulaid_pay",
        "psn_cash_pay",
    ];

    /// The amounts under the field names of the national settlement interface (国家接口字段).
    pub fn national(&self) -> [(&'static str, Fen); 19] {
        let paid = self.by_payer();
        let fund = |payer: Payer| paid.get(payer as usize).copied().unwrap_or_default();
        let other = [Payer::Finance, Payer::Commercial, Payer::Charity, Payer::Epidemic];
        let amounts = [
            self.total,
            self.own,
            self.over,
            self.pre,
            self.scope,
            self.deductible,
            fund(Payer::Basic),
            fund(Payer::Cii),
            fund(Payer::Ma),
            fund(Payer::LargeSum),
            fund(Payer::CivilServant),
            fund(Payer::Enterprise),
            other.into_iter().map(fund).sum(),
            self.funds(),
            fund(Payer::Hospital),
            self.person,
            self.account,
            self.family_account,
            self.cash,
        ];
        let mut named = [("", Fen::ZERO); 19];
        for (place, pair) in named
            .iter_mut()
            .zip(Slip::NATIONAL_FIELDS.into_iter().zip(amounts))
        {
            *place = pair;
        }
        named
    }

    /// The slip with every amount's sign turned (退结算单): what reverses it.
    #[must_use]
    pub fn mirror(&self) -> Slip {
        let mut slip = self.clone();
        let amounts = [
            &mut slip.total,
            &mut slip.own,
            &mut slip.over,
            &mut slip.pre,
            &mut slip.scope,
            &mut slip.deductible,
            &mut slip.person,
            &mut slip.scope_left,
            &mut slip.account,
            &mut slip.family_account,
            &mut slip.cash,
        ];
        for amount in amounts {
            *amount = -*amount;
        }
        slip.deposit_refund = slip.deposit_refund.map(|refund| -refund);
        slip.uncovered = slip.uncovered.map(|part| Uncovered {
            amount: -part.amount,
            ..part
        });
        for tier in &mut slip.tiers {
            (tier.base, tier.amount) = (-tier.base, -tier.amount);
        }
        slip
    }

    /// Identities I1 to I3 (费用恒等式), which also hold on every mirror.
    ///
    /// `person` comes from the residual, which is kept apart from the tiers, so that I2 compares
    /// two independent sums.
    ///
    /// # Errors
    /// [`ShareError::IdentityBroken`] with both sides.
    pub fn identities(&self) -> Result<(), ShareError> {
        let parts = self.own + self.over + self.pre + self.scope;
        same("total = own + over + pre + scope", self.total, parts)?;
        let paid = self.reimbursed() + self.person;
        same("total = payers + person", self.total, paid)?;
        let by_hand = self.account + self.family_account + self.cash;
        same("person = account + family account + cash", self.person, by_hand)
    }

    /// The identities, and no tier above its base.
    pub(super) fn check(self, allow_negative: bool) -> Result<Slip, ShareError> {
        self.identities()?;
        for tier in &self.tiers {
            if tier.amount > tier.base {
                same("a tier pays at most its base", tier.amount, tier.base)?;
            }
            if tier.amount.is_negative() && !allow_negative {
                same("a tier pays at least nothing", tier.amount, Fen::ZERO)?;
            }
        }
        Ok(self)
    }
}

fn same(identity: &'static str, left: Fen, right: Fen) -> Result<(), ShareError> {
    match left == right {
        true => Ok(()),
        false => Err(ShareError::IdentityBroken {
            identity,
            left,
            right,
        }),
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
pub type Parts = &'static [Part];

#[derive(Clone, Copy)]
pub enum Part {
    Scope,
    Pre,
    Oos,
}

pub const SCOPE: Parts = &[Part::Scope];
pub const OOS: Parts = &[Part::Oos];
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

    /// Moves an amount from one part to another.
    pub fn shift(&mut self, from: Part, to: Part, amount: Fen) {
        *self.part(from) -= amount;
        *self.part(to) += amount;
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
