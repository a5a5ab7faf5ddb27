//! The scheme over numbered codes: the form the fast grouper reads.

use hashbrown::HashMap;

use super::condition::{Atom, Comparison, Condition, NumberFact, SetRef, Subject};
use super::marks::Marks;
use super::scheme::{CodeId, CodeSet, Level, Otherwise, Rule, Scheme, set_key};
use crate::codes::{CodeIndex, PackedCode};

/// A scheme ready for fast evaluation (编译后的分组方案).
///
/// A code's *number* is its [`CodeId`] if the scheme knows it. Codes it does not know are told
/// apart only as far as its prefixes do: their number is the count of codes, plus one more than
/// the index of the longest prefix they begin with.
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
    index: CodeIndex,
    /// Of all sets, sorted, each once.
    prefixes: Vec<String>,
    departments: Vec<String>,
    asks_discharge: bool,
    marks: Marks,
    severity: Vec<Severity>,
    principal_lists: Vec<Box<[u32]>>,
}

/// An MDC row.
#[derive(Debug)]
pub struct Mdc {
    /// Index into [`Scheme::rules`].
    pub rule: usize,
    /// Its condition.
    pub when: Predicate,
    /// Its rows among [`Compiled::entries`].
    pub entries: std::ops::Range<usize>,
}

/// An ADRG or ambiguous row.
#[derive(Debug)]
pub struct Entry {
    /// Index into [`Scheme::rules`].
    pub rule: usize,
    /// Its condition.
    pub when: Predicate,
    /// What follows when it holds.
    pub kind: EntryKind,
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
    pub(super) fn index(self) -> usize {
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
}

/// Codes by number, one bit each (编码位集), from the first number to the last.
///
/// Codes of one set were mostly numbered together, so few words hold it.
#[derive(Clone, Debug, Default)]
struct BitSet {
    first_word: usize,
    words: Vec<u64>,
}

impl BitSet {
    fn of(numbers: &[u32]) -> BitSet {
        let word = |number: &u32| *number as usize / 64;
        let first_word = numbers.iter().map(word).min().unwrap_or(0);
        let last_word = numbers.iter().map(word).max().unwrap_or(0);
        let mut words = vec![0; last_word + 1 - first_word];
        for number in numbers {
            if let Some(word) = words.get_mut(word(number) - first_word) {
                *word |= 1 << (number % 64);
            }
        }
        BitSet { first_word, words }
    }

