//! Reading small files whole: configuration with every error at its line.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::{Error, Place, Result};

/// The text of a UTF-8 file, without a byte order mark (读取文本文件).
///
/// # Errors
/// The file cannot be read, or is not UTF-8; the message names the first bad line.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, "could not be read", &e))?;
    utf8_text(Place::file(path), bytes)
}

/// A hash as it is written: lower-case hexadecimal (哈希值).
pub fn hexadecimal(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of a file already in memory.
///
/// # Errors
/// Not UTF-8.
pub fn utf8_text(place: Place, bytes: Vec<u8>) -> Result<String> {
    let text = String::from_utf8(bytes).map_err(|e| {
        let good = e.utf8_error().valid_up_to();
        let line = e.as_bytes().iter().take(good).filter(|b| **b == b'\n').count() as u64 + 1;
        Error::at(
            place.line(line),
            "this line is not UTF-8 text; save the file as UTF-8",
        )
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Reads a TOML file into `T` (读取配置). Unknown keys, wrong types and floats are errors with
/// file, line and column, if `T` refuses them.
///
/// # Errors
/// As [`read_text`]; what TOML or `T` refuses.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T> {
    parse_toml(&Place::file(path), &read_text(path)?)
}

/// Parses TOML text that stands at `place`.
///
/// # Errors
/// What TOML or `T` refuses.
pub fn parse_toml<T: DeserializeOwned>(place: &Place, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|e| {
        let place = match e.span() {
            Some(span) => place.of_offset(text, span.start),
            None => place.clone(),
        };
        Error::at(place, say_in_one_line(e.message()))
    })
}

/// The line on which a key or a table of that name first stands, comments apart (键所在行).
pub fn line_of(place: &Place, text: &str, key: &str) -> Place {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let said = line.split('#').next().unwrap_or("");
        let named = said
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .any(|word| word == key);
        if named {
            return place.of_offset(text, start);
        }
        start += line.len();
    }
    place.clone()
}

/// TOML messages span lines, speak of Rust's fields and types, and know no suggestions: one line
/// in the file's words, with the nearest known key.
fn say_in_one_line(message: &str) -> String {
    let message = message.trim().replace('\n', "; ");
    if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((written, known)) = rest.split_once('`')
    {
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        return match super::suggestion(written, known.iter().copied()) {
            hint if hint.is_empty() => {
                format!("unknown key `{written}`; expected one of {}", known.join(", "))
            }
            hint => format!("unknown key `{written}`{hint}"),
        };
    }
    if let Some(key) = message.strip_prefix("missing field ") {
        return format!("key {key} is missing");
    }
    if let Some(value) = message.strip_prefix("unknown variant ") {
        return format!("unknown value {value}");
    }
    if message == "wanted string or table" {
        return "expected a text in quotes".to_owned();
    }
    let found = ["invalid type: ", "invalid value: "]
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix));
    match found.and_then(|found| found.split_once(", expected ")) {
        Some((found, expected)) => format!("found {found}; expected {expected}"),
        None => message,
    }
}
