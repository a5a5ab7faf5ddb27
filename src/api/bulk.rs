//! Whole files: `group`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::door::DoorRequest;
use super::{Watch, bills};
use crate::diagnostics::{Edit, Finding, Result, Severity};
use crate::grouper::{Grouper, Status, Workspace};
use crate::records::{
    Batch, Checked, Checker, Door, Header, Intake, OpenedFiles, PlainRow, PlainRows, Records, RowReader,
    RowWork, quickly_behind,
};
use crate::reports::{CsvText, FINDING_COLUMNS, GroupedRows, Output, finding_line, finding_row};
use crate::tables::{CodeLists, Compiled, Library, Scheme, code_list_version};

/// How many findings are kept as lines to show.
const SHOWN_FINDINGS: usize = 10;

/// Group every record of a file (批量分组).
#[derive(Clone, Debug)]
pub struct GroupRequest {
    /// The records, `-` for standard input.
    pub records: PathBuf,
    /// How the records are to be read.
    pub intake: Intake,
    /// The scheme's id.
    pub scheme: String,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// The result, `-` for standard output.
    pub output: PathBuf,
    /// Where findings go, if anywhere.
    pub findings: Option<PathBuf>,
    /// Say in `reason` which codes and values decided.
    pub explain: bool,
    /// What is done to rows before they are read.
    pub door: DoorRequest,
}

/// What became of the records of a file (批量结果).
#[derive(Clone, Debug, Default)]
pub struct BulkSummary {
    /// Records read.
    pub read: u64,
    /// By outcome; empty for `check`.
    pub outcomes: BTreeMap<Status, u64>,
    /// Records rejected.
    pub rejected: u64,
    /// Findings by code.
    pub findings: BTreeMap<&'static str, (Arc<Edit>, u64)>,
    /// The first few findings, a line each.
    pub first_findings: Vec<String>,
    /// Of a packed file: its form.
    pub encoding: &'static str,
    /// The files read: their layouts, encodings, and personal columns left out.
    pub opened: OpenedFiles,
    /// Of a packed file: records that were rejected when it was written.
    pub rejected_before: u64,
    /// The version of the codes; empty where none is looked at.
    pub code_version: String,
    /// Nobody declared it.
    pub version_assumed: bool,
    /// The profile of the edits, if one was given.
    pub profile: Option<String>,
    /// Findings counted but not written, being too many of their kind.
    pub left_out: u64,
    /// Edits that could not be asked, where a quality summary says why.
    pub not_asked: Option<usize>,
}

impl BulkSummary {
    pub(super) fn of(reader: &RowReader) -> BulkSummary {
        BulkSummary {
            opened: reader.opened(),
            ..BulkSummary::default()
        }
    }

    pub(super) fn note(&mut self, findings: &[Finding], watch: &Watch<'_>) {
        for finding in findings {
            self.findings
                .entry(finding.edit.code)
                .or_insert_with(|| (Arc::clone(&finding.edit), 0))
                .1 += 1;
            if self.first_findings.len() < SHOWN_FINDINGS {
                self.first_findings.push(finding_line(finding, watch.lang));
            }
        }
    }

    /// How many findings there are of edits that are more than information.
    pub fn graver_findings(&self) -> u64 {
        let graver = self
            .findings
            .values()
            .filter(|(edit, _)| edit.severity != Severity::Info);
        graver.map(|(_, count)| count).sum()
    }

    /// How many findings there are.
    pub fn finding_count(&self) -> u64 {
        self.findings.values().map(|(_, count)| count).sum()
    }
}

/// Rows written and groups counted of one chunk.
#[derive(Default)]
struct Grouped {
    text: CsvText,
    outcomes: [u64; Status::ALL.len()],
    work: Workspace,
}

/// Groups the rows of one file and writes them.
struct GroupRows<'s> {
    grouper: &'s Grouper,
    rows: GroupedRows<'s>,
    explain: bool,
    /// Memory of chunks already written, to be used again.
    used: Mutex<Vec<Grouped>>,
}

impl GroupRows<'_> {
    fn reuse(&self, mut grouped: Grouped) {
        grouped.text.clear();
        grouped.outcomes = [0; Status::ALL.len()];
        self.used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(grouped);
    }
}

impl Grouped {
    #[inline]
    fn count(&mut self, status: Status) {
        if let Some(count) = self.outcomes.get_mut(status as usize) {
            *count += 1;
        }
    }
}

