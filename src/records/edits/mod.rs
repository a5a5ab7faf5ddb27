//! The edits (质控规则): what is asked of a record, as rows of data.
//!
//! `edits.csv` names every edit with severity, what it stops, its words and its parameters;
//! `conditions.csv` says those that are a condition on codes and cells; `lists.csv` the lists they
//! use; `columns.csv` and `code_tables.csv` how cells of each column are read. What is left is one
//! small function an edit, found by its code. A profile changes severities, limits and lists.

mod book;
mod condition;
mod files;
mod lists;
mod profile;
mod rows;
mod sheet;

pub(super) use book::Clause;
pub use book::{EditBook, Inapplicable};
pub(super) use condition::{Atom, Codes, Operand, Which};
pub(super) use files::{CellKind, ColumnRule};
pub use lists::MarkedCodes;
pub(super) use lists::Marks;
pub use profile::Profile;
pub use rows::{Edits, Parameters, edit};
pub use sheet::EditFile;
