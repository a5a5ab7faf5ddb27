//! Conditions, sets and codes in clinical words, English and Chinese.
//!
//! One place for what the tables' language says to a person; what decided a single case is worded
//! by the explanations of the grouper.

use super::code_lists::CodeLists;
use super::condition::{Atom, Comparison, Condition, NumberFact, Pattern, SetRef, Subject};
use super::packets::{Expression, PacketTest};
use super::scheme::{Level, OPERATIONS, Rule, Scheme};
use crate::diagnostics::Lang;

/// How the rows of one scheme are put into words (规则的文字表述).
#[derive(Clone, Copy)]
pub struct Wording<'a> {
    /// Whose sets and names.
    pub scheme: &'a Scheme,
    /// Names of codes.
    pub lists: &'a CodeLists,
    /// The language.
    pub lang: Lang,
}

impl Wording<'_> {
    /// A condition as one phrase: `principal diagnosis in @X.dx (12 codes) and aged under 18 years`.
    pub fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::All(parts) if parts.is_empty() => self.lang.pick("always", "无条件").to_owned(),
            Condition::Any(parts) if parts.is_empty() => self.lang.pick("never", "永不满足").to_owned(),
            Condition::All(parts) => self.joined(parts, self.lang.pick(" and ", "，且")),
            Condition::Any(parts) => self.joined(parts, self.lang.pick(" or ", "，或")),
            Condition::Not(inner) => self.negated(inner),
            Condition::Atom(atom) => self.atom(atom),
        }
    }

    /// A code with its name, where a list has it.
    pub fn code(&self, code: &str) -> String {
        match self.code_name(code) {
            "" => code.to_owned(),
            name => format!("{code} {name}"),
        }
    }

    /// The name of a code; empty if no list has it.
    pub fn code_name(&self, code: &str) -> &str {
        let diagnosis = self.lists.diagnoses.name(code);
        diagnosis
            .or_else(|| self.lists.procedures.name(code))
            .unwrap_or("")
    }

    /// The name of what a row decides: of a group the one in `groups.csv`.
    pub fn rule_name(&self, rule: &Rule) -> String {
        let listed = match rule.level {
            Level::Drg => self.scheme.group_name(&rule.code).trim(),
            _ => "",
        };
        let name = if listed.is_empty() { &rule.name } else { listed };
        name.trim().to_owned()
    }

    /// So many codes (编码数).
    pub fn code_count(&self, count: usize) -> String {
        match self.lang {
            Lang::En => codes_en(count),
            Lang::Zh => format!("{count}个编码"),
        }
    }

    /// A set as a condition names it, with its length.
    pub fn set(&self, set: &SetRef) -> String {
        match set {
            SetRef::Named { name, .. } => {
                let length = self.scheme.named_set(name).map_or(0, |set| set.codes.len());
                match (self.lang, name == OPERATIONS) {
                    (Lang::En, true) => format!("the operations @{name} ({})", codes_en(length)),
                    (Lang::Zh, true) => format!("手术目录@{name}（{length}个编码）"),
                    (Lang::En, false) => format!("@{name} ({})", codes_en(length)),
                    (Lang::Zh, false) => format!("@{name}（{length}个编码）"),
                }
            }
            SetRef::Inline(patterns) => {
                let codes: Vec<String> = patterns.iter().map(|pattern| self.pattern(pattern)).collect();
                format!("{{{}}}", codes.join(self.lang.pick(", ", "、")))
            }
        }
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        match pattern {
            Pattern::Exact(code) => self.code(code),
            Pattern::Prefix(prefix) => format!("{prefix}*"),
        }
    }

    fn joined(&self, parts: &[Condition], word: &str) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.part(part)).collect();
        parts.join(word)
    }

    /// A part of a longer condition: what is itself joined stands in parentheses.
    fn part(&self, condition: &Condition) -> String {
        let words = self.condition(condition);
        match (condition, self.lang) {
            (Condition::All(parts) | Condition::Any(parts), _) if parts.is_empty() => words,
            (Condition::All(_) | Condition::Any(_), Lang::En) => format!("({words})"),
            (Condition::All(_) | Condition::Any(_), Lang::Zh) => format!("（{words}）"),
            _ => words,
        }
    }

    fn negated(&self, inner: &Condition) -> String {
        match inner {
            Condition::Atom(Atom::In {
                subject,
                negated,
                set,
            }) if !subject.is_single() && !negated => self.none_in(*subject, set),
            Condition::Not(inner) => self.condition(inner),
            _ => match self.lang {
                Lang::En => format!("not ({})", self.condition(inner)),
                Lang::Zh => format!("不满足（{}）", self.condition(inner)),
            },
        }
    }

    fn none_in(&self, subject: Subject, set: &SetRef) -> String {
        let (subject, set) = (subject.name().in_lang(self.lang), self.set(set));
        match self.lang {
            Lang::En => format!("no {subject} in {set}"),
            Lang::Zh => format!("无{subject}在{set}中"),
        }
    }

    fn atom(&self, atom: &Atom) -> String {
        match atom {
            Atom::In {
                subject,
                negated,
                set,
            } => self.membership(*subject, *negated, set),
            Atom::HasProcedure(true) => self.lang.pick("has a procedure", "有手术操作").to_owned(),
            Atom::HasProcedure(false) => self.lang.pick("has no procedure", "无手术操作").to_owned(),
            Atom::Mcc => self
                .lang
                .pick(
                    "with a severe complication or comorbidity (MCC)",
                    "伴严重并发症或合并症（MCC）",
                )
                .to_owned(),
            Atom::Cc => self
                .lang
                .pick(
                    "with a complication or comorbidity (CC)",
                    "伴并发症或合并症（CC）",
                )
                .to_owned(),
            Atom::Sites(set, comparison, number) => {
                let (amount, set) = (self.amount(*comparison, *number, ""), self.set(set));
                match self.lang {
                    Lang::En => format!("body regions injured, by {set}: {amount}"),
                    Lang::Zh => format!("按{set}损伤部位数{amount}"),
                }
            }
            Atom::Number(fact, comparison, number) => self.number(*fact, *comparison, *number),
            Atom::Sex(1) => self.lang.pick("male", "男性").to_owned(),
            Atom::Sex(_) => self.lang.pick("female", "女性").to_owned(),
            Atom::Department(word) => match self.lang {
                Lang::En => format!("department is {word}"),
                Lang::Zh => format!("科室为{word}"),
            },
            Atom::Packet(test) => self.packet_test(test),
        }
    }

    fn packet_test(&self, test: &PacketTest) -> String {
        match (test, self.lang) {
            (PacketTest::Takes(expression), Lang::En) => {
                format!("procedures take {}", self.expression(expression))
            }
            (PacketTest::Takes(expression), Lang::Zh) => {
                format!("手术操作满足{}", self.expression(expression))
            }
            (PacketTest::Type(kind), Lang::En) => format!("the case is {}", kind.words().en),
            (PacketTest::Type(kind), Lang::Zh) => format!("手术操作类型为{}", kind.words().zh),
            (PacketTest::SurgeryLevel(_, 0), lang) => lang
                .pick("the main procedure has no level of surgery", "主要手术无手术级别")
                .to_owned(),
            (PacketTest::SurgeryLevel(low, high), lang) => match (low == high, lang) {
                (true, Lang::En) => format!("level of the main surgery is {low}"),
                (true, Lang::Zh) => format!("主要手术级别为{low}级"),
                (false, Lang::En) => format!("level of the main surgery is {low} to {high}"),
                (false, Lang::Zh) => format!("主要手术级别为{low}至{high}级"),
            },
            (PacketTest::LongStay, lang) => lang.pick("long stay", "住院时间较长").to_owned(),
            (PacketTest::Figure(figure, comparison, bound), lang) => {
                format!(
                    "{} {}",
                    figure.words().in_lang(lang),
                    self.amount(*comparison, *bound, "")
                )
            }
        }
    }

    /// `47.0100 + 54.2100, or 47.0901`, with names.
    fn expression(&self, expression: &Expression) -> String {
        let operand = |operand: &SetRef| match operand {
            SetRef::Inline(patterns) => {
                let words: Vec<String> = patterns.iter().map(|pattern| self.pattern(pattern)).collect();
                words.join("/")
            }
            named @ SetRef::Named { .. } => self.set(named),
        };
        let alternatives = expression.alternatives().iter().map(|operands| {
            let words: Vec<String> = operands.iter().map(operand).collect();
            words.join(" + ")
        });
        let alternatives: Vec<String> = alternatives.collect();
        alternatives.join(self.lang.pick(", or ", "，或"))
    }

    fn membership(&self, subject: Subject, negated: bool, set: &SetRef) -> String {
        let (name, words) = (subject.name().in_lang(self.lang), self.set(set));
        match (subject.is_single(), negated, self.lang) {
            (true, false, Lang::En) => format!("{name} in {words}"),
            (true, true, Lang::En) => format!("{name} not in {words}"),
            (false, false, Lang::En) => format!("any {name} in {words}"),
            (false, true, Lang::En) => format!("any {name} outside {words}"),
            (true, false, Lang::Zh) => format!("{name}在{words}中"),
            (true, true, Lang::Zh) => format!("{name}不在{words}中"),
            (false, false, Lang::Zh) => format!("任一{name}在{words}中"),
            (false, true, Lang::Zh) => format!("任一{name}在{words}之外"),
        }
    }

    fn number(&self, fact: NumberFact, comparison: Comparison, number: i64) -> String {
        let (en, zh, unit_en, unit_zh) = match fact {
            NumberFact::Age => ("age", "年龄", " years", "岁"),
            NumberFact::AgeDays => ("age in days", "日龄", " days", "天"),
            NumberFact::Weight => ("weight", "体重", " g", "克"),
            NumberFact::Los => ("length of stay", "住院天数", " days", "天"),
            NumberFact::IcuHours => ("hours in intensive care", "重症监护时长", " hours", "小时"),
            NumberFact::Amount => ("total fee", "总费用", " yuan", "元"),
        };
        let amount = self.amount(comparison, number, self.lang.pick(unit_en, unit_zh));
        match self.lang {
            Lang::En => format!("{en} {amount}"),
            Lang::Zh => format!("{zh}{amount}"),
        }
    }

    fn amount(&self, comparison: Comparison, hundredths: i64, unit: &str) -> String {
        let (en, zh) = match comparison {
            Comparison::Less => ("under ", "小于"),
            Comparison::AtMost => ("at most ", "不超过"),
            Comparison::More => ("over ", "大于"),
            Comparison::AtLeast => ("at least ", "不少于"),
            Comparison::Equal => ("exactly ", "为"),
        };
        let (whole, part) = (hundredths / 100, hundredths % 100);
        let number = if part == 0 {
            whole.to_string()
        } else {
            format!("{whole}.{part:02}").trim_end_matches('0').to_owned()
        };
        format!("{}{number}{unit}", self.lang.pick(en, zh))
    }
}

/// So many codes, in English.
fn codes_en(count: usize) -> String {
    match count {
        1 => "1 code".to_owned(),
        count => format!("{count} codes"),
    }
}

/// The letters of a name without what only its writing decides: full-width forms folded, blanks
/// dropped (名称规整). `胰／肾` and `胰/肾` are one name.
pub fn folded(text: &str) -> String {
    text.chars()
        .map(narrow)
        .filter(|c| !c.is_whitespace() && *c != '\u{feff}')
        .collect()
}

/// A full-width letter, digit, sign or blank as its ASCII form.
pub fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        _ => c,
    }
}
