//! Findings: what is wrong with one record.

use std::sync::Arc;

use super::{Lang, Texts};

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
    /// All, the gravest first.
    pub const ALL: [Severity; 4] = [
        Severity::Fatal,
        Severity::Error,
        Severity::Warning,
        Severity::Info,
    ];

    /// By the word used in files.
    pub fn by_word(word: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|value| value.as_str() == word)
    }

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Fatal => "fatal",
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }

    /// For people; the English word is that of the files.
    pub const fn in_lang(self, lang: Lang) -> &'static str {
        let chinese = match self {
            Severity::Fatal => "致命",
            Severity::Error => "错误",
            Severity::Warning => "警告",
            Severity::Info => "提示",
        };
        lang.pick(self.as_str(), chinese)
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
    /// All, the gravest first.
    pub const ALL: [Stops; 5] = [
        Stops::File,
        Stops::Record,
        Stops::Group,
        Stops::Money,
        Stops::None,
    ];

    /// By the word used in files.
    pub fn by_word(word: &str) -> Option<Stops> {
        Stops::ALL.into_iter().find(|value| value.as_str() == word)
    }

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

    /// For people; the English word is that of the files.
    pub const fn in_lang(self, lang: Lang) -> &'static str {
        let chinese = match self {
            Stops::File => "文件",
            Stops::Record => "记录",
            Stops::Group => "分组",
            Stops::Money => "结算",
            Stops::None => "无",
        };
        lang.pick(self.as_str(), chinese)
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

    /// For people; the English word is that of the files.
    pub const fn in_lang(self, lang: Lang) -> &'static str {
        let chinese = match self {
            Action::Kept => "保留",
            Action::Repaired => "修复",
            Action::Emptied => "置空",
            Action::Rejected => "退回",
        };
        lang.pick(self.as_str(), chinese)
    }
}

/// One edit rule (校验规则): its code is stable, never reused, independent of language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Topic letter and three digits, e.g. `A401`.
    pub code: &'static str,
    /// How bad a hit is, where nothing else is said.
    pub severity: Severity,
    /// Where it stops the record.
    pub stops: Stops,
    /// What it is about, e.g. `age`.
    pub topic: String,
    /// What it says.
    pub name: Texts,
    /// What was expected, where the finding does not say it more closely.
    pub expected: Texts,
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
    pub edit: Arc<Edit>,
    /// How bad this hit is: information where the value was repaired.
    pub severity: Severity,
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
