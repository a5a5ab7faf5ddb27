//! One case: its kind and its payment (病例计分).

use std::fmt;

use super::probe::{Finished, Probe};
use super::readmission::Cut;
use super::{Kind, Kinds, Mark, Marks, Pack, Weights};
use crate::codes::HospitalLevel;
use crate::units::{Exact, Fen, Overflow, Points, Weight};

/// What pricing needs to know of a case (计价病例).
#[derive(Clone, Copy, Debug)]
pub struct PricingCase<'a> {
    /// Group; `None` where the case is ungrouped or ambiguous.
    pub group: Option<&'a str>,
    /// Hospital code.
    pub hospital: &'a str,
    /// Hospital level.
    pub level: HospitalLevel,
    /// The pool that pays it.
    pub pool: &'a str,
    /// Cost of the stay.
    pub cost: Fen,
    /// Days of the stay, discharge minus admission.
    pub los_days: Option<u32>,
    /// What only some packs ask for.
    pub facts: CaseFacts<'a>,
}

impl<'a> PricingCase<'a> {
    /// The person's insurance: its own, or that of the pool.
    pub(super) const fn insurance(&self) -> &'a str {
        if self.facts.insurance.is_empty() {
            self.pool
        } else {
            self.facts.insurance
        }
    }
}

/// How a stay ended (离院方式), as far as payment asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As the doctor ordered, and anything else.
    Completed,
    /// To another hospital (转院).
    TransferOut,
    /// Against advice (非医嘱离院).
    LeftEarly,
    /// Death (死亡).
    Death,
}

/// What only some packs ask of a case (计价附加信息). What is not known is empty; a pack that asks
/// for it then says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaseFacts<'a> {
    /// Insurance, where it is not the pool's name.
    pub insurance: &'a str,
    /// Where the person is insured; empty: here.
    pub insured_place: &'a str,
    /// Month that prices are looked up for, as `2026-01`.
    pub month: &'a str,
    /// Day of discharge as `2026-01-31`.
    pub day: &'a str,
    /// Whether it is among the dearest cases, where the pack ranks them.
    pub dearest: Option<bool>,
    /// Its group is the one that takes whatever is left (空白病组).
    pub blank: bool,
    /// Auxiliary labels: family and label.
    pub auxiliary: &'a [(&'a str, &'a str)],
    /// Sum of the bill's lines below zero; not above zero.
    pub refunds: Fen,
    /// Denied by review, not below zero.
    pub denied: Fen,
    /// How the stay ended.
    pub ending: Option<Ending>,
    /// Hours of the stay.
    pub hours: Option<u32>,
    /// A newborn with its mother.
    pub newborn: bool,
    /// Day care.
    pub day_care: bool,
    /// Outside this payment by a rule of the records.
    pub not_covered: bool,
    /// The review of a high multiple agreed.
    pub approved: bool,
    /// Cost of traditional medicine, and of all treatment it is a share of.
    pub traditional: Option<(Fen, Fen)>,
}

/// What a case is paid, before the pool's price is known (支付形式).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payment {
    /// Points that share the pool (点数).
    Points(Points),
    /// A standard in fen, patients' part included, exact (支付标准).
    Standard(Exact),
    /// What the fund paid by items (按项目付费).
    ByItem,
    /// A fixed total, patients' part included (定额).
    Amount(Fen),
    /// Nothing is settled: given back, or not covered (不予结算).
    Nothing,
}

/// A case's kind and payment with the numbers that made them (计分结果).
#[derive(Clone, Debug)]
pub struct Score {
    /// The first test that hit.
    pub kind: Kind,
    /// Tests that hit as well, after the first.
    pub reasons: Kinds,
    /// Weight as the table prints it.
    pub weight: Option<Weight>,
    /// Weight × scale, no coefficient, shown to 12 decimals.
    pub base_points: Option<Points>,
    /// The group, where it is another than the grouper gave.
    pub regrouped: Option<String>,
    /// The hospital's coefficient, or the group's own.
    pub coefficient: Option<Exact>,
    /// Auxiliary coefficient.
    pub auxiliary: Option<Exact>,
    /// What the cost was held against, in fen.
    pub outlier_base: Option<Exact>,
    /// The threshold that made it an outlier; none of other kinds, and of a percentile.
    pub threshold: Option<Exact>,
    /// Points of the case, rounded once.
    pub points: Option<Points>,
    /// What a point is worth where that is known beforehand, in fen (预定点值).
    pub point_price: Option<Exact>,
    /// The payment.
    pub payment: Payment,
    /// The fund's share of the standard, where it depends on the group or hospital.
    pub fund_ratio: Option<Exact>,
    /// What people must see.
    pub marks: Marks,
    /// Cost by the pack's basis, less what was denied where the pack says so.
    pub(super) held: Fen,
}

