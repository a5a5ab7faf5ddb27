//! One case explained: each rule tried, and the facts that decided it.

use super::packets::{PacketWalk, takes, walk_packets};
use super::plain::{Facts, walk};
use super::targets::asked_sets;
use super::{Grouping, number};
use crate::records::{Case, plain_number};
use crate::tables::{
    Atom, Comparison, ComplicationLevel, Condition, Level, NumberFact, PacketTest, Pattern, Rule, Scheme,
    SetRef, Subject,
};

/// A rule that was tried on a case (规则判定).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Index into [`Scheme::rules`].
    pub rule: usize,
    /// Whether it held.
    pub holds: bool,
    /// The tests that decided it: of a row that held those that make it true, of one that did not
    /// those that make it false. None: the row asks for nothing.
    pub facts: Vec<Fact>,
}

/// One test of a condition on a case, and how it came out (判定依据).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Codes of the case against a set.
    Codes {
        /// Which codes were looked at.
        subject: Subject,
        /// The condition asks for codes that are *not* in the set.
        negated: bool,
        /// As a condition writes it: `@name` or `{code, …}`.
        set: String,
        /// How many codes the set has; `None` of a set written out.
        size: Option<usize>,
        /// The codes that met the test, in the record's order.
        hits: Vec<String>,
        /// How many codes were looked at.
        looked_at: usize,
        /// Whether the test holds.
        holds: bool,
    },
    /// Whether there are procedures.
    Procedures {
        /// `has px`, not `no px`.
        wanted: bool,
        /// How many there are.
        count: usize,
        /// Whether the test holds.
        holds: bool,
    },
    /// Whether an MCC or CC counts.
    Complication {
        /// Which of the two.
        level: ComplicationLevel,
        /// The diagnoses that count at this level.
        counted: Vec<String>,
        /// Whether the test holds.
        holds: bool,
    },
    /// Body regions hit.
    Sites {
        /// As a condition writes it.
        set: String,
        /// The regions, as the tables name them.
        regions: Vec<String>,
        /// How their number is compared …
        comparison: Comparison,
        /// … with this, in hundredths.
        bound: i64,
        /// Whether the test holds.
        holds: bool,
    },
    /// A number; both sides in hundredths.
    Number {
        /// Which one.
        fact: NumberFact,
        /// Its value; a missing one makes the test false.
        value: Option<i64>,
        /// How it is compared …
        comparison: Comparison,
        /// … with this.
        bound: i64,
        /// Whether the test holds.
        holds: bool,
    },
    /// Sex, 1 or 2.
    Sex {
        /// Of the case.
        value: u8,
        /// Asked for.
        wanted: u8,
    },
    /// Procedures taken by the operands of an expression.
    Takes {
        /// The expression as written.
        expression: String,
        /// The procedures taken.
        hits: Vec<String>,
        /// Whether each operand takes one.
        holds: bool,
    },
    /// Treatment type, level of surgery or a figure of the auxiliary catalogue.
    Packet {
        /// As a condition writes it.
        condition: String,
        /// The case's own, as far as it has one word.
        value: String,
        /// Whether the test holds.
        holds: bool,
    },
    /// Department of discharge.
    Department {
        /// Of the case.
        value: String,
        /// Asked for.
        wanted: String,
    },
}

impl Fact {
    /// Whether the test holds.
    pub fn holds(&self) -> bool {
        match self {
            Fact::Codes { holds, .. }
            | Fact::Procedures { holds, .. }
            | Fact::Complication { holds, .. }
            | Fact::Sites { holds, .. }
            | Fact::Takes { holds, .. }
            | Fact::Packet { holds, .. }
            | Fact::Number { holds, .. } => *holds,
            Fact::Sex { value, wanted } => value == wanted,
            Fact::Department { value, wanted } => value == wanted,
        }
    }
}

