//! Layout files read and checked (版式读取): every fault at its line, nothing left to find later.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;

use hashbrown::HashSet;

use super::super::columns::Column;
use super::facts::{Asides, FACTS, Fact, STAFF};
use super::file::{DateForm, Form, Headers, LayoutFile, Parts, Read, Rule, Table};
use super::names::{compared, expanded};
use crate::diagnostics::{Error, Place, Result, parse_toml, read_text, suggestion};
use crate::library::Library;

/// The folder of layouts among the tables.
const FOLDER: &str = "layouts";

/// The id of the neutral layout, which is no file.
pub(super) const NEUTRAL: &str = "neutral";

/// What a value of a source stands for.
pub(super) type ValueMap = BTreeMap<String, String>;

/// Which column of a foreign file is which neutral column (版式).
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) place: Place,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) form: Form,
    pub(super) codes: String,
    pub(super) signs: Vec<Sign>,
    /// Headers in which a placeholder says nothing.
    pub(super) dash: BTreeSet<String>,
    /// Headers of personal data and of staff, never read.
    pub(super) personal: BTreeSet<String>,
    /// What is read besides neutral columns, for the edits that ask about it.
    pub(super) asides: Asides,
    /// Headers of persons' numbers, of which the first is read under a pseudonym; as written.
    pub(super) person: Vec<String>,
    /// Headers of other personal data, as written.
    pub(super) dropped: Vec<String>,
    /// How its files write dates.
    pub(super) dates: DateForm,
    /// Where the list stands in an envelope.
    pub(super) root: Vec<String>,
    /// The neutral columns by which rows of another file are joined.
    pub(super) join_on: Vec<Column>,
    /// What this layout cannot say without a joined file.
    pub(super) join_needs: Vec<Column>,
    pub(super) sources: Vec<(Column, Source)>,
}

/// A header by which a layout is told.
#[derive(Clone, Debug)]
pub(super) struct Sign {
    pub header: String,
    /// It must be absent.
    pub absent: bool,
}

/// How a neutral column is read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub written: Written,
    pub read: Option<Read>,
    pub table: Option<Arc<ValueMap>>,
    /// What stands for a value that the table lacks.
    pub other: Option<String>,
}

/// Where it stands.
#[derive(Clone, Debug)]
pub(super) enum Written {
    /// The first header that is filled.
    First(Vec<String>),
    /// A cell of the neutral layout itself, lists and all.
    Whole(String),
    /// Slots, each of alternatives.
    List(Vec<Vec<String>>),
    /// Slots, each of several cells.
    Each(Vec<Vec<String>>),
    /// Amounts under keys.
    Pairs(Vec<(String, String)>),
    /// Cells joined.
    Join(Vec<String>, String),
    /// A cell cut.
    Split(Vec<String>, String),
    /// Amounts added.
    Sum(Vec<String>),
    /// Days, hours and minutes.
    Parts(Vec<String>),
    /// Of the elements of a list of messages.
    Node(Node),
}

/// Elements of a list in a message.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The list; the first of several that is filled.
    pub nodes: Vec<String>,
    pub fields: Vec<String>,
    pub make: Make,
    /// Only elements with one of these values.
    pub filter: Vec<(String, Vec<String>)>,
    /// The element to be moved to the front.
    pub first: Option<(String, String)>,
    /// What stands there in the others.
    pub others: Option<String>,
}

/// What is made of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Make {
    /// One value: the first field that is filled.
    One,
    /// All fields, joined.
    Each,
    /// An amount to be added.
    Sum,
}

impl Layout {
    /// The id, e.g. for `--layout`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is the layout that all others are mapped onto.
    pub fn is_neutral(&self) -> bool {
        self.id == NEUTRAL
    }

    /// What it is, in words.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its files are.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The code version its files normally carry; empty if it must be declared (编码版本).
    pub fn codes(&self) -> &str {
        &self.codes
    }

    /// The file it was read from.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The neutral columns it fills, with the headers each is made of (映射).
    pub fn columns(&self) -> impl Iterator<Item = (Column, Vec<String>)> {
        self.sources
            .iter()
            .map(|(column, source)| (*column, source.written.headers()))
    }

