//! Files of records read in chunks, one after the other.

use std::collections::VecDeque;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use super::begin::{Begun, Body};
use super::columns::{Column, Header};
use super::door::Door;
use super::encoding::Encoding;
use super::frame::Chunk;
use super::inputs::Input;
use super::layout::{
    Asked, Chosen, DbfShape, Form, Intake, Joined, JsonFields, NeutralRows, SheetRow, Transcoder, Unread,
};
use super::plain::PlainReader;
use super::recode::Recoder;
use super::source::Taken;
use crate::diagnostics::{Error, Lang, Place, Result, did_you_mean, hexadecimal};

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
    /// What its chunks are.
    pub shape: Shape,
    /// Of a foreign file: makes its rows neutral.
    pub transcoder: Option<Transcoder>,
    /// Brings its rows into codes of the lists, where any file of the run needs that.
    pub recoder: OnceLock<Recoder>,
    /// Readers of its plain rows that are not at work, with their memory.
    pub idle: Mutex<Vec<PlainReader>>,
}

/// What the chunks of a file are.
pub(super) enum Shape {
    /// Rows of separated text; of a sheet the rows are made neutral where they are read.
    Text,
    /// JSON.
    Messages(JsonFields),
    /// Rows of cells of fixed width.
    Dbf(DbfShape),
}

impl Facts {
    /// Brings rows into codes of the lists; nothing if all files are in such.
    pub(super) fn recoder(&self, door: &Door) -> Option<&Recoder> {
        let make = || Recoder::new(&self.header, door, door.codes_of(self.number));
        door.maps_codes().then(|| self.recoder.get_or_init(make))
    }

    /// Lends a reader of plain rows under `header`, the only one of a run.
    pub(super) fn with_plain_reader<T>(
        &self,
        header: &Header,
        read: impl FnOnce(&mut PlainReader) -> T,
    ) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let lent = idle().pop();
        let mut reader = lent.unwrap_or_else(|| PlainReader::new(header));
        let result = read(&mut reader);
        idle().push(reader);
        result
    }

    /// The rows of a portion of a foreign file as neutral text.
    pub(super) fn neutral_rows(&self, transcoder: &Transcoder, portion: &Portion, lang: Lang) -> NeutralRows {
        let (mut rows, chunk) = (NeutralRows::default(), &portion.chunk);
        if let Some(sheet) = &portion.rows {
            transcoder.sheet_rows(sheet, lang, &mut rows);
            return rows;
        }
        match &self.shape {
            Shape::Text => self.text_rows(transcoder, chunk, lang, &mut rows),
            Shape::Messages(fields) => transcoder.messages(fields, &chunk.bytes, chunk.line, lang, &mut rows),
            Shape::Dbf(shape) => {
                let bytes = (chunk.bytes.as_slice(), chunk.line);
                transcoder.dbf_rows(shape, self.encoding, bytes, lang, &mut rows);
            }
        }
        rows
    }

    fn text_rows(&self, transcoder: &Transcoder, chunk: &Chunk, lang: Lang, rows: &mut NeutralRows) {
        let read = |text: &str, line, rows: &mut NeutralRows| transcoder.table_rows(text, line, lang, rows);
        self.each_text(chunk, lang, rows, read);
    }

    /// The rows of a chunk of the neutral layout, in codes of the lists.
    pub(super) fn recoded_rows(&self, recoder: &Recoder, chunk: &Chunk, lang: Lang) -> NeutralRows {
        let mut rows = NeutralRows::default();
        let read = |text: &str, line, rows: &mut NeutralRows| recoder.text_rows(text, line, lang, rows);
        self.each_text(chunk, lang, &mut rows, read);
        rows
    }

    /// Reads a chunk as text; where some row is no text, only that one is lost.
    fn each_text(
        &self,
        chunk: &Chunk,
        lang: Lang,
        rows: &mut NeutralRows,
        mut read: impl FnMut(&str, u64, &mut NeutralRows),
    ) {
        if let Some(text) = self.encoding.decode(&chunk.bytes) {
            return read(&text, chunk.line, rows);
        }
        for frame in chunk.frames(self.delimiter) {
            match self.encoding.decode(frame.bytes) {
                // a line end of its own, so that no other byte is taken for one
                Some(text) => read(&(text.into_owned() + "\r\n"), frame.line, rows),
                None => rows.unreadable(frame.line, self.encoding.undecodable(frame.bytes, lang)),
            }
        }
    }
}

