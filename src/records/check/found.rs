//! What is found in a row.

use std::sync::Arc;

use super::Checker;
use crate::diagnostics::{Action, Finding, Severity, Stops};
use crate::records::Column;
use crate::records::layout::Note;

/// How much of a value a finding shows, in characters.
const SHOWN: usize = 32;

/// An edit that hit, before it becomes a finding: what is left out follows from the edit and the
/// cell.
#[derive(Clone, Debug)]
pub(in crate::records) struct Hit {
    code: &'static str,
    action: Action,
    severity: Option<Severity>,
    column: Option<Column>,
    slot: Option<usize>,
    value: Option<String>,
    expected: Option<String>,
}

impl Hit {
    pub(super) fn of(code: &'static str) -> Hit {
        Hit {
            code,
            action: Action::Kept,
            severity: None,
            column: None,
            slot: None,
            value: None,
            expected: None,
        }
    }

    /// What a layout found of a cell before it was made neutral.
    pub(super) fn of_source(note: &Note) -> Hit {
        Hit {
            code: note.edit,
            action: note.action,
            severity: None,
            column: note.column,
            slot: note.slot,
            value: Some(note.value.clone()),
            expected: Some(note.expected.clone()).filter(|expected| !expected.is_empty()),
        }
    }

    pub(super) fn at(mut self, column: Column) -> Hit {
        self.column = Some(column);
        self
    }

    pub(super) fn slot(mut self, slot: usize) -> Hit {
        self.slot = Some(slot);
        self
    }

    pub(super) fn value(mut self, value: impl Into<String>) -> Hit {
        self.value = Some(value.into());
        self
    }

    pub(super) fn expected(mut self, expected: impl Into<String>) -> Hit {
        self.expected = Some(expected.into());
        self
    }

    pub(super) fn severity(mut self, severity: Option<Severity>) -> Hit {
        self.severity = severity;
        self
    }

    pub(super) fn emptied(mut self) -> Hit {
        self.action = Action::Emptied;
        self
    }

    pub(super) fn repaired(mut self) -> Hit {
        self.action = Action::Repaired;
        self
    }
}

impl Checker<'_> {
    /// Makes a finding of a hit; one that stops its record rejects it.
    pub(super) fn note(&mut self, hit: Hit) {
        let Some(edit) = self.edits.asked(hit.code) else {
            return;
        };
        let stops = match hit.action {
            Action::Repaired => Stops::None,
            _ => edit.stops,
        };
        let is_stopped = matches!(stops, Stops::File | Stops::Record | Stops::Group);
        self.rejected |= is_stopped;
        self.case.stops_money |= stops == Stops::Money;
        let severity = match hit.action {
            Action::Repaired => Severity::Info,
            _ => hit.severity.unwrap_or(edit.severity),
        };
        // in a row of no sound shape any cell may stand under any header, a personal one too
        let of_shape = |column| {
            if self.is_shaped {
                self.cell(column).to_owned()
            } else {
                String::new()
            }
        };
        let value = hit.value.unwrap_or_else(|| {
            hit.column
                .map_or_else(String::new, |column| self.cell(column).to_owned())
        });
        let is_shown = hit.column.is_none_or(|column| self.is_shown(column));
        let shown = if is_shown { value.as_str() } else { "" };
        self.findings.push(Finding {
            file: Arc::clone(&self.file),
            line: self.line,
            record: self.record,
            case_id: of_shape(Column::CaseId),
            hospital: of_shape(Column::Hospital),
            severity,
            action: if is_stopped { Action::Rejected } else { hit.action },
            field: hit.column.map_or_else(String::new, |column| {
                self.ready.header.origin(column, hit.slot).to_owned()
            }),
            cell: self.ready.header.cell(self.line, hit.column, hit.slot),
            column: hit.column.map_or("", Column::name),
            slot: hit.slot,
            value: shown.chars().take(SHOWN).map(visible).collect(),
            expected: match hit.expected {
                Some(expected) => expected.chars().map(visible).collect(),
                None => edit.expected.in_lang(self.lang).to_owned(),
            },
            see: None,
            edit,
        });
    }
}

/// Control characters would move the cursor of a terminal, or vanish.
fn visible(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}