    /// The column by which a row of another file can be joined to a record known by its case
    /// (关联键): the case itself, or what stands under the same header.
    pub fn join_key(&self) -> Option<Column> {
        if self.join_on.is_empty() || self.join_on.contains(&Column::CaseId) {
            return Some(Column::CaseId);
        }
        let headers = |column: Column| self.source(column).map(|source| source.written.headers());
        let case = headers(Column::CaseId)?;
        let same = |column: &&Column| headers(**column).as_ref() == Some(&case);
        self.join_on.iter().find(same).copied()
    }

    /// What its files lack without a joined file.
    pub fn join_needs(&self) -> &[Column] {
        &self.join_needs
    }

    /// Whether a header holds personal data, or staff, which is never read.
    pub fn is_personal(&self, header: &str) -> bool {
        self.personal.contains(&compared(header))
    }

    /// Everything in messages that it names: lists, their fields, personal ones too.
    pub(super) fn known_paths(&self) -> HashSet<String> {
        let sources = self.sources.iter().map(|(_, source)| source);
        let mut known: HashSet<String> = self.personal.iter().cloned().collect();
        let mut add = |path: &str| {
            let path = compared(path);
            if let Some((node, _)) = path.split_once('.') {
                known.insert(node.to_owned());
            }
            known.insert(path);
        };
        for source in sources.chain(self.asides.facts.iter().map(|(_, source)| source)) {
            source.written.headers().iter().for_each(|header| add(header));
            if let Written::Node(node) = &source.written {
                let told = node.filter.iter().map(|(field, _)| field);
                let told = told.chain(node.first.iter().map(|(field, _)| field));
                let paths =
                    told.flat_map(|field| node.nodes.iter().map(move |node| format!("{node}.{field}")));
                paths.for_each(|path| add(&path));
            }
        }
        self.asides.mandatory.iter().for_each(|header| add(header));
        known
    }

    pub(super) fn source(&self, column: Column) -> Option<&Source> {
        let found = self.sources.iter().find(|(of, _)| *of == column);
        found.map(|(_, source)| source)
    }

    /// Where the number of the person stands, its identity card included.
    pub(super) fn source_of_persons(&self) -> Option<Source> {
        let own = self.source(Column::Person);
        if self.person.is_empty() {
            return own.cloned();
        }
        let headers = own.map_or_else(Vec::new, |source| source.written.headers());
        let headers = headers.into_iter().chain(self.person.iter().cloned());
        Some(Source::plain(Written::First(headers.collect())))
    }

    /// The neutral layout, each column under its own name.
    pub(super) fn neutral() -> Layout {
        let sources = Column::ALL.iter().map(|column| {
            let written = Written::Whole(column.name().to_owned());
            (*column, Source::plain(written))
        });
        let sign = |header: &str| Sign {
            header: header.to_owned(),
            absent: false,
        };
        Layout {
            place: Place::file(Path::new("(built-in) neutral layout")),
            id: NEUTRAL.to_owned(),
            name: "neutral layout (中性版式)".to_owned(),
            form: Form::Table,
            codes: String::new(),
            signs: ["case_id", "sex", "age", "diagnoses"].map(sign).to_vec(),
            dash: BTreeSet::new(),
            personal: super::super::columns::PERSONAL.map(str::to_owned).into(),
            asides: Asides::default(),
            person: Vec::new(),
            dropped: Vec::new(),
            dates: DateForm::default(),
            root: Vec::new(),
            join_on: vec![
                Column::SettlementId,
                Column::EncounterId,
                Column::CaseId,
                Column::Person,
            ],
            join_needs: Vec::new(),
            sources: sources.collect(),
        }
    }
}

impl Source {
    fn plain(written: Written) -> Source {
        Source {
            written,
            read: None,
            table: None,
            other: None,
        }
    }
}

