//! Schemes compared.

use std::path::{Path, PathBuf};

use super::{Watch, refuse_overwriting};
use crate::diagnostics::{Error, Place, Result, did_you_mean};
use crate::reports::{Output, changes_csv, changes_text};
use crate::tables::{Change, CodeLists, Library, SCHEME_FILES, Scheme, Wording, compare};

/// Compare two schemes (比较方案).
#[derive(Clone, Debug)]
pub struct DiffRequest {
    /// The older: id of a scheme, or its folder.
    pub old: PathBuf,
    /// The newer.
    pub new: PathBuf,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// Where the list of changes goes, a CSV row each.
    pub output: Option<PathBuf>,
    /// Do not cut long lists of codes in the words.
    pub all: bool,
}

/// Two schemes compared (比较结果).
pub struct Compared {
    /// Every change, in the order of the newer scheme.
    pub changes: Vec<Change>,
    /// The same in words.
    pub words: String,
}

/// Compares two schemes and writes the list of changes (比较方案).
///
/// # Errors
/// A scheme cannot be loaded; the list cannot be written.
pub fn diff(request: &DiffRequest, watch: &Watch<'_>) -> Result<Compared> {
    let (old, old_lists) = load(&request.old, &request.tables)?;
    let (new, new_lists) = load(&request.new, &request.tables)?;
    let lang = watch.lang;
    let old = Wording {
        scheme: &old,
        lists: &old_lists,
        lang,
    };
    let new = Wording {
        scheme: &new,
        lists: &new_lists,
        lang,
    };
    let changes = compare(old, new);
    if let Some(output) = &request.output {
        let folders = [&request.old, &request.new].into_iter();
        let inputs: Vec<PathBuf> = folders
            .flat_map(|folder| SCHEME_FILES.map(|name| folder.join(name)))
            .collect();
        refuse_overwriting([output.clone()], inputs.iter().map(PathBuf::as_path))?;
        let mut out = Output::create(output)?;
        out.put(changes_csv(&changes).bytes())?;
        out.finish()?;
    }
    let words = changes_text(old, new, &changes, request.all);
    Ok(Compared { changes, words })
}

/// A scheme by id or by folder, with its code lists. What a folder extends is looked for beside it
/// first.
fn load(named: &Path, tables: &[PathBuf]) -> Result<(Scheme, CodeLists)> {
    let (library, id) = if named.join("scheme.toml").is_file() {
        beside(named, tables)?
    } else if named.is_dir() && named.components().count() > 1 {
        let message = "this folder has no scheme.toml; expected the folder of a scheme, or a scheme's id";
        return Err(Error::at(Place::file(named), message));
    } else {
        (by_id(named, tables)?, named.to_string_lossy().into_owned())
    };
    let scheme = Scheme::load(&library, &id)?;
    let lists = CodeLists::of(&library, &scheme)?;
    Ok((scheme, lists))
}

/// The tables in which a scheme is looked for by its id; what can only be a folder must exist.
pub(super) fn by_id(named: &Path, tables: &[PathBuf]) -> Result<Library> {
    let library = Library::find(tables)?;
    let refuse = |message: &str| Err(Error::at(Place::file(named), message));
    let written = named.to_string_lossy();
    let has_separator = written.contains(std::path::is_separator);
    if named.exists() && has_separator {
        return refuse("this is a file; expected the folder of a scheme, or a scheme's id");
    }
    if has_separator {
        return refuse("this folder does not exist");
    }
    let ids = library.scheme_ids()?;
    let near_an_id = || did_you_mean(&written, ids.iter().map(String::as_str)).is_some();
    if written.contains('.') && !near_an_id() {
        return refuse(if named.exists() {
            "this is no scheme's folder: it has no scheme.toml"
        } else {
            "this is neither a folder that exists nor near the id of a scheme"
        });
    }
    Ok(library)
}

/// The library that finds the scheme of this folder under its name.
fn beside(folder: &Path, tables: &[PathBuf]) -> Result<(Library, String)> {
    let whole = folder
        .canonicalize()
        .map_err(|e| Error::io(folder, "could not be read", &e))?;
    let (Some(parent), Some(name)) = (folder_above(folder, &whole), whole.file_name()) else {
        return Err(Error::at(Place::file(folder), "this is no scheme's folder"));
    };
    let mut places = vec![parent];
    places.extend_from_slice(tables);
    Ok((Library::find(&places)?, name.to_string_lossy().into_owned()))
}

/// As the user wrote it where that is enough, so that messages show his words.
fn folder_above(written: &Path, whole: &Path) -> Option<PathBuf> {
    let same_name = written.file_name() == whole.file_name();
    match written.parent() {
        Some(parent) if same_name && !parent.as_os_str().is_empty() => Some(parent.to_owned()),
        _ => whole.parent().map(Path::to_owned),
    }
}
