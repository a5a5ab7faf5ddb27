//! The diagnoses and procedures of one stay.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson};

use super::super::draw::{Drawer, pick};
use super::super::wishes::Wishes;
use super::edition::listed_name;
use super::plan::StayPlan;
use super::stay::{departments, morphology};
use crate::codes::CodeList;
use crate::tables::{CodeId, CodeLists, Scheme};

/// Chapters that go with any stay of an adult or child: no injuries, tumours, pregnancies, newborn
/// or congenital conditions, symptoms, causes or contacts, which would ask for more to be written.
const COMPANIONS: [&str; 9] = ["A", "B", "E", "H", "I", "J", "K", "L", "M"];
/// Of these, what stands only behind a dagger code, or only together with another code.
const NO_COMPANIONS: [&str; 18] = [
    "B15", "B16", "B18", "B19", "B65", "E35", "H03", "H06", "H13", "H19", "H22", "H28", "H32", "H36", "H42",
    "H45", "H48", "H58",
];

/// What coding rules ask for besides: a code of one of the first, and none of the second, asks for one
/// that begins with the last; procedures where the flags say so.
struct Companion {
    when: &'static [&'static str],
    of_procedures: bool,
    unless: &'static [&'static str],
    add: &'static str,
    adds_procedure: bool,
}

const fn companion(
    (when, of_procedures): (&'static [&'static str], bool),
    unless: &'static [&'static str],
    (add, adds_procedure): (&'static str, bool),
) -> Companion {
    Companion {
        when,
        of_procedures,
        unless,
        add,
        adds_procedure,
    }
}

/// A caesarean section is said by a diagnosis, a delivery by its outcome; treatments by drugs or rays
/// by their procedure.
const ASKED: [Companion; 6] = [
    companion(
        (&["74.0", "74.1", "74.2", "74.4"], true),
        &["O82", "O84.2"],
        ("O82", false),
    ),
    companion(
        (&["O80", "O81", "O82", "O83", "O84"], false),
        &["Z37"],
        ("Z37.0", false),
    ),
    companion((&["Z51.1"], false), &["99.25", "86.06"], ("99.25", true)),
    companion((&["Z51.0"], false), &["92.2", "92.3"], ("92.2", true)),
    companion((&["Z51.805", "Z51.810"], false), &["99.28"], ("99.28", true)),
    companion((&["Z51.811"], false), &["92.28"], ("92.28", true)),
];

/// What is asked of codes again and again, by how they begin.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// An outcome of delivery.
    Outcome,
    Injury,
    /// A cause of injuries.
    Cause,
    Ventilated,
    /// For 96 hours or more.
    LongVentilated,
    /// The first of [`ASKED`]: what asks, then what makes it needless.
    Asked,
}

/// Marks by the beginnings of codes, those of [`ASKED`] apart.
const MARKS: [(Mark, &[&str]); 5] = [
    (Mark::Outcome, &["Z37"]),
    (Mark::Injury, &["S", "T"]),
    (Mark::Cause, &["V", "W", "X", "Y"]),
    (Mark::Ventilated, &["96.7"]),
    (Mark::LongVentilated, &["96.7201"]),
];

/// The marks of a code, a bit each.
fn marks_of(code: &str) -> u32 {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    let plain = MARKS.iter().filter(|(_, prefixes)| begins(prefixes));
    let mut marks = plain.fold(0, |marks, (mark, _)| marks | 1 << (*mark as u32));
    for (place, asked) in ASKED.iter().enumerate() {
        let bits = asked_bits(place);
        marks |= if begins(asked.when) { bits.0 } else { 0 };
        marks |= if begins(asked.unless) { bits.1 } else { 0 };
    }
    marks
}

/// The bits of one of [`ASKED`].
fn asked_bits(place: usize) -> (u32, u32) {
    let first = Mark::Asked as u32 + 2 * u32::try_from(place).unwrap_or(0);
    (1 << first, 1 << (first + 1))
}

/// Draws codes for a region (编码抽取).
pub(super) struct Coder<'g> {
    pub(super) drawer: Drawer<'g>,
    companions: Vec<CodeId>,
    /// For each of [`ASKED`], what can be added.
    asked: Vec<Vec<CodeId>>,
    /// Outcomes of delivery: one live child.
    outcomes: Vec<CodeId>,
    pub(super) causes: Vec<String>,
    pub(super) names: Vec<String>,
    /// Listed codes that no rule of the scheme names, numbered behind those it knows.
    beyond: Vec<String>,
    is_operation: Vec<bool>,
    more_diagnoses: Option<Poisson<f64>>,
    more_procedures: Option<Poisson<f64>>,
    /// Most diagnoses and procedures.
    at_most: [usize; 2],
    /// By code as principal diagnosis: the department of those not operated, and of those operated.
    departments: Vec<[&'static str; 2]>,
    /// By code as principal diagnosis.
    morphologies: Vec<&'static str>,
    /// By code.
    marks: Vec<u32>,
}