impl Written {
    /// All headers, in order.
    pub(super) fn headers(&self) -> Vec<String> {
        match self {
            Written::First(headers)
            | Written::Join(headers, _)
            | Written::Split(headers, _)
            | Written::Sum(headers)
            | Written::Parts(headers) => headers.clone(),
            Written::Whole(header) => vec![header.clone()],
            Written::List(slots) | Written::Each(slots) => slots.concat(),
            Written::Pairs(pairs) => pairs.iter().map(|(_, header)| header.clone()).collect(),
            Written::Node(node) => node.paths(),
        }
    }
}

impl Node {
    fn paths(&self) -> Vec<String> {
        let of_node = |node: &String| {
            let node = node.clone();
            self.fields.iter().map(move |field| format!("{node}.{field}"))
        };
        self.nodes.iter().flat_map(of_node).collect()
    }
}

/// All layouts at hand (版式库), by id.
#[derive(Clone, Debug)]
pub struct Layouts(Vec<Arc<Layout>>);

impl Layouts {
    /// The neutral layout and every layout file of the tables' folders.
    ///
    /// # Errors
    /// A file cannot be read; every fault of every file, at its line.
    pub fn load(library: &Library) -> Result<Layouts> {
        let tables = CodeTables::load(library)?;
        let mut raw = Vec::new();
        for file in library.files(FOLDER, ".toml")? {
            raw.push(Raw::read(file.place, file.text)?);
        }
        let mut layouts = vec![Arc::new(Layout::neutral())];
        for one in &raw {
            layouts.push(Arc::new(one.layout(&raw, &tables)?));
        }
        layouts.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Layouts(layouts))
    }

    /// As [`Layouts::load`], and one file of the user's own, whose layout is returned with them.
    ///
    /// # Errors
    /// See [`Layouts::load`].
    pub fn with_file(library: &Library, path: &Path) -> Result<Arc<Layout>> {
        let tables = CodeTables::load(library)?;
        let mut raw = vec![Raw::read(Place::file(path), read_text(path)?)?];
        for file in library.files(FOLDER, ".toml")? {
            raw.push(Raw::read(file.place, file.text)?);
        }
        let first = raw.first().map(|own| own.layout(&raw, &tables));
        first
            .unwrap_or_else(|| Err(Error::new("no layout file")))
            .map(Arc::new)
    }

    /// The layout of an id.
    ///
    /// # Errors
    /// There is none; the nearest is named.
    pub fn find(&self, id: &str) -> Result<Arc<Layout>> {
        let found = self.0.iter().find(|layout| layout.id == id).cloned();
        found.ok_or_else(|| {
            let ids: Vec<&str> = self.0.iter().map(|layout| layout.id.as_str()).collect();
            let hint = suggestion(id, ids.iter().copied());
            Error::new(format!(
                "unknown layout `{id}`{hint}; there are {}",
                ids.join(", ")
            ))
        })
    }

    /// All, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Layout>> {
        self.0.iter()
    }
}

/// Value maps that layouts name (代码表).
struct CodeTables(BTreeMap<String, Arc<ValueMap>>);

impl CodeTables {
    fn load(library: &Library) -> Result<CodeTables> {
        let mut tables: BTreeMap<String, ValueMap> = BTreeMap::new();
        for file in library.files(FOLDER, "code_tables.csv")? {
            let mut rows = csv::Reader::from_reader(file.text.as_bytes());
            for row in rows.records() {
                let wrong = |line| {
                    let message = "expected three cells: table, value, becomes";
                    Error::at(file.place.line(line), message)
                };
                let row = row.map_err(|e| wrong(e.position().map_or(1, csv::Position::line)))?;
                let line = row.position().map_or(1, csv::Position::line);
                let (Some(table), Some(value), Some(becomes)) = (row.get(0), row.get(1), row.get(2)) else {
                    return Err(wrong(line));
                };
                let values = tables.entry(table.to_owned()).or_default();
                if values.insert(value.to_owned(), becomes.to_owned()).is_some() {
                    let message = format!("value `{value}` of table `{table}` stands twice");
                    return Err(Error::at(file.place.line(line), message));
                }
            }
        }
        let shared = tables.into_iter().map(|(name, values)| (name, Arc::new(values)));
        Ok(CodeTables(shared.collect()))
    }
}

/// A layout file parsed, not yet checked.
struct Raw {
    place: Place,
    text: String,
    file: LayoutFile,
}

