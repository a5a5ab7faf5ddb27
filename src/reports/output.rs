//! Files written whole or not at all.

use std::io::{BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::diagnostics::{Error, Place, Result, Unfinished};

const BUFFER: usize = 1 << 16;

/// A result file, or standard output for `-` (输出文件).
///
/// A file is written under a temporary name beside its own and renamed by [`Output::finish`];
/// dropped before that it leaves nothing behind.
pub struct Output {
    sink: Sink,
    path: PathBuf,
}

enum Sink {
    /// Under a temporary name, marked as such.
    File(BufWriter<NamedTempFile>, Unfinished),
    /// A pipe or device: there is nothing to rename.
    Through(BufWriter<std::fs::File>),
    Standard(BufWriter<Stdout>),
}

impl Output {
    /// Opens the place to write to; missing folders are made.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub fn create(path: &Path) -> Result<Output> {
        if path.as_os_str() == "-" {
            let sink = Sink::Standard(BufWriter::with_capacity(BUFFER, std::io::stdout()));
            return Ok(Output {
                sink,
                path: PathBuf::from("(standard output)"),
            });
        }
        // a link is written where it points to
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let path = target.as_path();
        match std::fs::metadata(path) {
            Ok(there) if there.is_dir() => {
                return Err(Error::at(
                    Place::file(path),
                    "this is a folder; expected the name of a file",
                ));
            }
            Ok(there) if !there.is_file() => {
                let failed = |e| Error::io(path, "could not be written", &e);
                let device = std::fs::OpenOptions::new()
                    .write(true)
                    .open(path)
                    .map_err(failed)?;
                let sink = Sink::Through(BufWriter::with_capacity(BUFFER, device));
                return Ok(Output {
                    sink,
                    path: path.to_owned(),
                });
            }
            _ => {}
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let failed = |e| Error::io(path, "could not be written", &e);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".dianzhi-").suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666)); // less the umask
        }
        let file = builder.tempfile_in(folder).map_err(failed)?;
        let mark = Unfinished::new(file.path());
        let sink = Sink::File(BufWriter::with_capacity(BUFFER, file), mark);
        Ok(Output {
            sink,
            path: path.to_owned(),
        })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// The disk is full, the pipe closed.
    pub fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.sink {
            Sink::File(file, _) => file.write_all(bytes),
            Sink::Through(out) => out.write_all(bytes),
            Sink::Standard(out) => out.write_all(bytes),
        };
        written.map_err(|e| self.failed(&e))
    }

    /// The reader of a closed pipe has seen enough: that is the end, but no fault.
    fn failed(&self, error: &std::io::Error) -> Error {
        let closed = error.kind() == std::io::ErrorKind::BrokenPipe;
        match &self.sink {
            Sink::Standard(_) | Sink::Through(_) if closed => Error::silent(),
            _ => Error::io(&self.path, "could not be written", error),
        }
    }

    /// Makes the file appear under its name.
    ///
    /// # Errors
    /// The rest cannot be written, or the name is taken by a folder.
    pub fn finish(self) -> Result<()> {
        let failed = |e| Error::io(&self.path, "could not be written", &e);
        match self.sink {
            Sink::File(file, mark) => {
                let file = file.into_inner().map_err(|e| failed(e.into_error()))?;
                let renamed = mark.finish(|| file.persist(&self.path));
                renamed.map_err(|e| failed(e.error))?;
            }
            Sink::Through(mut out) => out.flush().map_err(failed)?,
            Sink::Standard(mut out) => match out.flush() {
                Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => return Err(Error::silent()),
                done => done.map_err(failed)?,
            },
        }
        Ok(())
    }
}

/// Writes several files; none appears under its name before all are written.
///
/// # Errors
/// See [`Output`].
pub fn write_together<'f>(files: impl IntoIterator<Item = (PathBuf, &'f [u8])>) -> Result<()> {
    let mut written = Vec::new();
    for (path, bytes) in files {
        let mut out = Output::create(&path)?;
        out.put(bytes)?;
        written.push(out);
    }
    written.into_iter().try_for_each(Output::finish)
}
