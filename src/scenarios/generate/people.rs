//! Hospitals and persons.

use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::normal_factor;
use super::wishes::Wishes;
use crate::codes::HospitalLevel;
use crate::tables::NumberFact;

/// A made-up hospital (模拟医疗机构).
#[derive(Clone, Debug)]
pub struct Hospital {
    /// Code.
    pub id: String,
    /// Level.
    pub level: HospitalLevel,
    /// Share of all cases.
    pub share: f64,
    /// Cost of the same group, tertiary hospitals = 1.
    pub cost_factor: f64,
}

/// Hospitals by level: how many, their share of discharges (tertiary 47.97 %, secondary 40.83 %,
/// the rest lower; national discharges 2019), their cost inside a group (assumption).
const LEVELS: [(HospitalLevel, usize, f64, f64); 3] = [
    (HospitalLevel::Three, 3, 0.4797, 1.0),
    (HospitalLevel::Two, 5, 0.4083, 0.8),
    (HospitalLevel::One, 4, 0.1120, 0.65),
];

pub(super) fn hospitals(rng: &mut ChaCha8Rng) -> Vec<Hospital> {
    let mut made: Vec<Hospital> = Vec::new();
    for (level, count, share, cost_factor) in LEVELS {
        let sizes: Vec<f64> = (0..count).map(|_| normal_factor(rng, 0.6)).collect();
        let total: f64 = sizes.iter().sum();
        for size in sizes {
            made.push(Hospital {
                id: format!("H{}{:02}", level, made.len() + 1),
                level,
                share: share * size / total,
                cost_factor: cost_factor * normal_factor(rng, 0.08),
            });
        }
    }
    made.sort_by(|a, b| a.id.cmp(&b.id));
    made
}

/// The place in the list of a hospital drawn by share.
pub(super) fn choose_hospital(hospitals: &[Hospital], rng: &mut ChaCha8Rng) -> usize {
    let mut rest: f64 = rng.random();
    for (place, hospital) in hospitals.iter().enumerate() {
        rest -= hospital.share;
        if rest < 0.0 {
            return place;
        }
    }
    hospitals.len().saturating_sub(1)
}

/// A made-up insured person (模拟参保人); there is no name.
#[derive(Clone, Debug)]
pub struct Person {
    pub(super) index: u64,
    pub(super) year: i16,
    /// The insurer's number.
    pub id: String,
    /// 1 male, 2 female.
    pub sex: u8,
    /// Day of birth.
    pub birth: Date,
    /// `employee` or `resident`.
    pub scheme: &'static str,
    /// Contribution tier of residents, `p1` or `p2`.
    pub plan: &'static str,
    /// Category (身份类别).
    pub category: &'static str,
    /// Employees: `active` or `retired`.
    pub status: &'static str,
}

/// Categories of residents and their shares (assumption).
const CATEGORIES: [(&str, f64); 5] = [
    ("extreme_poor", 0.008),
    ("dibao", 0.040),
    ("return_poor", 0.004),
    ("dibao_edge", 0.015),
    ("illness_poor", 0.006),
];

/// The category of a resident, by a number from 0 to 1.
pub(super) fn category(mut draw: f64) -> &'static str {
    let category = CATEGORIES.iter().find(|(_, share)| {
        draw -= share;
        draw < 0.0
    });
    category.map_or("ordinary", |(name, _)| name)
}

impl Person {
    /// A person who can have what is wished.
    pub(super) fn new(index: u64, year: i16, wishes: &Wishes, rng: &mut ChaCha8Rng) -> Person {
        let sex = wishes.sex.unwrap_or_else(|| rng.random_range(1..=2));
        let birth = birth(year, wishes, rng);
        let age = i64::from(year) - i64::from(birth.year());
        let scheme = if age >= 18 && rng.random_bool(0.4) {
            "employee"
        } else {
            "resident"
        };
        let is_employee = scheme == "employee";
        let plan = match (is_employee, rng.random_bool(0.8)) {
            (true, _) => "",
            (false, true) => "p1",
            (false, false) => "p2",
        };
        let retired = age >= 60 || (age >= 55 && sex == 2);
        let status = match (is_employee, retired) {
            (false, _) => "",
            (true, true) => "retired",
            (true, false) => "active",
        };
        let draw: f64 = rng.random();
        let category = if is_employee { "ordinary" } else { category(draw) };
        Person {
            index,
            year,
            id: format!("P{index:07}"),
            sex,
            birth,
            scheme,
            plan,
            category,
            status,
        }
    }

    /// Whether sex and age allow what is wished, on any day of the year.
    pub(super) fn can_have(&self, wishes: &Wishes) -> bool {
        let (low, high) = wishes.bounds(NumberFact::Age);
        let (_, days) = wishes.bounds(NumberFact::AgeDays);
        // the birthday may lie before or after the stay: keep a year's distance from the bounds
        let years = (i64::from(self.year) - i64::from(self.birth.year())) * 100;
        let for_infants = days < 36_500 || high == 0;
        wishes.sex.is_none_or(|sex| sex == self.sex) && !for_infants && years > low && years < high
    }

    /// Born in the year of the stays.
    pub(super) fn is_infant(&self) -> bool {
        self.birth.year() == self.year
    }
}

/// A day of birth that gives an age within the bounds: 3 % infants where nothing is asked, half
/// of the rest 60 or older (assumption).
fn birth(year: i16, wishes: &Wishes, rng: &mut ChaCha8Rng) -> Date {
    let (low, high) = wishes.bounds(NumberFact::Age);
    let (_, most_days) = wishes.bounds(NumberFact::AgeDays);
    let (low, high) = (low / 100, (high / 100).min(95));
    let age = if most_days < 36_500 || high == 0 {
        0
    } else {
        let drawn = match rng.random_range(0..100) {
            0..=9 => rng.random_range(1..=17),
            10..=49 => rng.random_range(18..=59),
            _ => rng.random_range(60..=92),
        };
        if (low.max(1)..=high).contains(&drawn) {
            drawn
        } else {
            rng.random_range(low.max(1)..=high.max(low).max(1))
        }
    };
    let birth_year = year.saturating_sub(i16::try_from(age).unwrap_or(0));
    let (month, day) = (rng.random_range(1..=12), rng.random_range(1..=28));
    // infants need time for their stay within the year
    let month = if age == 0 { month.min(10) } else { month };
    Date::new(birth_year, month, day).unwrap_or_else(|_| jiff::civil::date(2000, 1, 1))
}

/// The days in which a stay ends, both inclusive.
pub(super) type Segment = (Date, Date);

/// The part of the year for stay `number` of `stays`, so that stays never overlap.
pub(super) fn segment(year: i16, number: usize, stays: usize) -> Segment {
    let day_of_year = |part: usize| i16::try_from(365 * part / stays.max(1)).unwrap_or(365);
    let first = Date::new(year, 1, 1).unwrap_or_else(|_| jiff::civil::date(2000, 1, 1));
    let at = |day: i16| first.checked_add(jiff::Span::new().days(day)).unwrap_or(first);
    (
        at(day_of_year(number)),
        at(day_of_year(number + 1).saturating_sub(1)),
    )
}
