//! Findings: what is wrong with one record.

use std::sync::Arc;

use super::Words;

/// How bad a finding is (严重程度).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The record or file cannot go on.
    Fatal,
    /// Wrong, must be mended; grouped all the same.
    Error,
    /// Probably wrong.
    Warning,
    /// For information, or repaired.
    Info,
}

impl Severity {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Fatal => "fatal",
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// Where a finding stops its record (阻断环节).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stops {
    /// Nothing of the file is read.
    File,
    /// The row is rejected.
    Record,
    /// Rejected: it must not be grouped.
    Group,
    /// Grouped, but not priced.
    Money,
    /// A finding only.
    None,
}

impl Stops {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stops::File => "file",
            Stops::Record => "record",
            Stops::Group => "group",
            Stops::Money => "money",
            Stops::None => "none",
        }
    }
}

/// What was done with the value (处理).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Kept as written.
    Kept,
    /// Restored without loss.
    Repaired,
    /// Counts as empty from here on.
    Emptied,
    /// The record is set aside and written out.
    Rejected,
}

impl Action {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Kept => "kept",
            Action::Repaired => "repaired",
            Action::Emptied => "emptied",
            Action::Rejected => "rejected",
        }
    }
}

/// One edit rule (校验规则): its code is stable, never reused, independent of language.
#[derive(Debug, PartialEq, Eq)]
pub struct Edit {
    /// Topic letter and three digits, e.g. `A401`.
    pub code: &'static str,
    /// Default severity.
    pub severity: Severity,
    /// Where it stops the record.
    pub stops: Stops,
    /// What it says.
    pub name: Words,
}

/// One hit of an edit at one place (质控问题).
///
/// `value` is filled for coded, numeric and date columns of the neutral layout only; personal
/// columns and free text never appear in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Path as given.
    pub file: Arc<str>,
    /// First line of the record, from 1.
    pub line: u64,
    /// Ordinal of the record in its file, from 1.
    pub record: u64,
    /// As read; empty when the row has no sound shape.
    pub case_id: String,
    /// As read.
    pub hospital: String,
    /// The edit that hit.
    pub edit: &'static Edit,
    /// What was done.
    pub action: Action,
    /// The source's own header; empty for the whole row.
    pub field: String,
    /// The cell of a sheet, e.g. `Sheet1!C7`.
    pub cell: Option<String>,
    /// Neutral column; empty for the whole row.
    pub column: &'static str,
    /// Slot of a list, 0 = principal.
    pub slot: Option<usize>,
    /// The offending value, cut to 32 characters.
    pub value: String,
    /// What was expected, in words.
    pub expected: String,
    /// Line of the first copy for a duplicate.
    pub see: Option<u64>,
}
