//! What a scheme of packets says of an explained case, as `explain --json` writes it.

use serde::Serialize;

use super::explained::Coded;
use super::wording::Wording;
use crate::diagnostics::Lang;
use crate::grouper::{Considered, Explanation, Lost, PacketWalk};
use crate::records::Case;
use crate::tables::{Offer, OrderStep, Packets, ProcedureRule, Selection};

/// A case under a scheme of packets (病种入组信息).
#[derive(Clone, Debug, Serialize)]
pub struct PacketWords {
    /// The effective main procedure.
    pub main_procedure: Option<Coded>,
    /// Treatment type of the case: `conservative | diagnostic | therapeutic | interventional | surgical`.
    pub treatment_type: &'static str,
    /// The same in words.
    pub treatment_type_words: &'static str,
    /// It is on the list of primary care.
    pub primary_care: bool,
    /// Labels of the auxiliary catalogue, `family=label` joined by `|`.
    pub auxiliary: String,
    /// What was done to the record's codes and what chose among rows, in order.
    pub notes: Vec<PacketNote>,
    /// Every row that holds, in the order of the tables, the group among them.
    pub considered: Vec<ConsideredWords>,
}

/// A stable word with its sentence (入组说明).
#[derive(Clone, Debug, Serialize)]
pub struct PacketNote {
    /// `mapped | code_unknown | excluded_diagnosis | excluded_procedure | type_unknown | order_chosen | fallback_used |
    /// no_group | primary_care | aux_label`.
    pub code: &'static str,
    /// In words.
    pub words: String,
}

/// A row that holds, and what became of it (候选病种).
#[derive(Clone, Debug, Serialize)]
pub struct ConsideredWords {
    /// The packet.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its level or layer.
    pub level: String,
    /// The procedures it takes.
    pub matched: Vec<Coded>,
    /// The record's other procedures that count.
    pub unmatched: Vec<Coded>,
    /// Its treatment type.
    pub treatment_type: &'static str,
    /// `matched` of the group; `lost_tie | lost_to_operative | lost_order | later_row` of the others.
    pub outcome: &'static str,
    /// The criterion that removed it, of `lost_tie`.
    pub criterion: &'static str,
    /// In words.
    pub words: String,
}

