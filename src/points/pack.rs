//! A policy pack: loaded, held against the language, and turned into rules (政策包).

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::document::{Document, Effective, Parameter};
use super::file::{DateFile, DocFile, PackFile};
use super::file_money::AssessEffect;
use super::file_stay::Newborn;
use super::file_time::{LateThen, MonthModel};
use super::formation::year_mixed_mean;
use super::readmission::Readmission;
use super::rules::Rules;
use super::rules_price::One;
use super::{Cut, FormulaClass, Grouper, PoolFund, Stay, Weights, schema};
use crate::diagnostics::{Error, Evidence, Place, Result, parse_toml, read_text, suggestion};
use crate::units::Exact;

/// What becomes of a list that comes late (迟报处理).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// It is not taken.
    Reject,
    /// It is booked in the open month.
    NextMonth,
    /// It is taken, and has no points.
    NoPoints,
    /// It is taken as a case in violation.
    Penalty,
}

/// One place's payment policy, every number with its ground (政策包).
#[derive(Clone, Debug)]
pub struct Pack {
    name: String,
    class: FormulaClass,
    grouper: Grouper,
    includes: Vec<PoolFund>,
    documents: Vec<Document>,
    parameters: Vec<Parameter>,
    unresolved: Vec<String>,
    files: Vec<(PathBuf, Vec<u8>)>,
    pub(crate) rules: Rules,
}

impl Pack {
    /// Reads a pack from a TOML file (读取政策包).
    ///
    /// # Errors
    /// The file cannot be read; a key is unknown, missing, refused or of the wrong type; keys do not agree with each other. Each error names file, line and key.
    pub fn load(path: &Path) -> Result<Pack> {
        Pack::parse(&Place::file(path), &read_text(path)?)
    }

    /// A pack from text that stands at `place` (解析政策包).
    ///
    /// # Errors
    /// As [`Pack::load`].
    pub fn parse(place: &Place, text: &str) -> Result<Pack> {
        // the typed parse says where the text is not TOML at all
        let Ok(root) = DeTable::parse(text) else {
            parse_toml::<toml::Table>(place, text)?;
            return Err(Error::at(place.clone(), "this is not TOML"));
        };
        schema::check_keys(place, text, root.get_ref())?;
        let file: PackFile = parse_toml(place, text)?;
        let places = Places {
            place,
            text,
            root: root.get_ref(),
            files: RefCell::default(),
        };
        schema::check_open_keys(|message| places.error("unresolved", message), &file.unresolved)?;
        let documents = documents(&file, &places)?;
        let rules = Rules::of(&file, &places)?;
        let parameters = parameters(&file, &documents, &places)?;
        Ok(Pack {
            rules,
            name: file.pack,
            class: file.formula_class,
            grouper: file.grouper,
            includes: file.pool.includes,
            documents,
            parameters,
            unresolved: file.unresolved,
            files: places.files.into_inner(),
        })
    }

    /// The tables beside the pack that it reads, with their bytes (附表).
    pub fn files(&self) -> &[(PathBuf, Vec<u8>)] {
        &self.files
    }

    /// The chains of transfers among stays (转院链), each by indices from first to last; none where
    /// the pack does not tell them apart.
    pub fn chains(&self, stays: &[Stay]) -> Vec<Vec<usize>> {
        let rule = self.rules.stay.transfer.as_ref();
        rule.map_or_else(Vec::new, |rule| rule.chains(stays))
    }

    /// Whether dues are split over the funds of a pool (是否分基金).
    pub const fn splits_funds(&self) -> bool {
        self.rules.money.split.is_some()
    }

    /// Whether a second stay within days costs something (有无再入院规则).
    pub const fn cuts_readmissions(&self) -> bool {
        self.rules.stay.readmission.is_some()
    }

    /// Whether a second stay within days is paid with the first (再入院是否合并).
    pub fn joins_readmissions(&self) -> bool {
        self.rules
            .stay
            .readmission
            .as_ref()
            .is_some_and(Readmission::joins)
    }

    /// Whether chains of transfers are paid as one (有无转院链规则).
    pub const fn follows_transfers(&self) -> bool {
        self.rules.stay.transfer.is_some()
    }

