//! Weights of the groups (权重表, 分值表).

use std::io::Write;
use std::path::Path;

use csv::StringRecord;
use hashbrown::HashMap;

use crate::diagnostics::{Error, Evidence, Place, Result, read_text, suggestion};
use crate::units::{Exact, Fen, Weight};

/// The columns of a weights file, in the order they are written.
const COLUMNS: [&str; 7] = [
    "group",
    "weight",
    "cases",
    "mean_cost",
    "stable",
    "evidence",
    "note",
];

/// The column of weights that do not depend on the hospital's level.
pub(super) const WEIGHT: &str = "weight";

/// What the names of further columns of weights begin with, e.g. `w_high`.
const FURTHER: &str = "w_";

/// The row of all kept cases.
pub(crate) const ALL_CASES: &str = "*";

/// One group's row (病组权重).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupWeight {
    /// Weight as printed; none where the group is not stable.
    pub weight: Option<Weight>,
    /// Cases it was made from, where known.
    pub cases: Option<u64>,
    /// Mean cost, where known.
    pub mean_cost: Option<Fen>,
    /// `false` where there were too few cases for a weight.
    pub stable: bool,
    /// How well it is known.
    pub evidence: Evidence,
    /// Remark, e.g. the source.
    pub note: String,
    exact: Option<Exact>,
    /// Weights of further columns, by their names.
    others: Vec<(String, Exact)>,
}

impl GroupWeight {
    /// A row from its values (一行权重).
    ///
    /// # Errors
    /// A negative weight or mean cost, a weight that is out of range, or one that does not go
    /// with `stable`; the message is for the user.
    pub fn new(
        weight: Option<Weight>,
        cases: Option<u64>,
        mean_cost: Option<Fen>,
        evidence: Evidence,
        note: String,
    ) -> std::result::Result<GroupWeight, String> {
        let exact = weight.map(Weight::exact).transpose();
        let exact = exact.map_err(|_| "`weight` is out of range".to_owned())?;
        if exact.is_some_and(|weight| weight.parts().0 < 0) {
            return Err("`weight` is below zero; expected zero or more".to_owned());
        }
        if mean_cost.is_some_and(|cost| cost.is_negative() || cost > Fen::LARGEST_INPUT) {
            return Err(format!("`mean_cost` is outside 0 to {} yuan", Fen::LARGEST_INPUT));
        }
        Ok(GroupWeight {
            weight,
            cases,
            mean_cost,
            stable: weight.is_some(),
            evidence,
            note,
            exact,
            others: Vec::new(),
        })
    }

    /// The weight to price with, of one column; none where the group is not stable.
    pub(super) fn usable(&self, column: &str) -> Option<Exact> {
        match column {
            WEIGHT => self.exact,
            _ => {
                let found = self.others.iter().find(|(name, _)| name == column);
                found.map(|(_, weight)| *weight)
            }
        }
    }
}

/// The weights of a scheme's groups (权重表).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    groups: HashMap<String, GroupWeight>,
    all: Option<GroupWeight>,
    /// Further columns of weights, by their names.
    further: Vec<String>,
}

impl Weights {
    /// Reads a weights file (读取权重表): UTF-8 CSV, the first line the header
    /// `group,weight,cases,mean_cost,stable,evidence,note`, money in yuan. The row `*` stands for
    /// all kept cases and gives the region's mean cost.
    ///
    /// # Errors
    /// The file cannot be read; a column is missing or unknown; a row has a bad value, or a group
    /// stands twice. All bad rows are told at once.
    pub fn load(path: &Path) -> Result<Weights> {
        Weights::parse(&Place::file(path), &read_text(path)?)
    }

