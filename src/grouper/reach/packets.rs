//! Which packets a case can reach: cases made for a row, and tried.
//!
//! Unlike the rows of groups, packets compete: a row that holds may lose to another by what the case's
//! other procedures are. So cases are made that fulfil the row, with the codes of its sets in turn, and
//! each is grouped. A row that one of them lands on is reached. That none does is proof only where it is
//! said to be: no code is of the row's diagnosis, every such diagnosis is excluded, or a row that holds
//! whenever this one does always wins. All other rows are left undecided, and said to be.

use std::sync::Arc;

use super::made::{Bench, made_whole, with_number};
use super::{Cause, Verdict};
use crate::diagnostics::Result;
use crate::grouper::Grouper;
use crate::records::CaseDraft;
use crate::tables::{
    Atom, CodeLists, Comparison, Condition, Criterion, Expression, Figure, NumberFact, PacketTest, Packets,
    Pattern, Scheme, Selection, SetRef, Subject, TreatmentType,
};

/// A principal diagnosis for rows that ask for none: illness without a name.
const ANY_DIAGNOSIS: &str = "R69.x00";
/// Codes of a set that are tried for it.
const MOST_CODES: usize = 24;
/// Cases made for one row.
const MOST_CASES: usize = 600;

/// Makes cases for packets.
pub(super) struct PacketHunt<'g> {
    grouper: &'g Grouper,
    scheme: &'g Scheme,
    packets: &'g Packets,
    /// A few procedures of each treatment type, of levels as different as there are.
    of_type: Vec<(TreatmentType, u8, Arc<str>)>,
}

