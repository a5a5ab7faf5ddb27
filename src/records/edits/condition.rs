//! Conditions of edits: what must hold of a record for an edit to hit.
//!
//! ```text
//! condition := atom ("and" atom)*
//! atom  := who ["not"] "in" set        who := "principal" | "written principal" | "main procedure"
//!                                        | ("any"|"each"|"no"|"other") ("diagnosis"|"procedure"|"pathology"|"external cause")
//!        | column ("filled" | "empty")
//!        | column ("=" | "!=" | "<" | "<=" | ">" | ">=") (number | $parameter | column)
//! set   := "@" list | "{" entry ("," entry)* "}"
//! ```
//!
//! A missing value makes a comparison false. Of a list column the first slot is compared. An
//! `each` hits once for every code it holds for.

use super::files::{CellKind, ColumnRule, column_of};
use super::lists::{CodeKind, CodeSet, MOST_SETS};
use super::rows::Parameters;
use crate::diagnostics::{Error, Place, Result, suggestion};
use crate::records::Column;
use crate::records::cells::read_plain_number;

/// Which list of codes is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::records) enum Codes {
    Diagnoses,
    Procedures,
    Pathologies,
    ExternalCauses,
    /// The principal diagnosis before the code map.
    Written,
}

/// Which codes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::records) enum Which {
    First,
    Others,
    Any,
    Each,
    No,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::records) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Comparison {
    pub(in crate::records) fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::Unequal => left != right,
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::Greater => left > right,
            Comparison::AtLeast => left >= right,
        }
    }
}

impl Comparison {
    /// Where what a comparison with `limit` says changes: the least numbers of the next ranges.
    pub(in crate::records) fn limits(self, limit: i64) -> [Option<i64>; 2] {
        match self {
            Comparison::Less | Comparison::AtLeast => [Some(limit), None],
            Comparison::AtMost | Comparison::Greater => [Some(limit + 1), None],
            Comparison::Equal | Comparison::Unequal => [Some(limit), Some(limit + 1)],
        }
    }
}

/// What a number is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::records) enum Operand {
    /// In hundredths.
    Number(i64),
    Column(Column),
}

/// One part of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::records) enum Atom {
    Codes {
        codes: Codes,
        which: Which,
        inside: bool,
        /// Number of the set.
        set: usize,
    },
    Number(Column, Comparison, Operand),
    /// A coded cell is, or is not, this value.
    Value(Column, bool, String),
    Filled(Column),
    Empty(Column),
}

impl Atom {
    /// The column it looks at first.
    pub(in crate::records) fn column(&self) -> Column {
        match self {
            Atom::Codes { codes, .. } => match codes {
                Codes::Diagnoses | Codes::Written => Column::Diagnoses,
                Codes::Procedures => Column::Procedures,
                Codes::Pathologies => Column::Pathologies,
                Codes::ExternalCauses => Column::ExternalCauses,
            },
            Atom::Number(column, ..)
            | Atom::Value(column, ..)
            | Atom::Filled(column)
            | Atom::Empty(column) => *column,
        }
    }
}

/// What conditions may name.
pub(super) struct Words<'w> {
    pub(super) sets: &'w mut Vec<CodeSet>,
    pub(super) columns: &'w [ColumnRule],
    pub(super) parameters: &'w Parameters,
}

