//! Code lists with names, as `codes/codes.toml` beside the schemes describes them.

use serde::Deserialize;

use super::library::{Library, TableFile};
use super::scheme::{Scheme, each_row};
use crate::codes::CodeList;
use crate::diagnostics::{Error, Evidence, Result, parse_toml, suggestion};

const FOLDER: &str = "codes";

/// The diagnoses and procedures a scheme is written in (诊断与手术编码目录).
#[derive(Debug)]
pub struct CodeLists {
    /// Diagnoses.
    pub diagnoses: CodeList,
    /// Procedures.
    pub procedures: CodeList,
    /// The version of the diagnoses, e.g. `insurance-2.0`.
    pub version: String,
}

impl CodeLists {
    /// The lists a scheme names.
    ///
    /// # Errors
    /// See [`load_code_list`].
    pub fn of(library: &Library, scheme: &Scheme) -> Result<CodeLists> {
        CodeLists::named(
            library,
            &scheme.code_lists().diagnosis,
            &scheme.code_lists().procedure,
        )
    }

    /// The first list of each kind, in the order of the index.
    ///
    /// # Errors
    /// See [`load_code_list`]; there is no list of a kind.
    pub fn first(library: &Library) -> Result<CodeLists> {
        let (index, Index { list: lists, .. }) = read_index(library)?;
        let of_kind = |kind: ListKind| {
            let list = lists.iter().find(|list| list.kind == kind);
            let missing = || {
                Error::at(
                    index.place.clone(),
                    "there is no list of diagnoses or of procedures",
                )
            };
            list.map(|list| list.name.as_str()).ok_or_else(missing)
        };
        CodeLists::named(
            library,
            of_kind(ListKind::Diagnosis)?,
            of_kind(ListKind::Procedure)?,
        )
    }

    /// Two lists by name.
    ///
    /// # Errors
    /// See [`load_code_list`].
    pub fn named(library: &Library, diagnosis: &str, procedure: &str) -> Result<CodeLists> {
        Ok(CodeLists {
            version: code_list_version(library, diagnosis)?,
            diagnoses: load_code_list(library, diagnosis)?,
            procedures: load_code_list(library, procedure)?,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ListKind {
    Diagnosis,
    Procedure,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    list: Vec<Entry>,
    #[serde(default)]
    map: Vec<MapEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "source and evidence are for readers of the file")]
struct MapEntry {
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    dead_code,
    reason = "version, source and evidence are for readers of the file"
)]
struct Entry {
    name: String,
    version: String,
    kind: ListKind,
    file: String,
    source: String,
    evidence: Evidence,
}

/// The version of the code list of this name, e.g. `insurance-2.0`.
///
/// # Errors
/// Faults of the index; no such list.
pub fn code_list_version(library: &Library, name: &str) -> Result<String> {
    let (index, Index { list: lists, .. }) = read_index(library)?;
    let found = lists.iter().find(|list| list.name == name);
    found.map(|list| list.version.clone()).ok_or_else(|| {
        let hint = suggestion(name, lists.iter().map(|list| list.name.as_str()));
        Error::at(index.place, format!("unknown code list `{name}`{hint}"))
    })
}

/// Loads the code list of this name.
///
/// # Errors
/// No such list, or faults of its file.
pub fn load_code_list(library: &Library, name: &str) -> Result<CodeList> {
    let (index, Index { list: lists, .. }) = read_index(library)?;
    let Some(entry) = lists.iter().find(|list| list.name == name) else {
        let hint = suggestion(name, lists.iter().map(|list| list.name.as_str()));
        return Err(Error::at(
            index.place,
            format!("unknown code list `{name}`{hint}"),
        ));
    };
    let Some(file) = library.read(FOLDER, &entry.file)? else {
        let message = format!("file `{}` of list `{name}` does not exist", entry.file);
        return Err(Error::at(index.place, message));
    };
    let mut names = Vec::new();
    each_row(&file, ["code", "name"], |[code, name], _| {
        names.push((code.to_owned(), name.to_owned()))
    })?;
    Ok(CodeList::new(names))
}

fn read_index(library: &Library) -> Result<(TableFile, Index)> {
    let missing = || Error::new("there is no codes/codes.toml among the tables");
    let file = library.read(FOLDER, "codes.toml")?.ok_or_else(missing)?;
    let index: Index = parse_toml(&file.place, &file.text)?;
    Ok((file, index))
}