/// The codes of a stay, principal first.
#[derive(Clone, Debug, Default)]
pub(super) struct Codes {
    pub(super) diagnoses: Vec<CodeId>,
    pub(super) procedures: Vec<CodeId>,
}

impl<'g> Coder<'g> {
    pub(super) fn new(drawer: Drawer<'g>, lists: &CodeLists, plan: &StayPlan) -> Coder<'g> {
        let scheme = drawer.scheme();
        let begins = |id: &CodeId, prefixes: &[&str]| {
            let text = scheme.code(*id);
            prefixes.iter().any(|prefix| text.starts_with(prefix))
        };
        let is_companion = |id: &CodeId| begins(id, &COMPANIONS) && !begins(id, &NO_COMPANIONS);
        let companions = drawer.neutral.iter().copied().filter(is_companion).collect();
        let known = || {
            (0..scheme.code_count())
                .filter_map(|id| u32::try_from(id).ok())
                .map(CodeId)
        };
        let mut beyond: Vec<String> = Vec::new();
        let asked: Vec<Vec<CodeId>> = ASKED
            .iter()
            .map(|asked| {
                let list = match asked.adds_procedure {
                    true => &lists.procedures,
                    false => &lists.diagnoses,
                };
                listed(scheme, list, asked.add, &mut beyond)
            })
            .collect();
        let outcomes = listed(scheme, &lists.diagnoses, "Z37.0", &mut beyond);
        let name = |code: &str| {
            let name = lists.diagnoses.name(code).or_else(|| lists.procedures.name(code));
            listed_name(name.unwrap_or(""))
        };
        let codes = || {
            known()
                .map(|id| scheme.code(id))
                .chain(beyond.iter().map(String::as_str))
        };
        let causes = lists.diagnoses.codes().iter();
        Coder {
            companions,
            asked,
            outcomes,
            causes: causes
                .filter(|code| code.starts_with("W0") || code.starts_with("W1") || code.starts_with("V2"))
                .cloned()
                .collect(),
            names: codes().map(name).collect(),
            marks: codes().map(marks_of).collect(),
            morphologies: codes().map(morphology).collect(),
            beyond,
            is_operation: flags(scheme.code_count(), &drawer.operations),
            more_diagnoses: Poisson::new((plan.diagnoses.get() - 1.0).max(0.01)).ok(),
            more_procedures: Poisson::new(plan.procedures.get()).ok(),
            departments: known().map(|id| departments(scheme.code(id))).collect(),
            at_most: [plan.diagnoses_at_most, plan.procedures_at_most].map(|most| whole(most.get())),
            drawer,
        }
    }

    pub(super) fn code(&self, id: CodeId) -> &str {
        let scheme = self.drawer.scheme();
        let beyond = (id.0 as usize).checked_sub(scheme.code_count());
        match beyond {
            None => scheme.code(id),
            Some(place) => self.beyond.get(place).map_or("", String::as_str),
        }
    }

    pub(super) fn name(&self, id: CodeId) -> &str {
        self.names.get(id.0 as usize).map_or("", String::as_str)
    }

    pub(super) fn department(&self, principal: CodeId, operated: bool) -> &'static str {
        let [usual, of_operated] = self
            .departments
            .get(principal.0 as usize)
            .copied()
            .unwrap_or_default();
        if operated { of_operated } else { usual }
    }

    pub(super) fn is_operation(&self, id: CodeId) -> bool {
        self.is_operation.get(id.0 as usize).copied().unwrap_or(false)
    }

    /// Whether some code has a mark.
    pub(super) fn any(&self, codes: &[CodeId], mark: Mark) -> bool {
        self.any_of(codes, 1 << (mark as u32))
    }

    fn any_of(&self, codes: &[CodeId], bits: u32) -> bool {
        let marks = |id: &CodeId| self.marks.get(id.0 as usize).copied().unwrap_or(0);
        codes.iter().any(|id| marks(id) & bits != 0)
    }

