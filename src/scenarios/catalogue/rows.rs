//! Rows of the catalogue, where its grouper puts the cases, and what comes of it (病种行与分值).

use std::collections::BTreeMap;

use super::history::History;
use super::keys::Keys;
use super::plan::{BuildPlan, PrimaryPlan, Region, ScoreMethod, Then};
use crate::diagnostics::{Error, Result};
use crate::points::calibration::{Spread, Sums, Value, is_within};
use crate::tables::{CodeLists, TreatmentType};
use crate::units::{Exact, Overflow};

/// A row of `groups.csv` (病种目录行).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueRow {
    /// Its code.
    pub code: String,
    /// Core, or else comprehensive.
    pub is_core: bool,
    /// The beginning of its principal diagnoses.
    pub diagnosis: String,
    /// Its procedures, the main one first.
    pub procedures: Vec<String>,
    /// Its treatment type; of a core row with procedures they say it.
    pub kind: Option<TreatmentType>,
    /// Its name.
    pub name: String,
}

/// A catalogue with its scores (病种目录).
#[derive(Debug)]
pub struct Catalogue {
    /// The rows, by code.
    pub rows: Vec<CatalogueRow>,
    /// What each row came to.
    pub reports: Vec<RowReport>,
    /// The region's mean as the plan says, in millionths of a yuan.
    pub mean: i128,
    /// The mean of the cases in a packet, trims left out.
    pub mean_grouped: i128,
    /// The mean of these and of the cases in none.
    pub mean_all: i128,
}

/// What became of a row (病种测算结果).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowReport {
    /// Cases that the catalogue's grouper puts here.
    pub cases: u64,
    /// Of these, treated by hospitals of primary care.
    pub at_primary: u64,
    /// Of these, left out of mean and spread.
    pub trimmed: u64,
    /// Mean, in millionths of a yuan; none without cases.
    pub mean: Option<i128>,
    /// Standard deviation in yuan, and coefficient of variation.
    pub deviation: f64,
    /// Coefficient of variation.
    pub cv: f64,
    /// Score, as written; empty without cases.
    pub score: String,
    /// What is to be looked at.
    pub marks: Vec<&'static str>,
}

/// Where the catalogue's grouper put a case: a row, or none.
pub type Placed = Option<usize>;

/// The rows of keys, with codes and names, in the order of their codes.
pub fn rows_of(keys: &Keys, plan: &BuildPlan, lists: &CodeLists) -> Vec<CatalogueRow> {
    let core = keys.core.iter().map(|key| {
        let procedures = key.procedures.join("+");
        let named = key
            .procedures
            .iter()
            .map(|code| lists.procedures.name(code).unwrap_or(code));
        let named = named.collect::<Vec<&str>>().join("+");
        let diagnosis = diagnosis_name(lists, &key.diagnosis);
        CatalogueRow {
            code: match procedures.as_str() {
                "" => key.diagnosis.clone(),
                procedures => format!("{}:{procedures}", key.diagnosis),
            },
            is_core: true,
            diagnosis: key.diagnosis.clone(),
            kind: key.procedures.is_empty().then_some(TreatmentType::Conservative),
            procedures: key.procedures.clone(),
            name: match named.as_str() {
                "" => diagnosis.to_owned(),
                named => format!("{diagnosis}:{named}"),
            },
        }
    });
    let comprehensive = keys.comprehensive.iter().map(|(category, kind)| {
        let word = plan.comprehensive_codes.get(kind.word());
        CatalogueRow {
            code: format!("{category}:{}", word.map_or("", String::as_str)),
            is_core: false,
            diagnosis: category.clone(),
            procedures: Vec::new(),
            kind: Some(*kind),
            name: format!("{}:{}", diagnosis_name(lists, category), kind.words().zh),
        }
    });
    let mut rows: Vec<CatalogueRow> = core.chain(comprehensive).collect();
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    rows
}

