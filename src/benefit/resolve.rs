//! From what the files say to what the engine reads (解析与检查): words become indices, formulas
//! become amounts, and every day of every parameter is checked.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::counters::Layout;
use super::dated::{At, Dated, Days, Headed, Period, Row, Rows};
use super::error::fault::{self, named};
use super::file::{self, BandsRow, Edge, Kind, LimitRow, Shape, Standing, TierRow, WhenText};
use super::formula::Formula;
use super::literal::{Band, Cells, Change, Known, Limit, Literal, Share};
use super::load::{Stack, changed};
use super::name::Name;
use super::policy::{
    Adjust, AreaTerms, Axis, Basic, BenefitPolicy, Cap, Cii, CiiRule, CiiScale, ClaimDates, Deductible,
    DeductibleAmount, DrugTerms, Entitled, Floor, Grid, ItemRatio, Link, LinkNames, List, MARGINAL_EDGE,
    Mask, Nth, NthAct, Source, Tier, Tilt, Waive, When, Words,
};
use super::{Level, Status, chain_words};
use crate::diagnostics::{Error, Evidence, Result, suggestion};
use crate::units::{Exact, Fen};

/// A refusal in words; the row it concerns is added by [`Desk::dated`].
pub type Refusal<T> = std::result::Result<T, String>;

/// Bands by plan, level and status.
type BandGrid = Grid<Known<Vec<Band>>>;

/// The most categories a place can have: one bit each.
const MOST_CATEGORIES: usize = 64;

pub fn resolve(stack: &Stack) -> Result<BenefitPolicy> {
    let desk = Desk::new(stack)?;
    let content = &stack.merged;
    let lists = desk.lists(&content.lists)?;
    let mut tiers = desk.tiers("assist.tiers", &content.assist.tiers)?;
    let assistance = tiers.len();
    tiers.extend(desk.tiers("tail.tiers", &content.tail.tiers)?);
    let chain = desk.chain("rules.chain", &content.rules.chain, &tiers, assistance)?;
    let (basic, cii) = desk.insurances(&chain)?;
    let dates = desk.required("rules.dates", &content.rules.dates, |row| Ok(claim_dates(row)))?;
    let outpatient = desk.outpatient(&content.outpatient, &tiers, assistance)?;
    let treat_first = &content.rules.treat_first;
    Ok(BenefitPolicy {
        name: desk.name()?,
        draft: content.file.status == Standing::Draft,
        weakest: desk.weakest.get(),
        treat_first: desk.optional("rules.treat_first", treat_first, |row| desk.mask_of(&row.value))?,
        account: desk.optional("account.pays", &content.account.pays, |row| Ok(row.value.clone()))?,
        asks_hospital: desk.asks_hospital.get(),
        layout: desk.layout.into_inner(),
        link_names: LinkNames::default(),
        words: desk.words,
        chain,
        dates,
        basic,
        cii,
        tiers,
        outpatient,
        lists,
        skip_unknown_tiers: false,
        replaced: stack.overlays.replaced.clone(),
        files: stack.files.clone(),
        checked_on: content.file.checked_on.0,
        warnings: Vec::new(),
        documents: content.doc.clone(),
        bounds_said: None,
        sections: [content.finance.clone(), content.enrolment.clone()],
    })
}

fn claim_dates(row: &file::DatesRow) -> ClaimDates {
    let dates = &row.param_date;
    let or_all = |date: Option<file::ParamDate>| date.unwrap_or(dates.all);
    ClaimDates {
        basic: or_all(dates.basic),
        cii: or_all(dates.cii),
        assist: or_all(dates.assist),
        tail: or_all(dates.tail),
        person: or_all(dates.person),
        crossing: row.year_crossing,
    }
}

