//! Foreign rows become rows of the neutral layout (版式转换), as text.

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

pub(in crate::records) fn broken(length: usize, lang: Lang) -> Note {
    let expected = if length > super::super::frame::MAX_ROW_BYTES {
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
    pub(super) fn add(&mut self, note: Note) {
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

    fn put_list(&mut self, step: &Step, slots: &Slots) {
        match step.leader {
            Some(leader) if self.of.close_gaps => {
                let kept = self.kept_slots(leader);
                self.put_slots(step, slots, kept.iter().copied());
                if let Some(known) = self.kept.get_mut(leader) {
                    *known = Some(kept);
                }
            }
            Some(leader) => {
                let count = self.slots_of(leader);
                self.put_slots(step, slots, 0..count);
            }
            None => {
                let filled = |slot: &Vec<usize>| !self.filled(slot).is_empty();
                let count = slots.iter().rposition(filled).map_or(0, |last| last + 1);
                self.put_slots(step, slots, 0..count);
            }
        }
    }

    /// Writes slots; nothing if all of them are empty.
    fn put_slots(&mut self, step: &Step, slots: &Slots, wanted: impl Iterator<Item = usize>) {
        let start = self.text.len();
        let mut any = false;
        for (index, slot) in wanted.enumerate() {
            if index > 0 {
                self.text.push('|');
            }
            let cell = slots.get(slot).map_or("", |fields| self.filled(fields));
            if cell.is_empty() {
                continue;
            }
            any = true;
            match step.form {
                _ if step.table.is_some() => self.put_mapped(step, cell, Some(index)),
                Reading::Plain => self.put_item(cell, false),
                _ => self.put_dated(step, cell, Some(index)),
            }
        }
        if !any {
            self.text.truncate(start);
        }
    }

    /// How many slots a leading list has, gaps and all: up to the last with a code or a name.
    fn slots_of(&self, leader: usize) -> usize {
        let Some(leader) = self.of.plan.leaders.get(leader) else {
            return 0;
        };
        let [codes, names] = &leader.fields;
        let last = |slots: &Slots, fields: &Option<Vec<usize>>| {
            let last = match fields {
                Some(fields) => fields.iter().rposition(|field| !self.cell(*field).is_empty()),
                None => slots.iter().rposition(|slot| !self.filled(slot).is_empty()),
            };
            last.map_or(0, |last| last + 1)
        };
        last(&leader.codes, codes).max(last(&leader.names, names))
    }

    /// The slots of a leading list that have a code or a name, and the first.
    fn kept_slots(&mut self, leader: usize) -> Vec<usize> {
        if let Some(kept) = self.kept.get_mut(leader).and_then(Option::take) {
            return kept;
        }
        let count = self.slots_of(leader);
        let Some(leader) = self.of.plan.leaders.get(leader) else {
            return Vec::new();
        };
        let filled = |slots: &Slots, slot: usize| {
            let cell = slots.get(slot).map_or("", |fields| self.filled(fields));
            !cell.is_empty() && !is_placeholder(cell)
        };
        let kept = |slot: &usize| *slot == 0 || filled(&leader.codes, *slot) || filled(&leader.names, *slot);
        (0..count).filter(kept).collect()
    }

    /// Elements of several cells each.
    fn put_each(&mut self, step: &Step, slots: &Slots) {
        let is_wound = step.form == Reading::By(Read::WoundClassAndHealing);
        let count = match step.leader {
            Some(leader) => self.slots_of(leader),
            None => slots.len(),
        };
        let start = self.text.len();
        let (mut any, mut first) = (false, true);
        for slot in slots.iter().take(count) {
            let cells: Vec<&str> = slot.iter().map(|field| self.cell(*field)).collect();
            let filled = cells.iter().any(|cell| !cell.is_empty());
            any |= filled;
            if !filled && step.leader.is_none() {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.text.push('|');
            }
            match cells.as_slice() {
                [class, healing] if is_wound && filled => match wound(class, healing) {
                    Some(code) => self.text.push_str(&code.to_string()),
                    None => self.text.push_str(&cells.concat()),
                },
                _ if filled => self.put_parts_of(&cells),
                _ => {}
            }
        }
        if !any {
            self.text.truncate(start);
        }
    }

    fn put_parts_of(&mut self, cells: &[&str]) {
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                self.text.push(';');
            }
            self.put_item(cell, true);
        }
    }

    /// The elements of a message's list.
    fn put_node(&mut self, step: &Step, take: &NodeTake) {
        let nodes = self.cells.nodes;
        for (index, node) in take.nodes.iter().enumerate() {
            let (Some(elements), Some(fields)) = (nodes.get(*node), take.fields.get(index)) else {
                continue;
            };
            let (elements, flagged) = ordered(elements, take, index);
            let start = self.text.len();
            match take.make {
                Make::Sum => {
                    let cells: Vec<&str> = elements
                        .iter()
                        .map(|element| first_filled(element, fields))
                        .collect();
                    self.put_sum(&cells);
                }
                Make::One => self.put_ones(step, &elements, flagged, fields),
                Make::Each => self.put_eaches(&elements, fields),
            }
            if self.text.len() > start {
                return;
            }
        }
    }

    fn put_ones(&mut self, step: &Step, elements: &[&Element], flagged: bool, fields: &[usize]) {
        let start = self.text.len();
        let mut any = false;
        if !flagged && step.leader == Some(0) && !elements.is_empty() {
            self.text.push('|'); // none or several are said to be the principal: the first is empty
        }
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.text.push('|');
            }
            let cell = first_filled(element, fields);
            any |= !cell.is_empty();
            match step.form {
                _ if cell.is_empty() => {}
                Reading::Plain => self.put_item(cell, false),
                form => self.put_read(form, cell),
            }
        }
        if !any {
            self.text.truncate(start);
        }
    }

    fn put_eaches(&mut self, elements: &[&Element], fields: &[usize]) {
        let mut first = true;
        for element in elements {
            let cells: Vec<&str> = fields.iter().map(|field| value(element, *field)).collect();
            if cells.iter().all(|cell| cell.is_empty()) {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.text.push('|');
            }
            self.put_parts_of(&cells);
        }
    }

    /// Writes what follows from other columns, for a column that is empty.
    fn derive(&mut self, column: Column) {
        let number = match column {
            Column::Age => self.dates(years_between),
            Column::AgeDays if self.is_infant() => self.dates(days_between),
            Column::LosDays => self.stay(),
            Column::WeightG if self.is_infant() => return self.put_birth_weight(),
            Column::IcuHours => return self.put_icu_hours(),
            _ => None,
        };
        if let Some(number) = number {
            self.text.push_str(&number.to_string());
        }
    }

    /// What a column says that is read for others.
    fn hidden(&self, step: Option<&Step>) -> String {
        step.map_or_else(String::new, |step| self.aside(step))
    }

    fn birth(&self) -> Option<Date> {
        read_date(&self.hidden(self.of.plan.hidden.birth.as_ref()))
    }

    fn admitted(&self) -> Option<Date> {
        read_date(&self.hidden(self.of.plan.hidden.admit.as_ref()))
    }

    fn dates(&self, between: impl Fn(Date, Date) -> Option<i64>) -> Option<i64> {
        between(self.birth()?, self.admitted()?)
    }

    /// Days of the stay by its dates, the same day as one.
    fn stay(&self) -> Option<i64> {
        let discharged = read_date(&self.hidden(self.of.plan.hidden.discharge.as_ref()))?;
        days_between(self.admitted()?, discharged).map(|days| days.max(1))
    }

    /// Whether the age is 0, as written or by the dates.
    fn is_infant(&self) -> bool {
        let written = match self.of.plan.hidden.age.as_ref().map(|step| &step.take) {
            Some(Take::First(fields)) => self.filled(fields),
            Some(Take::Whole(field)) => self.cells.cell(*field),
            _ => "",
        };
        let written = match self.joined.and_then(|row| row.cell(Column::Age)) {
            Some(joined) if written.is_empty() => joined,
            _ => written,
        };
        match written {
            "" => self.dates(years_between) == Some(0),
            written => read_number(written) == Some(0),
        }
    }

    /// The first birth weight; zero says nothing.
    fn put_birth_weight(&mut self) {
        let weights = self.hidden(self.of.plan.hidden.birth_weights.as_ref());
        let first = weights.split('|').next().unwrap_or("");
        if !is_zero(first) {
            self.text.push_str(first);
        }
    }

    /// The sum of the stays in intensive care that have both times.
    fn put_icu_hours(&mut self) {
        let Some(step) = &self.of.plan.hidden.icu_stays else {
            return;
        };
        if let Take::Each(slots) = &step.take
            && !slots.iter().flatten().any(|field| !self.cell(*field).is_empty())
        {
            return;
        }
        let mut minutes = None;
        for stay in self.aside(step).split('|') {
            let mut parts = stay.split(';').skip(1);
            let (Some(from), Some(to)) = (parts.next(), parts.next()) else {
                continue;
            };
            if let (Some(from), Some(to)) = (minute_of(from), minute_of(to))
                && to >= from
            {
                minutes = Some(minutes.unwrap_or(0) + to - from);
            }
        }
        if let Some(minutes) = minutes {
            put_hours(self.text, minutes);
        }
    }
}

