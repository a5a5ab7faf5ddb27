//! One record being filled in, cell by cell.

use jiff::civil::Date;

use crate::records::Column;
use crate::units::Fen;

use super::plan::Detail;

/// Columns of grouping and money.
const SHORT: [Column; 21] = [
    Column::CaseId,
    Column::Hospital,
    Column::Person,
    Column::InsuredScheme,
    Column::Sex,
    Column::Age,
    Column::AgeDays,
    Column::WeightG,
    Column::AdmitDate,
    Column::DischargeDate,
    Column::LosDays,
    Column::Department,
    Column::DischargeStatus,
    Column::IcuHours,
    Column::Diagnoses,
    Column::Procedures,
    Column::TotalFee,
    Column::FeeOwn,
    Column::FeeOver,
    Column::FeePre,
    Column::FeeScope,
];

/// Columns that are never filled: of joins, of the map, of what no single hospital file carries.
const LEFT_OUT: [Column; 15] = [
    Column::EncounterId,
    Column::SettlementId,
    Column::InsuredRegion,
    Column::TransferDepartments,
    Column::TreatmentType,
    Column::TcmDiagnoses,
    Column::OutpatientDiagnosis,
    Column::ProcedureHours,
    Column::Asa,
    Column::Wounds,
    Column::Blood,
    Column::PayMethod,
    Column::DiagnosesWritten,
    Column::ProceduresWritten,
    Column::CodeVersion,
];

/// What decides the group.
pub(super) const PROBE: [Column; 11] = [
    Column::CaseId,
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
];

/// The columns of a records file.
pub(super) fn columns(detail: Detail) -> Vec<Column> {
    match detail {
        Detail::Short => SHORT.to_vec(),
        Detail::Full => {
            let all = Column::ALL.iter().copied();
            all.filter(|column| !LEFT_OUT.contains(column)).collect()
        }
    }
}

/// What a record is checked by before it is kept: all that depends on its codes. The rest, as dates and
/// bills, is sound by the way it is made.
pub(super) const SOUND: [Column; 25] = [
    Column::CaseId,
    Column::Sex,
    Column::BirthDate,
    Column::Age,
    Column::AgeDays,
    Column::WeightG,
    Column::BirthWeightsG,
    Column::AdmitWeightG,
    Column::NewbornType,
    Column::AdmitDate,
    Column::AdmitTime,
    Column::DischargeDate,
    Column::DischargeTime,
    Column::LosDays,
    Column::Department,
    Column::DischargeStatus,
    Column::IcuHours,
    Column::Diagnoses,
    Column::Poa,
    Column::DiagnosisOutcomes,
    Column::ExternalCauses,
    Column::Pathologies,
    Column::Procedures,
    Column::VentilatorHours,
    Column::DaySurgery,
];

/// A record in the neutral layout, a text for each column (中性记录).
///
/// The texts stand one behind the other, so that a record can be made and copied without a piece of
/// memory for each cell; what is overwritten stays behind unseen.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    text: String,
    spans: Vec<(usize, usize)>,
}

impl Sheet {
    pub(super) fn new() -> Sheet {
        Sheet {
            text: String::with_capacity(4096),
            spans: vec![(0, 0); Column::ALL.len()],
        }
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.spans.fill((0, 0));
    }

    pub(super) fn get(&self, column: Column) -> &str {
        let span = self.spans.get(column as usize);
        span.and_then(|(start, end)| self.text.get(*start..*end))
            .unwrap_or("")
    }

    /// Overwrites a cell with a text.
    pub(super) fn set_text(&mut self, column: Column, value: &str) {
        let start = self.text.len();
        self.text.push_str(value);
        self.end(column, start);
    }

    fn end(&mut self, column: Column, start: usize) {
        if let Some(span) = self.spans.get_mut(column as usize) {
            *span = (start, self.text.len());
        }
    }

    /// Overwrites a cell with a whole number.
    pub(super) fn set_number(&mut self, column: Column, number: i64) {
        self.fill(column, |text| put_number(number, text));
    }

