//! The plain reading of the rules: slow, obvious, and the oracle of the fast one.
//!
//! It evaluates every row from first to last on code texts, by the words of the condition
//! language, and shares nothing with the compiled form but the tables.

use super::packets::{View, figure_holds, group_packets_plainly, takes};
use super::{Grouping, number};
use crate::records::Case;
use crate::tables::{
    Atom, ComplicationLevel, Condition, Level, Otherwise, PacketTest, Scheme, SetRef, Subject,
};

/// Groups a case by reading every rule in file order (逐条分组).
pub fn group_plainly(scheme: &Scheme, case: &Case) -> Grouping {
    match scheme.packets() {
        None => walk(scheme, case, |_, _| {}),
        Some(packets) => group_packets_plainly(scheme, packets, case),
    }
}

/// As [`group_plainly`]; `tried` is told each row that was evaluated and whether it held.
pub(super) fn walk(scheme: &Scheme, case: &Case, mut tried: impl FnMut(usize, bool)) -> Grouping {
    let facts = Facts::new(scheme, case);
    let mut holds = |index: usize, when: &Condition| {
        let holds = facts.hold(when);
        tried(index, holds);
        holds
    };
    let mut result = Grouping {
        severity: facts.severity(),
        ..Grouping::NONE
    };
    let mut mdc_holds = false;
    let mut adrg: Option<(usize, Otherwise)> = None;
    for (index, rule) in scheme.rules().iter().enumerate() {
        // an ADRG's group rows have ended without a hit
        if rule.level != Level::Drg
            && let Some((row, Otherwise::Group)) = adrg
        {
            return Grouping {
                adrg: Some(row),
                row: Some(row),
                ..result
            };
        }
        match rule.level {
            Level::Mdc | Level::Layer => {
                adrg = None;
                mdc_holds = holds(index, &rule.when);
                if mdc_holds {
                    result.mdc = Some(index);
                }
            }
            Level::Ambiguous => {
                adrg = None;
                if mdc_holds && holds(index, &rule.when) {
                    return Grouping {
                        row: Some(index),
                        ..result
                    };
                }
            }
            Level::Adrg | Level::Packet => {
                let adrg_holds = mdc_holds && holds(index, &rule.when);
                adrg = adrg_holds.then_some((index, rule.otherwise));
            }
            Level::Drg => {
                if let Some((row, _)) = adrg
                    && holds(index, &rule.when)
                {
                    return Grouping {
                        adrg: Some(row),
                        row: Some(index),
                        ..result
                    };
                }
            }
        }
    }
    match adrg {
        Some((row, Otherwise::Group)) => Grouping {
            adrg: Some(row),
            row: Some(row),
            ..result
        },
        _ => result,
    }
}

/// A case beside the tables.
pub(super) struct Facts<'a> {
    pub(super) scheme: &'a Scheme,
    pub(super) case: &'a Case,
    /// How a scheme of packets sees it.
    pub(super) view: Option<View>,
}

