//! A packed file, block by block.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use super::block::PackedBlock;
use super::writer::checksum;
use super::{BLOCK_HEAD, CASES, CLOSING, FORMAT, LARGEST_BLOCK, PACKED_MAGIC, Vocabulary};
use crate::diagnostics::{Error, Place, Result};
use crate::records::layout::Intake;
use crate::records::reader::RowReader;
use crate::records::source;
use crate::records::stream::Counts;

/// A file of records in one of the forms that are read (记录文件).
pub enum Records {
    /// Rows of text.
    Csv(Box<RowReader>),
    /// Cases in coded form.
    Packed(PackedReader),
}

impl Records {
    fn csv(reader: RowReader) -> Records {
        Records::Csv(Box::new(reader))
    }

    /// Opens `path`, `-` for standard input, and tells the form by the first bytes.
    ///
    /// # Errors
    /// See [`RowReader::open`] and [`PackedReader::new`].
    pub fn open(path: &Path, intake: &Intake) -> Result<Records> {
        if !intake.more.is_empty() || path.is_dir() {
            return RowReader::open_all(path, intake).map(Records::csv);
        }
        let (place, mut source) = source::open(path)?;
        let first = read_up_to(&mut source, PACKED_MAGIC.len(), &place)?;
        let is_named_so = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("dzc"));
        if first == PACKED_MAGIC || is_named_so {
            let source = Box::new(Cursor::new(first).chain(source));
            return PackedReader::new(place, source).map(Records::Packed);
        }
        if path.as_os_str() == "-" {
            let source = Box::new(Cursor::new(first).chain(source));
            return RowReader::new_as(place, source, intake).map(Records::csv);
        }
        RowReader::open_all(path, intake).map(Records::csv)
    }
}

/// The texts of a packed file read so far (词典).
#[derive(Debug, Default)]
pub struct Dictionary {
    texts: [Vec<Arc<str>>; Vocabulary::ALL.len()],
}

impl Dictionary {
    /// A text by its number; empty if there is none.
    pub fn text(&self, vocabulary: Vocabulary, number: usize) -> &str {
        self.from(vocabulary, number).first().map_or("", |text| text)
    }

    /// The texts from a number on.
    pub fn from(&self, vocabulary: Vocabulary, number: usize) -> &[Arc<str>] {
        let of = self.texts.get(vocabulary as usize);
        of.and_then(|texts| texts.get(number..)).unwrap_or_default()
    }

    /// Takes over what the other has learnt since.
    pub fn catch_up(&mut self, other: &Dictionary) {
        for (own, others) in self.texts.iter_mut().zip(&other.texts) {
            own.extend_from_slice(others.get(own.len()..).unwrap_or_default());
        }
    }

    pub(super) fn count(&self, vocabulary: Vocabulary) -> u64 {
        self.from(vocabulary, 0).len() as u64
    }

    pub(super) fn add(&mut self, vocabulary: Vocabulary, text: &str) {
        if let Some(texts) = self.texts.get_mut(vocabulary as usize) {
            texts.push(Arc::from(text));
        }
    }
}

/// The dictionary of a file being read, for the threads that work on its blocks (共享词典).
///
/// It holds every text that the blocks given out so far need, and only grows.
#[derive(Clone, Debug, Default)]
pub struct SharedDictionary(Arc<RwLock<Dictionary>>);

