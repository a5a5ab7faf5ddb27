//! Who is affected: headline, breakdowns, hospitals, bins, fairness.

use super::columns::{cases, money, number, percent, points, table};
use super::{Named, Simulated};
use crate::diagnostics::Lang;
use crate::reports::table::Cell;
use crate::scenarios::simulate::{
    Bin, HospitalSum, Metric, Outcome, Probability, Slice, bins, change_rate, fairness, slices,
    statistics::mean, total,
};
use crate::units::Fen;

fn named(file: &str, table: crate::reports::Table) -> Named {
    Named {
        file: file.to_owned(),
        table,
    }
}

/// What changes in one view (总览).
pub(super) fn headline(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut table = table(
        lang.pick("Headline", "总览"),
        &["metric", "unit", "baseline", "reform", "delta", "reason"],
        lang,
    );
    let (base, reform) = (&found.base.outcome, &found.reform.outcome);
    for metric in Metric::usual(base) {
        let (before, after) = (metric.of(base), metric.of(reform));
        let delta = before.zip(after).map(|(before, after)| after - before);
        let decimals = if metric.unit() == "yuan" { 2 } else { 6 };
        table.rows.push(vec![
            Cell::text(metric.name(base)),
            Cell::text(metric.unit()),
            number(before, decimals),
            number(after, decimals),
            number(delta, decimals),
            Cell::text(reasons(&metric, base, reform)),
        ]);
    }
    let (winners, losers) = won_and_lost(base, reform, &everyone(base));
    for (name, count) in [("winners", winners), ("losers", losers)] {
        table.rows.push(vec![
            Cell::text(name),
            Cell::text("hospitals"),
            Cell::Empty,
            Cell::Count(count),
            Cell::Empty,
            Cell::Empty,
        ]);
    }
    table.rows.extend(deficit(found));
    named("headline", table)
}

/// Why a metric has no value, on which side.
fn reasons(metric: &Metric, base: &Outcome, reform: &Outcome) -> String {
    let sides = [("baseline", base), ("reform", reform)];
    let missing = sides.map(|(name, outcome)| {
        let why = metric.missing(outcome)?;
        Some(format!("{name}: {}", why.code))
    });
    missing.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// How often a pool is short, at the first level drawn.
fn deficit(found: &Simulated<'_>) -> Option<Vec<Cell>> {
    let of = |scenario| {
        let probabilities = found.studies.draws.iter().flat_map(|draws| &draws.probabilities);
        let mut own = probabilities.filter(|of| of.scenario == scenario && of.metric == "fund_deficit");
        own.next().map(|of| of.probability)
    };
    let (base, reform) = (of("baseline")?, of("reform")?);
    Some(vec![
        Cell::text("fund_deficit_probability"),
        Cell::text("share of draws"),
        number(Some(base), 6),
        number(Some(reform), 6),
        number(Some(reform - base), 6),
        Cell::Empty,
    ])
}

fn everyone(base: &Outcome) -> Slice {
    Slice {
        by: "all",
        part: "all".to_owned(),
        members: (0..base.hospitals.len()).collect(),
    }
}

fn won_and_lost(base: &Outcome, reform: &Outcome, slice: &Slice) -> (u64, u64) {
    let [much_less, less, _, more, much_more, new] = bins(base, reform, slice);
    (more + much_more + new, much_less + less)
}

/// Every breakdown, every lever (影响表).
pub(super) fn impact(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut columns: Vec<String> = ["by", "part", "hospitals", "cases", "points", "base_due"]
        .map(str::to_owned)
        .into();
    for lever in &found.attribution.levers {
        columns.push(format!("isolated.{lever}"));
        columns.push(format!("isolated_pct.{lever}"));
    }
    columns.extend(
        [
            "static_delta",
            "static_pct",
            "behavioural_delta",
            "behavioural_pct",
            "base_margin",
            "reform_margin",
            "winners",
            "losers",
        ]
        .map(str::to_owned),
    );
    let losses = losses(found, "reform");
    if !losses.is_empty() {
        columns.push("mean_loss_probability".to_owned());
    }
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = table(lang.pick("Impact", "影响表"), &columns, lang);
    let (base, reform) = (&found.base.outcome, &found.reform.outcome);
    for slice in slices(base, found.attributes) {
        let before = total(base, &slice);
        let after = total(reform, &slice);
        let mut row = vec![
            Cell::text(slice.by),
            Cell::text(&slice.part),
            Cell::Count(before.hospitals),
            cases(before.cases),
            points(before.points),
            money(before.due),
        ];
        let mut change = |due: Fen| {
            row.push(money(due - before.due));
            row.push(percent(change_rate(before.due, due)));
        };
        found
            .attribution
            .isolated
            .iter()
            .for_each(|alone| change(total(alone, &slice).due));
        change(total(found.fixed, &slice).due);
        change(after.due);
        let (winners, losers) = won_and_lost(base, reform, &slice);
        row.extend([
            money(before.margin),
            money(after.margin),
            Cell::Count(winners),
            Cell::Count(losers),
        ]);
        if !losses.is_empty() {
            row.push(number(mean_loss(base, &slice, &losses), 6));
        }
        table.rows.push(row);
    }
    named("impact", table)
}

/// The mean of the chances of a slice's hospitals to lose more than the limit.
fn mean_loss(base: &Outcome, slice: &Slice, losses: &[&Probability]) -> Option<f64> {
    let codes = slice.members.iter().filter_map(|at| base.hospitals.get(*at));
    let own: Vec<f64> = codes
        .filter_map(|hospital| loss_of(losses, &hospital.code))
        .map(|loss| loss.probability)
        .collect();
    mean(&own)
}

fn loss_of<'a>(losses: &[&'a Probability], hospital: &str) -> Option<&'a Probability> {
    let own = |loss: &&&Probability| loss.metric.strip_prefix("loss.") == Some(hospital);
    losses.iter().find(own).copied()
}

