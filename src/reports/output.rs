//! Files written whole or not at all.

use std::io::{BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::diagnostics::{Error, Result};

const BUFFER: usize = 1 << 18;

/// A result file, or standard output for `-` (输出文件).
///
/// A file is written under a temporary name beside its own and renamed by [`Output::finish`];
/// dropped before that it leaves nothing behind.
pub struct Output {
    sink: Sink,
    path: PathBuf,
}

enum Sink {
    File(BufWriter<NamedTempFile>),
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
        let sink = Sink::File(BufWriter::with_capacity(BUFFER, file));
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
            Sink::File(file) => file.write_all(bytes),
            Sink::Standard(out) => out.write_all(bytes),
        };
        written.map_err(|e| Error::io(&self.path, "could not be written", &e))
    }

    /// Makes the file appear under its name.
    ///
    /// # Errors
    /// The rest cannot be written, or the name is taken by a folder.
    pub fn finish(self) -> Result<()> {
        let failed = |e| Error::io(&self.path, "could not be written", &e);
        match self.sink {
            Sink::File(file) => {
                let file = file.into_inner().map_err(|e| failed(e.into_error()))?;
                file.persist(&self.path).map_err(|e| failed(e.error))?;
            }
            Sink::Standard(mut out) => out.flush().map_err(failed)?,
        }
        Ok(())
    }
}

/// Writes a small file whole.
///
/// # Errors
/// See [`Output`].
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut out = Output::create(path)?;
    out.put(bytes)?;
    out.finish()
}
