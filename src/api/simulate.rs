//! Scenarios run, compared and written (情景模拟).

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Watch;
use super::door::CodesRequest;
use super::parts::Parts;
use crate::benefit::BenefitPolicy;
use crate::diagnostics::{Error, Lang, Result, hexadecimal};
use crate::records::Intake;
use crate::reports::{
    Leftovers, Named, Repeat, Simulated, Table, book_bytes, dictionary, repeat_json, result_hash,
    simulation_page, simulation_remarks, simulation_tables, write_together,
};
use crate::scenarios::simulate::{
    Attributes, Attribution, Canonical, Engine, How, Metric, MonteCarlo, NotDefined, Outcome, PatientPart,
    QualityOfRun, Remark, Resolved, Run, Stage, Studies, Whole, attribute, corridor, crosswalk, mixes,
    patients, quality, without_effect,
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
    /// What changes in one view.
    pub headline: Vec<Headline>,
    /// What should be looked at.
    pub remarks: Vec<Remark>,
    /// What every page must say.
    pub notice: String,
    /// The hash of the baseline, by which it can be frozen.
    pub baseline_hash: String,
    /// The hash of the results.
    pub result_hash: String,
    /// Files of an earlier run that stay since somebody changed them.
    pub left: Vec<PathBuf>,
}

