//! Which groups are neighbours of a case: those of its core group, and the core groups that its
//! diagnoses and procedures can belong to.

use super::explain::{codes_of, set_as_written};
use super::plain::Facts;
use super::{Grouping, rule_code};
use crate::records::Case;
use crate::tables::{
    Atom, Condition, Level, OPERATIONS, Otherwise, PacketTest, Rule, Scheme, SetRef, Subject,
};

/// Why a group is a neighbour of a case (相邻关系).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// A group of the same core group (同一核心组).
    SameAdrg,
    /// A core group that the principal diagnosis can belong to (主要诊断可入).
    PrincipalDiagnosis,
    /// A core group that names a procedure of the case (手术操作可入).
    Procedure,
    /// A core group that names another diagnosis of the case as principal (其他诊断可入).
    OtherDiagnosis,
}

impl Relation {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Relation::SameAdrg => "same_adrg",
            Relation::PrincipalDiagnosis => "principal_diagnosis",
            Relation::Procedure => "procedure",
            Relation::OtherDiagnosis => "other_diagnosis",
        }
    }
}

/// A group, or a core group as a whole, that the search tries to reach.
#[derive(Clone, Debug)]
pub(super) struct Target<'s> {
    pub(super) relation: Relation,
    pub(super) adrg: &'s str,
    /// The group wanted; `None`: any of the core group.
    pub(super) group: Option<&'s str>,
    /// Index of its core group's first row, and of the row that stands for it in table order.
    pub(super) adrg_row: usize,
    pub(super) row: usize,
    /// Every row on the way there.
    pub(super) rows: Vec<usize>,
}

impl Target<'_> {
    /// Whether a row on the way asks for codes of a list, given as conditions write it.
    pub(super) fn asks_for(&self, scheme: &Scheme, list: &str) -> bool {
        let rules = self.rows.iter().filter_map(|row| scheme.rules().get(*row));
        rules.flat_map(|rule| rule.when.sets()).any(|set| match set {
            SetRef::Named { name, .. } => list.strip_prefix('@') == Some(name),
            SetRef::Inline(_) => set_as_written(set) == list,
        })
    }
}

/// An ADRG row with the MDC row above it and the group rows below.
struct Block<'s> {
    mdc: usize,
    adrg: usize,
    rule: &'s Rule,
    groups: Vec<usize>,
}

impl Block<'_> {
    fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        [self.mdc, self.adrg]
            .into_iter()
            .chain(self.groups.iter().copied())
    }
}

/// Every neighbour: those of the same core group first, each part in table order.
pub(super) fn targets<'s>(scheme: &'s Scheme, case: &Case, grouping: &Grouping) -> Vec<Target<'s>> {
    let blocks = blocks(scheme);
    let own_adrg = rule_code(scheme, grouping.core());
    let mut found = Vec::new();
    if let (Some(adrg), Some(group)) = (own_adrg, rule_code(scheme, grouping.row)) {
        found = same_adrg(scheme, &blocks, adrg, group);
    }
    let looker = Looker {
        facts: Facts::new(scheme, case),
    };
    let mut others: Vec<Target<'s>> = Vec::new();
    for block in blocks.iter().filter(|block| Some(&*block.rule.code) != own_adrg) {
        let Some(relation) = looker.relation(block) else {
            continue;
        };
        // a core group may stand in several rows
        match others.iter_mut().find(|target| target.adrg == block.rule.code) {
            Some(target) => {
                target.relation = target.relation.min(relation);
                target.rows.extend(block.rows());
            }
            None => others.push(Target {
                relation,
                adrg: &block.rule.code,
                group: None,
                adrg_row: block.adrg,
                row: block.groups.first().copied().unwrap_or(block.adrg),
                rows: block.rows().collect(),
            }),
        }
    }
    found.append(&mut others);
    found
}

fn blocks(scheme: &Scheme) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut mdc = 0;
    for (index, rule) in scheme.rules().iter().enumerate() {
        match rule.level {
            Level::Mdc | Level::Layer => mdc = index,
            Level::Adrg | Level::Packet => blocks.push(Block {
                mdc,
                adrg: index,
                rule,
                groups: Vec::new(),
            }),
            Level::Drg => {
                if let Some(block) = blocks.last_mut() {
                    block.groups.push(index);
                }
            }
            Level::Ambiguous => {}
        }
    }
    blocks
}

