//! The changes worth trying on a case: everything the record itself offers, and what the rows on
//! the way to a neighbour ask for.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::changes::{Change, number_of};
use super::explain::set_as_written;
use super::targets::asked_sets;
use crate::records::CaseDraft;
use crate::tables::{
    Atom, CodeId, Comparison, ComplicationLevel, Condition, NumberFact, OPERATIONS, Rule, Scheme, SetRef,
    Subject,
};

/// Most examples of body regions taken from one list.
const MOST_REGIONS: usize = 12;

/// Where examples of added codes come from.
///
/// An example must stand for its kind and nothing else: a complication that no rule looks for by
/// name, a procedure that as few other lists as possible hold.
pub(super) struct Examples<'s> {
    scheme: &'s Scheme,
    /// MCCs and CCs that no list of diagnoses asked for holds, in code order.
    complications: [Vec<CodeId>; 2],
    /// How many lists asked for hold a procedure.
    lists_of: HashMap<CodeId, usize>,
    operations: HashSet<CodeId>,
}

impl<'s> Examples<'s> {
    pub(super) fn of(scheme: &'s Scheme) -> Examples<'s> {
        let mut seen: HashSet<String> = HashSet::new();
        let mut looked_for: HashSet<CodeId> = HashSet::new();
        let mut lists_of: HashMap<CodeId, usize> = HashMap::new();
        for rule in scheme.rules() {
            for (subject, set) in looked_at_sets(&rule.when) {
                let codes = scheme.set(set).map_or(&[][..], |set| &set.codes);
                match subject {
                    Subject::AnyDiagnosis | Subject::OtherDiagnosis => looked_for.extend(codes),
                    Subject::PrincipalProcedure | Subject::AnyProcedure | Subject::OtherProcedure => {
                        if seen.insert(set_as_written(set)) {
                            codes
                                .iter()
                                .for_each(|code| *lists_of.entry(*code).or_insert(0) += 1);
                        }
                    }
                    Subject::PrincipalDiagnosis | Subject::DischargeStatus => {}
                }
            }
        }
        let of_level = |level| {
            let rows = scheme.complications();
            let rows = rows
                .iter()
                .filter(|(code, row)| row.level == level && !looked_for.contains(code));
            let mut codes: Vec<CodeId> = rows.map(|(code, _)| *code).collect();
            codes.sort_unstable_by_key(|code| scheme.code(*code));
            codes
        };
        Examples {
            complications: [ComplicationLevel::Mcc, ComplicationLevel::Cc].map(of_level),
            operations: scheme
                .named_set(OPERATIONS)
                .map_or_else(HashSet::new, |set| set.codes.iter().copied().collect()),
            scheme,
            lists_of,
        }
    }

    /// The first MCC or CC that this principal diagnosis does not exclude and the record lacks.
    pub(super) fn complication(
        &self,
        level: ComplicationLevel,
        principal: &str,
        record: &CaseDraft,
    ) -> Option<Arc<str>> {
        let scheme = self.scheme;
        let excluded = scheme
            .code_id(principal)
            .map_or(&[][..], |id| scheme.exclusions(id));
        let counts = |code: &&CodeId| {
            let list = scheme.complication(**code).and_then(|row| row.exclusion);
            list.is_none_or(|list| !excluded.contains(&list))
        };
        let [mcc, cc] = &self.complications;
        let codes = match level {
            ComplicationLevel::Mcc => mcc,
            ComplicationLevel::Cc => cc,
        };
        let mut codes = codes.iter().filter(counts).map(|code| scheme.code(*code));
        codes
            .find(|code| !record.diagnoses.iter().any(|own| **own == **code))
            .map(Arc::from)
    }

    /// The procedure of a list that the fewest other lists hold; and the like among those that
    /// are operations if it is none, or are none if it is one.
    fn procedures(&self, set: &SetRef, record: &CaseDraft) -> Vec<Arc<str>> {
        let scheme = self.scheme;
        let codes = scheme.set(set).map_or(&[][..], |set| &set.codes);
        let own = |code: CodeId| record.procedures.iter().any(|own| **own == *scheme.code(code));
        let rank = |code: CodeId| self.lists_of.get(&code).copied().unwrap_or(0);
        let best = |operation: bool| {
            let fitting = codes.iter().copied().enumerate();
            fitting
                .filter(|(_, code)| self.operations.contains(code) == operation && !own(*code))
                .min_by_key(|(at, code)| (rank(*code), *at))
                .map(|(_, code)| Arc::from(scheme.code(code)))
        };
        [true, false].into_iter().filter_map(best).collect()
    }

    /// A diagnosis of a list, if there is one that is no MCC or CC.
    fn diagnosis(&self, set: &SetRef, record: &CaseDraft) -> Option<Arc<str>> {
        let scheme = self.scheme;
        let codes = scheme.set(set).map_or(&[][..], |set| &set.codes);
        let own = |code: CodeId| record.diagnoses.iter().any(|own| **own == *scheme.code(code));
        let fresh = codes.iter().copied().filter(|code| !own(*code)).enumerate();
        fresh
            .min_by_key(|(at, code)| (scheme.complication(*code).is_some(), *at))
            .map(|(_, code)| Arc::from(scheme.code(code)))
    }

    /// A diagnosis of each body region of a list that the record does not hit yet.
    fn regions(&self, set: &SetRef, record: &CaseDraft) -> Vec<Arc<str>> {
        let scheme = self.scheme;
        let sites = scheme.set(set).map_or(&[][..], |set| &set.sites);
        let own = |code: CodeId| record.diagnoses.iter().any(|own| **own == *scheme.code(code));
        let mut seen: Vec<u32> = sites
            .iter()
            .filter(|(code, _)| own(*code))
            .map(|(_, site)| *site)
            .collect();
        let mut found = Vec::new();
        for (code, site) in sites {
            if !seen.contains(site) && found.len() < MOST_REGIONS {
                seen.push(*site);
                found.push(Arc::from(scheme.code(*code)));
            }
        }
        found
    }
}

/// Every set a condition looks at, asked for or not.
fn looked_at_sets(condition: &Condition) -> Vec<(Subject, &SetRef)> {
    let atoms = condition.atoms().into_iter();
    atoms
        .filter_map(|atom| match atom {
            Atom::In { subject, set, .. } => Some((*subject, set)),
            Atom::Sites(set, ..) => Some((Subject::AnyDiagnosis, set)),
            _ => None,
        })
        .collect()
}

/// All changes worth trying, in the fixed order of kinds, each once.
///
/// `here`: the rows the case is grouped by now; `towards`: those on the way to its neighbours.
pub(super) fn changes_of(
    examples: &Examples<'_>,
    record: &CaseDraft,
    here: &[&Rule],
    towards: &[&Rule],
) -> Vec<Change> {
    let mut pool = Pool {
        examples,
        record,
        changes: Vec::new(),
        lists: HashSet::new(),
    };
    pool.of_record();
    here.iter().for_each(|rule| pool.of_bounds(&rule.when));
    for rule in towards {
        pool.of_bounds(&rule.when);
        pool.of_lists(&rule.when);
    }
    let mut changes = pool.changes;
    changes.sort_by_key(Change::rank); // stable: within a kind as the record and the tables have it
    changes
}

struct Pool<'a> {
    examples: &'a Examples<'a>,
    record: &'a CaseDraft,
    changes: Vec<Change>,
    /// Lists that examples were taken from.
    lists: HashSet<(Subject, String)>,
}

