//! A whole region (区域模拟): hospitals by level, two insurance schemes, persons with several stays over
//! several years, transfers, mothers and newborns, bills by item, planted defects.
//!
//! In reading order: the plan (`plan`); which groups there are (`mix`); hospitals and persons
//! (`people`); a person's stays laid into the year (`calendar`); the codes of a stay (`codes`), which
//! come from a pool of its group (`pool`) if they suit the person (`bands`); its other columns (`stay`)
//! and its bill (`bill`); a defect planted in it (`defects`); all put together (`maker`).
//!
//! A person has a random stream of its own and is made whole, a child with its mother. So the same
//! plan gives the same bytes on any number of threads, and memory does not grow with the region.
//! What depends on the codes of a record is checked as `check` would, once for all records that it
//! cannot tell apart; the rest is sound by the way it is made: without defects `check` finds nothing.

mod bands;
mod bill;
mod calendar;
mod checks;
mod codes;
mod defects;
mod edition;
mod maker;
mod mix;
mod people;
mod plan;
mod pool;
mod sheet;
mod stay;

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::Geometric;

use super::draw::Drawer;
use super::{Domain, Mix, stream};
use crate::diagnostics::{Error, Result};
use crate::grouper::Grouper;
use crate::records::{CodeMap, Column, EditBook, Layout, Losses, RecordForm, RecordFormat, TextEncoding};
use crate::tables::{CodeId, CodeLists};

pub use people::{REGION_PERSON_COLUMNS, RegionHospital};
pub use plan::{
    CostPlan, DefectPlan, Detail, Growth, HospitalPlan, LevelPlan, Mean, OutputPlan, PersonPlan, Positive,
    RegionPlan, Share, Sigma, StayPlan, TrendPlan, Weight,
};

use bands::Bands;
use checks::{Headers, headers};
use codes::{Coder, Codes};
use defects::{Defects, Showing};
use edition::Edition;
use maker::Maker;
use mix::RegionMix;
use people::Hospitals;
use pool::Pools;

/// Columns of what each record was planned to be.
pub const REGION_TRUTH_COLUMNS: [&str; 8] = [
    "case_id",
    "line",
    "person",
    "kind",
    "planned",
    "found",
    "cost_factor",
    "planted",
];

/// How many persons are made at a time.
const PERSONS_A_BATCH: u64 = 250;
/// What a record must have to be checked.
const NEEDED: [Column; 4] = [Column::CaseId, Column::Sex, Column::Age, Column::Diagnoses];
/// Records looked at to learn how many can show a defect.
const DEFECT_SAMPLE: usize = 6_000;

/// How the records of a region are written (输出方式).
#[derive(Clone, Debug)]
pub struct RegionForm {
    /// The columns.
    pub layout: Arc<Layout>,
    /// The kind of file; nothing for that of the layout.
    pub format: Option<RecordFormat>,
    /// Nothing for the usual one of the format.
    pub encoding: Option<TextEncoding>,
}

/// Makes the persons of a region and their records (区域数据生成器).
pub struct Region<'g> {
    grouper: &'g Grouper,
    book: &'g EditBook,
    plan: RegionPlan,
    /// What the layout has a place for, and what a record must have.
    written: Vec<Column>,
    /// What a joined file adds: the column it is joined by, and what the layout has no place for.
    joined: Option<(Column, Vec<Column>)>,
    /// Codes that cannot be written, by number.
    unwritable: Vec<bool>,
    headers: Headers,
    form: RecordForm,
    edition: Option<Edition>,
    hospitals: Hospitals,
    mix: RegionMix,
    coder: Coder<'g>,
    pools: Pools,
    bands: Bands,
    defects: Defects,
    more_stays: Option<Geometric>,
    /// Summed shares of persons by the year of their first stay.
    entries: Vec<f64>,
    /// Share of persons who begin with a delivery whose child has a record.
    births: f64,
    /// Share of older persons among those whose group leaves it open.
    older: f64,
}

/// Persons with their records, those of newborn children behind their mothers', in order; each text
/// is that of all persons, so that nothing is kept in small pieces.
#[derive(Clone, Debug, Default)]
pub struct MadePersons {
    /// Rows of the list of persons, line ends included.
    pub persons: String,
    /// Rows of the records without line ends; a planted defect may make them no text.
    pub rows: Vec<u8>,
    /// Cells of the truth: of each record the case, then what stands behind the line.
    pub truth: String,
    /// Rows of the file to be joined, line ends included.
    pub joined: String,
    /// Where each record ends.
    pub records: Vec<RecordEnd>,
    /// Where each person ends.
    pub ends: Vec<PersonEnd>,
}

/// Where a record ends in [`MadePersons`].
#[derive(Clone, Copy, Debug, Default)]
pub struct RecordEnd {
    /// Its row.
    pub row: usize,
    /// The first cell of its truth, and the others.
    pub truth: [usize; 2],
}

