//! Which lever did what (归因): isolated effects, the ordered waterfall, Shapley values.
//!
//! Every part is a sum of exact differences of whole runs over k!, so parts sum to the whole to the
//! fen before anything is shown; what is shown is split by largest remainder.

use std::sync::Arc;

use rand::Rng;

use super::behaviour::stream_of;
use super::engine::Engine;
use super::outcome::Outcome;
use super::resolve::Resolved;
use crate::diagnostics::{Error, Result};
use crate::units::{Fen, apportion};

/// More levers than this are drawn by permutations instead of every subset (精确计算上限).
const MOST_EXACT: usize = 10;

/// Permutations drawn beyond that.
const PERMUTATIONS: u64 = 512;

/// What each lever did to one hospital (单个医院归因), in fen, in the order of the levers.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// Each lever alone on the baseline.
    pub isolated: Vec<Fen>,
    /// Each lever in its order.
    pub waterfall: Vec<Fen>,
    /// Shapley values; sum to the total.
    pub shapley: Vec<Fen>,
    /// Standard errors of the Shapley values in fen, where they were drawn.
    pub errors: Vec<f64>,
    /// Reform less baseline.
    pub total: Fen,
}

/// What every lever did (归因结果).
#[derive(Clone, Debug)]
pub struct Attribution {
    /// Levers in the order of the waterfall.
    pub levers: Vec<String>,
    /// Hospitals by code.
    pub hospitals: Vec<Parts>,
    /// Outcome of each lever alone on the baseline.
    pub isolated: Vec<Arc<Outcome>>,
    /// Every subset was run.
    pub exact: bool,
}

/// Runs subsets of the changed levers and shares the change out (计算归因).
///
/// # Errors
/// An order that names a lever which is not changed; a subset that cannot be run by itself.
pub fn attribute(engine: &mut Engine<'_>, resolved: &Resolved, base: &Outcome) -> Result<Attribution> {
    let levers = ordered(resolved)?;
    let mut runs = Subsets {
        engine,
        resolved,
        levers: &levers,
        known: Vec::new(),
    };
    let isolated = (0..levers.len())
        .map(|at| runs.run(1 << at))
        .collect::<Result<Vec<_>>>()?;
    let mut walked = vec![runs.run(0)?];
    for at in 0..levers.len() {
        walked.push(runs.run((1 << (at + 1)) - 1)?);
    }
    let exact = levers.len() <= MOST_EXACT;
    let shapley = if exact {
        exactly(&mut runs)?
    } else {
        drawn(&mut runs)?
    };
    let last = walked.last().cloned();
    let of = |outcome: &Outcome, at: usize| {
        outcome
            .hospitals
            .get(at)
            .map_or(Fen::ZERO, |hospital| hospital.due)
    };
    let part = |at: usize| -> Result<Parts> {
        let total = last.as_ref().map_or(Fen::ZERO, |last| of(last, at)) - of(base, at);
        let (numerators, errors) = shapley.of(at);
        let shares = apportion(total, &numerators, shapley.denominator);
        Ok(Parts {
            isolated: isolated
                .iter()
                .map(|outcome| of(outcome, at) - of(base, at))
                .collect(),
            waterfall: walked
                .windows(2)
                .map(|pair| match pair {
                    [before, after] => of(after, at) - of(before, at),
                    _ => Fen::ZERO,
                })
                .collect(),
            shapley: if levers.is_empty() {
                Vec::new()
            } else {
                shares.map_err(|e| Error::new(e.to_string()))?
            },
            errors,
            total,
        })
    };
    let hospitals = (0..base.hospitals.len()).map(part).collect::<Result<_>>()?;
    Ok(Attribution {
        hospitals,
        isolated,
        exact,
        levers,
    })
}

/// Changed levers: those the scenario orders first, the rest by name.
fn ordered(resolved: &Resolved) -> Result<Vec<String>> {
    let changed = resolved.changed_levers();
    let order = &resolved.study.order;
    if let Some(unknown) = order.iter().find(|lever| !changed.contains(lever)) {
        let hint = crate::diagnostics::suggestion(unknown, changed.iter().map(String::as_str));
        let place = resolved
            .reform
            .document
            .get(&["attribution", "order"])
            .map(|leaf| leaf.place.clone());
        let message =
            format!("`attribution.order` names `{unknown}`, which the reform does not change{hint}");
        return Err(match place {
            Some(place) => Error::at(place, message),
            None => Error::new(message),
        });
    }
    let rest = changed.iter().filter(|lever| !order.contains(lever));
    Ok(order.iter().chain(rest).cloned().collect())
}

/// Runs of subsets of levers, by a bit for each lever.
struct Subsets<'r, 'a> {
    engine: &'r mut Engine<'a>,
    resolved: &'r Resolved,
    levers: &'r [String],
    known: Vec<(u64, Arc<Outcome>)>,
}

