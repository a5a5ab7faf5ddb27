//! The catalogue of levers (杠杆目录): which keys a scenario may have, what each means, its unit and
//! its range; rows of `levers.csv`.

use std::sync::OnceLock;

use toml::Value;

use super::document::{KeyPath, Leaf};
use crate::diagnostics::{Error, Lang, Result, suggestion};
use crate::units::{Exact, Fen, Ratio};

/// Where a change first matters (起始环节), in the order of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Records read, grouped, their bills shared.
    Cases,
    /// Points of each case.
    Score,
    /// What hospitals do about it.
    Behaviour,
    /// Pools settled.
    Settle,
    /// Nowhere: a name or a study.
    None,
}

impl Stage {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Cases => "cases",
            Stage::Score => "score",
            Stage::Behaviour => "behaviour",
            Stage::Settle => "settle",
            Stage::None => "none",
        }
    }

    fn of(word: &str) -> Stage {
        let all = [Stage::Cases, Stage::Score, Stage::Behaviour, Stage::Settle];
        all.into_iter()
            .find(|stage| stage.as_str() == word)
            .unwrap_or(Stage::None)
    }
}

/// One row of the catalogue (杠杆).
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Lever {
    /// Path; `*` stands for any name.
    pub path: String,
    /// The lever it belongs to; `form` and `study` are none.
    pub lever: String,
    stage: String,
    kind: String,
    /// Unit of its values.
    pub unit: String,
    low: String,
    high: String,
    en: String,
    zh: String,
}

impl Lever {
    /// What it means (含义).
    pub fn sentence(&self, lang: Lang) -> &str {
        lang.pick(&self.en, &self.zh)
    }

    /// Where a change first matters.
    pub fn stage(&self) -> Stage {
        Stage::of(&self.stage)
    }

    /// Whether it is a lever at all, and no name or study.
    pub fn is_lever(&self) -> bool {
        !matches!(self.lever.as_str(), "form" | "study")
    }

    /// Whether its value names a file.
    pub fn is_file(&self) -> bool {
        self.kind == "file"
    }

    /// Lowest and highest value, in its unit; empty where there is no bound (取值范围).
    pub fn range(&self) -> (&str, &str) {
        (&self.low, &self.high)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.path.split('.')
    }

    /// How closely it fits a path: literal names count more than `*`; none if it does not. Rows of
    /// the kind `any` take what is below them too.
    fn fit(&self, path: &KeyPath) -> Option<usize> {
        let names = path.names();
        let own = self.names().count();
        let open = self.kind == "any" && own < names.len();
        if own != names.len() && !open {
            return None;
        }
        let mut fit = usize::from(!open);
        for (name, written) in self.names().zip(names) {
            fit += match name {
                "*" => 2,
                _ if name == written => 3,
                _ => return None,
            };
        }
        Some(fit)
    }

    /// Refuses a value of another type or outside the range.
    fn check(&self, path: &KeyPath, leaf: &Leaf) -> Result<()> {
        let wrong = |expected: &str| {
            let text = leaf.text();
            let message = format!("`{path}` is {text}; expected {expected}");
            Err(Error::at(leaf.place.clone(), message))
        };
        match (self.kind.as_str(), &leaf.value) {
            ("any", _) | ("flag", Value::Boolean(_)) | ("list", Value::Array(_)) => Ok(()),
            ("text" | "file", Value::String(text)) if !text.is_empty() => Ok(()),
            ("whole", Value::Integer(number)) => self.in_range(path, leaf, Exact::integer((*number).into())),
            ("share", Value::String(text)) => match (text.strip_suffix('%'), text.parse::<Ratio>()) {
                (Some(per_cent), Ok(_)) => match number(per_cent) {
                    Some(value) => self.in_range(path, leaf, value),
                    None => wrong("a share in per cent, e.g. \"3%\""),
                },
                _ => wrong("a share in per cent, e.g. \"3%\""),
            },
            ("number", Value::String(text)) => match number(text).filter(|_| !text.ends_with(['%', '‰'])) {
                Some(value) => self.in_range(path, leaf, value),
                None => wrong("a decimal in quotes, e.g. \"0.85\""),
            },
            ("yuan", Value::String(text)) => match yuan(text) {
                Some(amount) => self.in_range(path, leaf, amount.exact()),
                None => wrong("an amount with its unit, e.g. \"31000000.00 yuan\""),
            },
            ("flag", _) => wrong("true or false"),
            ("list", _) => wrong("a list"),
            ("whole", _) => wrong("a whole number"),
            ("share", _) => wrong("a share in per cent, e.g. \"3%\""),
            ("number", _) => wrong("a decimal in quotes, e.g. \"0.85\""),
            ("yuan", _) => wrong("an amount with its unit, e.g. \"31000000.00 yuan\""),
            (kind, value) => match (kind.strip_prefix("word:"), value) {
                (Some(words), Value::String(text)) if words.split('|').any(|word| word == text) => Ok(()),
                (Some(words), _) => {
                    let written = leaf.value.as_str().unwrap_or("");
                    // a digit is as far from one digit as from any other
                    let near = words.split('|').filter(|word| word.len() > 1);
                    let hint = suggestion(written, near);
                    wrong(&format!("{}{hint}", words.replace('|', " or ")))
                }
                (None, _) => wrong("a text in quotes"),
            },
        }
    }

