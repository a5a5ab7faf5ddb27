//! The same records under two schemes.

use std::path::PathBuf;

use super::bulk::{BulkSummary, FindingsFile};
use super::door::refuse_foreign_codes;
use super::packed::{Pool, note_packed, plain_cell};
use super::{Watch, bills};
use crate::diagnostics::Result;
use crate::grouper::{DictionaryFacts, Grouper, Grouping, Workspace};
use crate::records::{
    Checked, Checker, Column, Intake, PackedBlock, PackedReader, PlainRow, PlainRows, Records, RowReader,
    RowWork, SharedDictionary, ordered, quickly_in_order,
};
use crate::reports::{Crosswalk, CsvText, MOVED_COLUMNS, Move, Output, Pairs, Tally};
use crate::tables::{Compiled, Library, Scheme, code_list_version};
use crate::units::Fen;

/// Group records by two schemes and set the groups against each other (两方案对照).
#[derive(Clone, Debug)]
pub struct RegroupRequest {
    /// The records, CSV or packed, `-` for standard input.
    pub records: PathBuf,
    /// How the records are to be read.
    pub intake: Intake,
    /// The old scheme's id.
    pub old: String,
    /// The new scheme's id.
    pub new: String,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// The crosswalk, `-` for standard output.
    pub output: PathBuf,
    /// Where the cases that moved go, if anywhere.
    pub cases: Option<PathBuf>,
    /// Where findings go, if anywhere.
    pub findings: Option<PathBuf>,
}

/// What became of the cases (对照结果).
#[derive(Clone, Debug)]
pub struct Regrouped {
    /// What was read, with its findings; no outcomes.
    pub read: BulkSummary,
    /// Cases by how far they moved, every way there is.
    pub moves: Vec<(Move, Tally)>,
    /// All cases.
    pub total: Tally,
}

/// Groups by both schemes.
struct Both {
    old: Grouper,
    new: Grouper,
    /// Whether the cases that moved are written.
    lists_moved: bool,
    /// Fields of plain rows.
    case_id: Option<usize>,
    states: Pool<State>,
}

/// What is kept from chunk to chunk.
#[derive(Debug, Default)]
struct State {
    old: Workspace,
    new: Workspace,
    /// For checked rows, which must not disturb what was looked up for the plain ones.
    apart: [Workspace; 2],
    old_facts: DictionaryFacts,
    new_facts: DictionaryFacts,
    pairs: Pairs,
    /// Rows of the cases of this chunk that moved.
    moved: CsvText,
}

impl Both {
    fn of(request: &RegroupRequest) -> Result<Both> {
        let library = Library::find(&request.tables)?;
        let grouper = |id: &str| Ok(Grouper::new(Compiled::new(Scheme::load(&library, id)?)));
        Ok(Both {
            old: grouper(&request.old)?,
            new: grouper(&request.new)?,
            lists_moved: request.cases.is_some(),
            case_id: None,
            states: Pool::default(),
        })
    }

    /// Both schemes take the codes of the records as they stand.
    fn refuse_foreign_codes(&self, request: &RegroupRequest, reader: &RowReader) -> Result<()> {
        let library = Library::find(&request.tables)?;
        for grouper in [&self.old, &self.new] {
            let lists = code_list_version(&library, &grouper.scheme().code_lists().diagnosis)?;
            refuse_foreign_codes(&lists, reader)?;
        }
        Ok(())
    }

    #[inline]
    fn note(
        &self,
        state: &mut State,
        groupings: [Grouping; 2],
        fee: Option<Fen>,
        case_id: impl FnOnce() -> String,
    ) {
        let [old, new] = groupings;
        state.pairs.note(&old, &new, fee);
        if self.lists_moved {
            let (old, new) = (old.code(self.old.scheme()), new.code(self.new.scheme()));
            if old != new {
                [&case_id(), old, new]
                    .into_iter()
                    .for_each(|cell| state.moved.cell(cell));
                state.moved.end_row();
            }
        }
    }

    /// Groups the cases of a block; gives the rows of those that moved.
    fn group_block(&self, block: &PackedBlock, dictionary: &SharedDictionary) -> (CsvText, u64) {
        let mut state = self.states.take();
        dictionary.look(|dictionary| {
            self.old.learn(dictionary, &mut state.old_facts);
            self.new.learn(dictionary, &mut state.new_facts);
        });
        let mut case_ids = self.lists_moved.then(|| block.case_ids());
        for case in block.cases().iter() {
            let groupings = [
                self.old.group_packed(&case, &state.old_facts, &mut state.old),
                self.new.group_packed(&case, &state.new_facts, &mut state.new),
            ];
            let case_id = case_ids.as_mut().and_then(Iterator::next);
            self.note(&mut state, groupings, case.total_fee(), || {
                case_id.unwrap_or("").to_owned()
            });
        }
        (self.give_back(state), block.bytes())
    }

    /// Keeps a state for the next chunk; gives its rows.
    fn give_back(&self, mut state: State) -> CsvText {
        let moved = std::mem::take(&mut state.moved);
        self.states.give_back(state);
        moved
    }

    fn crosswalk(&self, states: Vec<State>) -> Crosswalk<'_> {
        let mut pairs = Pairs::default();
        states.iter().for_each(|state| pairs.add(&state.pairs));
        Crosswalk::of(&pairs, self.old.scheme(), self.new.scheme())
    }
}

