//! All that the edits need, read and checked once.

use jiff::civil::Date;

use super::condition::{Atom, Codes, Operand, Which, Words};
use super::files::{ColumnRule, read_columns};
use super::lists::{CodeKind, CodeSet, MarkedCodes};
use super::profile::Profile;
use super::rows::{Edits, Parameters, read_severity};
use super::sheet::EditFile;
use crate::codes::CodeList;
use crate::diagnostics::{Error, Lang, Place, Result, Severity, Stops, suggestion};
use crate::records::check::{EditFunction, function, is_asked_while_reading};
use crate::records::door::Door;
use crate::records::{Column, Header, plain_number};

/// Reads a file of the edits by its name; nothing if there is none.
type Source<'s> = &'s dyn Fn(&str) -> Result<Option<EditFile>>;

/// A condition of `conditions.csv`.
#[derive(Clone, Debug)]
pub(in crate::records) struct Clause {
    pub(in crate::records) edit: &'static str,
    /// Where it differs from the edit's own.
    pub(in crate::records) severity: Option<Severity>,
    pub(in crate::records) atoms: Vec<Atom>,
}

/// The edits with their conditions, lists and limits, and the code lists of the records (质控规则集).
#[derive(Debug)]
pub struct EditBook {
    pub(in crate::records) edits: Edits,
    pub(in crate::records) diagnoses: MarkedCodes,
    pub(in crate::records) procedures: MarkedCodes,
    pub(in crate::records) columns: Vec<ColumnRule>,
    /// Columns that must be filled, always or if one of the conditions holds.
    pub(in crate::records) required: Vec<(Column, Vec<Vec<Atom>>)>,
    pub(in crate::records) door: Door,
    pub(in crate::records) as_of: Option<Date>,
    sets: Vec<CodeSet>,
    clauses: Vec<Clause>,
    /// Whether only edits are asked that stop a record somewhere.
    stopping_only: bool,
}

/// Columns with the parameters of edits that they are compared with by the program itself.
const LIMITS: [(&[Column], &str, &str); 12] = [
    (&[Column::Age], "A402", "min"),
    (&[Column::Age], "A402", "max"),
    (&[Column::AgeDays], "A406", "max"),
    (&[Column::AgeDays], "B501", "newborn_days"),
    (&[Column::BirthWeightsG, Column::WeightG], "B502", "error_min"),
    (&[Column::BirthWeightsG, Column::WeightG], "B502", "error_max"),
    (&[Column::BirthWeightsG], "B502", "warning_min"),
    (&[Column::BirthWeightsG], "B502", "warning_max"),
    (&[Column::AdmitWeightG], "B503", "error_min"),
    (&[Column::AdmitWeightG], "B503", "error_max"),
    (&[Column::AdmitWeightG], "B503", "warning_min"),
    (&[Column::AdmitWeightG], "B503", "warning_max"),
];

/// An edit that is not asked of a file, and why (不适用).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inapplicable {
    /// The edit.
    pub code: &'static str,
    /// In words, e.g. the column that is missing.
    pub reason: String,
}

/// What an edit needs, as words of its column `needs`.
enum Need<'n> {
    /// One of these columns.
    Columns(Vec<&'n str>),
    /// Cells that only a layout's reader sees.
    Reader,
    /// Grouped cases of one person.
    Grouped,
    /// The lists of a scenario.
    Run,
    /// The option `--as-of`.
    AsOf,
}

impl Need<'_> {
    fn of(word: &str) -> Need<'_> {
        match word {
            "reader" => Need::Reader,
            "grouped" => Need::Grouped,
            "run" => Need::Run,
            "--as-of" => Need::AsOf,
            columns => Need::Columns(columns.split('/').collect()),
        }
    }
}

