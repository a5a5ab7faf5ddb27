//! Numbers looked up by what a case is (查表): coefficients, prices, mean costs, daily points.
//!
//! A lookup file is CSV; its key columns say what a row is about, `*` stands for any value. Of the
//! rows that fit, the most specific one counts. Which of two ways to be specific comes first is
//! data too: the pack's list of keys; without it, the row that names more, and two ways that name
//! equally many are an error when the file is read, not a matter of chance.

use std::fmt;

use csv::StringRecord;
use hashbrown::HashMap;

use crate::diagnostics::{Error, Place, Result, suggestion};
use crate::units::{Exact, Rate, Ratio};

/// What a row of a lookup may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Group code.
    Group,
    /// Hospital code.
    Hospital,
    /// Hospital level.
    Level,
    /// Insurance of the person.
    Insurance,
    /// Month as `2026-01`.
    Month,
    /// Where the person is insured: `local`, a place, or `common`.
    InsuredPlace,
    /// Family of auxiliary labels.
    Family,
    /// Auxiliary label.
    Label,
}

impl Key {
    const ALL: [Key; 8] = [
        Key::Group,
        Key::Hospital,
        Key::Level,
        Key::Insurance,
        Key::Month,
        Key::InsuredPlace,
        Key::Family,
        Key::Label,
    ];

    /// The column's name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Key::Group => "group",
            Key::Hospital => "hospital",
            Key::Level => "level",
            Key::Insurance => "insurance",
            Key::Month => "month",
            Key::InsuredPlace => "insured_place",
            Key::Family => "family",
            Key::Label => "label",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Key> {
        Key::ALL.into_iter().find(|key| key.as_str() == word)
    }
}

/// What is looked up: the values of a case. An empty one fits `*` only.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) group: &'a str,
    pub(crate) hospital: &'a str,
    pub(crate) level: &'a str,
    pub(crate) insurance: &'a str,
    pub(crate) month: &'a str,
    pub(crate) insured_place: &'a str,
    pub(crate) family: &'a str,
    pub(crate) label: &'a str,
}

impl Asked<'_> {
    const fn get(&self, key: Key) -> &str {
        match key {
            Key::Group => self.group,
            Key::Hospital => self.hospital,
            Key::Level => self.level,
            Key::Insurance => self.insurance,
            Key::Month => self.month,
            Key::InsuredPlace => self.insured_place,
            Key::Family => self.family,
            Key::Label => self.label,
        }
    }
}

/// What the values of a lookup are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A factor, not below zero.
    Factor,
    /// Points or a score, not below zero.
    Points,
    /// Yuan, above zero; held in fen.
    Yuan,
}

impl Unit {
    fn value(self, text: &str) -> Option<Exact> {
        let value = match self {
            Unit::Factor | Unit::Points => text.parse::<Ratio>().ok()?.exact().ok()?,
            Unit::Yuan => text.parse::<Rate>().ok()?.exact_fen().ok()?,
        };
        let sign = value.parts().0;
        (sign > 0 || (sign == 0 && self != Unit::Yuan)).then_some(value)
    }

    const fn expected(self) -> &'static str {
        match self {
            Unit::Factor => "a factor not below zero, e.g. 1.05",
            Unit::Points => "points not below zero, e.g. 12.5000",
            Unit::Yuan => "yuan above zero, e.g. 73.6011",
        }
    }
}

/// How a lookup file is to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape<'a> {
    /// Key columns it may have.
    pub(crate) keys: &'a [Key],
    /// The column of the value.
    pub(crate) value: &'static str,
    pub(crate) unit: Unit,
    /// Ways to be specific, first to last; empty: those that name more come first.
    pub(crate) order: &'a [Vec<Key>],
}

/// A lookup, read and checked (查找表).
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    /// The first that has a row counts.
    levels: Vec<(Vec<Key>, HashMap<String, Exact>)>,
}

