//! Codes of another edition than the scheme's lists in the records written (编码版本).
//!
//! Records are drawn and checked in the edition of the lists; of each code that edition's map gives
//! one source. What has none is not drawn.

use hashbrown::HashMap;

use super::sheet::Sheet;
use crate::records::{CodeMap, Column};
use crate::tables::CodeLists;

/// Sources of the codes of the lists in another edition.
#[derive(Debug)]
pub(super) struct Edition {
    /// E.g. the version that a front sheet is coded in.
    pub(super) version: String,
    diagnoses: Kind,
    procedures: Kind,
}

/// By code of the lists: its source there with its name, and the name it has in the lists.
type Kind = HashMap<String, Source>;

#[derive(Debug)]
struct Source {
    code: Option<String>,
    name: String,
    own_name: String,
}

/// A name as it stands in a list of names: separators become full width.
pub(super) fn listed_name(name: &str) -> String {
    name.replace('|', "｜").replace(';', "；")
}

impl Edition {
    pub(super) fn new(map: &CodeMap, lists: &CodeLists) -> Edition {
        let kind = |is_diagnosis: bool| -> Kind {
            let list = if is_diagnosis {
                &lists.diagnoses
            } else {
                &lists.procedures
            };
            let sources = map.sources(is_diagnosis);
            let rows = list.codes().iter().map(|own| {
                let own_name = list.name(own).unwrap_or("");
                let found = sources.get(own.as_str());
                let name = found.map_or("", |(_, name)| *name);
                let source = Source {
                    code: found.map(|(code, _)| (*code).to_owned()),
                    name: listed_name(if name.is_empty() { own_name } else { name }),
                    own_name: listed_name(own_name),
                };
                (own.clone(), source)
            });
            rows.collect()
        };
        Edition {
            version: map.from.clone(),
            diagnoses: kind(true),
            procedures: kind(false),
        }
    }

    /// Whether a code of the lists can be said in this edition.
    pub(super) fn has(&self, code: &str, is_diagnosis: bool) -> bool {
        let kind = if is_diagnosis {
            &self.diagnoses
        } else {
            &self.procedures
        };
        kind.get(code).is_none_or(|source| source.code.is_some())
    }

    /// The name a code of the lists has in this edition; `own` if it has none.
    pub(super) fn name<'n>(&'n self, code: &str, own: &'n str) -> &'n str {
        let source = self.diagnoses.get(code).or_else(|| self.procedures.get(code));
        source.map_or(own, |source| &source.name)
    }

    /// Whether all codes of a record can be said in this edition.
    pub(super) fn can_rewrite(&self, sheet: &Sheet) -> bool {
        self.lists().into_iter().all(|(kind, column, _)| {
            let sayable = |code: &str| kind.get(code).is_none_or(|source| source.code.is_some());
            sheet.get(column).split('|').all(sayable)
        })
    }

    /// Puts the codes and names of this edition into a record; what is in no list stays.
    pub(super) fn rewrite(&self, sheet: &mut Sheet) {
        sheet.set_text(Column::CodeVersion, &self.version);
        for (kind, codes, names) in self.lists() {
            rewrite_list(kind, sheet, codes, names);
        }
    }

    /// The lists of codes of a record, with their names.
    fn lists(&self) -> [(&Kind, Column, Option<Column>); 3] {
        [
            (&self.diagnoses, Column::Diagnoses, Some(Column::DiagnosisNames)),
            (&self.procedures, Column::Procedures, Some(Column::ProcedureNames)),
            (&self.diagnoses, Column::ExternalCauses, None),
        ]
    }
}

fn rewrite_list(kind: &Kind, sheet: &mut Sheet, column: Column, names_column: Option<Column>) {
    if sheet.get(column).is_empty() {
        return;
    }
    let mut codes: Vec<String> = sheet.get(column).split('|').map(str::to_owned).collect();
    let names = names_column.map_or("", |column| sheet.get(column));
    let mut names: Vec<String> = names.split('|').map(str::to_owned).collect();
    for (place, code) in codes.iter_mut().enumerate() {
        let Some(source) = kind.get(code.as_str()) else {
            continue;
        };
        if let Some(written) = &source.code {
            code.clone_from(written);
        }
        if let Some(name) = names.get_mut(place).filter(|name| **name == source.own_name) {
            name.clone_from(&source.name);
        }
    }
    sheet.list(column, &codes);
    if let Some(column) = names_column {
        sheet.list(column, &names);
    }
}
