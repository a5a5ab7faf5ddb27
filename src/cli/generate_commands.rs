//! The command that makes up records.

use std::path::Path;

use super::arguments::GenerateArguments;
use super::commands::{Ending, watched};
use super::terminal::Terminal;
use crate::api::{self, GenerateRequest, MadeRegion, RegionRequest};
use crate::diagnostics::{Error, Lang, Result};
use crate::records::{Column, Loss};
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
        layout: generate.form.layout(),
        format: generate.form.format()?,
        encoding: generate.form.encoding()?,
        codes: generate.form.codes.clone(),
        output: generate.output.clone(),
    };
    let region = watched(terminal, None, |watch| api::generate_region(&request, watch))?;
    let records = region.made.records;
    terminal.say(match terminal.lang {
        Lang::En => format!("{records} records, each in its planned group before defects"),
        Lang::Zh => format!("生成{records}条记录，植入缺陷前均按计划入组"),
    });
    for note in notes(&region, terminal.lang) {
        terminal.say(note);
    }
    Ok(Ending::NO_FINDINGS)
}

/// What the layout has no place for.
fn notes(region: &MadeRegion, lang: Lang) -> Vec<String> {
    let names = |columns: &[Column]| {
        let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
        names.join(", ")
    };
    let mut notes = Vec::new();
    if !region.lacks.is_empty() {
        let lacks = names(&region.lacks);
        notes.push(match lang {
            Lang::En => format!("the layout has no place for {lacks}; join.csv has it for --join"),
            Lang::Zh => format!("该版式没有以下列：{lacks}；已写入join.csv，供--join使用"),
        });
    }
    if !region.coarse.is_empty() {
        let coarse = names(&region.coarse);
        notes.push(match lang {
            Lang::En => format!("the layout keeps only the hour of {coarse}"),
            Lang::Zh => format!("该版式只保留以下列的小时：{coarse}"),
        });
    }
    notes.extend(
        region
            .losses
            .iter()
            .map(|((column, loss), count)| lost(*column, *loss, *count, lang)),
    );
    notes
}

fn lost(column: Column, loss: Loss, count: u64, lang: Lang) -> String {
    let name = column.name();
    let (en, zh) = match loss {
        Loss::Cut => (
            "cut: the list is longer than the layout has places for",
            "截断：列表超出版式的列数",
        ),
        Loss::Unknown => (
            "left out: the layout has no word for the value",
            "省略：版式没有对应的取值",
        ),
        Loss::Differs => (
            "left out: another column stands under the same header",
            "省略：同一表头已写入另一列",
        ),
    };
    match lang {
        Lang::En => format!("{name} of {count} records {en}"),
        Lang::Zh => format!("{count}条记录的{name}{zh}"),
    }
}
