//! One case in words: each rule tried, and the facts that decided it.

use super::plain::{Facts, walk};
use super::{Grouping, number};
use crate::codes::CodeList;
use crate::diagnostics::Lang;
use crate::records::Case;
use crate::tables::{
    Atom, ComplicationLevel, Condition, Level, OPERATIONS, Pattern, Scheme, SetRef, Subject,
};

/// A rule that was tried on a case (规则判定).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Index into [`Scheme::rules`].
    pub rule: usize,
    /// Whether it held.
    pub holds: bool,
    /// The tests that decided it, in words: of a row that held those that are true, of one that
    /// did not those that are false.
    pub facts: Vec<String>,
}

/// What the explanation of a case says (分组解释).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The outcome.
    pub grouping: Grouping,
    /// The rules tried, in order; MDC rows that did not hold are left out.
    pub steps: Vec<Step>,
    /// Each other diagnosis that is an MCC or CC, in words, with the exclusion that removed it.
    pub complications: Vec<String>,
}

/// Explains one case by the plain reading of the rules (解释分组过程).
///
/// Names come from the code lists; `lang` decides the words, never the outcome.
pub fn explain(scheme: &Scheme, case: &Case, names: [&CodeList; 2], lang: Lang) -> Explanation {
    let teller = Teller {
        facts: Facts { scheme, case },
        names,
        lang,
    };
    let mut tried = Vec::new();
    let grouping = walk(scheme, case, |rule, holds| tried.push((rule, holds)));
    let steps = tried
        .into_iter()
        .filter_map(|(rule, holds)| teller.step(rule, holds))
        .collect();
    Explanation {
        grouping,
        steps,
        complications: teller.complications(),
    }
}

struct Teller<'a> {
    facts: Facts<'a>,
    names: [&'a CodeList; 2],
    lang: Lang,
}

