//! Values as written in a benefit file (参数字面值): text that carries its unit.
//!
//! A bare number is refused everywhere: `14460` could be yuan, fen or a ratio.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use jiff::civil::Date;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::error::fault::{self, named};
use crate::units::{Exact, Fen, Ratio};

/// A value that may be stated as unknown (未知值): a claim that needs it is not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// A value.
    Value(T),
    /// `"unknown"`.
    Unknown,
}

/// The most that is paid (限额): an amount, or the stated absence of one, `"none"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub Option<Fen>);

/// A payment ratio (支付比例) between 0 % and 100 %, as an exact fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(pub Exact);

/// A change of a ratio in percentage points (百分点): 提高5% in a notice is `+5pp`, never × 1.05.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change(pub Exact);

/// One band of a scale (分段): up to and including `upper`, the fund pays `ratio`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Upper edge; `None` is open.
    pub upper: Option<Fen>,
    /// The fund's part inside the band.
    pub ratio: Exact,
}

/// What one cell of a parameter holds (参数值).
pub trait Literal: Sized {
    /// What a reader of the file must write here.
    const EXPECTED: &'static str;

    /// From a string.
    fn parse(text: &str) -> Result<Self, String>;

    /// From a list; most literals have no such form.
    fn list<'de, A: SeqAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Err(A::Error::invalid_type(Unexpected::Seq, &Self::EXPECTED))
    }

    /// As shown on an explanation.
    fn show(&self) -> String;
}

fn refused<T: Literal>(text: &str) -> String {
    named(
        fault::UNIT,
        format!("`{text}` is refused; expected {}", T::EXPECTED),
    )
}

impl Literal for Fen {
    const EXPECTED: &'static str = "an amount with its unit, e.g. \"14460 yuan\"";

    fn parse(text: &str) -> Result<Fen, String> {
        let yuan = text.strip_suffix(" yuan").ok_or_else(|| refused::<Fen>(text))?;
        let amount = Fen::parse_yuan(yuan).map_err(|_| refused::<Fen>(text))?;
        if amount.is_negative() || amount > Fen::LARGEST_INPUT {
            return Err(named(
                fault::RANGE,
                format!("`{text}` is outside 0 to {} yuan", Fen::LARGEST_INPUT),
            ));
        }
        Ok(amount)
    }

    fn show(&self) -> String {
        format!("{self} yuan")
    }
}

impl Literal for Limit {
    const EXPECTED: &'static str = "an amount with its unit, e.g. \"200000 yuan\", or \"none\"";

    fn parse(text: &str) -> Result<Limit, String> {
        if text == "none" {
            return Ok(Limit(None));
        }
        if text.ends_with(" yuan") {
            return Fen::parse(text).map(|amount| Limit(Some(amount)));
        }
        Err(refused::<Limit>(text))
    }

    fn show(&self) -> String {
        self.0.map_or_else(|| "none".to_owned(), |amount| amount.show())
    }
}

impl Literal for Share {
    const EXPECTED: &'static str = "a ratio, e.g. \"65%\" (a change of it is written \"+5pp\")";

    fn parse(text: &str) -> Result<Share, String> {
        let ratio = percent(text).ok_or_else(|| refused::<Share>(text))?;
        if ratio < Ratio::ZERO || ratio > Ratio::ONE {
            return Err(named(fault::RANGE, format!("`{text}` is outside 0% to 100%")));
        }
        ratio.exact().map(Share).map_err(|e| e.to_string())
    }

    fn show(&self) -> String {
        show_percent(self.0, "%")
    }
}

impl Literal for Change {
    const EXPECTED: &'static str = "a change in percentage points with its sign, e.g. \"+5pp\"";

    fn parse(text: &str) -> Result<Change, String> {
        let refused = || refused::<Change>(text);
        let points = text.strip_suffix("pp").ok_or_else(refused)?;
        let unsigned = points.strip_prefix('+').or(points.strip_prefix('-'));
        let unsigned = unsigned
            .filter(|rest| !rest.starts_with('-'))
            .ok_or_else(refused)?;
        let size = percent(&format!("{unsigned}%")).ok_or_else(refused)?;
        let size = size.exact().map_err(|e| e.to_string())?;
        let signed = if points.starts_with('-') {
            Exact::ZERO.sub(size).map_err(|e| e.to_string())?
        } else {
            size
        };
        Ok(Change(signed))
    }

    fn show(&self) -> String {
        let text = show_percent(self.0, "pp");
        if text.starts_with('-') {
            text
        } else {
            format!("+{text}")
        }
    }
}

impl Literal for Vec<Band> {
    const EXPECTED: &'static str = "bands, e.g. [[\"100000 yuan\", \"60%\"], [\"none\", \"65%\"]]";

    fn parse(text: &str) -> Result<Vec<Band>, String> {
        Err(refused::<Vec<Band>>(text))
    }

