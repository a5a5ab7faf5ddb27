//! National bounds on local values (国家底线): a file of rows that every policy keeps which names it.
//!
//! A policy names the file as `file.bounds`; one that names none is held against the nearest
//! `national.toml` in a folder above it. Where neither is there, the policy says so. A bound names
//! a parameter, how it is bounded and by what. Values that are unknown, or bounds that need an
//! income which is not on file, are told as warnings: they cannot be checked.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;

use super::chain::Read;
use super::dated::{At, Dated, Days, Headed, Rows};
use super::error::fault::{self, named};
use super::file::{Document, File, WhenText};
use super::literal::{Band, Change, Day, Ids, Known, Literal, Share};
use super::load::{Stack, changed};
use super::policy::{BenefitPolicy, Entitled, Grid, Link, PolicyFile, Tier};
use crate::diagnostics::{Error, Evidence, Place, Result, Told, parse_toml, suggestion};
use crate::units::{Exact, Fen, Overflow};

/// The name of a file of bounds that is found where a policy names none.
const NATIONAL: &str = "national.toml";

/// How many folders are looked into.
const HIGHEST: usize = 16;

/// What a policy writes that is meant to have no bounds.
const STATED_NONE: &str = "none";

/// What `about` lets a ratio differ by (左右): two percentage points, an assumption.
const ABOUT: (i128, i128) = (2, 100);

/// Parameters a bound can name; those of financing and enrolment are checked where these are.
const PATHS: [&str; 9] = [
    "cii.ordinary.threshold",
    "cii.ordinary.bands",
    "cii.tilt.threshold",
    "cii.tilt.bands",
    "assist.ratio",
    ASSIST_CAP,
    "outpatient.two_disease.ratio",
    "outpatient.general.ratio",
    "inpatient.out_of_area.change",
];

/// Held against itself through the years.
const ASSIST_CAP: &str = "assist.cap";

/// The bounds of one file; none where there is none, and the words that say so.
#[derive(Default)]
pub struct Bounds {
    rows: Vec<Bound>,
    lists: Vec<NationalList>,
    /// The file they were read from.
    pub file: Option<PolicyFile>,
    /// How the file was come by, where that must be known.
    said: Option<Told>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BoundsFile {
    doc: Vec<Document>,
    bounds: Vec<Bound>,
    #[serde(default)]
    national_list: Vec<NationalList>,
}

/// The tiers that the national list of benefits knows (国家待遇清单).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NationalList {
    from: Day,
    to: Option<Day>,
    /// Names in a chain.
    value: Vec<String>,
    #[serde(default)]
    doc: Ids,
    clause: Option<String>,
    evidence: Evidence,
    #[serde(rename = "note")]
    _note: Option<String>,
}

/// One bound.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    path: String,
    op: ByKey<Op>,
    /// Written with every `op` but `never_falls`.
    than: Option<ByKey<String>>,
    #[serde(default)]
    when: WhenText,
    from: Option<Day>,
    to: Option<Day>,
    #[serde(default)]
    doc: Ids,
    clause: Option<String>,
    evidence: Evidence,
    #[serde(rename = "note")]
    _note: Option<String>,
}

/// One for all, or one for each year or case.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ByKey<T> {
    All(T),
    By(BTreeMap<String, T>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    AtLeast,
    AtMost,
    Equals,
    AverageAtLeast,
    InPrinciple,
    About,
    NeverFalls,
}

/// One value a bound is held against.
enum Fact {
    Amount(Exact),
    Bands(Vec<Band>),
    /// Percentage points, and whether the patient was referred.
    Points(Exact, Option<bool>),
    Unknown,
}

/// What a value must not pass.
enum Edge {
    Amount(Exact),
    Ratio(Exact),
    Points(Exact),
    Bands(Vec<Band>),
}

type Refusal<T> = std::result::Result<T, String>;

impl Bounds {
    /// The bounds that the nearest file names, or those up the tree.
    pub fn named_by(read: &[Read<File>]) -> Result<Bounds> {
        let named = read
            .iter()
            .find_map(|(file, content)| Some((file, content.file.bounds.as_deref()?)));
        match named {
            Some((_, STATED_NONE)) => Ok(Bounds::absent(Told::same("`file.bounds` is `none`"))),
            Some((file, name)) => {
                let path = beside(&file.path, name);
                let place = Place::file(&file.path).of_offset(&file.text, offset_of(&file.text, name));
                match path.is_file() {
                    true => Bounds::read(&path),
                    false => Err(Error::at(
                        place,
                        format!(
                            "`file.bounds`: there is no file `{name}` beside this one; expected one, or `none`"
                        ),
                    )),
                }
            }
            None => Bounds::up_the_tree(read),
        }
    }

