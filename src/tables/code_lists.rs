//! Code lists with names, as `codes/codes.toml` beside the schemes describes them.

use serde::Deserialize;

use super::code_maps::MapEntry;
use super::scheme::{Scheme, each_row};
use crate::codes::CodeList;
use crate::diagnostics::{Error, Evidence, Place, Result, parse_toml, suggestion};
use crate::library::{Library, TableFile};

pub(super) const FOLDER: &str = "codes";

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
    /// There is no such list, or it has faults.
    pub fn of(library: &Library, scheme: &Scheme) -> Result<CodeLists> {
        let names = scheme.code_lists();
        let [of_diagnosis, of_procedure] = &names.places;
        Ok(CodeLists {
            version: code_list_version(library, &names.diagnosis)?,
            diagnoses: list_named(library, &names.diagnosis, ListKind::Diagnosis, Some(of_diagnosis))?,
            procedures: list_named(library, &names.procedure, ListKind::Procedure, Some(of_procedure))?,
        })
    }

    /// The first list of each kind, in the order of the index.
    ///
    /// # Errors
    /// Faults of the index or of the lists; there is no list of a kind.
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
    /// As [`CodeLists::of`].
    pub fn named(library: &Library, diagnosis: &str, procedure: &str) -> Result<CodeLists> {
        Ok(CodeLists {
            version: code_list_version(library, diagnosis)?,
            diagnoses: list_named(library, diagnosis, ListKind::Diagnosis, None)?,
            procedures: list_named(library, procedure, ListKind::Procedure, None)?,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ListKind {
    Diagnosis,
    Procedure,
}

impl ListKind {
    const fn words(self) -> &'static str {
        match self {
            ListKind::Diagnosis => "diagnoses",
            ListKind::Procedure => "procedures",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Index {
    list: Vec<Entry>,
    #[serde(default)]
    pub(super) map: Vec<MapEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "source and evidence are for readers of the file")]
struct Entry {
    name: String,
    version: String,
    kind: ListKind,
    file: String,
    source: String,
    evidence: Evidence,
}

/// The name of no code list (无编码表): a scheme that names it takes codes as they stand.
pub const NO_LIST: &str = "none";

/// The version of the code list of this name, e.g. `insurance-2.0`; empty if there is none.
///
/// # Errors
/// Faults of the index.
pub fn code_list_version(library: &Library, name: &str) -> Result<String> {
    let (_, index) = read_index(library)?;
    let found = index.list.into_iter().find(|list| list.name == name);
    Ok(found.map_or_else(String::new, |list| list.version))
}

/// The version of the first code list (首个编码表版本): what codes are taken for where no scheme is named.
///
/// # Errors
/// Faults of the index.
pub fn first_code_list_version(library: &Library) -> Result<String> {
    let (_, index) = read_index(library)?;
    let first = index.list.into_iter().next();
    Ok(first.map_or_else(String::new, |list| list.version))
}

/// Visits the codes of a list; of one that does not exist there are none: who needs its names is told
/// by [`CodeLists::of`].
pub(super) fn each_code(library: &Library, name: &str, mut visit: impl FnMut(&str)) -> Result<()> {
    if library.read(FOLDER, "codes.toml")?.is_none() {
        return Ok(());
    }
    let (_, index) = read_index(library)?;
    let Some(entry) = index.list.iter().find(|list| list.name == name) else {
        return Ok(());
    };
    match library.read(FOLDER, &entry.file)? {
        Some(file) => each_row(&file, ["code", "name"], |[code, _], _| visit(code)),
        None => Ok(()),
    }
}

/// Loads the code list of this name; that it is unknown, or of another kind, is the fault of the
/// file that names it, or of the index if nobody knows which that is.
fn list_named(library: &Library, name: &str, kind: ListKind, named_at: Option<&Place>) -> Result<CodeList> {
    if name == NO_LIST {
        return Ok(CodeList::default());
    }
    let (index, Index { list: lists, .. }) = read_index(library)?;
    let blamed = named_at.unwrap_or(&index.place).clone();
    let Some(entry) = lists.iter().find(|list| list.name == name) else {
        let known = || {
            lists
                .iter()
                .filter(|list| list.kind == kind)
                .map(|list| list.name.as_str())
        };
        let hint = match suggestion(name, known()) {
            hint if hint.is_empty() => {
                let known: Vec<String> = known().map(|name| format!("`{name}`")).collect();
                format!("; known: {}, `{NO_LIST}`", known.join(", "))
            }
            hint => hint,
        };
        return Err(Error::at(blamed, format!("unknown code list `{name}`{hint}")));
    };
    if entry.kind != kind {
        let (found, expected) = (entry.kind.words(), kind.words());
        let message = format!("code list `{name}` is one of {found}; expected one of {expected}");
        return Err(Error::at(blamed, message));
    }
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

pub(super) fn read_index(library: &Library) -> Result<(TableFile, Index)> {
    let missing = || Error::new("there is no codes/codes.toml among the tables");
    let file = library.read(FOLDER, "codes.toml")?.ok_or_else(missing)?;
    let index: Index = parse_toml(&file.place, &file.text)?;
    Ok((file, index))
}
