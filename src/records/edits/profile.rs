//! A profile (质控方案): what a place does otherwise than `edits.csv` says.

use std::path::{Path, PathBuf};

use super::rows::{Edits, parameter_value, read_severity, read_stops};
use super::sheet::EditFile;
use crate::diagnostics::{Error, Result, Stops, suggestion};

/// Edits that decide whether there is a case at all: they always stop it.
const ALWAYS: [&str; 6] = ["F001", "F002", "F003", "C101", "X301", "A401"];

/// Limits that are given as a pair, and the parameters they stand for.
const PAIRS: [(&str, [&str; 2]); 3] = [
    ("error", ["error_min", "error_max"]),
    ("warning", ["warning_min", "warning_max"]),
    ("range", ["min", "max"]),
];

/// Differences from the rows as shipped (质控方案): severities, what stops, limits, lists, edits off.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    file: EditFile,
    table: toml::Table,
}

impl Profile {
    /// Reads a profile's file.
    ///
    /// # Errors
    /// It cannot be read, or is no TOML.
    pub fn open(path: &Path) -> Result<Profile> {
        Profile::read(EditFile::read(path)?)
    }

    /// Reads a profile from a file already found.
    ///
    /// # Errors
    /// It is no TOML, or has no name.
    pub fn read(file: EditFile) -> Result<Profile> {
        let table: toml::Table = crate::diagnostics::parse_toml(&file.place, &file.text)?;
        let name = table
            .get("profile")
            .and_then(toml::Value::as_str)
            .unwrap_or_default();
        if name.is_empty() {
            let message = "key `profile` is missing; expected the profile's name in quotes";
            return Err(Error::at(file.place.clone(), message));
        }
        Ok(Profile {
            name: name.to_owned(),
            file,
            table,
        })
    }

    /// The lists it names, with the file each is in: beside the profile.
    pub(super) fn lists(&self) -> Result<Vec<(&str, PathBuf, &str)>> {
        let Some(lists) = self.table.get("lists") else {
            return Ok(Vec::new());
        };
        let lists = lists
            .as_table()
            .ok_or_else(|| self.wrong("lists", "`lists` needs names and files"))?;
        let folder = Path::new(&*self.file.place.file)
            .parent()
            .unwrap_or(Path::new(""))
            .to_owned();
        let entry = |(name, file): (&'_ String, &'_ toml::Value)| match file.as_str() {
            Some(_) => Ok(()),
            None => Err(self.wrong(name, &format!("list `{name}` needs the name of a file in quotes"))),
        };
        lists.iter().try_for_each(entry)?;
        let named = lists.iter().filter_map(|(name, file)| {
            let file = file.as_str()?;
            Some((name.as_str(), folder.join(file), file))
        });
        Ok(named.collect())
    }

    /// An error at the line that holds `key`.
    pub(super) fn wrong(&self, key: &str, message: &str) -> Error {
        let text = &self.file.text;
        let found = text.lines().position(|line| {
            let line = line.trim_start();
            !line.starts_with('#') && line.contains(key)
        });
        let place = match found {
            Some(at) => self.file.place.line(at as u64 + 1),
            None => self.file.place.clone(),
        };
        Error::at(place, message)
    }

    /// Changes the rows.
    ///
    /// # Errors
    /// Every key, code, word and number that is not known, together.
    pub(super) fn apply(&self, edits: &mut Edits) -> Result<()> {
        let mut errors = Vec::new();
        for (key, value) in &self.table {
            let done = match key.as_str() {
                "profile" | "lists" => Ok(()),
                "off" => self.switch_off(value, edits),
                code => self.change_edit(code, value, edits),
            };
            errors.extend(done.err());
        }
        Error::all(errors)
    }

