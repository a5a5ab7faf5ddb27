//! Rows that are unremarkable in every respect, read without a detour.
//!
//! Nearly all rows of a file are plain: no quotes, as many fields as the header, every cell that
//! grouping reads in its usual form and in range. Such a row is read here, for a fraction of what
//! the [`Checker`](super::Checker) takes, and to the same result: a plain row is exactly one that
//! the checker would take without a finding (held by a property test). Every other row is left to
//! the checker.

use wide::u8x16;

use super::case::Numbers;
use super::cells::{IsoDate, read_plain_number};
use super::check::{LONGEST_INFANCY, NEWBORN_DAYS, NEWBORN_WEIGHTS, OLDEST};
use super::columns::{Column, Header};
use super::frame::MAX_ROW_BYTES;
use crate::codes::ListCodes;
use crate::units::Fen;

/// Bytes looked at in one step.
const BLOCK: usize = 64;

/// Reads plain rows of files with one header, reusing its memory (平常行读取器).
#[derive(Debug)]
pub struct PlainReader {
    width: usize,
    columns: Columns,
    /// Ends of the fields of the last row.
    ends: Vec<u32>,
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

/// A plain row (平常行).
#[derive(Clone, Copy, Debug)]
pub struct PlainRow<'t> {
    text: &'t str,
    start: usize,
    ends: &'t [u32],
    columns: Columns,
    sex: u8,
    numbers: Numbers,
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
            ends: Vec::with_capacity(header.width()),
        }
    }

    /// The row that begins at `start`, and where the next begins; nothing if it is not plain.
    #[inline]
    pub fn row<'r>(&'r mut self, text: &'r str, start: usize) -> Option<(PlainRow<'r>, usize)> {
        let end = self.cut(text.as_bytes(), start)?;
        let mut row = PlainRow {
            text,
            start,
            ends: &self.ends,
            columns: self.columns,
            sex: 0,
            numbers: Numbers::default(),
        };
        row.read()?;
        Some((row, end + 1))
    }

    /// Notes where the fields end; gives the place of the line feed.
    #[inline]
    fn cut(&mut self, text: &[u8], start: usize) -> Option<usize> {
        self.ends.clear();
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
                return self.end_row(text, start, at + stop as usize);
            }
            at += BLOCK;
        }
    }

    /// `stop` is the first byte that is no part of a plain row: a line feed, or something else.
    #[inline]
    fn end_row(&mut self, text: &[u8], start: usize, stop: usize) -> Option<usize> {
        let at_end = stop >= text.len();
        let ends_here = at_end || text.get(stop) == Some(&b'\n');
        if !ends_here || self.ends.len() + 1 != self.width || stop - start >= MAX_ROW_BYTES {
            return None;
        }
        let last = stop.min(text.len());
        let before = last.checked_sub(1).and_then(|before| text.get(before));
        let cut = usize::from(last > start && before == Some(&b'\r'));
        self.ends.push(offset(last - cut));
        Some(last)
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

impl<'t> PlainRow<'t> {
    /// The text the row stands in.
    #[inline]
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The row as written, without line end.
    #[inline]
    pub fn written(&self) -> &'t str {
        let end = self.ends.last().map_or(self.start, |end| *end as usize);
        self.text.get(self.start..end).unwrap_or("")
    }

    /// The fields from `first` to `last` as written, commas between them included.
    pub fn fields(&self, first: usize, last: usize) -> &'t str {
        let (start, _) = self.span(Some(first));
        let (_, end) = self.span(Some(last));
        self.text.get(start..end).unwrap_or("")
    }

    /// 1 male, 2 female.
    #[inline]
    pub fn sex(&self) -> u8 {
        self.sex
    }

    /// What conditions compare.
    #[inline]
    pub fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// The diagnoses as they stand, the principal first.
    #[inline]
    pub fn diagnoses(&self) -> ListCodes<'t> {
        self.list(self.columns.diagnoses)
    }

    /// The procedures as they stand.
    #[inline]
    pub fn procedures(&self) -> ListCodes<'t> {
        self.list(self.columns.procedures)
    }

    /// Department of discharge.
    pub fn department(&self) -> &'t str {
        self.words(self.columns.department)
    }

    /// Discharge status.
    pub fn discharge_status(&self) -> &'t str {
        self.words(self.columns.discharge_status)
    }

    #[inline]
    fn list(&self, field: Option<usize>) -> ListCodes<'t> {
        let (start, end) = self.span(field);
        ListCodes::new(self.text.as_bytes(), start, end)
    }

    fn words(&self, field: Option<usize>) -> &'t str {
        let (start, end) = self.span(field);
        self.text.get(start..end).unwrap_or("").trim()
    }

    #[inline]
    fn span(&self, field: Option<usize>) -> (usize, usize) {
        let Some((field, end)) = field.and_then(|field| Some((field, *self.ends.get(field)?))) else {
            return (self.start, self.start);
        };
        let before = field.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = before.map_or(self.start, |end| *end as usize + 1);
        (start, end as usize)
    }

    #[inline]
    fn cell(&self, field: Option<usize>) -> &'t [u8] {
        let (start, end) = self.span(field);
        self.text.as_bytes().get(start..end).unwrap_or_default()
    }

    /// Reads the cells; nothing if one of them is not in its usual form.
    #[inline]
    fn read(&mut self) -> Option<()> {
        let columns = self.columns;
        self.sex = match self.cell(columns.sex) {
            [sex @ (b'1' | b'2')] => sex - b'0',
            _ => return None,
        };
        let age = self.number(columns.age)??;
        self.numbers = Numbers {
            age,
            age_days: self.number(columns.age_days)?,
            weight: self.number(columns.weight)?.filter(|weight| *weight > 0),
            los: self.number(columns.los)?,
            icu_hours: self.number(columns.icu_hours)?,
            amount: self.number(columns.total_fee)?,
        };
        if columns.admit.is_some() || columns.discharge.is_some() {
            self.read_dates()?;
        }
        let insured = self.cell(columns.insured_scheme);
        let plain = matches!(insured, b"" | b"resident" | b"employee")
            && age <= OLDEST
            && age % 100 == 0
            && (age > 0 || self.is_plain_infant())
            && self
                .numbers
                .amount
                .is_none_or(|amount| amount <= Fen::LARGEST_INPUT.fen());
        plain.then_some(())
    }

    /// A number, or an empty cell; nothing at all if it is neither.
    #[inline]
    fn number(&self, field: Option<usize>) -> Option<Option<i64>> {
        match self.cell(field) {
            b"" => Some(None),
            cell => read_plain_number(cell).map(Some),
        }
    }

    fn is_plain_infant(&self) -> bool {
        let weight_fits = || {
            self.numbers
                .weight
                .is_some_and(|weight| NEWBORN_WEIGHTS.contains(&weight))
        };
        match self.numbers.age_days {
            None => false,
            Some(days) if days > NEWBORN_DAYS => days <= LONGEST_INFANCY,
            Some(_) => weight_fits(),
        }
    }

    #[inline]
    fn read_dates(&mut self) -> Option<()> {
        let date = |field| match self.cell(field) {
            b"" => Some(None),
            cell => IsoDate::read(cell).map(Some),
        };
        let (admit, discharge) = (date(self.columns.admit)?, date(self.columns.discharge)?);
        let (Some(admit), Some(discharge)) = (admit, discharge) else {
            return Some(());
        };
        if discharge < admit {
            return None;
        }
        if self.numbers.los.is_none() {
            self.numbers.los = Some((discharge.day_number() - admit.day_number()).max(1) * 100);
        }
        Some(())
    }
}
