//! Each neighbour as a question to the reviewer of the record.
//!
//! The words ask whether the record is right, whatever the neighbouring group is worth: a change
//! that would lead to a lighter group and one to a heavier are asked about alike, and no question
//! suggests an answer.

use super::changes::Change;
use super::words::Teller;
use crate::diagnostics::Lang;
use crate::records::plain_number;
use crate::tables::{ComplicationLevel, NumberFact, Scheme};

impl Teller<'_> {
    /// What a list of neighbours is for (用途说明).
    pub fn purpose(&self) -> &'static str {
        self.lang.pick(
            "Each line is a question about the record, for the reviewer to answer from the medical record. \
             Lighter and heavier groups stand in it alike, in the order of the tables, without weights or \
             payments. It serves to check the record; it is no basis for choosing a group.",
            "以下每一条都是供审核人员对照病历核实的问题。列表按规则表顺序排列，高低两个方向一并列出，\
             不显示权重和费用。本列表仅用于核对病案填写是否属实，不得作为选择病组的依据。",
        )
    }

    /// `Would be G without …: …?` (核对问题): the changes that lead to a group, and what to check.
    pub fn question(&self, scheme: &Scheme, principal: &str, group: &str, changes: &[Change]) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut questions: Vec<String> = Vec::new();
        let merged = self.merged_drops(scheme, principal, changes);
        parts.extend(merged.iter().cloned());
        for change in changes {
            if merged.is_none()
                || !matches!(
                    change,
                    Change::DropDiagnosis { .. } | Change::DropProcedure { .. }
                )
            {
                parts.push(self.change(scheme, principal, change));
            }
            let question = self.ask(change, changes.len());
            if !questions.contains(&question) {
                questions.push(question);
            }
        }
        match self.lang {
            Lang::En => format!(
                "Would be {group} {}: {}?",
                parts.join(" and "),
                questions.join("; and ")
            ),
            Lang::Zh => format!(
                "若{}，则入 {group}：{}？",
                parts.join("，且"),
                questions.join("；")
            ),
        }
    }

    /// More than two codes left out are named together.
    fn merged_drops(&self, scheme: &Scheme, principal: &str, changes: &[Change]) -> Option<String> {
        if changes.len() <= super::MOST_CHANGES {
            return None;
        }
        let codes: Vec<&str> = changes
            .iter()
            .filter_map(|change| match change {
                Change::DropDiagnosis { code, .. } | Change::DropProcedure { code, .. } => Some(&**code),
                _ => None,
            })
            .collect();
        let kind = match changes.first()? {
            Change::DropProcedure { .. } => self.lang.pick("procedures", "手术操作").to_owned(),
            _ => {
                let mut levels: Vec<&str> = codes
                    .iter()
                    .filter_map(|code| level_of(scheme, principal, code))
                    .map(ComplicationLevel::as_str)
                    .collect();
                levels.sort_unstable_by(|a, b| b.cmp(a));
                levels.dedup();
                let levels = levels.join(self.lang.pick(" and ", "和"));
                match self.lang {
                    Lang::En => format!("{levels} diagnoses"),
                    Lang::Zh => format!("{levels}诊断"),
                }
            }
        };
        let count = codes.len();
        let named: Vec<String> = codes.iter().map(|code| self.quoted(code)).collect();
        let named = named.join(self.lang.pick(", ", "、"));
        Some(match self.lang {
            Lang::En => format!("without any of its {count} {kind} ({named})"),
            Lang::Zh => format!("{count}项{kind}（{named}）均不存在"),
        })
    }

    /// The change itself: `without the CC ‘I10.x00 …’`.
    fn change(&self, scheme: &Scheme, principal: &str, change: &Change) -> String {
        let en = self.lang == Lang::En;
        match change {
            Change::DropDiagnosis { code, .. } => {
                let (kind, code) = (self.kind_of(scheme, principal, code), self.quoted(code));
                if en {
                    format!("without the {kind} {code}")
                } else {
                    format!("无{kind}{code}")
                }
            }
            Change::AddComplication { level, example } => {
                let (level, example) = (level.as_str(), self.quoted(example));
                if en {
                    let article = if level == "MCC" { "an" } else { "a" };
                    format!("with {article} {level} that is not excluded (for example {example})")
                } else {
                    format!("另有一个未被排除的{level}（例如{example}）")
                }
            }
            Change::AddDiagnosis { list, example } => {
                let example = self.quoted(example);
                if en {
                    format!("with another diagnosis of the list {list} (for example {example})")
                } else {
                    format!("另有一个{list}中的其他诊断（例如{example}）")
                }
            }
            Change::SwapPrincipal { code, principal, .. } => {
                let (code, principal) = (self.quoted(code), self.quoted(principal));
                if en {
                    format!("with {code} as principal diagnosis and {principal} among the others")
                } else {
                    format!("以{code}为主要诊断、{principal}为其他诊断")
                }
            }
            Change::DropProcedure { code, .. } if en => {
                format!("without the procedure {}", self.quoted(code))
            }
            Change::DropProcedure { code, .. } => format!("无手术操作{}", self.quoted(code)),
            Change::AddProcedure {
                list,
                example,
                principal,
            } => self.added_procedure(list, example, *principal),
            Change::SwapProcedure { code, principal, .. } => {
                let (code, principal) = (self.quoted(code), self.quoted(principal));
                if en {
                    format!("with {code} as principal procedure and {principal} among the others")
                } else {
                    format!("以{code}为主要手术操作、{principal}为其他手术操作")
                }
            }
            single => self.single(single),
        }
    }

    fn added_procedure(&self, list: &str, example: &str, principal: bool) -> String {
        let example = self.quoted(example);
        match (self.lang, principal) {
            (Lang::En, true) => {
                format!("with a procedure of the list {list} as principal procedure (for example {example})")
            }
            (Lang::En, false) => format!("with a procedure of the list {list} (for example {example})"),
            (Lang::Zh, true) => format!("以{list}中的一项手术操作为主要手术操作（例如{example}）"),
            (Lang::Zh, false) => format!("另有一项{list}中的手术操作（例如{example}）"),
        }
    }

    /// A change of what stands once in a record.
    fn single(&self, change: &Change) -> String {
        let (what, from, to) = match change {
            Change::Number { fact, from, to } => {
                let from = from.map_or_else(|| self.lang.pick("missing", "缺失").to_owned(), plain_number);
                (self.number_name(*fact), from, plain_number(*to))
            }
            Change::Sex { from, to } => (
                self.lang.pick("sex", "性别"),
                self.sex(*from).to_owned(),
                self.sex(*to).to_owned(),
            ),
            Change::Department { from, to } => (
                self.lang.pick("department", "出院科别"),
                format!("`{from}`"),
                format!("`{to}`"),
            ),
            Change::DischargeStatus { from, to } => (
                self.lang.pick("discharge status", "离院方式"),
                format!("`{from}`"),
                format!("`{to}`"),
            ),
            _ => return String::new(),
        };
        match self.lang {
            Lang::En => format!("with {what} {to} instead of {from}"),
            Lang::Zh => format!("{what}为{to}而非{from}"),
        }
    }

    /// The sex of a code, 1 or 2 (性别).
    pub fn sex(&self, sex: u8) -> &'static str {
        match sex {
            1 => self.lang.pick("male", "男"),
            _ => self.lang.pick("female", "女"),
        }
    }

    /// What the reviewer is asked about one change of `count`.
    fn ask(&self, change: &Change, count: usize) -> String {
        let (en, zh) = match change {
            Change::DropDiagnosis { code, .. } | Change::DropProcedure { code, .. } => {
                return self.ask_dropped(change, code, count);
            }
            Change::AddComplication { .. } => (
                "is every condition that was treated in this stay recorded",
                "本次住院诊治的疾病是否均已填写",
            ),
            Change::AddDiagnosis { .. } => (
                "is every diagnosis of this stay recorded",
                "本次住院的诊断是否均已填写",
            ),
            Change::SwapPrincipal { .. } => (
                "which of the two diagnoses was the main reason for this stay",
                "两个诊断中哪一个是本次住院的主要原因",
            ),
            Change::AddProcedure { .. } => (
                "is every procedure that was performed in this stay recorded",
                "本次住院实施的手术操作是否均已填写",
            ),
            Change::SwapProcedure { .. } => (
                "which of the two procedures was the main treatment of the principal diagnosis",
                "两项手术操作中哪一项是针对主要诊断的主要治疗",
            ),
            Change::Number { fact, .. } => ask_number(*fact),
            Change::Sex { .. } => ("is the sex recorded correctly", "性别填写是否正确"),
            Change::Department { .. } => (
                "is the department of discharge recorded correctly",
                "出院科别填写是否正确",
            ),
            Change::DischargeStatus { .. } => (
                "is the discharge status recorded correctly",
                "离院方式填写是否正确",
            ),
        };
        self.lang.pick(en, zh).to_owned()
    }

    /// About a code left out: among several changes by its code, of many about all alike.
    fn ask_dropped(&self, change: &Change, code: &str, count: usize) -> String {
        let procedure = matches!(change, Change::DropProcedure { .. });
        let it = match (self.lang, count, procedure) {
            (Lang::En, 1, false) => "this condition".to_owned(),
            (Lang::En, 1, true) => "this procedure".to_owned(),
            (Lang::Zh, 1, false) => "该疾病".to_owned(),
            (Lang::Zh, 1, true) => "该手术操作".to_owned(),
            (_, 2, _) => code.to_owned(),
            (Lang::En, ..) => "each of them".to_owned(),
            (Lang::Zh, ..) => "上述各项".to_owned(),
        };
        match (self.lang, procedure) {
            (Lang::En, false) => format!("was {it} assessed or treated in this stay, and is it documented"),
            (Lang::En, true) => format!("was {it} performed in this stay, and is it documented"),
            (Lang::Zh, false) => format!("{it}在本次住院中是否经过诊治，病历中有无记录"),
            (Lang::Zh, true) => format!("{it}是否在本次住院实施，有无手术操作记录"),
        }
    }

    /// `CC`, `MCC`, or what else another diagnosis is.
    fn kind_of(&self, scheme: &Scheme, principal: &str, code: &str) -> &'static str {
        match level_of(scheme, principal, code) {
            Some(level) => level.as_str(),
            None => self.lang.pick("other diagnosis", "其他诊断"),
        }
    }

    /// Code and name, set off from the words around.
    fn quoted(&self, code: &str) -> String {
        match self.lang {
            Lang::En => format!("`{}`", self.coded(code)),
            Lang::Zh => format!("“{}”", self.coded(code)),
        }
    }
}

fn ask_number(fact: NumberFact) -> (&'static str, &'static str) {
    match fact {
        NumberFact::Age | NumberFact::AgeDays => (
            "does the age agree with the dates of birth and admission",
            "年龄与出生日期、入院日期是否一致",
        ),
        NumberFact::Weight => (
            "does the weight agree with the one measured",
            "体重与实际测量记录是否一致",
        ),
        NumberFact::Los => (
            "does the length of stay agree with the dates of admission and discharge",
            "住院天数与入院、出院日期是否一致",
        ),
        NumberFact::IcuHours => (
            "do the hours agree with the intensive care records",
            "时长与重症监护记录是否一致",
        ),
        NumberFact::Amount => ("does the total agree with the bill", "总费用与费用清单是否一致"),
    }
}

/// What a diagnosis counts for beside the principal.
fn level_of(scheme: &Scheme, principal: &str, code: &str) -> Option<ComplicationLevel> {
    let row = scheme.code_id(code).and_then(|id| scheme.complication(id))?;
    let excluded = scheme
        .code_id(principal)
        .map_or(&[][..], |id| scheme.exclusions(id));
    let removed = row.exclusion.is_some_and(|list| excluded.contains(&list));
    (!removed).then_some(row.level)
}
