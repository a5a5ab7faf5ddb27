//! A made-up region, streamed.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;

use super::Watch;
use super::generate::Generated;
use crate::diagnostics::{Error, Result};
use crate::grouper::Grouper;
use crate::records::{CodeMap, Column, Layout, LayoutChoice, Losses, RecordFormat, TextEncoding, ordered};
use crate::reports::{CsvText, Output, RecordFile};
use crate::scenarios::edit_book;
use crate::scenarios::generate::region::{
    MadePersons, REGION_PERSON_COLUMNS, REGION_TRUTH_COLUMNS, RecordEnd, Region, RegionForm, RegionHospital,
    RegionPlan,
};
use crate::tables::{CodeLists, Compiled, Library, Scheme, code_map};

/// Generate a region from its plan (生成区域模拟数据).
#[derive(Clone, Debug)]
pub struct RegionRequest {
    /// The plan, a TOML file.
    pub plan: PathBuf,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// The layout of the records.
    pub layout: LayoutChoice,
    /// The kind of file; that of the layout if nothing is said.
    pub format: Option<RecordFormat>,
    /// How text is written; the usual encoding of the format if nothing is said.
    pub encoding: Option<TextEncoding>,
    /// The edition of the codes; that of the layout, else of the scheme, if nothing is said.
    pub codes: Option<String>,
    /// The folder to write into.
    pub output: PathBuf,
}

/// What was made of a region, and what its layout could not take (区域生成结果).
#[derive(Clone, Debug, Default)]
pub struct MadeRegion {
    /// Records written.
    pub made: Generated,
    /// Columns that the layout has no place for.
    pub lacks: Vec<Column>,
    /// Columns of which it keeps a part.
    pub coarse: Vec<Column>,
    /// What it could not take of single records.
    pub losses: Losses,
}

/// Writes `hospitals.csv`, `persons.csv`, the records in the layout asked for, `truth.csv` and, for
/// `--join`, `join.csv` of what the layout has no place for, each whole or not at all. Persons are made whole, so there may be a few more records than
/// asked for.
///
/// # Errors
/// Plan, tables or layout cannot be used; output cannot be written.
pub fn generate_region(request: &RegionRequest, watch: &Watch<'_>) -> Result<MadeRegion> {
    let plan = RegionPlan::load(&request.plan)?;
    let library = Library::find(&request.tables)?;
    let grouper = Grouper::new(Compiled::new(Scheme::load(&library, &plan.scheme)?));
    let lists = CodeLists::of(&library, grouper.scheme())?;
    let book = edit_book(&library, CodeLists::of(&library, grouper.scheme())?, None)?;
    let layout = super::layout(&library, &request.layout)?;
    let map = map_to_write(&library, request, &layout, &lists)?;
    let form = RegionForm {
        layout: Arc::clone(&layout),
        format: request.format,
        encoding: request.encoding,
    };
    let wanted = plan.cases;
    let region = Region::new(&grouper, &lists, &book, plan, (&form, map.as_ref()))?;
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
            let written = files.batch(&batch?, wanted.saturating_sub(done.get()))?;
            done.set(done.get() + written);
            (watch.advance)(written);
            Ok(())
        },
    )?;
    let losses = files.finish()?;
    Ok(MadeRegion {
        made: Generated {
            records: done.get(),
            as_planned: done.get(),
        },
        lacks: region.form().writer().lacks().to_vec(),
        coarse: region.form().writer().coarse(),
        losses,
    })
}

/// The map whose sources are written in place of the scheme's codes, if another edition is.
///
/// # Errors
/// No map leads from that edition.
fn map_to_write(
    library: &Library,
    request: &RegionRequest,
    layout: &Layout,
    lists: &CodeLists,
) -> Result<Option<CodeMap>> {
    let asked = request.codes.as_deref();
    let edition = asked.or(Some(layout.codes()).filter(|codes| !codes.is_empty()));
    let Some(edition) = edition.filter(|edition| *edition != lists.version) else {
        return Ok(None);
    };
    let Some(files) = code_map(library, Some(edition), &lists.version)? else {
        let from = asked.map_or_else(|| format!("layout `{}`", layout.id()), |_| "--codes".to_owned());
        return Err(Error::new(format!(
            "{from}: no map leads from `{edition}` to `{}`, in which the scheme is written",
            lists.version
        )));
    };
    CodeMap::read(
        &files.from,
        &files.to,
        &files.diagnoses.into(),
        &files.procedures.into(),
    )
    .map(Some)
}

