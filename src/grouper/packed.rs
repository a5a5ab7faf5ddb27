//! Grouping cases in coded form: what a scheme sees of each text is looked up once a file, and a
//! case is grouped without looking for anything.

use super::Grouping;
use super::fast::{Grouper, Workspace};
use super::numbered::{NumberedCase, PacketFacts};
use crate::records::{Dictionary, PackedCase, Vocabulary};
use crate::tables::CodeKind;

/// A packed file's dictionary as one scheme sees it (词典编号), by number.
#[derive(Debug, Default)]
pub struct DictionaryFacts {
    /// Kinds, not facts: of some forty thousand codes these stay in the processor's cache.
    codes: Vec<CodeKind>,
    departments: Vec<u32>,
    discharge_statuses: Vec<CodeKind>,
}

impl Grouper {
    /// Looks up what the dictionary has learnt since `facts` were last brought up to date.
    pub fn learn(&self, dictionary: &Dictionary, facts: &mut DictionaryFacts) {
        let compiled = self.compiled();
        let new = dictionary.from(Vocabulary::Codes, facts.codes.len());
        facts
            .codes
            .extend(new.iter().map(|code| compiled.code(code).kind));
        let new = dictionary.from(Vocabulary::Departments, facts.departments.len());
        let numbers = new
            .iter()
            .map(|department| compiled.department_number(department));
        facts.departments.extend(numbers);
        let new = dictionary.from(Vocabulary::DischargeStatuses, facts.discharge_statuses.len());
        let kinds = new.iter().map(|status| compiled.discharge_kind(status));
        facts.discharge_statuses.extend(kinds);
    }

    /// The group of a case in coded form; `facts` have learnt its file's dictionary.
    #[inline]
    pub fn group_packed(
        &self,
        case: &PackedCase<'_>,
        facts: &DictionaryFacts,
        work: &mut Workspace,
    ) -> Grouping {
        let codes = &mut work.codes;
        codes.clear();
        case.each_code(|number| codes.push(self.compiled().facts_of(facts.kind(number))));
        let (diagnoses, procedures) = codes.split_at_checked(case.diagnoses()).unwrap_or_default();
        let numbers = case.numbers();
        let case = NumberedCase {
            diagnoses,
            procedures,
            sex: case.sex(),
            department: facts.department(case),
            discharge: facts.discharge_status(case),
            numbers: &numbers,
            packet: PacketFacts::AS_RECORDED,
        };
        self.evaluate(&case, &mut work.scratch, &mut work.packets)
    }
}

impl DictionaryFacts {
    #[inline]
    fn kind(&self, number: usize) -> CodeKind {
        self.codes.get(number).copied().unwrap_or(CodeKind::NONE)
    }

    /// A department that is not known is none that a rule names.
    #[inline]
    fn department(&self, case: &PackedCase<'_>) -> u32 {
        let known = self.departments.get(case.department());
        known.copied().unwrap_or(u32::MAX)
    }

    #[inline]
    fn discharge_status(&self, case: &PackedCase<'_>) -> CodeKind {
        let known = self.discharge_statuses.get(case.discharge_status());
        known.copied().unwrap_or(CodeKind::NONE)
    }
}
