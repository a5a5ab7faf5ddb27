//! What is done to rows before they are read: the code map, pseudonyms.

use std::path::{Path, PathBuf};

use crate::diagnostics::{Error, Place, Result};
use crate::records::{CodeSystem, Column, Door, Intake, OpenedFiles, Pseudonyms, RowReader, codes_of_source};
use crate::scenarios::{DeclaredCodes, code_system};
use crate::tables::Library;

/// What the user says of codes and persons' numbers in the records (入口选项).
#[derive(Clone, Debug, Default)]
pub struct DoorRequest {
    /// The version of the codes in the records.
    pub codes: Option<String>,
    /// A map from that version to the lists', instead of the shipped one.
    pub map: Option<PathBuf>,
    /// The key by which numbers of persons are replaced.
    pub pseudonymise: Option<PathBuf>,
    /// Replace the numbers of cases too.
    pub pseudonymise_all: bool,
}

impl DoorRequest {
    /// The codes of the records of `reader`, and the door to lists of the version `lists`.
    ///
    /// # Errors
    /// No map leads there; a key that is none; a column that cannot be looked at before the rows.
    pub(super) fn open(
        &self,
        library: &Library,
        lists: &str,
        reader: &RowReader,
        records: &Path,
        intake: &Intake,
    ) -> Result<(CodeSystem, Door)> {
        let place = || Place::file(records);
        let source = codes_of_source(reader, records, intake)?;
        let has_column = reader.header().field(Column::CodeVersion).is_some();
        let is_stream = !records.is_file() && !records.is_dir();
        if has_column && self.codes.is_none() && is_stream {
            let message = "column code_version of a stream cannot be looked at before its rows are read; \
                           say the version with --codes";
            return Err(Error::at(place(), message));
        }
        let declared = DeclaredCodes {
            option: self.codes.as_deref(),
            source,
            map: self.map.as_deref(),
        };
        let (codes, map) = code_system(library, lists, &declared, &place().file)?;
        let key = self.pseudonymise.as_deref();
        let pseudonyms = key
            .map(|key| Pseudonyms::open(key, self.pseudonymise_all))
            .transpose()?;
        Ok((codes, Door { map, pseudonyms }))
    }

    /// Whether the rows of `reader` may change.
    pub(super) fn may_change(&self, reader: &RowReader) -> bool {
        let opened = reader.opened().list();
        let of_layout = opened
            .first()
            .is_some_and(|file| !file.chosen.layout.codes().is_empty());
        let has_column = reader.header().field(Column::CodeVersion).is_some();
        self.codes.is_some() || self.pseudonymise.is_some() || has_column || of_layout
    }
}

/// Refuses records that declare their codes in another version than `lists`, for commands that take
/// codes as they stand.
pub(super) fn refuse_foreign_codes(
    lists: &str,
    reader: &RowReader,
    records: &Path,
    intake: &Intake,
) -> Result<()> {
    if !DoorRequest::default().may_change(reader) {
        return Ok(());
    }
    let place = || Place::file(records);
    let has_column = reader.header().field(Column::CodeVersion).is_some();
    if has_column && !records.is_file() && !records.is_dir() {
        let message =
            "column code_version of a stream cannot be looked at before its rows are read; save it as a file";
        return Err(Error::at(place(), message));
    }
    let source = codes_of_source(reader, records, intake)?;
    let declared = source.column.or(source.layout);
    let Some(version) = declared.filter(|version| version != lists) else {
        return Ok(());
    };
    let message = format!(
        "the codes are of version `{version}`, those of the tables of `{lists}`, and this command takes codes as they \
         stand; `dianzhi check … -o DIR --neutral` writes the records with their codes mapped"
    );
    Err(Error::at(place(), message))
}

/// All files of a run are in codes of one version: a later one whose layout says otherwise stops it.
pub(super) fn refuse_other_codes(opened: &OpenedFiles, door: &DoorRequest) -> Result<()> {
    let opened = opened.list();
    let codes = |file: &crate::records::Opened| file.chosen.layout.codes().to_owned();
    let first = opened.first().map(codes);
    let other = opened
        .iter()
        .find(|file| door.codes.is_none() && Some(codes(file)) != first);
    other.map_or(Ok(()), |file| {
        let (other, first) = (codes(file), first.unwrap_or_default());
        let message = format!(
            "by its layout this file is in codes `{other}`, the first one in `{first}`; read them one by one, or say \
             the version with --codes"
        );
        Err(Error::at(Place::file(Path::new(&*file.file)), message))
    })
}
