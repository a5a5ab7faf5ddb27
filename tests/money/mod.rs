//! Packs, weights and pools made for a test: shipped ones with single keys edited, and the golden
//! files they are held against.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::fs;
use std::path::{Path, PathBuf};

use dianzhi::budget::{More, PoolCase, PoolSettlement};
use dianzhi::codes::HospitalLevel;
use dianzhi::diagnostics::{Place, Result};
use dianzhi::points::{CaseFacts, Kind, Pack, Payment, PricingCase, Weights};
use dianzhi::units::{Exact, Fen};
use serde_json::Value;

pub const SAMPLE: &str = include_str!("../../scenarios/policies/sample-region-2022.toml");
pub const HARBIN: &str = include_str!("../../scenarios/policies/harbin-2022.toml");

// ---- packs and weights made for a test -------------------------------------------------------

/// A shipped pack with single keys replaced (`Some`) or taken out (`None`).
pub fn edited(pack: &str, edits: &[(&str, Option<&str>)]) -> String {
    edits
        .iter()
        .fold(pack.to_owned(), |text, (key, value)| edit(&text, key, *value))
}

pub fn edit(text: &str, key: &str, value: Option<&str>) -> String {
    let (table, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let header = lines.iter().position(|line| *line == format!("[{table}]"));
    let start = if table.is_empty() {
        0
    } else {
        header.map_or(lines.len(), |at| at + 1)
    };
    let length = lines[start..]
        .iter()
        .take_while(|line| !line.starts_with('['))
        .count();
    let written = (start..start + length).find(|at| lines[*at].starts_with(&format!("{name} = ")));
    match (written, value) {
        (Some(at), Some(value)) => lines[at] = format!("{name} = {value}"),
        (Some(at), None) => drop(lines.remove(at)),
        (None, Some(value)) if header.is_none() && !table.is_empty() => {
            lines.extend([format!("[{table}]"), format!("{name} = {value}")]);
        }
        (None, Some(value)) => lines.insert(start, format!("{name} = {value}")),
        (None, None) => panic!("`{key}` does not stand in the pack"),
    }
    lines.join("\n") + "\n"
}

pub fn parse(text: &str) -> Result<Pack> {
    Pack::parse(&Place::file(Path::new("policy.toml")), text)
}

pub fn pack(base: &str, edits: &[(&str, Option<&str>)]) -> Pack {
    parse(&edited(base, edits)).unwrap_or_else(|e| panic!("{e}"))
}

pub fn weights(rows: &str) -> Weights {
    let text = format!("group,weight,cases,mean_cost,stable,evidence,note\n{rows}");
    Weights::parse(&Place::file(Path::new("weights.csv")), &text).unwrap_or_else(|e| panic!("{e}"))
}

pub fn case(group: &str, cost: Fen) -> PricingCase<'_> {
    PricingCase {
        group: Some(group),
        hospital: "H",
        level: HospitalLevel::Three,
        pool: "employee",
        cost,
        los_days: None,
        facts: CaseFacts::default(),
    }
}

pub fn yuan(text: &str) -> Fen {
    Fen::parse_yuan(text).unwrap_or_else(|e| panic!("`{text}`: {e}"))
}

pub fn decimal(text: &str) -> Exact {
    text.parse::<dianzhi::units::Ratio>().unwrap().exact().unwrap()
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/settlement")
}

/// Runs `check` on every case of `tests/golden/settlement/<op>.json`, naming the case that fails.
pub fn golden(op: &str, check: fn(&Value, &Value)) {
    let text = fs::read_to_string(folder().join(format!("{op}.json"))).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let id = case["id"].as_str().unwrap().to_owned();
        let run = std::panic::catch_unwind(|| check(&case["inputs"], &case["expected"]));
        assert!(run.is_ok(), "{op} {id} differs");
    }
}

pub fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text `{key}` in {value}"))
}

pub fn list(value: &Value, key: &str) -> Vec<Fen> {
    value[key]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| yuan(v.as_str().unwrap()))
        .collect()
}

pub fn quoted(value: &str) -> String {
    format!("\"{value}\"")
}

pub fn pack_of(base: &str, edits: &[(&str, Option<String>)]) -> Pack {
    let edits: Vec<_> = edits
        .iter()
        .map(|(key, value)| (*key, value.as_deref()))
        .collect();
    pack(base, &edits)
}

pub fn pool_case<'a>(id: &'a str, hospital: &'a str, payment: Payment) -> PoolCase<'a> {
    PoolCase {
        id,
        hospital,
        kind: Kind::Normal,
        payment,
        cost: Fen::ZERO,
        claim: Fen::ZERO,
        nonfund: Fen::ZERO,
        more: More::default(),
    }
}

pub fn used(settled: &PoolSettlement, name: &str) -> Fen {
    settled.uses.iter().find(|(n, _)| *n == name).unwrap().1
}
