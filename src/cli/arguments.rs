//! The arguments as typed; each is defined once, help comes from its words.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::benefit_arguments::BenefitArguments;
use super::check_arguments::CheckArguments;
use super::door_arguments::{CodesArguments, DoorArguments};
use super::enrol_arguments::EnrolCommand;
use super::form_arguments::FormArguments;
use super::indicator_arguments::IndicatorArguments;
use super::layouts_arguments::{ConvertArguments, LayoutsCommand};
use super::packed_arguments::{PackArguments, RegroupArguments};
use super::policy_arguments::PolicyCommand;
use super::reading_arguments::ReadingArguments;
use super::settle_arguments::SettleCommand;
use super::simulate_arguments::SimulateArguments;
use super::tables_arguments::{DiffArguments, ImportArguments};
use crate::diagnostics::Lang;

/// 点值 — hospital discharge records to money.
///
/// Groups discharge records by DRG, prices the groups from one regional budget, shares each bill
/// among basic insurance, critical illness insurance, medical assistance and the person, and says
/// what each hospital is paid. Rules are tables, never code.
#[derive(Debug, Parser)]
#[command(name = "dianzhi", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, findings are written out; 1 done, with findings, under --strict; \
2 could not run; 130 interrupted, leaving no half file.\nResults go to files or standard output, words to standard error; `-` is standard input or output."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// For every command.
    #[command(flatten)]
    pub common: Common,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Common {
    /// How many threads [default: all cores]; results do not depend on it
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Language of words: zh or en [default: from the locale]; column names never change
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<Lang>,
    /// Say nothing but errors
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Exit with 1 if there are findings
    #[arg(long, global = true)]
    pub strict: bool,
}

/// Where tables are looked for.
#[derive(Debug, Args)]
pub struct Tables {
    /// Look for schemes in DIR first (may be given several times); then in $DIANZHI_TABLES, in
    /// ./grouping-tables, and in the copy inside this program
    #[arg(long, value_name = "DIR")]
    pub tables: Vec<PathBuf>,
}

/// Where the one result of a command goes.
#[derive(Debug, Args)]
pub struct ResultFile {
    /// The result [default: standard output]
    #[arg(
        id = "output",
        short = 'o',
        long = "output",
        value_name = "FILE",
        default_value = "-",
        hide_default_value = true
    )]
    pub file: PathBuf,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole chain: group, price, settle, share; one statement per case
    #[command(after_help = "Example: dianzhi run scenarios/sample-region.toml -o out\n\n\
Writes cases.csv, hospitals.csv, pools.csv, slips.csv, findings.csv, rejected.csv, indicators.csv and run.json into \
DIR, each whole or not at all, and prints a summary; burden.csv and poor.csv where the scenario has [indicators], \
link.csv where it has [link].")]
    Run(RunArguments),
    /// Group records: each input row with status, mdc, adrg, group, group_name, mcc_cc, reason
    #[command(
        after_help = "Example: dianzhi group records.csv -t chongqing-2022 -o grouped.csv\n\n\
Records are CSV with a header, one row a case, columns by name in any order: case_id, sex (1/2), age, diagnoses \
(separated by |, principal first) are needed; procedures, age_days, weight_g, department, los_days, \
discharge_status, icu_hours are used if there; all others are passed through. UTF-8 or GB18030; as it is, or \
compressed by gzip or Zstandard; or a file of `dianzhi pack`.\n\
Here only the edits that decide whether a record can be grouped are run; `dianzhi check` runs all."
    )]
    Group(GroupArguments),
    /// Write checked cases in coded form (.dzc), to be grouped again and again at memory speed
    #[command(after_help = "Example: dianzhi pack records.csv -o records.dzc\n\n\