/// Columns of a hospital's row, before those of the levers.
const HOSPITAL: [&str; 18] = [
    "hospital",
    "level",
    "base_cases",
    "reform_cases",
    "base_points",
    "reform_points",
    "cost",
    "base_due",
    "static_delta",
    "reform_due",
    "delta",
    "delta_pct",
    "bin",
    "base_margin",
    "static_margin",
    "reform_margin",
    "base_pay_to_cost",
    "reform_pay_to_cost",
];

/// One row a hospital (医院影响文件).
pub(super) fn hospitals(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut columns = HOSPITAL.map(str::to_owned).to_vec();
    let levers = found.attribution.levers.iter();
    columns.extend(levers.map(|lever| format!("isolated.{lever}")));
    let (base_losses, losses) = (losses(found, "baseline"), losses(found, "reform"));
    if !losses.is_empty() {
        let drawn = [
            "base_loss_probability",
            "loss_probability",
            "loss_probability_error",
        ];
        columns.extend(drawn.map(str::to_owned));
    }
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = table(lang.pick("Hospitals", "医疗机构"), &columns, lang);
    let (base, reform) = (&found.base.outcome, &found.reform.outcome);
    let rows = base
        .hospitals
        .iter()
        .zip(&reform.hospitals)
        .zip(&found.fixed.hospitals);
    for (((before, after), fixed), parts) in rows.zip(&found.attribution.hospitals) {
        let mut row = hospital(before, fixed, after);
        row.extend(parts.isolated.iter().map(|alone| money(*alone)));
        if let Some(loss) = loss_of(&losses, &before.code) {
            let base = loss_of(&base_losses, &before.code).map(|loss| loss.probability);
            row.extend([base, Some(loss.probability), Some(loss.error)].map(|of| number(of, 6)));
        }
        table.rows.push(row);
    }
    named("hospitals", table)
}

/// The cells of a hospital in the baseline, without behaviour, and under the reform.
fn hospital(before: &HospitalSum, fixed: &HospitalSum, after: &HospitalSum) -> Vec<Cell> {
    vec![
        Cell::text(&before.code),
        Cell::text(before.level.as_str()),
        cases(before.cases),
        cases(after.cases),
        points(before.points.units()),
        points(after.points.units()),
        money(after.cost),
        money(before.due),
        money(fixed.due - before.due),
        money(after.due),
        money(after.due - before.due),
        percent(change_rate(before.due, after.due)),
        Cell::text(Bin::of(before.due, after.due).as_str()),
        money(before.margin()),
        money(fixed.margin()),
        money(after.margin()),
        number(before.pay_to_cost(), 6),
        number(after.pay_to_cost(), 6),
    ]
}

/// How often each hospital loses more than the limit, at the first level drawn.
fn losses<'a>(found: &Simulated<'a>, scenario: &str) -> Vec<&'a Probability> {
    let probabilities = found.studies.draws.iter().flat_map(|draws| &draws.probabilities);
    let first = found
        .studies
        .draws
        .as_ref()
        .and_then(|draws| draws.probabilities.first())
        .map(|of| of.level);
    probabilities
        .filter(|of| Some(of.level) == first && of.scenario == scenario && of.metric.starts_with("loss."))
        .collect()
}

/// How many gain or lose how much (盈亏分档).
pub(super) fn winners(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut table = table(
        lang.pick("Winners and losers", "盈亏分档"),
        &["by", "part", "bin", "hospitals", "share"],
        lang,
    );
    let (base, reform) = (&found.base.outcome, &found.reform.outcome);
    let of = slices(base, found.attributes);
    for slice in of.iter().filter(|slice| matches!(slice.by, "all" | "level")) {
        let counts = bins(base, reform, slice);
        for (bin, count) in Bin::ALL.into_iter().zip(counts) {
            table.rows.push(vec![
                Cell::text(slice.by),
                Cell::text(&slice.part),
                Cell::text(bin.as_str()),
                Cell::Count(count),
                number(Some(count as f64 / slice.members.len() as f64), 6),
            ]);
        }
    }
    named("winners", table)
}

