//! Where the bytes of records come from: a file or standard input, plain or compressed.

use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::BlockDecodingStrategy;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use crate::diagnostics::{Error, Place, Result};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Frames of other data inside a zstd file begin so, but for the lowest four bits.
const ZSTD_SKIPPED: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];

/// A stream of bytes.
pub(super) type Bytes = Box<dyn Read + Send>;

/// The file, or standard input for `-`, as it is.
pub(super) fn open(path: &Path) -> Result<(Place, Bytes)> {
    if path.as_os_str() == "-" {
        let place = Place::file(Path::new("(standard input)"));
        return Ok((place, Box::new(std::io::stdin())));
    }
    let unreadable = |e| Error::io(path, "could not be read", &e);
    let file = std::fs::File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(Error::at(
            Place::file(path),
            "this is a folder; expected a CSV file",
        ));
    }
    Ok((Place::file(path), Box::new(file)))
}

/// Whether bytes are the beginning of a workbook: one of the old kind, or an archive whose first
/// files are those of one.
pub(super) fn is_workbook(head: &[u8]) -> bool {
    const OLD: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    let head = head.get(..4096.min(head.len())).unwrap_or_default();
    let holds = |name: &[u8]| memchr::memmem::find(head, name).is_some();
    let of_archive = || {
        let opendocument = holds(b"opendocument.spreadsheet");
        opendocument || holds(b"[Content_Types].xml") || holds(b"_rels/.rels") || holds(b"xl/")
    };
    head.starts_with(&OLD) || head.starts_with(b"PK\x03\x04") && of_archive()
}

/// The bytes unpacked, if their first ones say that they are gzip (`.gz`) or Zstandard (`.zst`).
///
/// # Errors
/// The first bytes cannot be read.
pub(super) fn unpacked(place: &Place, mut source: Bytes) -> Result<Bytes> {
    let mut head = Vec::new();
    let read = (&mut source).take(4).read_to_end(&mut head);
    read.map_err(|e| Error::at(place.clone(), format!("could not be read: {e}")))?;
    let is_zstd = head == ZSTD || is_skipped(&head);
    let is_gzip = head.starts_with(&GZIP);
    let whole = Cursor::new(head).chain(source);
    Ok(match (is_gzip, is_zstd) {
        (true, _) => Box::new(MultiGzDecoder::new(whole)),
        (_, true) => Box::new(Zstd::new(BufReader::new(whole))),
        _ => Box::new(whole),
    })
}

fn is_skipped(head: &[u8]) -> bool {
    match (head, ZSTD_SKIPPED) {
        ([first, rest @ ..], [magic, others @ ..]) => first & 0xf0 == magic && rest == others,
        _ => false,
    }
}

/// Bytes taken from a source so far, before unpacking (已读字节数).
#[derive(Clone, Debug, Default)]
pub(super) struct Taken(Arc<AtomicU64>);

impl Taken {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts the bytes that pass.
pub(super) struct Counted {
    pub(super) source: Bytes,
    pub(super) taken: Taken,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.taken.0.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// The content of all frames of a Zstandard file, their checksums compared.
struct Zstd<R> {
    source: R,
    frame: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(source: R) -> Zstd<R> {
        Zstd {
            source,
            frame: FrameDecoder::new(),
            in_frame: false,
        }
    }

    /// Goes on to the next frame; `false` at the end of the file.
    fn next_frame(&mut self) -> std::io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.frame.reset(&mut self.source) {
                Ok(()) => {
                    self.in_frame = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.source).take(length.into());
                    std::io::copy(&mut skipped, &mut std::io::sink())?;
                }
                Err(_) => return Err(damaged()),
            }
        }
        Ok(false)
    }

    fn end_frame(&mut self) -> std::io::Result<()> {
        self.in_frame = false;
        let said = self.frame.get_checksum_from_data();
        if said.is_some() && said != self.frame.get_calculated_checksum() {
            return Err(damaged());
        }
        Ok(())
    }
}

fn damaged() -> std::io::Error {
    let message = "this is no sound Zstandard file: it is damaged, cut short, or followed by other data";
    std::io::Error::new(ErrorKind::InvalidData, message)
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if !self.in_frame && !self.next_frame()? {
                return Ok(0);
            }
            while self.frame.can_collect() == 0 && !self.frame.is_finished() {
                self.frame
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|_| damaged())?;
            }
            match self.frame.read(buffer)? {
                0 if !buffer.is_empty() => self.end_frame()?,
                length => return Ok(length),
            }
        }
    }
}
