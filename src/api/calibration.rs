//! Weights by a plan, with all that is told of them (按方案测算权重).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Watch;
use crate::diagnostics::{Error, Lang, Place, Result, hexadecimal, read_toml, suggestion};
use crate::points::Weights;
use crate::points::calibration::{
    BlockPlan, CalibrationPlan, CostChanges, Level, Made, Stays, calibrate_stays, levels,
};
use crate::reports::{BookWritten, CalibrationTables, Reproduced, SheetBook};
use crate::scenarios::{GroupedStays, Hospital, Wanted, read_columns, read_stays};
use crate::units::{Exact, Fen, Ratio};

/// Make weights by a plan (按方案测算权重).
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// Grouped records, as `group` writes them.
    pub grouped: Vec<PathBuf>,
    /// The plan, a TOML file.
    pub plan: PathBuf,
    /// Folder for the results.
    pub output: PathBuf,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct PlannedWeights {
    /// Records read.
    pub read: u64,
    /// Grouped, with hospital and cost.
    pub cases: usize,
    /// Of these, kept.
    pub kept: usize,
    /// Groups, and those with a weight.
    pub groups: (usize, usize),
    /// RIV of kept costs.
    pub riv: Option<f64>,
    /// Records with something wrong.
    pub faulty: u64,
    /// What was written.
    pub written: BookWritten,
}

/// Makes weights of grouped records as a plan says, and writes `weights.csv`, a table for each thing told
/// of them, a workbook, a page and `run.json` (按方案测算权重).
///
/// # Errors
/// Plan, files beside it or records cannot be used; the weights cannot be made; output cannot be written.
pub fn calibrate_by_plan(request: &PlanRequest, watch: &Watch<'_>) -> Result<PlannedWeights> {
    let plan = CalibrationPlan::load(&request.plan)?;
    let previous = plan.weights.previous.as_deref().map(Weights::load).transpose()?;
    let blocks = plan.blocks.as_ref().map_or(&[][..], |plan| &plan.block);
    let changes = cost_changes(&plan, blocks)?;
    let hospitals = plan.packets.as_ref().and_then(|plan| plan.hospitals.as_deref());
    let hospitals = hospitals.map(Hospital::load_all).transpose()?;
    let mut read = read_stays(
        &request.grouped,
        (&plan.records, &wanted(&plan, blocks)),
        watch.threads,
        watch.advance,
    )?;
    if !changes.is_empty() {
        refuse_unknown(&changes, &read.stays, &request.plan)?;
        changes.apply(&mut read.stays)?;
    }
    let made = calibrate_stays(&read.stays, &plan, previous.as_ref(), watch.threads)?;
    let levels = hospitals.map_or(Vec::new(), |hospitals| {
        let level = |code: &String| {
            hospitals
                .get(code)
                .map(|hospital| hospital.level.as_str().to_owned())
        };
        let of: Vec<Option<String>> = read.stays.hospitals.iter().map(level).collect();
        levels(&made.kept, &of, plan.year_mix())
    });
    write(
        request,
        watch,
        (&plan, previous.as_ref()),
        (&read, &made, &levels),
    )
}

fn wanted<'p>(plan: &'p CalibrationPlan, blocks: &'p [BlockPlan]) -> Wanted<'p> {
    let splits = plan.packets.as_ref().map_or(&[][..], |plan| &plan.split);
    let items = blocks.iter().map(|block| block.items.as_slice()).collect();
    Wanted {
        blocks: plan.blocks.as_ref().map(|plan| (plan.column.as_str(), items)),
        labels: splits.iter().map(|split| split.column.as_str()).collect(),
        years: plan.year_mix().is_some(),
        stay: plan.weights.trim.asks_for_stay(),
        ..Wanted::default()
    }
}

// ---- costs ------------------------------------------------------------------------------------

/// The files of the plan that change costs.
fn cost_changes(plan: &CalibrationPlan, blocks: &[BlockPlan]) -> Result<CostChanges> {
    let mut changes = CostChanges::default();
    if let Some(of) = &plan.cost_ratios {
        for (place, cells) in read_columns(&of.file, &["hospital", "block", "ratio"])? {
            let [hospital, block, ratio] = three(&cells);
            let known = blocks.iter().position(|known| known.name == block);
            let known = known.ok_or_else(|| {
                let hint = suggestion(block, blocks.iter().map(|block| block.name.as_str()));
                Error::at(place.clone(), format!("`{block}` is no block of the plan{hint}"))
            })?;
            let ratio = positive(&place, "ratio", ratio)?;
            if changes
                .ratios
                .insert((hospital.to_owned(), known), ratio)
                .is_some()
            {
                let message =
                    format!("hospital `{hospital}` and block `{block}` stand twice; expected one row");
                return Err(Error::at(place, message));
            }
        }
    }
    if let Some(of) = &plan.add_back {
        let retention = of.retention.exact().map_err(|e| Error::new(e.to_string()))?;
        for (place, cells) in read_columns(&of.file, &["group", "saving"])? {
            let [group, saving, _] = three(&cells);
            let yuan = Fen::parse_yuan(saving)
                .map_err(|e| Error::at(place.clone(), format!("`saving` is `{saving}`; {e}")))?;
            let added = Exact::integer(i128::from(yuan.fen())).mul(retention);
            let added = added.map_err(|e| Error::at(place.clone(), e.to_string()))?;
            if changes.added.insert(group.to_owned(), added).is_some() {
                let message = format!("group `{group}` stands twice; expected one row a group");
                return Err(Error::at(place, message));
            }
        }
    }
    Ok(changes)
}

fn three(cells: &[String]) -> [&str; 3] {
    let mut cells = cells.iter().map(String::as_str);
    std::array::from_fn(|_| cells.next().unwrap_or(""))
}