impl<'g> PacketHunt<'g> {
    pub(super) fn new(
        grouper: &'g Grouper,
        packets: &'g Packets,
        lists: Option<&CodeLists>,
    ) -> PacketHunt<'g> {
        let scheme = grouper.scheme();
        let listed = lists.map_or(&[][..], |lists| lists.procedures.codes());
        PacketHunt {
            of_type: examples(scheme, packets, listed),
            grouper,
            scheme,
            packets,
        }
    }

    /// Whether some case has this row for its group.
    pub(super) fn outcome(&self, row: usize) -> Result<Verdict> {
        let Some(rule) = self.scheme.rules().get(row) else {
            return Ok(Verdict::Undecided);
        };
        if let Some(cause) = self.never(row) {
            return Ok(Verdict::Never(cause));
        }
        let mut bench = Bench::new(self.grouper)?;
        let mut drafts = self.fulfilling(&rule.when, vec![self.blank(row)]);
        drafts = self.with_severity(row, drafts);
        for draft in drafts.iter_mut().filter(|draft| draft.diagnoses.is_empty()) {
            draft.diagnoses.push(ANY_DIAGNOSIS.into()); // the row asks for none
        }
        for draft in drafts.into_iter().take(MOST_CASES) {
            if bench.group(&draft)?.row != Some(row) {
                continue;
            }
            let whole = made_whole(draft.clone());
            let kept = match bench.group(&whole)?.row == Some(row) {
                true => whole,
                false => draft,
            };
            if bench.group_both_ways(&kept)?.row == Some(row) {
                return Ok(Verdict::Reached(kept));
            }
        }
        Ok(Verdict::Undecided)
    }

    /// A case without a group.
    pub(super) fn ungrouped(&self) -> Result<Verdict> {
        let mut bench = Bench::new(self.grouper)?;
        let blank = self.blank(usize::MAX);
        let mut codes: Vec<Arc<str>> = vec!["U99.900".into(), "Z99.999".into()];
        if let Some(excluded) = self
            .packets
            .excluded()
            .and_then(|row| self.scheme.rules().get(row))
        {
            let drafts = self.fulfilling(&excluded.when, vec![blank.clone()]);
            codes.extend(
                drafts
                    .into_iter()
                    .filter_map(|draft| draft.diagnoses.first().cloned()),
            );
        }
        for code in codes {
            let draft = CaseDraft {
                diagnoses: vec![code],
                ..blank.clone()
            };
            if bench.group_both_ways(&draft)?.row.is_none() {
                return Ok(Verdict::Reached(draft));
            }
        }
        Ok(Verdict::Undecided)
    }

    /// A case without codes, of the row's reference cost where it has one.
    fn blank(&self, row: usize) -> CaseDraft {
        let mean = self.packets.of(row).and_then(|packet| packet.mean_cost);
        CaseDraft {
            case_id: "made".into(),
            sex: 1,
            age: 4_000,
            age_days: None,
            weight: None,
            los: Some(500),
            icu_hours: None,
            total_fee: mean.map(|millionths| (millionths / 10_000).max(1)),
            department: "".into(),
            discharge_status: "1".into(),
            front_fees: "".into(),
            diagnoses: Vec::new(),
            procedures: Vec::new(),
        }
    }

    // ---- proofs

    /// Why no case can have the row for its group, where that is certain.
    fn never(&self, row: usize) -> Option<Cause> {
        let rule = self.scheme.rules().get(row)?;
        let principals = self.principals(&rule.when)?;
        if principals.is_empty() {
            return Some(Cause::Itself);
        }
        if let Some(excluded) = self.packets.excluded()
            && let Some(SetRef::Inline(patterns)) = self.scheme.rules().get(excluded)?.when.sets().next()
            && principals
                .iter()
                .all(|code| patterns.iter().any(|pattern| pattern.holds(code)))
        {
            return Some(Cause::Shadowed(vec![excluded]));
        }
        self.always_beaten_by(row)
            .map(|winner| Cause::Shadowed(vec![winner]))
    }

    /// Every code that the condition asks the principal diagnosis to be one of, if it is one set that
    /// asks, and the codes of it are known.
    fn principals(&self, when: &Condition) -> Option<Vec<&str>> {
        let parts = match when {
            Condition::All(parts) => parts.as_slice(),
            other => std::slice::from_ref(other),
        };
        let set = parts.iter().find_map(|part| match part {
            Condition::Atom(Atom::In {
                subject: Subject::PrincipalDiagnosis,
                negated: false,
                set,
            }) => Some(set),
            _ => None,
        })?;
        let codes = self.scheme.set(set)?;
        let known: Vec<&str> = codes.codes.iter().map(|code| self.scheme.code(*code)).collect();
        // a beginning may be that of a code which no list has
        let begins_a_code = codes.prefixes.iter().any(|prefix| prefix.len() < 7);
        (!known.is_empty() || !begins_a_code).then_some(known)
    }

    /// A row that holds whenever this one does, and wins whatever the case is.
    fn always_beaten_by(&self, row: usize) -> Option<usize> {
        let rules = self.scheme.rules();
        let own = rules.get(row)?;
        let layer = |row: usize| {
            let above = rules.iter().enumerate().take(row).rev();
            let mut layers = above.filter(|(_, rule)| rule.level == crate::tables::Level::Layer);
            layers.next().map(|(layer, _)| layer)
        };
        let same = rules.iter().enumerate().filter(|(other, rule)| {
            *other != row && (rule.written == own.written || self.implies(row, *other))
        });
        let mut same = same
            .map(|(other, _)| other)
            .filter(|other| self.packets.of(*other).is_some() && layer(*other) == layer(row));
        match &self.packets.selection {
            Selection::FirstRow => same.find(|other| *other < row),
            Selection::Catalogue {
                severity_rows: true, ..
            } => None,
            Selection::Catalogue { tie_break, .. } => same.find(|other| self.beats(tie_break, *other, row)),
        }
    }

    /// Whether a catalogue row with procedures holds only where another does: the other's diagnosis covers
    /// its own, and of each of its alternatives some of the other's is a part.
    fn implies(&self, row: usize, other: usize) -> bool {
        let expression = |row: usize| self.packets.of(row)?.expression.as_ref();
        let prefix = |row: usize| {
            let rule = self.scheme.rules().get(row)?;
            match rule.when.sets().next()? {
                SetRef::Inline(patterns) => match patterns.as_slice() {
                    [Pattern::Prefix(prefix)] => Some(prefix),
                    _ => None,
                },
                SetRef::Named { .. } => None,
            }
        };
        let (Some(own), Some(others)) = (expression(row), expression(other)) else {
            return false;
        };
        let covers = prefix(row)
            .zip(prefix(other))
            .is_some_and(|(own, other)| own.starts_with(other.as_str()));
        let smaller = |own: &Vec<SetRef>| others.alternatives().iter().any(|other| is_part_of(other, own));
        matches!(self.packets.selection, Selection::Catalogue { .. })
            && covers
            && own.alternatives().iter().all(smaller)
    }

    /// Whether a row that holds too wins by what both always have.
    fn beats(&self, tie_break: &[Criterion], other: usize, row: usize) -> bool {
        let packet = |row: usize| self.packets.of(row);
        let written = |row: usize| self.scheme.rules().get(row).map(|rule| &rule.written);
        let same_condition = written(other) == written(row);
        for criterion in tie_break {
            let (theirs, own) = match criterion {
                Criterion::NearestMeanCost
                    if packet(other).map(|p| p.mean_cost) == packet(row).map(|p| p.mean_cost) =>
                {
                    continue;
                }
                // which is nearer depends on the case; which row counts as surgical on its procedures
                Criterion::NearestMeanCost | Criterion::HighestScoreIfSurgical => return false,
                Criterion::HighestScore => (
                    packet(other).and_then(|p| p.score),
                    packet(row).and_then(|p| p.score),
                ),
                Criterion::CodeOrder => {
                    let code = |row: usize| self.scheme.rules().get(row).map(|rule| &rule.code);
                    return code(other) < code(row);
                }
                Criterion::EarliestRow => return other < row,
                Criterion::LatestRow => return other > row,
                // rows of one condition are alike in all that is left
                _ if same_condition => continue,
                _ => return false,
            };
            if theirs != own {
                return theirs > own;
            }
        }
        false
    }

    // ---- cases

    /// Drafts that fulfil a condition as far as it can be fulfilled part by part.
    fn fulfilling(&self, condition: &Condition, drafts: Vec<CaseDraft>) -> Vec<CaseDraft> {
        match condition {
            Condition::All(parts) => parts
                .iter()
                .fold(drafts, |drafts, part| self.fulfilling(part, drafts)),
            Condition::Any(parts) => {
                let ways = parts.iter().map(|part| self.fulfilling(part, drafts.clone()));
                in_turn(ways.collect())
            }
            // what must not hold is seen when the case is grouped
            Condition::Not(_) => drafts,
            Condition::Atom(atom) => {
                let ways = drafts.iter().map(|draft| self.ways(atom, draft));
                in_turn(ways.collect())
            }
        }
    }

    /// The draft with what an atom asks for, in every way worth trying.
    fn ways(&self, atom: &Atom, draft: &CaseDraft) -> Vec<CaseDraft> {
        let with = |change: &dyn Fn(&mut CaseDraft)| {
            let mut draft = draft.clone();
            change(&mut draft);
            draft
        };
        match atom {
            Atom::In {
                subject,
                negated: false,
                set,
            } => {
                let codes = self.some_codes(set);
                let ways = codes
                    .iter()
                    .map(|code| with(&|draft| put_code(draft, *subject, code)));
                ways.collect()
            }
            Atom::Number(fact, comparison, bound) => {
                vec![with_number(draft, *fact, fulfilled(*fact, *comparison, *bound))]
            }
            Atom::Sex(sex) => vec![with(&|draft| draft.sex = *sex)],
            Atom::Department(word) => vec![with(&|draft| draft.department = word.as_str().into())],
            Atom::Packet(PacketTest::Takes(expression)) => self.taking(expression, draft),
            Atom::Packet(PacketTest::Type(kind)) => self.of_type(*kind, None, draft),
            Atom::Packet(PacketTest::SurgeryLevel(low, high)) => {
                self.of_type(TreatmentType::Surgical, Some((*low, *high)), draft)
            }
            Atom::Packet(PacketTest::Figure(Figure::IcuDays, comparison, bound)) => {
                let days = fulfilled(NumberFact::IcuHours, *comparison, *bound);
                vec![with(&|draft| draft.icu_hours = Some(days * 24))]
            }
            _ => vec![draft.clone()],
        }
    }

    /// Codes of a set, from all over it.
    fn some_codes(&self, set: &SetRef) -> Vec<Arc<str>> {
        let Some(set) = self.scheme.set(set) else {
            return Vec::new();
        };
        let step = set.codes.len().div_ceil(MOST_CODES).max(1);
        let listed = set.codes.iter().step_by(step);
        let mut codes: Vec<Arc<str>> = listed.map(|code| self.scheme.code(*code).into()).collect();
        if codes.is_empty() {
            codes.extend(set.prefixes.iter().map(|prefix| Arc::from(prefix.as_str())));
        }
        codes
    }

    /// The draft with procedures for each operand of an alternative.
    fn taking(&self, expression: &Expression, draft: &CaseDraft) -> Vec<CaseDraft> {
        let mut ways = Vec::new();
        for operands in expression.alternatives() {
            let mut made = vec![draft.clone()];
            for operand in operands {
                let codes = self.some_codes(operand);
                let wider = made.iter().flat_map(|draft| {
                    codes.iter().map(|code| {
                        let mut draft = draft.clone();
                        draft.procedures.push(Arc::clone(code));
                        draft
                    })
                });
                made = wider.take(MOST_CODES).collect();
            }
            ways.extend(made);
        }
        ways
    }

    /// The draft with a procedure that makes the case of a type, and of a level of surgery.
    fn of_type(&self, kind: TreatmentType, levels: Option<(u8, u8)>, draft: &CaseDraft) -> Vec<CaseDraft> {
        if kind == TreatmentType::Conservative {
            return vec![draft.clone()];
        }
        let fits = |level: u8| levels.is_none_or(|(low, high)| (low..=high).contains(&level));
        let fitting = self
            .of_type
            .iter()
            .filter(|(own, level, _)| *own == kind && fits(*level));
        let with = |(_, _, code): &(TreatmentType, u8, Arc<str>)| {
            let mut draft = draft.clone();
            if levels.is_some() {
                draft.procedures.clear(); // the one of the type had no level to be asked for
            }
            draft.procedures.insert(0, Arc::clone(code));
            draft
        };
        fitting.map(with).collect()
    }

    /// Of a row for one severity: drafts that have its label.
    fn with_severity(&self, row: usize, drafts: Vec<CaseDraft>) -> Vec<CaseDraft> {
        let severity = self.packets.of(row).map_or(0, |packet| packet.severity);
        let family = self.packets.families.first();
        let label = family.and_then(|family| {
            let mut labels = family.labels.iter();
            labels.find(|label| label.severity() == Some(severity))
        });
        match label.filter(|_| severity > 0) {
            Some(label) => self.fulfilling(&label.when, drafts),
            None => drafts,
        }
    }
}