/// The same, a column for each bin (盈亏分档按分组).
pub(super) fn winners_by_part(found: &Simulated<'_>, lang: Lang) -> Named {
    const BINS: [&str; 6] = ["loses_much", "loses", "same", "gains", "gains_much", "new"];
    let columns: Vec<&str> = ["by", "part"].into_iter().chain(BINS).collect();
    let mut table = table(
        lang.pick("Winners and losers by part", "盈亏分档按分组"),
        &columns,
        lang,
    );
    let (base, reform) = (&found.base.outcome, &found.reform.outcome);
    table
        .rows
        .extend(slices(base, found.attributes).iter().map(|slice| {
            let counts = bins(base, reform, slice).map(Cell::Count);
            [Cell::text(slice.by), Cell::text(&slice.part)]
                .into_iter()
                .chain(counts)
                .collect()
        }));
    named("winners_by_part", table)
}

/// Is pay in line with cost (公平性)?
pub(super) fn fairness_table(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut table = table(
        lang.pick("Fairness", "公平性"),
        &["scenario", "gini", "gini_by_cases", "losing", "losing_much"],
        lang,
    );
    for (name, outcome) in both(found) {
        let of = fairness(outcome);
        table.rows.push(vec![
            Cell::text(name),
            number(of.gini, 9),
            number(of.gini_by_cases, 9),
            Cell::Count(of.losing),
            Cell::Count(of.losing_much),
        ]);
    }
    named("fairness", table)
}

fn both<'a>(found: &'a Simulated<'_>) -> [(&'static str, &'a Outcome); 2] {
    [
        ("baseline", &found.base.outcome),
        ("reform", &found.reform.outcome),
    ]
}

/// Cumulated cost against cumulated pay (洛伦兹曲线).
pub(super) fn lorenz(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut table = table(
        lang.pick("Lorenz curve", "洛伦兹曲线"),
        &["scenario", "hospital", "cost_share", "pay_share"],
        lang,
    );
    for (name, outcome) in both(found) {
        table.rows.push(vec![
            Cell::text(name),
            Cell::Empty,
            number(Some(0.0), 9),
            number(Some(0.0), 9),
        ]);
        for (hospital, cost, pay) in fairness(outcome).lorenz {
            table.rows.push(vec![
                Cell::text(name),
                Cell::text(hospital),
                number(Some(cost), 9),
                number(Some(pay), 9),
            ]);
        }
    }
    named("lorenz", table)
}

/// What an outcome is by itself, in files of its own (单个情景结果).
pub(super) fn outcome_tables(folder: &str, outcome: &Outcome, lang: Lang) -> Vec<Named> {
    let mut hospitals = table(
        lang.pick("Hospitals", "医疗机构"),
        &[
            "hospital",
            "level",
            "cases",
            "weight",
            "cmi",
            "points",
            "cost",
            "claim",
            "nonfund",
            "due",
            "margin",
            "pay_to_cost",
        ],
        lang,
    );
    hospitals.rows.extend(outcome.hospitals.iter().map(|of| {
        vec![
            Cell::text(&of.code),
            Cell::text(of.level.as_str()),
            cases(of.cases),
            number(Some(of.weight), 6),
            number(of.cmi(), 6),
            points(of.points.units()),
            money(of.cost),
            money(of.claim),
            money(of.nonfund),
            money(of.due),
            money(of.margin()),
            number(of.pay_to_cost(), 6),
        ]
    }));
    let mut groups = table(
        lang.pick("Groups", "病组"),
        &["group", "weight", "cases", "points", "cost", "due", "margin"],
        lang,
    );
    groups
        .rows
        .extend(outcome.groups.iter().filter(|of| of.cases > 0.0).map(|of| {
            vec![
                Cell::text(&of.code),
                of.weight.clone().map_or(Cell::Empty, Cell::Number),
                cases(of.cases),
                points(of.points.units()),
                money(of.cost),
                money(of.due),
                money(of.margin()),
            ]
        }));
    let file = |name: &str| format!("{folder}/{name}");
    vec![
        named(&file("hospitals"), hospitals),
        named(&file("groups"), groups),
        named(&file("pools"), pools(outcome, lang)),
    ]
}

fn pools(outcome: &Outcome, lang: Lang) -> crate::reports::Table {
    let mut pools = table(
        lang.pick("Pools", "基金池"),
        &["pool", "budget", "points", "point_value", "k", "due", "balance"],
        lang,
    );
    pools.rows.extend(outcome.pools.iter().map(|of| {
        let shown = |value: Option<crate::units::Exact>| {
            value
                .and_then(|value| value.show(9).ok())
                .map_or(Cell::Empty, Cell::Number)
        };
        vec![
            Cell::text(&of.pool),
            money(of.budget),
            points(of.points.units()),
            of.point_value
                .and_then(|value| value.show_yuan(9).ok())
                .map_or(Cell::Empty, Cell::Number),
            shown(of.k),
            money(of.due),
            money(of.balance()),
        ]
    }));
    pools
}
