//! From a row as written to a checked case, or to the findings that reject it.
//!
//! First the row ([`row`]), its codes mapped where the file declares another edition, numbers of
//! persons replaced where the user asks for it ([`mapped`]);
//! then person ([`person`]), codes ([`codes`]) and stay ([`stay`]) become the case. With every edit
//! the other cells follow ([`sheet`]), then the conditions ([`conditions`]) and functions
//! ([`functions`]) that look at the whole record. What they find is noted in [`found`].

mod codes;
mod conditions;
mod found;
mod functions;
mod mapped;
mod person;
mod ready;
mod row;
mod sheet;
mod stay;

use std::sync::Arc;

use super::case::Case;
use super::columns::{Column, Header};
use super::door::{CodeSystem, Door};
use super::edits::{CellKind, EditBook, Edits};
use super::encoding::Encoding;
use super::frame::{Frame, MAX_ROW_BYTES};
use super::layout::Note;
use super::quality::RowFacts;
use crate::diagnostics::{Finding, Lang};

use found::Hit;
pub(super) use functions::{EditFunction, function, is_asked_while_reading};
pub use person::KILOGRAMS;
pub(super) use ready::Ready;
pub use row::Row;
use sheet::Sheet;

/// The oldest plausible age, in hundredths of years.
pub(super) const OLDEST: i64 = 12_400;
/// Newborn: age 0 and at most this many days, in hundredths.
pub(super) const NEWBORN_DAYS: i64 = 2_800;
/// Plausible newborn weights in grams, in hundredths.
pub(super) const NEWBORN_WEIGHTS: std::ops::RangeInclusive<i64> = 20_000..=999_900;
/// Days of the first year of life, in hundredths.
pub(super) const LONGEST_INFANCY: i64 = 36_500;

/// How much is checked (校验深度).
#[derive(Clone, Copy)]
pub enum Depth<'l> {
    /// What decides whether a record can be grouped; the rest costs too much for bulk grouping.
    Grouping,
    /// The same, behind a door that changes the rows.
    Behind(&'l Door),
    /// Every edit; `for_money` also the bill.
    All {
        /// The edits, with the lists that codes must stand in.
        book: &'l EditBook,
        /// Check what the money stages need.
        for_money: bool,
    },
}

impl<'l> Depth<'l> {
    /// What is done to a row before it is read, if anything.
    fn door(self) -> Option<&'l Door> {
        let door = match self {
            Depth::Grouping => None,
            Depth::Behind(door) => Some(door),
            Depth::All { book, .. } => Some(&book.door),
        };
        door.filter(|door| door.changes_rows())
    }

    /// The codes of a file.
    fn codes_of(self, number: usize) -> &'l CodeSystem {
        match self {
            Depth::Grouping => Door::nothing().codes_of(number),
            Depth::Behind(door) => door.codes_of(number),
            Depth::All { book, .. } => book.door.codes_of(number),
        }
    }

    fn edits(self) -> &'l Edits {
        match self.book() {
            Some(book) => &book.edits,
            None => Edits::built_in(),
        }
    }

    fn book(self) -> Option<&'l EditBook> {
        match self {
            Depth::All { book, .. } => Some(book),
            _ => None,
        }
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// [`Checker::case`] holds the case.
    Case,
    /// The row was read but must not be grouped; [`Checker::row`] holds it.
    Rejected,
    /// The row could not be read.
    Unreadable,
}

/// Checks the rows of one file, one at a time, reusing its memory (校验器).
pub struct Checker<'l> {
    file: Arc<str>,
    /// Of the rows as they come.
    source: Arc<Header>,
    encoding: Encoding,
    depth: Depth<'l>,
    edits: &'l Edits,
    /// The codes of the file.
    codes: &'l CodeSystem,
    ready: Arc<Ready<'l>>,
    lang: Lang,
    row: Row,
    case: Case,
    sheet: Sheet,
    facts: RowFacts,
    record: u64,
    line: u64,
    findings: Vec<Finding>,
    /// Where the last row stands in the file, if it was rejected: its first byte and its length.
    place: Option<(u64, usize)>,
    rejected: bool,
    /// The last row has a sound shape: what stands under a header is of its column.
    is_shaped: bool,
}

