//! The command that makes performance indicators.

use super::commands::{Ending, watched_all};
use super::indicator_arguments::IndicatorArguments;
use super::reading_arguments::refuse_twice;
use super::simulate_commands::left_words;
use super::terminal::Terminal;
use crate::api::{self, IndicatorRequest, IndicatorsMade};
use crate::diagnostics::{Lang, Result};

/// `indicators`
///
/// # Errors
/// Plan, weights or records cannot be used; output cannot be written.
pub(super) fn indicators(asked: &IndicatorArguments, terminal: &Terminal) -> Result<Ending> {
    refuse_twice(&asked.grouped)?;
    refuse_twice(&asked.reference)?;
    let request = IndicatorRequest {
        grouped: asked.grouped.clone(),
        weights: asked.weights.clone(),
        reference: asked.reference.clone(),
        plan: asked.plan.clone(),
        output: asked.output.clone(),
    };
    let files: Vec<_> = asked.grouped.iter().chain(&asked.reference).cloned().collect();
    let made = watched_all(terminal, &files, |watch| api::make_indicators(&request, watch))?;
    terminal.say(said(&made, terminal.lang));
    let label = terminal.lang.pick("written to", "结果写入");
    terminal.say(format!(
        "{label} {}: {}",
        asked.output.display(),
        made.written.files.join(" ")
    ));
    left_words(terminal, &made.written.left);
    Ok(Ending {
        findings: made.faulty > 0,
    })
}

fn said(made: &IndicatorsMade, lang: Lang) -> String {
    let cmi = made.cmi.map_or_else(|| "-".to_owned(), |cmi| format!("{cmi:.4}"));
    let IndicatorsMade {
        read,
        cases,
        hospitals,
        departments,
        without_weight,
        faulty,
        ..
    } = made;
    match lang {
        Lang::En => format!(
            "read {read}, {cases} grouped cases with hospital and cost, {without_weight} of them without a weight: \
             {hospitals} hospitals, {departments} departments; CMI {cmi}; {}",
            Lang::counted(*faulty, "finding")
        ),
        Lang::Zh => format!(
            "读入{read}，有医院和费用的入组病例{cases}例，其中无权重{without_weight}例：{hospitals}家医院，{departments}个科室；CMI {cmi}；问题{faulty}个"
        ),
    }
}
