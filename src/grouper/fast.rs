//! The fast evaluation: code numbers, candidate rows by bit sets, nothing allocated per case.

use super::{Grouping, number};
use crate::records::Case;
use crate::tables::{Compiled, EntryKind, Otherwise, Predicate, SetId, Subject};

/// Groups cases by a compiled scheme (分组器). Shared by threads; each has its own [`Workspace`].
#[derive(Debug)]
pub struct Grouper {
    compiled: Compiled,
}

/// Memory reused from case to case.
#[derive(Debug, Default)]
pub struct Workspace {
    diagnoses: Vec<usize>,
    procedures: Vec<usize>,
    principals: Vec<usize>,
    all: Vec<usize>,
    mdcs: Vec<u64>,
    entries: Vec<u64>,
    regions: Vec<u32>,
}

impl Grouper {
    /// From a compiled scheme.
    pub fn new(compiled: Compiled) -> Grouper {
        Grouper { compiled }
    }

    /// The scheme.
    pub fn scheme(&self) -> &crate::tables::Scheme {
        self.compiled.scheme()
    }

    /// The compiled rules.
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// The group of a case.
    pub fn group(&self, case: &Case, work: &mut Workspace) -> Grouping {
        work.number_codes(&self.compiled, case);
        let severity = self.severity(work);
        let mut result = Grouping {
            severity,
            ..Grouping::NONE
        };
        self.compiled
            .candidate_mdcs(&work.principals, &work.all, &mut work.mdcs);
        if work.mdcs.iter().all(|word| *word == 0) {
            return result;
        }
        self.compiled
            .candidate_entries(&work.principals, &work.all, &mut work.entries);
        let mut seen = Evaluation {
            compiled: &self.compiled,
            case,
            work,
            severities: None,
        };
        for index in 0..self.compiled.mdcs.len() {
            let Some(mdc) = self.compiled.mdcs.get(index) else {
                break;
            };
            if !bit(&seen.work.mdcs, index) || !seen.holds(&mdc.when) {
                continue;
            }
            result.mdc = Some(mdc.rule);
            if let Some(found) = seen.first_entry(mdc.entries.clone(), result) {
                return found;
            }
        }
        result
    }

    fn severity(&self, work: &Workspace) -> u8 {
        let Some((principal, others)) = work.diagnoses.split_first() else {
            return 0;
        };
        others
            .iter()
            .map(|other| self.compiled.severity(*principal, *other))
            .max()
            .unwrap_or(0)
    }
}

impl Workspace {
    fn number_codes(&mut self, compiled: &Compiled, case: &Case) {
        self.diagnoses.clear();
        self.procedures.clear();
        self.principals.clear();
        self.all.clear();
        self.diagnoses
            .extend(case.diagnoses().map(|code| compiled.code_number(code)));
        self.procedures
            .extend(case.procedures().map(|code| compiled.code_number(code)));
        self.principals.extend(self.diagnoses.first());
        self.principals.extend(self.procedures.first());
        self.all.extend_from_slice(&self.diagnoses);
        self.all.extend_from_slice(&self.procedures);
    }
}

fn bit(words: &[u64], index: usize) -> bool {
    words
        .get(index / 64)
        .is_some_and(|word| word >> (index % 64) & 1 == 1)
}

/// One case against the compiled rows.
struct Evaluation<'a> {
    compiled: &'a Compiled,
    case: &'a Case,
    work: &'a mut Workspace,
    /// Whether a CC, and whether an MCC counts; found on first use.
    severities: Option<(bool, bool)>,
}

