//! Records in (病案首页, 医保基金结算清单): bytes → rows → checked cases, and what is wrong with them.
//!
//! A row is read ([`RowReader`]), its cells are read and edited ([`Checker`]), and either a
//! [`Case`] comes out, true by construction, or the row is rejected with its findings. Nothing
//! here knows a grouping scheme. Files of any size pass through in chunks ([`in_order`]), in
//! order, on any number of threads.

mod any_rows;
mod any_table;
mod begin;
mod case;
mod cells;
mod check;
mod columns;
mod door;
mod draft;
mod duplicates;
mod edits;
mod encode;
mod encoding;
mod fees;
mod frame;
mod inputs;
mod keys;
mod layout;
mod mapping;
mod packed;
mod plain;
mod pseudonym;
mod quality;
mod reader;
mod recode;
mod separators;
mod source;
mod stream;
mod whole_table;
mod written;

pub use any_rows::{AnyRows, FoundRow};
pub use any_table::AnyTable;
pub use case::{Case, FeeSplit, Numbers};
pub use cells::{read_date, read_number, read_time};
pub use check::{Checked, Checker, Depth, KILOGRAMS, Row};
pub use columns::{Column, Header};
pub use door::{CodeSystem, Door};
pub use draft::{CaseDraft, DraftChecker, plain_number};
pub use duplicates::{CaseKey, Duplicates, expected_of_copies};
pub use edits::{EditBook, EditFile, Edits, Inapplicable, MarkedCodes, Parameters, Profile, edit};
pub use encode::TextEncoding;
pub use encoding::Encoding;
pub use fees::sum_of_items;
pub use frame::{Chunk, MAX_ROW_BYTES};
pub use layout::{
    Chosen, Form, Intake, Layout, LayoutChoice, LayoutRow, LayoutWriter, Layouts, Loss, Losses, Origins,
    Scope,
};
pub use mapping::{CodeMap, Codes, Declared, Mapped, SourceCodes, codes_of_files};
pub use packed::{
    CodedCases, Dictionary, PACKED_MAGIC, PackedBlock, PackedCase, PackedCases, PackedReader, PackedWriter,
    Records, SharedDictionary, Vocabulary,
};
pub use plain::{PlainReader, PlainRow, PlainRows};
pub use pseudonym::Pseudonyms;
pub use quality::{Counted, EditCount, Quality, QualityScope, RowFacts, ScopeCount};
pub use reader::{Opened, OpenedFiles, RowReader, RunningHash};
pub use stream::{Batch, Counts, RowWork, in_order, ordered, quickly_behind, quickly_in_order};
pub use whole_table::{TableFacts, TableForm, WholeTable};
pub use written::{CELL_END, RecordForm, RecordFormat, RowBuffer};
