//! An explained case as text: the answer, why, the complications, why not the neighbours, and at
//! the end every other rule that was tried.

use super::columns::columns;
use crate::api::{
    ChangeWords, Coded, ComplicationWords, Explained, ExplainedRecord, NeighbourWord, NeighbourWords,
    PacketWords, RecordRead, StepWords,
};
use crate::diagnostics::Lang;

/// Columns of a terminal that the text keeps to.
const WIDTH: usize = 100;

/// How many neighbours of one kind are shown; JSON has them all.
const SHOWN_NEIGHBOURS: usize = 10;

/// How many codes of a long list are shown.
const SHOWN_CODES: usize = 24;

/// The whole answer.
pub(super) fn explained_text(explained: &Explained, lang: Lang) -> String {
    let mut page = Page {
        text: String::new(),
        lang,
    };
    for (at, record) in explained.records.iter().enumerate() {
        if at > 0 {
            page.line(0, &"─".repeat(WIDTH));
        }
        page.answer(explained, record);
        page.record(record);
        page.findings(record);
        page.why(record);
        if let Some(packet) = &record.packet {
            page.packets(packet);
        }
        page.complications(&record.complications);
        if let Some(neighbours) = &record.neighbours {
            page.neighbours(neighbours);
        }
        page.other_rules(record);
    }
    page.text
}

struct Page {
    text: String,
    lang: Lang,
}

impl Page {
    /// A paragraph, wrapped; control characters of a record must not reach a terminal.
    fn line(&mut self, indent: usize, words: &str) {
        self.columns(indent, &[], &[vec![words.to_owned()]]);
    }

    fn heading(&mut self, en: &str, zh: &str) {
        self.text.push('\n');
        self.line(0, self.lang.pick(en, zh));
    }

    /// Rows in columns of these widths; the last takes what is left.
    fn columns(&mut self, indent: usize, widths: &[usize], rows: &[Vec<String>]) {
        let rows = rows
            .iter()
            .map(|row| row.iter().map(|cell| visible(cell)).collect::<Vec<_>>());
        rows.for_each(|row| columns(&mut self.text, WIDTH, indent, widths, &row));
    }

    fn answer(&mut self, explained: &Explained, record: &ExplainedRecord) {
        let lang = self.lang;
        let group = record
            .group
            .as_ref()
            .filter(|_| record.status != "ungrouped")
            .map(coded);
        let colon = lang.pick(": ", "：");
        self.line(
            0,
            &match group {
                Some(group) => format!("{}{colon}{group}", record.status_words),
                None => record.status_words.to_owned(),
            },
        );
        if !record.reason.is_empty() {
            self.line(2, &record.reason);
        }
        let mut rows = Vec::new();
        let mut row = |en, zh, value: String| {
            if !value.is_empty() {
                rows.push(vec![lang.pick(en, zh).to_owned(), value]);
            }
        };
        let optional = |code: &Option<Coded>| code.as_ref().map(coded).unwrap_or_default();
        row("core group (ADRG)", "核心组（ADRG）", optional(&record.adrg));
        match &record.packet {
            None => row("category (MDC)", "主要诊断大类（MDC）", optional(&record.mdc)),
            Some(packet) => {
                row("level", "层级", optional(&record.mdc));
                row("main procedure", "主要手术操作", optional(&packet.main_procedure));
                row(
                    "treatment type",
                    "手术操作类型",
                    packet.treatment_type_words.to_owned(),
                );
            }
        }
        row("in short", "要点", record.short_reason.clone());
        let case = match lang {
            Lang::En => format!("{}, {} line {}", explained.case_id, explained.file, record.line),
            Lang::Zh => format!("{}，{}第{}行", explained.case_id, explained.file, record.line),
        };
        row("case", "病例", case);
        row("hospital", "医疗机构", record.hospital.clone());
        let scheme = &explained.scheme;
        row("scheme", "分组方案", format!("{} {}", scheme.id, scheme.name));
        self.columns(2, &[21], &rows);
        for notice in &explained.notices {
            self.line(2, notice);
        }
    }