    /// Of a policy that names no bounds: the nearest file of that name in a folder above.
    fn up_the_tree(read: &[Read<File>]) -> Result<Bounds> {
        let top = read.first().map_or(Path::new(""), |(file, _)| file.path.as_path());
        let first = top.parent().map(Path::to_path_buf);
        let folders = std::iter::successors(first, |folder| Some(above(folder))).take(HIGHEST);
        let mut found = folders.map(|folder| folder.join(NATIONAL));
        let found = found.find(|path| path.is_file());
        let Some(path) = found else {
            let why = Told::new(
                "`file.bounds` names none, and no folder above has a `{0}`",
                "`file.bounds`未指明，上级各文件夹中也没有`{0}`",
                [&NATIONAL],
            );
            return Ok(Bounds::absent(why));
        };
        let said = Told::new(
            "`file.bounds` names no file: the bounds of `{0}`, up the tree, were kept",
            "`file.bounds`未指明：按上级文件夹中的`{0}`核对国家底线",
            [&path.display()],
        );
        Ok(Bounds {
            said: Some(said),
            ..Bounds::read(&path)?
        })
    }

    fn absent(why: Told) -> Bounds {
        let said = Told::new("national bounds were not checked: {0}", "未核对国家底线：{0}", []);
        Bounds {
            said: Some(said.and(why)),
            ..Bounds::default()
        }
    }

    fn read(path: &Path) -> Result<Bounds> {
        let place = Place::file(path);
        let file = PolicyFile::read(path)?;
        let content: BoundsFile = parse_toml(&place, &file.text)?;
        let cited = content
            .bounds
            .iter()
            .map(|bound| (&bound.path[..], &bound.doc, bound.evidence));
        let lists = content.national_list.iter();
        let cited = cited.chain(lists.map(|list| ("national_list", &list.doc, list.evidence)));
        for (path, doc, evidence) in cited {
            check_documents(doc, evidence, &content.doc)
                .map_err(|message| Error::at(place.clone(), format!("`{path}`: {message}")))?;
        }
        for bound in &content.bounds {
            bound
                .check_words()
                .map_err(|message| Error::at(place.clone(), format!("`{}`: {message}", bound.path)))?;
        }
        Ok(Bounds {
            rows: content.bounds,
            lists: content.national_list,
            file: Some(file),
            said: None,
        })
    }

    /// Holds every value of the policy against the bounds.
    pub fn check(&self, policy: &mut BenefitPolicy, stack: &Stack) -> Result<()> {
        let mut warnings: Vec<Told> = self.said.iter().cloned().collect();
        let checked = |bound: &&Bound| PATHS.contains(&bound.path.as_str());
        for bound in self.rows.iter().filter(checked) {
            if bound.path == ASSIST_CAP {
                warnings.extend(bound.check_caps(policy, stack)?);
                continue;
            }
            for (days, fact) in facts(policy, bound) {
                let Some(days) = days.common(bound.days()) else {
                    continue;
                };
                match bound.check(policy, stack, days, &fact) {
                    Ok(warning) => warnings.extend(warning),
                    Err(message) => {
                        return Err(stack.error(place_of(stack, bound, days.from), &bound.path, &message));
                    }
                }
            }
        }
        warnings.extend(self.beyond_the_list(policy));
        policy.warnings.extend(warnings);
        policy.bounds_said.clone_from(&self.said);
        Ok(())
    }

    /// Tiers that the national list does not know, each once (清单外待遇).
    fn beyond_the_list(&self, policy: &BenefitPolicy) -> Vec<Told> {
        let mut told = Vec::new();
        for list in &self.lists {
            let days = Days {
                from: list.from.0,
                to: list.to.map_or(Date::MAX, |day| day.0),
            };
            let mut known: Vec<&str> = list.value.iter().map(String::as_str).collect();
            for period in &policy.chain.periods {
                let Some(days) = period.days.common(days) else {
                    continue;
                };
                for link in &period.value {
                    let Link::Tiers { name, .. } = link else { continue };
                    if !known.contains(&&**name) {
                        known.push(name);
                        told.push(beyond(name, days, list));
                    }
                }
            }
        }
        told
    }
}

