//! Baseline and reforms become one document (情景解析): differences merged deeply, each change of
//! exactly one lever, and what is worth a warning.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::Value;

use super::document::{Document, KeyPath, Leaf, moved_to_leaves};
use super::levers::{check, lever_of};
use super::study::Study;
use crate::diagnostics::{Error, Lang, Place, Result, suggestion};
use crate::points::Pack;

/// Keys that name a scenario and are not merged.
const NAMES: [&str; 5] = ["schema", "scenario", "title", "purpose", "notice"];

/// A scenario with its policy pack inside (完整情景): one document, files as written.
#[derive(Clone, Debug, Default)]
pub struct Whole {
    /// All keys; those of the pack below `policy`.
    pub document: Document,
    /// The pack's file, beside which its tables lie.
    pub policy: PathBuf,
}

/// A leaf that differs from the baseline (改动).
#[derive(Clone, Debug)]
pub struct Change {
    /// Its path.
    pub path: KeyPath,
    /// The lever it belongs to.
    pub lever: String,
    /// The baseline's value, in TOML; empty where it has none.
    pub before: String,
    /// The reform's value, in TOML; empty where it was taken out.
    pub after: String,
    /// Where it is written.
    pub place: Place,
}

/// Something about a scenario that people should see (提示).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// Stable code: `no_effect`, `conflict` and others.
    pub code: &'static str,
    /// Where.
    pub place: String,
    /// In words.
    pub text: String,
}

/// Baseline, reform and what differs (解析结果).
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Name of the baseline.
    pub baseline_id: String,
    /// Name of the reform; of the baseline, where there is none.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it is for.
    pub purpose: String,
    /// What every page must say.
    pub notice: String,
    /// The baseline.
    pub baseline: Whole,
    /// The baseline with every difference.
    pub reform: Whole,
    /// Differences, by path.
    pub changes: Vec<Change>,
    /// What to look into.
    pub study: Study,
    /// Warnings.
    pub remarks: Vec<Remark>,
    /// The hash a reform asks of its baseline, and where.
    pub frozen: Option<(String, Place)>,
    /// Scenario files and packs that were read.
    pub files: Vec<PathBuf>,
}

impl Resolved {
    /// Reads scenarios that compose in their order (读取并合成情景).
    ///
    /// # Errors
    /// Unknown keys, wrong types, floats, values out of range, a circle of baselines, reforms of
    /// different baselines; each with file and line.
    pub fn load(paths: &[PathBuf], lang: Lang) -> Result<Resolved> {
        let Some(first) = paths.first() else {
            return Err(Error::new("no scenario is given"));
        };
        let mut reading = Reading::default();
        let read = paths
            .iter()
            .map(|path| reading.read(path))
            .collect::<Result<Vec<Read>>>()?;
        let (baseline, baseline_id) = reading.common_baseline(paths, &read)?;
        let mut resolved = Resolved {
            id: name_of(
                first,
                &read
                    .first()
                    .map_or_else(Document::default, |read| read.own.document.clone()),
            ),
            baseline_id,
            title: String::new(),
            purpose: String::new(),
            notice: String::new(),
            reform: baseline.clone(),
            baseline,
            changes: Vec::new(),
            study: Study::default(),
            remarks: Vec::new(),
            frozen: None,
            files: Vec::new(),
        };
        // what every page of the baseline must say is true of its reforms
        let notice = resolved.baseline.document.get(&["notice"]);
        let notice = notice.and_then(|leaf| leaf.value.as_str()).unwrap_or("");
        resolved.notice = notice.to_owned();
        resolved.compose(paths, &read, lang)?;
        resolved.refuse_unknown_pools()?;
        resolved.study = Study::of(&resolved.reform.document)?;
        resolved.changes = changes(&resolved.baseline, &resolved.reform);
        resolved.files = reading.files;
        Ok(resolved)
    }