impl Words<'_> {
    /// Reads a condition that stands at `place`.
    pub(super) fn read(&mut self, text: &str, place: &Place) -> Result<Vec<Atom>> {
        let atoms = text.split(" and ").map(str::trim);
        atoms.map(|atom| self.read_atom(atom, place)).collect()
    }

    fn read_atom(&mut self, text: &str, place: &Place) -> Result<Atom> {
        let wrong = |message: String| Error::at(place.clone(), message);
        if let Some((who, set)) = text.split_once(" in ") {
            let (who, inside) = match who.trim().strip_suffix(" not") {
                Some(who) => (who.trim(), false),
                None => (who.trim(), true),
            };
            let (codes, which) = whose(who).ok_or_else(|| {
                wrong(format!(
                    "`{who}` is nobody to ask; expected such as `principal` or `any diagnosis`"
                ))
            })?;
            let set = self.set_number(set.trim(), codes, place)?;
            return Ok(Atom::Codes {
                codes,
                which,
                inside,
                set,
            });
        }
        match text.split_whitespace().collect::<Vec<_>>().as_slice() {
            [column, "filled"] => Ok(Atom::Filled(column_of(column, place)?)),
            [column, "empty"] => Ok(Atom::Empty(column_of(column, place)?)),
            [column, sign, value] => self.comparison(column_of(column, place)?, sign, value, place),
            _ => Err(wrong(format!(
                "`{text}` is no condition; expected such as `principal in @list`, `age > 12`, `autopsy empty`"
            ))),
        }
    }

    fn comparison(&self, column: Column, sign: &str, value: &str, place: &Place) -> Result<Atom> {
        let wrong = |message: String| Err(Error::at(place.clone(), message));
        let comparison = match sign {
            "=" => Comparison::Equal,
            "!=" => Comparison::Unequal,
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::Greater,
            ">=" => Comparison::AtLeast,
            other => {
                return wrong(format!(
                    "`{other}` is no comparison; expected =, !=, <, <=, > or >="
                ));
            }
        };
        let rule = self.columns.get(column as usize);
        if column != Column::Sex && rule.is_some_and(|rule| rule.kind == CellKind::Code) {
            let known = rule.is_some_and(|rule| rule.values.iter().any(|known| known == value));
            return match comparison {
                Comparison::Equal | Comparison::Unequal if known => Ok(Atom::Value(
                    column,
                    comparison == Comparison::Equal,
                    value.to_owned(),
                )),
                _ => wrong(format!(
                    "`{}` holds codes: expected = or != and a value of its table",
                    column.name()
                )),
            };
        }
        let operand = if let Some(name) = value.strip_prefix('$') {
            match self.parameters.find(name) {
                Some(value) => Operand::Number(value),
                None => {
                    let hint = suggestion(name, self.parameters.names());
                    return wrong(format!("`${name}` is no parameter of this edit{hint}"));
                }
            }
        } else if let Some(number) = read_plain_number(value.as_bytes()) {
            Operand::Number(number)
        } else {
            Operand::Column(column_of(value, place)?)
        };
        Ok(Atom::Number(column, comparison, operand))
    }

    /// The number of a set, which is made where it is written out.
    fn set_number(&mut self, text: &str, codes: Codes, place: &Place) -> Result<usize> {
        let wrong = |message: String| Error::at(place.clone(), message);
        let kind = match codes {
            Codes::Diagnoses | Codes::ExternalCauses | Codes::Written => CodeKind::Diagnosis,
            Codes::Procedures => CodeKind::Procedure,
            Codes::Pathologies => CodeKind::Pathology,
        };
        let known = |name: &str| {
            self.sets
                .iter()
                .position(|set| set.name == name && set.kind == kind)
        };
        if let Some(name) = text.strip_prefix('@') {
            return known(name).ok_or_else(|| {
                let of_kind = self.sets.iter().filter(|set| set.kind == kind);
                let hint = suggestion(name, of_kind.map(|set| set.name.as_str()));
                wrong(format!("there is no list `{name}` of this kind{hint}"))
            });
        }
        if let Some(number) = known(text) {
            return Ok(number);
        }
        let inside = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let inside = inside.ok_or_else(|| {
            wrong(format!(
                "`{text}` is no list; expected `@name` or `{{code, code}}`"
            ))
        })?;
        let mut set = CodeSet::new(text, kind);
        for entry in inside.split(',').map(str::trim) {
            set.add(entry, place)?;
        }
        self.sets.push(set);
        if self.sets.len() > MOST_SETS {
            return Err(wrong(format!("there are more than {MOST_SETS} different lists")));
        }
        Ok(self.sets.len() - 1)
    }
}

fn whose(who: &str) -> Option<(Codes, Which)> {
    match who {
        "principal" => return Some((Codes::Diagnoses, Which::First)),
        "written principal" => return Some((Codes::Written, Which::First)),
        "main procedure" => return Some((Codes::Procedures, Which::First)),
        _ => {}
    }
    let (which, codes) = who.split_once(' ')?;
    let which = match which {
        "any" => Which::Any,
        "each" => Which::Each,
        "no" => Which::No,
        "other" => Which::Others,
        _ => return None,
    };
    let codes = match codes {
        "diagnosis" => Codes::Diagnoses,
        "procedure" => Codes::Procedures,
        "pathology" => Codes::Pathologies,
        "external cause" => Codes::ExternalCauses,
        _ => return None,
    };
    Some((codes, which))
}