impl Pool<'_> {
    fn push(&mut self, change: Change) {
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// What the record itself offers: leaving out, exchanging, one complication more.
    fn of_record(&mut self) {
        let record = self.record;
        let principal = record.diagnoses.first();
        for (slot, code) in record.diagnoses.iter().enumerate().skip(1) {
            let code = Arc::clone(code);
            self.changes.push(Change::DropDiagnosis { slot, code });
        }
        if let Some(principal) = principal {
            self.of_levels(principal);
            for (slot, code) in record.diagnoses.iter().enumerate().skip(1) {
                let (code, principal) = (Arc::clone(code), Arc::clone(principal));
                self.changes.push(Change::SwapPrincipal {
                    slot,
                    code,
                    principal,
                });
            }
        }
        for (slot, code) in record.procedures.iter().enumerate() {
            let code = Arc::clone(code);
            self.changes.push(Change::DropProcedure { slot, code });
        }
        if let Some(principal) = record.procedures.first() {
            for (slot, code) in record.procedures.iter().enumerate().skip(1) {
                let (code, principal) = (Arc::clone(code), Arc::clone(principal));
                self.changes.push(Change::SwapProcedure {
                    slot,
                    code,
                    principal,
                });
            }
        }
    }

    fn of_levels(&mut self, principal: &str) {
        for level in [ComplicationLevel::Mcc, ComplicationLevel::Cc] {
            if let Some(example) = self.examples.complication(level, principal, self.record) {
                self.changes.push(Change::AddComplication { level, example });
            }
        }
    }

    /// What crosses a bound of a row, or is the other of what it asks for.
    fn of_bounds(&mut self, condition: &Condition) {
        for atom in condition.atoms() {
            match atom {
                Atom::Number(fact, comparison, bound) => self.of_number(*fact, *comparison, *bound),
                Atom::Sex(_) => {
                    let from = self.record.sex;
                    self.push(Change::Sex { from, to: 3 - from });
                }
                Atom::Department(word) if **word != *self.record.department => {
                    let from = Arc::clone(&self.record.department);
                    let to = word.as_str().into();
                    self.push(Change::Department { from, to });
                }
                _ => {}
            }
        }
    }

    fn of_number(&mut self, fact: NumberFact, comparison: Comparison, bound: i64) {
        let from = number_of(self.record, fact);
        let holds = from.is_some_and(|value| comparison.holds(value, bound));
        for to in beyond(fact, comparison, bound, !holds) {
            // leaving a bound on the side a missing value already is on changes nothing
            if from != Some(to) && (from.is_some() || !holds) {
                self.push(Change::Number { fact, from, to });
            }
        }
    }

    /// Codes of the lists a row asks for.
    fn of_lists(&mut self, condition: &Condition) {
        let mut asked = Vec::new();
        asked_sets(condition, true, &mut asked);
        for (subject, set) in asked {
            if self.lists.insert((subject, set_as_written(set))) {
                self.of_list(subject, set);
            }
        }
        for atom in condition.atoms() {
            if let Atom::Sites(set, ..) = atom {
                for example in self.examples.regions(set, self.record) {
                    let list = set_as_written(set).into();
                    self.push(Change::AddDiagnosis { list, example });
                }
            }
        }
    }

    fn of_list(&mut self, subject: Subject, set: &SetRef) {
        let list: Arc<str> = set_as_written(set).into();
        match subject {
            Subject::PrincipalProcedure | Subject::AnyProcedure | Subject::OtherProcedure => {
                let principal = subject == Subject::PrincipalProcedure;
                for example in self.examples.procedures(set, self.record) {
                    let list = Arc::clone(&list);
                    self.push(Change::AddProcedure {
                        list,
                        example,
                        principal,
                    });
                }
            }
            Subject::AnyDiagnosis | Subject::OtherDiagnosis => {
                if let Some(example) = self.examples.diagnosis(set, self.record) {
                    self.push(Change::AddDiagnosis { list, example });
                }
            }
            Subject::DischargeStatus => {
                let scheme = self.examples.scheme;
                let codes = scheme.set(set).map_or(&[][..], |set| &set.codes);
                for to in codes.iter().map(|code| scheme.code(*code)) {
                    if *to != *self.record.discharge_status {
                        let from = Arc::clone(&self.record.discharge_status);
                        let to = to.into();
                        self.push(Change::DischargeStatus { from, to });
                    }
                }
            }
            // a principal diagnosis that the record does not have is another case
            Subject::PrincipalDiagnosis => {}
        }
    }
}

/// The values nearest to a bound for which the comparison holds, or does not; in hundredths.
fn beyond(fact: NumberFact, comparison: Comparison, bound: i64, wanted: bool) -> Vec<i64> {
    // fees are counted in fen, all else in whole years, days, grams, hours
    let step = if fact == NumberFact::Amount { 1 } else { 100 };
    let least = if fact == NumberFact::Weight { step } else { 0 }; // zero grams means absent
    let at = bound.div_euclid(step) * step;
    let near = [at - step, at, at + step];
    let fits = |value: &i64| *value >= least && comparison.holds(*value, bound) == wanted;
    let mut values: Vec<i64> = near.into_iter().filter(fits).collect();
    values.sort_by_key(|value| ((value - bound).abs(), *value));
    values.truncate(if comparison == Comparison::Equal && !wanted {
        2
    } else {
        1
    });
    values
}
