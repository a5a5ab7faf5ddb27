//! What catalogue to build, as a TOML file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Place, Result, line_of, parse_toml, read_text, suggestion};
pub use crate::points::calibration::{Deviation, MeanBy, MissingYears, Quantile};
use crate::points::calibration::{Trim, YearMix};
use crate::tables::TreatmentType;
use crate::units::{Exact, Fen};

/// What catalogue to build (目录测算参数).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CataloguePlan {
    schema: u8,
    /// The keys of the new `scheme.toml`, as they will stand there: `id`, `name`, `extends`, and any
    /// other that a scheme of packets may have.
    pub scheme: toml::Table,
    /// How it is built.
    pub build: BuildPlan,
}

/// How the packets are formed (病种形成).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildPlan {
    /// Years of discharge, the oldest first.
    pub years: Vec<i16>,
    /// Weight of each in means (年度权重).
    pub year_weights: Vec<u32>,
    /// What becomes of the weight of a year in which a packet has no case.
    pub missing_years: MissingYears,
    /// What the weights weigh.
    pub mean_by: MeanBy,
    /// Characters of a diagnosis that a core packet fixes: 5 for a subcategory (亚目).
    pub diagnosis_characters: usize,
    /// Characters of a comprehensive packet: 3 for a category (类目).
    pub comprehensive_characters: usize,
    /// A related procedure makes a packet of its own if it adds at least this share to the cost.
    pub related_rise: Ratio,
    /// Fewest cases of a core packet; or `coverage`.
    pub core_min: Option<u64>,
    /// The largest fewest number of cases at which core packets cover this share; or `core_min`.
    pub coverage: Option<Ratio>,
    /// Fewest cases of a comprehensive packet.
    pub comprehensive_min: u64,
    /// What comprehensive packets are called by type: the part behind the category.
    pub comprehensive_codes: BTreeMap<String, String>,
    /// A coefficient of variation above it marks a packet to be split.
    pub split_cv: Ratio,
    /// The most a comprehensive packet may have.
    pub comprehensive_cv: Ratio,
    /// What becomes of a comprehensive packet above it.
    pub above_comprehensive_cv: Then,
    /// Standard deviation.
    pub deviation: Deviation,
    /// Which packets primary care is to treat; none are chosen without it.
    pub primary: Option<PrimaryPlan>,
    /// Costs left out of means.
    pub trim: TrimPlan,
    /// Scores.
    pub score: ScorePlan,
}

/// A decimal, written as text or as an integer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    exact: Exact,
}

/// What becomes of a packet that fails a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// It stays, and the report says so.
    Mark,
    /// It is left out.
    Drop,
}

/// Which core packets are those of primary care (基层病种遴选).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrimaryPlan {
    /// List of hospitals, `hospital,level`, beside the plan.
    pub hospitals: PathBuf,
    /// Levels of the hospitals of primary care: 1, 2, 3.
    pub levels: Vec<String>,
    /// The least share of a packet's cases that they treat.
    pub share: Ratio,
    /// The most coefficient of variation.
    pub cv: Ratio,
}

impl PrimaryPlan {
    /// Whether a hospital of this level is one of primary care.
    pub fn is_primary(&self, level: HospitalLevel) -> bool {
        self.levels.iter().any(|word| word == level.as_str())
    }
}

/// Costs left out of means and spreads (裁剪).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrimPlan {
    /// How.
    pub by: TrimBy,
    /// Per cent of the costs below, or times the mean.
    pub low: Option<Ratio>,
    /// Per cent of the costs up to, or times the mean.
    pub high: Option<Ratio>,
    /// How quantiles are found.
    pub quantile: Option<Quantile>,
    /// Packets with fewer cases are not trimmed.
    #[serde(default)]
    pub min_cases: u64,
    /// A packet that loses more is marked.
    pub warn_share: Option<Ratio>,
}

/// By what costs are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrimBy {
    /// None are.
    None,
    /// Below and above two percentiles of the packet.
    Percentile,
    /// Below and above two multiples of the packet's mean.
    Multiple,
}

/// How a score comes from a mean (分值计算).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScorePlan {
    /// By what the mean is divided.
    pub method: ScoreMethod,
    /// Whose mean the region's is.
    pub region: Region,
    /// By what it is multiplied.
    pub factor: u32,
    /// The packet whose mean divides, for `reference_disease`.
    pub reference: Option<String>,
    /// Yuan, for `fixed_amount`.
    pub amount: Option<String>,
    /// Decimals of a score, at most six.
    pub decimals: u32,
}

/// The cases that the region's mean is of (地区平均费用口径).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Every case of the history, in a packet or in none: the full scope of the national specification.
    All,
    /// Those that the catalogue puts into a packet.
    Grouped,
}