/// A few procedures of each type and level; those no rule concerns first.
fn examples(scheme: &Scheme, packets: &Packets, listed: &[String]) -> Vec<(TreatmentType, u8, Arc<str>)> {
    const OF_EACH: usize = 12;
    let mut found: Vec<(TreatmentType, u8, Arc<str>)> = Vec::new();
    let of_tables = scheme.codes().map(str::to_owned);
    let mut codes: Vec<String> = of_tables.chain(listed.iter().cloned()).collect();
    codes.sort_unstable();
    codes.dedup();
    for code in codes {
        let Some(traits) = scheme.code_id(&code).and_then(|id| packets.procedures.traits(id)) else {
            continue;
        };
        let (Some(kind), None) = (traits.kind, &traits.rule) else {
            continue;
        };
        let same = found
            .iter()
            .filter(|(own, level, _)| (*own, *level) == (kind, traits.level));
        if same.count() < OF_EACH {
            found.push((kind, traits.level, code.as_str().into()));
        }
    }
    found
}

/// The first of each list, then the second of each, so that none is starved; not too many.
fn in_turn(lists: Vec<Vec<CaseDraft>>) -> Vec<CaseDraft> {
    let most = lists.iter().map(Vec::len).max().unwrap_or(0);
    let turns = (0..most).flat_map(|turn| lists.iter().filter_map(move |list| list.get(turn)));
    turns.take(MOST_CASES).cloned().collect()
}

