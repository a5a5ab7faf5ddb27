//! Rows that are unremarkable in every respect, read without a detour.
//!
//! Nearly all rows of a file are plain: no quotes, as many fields as the header, every cell that
//! grouping reads in its usual form and in range. Such a row is read here, for a fraction of what
//! the [`Checker`](super::Checker) takes, and to the same result: a plain row is exactly one that
//! the checker would take without a finding (held by a property test). Every other row is left to
//! the checker.

use std::ops::Range;

use wide::u8x16;

use super::case::Numbers;
use super::cells::{IsoDate, read_plain_number};
use super::check::{LONGEST_INFANCY, NEWBORN_DAYS, NEWBORN_WEIGHTS, OLDEST};
use super::columns::{Column, Header};
use super::frame::MAX_ROW_BYTES;
use crate::codes::{PackedCode, WrittenCode};
use crate::units::Fen;

/// Bytes looked at in one step.
const BLOCK: usize = 64;

/// Rows read before the first of them is grouped: enough that their codes are looked up side by
/// side, few enough to stay in the nearest cache.
const BATCH: usize = 32;

/// Reads plain rows of files with one header, reusing its memory (平常行读取器).
#[derive(Debug)]
pub struct PlainReader {
    width: usize,
    columns: Columns,
    rows: Vec<Cut>,
    /// Of each row where its fields begin, and where the field behind its last one would.
    starts: Vec<u32>,
    /// Separators of lists in the last row.
    bars: Vec<u32>,
    /// Codes of all rows: of each its diagnoses, then its procedures.
    codes: Vec<WrittenCode>,
}

/// A plain row as places in the text and in the reader's lists.
#[derive(Clone, Copy, Debug, Default)]
struct Cut {
    /// Where its fields begin, among all.
    first_start: usize,
    first_diagnosis: usize,
    first_procedure: usize,
    after_codes: usize,
    sex: u8,
    numbers: Numbers,
}

/// The fields of one row, and behind the last an empty one that stands for absent columns.
#[derive(Clone, Copy)]
struct Fields<'b> {
    text: &'b [u8],
    starts: &'b [u32],
}

impl<'b> Fields<'b> {
    /// Where a field begins and ends.
    #[inline]
    fn span(self, field: usize) -> (usize, usize) {
        match self.starts.get(field..) {
            Some([start, next, ..]) => (*start as usize, (*next as usize).wrapping_sub(1)),
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
        match self.cell(field) {
            b"" => Some(None),
            cell => read_plain_number(cell).map(Some),
        }
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
    diagnoses: usize,
    procedures: usize,
}

/// Plain rows that follow each other in a text (一批平常行).
#[derive(Clone, Copy, Debug)]
pub struct PlainRows<'b> {
    text: &'b str,
    reader: &'b PlainReader,
}

/// A plain row (平常行).
#[derive(Clone, Copy, Debug)]
pub struct PlainRow<'b> {
    text: &'b str,
    reader: &'b PlainReader,
    cut: &'b Cut,
}

impl PlainReader {
    /// For rows under this header.
    pub fn new(header: &Header) -> PlainReader {
        let field = |column| header.field(column).unwrap_or(header.width());
        PlainReader {
            width: header.width(),
            columns: Columns {
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
                diagnoses: field(Column::Diagnoses),
                procedures: field(Column::Procedures),
            },
            rows: Vec::with_capacity(BATCH),
            starts: Vec::with_capacity(BATCH * (header.width() + 2)),
            bars: Vec::new(),
            codes: Vec::new(),
        }
    }

