//! The scheme over numbered codes: the form the fast grouper reads.

use hashbrown::HashMap;

use super::condition::{Atom, Comparison, Condition, NumberFact, SetRef, Subject};
use super::kinds::{CodeKind, Kinds};
use super::marks::Marks;
use super::packets::{CompiledPackets, Figure, PacketTest, Packets, TreatmentType};
use super::scheme::{CodeId, CodeSet, ComplicationLevel, Level, Otherwise, Rule, Scheme, set_key};
use crate::codes::{CodeIndex, LookUp, PackedCode};

/// A scheme ready for fast evaluation (编译后的分组方案).
///
/// Codes are known by their [`CodeKind`]. Codes that no table names are told apart only as far as
/// the rules' prefixes do: by the longest prefix they begin with.
#[derive(Debug)]
pub struct Compiled {
    scheme: Scheme,
    /// MDC rows in file order.
    pub mdcs: Vec<Mdc>,
    /// ADRG and ambiguous rows of all MDCs, in file order.
    pub entries: Vec<Entry>,
    /// Group rows of all ADRGs, in file order.
    pub drgs: Vec<Drg>,
    sets: Vec<CompiledSet>,
    /// Code → kind.
    index: CodeIndex,
    kinds: Kinds,
    /// Of all sets, sorted, each once.
    prefixes: Vec<String>,
    departments: Vec<String>,
    asks_discharge: bool,
    marks: Marks,
    /// By kind.
    facts: Vec<CodeFacts>,
    /// Exclusion lists of principal diagnoses, each run closed by [`NO_LIST`].
    principal_lists: Vec<u32>,
    packets: Option<CompiledPackets>,
}

/// An MDC row, or the row of a layer of packets.
#[derive(Debug)]
pub struct Mdc {
    /// Index into [`Scheme::rules`].
    pub rule: usize,
    /// Its condition.
    pub when: Predicate,
    /// Its rows among [`Compiled::entries`].
    pub entries: std::ops::Range<usize>,
}

/// An ADRG or ambiguous row, or a packet.
#[derive(Debug)]
pub struct Entry {
    /// Index into [`Scheme::rules`].
    pub rule: usize,
    /// Its condition.
    pub when: Predicate,
    /// What follows when it holds.
    pub kind: EntryKind,
    /// The row it leads to, by [`Complications::index`], where its groups ask for nothing else;
    /// no row: the next entry is tried.
    pub by_complications: Option<[Option<usize>; 4]>,
}

/// Which complications of a case count (有效合并症并发症).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Complications {
    /// A CC does.
    pub cc: bool,
    /// An MCC does.
    pub mcc: bool,
}

impl Complications {
    /// All there are, by index.
    const ALL: [Complications; 4] = [
        Complications {
            cc: false,
            mcc: false,
        },
        Complications { cc: true, mcc: false },
        Complications { cc: false, mcc: true },
        Complications { cc: true, mcc: true },
    ];

    /// 0 to 3.
    pub const fn index(self) -> usize {
        self.cc as usize + 2 * self.mcc as usize
    }

    /// 0, 1 (CC) or 2 (MCC): the heaviest.
    pub const fn severity(self) -> u8 {
        if self.mcc { 2 } else { self.cc as u8 }
    }
}

/// What an [`Entry`] is.
#[derive(Debug)]
pub enum EntryKind {
    /// A core group with its groups among [`Compiled::drgs`].
    Adrg(std::ops::Range<usize>, Otherwise),
    /// The case is ambiguous.
    Ambiguous,
}

/// A group row.
#[derive(Debug)]
pub struct Drg {
    /// Index into [`Scheme::rules`].
    pub rule: usize,
    /// Its condition.
    pub when: Predicate,
}

/// Number of a compiled set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId(u32);

