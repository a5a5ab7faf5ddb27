//! The cells beyond those of the case, as the edits look at them.

use std::sync::Arc;

use super::found::Hit;
use super::functions::EditFunction;
use super::stay::{Read, read_date_cell, read_number_cell};
use super::{Checker, Depth};
use crate::codes::{is_placeholder, normal_form};
use crate::records::cells::{day_number, read_time};
use crate::records::edits::{Atom, CellKind, Clause, Codes, ColumnRule, EditBook, Marks, Parameters, Which};
use crate::records::{Column, Header};

/// What the case itself reads, or the bill.
const READ_BEFORE: [Column; 17] = [
    Column::Sex,
    Column::Age,
    Column::AgeDays,
    Column::WeightG,
    Column::LosDays,
    Column::IcuHours,
    Column::TotalFee,
    Column::AdmitDate,
    Column::DischargeDate,
    Column::InsuredScheme,
    Column::Diagnoses,
    Column::Procedures,
    Column::FeeOwn,
    Column::FeeOver,
    Column::FeePre,
    Column::FeeScope,
    Column::CodeVersion,
];

/// What is asked of every row of a file, as its header allows.
#[derive(Default)]
pub(super) struct Plan<'l> {
    pub(super) clauses: Vec<Question<'l>>,
    pub(super) functions: Vec<(EditFunction, &'l Parameters)>,
    /// Columns to be read beyond those of the case.
    columns: Vec<(Column, &'l ColumnRule)>,
}

/// A condition, and lists without a code of which it cannot hold.
pub(super) struct Question<'l> {
    pub(super) clause: &'l Clause,
    of_diagnoses: Marks,
    of_procedures: Marks,
}

impl<'l> Question<'l> {
    fn of(clause: &'l Clause) -> Question<'l> {
        let wanted = |kind| {
            let set = |atom: &Atom| match atom {
                Atom::Codes {
                    codes,
                    which,
                    inside: true,
                    set,
                } if *codes == kind && *which != Which::No => 1 << *set,
                _ => 0,
            };
            clause.atoms.iter().map(set).fold(0, |all, set| all | set)
        };
        Question {
            clause,
            of_diagnoses: wanted(Codes::Diagnoses),
            of_procedures: wanted(Codes::Procedures),
        }
    }
}

impl<'l> Plan<'l> {
    pub(super) fn of(depth: Depth<'l>, header: &Header) -> Plan<'l> {
        let Depth::All { book, .. } = depth else {
            return Plan::default();
        };
        let columns = Column::ALL.iter().copied().zip(&book.columns);
        Plan {
            clauses: book.clauses(header).into_iter().map(Question::of).collect(),
            functions: book.functions(header),
            columns: columns
                .filter(|(column, rule)| rule.kind != CellKind::Text && !READ_BEFORE.contains(column))
                .filter(|(column, _)| header.field(*column).is_some())
                .collect(),
        }
    }
}

/// A code of a list: what lists it stands in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    pub(super) marks: Marks,
    pub(super) listed: bool,
}

/// Numbers, dates and marks of one row.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// By column, in hundredths; dates as days, in hundredths too.
    numbers: Vec<Option<i64>>,
    /// Columns whose cell counts as empty.
    emptied: u128,
    pub(super) diagnoses: Vec<Slot>,
    pub(super) procedures: Vec<Slot>,
    /// The lists that any diagnosis stands in.
    of_diagnoses: Marks,
    /// The lists that any procedure stands in.
    of_procedures: Marks,
    /// External causes in normal form.
    pub(super) causes: Vec<(String, Slot)>,
    /// Pathologies in normal form.
    pub(super) pathologies: Vec<String>,
}

impl Sheet {
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.emptied = 0;
        self.diagnoses.clear();
        self.procedures.clear();
        self.of_diagnoses = 0;
        self.of_procedures = 0;
        self.causes.clear();
        self.pathologies.clear();
    }

    pub(super) fn number(&self, column: Column) -> Option<i64> {
        self.numbers.get(column as usize).copied().flatten()
    }

    fn set(&mut self, column: Column, number: Option<i64>) {
        if let Some(held) = self.numbers.get_mut(column as usize) {
            *held = number;
        }
    }

    fn empty(&mut self, column: Column) {
        self.emptied |= 1 << column as u32;
    }

    /// Puts together in which lists the codes stand, so that most conditions cost one look.
    fn gather_marks(&mut self) {
        let all = |slots: &[Slot]| slots.iter().fold(0, |marks, slot| marks | slot.marks);
        self.of_diagnoses = all(&self.diagnoses);
        self.of_procedures = all(&self.procedures);
    }

    /// Whether a condition may hold, by the lists that any code stands in.
    #[inline]
    pub(super) fn may_answer(&self, question: &Question<'_>) -> bool {
        question.of_diagnoses & !self.of_diagnoses == 0 && question.of_procedures & !self.of_procedures == 0
    }

    /// Whether some code of a list may stand in a set; for the few other codes this is not known.
    pub(super) fn may_hold(&self, codes: Codes, bit: Marks) -> bool {
        match codes {
            Codes::Diagnoses => self.of_diagnoses & bit != 0,
            Codes::Procedures => self.of_procedures & bit != 0,
            _ => true,
        }
    }

    pub(super) fn is_emptied(&self, column: Column) -> bool {
        self.emptied >> (column as u32) & 1 == 1
    }
}

