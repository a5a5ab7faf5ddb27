//! A file begun: its form told by its first bytes, its encoding, its layout, its header.

use std::io::{Cursor, Read};
use std::sync::{Arc, Mutex, OnceLock};

use super::encoding::{Encoding, Utf16};
use super::frame::{COMMA, Chunk, CutError, Cutter};
#[cfg(feature = "parquet")]
use super::layout::ParquetRows;
use super::layout::{
    Asked, Bound, DbfShape, Item, SheetRow, SheetRows, Table, Transcoder, Unread, bind_messages, bind_table,
    is_dbf, next_item,
};
use super::reader::{Facts, Hashed, Opened, RunningHash, Shape};
use super::source::{self, Bytes, Counted, Taken};
use crate::diagnostics::{Error, Place, Result};

/// How much of a file decides on its encoding.
const SAMPLE: u64 = 1 << 20;

/// The first bytes of a Parquet file.
const PARQUET: &[u8] = b"PAR1";

/// How much is read at a time.
const PORTION: usize = 1 << 16;

/// A file whose header has been read.
pub(super) struct Begun {
    pub body: Body,
    pub place: Place,
    pub facts: Facts,
    pub taken: Taken,
    pub opened: Opened,
}

/// What gives the chunks of a file.
pub(super) enum Body {
    Text(Cutter<Bytes>),
    Messages(Messages),
    Dbf(DbfRows),
    Sheet(Box<SheetRows>),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetRows>),
}

/// A chunk; of a sheet its rows.
type Next = (Chunk, Option<Vec<SheetRow>>);

impl Body {
    /// The next whole rows, or nothing at the end.
    pub(super) fn next(&mut self, place: &Place, transcoder: Option<&Transcoder>) -> Result<Option<Next>> {
        let bytes = |chunk: Option<Chunk>| chunk.map(|chunk| (chunk, None));
        match self {
            Body::Text(cutter) => cutter.next_chunk().map(bytes).map_err(|e| cut_error(place, &e)),
            Body::Messages(messages) => messages.next_chunk(place).map(bytes),
            Body::Dbf(rows) => rows.next_chunk(place).map(bytes),
            Body::Sheet(sheet) => {
                let rows = transcoder.and_then(|transcoder| sheet.next_rows(transcoder));
                Ok(rows.map(|rows| (Chunk::default(), Some(rows))))
            }
            #[cfg(feature = "parquet")]
            Body::Parquet(rows) => {
                let rows = rows.next_rows(place)?;
                Ok(rows.map(|rows| (Chunk::default(), Some(rows))))
            }
        }
    }
}

impl Begun {
    /// # Errors
    /// It cannot be read; F001: no file of records, or of no known layout.
    pub(super) fn of(
        place: Place,
        source: Bytes,
        asked: &Asked<'_>,
        number: usize,
        hash: Option<&RunningHash>,
    ) -> Result<Begun> {
        let source = match hash {
            Some(hash) => Box::new(Hashed {
                source,
                hash: hash.clone(),
            }),
            None => source,
        };
        let taken = Taken::default();
        let counted = Counted {
            source,
            taken: taken.clone(),
        };
        let mut source = source::unpacked(&place, Box::new(counted))?;
        let sample = sample_of(&place, &mut source)?;
        let beginning = Beginning {
            place: &place,
            source,
            sample,
            mark: 0,
            asked,
        };
        let told = beginning.tell()?;
        Ok(told.begun(place, taken, number))
    }
}

/// A file of which the first bytes were read.
struct Beginning<'b> {
    place: &'b Place,
    source: Bytes,
    sample: Vec<u8>,
    /// Length of the byte order mark.
    mark: u64,
    asked: &'b Asked<'b>,
}

/// What a file was told to be.
struct Told {
    body: Body,
    bound: Bound,
    shape: Shape,
    encoding: Encoding,
    delimiter: u8,
    sheet: Option<(String, bool)>,
}

