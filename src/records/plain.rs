//! Rows that are unremarkable in every respect, read without a detour.
//!
//! Nearly all rows of a file are plain: no quotes, as many fields as the header, every cell that
//! grouping reads in its usual form and in range. Such a row is read here, for a fraction of what
//! the [`Checker`](super::Checker) takes, and to the same result: a plain row is exactly one that
//! the checker would take without a finding (held by a property test). Every other row is left to
//! the checker.

use std::ops::Range;

use super::case::Numbers;
use super::cells::{IsoDate, SHORT_NUMBER, read_plain_number, read_short_number};
use super::check::{LONGEST_INFANCY, NEWBORN_DAYS, NEWBORN_WEIGHTS, OLDEST};
use super::columns::{Column, Header};
use super::separators::Separators;
use crate::codes::WrittenCode;
use crate::units::Fen;

/// Reads the plain rows of a text, reusing its memory (平常行读取器).
#[derive(Debug)]
pub struct PlainReader {
    width: usize,
    columns: Columns,
    separators: Separators,
    next: Next,
    rows: Vec<Cut>,
    /// Codes of all rows: of each its diagnoses, then its procedures.
    codes: Vec<WrittenCode>,
}

/// The next line of the stretch last looked through, by its places among the separators.
#[derive(Clone, Copy, Debug, Default)]
struct Next {
    /// Where it begins in the text.
    start: usize,
    /// The separator before its first cell.
    cell: usize,
    /// The first bar that may be in it.
    bar: usize,
    /// Line feeds left in the stretch.
    lines: usize,
}

/// A plain row as places in the text and in the reader's lists.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// The separator before its first cell.
    first_cell: usize,
    /// Where it ends in the text, line end left out.
    end: u32,
    first_diagnosis: usize,
    first_procedure: usize,
    after_codes: usize,
    sex: u8,
    numbers: Numbers,
}

/// The fields of one row.
#[derive(Clone, Copy)]
struct Fields<'b> {
    text: &'b [u8],
    /// The separator before the first field, then the one behind each.
    separators: &'b [u32],
    /// Where the last field ends: before the line end, which may be of two bytes.
    end: u32,
}

impl<'b> Fields<'b> {
    /// Where a field begins and ends; an absent one is empty.
    #[inline]
    fn span(self, field: usize) -> (usize, usize) {
        match self.separators.get(field..) {
            Some([before, behind, ..]) => (before.wrapping_add(1) as usize, (*behind).min(self.end) as usize),
            _ => (0, 0),
        }
    }

    #[inline]
    fn cell(self, field: usize) -> &'b [u8] {
        let (start, end) = self.span(field);
        self.text.get(start..end).unwrap_or_default()
    }

    /// A number, or an empty cell; nothing at all if it is neither.
    #[inline]
    fn number(self, field: usize) -> Option<Option<i64>> {
        let (start, end) = self.span(field);
        let length = end.wrapping_sub(start);
        if length == 0 {
            return Some(None);
        }
        let short = match self.text.get(start..).and_then(<[u8]>::first_chunk) {
            Some(bytes) if length <= SHORT_NUMBER => read_short_number(*bytes, length),
            _ => None,
        };
        short.or_else(|| self.odd_number(field)).map(Some)
    }

    /// A number that is long, of one decimal, or at the end of the text.
    #[cold]
    fn odd_number(self, field: usize) -> Option<i64> {
        read_plain_number(self.cell(field))
    }

    #[inline]
    fn date(self, field: usize) -> Option<Option<IsoDate>> {
        match self.cell(field) {
            b"" => Some(None),
            cell => IsoDate::read(cell).map(Some),
        }
    }
}

/// Fields of the columns that grouping reads; the one behind the last where there is none.
#[derive(Clone, Copy, Debug)]
struct Columns {
    sex: usize,
    age: usize,
    age_days: usize,
    weight: usize,
    los: usize,
    icu_hours: usize,
    total_fee: usize,
    admit: usize,
    discharge: usize,
    insured_scheme: usize,
    department: usize,
    discharge_status: usize,
    front_fees: usize,
    diagnoses: usize,
    procedures: usize,
}

impl Columns {
    fn of(header: &Header) -> Columns {
        let field = |column| header.field(column).unwrap_or(header.width());
        Columns {
            sex: field(Column::Sex),
            age: field(Column::Age),
            age_days: field(Column::AgeDays),
            weight: field(Column::WeightG),
            los: field(Column::LosDays),
            icu_hours: field(Column::IcuHours),
            total_fee: field(Column::TotalFee),
            admit: field(Column::AdmitDate),
            discharge: field(Column::DischargeDate),
            insured_scheme: field(Column::InsuredScheme),
            department: field(Column::Department),
            discharge_status: field(Column::DischargeStatus),
            front_fees: field(Column::FrontFees),
            diagnoses: field(Column::Diagnoses),
            procedures: field(Column::Procedures),
        }
    }
}

/// Plain rows that follow each other in a text (一批平常行).
#[derive(Clone, Copy, Debug)]
pub struct PlainRows<'b> {
    reader: &'b PlainReader,
    text: &'b str,
    end: usize,
    odd_row_follows: bool,
}

