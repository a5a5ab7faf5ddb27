//! Cases as rows of the neutral layout.

use super::CsvText;
use crate::records::{Column, Dictionary, PackedCase, Vocabulary, plain_number};
use crate::units::Fen;

/// Columns of the neutral layout that grouping reads, and the hospital.
pub const NEUTRAL_COLUMNS: [Column; 13] = [
    Column::CaseId,
    Column::Hospital,
    Column::Sex,
    Column::Age,
    Column::AgeDays,
    Column::WeightG,
    Column::LosDays,
    Column::Department,
    Column::DischargeStatus,
    Column::IcuHours,
    Column::Diagnoses,
    Column::Procedures,
    Column::TotalFee,
];

/// Appends the [`NEUTRAL_COLUMNS`] of a case in coded form (中性列); the row goes on.
pub fn neutral_cells(out: &mut CsvText, case_id: &str, case: &PackedCase<'_>, dictionary: &Dictionary) {
    let numbers = case.numbers();
    let number = |out: &mut CsvText, number: Option<i64>| out.show(number.map(plain_number));
    out.cell(case_id);
    out.cell(dictionary.text(Vocabulary::Hospitals, case.hospital()));
    out.show(Some(case.sex()));
    number(out, Some(numbers.age));
    number(out, numbers.age_days);
    number(out, numbers.weight);
    number(out, numbers.los);
    out.cell(dictionary.text(Vocabulary::Departments, case.department()));
    out.cell(dictionary.text(Vocabulary::DischargeStatuses, case.discharge_status()));
    number(out, numbers.icu_hours);
    let mut codes = Vec::with_capacity(case.diagnoses() + case.procedures());
    case.each_code(|number| codes.push(dictionary.text(Vocabulary::Codes, number)));
    let (diagnoses, procedures) = codes.split_at_checked(case.diagnoses()).unwrap_or_default();
    out.cell(&diagnoses.join("|"));
    out.cell(&procedures.join("|"));
    out.show(numbers.amount.map(Fen::new));
}