    /// The plain rows from `at` on, up to a row that is not plain or a batch, and the place behind
    /// them.
    pub fn rows<'b>(&'b mut self, text: &'b str, mut at: usize) -> (PlainRows<'b>, usize) {
        self.rows.clear();
        self.starts.clear();
        self.codes.clear();
        while self.rows.len() < BATCH && at < text.len() {
            let (rows, starts, codes) = (self.rows.len(), self.starts.len(), self.codes.len());
            match self.read_row(text.as_bytes(), at) {
                Some(line_end) => at = line_end + 1,
                None => {
                    self.rows.truncate(rows);
                    self.starts.truncate(starts);
                    self.codes.truncate(codes);
                    break;
                }
            }
        }
        (PlainRows { text, reader: self }, at)
    }

    /// Reads the row that begins at `start`; gives its line end, or nothing if it is not plain.
    #[inline]
    fn read_row(&mut self, text: &[u8], start: usize) -> Option<usize> {
        let first_start = self.starts.len();
        let line_end = self.cut(text, start)?;
        let fields = Fields {
            text,
            starts: self.starts.get(first_start..)?,
        };
        self.rows.push(Cut {
            first_start,
            ..Cut::default()
        });
        let (cut, columns) = (self.rows.last_mut()?, &self.columns);
        read_numbers(fields, columns, cut)?;
        read_codes(fields, columns, cut, &self.bars, &mut self.codes)?;
        Some(line_end)
    }

    /// Notes where the fields begin; gives the place of the line feed.
    #[inline]
    fn cut(&mut self, text: &[u8], start: usize) -> Option<usize> {
        let first = self.starts.len();
        // of its fields, of the two behind them
        self.starts.resize(first + self.width + 2, 0);
        let starts = self.starts.get_mut(first..)?;
        *starts.first_mut()? = offset(start);
        self.bars.clear();
        let mut fields = 1;
        let mut at = start;
        loop {
            let marks = match text.get(at..).and_then(<[u8]>::first_chunk) {
                Some(block) => Marks::of_block(block),
                None => Marks::of_block(&last_block(text, at)),
            };
            let stop = marks.stops.trailing_zeros();
            let before_stop = 1_u64.unbounded_shl(stop).wrapping_sub(1);
            let here = offset(at);
            each_bit(marks.commas & before_stop, |bit| {
                if let Some(start) = starts.get_mut(fields) {
                    *start = here.wrapping_add(bit + 1);
                }
                fields = fields.wrapping_add(1);
            });
            each_bit(marks.bars & before_stop, |bit| {
                self.bars.push(here.wrapping_add(bit))
            });
            if marks.stops == 0 {
                at += BLOCK;
                continue;
            }
            let (end, line_end) = row_end(text, start, at + stop as usize)?;
            if fields != self.width {
                return None;
            }
            if let Some([behind, empty]) = starts.get_mut(fields..) {
                (*behind, *empty) = (offset(end + 1), offset(end + 2));
            }
            return Some(line_end);
        }
    }
}

/// Where the fields of a row end, and its line; `stop` is the first byte that is no part of a
/// plain row: a line feed, or something else.
#[inline]
fn row_end(text: &[u8], start: usize, stop: usize) -> Option<(usize, usize)> {
    let ends_here = stop >= text.len() || text.get(stop) == Some(&b'\n');
    if !ends_here || stop - start >= MAX_ROW_BYTES {
        return None;
    }
    let last = stop.min(text.len());
    let before = last.checked_sub(1).and_then(|before| text.get(before));
    let carriage_return = usize::from(last > start && before == Some(&b'\r'));
    Some((last - carriage_return, last))
}

/// Reads all cells but the codes; nothing if one of them is not in its usual form.
#[inline]
fn read_numbers(fields: Fields<'_>, columns: &Columns, cut: &mut Cut) -> Option<()> {
    cut.sex = match fields.cell(columns.sex) {
        [sex @ (b'1' | b'2')] => sex - b'0',
        _ => return None,
    };
    let numbers = &mut cut.numbers;
    numbers.age = fields.number(columns.age)??;
    numbers.age_days = fields.number(columns.age_days)?;
    numbers.weight = fields.number(columns.weight)?.filter(|weight| *weight > 0);
    numbers.los = fields.number(columns.los)?;
    numbers.icu_hours = fields.number(columns.icu_hours)?;
    numbers.amount = fields.number(columns.total_fee)?;
    match (fields.date(columns.admit)?, fields.date(columns.discharge)?) {
        (Some(admit), Some(discharge)) if discharge < admit => return None,
        (Some(admit), Some(discharge)) if numbers.los.is_none() => {
            numbers.los = Some((discharge.day_number() - admit.day_number()).max(1) * 100);
        }
        _ => {}
    }
    let insured = fields.cell(columns.insured_scheme);
    (numbers_are_plain(numbers) && matches!(insured, b"" | b"resident" | b"employee")).then_some(())
}

