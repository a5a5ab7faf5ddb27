//! Records from a scheme's tables (模拟数据): no real person behind any row.
//!
//! A group is drawn, then codes, age, sex and stay so that its rule holds, and the row is
//! grouped to say where it really fell. Every person has a random stream of its own, so the
//! same plan gives the same bytes on any number of threads and in any size.
//!
//! The shares and laws below are assumptions about a Chinese region unless a source stands
//! beside them; nothing that is settled or paid depends on them.

mod defects;
mod draw;
pub mod enrolment;
mod people;
pub mod region;
mod wishes;

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Geometric, LogNormal, StandardNormal};

use crate::diagnostics::{Error, Lang, Place, Result};
use crate::grouper::{Grouper, Workspace};
use crate::records::{Checked, Checker, Depth, Encoding, Header};
use crate::tables::CodeLists;

pub use people::{Hospital, Person};

use draw::Drawer;
use people::hospitals;

/// Columns of the records.
pub const RECORD_COLUMNS: [&str; 21] = [
    "case_id",
    "hospital",
    "person",
    "insured_scheme",
    "sex",
    "age",
    "age_days",
    "weight_g",
    "admit_date",
    "discharge_date",
    "los_days",
    "department",
    "discharge_status",
    "icu_hours",
    "diagnoses",
    "procedures",
    "total_fee",
    "fee_own",
    "fee_over",
    "fee_pre",
    "fee_scope",
];

/// Columns of what each record was planned to be.
pub const TRUTH_COLUMNS: [&str; 6] = ["case_id", "person", "planned", "found", "cost_factor", "planted"];

/// How many persons are made at a time.
const PERSONS_A_BATCH: u64 = 2_000;

/// The smallest mean of stays a person that makes sense.
const ONE_STAY: f64 = 1.0;

/// What to generate (生成计划).
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many records.
    pub cases: u64,
    /// Other seed, other records.
    pub seed: u64,
    /// Which groups are frequent and dear.
    pub mix_seed: u64,
    /// Year of discharge.
    pub year: i16,
    /// Mean stays a person.
    pub stays: f64,
    /// Share of records with one planted defect.
    pub defects: f64,
}

/// Makes records by a plan (数据生成器).
pub struct Generator<'g> {
    grouper: &'g Grouper,
    plan: Plan,
    hospitals: Vec<Hospital>,
    mix: Mix,
    drawer: Drawer<'g>,
    header: Arc<Header>,
    stays: Option<Geometric>,
}

/// The rows of some persons.
#[derive(Debug, Default)]
pub struct Made {
    /// Rows of the records file, in order; a planted duplicate follows its original.
    pub records: Vec<String>,
    /// Row of the truth file for each record row.
    pub truth: Vec<String>,
    /// Index into `persons` for each record row.
    pub owners: Vec<usize>,
    /// The persons, each once.
    pub persons: Vec<Person>,
}

/// One group's place in the mix.
#[derive(Clone, Copy, Debug)]
struct GroupOfMix {
    /// Indices into the compiled rows; a packet is an entry without groups.
    mdc: usize,
    entry: usize,
    drg: Option<usize>,
    mean_cost_fen: f64,
    mean_stay: f64,
}

#[derive(Debug)]
struct Mix {
    groups: Vec<GroupOfMix>,
    /// Cumulative shares, the last is 1.
    cumulative: Vec<f64>,
}

/// Random streams of different things never touch: the thing is the upper byte.
#[derive(Clone, Copy)]
enum Domain {
    Hospitals = 1,
    Persons = 2,
    Mix = 3,
    Defects = 4,
    Codes = 5,
}

fn stream(seed: u64, domain: Domain, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((domain as u64) << 56 | index);
    rng
}

