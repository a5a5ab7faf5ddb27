//! The cases a catalogue is built of, as few numbers each.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::grouper::Grouping;
use crate::records::{Case, read_date};
use crate::tables::{ProcedureRule, Scheme, TreatmentType};
use crate::units::Fen;

/// Why a record is not built of (剔除原因).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// It is no case.
    Rejected,
    /// It has no cost above zero.
    NoCost,
    /// It has no date of discharge, or one of another year.
    OtherYear,
    /// Its principal diagnosis is not grouped.
    ExcludedDiagnosis,
}

impl LeftOut {
    /// The word of the summary.
    pub const fn word(self) -> &'static str {
        match self {
            LeftOut::Rejected => "rejected",
            LeftOut::NoCost => "no_cost",
            LeftOut::OtherYear => "other_year",
            LeftOut::ExcludedDiagnosis => "excluded_diagnosis",
        }
    }
}

/// A case as texts, before they are numbered.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What a core packet fixes of the principal diagnosis.
    pub diagnosis: String,
    /// The effective main procedure.
    pub main: Option<String>,
    /// The other procedures that count, each once.
    pub others: Vec<String>,
    /// Treatment type.
    pub kind: TreatmentType,
    /// Place of the year among those of the plan.
    pub year: usize,
    /// Cost.
    pub cost: Fen,
    /// Whether a hospital of primary care treated it; `None`: the hospital is not on the list.
    pub at_primary: Option<bool>,
}

/// A case of the history; texts are numbers of [`History`].
#[derive(Clone, Debug)]
pub struct Observed {
    pub(super) diagnosis: u32,
    pub(super) main: Option<u32>,
    pub(super) others: Box<[u32]>,
    pub(super) kind: TreatmentType,
    pub(super) year: usize,
    pub(super) cost: i64,
    pub(super) at_primary: bool,
}

/// Cases in the order of the records, and what was left out (历史病例).
#[derive(Debug, Default)]
pub struct History {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
    pub(super) cases: Vec<Observed>,
    /// Records by why they were left out.
    pub left_out: BTreeMap<LeftOut, u64>,
    /// Cases of hospitals that are not on the list.
    pub hospital_unknown: u64,
}

impl Seen {
    /// What is seen of a case by the scheme that the catalogue extends.
    ///
    /// # Errors
    /// Why the case is left out.
    pub fn of(
        case: &Case,
        discharge_date: &str,
        (scheme, grouping): (&Scheme, &Grouping),
        (years, characters): (&[i16], usize),
        at_primary: Option<bool>,
    ) -> std::result::Result<Seen, LeftOut> {
        let cost = case.total_fee().filter(|cost| *cost > Fen::ZERO);
        let cost = cost.ok_or(LeftOut::NoCost)?;
        let year = read_date(discharge_date).map(|date| date.year());
        let year = years.iter().position(|of| Some(*of) == year);
        let year = year.ok_or(LeftOut::OtherYear)?;
        let packets = scheme.packets();
        if grouping.mdc.is_some() && grouping.mdc == packets.and_then(crate::tables::Packets::excluded) {
            return Err(LeftOut::ExcludedDiagnosis);
        }
        let read_as = |code: &str| packets.map_or(code, |packets| packets.read_as(code)).to_owned();
        let main = grouping.packet.main_procedure();
        let counts = |code: &str| {
            let rule = packets.and_then(|packets| {
                let id = scheme.code_id(code)?;
                packets.procedures.traits(id)?.rule.clone()
            });
            !matches!(rule, Some(ProcedureRule::Drop | ProcedureRule::AsConservative))
        };
        let procedures: Vec<String> = case.procedures().map(&read_as).collect();
        let others = procedures.iter().enumerate();
        let mut others: Vec<String> = others
            .filter(|(place, code)| Some(*place) != main && counts(code))
            .map(|(_, code)| code.clone())
            .collect();
        others.sort_unstable();
        others.dedup();
        let principal = case.diagnoses().next().map(read_as).unwrap_or_default();
        Ok(Seen {
            diagnosis: principal.chars().take(characters).collect(),
            main: main.and_then(|place| procedures.get(place).cloned()),
            others,
            kind: grouping.packet.treatment_type,
            year,
            cost,
            at_primary,
        })
    }
}

impl History {
    /// Takes up a case, or why it is none.
    pub fn add(&mut self, seen: std::result::Result<Seen, LeftOut>) {
        match seen {
            Err(why) => *self.left_out.entry(why).or_default() += 1,
            Ok(seen) => {
                let others = seen.others.iter().map(|code| self.number(code)).collect();
                let case = Observed {
                    diagnosis: self.number(&seen.diagnosis),
                    main: seen.main.as_deref().map(|code| self.number(code)),
                    others,
                    kind: seen.kind,
                    year: seen.year,
                    cost: seen.cost.fen(),
                    at_primary: seen.at_primary == Some(true),
                };
                self.hospital_unknown += u64::from(seen.at_primary.is_none());
                self.cases.push(case);
            }
        }
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// The text of a number.
    pub(super) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", String::as_str)
    }

    /// Places of the plan's years that have cases, ascending.
    pub fn years(&self) -> std::collections::BTreeSet<usize> {
        self.cases.iter().map(|case| case.year).collect()
    }

    /// How many cases.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }
}