impl SetId {
    pub(in crate::tables) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A condition with its sets resolved.
#[derive(Clone, Debug)]
pub enum Predicate {
    /// All hold.
    All(Box<[Predicate]>),
    /// One holds.
    Any(Box<[Predicate]>),
    /// The inner does not hold.
    Not(Box<Predicate>),
    /// A code or one of a list is (not) in the set.
    In(Subject, bool, SetId),
    /// There are procedures, or none.
    HasProcedure(bool),
    /// An MCC counts.
    Mcc,
    /// A CC counts.
    Cc,
    /// Body regions hit.
    Sites(SetId, Comparison, i64),
    /// A number compares so; in hundredths.
    Number(NumberFact, Comparison, i64),
    /// Sex.
    Sex(u8),
    /// Department, by its number among those the rules name.
    Department(u32),
    /// Each operand of one alternative takes a procedure; by its number among
    /// [`CompiledPackets::expression`].
    Takes(u32),
    /// The treatment type of the case.
    Type(TreatmentType),
    /// The level of surgery of the main procedure, from and to.
    SurgeryLevel(u8, u8),
    /// A figure compares so; in hundredths.
    Figure(Figure, Comparison, i64),
}

/// Kinds of codes, one bit each (编码位集), from the first to the last.
#[derive(Clone, Debug, Default)]
struct BitSet {
    first_word: usize,
    words: Vec<u64>,
}

impl BitSet {
    fn of(kinds: &[CodeKind]) -> BitSet {
        let word = |kind: &CodeKind| kind.index() / 64;
        let first_word = kinds.iter().map(word).min().unwrap_or(0);
        let last_word = kinds.iter().map(word).max().unwrap_or(0);
        let mut words = vec![0; last_word + 1 - first_word];
        for kind in kinds {
            if let Some(word) = words.get_mut(word(kind) - first_word) {
                *word |= 1 << (kind.index() % 64);
            }
        }
        BitSet { first_word, words }
    }

    #[inline]
    fn contains(&self, kind: CodeKind) -> bool {
        let word = (kind.index() / 64).checked_sub(self.first_word);
        word.and_then(|word| self.words.get(word))
            .is_some_and(|word| word >> (kind.index() % 64) & 1 == 1)
    }
}

/// A set of a condition, in code numbers.
pub(super) struct RawSet {
    listed: Vec<CodeId>,
    /// Those listed, and of the unknown codes those with its prefixes.
    pub(super) numbers: Vec<u32>,
    /// Body regions.
    pub(super) sites: Vec<(u32, u32)>,
}

impl RawSet {
    fn new(source: &CodeSet, count: u32, prefixes: &[String]) -> RawSet {
        let unknown = source.prefixes.iter().flat_map(|own| {
            // those that begin so stand side by side
            let first = prefixes.partition_point(|prefix| prefix < own);
            let begins = prefixes
                .iter()
                .skip(first)
                .take_while(move |prefix| prefix.starts_with(own));
            (count + 1 + number_of(first)..).zip(begins)
        });
        let known = source.codes.iter().map(|code| code.0);
        let sites = source.sites.iter().map(|(code, site)| (code.0, *site));
        RawSet {
            listed: source.codes.clone(),
            numbers: known.chain(unknown.map(|(number, _)| number)).collect(),
            sites: sites.collect(),
        }
    }
}

/// A set of a condition, in kinds of codes.
#[derive(Debug)]
pub(in crate::tables) struct CompiledSet {
    listed: Vec<CodeId>,
    pub(super) kinds: Vec<CodeKind>,
    bits: BitSet,
    sites: HashMap<CodeKind, Vec<u32>>,
}

impl CompiledSet {
    fn new(raw: RawSet, of: &Kinds) -> CompiledSet {
        let mut kinds: Vec<CodeKind> = raw.numbers.iter().map(|number| of.get(*number)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut sites: HashMap<CodeKind, Vec<u32>> = HashMap::new();
        for (number, site) in raw.sites {
            let of_kind = sites.entry(of.get(number)).or_default();
            if !of_kind.contains(&site) {
                of_kind.push(site);
            }
        }
        CompiledSet {
            listed: raw.listed,
            bits: BitSet::of(&kinds),
            kinds,
            sites,
        }
    }
}

/// What the rules see of a code (编码要素); sixteen bytes, looked up once a code.
#[derive(Clone, Copy, Debug)]
pub struct CodeFacts {
    /// Its kind.
    pub kind: CodeKind,
    /// The class of its kind among the [`Marks`], four times; plus 0, 1 (CC) or 2 (MCC).
    class_and_level: u32,
    /// As a complication: its exclusion list, or [`NO_LIST`].
    exclusion: u32,
    /// As principal: where its lists begin.
    lists: u32,
}

/// In place of an exclusion list's number.
const NO_LIST: u32 = u32::MAX;

impl CodeFacts {
    /// In place of a code: an empty cell or placeholder.
    pub const NOTHING: CodeFacts = CodeFacts {
        kind: CodeKind::NONE,
        class_and_level: 0,
        exclusion: NO_LIST,
        lists: 0,
    };

