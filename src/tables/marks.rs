//! Which rows a code can make hold.
//!
//! Every MDC and ADRG row has a *key*: sets of which a case must hit one for the row to hold at
//! all. For each code the rows whose key it hits are marked, once for every role the code can
//! have in a case. The rows worth looking at are then the OR of a few bit rows; a row left out
//! cannot hold. A row whose whole condition is its key is *exact*: a mark says that it holds.
//!
//! Thousands of codes share the marks of a few hundred classes, which fit the processor's cache.

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
    /// Words of a bit row.
    words: usize,
    /// Rows without a key: always worth looking at.
    always: Vec<u64>,
    /// Rows that hold where they are marked, and nowhere else.
    exact: Vec<u64>,
    /// Class of each code number.
    classes: Vec<u32>,
    /// Per class whether it marks anything as [`Role::Diagnosis`] or [`Role::Procedure`].
    anywhere: Vec<bool>,
    /// Per class and role one bit row.
    bits: Vec<u64>,
}

/// Where a bit row begins.
pub type BitRow = usize;

impl Marks {
    /// Of rows at these bits; `numbers` counts the code numbers.
    pub(super) fn of<'p>(
        rows: impl Iterator<Item = (usize, &'p Predicate)>,
        bits: usize,
        numbers: usize,
        sets: &[CompiledSet],
    ) -> Marks {
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
                    let codes = sets.get(set.index()).map(CompiledSet::numbers);
                    hits.extend(codes.into_iter().flatten().map(|number| (number, mark)));
                }),
            }
        }
        let mut marks = Marks {
            words,
            always,
            exact,
            classes: vec![0; numbers],
            anywhere: Vec::new(),
            bits: Vec::new(),
        };
        marks.sort_into_classes(hits);
        marks
    }

    /// `hits`: code number and marked bit. Codes without any are of class 0.
    fn sort_into_classes(&mut self, mut hits: Vec<(u32, u32)>) {
        hits.sort_unstable();
        hits.dedup();
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        self.add_class(&[]);
        for of_code in hits.chunk_by(|(one, _), (other, _)| one == other) {
            let marked: Vec<u32> = of_code.iter().map(|(_, mark)| *mark).collect();
            let class = match known.get(&marked) {
                Some(class) => *class,
                None => {
                    let class = self.add_class(&marked);
                    known.insert(marked, class);
                    class
                }
            };
            let number = of_code.first().map_or(usize::MAX, |(number, _)| *number as usize);
            if let Some(slot) = self.classes.get_mut(number) {
                *slot = class;
            }
        }
    }

    fn add_class(&mut self, marked: &[u32]) -> u32 {
        let class = self.anywhere.len();
        let start = self.bits.len();
        self.bits.resize(start + ROLES * self.words, 0);
        let bits = self.bits.get_mut(start..).unwrap_or_default();
        marked.iter().for_each(|mark| set_bit(bits, *mark as usize));
        let somewhere = Role::Diagnosis as usize * self.words;
        let anywhere = bits.get(somewhere..).unwrap_or_default();
        self.anywhere.push(anywhere.iter().any(|word| *word != 0));
        u32::try_from(class).unwrap_or(u32::MAX)
    }

    /// The bit row of a code in a role; nothing if the code marks no row so.
    #[inline]
    pub fn row(&self, number: u32, role: Role) -> Option<BitRow> {
        let class = *self.classes.get(number as usize)? as usize;
        let marks = match role {
            Role::PrincipalDiagnosis | Role::PrincipalProcedure => class != 0,
            Role::Diagnosis | Role::Procedure => self.anywhere.get(class).is_some_and(|marks| *marks),
        };
        marks.then_some((class * ROLES + role as usize) * self.words)
    }

    /// One word of the rows worth looking at, given the bit rows of a case's codes.
    #[inline]
    pub fn candidates(&self, rows: &[BitRow], word: usize) -> u64 {
        let always = self.always.get(word).copied().unwrap_or(0);
        rows.iter().fold(always, |found, row| {
            found | self.bits.get(row + word).copied().unwrap_or(0)
        })
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
