//! Maps between versions of the code lists, as `codes/codes.toml` names them.

use serde::Deserialize;

use super::code_lists::{FOLDER, Index, read_index};
use crate::diagnostics::{Error, Evidence, Result};
use crate::library::{Library, TableFile};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "source and evidence are for readers of the file")]
pub(super) struct MapEntry {
    from: String,
    to: String,
    diagnoses: String,
    procedures: String,
    source: String,
    evidence: Evidence,
}

/// The files of a map between two versions of the code lists (编码映射表文件).
#[derive(Clone, Debug)]
pub struct CodeMapFiles {
    /// The version it leads from.
    pub from: String,
    /// The version it leads to.
    pub to: String,
    /// Of diagnoses: columns `code, name, target`.
    pub diagnoses: TableFile,
    /// Of procedures.
    pub procedures: TableFile,
}

/// The map that leads to a version, from another or from any.
///
/// # Errors
/// Faults of the index; a file of the map is missing.
pub fn code_map(library: &Library, from: Option<&str>, to: &str) -> Result<Option<CodeMapFiles>> {
    let (index, Index { map: maps, .. }) = read_index(library)?;
    let leads = |map: &&MapEntry| map.to == to && from.is_none_or(|from| map.from == from);
    let Some(map) = maps.iter().find(leads) else {
        return Ok(None);
    };
    let file = |name: &str| {
        let missing = || {
            let message = format!(
                "file `{name}` of the map from `{}` to `{}` does not exist",
                map.from, map.to
            );
            Error::at(index.place.clone(), message)
        };
        library.read(FOLDER, name)?.ok_or_else(missing)
    };
    Ok(Some(CodeMapFiles {
        from: map.from.clone(),
        to: map.to.clone(),
        diagnoses: file(&map.diagnoses)?,
        procedures: file(&map.procedures)?,
    }))
}
