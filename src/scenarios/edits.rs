//! The edits for the records of a run: their rows from the tables, the code lists, the code map.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::{Error, Place, Result};
use crate::records::{
    CodeMap, CodeSystem, Door, EditBook, EditFile, Profile, RowReader, SourceCodes, codes_of_files,
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

/// What the user says of the codes of the records (编码版本声明).
#[derive(Clone, Copy, Debug, Default)]
pub struct DeclaredCodes<'d> {
    /// Their version, of all files.
    pub option: Option<&'d str>,
    /// A map to use instead of the shipped one.
    pub map: Option<&'d Path>,
    /// Whether codes of the other edition are to be told where nothing is mapped.
    pub tells_others: bool,
}

/// The codes of each file of `reader`, and the maps that lead from them to lists of the version `lists`
/// (编码映射): by the user's word, else that of the file's column, else that of its layout.
///
/// # Errors
/// Option and column differ; no map leads to the lists; a stream whose column cannot be looked at.
pub fn code_systems(
    library: &Library,
    lists: &str,
    declared: &DeclaredCodes<'_>,
    reader: &RowReader,
) -> Result<Vec<CodeSystem>> {
    let mut systems: Vec<CodeSystem> = Vec::new();
    for source in codes_of_files(reader)? {
        let said = version_of(&source, declared.option)?;
        let version = said.unwrap_or(lists);
        let known = systems.iter().find(|known| known.version == version).cloned();
        let system = match known {
            Some(known) => known,
            None => code_system(library, lists, declared, &source)?,
        };
        systems.push(CodeSystem {
            is_assumed: said.is_none(),
            ..system
        });
    }
    Ok(systems)
}

/// The codes of one file by what it says itself, see [`code_systems`].
///
/// # Errors
/// Those of [`code_systems`].
pub fn code_system(
    library: &Library,
    lists: &str,
    declared: &DeclaredCodes<'_>,
    source: &SourceCodes,
) -> Result<CodeSystem> {
    let said = version_of(source, declared.option)?;
    let version = said.unwrap_or(lists);
    let (mut map, mut others) = (None, None);
    // without lists codes are taken as they stand, whatever their version
    if version != lists && !lists.is_empty() {
        map = Some(Arc::new(map_of(
            library,
            lists,
            declared.map,
            version,
            &source.file,
        )?));
    } else if declared.tells_others && !lists.is_empty() {
        others = code_map(library, None, lists)?
            .map(read_map)
            .transpose()?
            .map(Arc::new);
    }
    Ok(CodeSystem {
        version: version.to_owned(),
        is_assumed: said.is_none(),
        map,
        others,
    })
}

/// The version that a file is declared to be in, if it is.
fn version_of<'s>(source: &'s SourceCodes, option: Option<&'s str>) -> Result<Option<&'s str>> {
    let place = || Place::file(Path::new(&*source.file));
    let column = source.column.as_deref();
    match (option, column) {
        (Some(option), Some(column)) if option != column => {
            let message = format!("`--codes` says `{option}`, but column code_version says `{column}`");
            Err(Error::at(place(), message))
        }
        (None, _) if source.is_unseen => {
            let message = "column code_version of a stream cannot be looked at before its rows are read; \
                           say the version with --codes";
            Err(Error::at(place(), message))
        }
        _ => Ok(option.or(column).or(source.layout.as_deref())),
    }
}

fn map_of(library: &Library, lists: &str, map: Option<&Path>, version: &str, file: &str) -> Result<CodeMap> {
    if let Some(path) = map {
        return CodeMap::read_one(version, lists, &EditFile::read(path)?);
    }
    match code_map(library, Some(version), lists)? {
        Some(files) => read_map(files),
        None => Err(Error::at(
            Place::file(Path::new(file)),
            no_map(library, version, lists)?,
        )),
    }
}

/// Says to `book` which codes the records of `reader` are in, where some are mapped to lists of the
/// version `lists`.
///
/// # Errors
/// The records cannot be read; no map leads to the lists.
pub fn take_codes(
    book: &mut EditBook,
    library: &Library,
    lists: &str,
    declared: &DeclaredCodes<'_>,
    reader: &RowReader,
) -> Result<()> {
    let door = Door::new(code_systems(library, lists, declared, reader)?, None);
    if door.maps_codes() {
        book.set_door(door);
    }
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
