//! A layout file as written: what TOML it may hold.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

/// A layout file (版式文件).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayoutFile {
    pub id: Spanned<String>,
    pub name: String,
    pub form: Form,
    #[serde(default)]
    pub codes: String,
    #[serde(default)]
    pub extends: Option<Spanned<String>>,
    pub detect: Spanned<Vec<String>>,
    #[serde(default)]
    pub dash: Vec<Spanned<String>>,
    #[serde(default)]
    pub drop: Vec<Spanned<String>>,
    #[serde(default)]
    pub person: Headers,
    #[serde(default)]
    pub dates: DateForm,
    #[serde(default)]
    pub root: Vec<String>,
    #[serde(default)]
    pub join_on: Vec<Spanned<String>>,
    #[serde(default)]
    pub join_needs: Vec<Spanned<String>>,
    #[serde(default)]
    pub columns: BTreeMap<Spanned<String>, Spanned<Rule>>,
    #[serde(default)]
    pub staff: BTreeMap<Spanned<String>, Spanned<Rule>>,
    #[serde(default)]
    pub facts: BTreeMap<Spanned<String>, Spanned<Rule>>,
    #[serde(default)]
    pub mandatory: Vec<String>,
    #[serde(default)]
    pub general_anaesthesia: Vec<String>,
}

/// What the files of a layout are.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Rows and columns: CSV, spreadsheet, DBF (表格).
    Table,
    /// Settlement lists as JSON (清单报文).
    Json,
}

/// How dates without a time are written in files of a layout (日期写法).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(super) enum DateForm {
    /// `2022-03-05`.
    #[default]
    #[serde(rename = "yyyy-MM-dd")]
    Dashed,
    /// `20220305`.
    #[serde(rename = "yyyyMMdd")]
    Plain,
    /// `2022/03/05`.
    #[serde(rename = "yyyy/MM/dd")]
    Slashed,
}

/// One header, or several of which the first filled one counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Headers(pub Vec<String>);

/// How a neutral column comes about: one header, alternatives, or the parts of a rule.
#[derive(Clone, Debug)]
pub(super) struct Rule(pub Parts);

/// The keys of a rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parts {
    pub from: Option<Headers>,
    pub list: Option<Slots>,
    pub each: Option<Vec<String>>,
    pub of: Option<Headers>,
    pub pairs: Option<BTreeMap<String, String>>,
    pub join: Option<Vec<String>>,
    pub by: Option<String>,
    pub split: Option<String>,
    pub sum: Option<Headers>,
    pub parts: Option<Vec<String>>,
    pub read: Option<Read>,
    pub table: Option<Table>,
    pub other: Option<String>,
    #[serde(rename = "where")]
    pub filter: Option<BTreeMap<String, Vec<String>>>,
    pub first: Option<BTreeMap<String, String>>,
    pub others: Option<String>,
}

/// The slots of a list; each is a header, a run of headers, or alternatives.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots(pub Vec<Headers>);

/// A way to read what stands in a cell (读法).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum Read {
    #[serde(rename = "date")]
    Date,
    #[serde(rename = "time")]
    Time,
    #[serde(rename = "hour")]
    Hour,
    #[serde(rename = "months and thirtieths")]
    MonthsAndThirtieths,
    #[serde(rename = "d/h/m hours")]
    DurationHours,
    #[serde(rename = "d/h/m minutes")]
    DurationMinutes,
    #[serde(rename = "day hour minute")]
    DayHourMinute,
    #[serde(rename = "wound class and healing")]
    WoundClassAndHealing,
}

/// A map of values: by the name of a code table, or written out.
#[derive(Clone, Debug)]
pub(super) enum Table {
    Named(String),
    Inline(BTreeMap<String, String>),
}

/// A text, or a list of them.
struct TextOrTexts;

impl<'de> Visitor<'de> for TextOrTexts {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<Vec<String>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(texts))
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Headers, D::Error> {
        deserializer.deserialize_any(TextOrTexts).map(Headers)
    }
}

/// A header, or a list of slots.
struct AnySlots;

impl<'de> Visitor<'de> for AnySlots {
    type Value = Slots;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header or a list of headers")
    }

    fn visit_str<E>(self, text: &str) -> Result<Slots, E> {
        Ok(Slots(vec![Headers(vec![text.to_owned()])]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, slots: A) -> Result<Slots, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(slots)).map(Slots)
    }
}

impl<'de> Deserialize<'de> for Slots {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Slots, D::Error> {
        deserializer.deserialize_any(AnySlots)
    }
}

/// A header, alternatives, or a rule of parts.
struct AnyRule;

impl<'de> Visitor<'de> for AnyRule {
    type Value = Rule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header, a list of headers, or a rule such as `{ from = \"…\", read = \"date\" }`")
    }

    fn visit_str<E>(self, text: &str) -> Result<Rule, E> {
        Ok(Rule::of_headers(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<Rule, A::Error> {
        TextOrTexts.visit_seq(texts).map(Rule::of_headers)
    }

    fn visit_map<A: MapAccess<'de>>(self, parts: A) -> Result<Rule, A::Error> {
        Parts::deserialize(MapAccessDeserializer::new(parts)).map(Rule)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rule, D::Error> {
        deserializer.deserialize_any(AnyRule)
    }
}

impl Rule {
    fn of_headers(headers: Vec<String>) -> Rule {
        Rule(Parts {
            from: Some(Headers(headers)),
            ..Parts::default()
        })
    }
}

/// The name of a code table, or a table.
struct AnyTable;

impl<'de> Visitor<'de> for AnyTable {
    type Value = Table;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a code table, or a table of values")
    }

    fn visit_str<E>(self, text: &str) -> Result<Table, E> {
        Ok(Table::Named(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, values: A) -> Result<Table, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(values)).map(Table::Inline)
    }
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Table, D::Error> {
        deserializer.deserialize_any(AnyTable)
    }
}