    /// Whether a newborn is paid with its mother (新生儿是否并入母亲).
    pub fn merges_newborns(&self) -> bool {
        self.rules.stay.newborn == Newborn::Merged
    }

    /// The pack's own name (政策包名称).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How points become money (公式类别).
    pub const fn class(&self) -> FormulaClass {
        self.class
    }

    /// The grouping it prices (分组器).
    pub const fn grouper(&self) -> &Grouper {
        &self.grouper
    }

    /// The funds whose money is in a pool (基金范围): what they paid by items is a case's
    /// `claim`, everything else on its bill is `nonfund`.
    pub fn includes(&self) -> &[PoolFund] {
        &self.includes
    }

    /// The documents behind the pack, by name (政策文件).
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Every key with its value, evidence and document, in the order of the language (参数清单).
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The keys on weaker ground than the place's own data (存疑参数).
    pub fn assumed(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|p| p.evidence > Evidence::Local)
    }

    /// The weakest ground of any key (最弱证据等级).
    pub fn evidence(&self) -> Evidence {
        let weakest = self.parameters.iter().map(|p| p.evidence).max();
        weakest.unwrap_or(Evidence::Assumption)
    }

    /// Key paths the pack knowingly leaves open (未决参数): nothing is settled with them.
    pub fn unresolved(&self) -> &[String] {
        &self.unresolved
    }

    /// What the deposit's return depends on, by an assessment score (保证金返还比例): the whole where
    /// the pack has no such rule.
    ///
    /// # Errors
    /// The hospital has no score, and the pack asks for one.
    pub fn deposit_share(&self, hospital: &str, scores: &[(&str, Exact)]) -> Result<Exact> {
        let assess = self.rules.money.assess.as_ref();
        let Some(assess) = assess.filter(|assess| assess.effect == AssessEffect::DepositShare) else {
            return Ok(Exact::ONE);
        };
        let score = scores
            .iter()
            .find(|(of, _)| *of == hospital)
            .map(|(_, score)| *score);
        let band = score.and_then(|score| assess.bands.iter().find(|(from, _)| score.compare(*from).is_ge()));
        band.map(|(_, share)| *share).ok_or_else(|| {
            Error::new(format!(
                "hospital `{hospital}` has no assessment score from zero on, which `assess.effect` asks for"
            ))
        })
    }

    /// The operator by which a cost at the threshold makes an outlier of this kind, or not (界限归属);
    /// empty for other kinds.
    pub const fn edge_of(&self, kind: super::Kind) -> &'static str {
        let edge = &self.rules.outlier.edge;
        match kind {
            super::Kind::Low if edge.low_owns_limit => "<=",
            super::Kind::Low => "<",
            super::Kind::High if edge.high_owns_limit => ">=",
            super::Kind::High => ">",
            super::Kind::Extreme if edge.extreme_owns_limit => ">=",
            super::Kind::Extreme => ">",
            _ => "",
        }
    }

    /// Whether hospitals have assessment scores by this pack (有无考核规则).
    pub const fn asks_for_scores(&self) -> bool {
        self.rules.money.assess.is_some()
    }

    /// Whether an overrun of the region may draw on reserves (超支可否动用风险金).
    pub const fn draws_on_a_reserve(&self) -> bool {
        self.rules.money.region.is_some()
    }

    /// The mean of several years by the pack's mix (按年度权重的均值), oldest first.
    ///
    /// # Errors
    /// Not as many years as the mix has shares, or the pack has no mix.
    pub fn mean_of_years(&self, means: &[Exact]) -> Result<Exact> {
        let mix = &self.rules.weight.year_mix;
        year_mixed_mean(means, mix).map_err(|_| {
            let (years, shares) = (means.len(), mix.len());
            Error::new(format!(
                "{years} years are given; `weight.year_mix` of pack `{}` has {shares} shares",
                self.name
            ))
        })
    }

    /// What becomes of a list that comes later than so many days (迟报规则): days, and what then.
    pub fn late(&self) -> Option<(u32, Late)> {
        self.rules.time.late.map(|(days, then)| {
            let then = match then {
                LateThen::Reject => Late::Reject,
                LateThen::NextMonth => Late::NextMonth,
                LateThen::NoPoints => Late::NoPoints,
                LateThen::Penalty => Late::Penalty,
            };
            (days, then)
        })
    }

    /// Whether the pack says what a month is booked at (有无月度规则).
    pub const fn books_months(&self) -> bool {
        self.rules.time.month.is_some()
    }

    /// Whether months are paid, not only booked (月度是否拨付).
    pub fn pays_months(&self) -> bool {
        self.rules.time.month.as_ref().is_some_and(|month| month.is_cash)
    }

    /// Whether a month is priced by its share of the year's budget (按月度预算定价).
    pub fn months_share_the_budget(&self) -> bool {
        self.rules
            .time
            .month
            .as_ref()
            .is_some_and(|month| month.model == MonthModel::OwnMonthPv)
    }

    /// Months of budget that an advance is made of (预付金月数); none without advances.
    pub fn advance_months(&self) -> Option<Exact> {
        self.rules.time.advance.as_ref().map(|advance| advance.months)
    }

    /// Whether a point has a price before the pool closes (点价是否已知): then cases have standards,
    /// else points.
    pub const fn price_is_known(&self) -> bool {
        self.rules.price.is_known()
    }

    /// What each readmission costs (再入院扣减), by index of the stay; none where the pack has no rule.
    pub fn readmissions(&self, stays: &[Stay]) -> Vec<(usize, Cut)> {
        let rule = self.rules.stay.readmission.as_ref();
        rule.map_or_else(Vec::new, |rule| rule.cuts(stays))
    }

    /// Decimals a case's points are rounded to (点数小数位).
    pub const fn points_decimals(&self) -> u32 {
        self.rules.points_decimals
    }

    /// Whether the pack says what the blank group is paid (空白病组).
    pub fn prices_blank_group(&self) -> bool {
        self.rules.blank.is_some()
    }

    /// Whether these weights hold what the pack's formulas ask for (权重表与政策是否相配).
    ///
    /// # Errors
    /// A column or group the pack names is not there; a formula needs the region's mean cost and the
    /// weights do not give it.
    pub fn fits(&self, weights: &Weights) -> Result<()> {
        let columns = &self.rules.weight.columns;
        if let Some((_, name)) = columns.iter().find(|(_, name)| !weights.has_column(name)) {
            return Err(Error::new(format!(
                "pack `{}`: `weight.columns` names `{name}`, but the weights have no such column",
                self.name
            )));
        }
        if let One::Group(group) = &self.rules.weight.one
            && weights.get(group).and_then(|row| row.mean_cost).is_none()
        {
            return Err(Error::new(format!(
                "pack `{}`: `weight.reference` names group `{group}`, of which the weights have no `mean_cost`",
                self.name
            )));
        }
        let missing = weights.city_mean().is_none();
        match self.rules.needs_city_mean() {
            Some(key) if missing => Err(Error::new(format!(
                "pack `{}`: `{key}` needs the region's mean cost, but the weights have no row `*` with `mean_cost`",
                self.name
            ))),
            _ => Ok(()),
        }
    }
}