/// What every check needs at hand.
pub struct Desk<'a> {
    stack: &'a Stack,
    pub words: Words,
    docs: BTreeSet<&'a str>,
    weakest: Cell<Evidence>,
    asks_hospital: Cell<bool>,
    layout: RefCell<Layout>,
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
            asks_hospital: Cell::new(false),
            layout: RefCell::new(Layout::default()),
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
            return Err(named(
                fault::DOC_MISSING,
                format!("no document has the id `{id}`{hint}"),
            ));
        }
        if source.evidence < Evidence::Assumption && source.doc.is_empty() {
            let message = format!("evidence `{}` must name its `doc`", source.evidence.as_str());
            return Err(named(fault::DOC_MISSING, message));
        }
        if self.stack.merged.file.status == Standing::Final && source.evidence > Evidence::Local {
            let word = source.evidence.as_str();
            let message = format!("evidence `{word}` is too weak for a file whose status is `final`");
            return Err(named(fault::EVIDENCE_TOO_WEAK, message));
        }
        self.weakest.set(self.weakest.get().max(source.evidence));
        Ok(source)
    }

    /// Rows → one value a day.
    pub fn dated<R: Row, T>(
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
    pub fn required<R: Row, T>(
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

    /// The same for a parameter that may be absent.
    pub fn optional<R: Row, T>(
        &self,
        path: &'static str,
        rows: &Rows<R>,
        convert: impl Fn(&R) -> Refusal<T>,
    ) -> Result<Option<Dated<T>>> {
        match rows.0.is_empty() {
            true => Ok(None),
            false => self.dated(path, rows, convert).map(Some),
        }
    }

    /// Basic and critical illness insurance: a section is checked when it is written, and missed
    /// when the chain names it.
    fn insurances(&self, chain: &Dated<Vec<Link>>) -> Result<(Option<Basic>, Option<Cii>)> {
        let content = &self.stack.merged;
        let named = |link: fn(&Link) -> bool| chain.periods.iter().flat_map(|p| &p.value).any(link);
        let section = content
            .inpatient
            .clone()
            .or_else(|| named(|link| matches!(link, Link::Basic)).then(Default::default));
        let basic = section.map(|section| self.basic(&section)).transpose()?;
        let section = content
            .cii
            .clone()
            .or_else(|| named(|link| matches!(link, Link::Cii)).then(Default::default));
        let cii = section.map(|section| self.cii(&section)).transpose()?;
        Ok((basic, cii))
    }

    pub fn chain(
        &self,
        path: &'static str,
        rows: &Rows<file::ChainRow>,
        tiers: &[Tier],
        assistance: usize,
    ) -> Result<Dated<Vec<Link>>> {
        self.required(path, rows, |row| {
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
        Ok(Basic {
            shape,
            deductible: self.required("inpatient.deductible", &section.deductible, |row| {
                self.deductible(row)
            })?,
            nth: self.optional("inpatient.deductible_nth", &section.deductible_nth, nth)?,
            deductible_limit: self.optional(
                "inpatient.deductible_limit",
                &section.deductible_limit,
                |row| self.value_or_table(&row.value, &row.table),
            )?,
            bands: self.ratio_or_bands(section)?,
            adjust: self.conditions("inpatient.ratio_adjust", &section.ratio_adjust)?,
            cap: self.required("inpatient.cap", &section.cap, cap)?,
            waive: self.waives(&section.deductible_waive)?,
            items: self.items(&section.item_ratio)?,
            floor: self.floors(&section.floor)?,
            area: self.areas(&section.out_of_area)?,
        })
    }

    fn waives(&self, rows: &Rows<file::WaiveRow>) -> Result<Vec<Period<Waive>>> {
        let waive = |row: &file::WaiveRow| {
            Ok(Waive {
                when: self.when(&row.when)?,
                factor: row.factor.0,
            })
        };
        self.dated("inpatient.deductible_waive", rows, waive)
            .map(|dated| dated.periods)
    }

    fn floors(&self, rows: &Rows<file::FloorRow>) -> Result<Vec<Period<Floor>>> {
        let floor = |row: &file::FloorRow| {
            Ok(Floor {
                when: self.when(&row.when)?,
                base: row.base,
                ratio: row.ratio.0.clone(),
            })
        };
        self.dated("inpatient.floor", rows, floor)
            .map(|dated| dated.periods)
    }

    fn areas(&self, rows: &Rows<file::AreaRow>) -> Result<Vec<Period<AreaTerms>>> {
        let area = |row: &file::AreaRow| {
            if row.change.is_none() && row.first_bear.is_none() && row.then_level.is_none() {
                return Err("write `change`, `first_bear` or `then_level`".to_owned());
            }
            Ok(AreaTerms {
                when: self.when(&row.when)?,
                change: row.change.as_ref().map(|change| change.0.clone()),
                first_bear: row.first_bear.as_ref().map(|part| part.0.clone()),
                then_level: row.then_level.map(|level| self.level(level)).transpose()?,
            })
        };
        self.dated("inpatient.out_of_area", rows, area)
            .map(|dated| dated.periods)
    }

    /// A ratio for each class that any row names, in the order of the file.
    fn items(&self, rows: &Rows<file::ItemRatioRow>) -> Result<Vec<ItemRatio>> {
        let mut classes: Vec<&str> = Vec::new();
        for at in &rows.0 {
            if !classes.contains(&at.row.class.as_str()) {
                classes.push(&at.row.class);
            }
        }
        let of_class = |class: &str| {
            let rows = rows
                .0
                .iter()
                .filter(|at| at.row.class == class)
                .cloned()
                .collect();
            self.dated("inpatient.item_ratio", &Rows(rows), |row: &file::ItemRatioRow| {
                self.value_or_table(&row.value, &row.table)
            })
        };
        let item = |class: &str| {
            Ok(ItemRatio {
                class: class.to_owned(),
                ratio: of_class(class)?,
            })
        };
        classes.into_iter().map(item).collect()
    }

    fn level(&self, level: Level) -> Refusal<usize> {
        let found = self.words.levels.iter().position(|known| *known == level);
        found.ok_or_else(|| format!("`{}` is no level of this file", level.as_str()))
    }

    fn slab_names_edge(&self, path: &str, kind: Kind, edge: Option<Edge>) -> Result<()> {
        if kind == Kind::Slab && edge.is_none() {
            let hint = "a slab scale must say `edge = \"upper_in\"` or `\"upper_out\"`";
            return Err(self.missing(&format!("{path}.edge"), hint));
        }
        Ok(())
    }

    pub fn deductible(&self, row: &file::DeductibleRow) -> Refusal<Deductible> {
        let amount = self.deductible_amount(row)?;
        let needs_none = matches!(amount, DeductibleAmount::Fixed(Grid::Leaf(Known::Unknown)));
        let per = match row.per {
            Some(per) => per,
            None if needs_none => file::Per::Admission,
            None => {
                return Err("`per` is missing; expected `admission`, `year` or `yearly_highest`".to_owned());
            }
        };
        let factor = |(kind, factor): (&file::Facility, &super::literal::Lit<Share>)| (*kind, factor.0);
        Ok(Deductible {
            per,
            amount,
            facility: row.facility.iter().map(factor).collect(),
        })
    }

    fn deductible_amount(&self, row: &file::DeductibleRow) -> Refusal<DeductibleAmount> {
        let plain = row.value.is_some() || row.table.is_some();
        match (&row.percent_of, &row.percent_of_scope) {
            (None, None) => self
                .value_or_table(&row.value, &row.table)
                .map(DeductibleAmount::Fixed),
            (Some(of), None) if !plain => {
                let product = of
                    .reference
                    .0
                    .exact()
                    .mul(of.ratio.0.0)
                    .and_then(Exact::fen_half_away);
                let amount = product.map_err(|e| e.to_string())?;
                Ok(DeductibleAmount::Fixed(Grid::Leaf(Known::Value(amount))))
            }
            (None, Some(of)) if !plain => {
                if of.max.0.0.is_some_and(|max| max < of.min.0) {
                    return Err("`percent_of_scope`: `min` is above `max`".to_owned());
                }
                Ok(DeductibleAmount::OfScope {
                    ratio: of.ratio.0,
                    min: of.min.0,
                    max: of.max.0,
                })
            }
            _ => Err("write exactly one of `value`, `table`, `percent_of` and `percent_of_scope`".to_owned()),
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
    fn ratio_or_bands(&self, section: &file::Inpatient) -> Result<Dated<BandGrid>> {
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

    fn bands(&self, path: &'static str, rows: &Rows<BandsRow>) -> Result<Dated<BandGrid>> {
        self.required(path, rows, |row| match row.on_ordinary {
            Some(_) => Err("`on_ordinary` is for the tilt scale of critical illness insurance".to_owned()),
            None => self.value_or_table(&row.value, &row.table),
        })
    }

    /// Bands of the tilt scale; those that are said as a change of the ordinary ones fall into a
    /// period for each of these.
    fn tilt_bands(&self, rows: &Rows<BandsRow>, ordinary: &Dated<BandGrid>) -> Result<Dated<BandGrid>> {
        let path = "cii.tilt.bands";
        let checked = self.required(path, rows, |row| {
            match (&row.on_ordinary, &row.value, &row.table) {
                (Some(_), None, None) => Ok(None),
                (Some(_), _, _) => Err("write exactly one of `value`, `table` and `on_ordinary`".to_owned()),
                (None, ..) => self.value_or_table(&row.value, &row.table).map(Some),
            }
        })?;
        let mut periods = Vec::new();
        for (period, at) in checked.periods.into_iter().zip(&rows.0) {
            match (period.value, &at.row.on_ordinary) {
                (None, Some(change)) => {
                    let moved = moved_bands(period.days, &period.source, ordinary, change.0);
                    periods.extend(moved.map_err(|message| self.stack.error(at.at, path, &message))?);
                }
                (value, _) => periods.extend(value.map(|value| Period {
                    value,
                    days: period.days,
                    source: period.source,
                })),
            }
        }
        Ok(Dated { path, periods })
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
                tilt_span: row.tilt_span.unwrap_or(file::TiltSpan::Onward),
            })
        })?;
        let ordinary = self.ordinary(&section.ordinary)?;
        let tilt = self.tilt(&section.tilt, &ordinary)?;
        Ok(Cii {
            rules,
            ordinary,
            tilt,
            drug: self.optional("cii.special_drug", &section.special_drug, |row| {
                Ok(DrugTerms {
                    threshold: row.threshold.0.clone(),
                    zero_threshold_for: self.mask_of(&row.zero_threshold_for)?,
                    bands: open_band(&row.ratio.0),
                    cap: row.cap.0.clone(),
                })
            })?,
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
            bands: self.tilt_bands(&section.bands, &ordinary.bands)?,
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
        let threshold = self.tier_threshold(row)?;
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
            id: Name::of(&row.id),
            group: row.group.clone(),
            days: row.days(),
            when: self.when(&row.when)?,
            base: row.base,
            threshold,
            shape,
            entitled: self.entitled(row)?,
            cap: row.cap.0.clone(),
            cap_unit: row.cap_unit,
            cap_period: row.cap_period,
            per: row.deductible_per.unwrap_or(match row.base {
                file::TierBase::ScopeLeftYear => file::TierPer::Year,
                _ => file::TierPer::Claim,
            }),
            slots: self.layout.borrow_mut().tier(
                path.split('.').next().unwrap_or(path),
                &row.id,
                row.cap_unit,
            ),
            payer: row.payer,
            source: row.source(),
        })
    }

    /// An amount, or a part of a year's income: a product, rounded once.
    fn tier_threshold(&self, row: &TierRow) -> Refusal<Known<Fen>> {
        match (&row.threshold, &row.deductible, &row.threshold_of_income) {
            (Some(amount), None, None) | (None, Some(amount), None) => Ok(amount.0.clone()),
            (None, None, Some(of)) => {
                let income = self.stack.merged.income.by_year.get(&of.year);
                let income = income.ok_or_else(|| format!("`income` has no year {}", of.year))?;
                let product = income.exact().mul(of.ratio.0.0).and_then(Exact::fen_half_away);
                product.map(Known::Value).map_err(|e| e.to_string())
            }
            _ => Err("write exactly one of `threshold`, `deductible` and `threshold_of_income`".to_owned()),
        }
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

    pub fn mask_of(&self, names: &[String]) -> Refusal<Mask> {
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
        let lists = &self.stack.merged.lists;
        let list = |name: &String| {
            let found = lists.keys().position(|known| known == name);
            let hint = || suggestion(name, lists.keys().map(String::as_str));
            found.ok_or_else(|| format!("no list `{name}` in `lists`{}", hint()))
        };
        if text.same_hospital.is_some() {
            self.asks_hospital.set(true);
        }
        let mask = |names: &Option<Vec<String>>| names.as_deref().map(|names| self.mask_of(names));
        Ok(When {
            plans: self.indices(Axis::Plan, text.plans.as_deref())?,
            levels: self.indices(Axis::Level, text.levels.as_deref())?,
            age: text.age,
            status: text.status,
            categories: mask(&text.categories).transpose()?,
            disease_list: text.disease_list.as_ref().map(list).transpose()?,
            facility: text.facility,
            area: text.area,
            referral: text.referral,
            same_hospital: text.same_hospital,
            nth_from: text.nth_from,
            total_over: text.total_over.as_ref().map(|amount| amount.0),
            student_entry_year: text.student_entry_year,
        })
    }

    fn indices(&self, axis: Axis, names: Option<&[String]>) -> Refusal<Option<Vec<usize>>> {
        let keys = self.words.keys(axis);
        let index = |name: &String| {
            let found = keys.iter().position(|key| key == name);
            found.ok_or_else(|| format!("`{name}` is no {} of this file", axis.as_str()))
        };
        names.map(|names| names.iter().map(index).collect()).transpose()
    }

    pub fn value_or_table<T: Literal + Clone>(
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
            None => Err(named(
                fault::TABLE_INCOMPLETE,
                format!("the table has no entry for {} `{key}`", axis.as_str()),
            )),
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
        let message = format!("the chain names `{name}`, which no row defines on any date");
        return Err(named(fault::DANGLING_TIER, message));
    }
    Ok(Link::Tiers {
        name: Name::of(name),
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
            Err(named(
                fault::FORMULA_MISMATCH,
                format!("`{formula}` gives {gives} yuan, but the value beside it is {amount} yuan"),
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

/// The ordinary bands on `days`, each ratio moved by percentage points.
fn moved_bands(
    days: Days,
    source: &Source,
    ordinary: &Dated<BandGrid>,
    change: Change,
) -> Refusal<Vec<Period<BandGrid>>> {
    let mut periods = Vec::new();
    for whole in &ordinary.periods {
        if let Some(days) = whole.days.common(days) {
            let mut source = source.clone();
            source.evidence = source.evidence.max(whole.source.evidence);
            let value = moved_grid(&whole.value, change)?;
            periods.push(Period { days, value, source });
        }
    }
    if periods.is_empty() {
        return Err("the ordinary scale has no bands on any of these days".to_owned());
    }
    Ok(periods)
}

fn moved_grid(grid: &BandGrid, change: Change) -> Refusal<BandGrid> {
    match grid {
        Grid::Leaf(Known::Unknown) => Ok(Grid::Leaf(Known::Unknown)),
        Grid::Leaf(Known::Value(bands)) => {
            let moved = |band: &Band| {
                let ratio = changed(band.ratio, change).map_err(|e| e.to_string())?;
                Ok(Band { ratio, ..*band })
            };
            let bands: Refusal<Vec<Band>> = bands.iter().map(moved).collect();
            bands.map(|bands| Grid::Leaf(Known::Value(bands)))
        }
        Grid::By(axis, cells) => {
            let cells: Refusal<Vec<_>> = cells.iter().map(|cell| moved_grid(cell, change)).collect();
            cells.map(|cells| Grid::By(*axis, cells))
        }
    }
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

fn one_open_band(grid: Grid<Known<Share>>) -> BandGrid {
    match grid {
        Grid::Leaf(share) => Grid::Leaf(open_band(&share)),
        Grid::By(axis, cells) => Grid::By(axis, cells.into_iter().map(one_open_band).collect()),
    }
}

fn words(head: &file::Head) -> Refusal<Words> {
    let mut words = Words {
        plans: head.plans.clone().unwrap_or_default(),
        levels: head.levels.clone().unwrap_or_default(),
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
    let levels: Vec<&str> = words.levels.iter().map(|level| level.as_str()).collect();
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

/// The edge rule of a shape.
pub fn edge(shape: Shape) -> Edge {
    shape.edge.unwrap_or(MARGINAL_EDGE)
}