impl Score {
    /// Cost over outlier base, for showing only: no test reads it (倍率).
    pub fn ratio_shown(&self, decimals: u32) -> Option<String> {
        let ratio = self.held.exact().div(self.outlier_base?).ok()?;
        ratio.show(decimals).ok()
    }

    /// A stay that is paid with another one (并入其他病例): it has nothing of its own.
    pub fn joined() -> Score {
        let mut marks = Marks::default();
        marks.insert(Mark::Merged);
        Score {
            kind: Kind::Normal,
            reasons: Kinds::default(),
            weight: None,
            base_points: None,
            regrouped: None,
            coefficient: None,
            auxiliary: None,
            outlier_base: None,
            threshold: None,
            points: None,
            point_price: None,
            payment: Payment::Nothing,
            fund_ratio: None,
            marks,
            held: Fen::ZERO,
        }
    }

    /// Takes what a readmission costs off the payment (再入院扣减). Merged stays are priced as one
    /// case by the caller; here their later part is paid nothing.
    ///
    /// # Errors
    /// [`ScoreError::Overflow`].
    pub fn cut(&mut self, cut: Cut, decimals: u32) -> Result<(), ScoreError> {
        self.marks.insert(Mark::Readmitted);
        let share = match cut {
            Cut::Flag => return Ok(()),
            Cut::Half => Exact::new(1, 2)?,
            Cut::Zero => Exact::ZERO,
            Cut::Merge(_) => {
                self.points = self.points.map(|_| Points::ZERO);
                self.payment = Payment::Nothing;
                self.marks.insert(Mark::Merged);
                return Ok(());
            }
        };
        let less = |points: Points| points.exact()?.mul(share)?.points_half_away(decimals);
        self.points = self.points.map(less).transpose()?;
        self.payment = match self.payment {
            Payment::Points(points) => Payment::Points(less(points)?),
            Payment::Standard(fen) => Payment::Standard(fen.mul(share)?),
            other => other,
        };
        Ok(())
    }
}

impl Score {
    /// What it has, in points and as a standard in fen (已计点数与标准).
    ///
    /// # Errors
    /// [`ScoreError::Overflow`].
    pub fn has(&self) -> Result<(Exact, Exact), ScoreError> {
        Ok(match self.payment {
            Payment::Points(points) => (points.exact()?, Exact::ZERO),
            Payment::Standard(fen) => (self.points.map_or(Ok(Exact::ZERO), Points::exact)?, fen),
            _ => (Exact::ZERO, Exact::ZERO),
        })
    }

    /// Takes off what earlier stays of a chain of transfers have, not below zero (转院链扣减).
    ///
    /// # Errors
    /// [`ScoreError::Overflow`].
    pub fn deduct(&mut self, earlier: (Exact, Exact), decimals: u32) -> Result<(), ScoreError> {
        let rest = |own: Exact, earlier: Exact| {
            let rest = own.sub(earlier)?;
            Ok::<Exact, Overflow>(if rest.parts().0 < 0 { Exact::ZERO } else { rest })
        };
        let less = |points: Points| rest(points.exact()?, earlier.0)?.points_half_away(decimals);
        match self.payment {
            Payment::Points(points) => self.payment = Payment::Points(less(points)?),
            Payment::Standard(fen) => self.payment = Payment::Standard(rest(fen, earlier.1)?),
            _ => return Ok(()),
        }
        self.points = self.points.map(less).transpose()?;
        self.marks.insert(Mark::Chained);
        Ok(())
    }
}

