//! A catalogue built of history: the scheme folder, and what is reported of it.

use super::CsvText;
use crate::diagnostics::{Error, Evidence, Result};
use crate::points::{ALL_CASES, GroupWeight, Weights};
use crate::scenarios::catalogue::{Catalogue, CatalogueRow, History, Keys, PRIMARY, RowReport};
use crate::units::{Exact, Weight};

/// What a catalogue needs besides its rows (方案文件要素).
pub struct SchemeKeys<'s> {
    /// The keys as the user wrote them.
    pub own: &'s toml::Table,
    /// Names of the code lists of the scheme it extends, where the user names none.
    pub code_lists: (&'s str, &'s str),
    /// What it is made of, where the user says nothing.
    pub source: String,
}

/// `scheme.toml` of a catalogue.
///
/// # Errors
/// The keys cannot be written.
pub fn scheme_toml(keys: &SchemeKeys<'_>) -> Result<String> {
    let mut table = keys.own.clone();
    let text = |text: &str| toml::Value::String(text.to_owned());
    let mut codes = toml::Table::new();
    codes.insert("diagnosis".to_owned(), text(keys.code_lists.0));
    codes.insert("procedure".to_owned(), text(keys.code_lists.1));
    let mut groups = toml::Table::new();
    let files = toml::Value::Array(vec![text(GROUPS)]);
    groups.insert("files".to_owned(), files);
    groups.insert("level_values".to_owned(), toml::Value::Table(toml::Table::new()));
    table.insert("kind".to_owned(), text("dip"));
    table.insert("groups".to_owned(), toml::Value::Table(groups));
    let usual = [
        ("codes", toml::Value::Table(codes)),
        ("source", text(&keys.source)),
        ("evidence", text("assumption")),
    ];
    for (key, value) in usual {
        table.entry(key).or_insert(value);
    }
    toml::to_string(&table).map_err(|e| Error::new(format!("[scheme]: {e}")))
}

/// Name of the file of rows.
pub const GROUPS: &str = "groups.csv";
/// Name of the file of reference costs.
pub const MEAN_COSTS: &str = "mean-costs.csv";

/// `groups.csv`; scores are empty as long as there are no reports.
pub fn groups_csv(rows: &[CatalogueRow], reports: &[RowReport]) -> CsvText {
    let mut text = CsvText::with_header(&[
        "code",
        "level",
        "diagnosis",
        "procedures",
        "treatment_type",
        "name",
        "score",
    ]);
    for (place, row) in rows.iter().enumerate() {
        text.cell(&row.code);
        text.cell(level(row));
        text.cell(&row.diagnosis);
        text.cell(&row.procedures.join("+"));
        text.cell(row.kind.map_or("", |kind| kind.word()));
        text.cell(&row.name);
        text.cell(reports.get(place).map_or("", |report| &report.score));
        text.end_row();
    }
    text
}

fn level(row: &CatalogueRow) -> &'static str {
    if row.is_core { "core" } else { "comprehensive" }
}

/// `mean-costs.csv`: reference costs in yuan, of all hospitals, persons and labels.
pub fn mean_costs_csv(catalogue: &Catalogue) -> CsvText {
    let mut text = CsvText::with_header(&["class", "group", "label", "insurance", "mean"]);
    for (row, report) in catalogue.rows.iter().zip(&catalogue.reports) {
        let Some(mean) = report.mean else { continue };
        text.cell("");
        text.cell(&row.code);
        text.cell("");
        text.cell("");
        text.cell(&millionths(mean));
        text.end_row();
    }
    text
}

/// Name of the file of weights.
pub const WEIGHTS: &str = "weights.csv";

/// `weights.csv`: the scores as a scenario reads them, all cases first (分值表).
///
/// # Errors
/// A score or mean that is no weight, of which the message names the row.
pub fn catalogue_weights(catalogue: &Catalogue, evidence: Evidence, cases: u64) -> Result<Vec<u8>> {
    let row = |score: &str, cases: u64, mean: Option<i128>, code: &str| {
        let odd = |what: String| Error::new(format!("group `{code}`: {what}"));
        let weight = match score {
            "" => None,
            score => {
                let weight: std::result::Result<Weight, _> = score.parse();
                Some(weight.map_err(|e| odd(format!("score `{score}`: {e}")))?)
            }
        };
        let mean = mean.map(|mean| Exact::new(mean, 10_000).and_then(Exact::fen_half_away));
        let mean = mean.transpose().map_err(|e| odd(e.to_string()))?;
        GroupWeight::new(weight, Some(cases), mean, evidence, String::new()).map_err(odd)
    };
    let all = row("", cases, Some(catalogue.mean), ALL_CASES)?;
    let mut rows = vec![(ALL_CASES.to_owned(), all)];
    for (of, report) in catalogue.rows.iter().zip(&catalogue.reports) {
        let weight = row(&report.score, report.cases, report.mean, &of.code)?;
        rows.push((of.code.clone(), weight));
    }
    let mut text = Vec::new();
    let written = Weights::of(rows).write(&mut text);
    written.map_err(|e| Error::new(format!("{WEIGHTS} could not be written: {e}")))?;
    Ok(text)
}