    fn record(&mut self, record: &ExplainedRecord) {
        let Some(read) = &record.record else { return };
        self.heading("Record as read", "病案信息");
        let lang = self.lang;
        let mut rows = vec![vec![
            lang.pick("patient and stay", "患者与住院").to_owned(),
            self.person(read),
        ]];
        rows.retain(|row| row.iter().all(|cell| !cell.is_empty()));
        if read.principal_missing {
            rows.push(vec![
                lang.pick("principal diagnosis", "主要诊断").to_owned(),
                lang.pick("missing", "缺失").to_owned(),
            ]);
        }
        let mut codes = |first: &str, others: &str, codes: &[Coded], from: usize| {
            for (slot, code) in codes.iter().enumerate() {
                let label = match slot + from {
                    0 => first,
                    1 => others,
                    _ => "",
                };
                rows.push(vec![label.to_owned(), coded(code)]);
            }
        };
        codes(
            lang.pick("principal diagnosis", "主要诊断"),
            lang.pick("other diagnoses", "其他诊断"),
            &read.diagnoses,
            usize::from(read.principal_missing),
        );
        codes(
            lang.pick("principal procedure", "主要手术操作"),
            lang.pick("other procedures", "其他手术操作"),
            &read.procedures,
            0,
        );
        if read.procedures.is_empty() {
            rows.push(vec![
                lang.pick("procedures", "手术操作").to_owned(),
                lang.pick("none", "无").to_owned(),
            ]);
        }
        self.columns(2, &[21], &rows);
    }