/// The other groups of a core group, and its own code where that can be the group.
fn same_adrg<'s>(scheme: &'s Scheme, blocks: &[Block<'s>], adrg: &str, own: &str) -> Vec<Target<'s>> {
    let mut found: Vec<Target<'s>> = Vec::new();
    for block in blocks.iter().filter(|block| block.rule.code == adrg) {
        for (row, rule) in reachable(scheme, block).filter(|(_, rule)| rule.code != own) {
            match found.iter_mut().find(|target| target.group == Some(&*rule.code)) {
                Some(target) => target.rows.extend(block.rows()),
                None => found.push(Target {
                    relation: Relation::SameAdrg,
                    adrg: &block.rule.code,
                    group: Some(&rule.code),
                    adrg_row: block.adrg,
                    row,
                    rows: block.rows().collect(),
                }),
            }
        }
    }
    found
}

/// The groups of a core group up to the first that always holds; its own code if there is none.
fn reachable<'s>(scheme: &'s Scheme, block: &Block<'s>) -> impl Iterator<Item = (usize, &'s Rule)> {
    let rows = block
        .groups
        .iter()
        .filter_map(|row| Some((*row, scheme.rules().get(*row)?)));
    let rows: Vec<(usize, &Rule)> = rows.collect();
    let always = |rule: &Rule| rule.when == Condition::All(Vec::new());
    let first = rows.iter().position(|(_, rule)| always(rule));
    let itself = first.is_none() && block.rule.otherwise == Otherwise::Group;
    let count = first.map_or(rows.len(), |first| first + 1);
    let never = |rule: &Rule| rule.when == Condition::Any(Vec::new());
    let rows = rows.into_iter().take(count).filter(move |(_, rule)| !never(rule));
    rows.chain(itself.then_some((block.adrg, block.rule)))
}

/// A case beside rows it may belong to.
struct Looker<'a> {
    facts: Facts<'a>,
}

impl Looker<'_> {
    fn relation(&self, block: &Block<'_>) -> Option<Relation> {
        let mdc = &self.facts.scheme.rules().get(block.mdc)?.when;
        let adrg = &block.rule.when;
        let fits = [mdc, adrg]
            .into_iter()
            .all(|when| self.with_principal(when) != Some(false));
        let principal = [Subject::PrincipalDiagnosis, Subject::AnyDiagnosis];
        if fits
            && [mdc, adrg]
                .into_iter()
                .any(|when| self.names(when, &principal, 0))
        {
            return Some(Relation::PrincipalDiagnosis);
        }
        let procedure = [
            Subject::PrincipalProcedure,
            Subject::AnyProcedure,
            Subject::OtherProcedure,
        ];
        if self.names(adrg, &procedure, 0) {
            return Some(Relation::Procedure);
        }
        self.names(adrg, &[Subject::PrincipalDiagnosis], 1)
            .then_some(Relation::OtherDiagnosis)
    }

    /// Whether a condition holds as far as the principal diagnosis alone decides it.
    fn with_principal(&self, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::Not(inner) => self.with_principal(inner).map(|holds| !holds),
            Condition::All(parts) => self.together(parts, false),
            Condition::Any(parts) => self.together(parts, true),
            Condition::Atom(Atom::In {
                subject,
                negated,
                set,
            }) => {
                let principal = self.facts.case.diagnoses().next()?;
                let hit = self.facts.set_holds(set, principal) != *negated;
                match subject {
                    Subject::PrincipalDiagnosis => Some(hit),
                    Subject::AnyDiagnosis if hit => Some(true),
                    _ => None,
                }
            }
            Condition::Atom(_) => None,
        }
    }

    /// Parts of which one that is `decides` decides the whole.
    fn together(&self, parts: &[Condition], decides: bool) -> Option<bool> {
        let mut unknown = false;
        for part in parts {
            match self.with_principal(part) {
                Some(holds) if holds == decides => return Some(decides),
                Some(_) => {}
                None => unknown = true,
            }
        }
        (!unknown).then_some(!decides)
    }

    /// Whether a set that the condition asks for holds a code of the case: for diagnoses the
    /// principal (`from` 0) or one of the others (`from` 1).
    fn names(&self, condition: &Condition, subjects: &[Subject], from: usize) -> bool {
        let mut asked = Vec::new();
        asked_sets(condition, true, &mut asked);
        asked.iter().any(|(subject, set)| {
            let general = matches!(set, SetRef::Named { name, .. } if name == OPERATIONS);
            subjects.contains(subject)
                && !general
                && self
                    .codes(*subject, from)
                    .any(|code| self.facts.set_holds(set, code))
        })
    }

    fn codes(&self, subject: Subject, from: usize) -> impl Iterator<Item = &str> {
        let of_diagnoses = matches!(
            subject,
            Subject::PrincipalDiagnosis | Subject::AnyDiagnosis | Subject::OtherDiagnosis
        );
        let (list, most) = match (of_diagnoses, from) {
            (true, 0) => (Subject::PrincipalDiagnosis, 1),
            (true, _) => (Subject::OtherDiagnosis, usize::MAX),
            (false, _) => (Subject::AnyProcedure, usize::MAX),
        };
        codes_of(self.facts.case, list).into_iter().take(most)
    }
}

/// The sets a condition asks codes to be in, not those it wants them out of.
pub(super) fn asked_sets<'c>(condition: &'c Condition, positive: bool, out: &mut Vec<(Subject, &'c SetRef)>) {
    match condition {
        Condition::Not(inner) => asked_sets(inner, !positive, out),
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| asked_sets(part, positive, out));
        }
        Condition::Atom(Atom::In {
            subject,
            negated,
            set,
        }) if *negated != positive => out.push((*subject, set)),
        Condition::Atom(Atom::Packet(PacketTest::Takes(expression))) if positive => {
            out.extend(
                expression
                    .operands()
                    .map(|operand| (Subject::AnyProcedure, operand)),
            );
        }
        Condition::Atom(_) => {}
    }
}
