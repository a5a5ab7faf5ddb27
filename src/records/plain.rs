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
use crate::codes::{LIST_SEPARATOR, ListCodes, WrittenCode};
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
    /// Ends of the fields of all rows.
    ends: Vec<u32>,
    /// Codes of all rows: of each its diagnoses, then its procedures.
    codes: Vec<WrittenCode>,
}

/// A plain row as places in the text and in the reader's lists.
#[derive(Clone, Copy, Debug, Default)]
struct Cut {
    start: usize,
    end: usize,
    first_end: usize,
    first_diagnosis: usize,
    first_procedure: usize,
    after_codes: usize,
    sex: u8,
    numbers: Numbers,
}

/// Fields of the columns that grouping reads.
#[derive(Clone, Copy, Debug)]
struct Columns {
    sex: Option<usize>,
    age: Option<usize>,
    age_days: Option<usize>,
    weight: Option<usize>,
    los: Option<usize>,
    icu_hours: Option<usize>,
    total_fee: Option<usize>,
    admit: Option<usize>,
    discharge: Option<usize>,
    insured_scheme: Option<usize>,
    department: Option<usize>,
    discharge_status: Option<usize>,
    diagnoses: Option<usize>,
    procedures: Option<usize>,
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
        let field = |column| header.field(column);
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
            ends: Vec::with_capacity(BATCH * header.width()),
            codes: Vec::new(),
        }
    }

    /// The plain rows from `at` on, up to a row that is not plain or a batch, and the place behind
    /// them.
    pub fn rows<'b>(&'b mut self, text: &'b str, mut at: usize) -> (PlainRows<'b>, usize) {
        self.rows.clear();
        self.ends.clear();
        self.codes.clear();
        while self.rows.len() < BATCH && at < text.len() {
            let (ends, codes) = (self.ends.len(), self.codes.len());
            match self.row(text.as_bytes(), at) {
                Some((row, line_end)) => {
                    self.rows.push(row);
                    at = line_end + 1;
                }
                None => {
                    self.ends.truncate(ends);
                    self.codes.truncate(codes);
                    break;
                }
            }
        }
        (PlainRows { text, reader: self }, at)
    }

    /// The row that begins at `start` and its line end; nothing if it is not plain.
    #[inline]
    fn row(&mut self, text: &[u8], start: usize) -> Option<(Cut, usize)> {
        let first_end = self.ends.len();
        let line_end = self.cut(text, start)?;
        let mut cut = Cut {
            start,
            end: self.ends.last().map_or(start, |end| *end as usize),
            first_end,
            ..Cut::default()
        };
        self.read_numbers(text, &mut cut)?;
        self.read_codes(text, &mut cut)?;
        Some((cut, line_end))
    }

    /// Notes where the fields end; gives the place of the line feed.
    #[inline]
    fn cut(&mut self, text: &[u8], start: usize) -> Option<usize> {
        let fields_before = self.ends.len();
        let mut at = start;
        loop {
            let (mut commas, stops) = match text.get(at..at + BLOCK) {
                Some(block) => marks_of_block(block),
                None => marks_of_block(&last_block(text, at)),
            };
            let stop = stops.trailing_zeros();
            if stops != 0 {
                commas &= (1 << stop) - 1;
            }
            while commas != 0 {
                self.ends.push(offset(at + commas.trailing_zeros() as usize));
                commas &= commas - 1;
            }
            if stops != 0 {
                let stop = at + stop as usize;
                let fields = self.ends.len() - fields_before + 1;
                return self.end_row(text, start, stop).filter(|_| fields == self.width);
            }
            at += BLOCK;
        }
    }

    /// `stop` is the first byte that is no part of a plain row: a line feed, or something else.
    #[inline]
    fn end_row(&mut self, text: &[u8], start: usize, stop: usize) -> Option<usize> {
        let ends_here = stop >= text.len() || text.get(stop) == Some(&b'\n');
        if !ends_here || stop - start >= MAX_ROW_BYTES {
            return None;
        }
        let last = stop.min(text.len());
        let before = last.checked_sub(1).and_then(|before| text.get(before));
        let carriage_return = usize::from(last > start && before == Some(&b'\r'));
        self.ends.push(offset(last - carriage_return));
        Some(last)
    }

    #[inline]
    fn span(&self, cut: &Cut, field: Option<usize>) -> (usize, usize) {
        let Some(field) = field.filter(|field| *field < self.width) else {
            return (cut.start, cut.start);
        };
        let end = |at: usize| self.ends.get(at).map_or(cut.start, |end| *end as usize);
        let at = cut.first_end + field;
        let start = if field == 0 { cut.start } else { end(at - 1) + 1 };
        (start, end(at))
    }

    #[inline]
    fn cell<'t>(&self, text: &'t [u8], cut: &Cut, field: Option<usize>) -> &'t [u8] {
        let (start, end) = self.span(cut, field);
        text.get(start..end).unwrap_or_default()
    }

    /// Reads all cells but the codes; nothing if one of them is not in its usual form.
    #[inline]
    fn read_numbers(&self, text: &[u8], cut: &mut Cut) -> Option<()> {
        let columns = self.columns;
        cut.sex = match self.cell(text, cut, columns.sex) {
            [sex @ (b'1' | b'2')] => sex - b'0',
            _ => return None,
        };
        let number = |field| match self.cell(text, cut, field) {
            b"" => Some(None),
            cell => read_plain_number(cell).map(Some),
        };
        let mut numbers = Numbers {
            age: number(columns.age)??,
            age_days: number(columns.age_days)?,
            weight: number(columns.weight)?.filter(|weight| *weight > 0),
            los: number(columns.los)?,
            icu_hours: number(columns.icu_hours)?,
            amount: number(columns.total_fee)?,
        };
        if let Some(stay) = self.read_stay(text, cut)? {
            numbers.los.get_or_insert(stay);
        }
        cut.numbers = numbers;
        let insured = self.cell(text, cut, columns.insured_scheme);
        (numbers_are_plain(&numbers) && matches!(insured, b"" | b"resident" | b"employee")).then_some(())
    }

    /// Days between the dates, in hundredths, if both are there; nothing if they are not plain.
    #[inline]
    fn read_stay(&self, text: &[u8], cut: &Cut) -> Option<Option<i64>> {
        let date = |field| match self.cell(text, cut, field) {
            b"" => Some(None),
            cell => IsoDate::read(cell).map(Some),
        };
        match (date(self.columns.admit)?, date(self.columns.discharge)?) {
            (Some(admit), Some(discharge)) if discharge < admit => None,
            (Some(admit), Some(discharge)) => {
                Some(Some((discharge.day_number() - admit.day_number()).max(1) * 100))
            }
            _ => Some(None),
        }
    }

    /// Notes the codes; nothing if the first diagnosis is empty.
    #[inline]
    fn read_codes(&mut self, text: &[u8], cut: &mut Cut) -> Option<()> {
        cut.first_diagnosis = self.codes.len();
        let (start, end) = self.span(cut, self.columns.diagnoses);
        if text.get(start) == Some(&LIST_SEPARATOR) || start == end {
            return None;
        }
        self.note_codes(text, start, end);
        cut.first_procedure = self.codes.len();
        let (start, end) = self.span(cut, self.columns.procedures);
        self.note_codes(text, start, end);
        cut.after_codes = self.codes.len();
        Some(())
    }

    #[inline]
    fn note_codes(&mut self, text: &[u8], start: usize, end: usize) {
        for code in ListCodes::new(text, start, end) {
            if code.end > code.start {
                self.codes.push(code);
            }
        }
    }
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

