//! One function per request (接口): what the command line, and later other front ends, call.
//!
//! No rules here: a request names files and options, the function opens them, sends them
//! through the rooms below and says what became of them.

mod benefit;
mod bills;
mod bulk;
mod calibration;
mod catalogue;
mod check;
mod check_tables;
mod compare;
mod conformance;
mod convert;
mod door;
mod enrol;
mod enrol_generate;
mod entries;
pub mod explained;
mod generate;
mod generate_region;
mod import;
mod layouts;
mod money;
mod one_case;
mod packed;
mod packet_words;
mod parts;
mod performance;
mod regroup;
mod settle;
mod settle_names;
mod settle_year;
mod simulate;
mod tables;
mod wording;

pub use benefit::{
    BenefitDone, BenefitRequest, benefit, compare_benefits, explain_bill, explanation_json,
    explanation_words, generate_claims,
};
pub use bulk::{BulkSummary, GroupRequest, group};
pub use calibration::{PlanRequest, PlannedWeights, calibrate_by_plan};
pub use catalogue::{BuiltCatalogue, CatalogueRequest, build_catalogue};
pub use check::{CheckRequest, check};
pub use check_tables::{CheckTablesRequest, CheckedTables, TableCounts, check_tables};
pub use compare::{CompareRequest, compare};
pub use conformance::{ConformRequest, Conformed, Difference, WitnessRequest, Witnessed, conform, witness};
pub use convert::{ConvertRequest, convert};
pub use door::{CodesRequest, DoorRequest};
pub use enrol::{EnrolRequest, Enrolled, enrol_check, enrol_finance};
pub use enrol_generate::{EnrolGenerateRequest, MadeEnrolment, enrol_generate};
pub use entries::{
    AdvanceRequest, EntryRequest, StatementRequest, settle_adjust, settle_advance, settle_reverse,
    settle_statement,
};
pub use explained::{
    ChangeWords, Coded, ComplicationWords, EXPLAINED_SCHEMA, Explained, ExplainedRecord, FactWords,
    FindingWords, NeighbourWord, NeighbourWords, RecordRead, SchemeWords, StepWords, explained_json,
};
pub use generate::{GenerateRequest, Generated, generate};
pub use generate_region::{MadeRegion, RegionRequest, generate_region};
pub use import::{ImportRequest, ImportedScheme, import};
pub use layouts::{Fit, fit, layout, layouts};
pub use money::{CalibrateRequest, Calibrated, Ran, RunRequest, calibrate, run};
pub use one_case::{ExplainRequest, MOST_RECORDS, explain};
pub use packed::{PackRequest, pack};
pub use packet_words::{ConsideredWords, PacketNote, PacketWords};
pub use parts::PARTS;
pub use performance::{IndicatorRequest, IndicatorsMade, make_indicators};
pub use regroup::{RegroupRequest, Regrouped, regroup};
pub use settle::{Found, MonthDone, MonthRequest, SettleRequest, settle_month};
pub use settle_year::{PoolAmount, YearDone, YearRequest, settle_year};
pub use simulate::{Headline, SimulateRequest, Simulation, simulate};
pub use tables::{Compared, DiffRequest, diff};

use std::path::{Path, PathBuf};

use crate::diagnostics::{Error, Lang, Place, Result};

/// Refuses to write a result over one of the files it is made from, or two results into one file
/// (拒绝覆盖).
fn refuse_overwriting<'p>(
    outputs: impl IntoIterator<Item = PathBuf>,
    inputs: impl Iterator<Item = &'p Path> + Clone,
) -> Result<()> {
    let mut taken = Vec::new();
    for output in outputs {
        let there = whereabouts(&output);
        let is_there = |input: &Path| input.canonicalize().is_ok_and(|input| input == there);
        if inputs.clone().any(is_there) {
            let message = "this file is an input of the run; choose another place for the results";
            return Err(Error::at(Place::file(&output), message));
        }
        if taken.contains(&there) {
            let message = "two results are to be written here; choose a place of its own for each";
            return Err(Error::at(Place::file(&output), message));
        }
        taken.push(there);
    }
    Ok(())
}

/// The path without links; of a file yet to be made, that of its folder with its name.
fn whereabouts(path: &Path) -> PathBuf {
    let of_new = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    path.canonicalize()
        .ok()
        .or_else(of_new)
        .unwrap_or_else(|| path.to_owned())
}

/// How a request is carried out (运行方式).
pub struct Watch<'a> {
    /// Language of words for people.
    pub lang: Lang,
    /// How many threads.
    pub threads: usize,
    /// Told how many bytes or records are newly done.
    pub advance: &'a (dyn Fn(u64) + Sync),
}