impl Told {
    fn begun(self, place: Place, taken: Taken, number: usize) -> Begun {
        let file = Arc::clone(&place.file);
        let Bound {
            header,
            transcoder,
            chosen,
            left_out,
            headers,
        } = self.bound;
        Begun {
            body: self.body,
            place,
            taken,
            opened: Opened {
                file: Arc::clone(&file),
                chosen,
                foreign: transcoder.is_some(),
                encoding: self.encoding,
                personal: left_out,
                headers,
                columns: header.names().to_vec(),
                sheet: self.sheet,
                deleted: match &self.shape {
                    Shape::Dbf(shape) => Arc::clone(&shape.deleted),
                    _ => Arc::default(),
                },
                unread: match &self.shape {
                    Shape::Messages(fields) => fields.unread(),
                    _ => Unread::default(),
                },
                joined: transcoder
                    .as_ref()
                    .and_then(|transcoder| transcoder.joined.clone()),
            },
            facts: Facts {
                number,
                file,
                header: Arc::new(header),
                encoding: self.encoding,
                delimiter: self.delimiter,
                shape: self.shape,
                transcoder,
                recoder: OnceLock::new(),
                idle: Mutex::default(),
            },
        }
    }
}

impl Beginning<'_> {
    /// The form, by the first bytes.
    fn tell(self) -> Result<Told> {
        if source::is_workbook(&self.sample) {
            return self.sheet();
        }
        if is_dbf(&self.sample) {
            return self.dbf();
        }
        if self.sample.starts_with(PARQUET) {
            return self.parquet();
        }
        let encoding = match self.asked.intake.encoding {
            Some(encoding) => encoding,
            None => Encoding::of_sample(self.place, &self.sample)?,
        };
        let text = self.text(encoding)?;
        let first = text.sample.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(first, Some(b'{' | b'[')) {
            return text.messages(encoding);
        }
        text.rows(encoding)
    }

    /// The text of the file without byte order mark.
    fn text(mut self, encoding: Encoding) -> Result<Self> {
        if encoding.is_wide() {
            let whole = Cursor::new(std::mem::take(&mut self.sample)).chain(self.source);
            self.source = Box::new(Utf16::new(Box::new(whole), encoding));
            self.sample = sample_of(self.place, &mut self.source)?;
        }
        if self.sample.starts_with(&[0xef, 0xbb, 0xbf]) {
            self.sample.drain(..3);
            self.mark = 3;
        }
        if self.sample.iter().all(u8::is_ascii_whitespace) {
            let message = "F001: the file is empty; expected a header row and records";
            return Err(Error::at(self.place.clone(), message));
        }
        Ok(self)
    }

    fn rows(self, encoding: Encoding) -> Result<Told> {
        let delimiter = self.asked.intake.delimiter.unwrap_or(COMMA);
        let mut cutter = Cutter::new(self.source, self.sample, delimiter).behind(self.mark);
        let first = first_row(&mut cutter).map_err(|e| cut_error(self.place, &e))?;
        let table = Table {
            place: self.place.line(first.line),
            headers: header_names(self.place, &first, encoding, delimiter)?,
            sheet: None,
            plain: delimiter == COMMA,
        };
        Ok(Told {
            body: Body::Text(cutter),
            bound: bind_table(table, self.asked)?,
            shape: Shape::Text,
            encoding,
            delimiter,
            sheet: None,
        })
    }

    fn messages(self, encoding: Encoding) -> Result<Told> {
        let mut messages = Messages {
            source: self.source,
            kept: self.sample,
            line: 1,
            at_end: false,
        };
        let first = messages.first(self.place)?;
        let (bound, fields) = bind_messages(self.place, &first, encoding, self.asked)?;
        Ok(Told {
            body: Body::Messages(messages),
            bound,
            shape: Shape::Messages(fields),
            encoding,
            delimiter: COMMA,
            sheet: None,
        })
    }

    fn dbf(self) -> Result<Told> {
        let encoding = self.asked.intake.encoding.unwrap_or(Encoding::Gb18030);
        let shape = DbfShape::read(self.place, &self.sample, encoding)?;
        let table = Table {
            place: self.place.clone(),
            headers: shape.headers.clone(),
            sheet: None,
            plain: false,
        };
        let mut whole: Bytes = Box::new(Cursor::new(self.sample).chain(self.source));
        let skipped = std::io::copy(&mut (&mut whole).take(shape.start as u64), &mut std::io::sink());
        skipped.map_err(|e| Error::at(self.place.clone(), format!("could not be read: {e}")))?;
        Ok(Told {
            body: Body::Dbf(DbfRows {
                source: whole,
                head: shape.start as u64,
                row: shape.row,
                next: 1,
            }),
            bound: bind_table(table, self.asked)?,
            shape: Shape::Dbf(shape),
            encoding,
            delimiter: COMMA,
            sheet: None,
        })
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(self) -> Result<Told> {
        let message = "F001: this is a Parquet file, and this program was built without `--features parquet`";
        Err(Error::at(self.place.clone(), message))
    }

    #[cfg(feature = "parquet")]
    fn parquet(self) -> Result<Told> {
        let mut whole = Cursor::new(self.sample).chain(self.source);
        let mut rows = ParquetRows::open(self.place, &mut whole)?;
        let table = Table {
            place: self.place.clone(),
            headers: rows.headers.clone(),
            sheet: None,
            plain: false,
        };
        let bound = bind_table(table, self.asked)?;
        if let Some(transcoder) = &bound.transcoder {
            rows.begin(self.place, transcoder)?;
        }
        Ok(Told {
            body: Body::Parquet(Box::new(rows)),
            bound,
            shape: Shape::Text,
            encoding: Encoding::Utf8,
            delimiter: COMMA,
            sheet: None,
        })
    }

    fn sheet(self) -> Result<Told> {
        let (place, intake) = (self.place, self.asked.intake);
        let mut bytes = self.sample;
        let mut rest = self.source;
        let read = rest.read_to_end(&mut bytes);
        read.map_err(|e| Error::at(place.clone(), format!("could not be read: {e}")))?;
        let mut sheet = SheetRows::open(place, bytes, intake.sheet.as_deref())?;
        let heads = sheet.heads();
        let layouts = intake.layouts()?;
        let fitting = heads.iter().find(|(_, headers)| layouts.any_fits(headers));
        let Some((line, headers)) = fitting.or(heads.first()).cloned() else {
            let message = format!(
                "F001: sheet `{}` is empty; expected a header row and records",
                sheet.name
            );
            return Err(Error::at(place.clone(), message));
        };
        let table = Table {
            place: place.line(line),
            headers,
            sheet: Some(sheet.name.clone()),
            plain: false,
        };
        let bound = bind_table(table, self.asked)?;
        if let Some(transcoder) = &bound.transcoder {
            sheet.begin(line, transcoder);
        }
        Ok(Told {
            sheet: Some((sheet.name.clone(), sheet.is_full())),
            body: Body::Sheet(Box::new(sheet)),
            bound,
            shape: Shape::Text,
            encoding: Encoding::Utf8,
            delimiter: COMMA,
        })
    }
}

