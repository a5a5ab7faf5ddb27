//! Made-up records, streamed.

use std::path::{Path, PathBuf};

use super::Watch;
use crate::diagnostics::Result;
use crate::grouper::Grouper;
use crate::records::ordered;
use crate::reports::{CsvText, Output};
use crate::scenarios::generate::{Generator, Hospital, Made, Person, Plan, RECORD_COLUMNS, TRUTH_COLUMNS};
use crate::tables::{CodeLists, Compiled, Library, Scheme};

/// Generate records (生成模拟数据).
#[derive(Clone, Debug)]
pub struct GenerateRequest {
    /// The scheme whose rules the records are drawn from.
    pub scheme: String,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// What to make.
    pub plan: Plan,
    /// A folder, a file for the records alone, or `-`.
    pub output: PathBuf,
}

/// What was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Generated {
    /// Records written.
    pub records: u64,
    /// Records that group as planned.
    pub as_planned: u64,
}

/// Generates records and, into a folder, hospitals, persons and the truth about each record.
///
/// # Errors
/// Tables or plan cannot be used; output cannot be written.
pub fn generate(request: &GenerateRequest, watch: &Watch<'_>) -> Result<Generated> {
    let library = Library::find(&request.tables)?;
    let grouper = Grouper::new(Compiled::new(Scheme::load(&library, &request.scheme)?));
    let lists = CodeLists::of(&library, grouper.scheme())?;
    let generator = Generator::new(&grouper, &lists, request.plan)?;
    let mut files = Files::create(&request.output)?;
    files.hospitals(generator.hospitals())?;
    let mut next = 0;
    let done = std::cell::Cell::new(0_u64);
    let mut made = Generated::default();
    let wanted = request.plan.cases;
    ordered(
        watch.threads,
        || {
            next += 1;
            Ok((done.get() < wanted).then_some(next - 1))
        },
        |batch| generator.batch(batch),
        |batch| {
            let room = wanted - done.get();
            let written = files.batch(&batch, room, &mut made)?;
            done.set(done.get() + written);
            (watch.advance)(written);
            Ok(())
        },
    )?;
    files.finish()?;
    made.records = done.get();
    Ok(made)
}

/// The files being written; the last three only into a folder.
struct Files {
    records: Output,
    beside: Option<Beside>,
}

struct Beside {
    hospitals: Output,
    persons: Output,
    truth: Output,
}

impl Files {
    fn create(output: &Path) -> Result<Files> {
        let is_folder = output.is_dir() || output.to_string_lossy().ends_with(['/', '\\']);
        let (records, beside) = if is_folder {
            let create = |name: &str| Output::create(&output.join(name));
            let beside = Beside {
                hospitals: create("hospitals.csv")?,
                persons: create("persons.csv")?,
                truth: create("truth.csv")?,
            };
            (create("records.csv")?, Some(beside))
        } else {
            (Output::create(output)?, None)
        };
        let mut files = Files { records, beside };
        files.records.put(CsvText::with_header(&RECORD_COLUMNS).bytes())?;
        if let Some(beside) = &mut files.beside {
            beside.truth.put(CsvText::with_header(&TRUTH_COLUMNS).bytes())?;
            let columns = [
                "person",
                "insured_scheme",
                "plan",
                "categories",
                "status",
                "birth_date",
            ];
            beside.persons.put(CsvText::with_header(&columns).bytes())?;
        }
        Ok(files)
    }

    fn hospitals(&mut self, hospitals: &[Hospital]) -> Result<()> {
        let Some(beside) = &mut self.beside else {
            return Ok(());
        };
        let mut text = CsvText::with_header(&["hospital", "level"]);
        for hospital in hospitals {
            text.cell(&hospital.id);
            text.cell(hospital.level.as_str());
            text.end_row();
        }
        beside.hospitals.put(text.bytes())
    }

    /// Writes at most `room` records of a batch; says how many.
    fn batch(&mut self, batch: &Made, room: u64, made: &mut Generated) -> Result<u64> {
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let rows = batch.records.iter().zip(&batch.truth).take(room);
        let (mut records, mut truth, mut written) = (String::new(), String::new(), 0);
        for (record, row_truth) in rows {
            records.push_str(record);
            records.push('\n');
            truth.push_str(row_truth);
            truth.push('\n');
            written += 1;
            let mut cells = row_truth.split(',').skip(2);
            made.as_planned += u64::from(cells.next() == cells.next());
        }
        self.records.put(records.as_bytes())?;
        if let Some(beside) = &mut self.beside {
            beside.truth.put(truth.as_bytes())?;
            let mut text = CsvText::default();
            // the last batch is cut off: only persons with a record are written
            let last = batch.owners.iter().take(room).next_back();
            let persons = batch.persons.iter().take(last.map_or(0, |last| last + 1));
            persons.for_each(|person| person_row(&mut text, person));
            beside.persons.put(text.bytes())?;
        }
        Ok(written)
    }

    fn finish(self) -> Result<()> {
        self.records.finish()?;
        let Some(Beside {
            hospitals,
            persons,
            truth,
        }) = self.beside
        else {
            return Ok(());
        };
        hospitals.finish()?;
        persons.finish()?;
        truth.finish()
    }
}

fn person_row(text: &mut CsvText, person: &Person) {
    text.cell(&person.id);
    text.cell(person.scheme);
    text.cell(person.plan);
    text.cell(person.category);
    text.cell(person.status);
    text.cell(&person.birth.to_string());
    text.end_row();
}
