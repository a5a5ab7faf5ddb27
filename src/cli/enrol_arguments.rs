//! The arguments of `enrol` as typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::table_arguments::TableArguments;

/// `enrol …`
#[derive(Debug, Subcommand)]
pub enum EnrolCommand {
    /// Persons, payments and lists against the rules of enrolment
    #[command(
        after_help = "Example: dianzhi enrol check persons/ -p scenarios/benefit/sample-region/finance.toml -o checked/\n\n\
PERSONS are folders, or the files persons.csv, coverage.csv, payments.csv, subsidies.csv and lists.csv; columns by name:\n\
  persons.csv    person, place, birth_date, died_on, ground\n\
  coverage.csv   person, insured_scheme, place, plan, benefit, enrolled_on, from, to\n\
  payments.csv   person, place, plan, who, benefit, paid_on, amount\n\
  subsidies.csv  person, place, plan, benefit, category, amount, granted_on\n\
  lists.csv      list, person, place, category, from, to\n\n\
Looks for waiting periods that are too short or too long, persons insured twice or not at all on a day, the dead still \
insured, poor persons without cover or subsidy, lists that differ, cases stuck between enrolment, payment and cover, \
grounds that are none, fees and subsidies that do not match. Writes findings.csv, lists.csv (the three differences), \
states.csv (how far poor persons have come) and run.json into DIR."
    )]
    Check(EnrolCheckArguments),
    /// A year's heads, fees, subsidies by payer, premium, income and bounds
    #[command(
        after_help = "Example: dianzhi enrol finance persons/ -p scenarios/benefit/sample-region/finance.toml --year 2021 -o finance/\n\n\
Writes heads.csv, fees.csv, subsidies.csv, premium.csv, income.csv (sources less uses is zero for every district), \
structure.csv (the person's share by financing year, and projected), bounds.csv (values against what the notices say), \
refunds.csv, findings.csv (fees and subsidies that do not match) and run.json into DIR."
    )]
    Finance(EnrolFinanceArguments),
    /// Generate persons with covers, payments, subsidies and lists; no real persons
    #[command(
        after_help = "Example: dianzhi enrol generate -p scenarios/benefit/sample-region/finance.toml --year 2021 --persons 20000 \
--defects 0.02 -o persons/\n\n\
Sound by the finance file, but for the stated share of persons with one planted defect each; truth.csv says which \
findings `enrol check` must give, by person and kind. The same options give the same bytes."
    )]
    Generate(EnrolGenerateArguments),
}

/// `enrol check …`
#[derive(Debug, Args)]
pub struct EnrolCheckArguments {
    /// Folders, or files of the five tables
    #[arg(required = true, value_name = "PERSONS")]
    pub persons: Vec<PathBuf>,
    /// The finance file: fees, subsidies, windows, waiting periods, bounds
    #[arg(short = 'p', long, value_name = "FILE")]
    pub policy: PathBuf,
    /// One year [default: every year that payments are for]
    #[arg(long, value_name = "YEAR")]
    pub year: Option<i16>,
    /// The tables reach to this day, e.g. 2021-06-30 [default: to the end of the year]
    #[arg(long, value_name = "DAY")]
    pub until: Option<Date>,
    /// How the tables are to be read.
    #[command(flatten)]
    pub reading: TableArguments,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
}

/// `enrol finance …`
#[derive(Debug, Args)]
pub struct EnrolFinanceArguments {
    /// Folders, or files of the five tables
    #[arg(required = true, value_name = "PERSONS")]
    pub persons: Vec<PathBuf>,
    /// The finance file: fees, subsidies, windows, waiting periods, bounds
    #[arg(short = 'p', long, value_name = "FILE")]
    pub policy: PathBuf,
    /// The year of cover
    #[arg(long, value_name = "YEAR")]
    pub year: i16,
    /// How the tables are to be read.
    #[command(flatten)]
    pub reading: TableArguments,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
}

/// `enrol generate …`
#[derive(Debug, Args)]
pub struct EnrolGenerateArguments {
    /// The finance file: fees, subsidies, windows, waiting periods, bounds
    #[arg(short = 'p', long, value_name = "FILE")]
    pub policy: PathBuf,
    /// The year of cover
    #[arg(long, value_name = "YEAR")]
    pub year: i16,
    /// How many persons
    #[arg(long, value_name = "N")]
    pub persons: u64,
    /// Other seed, other persons
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Share of persons with one planted defect
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub defects: f64,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
}