    fn switch_off(&self, codes: &toml::Value, edits: &mut Edits) -> Result<()> {
        let codes = codes
            .as_array()
            .map(|codes| codes.iter().map(toml::Value::as_str).collect::<Option<Vec<_>>>());
        let Some(Some(codes)) = codes else {
            return Err(self.wrong("off", "`off` needs a list of edits, e.g. [\"S994\"]"));
        };
        for code in codes {
            if ALWAYS.contains(&code) {
                let message = format!("edit `{code}` cannot be switched off: without it there is no case");
                return Err(self.wrong(code, &message));
            }
            let hint = edits.hint(code);
            let row = edits.row_mut(code);
            let row = row.ok_or_else(|| self.wrong(code, &format!("there is no edit `{code}`{hint}")))?;
            row.off = true;
        }
        Ok(())
    }

    fn change_edit(&self, code: &str, value: &toml::Value, edits: &mut Edits) -> Result<()> {
        let hint = edits.hint(code);
        let row = edits.row_mut(code).ok_or_else(|| {
            let others = suggestion(code, ["profile", "lists", "off"]);
            let hint = if hint.is_empty() { others } else { hint };
            self.wrong(code, &format!("there is no edit or key `{code}`{hint}"))
        })?;
        let table = value.as_table().ok_or_else(|| {
            self.wrong(
                code,
                &format!("edit `{code}` needs values in braces, e.g. {{ severity = \"warning\" }}"),
            )
        })?;
        for (key, value) in table {
            let wrong = |message: String| self.wrong(code, &format!("edit `{code}`: {message}"));
            match (key.as_str(), value.as_str()) {
                ("severity", Some(word)) => {
                    let severity = read_severity(word).map_err(wrong)?;
                    row.change(|edit| edit.severity = severity);
                }
                ("stops", Some(word)) => {
                    let stops = read_stops(word).map_err(wrong)?;
                    self.may_stop(code, stops)?;
                    row.change(|edit| edit.stops = stops);
                }
                _ => set_parameter(&mut row.parameters, key, value).map_err(wrong)?,
            }
        }
        row.settle()
    }

    fn may_stop(&self, code: &str, stops: Stops) -> Result<()> {
        let always = ALWAYS.contains(&code);
        let message = match stops {
            Stops::Money | Stops::None if always => {
                format!("edit `{code}` cannot be lowered: without it there is no case")
            }
            Stops::File | Stops::Record => {
                format!(
                    "edit `{code}`: expected `group`, `money` or `none`; `{}` is kept for what cannot be read",
                    stops.as_str()
                )
            }
            _ => return Ok(()),
        };
        Err(self.wrong(code, &message))
    }
}

fn set_parameter(
    parameters: &mut super::Parameters,
    key: &str,
    value: &toml::Value,
) -> std::result::Result<(), String> {
    if let Some((_, names)) = PAIRS
        .iter()
        .find(|(pair, names)| *pair == key && names.iter().all(|name| parameters.find(name).is_some()))
    {
        let limits = value
            .as_array()
            .map(|limits| limits.iter().map(number).collect::<Option<Vec<_>>>());
        return match limits.flatten().as_deref() {
            Some([low, high]) if low <= high => {
                names
                    .iter()
                    .zip([low, high])
                    .for_each(|(name, limit)| parameters.set(name, *limit));
                Ok(())
            }
            _ => Err(format!(
                "`{key}` needs two limits, the lower first, e.g. [200, 9999]"
            )),
        };
    }
    if parameters.find(key).is_none() {
        let known = ["severity", "stops"].into_iter().chain(parameters.names());
        let known: Vec<&str> = known.collect();
        let hint = suggestion(key, known.iter().copied());
        return Err(format!("unknown key `{key}`{hint}; it has {}", known.join(", ")));
    }
    let value = number(value).ok_or_else(|| {
        format!("`{key}` needs a whole number, a decimal in quotes such as \"0.05\", or true and false")
    })?;
    parameters.set(key, value);
    Ok(())
}

/// In hundredths.
fn number(value: &toml::Value) -> Option<i64> {
    match value {
        toml::Value::Integer(number) => u32::try_from(*number).ok().map(|number| i64::from(number) * 100),
        toml::Value::Boolean(on) => Some(i64::from(*on) * 100),
        toml::Value::String(text) => parameter_value(text),
        _ => None,
    }
}
