//! Diagnoses and procedures: read, repaired, looked up.

use super::found::Hit;
use super::row::small;
use super::sheet::Slot;
use super::{Checker, Depth};
use crate::codes::{damaged_forms, is_diagnosis, is_placeholder, is_procedure, normal_form};
use crate::diagnostics::Lang;
use crate::records::Column;
use crate::records::edits::EditBook;
use crate::records::mapping::CodeMap;

/// The codes one list of a record may hold.
#[derive(Clone, Copy)]
pub(super) struct Known<'b> {
    pub(super) book: &'b EditBook,
    pub(super) is_diagnosis: bool,
    /// Of codes that are still to be mapped.
    pub(super) map: Option<&'b CodeMap>,
}

impl Known<'_> {
    fn holds(self, code: &str) -> bool {
        match self.map {
            Some(map) => map.knows(code, self.is_diagnosis),
            _ if self.is_diagnosis => self.book.diagnoses().contains(code),
            _ => self.book.procedures().contains(code),
        }
    }

    fn column(self) -> Column {
        if self.is_diagnosis {
            Column::Diagnoses
        } else {
            Column::Procedures
        }
    }

    /// A code in normal form, restored where only one listed code can be meant.
    pub(super) fn tidied(self, written: &str, slot: usize, hits: &mut Vec<Hit>) -> String {
        let written = written.trim();
        let code = normal_form(written);
        let hit = |code| Hit::of(code).at(self.column()).slot(slot).value(written);
        if is_placeholder(&code) {
            hits.push(hit("F004").emptied());
            return String::new();
        }
        let syntax = if self.is_diagnosis { "F009" } else { "F010" };
        if !self.holds(&code) {
            if let Some(restored) = self.restored(&code, hit, hits) {
                return restored;
            }
            let starred = format!("{code}*");
            if code.contains('+') && self.holds(&starred) {
                hits.push(hit(syntax).expected(starred.as_str()).repaired());
                return starred;
            }
        }
        let is_sound = if self.is_diagnosis {
            is_diagnosis(&code)
        } else {
            is_procedure(&code)
        };
        if code != written && (is_sound || self.holds(&code)) {
            hits.push(hit(syntax).expected(code.as_ref()).repaired());
        }
        code.into_owned()
    }

    /// A code that a spreadsheet took for a number, if exactly one listed code can be meant.
    fn restored(self, code: &str, hit: impl Fn(&'static str) -> Hit, hits: &mut Vec<Hit>) -> Option<String> {
        let mut forms = damaged_forms(code)?;
        forms.retain(|form| self.holds(form));
        let repair = self.book.edits().parameters("F005").is_on("repair");
        match forms.as_slice() {
            [only] if repair => {
                hits.push(hit("F005").expected(only.as_str()).repaired());
                Some(only.clone())
            }
            [] => None,
            some => {
                hits.push(hit("F005").expected(some.join(" | ")));
                None
            }
        }
    }
}

impl Checker<'_> {
    pub(super) fn read_codes(&mut self) {
        self.read_list(Column::Diagnoses);
        self.read_list(Column::Procedures);
        let principal = self
            .case
            .diagnoses
            .first()
            .is_some_and(|(start, end)| end > start);
        if !principal {
            self.note(Hit::of("C101").at(Column::Diagnoses));
        }
    }

    /// Copies the codes of a list in normal form; gaps behind the principal are closed.
    fn read_list(&mut self, column: Column) {
        let Some(index) = self.ready.header.field(column) else {
            return;
        };
        let is_diagnosis = column == Column::Diagnoses;
        let known = self.depth.book().map(|book| Known {
            book,
            is_diagnosis,
            map: None,
        });
        let mut hits = Vec::new();
        let (list, slots) = if is_diagnosis {
            (&mut self.case.diagnoses, &mut self.sheet.diagnoses)
        } else {
            (&mut self.case.procedures, &mut self.sheet.procedures)
        };
        for (slot, written) in self.row.field(index).split('|').enumerate() {
            let code = normal_form(written);
            let is_usual = code == written.trim() && !code.is_empty();
            let of_list = known.map(|known| {
                if is_diagnosis {
                    &known.book.diagnoses
                } else {
                    &known.book.procedures
                }
            });
            let (mut marks, mut listed) = of_list.map_or((0, false), |list| list.look_up(&code));
            let tidied;
            let code = match known {
                Some(known) if !(is_usual && listed || written.trim().is_empty()) => {
                    tidied = known.tidied(written, slot, &mut hits);
                    (marks, listed) = of_list.map_or((0, false), |list| list.look_up(&tidied));
                    tidied.as_str()
                }
                _ if is_placeholder(&code) => "",
                _ => &code,
            };
            if code.is_empty() && !(slot == 0 && is_diagnosis) {
                continue;
            }
            let start = small(self.case.text.len());
            self.case.text.push_str(code);
            list.push((start, small(self.case.text.len())));
            if known.is_some() {
                slots.push(Slot { marks, listed });
            }
        }
        hits.into_iter().for_each(|hit| self.note(hit));
    }

    /// Codes that no list holds.
    pub(super) fn check_listed_codes(&mut self, book: &EditBook) {
        let all_listed = |slots: &[Slot]| slots.iter().all(|slot| slot.listed);
        if all_listed(&self.sheet.diagnoses) && all_listed(&self.sheet.procedures) {
            return;
        }
        let mut unlisted = Vec::new();
        for (slot, (code, of_slot)) in self.case.diagnoses().zip(&self.sheet.diagnoses).enumerate() {
            if !of_slot.listed && !code.is_empty() {
                unlisted.push((true, slot, code.to_owned()));
            }
        }
        for (slot, (code, of_slot)) in self.case.procedures().zip(&self.sheet.procedures).enumerate() {
            if !of_slot.listed {
                unlisted.push((false, slot, code.to_owned()));
            }
        }
        for (is_diagnosis, slot, code) in unlisted {
            self.note_unlisted(book, is_diagnosis, slot, &code);
        }
    }

    fn note_unlisted(&mut self, book: &EditBook, of_diagnoses: bool, slot: usize, code: &str) {
        let (column, list, syntax, is_sound, unlisted) = match (of_diagnoses, slot) {
            (true, 0) => (
                Column::Diagnoses,
                book.diagnoses(),
                "F009",
                is_diagnosis(code),
                "C102",
            ),
            (true, _) => (
                Column::Diagnoses,
                book.diagnoses(),
                "F009",
                is_diagnosis(code),
                "C103",
            ),
            (false, _) => (
                Column::Procedures,
                book.procedures(),
                "F010",
                is_procedure(code),
                "C104",
            ),
        };
        let hit = |code_of_edit| Hit::of(code_of_edit).at(column).slot(slot).value(code);
        if !is_sound {
            self.note(hit(syntax));
        }
        let expected = match (self.lang, list.nearest(code)) {
            (Lang::En, Some(near)) => format!("a code of the list; nearest: {near}"),
            (Lang::Zh, Some(near)) => format!("目录内编码；最接近：{near}"),
            (Lang::En, None) => "a code of the list".to_owned(),
            (Lang::Zh, None) => "目录内编码".to_owned(),
        };
        self.note(hit(unlisted).expected(expected));
    }

    /// Whether every edit is asked.
    pub(super) fn asks_all(&self) -> bool {
        matches!(self.depth, Depth::All { .. })
    }
}
