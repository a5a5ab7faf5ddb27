//! Codes that go together (编码组合池).
//!
//! Most codes drawn by a rule alone do not reach their group, or an edit finds something in them. So each
//! group has a pool of combinations, drawn until the grouper and the checker agree; a record takes one of
//! them and only its other columns are made. Whether a combination suits a person and a stay is asked
//! once for each of its [`Cell`]s. All of it depends on nothing but the plan, so it does not matter which
//! thread asks first.
//!
//! A pool holds the square root of the records expected in its group, at least 4 and at most 64; all
//! pools together hold at most 131,072.

use std::sync::{Mutex, OnceLock, PoisonError};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::super::draw::pick;
use super::super::wishes::Wishes;
use super::super::{Domain, stream};
use super::bands::Cell;
use super::codes::{Coder, Codes, Mark};
use super::mix::{Class, RegionGroup};
use super::stay;

/// Fewest and most combinations of a group.
const OF_A_GROUP: (f64, f64) = (4.0, 64.0);
/// Most combinations of all groups.
const OF_ALL: f64 = 131_072.0;

/// Codes that reach their group in a record in which nothing is found (编码组合).
#[derive(Debug)]
pub(super) struct Combination {
    /// What was asked of person and stay.
    pub(super) wishes: Wishes,
    pub(super) codes: Codes,
    /// The lists as they are written.
    pub(super) texts: Texts,
    pub(super) department: Box<str>,
    /// The morphology of the principal diagnosis.
    pub(super) morphology: &'static str,
    /// The cause of an injury.
    pub(super) cause: Box<str>,
    pub(super) operated: bool,
    /// There is an outcome of delivery.
    pub(super) delivers: bool,
    /// Least and most hours of a ventilator.
    pub(super) ventilated: Option<(i64, i64)>,
    /// Whether men, and women, can have them.
    pub(super) sexes: [bool; 2],
    /// Where it is known whether they suit.
    verdicts: Mutex<Vec<(Cell, bool)>>,
}

/// Lists of codes as cells.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) diagnoses: Box<str>,
    pub(super) diagnosis_names: Box<str>,
    pub(super) procedures: Box<str>,
    pub(super) procedure_names: Box<str>,
    /// Empty where nothing is an operation.
    pub(super) levels: Box<str>,
}

/// Texts with `|` between them.
fn joined<'t>(texts: impl Iterator<Item = &'t str>) -> Box<str> {
    let texts: Vec<&str> = texts.collect();
    texts.join("|").into()
}

impl Combination {
    pub(super) fn new(
        coder: &Coder<'_>,
        mut wishes: Wishes,
        codes: Codes,
        rng: &mut ChaCha8Rng,
    ) -> Combination {
        let operated = codes.procedures.iter().any(|id| coder.is_operation(*id));
        let principal = codes.diagnoses.first();
        let usual = principal.map_or("", |id| coder.department(*id, operated));
        let department = wishes.department.as_deref().unwrap_or(usual).into();
        let diagnoses = || codes.diagnoses.iter();
        let procedures = || codes.procedures.iter();
        let level = |id: &crate::tables::CodeId| match coder.is_operation(*id) {
            true => stay::level_of(*id),
            false => "",
        };
        let texts = Texts {
            diagnoses: joined(diagnoses().map(|id| coder.code(*id))),
            diagnosis_names: joined(diagnoses().map(|id| coder.name(*id))),
            procedures: joined(procedures().map(|id| coder.code(*id))),
            procedure_names: joined(procedures().map(|id| coder.name(*id))),
            levels: if operated {
                joined(procedures().map(level))
            } else {
                "".into()
            },
        };
        wishes.forget_codes();
        Combination {
            texts,
            department,
            morphology: principal.map_or("", |id| coder.morphology(*id)),
            cause: cause(coder, &codes, rng),
            operated,
            delivers: coder.any(&codes.diagnoses, Mark::Outcome),
            ventilated: ventilated(coder, &codes),
            sexes: [true, true],
            verdicts: Mutex::default(),
            wishes,
            codes,
        }
    }

