//! What a scenario looked into: sweep, tornado, heat map, targets, draws, the fan of the point value.

use super::columns::{column, number, table};
use super::{Named, Simulated};
use crate::diagnostics::Lang;
use crate::reports::table::{Cell, Table};
use crate::scenarios::simulate::{Draws, HeatGrid, PayOff, Solved, StressRow, SweepRow, TornadoRow};

/// Decimals of metrics.
const DECIMALS: usize = 9;

fn named(file: &str, table: Table) -> Named {
    Named {
        file: file.to_owned(),
        table,
    }
}

/// The tables of everything that was looked into (研究项报表).
pub(super) fn study_tables(found: &Simulated<'_>, lang: Lang) -> Vec<Named> {
    let studies = found.studies;
    let mut tables = Vec::new();
    if !studies.sweep.is_empty() {
        tables.push(named("sweep", sweep(&studies.sweep, lang)));
    }
    if !studies.tornado.is_empty() {
        tables.push(named("tornado", tornado(&studies.tornado, lang)));
    }
    if let Some(grid) = &studies.heat {
        tables.push(named("heatmap", heat(grid, lang)));
        tables.push(named("isoline", line(grid, lang)));
    }
    if !studies.solved.is_empty() {
        tables.push(named("targets", targets(&studies.solved, lang)));
    }
    if !studies.stressed.rows.is_empty() {
        tables.push(named("stress", stress(&studies.stressed.rows, lang)));
        tables.push(named("pay_off", pay_off(&studies.stressed.pay_offs, lang)));
    }
    if let Some(draws) = &studies.draws {
        tables.push(named("draws", spreads(draws, lang)));
        tables.push(named("probabilities", probabilities(draws, lang)));
        if !draws.fan.is_empty() {
            tables.push(named("fan", fan(draws, lang)));
        }
    }
    tables
}

/// A row for each run, key and metric (扫描长表).
fn sweep(rows: &[SweepRow], lang: Lang) -> Table {
    let columns = [
        "run", "key", "value", "metric", "unit", "reform", "baseline", "delta", "reason",
    ];
    let mut table = table(lang.pick("Sweep", "扫描"), &columns, lang);
    for row in rows {
        let delta = row.value.zip(row.baseline).map(|(value, base)| value - base);
        for (key, value) in &row.settings {
            table.rows.push(vec![
                Cell::Count(row.run),
                Cell::text(key),
                Cell::text(value),
                Cell::text(&row.metric),
                Cell::text(row.unit),
                number(row.value, DECIMALS),
                number(row.baseline, DECIMALS),
                number(delta, DECIMALS),
                Cell::text(row.missing.unwrap_or("")),
            ]);
        }
    }
    table
}

/// One level behaves so: what becomes of the point value and of every level's pay (压力测试).
fn stress(rows: &[StressRow], lang: Lang) -> Table {
    let columns = [
        "level",
        "value",
        "metric",
        "unit",
        "before_stress",
        "under_stress",
        "delta",
    ];
    let mut table = table(lang.pick("Stress test", "行为压力测试"), &columns, lang);
    table.rows.extend(rows.iter().map(|row| {
        let delta = row.reached.zip(row.base).map(|(value, base)| value - base);
        vec![
            Cell::text(row.level.as_str()),
            Cell::text(&row.value),
            Cell::text(&row.metric),
            Cell::text(row.unit),
            number(row.base, DECIMALS),
            number(row.reached, DECIMALS),
            number(delta, DECIMALS),
        ]
    }));
    table
}

/// What a level is paid by what it and the others do (收益矩阵).
fn pay_off(rows: &[PayOff], lang: Lang) -> Table {
    let columns = [
        "level",
        "value",
        "nobody_does",
        "others_do",
        "level_does",
        "all_do",
    ];
    let mut table = table(lang.pick("Pay-off", "收益矩阵"), &columns, lang);
    table.rows.extend(rows.iter().map(|row| {
        let mut cells = vec![Cell::text(row.level.as_str()), Cell::text(&row.value)];
        cells.extend([row.nobody, row.others, row.own, row.all].map(Cell::Money));
        cells
    }));
    table
}

fn tornado(rows: &[TornadoRow], lang: Lang) -> Table {
    let columns = [
        "metric",
        "unit",
        "key",
        "low_value",
        "high_value",
        "base",
        "low",
        "high",
        "range",
    ];
    let mut table = table(lang.pick("Tornado", "龙卷风"), &columns, lang);
    table.rows.extend(rows.iter().map(|row| {
        vec![
            Cell::text(&row.metric),
            Cell::text(row.unit),
            Cell::text(&row.key),
            Cell::text(&row.values.0),
            Cell::text(&row.values.1),
            number(row.base, DECIMALS),
            number(row.reached.0, DECIMALS),
            number(row.reached.1, DECIMALS),
            number(row.range(), DECIMALS),
        ]
    }));
    table
}

