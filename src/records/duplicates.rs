//! The same case twice, over all records of a run.

use std::sync::Arc;

use hashbrown::HashMap;

use super::check::Checker;
use super::edits::F012;
use crate::diagnostics::{Action, Finding, Lang};

/// What makes a case the same case: hospital and case id (病例主键).
#[derive(Clone, Debug)]
pub struct CaseKey {
    hospital: String,
    case_id: String,
    line: u64,
    record: u64,
    file: Arc<str>,
}

impl CaseKey {
    /// Of the checker's current case.
    pub fn of(checker: &Checker<'_>) -> CaseKey {
        CaseKey {
            hospital: checker.case().hospital().to_owned(),
            case_id: checker.case().case_id().to_owned(),
            line: checker.line(),
            record: checker.record(),
            file: Arc::clone(checker.file()),
        }
    }
}

impl CaseKey {
    /// Counts the record from the beginning of the file: so many came before its chunk.
    pub fn shift_record(&mut self, before: u64) {
        self.record += before;
    }
}

/// Finds second and later copies of a case (查重). Its memory grows with the number of cases.
#[derive(Debug, Default)]
pub struct Duplicates {
    first_lines: HashMap<(String, String), u64>,
}

impl Duplicates {
    /// Notes cases in file order; the finding of a second copy, if it is one, names the first's
    /// line and keeps the copy out of the money stages.
    pub fn note(&mut self, key: CaseKey, lang: Lang) -> Option<Finding> {
        let CaseKey {
            hospital,
            case_id,
            line,
            record,
            file,
        } = key;
        if case_id.is_empty() {
            return None; // that is another finding; two unknown cases are not the same case
        }
        let first = *self
            .first_lines
            .entry((hospital.clone(), case_id.clone()))
            .or_insert(line);
        (first != line).then(|| Finding {
            file,
            line,
            record,
            value: case_id.clone(),
            case_id,
            hospital,
            edit: &F012,
            action: Action::Kept,
            column: super::Column::CaseId.name(),
            slot: None,
            expected: lang
                .pick("each case of a hospital once", "同一机构每个病例只出现一次")
                .to_owned(),
            see: Some(first),
        })
    }
}
