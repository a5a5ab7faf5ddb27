//! One grouping scheme as its tables say it, inherited parts included.

use std::path::Path;
use std::sync::Arc;

use hashbrown::HashMap;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::code_lists;
use super::condition::{Condition, Pattern, SetRef, cut};
use super::ground::{Ground, WeakerKeys, weaker_files};
use super::packets::{self, Packets};
use crate::diagnostics::{Error, Evidence, Place, Result, did_you_mean, hexadecimal, parse_toml, suggestion};
use crate::library::{Library, TableFile};

/// The code of a case without a group (未入组).
pub const NO_GROUP: &str = "0000";

/// The set of procedures that count as operations (手术室手术), from `or_procedures.csv`.
pub const OPERATIONS: &str = "or_procedures";

/// Most errors reported of one scheme; the rest are counted.
const MOST_ERRORS: usize = 50;

/// A code as a number, dense from 0 within one scheme (编码序号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeId(pub u32);

/// A grouping scheme (分组方案): everything its folder and those it extends say.
#[derive(Debug)]
pub struct Scheme {
    id: String,
    name: String,
    kind: Kind,
    source: String,
    evidence: Evidence,
    weaker: Vec<(String, Evidence)>,
    code_lists: CodeListNames,
    hash: String,
    rules: Vec<Rule>,
    /// By [`Rule::file`].
    rule_files: Vec<Place>,
    packets: Option<Packets>,
    lineage: Vec<String>,
    codes: Interner,
    sites: Interner,
    sets: HashMap<String, CodeSet>,
    complications: HashMap<CodeId, Complication>,
    exclusions: HashMap<CodeId, Vec<u32>>,
    group_names: HashMap<String, String>,
}

/// What a scheme groups by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Diagnosis-related groups (疾病诊断相关分组).
    Drg,
    /// Diagnosis-intervention packets (按病种分值).
    Dip,
}

/// Names of the code lists a scheme is written in (所用编码版本).
#[derive(Clone, Debug)]
pub struct CodeListNames {
    /// Of diagnoses.
    pub diagnosis: String,
    /// Of procedures.
    pub procedure: String,
    /// Where the two are named, in this order.
    pub places: [Place; 2],
}

impl CodeListNames {
    /// Of a scheme and those it extends, key by key, nearest first.
    fn of(chain: &[Ancestor]) -> Result<CodeListNames> {
        let named = |key: &str, of: fn(&CodeListsWritten) -> &Option<Spanned<String>>| {
            let found = chain.iter().find_map(|scheme| {
                let name = of(&scheme.header.codes).as_ref()?;
                let place = scheme.file.place.of_offset(&scheme.file.text, name.span().start);
                Some((name.get_ref().clone(), place))
            });
            found.ok_or_else(|| {
                let message = format!(
                    "key `codes.{key}` is missing, here and in what this scheme extends; expected the code list of its codes"
                );
                match chain.first() {
                    Some(scheme) => Error::at(scheme.file.place.clone(), message),
                    None => Error::new(message),
                }
            })
        };
        let (diagnosis, first) = named("diagnosis", |codes| &codes.diagnosis)?;
        let (procedure, second) = named("procedure", |codes| &codes.procedure)?;
        Ok(CodeListNames {
            diagnosis,
            procedure,
            places: [first, second],
        })
    }
}

/// One row of `rules.csv` (规则行).
#[derive(Debug)]
pub struct Rule {
    /// What the row is.
    pub level: Level,
    /// MDC, ADRG or group code.
    pub code: String,
    /// When it holds.
    pub when: Condition,
    /// As written, for explanations.
    pub written: String,
    /// What an ADRG does when none of its groups holds.
    pub otherwise: Otherwise,
    /// Name in words.
    pub name: String,
    /// Line in the file.
    pub line: u64,
    /// Which of the scheme's files of rules; see [`Scheme::place`].
    pub file: usize,
}

/// The level of a rule row (层级).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Major diagnostic category (主要诊断大类).
    Mdc,
    /// Core group (核心疾病诊断相关组).
    Adrg,
    /// A case that belongs to several (歧义组).
    Ambiguous,
    /// Group (细分组).
    Drg,
    /// A level or layer of packets (病种层级).
    Layer,
    /// Packet (病种).
    Packet,
}

/// What an ADRG does when it holds and none of its groups does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// The ADRG code itself is the group.
    Group,
    /// The next ADRG is tried.
    Continue,
}

/// A named code list of a scheme (编码集).
#[derive(Debug, Default)]
pub struct CodeSet {
    /// The codes, in file order.
    pub codes: Vec<CodeId>,
    /// Body regions of codes that have one: `(code, region)`.
    pub sites: Vec<(CodeId, u32)>,
    /// Beginnings that stand for all codes that begin so.
    pub prefixes: Vec<String>,
}

/// How heavy a complication or comorbidity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComplicationLevel {
    /// 合并症或并发症.
    Cc,
    /// 严重合并症或并发症.
    Mcc,
}

/// A row of `complications.csv` (合并症并发症).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complication {
    /// MCC or CC.
    pub level: ComplicationLevel,
    /// The exclusion list it belongs to, if any.
    pub exclusion: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    id: String,
    name: String,
    kind: Spanned<Kind>,
    extends: Option<String>,
    #[serde(default)]
    codes: CodeListsWritten,
    source: String,
    evidence: Evidence,
    #[serde(default)]
    weaker: WeakerKeys,
    // of packets only
    style: Option<packets::Style>,
    groups: Option<packets::GroupKeys>,
    expressions: Option<packets::ExpressionKeys>,
    exclusions: Option<packets::ExclusionKeys>,
    treatment: Option<packets::TreatmentKeys>,
    comprehensive: Option<packets::ComprehensiveKeys>,
    fallback: Option<packets::FallbackKeys>,
    primary: Option<packets::PrimaryKeys>,
    auxiliary: Option<packets::AuxiliaryKeys>,
    layers: Option<packets::LayerKeys>,
    r#match: Option<packets::MatchKeys>,
}

