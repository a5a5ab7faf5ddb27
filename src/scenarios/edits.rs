//! The edits for the records of a run: their rows from the tables, the code lists, the code map.

use std::path::Path;

use crate::diagnostics::{Error, Place, Result};
use crate::records::{CodeMap, CodeSystem, Door, EditBook, EditFile, Profile, code_version_of};
use crate::tables::{CodeLists, Library, TableFile, code_map};

/// The folder of the tables that holds them.
const FOLDER: &str = "edits";

impl From<TableFile> for EditFile {
    fn from(file: TableFile) -> EditFile {
        EditFile {
            place: file.place,
            text: file.text,
        }
    }
}

/// The edits as the tables have them, changed by a profile, for records in these lists (质控规则集).
///
/// # Errors
/// Faults of any of the files, with their places.
pub fn edit_book(library: &Library, lists: CodeLists, profile: Option<&Profile>) -> Result<EditBook> {
    let source = |name: &str| Ok(library.read(FOLDER, name)?.map(EditFile::from));
    EditBook::load(&source, lists.diagnoses, lists.procedures, profile)
}

/// A profile by its file, or one of the tables by its name (质控方案).
///
/// # Errors
/// There is none, or it is no profile.
pub fn find_profile(library: &Library, named: &Path) -> Result<Profile> {
    if !named.is_file() {
        let name = format!("{}.toml", named.display());
        if let Some(file) = library.read(FOLDER, &name)? {
            return Profile::read(file.into());
        }
    }
    Profile::open(named)
}

/// Which codes a file of records holds (编码版本声明).
#[derive(Clone, Debug, Default)]
pub struct DeclaredCodes<'d> {
    /// What the user says.
    pub option: Option<&'d str>,
    /// What the file's column `code_version` says.
    pub column: Option<String>,
    /// A map to use instead of the shipped one.
    pub map: Option<&'d Path>,
}

/// The codes of a file, and the map that leads from them to lists of the version `lists` (编码映射).
///
/// # Errors
/// Option and column differ; no map leads to the lists.
pub fn code_system(
    library: &Library,
    lists: &str,
    declared: &DeclaredCodes<'_>,
    file: &str,
) -> Result<(CodeSystem, Option<CodeMap>)> {
    let place = || Place::file(Path::new(file));
    let column = declared.column.as_deref();
    if let (Some(option), Some(column)) = (declared.option, column)
        && option != column
    {
        let message = format!("`--codes` says `{option}`, but column code_version says `{column}`");
        return Err(Error::at(place(), message));
    }
    let version = declared.option.or(column);
    let is_assumed = version.is_none();
    let version = version.unwrap_or(lists).to_owned();
    if version == lists {
        let others = code_map(library, None, lists)?.map(read_map).transpose()?;
        let codes = CodeSystem {
            version,
            is_assumed,
            others,
        };
        return Ok((codes, None));
    }
    let map = match declared.map {
        Some(path) => CodeMap::read_one(&version, lists, &EditFile::read(path)?)?,
        None => match code_map(library, Some(&version), lists)? {
            Some(files) => read_map(files)?,
            None => return Err(Error::at(place(), no_map(library, &version, lists)?)),
        },
    };
    let codes = CodeSystem {
        version,
        is_assumed,
        others: None,
    };
    Ok((codes, Some(map)))
}

/// Says to `book` which codes a file of records declares in its column; its rows are mapped to lists
/// of the version `lists`.
///
/// # Errors
/// The file cannot be read; no map leads to the lists.
pub fn take_declared_codes(
    book: &mut EditBook,
    library: &Library,
    lists: &str,
    records: &Path,
) -> Result<()> {
    if !records.is_file() {
        return Ok(()); // what cannot be opened is told when it is read; a stream is read once
    }
    let column = code_version_of(records)?;
    if column.as_deref().is_none_or(|version| version == lists) {
        return Ok(());
    }
    let declared = DeclaredCodes {
        column,
        ..DeclaredCodes::default()
    };
    let (codes, map) = code_system(library, lists, &declared, &records.display().to_string())?;
    book.set_codes(
        codes,
        Door {
            map,
            pseudonyms: None,
        },
    );
    Ok(())
}

fn read_map(files: crate::tables::CodeMapFiles) -> Result<CodeMap> {
    CodeMap::read(
        &files.from,
        &files.to,
        &files.diagnoses.into(),
        &files.procedures.into(),
    )
}

fn no_map(library: &Library, version: &str, lists: &str) -> Result<String> {
    Ok(match code_map(library, Some(lists), version)? {
        Some(_) => format!(
            "the codes are `{version}`, the lists `{lists}`; the map between them has no way back, since \
             several codes share a target"
        ),
        None => {
            format!("no map leads from codes `{version}` to the lists' `{lists}`; give one with --map FILE")
        }
    })
}
