//! Which stays of a group are left out of its mean (裁剪): rules by name, bounds inclusive.
//!
//! A trimmed stay is left out of calibration only; it is paid like any other.

use std::fmt;
use std::str::FromStr;

use super::statistics::{Deviation, Quantile, Spread, Value, quantile};
use super::stays::{Sample, Stay};
use crate::diagnostics::suggestion;

/// A rule of trimming (裁剪规则), one word for one rule: `iqr:1.5 on ln_cost`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trim {
    /// All are kept.
    None,
    /// Within `k` interquartile ranges of the quartiles (四分位距法).
    Iqr {
        /// How many.
        k: f64,
        /// Of costs or of their logarithms.
        on: Scale,
    },
    /// Between two percentiles (百分位法).
    Percentile {
        /// From 0 to 1.
        low: f64,
        /// From 0 to 1.
        high: f64,
        /// How they are found.
        by: Quantile,
    },
    /// Between two multiples of the group's mean (倍数法).
    Multiple {
        /// Times the mean.
        low: f64,
        /// Times the mean.
        high: f64,
        /// The mean is taken again of those that are left, so often.
        passes: u8,
    },
    /// Within `k` standard deviations of the mean of logarithms, ddof 1 (对数标准差法).
    LogSd {
        /// How many.
        k: f64,
        /// Whether the cost a day must pass too.
        per_day: bool,
    },
    /// By length of stay, a third to three times the mean (住院日法).
    ThirdToTriple,
    /// By length of stay, a third of the mean to the mean and two standard deviations, ddof 1.
    ThirdToTwoSd,
}

/// What quartiles are taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Costs.
    Cost,
    /// Their natural logarithms.
    LnCost,
}

/// Forms a rule may have, for messages.
const FORMS: &str = "none, iqr:1.5, iqr:1.5 on ln_cost, pct:1,99, mult:0.3,3, mult:0.3,3 passes 2, logsd:3, \
logsd:3 on cost_and_cost_per_day, los:l3h3 or los:mean3_2sd";

/// Names of the rules.
const NAMES: [&str; 6] = ["none", "iqr", "pct", "mult", "logsd", "los"];

impl FromStr for Trim {
    type Err = String;

    fn from_str(text: &str) -> Result<Trim, String> {
        let mut words = text.split_whitespace();
        let (name, numbers) = match words.next() {
            Some(first) => first.split_once(':').unwrap_or((first, "")),
            None => ("", ""),
        };
        let rest: Vec<&str> = words.collect();
        if !NAMES.contains(&name) {
            let hint = suggestion(name, NAMES);
            return Err(format!("`{name}` is no rule of trimming; expected {FORMS}{hint}"));
        }
        let trim = match name {
            "none" if numbers.is_empty() => rest.is_empty().then_some(Trim::None),
            "iqr" => one(numbers).and_then(|k| Trim::iqr(k, &rest)),
            "pct" => two(numbers).and_then(|pair| Trim::percentile(pair, &rest)),
            "mult" => two(numbers).and_then(|pair| Trim::multiple(pair, &rest)),
            "logsd" => one(numbers).and_then(|k| Trim::log_sd(k, &rest)),
            "los" if rest.is_empty() => match numbers {
                "l3h3" => Some(Trim::ThirdToTriple),
                "mean3_2sd" => Some(Trim::ThirdToTwoSd),
                _ => None,
            },
            _ => None,
        };
        trim.ok_or_else(|| format!("`{text}` is no rule of trimming; expected {FORMS}"))
    }
}

/// A plain decimal of zero or more.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (plain && text.len() < 16).then(|| text.parse().ok()).flatten()
}

fn one(text: &str) -> Option<f64> {
    number(text).filter(|k| *k > 0.0)
}

fn two(text: &str) -> Option<(f64, f64)> {
    let (low, high) = text.split_once(',')?;
    let pair = (number(low)?, number(high)?);
    (pair.0 < pair.1).then_some(pair)
}

