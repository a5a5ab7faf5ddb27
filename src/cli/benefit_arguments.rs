//! The arguments of `benefit` as typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::table_arguments::TableArguments;
use crate::benefit::{BookRules, LateBill, Reversal};

/// `benefit …`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BenefitArguments {
    /// Explain, compare, or make bills up.
    #[command(subcommand)]
    pub what: Option<BenefitCommand>,
    /// The bills.
    #[command(flatten)]
    pub settle: SettleClaims,
}

/// What else can be done with bills.
#[derive(Debug, Subcommand)]
pub enum BenefitCommand {
    /// One bill in words: base, formula, parameters with their clause, counters before and after
    #[command(
        after_help = "Example: dianzhi benefit explain scenarios/benefit-sample/claims.csv S7 \
-p scenarios/benefit/sample-region/resident.toml --lang zh\n\n\
The earlier bills of the person and the family in the file are settled first; with --ledger, after what \
the ledger holds of them."
    )]
    Explain(ExplainBill),
    /// Two policies over the same bills: who pays what by payer, household and category
    #[command(
        after_help = "Example: dianzhi benefit compare scenarios/benefit-sample/claims.csv \
-p scenarios/benefit/sample-region/resident.toml --reform scenarios/benefit/sample-reform/resident.toml -o change/\n\n\
A reform is a benefit file that `extends` another and holds only what it changes. Writes payers.csv, \
households.csv, categories.csv, bills.csv, rejected.csv and run.json into DIR."
    )]
    Compare(CompareBenefits),
    /// Make bills and persons up: claims.csv and persons.csv; no real persons
    #[command(
        after_help = "Example: dianzhi benefit generate -p scenarios/benefit/sample-region/resident.toml \
--persons 300000 --claims 1000000 --year 2022 -o made/\n\nThe same options give the same bytes."
    )]
    Generate(GenerateClaims),
}

/// Bills, and what they are settled with. What is required is typed as optional, since a
/// subcommand takes its place.
#[derive(Debug, Args)]
pub struct Bills {
    /// The bills: CSV in any encoding or a workbook, `-` for standard input, with settlement, person, level, discharge_date, total_fee, fee_own, fee_over, fee_pre,
    /// fee_scope, and more where a rule asks
    #[arg(required = true)]
    pub claims: Option<PathBuf>,
    /// The benefit file
    #[arg(short, long, value_name = "FILE", required = true)]
    pub policy: Option<PathBuf>,
    /// Persons with cover, categories and status by day: CSV, one row an interval
    #[arg(long, value_name = "FILE")]
    pub persons: Option<PathBuf>,
    /// Fee lines of the bills: settlement, date, amount, class, selfpay_prop, price, limit, quantity
    #[arg(long, value_name = "FILE")]
    pub lines: Option<PathBuf>,
    /// Leave out assistance and tail tiers that need an unknown value, and say so on the slip
    #[arg(long)]
    pub skip_unknown_tiers: bool,
    /// What happens to later settlements when one is reversed
    #[arg(long, value_enum, default_value_t = ReversalWord::RefuseIfLater)]
    pub reversal: ReversalWord,
    /// What happens when a bill is older than one already settled
    #[arg(long, value_enum, default_value_t = LateWord::AsArrived)]
    pub late: LateWord,
    /// Nothing discharged before this day is reversed
    #[arg(long, value_name = "DATE")]
    pub open_from: Option<Date>,
    /// How the tables are to be read.
    #[command(flatten)]
    pub reading: TableArguments,
}

/// `benefit CLAIMS …`
#[derive(Debug, Args)]
pub struct SettleClaims {
    /// The bills.
    #[command(flatten)]
    pub bills: Bills,
    /// A ledger of settlements: bills of before are taken up, these are added
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR", required = true)]
    pub output: Option<PathBuf>,
}

/// `benefit explain …`
#[derive(Debug, Args)]
pub struct ExplainBill {
    /// The bills.
    #[command(flatten)]
    pub bills: Bills,
    /// The settlement's id
    #[arg(index = 2)]
    pub settlement: String,
    /// A ledger of settlements: the year of the person and the family in it comes before; a bill that
    /// it has is explained as it stood then
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// As JSON, amounts in fen
    #[arg(long)]
    pub json: bool,
}

/// `benefit compare …`
#[derive(Debug, Args)]
pub struct CompareBenefits {
    /// The bills.
    #[command(flatten)]
    pub bills: Bills,
    /// The other benefit file
    #[arg(long, value_name = "FILE")]
    pub reform: PathBuf,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
}

/// `benefit generate …`
#[derive(Debug, Args)]
pub struct GenerateClaims {
    /// The benefit file whose plans, levels and categories are used
    #[arg(short, long, value_name = "FILE")]
    pub policy: PathBuf,
    /// How many persons
    #[arg(long, value_name = "N")]
    pub persons: u64,
    /// How many bills
    #[arg(long, value_name = "N")]
    pub claims: u64,
    /// The year
    #[arg(long, value_name = "YEAR")]
    pub year: i16,
    /// Random seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Folder for the results
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
}

/// As typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ReversalWord {
    /// It is refused.
    RefuseIfLater,
    /// Later ones stay as they are.
    MirrorOnly,
    /// Later ones are replayed, with vouchers for the differences.
    MirrorAndReplay,
}

/// As typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LateWord {
    /// It is settled as it arrives.
    AsArrived,
    /// Later ones are replayed.
    Replay,
}

impl Bills {
    /// The settings of the book.
    pub fn rules(&self) -> BookRules {
        BookRules {
            reversal: match self.reversal {
                ReversalWord::RefuseIfLater => Reversal::RefuseIfLater,
                ReversalWord::MirrorOnly => Reversal::MirrorOnly,
                ReversalWord::MirrorAndReplay => Reversal::MirrorAndReplay,
            },
            late: match self.late {
                LateWord::AsArrived => LateBill::AsArrived,
                LateWord::Replay => LateBill::Replay,
            },
            open_from: self.open_from,
        }
    }
}