/// The folder above one, as the user would write it.
fn above(folder: &Path) -> PathBuf {
    match (folder.file_name(), folder.parent()) {
        (Some(_), Some(parent)) => parent.to_path_buf(),
        _ => folder.join(".."),
    }
}

/// A path from the folder of a file, each `..` taken off it.
fn beside(file: &Path, name: &str) -> PathBuf {
    let mut path = file.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(name).components() {
        if !(part == Component::ParentDir && path.file_name().is_some() && path.pop()) {
            path.push(part);
        }
    }
    path
}

fn beyond(name: &str, days: Days, list: &NationalList) -> Told {
    Told::new(
        "`rules.chain`: `{0}` is beyond the national list{1}, {2}",
        "`rules.chain`：{2}的`{0}`不在国家待遇清单内{1}",
        [&name, &cited(&list.doc, list.clause.as_deref(), list.evidence)],
    )
    .and(days.told())
}

/// Where a word first stands in the file.
fn offset_of(text: &str, word: &str) -> usize {
    text.find(word).unwrap_or_default()
}

fn check_documents(doc: &Ids, evidence: Evidence, docs: &[Document]) -> Refusal<()> {
    let known = || docs.iter().map(|doc| doc.id.as_str());
    let strange = |id: &&String| known().all(|known| known != id.as_str());
    match doc.0.iter().find(strange) {
        Some(id) => Err(named(
            fault::DOC_MISSING,
            format!("no document has the id `{id}`{}", suggestion(id, known())),
        )),
        None if doc.0.is_empty() && evidence < Evidence::Assumption => {
            Err(named(fault::DOC_MISSING, "a bound must name its `doc`"))
        }
        None => Ok(()),
    }
}

fn cited(doc: &Ids, clause: Option<&str>, evidence: Evidence) -> String {
    let mut cited: Vec<&str> = doc.0.iter().map(String::as_str).collect();
    cited.extend(clause);
    match cited.is_empty() {
        true => format!(" ({})", evidence.as_str()),
        false => format!(" ({}, {})", cited.join(" "), evidence.as_str()),
    }
}

impl Bound {
    fn days(&self) -> Days {
        Days {
            from: self.from.map_or(Date::MIN, |day| day.0),
            to: self.to.map_or(Date::MAX, |day| day.0),
        }
    }

    fn check_words(&self) -> Refusal<()> {
        let carried = self.path.starts_with("finance.") || self.path.starts_with("enrolment.");
        if !carried && !PATHS.contains(&self.path.as_str()) {
            return Err(format!(
                "is no parameter a bound can name{}",
                suggestion(&self.path, PATHS)
            ));
        }
        let never_falls = matches!(self.op, ByKey::All(Op::NeverFalls));
        if never_falls != (self.path == ASSIST_CAP) && !carried {
            return Err(format!(
                "`never_falls` is written of `{ASSIST_CAP}`, and only of it"
            ));
        }
        match never_falls == self.than.is_none() {
            true => Ok(()),
            false => Err("`than` is written with every `op` but `never_falls`".to_owned()),
        }
    }

    /// A yearly cap of assistance may not fall from one period of a tier to the next.
    fn check_caps(&self, policy: &BenefitPolicy, stack: &Stack) -> Result<Vec<Told>> {
        let assisted = || policy.tiers.iter().filter(|tier| tier.path.starts_with("assist"));
        let mut warnings = Vec::new();
        for later in assisted().filter(|tier| self.days().hold(tier.days.from)) {
            let before = |tier: &&Tier| tier.id == later.id && tier.days.from < later.days.from;
            let Some(earlier) = assisted().filter(before).max_by_key(|tier| tier.days.from) else {
                continue;
            };
            let (was, is) = match (&earlier.cap, &later.cap) {
                (Known::Value(was), Known::Value(is)) => (was, is),
                _ => {
                    let path = format!("{ASSIST_CAP} {}", later.id);
                    warnings.push(unchecked(&path, later.days, Told::new(UNKNOWN.0, UNKNOWN.1, [])));
                    continue;
                }
            };
            let falls = match (was.0, is.0) {
                (Some(was), Some(is)) => is < was,
                (None, limited) => limited.is_some(),
                (Some(_), None) => false,
            };
            if falls {
                let message = format!(
                    "the cap of `{}` {} is {}, and was {} before; expected it never to fall{}",
                    later.id,
                    later.days,
                    is.show(),
                    was.show(),
                    self.cited()
                );
                let at = place_of(stack, self, later.days.from);
                return Err(stack.error(at, &self.path, &named(fault::BOUND_VIOLATED, message)));
            }
        }
        Ok(warnings)
    }

