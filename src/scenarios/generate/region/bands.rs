//! Ranges of numbers within which the same codes always lead to the same group and the same findings
//! (判定区间).
//!
//! Rules and edits know a number only by comparing it with their limits. So of two stays with the same
//! codes, whose numbers lie between the same limits, what is true of one is true of the other.

use super::calendar::Planned;
use super::stay::{Facts, NEWBORN_DAYS, PRETERM_GRAMS};
use crate::records::{Column, EditBook};
use crate::tables::{Compiled, NumberFact, Predicate};

/// The limits that rules and edits compare with, sorted, in hundredths.
#[derive(Debug)]
pub(super) struct Bands {
    age: Vec<i64>,
    age_days: Vec<i64>,
    weight: Vec<i64>,
    los: Vec<i64>,
    icu_hours: Vec<i64>,
    ventilator_hours: Vec<i64>,
}

/// All of a stay, but its codes, that rules and edits can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    sex: u8,
    status: [u8; 4],
    bands: [usize; 6],
    flags: [bool; 4],
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
            age_days: limits(
                &[NumberFact::AgeDays],
                &[Column::AgeDays],
                &[NEWBORN_DAYS * 100, NEWBORN_DAYS * 100 + 100],
            ),
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
            flags: [facts.day_surgery, facts.cured, beyond_stay, facts.is_newborn()],
        })
    }
}

/// 0 where there is no number; else which limits it lies between, or on.
fn band(limits: &[i64], number: Option<i64>) -> usize {
    let Some(number) = number else { return 0 };
    let number = number * 100;
    let below = limits.partition_point(|limit| *limit < number);
    1 + 2 * below + usize::from(limits.get(below) == Some(&number))
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
        Predicate::Number(fact, _, limit) => limits.push((*fact, *limit)),
        _ => {}
    }
}