impl Teller<'_> {
    fn step(&self, index: usize, holds: bool) -> Option<Step> {
        let rule = self.facts.scheme.rules().get(index)?;
        if rule.level == Level::Mdc && !holds {
            return None;
        }
        let mut facts = Vec::new();
        self.deciding(&rule.when, holds, &mut facts);
        Some(Step {
            rule: index,
            holds,
            facts,
        })
    }

    /// The tests that make a condition what it is.
    fn deciding(&self, condition: &Condition, holds: bool, out: &mut Vec<String>) {
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
            Condition::Atom(atom) => out.push(self.tell(atom)),
        }
    }

    fn tell(&self, atom: &Atom) -> String {
        match atom {
            Atom::In { subject, set, .. } => self.tell_set(*subject, set),
            Atom::HasProcedure(_) => match self.facts.case.procedures().len() {
                0 => self.lang.pick("no procedure", "无手术操作").to_owned(),
                n if self.lang == Lang::En => format!("{n} procedures"),
                n => format!("有{n}项手术操作"),
            },
            Atom::Mcc | Atom::Cc => {
                let word = if *atom == Atom::Mcc { "MCC" } else { "CC" };
                match (self.facts.atom(atom), self.lang) {
                    (true, Lang::En) => format!("has a {word} that counts"),
                    (true, Lang::Zh) => format!("有计入的{word}"),
                    (false, Lang::En) => format!("no {word} that counts"),
                    (false, Lang::Zh) => format!("无计入的{word}"),
                }
            }
            Atom::Sites(_, comparison, wanted) => {
                let outcome = self.verdict(self.facts.atom(atom));
                let label = self.lang.pick("body regions injured", "损伤部位数");
                format!("{label} {} {}: {outcome}", comparison.sign(), wanted / 100)
            }
            Atom::Number(fact, comparison, wanted) => {
                let value = number(self.facts.case, *fact);
                let value = value.map_or_else(|| self.lang.pick("missing", "缺失").to_owned(), shown);
                let outcome = self.verdict(self.facts.atom(atom));
                format!(
                    "{} = {value}, {} {}: {outcome}",
                    fact.word(),
                    comparison.sign(),
                    shown(*wanted)
                )
            }
            Atom::Sex(wanted) => format!("sex = {}, = {wanted}", self.facts.case.sex()),
            Atom::Department(word) => format!("dept = {}, = {word}", self.facts.case.department()),
        }
    }

    fn verdict(&self, holds: bool) -> &'static str {
        if holds {
            self.lang.pick("yes", "是")
        } else {
            self.lang.pick("no", "否")
        }
    }

    fn tell_set(&self, subject: Subject, set: &SetRef) -> String {
        let case = self.facts.case;
        let looked_at: Vec<&str> = match subject {
            Subject::PrincipalDiagnosis => case.diagnoses().take(1).collect(),
            Subject::AnyDiagnosis => case.diagnoses().collect(),
            Subject::OtherDiagnosis => case.diagnoses().skip(1).collect(),
            Subject::PrincipalProcedure => case.procedures().take(1).collect(),
            Subject::AnyProcedure => case.procedures().collect(),
            Subject::OtherProcedure => case.procedures().skip(1).collect(),
            Subject::DischargeStatus => vec![case.discharge_status()],
        };
        let hits: Vec<String> = looked_at
            .iter()
            .filter(|code| self.facts.set_holds(set, code))
            .map(|code| self.with_name(code))
            .collect();
        let set = self.set_words(set);
        let hits = hits.join(self.lang.pick(", ", "，"));
        let one = subject.is_single();
        let subject = self.subject(subject);
        match (hits.is_empty(), self.lang) {
            (true, Lang::En) if one => format!("{subject} not in {set}"),
            (true, Lang::En) => format!("no {subject} in {set}"),
            (true, Lang::Zh) if one => format!("{subject}不在{set}中"),
            (true, Lang::Zh) => format!("无{subject}在{set}中"),
            (false, Lang::En) => format!("{subject} in {set}: {hits}"),
            (false, Lang::Zh) => format!("{subject}在{set}中：{hits}"),
        }
    }

    fn subject(&self, subject: Subject) -> &'static str {
        let (en, zh) = match subject {
            Subject::PrincipalDiagnosis => ("principal diagnosis", "主要诊断"),
            Subject::AnyDiagnosis => ("diagnosis", "诊断"),
            Subject::OtherDiagnosis => ("other diagnosis", "其他诊断"),
            Subject::PrincipalProcedure => ("principal procedure", "主要手术操作"),
            Subject::AnyProcedure => ("procedure", "手术操作"),
            Subject::OtherProcedure => ("other procedure", "其他手术操作"),
            Subject::DischargeStatus => ("discharge status", "离院方式"),
        };
        self.lang.pick(en, zh)
    }

    fn set_words(&self, set: &SetRef) -> String {
        match set {
            SetRef::Named { name, .. } if name == OPERATIONS => self
                .lang
                .pick("the operations @or_procedures", "手术目录@or_procedures")
                .to_owned(),
            SetRef::Named { name, .. } => {
                let length = self.facts.scheme.named_set(name).map_or(0, |set| set.codes.len());
                match self.lang {
                    Lang::En => format!("@{name} ({length} codes)"),
                    Lang::Zh => format!("@{name}（{length}个编码）"),
                }
            }
            SetRef::Inline(patterns) => {
                let shown: Vec<String> = patterns
                    .iter()
                    .map(|pattern| match pattern {
                        Pattern::Exact(code) => code.clone(),
                        Pattern::Prefix(prefix) => format!("{prefix}*"),
                    })
                    .collect();
                format!("{{{}}}", shown.join(", "))
            }
        }
    }

    fn with_name(&self, code: &str) -> String {
        match self.names.iter().find_map(|list| list.name(code)) {
            Some(name) => format!("{code} {name}"),
            None => code.to_owned(),
        }
    }

    /// What each other diagnosis counts for, and what removed it.
    fn complications(&self) -> Vec<String> {
        let scheme = self.facts.scheme;
        let principal = self.facts.case.diagnoses().next().unwrap_or("");
        let excluded = scheme
            .code_id(principal)
            .map_or(&[][..], |id| scheme.exclusions(id));
        let mut told = Vec::new();
        for code in self.facts.case.diagnoses().skip(1) {
            let Some(found) = scheme.code_id(code).and_then(|id| scheme.complication(id)) else {
                continue;
            };
            let word = if found.level == ComplicationLevel::Mcc {
                "MCC"
            } else {
                "CC"
            };
            let removed_by = found.exclusion.filter(|list| excluded.contains(list));
            let code = self.with_name(code);
            told.push(match (removed_by, self.lang) {
                (None, Lang::En) => format!("{code}: {word}, counts"),
                (None, Lang::Zh) => format!("{code}：{word}，计入"),
                (Some(list), Lang::En) => {
                    format!("{code}: {word}, excluded by list {list} of principal diagnosis {principal}")
                }
                (Some(list), Lang::Zh) => {
                    format!("{code}：{word}，被主要诊断{principal}的排除表{list}排除")
                }
            });
        }
        told
    }
}

/// Hundredths as a plain number.
fn shown(value: i64) -> String {
    if value % 100 == 0 {
        format!("{}", value / 100)
    } else {
        format!("{}.{:02}", value / 100, value % 100)
    }
}