    fn person(&self, read: &RecordRead) -> String {
        let lang = self.lang;
        let mut parts = vec![read.sex_words.to_owned()];
        parts.retain(|words| !words.is_empty());
        let mut part = |en: &str, zh: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                parts.push(lang.pick(en, zh).replace('#', value));
            }
        };
        part("# years", "#岁", read.age.as_deref());
        part("# days old", "日龄#天", read.age_days.as_deref());
        part("# g", "体重#克", read.weight_g.as_deref());
        part("stay of # days", "住院#天", read.los_days.as_deref());
        part(
            "# h in intensive care",
            "重症监护#小时",
            read.icu_hours.as_deref(),
        );
        part("department #", "出院科别#", Some(&read.department));
        part("discharge status #", "离院方式#", Some(&read.discharge_status));
        parts.join(lang.pick(", ", "，"))
    }

    fn findings(&mut self, record: &ExplainedRecord) {
        if record.findings.is_empty() {
            return;
        }
        self.heading("Findings of the record", "病案质控问题");
        for finding in &record.findings {
            self.line(2, &finding.words);
        }
    }

    /// The rows that decided, outermost first, and the group rows tried before.
    fn why(&mut self, record: &ExplainedRecord) {
        let (why, _) = split(record);
        if why.is_empty() {
            return;
        }
        self.heading("Why", "分组依据");
        let rows: Vec<Vec<String>> = why.into_iter().map(|step| self.step(step)).collect();
        self.columns(2, &[6, 36], &rows);
    }

    /// The packets that hold, what became of each, and why.
    fn packets(&mut self, packet: &PacketWords) {
        if !packet.notes.is_empty() {
            self.heading("On the way to the group", "入组过程");
            packet.notes.iter().for_each(|note| self.line(2, &note.words));
        }
        if packet.considered.is_empty() {
            return;
        }
        self.heading("Packets that hold", "满足条件的病种");
        let rows: Vec<Vec<String>> = packet
            .considered
            .iter()
            .map(|row| {
                let taken: Vec<&str> = row.matched.iter().map(|code| &*code.code).collect();
                let name = format!("{} {}", row.code, row.name);
                let taken = match taken.is_empty() {
                    true => row.level.clone(),
                    false => format!("{}: {}", row.level, taken.join("+")),
                };
                vec![row.words.clone(), name.trim_end().to_owned(), taken]
            })
            .collect();
        self.columns(2, &[30, 36], &rows);
    }

    /// Mark, row, facts.
    fn step(&self, step: &StepWords) -> Vec<String> {
        let words: Vec<&str> = step.facts.iter().map(|fact| &*fact.words).collect();
        let facts = match words.as_slice() {
            [] if step.holds => self.lang.pick("asks for nothing more", "无其他条件").to_owned(),
            [] => self.lang.pick("never holds", "恒不满足").to_owned(),
            words => words.join(self.lang.pick("; ", "；")),
        };
        let mark = match step.holds {
            true => self.lang.pick("yes", "满足"),
            false => self.lang.pick("no", "不满足"),
        };
        let kind = if step.level == "mdc" { "MDC " } else { "" };
        let row = format!("{kind}{} {}", step.code, step.name);
        vec![mark.to_owned(), row.trim_end().to_owned(), facts]
    }

    fn complications(&mut self, complications: &[ComplicationWords]) {
        if complications.is_empty() {
            return;
        }
        self.heading(
            "Complications and comorbidities (MCC, CC)",
            "合并症并发症（MCC、CC）",
        );
        let rows: Vec<Vec<String>> = complications
            .iter()
            .map(|found| {
                let name = format!("{} {}", found.code, found.name);
                vec![
                    found.level.to_owned(),
                    name.trim_end().to_owned(),
                    found.words.clone(),
                ]
            })
            .collect();
        self.columns(2, &[6, 36], &rows);
    }

    fn neighbours(&mut self, neighbours: &NeighbourWords) {
        self.heading(
            "Why not a neighbouring group? Questions for the reviewer",
            "为何不入相邻病组？供审核人员核对",
        );
        self.line(2, neighbours.purpose);
        let same = |one: &&NeighbourWord| one.relation == "same_adrg";
        let list = &neighbours.list;
        let near: Vec<&NeighbourWord> = list.iter().filter(same).collect();
        let far: Vec<&NeighbourWord> = list.iter().filter(|one| !same(one)).collect();
        self.questions(("Groups of the same core group", "同一核心组的病组"), &near);
        let (missing, other): (Vec<&NeighbourWord>, Vec<&NeighbourWord>) = far
            .into_iter()
            .filter(|one| one.changes.is_some())
            .partition(|one| added_procedure(one).is_some());
        self.questions(("Other core groups", "其他核心组"), &other);
        self.procedures(&missing);
        self.not_found(list);
        self.text.push('\n');
        self.line(2, &neighbours.words);
    }

    fn questions(&mut self, (en, zh): (&str, &str), list: &[&NeighbourWord]) {
        if list.is_empty() {
            return;
        }
        self.text.push('\n');
        self.line(2, self.lang.pick(en, zh));
        for one in list.iter().take(SHOWN_NEIGHBOURS) {
            self.line(4, &coded(&one.group));
            self.line(8, &one.question);
        }
        self.more(4, list.len().saturating_sub(SHOWN_NEIGHBOURS));
    }

    fn more(&mut self, indent: usize, more: usize) {
        if more > 0 {
            let words = match self.lang {
                Lang::En => format!("… and {more} more; --json lists all"),
                Lang::Zh => format!("…另有{more}个，--json 列出全部"),
            };
            self.line(indent, &words);
        }
    }

    /// Core groups that one more procedure leads to: the same question for all of them.
    fn procedures(&mut self, list: &[&NeighbourWord]) {
        if list.is_empty() {
            return;
        }
        self.text.push('\n');
        self.line(
            2,
            self.lang.pick(
                "Core groups entered with one more procedure, of the list named: is every procedure that was \
                 performed in this stay recorded?",
                "另有一项下列清单中的手术操作即可入的核心组：本次住院实施的手术操作是否均已填写？",
            ),
        );
        let rows: Vec<Vec<String>> = list
            .iter()
            .take(SHOWN_NEIGHBOURS)
            .filter_map(|one| {
                let change = added_procedure(one)?;
                let role = match change.as_principal {
                    Some(true) => self.lang.pick(" as principal", " 为主要手术操作"),
                    _ => "",
                };
                let example = change.example.as_ref().map(coded).unwrap_or_default();
                let list = change.list.as_deref().unwrap_or("");
                let words = match self.lang {
                    Lang::En => format!("{list}{role}, for example {example}"),
                    Lang::Zh => format!("{list}{role}，例如 {example}"),
                };
                Some(vec![coded(&one.group), words])
            })
            .collect();
        self.columns(4, &[36], &rows);
        self.more(4, list.len().saturating_sub(SHOWN_NEIGHBOURS));
    }

    fn not_found(&mut self, list: &[NeighbourWord]) {
        // a group of the same core group has been told by its own line
        let lost = list
            .iter()
            .filter(|one| one.changes.is_none() && one.relation != "same_adrg");
        let codes: Vec<&str> = lost.map(|one| &*one.adrg.code).collect();
        if codes.is_empty() {
            return;
        }
        self.text.push('\n');
        let shown = codes.iter().take(SHOWN_CODES).copied().collect::<Vec<_>>();
        let label = self.lang.pick(
            "No change found that leads to the core groups ",
            "未找到可入以下核心组的改动：",
        );
        self.line(2, &format!("{label}{}", shown.join(self.lang.pick(", ", "、"))));
        self.more(2, codes.len().saturating_sub(SHOWN_CODES));
    }

    fn other_rules(&mut self, record: &ExplainedRecord) {
        let (_, other) = split(record);
        let no_mdc = record.mdc.is_none();
        let (mdcs, rows): (Vec<&StepWords>, Vec<&StepWords>) = other
            .into_iter()
            .partition(|step| step.level == "mdc" && !step.holds && !no_mdc);
        if mdcs.is_empty() && rows.is_empty() {
            return;
        }
        self.heading("Other rules tried, in order", "依次判定过的其他规则");
        if !mdcs.is_empty() {
            let codes: Vec<&str> = mdcs.iter().map(|step| &*step.code).collect();
            let label = self.lang.pick("MDC that did not hold: ", "不满足的MDC：");
            self.line(2, &format!("{label}{}", codes.join(self.lang.pick(", ", "、"))));
        }
        let rows: Vec<Vec<String>> = rows.into_iter().map(|step| self.step(step)).collect();
        if !rows.is_empty() {
            self.columns(2, &[8, 34], &rows);
        }
    }
}