Reads and checks records as `group` does; rejected ones are counted, and left out. `group` and `regroup` take the \
packed file in place of the records; it holds what grouping reads, case_id, hospital and total_fee. The same \
records give the same bytes.")]
    Pack(PackArguments),
    /// Group the same records by two schemes: cases and cost by old and new group
    #[command(
        after_help = "Example: dianzhi regroup records.dzc chs-drg-1.0 chs-drg-1.1 -o crosswalk.csv --cases moved.csv\n\n\
One row for each old and new group with cases: status, mdc, adrg, group and name of both, cases, their share of the \
old group's cases, cases without a fee, cost (sum of total_fee) and mean cost in yuan."
    )]
    Regroup(RegroupArguments),
    /// Check records and write the findings: file, line, column, value, what was expected
    #[command(
        after_help = "Examples: dianzhi check records.csv -o out/; dianzhi check a.csv b.csv -o out/ --xlsx --lang zh\n\n\
Writes findings.csv (one row a finding), rejected.csv (rows that must not be grouped) and quality.csv (rates by \
hospital, month, department and edit) into DIR; with -o FILE.csv the findings alone. A profile holds differences \
only, e.g. C102 = { stops = \"group\" }; off = [\"S994\"]."
    )]
    Check(CheckArguments),
    /// Explain one case: its group, why, its MCC/CC, and why not the neighbouring groups
    #[command(
        after_help = "Example: dianzhi explain records.csv C2022-0000042-1 -t chongqing-2022 --lang zh\n\n\
Neighbouring groups are questions for the reviewer of the record, each with the smallest change that would lead \
there by the scheme's own rules; lighter and heavier groups alike, without payments. They serve to check the \
record, not to choose a group."
    )]
    Explain(ExplainArguments),
    /// Weights from an earlier year's records: mean cost of each group over the mean of all
    #[command(
        after_help = "Example: dianzhi calibrate records-2021.csv -t chongqing-2022 -o weights.csv --min-cases 5\n\n\
Arithmetic means of total_fee, untrimmed. A group with fewer than --min-cases cases is written without a weight \
and marked not stable. Weights are marked `assumption`.\n\n\
A catalogue: dianzhi calibrate --dip 2021.csv 2022.csv 2023.csv --parameters scenarios/dip-catalogue.toml -o tables/\n\
Makes tables/ID/ with scheme.toml, groups.csv, mean-costs.csv and weights.csv (the scores as a scenario reads \
them), and report.csv and summary.csv on it; then `dianzhi group RECORDS -t ID --tables tables/`.\n\n\
By a plan: dianzhi calibrate grouped.csv --plan scenarios/calibration.toml -o calibrated/\n\
Takes what `dianzhi group` writes: estimator, trims, steps and checks are the plan's. Writes weights.csv, tables \
of quality, steps, trims, severity, drift, years and uncertainty, all of them as calibration.xlsx and calibration.html, \
and run.json."
    )]
    Calibrate(CalibrateArguments),
    /// Performance indicators of hospitals and departments from grouped records: case mix, efficiency, mortality
    #[command(
        after_help = "Example: dianzhi indicators grouped.csv --weights weights.csv --plan scenarios/indicators.toml -o out/\n\n\
Takes what `dianzhi group` writes. Writes indicators.csv (region, hospitals, departments), mortality.csv, grades.csv and \
the other tables, all of them as indicators.xlsx and indicators.html, and run.json."
    )]
    Indicators(IndicatorArguments),
    /// Generate records from a scheme's tables: tests, demonstrations, load; no real persons
    #[command(
        after_help = "Examples:\n  dianzhi generate -t chs-drg-1.1 --cases 1000000 --seed 7 -o records.csv\n  \
dianzhi generate -t chongqing-2022 --cases 3000 --seed 1 --year 2022 --defects 0.02 -o sample/\n  \
dianzhi generate scenarios/region.toml -o region/\n  \
dianzhi generate scenarios/region.toml -o region/ --layout hqms-811 --encoding gb18030\n\n\
With a PLAN.toml a whole region: hospitals by level, persons with several stays over several years, transfers, \
mothers and newborns, itemised bills; written into a folder, the records in any layout, format and encoding. Else with -o DIR/ (a folder, or a name ending in /) writes records.csv, hospitals.csv, persons.csv and truth.csv (what \
each record was planned to be); else only the records. The same options give the same bytes."
    )]
    Generate(GenerateArguments),
    /// Write records of any layout as a neutral file, values as they were written
    #[command(after_help = "Example: dianzhi convert hqmsts.csv list.xlsx lists/ -o records.csv")]
    Convert(ConvertArguments),
    /// The layouts of records: list, show, try one on a file
    #[command(subcommand)]
    Layouts(LayoutsCommand),
    /// Bills of many persons: who pays what of each, by one benefit file, through the year
    #[command(after_help = "Example: dianzhi benefit scenarios/benefit-sample/claims.csv \
-p scenarios/benefit/sample-region/resident.toml -o slips/\n\n\
Writes slips.csv (fields of the national settlement interface), tiers.csv, movements.csv (every counter), \
vouchers.csv (differences by replay), rejected.csv (bills refused, by the name of the error) and run.json into DIR.")]
    Benefit(BenefitArguments),
    /// Months and years kept in a ledger: book a month, clear a year, reverse a case, print a statement
    #[command(subcommand)]
    Settle(SettleCommand),
    /// Enrolment and financing: check persons, sum up a year, generate persons
    #[command(subcommand)]
    Enrol(EnrolCommand),
    /// Scenarios against their baseline: who wins, who loses, by how much, and by which lever
    #[command(
        after_help = "Example: dianzhi simulate scenarios/budget-plus-5.toml -o out\n\n\
A reform holds only what differs from its baseline. Writes report.html with charts, a CSV for each table \
with a data dictionary, all of them in simulation.xlsx, the scenario as it was run in resolved.toml, what differs in diff.toml, and run.json, by which \
the same comes out again."
    )]
    Simulate(SimulateArguments),
    /// Policy packs: what one means, and what it assumes
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// The grouping schemes: list, show, check them; make and try conformance files
    #[command(subcommand)]
    Tables(TablesCommand),
}

