//! `columns.csv` and `code_tables.csv`: how the cells of each column are read.

use super::sheet::EditFile;
use crate::diagnostics::{Error, Place, Result, suggestion};
use crate::records::Column;

/// What a column's cells hold (单元格类型).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::records) enum CellKind {
    Text,
    /// A value of a code table.
    Code,
    Diagnosis,
    Procedure,
    Pathology,
    Number,
    /// Yuan.
    Money,
    Date,
    Time,
    DateTime,
}

const KINDS: [(&str, CellKind); 10] = [
    ("text", CellKind::Text),
    ("code", CellKind::Code),
    ("diagnosis", CellKind::Diagnosis),
    ("procedure", CellKind::Procedure),
    ("pathology", CellKind::Pathology),
    ("number", CellKind::Number),
    ("money", CellKind::Money),
    ("date", CellKind::Date),
    ("time", CellKind::Time),
    ("datetime", CellKind::DateTime),
];

/// How one column is read.
#[derive(Clone, Debug)]
pub(in crate::records) struct ColumnRule {
    pub(in crate::records) kind: CellKind,
    pub(in crate::records) is_list: bool,
    /// Values of its code table.
    pub(in crate::records) values: Vec<String>,
    /// Conditions under which it must be filled, as written, each with its place.
    pub(super) required: Vec<(String, Place)>,
}

/// Reads both files; the rules stand in the order of [`Column::ALL`].
pub(super) fn read_columns(columns: &EditFile, tables: &EditFile) -> Result<Vec<ColumnRule>> {
    let mut values: Vec<(String, Vec<String>)> = Vec::new();
    tables.each_row(["table", "value"], |[table, value], _| {
        match values.iter_mut().find(|(name, _)| name == table) {
            Some((_, held)) => held.push(value.to_owned()),
            None => values.push((table.to_owned(), vec![value.to_owned()])),
        }
        Ok(())
    })?;
    let mut rules: Vec<Option<ColumnRule>> = vec![None; Column::ALL.len()];
    columns.each_row(["column", "kind", "list", "table", "required"], |cells, place| {
        let (column, rule) = column_rule(cells, &values, place)?;
        if let Some(held) = rules.get_mut(column as usize) {
            *held = Some(rule);
        }
        Ok(())
    })?;
    let missing = Column::ALL.iter().zip(&rules).find(|(_, rule)| rule.is_none());
    if let Some((column, _)) = missing {
        let message = format!("there is no row for column `{}`", column.name());
        return Err(Error::at(columns.place.clone(), message));
    }
    Ok(rules.into_iter().flatten().collect())
}

fn column_rule(
    [column, kind, list, table, required]: [&str; 5],
    values: &[(String, Vec<String>)],
    place: &Place,
) -> Result<(Column, ColumnRule)> {
    let wrong = |message: String| Error::at(place.clone(), message);
    let kinds = KINDS.map(|(word, _)| word);
    let found = KINDS.iter().find(|(word, _)| *word == kind);
    let kind = found.map(|(_, kind)| *kind).ok_or_else(|| {
        let hint = suggestion(kind, kinds);
        wrong(format!(
            "unknown kind `{kind}`{hint}; expected one of {}",
            kinds.join(", ")
        ))
    })?;
    let of_table = values.iter().find(|(name, _)| name == table);
    let of_table = match of_table {
        Some((_, values)) => values.clone(),
        None if table.is_empty() && kind != CellKind::Code => Vec::new(),
        None => {
            let hint = suggestion(table, values.iter().map(|(name, _)| name.as_str()));
            return Err(wrong(format!("there is no code table `{table}`{hint}")));
        }
    };
    let is_list = match list {
        "yes" => true,
        "no" => false,
        other => return Err(wrong(format!("`{other}` is neither `yes` nor `no`"))),
    };
    let required = required.split(';').map(str::trim).filter(|when| !when.is_empty());
    let rule = ColumnRule {
        kind,
        is_list,
        values: of_table,
        required: required.map(|when| (when.to_owned(), place.clone())).collect(),
    };
    Ok((column_of(column, place)?, rule))
}

/// A neutral column by its name.
pub(super) fn column_of(name: &str, place: &Place) -> Result<Column> {
    let found = Column::ALL.iter().find(|column| column.name() == name);
    found.copied().ok_or_else(|| {
        let hint = suggestion(name, Column::ALL.iter().map(|column| column.name()));
        Error::at(place.clone(), format!("unknown column `{name}`{hint}"))
    })
}