    /// Whether it stands in place of a code.
    #[inline]
    pub fn is_nothing(self) -> bool {
        self.kind == CodeKind::NONE
    }

    /// Its class among the [`Marks`].
    #[inline]
    pub fn class(self) -> u32 {
        self.class_and_level / 4
    }

    /// 0, 1 (CC) or 2 (MCC), if nothing excludes it.
    #[inline]
    fn level(self) -> u32 {
        self.class_and_level % 4
    }
}

impl Compiled {
    /// Compiles a scheme.
    pub fn new(scheme: Scheme) -> Compiled {
        let mut builder = Builder::new(&scheme);
        let mut rows = Rows::default();
        for (rule, row) in scheme.rules().iter().enumerate() {
            rows.push(rule, row, builder.row(&row.when));
        }
        let Rows {
            mdcs,
            mut entries,
            drgs,
        } = rows;
        for entry in &mut entries {
            entry.by_complications = by_complications(entry, &drgs);
        }
        let packets = scheme.packets().map(|packets| builder.packets(packets, &mdcs));
        let Builder {
            sets,
            prefixes,
            departments,
            asks_discharge,
            ..
        } = builder;
        let numbers = scheme.code_count() + 1 + prefixes.len();
        let kinds = Kinds::of(&scheme, &sets, numbers);
        let sets: Vec<CompiledSet> = sets
            .into_iter()
            .map(|set| CompiledSet::new(set, &kinds))
            .collect();
        // packets are looked up by the principal diagnosis: none of their rows is marked
        let (marks, classes) = match packets {
            None => marks_of(&mdcs, &entries, kinds.count(), &sets),
            Some(_) => marks_of(&[], &[], kinds.count(), &sets),
        };
        let (facts, principal_lists) = facts(&scheme, &kinds, &classes);
        let packets = packets.map(|mut packets| {
            packets.know_kinds(&scheme, &kinds);
            packets.sort_rows(&scheme, (&mdcs, &entries), kinds.count(), &sets);
            packets
        });
        let index = index_of(&scheme, &kinds);
        Compiled {
            mdcs,
            entries,
            drgs,
            sets,
            index,
            kinds,
            prefixes,
            departments,
            asks_discharge,
            marks,
            facts,
            principal_lists,
            packets,
            scheme,
        }
    }

    /// What a scheme of packets has besides.
    pub fn packets(&self) -> Option<&CompiledPackets> {
        self.packets.as_ref()
    }

    /// The tables it was compiled from.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// What the rules see of a code in normal form.
    pub fn code(&self, code: &str) -> CodeFacts {
        let kind = self.kind(code).index();
        self.facts.get(kind).copied().unwrap_or(CodeFacts::NOTHING)
    }