impl Header {
    /// The keys that only packets have.
    fn packet_keys(&self) -> packets::Written {
        packets::Written {
            style: self.style,
            groups: self.groups.clone().unwrap_or_default(),
            expressions: self.expressions.clone().unwrap_or_default(),
            exclusions: self.exclusions.clone().unwrap_or_default(),
            treatment: self.treatment.clone().unwrap_or_default(),
            comprehensive: self.comprehensive.clone().unwrap_or_default(),
            fallback: self.fallback.clone().unwrap_or_default(),
            primary: self.primary.clone().unwrap_or_default(),
            auxiliary: self.auxiliary.clone().unwrap_or_default(),
            layers: self.layers.clone().unwrap_or_default(),
            matching: self.r#match.clone().unwrap_or_default(),
            diagnosis_maps: self.codes.diagnosis_maps.clone(),
            procedure_maps: self.codes.procedure_maps.clone(),
        }
    }

    /// A packet key of a scheme that has no packets.
    fn stray_key(&self) -> Option<&'static str> {
        let keys = [
            ("style", self.style.is_some()),
            ("groups", self.groups.is_some()),
            ("expressions", self.expressions.is_some()),
            ("exclusions", self.exclusions.is_some()),
            ("treatment", self.treatment.is_some()),
            ("comprehensive", self.comprehensive.is_some()),
            ("fallback", self.fallback.is_some()),
            ("primary", self.primary.is_some()),
            ("auxiliary", self.auxiliary.is_some()),
            ("layers", self.layers.is_some()),
            ("match", self.r#match.is_some()),
            ("codes.diagnosis_maps", self.codes.diagnosis_maps.is_some()),
            ("codes.procedure_maps", self.codes.procedure_maps.is_some()),
        ];
        keys.into_iter().find_map(|(key, there)| there.then_some(key))
    }
}

/// As [`CodeListNames`], with the bytes of the file where they stand.
#[derive(Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as { diagnosis = \"…\", procedure = \"…\" }"
)]
struct CodeListsWritten {
    diagnosis: Option<Spanned<String>>,
    procedure: Option<Spanned<String>>,
    diagnosis_maps: Option<Vec<String>>,
    procedure_maps: Option<Vec<String>>,
}

/// Texts numbered in order of first sight.
#[derive(Debug, Default)]
pub(super) struct Interner {
    ids: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Interner {
    pub(super) fn id(&mut self, text: &str) -> u32 {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.ids.insert(text, id);
        id
    }

    fn get(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    fn text(&self, id: u32) -> &str {
        self.texts.get(id as usize).map_or("", |text| text)
    }

    /// All numbers in the order of their texts.
    fn by_text(&self) -> Vec<u32> {
        let mut ids: Vec<u32> = self.ids.values().copied().collect();
        ids.sort_unstable_by(|a, b| self.text(*a).cmp(self.text(*b)));
        ids
    }
}

impl Scheme {
    /// Loads the scheme `id` with all it inherits.
    ///
    /// # Errors
    /// Every fault of the tables (the first fifty), each with file, line and column.
    pub fn load(library: &Library, id: &str) -> Result<Scheme> {
        Scheme::load_or_tell(library, id, MOST_ERRORS)
    }

    /// As [`Scheme::load`], with `most_errors` faults told and the rest counted.
    ///
    /// # Errors
    /// Faults of the tables, each with file, line and column.
    pub fn load_or_tell(library: &Library, id: &str, most_errors: usize) -> Result<Scheme> {
        let chain = inheritance(library, id)?;
        Loader::new(library, chain).load(most_errors)
    }

    /// The id, e.g. the folder's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name in words.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it groups by.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where its rows come from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// How well that is known.
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// Files that stand on weaker ground than the scheme (证据较弱的表), by name.
    pub fn weaker(&self) -> &[(String, Evidence)] {
        &self.weaker
    }

    /// The code lists it is written in.
    pub fn code_lists(&self) -> &CodeListNames {
        &self.code_lists
    }

    /// SHA-256 over every table file read, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Its id, then those of the schemes it extends, nearest first.
    pub fn lineage(&self) -> &[String] {
        &self.lineage
    }

    /// The rule rows in evaluation order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The place of a rule row.
    pub fn place(&self, rule: &Rule) -> Place {
        let file = self.rule_files.get(rule.file);
        file.map_or_else(|| Place::file(Path::new(&self.id)), |file| file.line(rule.line))
    }

    /// The name of the file a rule row stands in, e.g. `rules.csv`.
    pub fn file_name(&self, rule: &Rule) -> &str {
        let file = self.rule_files.get(rule.file).map_or("", |file| &file.file);
        file.rsplit(['/', '\\']).next().unwrap_or(file)
    }

    /// The files its rules stand in, by [`Rule::file`].
    pub fn rule_files(&self) -> &[Place] {
        &self.rule_files
    }

    /// What it says beyond rules and sets, if it is one of packets.
    pub fn packets(&self) -> Option<&Packets> {
        self.packets.as_ref()
    }

    /// How many different codes the scheme knows.
    pub fn code_count(&self) -> usize {
        self.codes.texts.len()
    }

    /// The number of a code, if any table names it.
    pub fn code_id(&self, code: &str) -> Option<CodeId> {
        self.codes.get(code).map(CodeId)
    }

    /// The code of a number.
    pub fn code(&self, id: CodeId) -> &str {
        self.codes.texts.get(id.0 as usize).map_or("", |text| text)
    }

    /// All codes, by number.
    pub fn codes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.codes.texts.iter().map(|text| &**text)
    }

    /// The name of a body region.
    pub fn site(&self, id: u32) -> &str {
        self.sites.texts.get(id as usize).map_or("", |text| text)
    }

    /// The codes a condition's set stands for.
    pub fn set(&self, set: &SetRef) -> Option<&CodeSet> {
        self.sets.get(&*set_key(set))
    }

    /// A set by name.
    pub fn named_set(&self, name: &str) -> Option<&CodeSet> {
        self.sets.get(name)
    }

    /// Names of all sets, sorted.
    pub fn set_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.sets.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The MCC/CC row of a code.
    pub fn complication(&self, code: CodeId) -> Option<Complication> {
        self.complications.get(&code).copied()
    }

    /// All MCC/CC rows, by code number.
    pub fn complications(&self) -> Vec<(CodeId, Complication)> {
        let mut rows: Vec<_> = self
            .complications
            .iter()
            .map(|(code, row)| (*code, *row))
            .collect();
        rows.sort_unstable_by_key(|(code, _)| *code);
        rows
    }

    /// The exclusion lists of a principal diagnosis.
    pub fn exclusions(&self, principal: CodeId) -> &[u32] {
        self.exclusions.get(&principal).map_or(&[], Vec::as_slice)
    }

    /// The name of a group, from `groups.csv`.
    pub fn group_name(&self, group: &str) -> &str {
        self.group_names.get(group).map_or("", String::as_str)
    }
}

/// A set's key among all sets: its name, or for an inline set its text, which no name can be.
pub(super) fn set_key(set: &SetRef) -> std::borrow::Cow<'_, str> {
    match set {
        SetRef::Named { name, .. } => name.as_str().into(),
        SetRef::Inline(patterns) => {
            let mut key = String::new();
            for pattern in patterns {
                let (sign, text) = match pattern {
                    Pattern::Exact(code) => ("{=", code),
                    Pattern::Prefix(prefix) => ("{*", prefix),
                };
                key.push_str(sign);
                key.push_str(text);
            }
            key.into()
        }
    }
}

