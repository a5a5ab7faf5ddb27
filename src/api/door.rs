//! What is done to rows before they are read: the code map, pseudonyms.

use std::path::{Path, PathBuf};

use crate::diagnostics::{Error, Place, Result};
use crate::records::{CodeSystem, Column, Door, Header, Pseudonyms, code_version_of};
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
    /// The codes of a file with this header, and its door to lists of the version `lists`.
    ///
    /// # Errors
    /// No map leads there; a key that is none; a column that cannot be looked at before the rows.
    pub(super) fn open(
        &self,
        library: &Library,
        lists: &str,
        records: &Path,
        header: &Header,
    ) -> Result<(CodeSystem, Door)> {
        let place = || Place::file(records);
        let has_column = header.field(Column::CodeVersion).is_some();
        if has_column && self.codes.is_none() && !records.is_file() {
            let message = "column code_version of a stream cannot be looked at before its rows are read; \
                           say the version with --codes";
            return Err(Error::at(place(), message));
        }
        let declared = DeclaredCodes {
            option: self.codes.as_deref(),
            column: if has_column {
                code_version_of(records)?
            } else {
                None
            },
            map: self.map.as_deref(),
        };
        let (codes, map) = code_system(library, lists, &declared, &place().file)?;
        let key = self.pseudonymise.as_deref();
        let pseudonyms = key
            .map(|key| Pseudonyms::open(key, self.pseudonymise_all))
            .transpose()?;
        Ok((codes, Door { map, pseudonyms }))
    }

    /// Whether the rows of a file with this header may change.
    pub(super) fn may_change(&self, header: &Header) -> bool {
        self.codes.is_some() || self.pseudonymise.is_some() || header.field(Column::CodeVersion).is_some()
    }
}
