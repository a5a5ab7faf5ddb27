//! Parquet files: typed columns, row group by row group, as the cells of a table (列式文件).
//!
//! The format is read from its end, so what comes from a stream is first laid down in a temporary file;
//! memory holds some pages of the columns that are read, whatever the size of the file.

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::civil::{Date, date};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::types::Type;

use super::super::columns::Column;
use super::sheet::{SheetRow, TEXTS};
use super::transcode::Transcoder;
use crate::diagnostics::{Error, Place, Result};

/// Rows made neutral at a time.
const PORTION: usize = 1024;

const DAY_MICROS: i64 = 86_400_000_000;

/// The rows of a file (列式文件的行).
pub(in crate::records) struct ParquetRows {
    pub headers: Vec<String>,
    /// Until it is known which columns are read.
    reader: Option<SerializedFileReader<File>>,
    rows: Option<RowIter<'static>>,
    /// The fields that are read.
    fields: Vec<usize>,
    /// Codes and identifiers: field, column, slot.
    texts: Vec<(usize, Column, usize)>,
    /// Number of the next row, from 1.
    next: u64,
}

impl ParquetRows {
    /// Opens what a stream gives.
    ///
    /// # Errors
    /// It cannot be read, or laid down; F001: it is damaged.
    pub(in crate::records) fn open(place: &Place, source: &mut dyn Read) -> Result<ParquetRows> {
        let mut laid_down = || {
            let mut file = tempfile::tempfile()?;
            std::io::copy(source, &mut file)?;
            Ok(file)
        };
        let failed = |e: std::io::Error| Error::at(place.clone(), format!("could not be read: {e}"));
        let file: File = laid_down().map_err(failed)?;
        let reader = sound(place, || SerializedFileReader::new(file))?;
        let columns = reader.metadata().file_metadata().schema().get_fields();
        Ok(ParquetRows {
            headers: columns.iter().map(|column| column.name().to_owned()).collect(),
            reader: Some(reader),
            rows: None,
            fields: Vec::new(),
            texts: Vec::new(),
            next: 1,
        })
    }

    /// Begins to read the columns that are asked for.
    ///
    /// # Errors
    /// F001: the file is damaged.
    pub(in crate::records) fn begin(&mut self, place: &Place, transcoder: &Transcoder) -> Result<()> {
        let Some(reader) = self.reader.take() else {
            return Ok(());
        };
        let schema = reader.metadata().file_metadata().schema().clone();
        let columns = schema.get_fields();
        self.fields = (0..columns.len())
            .filter(|field| transcoder.plan.reads(*field))
            .collect();
        let read = self.fields.iter().filter_map(|field| columns.get(*field));
        let read: Vec<Arc<Type>> = read.cloned().collect();
        self.texts = transcoder.fields_of(&TEXTS);
        self.rows = Some(sound(place, || {
            let asked = Type::group_type_builder(schema.name())
                .with_fields(read)
                .build()?;
            RowIter::from_file_into(Box::new(reader)).project(Some(asked))
        })?);
        Ok(())
    }

    /// The next rows; nothing at the end.
    ///
    /// # Errors
    /// F001: the file is damaged, or holds values that are no text, number or date.
    pub(in crate::records) fn next_rows(&mut self, place: &Place) -> Result<Option<Vec<SheetRow>>> {
        let Some(rows) = &mut self.rows else {
            return Ok(None);
        };
        let mut portion = Vec::with_capacity(PORTION);
        while portion.len() < PORTION {
            let at = place.line(self.next);
            let Some(row) = sound(&at, || rows.next().transpose())? else {
                break;
            };
            portion.push(row_of(&at, &row, &self.fields, &self.texts, self.headers.len())?);
            self.next += 1;
        }
        Ok((!portion.is_empty()).then_some(portion))
    }
}

/// What the library reads; where it gives up on a damaged file, that file is said to be damaged.
fn sound<T>(place: &Place, read: impl FnOnce() -> std::result::Result<T, ParquetError>) -> Result<T> {
    let message = match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(e)) => {
            let words = e.to_string().replace('\n', " ");
            format!("F001: this Parquet file cannot be read: {words}")
        }
        Err(_) => "F001: this Parquet file is damaged".to_owned(),
    };
    Err(Error::at(place.clone(), message))
}

