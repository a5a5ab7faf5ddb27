//! Keys of cases kept in a file without a name (主键暂存), which vanishes with the run.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use crate::diagnostics::{Error, Result};

/// What is written at once.
const BLOCK: usize = 1 << 18;

/// The key of a case, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredKey {
    pub hospital: String,
    pub case_id: String,
    /// Day of discharge; empty where it is not known.
    pub discharge: String,
    /// Number of the file.
    pub file: u32,
    pub line: u64,
    /// SHA-256 of the row.
    pub row: [u8; 32],
}

/// Lengths of hospital, case id and day, number of the file, line, row.
const FIXED: usize = 4 + 4 + 4 + 4 + 8 + 32;

/// Keys one behind the other: the last ones in memory, those before in a file.
#[derive(Debug, Default)]
pub(super) struct KeyFile {
    /// Made when there is something to write.
    file: Option<File>,
    written: u64,
    /// Behind what is written.
    last: Vec<u8>,
}

impl KeyFile {
    /// Adds a key; gives its place.
    ///
    /// # Errors
    /// The file cannot be made or written.
    pub(super) fn add(&mut self, key: &StoredKey) -> Result<u64> {
        if self.last.len() >= BLOCK {
            self.write().map_err(|e| not_kept(&e))?;
        }
        let place = self.written + self.last.len() as u64;
        key.put(&mut self.last);
        Ok(place)
    }

    fn write(&mut self) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            empty => empty.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(&self.last)?;
        self.written += self.last.len() as u64;
        self.last.clear();
        Ok(())
    }

    /// The key that stands at a place.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn get(&mut self, place: u64) -> Result<StoredKey> {
        let key = match (place.checked_sub(self.written), &mut self.file) {
            (Some(behind), _) => {
                let behind = usize::try_from(behind).unwrap_or(usize::MAX);
                self.last
                    .get(behind..)
                    .map_or_else(|| Err(std::io::ErrorKind::UnexpectedEof.into()), StoredKey::read)
            }
            (None, Some(file)) => file
                .seek(SeekFrom::Start(place))
                .and_then(|_| StoredKey::read(&*file)),
            (None, None) => Err(std::io::ErrorKind::NotFound.into()),
        };
        key.map_err(|e| not_kept(&e))
    }
}

fn not_kept(e: &std::io::Error) -> Error {
    let folder = std::env::temp_dir();
    Error::io(&folder, "the keys of the cases could not be kept here", e)
}

impl StoredKey {
    fn put(&self, out: &mut Vec<u8>) {
        let lengths = [self.hospital.len(), self.case_id.len(), self.discharge.len()];
        for number in lengths.map(|length| u32::try_from(length).unwrap_or(u32::MAX)) {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.file.to_le_bytes());
        out.extend_from_slice(&self.line.to_le_bytes());
        out.extend_from_slice(&self.row);
        out.extend_from_slice(self.hospital.as_bytes());
        out.extend_from_slice(self.case_id.as_bytes());
        out.extend_from_slice(self.discharge.as_bytes());
    }

    fn read(mut source: impl Read) -> std::io::Result<StoredKey> {
        fn some<const LENGTH: usize>(source: &mut impl Read) -> std::io::Result<[u8; LENGTH]> {
            let mut bytes = [0; LENGTH];
            source.read_exact(&mut bytes)?;
            Ok(bytes)
        }
        let mut head: &[u8] = &some::<FIXED>(&mut source)?;
        let hospital = u32::from_le_bytes(some(&mut head)?);
        let case_id = u32::from_le_bytes(some(&mut head)?);
        let discharge = u32::from_le_bytes(some(&mut head)?);
        let (file, line, row) = (some(&mut head)?, some(&mut head)?, some(&mut head)?);
        let mut text = |length: u32| {
            let mut text = String::new();
            (&mut source).take(u64::from(length)).read_to_string(&mut text)?;
            Ok::<String, std::io::Error>(text)
        };
        Ok(StoredKey {
            hospital: text(hospital)?,
            case_id: text(case_id)?,
            discharge: text(discharge)?,
            file: u32::from_le_bytes(file),
            line: u64::from_le_bytes(line),
            row,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_again_in_memory_and_in_the_file() {
        let key = |number: u32| StoredKey {
            hospital: "一院".repeat(number as usize % 3),
            case_id: number.to_string(),
            discharge: "2026-01-31".repeat(number as usize % 2),
            file: number / 1000,
            line: u64::from(number) + 2,
            row: [number as u8; 32],
        };
        let mut keys = KeyFile::default();
        let places: Vec<u64> = (0..20_000)
            .map(|number| keys.add(&key(number)).unwrap())
            .collect();
        assert!(keys.written > 0 && !keys.last.is_empty());
        for (number, place) in (0..20_000).zip(places) {
            assert_eq!(keys.get(place).unwrap(), key(number));
        }
    }
}