/// Whether every operand of one list stands, as often, in another: cases of the other are cases of the one.
fn is_part_of(part: &[SetRef], whole: &[SetRef]) -> bool {
    let mut left: Vec<&SetRef> = whole.iter().collect();
    part.iter()
        .all(|operand| match left.iter().position(|other| *other == operand) {
            Some(at) => {
                left.swap_remove(at);
                true
            }
            None => false,
        })
}

fn put_code(draft: &mut CaseDraft, subject: Subject, code: &Arc<str>) {
    let code = Arc::clone(code);
    match subject {
        Subject::PrincipalDiagnosis => draft.diagnoses.insert(0, code),
        Subject::AnyDiagnosis if draft.diagnoses.is_empty() => draft.diagnoses.push(code),
        Subject::AnyDiagnosis | Subject::OtherDiagnosis => {
            if draft.diagnoses.is_empty() {
                draft.diagnoses.push(ANY_DIAGNOSIS.into());
            }
            draft.diagnoses.push(code);
        }
        Subject::PrincipalProcedure => draft.procedures.insert(0, code),
        Subject::AnyProcedure | Subject::OtherProcedure => draft.procedures.push(code),
        Subject::DischargeStatus => draft.discharge_status = code,
    }
}

/// A value that compares so with a bound, in hundredths.
fn fulfilled(fact: NumberFact, comparison: Comparison, bound: i64) -> i64 {
    let step = if fact == NumberFact::Amount { 1 } else { 100 };
    match comparison {
        Comparison::Less => (bound - step).max(0),
        Comparison::More => bound + step,
        Comparison::AtMost | Comparison::AtLeast | Comparison::Equal => bound,
    }
}
