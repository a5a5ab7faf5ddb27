//! Our result against the one that comes back: case by case, column by column (回盘比对).
//!
//! A file that comes back has columns and words of its own; a mapping names them. What is empty there is
//! unknown and never zero: it is told, and left out of every sum.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::diagnostics::{Error, Place, Result, parse_toml, read_text, suggestion};
use crate::records::AnyTable;
use crate::units::{Fen, Ratio};

/// How a file that comes back is read (回盘映射).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Version of this form: 1.
    schema: u32,
    /// Our column → theirs, of what makes a case itself.
    key: BTreeMap<String, String>,
    /// Words that stand for nothing, besides an empty cell.
    #[serde(default)]
    nothing: Vec<String>,
    /// What is compared, by our column.
    compare: BTreeMap<String, MappedColumn>,
}

/// A column that is compared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MappedColumn {
    theirs: String,
    kind: ColumnKind,
    /// Of money: theirs are `yuan` or `fen`.
    #[serde(default)]
    unit: Unit,
    /// Theirs → ours, of words.
    #[serde(default)]
    words: BTreeMap<String, String>,
    /// Differences up to this many yuan are none.
    tolerance: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum ColumnKind {
    Money,
    Number,
    Word,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Unit {
    #[default]
    Yuan,
    Fen,
}

/// What became of a cell (比对结论).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The same, or within the tolerance.
    Same,
    /// Not the same.
    Differs,
    /// Theirs is empty: unknown, not zero.
    NothingTheirs,
    /// Ours is empty.
    NothingOurs,
    /// Both are empty: nothing to compare.
    NothingBoth,
    /// Theirs cannot be read as what it should be.
    Unreadable,
    /// The case does not stand in theirs.
    OnlyOurs,
    /// The case does not stand in ours.
    OnlyTheirs,
    /// The case stands several times in theirs.
    Twice,
}

impl Verdict {
    /// Every verdict, in the order of summaries.
    pub const ALL: [Verdict; 9] = [
        Verdict::Same,
        Verdict::Differs,
        Verdict::NothingTheirs,
        Verdict::NothingOurs,
        Verdict::NothingBoth,
        Verdict::Unreadable,
        Verdict::OnlyOurs,
        Verdict::OnlyTheirs,
        Verdict::Twice,
    ];

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Differs => "differs",
            Verdict::NothingTheirs => "nothing_theirs",
            Verdict::NothingOurs => "nothing_ours",
            Verdict::NothingBoth => "nothing_both",
            Verdict::Unreadable => "unreadable",
            Verdict::OnlyOurs => "only_ours",
            Verdict::OnlyTheirs => "only_theirs",
            Verdict::Twice => "twice",
        }
    }
}

/// A cell that is not the same (差异).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// What makes the case itself, in the order of the mapping.
    pub key: Vec<String>,
    /// Our column; empty where the whole case is meant.
    pub column: String,
    /// As it stands in ours …
    pub ours: String,
    /// … and in theirs.
    pub theirs: String,
    /// Ours less theirs, of money.
    pub difference: Option<Fen>,
    /// What became of it.
    pub verdict: Verdict,
    /// Its line in theirs.
    pub line: Option<u64>,
}

/// What a column comes to (列汇总).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Cells by verdict.
    pub counts: BTreeMap<Verdict, u64>,
    /// Sums of ours and theirs over cells that both have, of money.
    pub money: Option<(Fen, Fen)>,
}

impl Sums {
    /// Whether every cell of the column is known on both sides.
    pub fn complete(&self) -> bool {
        let known = [Verdict::Same, Verdict::Differs];
        self.counts.keys().all(|verdict| known.contains(verdict))
    }
}