/// The files being written.
struct Files {
    hospitals: Output,
    persons: Output,
    records: RecordFile,
    truth: Output,
    /// What the layout has no place for.
    joined: Option<Output>,
    /// Line of the next record.
    line: u64,
    losses: Losses,
}

impl Files {
    fn create(folder: &std::path::Path, region: &Region<'_>) -> Result<Files> {
        let create = |name: &str, header: CsvText| {
            let mut file = Output::create(&folder.join(name))?;
            file.put(header.bytes())?;
            Ok(file)
        };
        let form = region.form();
        let records = folder.join(format!("records.{}", form.format().name()));
        Ok(Files {
            hospitals: create("hospitals.csv", hospital_rows(region.hospitals()))?,
            persons: create("persons.csv", CsvText::with_header(&REGION_PERSON_COLUMNS))?,
            records: RecordFile::create(&records, form)?,
            truth: create("truth.csv", CsvText::with_header(&REGION_TRUTH_COLUMNS))?,
            joined: match region.joined_columns() {
                Some(columns) => Some(create("join.csv", CsvText::with_header(&columns))?),
                None => None,
            },
            line: form.lines_before() + 1,
            losses: Losses::new(),
        })
    }

    /// Writes persons with their records until there are `wanted`; says how many records.
    fn batch(&mut self, batch: &MadePersons, wanted: u64) -> Result<u64> {
        if wanted == 0 {
            return Ok(0); // a batch that was under way when there were enough
        }
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let enough = batch.ends.iter().position(|person| person.records >= wanted);
        let taken = enough.map_or(batch.ends.len(), |last| last + 1);
        let people = batch.ends.get(..taken).unwrap_or_default();
        let Some(last) = people.last() else { return Ok(0) };
        let records = batch.records.get(..last.records).unwrap_or_default();
        let (mut from, mut rows) = (0, Vec::with_capacity(records.len()));
        for record in records {
            rows.push(batch.rows.get(from..record.row).unwrap_or_default());
            from = record.row;
        }
        self.records.put(rows.into_iter())?;
        self.put_truth(batch, records)?;
        self.persons.put(up_to(&batch.persons, last.persons))?;
        if let Some(out) = &mut self.joined {
            out.put(up_to(&batch.joined, last.joined))?;
        }
        for (what, count) in people.iter().flat_map(|person| &person.losses) {
            *self.losses.entry(*what).or_default() += count;
        }
        Ok(records.len() as u64)
    }

    /// The truth, with the line of each record.
    fn put_truth(&mut self, batch: &MadePersons, records: &[RecordEnd]) -> Result<()> {
        let (mut from, mut text) = (0, String::with_capacity(batch.truth.len() + 16 * records.len()));
        for record in records {
            let [case_id, end] = record.truth;
            text.push_str(batch.truth.get(from..case_id).unwrap_or_default());
            text.push(',');
            text.push_str(&self.line.to_string());
            text.push(',');
            text.push_str(batch.truth.get(case_id..end).unwrap_or_default());
            text.push('\n');
            from = end;
            self.line += 1;
        }
        self.truth.put(text.as_bytes())
    }

    fn finish(self) -> Result<Losses> {
        self.records.finish()?;
        let tables = [self.hospitals, self.persons, self.truth];
        tables
            .into_iter()
            .chain(self.joined)
            .try_for_each(Output::finish)?;
        Ok(self.losses)
    }
}

fn up_to(text: &str, end: usize) -> &[u8] {
    text.as_bytes().get(..end).unwrap_or_default()
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