impl<'l> Checker<'l> {
    /// For the rows of a file with this header.
    pub fn new(
        file: Arc<str>,
        header: Arc<Header>,
        encoding: Encoding,
        depth: Depth<'l>,
        lang: Lang,
    ) -> Checker<'l> {
        let ready = Arc::new(Ready::of(depth, &header));
        Checker::of_ready(ready, file, header, encoding, depth, lang)
    }

    /// As [`Checker::new`], with what was worked out before for a file with this header.
    pub(super) fn of_ready(
        ready: Arc<Ready<'l>>,
        file: Arc<str>,
        source: Arc<Header>,
        encoding: Encoding,
        depth: Depth<'l>,
        lang: Lang,
    ) -> Checker<'l> {
        Checker {
            file,
            source,
            encoding,
            depth,
            edits: depth.edits(),
            codes: depth.codes_of(0),
            ready,
            lang,
            row: Row::default(),
            case: Case::default(),
            sheet: Sheet::default(),
            facts: RowFacts::default(),
            record: 0,
            line: 0,
            findings: Vec::new(),
            place: None,
            rejected: false,
            is_shaped: false,
        }
    }

    /// The same, for the file of this number in the run, from 0.
    pub(super) fn of_file(mut self, number: usize) -> Checker<'l> {
        self.codes = self.depth.codes_of(number);
        self
    }

    /// The case of the last row, if it was one.
    pub fn case(&self) -> &Case {
        &self.case
    }

    /// The header of the rows as checked.
    pub(super) fn header(&self) -> &Header {
        &self.ready.header
    }

    /// The source's header of the case id.
    pub(super) fn case_id_header(&self) -> &Arc<str> {
        &self.ready.case_id
    }

    /// The last row as written, or with its codes mapped.
    pub fn row(&self) -> &Row {
        &self.row
    }

    /// What the quality summary counts of the last row; only where every edit is asked.
    pub fn facts(&self) -> &RowFacts {
        &self.facts
    }

    /// The last row's number among those of this checker, from 1.
    pub fn record(&self) -> u64 {
        self.record
    }

    /// The file as named by the user.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// First byte and length of the last row in its file, unpacked; only of rejected rows, and of text and
    /// DBF files.
    pub fn place(&self) -> Option<(u64, usize)> {
        self.place
    }

    pub(super) fn set_place(&mut self, place: Option<(u64, usize)>) {
        self.place = place;
    }

    /// Line of the last row.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// What was found since the last call, in order; records are counted from 1 by this checker.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// The findings not yet taken.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings of the last row, the last one first.
    pub fn findings_of_row(&self) -> impl Iterator<Item = &Finding> {
        let of_row = |finding: &&Finding| finding.record == self.record;
        self.findings.iter().rev().take_while(of_row)
    }

    /// Counts a record that was read elsewhere, so that the numbers of the others stay right.
    pub(super) fn pass_over(&mut self) {
        self.record += 1;
    }

    /// Counts a record of a foreign file that has no sound shape.
    pub(super) fn unreadable(&mut self, line: u64, note: &Note) -> Checked {
        self.record += 1;
        self.line = line;
        self.case.clear();
        self.facts.clear();
        self.row.set(&note.row, note.row.contains('"'));
        self.is_shaped = false;
        self.add_note(note);
        Checked::Unreadable
    }

    /// Adds what was found of the last record before it was checked.
    pub(super) fn add_note(&mut self, note: &Note) {
        self.note(Hit::of_source(note));
    }

    /// Reads and checks a record given as text, e.g. one just written.
    pub fn check_text(&mut self, row: &str, line: u64) -> Checked {
        self.check(Frame::of_row(row, line))
    }

    /// Reads and checks a record.
    pub(super) fn check(&mut self, frame: Frame<'_>) -> Checked {
        self.check_noted(frame, &[])
    }

    /// The same, of a record of which something was noted before.
    pub(super) fn check_noted(&mut self, frame: Frame<'_>, notes: &[Note]) -> Checked {
        self.record += 1;
        self.line = frame.line;
        self.rejected = false;
        self.case.clear();
        self.row.set("", false);
        self.facts.clear();
        self.is_shaped = false;
        if !self.read_row(frame) {
            return Checked::Unreadable;
        }
        self.is_shaped = true;
        self.sheet.clear();
        if let Some(door) = self.depth.door() {
            self.pass_door(door);
        }
        notes.iter().for_each(|note| self.add_note(note));
        self.read_identity();
        self.read_person();
        self.read_codes();
        self.read_stay();
        if let Depth::All { book, for_money } = self.depth {
            self.ask_every_edit(book, for_money);
        }
        if self.depth.door().is_some_and(|door| door.pseudonyms.is_some()) {
            self.take_out_birth_date();
        }
        if self.rejected {
            Checked::Rejected
        } else {
            Checked::Case
        }
    }

    fn ask_every_edit(&mut self, book: &'l EditBook, for_money: bool) {
        if self.cell(Column::CaseId).is_empty() {
            self.note(Hit::of("F014").at(Column::CaseId));
        }
        self.check_listed_codes(book);
        self.read_sheet(book);
        self.read_money(for_money);
        self.ask_conditions(book);
        self.ask_functions(book);
        self.count_facts(book);
    }

    /// Decodes and cuts the record; `false` if it has no sound shape.
    fn read_row(&mut self, frame: Frame<'_>) -> bool {
        if frame.broken {
            let (en, zh) = if frame.bytes.len() > MAX_ROW_BYTES {
                ("a row of at most 1 MiB", "每行不超过1 MiB")
            } else {
                (
                    "the quote to be closed, within 1 MiB and 256 lines",
                    "引号须闭合，且该记录不超过1 MiB、256行",
                )
            };
            self.note(Hit::of("F003").expected(self.lang.pick(en, zh)));
            return false;
        }
        match self.encoding.decode(frame.bytes) {
            Some(text) => self.row.set(&text, frame.quoted),
            None => {
                let note = self.encoding.undecodable(frame.bytes, self.lang);
                self.add_note(&note);
                return false;
            }
        }
        self.row_fits_header()
    }

    fn row_fits_header(&mut self) -> bool {
        let (width, expected) = (self.row.width(), self.source.width());
        if self.row.fits(&self.source) {
            return true;
        }
        let (expected, found) = match self.lang {
            Lang::En => (
                format!("{expected} fields as in the header; a comma in a text needs quotes"),
                format!("{width} fields"),
            ),
            Lang::Zh => (
                format!("与表头一致的{expected}个字段；文字中的逗号须加引号"),
                format!("{width}个字段"),
            ),
        };
        self.note(Hit::of("F003").value(found).expected(expected));
        false
    }

    fn cell(&self, column: Column) -> &str {
        self.header()
            .field(column)
            .map_or("", |index| self.row.field(index))
            .trim()
    }

    /// Whether the cells of a column may be shown: those of persons and free text are not.
    fn is_shown(&self, column: Column) -> bool {
        let Some(book) = self.depth.book() else {
            return !matches!(column, Column::Person | Column::BirthDate);
        };
        let kind = book.columns.get(column as usize).map(|rule| rule.kind);
        column != Column::BirthDate && kind.is_some_and(|kind| kind != CellKind::Text)
    }
}