    pub(super) fn is_of_sex(&self, sex: u8) -> bool {
        let [men, women] = self.sexes;
        if sex == 1 { men } else { women }
    }

    /// Whether they suit where a stay lies, as far as that is known.
    pub(super) fn verdict(&self, cell: &Cell) -> Option<bool> {
        let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = verdicts.iter().find(|(of, _)| of == cell);
        known.map(|(_, suits)| *suits)
    }

    pub(super) fn note(&self, cell: Cell, suits: bool) {
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        verdicts.push((cell, suits));
    }
}

/// A cause for injuries that none of the codes names.
fn cause(coder: &Coder<'_>, codes: &Codes, rng: &mut ChaCha8Rng) -> Box<str> {
    let injured = coder.any(&codes.diagnoses, Mark::Injury);
    let says_cause = coder.any(&codes.diagnoses, Mark::Cause);
    let cause = pick(&coder.causes, rng).filter(|_| injured && !says_cause);
    cause.map_or("", String::as_str).into()
}

fn ventilated(coder: &Coder<'_>, codes: &Codes) -> Option<(i64, i64)> {
    if coder.any(&codes.procedures, Mark::LongVentilated) {
        return Some((96, i64::MAX));
    }
    coder.any(&codes.procedures, Mark::Ventilated).then_some((1, 95))
}

/// A combination, once it was drawn; nothing where none could be found.
type Place = OnceLock<Option<Box<Combination>>>;

/// The pools of all groups.
#[derive(Debug)]
pub(super) struct Pools {
    seed: u64,
    /// By group: of any stay, and of stays in which a child is born that has a record of its own.
    groups: Vec<[Vec<Place>; 2]>,
}

impl Pools {
    /// A few combinations of every group, to see which groups can be made at all.
    pub(super) fn to_try(groups: usize, seed: u64) -> Pools {
        Pools::of_sizes((0..groups).map(|_| 2), seed)
    }

    /// As many as the records planned ask for, by the share of each group.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "statistics: sizes within narrow bounds"
    )]
    pub(super) fn new(shares: &[f64], cases: u64, seed: u64) -> Pools {
        let (least, most) = OF_A_GROUP;
        let wanted = |share: &f64| (share * cases as f64).sqrt().clamp(least, most);
        let all: f64 = shares.iter().filter(|share| **share > 0.0).map(wanted).sum();
        let part = (OF_ALL / all.max(1.0)).min(1.0);
        let sizes = shares.iter().map(|share| (wanted(share) * part).ceil() as usize);
        Pools::of_sizes(sizes, seed)
    }

    fn of_sizes(sizes: impl Iterator<Item = usize>, seed: u64) -> Pools {
        let places = |size: usize| (0..size).map(|_| Place::new()).collect::<Vec<_>>();
        Pools {
            seed,
            groups: sizes.map(|size| [places(size), places(size)]).collect(),
        }
    }

    /// The pool of a group.
    pub(super) fn of(&self, group: usize, births: bool) -> &[Place] {
        let pools = self.groups.get(group);
        pools
            .and_then(|pools| pools.get(usize::from(births)))
            .map_or(&[], Vec::as_slice)
    }

    /// The random stream of one combination.
    pub(super) fn stream(&self, group: usize, births: bool, place: usize) -> ChaCha8Rng {
        let number = ((group as u64) << 24) + (u64::from(births) << 20) + place as u64;
        stream(self.seed, Domain::Codes, number)
    }
}

/// The places of a pool in turn, from a drawn one on.
pub(super) fn in_turn(size: usize, rng: &mut ChaCha8Rng) -> impl Iterator<Item = usize> + use<> {
    let first = if size == 0 { 0 } else { rng.random_range(0..size) };
    (0..size).map(move |step| (first + step) % size)
}

/// The sexes of those in a group whose codes may be drawn.
pub(super) fn sexes_of(group: &RegionGroup, wishes: &Wishes) -> impl Iterator<Item = u8> + use<> {
    let (obstetric, asked) = (group.class == Class::Obstetric, wishes.sex);
    let fits = move |sex: &u8| !(obstetric && *sex == 1) && asked.is_none_or(|asked| asked == *sex);
    [1, 2].into_iter().filter(fits)
}
