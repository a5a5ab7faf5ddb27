//! `check`: the request it makes, and what it says afterwards.

use super::check_arguments::CheckArguments;
use super::commands::{Ending, bulk_words, watched_all};
use super::terminal::Terminal;
use crate::api::{self, BulkSummary, CheckRequest};
use crate::diagnostics::{Lang, Result};

/// Carries out `check`.
pub(super) fn check(check: &CheckArguments, terminal: &Terminal) -> Result<Ending> {
    let (records, intake) = check.reading.of(&check.records, Some(&check.tables))?;
    let request = CheckRequest {
        records: records.to_owned(),
        intake,
        scheme: check.scheme.clone(),
        tables: check.tables.tables.clone(),
        money: check.money,
        output: check.output.clone(),
        profile: check.profile.clone(),
        door: check.door.request(),
        as_of: check.as_of,
        xlsx: check.xlsx,
        neutral: check.neutral,
        max_findings: check.max_findings,
    };
    let summary = watched_all(terminal, &check.records, |watch| api::check(&request, watch))?;
    terminal.say(bulk_words(&summary, terminal.lang) + &check_words(&summary, terminal.lang));
    Ok(Ending {
        findings: summary.graver_findings() > 0,
    })
}

/// Code version, profile, and what was not asked or not written.
fn check_words(summary: &BulkSummary, lang: Lang) -> String {
    let version = &summary.code_version;
    let assumed = if summary.version_assumed {
        lang.pick(
            " (assumed, since nothing declares it)",
            "（未声明，按目录版本处理）",
        )
    } else {
        ""
    };
    let mut text = match lang {
        Lang::En => format!("\ncodes: {version}{assumed}"),
        Lang::Zh => format!("\n编码版本：{version}{assumed}"),
    };
    if let Some(profile) = &summary.profile {
        text.push_str(&format!("\n{}: {profile}", lang.pick("profile", "质控方案")));
    }
    if let Some(count) = summary.not_asked.filter(|count| *count > 0) {
        text.push_str(&match lang {
            Lang::En => format!("\nedits not applicable: {count}; quality.csv says why"),
            Lang::Zh => format!("\n不适用的规则：{count}条，原因见 quality.csv"),
        });
    }
    if summary.left_out > 0 {
        let count = summary.left_out;
        text.push_str(&match lang {
            Lang::En => format!("\nfindings counted but not written (--max-findings): {count}"),
            Lang::Zh => format!("\n仅计数未写出的问题（--max-findings）：{count}"),
        });
    }
    text
}