/// A plain row (平常行).
#[derive(Clone, Copy, Debug)]
pub struct PlainRow<'b> {
    reader: &'b PlainReader,
    text: &'b str,
    cut: &'b Cut,
}

/// A line of a stretch.
struct Line {
    /// The separator before its first cell.
    first_cell: usize,
    /// Where it begins …
    start: usize,
    /// … and the place of its line feed.
    line_feed: u32,
}

impl PlainReader {
    /// For the rows of texts under this header.
    pub fn new(header: &Header) -> PlainReader {
        PlainReader {
            width: header.width(),
            columns: Columns::of(header),
            separators: Separators::new(),
            next: Next {
                start: usize::MAX,
                ..Next::default()
            },
            rows: Vec::new(),
            codes: Vec::new(),
        }
    }

    /// The plain rows of a text from `at` on, the beginning of a row: some, up to a row that is
    /// not plain or to the end of a stretch. A text begins with `at` 0.
    pub fn rows<'b>(&'b mut self, text: &'b str, at: usize) -> PlainRows<'b> {
        self.rows.clear();
        self.codes.clear();
        let text_bytes = text.as_bytes();
        if at == 0 || self.next.start != at || self.next.lines == 0 {
            self.separators.look_through(text_bytes, at);
            self.next = Next {
                start: at,
                lines: self.separators.line_feeds,
                ..Next::default()
            };
        }
        let lines = self.next.lines;
        let fitting = self
            .separators
            .rows_of(text_bytes, self.width, self.next.cell, lines);
        let mut end = at;
        let mut odd_row_follows = fitting < lines || lines == 0;
        for _ in 0..fitting {
            let line = self.next_line(self.width);
            let codes = self.codes.len();
            if self.read_row(text_bytes, &line).is_none() {
                self.codes.truncate(codes);
                odd_row_follows = true;
                break;
            }
            end = line.line_feed as usize + 1;
        }
        if self.rows.len() == fitting && fitting < lines {
            self.next_line(self.separators.cells_of_line(text_bytes, self.next.cell));
        }
        PlainRows {
            reader: self,
            text,
            end,
            odd_row_follows,
        }
    }

    /// The next line of the stretch, of so many cells.
    #[inline]
    fn next_line(&mut self, cells: usize) -> Line {
        let next = &mut self.next;
        let (first_cell, start) = (next.cell, next.start);
        next.cell += cells;
        let line_feed = self.separators.cells.get(next.cell);
        next.start = line_feed as usize + 1;
        next.lines -= 1;
        Line {
            first_cell,
            start,
            line_feed,
        }
    }

    /// Reads a row; nothing if it is not plain.
    #[inline]
    fn read_row(&mut self, text: &[u8], line: &Line) -> Option<()> {
        let end = row_end(text, line);
        let fields = Fields {
            text,
            separators: self.separators.cells.some(line.first_cell, self.width + 1)?,
            end,
        };
        let columns = &self.columns;
        let sex = match fields.cell(columns.sex) {
            [sex @ (b'1' | b'2')] => sex - b'0',
            _ => return None,
        };
        let numbers = read_numbers(fields, columns)?;
        let (diagnoses, procedures) = (fields.span(columns.diagnoses), fields.span(columns.procedures));
        let first_diagnosis = self.codes.len();
        let bar = self.note_codes(diagnoses, self.next.bar);
        if self.codes.get(first_diagnosis).map(|code| code.start as usize) != Some(diagnoses.0) {
            return None; // the principal is missing
        }
        let first_procedure = self.codes.len();
        let first_bar = if procedures.0 > diagnoses.0 {
            bar
        } else {
            self.next.bar
        };
        self.next.bar = self.note_codes(procedures, first_bar).max(bar);
        self.rows.push(Cut {
            first_cell: line.first_cell,
            end,
            first_diagnosis,
            first_procedure,
            after_codes: self.codes.len(),
            sex,
            numbers,
        });
        Some(())
    }

    /// Notes the codes of one list that are not empty; gives the first bar behind it.
    #[inline]
    fn note_codes(&mut self, (start, end): (usize, usize), mut bar: usize) -> usize {
        let bars = &self.separators.bars;
        while (bars.get(bar) as usize) < start {
            bar += 1;
        }
        let mut from = start;
        loop {
            let to = (bars.get(bar) as usize).min(end);
            if to > from {
                self.codes.push(WrittenCode::new(from, to));
            }
            if to == end {
                return bar;
            }
            from = to + 1;
            bar += 1;
        }
    }
}

/// Where the last cell of a line ends.
#[inline]
fn row_end(text: &[u8], line: &Line) -> u32 {
    let cells = text.get(line.start..line.line_feed as usize);
    let carriage_return = cells.and_then(<[u8]>::last) == Some(&b'\r');
    line.line_feed.wrapping_sub(u32::from(carriage_return))
}

