//! Levers and keys that change nothing (无作用的改动): each change is taken out of the reform by itself, and
//! what comes out is compared.

use super::attribution::Attribution;
use super::document::KeyPath;
use super::engine::Engine;
use super::levers::{Stage, lever_of};
use super::outcome::Outcome;
use super::resolve::{Change, Remark, Resolved, Whole};
use crate::diagnostics::{Lang, Result};

/// Changes of more keys than this are looked at lever by lever only.
const MOST_KEYS: usize = 32;

/// Cases scored anew at most, over all keys.
const MOST_SCORED: usize = 3_000_000;

/// What of a reform changes no result: keys, and where there are too many of them, levers (无作用提示).
///
/// # Errors
/// None of its own: a reform that cannot be run without a key needs that key.
pub fn without_effect(
    engine: &mut Engine<'_>,
    resolved: &Resolved,
    (base, reform): (&Outcome, &Outcome),
    (attribution, cases): (&Attribution, usize),
    lang: Lang,
) -> Result<Vec<Remark>> {
    let looked_at: Vec<&Change> = resolved
        .changes
        .iter()
        .filter(|change| is_looked_at(change))
        .collect();
    let scored = looked_at
        .iter()
        .filter(|change| stage(&change.path) <= Stage::Behaviour);
    if looked_at.len() > MOST_KEYS || scored.count() * cases > MOST_SCORED {
        return Ok(idle_levers(base, attribution, resolved, lang));
    }
    let mut found = Vec::new();
    for change in looked_at {
        let whole = without(resolved, &change.path);
        let other = engine.outcome("without", &whole);
        if other.is_ok_and(|other| same(&other, reform)) {
            found.push(remark(change, lang));
        }
    }
    Ok(found)
}

/// A pack that is replaced as a whole is one change, and records grouped anew change something.
fn is_looked_at(change: &Change) -> bool {
    change.lever != "regime" && !matches!(stage(&change.path), Stage::None | Stage::Cases)
}

fn stage(path: &KeyPath) -> Stage {
    lever_of(path).map_or(Stage::None, super::levers::Lever::stage)
}

/// The reform with one key as the baseline has it.
fn without(resolved: &Resolved, path: &KeyPath) -> Whole {
    let mut whole = resolved.reform.clone();
    match resolved.baseline.document.at(path) {
        Some(leaf) => whole.document.set(path.clone(), leaf.clone()),
        None => {
            let names: Vec<&str> = path.names().iter().map(String::as_str).collect();
            whole.document.remove(&names);
        }
    }
    whole
}

/// Whether everybody gets the same.
fn same(one: &Outcome, other: &Outcome) -> bool {
    one.hospitals == other.hospitals && one.groups == other.groups && one.pools == other.pools
}

fn remark(change: &Change, lang: Lang) -> Remark {
    let path = &change.path;
    Remark {
        code: "without_effect",
        place: change.place.to_string(),
        text: match lang {
            Lang::En => format!("`{path}` changes no result of this reform"),
            Lang::Zh => format!("`{path}`不改变本方案的任何结果"),
        },
    }
}

fn idle_levers(base: &Outcome, attribution: &Attribution, resolved: &Resolved, lang: Lang) -> Vec<Remark> {
    let alone = attribution.levers.iter().zip(&attribution.isolated);
    let idle = alone.filter(|(_, outcome)| same(base, outcome));
    idle.map(|(lever, _)| {
        let of = resolved.changes.iter().find(|change| change.lever == *lever);
        Remark {
            code: "without_effect",
            place: of.map_or_else(String::new, |change| change.place.to_string()),
            text: match lang {
                Lang::En => format!("the lever `{lever}` by itself changes no result of the baseline"),
                Lang::Zh => format!("杠杆`{lever}`单独不改变基线的任何结果"),
            },
        }
    })
    .collect()
}
