//! Who a person was on a day (参保人员): cover, category and status as intervals of days.

use jiff::civil::Date;

use super::counters::calendar_year;
use super::dated::Days;
use super::{ShareError, Status};
use crate::units::Fen;

/// Age from which a person is no minor (成年年龄; 民法典 art. 17).
pub const GROWN_UP: i16 = 18;

/// Days of one cover (参保期间).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Scheme that insures, e.g. `resident` (险种).
    pub scheme: String,
    /// Contribution plan (档次).
    pub plan: String,
    /// First day (起始日).
    pub from: Date,
    /// Last day (终止日).
    pub to: Date,
    /// First day of benefits, if a waiting period comes before (待遇享受起始日).
    pub benefits_from: Option<Date>,
}

/// Days on which a category or a status was held (身份期间).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held<T> {
    /// What was held.
    pub what: T,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// A person with all intervals (参保人员).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InsuredPerson {
    /// The family (家庭编号).
    pub family: String,
    /// Day of birth (出生日期).
    pub birth: Option<Date>,
    /// Covers (参保期间).
    pub covers: Vec<Cover>,
    /// Categories (身份类别).
    pub categories: Vec<Held<String>>,
    /// Employment statuses (就业状态).
    pub statuses: Vec<Held<Status>>,
    /// Unspent outpatient quota brought along (门诊定额结余).
    pub quota_left: Fen,
}

/// What a person was on one day.
#[derive(Clone, Debug)]
pub struct Standing<'p> {
    pub plan: &'p str,
    pub categories: Vec<&'p str>,
    /// Held on any day of that year.
    pub of_year: Vec<&'p str>,
    pub status: Option<Status>,
    pub minor: Option<bool>,
}

impl InsuredPerson {
    /// What the person was on a day, insured by `scheme` on the day of service.
    pub fn standing(
        &self,
        person: &str,
        scheme: &str,
        day: Date,
        service: Date,
    ) -> Result<Standing<'_>, ShareError> {
        let cover = self.cover(person, scheme, service)?;
        let on_day = |held: &&Held<String>| held.from <= day && day <= held.to;
        let year = calendar_year(day);
        let in_year = |held: &&Held<String>| {
            let days = Days {
                from: held.from,
                to: held.to,
            };
            days.common(year).is_some()
        };
        let held = |is: &dyn Fn(&&Held<String>) -> bool| {
            let held = self.categories.iter().filter(is);
            held.map(|held| held.what.as_str()).collect::<Vec<&str>>()
        };
        let status = self
            .statuses
            .iter()
            .find(|held| held.from <= day && day <= held.to);
        Ok(Standing {
            plan: &cover.plan,
            categories: held(&on_day),
            of_year: held(&in_year),
            status: status.map(|held| held.what),
            minor: self.birth.map(|birth| age_on(birth, day) < GROWN_UP),
        })
    }

    /// The last day of cover, if it ended inside a stay (住院期间参保终止).
    pub fn ended_inside(&self, scheme: &str, first: Date, last: Date) -> Option<Date> {
        let mine = || self.covers.iter().filter(|cover| cover.scheme == scheme);
        if mine().any(|cover| cover.from <= last && last <= cover.to) {
            return None;
        }
        let of_stay = |cover: &&Cover| {
            let begins = cover.benefits_from.unwrap_or(cover.from).max(cover.from);
            first <= cover.to && begins <= cover.to && cover.from <= last
        };
        mine().filter(of_stay).map(|cover| cover.to).max()
    }

    fn cover(&self, person: &str, scheme: &str, day: Date) -> Result<&Cover, ShareError> {
        let on_day = || {
            self.covers
                .iter()
                .filter(|cover| cover.from <= day && day <= cover.to)
        };
        let mut schemes: Vec<&str> = on_day().map(|cover| cover.scheme.as_str()).collect();
        schemes.sort_unstable();
        schemes.dedup();
        if let [one, two, ..] = schemes.as_slice() {
            return Err(ShareError::DuplicateCoverage {
                person: person.to_owned(),
                date: day,
                schemes: [(*one).to_owned(), (*two).to_owned()],
            });
        }
        // two plans on one day: which one pays would be the order of rows
        let mut plans = on_day().filter(|cover| cover.scheme == scheme);
        if let (Some(one), Some(two)) = (plans.next(), plans.next()) {
            return Err(ShareError::DuplicateCoverage {
                person: person.to_owned(),
                date: day,
                schemes: [one, two].map(|cover| format!("{} {}", cover.scheme, cover.plan)),
            });
        }
        let none = |waiting_to| ShareError::NoCoverage {
            person: person.to_owned(),
            date: day,
            waiting_to,
        };
        let cover = on_day()
            .find(|cover| cover.scheme == scheme)
            .ok_or_else(|| none(None))?;
        match cover.benefits_from {
            Some(first) if day < first => Err(none(first.yesterday().ok())),
            _ => Ok(cover),
        }
    }
}

/// Whole years from birth to a day.
fn age_on(birth: Date, day: Date) -> i16 {
    let before_birthday = (day.month(), day.day()) < (birth.month(), birth.day());
    day.year() - birth.year() - i16::from(before_birthday)
}
