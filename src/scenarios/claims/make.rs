//! Made-up bills (模拟单据): tests, demonstrations, load; no real person behind any row.
//!
//! The laws of cost and the shares of levels and categories are assumptions; nothing that is
//! settled depends on them.

use jiff::ToSpan;
use jiff::civil::Date;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

use crate::benefit::{BenefitPolicy, GROWN_UP};
use crate::diagnostics::{Error, Result};
use crate::units::Fen;

/// Columns of made-up claims (模拟单据的列).
pub const MADE_CLAIM_COLUMNS: [&str; 17] = [
    "settlement",
    "person",
    "family",
    "care",
    "plan",
    "categories",
    "status",
    "minor",
    "hospital",
    "level",
    "diagnoses",
    "discharge_date",
    "total_fee",
    "fee_own",
    "fee_over",
    "fee_pre",
    "fee_scope",
];

/// Persons of a family, on average as in a small household.
const FAMILY: u64 = 3;
/// One person in so many has a category of the list; the others are what the list ends with.
const WITH_CATEGORY: u64 = 10;
/// Median and spread of a bill in yuan, log-normal.
const MEDIAN_YUAN: f64 = 5_000.0;
const SPREAD: f64 = 1.1;
/// The largest bill made.
const LARGEST_YUAN: f64 = 800_000.0;
const DISEASES: [&str; 5] = ["J18.900", "I25.103", "C34.900", "N18.900", "K80.200"];

/// What is to be made (模拟要求).
#[derive(Clone, Copy, Debug)]
pub struct MadeClaims {
    /// How many persons (人数).
    pub persons: u64,
    /// How many bills (单据数).
    pub claims: u64,
    /// Which year (年度).
    pub year: i16,
    /// Random seed (随机种子).
    pub seed: u64,
}

/// A claims file in the order of discharge (模拟结算单据), plans, levels and categories being words
/// of the policy. The same wish gives the same bytes.
///
/// # Errors
/// No persons; a year that is none.
pub fn make_claims(policy: &BenefitPolicy, wish: &MadeClaims) -> Result<String> {
    let first = Date::new(wish.year, 1, 1);
    let first = first.map_err(|_| Error::new(format!("`{}` is no year of the calendar", wish.year)))?;
    if wish.persons == 0 {
        return Err(Error::new("0 persons; expected at least 1"));
    }
    let cost = LogNormal::new(MEDIAN_YUAN.ln(), SPREAD).map_err(|e| Error::new(e.to_string()))?;
    let mut random = ChaCha8Rng::seed_from_u64(wish.seed);
    let mut text = MADE_CLAIM_COLUMNS.join(",");
    text.push('\n');
    let levels = policy.levels();
    for number in 0..wish.claims {
        let person = Made::of(policy, wish, random.random_range(0..wish.persons));
        let day = i64::try_from(number * 365 / wish.claims).unwrap_or_default();
        let discharge = first.checked_add(day.days()).unwrap_or(first);
        let level = levels
            .get(pick(&mut random, levels.len()))
            .copied()
            .unwrap_or("L1");
        let disease = DISEASES
            .get(pick(&mut random, DISEASES.len()))
            .copied()
            .unwrap_or_default();
        let hospital = random.random_range(0..40_u32);
        let fees = Fees::of(yuan(cost.sample(&mut random).min(LARGEST_YUAN)), &mut random);
        let Made {
            number: who,
            family,
            plan,
            category,
            status,
            birth_year,
        } = person;
        let minor = u8::from(i64::from(wish.year) - birth_year < i64::from(GROWN_UP));
        text += &format!(
            "S{number},P{who},F{family},inpatient,{plan},{category},{status},{minor},H{hospital:02},{level},{disease},{discharge},{},{},{},{},{}\n",
            fees.total(),
            fees.own,
            fees.over,
            fees.pre,
            fees.scope
        );
    }
    Ok(text)
}

/// The persons of made-up claims with one cover and one category each (模拟参保人员).
pub fn make_persons(policy: &BenefitPolicy, wish: &MadeClaims) -> String {
    let scheme = policy.name().rsplit('/').next().unwrap_or_default().to_owned();
    let mut text = "person,family,birth,kind,value,plan,from,to\n".to_owned();
    let (first, last) = (format!("{}-01-01", wish.year), format!("{}-12-31", wish.year));
    for number in 0..wish.persons {
        let made = Made::of(policy, wish, number);
        let birth = format!("{}-01-01", made.birth_year);
        let who = format!("P{number},F{},{birth}", made.family);
        text += &format!("{who},cover,{scheme},{},{first},{last}\n", made.plan);
        text += &format!("{who},category,{},,{first},{last}\n", made.category);
        if !made.status.is_empty() {
            text += &format!("{who},status,{},,{first},{last}\n", made.status);
        }
    }
    text
}

/// What a person is, by number alone.
struct Made<'p> {
    number: u64,
    family: u64,
    plan: &'p str,
    category: &'p str,
    status: &'p str,
    /// Born on the first day of it, so that an age holds for a whole year.
    birth_year: i64,
}

impl<'p> Made<'p> {
    fn of(policy: &'p BenefitPolicy, wish: &MadeClaims, number: u64) -> Made<'p> {
        let at = |list: &'p [String], at: u64| {
            let length = list.len() as u64;
            let index = if length == 0 { 0 } else { at % length };
            usize::try_from(index)
                .ok()
                .and_then(|index| list.get(index))
                .map_or("", String::as_str)
        };
        let categories = policy.categories();
        let category = match number % WITH_CATEGORY {
            0 => at(categories, number / WITH_CATEGORY),
            _ => categories.last().map_or("", String::as_str),
        };
        let statuses = policy.statuses();
        let status = match statuses.len() {
            0 => "",
            _ => statuses
                .get(usize::from(number.is_multiple_of(3)).min(statuses.len() - 1))
                .copied()
                .unwrap_or_default(),
        };
        Made {
            number,
            family: number / FAMILY,
            plan: at(policy.plans(), number),
            category,
            status,
            birth_year: i64::from(wish.year) - 1 - i64::try_from(number % 90).unwrap_or_default(),
        }
    }
}

struct Fees {
    own: Fen,
    over: Fen,
    pre: Fen,
    scope: Fen,
}

impl Fees {
    /// Up to 15 % out of the list, up to 2 % over limits, up to 8 % paid first.
    fn of(total: Fen, random: &mut ChaCha8Rng) -> Fees {
        let mut part = |most: i64| Fen::new(total.fen() * random.random_range(0..=most) / 1_000);
        let (own, over, pre) = (part(150), part(20), part(80));
        Fees {
            own,
            over,
            pre,
            scope: total - own - over - pre,
        }
    }

    fn total(&self) -> Fen {
        self.own + self.over + self.pre + self.scope
    }
}

fn pick(random: &mut ChaCha8Rng, length: usize) -> usize {
    match length {
        0 => 0,
        length => random.random_range(0..length),
    }
}

/// Whole yuan: the fraction of a made-up bill says nothing.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a drawn cost is between 0 and the largest bill made"
)]
fn yuan(drawn: f64) -> Fen {
    Fen::new(drawn as i64 * 100)
}