/// Another diagnosis that is an MCC or CC, and what became of it (合并症并发症判定).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComplicationFound {
    /// Slot among the diagnoses, 0 = principal.
    pub slot: usize,
    /// The diagnosis.
    pub code: String,
    /// MCC or CC.
    pub level: ComplicationLevel,
    /// The exclusion list it belongs to, if any.
    pub exclusion: Option<u32>,
    /// The principal diagnosis whose exclusion list removed it.
    pub excluded_by: Option<String>,
    /// It is one of those that a rule which held, held by.
    pub decided: bool,
}

/// What the explanation of a case says (分组解释).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The outcome.
    pub grouping: Grouping,
    /// The rules tried, in order.
    pub steps: Vec<Step>,
    /// Each other diagnosis that is an MCC or CC.
    pub complications: Vec<ComplicationFound>,
    /// Whether a list of diagnoses that an MDC row asks for holds the principal diagnosis.
    pub principal_listed: bool,
    /// What became of every packet that held, of a scheme of packets.
    pub packets: Option<PacketWalk>,
}

/// Explains one case by the plain reading of the rules (解释分组过程).
pub fn explain(scheme: &Scheme, case: &Case) -> Explanation {
    let reader = Reader {
        facts: Facts::new(scheme, case),
    };
    let mut tried = Vec::new();
    let packets = scheme
        .packets()
        .map(|packets| walk_packets(scheme, packets, case));
    let grouping = match &packets {
        None => walk(scheme, case, |rule, holds| tried.push((rule, holds))),
        Some(walked) => {
            tried = reader.packets_tried(walked);
            walked.grouping
        }
    };
    let steps: Vec<Step> = tried
        .into_iter()
        .filter_map(|(rule, holds)| reader.step(rule, holds))
        .collect();
    let complications = reader.complications(&steps, &grouping);
    Explanation {
        grouping,
        steps,
        complications,
        principal_listed: reader.principal_listed(),
        packets,
    }
}

/// Most packets told that the principal diagnosis is one of and that do not hold.
const MOST_MISSED: usize = 20;

/// A set as conditions write it.
pub(super) fn set_as_written(set: &SetRef) -> String {
    match set {
        SetRef::Named { name, .. } => format!("@{name}"),
        SetRef::Inline(patterns) => {
            let shown: Vec<String> = patterns.iter().map(pattern_as_written).collect();
            format!("{{{}}}", shown.join(", "))
        }
    }
}

fn pattern_as_written(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Exact(code) => code.clone(),
        Pattern::Prefix(prefix) => format!("{prefix}*"),
    }
}

/// The codes a test looks at.
pub(super) fn codes_of(case: &Case, subject: Subject) -> Vec<&str> {
    match subject {
        Subject::PrincipalDiagnosis => case.diagnoses().take(1).collect(),
        Subject::AnyDiagnosis => case.diagnoses().collect(),
        Subject::OtherDiagnosis => case.diagnoses().skip(1).collect(),
        Subject::PrincipalProcedure => case.procedures().take(1).collect(),
        Subject::AnyProcedure => case.procedures().collect(),
        Subject::OtherProcedure => case.procedures().skip(1).collect(),
        Subject::DischargeStatus => vec![case.discharge_status()],
    }
}

struct Reader<'a> {
    facts: Facts<'a>,
}