/// Our result against theirs (比对结果).
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Names of the key's columns.
    pub key: Vec<String>,
    /// All that is not the same, in the order of our cases, then theirs.
    pub differing: Vec<Differing>,
    /// By our column; empty for whole cases.
    pub sums: BTreeMap<String, Sums>,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// Unknown keys, no key, a tolerance that is no amount, keys that do not go together.
    pub fn load(path: &Path) -> Result<Mapping> {
        let place = Place::file(path);
        let mapping: Mapping = parse_toml(&place, &read_text(path)?)?;
        mapping.check(&place)?;
        Ok(mapping)
    }

    fn check(&self, place: &Place) -> Result<()> {
        let say = |message: String| Err(Error::at(place.clone(), message));
        if self.schema != 1 {
            return say(format!("`schema` is {}; this program knows 1", self.schema));
        }
        if self.key.is_empty() {
            return say("`key` is empty; expected what makes a case itself, e.g. case_id = \"…\"".to_owned());
        }
        if self.compare.is_empty() {
            return say("`compare` is empty; expected a table for each column that is compared".to_owned());
        }
        for (name, column) in &self.compare {
            let money = column.kind == ColumnKind::Money;
            if !money && (column.tolerance.is_some() || column.unit == Unit::Fen) {
                return say(format!(
                    "`compare.{name}`: `tolerance` and `unit` are keys of money"
                ));
            }
            if column.kind != ColumnKind::Word && !column.words.is_empty() {
                return say(format!("`compare.{name}`: `words` is a key of words"));
            }
            if let Some(Err(expected)) = column.tolerance.as_deref().map(Fen::parse_yuan) {
                return say(format!("`compare.{name}.tolerance`: {expected}"));
            }
        }
        Ok(())
    }

    /// Compares two tables.
    ///
    /// # Errors
    /// A column that is named is not there; a case of ours stands twice.
    pub fn compare(&self, ours: &AnyTable, theirs: &AnyTable) -> Result<Comparison> {
        let bound = self.bind(ours, theirs)?;
        let mut comparison = Comparison {
            key: self.key.keys().cloned().collect(),
            ..Comparison::default()
        };
        for column in self.compare.keys() {
            comparison.sums.insert(column.clone(), Sums::default());
        }
        let mut found: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        for (index, (_, cells)) in theirs.rows.iter().enumerate() {
            found
                .entry(key_of(cells, &bound.their_key))
                .or_default()
                .push(index);
        }
        let mut seen: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        for (line, cells) in &ours.rows {
            let key = key_of(cells, &bound.our_key);
            if let Some(before) = seen.insert(key.clone(), *line) {
                let message = format!("case `{}` stands in line {before} already", key.join(" "));
                return Err(Error::at(ours.place.line(*line), message));
            }
            let rows = found.remove(&key).unwrap_or_default();
            match rows.as_slice() {
                [] => comparison.whole(key, Verdict::OnlyOurs, None),
                [row] => {
                    if let Some((line, theirs)) = theirs.rows.get(*row) {
                        comparison.note_case(&key, (self, &bound), cells, (*line, theirs));
                    }
                }
                [row, ..] => {
                    let line = theirs.rows.get(*row).map(|(line, _)| *line);
                    comparison.whole(key, Verdict::Twice, line);
                }
            }
        }
        for (key, rows) in found {
            let line = rows
                .first()
                .and_then(|row| theirs.rows.get(*row))
                .map(|(line, _)| *line);
            comparison.whole(key, Verdict::OnlyTheirs, line);
        }
        Ok(comparison)
    }

    fn bind(&self, ours: &AnyTable, theirs: &AnyTable) -> Result<Bound> {
        let find = |table: &AnyTable, name: &str| {
            table.column(name).ok_or_else(|| {
                let hint = suggestion(name, table.columns.iter().map(String::as_str));
                let message = format!("there is no column `{name}`, which the mapping names{hint}");
                Error::at(table.place.clone(), message)
            })
        };
        let our_key: Result<Vec<usize>> = self.key.keys().map(|name| find(ours, name)).collect();
        let their_key: Result<Vec<usize>> = self.key.values().map(|name| find(theirs, name)).collect();
        let columns = self.compare.iter().map(|(name, column)| {
            let tolerance = column
                .tolerance
                .as_deref()
                .and_then(|text| Fen::parse_yuan(text).ok());
            Ok(BoundColumn {
                ours: find(ours, name)?,
                theirs: find(theirs, &column.theirs)?,
                tolerance: tolerance.unwrap_or(Fen::ZERO),
            })
        });
        Ok(Bound {
            our_key: our_key?,
            their_key: their_key?,
            columns: columns.collect::<Result<_>>()?,
        })
    }

    fn is_nothing(&self, cell: &str) -> bool {
        cell.is_empty() || self.nothing.iter().any(|word| word == cell)
    }
}

/// Where the columns stand.
struct Bound {
    our_key: Vec<usize>,
    their_key: Vec<usize>,
    /// In the order of the mapping.
    columns: Vec<BoundColumn>,
}

struct BoundColumn {
    ours: usize,
    theirs: usize,
    tolerance: Fen,
}