impl Lookup {
    /// A lookup from CSV text that stands at `place`.
    ///
    /// # Errors
    /// A column is unknown or missing; a row has a bad value or stands twice; two ways to be
    /// specific have no order.
    pub(crate) fn parse(place: &Place, text: &str, shape: &Shape) -> Result<Lookup> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let not_csv = |e: csv::Error| Error::at(place.clone(), format!("this is not CSV: {e}"));
        let header = reader.headers().map_err(not_csv)?.clone();
        let columns = columns(&place.line(1), &header, shape)?;
        let mut lookup = Lookup { levels: Vec::new() };
        let mut errors = Vec::new();
        for record in reader.records() {
            let record = record.map_err(not_csv)?;
            let line = place.line(record.position().map_or(1, csv::Position::line));
            if let Err(message) = lookup.row(&record, &columns, shape) {
                errors.push(Error::at(line, message));
            }
        }
        Error::all(errors)?;
        lookup.sort(place, shape)?;
        Ok(lookup)
    }

    /// A lookup by one key, from values at hand.
    pub(crate) fn of(key: Key, values: impl IntoIterator<Item = (String, Exact)>) -> Lookup {
        let joined = |(name, value): (String, Exact)| {
            let mut key = String::new();
            join(&mut key, &name);
            (key, value)
        };
        Lookup {
            levels: vec![(vec![key], values.into_iter().map(joined).collect())],
        }
    }

    /// A lookup whose value is the same for every case.
    pub(crate) fn constant(value: Exact) -> Lookup {
        Lookup {
            levels: vec![(Vec::new(), HashMap::from([(String::new(), value)]))],
        }
    }

    fn row(
        &mut self,
        record: &StringRecord,
        columns: &[(Option<Key>, usize)],
        shape: &Shape,
    ) -> std::result::Result<(), String> {
        let mut keys = Vec::new();
        let mut joined = String::new();
        let mut value = "";
        for (key, index) in columns {
            let cell = record.get(*index).unwrap_or("");
            match key {
                None => value = cell,
                Some(key) if cell.is_empty() => {
                    return Err(format!(
                        "`{}` is empty; expected a value or `*` for any",
                        key.as_str()
                    ));
                }
                Some(_) if cell == "*" => {}
                Some(key) => {
                    keys.push(*key);
                    join(&mut joined, cell);
                }
            }
        }
        let (name, expected) = (shape.value, shape.unit.expected());
        let value = shape
            .unit
            .value(value)
            .ok_or_else(|| format!("`{name}` is `{value}`; expected {expected}"))?;
        let known = self.levels.iter().position(|(of, _)| *of == keys);
        let rows = match known.and_then(|at| self.levels.get_mut(at)) {
            Some((_, rows)) => rows,
            None => {
                self.levels.push((keys, HashMap::new()));
                match self.levels.last_mut() {
                    Some((_, rows)) => rows,
                    None => return Ok(()),
                }
            }
        };
        match rows.insert(joined, value) {
            None => Ok(()),
            Some(_) => Err("this row names what an earlier one names".to_owned()),
        }
    }

    /// Brings the levels into the order in which they are asked.
    fn sort(&mut self, place: &Place, shape: &Shape) -> Result<()> {
        if shape.order.is_empty() {
            self.levels.sort_by_key(|(keys, _)| std::cmp::Reverse(keys.len()));
            let tie = self.levels.windows(2).find_map(|pair| match pair {
                [(a, _), (b, _)] if a.len() == b.len() => Some((a, b)),
                _ => None,
            });
            return tie.map_or(Ok(()), |(a, b)| {
                let message = format!(
                    "rows by {} and rows by {} name equally much; the pack must say by `keys` which counts first",
                    Names(a),
                    Names(b)
                );
                Err(Error::at(place.clone(), message))
            });
        }
        let rank = |keys: &Vec<Key>| {
            let same = |way: &Vec<Key>| way.len() == keys.len() && way.iter().all(|key| keys.contains(key));
            shape.order.iter().position(same)
        };
        if let Some((keys, _)) = self.levels.iter().find(|(keys, _)| rank(keys).is_none()) {
            let message = format!(
                "there are rows by {}, which the pack's `keys` do not name",
                Names(keys)
            );
            return Err(Error::at(place.clone(), message));
        }
        self.levels.sort_by_key(|(keys, _)| rank(keys));
        Ok(())
    }

    /// The value of the most specific row that fits.
    pub(crate) fn get(&self, asked: &Asked) -> Option<Exact> {
        let mut joined = String::new();
        self.levels.iter().find_map(|(keys, rows)| {
            joined.clear();
            for key in keys {
                join(&mut joined, asked.get(*key));
            }
            rows.get(&joined).copied()
        })
    }

    /// What the rows are about, first to last, for the words of a pack.
    pub(crate) fn ways(&self) -> impl Iterator<Item = String> {
        self.levels.iter().map(|(keys, _)| Names(keys).to_string())
    }

    /// Every value, for checks of their limits.
    pub(crate) fn values(&self) -> impl Iterator<Item = Exact> {
        self.levels.iter().flat_map(|(_, rows)| rows.values().copied())
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.levels.iter().map(|(_, rows)| rows.len()).sum()
    }
}