/// Reads all cells but sex and the codes; nothing if one of them is not in its usual form.
#[inline]
fn read_numbers(fields: Fields<'_>, columns: &Columns) -> Option<Numbers> {
    let mut numbers = Numbers {
        age: fields.number(columns.age)??,
        age_days: fields.number(columns.age_days)?,
        weight: fields.number(columns.weight)?.filter(|weight| *weight > 0),
        los: fields.number(columns.los)?,
        icu_hours: fields.number(columns.icu_hours)?,
        amount: fields.number(columns.total_fee)?,
    };
    match (fields.date(columns.admit)?, fields.date(columns.discharge)?) {
        (Some(admit), Some(discharge)) if discharge < admit => return None,
        (Some(admit), Some(discharge)) if numbers.los.is_none() => {
            numbers.los = Some((discharge.day_number() - admit.day_number()).max(1) * 100);
        }
        _ => {}
    }
    let insured = fields.cell(columns.insured_scheme);
    let plain = numbers_are_plain(&numbers) && matches!(insured, b"" | b"resident" | b"employee");
    plain.then_some(numbers)
}

/// In range, and complete for an infant.
#[inline]
fn numbers_are_plain(numbers: &Numbers) -> bool {
    numbers.age <= OLDEST
        && numbers.age % 100 == 0
        && (numbers.age > 0 || is_plain_infant(numbers))
        && numbers
            .amount
            .is_none_or(|amount| amount <= Fen::LARGEST_INPUT.fen())
}

#[cold]
fn is_plain_infant(numbers: &Numbers) -> bool {
    let plain_weight = |weight| NEWBORN_WEIGHTS.contains(&weight);
    match numbers.age_days {
        None => false,
        Some(days) if days > NEWBORN_DAYS => days <= LONGEST_INFANCY,
        Some(_) => numbers.weight.is_some_and(plain_weight),
    }
}

impl<'b> PlainRows<'b> {
    /// The rows, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = PlainRow<'b>> + use<'b> {
        let (reader, text) = (self.reader, self.text);
        reader.rows.iter().map(move |cut| PlainRow { reader, text, cut })
    }

    /// The place in the text behind them.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Whether the row behind them is not plain; else none may follow, or more plain ones.
    pub fn odd_row_follows(&self) -> bool {
        self.odd_row_follows
    }

    /// The text the rows stand in.
    pub fn text(&self) -> &'b str {
        self.text
    }

    /// The codes of all rows as they stand, none empty: of each row its diagnoses, then its
    /// procedures.
    pub fn codes(&self) -> &'b [WrittenCode] {
        &self.reader.codes
    }
}

impl<'b> PlainRow<'b> {
    /// The row as written, without line end.
    #[inline]
    pub fn written(&self) -> &'b str {
        self.fields(0, self.reader.width - 1)
    }

    /// The fields from `first` to `last` as written, commas between them included.
    #[inline]
    pub fn fields(&self, first: usize, last: usize) -> &'b str {
        let fields = self.cut_fields();
        let ((start, _), (_, end)) = (fields.span(first), fields.span(last));
        self.text.get(start..end).unwrap_or("")
    }

    /// 1 male, 2 female.
    #[inline]
    pub fn sex(&self) -> u8 {
        self.cut.sex
    }

    /// What conditions compare.
    #[inline]
    pub fn numbers(&self) -> &'b Numbers {
        &self.cut.numbers
    }

    /// Its diagnoses among [`PlainRows::codes`], the principal first.
    #[inline]
    pub fn diagnoses(&self) -> Range<usize> {
        self.cut.first_diagnosis..self.cut.first_procedure
    }

    /// Its procedures among [`PlainRows::codes`].
    #[inline]
    pub fn procedures(&self) -> Range<usize> {
        self.cut.first_procedure..self.cut.after_codes
    }

    /// One of its diagnoses as it stands, by its place.
    pub fn diagnosis(&self, place: usize) -> Option<&'b str> {
        self.code(self.diagnoses(), place)
    }

    /// One of its procedures as it stands, by its place.
    pub fn procedure(&self, place: usize) -> Option<&'b str> {
        self.code(self.procedures(), place)
    }

    fn code(&self, among: Range<usize>, place: usize) -> Option<&'b str> {
        let code = self.reader.codes.get(among)?.get(place)?;
        self.text.get(code.start as usize..code.end as usize)
    }

    /// Department of discharge.
    pub fn department(&self) -> &'b str {
        self.words(self.reader.columns.department)
    }

    /// Discharge status.
    pub fn discharge_status(&self) -> &'b str {
        self.words(self.reader.columns.discharge_status)
    }

    /// Items of the front sheet's bill.
    pub fn front_fees(&self) -> &'b str {
        self.words(self.reader.columns.front_fees)
    }

    fn words(&self, field: usize) -> &'b str {
        let (start, end) = self.cut_fields().span(field);
        self.text.get(start..end).unwrap_or("").trim()
    }

    #[inline]
    fn cut_fields(&self) -> Fields<'b> {
        let (cells, width) = (&self.reader.separators.cells, self.reader.width);
        Fields {
            text: self.text.as_bytes(),
            separators: cells.some(self.cut.first_cell, width + 1).unwrap_or_default(),
            end: self.cut.end,
        }
    }
}
