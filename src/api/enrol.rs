//! Enrolment and financing: persons against a finance policy.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::refuse_overwriting;
use crate::benefit::Source;
use crate::benefit::enrolment::{Checker, EnrolFinding, Kind, List, ListDifference, RowOf, Stage, Tally};
use crate::benefit::finance::{FinancePolicy, Parameter, Verdict};
use crate::diagnostics::{Error, Evidence, Lang, Place, Result, hexadecimal};
use crate::records::{TableFacts, TableForm};
use crate::reports::{
    CsvText, ListCounts, bounds_csv, enrol_finding_line, enrol_findings_csv, fees_csv, heads_csv, income_csv,
    list_differences_csv, premium_csv, refunds_csv, stages_csv, structure_csv, subsidies_csv, write_together,
};
use crate::scenarios::enrolment::{EnrolmentFiles, TABLES, tables_in};

/// Check persons, or sum up a year (参保核查与筹资汇总).
#[derive(Clone, Debug)]
pub struct EnrolRequest {
    /// The tables: folders and files.
    pub persons: Vec<PathBuf>,
    /// The finance file.
    pub policy: PathBuf,
    /// The year; without it, every year that payments are for.
    pub year: Option<i16>,
    /// The files reach to this day; without it, to the end of the year.
    pub until: Option<Date>,
    /// How the tables are to be read, where they do not say it themselves.
    pub form: TableForm,
    /// Folder for the results.
    pub output: PathBuf,
}

/// What came of it.
#[derive(Debug)]
pub struct Enrolled {
    /// Persons read.
    pub persons: u64,
    /// The years looked at.
    pub years: Vec<i16>,
    /// Findings by kind.
    pub findings: BTreeMap<Kind, u64>,
    /// The first few, in words.
    pub first_findings: Vec<String>,
    /// Bounds by verdict.
    pub bounds: BTreeMap<Verdict, u64>,
    /// What the numbers stand on.
    pub evidence: Evidence,
    /// Whether the policy is a draft.
    pub is_draft: bool,
    /// How each table was read.
    pub tables: Vec<TableFacts>,
}

impl Enrolled {
    /// Whether anything above information was found.
    pub fn has_findings(&self) -> bool {
        let above = |kind: &Kind| kind.severity() < crate::diagnostics::Severity::Info;
        let off = |verdict: &Verdict| matches!(verdict, Verdict::Violated | Verdict::Warned);
        self.findings.keys().any(above) || self.bounds.keys().any(off)
    }
}

/// How many findings are told.
const TOLD: usize = 5;
const RUN_PAGE: &str = "run.json";

/// A request with everything read for it.
struct Desk<'r> {
    request: &'r EnrolRequest,
    policy: FinancePolicy,
    files: EnrolmentFiles,
    years: Vec<i16>,
    lang: Lang,
}