impl SharedDictionary {
    /// Looks into it; reading the file waits so long.
    pub fn look<T>(&self, look: impl FnOnce(&Dictionary) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads a packed file (编码病例文件读取器). Each block is checked as a whole before it is given out.
pub struct PackedReader {
    source: Box<dyn Read + Send>,
    place: Place,
    dictionary: SharedDictionary,
    blocks: u32,
    cases: u64,
    written: Option<Counts>,
}

impl PackedReader {
    /// Reads what every packed file begins with; `place` names it in messages.
    ///
    /// # Errors
    /// It is another kind of file, or of a format this program does not read.
    pub fn new(place: Place, mut source: Box<dyn Read + Send>) -> Result<PackedReader> {
        let head = read_up_to(&mut source, PACKED_MAGIC.len() + size_of::<u32>(), &place)?;
        let (magic, format) = head.split_at_checked(PACKED_MAGIC.len()).unwrap_or((&head, &[]));
        if magic != PACKED_MAGIC {
            let message = "this is no packed file, or its first bytes were changed on the way; expected \
                           what `dianzhi pack` writes";
            return Err(Error::at(place, message));
        }
        match format.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) {
            Some(FORMAT) => {}
            Some(format) => {
                let message = format!("packed format {format} is not known; this program reads {FORMAT}");
                return Err(Error::at(place, message));
            }
            None => return Err(Error::at(place, "the file ends before its first block")),
        }
        Ok(PackedReader {
            source,
            place,
            dictionary: SharedDictionary::default(),
            blocks: 0,
            cases: 0,
            written: None,
        })
    }

    /// The texts of the blocks given out so far.
    pub fn dictionary(&self) -> &SharedDictionary {
        &self.dictionary
    }

    /// Cases given out so far.
    pub fn cases(&self) -> u64 {
        self.cases
    }

    /// What became of the records when the file was written; known when all is read.
    pub fn written(&self) -> Option<Counts> {
        self.written
    }

    /// The next cases, or nothing behind the last.
    ///
    /// # Errors
    /// Reading failed; the file is cut short, or a block is not as it was written. The message
    /// names the block.
    pub fn next_block(&mut self) -> Result<Option<PackedBlock>> {
        if self.written.is_some() {
            return Ok(None);
        }
        let (kind, body) = self.read_block()?;
        match kind {
            CASES => {
                let read = {
                    let mut dictionary = self.dictionary.0.write().unwrap_or_else(PoisonError::into_inner);
                    PackedBlock::read(body, &mut dictionary)
                };
                let block = read.map_err(|wrong| self.wrong(&wrong))?;
                self.cases += block.count() as u64;
                self.blocks += 1;
                Ok(Some(block))
            }
            CLOSING => self.close(&body).map(|()| None),
            _ => Err(self.wrong("it is of no known kind")),
        }
    }

    /// Kind and body of the next block, as they were written.
    fn read_block(&mut self) -> Result<([u8; 4], Vec<u8>)> {
        let head = read_up_to(&mut self.source, BLOCK_HEAD, &self.place)?;
        let (words, _) = head.as_chunks::<4>();
        let [kind, number, length, sum] = words else {
            return Err(self.wrong("the file ends before it; it was not written or copied whole"));
        };
        let [number, length, sum] = [number, length, sum].map(|word| u32::from_le_bytes(*word));
        if length > LARGEST_BLOCK {
            return Err(self.wrong("its length was changed, or it is no block"));
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let body = read_up_to(&mut self.source, length, &self.place)?;
        if body.len() < length {
            let missing = length - body.len();
            return Err(self.wrong(&format!(
                "the file ends within it, {missing} bytes too early; it was not written or copied whole"
            )));
        }
        let summed = head.get(..BLOCK_HEAD - size_of::<u32>()).unwrap_or_default();
        if checksum(summed, &body) != sum {
            return Err(self.wrong("its checksum does not fit its bytes; the file is damaged"));
        }
        if number != self.blocks {
            return Err(self.wrong(&format!("block {number} stands in its place")));
        }
        Ok((*kind, body))
    }

    fn close(&mut self, body: &[u8]) -> Result<()> {
        let (words, rest) = body.as_chunks::<8>();
        let ([cases, read, rejected], []) = (words, rest) else {
            return Err(self.wrong("it closes the file, but does not hold three counts"));
        };
        let [cases, read, rejected] = [cases, read, rejected].map(|word| u64::from_le_bytes(*word));
        if cases != self.cases || read.checked_sub(rejected) != Some(cases) {
            return Err(self.wrong(&format!(
                "it counts {read} records, {rejected} rejected, and {cases} cases; the blocks before it hold {}",
                self.cases
            )));
        }
        if !read_up_to(&mut self.source, 1, &self.place)?.is_empty() {
            return Err(self.wrong("it closes the file, but more bytes follow it"));
        }
        self.written = Some(Counts { read, rejected });
        Ok(())
    }

    fn wrong(&self, what: &str) -> Error {
        Error::at(self.place.clone(), format!("block {}: {what}", self.blocks))
    }
}

/// So many bytes, fewer at the end; never more memory than there are bytes.
fn read_up_to(source: &mut Box<dyn Read + Send>, count: usize, place: &Place) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = source.by_ref().take(count as u64).read_to_end(&mut bytes);
    read.map_err(|e| Error::at(place.clone(), format!("could not be read: {e}")))?;
    Ok(bytes)
}
