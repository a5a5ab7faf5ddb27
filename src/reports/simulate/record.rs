//! What was asked, what is assumed, and how to get the same again (复现信息).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::columns::table;
use super::{Named, Simulated};
use crate::diagnostics::{Lang, Words};
use crate::reports::identity::program_json;
use crate::reports::table::Cell;
use crate::scenarios::simulate::{Engine, KeyPath, Remark, Resolved, Run, lever_of, levers};

/// What a run is repeated by (复现信息).
#[derive(Clone, Debug, Default)]
pub struct Repeat {
    /// Path as written and SHA-256 of every input file, in order.
    pub inputs: Vec<(String, String)>,
    /// SHA-256 of the sorted list of them.
    pub input_hash: String,
    /// SHA-256 of the grouping tables; empty where cases come grouped.
    pub table_hash: String,
    /// SHA-256 of the resolved scenario.
    pub policy_hash: String,
    /// SHA-256 of everything the baseline reads.
    pub baseline_hash: String,
    /// Seed and number of draws, where there are any.
    pub drawn: Option<(u64, u64)>,
    /// SHA-256 of the numbers of every table, in their order.
    pub result_hash: String,
    /// Name and SHA-256 of every file of results but `run.json`.
    pub outputs: Vec<(String, String)>,
}

/// Levers that differ (改动清单).
pub(super) fn changes(resolved: &Resolved, lang: Lang) -> Named {
    let mut table = table(
        lang.pick("Changes", "改动"),
        &["path", "lever", "before", "after", "unit", "sentence", "place"],
        lang,
    );
    table.rows.extend(resolved.changes.iter().map(|change| {
        let lever = lever_of(&change.path);
        vec![
            Cell::text(change.path.to_string()),
            Cell::text(&change.lever),
            Cell::text(&change.before),
            Cell::text(&change.after),
            Cell::text(lever.map_or("", |lever| lever.unit.as_str())),
            Cell::text(lever.map_or("", |lever| lever.sentence(lang))),
            Cell::text(change.place.to_string()),
        ]
    }));
    Named {
        file: "changes".to_owned(),
        table,
    }
}

/// Every lever there is, with its unit and range (杠杆目录).
pub(super) fn catalogue(lang: Lang) -> Named {
    let columns = [
        "path",
        "lever",
        "stage",
        "unit",
        "low_value",
        "high_value",
        "sentence",
    ];
    let mut table = table(lang.pick("Levers", "杠杆目录"), &columns, lang);
    table
        .rows
        .extend(levers().iter().filter(|lever| lever.is_lever()).map(|lever| {
            let (low, high) = lever.range();
            vec![
                Cell::text(&lever.path),
                Cell::text(&lever.lever),
                Cell::text(lever.stage().as_str()),
                Cell::text(&lever.unit),
                Cell::text(low),
                Cell::text(high),
                Cell::text(lever.sentence(lang)),
            ]
        }));
    Named {
        file: "levers".to_owned(),
        table,
    }
}

/// Warnings, as a table (提示).
pub(super) fn remarks(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut table = table(lang.pick("Remarks", "提示"), &["code", "place", "text"], lang);
    table
        .rows
        .extend(simulation_remarks(found, lang).into_iter().map(|remark| {
            vec![
                Cell::text(remark.code),
                Cell::text(remark.place),
                Cell::text(remark.text),
            ]
        }));
    Named {
        file: "remarks".to_owned(),
        table,
    }
}