impl Trim {
    fn iqr(k: f64, rest: &[&str]) -> Option<Trim> {
        let on = match rest {
            [] | ["on", "cost"] => Scale::Cost,
            ["on", "ln_cost"] => Scale::LnCost,
            _ => return None,
        };
        Some(Trim::Iqr { k, on })
    }

    fn percentile((low, high): (f64, f64), rest: &[&str]) -> Option<Trim> {
        let (low, high) = (low / 100.0, high / 100.0);
        let by = Quantile::Linear;
        (rest.is_empty() && high <= 1.0).then_some(Trim::Percentile { low, high, by })
    }

    fn multiple((low, high): (f64, f64), rest: &[&str]) -> Option<Trim> {
        let passes = match rest {
            [] | ["passes", "1"] => 1,
            ["passes", "2"] => 2,
            _ => return None,
        };
        Some(Trim::Multiple { low, high, passes })
    }

    fn log_sd(k: f64, rest: &[&str]) -> Option<Trim> {
        let per_day = match rest {
            [] | ["on", "cost"] => false,
            ["on", "cost_and_cost_per_day"] => true,
            _ => return None,
        };
        Some(Trim::LogSd { k, per_day })
    }

    /// Whether lengths of stay decide too.
    pub const fn asks_for_stay(self) -> bool {
        matches!(
            self,
            Trim::LogSd { per_day: true, .. } | Trim::ThirdToTriple | Trim::ThirdToTwoSd
        )
    }

    /// The stays that are left of each group of at least `min_cases` (裁剪后样本).
    #[must_use]
    pub fn keep(self, sample: &Sample, min_cases: u64) -> Sample {
        sample.marked(&self.marks(sample, min_cases))
    }

    /// Whether each stay is left.
    pub(super) fn marks(self, sample: &Sample, min_cases: u64) -> Vec<bool> {
        sample.marks(|group| {
            let small = (group.len() as u64) < min_cases;
            let bounds = if small { Bounds::OPEN } else { self.bounds(group) };
            move |stay| bounds.keep(stay)
        })
    }

    /// The bounds of a group, its stays by cost.
    fn bounds(self, group: &[Stay]) -> Bounds {
        let days = || group.iter().filter_map(Stay::days);
        match self {
            Trim::Iqr { k, on: Scale::LnCost } => {
                let logs: Vec<f64> = group.iter().map(|stay| stay.yuan().ln()).collect();
                Bounds::of_logs(around_quartiles(&logs, k))
            }
            Trim::LogSd { k, per_day } => {
                let around = |values: Vec<f64>| around_mean(&values, k);
                let logs = group.iter().map(|stay| stay.yuan().ln()).collect();
                let daily = group.iter().filter_map(daily_log).collect();
                Bounds {
                    per_day: per_day.then(|| around(daily)).flatten(),
                    ..Bounds::of_logs(around(logs))
                }
            }
            Trim::ThirdToTriple => {
                let mean = Spread::of(days()).mean;
                Bounds::of_days((mean / 3.0, mean * 3.0))
            }
            Trim::ThirdToTwoSd => {
                let spread = Spread::of(days());
                let high = spread
                    .deviation(Deviation::Sample)
                    .map(|sd| spread.mean + 2.0 * sd);
                // of one stay there is no deviation: it is kept
                Bounds::of_days((spread.mean / 3.0, high.unwrap_or(f64::INFINITY)))
            }
            _ => {
                let costs: Vec<i64> = group.iter().map(|stay| stay.cost).collect();
                Bounds {
                    cost: self.cost_limits(&costs),
                    ..Bounds::OPEN
                }
            }
        }
    }

