//! The whole chain, and the weights it needs.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Watch;
use super::door::{CodesRequest, refuse_foreign_codes};
use crate::benefit::BenefitPolicy;
use crate::diagnostics::{Error, Place, Result, hexadecimal};
use crate::grouper::{Grouper, Workspace};
use crate::points::{Calibration, Observation, calibrate as weights_of};
use crate::records::{Checked, Column, Depth, Intake, OpenedFiles, RowReader, in_order};
use crate::reports::{
    CsvText, Output, burden_csv, cases_csv, findings_csv, hospitals_csv, indicators_csv, link_csv, pools_csv,
    poor_csv, rejected_csv, run_json, run_summary, slips_csv, write_together,
};
use crate::scenarios::{Inputs, RunResult, Scenario, link_cases, run as run_chain};
use crate::tables::{Compiled, Library, Scheme, code_list_version};
use crate::units::{Fen, Overflow};

/// Run a scenario (全流程运行).
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The scenario file.
    pub scenario: PathBuf,
    /// Other records than it names.
    pub records: Option<PathBuf>,
    /// How the records are to be read.
    pub intake: Intake,
    /// What the user says of their codes.
    pub codes: CodesRequest,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// Folder for the results.
    pub output: PathBuf,
}

/// How a run went.
pub struct Ran {
    /// The summary for people.
    pub summary: String,
    /// Everything it found.
    pub result: RunResult,
    /// The files of records it read.
    pub opened: OpenedFiles,
}

/// Takes a scenario's records to money and writes the results (全流程运行).
///
/// # Errors
/// An input that cannot be used, a pool that cannot be settled, results that cannot be written.
pub fn run(request: &RunRequest, watch: &Watch<'_>) -> Result<Ran> {
    let library = Library::find(&request.tables)?;
    let scenario = Scenario::load(&request.scenario)?;
    if request.output.as_os_str() == "-" {
        return Err(Error::new(
            "the results are several files: -o names a folder, not `-`",
        ));
    }
    let inputs = Inputs::load(&library, scenario, request.records.clone())?.read_as(request.intake.clone());
    let (reader, hash) = inputs.open_records()?;
    let inputs = inputs.find_codes(&library, &request.codes.declared(), &reader)?;
    let opened = reader.opened();
    let outputs = OUTPUTS.iter().map(|name| request.output.join(name));
    super::refuse_overwriting(outputs, inputs.paths().iter().map(PathBuf::as_path))?;
    let result = run_chain(&inputs, (reader, hash), watch.lang, watch.threads, watch.advance)?;
    write_results(&inputs, &result, &request.output, watch)?;
    let summary = run_summary(&inputs, &result, watch.lang).map_err(not_shown)?;
    Ok(Ran {
        summary,
        result,
        opened,
    })
}

const RUN_PAGE: &str = "run.json";

/// Every file a run can write; the last three where the scenario has `[indicators]` or `[link]`.
const OUTPUTS: [&str; 11] = [
    "cases.csv",
    "hospitals.csv",
    "pools.csv",
    "slips.csv",
    "findings.csv",
    "rejected.csv",
    "indicators.csv",
    "burden.csv",
    "poor.csv",
    "link.csv",
    RUN_PAGE,
];

/// Files in which nothing stands on the benefit files; every other one says whether these are drafts.
const OF_RECORDS: [&str; 2] = ["findings.csv", "rejected.csv"];

fn not_shown(_: Overflow) -> Error {
    Error::new("a number of the result is too large to be shown")
}

fn write_results(inputs: &Inputs, result: &RunResult, folder: &Path, watch: &Watch<'_>) -> Result<()> {
    let mut tables = vec![
        (
            "cases.csv",
            cases_csv(inputs, result, watch.lang).map_err(not_shown)?,
        ),
        ("hospitals.csv", hospitals_csv(inputs, result)),
        ("pools.csv", pools_csv(result).map_err(not_shown)?),
        ("slips.csv", slips_csv(result)),
        ("findings.csv", findings_csv(&result.findings, watch.lang)),
        ("rejected.csv", rejected_csv(inputs, result)),
        (
            "indicators.csv",
            indicators_csv(inputs, result).map_err(not_shown)?,
        ),
    ];
    tables.extend(asked_for(inputs, result)?);
    let draft = match inputs.benefits.values().any(BenefitPolicy::is_draft) {
        true => "draft",
        false => "",
    };
    let tables = tables
        .into_iter()
        .map(|(name, table)| match OF_RECORDS.contains(&name) {
            true => (name, table),
            false => (name, table.ending_in("draft", draft)),
        });
    let tables: Vec<(&str, CsvText)> = tables.collect();
    let mut hashes = Vec::new();
    for (name, table) in &tables {
        hashes.push(((*name).to_owned(), hash(table.bytes())));
    }
    let page = run_json(inputs, result, &input_hashes(inputs, result)?, &hashes).map_err(not_shown)?;
    let files = tables
        .iter()
        .map(|(name, table)| (folder.join(name), table.bytes()));
    write_together(files.chain([(folder.join(RUN_PAGE), page.as_bytes())]))
}

