//! Errors that stop a run.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A place in a file (位置): path as given, line and column from 1 where known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path as the user wrote it.
    pub file: Arc<str>,
    /// Line from 1.
    pub line: Option<u64>,
    /// Column in characters (or CSV field) from 1.
    pub column: Option<u64>,
}

impl Place {
    /// The file as a whole.
    pub fn file(path: &Path) -> Place {
        Place {
            file: path.to_string_lossy().into(),
            line: None,
            column: None,
        }
    }

    /// A line of it.
    pub fn line(&self, line: u64) -> Place {
        Place {
            file: Arc::clone(&self.file),
            line: Some(line),
            column: None,
        }
    }

    /// A line and column of it.
    pub fn at(&self, line: u64, column: u64) -> Place {
        Place {
            file: Arc::clone(&self.file),
            line: Some(line),
            column: Some(column),
        }
    }

    /// The place of a byte offset in `text`, the file's content.
    pub fn of_offset(&self, text: &str, offset: usize) -> Place {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).map_or(0, |line| line.chars().count());
        let line = before.bytes().filter(|b| *b == b'\n').count();
        self.at(line as u64 + 1, column as u64 + 1)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// Why a run cannot go on: one or more messages, each with its place.
///
/// Opaque on purpose: callers show it, they do not branch on it.
#[derive(Clone, Debug)]
pub struct Error(Vec<(Option<Place>, String)>);

/// A result whose error is for the user's eyes.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A message without a place.
    pub fn new(message: impl Into<String>) -> Error {
        Error(vec![(None, message.into())])
    }

    /// A message about a place.
    pub fn at(place: Place, message: impl Into<String>) -> Error {
        Error(vec![(Some(place), message.into())])
    }

    /// A failed file operation, e.g. `could not read`.
    pub fn io(path: &Path, what: &str, error: &std::io::Error) -> Error {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission is denied".to_owned(),
            std::io::ErrorKind::IsADirectory => "this is a folder, not a file".to_owned(),
            std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => {
                "a file of this name stands where a folder is needed".to_owned()
            }
            std::io::ErrorKind::StorageFull => "the disk is full".to_owned(),
            _ => error.to_string(),
        };
        Error::at(Place::file(path), format!("{what}: {reason}"))
    }

    /// The end of a run that nobody reads any more: nothing to say, and no fault.
    pub fn silent() -> Error {
        Error(Vec::new())
    }

    /// Several errors as one; `Ok` when there are none.
    pub fn all(errors: impl IntoIterator<Item = Error>) -> Result<()> {
        let messages: Vec<_> = errors.into_iter().flat_map(|e| e.0).collect();
        if messages.is_empty() {
            Ok(())
        } else {
            Err(Error(messages))
        }
    }

    /// Each message with its place, if it has one.
    pub fn messages(&self) -> impl Iterator<Item = (Option<&Place>, &str)> {
        self.0
            .iter()
            .map(|(place, message)| (place.as_ref(), message.as_str()))
    }

    /// How many messages there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// One line a message: `file:line:column: message`.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (place, message)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            if let Some(place) = place {
                write!(f, "{place}: ")?;
            }
            f.write_str(message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
