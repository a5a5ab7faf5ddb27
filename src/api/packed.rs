//! Packed files: `pack`, and `group` of what it wrote.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::bulk::{BulkSummary, FindingsFile, GroupRequest, grouped_rows};
use super::door::refuse_foreign_codes;
use super::{Watch, bills};
use crate::diagnostics::{Place, Result};
use crate::grouper::{DictionaryFacts, Grouper, Status, Workspace};
use crate::records::{
    Checked, Checker, CodedCases, Column, Dictionary, Header, Intake, PackedBlock, PackedReader,
    PackedWriter, PlainRow, PlainRows, RowReader, RowWork, SharedDictionary, Vocabulary, ordered,
    quickly_in_order,
};
use crate::reports::{CodeAt, CsvText, GroupedRows, NEUTRAL_COLUMNS, Output, neutral_cells};
use crate::tables::{Library, first_code_list_version};

/// Write every accepted case of a file in coded form (编码打包).
#[derive(Clone, Debug)]
pub struct PackRequest {
    /// The records, `-` for standard input.
    pub records: PathBuf,
    /// How the records are to be read.
    pub intake: Intake,
    /// The packed file, `-` for standard output.
    pub output: PathBuf,
    /// Where findings go, if anywhere.
    pub findings: Option<PathBuf>,
}

/// The fields of a plain row by which a case is known again.
struct Identity {
    case_id: Option<usize>,
    hospital: Option<usize>,
}

impl Identity {
    fn of(header: &Header) -> Identity {
        Identity {
            case_id: header.field(Column::CaseId),
            hospital: header.field(Column::Hospital),
        }
    }
}

/// The trimmed cell of a plain row; empty where there is no such column.
pub(super) fn plain_cell<'r>(row: &PlainRow<'r>, field: Option<usize>) -> &'r str {
    field.map_or("", |field| row.fields(field, field).trim())
}

impl RowWork for Identity {
    type Output = CodedCases;

    fn start(&self) -> CodedCases {
        CodedCases::default()
    }

    fn prepare(&self, cases: &mut CodedCases, rows: &PlainRows<'_>) {
        cases.prepare(rows);
    }

    fn plain(&self, cases: &mut CodedCases, row: &PlainRow<'_>) -> bool {
        let [case_id, hospital] = [self.case_id, self.hospital].map(|field| plain_cell(row, field));
        cases.push_plain(row, case_id, hospital)
    }

    fn checked(&self, cases: &mut CodedCases, checked: Checked, checker: &Checker<'_>) {
        if checked == Checked::Case {
            cases.push(checker.case());
        }
    }
}

/// Reads and checks records as `group` does and writes those accepted in coded form (编码打包).
///
/// # Errors
/// Records or output cannot be used.
pub fn pack(request: &PackRequest, watch: &Watch<'_>) -> Result<BulkSummary> {
    let outputs = [Some(request.output.clone()), request.findings.clone()];
    super::refuse_overwriting(
        outputs.into_iter().flatten(),
        request.intake.files(&request.records),
    )?;
    let intake = request.intake.clone().for_grouping();
    let reader = RowReader::open_all(&request.records, &intake)?;
    let lists = first_code_list_version(&Library::find(&[])?)?;
    refuse_foreign_codes(&lists, &reader)?;
    let work = Identity::of(reader.header());
    let mut summary = BulkSummary::of(&reader);
    let mut output = Output::create(&request.output)?;
    output.put(&PackedWriter::head())?;
    let findings_out = request.findings.as_deref().map(FindingsFile::create);
    let mut findings_out = findings_out.transpose()?;
    let mut writer = PackedWriter::default();
    let counts = quickly_in_order(reader, watch.lang, watch.threads, &work, |batch| {
        writer.append(&batch.output, |bytes| output.put(bytes))?;
        summary.note(&batch.findings, watch);
        if let Some(out) = &mut findings_out {
            out.put(&batch.findings, watch)?;
        }
        (watch.advance)(batch.bytes);
        Ok(())
    })?;
    writer.finish(counts, |bytes| output.put(bytes))?;
    output.finish()?;
    findings_out.map_or(Ok(()), FindingsFile::finish)?;
    summary.read = counts.read;
    summary.rejected = counts.rejected;
    Ok(summary)
}

/// What is kept from block to block: memory, and what was learnt of the dictionary (复用内存).
///
/// Any thread takes any of them; there are as many as there are threads.
#[derive(Debug, Default)]
pub(super) struct Pool<T>(Mutex<Vec<T>>);

