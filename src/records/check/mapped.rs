//! Codes of the edition a file declares, mapped to that of the lists before anything else is read.

use super::Checker;
use super::codes::Known;
use super::found::Hit;
use crate::codes::normal_form;
use crate::records::edits::EditBook;
use crate::records::mapping::{CodeMap, Codes};
use crate::records::{Column, Header};

/// The lists a map changes, and where the written codes are kept.
const MAPPED: [(Column, bool, Option<Column>); 4] = [
    (Column::Diagnoses, true, Some(Column::DiagnosesWritten)),
    (Column::Procedures, false, Some(Column::ProceduresWritten)),
    (Column::ExternalCauses, true, None),
    (Column::OutpatientDiagnosis, true, None),
];

/// The header of rows whose codes were mapped: with columns for the written codes and the version.
pub(in crate::records) fn mapped_header(header: &Header) -> Header {
    header.with(&added(header))
}

fn added(header: &Header) -> Vec<Column> {
    let written = MAPPED.iter().filter(|(column, ..)| header.field(*column).is_some());
    let mut added: Vec<Column> = written.filter_map(|(_, _, written)| *written).collect();
    added.push(Column::CodeVersion);
    added.retain(|column| header.field(*column).is_none());
    added
}

impl Checker<'_> {
    /// Maps the codes of the row, and keeps the written ones beside them.
    pub(super) fn map_codes(&mut self, map: &CodeMap) {
        let mut cells: Vec<(usize, String)> = Vec::new();
        let mut hits = Vec::new();
        let written = [Column::DiagnosesWritten, Column::ProceduresWritten];
        let is_mapped = |column: &Column| !self.cell(*column).trim_matches('|').is_empty();
        match written.iter().find(|column| is_mapped(column)) {
            Some(column) => hits.push(Hit::of("C107").at(*column)),
            None => {
                for (column, is_diagnosis, written) in MAPPED {
                    if let Some(field) = self.header.field(column) {
                        let (mapped, as_written) = self.mapped_list(map, column, is_diagnosis, &mut hits);
                        cells.push((field, mapped));
                        let kept = written.and_then(|column| self.header.field(column));
                        cells.extend(kept.map(|field| (field, as_written)));
                    }
                }
                cells.extend(self.header.field(Column::CodeVersion).map(|field| (field, map.to.clone())));
            }
        }
        let more = vec![String::new(); self.header.width() - self.source.width()];
        self.row.rewrite(&cells, &more, self.source.width());
        hits.into_iter().for_each(|hit| self.note(hit));
    }

    /// The mapped codes of a list, and the written ones, slot by slot.
    fn mapped_list(&mut self, map: &CodeMap, column: Column, is_diagnosis: bool, hits: &mut Vec<Hit>) -> (String, String) {
        let is_grouped = matches!(column, Column::Diagnoses | Column::Procedures);
        let known = self.depth.book().filter(|_| is_grouped).map(|book| Known {
            book,
            is_diagnosis,
            before_map: true,
        });
        let (mut as_written, mut codes) = (Vec::new(), Vec::new());
        let slots: Vec<String> = self.cell(column).split('|').map(|slot| slot.trim().to_owned()).collect();
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
        let mapped = if is_diagnosis { map.apply_to_diagnoses(codes) } else { map.apply_to_procedures(codes) };
        let changed = before.iter().zip(mapped.as_slice()).filter(|(before, after)| before != after);
        self.facts.changed += changed.count() as u64;
        (mapped.as_slice().join("|"), as_written.join("|"))
    }
}
