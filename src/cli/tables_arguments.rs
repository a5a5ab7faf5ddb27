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
