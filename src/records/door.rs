//! What is done to rows before they are read (入口处理): codes mapped once, file by file, numbers of
//! persons replaced.

use std::sync::Arc;

use super::columns::{Column, Header};
use super::mapping::CodeMap;
use super::pseudonym::Pseudonyms;

/// The codes of one file (文件编码版本), as declared, and how they become those of the lists.
#[derive(Clone, Debug, Default)]
pub struct CodeSystem {
    /// As declared or assumed, e.g. `insurance-2.0`; empty if nobody said.
    pub version: String,
    /// Nobody said; the version of the lists was taken.
    pub is_assumed: bool,
    /// From that version to the lists', where they differ.
    pub map: Option<Arc<CodeMap>>,
    /// The other edition, by which codes are told that are of none declared; where nothing is
    /// mapped.
    pub others: Option<Arc<CodeMap>>,
}

/// What is done to the rows of a run before they are read (入口处理): the codes of each file are mapped
/// once to the edition of the lists, the numbers of persons are replaced.
#[derive(Debug, Default)]
pub struct Door {
    /// By the number of the file in the run.
    files: Vec<CodeSystem>,
    /// In place of the numbers of persons and cases; the birth date is taken out too.
    pub pseudonyms: Option<Pseudonyms>,
}

/// Of a file nobody asked about.
static UNSAID: CodeSystem = CodeSystem {
    version: String::new(),
    is_assumed: false,
    map: None,
    others: None,
};

/// The lists a map changes: whether of diagnoses, and where the written codes are kept.
pub(super) const MAPPED: [(Column, bool, Option<Column>); 4] = [
    (Column::Diagnoses, true, Some(Column::DiagnosesWritten)),
    (Column::Procedures, false, Some(Column::ProceduresWritten)),
    (Column::ExternalCauses, true, None),
    (Column::OutpatientDiagnosis, true, None),
];

impl Door {
    /// For files in these codes, in the order they are read.
    pub fn new(files: Vec<CodeSystem>, pseudonyms: Option<Pseudonyms>) -> Door {
        Door { files, pseudonyms }
    }

    /// The door that changes nothing.
    pub(super) fn nothing() -> &'static Door {
        static NOTHING: Door = Door {
            files: Vec::new(),
            pseudonyms: None,
        };
        &NOTHING
    }

    /// The codes of a file, by its number in the run from 0.
    pub fn codes_of(&self, file: usize) -> &CodeSystem {
        self.files.get(file).unwrap_or(&UNSAID)
    }

    /// The codes of all files.
    pub fn files(&self) -> &[CodeSystem] {
        &self.files
    }

    /// Whether codes of any file are mapped.
    pub fn maps_codes(&self) -> bool {
        self.files.iter().any(|file| file.map.is_some())
    }

    /// Whether it does anything.
    pub fn changes_rows(&self) -> bool {
        self.maps_codes() || self.pseudonyms.is_some()
    }

    /// The header of the rows behind it: with columns for the written codes and the version.
    pub fn header(&self, header: &Header) -> Header {
        match self.maps_codes() {
            true => header.with(&added(header)),
            false => header.clone(),
        }
    }
}

/// The columns that mapping adds to a header.
fn added(header: &Header) -> Vec<Column> {
    let written = MAPPED
        .iter()
        .filter(|(column, ..)| header.field(*column).is_some());
    let mut added: Vec<Column> = written.filter_map(|(_, _, written)| *written).collect();
    added.push(Column::CodeVersion);
    added.retain(|column| header.field(*column).is_none());
    added
}
