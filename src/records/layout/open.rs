//! A layout chosen for a file and bound to its headers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::super::columns::{Column, FOR_GROUPING, FOR_MONEY, Header, one_column_only};
use super::super::encoding::Encoding;
use super::choose::{Chosen, Known};
use super::file::Form;
use super::join::Joined;
use super::json::{JsonFields, paths};
use super::load::{Layout, Layouts, NEUTRAL};
use super::names::compared;
use super::origins::Origins;
use super::plan::{ABSENT, Fields, Plan, Scope, TableFields, Wish};
use super::transcode::Transcoder;
use crate::diagnostics::{Error, Place, Result, suggestion};
use crate::library::Library;

/// How files of records are to be read (读取方式).
#[derive(Clone, Debug)]
pub struct Intake {
    /// Their layout.
    pub layout: LayoutChoice,
    /// How bytes are text; found out if not said.
    pub encoding: Option<Encoding>,
    /// What separates cells; a comma if not said.
    pub delimiter: Option<u8>,
    /// The sheet of a workbook; the first visible one if not said.
    pub sheet: Option<String>,
    /// A file of rows that belong to the records.
    pub join: Option<PathBuf>,
    /// Columns to be passed on besides those that are read.
    pub keep: Vec<String>,
    /// Where layouts are looked for; only those inside the program if not said.
    pub library: Option<Library>,
    /// Further files, read after the first; rows of all are given under one header.
    pub more: Vec<PathBuf>,
    /// Which neutral columns foreign files are read for.
    pub scope: Scope,
    /// Whether the columns that money needs must be there.
    pub for_money: bool,
    /// Leave out the empty slots of lists.
    pub close_gaps: bool,
    /// Read the columns that layouts name as numbers of persons: only behind a door that replaces them.
    pub person_numbers: bool,
}

/// Which layout files are of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LayoutChoice {
    /// Told by their headers.
    #[default]
    Detect,
    /// The one of this id.
    Named(String),
    /// That of a file of the user's own.
    File(PathBuf),
}

impl Default for Intake {
    fn default() -> Intake {
        Intake {
            layout: LayoutChoice::Detect,
            encoding: None,
            delimiter: None,
            sheet: None,
            join: None,
            keep: Vec::new(),
            library: None,
            more: Vec::new(),
            scope: Scope::All,
            for_money: false,
            close_gaps: false,
            person_numbers: false,
        }
    }
}

impl LayoutChoice {
    /// As typed: a path if it names a file of TOML, else an id.
    pub fn typed(text: &str) -> LayoutChoice {
        if text.ends_with(".toml") {
            LayoutChoice::File(PathBuf::from(text))
        } else {
            LayoutChoice::Named(text.to_owned())
        }
    }
}

impl Intake {
    /// Files of any layout that the program knows, with what money needs or without.
    pub fn plain(for_money: bool) -> Intake {
        Intake {
            for_money,
            ..Intake::default()
        }
    }

    /// The same, for grouping.
    pub fn for_grouping(self) -> Intake {
        Intake {
            scope: Scope::Grouping,
            for_money: false,
            ..self
        }
    }

    /// The same, for all columns.
    pub fn for_all(self, for_money: bool) -> Intake {
        Intake {
            scope: Scope::All,
            for_money,
            ..self
        }
    }

    /// The same, for a door that replaces the numbers of persons, or one that does not.
    pub fn behind(self, replaces_persons: bool) -> Intake {
        Intake {
            person_numbers: replaces_persons,
            ..self
        }
    }

    /// Whether a header is left out for its personal data.
    fn leaves_out(&self, layout: &Layout, header: &str) -> bool {
        let is_read = self.person_numbers
            && layout
                .person
                .iter()
                .any(|person| compared(person) == compared(header));
        layout.is_personal(header) && !is_read
    }

    /// All files that are read, `first` before the others.
    pub fn files<'p>(&'p self, first: &'p Path) -> impl Iterator<Item = &'p Path> + Clone {
        let own = self.join.iter().map(PathBuf::as_path);
        std::iter::once(first)
            .chain(self.more.iter().map(PathBuf::as_path))
            .chain(own)
    }