/// Millionths as a decimal.
fn millionths(number: i128) -> String {
    format!("{}.{:06}", number / 1_000_000, number % 1_000_000)
}

/// `report.csv`: what each row came to (病种测算报告).
pub fn catalogue_report_csv(catalogue: &Catalogue) -> CsvText {
    let mut text = CsvText::with_header(&[
        "code",
        "level",
        "name",
        "cases",
        "at_primary",
        "trimmed",
        "mean_cost",
        "sd",
        "cv",
        "score",
        "marks",
    ]);
    for (row, report) in catalogue.rows.iter().zip(&catalogue.reports) {
        text.cell(&row.code);
        text.cell(level(row));
        text.cell(&row.name);
        text.show(Some(report.cases));
        text.show(Some(report.at_primary));
        text.show(Some(report.trimmed));
        text.show(report.mean.map(millionths));
        text.show(Some(format_args!("{:.2}", report.deviation)));
        text.show(Some(format_args!("{:.4}", report.cv)));
        text.cell(&report.score);
        text.cell(&report.marks.join("|"));
        text.end_row();
    }
    text
}

/// `primary-care.csv`: the packets of primary care, as a policy pack's `group.same_price` reads them, at
/// the same price everywhere (基层病种目录).
pub fn primary_care_csv(catalogue: &Catalogue) -> CsvText {
    let mut text = CsvText::with_header(&["group", "coefficient", "note"]);
    let rows = catalogue.rows.iter().zip(&catalogue.reports);
    for (row, report) in rows.filter(|(_, report)| report.marks.contains(&PRIMARY)) {
        text.cell(&row.code);
        text.cell("1");
        let (part, cases, cv) = (report.at_primary, report.cases, report.cv);
        text.show(Some(format_args!(
            "{part} of {cases} cases at hospitals of primary care; CV {cv:.4}"
        )));
        text.end_row();
    }
    text
}

/// What is counted of a catalogue as a whole (目录测算汇总).
pub struct CatalogueCounts<'c> {
    /// The cases.
    pub history: &'c History,
    /// How rows were chosen.
    pub keys: &'c Keys,
    /// Records read.
    pub read: u64,
    /// Comprehensive rows left out for their spread.
    pub dropped: usize,
    /// Cases that changed their row in the last round; 0 once scores and rows agree.
    pub moved: u64,
}

/// `summary.csv`: counts, coverage, thresholds, a figure a line.
pub fn catalogue_summary_csv(catalogue: &Catalogue, counts: &CatalogueCounts<'_>) -> CsvText {
    let mut text = CsvText::with_header(&["figure", "value"]);
    let mut put = |figure: &str, value: String| {
        text.cell(figure);
        text.cell(&value);
        text.end_row();
    };
    put("records_read", counts.read.to_string());
    for (why, count) in &counts.history.left_out {
        put(&format!("left_out_{}", why.word()), count.to_string());
    }
    let used = counts.history.len() as u64;
    let of_level = |core: bool| -> (usize, u64) {
        let rows = catalogue.rows.iter().zip(&catalogue.reports);
        let rows = rows.filter(|(row, _)| row.is_core == core);
        rows.fold((0, 0), |(rows, cases), (_, report)| {
            (rows + 1, cases + report.cases)
        })
    };
    let ((core_rows, core), (comprehensive_rows, comprehensive)) = (of_level(true), of_level(false));
    let marked = |mark: &str| {
        let rows = catalogue.reports.iter();
        rows.filter(|report| report.marks.contains(&mark)).count()
    };
    put("hospital_unknown", counts.history.hospital_unknown.to_string());
    put("cases_used", used.to_string());
    put("cases_in_core", core.to_string());
    put("cases_in_comprehensive", comprehensive.to_string());
    put("cases_in_none", (used - core - comprehensive).to_string());
    put("coverage_core", share(core, used));
    put("coverage", share(core + comprehensive, used));
    put("core_min", counts.keys.core_min.to_string());
    put("core_rows", core_rows.to_string());
    put("comprehensive_rows", comprehensive_rows.to_string());
    put("comprehensive_too_small", counts.keys.too_small.len().to_string());
    put("comprehensive_dropped_for_cv", counts.dropped.to_string());
    for mark in ["small", "split", "cv_over_limit", "trimmed_much", PRIMARY] {
        put(&format!("rows_{mark}"), marked(mark).to_string());
    }
    let trimmed: u64 = catalogue.reports.iter().map(|report| report.trimmed).sum();
    put("cases_trimmed", trimmed.to_string());
    put("mean_cost", millionths(catalogue.mean));
    put("mean_cost_all", millionths(catalogue.mean_all));
    put("mean_cost_grouped", millionths(catalogue.mean_grouped));
    put("cases_moved_in_last_round", counts.moved.to_string());
    text
}

/// A share with six decimals, half up.
fn share(part: u64, whole: u64) -> String {
    let scaled = (u128::from(part) * 2_000_000 + u128::from(whole)) / (2 * u128::from(whole.max(1)));
    format!("{}.{:06}", scaled / 1_000_000, scaled % 1_000_000)
}