    /// A pool that the baseline has not would settle nothing.
    fn refuse_unknown_pools(&self) -> Result<()> {
        let known = self.baseline.pools();
        let named = |first: &[&str], at: usize| {
            let below = self.reform.document.below(first);
            let names = below.filter_map(move |(path, leaf)| Some((path, path.names().get(at)?, leaf)));
            names.collect::<Vec<_>>()
        };
        let mut pools = named(&["budget", "pool"], 2);
        pools.extend(named(&["pool"], 1));
        let unknown = pools.into_iter().filter(|(_, pool, _)| !known.contains(pool));
        Error::all(unknown.map(|(path, pool, leaf)| {
            let hint = suggestion(pool, known.iter().map(String::as_str));
            let message = format!("`{path}`: the baseline has no pool `{pool}`{hint}");
            Error::at(leaf.place.clone(), message)
        }))
    }

    fn compose(&mut self, paths: &[PathBuf], read: &[Read], lang: Lang) -> Result<()> {
        let mut ids = Vec::new();
        let mut set: Vec<(KeyPath, Leaf)> = Vec::new();
        for (path, read) in paths.iter().zip(read) {
            ids.push(name_of(path, &read.own.document));
            for key in ["title", "purpose", "notice"] {
                let text = read.own.document.get(&[key]).and_then(|leaf| leaf.value.as_str());
                if let Some(text) = text {
                    self.say(key, text);
                }
            }
            if let Some(leaf) = read.own.document.get(&["scenario", "baseline_hash"]) {
                let hash = leaf.value.as_str().unwrap_or("").to_owned();
                self.frozen = Some((hash, leaf.place.clone()));
            }
            if read.baseline.is_none() {
                continue;
            }
            self.warn(read, &set, lang);
            merge(&mut self.reform, &read.own);
            let own = read.own.document.leaves();
            set.extend(own.map(|(path, leaf)| (path.clone(), leaf.clone())));
        }
        self.id = ids.join("+");
        self.remarks.sort();
        self.remarks.dedup();
        Ok(())
    }

    fn say(&mut self, key: &str, text: &str) {
        let slot = match key {
            "title" => &mut self.title,
            "purpose" => &mut self.purpose,
            _ => &mut self.notice,
        };
        match (slot.is_empty(), key) {
            (true, _) => slot.push_str(text),
            (false, _) if slot.contains(text) => {}
            (false, "notice") => slot.push_str(&format!("; {text}")),
            (false, _) => slot.push_str(&format!(" + {text}")),
        }
    }

    /// Values equal to the baseline's, and values that an earlier reform has set otherwise.
    fn warn(&mut self, read: &Read, set: &[(KeyPath, Leaf)], lang: Lang) {
        let own = read.own.document.leaves();
        let own =
            own.filter(|(path, _)| !is_name(path) && lever_of(path).is_some_and(|lever| lever.is_lever()));
        for (path, leaf) in own {
            let same = self
                .baseline
                .document
                .at(path)
                .is_some_and(|base| base.value == leaf.value);
            if same && !read.replaces_policy(path) {
                let text = match lang {
                    Lang::En => format!("`{path}` is {}, as in the baseline", leaf.text()),
                    Lang::Zh => format!("`{path}` 为 {}，与基线相同", leaf.text()),
                };
                self.remark("no_effect", &leaf.place, text);
            }
            let earlier = set.iter().rev().find(|(known, _)| known == path);
            if let Some((_, earlier)) = earlier.filter(|(_, earlier)| earlier.value != leaf.value) {
                let (before, now) = (earlier.text(), leaf.text());
                let text = match lang {
                    Lang::En => format!(
                        "`{path}` is {now}; {} set it to {before}; the later one counts",
                        earlier.place
                    ),
                    Lang::Zh => format!("`{path}` 为 {now}；{} 设为 {before}；以后者为准", earlier.place),
                };
                self.remark("conflict", &leaf.place, text);
            }
        }
    }

    fn remark(&mut self, code: &'static str, place: &Place, text: String) {
        let place = place.to_string();
        self.remarks.push(Remark { code, place, text });
    }

    /// Levers that are changed, by name (改动的杠杆).
    pub fn changed_levers(&self) -> Vec<String> {
        let levers: BTreeSet<&String> = self.changes.iter().map(|change| &change.lever).collect();
        levers.into_iter().cloned().collect()
    }

