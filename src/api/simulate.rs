//! Scenarios run, compared and written (情景模拟).

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Watch;
use super::door::CodesRequest;
use super::parts::Parts;
use crate::diagnostics::{Error, Result, hexadecimal};
use crate::records::Intake;
use crate::reports::{
    Named, Repeat, Simulated, dictionary, repeat_json, simulation_page, simulation_tables, write_book,
    write_together,
};
use crate::scenarios::simulate::{
    Attributes, Attribution, Canonical, Engine, How, Metric, Remark, Resolved, Run, Stage, Studies, Whole,
    attribute, corridor, crosswalk, mixes,
};
use crate::tables::Library;

/// Simulate scenarios (情景模拟).
#[derive(Clone, Debug)]
pub struct SimulateRequest {
    /// A baseline, or reforms of one baseline that compose in this order.
    pub scenarios: Vec<PathBuf>,
    /// How records are to be read.
    pub intake: Intake,
    /// What the user says of their codes.
    pub codes: CodesRequest,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// Folder for the results.
    pub output: PathBuf,
}

/// What a simulation has to say (模拟摘要).
#[derive(Clone, Debug)]
pub struct Simulation {
    /// Name of the reform and its baseline.
    pub name: (String, String),
    /// Metric, unit, baseline and reform.
    pub headline: Vec<(String, &'static str, Option<f64>, Option<f64>)>,
    /// Warnings about the scenario.
    pub remarks: Vec<Remark>,
    /// What every page must say.
    pub notice: String,
    /// The hash of the baseline, by which it can be frozen.
    pub baseline_hash: String,
    /// The hash of the results.
    pub result_hash: String,
}

/// Runs a baseline and what differs from it, and writes the tables (运行情景模拟).
///
/// # Errors
/// A scenario that cannot be read or run; a baseline other than the one the reform asks for; results
/// that cannot be written.
pub fn simulate(request: &SimulateRequest, watch: &Watch<'_>) -> Result<Simulation> {
    if request.output.as_os_str() == "-" {
        return Err(Error::new(
            "the results are several files: -o names a folder, not `-`",
        ));
    }
    let library = Library::find(&request.tables)?;
    let resolved = Resolved::load(&request.scenarios, watch.lang)?;
    let planned = Parts::of(planned_runs(&resolved), watch);
    let advance = |more| planned.advance(more);
    let codes = request.codes.declared();
    let how = How {
        library: &library,
        intake: &request.intake,
        codes: &codes,
        lang: watch.lang,
        threads: watch.threads,
        advance: &advance,
    };
    let mut engine = Engine::new(how, &resolved.baseline.document);
    let outputs = outputs(&request.output);
    let inputs = input_files(&resolved);
    super::refuse_overwriting(outputs, inputs.iter().map(PathBuf::as_path))?;
    let baseline_hash = engine.key(&resolved.baseline, Stage::Settle)?;
    refuse_other_baseline(&resolved, &baseline_hash)?;
    let ran = Ran::of(&mut engine, &resolved)?;
    let found = ran.found(&resolved);
    let mut tables = simulation_tables(&found, &engine, watch.lang);
    tables.push(dictionary(&tables, watch.lang));
    let repeat = repeat(&mut engine, &resolved, &ran, &tables, baseline_hash)?;
    write(request, &found, &tables, &repeat, watch)?;
    Ok(Simulation {
        name: (resolved.id.clone(), resolved.baseline_id.clone()),
        headline: headline(&ran),
        remarks: resolved.remarks.clone(),
        notice: resolved.notice.clone(),
        baseline_hash: repeat.baseline_hash.clone(),
        result_hash: repeat.result_hash,
    })
}

/// Runs that are sure to come: every subset of levers, as far as they are all run.
fn planned_runs(resolved: &Resolved) -> usize {
    let levers = resolved.changed_levers().len().min(10);
    let study = &resolved.study;
    let sweep: usize = study.sweep.iter().map(|axis| axis.values.len()).product();
    let heat = study
        .heat
        .as_ref()
        .map_or(0, |heat| heat.x.values.len() * heat.y.values.len());
    let draws = study
        .mc
        .as_ref()
        .map_or(0, |mc| usize::try_from(mc.draws).unwrap_or(0) * mc.levels.len());
    let swept = if study.sweep.is_empty() { 0 } else { sweep };
    2 + (1 << levers) + swept + heat + 2 * study.tornado.len() + 60 * study.solve.len() + draws
}

/// A run against another baseline than the frozen one is refused.
fn refuse_other_baseline(resolved: &Resolved, hash: &str) -> Result<()> {
    match &resolved.frozen {
        Some((frozen, place)) if frozen != hash => {
            let message = format!(
                "`scenario.baseline_hash` is `{frozen}`, but the baseline `{}` is now `{hash}`: it, or a file it reads, has changed",
                resolved.baseline_id
            );
            Err(Error::at(place.clone(), message))
        }
        _ => Ok(()),
    }
}

/// Everything that was run.
struct Ran {
    attributes: Attributes,
    base: Run,
    reform: Run,
    fixed: Run,
    attribution: Attribution,
    corridor: crate::scenarios::simulate::CorridorOfRun,
    crosswalk: Option<crate::scenarios::simulate::Crosswalk>,
    mixes: Vec<crate::scenarios::simulate::Mix>,
    studies: Studies,
}

impl Ran {
    fn of(engine: &mut Engine<'_>, resolved: &Resolved) -> Result<Ran> {
        let base = engine.run("baseline", &resolved.baseline)?;
        let reform = engine.run("reform", &resolved.reform)?;
        let attributes = match resolved.baseline.file(&["attributes"]) {
            Some(path) => {
                let attributes = Attributes::load(&path)?;
                attributes.covers(&path, &base.outcome)?;
                attributes
            }
            None => Attributes::default(),
        };
        let levers = resolved.changed_levers();
        let kept: Vec<&str> = levers
            .iter()
            .map(String::as_str)
            .filter(|lever| *lever != "behaviour")
            .collect();
        let fixed = engine.run("static", &resolved.with_levers(&kept))?;
        let attribution = attribute(engine, resolved, &base.outcome)?;
        let other_grouper = resolved
            .changes
            .iter()
            .any(|change| change.path.to_string() == "scheme");
        Ok(Ran {
            corridor: corridor(&reform.pack, &reform.outcome),
            crosswalk: other_grouper.then(|| crosswalk(&base, &reform)),
            mixes: mixes(&base, &reform),
            studies: Studies::of(engine, resolved, &base, &reform)?,
            attributes,
            base,
            reform,
            fixed,
            attribution,
        })
    }

