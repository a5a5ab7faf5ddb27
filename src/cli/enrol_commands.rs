//! Enrolment and financing, and what is said of them.

use super::commands::{Ending, watched};
use super::enrol_arguments::{EnrolCommand, EnrolGenerateArguments};
use super::table_arguments::say_tables;
use super::terminal::Terminal;
use crate::api::{self, EnrolGenerateRequest, EnrolRequest, Enrolled};
use crate::benefit::finance::Verdict;
use crate::diagnostics::{Evidence, Lang, Result};
use crate::scenarios::generate::enrolment::EnrolmentPlan;

/// `enrol …`
///
/// # Errors
/// Persons or policy cannot be used; output cannot be written.
pub(super) fn enrol(command: &EnrolCommand, terminal: &Terminal) -> Result<Ending> {
    let (request, done) = match command {
        EnrolCommand::Generate(of) => return generate(of, terminal),
        EnrolCommand::Check(of) => {
            let request = EnrolRequest {
                persons: of.persons.clone(),
                policy: of.policy.clone(),
                year: of.year,
                until: of.until,
                form: of.reading.form()?,
                output: of.output.clone(),
            };
            let done = api::enrol_check(&request, terminal.lang)?;
            (request, done)
        }
        EnrolCommand::Finance(of) => {
            let request = EnrolRequest {
                persons: of.persons.clone(),
                policy: of.policy.clone(),
                year: Some(of.year),
                until: None,
                form: of.reading.form()?,
                output: of.output.clone(),
            };
            let done = api::enrol_finance(&request, terminal.lang)?;
            (request, done)
        }
    };
    say_tables(&done.tables, terminal);
    terminal.say(words(&done, terminal.lang));
    let label = terminal.lang.pick("written to", "结果写入");
    terminal.say(format!("{label} {}", request.output.display()));
    Ok(Ending {
        findings: done.has_findings(),
    })
}

/// Persons and years, findings by kind, the first few, bounds, and what it stands on.
fn words(done: &Enrolled, lang: Lang) -> String {
    let years: Vec<String> = done.years.iter().map(i16::to_string).collect();
    let (persons, years) = (done.persons, years.join(", "));
    let mut lines = vec![match lang {
        Lang::En => format!("{persons} persons, {years}"),
        Lang::Zh => format!("{persons}人，{years}年度"),
    }];
    if done.findings.is_empty() {
        lines.push(lang.pick("no findings", "未发现问题").to_owned());
    }
    for (kind, count) in &done.findings {
        let (rule, words) = (kind.rule(), kind.words().in_lang(lang));
        lines.push(format!("  {rule:<4}{count:>8}  {words}"));
    }
    if !done.first_findings.is_empty() {
        lines.push(lang.pick("the first:", "前几条：").to_owned());
        lines.extend(done.first_findings.iter().map(|line| format!("  {line}")));
    }
    let bounds = done
        .bounds
        .iter()
        .map(|(verdict, count)| format!("{} {count}", verdict_words(*verdict, lang)));
    let bounds: Vec<String> = bounds.collect();
    if !bounds.is_empty() {
        let label = lang.pick("bounds", "要求核对");
        lines.push(format!("{label}: {}", bounds.join(", ")));
    }
    if done.is_draft || done.evidence > Evidence::Local {
        let evidence = done.evidence.as_str();
        lines.push(match lang {
            Lang::En => format!("!! draft: the finance file stands on evidence as weak as `{evidence}`"),
            Lang::Zh => format!("!! 草案：筹资参数中最弱的依据为 `{evidence}`"),
        });
    }
    lines.join("\n")
}

fn verdict_words(verdict: Verdict, lang: Lang) -> &'static str {
    let (en, zh) = match verdict {
        Verdict::Holds => ("hold", "符合"),
        Verdict::Warned => ("warned", "提醒"),
        Verdict::Violated => ("violated", "不符"),
        Verdict::NotCheckable => ("not checkable", "无法核对"),
    };
    lang.pick(en, zh)
}

fn generate(of: &EnrolGenerateArguments, terminal: &Terminal) -> Result<Ending> {
    let request = EnrolGenerateRequest {
        policy: of.policy.clone(),
        plan: EnrolmentPlan {
            persons: of.persons,
            seed: of.seed,
            year: of.year,
            defects: of.defects,
        },
        output: of.output.clone(),
    };
    let made = watched(terminal, None, |watch| api::enrol_generate(&request, watch))?;
    let (persons, planted) = (made.persons, made.planted);
    terminal.say(match terminal.lang {
        Lang::En => format!("{persons} persons, {planted} of them with a planted defect"),
        Lang::Zh => format!("生成{persons}人，其中{planted}人植入一处缺陷"),
    });
    Ok(Ending::NO_FINDINGS)
}
