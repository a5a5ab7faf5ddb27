//! Which rows a code can make hold.
//!
//! Every MDC and ADRG row has a *key*: sets of which a case must hit one for the row to hold at
//! all. For each kind of code the rows whose key it hits are marked, once for every role a code
//! can have in a case. The rows worth looking at are then the OR of a few bit rows; a row left out
//! cannot hold. A row whose whole condition is its key is *exact*: a mark says that it holds.
//!
//! Some four thousand kinds share the marks of less than half as many classes.

use hashbrown::HashMap;

use super::compile::{CompiledSet, Predicate, SetId};
use super::condition::Subject;

/// What a code is in a case (编码角色).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// 主要诊断.
    PrincipalDiagnosis,
    /// 主要手术操作.
    PrincipalProcedure,
    /// Any diagnosis, the principal included.
    Diagnosis,
    /// Any procedure, the principal included.
    Procedure,
}

const ROLES: usize = 4;

/// Marks of all codes (编码标记).
#[derive(Debug)]
pub struct Marks {
    /// Words of a whole bit row.
    words: usize,
    /// The first of them, which every bit row has: those of MDC rows.
    head: usize,
    /// Rows without a key: always worth looking at.
    always: Vec<u64>,
    /// Rows that hold where they are marked, and nowhere else.
    exact: Vec<u64>,
    /// Per class the bit row of each role.
    classes: Vec<[BitRow; ROLES]>,
    /// Bit rows, each once: the head, then the words from the first that marks anything to the last.
    /// Most mark rows of one MDC only, so that all of them together stay in the cache. The first marks
    /// nothing.
    bits: Vec<u64>,
}

/// Where a bit row stands (标记行); by default it marks nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BitRow {
    /// Where its head begins.
    start: u32,
    /// The first word behind the head that it has …
    first: u16,
    /// … and how many of them.
    count: u16,
}

impl BitRow {
    /// Whether it marks anything.
    #[inline]
    pub fn marks_any(self) -> bool {
        self.start != 0
    }
}

/// The words from the first that marks anything, with its index.
fn marked_words(bits: &[u64]) -> (usize, &[u64]) {
    let first = bits.iter().position(|word| *word != 0).unwrap_or(0);
    let end = bits
        .iter()
        .rposition(|word| *word != 0)
        .map_or(first, |last| last + 1);
    (first, bits.get(first..end).unwrap_or_default())
}

/// The kind of a code and a mark: a role and a row in one number.
type Hit = (u32, u32);

impl Marks {
    /// Of rows at these bits, the first `head` of them those of MDC rows, with the class of each kind of
    /// code; `kinds` counts those.
    pub(super) fn of<'p>(
        rows: impl Iterator<Item = (usize, &'p Predicate)>,
        (head, bits): (usize, usize),
        kinds: usize,
        sets: &[CompiledSet],
    ) -> (Marks, Vec<u32>) {
        let words = bits.div_ceil(64);
        let (mut always, mut exact) = (vec![0; words], vec![0; words]);
        let mut hits = Vec::new();
        for (row, condition) in rows {
            if is_exact(condition) {
                set_bit(&mut exact, row);
            }
            match key(condition) {
                None => set_bit(&mut always, row),
                Some(needs) => needs.iter().for_each(|(role, set)| {
                    let mark = u32::try_from(*role as usize * words * 64 + row).unwrap_or(u32::MAX);
                    let kinds = sets.get(set.index()).map(|set| &set.kinds);
                    hits.extend(kinds.into_iter().flatten().map(|kind| (kind.0, mark)));
                }),
            }
        }
        let mut marks = Marks {
            words,
            head: head / 64,
            always,
            exact,
            classes: vec![[BitRow::default(); ROLES]],
            bits: vec![0; head / 64 + 1],
        };
        let classes = marks.sort_into_classes(hits, kinds);
        (marks, classes)
    }

    /// Kinds without any mark are of class 0.
    fn sort_into_classes(&mut self, mut hits: Vec<Hit>, kinds: usize) -> Vec<u32> {
        hits.sort_unstable();
        hits.dedup();
        let mut classes = vec![0; kinds];
        let mut known_classes: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut known_rows: HashMap<Vec<u64>, BitRow> = HashMap::new();
        for of_kind in hits.chunk_by(|(one, _), (other, _)| one == other) {
            let marked: Vec<u32> = of_kind.iter().map(|(_, mark)| *mark).collect();
            let class = match known_classes.get(&marked) {
                Some(class) => *class,
                None => {
                    let class = self.add_class(&marked, &mut known_rows);
                    known_classes.insert(marked, class);
                    class
                }
            };
            let kind = of_kind.first().map_or(usize::MAX, |(kind, _)| *kind as usize);
            if let Some(slot) = classes.get_mut(kind) {
                *slot = class;
            }
        }
        classes
    }