/// Why a case has no payment (无法计分的原因).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScoreError {
    /// `coef.missing = "error"`.
    NoCoefficient {
        /// The key where it should stand.
        key: String,
    },
    /// `price.rate` has no row.
    NoRate {
        /// The key where it should stand.
        key: String,
    },
    /// A formula divides by the region's mean cost.
    NoCityMean,
    /// Neither the group nor the region has a mean cost.
    NoGroupMean,
    /// What the cost is held against is zero (E_BASE_ZERO).
    BaseZero,
    /// `group.zero_score_pay = "error"`.
    ZeroScore,
    /// The pack has no price, mean cost or share for the case.
    NoValue {
        /// The key where it should stand.
        key: &'static str,
        /// What was looked for.
        asked: String,
    },
    /// The pack leaves out a key that this case asks for (E_MISSING).
    NotSaid {
        /// The key.
        key: &'static str,
        /// What it says.
        what: &'static str,
    },
    /// A rule asks for something that is not known of the case.
    NotKnown {
        /// The key of the rule.
        key: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// A rule asks for the length of stay.
    NoStay,
    /// The cost is below zero.
    NegativeCost,
    /// Out of the exact range.
    Overflow,
}

impl fmt::Display for ScoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScoreError::NoCoefficient { key } => write!(f, "the pack has no coefficient `{key}`"),
            ScoreError::NoRate { key } => write!(f, "the pack has no rate `{key}`"),
            ScoreError::NoCityMean => {
                f.write_str("the weights have no row `*` with `mean_cost`, which the formula divides by")
            }
            ScoreError::NoGroupMean => {
                f.write_str("the weights have no `mean_cost`, neither for the group nor in a row `*`")
            }
            ScoreError::BaseZero => f.write_str("the outlier base is zero (E_BASE_ZERO)"),
            ScoreError::ZeroScore => {
                f.write_str("the group's weight is zero, and `group.zero_score_pay` is \"error\"")
            }
            ScoreError::NoValue { key, asked } => write!(f, "`{key}` has no row for {asked}"),
            ScoreError::NotSaid { key, what } => {
                write!(f, "the pack has no key `{key}`, which says {what} (E_MISSING)")
            }
            ScoreError::NotKnown { key, what } => write!(f, "`{key}` needs {what}, which is missing"),
            ScoreError::NoStay => f.write_str("the length of stay is needed, and is missing"),
            ScoreError::NegativeCost => f.write_str("the cost is below zero"),
            ScoreError::Overflow => Overflow.fmt(f),
        }
    }
}

impl std::error::Error for ScoreError {}

impl From<Overflow> for ScoreError {
    fn from(_: Overflow) -> ScoreError {
        ScoreError::Overflow
    }
}

/// Gives a case its kind and payment (病例计分).
///
/// # Errors
/// See [`ScoreError`]; nothing is guessed where a number is missing.
pub fn score(pack: &Pack, weights: &Weights, case: &PricingCase) -> Result<Score, ScoreError> {
    let probe = Probe::new(&pack.rules, weights, case)?;
    let (kind, reasons) = probe.classify()?;
    let mut marks = probe.marks();
    let pay = probe.pay(kind, &mut marks)?;
    let Finished {
        points,
        price,
        payment,
    } = probe.finish(pay)?;
    let priced = probe.priced.as_ref();
    Ok(Score {
        kind,
        reasons,
        weight: probe.row.and_then(|row| row.weight),
        base_points: priced.map(|p| p.base_points.points_half_away(12)).transpose()?,
        regrouped: probe.regrouped.map(str::to_owned),
        coefficient: priced.map(|p| p.coefficient),
        auxiliary: priced.map(|p| p.auxiliary),
        outlier_base: priced.and_then(|p| p.outlier_base),
        threshold: priced.map_or(Ok(None), |p| p.threshold_of(&pack.rules.outlier, kind))?,
        points,
        point_price: price,
        payment,
        fund_ratio: probe.fund_ratio()?,
        marks,
        held: probe.held,
    })
}

/// What a kind is paid, before rounding.
pub(super) enum Pay {
    Points(Exact),
    Actual,
    ByItem,
    Nothing,
}