impl EditBook {
    /// Reads the files of the edits, as a profile changes them, for records in these code lists.
    ///
    /// # Errors
    /// A file is missing or faulty: every fault with its place.
    pub fn load(
        source: Source<'_>,
        diagnoses: CodeList,
        procedures: CodeList,
        profile: Option<&Profile>,
    ) -> Result<EditBook> {
        let mut edits = Edits::read(&needed(source, "edits.csv")?)?;
        if let Some(profile) = profile {
            profile.apply(&mut edits)?;
        }
        let columns = read_columns(
            &needed(source, "columns.csv")?,
            &needed(source, "code_tables.csv")?,
        )?;
        let mut sets = read_lists(source, profile)?;
        let conditions = needed(source, "conditions.csv")?;
        let clauses = read_clauses(&conditions, &edits, &columns, &mut sets)?;
        let required = read_required(&columns, &mut sets)?;
        let book = EditBook {
            diagnoses: MarkedCodes::new(diagnoses, CodeKind::Diagnosis, &sets),
            procedures: MarkedCodes::new(procedures, CodeKind::Procedure, &sets),
            edits,
            columns,
            required,
            door: Door::default(),
            as_of: None,
            sets,
            clauses,
            stopping_only: false,
        };
        book.every_edit_can_be_asked(&conditions.place)?;
        Ok(book)
    }

    /// Asks, beyond what reading and the lists tell, only the edits that stop a record somewhere: for a
    /// run that prices records; `check` asks all.
    pub fn stopping_only(mut self) -> EditBook {
        self.stopping_only = true;
        self
    }

    /// Whether an edit is asked of a file with this header.
    fn is_asked(&self, code: &str, header: &Header) -> bool {
        let is_wanted =
            |row: &super::rows::Row| !row.off && (!self.stopping_only || row.edit.stops != Stops::None);
        self.edits.row(code).is_some_and(is_wanted) && self.missing(code, header, Lang::En).is_none()
    }

    /// Says which codes the files hold, and what is done to their rows at the door.
    pub fn set_door(&mut self, door: Door) {
        self.door = door;
    }

    /// With the day after which no date of a record may lie.
    pub fn with_as_of(mut self, as_of: Option<Date>) -> EditBook {
        self.as_of = as_of;
        self
    }

    /// The edits.
    pub fn edits(&self) -> &Edits {
        &self.edits
    }

    /// Whether so many codes of another version are told, of so many codes in a file, and what the
    /// limit is in words.
    pub fn is_mixed(&self, foreign: u64, codes: u64) -> Option<String> {
        let share = self.edits.parameters("C106").get("share");
        let is_off = self.edits.is_off("C106");
        let is_mixed = i128::from(foreign) * 10_000 > i128::from(codes) * i128::from(share) * 100;
        (is_mixed && !is_off).then(|| plain_number(share * 100))
    }

    /// What is done to rows before they are read.
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// Listed diagnoses.
    pub fn diagnoses(&self) -> &CodeList {
        self.diagnoses.list()
    }

    /// Listed procedures.
    pub fn procedures(&self) -> &CodeList {
        self.procedures.list()
    }

    /// The least numbers, in hundredths, of the ranges of a column within which no comparison of any
    /// edit comes out differently (判定界值).
    pub fn limits_of(&self, column: Column) -> Vec<i64> {
        let of_atom = |atom: &Atom| match atom {
            Atom::Number(of, comparison, Operand::Number(limit)) if *of == column => {
                comparison.limits(*limit)
            }
            _ => [None; 2],
        };
        let required = self.required.iter().flat_map(|(_, conditions)| conditions);
        let asked = self.clauses.iter().map(|clause| &clause.atoms).chain(required);
        let mut limits: Vec<i64> = asked.flatten().flat_map(of_atom).flatten().collect();
        for (_, edit, name) in LIMITS.iter().filter(|(of, ..)| of.contains(&column)) {
            let limit = self.edits.parameters(edit).get(name);
            limits.extend([limit, limit + 1]);
        }
        limits
    }

    /// Whether a code of the pathologies stands in a set.
    pub(in crate::records) fn set_holds(&self, set: usize, code: &str) -> bool {
        self.sets.get(set).is_some_and(|set| set.holds(code, None))
    }

    /// The conditions that can be asked of a file with this header.
    pub(in crate::records) fn clauses(&self, header: &Header) -> Vec<&Clause> {
        let is_asked = |clause: &&Clause| self.is_asked(clause.edit, header) && self.can_hold(clause, header);
        self.clauses.iter().filter(is_asked).collect()
    }

    /// The functions that can be asked of a file with this header.
    pub(in crate::records) fn functions(&self, header: &Header) -> Vec<(EditFunction, &Parameters)> {
        let codes = self.edits.iter().map(|edit| edit.code);
        codes
            .filter(|code| self.is_asked(code, header))
            .filter_map(|code| Some((function(code)?, self.edits.parameters(code))))
            .collect()
    }

