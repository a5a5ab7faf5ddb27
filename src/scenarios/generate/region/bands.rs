//! Ranges of numbers within which the same codes always lead to the same group and the same findings
//! (判定区间).
//!
//! Rules and edits know a number only by comparing it with their limits. So of two stays with the same
//! codes, whose numbers lie between the same limits, what is true of one is true of the other.

use super::calendar::Planned;
use super::stay::{Facts, PRETERM_GRAMS};
use crate::records::{Column, EditBook};
use crate::tables::{Comparison, Compiled, NumberFact, Predicate};

/// Where what rules and edits say of a number changes: the least number of each range but the first, in
/// hundredths, sorted.
#[derive(Debug)]
pub(super) struct Bands {
    age: Vec<i64>,
    age_days: Vec<i64>,
    weight: Vec<i64>,
    los: Vec<i64>,
    icu_hours: Vec<i64>,
    ventilator_hours: Vec<i64>,
}

/// All of a stay, but its codes, that rules and edits can tell apart. Whether the principal disease is
/// cured or not is no matter: edits ask only for death and for no change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    sex: u8,
    status: [u8; 4],
    bands: [u16; 6],
    /// Day surgery, more hours of a ventilator than of the stay, a newborn.
    flags: [bool; 3],
}

impl Bands {
    pub(super) fn new(compiled: &Compiled, book: &EditBook) -> Bands {
        let mut of_rules = Vec::new();
        conditions(compiled).for_each(|when| limits_in(when, &mut of_rules));
        let limits = |facts: &[NumberFact], columns: &[Column], own: &[i64]| {
            let of_facts = of_rules.iter().filter(|(fact, _)| facts.contains(fact));
            let mut limits: Vec<i64> = of_facts.map(|(_, limit)| *limit).collect();
            limits.extend(columns.iter().flat_map(|column| book.limits_of(*column)));
            limits.extend(own);
            limits.sort_unstable();
            limits.dedup();
            limits
        };
        let weights = [Column::WeightG, Column::BirthWeightsG, Column::AdmitWeightG];
        Bands {
            age: limits(&[NumberFact::Age], &[Column::Age], &[100]),
            age_days: limits(&[NumberFact::AgeDays], &[Column::AgeDays], &[]),
            weight: limits(&[NumberFact::Weight], &weights, &[PRETERM_GRAMS * 100]),
            los: limits(&[NumberFact::Los], &[Column::LosDays], &[]),
            icu_hours: limits(&[NumberFact::IcuHours], &[Column::IcuHours], &[]),
            ventilator_hours: limits(&[], &[Column::VentilatorHours], &[]),
        }
    }

    /// Where a stay lies; nothing of a discharge status longer than those there are.
    pub(super) fn cell(&self, facts: &Facts<'_>, stay: &Planned<'_>) -> Option<Cell> {
        let mut status = [0; 4];
        let written = status.get_mut(..stay.status.len())?;
        written.copy_from_slice(stay.status.as_bytes());
        let infant = facts.age == 0;
        let bands = [
            band(&self.age, Some(facts.age)),
            band(&self.age_days, infant.then_some(facts.age_days)),
            band(&self.weight, facts.birth_weight),
            band(&self.los, Some(stay.nights.max(1))),
            band(&self.icu_hours, Some(facts.icu_hours)),
            band(&self.ventilator_hours, facts.ventilator_hours),
        ];
        let beyond_stay = facts
            .ventilator_hours
            .is_some_and(|hours| hours * 60 > facts.minutes);
        Some(Cell {
            sex: facts.person.sex,
            status,
            bands,
            flags: [facts.day_surgery, beyond_stay, facts.is_newborn()],
        })
    }
}

/// 0 where there is no number; else the range it lies in.
fn band(limits: &[i64], number: Option<i64>) -> u16 {
    let Some(number) = number else { return 0 };
    let range = limits.partition_point(|limit| *limit <= number * 100);
    u16::try_from(range + 1).unwrap_or(u16::MAX)
}

/// The conditions of all rows.
fn conditions(compiled: &Compiled) -> impl Iterator<Item = &Predicate> {
    let mdcs = compiled.mdcs.iter().map(|mdc| &mdc.when);
    mdcs.chain(compiled.entries.iter().map(|entry| &entry.when))
        .chain(compiled.drgs.iter().map(|drg| &drg.when))
}

/// The numbers that a condition compares with.
fn limits_in(when: &Predicate, limits: &mut Vec<(NumberFact, i64)>) {
    match when {
        Predicate::All(parts) | Predicate::Any(parts) => {
            parts.iter().for_each(|part| limits_in(part, limits));
        }
        Predicate::Not(inner) => limits_in(inner, limits),
        Predicate::Number(fact, comparison, limit) => {
            let (from, behind) = ((*fact, *limit), (*fact, *limit + 1));
            match comparison {
                Comparison::Less | Comparison::AtLeast => limits.push(from),
                Comparison::AtMost | Comparison::More => limits.push(behind),
                Comparison::Equal => limits.extend([from, behind]),
            }
        }
        _ => {}
    }
}