/// A scheme's folder, what its `scheme.toml` says, and that file.
struct Ancestor {
    folder: String,
    header: Header,
    file: TableFile,
}

impl Ancestor {
    fn ground(&self) -> Ground<'_> {
        Ground {
            folder: &self.folder,
            file: &self.file,
            evidence: self.header.evidence,
            weaker: &self.header.weaker,
        }
    }
}

/// The scheme's header and those it extends, nearest first.
fn inheritance(library: &Library, id: &str) -> Result<Vec<Ancestor>> {
    let mut chain: Vec<Ancestor> = Vec::new();
    let mut next = Some(id.to_owned());
    while let Some(folder) = next {
        let named_at = chain.last().map(|heir| heir.file.place.clone());
        let Some(file) = library.read(&folder, "scheme.toml")? else {
            return Err(unknown_scheme(library, &folder, named_at)?);
        };
        if let Some(first) = chain.iter().position(|seen| seen.folder == folder) {
            let place = named_at.unwrap_or(file.place);
            return Err(Error::at(place, circle(chain.iter().skip(first), &folder)));
        }
        let header: Header = parse_toml(&file.place, &file.text)?;
        if header.id != folder {
            let message = format!("id `{}` is not the folder's name `{folder}`", header.id);
            return Err(Error::at(file.place, message));
        }
        refuse_mixed(&header, &file, chain.last())?;
        next = header.extends.clone();
        chain.push(Ancestor { folder, header, file });
    }
    Ok(chain)
}

/// `` `a` extends itself``, or by way of which others.
fn circle<'a>(schemes: impl Iterator<Item = &'a Ancestor>, first: &str) -> String {
    let mut names: Vec<String> = schemes.map(|scheme| format!("`{}`", scheme.folder)).collect();
    if names.len() == 1 {
        return format!("`{first}` extends itself");
    }
    names.push(format!("`{first}`"));
    format!("schemes extend each other in a circle: {}", names.join(" → "))
}

/// Groups and packets are read from other tables: neither extends the other, and keys of packets mean
/// nothing for groups.
fn refuse_mixed(header: &Header, file: &TableFile, heir: Option<&Ancestor>) -> Result<()> {
    let kind = *header.kind.get_ref();
    let place = file.place.of_offset(&file.text, header.kind.span().start);
    if let Some(heir) = heir.filter(|heir| *heir.header.kind.get_ref() != kind) {
        let message = format!(
            "`kind`: `{}` extends this scheme, and is of another kind",
            heir.folder
        );
        return Err(Error::at(place, message));
    }
    match header.stray_key().filter(|_| kind == Kind::Drg) {
        None => Ok(()),
        Some(key) => Err(Error::at(
            place,
            format!("`{key}` is a key of schemes of kind `dip`; this one is of kind `drg`"),
        )),
    }
}

fn unknown_scheme(library: &Library, id: &str, named_at: Option<Place>) -> Result<Error> {
    let known = library.scheme_ids()?;
    let known = known.iter().map(String::as_str);
    let hint = match did_you_mean(id, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.collect::<Vec<_>>().join(", ")),
    };
    let message = format!("unknown scheme `{id}`; {hint}");
    Ok(match named_at {
        Some(place) => Error::at(place, message),
        None => Error::new(message),
    })
}

/// What loading gathers on the way.
pub(super) struct Loader<'a> {
    pub(super) library: &'a Library,
    chain: Vec<Ancestor>,
    pub(super) codes: Interner,
    sites: Interner,
    sets: HashMap<String, CodeSet>,
    hasher: Sha256,
    pub(super) errors: Vec<Error>,
}

