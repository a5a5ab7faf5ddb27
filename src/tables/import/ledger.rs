//! What became of every cell of a workbook.

use std::collections::BTreeMap;

use crate::diagnostics::{Lang, Words};

/// Why a cell was not used (跳过原因).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The sheet is left out by the mapping.
    SheetLeftOut,
    /// The mapping does not know the sheet; remarked once.
    UnknownSheet,
    /// A title above the header.
    AboveHeader,
    /// The header row.
    Header,
    /// A note.
    Note,
    /// The mapping does not name the column.
    ColumnNotMapped,
    /// The name of a code: names stand in the code lists.
    CodeName,
    /// A cell that says that there is nothing.
    Nothing,
    /// A row that stood before; remarked.
    Duplicate,
    /// In a row with a cell that was not understood.
    RowNotUnderstood,
}

impl Reason {
    /// In words.
    pub const fn words(self) -> Words {
        let (en, zh) = match self {
            Reason::SheetLeftOut => ("in sheets the mapping leaves out", "映射文件略过的工作表"),
            Reason::UnknownSheet => ("in sheets unknown to the mapping", "映射文件未提及的工作表"),
            Reason::AboveHeader => ("above the header", "表头之上"),
            Reason::Header => ("header", "表头"),
            Reason::Note => ("notes", "注释"),
            Reason::ColumnNotMapped => ("in columns not mapped", "未映射的列"),
            Reason::CodeName => (
                "names of codes (they stand in the code lists)",
                "编码名称（以编码目录为准）",
            ),
            Reason::Nothing => ("saying that there is nothing", "表示“无”的单元格"),
            Reason::Duplicate => ("repeated rows", "重复行"),
            Reason::RowNotUnderstood => ("beside a cell not understood", "与未识别单元格同行"),
        };
        Words { en, zh }
    }
}

/// What a remark is about (问题种类).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// A cell that could not be read as what its column holds.
    NotUnderstood,
    /// A sheet the mapping does not know.
    UnknownSheet,
    /// A well-formed code that is in no code list.
    UnknownCode,
    /// A row that stood before.
    Duplicate,
    /// A row that contradicts an earlier one; the earlier one stands.
    Conflict,
    /// An MDC or core group without the list its condition needs.
    NoList,
    /// A list of a core group that its condition does not look into.
    UnusedList,
    /// A core group without groups.
    NoGroups,
    /// A group whose ending the mapping gives no condition.
    UnknownEnding,
    /// A complication whose exclusion list does not exist.
    UnknownExclusion,
    /// An exclusion list that no complication belongs to.
    UnusedExclusion,
    /// An MDC, core group or group without a name.
    NoName,
    /// A condition of the mapping for something the workbook does not have.
    UnusedCondition,
}

impl Problem {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Problem::NotUnderstood => "not_understood",
            Problem::UnknownSheet => "unknown_sheet",
            Problem::UnknownCode => "unknown_code",
            Problem::Duplicate => "duplicate",
            Problem::Conflict => "conflict",
            Problem::NoList => "no_list",
            Problem::UnusedList => "unused_list",
            Problem::NoGroups => "no_groups",
            Problem::UnknownEnding => "unknown_ending",
            Problem::UnknownExclusion => "unknown_exclusion",
            Problem::UnusedExclusion => "unused_exclusion",
            Problem::NoName => "no_name",
            Problem::UnusedCondition => "unused_condition",
        }
    }
}

/// Where a row was read (行的出处): sheet by place in the workbook, cell as `C17`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub sheet: usize,
    pub row: u32,
    pub column: u32,
}

/// Something a person should look at (导入提示).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The sheet's name; the mapping file's for remarks about it.
    pub sheet: String,
    /// `C17`; the line in the mapping file for remarks about it.
    pub cell: String,
    /// What it is about.
    pub problem: Problem,
    /// The cell's text.
    pub text: String,
    /// What was expected, or done, in words.
    pub expected: String,
    at: At,
}

