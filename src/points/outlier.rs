//! Outliers (低倍率、高倍率、极高倍率): when a cost is one, and what points it then has.
//!
//! A cost is never divided to be compared: `cost OP threshold × base`, so a ratio that would
//! print as 0.5000 but lies above a half is above it.

use super::Kind;
use super::file::{ExtremePay, HighPay, LowPay, LowRule};
use super::rules_outlier::{High, Outlier};
use super::score::{Pay, ScoreError};
use crate::units::{Exact, Fen, Overflow};

/// A case of a group with a weight: what thresholds and formulas read.
pub(super) struct Priced {
    /// Weight without the catalogue's factor.
    pub(super) weight: Exact,
    /// Weight × scale.
    pub(super) base_points: Exact,
    pub(super) coefficient: Exact,
    /// Auxiliary coefficient; one without a label.
    pub(super) auxiliary: Exact,
    /// Fen; none where the cost is held against nothing.
    pub(super) outlier_base: Option<Exact>,
}

impl Priced {
    /// Low, high, extreme, or nothing of the kind; `dearest` says whether a percentile takes it.
    pub(super) fn outlier_kind(
        &self,
        rule: &Outlier,
        cost: Fen,
        dearest: bool,
    ) -> Result<Option<Kind>, Overflow> {
        if self.outlier_base.is_none() {
            return Ok(None);
        }
        if let Some((x, _)) = rule.extreme
            && self.above(cost, x, rule.edge.extreme_owns_limit)?
        {
            return Ok(Some(Kind::Extreme));
        }
        let high = match rule.high {
            High::Top(_) => dearest,
            _ => self.above(cost, self.high_threshold(rule)?, rule.edge.high_owns_limit)?,
        };
        if high {
            return Ok(Some(Kind::High));
        }
        let low = self.low_threshold(rule)?;
        // below a limit that is not owned = not (above or at it)
        if !self.above(cost, low, !rule.edge.low_owns_limit)? {
            return Ok(Some(Kind::Low));
        }
        Ok(None)
    }

    /// The threshold that makes an outlier of this kind; none where a percentile does.
    pub(super) fn threshold_of(&self, rule: &Outlier, kind: Kind) -> Result<Option<Exact>, Overflow> {
        match (kind, &rule.high) {
            (Kind::Low, _) => self.low_threshold(rule).map(Some),
            (Kind::High, High::Top(_)) => Ok(None),
            (Kind::High, _) => self.high_threshold(rule).map(Some),
            (Kind::Extreme, _) => Ok(rule.extreme.map(|(threshold, _)| threshold)),
            _ => Ok(None),
        }
    }

    fn above(&self, cost: Fen, threshold: Exact, or_at: bool) -> Result<bool, Overflow> {
        let base = self.outlier_base.unwrap_or(Exact::ZERO);
        let order = cost.exact().compare(threshold.mul(base)?);
        Ok(order.is_gt() || (or_at && order.is_eq()))
    }

    fn low_threshold(&self, rule: &Outlier) -> Result<Exact, Overflow> {
        match rule.low_rule {
            LowRule::Flat => Ok(rule.low),
            LowRule::MinOneCoef => rule.low.mul(Exact::ONE.min(self.coefficient)),
        }
    }

    fn high_threshold(&self, rule: &Outlier) -> Result<Exact, Overflow> {
        let (by_weight, limit_is_inside, bands) = match &rule.high {
            High::Flat(k) => return Ok(*k),
            // a pack with a percentile pays by no formula that reads a threshold
            High::Top(_) => return Ok(Exact::ONE),
            High::Bands {
                by_weight,
                limit_is_inside,
                bands,
            } => (*by_weight, *limit_is_inside, bands),
        };
        let value = if by_weight { self.weight } else { self.base_points };
        for (limit, threshold) in bands {
            let inside = match limit {
                None => true,
                Some(limit) => {
                    let order = value.compare(*limit);
                    order.is_lt() || (limit_is_inside && order.is_eq())
                }
            };
            if inside {
                return Ok(*threshold);
            }
        }
        // the last band is without limit, so this is not reached; an error keeps it honest
        Err(Overflow)
    }