    pub(in crate::records) fn layouts(&self) -> Result<Layouts> {
        match &self.library {
            Some(library) => Layouts::load(library),
            None => Layouts::load(&Library::built_in()),
        }
    }

    /// The layout of files of a form with these headers.
    pub(in crate::records) fn choose(&self, place: &Place, form: Form, headers: &[String]) -> Result<Chosen> {
        let layout = match &self.layout {
            LayoutChoice::Detect => return self.detect(place, form, headers),
            LayoutChoice::Named(id) if id == NEUTRAL => Arc::new(Layout::neutral()),
            LayoutChoice::Named(id) => self.layouts()?.find(id)?,
            LayoutChoice::File(path) => match &self.library {
                Some(library) => Layouts::with_file(library, path)?,
                None => Layouts::with_file(&Library::built_in(), path)?,
            },
        };
        if layout.form != form {
            let (is, wants) = match form {
                Form::Table => ("a table", "JSON messages"),
                Form::Json => ("JSON", "tables"),
            };
            let message = format!("F001: this file is {is}; layout `{}` reads {wants}", layout.id);
            return Err(Error::at(place.clone(), message));
        }
        Ok(Chosen {
            layout,
            by: Vec::new(),
        })
    }

    fn detect(&self, place: &Place, form: Form, headers: &[String]) -> Result<Chosen> {
        let known = Known::new(headers);
        let neutral = Arc::new(Layout::neutral());
        let as_neutral = || Chosen {
            by: neutral.signs.iter().map(|sign| sign.header.clone()).collect(),
            layout: Arc::clone(&neutral),
        };
        // layout files are not even looked for where the neutral layout fits
        if form == Form::Table && known.fits(&neutral) {
            return Ok(as_neutral());
        }
        let layouts = self.layouts()?;
        match layouts.choose(place, form, &known) {
            Err(_) if form == Form::Table && layouts.neutral_is_nearest(&known) => Ok(as_neutral()),
            chosen => chosen,
        }
    }

    /// The joined file, if one was named.
    pub(in crate::records) fn joined(&self, layout: &Layout) -> Result<Option<Joined>> {
        let usual = [
            Column::SettlementId,
            Column::EncounterId,
            // a person has many records: its number joins only where nothing names the stay
            Column::CaseId,
            Column::Person,
        ];
        let keys = match layout.join_on.as_slice() {
            [] => &usual,
            keys => keys,
        };
        self.join
            .as_deref()
            .map(|path| Joined::load(path, keys))
            .transpose()
    }
}

/// What is known of a table before its rows are read.
pub(in crate::records) struct Table {
    /// Where its headers stand.
    pub place: Place,
    pub headers: Vec<String>,
    /// The name of the sheet, if it is one.
    pub sheet: Option<String>,
    /// Whether it is CSV with commas: rows of the neutral layout are then taken as they are.
    pub plain: bool,
}

/// What was asked for, of all files together.
pub(in crate::records) struct Asked<'i> {
    pub intake: &'i Intake,
    /// Files of several layouts give rows of one header.
    pub uniform: bool,
}

/// A file with its layout.
pub(in crate::records) struct Bound {
    pub header: Header,
    /// Nothing where rows are neutral as they stand.
    pub transcoder: Option<Transcoder>,
    pub chosen: Chosen,
    /// Headers of personal columns that were left out.
    pub left_out: Vec<String>,
    /// The headers of the source.
    pub headers: Vec<String>,
}