/// By what a packet's mean is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreMethod {
    /// The region's mean (平均费用法).
    Mean,
    /// The mean of one packet (基准病种法).
    ReferenceDisease,
    /// An amount (固定金额法).
    FixedAmount,
}

impl Ratio {
    /// Exactly.
    pub fn exact(self) -> Exact {
        self.exact
    }

    /// For statistics.
    #[allow(clippy::cast_precision_loss, reason = "statistics")]
    pub fn approximate(self) -> f64 {
        let (num, den) = self.exact.parts();
        num as f64 / den as f64
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Ratio, D::Error> {
        deserializer.deserialize_any(RatioText)
    }
}

struct RatioText;

impl serde::de::Visitor<'_> for RatioText {
    type Value = Ratio;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a decimal of zero or more as text, e.g. \"0.10\", or an integer")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Ratio, E> {
        decimal(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> std::result::Result<Ratio, E> {
        let wrong = || E::invalid_value(serde::de::Unexpected::Signed(number), &self);
        let exact = Exact::integer(i128::from(number));
        (number >= 0).then_some(Ratio { exact }).ok_or_else(wrong)
    }
}

fn decimal(text: &str) -> Option<Ratio> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 9 || !digits(whole) || !digits(part) {
        return None;
    }
    let scale = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?;
    let number: i128 = format!("{whole}{part}").parse().ok()?;
    Some(Ratio {
        exact: Exact::new(number, scale).ok()?,
    })
}

impl CataloguePlan {
    /// Reads a plan (读取测算参数).
    ///
    /// # Errors
    /// Unknown or missing keys, values out of range, with the file and, where it is known, the line.
    pub fn load(path: &Path) -> Result<CataloguePlan> {
        let place = Place::file(path);
        let text = read_text(path)?;
        let mut plan: CataloguePlan = parse_toml(&place, &text)?;
        let faults = plan.faults().into_iter();
        let errors: Vec<Error> = faults
            .map(|(key, message)| Error::at(line_of(&place, &text, key), message))
            .collect();
        Error::all(errors)?;
        if let (Some(primary), Some(folder)) = (&mut plan.build.primary, path.parent()) {
            primary.hospitals = folder.join(&primary.hospitals);
        }
        Ok(plan)
    }

    /// A text of the scheme's own keys.
    pub fn scheme_key(&self, key: &str) -> &str {
        self.scheme.get(key).and_then(toml::Value::as_str).unwrap_or("")
    }

    /// What no single value can tell: by the key or table it is about.
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.schema != 1 {
            faults.push((
                "schema",
                format!("schema = {}; this version reads schema 1", self.schema),
            ));
        }
        for key in ["id", "name", "extends"] {
            if self.scheme_key(key).is_empty() {
                faults.push(("scheme", format!("[scheme]: `{key}` is missing; expected a text")));
            }
        }
        let id = self.scheme_key("id");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        if !id.chars().all(plain) || id.starts_with('.') {
            let message =
                format!("id = `{id}`; expected small letters, digits, `-` and `.`, since it names a folder");
            faults.push(("id", message));
        }
        self.build.faults(&mut faults);
        faults
    }
}

