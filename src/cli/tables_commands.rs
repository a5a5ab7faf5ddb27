//! `tables diff` and `tables import`: the requests they make, and what they say.

use std::collections::BTreeMap;

use super::commands::{Ending, print, watched};
use super::tables_arguments::{DiffArguments, ImportArguments};
use super::terminal::Terminal;
use crate::api::{self, DiffRequest, ImportRequest, ImportedScheme};
use crate::diagnostics::{Lang, Result};
use crate::tables::{Problem, Reason};

/// How many remarks are said; the report has all.
const SHOWN_REMARKS: usize = 5;

/// Words to standard output, or the list to a file and the count to standard error.
pub(super) fn compare(diff: &DiffArguments, terminal: &Terminal) -> Result<Ending> {
    let request = DiffRequest {
        old: diff.old.clone(),
        new: diff.new.clone(),
        tables: diff.tables.tables.clone(),
        output: diff.output.clone(),
        all: diff.all,
    };
    let compared = watched(terminal, None, |watch| api::diff(&request, watch))?;
    let count = compared.changes.len();
    match (&diff.output, terminal.lang) {
        (None, _) => print(&compared.words)?,
        (Some(_), Lang::En) => terminal.say(format!("{count} changes")),
        (Some(_), Lang::Zh) => terminal.say(format!("共{count}处变化")),
    }
    Ok(Ending { findings: count > 0 })
}

/// Makes the folder and says what became of the cells.
pub(super) fn import(import: &ImportArguments, terminal: &Terminal) -> Result<Ending> {
    let request = ImportRequest {
        workbook: import.workbook.clone(),
        mapping: import.mapping.clone(),
        output: import.output.clone(),
        report: import.report.clone(),
        replace: import.replace,
        tables: import.tables.tables.clone(),
    };
    let made = watched(terminal, None, |watch| api::import(&request, watch))?;
    terminal.say(import_words(&made, terminal.lang));
    Ok(Ending {
        findings: !made.ledger.remarks().is_empty(),
    })
}

/// The scheme's size, the balance of cells, the remarks by kind and the first of them.
fn import_words(made: &ImportedScheme, lang: Lang) -> String {
    let [mdcs, adrgs, groups] = made.counts;
    let [cells, used, skipped, not_understood] = made.ledger.totals();
    let id = &made.id;
    let mut text = match lang {
        Lang::En => format!(
            "{id}: {mdcs} MDC, {adrgs} core groups, {groups} groups\n\
             cells {cells} = used {used} + skipped {skipped} + not understood {not_understood}"
        ),
        Lang::Zh => format!(
            "{id}：{mdcs}个MDC，{adrgs}个核心组，{groups}个细分组\n\
             单元格 {cells} = 采用 {used} + 略过 {skipped} + 未识别 {not_understood}"
        ),
    };
    let mut reasons: BTreeMap<Reason, u64> = BTreeMap::new();
    for (reason, count) in made.ledger.sheets.iter().flat_map(|sheet| &sheet.skipped) {
        *reasons.entry(*reason).or_default() += count;
    }
    for (reason, count) in reasons {
        text.push_str(&format!("\n  {count:>8}  {}", reason.words().in_lang(lang)));
    }
    let remarks = made.ledger.remarks();
    if remarks.is_empty() {
        return text;
    }
    let mut problems: BTreeMap<Problem, usize> = BTreeMap::new();
    for remark in remarks {
        *problems.entry(remark.problem).or_default() += 1;
    }
    let label = lang.pick("remarks, all in", "提示，全部写入");
    text.push_str(&format!("\n{label} {}:", made.report.display()));
    for (problem, count) in problems {
        text.push_str(&format!("\n  {count:>8}  {}", problem.as_str()));
    }
    for remark in remarks.iter().take(SHOWN_REMARKS) {
        text.push_str(&format!("\n  {}", remark.line()));
    }
    text
}
