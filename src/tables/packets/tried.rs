//! The rows of a layer that a principal diagnosis leads to, in the order they are tried.
//!
//! A catalogue has thousands of rows, and a principal diagnosis leads to a few dozen at most. Which
//! ones is worked out once for every kind of code; diagnoses that lead to the same rows share a list.
//! Where nothing but the rows themselves decides which of them is taken, a list stands in that
//! order, and the first row that holds is the one.

use std::cmp::Ordering;

use hashbrown::HashMap;

use super::selection::{Criterion, Offer, Selection};
use super::{Packets, TreatmentType};
use crate::tables::Scheme;
use crate::tables::compile::{CompiledSet, Entry, Mdc, Predicate, SetId};
use crate::tables::condition::Subject;
use crate::tables::kinds::CodeKind;

/// In place of a number that there is not.
const NONE: u32 = u32::MAX;

/// A packet's row as it is tried (待试病种行): what it asks besides the principal diagnosis.
#[derive(Clone, Copy, Debug)]
pub struct TriedRow {
    rule: u32,
    expression: u32,
    /// The only kind of procedure its first operand means, if there is only one.
    first: u32,
    entry: u32,
    /// Its place among those that are chosen among, the best first; of one list, the order of the list.
    pub rank: u32,
    /// The treatment type it states of itself.
    pub stated: Option<TreatmentType>,
    /// The treatment type of the case it asks for.
    pub kind: Option<TreatmentType>,
    /// The levels of surgery it asks for, from and to.
    pub surgery: Option<(u8, u8)>,
    /// Asks for no more procedures than its first operand.
    asks_one: bool,
}

impl TriedRow {
    /// Index into [`Scheme::rules`].
    pub const fn rule(&self) -> usize {
        self.rule as usize
    }

    /// The expression it asks for.
    #[inline]
    pub fn expression(&self) -> Option<u32> {
        (self.expression != NONE).then_some(self.expression)
    }

    /// The entry whose whole condition is to be asked, where it says more than the rest.
    #[inline]
    pub fn entry(&self) -> Option<usize> {
        (self.entry != NONE).then_some(self.entry as usize)
    }

    /// Whether a procedure of this kind can be the first of those asked for.
    #[inline]
    pub fn may_begin(&self, kind: CodeKind) -> bool {
        self.first == NONE || self.first == kind.0
    }

    /// Whether nothing more is asked of the procedures once one may be the first.
    #[inline]
    pub const fn asks_one(&self) -> bool {
        self.asks_one
    }
}

/// Where the rows of a kind stand: the first, the first of those without procedures that stand behind
/// all those with, and behind the last.
type Stretch = (u32, u32, u32);

/// The rows of one layer by the kind of the principal diagnosis (按主要诊断索引的病种行).
#[derive(Debug, Default)]
pub(super) struct TriedRows {
    rows: Vec<TriedRow>,
    of_kind: Vec<Stretch>,
}

impl TriedRows {
    /// Those of a principal diagnosis that a case with procedures, or one without, may meet.
    #[inline]
    pub(super) fn of(&self, principal: CodeKind, has_procedures: bool) -> &[TriedRow] {
        let stretch = self.of_kind.get(principal.index());
        let (start, plain, end) = stretch.copied().unwrap_or_default();
        let from = if has_procedures { start } else { plain };
        self.rows.get(from as usize..end as usize).unwrap_or_default()
    }

    /// Of rows in the order they are tried, each with the principal diagnoses it is for; with none given
    /// it is for all. Whether those with procedures come first.
    fn new(
        rows: &[(TriedRow, Option<SetId>)],
        operative_first: bool,
        (kinds, sets): (usize, &[CompiledSet]),
    ) -> TriedRows {
        let mut lists: Vec<Vec<u32>> = vec![Vec::new(); kinds];
        for (at, (_, principal)) in (0..).zip(rows) {
            let set = principal.map(|set| sets.get(set.index()).map_or(&[][..], |set| set.kinds.as_slice()));
            match set {
                None => lists.iter_mut().for_each(|list| list.push(at)),
                Some(kinds) => {
                    for kind in kinds {
                        let list = lists.get_mut(kind.index());
                        list.into_iter().for_each(|list| list.push(at));
                    }
                }
            }
        }
        let mut tried = TriedRows::default();
        let mut known: HashMap<Vec<u32>, Stretch> = HashMap::new();
        for list in lists {
            let stretch = match known.get(&list) {
                Some(stretch) => *stretch,
                None => {
                    let listed = list.iter().filter_map(|at| rows.get(*at as usize));
                    let stretch = tried.put(listed.map(|(row, _)| *row), operative_first);
                    known.insert(list, stretch);
                    stretch
                }
            };
            tried.of_kind.push(stretch);
        }
        tried
    }

    fn put(&mut self, rows: impl Iterator<Item = TriedRow>, operative_first: bool) -> Stretch {
        let start = self.rows.len();
        self.rows.extend(rows);
        let new = self.rows.get(start..).unwrap_or_default();
        let operative = match operative_first {
            true => new.partition_point(|row| row.expression().is_some()),
            false => 0,
        };
        let end = number_of(self.rows.len());
        (number_of(start), number_of(start + operative), end)
    }
}