impl<'l> Checker<'l> {
    /// Reads the cells that the case does not hold.
    pub(super) fn read_sheet(&mut self, book: &'l EditBook) {
        self.take_numbers_of_case();
        self.sheet.gather_marks();
        let ready = Arc::clone(&self.ready);
        for (column, rule) in &ready.plan.columns {
            self.read_column(book, *column, rule);
        }
        let status = self.sheet.is_emptied(Column::DischargeStatus);
        if status {
            self.case.discharge_status = (0, 0);
        }
    }

    fn take_numbers_of_case(&mut self) {
        let numbers = self.case.numbers;
        let date = |date: Option<jiff::civil::Date>| date.map(|date| day_number(date) * 100);
        self.sheet.numbers.resize(Column::ALL.len(), None);
        for (column, number) in [
            (Column::Sex, Some(i64::from(self.case.sex) * 100)),
            (Column::Age, Some(numbers.age)),
            (Column::AgeDays, numbers.age_days),
            (Column::WeightG, numbers.weight),
            (Column::LosDays, numbers.los),
            (Column::IcuHours, numbers.icu_hours),
            (Column::TotalFee, numbers.amount),
            (Column::AdmitDate, date(self.case.admit)),
            (Column::DischargeDate, date(self.case.discharge)),
        ] {
            self.sheet.set(column, number);
        }
    }

    fn read_column(&mut self, book: &EditBook, column: Column, rule: &ColumnRule) {
        if self.cell(column).is_empty() {
            return;
        }
        match (rule.kind, rule.is_list) {
            (CellKind::Number | CellKind::Money, false) => {
                let number = self.number(column);
                self.sheet.set(column, number);
            }
            (CellKind::Number | CellKind::Money, true) => self.read_slots(column, read_number_cell, "F007"),
            (CellKind::Date, _) => {
                let date = self.date(column);
                self.sheet.set(column, date.map(|date| day_number(date) * 100));
            }
            (CellKind::DateTime, _) => self.read_moments(column),
            (CellKind::Time, _) => self.read_slots(column, read_time_cell, "F008"),
            (CellKind::Code, _) => self.read_coded(column, rule),
            (CellKind::Diagnosis | CellKind::Procedure | CellKind::Pathology, _) => {
                self.read_more_codes(book, column)
            }
            (CellKind::Text, _) => {}
        }
    }

    /// Each slot of a list; the first is what conditions compare.
    fn read_slots(&mut self, column: Column, read: fn(&str) -> Read<i64>, other: &'static str) {
        let reads: Vec<Read<i64>> = self.cell(column).split('|').map(read).collect();
        for (slot, read) in reads.into_iter().enumerate() {
            let number = self.taken(read, column, Some(slot), other);
            if slot == 0 {
                self.sheet.set(column, number);
            }
        }
    }

    fn read_moments(&mut self, column: Column) {
        let reads: Vec<_> = self.cell(column).split('|').map(read_date_cell).collect();
        for (slot, read) in reads.into_iter().enumerate() {
            self.taken_date(read, column, Some(slot));
        }
    }

    /// A cell, or the slots of one, that must stand in a code table.
    fn read_coded(&mut self, column: Column, rule: &ColumnRule) {
        let is_known = |value: &str| value.is_empty() || rule.values.iter().any(|known| known == value);
        if self.cell(column).split('|').all(|slot| is_known(slot.trim())) {
            return;
        }
        let slots: Vec<String> = self
            .cell(column)
            .split('|')
            .map(|slot| slot.trim().to_owned())
            .collect();
        let mut some = rule.values.iter().map(String::as_str);
        let shown: Vec<&str> = some.by_ref().take(9).collect();
        let more = if some.next().is_some() { " …" } else { "" };
        let expected = match self.lang {
            crate::diagnostics::Lang::En => format!("one of {}{more}", shown.join(", ")),
            crate::diagnostics::Lang::Zh => format!("{}{more} 之一", shown.join("、")),
        };
        let is_list = rule.is_list;
        for (slot, value) in slots
            .into_iter()
            .enumerate()
            .filter(|(_, value)| !is_known(value))
        {
            let hit = match is_placeholder(&value) {
                true => Hit::of("F004"),
                false => Hit::of("F006").expected(expected.as_str()),
            };
            let hit = hit.at(column).value(value).emptied();
            self.note(if is_list { hit.slot(slot) } else { hit });
            if slot == 0 {
                self.sheet.empty(column);
            }
        }
    }

    /// External causes, pathologies, the outpatient diagnosis.
    fn read_more_codes(&mut self, book: &EditBook, column: Column) {
        let codes: Vec<String> = self
            .cell(column)
            .split('|')
            .map(|code| normal_form(code).into_owned())
            .collect();
        for (slot, code) in codes.into_iter().enumerate() {
            if is_placeholder(&code) {
                let hit = self.slot_hit("F004", column, Some(slot));
                self.note(hit.emptied());
            } else if code.is_empty() {
                continue;
            } else if column == Column::ExternalCauses {
                let (marks, listed) = book.diagnoses.look_up(&code);
                self.sheet.causes.push((code, Slot { marks, listed }));
            } else if column == Column::Pathologies {
                self.sheet.pathologies.push(code);
            }
        }
    }
}

fn read_time_cell(cell: &str) -> Read<i64> {
    match cell.trim() {
        "" => Read::Empty,
        cell if is_placeholder(cell) => Read::Placeholder,
        cell => read_time(cell).map_or(Read::Other, |minutes| Read::Value(minutes * 100)),
    }
}
