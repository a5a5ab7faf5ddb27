//! The arguments of `indicators` as typed.

use std::path::PathBuf;

use clap::Args;

/// `indicators …`
#[derive(Debug, Args)]
pub struct IndicatorArguments {
    /// The grouped records: one file or several
    #[arg(required = true)]
    pub grouped: Vec<PathBuf>,
    /// Weights of the groups, as `dianzhi calibrate` writes them
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// Grouped records of the region to compare with (may be given several times) [default: the records
    /// themselves]
    #[arg(long, value_name = "FILE")]
    pub reference: Vec<PathBuf>,
    /// How indicators are taken, e.g. scenarios/indicators.toml
    #[arg(long, value_name = "PLAN.toml")]
    pub plan: PathBuf,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
}
