//! A whole region (区域模拟): hospitals by level, two insurance schemes, persons with several stays over
//! several years, transfers, mothers and newborns, bills by item, planted defects.
//!
//! In reading order: the plan (`plan`); which groups there are (`mix`); hospitals and persons
//! (`people`); a person's stays laid into the year (`calendar`); the codes of a stay (`codes`);
//! its other columns (`stay`) and its bill (`bill`); a defect planted in it (`defects`).
//!
//! A person has a random stream of its own and is made whole, a child with its mother. So the same
//! plan gives the same bytes on any number of threads, and memory does not grow with the region.
//! What depends on the codes of a record is checked as `check` would before it is kept, the rest is
//! sound by the way it is made: without defects `check` finds nothing.

mod bill;
mod calendar;
mod checks;
mod codes;
mod defects;
mod edition;
mod mix;
mod people;
mod plan;
mod sheet;
mod stay;

use std::sync::Arc;

use jiff::civil::Date;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Geometric};

use super::draw::{Drawer, plus_days, round_to_int, to_fen};
use super::wishes::Wishes;
use super::{Domain, Mix, standard_normal, stream};
use crate::diagnostics::{Error, Result};
use crate::grouper::{Grouper, Workspace};
use crate::records::{
    CodeMap, Column, EditBook, Layout, Losses, RecordForm, RecordFormat, RowBuffer, TextEncoding,
};
use crate::tables::{CodeId, CodeLists, NumberFact};

pub use people::{REGION_PERSON_COLUMNS, RegionHospital};
pub(in crate::scenarios) use plan::line_of;
pub use plan::{
    CostPlan, DefectPlan, Detail, Growth, HospitalPlan, LevelPlan, Mean, OutputPlan, PersonPlan, Positive,
    RegionPlan, Share, Sigma, StayPlan, TrendPlan, Weight,
};

use calendar::{Link, Planned, days, lay_out};
use checks::{Checks, Headers, headers};
use codes::{Coder, Codes, Mark};
use defects::{Defects, Showing, Shown};
use edition::Edition;
use mix::{Class, Kind, RegionGroup, RegionMix};
use people::{Hospitals, RegionPerson};
use sheet::Sheet;
use stay::Facts;

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
/// Draws of codes for one stay before another group is tried.
const DRAWS: usize = 50;
/// Other groups tried for one stay.
const OTHER_GROUPS: usize = 12;

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
    defects: Defects,
    more_stays: Option<Geometric>,
    /// Summed shares of persons by the year of their first stay.
    entries: Vec<f64>,
    /// Share of persons who begin with a delivery whose child has a record.
    births: f64,
    /// Share of older persons among those whose group leaves it open.
    older: f64,
}

/// The records of one person and of her newborn child, in order.
#[derive(Clone, Debug, Default)]
pub struct MadePerson {
    /// Rows of the list of persons, line ends included.
    pub persons: String,
    /// The records.
    pub records: Vec<MadeRecord>,
    /// Rows of the file to be joined, line ends included.
    pub joined: String,
    /// What the layout could not take of them.
    pub losses: Losses,
}

/// One row of the records file.
#[derive(Clone, Debug)]
pub struct MadeRecord {
    /// The row without line end; a planted defect may make it no text.
    pub row: Vec<u8>,
    /// Cells of the truth before the line, and behind it.
    pub truth: [String; 2],
}

/// A person whose records are made but not yet written.
#[derive(Default)]
struct KeptPerson {
    persons: String,
    kept: Vec<Kept>,
}

