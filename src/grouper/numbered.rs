//! A case as a scheme numbers it.

use crate::codes::{ListCodes, WrittenCode, is_placeholder, normal_form};
use crate::records::{Case, Numbers, PlainRow};
use crate::tables::{Compiled, NumberFact};

/// A case in the numbers of one scheme (编号病例): all that its rules can ask.
#[derive(Debug, Default)]
pub(super) struct NumberedCase {
    /// Code numbers, the principal first.
    pub(super) diagnoses: Vec<u32>,
    /// Code numbers, the principal first.
    pub(super) procedures: Vec<u32>,
    pub(super) sex: u8,
    pub(super) department: u32,
    pub(super) discharge: u32,
    numbers: Numbers,
}

impl NumberedCase {
    /// Takes a checked case.
    pub(super) fn set(&mut self, case: &Case, compiled: &Compiled) {
        self.diagnoses.clear();
        self.procedures.clear();
        let number = |code| compiled.code_number(code);
        self.diagnoses.extend(case.diagnoses().map(number));
        self.procedures.extend(case.procedures().map(number));
        self.sex = case.sex();
        self.numbers = case.numbers();
        if compiled.asks_words() {
            self.department = compiled.department_number(case.department());
            self.discharge = compiled.discharge_number(case.discharge_status());
        }
    }

    /// Takes a plain row; `false` if it has no principal diagnosis after all.
    #[inline]
    pub(super) fn set_row(&mut self, row: &PlainRow<'_>, compiled: &Compiled) -> bool {
        self.diagnoses.clear();
        self.procedures.clear();
        let text = row.text();
        if !number_codes(text, row.diagnoses(), compiled, &mut self.diagnoses) {
            return false;
        }
        number_codes(text, row.procedures(), compiled, &mut self.procedures);
        self.sex = row.sex();
        self.numbers = row.numbers();
        if compiled.asks_words() {
            self.department = compiled.department_number(row.department());
            self.discharge = compiled.discharge_number(row.discharge_status());
        }
        true
    }

    pub(super) fn number(&self, fact: NumberFact) -> Option<i64> {
        number(&self.numbers, fact)
    }
}

/// Appends the numbers of a list's codes; `false` if the first of them is empty or a placeholder.
#[inline]
fn number_codes(text: &str, codes: ListCodes<'_>, compiled: &Compiled, out: &mut Vec<u32>) -> bool {
    let mut first = None;
    for code in codes {
        let known = compiled.known_code(code.packed);
        let number = known.or_else(|| number_as_written(text, code, compiled));
        first.get_or_insert(number.is_some());
        out.extend(number);
    }
    first == Some(true)
}

/// The number of a code that is not known as it stands: normalised, or of none.
#[cold]
fn number_as_written(text: &str, code: WrittenCode, compiled: &Compiled) -> Option<u32> {
    let code = normal_form(text.get(code.start..code.end)?);
    let is_code = !code.is_empty() && !is_placeholder(&code);
    is_code.then(|| compiled.code_number(&code))
}

/// A number as conditions compare it, in hundredths.
pub(super) fn number(numbers: &Numbers, fact: NumberFact) -> Option<i64> {
    match fact {
        NumberFact::Age => Some(numbers.age),
        NumberFact::AgeDays => numbers.age_days,
        NumberFact::Weight => numbers.weight,
        NumberFact::Los => numbers.los,
        NumberFact::IcuHours => numbers.icu_hours,
        NumberFact::Amount => numbers.amount,
    }
}