/// Where a person ends in [`MadePersons`], and what the layout could not take of her records.
#[derive(Clone, Debug)]
pub struct PersonEnd {
    /// Records up to here.
    pub records: usize,
    /// The rows of persons.
    pub persons: usize,
    /// The rows to be joined.
    pub joined: usize,
    /// What was lost.
    pub losses: Losses,
}

impl<'g> Region<'g> {
    /// Prepares a region.
    ///
    /// # Errors
    /// The scheme has no groups, or none for births that the plan asks for; the mix cannot be used;
    /// an edit to be planted is not known.
    pub fn new(
        grouper: &'g Grouper,
        lists: &'g CodeLists,
        book: &'g EditBook,
        plan: RegionPlan,
        (form, map): (&RegionForm, Option<&CodeMap>),
    ) -> Result<Region<'g>> {
        let base = Mix::new(grouper, plan.mix_seed, plan.cost.by_scores);
        let edition = map.map(|map| Edition::new(map, lists));
        let mut region = Region::of_all_groups(grouper, (lists, book), &base, plan, (form, edition))?;
        let can_be_made = region.groups_that_can_be_made();
        if region.plan.mix.is_some() {
            region.refuse_lost_groups(&can_be_made)?;
        }
        region.mix = RegionMix::new(&region.coder.drawer, &base, &region.plan, &can_be_made)?;
        region.check_mix()?;
        region.pools = Pools::new(&region.mix.shares(), region.plan.cases, region.plan.seed);
        let newborns = region.plan.persons.newborns.get();
        if region.mix.has_births() {
            let stays = stays_a_person(&region.plan);
            region.births = (newborns * stays / (1.0 - newborns).max(0.01)).min(1.0);
        }
        let older = region.plan.persons.older.get();
        region.older = (older / (1.0 - region.mix.young_share()).max(0.01)).min(1.0);
        region.calibrate_defects()?;
        Ok(region)
    }

    /// Shares of single edits are chances of the records that can show them: a sample says how many.
    fn calibrate_defects(&mut self) -> Result<()> {
        if !self.defects.has_stated() {
            return Ok(());
        }
        let mut maker = Maker::new(self);
        let mut sample = Vec::new();
        let persons = (1_u64 << 40)..;
        for person in persons.take(20_000) {
            for kept in maker.make_person(person).kept {
                let row = (&kept.sheet, self.written.as_slice());
                sample.push(self.defects.shown_by(row.0, row.1, &mut maker.checks));
            }
            if sample.len() >= DEFECT_SAMPLE {
                break;
            }
        }
        self.defects.calibrate(&sample)
    }

    /// With every group in the mix, and no births yet.
    fn of_all_groups(
        grouper: &'g Grouper,
        (lists, book): (&CodeLists, &'g EditBook),
        base: &Mix,
        plan: RegionPlan,
        (form, edition): (&RegionForm, Option<Edition>),
    ) -> Result<Region<'g>> {
        let drawer = Drawer::new(grouper.compiled(), lists);
        let columns = sheet::columns(plan.output.detail);
        let stays = plan.persons.stays.get();
        let mut said = columns.clone();
        let declared = |edition: &&Edition| edition.version != form.layout.codes();
        said.extend(edition.iter().filter(declared).map(|_| Column::CodeVersion));
        let joined = form.layout.join_key();
        let form = RecordForm::new(&form.layout, &said, form.format, form.encoding)?;
        let lacks = form.writer().lacks().to_vec();
        let mut written = columns.clone();
        written.retain(|column| !lacks.contains(column) || NEEDED.contains(column));
        let coder = Coder::new(drawer, lists, &plan.stays);
        let unwritable = unwritable(&coder, &form, edition.as_ref());
        let shown: Vec<Column> = written
            .iter()
            .copied()
            .filter(|column| form.writer().says(*column))
            .collect();
        let showing = Showing {
            columns: &shown,
            text_rows: form.has_text_rows(),
        };
        let mix = RegionMix::new(&coder.drawer, base, &plan, &[])?;
        Ok(Region {
            pools: Pools::to_try(mix.groups().count(), plan.mix_seed),
            bands: Bands::new(grouper.compiled(), book),
            mix,
            hospitals: Hospitals::new(&plan.hospitals, &mut stream(plan.mix_seed, Domain::Hospitals, 1)),
            coder,
            unwritable,
            joined: joined.filter(|_| !lacks.is_empty()).map(|key| (key, lacks)),
            headers: headers(&written)?,
            defects: Defects::new(&plan.defects, &showing)?,
            form,
            edition,
            written,
            more_stays: Geometric::new(1.0 / stays).ok().filter(|_| stays > 1.0),
            entries: entries(&plan),
            births: 0.0,
            older: plan.persons.older.get(),
            grouper,
            book,
            plan,
        })
    }

    fn check_mix(&self) -> Result<()> {
        let scheme = self.grouper.scheme().id();
        if self.mix.is_empty() {
            return Err(Error::new(format!(
                "no sound record of any group of scheme `{scheme}` could be made"
            )));
        }
        let newborns = self.plan.persons.newborns;
        let asked = newborns != PersonPlan::default().newborns && newborns.get() > 0.0;
        if asked && !self.mix.has_births() {
            return Err(Error::new(format!(
                "scheme `{scheme}` has no groups of deliveries and newborns; expected newborns = 0"
            )));
        }
        Ok(())
    }

    /// Tries every group: rows behind others, and codes outside the lists, leave some of them empty.
    fn groups_that_can_be_made(&self) -> Vec<bool> {
        let mut maker = Maker::new(self);
        let groups = self.mix.groups();
        groups
            .map(|(group, in_mix)| in_mix && maker.can_make(group))
            .collect()
    }

    /// A written mix says what is wanted: nothing of it is left out silently.
    fn refuse_lost_groups(&self, can_be_made: &[bool]) -> Result<()> {
        let groups = self.mix.groups().zip(can_be_made);
        let lost: Vec<&str> = groups
            .filter(|((_, in_mix), can)| *in_mix && !**can)
            .map(|((group, _), _)| group.code.as_str())
            .collect();
        match (lost.first(), &self.plan.mix) {
            (Some(first), Some(path)) => Err(Error::at(
                crate::diagnostics::Place::file(path),
                format!(
                    "no sound record of group `{first}` could be made, nor of {} more groups",
                    lost.len() - 1
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The hospitals, from level 3 down.
    pub fn hospitals(&self) -> &[RegionHospital] {
        &self.hospitals.all
    }

    /// How the records are written.
    pub fn form(&self) -> &RecordForm {
        &self.form
    }

    /// Batches of persons, by number, without end.
    ///
    /// # Errors
    /// A value cannot be written in the encoding asked for.
    pub fn batch(&self, number: u64) -> Result<MadePersons> {
        let mut maker = Maker::new(self);
        let mut made = MadePersons::default();
        let first = number * PERSONS_A_BATCH;
        for person in first..first + PERSONS_A_BATCH {
            maker.person(person, &mut made)?;
        }
        Ok(made)
    }

    /// Whether codes are no more than the plan allows, and all can be written.
    fn can_write(&self, codes: &Codes) -> bool {
        let writable = |id: &CodeId| self.unwritable.get(id.0 as usize) != Some(&true);
        self.coder.fits(codes) && codes.diagnoses.iter().chain(&codes.procedures).all(writable)
    }

    /// Headers of the file to be joined, if the layout lacks anything (关联文件).
    pub fn joined_columns(&self) -> Option<Vec<&'static str>> {
        let (key, columns) = self.joined.as_ref()?;
        let names = std::iter::once(key).chain(columns).map(|column| column.name());
        Some(names.collect())
    }

    fn last_year(&self) -> i16 {
        self.plan.first_year + i16::from(self.plan.years) - 1
    }

    fn draw_entry(&self, rng: &mut ChaCha8Rng) -> i16 {
        let at: f64 = rng.random();
        let year = self.entries.partition_point(|sum| *sum < at);
        self.plan.first_year
            + i16::try_from(year)
                .unwrap_or(0)
                .min(i16::from(self.plan.years) - 1)
    }
}

/// Codes that the edition written has no source for, or whose names the encoding lacks characters of.
fn unwritable(coder: &Coder<'_>, form: &RecordForm, edition: Option<&Edition>) -> Vec<bool> {
    let names = form.encoding() == TextEncoding::Gbk;
    let ids = (0..coder.names.len())
        .filter_map(|id| u32::try_from(id).ok())
        .map(CodeId);
    let unwritable = |id: CodeId| {
        let code = coder.code(id);
        let said = edition.is_none_or(|edition| edition.has(code, true) && edition.has(code, false));
        let name = edition.map_or(coder.name(id), |edition| edition.name(code, coder.name(id)));
        !said || names && form.encoding().encode(name).is_err()
    };
    ids.map(unwritable).collect()
}

/// Persons who come for the first time in each year, so that with those who come again the stays grow
/// as planned.
fn entries(plan: &RegionPlan) -> Vec<f64> {
    let again = plan.persons.again_next_year.get();
    let (mut volume, mut known, mut sums) = (1.0, 0.0, Vec::new());
    for _ in 0..plan.years {
        known += f64::max(volume - again * known, 0.0);
        sums.push(known);
        volume *= 1.0 + plan.trend.volume.get();
    }
    sums.iter().map(|sum| sum / known.max(1e-12)).collect()
}

/// Mean stays of a person in all years.
fn stays_a_person(plan: &RegionPlan) -> f64 {
    let again = plan.persons.again_next_year.get();
    let sums = entries(plan);
    let later: f64 = sums.iter().rev().skip(1).map(|known| known * again).sum();
    (1.0 + later) * plan.persons.stays.get()
}
