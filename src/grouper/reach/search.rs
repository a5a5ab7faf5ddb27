//! Is there a case that fulfils these formulas? Complete search: a case is found, or there is none.
//!
//! One slot of the case is chosen after the other, of the options that the formulas about this slot
//! alone leave ([`super::demands`]), and of these only those that differ in what the other formulas
//! still ask; then each test of the other codes is taken to fail, then to hold; what is left is a
//! set of codes to find ([`super::others`]). A budget of work bounds the whole.

use hashbrown::HashMap;

use super::bits::Bits;
use super::demands::Demands;
use super::formula::{Formula, Model, Slot, Test};
use super::others::{self, Completed};

/// A case in the numbers of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    /// The option of each slot, by its number.
    options: [usize; Slot::ALL.len()],
    /// The principal diagnoses that are the same to the formulas, but for what they let the other
    /// codes count for; the one chosen is among them.
    pub(super) principals: Bits,
    /// Classes of the other diagnoses.
    pub(super) others: Vec<usize>,
    /// Classes of the other procedures.
    pub(super) procedures: Vec<usize>,
}

impl Draft {
    /// The first option of every slot.
    fn first() -> Draft {
        Draft {
            options: [0; Slot::ALL.len()],
            principals: Bits::default(),
            others: Vec::new(),
            procedures: Vec::new(),
        }
    }

    /// The option chosen for a slot.
    pub(super) fn option(&self, slot: Slot) -> usize {
        self.options.get(slot as usize).copied().unwrap_or(0)
    }

    /// With another option.
    pub(super) fn with(&self, slot: Slot, option: usize) -> Draft {
        let mut draft = self.clone();
        draft
            .options
            .iter_mut()
            .skip(slot as usize)
            .take(1)
            .for_each(|chosen| *chosen = option);
        draft
    }

    /// How many codes the principal ones are.
    pub(super) fn principal_codes(&self) -> usize {
        1 + usize::from(self.option(Slot::PrincipalProcedure) > 0)
    }

    /// How many codes there are in all.
    pub(super) fn codes(&self) -> usize {
        self.principal_codes() + self.others.len() + self.procedures.len()
    }
}

/// How a search ended.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// This case fulfils all.
    Found(Draft),
    /// No case does.
    None,
    /// The budget was used up before either was known.
    Undecided,
}

/// A search and what it may cost (搜索).
pub(super) struct Search<'m> {
    pub(super) model: &'m Model,
    /// What the case must fulfil.
    pub(super) demands: &'m Demands,
    /// Parts of formulas that may yet be looked at.
    pub(super) budget: u64,
    /// Cases of more codes are not looked for.
    pub(super) most_codes: usize,
}

/// Tests taken to hold or to fail.
pub(super) type Taken = Vec<(usize, bool)>;