/// `run …`
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The scenario: which records, scheme, weights, policy, benefits and budgets
    pub scenario: PathBuf,
    /// Other records than the scenario names
    #[arg(long, value_name = "FILE")]
    pub records: Option<PathBuf>,
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

/// `group …`
#[derive(Debug, Args)]
pub struct GroupArguments {
    /// The records: files and folders, - for standard input
    #[arg(required = true)]
    pub records: Vec<PathBuf>,
    /// The scheme; `dianzhi tables list` names them
    #[arg(short = 't', long, value_name = "SCHEME")]
    pub scheme: String,
    /// Where the result goes.
    #[command(flatten)]
    pub output: ResultFile,
    /// Write findings to FILE as CSV
    #[arg(long, value_name = "FILE")]
    pub findings: Option<PathBuf>,
    /// Say in `reason` which codes and values decided, e.g. `MDCC pdx I25.103; CK2 ppx 36.0601`
    #[arg(long)]
    pub explain: bool,
    /// What is done to rows before they are read.
    #[command(flatten)]
    pub door: DoorArguments,
    /// How records are to be read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}

/// `explain …`
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The records, - for standard input
    pub records: PathBuf,
    /// The case's case_id
    pub case_id: String,
    /// The scheme
    #[arg(short = 't', long, value_name = "SCHEME")]
    pub scheme: String,
    /// Write one JSON object with codes and words instead of text
    #[arg(long)]
    pub json: bool,
    /// How records are to be read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}

/// `calibrate …`
#[derive(Debug, Args)]
pub struct CalibrateArguments {
    /// The earlier year's records, with total_fee
    #[arg(required = true)]
    pub records: Vec<PathBuf>,
    /// The scheme
    #[arg(
        short = 't',
        long,
        value_name = "SCHEME",
        required_unless_present_any = ["dip", "plan"],
        conflicts_with_all = ["dip", "plan"]
    )]
    pub scheme: Option<String>,
    /// Make weights of grouped records as a plan says, into -o DIR, e.g. scenarios/calibration.toml
    #[arg(
        long,
        value_name = "PLAN.toml",
        conflicts_with_all = ["dip", "layout", "encoding", "delimiter", "sheet", "join", "keep", "tables"]
    )]
    pub plan: Option<PathBuf>,
    /// Fewest cases for a weight
    #[arg(long, value_name = "N", default_value_t = 5, conflicts_with_all = ["dip", "plan"])]
    pub min_cases: u64,
    /// Build a DIP catalogue of the records of several years, by --parameters, into -o DIR
    #[arg(long, requires = "parameters")]
    pub dip: bool,
    /// How the catalogue is built, e.g. scenarios/dip-catalogue.toml
    #[arg(long, value_name = "FILE.toml", requires = "dip")]
    pub parameters: Option<PathBuf>,
    /// Where the result goes.
    #[command(flatten)]
    pub output: ResultFile,
    /// How records are to be read.
    #[command(flatten)]
    pub reading: ReadingArguments,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}

/// `generate …`
#[derive(Debug, Args)]
pub struct GenerateArguments {
    /// Plan of a whole region, a TOML file; in place of the options on records
    #[arg(value_name = "PLAN.toml")]
    pub plan: Option<PathBuf>,
    /// The scheme whose rules the records are drawn from
    #[arg(
        short = 't',
        long,
        value_name = "SCHEME",
        required_unless_present = "plan",
        conflicts_with = "plan"
    )]
    pub scheme: Option<String>,
    /// How many records
    #[arg(
        long,
        value_name = "N",
        required_unless_present = "plan",
        conflicts_with = "plan"
    )]
    pub cases: Option<u64>,
    /// Other seed, other records
    #[arg(long, value_name = "S", default_value_t = 1, conflicts_with = "plan")]
    pub seed: u64,
    /// Year of discharge
    #[arg(long, value_name = "YEAR", default_value_t = 2022, conflicts_with = "plan")]
    pub year: i16,
    /// Which groups are frequent and dear; keep it when two years are to be comparable
    #[arg(long, value_name = "S", default_value_t = 1, conflicts_with = "plan")]
    pub mix_seed: u64,
    /// Mean stays a person in the year
    #[arg(long, value_name = "X", default_value_t = 1.35, conflicts_with = "plan")]
    pub stays: f64,
    /// Share of records that get one planted defect
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, conflicts_with = "plan")]
    pub defects: f64,
    /// The form of the records.
    #[command(flatten)]
    pub form: FormArguments,
    /// Folder, or file for the records alone [default: standard output]
    #[arg(
        short,
        long,
        value_name = "DIR or FILE",
        default_value = "-",
        hide_default_value = true
    )]
    pub output: PathBuf,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}

