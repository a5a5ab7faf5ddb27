//! The arguments of `layouts` and `convert` as typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::arguments::{ResultFile, Tables};
use super::reading_arguments::ReadingArguments;

/// `layouts …`
#[derive(Debug, Subcommand)]
pub enum LayoutsCommand {
    /// Every layout: id, form, columns, the headers it is told by
    List {
        /// Where tables are looked for.
        #[command(flatten)]
        tables: Tables,
    },
    /// One layout: which headers each neutral column is made of
    Show {
        /// The layout's id, or a layout file ending in .toml
        #[arg(value_name = "ID or FILE")]
        layout: String,
        /// Where tables are looked for.
        #[command(flatten)]
        tables: Tables,
    },
    /// How a layout fits a file: columns that are read, that are not, and that are missing
    #[command(
        after_help = "Example: dianzhi layouts check export.csv --layout my-hospital.toml\n\n\
Exit codes: 0 nothing is missing; 1 some column is, under --strict; 2 no layout fits."
    )]
    Check(LayoutsCheckArguments),
}

/// `layouts check …`
#[derive(Debug, Args)]
pub struct LayoutsCheckArguments {
    /// The records, - for standard input
    pub records: PathBuf,
    /// How records are to be read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}

/// `convert …`
#[derive(Debug, Args)]
pub struct ConvertArguments {
    /// The records: files and folders, - for standard input
    #[arg(required = true)]
    pub records: Vec<PathBuf>,
    /// Where the neutral file goes.
    #[command(flatten)]
    pub output: ResultFile,
    /// Write findings to FILE as CSV
    #[arg(long, value_name = "FILE")]
    pub findings: Option<PathBuf>,
    /// How records are to be read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}