impl Raw {
    fn read(place: Place, text: String) -> Result<Raw> {
        let file = parse_toml(&place, &text)?;
        Ok(Raw { place, text, file })
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> Error {
        Error::at(self.place.of_offset(&self.text, span.start), message)
    }

    /// The file it extends, if any.
    fn parent<'r>(&self, all: &'r [Raw]) -> Result<Option<&'r Raw>> {
        let Some(id) = &self.file.extends else {
            return Ok(None);
        };
        let known = || all.iter().map(|raw| raw.file.id.as_ref().as_str());
        let found = all.iter().find(|raw| raw.file.id.as_ref() == id.as_ref());
        let hint = || {
            format!(
                "unknown layout `{}`{}",
                id.as_ref(),
                suggestion(id.as_ref(), known())
            )
        };
        let parent = found.ok_or_else(|| self.error(id.span(), hint()))?;
        if parent.file.extends.is_some() {
            let message = "a layout that itself extends another cannot be extended";
            return Err(self.error(id.span(), message));
        }
        Ok(Some(parent))
    }

    fn layout(&self, all: &[Raw], tables: &CodeTables) -> Result<Layout> {
        let parent = self.parent(all)?;
        let mut errors = Vec::new();
        let mut sources = BTreeMap::new();
        for raw in parent.into_iter().chain([self]) {
            raw.read_columns(tables, &mut sources, &mut errors);
        }
        let personal = self.personal(parent, &mut errors);
        for (column, (source, place)) in &sources {
            for header in source.written.headers() {
                if personal.contains(&compared(&header)) {
                    let message = format!(
                        "`{header}` of `{}` is listed as personal, which is never read",
                        column.name()
                    );
                    errors.push(Error::at(place.clone(), message));
                }
            }
        }
        let of_parent = |own: &[Spanned<String>], theirs: Option<&Vec<Spanned<String>>>| {
            let headers = own.iter().chain(theirs.into_iter().flatten());
            headers.map(|header| compared(header.as_ref())).collect()
        };
        let file = &self.file;
        let layout = Layout {
            place: self.place.clone(),
            id: file.id.as_ref().clone(),
            name: file.name.clone(),
            form: file.form,
            codes: match parent {
                Some(parent) if file.codes.is_empty() => parent.file.codes.clone(),
                _ => file.codes.clone(),
            },
            signs: self.signs(&mut errors),
            dash: of_parent(&file.dash, parent.map(|parent| &parent.file.dash)),
            personal,
            asides: self.asides(parent, tables, &mut errors),
            person: file.person.0.clone(),
            dropped: file.drop.iter().map(|header| header.as_ref().clone()).collect(),
            dates: file.dates,
            root: match parent {
                Some(parent) if file.root.is_empty() => parent.file.root.clone(),
                _ => file.root.clone(),
            },
            join_on: self.some_columns(&file.join_on, &mut errors),
            join_needs: self.some_columns(&file.join_needs, &mut errors),
            sources: sources
                .into_iter()
                .map(|(column, (source, _))| (column, source))
                .collect(),
        };
        Error::all(errors)?;
        Ok(layout)
    }

    fn signs(&self, errors: &mut Vec<Error>) -> Vec<Sign> {
        if self.file.detect.as_ref().is_empty() {
            let message = "a layout is told by its headers; expected at least one";
            errors.push(self.error(self.file.detect.span(), message));
        }
        let sign = |written: &String| match written.strip_prefix('!') {
            Some(header) => Sign {
                header: header.to_owned(),
                absent: true,
            },
            None => Sign {
                header: written.clone(),
                absent: false,
            },
        };
        self.file.detect.as_ref().iter().map(sign).collect()
    }

    /// Headers that are never read, of this file and the one it extends.
    fn personal(&self, parent: Option<&Raw>, errors: &mut Vec<Error>) -> BTreeSet<String> {
        let mut personal = BTreeSet::new();
        for raw in parent.into_iter().chain([self]) {
            let dropped = raw.file.drop.iter().map(|header| header.as_ref());
            personal.extend(dropped.chain(&raw.file.person.0).map(|header| compared(header)));
            for rule in raw.file.staff.values() {
                match raw.written(&rule.as_ref().0, raw.file.form == Form::Json) {
                    Ok(written) => personal.extend(written.headers().iter().map(|header| compared(header))),
                    Err(message) => errors.push(raw.error(rule.span(), message)),
                }
            }
        }
        personal
    }

    /// What is read besides neutral columns, of this file and the one it extends.
    fn asides(&self, parent: Option<&Raw>, tables: &CodeTables, errors: &mut Vec<Error>) -> Asides {
        let mut asides = Asides::default();
        for raw in parent.into_iter().chain([self]) {
            let (staff, facts) = (&raw.file.staff, &raw.file.facts);
            let rules = [(staff, &STAFF[..], "staff"), (facts, &FACTS[..], "facts")];
            for (rules, known, section) in rules {
                for (name, rule) in rules {
                    match raw.aside(name, rule, known, section, tables) {
                        Ok((fact, source)) => {
                            asides.facts.retain(|(held, _)| *held != fact);
                            asides.facts.push((fact, source));
                        }
                        Err(error) => errors.push(error),
                    }
                }
            }
            if !raw.file.mandatory.is_empty() {
                asides.mandatory.clone_from(&raw.file.mandatory);
            }
            if !raw.file.general_anaesthesia.is_empty() {
                asides
                    .general_anaesthesia
                    .clone_from(&raw.file.general_anaesthesia);
            }
        }
        asides
    }

    fn aside(
        &self,
        name: &Spanned<String>,
        rule: &Spanned<Rule>,
        known: &[(&str, Fact)],
        section: &str,
        tables: &CodeTables,
    ) -> Result<(Fact, Source)> {
        let found = known.iter().find(|(word, _)| *word == name.as_ref().as_str());
        let Some((_, fact)) = found else {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            let hint = suggestion(name.as_ref(), words.iter().copied());
            let message = format!(
                "`{}` is nothing of [{section}]{hint}; expected one of {}",
                name.as_ref(),
                words.join(", ")
            );
            return Err(self.error(name.span(), message));
        };
        let source = self.source(rule.as_ref(), tables);
        let source =
            source.map_err(|message| self.error(rule.span(), format!("`{}`: {message}", name.as_ref())))?;
        Ok((*fact, source))
    }

    fn some_columns(&self, names: &[Spanned<String>], errors: &mut Vec<Error>) -> Vec<Column> {
        let mut columns = Vec::new();
        for name in names {
            match Column::of(name.as_ref()) {
                Some(column) => columns.push(column),
                None => errors.push(self.error(name.span(), unknown_column(name.as_ref()))),
            }
        }
        columns
    }

    fn read_columns(
        &self,
        tables: &CodeTables,
        sources: &mut BTreeMap<Column, (Source, Place)>,
        errors: &mut Vec<Error>,
    ) {
        for (name, rule) in &self.file.columns {
            let Some(column) = Column::of(name.as_ref()) else {
                errors.push(self.error(name.span(), unknown_column(name.as_ref())));
                continue;
            };
            match self.source(rule.as_ref(), tables) {
                Ok(source) => {
                    let place = self.place.of_offset(&self.text, rule.span().start);
                    sources.insert(column, (source, place));
                }
                Err(message) => {
                    errors.push(self.error(rule.span(), format!("`{}`: {message}", name.as_ref())))
                }
            }
        }
    }

    /// # Errors
    /// What is wrong, in words.
    fn source(&self, rule: &Rule, tables: &CodeTables) -> std::result::Result<Source, String> {
        let parts = &rule.0;
        let written = self.written(parts, self.file.form == Form::Json)?;
        let headers = written.headers();
        let mut seen = BTreeSet::new();
        if let Some(twice) = headers.iter().find(|header| !seen.insert(compared(header))) {
            return Err(format!("`{twice}` stands twice"));
        }
        let table = match &parts.table {
            None => None,
            Some(Table::Inline(values)) => Some(Arc::new(values.clone())),
            Some(Table::Named(name)) => {
                let known = tables.0.keys().map(String::as_str);
                let unknown = || format!("unknown code table `{name}`{}", suggestion(name, known));
                Some(tables.0.get(name).cloned().ok_or_else(unknown)?)
            }
        };
        if parts.other.is_some() && table.is_none() {
            return Err("`other` is for values that a `table` lacks; there is no `table`".to_owned());
        }
        let read = readable(&written, parts.read)?;
        Ok(Source {
            written,
            read,
            table,
            other: parts.other.clone(),
        })
    }

    /// # Errors
    /// What is wrong, in words.
    fn written(&self, parts: &Parts, in_messages: bool) -> std::result::Result<Written, String> {
        let one_of = [
            parts.from.is_some(),
            parts.list.is_some(),
            parts.each.is_some(),
            parts.pairs.is_some(),
            parts.join.is_some(),
            parts.sum.is_some(),
            parts.parts.is_some(),
        ];
        if one_of.iter().filter(|there| **there).count() != 1 {
            return Err("expected one of from, list, each, pairs, join, sum, parts".to_owned());
        }
        if let Some(node) = in_messages.then(|| self.node(parts)).transpose()?.flatten() {
            return Ok(Written::Node(node));
        }
        let of_messages = [parts.filter.is_some(), parts.first.is_some(), parts.of.is_some()];
        if of_messages.contains(&true) || parts.others.is_some() {
            return Err("`where`, `first`, `others` and `of` are for the lists of messages".to_owned());
        }
        if let Some(from) = &parts.from {
            let headers = from.0.clone();
            return Ok(match &parts.split {
                Some(at) if !at.is_empty() => Written::Split(headers, at.clone()),
                Some(_) => return Err("`split` is empty".to_owned()),
                None => Written::First(headers),
            });
        }
        if parts.split.is_some() {
            return Err("`split` is for a cell given by `from`".to_owned());
        }
        if let Some(slots) = &parts.list {
            return list(&slots.0);
        }
        if let Some(each) = &parts.each {
            return each_of(each);
        }
        if let Some(pairs) = &parts.pairs {
            let pairs = pairs.iter().map(|(key, header)| (key.clone(), header.clone()));
            return Ok(Written::Pairs(pairs.collect()));
        }
        if let Some(headers) = &parts.join {
            let by = parts.by.clone().ok_or("`join` needs `by`")?;
            return Ok(Written::Join(headers.clone(), by));
        }
        if let Some(sum) = &parts.sum {
            return Ok(Written::Sum(sum.0.clone()));
        }
        let parts = parts.parts.clone().unwrap_or_default();
        match parts.len() {
            3 => Ok(Written::Parts(parts)),
            other => Err(format!(
                "`parts` has {other} headers; expected days, hours, minutes"
            )),
        }
    }

    /// The rule as one over the elements of a list of messages, if it is one.
    fn node(&self, parts: &Parts) -> std::result::Result<Option<Node>, String> {
        let (paths, make): (Vec<&String>, Make) = match parts {
            Parts {
                list: Some(slots), ..
            } => (slots.0.iter().flat_map(|slot| &slot.0).collect(), Make::One),
            Parts { sum: Some(sum), .. } => (sum.0.iter().collect(), Make::Sum),
            Parts {
                each: Some(fields),
                of,
                ..
            } => {
                let nodes = of.as_ref().map_or_else(Vec::new, |of| of.0.clone());
                if nodes.is_empty() {
                    return Err("`each` of a message needs `of`".to_owned());
                }
                return Ok(Some(Node {
                    nodes,
                    fields: fields.clone(),
                    make: Make::Each,
                    filter: filters(parts),
                    first: first_of(parts)?,
                    others: parts.others.clone(),
                }));
            }
            _ => return Ok(None),
        };
        let split: Option<Vec<(&str, &str)>> = paths.iter().map(|path| path.split_once('.')).collect();
        let Some(split) = split else {
            return Err("expected `node.field`".to_owned());
        };
        let Some((node, _)) = split.first() else {
            return Err("it names no field".to_owned());
        };
        if self.file.is_object(node) {
            return Ok(None);
        }
        if split.iter().any(|(of, _)| of != node) {
            return Err("the fields of a list must be of one node".to_owned());
        }
        Ok(Some(Node {
            nodes: vec![(*node).to_owned()],
            fields: split.iter().map(|(_, field)| (*field).to_owned()).collect(),
            make,
            filter: filters(parts),
            first: first_of(parts)?,
            others: parts.others.clone(),
        }))
    }
}

