//! Conditions as formulas over the choices a case makes: each atom is a test of one choice, or of
//! the codes beside the principal ones.

use hashbrown::HashMap;

use super::bits::Bits;
use super::facts::FactOptions;
use super::universe::{Role, Universe};
use crate::tables::{
    Atom, CodeLists, Comparison, ComplicationLevel, Condition, Level, NumberFact, Otherwise, Pattern, Scheme,
    SetRef, Subject,
};

/// What a case has exactly one of; its options are numbered, the most usual first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Slot {
    /// A class of [`Universe::principals`].
    PrincipalDiagnosis,
    /// 0: none; else a class of [`Universe::procedures`], from 1.
    PrincipalProcedure,
    /// 0 male, 1 female.
    Sex,
    /// Years and days.
    Age,
    /// Weight.
    Weight,
    /// Length of stay.
    Los,
    /// Hours in intensive care.
    IcuHours,
    /// Total fee.
    Amount,
    /// Department.
    Department,
    /// Discharge status.
    Discharge,
}

impl Slot {
    /// All, in the order they are chosen.
    pub(super) const ALL: [Slot; 10] = [
        Slot::PrincipalDiagnosis,
        Slot::PrincipalProcedure,
        Slot::Sex,
        Slot::Age,
        Slot::Weight,
        Slot::Los,
        Slot::IcuHours,
        Slot::Amount,
        Slot::Department,
        Slot::Discharge,
    ];

    /// The slot a number stands in.
    pub(super) const fn of(fact: NumberFact) -> Slot {
        match fact {
            NumberFact::Age | NumberFact::AgeDays => Slot::Age,
            NumberFact::Weight => Slot::Weight,
            NumberFact::Los => Slot::Los,
            NumberFact::IcuHours => Slot::IcuHours,
            NumberFact::Amount => Slot::Amount,
        }
    }
}

/// What a formula asks of a case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Test {
    /// The slot's option is one of these.
    Choice(Slot, Bits),
    /// A diagnosis other than the principal is of one of these classes.
    OtherDiagnosis(Bits),
    /// A procedure other than the principal is of one of these classes.
    OtherProcedure(Bits),
    /// A complication of this level counts.
    Complication(ComplicationLevel),
    /// So many body regions of this set of sites are hit, in hundredths.
    Sites(usize, Comparison, i64),
}

/// A condition over numbered tests.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    /// All hold; empty: always.
    All(Vec<Formula>),
    /// One holds; empty: never.
    Any(Vec<Formula>),
    /// The inner does not hold.
    Not(Box<Formula>),
    /// The test of this number.
    Test(usize),
}

impl Formula {
    /// The other way round.
    pub(super) fn not(self) -> Formula {
        match self {
            Formula::Not(inner) => *inner,
            other => Formula::Not(Box::new(other)),
        }
    }

    /// Whether it is decided, and how.
    pub(super) fn value(&self) -> Option<bool> {
        match self {
            Formula::All(parts) if parts.is_empty() => Some(true),
            Formula::Any(parts) if parts.is_empty() => Some(false),
            _ => None,
        }
    }

    /// The test it is, and whether it must hold; nothing if it is more than one test.
    pub(super) fn literal(&self) -> Option<(usize, bool)> {
        match self {
            Formula::Test(test) => Some((*test, true)),
            Formula::Not(inner) => match **inner {
                Formula::Test(test) => Some((test, false)),
                _ => None,
            },
            _ => None,
        }
    }

    fn constant(value: bool) -> Formula {
        if value {
            Formula::All(Vec::new())
        } else {
            Formula::Any(Vec::new())
        }
    }

    /// What is left of it when some tests are known; `work` counts the parts looked at.
    pub(super) fn given(&self, known: &impl Fn(usize) -> Option<bool>, work: &mut u64) -> Formula {
        *work += 1;
        match self {
            Formula::Test(test) => known(*test).map_or(Formula::Test(*test), Formula::constant),
            Formula::Not(inner) => {
                let inner = inner.given(known, work);
                inner
                    .value()
                    .map_or_else(|| inner.clone().not(), |value| Formula::constant(!value))
            }
            Formula::All(parts) => joined(parts, true, Formula::All, known, work),
            Formula::Any(parts) => joined(parts, false, Formula::Any, known, work),
        }
    }

    /// Visits the tests in it, left to right.
    pub(super) fn each_test(&self, visit: &mut impl FnMut(usize)) {
        match self {
            Formula::Test(test) => visit(*test),
            Formula::Not(inner) => inner.each_test(visit),
            Formula::All(parts) | Formula::Any(parts) => {
                parts.iter().for_each(|part| part.each_test(visit));
            }
        }
    }
}

