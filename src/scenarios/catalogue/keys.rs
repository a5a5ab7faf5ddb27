//! Which keys of diagnosis and procedures become packets (病种聚类).

use std::collections::{BTreeMap, BTreeSet};

use super::history::{History, Observed};
use super::plan::BuildPlan;
use crate::points::calibration::Sums;
use crate::tables::TreatmentType;
use crate::units::{Exact, Overflow};

/// The packets of a catalogue to be, and how they came about (病种组合).
#[derive(Debug, Default)]
pub struct Keys {
    /// Core packets: diagnosis and procedures, the main one first (核心病种).
    pub core: Vec<CoreKey>,
    /// Comprehensive packets: category and treatment type (综合病种).
    pub comprehensive: Vec<(String, TreatmentType)>,
    /// Fewest cases of a core packet, as chosen.
    pub core_min: u64,
    /// Comprehensive packets that had too few cases, with these.
    pub too_small: Vec<(String, TreatmentType, u64)>,
}

/// A core packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CoreKey {
    /// What it fixes of the principal diagnosis.
    pub diagnosis: String,
    /// The main procedure and related ones that make it a packet of its own.
    pub procedures: Vec<String>,
}

/// Diagnosis and main procedure.
type Base = (u32, Option<u32>);

/// The cases of a base, by number.
type Bases = BTreeMap<Base, Vec<usize>>;

/// Chooses packets: bases of diagnosis and main procedure with enough cases, split by related procedures that
/// add enough to the cost; what is in none is put together by category and treatment type.
///
/// # Errors
/// Sums leave the exact range.
pub fn choose_keys(history: &History, plan: &BuildPlan) -> Result<Keys, Overflow> {
    let mut bases = Bases::new();
    for (place, case) in history.cases.iter().enumerate() {
        bases.entry((case.diagnosis, case.main)).or_default().push(place);
    }
    let core_min = plan
        .core_min
        .unwrap_or_else(|| threshold_of_coverage(&bases, history.cases.len(), plan));
    let mut keys = Keys {
        core_min,
        ..Keys::default()
    };
    let is_core = |cases: &[usize]| cases.len() as u64 >= core_min;
    for ((diagnosis, main), cases) in bases.iter().filter(|(_, cases)| is_core(cases)) {
        let related = match main {
            Some(_) => sets_of_related(history, cases, (plan, core_min))?,
            None => vec![BTreeSet::new()],
        };
        for set in related {
            let procedures = main.iter().chain(&set).map(|code| history.text(*code).to_owned());
            keys.core.push(CoreKey {
                diagnosis: history.text(*diagnosis).to_owned(),
                procedures: procedures.collect(),
            });
        }
    }
    keys.core.sort();
    // a conservative case is taken by the packet without procedures, whatever it had
    let falls_back = |case: &Observed| {
        let conservative = bases.get(&(case.diagnosis, None));
        case.kind == TreatmentType::Conservative && conservative.is_some_and(|cases| is_core(cases))
    };
    let rest = bases.values().filter(|cases| !is_core(cases)).flatten();
    let rest = rest.filter_map(|place| history.cases.get(*place));
    let rest = rest.filter(|case| !falls_back(case));
    put_together(&mut keys, history, plan, rest);
    Ok(keys)
}

/// The largest threshold at which core packets cover the share asked for, 1 if need be.
fn threshold_of_coverage(bases: &Bases, cases: usize, plan: &BuildPlan) -> u64 {
    let wanted = plan.coverage.map_or(Exact::ZERO, |coverage| coverage.exact());
    let mut sizes: Vec<usize> = bases.values().map(Vec::len).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let mut covered = 0;
    for size in sizes {
        covered += size;
        let share = Exact::new(covered as i128, cases.max(1) as i128).unwrap_or(Exact::ONE);
        if share.compare(wanted).is_ge() {
            return size as u64;
        }
    }
    1
}