    #[inline]
    fn contains(&self, number: u32) -> bool {
        let word = (number as usize / 64).checked_sub(self.first_word);
        word.and_then(|word| self.words.get(word))
            .is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

/// A set of a condition.
#[derive(Debug)]
pub(super) struct CompiledSet {
    listed: Vec<CodeId>,
    /// Numbers of the codes it holds, those of unknown codes with its prefixes included.
    numbers: Vec<u32>,
    codes: BitSet,
    sites: HashMap<u32, Vec<u32>>,
}

impl CompiledSet {
    fn new(source: &CodeSet, count: u32, prefixes: &[String]) -> CompiledSet {
        let unknown = (count + 1..).zip(prefixes).filter(|(_, prefix)| {
            let begins = |own: &String| prefix.starts_with(own.as_str());
            source.prefixes.iter().any(begins)
        });
        let known = source.codes.iter().map(|code| code.0);
        let numbers: Vec<u32> = known.chain(unknown.map(|(number, _)| number)).collect();
        let mut sites: HashMap<u32, Vec<u32>> = HashMap::new();
        for (code, site) in &source.sites {
            sites.entry(code.0).or_default().push(*site);
        }
        CompiledSet {
            listed: source.codes.clone(),
            codes: BitSet::of(&numbers),
            numbers,
            sites,
        }
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.numbers.iter().copied()
    }
}

/// Level and exclusion list of a code as a complication.
#[derive(Clone, Copy, Debug, Default)]
struct Severity {
    /// 0 none, 1 CC, 2 MCC.
    level: u8,
    exclusion: Option<u32>,
}

impl Compiled {
    /// Compiles a scheme.
    pub fn new(scheme: Scheme) -> Compiled {
        let mut builder = Builder::new(&scheme);
        let mut rows = Rows::default();
        for (rule, row) in scheme.rules().iter().enumerate() {
            rows.push(rule, row, builder.predicate(&row.when));
        }
        let Rows { mdcs, entries, drgs } = rows;
        let Builder {
            sets,
            prefixes,
            departments,
            asks_discharge,
            ..
        } = builder;
        // MDC rows take the first bits, entries begin with the next whole word
        let first_entry = first_entry_bit(mdcs.len());
        let of_mdcs = mdcs.iter().enumerate().map(|(index, mdc)| (index, &mdc.when));
        let of_entries = entries.iter().enumerate();
        let of_entries = of_entries.map(|(index, entry)| (first_entry + index, &entry.when));
        let bits = first_entry + entries.len();
        let numbers = scheme.code_count() + 1 + prefixes.len();
        let marks = Marks::of(of_mdcs.chain(of_entries), bits, numbers, &sets);
        Compiled {
            mdcs,
            entries,
            drgs,
            sets,
            index: CodeIndex::new(scheme.codes()),
            prefixes,
            departments,
            asks_discharge,
            marks,
            severity: severities(&scheme, numbers),
            principal_lists: (0..scheme.code_count())
                .map(|code| scheme.exclusions(CodeId(number_of(code))).into())
                .collect(),
            scheme,
        }
    }

    /// The tables it was compiled from.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The number of a code in normal form.
    pub fn code_number(&self, code: &str) -> u32 {
        self.index.get(code).unwrap_or_else(|| self.unknown_code(code))
    }

    /// The number of a packed code, if the scheme knows it.
    #[inline]
    pub fn known_code(&self, code: PackedCode) -> Option<u32> {
        self.index.get_packed(code)
    }

    /// The number of a code that the index does not find.
    #[cold]
    fn unknown_code(&self, code: &str) -> u32 {
        // a table may list a code that is not in normal form
        if let Some(id) = self.scheme.code_id(code) {
            return id.0;
        }
        let begins = |(_, prefix): &(usize, &String)| code.starts_with(prefix.as_str());
        let longest = self.prefixes.iter().enumerate().filter(begins);
        let longest = longest.max_by_key(|(_, prefix)| prefix.len());
        number_of(self.scheme.code_count() + longest.map_or(0, |(index, _)| index + 1))
    }

    /// The number of a discharge status; 0 if no rule asks for any.
    pub fn discharge_number(&self, status: &str) -> u32 {
        if self.asks_discharge {
            self.code_number(status)
        } else {
            0
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

    /// Whether the set holds the code of this number.
    #[inline]
    pub fn holds(&self, set: SetId, number: u32) -> bool {
        self.sets
            .get(set.index())
            .is_some_and(|set| set.codes.contains(number))
    }

    /// Every set that conditions use.
    pub fn set_ids(&self) -> impl Iterator<Item = SetId> + use<> {
        (0..number_of(self.sets.len())).map(SetId)
    }

    /// The codes of a set, in file order.
    pub fn codes_of(&self, set: SetId) -> &[CodeId] {
        self.sets.get(set.index()).map_or(&[], |set| &set.listed)
    }

    /// Body regions of a code in a set.
    pub fn sites(&self, set: SetId, number: u32) -> &[u32] {
        let set = self.sets.get(set.index());
        set.and_then(|set| set.sites.get(&number))
            .map_or(&[], Vec::as_slice)
    }

    /// 0, 1 (CC) or 2 (MCC): what diagnosis `other` counts for beside `principal`.
    #[inline]
    pub fn severity(&self, principal: u32, other: u32) -> u8 {
        let Some(severity) = self.severity.get(other as usize) else {
            return 0;
        };
        match severity.exclusion {
            Some(list) if severity.level > 0 && self.excludes(principal, list) => 0,
            _ => severity.level,
        }
    }

    fn excludes(&self, principal: u32, list: u32) -> bool {
        let lists = self.principal_lists.get(principal as usize);
        lists.is_some_and(|lists| lists.contains(&list))
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
            Level::Mdc => {
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
        self.entries.push(Entry { rule, when, kind });
        if let Some(mdc) = self.mdcs.last_mut() {
            mdc.entries.end = self.entries.len();
        }
    }
}

/// Of every code number; of unknown codes none.
fn severities(scheme: &Scheme, numbers: usize) -> Vec<Severity> {
    let mut severities = vec![Severity::default(); numbers];
    for (code, complication) in scheme.complications() {
        if let Some(slot) = severities.get_mut(code.0 as usize) {
            let level = 1 + u8::from(complication.level == super::ComplicationLevel::Mcc);
            *slot = Severity {
                level,
                exclusion: complication.exclusion,
            };
        }
    }
    severities
}

struct Builder<'s> {
    scheme: &'s Scheme,
    sets: Vec<CompiledSet>,
    numbers: HashMap<String, SetId>,
    prefixes: Vec<String>,
    departments: Vec<String>,
    asks_discharge: bool,
}

impl Builder<'_> {
    fn new(scheme: &Scheme) -> Builder<'_> {
        let sets = scheme.rules().iter().flat_map(|rule| rule.when.sets());
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
        self.sets.push(CompiledSet::new(source, count, &self.prefixes));
        self.numbers.insert(key.into_owned(), number);
        number
    }
}