fn row_of(
    place: &Place,
    row: &Row,
    fields: &[usize],
    texts: &[(usize, Column, usize)],
    width: usize,
) -> Result<SheetRow> {
    let mut cells = vec![String::new(); width];
    let mut numbers = Vec::new();
    for (field, (name, value)) in fields.iter().zip(row.get_column_iter()) {
        let unfit = || {
            let message =
                format!("F001: column `{name}` holds what is no text, number, date or list of these");
            Error::at(place.clone(), message)
        };
        let cell = text_of(value).ok_or_else(unfit)?;
        if is_number(value)
            && let Some((_, column, slot)) = texts.iter().find(|(of, ..)| of == field)
        {
            numbers.push((*column, *slot, cell.clone()));
        }
        if let Some(goal) = cells.get_mut(*field) {
            *goal = cell;
        }
    }
    Ok(SheetRow::new(place.line.unwrap_or(0), &cells, numbers))
}

/// Codes and identifiers that are numbers may have lost zeros.
fn is_number(value: &Field) -> bool {
    !matches!(
        value,
        Field::Null | Field::Str(_) | Field::Bytes(_) | Field::ListInternal(_)
    )
}

/// A value as the cell of a table has it: numbers without exponent, dates as `yyyy-MM-dd HH:mm:ss`,
/// elements of a list between `|`; nothing of what no cell can hold.
fn text_of(value: &Field) -> Option<String> {
    Some(match value {
        Field::Null => String::new(),
        Field::Bool(yes) => if *yes { "1" } else { "0" }.to_owned(),
        Field::Byte(number) => number.to_string(),
        Field::Short(number) => number.to_string(),
        Field::Int(number) => number.to_string(),
        Field::Long(number) => number.to_string(),
        Field::UByte(number) => number.to_string(),
        Field::UShort(number) => number.to_string(),
        Field::UInt(number) => number.to_string(),
        Field::ULong(number) => number.to_string(),
        Field::Float16(number) => number.to_f32().to_string(),
        Field::Float(number) => number.to_string(),
        Field::Double(number) => number.to_string(),
        Field::Decimal(number) => decimal(number.data(), number.scale())?,
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).ok()?.to_owned(),
        Field::Date(days) => day(i64::from(*days))?.to_string(),
        Field::TimeMillis(millis) => clock(i64::from(*millis) / 1_000),
        Field::TimeMicros(micros) => clock(micros / 1_000_000),
        Field::TimestampMillis(millis) => moment(millis.checked_mul(1_000)?)?,
        Field::TimestampMicros(micros) => moment(*micros)?,
        Field::ListInternal(list) => {
            let elements = list.elements().iter().map(text_of);
            elements.collect::<Option<Vec<_>>>()?.join("|")
        }
        Field::Group(_) | Field::MapInternal(_) => return None,
    })
}

/// A decimal of big-endian digits in two's complement.
fn decimal(bytes: &[u8], scale: i32) -> Option<String> {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let mut whole = [if negative { 0xff } else { 0 }; 16];
    let start = whole.len().checked_sub(bytes.len())?;
    whole.get_mut(start..)?.copy_from_slice(bytes);
    let (number, scale) = (i128::from_be_bytes(whole), usize::try_from(scale).ok()?);
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let sign = if number < 0 { "-" } else { "" };
    Some(match part {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    })
}

fn day(since_1970: i64) -> Option<Date> {
    let days = jiff::Span::new().try_days(since_1970).ok()?;
    date(1970, 1, 1).checked_add(days).ok()
}

fn clock(seconds: i64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// A date, with its time unless this is midnight.
fn moment(micros: i64) -> Option<String> {
    let day = day(micros.div_euclid(DAY_MICROS))?;
    Some(match micros.rem_euclid(DAY_MICROS) / 1_000_000 {
        0 => day.to_string(),
        seconds => format!("{day} {}", clock(seconds)),
    })
}
