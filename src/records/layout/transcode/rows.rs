//! Neutral rows as text, where each came from, and what was noted of it.

use crate::diagnostics::{Action, Lang};
use crate::records::columns::Column;

/// Rows of a foreign file as neutral text (中性行块).
#[derive(Debug, Default)]
pub(in crate::records) struct NeutralRows {
    /// A row a line, separated by commas.
    pub text: String,
    /// Of each row of the source, in order.
    pub marks: Vec<Mark>,
    /// What was found, row by row.
    pub notes: Vec<Note>,
}

/// Where a row came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::records) struct Mark {
    /// Its line.
    pub line: u64,
    /// How many notes are about it …
    pub notes: usize,
    /// … and how many of them, the first ones, were found before it was checked.
    pub early: usize,
    /// It has no sound shape, so there is no text of it.
    pub unreadable: bool,
}

/// What was found while a row was read, before the edits.
#[derive(Clone, Debug)]
pub(in crate::records) struct Note {
    /// The edit's code.
    pub edit: &'static str,
    pub action: Action,
    pub column: Option<Column>,
    pub slot: Option<usize>,
    pub value: String,
    pub expected: String,
    /// Of a row that does not fit the header: the row.
    pub row: String,
}

impl Note {
    /// Of a row that cannot be read.
    pub(in crate::records) fn shapeless(edit: &'static str, value: String, expected: String) -> Note {
        Note {
            edit,
            action: Action::Rejected,
            column: None,
            slot: None,
            value,
            expected,
            row: String::new(),
        }
    }
}

impl NeutralRows {
    /// Something more about the last row.
    pub(in crate::records::layout) fn add(&mut self, note: Note) {
        if let Some(mark) = self.marks.last_mut() {
            mark.notes += 1;
            self.notes.push(note);
        }
    }

    /// A row that cannot be read, and why.
    pub(in crate::records) fn unreadable(&mut self, line: u64, note: Note) {
        self.notes.push(note);
        self.marks.push(Mark {
            line,
            notes: 1,
            early: 0,
            unreadable: true,
        });
    }
}

pub(in crate::records) fn broken(length: usize, lang: Lang) -> Note {
    let expected = if length > crate::records::frame::MAX_ROW_BYTES {
        lang.pick("a row of at most 1 MiB", "每行不超过1 MiB")
    } else {
        lang.pick(
            "the quote to be closed, within 1 MiB and 256 lines",
            "引号须闭合，且该记录不超过1 MiB、256行",
        )
    };
    Note::shapeless("F003", String::new(), expected.to_owned())
}

pub(in crate::records) fn misfit(count: usize, width: usize, lang: Lang) -> Note {
    let (value, expected) = match lang {
        Lang::En => (
            format!("{count} fields"),
            format!("{width} fields as in the header; a comma in a text needs quotes"),
        ),
        Lang::Zh => (
            format!("{count}个字段"),
            format!("与表头一致的{width}个字段；文字中的逗号须加引号"),
        ),
    };
    Note::shapeless("F003", value, expected)
}