    /// Nothing, a warning, or what is violated.
    fn check(&self, policy: &BenefitPolicy, stack: &Stack, days: Days, fact: &Fact) -> Refusal<Option<Told>> {
        let path = &self.path;
        let op = match &self.op {
            ByKey::All(op) => *op,
            ByKey::By(by) => match by.get(&days.from.year().to_string()) {
                Some(op) => *op,
                None => return Ok(None),
            },
        };
        if matches!(fact, Fact::Unknown) {
            return Ok(Some(unchecked(path, days, Told::new(UNKNOWN.0, UNKNOWN.1, []))));
        }
        for than in self.thans(days.from, fact) {
            let edge = match edge(policy, stack, than, days.from)? {
                Some(edge) => edge,
                None => {
                    let why = Told::new("`{0}` has no value", "`{0}`没有取值", [&than]);
                    return Ok(Some(unchecked(path, days, why)));
                }
            };
            let holds = holds(op, fact, &edge).map_err(|e: Overflow| e.to_string())?;
            if !holds {
                let (bound, cited) = (format!("{} {than}", op.as_str()), self.cited());
                if op == Op::InPrinciple {
                    let en = "`{0}`: the value {3} does not keep the bound `{1}`{2}";
                    let zh = "`{0}`：{3}的取值不符合要求`{1}`{2}";
                    return Ok(Some(Told::new(en, zh, [path, &bound, &cited]).and(days.told())));
                }
                let said = format!("the value {days} does not keep the bound `{bound}`{cited}");
                return Err(named(fault::BOUND_VIOLATED, said));
            }
        }
        Ok(None)
    }

    /// The edges that apply: one for all, the year's, or that of the case of referral.
    fn thans(&self, day: Date, fact: &Fact) -> Vec<&str> {
        let Some(than) = &self.than else { return Vec::new() };
        match (than, fact) {
            (ByKey::All(than), _) => vec![than.as_str()],
            (ByKey::By(by), Fact::Points(_, referral)) => {
                let keys = match referral {
                    Some(true) => &["referral"][..],
                    Some(false) => &["no_referral"][..],
                    None => &["referral", "no_referral"][..],
                };
                keys.iter()
                    .filter_map(|key| by.get(*key))
                    .map(String::as_str)
                    .collect()
            }
            (ByKey::By(by), _) => {
                let year = by.get(&day.year().to_string());
                year.into_iter().map(String::as_str).collect()
            }
        }
    }

    fn cited(&self) -> String {
        cited(&self.doc, self.clause.as_deref(), self.evidence)
    }
}

const UNKNOWN: (&str, &str) = ("its value is unknown", "取值未知");

fn unchecked(path: &str, days: Days, why: Told) -> Told {
    let said = Told::new(
        "`{0}` {1} is not checkable: {2}",
        "`{0}`{1}无法核对：{2}",
        [&path],
    );
    said.and(days.told()).and(why)
}

impl Op {
    const fn as_str(self) -> &'static str {
        match self {
            Op::AtLeast => "at_least",
            Op::AtMost => "at_most",
            Op::Equals => "equals",
            Op::AverageAtLeast => "average_at_least",
            Op::InPrinciple => "in_principle",
            Op::About => "about",
            Op::NeverFalls => "never_falls",
        }
    }
}

/// Every value of the bound's parameter with its days.
fn facts(policy: &BenefitPolicy, bound: &Bound) -> Vec<(Days, Fact)> {
    let cii = policy.cii.as_ref();
    let tilt = cii.and_then(|cii| cii.tilt.as_ref());
    let two_disease = policy.outpatient.two_disease.as_ref();
    let general = policy.outpatient.general.as_ref();
    match bound.path.as_str() {
        "cii.ordinary.threshold" => cii.map_or_else(Vec::new, |cii| amounts(&cii.ordinary.threshold)),
        "cii.tilt.threshold" => tilt.map_or_else(Vec::new, |tilt| amounts(&tilt.scale.threshold)),
        "cii.ordinary.bands" => cii.map_or_else(Vec::new, |cii| all_bands(&cii.ordinary.bands)),
        "cii.tilt.bands" => tilt.map_or_else(Vec::new, |tilt| all_bands(&tilt.scale.bands)),
        "outpatient.two_disease.ratio" => two_disease.map_or_else(Vec::new, |scheme| shares(&scheme.ratio)),
        "outpatient.general.ratio" => general.map_or_else(Vec::new, |scheme| shares(&scheme.ratio)),
        "assist.ratio" => assistance(policy, bound),
        _ => out_of_area(policy),
    }
}

