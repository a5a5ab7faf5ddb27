//! `edits.csv`: one row an edit.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::sheet::EditFile;
use crate::diagnostics::{Edit, Error, Place, Result, Severity, Stops, Texts, suggestion};

/// The rows this program was built with; they also say which codes there are.
const BUILT_IN: &str = include_str!("../../../grouping-tables/edits/edits.csv");

/// Columns of `edits.csv`.
const COLUMNS: [&str; 13] = [
    "code",
    "severity",
    "stops",
    "topic",
    "name",
    "name_zh",
    "expected",
    "expected_zh",
    "condition",
    "needs",
    "parameters",
    "source",
    "medicare",
];

/// Numbers an edit is set by (参数), in hundredths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, i64)>);

impl Parameters {
    /// In hundredths; an unknown one is zero, which loading rules out.
    pub(in crate::records) fn get(&self, name: &str) -> i64 {
        self.find(name).unwrap_or(0)
    }

    /// Whether it is switched on.
    pub(in crate::records) fn is_on(&self, name: &str) -> bool {
        self.get(name) != 0
    }

    pub(super) fn find(&self, name: &str) -> Option<i64> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn set(&mut self, name: &str, value: i64) {
        if let Some((_, held)) = self.0.iter_mut().find(|(known, _)| known == name) {
            *held = value;
        }
    }

    /// `min = 0; max = 124`, a switch as `repair = yes`.
    fn read(text: &str, place: &Place) -> Result<Parameters> {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        let read = |part: &str| {
            let value = part
                .split_once('=')
                .map(|(name, value)| (name.trim(), value.trim()));
            let number = value.and_then(|(name, value)| Some((name.to_owned(), parameter_value(value)?)));
            number.ok_or_else(|| {
                let message =
                    format!("`{part}` is no parameter; expected such as `max = 365` or `repair = yes`");
                Error::at(place.clone(), message)
            })
        };
        Ok(Parameters(parts.map(read).collect::<Result<_>>()?))
    }

    /// Writes `{max}` as the value it stands for.
    fn fill(&self, text: &str, place: &Place) -> Result<String> {
        let mut filled = text.to_owned();
        for (name, value) in &self.0 {
            filled = filled.replace(&format!("{{{name}}}"), &super::super::plain_number(*value));
        }
        match filled.find('{') {
            None => Ok(filled),
            Some(at) => {
                let rest = filled.get(at..).unwrap_or_default();
                let name = rest.trim_start_matches('{').split('}').next().unwrap_or_default();
                let hint = suggestion(name, self.names());
                Err(Error::at(
                    place.clone(),
                    format!("`{{{name}}}` is no parameter of this edit{hint}"),
                ))
            }
        }
    }
}

/// A number in hundredths, or `yes` and `no`.
pub(super) fn parameter_value(text: &str) -> Option<i64> {
    match text {
        "yes" => Some(100),
        "no" => Some(0),
        number => super::super::cells::read_plain_number(number.as_bytes()),
    }
}

/// An edit with what is needed to run it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) edit: Arc<Edit>,
    pub(super) parameters: Parameters,
    /// Columns and other things without which it cannot be asked.
    pub(super) needs: String,
    pub(super) off: bool,
    /// Words with parameters not yet filled in.
    expected: Texts,
    place: Place,
}

impl Row {
    /// Fills the parameters into the words.
    pub(super) fn settle(&mut self) -> Result<()> {
        let expected = Texts {
            en: self.parameters.fill(&self.expected.en, &self.place)?,
            zh: self.parameters.fill(&self.expected.zh, &self.place)?,
        };
        self.change(|edit| edit.expected = expected);
        Ok(())
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Edit)) {
        change(Arc::make_mut(&mut self.edit));
    }
}

/// Every edit by its code (质控规则目录).
#[derive(Clone, Debug, Default)]
pub struct Edits {
    /// Sorted by code.
    pub(super) rows: Vec<Row>,
}

/// The edit of a code, as this program was built (按编码取规则).
pub fn edit(code: &str) -> Option<&'static Arc<Edit>> {
    let row = Edits::built_in().row(code)?;
    Some(&row.edit)
}

