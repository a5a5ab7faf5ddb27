//! Made-up persons with covers, payments and lists.

use std::path::PathBuf;

use super::{Watch, refuse_overwriting};
use crate::benefit::finance::FinancePolicy;
use crate::diagnostics::{Error, Result};
use crate::reports::{CsvText, Output};
use crate::scenarios::enrolment::{
    COVERAGE_COLUMNS, LIST_COLUMNS, PAYMENT_COLUMNS, PERSON_COLUMNS, SUBSIDY_COLUMNS, TABLES,
};
use crate::scenarios::generate::enrolment::{ENROLMENT_TRUTH_COLUMNS, EnrolmentMaker, EnrolmentPlan};

/// Generate persons for `enrol` (生成模拟参保数据).
#[derive(Clone, Debug)]
pub struct EnrolGenerateRequest {
    /// The finance file they are sound by.
    pub policy: PathBuf,
    /// What to make.
    pub plan: EnrolmentPlan,
    /// A folder.
    pub output: PathBuf,
}

/// What was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct MadeEnrolment {
    /// Persons.
    pub persons: u64,
    /// Persons with a planted defect.
    pub planted: u64,
}

/// How many persons are made at a time.
const PERSONS_A_BATCH: u64 = 10_000;
const TRUTH: &str = "truth.csv";

/// Generates the five tables of enrolment, and the findings they must give (生成模拟参保数据).
///
/// # Errors
/// The finance file cannot be used, or lacks the year; output cannot be written.
pub fn enrol_generate(request: &EnrolGenerateRequest, watch: &Watch<'_>) -> Result<MadeEnrolment> {
    if request.output.as_os_str() == "-" {
        return Err(Error::new(
            "the persons are several files: -o names a folder, not `-`",
        ));
    }
    let policy = FinancePolicy::load(&request.policy)?;
    let names = || {
        TABLES
            .into_iter()
            .chain([TRUTH])
            .map(|name| request.output.join(name))
    };
    let read = policy.files().iter().map(|file| file.path.as_path());
    refuse_overwriting(names(), read)?;
    let maker = EnrolmentMaker::new(&policy, request.plan)?;
    let mut outputs = names()
        .map(|path| Output::create(&path))
        .collect::<Result<Vec<Output>>>()?;
    let headers: [&[&str]; 6] = [
        &PERSON_COLUMNS,
        &COVERAGE_COLUMNS,
        &PAYMENT_COLUMNS,
        &SUBSIDY_COLUMNS,
        &LIST_COLUMNS,
        &ENROLMENT_TRUTH_COLUMNS,
    ];
    for (output, header) in outputs.iter_mut().zip(headers) {
        output.put(CsvText::with_header(header).bytes())?;
    }
    let mut made = MadeEnrolment::default();
    while made.persons < request.plan.persons {
        let last = (made.persons + PERSONS_A_BATCH).min(request.plan.persons);
        let rows = maker.persons(made.persons..last)?;
        let texts = rows.tables.iter().chain([&rows.truth]);
        for (output, text) in outputs.iter_mut().zip(texts) {
            output.put(text.as_bytes())?;
        }
        (watch.advance)(last - made.persons);
        made.persons = last;
        made.planted += rows.planted;
    }
    outputs.into_iter().try_for_each(Output::finish)?;
    Ok(made)
}
