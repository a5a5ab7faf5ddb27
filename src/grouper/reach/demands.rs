//! What a case must fulfil, sorted before the search: a formula that asks about one slot alone only
//! leaves fewer options of that slot, so that thousands of them cost no more than one.

use super::bits::Bits;
use super::formula::{Formula, Model, Slot, Test};

/// Formulas that must all hold (条件汇总).
#[derive(Clone, Debug, Default)]
pub(super) struct Demands {
    /// Of each slot the options left by the formulas that ask about it alone; none: all of them.
    left: [Option<Bits>; Slot::ALL.len()],
    /// The other formulas.
    pub(super) open: Vec<Formula>,
    /// A formula that never holds is among them.
    pub(super) impossible: bool,
}

impl Demands {
    /// Of all these formulas.
    pub(super) fn of<'f>(model: &Model, formulas: impl IntoIterator<Item = &'f Formula>) -> Demands {
        let mut demands = Demands::default();
        formulas
            .into_iter()
            .for_each(|formula| demands.add(model, formula));
        demands
    }

    /// One more formula.
    pub(super) fn add(&mut self, model: &Model, formula: &Formula) {
        // what holds always or never is known without any test
        self.add_known(model, formula.given(&|_| None, &mut 0));
    }

    fn add_known(&mut self, model: &Model, formula: Formula) {
        match formula {
            Formula::All(parts) => parts.into_iter().for_each(|part| self.add_known(model, part)),
            Formula::Any(parts) if parts.is_empty() => self.impossible = true,
            Formula::Not(inner) => match *inner {
                Formula::Any(parts) => {
                    let denied = parts.into_iter().map(Formula::not);
                    denied.for_each(|part| self.add_known(model, part));
                }
                inner => self.add_one(model, inner.not()),
            },
            other => self.add_one(model, other),
        }
    }

    fn add_one(&mut self, model: &Model, formula: Formula) {
        match only_slot(model, &formula) {
            Some(slot) => {
                let options = options(model, slot, &formula);
                if let Some(left) = self.left.get_mut(slot as usize) {
                    *left = Some(match left.take() {
                        Some(before) => before.split(&options).0,
                        None => options,
                    });
                }
            }
            None => self.open.push(formula),
        }
    }

    /// The options of a slot that may yet be chosen.
    pub(super) fn options(&self, model: &Model, slot: Slot) -> Bits {
        let left = self.left.get(slot as usize).cloned().flatten();
        left.unwrap_or_else(|| Bits::below(model.options(slot)))
    }

    /// Whether some slot has no option left.
    pub(super) fn leave_nothing(&self) -> bool {
        let empty = |left: &Bits| left.first().is_none();
        self.impossible || self.left.iter().flatten().any(empty)
    }
}

/// The slot that all tests of a formula ask about, if it is one.
fn only_slot(model: &Model, formula: &Formula) -> Option<Slot> {
    let (mut slots, mut others) = (Vec::new(), false);
    formula.each_test(&mut |test| match model.tests.get(test) {
        Some(Test::Choice(slot, _)) => slots.push(*slot),
        _ => others = true,
    });
    slots.dedup();
    match slots.as_slice() {
        [slot] if !others => Some(*slot),
        _ => None,
    }
}

/// The options of the slot under which a formula about it alone holds.
fn options(model: &Model, slot: Slot, formula: &Formula) -> Bits {
    let all = || Bits::below(model.options(slot));
    match formula {
        Formula::Test(test) => match model.tests.get(*test) {
            Some(Test::Choice(_, held)) => all().split(held).0,
            _ => Bits::default(),
        },
        Formula::Not(inner) => all().split(&options(model, slot, inner)).1,
        Formula::All(parts) => parts
            .iter()
            .fold(all(), |left, part| left.split(&options(model, slot, part)).0),
        Formula::Any(parts) => {
            let missed = parts
                .iter()
                .fold(all(), |missed, part| missed.split(&options(model, slot, part)).1);
            all().split(&missed).1
        }
    }
}
