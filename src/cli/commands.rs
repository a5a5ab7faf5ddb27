//! Each command: the request it makes, and what it says afterwards.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::arguments::{
    Arguments, CalibrateArguments, Command, Common, ExplainArguments, RunArguments, TablesCommand,
};
use super::explained_text::explained_text;
use super::reading_words::{reading_words, unread_words};
use super::terminal::{Progress, Terminal};
use super::{
    benefit_commands, calibration_commands, catalogue_commands, check_commands, enrol_commands,
    generate_commands, indicator_commands, layouts_commands, packed_commands, policy_commands,
    settle_commands, show_words, simulate_commands, tables_check, tables_commands, tables_words,
};
use crate::api::{self, BulkSummary, CalibrateRequest, ExplainRequest, GroupRequest, RunRequest, Watch};
use crate::diagnostics::{Error, Lang, Result};
use crate::grouper::Status;
use crate::reports::sum_of_cases;
use crate::tables::Library;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whether there were findings above information.
    pub findings: bool,
}

impl Ending {
    pub(super) const NO_FINDINGS: Ending = Ending { findings: false };

    /// 0, or 1 with findings under `--strict`.
    pub fn exit_code(self, common: &Common) -> ExitCode {
        ExitCode::from(u8::from(self.findings && common.strict))
    }
}

/// Carries out what was typed.
///
/// # Errors
/// It could not run.
pub fn carry_out(arguments: &Arguments, terminal: &Terminal) -> Result<Ending> {
    match &arguments.command {
        Command::Run(run) => run_scenario(run, terminal),
        Command::Group(group) => {
            let (records, intake) = group.reading.of(&group.records, Some(&group.tables))?;
            let request = GroupRequest {
                records: records.to_owned(),
                intake,
                scheme: group.scheme.clone(),
                tables: group.tables.tables.clone(),
                output: group.output.file.clone(),
                findings: group.findings.clone(),
                explain: group.explain,
                door: group.door.request(),
            };
            bulk(terminal, &group.records, |watch| api::group(&request, watch))
        }
        Command::Pack(pack) => packed_commands::pack(pack, terminal),
        Command::Regroup(regroup) => packed_commands::regroup(regroup, terminal),
        Command::Check(check) => check_commands::check(check, terminal),
        Command::Convert(convert) => layouts_commands::convert(convert, terminal),
        Command::Layouts(layouts) => layouts_commands::layouts(layouts, terminal),
        Command::Explain(explain) => explain_case(explain, terminal),
        Command::Calibrate(calibrate) if calibrate.dip => catalogue_commands::build(calibrate, terminal),
        Command::Calibrate(calibrate) => match &calibrate.plan {
            Some(plan) => calibration_commands::by_plan(calibrate, plan, terminal),
            None => make_weights(calibrate, terminal),
        },
        Command::Indicators(asked) => indicator_commands::indicators(asked, terminal),
        Command::Generate(generate) => generate_commands::make_records(generate, terminal),
        Command::Benefit(benefit) => benefit_commands::benefit(benefit, terminal),
        Command::Settle(settle) => settle_commands::settle(settle, terminal),
        Command::Enrol(enrol) => enrol_commands::enrol(enrol, terminal),
        Command::Simulate(simulate) => simulate_commands::simulate(simulate, terminal),
        Command::Policy(policy) => policy_commands::policy(policy, terminal),
        Command::Tables(TablesCommand::List { tables }) => {
            print(&tables_words::list(
                &Library::find(&tables.tables)?,
                terminal.lang,
            )?)?;
            Ok(Ending::NO_FINDINGS)
        }
        Command::Tables(TablesCommand::Check(check)) => tables_check::check(check, terminal),
        Command::Tables(TablesCommand::Witness(witness)) => tables_check::witness(witness, terminal),
        Command::Tables(TablesCommand::Conform(conform)) => tables_check::conform(conform, terminal),
        Command::Tables(TablesCommand::Show {
            scheme,
            code,
            all,
            tables,
        }) => {
            let library = Library::find(&tables.tables)?;
            print(&show_words::show(
                &library,
                scheme,
                code.as_deref(),
                *all,
                terminal.lang,
            )?)?;
            Ok(Ending::NO_FINDINGS)
        }
        Command::Tables(TablesCommand::Diff(diff)) => tables_commands::compare(diff, terminal),
        Command::Tables(TablesCommand::Import(import)) => tables_commands::import(import, terminal),
    }
}

fn run_scenario(run: &RunArguments, terminal: &Terminal) -> Result<Ending> {
    let records: Vec<PathBuf> = run.records.iter().cloned().collect();
    let (_, intake) = run
        .reading
        .of(std::slice::from_ref(&run.scenario), Some(&run.tables))?;
    let request = RunRequest {
        scenario: run.scenario.clone(),
        records: run.records.clone(),
        intake,
        codes: run.codes.request(),
        tables: run.tables.tables.clone(),
        output: run.output.clone(),
    };
    let ran = watched_all(terminal, &records, |watch| api::run(&request, watch))?;
    let unread = unread_words(&ran.opened.list(), terminal.lang);
    terminal.say(format!("{}{unread}", ran.summary));
    let label = terminal.lang.pick("written to", "结果写入");
    terminal.say(format!("{label} {}", run.output.display()));
    Ok(Ending {
        findings: ran.result.has_findings(),
    })
}

fn explain_case(explain: &ExplainArguments, terminal: &Terminal) -> Result<Ending> {
    let records = [explain.records.clone()];
    let (_, intake) = explain.reading.of(&records, Some(&explain.tables))?;
    let request = ExplainRequest {
        records: explain.records.clone(),
        intake,
        case_id: explain.case_id.clone(),
        scheme: explain.scheme.clone(),
        tables: explain.tables.tables.clone(),
    };
    let explained = watched_all(terminal, &records, |watch| api::explain(&request, watch))?;
    let text = if explain.json {
        api::explained_json(&explained)?
    } else {
        explained_text(&explained, terminal.lang)
    };
    print(&text)?;
    Ok(Ending {
        findings: explained.records.iter().any(|record| !record.findings.is_empty()),
    })
}