impl Search<'_> {
    /// The first case that fulfils all that is demanded.
    pub(super) fn first_case(&mut self) -> Outcome {
        if self.demands.leave_nothing() {
            return Outcome::None;
        }
        self.choose(&self.demands.open, &Draft::first(), &Slot::ALL)
    }

    fn choose(&mut self, open: &[Formula], draft: &Draft, slots: &[Slot]) -> Outcome {
        let Some((slot, later)) = slots.split_first() else {
            return self.take(open, draft, &mut Vec::new());
        };
        let parts = self.told_apart(*slot, open);
        self.first_found(parts, |search, alike| {
            search.choose_among(&alike, open, draft, *slot, later)
        })
    }

    /// Goes on with the first of some options that are the same to the formulas.
    fn choose_among(
        &mut self,
        alike: &Bits,
        open: &[Formula],
        draft: &Draft,
        slot: Slot,
        later: &[Slot],
    ) -> Outcome {
        let Some(option) = alike.first() else {
            return Outcome::None;
        };
        let mut draft = draft.with(slot, option);
        if draft.principal_codes() > self.most_codes {
            return Outcome::None;
        }
        if slot == Slot::PrincipalDiagnosis {
            draft.principals = alike.clone();
        }
        match self.given(open, |test| known_by(test, slot, option)) {
            Some(left) => self.choose(&left, &draft, later),
            None => Outcome::None,
        }
    }

    /// Only tests of other codes are left: those that stand alone are known, each other one fails,
    /// or holds.
    fn take(&mut self, open: &[Formula], draft: &Draft, taken: &mut Taken) -> Outcome {
        let Some(alone) = alone(open) else {
            return Outcome::None;
        };
        if !alone.is_empty() {
            return self.taking(&alone, open, draft, taken);
        }
        let mut first = None;
        for formula in open {
            formula.each_test(&mut |test| first = first.or(Some(test)));
        }
        let Some(test) = first else {
            return self.complete(draft, taken);
        };
        self.first_found([false, true], |search, holds| {
            search.taking(&[(test, holds)], open, draft, taken)
        })
    }

    /// Goes on with what is left when these tests hold or fail as they are said to.
    fn taking(
        &mut self,
        more: &[(usize, bool)],
        open: &[Formula],
        draft: &Draft,
        taken: &mut Taken,
    ) -> Outcome {
        let known: HashMap<usize, bool> = more.iter().copied().collect();
        let Some(left) = self.left(open, &|number| known.get(&number).copied()) else {
            return Outcome::None;
        };
        let before = taken.len();
        taken.extend_from_slice(more);
        let outcome = self.take(&left, draft, taken);
        taken.truncate(before);
        outcome
    }

    /// The first case that one of the choices leads to; not known if one was given up.
    fn first_found<C>(
        &mut self,
        choices: impl IntoIterator<Item = C>,
        mut follow: impl FnMut(&mut Self, C) -> Outcome,
    ) -> Outcome {
        let mut given_up = false;
        for choice in choices {
            match follow(self, choice) {
                Outcome::None => {}
                found @ Outcome::Found(_) => return found,
                Outcome::Undecided => given_up = true,
            }
            if self.budget == 0 {
                return Outcome::Undecided;
            }
        }
        if given_up {
            Outcome::Undecided
        } else {
            Outcome::None
        }
    }

    fn complete(&mut self, draft: &Draft, taken: &Taken) -> Outcome {
        match others::complete(self.model, draft, taken, self.most_codes, &mut self.budget) {
            Completed::With(case) => Outcome::Found(case),
            Completed::Impossible => Outcome::None,
            Completed::Undecided => Outcome::Undecided,
        }
    }

    /// The tests the formulas still ask, each once.
    fn asked(&mut self, open: &[Formula]) -> Vec<usize> {
        let mut asked = Vec::new();
        for formula in open {
            formula.each_test(&mut |test| asked.push(test));
        }
        self.budget = self.budget.saturating_sub(asked.len() as u64);
        asked.sort_unstable();
        asked.dedup();
        asked
    }

    /// The options of a slot, those together that are the same to the formulas; in the order of
    /// the first of each.
    fn told_apart(&mut self, slot: Slot, open: &[Formula]) -> Vec<Bits> {
        let mut apart = vec![self.demands.options(self.model, slot)];
        for number in self.asked(open) {
            match self.model.tests.get(number) {
                Some(Test::Choice(of, options)) if *of == slot => split_all(&mut apart, options),
                // without a principal procedure there is no other
                Some(Test::OtherProcedure(_)) if slot == Slot::PrincipalProcedure => {
                    split_all(&mut apart, &Bits::below(1));
                }
                _ => {}
            }
            self.budget = self.budget.saturating_sub(apart.len() as u64);
        }
        apart.sort_by_key(Bits::first);
        apart
    }

    /// What is left of the formulas when a slot is chosen; nothing if one of them fails.
    fn given(&mut self, open: &[Formula], known: impl Fn(&Test) -> Option<bool>) -> Option<Vec<Formula>> {
        let model = self.model;
        self.left(open, &|number| model.tests.get(number).and_then(&known))
    }

    fn left(&mut self, open: &[Formula], known: &impl Fn(usize) -> Option<bool>) -> Option<Vec<Formula>> {
        let mut left = Vec::with_capacity(open.len());
        for formula in open {
            let mut work = 0;
            let formula = formula.given(known, &mut work);
            self.budget = self.budget.saturating_sub(work);
            match formula.value() {
                Some(true) => {}
                Some(false) => return None,
                None => left.push(formula),
            }
        }
        Some(left)
    }
}

/// The tests that a formula of its own demands to hold or to fail, each once; nothing if one is to
/// do both.
fn alone(open: &[Formula]) -> Option<Taken> {
    let mut known: HashMap<usize, bool> = HashMap::new();
    let mut alone = Vec::new();
    for (test, holds) in open.iter().filter_map(Formula::literal) {
        match known.insert(test, holds) {
            Some(before) if before != holds => return None,
            Some(_) => {}
            None => alone.push((test, holds)),
        }
    }
    Some(alone)
}

/// Splits each set into what is among `options` and what is not.
fn split_all(sets: &mut Vec<Bits>, options: &Bits) {
    let parts = sets.iter().flat_map(|set| {
        let (inside, outside) = set.split(options);
        [inside, outside]
    });
    *sets = parts.filter(|part| part.first().is_some()).collect();
}

/// What choosing an option says of a test.
fn known_by(test: &Test, slot: Slot, option: usize) -> Option<bool> {
    match test {
        Test::Choice(of, options) if *of == slot => Some(options.contains(option)),
        // without a principal procedure there is no other
        Test::OtherProcedure(_) if slot == Slot::PrincipalProcedure && option == 0 => Some(false),
        _ => None,
    }
}
