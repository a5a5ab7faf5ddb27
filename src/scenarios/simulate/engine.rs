//! The stages of a run, each kept by the hash of what it reads (分段运行): a reform starts at the
//! first stage a change touches and reuses the rest.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use sha2::{Digest, Sha256};

use super::behaviour::{Behaviour, Drawn, Factors, Reacted};
use super::calibrated::calibrated;
use super::cases::{How, Prepared, Scored};
use super::document::{Document, Leaf};
use super::levers::{Stage, lever_of};
use super::outcome::{Cell, Outcome, cells, settled};
use super::resolve::Whole;
use crate::benefit::BenefitPolicy;
use crate::diagnostics::{Error, Result, hexadecimal, suggestion};
use crate::points::{Pack, Weights};

/// Scored cases are large: no more than this many are kept.
const SCORED_KEPT: usize = 3;

/// How often hospitals react before a fixed point is given up (不动点轮数).
const MOST_ROUNDS: u32 = 50;

/// Change of any response below which a fixed point is reached.
const SETTLED: f64 = 1e-8;

/// Part of the way to the new response that is gone in a round (阻尼).
const DAMPING: f64 = 0.5;

/// Which stages a run computed (环节记录).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRun {
    /// The run.
    pub run: String,
    /// The stage.
    pub stage: Stage,
    /// Taken from an earlier run.
    pub reused: bool,
}

/// A run with everything it stands on.
#[derive(Clone)]
pub struct Run {
    /// Cases before scoring.
    pub prepared: Arc<Prepared>,
    /// Scored cases.
    pub scored: Arc<Scored>,
    pub(super) factors: Arc<Vec<Factors>>,
    /// The pack.
    pub pack: Arc<Pack>,
    /// What everybody gets.
    pub outcome: Arc<Outcome>,
}

/// Runs scenarios, remembering their stages (情景引擎).
pub struct Engine<'a> {
    how: How<'a>,
    base: Document,
    prepared: Vec<(String, Arc<Prepared>)>,
    scored: Vec<(String, Arc<Scored>, Arc<Vec<Cell>>)>,
    runs: Vec<(String, Run)>,
    weights: HashMap<PathBuf, Weights>,
    calibrated: Vec<(String, Weights)>,
    hashes: HashMap<PathBuf, String>,
    /// Of a benefit policy: one hash of all files it is read from.
    benefits: HashMap<PathBuf, String>,
    /// What was computed, in order.
    pub log: Vec<StageRun>,
}

impl<'a> Engine<'a> {
    /// An engine whose messages prefer places outside `base`.
    pub fn new(how: How<'a>, base: &Document) -> Engine<'a> {
        Engine {
            how,
            base: base.clone(),
            prepared: Vec::new(),
            scored: Vec::new(),
            runs: Vec::new(),
            weights: HashMap::new(),
            calibrated: Vec::new(),
            hashes: HashMap::new(),
            benefits: HashMap::new(),
            log: Vec::new(),
        }
    }

    /// How many threads, and who is told of progress.
    pub fn how(&self) -> &How<'a> {
        &self.how
    }

    /// Runs a scenario as far as it was not run before (运行情景).
    ///
    /// # Errors
    /// An input that cannot be used; a pool that cannot be settled.
    pub fn run(&mut self, name: &str, whole: &Whole) -> Result<Run> {
        let key = self.key(whole, Stage::Settle)?;
        if let Some((_, run)) = self.runs.iter().find(|(known, _)| *known == key) {
            let run = run.clone();
            self.note(name, Stage::Settle, true);
            return Ok(run);
        }
        let pack = whole.pack(&self.base)?;
        let weights_file = whole.needed_file("weights")?;
        let weights = self.weights(&weights_file)?;
        let prepared = self.prepare(name, whole, &pack, &weights)?;
        let weights = self.calibrate(whole, &prepared, weights)?;
        let (scored, summed) = self.score(name, whole, (&pack, &weights), &prepared)?;
        refuse_unknown_hospitals(whole, &scored)?;
        let behaviour = Behaviour::of(whole, &scored)?;
        let (outcome, reacted) = react(
            whole,
            (&pack, &weights),
            (&prepared, &scored, &summed),
            &behaviour,
        )?;
        self.note(name, Stage::Settle, false);
        let scored = match reacted.cases {
            Some(drawn) => Arc::new(scored.with_cases(drawn)),
            None => scored,
        };
        let run = Run {
            prepared,
            scored,
            factors: Arc::new(reacted.factors),
            pack: Arc::new(pack),
            outcome: Arc::new(outcome),
        };
        self.runs.push((key, run.clone()));
        (self.how.advance)(1);
        Ok(run)
    }

