//! Which lever does what, and what moves between groups and kinds.

use super::columns::{cases, money, number, percent, points, table};
use super::{Named, Simulated};
use crate::diagnostics::Lang;
use crate::reports::table::Cell;
use crate::scenarios::simulate::{GroupSum, case_mix, change_rate};
use crate::units::Fen;

fn named(file: &str, table: crate::reports::Table) -> Named {
    Named {
        file: file.to_owned(),
        table,
    }
}

/// How the baseline becomes the reform, lever by lever in the stated order (瀑布图).
pub(super) fn waterfall(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut table = table(
        lang.pick("Waterfall", "瀑布"),
        &["hospital", "step", "lever", "delta", "running"],
        lang,
    );
    let levers = &found.attribution.levers;
    let parts = &found.attribution.hospitals;
    let bases: Vec<Fen> = found
        .base
        .outcome
        .hospitals
        .iter()
        .map(|hospital| hospital.due)
        .collect();
    let sums: Vec<Fen> = (0..levers.len())
        .map(|at| {
            parts
                .iter()
                .filter_map(|parts| parts.waterfall.get(at))
                .copied()
                .sum()
        })
        .collect();
    let mut steps = |hospital: &str, base: Fen, deltas: &[Fen]| {
        let mut running = base;
        let mut row = |step: usize, lever: &str, delta: Cell, running: Fen| {
            let (hospital, step) = (Cell::text(hospital), Cell::Count(step as u64));
            table
                .rows
                .push(vec![hospital, step, Cell::text(lever), delta, money(running)]);
        };
        row(0, "baseline", Cell::Empty, base);
        for (step, (lever, delta)) in levers.iter().zip(deltas).enumerate() {
            running += *delta;
            row(step + 1, lever, money(*delta), running);
        }
        row(levers.len() + 1, "reform", Cell::Empty, running);
    };
    steps("all", bases.iter().copied().sum(), &sums);
    let hospitals = found.base.outcome.hospitals.iter().zip(&bases).zip(parts);
    hospitals.for_each(|((hospital, base), parts)| steps(&hospital.code, *base, &parts.waterfall));
    named("waterfall", table)
}

/// Each lever's fair part (沙普利值).
pub(super) fn shapley(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut table = table(
        lang.pick("Shapley values", "沙普利值"),
        &["hospital", "lever", "value", "isolated", "standard_error"],
        lang,
    );
    let hospitals = found
        .base
        .outcome
        .hospitals
        .iter()
        .zip(&found.attribution.hospitals);
    for (hospital, parts) in hospitals {
        let rows = found
            .attribution
            .levers
            .iter()
            .zip(&parts.shapley)
            .zip(&parts.isolated)
            .enumerate();
        for (at, ((lever, value), alone)) in rows {
            table.rows.push(vec![
                Cell::text(&hospital.code),
                Cell::text(lever),
                money(*value),
                money(*alone),
                number(parts.errors.get(at).map(|fen| fen / 100.0), 2),
            ]);
        }
    }
    named("shapley", table)
}

/// The same, a column for each lever (沙普利值按机构).
pub(super) fn shapley_by_hospital(found: &Simulated<'_>, lang: Lang) -> Named {
    let levers = found
        .attribution
        .levers
        .iter()
        .map(|lever| format!("value.{lever}"));
    let columns: Vec<String> = std::iter::once("hospital".to_owned()).chain(levers).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = table(lang.pick("Shapley by hospital", "沙普利值按机构"), &columns, lang);
    let hospitals = found
        .base
        .outcome
        .hospitals
        .iter()
        .zip(&found.attribution.hospitals);
    table.rows.extend(hospitals.map(|(hospital, parts)| {
        let values = parts.shapley.iter().map(|value| money(*value));
        std::iter::once(Cell::text(&hospital.code))
            .chain(values)
            .collect()
    }));
    named("shapley_by_hospital", table)
}

/// The twenty groups that gain and the twenty that lose most (变动最大的病组).
pub(super) fn groups_moved(groups: &Named, lang: Lang) -> Named {
    const MOST: usize = 20;
    let at = groups
        .table
        .columns
        .iter()
        .position(|column| column.name == "delta");
    let delta = |row: &Vec<Cell>| match at.and_then(|at| row.get(at)) {
        Some(Cell::Money(delta)) => *delta,
        _ => Fen::ZERO,
    };
    let mut rows: Vec<Vec<Cell>> = groups.table.rows.clone();
    rows.retain(|row| delta(row) != Fen::ZERO);
    rows.sort_by_key(|row| -delta(row));
    if rows.len() > 2 * MOST {
        rows.drain(MOST..rows.len() - MOST);
    }
    let table = crate::reports::Table {
        name: lang.pick("Groups that move most", "变动最大的病组").to_owned(),
        columns: groups.table.columns.clone(),
        rows,
    };
    named("groups_moved", table)
}

