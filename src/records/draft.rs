//! A checked case that may be changed, and checked again.

use std::path::Path;
use std::sync::Arc;

use super::case::Case;
use super::check::{Checked, Checker, Depth};
use super::columns::{Column, Header};
use super::encoding::Encoding;
use crate::diagnostics::{Lang, Place, Result};

/// What grouping looks at of a case, free to be changed (病例草稿).
///
/// A draft promises nothing: it becomes a [`Case`] again only through a [`DraftChecker`], by the
/// same reading and the same edits as a row of a file. Numbers are in hundredths, as in [`Case`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CaseDraft {
    /// Identifier of the stay (病例标识).
    pub case_id: Arc<str>,
    /// 1 male, 2 female (性别).
    pub sex: u8,
    /// Full years (年龄).
    pub age: i64,
    /// Days (日龄).
    pub age_days: Option<i64>,
    /// Grams (体重).
    pub weight: Option<i64>,
    /// Days of stay (住院天数).
    pub los: Option<i64>,
    /// Hours in intensive care (重症监护时长).
    pub icu_hours: Option<i64>,
    /// Total fee in fen (总费用).
    pub total_fee: Option<i64>,
    /// Department of discharge (出院科别).
    pub department: Arc<str>,
    /// Discharge status (离院方式).
    pub discharge_status: Arc<str>,
    /// Items of the front sheet's bill (首页费用分类); not among [`CaseDraft::COLUMNS`].
    pub front_fees: Arc<str>,
    /// Diagnoses, the principal first (诊断).
    pub diagnoses: Vec<Arc<str>>,
    /// Procedures, the principal first (手术操作).
    pub procedures: Vec<Arc<str>>,
}

impl CaseDraft {
    /// The columns of the row a draft is written as.
    pub const COLUMNS: [Column; 12] = [
        Column::CaseId,
        Column::Sex,
        Column::Age,
        Column::AgeDays,
        Column::WeightG,
        Column::Department,
        Column::LosDays,
        Column::DischargeStatus,
        Column::IcuHours,
        Column::TotalFee,
        Column::Diagnoses,
        Column::Procedures,
    ];

    /// The draft that says what the case says.
    pub fn of(case: &Case) -> CaseDraft {
        CaseDraft {
            case_id: case.case_id().into(),
            sex: case.sex(),
            age: case.age(),
            age_days: case.age_days(),
            weight: case.weight(),
            los: case.los(),
            icu_hours: case.icu_hours(),
            total_fee: case.total_fee().map(crate::units::Fen::fen),
            department: case.department().into(),
            discharge_status: case.discharge_status().into(),
            front_fees: case.front_fees().into(),
            diagnoses: case.diagnoses().map(Arc::from).collect(),
            procedures: case.procedures().map(Arc::from).collect(),
        }
    }

    /// The cells of [`CaseDraft::COLUMNS`], without quotes.
    pub fn cells(&self) -> [String; CaseDraft::COLUMNS.len()] {
        let number = |value: Option<i64>| value.map_or_else(String::new, plain_number);
        [
            self.case_id.to_string(),
            self.sex.to_string(),
            plain_number(self.age),
            number(self.age_days),
            number(self.weight),
            self.department.to_string(),
            number(self.los),
            self.discharge_status.to_string(),
            number(self.icu_hours),
            number(self.total_fee),
            self.diagnoses.join("|"),
            self.procedures.join("|"),
        ]
    }

    /// How many codes it has.
    pub fn code_count(&self) -> usize {
        self.diagnoses.len() + self.procedures.len()
    }
}

/// Appends a cell, quoted where CSV needs it.
pub(super) fn write_cell(row: &mut String, cell: &str) {
    // without a way out of the loop several bytes are looked at in one step
    let special = |found, byte: &u8| found | matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if cell.as_bytes().iter().fold(false, special) {
        row.push('"');
        row.push_str(&cell.replace('"', "\"\""));
        row.push('"');
    } else {
        row.push_str(cell);
    }
}

/// Hundredths as the shortest decimal: `17`, `37.5`, `0.25`.
pub fn plain_number(hundredths: i64) -> String {
    let (whole, part) = (hundredths / 100, hundredths % 100);
    match part {
        0 => whole.to_string(),
        part if part % 10 == 0 => format!("{whole}.{}", part / 10),
        part => format!("{whole}.{part:02}"),
    }
}

/// Checks drafts, one at a time (草稿校验器).
pub struct DraftChecker {
    checker: Checker<'static>,
    row: String,
}

impl DraftChecker {
    /// Ready for the first draft.
    ///
    /// # Errors
    /// None in practice: its header is its own.
    pub fn new() -> Result<DraftChecker> {
        let place = Place::file(Path::new("(changed case)"));
        let columns = CaseDraft::COLUMNS.into_iter().chain([Column::FrontFees]);
        let names = columns.map(|column| column.name().to_owned()).collect();
        let header = Header::read(&place, names, false)?;
        Ok(DraftChecker {
            checker: Checker::new(
                place.file,
                Arc::new(header),
                Encoding::Utf8,
                Depth::Grouping,
                Lang::En,
            ),
            row: String::new(),
        })
    }

    /// The draft checked last.
    pub fn case(&self) -> &Case {
        self.checker.case()
    }

    /// The draft as a case; `None` if it must not be grouped.
    pub fn check(&mut self, draft: &CaseDraft) -> Option<&Case> {
        self.row.clear();
        for (index, cell) in draft.cells().iter().enumerate() {
            if index > 0 {
                self.row.push(',');
            }
            write_cell(&mut self.row, cell);
        }
        self.row.push(',');
        write_cell(&mut self.row, &draft.front_fees);
        let checked = self.checker.check_text(&self.row, 1);
        self.checker.take_findings();
        (checked == Checked::Case).then(|| self.checker.case())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_draft_says_what_its_case_says() {
        let place = Place::file(Path::new("made-up.csv"));
        let names = CaseDraft::COLUMNS.map(|column| column.name().to_owned());
        let header = Arc::new(Header::read(&place, names.into(), false).unwrap());
        let mut checker = Checker::new(place.file, header, Encoding::Utf8, Depth::Grouping, Lang::En);
        let rows = [
            "C-1,2,45,,,0301,3,1,,1234.5,I10.x00|J18.900,47.0100",
            "\"C,\"\"2\",男,0,3.25,2500克,\"a, b\",1,,0.5,,\" I10.x00 |-|j18.900\",",
            "C-3,1,123456789012345,999999999999999,1234567890.12,,,,,,\"A\nB|C\rD\",|",
        ];
        let mut drafts = DraftChecker::new().unwrap();
        for row in rows {
            assert_eq!(checker.check_text(row, 1), Checked::Case, "{row}");
            let draft = CaseDraft::of(checker.case());
            let again = drafts.check(&draft).map(CaseDraft::of);
            assert_eq!(again.as_ref(), Some(&draft), "{row}");
        }
    }

    #[test]
    fn a_draft_without_principal_is_no_case() {
        let mut drafts = DraftChecker::new().unwrap();
        let draft = CaseDraft {
            case_id: "C-1".into(),
            sex: 1,
            age: 4500,
            age_days: None,
            weight: None,
            los: None,
            icu_hours: None,
            total_fee: None,
            department: "".into(),
            discharge_status: "".into(),
            front_fees: "".into(),
            diagnoses: Vec::new(),
            procedures: Vec::new(),
        };
        assert!(drafts.check(&draft).is_none());
    }
}
