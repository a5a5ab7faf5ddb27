//! What is done to rows before they are read: the code map, pseudonyms.

use std::path::{Path, PathBuf};

use crate::diagnostics::{Error, Place, Result};
use crate::records::{Column, Door, Pseudonyms, RowReader, codes_of_files};
use crate::scenarios::{DeclaredCodes, code_systems};
use crate::tables::Library;

/// What the user says of the codes of the records (编码选项).
#[derive(Clone, Debug, Default)]
pub struct CodesRequest {
    /// Their version, of all files.
    pub codes: Option<String>,
    /// A map from that version to the lists', instead of the shipped one.
    pub map: Option<PathBuf>,
}

impl CodesRequest {
    pub(super) fn declared(&self) -> DeclaredCodes<'_> {
        DeclaredCodes {
            option: self.codes.as_deref(),
            map: self.map.as_deref(),
            tells_others: false,
        }
    }
}

/// What the user says of codes and persons' numbers in the records (入口选项).
#[derive(Clone, Debug, Default)]
pub struct DoorRequest {
    /// The version of the codes in the records, and the map.
    pub codes: CodesRequest,
    /// The key by which numbers of persons are replaced.
    pub pseudonymise: Option<PathBuf>,
    /// Replace the numbers of cases too.
    pub pseudonymise_all: bool,
}

impl DoorRequest {
    /// The door from the codes of each file of `reader` to lists of the version `lists`; where
    /// `tells_others`, codes of another edition than the declared one can be told behind it.
    ///
    /// # Errors
    /// No map leads there; a key that is none; a column that cannot be looked at before the rows.
    pub(super) fn open(
        &self,
        library: &Library,
        lists: &str,
        reader: &RowReader,
        tells_others: bool,
    ) -> Result<Door> {
        let declared = DeclaredCodes {
            tells_others,
            ..self.codes.declared()
        };
        let files = code_systems(library, lists, &declared, reader)?;
        let key = self.pseudonymise.as_deref();
        let pseudonyms = key
            .map(|key| Pseudonyms::open(key, self.pseudonymise_all))
            .transpose()?;
        Ok(Door::new(files, pseudonyms))
    }

    /// Whether the rows of `reader` may change.
    pub(super) fn may_change(&self, reader: &RowReader) -> bool {
        self.codes.codes.is_some() || self.pseudonymise.is_some() || may_declare_codes(reader)
    }
}

/// Whether some file of `reader` may say which codes it holds.
fn may_declare_codes(reader: &RowReader) -> bool {
    let opened = reader.opened().list();
    let mut layouts = opened.iter().map(|file| file.chosen.layout.codes());
    reader.header().field(Column::CodeVersion).is_some() || layouts.any(|codes| !codes.is_empty())
}

/// Refuses records that declare their codes in another version than `lists`, for commands that take
/// codes as they stand.
pub(super) fn refuse_foreign_codes(lists: &str, reader: &RowReader) -> Result<()> {
    if !may_declare_codes(reader) {
        return Ok(());
    }
    for source in codes_of_files(reader)? {
        let place = || Place::file(Path::new(&*source.file));
        if source.is_unseen {
            let message = "column code_version of a stream cannot be looked at before its rows are read; save it as a file";
            return Err(Error::at(place(), message));
        }
        let declared = source.column.as_ref().or(source.layout.as_ref());
        let foreign = |version: &&String| *version != lists && !lists.is_empty();
        if let Some(version) = declared.filter(foreign) {
            let message = format!(
                "the codes are of version `{version}`, those of the tables of `{lists}`, and this command takes codes as \
                 they stand; `dianzhi check … -o DIR --neutral` writes the records with their codes mapped"
            );
            return Err(Error::at(place(), message));
        }
    }
    Ok(())
}
