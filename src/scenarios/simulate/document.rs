//! A scenario as leaves (情景文档): every value with its path and the place where it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use crate::diagnostics::{Error, Place, Result, parse_toml, read_text};

/// The path of a value (键路径): `policy.coef.values.level.2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath(Vec<String>);

impl KeyPath {
    /// From its names.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> KeyPath {
        KeyPath(names.into_iter().map(Into::into).collect())
    }

    /// Reads a path as TOML writes keys; quotes keep a dot inside a name.
    ///
    /// # Errors
    /// It is no key of TOML; the message is for the user.
    pub fn parse(text: &str) -> std::result::Result<KeyPath, String> {
        let bad = || format!("`{text}` is no path of keys; expected names with dots, e.g. budget.growth");
        let mut table: Table = format!("{text} = 0").parse().map_err(|_| bad())?;
        let mut names = Vec::new();
        loop {
            let (name, value) = table.into_iter().next().ok_or_else(bad)?;
            names.push(name);
            match value {
                Value::Table(inner) => table = inner,
                _ => return Ok(KeyPath(names)),
            }
        }
    }

    /// Its names.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether it stands below `other`, or is it.
    pub fn is_below(&self, other: &KeyPath) -> bool {
        self.0.starts_with(&other.0)
    }

    fn with(&self, name: &str) -> KeyPath {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        KeyPath(names)
    }

    fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            f.write_str(&key(name))?;
        }
        Ok(())
    }
}

/// A key as TOML writes it: bare where it may be.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        Value::String(name.to_owned()).to_string()
    }
}

/// A value and where it is written.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The value; arrays are one value.
    pub value: Value,
    /// Where it is written.
    pub place: Place,
}

impl Leaf {
    /// In one line of TOML, keys sorted (规范写法).
    pub fn text(&self) -> String {
        inline(&self.value)
    }
}

/// A scenario, leaf by leaf.
#[derive(Clone, Debug, Default)]
pub struct Document {
    leaves: BTreeMap<KeyPath, Leaf>,
}

impl Document {
    /// Reads a file (读取情景文档).
    ///
    /// # Errors
    /// It cannot be read, is not TOML, or holds a float, by line and column.
    pub fn read(path: &Path) -> Result<Document> {
        Document::parse(&Place::file(path), &read_text(path)?)
    }

    /// From text that stands at `place`.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn parse(place: &Place, text: &str) -> Result<Document> {
        let values: Table = parse_toml(place, text)?;
        let Ok(spans) = DeTable::parse(text) else {
            return Err(Error::at(place.clone(), "this is not TOML"));
        };
        let mut reader = Reader {
            place,
            text,
            document: Document::default(),
            errors: Vec::new(),
        };
        reader.table(&KeyPath(Vec::new()), &values, spans.get_ref());
        Error::all(reader.errors)?;
        Ok(reader.document)
    }

    /// Every leaf by path.
    pub fn leaves(&self) -> impl Iterator<Item = (&KeyPath, &Leaf)> {
        self.leaves.iter()
    }

    /// A leaf.
    pub fn get(&self, names: &[&str]) -> Option<&Leaf> {
        self.at(&KeyPath::new(names.iter().copied()))
    }

    /// The leaf at a path.
    pub fn at(&self, path: &KeyPath) -> Option<&Leaf> {
        self.leaves.get(path)
    }

    /// Leaves at or below names.
    pub fn below<'d>(&'d self, names: &[&str]) -> impl Iterator<Item = (&'d KeyPath, &'d Leaf)> {
        let top = KeyPath::new(names.iter().copied());
        self.leaves.iter().filter(move |(path, _)| path.is_below(&top))
    }

    /// Puts a value in place of all that stood at, below or above its path.
    pub fn set(&mut self, path: KeyPath, leaf: Leaf) {
        self.leaves
            .retain(|known, _| !known.is_below(&path) && !path.is_below(known));
        self.leaves.insert(path, leaf);
    }

    /// Takes a leaf out.
    pub fn remove(&mut self, names: &[&str]) -> Option<Leaf> {
        self.leaves.remove(&KeyPath::new(names.iter().copied()))
    }

    /// Takes out everything below names.
    pub fn remove_below(&mut self, names: &[&str]) {
        let top = KeyPath::new(names.iter().copied());
        self.leaves.retain(|path, _| !path.is_below(&top));
    }

    /// The leaves below a first name as a document of their own.
    pub fn part(&self, name: &str) -> Document {
        let below = self.leaves.iter().filter(|(path, _)| path.first() == name);
        let leaves = below.map(|(path, leaf)| {
            let rest = path.0.iter().skip(1).cloned();
            (KeyPath(rest.collect()), leaf.clone())
        });
        Document {
            leaves: leaves.collect(),
        }
    }

    /// Puts another document below a first name.
    pub fn put_below(&mut self, name: &str, part: Document) {
        for (path, leaf) in part.leaves {
            let path = std::iter::once(name.to_owned()).chain(path.0);
            self.leaves.insert(KeyPath(path.collect()), leaf);
        }
    }

    /// As TOML, keys sorted, a line for every key of a table; inner tables in one line (规范文本).
    pub fn canonical(&self) -> Canonical {
        let mut text = Canonical::default();
        let roots = self.leaves.iter().filter(|(path, _)| path.0.len() == 1);
        for (path, leaf) in roots {
            text.line(path.clone(), &format!("{path} = {}", leaf.text()));
        }
        let mut tables: Vec<&str> = self
            .leaves
            .keys()
            .filter(|path| path.0.len() > 1)
            .map(KeyPath::first)
            .collect();
        tables.dedup();
        for table in tables {
            let part = self.part(table);
            text.line(KeyPath::new([table]), &format!("[{}]", key(table)));
            for (name, value) in part.nested() {
                let line = format!("{} = {}", key(&name), inline(&value));
                text.line(KeyPath::new([table, &name]), &line);
            }
        }
        text
    }

    /// The leaves as tables in tables.
    pub fn nested(&self) -> Table {
        let mut root = Table::new();
        for (path, leaf) in &self.leaves {
            nest(&mut root, &path.0, &leaf.value);
        }
        root
    }

    /// Where the first leaf at or below a path is written, changed ones before those of `base`.
    pub fn place_below(&self, path: &KeyPath, base: &Document) -> Option<Place> {
        let below = || self.leaves.iter().filter(|(known, _)| known.is_below(path));
        let is_new =
            |path: &KeyPath, leaf: &Leaf| base.leaves.get(path).is_none_or(|old| old.value != leaf.value);
        let changed = below().find(|(path, leaf)| is_new(path, leaf));
        changed
            .or_else(|| below().next())
            .map(|(_, leaf)| leaf.place.clone())
    }
}