/// What is wrong, with the key or table it is about.
type Fault = (&'static str, String);

impl TrimPlan {
    /// The rule by which costs are left out.
    pub(super) fn rule(&self) -> Trim {
        let (low, high) = (
            self.low.map_or(0.0, Ratio::approximate),
            self.high.map_or(0.0, Ratio::approximate),
        );
        match (self.by, self.quantile) {
            (TrimBy::Percentile, Some(by)) => Trim::Percentile {
                low: low / 100.0,
                high: high / 100.0,
                by,
            },
            (TrimBy::Multiple, _) => Trim::Multiple { low, high, passes: 1 },
            _ => Trim::None,
        }
    }

    /// The least and the largest cost that is kept of a packet (裁剪界限), in fen; none of one that is
    /// not trimmed.
    pub(super) fn limits(&self, sorted: &[i64]) -> Option<(f64, f64)> {
        let is_trimmed = sorted.len() as u64 >= self.min_cases && !sorted.is_empty();
        is_trimmed.then(|| self.rule().cost_limits(sorted)).flatten()
    }
}

impl BuildPlan {
    /// How means weigh the years.
    pub(super) fn year_mix(&self) -> YearMix<'_> {
        YearMix {
            weights: &self.year_weights,
            by: self.mean_by,
            missing: self.missing_years,
        }
    }

    fn faults(&self, faults: &mut Vec<Fault>) {
        let mut fault = |is: bool, key: &'static str, message: String| {
            if is {
                faults.push((key, message));
            }
        };
        let ascending = self.years.windows(2).all(|pair| pair.first() < pair.last());
        fault(
            self.years.is_empty() || !ascending,
            "years",
            "`years`: expected one or more years, the oldest first".to_owned(),
        );
        fault(
            self.years.len() != self.year_weights.len() || self.year_weights.contains(&0),
            "year_weights",
            format!(
                "`year_weights`: expected {} numbers above 0, one for each year",
                self.years.len()
            ),
        );
        fault(
            self.core_min.is_some() == self.coverage.is_some(),
            "build",
            "[build]: expected either `core_min` or `coverage`".to_owned(),
        );
        for (key, is_zero) in [
            ("core_min", self.core_min == Some(0)),
            ("comprehensive_min", self.comprehensive_min == 0),
        ] {
            fault(is_zero, key, format!("`{key}` is 0; expected 1 or more"));
        }
        fault(
            !(3..=8).contains(&self.diagnosis_characters)
                || !(1..=self.diagnosis_characters).contains(&self.comprehensive_characters),
            "diagnosis_characters",
            "`diagnosis_characters`: expected 3 to 8, and `comprehensive_characters` no more".to_owned(),
        );
        self.faults_of_primary(&mut fault);
        self.faults_of_types(&mut fault);
        self.faults_of_trim(&mut fault);
        self.faults_of_score(&mut fault);
    }

    fn faults_of_primary(&self, fault: &mut impl FnMut(bool, &'static str, String)) {
        const KEY: &str = "primary";
        let Some(primary) = &self.primary else { return };
        let odd = primary
            .levels
            .iter()
            .find(|level| level.parse::<HospitalLevel>().is_err());
        let message = match odd {
            Some(odd) => format!("[build.{KEY}]: level `{odd}`; expected 1, 2 or 3"),
            None => {
                format!("[build.{KEY}]: `levels` is empty; expected levels of hospitals, such as [\"1\"]")
            }
        };
        fault(odd.is_some() || primary.levels.is_empty(), KEY, message);
        fault(
            primary.share.approximate() > 1.0,
            KEY,
            format!("[build.{KEY}]: `share` is above 1; expected a share of the cases"),
        );
    }

    fn faults_of_types(&self, fault: &mut impl FnMut(bool, &'static str, String)) {
        const KEY: &str = "comprehensive_codes";
        for kind in TreatmentType::ALL {
            let word = kind.word();
            let message = format!(
                "[build.{KEY}]: `{word}` is missing; expected the part of the code behind the category"
            );
            let is_missing = self.comprehensive_codes.get(word).is_none_or(String::is_empty);
            fault(is_missing, KEY, message);
        }
        let known = |word: &String| TreatmentType::by_word(word).is_some();
        for word in self.comprehensive_codes.keys().filter(|word| !known(word)) {
            let words = TreatmentType::ALL.map(TreatmentType::word);
            let hint = suggestion(word, words);
            fault(
                true,
                KEY,
                format!("[build.{KEY}]: `{word}` is no treatment type{hint}"),
            );
        }
    }

    fn faults_of_trim(&self, fault: &mut impl FnMut(bool, &'static str, String)) {
        const KEY: &str = "trim";
        let trim = &self.trim;
        fault(
            trim.by != TrimBy::None && (trim.low.is_none() || trim.high.is_none()),
            KEY,
            "[build.trim]: expected `low` and `high`".to_owned(),
        );
        fault(
            trim.by == TrimBy::Percentile && trim.quantile.is_none(),
            KEY,
            "[build.trim]: expected `quantile`: nearest_rank, linear or weibull".to_owned(),
        );
        let hundred = |ratio: Option<Ratio>| ratio.is_some_and(|ratio| ratio.approximate() > 100.0);
        fault(
            trim.by == TrimBy::Percentile && (hundred(trim.low) || hundred(trim.high)),
            KEY,
            "[build.trim]: `low` and `high` are per cent; expected at most 100".to_owned(),
        );
    }

    fn faults_of_score(&self, fault: &mut impl FnMut(bool, &'static str, String)) {
        const KEY: &str = "score";
        let score = &self.score;
        fault(
            score.method == ScoreMethod::ReferenceDisease && score.reference.is_none(),
            KEY,
            "[build.score]: expected `reference`, the code of a packet".to_owned(),
        );
        fault(
            score.method == ScoreMethod::FixedAmount && score.fixed_amount().is_none(),
            KEY,
            "[build.score]: expected `amount`, yuan above 0 as text".to_owned(),
        );
        fault(
            score.decimals > 6 || score.factor == 0,
            KEY,
            "[build.score]: expected `decimals` up to 6 and a `factor` above 0".to_owned(),
        );
    }
}

impl ScorePlan {
    /// The amount that divides.
    pub(super) fn fixed_amount(&self) -> Option<Fen> {
        let amount = Fen::parse_yuan(self.amount.as_deref()?).ok()?;
        (amount > Fen::ZERO).then_some(amount)
    }
}
