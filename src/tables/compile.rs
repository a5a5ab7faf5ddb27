//! The scheme as bit sets over numbered codes: the form the fast grouper reads.
//!
//! Every MDC and ADRG row has a *key*: sets of which a case must hit one for the row to hold at
//! all. For each code the rows whose key it hits are marked, once for the code as principal and
//! once for the code anywhere. A few ORs then give the rows worth evaluating, in file order; a
//! row left out could not have held. The rows left are evaluated in full.

use hashbrown::HashMap;

use super::condition::{Atom, Comparison, Condition, NumberFact, SetRef, Subject};
use super::scheme::{CodeId, CodeSet, Level, Otherwise, Rule, Scheme, set_key};

/// A scheme ready for fast evaluation (编译后的分组方案).
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
    has_prefixes: bool,
    mdc_marks: Marks,
    entry_marks: Marks,
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
    /// Department.
    Department(Box<str>),
}

/// Bits, one a code.
#[derive(Clone, Debug, Default)]
pub struct BitSet(Vec<u64>);

impl BitSet {
    fn with_length(bits: usize) -> BitSet {
        BitSet(vec![0; bits.div_ceil(64)])
    }

    fn insert(&mut self, bit: usize) {
        if let Some(word) = self.0.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    /// Whether the bit is set.
    #[inline]
    pub fn contains(&self, bit: usize) -> bool {
        self.0
            .get(bit / 64)
            .is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }
}

#[derive(Debug)]
struct CompiledSet {
    listed: Vec<CodeId>,
    codes: BitSet,
    sites: HashMap<CodeId, Vec<u32>>,
    prefixes: Vec<String>,
}

/// Which rows a code may make hold.
#[derive(Debug)]
struct Marks {
    words: usize,
    /// Rows without a key: always candidates.
    always: Vec<u64>,
    /// Per code (one more for unknown codes): rows whose key it hits as principal …
    principal: Vec<u64>,
    /// … and anywhere.
    anywhere: Vec<u64>,
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
        let mut builder = Builder {
            scheme: &scheme,
            sets: Vec::new(),
            numbers: HashMap::new(),
        };
        let mut rows = Rows::default();
        for (rule, row) in scheme.rules().iter().enumerate() {
            rows.push(rule, row, builder.predicate(&row.when));
        }
        let Rows { mdcs, entries, drgs } = rows;
        let sets = builder.sets;
        let codes = scheme.code_count();
        let mdc_marks = Marks::of(mdcs.iter().map(|mdc| &mdc.when), mdcs.len(), codes, &sets);
        let entry_marks = Marks::of(
            entries.iter().map(|entry| &entry.when),
            entries.len(),
            codes,
            &sets,
        );
        let principal_lists = (0..codes)
            .map(|code| {
                scheme
                    .exclusions(CodeId(u32::try_from(code).unwrap_or(u32::MAX)))
                    .into()
            })
            .collect();
        let has_prefixes = sets.iter().any(|set| !set.prefixes.is_empty());
        Compiled {
            mdcs,
            entries,
            drgs,
            sets,
            has_prefixes,
            mdc_marks,
            entry_marks,
            severity: severities(&scheme),
            principal_lists,
            scheme,
        }
    }

    /// The tables it was compiled from.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The number of a code; unknown codes share one number past the last.
    #[inline]
    pub fn code_number(&self, code: &str) -> usize {
        self.scheme
            .code_id(code)
            .map_or(self.scheme.code_count(), |id| id.0 as usize)
    }

    /// Whether the set holds the code, given by number and, for unknown codes, text.
    #[inline]
    pub fn holds<'t>(&self, set: SetId, number: usize, text: impl FnOnce() -> Option<&'t str>) -> bool {
        let Some(set) = self.sets.get(set.0 as usize) else {
            return false;
        };
        if number < self.scheme.code_count() {
            return set.codes.contains(number);
        }
        self.has_prefixes
            && !set.prefixes.is_empty()
            && text().is_some_and(|text| set.prefixes.iter().any(|prefix| text.starts_with(prefix)))
    }

    /// Every set that conditions use.
    pub fn set_ids(&self) -> impl Iterator<Item = SetId> + use<> {
        let count = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        (0..count).map(SetId)
    }

    /// The codes of a set, in file order.
    pub fn codes_of(&self, set: SetId) -> &[CodeId] {
        self.sets.get(set.0 as usize).map_or(&[], |set| &set.listed)
    }

    /// Body regions of a code in a set.
    pub fn sites(&self, set: SetId, number: usize) -> &[u32] {
        let code = u32::try_from(number).map(CodeId);
        let sites = self.sets.get(set.0 as usize).zip(code.ok());
        sites
            .and_then(|(set, code)| set.sites.get(&code))
            .map_or(&[], Vec::as_slice)
    }

    /// 0, 1 (CC) or 2 (MCC): what diagnosis `other` counts for beside `principal`.
    #[inline]
    pub fn severity(&self, principal: usize, other: usize) -> u8 {
        let Some(severity) = self.severity.get(other) else {
            return 0;
        };
        match severity.exclusion {
            Some(list)
                if self
                    .principal_lists
                    .get(principal)
                    .is_some_and(|lists| lists.contains(&list)) =>
            {
                0
            }
            _ => severity.level,
        }
    }

    /// MDC rows that may hold: bits by index into [`Compiled::mdcs`].
    pub fn candidate_mdcs(&self, principals: &[usize], others: &[usize], out: &mut Vec<u64>) {
        self.mdc_marks.candidates(principals, others, out);
    }

    /// Entries that may hold, whatever their MDC does: bits by index into [`Compiled::entries`].
    pub fn candidate_entries(&self, principals: &[usize], all: &[usize], out: &mut Vec<u64>) {
        self.entry_marks.candidates(principals, all, out);
    }
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