/// What is left of parts joined by `and` (`neutral` is true) or `or`.
fn joined(
    parts: &[Formula],
    neutral: bool,
    join: fn(Vec<Formula>) -> Formula,
    known: &impl Fn(usize) -> Option<bool>,
    work: &mut u64,
) -> Formula {
    let mut left = Vec::new();
    for part in parts {
        let part = part.given(known, work);
        match part.value() {
            Some(value) if value == neutral => {}
            Some(value) => return Formula::constant(value),
            None => left.push(part),
        }
    }
    match left.pop() {
        Some(only) if left.is_empty() => only,
        last => {
            left.extend(last);
            join(left)
        }
    }
}

/// A scheme as formulas, with all that its tests speak of (可解模型).
#[derive(Debug)]
pub(super) struct Model {
    pub(super) universe: Universe,
    pub(super) facts: FactOptions,
    pub(super) tests: Vec<Test>,
    /// The condition of each rule row.
    pub(super) when: Vec<Formula>,
    /// Where each row stands.
    pub(super) stands: Vec<Stand>,
}

/// Where a row stands: its own index among those of its MDC and its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    /// The MDC row.
    pub(super) mdc: usize,
    /// The ADRG or ambiguous row; the MDC row itself for an MDC.
    pub(super) entry: usize,
    /// One past the last group row of the entry.
    pub(super) end: usize,
}

impl Model {
    /// The formulas of a scheme; `lists` are the codes a case may have besides.
    pub(super) fn new(scheme: &Scheme, lists: Option<&CodeLists>) -> Model {
        let mut maker = Maker {
            scheme,
            universe: Universe::new(scheme, lists),
            facts: FactOptions::new(scheme),
            tests: Vec::new(),
            numbers: HashMap::new(),
        };
        let when = scheme
            .rules()
            .iter()
            .map(|rule| maker.formula(&rule.when))
            .collect();
        Model {
            universe: maker.universe,
            facts: maker.facts,
            tests: maker.tests,
            when,
            stands: stands(scheme),
        }
    }

    /// The condition of a row.
    pub(super) fn row(&self, row: usize) -> Formula {
        self.when
            .get(row)
            .cloned()
            .unwrap_or_else(|| Formula::constant(false))
    }

    /// Where a row stands.
    pub(super) fn stand(&self, row: usize) -> Stand {
        let nowhere = Stand {
            mdc: row,
            entry: row,
            end: row + 1,
        };
        self.stands.get(row).copied().unwrap_or(nowhere)
    }

    /// Holds for the cases that the entry of `row` decides, its MDC included; `under` is the MDC
    /// that holds anyway.
    pub(super) fn decides(&self, scheme: &Scheme, row: usize, under: Option<usize>) -> Formula {
        let Stand { mdc, entry, end } = self.stand(row);
        let asked = std::iter::once(mdc).filter(|mdc| under != Some(*mdc));
        let mut parts: Vec<Formula> = asked.chain([entry]).map(|row| self.row(row)).collect();
        let rule = scheme.rules().get(entry);
        if rule.is_some_and(|rule| rule.level == Level::Adrg && rule.otherwise == Otherwise::Continue) {
            parts.push(Formula::Any(
                (entry + 1..end).map(|group| self.row(group)).collect(),
            ));
        }
        Formula::All(parts)
    }

    /// How many options a slot has.
    pub(super) fn options(&self, slot: Slot) -> usize {
        match slot {
            Slot::PrincipalDiagnosis => self.universe.principals.len(),
            Slot::PrincipalProcedure => self.universe.procedures.len() + 1,
            _ => self.facts.count(slot),
        }
    }
}

fn stands(scheme: &Scheme) -> Vec<Stand> {
    let (mut mdc, mut entry) = (0, 0);
    let mut stands: Vec<Stand> = Vec::new();
    for (row, rule) in scheme.rules().iter().enumerate() {
        match rule.level {
            Level::Mdc | Level::Layer => (mdc, entry) = (row, row),
            Level::Adrg | Level::Ambiguous | Level::Packet => entry = row,
            Level::Drg => {}
        }
        let end = row + 1;
        stands.push(Stand { mdc, entry, end });
        for before in stands.iter_mut().rev().take_while(|stand| stand.entry == entry) {
            before.end = end;
        }
    }
    stands
}

/// Makes formulas of conditions; equal tests get one number.
struct Maker<'s> {
    scheme: &'s Scheme,
    universe: Universe,
    facts: FactOptions,
    tests: Vec<Test>,
    numbers: HashMap<Test, usize>,
}