    /// Points of a normal case (正常病例点数): base points times coefficients.
    pub(super) fn normal(&self) -> Result<Exact, Overflow> {
        self.standard()?.mul(self.auxiliary)
    }

    /// Base points times the hospital's coefficient.
    fn standard(&self) -> Result<Exact, Overflow> {
        self.base_points.mul(self.coefficient)
    }

    /// The auxiliary coefficient of an outlier.
    fn on_outliers(&self, rule: &Outlier) -> Exact {
        if rule.aux_on { self.auxiliary } else { Exact::ONE }
    }

    /// Base points × cost ÷ outlier base. The product is taken before anything is added: the
    /// base usually contains the base points, so the fraction stays small.
    fn points_by_cost(&self, cost: Fen) -> Result<Exact, Overflow> {
        self.base_points
            .mul(cost.exact().div(self.outlier_base.unwrap_or(Exact::ZERO))?)
    }

    /// What a low multiple is paid (低倍率支付).
    pub(super) fn low(
        &self,
        rule: &Outlier,
        cost: Fen,
        by_mean: impl Fn() -> Result<Exact, ScoreError>,
        at_price: impl Fn() -> Result<Exact, ScoreError>,
    ) -> Result<Pay, ScoreError> {
        Ok(match rule.low_pay {
            LowPay::Actual => Pay::Actual,
            LowPay::ByItem => Pay::ByItem,
            LowPay::CostXControl => Pay::Points(by_mean()?),
            LowPay::CostAtPrice => Pay::Points(at_price()?),
            LowPay::BaseXRatio => {
                let points = self.base_points.min(self.points_by_cost(cost)?);
                let factor = if rule.low_coef {
                    self.coefficient
                } else {
                    Exact::ONE
                };
                Pay::Points(points.mul(factor)?.mul(self.on_outliers(rule))?)
            }
        })
    }

    /// What a high multiple is paid (高倍率支付).
    pub(super) fn high(
        &self,
        rule: &Outlier,
        cost: Fen,
        by_mean: impl Fn() -> Result<Exact, ScoreError>,
    ) -> Result<Pay, ScoreError> {
        let k = self.high_threshold(rule)?;
        let c = self.coefficient;
        let points = match rule.high_pay {
            HighPay::ByItem => return Ok(Pay::ByItem),
            HighPay::Standard | HighPay::Review => return Ok(Pay::Points(self.normal()?)),
            HighPay::Cap => return Ok(Pay::Points(self.standard()?.mul(k)?)),
            // b·(r − K + 1)·c
            HighPay::ExcessCoef => {
                let rest = self.base_points.mul(Exact::ONE.sub(k)?)?;
                self.points_by_cost(cost)?.add(rest)?.mul(c)?
            }
            // b·(r − K + c)
            HighPay::ExcessPlain => {
                let rest = self.base_points.mul(c.sub(k)?)?;
                self.points_by_cost(cost)?.add(rest)?
            }
            // cost in points, less (K − 1) times the standard points
            HighPay::Deduct => {
                let deducted = self.standard()?.mul(k.sub(Exact::ONE)?)?;
                return Ok(Pay::Points(by_mean()?.sub(deducted)?));
            }
        };
        Ok(Pay::Points(points.mul(self.on_outliers(rule))?))
    }

    /// What an extreme multiple is paid (极高倍率支付).
    pub(super) fn extreme(&self, rule: &Outlier) -> Result<Pay, ScoreError> {
        Ok(match rule.extreme {
            Some((_, ExtremePay::ByItem)) => Pay::ByItem,
            _ => Pay::Points(self.standard()?.mul(self.on_outliers(rule))?),
        })
    }
}