/// The steps that end in the outcome, and all others.
fn split(record: &ExplainedRecord) -> (Vec<&StepWords>, Vec<&StepWords>) {
    let steps = &record.steps;
    let mdc = steps.iter().rposition(|step| step.level == "mdc" && step.holds);
    let last = match record.status {
        "grouped" | "fallback" if record.packet.is_some() => return split_packets(record),
        "grouped" => steps.iter().rposition(|step| step.level == "adrg" && step.holds),
        "ambiguous" => steps.len().checked_sub(1),
        _ => None,
    };
    let decides = |at: usize| Some(at) == mdc || last.is_some_and(|last| at >= last);
    let (why, other): (Vec<_>, Vec<_>) = steps.iter().enumerate().partition(|(at, _)| decides(*at));
    let without_place = |steps: Vec<(usize, _)>| steps.into_iter().map(|(_, step)| step).collect();
    (without_place(why), without_place(other))
}

/// The step of the group, and all others.
fn split_packets(record: &ExplainedRecord) -> (Vec<&StepWords>, Vec<&StepWords>) {
    let group = record.group.as_ref().map(|group| &group.code);
    let is_group = |step: &&StepWords| Some(&step.code) == group;
    record.steps.iter().partition(is_group)
}

/// The change, if all that it takes is one more procedure.
fn added_procedure(one: &NeighbourWord) -> Option<&ChangeWords> {
    match one.changes.as_deref() {
        Some([change]) if change.kind == "add_procedure" => Some(change),
        _ => None,
    }
}

fn coded(code: &Coded) -> String {
    format!("{} {}", code.code, code.name).trim_end().to_owned()
}

/// Control characters would move the cursor of a terminal, or vanish.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