pub(super) fn sample_of(place: &Place, source: &mut Bytes) -> Result<Vec<u8>> {
    let mut sample = Vec::new();
    let read = source.take(SAMPLE).read_to_end(&mut sample);
    read.map_err(|e| Error::at(place.clone(), format!("could not be read: {e}")))?;
    Ok(sample)
}

/// The first row that is not blank; there is one.
pub(super) fn first_row<R: Read>(cutter: &mut Cutter<R>) -> std::result::Result<Chunk, CutError> {
    loop {
        let row = cutter.first_record()?;
        if row.bytes.is_empty() || !row.bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(row);
        }
    }
}

/// Messages of a stream, some whole ones at a time.
pub(super) struct Messages {
    source: Bytes,
    kept: Vec<u8>,
    line: u64,
    at_end: bool,
}

impl Messages {
    /// The first message, which stays.
    fn first(&mut self, place: &Place) -> Result<Vec<u8>> {
        loop {
            match next_item(&self.kept, 0, self.at_end) {
                Item::Object(start, end) => {
                    return Ok(self.kept.get(start..end).unwrap_or_default().to_vec());
                }
                Item::Open(_) => self.read_more(place)?,
                Item::End if !self.at_end => self.read_more(place)?,
                Item::Other(..) | Item::End => {
                    let message = "F001: the file begins as JSON does, but no whole object stands first";
                    return Err(Error::at(place.clone(), message));
                }
            }
        }
    }

