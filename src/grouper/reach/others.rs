//! The codes beside the principal ones: the fewest that make some tests hold and others fail.
//!
//! A test that fails forbids codes; one that holds needs a code of its set that is not forbidden.
//! Adding a code can only make more tests hold and more body regions be hit, so a search from no
//! code on, breadth first, finds the fewest or shows that there are none.

use hashbrown::HashSet;

use super::formula::{Model, Slot, Test};
use super::search::{Draft, Taken};
use crate::tables::Comparison;

/// Most tests that can hold at once.
const MOST_TESTS: usize = 64;

/// What became of a case's other codes.
pub(super) enum Completed {
    /// This case has them, the fewest there are.
    With(Draft),
    /// No codes do.
    Impossible,
    /// Not known within the budget.
    Undecided,
}

/// What one more code adds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Gain {
    /// Tests that hold by it.
    tests: u64,
    /// Body regions of each set of sites.
    sites: Vec<u64>,
}

impl Gain {
    fn nothing(&self) -> bool {
        self.tests == 0 && self.sites.iter().all(|mask| *mask == 0)
    }

    fn and(&self, more: &Gain) -> Gain {
        Gain {
            tests: self.tests | more.tests,
            sites: self.sites.iter().zip(&more.sites).map(|(a, b)| a | b).collect(),
        }
    }
}

/// Finds the other codes of a draft.
pub(super) fn complete(
    model: &Model,
    draft: &Draft,
    taken: &Taken,
    most_codes: usize,
    budget: &mut u64,
) -> Completed {
    let asks_sites = |(test, _): &(usize, bool)| matches!(model.tests.get(*test), Some(Test::Sites(..)));
    let counts_sites = taken.iter().any(asks_sites);
    let holding = taken.iter().filter(|(_, holds)| *holds).count();
    if holding > MOST_TESTS || counts_sites && !model.universe.countable {
        return Completed::Undecided;
    }
    let room = most_codes.saturating_sub(draft.principal_codes());
    if room == 0
        && taken
            .iter()
            .any(|(test, holds)| *holds && needs_code(model, *test))
    {
        return Completed::Impossible;
    }
    let procedures = match Sought::procedures(model, draft, taken).fewest(room, budget) {
        Ok(Some(classes)) => classes,
        Ok(None) => return Completed::Impossible,
        Err(OutOfBudget) => return Completed::Undecided,
    };
    let room = room - procedures.len();
    for principal in unlike(model, draft, taken, counts_sites) {
        *budget = budget.saturating_sub(model.universe.others.len() as u64);
        let mut case = draft.with(Slot::PrincipalDiagnosis, principal);
        match Sought::diagnoses(model, &case, taken, counts_sites).fewest(room, budget) {
            Ok(Some(others)) => {
                (case.others, case.procedures) = (others, procedures);
                return Completed::With(case);
            }
            Ok(None) => {}
            Err(OutOfBudget) => return Completed::Undecided,
        }
    }
    Completed::Impossible
}

/// Whether a test holds only by a code beside the principal ones.
fn needs_code(model: &Model, test: usize) -> bool {
    let test = model.tests.get(test);
    matches!(
        test,
        Some(Test::OtherDiagnosis(_) | Test::OtherProcedure(_) | Test::Complication(_))
    )
}

/// The principal diagnoses beside which the other diagnoses may count otherwise, the first of each.
fn unlike(model: &Model, draft: &Draft, taken: &Taken, counts_sites: bool) -> Vec<usize> {
    let (mut beside, mut lists) = (counts_sites, false);
    for test in taken.iter().filter_map(|(test, _)| model.tests.get(*test)) {
        beside |= matches!(test, Test::OtherDiagnosis(_) | Test::Complication(_));
        lists |= matches!(test, Test::Complication(_));
    }
    if !beside {
        return vec![draft.option(Slot::PrincipalDiagnosis)];
    }
    let mut seen = HashSet::new();
    let universe = &model.universe;
    let principals = draft.principals.iter();
    principals
        .filter(|principal| {
            let (excluded, sole) = universe.of_principal.get(*principal).cloned().unwrap_or_default();
            let excluded = if lists { excluded } else { Vec::new() };
            let class = universe.principals.get(*principal);
            let sites = class.filter(|_| counts_sites).map(|class| class.sites.clone());
            seen.insert((excluded, sole, sites))
        })
        .collect()
}

struct OutOfBudget;

/// What is wanted of some codes, and the codes there are.
struct Sought {
    start: Gain,
    wanted: u64,
    /// `(set of sites, comparison, number, whether it holds)`.
    regions: Vec<(usize, Comparison, i64, bool)>,
    /// Each code that adds something, the first of those that add the same.
    gains: Vec<(usize, Gain)>,
}

