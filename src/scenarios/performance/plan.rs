//! Which indicators, against what reference, as a TOML file (指标方案).

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::units::NAMES;
use crate::diagnostics::{Error, Place, Result, line_of, parse_toml, read_text, suggestion};
use crate::points::calibration::{RecordsPlan, Trim, number};
use crate::units::Ratio;

/// Which indicators (指标方案). A table that is absent is off; there are no silent defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorPlan {
    schema: u8,
    /// For people.
    pub title: String,
    /// How the records are read.
    pub records: RecordsPlan,
    /// What units are compared with.
    pub reference: ReferencePlan,
    /// What is counted.
    pub counts: CountsPlan,
    /// Grades of risk and tests.
    pub mortality: MortalityPlan,
    /// Rank-sum ratio.
    pub composite: Option<CompositePlan>,
    /// Figures that others printed, to be checked.
    pub published: Option<PublishedPlan>,
}

/// What units are compared with (参照).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferencePlan {
    /// Which of its cases are left out of its means.
    pub trim: Trim,
    /// Whether a hospital is part of what it is compared with.
    pub own_hospital: Own,
}

/// Whether a hospital is part of its own reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Own {
    /// It is.
    In,
    /// It is not.
    Out,
}

impl Own {
    /// The word of tables.
    pub const fn word(self) -> &'static str {
        match self {
            Own::In => "in",
            Own::Out => "out",
        }
    }
}

/// What is counted (计数口径).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountsPlan {
    /// Groups count that have at least so many cases in the unit: each number a column.
    pub groups_of: Vec<u64>,
    /// From what weight on a case is a heavy one.
    pub heavy_weight: Ratio,
}

/// Grades of risk and tests of deaths (死亡风险口径).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MortalityPlan {
    /// Groups of the reference with fewer cases have no grade.
    pub min_cases: u64,
    /// Groups without a death count as low risk.
    pub grade_0_is_low: bool,
    /// Principal diagnoses of low risk: a table with the column `code`, beginnings of codes.
    pub low_risk_diagnoses: Option<PathBuf>,
    /// Shares of the distribution between the limits of a funnel.
    pub limits: Vec<Ratio>,
    /// Cases and expected deaths that pull ratios towards one: α and θ.
    pub shrink: [Ratio; 2],
    /// Share of false alarms among the alarms.
    pub false_discovery: Ratio,
}

/// Rank-sum ratio of several indicators (秩和比).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompositePlan {
    /// Where one class ends and the next begins.
    pub cuts: Vec<Ratio>,
    /// The indicators.
    pub indicator: Vec<NamedIndicator>,
}

/// An indicator of the composite.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedIndicator {
    /// Its name, as the columns are called.
    pub name: String,
    /// Its weight; they sum to 1.
    pub weight: Ratio,
    /// Which end is better.
    pub better: Better,
}

/// Which end of an indicator is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The high one.
    High,
    /// The low one.
    Low,
}

/// Figures that others printed (已公布指标核对).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedPlan {
    /// `hospital,cases,total_weight,cmi`.
    pub file: PathBuf,
    /// Decimals of the printed case-mix index.
    pub decimals: u32,
}

type Fault = (&'static str, String);

impl IndicatorPlan {
    /// Reads a plan (读取指标方案); files it names are beside it.
    ///
    /// # Errors
    /// Unknown or missing keys, values out of range, with the file and, where it is known, the line.
    pub fn load(path: &Path) -> Result<IndicatorPlan> {
        let mut plan = IndicatorPlan::parse(&Place::file(path), &read_text(path)?)?;
        let diagnoses = plan.mortality.low_risk_diagnoses.iter_mut();
        let files = diagnoses.chain(plan.published.iter_mut().map(|plan| &mut plan.file));
        files.for_each(|file| {
            if let Some(folder) = path.parent() {
                *file = folder.join(&*file);
            }
        });
        Ok(plan)
    }

    /// A plan from text that stands at `place`.
    ///
    /// # Errors
    /// As [`IndicatorPlan::load`].
    pub fn parse(place: &Place, text: &str) -> Result<IndicatorPlan> {
        let plan: IndicatorPlan = parse_toml(place, text)?;
        let faults = plan.faults().into_iter();
        Error::all(faults.map(|(key, message)| Error::at(line_of(place, text, key), message)))?;
        Ok(plan)
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |is: bool, key: &'static str, message: String| {
            if is {
                faults.push((key, message));
            }
        };
        let schema = self.schema;
        let message = format!("schema = {schema}; this version reads schema 1");
        fault(schema != 1, "schema", message);
        let groups_of = &self.counts.groups_of;
        let ascending = groups_of.windows(2).all(|pair| pair.first() < pair.last());
        fault(
            groups_of.contains(&0) || !ascending,
            "groups_of",
            "`groups_of`: expected numbers above 0, the smallest first".to_owned(),
        );
        let within = |value: Ratio| number(value) > 0.0 && number(value) < 1.0;
        fault(
            !self.mortality.limits.iter().all(|limit| within(*limit)),
            "limits",
            "`limits`: expected shares between 0 and 1, e.g. \"0.95\"".to_owned(),
        );
        fault(
            !within(self.mortality.false_discovery),
            "false_discovery",
            "`false_discovery`: expected a share between 0 and 1, e.g. \"0.05\"".to_owned(),
        );
        let [alpha, theta] = self.mortality.shrink.map(number);
        fault(
            alpha < 0.0 || theta <= 0.0,
            "shrink",
            "`shrink`: expected α of zero or more and θ above zero".to_owned(),
        );
        if let Some(composite) = &self.composite {
            composite.faults(&mut fault);
        }
        faults
    }
}

impl CompositePlan {
    fn faults(&self, fault: &mut impl FnMut(bool, &'static str, String)) {
        for indicator in &self.indicator {
            let hint = suggestion(&indicator.name, NAMES);
            fault(
                !NAMES.contains(&indicator.name.as_str()),
                "composite",
                format!(
                    "[composite]: `{}` is no indicator; expected one of {}{hint}",
                    indicator.name,
                    NAMES.join(", ")
                ),
            );
        }
        let sum: f64 = self
            .indicator
            .iter()
            .map(|indicator| number(indicator.weight))
            .sum();
        fault(
            (sum - 1.0).abs() > 1e-9,
            "composite",
            format!("[composite]: the weights sum to {sum}; expected 1"),
        );
        let cuts: Vec<f64> = self.cuts.iter().map(|cut| number(*cut)).collect();
        let ascending = cuts.windows(2).all(|pair| pair.first() < pair.last());
        fault(
            !ascending,
            "cuts",
            "`cuts`: expected the smallest first".to_owned(),
        );
    }
}
