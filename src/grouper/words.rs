//! Facts and complications in words, in Chinese or English.

use super::explain::{ComplicationFound, Fact};
use crate::codes::CodeList;
use crate::diagnostics::Lang;
use crate::records::plain_number;
use crate::tables::{ComplicationLevel, NumberFact, OPERATIONS, Subject};

/// How many codes of a list are named before it is cut.
const SHOWN_CODES: usize = 4;

/// Says what was found (措辞): names from the code lists, words in one language.
#[derive(Clone, Copy)]
pub struct Teller<'a> {
    /// Diagnoses and procedures with their names.
    pub names: [&'a CodeList; 2],
    /// The language of the words.
    pub lang: Lang,
}

impl ComplicationLevel {
    /// `MCC` or `CC`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ComplicationLevel::Mcc => "MCC",
            ComplicationLevel::Cc => "CC",
        }
    }

    /// The word of the condition language.
    pub const fn word(self) -> &'static str {
        match self {
            ComplicationLevel::Mcc => "mcc",
            ComplicationLevel::Cc => "cc",
        }
    }
}

impl<'a> Teller<'a> {
    /// Whether a list has the code; where there are no lists, nothing is said of any.
    pub fn is_listed(&self, code: &str) -> bool {
        let mut lists = self.names.iter().filter(|list| !list.is_empty()).peekable();
        lists.peek().is_none() || lists.any(|list| list.contains(code))
    }

