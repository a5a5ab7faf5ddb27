//! What a run is measured by (指标): a name, a unit, a value.

use super::outcome::{Outcome, float};
use super::statistics::gini;
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Place, Result, Words, suggestion};
use crate::units::Fen;

/// What is measured (指标).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Yuan per point of a pool.
    PointValue(usize),
    /// Factor of scaling of a pool.
    K(usize),
    /// What all pools owe, or one hospital is owed, in yuan.
    Pay(Option<usize>),
    /// What hospitals, or one, keep or carry, in yuan.
    Margin(Option<usize>),
    /// Points of all.
    Points,
    /// What stays in the pools, in yuan.
    FundBalance,
    /// Lowest of the levels' margins over cost.
    WorstLevelMargin,
    /// Share of the dues that goes to cases above the high limit.
    HighMoneyShare,
    /// Gini of pay over cost, every hospital alike.
    Gini,
}

/// Why a metric has no value (无值原因): a stable code and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDefined {
    /// The code.
    pub code: &'static str,
    /// In words.
    pub words: Words,
}

const fn not_defined(code: &'static str, en: &'static str, zh: &'static str) -> NotDefined {
    NotDefined {
        code,
        words: Words { en, zh },
    }
}

const NO_POINTS: NotDefined = not_defined(
    "no_points",
    "no case shares the pool by points",
    "没有按点数分配基金的病例",
);
const NO_FLOATING_PRICE: NotDefined = not_defined(
    "no_floating_price",
    "the price of a point does not float in this pool",
    "该基金池点值不浮动",
);
const NOT_SCALED: NotDefined = not_defined(
    "not_scaled",
    "the standards of this pool are not scaled",
    "该基金池支付标准不折算",
);
const NO_COST: NotDefined = not_defined("no_cost", "there is no case with a cost", "没有有费用的病例");
const NO_PAY: NotDefined = not_defined("no_pay", "the funds pay nothing", "基金无应付");

const PLAIN: [&str; 9] = [
    "point_value",
    "k",
    "pay",
    "margin",
    "points",
    "fund_balance",
    "worst_level_margin",
    "high_money_share",
    "gini",
];

impl Metric {
    /// Reads a name such as `point_value`, `point_value.resident`, `pay.H1` (读取指标).
    ///
    /// # Errors
    /// No such metric, pool or hospital, with the nearest; a pool is needed and none is named.
    pub fn parse(name: &str, outcome: &Outcome, place: &Place) -> Result<Metric> {
        let wrong = |message: String| Error::at(place.clone(), message);
        let (word, part) = name
            .split_once('.')
            .map_or((name, None), |(word, part)| (word, Some(part)));
        let pool = || match (part, outcome.pools.as_slice()) {
            (None, [_]) => Ok(0),
            (None, pools) => {
                let names: Vec<String> = pools
                    .iter()
                    .map(|pool| format!("`{word}.{}`", pool.pool))
                    .collect();
                Err(wrong(format!(
                    "`{word}` is measured in each pool; expected one of {}",
                    names.join(", ")
                )))
            }
            (Some(part), pools) => pools.iter().position(|pool| pool.pool == part).ok_or_else(|| {
                wrong(format!(
                    "there is no pool `{part}`{}",
                    suggestion(part, pools.iter().map(|pool| pool.pool.as_str()))
                ))
            }),
        };
        let hospital = || match part {
            None => Ok(None),
            Some(part) => outcome
                .hospitals
                .iter()
                .position(|hospital| hospital.code == part)
                .map(Some)
                .ok_or_else(|| {
                    let known = outcome.hospitals.iter().map(|hospital| hospital.code.as_str());
                    wrong(format!(
                        "there is no hospital `{part}`{}",
                        suggestion(part, known)
                    ))
                }),
        };
        match word {
            "point_value" => pool().map(Metric::PointValue),
            "k" => pool().map(Metric::K),
            "pay" => hospital().map(Metric::Pay),
            "margin" => hospital().map(Metric::Margin),
            "points" if part.is_none() => Ok(Metric::Points),
            "fund_balance" if part.is_none() => Ok(Metric::FundBalance),
            "worst_level_margin" if part.is_none() => Ok(Metric::WorstLevelMargin),
            "high_money_share" if part.is_none() => Ok(Metric::HighMoneyShare),
            "gini" if part.is_none() => Ok(Metric::Gini),
            _ => Err(wrong(format!(
                "there is no metric `{name}`{}",
                suggestion(word, PLAIN)
            ))),
        }
    }

    /// The metrics every run is measured by: the point value or factor of each pool, pay, margin,
    /// points, balance, the worst level's margin (常用指标).
    pub fn usual(outcome: &Outcome) -> Vec<Metric> {
        let pools =
            outcome
                .pools
                .iter()
                .enumerate()
                .filter_map(|(at, pool)| match (pool.point_value, pool.k) {
                    (Some(_), _) => Some(Metric::PointValue(at)),
                    (None, Some(_)) => Some(Metric::K(at)),
                    (None, None) => None,
                });
        let rest = [
            Metric::Pay(None),
            Metric::Margin(None),
            Metric::Points,
            Metric::FundBalance,
            Metric::WorstLevelMargin,
        ];
        pools.chain(rest).collect()
    }