    /// Weights from text that stands at `place` (解析权重表).
    ///
    /// # Errors
    /// As [`Weights::load`].
    pub fn parse(place: &Place, text: &str) -> Result<Weights> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|e| not_csv(place, &e))?.clone();
        let columns = Columns::of(place, &header)?;
        let mut rows = Vec::new();
        let mut errors = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| not_csv(place, &e));
            match record.and_then(|record| columns.row(place, &record)) {
                Ok(row) => rows.push(row),
                Err(error) => errors.push(error),
            }
        }
        let mut weights = Weights {
            groups: HashMap::with_capacity(rows.len()),
            all: None,
            further: columns.further.iter().map(|(name, _)| name.clone()).collect(),
        };
        for (line, group, row) in rows {
            if !weights.insert(group.clone(), row) {
                let message = format!("group `{group}` stands twice; expected one row a group");
                errors.push(Error::at(place.line(line), message));
            }
        }
        Error::all(errors)?;
        Ok(weights)
    }

    /// Weights from rows; a later row of the same group does not replace an earlier one.
    pub(crate) fn of(rows: impl IntoIterator<Item = (String, GroupWeight)>) -> Weights {
        let mut weights = Weights {
            groups: HashMap::new(),
            all: None,
            further: Vec::new(),
        };
        for (group, row) in rows {
            weights.insert(group, row);
        }
        weights
    }

    fn insert(&mut self, group: String, row: GroupWeight) -> bool {
        if group == ALL_CASES {
            let first = self.all.is_none();
            self.all.get_or_insert(row);
            return first;
        }
        self.groups.try_insert(group, row).is_ok()
    }

    /// A group's row (查权重).
    pub fn get(&self, group: &str) -> Option<&GroupWeight> {
        self.groups.get(group)
    }

    /// Whether it has a column of weights of this name (有无该权重列).
    pub fn has_column(&self, name: &str) -> bool {
        name == WEIGHT || self.further.iter().any(|known| known == name)
    }

    /// The mean cost of all kept cases, where known (区域次均费用).
    pub fn city_mean(&self) -> Option<Fen> {
        self.all.as_ref()?.mean_cost.filter(|mean| *mean > Fen::ZERO)
    }

    /// How many groups have a row (组数).
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// `true` without any group (空表).
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The rows by group code, without the row of all cases (逐行列出).
    pub fn rows(&self) -> Vec<(&str, &GroupWeight)> {
        let mut rows: Vec<_> = self
            .groups
            .iter()
            .map(|(group, row)| (group.as_str(), row))
            .collect();
        rows.sort_unstable_by_key(|(group, _)| *group);
        rows
    }

    /// The weakest ground of any row (最弱证据等级).
    pub fn evidence(&self) -> Evidence {
        let rows = self.groups.values().chain(&self.all);
        rows.map(|row| row.evidence).max().unwrap_or(Evidence::Assumption)
    }

    /// Writes the weights as [`Weights::load`] reads them: all cases first, then groups by code
    /// (写出权重表).
    ///
    /// # Errors
    /// The writer fails.
    pub fn write(&self, out: impl Write) -> std::io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS)?;
        let all = self.all.iter().map(|row| (ALL_CASES, row));
        for (group, row) in all.chain(self.rows()) {
            let text =
                |value: Option<&dyn std::fmt::Display>| value.map_or_else(String::new, |v| v.to_string());
            writer.write_record([
                group,
                &text(row.weight.as_ref().map(|v| v as _)),
                &text(row.cases.as_ref().map(|v| v as _)),
                &text(row.mean_cost.as_ref().map(|v| v as _)),
                if row.stable { "yes" } else { "no" },
                row.evidence.as_str(),
                &row.note,
            ])?;
        }
        writer.flush()
    }
}

/// Where the columns stand in a file.
struct Columns {
    known: Vec<(&'static str, usize)>,
    /// Further columns of weights.
    further: Vec<(String, usize)>,
}

impl Columns {
    fn of(place: &Place, header: &StringRecord) -> Result<Columns> {
        let place = place.line(1);
        let mut further: Vec<(String, usize)> = Vec::new();
        for (index, name) in header.iter().enumerate() {
            if name.starts_with(FURTHER) && further.iter().all(|(known, _)| known != name) {
                further.push((name.to_owned(), index));
            } else if !COLUMNS.contains(&name) {
                let hint = suggestion(name, COLUMNS);
                return Err(Error::at(place, format!("unknown column `{name}`{hint}")));
            }
        }
        let found = COLUMNS.iter().map(|name| {
            let mut at = header.iter().enumerate().filter(|(_, written)| written == name);
            match (at.next(), at.next()) {
                (Some((index, _)), None) => Ok((*name, index)),
                (None, _) => Err(Error::at(place.clone(), format!("column `{name}` is missing"))),
                _ => Err(Error::at(place.clone(), format!("column `{name}` stands twice"))),
            }
        });
        Ok(Columns {
            known: found.collect::<Result<_>>()?,
            further,
        })
    }

