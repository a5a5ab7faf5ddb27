//! Performance indicators of grouped records (绩效指标).

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Watch;
use super::calibration::hashes;
use crate::diagnostics::{Error, Result, read_toml};
use crate::points::Weights;
use crate::points::calibration::group_weights;
use crate::reports::{BookWritten, PerformanceTables, Reproduced, SheetBook};
use crate::scenarios::performance::{IndicatorPlan, Reference, UnitKind, indicators};
use crate::scenarios::{GroupedStays, Wanted, read_columns, read_stays};

/// Make performance indicators (绩效指标).
#[derive(Clone, Debug)]
pub struct IndicatorRequest {
    /// Grouped records, as `group` writes them.
    pub grouped: Vec<PathBuf>,
    /// Weights of the groups.
    pub weights: PathBuf,
    /// Grouped records of the region to compare with; none: the same records.
    pub reference: Vec<PathBuf>,
    /// The plan, a TOML file.
    pub plan: PathBuf,
    /// Folder for the results.
    pub output: PathBuf,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct IndicatorsMade {
    /// Records read.
    pub read: u64,
    /// Grouped, with hospital and cost.
    pub cases: usize,
    /// Cases without a weight.
    pub without_weight: u64,
    /// Hospitals.
    pub hospitals: usize,
    /// Departments.
    pub departments: usize,
    /// Mean weight of all.
    pub cmi: Option<f64>,
    /// Records with something wrong.
    pub faulty: u64,
    /// What was written.
    pub written: BookWritten,
}

/// Makes indicators of hospitals and departments and writes a table for each kind, a workbook, a page and
/// `run.json` (绩效指标).
///
/// # Errors
/// Plan, weights or records cannot be used; output cannot be written.
pub fn make_indicators(request: &IndicatorRequest, watch: &Watch<'_>) -> Result<IndicatorsMade> {
    let plan = IndicatorPlan::load(&request.plan)?;
    let weights = Weights::load(&request.weights)?;
    let published = match &plan.published {
        Some(of) => read_columns(&of.file, &["hospital", "cases", "total_weight", "cmi"])?,
        None => Vec::new(),
    };
    let wanted = Wanted {
        low_risk: low_risk_codes(&plan)?,
        stay: true,
        deaths: true,
        ..Wanted::default()
    };
    let read_files =
        |files: &[PathBuf]| read_stays(files, (&plan.records, &wanted), watch.threads, watch.advance);
    let read = read_files(&request.grouped)?;
    let region = match request.reference.as_slice() {
        [] => None,
        files => Some(read_files(files)?),
    };
    let reference = Reference::of(&region.as_ref().unwrap_or(&read).stays, &plan.reference);
    let of_groups = group_weights(&read.stays, &weights, 1);
    let made = indicators(&read.stays, &read.discharges, &of_groups, (&reference, &plan));
    let tables = PerformanceTables {
        read: &read,
        region: region.as_ref(),
        plan: &plan,
        made: &made,
        weights: &of_groups,
        published: &published,
    };
    let mut warnings: BTreeMap<&str, u64> = BTreeMap::new();
    for (code, count) in tables.warnings() {
        *warnings.entry(code).or_default() += count;
    }
    let book = SheetBook {
        name: "indicators",
        title: plan.title.clone(),
        notes: tables.notes(watch.lang),
        sheets: tables.sheets(),
        files: Vec::new(),
        made_of: Reproduced {
            inputs: inputs(request, &plan, &read, region.as_ref())?,
            parameters: read_toml(&request.plan)?,
            warnings,
            ..Reproduced::default()
        },
    };
    let of_kind = |kind| made.units.iter().filter(|unit| unit.kind == kind).count();
    let whole = made.units.first();
    Ok(IndicatorsMade {
        read: read.read,
        cases: read.stays.all.len(),
        without_weight: whole.map_or(0, |unit| unit.without_weight),
        hospitals: of_kind(UnitKind::Hospital),
        departments: of_kind(UnitKind::Department),
        cmi: whole.and_then(|unit| unit.cmi.ok()),
        faulty: read.faulty,
        written: book.write(&request.output, watch.lang)?,
    })
}

/// Beginnings of principal diagnoses of low risk.
fn low_risk_codes(plan: &IndicatorPlan) -> Result<Vec<String>> {
    let Some(file) = &plan.mortality.low_risk_diagnoses else {
        return Ok(Vec::new());
    };
    let mut codes = Vec::new();
    for (place, cells) in read_columns(file, &["code"])? {
        let code = cells.first().map_or("", |code| code.trim());
        if code.is_empty() {
            return Err(Error::at(
                place,
                "`code` is empty; expected the beginning of a diagnosis",
            ));
        }
        codes.push(code.to_owned());
    }
    Ok(codes)
}

/// Every file that was read, with its SHA-256.
fn inputs(
    request: &IndicatorRequest,
    plan: &IndicatorPlan,
    read: &GroupedStays,
    region: Option<&GroupedStays>,
) -> Result<Vec<(String, String)>> {
    let beside = [
        Some(&request.plan),
        Some(&request.weights),
        plan.mortality.low_risk_diagnoses.as_ref(),
        plan.published.as_ref().map(|of| &of.file),
    ];
    let mut files = read.files.clone();
    files.extend(region.into_iter().flat_map(|region| region.files.clone()));
    files.extend(hashes(beside.into_iter().flatten())?);
    Ok(files)
}
