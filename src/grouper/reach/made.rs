//! A case of the model as a record, grouped as any record is: read, checked, grouped both ways.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::formula::{Model, Slot};
use super::search::Draft;
use crate::diagnostics::{Error, Result};
use crate::grouper::{Grouper, Grouping, Workspace, group_plainly};
use crate::records::{CaseDraft, DraftChecker};
use crate::tables::{NumberFact, Scheme, SetRef};

/// Days up to which a newborn's weight is asked for, in hundredths.
const NEWBORN_DAYS: i64 = 2_800;
/// The weight given to a newborn where none matters, in hundredths of grams.
const USUAL_WEIGHT: i64 = 300_000;
/// An infant's age in days where none matters, in hundredths.
const USUAL_DAYS: i64 = 10_000;

/// A case of the model, with only what its group needs (样例病例).
pub(super) fn made_case(model: &Model, draft: &Draft) -> CaseDraft {
    let number = |fact| model.facts.value(fact, draft.option(Slot::of(fact)));
    let text = |texts: &[String], slot| {
        let text = texts.get(draft.option(slot));
        Arc::from(text.map_or("", String::as_str))
    };
    let universe = &model.universe;
    let principal = universe.principals.get(draft.option(Slot::PrincipalDiagnosis));
    let procedure = draft.option(Slot::PrincipalProcedure).checked_sub(1);
    let mut diagnoses: Vec<String> = Vec::new();
    let others = draft.others.iter().map(|class| universe.others.get(*class));
    for class in std::iter::once(principal).chain(others).flatten() {
        diagnoses.push(class.code(&diagnoses).to_owned());
    }
    let mut procedures: Vec<String> = Vec::new();
    for class in procedure.iter().chain(&draft.procedures) {
        let class = universe.procedures.get(*class);
        procedures.extend(class.map(|class| class.code(&procedures).to_owned()));
    }
    CaseDraft {
        case_id: "".into(),
        sex: 1 + u8::from(draft.option(Slot::Sex) > 0),
        age: number(NumberFact::Age).unwrap_or(0) / 100 * 100,
        age_days: number(NumberFact::AgeDays),
        weight: number(NumberFact::Weight),
        los: number(NumberFact::Los),
        icu_hours: number(NumberFact::IcuHours),
        total_fee: number(NumberFact::Amount),
        department: text(&model.facts.departments, Slot::Department),
        discharge_status: text(&model.facts.discharges, Slot::Discharge),
        front_fees: "".into(),
        diagnoses: diagnoses.into_iter().map(Arc::from).collect(),
        procedures: procedures.into_iter().map(Arc::from).collect(),
    }
}

/// The same with another value of one number, and with what else must change for the record
/// to make sense: the age in years follows that in days, and days and weight of an infant
/// are there.
pub(super) fn with_number(case: &CaseDraft, fact: NumberFact, value: i64) -> CaseDraft {
    let mut other = case.clone();
    match fact {
        NumberFact::Age => {
            other.age = value / 100 * 100;
            other.age_days = None;
        }
        NumberFact::AgeDays => {
            other.age = value / 36_525 * 100;
            other.age_days = Some(value);
        }
        NumberFact::Weight => other.weight = Some(value),
        NumberFact::Los => other.los = Some(value),
        NumberFact::IcuHours => other.icu_hours = Some(value),
        NumberFact::Amount => other.total_fee = Some(value),
    }
    made_whole(other)
}

/// The same with one body region of the set fewer, and with one more, and how many they hit.
pub(super) fn with_other_sites(case: &CaseDraft, scheme: &Scheme, set: &SetRef) -> Vec<(i64, CaseDraft)> {
    let rows = scheme.set(set).map_or(&[][..], |set| &set.sites);
    let sites_of = |code: &str| -> BTreeSet<u32> {
        let id = scheme.code_id(code);
        let own = rows.iter().filter(|(code, _)| Some(*code) == id);
        own.map(|(_, site)| *site).collect()
    };
    let count = |case: &CaseDraft| {
        let hit: BTreeSet<u32> = case.diagnoses.iter().flat_map(|code| sites_of(code)).collect();
        i64::try_from(hit.len()).unwrap_or(i64::MAX)
    };
    let here = count(case);
    let others = 1..case.diagnoses.len();
    let without = others.map(|other| {
        let mut case = case.clone();
        case.diagnoses.remove(other);
        case
    });
    let with = rows.iter().map(|(code, _)| {
        let mut case = case.clone();
        case.diagnoses.push(scheme.code(*code).into());
        case
    });
    let fewer = without
        .map(|case| (count(&case), case))
        .find(|(count, _)| *count < here);
    let more = with
        .map(|case| (count(&case), case))
        .find(|(count, _)| *count > here);
    fewer.into_iter().chain(more).collect()
}

/// With the age in days of an infant and the weight of a newborn, where they are missing.
pub(super) fn made_whole(mut case: CaseDraft) -> CaseDraft {
    if case.age > 0 {
        return case;
    }
    let days = *case.age_days.get_or_insert(USUAL_DAYS);
    if days <= NEWBORN_DAYS {
        case.weight.get_or_insert(USUAL_WEIGHT);
    }
    case
}

/// Groups made cases as records are grouped.
pub(super) struct Bench<'g> {
    grouper: &'g Grouper,
    checker: DraftChecker,
    work: Workspace,
}

impl<'g> Bench<'g> {
    pub(super) fn new(grouper: &'g Grouper) -> Result<Bench<'g>> {
        Ok(Bench {
            grouper,
            checker: DraftChecker::new()?,
            work: Workspace::default(),
        })
    }

    /// The group of a case, by the fast way.
    ///
    /// # Errors
    /// The reader rejects the case: a defect of the program.
    pub(super) fn group(&mut self, case: &CaseDraft) -> Result<Grouping> {
        match self.checker.check(case) {
            Some(checked) => Ok(self.grouper.group(checked, &mut self.work)),
            None => {
                let row = case.cells().join(",");
                Err(defect(&format!("the made case `{row}` is no record")))
            }
        }
    }

    /// The group of a case, by both ways.
    ///
    /// # Errors
    /// They differ: a defect of the program.
    pub(super) fn group_both_ways(&mut self, case: &CaseDraft) -> Result<Grouping> {
        let fast = self.group(case)?;
        let plain = group_plainly(self.grouper.scheme(), self.checker.case());
        if fast != plain {
            let row = case.cells().join(",");
            return Err(defect(&format!(
                "the fast and the plain grouping of `{row}` differ"
            )));
        }
        Ok(fast)
    }
}

pub(super) fn defect(what: &str) -> Error {
    Error::new(format!("{what}; this is a defect of the program"))
}
