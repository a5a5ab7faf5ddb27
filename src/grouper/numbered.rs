//! A case as a scheme numbers it.

use std::borrow::Cow;

use crate::codes::{LookUp, WrittenCode, is_placeholder, normal_form};
use crate::records::{Case, Numbers, PlainRow, PlainRows, sum_of_items};
use crate::tables::{CodeFacts, CodeKind, Compiled, NumberFact, TreatmentType};

/// A case in the numbers of one scheme (编号病例): all that its rules can ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct NumberedCase<'w> {
    /// The principal first.
    pub(super) diagnoses: &'w [CodeFacts],
    /// The principal first.
    pub(super) procedures: &'w [CodeFacts],
    pub(super) sex: u8,
    pub(super) department: u32,
    pub(super) discharge: CodeKind,
    pub(super) numbers: &'w Numbers,
    pub(super) packet: PacketFacts,
}

/// What only packets ask of a case.
#[derive(Clone, Copy, Debug)]
pub(super) struct PacketFacts {
    /// The first of the procedures is the principal one.
    pub(super) has_principal: bool,
    /// Treatment type of the case.
    pub(super) kind: TreatmentType,
    /// Level of surgery of the main procedure; 0 unknown.
    pub(super) surgery_level: u8,
    /// Reference cost of the group, in millionths of a yuan, once there is a group.
    pub(super) mean_cost: Option<i64>,
    /// Drugs (药品费), in fen, where the scheme asks for it.
    pub(super) drug_fee: Option<i64>,
    /// Treatment (治疗费), in fen, where the scheme asks for it.
    pub(super) treatment_fee: Option<i64>,
}

impl PacketFacts {
    /// Of a case as recorded.
    pub(super) const AS_RECORDED: PacketFacts = PacketFacts {
        has_principal: true,
        kind: TreatmentType::Conservative,
        surgery_level: 0,
        mean_cost: None,
        drug_fee: None,
        treatment_fee: None,
    };

    /// Of a case as recorded, with the parts of its bill that the scheme asks for.
    fn with_fees<'t>(compiled: &Compiled, bill: impl FnOnce() -> &'t str) -> PacketFacts {
        let packets = compiled.scheme().packets();
        let Some(items) = packets
            .map(|packets| &packets.fees)
            .filter(|items| !items.is_empty())
        else {
            return PacketFacts::AS_RECORDED;
        };
        let bill = bill();
        PacketFacts {
            drug_fee: sum_of_items(bill, &items.drug),
            treatment_fee: sum_of_items(bill, &items.treatment),
            ..PacketFacts::AS_RECORDED
        }
    }
}

impl<'w> NumberedCase<'w> {
    /// Of a checked case; its codes are kept in `codes`.
    pub(super) fn of(case: &'w Case, compiled: &Compiled, codes: &'w mut Vec<CodeFacts>) -> NumberedCase<'w> {
        codes.clear();
        codes.extend(case.diagnoses().map(|code| compiled.code(code)));
        codes.extend(case.procedures().map(|code| compiled.code(code)));
        let (diagnoses, procedures) = codes.split_at(case.diagnoses().len());
        NumberedCase {
            diagnoses,
            procedures,
            sex: case.sex(),
            department: compiled.department_number(case.department()),
            discharge: compiled.discharge_kind(case.discharge_status()),
            numbers: case.numbers(),
            packet: PacketFacts::with_fees(compiled, || case.front_fees()),
        }
    }

    /// Of a plain row; `codes` are those of all rows of its batch.
    #[inline]
    pub(super) fn of_row(
        row: &PlainRow<'w>,
        compiled: &Compiled,
        codes: &'w [CodeFacts],
    ) -> Option<NumberedCase<'w>> {
        let diagnoses = codes.get(row.diagnoses())?;
        let procedures = codes.get(row.procedures())?;
        let (department, discharge) = match compiled.asks_words() {
            true => (
                compiled.department_number(row.department()),
                compiled.discharge_kind(row.discharge_status()),
            ),
            false => (0, CodeKind::NONE),
        };
        Some(NumberedCase {
            diagnoses,
            procedures,
            sex: row.sex(),
            department,
            discharge,
            numbers: row.numbers(),
            packet: PacketFacts::with_fees(compiled, || row.front_fees()),
        })
    }

    /// Whether a placeholder stands among its codes.
    pub(super) fn has_placeholder(&self) -> bool {
        let mut codes = self.diagnoses.iter().chain(self.procedures);
        codes.any(|code| code.is_nothing())
    }

    pub(super) fn number(&self, fact: NumberFact) -> Option<i64> {
        number(self.numbers, fact)
    }
}

/// The facts of every code of a batch of rows.
pub(super) struct CodeRows<'r> {
    pub(super) rows: &'r PlainRows<'r>,
    pub(super) compiled: &'r Compiled,
}

impl CodeRows<'_> {
    /// In order; whether some are placeholders, which give [`CodeFacts::NOTHING`].
    pub(super) fn facts(&self, work: &mut LookUp, facts: &mut Vec<CodeFacts>) -> bool {
        let (codes, text) = (self.rows.codes(), self.rows.text().as_bytes());
        let packed = codes.iter().map(|code| code.packed(text));
        let known = self.compiled.known_codes(packed, work);
        let mut placeholders = false;
        facts.clear();
        let either = known.zip(codes).map(|(known, code)| match known {
            Some(facts) => facts,
            None => {
                let facts = self.as_written(*code);
                placeholders |= facts.is_nothing();
                facts
            }
        });
        facts.extend(either);
        placeholders
    }

    /// A code that is not known as it stands: normalised, or of none.
    #[cold]
    fn as_written(&self, code: WrittenCode) -> CodeFacts {
        let written = self
            .rows
            .text()
            .get(code.start as usize..code.end as usize)
            .unwrap_or("");
        match normal_form(written) {
            code if code.is_empty() || is_placeholder(&code) => CodeFacts::NOTHING,
            Cow::Borrowed(code) if code.len() == written.len() => self.compiled.other_code(code),
            code => self.compiled.code(&code),
        }
    }
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
