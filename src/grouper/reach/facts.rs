//! What a case may say beside its codes: a few values on either side of each number in the rules.

use std::collections::BTreeSet;

use super::formula::Slot;
use crate::records::KILOGRAMS;
use crate::tables::{Atom, NumberFact, Pattern, Scheme, SetRef, Subject};

/// The oldest age tried, in years.
const OLDEST: i64 = 124;
/// Days in the shortest and the longest year.
const YEAR: (i64, i64) = (365, 366);
/// No number of a record is larger, in hundredths.
const LARGEST: i64 = 99_999_999_900;
/// The age tried first, in years; others by their distance.
const USUAL_AGE: i64 = 40;
/// Statuses of discharge as the front sheet numbers them (离院方式).
const DISCHARGES: [&str; 6] = ["1", "2", "3", "4", "5", "9"];

/// What is tried for each fact, most usual first (取值).
#[derive(Debug)]
pub(super) struct FactOptions {
    /// Full years, and days where they are given.
    pub(super) ages: Vec<(i64, Option<i64>)>,
    /// Weight, length of stay, hours in intensive care, total fee; in hundredths.
    pub(super) weights: Vec<Option<i64>>,
    pub(super) stays: Vec<Option<i64>>,
    pub(super) icu_hours: Vec<Option<i64>>,
    pub(super) amounts: Vec<Option<i64>>,
    pub(super) departments: Vec<String>,
    pub(super) discharges: Vec<String>,
}

impl FactOptions {
    /// All that the scheme's conditions tell apart.
    pub(super) fn new(scheme: &Scheme) -> FactOptions {
        let of = |fact| bounds(scheme, fact);
        let missing_or = |fact, from, usual| {
            let values = around(&of(fact), from, LARGEST, usual);
            std::iter::once(None)
                .chain(values.into_iter().map(Some))
                .collect()
        };
        FactOptions {
            ages: ages(&of(NumberFact::AgeDays)),
            weights: missing_or(NumberFact::Weight, KILOGRAMS, 300_000),
            stays: missing_or(NumberFact::Los, 0, 500),
            icu_hours: missing_or(NumberFact::IcuHours, 0, 2_400),
            amounts: missing_or(NumberFact::Amount, 0, 1_000_000),
            departments: departments(scheme),
            discharges: discharges(scheme),
        }
    }

    /// How many options a slot has; none for those of codes.
    pub(super) fn count(&self, slot: Slot) -> usize {
        match slot {
            Slot::Sex => 2,
            Slot::Age => self.ages.len(),
            Slot::Department => self.departments.len(),
            Slot::Discharge => self.discharges.len(),
            _ => self.numbers(slot).len(),
        }
    }

    /// The options of a slot that holds one number.
    pub(super) fn numbers(&self, slot: Slot) -> &[Option<i64>] {
        match slot {
            Slot::Weight => &self.weights,
            Slot::Los => &self.stays,
            Slot::IcuHours => &self.icu_hours,
            Slot::Amount => &self.amounts,
            _ => &[],
        }
    }

    /// The value of a number under an option of its slot, in hundredths.
    pub(super) fn value(&self, fact: NumberFact, option: usize) -> Option<i64> {
        match fact {
            NumberFact::Age => self.ages.get(option).map(|(age, _)| age * 100),
            NumberFact::AgeDays => self.ages.get(option).and_then(|(_, days)| *days),
            _ => self.numbers(Slot::of(fact)).get(option).copied().flatten(),
        }
    }
}

/// The numbers a fact is compared with.
fn bounds(scheme: &Scheme, wanted: NumberFact) -> BTreeSet<i64> {
    let atoms = scheme.rules().iter().flat_map(|rule| rule.when.atoms());
    atoms
        .filter_map(|atom| match atom {
            Atom::Number(fact, _, number) if *fact == wanted => Some(*number),
            _ => None,
        })
        .collect()
}

/// Values from `from` to `to` on, beside and between the bounds: whole ones first, then by their
/// distance from the usual one. Everything in between compares like one of them.
fn around(bounds: &BTreeSet<i64>, from: i64, to: i64, usual: i64) -> Vec<i64> {
    let mut values = BTreeSet::from([from, from - from % 100 + 100, to, usual.clamp(from, to)]);
    for bound in bounds {
        let floor = bound - bound % 100;
        values.extend([
            floor - 100,
            floor,
            floor + 100,
            floor + 200,
            bound - 1,
            *bound,
            bound + 1,
        ]);
    }
    let mut values: Vec<i64> = values
        .into_iter()
        .filter(|value| (from..=to).contains(value))
        .collect();
    values.sort_by_key(|value| (value % 100 != 0, *value == 0, value.abs_diff(usual)));
    values
}

/// Ages in years with every number of days that fits them: an infant has days, from the first
/// birthday on they may be missing.
fn ages(bounds: &BTreeSet<i64>) -> Vec<(i64, Option<i64>)> {
    let mut years: Vec<i64> = (0..=OLDEST).collect();
    years.sort_by_key(|age| age.abs_diff(USUAL_AGE));
    let mut options = Vec::new();
    for age in years {
        let (from, to) = match age {
            0 => (0, YEAR.0),
            _ => (age * YEAR.0, (age + 1) * YEAR.1 - 1),
        };
        let inside: BTreeSet<i64> = bounds.range(from * 100 - 100..=to * 100 + 100).copied().collect();
        let days = around(&inside, from * 100, to * 100, (from + to) * 50).into_iter();
        let days = days.map(|days| (age, Some(days)));
        if age == 0 {
            options.extend(days.chain([(0, None)]));
        } else {
            options.push((age, None));
            // without a bound nearby one number of days is like another
            options.extend(days.take(if inside.is_empty() { 1 } else { usize::MAX }));
        }
    }
    options
}

/// None, and every department a condition names.
fn departments(scheme: &Scheme) -> Vec<String> {
    let atoms = scheme.rules().iter().flat_map(|rule| rule.when.atoms());
    let named = atoms.filter_map(|atom| match atom {
        Atom::Department(word) => Some(word.clone()),
        _ => None,
    });
    let named: BTreeSet<String> = named.collect();
    std::iter::once(String::new()).chain(named).collect()
}

/// None, the usual ones, and every one a condition names or begins.
fn discharges(scheme: &Scheme) -> Vec<String> {
    let atoms = scheme.rules().iter().flat_map(|rule| rule.when.atoms());
    let mut named = BTreeSet::new();
    for atom in atoms {
        let Atom::In {
            subject: Subject::DischargeStatus,
            set,
            ..
        } = atom
        else {
            continue;
        };
        match set {
            SetRef::Named { .. } => {
                let codes = scheme.set(set).map_or(&[][..], |set| &set.codes);
                named.extend(codes.iter().map(|id| scheme.code(*id).to_owned()));
            }
            SetRef::Inline(patterns) => named.extend(patterns.iter().flat_map(|pattern| match pattern {
                Pattern::Exact(code) => vec![code.clone()],
                Pattern::Prefix(prefix) => vec![prefix.clone(), format!("{prefix}0"), format!("{prefix}~")],
            })),
        }
    }
    named.retain(|status| !status.is_empty() && status.trim() == status && !status.contains(['"', ',']));
    let usual = DISCHARGES.into_iter().map(str::to_owned);
    let mut statuses: Vec<String> = std::iter::once(String::new()).chain(usual).collect();
    named.retain(|status| !statuses.contains(status));
    statuses.extend(named);
    statuses
}