    fn list<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Vec<Band>, A::Error> {
        let mut bands: Vec<Band> = Vec::new();
        while let Some((upper, ratio)) = seq.next_element::<(Lit<Limit>, Lit<Share>)>()? {
            let band = Band {
                upper: upper.0.0,
                ratio: ratio.0.0,
            };
            let ascends = match (bands.last().map(|last| last.upper), band.upper) {
                (None, _) => true,
                (Some(None), _) => false,
                (Some(Some(_)), None) => true,
                (Some(Some(last)), Some(next)) => last < next,
            };
            if !ascends {
                let edge = Limit(band.upper).show();
                return Err(A::Error::custom(named(
                    fault::BAND_ORDER,
                    format!("the bands do not ascend: `{edge}` stands after a higher or equal edge"),
                )));
            }
            bands.push(band);
        }
        if bands.is_empty() {
            return Err(A::Error::invalid_length(0, &Self::EXPECTED));
        }
        Ok(bands)
    }

    fn show(&self) -> String {
        let band = |band: &Band| {
            let ratio = Share(band.ratio).show();
            band.upper
                .map_or_else(|| ratio.clone(), |upper| format!("{ratio} to {upper} yuan"))
        };
        self.iter().map(band).collect::<Vec<_>>().join(", then ")
    }
}

impl Literal for Vec<String> {
    const EXPECTED: &'static str = "a list of words, e.g. [\"C\", \"D0\"]";

    fn parse(text: &str) -> Result<Vec<String>, String> {
        Err(refused::<Vec<String>>(text))
    }

    fn list<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Vec<String>, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = seq.next_element()? {
            words.push(word);
        }
        Ok(words)
    }

    fn show(&self) -> String {
        self.join(", ")
    }
}

impl<T: Literal> Literal for Known<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn parse(text: &str) -> Result<Known<T>, String> {
        match text {
            "unknown" => Ok(Known::Unknown),
            _ => T::parse(text).map(Known::Value),
        }
    }

    fn list<'de, A: SeqAccess<'de>>(seq: A) -> Result<Known<T>, A::Error> {
        T::list(seq).map(Known::Value)
    }

    fn show(&self) -> String {
        match self {
            Known::Value(value) => value.show(),
            Known::Unknown => "unknown".to_owned(),
        }
    }
}

/// `65%` and nothing else: no sign, no per mille, no plain decimal.
fn percent(text: &str) -> Option<Ratio> {
    text.strip_suffix('%')?;
    text.parse().ok()
}

fn show_percent(ratio: Exact, unit: &str) -> String {
    let shown = ratio.mul(Exact::integer(100)).and_then(|r| r.show(4));
    shown.map_or_else(
        |e| e.to_string(),
        |text| format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.')),
    )
}

/// One literal in a file (字面值).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lit<T>(pub T);

/// A value, or a table of values by plan, level, status or category (分档表).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cells<T> {
    /// One value for all.
    Leaf(T),
    /// One entry a key.
    Table(BTreeMap<String, Cells<T>>),
}

/// A number without its unit could be yuan, fen or a ratio.
fn bare_number<T: Literal, E: Error>(number: impl fmt::Display) -> E {
    E::custom(named(
        fault::UNIT,
        format!("the bare number `{number}` is refused; expected {}", T::EXPECTED),
    ))
}

struct LitVisitor<T>(PhantomData<T>);
struct CellsVisitor<T>(PhantomData<T>);

impl<'de, T: Literal> Visitor<'de> for LitVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Err(bare_number::<T, E>(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Err(bare_number::<T, E>(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::parse(text).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
        T::list(seq)
    }
}

impl<'de, T: Literal> Visitor<'de> for CellsVisitor<T> {
    type Value = Cells<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Err(bare_number::<T, E>(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Err(bare_number::<T, E>(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cells<T>, E> {
        LitVisitor(PhantomData).visit_str(text).map(Cells::Leaf)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Cells<T>, A::Error> {
        T::list(seq).map(Cells::Leaf)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells<T>, A::Error> {
        let mut table = BTreeMap::new();
        while let Some((key, cells)) = map.next_entry()? {
            table.insert(key, cells);
        }
        Ok(Cells::Table(table))
    }
}

impl<'de, T: Literal> Deserialize<'de> for Lit<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Lit<T>, D::Error> {
        deserializer.deserialize_any(LitVisitor(PhantomData)).map(Lit)
    }
}

impl<'de, T: Literal> Deserialize<'de> for Cells<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cells<T>, D::Error> {
        deserializer.deserialize_any(CellsVisitor(PhantomData))
    }
}

/// A calendar day, written as a TOML date (日期).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let written = toml::value::Date::deserialize(deserializer)?;
        let number = |n: u8| i8::try_from(n).map_err(D::Error::custom);
        let year = i16::try_from(written.year).map_err(D::Error::custom)?;
        Date::new(year, number(written.month)?, number(written.day)?)
            .map(Day)
            .map_err(|_| D::Error::custom(format!("`{written}` is not a day of the calendar")))
    }
}

/// Ids of documents: one word or a list (文件号).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids(pub Vec<String>);

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ids, D::Error> {
        struct IdsVisitor;
        impl<'de> Visitor<'de> for IdsVisitor {
            type Value = Ids;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a document, or a list of ids")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Ids, E> {
                Ok(Ids(vec![text.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Ids, A::Error> {
                Literal::list(seq).map(Ids)
            }
        }
        deserializer.deserialize_any(IdsVisitor)
    }
}