    /// A run that is asked for once and not kept, e.g. one point of a sweep.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn outcome(&mut self, name: &str, whole: &Whole) -> Result<Arc<Outcome>> {
        let kept = self.runs.len();
        let logged = self.log.len();
        let outcome = self.run(name, whole)?.outcome;
        self.runs.truncate(kept);
        self.log.truncate(logged);
        Ok(outcome)
    }

    fn note(&mut self, run: &str, stage: Stage, reused: bool) {
        self.log.push(StageRun {
            run: run.to_owned(),
            stage,
            reused,
        });
    }

    fn weights(&mut self, path: &Path) -> Result<Weights> {
        if let Some(weights) = self.weights.get(path) {
            return Ok(weights.clone());
        }
        let weights = Weights::load(path)?;
        self.weights.insert(path.to_owned(), weights.clone());
        Ok(weights)
    }

    /// The weights of the scenario's plan of calibration, if it has one; else those of its file.
    fn calibrate(&mut self, whole: &Whole, prepared: &Prepared, weights: Weights) -> Result<Weights> {
        if whole.document.below(&["calibration"]).next().is_none() {
            return Ok(weights);
        }
        let key = self.key(whole, Stage::Score)?;
        if let Some((_, made)) = self.calibrated.iter().find(|(known, _)| *known == key) {
            return Ok(made.clone());
        }
        let made = calibrated(whole, &self.base, prepared, &self.how)?.unwrap_or(weights);
        self.calibrated.push((key, made.clone()));
        Ok(made)
    }

    fn prepare(
        &mut self,
        name: &str,
        whole: &Whole,
        pack: &Pack,
        weights: &Weights,
    ) -> Result<Arc<Prepared>> {
        let key = self.key(whole, Stage::Cases)?;
        if let Some((_, prepared)) = self.prepared.iter().find(|(known, _)| *known == key) {
            let prepared = Arc::clone(prepared);
            self.note(name, Stage::Cases, true);
            return Ok(prepared);
        }
        let prepared = Arc::new(Prepared::load(whole, pack.clone(), weights.clone(), &self.how)?);
        self.prepared.push((key, Arc::clone(&prepared)));
        self.note(name, Stage::Cases, false);
        Ok(prepared)
    }

    fn score(
        &mut self,
        name: &str,
        whole: &Whole,
        (pack, weights): (&Pack, &Weights),
        prepared: &Arc<Prepared>,
    ) -> Result<(Arc<Scored>, Arc<Vec<Cell>>)> {
        let key = self.key(whole, Stage::Score)?;
        if let Some((_, scored, cells)) = self.scored.iter().find(|(known, ..)| *known == key) {
            let kept = (Arc::clone(scored), Arc::clone(cells));
            self.note(name, Stage::Score, true);
            return Ok(kept);
        }
        let scored = Arc::new(prepared.score(whole, (pack, weights), self.how.threads)?);
        let summed = Arc::new(cells(&scored, scored.cases.iter().copied()));
        // the first is the baseline's: it stays
        if self.scored.len() >= SCORED_KEPT {
            self.scored.remove(1);
        }
        self.scored.push((key, Arc::clone(&scored), Arc::clone(&summed)));
        self.note(name, Stage::Score, false);
        Ok((scored, summed))
    }

    /// SHA-256 of everything the stages up to one read: values as written, files by their content
    /// (环节散列).
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn key(&mut self, whole: &Whole, upto: Stage) -> Result<String> {
        let mut hash = Sha256::new();
        for (path, leaf) in whole.document.leaves() {
            let Some(lever) = lever_of(path).filter(|lever| lever.stage() <= upto) else {
                continue;
            };
            let value = self.content(
                whole,
                &path.names().iter().map(String::as_str).collect::<Vec<_>>(),
                leaf,
                lever.is_file(),
            )?;
            hash.update(format!("{path} = {value}\n"));
        }
        Ok(hexadecimal(&hash.finalize()))
    }

    /// A value; a file's content in its place.
    fn content(&mut self, whole: &Whole, names: &[&str], leaf: &Leaf, is_file: bool) -> Result<String> {
        let text = leaf.text();
        let file = match names {
            [.., "benefit"] => return self.benefit(whole, names, &text),
            _ if is_file => whole.file(names),
            ["policy", ..] => {
                let folder = whole.policy.parent().unwrap_or(Path::new(""));
                let beside = leaf.value.as_str().map(|name| folder.join(name));
                beside.filter(|path| path.extension().is_some() && path.is_file())
            }
            _ => None,
        };
        match file {
            Some(path) => Ok(format!("sha256:{}", self.hash(&path)?)),
            None => Ok(text),
        }
    }

    fn benefit(&mut self, whole: &Whole, names: &[&str], text: &str) -> Result<String> {
        // cases that come grouped have no bills to share
        let Some(path) = whole.file(names).filter(|_| whole.file(&["records"]).is_some()) else {
            return Ok(text.to_owned());
        };
        if let Some(hash) = self.benefits.get(&path) {
            return Ok(hash.clone());
        }
        let mut hash = Sha256::new();
        BenefitPolicy::load(&path)?
            .files()
            .iter()
            .for_each(|file| hash.update(&file.bytes));
        let hash = format!("sha256:{}", hexadecimal(&hash.finalize()));
        self.benefits.insert(path, hash.clone());
        Ok(hash)
    }

    /// SHA-256 of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn hash(&mut self, path: &Path) -> Result<String> {
        if let Some(hash) = self.hashes.get(path) {
            return Ok(hash.clone());
        }
        let failed = |e: std::io::Error| Error::io(path, "could not be read", &e);
        let mut file = std::fs::File::open(path).map_err(failed)?;
        let mut hash = Sha256::new();
        let mut block = vec![0; 1 << 16];
        loop {
            let read = file.read(&mut block).map_err(failed)?;
            if read == 0 {
                break;
            }
            hash.update(block.get(..read).unwrap_or_default());
        }
        let hash = hexadecimal(&hash.finalize());
        self.hashes.insert(path.to_owned(), hash.clone());
        Ok(hash)
    }
}

