//! The plan of a region, as a TOML file: every parameter with its default and its basis.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, Unexpected, Visitor};

use crate::diagnostics::{Error, Place, Result, line_of, parse_toml, read_text};

/// What region to make up (区域生成计划). Each default says where it comes from: *stated* in a
/// public source, or an *assumption*.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionPlan {
    schema: u8,
    /// Scheme whose rules the records are drawn from.
    pub scheme: String,
    /// How many records in all years together; the last person is made whole.
    pub cases: u64,
    /// Other seed, other persons.
    #[serde(default = "one")]
    pub seed: u64,
    /// Hospitals, and which groups are frequent and dear.
    #[serde(default = "one")]
    pub mix_seed: u64,
    /// First year of discharge.
    #[serde(default = "first_year")]
    pub first_year: i16,
    /// How many years.
    #[serde(default = "one_year")]
    pub years: u8,
    /// `group, share, mean_cost, mean_stay` (yuan, days) in place of a mix by the seed.
    pub mix: Option<PathBuf>,
    /// Hospitals.
    #[serde(default)]
    pub hospitals: HospitalPlan,
    /// Insured persons.
    #[serde(default)]
    pub persons: PersonPlan,
    /// Stays.
    #[serde(default)]
    pub stays: StayPlan,
    /// Bills.
    #[serde(default)]
    pub cost: CostPlan,
    /// From year to year.
    #[serde(default)]
    pub trend: TrendPlan,
    /// Planted defects.
    #[serde(default)]
    pub defects: DefectPlan,
    /// The form of the records file.
    #[serde(default)]
    pub output: OutputPlan,
}

/// Hospitals of the region (医疗机构).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HospitalPlan {
    /// 三级.
    pub level_3: LevelPlan,
    /// 二级.
    pub level_2: LevelPlan,
    /// 一级, and ungraded.
    pub level_1: LevelPlan,
    /// Spread of sizes within a level, lognormal (assumption).
    pub size_sigma: Sigma,
    /// Mean cost of level 3 over level 2, case mix included: 13,930.6 to 6,762.3 yuan (stated, 2022 Q1).
    pub cost_ratio: Positive,
}

/// Hospitals of one level.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelPlan {
    /// How many (assumption).
    pub hospitals: u16,
    /// Share of discharges (stated, 2019).
    pub share: Share,
    /// Cost inside a group, level 3 = 1 (assumption).
    pub cost: Positive,
}

/// Insured persons (参保人).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonPlan {
    /// Mean stays in a year of a person who has any: 1 + geometric (assumption).
    pub stays: Mean,
    /// Share of returns within a year that come within 31 days (assumption).
    pub within_31_days: Share,
    /// Share who have stays again in the next year (assumption).
    pub again_next_year: Share,
    /// Share of adults in the employee scheme (assumption).
    pub employee: Share,
    /// Share of residents in the lower contribution tier (assumption).
    pub lower_tier: Share,
    /// Share of patients of 60 years or older (assumption).
    pub older: Share,
    /// Share of returns to the same hospital, where its level suits the group (assumption).
    pub same_hospital: Share,
    /// Newborns' own records among all (assumption; healthy ones mostly have none).
    pub newborns: Share,
}

/// Stays (住院).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StayPlan {
    /// Overall mean in days: 8.4 to 8.8 (stated, 2023).
    pub mean_days: Positive,
    /// Spread within a group, lognormal (assumption).
    pub sigma: Sigma,
    /// Correlation of the logarithms of stay and cost (assumption).
    pub cost_correlation: Share,
    /// Diagnoses a record (assumption).
    pub diagnoses: Positive,
    /// Procedures a record, where the group allows any (assumption).
    pub procedures: Positive,
    /// Most diagnoses of a record: some layouts have places for few.
    pub diagnoses_at_most: Count,
    /// Most procedures of a record.
    pub procedures_at_most: Count,
    /// Share of records in surgical and procedure groups (assumption).
    pub surgical: Share,
    /// Share of records by discharge status (离院方式); a transfer (2) is admitted elsewhere on the same
    /// or the next day. Deaths follow the mortality of tertiary hospitals (stated, 2017).
    pub discharge_status: BTreeMap<String, Share>,
}

