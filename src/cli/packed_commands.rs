//! `pack` and `regroup`: the requests they make, and what they say.

use super::commands::{Ending, bulk, bulk_words, watched};
use super::packed_arguments::{PackArguments, RegroupArguments};
use super::terminal::Terminal;
use crate::api::{self, PackRequest, RegroupRequest, Regrouped};
use crate::diagnostics::{Lang, Result};
use crate::reports::Tally;

/// Writes the packed file and says what became of the records.
pub(super) fn pack(pack: &PackArguments, terminal: &Terminal) -> Result<Ending> {
    let (records, intake) = pack.reading.of(&pack.records, None)?;
    let request = PackRequest {
        records: records.to_owned(),
        intake,
        output: pack.output.clone(),
        findings: pack.findings.clone(),
    };
    bulk(terminal, &pack.records, |watch| api::pack(&request, watch))
}

/// Writes the crosswalk and says how far the cases moved.
pub(super) fn regroup(regroup: &RegroupArguments, terminal: &Terminal) -> Result<Ending> {
    let records = [regroup.records.clone()];
    let (records, intake) = regroup.reading.of(&records, Some(&regroup.tables))?;
    let request = RegroupRequest {
        records: records.to_owned(),
        intake,
        old: regroup.old.clone(),
        new: regroup.new.clone(),
        tables: regroup.tables.tables.clone(),
        output: regroup.output.file.clone(),
        cases: regroup.cases.clone(),
        findings: regroup.findings.clone(),
    };
    let regrouped = watched(terminal, Some(&regroup.records), |watch| {
        api::regroup(&request, watch)
    })?;
    terminal.say(bulk_words(&regrouped.read, terminal.lang));
    terminal.say(moves_words(&regrouped, terminal.lang));
    Ok(Ending {
        findings: regrouped.read.finding_count() > 0,
    })
}

/// `cases 3000, cost 8155.59 yuan`, then a line for every way to move.
fn moves_words(regrouped: &Regrouped, lang: Lang) -> String {
    let mut text = tally_words(&regrouped.total, lang);
    for (way, tally) in &regrouped.moves {
        let words = tally_words(tally, lang);
        text.push_str(&format!(
            "\n  {}{}{words}",
            way.words().in_lang(lang),
            lang.pick(": ", "：")
        ));
    }
    text
}

fn tally_words(tally: &Tally, lang: Lang) -> String {
    let Tally {
        cases, without_fee, ..
    } = tally;
    let mut text = match lang {
        Lang::En => format!("{cases} cases"),
        Lang::Zh => format!("{cases}例"),
    };
    if let Some(cost) = tally.cost_yuan() {
        text.push_str(&match lang {
            Lang::En => format!(", cost {cost} yuan"),
            Lang::Zh => format!("，费用{cost}元"),
        });
    }
    if *without_fee > 0 {
        text.push_str(&match lang {
            Lang::En => format!(", {without_fee} without a fee"),
            Lang::Zh => format!("，其中{without_fee}例无费用"),
        });
    }
    text
}