/// The elements that are wanted, the flagged one first; and whether just one is flagged, where a
/// flag is asked for.
fn ordered<'e>(elements: &'e [Element], take: &NodeTake, index: usize) -> (Vec<&'e Element>, bool) {
    let filter = take.filter.get(index).map_or(&[][..], Vec::as_slice);
    let wanted = |element: &&Element| {
        let passes = |(field, values): &(usize, Vec<String>)| {
            values.iter().any(|wanted| wanted == value(element, *field))
        };
        filter.iter().all(passes)
    };
    let mut elements: Vec<&Element> = elements.iter().filter(wanted).collect();
    let Some((field, flag)) = take.first.get(index).and_then(Option::as_ref) else {
        return (elements, true);
    };
    let is_flagged = |element: &&Element| value(element, *field) == flag;
    let flagged = elements.iter().filter(|element| is_flagged(element)).count();
    if let Some(first) = elements.iter().position(is_flagged) {
        let front = elements.get_mut(..=first);
        front.into_iter().for_each(|front| front.rotate_right(1));
    }
    (elements, flagged == 1)
}

fn value(element: &Element, field: usize) -> &str {
    element.get(field).map_or("", |value| value.trim())
}

fn first_filled<'e>(element: &'e Element, fields: &[usize]) -> &'e str {
    let values = fields.iter().map(|field| value(element, *field));
    values.into_iter().find(|value| !value.is_empty()).unwrap_or("")
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