/// Chooses the layout of a table and binds it to the headers.
///
/// # Errors
/// F001: no layout fits; a column is missing or stands twice.
pub(in crate::records) fn bind_table(table: Table, asked: &Asked<'_>) -> Result<Bound> {
    let intake = asked.intake;
    one_column_only(&table.place, &table.headers)?;
    let chosen = intake.choose(&table.place, Form::Table, &table.headers)?;
    let layout = Arc::clone(&chosen.layout);
    let neutral = layout.id == NEUTRAL;
    let untouched = table.plain && !asked.uniform && intake.join.is_none() && !intake.close_gaps;
    if neutral && untouched {
        let header = Header::read(&table.place, table.headers, intake.for_money)?;
        let left_out = header
            .personal()
            .iter()
            .filter_map(|field| header.names().get(*field).cloned());
        return Ok(Bound {
            left_out: left_out.collect(),
            headers: header.names().to_vec(),
            header,
            transcoder: None,
            chosen,
        });
    }
    let names: Vec<String> = table.headers.iter().map(|header| compared(header)).collect();
    doubled(&table, &names, &layout)?;
    let mut fields = HashMap::new();
    for (index, name) in names.iter().enumerate() {
        fields.entry(name.as_str()).or_insert(index);
    }
    let known = fields.clone();
    let stands = |header: &str| known.contains_key(compared(header).as_str());
    let asks = intake.scope == Scope::All;
    let mut fields = TableFields(fields);
    let personal = |header: &&String| intake.leaves_out(&layout, header);
    let left_out = table.headers.iter().filter(personal).cloned().collect();
    let passed_on = PassedOn::of(&table, &layout, asked, &mut fields)?;
    let joined = intake.joined(&layout)?.map(Arc::new);
    let wish = Wish {
        columns: &passed_on.columns,
        uniform: asked.uniform,
        kept: &passed_on.kept,
        joined: joined.as_ref().map_or(&[], |joined| joined.columns()),
        person_numbers: intake.person_numbers,
        stands: asks.then_some(&stands),
    };
    let plan = Plan::of(&layout, &mut fields, names.len(), &wish);
    missing(&table.place, &plan, &layout, intake.for_money)?;
    let header = Header::read(&table.place, plan.names(), intake.for_money)?;
    let origins = Origins::of(&plan, &mut fields, table.sheet);
    Ok(Bound {
        header: header.with_origins(origins),
        transcoder: Some(Transcoder {
            plan,
            width: names.len(),
            delimiter: intake.delimiter.unwrap_or(b','),
            close_gaps: intake.close_gaps,
            joined,
        }),
        chosen,
        left_out,
        headers: table.headers,
    })
}

/// Chooses the layout of messages by the first of them, and says which fields are read.
///
/// # Errors
/// F001: no layout fits.
pub(in crate::records) fn bind_messages(
    place: &Place,
    first: &[u8],
    encoding: Encoding,
    asked: &Asked<'_>,
) -> Result<(Bound, JsonFields)> {
    let intake = asked.intake;
    if encoding == Encoding::Gb18030 {
        let message = "F001: JSON is UTF-8 text by its definition; this file is not";
        return Err(Error::at(place.clone(), message));
    }
    let roots: Vec<String> = intake
        .layouts()?
        .iter()
        .flat_map(|layout| layout.root.clone())
        .collect();
    let damaged = || Error::at(place.clone(), "F001: the first message is no sound JSON object");
    let headers = paths(first, &roots).ok_or_else(damaged)?;
    let chosen = intake.choose(place, Form::Json, &headers)?;
    let layout = Arc::clone(&chosen.layout);
    let there: HashSet<String> = headers.iter().map(|header| compared(header)).collect();
    let stands = |header: &str| there.contains(compared(header).as_str());
    let asks = intake.scope == Scope::All;
    let mut fields = JsonFields::new(&layout.root);
    if asks {
        fields.count_unread(&layout);
    }
    let joined = intake.joined(&layout)?.map(Arc::new);
    let mut columns = intake.scope.columns();
    for name in &intake.keep {
        match Column::of(name) {
            Some(column) if !columns.contains(&column) => columns.push(column),
            Some(_) => {}
            None => {
                let known = Column::ALL.iter().map(|column| column.name());
                let message = format!(
                    "of messages only neutral columns can be kept; `{name}` is none{}",
                    suggestion(name, known)
                );
                return Err(Error::at(place.clone(), message));
            }
        }
    }
    let wish = Wish {
        columns: &columns,
        uniform: asked.uniform,
        kept: &[],
        joined: joined.as_ref().map_or(&[], |joined| joined.columns()),
        person_numbers: intake.person_numbers,
        stands: asks.then_some(&stands),
    };
    let plan = Plan::of(&layout, &mut fields, 0, &wish);
    missing(place, &plan, &layout, intake.for_money)?;
    let header = Header::read(place, plan.names(), intake.for_money)?;
    let origins = Origins::of(&plan, &mut fields, None);
    let personal = |path: &&String| intake.leaves_out(&layout, path);
    let bound = Bound {
        header: header.with_origins(origins),
        left_out: headers.iter().filter(personal).cloned().collect(),
        transcoder: Some(Transcoder {
            plan,
            width: fields.width(),
            delimiter: b',',
            close_gaps: intake.close_gaps,
            joined,
        }),
        chosen,
        headers,
    };
    Ok((bound, fields))
}