impl Sought {
    fn diagnoses(model: &Model, draft: &Draft, taken: &Taken, counts_sites: bool) -> Sought {
        let universe = &model.universe;
        let principal = draft.option(Slot::PrincipalDiagnosis);
        let no_lists = (Vec::new(), None);
        let (excluded, sole) = universe.of_principal.get(principal).unwrap_or(&no_lists);
        let counts = |class: usize| {
            let row = universe.complications.get(class).copied().flatten();
            row.filter(|row| row.exclusion.is_none_or(|list| !excluded.contains(&list)))
        };
        let hits = |class: usize, test: &Test| match test {
            Test::OtherDiagnosis(classes) => classes.contains(class),
            Test::Complication(level) => counts(class).is_some_and(|row| row.level == *level),
            _ => false,
        };
        let is_diagnosis = |test: &Test| matches!(test, Test::OtherDiagnosis(_) | Test::Complication(_));
        let regions = taken
            .iter()
            .filter_map(|(test, holds)| match model.tests.get(*test) {
                Some(Test::Sites(set, comparison, wanted)) => Some((*set, *comparison, *wanted, *holds)),
                _ => None,
            });
        let sites = |class: Option<&super::universe::Class>| {
            let masks = class.map_or(&[][..], |class| &class.sites);
            masks
                .iter()
                .map(|mask| if counts_sites { *mask } else { 0 })
                .collect::<Vec<u64>>()
        };
        let mut sought = Sought {
            start: Gain {
                tests: 0,
                sites: sites(universe.principals.get(principal)),
            },
            wanted: 0,
            regions: regions.collect(),
            gains: Vec::new(),
        };
        let classes = universe
            .others
            .iter()
            .enumerate()
            .filter(|(class, _)| Some(*class) != *sole);
        let classes = classes.map(|(number, class)| (number, sites(Some(class))));
        sought.gather(model, taken, classes, is_diagnosis, hits);
        sought
    }

    fn procedures(model: &Model, draft: &Draft, taken: &Taken) -> Sought {
        let mut sought = Sought {
            start: Gain {
                tests: 0,
                sites: Vec::new(),
            },
            wanted: 0,
            regions: Vec::new(),
            gains: Vec::new(),
        };
        let there = draft.option(Slot::PrincipalProcedure) > 0;
        let classes = (0..model.universe.procedures.len()).filter(|_| there);
        let hits = |class: usize, test: &Test| matches!(test, Test::OtherProcedure(classes) if classes.contains(class));
        let is_procedure = |test: &Test| matches!(test, Test::OtherProcedure(_));
        sought.gather(
            model,
            taken,
            classes.map(|class| (class, Vec::new())),
            is_procedure,
            hits,
        );
        sought
    }

    /// The codes that no failing test forbids and that add something.
    fn gather(
        &mut self,
        model: &Model,
        taken: &Taken,
        classes: impl Iterator<Item = (usize, Vec<u64>)>,
        of_kind: impl Fn(&Test) -> bool,
        hits: impl Fn(usize, &Test) -> bool,
    ) {
        let tests = |wanted: bool| -> Vec<&Test> {
            let tests = taken.iter().filter(|(_, holds)| *holds == wanted);
            let tests = tests.filter_map(|(test, _)| model.tests.get(*test));
            tests.filter(|test| of_kind(test)).collect()
        };
        let (holding, failing) = (tests(true), tests(false));
        for bit in 0..holding.len() {
            self.wanted |= 1 << bit;
        }
        if self.wanted == 0 && self.regions.is_empty() {
            return;
        }
        let mut seen = HashSet::new();
        for (class, sites) in classes {
            if failing.iter().any(|test| hits(class, test)) {
                continue;
            }
            let held = holding.iter().enumerate();
            let held = held.filter(|(_, test)| hits(class, test));
            let tests = held.fold(0, |bits, (bit, _)| bits | 1 << bit);
            let gain = Gain { tests, sites };
            if !gain.nothing() && seen.insert(gain.clone()) {
                self.gains.push((class, gain));
            }
        }
    }

    /// At most `room` classes that give all that is wanted; `None` if there are none.
    fn fewest(&self, room: usize, budget: &mut u64) -> Result<Option<Vec<usize>>, OutOfBudget> {
        if self.fulfilled(&self.start) {
            return Ok(Some(Vec::new()));
        }
        let mut seen: HashSet<Gain> = HashSet::from([self.start.clone()]);
        let mut ends: Vec<(Gain, Vec<usize>)> = vec![(self.start.clone(), Vec::new())];
        for _ in 0..room {
            let mut longer = Vec::new();
            for (gain, classes) in &ends {
                *budget = budget.saturating_sub(self.gains.len() as u64);
                if *budget == 0 {
                    return Err(OutOfBudget);
                }
                for (class, more) in &self.gains {
                    let gain = gain.and(more);
                    if !seen.insert(gain.clone()) {
                        continue;
                    }
                    let classes: Vec<usize> = classes.iter().copied().chain([*class]).collect();
                    if self.fulfilled(&gain) {
                        return Ok(Some(classes));
                    }
                    longer.push((gain, classes));
                }
            }
            if longer.is_empty() {
                return Ok(None);
            }
            ends = longer;
        }
        Ok(None)
    }

    fn fulfilled(&self, gain: &Gain) -> bool {
        let count = |set: usize| gain.sites.get(set).map_or(0, |mask| i64::from(mask.count_ones()));
        gain.tests & self.wanted == self.wanted
            && self.regions.iter().all(|(set, comparison, wanted, holds)| {
                comparison.holds(count(*set) * 100, *wanted) == *holds
            })
    }
}
