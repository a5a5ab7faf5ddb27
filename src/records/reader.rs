//! Opening a file of records: encoding, header, chunks.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::columns::Header;
use super::frame::{Chunk, CutError, Cutter};
use super::packed::PACKED_MAGIC;
use super::source::{self, Counted, Taken};
use crate::diagnostics::{Error, Place, Result, hexadecimal};

/// How much of a file decides on its encoding.
const SAMPLE: u64 = 1 << 20;

/// What a workbook of the time before XLSX begins with.
const OLD_WORKBOOK: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0];

/// How bytes are read as text (字符编码), once for a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// With or without byte order mark.
    Utf8,
    /// Also reads GBK and GB2312.
    Gb18030,
}

impl Encoding {
    /// The name shown.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Gb18030 => "GB18030",
        }
    }

    /// The text of a row, or nothing if some byte is none.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Encoding::Gb18030 => {
                encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes)
            }
        }
    }

    /// From the first bytes: most of the lines with non-ASCII bytes decide.
    fn of_sample(place: &Place, sample: &[u8]) -> Result<Encoding> {
        if sample.starts_with(b"PK\x03\x04") || sample.starts_with(OLD_WORKBOOK) {
            let message =
                "F001: the file is a spreadsheet or an archive, not CSV; save the sheet as CSV UTF-8";
            return Err(Error::at(place.clone(), message));
        }
        if sample.starts_with(&PACKED_MAGIC) {
            let message = "F001: this is a packed file; only `group` and `regroup` read it, expected CSV";
            return Err(Error::at(place.clone(), message));
        }
        let first_line = sample.split(|byte| *byte == b'\n').next().unwrap_or(sample);
        let wide = first_line.contains(&0);
        if sample.starts_with(&[0xff, 0xfe]) || sample.starts_with(&[0xfe, 0xff]) || wide {
            let message = "F001: the file is UTF-16 text; save it as UTF-8 (in a spreadsheet: CSV UTF-8)";
            return Err(Error::at(place.clone(), message));
        }
        let lines = sample
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_ascii());
        let (mut utf8, mut other) = (0_usize, 0_usize);
        for line in lines {
            match std::str::from_utf8(line) {
                Ok(_) => utf8 += 1,
                Err(_) => other += 1,
            }
        }
        Ok(if other > utf8 {
            Encoding::Gb18030
        } else {
            Encoding::Utf8
        })
    }
}

/// Reads a CSV of records in chunks (记录读取器).
pub struct RowReader {
    cutter: Cutter<Box<dyn Read + Send>>,
    place: Place,
    file: Arc<str>,
    header: Arc<Header>,
    encoding: Encoding,
    taken: Taken,
    /// Bytes taken for the chunks already given out.
    told: u64,
}

impl RowReader {
    /// Opens `path`, `-` for standard input, and reads the header. Files compressed by gzip or
    /// Zstandard are read as what they hold.
    ///
    /// # Errors
    /// It cannot be opened; F001: empty, no text, a column missing or doubled.
    pub fn open(path: &Path, for_money: bool) -> Result<RowReader> {
        let (place, source) = source::open(path)?;
        RowReader::new(place, source, for_money)
    }

    /// As [`RowReader::open`], and hashes every byte of the file on the way.
    ///
    /// # Errors
    /// See [`RowReader::open`].
    pub fn open_hashed(path: &Path, for_money: bool) -> Result<(RowReader, RunningHash)> {
        let (place, source) = source::open(path)?;
        let hash = RunningHash::default();
        let source = Box::new(Hashed {
            source,
            hash: hash.clone(),
        });
        Ok((RowReader::new(place, source, for_money)?, hash))
    }

    /// Reads from any source; `place` names it in messages.
    ///
    /// # Errors
    /// See [`RowReader::open`].
    pub fn new(place: Place, source: Box<dyn Read + Send>, for_money: bool) -> Result<RowReader> {
        let taken = Taken::default();
        let counted = Counted {
            source,
            taken: taken.clone(),
        };
        let mut source = source::unpacked(&place, Box::new(counted))?;
        let mut sample = Vec::new();
        let read = (&mut source).take(SAMPLE).read_to_end(&mut sample);
        read.map_err(|e| Error::at(place.clone(), format!("could not be read: {e}")))?;
        let encoding = Encoding::of_sample(&place, &sample)?;
        if sample.starts_with(&[0xef, 0xbb, 0xbf]) {
            sample.drain(..3);
        }
        if sample.iter().all(u8::is_ascii_whitespace) {
            return Err(Error::at(
                place,
                "F001: the file is empty; expected a header row and records",
            ));
        }
        let mut cutter = Cutter::new(source, sample);
        let first = first_row(&mut cutter).map_err(|e| cut_error(&place, &e))?;
        let header = Header::read(
            &place.line(first.line),
            header_names(&place, &first, encoding)?,
            for_money,
        )?;
        Ok(RowReader {
            cutter,
            file: Arc::clone(&place.file),
            place,
            header: Arc::new(header),
            encoding,
            taken,
            told: 0,
        })
    }

    /// The header row.
    pub fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// How bytes are read as text.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The file as named by the user.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The next whole records, or nothing at the end.
    ///
    /// # Errors
    /// Reading failed; a line without end.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        let chunk = self.cutter.next_chunk().map_err(|e| cut_error(&self.place, &e))?;
        let taken = self.taken.bytes();
        let newly = taken - std::mem::replace(&mut self.told, taken);
        Ok(chunk.map(|chunk| Chunk {
            taken: newly,
            ..chunk
        }))
    }
}

/// The first row that is not blank; there is one.
fn first_row<R: Read>(cutter: &mut Cutter<R>) -> std::result::Result<Chunk, CutError> {
    loop {
        let row = cutter.first_record()?;
        if row.bytes.is_empty() || !row.bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(row);
        }
    }
}

/// SHA-256 of what has been read so far (运行哈希).
#[derive(Clone, Default)]
pub struct RunningHash(Arc<Mutex<Sha256>>);

impl RunningHash {
    /// In hexadecimal, of all bytes read.
    pub fn finish(&self) -> String {
        let hasher = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hexadecimal(&hasher.finalize())
    }
}

struct Hashed {
    source: Box<dyn Read + Send>,
    hash: RunningHash,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.source.read(buffer)?;
        let read = buffer.get(..length).unwrap_or_default();
        self.hash
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .update(read);
        Ok(length)
    }
}

fn header_names(place: &Place, first: &Chunk, encoding: Encoding) -> Result<Vec<String>> {
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
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => Ok(record.iter().map(|name| name.trim().to_owned()).collect()),
        _ => Err(no_header()),
    }
}

fn cut_error(place: &Place, error: &CutError) -> Error {
    match error {
        CutError::Io(e) => Error::at(place.clone(), format!("could not be read: {e}")),
        CutError::EndlessLine(line) => Error::at(
            place.line(*line),
            "F001: this line does not end within 64 MiB; this is not a CSV file",
        ),
    }
}
