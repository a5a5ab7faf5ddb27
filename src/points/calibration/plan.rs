//! What weights to make, as a TOML file (测算方案).

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::bootstrap::Bootstrap;
use super::checks::SplitGate;
use super::estimate::Estimator;
use super::quality::Stable;
use super::statistics::{Deviation, MeanBy, MissingYears, YearMix, approximate};
use super::steps::{Cap, CasesBy, MeanChange, Normalise, Shrink, ShrinkBy, Steps};
use super::trim::Trim;
use crate::diagnostics::{Error, Place, Result, line_of, parse_toml, read_text, suggestion};
use crate::units::Ratio;

/// What weights to make (测算方案). A table that is absent is off; there are no silent defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationPlan {
    schema: u8,
    /// For people.
    pub title: String,
    /// How the records are read.
    pub records: RecordsPlan,
    /// How weights are made.
    pub weights: WeightsPlan,
    /// Years of discharge, with `multi_year`.
    years: Option<YearsPlan>,
    /// Blocks of the bill, with `structure` and `cost_ratios`.
    pub blocks: Option<BlocksPlan>,
    /// Rounds, with `hsrv`.
    hsrv: Option<HsrvPlan>,
    /// Costs estimated of charges (成本收费比).
    pub cost_ratios: Option<FileOf>,
    /// Savings of procurement added back to the costs (集采结余还原).
    pub add_back: Option<AddBackPlan>,
    shrink: Option<ShrinkPlan>,
    blend: Option<BlendPlan>,
    cap: Option<CapPlan>,
    normalise: Option<NormalisePlan>,
    /// How the groups are judged.
    pub quality: QualityPlan,
    uncertainty: Option<UncertaintyPlan>,
    /// Gates of packets.
    pub packets: Option<PacketsPlan>,
}

/// How grouped records are read (读取规则).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsPlan {
    /// Values of `status` that count as grouped; without the column every record with a group does.
    pub grouped: Vec<String>,
    /// Values of `discharge_status` that mean death.
    pub died: Vec<String>,
    /// Names of columns where they are not those of the neutral layout, by the neutral name.
    #[serde(default)]
    pub columns: std::collections::BTreeMap<String, String>,
}

/// How weights are made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsPlan {
    method: Method,
    /// What a group as dear as the mean is written as: 1, 100 or 1000.
    pub scale: u32,
    /// Decimals of a written weight, half away from zero.
    pub decimals: u32,
    /// Which cases are left out.
    pub trim: Trim,
    /// Groups with fewer cases are not trimmed.
    pub trim_min_cases: u64,
    /// Weights before this calibration, in the same scale.
    pub previous: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    Arithmetic,
    MultiYear,
    Geometric,
    Structure,
    Hsrv,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct YearsPlan {
    of: Vec<i16>,
    weights: Vec<u32>,
    missing: MissingYears,
}

/// Blocks of the bill (费用构成块).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlocksPlan {
    /// The column that holds the items.
    pub column: String,
    /// The blocks.
    pub block: Vec<BlockPlan>,
}

/// One block of the bill.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockPlan {
    /// Its name.
    pub name: String,
    /// Its share in the weight, with `structure`.
    share: Option<Ratio>,
    /// Its items.
    pub items: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HsrvPlan {
    tolerance: Ratio,
    rounds: u32,
}

/// A file beside the plan.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileOf {
    /// The file.
    pub file: PathBuf,
}

