//! A case of the model as a record, grouped as any record is: read, checked, grouped both ways.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::formula::{Model, Slot};
use super::search::Draft;
use crate::diagnostics::{Error, Lang, Place, Result};
use crate::grouper::{Grouper, Grouping, Workspace, group_plainly};
use crate::records::{Checked, Checker, Column, Depth, Encoding, Header};
use crate::tables::{NumberFact, Scheme, SetRef};

/// Days up to which a newborn's weight is asked for, in hundredths.
const NEWBORN_DAYS: i64 = 2_800;
/// The weight given to a newborn where none matters, in hundredths of grams.
const USUAL_WEIGHT: i64 = 300_000;
/// An infant's age in days where none matters, in hundredths.
const USUAL_DAYS: i64 = 10_000;

/// A case made from rules (样例病例): only what its group needs. Numbers in hundredths.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MadeCase {
    /// 1 male, 2 female.
    pub sex: u8,
    /// Full years.
    pub age: i64,
    /// Days.
    pub age_days: Option<i64>,
    /// Grams.
    pub weight: Option<i64>,
    /// Days of stay.
    pub los: Option<i64>,
    /// Hours in intensive care.
    pub icu_hours: Option<i64>,
    /// Yuan.
    pub amount: Option<i64>,
    /// Department, or nothing.
    pub department: String,
    /// Discharge status, or nothing.
    pub discharge: String,
    /// The principal first.
    pub diagnoses: Vec<String>,
    /// The principal first.
    pub procedures: Vec<String>,
}

impl MadeCase {
    /// The columns of a record, without its id.
    pub const COLUMNS: [Column; 11] = [
        Column::Sex,
        Column::Age,
        Column::AgeDays,
        Column::WeightG,
        Column::Department,
        Column::LosDays,
        Column::DischargeStatus,
        Column::IcuHours,
        Column::TotalFee,
        Column::Diagnoses,
        Column::Procedures,
    ];

    pub(super) fn of(model: &Model, draft: &Draft) -> MadeCase {
        let number = |fact| model.facts.value(fact, draft.option(Slot::of(fact)));
        let text = |texts: &[String], slot| texts.get(draft.option(slot)).cloned().unwrap_or_default();
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
        MadeCase {
            sex: 1 + u8::from(draft.option(Slot::Sex) > 0),
            age: number(NumberFact::Age).unwrap_or(0) / 100,
            age_days: number(NumberFact::AgeDays),
            weight: number(NumberFact::Weight),
            los: number(NumberFact::Los),
            icu_hours: number(NumberFact::IcuHours),
            amount: number(NumberFact::Amount),
            department: text(&model.facts.departments, Slot::Department),
            discharge: text(&model.facts.discharges, Slot::Discharge),
            diagnoses,
            procedures,
        }
    }

    /// The cells of [`MadeCase::COLUMNS`].
    pub fn cells(&self) -> [String; MadeCase::COLUMNS.len()] {
        let number = |value: Option<i64>| value.map_or_else(String::new, plain_number);
        [
            self.sex.to_string(),
            self.age.to_string(),
            number(self.age_days),
            number(self.weight),
            self.department.clone(),
            number(self.los),
            self.discharge.clone(),
            number(self.icu_hours),
            number(self.amount),
            self.diagnoses.join("|"),
            self.procedures.join("|"),
        ]
    }

    /// How many codes it has.
    pub fn code_count(&self) -> usize {
        self.diagnoses.len() + self.procedures.len()
    }

    /// The same with another value of one number, and with what else must change for the record
    /// to make sense: the age in years follows that in days, and days and weight of an infant
    /// are there.
    pub(super) fn with_number(&self, fact: NumberFact, value: i64) -> MadeCase {
        let mut other = self.clone();
        match fact {
            NumberFact::Age => {
                other.age = value / 100;
                other.age_days = None;
            }
            NumberFact::AgeDays => {
                other.age = value / 36_525;
                other.age_days = Some(value);
            }
            NumberFact::Weight => other.weight = Some(value),
            NumberFact::Los => other.los = Some(value),
            NumberFact::IcuHours => other.icu_hours = Some(value),
            NumberFact::Amount => other.amount = Some(value),
        }
        other.made_whole()
    }

    /// The same with one body region of the set fewer, and with one more, and how many they hit.
    pub(super) fn with_other_sites(&self, scheme: &Scheme, set: &SetRef) -> Vec<(i64, MadeCase)> {
        let rows = scheme.set(set).map_or(&[][..], |set| &set.sites);
        let sites_of = |code: &str| -> BTreeSet<u32> {
            let id = scheme.code_id(code);
            let own = rows.iter().filter(|(code, _)| Some(*code) == id);
            own.map(|(_, site)| *site).collect()
        };
        let count = |case: &MadeCase| {
            let hit: BTreeSet<u32> = case.diagnoses.iter().flat_map(|code| sites_of(code)).collect();
            i64::try_from(hit.len()).unwrap_or(i64::MAX)
        };
        let here = count(self);
        let others = 1..self.diagnoses.len();
        let without = others.map(|other| {
            let mut case = self.clone();
            case.diagnoses.remove(other);
            case
        });
        let with = rows.iter().map(|(code, _)| {
            let mut case = self.clone();
            case.diagnoses.push(scheme.code(*code).to_owned());
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
    pub(super) fn made_whole(mut self) -> MadeCase {
        if self.age > 0 {
            return self;
        }
        let days = *self.age_days.get_or_insert(USUAL_DAYS);
        if days <= NEWBORN_DAYS {
            self.weight.get_or_insert(USUAL_WEIGHT);
        }
        self
    }
}

/// Hundredths as a number, with as many decimals as it has.
pub fn plain_number(hundredths: i64) -> String {
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => whole.to_string(),
        (whole, part) if part % 10 == 0 => format!("{whole}.{}", part / 10),
        (whole, part) => format!("{whole}.{part:02}"),
    }
}

/// Groups made cases as records are grouped.
pub(super) struct Bench<'g> {
    grouper: &'g Grouper,
    checker: Checker<'static>,
    work: Workspace,
}

impl<'g> Bench<'g> {
    pub(super) fn new(grouper: &'g Grouper) -> Result<Bench<'g>> {
        let file = "(made case)";
        let names = std::iter::once(Column::CaseId).chain(MadeCase::COLUMNS);
        let names = names.map(|column| column.name().to_owned()).collect();
        let header = Header::read(&Place::file(Path::new(file)), names, false)?;
        let checker = Checker::new(
            file.into(),
            Arc::new(header),
            Encoding::Utf8,
            Depth::Grouping,
            Lang::En,
        );
        Ok(Bench {
            grouper,
            checker,
            work: Workspace::default(),
        })
    }

    /// The group of a case, by the fast way.
    ///
    /// # Errors
    /// The reader rejects the case: a defect of the program.
    pub(super) fn group(&mut self, case: &MadeCase) -> Result<Grouping> {
        let row = format!("W,{}", case.cells().join(","));
        if self.checker.check_text(&row, 1) != Checked::Case {
            return Err(defect(&format!("the made case `{row}` is no record")));
        }
        self.checker.take_findings();
        Ok(self.grouper.group(self.checker.case(), &mut self.work))
    }

    /// The group of a case, by both ways.
    ///
    /// # Errors
    /// They differ: a defect of the program.
    pub(super) fn group_both_ways(&mut self, case: &MadeCase) -> Result<Grouping> {
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