    fn next_chunk(&mut self, place: &Place) -> Result<Option<Chunk>> {
        loop {
            let length = self.whole_items();
            if length > 0 {
                return Ok(Some(self.give(length)));
            }
            if self.at_end {
                return Ok(None);
            }
            self.read_more(place)?;
        }
    }

    /// Length of the items that are whole, about a portion of them.
    fn whole_items(&self) -> usize {
        let mut length = 0;
        while let Item::Object(_, end) | Item::Other(_, end) = next_item(&self.kept, length, self.at_end) {
            length = end;
            if length >= PORTION {
                break;
            }
        }
        length
    }

    fn give(&mut self, length: usize) -> Chunk {
        let rest = self.kept.split_off(length.min(self.kept.len()));
        let bytes = std::mem::replace(&mut self.kept, rest);
        let line = self.line;
        self.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Chunk {
            bytes,
            line,
            start: 0,
            taken: 0,
        }
    }

    fn read_more(&mut self, place: &Place) -> Result<()> {
        let wanted = PORTION.max(self.kept.len()) as u64;
        let read = (&mut self.source).take(wanted).read_to_end(&mut self.kept);
        let read = read.map_err(|e| Error::at(place.clone(), format!("could not be read: {e}")))?;
        self.at_end = read == 0;
        Ok(())
    }
}

/// Rows of fixed width of a stream.
pub(super) struct DbfRows {
    source: Bytes,
    /// Bytes before the first row.
    head: u64,
    row: usize,
    /// Number of the next row, from 1.
    next: u64,
}

impl DbfRows {
    fn next_chunk(&mut self, place: &Place) -> Result<Option<Chunk>> {
        let rows = (PORTION / self.row.max(1)).max(1);
        let mut bytes = Vec::new();
        let read = (&mut self.source)
            .take((rows * self.row) as u64)
            .read_to_end(&mut bytes);
        read.map_err(|e| Error::at(place.clone(), format!("could not be read: {e}")))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let line = self.next;
        self.next += rows as u64;
        Ok(Some(Chunk {
            bytes,
            line,
            start: self.head + (line - 1) * self.row as u64,
            taken: 0,
        }))
    }
}

pub(super) fn header_names(
    place: &Place,
    first: &Chunk,
    encoding: Encoding,
    delimiter: u8,
) -> Result<Vec<String>> {
    let no_header = || {
        Error::at(
            place.line(first.line),
            "F001: the header row is no readable CSV row",
        )
    };
    let text = encoding.decode(&first.bytes).ok_or_else(no_header)?;
    if text.replace("\r\n", "\n").contains('\r') {
        let message =
            "F001: lines end with a carriage return alone; save the file with LF or CR LF at line ends";
        return Err(Error::at(place.line(first.line), message));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => Ok(record.iter().map(|name| name.trim().to_owned()).collect()),
        _ => Err(no_header()),
    }
}

pub(super) fn cut_error(place: &Place, error: &CutError) -> Error {
    match error {
        CutError::Io(e) => Error::at(place.clone(), format!("could not be read: {e}")),
        CutError::EndlessLine(line) => Error::at(
            place.line(*line),
            "F001: this line does not end within 64 MiB; this is not a CSV file",
        ),
    }
}
