//! The edits for the records of a run: their rows from the tables, the code lists, the code map.

use std::path::Path;

use crate::diagnostics::{Error, Place, Result};
use crate::records::{
    CodeMap, CodeSystem, Door, EditBook, EditFile, Intake, Profile, RowReader, SourceCodes, codes_of_source,
};
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
    /// What the file says.
    pub source: SourceCodes,
    /// A map to use instead of the shipped one.
    pub map: Option<&'d Path>,
}

impl DeclaredCodes<'_> {
    /// The user's word, else that of the column, else that of the layout.
    pub fn version(&self) -> Option<&str> {
        let source = [&self.source.column, &self.source.layout];
        self.option
            .or_else(|| source.into_iter().flatten().map(String::as_str).next())
    }
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
    let column = declared.source.column.as_deref();
    if let (Some(option), Some(column)) = (declared.option, column)
        && option != column
    {
        let message = format!("`--codes` says `{option}`, but column code_version says `{column}`");
        return Err(Error::at(place(), message));
    }
    let version = declared.version();
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

/// Says to `book` which codes the records of `reader` are in, as they declare themselves; they are
/// mapped to lists of the version `lists`.
///
/// # Errors
/// The records cannot be read; no map leads to the lists.
pub fn take_codes_of_source(
    book: &mut EditBook,
    library: &Library,
    lists: &str,
    reader: &RowReader,
    records: &Path,
    intake: &Intake,
) -> Result<()> {
    let declared = DeclaredCodes {
        source: codes_of_source(reader, records, intake)?,
        ..DeclaredCodes::default()
    };
    if declared.version().is_none_or(|version| version == lists) {
        return Ok(());
    }
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
