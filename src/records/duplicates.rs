//! The same case twice, over all records of a run.

use std::sync::Arc;

use hashbrown::HashMap;
use sha2::{Digest, Sha256};

use super::check::Checker;
use super::edits::Edits;
use crate::diagnostics::{Action, Edit, Finding, Lang};

/// What makes a case the same case: hospital and case id (病例主键).
#[derive(Clone, Debug)]
pub struct CaseKey {
    hospital: String,
    case_id: String,
    line: u64,
    record: u64,
    file: Arc<str>,
    /// The header of the case id.
    field: String,
    /// SHA-256 of the row as written.
    row: [u8; 32],
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
            field: checker.header().origin(super::Column::CaseId, None).to_owned(),
            row: Sha256::digest(checker.row().written()).into(),
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
///
/// Copies that are alike count once. Of copies that differ nobody can say which one stands, so
/// none of them is priced: what is paid must not depend on their order.
#[derive(Debug)]
pub struct Duplicates {
    edit: Arc<Edit>,
    firsts: HashMap<(String, String), First>,
}

/// The first copy of a case.
#[derive(Debug)]
struct First {
    file: Arc<str>,
    line: u64,
    row: [u8; 32],
    /// Line of a later copy that differs.
    contradicted_by: Option<u64>,
}

impl Duplicates {
    /// None seen yet.
    pub fn new(edits: &Edits) -> Duplicates {
        Duplicates {
            edit: edits.get("F012"),
            firsts: HashMap::new(),
        }
    }

    /// Notes cases in file order; the finding of a second copy, if it is one, names the first's
    /// line and keeps the copy out of the money stages.
    pub fn note(&mut self, key: CaseKey, lang: Lang) -> Option<Finding> {
        if key.case_id.is_empty() {
            return None; // that is another finding; two unknown cases are not the same case
        }
        let place = (key.hospital.clone(), key.case_id.clone());
        let fresh = First {
            file: Arc::clone(&key.file),
            line: key.line,
            row: key.row,
            contradicted_by: None,
        };
        let first = self.firsts.entry(place).or_insert(fresh);
        if first.line == key.line && first.file == key.file {
            return None;
        }
        let differs = first.row != key.row;
        if differs {
            first.contradicted_by.get_or_insert(key.line);
        }
        let place = (
            first.line,
            (first.file != key.file).then(|| Arc::clone(&first.file)),
        );
        Some(key.finding(Arc::clone(&self.edit), place, differs, lang))
    }

    /// Line of a later copy that differs from the first, which stands on `line`.
    pub fn contradiction(&self, hospital: &str, case_id: &str, line: u64) -> Option<u64> {
        let first = self.firsts.get(&(hospital.to_owned(), case_id.to_owned()))?;
        first.contradicted_by.filter(|_| first.line == line)
    }
}

/// What is expected of copies, alike or not.
pub fn expected_of_copies(differ: bool, lang: Lang) -> &'static str {
    match differ {
        false => lang.pick("each case of a hospital once", "同一机构每个病例只出现一次"),
        true => lang.pick(
            "each case of a hospital once; the copies differ, so none of them is priced",
            "同一机构每个病例只出现一次；各副本内容不同，均不参与结算",
        ),
    }
}

impl CaseKey {
    fn finding(self, edit: Arc<Edit>, first: (u64, Option<Arc<str>>), differs: bool, lang: Lang) -> Finding {
        let mut expected = expected_of_copies(differs, lang).to_owned();
        if let (_, Some(file)) = &first {
            expected.push_str(&match lang {
                Lang::En => format!("; the first is in {file}"),
                Lang::Zh => format!("；首次出现于 {file}"),
            });
        }
        Finding {
            file: self.file,
            line: self.line,
            record: self.record,
            value: self.case_id.clone(),
            case_id: self.case_id,
            hospital: self.hospital,
            severity: edit.severity,
            edit,
            action: Action::Kept,
            field: self.field,
            cell: None,
            column: super::Column::CaseId.name(),
            slot: None,
            expected,
            see: Some(first.0),
        }
    }
}