/// The sets of related procedures that are packets beside the main procedure alone, which is one of them.
///
/// A related procedure counts if the cases with it cost more by the share of the plan than those
/// without. Sets with too few cases lose the procedure that adds least; where too few cases are left without
/// any, the procedure that adds least no longer counts.
fn sets_of_related(
    history: &History,
    cases: &[usize],
    (plan, core_min): (&BuildPlan, u64),
) -> Result<Vec<BTreeSet<u32>>, Overflow> {
    let mut rises = rises_of(history, cases, (plan, core_min))?;
    loop {
        let counts = counted(history, cases, &rises, core_min);
        let alone = counts.get(&BTreeSet::new()).copied().unwrap_or(0);
        let least = rises.iter().min_by(|a, b| a.1.compare(*b.1).then(b.0.cmp(a.0)));
        match least.map(|(code, _)| *code) {
            Some(least) if alone < core_min => {
                rises.remove(&least);
            }
            _ => {
                let mut sets: BTreeSet<BTreeSet<u32>> = counts.into_keys().collect();
                sets.insert(BTreeSet::new());
                return Ok(sets.into_iter().collect());
            }
        }
    }
}

/// By how much each related procedure raises the mean, where that is enough.
fn rises_of(
    history: &History,
    cases: &[usize],
    (plan, core_min): (&BuildPlan, u64),
) -> Result<BTreeMap<u32, Exact>, Overflow> {
    let (mut all, mut with) = (Sums::default(), BTreeMap::<u32, (u64, Sums)>::new());
    for case in cases.iter().filter_map(|place| history.cases.get(*place)) {
        all.add(case.year, case.cost);
        for code in &case.others {
            let (count, sums) = with.entry(*code).or_default();
            *count += 1;
            sums.add(case.year, case.cost);
        }
    }
    let mut rises = BTreeMap::new();
    for (code, (count, sums)) in with.into_iter().filter(|(_, (count, _))| *count >= core_min) {
        let without = all
            .without(&sums)
            .mean(&plan.year_mix())?
            .filter(|mean| *mean > 0);
        let (Some(with), Some(without)) = (sums.mean(&plan.year_mix())?, without) else {
            continue; // every case has it: there is nothing to compare with
        };
        let rise = Exact::new(with, without)?.sub(Exact::ONE)?;
        if rise.compare(plan.related_rise.exact()).is_ge() && count < cases.len() as u64 {
            rises.insert(code, rise);
        }
    }
    Ok(rises)
}

/// Cases by the related procedures that count, sets with too few cases made smaller.
fn counted(
    history: &History,
    cases: &[usize],
    rises: &BTreeMap<u32, Exact>,
    core_min: u64,
) -> BTreeMap<BTreeSet<u32>, u64> {
    let mut counts: BTreeMap<BTreeSet<u32>, u64> = BTreeMap::new();
    for case in cases.iter().filter_map(|place| history.cases.get(*place)) {
        let set = case.others.iter().filter(|code| rises.contains_key(*code));
        *counts.entry(set.copied().collect()).or_default() += 1;
    }
    let longest = counts.keys().map(BTreeSet::len).max().unwrap_or(0);
    for length in (1..=longest).rev() {
        let small: Vec<BTreeSet<u32>> = counts
            .iter()
            .filter(|(set, count)| set.len() == length && **count < core_min)
            .map(|(set, _)| set.clone())
            .collect();
        for mut set in small {
            let count = counts.remove(&set).unwrap_or(0);
            let of_rise = |code: &u32| rises.get(code).copied().unwrap_or(Exact::ZERO);
            let least = set
                .iter()
                .copied()
                .min_by(|a, b| of_rise(a).compare(of_rise(b)).then(b.cmp(a)));
            least.iter().for_each(|least| {
                set.remove(least);
            });
            *counts.entry(set).or_default() += count;
        }
    }
    counts
}

/// Comprehensive packets of the cases that no core packet takes.
fn put_together<'h>(
    keys: &mut Keys,
    history: &History,
    plan: &BuildPlan,
    rest: impl Iterator<Item = &'h Observed>,
) {
    let mut counts: BTreeMap<(String, TreatmentType), u64> = BTreeMap::new();
    for case in rest {
        let diagnosis = history.text(case.diagnosis).chars();
        let category = diagnosis.take(plan.comprehensive_characters).collect();
        *counts.entry((category, case.kind)).or_default() += 1;
    }
    for ((category, kind), count) in counts {
        if count >= plan.comprehensive_min {
            keys.comprehensive.push((category, kind));
        } else {
            keys.too_small.push((category, kind, count));
        }
    }
}