impl<'g> Generator<'g> {
    /// Prepares a plan.
    ///
    /// # Errors
    /// A share outside 0 to 1, fewer than one stay a person, a scheme without groups.
    pub fn new(grouper: &'g Grouper, lists: &'g CodeLists, plan: Plan) -> Result<Generator<'g>> {
        if !(0.0..=1.0).contains(&plan.defects) {
            return Err(Error::new(format!(
                "--defects is {}; expected a share from 0 to 1",
                plan.defects
            )));
        }
        if !(ONE_STAY..=50.0).contains(&plan.stays) {
            return Err(Error::new(format!(
                "--stays is {}; expected a mean from 1 to 50",
                plan.stays
            )));
        }
        if !(1900..=2199).contains(&plan.year) {
            return Err(Error::new(format!(
                "--year is {}; expected 1900 to 2199",
                plan.year
            )));
        }
        let mix = Mix::new(grouper, plan.mix_seed, true);
        if mix.groups.is_empty() {
            return Err(Error::new(format!(
                "scheme `{}` has no group rows",
                grouper.scheme().id()
            )));
        }
        let place = Place {
            file: "(generated)".into(),
            line: None,
            column: None,
        };
        let header = Header::read(&place, RECORD_COLUMNS.map(str::to_owned).to_vec(), true)?;
        // 1 + geometric: most persons have one stay
        let stays = Geometric::new(ONE_STAY / plan.stays)
            .ok()
            .filter(|_| plan.stays > ONE_STAY);
        Ok(Generator {
            grouper,
            plan,
            hospitals: hospitals(&mut stream(plan.mix_seed, Domain::Hospitals, 0)),
            mix,
            drawer: Drawer::new(grouper.compiled(), lists),
            header: Arc::new(header),
            stays,
        })
    }

    /// The hospitals, by code.
    pub fn hospitals(&self) -> &[Hospital] {
        &self.hospitals
    }

    /// Batches of persons to be made, by number, without end.
    pub fn batch(&self, number: u64) -> Made {
        let mut maker = Maker {
            generator: self,
            work: Workspace::default(),
            checker: Checker::new(
                "(generated)".into(),
                Arc::clone(&self.header),
                Encoding::Utf8,
                Depth::Grouping,
                Lang::En,
            ),
            made: Made::default(),
        };
        let first = number * PERSONS_A_BATCH;
        (first..first + PERSONS_A_BATCH).for_each(|person| maker.person(person));
        maker.made
    }
}

impl Mix {
    /// Zipf over the scheme's groups in an order shuffled by the seed; lognormal cost and stay.
    fn new(grouper: &Grouper, seed: u64, by_scores: bool) -> Mix {
        let mut rng = stream(seed, Domain::Mix, 0);
        let mut groups = Vec::new();
        let compiled = grouper.compiled();
        for (mdc_index, mdc) in compiled.mdcs.iter().enumerate() {
            for entry_index in mdc.entries.clone() {
                let Some(entry) = compiled.entries.get(entry_index) else {
                    continue;
                };
                let crate::tables::EntryKind::Adrg(drgs, _) = &entry.kind else {
                    continue;
                };
                if drgs.is_empty() && compiled.packets().is_some() {
                    let rows = (mdc_index, entry_index);
                    groups.extend(packet(grouper, rows, by_scores, &mut rng));
                    continue;
                }
                // groups of one core group cost about the same, heavier ones more
                let core_cost: f64 = 6_000.0 * normal_factor(&mut rng, 0.7);
                let heaviest = drgs.len();
                for (place, drg) in drgs.clone().enumerate() {
                    let severity = 1.0 + 0.35 * (heaviest - 1 - place) as f64;
                    groups.push(GroupOfMix {
                        mdc: mdc_index,
                        entry: entry_index,
                        drg: Some(drg),
                        mean_cost_fen: 100.0 * core_cost * severity * normal_factor(&mut rng, 0.15),
                        mean_stay: 8.5 * severity.sqrt() * normal_factor(&mut rng, 0.3),
                    });
                }
            }
        }
        for place in (1..groups.len()).rev() {
            groups.swap(place, rng.random_range(0..=place));
        }
        let shares = (0..groups.len()).map(|rank| 1.0 / (rank as f64 + 3.0).powf(0.9));
        let mut cumulative: Vec<f64> = shares
            .scan(0.0, |sum, share| {
                *sum += share;
                Some(*sum)
            })
            .collect();
        let total = cumulative.last().copied().unwrap_or(1.0);
        cumulative.iter_mut().for_each(|sum| *sum /= total);
        Mix { groups, cumulative }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> Option<&GroupOfMix> {
        let at: f64 = rng.random();
        let index = self.cumulative.partition_point(|sum| *sum < at);
        self.groups.get(index.min(self.groups.len().saturating_sub(1)))
    }
}

/// A packet in the mix: it costs what its score says, where it has one.
#[allow(clippy::cast_precision_loss, reason = "statistics: scores far below 2^53")]
fn packet(
    grouper: &Grouper,
    (mdc, entry): (usize, usize),
    by_scores: bool,
    rng: &mut ChaCha8Rng,
) -> Option<GroupOfMix> {
    let (compiled, packets) = (grouper.compiled(), grouper.scheme().packets()?);
    let layer = compiled.mdcs.get(mdc)?.rule;
    if packets.excluded() == Some(layer) || packets.primary_list() == Some(layer) {
        return None;
    }
    let packet = packets.of(compiled.entries.get(entry)?.rule)?;
    // a score of 1000 is the mean case
    let score = packet.score.filter(|score| by_scores && *score > 0);
    let relative = score.map(|score| score as f64 / 1e9);
    let cost = relative.unwrap_or_else(|| normal_factor(rng, 0.7));
    Some(GroupOfMix {
        mdc,
        entry,
        drg: None,
        mean_cost_fen: 1_000_000.0 * cost.max(0.001),
        mean_stay: 8.5 * cost.max(0.05).powf(0.4) * normal_factor(rng, 0.3),
    })
}

/// A factor of mean 1: exp(sigma·Z − sigma²/2).
fn normal_factor(rng: &mut ChaCha8Rng, sigma: f64) -> f64 {
    LogNormal::new(-sigma * sigma / 2.0, sigma).map_or(1.0, |law| law.sample(rng))
}

fn standard_normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Makes the rows of persons, one after the other.
struct Maker<'g, 'm> {
    generator: &'m Generator<'g>,
    work: Workspace,
    checker: Checker<'static>,
    made: Made,
}

impl Maker<'_, '_> {
    fn person(&mut self, index: u64) {
        let generator = self.generator;
        let plan = &generator.plan;
        let mut rng = stream(plan.seed, Domain::Persons, index);
        let more = generator.stays.map_or(0, |law| law.sample(&mut rng)).min(40);
        let Some(group) = generator.mix.draw(&mut rng) else {
            return;
        };
        let mut wishes = generator.drawer.wishes(group, &mut rng);
        let person = Person::new(index, plan.year, &wishes, &mut rng);
        let stays = if person.is_infant() {
            1
        } else {
            usize::try_from(more).unwrap_or(0) + 1
        };
        let home = people::choose_hospital(&generator.hospitals, &mut rng);
        let mut group = *group;
        for stay in 0..stays {
            if stay > 0 {
                // later stays: another group that this person can have, else the same again
                for _ in 0..20 {
                    let Some(next) = generator.mix.draw(&mut rng) else {
                        break;
                    };
                    let next_wishes = generator.drawer.wishes(next, &mut rng);
                    if person.can_have(&next_wishes) {
                        (group, wishes) = (*next, next_wishes);
                        break;
                    }
                }
            }
            // most return to the same hospital
            let hospital = match rng.random_bool(0.7) {
                true => home,
                false => people::choose_hospital(&generator.hospitals, &mut rng),
            };
            let Some(hospital) = generator.hospitals.get(hospital) else {
                continue;
            };
            let when = people::segment(plan.year, stay, stays);
            self.stay(&person, &group, &wishes, hospital, (stay, when), &mut rng);
        }
        self.made.persons.push(person);
    }