/// The name of the first listed code that begins so.
fn diagnosis_name<'l>(lists: &'l CodeLists, beginning: &'l str) -> &'l str {
    let codes = lists.diagnoses.codes();
    let first = codes.partition_point(|code| code.as_str() < beginning);
    let first = codes.get(first).filter(|code| code.starts_with(beginning));
    first
        .and_then(|code| lists.diagnoses.name(code))
        .unwrap_or(beginning)
}

/// The costs of a row: year and fen.
type Costs = Vec<(usize, i64)>;

/// Means, spreads, scores and marks of rows by where their grouper puts the cases (分值测算).
///
/// # Errors
/// No case is in any row; the reference packet is none, or has no case; sums leave the exact range.
pub fn score_rows(
    rows: Vec<CatalogueRow>,
    history: &History,
    placed: &[Placed],
    (plan, keys): (&BuildPlan, &Keys),
) -> Result<Catalogue> {
    let mut costs: Vec<Costs> = vec![Vec::new(); rows.len()];
    let mut at_primary = vec![0_u64; rows.len()];
    for (case, place) in history.cases.iter().zip(placed) {
        if let Some(costs) = place.and_then(|place| costs.get_mut(place)) {
            costs.push((case.year, case.cost));
        }
        if let Some(count) = place.and_then(|place| at_primary.get_mut(place)) {
            *count += u64::from(case.at_primary);
        }
    }
    let mut all = Sums::default();
    let mut reports = Vec::with_capacity(rows.len());
    for ((row, costs), at_primary) in rows.iter().zip(costs).zip(at_primary) {
        let (mut report, kept) = report_of(row, costs, (plan, keys)).map_err(out_of_range)?;
        report.at_primary = at_primary;
        if plan
            .primary
            .as_ref()
            .is_some_and(|plan| is_primary(row, &report, plan))
        {
            report.marks.push(PRIMARY);
        }
        kept.iter().for_each(|(year, cost)| all.add(*year, *cost));
        reports.push(report);
    }
    let nothing = || Error::new("no case is in any packet: there is nothing to score by");
    let mean_of = |sums: &Sums| {
        let mean = sums.mean(&plan.year_mix()).map_err(out_of_range)?;
        mean.ok_or_else(nothing)
    };
    let mean_grouped = mean_of(&all)?;
    let cases = history.cases.iter().zip(placed);
    let in_none = cases.filter(|(_, place)| place.is_none());
    in_none.for_each(|(case, _)| all.add(case.year, case.cost));
    let mean_all = mean_of(&all)?;
    let mean = match plan.score.region {
        Region::All => mean_all,
        Region::Grouped => mean_grouped,
    };
    let divisor = divisor(&rows, &reports, plan, mean)?;
    for report in &mut reports {
        report.score = match report.mean {
            None => String::new(),
            Some(mean) => score(mean, divisor, plan).map_err(out_of_range)?,
        };
    }
    Ok(Catalogue {
        rows,
        reports,
        mean,
        mean_grouped,
        mean_all,
    })
}

fn out_of_range(overflow: Overflow) -> Error {
    Error::new(overflow.to_string())
}

/// What becomes of a row, and the costs that are kept.
fn report_of(
    row: &CatalogueRow,
    costs: Costs,
    (plan, keys): (&BuildPlan, &Keys),
) -> std::result::Result<(RowReport, Costs), Overflow> {
    let mut sorted: Vec<i64> = costs.iter().map(|(_, cost)| *cost).collect();
    sorted.sort_unstable();
    let limits = plan.trim.limits(&sorted);
    sorted.retain(|cost| is_within(cost.value(), limits));
    let cases = costs.len() as u64;
    let mut kept = costs;
    kept.retain(|(_, cost)| is_within(cost.value(), limits));
    let spread = Spread::of(sorted.iter().map(|cost| cost.value() / 100.0));
    let mut report = RowReport {
        cases,
        at_primary: 0,
        trimmed: cases - kept.len() as u64,
        mean: Sums::of(kept.iter().copied()).mean(&plan.year_mix())?,
        // of a single case there is none: nothing to report, nothing to mark
        deviation: spread.deviation(plan.deviation).unwrap_or(0.0),
        cv: spread.cv(plan.deviation).unwrap_or(0.0),
        score: String::new(),
        marks: Vec::new(),
    };
    report.marks = marks(row, &report, (plan, keys));
    Ok((report, kept))
}

