//! Why not the group next to it: for each neighbour of a case the smallest change that leads there.
//!
//! The changes are found by search and proved by grouping the changed case: every answer is a
//! case that was really grouped. The search goes through all changes one at a time, then through
//! all pairs, each in the fixed order of kinds, then through a few larger ones (all that counts as
//! a complication, all procedures); the first that reaches a neighbour is its answer.

use std::sync::Arc;

use super::changes::{Change, apply};
use super::pool::{Examples, changes_of};
use super::targets::{Relation, Target, targets};
use super::{Grouper, Grouping, Workspace, rule_code};
use crate::diagnostics::Result;
use crate::records::{Case, CaseDraft, DraftChecker};
use crate::tables::{ComplicationLevel, Rule, Scheme};

/// How many changes at once are tried in every combination.
pub const MOST_CHANGES: usize = 2;

/// The work a search may do, counted in codes read, so that it ends alike on every machine.
const MOST_WORK: usize = 2_000_000;

/// Work of a changed case besides its codes, in codes.
const WORK_OF_A_CASE: usize = 10;

/// A group next to the one a case has (相邻病组).
#[derive(Clone, Debug)]
pub struct Neighbour {
    /// Why it is a neighbour.
    pub relation: Relation,
    /// Index of its ADRG row in [`Scheme::rules`].
    pub adrg: usize,
    /// Index of the group's row: where the change leads, or without one the first of the ADRG.
    pub row: usize,
    /// The smallest change found, and the case as it would be; `None`: none found.
    pub change: Option<(Vec<Change>, CaseDraft)>,
}

/// The neighbours of a case, and how they were looked for (相邻病组).
#[derive(Clone, Debug)]
pub struct Neighbours {
    /// Those of the same ADRG first, each part in table order.
    pub list: Vec<Neighbour>,
    /// How many changed cases were grouped.
    pub tried: usize,
    /// Every combination was tried, as far as it was needed.
    pub complete: bool,
}

/// Finds the smallest change to each neighbour of a case (查找相邻病组).
///
/// # Errors
/// None in practice, see [`DraftChecker::new`].
pub fn neighbours(grouper: &Grouper, case: &Case) -> Result<Neighbours> {
    let mut work = Workspace::default();
    let grouping = grouper.group(case, &mut work);
    let scheme = grouper.scheme();
    let targets = targets(scheme, case, &grouping);
    let search = Search {
        grouper,
        scheme,
        work,
        checker: DraftChecker::new()?,
        examples: Examples::of(scheme),
        record: CaseDraft::of(case),
        here: [grouping.mdc, grouping.adrg, grouping.row],
        answers: targets.iter().map(|_| None).collect(),
        targets,
        tried: 0,
        work_left: MOST_WORK,
    };
    Ok(search.run())
}

struct Search<'a> {
    grouper: &'a Grouper,
    scheme: &'a Scheme,
    work: Workspace,
    checker: DraftChecker,
    examples: Examples<'a>,
    record: CaseDraft,
    /// The rows the case is grouped by.
    here: [Option<usize>; 3],
    targets: Vec<Target<'a>>,
    /// One for each target: the row reached, by which changes.
    answers: Vec<Option<Answer>>,
    tried: usize,
    work_left: usize,
}

struct Answer {
    grouping: Grouping,
    changes: Vec<Change>,
    draft: CaseDraft,
}

