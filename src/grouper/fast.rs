//! The fast evaluation: code numbers, candidate rows by bit sets, nothing allocated per case.

use std::ops::Range;

use super::Grouping;
use super::numbered::{CodeRows, NumberedCase};
use super::packets::{PacketScratch, numbered_figure_holds};
use crate::codes::LookUp;
use crate::records::{Case, PlainRow, PlainRows};
use crate::tables::{
    BitRow, CodeFacts, Compiled, Complications, Entry, EntryKind, Otherwise, Predicate, Role, SetId, Subject,
    TriedRow, occurrences,
};

/// Groups cases by a compiled scheme (分组器). Shared by threads; each has its own [`Workspace`].
#[derive(Debug)]
pub struct Grouper {
    compiled: Compiled,
}

/// Memory reused from case to case.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Codes of a case, or of a batch of rows.
    pub(super) codes: Vec<CodeFacts>,
    /// Whether a placeholder stands among them.
    placeholders: bool,
    look_up: LookUp,
    pub(super) scratch: Scratch,
    pub(super) packets: PacketScratch,
}

/// What the evaluation of a case needs besides the case.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Bit rows of the case's codes.
    marks: Vec<BitRow>,
    regions: Vec<u32>,
    /// Procedures that operands of an expression take.
    taken: Vec<usize>,
}

impl Grouper {
    /// From a compiled scheme.
    pub fn new(compiled: Compiled) -> Grouper {
        Grouper { compiled }
    }

    /// The scheme.
    pub fn scheme(&self) -> &crate::tables::Scheme {
        self.compiled.scheme()
    }

    /// The compiled rules.
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// The group of a checked case.
    pub fn group(&self, case: &Case, work: &mut Workspace) -> Grouping {
        let case = NumberedCase::of(case, &self.compiled, &mut work.codes);
        self.evaluate(&case, &mut work.scratch, &mut work.packets)
    }

    /// Looks up the codes of rows that are about to be grouped by [`Grouper::group_row`].
    pub fn prepare(&self, rows: &PlainRows<'_>, work: &mut Workspace) {
        let codes = CodeRows {
            rows,
            compiled: &self.compiled,
        };
        work.placeholders = codes.facts(&mut work.look_up, &mut work.codes);
    }

    /// The group of one of the rows last prepared; nothing if the row turns out not to be plain:
    /// a placeholder stands in place of a code.
    #[inline]
    pub fn group_row(&self, row: &PlainRow<'_>, work: &mut Workspace) -> Option<Grouping> {
        let case = NumberedCase::of_row(row, &self.compiled, &work.codes)?;
        if work.placeholders && case.has_placeholder() {
            return None;
        }
        Some(self.evaluate(&case, &mut work.scratch, &mut work.packets))
    }

    #[inline]
    pub(super) fn evaluate(
        &self,
        case: &NumberedCase<'_>,
        scratch: &mut Scratch,
        packets: &mut PacketScratch,
    ) -> Grouping {
        match self.compiled.packets() {
            None => Evaluation::new(&self.compiled, case, scratch).first_mdc(),
            Some(_) => self.evaluate_packets(case, scratch, packets),
        }
    }
}

/// Gathers the bit rows that the codes of a case mark in their roles.
#[inline]
fn marks_of<'s>(case: &NumberedCase<'_>, compiled: &Compiled, gathered: &'s mut Vec<BitRow>) -> &'s [BitRow] {
    let (diagnoses, procedures) = (case.diagnoses, case.procedures);
    let marks = compiled.marks();
    let most = diagnoses.len() + procedures.len() + 2;
    if gathered.len() < most {
        gathered.resize(most, BitRow::default());
    }
    let mut count = 0_usize;
    let mut gather = |code: &CodeFacts, role: Role| {
        let row = marks.row(code.class(), role);
        if let Some(slot) = gathered.get_mut(count) {
            *slot = row;
        }
        // most codes mark nothing; which ones cannot be foreseen, so there is no branch
        count = count.wrapping_add(usize::from(row.marks_any()));
    };
    let first = diagnoses.iter().take(1);
    first.for_each(|code| gather(code, Role::PrincipalDiagnosis));
    diagnoses.iter().for_each(|code| gather(code, Role::Diagnosis));
    let first = procedures.iter().take(usize::from(case.packet.has_principal));
    first.for_each(|code| gather(code, Role::PrincipalProcedure));
    procedures.iter().for_each(|code| gather(code, Role::Procedure));
    gathered.get(..count).unwrap_or_default()
}

/// One case against the compiled rows.
pub(super) struct Evaluation<'a> {
    compiled: &'a Compiled,
    case: &'a NumberedCase<'a>,
    marks: &'a [BitRow],
    regions: &'a mut Vec<u32>,
    taken: &'a mut Vec<usize>,
    counted: Complications,
}