    fn row(&self, place: &Place, record: &StringRecord) -> Result<(u64, String, GroupWeight)> {
        let line = record.position().map_or(1, csv::Position::line);
        self.values(record)
            .map(|(group, row)| (line, group, row))
            .map_err(|message| Error::at(place.line(line), message))
    }

    fn values(&self, record: &StringRecord) -> std::result::Result<(String, GroupWeight), String> {
        let cell = |name: &str| {
            let index = self.known.iter().find(|(column, _)| *column == name);
            index.and_then(|(_, index)| record.get(*index)).unwrap_or("")
        };
        let group = cell("group");
        if group.is_empty() {
            return Err("`group` is empty; expected a group code, or `*` for all cases".to_owned());
        }
        let weight = optional(&cell, "weight", "a weight as decimal text, e.g. 0.6524", |t| {
            t.parse().ok()
        })?;
        let cases = optional(&cell, "cases", "a number of cases", |t| t.parse().ok())?;
        let mean = optional(
            &cell,
            "mean_cost",
            "yuan with at most two decimals, e.g. 8155.59",
            |t| Fen::parse_yuan(t).ok(),
        )?;
        match (cell("stable"), weight) {
            ("yes", Some(_)) | ("no", None) => {}
            ("yes", None) => return Err("`weight` is empty, but `stable` is `yes`".to_owned()),
            ("no", Some(_)) => {
                return Err("`weight` is filled, but `stable` is `no`: it would not be used".to_owned());
            }
            (other, _) => return Err(format!("`stable` is `{other}`; expected yes or no")),
        }
        let evidence = evidence(cell("evidence"))?;
        let mut row = GroupWeight::new(weight, cases, mean, evidence, cell("note").to_owned())?;
        row.others = self.further_weights(record)?;
        Ok((group.to_owned(), row))
    }
}

impl Columns {
    /// Weights of further columns; an empty cell is none.
    fn further_weights(&self, record: &StringRecord) -> std::result::Result<Vec<(String, Exact)>, String> {
        let mut weights = Vec::new();
        for (name, index) in &self.further {
            let cell = record.get(*index).unwrap_or("");
            if cell.is_empty() {
                continue;
            }
            let weight: Option<Weight> = cell.parse().ok();
            let exact = weight.and_then(|weight| weight.exact().ok());
            let exact = exact.filter(|weight| weight.parts().0 >= 0).ok_or_else(|| {
                format!("`{name}` is `{cell}`; expected a weight as decimal text, e.g. 0.6524")
            })?;
            weights.push((name.clone(), exact));
        }
        Ok(weights)
    }
}

/// An empty cell is a value that is not known.
fn optional<'r, T>(
    cell: &impl Fn(&str) -> &'r str,
    name: &str,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> std::result::Result<Option<T>, String> {
    match cell(name) {
        "" => Ok(None),
        text => parse(text)
            .map(Some)
            .ok_or_else(|| format!("`{name}` is `{text}`; expected {expected}")),
    }
}

fn evidence(word: &str) -> std::result::Result<Evidence, String> {
    use Evidence::{Assumption, Local, Official, Secondary};
    let all = [Official, Local, Secondary, Assumption];
    let found = all.into_iter().find(|evidence| evidence.as_str() == word);
    found.ok_or_else(|| {
        let hint = suggestion(word, all.map(Evidence::as_str));
        format!("`evidence` is `{word}`; expected official, local, secondary or assumption{hint}")
    })
}

fn not_csv(place: &Place, error: &csv::Error) -> Error {
    let place = match error.position() {
        Some(position) => place.line(position.line()),
        None => place.clone(),
    };
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("this row has {len} cells; expected {expected_len}, as the header")
        }
        _ => format!("this is not CSV: {error}"),
    };
    Error::at(place, message)
}
