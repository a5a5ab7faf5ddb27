//! By what a result is known again (结果标识): which program made it, and one hash over its numbers.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::table::Table;
use crate::diagnostics::hexadecimal;

/// The libraries this program was built with.
const LOCK_FILE: &[u8] = include_bytes!("../../Cargo.lock");

/// A digest of the source files this program was built from; see the build script.
const SOURCE: &str = env!("DIANZHI_SOURCE");

/// The commit, where whoever built the program told it.
const COMMIT: Option<&str> = option_env!("DIANZHI_COMMIT");

/// Columns that hold words in a language, or places as the user named them: they are no part of what a
/// result is known by.
const WORDS: [&str; 9] = [
    "sentence",
    "place",
    "text",
    "source",
    "file",
    "expected",
    "expected_zh",
    "words",
    "words_zh",
];

/// Version, sources, commit, libraries and target of the program (程序版本), in this order.
pub(super) fn program() -> Vec<(&'static str, String)> {
    let mut program = vec![
        ("engine", env!("CARGO_PKG_VERSION").to_owned()),
        ("source", SOURCE.to_owned()),
    ];
    let commit = COMMIT.filter(|commit| !commit.is_empty());
    program.extend(commit.map(|commit| ("commit", commit.to_owned())));
    program.push(("lock_hash", hexadecimal(&Sha256::digest(LOCK_FILE))));
    let (machine, system) = (std::env::consts::ARCH, std::env::consts::OS);
    program.push(("target", format!("{machine}-{system}")));
    program
}

/// The same for `run.json`.
pub(super) fn program_json() -> Value {
    let fields = program().into_iter();
    Value::Object(
        fields
            .map(|(name, text)| (name.to_owned(), json!(text)))
            .collect::<Map<_, _>>(),
    )
}

/// SHA-256 of tables in their order (结果散列): names of tables and columns, and every cell but words and
/// places, so that it is the same in every language and whatever folder a run was started from.
pub fn result_hash<'t>(tables: impl IntoIterator<Item = (&'t str, &'t Table)>) -> String {
    let mut hash = Sha256::new();
    for (file, table) in tables {
        hash.update(format!("{file}\n"));
        hash.update(without_words(table).csv().bytes());
    }
    hexadecimal(&hash.finalize())
}

fn without_words(table: &Table) -> Table {
    let kept: Vec<bool> = table
        .columns
        .iter()
        .map(|column| !WORDS.contains(&column.name.as_str()))
        .collect();
    let keep = |at: &usize| kept.get(*at).copied().unwrap_or(false);
    let columns = table.columns.iter().enumerate().filter(|(at, _)| keep(at));
    let rows = table.rows.iter().map(|row| {
        let cells = row.iter().enumerate().filter(|(at, _)| keep(at));
        cells.map(|(_, cell)| cell.clone()).collect()
    });
    Table {
        name: String::new(),
        columns: columns.map(|(_, column)| column.clone()).collect(),
        rows: rows.collect(),
    }
}