impl RowWork for Both {
    type Output = State;

    fn start(&self) -> State {
        self.states.take()
    }

    fn prepare(&self, state: &mut State, rows: &PlainRows<'_>) {
        self.old.prepare(rows, &mut state.old);
        self.new.prepare(rows, &mut state.new);
    }

    fn plain(&self, state: &mut State, row: &PlainRow<'_>) -> bool {
        let old = self.old.group_row(row, &mut state.old);
        let new = self.new.group_row(row, &mut state.new);
        let (Some(old), Some(new)) = (old, new) else {
            return false;
        };
        let fee = row.numbers().amount.map(Fen::new);
        self.note(state, [old, new], fee, || {
            plain_cell(row, self.case_id).to_owned()
        });
        true
    }

    fn checked(&self, state: &mut State, checked: Checked, checker: &Checker<'_>) {
        if checked != Checked::Case {
            return;
        }
        let case = checker.case();
        let [old, new] = &mut state.apart;
        let groupings = [self.old.group(case, old), self.new.group(case, new)];
        self.note(state, groupings, case.total_fee(), || case.case_id().to_owned());
    }
}

/// Groups every record by both schemes and writes cases and cost by old and new group (对照表).
///
/// # Errors
/// Tables, records or outputs cannot be used.
pub fn regroup(request: &RegroupRequest, watch: &Watch<'_>) -> Result<Regrouped> {
    let outputs = [
        Some(request.output.clone()),
        request.cases.clone(),
        request.findings.clone(),
    ];
    super::refuse_overwriting(
        outputs.into_iter().flatten(),
        request.intake.files(&request.records),
    )?;
    let mut both = Both::of(request)?;
    let schemes = [both.old.scheme(), both.new.scheme()];
    let intake = bills::intake_for(schemes, request.intake.clone());
    let records = Records::open(&request.records, &intake)?;
    if let Records::Csv(reader) = &records {
        both.refuse_foreign_codes(request, reader)?;
    } else {
        bills::refuse_packed(both.old.scheme(), &request.records)?;
        bills::refuse_packed(both.new.scheme(), &request.records)?;
    }
    let mut files = Files::create(request)?;
    let read = match records {
        Records::Csv(reader) => regroup_rows(&mut both, *reader, &mut files, watch)?,
        Records::Packed(reader) => regroup_blocks(&both, reader, &mut files, watch)?,
    };
    let states = std::mem::take(&mut both.states).all();
    let crosswalk = both.crosswalk(states);
    files.output.put(crosswalk.csv()?.bytes())?;
    files.finish()?;
    let moves = crosswalk.moves();
    let of = |way: Move| (way, moves.get(&way).copied().unwrap_or_default());
    Ok(Regrouped {
        read,
        moves: Move::ALL.map(of).to_vec(),
        total: crosswalk.total(),
    })
}

fn regroup_rows(
    both: &mut Both,
    reader: RowReader,
    files: &mut Files,
    watch: &Watch<'_>,
) -> Result<BulkSummary> {
    both.case_id = reader.header().field(Column::CaseId);
    let both = &*both;
    let mut summary = BulkSummary::of(&reader);
    let counts = quickly_in_order(reader, watch.lang, watch.threads, both, |batch| {
        let moved = both.give_back(batch.output);
        files.put_moved(&moved)?;
        summary.note(&batch.findings, watch);
        if let Some(out) = &mut files.findings {
            out.put(&batch.findings, watch)?;
        }
        (watch.advance)(batch.bytes);
        Ok(())
    })?;
    summary.read = counts.read;
    summary.rejected = counts.rejected;
    Ok(summary)
}

fn regroup_blocks(
    both: &Both,
    mut reader: PackedReader,
    files: &mut Files,
    watch: &Watch<'_>,
) -> Result<BulkSummary> {
    let dictionary = reader.dictionary().clone();
    ordered(
        watch.threads,
        || reader.next_block(),
        |block| both.group_block(&block, &dictionary),
        |(moved, bytes)| {
            (watch.advance)(bytes);
            files.put_moved(&moved)
        },
    )?;
    let mut summary = BulkSummary::default();
    note_packed(&mut summary, &reader);
    Ok(summary)
}

/// The files being written.
struct Files {
    output: Output,
    moved: Option<Output>,
    findings: Option<FindingsFile>,
}

impl Files {
    fn create(request: &RegroupRequest) -> Result<Files> {
        let mut moved = request.cases.as_deref().map(Output::create).transpose()?;
        if let Some(moved) = &mut moved {
            moved.put(CsvText::with_header(&MOVED_COLUMNS).bytes())?;
        }
        let findings = request.findings.as_deref().map(FindingsFile::create);
        Ok(Files {
            output: Output::create(&request.output)?,
            moved,
            findings: findings.transpose()?,
        })
    }

    fn put_moved(&mut self, rows: &CsvText) -> Result<()> {
        self.moved.as_mut().map_or(Ok(()), |out| out.put(rows.bytes()))
    }

    fn finish(self) -> Result<()> {
        self.output.finish()?;
        self.moved.map_or(Ok(()), Output::finish)?;
        self.findings.map_or(Ok(()), FindingsFile::finish)
    }
}