/// An assessment score of a hospital that nobody knows would change nothing.
fn refuse_unknown_hospitals(whole: &Whole, scored: &Scored) -> Result<()> {
    let scores = whole.document.below(&["quality", "scores"]);
    let named = scores.filter_map(|(path, leaf)| Some((path, path.names().get(2)?, leaf)));
    let unknown = named.filter(|(_, code, _)| scored.hospital(code).is_none());
    Error::all(unknown.map(|(path, code, leaf)| {
        let known = scored.hospitals.iter().map(|hospital| hospital.code.as_str());
        let hint = suggestion(code, known);
        Error::at(
            leaf.place.clone(),
            format!("`{path}`: no case is of hospital `{code}`{hint}"),
        )
    }))
}

/// Behaviour and settlement; numbers of cases that follow pay react once, or until nothing moves.
fn react(
    whole: &Whole,
    (pack, weights): (&Pack, &Weights),
    (prepared, scored, summed): (&Prepared, &Scored, &[Cell]),
    behaviour: &Behaviour,
) -> Result<(Outcome, Reacted)> {
    let mut volumes = vec![0.0; scored.hospitals.len()];
    let settle_with = |volumes: &[f64]| -> Result<(Outcome, Reacted)> {
        let reacted = behaviour.react(prepared, scored, (pack, weights), volumes)?;
        Ok((settled(whole, pack, (scored, summed), &reacted)?, reacted))
    };
    let mut last = settle_with(&volumes)?;
    if !behaviour.is_elastic() {
        return Ok(last);
    }
    let rounds = if behaviour.fixed_point { MOST_ROUNDS } else { 1 };
    for _ in 0..rounds {
        let mut moved: f64 = 0.0;
        for (volume, hospital) in volumes.iter_mut().zip(&last.0.hospitals) {
            let wanted = hospital.pay_to_cost().map_or(0.0, |ratio| {
                behaviour.elasticity(&hospital.code, hospital.level) * (ratio - 1.0)
            });
            let next = if behaviour.fixed_point {
                *volume + DAMPING * (wanted - *volume)
            } else {
                wanted
            };
            moved = moved.max((next - *volume).abs());
            *volume = next;
        }
        last = settle_with(&volumes)?;
        if moved < SETTLED {
            return Ok(last);
        }
    }
    if behaviour.fixed_point {
        last.0.remarks.push("not_converged");
    }
    Ok(last)
}

impl Scored {
    /// The same lists with other cases.
    fn with_cases(&self, drawn: Vec<Drawn>) -> Scored {
        let has_ratios = !self.ratios.is_empty();
        let mut cases = Vec::with_capacity(drawn.len());
        let (mut ids, mut ratios) = (Vec::with_capacity(drawn.len()), Vec::new());
        for Drawn { case, id, ratio } in drawn {
            cases.push(case);
            ids.push(id);
            if has_ratios {
                ratios.push(ratio);
            }
        }
        Scored {
            cases,
            ids,
            hospitals: self.hospitals.clone(),
            groups: self.groups.clone(),
            pools: self.pools.clone(),
            months: self.months.clone(),
            patients: self.patients.clone(),
            ratios,
        }
    }
}
