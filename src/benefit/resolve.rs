//! From what the files say to what the engine reads (解析与检查): words become indices, formulas
//! become amounts, and every day of every parameter is checked.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::dated::{At, Dated, Headed, Period, Row, Rows};
use super::file::{self, BandsRow, Edge, Kind, LimitRow, Shape, Standing, TierRow, WhenText};
use super::formula::Formula;
use super::literal::{Band, Cells, Known, Limit, Literal, Share};
use super::load::Stack;
use super::policy::{
    Adjust, Axis, Basic, BenefitPolicy, Cap, Cii, CiiRule, CiiScale, Deductible, Entitled, Grid, Link, List,
    MARGINAL_EDGE, Mask, Nth, NthAct, Source, Tier, Tilt, When, Words,
};
use super::{Status, chain_words};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Evidence, Result, suggestion};
use crate::units::{Exact, Fen};

/// A refusal in words; the row it concerns is added by [`Desk::dated`].
type Refusal<T> = std::result::Result<T, String>;

/// The most categories a place can have: one bit each.
const MOST_CATEGORIES: usize = 64;

pub fn resolve(stack: Stack) -> Result<BenefitPolicy> {
    let desk = Desk::new(&stack)?;
    let content = &stack.merged;
    let lists = desk.lists(&content.lists)?;
    let mut tiers = desk.tiers("assist.tiers", &content.assist.tiers)?;
    let assistance = tiers.len();
    tiers.extend(desk.tiers("tail.tiers", &content.tail.tiers)?);
    let chain = desk.chain(&tiers, assistance)?;
    // a section is checked when it is written, and missed when the chain names it
    let named = |link: fn(&Link) -> bool| chain.periods.iter().flat_map(|p| &p.value).any(link);
    let section = content
        .inpatient
        .clone()
        .or_else(|| named(|link| matches!(link, Link::Basic)).then(Default::default));
    let basic = section.map(|section| desk.basic(&section)).transpose()?;
    let section = content
        .cii
        .clone()
        .or_else(|| named(|link| matches!(link, Link::Cii)).then(Default::default));
    let cii = section.map(|section| desk.cii(&section)).transpose()?;
    let dates = desk.required("rules.dates", &content.rules.dates, |_| Ok(()))?;
    Ok(BenefitPolicy {
        name: desk.name()?,
        draft: content.file.status == Standing::Draft,
        weakest: desk.weakest.get(),
        words: desk.words,
        chain,
        dates,
        basic,
        cii,
        tiers,
        lists,
        skip_unknown_tiers: false,
        replaced: stack.overlays.replaced.clone(),
        files: stack.files.clone(),
    })
}

/// What every check needs at hand.
struct Desk<'a> {
    stack: &'a Stack,
    words: Words,
    docs: BTreeSet<&'a str>,
    weakest: Cell<Evidence>,
}

