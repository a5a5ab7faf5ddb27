//! Opening files of records: form, encoding, layout, header, chunks.

use std::collections::VecDeque;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::columns::Header;
use super::encoding::{Encoding, Utf16};
use super::frame::{COMMA, Chunk, CutError, Cutter};
use super::layout::{Asked, Bound, Chosen, Intake, NeutralRows, Table, Transcoder, bind_table};
use super::source::{self, Counted, Taken};
use crate::diagnostics::{Error, Lang, Place, Result, hexadecimal};

/// How much of a file decides on its encoding.
const SAMPLE: u64 = 1 << 20;

/// What is known of a file while its rows are read (文件信息).
pub(super) struct Facts {
    /// Its number among the files of the run, from 0.
    pub number: usize,
    /// As named by the user.
    pub file: Arc<str>,
    pub header: Arc<Header>,
    pub encoding: Encoding,
    /// What separates cells.
    pub delimiter: u8,
    /// Of a foreign file: makes its rows neutral.
    pub transcoder: Option<Transcoder>,
}

impl Facts {
    /// The rows of a chunk of a foreign file as neutral text.
    pub(super) fn neutral_rows(&self, transcoder: &Transcoder, chunk: &Chunk, lang: Lang) -> NeutralRows {
        let mut rows = NeutralRows::default();
        match self.encoding.decode(&chunk.bytes) {
            Some(text) => transcoder.table_rows(&text, chunk.line, lang, &mut rows),
            // some row is no text: only that one is lost
            None => {
                for frame in chunk.frames(self.delimiter) {
                    match self.encoding.decode(frame.bytes) {
                        Some(text) => transcoder.table_rows(&text, frame.line, lang, &mut rows),
                        None => rows.unreadable(frame.line, self.encoding.undecodable(frame.bytes, lang)),
                    }
                }
            }
        }
        rows
    }
}

/// Bytes of a file, and the file they are of.
pub struct Portion {
    pub(super) chunk: Chunk,
    pub(super) facts: Arc<Facts>,
}

/// What was made of a file before its rows were read (文件说明).
#[derive(Clone, Debug)]
pub struct Opened {
    /// As named by the user.
    pub file: Arc<str>,
    /// Its layout, and the headers by which it was told.
    pub chosen: Chosen,
    /// Whether its rows had to be made neutral.
    pub foreign: bool,
    /// How its bytes are read.
    pub encoding: Encoding,
    /// Headers of personal columns left out.
    pub personal: Vec<String>,
}

/// The files begun while a run goes on (已读文件).
#[derive(Clone, Debug, Default)]
pub struct OpenedFiles(Arc<Mutex<Vec<Opened>>>);

impl OpenedFiles {
    fn add(&self, opened: Opened) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(opened);
    }

    /// Those begun so far, in order.
    pub fn list(&self) -> Vec<Opened> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads files of records in chunks (记录读取器), one after the other.
pub struct RowReader {
    cutter: Cutter<Box<dyn Read + Send>>,
    place: Place,
    facts: Arc<Facts>,
    taken: Taken,
    /// Bytes taken for the chunks already given out.
    told: u64,
    opened: OpenedFiles,
    begun: usize,
    /// Files not yet begun.
    rest: VecDeque<PathBuf>,
    intake: Intake,
    hash: Option<RunningHash>,
}

impl RowReader {
    /// Opens `path`, `-` for standard input, and reads the header; layouts are those inside the
    /// program. Files compressed by gzip or Zstandard are read as what they hold.
    ///
    /// # Errors
    /// It cannot be opened; F001: empty, no text, of no known layout, a column missing or doubled.
    pub fn open(path: &Path, for_money: bool) -> Result<RowReader> {
        RowReader::open_all(path, &Intake::plain(for_money))
    }

    /// As [`RowReader::open`], and hashes every byte of the file on the way.
    ///
    /// # Errors
    /// See [`RowReader::open`].
    pub fn open_hashed(path: &Path, intake: &Intake) -> Result<(RowReader, RunningHash)> {
        let hash = RunningHash::default();
        let reader = RowReader::begin(path, intake, Some(hash.clone()))?;
        Ok((reader, hash))
    }

    /// Opens `path` and the further files of `intake`, one after the other; of several the rows are
    /// given under one header.
    ///
    /// # Errors
    /// See [`RowReader::open`].
    pub fn open_all(path: &Path, intake: &Intake) -> Result<RowReader> {
        RowReader::begin(path, intake, None)
    }

    fn begin(path: &Path, intake: &Intake, hash: Option<RunningHash>) -> Result<RowReader> {
        let (place, source) = source::open(path)?;
        RowReader::of_source(place, source, intake, intake.more.clone().into(), hash)
    }

    /// Reads from any source; `place` names it in messages.
    ///
    /// # Errors
    /// See [`RowReader::open`].
    pub fn new(place: Place, source: Box<dyn Read + Send>, for_money: bool) -> Result<RowReader> {
        RowReader::new_as(place, source, &Intake::plain(for_money))
    }

    /// As [`RowReader::new`], in a way of the user's.
    ///
    /// # Errors
    /// See [`RowReader::open`].
    pub fn new_as(place: Place, source: Box<dyn Read + Send>, intake: &Intake) -> Result<RowReader> {
        RowReader::of_source(place, source, intake, VecDeque::new(), None)
    }

