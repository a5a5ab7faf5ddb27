//! The command that simulates, and what it says.

use super::commands::{Ending, watched_in_parts};
use super::simulate_arguments::SimulateArguments;
use super::terminal::Terminal;
use crate::api::{self, SimulateRequest, Simulation};
use crate::diagnostics::{Lang, Result};

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
    Ok(Ending {
        findings: !simulation.remarks.is_empty(),
    })
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
    let shown = |value: Option<f64>| {
        value.map_or_else(
            || lang.pick("none", "无").to_owned(),
            |value| format!("{value:.6}"),
        )
    };
    for (metric, unit, before, after) in &simulation.headline {
        let (before, after) = (shown(*before), shown(*after));
        text.push_str(&format!("\n  {metric:<24} {before:>20} → {after:>20} {unit}"));
    }
    for remark in &simulation.remarks {
        text.push_str(&format!("\n{}: {}: {}", remark.place, remark.code, remark.text));
    }
    let label = lang.pick("baseline", "基线散列");
    text.push_str(&format!("\n{label} {}", simulation.baseline_hash));
    text
}
