//! A pack held against the language (政策包键表检查): unknown, missing and refused keys,
//! floats, and shares written with the wrong sign.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::Need::{self, Elsewhere, Required};
use super::keys::{KEYS, REFUSED, SIGNS, Sign};

use crate::diagnostics::{Error, Place, Result, suggestion};

/// Holds a pack's keys against the language: unknown, missing and refused keys and
/// floats, all of them at once.
pub(super) fn check_keys(place: &Place, text: &str, root: &DeTable) -> Result<()> {
    let mut check = Check {
        place,
        text,
        errors: Vec::new(),
    };
    check.table("", None, root);
    Error::all(check.errors)
}

/// Every key that a pack leaves open is one of the language (E_UNKNOWN_KEY).
pub(super) fn check_open_keys(at: impl Fn(String) -> Error, open: &[String]) -> Result<()> {
    let is_known = |path: &str| {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        need(parent, name).is_some()
    };
    let unknown = open.iter().filter(|path| !is_known(path));
    let errors = unknown.map(|path| {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let hint = match suggestion(name, names(parent)) {
            near if near.is_empty() => suggestion(path, names("")),
            near => near,
        };
        at(format!(
            "`unresolved` names `{path}`, which is no key of a pack (E_UNKNOWN_KEY){hint}"
        ))
    });
    Error::all(errors)
}

/// Where the value of a key stands and what is written there, for `table.key` and root keys.
pub(super) fn written<'t>(text: &'t str, root: &DeTable, path: &str) -> Option<(usize, &'t str)> {
    let mut names = path.split('.');
    let mut value = root.get(names.next()?)?;
    for name in names {
        value = value.get_ref().as_table()?.get(name)?;
    }
    let span = value.span();
    Some((span.start, text.get(span)?))
}

struct Check<'a> {
    place: &'a Place,
    text: &'a str,
    errors: Vec<Error>,
}

impl Check<'_> {
    fn table(&mut self, path: &str, at: Option<usize>, table: &DeTable) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let full = join(path, name);
            match need(path, name) {
                Some(Elsewhere(where_it_is)) => self.say(
                    Some(key.span().start),
                    format!("`{full}` has no place in a pack: it is said by {where_it_is}"),
                ),
                Some(_) => self.value(&full, value),
                None => {
                    let hint = suggestion(name, names(path));
                    self.say(Some(key.span().start), format!("unknown key `{full}`{hint}"));
                }
            }
        }
        for name in names(path).filter(|n| need(path, n) == Some(Required) && !table.contains_key(*n)) {
            let full = join(path, name);
            self.say(
                at,
                format!("required key `{full}` is missing; it has no default (E_MISSING)"),
            );
        }
    }

    fn value(&mut self, path: &str, value: &Spanned<DeValue>) {
        let at = value.span().start;
        match value.get_ref() {
            DeValue::Table(table) if names(path).next().is_some() => self.table(path, Some(at), table),
            DeValue::Table(table) => {
                for (key, value) in table {
                    self.value(&join(path, key.get_ref()), value);
                }
            }
            DeValue::Array(values) => {
                for value in values.iter() {
                    self.value(path, value);
                }
            }
            DeValue::Float(float) => self.say(
                Some(at),
                format!(
                    "`{path}` is a float; decimals are written in quotes: \"{}\" (E_FLOAT)",
                    float.as_str()
                ),
            ),
            DeValue::String(word) => {
                self.word(path, at, word);
                self.sign(path, at, word);
            }
            DeValue::Boolean(true) => self.word(path, at, "true"),
            _ => {}
        }
    }

    fn word(&mut self, path: &str, at: usize, word: &str) {
        let refused = REFUSED.iter().find(|(p, of, _)| *p == path && *of == word);
        if let Some((_, _, why)) = refused {
            self.say(Some(at), format!("`{path} = {word}` is refused: {why}"));
        }
    }

    /// A decimal written with the sign of its unit, and no other.
    fn sign(&mut self, path: &str, at: usize, text: &str) {
        let below = |of: &str| path == of || path.strip_prefix(of).is_some_and(|rest| rest.starts_with('.'));
        let Some((_, sign)) = SIGNS.iter().find(|(of, _)| below(of)) else {
            return;
        };
        if !text.ends_with(['%', '‰']) && text.parse::<crate::units::Ratio>().is_err() {
            return; // no number: a file's name, or an error of its own
        }
        let (fits, expected) = match sign {
            Sign::Plain => (
                !text.ends_with(['%', '‰']),
                "a factor without a sign, e.g. \"0.40\"",
            ),
            Sign::Percent => (text.ends_with('%'), "a share in per cent, e.g. \"3%\""),
            Sign::Share => (
                text.ends_with(['%', '‰']),
                "a share with its sign, e.g. \"3%\" or \"5‰\"",
            ),
        };
        if !fits {
            self.say(
                Some(at),
                format!("`{path}` is \"{text}\"; expected {expected} (E_UNIT)"),
            );
        }
    }

    fn say(&mut self, at: Option<usize>, message: String) {
        let place = match at {
            Some(at) => self.place.of_offset(self.text, at),
            None => self.place.clone(),
        };
        self.errors.push(Error::at(place, message));
    }
}

fn names(path: &str) -> impl Iterator<Item = &'static str> {
    let parent = parent_row(path).to_owned();
    KEYS.iter()
        .filter(move |(p, _, _)| *p == parent)
        .flat_map(|(_, _, names)| names.iter().copied())
}

fn need(path: &str, name: &str) -> Option<Need> {
    let parent = parent_row(path);
    KEYS.iter()
        .find(|(p, _, names)| *p == parent && names.contains(&name))
        .map(|(_, need, _)| *need)
}

/// Documents and attributes are named freely, so `doc.d1` follows the row `doc.*`.
fn parent_row(path: &str) -> &str {
    let named = |parent: &str| path.strip_prefix(parent).is_some_and(|id| !id.contains('.'));
    match path {
        _ if named("doc.") => "doc.*",
        _ if named("group.attr.") => "group.attr.*",
        _ => path,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The keys of one table (or of the root) that a document answers for, as far as they are
/// written, in the order of the language.
pub(super) fn graded_keys(root: &DeTable, table: &str) -> Vec<&'static str> {
    /// Names, references and the tables that answer for themselves.
    const UNGRADED: &[&str] = &["schema", "pack", "meta", "weaker", "doc", "unresolved"];
    let written = match table {
        "" => Some(root),
        _ => root.get(table).and_then(|value| value.get_ref().as_table()),
    };
    let answers_for_itself = |name: &str| table.is_empty() && need(name, "meta").is_some();
    names(table)
        .filter(|name| !UNGRADED.contains(name) && !answers_for_itself(name))
        .filter(|name| written.is_some_and(|table| table.contains_key(*name)))
        .collect()
}