/// The rules of a scheme with their files.
#[derive(Default)]
struct RuleTables {
    rules: Vec<Rule>,
    files: Vec<TableFile>,
    packets: Option<Packets>,
}

impl<'a> Loader<'a> {
    fn new(library: &'a Library, chain: Vec<Ancestor>) -> Loader<'a> {
        Loader {
            library,
            chain,
            codes: Interner::default(),
            sites: Interner::default(),
            sets: HashMap::new(),
            hasher: Sha256::new(),
            errors: Vec::new(),
        }
    }

    fn load(mut self, most_errors: usize) -> Result<Scheme> {
        let kind = self
            .chain
            .first()
            .map_or(Kind::Drg, |scheme| *scheme.header.kind.get_ref());
        if kind == Kind::Dip {
            let known = self.number_code_lists();
            self.kept(known);
        }
        let sets = self.load_sets();
        // of sets that were not read nobody can say which are unknown
        let sets_are_known = self.kept(sets).is_some();
        let operations = self.load_operations();
        self.kept(operations);
        let complications = self.load_complications();
        let complications = self.kept(complications).unwrap_or_default();
        let exclusions = self.load_exclusions(kind);
        let exclusions = self.kept(exclusions).unwrap_or_default();
        let (group_names, tables) = match kind {
            Kind::Drg => (self.load_group_names(), self.load_rules()),
            Kind::Dip => (Ok(HashMap::new()), self.load_packets()),
        };
        let group_names = self.kept(group_names).unwrap_or_default();
        let tables = self.kept(tables).unwrap_or_default();
        if sets_are_known {
            self.refuse_no_rules(&tables);
            self.resolve_sets(&tables);
        }
        let too_many = self.errors.len().saturating_sub(most_errors);
        self.errors.truncate(most_errors);
        if too_many > 0 {
            self.errors
                .push(Error::new(format!("and {too_many} more errors")));
        }
        Error::all(self.errors)?;

        let hash = hexadecimal(&self.hasher.finalize());
        let code_lists = CodeListNames::of(&self.chain)?;
        let grounds: Vec<Ground<'_>> = self.chain.iter().map(Ancestor::ground).collect();
        let weaker = weaker_files(self.library, &grounds)?;
        let lineage = self.chain.iter().map(|scheme| scheme.folder.clone()).collect();
        let Ancestor { header, .. } = self.chain.remove(0);
        Ok(Scheme {
            id: header.id,
            name: header.name,
            kind,
            source: header.source,
            evidence: header.evidence,
            weaker,
            code_lists,
            hash,
            rules: tables.rules,
            rule_files: tables.files.into_iter().map(|file| file.place).collect(),
            packets: tables.packets,
            lineage,
            codes: self.codes,
            sites: self.sites,
            sets: self.sets,
            complications,
            exclusions,
            group_names,
        })
    }

    fn refuse_no_rules(&mut self, tables: &RuleTables) {
        let message = match &tables.packets {
            None => tables
                .rules
                .is_empty()
                .then(|| "there are no rules; expected a row for every MDC, core group and group".to_owned()),
            Some(packets) => packets.why_there_are_none(),
        };
        if let Some(message) = message.filter(|_| self.errors.is_empty()) {
            // the file of what is not grouped stands first, if there is one
            let at = tables
                .packets
                .as_ref()
                .and_then(Packets::excluded)
                .map_or(0, |_| 1);
            let place = tables.files.get(at).map(|file| file.place.clone());
            self.errors.push(match place {
                Some(place) => Error::at(place, message),
                None => Error::new(message),
            });
        }
    }

    /// Catalogues write beginnings of codes: every code of the lists gets its number, so that what a
    /// beginning stands for is known before the first case.
    fn number_code_lists(&mut self) -> Result<()> {
        let names = CodeListNames::of(&self.chain)?;
        for name in [&names.diagnosis, &names.procedure] {
            code_lists::each_code(self.library, name, |code| {
                self.codes.id(code);
            })?;
        }
        Ok(())
    }

    fn load_packets(&mut self) -> Result<RuleTables> {
        let keys = self.chain.iter().map(|scheme| scheme.header.packet_keys());
        let keys = keys.reduce(packets::Written::or).unwrap_or_default();
        let place = match self.chain.first() {
            Some(scheme) => scheme.file.place.clone(),
            None => Place::file(Path::new("scheme.toml")),
        };
        for scheme in &self.chain {
            hash_file(&mut self.hasher, &scheme.file);
        }
        let files = self.chain.iter();
        let files = files.map(|scheme| (scheme.file.place.clone(), scheme.file.text.to_string()));
        let settings = packets::Settings::new(keys, place, files.collect());
        let loaded = packets::load(self, &settings)?;
        Ok(RuleTables {
            rules: loaded.rules,
            files: loaded.files,
            packets: Some(loaded.packets),
        })
    }

    /// What was read of a file; its faults are kept, and the next file is read all the same.
    fn kept<T>(&mut self, read: Result<T>) -> Option<T> {
        read.map_err(|error| self.errors.push(error)).ok()
    }

    /// The nearest `name` of the inheritance chain.
    pub(super) fn nearest(&mut self, name: &str) -> Result<Option<TableFile>> {
        Ok(self.nearest_and_owner(name)?.map(|(file, _)| file))
    }

    /// The nearest `name` of the inheritance chain, and whether it is the scheme's own.
    pub(super) fn nearest_and_owner(&mut self, name: &str) -> Result<Option<(TableFile, bool)>> {
        for (at, Ancestor { folder, .. }) in self.chain.iter().enumerate() {
            if let Some(file) = self.library.read(folder, name)? {
                hash_file(&mut self.hasher, &file);
                return Ok(Some((file, at == 0)));
            }
        }
        Ok(None)
    }

    /// Sets come from every folder of the chain; the nearest definition of a name stands.
    fn load_sets(&mut self) -> Result<()> {
        let folders: Vec<String> = self.chain.iter().map(|scheme| scheme.folder.clone()).collect();
        for folder in folders {
            let Some(file) = self.library.read(&folder, "codesets.csv")? else {
                continue;
            };
            hash_file(&mut self.hasher, &file);
            let own = self.sets_of(&file)?;
            for (name, set) in own {
                self.sets.entry(name).or_insert(set);
            }
        }
        Ok(())
    }

    fn sets_of(&mut self, file: &TableFile) -> Result<Vec<(String, CodeSet)>> {
        let mut sets: Vec<(String, CodeSet)> = Vec::new();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let (mut last, mut at) = (String::new(), 0);
        each_row(file, ["set", "code", "site"], |[name, code, site], row| {
            if name.is_empty() {
                return self.fail(file, row.line, "field `set` is empty; expected a set name");
            }
            // rows of one set stand together
            if last != name {
                name.clone_into(&mut last);
                at = match numbers.get(name) {
                    Some(number) => *number,
                    None => {
                        numbers.insert(name.to_owned(), sets.len());
                        sets.push((name.to_owned(), CodeSet::default()));
                        sets.len() - 1
                    }
                };
            }
            let Some((_, set)) = sets.get_mut(at) else { return };
            if code.is_empty() {
                return; // an empty set, so that nothing is inherited under this name
            }
            if let Pattern::Prefix(prefix) = Pattern::of(code) {
                if !site.is_empty() {
                    let message = format!(
                        "field `site`: `{site}` of the beginning `{code}`; only whole codes have a body region"
                    );
                    return self.fail(file, row.line, &message);
                }
                set.prefixes.push(prefix);
                return;
            }
            let code = CodeId(self.codes.id(code));
            set.codes.push(code);
            if !site.is_empty() {
                set.sites.push((code, self.sites.id(site)));
            }
        })?;
        Ok(sets)
    }

    fn load_operations(&mut self) -> Result<()> {
        let mut set = CodeSet::default();
        if let Some(file) = self.nearest("or_procedures.csv")? {
            each_row(&file, ["code"], |[code], row| {
                if code.is_empty() {
                    return self.fail(&file, row.line, &no_code("code", "the code of a procedure"));
                }
                set.codes.push(CodeId(self.codes.id(code)));
            })?;
        }
        self.sets.insert(OPERATIONS.to_owned(), set);
        Ok(())
    }

    fn load_complications(&mut self) -> Result<HashMap<CodeId, Complication>> {
        let mut found = HashMap::new();
        let Some(file) = self.nearest("complications.csv")? else {
            return Ok(found);
        };
        each_row(
            &file,
            ["code", "level", "exclusion"],
            |[code, level, exclusion], row| {
                if code.is_empty() {
                    return self.fail(&file, row.line, &no_code("code", "the code of a diagnosis"));
                }
                let level = match level {
                    "MCC" => ComplicationLevel::Mcc,
                    "CC" => ComplicationLevel::Cc,
                    other => {
                        let message = format!("field `level`: `{other}`; expected MCC or CC");
                        return self.fail(&file, row.line, &message);
                    }
                };
                let exclusion = match exclusion {
                    "" => None,
                    text => match text.parse() {
                        Ok(list) => Some(list),
                        Err(_) => {
                            return self.fail(&file, row.line, &no_list_number(text));
                        }
                    },
                };
                let row_of_code = Complication { level, exclusion };
                let id = CodeId(self.codes.id(code));
                if let Some(before) = found.insert(id, row_of_code)
                    && before != row_of_code
                {
                    self.fail(
                        &file,
                        row.line,
                        &format!("field `code`: `{code}` stands twice, with different rows"),
                    );
                }
            },
        )?;
        Ok(found)
    }

    fn load_exclusions(&mut self, kind: Kind) -> Result<HashMap<CodeId, Vec<u32>>> {
        let mut found: HashMap<CodeId, Vec<u32>> = HashMap::new();
        let name = match kind {
            Kind::Drg => "exclusions.csv",
            // what is not grouped at all stands in the other file
            Kind::Dip => "complication-exclusions.csv",
        };
        let Some(file) = self.nearest(name)? else {
            return Ok(found);
        };
        each_row(
            &file,
            ["principal", "exclusion"],
            |[principal, list], row| match list.parse() {
                _ if principal.is_empty() => {
                    self.fail(&file, row.line, &no_code("principal", "the code of a diagnosis"));
                }
                Ok(list) => found
                    .entry(CodeId(self.codes.id(principal)))
                    .or_default()
                    .push(list),
                Err(_) => self.fail(&file, row.line, &no_list_number(list)),
            },
        )?;
        Ok(found)
    }

    fn load_group_names(&mut self) -> Result<HashMap<String, String>> {
        let mut names = HashMap::new();
        let Some(file) = self.nearest("groups.csv")? else {
            return Ok(names);
        };
        each_row(&file, ["drg", "name"], |[group, name], row| {
            if group.is_empty() {
                return self.fail(&file, row.line, &no_code("drg", "the code of a group"));
            }
            names.insert(group.to_owned(), name.to_owned());
        })?;
        Ok(names)
    }

    /// Rules are always complete: they are never inherited.
    fn load_rules(&mut self) -> Result<RuleTables> {
        let folder = self.chain.first().map_or("", |scheme| scheme.folder.as_str());
        let Some(file) = self.library.read(folder, "rules.csv")? else {
            let message = format!("scheme `{folder}` has no rules.csv; rules are never inherited");
            return Err(Error::new(message));
        };
        hash_file(&mut self.hasher, &file);
        let mut parents = Parents::default();
        let mut rules = Vec::new();
        let columns = ["level", "code", "parent", "when", "otherwise", "name"];
        each_row(&file, columns, |cells, row| {
            match rule(&file, cells, row, &mut parents) {
                Ok(rule) => rules.push(rule),
                Err(error) => self.errors.push(error),
            }
        })?;
        Ok(RuleTables {
            rules,
            files: vec![file],
            packets: None,
        })
    }

    /// Every set a rule or label names must exist; sets written out become sets of their own.
    fn resolve_sets(&mut self, tables: &RuleTables) {
        self.number_inline_codes(tables);
        let named = self.sets.values().any(|set| !set.prefixes.is_empty());
        let by_text = if named || every_set(tables).any(names_beginnings) {
            self.codes.by_text()
        } else {
            Vec::new()
        };
        let mut sets = std::mem::take(&mut self.sets);
        for set in sets.values_mut() {
            for prefix in &set.prefixes {
                set.codes.extend(codes_beginning(&self.codes, &by_text, prefix));
            }
        }
        self.sets = sets;
        for rule in &tables.rules {
            for set in rule.when.sets() {
                match set {
                    SetRef::Named { name, offset } if !self.sets.contains_key(name) => {
                        let error = self.unknown_set(name, *offset, rule, tables);
                        self.errors.push(error);
                    }
                    SetRef::Named { .. } => {}
                    SetRef::Inline(patterns) => self.write_out(set, patterns, &by_text),
                }
            }
        }
        for (label, set) in tables.packets.iter().flat_map(Packets::other_sets) {
            match set {
                SetRef::Named { name, .. } if !self.sets.contains_key(name) => {
                    let hint = self.near_set(name);
                    let message = format!("unknown set `@{name}`{hint}");
                    self.errors.push(match label {
                        Some(label) => {
                            let message = format!("label `{}`: {message}", label.name);
                            Error::at(label.place.clone(), message)
                        }
                        None => Error::new(message),
                    });
                }
                SetRef::Named { .. } => {}
                SetRef::Inline(patterns) => self.write_out(set, patterns, &by_text),
            }
        }
    }

    fn write_out(&mut self, set: &SetRef, patterns: &[Pattern], by_text: &[u32]) {
        let key = set_key(set).into_owned();
        self.sets
            .entry(key)
            .or_insert_with(|| inline_set(&self.codes, by_text, patterns));
    }

    /// Every code has its number before a prefix is spelled out: a later row may name a code that
    /// an earlier row's prefix covers.
    fn number_inline_codes(&mut self, tables: &RuleTables) {
        for set in every_set(tables) {
            let SetRef::Inline(patterns) = set else { continue };
            for pattern in patterns {
                if let Pattern::Exact(code) = pattern {
                    self.codes.id(code);
                }
            }
        }
    }

    fn unknown_set(&self, name: &str, offset: usize, rule: &Rule, tables: &RuleTables) -> Error {
        let message = format!("unknown set `@{name}`{}", self.near_set(name));
        match tables.files.get(rule.file) {
            Some(file) => Error::at(when_place(&file.place, &file.text, rule.line, offset), message),
            None => Error::new(message),
        }
    }

    /// `; did you mean …?`, where a set has nearly this name.
    fn near_set(&self, name: &str) -> String {
        let mut known: Vec<&str> = self.sets.keys().map(String::as_str).collect();
        known.sort_unstable();
        did_you_mean(name, known).map_or_else(String::new, |near| format!("; did you mean `@{near}`?"))
    }

    fn fail(&mut self, file: &TableFile, line: u64, message: &str) {
        self.errors.push(Error::at(file.place.line(line), message));
    }
}

/// Every set of rules and labels.
fn every_set(tables: &RuleTables) -> impl Iterator<Item = &SetRef> {
    let of_labels = tables.packets.iter().flat_map(Packets::other_sets);
    let of_rules = tables.rules.iter().flat_map(|rule| rule.when.sets());
    of_rules.chain(of_labels.map(|(_, set)| set))
}

/// Whether a set writes out beginnings of codes.
fn names_beginnings(set: &SetRef) -> bool {
    match set {
        SetRef::Inline(patterns) => patterns
            .iter()
            .any(|pattern| matches!(pattern, Pattern::Prefix(_))),
        SetRef::Named { .. } => false,
    }
}

/// The codes that patterns name; `by_text` is every code in the order of the texts.
fn inline_set(codes: &Interner, by_text: &[u32], patterns: &[Pattern]) -> CodeSet {
    let mut set = CodeSet::default();
    for pattern in patterns {
        match pattern {
            Pattern::Exact(code) => set.codes.extend(codes.get(code).map(CodeId)),
            Pattern::Prefix(prefix) => {
                set.codes.extend(codes_beginning(codes, by_text, prefix));
                set.prefixes.push(prefix.clone());
            }
        }
    }
    set
}

/// The known codes that begin so, by number; codes that no table names are met at evaluation, by text.
fn codes_beginning(codes: &Interner, by_text: &[u32], prefix: &str) -> Vec<CodeId> {
    let first = by_text.partition_point(|id| codes.text(*id) < prefix);
    let from_first = by_text.iter().skip(first).copied();
    let mut hit: Vec<u32> = from_first
        .take_while(|id| codes.text(*id).starts_with(prefix))
        .collect();
    hit.sort_unstable();
    hit.into_iter().map(CodeId).collect()
}

/// Reads one row of `rules.csv`.
fn rule(file: &TableFile, cells: [&str; 6], row: RowPlace, parents: &mut Parents) -> Result<Rule> {
    let [level, code, parent, when, otherwise, name] = cells;
    let fail = |message: String| Err(Error::at(file.place.line(row.line), message));
    let level = match level {
        "mdc" => Level::Mdc,
        "adrg" => Level::Adrg,
        "drg" => Level::Drg,
        "ambiguous" => Level::Ambiguous,
        other => {
            let hint = suggestion(other, ["mdc", "adrg", "drg", "ambiguous"]);
            return fail(format!("field `level`: unknown level `{}`{hint}", cut(other)));
        }
    };
    if code.is_empty() {
        return fail("field `code` is empty".to_owned());
    }
    if let Err(message) = parents.check(level, code, parent) {
        return fail(message);
    }
    let otherwise = match (level, otherwise) {
        (Level::Adrg, "group") => Otherwise::Group,
        (Level::Adrg, "continue") | (_, "") if level != Level::Adrg || !otherwise.is_empty() => {
            Otherwise::Continue
        }
        (_, other) => {
            let expected = if level == Level::Adrg {
                "`group` or `continue`"
            } else {
                "nothing"
            };
            return fail(format!(
                "field `otherwise`: `{}`; expected {expected}",
                cut(other)
            ));
        }
    };
    let condition = Condition::parse(when).map_err(|e| {
        let place = cell_place(&file.place, &file.text, row, 3, e.offset);
        Error::at(place, e.message)
    })?;
    Ok(Rule {
        level,
        code: code.to_owned(),
        when: condition,
        written: when.to_owned(),
        otherwise,
        name: name.to_owned(),
        line: row.line,
        file: 0,
    })
}

fn no_list_number(text: &str) -> String {
    format!(
        "field `exclusion`: `{}`; expected the number of an exclusion list",
        cut(text)
    )
}

fn no_code(field: &str, expected: &str) -> String {
    format!("field `{field}` is empty; expected {expected}")
}

/// The rows a rule row must stand under.
#[derive(Default)]
struct Parents {
    mdc: Option<String>,
    adrg: Option<String>,
}

impl Parents {
    fn check(&mut self, level: Level, code: &str, parent: &str) -> std::result::Result<(), String> {
        let above = match level {
            Level::Mdc => {
                *self = Parents {
                    mdc: Some(code.to_owned()),
                    adrg: None,
                };
                return if parent.is_empty() {
                    Ok(())
                } else {
                    Err(format!("field `parent`: `{}`; an mdc row has none", cut(parent)))
                };
            }
            Level::Adrg | Level::Ambiguous => &self.mdc,
            Level::Drg => &self.adrg,
            // these never stand in `rules.csv`
            Level::Layer | Level::Packet => return Ok(()),
        };
        let kind = if level == Level::Drg { "adrg" } else { "mdc" };
        let outcome = match above {
            None => Err(format!("`{}` stands under no {kind} row", cut(code))),
            Some(above) if above == parent => Ok(()),
            Some(above) => Err(format!(
                "field `parent`: `{}`; expected `{}`, the {kind} row this row stands under",
                cut(parent),
                cut(above)
            )),
        };
        match level {
            Level::Adrg => self.adrg = Some(code.to_owned()),
            Level::Ambiguous => self.adrg = None,
            _ => {}
        }
        outcome
    }
}

pub(super) fn hash_file(hasher: &mut Sha256, file: &TableFile) {
    hasher.update((file.text.len() as u64).to_le_bytes());
    hasher.update(file.text.as_bytes());
}

/// Where a row stands.
#[derive(Clone, Copy)]
pub(super) struct RowPlace {
    line: u64,
    byte: usize,
}

impl RowPlace {
    /// Its line.
    pub(super) const fn line(self) -> u64 {
        self.line
    }

