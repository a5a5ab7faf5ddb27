//! Rows that are refused (被拒单据): where, which field, which value, what was expected.

use std::fmt;

use crate::benefit::ShareError;
use crate::diagnostics::{Place, Told};

/// The most characters of a value that are shown.
const SHOWN: usize = 32;

/// A row that is no bill, or a bill that was not settled (被拒单据).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// The file it stands in.
    pub file: String,
    /// Line in that file.
    pub line: u64,
    /// The settlement id.
    pub settlement: String,
    /// The column at fault; empty for the whole row.
    pub field: &'static str,
    /// What it says; empty for the whole row and for numbers of persons.
    pub value: String,
    /// Name of the error.
    pub error: &'static str,
    /// What is wrong, what was expected.
    pub message: Box<Told>,
}

impl RefusedRow {
    /// A row whose cells are no bill.
    pub(super) fn of_fault(place: &Place, line: u64, settlement: &str, fault: CellFault) -> RefusedRow {
        RefusedRow {
            file: place.file.to_string(),
            line,
            settlement: settlement.to_owned(),
            message: Box::new(fault.told()),
            field: fault.field,
            value: fault.value,
            error: "CellRefused",
        }
    }

    /// A bill that the policy does not settle.
    pub(super) fn of_error(place: &Place, line: u64, settlement: &str, error: &ShareError) -> RefusedRow {
        let (field, value) = error.field().unwrap_or_default();
        RefusedRow {
            file: place.file.to_string(),
            line,
            settlement: settlement.to_owned(),
            field: column_of(field),
            value: shown(&value),
            error: error.name(),
            message: Box::new(error.told()),
        }
    }
}

/// What the engine calls a part of a claim, and the column of a claims file.
const COLUMNS: [(&str, &str); 15] = [
    ("total", "total_fee"),
    ("own", "fee_own"),
    ("over", "fee_over"),
    ("pre", "fee_pre"),
    ("scope", "fee_scope"),
    ("hospital level", "level"),
    ("category", "categories"),
    ("class of items", "items"),
    ("disease of the two-disease scheme", "conditions"),
    ("age", "minor"),
    ("admission day", "admit_date"),
    ("settlement day", "settle_date"),
    ("year the patient chose", "chosen_year"),
    ("dates of the lines", "fees_by_year"),
    ("discharge", "discharge_date"),
];

fn column_of(part: &'static str) -> &'static str {
    let found = COLUMNS.into_iter().find(|(known, _)| *known == part);
    found.map_or(part, |(_, column)| column)
}

/// What is wrong with one cell, or with a row as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellFault {
    /// Its column; empty for the row.
    pub field: &'static str,
    /// What it says.
    pub value: String,
    /// What was expected, or of a row what is wrong.
    expected: Told,
}

impl CellFault {
    /// A cell that says something else than was expected.
    pub fn new(field: &'static str, value: &str, expected: Told) -> CellFault {
        CellFault {
            field,
            value: shown(value),
            expected,
        }
    }

    /// A row that is wrong as a whole.
    pub fn of_row(wrong: Told) -> CellFault {
        CellFault {
            field: "",
            value: String::new(),
            expected: wrong,
        }
    }

    /// The whole sentence.
    pub fn told(&self) -> Told {
        let expected = self.expected.clone();
        match (self.field, self.value.as_str()) {
            ("", _) => expected,
            (field, "") => Told::new(
                "field `{0}` is empty; expected {1}",
                "列`{0}`为空；应为{1}",
                [&field],
            )
            .and(expected),
            (field, value) => Told::new(
                "field `{0}`: `{1}`; expected {2}",
                "列`{0}`：`{1}`；应为{2}",
                [&field, &value],
            )
            .and(expected),
        }
    }
}

impl fmt::Display for CellFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told().fmt(f)
    }
}

/// A value cut to a readable length, in one line.
fn shown(value: &str) -> String {
    let cut: String = value.chars().take(SHOWN).collect();
    cut.replace(['\n', '\r'], " ")
}

/// What cells must be, in both languages.
pub mod expected {
    use super::Told;

    /// A day.
    pub fn date() -> Told {
        Told::new("a date such as 2022-03-01", "日期，如2022-03-01", [])
    }

    /// An amount of money.
    pub fn yuan() -> Told {
        Told::new(
            "yuan with at most two decimals, e.g. 8155.59",
            "金额（元），至多两位小数，如8155.59",
            [],
        )
    }

    /// One of a closed list, with the nearest word.
    pub fn one_of(written: &str, known: &[&str]) -> Told {
        let list = known.join(", ");
        // any two words of one letter are near
        let near = if written.len() < 2 { &[] } else { known };
        let hint = Told::suggestion(written, near.iter().copied());
        Told::new("one of {0}{1}", "{0}之一{1}", [&list]).and(hint)
    }

    /// A whole number.
    pub fn whole_number() -> Told {
        Told::new("a whole number", "整数", [])
    }

    /// Anything but nothing.
    pub fn a_value() -> Told {
        Told::new("a value", "非空的值", [])
    }

    /// A number with decimals.
    pub fn decimal() -> Told {
        Told::new("a decimal number", "小数", [])
    }
}