    /// The edits that are not asked of a file with this header, and why.
    pub fn inapplicable(&self, header: &Header, lang: Lang) -> Vec<Inapplicable> {
        let mut found = Vec::new();
        for row in &self.edits.rows {
            let code = row.edit.code;
            let reason = match row.off {
                true => Some(
                    lang.pick("switched off by the profile", "质控方案已停用")
                        .to_owned(),
                ),
                false => self
                    .missing(code, header, lang)
                    .or_else(|| self.hopeless(code, header, lang)),
            };
            found.extend(reason.map(|reason| Inapplicable { code, reason }));
        }
        found
    }

    /// What an edit needs and the file has not.
    fn missing(&self, code: &str, header: &Header, lang: Lang) -> Option<String> {
        let row = self.edits.row(code)?;
        row.needs
            .split_whitespace()
            .find_map(|word| match Need::of(word) {
                Need::Columns(names) => {
                    let there = |name: &&str| {
                        let column = Column::ALL.iter().find(|column| column.name() == *name);
                        column.is_some_and(|column| header.field(*column).is_some())
                    };
                    (!names.iter().any(there)).then(|| match lang {
                        Lang::En => format!("no column {}", names.join(" or ")),
                        Lang::Zh => format!("缺少列{}", names.join("或")),
                    })
                }
                Need::Reader => (!header.reader_asks(code)).then(|| {
                    lang.pick("the file has no such cells", "文件无此项内容")
                        .to_owned()
                }),
                Need::Grouped => Some(lang.pick("needs grouped cases", "需要分组后的病例").to_owned()),
                Need::Run => Some(
                    lang.pick("asked by `run`, with its lists", "由 run 按情景名单核查")
                        .to_owned(),
                ),
                Need::AsOf => {
                    let reason = lang.pick("needs --as-of", "需要 --as-of");
                    self.as_of.is_none().then(|| reason.to_owned())
                }
            })
    }

    /// Why no condition of an edit can hold, if it has nothing else.
    fn hopeless(&self, code: &str, header: &Header, lang: Lang) -> Option<String> {
        let mut clauses = self
            .clauses
            .iter()
            .filter(|clause| clause.edit == code)
            .peekable();
        clauses.peek()?;
        if function(code).is_some() || clauses.any(|clause| self.can_hold(clause, header)) {
            return None;
        }
        let empty = self
            .clauses
            .iter()
            .filter(|clause| clause.edit == code)
            .find_map(|clause| self.empty_list(clause));
        Some(match (empty, lang) {
            (Some(list), Lang::En) => format!("list {list} is empty"),
            (Some(list), Lang::Zh) => format!("清单{list}为空"),
            (None, _) => lang.pick("its columns are missing", "缺少所需的列").to_owned(),
        })
    }

    fn empty_list(&self, clause: &Clause) -> Option<&str> {
        clause.atoms.iter().find_map(|atom| match atom {
            Atom::Codes {
                which,
                inside: true,
                set,
                ..
            } if *which != Which::No => self
                .sets
                .get(*set)
                .filter(|set| set.is_empty())
                .map(|set| set.name.as_str()),
            _ => None,
        })
    }

    /// Whether a condition can hold: what it says of empty cells and absent codes means nothing
    /// where the column itself is missing.
    fn can_hold(&self, clause: &Clause, header: &Header) -> bool {
        let there = |atom: &Atom| match atom {
            Atom::Number(..) => true,
            Atom::Codes {
                codes: Codes::Written,
                ..
            } => true,
            atom => header.field(atom.column()).is_some(),
        };
        clause.atoms.iter().all(there) && self.empty_list(clause).is_none()
    }

    /// No edit may be listed that nothing asks.
    fn every_edit_can_be_asked(&self, place: &Place) -> Result<()> {
        let mut errors = Vec::new();
        for row in &self.edits.rows {
            let code = row.edit.code;
            let elsewhere = row
                .needs
                .split_whitespace()
                .any(|word| matches!(Need::of(word), Need::Reader | Need::Grouped | Need::Run));
            let in_code = function(code).is_some() || is_asked_while_reading(code);
            if !elsewhere && !in_code && !self.clauses.iter().any(|clause| clause.edit == code) {
                let message = format!(
                    "edit `{code}` has no condition here, and the program has no other way to ask it"
                );
                errors.push(Error::at(place.clone(), message));
            }
            for word in row.needs.split_whitespace() {
                if let Need::Columns(names) = Need::of(word) {
                    errors.extend(
                        names
                            .iter()
                            .filter_map(|name| super::files::column_of(name, place).err()),
                    );
                }
            }
        }
        Error::all(errors)
    }
}

