//! Rows whose codes are of another edition become rows in codes of the lists (编码换版), as text, so that
//! whatever reads them reads codes of one edition only.
//!
//! The [`Checker`](super::Checker) behind a [`Door`] does the same one row at a time, for those who ask
//! every edit. Here only what grouping needs is done, for a fraction of the time, and to the same text
//! (held by a property test).

use std::sync::Arc;

use super::columns::{Column, Header};
use super::door::{CodeSystem, Door, MAPPED};
use super::draft::write_cell;
use super::layout::{CutRow, Cutting, Mark, NeutralRows, Next, Note, broken, misfit, quote_if_needed};
use super::mapping::{Code, CodeMap};
use crate::codes::normal_form;
use crate::diagnostics::{Action, Lang};

/// Rewrites the rows of one file (换版器).
#[derive(Debug)]
pub(super) struct Recoder {
    /// Fields of the rows as they come.
    width: usize,
    /// Of the rows as they go.
    header: Arc<Header>,
    codes: CodeSystem,
    pieces: Vec<Piece>,
    /// Fields that are empty unless the codes of the row were mapped before.
    written: Vec<(usize, Column)>,
    /// The field of the version as it comes.
    version: Option<usize>,
}

/// What rows are put together from.
#[derive(Clone, Copy, Debug)]
enum Piece {
    /// Cells as they stand, from one field to before another.
    Cells(usize, usize),
    /// The codes of a field, in the edition of the lists.
    Mapped {
        field: usize,
        column: Column,
        is_diagnosis: bool,
    },
    /// The codes of a field, as written.
    AsWritten(usize),
    /// The edition.
    Version,
    /// An empty cell.
    Nothing,
}

impl Recoder {
    /// For the rows under `header` of a file in these codes.
    pub(super) fn new(header: &Header, door: &Door, codes: &CodeSystem) -> Recoder {
        let behind = door.header(header);
        let of_source = |column| Some((header.field(column)?, column));
        let written = [Column::DiagnosesWritten, Column::ProceduresWritten];
        Recoder {
            width: header.width(),
            pieces: pieces(header, &behind, codes.map.is_some()),
            header: Arc::new(behind),
            codes: codes.clone(),
            written: written.into_iter().filter_map(of_source).collect(),
            version: header.field(Column::CodeVersion),
        }
    }

    /// The header of the rows as they go.
    pub(super) fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Rewrites rows that a layout made neutral.
    pub(super) fn recoded(&self, rows: NeutralRows) -> NeutralRows {
        let mut out = NeutralRows::default();
        out.text.reserve(rows.text.len() * 2);
        let mut cutting = Cutting::new(&rows.text, b',', 1);
        let mut notes = rows.notes.into_iter();
        for mark in rows.marks {
            let before = out.notes.len();
            if !mark.unreadable
                && let Some(Next::Row(row)) = cutting.next()
            {
                self.rewrite(&row, &mut out);
            }
            let early = out.notes.len() - before;
            out.notes.extend(notes.by_ref().take(mark.notes));
            out.marks.push(Mark {
                notes: mark.notes + early,
                early,
                ..mark
            });
        }
        out
    }

    /// Rewrites the rows of a text of whole rows that begins at a line.
    pub(super) fn text_rows(&self, text: &str, line: u64, lang: Lang, out: &mut NeutralRows) {
        let mut cutting = Cutting::new(text, b',', line);
        out.text.reserve(text.len() + text.len() / 2);
        while let Some(next) = cutting.next() {
            match next {
                Next::Broken(line, length) => out.unreadable(line, broken(length, lang)),
                Next::Row(row) if !row.fits(self.width) => {
                    let note = Note {
                        row: row.written.to_owned(),
                        ..misfit(row.count(), self.width, lang)
                    };
                    out.unreadable(row.line, note);
                }
                Next::Row(row) => {
                    let before = out.notes.len();
                    self.rewrite(&row, out);
                    let early = out.notes.len() - before;
                    out.marks.push(Mark {
                        line: row.line,
                        notes: early,
                        early,
                        unreadable: false,
                    });
                }
            }
        }
    }

    fn rewrite(&self, row: &CutRow<'_>, out: &mut NeutralRows) {
        let before = out.notes.len();
        let mut rewriting = Rewriting {
            of: self,
            row,
            text: &mut out.text,
            notes: &mut out.notes,
        };
        rewriting.row();
        // diagnoses are told first, wherever they stand in the row
        let of_row = out.notes.get_mut(before..).unwrap_or_default();
        of_row.sort_by_key(|note| (note.edit == "C108", note.column));
    }
}

