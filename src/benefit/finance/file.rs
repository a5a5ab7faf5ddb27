//! The finance file as written (筹资参保参数文件): its sections, keys and closed words.
//!
//! This is the schema: a key that is not here is an error with its line.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use toml::Spanned;

use super::super::Source;
pub use super::super::head::{Document, Standing};
use super::super::head::{Extends, head};
use super::super::literal::{Day, Ids, Known, Lit, Literal, Share};
use super::bounds::Op;
use super::period::{CoverPeriod, Span};
use crate::diagnostics::Evidence;
use crate::units::Fen;

/// A whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub file: Head,
    #[serde(default)]
    pub doc: Vec<Document>,
    #[serde(default)]
    pub finance: Finance,
    #[serde(default)]
    pub enrolment: Enrolment,
    #[serde(default)]
    pub bounds: Vec<Spanned<BoundRow>>,
}

head! {
    /// The head: the place, and its closed words.
    Head {
        categories: Option<Vec<String>>,
        region: Option<String>,
    }
}

impl Extends for File {
    fn schema(&self) -> u8 {
        self.file.schema
    }

    fn extends(&self) -> Option<&str> {
        self.file.extends.as_deref()
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finance {
    /// Which year an academic year counts to: the one it begins in, or the one it ends in.
    pub academic_year_counts: Option<super::AcademicYear>,
    /// Which reading of the central share is taken.
    pub central_reading: Option<String>,
    #[serde(default)]
    pub personal_fee: Vec<Spanned<FeeRow>>,
    #[serde(default)]
    pub fiscal_subsidy: Vec<Spanned<FiscalRow>>,
    #[serde(default)]
    pub central_share: Vec<Spanned<CentralRow>>,
    #[serde(default)]
    pub local_share: Vec<Spanned<LocalRow>>,
    #[serde(default)]
    pub enrol_subsidy: Vec<Spanned<SubsidyRow>>,
    #[serde(default)]
    pub cii_premium: Vec<Spanned<PremiumRow>>,
    pub projection: Option<Spanned<ProjectionRow>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    #[serde(default)]
    pub window: Vec<Spanned<WindowRow>>,
    #[serde(default)]
    pub waiting: Vec<Spanned<WaitingRow>>,
    #[serde(default)]
    pub grounds: Vec<Spanned<GroundsRow>>,
}

/// What every row carries.
pub trait Sourced {
    fn source(&self) -> Source;
}

macro_rules! rows {
    ($( $(#[$doc:meta])* $name:ident { $( $field:ident : $type:ty ),* $(,)? } )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            #[serde(default)]
            doc: Ids,
            clause: Option<String>,
            evidence: Evidence,
            note: Option<String>,
            #[serde(rename = "checked_on")]
            _checked_on: Option<Day>,
            $( pub $field: $type, )*
        }

        impl Sourced for $name {
            fn source(&self) -> Source {
                Source {
                    doc: self.doc.0.clone(),
                    clause: self.clause.clone(),
                    evidence: self.evidence,
                    note: self.note.clone(),
                }
            }
        }
    )*};
}

rows! {
    /// What a person pays for a period, before any enrolment subsidy.
    FeeRow {
        benefit: CoverPeriod,
        who: Option<Who>,
        collect_from: Option<Day>,
        collected: Option<i16>,
        op: Option<Op>,
        value: Option<Lit<Fen>>,
        table: Option<BTreeMap<String, Lit<Fen>>>,
    }
    /// What the state adds for a head in a year.
    FiscalRow { year: i16, op: Option<Op>, value: Lit<Fen> }
    /// The central government's part of it, by region and reading.
    CentralRow {
        region: String,
        reading: String,
        from_year: i16,
        to_year: Option<i16>,
        base: Lit<Fen>,
        old_share: Lit<Share>,
        share: Lit<Share>,
    }
    /// How the rest is shared between province, city and county; the county takes what is left.
    LocalRow { from_year: i16, to_year: Option<i16>, province: Lit<Share>, city: Lit<Share> }
    /// What is paid for persons of a category.
    SubsidyRow {
        benefit: CoverPeriod,
        categories: Vec<String>,
        value: Option<Lit<Fen>>,
        table: Option<BTreeMap<String, Lit<Fen>>>,
        of_plan: Option<String>,
        ratio: Option<Lit<Share>>,
        rest: Option<String>,
    }
    /// What critical illness insurance costs a head.
    PremiumRow { year: i16, value: Lit<Fen> }
    /// How fees and subsidies are taken to grow.
    ProjectionRow { years: u8, personal_growth: Lit<Fen>, fiscal_growth: Lit<Fen> }
    /// When fees of a period are collected.
    WindowRow { benefit: CoverPeriod, who: Option<Who>, from: Day, to: Day }
    /// How long a latecomer waits, and who does not.
    WaitingRow {
        from: Day,
        to: Option<Day>,
        value: Lit<Known<Length>>,
        employee_grace: Lit<Length>,
        newborn: Lit<Length>,
        categories: Vec<String>,
    }
    /// On what grounds one may enrol.
    GroundsRow { from: Day, to: Option<Day>, value: Vec<String> }
    /// What a notice says a value must be.
    BoundRow {
        rule: String,
        path: String,
        op: ByYear<Op>,
        than: Option<ByYear<Lit<Fen>>>,
        tolerance: Option<Lit<Fen>>,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    Student,
}

/// The days of a row with `from` and `to`.
pub fn days(from: Day, to: Option<Day>) -> Span {
    Span {
        from: from.0,
        to: to.map_or(Date::MAX, |day| day.0),
    }
}

/// A number of days or months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Days(u16),
    Months(u8),
}

impl Literal for Length {
    const EXPECTED: &'static str = "a length of time, e.g. \"90 day\" or \"3 month\"";

    fn parse(text: &str) -> Result<Length, String> {
        let refused = || format!("`{text}` is refused; expected {}", Self::EXPECTED);
        let (number, unit) = text.split_once(' ').ok_or_else(refused)?;
        match unit {
            "day" => number.parse().map(Length::Days).map_err(|_| refused()),
            "month" => number.parse().map(Length::Months).map_err(|_| refused()),
            _ => Err(refused()),
        }
    }

    fn show(&self) -> String {
        match self {
            Length::Days(days) => format!("{days} day"),
            Length::Months(months) => format!("{months} month"),
        }
    }
}

impl Length {
    /// The day so long after another; months end with their month (按月末截断).
    pub fn after(self, day: Date) -> Date {
        let length = match self {
            Length::Days(days) => jiff::Span::new().days(i32::from(days)),
            Length::Months(months) => jiff::Span::new().months(i32::from(months)),
        };
        day.saturating_add(length)
    }
}

/// One value for all years, or one a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByYear<T> {
    All(T),
    Years(BTreeMap<i16, T>),
}

impl<T> ByYear<T> {
    pub fn of(&self, year: i16) -> Option<&T> {
        match self {
            ByYear::All(value) => Some(value),
            ByYear::Years(years) => years.get(&year),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByYear<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ByYear<T>, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        let toml::Value::Table(table) = value else {
            return T::deserialize(value).map(ByYear::All).map_err(D::Error::custom);
        };
        let mut years = BTreeMap::new();
        for (key, value) in table {
            let year = key
                .parse()
                .map_err(|_| D::Error::custom(format!("unknown key `{key}`; expected a year")))?;
            years.insert(year, T::deserialize(value).map_err(D::Error::custom)?);
        }
        Ok(ByYear::Years(years))
    }
}
