//! One case: its kind and its payment (病例计分).

use std::fmt;

use super::file::{DaysEdge, Test, UnstablePay, ZeroPay};
use super::outlier::Priced;
use super::rules::{Base, PoolRates, Rates, Rules, Ungrouped};
use super::{GroupWeight, Kind, Kinds, Pack, Weights};
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
    /// Product of the hospital's factors.
    pub coefficient: Option<Exact>,
    /// What the cost was held against, in fen.
    pub outlier_base: Option<Exact>,
    /// Points of the case, rounded once.
    pub points: Option<Points>,
    /// The payment.
    pub payment: Payment,
    cost: Fen,
}

impl Score {
    /// Cost over outlier base, for showing only: no test reads it (倍率).
    pub fn ratio_shown(&self, decimals: u32) -> Option<String> {
        let ratio = self.cost.exact().div(self.outlier_base?).ok()?;
        ratio.show(decimals).ok()
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
    /// `scope.days` asks for the length of stay.
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
            ScoreError::NoStay => f.write_str("`scope.days` needs the length of stay, which is missing"),
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
    if case.cost.is_negative() {
        return Err(ScoreError::NegativeCost);
    }
    let probe = Probe::new(&pack.rules, weights, case)?;
    let (kind, reasons) = probe.classify()?;
    let (points, payment) = probe.finish(probe.pay(kind)?)?;
    let priced = probe.priced.as_ref();
    Ok(Score {
        kind,
        reasons,
        weight: probe.row.and_then(|row| row.weight),
        base_points: priced.map(|p| p.base_points.points_half_away(12)).transpose()?,
        coefficient: priced.map(|p| p.coefficient),
        outlier_base: priced.map(|p| p.outlier_base),
        points,
        payment,
        cost: case.cost,
    })
}

/// What a kind is paid, before rounding.
pub(super) enum Pay {
    Points(Exact),
    Actual,
    ByItem,
}

/// A case held against its group's row.
struct Probe<'a> {
    rules: &'a Rules,
    weights: &'a Weights,
    case: &'a PricingCase<'a>,
    row: Option<&'a GroupWeight>,
    /// There when the group has a stable weight above zero.
    priced: Option<Priced>,
}