    /// The baseline with the changes of some levers only (部分改动).
    pub fn with_levers(&self, levers: &[&str]) -> Whole {
        let mut whole = self.baseline.clone();
        let mine = |change: &&Change| levers.contains(&change.lever.as_str());
        for change in self.changes.iter().filter(mine) {
            match self.reform.document.at(&change.path) {
                Some(leaf) => whole.document.set(change.path.clone(), leaf.clone()),
                None => {
                    let names: Vec<&str> = change.path.names().iter().map(String::as_str).collect();
                    whole.document.remove(&names);
                }
            }
        }
        if levers.contains(&"regime") {
            whole.policy.clone_from(&self.reform.policy);
        }
        whole
    }
}

fn is_name(path: &KeyPath) -> bool {
    path.names()
        .first()
        .is_some_and(|first| NAMES.contains(&first.as_str()))
}

/// What a scenario calls itself; else its file's name.
fn name_of(path: &Path, document: &Document) -> String {
    let own = document
        .get(&["scenario", "id"])
        .or_else(|| document.get(&["scenario"]));
    let stem = path
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    own.and_then(|leaf| leaf.value.as_str())
        .map_or(stem, str::to_owned)
}

/// One file as read.
struct Read {
    own: Whole,
    /// Its baseline, merged; none where it is one.
    baseline: Option<(PathBuf, Whole, String)>,
    whole_policy: bool,
}

impl Read {
    /// A pack that is replaced as a whole repeats what did not change.
    fn replaces_policy(&self, path: &KeyPath) -> bool {
        self.whole_policy && path.names().first().is_some_and(|first| first == "policy")
    }
}

#[derive(Default)]
struct Reading {
    files: Vec<PathBuf>,
    open: Vec<PathBuf>,
}

impl Reading {
    fn read(&mut self, path: &Path) -> Result<Read> {
        let mut document = Document::read(path)?;
        let known = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.open.contains(&known) {
            let message = "this scenario is its own baseline, directly or through others";
            return Err(Error::at(Place::file(path), message));
        }
        self.note(path);
        let folder = path.parent().unwrap_or(Path::new(""));
        let pack = document.get(&["policy"]).and_then(|leaf| leaf.value.as_str());
        let pack = pack.map(|name| folder.join(name));
        check_all(&document)?;
        let whole_policy = pack.is_some();
        if let Some(pack) = &pack {
            document.remove(&["policy"]);
            document.put_below("policy", Document::read(pack)?);
            self.note(pack);
        }
        self.take_plan(folder, &mut document)?;
        let own = Whole {
            document,
            policy: pack.unwrap_or_default(),
        };
        let base = own.document.get(&["scenario", "baseline"]);
        let Some(base) = base.and_then(|leaf| leaf.value.as_str()) else {
            return Ok(Read {
                own,
                baseline: None,
                whole_policy,
            });
        };
        let mut base = folder.join(base);
        if base.extension().is_none() {
            base.set_extension("toml");
        }
        self.open.push(known);
        let read = self.read(&base);
        self.open.pop();
        let read = read.map_err(|error| named_by(error, &base, &own))?;
        let whole = read.merged();
        let id = name_of(&base, &read.own.document);
        Ok(Read {
            own,
            baseline: Some((base, whole, id)),
            whole_policy,
        })
    }

    /// A plan of calibration stands with its keys below `calibration`, so that reforms change them.
    fn take_plan(&mut self, folder: &Path, document: &mut Document) -> Result<()> {
        let named = document
            .get(&["calibration"])
            .and_then(|leaf| leaf.value.as_str());
        let Some(plan) = named.map(|name| folder.join(name)) else {
            return Ok(());
        };
        document.remove(&["calibration"]);
        let read = Document::read(&plan)?;
        let mut below = Document::default();
        below.put_below("calibration", read.clone());
        self.note(&plan);
        check_all(&below)?;
        document.put_below("calibration", read);
        Ok(())
    }

    fn note(&mut self, path: &Path) {
        if !self.files.iter().any(|known| known == path) {
            self.files.push(path.to_owned());
        }
    }