/// Where the commas stand in 64 bytes, and where quotes, line feeds and lower control bytes do.
#[inline]
fn marks_of_block(block: &[u8]) -> (u64, u64) {
    const COMMA: u8x16 = u8x16::new([b','; 16]);
    const QUOTE: u8x16 = u8x16::new([b'"'; 16]);
    const LINE_FEED: u8x16 = u8x16::new([b'\n'; 16]);
    let (mut commas, mut stops) = (0, 0);
    let (parts, _) = block.as_chunks::<16>();
    for (index, part) in parts.iter().enumerate() {
        let bytes = u8x16::new(*part);
        let stop = bytes.simd_eq(QUOTE) | bytes.min(LINE_FEED).simd_eq(bytes);
        commas |= u64::from(bytes.simd_eq(COMMA).to_bitmask()) << (16 * index);
        stops |= u64::from(stop.to_bitmask()) << (16 * index);
    }
    (commas, stops)
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
        self.text.get(self.cut.start..self.cut.end).unwrap_or("")
    }

    /// The fields from `first` to `last` as written, commas between them included.
    pub fn fields(&self, first: usize, last: usize) -> &'b str {
        let (start, _) = self.reader.span(self.cut, Some(first));
        let (_, end) = self.reader.span(self.cut, Some(last));
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

    fn words(&self, field: Option<usize>) -> &'b str {
        let (start, end) = self.reader.span(self.cut, field);
        self.text.get(start..end).unwrap_or("").trim()
    }
}
