//! `tables diff` and `tables import`: the requests they make, and what they say.

use super::commands::{Ending, print, watched};
use super::tables_arguments::DiffArguments;
use super::terminal::Terminal;
use crate::api::{self, DiffRequest};
use crate::diagnostics::{Lang, Result};

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
