//! One key or several moved through values (扫描): sweeps, tornado, heat map with the line of the
//! baseline's value, values that reach a target.

use std::sync::Arc;

use toml::Value;

use super::document::{KeyPath, Leaf};
use super::engine::Engine;
use super::levers::check;
use super::metrics::Metric;
use super::outcome::Outcome;
use super::resolve::{Resolved, Whole};
use super::study::{Heat, Swing, Target, decimal};
use crate::diagnostics::{Error, Place, Result};

/// Relative width of a bracket that is narrow enough (求根精度).
const NARROW: f64 = 1e-10;

/// Most halvings of a bracket.
const MOST_HALVINGS: u32 = 200;

/// Relative distance from a level that the rounding of budgets to the fen may make: a corner of the
/// grid so near it lies on the line.
const ON_THE_LINE: f64 = 1e-8;

/// Points at which a metric is looked at before it is halved.
const SAMPLES: u32 = 33;

/// One metric of one run of a sweep (扫描行).
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRow {
    /// Number of the run from 1.
    pub run: u64,
    /// Each key with its value.
    pub settings: Vec<(String, String)>,
    /// What is measured.
    pub metric: String,
    /// Its unit.
    pub unit: &'static str,
    /// The baseline's value.
    pub baseline: Option<f64>,
    /// The run's value.
    pub value: Option<f64>,
    /// Why it has none.
    pub missing: Option<&'static str>,
}

/// A key and what it moves (龙卷风行).
#[derive(Clone, Debug, PartialEq)]
pub struct TornadoRow {
    /// The key.
    pub key: String,
    /// Its values.
    pub values: (String, String),
    /// What is measured.
    pub metric: String,
    /// Its unit.
    pub unit: &'static str,
    /// With every key as it is in the reform.
    pub base: Option<f64>,
    /// At the low and at the high value.
    pub reached: (Option<f64>, Option<f64>),
}

impl TornadoRow {
    /// Distance between both.
    pub fn range(&self) -> Option<f64> {
        self.reached
            .0
            .zip(self.reached.1)
            .map(|(low, high)| (high - low).abs())
    }
}

/// A grid of one metric (热图).
#[derive(Clone, Debug, PartialEq)]
pub struct HeatGrid {
    /// The keys, across and up.
    pub keys: (String, String),
    /// What is measured.
    pub metric: String,
    /// Its value in the baseline.
    pub baseline: Option<f64>,
    /// Values across, as written and as numbers.
    pub x: Vec<(String, f64)>,
    /// Values up.
    pub y: Vec<(String, f64)>,
    /// Row by row, from the first value up.
    pub cells: Vec<Vec<Option<f64>>>,
    /// Where the metric is that of the baseline, on the edges of the grid.
    pub line: Vec<(f64, f64)>,
}

/// What a target came to (求解结果).
#[derive(Clone, Debug, PartialEq)]
pub struct Solved {
    /// The key.
    pub key: String,
    /// What is measured.
    pub metric: String,
    /// The value to be reached.
    pub target: Option<f64>,
    /// The key's value there, with its sign.
    pub solution: Option<String>,
    /// The metric there.
    pub reached: Option<f64>,
    /// `root`, `no_root_in_bracket` or `not_monotone`.
    pub status: &'static str,
}

fn with(whole: &Whole, settings: &[(&KeyPath, &Leaf)]) -> Whole {
    let mut whole = whole.clone();
    for (path, leaf) in settings {
        whole.document.set((*path).clone(), (*leaf).clone());
    }
    whole
}

fn shown(leaf: &Leaf) -> String {
    leaf.value.as_str().map_or_else(|| leaf.text(), str::to_owned)
}

/// Runs the product of all axes, the first one slowest (扫描).
///
/// # Errors
/// As [`Engine::run`], of any point.
pub fn sweep(engine: &mut Engine<'_>, resolved: &Resolved, base: &Outcome) -> Result<Vec<SweepRow>> {
    let axes = &resolved.study.sweep;
    let mut rows = Vec::new();
    if axes.is_empty() {
        return Ok(rows);
    }
    let runs: usize = axes.iter().map(|axis| axis.values.len()).product();
    for run in 0..runs {
        let mut rest = run;
        let mut settings = Vec::new();
        for axis in axes.iter().rev() {
            let at = rest % axis.values.len();
            rest /= axis.values.len();
            settings.extend(axis.values.get(at).map(|leaf| (&axis.path, leaf)));
        }
        settings.reverse();
        let outcome = engine.outcome("sweep", &with(&resolved.reform, &settings))?;
        let settings: Vec<(String, String)> = settings
            .iter()
            .map(|(path, leaf)| (path.to_string(), shown(leaf)))
            .collect();
        rows.extend(Metric::of_sweeps(base).into_iter().map(|metric| SweepRow {
            run: run as u64 + 1,
            settings: settings.clone(),
            metric: metric.name(base),
            unit: metric.unit(),
            baseline: metric.of(base),
            value: metric.of(&outcome),
            missing: metric.missing(&outcome).map(|why| why.code),
        }));
    }
    Ok(rows)
}

