//! The shipped schemes by what they group by.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking; each test file uses a part of this"
)]

use std::fs;
use std::path::Path;

use dianzhi::tables::Library;

/// Ids of the shipped schemes of a kind, `drg` or `dip`.
pub fn schemes_of(kind: &str) -> Vec<String> {
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("grouping-tables");
    let mut ids = Library::find(std::slice::from_ref(&tables))
        .unwrap()
        .scheme_ids()
        .unwrap();
    ids.retain(|id| {
        let header = fs::read_to_string(tables.join(id).join("scheme.toml")).unwrap();
        header.contains(&format!("kind = \"{kind}\""))
    });
    ids
}