fn key_of(cells: &[String], columns: &[usize]) -> Vec<String> {
    let cells = columns
        .iter()
        .map(|at| cells.get(*at).cloned().unwrap_or_default());
    cells.collect()
}

/// What two cells come to.
struct Compared {
    verdict: Verdict,
    /// Both, of money.
    money: Option<(Fen, Fen)>,
}

impl Compared {
    const fn of(verdict: Verdict) -> Compared {
        Compared { verdict, money: None }
    }
}

impl MappedColumn {
    fn compared(&self, ours: &str, theirs: &str, tolerance: Fen) -> Compared {
        match self.kind {
            ColumnKind::Word => {
                let theirs = self.words.get(theirs).map_or(theirs, String::as_str);
                Compared::of(if ours == theirs {
                    Verdict::Same
                } else {
                    Verdict::Differs
                })
            }
            ColumnKind::Number => match (number(ours), number(theirs)) {
                (Some(ours), Some(theirs)) if ours == theirs => Compared::of(Verdict::Same),
                (_, None) => Compared::of(Verdict::Unreadable),
                _ => Compared::of(Verdict::Differs),
            },
            ColumnKind::Money => {
                let Some(theirs) = self.money(theirs) else {
                    return Compared::of(Verdict::Unreadable);
                };
                let Some(ours) = amount_of(ours) else {
                    return Compared::of(Verdict::Differs);
                };
                let apart = i128::from(ours.fen()) - i128::from(theirs.fen());
                let same = apart.abs() <= i128::from(tolerance.fen());
                Compared {
                    verdict: if same { Verdict::Same } else { Verdict::Differs },
                    money: Some((ours, theirs)),
                }
            }
        }
    }

    /// An amount of theirs; commas between thousands are taken, a third decimal is not.
    fn money(&self, text: &str) -> Option<Fen> {
        let text = text.replace(',', "");
        match self.unit {
            Unit::Yuan => amount_of(&text),
            Unit::Fen => Fen::new(text.parse().ok()?).of_a_cell(),
        }
    }
}

/// An amount that sums of many can be made of.
fn amount_of(yuan: &str) -> Option<Fen> {
    Fen::parse_yuan(yuan).ok()?.of_a_cell()
}

fn number(text: &str) -> Option<rust_decimal::Decimal> {
    text.parse::<Ratio>().ok().map(Ratio::decimal)
}

impl Comparison {
    fn whole(&mut self, key: Vec<String>, verdict: Verdict, line: Option<u64>) {
        self.count("", verdict, None);
        self.differing.push(Differing {
            key,
            column: String::new(),
            ours: String::new(),
            theirs: String::new(),
            difference: None,
            verdict,
            line,
        });
    }

    fn count(&mut self, column: &str, verdict: Verdict, money: Option<(Fen, Fen)>) {
        let sums = self.sums.entry(column.to_owned()).or_default();
        *sums.counts.entry(verdict).or_default() += 1;
        if let Some((ours, theirs)) = money {
            let (our_sum, their_sum) = sums.money.unwrap_or_default();
            sums.money = Some((our_sum + ours, their_sum + theirs));
        }
    }

    /// Compares the columns of a case that both have.
    fn note_case(
        &mut self,
        key: &[String],
        (mapping, bound): (&Mapping, &Bound),
        ours: &[String],
        (line, theirs): (u64, &[String]),
    ) {
        self.count("", Verdict::Same, None);
        for ((name, column), at) in mapping.compare.iter().zip(&bound.columns) {
            let cell = |cells: &[String], at: usize| cells.get(at).cloned().unwrap_or_default();
            let (ours, theirs) = (cell(ours, at.ours), cell(theirs, at.theirs));
            let compared = match (ours.is_empty(), mapping.is_nothing(&theirs)) {
                (true, true) => Compared::of(Verdict::NothingBoth),
                (true, false) => Compared::of(Verdict::NothingOurs),
                (false, true) => Compared::of(Verdict::NothingTheirs),
                (false, false) => column.compared(&ours, &theirs, at.tolerance),
            };
            self.count(name, compared.verdict, compared.money);
            if !matches!(compared.verdict, Verdict::Same | Verdict::NothingBoth) {
                self.differing.push(Differing {
                    key: key.to_vec(),
                    column: name.clone(),
                    difference: compared.money.map(|(ours, theirs)| ours - theirs),
                    ours,
                    theirs,
                    verdict: compared.verdict,
                    line: Some(line),
                });
            }
        }
    }
}
