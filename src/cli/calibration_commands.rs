//! The command that makes weights by a plan.

use std::path::Path;

use super::arguments::CalibrateArguments;
use super::commands::{Ending, watched_all};
use super::reading_arguments::refuse_twice;
use super::simulate_commands::left_words;
use super::terminal::Terminal;
use crate::api::{self, PlanRequest, PlannedWeights};
use crate::diagnostics::{Error, Lang, Result};

/// `calibrate --plan`
///
/// # Errors
/// Plan or records cannot be used; the weights cannot be made; output cannot be written.
pub(super) fn by_plan(calibrate: &CalibrateArguments, plan: &Path, terminal: &Terminal) -> Result<Ending> {
    let output = &calibrate.output.file;
    if output.as_os_str() == "-" || output.is_file() {
        let message = "a calibration is several files; expected a folder after `-o`";
        return Err(Error::new(message));
    }
    refuse_twice(&calibrate.records)?;
    let request = PlanRequest {
        grouped: calibrate.records.clone(),
        plan: plan.to_owned(),
        output: output.clone(),
    };
    let made = watched_all(terminal, &calibrate.records, |watch| {
        api::calibrate_by_plan(&request, watch)
    })?;
    terminal.say(said(&made, terminal.lang));
    let label = terminal.lang.pick("written to", "结果写入");
    terminal.say(format!(
        "{label} {}: {}",
        output.display(),
        made.written.files.join(" ")
    ));
    left_words(terminal, &made.written.left);
    Ok(Ending {
        findings: made.faulty > 0,
    })
}

fn said(made: &PlannedWeights, lang: Lang) -> String {
    let (groups, with_weight) = made.groups;
    let riv = made.riv.map_or_else(|| "-".to_owned(), |riv| format!("{riv:.4}"));
    let PlannedWeights {
        read,
        cases,
        kept,
        faulty,
        ..
    } = made;
    match lang {
        Lang::En => format!(
            "read {read}, {cases} grouped cases with hospital and cost, {kept} kept: {groups} groups, {with_weight} with a \
             weight; RIV of kept costs {riv}; {}; evidence: assumption",
            Lang::counted(*faulty, "finding")
        ),
        Lang::Zh => format!(
            "读入{read}，有医院和费用的入组病例{cases}例，裁剪后{kept}例：{groups}个病组，其中{with_weight}个有权重；裁剪后费用RIV {riv}；问题{faulty}个；证据等级：assumption"
        ),
    }
}