    /// The one baseline of all scenarios.
    fn common_baseline(&mut self, paths: &[PathBuf], read: &[Read]) -> Result<(Whole, String)> {
        let mut common: Option<(&Path, &Whole, String)> = None;
        for (path, read) in paths.iter().zip(read) {
            let (file, whole, id) = match &read.baseline {
                Some((file, whole, id)) => (file.as_path(), whole, id.clone()),
                None => (path.as_path(), &read.own, name_of(path, &read.own.document)),
            };
            let same = |known: &Path| known.canonicalize().ok() == file.canonicalize().ok();
            match &common {
                None => common = Some((file, whole, id)),
                Some((known, ..)) if same(known) => {}
                Some((known, ..)) => {
                    let message = format!(
                        "this scenario differs from `{}`, the one before it from `{}`; scenarios that compose have one baseline",
                        file.display(),
                        known.display()
                    );
                    return Err(Error::at(Place::file(path), message));
                }
            }
        }
        let (file, whole, id) = common.ok_or_else(|| Error::new("no scenario is given"))?;
        if whole.policy.as_os_str().is_empty() {
            let message = "key `policy` is missing; a baseline names its policy pack";
            return Err(Error::at(Place::file(file), message));
        }
        Ok((whole.clone(), id))
    }
}

/// A baseline that cannot be read is the fault of the scenario that names it.
fn named_by(error: Error, base: &Path, own: &Whole) -> Error {
    let leaf = own.document.get(&["scenario", "baseline"]);
    let missing = !base.exists();
    match leaf.filter(|_| missing) {
        None => error,
        Some(leaf) => {
            let folder = base.parent().filter(|folder| !folder.as_os_str().is_empty());
            let beside = std::fs::read_dir(folder.unwrap_or(Path::new(".")))
                .into_iter()
                .flatten()
                .flatten();
            let mut names: Vec<String> = beside
                .filter_map(|entry| entry.file_name().into_string().ok())
                .filter(|name| name.ends_with(".toml"))
                .collect();
            names.sort();
            let written = leaf.value.as_str().unwrap_or("");
            let name = base
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let hint = suggestion(&name, names.iter().map(String::as_str));
            let message = format!("there is no baseline `{written}`{hint}");
            Error::at(leaf.place.clone(), message)
        }
    }
}

impl Read {
    fn merged(&self) -> Whole {
        match &self.baseline {
            None => self.own.clone(),
            Some((_, base, _)) => {
                let mut whole = base.clone();
                merge(&mut whole, &self.own);
                whole
            }
        }
    }
}

/// Puts every difference in; a later value of a key counts.
fn merge(whole: &mut Whole, own: &Whole) {
    if !own.policy.as_os_str().is_empty() {
        whole.document.remove_below(&["policy"]);
        whole.policy.clone_from(&own.policy);
    }
    for (path, leaf) in own.document.leaves().filter(|(path, _)| !is_name(path)) {
        whole.document.set(path.clone(), leaf.clone());
    }
}

/// Every key of a scenario file is a lever, and its value may be had.
fn check_all(document: &Document) -> Result<()> {
    Error::all(
        document
            .leaves()
            .filter_map(|(path, leaf)| check(path, leaf).err()),
    )
}

/// Differences, each of one lever. What cannot stand alone goes together: a pack that is replaced
/// as a whole is one change of regime, and weights that come with another scheme belong to it.
fn changes(baseline: &Whole, reform: &Whole) -> Vec<Change> {
    let (old, new) = (&baseline.document, &reform.document);
    let other_pack = baseline.policy != reform.policy;
    let value = |document: &Document| document.get(&["scheme"]).map(|leaf| leaf.value.clone());
    let other_scheme = value(old) != value(new);
    let lever_name = |path: &KeyPath, lever: &str| match path.names().first().map(String::as_str) {
        Some("policy") if other_pack => "regime".to_owned(),
        Some("weights") if other_scheme => "grouper".to_owned(),
        _ => lever.to_owned(),
    };
    let paths: BTreeSet<&KeyPath> = old.leaves().chain(new.leaves()).map(|(path, _)| path).collect();
    let differs = |path: &&&KeyPath| match (old.at(path), new.at(path)) {
        (Some(before), Some(after)) => before.value != after.value,
        _ => true,
    };
    let change = |path: &KeyPath| {
        let lever = lever_of(path).filter(|lever| lever.is_lever())?;
        let (before, after) = (old.at(path), new.at(path));
        let place = after.or(before).map(|leaf| leaf.place.clone())?;
        Some(Change {
            path: path.clone(),
            lever: lever_name(path, &lever.lever),
            before: before.map(Leaf::text).unwrap_or_default(),
            after: after.map(Leaf::text).unwrap_or_default(),
            place,
        })
    };
    paths
        .iter()
        .filter(differs)
        .filter_map(|path| change(path))
        .collect()
}