    /// What each run of a sweep is measured by: the usual metrics, the money of high multiples, how even
    /// pay is (扫描指标).
    pub fn of_sweeps(outcome: &Outcome) -> Vec<Metric> {
        let mut metrics = Metric::usual(outcome);
        metrics.extend([Metric::HighMoneyShare, Metric::Gini]);
        metrics
    }

    /// Its name in files.
    pub fn name(&self, outcome: &Outcome) -> String {
        let pool = |word: &str, at: &usize| match outcome.pools.as_slice() {
            [_] => word.to_owned(),
            pools => format!("{word}.{}", pools.get(*at).map_or("", |pool| &pool.pool)),
        };
        let hospital = |word: &str, at: &Option<usize>| match at.and_then(|at| outcome.hospitals.get(at)) {
            Some(hospital) => format!("{word}.{}", hospital.code),
            None => word.to_owned(),
        };
        match self {
            Metric::PointValue(at) => pool("point_value", at),
            Metric::K(at) => pool("k", at),
            Metric::Pay(at) => hospital("pay", at),
            Metric::Margin(at) => hospital("margin", at),
            Metric::Points => "points".to_owned(),
            Metric::FundBalance => "fund_balance".to_owned(),
            Metric::WorstLevelMargin => "worst_level_margin".to_owned(),
            Metric::HighMoneyShare => "high_money_share".to_owned(),
            Metric::Gini => "gini".to_owned(),
        }
    }

    /// Its unit in files.
    pub const fn unit(&self) -> &'static str {
        match self {
            Metric::PointValue(_) => "yuan/point",
            Metric::Pay(_) | Metric::Margin(_) | Metric::FundBalance => "yuan",
            Metric::Points => "points",
            Metric::K(_) | Metric::WorstLevelMargin | Metric::HighMoneyShare | Metric::Gini => "ratio",
        }
    }

    /// Why it has no value (无值原因); none where it has one.
    pub fn missing(&self, outcome: &Outcome) -> Option<NotDefined> {
        if self.of(outcome).is_some() {
            return None;
        }
        let has_points = |at: &usize| {
            let pool = outcome.pools.get(*at);
            pool.is_some_and(|pool| pool.points.units() != 0)
        };
        Some(match self {
            Metric::PointValue(at) if has_points(at) => NO_FLOATING_PRICE,
            Metric::PointValue(_) => NO_POINTS,
            Metric::K(_) => NOT_SCALED,
            Metric::HighMoneyShare => NO_PAY,
            _ => NO_COST,
        })
    }

    /// Its value; none where it is not defined.
    pub fn of(&self, outcome: &Outcome) -> Option<f64> {
        let yuan = |fen: Fen| float(fen) / 100.0;
        let dues = || outcome.hospitals.iter().map(|hospital| hospital.due).sum::<Fen>();
        let value = match self {
            Metric::PointValue(at) => outcome.pools.get(*at)?.value()?,
            Metric::K(at) => {
                let (num, den) = outcome.pools.get(*at)?.k?.parts();
                num as f64 / den as f64
            }
            Metric::Pay(None) => yuan(dues()),
            Metric::Pay(Some(at)) => yuan(outcome.hospitals.get(*at)?.due),
            Metric::Margin(None) => yuan(outcome.hospitals.iter().map(|hospital| hospital.margin()).sum()),
            Metric::Margin(Some(at)) => yuan(outcome.hospitals.get(*at)?.margin()),
            Metric::Points => {
                let units: i128 = outcome.pools.iter().map(|pool| pool.points.units()).sum();
                units as f64 / 1e12
            }
            Metric::FundBalance => yuan(outcome.pools.iter().map(super::outcome::PoolSum::balance).sum()),
            Metric::WorstLevelMargin => worst_level(outcome)?,
            Metric::HighMoneyShare => {
                float(outcome.hospitals.iter().map(|hospital| hospital.high_due).sum()) / float(dues())
            }
            Metric::Gini => {
                let ratios = outcome
                    .hospitals
                    .iter()
                    .filter_map(|hospital| Some((hospital.pay_to_cost()?, 1.0)));
                gini(&ratios.collect::<Vec<_>>())?
            }
        };
        value.is_finite().then_some(value)
    }
}

fn worst_level(outcome: &Outcome) -> Option<f64> {
    let levels = [HospitalLevel::One, HospitalLevel::Two, HospitalLevel::Three];
    let ratios = levels.into_iter().filter_map(|level| {
        let of = || {
            outcome
                .hospitals
                .iter()
                .filter(|hospital| hospital.level == level)
        };
        let cost: Fen = of().map(|hospital| hospital.cost).sum();
        let margin: Fen = of().map(|hospital| hospital.margin()).sum();
        (cost > Fen::ZERO).then(|| float(margin) / float(cost))
    });
    ratios.min_by(f64::total_cmp)
}