fn nest(table: &mut Table, names: &[String], value: &Value) {
    match names {
        [] => {}
        [name] => {
            table.insert(name.clone(), value.clone());
        }
        [name, rest @ ..] => {
            let inner = table
                .entry(name.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                nest(inner, rest, value);
            }
        }
    }
}

/// A document as text, and which path stands in which line.
#[derive(Clone, Debug, Default)]
pub struct Canonical {
    /// The text, lines ended by a line feed.
    pub text: String,
    /// The path of each line.
    pub lines: Vec<KeyPath>,
}

impl Canonical {
    fn line(&mut self, path: KeyPath, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.lines.push(path);
    }
}

/// A value in one line: tables inline, their keys sorted.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let entries: Vec<String> = table
                .iter()
                .map(|(name, value)| format!("{} = {}", key(name), inline(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(inline).collect();
            format!("[{}]", values.join(", "))
        }
        plain => plain.to_string(),
    }
}

struct Reader<'a> {
    place: &'a Place,
    text: &'a str,
    document: Document,
    errors: Vec<Error>,
}

impl Reader<'_> {
    fn table(&mut self, path: &KeyPath, values: &Table, spans: &DeTable<'_>) {
        for (name, span) in spans {
            let name = name.get_ref().as_ref();
            let Some(value) = values.get(name) else { continue };
            let path = path.with(name);
            match (value, span.get_ref()) {
                (Value::Table(values), DeValue::Table(spans)) if !values.is_empty() => {
                    self.table(&path, values, spans);
                }
                _ => self.leaf(path, value, span),
            }
        }
    }

    fn leaf(&mut self, path: KeyPath, value: &Value, span: &Spanned<DeValue<'_>>) {
        let place = self.place.of_offset(self.text, span.span().start);
        if let Some(float) = float_in(value) {
            let message =
                format!("`{path}` holds the float {float}; decimals are written in quotes: \"{float}\"");
            self.errors.push(Error::at(place, message));
            return;
        }
        let value = value.clone();
        self.document.leaves.insert(path, Leaf { value, place });
    }
}

fn float_in(value: &Value) -> Option<f64> {
    match value {
        Value::Float(float) => Some(*float),
        Value::Array(values) => values.iter().find_map(float_in),
        Value::Table(table) => table.iter().find_map(|(_, value)| float_in(value)),
        _ => None,
    }
}

/// A message of a text made from leaves, moved to where the leaf of its line is written.
pub(super) fn moved_to_leaves(
    error: &Error,
    made: &Place,
    text: &Canonical,
    place_of: impl Fn(&KeyPath) -> Option<Place>,
) -> Error {
    let moved = error.messages().map(|(place, message)| {
        let here = place.filter(|place| place.file == made.file);
        let line = here.and_then(|place| usize::try_from(place.line?).ok()?.checked_sub(1));
        let leaf = line.and_then(|line| text.lines.get(line)).and_then(&place_of);
        match leaf.or_else(|| place.cloned()) {
            Some(place) => Error::at(place, message),
            None => Error::new(message),
        }
    });
    match Error::all(moved) {
        Err(error) => error,
        Ok(()) => Error::silent(),
    }
}