    /// What the rules see of packed codes, in order; nothing of one that no table names.
    #[inline]
    pub fn known_codes<'w>(
        &'w self,
        codes: impl Iterator<Item = PackedCode>,
        work: &'w mut LookUp,
    ) -> impl ExactSizeIterator<Item = Option<CodeFacts>> {
        // the number of an unknown code is that of no kind
        let kinds = self.index.look_up(codes, work);
        kinds.map(|kind| self.facts.get(kind as usize).copied())
    }

    /// What the rules see of codes of a kind.
    #[inline]
    pub fn facts_of(&self, kind: CodeKind) -> CodeFacts {
        self.facts
            .get(kind.index())
            .copied()
            .unwrap_or(CodeFacts::NOTHING)
    }

    fn kind(&self, code: &str) -> CodeKind {
        let known = self.index.get(code).map(CodeKind);
        known.unwrap_or_else(|| self.kind_of_unknown(code))
    }

    /// The kind of a code that no table names: that of the longest beginning it has.
    fn kind_of_unknown(&self, code: &str) -> CodeKind {
        let mut lengths = (0..=code.len()).rev();
        let longest = lengths.find_map(|length| {
            let start = code.get(..length)?;
            self.prefixes
                .binary_search_by(|prefix| prefix.as_str().cmp(start))
                .ok()
        });
        let number = self.scheme.code_count() + longest.map_or(0, |index| index + 1);
        self.kinds.get(number_of(number))
    }

    /// What the rules see of a code that [`Compiled::known_codes`] does not find.
    pub fn other_code(&self, code: &str) -> CodeFacts {
        let known = self.index.get_other(code).map(CodeKind);
        let kind = known.unwrap_or_else(|| self.kind_of_unknown(code));
        self.facts
            .get(kind.index())
            .copied()
            .unwrap_or(CodeFacts::NOTHING)
    }

    /// The kind of a code of the scheme.
    pub fn kind_of(&self, code: CodeId) -> CodeKind {
        self.kinds.get(code.0)
    }

    /// The kind of a discharge status as a code; none if no rule asks for it.
    pub fn discharge_kind(&self, status: &str) -> CodeKind {
        if self.asks_discharge {
            self.kind(status)
        } else {
            CodeKind::NONE
        }
    }

    /// The number of a department among those the rules name; past the last for all others.
    pub fn department_number(&self, department: &str) -> u32 {
        let named = self.departments.iter().position(|named| named == department);
        number_of(named.unwrap_or(self.departments.len()))
    }

    /// Whether some rule asks for the department or the discharge status.
    pub fn asks_words(&self) -> bool {
        self.asks_discharge || !self.departments.is_empty()
    }

    /// Whether the set holds codes of this kind.
    #[inline]
    pub fn holds(&self, set: SetId, kind: CodeKind) -> bool {
        let set = self.sets.get(set.index());
        set.is_some_and(|set| set.bits.contains(kind))
    }

    /// Every set that conditions use.
    pub fn set_ids(&self) -> impl Iterator<Item = SetId> + use<> {
        (0..number_of(self.sets.len())).map(SetId)
    }

    /// The codes of a set, in file order.
    pub fn codes_of(&self, set: SetId) -> &[CodeId] {
        self.sets.get(set.index()).map_or(&[], |set| &set.listed)
    }

    /// Body regions of codes of this kind in a set.
    pub fn sites(&self, set: SetId, kind: CodeKind) -> &[u32] {
        let set = self.sets.get(set.index());
        set.and_then(|set| set.sites.get(&kind))
            .map_or(&[], Vec::as_slice)
    }

    /// Which complications of a case count; diagnoses the principal first.
    #[inline]
    pub fn complications(&self, diagnoses: &[CodeFacts]) -> Complications {
        let mut counted = Complications::default();
        let Some((principal, others)) = diagnoses.split_first() else {
            return counted;
        };
        for other in others {
            let level = other.level();
            if level > 0 && !self.excludes(*principal, other.exclusion) {
                counted.cc |= level == 1;
                counted.mcc |= level == 2;
            }
        }
        counted
    }

