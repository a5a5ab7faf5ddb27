//! The arguments of `tables diff` and `tables import` as typed.

use std::path::PathBuf;

use clap::Args;

use super::arguments::Tables;

/// `tables diff …`
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// The older scheme: an id, or the folder of a scheme
    #[arg(value_name = "A")]
    pub old: PathBuf,
    /// The newer scheme
    #[arg(value_name = "B")]
    pub new: PathBuf,
    /// Write every change as a CSV row to FILE: kind, mdc, adrg, group, code, name, before, after;
    /// the counts are said on standard error
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Do not cut long lists of codes
    #[arg(long)]
    pub all: bool,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}

/// `tables import …`
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The workbook, .xlsx
    #[arg(value_name = "FILE.xlsx")]
    pub workbook: PathBuf,
    /// What its sheets hold and what its words mean
    #[arg(long, value_name = "MAP.toml")]
    pub mapping: PathBuf,
    /// The scheme's folder; its name becomes the scheme's id
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// The cells not understood, and other remarks [default: DIR.report.csv]
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write over the scheme folder if it is there
    #[arg(long)]
    pub replace: bool,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}