/// Each key at its low and high value, the others as they are; widest first, ties by key (龙卷风图).
///
/// # Errors
/// A metric that is none; as [`Engine::run`].
pub fn tornado(
    engine: &mut Engine<'_>,
    resolved: &Resolved,
    base: &Outcome,
    reform: &Outcome,
) -> Result<Vec<TornadoRow>> {
    let swings = &resolved.study.tornado;
    if swings.is_empty() {
        return Ok(Vec::new());
    }
    let place = resolved
        .reform
        .document
        .get(&["tornado_metric"])
        .map(|leaf| leaf.place.clone());
    let place = place.or_else(|| {
        resolved
            .reform
            .document
            .get(&["tornado"])
            .map(|leaf| leaf.place.clone())
    });
    let metrics = match resolved.study.tornado_metric.as_str() {
        "" => Metric::usual(base)
            .into_iter()
            .filter(|metric| {
                matches!(
                    metric,
                    Metric::PointValue(_) | Metric::K(_) | Metric::FundBalance | Metric::WorstLevelMargin
                )
            })
            .collect(),
        name => vec![Metric::parse(name, base, &place.unwrap_or_else(nowhere))?],
    };
    let mut ends = Vec::new();
    for swing in swings {
        ends.push((
            swing,
            at(engine, resolved, swing, &swing.low)?,
            at(engine, resolved, swing, &swing.high)?,
        ));
    }
    let mut rows = Vec::new();
    for metric in metrics {
        let mut of: Vec<TornadoRow> = ends
            .iter()
            .map(|(swing, low, high)| TornadoRow {
                key: swing.path.to_string(),
                values: (shown(&swing.low), shown(&swing.high)),
                metric: metric.name(base),
                unit: metric.unit(),
                base: metric.of(reform),
                reached: (metric.of(low), metric.of(high)),
            })
            .collect();
        of.sort_by(|a, b| {
            let range = |row: &TornadoRow| row.range().unwrap_or(-1.0);
            range(b).total_cmp(&range(a)).then_with(|| a.key.cmp(&b.key))
        });
        rows.extend(of);
    }
    Ok(rows)
}

fn at(engine: &mut Engine<'_>, resolved: &Resolved, swing: &Swing, leaf: &Leaf) -> Result<Arc<Outcome>> {
    engine.outcome("tornado", &with(&resolved.reform, &[(&swing.path, leaf)]))
}

fn nowhere() -> Place {
    Place::file(std::path::Path::new("scenario"))
}

/// The heat map with its line (双参数热图).
///
/// # Errors
/// A metric that is none, a value that is no number; as [`Engine::run`].
pub fn heat_map(engine: &mut Engine<'_>, resolved: &Resolved, base: &Outcome) -> Result<Option<HeatGrid>> {
    let Some(heat) = &resolved.study.heat else {
        return Ok(None);
    };
    let metric = Metric::parse(&heat.metric, base, &heat.place)?;
    let mut cells = Vec::new();
    for up in &heat.y.values {
        let mut row = Vec::new();
        for across in &heat.x.values {
            let settings = [(&heat.x.path, across), (&heat.y.path, up)];
            let outcome = engine.outcome("heatmap", &with(&resolved.reform, &settings))?;
            row.push(metric.of(&outcome));
        }
        cells.push(row);
    }
    let (x, y) = (numbers(heat, &heat.x.values)?, numbers(heat, &heat.y.values)?);
    let baseline = metric.of(base);
    let line = baseline.map_or_else(Vec::new, |level| level_line(&x, &y, &cells, level));
    Ok(Some(HeatGrid {
        keys: (heat.x.path.to_string(), heat.y.path.to_string()),
        metric: metric.name(base),
        baseline,
        x,
        y,
        cells,
        line,
    }))
}

fn numbers(heat: &Heat, values: &[Leaf]) -> Result<Vec<(String, f64)>> {
    let number = |leaf: &Leaf| {
        let text = shown(leaf);
        let value =
            decimal(text.trim_end_matches(" yuan")).and_then(|(value, _)| value.to_string().parse().ok());
        value.map(|value| (text.clone(), value)).ok_or_else(|| {
            Error::at(
                heat.place.clone(),
                format!("`{text}` is no number; a heat map goes over numbers"),
            )
        })
    };
    values.iter().map(number).collect()
}