/// Of every code, and of the one past the last that stands for unknown ones.
fn severities(scheme: &Scheme) -> Vec<Severity> {
    let mut severities = vec![Severity::default(); scheme.code_count() + 1];
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

impl Marks {
    fn of<'p>(
        conditions: impl Iterator<Item = &'p Predicate>,
        rows: usize,
        codes: usize,
        sets: &[CompiledSet],
    ) -> Marks {
        let words = rows.div_ceil(64);
        let mut marks = Marks {
            words,
            always: vec![0; words],
            principal: vec![0; words * (codes + 1)],
            anywhere: vec![0; words * (codes + 1)],
        };
        for (row, condition) in conditions.enumerate() {
            match key(condition) {
                None => set_bit(&mut marks.always, row),
                Some(needs) => needs.iter().for_each(|need| marks.mark(row, *need, sets, codes)),
            }
        }
        marks
    }

    fn mark(&mut self, row: usize, (as_principal, set): Need, sets: &[CompiledSet], codes: usize) {
        let words = self.words;
        let Some(set) = sets.get(set.0 as usize) else {
            return;
        };
        let table = if as_principal {
            &mut self.principal
        } else {
            &mut self.anywhere
        };
        let mut mark = |code: usize| {
            if let Some(bits) = table.get_mut(code * words..(code + 1) * words) {
                set_bit(bits, row);
            }
        };
        (0..codes)
            .filter(|code| set.codes.contains(*code))
            .for_each(&mut mark);
        if !set.prefixes.is_empty() {
            mark(codes); // an unknown code may begin so
        }
    }

    fn candidates(&self, principals: &[usize], all: &[usize], out: &mut Vec<u64>) {
        out.clear();
        out.extend_from_slice(&self.always);
        for (table, codes) in [(&self.principal, principals), (&self.anywhere, all)] {
            for code in codes {
                if let Some(bits) = table.get(code * self.words..(code + 1) * self.words) {
                    out.iter_mut().zip(bits).for_each(|(word, bits)| *word |= bits);
                }
            }
        }
    }
}

fn set_bit(words: &mut [u64], bit: usize) {
    if let Some(word) = words.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

/// `(as principal, set)`: a code of the set in that role.
type Need = (bool, SetId);

/// What a case must have one of for the condition to hold; `None` when nothing is certain.
fn key(condition: &Predicate) -> Option<Vec<Need>> {
    match condition {
        Predicate::In(subject, false, set) => match subject {
            Subject::PrincipalDiagnosis | Subject::PrincipalProcedure => Some(vec![(true, *set)]),
            Subject::AnyDiagnosis
            | Subject::OtherDiagnosis
            | Subject::AnyProcedure
            | Subject::OtherProcedure => Some(vec![(false, *set)]),
            Subject::DischargeStatus => None,
        },
        // one part suffices: the one that asks for a principal, else the shortest
        Predicate::All(parts) => parts
            .iter()
            .filter_map(key)
            .min_by_key(|needs| (needs.iter().any(|(principal, _)| !principal), needs.len())),
        Predicate::Any(parts) => {
            let keys: Option<Vec<Vec<Need>>> = parts.iter().map(key).collect();
            keys.map(|keys| keys.concat())
        }
        _ => None,
    }
}

struct Builder<'s> {
    scheme: &'s Scheme,
    sets: Vec<CompiledSet>,
    numbers: HashMap<String, SetId>,
}

impl Builder<'_> {
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
            } => Predicate::In(*subject, *negated, self.set(set)),
            Atom::HasProcedure(wanted) => Predicate::HasProcedure(*wanted),
            Atom::Mcc => Predicate::Mcc,
            Atom::Cc => Predicate::Cc,
            Atom::Sites(set, comparison, number) => Predicate::Sites(self.set(set), *comparison, *number),
            Atom::Number(fact, comparison, number) => Predicate::Number(*fact, *comparison, *number),
            Atom::Sex(sex) => Predicate::Sex(*sex),
            Atom::Department(word) => Predicate::Department(word.as_str().into()),
        }
    }

    fn set(&mut self, set: &SetRef) -> SetId {
        let key = set_key(set);
        if let Some(number) = self.numbers.get(&*key) {
            return *number;
        }
        let number = SetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        let empty = CodeSet::default();
        let source = self.scheme.set(set).unwrap_or(&empty);
        let mut codes = BitSet::with_length(self.scheme.code_count());
        source.codes.iter().for_each(|code| codes.insert(code.0 as usize));
        let mut sites: HashMap<CodeId, Vec<u32>> = HashMap::new();
        for (code, site) in &source.sites {
            sites.entry(*code).or_default().push(*site);
        }
        let prefixes = source.prefixes.clone();
        self.sets.push(CompiledSet {
            listed: source.codes.clone(),
            codes,
            sites,
            prefixes,
        });
        self.numbers.insert(key.into_owned(), number);
        number
    }
}