impl Evaluation<'_> {
    /// The first candidate row of a range that decides.
    fn first_entry(&mut self, range: std::ops::Range<usize>, result: Grouping) -> Option<Grouping> {
        let mut index = range.start;
        while index < range.end {
            // jump over words without candidates
            let word = self.work.entries.get(index / 64).copied().unwrap_or(0) >> (index % 64);
            if word == 0 {
                index = (index / 64 + 1) * 64;
                continue;
            }
            index += word.trailing_zeros() as usize;
            if index >= range.end {
                return None;
            }
            if let Some(found) = self.entry(index, result) {
                return Some(found);
            }
            index += 1;
        }
        None
    }

    fn entry(&mut self, index: usize, result: Grouping) -> Option<Grouping> {
        let compiled = self.compiled;
        let entry = compiled.entries.get(index)?;
        if !self.holds(&entry.when) {
            return None;
        }
        let (drgs, otherwise) = match &entry.kind {
            EntryKind::Ambiguous => {
                return Some(Grouping {
                    row: Some(entry.rule),
                    ..result
                });
            }
            EntryKind::Adrg(drgs, otherwise) => (drgs.clone(), *otherwise),
        };
        let drg = compiled.drgs.get(drgs)?.iter().find(|drg| self.holds(&drg.when));
        match (drg, otherwise) {
            (Some(drg), _) => Some(Grouping {
                adrg: Some(entry.rule),
                row: Some(drg.rule),
                ..result
            }),
            (None, Otherwise::Group) => Some(Grouping {
                adrg: Some(entry.rule),
                row: Some(entry.rule),
                ..result
            }),
            (None, Otherwise::Continue) => None,
        }
    }

    fn holds(&mut self, predicate: &Predicate) -> bool {
        match predicate {
            Predicate::All(parts) => parts.iter().all(|part| self.holds(part)),
            Predicate::Any(parts) => parts.iter().any(|part| self.holds(part)),
            Predicate::Not(inner) => !self.holds(inner),
            Predicate::In(subject, negated, set) => self.in_set(*subject, *negated, *set),
            Predicate::HasProcedure(wanted) => self.work.procedures.is_empty() != *wanted,
            Predicate::Mcc => self.severities().1,
            Predicate::Cc => self.severities().0,
            Predicate::Sites(set, comparison, wanted) => {
                let regions = i64::try_from(self.regions(*set)).unwrap_or(i64::MAX);
                comparison.holds(regions.saturating_mul(100), *wanted)
            }
            Predicate::Number(fact, comparison, wanted) => {
                number(self.case, *fact).is_some_and(|value| comparison.holds(value, *wanted))
            }
            Predicate::Sex(sex) => self.case.sex() == *sex,
            Predicate::Department(word) => self.case.department() == &**word,
        }
    }

    fn in_set(&self, subject: Subject, negated: bool, set: SetId) -> bool {
        let (numbers, skip, only_first) = match subject {
            Subject::PrincipalDiagnosis => (&self.work.diagnoses, 0, true),
            Subject::AnyDiagnosis => (&self.work.diagnoses, 0, false),
            Subject::OtherDiagnosis => (&self.work.diagnoses, 1, false),
            Subject::PrincipalProcedure => (&self.work.procedures, 0, true),
            Subject::AnyProcedure => (&self.work.procedures, 0, false),
            Subject::OtherProcedure => (&self.work.procedures, 1, false),
            Subject::DischargeStatus => {
                let status = self.case.discharge_status();
                let number = self.compiled.code_number(status);
                return self.compiled.holds(set, number, || Some(status)) != negated;
            }
        };
        let of_diagnoses = std::ptr::eq(numbers, &self.work.diagnoses);
        let hit = |slot: usize, number: usize| {
            let text = || match of_diagnoses {
                true => self.case.diagnoses().nth(slot),
                false => self.case.procedures().nth(slot),
            };
            self.compiled.holds(set, number, text) != negated
        };
        if only_first {
            return numbers.first().map_or(negated, |number| hit(0, *number));
        }
        numbers
            .iter()
            .enumerate()
            .skip(skip)
            .any(|(slot, number)| hit(slot, *number))
    }

    fn severities(&mut self) -> (bool, bool) {
        if let Some(known) = self.severities {
            return known;
        }
        let mut counts = (false, false);
        if let Some((principal, others)) = self.work.diagnoses.split_first() {
            for other in others {
                match self.compiled.severity(*principal, *other) {
                    0 => {}
                    1 => counts.0 = true,
                    _ => counts.1 = true,
                }
            }
        }
        self.severities = Some(counts);
        counts
    }

    fn regions(&mut self, set: SetId) -> usize {
        self.work.regions.clear();
        for number in &self.work.diagnoses {
            self.work
                .regions
                .extend_from_slice(self.compiled.sites(set, *number));
        }
        self.work.regions.sort_unstable();
        self.work.regions.dedup();
        self.work.regions.len()
    }
}
