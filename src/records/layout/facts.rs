//! What only the reader of a layout sees, and no neutral column holds (读取项): whether staff are named,
//! counts beside lists, periods. Edits that ask about it are asked here; nothing of it goes further.

use jiff::civil::Date;

use super::super::cells::{read_date, read_number};
use super::super::columns::Column;
use super::forms::minute_of;
use super::load::{Layout, Source};
use super::plan::{ABSENT, Fields, Step};
use super::transcode::Note;
use crate::codes::is_placeholder;
use crate::diagnostics::{Action, Lang};

/// A thing that layouts may map besides neutral columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Surgeon,
    Anaesthetist,
    AnaesthesiaBegin,
    AnaesthesiaEnd,
    DiagnosisCount,
    ProcedureCount,
    SettlementBegin,
    SettlementEnd,
}

/// Staff, read as filled or empty only.
pub(super) const STAFF: [(&str, Fact); 2] =
    [("surgeon", Fact::Surgeon), ("anaesthetist", Fact::Anaesthetist)];

/// The others, by their names in layout files.
pub(super) const FACTS: [(&str, Fact); 6] = [
    ("anaesthesia_begin", Fact::AnaesthesiaBegin),
    ("anaesthesia_end", Fact::AnaesthesiaEnd),
    ("diagnosis_count", Fact::DiagnosisCount),
    ("procedure_count", Fact::ProcedureCount),
    ("settlement_begin", Fact::SettlementBegin),
    ("settlement_end", Fact::SettlementEnd),
];

/// What a layout says of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Asides {
    pub facts: Vec<(Fact, Source)>,
    /// Headers that must be filled.
    pub mandatory: Vec<String>,
    /// How the codes of general anaesthesia begin.
    pub general_anaesthesia: Vec<String>,
}

/// The same, bound to a file: only what the file has.
#[derive(Debug, Default)]
pub(super) struct BoundAsides {
    steps: Vec<(Fact, Step)>,
    mandatory: Vec<(String, usize)>,
    general_anaesthesia: Vec<String>,
}

impl BoundAsides {
    /// Of a layout, for a file in which these headers stand.
    pub(super) fn of(layout: &Layout, fields: &mut dyn Fields, stands: &dyn Fn(&str) -> bool) -> BoundAsides {
        let asides = &layout.asides;
        let there = |source: &Source| source.written.headers().iter().any(|header| stands(header));
        let facts = asides.facts.iter().filter(|(_, source)| there(source));
        let mut steps = Vec::new();
        for (fact, source) in facts {
            steps.push((*fact, Step::aside(source, fields)));
        }
        let mandatory = asides.mandatory.iter().filter(|header| stands(header));
        BoundAsides {
            steps,
            mandatory: mandatory
                .map(|header| (header.clone(), fields.field(header)))
                .collect(),
            general_anaesthesia: asides.general_anaesthesia.clone(),
        }
    }

    /// All fields read.
    pub(super) fn fields(&self) -> impl Iterator<Item = usize> {
        let steps = self.steps.iter().flat_map(|(_, step)| step.take.fields());
        steps.chain(self.mandatory.iter().map(|(_, field)| *field))
    }

    fn step(&self, fact: Fact) -> Option<&Step> {
        let found = self.steps.iter().find(|(known, _)| *known == fact);
        found.map(|(_, step)| step)
    }

    fn has(&self, facts: &[Fact]) -> bool {
        facts.iter().any(|fact| self.step(*fact).is_some())
    }

    /// The edits asked of a file.
    pub(super) fn edits(&self) -> Vec<&'static str> {
        let asked = [
            ("S992", self.has(&[Fact::Surgeon])),
            ("K958", self.has(&[Fact::Anaesthetist])),
            ("D606", self.has(&[Fact::AnaesthesiaBegin, Fact::AnaesthesiaEnd])),
            ("K959", self.has(&[Fact::DiagnosisCount, Fact::ProcedureCount])),
            ("D608", self.has(&[Fact::SettlementBegin, Fact::SettlementEnd])),
            ("S991", !self.mandatory.is_empty()),
        ];
        let asked = asked.into_iter().filter(|(_, is_asked)| *is_asked);
        asked.map(|(edit, _)| edit).collect()
    }
}

/// A row as its edits look at it.
pub(super) struct Aside<'a> {
    pub asides: &'a BoundAsides,
    pub lang: Lang,
    /// What a step writes.
    pub value: &'a dyn Fn(&Step) -> String,
    /// What a neutral column says; nothing where the layout does not map it.
    pub column: &'a dyn Fn(Column) -> Option<String>,
    /// A single cell.
    pub cell: &'a dyn Fn(usize) -> String,
}

fn is_empty(cell: &str) -> bool {
    cell.is_empty() || is_placeholder(cell)
}

fn slot(list: &str, slot: usize) -> &str {
    list.split('|').nth(slot).unwrap_or("")
}

fn note(
    edit: &'static str,
    column: Option<Column>,
    slot: Option<usize>,
    value: &str,
    expected: String,
) -> Note {
    Note {
        edit,
        action: Action::Kept,
        column,
        slot,
        value: value.to_owned(),
        expected,
        row: String::new(),
    }
}

