//! Days and cover periods (时间段与待遇期).

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::de::{Deserialize, Deserializer, Error};

/// Days from the first to the last, both inside (时间段).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Span {
    /// The days of both, if there are any.
    pub fn common(self, other: Span) -> Option<Span> {
        let common = Span {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        };
        (common.from <= common.to).then_some(common)
    }

    /// Whether a day is inside.
    pub fn holds(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// How many days (天数).
    pub fn days(self) -> i64 {
        i64::from((self.to - self.from).get_days()) + 1
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

/// The period whose cover a fee buys (待遇期): a calendar year `2021`, or months `2020-09..2021-08`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoverPeriod(Span);

impl CoverPeriod {
    /// A calendar year; nothing beyond the calendar of this program.
    pub fn year(year: i16) -> Option<CoverPeriod> {
        let from = Date::new(year, 1, 1).ok()?;
        let to = Date::new(year, 12, 31).ok()?;
        Some(CoverPeriod(Span { from, to }))
    }

    /// Its days.
    pub fn span(self) -> Span {
        self.0
    }

    /// Whether it is a whole calendar year (自然年度), not an academic one (学年度).
    pub fn is_calendar_year(self) -> bool {
        CoverPeriod::year(self.0.from.year()) == Some(self)
    }
}

const EXPECTED: &str = "a year such as `2021`, or months such as `2020-09..2021-08`";

impl FromStr for CoverPeriod {
    type Err = String;

    fn from_str(text: &str) -> Result<CoverPeriod, String> {
        let refused = || format!("`{text}` is no cover period; expected {EXPECTED}");
        let span = match text.split_once("..") {
            None if text.len() == 4 => {
                let year = text.parse().map_err(|_| refused())?;
                return CoverPeriod::year(year).ok_or_else(refused);
            }
            None => return Err(refused()),
            Some((from, to)) => Span {
                from: first_of_month(from).ok_or_else(refused)?,
                to: first_of_month(to).ok_or_else(refused)?.last_of_month(),
            },
        };
        (span.from <= span.to)
            .then_some(CoverPeriod(span))
            .ok_or_else(refused)
    }
}

/// The first day of `2020-09`.
fn first_of_month(text: &str) -> Option<Date> {
    let (year, month) = text.split_once('-')?;
    if year.len() != 4 || month.len() != 2 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()
}

impl fmt::Display for CoverPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Span { from, to } = self.0;
        if self.is_calendar_year() {
            return write!(f, "{:04}", from.year());
        }
        let (from_year, from_month) = (from.year(), from.month());
        write!(
            f,
            "{from_year:04}-{from_month:02}..{:04}-{:02}",
            to.year(),
            to.month()
        )
    }
}

impl<'de> Deserialize<'de> for CoverPeriod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CoverPeriod, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