    fn add_class(&mut self, marked: &[u32], known: &mut HashMap<Vec<u64>, BitRow>) -> u32 {
        let mut bits = vec![0; ROLES * self.words];
        marked.iter().for_each(|mark| set_bit(&mut bits, *mark as usize));
        let mut class = [BitRow::default(); ROLES];
        for (row, bits) in class.iter_mut().zip(bits.chunks(self.words.max(1))) {
            if bits.iter().any(|word| *word != 0) {
                *row = *known.entry(bits.to_vec()).or_insert_with(|| self.add_row(bits));
            }
        }
        self.classes.push(class);
        u32::try_from(self.classes.len() - 1).unwrap_or(u32::MAX)
    }

    fn add_row(&mut self, bits: &[u64]) -> BitRow {
        let (head, entries) = bits.split_at(self.head.min(bits.len()));
        let (first, marked) = marked_words(entries);
        let row = BitRow {
            start: u32::try_from(self.bits.len()).unwrap_or(u32::MAX),
            first: u16::try_from(first).unwrap_or(u16::MAX),
            count: u16::try_from(marked.len()).unwrap_or(u16::MAX),
        };
        self.bits.extend_from_slice(head);
        self.bits.extend_from_slice(marked);
        row
    }

    /// The bit row of a class in a role.
    #[inline]
    pub fn row(&self, class: u32, role: Role) -> BitRow {
        let rows = self.classes.get(class as usize);
        rows.and_then(|rows| rows.get(role as usize))
            .copied()
            .unwrap_or_default()
    }

    /// One word of the rows worth looking at: those that always are, and those marked in some bit
    /// rows. Few words of a case are ever asked for: its MDC's.
    #[inline]
    pub fn candidates(&self, word: usize, rows: &[BitRow]) -> u64 {
        let always = self.always.get(word).copied().unwrap_or(0);
        let bits = |at: usize| self.bits.get(at).copied().unwrap_or(0);
        let Some(entry) = word.checked_sub(self.head) else {
            let marked = |row: &BitRow| bits(row.start as usize + word);
            return rows.iter().fold(always, |joined, row| joined | marked(row));
        };
        let marked = |row: &BitRow| {
            let offset = entry.wrapping_sub(usize::from(row.first));
            let there = offset < usize::from(row.count);
            bits(if there {
                row.start as usize + self.head + offset
            } else {
                0
            })
        };
        rows.iter().fold(always, |joined, row| joined | marked(row))
    }

    /// One word of the rows that hold where they are candidates.
    #[inline]
    pub fn exact(&self, word: usize) -> u64 {
        self.exact.get(word).copied().unwrap_or(0)
    }
}

fn set_bit(words: &mut [u64], bit: usize) {
    if let Some(word) = words.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

/// A code of the set in that role.
type Need = (Role, SetId);

fn role(subject: Subject) -> Option<Role> {
    match subject {
        Subject::PrincipalDiagnosis => Some(Role::PrincipalDiagnosis),
        Subject::PrincipalProcedure => Some(Role::PrincipalProcedure),
        Subject::AnyDiagnosis | Subject::OtherDiagnosis => Some(Role::Diagnosis),
        Subject::AnyProcedure | Subject::OtherProcedure => Some(Role::Procedure),
        Subject::DischargeStatus => None,
    }
}

/// What a case must have one of for the condition to hold; `None` when nothing is certain.
fn key(condition: &Predicate) -> Option<Vec<Need>> {
    match condition {
        Predicate::In(subject, false, set) => role(*subject).map(|role| vec![(role, *set)]),
        // one part suffices: the one that asks for a principal, else the shortest
        Predicate::All(parts) => parts.iter().filter_map(key).min_by_key(|needs| {
            let anywhere = |(role, _): &Need| matches!(role, Role::Diagnosis | Role::Procedure);
            (needs.iter().any(anywhere), needs.len())
        }),
        Predicate::Any(parts) => {
            let keys: Option<Vec<Vec<Need>>> = parts.iter().map(key).collect();
            keys.map(|keys| keys.concat())
        }
        _ => None,
    }
}

/// Whether the condition says no more than its key.
fn is_exact(condition: &Predicate) -> bool {
    match condition {
        Predicate::In(subject, false, _) => matches!(
            subject,
            Subject::PrincipalDiagnosis
                | Subject::PrincipalProcedure
                | Subject::AnyDiagnosis
                | Subject::AnyProcedure
        ),
        Predicate::All(parts) => parts.is_empty(),
        Predicate::Any(parts) => parts.iter().all(is_exact) && key(condition).is_some(),
        _ => false,
    }
}
