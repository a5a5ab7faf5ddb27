//! In which form made records are written, as typed.

use clap::Args;

use crate::diagnostics::{Error, Result};
use crate::records::{LayoutChoice, RecordFormat, TextEncoding};

/// The layout of a region's records where nothing is said.
const USUAL_LAYOUT: &str = "neutral";

/// In which form the records of a region are written.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Form of a region's records")]
pub struct FormArguments {
    /// The layout: an id, or a layout file ending in .toml [default: neutral; `dianzhi layouts list`
    /// names them]
    #[arg(long, value_name = "ID or FILE", requires = "plan")]
    pub layout: Option<String>,
    /// csv, xlsx, dbf, json or ndjson [default: csv, of layouts of messages json]
    #[arg(long, value_name = "NAME", requires = "plan")]
    pub format: Option<String>,
    /// utf-8, gb18030, gbk, utf-16le or utf-16be [default: utf-8, in dbf gb18030]
    #[arg(long, value_name = "NAME", requires = "plan")]
    pub encoding: Option<String>,
    /// The edition of the codes, e.g. clinical-2.0 [default: that of the layout, else of the scheme]
    #[arg(long, value_name = "VERSION", requires = "plan")]
    pub codes: Option<String>,
}

impl FormArguments {
    /// The layout.
    pub fn layout(&self) -> LayoutChoice {
        LayoutChoice::typed(self.layout.as_deref().unwrap_or(USUAL_LAYOUT))
    }

    /// The kind of file, if one is said.
    ///
    /// # Errors
    /// It is none.
    pub fn format(&self) -> Result<Option<RecordFormat>> {
        let format = self.format.as_deref().map(RecordFormat::typed).transpose();
        format.map_err(|e| Error::new(format!("--format: {e}")))
    }

    /// The encoding, if one is said.
    ///
    /// # Errors
    /// It is none.
    pub fn encoding(&self) -> Result<Option<TextEncoding>> {
        let encoding = self.encoding.as_deref().map(TextEncoding::typed).transpose();
        encoding.map_err(|e| Error::new(format!("--encoding: {e}")))
    }
}
