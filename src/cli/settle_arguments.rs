//! The arguments of `settle` as typed.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};

use super::arguments::{ResultFile, Tables};
use super::reading_arguments::ReadingArguments;
use crate::api::PoolAmount;
use crate::diagnostics::Evidence;
use crate::units::{Fen, Rate, Ratio};

/// `settle …`
#[derive(Debug, Subcommand)]
pub enum SettleCommand {
    /// Post a month's cases, and earlier ones that were not posted yet, and close the month
    #[command(
        after_help = "Example: dianzhi settle month scenarios/sample-region.toml --month 2022-01 \
--ledger 2022.ledger --author Wang --accept-evidence assumption\n\n\
One transaction: the month is closed whole, for all pools, or not at all. Closing it again with the same cases \
writes nothing. Months close in their order, from the first of the scenario's year; one without cases too. While \
records of the month cannot be taken it is not closed: mend them, or name their number by --leave-out. \
Writes one row a pool and hospital: cases, booked, deposit, deductions, cash, hash of the month."
    )]
    Month(MonthArguments),
    /// Clear the scenario's year from the ledger: what is still to be paid or asked back
    #[command(
        after_help = "Example: dianzhi settle year scenarios/sample-region.toml --ledger 2022.ledger \
--author Wang --accept-evidence assumption -o clearing/\n\n\
The records are those of the whole year: each case is recomputed by the rules of its own month with the whole year \
known, and what differs is entered in the clearing period. While a month is open, or records and ledger do not agree, \
the result is a preview: it says so, and nothing is kept. Writes into DIR: clearing.csv (one row a pool and hospital, the due after each step of the pack), pools.csv (sources, \
uses, a difference of zero), cases.csv (each case with its kind and why), and the first two together as clearing.xlsx \
(a sheet a pool, sums as formulas) and clearing.html (to be printed)."
    )]
    Year(YearArguments),
    /// Reverse a case in an open month: the mirror of everything posted for it
    Reverse(EntryArguments),
    /// Bring what was booked for a case to another amount, in an open month
    Adjust {
        /// What it should be booked at, in yuan
        #[arg(long, value_name = "YUAN", value_parser = yuan, allow_negative_numbers = true)]
        amount: Fen,
        /// The entry.
        #[command(flatten)]
        entry: EntryArguments,
    },
    /// Give a hospital an advance; it is taken back at the clearing
    Advance {
        /// The ledger: a file, or postgres://user@host/database
        #[arg(long, value_name = "FILE")]
        ledger: PathBuf,
        /// The scenario that names pools and hospitals, needed before the first month is closed
        #[arg(long, value_name = "FILE")]
        scenario: Option<PathBuf>,
        /// The pool, e.g. employee
        #[arg(long)]
        pool: String,
        /// The hospital
        #[arg(long)]
        hospital: String,
        /// The amount in yuan
        #[arg(long, value_name = "YUAN", value_parser = yuan)]
        amount: Fen,
        /// The day, e.g. 2026-01-31
        #[arg(long)]
        day: String,
        /// Who gives it
        #[arg(long)]
        author: String,
    },
    /// One hospital's year: months, entries, clearing, hashes of the closed months; as CSV, or as a workbook or
    /// page where FILE ends in .xlsx or .html
    Statement {
        /// The ledger: a file, or postgres://user@host/database
        #[arg(long, value_name = "FILE")]
        ledger: PathBuf,
        /// The pool, e.g. employee
        #[arg(long)]
        pool: String,
        /// The year, e.g. 2026
        #[arg(long)]
        year: String,
        /// The hospital
        #[arg(long)]
        hospital: String,
        /// Where it goes.
        #[command(flatten)]
        output: ResultFile,
    },
    /// Our result against one that comes back, case by case and column by column
    #[command(
        after_help = "Example: dianzhi settle compare clearing/cases.csv return.xlsx --mapping return.toml -o compared/\n\n\
The mapping is TOML:\n\n\
  schema = 1\n  key = { case_id = \"结算清单号\" }\n  nothing = [\"-\", \"NULL\"]\n  \
[compare.due]\n  theirs = \"应支付金额\"\n  kind = \"money\"        # or number, word\n  \
unit = \"yuan\"         # or fen\n  tolerance = \"0.01\"\n  [compare.kind]\n  theirs = \"病例类型\"\n  \
kind = \"word\"\n  words = { \"正常\" = \"normal\", \"高倍率\" = \"high\" }\n\n\
What is empty in theirs is unknown, never zero: it is told and left out of every sum. Writes differences.csv, \
summary.csv and both as comparison.xlsx into DIR."
    )]
    Compare(CompareArguments),
}

/// `settle compare …`
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// Our result: cases.csv of a run or of a cleared year
    #[arg(value_name = "OURS")]
    pub ours: PathBuf,
    /// What came back: CSV in any encoding, or a workbook
    #[arg(value_name = "THEIRS")]
    pub theirs: PathBuf,
    /// How it is read: key, columns, units, words
    #[arg(long, value_name = "FILE")]
    pub mapping: PathBuf,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
}

