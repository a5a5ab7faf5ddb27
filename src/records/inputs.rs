//! The files that are named: single ones, those of folders, those of archives.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::CrcReader;
use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::source::{self, Bytes, is_workbook};
use crate::diagnostics::{Error, Place, Result};

/// How names of files end that are read from folders and archives.
const ENDINGS: [&str; 14] = [
    "csv", "txt", "tsv", "json", "jsonl", "ndjson", "xlsx", "xls", "xlsb", "ods", "dbf", "zip", "gz", "zst",
];

/// One file to be read (输入文件).
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// A file, or `-`.
    File(PathBuf),
    /// A file in an archive.
    Member(Member),
}

/// A file in an archive.
#[derive(Clone, Debug)]
pub(super) struct Member {
    archive: PathBuf,
    name: String,
    start: u64,
    packed: u64,
    deflated: bool,
    crc: u32,
}

impl Input {
    /// All files that paths name, in order; those of folders and archives by name.
    ///
    /// # Errors
    /// A folder or archive cannot be read.
    pub(super) fn all<'p>(paths: impl Iterator<Item = &'p Path>) -> Result<Vec<Input>> {
        let mut inputs = Vec::new();
        for path in paths {
            add(path, &mut inputs)?;
        }
        Ok(inputs)
    }

    pub(super) fn is_standard_input(&self) -> bool {
        matches!(self, Input::File(path) if path.as_os_str() == "-")
    }

    /// Whether it can be read only once.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self, Input::File(path) if !path.is_file())
    }

    /// # Errors
    /// It cannot be opened.
    pub(super) fn open(&self) -> Result<(Place, Bytes)> {
        match self {
            Input::File(path) => source::open(path),
            Input::Member(member) => member.open(),
        }
    }
}

fn add(path: &Path, inputs: &mut Vec<Input>) -> Result<()> {
    if path.is_dir() {
        for file in files_of(path)? {
            add(&file, inputs)?;
        }
        return Ok(());
    }
    match members_of(path)? {
        Some(members) => inputs.extend(members.into_iter().map(Input::Member)),
        None => inputs.push(Input::File(path.to_owned())),
    }
    Ok(())
}

/// What a folder holds that is read, by name; hidden files and other kinds are left alone.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |e| Error::io(folder, "could not be listed", &e);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && (path.is_dir() || is_read(&path)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn is_read(path: &Path) -> bool {
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The files of an archive, if the file is one; a workbook is an archive too, but one file.
fn members_of(path: &Path) -> Result<Option<Vec<Member>>> {
    if path.as_os_str() == "-" {
        return Ok(None);
    }
    let unreadable = |e| Error::io(path, "could not be read", &e);
    let mut file = File::open(path).map_err(unreadable)?;
    let mut head = [0; 4096];
    let length = file.read(&mut head).map_err(unreadable)?;
    let head = head.get(..length).unwrap_or_default();
    if !head.starts_with(b"PK\x03\x04") || is_workbook(head) {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let damaged = || Error::at(Place::file(path), "F001: this archive is damaged");
    let mut archive = ZipArchive::new(file).map_err(|_| damaged())?;
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|_| damaged())?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let hidden = name.split('/').any(|part| part.starts_with(['.', '_']));
        if !entry.is_file() || hidden || !is_read(Path::new(&name)) {
            continue;
        }
        let place = Place::file(Path::new(&format!("{}/{name}", path.display())));
        let deflated = match entry.compression() {
            _ if entry.encrypted() => return Err(Error::at(place, "F001: it is encrypted; unpack it first")),
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            _ => {
                return Err(Error::at(
                    place,
                    "F001: it is packed in a way that is not read; unpack it first",
                ));
            }
        };
        members.push(Member {
            archive: path.to_owned(),
            start: entry.data_start().ok_or_else(damaged)?,
            packed: entry.compressed_size(),
            crc: entry.crc32(),
            deflated,
            name,
        });
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Some(members))
}

impl Member {
    fn open(&self) -> Result<(Place, Bytes)> {
        let unreadable = |e| Error::io(&self.archive, "could not be read", &e);
        let mut file = File::open(&self.archive).map_err(unreadable)?;
        file.seek(SeekFrom::Start(self.start)).map_err(unreadable)?;
        let packed = file.take(self.packed);
        let whole: Bytes = match self.deflated {
            true => Box::new(DeflateDecoder::new(packed)),
            false => Box::new(packed),
        };
        let place = Place::file(Path::new(&format!("{}/{}", self.archive.display(), self.name)));
        let sound = Sound {
            source: CrcReader::new(whole),
            crc: self.crc,
        };
        Ok((place, Box::new(sound)))
    }
}

/// Compares the checksum at the end.
struct Sound {
    source: CrcReader<Bytes>,
    crc: u32,
}

impl Read for Sound {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.source.read(buffer)?;
        if length == 0 && !buffer.is_empty() && self.source.crc().sum() != self.crc {
            let message = "the file in this archive is damaged: its checksum differs";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
        }
        Ok(length)
    }
}
