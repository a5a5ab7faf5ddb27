//! One record being filled in, cell by cell.

use std::fmt::{Display, Write};

use crate::records::Column;

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

/// A record in the neutral layout, a text for each column (中性记录).
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    cells: Vec<String>,
}

impl Sheet {
    pub(super) fn new() -> Sheet {
        Sheet {
            cells: vec![String::new(); Column::ALL.len()],
        }
    }

    pub(super) fn clear(&mut self) {
        self.cells.iter_mut().for_each(String::clear);
    }

    pub(super) fn get(&self, column: Column) -> &str {
        self.cells.get(column as usize).map_or("", String::as_str)
    }

    /// Overwrites a cell.
    pub(super) fn set(&mut self, column: Column, value: impl Display) {
        if let Some(cell) = self.cells.get_mut(column as usize) {
            cell.clear();
            // writing to memory cannot fail
            let _ = write!(cell, "{value}");
        }
    }

    /// Appends an element to a list cell.
    pub(super) fn push(&mut self, column: Column, first: bool, element: impl Display) {
        if let Some(cell) = self.cells.get_mut(column as usize) {
            if !first {
                cell.push('|');
            }
            let _ = write!(cell, "{element}");
        }
    }

    /// Overwrites a list cell.
    pub(super) fn list<T: Display>(&mut self, column: Column, elements: impl IntoIterator<Item = T>) {
        self.set(column, "");
        for (place, element) in elements.into_iter().enumerate() {
            self.push(column, place == 0, element);
        }
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
