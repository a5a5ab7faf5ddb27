//! What is done to a row before anything else is read: codes of the edition the file declares are
//! mapped to that of the lists, numbers of persons replaced.

use super::Checker;
use super::codes::Known;
use super::found::Hit;
use crate::codes::normal_form;
use crate::records::Column;
use crate::records::door::{Door, MAPPED};
use crate::records::edits::EditBook;
use crate::records::mapping::{CodeMap, Codes};
use crate::records::pseudonym::Pseudonyms;

impl Checker<'_> {
    /// Changes the row as the door says.
    pub(super) fn pass_door(&mut self, door: &Door) {
        let (mut cells, mut hits) = (Vec::new(), Vec::new());
        match &self.codes.map {
            Some(map) => self.map_codes(map, &mut cells, &mut hits),
            None if door.maps_codes() => self.say_version(&mut cells),
            None => {}
        }
        if let Some(pseudonyms) = &door.pseudonyms {
            self.replace_numbers(pseudonyms, &mut cells);
        }
        let more = vec![String::new(); self.ready.header.width() - self.source.width()];
        self.row.rewrite(&cells, &more, self.source.width());
        hits.into_iter().for_each(|hit| self.note(hit));
    }

    /// The version of a file whose codes stay, beside files whose codes are mapped.
    fn say_version(&self, cells: &mut Vec<(usize, String)>) {
        let is_unsaid = |field: &usize| self.row.field(*field).trim().is_empty();
        let field = self.ready.header.field(Column::CodeVersion).filter(is_unsaid);
        cells.extend(field.map(|field| (field, self.codes.version.clone())));
    }

    /// Puts pseudonyms in place of the numbers of the person and, if asked to, the case.
    fn replace_numbers(&self, pseudonyms: &Pseudonyms, cells: &mut Vec<(usize, String)>) {
        let of_cases = [Column::RecordNo, Column::CaseId];
        let of_cases = of_cases.iter().filter(|_| pseudonyms.of_cases);
        for column in std::iter::once(&Column::Person).chain(of_cases) {
            if let Some(field) = self.ready.header.field(*column) {
                cells.push((field, pseudonyms.of(column.name(), self.cell(*column))));
            }
        }
    }

    /// The birth date was needed to check the age; it is not handed on.
    pub(super) fn take_out_birth_date(&mut self) {
        if let Some(field) = self.ready.header.field(Column::BirthDate) {
            self.row
                .rewrite(&[(field, String::new())], &[], self.ready.header.width());
        }
    }

    /// Maps the codes of the row, and keeps the written ones beside them.
    fn map_codes(&mut self, map: &CodeMap, cells: &mut Vec<(usize, String)>, hits: &mut Vec<Hit>) {
        let written = [Column::DiagnosesWritten, Column::ProceduresWritten];
        let is_mapped = |column: &Column| !self.cell(*column).trim_matches('|').is_empty();
        if let Some(column) = written.iter().find(|column| is_mapped(column)) {
            return hits.push(Hit::of("C107").at(*column));
        }
        let version = self.cell(Column::CodeVersion);
        if !version.is_empty() && version != map.from {
            hits.push(
                Hit::of("C106")
                    .at(Column::CodeVersion)
                    .expected(map.from.as_str()),
            );
        }
        for (column, is_diagnosis, written) in MAPPED {
            if let Some(field) = self.ready.header.field(column) {
                let (mapped, as_written) = self.mapped_list(map, column, is_diagnosis, hits);
                cells.push((field, mapped));
                let kept = written.and_then(|column| self.ready.header.field(column));
                cells.extend(kept.map(|field| (field, as_written)));
            }
        }
        cells.extend(
            self.ready
                .header
                .field(Column::CodeVersion)
                .map(|field| (field, map.to.clone())),
        );
    }

    /// The mapped codes of a list, and the written ones, slot by slot.
    fn mapped_list(
        &mut self,
        map: &CodeMap,
        column: Column,
        is_diagnosis: bool,
        hits: &mut Vec<Hit>,
    ) -> (String, String) {
        let is_grouped = matches!(column, Column::Diagnoses | Column::Procedures);
        let known = self.depth.book().filter(|_| is_grouped).map(|book| Known {
            book,
            is_diagnosis,
            map: Some(map),
        });
        let (mut as_written, mut codes) = (Vec::new(), Vec::new());
        let slots: Vec<String> = self
            .cell(column)
            .split('|')
            .map(|slot| slot.trim().to_owned())
            .collect();
        for (slot, written) in slots.into_iter().enumerate() {
            let code = match known {
                Some(known) if !written.is_empty() => known.tidied(&written, slot, hits),
                _ => normal_form(&written).into_owned(),
            };
            let is_known = code.is_empty() || map.knows(&code, is_diagnosis);
            if !is_known && is_grouped {
                hits.push(Hit::of("C108").at(column).slot(slot).value(code.as_str()));
            }
            self.facts.unmapped += u64::from(!is_known);
            let is_target = |book: &EditBook| match is_diagnosis {
                true => book.diagnoses().contains(&code),
                false => book.procedures().contains(&code),
            };
            self.facts.foreign += u64::from(!is_known && self.depth.book().is_some_and(is_target));
            as_written.push(written);
            codes.push(code);
        }
        let before = codes.clone();
        let codes = Codes::declared(codes);
        let mapped = if is_diagnosis {
            map.apply_to_diagnoses(codes)
        } else {
            map.apply_to_procedures(codes)
        };
        let changed = before
            .iter()
            .zip(mapped.as_slice())
            .filter(|(before, after)| before != after);
        self.facts.changed += changed.count() as u64;
        (mapped.as_slice().join("|"), as_written.join("|"))
    }
}