impl Edits {
    /// Those this program was built with.
    pub fn built_in() -> &'static Edits {
        static EDITS: OnceLock<Edits> = OnceLock::new();
        EDITS.get_or_init(|| {
            let place = Place::file(Path::new("(built-in) edits.csv"));
            let text = BUILT_IN.to_owned();
            // a test holds that they can be read
            Edits::read(&EditFile { place, text }).unwrap_or_default()
        })
    }

    /// Reads `edits.csv`.
    ///
    /// # Errors
    /// A code this program does not know or that stands twice or nowhere, unknown words,
    /// parameters that are none.
    pub fn read(file: &EditFile) -> Result<Edits> {
        let mut edits = Edits::default();
        file.each_row(COLUMNS, |cells, place| {
            let row = read_row(cells, place)?;
            if edits.row(row.edit.code).is_some() {
                let message = format!("edit `{}` stands twice", row.edit.code);
                return Err(Error::at(place.clone(), message));
            }
            let at = edits
                .rows
                .partition_point(|other| other.edit.code < row.edit.code);
            edits.rows.insert(at, row);
            Ok(())
        })?;
        let missing: Vec<&str> = known_codes().filter(|code| edits.row(code).is_none()).collect();
        if !missing.is_empty() {
            let message = format!(
                "there is no row for {}; an edit is switched off by a profile",
                missing.join(", ")
            );
            return Err(Error::at(file.place.clone(), message));
        }
        Ok(edits)
    }

    /// All of them, by code.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Edit>> {
        self.rows.iter().map(|row| &row.edit)
    }

    /// The edit of a code.
    pub(in crate::records) fn get(&self, code: &'static str) -> Arc<Edit> {
        match self.row(code) {
            Some(row) => Arc::clone(&row.edit),
            None => Arc::new(unnamed(code)),
        }
    }

    /// Whether an edit is switched on, and a whole number not above a parameter of it.
    pub fn within(&self, code: &str, parameter: &str, number: i64) -> bool {
        let row = self.row(code).filter(|row| !row.off);
        row.is_some_and(|row| number.saturating_mul(100) <= row.parameters.get(parameter))
    }

    /// The edit of a code, unless a profile has switched it off.
    pub(in crate::records) fn asked(&self, code: &'static str) -> Option<Arc<Edit>> {
        match self.row(code) {
            Some(row) => (!row.off).then(|| Arc::clone(&row.edit)),
            None => Some(Arc::new(unnamed(code))),
        }
    }

    /// Whether a profile has switched it off.
    pub(in crate::records) fn is_off(&self, code: &str) -> bool {
        self.row(code).is_some_and(|row| row.off)
    }

    /// The parameters of an edit.
    pub(in crate::records) fn parameters(&self, code: &str) -> &Parameters {
        static NONE: Parameters = Parameters(Vec::new());
        self.row(code).map_or(&NONE, |row| &row.parameters)
    }

    pub(super) fn position(&self, code: &str) -> Option<usize> {
        self.rows.binary_search_by(|row| row.edit.code.cmp(code)).ok()
    }

    pub(super) fn row(&self, code: &str) -> Option<&Row> {
        self.rows.get(self.position(code)?)
    }

    pub(super) fn row_mut(&mut self, code: &str) -> Option<&mut Row> {
        let at = self.position(code)?;
        self.rows.get_mut(at)
    }

    /// `; did you mean …`
    pub(super) fn hint(&self, code: &str) -> String {
        suggestion(code, self.rows.iter().map(|row| row.edit.code))
    }
}

/// A finding is never lost, even if its row were.
fn unnamed(code: &'static str) -> Edit {
    Edit {
        code,
        severity: Severity::Error,
        stops: Stops::None,
        topic: String::new(),
        name: Texts::default(),
        expected: Texts::default(),
    }
}

/// The codes that this program has words and means for.
fn known_codes() -> impl Iterator<Item = &'static str> {
    let lines = BUILT_IN.lines().skip(1);
    lines
        .filter_map(|line| line.split(',').next())
        .filter(|code| !code.is_empty())
}

fn read_row(cells: [&str; COLUMNS.len()], place: &Place) -> Result<Row> {
    let [
        code,
        severity,
        stops,
        topic,
        en,
        zh,
        expected_en,
        expected_zh,
        _,
        needs,
        parameters,
        ..,
    ] = cells;
    let unknown = |message: String| Error::at(place.clone(), message);
    let known = known_codes().find(|known| *known == code).ok_or_else(|| {
        let hint = suggestion(code, known_codes());
        unknown(format!("`{code}` is no edit of this program{hint}"))
    })?;
    let texts = |en: &str, zh: &str| Texts {
        en: en.to_owned(),
        zh: zh.to_owned(),
    };
    let mut row = Row {
        edit: Arc::new(Edit {
            code: known,
            severity: read_severity(severity).map_err(unknown)?,
            stops: read_stops(stops).map_err(unknown)?,
            topic: topic.to_owned(),
            name: texts(en, zh),
            expected: Texts::default(),
        }),
        parameters: Parameters::read(parameters, place)?,
        needs: needs.to_owned(),
        off: false,
        expected: texts(expected_en, expected_zh),
        place: place.clone(),
    };
    if [en, zh, expected_en, expected_zh].contains(&"") {
        return Err(unknown(format!(
            "edit `{code}` lacks words; name and expected stand in both languages"
        )));
    }
    row.settle()?;
    Ok(row)
}

pub(super) fn read_severity(word: &str) -> std::result::Result<Severity, String> {
    let words = Severity::ALL.map(Severity::as_str);
    Severity::by_word(word)
        .ok_or_else(|| format!("unknown severity `{word}`; expected one of {}", words.join(", ")))
}

pub(super) fn read_stops(word: &str) -> std::result::Result<Stops, String> {
    let words = Stops::ALL.map(Stops::as_str);
    Stops::by_word(word).ok_or_else(|| {
        format!(
            "`{word}` is nothing to stop; expected one of {}",
            words.join(", ")
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rows_can_be_read() {
        let place = Place::file(Path::new("edits.csv"));
        let text = BUILT_IN.to_owned();
        let edits = Edits::read(&EditFile { place, text }).unwrap();
        assert_eq!(edits.iter().len(), 111);
    }
}