fn heat(grid: &HeatGrid, lang: Lang) -> Table {
    let mut table = axes(
        grid,
        lang.pick("Heat map", "热图"),
        &["x_number", "y_number", "metric", "reform", "baseline", "delta"],
        lang,
    );
    for ((up, y), row) in grid.y.iter().zip(&grid.cells) {
        for ((across, x), value) in grid.x.iter().zip(row) {
            let delta = value.zip(grid.baseline).map(|(value, base)| value - base);
            table.rows.push(vec![
                Cell::text(across),
                Cell::text(up),
                number(Some(*x), DECIMALS),
                number(Some(*y), DECIMALS),
                Cell::text(&grid.metric),
                number(*value, DECIMALS),
                number(grid.baseline, DECIMALS),
                number(delta, DECIMALS),
            ]);
        }
    }
    table
}

/// A table whose first columns are the two keys of a grid.
fn axes(grid: &HeatGrid, name: &str, more: &[&str], lang: Lang) -> Table {
    let mut table = table(name, more, lang);
    let (across, up) = &grid.keys;
    for column in &mut table.columns {
        let key = match column.name.as_str() {
            "x_number" => across,
            "y_number" => up,
            _ => continue,
        };
        column.label = format!("{}: {key}", column.label);
    }
    let keys = [("x", across), ("y", up)].map(|(name, key)| {
        let mut column = column(name, lang);
        column.label = format!("{}: {key}", column.label);
        column
    });
    table.columns.splice(0..0, keys);
    table
}

fn line(grid: &HeatGrid, lang: Lang) -> Table {
    let mut table = axes(grid, lang.pick("Line of the baseline", "基线等值线"), &[], lang);
    table.rows.extend(
        grid.line
            .iter()
            .map(|(x, y)| vec![number(Some(*x), DECIMALS), number(Some(*y), DECIMALS)]),
    );
    table
}

fn targets(rows: &[Solved], lang: Lang) -> Table {
    let columns = [
        "key", "metric", "target", "solution", "reached", "status", "method",
    ];
    let mut table = table(lang.pick("Targets", "求解"), &columns, lang);
    table.rows.extend(rows.iter().map(|row| {
        vec![
            Cell::text(&row.key),
            Cell::text(&row.metric),
            number(row.target, DECIMALS),
            Cell::text(row.solution.as_deref().unwrap_or("")),
            number(row.reached, DECIMALS),
            Cell::text(row.status),
            Cell::text("bisection"),
        ]
    }));
    table
}

fn spreads(draws: &Draws, lang: Lang) -> Table {
    let columns = [
        "draw_level",
        "scenario",
        "metric",
        "unit",
        "draws",
        "mean",
        "sd",
        "p5",
        "p25",
        "p50",
        "p75",
        "p95",
    ];
    let mut table = table(lang.pick("Draws", "抽样"), &columns, lang);
    table.rows.extend(draws.spreads.iter().map(|of| {
        let mut row = vec![
            Cell::text(of.level.as_str()),
            Cell::text(of.scenario),
            Cell::text(&of.metric),
            Cell::text(of.unit),
            Cell::Count(of.draws),
            number(of.mean, DECIMALS),
            number(of.sd, DECIMALS),
        ];
        row.extend(of.quantiles.map(|value| number(value, DECIMALS)));
        row
    }));
    table
}

fn probabilities(draws: &Draws, lang: Lang) -> Table {
    let columns = ["draw_level", "scenario", "metric", "probability", "error"];
    let mut table = table(lang.pick("Probabilities", "概率"), &columns, lang);
    table.rows.extend(draws.probabilities.iter().map(|of| {
        vec![
            Cell::text(of.level.as_str()),
            Cell::text(of.scenario),
            Cell::text(&of.metric),
            number(Some(of.probability), 6),
            number(Some(of.error), 6),
        ]
    }));
    table
}

fn fan(draws: &Draws, lang: Lang) -> Table {
    let columns = [
        "scenario",
        "pool",
        "month",
        "p5",
        "p25",
        "p50",
        "p75",
        "p95",
        "pre_settled",
        "year_end",
    ];
    let mut table = table(lang.pick("Fan of the point value", "点值扇形图"), &columns, lang);
    table.rows.extend(draws.fan.iter().map(|of| {
        let mut row = vec![
            Cell::text(of.scenario),
            Cell::text(&of.pool),
            Cell::text(&of.month),
        ];
        row.extend(of.quantiles.map(|value| number(value, DECIMALS)));
        row.extend([number(of.pre_settled, DECIMALS), number(of.year_end, DECIMALS)]);
        row
    }));
    table
}