impl<'a> Facts<'a> {
    /// As the scheme sees the case.
    pub(super) fn new(scheme: &'a Scheme, case: &'a Case) -> Facts<'a> {
        let view = scheme.packets().map(|packets| View::of(scheme, packets, case));
        Facts { scheme, case, view }
    }

    /// A code as the scheme reads it.
    fn read<'c>(&'c self, code: &'c str) -> &'c str {
        self.scheme
            .packets()
            .map_or(code, |packets| packets.read_as(code))
    }

    /// Diagnoses as the scheme reads them, the principal first.
    pub(super) fn diagnoses(&self) -> impl ExactSizeIterator<Item = &str> {
        self.case.diagnoses().map(|code| self.read(code))
    }

    /// Procedures that count, as the scheme reads them, the main one first if there is one.
    pub(super) fn procedures(&self) -> Vec<&str> {
        match &self.view {
            None => self.case.procedures().collect(),
            Some(view) => {
                let all: Vec<&str> = self.case.procedures().collect();
                let kept = view.kept.iter().filter_map(|place| all.get(*place));
                kept.map(|code| self.read(code)).collect()
            }
        }
    }

    /// Whether the first of the procedures is the principal one.
    pub(super) fn has_principal(&self) -> bool {
        self.view.as_ref().is_none_or(|view| view.main.is_some())
    }

    pub(super) fn hold(&self, condition: &Condition) -> bool {
        match condition {
            Condition::All(parts) => parts.iter().all(|part| self.hold(part)),
            Condition::Any(parts) => parts.iter().any(|part| self.hold(part)),
            Condition::Not(inner) => !self.hold(inner),
            Condition::Atom(atom) => self.atom(atom),
        }
    }

    pub(super) fn atom(&self, atom: &Atom) -> bool {
        match atom {
            Atom::In {
                subject,
                negated,
                set,
            } => self.in_set(*subject, *negated, set),
            Atom::HasProcedure(wanted) => self.procedures().is_empty() != *wanted,
            Atom::Mcc => self.counts(ComplicationLevel::Mcc),
            Atom::Cc => self.counts(ComplicationLevel::Cc),
            Atom::Sites(set, comparison, wanted) => {
                let regions = i64::try_from(self.regions(set)).unwrap_or(i64::MAX);
                comparison.holds(regions.saturating_mul(100), *wanted)
            }
            Atom::Number(fact, comparison, wanted) => {
                number(self.case, *fact).is_some_and(|value| comparison.holds(value, *wanted))
            }
            Atom::Sex(sex) => self.case.sex() == *sex,
            Atom::Department(word) => self.case.department() == word,
            Atom::Packet(test) => self.packet_test(test),
        }
    }

    fn packet_test(&self, test: &PacketTest) -> bool {
        let Some(view) = &self.view else { return false };
        match test {
            PacketTest::Takes(expression) => takes(self, expression).is_some(),
            PacketTest::Type(kind) => view.kind == *kind,
            PacketTest::SurgeryLevel(low, high) => (*low..=*high).contains(&view.surgery_level),
            PacketTest::Figure(figure, comparison, bound) => figure_holds(self, *figure, *comparison, *bound),
            PacketTest::LongStay => false, // what it says was put in its place by the loader
        }
    }

    fn in_set(&self, subject: Subject, negated: bool, set: &SetRef) -> bool {
        let hit = |code: &str| self.set_holds(set, code) != negated;
        let principal = usize::from(self.has_principal());
        match subject {
            Subject::PrincipalDiagnosis => self.diagnoses().next().map_or(negated, hit),
            Subject::PrincipalProcedure => {
                let procedures = self.procedures().into_iter();
                procedures.take(principal).next().map_or(negated, hit)
            }
            Subject::DischargeStatus => hit(self.case.discharge_status()),
            Subject::AnyDiagnosis => self.diagnoses().any(hit),
            Subject::OtherDiagnosis => self.diagnoses().skip(1).any(hit),
            Subject::AnyProcedure => self.procedures().into_iter().any(hit),
            Subject::OtherProcedure => self.procedures().into_iter().skip(principal).any(hit),
        }
    }

    pub(super) fn set_holds(&self, set: &SetRef, code: &str) -> bool {
        match set {
            SetRef::Inline(patterns) => patterns.iter().any(|pattern| pattern.holds(code)),
            SetRef::Named { name, .. } => self.scheme.named_set(name).is_some_and(|set| {
                let id = self.scheme.code_id(code);
                let begins = |prefix: &String| !code.is_empty() && code.starts_with(prefix.as_str());
                id.is_some_and(|id| set.codes.contains(&id)) || set.prefixes.iter().any(begins)
            }),
        }
    }

    fn regions(&self, set: &SetRef) -> usize {
        let Some(set) = self.scheme.set(set) else { return 0 };
        let codes: Vec<_> = self
            .diagnoses()
            .filter_map(|code| self.scheme.code_id(code))
            .collect();
        let mut hit: Vec<u32> = set
            .sites
            .iter()
            .filter(|(code, _)| codes.contains(code))
            .map(|(_, site)| *site)
            .collect();
        hit.sort_unstable();
        hit.dedup();
        hit.len()
    }

    /// Whether a diagnosis other than the principal counts at this level.
    fn counts(&self, level: ComplicationLevel) -> bool {
        self.counted(level).is_some()
    }

    /// The first diagnosis other than the principal that counts at this level.
    pub(super) fn counted(&self, level: ComplicationLevel) -> Option<&str> {
        let principal = self.diagnoses().next().and_then(|code| self.scheme.code_id(code));
        let excluded = principal.map_or(&[][..], |code| self.scheme.exclusions(code));
        self.diagnoses().skip(1).find(|code| {
            let complication = self
                .scheme
                .code_id(code)
                .and_then(|id| self.scheme.complication(id));
            complication.is_some_and(|complication| {
                complication.level == level
                    && complication
                        .exclusion
                        .is_none_or(|list| !excluded.contains(&list))
            })
        })
    }

    pub(super) fn severity(&self) -> u8 {
        if self.counts(ComplicationLevel::Mcc) {
            2
        } else {
            u8::from(self.counts(ComplicationLevel::Cc))
        }
    }
}