    /// 0, 1 (CC) or 2 (MCC): what the diagnosis `other` counts for beside `principal`.
    pub fn severity(&self, principal: CodeKind, other: CodeKind) -> u8 {
        let facts = |kind: CodeKind| self.facts.get(kind.index()).copied();
        let pair = [principal, other].map(|kind| facts(kind).unwrap_or(CodeFacts::NOTHING));
        self.complications(&pair).severity()
    }

    #[inline]
    fn excludes(&self, principal: CodeFacts, list: u32) -> bool {
        let lists = self.principal_lists.get(principal.lists as usize..);
        let mut own = lists
            .unwrap_or_default()
            .iter()
            .take_while(|own| **own != NO_LIST);
        own.any(|own| *own == list)
    }

    /// Which rows the codes of a case can make hold: MDC rows by their index, entries by
    /// [`Compiled::entry_bit`].
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The bit of an entry among [`Compiled::marks`].
    pub fn entry_bit(&self, entry: usize) -> usize {
        first_entry_bit(self.mdcs.len()) + entry
    }
}

/// Every code with its kind; of a code that the scheme reads as another, with that one's.
fn index_of(scheme: &Scheme, kinds: &Kinds) -> CodeIndex {
    let kind = |number: u32, code: &str| {
        let read_as = scheme.packets().map_or(code, |packets| packets.read_as(code));
        let other = if read_as == code {
            None
        } else {
            scheme.code_id(read_as)
        };
        kinds.get(other.map_or(number, |id| id.0)).0
    };
    let known = (0..).zip(scheme.codes());
    CodeIndex::new(known.map(|(number, code)| (code, kind(number, code))))
}

/// Marks of the rows; those of MDCs take the first bits, entries begin with the next whole word.
fn marks_of(mdcs: &[Mdc], entries: &[Entry], kinds: usize, sets: &[CompiledSet]) -> (Marks, Vec<u32>) {
    let first_entry = first_entry_bit(mdcs.len());
    let of_mdcs = mdcs.iter().map(|mdc| &mdc.when).enumerate();
    let of_entries = (first_entry..).zip(entries.iter().map(|entry| &entry.when));
    let bits = (first_entry, first_entry + entries.len());
    Marks::of(of_mdcs.chain(of_entries), bits, kinds, sets)
}

fn first_entry_bit(mdcs: usize) -> usize {
    mdcs.next_multiple_of(64)
}

/// Counts of codes and rows fit 32 bits: code ids do.
fn number_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Rules by level, each under the one before it that it belongs to.
#[derive(Default)]
struct Rows {
    mdcs: Vec<Mdc>,
    entries: Vec<Entry>,
    drgs: Vec<Drg>,
}

impl Rows {
    fn push(&mut self, rule: usize, row: &Rule, when: Predicate) {
        match row.level {
            Level::Mdc | Level::Layer => {
                let start = self.entries.len();
                self.mdcs.push(Mdc {
                    rule,
                    when,
                    entries: start..start,
                });
            }
            Level::Adrg => {
                let start = self.drgs.len();
                self.entry(rule, when, EntryKind::Adrg(start..start, row.otherwise));
            }
            Level::Packet => {
                let none = self.drgs.len()..self.drgs.len();
                self.entry(rule, when, EntryKind::Adrg(none, Otherwise::Group));
            }
            Level::Ambiguous => self.entry(rule, when, EntryKind::Ambiguous),
            Level::Drg => {
                self.drgs.push(Drg { rule, when });
                let above = self.entries.last_mut().map(|entry| &mut entry.kind);
                if let Some(EntryKind::Adrg(range, _)) = above {
                    range.end = self.drgs.len();
                }
            }
        }
    }

