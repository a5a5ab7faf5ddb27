//! The arguments of `pack` and `regroup` as typed.

use std::path::PathBuf;

use clap::Args;

use super::arguments::{ResultFile, Tables};
use super::reading_arguments::ReadingArguments;

/// `pack …`
#[derive(Debug, Args)]
pub struct PackArguments {
    /// The records: files and folders, - for standard input
    #[arg(required = true)]
    pub records: Vec<PathBuf>,
    /// The packed file, usually named .dzc; - for standard output
    #[arg(short, long, value_name = "FILE.dzc")]
    pub output: PathBuf,
    /// Write findings to FILE as CSV
    #[arg(long, value_name = "FILE")]
    pub findings: Option<PathBuf>,
    /// How records are to be read.
    #[command(flatten)]
    pub reading: ReadingArguments,
}

/// `regroup …`
#[derive(Debug, Args)]
pub struct RegroupArguments {
    /// The records, CSV or packed, - for standard input
    pub records: PathBuf,
    /// The old scheme; `dianzhi tables list` names them
    #[arg(value_name = "A")]
    pub old: String,
    /// The new scheme
    #[arg(value_name = "B")]
    pub new: String,
    /// Where the result goes.
    #[command(flatten)]
    pub output: ResultFile,
    /// Also write a row for each case that moved: case_id, old_group, new_group
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,
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