fn amounts(dated: &Dated<Known<Exact>>) -> Vec<(Days, Fact)> {
    let fact = |value: &Known<Exact>| match value {
        Known::Value(amount) => Fact::Amount(*amount),
        Known::Unknown => Fact::Unknown,
    };
    let periods = dated.periods.iter();
    periods.map(|period| (period.days, fact(&period.value))).collect()
}

fn all_bands(dated: &Dated<Grid<Known<Vec<Band>>>>) -> Vec<(Days, Fact)> {
    let mut found = Vec::new();
    for period in &dated.periods {
        let mut leaves = Vec::new();
        period.value.leaves(&mut leaves);
        found.extend(leaves.into_iter().map(|bands| (period.days, bands_fact(bands))));
    }
    found
}

fn bands_fact(bands: &Known<Vec<Band>>) -> Fact {
    match bands {
        Known::Value(bands) => Fact::Bands(bands.clone()),
        Known::Unknown => Fact::Unknown,
    }
}

fn shares(dated: &Dated<Grid<Known<Share>>>) -> Vec<(Days, Fact)> {
    let open = |share: &Share| {
        Fact::Bands(vec![Band {
            upper: None,
            ratio: share.0,
        }])
    };
    let mut found = Vec::new();
    for period in &dated.periods {
        let mut leaves = Vec::new();
        period.value.leaves(&mut leaves);
        found.extend(leaves.into_iter().map(|share| match share {
            Known::Value(share) => (period.days, open(share)),
            Known::Unknown => (period.days, Fact::Unknown),
        }));
    }
    found
}

/// Ratios of assistance for the categories the bound names.
fn assistance(policy: &BenefitPolicy, bound: &Bound) -> Vec<(Days, Fact)> {
    let names = bound.when.categories.as_deref().unwrap_or_default();
    let mask = names
        .iter()
        .filter_map(|name| policy.words.mask(name))
        .fold(0, |all, one| all | one);
    let mut found = Vec::new();
    for tier in policy.tiers.iter().filter(|tier| tier.path.starts_with("assist")) {
        match &tier.entitled {
            Entitled::All(bands) => found.push((tier.days, bands_fact(bands))),
            Entitled::By(by) => {
                let named = by.iter().filter(|(category, _)| mask & category != 0);
                found.extend(named.map(|(_, bands)| (tier.days, bands_fact(bands))));
            }
        }
    }
    found
}

fn out_of_area(policy: &BenefitPolicy) -> Vec<(Days, Fact)> {
    let rows = policy
        .basic
        .as_ref()
        .map_or(&[][..], |basic| basic.area.as_slice());
    let mut found = Vec::new();
    for row in rows {
        match &row.value.change {
            Some(Known::Value(change)) => {
                found.push((row.days, Fact::Points(change.0, row.value.when.referral)))
            }
            Some(Known::Unknown) => found.push((row.days, Fact::Unknown)),
            None => {}
        }
    }
    found
}

/// The edge as a value on a day; nothing where it has none.
fn edge(policy: &BenefitPolicy, stack: &Stack, than: &str, day: Date) -> Refusal<Option<Edge>> {
    let threshold = |half: bool| {
        let cii = policy.cii.as_ref()?;
        match cii.ordinary.threshold.on(day)?.value {
            Known::Value(amount) if half => amount.div(Exact::integer(2)).ok().map(Edge::Amount),
            Known::Value(amount) => Some(Edge::Amount(amount)),
            Known::Unknown => None,
        }
    };
    match than {
        "half_income_previous_year" => {
            let year = u16::try_from(day.year() - 1).unwrap_or_default();
            let income = stack.merged.income.by_year.get(&year);
            Ok(income
                .and_then(|income| income.exact().div(Exact::integer(2)).ok())
                .map(Edge::Amount))
        }
        "half(cii.ordinary.threshold)" => Ok(threshold(true)),
        "cii.ordinary.threshold" => Ok(threshold(false)),
        _ if than.starts_with("cii.ordinary.bands") => {
            let change = than.trim_start_matches("cii.ordinary.bands").trim();
            let change = if change.is_empty() {
                None
            } else {
                Some(Change::parse(change)?)
            };
            ordinary_bands(policy, day, change)
        }
        _ if than.ends_with("pp") => Change::parse(than).map(|change| Some(Edge::Points(change.0))),
        _ if than.ends_with('%') => Share::parse(than).map(|share| Some(Edge::Ratio(share.0))),
        _ => <Fen as Literal>::parse(than).map(|amount| Some(Edge::Amount(amount.exact()))),
    }
}

