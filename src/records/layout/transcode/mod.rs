//! Foreign rows become rows of the neutral layout (版式转换), as text.
//!
//! The rows they become are in [`rows`]; lists over numbered columns in [`lists`], lists of messages in
//! [`nodes`], what follows from other columns in [`derived`].

mod derived;
mod lists;
mod nodes;
mod rows;

use std::sync::Arc;

use jiff::civil::Date;

use super::super::cells::{read_date, read_number};
use super::super::columns::Column;
use super::cut::{CutRow, Cutting, Next, without_quotes};
use super::facts::{Aside, BoundAsides};
use super::file::Read;
use super::forms::{
    MonthsAndDays, day_hour_minute, days_between, duration, minute_of, put_date, put_hour, put_hours,
    put_moment, put_time, serial, wound, years_between,
};
use super::join::{Joined, JoinedRow};
use super::load::Make;
use super::plan::{NodeTake, Plan, Reading, Slots, Step, Take};
use crate::codes::is_placeholder;
use crate::diagnostics::{Action, Lang};
use crate::units::Fen;
pub(in crate::records) use rows::{Mark, NeutralRows, Note, broken, misfit};

/// A row of a source, cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'t> {
    pub text: &'t str,
    /// The place before the first cell, then that behind each.
    pub ends: &'t [u32],
    /// The lists of a message.
    pub nodes: &'t [Vec<Element>],
    /// No cell holds a comma, a quote or the end of a line.
    pub clean: bool,
    /// Cells that begin with a quote have one at each end.
    pub quoted: bool,
}

/// The fields of an element of a message's list.
pub(super) type Element = Vec<String>;

/// Makes neutral rows of the rows of one file (版式转换器).
#[derive(Debug)]
pub(in crate::records) struct Transcoder {
    pub(super) plan: Plan,
    /// Cells of a row.
    pub(super) width: usize,
    pub(super) delimiter: u8,
    /// Leave out the empty slots of lists, as a neutral file has none.
    pub(super) close_gaps: bool,
    pub(in crate::records) joined: Option<Arc<Joined>>,
}

impl Transcoder {
    /// The rows of a text of whole rows that begins at a line.
    pub(in crate::records) fn table_rows(&self, text: &str, line: u64, lang: Lang, out: &mut NeutralRows) {
        let mut cutting = Cutting::new(text, self.delimiter, line);
        out.text.reserve(text.len() / 4);
        while let Some(next) = cutting.next() {
            match next {
                Next::Row(row) => self.cut_row(&row, lang, out),
                Next::Broken(line, length) => out.unreadable(line, broken(length, lang)),
            }
        }
    }

    fn cut_row(&self, row: &CutRow<'_>, lang: Lang, out: &mut NeutralRows) {
        let cells = Cells {
            text: row.text,
            ends: row.ends,
            nodes: &[],
            clean: row.clean,
            quoted: row.quoted,
        };
        if !row.fits(self.width) {
            return out.unreadable(row.line, misfit(row.count(), self.width, lang));
        }
        self.row(&cells, row.line, lang, out);
    }

    /// One row.
    pub(super) fn row(&self, cells: &Cells<'_>, line: u64, lang: Lang, out: &mut NeutralRows) {
        let before = out.notes.len();
        let mut making = Making {
            of: self,
            cells,
            lang,
            kept: [None, None],
            joined: None,
            text: &mut out.text,
            notes: &mut out.notes,
        };
        making.row();
        out.marks.push(Mark {
            line,
            notes: out.notes.len() - before,
            early: 0,
            unreadable: false,
        });
    }
}

impl<'t> Cells<'t> {
    /// A cell, blanks around it cut; empty past the end.
    #[inline]
    pub(super) fn cell(&self, field: usize) -> &'t str {
        let Some([before, behind, ..]) = self.ends.get(field..) else {
            return "";
        };
        let (start, end) = (before.wrapping_add(1) as usize, *behind as usize);
        if start == end {
            return "";
        }
        let cell = self.text.get(start..end).unwrap_or("");
        tidy(if self.quoted { without_quotes(cell) } else { cell })
    }
}