impl Reader<'_> {
    fn step(&self, index: usize, holds: bool) -> Option<Step> {
        let rule = self.facts.scheme.rules().get(index)?;
        let mut facts = Vec::new();
        self.deciding(&rule.when, holds, &mut facts);
        Some(Step {
            rule: index,
            holds,
            facts,
        })
    }

    /// The packets worth telling: those that hold, and those of the principal diagnosis that do not.
    fn packets_tried(&self, walked: &PacketWalk) -> Vec<(usize, bool)> {
        let rules = self.facts.scheme.rules();
        let held = |row: usize| walked.considered.iter().any(|considered| considered.rule == row);
        let excluded = walked.grouping.mdc.filter(|_| walked.grouping.row.is_none());
        let mut missed = 0;
        let mut tried: Vec<(usize, bool)> = excluded.map(|row| (row, true)).into_iter().collect();
        for (row, rule) in rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.level == Level::Packet)
        {
            let holds = held(row);
            // a lighter line of a packet whose heavier line is the group
            if !holds && self.facts.hold(&rule.when) {
                continue;
            }
            if holds || (excluded.is_none() && missed < MOST_MISSED && self.is_of_principal(rule)) {
                missed += usize::from(!holds);
                tried.push((row, holds));
            }
        }
        tried
    }

    /// Whether a rule asks for the principal diagnosis, and has it.
    fn is_of_principal(&self, rule: &Rule) -> bool {
        let mut asked = Vec::new();
        asked_sets(&rule.when, true, &mut asked);
        let principal = self.facts.diagnoses().next().unwrap_or("");
        asked.iter().any(|(subject, set)| {
            *subject == Subject::PrincipalDiagnosis && self.facts.set_holds(set, principal)
        })
    }

    fn principal_listed(&self) -> bool {
        if self.facts.scheme.packets().is_some() {
            let rules = self.facts.scheme.rules().iter();
            return rules
                .filter(|rule| rule.level == Level::Packet)
                .any(|rule| self.is_of_principal(rule));
        }
        let principal = self.facts.case.diagnoses().next().unwrap_or("");
        let rules = self.facts.scheme.rules().iter();
        let mut asked = Vec::new();
        rules
            .filter(|rule| rule.level == Level::Mdc)
            .for_each(|rule| asked_sets(&rule.when, true, &mut asked));
        asked.iter().any(|(subject, set)| {
            let principal_too = matches!(subject, Subject::PrincipalDiagnosis | Subject::AnyDiagnosis);
            principal_too && self.facts.set_holds(set, principal)
        })
    }

    /// The tests that make a condition what it is.
    fn deciding(&self, condition: &Condition, holds: bool, out: &mut Vec<Fact>) {
        match condition {
            Condition::Not(inner) => self.deciding(inner, !holds, out),
            Condition::All(parts) | Condition::Any(parts) => {
                let all = matches!(condition, Condition::All(_));
                let mut relevant = parts.iter().filter(|part| self.facts.hold(part) == holds);
                if all == holds {
                    relevant.for_each(|part| self.deciding(part, holds, out));
                } else if let Some(first) = relevant.next() {
                    self.deciding(first, holds, out); // one part suffices
                }
            }
            Condition::Atom(atom) => out.push(self.fact(atom)),
        }
    }

    fn fact(&self, atom: &Atom) -> Fact {
        let case = self.facts.case;
        let holds = self.facts.atom(atom);
        match atom {
            Atom::In {
                subject,
                negated,
                set,
            } => self.codes_fact(*subject, *negated, set, holds),
            Atom::HasProcedure(wanted) => Fact::Procedures {
                wanted: *wanted,
                count: case.procedures().len(),
                holds,
            },
            Atom::Mcc => self.complication_fact(ComplicationLevel::Mcc, holds),
            Atom::Cc => self.complication_fact(ComplicationLevel::Cc, holds),
            Atom::Sites(set, comparison, bound) => Fact::Sites {
                set: set_as_written(set),
                regions: self.regions(set),
                comparison: *comparison,
                bound: *bound,
                holds,
            },
            Atom::Number(fact, comparison, bound) => Fact::Number {
                fact: *fact,
                value: number(case, *fact),
                comparison: *comparison,
                bound: *bound,
                holds,
            },
            Atom::Sex(wanted) => Fact::Sex {
                value: case.sex(),
                wanted: *wanted,
            },
            Atom::Department(word) => Fact::Department {
                value: case.department().to_owned(),
                wanted: word.clone(),
            },
            Atom::Packet(test) => self.packet_fact(test, holds),
        }
    }

    fn packet_fact(&self, test: &PacketTest, holds: bool) -> Fact {
        let view = self.facts.view.as_ref();
        let packet = |condition: String, value: String| Fact::Packet {
            condition,
            value,
            holds,
        };
        match test {
            PacketTest::Takes(expression) => {
                let all: Vec<&str> = self.facts.case.procedures().collect();
                let places = takes(&self.facts, expression).map_or_else(Vec::new, |taken| taken.places);
                let codes = places.iter().filter_map(|place| all.get(*place));
                Fact::Takes {
                    expression: expression.written(),
                    hits: codes.map(|code| (*code).to_owned()).collect(),
                    holds,
                }
            }
            PacketTest::Type(kind) => {
                let value = view.map_or("", |view| view.kind.word()).to_owned();
                packet(format!("type = {}", kind.word()), value)
            }
            PacketTest::SurgeryLevel(low, high) => {
                let value = view.map_or(0, |view| view.surgery_level).to_string();
                packet(format!("surgery_level = {low}-{high}"), value)
            }
            PacketTest::Figure(figure, comparison, bound) => {
                let bound = plain_number(*bound);
                packet(
                    format!("{} {} {bound}", figure.word(), comparison.sign()),
                    String::new(),
                )
            }
            PacketTest::LongStay => packet("long_stay".to_owned(), String::new()),
        }
    }

    fn codes_fact(&self, subject: Subject, negated: bool, set: &SetRef, holds: bool) -> Fact {
        let codes = codes_of(self.facts.case, subject);
        let looked_at = codes.len();
        let meets = |code: &&str| self.facts.set_holds(set, code) != negated;
        let hits = codes.into_iter().filter(meets).map(str::to_owned).collect();
        let size = match set {
            SetRef::Named { name, .. } => self.facts.scheme.named_set(name).map(|set| set.codes.len()),
            SetRef::Inline(_) => None,
        };
        Fact::Codes {
            subject,
            negated,
            set: set_as_written(set),
            size,
            hits,
            looked_at,
            holds,
        }
    }

    fn complication_fact(&self, level: ComplicationLevel, holds: bool) -> Fact {
        let counted = self
            .found()
            .into_iter()
            .filter(|found| found.level == level && found.excluded_by.is_none())
            .map(|found| found.code)
            .collect();
        Fact::Complication {
            level,
            counted,
            holds,
        }
    }

    /// Names of the body regions hit, sorted.
    fn regions(&self, set: &SetRef) -> Vec<String> {
        let scheme = self.facts.scheme;
        let Some(set) = scheme.set(set) else {
            return Vec::new();
        };
        let hit = |code: &str| self.facts.case.diagnoses().any(|own| own == code);
        let mut regions: Vec<String> = set
            .sites
            .iter()
            .filter(|(code, _)| hit(scheme.code(*code)))
            .map(|(_, site)| scheme.site(*site).to_owned())
            .collect();
        regions.sort();
        regions.dedup();
        regions
    }

    /// Each other diagnosis that is an MCC or CC.
    fn found(&self) -> Vec<ComplicationFound> {
        let scheme = self.facts.scheme;
        let principal = self.facts.case.diagnoses().next().unwrap_or("");
        let excluded = scheme
            .code_id(principal)
            .map_or(&[][..], |id| scheme.exclusions(id));
        let others = self.facts.case.diagnoses().enumerate().skip(1);
        others
            .filter_map(|(slot, code)| {
                let row = scheme.code_id(code).and_then(|id| scheme.complication(id))?;
                let removed = row.exclusion.is_some_and(|list| excluded.contains(&list));
                Some(ComplicationFound {
                    slot,
                    code: code.to_owned(),
                    level: row.level,
                    exclusion: row.exclusion,
                    excluded_by: removed.then(|| principal.to_owned()),
                    decided: false,
                })
            })
            .collect()
    }

    /// As [`Reader::found`], with those marked that decided a row the case is grouped by.
    fn complications(&self, steps: &[Step], grouping: &Grouping) -> Vec<ComplicationFound> {
        let rows = [grouping.mdc, grouping.adrg, grouping.row];
        let deciding: Vec<&String> = steps
            .iter()
            .filter(|step| step.holds && rows.contains(&Some(step.rule)))
            .flat_map(|step| &step.facts)
            .filter_map(|fact| match fact {
                Fact::Complication { counted, .. } => Some(counted),
                _ => None,
            })
            .flatten()
            .collect();
        let mut found = self.found();
        for one in &mut found {
            one.decided = one.excluded_by.is_none() && deciding.contains(&&one.code);
        }
        found
    }
}