impl<'a> Probe<'a> {
    fn new(
        rules: &'a Rules,
        weights: &'a Weights,
        case: &'a PricingCase<'a>,
    ) -> Result<Probe<'a>, ScoreError> {
        let mut probe = Probe {
            rules,
            weights,
            case,
            row: case.group.and_then(|group| weights.get(group)),
            priced: None,
        };
        let weight = probe.row.and_then(GroupWeight::usable);
        if let Some(weight) = weight.filter(|weight| *weight != Exact::ZERO) {
            probe.priced = Some(probe.price(weight)?);
        }
        Ok(probe)
    }

    fn price(&self, printed: Exact) -> Result<Priced, ScoreError> {
        let weight = printed.div(self.rules.catalogue_scale)?;
        let base_points = weight.mul(self.rules.scale)?;
        let coefficient = self.coefficient()?;
        let rule = &self.rules.outlier;
        let plain = match rule.base {
            Base::Standard => base_points.mul(coefficient)?.mul(self.point_price()?)?,
            Base::MeanPrice(price) => base_points.mul(price)?,
            Base::GroupMean => self.group_mean(weight)?,
        };
        let outlier_base = if rule.base_with_coefficient {
            plain.mul(coefficient)?
        } else {
            plain
        };
        if outlier_base == Exact::ZERO {
            return Err(ScoreError::BaseZero);
        }
        Ok(Priced {
            weight,
            base_points,
            coefficient,
            outlier_base,
        })
    }

    /// The group's mean cost; a table that prints weights only gives it by the weight's own
    /// definition, weight × the region's mean.
    fn group_mean(&self, weight: Exact) -> Result<Exact, ScoreError> {
        match (self.row.and_then(|row| row.mean_cost), self.weights.city_mean()) {
            (Some(mean), _) => Ok(mean.exact()),
            (None, Some(mean)) => Ok(weight.mul(mean.exact())?),
            (None, None) => Err(ScoreError::NoGroupMean),
        }
    }

    fn coefficient(&self) -> Result<Exact, ScoreError> {
        let no_coefficient = |kind: &str, name: &str| ScoreError::NoCoefficient {
            key: format!("coef.values.{kind}.{name}"),
        };
        let (level, hospital) = (self.case.level, self.case.hospital);
        let mut product = Exact::ONE;
        if let Some(values) = &self.rules.coefficients.level {
            let factor = values
                .get(&level)
                .ok_or_else(|| no_coefficient("level", level.as_str()))?;
            product = product.mul(*factor)?;
        }
        if let Some(values) = &self.rules.coefficients.hospital {
            let factor = values
                .get(hospital)
                .ok_or_else(|| no_coefficient("hospital", hospital))?;
            product = product.mul(*factor)?;
        }
        Ok(product)
    }

    fn classify(&self) -> Result<(Kind, Kinds), ScoreError> {
        let mut first = None;
        let mut reasons = Kinds::default();
        for test in &self.rules.classify {
            match (self.hit(*test)?, first) {
                (Some(kind), None) => first = Some(kind),
                (Some(kind), Some(_)) => reasons.insert(kind),
                (None, _) => {}
            }
        }
        Ok((first.unwrap_or(Kind::Normal), reasons))
    }

    fn hit(&self, test: Test) -> Result<Option<Kind>, ScoreError> {
        let unpriced = match (self.case.group, self.row.and_then(GroupWeight::usable)) {
            (None, _) => None,
            (Some(_), None) => Some(Kind::Unstable),
            (Some(_), Some(weight)) => (weight == Exact::ZERO).then_some(Kind::ZeroScore),
        };
        Ok(match (test, &self.priced) {
            (Test::Days, _) => self.stay_is_excluded()?.then_some(Kind::OutOfScope),
            (Test::Ungrouped, _) => self.case.group.is_none().then_some(Kind::Ungrouped),
            (Test::Unpriced, _) => unpriced,
            (Test::Outlier, None) => None,
            (Test::Outlier, Some(priced)) => priced.outlier_kind(&self.rules.outlier, self.case.cost)?,
        })
    }

    fn stay_is_excluded(&self) -> Result<bool, ScoreError> {
        let stay = self.case.los_days.ok_or(ScoreError::NoStay)?;
        Ok(self.rules.days.iter().any(|(edge, days)| match edge {
            DaysEdge::Below => stay < *days,
            DaysEdge::AtOrBelow => stay <= *days,
            DaysEdge::Above => stay > *days,
            DaysEdge::AtOrAbove => stay >= *days,
        }))
    }

    fn pay(&self, kind: Kind) -> Result<Pay, ScoreError> {
        let by_mean = || self.cost_in_points(self.mean_per_point()?);
        let rule = &self.rules.outlier;
        match (kind, &self.priced) {
            (Kind::OutOfScope, _) => Ok(Pay::ByItem),
            (Kind::ZeroScore, _) => self.pay_zero_score(),
            (Kind::Ungrouped, _) => self.pay_ungrouped(),
            (Kind::Low, Some(priced)) => priced.low(rule, self.case.cost, by_mean),
            (Kind::High, Some(priced)) => priced.high(rule, self.case.cost, by_mean),
            (Kind::Extreme, Some(priced)) => priced.extreme(rule),
            (_, Some(priced)) => Ok(Pay::Points(priced.normal()?)),
            (_, None) => match self.rules.unstable_pay {
                UnstablePay::ByItem => Ok(Pay::ByItem),
                UnstablePay::CostRatio => by_mean().map(Pay::Points),
            },
        }
    }

    fn pay_zero_score(&self) -> Result<Pay, ScoreError> {
        match self.rules.zero_pay {
            ZeroPay::Actual => Ok(Pay::Actual),
            ZeroPay::Zero => Ok(Pay::Points(Exact::ZERO)),
            ZeroPay::Error => Err(ScoreError::ZeroScore),
        }
    }

    /// Without a group there are no base points, but points ÷ base is the same for every group:
    /// one over the cost of a point.
    fn pay_ungrouped(&self) -> Result<Pay, ScoreError> {
        let (factor, base) = match self.rules.ungrouped {
            Ungrouped::ByItem => return Ok(Pay::ByItem),
            Ungrouped::Actual => return Ok(Pay::Actual),
            Ungrouped::Zero => return Ok(Pay::Points(Exact::ZERO)),
            Ungrouped::Ratio(factor, base) => (factor, base),
        };
        let per_point = match base {
            Base::Standard => self.point_price()?,
            Base::GroupMean => self.mean_per_point()?,
            Base::MeanPrice(price) => price,
        };
        Ok(Pay::Points(self.cost_in_points(per_point)?.mul(factor)?))
    }

    fn cost_in_points(&self, fen_per_point: Exact) -> Result<Exact, ScoreError> {
        Ok(self.case.cost.exact().div(fen_per_point)?)
    }

    /// The region's mean cost, per point.
    fn mean_per_point(&self) -> Result<Exact, ScoreError> {
        let mean = self.weights.city_mean().ok_or(ScoreError::NoCityMean)?;
        Ok(mean.exact().div(self.rules.scale)?)
    }

    /// The fixed rate of the case's pool and level, per point.
    fn point_price(&self) -> Result<Exact, ScoreError> {
        let (pool, level) = (self.case.pool, self.case.level);
        let no_rate = |key: String| ScoreError::NoRate { key };
        let rate = match &self.rules.rates {
            None => return Err(no_rate("price.rate".to_owned())),
            Some(Rates::One(rate)) => rate,
            Some(Rates::ByPool(pools)) => match pools.get(pool) {
                None => return Err(no_rate(format!("price.rate.{pool}"))),
                Some(PoolRates::One(rate)) => rate,
                Some(PoolRates::ByLevel(levels)) => levels
                    .get(&level)
                    .ok_or_else(|| no_rate(format!("price.rate.{pool}.{level}")))?,
            },
        };
        Ok(rate.div(self.rules.scale)?)
    }

    /// Rounds the points, once; a fixed rate makes them a standard at the same time.
    fn finish(&self, pay: Pay) -> Result<(Option<Points>, Payment), ScoreError> {
        let points = match pay {
            Pay::ByItem => return Ok((None, Payment::ByItem)),
            Pay::Actual => return Ok((None, Payment::Amount(self.case.cost))),
            Pay::Points(exact) => exact.points_half_away(self.rules.points_decimals)?,
        };
        let payment = match self.rules.rates {
            None => Payment::Points(points),
            Some(_) => Payment::Standard(points.exact()?.mul(self.point_price()?)?),
        };
        Ok((Some(points), payment))
    }
}
