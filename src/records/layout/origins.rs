//! Where a neutral column stands in the source, for findings.

use super::super::columns::Column;
use super::plan::{ABSENT, Fields, Plan};

/// The source's own headers and places (来源).
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// By column: the headers of its slots.
    columns: Vec<(Column, Vec<String>)>,
    /// By column and slot: fields from 0, where the source is a sheet.
    fields: Vec<(Column, Vec<Option<usize>>)>,
    sheet: Option<String>,
    /// Edits that are asked while rows are read.
    edits: Vec<&'static str>,
}

impl Origins {
    /// Of a plan; with the name of the sheet, if it is one.
    pub(super) fn of(plan: &Plan, fields: &mut dyn Fields, sheet: Option<String>) -> Origins {
        let mut origins = Origins {
            sheet,
            edits: plan.edits(),
            ..Origins::default()
        };
        for step in &plan.steps {
            let Some(column) = step.column else { continue };
            let mut field = |header: &String| Some(fields.field(header)).filter(|field| *field != ABSENT);
            origins
                .fields
                .push((column, step.origins.iter().map(&mut field).collect()));
            origins.columns.push((column, step.origins.clone()));
        }
        origins
    }

    /// Whether an edit is asked while rows are read.
    pub fn asks(&self, edit: &str) -> bool {
        self.edits.contains(&edit)
    }

    /// The header of a column, or of a slot of its list.
    pub fn header(&self, column: Column, slot: Option<usize>) -> &str {
        let headers = self.columns.iter().find(|(of, _)| *of == column);
        headers
            .and_then(|(_, headers)| of_slot(headers, slot))
            .map_or(column.name(), String::as_str)
    }

    /// The cell of a row of a sheet, e.g. `Sheet1!C7`; nothing for other files.
    pub fn cell(&self, line: u64, column: Option<Column>, slot: Option<usize>) -> Option<String> {
        let sheet = self.sheet.as_ref()?;
        let fields = self.fields.iter().find(|(of, _)| Some(*of) == column);
        let field = fields.and_then(|(_, fields)| of_slot(fields, slot).copied().flatten());
        let letters = field.map_or_else(String::new, letters);
        Some(format!("{sheet}!{letters}{line}"))
    }
}

/// Of several slots that of a number; of one, that one.
fn of_slot<T>(slots: &[T], slot: Option<usize>) -> Option<&T> {
    slots.get(slot.unwrap_or(0)).or(slots.last())
}

/// `0` → `A`, `26` → `AA`.
fn letters(field: usize) -> String {
    let mut rest = field;
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        match (rest / 26).checked_sub(1) {
            Some(next) => rest = next,
            None => break,
        }
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn columns_have_letters() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
    }
}