/// Bytes of a file, and the file they are of.
pub struct Portion {
    pub(super) chunk: Chunk,
    /// Of a sheet: its rows.
    pub(super) rows: Option<Vec<SheetRow>>,
    pub(super) facts: Arc<Facts>,
}

impl Portion {
    /// First byte and length of the record that begins at a line, where lines or rows of fixed width are
    /// counted.
    pub(super) fn place_of(&self, line: u64) -> Option<(u64, usize)> {
        match &self.facts.shape {
            // of other text than the file's own the places are not those of the file
            _ if self.rows.is_some() || self.facts.encoding.is_wide() => None,
            Shape::Text => self.chunk.record_at(line, self.facts.delimiter),
            Shape::Messages(_) => None,
            Shape::Dbf(shape) => {
                let before = line.checked_sub(self.chunk.line)?;
                Some((self.chunk.start + before * shape.row as u64, shape.row))
            }
        }
    }
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
    /// Its headers, or the names in its first message.
    pub headers: Vec<String>,
    /// Neutral columns that its headers fill.
    pub columns: Vec<String>,
    /// The sheet, and whether it has as many rows as a sheet can have, so that some may be missing.
    pub sheet: Option<(String, bool)>,
    /// Rows of a DBF file that were marked as deleted, and left out.
    pub deleted: Arc<AtomicU64>,
    /// Of messages: names that nothing reads.
    pub(super) unread: Unread,
    /// The joined file.
    pub(super) joined: Option<Arc<Joined>>,
}

impl Opened {
    /// Names in messages that the layout does not know, each with the number of messages that have it.
    pub fn unread(&self) -> Vec<(String, u64)> {
        self.unread.list()
    }

    /// Headers that no neutral column is made of, personal ones left out: of a table whose layout maps columns
    /// by name. What a neutral table has besides is passed on, and nothing here.
    pub fn unmapped(&self) -> Vec<String> {
        let layout = &self.chosen.layout;
        if !self.foreign || layout.form() != Form::Table {
            return Vec::new();
        }
        let columns: Vec<(Column, Vec<String>)> = layout.columns().collect();
        let reads = |header: &str| {
            let mut headers = columns.iter().flat_map(|(_, headers)| headers);
            headers.any(|read| Column::same_header(read, header))
        };
        let headers = self.headers.iter();
        let named = headers.filter(|header| !header.trim().is_empty() && !layout.is_personal(header));
        named.filter(|header| !reads(header)).cloned().collect()
    }

    /// Columns of a neutral table that nothing reads and whose names are near one that is read and is not there,
    /// each with that name (疑似误写的列).
    pub fn misspelt(&self) -> Vec<(&str, &'static str)> {
        if self.foreign {
            return Vec::new();
        }
        let there: Vec<Column> = self
            .headers
            .iter()
            .filter_map(|header| Column::of(header))
            .collect();
        let absent = Column::ALL.iter().filter(|column| !there.contains(column));
        let absent: Vec<&'static str> = absent.map(|column| column.name()).collect();
        let others = self.headers.iter().filter(|header| Column::of(header).is_none());
        let near = others
            .filter_map(|header| Some((header.as_str(), did_you_mean(header, absent.iter().copied())?)));
        near.collect()
    }

    /// By column, how many records say something else than the joined file; those with any.
    pub fn differences(&self) -> Vec<(Column, u64)> {
        self.joined
            .as_ref()
            .map_or_else(Vec::new, |joined| joined.differences())
    }
}

/// Opens every file once to see that it can be read.
///
/// # Errors
/// Those of all files.
fn look_at_headers(inputs: &[Input], intake: &Intake) -> Result<()> {
    let asked = Asked {
        intake,
        uniform: true,
    };
    let look = |input: &Input| {
        let (place, source) = input.open()?;
        Begun::of(place, source, &asked, 0, None).map(drop)
    };
    let again = inputs.iter().filter(|input| !input.is_standard_input());
    Error::all(again.filter_map(|input| look(input).err()))
}