/// Bills (费用).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CostPlan {
    /// Overall mean in yuan in the first year (stated, 2023).
    pub mean: Positive,
    /// Spread within a group, lognormal: 0.45 to 0.6 (assumption).
    pub sigma: Sigma,
    /// Packets that have scores cost by them; else, as without scores, by the seed.
    pub by_scores: bool,
}

/// From year to year (趋势); no default growth, since none is known.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrendPlan {
    /// Growth of cost a stay and year.
    pub cost: Growth,
    /// Growth of stays a year.
    pub volume: Growth,
}

/// Planted defects (植入缺陷).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DefectPlan {
    /// Share of records that get one, drawn by the weights.
    pub share: Share,
    /// Share of records that get one of this edit, besides.
    pub shares: BTreeMap<String, Share>,
    /// Weight of each edit in the draw; edits not named weigh 1.
    pub weights: BTreeMap<String, Weight>,
    /// Only edits of the weights are planted.
    pub only_weights: bool,
}

/// The form of the records file (输出格式).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutputPlan {
    /// `full`: every column the generator fills; `short`: those of grouping and money.
    pub detail: Detail,
}

/// How many columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// Every column the generator fills.
    Full,
    /// Those of grouping and money.
    Short,
}

impl Default for HospitalPlan {
    fn default() -> HospitalPlan {
        let level = |hospitals, share, cost| LevelPlan {
            hospitals,
            share: Share(share),
            cost: Positive(cost),
        };
        HospitalPlan {
            level_3: level(3, 0.4797, 1.0),
            level_2: level(5, 0.4083, 0.8),
            level_1: level(8, 0.1120, 0.65),
            size_sigma: Sigma(0.6),
            cost_ratio: Positive(2.06),
        }
    }
}

impl Default for PersonPlan {
    fn default() -> PersonPlan {
        PersonPlan {
            stays: Mean(1.35),
            within_31_days: Share(0.2),
            again_next_year: Share(0.3),
            employee: Share(0.4),
            lower_tier: Share(0.8),
            older: Share(0.5),
            same_hospital: Share(0.85),
            newborns: Share(0.015),
        }
    }
}

impl Default for StayPlan {
    fn default() -> StayPlan {
        let shares = [
            ("1", 0.945),
            ("2", 0.010),
            ("3", 0.008),
            ("4", 0.028),
            ("5", 0.006),
            ("9", 0.003),
        ];
        StayPlan {
            mean_days: Positive(8.6),
            sigma: Sigma(0.65),
            cost_correlation: Share(0.6),
            diagnoses: Positive(5.4),
            procedures: Positive(2.7),
            diagnoses_at_most: Count(41.0),
            procedures_at_most: Count(41.0),
            surgical: Share(0.4),
            discharge_status: shares
                .into_iter()
                .map(|(status, share)| (status.to_owned(), Share(share)))
                .collect(),
        }
    }
}

impl Default for CostPlan {
    fn default() -> CostPlan {
        CostPlan {
            mean: Positive(10_315.8),
            sigma: Sigma(0.5),
            by_scores: true,
        }
    }
}

impl Default for OutputPlan {
    fn default() -> OutputPlan {
        OutputPlan { detail: Detail::Full }
    }
}

fn one() -> u64 {
    1
}

fn one_year() -> u8 {
    1
}

fn first_year() -> i16 {
    2022
}

impl RegionPlan {
    /// Reads a plan (读取生成计划); the mix file is beside it.
    ///
    /// # Errors
    /// Unknown keys, values out of range, shares that do not sum to 1; each with its line.
    pub fn load(path: &Path) -> Result<RegionPlan> {
        let text = read_text(path)?;
        let place = Place::file(path);
        let mut plan: RegionPlan = parse_toml(&place, &text)?;
        plan.check(&|key| line_of(&place, &text, key))?;
        plan.mix = plan
            .mix
            .map(|mix| path.parent().map_or(mix.clone(), |folder| folder.join(&mix)));
        Ok(plan)
    }

