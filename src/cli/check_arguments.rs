//! The arguments of `check` as typed.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::arguments::Tables;
use super::door_arguments::DoorArguments;
use super::reading_arguments::ReadingArguments;

/// `check …`
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The records: files and folders, - for standard input
    #[arg(required = true)]
    pub records: Vec<PathBuf>,
    /// The scheme whose code lists the codes must stand in [default: the first lists of the tables]
    #[arg(short = 't', long, value_name = "SCHEME")]
    pub scheme: Option<String>,
    /// Also check what pricing needs: hospital, person, dates, the bill
    #[arg(long)]
    pub money: bool,
    /// Folder for the results, or FILE.csv for the findings alone [default: standard output]
    #[arg(
        short,
        long,
        value_name = "DIR or FILE",
        default_value = "-",
        hide_default_value = true
    )]
    pub output: PathBuf,
    /// What is done otherwise here: a file, or the name of a profile among the tables
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<PathBuf>,
    /// What is done to rows before they are read.
    #[command(flatten)]
    pub door: DoorArguments,
    /// How records are to be read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// No date may lie after this day (2026-01-31); without it the edit is not asked
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    /// Also write findings.xlsx
    #[arg(long)]
    pub xlsx: bool,
    /// Also write the accepted records as neutral.csv
    #[arg(long)]
    pub neutral: bool,
    /// Write at most N findings of one edit and file, and count the others
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub max_findings: u64,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}