/// Which columns of a file are written.
pub(super) struct PassedOn {
    pub columns: Vec<Column>,
    /// Headers of the source, with their fields.
    pub kept: Vec<(String, usize)>,
}

impl PassedOn {
    fn of(table: &Table, layout: &Layout, asked: &Asked<'_>, fields: &mut dyn Fields) -> Result<PassedOn> {
        let intake = asked.intake;
        let mut passed_on = PassedOn {
            columns: intake.scope.columns(),
            kept: Vec::new(),
        };
        if layout.id == NEUTRAL && !asked.uniform {
            // a neutral file passes on all it has
            passed_on.columns = Column::ALL.to_vec();
            let own = table.headers.iter().enumerate().filter(|(_, header)| {
                Column::of(header).is_none() && !layout.is_personal(header) && !header.trim().is_empty()
            });
            passed_on.kept = own.map(|(field, header)| (header.clone(), field)).collect();
        }
        for name in &intake.keep {
            passed_on.keep(name, table, layout, fields)?;
        }
        Ok(passed_on)
    }

    /// Adds a column that the user wants besides.
    fn keep(&mut self, name: &str, table: &Table, layout: &Layout, fields: &mut dyn Fields) -> Result<()> {
        let field = fields.field(name);
        if layout.is_personal(name) {
            let message = format!("column `{name}` is personal, so it is never read and cannot be kept");
            return Err(Error::at(table.place.clone(), message));
        }
        if let Some(column) = Column::of(name) {
            if !self.columns.contains(&column) {
                self.columns.push(column);
            }
        } else if field == ABSENT {
            let near = suggestion(name, table.headers.iter().map(String::as_str));
            let message = format!("there is no column `{name}` to keep{near}");
            return Err(Error::at(table.place.clone(), message));
        } else if !self.kept.iter().any(|(kept, _)| kept == name) {
            self.kept.push((name.to_owned(), field));
        }
        Ok(())
    }
}

/// # Errors
/// F001: a header that the layout reads stands twice.
fn doubled(table: &Table, names: &[String], layout: &Layout) -> Result<()> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let read: Vec<String> = layout
        .columns()
        .flat_map(|(_, headers)| headers)
        .map(|header| compared(&header))
        .collect();
    let mut errors = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let before = *first.entry(name).or_insert(index);
        if before != index && read.contains(name) {
            let header = table.headers.get(index).map_or("", String::as_str);
            let message = format!(
                "F001: column `{header}` stands twice (fields {} and {})",
                before + 1,
                index + 1
            );
            errors.push(Error::at(table.place.clone(), message));
        }
    }
    Error::all(errors)
}

/// # Errors
/// F001: what every record needs is not there, with the headers it would be read from.
fn missing(place: &Place, plan: &Plan, layout: &Layout, for_money: bool) -> Result<()> {
    let needed = FOR_GROUPING.iter().chain(FOR_MONEY.iter().filter(|_| for_money));
    let there = |column: &Column| plan.steps.iter().any(|step| step.column == Some(*column));
    let mut errors = Vec::new();
    for column in needed.filter(|column| !there(column)) {
        let headers = layout
            .source(*column)
            .map(|source| source.written.headers())
            .unwrap_or_default();
        let read_from = match headers.first() {
            Some(first) if layout.id != NEUTRAL => format!("layout `{}` reads it from `{first}`", layout.id),
            _ => format!(
                "layout `{}` does not map it; a file with it can be joined by --join",
                layout.id
            ),
        };
        let message = format!(
            "F001: column `{}` ({}) is missing; {read_from}",
            column.name(),
            column.chinese()
        );
        errors.push(Error::at(place.clone(), message));
    }
    if layout.id == NEUTRAL {
        return Ok(()); // told with the nearest header where the header is read
    }
    Error::all(errors)
}