    fn stay(
        &mut self,
        person: &Person,
        group: &GroupOfMix,
        wishes: &wishes::Wishes,
        hospital: &Hospital,
        (number, when): (usize, people::Segment),
        rng: &mut ChaCha8Rng,
    ) {
        const DRAWS: usize = 12;
        let generator = self.generator;
        let scheme = generator.grouper.scheme();
        let planned = generator.drawer.group_code(group);
        let mut last = None;
        for _ in 0..DRAWS {
            let mut draft = generator.drawer.draft(group, wishes, person, hospital, when, rng);
            draft.case_id = format!("C{}-{:07}-{}", generator.plan.year, person.index, number + 1);
            let row = draft.row();
            let found = match self.checker.check_text(&row, 1) {
                Checked::Case => generator
                    .grouper
                    .group(self.checker.case(), &mut self.work)
                    .code(scheme),
                _ => "rejected",
            };
            let hit = found == planned;
            last = Some((draft, row, found));
            if hit {
                break;
            }
        }
        self.checker.take_findings();
        let Some((draft, row, found)) = last else { return };
        let truth = |planted: &str| {
            format!(
                "{},{},{planned},{found},{:.4},{planted}",
                draft.case_id, person.id, draft.cost_factor
            )
        };
        if generator.plan.defects > 0.0 && rng.random_bool(generator.plan.defects) {
            let (rows, planted) = defects::plant(&draft, row, rng);
            self.made.truth.extend(rows.iter().map(|_| truth(planted)));
            self.made.records.extend(rows);
        } else {
            self.made.truth.push(truth(""));
            self.made.records.push(row);
        }
        self.made
            .owners
            .resize(self.made.records.len(), self.made.persons.len());
    }
}
