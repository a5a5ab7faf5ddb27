//! What if one level behaves so, or all others do (行为压力测试): the point value and everybody's pay over
//! a response, and what each level has of it.

use std::sync::Arc;

use super::document::{KeyPath, Leaf};
use super::engine::Engine;
use super::metrics::Metric;
use super::outcome::{Outcome, float};
use super::resolve::{Resolved, Whole};
use super::study::Stress;
use crate::codes::HospitalLevel;
use crate::diagnostics::Result;
use crate::units::Fen;

/// One metric while one level behaves so (压力测试行).
#[derive(Clone, Debug, PartialEq)]
pub struct StressRow {
    /// The level.
    pub level: HospitalLevel,
    /// How much, as written.
    pub value: String,
    /// A metric, or `pay.level.3`.
    pub metric: String,
    /// Its unit.
    pub unit: &'static str,
    /// In the reform as it stands.
    pub base: Option<f64>,
    /// While the level behaves so.
    pub reached: Option<f64>,
}

/// What a level is paid by what it and the others do (收益矩阵), in fen.
#[derive(Clone, Debug, PartialEq)]
pub struct PayOff {
    /// The level.
    pub level: HospitalLevel,
    /// How much, as written: the last value.
    pub value: String,
    /// Nobody does.
    pub nobody: Fen,
    /// The others do.
    pub others: Fen,
    /// The level does.
    pub own: Fen,
    /// All do.
    pub all: Fen,
}

/// Both tables of a stress test (压力测试结果).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stressed {
    /// Level by level, value by value.
    pub rows: Vec<StressRow>,
    /// The matrix.
    pub pay_offs: Vec<PayOff>,
}

const LEVELS: [HospitalLevel; 3] = [HospitalLevel::One, HospitalLevel::Two, HospitalLevel::Three];

/// Runs the stress test of a scenario (运行压力测试).
///
/// # Errors
/// As [`Engine::run`].
pub fn stress(engine: &mut Engine<'_>, resolved: &Resolved, reform: &Outcome) -> Result<Stressed> {
    let Some(asked) = &resolved.study.stress else {
        return Ok(Stressed::default());
    };
    let here = |level: &HospitalLevel| reform.hospitals.iter().any(|hospital| hospital.level == *level);
    let levels: Vec<HospitalLevel> = LEVELS.into_iter().filter(here).collect();
    let mut found = Stressed::default();
    for level in &levels {
        for leaf in &asked.values {
            let outcome = run(engine, resolved, asked, leaf, |of| of == *level, &levels)?;
            found
                .rows
                .extend(rows(reform, &outcome, (*level, &text(leaf)), &levels));
        }
    }
    if let Some(last) = asked.values.last() {
        let mut pay = |level: HospitalLevel, who: &dyn Fn(HospitalLevel) -> bool| -> Result<Fen> {
            let outcome = run(engine, resolved, asked, last, who, &levels)?;
            Ok(due(&outcome, level))
        };
        for level in &levels {
            found.pay_offs.push(PayOff {
                level: *level,
                value: text(last),
                nobody: due(reform, *level),
                others: pay(*level, &|of| of != *level)?,
                own: pay(*level, &|of| of == *level)?,
                all: pay(*level, &|_| true)?,
            });
        }
    }
    Ok(found)
}

fn text(leaf: &Leaf) -> String {
    leaf.value.as_str().map_or_else(|| leaf.text(), str::to_owned)
}

/// The reform while some levels behave so.
fn run(
    engine: &mut Engine<'_>,
    resolved: &Resolved,
    asked: &Stress,
    leaf: &Leaf,
    who: impl Fn(HospitalLevel) -> bool,
    levels: &[HospitalLevel],
) -> Result<Arc<Outcome>> {
    let mut whole: Whole = resolved.reform.clone();
    for level in levels.iter().filter(|level| who(**level)) {
        let path = KeyPath::new(["behaviour", &asked.response, "level", level.as_str()]);
        whole.document.set(path, leaf.clone());
    }
    engine.outcome("stress", &whole)
}

fn due(outcome: &Outcome, level: HospitalLevel) -> Fen {
    let of_level = outcome
        .hospitals
        .iter()
        .filter(|hospital| hospital.level == level);
    of_level.map(|hospital| hospital.due).sum()
}

fn rows(
    base: &Outcome,
    outcome: &Outcome,
    (level, value): (HospitalLevel, &str),
    levels: &[HospitalLevel],
) -> Vec<StressRow> {
    let row = |metric: String, unit, base, reached| StressRow {
        level,
        value: value.to_owned(),
        metric,
        unit,
        base,
        reached,
    };
    let prices = Metric::usual(base)
        .into_iter()
        .filter(|metric| matches!(metric, Metric::PointValue(_) | Metric::K(_)));
    let prices = prices.map(|metric| {
        let values = (metric.of(base), metric.of(outcome));
        row(metric.name(base), metric.unit(), values.0, values.1)
    });
    let pays = levels.iter().map(|of| {
        let yuan = |outcome| Some(float(due(outcome, *of)) / 100.0);
        row(
            format!("pay.level.{}", of.as_str()),
            "yuan",
            yuan(base),
            yuan(outcome),
        )
    });
    prices.chain(pays).collect()
}