/// What months and years have in common.
#[derive(Debug, Args)]
pub struct LedgerArguments {
    /// The scenario: records, policy, budgets
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Other records than the scenario names
    #[arg(long, value_name = "FILE")]
    pub records: Option<PathBuf>,
    /// The ledger: a file, or postgres://user@host/database; made if it is not there
    #[arg(long, value_name = "FILE")]
    pub ledger: PathBuf,
    /// Who settles
    #[arg(long)]
    pub author: String,
    /// Weakest evidence to settle with: official, local, secondary or assumption
    #[arg(long, value_name = "WORD", default_value = "local", value_parser = evidence)]
    pub accept_evidence: Evidence,
    /// Write what is wrong with the records into FILE, one row a finding
    #[arg(long, value_name = "FILE")]
    pub findings: Option<PathBuf>,
    /// Go on without so many records that cannot be taken; N must be their number
    #[arg(long, value_name = "N")]
    pub leave_out: Option<u64>,
    /// How records are read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}

/// `settle month …`
#[derive(Debug, Args)]
pub struct MonthArguments {
    /// What is settled.
    #[command(flatten)]
    pub of: LedgerArguments,
    /// The month, e.g. 2026-01
    #[arg(long)]
    pub month: String,
    /// Last year's price of a point in yuan, by pool (several times)
    #[arg(long, value_name = "POOL=YUAN", value_parser = pair::<Rate>)]
    pub price: Vec<(String, Rate)>,
    /// A reversed case whose list is posted again although it is what it was (several times)
    #[arg(long, value_name = "CASE")]
    pub again: Vec<String>,
    /// Where it goes.
    #[command(flatten)]
    pub output: ResultFile,
}

/// `settle year …`
#[derive(Debug, Args)]
pub struct YearArguments {
    /// What is settled.
    #[command(flatten)]
    pub of: LedgerArguments,
    /// Assessment score of a hospital (several times)
    #[arg(long, value_name = "HOSPITAL=SCORE", value_parser = pair::<Ratio>)]
    pub assess: Vec<(String, Ratio)>,
    /// A case found in violation: CASE_ID, HOSPITAL/CASE_ID or HOSPITAL/CASE_ID/DATE (several times)
    #[arg(long, value_name = "CASE")]
    pub violation: Vec<String>,
    /// Reviews of single cases, in the order in which they were taken: CSV with case_id, outcome
    /// (by_item_rate, uplift, extra_points, agreed), value; hospital and discharge_date may stand around case_id
    #[arg(long, value_name = "FILE")]
    pub decisions: Option<PathBuf>,
    /// An approved change of a budget (several times)
    #[arg(long, value_name = "POOL:KIND=YUAN", value_parser = pool_amount, allow_negative_numbers = true)]
    pub change: Vec<PoolAmount>,
    /// What leaves a budget first (several times)
    #[arg(long, value_name = "POOL:KIND=YUAN", value_parser = pool_amount)]
    pub carveout: Vec<PoolAmount>,
    /// Reserve of earlier years that an overrun may draw on (several times)
    #[arg(long, value_name = "POOL=YUAN", value_parser = pool_yuan)]
    pub reserve: Vec<(String, Fen)>,
    /// Lock the clearing: it is never rewritten
    #[arg(long)]
    pub lock: bool,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
}

/// An entry in an open month.
#[derive(Debug, Args)]
pub struct EntryArguments {
    /// The ledger: a file, or postgres://user@host/database
    #[arg(long, value_name = "FILE")]
    pub ledger: PathBuf,
    /// The pool, e.g. employee
    #[arg(long)]
    pub pool: String,
    /// Number of the case
    #[arg(long, value_name = "CASE_ID")]
    pub case: String,
    /// Its hospital, where several have a case of this number
    #[arg(long)]
    pub hospital: Option<String>,
    /// Its day of discharge, where one hospital has several cases of this number
    #[arg(long, value_name = "DATE")]
    pub discharge: Option<String>,
    /// The open month that takes the entry, e.g. 2026-07; 2026-13 is the clearing period of 2026
    #[arg(long)]
    pub month: String,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// Who
    #[arg(long)]
    pub author: String,
}

fn yuan(text: &str) -> Result<Fen, String> {
    Fen::parse_yuan(text).map_err(|e| e.to_string())
}

/// `pool=yuan`.
fn pool_yuan(text: &str) -> Result<(String, Fen), String> {
    let (pool, amount) = text.split_once('=').ok_or("expected POOL=YUAN")?;
    Ok((pool.to_owned(), yuan(amount)?))
}

/// `pool:kind=yuan`.
fn pool_amount(text: &str) -> Result<PoolAmount, String> {
    let (name, amount) = pool_yuan(text)?;
    let (pool, kind) = name.split_once(':').ok_or("expected POOL:KIND=YUAN")?;
    Ok(PoolAmount {
        pool: pool.to_owned(),
        kind: kind.to_owned(),
        amount,
    })
}

fn evidence(text: &str) -> Result<Evidence, String> {
    use Evidence::{Assumption, Local, Official, Secondary};
    let found = [Official, Local, Secondary, Assumption]
        .into_iter()
        .find(|evidence| evidence.as_str() == text);
    found.ok_or_else(|| "expected official, local, secondary or assumption".to_owned())
}

/// `name=value`.
fn pair<T: FromStr<Err = crate::units::ParseError>>(text: &str) -> Result<(String, T), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let value = value
        .parse()
        .map_err(|e: crate::units::ParseError| e.to_string())?;
    Ok((name.to_owned(), value))
}
