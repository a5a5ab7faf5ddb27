//! Hospitals of the region and its insured persons, who grow older.

use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::super::draw::{age_on, pick, plus_days};
use super::super::normal_factor;
use super::super::wishes::Wishes;
use super::mix::{Class, RegionGroup};
use super::plan::{HospitalPlan, RegionPlan};
use super::pool::Combination;
use super::sheet::put_date;
use crate::codes::HospitalLevel;
use crate::tables::NumberFact;

/// A made-up hospital of a region (模拟医疗机构).
#[derive(Clone, Debug)]
pub struct RegionHospital {
    /// Code.
    pub id: String,
    /// Level.
    pub level: HospitalLevel,
    /// Share of all records.
    pub share: f64,
    /// Cost of the same group, mean of level 3 = 1.
    pub cost_factor: f64,
}

/// The hospitals by level, from level 3 down.
#[derive(Debug)]
pub(super) struct Hospitals {
    pub(super) all: Vec<RegionHospital>,
    /// Places in `all` of each level.
    levels: [std::ops::Range<usize>; 3],
}

impl Hospitals {
    pub(super) fn new(plan: &HospitalPlan, rng: &mut ChaCha8Rng) -> Hospitals {
        let names = [HospitalLevel::Three, HospitalLevel::Two, HospitalLevel::One];
        let mut all = Vec::new();
        let levels = [0, 1, 2].map(|place| {
            let (Some(name), Some(level)) = (names.get(place), plan.levels().get(place).copied()) else {
                return 0..0;
            };
            let start = all.len();
            let draw = |rng: &mut ChaCha8Rng, sigma| normal_factor(rng, sigma);
            let sizes: Vec<f64> = (0..level.hospitals)
                .map(|_| draw(rng, plan.size_sigma.get()))
                .collect();
            let factors: Vec<f64> = sizes.iter().map(|_| draw(rng, 0.08)).collect();
            let size: f64 = sizes.iter().sum();
            // the level's own factor is the mean over its records
            let mean = sizes.iter().zip(&factors).map(|(s, f)| s * f).sum::<f64>() / size;
            for (number, (hospital, factor)) in sizes.iter().zip(&factors).enumerate() {
                all.push(RegionHospital {
                    id: format!("H{name}{:03}", number + 1),
                    level: *name,
                    share: level.share.get() * hospital / size,
                    cost_factor: level.cost.get() * factor / mean,
                });
            }
            start..all.len()
        });
        Hospitals { all, levels }
    }

    /// One of a level (0 for level 3), by size.
    pub(super) fn draw(&self, level: usize, rng: &mut ChaCha8Rng) -> usize {
        let range = self.levels.get(level).cloned().unwrap_or(0..0);
        let of_level = self.all.get(range.clone()).unwrap_or_default();
        let total: f64 = of_level.iter().map(|hospital| hospital.share).sum();
        let mut rest = rng.random::<f64>() * total;
        let found = of_level.iter().position(|hospital| {
            rest -= hospital.share;
            rest < 0.0
        });
        range.start + found.unwrap_or(0)
    }

    /// Another hospital, of the same level if there is one.
    pub(super) fn other(&self, than: usize, level: usize, rng: &mut ChaCha8Rng) -> usize {
        let drawn = (0..8).map(|_| self.draw(level, rng)).find(|drawn| *drawn != than);
        drawn.unwrap_or_else(|| (than + 1) % self.all.len().max(1))
    }

    pub(super) fn is_of_level(&self, hospital: usize, level: usize) -> bool {
        self.levels
            .get(level)
            .is_some_and(|range| range.contains(&hospital))
    }
}

/// A made-up insured person of a region (模拟参保人); there is no name.
#[derive(Clone, Debug)]
pub(super) struct RegionPerson {
    pub(super) id: String,
    pub(super) sex: u8,
    pub(super) birth: Date,
    pub(super) scheme: &'static str,
    pub(super) plan: &'static str,
    pub(super) category: &'static str,
    pub(super) status: &'static str,
}

/// Columns of the list of persons.
pub const REGION_PERSON_COLUMNS: [&str; 7] = [
    "person",
    "sex",
    "birth_date",
    "insured_scheme",
    "plan",
    "categories",
    "status",
];

impl RegionPerson {
    /// A person who can have these codes in that year.
    pub(super) fn new(
        index: u64,
        year: i16,
        (group, combination): (&RegionGroup, &Combination),
        (plan, older): (&RegionPlan, f64),
        rng: &mut ChaCha8Rng,
    ) -> RegionPerson {
        let sex = match combination.sexes {
            [true, false] => 1,
            [false, true] => 2,
            _ => rng.random_range(1..=2),
        };
        let birth = birth(year, group.class, &combination.wishes, older, rng);
        RegionPerson::of(format!("P{index:08}"), sex, birth, year, plan, rng)
    }