    fn entry(&mut self, rule: usize, when: Predicate, kind: EntryKind) {
        self.entries.push(Entry {
            rule,
            when,
            kind,
            by_complications: None,
        });
        if let Some(mdc) = self.mdcs.last_mut() {
            mdc.entries.end = self.entries.len();
        }
    }
}

/// What an entry leads to, if its groups ask for nothing but complications.
fn by_complications(entry: &Entry, drgs: &[Drg]) -> Option<[Option<usize>; 4]> {
    let (range, otherwise) = match &entry.kind {
        EntryKind::Ambiguous => return Some([Some(entry.rule); 4]),
        EntryKind::Adrg(range, otherwise) => (range.clone(), *otherwise),
    };
    let drgs = drgs.get(range)?;
    let mut leads_to = [None; 4];
    for (complications, row) in Complications::ALL.into_iter().zip(&mut leads_to) {
        *row = (otherwise == Otherwise::Group).then_some(entry.rule);
        for drg in drgs {
            if decided(&drg.when, complications)? {
                *row = Some(drg.rule);
                break;
            }
        }
    }
    Some(leads_to)
}

/// Whether a condition holds, if the complications alone decide it.
fn decided(condition: &Predicate, complications: Complications) -> Option<bool> {
    let all = |parts: &[Predicate], unless: bool| {
        let parts: Vec<_> = parts.iter().map(|part| decided(part, complications)).collect();
        if parts.contains(&Some(unless)) {
            return Some(unless);
        }
        (!parts.contains(&None)).then_some(!unless)
    };
    match condition {
        Predicate::All(parts) => all(parts, false),
        Predicate::Any(parts) => all(parts, true),
        Predicate::Not(inner) => decided(inner, complications).map(|holds| !holds),
        Predicate::Mcc => Some(complications.mcc),
        Predicate::Cc => Some(complications.cc),
        _ => None,
    }
}

/// The facts of every kind, and the exclusion lists of principals.
fn facts(scheme: &Scheme, kinds: &Kinds, classes: &[u32]) -> (Vec<CodeFacts>, Vec<u32>) {
    let mut lists = vec![NO_LIST];
    let facts = (0..)
        .zip(kinds.samples())
        .zip(classes)
        .map(|((kind, sample), class)| {
            let sample = CodeId(sample);
            let own = scheme.exclusions(sample);
            let start = if own.is_empty() { 0 } else { lists.len() };
            if start > 0 {
                lists.extend(own);
                lists.push(NO_LIST);
            }
            let complication = scheme.complication(sample);
            let level = complication.map_or(0, |row| 1 + u32::from(row.level == ComplicationLevel::Mcc));
            CodeFacts {
                kind: CodeKind(kind),
                class_and_level: class * 4 + level,
                exclusion: complication.and_then(|row| row.exclusion).unwrap_or(NO_LIST),
                lists: number_of(start),
            }
        });
    (facts.collect(), lists)
}

struct Builder<'s> {
    scheme: &'s Scheme,
    sets: Vec<RawSet>,
    numbers: HashMap<String, SetId>,
    prefixes: Vec<String>,
    departments: Vec<String>,
    asks_discharge: bool,
    /// Of packets, each with its alternatives.
    expressions: Vec<Vec<Vec<SetId>>>,
    /// Of each rule row.
    expression_of: Vec<Option<u32>>,
}