fn needed(source: Source<'_>, name: &str) -> Result<EditFile> {
    source(name)?.ok_or_else(|| Error::new(format!("there is no edits/{name} among the tables")))
}

/// Reads `lists.csv`; a profile's lists take the place of those of the same name.
fn read_lists(source: Source<'_>, profile: Option<&Profile>) -> Result<Vec<CodeSet>> {
    let file = needed(source, "lists.csv")?;
    let mut sets: Vec<CodeSet> = Vec::new();
    file.each_row(
        ["list", "kind", "entry", "source"],
        |[list, kind, entry, _], place| {
            let kind = code_kind(kind, place)?;
            let at = sets.iter().position(|set| set.name == list).unwrap_or_else(|| {
                sets.push(CodeSet::new(list, kind));
                sets.len() - 1
            });
            let Some(set) = sets.get_mut(at) else {
                return Ok(());
            };
            match entry.strip_prefix("file:") {
                Some(name) => add_codes(set, &needed(source, name)?),
                None if entry.is_empty() => Ok(()), // a list without a source for its codes
                None => set.add(entry, place),
            }
        },
    )?;
    for (name, path, written) in profile.map(Profile::lists).transpose()?.unwrap_or_default() {
        let hint = suggestion(name, sets.iter().map(|set| set.name.as_str()));
        let Some(set) = sets.iter_mut().find(|set| set.name == name) else {
            return Err(profile.map_or_else(
                || Error::new(String::new()),
                |profile| profile.wrong(name, &format!("there is no list `{name}`{hint}")),
            ));
        };
        let file = match path.is_file() {
            true => EditFile::read(&path)?,
            false => source(written)?.map_or_else(|| EditFile::read(&path), Ok)?,
        };
        set.clear();
        add_codes(set, &file)?;
    }
    Ok(sets)
}

/// Adds the codes of a file: its first column.
fn add_codes(set: &mut CodeSet, file: &EditFile) -> Result<()> {
    file.each_row(["code"], |[code], place| set.add(code, place))
}

fn code_kind(word: &str, place: &Place) -> Result<CodeKind> {
    match word {
        "diagnosis" => Ok(CodeKind::Diagnosis),
        "procedure" => Ok(CodeKind::Procedure),
        "pathology" => Ok(CodeKind::Pathology),
        other => {
            let kinds = ["diagnosis", "procedure", "pathology"];
            let hint = suggestion(other, kinds);
            let message = format!(
                "unknown kind `{other}`{hint}; expected one of {}",
                kinds.join(", ")
            );
            Err(Error::at(place.clone(), message))
        }
    }
}

fn read_clauses(
    file: &EditFile,
    edits: &Edits,
    columns: &[ColumnRule],
    sets: &mut Vec<CodeSet>,
) -> Result<Vec<Clause>> {
    let mut clauses = Vec::new();
    file.each_row(["edit", "severity", "when"], |[code, severity, when], place| {
        let row = edits.row(code).ok_or_else(|| {
            let message = format!("there is no edit `{code}`{}", edits.hint(code));
            Error::at(place.clone(), message)
        })?;
        let severity = match severity {
            "" => None,
            word => Some(read_severity(word).map_err(|message| Error::at(place.clone(), message))?),
        };
        let parameters = &row.parameters;
        let mut words = Words {
            sets,
            columns,
            parameters,
        };
        clauses.push(Clause {
            edit: row.edit.code,
            severity,
            atoms: words.read(when, place)?,
        });
        Ok(())
    })?;
    Ok(clauses)
}

fn read_required(columns: &[ColumnRule], sets: &mut Vec<CodeSet>) -> Result<Vec<(Column, Vec<Vec<Atom>>)>> {
    let parameters = Parameters::default();
    let mut required = Vec::new();
    for (column, rule) in Column::ALL.iter().zip(columns) {
        let mut conditions = Vec::new();
        for (when, place) in &rule.required {
            let parameters = &parameters;
            conditions.push(match when.as_str() {
                "always" => Vec::new(),
                when => Words {
                    sets,
                    columns,
                    parameters,
                }
                .read(when, place)?,
            });
        }
        if !conditions.is_empty() {
            required.push((*column, conditions));
        }
    }
    Ok(required)
}