/// What of a simulation should be looked at (提示清单).
pub fn simulation_remarks(found: &Simulated<'_>, lang: Lang) -> Vec<Remark> {
    let of_scenario = found.resolved.remarks.iter().chain(found.idle);
    let mut remarks: Vec<Remark> = of_scenario.cloned().collect();
    let mut say = |code: &'static str, place: &str, text: &str| {
        remarks.push(Remark {
            code,
            place: place.to_owned(),
            text: text.to_owned(),
        });
    };
    for (name, run) in [("baseline", found.base), ("reform", found.reform)] {
        if run.outcome.by_case {
            say(
                "by_case",
                name,
                lang.pick(
                    "this pack rounds below the hospital: every case is settled by itself",
                    "该政策包在病例层面取整：逐例结算",
                ),
            );
        }
        for remark in &run.outcome.remarks {
            say(
                remark,
                name,
                lang.pick(
                    "hospitals still react after the last round; the last round is shown",
                    "末轮后机构反应仍未稳定；显示末轮结果",
                ),
            );
        }
        for warning in run.outcome.pools.iter().flat_map(|pool| &pool.warnings) {
            say("settlement", name, warning);
        }
    }
    for (code, [one, many], groups) in of_one_version(found) {
        let shown = groups.iter().take(SHOWN_GROUPS).copied();
        let shown = shown.collect::<Vec<_>>().join(", ");
        let count = groups.len();
        let words = if count == 1 { one } else { many };
        let more = if count > SHOWN_GROUPS { ", …" } else { "" };
        let words = words.in_lang(lang);
        say(code, "reform", &format!("{count} {words}: {shown}{more}"));
    }
    remarks
}

/// How many groups a remark names.
const SHOWN_GROUPS: usize = 12;

/// A word, the same in words of one group and of several, and the groups.
type OneVersion<'a> = (&'static str, [Words; 2], Vec<&'a str>);

/// Groups that stand, or have a weight, in one of the two runs only (单一版本病组).
fn of_one_version<'a>(found: &Simulated<'a>) -> Vec<OneVersion<'a>> {
    let groups = |run: &'a Run| -> BTreeMap<&'a str, bool> {
        let groups = run.scored.groups.iter().filter(|group| !group.code.is_empty());
        groups
            .map(|group| (group.code.as_str(), group.weight.is_some()))
            .collect()
    };
    let (base, reform) = (groups(found.base), groups(found.reform));
    let only = |one: &BTreeMap<&'a str, bool>, other: &BTreeMap<&'a str, bool>| -> Vec<&'a str> {
        one.keys()
            .copied()
            .filter(|code| !other.contains_key(code))
            .collect()
    };
    let weighed = |one: &BTreeMap<&'a str, bool>, other: &BTreeMap<&'a str, bool>| -> Vec<&'a str> {
        let lost = one
            .iter()
            .filter(|(code, weighs)| **weighs && other.get(*code) == Some(&false));
        lost.map(|(code, _)| *code).collect()
    };
    let words = |one, many, zh| [Words { en: one, zh }, Words { en: many, zh }];
    let found = [
        (
            "groups_of_baseline_only",
            words(
                "group has cases in the baseline only",
                "groups have cases in the baseline only",
                "个病组仅基线有病例",
            ),
            only(&base, &reform),
        ),
        (
            "groups_of_reform_only",
            words(
                "group has cases in the reform only",
                "groups have cases in the reform only",
                "个病组仅方案有病例",
            ),
            only(&reform, &base),
        ),
        (
            "weights_lost",
            words(
                "group has a weight in the baseline and none in the reform, which pays it as a group without one",
                "groups have a weight in the baseline and none in the reform, which pays them as groups without one",
                "个病组基线有权重而方案无权重，方案中按无稳定权重付费",
            ),
            weighed(&base, &reform),
        ),
        (
            "weights_gained",
            words(
                "group has a weight in the reform and none in the baseline",
                "groups have a weight in the reform and none in the baseline",
                "个病组方案有权重而基线无权重",
            ),
            weighed(&reform, &base),
        ),
    ];
    let found = found.into_iter();
    found.filter(|(.., groups)| !groups.is_empty()).collect()
}