    /// Before the first row.
    pub(super) const fn first() -> RowPlace {
        RowPlace { line: 1, byte: 0 }
    }

    /// Goes on to the row that the reader began to look for at `byte`: line ends and blank lines
    /// before it are not its own.
    pub(super) fn move_to(&mut self, text: &str, byte: usize) {
        let rest = text.get(byte..).unwrap_or("");
        let start = byte + rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let passed = text.get(self.byte..start).unwrap_or("");
        self.line += passed.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.byte = start;
    }
}

/// Visits the rows of a table whose header must be exactly `columns`.
pub(super) fn each_row<const N: usize>(
    file: &TableFile,
    columns: [&str; N],
    mut visit: impl FnMut([&str; N], RowPlace),
) -> Result<()> {
    let mut errors = Vec::new();
    let mut is_header = true;
    let mut place = RowPlace { line: 1, byte: 0 };
    let wrong_header = |cells: &[&str]| {
        let (written, expected) = (cells.join(","), columns.join(","));
        let message = format!("the header is `{}`; expected `{expected}`", cut(&written));
        Err(Error::at(file.place.line(1), message))
    };
    table_rows(file, |cells, byte| {
        if is_header && *cells != columns {
            return wrong_header(cells);
        }
        place.move_to(&file.text, byte);
        match <[&str; N]>::try_from(cells) {
            Ok(_) if std::mem::take(&mut is_header) => {}
            Ok(cells) => visit(cells, place),
            Err(_) => {
                let (found, expected) = (cells.len(), columns.join(","));
                let hint = if found > N {
                    "; a cell with a comma needs quotes"
                } else {
                    ""
                };
                let message = format!("this row has {found} fields; expected {N}: {expected}{hint}");
                errors.push(Error::at(file.place.line(place.line), message));
            }
        }
        Ok(errors.len() < MOST_ERRORS)
    })?;
    if is_header {
        wrong_header(&[])?;
    }
    Error::all(errors)
}

/// Visits the rows of a table, cells trimmed, with the byte at which each was begun to be looked
/// for, until `row` says it has seen enough.
pub(super) fn table_rows(
    file: &TableFile,
    mut row: impl FnMut(&[&str], usize) -> Result<bool>,
) -> Result<()> {
    let text = file.text.as_str();
    if memchr::memchr2(b'"', b'\r', text.as_bytes()).is_some() {
        refuse_returns_alone(file)?;
        return quoted_rows(file, row);
    }
    let mut cells = Vec::new();
    let mut byte = 0;
    for line in text.split_inclusive('\n') {
        let written = line.strip_suffix('\n').unwrap_or(line);
        if !written.is_empty() {
            cells.clear();
            cells.extend(cells_of(written));
            if !row(&cells, byte)? {
                break;
            }
        }
        byte += line.len();
    }
    Ok(())
}

/// The cells of a line without quotes, trimmed. Lines are short: a search for each comma by itself would
/// cost more than a look at every byte.
fn cells_of(line: &str) -> impl Iterator<Item = &str> {
    let commas = line.bytes().enumerate().filter(|(_, byte)| *byte == b',');
    let ends = commas.map(|(at, _)| at).chain([line.len()]);
    let mut start = 0;
    ends.map(move |end| {
        let cell = line.get(start..end).unwrap_or("");
        start = end + 1;
        trimmed(cell)
    })
}

/// As `str::trim`, which looks at most cells in vain.
fn trimmed(cell: &str) -> &str {
    let plain = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    let bytes = cell.as_bytes();
    match plain(bytes.first()) && plain(bytes.last()) {
        true => cell,
        false => cell.trim(),
    }
}

/// Lines are counted by their line feeds: a file without any would be one line.
fn refuse_returns_alone(file: &TableFile) -> Result<()> {
    let text = file.text.as_bytes();
    let returns = memchr::memchr(b'\r', text).is_some();
    if !returns || memchr::memchr(b'\n', text).is_some() {
        return Ok(());
    }
    let message = "the file has no line feeds: its lines end with a carriage return alone; save it with LF or CR LF \
                   at line ends";
    Err(Error::at(file.place.line(1), message))
}

/// As [`table_rows`], of a file with quotes or carriage returns.
fn quoted_rows(file: &TableFile, mut row: impl FnMut(&[&str], usize) -> Result<bool>) -> Result<()> {
    if let Some(line) = open_quote(&file.text) {
        let message = "a quote is opened here and never closed: the rest of the file would be one cell";
        return Err(Error::at(file.place.line(line), message));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(file.text.as_bytes());
    let mut record = csv::StringRecord::new();
    loop {
        let more = reader.read_record(&mut record);
        if !more.map_err(|e| Error::at(file.place.clone(), e.to_string()))? {
            return Ok(());
        }
        let byte = record.position().map_or(0, csv::Position::byte);
        let cells: Vec<&str> = record.iter().collect();
        if !row(&cells, usize::try_from(byte).unwrap_or(usize::MAX))? {
            return Ok(());
        }
    }
}

/// The line of the quote that is open at the end of a table, if one is.
fn open_quote(text: &str) -> Option<u64> {
    let (mut open, mut line) = (None, 1);
    let mut at_start = true;
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match (open, byte) {
            (Some(_), b'"') if bytes.peek() == Some(&b'"') => drop(bytes.next()),
            (Some(_), b'"') => open = None,
            (None, b'"') if at_start => open = Some(line),
            _ => {}
        }
        at_start = open.is_none() && matches!(byte, b',' | b'\n' | b'\r');
        line += u64::from(byte == b'\n');
    }
    open
}

/// Line and column, in characters from 1, of byte `offset` in field `field` of the row at `row`.
pub(super) fn cell_place(place: &Place, text: &str, row: RowPlace, field: usize, offset: usize) -> Place {
    let rest = text.get(row.byte..).unwrap_or("");
    let mut in_quotes = false;
    let mut fields = 0;
    let mut start = 0;
    for (at, c) in rest.char_indices() {
        if fields == field {
            break;
        }
        match c {
            '"' => in_quotes = !in_quotes,
            ',' if !in_quotes => {
                fields += 1;
                start = at + 1;
            }
            _ => {}
        }
    }
    let cell = rest.get(start..).unwrap_or("");
    let skipped = cell.trim_start_matches(|c: char| c == '"' || c.is_whitespace());
    let before = rest
        .get(..start + cell.len() - skipped.len() + offset)
        .unwrap_or(rest);
    let lines = before.bytes().filter(|byte| *byte == b'\n').count() as u64;
    let last = before.rsplit('\n').next().unwrap_or(before);
    place.at(row.line + lines, last.chars().count() as u64 + 1)
}

/// As [`cell_place`], of the `when` cell of the rule at `line`.
fn when_place(place: &Place, text: &str, line: u64, offset: usize) -> Place {
    LineStarts::of(text).when_place(place, text, line, offset)
}

/// The byte at which each line of a text begins.
pub(super) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(super) fn of(text: &str) -> LineStarts {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        LineStarts(std::iter::once(0).chain(ends.map(|end| end + 1)).collect())
    }

    /// The place of byte `offset` in the `when` cell of the rule at `line`.
    pub(super) fn when_place(&self, place: &Place, text: &str, line: u64, offset: usize) -> Place {
        let at = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let byte = self.0.get(at).copied().unwrap_or(text.len());
        // the cell stands where the header says; every table of rules has it
        let header = text.lines().next().unwrap_or("").split(',');
        let field = header.map(str::trim).position(|name| name == "when").unwrap_or(0);
        cell_place(place, text, RowPlace { line, byte }, field, offset)
    }
}