/// Where the keys of a pack stand.
pub(super) struct Places<'a> {
    place: &'a Place,
    text: &'a str,
    root: &'a DeTable<'a>,
    /// Tables that were read, in the order of reading.
    files: RefCell<Vec<(PathBuf, Vec<u8>)>>,
}

impl Places<'_> {
    /// A table beside the pack, named at `key`.
    pub(super) fn beside(&self, key: &str, name: &str) -> Result<(Place, String)> {
        let pack = Path::new(&*self.place.file);
        let path = pack
            .parent()
            .map_or_else(|| PathBuf::from(name), |folder| folder.join(name));
        let text = read_text(&path).map_err(|error| {
            let what: Vec<&str> = error.messages().map(|(_, message)| message).collect();
            self.error(
                key,
                format!("`{key}` names the file `{name}`: {}", what.join("; ")),
            )
        })?;
        let place = Place::file(&path);
        let mut files = self.files.borrow_mut();
        if files.iter().all(|(known, _)| *known != path) {
            files.push((path, text.clone().into_bytes()));
        }
        Ok((place, text))
    }

    /// The place of a key's value; of the file where the key is absent.
    pub(super) fn of(&self, key: &str) -> Place {
        match schema::written(self.text, self.root, key) {
            Some((at, _)) => self.place.of_offset(self.text, at),
            None => self.place.clone(),
        }
    }

    /// An error at a key.
    pub(super) fn error(&self, key: &str, message: impl Into<String>) -> Error {
        Error::at(self.of(key), message)
    }

    /// What is written at a key, in one line.
    pub(super) fn text(&self, key: &str) -> String {
        let written = schema::written(self.text, self.root, key).map_or("", |(_, text)| text);
        written.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn documents(file: &PackFile, places: &Places) -> Result<Vec<Document>> {
    let mut documents = Vec::new();
    let mut errors = Vec::new();
    for (id, doc) in &file.doc {
        match document(id, doc, places) {
            Ok(document) => documents.push(document),
            Err(error) => errors.push(error),
        }
    }
    Error::all(errors)?;
    Ok(documents)
}

fn document(id: &str, doc: &DocFile, places: &Places) -> Result<Document> {
    let date = |name: &str, date: &DateFile| {
        let key = format!("doc.{id}.{name}");
        effective(date).ok_or_else(|| {
            let expected = "expected a date such as 2026-01-31, \"unknown\" or \"open\"";
            places.error(&key, format!("`{key}` is {}: {expected}", places.text(&key)))
        })
    };
    let (from, to) = (
        date("effective_from", &doc.effective_from)?,
        date("effective_to", &doc.effective_to)?,
    );
    if from != Effective::Unknown && to < from && to != Effective::Unknown {
        let key = format!("doc.{id}.effective_to");
        return Err(places.error(
            &key,
            format!("document `{id}` ends on {to}, before it begins on {from}"),
        ));
    }
    Ok(Document {
        id: id.to_owned(),
        source: doc.source.clone(),
        doc_no: doc.doc_no.clone(),
        effective_from: from,
        effective_to: to,
        evidence: doc.evidence,
    })
}

/// A date, or one of its words.
pub(super) fn effective(date: &DateFile) -> Option<Effective> {
    match date {
        DateFile::Word(word) if word == "unknown" => Some(Effective::Unknown),
        DateFile::Word(word) if word == "open" => Some(Effective::Open),
        DateFile::On(on) if on.time.is_none() => on.date.map(|d| Effective::On {
            year: d.year,
            month: d.month,
            day: d.day,
        }),
        _ => None,
    }
}

/// Lists every key with its ground; a table whose document is not there is an error.
fn parameters(file: &PackFile, documents: &[Document], places: &Places) -> Result<Vec<Parameter>> {
    let mut parameters = Vec::new();
    let mut errors = Vec::new();
    for (table, meta, weaker) in file.provenance() {
        let join = |name: &str| match table {
            "" => name.to_owned(),
            _ => format!("{table}.{name}"),
        };
        let Some(document) = documents.iter().find(|d| d.id == *meta) else {
            let key = join("meta");
            let hint = suggestion(meta, documents.iter().map(|d| d.id.as_str()));
            errors.push(places.error(
                &key,
                format!("`{key}` names the document `{meta}`, but there is no `doc.{meta}`{hint}"),
            ));
            continue;
        };
        let keys = schema::graded_keys(places.root, table);
        for name in weaker.keys().filter(|name| !keys.contains(&name.as_str())) {
            let key = join(&format!("weaker.{name}"));
            let hint = suggestion(name, keys.iter().copied());
            errors.push(places.error(&key, format!("`{key}` names no key of this table{hint}")));
        }
        parameters.extend(keys.iter().map(|name| {
            let key = join(name);
            Parameter {
                value: places.text(&key),
                evidence: weaker
                    .get(*name)
                    .map_or(document.evidence, |e| document.evidence.max(*e)),
                document: document.id.clone(),
                source: document.source.clone(),
                place: places.of(&key),
                key,
            }
        }));
    }
    Error::all(errors)?;
    Ok(parameters)
}