impl LayoutFile {
    /// Whether a node of messages is one object, no list: `detect` names a field of it, or the
    /// layout is one that extends and says nothing of its own.
    fn is_object(&self, node: &str) -> bool {
        let path = format!("{node}.");
        let names = |text: &String| text.trim_start_matches('!').starts_with(&path);
        self.detect.as_ref().iter().any(names)
    }
}

fn filters(parts: &Parts) -> Vec<(String, Vec<String>)> {
    let filter = parts.filter.iter().flatten();
    filter
        .map(|(field, values)| (field.clone(), values.clone()))
        .collect()
}

fn first_of(parts: &Parts) -> std::result::Result<Option<(String, String)>, String> {
    if parts.others.is_some() && parts.first.is_none() {
        return Err("`others` is what stands where `first` does not; there is no `first`".to_owned());
    }
    let mut flags = parts.first.iter().flatten();
    let flag = flags.next().map(|(field, value)| (field.clone(), value.clone()));
    match flags.next() {
        Some(_) => Err("`first` takes one field".to_owned()),
        None => Ok(flag),
    }
}

/// Slots written as headers, runs of headers, or alternatives.
fn list(slots: &[Headers]) -> std::result::Result<Written, String> {
    let mut all = Vec::new();
    for slot in slots {
        match slot.0.as_slice() {
            [one] => all.extend(expanded(one)?.into_iter().map(|header| vec![header])),
            several => all.extend(alternatives(several)?),
        }
    }
    Ok(Written::List(all))
}

