//! A record just made, checked as `check` would: what depends on its codes, and what a defect shows.

use std::sync::Arc;

use super::sheet::{PROBE, SOUND};
use crate::diagnostics::{Lang, Place, Result, Severity};
use crate::records::{Case, Checked, Checker, Column, Depth, EditBook, Encoding, Header};

/// What stands for the file in findings that nobody sees.
const GENERATED: &str = "(generated)";

/// Checks records in memory (生成校验): what decides the group, what depends on codes, what is written.
pub(super) struct Checks<'l> {
    probe: Checker<'l>,
    sound: Checker<'l>,
    written: Checker<'l>,
}

/// The headers of rows to be checked: of what decides the group, of what depends on codes, and of what
/// is written.
pub(super) type Headers = [Arc<Header>; 3];

/// The headers, where these columns are written.
pub(super) fn headers(written: &[Column]) -> Result<Headers> {
    let place = Place {
        file: GENERATED.into(),
        line: None,
        column: None,
    };
    let header = |columns: &[Column]| {
        let names = columns.iter().map(|column| column.name().to_owned()).collect();
        Header::read(&place, names, false).map(Arc::new)
    };
    Ok([header(&PROBE)?, header(&SOUND)?, header(written)?])
}

impl<'l> Checks<'l> {
    pub(super) fn new(book: &'l EditBook, [probe, sound, written]: &Headers) -> Checks<'l> {
        let all = |for_money| Depth::All { book, for_money };
        let checker = |header: &Arc<Header>, depth| {
            let header = Arc::clone(header);
            Checker::new(GENERATED.into(), header, Encoding::Utf8, depth, Lang::En)
        };
        Checks {
            probe: checker(probe, Depth::Grouping),
            sound: checker(sound, all(false)),
            written: checker(written, all(true)),
        }
    }

    /// The case of a row of what decides the group.
    pub(super) fn case(&mut self, row: &str) -> Option<&Case> {
        let checked = self.probe.check_text(row, 1);
        self.probe.take_findings();
        (checked == Checked::Case).then(|| self.probe.case())
    }

    /// The case of a row of what depends on codes, if nothing above info is found in it.
    pub(super) fn sound_case(&mut self, row: &str) -> Option<&Case> {
        let checked = self.sound.check_text(row, 1);
        let findings = self.sound.take_findings();
        let sound = findings.iter().all(|finding| finding.severity == Severity::Info);
        (checked == Checked::Case && sound).then(|| self.sound.case())
    }

    /// Whether an edit hits a row of what is written.
    pub(super) fn finds(&mut self, edit: &str, row: &str) -> bool {
        self.written.check_text(row, 1);
        let findings = self.written.take_findings();
        findings.iter().any(|finding| finding.edit.code == edit)
    }
}