/// A metric of baseline and reform (总览指标).
#[derive(Clone, Debug)]
pub struct Headline {
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: &'static str,
    /// In the baseline, or why it is not defined there.
    pub baseline: std::result::Result<f64, NotDefined>,
    /// Under the reform.
    pub reform: std::result::Result<f64, NotDefined>,
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
    let inputs = input_files(&resolved)?;
    super::refuse_overwriting(outputs, inputs.iter().map(PathBuf::as_path))?;
    let baseline_hash = engine.key(&resolved.baseline, Stage::Settle)?;
    refuse_other_baseline(&resolved, &baseline_hash)?;
    let ran = Ran::of(&mut engine, &resolved, watch.lang)?;
    let found = ran.found(&resolved);
    let mut tables = simulation_tables(&found, &engine, watch.lang);
    tables.push(dictionary(&tables, watch.lang));
    let mut repeat = repeat(&mut engine, &resolved, &ran, &tables, baseline_hash)?;
    let left = write(request, &found, &tables, &mut repeat, watch)?;
    Ok(Simulation {
        left,
        name: (resolved.id.clone(), resolved.baseline_id.clone()),
        headline: headline(&ran),
        remarks: simulation_remarks(&found, watch.lang),
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
    let draws = study.mc.as_ref().map_or(0, |mc| {
        usize::try_from(mc.draws).unwrap_or(0) * mc.levels.len() + fan_of(mc)
    });
    let swept = if study.sweep.is_empty() { 0 } else { sweep };
    let stress = study
        .stress
        .as_ref()
        .map_or(0, |stress| 3 * (stress.values.len() + 3));
    2 + (1 << levers) + stress + swept + heat + 2 * study.tornado.len() + 60 * study.solve.len() + draws
}

/// Months of a year, of the baseline and of the reform.
fn fan_of(mc: &MonteCarlo) -> usize {
    if mc.months { 24 } else { 0 }
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
    patients: Vec<PatientPart>,
    quality: QualityOfRun,
    studies: Studies,
    idle: Vec<Remark>,
}

impl Ran {
    fn of(engine: &mut Engine<'_>, resolved: &Resolved, lang: Lang) -> Result<Ran> {
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
        let outcomes = (&*base.outcome, &*reform.outcome);
        let of_cases = (&attribution, reform.scored.cases.len());
        let idle = without_effect(engine, resolved, outcomes, of_cases, lang)?;
        let other_grouper = resolved
            .changes
            .iter()
            .any(|change| change.path.to_string() == "scheme");
        Ok(Ran {
            corridor: corridor(&reform.pack, &reform.outcome),
            crosswalk: other_grouper.then(|| crosswalk(&base, &reform)),
            mixes: mixes(&base, &reform),
            quality: quality(&resolved.reform, &reform.pack, &reform.outcome),
            patients: patients((&resolved.baseline, &base), (&resolved.reform, &reform))?,
            studies: Studies::of(engine, resolved, &base, &reform)?,
            idle,
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
            patients: &self.patients,
            quality: &self.quality,
            studies: &self.studies,
            idle: &self.idle,
        }
    }
}

fn headline(ran: &Ran) -> Vec<Headline> {
    let (base, reform) = (&ran.base.outcome, &ran.reform.outcome);
    let value = |metric: &Metric, outcome: &Outcome| match metric.missing(outcome) {
        Some(why) => Err(why),
        None => Ok(metric.of(outcome).unwrap_or(f64::NAN)),
    };
    let row = |metric: Metric| Headline {
        metric: metric.name(base),
        unit: metric.unit(),
        baseline: value(&metric, base),
        reform: value(&metric, reform),
    };
    Metric::usual(base).into_iter().map(row).collect()
}

/// Every file the scenarios name, as far as it is read.
fn input_files(resolved: &Resolved) -> Result<Vec<PathBuf>> {
    let mut files = resolved.files.clone();
    for whole in [&resolved.baseline, &resolved.reform] {
        for (path, leaf) in whole.document.leaves() {
            let names: Vec<&str> = path.names().iter().map(String::as_str).collect();
            let is_file = crate::scenarios::simulate::lever_of(path).is_some_and(|lever| lever.is_file());
            let beside = match names.as_slice() {
                // shared by it where there are bills
                [.., "benefit"] if whole.file(&["records"]).is_some() => {
                    let policy = whole
                        .file(&names)
                        .map(|path| BenefitPolicy::load(&path))
                        .transpose()?;
                    let all = policy.iter().flat_map(|policy| policy.files());
                    files.extend(all.map(|file| file.path.clone()));
                    None
                }
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
    Ok(files)
}

/// The command, as `run.json` names it.
const COMMAND: &str = "simulate";

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
    for file in input_files(resolved)? {
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
    let results = tables.iter().filter(|named| named.file != "dictionary");
    let mc = resolved.study.mc.as_ref();
    Ok(Repeat {
        inputs,
        input_hash: sha256(sorted.concat().as_bytes()),
        table_hash: ran.reform.prepared.counts.tables_hash.clone(),
        policy_hash: engine.key(&resolved.reform, Stage::None)?,
        baseline_hash,
        drawn: mc.map(|mc| (mc.seed, mc.draws)),
        result_hash: result_hash(results.map(|named| (named.file.as_str(), &named.table))),
        outputs: Vec::new(),
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

/// Writes every file, none before all are made, and takes away what an earlier run left; files of it
/// that somebody changed stay.
fn write(
    request: &SimulateRequest,
    found: &Simulated<'_>,
    tables: &[Named],
    repeat: &mut Repeat,
    watch: &Watch<'_>,
) -> Result<Vec<PathBuf>> {
    let folder = &request.output;
    let resolved = found.resolved;
    let mut files: Vec<(String, Vec<u8>)> = tables
        .iter()
        .map(|named| (format!("{}.csv", named.file), named.table.csv().bytes().to_vec()))
        .collect();
    let texts = [
        (RESOLVED, resolved_text(&resolved.reform, resolved)),
        (DIFF, diff_text(resolved)),
        (PAGE, simulation_page(found, tables, repeat, watch.lang)?),
    ];
    files.extend(texts.map(|(name, text)| (name.to_owned(), text.into_bytes())));
    let sheets: Vec<Table> = tables.iter().map(|named| named.table.clone()).collect();
    let book = book_bytes(&folder.join(BOOK), &sheets, watch.lang)?;
    files.push((BOOK.to_owned(), book));
    repeat.outputs = files
        .iter()
        .map(|(name, bytes)| (name.clone(), sha256(bytes)))
        .collect();
    let page = repeat_json(COMMAND, found, repeat, watch.lang);
    let mut names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    names.push(RUN_PAGE.to_owned());
    let earlier = Leftovers::of(folder, COMMAND, &names);
    files.push((RUN_PAGE.to_owned(), format!("{page:#}\n").into_bytes()));
    let places = files
        .iter()
        .map(|(name, bytes)| (folder.join(name), bytes.as_slice()));
    write_together(places)?;
    earlier.remove()?;
    Ok(earlier.changed)
}