impl<T: Default> Pool<T> {
    pub(super) fn take(&self) -> T {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .unwrap_or_default()
    }

    pub(super) fn give_back(&self, used: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(used);
    }

    pub(super) fn all(self) -> Vec<T> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread's view of a packed file.
#[derive(Debug, Default)]
struct Learnt {
    dictionary: Dictionary,
    facts: DictionaryFacts,
    work: Workspace,
}

/// Groups blocks and writes their cases as rows.
struct GroupBlocks<'s> {
    grouper: &'s Grouper,
    rows: GroupedRows<'s>,
    explain: bool,
    dictionary: SharedDictionary,
    learnt: Pool<Learnt>,
}

/// Rows of a block, how they ended, bytes read.
struct GroupedBlock {
    text: CsvText,
    outcomes: [u64; Status::ALL.len()],
    bytes: u64,
}

impl GroupBlocks<'_> {
    fn group(&self, block: &PackedBlock) -> GroupedBlock {
        let mut learnt = self.learnt.take();
        self.dictionary.look(|dictionary| {
            learnt.dictionary.catch_up(dictionary);
            self.grouper.learn(dictionary, &mut learnt.facts);
        });
        let Learnt {
            dictionary,
            facts,
            work,
        } = &mut learnt;
        let mut text = CsvText::default();
        let mut outcomes = [0; Status::ALL.len()];
        let cases = block.cases();
        for (case, case_id) in cases.iter().zip(block.case_ids()) {
            let grouping = self.grouper.group_packed(&case, facts, work);
            neutral_cells(&mut text, case_id, &case, dictionary);
            self.rows.packet_cells(&mut text, &grouping, |at| {
                let mut codes = Vec::new();
                case.each_code(|number| codes.push(number));
                let (diagnoses, procedures) = codes.split_at_checked(case.diagnoses())?;
                let number = match at {
                    CodeAt::Diagnosis(place) => diagnoses.get(place)?,
                    CodeAt::Procedure(place) => procedures.get(place)?,
                };
                Some(dictionary.text(Vocabulary::Codes, *number))
            });
            let status = match self.explain {
                true => {
                    let case = case.unpacked(case_id, dictionary);
                    self.rows.end_explained(&mut text, &case, &grouping)
                }
                false => self.rows.end(&mut text, &grouping),
            };
            if let Some(count) = outcomes.get_mut(status as usize) {
                *count += 1;
            }
        }
        self.learnt.give_back(learnt);
        GroupedBlock {
            text,
            outcomes,
            bytes: block.bytes(),
        }
    }
}

/// As [`group`](super::group), of a packed file: writes the neutral columns and the grouping.
pub(super) fn group_packed(
    request: &GroupRequest,
    grouper: &Grouper,
    mut reader: PackedReader,
    watch: &Watch<'_>,
) -> Result<BulkSummary> {
    bills::refuse_packed(grouper.scheme(), &request.records)?;
    let names = NEUTRAL_COLUMNS.map(|column| column.name().to_owned());
    let header = Header::read(&Place::file(&request.records), names.to_vec(), false)?;
    let work = GroupBlocks {
        grouper,
        rows: grouped_rows(
            request,
            &Library::find(&request.tables)?,
            grouper,
            (&header, watch),
        )?,
        explain: request.explain,
        dictionary: reader.dictionary().clone(),
        learnt: Pool::default(),
    };
    let mut summary = BulkSummary::default();
    let mut output = Output::create(&request.output)?;
    output.put(work.rows.header().bytes())?;
    let findings_out = request.findings.as_deref().map(FindingsFile::create);
    let findings_out = findings_out.transpose()?;
    summary.outcomes.extend(Status::ALL.map(|status| (status, 0)));
    ordered(
        watch.threads,
        || reader.next_block(),
        |block| work.group(&block),
        |grouped| {
            output.put(grouped.text.bytes())?;
            for (status, count) in Status::ALL.into_iter().zip(grouped.outcomes) {
                *summary.outcomes.entry(status).or_default() += count;
            }
            (watch.advance)(grouped.bytes);
            Ok(())
        },
    )?;
    output.finish()?;
    findings_out.map_or(Ok(()), FindingsFile::finish)?;
    note_packed(&mut summary, &reader);
    Ok(summary)
}

/// What a packed file says of itself once it is read.
pub(super) fn note_packed(summary: &mut BulkSummary, reader: &PackedReader) {
    summary.read = reader.cases();
    summary.encoding = "dzc";
    summary.rejected_before = reader.written().map_or(0, |counts| counts.rejected);
}