impl RowWork for GroupRows<'_> {
    type Output = Grouped;

    fn start(&self) -> Grouped {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.pop().unwrap_or_default()
    }

    fn prepare(&self, grouped: &mut Grouped, rows: &PlainRows<'_>) {
        self.grouper.prepare(rows, &mut grouped.work);
    }

    #[inline]
    fn plain(&self, grouped: &mut Grouped, row: &PlainRow<'_>) -> bool {
        if self.explain {
            return false; // the checker gives the case to be explained
        }
        let Some(grouping) = self.grouper.group_row(row, &mut grouped.work) else {
            return false;
        };
        let status = self.rows.plain(&mut grouped.text, row, &grouping);
        grouped.count(status);
        true
    }

    fn checked(&self, grouped: &mut Grouped, checked: Checked, checker: &Checker<'_>) {
        if checked == Checked::Case {
            let (row, case) = (checker.row(), checker.case());
            let grouping = self.grouper.group(case, &mut grouped.work);
            let status = match self.explain {
                true => self.rows.explained(&mut grouped.text, row, case, &grouping),
                false => self.rows.case(&mut grouped.text, row, case, &grouping),
            };
            return grouped.count(status);
        }
        let of_this_row = checker.findings().iter().filter(|f| f.line == checker.line());
        self.rows.rejected(&mut grouped.text, checker.row(), of_this_row);
    }
}

/// Groups every record and writes it with its group (批量分组).
///
/// # Errors
/// Tables, records or output cannot be used.
pub fn group(request: &GroupRequest, watch: &Watch<'_>) -> Result<BulkSummary> {
    let outputs = [Some(request.output.clone()), request.findings.clone()];
    super::refuse_overwriting(
        outputs.into_iter().flatten(),
        request.intake.files(&request.records),
    )?;
    let library = Library::find(&request.tables)?;
    let grouper = Grouper::new(Compiled::new(Scheme::load(&library, &request.scheme)?));
    let intake = bills::intake_for([grouper.scheme()], request.intake.clone());
    let intake = intake.behind(request.door.pseudonymise.is_some());
    let reader = match Records::open(&request.records, &intake)? {
        Records::Csv(reader) => *reader,
        Records::Packed(reader) => return super::packed::group_packed(request, &grouper, reader, watch),
    };
    let door = opened_door(request, &library, grouper.scheme(), &reader)?;
    let header = Arc::new(door.header(reader.header()));
    let work = GroupRows {
        rows: grouped_rows(request, &library, &grouper, (&header, watch))?,
        explain: request.explain,
        grouper: &grouper,
        used: Mutex::default(),
    };
    let mut summary = BulkSummary::of(&reader);
    let mut output = Output::create(&request.output)?;
    output.put(work.rows.header().bytes())?;
    let findings_out = request.findings.as_deref().map(FindingsFile::create);
    let mut findings_out = findings_out.transpose()?;
    summary.outcomes.extend(Status::ALL.map(|status| (status, 0)));

    let take = |batch: Batch<Grouped>| {
        output.put(batch.output.text.bytes())?;
        for (status, count) in Status::ALL.into_iter().zip(batch.output.outcomes) {
            *summary.outcomes.entry(status).or_default() += count;
        }
        work.reuse(batch.output);
        summary.note(&batch.findings, watch);
        if let Some(out) = &mut findings_out {
            out.put(&batch.findings, watch)?;
        }
        (watch.advance)(batch.bytes);
        Ok(())
    };
    let counts = quickly_behind(reader, &door, watch.lang, watch.threads, &work, take)?;
    output.finish()?;
    findings_out.map_or(Ok(()), FindingsFile::finish)?;
    summary.read = counts.read;
    summary.rejected = counts.rejected;
    Ok(summary)
}

/// What writes the rows; of explained packets with the scheme's code lists.
pub(super) fn grouped_rows<'s>(
    request: &GroupRequest,
    library: &Library,
    grouper: &'s Grouper,
    (header, watch): (&'s Header, &Watch<'_>),
) -> Result<GroupedRows<'s>> {
    let scheme = grouper.scheme();
    let rows = GroupedRows::new(scheme, header, watch.lang);
    Ok(match request.explain && scheme.packets().is_some() {
        true => rows.telling_unlisted(CodeLists::of(library, scheme)?),
        false => rows,
    })
}

/// What is done to the rows before they are read; mostly nothing.
fn opened_door(
    request: &GroupRequest,
    library: &Library,
    scheme: &Scheme,
    reader: &RowReader,
) -> Result<Door> {
    if !request.door.may_change(reader) {
        return Ok(Door::default());
    }
    let lists = code_list_version(library, &scheme.code_lists().diagnosis)?;
    request.door.open(library, &lists, reader, false)
}

/// `findings.csv` being written.
pub(super) struct FindingsFile {
    output: Output,
}

impl FindingsFile {
    pub(super) fn create(path: &std::path::Path) -> Result<FindingsFile> {
        let mut output = Output::create(path)?;
        output.put(CsvText::with_header(&FINDING_COLUMNS).bytes())?;
        Ok(FindingsFile { output })
    }

    pub(super) fn finish(self) -> Result<()> {
        self.output.finish()
    }

    pub(super) fn put(&mut self, findings: &[Finding], watch: &Watch<'_>) -> Result<()> {
        let mut text = CsvText::default();
        findings
            .iter()
            .for_each(|finding| finding_row(&mut text, finding, watch.lang));
        self.output.put(text.bytes())
    }
}