/// Points where the level crosses edges of the grid, by linear interpolation (等值线).
pub fn level_line(
    x: &[(String, f64)],
    y: &[(String, f64)],
    cells: &[Vec<Option<f64>>],
    level: f64,
) -> Vec<(f64, f64)> {
    let cell = |at: usize, up: usize| cells.get(up).and_then(|row| row.get(at)).copied().flatten();
    let crossing = |from: Option<f64>, to: Option<f64>| {
        let (from, to) = (from? - level, to? - level);
        // a corner on the line stands for itself
        let crosses = (from < 0.0) != (to < 0.0) && to.abs() > ON_THE_LINE * level.abs();
        crosses.then(|| from / (from - to))
    };
    let mut line = Vec::new();
    for (up, (_, y0)) in y.iter().enumerate() {
        for (along, (_, x0)) in x.iter().enumerate() {
            let here = cell(along, up);
            if here.is_some_and(|here| (here - level).abs() <= ON_THE_LINE * level.abs()) {
                line.push((*x0, *y0));
                continue;
            }
            if let (Some((_, x1)), Some(part)) = (x.get(along + 1), crossing(here, cell(along + 1, up))) {
                line.push((x0 + part * (x1 - x0), *y0));
            }
            if let (Some((_, y1)), Some(part)) = (y.get(up + 1), crossing(here, cell(along, up + 1))) {
                line.push((*x0, y0 + part * (y1 - y0)));
            }
        }
    }
    line
}

/// Finds the values that reach their targets (求解).
///
/// # Errors
/// A metric that is none; as [`Engine::run`].
pub fn solve(engine: &mut Engine<'_>, resolved: &Resolved, base: &Outcome) -> Result<Vec<Solved>> {
    let targets = &resolved.study.solve;
    targets
        .iter()
        .map(|target| solve_one(engine, resolved, base, target))
        .collect()
}

fn solve_one(
    engine: &mut Engine<'_>,
    resolved: &Resolved,
    base: &Outcome,
    target: &Target,
) -> Result<Solved> {
    let metric = Metric::parse(&target.metric, base, &target.place)?;
    let goal = target.target.or_else(|| metric.of(base));
    let number = |value: &rust_decimal::Decimal| value.to_string().parse::<f64>().unwrap_or(f64::NAN);
    let (low, high) = (number(&target.low), number(&target.high));
    let mut gap = |value: f64| -> Result<Option<f64>> {
        let leaf = Leaf {
            value: Value::String(format!("{value:.15}{}", target.sign)),
            place: target.place.clone(),
        };
        check(&target.path, &leaf)?;
        let outcome = engine.outcome("solve", &with(&resolved.reform, &[(&target.path, &leaf)]))?;
        Ok(metric.of(&outcome).zip(goal).map(|(value, goal)| value - goal))
    };
    let (root, status) = bisect(low, high, &mut gap)?;
    let reached = match (root, goal) {
        (Some(root), Some(goal)) => gap(root)?.map(|gap| gap + goal),
        _ => None,
    };
    Ok(Solved {
        key: target.path.to_string(),
        metric: metric.name(base),
        target: goal,
        solution: root.map(|root| format!("{root:.10}{}", target.sign)),
        reached,
        status,
    })
}

/// Halves a bracket in which the gap changes its sign once. The gap is looked at in 33 points first:
/// where it turns, there may be more roots than one.
///
/// # Errors
/// Those of the gap.
pub fn bisect(
    low: f64,
    high: f64,
    gap: &mut dyn FnMut(f64) -> Result<Option<f64>>,
) -> Result<(Option<f64>, &'static str)> {
    let mut samples = Vec::new();
    for sample in 0..SAMPLES {
        let value = low + (high - low) * f64::from(sample) / f64::from(SAMPLES - 1);
        match gap(value)? {
            Some(gap) => samples.push(gap),
            None => return Ok((None, "no_root_in_bracket")),
        }
    }
    let rises = samples.windows(2).any(|pair| matches!(pair, [a, b] if b > a));
    let falls = samples.windows(2).any(|pair| matches!(pair, [a, b] if b < a));
    if rises && falls {
        return Ok((None, "not_monotone"));
    }
    let (Some(first), Some(last)) = (samples.first().copied(), samples.last().copied()) else {
        return Ok((None, "no_root_in_bracket"));
    };
    if first == 0.0 {
        return Ok((Some(low), "root"));
    }
    if last == 0.0 {
        return Ok((Some(high), "root"));
    }
    if (first < 0.0) == (last < 0.0) {
        return Ok((None, "no_root_in_bracket"));
    }
    let (mut low, mut high) = (low, high);
    for _ in 0..MOST_HALVINGS {
        let middle = f64::midpoint(low, high);
        if (high - low).abs() <= NARROW * middle.abs().max(NARROW) {
            break;
        }
        let Some(here) = gap(middle)? else { break };
        if here == 0.0 {
            return Ok((Some(middle), "root"));
        }
        if (here < 0.0) == (first < 0.0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok((Some(f64::midpoint(low, high)), "root"))
}