fn ordinary_bands(policy: &BenefitPolicy, day: Date, change: Option<Change>) -> Refusal<Option<Edge>> {
    let bands = policy.cii.as_ref().and_then(|cii| cii.ordinary.bands.on(day));
    let Some(Grid::Leaf(Known::Value(bands))) = bands.map(|period| &period.value) else {
        return Ok(None);
    };
    let mut moved = Vec::new();
    for band in bands {
        let ratio = change.map_or(Ok(band.ratio), |change| changed(band.ratio, change));
        moved.push(Band {
            ratio: ratio.map_err(|e| e.to_string())?,
            ..*band
        });
    }
    Ok(Some(Edge::Bands(moved)))
}

fn holds(op: Op, fact: &Fact, edge: &Edge) -> std::result::Result<bool, Overflow> {
    match (fact, edge) {
        (Fact::Amount(value), Edge::Amount(edge)) | (Fact::Points(value, _), Edge::Points(edge)) => {
            compare(op, *value, *edge)
        }
        (Fact::Bands(bands), Edge::Ratio(edge)) => {
            let mut all = true;
            for band in bands {
                all &= compare(op, band.ratio, *edge)?;
            }
            Ok(all)
        }
        (Fact::Bands(bands), Edge::Bands(edges)) => along_both(op, bands, edges),
        // an edge of another unit holds nothing
        _ => Ok(false),
    }
}

/// Compares two band lists on every stretch between the edges of both.
fn along_both(op: Op, bands: &[Band], edges: &[Band]) -> std::result::Result<bool, Overflow> {
    let at = |list: &[Band], upper: Option<Fen>| {
        let inside = |band: &&Band| match (band.upper, upper) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(edge), Some(upper)) => upper <= edge,
        };
        list.iter().find(inside).map(|band| band.ratio)
    };
    let mut all = true;
    for upper in bands.iter().chain(edges).map(|band| band.upper) {
        if let (Some(value), Some(edge)) = (at(bands, upper), at(edges, upper)) {
            all &= compare(op, value, edge)?;
        }
    }
    Ok(all)
}

fn compare(op: Op, value: Exact, edge: Exact) -> std::result::Result<bool, Overflow> {
    Ok(match op {
        Op::AtLeast | Op::AverageAtLeast | Op::InPrinciple | Op::NeverFalls => value.compare(edge).is_ge(),
        Op::AtMost => value.compare(edge).is_le(),
        Op::Equals => value.compare(edge).is_eq(),
        Op::About => {
            let apart = value.sub(edge)?;
            let tolerance = Exact::new(ABOUT.0, ABOUT.1)?;
            apart.compare(tolerance).is_le() && Exact::ZERO.sub(apart)?.compare(tolerance).is_le()
        }
    })
}

/// The written row that is in force on a day.
fn place_of(stack: &Stack, bound: &Bound, day: Date) -> At {
    let content = &stack.merged;
    let cii = content.cii.as_ref();
    let found = match bound.path.as_str() {
        "cii.ordinary.threshold" => cii.and_then(|cii| row_on(&cii.ordinary.threshold, day)),
        "cii.tilt.threshold" => cii.and_then(|cii| row_on(&cii.tilt.threshold, day)),
        "cii.ordinary.bands" => cii.and_then(|cii| row_on(&cii.ordinary.bands, day)),
        "cii.tilt.bands" => cii.and_then(|cii| row_on(&cii.tilt.bands, day)),
        "outpatient.two_disease.ratio" => row_on(&content.outpatient.two_disease.ratio, day),
        "outpatient.general.ratio" => row_on(&content.outpatient.general.ratio, day),
        "assist.ratio" | ASSIST_CAP => row_on(&content.assist.tiers, day),
        _ => content
            .inpatient
            .as_ref()
            .and_then(|section| row_on(&section.out_of_area, day)),
    };
    found.unwrap_or(At {
        file: stack.files.len().saturating_sub(1),
        offset: 0,
    })
}

fn row_on<R: Headed>(rows: &Rows<R>, day: Date) -> Option<At> {
    let row = rows.0.iter().find(|row| row.row.days().hold(day));
    row.map(|row| row.at)
}
