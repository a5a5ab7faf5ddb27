//! Conditions of the edits, asked of a row.

use super::Checker;
use super::found::Hit;
use super::row::Row;
use super::sheet::{Sheet, Slot};
use crate::codes::is_placeholder;
use crate::diagnostics::{Lang, Severity};
use crate::records::door::CodeSystem;
use crate::records::edits::{Atom, Clause, Codes, EditBook, Marks, Operand, Which};
use crate::records::quality::RowFacts;
use crate::records::{Case, Column, Header};

/// A row as the edits look at it.
pub(in crate::records) struct View<'v> {
    pub(super) case: &'v Case,
    pub(super) row: &'v Row,
    pub(super) header: &'v Header,
    pub(super) sheet: &'v Sheet,
    pub(super) book: &'v EditBook,
    /// The codes of the file.
    pub(super) codes: &'v CodeSystem,
    pub(super) lang: Lang,
}

impl View<'_> {
    pub(super) fn cell(&self, column: Column) -> &str {
        if self.sheet.is_emptied(column) {
            return "";
        }
        let field = self.header.field(column);
        field.map_or("", |field| self.row.field(field)).trim()
    }

    /// The slots of a list; none where the cell is empty.
    pub(super) fn slots(&self, column: Column) -> impl Iterator<Item = &str> {
        let cell = self.cell(column);
        let slots = (!cell.is_empty()).then(|| cell.split('|').map(str::trim));
        slots.into_iter().flatten()
    }

    pub(super) fn slot(&self, column: Column, slot: usize) -> &str {
        self.slots(column).nth(slot).unwrap_or("")
    }

    pub(super) fn number(&self, column: Column) -> Option<i64> {
        self.sheet.number(column)
    }

    fn is_filled(&self, column: Column) -> bool {
        let in_sheet = match column {
            Column::AgeDays | Column::LosDays | Column::WeightG | Column::IcuHours => {
                self.number(column).is_some()
            }
            _ => false,
        };
        in_sheet
            || self
                .slots(column)
                .any(|slot| !slot.is_empty() && !is_placeholder(slot))
    }

    /// The code in a slot of a list.
    fn code(&self, codes: Codes, slot: usize) -> &str {
        match codes {
            Codes::Diagnoses => self.case.diagnoses().nth(slot).unwrap_or(""),
            Codes::Procedures => self.case.procedures().nth(slot).unwrap_or(""),
            Codes::Pathologies => self.sheet.pathologies.get(slot).map_or("", String::as_str),
            Codes::ExternalCauses => self.sheet.causes.get(slot).map_or("", |(code, _)| code),
            Codes::Written => match self.slot(Column::DiagnosesWritten, slot) {
                "" => self.case.diagnoses().nth(slot).unwrap_or(""),
                written => written,
            },
        }
    }

    /// The first slot from `from` on, up to `to`, whose code stands in a set, or does not.
    fn find(&self, codes: Codes, set: usize, inside: bool, slots: std::ops::Range<usize>) -> Option<usize> {
        let bit: Marks = 1 << set;
        if inside && !self.sheet.may_hold(codes, bit) {
            return None;
        }
        let of = |slot: &Slot| (slot.marks & bit != 0) == inside;
        let mut slots = slots;
        slots.find(|at| {
            !self.code(codes, *at).is_empty()
                && match codes {
                    Codes::Diagnoses => self.sheet.diagnoses.get(*at).is_some_and(of),
                    Codes::Procedures => self.sheet.procedures.get(*at).is_some_and(of),
                    Codes::ExternalCauses => self.sheet.causes.get(*at).is_some_and(|(_, slot)| of(slot)),
                    Codes::Pathologies => self.book.set_holds(set, self.code(codes, *at)) == inside,
                    Codes::Written => {
                        (self.book.diagnoses.look_up(self.code(codes, *at)).0 & bit != 0) == inside
                    }
                }
        })
    }

    fn length(&self, codes: Codes) -> usize {
        match codes {
            Codes::Diagnoses => self.sheet.diagnoses.len(),
            Codes::Procedures => self.sheet.procedures.len(),
            Codes::Pathologies => self.sheet.pathologies.len(),
            Codes::ExternalCauses => self.sheet.causes.len(),
            Codes::Written => 1,
        }
    }

    /// Where an atom holds: nothing if it does not.
    fn ask(&self, atom: &Atom) -> Option<Option<(Codes, usize)>> {
        match atom {
            Atom::Codes {
                codes,
                which,
                inside,
                set,
            } => {
                let all = 0..self.length(*codes);
                let range = match which {
                    Which::First => 0..all.end.min(1),
                    Which::Others => 1..all.end,
                    Which::Any | Which::Each | Which::No => all,
                };
                let found = self.find(*codes, *set, *inside, range);
                match which {
                    Which::No => found.is_none().then_some(None),
                    _ => found.map(|slot| Some((*codes, slot))),
                }
            }
            Atom::Number(column, comparison, operand) => {
                let right = match operand {
                    Operand::Number(number) => *number,
                    Operand::Column(column) => self.number(*column)?,
                };
                comparison.holds(self.number(*column)?, right).then_some(None)
            }
            Atom::Value(column, equal, value) => {
                let is_value = self.slot(*column, 0) == value;
                (is_value == *equal).then_some(None)
            }
            Atom::Filled(column) => self.is_filled(*column).then_some(None),
            Atom::Empty(column) => (!self.is_filled(*column)).then_some(None),
        }
    }

    pub(super) fn all_hold(&self, atoms: &[Atom]) -> bool {
        atoms.iter().all(|atom| self.ask(atom).is_some())
    }

    fn ask_clause(&self, clause: &Clause, hits: &mut Vec<Hit>) {
        let mut place = None;
        for atom in &clause.atoms {
            match self.ask(atom) {
                None => return,
                Some(found) => place = place.or(found),
            }
        }
        let each = clause.atoms.iter().find_map(|atom| match atom {
            Atom::Codes {
                codes,
                which: Which::Each,
                inside,
                set,
            } => Some((*codes, *set, *inside)),
            _ => None,
        });
        let Some((codes, set, inside)) = each else {
            return hits.extend(clause.atoms.first().map(|first| self.hit(clause, first, place)));
        };
        let mut from = 0;
        while let Some(slot) = self.find(codes, set, inside, from..self.length(codes)) {
            hits.push(self.hit_at(clause.edit, clause.severity, codes, slot));
            from = slot + 1;
        }
    }

    /// A hit where the first atom looks.
    fn hit(&self, clause: &Clause, first: &Atom, place: Option<(Codes, usize)>) -> Hit {
        match (first, place) {
            (Atom::Codes { .. }, Some((codes, slot))) => {
                self.hit_at(clause.edit, clause.severity, codes, slot)
            }
            (Atom::Value(column, ..), _) if self.cell(*column).contains('|') => {
                let hit = Hit::of(clause.edit).at(*column).slot(0).severity(clause.severity);
                hit.value(self.slot(*column, 0))
            }
            _ => Hit::of(clause.edit).at(first.column()).severity(clause.severity),
        }
    }

    fn hit_at(&self, edit: &'static str, severity: Option<Severity>, codes: Codes, slot: usize) -> Hit {
        let column = match codes {
            Codes::Diagnoses | Codes::Written => Column::Diagnoses,
            Codes::Procedures => Column::Procedures,
            Codes::Pathologies => Column::Pathologies,
            Codes::ExternalCauses => Column::ExternalCauses,
        };
        Hit::of(edit)
            .at(column)
            .slot(slot)
            .value(self.code(codes, slot))
            .severity(severity)
    }

    /// Unlisted codes that stand in the other edition.
    fn foreign_codes(&self) -> u64 {
        let Some(others) = &self.codes.others else {
            return 0;
        };
        let diagnoses = self.case.diagnoses().zip(&self.sheet.diagnoses);
        let diagnoses = diagnoses.filter(|(code, slot)| !slot.listed && others.knows(code, true));
        let procedures = self.case.procedures().zip(&self.sheet.procedures);
        let procedures = procedures.filter(|(code, slot)| !slot.listed && others.knows(code, false));
        (diagnoses.count() + procedures.count()) as u64
    }

    /// What the quality summary counts.
    fn count(&self, facts: &mut RowFacts) {
        let listed = |slots: &[Slot]| slots.iter().filter(|slot| slot.listed).count() as u64;
        let (principal, others) = self
            .sheet
            .diagnoses
            .split_first()
            .map_or((0, &[][..]), |(first, others)| (u64::from(first.listed), others));
        facts.principal_listed = principal;
        facts.others = others.len() as u64;
        facts.others_listed = listed(others);
        facts.procedures = self.sheet.procedures.len() as u64;
        facts.procedures_listed = listed(&self.sheet.procedures);
        facts.is_read = true;
        facts.foreign += self.foreign_codes();
        for (column, conditions) in &self.book.required {
            let is_asked = self.header.field(*column).is_some();
            let is_needed = |atoms: &Vec<Atom>| self.all_hold(atoms);
            if is_asked && conditions.iter().any(is_needed) {
                facts.required += 1;
                facts.filled += u64::from(self.is_filled(*column));
            }
        }
    }
}

impl<'l> Checker<'l> {
    fn view(&self, book: &'l EditBook) -> View<'_> {
        View {
            case: &self.case,
            row: &self.row,
            header: &self.ready.header,
            sheet: &self.sheet,
            book,
            codes: self.codes,
            lang: self.lang,
        }
    }

    pub(super) fn ask_conditions(&mut self, book: &'l EditBook) {
        let mut hits = Vec::new();
        let view = self.view(book);
        let questions = self.ready.plan.clauses.iter();
        for question in questions.filter(|question| self.sheet.may_answer(question)) {
            view.ask_clause(question.clause, &mut hits);
        }
        hits.into_iter().for_each(|hit| self.note(hit));
    }

    pub(super) fn ask_functions(&mut self, book: &'l EditBook) {
        let mut hits = Vec::new();
        let view = self.view(book);
        for (function, parameters) in &self.ready.plan.functions {
            function(&view, parameters, &mut hits);
        }
        hits.into_iter().for_each(|hit| self.note(hit));
    }

    pub(super) fn count_facts(&mut self, book: &'l EditBook) {
        let mut facts = self.facts;
        self.view(book).count(&mut facts);
        self.facts = facts;
    }
}