    /// The newborn child of a person.
    pub(super) fn child_of(&self, birth: Date, plan: &RegionPlan, rng: &mut ChaCha8Rng) -> RegionPerson {
        let sex = rng.random_range(1..=2);
        RegionPerson::of(format!("{}N", self.id), sex, birth, birth.year(), plan, rng)
    }

    fn of(
        id: String,
        sex: u8,
        birth: Date,
        year: i16,
        plan: &RegionPlan,
        rng: &mut ChaCha8Rng,
    ) -> RegionPerson {
        let age = year - birth.year();
        let is_employee = age >= 18 && rng.random_bool(plan.persons.employee.get());
        let lower = rng.random_bool(plan.persons.lower_tier.get());
        let retired = age >= 60 || (age >= 55 && sex == 2);
        let drawn: f64 = rng.random();
        RegionPerson {
            id,
            sex,
            birth,
            scheme: if is_employee { "employee" } else { "resident" },
            plan: match (is_employee, lower) {
                (true, _) => "",
                (false, true) => "p1",
                (false, false) => "p2",
            },
            category: if is_employee {
                "ordinary"
            } else {
                super::super::people::category(drawn)
            },
            status: match (is_employee, retired) {
                (false, _) => "",
                (true, true) => "retired",
                (true, false) => "active",
            },
        }
    }

    /// Whether sex and age of this person in `year` suit a group.
    pub(super) fn can_have(&self, year: i16, group: &RegionGroup, combination: &Combination) -> bool {
        let wishes = &combination.wishes;
        let (low, high) = wishes.bounds(NumberFact::Age);
        let (_, days) = wishes.bounds(NumberFact::AgeDays);
        // the birthday may lie before or after the stay: keep a year's distance from the bounds
        let age = i64::from(year) - i64::from(self.birth.year());
        let class = match group.class {
            Class::Newborn => false,
            Class::Obstetric => self.sex == 2 && (16..=45).contains(&age),
            _ => true,
        };
        let for_infants = days < 36_500 || high < 100;
        class
            && combination.is_of_sex(self.sex)
            && !for_infants
            && age > 1
            && age * 100 > low
            && age * 100 < high
    }

    /// Appends the row of the list of persons; no cell needs quotes.
    pub(super) fn put_row(&self, rows: &mut String) {
        rows.push_str(&self.id);
        rows.push_str(if self.sex == 1 { ",1," } else { ",2," });
        put_date(self.birth, rows);
        for cell in [self.scheme, self.plan, self.category, self.status] {
            rows.push(',');
            rows.push_str(cell);
        }
        rows.push('\n');
    }

    pub(super) fn age(&self, day: Date) -> i64 {
        age_on(self.birth, day)
    }
}

/// A day of birth that suits the group: of the adults `older` are 60 or more; infants are born so
/// that they are two months old by the first of July.
fn birth(year: i16, class: Class, wishes: &Wishes, older: f64, rng: &mut ChaCha8Rng) -> Date {
    let (low, high) = wishes.bounds(NumberFact::Age);
    let (_, days) = wishes.bounds(NumberFact::AgeDays);
    let (low, high) = (low / 100, (high / 100).min(95));
    let first = Date::new(year, 1, 1).unwrap_or_default();
    if days < 36_500 || high < 1 {
        return plus_days(first, rng.random_range(0..=60));
    }
    // a stay may come before the birthday: the age on it is the year's difference or one less
    let (low, high) = (low.max(1) + 1, high.max(low.max(1) + 1));
    let drawn = match class {
        Class::Obstetric => rng.random_range(20..=42),
        _ if rng.random_bool(older) => rng.random_range(60..=92),
        _ if rng.random_bool(0.2) => rng.random_range(2..=17),
        _ => rng.random_range(18..=59),
    };
    let age = if (low..=high).contains(&drawn) {
        drawn
    } else {
        rng.random_range(low..=high)
    };
    let birth_year = year.saturating_sub(i16::try_from(age).unwrap_or(0));
    let first = Date::new(birth_year, 1, 1).unwrap_or_default();
    plus_days(first, rng.random_range(0..365))
}

/// One of the words.
pub(super) fn one_of(words: &[&'static str], rng: &mut ChaCha8Rng) -> &'static str {
    pick(words, rng).copied().unwrap_or("")
}