/// What rows under `header` are put together from under `behind`.
fn pieces(header: &Header, behind: &Header, is_mapped: bool) -> Vec<Piece> {
    let mut pieces = vec![Piece::Nothing; behind.width()];
    let kept = pieces.iter_mut().enumerate().take(header.width());
    kept.for_each(|(field, piece)| *piece = Piece::Cells(field, field + 1));
    let mut put = |field: Option<usize>, piece: Piece| {
        let place = field.and_then(|field| pieces.get_mut(field));
        place.into_iter().for_each(|place| *place = piece);
    };
    put(behind.field(Column::CodeVersion), Piece::Version);
    for (column, is_diagnosis, written) in MAPPED.into_iter().filter(|_| is_mapped) {
        let Some(field) = header.field(column) else {
            continue;
        };
        let beside = written.and_then(|written| behind.field(written));
        put(beside, Piece::AsWritten(field));
        let mapped = Piece::Mapped {
            field,
            column,
            is_diagnosis,
        };
        put(Some(field), mapped);
    }
    joined(&pieces)
}

/// Cells that follow each other as one piece.
fn joined(pieces: &[Piece]) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Cells(_, end)), Piece::Cells(_, to)) => *end = *to,
            _ => joined.push(*piece),
        }
    }
    joined
}

/// A row being rewritten.
struct Rewriting<'r> {
    of: &'r Recoder,
    row: &'r CutRow<'r>,
    text: &'r mut String,
    notes: &'r mut Vec<Note>,
}

impl Rewriting<'_> {
    fn row(&mut self) {
        match self.of.codes.map.as_deref() {
            Some(_) if self.was_mapped_before() => self.put_as_it_was(),
            map => {
                map.into_iter().for_each(|map| self.compare_version(map));
                for (index, piece) in self.of.pieces.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.put(*piece, map);
                }
            }
        }
        self.text.push('\n');
    }

    /// Whether written codes stand beside those of the row: they are mapped only once.
    fn was_mapped_before(&mut self) -> bool {
        let is_filled = |(field, _): &&(usize, Column)| !self.cell(*field).trim_matches('|').is_empty();
        let Some((field, column)) = self.of.written.iter().find(is_filled) else {
            return false;
        };
        let value = self.cell(*field).to_owned();
        self.notes.push(note("C107", *column, None, value, ""));
        true
    }

    /// A record that names another edition than its file is mapped as the file is, and told.
    fn compare_version(&mut self, map: &CodeMap) {
        let version = self.of.version.map_or("", |field| self.cell(field));
        if !version.is_empty() && version != map.from {
            let value = version.to_owned();
            self.notes
                .push(note("C106", Column::CodeVersion, None, value, &map.from));
        }
    }

    fn put_as_it_was(&mut self) {
        self.put_cells(0, self.of.width);
        (self.of.width..self.of.header.width()).for_each(|_| self.text.push(','));
    }

    fn put(&mut self, piece: Piece, map: Option<&CodeMap>) {
        let start = self.text.len();
        match (piece, map) {
            (Piece::Cells(from, to), _) => return self.put_cells(from, to),
            (Piece::Nothing, _) => {}
            (Piece::Version, Some(map)) => self.text.push_str(&map.to),
            (Piece::Version, None) => self.put_version(),
            (Piece::AsWritten(field), _) => {
                self.put_slots(field, |_, _, written, text| text.push_str(written))
            }
            (
                Piece::Mapped {
                    field,
                    column,
                    is_diagnosis,
                },
                map,
            ) => self.put_slots(field, |notes, slot, written, text| {
                let code = normal_form(written);
                let mapped = map.and_then(|map| map.apply_to_one(Code::declared(&code), is_diagnosis));
                let is_grouped = matches!(column, Column::Diagnoses | Column::Procedures);
                if mapped.is_none() && !code.is_empty() && is_grouped {
                    notes.push(note("C108", column, Some(slot), code.to_string(), ""));
                }
                text.push_str(mapped.map_or(&code, |mapped| mapped.as_str()));
            }),
        }
        quote_if_needed(self.text, start);
    }

    /// Of a file whose codes stay, beside files whose codes are mapped.
    fn put_version(&mut self) {
        let written = self.of.version.map_or("", |field| self.row.cell(field));
        let is_said = !written.trim().is_empty();
        self.text
            .push_str(if is_said { written } else { &self.of.codes.version });
    }

    /// Writes a list, slot by slot.
    fn put_slots(&mut self, field: usize, mut put: impl FnMut(&mut Vec<Note>, usize, &str, &mut String)) {
        for (slot, written) in self.row.cell(field).trim().split('|').enumerate() {
            if slot > 0 {
                self.text.push('|');
            }
            put(self.notes, slot, written.trim(), self.text);
        }
    }

    /// Cells as they stand, from one field to before another.
    fn put_cells(&mut self, from: usize, to: usize) {
        if self.row.clean {
            return self.text.push_str(self.row.cells(from, to));
        }
        for field in from..to {
            if field > from {
                self.text.push(',');
            }
            write_cell(self.text, self.row.cell(field));
        }
    }

    fn cell(&self, field: usize) -> &str {
        self.row.cell(field).trim()
    }
}

/// What is found before the row is checked.
fn note(edit: &'static str, column: Column, slot: Option<usize>, value: String, expected: &str) -> Note {
    Note {
        edit,
        action: Action::Kept,
        column: Some(column),
        slot,
        value,
        expected: expected.to_owned(),
        row: String::new(),
    }
}