    fn of_source(
        place: Place,
        source: Box<dyn Read + Send>,
        intake: &Intake,
        rest: VecDeque<PathBuf>,
        hash: Option<RunningHash>,
    ) -> Result<RowReader> {
        let asked = Asked {
            intake,
            uniform: !rest.is_empty(),
        };
        let begun = Begun::of(place, source, &asked, 0, hash.as_ref())?;
        let opened = OpenedFiles::default();
        opened.add(begun.opened);
        Ok(RowReader {
            cutter: begun.cutter,
            place: begun.place,
            facts: Arc::new(begun.facts),
            taken: begun.taken,
            told: 0,
            opened,
            begun: 1,
            rest,
            intake: intake.clone(),
            hash,
        })
    }

    /// The header row.
    pub fn header(&self) -> &Arc<Header> {
        &self.facts.header
    }

    /// How bytes are read as text.
    pub fn encoding(&self) -> Encoding {
        self.facts.encoding
    }

    /// The file as named by the user.
    pub fn file(&self) -> &Arc<str> {
        &self.facts.file
    }

    /// The files begun, also those begun later.
    pub fn opened(&self) -> OpenedFiles {
        self.opened.clone()
    }

    /// The next whole records, or nothing at the end.
    ///
    /// # Errors
    /// Reading failed; a line without end.
    pub fn next_chunk(&mut self) -> Result<Option<Portion>> {
        loop {
            let chunk = self.cutter.next_chunk().map_err(|e| cut_error(&self.place, &e))?;
            let taken = self.taken.bytes();
            let newly = taken - std::mem::replace(&mut self.told, taken);
            if let Some(chunk) = chunk {
                return Ok(Some(Portion {
                    chunk: Chunk {
                        taken: newly,
                        ..chunk
                    },
                    facts: Arc::clone(&self.facts),
                }));
            }
            let Some(path) = self.rest.pop_front() else {
                return Ok(None);
            };
            self.go_on(&path)?;
        }
    }

    /// Begins the next file.
    fn go_on(&mut self, path: &Path) -> Result<()> {
        let (place, source) = source::open(path)?;
        let asked = Asked {
            intake: &self.intake,
            uniform: true,
        };
        let begun = Begun::of(place, source, &asked, self.begun, self.hash.as_ref())?;
        self.cutter = begun.cutter;
        self.place = begun.place;
        self.facts = Arc::new(begun.facts);
        self.taken = begun.taken;
        self.told = 0;
        self.begun += 1;
        self.opened.add(begun.opened);
        Ok(())
    }
}

/// A file whose header has been read.
struct Begun {
    cutter: Cutter<Box<dyn Read + Send>>,
    place: Place,
    facts: Facts,
    taken: Taken,
    opened: Opened,
}

impl Begun {
    fn of(
        place: Place,
        source: Box<dyn Read + Send>,
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
        let source = source::unpacked(&place, Box::new(counted))?;
        let (source, sample, encoding) = text_of(&place, source, asked.intake.encoding)?;
        let delimiter = asked.intake.delimiter.unwrap_or(COMMA);
        let mut cutter = Cutter::new(source, sample, delimiter);
        let first = first_row(&mut cutter).map_err(|e| cut_error(&place, &e))?;
        let headers = header_names(&place, &first, encoding, delimiter)?;
        let Bound {
            header,
            transcoder,
            chosen,
            left_out,
        } = bind_table(
            Table {
                place: place.line(first.line),
                headers,
                sheet: None,
                plain: delimiter == COMMA,
            },
            asked,
        )?;
        let file = Arc::clone(&place.file);
        Ok(Begun {
            cutter,
            place,
            taken,
            opened: Opened {
                file: Arc::clone(&file),
                foreign: transcoder.is_some(),
                chosen,
                encoding,
                personal: left_out,
            },
            facts: Facts {
                number,
                file,
                header: Arc::new(header),
                encoding,
                delimiter,
                transcoder,
            },
        })
    }
}

/// The text of a file without byte order mark, its first bytes apart, and how it is to be read.
fn text_of(
    place: &Place,
    mut source: Box<dyn Read + Send>,
    said: Option<Encoding>,
) -> Result<(Box<dyn Read + Send>, Vec<u8>, Encoding)> {
    let mut sample = sample_of(place, &mut source)?;
    let encoding = match said {
        Some(encoding) => encoding,
        None => Encoding::of_sample(place, &sample)?,
    };
    if encoding.is_wide() {
        source = Box::new(Utf16::new(Box::new(Cursor::new(sample).chain(source)), encoding));
        sample = sample_of(place, &mut source)?;
    }
    if sample.starts_with(&[0xef, 0xbb, 0xbf]) {
        sample.drain(..3);
    }
    if sample.iter().all(u8::is_ascii_whitespace) {
        let message = "F001: the file is empty; expected a header row and records";
        return Err(Error::at(place.clone(), message));
    }
    Ok((source, sample, encoding))
}

fn sample_of(place: &Place, source: &mut Box<dyn Read + Send>) -> Result<Vec<u8>> {
    let mut sample = Vec::new();
    let read = source.take(SAMPLE).read_to_end(&mut sample);
    read.map_err(|e| Error::at(place.clone(), format!("could not be read: {e}")))?;
    Ok(sample)
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

fn header_names(place: &Place, first: &Chunk, encoding: Encoding, delimiter: u8) -> Result<Vec<String>> {
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

fn cut_error(place: &Place, error: &CutError) -> Error {
    match error {
        CutError::Io(e) => Error::at(place.clone(), format!("could not be read: {e}")),
        CutError::EndlessLine(line) => Error::at(
            place.line(*line),
            "F001: this line does not end within 64 MiB; this is not a CSV file",
        ),
    }
}