/// A stay that is kept.
struct Kept {
    sheet: Sheet,
    truth: [String; 2],
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
        let showing = Showing {
            columns: &written,
            text_rows: form.has_text_rows(),
        };
        Ok(Region {
            mix: RegionMix::new(&coder.drawer, base, &plan, &[])?,
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
        let groups = self.mix.groups().enumerate();
        groups
            .map(|(place, (group, in_mix))| {
                let mut rng = stream(self.plan.mix_seed, Domain::Mix, (1 << 32) + place as u64);
                in_mix && (0..2).any(|_| maker.can_make(group, &mut rng))
            })
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
    pub fn batch(&self, number: u64) -> Result<Vec<MadePerson>> {
        let mut maker = Maker::new(self);
        let first = number * PERSONS_A_BATCH;
        let persons = first..first + PERSONS_A_BATCH;
        persons.map(|person| maker.person(person)).collect()
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

/// Makes persons, one after the other.
struct Maker<'g, 'r> {
    region: &'r Region<'g>,
    work: Workspace,
    checks: Checks<'r>,
    row: String,
    buffer: RowBuffer,
}

impl<'g, 'r> Maker<'g, 'r> {
    fn new(region: &'r Region<'g>) -> Maker<'g, 'r> {
        Maker {
            region,
            work: Workspace::default(),
            checks: Checks::new(region.book, &region.headers),
            row: String::new(),
            buffer: RowBuffer::default(),
        }
    }

    /// Whether a stay of somebody in this group can be made.
    fn can_make(&mut self, group: &'r RegionGroup, rng: &mut ChaCha8Rng) -> bool {
        let plan = &self.region.plan;
        let mut stay = self.planned(group, Link::Apart, 0, rng);
        let about = (group, &stay.wishes);
        let mut person = RegionPerson::new(0, plan.first_year, about, (plan, 0.5), rng);
        stay.admit = Date::new(plan.first_year, 7, 1).unwrap_or_default();
        if group.class == Class::Newborn {
            let (youngest, _) = stay.wishes.bounds(NumberFact::AgeDays);
            person = person.child_of(plus_days(stay.admit, -(youngest / 100).clamp(0, 28)), plan, rng);
        }
        stay.discharge = plus_days(stay.admit, stay.nights);
        let weight = (group.class == Class::Newborn).then(|| stay::birth_weight(Some(&stay.wishes), rng));
        self.keep_once(&person, &stay, None, (1, weight, false), rng)
            .is_some()
    }

    /// A person with her records, defects and all.
    fn person(&mut self, index: u64) -> Result<MadePerson> {
        // a stream of its own: records are the same with defects and without
        let mut rng = stream(self.region.plan.seed, Domain::Defects, index);
        let KeptPerson { persons, kept } = self.make_person(index);
        let mut made = MadePerson {
            persons,
            ..MadePerson::default()
        };
        for record in kept {
            self.finish(record, &mut made, &mut rng)?;
        }
        made.losses = std::mem::take(&mut self.buffer.row.losses);
        Ok(made)
    }

    fn make_person(&mut self, index: u64) -> KeptPerson {
        let region = self.region;
        let mut rng = stream(region.plan.seed, Domain::Persons, index);
        let entry = region.draw_entry(&mut rng);
        let gives_birth = rng.random_bool(region.births);
        let kind = if gives_birth { Kind::Delivery } else { Kind::Any };
        let mut made = KeptPerson::default();
        let Some(first) = self.plan_stay(kind, Link::Apart, &mut rng) else {
            return made;
        };
        let plan = (&region.plan, region.older);
        let person = RegionPerson::new(index, entry, (first.group, &first.wishes), plan, &mut rng);
        let mut first = Some(first);
        // infants are out of the newborn weeks by their first stay
        let mut free = (person.birth.year() == entry).then(|| plus_days(person.birth, 40));
        let mut visit = 0;
        for year in entry..=region.last_year() {
            if year > entry && !rng.random_bool(region.plan.persons.again_next_year.get()) {
                continue;
            }
            let mut stays = self.plan_year(&person, year, first.take(), &mut rng);
            lay_out(&mut stays, year, free, &mut rng);
            free = stays.last().map(|stay| stay.discharge).or(free);
            let child = gives_birth && year == entry;
            if !self.keep_year(&person, &stays, child, &mut visit, &mut made, &mut rng) {
                break;
            }
        }
        if !made.kept.is_empty() {
            made.persons.insert_str(0, &person.row());
        }
        made
    }

    /// The stays of one year; a death is the last.
    fn plan_year(
        &self,
        person: &RegionPerson,
        year: i16,
        first: Option<Planned<'r>>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<Planned<'r>> {
        let region = self.region;
        let more = region.more_stays.map_or(0, |law| law.sample(rng)).min(40);
        let mut stays: Vec<Planned<'r>> = Vec::new();
        let mut next = first;
        for number in 0..=more {
            let link = match number {
                0 => Link::Apart,
                _ if rng.random_bool(region.plan.persons.within_31_days.get()) => Link::Return,
                _ => Link::Apart,
            };
            let before = stays.last();
            let planned = next
                .take()
                .or_else(|| self.plan_for(person, year, link, before, rng));
            let Some(mut stay) = planned else { continue };
            if number > 0
                && let Some(before) = before
            {
                stay.hospital = self.hospital_again(before.hospital, &stay, rng);
            }
            let (dies, moves_on) = (stay.status == "5", stay.status == "2");
            stays.push(stay);
            if moves_on {
                follow_transfer(&mut stays, self, rng);
            }
            if dies || stays.last().is_some_and(|last| last.status == "5") {
                break;
            }
        }
        stays
    }

    /// A stay in a group that this person can have.
    fn plan_for(
        &self,
        person: &RegionPerson,
        year: i16,
        link: Link,
        before: Option<&Planned<'r>>,
        rng: &mut ChaCha8Rng,
    ) -> Option<Planned<'r>> {
        for _ in 0..20 {
            let stay = self.plan_stay(Kind::Any, link, rng)?;
            // one delivery a year is enough
            let again = stay.group.class == Class::Obstetric && before.is_some();
            if !again && person.can_have(year, stay.group, &stay.wishes) {
                return Some(stay);
            }
        }
        let before = before.filter(|before| before.status != "5")?;
        let mut same = before.clone();
        (same.link, same.status) = (link, "1".to_owned());
        Some(same)
    }

    fn plan_stay(&self, kind: Kind, link: Link, rng: &mut ChaCha8Rng) -> Option<Planned<'r>> {
        let region = self.region;
        let group = region.mix.draw(kind, rng)?;
        let hospital = region.hospitals.draw(group.draw_level(rng), rng);
        Some(self.planned(group, link, hospital, rng))
    }

    fn planned(
        &self,
        group: &'r RegionGroup,
        link: Link,
        hospital: usize,
        rng: &mut ChaCha8Rng,
    ) -> Planned<'r> {
        let region = self.region;
        let wishes = region.coder.drawer.wishes(&group.base, rng);
        let plan = &region.plan.stays;
        let (cost_normal, own_normal) = (standard_normal(rng), standard_normal(rng));
        let correlation = plan.cost_correlation.get();
        let normal = correlation * cost_normal + (1.0 - correlation * correlation).sqrt() * own_normal;
        let sigma = plan.sigma.get();
        let stay = group.stay * (sigma * normal - sigma * sigma / 2.0).exp();
        Planned {
            status: self.status(&wishes, rng),
            nights: nights(&wishes, stay, rng),
            group,
            wishes,
            link,
            cost_normal,
            hospital,
            admit: Date::default(),
            discharge: Date::default(),
        }
    }

    fn status(&self, wishes: &Wishes, rng: &mut ChaCha8Rng) -> String {
        if wishes.discharge.is_some() {
            return self.region.coder.drawer.discharge_status(wishes, rng);
        }
        let mut rest: f64 = rng.random();
        let mut shares = self.region.plan.stays.discharge_status.iter();
        let drawn = shares.find(|(_, share)| {
            rest -= share.get();
            rest < 0.0
        });
        drawn.map_or("1", |(status, _)| status).to_owned()
    }

    /// Most return to the hospital they know, if its level is the one the group is treated at.
    fn hospital_again(&self, known: usize, stay: &Planned<'r>, rng: &mut ChaCha8Rng) -> usize {
        let region = self.region;
        let level = (0..3).find(|level| region.hospitals.is_of_level(stay.hospital, *level));
        let suits = level.is_some_and(|level| region.hospitals.is_of_level(known, level));
        match suits && rng.random_bool(region.plan.persons.same_hospital.get()) {
            true => known,
            false => stay.hospital,
        }
    }

    /// Makes the records of a year; false if the person has died.
    fn keep_year(
        &mut self,
        person: &RegionPerson,
        stays: &[Planned<'r>],
        child: bool,
        visit: &mut usize,
        made: &mut KeptPerson,
        rng: &mut ChaCha8Rng,
    ) -> bool {
        let mut kept = Vec::with_capacity(stays.len() + 1);
        for (place, stay) in stays.iter().enumerate() {
            let next = stays.get(place + 1).filter(|next| next.link == Link::Transfer);
            *visit += 1;
            let born = child && place == 0;
            let infant = born.then(|| self.child(person, stay, rng)).flatten();
            let weight = infant.as_ref().map(|(_, weight, _)| *weight);
            let Some(record) = self.keep(person, stay, next, (*visit, weight, born), rng) else {
                return true; // a year of which one stay cannot be made is left out whole
            };
            kept.push(record);
            if let Some((row, _, record)) = infant {
                made.persons.push_str(&row);
                kept.push(record);
            }
        }
        made.kept.append(&mut kept);
        stays.last().is_none_or(|last| last.status != "5")
    }

    /// The newborn of a delivery: its row, its weight, its own record.
    fn child(
        &mut self,
        mother: &RegionPerson,
        delivery: &Planned<'r>,
        rng: &mut ChaCha8Rng,
    ) -> Option<(String, i64, Kept)> {
        let region = self.region;
        for _ in 0..OTHER_GROUPS {
            let mut stay = self.plan_stay(Kind::Newborn, Link::Apart, rng)?;
            if stay.status == "2" {
                stay.status = "1".to_owned();
            }
            let birth = plus_days(delivery.admit, rng.random_range(0..=delivery.nights.min(1)));
            let child = mother.child_of(birth, &region.plan, rng);
            let (low, high) = stay.wishes.bounds(NumberFact::AgeDays);
            let (low, high) = ((low / 100).clamp(0, 28), (high / 100).clamp(0, 28));
            let age = if rng.random_bool(0.7) {
                low
            } else {
                rng.random_range(low..=high.max(low))
            };
            stay.admit = plus_days(birth, age);
            // at home with the mother's hospital unless brought in later
            if age <= 1 {
                stay.hospital = delivery.hospital;
            }
            let last = Date::new(region.last_year(), 12, 31).unwrap_or_default();
            stay.nights = stay.nights.min(days(stay.admit, last)).max(0);
            stay.discharge = plus_days(stay.admit, stay.nights);
            let weight = stay::birth_weight(Some(&stay.wishes), rng);
            if stay.admit <= last
                && let Some(record) = self.keep_once(&child, &stay, None, (1, Some(weight), false), rng)
            {
                return Some((child.row(), weight, record));
            }
        }
        None
    }

    /// A stay that groups as planned and in which nothing is found; another group if need be.
    fn keep(
        &mut self,
        person: &RegionPerson,
        stay: &Planned<'r>,
        next: Option<&Planned<'r>>,
        about: (usize, Option<i64>, bool),
        rng: &mut ChaCha8Rng,
    ) -> Option<Kept> {
        if let Some(kept) = self.keep_once(person, stay, next, about, rng) {
            return Some(kept);
        }
        for _ in 0..OTHER_GROUPS {
            let kind = if about.2 { Kind::Delivery } else { Kind::Any };
            let mut other = self.plan_stay(kind, stay.link, rng)?;
            (other.status, other.nights) = (stay.status.clone(), stay.nights);
            (other.hospital, other.admit, other.discharge) = (stay.hospital, stay.admit, stay.discharge);
            let suits = person.can_have(stay.admit.year(), other.group, &other.wishes);
            if suits && let Some(kept) = self.keep_once(person, &other, next, about, rng) {
                return Some(kept);
            }
        }
        None
    }

    fn keep_once(
        &mut self,
        person: &RegionPerson,
        stay: &Planned<'r>,
        next: Option<&Planned<'r>>,
        (visit, weight, gives_birth): (usize, Option<i64>, bool),
        rng: &mut ChaCha8Rng,
    ) -> Option<Kept> {
        let region = self.region;
        let hospital = region.hospitals.all.get(stay.hospital)?;
        let years = f64::from(stay.discharge.year() - region.plan.first_year);
        let sigma = region.plan.cost.sigma.get();
        let factor = hospital.cost_factor
            * (1.0 + region.plan.trend.cost.get()).powf(years)
            * (sigma * stay.cost_normal - sigma * sigma / 2.0).exp();
        let days = f64::from(i32::try_from(stay.nights.max(1)).unwrap_or(1));
        // within what a day can cost at all
        let cost = (stay.group.cost_fen * factor).clamp(6_000.0 * days, 1_900_000.0 * days);
        let admit_minute = rng.random_range(8 * 60..14 * 60);
        let mut facts = Facts {
            case_id: format!("M{}/{visit}", person.id),
            visit,
            person,
            hospital,
            next_hospital: next.and_then(|next| region.hospitals.all.get(next.hospital)),
            birth_weight: weight,
            icu_hours: 0,
            admit_minute,
            discharge_minute: match (stay.nights, next) {
                (0, _) => admit_minute + rng.random_range(120..=300),
                // early enough for an admission elsewhere on the same day
                (_, Some(_)) => rng.random_range(6 * 60..8 * 60),
                _ => rng.random_range(8 * 60..17 * 60),
            },
            total: to_fen(cost),
        };
        let minutes = stay.nights * 1440 + facts.discharge_minute - admit_minute;
        facts.icu_hours = stay::icu_hours(&stay.wishes, minutes, rng);
        let kind = match stay.link {
            _ if person.id.ends_with('N') => "newborn",
            Link::Transfer => "transferred",
            Link::Return => "return",
            Link::Apart if gives_birth => "mother",
            Link::Apart => "",
        };
        let sheet = self.draw_sheet(&mut facts, stay, gives_birth, rng)?;
        let planned = &stay.group.code;
        let truth = [
            facts.case_id.clone(),
            format!("{},{kind},{planned},{planned},{factor:.4}", person.id),
        ];
        Some(Kept { sheet, truth })
    }

    /// Draws codes until the group is the planned one and nothing is found in the record.
    fn draw_sheet(
        &mut self,
        facts: &mut Facts<'_>,
        stay: &Planned<'r>,
        gives_birth: bool,
        rng: &mut ChaCha8Rng,
    ) -> Option<Sheet> {
        let region = self.region;
        let mut sheet = Sheet::new();
        let mut another = None;
        for draw in 0..DRAWS {
            if draw % 5 == 4 {
                // of alternatives in the rule another one
                let mut other = stay.clone();
                other.wishes = region.coder.drawer.wishes(&stay.group.base, rng);
                another = Some(other);
            }
            let stay = another.as_ref().unwrap_or(stay);
            let codes = region.coder.draw(&stay.wishes, gives_birth, rng);
            if !region.can_write(&codes) {
                continue;
            }
            // a woman who gave birth carries the weight of the child
            let delivers = facts.person.sex == 2 && region.coder.any(&codes.diagnoses, Mark::Outcome);
            if delivers && facts.birth_weight.is_none() {
                facts.birth_weight = Some(stay::birth_weight(None, rng));
            }
            if !delivers && !gives_birth && !facts.person.id.ends_with('N') {
                facts.birth_weight = None;
            }
            facts.write_probe(stay, &codes, &region.coder, &mut sheet);
            if !self.groups_as(&sheet, &stay.group.code) {
                continue;
            }
            facts.write_coded(stay, &codes, &region.coder, &mut sheet, rng);
            if self.is_sound(&sheet) {
                self.write_rest(facts, stay, &codes, &mut sheet, rng);
                return Some(sheet);
            }
        }
        None
    }

    fn is_sound(&mut self, sheet: &Sheet) -> bool {
        self.row.clear();
        sheet.write(&sheet::SOUND, &mut self.row);
        self.checks.is_sound(&self.row)
    }

    fn write_rest(
        &self,
        facts: &Facts<'_>,
        stay: &Planned<'r>,
        codes: &Codes,
        sheet: &mut Sheet,
        rng: &mut ChaCha8Rng,
    ) {
        let region = self.region;
        let full = region.plan.output.detail == Detail::Full;
        if full {
            facts.write_rest(stay, codes, &region.coder, sheet, rng);
        } else {
            facts.write_short(sheet);
        }
        let operated = codes.procedures.iter().any(|id| region.coder.is_operation(*id));
        let employee = facts.person.scheme == "employee";
        bill::write_bill(sheet, facts.total, (operated, employee, full), rng);
    }

    fn groups_as(&mut self, sheet: &Sheet, planned: &str) -> bool {
        self.row.clear();
        sheet.write(&sheet::PROBE, &mut self.row);
        let grouper = self.region.grouper;
        match self.checks.case(&self.row) {
            Some(case) => grouper.group(case, &mut self.work).code(grouper.scheme()) == planned,
            None => false,
        }
    }

    /// Plants a defect, or does not, and writes the record.
    ///
    /// # Errors
    /// A value cannot be written in the encoding asked for.
    fn finish(&mut self, kept: Kept, made: &mut MadePerson, rng: &mut ChaCha8Rng) -> Result<()> {
        let region = self.region;
        let planted = region
            .defects
            .plant(&kept.sheet, &region.written, &mut self.checks, rng);
        let sayable = |shown: &Shown| {
            let edition = region.edition.as_ref();
            edition.is_none_or(|edition| edition.can_rewrite(&shown.sheet))
        };
        let planted = planted.filter(sayable);
        let [case_id, rest] = kept.truth;
        if let Some((_, columns)) = &region.joined {
            made.joined.push_str(&case_id);
            made.joined.push(',');
            kept.sheet.write(columns, &mut made.joined);
            made.joined.push('\n');
        }
        let mut shown = planted.unwrap_or(Shown {
            edit: String::new(),
            sheet: kept.sheet,
            copies: 1,
            tail: b"",
        });
        if let Some(edition) = &region.edition {
            edition.rewrite(&mut shown.sheet);
        }
        let mut row = Vec::with_capacity(2048);
        let sheet = &shown.sheet;
        region
            .form
            .put(|column| sheet.get(column), &mut self.buffer, &mut row)?;
        row.extend_from_slice(shown.tail);
        let truth = [case_id, format!("{rest},{}", shown.edit)];
        let record = MadeRecord { row, truth };
        let copies = (1..shown.copies).map(|_| record.clone()).collect::<Vec<_>>();
        made.records.extend(copies);
        made.records.push(record);
        Ok(())
    }
}

/// The stay elsewhere that a transfer leads to: the same group, another hospital of a level above if
/// there is one.
fn follow_transfer<'r>(stays: &mut Vec<Planned<'r>>, maker: &Maker<'_, 'r>, rng: &mut ChaCha8Rng) {
    let Some(from) = stays.last() else { return };
    let hospitals = &maker.region.hospitals;
    let level = usize::from(!hospitals.is_of_level(from.hospital, 0) && rng.random_bool(0.3));
    let hospital = hospitals.other(from.hospital, level, rng);
    let mut next = maker.planned(from.group, Link::Transfer, hospital, rng);
    if next.status == "2" {
        next.status = "1".to_owned();
    }
    stays.push(next);
}

/// Nights of a stay of so many days, within what is asked; a third of the stays of one day have none.
fn nights(wishes: &Wishes, days: f64, rng: &mut ChaCha8Rng) -> i64 {
    let (shortest, longest) = wishes.bounds(NumberFact::Los);
    let shortest = (shortest / 100).max(1);
    let longest = (longest / 100).clamp(shortest, 180.max(shortest));
    let days = round_to_int(days).clamp(shortest, longest);
    if days == 1 && rng.random_bool(0.3) {
        0
    } else {
        days
    }
}