impl Wording<'_> {
    /// What packets say besides; nothing of a scheme of groups.
    pub(super) fn packet(&self, case: &Case, explanation: &Explanation) -> Option<PacketWords> {
        let packets = self.grouper.scheme().packets()?;
        let walk = explanation.packets.as_ref()?;
        let outcome = &walk.grouping.packet;
        let lang = self.teller.lang;
        let main = outcome
            .main_procedure()
            .and_then(|place| case.procedures().nth(place));
        let mut auxiliary = String::new();
        outcome.write_labels(packets, &mut auxiliary);
        let considered = walk.considered.iter();
        Some(PacketWords {
            main_procedure: main.map(|code| self.coded(code)),
            treatment_type: outcome.treatment_type.word(),
            treatment_type_words: outcome.treatment_type.words().in_lang(lang),
            primary_care: outcome.primary_care,
            notes: self.notes(packets, case, walk, &auxiliary),
            auxiliary,
            considered: considered.map(|row| self.considered(case, walk, row)).collect(),
        })
    }

    /// Codes that the scheme reads as others, and codes that no list has.
    fn code_notes(
        &self,
        packets: &Packets,
        case: &Case,
        note: &mut impl FnMut(&'static str, String, String),
    ) {
        for code in case.diagnoses().chain(case.procedures()) {
            let read_as = packets.read_as(code);
            if read_as != code {
                note(
                    "mapped",
                    format!("`{code}` is read as `{read_as}` by the scheme's own map"),
                    format!("按本方案映射，`{code}`读作`{read_as}`"),
                );
            }
            if !self.teller.is_listed(read_as) {
                note(
                    "code_unknown",
                    format!("`{code}` is in no code list of the scheme; it is grouped as it stands"),
                    format!("`{code}`不在本方案的编码表中，按原样入组"),
                );
            }
        }
    }

    fn notes(&self, packets: &Packets, case: &Case, walk: &PacketWalk, auxiliary: &str) -> Vec<PacketNote> {
        let lang = self.teller.lang;
        let mut notes = Vec::new();
        let mut note = |code: &'static str, en: String, zh: String| {
            let words = match lang {
                Lang::En => en,
                Lang::Zh => zh,
            };
            notes.push(PacketNote { code, words });
        };
        self.code_notes(packets, case, &mut note);
        for (place, rule) in &walk.ruled {
            let code = case.procedures().nth(*place).unwrap_or("");
            let (en, zh) = rule_words(rule);
            note(
                "excluded_procedure",
                format!("`{code}`: {en}"),
                format!("`{code}`：{zh}"),
            );
        }
        for place in &walk.untyped {
            let code = case.procedures().nth(*place).unwrap_or("");
            note(
                "type_unknown",
                format!("no table gives the type of `{code}`; it counts as conservative"),
                format!("没有表给出`{code}`的操作类型，按保守治疗计"),
            );
        }
        if let (Selection::Catalogue { order, .. }, Some(step)) = (&packets.selection, walk.step)
            && let Some(step) = order.get(step)
        {
            order_notes(step, &mut note);
        }
        match (walk.grouping.row, walk.grouping.mdc) {
            (None, Some(_)) => note(
                "excluded_diagnosis",
                "the principal diagnosis is on the list of those that are not grouped".to_owned(),
                "主要诊断属于不予入组的诊断".to_owned(),
            ),
            (None, None) => note(
                "no_group",
                "no packet holds".to_owned(),
                "不满足任何病种的条件".to_owned(),
            ),
            _ => {}
        }
        if walk.grouping.packet.primary_care {
            note(
                "primary_care",
                "the case is on the list of primary care".to_owned(),
                "属于基层病种".to_owned(),
            );
        }
        if !auxiliary.is_empty() {
            note(
                "aux_label",
                format!("auxiliary catalogue: {auxiliary}"),
                format!("辅助目录：{auxiliary}"),
            );
        }
        notes
    }

    fn considered(&self, case: &Case, walk: &PacketWalk, row: &Considered) -> ConsideredWords {
        let rules = self.grouper.scheme().rules();
        let rule = rules.get(row.rule);
        let layer = rules
            .iter()
            .take(row.rule)
            .rev()
            .find(|rule| rule.level == crate::tables::Level::Layer);
        let at = |place: &usize| case.procedures().nth(*place).map(|code| self.coded(code));
        let unmatched = walk.kept.iter().filter(|place| !row.matched.contains(place));
        let (outcome, criterion, words) = self.outcome(row);
        ConsideredWords {
            code: rule.map_or_else(String::new, |rule| rule.code.clone()),
            name: rule.map_or_else(String::new, |rule| rule.name.clone()),
            level: layer.map_or_else(String::new, |rule| rule.code.clone()),
            matched: row.matched.iter().filter_map(at).collect(),
            unmatched: unmatched.filter_map(at).collect(),
            treatment_type: row.kind.word(),
            outcome,
            criterion,
            words,
        }
    }

    fn outcome(&self, row: &Considered) -> (&'static str, &'static str, String) {
        let lang = self.teller.lang;
        match row.lost {
            None => ("matched", "", lang.pick("the group", "入组").to_owned()),
            Some(Lost::Tie(criterion)) => {
                let word = criterion.word();
                let words = match lang {
                    Lang::En => format!("lost by `{word}`"),
                    Lang::Zh => format!("按`{word}`落选"),
                };
                ("lost_tie", word, words)
            }
            Some(Lost::Operative) => (
                "lost_to_operative",
                "",
                lang.pick("a row with procedures holds", "有含手术操作的病种可入")
                    .to_owned(),
            ),
            Some(Lost::Order) => (
                "lost_order",
                "",
                lang.pick("another level or type goes before it", "其他层级或类型优先")
                    .to_owned(),
            ),
            Some(Lost::Earlier) => (
                "later_row",
                "",
                lang.pick("an earlier row holds", "前面的行已入组").to_owned(),
            ),
        }
    }
}

fn order_notes(step: &OrderStep, note: &mut impl FnMut(&'static str, String, String)) {
    let written = &step.written;
    note(
        "order_chosen",
        format!("chosen by `{written}` of the order"),
        format!("按次序`{written}`选取"),
    );
    if step.offer == Offer::Fallback {
        note(
            "fallback_used",
            "no other level takes the case: a fall-back group does".to_owned(),
            "其他层级均不能入组，进入保底病种".to_owned(),
        );
    }
}

fn rule_words(rule: &ProcedureRule) -> (&'static str, &'static str) {
    match rule {
        ProcedureRule::AsConservative => ("left out, the case is taken as conservative", "按保守治疗入组"),
        ProcedureRule::NotMain => ("cannot be the main procedure", "不可作为主要手术操作"),
        ProcedureRule::MainOnlyFor(_) => (
            "main procedure only for the principal diagnoses of its scope",
            "限范围可作主要手术操作",
        ),
        ProcedureRule::Drop => ("left out", "不参与入组"),
    }
}