impl Whole {
    /// The policy pack, its faults shown where they are written (政策包).
    ///
    /// # Errors
    /// As [`Pack::parse`].
    pub fn pack(&self, base: &Document) -> Result<Pack> {
        let part = self.document.part("policy");
        let text = part.canonical();
        let place = Place::file(&self.policy);
        Pack::parse(&place, &text.text).map_err(|error| {
            let below = |path: &KeyPath| {
                let path = std::iter::once("policy").chain(path.names().iter().map(String::as_str));
                self.document.place_below(&KeyPath::new(path), base)
            };
            moved_to_leaves(&error, &place, &text, below)
        })
    }

    /// The file a key names, beside the file where it is written (文件路径).
    pub fn file(&self, names: &[&str]) -> Option<PathBuf> {
        let leaf = self.document.get(names)?;
        let folder = Path::new(&*leaf.place.file).parent().unwrap_or(Path::new(""));
        Some(folder.join(leaf.value.as_str()?))
    }

    /// The file a key names.
    ///
    /// # Errors
    /// The key is missing.
    pub fn needed_file(&self, key: &str) -> Result<PathBuf> {
        self.file(&[key]).ok_or_else(|| self.missing(key))
    }

    /// A text.
    ///
    /// # Errors
    /// The key is missing.
    pub fn needed_text(&self, key: &str) -> Result<String> {
        let leaf = self.document.get(&[key]).and_then(|leaf| leaf.value.as_str());
        leaf.map(str::to_owned).ok_or_else(|| self.missing(key))
    }

    /// The settlement year.
    ///
    /// # Errors
    /// The key is missing.
    pub fn year(&self) -> Result<i16> {
        let leaf = self
            .document
            .get(&["year"])
            .and_then(|leaf| leaf.value.as_integer());
        let year = leaf.and_then(|year| i16::try_from(year).ok());
        year.ok_or_else(|| self.missing("year"))
    }

    /// A text below names, as a value.
    pub fn text(&self, names: &[&str]) -> Option<&str> {
        self.document.get(names)?.value.as_str()
    }

    /// A flag; `false` where it is not set.
    pub fn flag(&self, names: &[&str]) -> bool {
        matches!(
            self.document.get(names).map(|leaf| &leaf.value),
            Some(Value::Boolean(true))
        )
    }

    /// An error about a pool, where its budget is written.
    pub(super) fn error_of_pool(&self, pool: &str, message: String) -> Error {
        match self.document.get(&["pool", pool, "budget"]) {
            Some(leaf) => Error::at(leaf.place.clone(), message),
            None => Error::new(message),
        }
    }

    /// Messages without a place stand where the pool's budget is written.
    pub(super) fn placed_at_pool(&self, pool: &str, error: &Error) -> Error {
        let placed = error.messages().map(|(place, message)| match place {
            Some(place) => Error::at(place.clone(), message),
            None => self.error_of_pool(pool, message.to_owned()),
        });
        match Error::all(placed) {
            Err(error) => error,
            Ok(()) => Error::silent(),
        }
    }

    /// A key that must be there, and is not; it belongs into the first file.
    pub(super) fn missing(&self, key: &str) -> Error {
        let written = self.document.leaves().map(|(_, leaf)| leaf.place.file.clone());
        let file = written.into_iter().next();
        let message = format!("key `{key}` is missing");
        match file {
            Some(file) => Error::at(
                Place {
                    file,
                    line: None,
                    column: None,
                },
                message,
            ),
            None => Error::new(message),
        }
    }

    /// Names of the pools, in order (基金池).
    pub fn pools(&self) -> Vec<String> {
        let below = self.document.below(&["pool"]);
        let names: BTreeSet<&str> = below
            .filter_map(|(path, _)| path.names().get(1).map(String::as_str))
            .collect();
        names.into_iter().map(str::to_owned).collect()
    }
}
