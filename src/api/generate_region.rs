//! A made-up region, streamed.

use std::cell::Cell;
use std::path::PathBuf;

use super::Watch;
use super::generate::Generated;
use crate::diagnostics::Result;
use crate::grouper::Grouper;
use crate::records::ordered;
use crate::reports::{CsvText, Output};
use crate::scenarios::edit_book;
use crate::scenarios::generate::region::{
    MadePerson, REGION_PERSON_COLUMNS, REGION_TRUTH_COLUMNS, Region, RegionHospital, RegionPlan,
};
use crate::tables::{CodeLists, Compiled, Library, Scheme};

/// Generate a region from its plan (生成区域模拟数据).
#[derive(Clone, Debug)]
pub struct RegionRequest {
    /// The plan, a TOML file.
    pub plan: PathBuf,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// The folder to write into.
    pub output: PathBuf,
}

/// Writes `hospitals.csv`, `persons.csv`, `records.csv` and `truth.csv` of a region, each whole or not at
/// all. Persons are made whole, so there may be a few more records than asked for.
///
/// # Errors
/// Plan or tables cannot be used; output cannot be written.
pub fn generate_region(request: &RegionRequest, watch: &Watch<'_>) -> Result<Generated> {
    let plan = RegionPlan::load(&request.plan)?;
    let library = Library::find(&request.tables)?;
    let grouper = Grouper::new(Compiled::new(Scheme::load(&library, &plan.scheme)?));
    let lists = CodeLists::of(&library, grouper.scheme())?;
    let book = edit_book(&library, CodeLists::of(&library, grouper.scheme())?, None)?;
    let wanted = plan.cases;
    let region = Region::new(&grouper, &lists, &book, plan)?;
    let mut files = Files::create(&request.output, &region)?;
    let (mut next, done) = (0_u64, Cell::new(0_u64));
    ordered(
        watch.threads,
        || {
            next += 1;
            Ok((done.get() < wanted).then_some(next - 1))
        },
        |batch| region.batch(batch),
        |batch| {
            let written = files.batch(&batch, wanted.saturating_sub(done.get()))?;
            done.set(done.get() + written);
            (watch.advance)(written);
            Ok(())
        },
    )?;
    files.finish()?;
    Ok(Generated {
        records: done.get(),
        as_planned: done.get(),
    })
}

/// The files being written.
struct Files {
    hospitals: Output,
    persons: Output,
    records: Output,
    truth: Output,
    /// Line of the next record; the header is the first.
    line: u64,
}

impl Files {
    fn create(folder: &std::path::Path, region: &Region<'_>) -> Result<Files> {
        let create = |name: &str, header: CsvText| {
            let mut file = Output::create(&folder.join(name))?;
            file.put(header.bytes())?;
            Ok(file)
        };
        Ok(Files {
            hospitals: create("hospitals.csv", hospital_rows(region.hospitals()))?,
            persons: create("persons.csv", CsvText::with_header(&REGION_PERSON_COLUMNS))?,
            records: create("records.csv", CsvText::with_header(&region.columns()))?,
            truth: create("truth.csv", CsvText::with_header(&REGION_TRUTH_COLUMNS))?,
            line: 2,
        })
    }

    /// Writes persons with their records until there are `wanted`; says how many records.
    fn batch(&mut self, batch: &[MadePerson], wanted: u64) -> Result<u64> {
        let (mut records, mut truth, mut persons) = (Vec::new(), String::new(), String::new());
        let first = self.line;
        for person in batch {
            if self.line - first >= wanted {
                break;
            }
            persons.push_str(&person.persons);
            for record in &person.records {
                records.extend_from_slice(&record.row);
                records.push(b'\n');
                let [case_id, rest] = &record.truth;
                truth.push_str(&format!("{case_id},{},{rest}\n", self.line));
                self.line += 1;
            }
        }
        self.records.put(&records)?;
        self.truth.put(truth.as_bytes())?;
        self.persons.put(persons.as_bytes())?;
        Ok(self.line - first)
    }

    fn finish(self) -> Result<()> {
        [self.hospitals, self.persons, self.records, self.truth]
            .into_iter()
            .try_for_each(Output::finish)
    }
}

fn hospital_rows(hospitals: &[RegionHospital]) -> CsvText {
    let mut text = CsvText::with_header(&["hospital", "level", "share", "cost_factor"]);
    for hospital in hospitals {
        text.cell(&hospital.id);
        text.cell(hospital.level.as_str());
        text.cell(&format!("{:.6}", hospital.share));
        text.cell(&format!("{:.4}", hospital.cost_factor));
        text.end_row();
    }
    text
}