impl Remark {
    /// `ADRG!C17: not_understood `…`; expected …`.
    pub fn line(&self) -> String {
        let Remark {
            sheet, cell, text, ..
        } = self;
        format!(
            "{sheet}!{cell}: {} `{text}`; {}",
            self.problem.as_str(),
            self.expected
        )
    }
}

/// The cells of one sheet counted.
#[derive(Clone, Debug, Default)]
pub struct SheetCount {
    /// The sheet.
    pub name: String,
    /// Filled cells.
    pub cells: u64,
    /// Read into the scheme.
    pub used: u64,
    /// Not understood.
    pub not_understood: u64,
    /// Left out, by reason.
    pub skipped: BTreeMap<Reason, u64>,
}

/// What became of every cell (导入台账).
#[derive(Debug)]
pub struct Ledger {
    lang: Lang,
    /// Every sheet in the order of the workbook.
    pub sheets: Vec<SheetCount>,
    remarks: Vec<Remark>,
}

impl Ledger {
    pub(super) fn new(lang: Lang) -> Ledger {
        Ledger {
            lang,
            sheets: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// The language of the remarks.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// The remarks, in the order of the workbook.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Filled, used, skipped, not understood: the first is the sum of the others.
    pub fn totals(&self) -> [u64; 4] {
        let sum = |of: fn(&SheetCount) -> u64| self.sheets.iter().map(of).sum();
        [
            sum(|sheet| sheet.cells),
            sum(|sheet| sheet.used),
            sum(|sheet| sheet.skipped.values().sum()),
            sum(|sheet| sheet.not_understood),
        ]
    }

    pub(super) fn open_sheet(&mut self, name: &str, cells: u64) -> usize {
        self.sheets.push(SheetCount {
            name: name.to_owned(),
            cells,
            ..SheetCount::default()
        });
        self.sheets.len() - 1
    }

    pub(super) fn used(&mut self, sheet: usize, cells: u64) {
        if let Some(sheet) = self.sheets.get_mut(sheet) {
            sheet.used += cells;
        }
    }

    pub(super) fn skipped(&mut self, sheet: usize, reason: Reason, cells: u64) {
        if let Some(sheet) = self.sheets.get_mut(sheet)
            && cells > 0
        {
            *sheet.skipped.entry(reason).or_default() += cells;
        }
    }

    /// A cell that could not be read.
    pub(super) fn not_understood(&mut self, at: &At, text: &str, expected: impl Into<String>) {
        if let Some(sheet) = self.sheets.get_mut(at.sheet) {
            sheet.not_understood += 1;
        }
        self.remark(Problem::NotUnderstood, at, text, expected);
    }

    /// A cell that was read, and then fits nothing.
    pub(super) fn withdraw(&mut self, at: &At, text: &str, expected: impl Into<String>) {
        if let Some(sheet) = self.sheets.get_mut(at.sheet) {
            sheet.used = sheet.used.saturating_sub(1);
        }
        self.not_understood(at, text, expected);
    }

    pub(super) fn remark(&mut self, problem: Problem, at: &At, text: &str, expected: impl Into<String>) {
        let sheet = self.sheets.get(at.sheet).map_or("", |sheet| sheet.name.as_str());
        self.remarks.push(Remark {
            sheet: sheet.to_owned(),
            cell: super::workbook::address(at.column, at.row),
            problem,
            text: text.to_owned(),
            expected: expected.into(),
            at: at.clone(),
        });
    }

    /// A remark about a line of the mapping.
    pub(super) fn remark_mapping(&mut self, place: &crate::diagnostics::Place, text: &str, expected: String) {
        let line = place.line.unwrap_or(0);
        self.remarks.push(Remark {
            sheet: place.file.to_string(),
            cell: line.to_string(),
            problem: Problem::UnusedCondition,
            text: text.to_owned(),
            expected,
            at: At {
                sheet: usize::MAX,
                row: u32::try_from(line).unwrap_or(u32::MAX),
                column: 0,
            },
        });
    }

    pub(super) fn sort(&mut self) {
        self.remarks
            .sort_by(|a, b| (&a.at, a.problem, &a.text).cmp(&(&b.at, b.problem, &b.text)));
    }
}