/// `tables …`
#[derive(Debug, Subcommand)]
pub enum TablesCommand {
    /// Every scheme: id, name, what it extends, groups, evidence
    List {
        /// Where tables are looked for.
        #[command(flatten)]
        tables: Tables,
    },
    /// One scheme, or one of its MDCs, core groups or groups: its rules and lists in words
    #[command(
        after_help = "Examples: dianzhi tables show chongqing-2022; dianzhi tables show chongqing-2022 FR1 --lang zh"
    )]
    Show {
        /// The scheme
        scheme: String,
        /// MDC, ADRG or group code
        code: Option<String>,
        /// Do not cut long lists
        #[arg(long)]
        all: bool,
        /// Where tables are looked for.
        #[command(flatten)]
        tables: Tables,
    },
    /// Check a scheme's tables: faults, codes in no list, sets unused, rows no case reaches
    #[command(
        after_help = "Examples: dianzhi tables check my-scheme/; dianzhi tables check chongqing-2022 -o found.csv\n\n\
A row is reached if there is a case that has it for its group; whether there is one is decided, not guessed: \
`undecided-row` marks what was given up. A case here is one that makes sense: full years from 0 to 124, days that \
fit the years, no diagnosis twice; `group` also takes records that do not.\n\
Exit codes: 0 no errors; 1 warnings, under --strict; 2 the scheme cannot be loaded."
    )]
    Check(CheckTablesArguments),
    /// Write a conformance file: the smallest case of every group, and cases on and beside every number
    #[command(
        after_help = "Example: dianzhi tables witness chongqing-2022 -o chongqing-2022.csv\n\n\
Records in the neutral layout with expected_status, expected_mdc, expected_adrg, expected_group and the SHA-256 of \
the tables: any grouper can be tried on them. The same tables give the same bytes."
    )]
    Witness(WitnessArguments),
    /// Group the cases of a conformance file and tell each that is grouped otherwise
    #[command(
        after_help = "Example: dianzhi tables conform my-scheme chongqing-2022.csv --tables .\n\n\
Only expected_group is needed; other expected columns are compared where they are there.\n\
Exit codes: 0 all are grouped as the file says; 1 they are, but the file was made from other tables, under \
--strict; 2 some are grouped otherwise, or file or scheme cannot be used."
    )]
    Conform(ConformArguments),
    /// What a new edition changes: groups, conditions, codes, MCC and CC, in clinical words
    #[command(
        after_help = "Examples: dianzhi tables diff chs-drg-1.0 chs-drg-1.1; dianzhi tables diff \
chs-drg-1.1 drafts/mine -o changes.csv\nUnder --strict the exit code is 1 if they differ."
    )]
    Diff(DiffArguments),
    /// A scheme from the workbook a bureau publishes, by a mapping file
    #[command(
        after_help = "Example: dianzhi tables import plan.xlsx --mapping mapping.toml -o tables/city-2026\n\n\
grouping-tables/mappings/ has a commented mapping of the national form. Every cell is used, skipped for a reason, \
or reported with its address."
    )]
    Import(ImportArguments),
}

/// `tables check …`
#[derive(Debug, Args)]
pub struct CheckTablesArguments {
    /// The scheme's folder, or its id; what it extends may lie beside the folder
    #[arg(value_name = "DIR or SCHEME")]
    pub scheme: PathBuf,
    /// Weights that every group should have: a CSV with the columns group, weight, cases, mean_cost,
    /// stable, evidence, note, as `dianzhi calibrate` writes it
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Also write every finding to FILE as CSV
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}

/// `tables witness …`
#[derive(Debug, Args)]
pub struct WitnessArguments {
    /// The scheme
    pub scheme: String,
    /// Where the result goes.
    #[command(flatten)]
    pub output: ResultFile,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}

/// `tables conform …`
#[derive(Debug, Args)]
pub struct ConformArguments {
    /// The scheme to try
    pub scheme: String,
    /// The conformance file, - for standard input
    pub file: PathBuf,
    /// Show every difference, not only the first
    #[arg(long)]
    pub all: bool,
    /// Where tables are looked for.
    #[command(flatten)]
    pub tables: Tables,
}