impl Search<'_> {
    fn run(mut self) -> Neighbours {
        let single = self.changes();
        for change in &single {
            self.attempt(&[change]);
        }
        let pool = self.changes(); // only towards what is still open
        for (at, first) in pool.iter().enumerate() {
            for second in pool.iter().skip(at + 1) {
                if self.is_over() {
                    break;
                }
                self.attempt(&[first, second]);
            }
        }
        for many in self.larger() {
            self.attempt(&many.iter().collect::<Vec<_>>());
        }
        self.finish()
    }

    fn is_over(&self) -> bool {
        self.work_left == 0 || self.answers.iter().all(Option::is_some)
    }

    /// The changes worth trying towards the targets not reached yet.
    fn changes(&self) -> Vec<Change> {
        let rules = self.scheme.rules();
        let here: Vec<&Rule> = self
            .here
            .iter()
            .flatten()
            .filter_map(|row| rules.get(*row))
            .collect();
        let open = self.targets.iter().zip(&self.answers);
        let open = open.filter(|(_, answer)| answer.is_none());
        let towards: Vec<&Rule> = open
            .flat_map(|(target, _)| &target.rows)
            .filter_map(|row| rules.get(*row))
            .collect();
        changes_of(&self.examples, &self.record, &here, &towards)
    }

    /// More than pairs: nothing of a kind is there. Smallest first.
    fn larger(&self) -> Vec<Vec<Change>> {
        let drops = |level: Option<ComplicationLevel>| -> Vec<Change> {
            let others = self.record.diagnoses.iter().enumerate().skip(1);
            others
                .filter(|(_, code)| self.counts(code, level))
                .map(|(slot, code)| Change::DropDiagnosis {
                    slot,
                    code: Arc::clone(code),
                })
                .collect()
        };
        let procedures = self.record.procedures.iter().enumerate();
        let procedures = procedures.map(|(slot, code)| Change::DropProcedure {
            slot,
            code: Arc::clone(code),
        });
        let mut all = vec![
            drops(Some(ComplicationLevel::Mcc)),
            drops(Some(ComplicationLevel::Cc)),
            drops(None),
            procedures.collect(),
        ];
        all.retain(|changes| changes.len() > MOST_CHANGES);
        all.sort_by_key(Vec::len);
        all
    }

    /// Whether another diagnosis counts as this complication, or as any.
    fn counts(&self, code: &str, level: Option<ComplicationLevel>) -> bool {
        let principal = self.record.diagnoses.first();
        let excluded = principal
            .and_then(|code| self.scheme.code_id(code))
            .map_or(&[][..], |id| self.scheme.exclusions(id));
        let row = self
            .scheme
            .code_id(code)
            .and_then(|id| self.scheme.complication(id));
        row.is_some_and(|row| {
            level.is_none_or(|level| row.level == level)
                && row.exclusion.is_none_or(|list| !excluded.contains(&list))
        })
    }

    /// Groups the case with these changes made, and keeps them for every target they reach first.
    fn attempt(&mut self, changes: &[&Change]) {
        if self.is_over() {
            return;
        }
        let Some(fitted) = self.fitted(changes) else {
            return;
        };
        let fitted: Vec<&Change> = fitted.iter().collect();
        let Some(draft) = apply(&self.record, &fitted) else {
            return;
        };
        let codes = draft.diagnoses.len() + draft.procedures.len();
        self.work_left = self.work_left.saturating_sub(codes + WORK_OF_A_CASE);
        self.tried += 1;
        let Some(case) = self.checker.check(&draft) else {
            return;
        };
        let grouping = self.grouper.group(case, &mut self.work);
        if grouping.status(self.scheme).has_group() {
            self.keep(grouping, &fitted, &draft);
        }
    }

    /// An added complication must count beside the principal diagnosis as changed; `None` if
    /// there is none that does.
    fn fitted(&self, changes: &[&Change]) -> Option<Vec<Change>> {
        let swapped = changes.iter().find_map(|change| match change {
            Change::SwapPrincipal { code, .. } => Some(code),
            _ => None,
        });
        let fitted = changes.iter().map(|change| match (*change, swapped) {
            (Change::AddComplication { level, .. }, Some(principal)) => {
                let example = self.examples.complication(*level, principal, &self.record)?;
                let level = *level;
                Some(Change::AddComplication { level, example })
            }
            (change, _) => Some(change.clone()),
        });
        fitted.collect()
    }

    fn keep(&mut self, grouping: Grouping, changes: &[&Change], draft: &CaseDraft) {
        let adrg = rule_code(self.scheme, grouping.core()).unwrap_or("");
        let group = grouping.code(self.scheme);
        for (target, answer) in self.targets.iter().zip(&mut self.answers) {
            let reached = target.adrg == adrg && target.group.is_none_or(|wanted| wanted == group);
            let asked = |change: &&Change| match change {
                Change::AddProcedure { list, .. } | Change::AddDiagnosis { list, .. } => {
                    target.asks_for(self.scheme, list)
                }
                _ => true,
            };
            // a code of a list that the neighbour does not ask for would lead there by accident
            if reached && answer.is_none() && changes.iter().all(asked) {
                *answer = Some(Answer {
                    grouping,
                    changes: changes.iter().map(|change| (*change).clone()).collect(),
                    draft: draft.clone(),
                });
            }
        }
    }

    fn finish(self) -> Neighbours {
        let pairs = self.targets.into_iter().zip(self.answers);
        let list = pairs.map(|(target, answer)| neighbour(&target, answer)).collect();
        Neighbours {
            list,
            tried: self.tried,
            complete: self.work_left > 0,
        }
    }
}

fn neighbour(target: &Target<'_>, answer: Option<Answer>) -> Neighbour {
    let reached = answer.as_ref().map(|answer| &answer.grouping);
    Neighbour {
        relation: target.relation,
        adrg: reached.and_then(|found| found.core()).unwrap_or(target.adrg_row),
        row: reached.and_then(|found| found.row).unwrap_or(target.row),
        change: answer.map(|answer| (answer.changes, answer.draft)),
    }
}
