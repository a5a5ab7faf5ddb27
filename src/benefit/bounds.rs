//! National bounds on local values (国家底线): a file of rows that every policy beside it keeps.
//!
//! A bound names a parameter, how it is bounded and by what. Values that are unknown, or bounds
//! that need an income which is not on file, are told as warnings: they cannot be checked.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;

use super::dated::{At, Dated, Days, Headed, Rows};
use super::error::fault::{self, named};
use super::file::{Document, WhenText};
use super::literal::{Band, Change, Day, Ids, Known, Literal, Share};
use super::load::{Stack, changed};
use super::policy::{BenefitPolicy, Entitled, Grid};
use crate::diagnostics::{Error, Evidence, Place, Result, parse_toml, read_text, suggestion};
use crate::units::{Exact, Fen, Overflow};

/// What `about` lets a ratio differ by (左右): two percentage points, an assumption.
const ABOUT: (i128, i128) = (2, 100);

/// Parameters a bound can name; those of financing and enrolment are checked where these are.
const PATHS: [&str; 8] = [
    "cii.ordinary.threshold",
    "cii.ordinary.bands",
    "cii.tilt.threshold",
    "cii.tilt.bands",
    "assist.ratio",
    "outpatient.two_disease.ratio",
    "outpatient.general.ratio",
    "inpatient.out_of_area.change",
];

/// The bounds of one file; none where the file is not there.
#[derive(Default)]
pub struct Bounds {
    rows: Vec<Bound>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BoundsFile {
    doc: Vec<Document>,
    bounds: Vec<Bound>,
}

/// One bound.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    path: String,
    op: ByKey<Op>,
    than: ByKey<String>,
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
    /// Reads the file, if there is one.
    pub fn read(path: &Path) -> Result<Bounds> {
        if !path.is_file() {
            return Ok(Bounds::default());
        }
        let place = Place::file(path);
        let file: BoundsFile = parse_toml(&place, &read_text(path)?)?;
        for bound in &file.bounds {
            bound
                .check_words(&file.doc)
                .map_err(|message| Error::at(place.clone(), format!("`{}`: {message}", bound.path)))?;
        }
        Ok(Bounds { rows: file.bounds })
    }

    /// Holds every value of the policy against the bounds.
    pub fn check(&self, policy: &mut BenefitPolicy, stack: &Stack) -> Result<()> {
        let mut warnings = Vec::new();
        for bound in self
            .rows
            .iter()
            .filter(|bound| PATHS.contains(&bound.path.as_str()))
        {
            for (days, fact) in facts(policy, bound) {
                let Some(days) = days.common(bound.days()) else {
                    continue;
                };
                match bound.check(policy, stack, days, &fact) {
                    Ok(Some(warning)) => warnings.push(warning),
                    Ok(None) => {}
                    Err(message) => {
                        return Err(stack.error(place_of(stack, bound, days.from), &bound.path, &message));
                    }
                }
            }
        }
        policy.warnings.extend(warnings);
        Ok(())
    }
}

impl Bound {
    fn days(&self) -> Days {
        Days {
            from: self.from.map_or(Date::MIN, |day| day.0),
            to: self.to.map_or(Date::MAX, |day| day.0),
        }
    }

    fn check_words(&self, docs: &[Document]) -> Refusal<()> {
        let carried = self.path.starts_with("finance.") || self.path.starts_with("enrolment.");
        if !carried && !PATHS.contains(&self.path.as_str()) {
            return Err(format!(
                "is no parameter a bound can name{}",
                suggestion(&self.path, PATHS)
            ));
        }
        let known = || docs.iter().map(|doc| doc.id.as_str());
        match self
            .doc
            .0
            .iter()
            .find(|id| known().all(|known| known != id.as_str()))
        {
            Some(id) => Err(named(
                fault::DOC_MISSING,
                format!("no document has the id `{id}`{}", suggestion(id, known())),
            )),
            None if self.doc.0.is_empty() && self.evidence < Evidence::Assumption => {
                Err(named(fault::DOC_MISSING, "a bound must name its `doc`"))
            }
            None => Ok(()),
        }
    }

    /// Nothing, a warning, or what is violated.
    fn check(
        &self,
        policy: &BenefitPolicy,
        stack: &Stack,
        days: Days,
        fact: &Fact,
    ) -> Refusal<Option<String>> {
        let path = &self.path;
        let op = match &self.op {
            ByKey::All(op) => *op,
            ByKey::By(by) => match by.get(&days.from.year().to_string()) {
                Some(op) => *op,
                None => return Ok(None),
            },
        };
        let unchecked = |why: &str| Ok(Some(format!("`{path}` {days} is not checkable: {why}")));
        if matches!(fact, Fact::Unknown) {
            return unchecked("its value is unknown");
        }
        for than in self.thans(days.from, fact) {
            let edge = match edge(policy, stack, than, days.from)? {
                Some(edge) => edge,
                None => return unchecked(&format!("`{than}` has no value")),
            };
            let holds = holds(op, fact, &edge).map_err(|e: Overflow| e.to_string())?;
            if !holds {
                let said = format!(
                    "the value {days} does not keep the bound `{} {than}`{}",
                    op.as_str(),
                    self.cited()
                );
                if op == Op::InPrinciple {
                    return Ok(Some(format!("`{path}`: {said}")));
                }
                return Err(named(fault::BOUND_VIOLATED, said));
            }
        }
        Ok(None)
    }

    /// The edges that apply: one for all, the year's, or that of the case of referral.
    fn thans(&self, day: Date, fact: &Fact) -> Vec<&str> {
        match (&self.than, fact) {
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
        let mut cited: Vec<&str> = self.doc.0.iter().map(String::as_str).collect();
        cited.extend(self.clause.as_deref());
        match cited.is_empty() {
            true => format!(" ({})", self.evidence.as_str()),
            false => format!(" ({}, {})", cited.join(" "), self.evidence.as_str()),
        }
    }
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
        Op::AtLeast | Op::AverageAtLeast | Op::InPrinciple => value.compare(edge).is_ge(),
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
        "assist.ratio" => row_on(&content.assist.tiers, day),
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
