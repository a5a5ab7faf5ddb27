//! How records are to be read, as typed; the same for every command that reads them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::arguments::Tables;
use crate::diagnostics::{Error, Result};
use crate::library::Library;
use crate::records::{Encoding, Intake, LayoutChoice};

/// How records are to be read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reading records")]
pub struct ReadingArguments {
    /// The layout of the records: an id, or a layout file ending in .toml [default: told by the
    /// headers; `dianzhi layouts list` names them]
    #[arg(long, value_name = "ID or FILE")]
    pub layout: Option<String>,
    /// utf-8, gb18030, gbk, utf-16le or utf-16be [default: found out]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// What separates cells: one character, or `tab` [default: a comma]
    #[arg(long, value_name = "CHAR")]
    pub delimiter: Option<String>,
    /// The sheet of a workbook [default: the first visible one]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// CSV of rows that belong to the records, under neutral column names: what the records lack
    #[arg(long, value_name = "FILE")]
    pub join: Option<PathBuf>,
    /// Also pass on this column of a foreign file (may be given several times)
    #[arg(long, value_name = "COLUMN")]
    pub keep: Vec<String>,
}

impl ReadingArguments {
    /// The first file, and how it and the others are to be read.
    ///
    /// # Errors
    /// An encoding or delimiter that is none; tables that cannot be used.
    pub fn of<'p>(&self, records: &'p [PathBuf], tables: Option<&Tables>) -> Result<(&'p Path, Intake)> {
        let (first, more) = records
            .split_first()
            .ok_or_else(|| Error::new("there are no files of records"))?;
        refuse_twice(records)?;
        let explicit = tables.map_or(&[][..], |tables| &tables.tables);
        let encoding = self.encoding.as_deref().map(Encoding::typed).transpose();
        let intake = Intake {
            layout: self
                .layout
                .as_deref()
                .map_or(LayoutChoice::Detect, LayoutChoice::typed),
            encoding: encoding.map_err(|e| Error::new(format!("--encoding: {e}")))?,
            delimiter: self.delimiter.as_deref().map(delimiter).transpose()?,
            sheet: self.sheet.clone(),
            join: self.join.clone(),
            keep: self.keep.clone(),
            library: Some(Library::find(explicit)?),
            more: more.to_vec(),
            ..Intake::default()
        };
        Ok((first, intake))
    }
}

/// A file named twice would count twice.
pub(super) fn refuse_twice(records: &[PathBuf]) -> Result<()> {
    let mut seen = HashSet::new();
    let twice = records.iter().find(|file| {
        let whole = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
        !seen.insert(whole)
    });
    match twice {
        None => Ok(()),
        Some(file) => Err(Error::new(format!(
            "{}: this file of records is named twice, and its cases would count twice",
            file.display()
        ))),
    }
}

pub(super) fn delimiter(typed: &str) -> Result<u8> {
    match typed.as_bytes() {
        b"tab" | b"\\t" | b"\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r' | 0) => Ok(*byte),
        _ => Err(Error::new(format!(
            "--delimiter: `{typed}` separates no cells; expected one ASCII character but a quote, or `tab`"
        ))),
    }
}