impl Aside<'_> {
    /// Asks every edit.
    pub(super) fn ask(&self, notes: &mut Vec<Note>) {
        self.staff(notes);
        self.anaesthesia(notes);
        self.counts(notes);
        self.settlement(notes);
        self.mandatory(notes);
    }

    fn said(&self, fact: Fact) -> Option<String> {
        self.asides.step(fact).map(self.value)
    }

    fn of(&self, column: Column) -> String {
        (self.column)(column).unwrap_or_default()
    }

    fn day(&self, column: Column) -> Option<Date> {
        read_date(&self.of(column))
    }

    /// Procedures without a surgeon, general anaesthesia without an anaesthetist.
    fn staff(&self, notes: &mut Vec<Note>) {
        if let Some(surgeons) = self.said(Fact::Surgeon) {
            let levels = (self.column)(Column::ProcedureLevels);
            let has_level = |at| {
                levels
                    .as_ref()
                    .is_none_or(|levels| matches!(slot(levels, at), "1" | "2" | "3" | "4"))
            };
            for (at, code) in self.of(Column::Procedures).split('|').enumerate() {
                if !is_empty(code) && has_level(at) && is_empty(slot(&surgeons, at)) {
                    notes.push(note(
                        "S992",
                        Some(Column::Procedures),
                        Some(at),
                        code,
                        String::new(),
                    ));
                }
            }
        }
        if let Some(anaesthetists) = self.said(Fact::Anaesthetist) {
            for (at, kind) in self.of(Column::Anaesthesia).split('|').enumerate() {
                let general = self.asides.general_anaesthesia.iter();
                let is_general = general.into_iter().any(|code| kind.starts_with(code.as_str()));
                if is_general && is_empty(slot(&anaesthetists, at)) {
                    notes.push(note(
                        "K958",
                        Some(Column::Anaesthesia),
                        Some(at),
                        kind,
                        String::new(),
                    ));
                }
            }
        }
    }

    /// Anaesthesia outside the stay, or that ends before it begins.
    fn anaesthesia(&self, notes: &mut Vec<Note>) {
        let (begins, ends) = (self.said(Fact::AnaesthesiaBegin), self.said(Fact::AnaesthesiaEnd));
        if begins.is_none() && ends.is_none() {
            return;
        }
        let (begins, ends) = (begins.unwrap_or_default(), ends.unwrap_or_default());
        let stay = self.day(Column::AdmitDate).zip(self.day(Column::DischargeDate));
        let count = begins.split('|').count().max(ends.split('|').count());
        for at in 0..count {
            let times = [slot(&begins, at), slot(&ends, at)];
            let outside = |time: &&str| {
                read_date(time)
                    .zip(stay)
                    .is_some_and(|(day, (admit, discharge))| day < admit || day > discharge)
            };
            let [begin, end] = times.map(minute_of);
            let turned = begin.zip(end).is_some_and(|(begin, end)| end < begin);
            if turned || times.iter().any(outside) {
                let value = times.join(" ");
                notes.push(note(
                    "D606",
                    Some(Column::Anaesthesia),
                    Some(at),
                    value.trim(),
                    String::new(),
                ));
            }
        }
    }

    /// Counts that are not those of their lists.
    fn counts(&self, notes: &mut Vec<Note>) {
        let counts = [
            (
                Fact::DiagnosisCount,
                Column::Diagnoses,
                Some(Column::TcmDiagnoses),
            ),
            (Fact::ProcedureCount, Column::Procedures, None),
        ];
        for (fact, column, more) in counts {
            let written = self.said(fact).unwrap_or_default();
            if is_empty(&written) {
                continue;
            }
            let filled = |column: Column| self.of(column).split('|').filter(|code| !is_empty(code)).count();
            let length = filled(column) + more.map_or(0, filled);
            if read_number(&written) != i64::try_from(length * 100).ok() {
                notes.push(note("K959", Some(column), None, &written, length.to_string()));
            }
        }
    }

    /// A settlement period that reaches beyond the stay.
    fn settlement(&self, notes: &mut Vec<Note>) {
        let Some((admit, discharge)) = self.day(Column::AdmitDate).zip(self.day(Column::DischargeDate))
        else {
            return;
        };
        for fact in [Fact::SettlementBegin, Fact::SettlementEnd] {
            let written = self.said(fact).unwrap_or_default();
            if read_date(&written).is_some_and(|day| day < admit || day > discharge) {
                let expected = match self.lang {
                    Lang::En => format!("a day from {admit} to {discharge}"),
                    Lang::Zh => format!("{admit}至{discharge}"),
                };
                notes.push(note(
                    "D608",
                    Some(Column::DischargeDate),
                    None,
                    &written,
                    expected,
                ));
            }
        }
    }

    fn mandatory(&self, notes: &mut Vec<Note>) {
        for (header, field) in &self.asides.mandatory {
            if *field != ABSENT && is_empty(&(self.cell)(*field)) {
                let expected = match self.lang {
                    Lang::En => format!("a value in {header}"),
                    Lang::Zh => format!("填写{header}"),
                };
                notes.push(note("S991", None, None, "", expected));
            }
        }
    }
}