/// Which stages were run and which were taken from an earlier run (运行环节).
pub(super) fn stages(engine: &Engine<'_>, lang: Lang) -> Named {
    let mut table = table(lang.pick("Stages", "运行环节"), &["run", "stage", "reused"], lang);
    table.rows.extend(engine.log.iter().map(|of| {
        vec![
            Cell::text(&of.run),
            Cell::text(of.stage.as_str()),
            Cell::text(if of.reused { "yes" } else { "no" }),
        ]
    }));
    Named {
        file: "stages".to_owned(),
        table,
    }
}

/// What is not known (假设与局限).
pub(super) fn assumptions(found: &Simulated<'_>, lang: Lang) -> Named {
    let mut table = table(
        lang.pick("Assumptions", "假设"),
        &["path", "value", "evidence", "source"],
        lang,
    );
    table.rows.extend(found.reform.pack.assumed().map(|of| {
        vec![
            Cell::text(format!("policy.{}", of.key)),
            Cell::text(&of.value),
            Cell::text(of.evidence.as_str()),
            Cell::text(&of.source),
        ]
    }));
    let behaviour = found
        .resolved
        .changes
        .iter()
        .filter(|change| change.lever == "behaviour" || is_calibration(&change.path));
    table.rows.extend(behaviour.map(|change| {
        let source = lang.pick("assumed by this scenario", "本情景的假设");
        vec![
            Cell::text(change.path.to_string()),
            Cell::text(&change.after),
            Cell::text("assumption"),
            Cell::text(source),
        ]
    }));
    Named {
        file: "assumptions".to_owned(),
        table,
    }
}

/// Weights that a scenario makes of its own cases are nobody's.
fn is_calibration(path: &KeyPath) -> bool {
    path.names().first().is_some_and(|name| name == "calibration")
}

/// The reproducibility block (复现信息): equal inputs, seed, version and target give an equal
/// `result_hash` whatever the number of threads.
pub fn repeat_json(command: &str, found: &Simulated<'_>, repeat: &Repeat, lang: Lang) -> Value {
    let files = repeat
        .inputs
        .iter()
        .map(|(path, hash)| json!({ "path": path, "sha256": hash }));
    let diff = found.resolved.changes.iter().map(|change| {
        json!({ "path": change.path.to_string(), "lever": change.lever, "before": change.before, "after": change.after })
    });
    let residual = found.reform.outcome.pools.iter().map(|pool| {
        json!({ "pool": pool.pool, "residual_fen": (pool.sources.iter().map(|(_, fen)| fen.fen()).sum::<i64>()
            - pool.uses.iter().map(|(_, fen)| fen.fen()).sum::<i64>()) })
    });
    let mut warnings = serde_json::Map::new();
    for remark in simulation_remarks(found, lang) {
        let count = warnings.get(remark.code).and_then(Value::as_u64).unwrap_or(0);
        warnings.insert(remark.code.to_owned(), json!(count + 1));
    }
    let counts = &found.reform.prepared.counts;
    let outputs = repeat
        .outputs
        .iter()
        .map(|(name, hash)| json!({ "name": name, "sha256": hash }));
    json!({
        "command": command,
        "scenario": found.resolved.id,
        "baseline": found.resolved.baseline_id,
        "title": found.resolved.title,
        "purpose": found.resolved.purpose,
        "notice": found.resolved.notice,
        "counts": { "read": counts.read, "rejected": counts.rejected, "without_money": counts.without_money },
        "inputs": files.collect::<Vec<_>>(),
        "input_hash": repeat.input_hash,
        "table_hash": repeat.table_hash,
        "policy_hash": repeat.policy_hash,
        "baseline_hash": repeat.baseline_hash,
        "diff": diff.collect::<Vec<_>>(),
        "seed": repeat.drawn.map(|(seed, _)| seed),
        "draws": repeat.drawn.map(|(_, draws)| draws),
        "version": program_json(),
        "residual": residual.collect::<Vec<_>>(),
        "warnings": warnings,
        "outputs": outputs.collect::<Vec<_>>(),
        "result_hash": repeat.result_hash,
    })
}