/// Alternatives of a slot, or of every slot of runs of one length.
fn alternatives(written: &[String]) -> std::result::Result<Vec<Vec<String>>, String> {
    let runs: std::result::Result<Vec<Vec<String>>, String> =
        written.iter().map(|run| expanded(run)).collect();
    let runs = runs?;
    let slots = runs.first().map_or(0, Vec::len);
    if runs.iter().any(|run| run.len() != slots) {
        return Err("the alternatives of `list` are runs of different lengths".to_owned());
    }
    let slot = |at: usize| runs.iter().filter_map(|run| run.get(at).cloned()).collect();
    Ok((0..slots).map(slot).collect())
}

/// Runs of headers side by side, turned into slots of one header of each.
fn each_of(runs: &[String]) -> std::result::Result<Written, String> {
    let runs: std::result::Result<Vec<Vec<String>>, String> = runs.iter().map(|run| expanded(run)).collect();
    let runs = runs?;
    let slots = runs.first().map_or(0, Vec::len);
    if runs.iter().any(|run| run.len() != slots) {
        return Err("the runs of `each` are of different lengths".to_owned());
    }
    let slot = |index| {
        runs.iter()
            .filter_map(|run: &Vec<String>| run.get(index).cloned())
            .collect()
    };
    Ok(Written::Each((0..slots).map(slot).collect()))
}

/// # Errors
/// What is read there cannot be read so.
fn readable(written: &Written, read: Option<Read>) -> std::result::Result<Option<Read>, String> {
    let fits = match (read, written) {
        (None, Written::Parts(_)) => false,
        (None, _) | (Some(Read::DayHourMinute), Written::Parts(_)) => true,
        (Some(Read::WoundClassAndHealing), Written::Each(slots)) => slots.iter().all(|slot| slot.len() == 2),
        (Some(Read::DayHourMinute | Read::WoundClassAndHealing), _) => false,
        (Some(_), Written::First(_)) => true,
        (Some(_), _) => false,
    };
    if fits {
        return Ok(read);
    }
    Err("`read` does not fit: `day hour minute` reads `parts`, `wound class and healing` reads `each` of two, the others read `from`".to_owned())
}

fn unknown_column(name: &str) -> String {
    let known = Column::ALL.iter().map(|column| column.name());
    format!("unknown neutral column `{name}`{}", suggestion(name, known))
}