fn nothing_to_read(path: &Path) -> Error {
    let message = "this folder holds no file of a kind that is read: csv, txt, tsv, json, jsonl, ndjson, xlsx, xls, ods, dbf, zip, gz, zst";
    Error::at(Place::file(path), message)
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
    body: Body,
    place: Place,
    facts: Arc<Facts>,
    taken: Taken,
    /// Bytes taken for the chunks already given out.
    told: u64,
    opened: OpenedFiles,
    begun: usize,
    /// All files of the run; none of a source that has no name.
    inputs: Vec<Input>,
    /// Files not yet begun.
    rest: VecDeque<Input>,
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
        let inputs = Input::all(std::iter::once(path).chain(intake.more.iter().map(PathBuf::as_path)))?;
        if inputs.len() > 1 {
            look_at_headers(&inputs, intake)?;
        }
        let first = inputs.first().ok_or_else(|| nothing_to_read(path))?;
        let (place, source) = first.open()?;
        let asked = Asked {
            intake,
            uniform: inputs.len() > 1,
        };
        RowReader::of_source(place, source, &asked, inputs, hash)
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
        let asked = Asked {
            intake,
            uniform: false,
        };
        RowReader::of_source(place, source, &asked, Vec::new(), None)
    }

    fn of_source(
        place: Place,
        source: Box<dyn Read + Send>,
        asked: &Asked<'_>,
        inputs: Vec<Input>,
        hash: Option<RunningHash>,
    ) -> Result<RowReader> {
        let begun = Begun::of(place, source, asked, 0, hash.as_ref())?;
        let opened = OpenedFiles::default();
        opened.add(begun.opened);
        Ok(RowReader {
            body: begun.body,
            place: begun.place,
            facts: Arc::new(begun.facts),
            taken: begun.taken,
            told: 0,
            opened,
            begun: 1,
            rest: inputs.iter().skip(1).cloned().collect(),
            inputs,
            intake: asked.intake.clone(),
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

    /// Each file of the run opened a second time, to look at its beginning; nothing of a stream, which
    /// can be read only once.
    pub(super) fn opened_anew(&self) -> impl Iterator<Item = Result<Option<RowReader>>> {
        let asked = Asked {
            intake: &self.intake,
            uniform: self.inputs.len() > 1,
        };
        self.inputs.iter().map(move |input| {
            if input.is_stream() {
                return Ok(None);
            }
            let (place, source) = input.open()?;
            RowReader::of_source(place, source, &asked, vec![input.clone()], None).map(Some)
        })
    }

    /// The next whole records, or nothing at the end.
    ///
    /// # Errors
    /// Reading failed; a line without end.
    pub fn next_chunk(&mut self) -> Result<Option<Portion>> {
        loop {
            let next = self.body.next(&self.place, self.facts.transcoder.as_ref())?;
            let taken = self.taken.bytes();
            let newly = taken - std::mem::replace(&mut self.told, taken);
            if let Some((chunk, rows)) = next {
                return Ok(Some(Portion {
                    rows,
                    chunk: Chunk {
                        taken: newly,
                        ..chunk
                    },
                    facts: Arc::clone(&self.facts),
                }));
            }
            let Some(input) = self.rest.pop_front() else {
                return Ok(None);
            };
            self.go_on(&input)?;
        }
    }

    /// Begins the next file.
    fn go_on(&mut self, input: &Input) -> Result<()> {
        let (place, source) = input.open()?;
        let asked = Asked {
            intake: &self.intake,
            uniform: true,
        };
        let begun = Begun::of(place, source, &asked, self.begun, self.hash.as_ref())?;
        self.body = begun.body;
        self.place = begun.place;
        self.facts = Arc::new(begun.facts);
        self.taken = begun.taken;
        self.told = 0;
        self.begun += 1;
        self.opened.add(begun.opened);
        Ok(())
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

pub(super) struct Hashed {
    pub source: Box<dyn Read + Send>,
    pub hash: RunningHash,
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