    fn in_range(&self, path: &KeyPath, leaf: &Leaf, value: Exact) -> Result<()> {
        let below = number(&self.low).is_some_and(|low| value.compare(low).is_lt());
        let above = number(&self.high).is_some_and(|high| value.compare(high).is_gt());
        if !below && !above {
            return Ok(());
        }
        let (low, high, unit) = (&self.low, &self.high, &self.unit);
        let range = match (low.as_str(), high.as_str()) {
            (low, "") => format!("{low} or more"),
            ("", high) => format!("{high} or less"),
            (low, high) => format!("{low} to {high}"),
        };
        let space = if unit.is_empty() || unit == "%" { "" } else { " " };
        let message = format!("`{path}` is {}; its range is {range}{space}{unit}", leaf.text());
        Err(Error::at(leaf.place.clone(), message))
    }
}

/// A plain decimal; a sign of per cent is taken into account.
pub(super) fn number(text: &str) -> Option<Exact> {
    text.parse::<Ratio>().ok()?.exact().ok()
}

/// `"31000000.00 yuan"`.
pub(super) fn yuan(text: &str) -> Option<Fen> {
    Fen::parse_yuan(text.strip_suffix(" yuan")?).ok()
}

/// Every row of the catalogue (全部杠杆).
pub fn levers() -> &'static [Lever] {
    static LEVERS: OnceLock<Vec<Lever>> = OnceLock::new();
    LEVERS.get_or_init(|| {
        let mut rows = csv::Reader::from_reader(include_str!("levers.csv").as_bytes());
        // the text is part of the program, and a test reads every row of it
        rows.deserialize().filter_map(std::result::Result::ok).collect()
    })
}

/// The row of a path: the one that fits closest (最长前缀).
pub fn lever_of(path: &KeyPath) -> Option<&'static Lever> {
    let fitting = levers()
        .iter()
        .filter_map(|lever| Some((lever.fit(path)?, lever)));
    // the first of equals
    fitting
        .fold(None, |best: Option<(usize, &Lever)>, (fit, lever)| match best {
            Some((known, _)) if known >= fit => best,
            _ => Some((fit, lever)),
        })
        .map(|(_, lever)| lever)
}

/// Holds a leaf against the catalogue (校验杠杆).
///
/// # Errors
/// There is no such key, with the nearest one; its value has another type or is out of range.
pub(super) fn check(path: &KeyPath, leaf: &Leaf) -> Result<()> {
    match lever_of(path) {
        Some(lever) => lever.check(path, leaf),
        None => Err(Error::at(
            leaf.place.clone(),
            format!("there is no lever `{path}`{}", nearest(path)),
        )),
    }
}

/// The nearest path, `*` filled with what is written.
pub(super) fn nearest(path: &KeyPath) -> String {
    let filled: Vec<String> = levers()
        .iter()
        .map(|lever| {
            let names = lever
                .names()
                .enumerate()
                .map(|(at, name)| match (name, path.names().get(at)) {
                    ("*", Some(written)) => written.clone(),
                    _ => name.to_owned(),
                });
            names.collect::<Vec<_>>().join(".")
        })
        .collect();
    let hint = suggestion(&path.to_string(), filled.iter().map(String::as_str));
    if !hint.is_empty() {
        return hint;
    }
    let first = path.names().first().map_or("", String::as_str);
    let begins = filled
        .iter()
        .filter(|known| known.split('.').next() == Some(first));
    let near: Vec<String> = begins.take(4).map(|known| format!("`{known}`")).collect();
    if near.is_empty() {
        String::new()
    } else {
        format!("; near it are {}", near.join(", "))
    }
}