    /// What no single value can tell; `at` finds the line of a key.
    fn check(&self, at: &dyn Fn(&str) -> Place) -> Result<()> {
        let mut errors = Vec::new();
        let mut error = |key: &str, message: String| errors.push(Error::at(at(key), message));
        if self.schema != 1 {
            error(
                "schema",
                format!("schema = {}; this version reads schema 1", self.schema),
            );
        }
        if !(1900..=2199).contains(&self.first_year) {
            let message = format!("first_year = {}; expected 1900 to 2199", self.first_year);
            error("first_year", message);
        }
        if !(1..=30).contains(&self.years) {
            error("years", format!("years = {}; expected 1 to 30", self.years));
        }
        let levels = self.hospitals.levels();
        sum_to_one("hospitals", levels.map(|level| level.share.0), &mut error);
        if levels
            .iter()
            .any(|level| level.hospitals == 0 && level.share.0 > 0.0)
        {
            let message = "a level with a share has no hospitals; expected hospitals = 1 or more";
            error("hospitals", message.to_owned());
        }
        let status = &self.stays.discharge_status;
        if *status != StayPlan::default().discharge_status {
            sum_to_one(
                "discharge_status",
                status.values().map(|share| share.0),
                &mut error,
            );
        }
        let defects = self.defects.shares.values().map(|share| share.0).sum::<f64>() + self.defects.share.0;
        if defects > 1.0 {
            let message = format!("the shares of defects sum to {defects:.4}; expected at most 1");
            error("defects", message);
        }
        let known = StayPlan::default().discharge_status;
        for written in status.keys().filter(|written| !known.contains_key(*written)) {
            let message = format!("unknown discharge status `{written}`; expected 1, 2, 3, 4, 5 or 9");
            error("discharge_status", message);
        }
        Error::all(errors)
    }
}

impl HospitalPlan {
    /// From level 3 down.
    pub(super) fn levels(&self) -> [LevelPlan; 3] {
        [self.level_3, self.level_2, self.level_1]
    }
}

fn sum_to_one(key: &str, shares: impl IntoIterator<Item = f64>, error: &mut impl FnMut(&str, String)) {
    let sum: f64 = shares.into_iter().sum();
    if (sum - 1.0).abs() > 1e-6 {
        error(key, format!("the shares of `{key}` sum to {sum:.4}; expected 1"));
    }
}

/// A statistical number with its range: integer, decimal, or text holding one.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $low:expr, $high:expr, $expected:literal;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $name(pub(super) f64);

        impl $name {
            /// The number.
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<$name, D::Error> {
                let range = Range { low: $low, high: $high, expected: $expected };
                deserializer.deserialize_any(range).map($name)
            }
        }
    )* };
}

numbers! {
    /// From 0 to 1.
    Share = 0.0, 1.0, "a share from 0 to 1, e.g. 0.02";
    /// Above zero.
    Positive = 0.000_001, 1e9, "a number above 0";
    /// At least one.
    Mean = 1.0, 50.0, "a mean from 1 to 50";
    /// A standard deviation of logarithms.
    Sigma = 0.0, 2.0, "a spread from 0 to 2";
    /// How many codes.
    Count = 1.0, 99.0, "a number from 1 to 99";
    /// A year's growth.
    Growth = -0.5, 1.0, "a growth from -0.5 to 1, e.g. 0.05";
    /// A weight.
    Weight = 0.0, 1e9, "a weight from 0 up";
}

struct Range {
    low: f64,
    high: f64,
    expected: &'static str,
}

impl Range {
    fn take<E: serde::de::Error>(&self, number: f64, found: Unexpected<'_>) -> std::result::Result<f64, E> {
        if (self.low..=self.high).contains(&number) {
            return Ok(number);
        }
        Err(E::invalid_value(found, self))
    }
}

impl Visitor<'_> for Range {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> std::result::Result<f64, E> {
        self.take(number, Unexpected::Float(number))
    }

    #[allow(clippy::cast_precision_loss, reason = "statistics: far below 2^53")]
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> std::result::Result<f64, E> {
        self.take(number as f64, Unexpected::Signed(number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<f64, E> {
        let number: f64 = text
            .parse()
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))?;
        self.take(number, Unexpected::Str(text))
    }
}