impl<'a> Desk<'a> {
    fn new(stack: &'a Stack) -> Result<Desk<'a>> {
        let words = words(&stack.merged.file).map_err(|message| stack.error_in_top(message))?;
        let mut docs = BTreeSet::new();
        if let Some(twice) = stack.merged.doc.iter().find(|doc| !docs.insert(doc.id.as_str())) {
            let message = format!("`doc`: the id `{}` names two documents", twice.id);
            return Err(stack.error_in_top(message));
        }
        Ok(Desk {
            stack,
            words,
            docs,
            weakest: Cell::new(Evidence::Official),
        })
    }

    fn name(&self) -> Result<String> {
        let head = &self.stack.merged.file;
        match &head.scheme {
            Some(scheme) => Ok(format!("{}/{scheme}", head.place)),
            None => Err(self.stack.error_in_top("`file.scheme` is missing".to_owned())),
        }
    }

    fn missing(&self, path: &str, hint: &str) -> Error {
        self.stack.error_in_top(format!("`{path}` is missing; {hint}"))
    }

    /// The source of a value, if its documents are listed and its evidence is strong enough.
    fn source(&self, source: Source) -> Refusal<Source> {
        if let Some(id) = source.doc.iter().find(|id| !self.docs.contains(id.as_str())) {
            let hint = suggestion(id, self.docs.iter().copied());
            return Err(format!("no document has the id `{id}`{hint}"));
        }
        if source.evidence < Evidence::Assumption && source.doc.is_empty() {
            return Err(format!(
                "evidence `{}` must name its `doc`",
                source.evidence.as_str()
            ));
        }
        if self.stack.merged.file.status == Standing::Final && source.evidence > Evidence::Local {
            return Err(format!(
                "evidence `{}` is too weak for a file whose status is `final`",
                source.evidence.as_str()
            ));
        }
        self.weakest.set(self.weakest.get().max(source.evidence));
        Ok(source)
    }

    /// Rows → one value a day.
    fn dated<R: Row, T>(
        &self,
        path: &'static str,
        rows: &Rows<R>,
        convert: impl Fn(&R) -> Refusal<T>,
    ) -> Result<Dated<T>> {
        let error = |at: At, message: String| self.stack.error(at, path, &message);
        rows.check_days().map_err(|(at, message)| error(at, message))?;
        let periods = rows.0.iter().map(|at| {
            let period = self.source(at.row.source()).and_then(|source| {
                Ok(Period {
                    days: at.row.days(),
                    value: convert(&at.row)?,
                    source,
                })
            });
            period.map_err(|message| error(at.at, message))
        });
        Ok(Dated {
            path,
            periods: periods.collect::<Result<_>>()?,
        })
    }

    /// The same for a parameter without which nothing can be computed.
    fn required<R: Row, T>(
        &self,
        path: &'static str,
        rows: &Rows<R>,
        convert: impl Fn(&R) -> Refusal<T>,
    ) -> Result<Dated<T>> {
        if rows.0.is_empty() {
            return Err(self.missing(path, "write `value = \"none\"` or `\"unknown\"` if that is so"));
        }
        self.dated(path, rows, convert)
    }

    fn chain(&self, tiers: &[Tier], assistance: usize) -> Result<Dated<Vec<Link>>> {
        self.required("rules.chain", &self.stack.merged.rules.chain, |row| {
            let mut seen = BTreeSet::new();
            if let Some(twice) = row.value.iter().find(|name| !seen.insert(*name)) {
                return Err(format!("the chain names `{twice}` twice"));
            }
            if row.value.iter().skip(1).any(|name| name == chain_words::BASIC) {
                return Err("`basic` works on the whole in-scope cost, so it must stand first".to_owned());
            }
            row.value
                .iter()
                .map(|name| link(name, tiers, assistance))
                .collect()
        })
    }

    fn lists(&self, lists: &BTreeMap<String, file::DiseaseList>) -> Result<Vec<List>> {
        let list = |(name, list): (&String, &file::DiseaseList)| {
            let path = format!("lists.{name}");
            let source = self.source(Source {
                doc: list.doc.0.clone(),
                clause: None,
                evidence: list.evidence,
                note: list.note.clone(),
            });
            Ok(List {
                source: source.map_err(|e| self.stack.error_in_top(format!("`{path}`: {e}")))?,
                path,
                prefixes: list.prefixes.0.clone(),
            })
        };
        lists.iter().map(list).collect()
    }

    fn basic(&self, section: &file::Inpatient) -> Result<Basic> {
        let hint = "e.g. { basis = \"gross\", kind = \"marginal\", position = \"claim\" }";
        let shape = section
            .scale
            .ok_or_else(|| self.missing("inpatient.scale", hint))?;
        self.slab_names_edge("inpatient.scale", shape.kind, shape.edge)?;
        let cap = |row: &file::CapRow| {
            let limit = self.value_or_table(&row.value, &row.table)?;
            Ok(Cap { on: row.on, limit })
        };
        let nth = |row: &file::NthRow| match &row.value.0 {
            Known::Unknown => Ok(Known::Unknown),
            Known::Value(steps) => steps
                .iter()
                .map(|step| self.nth(step))
                .collect::<Refusal<_>>()
                .map(Known::Value),
        };
        // carried: checked, but a claim does not say yet whether it was out of area
        self.conditions("inpatient.out_of_area", &section.out_of_area)?;
        Ok(Basic {
            shape,
            deductible: self.required("inpatient.deductible", &section.deductible, |row| {
                self.deductible(row)
            })?,
            nth: self.required("inpatient.deductible_nth", &section.deductible_nth, nth)?,
            deductible_limit: match section.deductible_limit.0.is_empty() {
                true => None,
                false => Some(self.limit("inpatient.deductible_limit", &section.deductible_limit)?),
            },
            bands: self.ratio_or_bands(section)?,
            adjust: self.conditions("inpatient.ratio_adjust", &section.ratio_adjust)?,
            cap: self.required("inpatient.cap", &section.cap, cap)?,
        })
    }

    fn slab_names_edge(&self, path: &str, kind: Kind, edge: Option<Edge>) -> Result<()> {
        if kind == Kind::Slab && edge.is_none() {
            let hint = "a slab scale must say `edge = \"upper_in\"` or `\"upper_out\"`";
            return Err(self.missing(&format!("{path}.edge"), hint));
        }
        Ok(())
    }

    fn deductible(&self, row: &file::DeductibleRow) -> Refusal<Deductible> {
        let amount = match &row.percent_of {
            None => self.value_or_table(&row.value, &row.table)?,
            Some(_) if row.value.is_some() || row.table.is_some() => {
                return Err("write exactly one of `value`, `table` and `percent_of`".to_owned());
            }
            Some(of) => {
                let product = of
                    .reference
                    .0
                    .exact()
                    .mul(of.ratio.0.0)
                    .and_then(Exact::fen_half_away);
                Grid::Leaf(Known::Value(product.map_err(|e| e.to_string())?))
            }
        };
        let needs_none = matches!(amount, Grid::Leaf(Known::Unknown));
        match row.per {
            Some(per) => Ok(Deductible { per, amount }),
            None if needs_none => Ok(Deductible {
                per: file::Per::Admission,
                amount,
            }),
            None => Err("`per` is missing; expected `admission`, `year` or `yearly_highest`".to_owned()),
        }
    }

    fn nth(&self, step: &file::NthStep) -> Refusal<Nth> {
        let act = match (&step.factor, &step.value, &step.table) {
            (Some(factor), None, None) => NthAct::Factor(factor.0),
            (None, Some(cells @ Cells::Leaf(_)), None) | (None, None, Some(cells @ Cells::Table(_))) => {
                NthAct::Amount(self.grid(cells)?)
            }
            _ => {
                return Err(format!(
                    "step {}: write exactly one of `factor`, `value` and `table`",
                    step.n
                ));
            }
        };
        Ok(Nth { n: step.n, act })
    }

    /// A single ratio is one open band, so the engine knows bands only.
    fn ratio_or_bands(&self, section: &file::Inpatient) -> Result<Dated<Grid<Known<Vec<Band>>>>> {
        match (section.ratio.0.is_empty(), section.bands.0.is_empty()) {
            (false, true) => self.dated("inpatient.ratio", &section.ratio, |row| {
                self.value_or_table(&row.value, &row.table).map(one_open_band)
            }),
            (true, false) => self.bands("inpatient.bands", &section.bands),
            (true, true) => Err(self.missing("inpatient.ratio", "write `ratio` or `bands`")),
            (false, false) => {
                let message = "`inpatient.ratio` and `inpatient.bands` exclude each other; write one of them";
                Err(self.stack.error_in_top(message.to_owned()))
            }
        }
    }

    fn bands(&self, path: &'static str, rows: &Rows<BandsRow>) -> Result<Dated<Grid<Known<Vec<Band>>>>> {
        self.required(path, rows, |row| self.value_or_table(&row.value, &row.table))
    }

    /// Rows with conditions: the first in force whose condition holds is taken.
    fn conditions(&self, path: &'static str, rows: &Rows<file::ChangeRow>) -> Result<Vec<Period<Adjust>>> {
        let adjust = |row: &file::ChangeRow| {
            Ok(Adjust {
                when: self.when(&row.when)?,
                change: row.change.0.clone(),
            })
        };
        self.dated(path, rows, adjust).map(|dated| dated.periods)
    }

    fn cii(&self, section: &file::Cii) -> Result<Cii> {
        let rules = self.required("cii.rules", &section.rules, |row| {
            Ok(CiiRule {
                base: row.base.clone(),
                over_cap: row.over_cap,
                on_change: row.on_change,
                allow_negative: row.allow_negative,
            })
        })?;
        let ordinary = self.ordinary(&section.ordinary)?;
        let tilt = self.tilt(&section.tilt, &ordinary)?;
        Ok(Cii {
            rules,
            ordinary,
            tilt,
        })
    }

    fn ordinary(&self, section: &file::CiiScale) -> Result<CiiScale> {
        let hint = "e.g. { basis = \"gross\", kind = \"marginal\", edge = \"upper_in\" }";
        let shape = section
            .scale
            .ok_or_else(|| self.missing("cii.ordinary.scale", hint))?;
        self.slab_names_edge("cii.ordinary.scale", shape.kind, shape.edge)?;
        if let Some(at) = section.categories.0.first() {
            let message = "the ordinary scale is for everyone; categories belong to `cii.tilt`";
            return Err(self.stack.error(at.at, "cii.ordinary.categories", message));
        }
        Ok(CiiScale {
            shape,
            threshold: self.ordinary_threshold(section)?,
            bands: self.bands("cii.ordinary.bands", &section.bands)?,
            cap: self.limit("cii.ordinary.cap", &section.cap)?,
        })
    }

    fn limit(&self, path: &'static str, rows: &Rows<LimitRow>) -> Result<Dated<Grid<Known<Limit>>>> {
        self.required(path, rows, |row| self.value_or_table(&row.value, &row.table))
    }

    fn tilt(&self, section: &file::CiiScale, ordinary: &CiiScale) -> Result<Option<Tilt>> {
        let nothing = section.scale.is_none()
            && section.categories.0.is_empty()
            && section.threshold.0.is_empty()
            && section.bands.0.is_empty()
            && section.cap.0.is_empty();
        if nothing {
            return Ok(None);
        }
        let shape = section.scale.unwrap_or(ordinary.shape);
        self.slab_names_edge("cii.tilt.scale", shape.kind, shape.edge)?;
        let categories = self.required("cii.tilt.categories", &section.categories, |row| {
            self.mask_of(&row.value)
        })?;
        let scale = CiiScale {
            shape,
            threshold: self.tilt_threshold(section, &ordinary.threshold)?,
            bands: self.bands("cii.tilt.bands", &section.bands)?,
            cap: self.limit("cii.tilt.cap", &section.cap)?,
        };
        Ok(Some(Tilt { categories, scale }))
    }

    fn ordinary_threshold(&self, section: &file::CiiScale) -> Result<Dated<Known<Exact>>> {
        let income = &self.stack.merged.income;
        self.required("cii.ordinary.threshold", &section.threshold, |row| {
            let printed = row.value.as_ref().map(|value| &value.0);
            match row.formula.as_deref().map(Formula::parse).transpose()? {
                None => printed_threshold(printed),
                Some(Formula::FloorYuanHalfIncome(year)) => {
                    let income = income.by_year.get(&year);
                    let income = income.ok_or_else(|| format!("`income` has no year {year}"))?;
                    let half = income
                        .exact()
                        .div(Exact::integer(2))
                        .and_then(Exact::fen_floor_yuan);
                    agreed(
                        printed,
                        half.map_err(|e| e.to_string())?.exact(),
                        row.formula.as_deref(),
                    )
                }
                Some(Formula::HalfOrdinaryThreshold) => {
                    Err("the ordinary threshold cannot be half of itself".to_owned())
                }
            }
        })
    }

    /// The tilt threshold; half of the ordinary one falls into a period for each of its values.
    fn tilt_threshold(
        &self,
        section: &file::CiiScale,
        ordinary: &Dated<Known<Exact>>,
    ) -> Result<Dated<Known<Exact>>> {
        let path = "cii.tilt.threshold";
        let checked = self.required(path, &section.threshold, |row| {
            let formula = row.formula.as_deref().map(Formula::parse).transpose()?;
            match formula {
                None => printed_threshold(row.value.as_ref().map(|value| &value.0)).map(Some),
                Some(Formula::HalfOrdinaryThreshold) => Ok(None),
                Some(_) => Err("a tilt threshold is an amount or `half(cii.ordinary.threshold)`".to_owned()),
            }
        })?;
        let mut periods = Vec::new();
        for (period, at) in checked.periods.into_iter().zip(&section.threshold.0) {
            match period.value {
                Some(value) => periods.push(Period {
                    value,
                    days: period.days,
                    source: period.source,
                }),
                None => {
                    let printed = at.row.value.as_ref().map(|value| &value.0);
                    let halves = halves(&period, printed, ordinary, at.row.formula.as_deref());
                    periods.extend(halves.map_err(|message| self.stack.error(at.at, path, &message))?);
                }
            }
        }
        Ok(Dated { path, periods })
    }

    fn tiers(&self, path: &'static str, rows: &Rows<TierRow>) -> Result<Vec<Tier>> {
        let dated = self.dated(path, rows, |row| self.tier(path, row))?;
        Ok(dated.periods.into_iter().map(|period| period.value).collect())
    }

    fn tier(&self, path: &'static str, row: &TierRow) -> Refusal<Tier> {
        let threshold = match (&row.threshold, &row.deductible) {
            (Some(amount), None) | (None, Some(amount)) => amount.0.clone(),
            _ => return Err("write exactly one of `threshold` and `deductible`".to_owned()),
        };
        let shape = Shape {
            basis: row.basis.unwrap_or(file::Basis::Gross),
            kind: row.kind.unwrap_or(Kind::Marginal),
            edge: row.edge,
        };
        if row.bands.is_some() && (row.basis.is_none() || row.kind.is_none()) {
            return Err("a tier with `bands` must say its `kind` and `basis`".to_owned());
        }
        if shape.kind == Kind::Slab && shape.edge.is_none() {
            return Err("a slab scale must say its `edge`".to_owned());
        }
        Ok(Tier {
            path,
            id: Arc::from(row.id.as_str()),
            group: row.group.clone(),
            days: row.days(),
            when: self.when(&row.when)?,
            base: row.base,
            threshold,
            shape,
            entitled: self.entitled(row)?,
            cap: row.cap.0.clone(),
            cap_period: row.cap_period,
            payer: row.payer,
            source: row.source(),
        })
    }

    fn entitled(&self, row: &TierRow) -> Refusal<Entitled> {
        match (&row.ratio, &row.bands) {
            (None, Some(bands)) => Ok(Entitled::All(bands.0.clone())),
            (Some(Cells::Leaf(share)), None) => Ok(Entitled::All(open_band(share))),
            (Some(Cells::Table(table)), None) => self.by_category(table).map(Entitled::By),
            _ => Err("write exactly one of `ratio` and `bands`".to_owned()),
        }
    }

    fn by_category(
        &self,
        table: &BTreeMap<String, Cells<Known<Share>>>,
    ) -> Refusal<Vec<(Mask, Known<Vec<Band>>)>> {
        let mut by_bit: BTreeMap<u32, (Mask, Known<Vec<Band>>)> = BTreeMap::new();
        for (name, cells) in table {
            let Cells::Leaf(share) = cells else {
                return Err(format!("`ratio.{name}` must be one ratio"));
            };
            let mask = self.mask_of(std::slice::from_ref(name))?;
            for bit in (0..Mask::BITS).filter(|bit| mask >> bit & 1 == 1) {
                if by_bit.insert(bit, (1 << bit, open_band(share))).is_some() {
                    return Err(format!(
                        "`ratio.{name}` names a category that has a ratio already"
                    ));
                }
            }
        }
        Ok(by_bit.into_values().collect())
    }

    fn mask_of(&self, names: &[String]) -> Refusal<Mask> {
        let one = |name: &String| {
            let groups = self.words.groups.iter().map(|(group, _)| group.as_str());
            let known = groups.chain(self.words.categories.iter().map(String::as_str));
            self.words.mask(name).ok_or_else(|| {
                format!(
                    "`{name}` is no category or group of this file{}",
                    suggestion(name, known)
                )
            })
        };
        names.iter().try_fold(0, |mask, name| Ok(mask | one(name)?))
    }

    fn when(&self, text: &WhenText) -> Refusal<When> {
        let indices = |axis: Axis, names: &Option<Vec<String>>| {
            let keys = self.words.keys(axis);
            let index = |name: &String| {
                let found = keys.iter().position(|key| key == name);
                found.ok_or_else(|| format!("`{name}` is no {} of this file", axis.as_str()))
            };
            names
                .as_ref()
                .map(|names| names.iter().map(index).collect::<Refusal<Vec<usize>>>())
                .transpose()
        };
        let lists = &self.stack.merged.lists;
        let list = |name: &String| {
            let found = lists.keys().position(|known| known == name);
            found.ok_or_else(|| {
                format!(
                    "no list `{name}` in `lists`{}",
                    suggestion(name, lists.keys().map(String::as_str))
                )
            })
        };
        Ok(When {
            plans: indices(Axis::Plan, &text.plans)?,
            levels: indices(Axis::Level, &text.levels)?,
            age: text.age,
            status: text.status,
            categories: text
                .categories
                .as_deref()
                .map(|names| self.mask_of(names))
                .transpose()?,
            disease_list: text.disease_list.as_ref().map(list).transpose()?,
            total_over: text.total_over.as_ref().map(|amount| amount.0),
        })
    }

    fn value_or_table<T: Literal + Clone>(
        &self,
        value: &Option<Cells<T>>,
        table: &Option<Cells<T>>,
    ) -> Refusal<Grid<T>> {
        match (value, table) {
            (Some(cells @ Cells::Leaf(_)), None) | (None, Some(cells @ Cells::Table(_))) => self.grid(cells),
            (None, None) => Err("write `value` or `table`".to_owned()),
            (Some(_), Some(_)) => Err("write exactly one of `value` and `table`".to_owned()),
            _ => Err("`value` is one value, `table` has an entry for each key".to_owned()),
        }
    }

    /// A table whose keys, at each depth, are all words of one axis.
    fn grid<T: Clone>(&self, cells: &Cells<T>) -> Refusal<Grid<T>> {
        let table = match cells {
            Cells::Leaf(value) => return Ok(Grid::Leaf(value.clone())),
            Cells::Table(table) => table,
        };
        let shares_a_key = |axis: &Axis| self.words.keys(*axis).iter().any(|key| table.contains_key(*key));
        let Some(axis) = Axis::ALL.into_iter().find(shares_a_key) else {
            let keys: Vec<&str> = table.keys().map(String::as_str).collect();
            return Err(format!(
                "the keys {keys:?} are no plans, levels or statuses of this file"
            ));
        };
        let keys = self.words.keys(axis);
        if let Some(unknown) = table.keys().find(|key| !keys.contains(&key.as_str())) {
            let hint = suggestion(unknown, keys.iter().copied());
            return Err(format!("`{unknown}` is no {} of this file{hint}", axis.as_str()));
        }
        let cell = |key: &&str| match table.get(*key) {
            Some(cells) => self.grid(cells),
            None => Err(format!("the table has no entry for {} `{key}`", axis.as_str())),
        };
        keys.iter()
            .map(cell)
            .collect::<Refusal<_>>()
            .map(|cells| Grid::By(axis, cells))
    }
}

fn link(name: &str, tiers: &[Tier], assistance: usize) -> Refusal<Link> {
    let rows: Vec<usize> = match name {
        chain_words::BASIC => return Ok(Link::Basic),
        chain_words::CII => return Ok(Link::Cii),
        chain_words::ASSIST => (0..assistance).collect(),
        tail => {
            let named = |tier: &Tier| &*tier.id == tail || tier.group.as_deref() == Some(tail);
            let rows = tiers
                .iter()
                .enumerate()
                .skip(assistance)
                .filter(|(_, tier)| named(tier));
            rows.map(|(index, _)| index).collect()
        }
    };
    if rows.is_empty() {
        return Err(format!(
            "the chain names `{name}`, which no row defines on any date"
        ));
    }
    Ok(Link::Tiers {
        name: Arc::from(name),
        rows,
    })
}

fn printed_threshold(printed: Option<&Known<Fen>>) -> Refusal<Known<Exact>> {
    match printed {
        None => Err("write `value` or `formula`".to_owned()),
        Some(Known::Unknown) => Ok(Known::Unknown),
        Some(Known::Value(amount)) => Ok(Known::Value(amount.exact())),
    }
}

/// A computed amount, if the printed one beside it says the same.
fn agreed(printed: Option<&Known<Fen>>, computed: Exact, formula: Option<&str>) -> Refusal<Known<Exact>> {
    match printed {
        Some(Known::Value(amount)) if amount.exact() != computed => {
            let gives = computed.fen_half_away().map_err(|e| e.to_string())?;
            let formula = formula.unwrap_or_default();
            Err(format!(
                "`{formula}` gives {gives} yuan, but the value beside it is {amount} yuan"
            ))
        }
        _ => Ok(Known::Value(computed)),
    }
}

fn halves(
    period: &Period<Option<Known<Exact>>>,
    printed: Option<&Known<Fen>>,
    ordinary: &Dated<Known<Exact>>,
    formula: Option<&str>,
) -> Refusal<Vec<Period<Known<Exact>>>> {
    let mut halves = Vec::new();
    for whole in &ordinary.periods {
        let Some(days) = whole.days.common(period.days) else {
            continue;
        };
        let value = match &whole.value {
            Known::Unknown => Known::Unknown,
            Known::Value(threshold) => {
                let half = threshold.div(Exact::integer(2)).map_err(|e| e.to_string())?;
                agreed(printed, half, formula)?
            }
        };
        let mut source = period.source.clone();
        source.evidence = source.evidence.max(whole.source.evidence);
        halves.push(Period { days, value, source });
    }
    if halves.is_empty() {
        return Err("the ordinary threshold has no value on any of these days".to_owned());
    }
    Ok(halves)
}

fn open_band(share: &Known<Share>) -> Known<Vec<Band>> {
    match share {
        Known::Unknown => Known::Unknown,
        Known::Value(share) => Known::Value(vec![Band {
            upper: None,
            ratio: share.0,
        }]),
    }
}

fn one_open_band(grid: Grid<Known<Share>>) -> Grid<Known<Vec<Band>>> {
    match grid {
        Grid::Leaf(share) => Grid::Leaf(open_band(&share)),
        Grid::By(axis, cells) => Grid::By(axis, cells.into_iter().map(one_open_band).collect()),
    }
}

fn words(head: &file::Head) -> Refusal<Words> {
    let mut words = Words {
        plans: head.plans.clone().unwrap_or_default(),
        levels: levels(head.levels.as_deref().unwrap_or_default())?,
        statuses: head.statuses.clone().unwrap_or_default(),
        categories: head.identity_order.clone().unwrap_or_default(),
        groups: Vec::new(),
    };
    if words.categories.len() > MOST_CATEGORIES {
        return Err(format!(
            "`file.identity_order` has more than {MOST_CATEGORIES} categories"
        ));
    }
    let statuses: Vec<&str> = words.statuses.iter().map(|s| Status::as_str(*s)).collect();
    let levels: Vec<&str> = words.levels.iter().map(|(word, _)| word.as_str()).collect();
    let all = words
        .plans
        .iter()
        .chain(&words.categories)
        .chain(head.groups.keys())
        .map(String::as_str);
    let mut seen = BTreeSet::new();
    if let Some(twice) = all.chain(statuses).chain(levels).find(|word| !seen.insert(*word)) {
        return Err(format!("`file`: the word `{twice}` has two meanings"));
    }
    for (group, members) in &head.groups {
        let mut mask = 0;
        for name in members {
            mask |= words
                .bit(name)
                .ok_or_else(|| format!("`file.groups.{group}`: `{name}` is not in `identity_order`"))?;
        }
        words.groups.push((group.clone(), mask));
    }
    Ok(words)
}

/// `L1`, `L2`, `L3` in notices and tables are the levels 1, 2, 3 of a claim.
fn levels(written: &[String]) -> Refusal<Vec<(String, HospitalLevel)>> {
    let level = |word: &String| {
        let digit = word.strip_prefix('L').unwrap_or(word);
        let level = digit
            .parse()
            .map_err(|_| format!("`file.levels`: `{word}` is not one of `L1`, `L2`, `L3`"))?;
        Ok((word.clone(), level))
    };
    written.iter().map(level).collect()
}

/// The edge rule of a shape.
pub fn edge(shape: Shape) -> Edge {
    shape.edge.unwrap_or(MARGINAL_EDGE)
}
