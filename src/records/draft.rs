//! A checked case that may be changed, and checked again.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use super::case::Case;
use super::check::{Checked, Checker, Depth};
use super::columns::{Column, Header};
use super::reader::Encoding;
use crate::diagnostics::{Lang, Place, Result};

/// The columns of the row a draft is checked as, in the order [`CaseDraft::write_row`] writes them.
const COLUMNS: [Column; 12] = [
    Column::CaseId,
    Column::Sex,
    Column::Age,
    Column::AgeDays,
    Column::WeightG,
    Column::LosDays,
    Column::IcuHours,
    Column::TotalFee,
    Column::Department,
    Column::DischargeStatus,
    Column::Diagnoses,
    Column::Procedures,
];

/// What grouping looks at of a case, free to be changed (病例草稿).
///
/// A draft promises nothing: it becomes a [`Case`] again only through a [`DraftChecker`], by the
/// same reading and the same edits as a row of a file. Numbers are in hundredths, as in [`Case`].
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Diagnoses, the principal first (诊断).
    pub diagnoses: Vec<Arc<str>>,
    /// Procedures, the principal first (手术操作).
    pub procedures: Vec<Arc<str>>,
}

impl CaseDraft {
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
            diagnoses: case.diagnoses().map(Arc::from).collect(),
            procedures: case.procedures().map(Arc::from).collect(),
        }
    }

    /// The draft as a row of the neutral layout.
    fn write_row(&self, row: &mut String) {
        row.clear();
        write_cell(row, [&self.case_id]);
        // writing to a text cannot fail
        let _ = write!(row, ",{},{}", self.sex, plain_number(self.age));
        let numbers = [
            self.age_days,
            self.weight,
            self.los,
            self.icu_hours,
            self.total_fee,
        ];
        for number in numbers {
            row.push(',');
            number.into_iter().for_each(|n| row.push_str(&plain_number(n)));
        }
        for text in [&self.department, &self.discharge_status] {
            row.push(',');
            write_cell(row, [text]);
        }
        for list in [&self.diagnoses, &self.procedures] {
            row.push(',');
            write_cell(row, list);
        }
    }
}

/// A list joined by `|`, quoted where CSV needs it.
fn write_cell<'t>(row: &mut String, parts: impl IntoIterator<Item = &'t Arc<str>> + Clone) {
    let needs_quotes = |part: &Arc<str>| part.contains([',', '"', '\n', '\r']);
    let quoted = parts.clone().into_iter().any(needs_quotes);
    if quoted {
        row.push('"');
    }
    for (slot, part) in parts.into_iter().enumerate() {
        if slot > 0 {
            row.push('|');
        }
        if quoted {
            row.push_str(&part.replace('"', "\"\""));
        } else {
            row.push_str(part);
        }
    }
    if quoted {
        row.push('"');
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
        let names = COLUMNS.iter().map(|column| column.name().to_owned()).collect();
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

    /// The draft as a case; `None` if it must not be grouped.
    pub fn check(&mut self, draft: &CaseDraft) -> Option<&Case> {
        draft.write_row(&mut self.row);
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
        let names = COLUMNS.iter().map(|column| column.name().to_owned()).collect();
        let header = Arc::new(Header::read(&place, names, false).unwrap());
        let mut checker = Checker::new(place.file, header, Encoding::Utf8, Depth::Grouping, Lang::En);
        let rows = [
            "C-1,2,45,,,3,,1234.5,0301,1,I10.x00|J18.900,47.0100",
            "\"C,\"\"2\",男,0,3.25,2500克,1,0.5,,\"a, b\",,\" I10.x00 |-|j18.900\",",
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
            diagnoses: Vec::new(),
            procedures: Vec::new(),
        };
        assert!(drafts.check(&draft).is_none());
    }
}