#[allow(clippy::cast_precision_loss, reason = "statistics: a share of cases")]
fn marks(row: &CatalogueRow, report: &RowReport, (plan, keys): (&BuildPlan, &Keys)) -> Vec<&'static str> {
    let fewest = if row.is_core {
        keys.core_min
    } else {
        plan.comprehensive_min
    };
    let trimmed = report.trimmed as f64 / (report.cases as f64).max(1.0);
    let warns = plan
        .trim
        .warn_share
        .is_some_and(|share| trimmed > share.approximate());
    let marks = [
        (report.cases < fewest, "small"),
        (report.cv > plan.split_cv.approximate(), "split"),
        (is_over(row, report, plan), "cv_over_limit"),
        (warns, "trimmed_much"),
    ];
    let marks = marks.into_iter().filter(|(is, _)| *is);
    marks.map(|(_, mark)| mark).collect()
}

/// The mark of a packet of primary care.
pub const PRIMARY: &str = "primary";

/// Whether a core packet is one of primary care: common there, and not too uneven.
fn is_primary(row: &CatalogueRow, report: &RowReport, plan: &PrimaryPlan) -> bool {
    let (num, den) = plan.share.exact().parts();
    let is_common = i128::from(report.at_primary) * den >= num * i128::from(report.cases);
    row.is_core && report.cases > 0 && is_common && report.cv <= plan.cv.approximate()
}

fn is_over(row: &CatalogueRow, report: &RowReport, plan: &BuildPlan) -> bool {
    !row.is_core && report.cv > plan.comprehensive_cv.approximate()
}

/// The codes of rows to be left out for their spread, if the plan says so.
pub fn rows_to_drop(catalogue: &Catalogue, plan: &BuildPlan) -> Vec<String> {
    if plan.above_comprehensive_cv != Then::Drop {
        return Vec::new();
    }
    let rows = catalogue.rows.iter().zip(&catalogue.reports);
    let over = rows.filter(|(row, report)| is_over(row, report, plan));
    over.map(|(row, _)| row.code.clone()).collect()
}

/// What means are divided by, in millionths of a yuan.
fn divisor(rows: &[CatalogueRow], reports: &[RowReport], plan: &BuildPlan, mean: i128) -> Result<i128> {
    match plan.score.method {
        ScoreMethod::Mean => Ok(mean),
        ScoreMethod::FixedAmount => {
            let amount = plan
                .score
                .fixed_amount()
                .map(|amount| i128::from(amount.fen()) * 10_000);
            amount.ok_or_else(|| Error::new("[build.score]: `amount` is missing"))
        }
        ScoreMethod::ReferenceDisease => {
            let reference = plan.score.reference.as_deref().unwrap_or("");
            let known: BTreeMap<&str, &RowReport> =
                rows.iter().map(|row| row.code.as_str()).zip(reports).collect();
            let found = known
                .get(reference)
                .and_then(|report| report.mean)
                .filter(|mean| *mean > 0);
            found.ok_or_else(|| {
                let hint = crate::diagnostics::suggestion(reference, known.keys().copied());
                Error::new(format!(
                    "[build.score]: reference = `{reference}` is no packet of this catalogue with cases{hint}"
                ))
            })
        }
    }
}

fn score(mean: i128, divisor: i128, plan: &BuildPlan) -> std::result::Result<String, Overflow> {
    let factor = Exact::integer(i128::from(plan.score.factor));
    Exact::new(mean, divisor)?.mul(factor)?.show(plan.score.decimals)
}