impl<'a> Evaluation<'a> {
    #[inline]
    pub(super) fn new(
        compiled: &'a Compiled,
        case: &'a NumberedCase<'a>,
        scratch: &'a mut Scratch,
    ) -> Evaluation<'a> {
        Evaluation {
            compiled,
            case,
            marks: marks_of(case, compiled, &mut scratch.marks),
            regions: &mut scratch.regions,
            taken: &mut scratch.taken,
            counted: compiled.complications(case.diagnoses),
        }
    }

    /// Of packets, which are looked up by the principal diagnosis: nothing is marked.
    #[inline]
    pub(super) fn of_packets(
        compiled: &'a Compiled,
        case: &'a NumberedCase<'a>,
        scratch: &'a mut Scratch,
    ) -> Evaluation<'a> {
        Evaluation {
            compiled,
            case,
            marks: &[],
            regions: &mut scratch.regions,
            taken: &mut scratch.taken,
            counted: compiled.complications(case.diagnoses),
        }
    }

    /// 0, 1 (CC) or 2 (MCC).
    pub(super) fn severity(&self) -> u8 {
        self.counted.severity()
    }

    /// Whether the condition of a layer itself holds.
    pub(super) fn layer_holds(&mut self, layer: usize) -> bool {
        let compiled = self.compiled;
        let layer = compiled.mdcs.get(layer);
        layer.is_some_and(|layer| self.holds(&layer.when))
    }

    /// The rows of a layer that the principal diagnosis leads to, in the order they are tried.
    pub(super) fn packets(&self, layer: usize) -> &'a [TriedRow] {
        let (tables, principal) = (self.compiled.packets(), self.case.diagnoses.first());
        let has_procedures = !self.case.procedures.is_empty();
        let rows = tables
            .zip(principal)
            .map(|(tables, code)| tables.rows(layer, code.kind, has_procedures));
        rows.unwrap_or_default()
    }

    /// The first row of a layer that holds.
    pub(super) fn first_packet(&mut self, layer: usize) -> Option<&'a TriedRow> {
        self.packets(layer).iter().find(|row| self.packet_holds(row))
    }

    fn packet_holds(&mut self, row: &TriedRow) -> bool {
        let procedures = self.case.procedures;
        self.packet_is_open(row)
            && row.expression().is_none_or(|expression| {
                procedures.iter().any(|code| row.may_begin(code.kind))
                    && (row.asks_one() || self.takes(expression))
            })
    }

    /// Whether all that a row asks holds but its procedures.
    pub(super) fn packet_is_open(&mut self, row: &TriedRow) -> bool {
        let (packet, compiled) = (self.case.packet, self.compiled);
        row.kind.is_none_or(|kind| kind == packet.kind)
            && row
                .surgery
                .is_none_or(|(low, high)| (low..=high).contains(&packet.surgery_level))
            && row.entry().is_none_or(|entry| {
                let entry = compiled.entries.get(entry);
                entry.is_some_and(|entry| self.holds(&entry.when))
            })
    }

    /// The MDC rows in order; the first that leads to a group decides.
    #[inline]
    fn first_mdc(&mut self) -> Grouping {
        let mut result = Grouping {
            severity: self.counted.severity(),
            ..Grouping::NONE
        };
        let compiled = self.compiled;
        let found = self.first_row(0..compiled.mdcs.len(), |this, index| {
            let mdc = compiled.mdcs.get(index)?;
            result.mdc = Some(mdc.rule);
            this.first_entry(mdc.entries.clone(), result)
        });
        found.unwrap_or(result)
    }

    /// The first row of a range of entries that decides.
    #[inline]
    fn first_entry(&mut self, entries: Range<usize>, result: Grouping) -> Option<Grouping> {
        let offset = self.compiled.entry_bit(0);
        self.first_row(offset + entries.start..offset + entries.end, |this, bit| {
            this.decide(bit - offset, result)
        })
    }

    /// What the first MDC or entry row of a range of bits leads to that holds and leads anywhere.
    #[inline]
    fn first_row<T>(
        &mut self,
        bits: Range<usize>,
        mut lead: impl FnMut(&mut Self, usize) -> Option<T>,
    ) -> Option<T> {
        let marks = self.compiled.marks();
        let mut from = bits.start;
        while from < bits.end {
            let word = from / 64;
            let mut open = marks.candidates(word, self.marks) & (!0 << (from % 64));
            let exact = marks.exact(word);
            while open != 0 {
                let bit = open.trailing_zeros();
                let row = word * 64 + bit as usize;
                if row >= bits.end {
                    return None;
                }
                let holds = exact >> bit & 1 == 1 || self.row_holds(row);
                if holds && let Some(found) = lead(self, row) {
                    return Some(found);
                }
                open &= open - 1;
            }
            from = (word + 1) * 64;
        }
        None
    }

    fn row_holds(&mut self, bit: usize) -> bool {
        let compiled = self.compiled;
        let when = match bit.checked_sub(compiled.entry_bit(0)) {
            Some(entry) => compiled.entries.get(entry).map(|entry| &entry.when),
            None => compiled.mdcs.get(bit).map(|mdc| &mdc.when),
        };
        when.is_some_and(|when| self.holds(when))
    }

    /// What an entry that holds leads to.
    fn decide(&mut self, index: usize, result: Grouping) -> Option<Grouping> {
        let compiled = self.compiled;
        let entry = compiled.entries.get(index)?;
        let row = match entry.by_complications {
            Some(rows) => rows.get(self.counted.index()).copied().flatten(),
            None => self.first_group(entry),
        };
        Some(Grouping {
            adrg: match entry.kind {
                EntryKind::Adrg(..) => Some(entry.rule),
                EntryKind::Ambiguous => None,
            },
            row: Some(row?),
            ..result
        })
    }

    /// The first group row of an entry that holds.
    fn first_group(&mut self, entry: &Entry) -> Option<usize> {
        let EntryKind::Adrg(drgs, otherwise) = &entry.kind else {
            return Some(entry.rule);
        };
        let mut drgs = self.compiled.drgs.get(drgs.clone())?.iter();
        match drgs.find(|drg| self.holds(&drg.when)) {
            Some(drg) => Some(drg.rule),
            None => (*otherwise == Otherwise::Group).then_some(entry.rule),
        }
    }

    pub(super) fn holds(&mut self, predicate: &Predicate) -> bool {
        match predicate {
            Predicate::All(parts) => parts.iter().all(|part| self.holds(part)),
            Predicate::Any(parts) => parts.iter().any(|part| self.holds(part)),
            Predicate::Not(inner) => !self.holds(inner),
            Predicate::In(subject, negated, set) => self.in_set(*subject, *negated, *set),
            Predicate::HasProcedure(wanted) => self.case.procedures.is_empty() != *wanted,
            Predicate::Mcc => self.counted.mcc,
            Predicate::Cc => self.counted.cc,
            Predicate::Sites(set, comparison, wanted) => {
                let regions = i64::try_from(self.regions(*set)).unwrap_or(i64::MAX);
                comparison.holds(regions.saturating_mul(100), *wanted)
            }
            Predicate::Number(fact, comparison, wanted) => self
                .case
                .number(*fact)
                .is_some_and(|value| comparison.holds(value, *wanted)),
            Predicate::Sex(sex) => self.case.sex == *sex,
            Predicate::Department(department) => self.case.department == *department,
            Predicate::Takes(expression) => self.takes(*expression),
            Predicate::Type(kind) => self.case.packet.kind == *kind,
            Predicate::SurgeryLevel(low, high) => (*low..=*high).contains(&self.case.packet.surgery_level),
            Predicate::Figure(figure, comparison, bound) => {
                numbered_figure_holds(self.compiled, self.case, *figure, *comparison, *bound)
            }
        }
    }

    /// Whether each operand of some alternative takes a procedure of its own.
    fn takes(&mut self, expression: u32) -> bool {
        let (compiled, procedures) = (self.compiled, self.case.procedures);
        let alternatives = compiled
            .packets()
            .map_or(&[][..], |tables| tables.expression(expression));
        alternatives.iter().any(|operands| {
            let hits = |operand: usize, procedure: usize| {
                let pair = operands.get(operand).zip(procedures.get(procedure));
                pair.is_some_and(|(set, code)| compiled.holds(*set, code.kind))
            };
            occurrences(operands.len(), procedures.len(), &hits, self.taken)
        })
    }

    fn in_set(&self, subject: Subject, negated: bool, set: SetId) -> bool {
        let hit = |code: &CodeFacts| self.compiled.holds(set, code.kind) != negated;
        let (diagnoses, procedures) = (self.case.diagnoses, self.case.procedures);
        let principal = usize::from(self.case.packet.has_principal);
        match subject {
            Subject::PrincipalDiagnosis => diagnoses.first().map_or(negated, hit),
            Subject::PrincipalProcedure => procedures.iter().take(principal).next().map_or(negated, hit),
            Subject::DischargeStatus => self.compiled.holds(set, self.case.discharge) != negated,
            Subject::AnyDiagnosis => diagnoses.iter().any(hit),
            Subject::AnyProcedure => procedures.iter().any(hit),
            Subject::OtherDiagnosis => diagnoses.iter().skip(1).any(hit),
            Subject::OtherProcedure => procedures.iter().skip(principal).any(hit),
        }
    }

    fn regions(&mut self, set: SetId) -> usize {
        self.regions.clear();
        for code in self.case.diagnoses {
            self.regions
                .extend_from_slice(self.compiled.sites(set, code.kind));
        }
        self.regions.sort_unstable();
        self.regions.dedup();
        self.regions.len()
    }
}
