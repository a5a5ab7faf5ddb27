//! A record just made, checked as `check` would.

use std::sync::Arc;

use super::sheet::PROBE;
use crate::diagnostics::{Lang, Place, Result, Severity};
use crate::records::{Case, Checked, Checker, Column, Depth, EditBook, Encoding, Header};

/// What stands for the file in findings that nobody sees.
const GENERATED: &str = "(generated)";

/// Checks records in memory: what decides the group alone, or everything (生成校验).
pub(super) struct Checks<'l> {
    probe: Checker<'l>,
    all: Checker<'l>,
}

/// The headers of rows to be checked: of what decides the group, and of everything.
pub(super) type Headers = [Arc<Header>; 2];

/// The headers for a file of these columns.
pub(super) fn headers(columns: &[Column]) -> Result<Headers> {
    let place = Place {
        file: GENERATED.into(),
        line: None,
        column: None,
    };
    let header = |columns: &[Column]| {
        let names = columns.iter().map(|column| column.name().to_owned()).collect();
        Header::read(&place, names, false).map(Arc::new)
    };
    Ok([header(&PROBE)?, header(columns)?])
}

impl<'l> Checks<'l> {
    pub(super) fn new(book: &'l EditBook, [probe, all]: &Headers) -> Checks<'l> {
        let everything = Depth::All {
            book,
            for_money: true,
        };
        let checker = |header: &Arc<Header>, depth| {
            let header = Arc::clone(header);
            Checker::new(GENERATED.into(), header, Encoding::Utf8, depth, Lang::En)
        };
        Checks {
            probe: checker(probe, Depth::Grouping),
            all: checker(all, everything),
        }
    }

    /// The case of a row of what decides the group.
    pub(super) fn case(&mut self, row: &str) -> Option<&Case> {
        let checked = self.probe.check_text(row, 1);
        self.probe.take_findings();
        (checked == Checked::Case).then(|| self.probe.case())
    }

    /// Whether nothing above info is found in a row.
    pub(super) fn is_clean(&mut self, row: &str) -> bool {
        let checked = self.all.check_text(row, 1);
        let findings = self.all.take_findings();
        checked == Checked::Case && findings.iter().all(|finding| finding.severity == Severity::Info)
    }

    /// Whether an edit hits a row.
    pub(super) fn finds(&mut self, edit: &str, row: &str) -> bool {
        self.all.check_text(row, 1);
        let findings = self.all.take_findings();
        findings.iter().any(|finding| finding.edit.code == edit)
    }
}