impl<'r> Desk<'r> {
    fn open(request: &'r EnrolRequest, outputs: &[&str], lang: Lang) -> Result<Desk<'r>> {
        if request.output.as_os_str() == "-" {
            return Err(Error::new(
                "the results are several files: -o names a folder, not `-`",
            ));
        }
        let policy = FinancePolicy::load(&request.policy)?;
        let written = outputs.iter().map(|name| request.output.join(name));
        let tables = request.persons.iter().flat_map(|given| match given.is_dir() {
            true => tables_in(given),
            false => vec![given.clone()],
        });
        let read: Vec<PathBuf> = tables
            .chain(policy.files().iter().map(|file| file.path.clone()))
            .collect();
        refuse_overwriting(written, read.iter().map(PathBuf::as_path))?;
        let files = EnrolmentFiles::load(&request.persons, &request.form, &policy, request.year)?;
        let years = match request.year {
            Some(year) => vec![year],
            None => files.years(&policy)?,
        };
        if years.is_empty() {
            let message = "no payment names a year; say which one by --year";
            return Err(Error::at(Place::file(&request.policy), message));
        }
        Ok(Desk {
            request,
            policy,
            files,
            years,
            lang,
        })
    }

    /// A refusal of the policy, with its file.
    fn refused(&self, message: String) -> Error {
        Error::at(Place::file(&self.request.policy), message)
    }

    /// Every finding of every year that `wanted` asks for, policy first, then persons by number.
    fn findings(&self, wanted: impl Fn(Kind) -> bool) -> Result<Checked> {
        let mut checked = Checked::default();
        for year in &self.years {
            let checker = Checker::new(&self.policy, *year, self.request.until);
            let checker = checker.map_err(|message| self.refused(message))?;
            checked.take(*year, checker.check_policy(), &wanted);
            for person in &self.files.persons {
                let (findings, stage) = checker.check(person).map_err(|message| self.refused(message))?;
                checked.take(*year, findings, &wanted);
                let listed = person.listed(List::Poverty, checker.days()).next();
                if let (Some(stage), Some(listed)) = (stage, listed) {
                    let counts = checked.stages.entry((*year, listed.place.clone())).or_default();
                    if let Some(count) = counts.get_mut(stage as usize) {
                        *count += 1;
                    }
                }
                for difference in checker.list_differences(person) {
                    checked.count(*year, &difference);
                }
            }
        }
        Ok(checked)
    }

    /// The path of the table a row stands in.
    fn path_of(&self, row: RowOf) -> String {
        let index = match row {
            RowOf::Persons => 0,
            RowOf::Coverage => 1,
            RowOf::Payments => 2,
            RowOf::Subsidies => 3,
            RowOf::Lists => 4,
            RowOf::Policy => return self.request.policy.to_string_lossy().into_owned(),
        };
        self.files.paths.get(index).cloned().unwrap_or_default()
    }

    fn findings_table(&self, checked: &Checked) -> CsvText {
        enrol_findings_csv(&checked.findings, &|row| self.path_of(row), self.lang)
    }

    /// Writes the tables with `run.json`; each says whether the policy is a draft.
    fn write(
        &self,
        command: &str,
        tables: impl IntoIterator<Item = (&'static str, CsvText)>,
        counts: Value,
    ) -> Result<()> {
        let draft = if self.policy.is_draft() { "draft" } else { "" };
        let marked = |(name, table): (&'static str, CsvText)| (name, table.ending_in("draft", draft));
        let tables: Vec<(&str, CsvText)> = tables.into_iter().map(marked).collect();
        let page = self.run_page(command, &tables, counts);
        let folder = &self.request.output;
        let files = tables
            .iter()
            .map(|(name, table)| (folder.join(name), table.bytes()));
        write_together(files.chain([(folder.join(RUN_PAGE), page.as_bytes())]))
    }

    fn run_page(&self, command: &str, tables: &[(&str, CsvText)], counts: Value) -> String {
        let hash = |bytes: &[u8]| hexadecimal(&Sha256::digest(bytes));
        let files = self
            .files
            .files
            .iter()
            .map(|table| (table.path.clone(), table.sha256.clone()));
        let policy = self.policy.files().iter();
        let policy = policy.map(|file| (file.path.to_string_lossy().into_owned(), hash(&file.bytes)));
        let inputs = files
            .chain(policy)
            .map(|(path, hash)| json!({ "path": path, "sha256": hash }));
        let outputs = tables
            .iter()
            .map(|(name, table)| json!({ "name": name, "sha256": hash(table.bytes()) }));
        let rows = TABLES.iter().zip(self.files.rows);
        let rows: Map<String, Value> = rows
            .map(|(name, rows)| ((*name).to_owned(), json!(rows)))
            .collect();
        let page = json!({
            "engine": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
            "command": command,
            "years": self.years,
            "until": self.request.until.map(|day| day.to_string()),
            "rows": rows,
            "persons": self.files.persons.len(),
            "counts": counts,
            "policy": {
                "place": self.policy.place(),
                "draft": self.policy.is_draft(),
                "checked_on": self.policy.checked_on().to_string(),
                "evidence": self.policy.weakest_evidence().as_str(),
                "documents": self.policy.documents().iter().map(|document| json!({
                    "id": document.id, "name": document.name, "dated": document.dated.map(|day| day.to_string()),
                })).collect::<Vec<_>>(),
                "parameters": self.parameters(),
            },
            "inputs": inputs.collect::<Vec<_>>(),
            "outputs": outputs.collect::<Vec<_>>(),
        });
        format!("{page:#}\n")
    }

    /// The parameters of the years, each with document, clause and evidence.
    fn parameters(&self) -> Vec<Value> {
        let policy = &self.policy;
        let of_year = |period| {
            policy
                .year_of(period)
                .is_ok_and(|year| self.years.contains(&year))
        };
        let mut found = Vec::new();
        for fee in policy.fees().iter().filter(|fee| of_year(fee.value.benefit)) {
            let by_plan = fee.value.by_plan.iter();
            let by_plan: Map<String, Value> = by_plan
                .map(|(plan, amount)| (format!("{plan}_fen"), json!(amount.fen())))
                .collect();
            let value = json!({
                "benefit": fee.value.benefit.to_string(), "student": fee.value.student,
                "op": fee.value.op.as_str(), "by_plan": by_plan,
            });
            found.push(parameter("finance.personal_fee", fee, value));
        }
        for fiscal in policy.fiscal_subsidies() {
            if self.years.contains(&fiscal.value.year) {
                let standard = fiscal.value.standard.fen();
                let value = json!({ "year": fiscal.value.year, "op": fiscal.value.op.as_str(), "standard_fen": standard });
                found.push(parameter("finance.fiscal_subsidy", fiscal, value));
            }
        }
        for premium in policy
            .premiums()
            .iter()
            .filter(|p| self.years.contains(&p.value.0))
        {
            let value = json!({ "year": premium.value.0, "rate_fen": premium.value.1.fen() });
            found.push(parameter("finance.cii_premium", premium, value));
        }
        for row in policy
            .enrol_subsidies()
            .iter()
            .filter(|row| of_year(row.value.benefit))
        {
            let value =
                json!({ "benefit": row.value.benefit.to_string(), "categories": row.value.categories });
            found.push(parameter("finance.enrol_subsidy", row, value));
        }
        for year in &self.years {
            if let Some(central) = policy.central_of(*year) {
                let share = &central.value;
                let value =
                    json!({ "year": year, "base_fen": share.base.fen(), "from_year": share.from_year });
                found.push(parameter("finance.central_share", central, value));
            }
        }
        found
    }

    fn done(&self, checked: &Checked, bounds: BTreeMap<Verdict, u64>) -> Enrolled {
        let grave = checked
            .findings
            .iter()
            .filter(|(_, finding)| finding.kind.severity() < crate::diagnostics::Severity::Info);
        let told = grave.take(TOLD);
        let told = told.map(|(_, finding)| enrol_finding_line(finding, &|row| self.path_of(row), self.lang));
        Enrolled {
            persons: self.files.persons.len() as u64,
            years: self.years.clone(),
            first_findings: told.collect(),
            findings: checked.kinds(),
            bounds,
            evidence: self.policy.weakest_evidence(),
            is_draft: self.policy.is_draft(),
            tables: self.files.files.clone(),
        }
    }
}

fn parameter<T>(path: &str, of: &Parameter<T>, value: Value) -> Value {
    let Source {
        doc,
        clause,
        evidence,
        note,
    } = &of.source;
    json!({
        "path": path, "value": value, "doc": doc, "clause": clause, "evidence": evidence.as_str(), "note": note,
        "place": of.place.to_string(),
    })
}

/// Findings and counts of all years.
#[derive(Default)]
struct Checked {
    findings: Vec<(i16, EnrolFinding)>,
    stages: BTreeMap<(i16, String), [u64; 4]>,
    lists: BTreeMap<(i16, (List, List)), ListCounts>,
}

impl Checked {
    fn take(&mut self, year: i16, findings: Vec<EnrolFinding>, wanted: &impl Fn(Kind) -> bool) {
        let wanted = findings.into_iter().filter(|finding| wanted(finding.kind));
        self.findings.extend(wanted.map(|finding| (year, finding)));
    }

    fn count(&mut self, year: i16, difference: &ListDifference) {
        match difference {
            ListDifference::Missing { on, not_on, .. } => {
                let pair = (*on.min(not_on), *on.max(not_on));
                let counts = self.lists.entry((year, pair)).or_default();
                match on < not_on {
                    true => counts.only_first += 1,
                    false => counts.only_second += 1,
                }
            }
            ListDifference::Category { pair, .. } => {
                self.lists.entry((year, *pair)).or_default().category += 1;
            }
        }
    }

    fn kinds(&self) -> BTreeMap<Kind, u64> {
        let mut kinds = BTreeMap::new();
        for (_, finding) in &self.findings {
            *kinds.entry(finding.kind).or_insert(0) += 1;
        }
        kinds
    }

    fn kinds_json(&self) -> Value {
        let kinds = self.kinds().into_iter();
        let named = kinds.map(|(kind, count)| {
            (
                kind.as_str().to_owned(),
                json!({ "rule": kind.rule(), "count": count }),
            )
        });
        Value::Object(named.collect())
    }
}

/// Checks persons, payments and lists against the rules of enrolment (参保核查): `findings.csv`,
/// `lists.csv`, `states.csv`, `run.json`.
///
/// # Errors
/// An input that cannot be used; results that cannot be written.
pub fn enrol_check(request: &EnrolRequest, lang: Lang) -> Result<Enrolled> {
    const NAMES: [&str; 3] = ["findings.csv", "lists.csv", "states.csv"];
    let desk = Desk::open(request, &[&NAMES[..], &[RUN_PAGE]].concat(), lang)?;
    let checked = desk.findings(|_| true)?;
    let [findings, lists, states] = NAMES;
    let tables = [
        (findings, desk.findings_table(&checked)),
        (lists, list_differences_csv(&checked.lists)),
        (states, stages_csv(&checked.stages)),
    ];
    let stages = Stage::ALL.iter().enumerate().map(|(index, stage)| {
        let count: u64 = checked
            .stages
            .values()
            .filter_map(|counts| counts.get(index))
            .sum();
        (stage.as_str().to_owned(), json!(count))
    });
    let stages: Map<String, Value> = stages.collect();
    let counts = json!({ "findings": checked.kinds_json(), "listed_persons": stages });
    desk.write("enrol check", tables, counts)?;
    Ok(desk.done(&checked, BTreeMap::new()))
}

/// Sums up a year's financing (筹资汇总): heads, fees, subsidies by payer, premium, income, structure,
/// bounds, refunds, and what does not match.
///
/// # Errors
/// An input that cannot be used; a parameter of the year that is missing; results that cannot be
/// written.
pub fn enrol_finance(request: &EnrolRequest, lang: Lang) -> Result<Enrolled> {
    const NAMES: [&str; 9] = [
        "heads.csv",
        "fees.csv",
        "subsidies.csv",
        "premium.csv",
        "income.csv",
        "structure.csv",
        "bounds.csv",
        "refunds.csv",
        "findings.csv",
    ];
    let desk = Desk::open(request, &[&NAMES[..], &[RUN_PAGE]].concat(), lang)?;
    let Some(year) = request.year else {
        return Err(Error::new("a year is summed up alone; say which one by --year"));
    };
    let checked = desk.findings(|kind| kind.rule().starts_with('F') || kind == Kind::SubsidyMissing)?;
    let mut tally = Tally::new(&desk.policy, year).map_err(|message| desk.refused(message))?;
    for person in &desk.files.persons {
        tally.add(person).map_err(|message| desk.refused(message))?;
    }
    let bounds = tally.bounds().map_err(Error::new)?;
    let tables = [
        heads_csv(&tally),
        fees_csv(&tally),
        subsidies_csv(&tally)?,
        premium_csv(&tally)?,
        income_csv(&tally)?,
        structure_csv(&tally)?,
        bounds_csv(&bounds),
        refunds_csv(&tally),
        desk.findings_table(&checked),
    ];
    let mut verdicts = BTreeMap::new();
    bounds
        .iter()
        .for_each(|check| *verdicts.entry(check.verdict).or_insert(0) += 1);
    let named = verdicts
        .iter()
        .map(|(verdict, count)| (verdict.as_str().to_owned(), json!(count)));
    let heads: u64 = tally.places.values().map(|place| place.subsidy_heads).sum();
    let counts = json!({
        "findings": checked.kinds_json(), "heads": heads, "refunds": tally.refunds.len(),
        "bounds": named.collect::<Map<String, Value>>(), "averages": averages(&tally)?,
    });
    desk.write("enrol finance", NAMES.into_iter().zip(tables), counts)?;
    Ok(desk.done(&checked, verdicts))
}

/// The mean fee by year of collection.
fn averages(tally: &Tally<'_>) -> Result<Vec<Value>> {
    let averages = tally.averages().map_err(Error::new)?.into_iter().map(|average| {
        let shown = average
            .average
            .div(crate::units::Exact::integer(100))
            .and_then(|yuan| yuan.show(2));
        let shown = shown.map_err(|e| Error::new(e.to_string()))?;
        Ok(json!({ "collected": average.collected, "heads": average.heads, "average_yuan": shown }))
    });
    averages.collect()
}
