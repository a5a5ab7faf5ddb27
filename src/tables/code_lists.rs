//! Code lists with names, as `codes/codes.toml` beside the schemes describes them.

use serde::Deserialize;

use super::scheme::{Scheme, each_row};
use crate::codes::CodeList;
use crate::diagnostics::{Error, Evidence, Result, parse_toml, suggestion};
use crate::library::{Library, TableFile};

const FOLDER: &str = "codes";

/// The diagnoses and procedures a scheme is written in (诊断与手术编码目录).
#[derive(Debug)]
pub struct CodeLists {
    /// Diagnoses.
    pub diagnoses: CodeList,
    /// Procedures.
    pub procedures: CodeList,
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
        let (index, lists) = read_index(library)?;
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

/// Loads the code list of this name.
///
/// # Errors
/// No such list, or faults of its file.
pub fn load_code_list(library: &Library, name: &str) -> Result<CodeList> {
    let (index, lists) = read_index(library)?;
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

fn read_index(library: &Library) -> Result<(TableFile, Vec<Entry>)> {
    let missing = || Error::new("there is no codes/codes.toml among the tables");
    let file = library.read(FOLDER, "codes.toml")?.ok_or_else(missing)?;
    let index: Index = parse_toml(&file.place, &file.text)?;
    Ok((file, index.list))
}