    /// The name of a code; empty when no list has it.
    pub fn name(&self, code: &str) -> &'a str {
        self.names.iter().find_map(|list| list.name(code)).unwrap_or("")
    }

    /// Code and name.
    pub fn coded(&self, code: &str) -> String {
        match self.name(code) {
            "" => code.to_owned(),
            name => format!("{code} {name}"),
        }
    }

    /// One test and how it came out (判定依据).
    pub fn fact(&self, fact: &Fact) -> String {
        let lang = self.lang;
        match fact {
            Fact::Codes { .. } => self.codes(fact),
            Fact::Procedures { count: 0, .. } => lang.pick("no procedure recorded", "无手术操作").to_owned(),
            Fact::Procedures { count, .. } => match lang {
                Lang::En => format!("procedures recorded: {count}"),
                Lang::Zh => format!("有{count}项手术操作"),
            },
            Fact::Complication {
                level,
                counted,
                holds,
            } => self.counted(*level, counted, *holds),
            Fact::Sites {
                regions,
                comparison,
                bound,
                holds,
                ..
            } => {
                let label = lang.pick("body regions injured", "损伤部位数");
                let names = regions.join(lang.pick(", ", "、"));
                let names = self.in_parentheses(&names);
                let test = self.compared(comparison.sign(), *bound, *holds);
                format!("{label} = {}{names}{test}", regions.len())
            }
            Fact::Number {
                fact,
                value,
                comparison,
                bound,
                holds,
            } => {
                let value = value.map_or_else(|| lang.pick("missing", "缺失").to_owned(), plain_number);
                let test = self.compared(comparison.sign(), *bound, *holds);
                format!("{} = {value}{test}", self.number_name(*fact))
            }
            Fact::Sex { value, wanted } => {
                let label = lang.pick("sex", "性别");
                let test = self.compared("=", i64::from(*wanted) * 100, value == wanted);
                format!("{label} = {value}{test}")
            }
            Fact::Takes { .. } | Fact::Packet { .. } => self.packet_fact(fact),
            Fact::Department { value, wanted } => {
                let label = lang.pick("department", "出院科别");
                let verdict = self.verdict(value == wanted);
                match lang {
                    Lang::En => format!("{label} = `{value}`, = `{wanted}`: {verdict}"),
                    Lang::Zh => format!("{label} = `{value}`，= `{wanted}`：{verdict}"),
                }
            }
        }
    }

    /// A test that only packets ask.
    fn packet_fact(&self, fact: &Fact) -> String {
        let (what, value, holds) = match fact {
            Fact::Takes {
                expression,
                hits,
                holds,
            } => {
                let what = match self.lang {
                    Lang::En => format!("procedures take {expression}"),
                    Lang::Zh => format!("手术操作满足组合 {expression}"),
                };
                (what, self.list(hits), *holds)
            }
            Fact::Packet {
                condition,
                value,
                holds,
            } => (condition.clone(), value.clone(), *holds),
            _ => return String::new(), // the others have words of their own
        };
        let (verdict, value) = (self.verdict(holds), self.in_parentheses(&value));
        let colon = self.lang.pick(": ", "：");
        format!("{what}{colon}{verdict}{value}")
    }

    /// `, < 18: yes`.
    fn compared(&self, sign: &str, bound: i64, holds: bool) -> String {
        let (bound, verdict) = (plain_number(bound), self.verdict(holds));
        match self.lang {
            Lang::En => format!(", {sign} {bound}: {verdict}"),
            Lang::Zh => format!("，{sign} {bound}：{verdict}"),
        }
    }

    fn verdict(&self, holds: bool) -> &'static str {
        match holds {
            true => self.lang.pick("yes", "是"),
            false => self.lang.pick("no", "否"),
        }
    }

    fn in_parentheses(&self, text: &str) -> String {
        match (text, self.lang) {
            ("", _) => String::new(),
            (text, Lang::En) => format!(" ({text})"),
            (text, Lang::Zh) => format!("（{text}）"),
        }
    }

    fn counted(&self, level: ComplicationLevel, counted: &[String], holds: bool) -> String {
        let word = level.as_str();
        let codes = self.list(counted);
        match (holds, self.lang) {
            (true, Lang::En) => format!("{word} that counts: {codes}"),
            (true, Lang::Zh) => format!("有计入的{word}：{codes}"),
            (false, Lang::En) => format!("no {word} that counts"),
            (false, Lang::Zh) => format!("无计入的{word}"),
        }
    }

    /// The first few codes with their names.
    fn list(&self, codes: &[String]) -> String {
        let mut shown: Vec<String> = codes
            .iter()
            .take(SHOWN_CODES)
            .map(|code| self.coded(code))
            .collect();
        let more = codes.len().saturating_sub(SHOWN_CODES);
        if more > 0 {
            shown.push(match self.lang {
                Lang::En => format!("… {more} more"),
                Lang::Zh => format!("…另{more}个"),
            });
        }
        shown.join(self.lang.pick(", ", "，"))
    }

    fn codes(&self, fact: &Fact) -> String {
        let Fact::Codes {
            subject,
            negated,
            set,
            size,
            hits,
            looked_at,
            holds,
        } = fact
        else {
            return String::new();
        };
        let (one, set) = (subject.is_single(), self.set(set, *size));
        let hits = self.list(hits);
        if *looked_at == 0 {
            return self.nothing_recorded(*subject);
        }
        let subject = subject.name().in_lang(self.lang);
        // of one code the words say where it stands, whatever was asked
        let inside = holds != negated;
        match (one, inside, self.lang) {
            (true, false, Lang::En) => format!("{subject} not in {set}"),
            (true, false, Lang::Zh) => format!("{subject}不在{set}中"),
            (false, false, Lang::En) if *negated => format!("{subject} not in {set}: {hits}"),
            (false, false, Lang::Zh) if *negated => format!("{subject}不在{set}中：{hits}"),
            (false, false, Lang::En) => format!("no {subject} in {set}"),
            (false, false, Lang::Zh) => format!("无{subject}在{set}中"),
            (false, true, Lang::En) if *negated => format!("every {subject} in {set}"),
            (false, true, Lang::Zh) if *negated => format!("所有{subject}均在{set}中"),
            (true, true, Lang::En) if *negated => format!("{subject} in {set}"),
            (true, true, Lang::Zh) if *negated => format!("{subject}在{set}中"),
            (_, true, Lang::En) => format!("{subject} in {set}: {hits}"),
            (_, true, Lang::Zh) => format!("{subject}在{set}中：{hits}"),
        }
    }

    fn nothing_recorded(&self, subject: Subject) -> String {
        let subject = subject.name().in_lang(self.lang);
        match self.lang {
            Lang::En => format!("no {subject} recorded"),
            Lang::Zh => format!("无{subject}"),
        }
    }

    fn set(&self, written: &str, size: Option<usize>) -> String {
        let operations = written.strip_prefix('@') == Some(OPERATIONS);
        match (size, self.lang) {
            (_, Lang::En) if operations => format!("the operations {written}"),
            (_, Lang::Zh) if operations => format!("手术目录{written}"),
            (Some(1), Lang::En) => format!("{written} (1 code)"),
            (Some(size), Lang::En) => format!("{written} ({size} codes)"),
            (Some(size), Lang::Zh) => format!("{written}（{size}个编码）"),
            (None, _) => written.to_owned(),
        }
    }

    /// The name of a number with its unit (数值项名称).
    pub fn number_name(&self, fact: NumberFact) -> &'static str {
        let (en, zh) = match fact {
            NumberFact::Age => ("age in years", "年龄（岁）"),
            NumberFact::AgeDays => ("age in days", "日龄（天）"),
            NumberFact::Weight => ("weight in grams", "体重（克）"),
            NumberFact::Los => ("days of stay", "住院天数"),
            NumberFact::IcuHours => ("hours in intensive care", "重症监护时长（小时）"),
            NumberFact::Amount => ("total fee in yuan", "总费用（元）"),
        };
        self.lang.pick(en, zh)
    }

    /// What a complication counts for, and what removed it (合并症并发症判定).
    pub fn complication(&self, found: &ComplicationFound) -> String {
        let list = found.exclusion.map_or_else(String::new, |list| list.to_string());
        match (&found.excluded_by, found.decided, self.lang) {
            (Some(principal), _, Lang::En) => {
                format!(
                    "does not count: excluded by list {list} of the principal diagnosis {}",
                    self.coded(principal)
                )
            }
            (Some(principal), _, Lang::Zh) => {
                format!("不计入：被主要诊断 {} 的排除表{list}排除", self.coded(principal))
            }
            (None, true, Lang::En) => "counts, and decided the group".to_owned(),
            (None, true, Lang::Zh) => "计入，且决定了分组".to_owned(),
            (None, false, Lang::En) => "counts, but did not decide the group".to_owned(),
            (None, false, Lang::Zh) => "计入，但未决定分组".to_owned(),
        }
    }
}