impl Maker<'_> {
    fn formula(&mut self, condition: &Condition) -> Formula {
        match condition {
            Condition::All(parts) => Formula::All(parts.iter().map(|part| self.formula(part)).collect()),
            Condition::Any(parts) => Formula::Any(parts.iter().map(|part| self.formula(part)).collect()),
            Condition::Not(inner) => self.formula(inner).not(),
            Condition::Atom(atom) => self.atom(atom),
        }
    }

    fn atom(&mut self, atom: &Atom) -> Formula {
        match atom {
            Atom::In {
                subject,
                negated,
                set,
            } => self.in_set(*subject, *negated, set),
            Atom::HasProcedure(wanted) => {
                let none = self.choice(Slot::PrincipalProcedure, std::iter::once(0).collect());
                if *wanted { none.not() } else { none }
            }
            Atom::Mcc => self.test(Test::Complication(ComplicationLevel::Mcc)),
            Atom::Cc => self.test(Test::Complication(ComplicationLevel::Cc)),
            Atom::Sites(set, comparison, wanted) => {
                let set = self.universe.site_set(set);
                self.test(Test::Sites(set, *comparison, *wanted))
            }
            Atom::Number(fact, comparison, wanted) => self.number(*fact, *comparison, *wanted),
            Atom::Sex(sex) => {
                let option = usize::from(*sex == 2);
                self.choice(Slot::Sex, std::iter::once(option).collect())
            }
            Atom::Department(word) => {
                let departments = self.facts.departments.iter().enumerate();
                let held = departments.filter(|(_, department)| *department == word);
                let held = held.map(|(option, _)| option).collect();
                self.choice(Slot::Department, held)
            }
            // rows of packets are decided otherwise, see `super::packets`
            Atom::Packet(_) => Formula::Any(Vec::new()),
        }
    }

    fn in_set(&mut self, subject: Subject, negated: bool, set: &SetRef) -> Formula {
        match subject {
            Subject::PrincipalDiagnosis | Subject::PrincipalProcedure | Subject::DischargeStatus => {
                self.single(subject, negated, set)
            }
            Subject::OtherDiagnosis => self.other(Role::Other, negated, set),
            Subject::OtherProcedure => self.other(Role::Procedure, negated, set),
            Subject::AnyDiagnosis => {
                let principal = self.single(Subject::PrincipalDiagnosis, negated, set);
                Formula::Any(vec![principal, self.other(Role::Other, negated, set)])
            }
            Subject::AnyProcedure => {
                let principal = self.single(Subject::PrincipalProcedure, negated, set);
                // a principal procedure that is not there is not outside the set either
                let there = self
                    .choice(Slot::PrincipalProcedure, std::iter::once(0).collect())
                    .not();
                let principal = Formula::All(vec![there, principal]);
                Formula::Any(vec![principal, self.other(Role::Procedure, negated, set)])
            }
        }
    }

    /// A code the case has one of is, or is not, in the set.
    fn single(&mut self, subject: Subject, negated: bool, set: &SetRef) -> Formula {
        let (slot, held): (Slot, Bits) = match subject {
            Subject::PrincipalDiagnosis => (
                Slot::PrincipalDiagnosis,
                self.universe.members(Role::Principal, set),
            ),
            Subject::PrincipalProcedure => {
                let classes = self.universe.members(Role::Procedure, set);
                let options = classes.iter().map(|class| class + 1);
                (Slot::PrincipalProcedure, options.collect())
            }
            _ => {
                let statuses = self.facts.discharges.iter().enumerate();
                let held = statuses.filter(|(_, status)| self.holds_status(set, status));
                (Slot::Discharge, held.map(|(option, _)| option).collect())
            }
        };
        let test = self.choice(slot, held);
        if negated { test.not() } else { test }
    }

    fn holds_status(&self, set: &SetRef, status: &str) -> bool {
        match set {
            SetRef::Inline(patterns) => patterns.iter().any(|pattern| match pattern {
                Pattern::Exact(exact) => exact == status,
                Pattern::Prefix(prefix) => status.starts_with(prefix.as_str()),
            }),
            SetRef::Named { .. } => {
                let set = self.scheme.set(set);
                let id = self.scheme.code_id(status);
                set.zip(id).is_some_and(|(set, id)| set.codes.contains(&id))
            }
        }
    }

    /// One of the codes beside the principal is in the set, or outside it.
    fn other(&mut self, role: Role, negated: bool, set: &SetRef) -> Formula {
        let count = match role {
            Role::Procedure => self.universe.procedures.len(),
            Role::Principal | Role::Other => self.universe.others.len(),
        };
        let held = self.universe.members(role, set);
        let wanted = if negated { held.complement(count) } else { held };
        self.test(match role {
            Role::Procedure => Test::OtherProcedure(wanted),
            Role::Principal | Role::Other => Test::OtherDiagnosis(wanted),
        })
    }

    fn number(&mut self, fact: NumberFact, comparison: Comparison, wanted: i64) -> Formula {
        let slot = Slot::of(fact);
        let holds = |option: &usize| {
            let value = self.facts.value(fact, *option);
            value.is_some_and(|value| comparison.holds(value, wanted))
        };
        let held = (0..self.facts.count(slot)).filter(holds).collect();
        self.choice(slot, held)
    }

    fn choice(&mut self, slot: Slot, options: Bits) -> Formula {
        self.test(Test::Choice(slot, options))
    }

    fn test(&mut self, test: Test) -> Formula {
        if let Some(number) = self.numbers.get(&test) {
            return Formula::Test(*number);
        }
        let number = self.tests.len();
        self.tests.push(test.clone());
        self.numbers.insert(test, number);
        Formula::Test(number)
    }
}