    /// The morphology that goes with a principal diagnosis.
    pub(super) fn morphology(&self, principal: CodeId) -> &'static str {
        self.morphologies.get(principal.0 as usize).copied().unwrap_or("")
    }

    /// One draw: what the group asks for, what coding rules ask for besides, then companions up to a
    /// drawn number. `delivers`: the record is of a woman who gave birth.
    pub(super) fn draw(&self, wishes: &Wishes, delivers: bool, rng: &mut ChaCha8Rng) -> Codes {
        let mut codes = Codes {
            diagnoses: self.drawer.required_diagnoses(wishes, rng),
            procedures: Vec::new(),
        };
        let procedures = self.drawer.required_procedures(wishes, rng);
        let may_have_more = procedures.is_some();
        codes.procedures = procedures.unwrap_or_default();
        self.add_asked(&mut codes, rng);
        if delivers && !self.any(&codes.diagnoses, Mark::Outcome) {
            codes.diagnoses.extend(pick(&self.outcomes, rng));
        }
        let [most_diagnoses, most_procedures] = self.at_most;
        let wanted = (1 + number(&self.more_diagnoses, rng)).min(most_diagnoses);
        for _ in codes.diagnoses.len()..wanted {
            let companion = pick(&self.companions, rng).filter(|id| !self.drawer.avoided(wishes, **id));
            codes.diagnoses.extend(companion);
        }
        dedup(&mut codes.diagnoses);
        let wanted = number(&self.more_procedures, rng).min(most_procedures);
        if may_have_more {
            for _ in codes.procedures.len()..wanted {
                let minor = pick(&self.drawer.minor, rng);
                codes
                    .procedures
                    .extend(minor.filter(|id| !self.drawer.avoided(wishes, **id)));
            }
        }
        dedup(&mut codes.procedures);
        codes
    }

    /// Whether there are no more codes than the plan allows.
    pub(super) fn fits(&self, codes: &Codes) -> bool {
        let [diagnoses, procedures] = self.at_most;
        codes.diagnoses.len() <= diagnoses && codes.procedures.len() <= procedures
    }

    fn add_asked(&self, codes: &mut Codes, rng: &mut ChaCha8Rng) {
        for (place, (asked, additions)) in ASKED.iter().zip(&self.asked).enumerate() {
            let (when, unless) = asked_bits(place);
            let of = if asked.of_procedures {
                &codes.procedures
            } else {
                &codes.diagnoses
            };
            if !self.any_of(of, when) {
                continue;
            }
            let goal = if asked.adds_procedure {
                &mut codes.procedures
            } else {
                &mut codes.diagnoses
            };
            if !self.any_of(goal, unless) {
                goal.extend(pick(additions, rng));
            }
        }
    }
}

/// Codes of a list that begin so; what no rule of the scheme names is numbered behind those it knows.
fn listed(scheme: &Scheme, list: &CodeList, prefix: &str, beyond: &mut Vec<String>) -> Vec<CodeId> {
    let first = list.codes().partition_point(|code| code.as_str() < prefix);
    let of_prefix = list.codes().iter().skip(first);
    let number = |code: &String| {
        scheme.code_id(code).or_else(|| {
            let known = beyond.iter().position(|other| other == code);
            let place = known.unwrap_or_else(|| {
                beyond.push(code.clone());
                beyond.len() - 1
            });
            u32::try_from(scheme.code_count() + place).ok().map(CodeId)
        })
    };
    of_prefix
        .take_while(|code| code.starts_with(prefix))
        .filter_map(number)
        .collect()
}

/// Which of so many codes stand in a list.
fn flags(count: usize, codes: &[CodeId]) -> Vec<bool> {
    let mut flags = vec![false; count];
    for id in codes {
        if let Some(flag) = flags.get_mut(id.0 as usize) {
            *flag = true;
        }
    }
    flags
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "statistics: a small count"
)]
fn number(law: &Option<Poisson<f64>>, rng: &mut ChaCha8Rng) -> usize {
    law.map_or(0, |law| law.sample(rng).clamp(0.0, 30.0) as usize)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "statistics: a small count"
)]
fn whole(count: f64) -> usize {
    count.clamp(0.0, 99.0) as usize
}

fn dedup(codes: &mut Vec<CodeId>) {
    let mut seen: Vec<CodeId> = Vec::with_capacity(codes.len());
    codes.retain(|code| {
        let fresh = !seen.contains(code);
        if fresh {
            seen.push(*code);
        }
        fresh
    });
}
