//! Where tables and layouts are looked for (规则表位置): folders first, then the copy inside the
//! binary.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::diagnostics::{Error, Place, Result, utf8_text};

/// The tables as compiled in: repeated `path length, path, size, bytes`, the bytes deflated.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/grouping-tables.bin"));

/// The name shown for files of the copy inside the binary.
const INSIDE: &str = "(built-in) grouping-tables";

/// The places tables are looked for, in order (规则表库).
#[derive(Clone, Debug)]
pub struct Library {
    folders: Vec<PathBuf>,
}

/// One table file as found (规则表文件).
#[derive(Clone, Debug)]
pub struct TableFile {
    /// Where it was found.
    pub place: Place,
    /// Its content.
    pub text: String,
}

impl Library {
    /// `explicit` folders in order, then `$DIANZHI_TABLES`, then `./grouping-tables`, then the
    /// copy inside the binary.
    ///
    /// # Errors
    /// An explicit folder, or that of the variable, that does not exist.
    pub fn find(explicit: &[PathBuf]) -> Result<Library> {
        let mut folders = explicit.to_vec();
        folders.extend(std::env::var_os("DIANZHI_TABLES").map(PathBuf::from));
        for folder in &folders {
            if !folder.is_dir() {
                let place = Place::file(folder);
                return Err(Error::at(place, "this tables folder does not exist"));
            }
        }
        let here = PathBuf::from("grouping-tables");
        if here.is_dir() {
            folders.push(here);
        }
        Ok(Library { folders })
    }

    /// Only the copy inside the binary.
    pub fn built_in() -> Library {
        Library { folders: Vec::new() }
    }

    /// The file `name` of `folder` (a scheme), from the first place that has the folder.
    ///
    /// A folder is taken whole from one place: files of two places are never mixed.
    ///
    /// # Errors
    /// It exists but cannot be read or is not UTF-8.
    pub fn read(&self, folder: &str, name: &str) -> Result<Option<TableFile>> {
        for place in &self.folders {
            let folder = place.join(folder);
            if folder.is_dir() {
                return read_from(&folder.join(name));
            }
        }
        let path = format!("{folder}/{name}");
        let Some(packed) = packed()?.get(path.as_str()) else {
            return Ok(None);
        };
        let place = Place::file(Path::new(&format!("{INSIDE}/{path}")));
        let text = utf8_text(place.clone(), unpacked(packed)?)?;
        Ok(Some(TableFile { place, text }))
    }

    /// Every file of `folder` whose name ends so, sorted by name; of two with one name the one
    /// found first. Unlike [`Library::read`] this mixes places: a folder of a user's own adds to
    /// what the program brings along, or stands in for single files of it.
    ///
    /// # Errors
    /// A folder cannot be listed, a file cannot be read or is not UTF-8.
    pub fn files(&self, folder: &str, ending: &str) -> Result<Vec<TableFile>> {
        let mut found: BTreeMap<String, TableFile> = BTreeMap::new();
        for place in &self.folders {
            for path in listed(&place.join(folder))? {
                let name = path
                    .file_name()
                    .map_or(String::new(), |name| name.to_string_lossy().into_owned());
                if name.ends_with(ending)
                    && !found.contains_key(&name)
                    && let Some(file) = read_from(&path)?
                {
                    found.insert(name, file);
                }
            }
        }
        for (path, packed) in packed()? {
            let Some(name) = path.strip_prefix(folder).and_then(|path| path.strip_prefix('/')) else {
                continue;
            };
            if name.ends_with(ending) && !name.contains('/') && !found.contains_key(name) {
                let place = Place::file(Path::new(&format!("{INSIDE}/{path}")));
                let text = utf8_text(place.clone(), unpacked(packed)?)?;
                found.insert(name.to_owned(), TableFile { place, text });
            }
        }
        Ok(found.into_values().collect())
    }

    /// The ids of all schemes, sorted: every folder with a `scheme.toml`.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn scheme_ids(&self) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for folder in &self.folders {
            let unreadable = |e| Error::io(folder, "could not be listed", &e);
            for entry in std::fs::read_dir(folder).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                if path.join("scheme.toml").is_file() {
                    ids.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
                }
            }
        }
        let inside = packed()?.keys();
        ids.extend(
            inside
                .filter_map(|path| path.strip_suffix("/scheme.toml"))
                .map(str::to_owned),
        );
        ids.sort();
        ids.dedup();
        Ok(ids)
    }
}

/// The files of a folder; none if there is no such folder.
fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |e| Error::io(folder, "could not be listed", &e);
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable));
    let paths: Result<Vec<PathBuf>> = paths.collect();
    Ok(paths?.into_iter().filter(|path| path.is_file()).collect())
}

fn read_from(path: &Path) -> Result<Option<TableFile>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io(path, "could not be read", &e)),
    };
    let place = Place::file(path);
    let text = utf8_text(place.clone(), bytes)?;
    Ok(Some(TableFile { place, text }))
}

/// The packed files by path, as they are packed; found once a process.
fn packed() -> Result<&'static BTreeMap<&'static str, &'static [u8]>> {
    static FILES: OnceLock<Option<BTreeMap<&'static str, &'static [u8]>>> = OnceLock::new();
    FILES.get_or_init(contents).as_ref().ok_or_else(damaged)
}

fn damaged() -> Error {
    Error::new("the tables inside this binary are damaged; install it again")
}

fn contents() -> Option<BTreeMap<&'static str, &'static [u8]>> {
    let mut files = BTreeMap::new();
    let mut rest = PACKED;
    while !rest.is_empty() {
        let path = std::str::from_utf8(take_block(&mut rest)?).ok()?;
        files.insert(path, take_block(&mut rest)?);
    }
    Some(files)
}

/// Four bytes of length, then that many bytes.
fn take_block(rest: &mut &'static [u8]) -> Option<&'static [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (block, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = after;
    Some(block)
}

fn unpacked(packed: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = flate2::read::DeflateDecoder::new(packed).read_to_end(&mut bytes);
    read.map_err(|_| damaged())?;
    Ok(bytes)
}
