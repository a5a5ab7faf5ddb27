//! The arguments of `simulate` as typed.

use std::path::PathBuf;

use clap::Args;

use super::arguments::Tables;
use super::door_arguments::CodesArguments;
use super::reading_arguments::ReadingArguments;

/// `simulate …`
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// A baseline, or reforms of one baseline; they compose in this order, the later one counts
    #[arg(required = true)]
    pub scenarios: Vec<PathBuf>,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// In which codes the records are.
    #[command(flatten)]
    pub codes: CodesArguments,
    /// How records are to be read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}
