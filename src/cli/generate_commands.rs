//! The command that makes up records.

use std::path::Path;

use super::arguments::GenerateArguments;
use super::commands::{Ending, watched};
use super::terminal::Terminal;
use crate::api::{self, GenerateRequest, RegionRequest};
use crate::diagnostics::{Error, Lang, Result};
use crate::scenarios::generate::Plan;

/// Records by options, or a region by its plan.
///
/// # Errors
/// Options, plan or tables cannot be used; output cannot be written.
pub(super) fn make_records(generate: &GenerateArguments, terminal: &Terminal) -> Result<Ending> {
    if let Some(plan) = &generate.plan {
        return make_region(plan, generate, terminal);
    }
    let request = GenerateRequest {
        scheme: generate.scheme.clone().unwrap_or_default(),
        tables: generate.tables.tables.clone(),
        plan: Plan {
            cases: generate.cases.unwrap_or(0),
            seed: generate.seed,
            mix_seed: generate.mix_seed,
            year: generate.year,
            stays: generate.stays,
            defects: generate.defects,
        },
        output: generate.output.clone(),
    };
    let made = watched(terminal, None, |watch| api::generate(&request, watch))?;
    terminal.say(match terminal.lang {
        Lang::En => format!(
            "{} records, {} of them group as planned",
            made.records, made.as_planned
        ),
        Lang::Zh => format!("生成{}条记录，其中{}条按计划入组", made.records, made.as_planned),
    });
    Ok(Ending::NO_FINDINGS)
}

fn make_region(plan: &Path, generate: &GenerateArguments, terminal: &Terminal) -> Result<Ending> {
    if generate.output.as_os_str() == "-" || generate.output.is_file() {
        let message = "a region is several files; expected a folder after `-o`";
        return Err(Error::new(message));
    }
    let request = RegionRequest {
        plan: plan.to_owned(),
        tables: generate.tables.tables.clone(),
        output: generate.output.clone(),
    };
    let made = watched(terminal, None, |watch| api::generate_region(&request, watch))?;
    terminal.say(match terminal.lang {
        Lang::En => format!(
            "{} records, each in its planned group before defects",
            made.records
        ),
        Lang::Zh => format!("生成{}条记录，植入缺陷前均按计划入组", made.records),
    });
    Ok(Ending::NO_FINDINGS)
}