/// Without blanks around; most cells have none.
#[inline]
fn tidy(cell: &str) -> &str {
    let plain = |byte: Option<&u8>| byte.is_some_and(|byte| (b'!'..0x7f).contains(byte));
    let bytes = cell.as_bytes();
    if plain(bytes.first()) && plain(bytes.last()) {
        cell
    } else {
        cell.trim()
    }
}

/// A row being written.
struct Making<'m, 't> {
    of: &'m Transcoder,
    cells: &'m Cells<'t>,
    lang: Lang,
    /// Slots of the leading lists that are kept, once known.
    kept: [Option<Vec<usize>>; 2],
    /// The row of another file that belongs to it.
    joined: Option<&'m JoinedRow>,
    text: &'m mut String,
    notes: &'m mut Vec<Note>,
}

impl<'m, 't> Making<'m, 't> {
    fn row(&mut self) {
        let row_start = self.text.len();
        let of = self.of;
        self.joined = of
            .joined
            .as_ref()
            .and_then(|joined| joined.row_of(|column| self.said(column)));
        for (index, step) in of.plan.steps.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            let start = self.text.len();
            self.put(step);
            let from_join = step.column.is_some_and(|column| self.put_joined(column, start));
            if let Some(column) = step.column
                && self.text.len() == start
            {
                self.derive(column);
            }
            if from_join || !self.cells.clean {
                quote_if_needed(self.text, start);
            }
        }
        if let Some(asides) = &of.plan.asides {
            self.ask_asides(asides);
        }
        if self.text.len() == row_start {
            self.text.push_str("\"\""); // a line of nothing would be no row
        }
        self.text.push('\n');
    }

    /// Asks the edits that look at what no neutral column holds.
    fn ask_asides(&mut self, asides: &BoundAsides) {
        let mut notes = Vec::new();
        let steps = &self.of.plan.steps;
        let aside = Aside {
            asides,
            lang: self.lang,
            value: &|step| self.aside(step),
            column: &|column| {
                let step = steps.iter().find(|step| step.column == Some(column));
                step.map(|step| self.aside(step))
            },
            cell: &|field| self.cell(field).to_owned(),
        };
        aside.ask(&mut notes);
        self.notes.append(&mut notes);
    }

    /// Fills a column from the joined row; what the file itself says wins, and the difference is
    /// counted.
    fn put_joined(&mut self, column: Column, start: usize) -> bool {
        let Some(cell) = self.joined.and_then(|row| row.cell(column)) else {
            return false;
        };
        if self.text.len() == start {
            self.text.push_str(cell);
            return true;
        }
        if self.text.get(start..) != Some(cell)
            && let Some(joined) = &self.of.joined
        {
            joined.differs(column);
        }
        false
    }

    /// What the layout's own columns say of a column, to join by.
    fn said(&mut self, column: Column) -> String {
        let step = self.of.plan.steps.iter().find(|step| step.column == Some(column));
        step.map_or_else(String::new, |step| self.aside(step))
    }

    /// What a step writes, in a text of its own; nothing is noted.
    fn aside(&self, step: &Step) -> String {
        let (mut text, mut notes) = (String::new(), Vec::new());
        let mut making = Making {
            of: self.of,
            cells: self.cells,
            lang: self.lang,
            kept: [None, None],
            joined: None,
            text: &mut text,
            notes: &mut notes,
        };
        making.put(step);
        text
    }

    /// A cell; empty where it is a placeholder and the layout says that those are usual.
    #[inline]
    fn cell(&self, field: usize) -> &'t str {
        let cell = self.cells.cell(field);
        if !cell.is_empty() && self.of.plan.silent.get(field) == Some(&true) && is_placeholder(cell) {
            return "";
        }
        cell
    }

    /// The first of alternatives that is filled.
    #[inline]
    fn filled(&self, fields: &[usize]) -> &'t str {
        match fields {
            [field] => self.cell(*field),
            fields => {
                let cells = fields.iter().map(|field| self.cell(*field));
                let sound = |cell: &&str| !cell.is_empty() && !is_placeholder(cell);
                cells
                    .clone()
                    .find(sound)
                    .or(cells.clone().find(|cell| !cell.is_empty()))
                    .unwrap_or("")
            }
        }
    }

    /// Writes the value of a column.
    fn put(&mut self, step: &'m Step) {
        match &step.take {
            Take::Nothing => {}
            Take::Constant(text) => self.text.push_str(text),
            Take::Whole(field) => self.put_dated(step, self.cells.cell(*field), None),
            Take::First(fields) => self.put_first(step, fields),
            Take::List(slots) => self.put_list(step, slots),
            Take::Each(slots) => self.put_each(step, slots),
            Take::Pairs(pairs) => self.put_pairs(pairs),
            Take::Join(fields, by) => self.put_join(fields, by),
            Take::Split(fields, at) => self.put_split(fields, at),
            Take::Sum(fields) => {
                let cells: Vec<&str> = fields.iter().map(|field| self.cell(*field)).collect();
                self.put_sum(&cells);
            }
            Take::Parts(fields) => self.put_parts(step, fields),
            Take::Node(node) => self.put_node(step, node),
        }
    }

    fn put_first(&mut self, step: &Step, fields: &[usize]) {
        if fields.len() > 1 && step.form == Reading::By(Read::Time) {
            // the first that has a time, not the first that is filled
            let start = self.text.len();
            for field in fields {
                let cell = self.cell(*field);
                put_time(self.text, cell);
                if self.text.len() > start {
                    return;
                }
            }
            return;
        }
        let cell = self.filled(fields);
        if cell.is_empty() {
            return;
        }
        match &step.table {
            Some(_) => self.put_mapped(step, cell, None),
            None => self.put_dated(step, cell, None),
        }
    }

    /// A duration that is none is told here: as the number it should be it says nothing of its form.
    fn note_duration(&mut self, step: &Step, value: &str) {
        if !value.trim_matches('/').is_empty() && !is_placeholder(value) {
            let expected = self
                .lang
                .pick("days/hours/minutes, such as 1/13/24", "天/小时/分钟，如1/13/24");
            self.notes.push(Note {
                edit: "K955",
                action: Action::Kept,
                column: step.column,
                slot: None,
                value: value.to_owned(),
                expected: expected.to_owned(),
                row: String::new(),
            });
        }
    }

    /// A value in its form; a date that a spreadsheet wrote as a number is restored.
    fn put_dated(&mut self, step: &Step, cell: &str, slot: Option<usize>) {
        let is_duration = matches!(
            step.form,
            Reading::By(Read::DurationHours | Read::DurationMinutes)
        );
        if is_duration && duration(cell).is_none() {
            self.note_duration(step, cell);
        }
        let is_date = matches!(step.form, Reading::Moment | Reading::By(Read::Date | Read::Time));
        let restored = Some(cell).filter(|_| is_date && cell.len() >= 5).and_then(serial);
        let Some(restored) = restored else {
            return self.put_read(step.form, cell);
        };
        self.put_read(step.form, &restored);
        if step.form != Reading::By(Read::Time) {
            let expected = self
                .lang
                .pick("a date such as 2022-03-05", "形如2022-03-05的日期");
            self.notes.push(Note {
                edit: "F008",
                action: Action::Repaired,
                column: step.column,
                slot,
                value: if step.column == Some(Column::BirthDate) {
                    String::new()
                } else {
                    cell.to_owned()
                },
                expected: expected.to_owned(),
                row: String::new(),
            });
        }
    }

    /// A value that stands for another.
    fn put_mapped(&mut self, step: &Step, cell: &str, slot: Option<usize>) {
        let Some(table) = &step.table else { return };
        match (table.get(cell), &step.other) {
            (Some(value), _) => self.text.push_str(value),
            (None, Some(other)) => self.text.push_str(other),
            (None, None) if is_placeholder(cell) => self.text.push_str(cell),
            (None, None) => {
                let values: Vec<&str> = table.keys().map(String::as_str).collect();
                let values = values.join(", ");
                self.notes.push(Note {
                    edit: "F006",
                    action: Action::Emptied,
                    column: step.column,
                    slot,
                    value: cell.to_owned(),
                    expected: match self.lang {
                        Lang::En => format!("one of {values}"),
                        Lang::Zh => format!("以下之一：{values}"),
                    },
                    row: String::new(),
                });
            }
        }
    }

    /// A value in a form of its own; what does not have the form stays as written, for the edits.
    fn put_read(&mut self, form: Reading, cell: &str) {
        let out = &mut *self.text;
        match form {
            Reading::Plain => out.push_str(cell),
            Reading::Integer => out.push_str(without_zero_decimals(cell)),
            Reading::Moment => put_moment(out, cell),
            Reading::By(Read::Date) => put_date(out, cell),
            Reading::By(Read::Time) => put_time(out, cell),
            Reading::By(Read::Hour) => put_hour(out, cell),
            Reading::By(Read::DurationHours) => match duration(cell) {
                Some(minutes) => put_hours(out, minutes),
                None => out.push_str(cell),
            },
            Reading::By(Read::DurationMinutes) => match duration(cell) {
                Some(minutes) => out.push_str(&minutes.to_string()),
                None => out.push_str(cell),
            },
            Reading::By(Read::MonthsAndThirtieths) => match MonthsAndDays::read(cell) {
                Some(age) => {
                    let days = age.in_days(self.birth(), self.admitted());
                    self.text.push_str(&days.to_string());
                }
                None => out.push_str(cell),
            },
            // read where their cells are put together
            Reading::By(Read::DayHourMinute | Read::WoundClassAndHealing) => out.push_str(cell),
        }
    }

    fn put_join(&mut self, fields: &[usize], by: &str) {
        let mut first = true;
        for field in fields {
            let cell = self.cell(*field);
            if cell.is_empty() {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.text.push_str(by);
            }
            self.text.push_str(cell);
        }
    }

    fn put_split(&mut self, fields: &[usize], at: &str) {
        let cell = self.filled(fields);
        for (index, part) in cell.split(at).enumerate() {
            if index > 0 {
                self.text.push('|');
            }
            self.put_item(part.trim(), false);
        }
    }

    fn put_pairs(&mut self, pairs: &[(String, usize)]) {
        let start = self.text.len();
        for (key, field) in pairs {
            let cell = self.cell(*field);
            if cell.is_empty() || is_placeholder(cell) || is_zero(cell) {
                continue;
            }
            if self.text.len() > start {
                self.text.push('|');
            }
            self.text.push_str(key);
            self.text.push(';');
            self.put_item(cell, true);
        }
    }

    fn put_sum(&mut self, cells: &[&str]) {
        let mut sum = None;
        for cell in cells
            .iter()
            .filter(|cell| !cell.is_empty() && !is_placeholder(cell))
        {
            let Some(hundredths) = read_number(cell) else {
                return self.text.push_str(cell); // an amount that is none is the edits' to find
            };
            sum = Some(sum.unwrap_or(0_i64).saturating_add(hundredths));
        }
        if let Some(hundredths) = sum {
            self.text.push_str(&Fen::new(hundredths).to_string());
        }
    }

    fn put_parts(&mut self, step: &Step, fields: &[usize; 3]) {
        let cells = fields.map(|field| self.cell(field));
        if cells.iter().all(|cell| cell.is_empty()) {
            return;
        }
        match day_hour_minute(cells) {
            Some(minutes) => self.text.push_str(&minutes.to_string()),
            None => {
                self.text.push_str(&cells.join("/"));
                self.note_duration(step, &cells.join("/"));
            }
        }
    }

    /// An item of a list: a bar in it would end it, a semicolon too where it is a part of one.
    fn put_item(&mut self, item: &str, part: bool) {
        if !item.bytes().any(|byte| byte == b'|' || byte == b';') {
            return self.text.push_str(item);
        }
        self.text.extend(item.chars().map(|c| match c {
            '|' => '｜',
            ';' if part => '；',
            other => other,
        }));
    }
}

/// Whether an amount is nothing: `0`, `0.00`.
fn is_zero(cell: &str) -> bool {
    cell.bytes().all(|byte| matches!(byte, b'0' | b'.')) || read_number(cell) == Some(0)
}

/// `58.0` as `58`.
fn without_zero_decimals(cell: &str) -> &str {
    match cell.split_once('.') {
        Some((whole, decimals)) if !whole.is_empty() && decimals.bytes().all(|byte| byte == b'0') => whole,
        _ => cell,
    }
}

/// Quotes the cell that begins at `start` where CSV needs it.
pub(in crate::records) fn quote_if_needed(text: &mut String, start: usize) {
    let cell = text.get(start..).unwrap_or("");
    if !cell
        .bytes()
        .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
    {
        return;
    }
    let quoted = cell.replace('"', "\"\"");
    text.truncate(start);
    text.push('"');
    text.push_str(&quoted);
    text.push('"');
}
