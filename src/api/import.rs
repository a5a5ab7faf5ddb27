//! A scheme folder from a bureau's workbook.

use std::path::{Path, PathBuf};

use super::{Watch, refuse_overwriting};
use crate::diagnostics::{Error, Place, Result, Unfinished};
use crate::reports::{Output, remarks_csv};
use crate::tables::{Imported, Ledger, Library, SCHEME_FILES, Scheme, import as import_scheme};

/// Import a workbook (导入分组方案工作簿).
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// The workbook, .xlsx.
    pub workbook: PathBuf,
    /// What its sheets hold.
    pub mapping: PathBuf,
    /// The scheme's folder; its name becomes the scheme's id.
    pub output: PathBuf,
    /// Where the remarks go, a CSV row each; beside the folder if not said.
    pub report: Option<PathBuf>,
    /// Write over a scheme folder that is there.
    pub replace: bool,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
}

/// A workbook imported (导入结果).
pub struct ImportedScheme {
    /// The scheme's id.
    pub id: String,
    /// How many MDCs, core groups and groups.
    pub counts: [usize; 3],
    /// What became of every cell.
    pub ledger: Ledger,
    /// Where the remarks were written.
    pub report: PathBuf,
}

/// Makes a scheme folder of a workbook (导入分组方案工作簿): whole, and such that it loads, or not
/// at all.
///
/// # Errors
/// A file cannot be used; the mapping does not fit; the folder is there; what was made does not
/// load. The report is written even if the folder then is not.
pub fn import(request: &ImportRequest, watch: &Watch<'_>) -> Result<ImportedScheme> {
    let place = Place::file(&request.output);
    let Some(id) = request.output.file_name().and_then(|name| name.to_str()) else {
        return Err(Error::at(
            place,
            "expected the name of a folder; it becomes the scheme's id",
        ));
    };
    may_be_written(&request.output, request.replace)?;
    let beside = || request.output.with_file_name(format!("{id}.report.csv"));
    let report = request.report.clone().unwrap_or_else(beside);
    let inputs = [request.workbook.as_path(), request.mapping.as_path()];
    refuse_overwriting([report.clone()], inputs.into_iter())?;

    let library = Library::find(&request.tables)?;
    let made = import_scheme(&library, &request.workbook, &request.mapping, id, watch.lang)?;
    let mut out = Output::create(&report)?;
    out.put(remarks_csv(made.ledger.remarks()).bytes())?;
    out.finish()?;
    write_folder(request, id, &made)?;
    Ok(ImportedScheme {
        id: id.to_owned(),
        counts: made.counts,
        ledger: made.ledger,
        report,
    })
}

/// Nothing is written over that is not a scheme and nothing but a scheme, and that only when told
/// to.
fn may_be_written(folder: &Path, replace: bool) -> Result<()> {
    let place = Place::file(folder);
    if !folder.exists() {
        return Ok(());
    }
    if !replace {
        let message = "this folder is there already; choose another name, or say --replace";
        return Err(Error::at(place, message));
    }
    if !folder.join("scheme.toml").is_file() {
        let message = "--replace writes over the folder of a scheme only; this one has no scheme.toml";
        return Err(Error::at(place, message));
    }
    let unreadable = |e| Error::io(folder, "could not be listed", &e);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let name = name.to_string_lossy();
        if !SCHEME_FILES.contains(&&*name) {
            let message =
                format!("--replace would remove `{name}`, which is no table of a scheme; move it away");
            return Err(Error::at(place, message));
        }
    }
    Ok(())
}

/// Writes the files under another name beside their own, loads them, and renames the folder.
fn write_folder(request: &ImportRequest, id: &str, made: &Imported) -> Result<()> {
    let folder = &request.output;
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |e: std::io::Error| Error::io(folder, "could not be written", &e);
    std::fs::create_dir_all(parent).map_err(failed)?;
    let workshop = tempfile::Builder::new()
        .prefix(".dianzhi-")
        .tempdir_in(parent)
        .map_err(failed)?;
    let mark = Unfinished::new(workshop.path());
    let draft = workshop.path().join(id);
    std::fs::create_dir(&draft).map_err(failed)?;
    for (name, bytes) in &made.files {
        std::fs::write(draft.join(name), bytes).map_err(failed)?;
    }
    must_load(&request.tables, workshop.path(), id, folder)?;
    let renamed = mark.finish(|| {
        if folder.exists() {
            std::fs::rename(folder, workshop.path().join("before"))?;
        }
        std::fs::rename(&draft, folder)
    });
    renamed.map_err(failed)
}

/// What was made is read back like any scheme; its errors speak of the folder asked for.
fn must_load(tables: &[PathBuf], workshop: &Path, id: &str, folder: &Path) -> Result<()> {
    let beside = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut places = vec![workshop.to_owned()];
    places.extend(beside.map(Path::to_owned));
    places.extend_from_slice(tables);
    let library = Library::find(&places)?;
    let Err(error) = Scheme::load(&library, id) else {
        return Ok(());
    };
    let draft = workshop.join(id).to_string_lossy().into_owned();
    let words = error.to_string().replace(&draft, &folder.to_string_lossy());
    let first = Error::new("nothing was written, since the tables made do not load");
    Error::all(std::iter::once(first).chain(words.lines().map(Error::new)))
}