    /// The least and the largest cost that is kept, in fen, of costs in ascending order (裁剪界限); nothing
    /// if there is none, or if the rule looks at other things than costs.
    pub fn cost_limits(self, sorted: &[i64]) -> Option<(f64, f64)> {
        match self {
            Trim::Iqr { k, on: Scale::Cost } => around_quartiles(sorted, k),
            Trim::Percentile { low, high, by } => {
                Some((quantile(sorted, low, by)?, quantile(sorted, high, by)?))
            }
            Trim::Multiple { low, high, passes } => {
                let mut limits: Option<(f64, f64)> = None;
                for _ in 0..passes {
                    let kept = sorted.iter().filter(|cost| is_within(cost.value(), limits));
                    let mean = Spread::of(kept.map(|cost| cost.value())).mean;
                    // what an earlier pass left out stays out
                    let (lowest, highest) = limits.unwrap_or((0.0, f64::INFINITY));
                    limits = Some((lowest.max(low * mean), highest.min(high * mean)));
                }
                limits
            }
            _ => None,
        }
    }
}

/// Whether a value is kept.
pub fn is_within(value: f64, limits: Option<(f64, f64)>) -> bool {
    limits.is_none_or(|(low, high)| (low..=high).contains(&value))
}

fn around_quartiles<T: Value>(sorted: &[T], k: f64) -> Option<(f64, f64)> {
    let first = quantile(sorted, 0.25, Quantile::Linear)?;
    let third = quantile(sorted, 0.75, Quantile::Linear)?;
    let range = third - first;
    Some((first - k * range, third + k * range))
}

/// Of a single value there is no deviation: nothing bounds it.
fn around_mean(values: &[f64], k: f64) -> Option<(f64, f64)> {
    let spread = Spread::of(values.iter().copied());
    let sd = spread.deviation(Deviation::Sample).ok()?;
    Some((spread.mean - k * sd, spread.mean + k * sd))
}

/// Logarithm of the cost a day; nothing for a stay of unknown length or of no day.
fn daily_log(stay: &Stay) -> Option<f64> {
    let days = stay.days().filter(|days| *days > 0.0)?;
    Some((stay.yuan() / days).ln())
}

/// What a stay must pass; what is not bounded passes.
#[derive(Clone, Copy)]
struct Bounds {
    cost: Option<(f64, f64)>,
    log: Option<(f64, f64)>,
    per_day: Option<(f64, f64)>,
    days: Option<(f64, f64)>,
}

impl Bounds {
    const OPEN: Bounds = Bounds {
        cost: None,
        log: None,
        per_day: None,
        days: None,
    };

    fn of_logs(log: Option<(f64, f64)>) -> Bounds {
        Bounds { log, ..Bounds::OPEN }
    }

    fn of_days(days: (f64, f64)) -> Bounds {
        Bounds {
            days: Some(days),
            ..Bounds::OPEN
        }
    }

    /// A stay of unknown length passes what asks for its length.
    fn keep(&self, stay: &Stay) -> bool {
        is_within(stay.cost.value(), self.cost)
            && (self.log.is_none() || is_within(stay.yuan().ln(), self.log))
            && (self.per_day.is_none() || daily_log(stay).is_none_or(|log| is_within(log, self.per_day)))
            && (self.days.is_none() || stay.days().is_none_or(|days| is_within(days, self.days)))
    }
}

impl fmt::Display for Trim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trim::None => f.write_str("none"),
            Trim::Iqr { k, on: Scale::Cost } => write!(f, "iqr:{k}"),
            Trim::Iqr { k, .. } => write!(f, "iqr:{k} on ln_cost"),
            Trim::Percentile { low, high, .. } => write!(f, "pct:{},{}", per_cent(*low), per_cent(*high)),
            Trim::Multiple { low, high, passes: 1 } => write!(f, "mult:{low},{high}"),
            Trim::Multiple { low, high, passes } => write!(f, "mult:{low},{high} passes {passes}"),
            Trim::LogSd { k, per_day: false } => write!(f, "logsd:{k}"),
            Trim::LogSd { k, .. } => write!(f, "logsd:{k} on cost_and_cost_per_day"),
            Trim::ThirdToTriple => f.write_str("los:l3h3"),
            Trim::ThirdToTwoSd => f.write_str("los:mean3_2sd"),
        }
    }
}

/// A share as it was written in per cent, without what binary fractions add.
fn per_cent(share: f64) -> f64 {
    (share * 1e11).round() / 1e9
}

impl<'de> serde::Deserialize<'de> for Trim {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Trim, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
