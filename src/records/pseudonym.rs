//! Keyed hashes in place of the numbers of persons and cases (假名化).

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::diagnostics::{Error, Place, Result, hexadecimal};

/// Length of a key in bytes.
const KEY: usize = 32;

/// How many hexadecimal digits of a hash stand for a number.
const DIGITS: usize = 32;

/// Replaces the numbers of persons, and of cases if asked to (假名化).
///
/// The same key gives the same pseudonyms, in every file and every year; without the key nobody
/// can tell whose they are, or try numbers until one fits.
pub struct Pseudonyms {
    keyed: Hmac<Sha256>,
    /// Record numbers and case ids too.
    pub(super) of_cases: bool,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms(the key is not shown)")
    }
}

impl Pseudonyms {
    /// Reads a key file: 32 random bytes in hexadecimal.
    ///
    /// # Errors
    /// It cannot be read or holds something else; the message does not show what.
    pub fn open(path: &Path, of_cases: bool) -> Result<Pseudonyms> {
        let text = std::fs::read(path).map_err(|e| Error::io(path, "could not be read", &e))?;
        let key = key_bytes(text.trim_ascii());
        let keyed = key.and_then(|key| Hmac::new_from_slice(&key).ok());
        let keyed = keyed.ok_or_else(|| {
            let message = "this is no key; expected 64 hexadecimal digits (32 random bytes)";
            Error::at(Place::file(path), message)
        })?;
        Ok(Pseudonyms { keyed, of_cases })
    }

    /// The pseudonym of a value that belongs to `domain`, e.g. `person`; an empty one stays empty.
    pub fn of(&self, domain: &str, value: &str) -> String {
        let value = value.trim();
        if value.is_empty() {
            return String::new();
        }
        let mut keyed = self.keyed.clone();
        keyed.update(domain.as_bytes());
        keyed.update(b":");
        keyed.update(value.as_bytes());
        let mut digits = hexadecimal(&keyed.finalize().into_bytes());
        digits.truncate(DIGITS);
        digits
    }
}

fn key_bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let digits = std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.is_ascii() && text.len() == 2 * KEY)?;
    let byte = |at: usize| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok();
    let is_hexadecimal = digits.bytes().all(|b| b.is_ascii_hexdigit());
    (0..KEY)
        .map(byte)
        .collect::<Option<Vec<u8>>>()
        .filter(|_| is_hexadecimal)
}