/// Which groups move (病组影响).
pub(super) fn groups(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut table = table(
        lang.pick("Groups", "病组"),
        &[
            "group",
            "weight",
            "base_cases",
            "reform_cases",
            "base_due",
            "reform_due",
            "delta",
            "delta_pct",
            "reform_margin",
            "margin_per_case",
        ],
        lang,
    );
    let (base, reform) = (&found.base.outcome.groups, &found.reform.outcome.groups);
    let mut codes: Vec<&str> = base
        .iter()
        .chain(reform)
        .filter(|group| group.cases > 0.0)
        .map(|group| group.code.as_str())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let of = |groups: &'_ [GroupSum], code: &str| groups.iter().find(|group| group.code == code).cloned();
    for code in codes {
        let (before, after) = (of(base, code), of(reform, code));
        let due = |group: &Option<GroupSum>| group.as_ref().map_or(Fen::ZERO, |group| group.due);
        let count = |group: &Option<GroupSum>| group.as_ref().map_or(0.0, |group| group.cases);
        let margin = after.as_ref().map(GroupSum::margin);
        let each = margin
            .filter(|_| count(&after) > 0.0)
            .map(|margin| margin.fen() as f64 / 100.0 / count(&after));
        let weight = after
            .as_ref()
            .or(before.as_ref())
            .and_then(|group| group.weight.clone());
        table.rows.push(vec![
            Cell::text(code),
            weight.map_or(Cell::Empty, Cell::Number),
            cases(count(&before)),
            cases(count(&after)),
            money(due(&before)),
            money(due(&after)),
            money(due(&after) - due(&before)),
            percent(change_rate(due(&before), due(&after))),
            Cell::money(margin),
            number(each, 2),
        ]);
    }
    named("groups", table)
}

/// Who gets the money of high multiples (倍率病例).
pub(super) fn multiples(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut table = table(
        lang.pick("Kinds of cases", "病例类型"),
        &["scenario", "kind", "cases", "due", "share"],
        lang,
    );
    for (name, outcome) in [
        ("baseline", &found.base.outcome),
        ("reform", &found.reform.outcome),
    ] {
        let all: Fen = outcome.kinds.iter().map(|(_, _, due)| *due).sum();
        for (kind, count, due) in outcome.kinds.iter().filter(|(_, count, _)| *count > 0.0) {
            table.rows.push(vec![
                Cell::text(name),
                Cell::text(kind.as_str()),
                cases(*count),
                money(*due),
                number(change_rate(all, all + *due), 6),
            ]);
        }
    }
    named("multiples", table)
}

/// Bands, cliffs and who stands near one (走廊); nothing where the pack has none.
pub(super) fn corridor_tables(found: &Simulated<'_>, lang: Lang) -> Vec<Named> {
    let corridor = found.corridor;
    if corridor.bands.is_empty() {
        return Vec::new();
    }
    let mut bands = table(
        lang.pick("Corridor", "走廊"),
        &["from", "to", "alpha", "beta", "flag", "jump"],
        lang,
    );
    let mut from = Some(0.0);
    for band in &corridor.bands {
        let limit = corridor
            .limits
            .iter()
            .find(|limit| Some(limit.at) == band.to && limit.is_cliff);
        let mut flags = Vec::new();
        flags.extend(limit.map(|_| "cliff"));
        flags.extend(band.slope_out_of_range.then_some("slope_out_of_range"));
        bands.rows.push(vec![
            number(from, 6),
            number(band.to, 6),
            number(Some(band.alpha), 6),
            number(Some(band.beta), 6),
            Cell::text(flags.join(" ")),
            number(limit.map(|limit| limit.jump_yuan), 2),
        ]);
        from = band.to;
    }
    let mut hospitals = table(
        lang.pick("Hospitals in the corridor", "机构走廊位置"),
        &["pool", "hospital", "q", "phi", "flag"],
        lang,
    );
    hospitals.rows.extend(corridor.hospitals.iter().map(|of| {
        vec![
            Cell::text(&of.pool),
            Cell::text(&of.hospital),
            number(Some(of.q), 6),
            number(Some(of.phi), 6),
            Cell::text(if of.bunching { "bunching_zone" } else { "" }),
        ]
    }));
    vec![named("corridor", bands), named("corridor_hospitals", hospitals)]
}

/// From old to new groups, and what it does to the case mix (分组器对照).
pub(super) fn crosswalk_tables(found: &Simulated<'_>, lang: Lang) -> Vec<Named> {
    let mut tables = Vec::new();
    if let Some(crosswalk) = found.crosswalk {
        let mut rows = table(
            lang.pick("Crosswalk", "分组器对照"),
            &[
                "old_group",
                "new_group",
                "cases",
                "cost",
                "points_old",
                "points_new",
            ],
            lang,
        );
        rows.rows.extend(crosswalk.iter().map(|((old, new), moved)| {
            vec![
                Cell::text(old),
                Cell::text(new),
                Cell::Count(moved.cases),
                money(moved.cost),
                points(moved.points_old),
                points(moved.points_new),
            ]
        }));
        tables.push(named("crosswalk", rows));
    }
    if let Some(mix) = case_mix(found.mixes) {
        let mut of = table(
            lang.pick("Case mix", "病例组合"),
            &["old_cmi", "new_cmi", "between", "within", "weight_table"],
            lang,
        );
        of.rows.push(
            [mix.old, mix.new, mix.between, mix.within, mix.weights]
                .map(|value| number(Some(value), 9))
                .into(),
        );
        tables.push(named("case_mix", of));
    }
    tables
}
