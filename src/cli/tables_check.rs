//! `tables check`, `tables witness`, `tables conform`: what they say.

use std::collections::BTreeMap;

use super::arguments::{CheckTablesArguments, ConformArguments, WitnessArguments};
use super::commands::{Ending, print, watched, watched_in_parts};
use super::terminal::Terminal;
use crate::api::{self, CheckTablesRequest, CheckedTables, ConformRequest, Conformed, WitnessRequest};
use crate::diagnostics::{Error, Lang, Place, Result};
use crate::reports::table_finding_line;
use crate::tables::Grade;

/// Of one kind so many are shown a file; `-o` writes all.
const SHOWN_OF_A_KIND: usize = 20;
/// So many differences are shown.
const SHOWN_DIFFERENCES: usize = 20;

/// Findings to standard output, the counts to standard error; a scheme that cannot be loaded ends
/// as any other fault of tables does.
pub(super) fn check(arguments: &CheckTablesArguments, terminal: &Terminal) -> Result<Ending> {
    let request = CheckTablesRequest {
        scheme: arguments.scheme.clone(),
        tables: arguments.tables.tables.clone(),
        weights: arguments.weights.clone(),
        output: arguments.output.clone(),
    };
    let checked = watched_in_parts(terminal, |watch| api::check_tables(&request, watch))?;
    let to_standard_output = arguments
        .output
        .as_ref()
        .is_some_and(|path| path.as_os_str() == "-");
    if !to_standard_output {
        print(&finding_lines(&checked, terminal.lang))?;
    }
    terminal.say(summary(&checked, terminal.lang));
    if checked.count(Grade::Error) > 0 {
        let words = terminal
            .lang
            .pick("this scheme cannot be loaded", "该方案无法装入");
        return Err(Error::at(Place::file(&arguments.scheme), words));
    }
    Ok(Ending {
        findings: checked.count(Grade::Warning) > 0,
    })
}

/// A line a finding; of many alike the first, and how many more there are.
fn finding_lines(checked: &CheckedTables, lang: Lang) -> String {
    let mut text = String::new();
    let mut shown: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for finding in &checked.findings {
        let alike = shown.entry((&finding.place.file, finding.kind)).or_default();
        *alike += 1;
        if *alike <= SHOWN_OF_A_KIND {
            text.push_str(&table_finding_line(finding));
            text.push('\n');
        }
    }
    for ((file, kind), count) in shown {
        let more = count.saturating_sub(SHOWN_OF_A_KIND);
        if more > 0 {
            text.push_str(&match lang {
                Lang::En => format!("{file}: … and {more} more {kind}; -o FILE writes all\n"),
                Lang::Zh => format!("{file}: ……另有{more}条{kind}；用 -o FILE 写出全部\n"),
            });
        }
    }
    text
}

fn summary(checked: &CheckedTables, lang: Lang) -> String {
    let [errors, warnings, notes] =
        [Grade::Error, Grade::Warning, Grade::Note].map(|grade| checked.count(grade));
    let found = match lang {
        Lang::En => format!("{errors} errors, {warnings} warnings, {notes} notes"),
        Lang::Zh => format!("错误{errors}，警告{warnings}，提示{notes}"),
    };
    let Some(counts) = checked.counts else {
        return found;
    };
    let api::TableCounts {
        rows,
        sets,
        groups,
        reachable,
    } = counts;
    match lang {
        Lang::En => format!("{rows} rows, {sets} sets, {reachable} of {groups} groups reachable; {found}"),
        Lang::Zh => format!("规则{rows}行，编码集{sets}个，病组{groups}个中{reachable}个可达；{found}"),
    }
}

/// Writes a conformance file and says how much of the scheme it covers.
pub(super) fn witness(arguments: &WitnessArguments, terminal: &Terminal) -> Result<Ending> {
    let request = WitnessRequest {
        scheme: arguments.scheme.clone(),
        tables: arguments.tables.tables.clone(),
        output: arguments.output.file.clone(),
    };
    let done = watched_in_parts(terminal, |watch| api::witness(&request, watch))?;
    let (reached, edges, never, undecided) = (done.reached, done.boundaries, done.never, done.undecided);
    terminal.say(match terminal.lang {
        Lang::En => format!(
            "{reached} rows with a case that has them for its group, {edges} more cases beside their numbers; \
             {never} rows (of core groups mostly, whose groups take every case) that none has, {undecided} undecided"
        ),
        Lang::Zh => format!(
            "{reached}行各有一个以其为组的病例，另有{edges}个边界病例；{never}行没有病例以其为组（多为核心组行，病例均归入其下病组），{undecided}行未能判定"
        ),
    });
    Ok(Ending {
        findings: undecided > 0,
    })
}

/// Tells each difference; differences are a failure.
pub(super) fn conform(arguments: &ConformArguments, terminal: &Terminal) -> Result<Ending> {
    let request = ConformRequest {
        scheme: arguments.scheme.clone(),
        file: arguments.file.clone(),
        tables: arguments.tables.tables.clone(),
    };
    let conformed = watched(terminal, Some(&arguments.file), |watch| {
        api::conform(&request, watch)
    })?;
    conformed.remarks.iter().for_each(|remark| terminal.say(remark));
    print(&difference_lines(arguments, &conformed, terminal.lang))?;
    let (cases, different) = (conformed.cases, conformed.differences.len());
    if cases == 0 {
        let message = terminal
            .lang
            .pick("there are no cases in this file", "文件中没有病例");
        return Err(Error::at(Place::file(&arguments.file), message));
    }
    if different > 0 {
        let place = Place::file(&arguments.file);
        return Err(Error::at(
            place,
            match terminal.lang {
                Lang::En => format!("{different} of {cases} cases are grouped otherwise"),
                Lang::Zh => format!("{cases}个病例中有{different}个分组不一致"),
            },
        ));
    }
    terminal.say(match terminal.lang {
        Lang::En => format!("{cases} cases, all grouped as the file says"),
        Lang::Zh => format!("{cases}个病例，分组均与文件一致"),
    });
    Ok(Ending {
        findings: !conformed.remarks.is_empty(),
    })
}

fn difference_lines(arguments: &ConformArguments, conformed: &Conformed, lang: Lang) -> String {
    let file = Place::file(&arguments.file);
    let shown = conformed.differences.iter().take(if arguments.all {
        usize::MAX
    } else {
        SHOWN_DIFFERENCES
    });
    let mut text: String = shown
        .map(|difference| {
            let api::Difference {
                line,
                case_id,
                expected,
                got,
                why,
            } = difference;
            let place = file.line(*line);
            match lang {
                Lang::En => format!("{place}: case `{case_id}`: expected {expected}, got {got}; {why}\n"),
                Lang::Zh => format!("{place}: 病例`{case_id}`：应为 {expected}，实为 {got}；{why}\n"),
            }
        })
        .collect();
    let more = conformed.differences.len().saturating_sub(SHOWN_DIFFERENCES);
    if more > 0 && !arguments.all {
        text.push_str(&match lang {
            Lang::En => format!("… and {more} more; --all shows them\n"),
            Lang::Zh => format!("……另有{more}个；用 --all 显示全部\n"),
        });
    }
    text
}