/// Savings that are added back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddBackPlan {
    /// `group,saving`: yuan saved a case.
    pub file: PathBuf,
    /// What share of it the hospitals keep.
    pub retention: Ratio,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShrinkPlan {
    k: KPlan,
    estimate_cases: Option<u64>,
    estimate_least: Option<Ratio>,
    floor_cases: u64,
    mean_change: MeanChange,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum KPlan {
    Cases(u32),
    Word(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlendPlan {
    new_share: Ratio,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CapPlan {
    down: Ratio,
    up: Ratio,
    cases: CasesBy,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NormalisePlan {
    to: NormaliseTo,
    cases: CasesBy,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NormaliseTo {
    One,
    Previous,
}

/// How groups are judged (质量评价).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityPlan {
    /// Standard deviation of CV.
    pub deviation: Deviation,
    /// Fewest kept cases of a stable group.
    stable_cases: u64,
    /// The most CV of a stable group.
    stable_cv: Ratio,
    /// What becomes of the weight of one that is not.
    pub unstable: Unstable,
    /// CVs of which the share of groups below is told.
    pub cv_below: Vec<Ratio>,
    /// RIV that is aimed at.
    pub riv_target: Ratio,
    /// How many groups to split are listed.
    pub split_list: usize,
    /// Least gap between neighbouring severities.
    pub least_gap: Ratio,
    /// The most a weight may move before it is listed.
    pub drift_band: Ratio,
    /// Rules of trimming that are compared.
    pub compare: Vec<Trim>,
}

/// What becomes of the weight of a group that is not stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unstable {
    /// It is written without one.
    NoWeight,
    /// It keeps it, and the report says so.
    Mark,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UncertaintyPlan {
    seed: u64,
    draws: u32,
    level: Ratio,
    small_cases: u64,
}

/// Gates of packets (病种入库条件).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PacketsPlan {
    /// Least and largest threshold of cases that is tried.
    pub thresholds: [u64; 2],
    /// Share of the cases that groups above the threshold are to hold.
    pub coverage: Ratio,
    /// Fewest cases of a comprehensive group.
    pub comprehensive_cases: u64,
    /// The most CV of a comprehensive group.
    pub comprehensive_cv: Ratio,
    /// List of hospitals, `hospital,level`: for the mean of each level over that of all.
    pub hospitals: Option<PathBuf>,
    /// Splits by columns of the records.
    #[serde(default)]
    pub split: Vec<SplitPlan>,
}

/// A split by a column (辅助细分维度).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitPlan {
    /// The column that holds the labels.
    pub column: String,
    min_cases: u64,
    min_of_label: u64,
    cv_before: Ratio,
    fall: Ratio,
    times: Ratio,
}

impl SplitPlan {
    /// What it must meet.
    pub fn gate(&self) -> SplitGate {
        let gate = SplitGate {
            min_cases: self.min_cases,
            min_of_label: self.min_of_label,
            cv_before: number(self.cv_before),
            fall: number(self.fall),
        };
        gate.times(number(self.times))
    }
}

/// A decimal of the plan as a statistic.
pub fn number(ratio: Ratio) -> f64 {
    ratio.exact().map_or(f64::NAN, approximate)
}

/// Columns a plan may name otherwise.
pub const COLUMNS: [&str; 14] = [
    "case_id",
    "hospital",
    "department",
    "group",
    "mdc",
    "adrg",
    "mcc_cc",
    "status",
    "total_fee",
    "los_days",
    "discharge_status",
    "discharge_date",
    "diagnoses",
    "front_fees",
];

/// The largest number of draws.
const MOST_DRAWS: u32 = 100_000;

/// What is wrong, with the key or table it is about.
type Fault = (&'static str, String);

impl CalibrationPlan {
    /// Reads a plan (读取测算方案); files it names are beside it.
    ///
    /// # Errors
    /// Unknown or missing keys, values out of range, tables that a method needs, with the file and, where it
    /// is known, the line.
    pub fn load(path: &Path) -> Result<CalibrationPlan> {
        let text = read_text(path)?;
        let mut plan = CalibrationPlan::parse(&Place::file(path), &text)?;
        let beside = |file: &mut PathBuf| {
            if let Some(folder) = path.parent() {
                *file = folder.join(&*file);
            }
        };
        plan.weights.previous.iter_mut().for_each(beside);
        plan.cost_ratios
            .iter_mut()
            .for_each(|plan| beside(&mut plan.file));
        plan.add_back.iter_mut().for_each(|plan| beside(&mut plan.file));
        let lists = plan.packets.iter_mut().filter_map(|plan| plan.hospitals.as_mut());
        lists.for_each(beside);
        Ok(plan)
    }

    /// A plan from text that stands at `place`.
    ///
    /// # Errors
    /// As [`CalibrationPlan::load`].
    pub fn parse(place: &Place, text: &str) -> Result<CalibrationPlan> {
        let plan: CalibrationPlan = parse_toml(place, text)?;
        let faults = plan.faults().into_iter();
        Error::all(faults.map(|(key, message)| Error::at(line_of(place, text, key), message)))?;
        Ok(plan)
    }

    /// The estimator, whole.
    pub fn estimator(&self) -> Estimator {
        match self.weights.method {
            Method::Arithmetic => Estimator::Arithmetic,
            Method::Geometric => Estimator::Geometric,
            Method::MultiYear => {
                let years = self.years.as_ref();
                Estimator::MultiYear {
                    years: years.map(|plan| plan.of.clone()).unwrap_or_default(),
                    weights: years.map(|plan| plan.weights.clone()).unwrap_or_default(),
                    missing: years.map_or(MissingYears::Reweigh, |plan| plan.missing),
                }
            }
            Method::Structure => {
                let blocks = self.blocks.iter().flat_map(|plan| &plan.block);
                Estimator::Structure {
                    shares: blocks.map(|block| block.share.map_or(0.0, number)).collect(),
                }
            }
            Method::Hsrv => {
                let plan = self.hsrv.as_ref();
                Estimator::Hsrv {
                    tolerance: plan.map_or(0.0, |plan| number(plan.tolerance)),
                    rounds: plan.map_or(0, |plan| plan.rounds),
                }
            }
        }
    }

    /// The years of `[years]` and how they are weighed.
    pub fn year_mix(&self) -> Option<(&[i16], YearMix<'_>)> {
        let years = self.years.as_ref()?;
        let mix = YearMix {
            weights: &years.weights,
            by: MeanBy::YearMeans,
            missing: years.missing,
        };
        Some((&years.of, mix))
    }

    /// The steps behind it.
    pub fn steps(&self) -> Steps {
        Steps {
            shrink: self.shrink.as_ref().map(ShrinkPlan::step),
            blend: self.blend.as_ref().map(|plan| number(plan.new_share)),
            cap: self.cap.as_ref().map(|plan| Cap {
                down: number(plan.down),
                up: number(plan.up),
                cases: plan.cases,
            }),
            normalise: self.normalise.as_ref().map(|plan| match plan.to {
                NormaliseTo::One => Normalise::One(plan.cases),
                NormaliseTo::Previous => Normalise::Previous(plan.cases),
            }),
        }
    }

    /// What a stable group is.
    pub fn stable(&self) -> Stable {
        Stable {
            min_cases: self.quality.stable_cases,
            cv: number(self.quality.stable_cv),
        }
    }

    /// How cases are drawn again.
    pub fn bootstrap(&self) -> Option<Bootstrap> {
        self.uncertainty.as_ref().map(|plan| Bootstrap {
            seed: plan.seed,
            draws: plan.draws,
            level: number(plan.level),
            small: plan.small_cases,
        })
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |is: bool, key: &'static str, message: String| {
            if is {
                faults.push((key, message));
            }
        };
        let schema = self.schema;
        fault(
            schema != 1,
            "schema",
            format!("schema = {schema}; this version reads schema 1"),
        );
        self.faults_of_records(&mut fault);
        self.faults_of_method(&mut fault);
        self.faults_of_steps(&mut fault);
        self.faults_of_shares(&mut fault);
        faults
    }

    fn faults_of_records(&self, fault: &mut impl FnMut(bool, &'static str, String)) {
        for name in self.records.columns.keys() {
            let hint = suggestion(name, COLUMNS);
            fault(
                !COLUMNS.contains(&name.as_str()),
                "columns",
                format!(
                    "[records.columns]: `{name}` is no column that is read; expected one of {}{hint}",
                    COLUMNS.join(", ")
                ),
            );
        }
        let (scale, decimals) = (self.weights.scale, self.weights.decimals);
        fault(
            ![1, 100, 1000].contains(&scale),
            "scale",
            format!("`scale` is {scale}; expected 1, 100 or 1000"),
        );
        fault(
            decimals > 9,
            "decimals",
            format!("`decimals` is {decimals}; expected at most 9"),
        );
    }

    fn faults_of_method(&self, fault: &mut impl FnMut(bool, &'static str, String)) {
        let is = |method: &str| self.estimator().word() == method;
        for (method, table, is_there) in [
            ("multi_year", "[years]", self.years.is_some()),
            ("structure", "[blocks]", self.blocks.is_some()),
            ("hsrv", "[hsrv]", self.hsrv.is_some()),
        ] {
            fault(
                is(method) && !is_there,
                "method",
                format!("method `{method}` needs the table {table}"),
            );
        }
        fault(
            self.cost_ratios.is_some() && self.blocks.is_none(),
            "cost_ratios",
            "[cost_ratios] needs the table [blocks]".to_owned(),
        );
        if let Some(years) = &self.years {
            let ascending = years.of.windows(2).all(|pair| pair.first() < pair.last());
            fault(
                years.of.is_empty() || !ascending || years.of.len() != years.weights.len(),
                "years",
                "[years]: expected one or more years in `of`, the oldest first, and a weight for each"
                    .to_owned(),
            );
            fault(
                years.weights.contains(&0),
                "years",
                "[years]: a weight is 0; expected numbers above 0".to_owned(),
            );
        }
        if let Some(hsrv) = &self.hsrv {
            fault(
                hsrv.rounds == 0 || number(hsrv.tolerance) <= 0.0,
                "hsrv",
                "[hsrv]: expected `rounds` and `tolerance` above 0".to_owned(),
            );
        }
        self.faults_of_blocks(fault);
    }

    fn faults_of_blocks(&self, fault: &mut impl FnMut(bool, &'static str, String)) {
        let Some(blocks) = &self.blocks else { return };
        let shares = blocks.block.iter().filter_map(|block| block.share);
        let sum: f64 = shares.clone().map(number).sum();
        let is_structure = self.estimator().word() == "structure";
        let each = shares.count() == blocks.block.len();
        fault(
            is_structure && (!each || (sum - 1.0).abs() > 1e-9),
            "blocks",
            format!(
                "[blocks]: the shares of the blocks sum to {sum}; expected one for each block, and a sum of 1"
            ),
        );
        let mut items: Vec<&String> = blocks.block.iter().flat_map(|block| &block.items).collect();
        items.sort();
        let twice = items.windows(2).find(|pair| pair.first() == pair.last());
        let twice = twice
            .and_then(|pair| pair.first())
            .map_or("", |item| item.as_str());
        fault(
            !twice.is_empty(),
            "blocks",
            format!("[blocks]: the item `{twice}` stands twice; expected it in one block"),
        );
    }

    fn faults_of_steps(&self, fault: &mut impl FnMut(bool, &'static str, String)) {
        fault(
            self.steps().ask_for_previous() && self.weights.previous.is_none(),
            "weights",
            "[weights]: `previous` is missing; expected the weights that a step compares with".to_owned(),
        );
        if let Some(plan) = &self.shrink {
            let word = match &plan.k {
                KPlan::Word(word) => word.as_str(),
                KPlan::Cases(_) => "estimate",
            };
            fault(
                word != "estimate",
                "shrink",
                format!("[shrink]: k = `{word}`; expected a number of cases or `estimate`"),
            );
            let estimates = matches!(&plan.k, KPlan::Word(word) if word == "estimate");
            fault(
                estimates && (plan.estimate_cases.is_none() || plan.estimate_least.is_none()),
                "shrink",
                "[shrink]: k = `estimate` needs `estimate_cases` and `estimate_least`".to_owned(),
            );
        }
    }

    fn faults_of_shares(&self, fault: &mut impl FnMut(bool, &'static str, String)) {
        let mut within = |key: &'static str, name: &str, value: Option<Ratio>, highest: f64| {
            let value = value.map_or(0.0, number);
            fault(
                !(0.0..=highest).contains(&value),
                key,
                format!("`{name}` is {value}; expected 0 to {highest}"),
            );
        };
        within(
            "blend",
            "new_share",
            self.blend.as_ref().map(|plan| plan.new_share),
            1.0,
        );
        within("cap", "down", self.cap.as_ref().map(|plan| plan.down), 1.0);
        within("cap", "up", self.cap.as_ref().map(|plan| plan.up), 100.0);
        within(
            "add_back",
            "retention",
            self.add_back.as_ref().map(|plan| plan.retention),
            1.0,
        );
        within("riv_target", "riv_target", Some(self.quality.riv_target), 1.0);
        within("least_gap", "least_gap", Some(self.quality.least_gap), 100.0);
        within("drift_band", "drift_band", Some(self.quality.drift_band), 100.0);
        within("stable_cv", "stable_cv", Some(self.quality.stable_cv), 1000.0);
        within(
            "packets",
            "coverage",
            self.packets.as_ref().map(|plan| plan.coverage),
            1.0,
        );
        within(
            "level",
            "level",
            self.uncertainty.as_ref().map(|plan| plan.level),
            1.0,
        );
        let draws = self.uncertainty.as_ref().map_or(2, |plan| plan.draws);
        fault(
            !(2..=MOST_DRAWS).contains(&draws),
            "draws",
            format!("`draws` is {draws}; expected 2 to {MOST_DRAWS}"),
        );
        let thresholds = self.packets.as_ref().map_or([1, 1], |plan| plan.thresholds);
        let [from, to] = thresholds;
        fault(
            from == 0 || from > to || to > 10_000,
            "thresholds",
            format!(
                "`thresholds` is [{from}, {to}]; expected the least, from 1, and the largest, up to 10000"
            ),
        );
    }
}

impl ShrinkPlan {
    fn step(&self) -> Shrink {
        let k = match &self.k {
            KPlan::Cases(cases) => ShrinkBy::Cases(f64::from(*cases)),
            KPlan::Word(_) => ShrinkBy::Estimate {
                min_cases: self.estimate_cases.unwrap_or(0),
                least: self.estimate_least.map_or(0.0, number),
            },
        };
        Shrink {
            k,
            floor_cases: self.floor_cases,
            mean_change: self.mean_change,
        }
    }
}