/// Keys in words: `group, level`, or `*` for rows about every case.
struct Names<'a>(&'a [Key]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("`*`");
        }
        let names: Vec<&str> = self.0.iter().map(|key| key.as_str()).collect();
        write!(f, "`{}`", names.join(", "))
    }
}

/// A separator no cell holds: cells are trimmed.
fn join(joined: &mut String, cell: &str) {
    joined.push_str(cell);
    joined.push('\n');
}

/// Key columns in the order of [`Key`], then the value's.
fn columns(place: &Place, header: &StringRecord, shape: &Shape) -> Result<Vec<(Option<Key>, usize)>> {
    let mut columns = Vec::new();
    for (index, name) in header.iter().enumerate() {
        let key = shape.keys.iter().find(|key| key.as_str() == name);
        if key.is_none() && name != shape.value && name != "note" {
            let known = shape
                .keys
                .iter()
                .map(|key| key.as_str())
                .chain([shape.value, "note"]);
            let hint = suggestion(name, known);
            return Err(Error::at(place.clone(), format!("unknown column `{name}`{hint}")));
        }
        if name != "note" {
            columns.push((key.copied(), index));
        }
    }
    columns.sort();
    let twice = columns.windows(2).any(|pair| match pair {
        [(a, _), (b, _)] => a == b,
        _ => false,
    });
    if twice || !columns.iter().any(|(key, _)| key.is_none()) {
        let message = format!("expected each column once, and among them `{}`", shape.value);
        return Err(Error::at(place.clone(), message));
    }
    Ok(columns)
}

/// Rows of a small list (名单): the first column `group`, others by name.
pub(crate) fn list(place: &Place, text: &str, wanted: &[&str]) -> Result<Vec<Vec<String>>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let not_csv = |e: csv::Error| Error::at(place.clone(), format!("this is not CSV: {e}"));
    let header = reader.headers().map_err(not_csv)?.clone();
    let mut at = Vec::new();
    for name in wanted {
        let index = header.iter().position(|column| column == *name).ok_or_else(|| {
            let hint = suggestion(name, &header);
            Error::at(place.line(1), format!("column `{name}` is missing{hint}"))
        })?;
        at.push(index);
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(not_csv)?;
        let cells: Vec<String> = at
            .iter()
            .map(|i| record.get(*i).unwrap_or("").to_owned())
            .collect();
        if let Some(at) = cells.iter().position(String::is_empty) {
            let name = wanted.get(at).copied().unwrap_or("");
            let line = place.line(record.position().map_or(1, csv::Position::line));
            return Err(Error::at(line, format!("`{name}` is empty")));
        }
        rows.push(cells);
    }
    Ok(rows)
}