fn make_weights(calibrate: &CalibrateArguments, terminal: &Terminal) -> Result<Ending> {
    let (records, intake) = calibrate
        .reading
        .of(&calibrate.records, Some(&calibrate.tables))?;
    let request = CalibrateRequest {
        records: records.to_owned(),
        intake,
        scheme: calibrate.scheme.clone().unwrap_or_default(),
        tables: calibrate.tables.tables.clone(),
        min_cases: calibrate.min_cases,
        output: calibrate.output.file.clone(),
    };
    let made = watched_all(terminal, &calibrate.records, |watch| {
        api::calibrate(&request, watch)
    })?;
    let groups = made.calibration.groups.len();
    let rows = made.calibration.weights.rows();
    let stable = rows
        .iter()
        .filter(|(group, row)| *group != "*" && row.stable)
        .count();
    let (read, used, least) = (made.read, made.used, calibrate.min_cases);
    terminal.say(match terminal.lang {
        Lang::En => format!(
            "read {read}, used {used} grouped cases with a cost: {groups} groups, {stable} with a weight \
             (at least {least} cases); evidence: assumption"
        ),
        Lang::Zh => format!(
            "读入{read}，使用{used}个有费用的入组病例：{groups}个病组，其中{stable}个有权重（不少于{least}例）；证据等级：assumption"
        ),
    });
    Ok(Ending::NO_FINDINGS)
}

/// Runs a request under a progress bar.
pub(super) fn watched<T>(
    terminal: &Terminal,
    records: Option<&Path>,
    request: impl FnOnce(&Watch<'_>) -> Result<T>,
) -> Result<T> {
    let records: Vec<PathBuf> = records.map(Path::to_owned).into_iter().collect();
    watched_all(terminal, &records, request)
}

/// As [`watched`], of several files.
pub(super) fn watched_all<T>(
    terminal: &Terminal,
    records: &[PathBuf],
    request: impl FnOnce(&Watch<'_>) -> Result<T>,
) -> Result<T> {
    let length = |path: &PathBuf| {
        std::fs::metadata(path)
            .ok()
            .filter(std::fs::Metadata::is_file)
            .map(|file| file.len())
    };
    let bytes = records
        .iter()
        .map(length)
        .sum::<Option<u64>>()
        .filter(|bytes| *bytes > 0);
    under(terminal, &terminal.progress(bytes), request)
}

/// Runs a request on the rows of a scheme under a progress bar.
pub(super) fn watched_in_parts<T>(
    terminal: &Terminal,
    request: impl FnOnce(&Watch<'_>) -> Result<T>,
) -> Result<T> {
    under(terminal, &terminal.progress_in_parts(api::PARTS), request)
}

fn under<T>(
    terminal: &Terminal,
    progress: &Progress,
    request: impl FnOnce(&Watch<'_>) -> Result<T>,
) -> Result<T> {
    let advance = |more| progress.advance(more);
    let outcome = request(&Watch {
        lang: terminal.lang,
        threads: terminal.threads,
        advance: &advance,
    });
    progress.finish();
    outcome
}

pub(super) fn bulk(
    terminal: &Terminal,
    records: &[PathBuf],
    request: impl FnOnce(&Watch<'_>) -> Result<BulkSummary>,
) -> Result<Ending> {
    let summary = watched_all(terminal, records, request)?;
    terminal.say(bulk_words(&summary, terminal.lang));
    Ok(Ending {
        findings: summary.finding_count() > 0,
    })
}

/// `read 3000 = grouped 2894 + …`, then findings by code and the first few lines.
pub(super) fn bulk_words(summary: &BulkSummary, lang: Lang) -> String {
    let mut text = String::new();
    let count = |status| summary.outcomes.get(&status).copied().unwrap_or(0);
    if summary.outcomes.is_empty() {
        let passed = summary.read - summary.rejected;
        text.push_str(&match lang {
            Lang::En => format!(
                "read {} = sound {passed} + rejected {}",
                summary.read, summary.rejected
            ),
            Lang::Zh => format!(
                "读入 {} = 可用 {passed} + 退回 {}",
                summary.read, summary.rejected
            ),
        });
    } else {
        text.push_str(&sum_of_cases(
            summary.read,
            Status::ALL.map(count),
            summary.rejected,
            lang,
        ));
    }
    if !summary.encoding.is_empty() {
        text.push_str(&format!(
            "\n{}: {}",
            lang.pick("encoding", "编码"),
            summary.encoding
        ));
    }
    text.push_str(&reading_words(&summary.opened.list(), lang));
    if summary.rejected_before > 0 {
        let label = lang.pick("rejected before, when it was packed", "打包时已退回");
        text.push_str(&format!("\n{label}: {}", summary.rejected_before));
    }
    if summary.finding_count() > 0 {
        text.push_str(&format!("\n{}:", lang.pick("findings", "质控问题")));
        for (code, (edit, count)) in &summary.findings {
            text.push_str(&format!("\n  {code} {count:>8}  {}", edit.name.in_lang(lang)));
        }
        text.push_str(&format!("\n{}:", lang.pick("the first", "前几条")));
        for line in &summary.first_findings {
            text.push_str(&format!("\n  {line}"));
        }
    }
    text
}

/// Text to standard output; a pipe closed early is no error.
pub(super) fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::io(
            Path::new("(standard output)"),
            "could not be written",
            &e,
        )),
        _ => Ok(()),
    }
}