impl Subsets<'_, '_> {
    fn run(&mut self, subset: u64) -> Result<Arc<Outcome>> {
        if let Some((_, outcome)) = self.known.iter().find(|(known, _)| *known == subset) {
            return Ok(Arc::clone(outcome));
        }
        let chosen = self
            .levers
            .iter()
            .enumerate()
            .filter(|(at, _)| subset >> at & 1 == 1);
        let chosen: Vec<&str> = chosen.map(|(_, lever)| lever.as_str()).collect();
        let whole = self.resolved.with_levers(&chosen);
        let name = if chosen.is_empty() {
            "baseline".to_owned()
        } else {
            chosen.join("+")
        };
        let outcome = self.engine.run(&name, &whole)?.outcome;
        self.known.push((subset, Arc::clone(&outcome)));
        Ok(outcome)
    }

    fn dues(&mut self, subset: u64) -> Result<Vec<i128>> {
        let outcome = self.run(subset)?;
        Ok(outcome
            .hospitals
            .iter()
            .map(|hospital| i128::from(hospital.due.fen()))
            .collect())
    }
}

/// Shapley values times a denominator: by lever, by hospital.
struct Shapley {
    numerators: Vec<Vec<i128>>,
    errors: Vec<Vec<f64>>,
    denominator: i128,
}

impl Shapley {
    fn of(&self, hospital: usize) -> (Vec<i128>, Vec<f64>) {
        let numerators = self
            .numerators
            .iter()
            .map(|of| of.get(hospital).copied().unwrap_or(0));
        let errors = self
            .errors
            .iter()
            .map(|of| of.get(hospital).copied().unwrap_or(0.0));
        (numerators.collect(), errors.collect())
    }
}

/// φⱼ = Σ |T|! (k − |T| − 1)! [v(T ∪ j) − v(T)], over k!.
fn exactly(runs: &mut Subsets<'_, '_>) -> Result<Shapley> {
    let count = runs.levers.len();
    let factorial = |n: usize| (1..=n as i128).product::<i128>();
    let mut numerators = Vec::new();
    for lever in 0..count {
        let mut sums: Vec<i128> = Vec::new();
        for subset in (0..1_u64 << count).filter(|subset| subset >> lever & 1 == 0) {
            let size = subset.count_ones() as usize;
            let ways = factorial(size) * factorial(count - size - 1);
            let (without, with) = (runs.dues(subset)?, runs.dues(subset | 1 << lever)?);
            sums.resize(with.len(), 0);
            for ((sum, with), without) in sums.iter_mut().zip(with).zip(without) {
                *sum += ways * (with - without);
            }
        }
        numerators.push(sums);
    }
    Ok(Shapley {
        numerators,
        errors: Vec::new(),
        denominator: factorial(count),
    })
}

/// The same by seeded permutations, with the standard error of each mean.
fn drawn(runs: &mut Subsets<'_, '_>) -> Result<Shapley> {
    let count = runs.levers.len();
    let hospitals = runs.dues(0)?.len();
    let mut sums = vec![vec![0_i128; hospitals]; count];
    let mut squares = vec![vec![0.0_f64; hospitals]; count];
    let seed = runs.resolved.study.mc.as_ref().map_or(0, |mc| mc.seed);
    for draw in 0..PERMUTATIONS {
        let mut subset = 0;
        let mut before = runs.dues(0)?;
        for lever in permutation(count, &mut stream_of(seed, draw)) {
            subset |= 1 << lever;
            let after = runs.dues(subset)?;
            let (Some(sums), Some(squares)) = (sums.get_mut(lever), squares.get_mut(lever)) else {
                continue;
            };
            for (((sum, square), after), before) in sums.iter_mut().zip(squares).zip(&after).zip(&before) {
                *sum += after - before;
                *square += ((after - before) as f64).powi(2);
            }
            before = after;
        }
    }
    let draws = PERMUTATIONS as f64;
    let error = |(sums, squares): (&Vec<i128>, &Vec<f64>)| {
        let of = |(sum, square): (&i128, &f64)| {
            let mean = *sum as f64 / draws;
            ((square / draws - mean * mean).max(0.0) / (draws - 1.0)).sqrt()
        };
        sums.iter().zip(squares).map(of).collect()
    };
    Ok(Shapley {
        errors: sums.iter().zip(&squares).map(error).collect(),
        numerators: sums,
        denominator: i128::from(PERMUTATIONS),
    })
}

/// A permutation by Fisher and Yates.
fn permutation(count: usize, random: &mut impl Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        let other = (random.next_u64() % (at as u64 + 1)) as usize;
        order.swap(at, other);
    }
    order
}
