//! Files that extend each other (参数文件的继承): one reader for benefit and finance files.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::head::Extends;
use super::policy::PolicyFile;
use crate::diagnostics::{Error, Place, Result, parse_toml, utf8_text};

/// A file as it was read, and what it says.
pub type Read<F> = (PolicyFile, F);

/// The file and all it extends, the top one first.
///
/// # Errors
/// A file that cannot be read or parsed, of another schema, or in a circle.
pub fn read_chain<F: DeserializeOwned + Extends>(path: &Path) -> Result<Vec<Read<F>>> {
    let mut read: Vec<Read<F>> = Vec::new();
    let mut next = Some(path.to_path_buf());
    while let Some(path) = next {
        refuse_circle(&read, &path)?;
        let (file, content): Read<F> = read_one(&path)?;
        next = content.extends().map(|name| below(&path, name)).transpose()?;
        read.push((file, content));
    }
    Ok(read)
}

/// One file of the chain.
fn read_one<F: DeserializeOwned + Extends>(path: &Path) -> Result<Read<F>> {
    let place = Place::file(path);
    let file = PolicyFile::read(path)?;
    let content: F = parse_toml(&place, &file.text)?;
    if content.schema() != 1 {
        let message = format!("`file.schema` is {}; this program reads 1", content.schema());
        return Err(Error::at(place, message));
    }
    Ok((file, content))
}

impl PolicyFile {
    /// A text file with its bytes.
    ///
    /// # Errors
    /// It cannot be read, or is not UTF-8.
    pub(super) fn read(path: &Path) -> Result<PolicyFile> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, "could not be read", &e))?;
        let text = utf8_text(Place::file(path), bytes.clone())?;
        Ok(PolicyFile {
            path: path.to_path_buf(),
            bytes,
            text,
        })
    }
}

/// A file that is read already is extended by itself, by way of the files between.
fn refuse_circle<F>(read: &[Read<F>], path: &Path) -> Result<()> {
    let same = |known: &Path| match (known.canonicalize(), path.canonicalize()) {
        (Ok(known), Ok(path)) => known == path,
        _ => known == path,
    };
    let Some(first) = read.iter().position(|(file, _)| same(&file.path)) else {
        return Ok(());
    };
    let between = read.iter().skip(first).map(|(file, _)| name_of(&file.path));
    let mut names: Vec<String> = between.map(|name| format!("`{name}`")).collect();
    let message = match names.as_slice() {
        [one] => format!("`file.extends`: {one} extends itself"),
        _ => {
            names.extend(names.first().cloned());
            format!(
                "`file.extends`: files extend each other in a circle: {}",
                names.join(" → ")
            )
        }
    };
    let last = read.last().map_or(path, |(file, _)| file.path.as_path());
    Err(Error::at(Place::file(last), message))
}

/// `place/scheme`, as `extends` would name the file.
fn name_of(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let part = |name: Option<&std::ffi::OsStr>| {
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    let folder = part(whole.parent().and_then(Path::file_name));
    format!("{folder}/{}", part(whole.file_stem()))
}

/// `place/scheme` beside the place folder that `path` lies in.
fn below(path: &Path, name: &str) -> Result<PathBuf> {
    let plain = |part: &str| {
        let of_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !part.is_empty() && part.chars().all(of_word)
    };
    match name.split_once('/') {
        Some((place, scheme)) if plain(place) && plain(scheme) => {
            Ok(root_of(path).join(place).join(format!("{scheme}.toml")))
        }
        _ => Err(Error::at(
            Place::file(path),
            format!("`file.extends`: `{name}` is not of the form `place/scheme`"),
        )),
    }
}

/// The folder that the place folders lie in.
fn root_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    match folder.file_name() {
        Some(_) => folder.parent().map(Path::to_path_buf).unwrap_or_default(),
        None => folder.join(".."),
    }
}