/// What only some scenarios ask for: the burdened, the poor beside others, the link to payment.
fn asked_for(inputs: &Inputs, result: &RunResult) -> Result<Vec<(&'static str, CsvText)>> {
    let mut tables = Vec::new();
    if inputs.scenario.indicators.is_some() {
        tables.push(("burden.csv", burden_csv(inputs, result)));
        tables.push(("poor.csv", poor_csv(inputs, result).map_err(not_shown)?));
    }
    if inputs.scenario.link.is_some() {
        let lines = link_cases(inputs, result)?;
        tables.push(("link.csv", link_csv(inputs, result, &lines)));
    }
    Ok(tables)
}

/// Path and SHA-256 of every input, the records first.
fn input_hashes(inputs: &Inputs, result: &RunResult) -> Result<Vec<(String, String)>> {
    let scenario = &inputs.scenario;
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    let mut hashes = vec![(shown(&scenario.records), result.records_hash.clone())];
    hashes.extend(inputs.lists.files.iter().cloned());
    for path in [&scenario.path, &scenario.weights, &scenario.policy] {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, "could not be read", &e))?;
        hashes.push((shown(path), hash(&bytes)));
    }
    hashes.extend(
        inputs
            .pack
            .files()
            .iter()
            .map(|(path, bytes)| (shown(path), hash(bytes))),
    );
    for file in inputs.benefits.values().flat_map(|policy| policy.files()) {
        let entry = (shown(&file.path), hash(&file.bytes));
        if !hashes.contains(&entry) {
            hashes.push(entry);
        }
    }
    Ok(hashes)
}

fn hash(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Make weights from an earlier year (权重测算).
#[derive(Clone, Debug)]
pub struct CalibrateRequest {
    /// The earlier year's records.
    pub records: PathBuf,
    /// How the records are to be read.
    pub intake: Intake,
    /// The scheme's id.
    pub scheme: String,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// Fewest cases for a weight.
    pub min_cases: u64,
    /// The weights, `-` for standard output.
    pub output: PathBuf,
}

/// What the weights were made of.
pub struct Calibrated {
    /// Weights and the cost matrix they come from.
    pub calibration: Calibration,
    /// Records read.
    pub read: u64,
    /// Grouped, with a cost: the cases the weights are made of.
    pub used: u64,
}

/// Groups an earlier year's records and writes each group's mean cost over the mean of all
/// (权重测算). Records that are rejected, not grouped, or without a cost are left out and counted.
///
/// # Errors
/// Tables, records or output cannot be used; `total_fee` is missing.
pub fn calibrate(request: &CalibrateRequest, watch: &Watch<'_>) -> Result<Calibrated> {
    let library = Library::find(&request.tables)?;
    let grouper = Grouper::new(Compiled::new(Scheme::load(&library, &request.scheme)?));
    let scheme = grouper.scheme();
    let intake = request.intake.clone().for_grouping();
    let reader = RowReader::open_all(&request.records, &intake)?;
    let lists = code_list_version(&library, &scheme.code_lists().diagnosis)?;
    refuse_foreign_codes(&lists, &reader)?;
    if reader.header().field(Column::TotalFee).is_none() {
        let place = Place {
            file: reader.file().clone(),
            line: Some(1),
            column: None,
        };
        return Err(Error::at(
            place,
            "F001: column `total_fee` (医疗总费用) is missing",
        ));
    }
    let mut observed: Vec<(&str, String, Fen)> = Vec::new();
    let counts = in_order(
        reader,
        Depth::Grouping,
        watch.lang,
        watch.threads,
        || (Workspace::default(), Vec::new()),
        |(work, observed), checked, checker| {
            let case = checker.case();
            let cost = case.total_fee().filter(|fee| *fee > Fen::ZERO);
            let (Checked::Case, Some(cost)) = (checked, cost) else {
                return;
            };
            let grouping = grouper.group(case, work);
            if grouping.status(scheme).has_group() {
                observed.push((grouping.code(scheme), case.hospital().to_owned(), cost));
            }
        },
        |batch| {
            observed.extend(batch.output.1);
            (watch.advance)(batch.bytes);
            Ok(())
        },
    )?;
    let observations = observed.iter().map(|(group, hospital, cost)| Observation {
        group,
        hospital,
        cost: *cost,
    });
    let calibration = weights_of(observations, request.min_cases)?;
    let mut text = Vec::new();
    let written = calibration.weights.write(&mut text);
    written.map_err(|e| Error::io(&request.output, "could not be written", &e))?;
    let mut output = Output::create(&request.output)?;
    output.put(&text)?;
    output.finish()?;
    Ok(Calibrated {
        calibration,
        read: counts.read,
        used: observed.len() as u64,
    })
}