/// Notes the codes; nothing if the first diagnosis is empty.
#[inline]
fn read_codes(
    fields: Fields<'_>,
    columns: &Columns,
    cut: &mut Cut,
    bars: &[u32],
    codes: &mut Vec<WrittenCode>,
) -> Option<()> {
    let (diagnoses, procedures) = (fields.span(columns.diagnoses), fields.span(columns.procedures));
    let first = bars.iter().find(|bar| **bar as usize >= diagnoses.0);
    if diagnoses.0 == diagnoses.1 || first.is_some_and(|bar| *bar as usize == diagnoses.0) {
        return None;
    }
    cut.first_diagnosis = codes.len();
    note_codes(fields.text, diagnoses, bars, codes);
    cut.first_procedure = codes.len();
    note_codes(fields.text, procedures, bars, codes);
    cut.after_codes = codes.len();
    Some(())
}

/// Notes the codes of one list that are not empty.
#[inline]
fn note_codes(text: &[u8], (start, end): (usize, usize), bars: &[u32], codes: &mut Vec<WrittenCode>) {
    let mut from = start;
    let mut note = |to: usize| {
        if to > from {
            codes.push(WrittenCode {
                packed: PackedCode::in_text(text, from, to),
                start: offset(from),
                end: offset(to),
            });
        }
        from = to + 1;
    };
    for bar in bars {
        let bar = *bar as usize;
        if (start..end).contains(&bar) {
            note(bar);
        }
    }
    note(end);
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

/// What stands where in 64 bytes, one bit each.
struct Marks {
    commas: u64,
    /// Separators of lists.
    bars: u64,
    /// Quotes, line feeds and lower control bytes.
    stops: u64,
}

impl Marks {
    #[inline]
    fn of_block(block: &[u8; BLOCK]) -> Marks {
        const COMMA: u8x16 = u8x16::new([b','; 16]);
        const BAR: u8x16 = u8x16::new([b'|'; 16]);
        const QUOTE: u8x16 = u8x16::new([b'"'; 16]);
        const LINE_FEED: u8x16 = u8x16::new([b'\n'; 16]);
        let (mut commas, mut bars, mut stops) = (0, 0, 0);
        let (parts, _) = block.as_chunks::<16>();
        for part in parts.iter().rev() {
            let bytes = u8x16::new(*part);
            let stop = bytes.simd_eq(QUOTE) | bytes.min(LINE_FEED).simd_eq(bytes);
            commas = commas << 16 | u64::from(bytes.simd_eq(COMMA).to_bitmask());
            bars = bars << 16 | u64::from(bytes.simd_eq(BAR).to_bitmask());
            stops = stops << 16 | u64::from(stop.to_bitmask());
        }
        Marks { commas, bars, stops }
    }
}

#[inline]
fn each_bit(mut bits: u64, mut visit: impl FnMut(u32)) {
    while bits != 0 {
        visit(bits.trailing_zeros());
        bits &= bits - 1;
    }
}

/// The bytes from `at` on, with line feeds behind them.
#[cold]
fn last_block(text: &[u8], at: usize) -> [u8; BLOCK] {
    let mut block = [b'\n'; BLOCK];
    let rest = text.get(at..).unwrap_or_default();
    block.iter_mut().zip(rest).for_each(|(byte, from)| *byte = *from);
    block
}

/// Texts are chunks of a file, far below 4 GiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl<'b> PlainRows<'b> {
    /// The most rows of a batch; fewer mean that a row follows which is not plain, or none.
    pub const MOST: usize = BATCH;

    /// The rows, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = PlainRow<'b>> + use<'b> {
        let (text, reader) = (self.text, self.reader);
        reader.rows.iter().map(move |cut| PlainRow { text, reader, cut })
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

    /// Department of discharge.
    pub fn department(&self) -> &'b str {
        self.words(self.reader.columns.department)
    }

    /// Discharge status.
    pub fn discharge_status(&self) -> &'b str {
        self.words(self.reader.columns.discharge_status)
    }

    fn words(&self, field: usize) -> &'b str {
        let (start, end) = self.cut_fields().span(field);
        self.text.get(start..end).unwrap_or("").trim()
    }

    #[inline]
    fn cut_fields(&self) -> Fields<'b> {
        let first = self.cut.first_start;
        let starts = self.reader.starts.get(first..first + self.reader.width + 2);
        Fields {
            text: self.text.as_bytes(),
            starts: starts.unwrap_or_default(),
        }
    }
}
