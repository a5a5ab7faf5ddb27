//! Code lists with names, as `codes/codes.toml` beside the schemes describes them.

use serde::Deserialize;

use super::library::Library;
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    list: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    dead_code,
    reason = "version, kind, source and evidence are for readers of the file"
)]
struct Entry {
    name: String,
    version: String,
    kind: String,
    file: String,
    source: String,
    evidence: Evidence,
}

/// Loads the code list of this name.
///
/// # Errors
/// No such list, or faults of its file.
pub fn load_code_list(library: &Library, name: &str) -> Result<CodeList> {
    let missing = || Error::new("there is no codes/codes.toml among the tables");
    let index = library.read(FOLDER, "codes.toml")?.ok_or_else(missing)?;
    let lists: Index = parse_toml(&index.place, &index.text)?;
    let Some(entry) = lists.list.iter().find(|list| list.name == name) else {
        let hint = suggestion(name, lists.list.iter().map(|list| list.name.as_str()));
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