impl Builder<'_> {
    fn new(scheme: &Scheme) -> Builder<'_> {
        let sets = scheme.rules().iter().flat_map(|rule| rule.when.sets());
        let of_labels = scheme.packets().into_iter().flat_map(Packets::other_sets);
        let sets = sets.chain(of_labels.map(|(_, set)| set));
        let sets = sets.filter_map(|set| scheme.set(set));
        let mut prefixes: Vec<String> = sets.flat_map(|set| set.prefixes.iter().cloned()).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        Builder {
            scheme,
            sets: Vec::new(),
            numbers: HashMap::new(),
            prefixes,
            departments: Vec::new(),
            asks_discharge: false,
            expressions: Vec::new(),
            expression_of: Vec::new(),
        }
    }

    /// The condition of a rule row.
    fn row(&mut self, condition: &Condition) -> Predicate {
        let before = self.expressions.len();
        let predicate = self.predicate(condition);
        let own = (self.expressions.len() > before).then(|| number_of(before));
        self.expression_of.push(own);
        predicate
    }

    /// What packets have besides their rows.
    fn packets(&mut self, packets: &Packets, mdcs: &[Mdc]) -> CompiledPackets {
        let families = packets.families.iter().map(|family| {
            let labels = family.labels.iter();
            labels.map(|label| self.predicate(&label.when)).collect()
        });
        let families = families.collect();
        let scopes = packets.procedures.scopes();
        let scopes = scopes
            .into_iter()
            .map(|(code, scope)| (code, self.set(scope)))
            .collect();
        let layers = mdcs.iter().enumerate().map(|(index, mdc)| (mdc.rule, index));
        let expressions = std::mem::take(&mut self.expressions);
        let expression_of = std::mem::take(&mut self.expression_of);
        CompiledPackets::new(
            self.scheme,
            packets,
            layers,
            expressions,
            expression_of,
            families,
            scopes,
        )
    }

    fn packet_test(&mut self, test: &PacketTest) -> Predicate {
        match test {
            PacketTest::Takes(expression) => {
                let alternatives = expression.alternatives().iter();
                let sets = alternatives.map(|operands| operands.iter().map(|set| self.set(set)).collect());
                let sets = sets.collect();
                self.expressions.push(sets);
                Predicate::Takes(number_of(self.expressions.len() - 1))
            }
            PacketTest::Type(kind) => Predicate::Type(*kind),
            PacketTest::SurgeryLevel(low, high) => Predicate::SurgeryLevel(*low, *high),
            PacketTest::Figure(figure, comparison, bound) => Predicate::Figure(*figure, *comparison, *bound),
            // what it says was put in its place when the tables were loaded
            PacketTest::LongStay => Predicate::Any(Box::default()),
        }
    }

    fn predicate(&mut self, condition: &Condition) -> Predicate {
        match condition {
            Condition::All(parts) => Predicate::All(parts.iter().map(|part| self.predicate(part)).collect()),
            Condition::Any(parts) => Predicate::Any(parts.iter().map(|part| self.predicate(part)).collect()),
            Condition::Not(inner) => Predicate::Not(Box::new(self.predicate(inner))),
            Condition::Atom(atom) => self.atom(atom),
        }
    }

    fn atom(&mut self, atom: &Atom) -> Predicate {
        match atom {
            Atom::In {
                subject,
                negated,
                set,
            } => {
                self.asks_discharge |= *subject == Subject::DischargeStatus;
                Predicate::In(*subject, *negated, self.set(set))
            }
            Atom::HasProcedure(wanted) => Predicate::HasProcedure(*wanted),
            Atom::Mcc => Predicate::Mcc,
            Atom::Cc => Predicate::Cc,
            Atom::Sites(set, comparison, number) => Predicate::Sites(self.set(set), *comparison, *number),
            Atom::Number(fact, comparison, number) => Predicate::Number(*fact, *comparison, *number),
            Atom::Sex(sex) => Predicate::Sex(*sex),
            Atom::Department(word) => Predicate::Department(self.department(word)),
            Atom::Packet(test) => self.packet_test(test),
        }
    }

    fn department(&mut self, word: &str) -> u32 {
        let known = self.departments.iter().position(|named| named == word);
        let number = known.unwrap_or_else(|| {
            self.departments.push(word.to_owned());
            self.departments.len() - 1
        });
        number_of(number)
    }

    fn set(&mut self, set: &SetRef) -> SetId {
        let key = set_key(set);
        if let Some(number) = self.numbers.get(&*key) {
            return *number;
        }
        let number = SetId(number_of(self.sets.len()));
        let empty = CodeSet::default();
        let source = self.scheme.set(set).unwrap_or(&empty);
        let count = number_of(self.scheme.code_count());
        self.sets.push(RawSet::new(source, count, &self.prefixes));
        self.numbers.insert(key.into_owned(), number);
        number
    }
}