    fn found<'a>(&'a self, resolved: &'a Resolved) -> Simulated<'a> {
        Simulated {
            resolved,
            attributes: &self.attributes,
            base: &self.base,
            reform: &self.reform,
            fixed: &self.fixed.outcome,
            attribution: &self.attribution,
            corridor: &self.corridor,
            crosswalk: self.crosswalk.as_ref(),
            mixes: &self.mixes,
            studies: &self.studies,
        }
    }
}

fn headline(ran: &Ran) -> Vec<(String, &'static str, Option<f64>, Option<f64>)> {
    let (base, reform) = (&ran.base.outcome, &ran.reform.outcome);
    let row = |metric: Metric| {
        (
            metric.name(base),
            metric.unit(),
            metric.of(base),
            metric.of(reform),
        )
    };
    Metric::usual(base).into_iter().map(row).collect()
}

/// Every file the scenarios name, as far as it is read.
fn input_files(resolved: &Resolved) -> Vec<PathBuf> {
    let mut files = resolved.files.clone();
    for whole in [&resolved.baseline, &resolved.reform] {
        for (path, leaf) in whole.document.leaves() {
            let names: Vec<&str> = path.names().iter().map(String::as_str).collect();
            let is_file = crate::scenarios::simulate::lever_of(path).is_some_and(|lever| lever.is_file());
            let beside = match names.as_slice() {
                ["policy", ..] => leaf.value.as_str().map(|name| whole.policy.with_file_name(name)),
                _ if is_file => whole.file(&names),
                _ => None,
            };
            files.extend(beside.filter(|path| path.extension().is_some() && path.is_file()));
        }
    }
    let mut seen = Vec::new();
    files.retain(|file| {
        let is_new = !seen.contains(file);
        seen.push(file.clone());
        is_new
    });
    files
}

const RESOLVED: &str = "resolved.toml";
const DIFF: &str = "diff.toml";
const RUN_PAGE: &str = "run.json";
const PAGE: &str = "report.html";
const BOOK: &str = "simulation.xlsx";

fn outputs(folder: &Path) -> Vec<PathBuf> {
    [RESOLVED, DIFF, RUN_PAGE, PAGE, BOOK]
        .iter()
        .map(|name| folder.join(name))
        .collect()
}

fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn repeat(
    engine: &mut Engine<'_>,
    resolved: &Resolved,
    ran: &Ran,
    tables: &[Named],
    baseline_hash: String,
) -> Result<Repeat> {
    let mut inputs = Vec::new();
    for file in input_files(resolved) {
        inputs.push((file.to_string_lossy().into_owned(), engine.hash(&file)?));
    }
    let mut sorted: Vec<String> = inputs
        .iter()
        .map(|(path, hash)| {
            let name = Path::new(path)
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            format!("{name} {hash}\n")
        })
        .collect();
    sorted.sort();
    let mut results = Sha256::new();
    for named in tables.iter().filter(|named| named.file != "dictionary") {
        results.update(named.file.as_bytes());
        results.update(named.table.csv().bytes());
    }
    let mc = resolved.study.mc.as_ref();
    Ok(Repeat {
        inputs,
        input_hash: sha256(sorted.concat().as_bytes()),
        table_hash: ran.reform.prepared.counts.tables_hash.clone(),
        policy_hash: engine.key(&resolved.reform, Stage::None)?,
        baseline_hash,
        drawn: mc.map(|mc| (mc.seed, mc.draws)),
        result_hash: hexadecimal(&results.finalize()),
        lock_hash: sha256(include_bytes!("../../Cargo.lock")),
    })
}

/// What differs, key by key (差异文件).
fn diff_text(resolved: &Resolved) -> String {
    let mut text = format!("# what differs from the baseline `{}`\n", resolved.baseline_id);
    for change in &resolved.changes {
        let (path, lever, before) = (&change.path, &change.lever, &change.before);
        let before = if before.is_empty() { "nothing" } else { before };
        match change.after.as_str() {
            "" => text.push_str(&format!(
                "# {path} is taken out, {lever}; the baseline has {before}\n"
            )),
            after => text.push_str(&format!(
                "{path} = {after} # {lever}; the baseline has {before}\n"
            )),
        }
    }
    text
}

fn resolved_text(whole: &Whole, resolved: &Resolved) -> String {
    let Canonical { text, .. } = whole.document.canonical();
    format!(
        "# `{}` with every key, its policy pack below [policy]\n{text}",
        resolved.id
    )
}

fn write(
    request: &SimulateRequest,
    found: &Simulated<'_>,
    tables: &[Named],
    repeat: &Repeat,
    watch: &Watch<'_>,
) -> Result<()> {
    let folder = &request.output;
    let page = format!("{:#}\n", repeat_json(found, repeat));
    let resolved = found.resolved;
    let texts = [
        (RESOLVED, resolved_text(&resolved.reform, resolved)),
        (DIFF, diff_text(resolved)),
        (RUN_PAGE, page),
        (PAGE, simulation_page(found, tables, repeat, watch.lang)?),
    ];
    let csv: Vec<(PathBuf, crate::reports::CsvText)> = tables
        .iter()
        .map(|named| (folder.join(format!("{}.csv", named.file)), named.table.csv()))
        .collect();
    let files = csv.iter().map(|(path, text)| (path.clone(), text.bytes()));
    let texts = texts
        .iter()
        .map(|(name, text)| (folder.join(name), text.as_bytes()));
    write_together(files.chain(texts))?;
    let sheets: Vec<crate::reports::Table> = tables.iter().map(|named| named.table.clone()).collect();
    write_book(&folder.join(BOOK), &sheets, watch.lang)
}
