//! The command that simulates, and what it says.

use std::path::PathBuf;

use super::commands::{Ending, watched_in_parts};
use super::simulate_arguments::SimulateArguments;
use super::terminal::Terminal;
use crate::api::{self, SimulateRequest, Simulation};
use crate::diagnostics::{Lang, Result};
use crate::scenarios::simulate::NotDefined;

/// `simulate …`
///
/// # Errors
/// A scenario that cannot be read or run; results that cannot be written.
pub(super) fn simulate(simulate: &SimulateArguments, terminal: &Terminal) -> Result<Ending> {
    // the further scenarios are no further files of the records
    let first = simulate.scenarios.get(..1).unwrap_or_default();
    let (_, intake) = simulate.reading.of(first, Some(&simulate.tables))?;
    let request = SimulateRequest {
        scenarios: simulate.scenarios.clone(),
        intake,
        codes: simulate.codes.request(),
        tables: simulate.tables.tables.clone(),
        output: simulate.output.clone(),
    };
    let simulation = watched_in_parts(terminal, |watch| api::simulate(&request, watch))?;
    terminal.say(words(&simulation, terminal.lang));
    let label = terminal.lang.pick("written to", "结果写入");
    terminal.say(format!("{label} {}", simulate.output.display()));
    left_words(terminal, &simulation.left);
    Ok(Ending {
        // that a pack is settled case by case is no fault
        findings: simulation.remarks.iter().any(|remark| remark.code != "by_case"),
    })
}

/// Files of an earlier run that stay (保留的前次文件).
pub(super) fn left_words(terminal: &Terminal, left: &[PathBuf]) {
    let words = terminal.lang.pick(
        "an earlier run wrote this file, this one does not; it was changed since and stays",
        "此文件由前次运行写出，本次不再写出；因已被修改而保留",
    );
    left.iter()
        .for_each(|path| terminal.say(format!("{}: {words}", path.display())));
}

/// A value, or that there is none.
fn shown(value: &std::result::Result<f64, NotDefined>, lang: Lang) -> String {
    match value {
        Ok(value) => format!("{value:.6}"),
        Err(_) => lang.pick("none", "无").to_owned(),
    }
}

fn words(simulation: &Simulation, lang: Lang) -> String {
    let (reform, baseline) = &simulation.name;
    let mut text = match lang {
        Lang::En => format!("{reform} against {baseline}"),
        Lang::Zh => format!("{reform} 对比基线 {baseline}"),
    };
    if !simulation.notice.is_empty() {
        text.push_str(&format!("\n{}", simulation.notice));
    }
    for headline in &simulation.headline {
        let (metric, unit) = (&headline.metric, headline.unit);
        let (before, after) = (shown(&headline.baseline, lang), shown(&headline.reform, lang));
        text.push_str(&format!("\n  {metric:<24} {before:>20} → {after:>20} {unit}"));
        if let Err(why) = headline.reform.as_ref().and(headline.baseline.as_ref()) {
            text.push_str(&format!(" ({})", why.words.in_lang(lang)));
        }
    }
    for remark in &simulation.remarks {
        text.push_str(&format!("\n{}: {}: {}", remark.place, remark.code, remark.text));
    }
    let label = lang.pick("baseline", "基线散列");
    text.push_str(&format!("\n{label} {}", simulation.baseline_hash));
    text
}