fn positive(place: &Place, name: &str, text: &str) -> Result<Exact> {
    let ratio = text.parse::<Ratio>().ok().and_then(|ratio| ratio.exact().ok());
    ratio.filter(|ratio| ratio.parts().0 > 0).ok_or_else(|| {
        let message = format!("`{name}` is `{text}`; expected a decimal above zero, e.g. 0.82");
        Error::at(place.clone(), message)
    })
}

/// Hospitals and groups of the plan's files that no record has: a slip would change nothing, silently.
fn refuse_unknown(changes: &CostChanges, stays: &Stays, plan: &Path) -> Result<()> {
    let hospitals = changes.ratios.keys().map(|(hospital, _)| hospital);
    let strange = hospitals.filter(|hospital| stays.hospitals.binary_search(hospital).is_err());
    let strange = strange.map(|name| {
        let hint = suggestion(name, stays.hospitals.iter().map(String::as_str));
        format!("[cost_ratios]: no record is of hospital `{name}`{hint}")
    });
    let groups = changes.added.keys().filter(|group| stays.group(group).is_none());
    let groups = groups.map(|name| {
        let hint = suggestion(name, stays.groups.iter().map(|group| group.code.as_str()));
        format!("[add_back]: no record is of group `{name}`{hint}")
    });
    let mut messages: Vec<String> = strange.chain(groups).collect();
    messages.dedup();
    Error::all(
        messages
            .into_iter()
            .map(|message| Error::at(Place::file(plan), message)),
    )
}

// ---- results ----------------------------------------------------------------------------------

fn write(
    request: &PlanRequest,
    watch: &Watch<'_>,
    (plan, previous): (&CalibrationPlan, Option<&Weights>),
    (read, made, levels): (&GroupedStays, &Made, &[Level]),
) -> Result<PlannedWeights> {
    let mut weights = Vec::new();
    let written = made.weights.write(&mut weights);
    written.map_err(|e| Error::io(&request.output, "could not be written", &e))?;
    let rows = previous.map_or_else(Vec::new, Weights::rows);
    let gone = rows.iter().filter(|(code, _)| read.stays.group(code).is_none());
    let gone: Vec<String> = gone.map(|(code, _)| (*code).to_owned()).collect();
    let tables = CalibrationTables {
        read,
        plan,
        made,
        levels,
        gone: &gone,
    };
    let mut warnings: BTreeMap<&str, u64> = BTreeMap::new();
    for remark in tables.remarks() {
        *warnings.entry(remark.code).or_default() += 1;
    }
    let book = SheetBook {
        name: "calibration",
        title: plan.title.clone(),
        notes: notes(plan, read, made, watch),
        sheets: tables.sheets(),
        files: vec![("weights.csv", weights)],
        made_of: Reproduced {
            inputs: inputs(request, plan, read)?,
            parameters: read_toml(&request.plan)?,
            draws: plan
                .bootstrap()
                .map(|bootstrap| (bootstrap.seed, bootstrap.draws)),
            warnings,
            ..Reproduced::default()
        },
    };
    let rows = made.weights.rows();
    Ok(PlannedWeights {
        read: read.read,
        cases: read.stays.all.len(),
        kept: made.kept.len(),
        groups: (
            rows.len(),
            rows.iter().filter(|(_, row)| row.weight.is_some()).count(),
        ),
        riv: made.parts.first().and_then(|part| part.cost_kept.riv().ok()),
        faulty: read.faulty,
        written: book.write(&request.output, watch.lang)?,
    })
}

/// What stands above the tables of the page.
fn notes(plan: &CalibrationPlan, read: &GroupedStays, made: &Made, watch: &Watch<'_>) -> Vec<String> {
    let (method, trim) = (plan.estimator().word(), plan.weights.trim.to_string());
    let (cases, kept, ddof) = (
        read.stays.all.len(),
        made.kept.len(),
        plan.quality.deviation.ddof(),
    );
    vec![
        watch
            .lang
            .pick(
                "Evidence: assumption. No authority printed these weights.",
                "证据等级：assumption。权重未经任何主管部门发布。",
            )
            .to_owned(),
        match watch.lang {
            Lang::En => format!(
                "Method {method}, trim {trim}: {kept} of {cases} cases kept. Standard deviations of ddof {ddof}; quantiles of \
                 type 7. A trimmed case is still paid."
            ),
            Lang::Zh => format!(
                "方法{method}，裁剪{trim}：{cases}例中保留{kept}例。标准差ddof={ddof}，分位数采用第7型。被裁剪病例照常支付。"
            ),
        },
    ]
}

/// Every file that was read, with its SHA-256.
fn inputs(
    request: &PlanRequest,
    plan: &CalibrationPlan,
    read: &GroupedStays,
) -> Result<Vec<(String, String)>> {
    let beside = [
        Some(&request.plan),
        plan.weights.previous.as_ref(),
        plan.cost_ratios.as_ref().map(|of| &of.file),
        plan.add_back.as_ref().map(|of| &of.file),
        plan.packets.as_ref().and_then(|of| of.hospitals.as_ref()),
    ];
    let mut files = read.files.clone();
    files.extend(hashes(beside.into_iter().flatten())?);
    Ok(files)
}

/// Small files as named, with their SHA-256.
pub(super) fn hashes<'p>(files: impl Iterator<Item = &'p PathBuf>) -> Result<Vec<(String, String)>> {
    let hashed = files.map(|file| {
        let bytes = std::fs::read(file).map_err(|e| Error::io(file, "could not be read", &e))?;
        let hash = hexadecimal(&Sha256::digest(bytes));
        Ok((file.to_string_lossy().into_owned(), hash))
    });
    hashed.collect()
}
