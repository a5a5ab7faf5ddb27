//! Rows of packet tables by the names of their columns.

use super::{Expression, Syntax};
use crate::codes::normal_form;
use crate::diagnostics::{Error, Place, Result};
use crate::library::TableFile;
use crate::tables::scheme::{RowPlace, cell_place, table_rows};
use crate::tables::{Condition, Level, Otherwise, Rule, SyntaxError};

/// A row with the cells asked for (按列名读取的行).
pub(super) struct NamedRow<'a, const N: usize, const M: usize> {
    pub(super) required: [&'a str; N],
    /// Empty where the table has no such column.
    pub(super) optional: [&'a str; M],
    file: &'a TableFile,
    at: RowPlace,
    names: &'a [String],
}

/// Visits the rows of a table that has the required columns, in any order and among others; the
/// faults of single rows.
///
/// # Errors
/// The table cannot be read as a whole.
pub(super) fn named_rows<const N: usize, const M: usize>(
    file: &TableFile,
    required: [&str; N],
    optional: [&str; M],
    mut visit: impl FnMut(&NamedRow<'_, N, M>) -> Result<()>,
) -> Result<Vec<Error>> {
    let mut errors = Vec::new();
    let mut header: Option<Header<N, M>> = None;
    let mut at = RowPlace::first();
    table_rows(file, |cells, byte| {
        at.move_to(&file.text, byte);
        let Some(header) = &header else {
            header = Some(Header::find(file, cells, required, optional)?);
            return Ok(true);
        };
        if cells.len() != header.names.len() {
            let (found, expected) = (cells.len(), header.names.len());
            let hint = match found > expected {
                true => "; a cell with a comma needs quotes",
                false => "",
            };
            let message = format!("this row has {found} fields; expected {expected}{hint}");
            errors.push(Error::at(file.place.line(at.line()), message));
            return Ok(true);
        }
        let cell = |field: usize| cells.get(field).copied().unwrap_or("");
        let row = NamedRow {
            required: header.required.map(cell),
            optional: header.optional.map(|field| field.map_or("", cell)),
            file,
            at,
            names: &header.names,
        };
        errors.extend(visit(&row).err());
        Ok(true)
    })?;
    match header {
        Some(_) => Ok(errors),
        None => Header::find(file, &[], required, optional).map(|_: Header<N, M>| errors),
    }
}

/// Where the columns of a table stand.
struct Header<const N: usize, const M: usize> {
    names: Vec<String>,
    required: [usize; N],
    optional: [Option<usize>; M],
}

impl<const N: usize, const M: usize> Header<N, M> {
    fn find(file: &TableFile, cells: &[&str], required: [&str; N], optional: [&str; M]) -> Result<Self> {
        let field = |name: &str| cells.iter().position(|cell| *cell == name);
        let missing = required.iter().find(|name| field(name).is_none());
        if let Some(name) = missing {
            let message = format!(
                "column `{name}` is missing; expected at least {}",
                required.join(",")
            );
            return Err(Error::at(file.place.line(1), message));
        }
        Ok(Header {
            names: cells.iter().map(|name| (*name).to_owned()).collect(),
            required: required.map(|name| field(name).unwrap_or(0)),
            optional: optional.map(field),
        })
    }
}

impl<const N: usize, const M: usize> NamedRow<'_, N, M> {
    pub(super) fn place(&self) -> Place {
        self.file.place.line(self.at.line())
    }

    pub(super) fn fault(&self, message: impl Into<String>) -> Error {
        Error::at(self.place(), message)
    }

    pub(super) fn wrong(&self, field: &str, found: &str, expected: &str) -> Error {
        let found = crate::tables::condition::cut(found);
        self.fault(format!("field `{field}`: `{found}`; expected {expected}"))
    }

    /// A code in normal form.
    pub(super) fn code(&self, field: &str, cell: &str) -> Result<String> {
        match cell {
            "" => Err(self.fault(format!("field `{field}` is empty; expected a code"))),
            code => Ok(normal_form(code).into_owned()),
        }
    }

    /// A fault inside a cell.
    fn syntax(&self, field: &str, error: SyntaxError) -> Error {
        let at = self.names.iter().position(|name| name == field).unwrap_or(0);
        let place = cell_place(&self.file.place, &self.file.text, self.at, at, error.offset);
        Error::at(place, error.message)
    }

    pub(super) fn condition(&self, field: &str, cell: &str) -> Result<Condition> {
        Condition::parse(cell).map_err(|error| self.syntax(field, error))
    }

    pub(super) fn expression(&self, field: &str, cell: &str, syntax: &Syntax) -> Result<Expression> {
        syntax.parse(cell).map_err(|error| self.syntax(field, error))
    }

    /// A packet's rule.
    pub(super) fn rule(
        &self,
        code: &str,
        name: &str,
        when: Condition,
        written: String,
        file: usize,
    ) -> Result<Rule> {
        if code.is_empty() {
            return Err(self.fault("field `code` is empty; expected the code of a group"));
        }
        Ok(Rule {
            level: Level::Packet,
            code: code.to_owned(),
            when,
            written,
            otherwise: Otherwise::Group,
            name: name.to_owned(),
            line: self.at.line(),
            file,
        })
    }
}