    /// Overwrites a cell with a date.
    pub(super) fn set_date(&mut self, column: Column, date: Date) {
        self.fill(column, |text| put_date(date, text));
    }

    /// Overwrites a cell with an amount.
    pub(super) fn set_fen(&mut self, column: Column, amount: Fen) {
        let start = self.text.len();
        amount.push_to(&mut self.text);
        self.end(column, start);
    }

    /// Overwrites a cell with what is written.
    pub(super) fn fill(&mut self, column: Column, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        self.end(column, start);
    }

    /// Appends an element to a list cell.
    pub(super) fn push(&mut self, column: Column, first: bool, element: &str) {
        let (mut start, end) = self.spans.get(column as usize).copied().unwrap_or((0, 0));
        if end != self.text.len() {
            // the cell moves to the end, where it can grow
            let cell = self.get(column).to_owned();
            start = self.text.len();
            self.text.push_str(&cell);
        }
        if !first {
            self.text.push('|');
        }
        self.text.push_str(element);
        self.end(column, start);
    }

    /// Overwrites a list cell with texts.
    pub(super) fn list<T: AsRef<str>>(&mut self, column: Column, elements: impl IntoIterator<Item = T>) {
        self.list_by(column, elements, |element, text| text.push_str(element.as_ref()));
    }

    /// Overwrites a list cell with what is written of each element.
    pub(super) fn list_by<T>(
        &mut self,
        column: Column,
        elements: impl IntoIterator<Item = T>,
        mut write: impl FnMut(T, &mut String),
    ) {
        let start = self.text.len();
        for (place, element) in elements.into_iter().enumerate() {
            if place > 0 {
                self.text.push('|');
            }
            write(element, &mut self.text);
        }
        self.end(column, start);
    }

    /// The row of these columns, quoted where needed, without line end.
    pub(super) fn write(&self, columns: &[Column], row: &mut String) {
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                row.push(',');
            }
            let cell = self.get(*column);
            if cell.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
                row.push('"');
                row.push_str(&cell.replace('"', "\"\""));
                row.push('"');
            } else {
                row.push_str(cell);
            }
        }
    }
}

/// Appends a whole number.
pub(super) fn put_number(number: i64, text: &mut String) {
    let mut digits = [b'0'; 20];
    let (mut start, mut rest) = (digits.len(), number.unsigned_abs());
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        start -= 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        text.push('-');
    }
    let written = digits.get(start..).unwrap_or_default();
    text.push_str(std::str::from_utf8(written).unwrap_or_default());
}

/// Appends the last two digits of a number from 0.
pub(super) fn put_two(number: i64, text: &mut String) {
    let digit = |digit: i64| b'0' + u8::try_from(digit.rem_euclid(10)).unwrap_or(0);
    let digits = [digit(number / 10), digit(number)];
    text.push_str(std::str::from_utf8(&digits).unwrap_or_default());
}

/// Appends a date as `2022-07-01`.
pub(super) fn put_date(date: Date, text: &mut String) {
    let year = i64::from(date.year());
    put_two(year / 100, text);
    put_two(year, text);
    text.push('-');
    put_two(i64::from(date.month()), text);
    text.push('-');
    put_two(i64::from(date.day()), text);
}

#[cfg(test)]
mod tests {
    use super::{put_date, put_number};

    #[test]
    fn numbers_and_dates_are_written_as_by_the_library() {
        let written = |put: &dyn Fn(&mut String)| {
            let mut text = String::new();
            put(&mut text);
            text
        };
        for number in [0, 7, 10, 99, 100, 4_711, -3, i64::MAX, i64::MIN] {
            assert_eq!(written(&|text| put_number(number, text)), number.to_string());
        }
        let mut day = jiff::civil::date(1899, 12, 25);
        for _ in 0..400 {
            assert_eq!(written(&|text| put_date(day, text)), day.to_string());
            day = day.saturating_add(jiff::Span::new().days(191));
        }
    }
}