/// What the lists of all layers are made of.
pub(super) struct Making<'a> {
    pub(super) scheme: &'a Scheme,
    pub(super) packets: &'a Packets,
    pub(super) mdcs: &'a [Mdc],
    pub(super) entries: &'a [Entry],
    pub(super) kinds: usize,
    pub(super) sets: &'a [CompiledSet],
    pub(super) expressions: &'a [Vec<Vec<SetId>>],
}

impl Making<'_> {
    /// The rows of every layer.
    pub(super) fn all(&self) -> Vec<TriedRows> {
        let ranks = self.ranks();
        let layers = self.mdcs.iter().map(|layer| {
            let entries = layer.entries.clone();
            let mut rows: Vec<(TriedRow, Option<SetId>)> = entries
                .filter_map(|at| Some((at, self.entries.get(at)?)))
                .filter(|(_, entry)| self.packets.severities.competes(entry.rule))
                .map(|(at, entry)| self.row(at, entry))
                .collect();
            let chooses = self.chooses_among(layer);
            if chooses {
                for (row, _) in &mut rows {
                    let rank = ranks.as_ref().and_then(|ranks| ranks.get(&row.rule()));
                    row.rank = rank.copied().unwrap_or(row.rank);
                }
                // where a row with procedures holds, those without are not asked
                rows.sort_by_key(|(row, _)| (row.expression().is_none(), row.rank));
            }
            TriedRows::new(&rows, chooses, (self.kinds, self.sets))
        });
        layers.collect()
    }

    /// Whether the tie-break chooses among the rows of a layer.
    fn chooses_among(&self, layer: &Mdc) -> bool {
        if matches!(self.packets.selection, Selection::FirstRow) {
            return false;
        }
        let code = self.scheme.rules().get(layer.rule).map(|rule| rule.code.as_str());
        matches!(code.and_then(Offer::by_word), Some(Offer::Core | Offer::Primary))
    }

    /// The place of every row of a catalogue among those chosen among, if that is the same for every case.
    fn ranks(&self) -> Option<HashMap<usize, u32>> {
        let Selection::Catalogue { tie_break, .. } = &self.packets.selection else {
            return None;
        };
        if !self.packets.selection.is_of_rows() {
            return None;
        }
        let layers = self.mdcs.iter().filter(|layer| self.chooses_among(layer));
        let entries = layers.filter_map(|layer| self.entries.get(layer.entries.clone()));
        let mut rules: Vec<usize> = entries.flatten().map(|entry| entry.rule).collect();
        rules.sort_by(|one, other| self.compare(tie_break, *one, *other));
        Some(rules.into_iter().zip(0..).collect())
    }

    /// The better of two rows first.
    fn compare(&self, tie_break: &[Criterion], one: usize, other: usize) -> Ordering {
        let rules = self.scheme.rules();
        let code = |row: usize| rules.get(row).map(|rule| rule.code.as_str());
        let differ = |criterion: &Criterion| match criterion {
            Criterion::CodeOrder => code(one).cmp(&code(other)),
            _ => self.figure(*criterion, other).cmp(&self.figure(*criterion, one)),
        };
        let mut differences = tie_break.iter().map(differ);
        differences.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// What a criterion that asks for rows prefers the larger of; nothing is the least.
    fn figure(&self, criterion: Criterion, row: usize) -> Option<i64> {
        let packet = self.packets.of(row)?;
        let number = |count: usize| i64::try_from(count).ok();
        match criterion {
            Criterion::HighestScore => packet.score,
            Criterion::LongestDiagnosis => number(packet.diagnosis_length),
            Criterion::EarliestRow => number(row).map(|row| -row),
            Criterion::LatestRow => number(row),
            _ => None,
        }
    }

    /// A row with the principal diagnoses it is for.
    fn row(&self, at: usize, entry: &Entry) -> (TriedRow, Option<SetId>) {
        let packet = self.packets.of(entry.rule);
        let mut row = TriedRow {
            rule: number_of(entry.rule),
            expression: NONE,
            first: NONE,
            entry: NONE,
            rank: number_of(at),
            stated: packet.and_then(|packet| packet.treatment_type),
            kind: None,
            surgery: None,
            asks_one: false,
        };
        let mut principal = None;
        let parts = match &entry.when {
            Predicate::All(parts) => parts,
            other => std::slice::from_ref(other),
        };
        for part in parts {
            match part {
                Predicate::In(Subject::PrincipalDiagnosis, false, set) if principal.is_none() => {
                    principal = Some(*set);
                }
                Predicate::Takes(number) if row.expression == NONE => row.expression = *number,
                Predicate::Type(kind) if row.kind.is_none() => row.kind = Some(*kind),
                Predicate::SurgeryLevel(low, high) if row.surgery.is_none() => {
                    row.surgery = Some((*low, *high));
                }
                _ => row.entry = number_of(at),
            }
        }
        (row.first, row.asks_one) = self.first_operand(row.expression).unwrap_or((NONE, false));
        (row, principal)
    }

    /// The only kind that the first operand of an expression means, if there is only one; whether it is the
    /// only operand.
    fn first_operand(&self, expression: u32) -> Option<(u32, bool)> {
        let [operands] = self.expressions.get(expression as usize)?.as_slice() else {
            return None;
        };
        match self.sets.get(operands.first()?.index())?.kinds.as_slice() {
            [kind] => Some((kind.0, operands.len() == 1)),
            _ => None,
        }
    }
}

/// Counts of rows and kinds fit 32 bits: code ids do.
fn number_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
