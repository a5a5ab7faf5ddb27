//! The rows `group` writes: the input columns and what was decided.

use super::CsvText;
use crate::diagnostics::{Action, Finding, Lang};
use crate::grouper::{Grouping, Status};
use crate::records::{Case, Header, PlainRow, Row};
use crate::tables::{CodeLists, Packets, Scheme, TreatmentType};

/// Columns `group` adds to the input's.
pub const GROUP_COLUMNS: [&str; 7] = ["status", "mdc", "adrg", "group", "group_name", "mcc_cc", "reason"];

/// Columns that schemes of packets add before those: the effective main procedure, the treatment type of
/// the case, whether it is one of primary care (`1`), labels of the auxiliary catalogue, codes that the
/// scheme's own maps read as others (`K35.900>K35.800`, joined by `|`).
pub const PACKET_COLUMNS: [&str; 5] = [
    "main_procedure",
    "packet_type",
    "primary_care",
    "auxiliary",
    "codes_read_as",
];

/// A code of a record by its place (编码位置).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeAt {
    /// Of the diagnoses, the principal first.
    Diagnosis(usize),
    /// Of the procedures.
    Procedure(usize),
}

/// Severities a grouping can have: none, CC, MCC.
const SEVERITIES: u8 = 3;

/// Writes grouped rows of one file and scheme (分组结果行).
///
/// What a row of the scheme adds to a record is the same for every case it decides, so it is
/// written once, at the start, and copied from then on.
pub struct GroupedRows<'s> {
    scheme: &'s Scheme,
    header: &'s Header,
    lang: Lang,
    /// Fields of the input that are passed on.
    passed: Vec<usize>,
    /// The same as stretches of neighbours, first and last field.
    stretches: Vec<(usize, usize)>,
    tails: Tails,
    /// Of packets, the cells of each treatment type, without primary care and with it.
    types: Vec<String>,
    /// Of explained packets, the lists that codes are looked for in.
    lists: Option<CodeLists>,
}

/// What each decision adds to a record, by rule row and severity, last of no row.
#[derive(Default)]
struct Tails {
    /// Cells of all, each with the comma before and the line feed behind.
    cells: CsvText,
    tails: Vec<Tail>,
}

/// What a decision adds to a record.
struct Tail {
    /// Where its cells begin and end.
    cells: (u32, u32),
    status: Status,
}

impl<'s> GroupedRows<'s> {
    /// For records under `header`.
    pub fn new(scheme: &'s Scheme, header: &'s Header, lang: Lang) -> GroupedRows<'s> {
        let passed = passed_through(header);
        let mut rows = GroupedRows {
            scheme,
            header,
            lang,
            stretches: stretches(&passed),
            passed,
            tails: Tails::default(),
            lists: None,
            types: TreatmentType::ALL
                .iter()
                .flat_map(|kind| [format!("{},", kind.word()), format!("{},1", kind.word())])
                .collect(),
        };
        rows.tails = rows.all_tails();
        rows
    }

    /// Tells in the reasons of explained rows which codes are in none of the scheme's lists (编码表外编码).
    pub fn telling_unlisted(self, lists: CodeLists) -> GroupedRows<'s> {
        GroupedRows {
            lists: Some(lists),
            ..self
        }
    }

    /// The header: the input's columns that are passed on, of packets [`PACKET_COLUMNS`], then
    /// [`GROUP_COLUMNS`].
    pub fn header(&self) -> CsvText {
        let mut text = CsvText::default();
        for index in &self.passed {
            text.cell(self.header.names().get(*index).map_or("", String::as_str));
        }
        if self.scheme.packets().is_some() {
            PACKET_COLUMNS.iter().for_each(|name| text.cell(name));
        }
        GROUP_COLUMNS.iter().for_each(|name| text.cell(name));
        text.end_row();
        text
    }

    /// Appends what packets say besides; `code` is that of the record at a place.
    #[inline]
    pub fn packet_cells<'c>(
        &self,
        out: &mut CsvText,
        grouping: &Grouping,
        code: impl Fn(CodeAt) -> Option<&'c str>,
    ) {
        let Some(packets) = self.scheme.packets() else {
            return;
        };
        let packet = &grouping.packet;
        let main = packet.main_procedure();
        out.cell(
            main.and_then(|place| code(CodeAt::Procedure(place)))
                .unwrap_or(""),
        );
        let typed = packet.treatment_type as usize * 2 + usize::from(packet.primary_care);
        out.raw(self.types.get(typed).map_or("", String::as_str));
        match packets.families.is_empty() {
            true => out.cell(""),
            false => {
                let mut labels = String::new();
                packet.write_labels(packets, &mut labels);
                out.cell(&labels);
            }
        }
        match packets.maps_codes() {
            false => out.cell(""),
            true => out.cell(&codes_read_as(packets, code)),
        }
    }

    /// Appends a plain row with its grouping; says how that ended.
    #[inline]
    pub fn plain(&self, out: &mut CsvText, row: &PlainRow<'_>, grouping: &Grouping) -> Status {
        match self.stretches.as_slice() {
            [(0, last)] if last + 1 == self.header.width() => out.raw(row.written()),
            stretches => stretches
                .iter()
                .for_each(|(first, last)| out.raw(row.fields(*first, *last))),
        }
        self.packet_cells(out, grouping, |at| match at {
            CodeAt::Diagnosis(place) => row.diagnosis(place),
            CodeAt::Procedure(place) => row.procedure(place),
        });
        self.end(out, grouping)
    }

    /// Appends a checked row with its grouping; says how that ended.
    pub fn case(&self, out: &mut CsvText, row: &Row, case: &Case, grouping: &Grouping) -> Status {
        self.input_cells(out, row);
        self.packet_cells(out, grouping, |at| code_of(case, at));
        self.end(out, grouping)
    }

    /// Appends a checked row with its grouping, and in `reason` the codes and values that decided.
    pub fn explained(&self, out: &mut CsvText, row: &Row, case: &Case, grouping: &Grouping) -> Status {
        self.input_cells(out, row);
        self.packet_cells(out, grouping, |at| code_of(case, at));
        self.end_explained(out, case, grouping)
    }

    /// As [`GroupedRows::explained`], behind cells that stand already.
    pub fn end_explained(&self, out: &mut CsvText, case: &Case, grouping: &Grouping) -> Status {
        let mut reason = grouping.reason(self.scheme, self.lang);
        if reason.is_empty() {
            grouping.short_reason(self.scheme, case, &mut reason);
        }
        self.tell_unlisted(case, &mut reason);
        self.grouping_cells(out, grouping, &reason);
        out.end_row();
        grouping.status(self.scheme)
    }

    /// Appends `code_unknown` with the codes that are grouped as they stand.
    fn tell_unlisted(&self, case: &Case, reason: &mut String) {
        let (Some(lists), Some(packets)) = (&self.lists, self.scheme.packets()) else {
            return;
        };
        let diagnoses = case.diagnoses().map(|code| (code, &lists.diagnoses));
        let procedures = case.procedures().map(|code| (code, &lists.procedures));
        let mut told: Vec<&str> = Vec::new();
        for (code, list) in diagnoses.chain(procedures) {
            let known = list.is_empty() || list.contains(packets.read_as(code));
            if !known && !told.contains(&code) {
                told.push(code);
            }
        }
        if told.is_empty() {
            return;
        }
        let between = if reason.is_empty() { "" } else { "; " };
        let label = self.lang.pick("code_unknown", "编码表外（code_unknown）");
        reason.push_str(&format!("{between}{label} {}", told.join(" ")));
    }

    /// Appends a record that was not grouped, with the findings that rejected it.
    pub fn rejected<'f>(&self, out: &mut CsvText, row: &Row, findings: impl Iterator<Item = &'f Finding>) {
        self.input_cells(out, row);
        if self.scheme.packets().is_some() {
            PACKET_COLUMNS.iter().for_each(|_| out.cell(""));
        }
        rejected_cells(out, findings, self.lang);
        out.end_row();
    }

    /// The input's cells: as written where that is right, else cell by cell.
    ///
    /// Of a row that does not fit a header with personal columns nobody can say which cell is
    /// personal: all stay empty.
    fn input_cells(&self, out: &mut CsvText, row: &Row) {
        let whole = row.width() == self.header.width() && self.passed.len() == self.header.width();
        // a carriage return inside a cell would end the row for some readers: it needs quotes
        if whole && !row.written().contains('\r') {
            return out.raw(row.written());
        }
        let shown = self.header.personal().is_empty() || row.fits(self.header);
        for index in &self.passed {
            out.cell(if shown { row.field(*index) } else { "" });
        }
    }

    /// Appends the grouping behind cells that stand already; says how it ended.
    #[inline]
    pub fn end(&self, out: &mut CsvText, grouping: &Grouping) -> Status {
        let row = grouping.row.or(grouping.mdc).unwrap_or(self.scheme.rules().len());
        let tail = row * usize::from(SEVERITIES) + usize::from(grouping.severity);
        let Some(tail) = self.tails.tails.get(tail) else {
            return Status::Ungrouped; // there is a tail of every grouping
        };
        let cells = tail.cells.0 as usize..tail.cells.1 as usize;
        out.raw_end(self.tails.cells.bytes().get(cells).unwrap_or_default());
        tail.status
    }

    fn all_tails(&self) -> Tails {
        let mut all = Tails::default();
        let groupings = Grouping::all_of(self.scheme).into_iter();
        let with_severity =
            |grouping: Grouping| (0..SEVERITIES).map(move |severity| Grouping { severity, ..grouping });
        for grouping in groupings.flat_map(with_severity) {
            let text = &mut all.cells;
            let start = text.bytes().len();
            text.cell("");
            self.grouping_cells(text, &grouping, &grouping.reason(self.scheme, self.lang));
            text.end_row();
            all.tails.push(Tail {
                cells: (place(start), place(text.bytes().len())),
                status: grouping.status(self.scheme),
            });
        }
        all
    }

    fn grouping_cells(&self, out: &mut CsvText, grouping: &Grouping, reason: &str) {
        let scheme = self.scheme;
        out.cell(grouping.status(scheme).as_str());
        out.cell(grouping.mdc(scheme));
        out.cell(grouping.adrg(scheme));
        out.cell(grouping.code(scheme));
        out.cell(grouping.name(scheme));
        out.cell(grouping.severity_word());
        out.cell(reason);
    }
}

fn code_of(case: &Case, at: CodeAt) -> Option<&str> {
    match at {
        CodeAt::Diagnosis(place) => case.diagnoses().nth(place),
        CodeAt::Procedure(place) => case.procedures().nth(place),
    }
}

/// The codes of a record that the scheme's own maps change, in the order of the record.
fn codes_read_as<'c>(packets: &Packets, code: impl Fn(CodeAt) -> Option<&'c str>) -> String {
    let code = &code;
    let diagnoses = (0..).map_while(|place| code(CodeAt::Diagnosis(place)));
    let procedures = (0..).map_while(|place| code(CodeAt::Procedure(place)));
    packets.codes_read_as(diagnoses.chain(procedures))
}

/// The tails of a scheme are far below 4 GiB.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The input's fields that stand in the output: not personal ones, and not columns of an earlier
/// grouping, which the new one replaces.
fn passed_through(header: &Header) -> Vec<usize> {
    let names = header.names().iter().enumerate();
    let kept = names.filter(|(index, name)| {
        let added = GROUP_COLUMNS.contains(&name.as_str()) || PACKET_COLUMNS.contains(&name.as_str());
        !header.personal().contains(index) && !added
    });
    kept.map(|(index, _)| index).collect()
}

fn stretches(fields: &[usize]) -> Vec<(usize, usize)> {
    let runs = fields.chunk_by(|one, next| one + 1 == *next);
    runs.filter_map(|run| Some((*run.first()?, *run.last()?)))
        .collect()
}

/// Appends the cells of a record that was not grouped, with the findings that rejected it.
fn rejected_cells<'f>(out: &mut CsvText, findings: impl Iterator<Item = &'f Finding>, lang: Lang) {
    out.cell("rejected");
    (0..5).for_each(|_| out.cell(""));
    let reasons: Vec<String> = findings
        .filter(|finding| finding.action == Action::Rejected)
        .map(|finding| {
            let (name, expected) = (finding.edit.name.in_lang(lang), &finding.expected);
            let (code, line) = (finding.edit.code, finding.line);
            match lang {
                Lang::En => format!("{code} {name}, line {line}; expected {expected}"),
                Lang::Zh => format!("{code} {name}，第{line}行；应为 {expected}"),
            }
        })
        .collect();
    out.cell(&reasons.join(" | "));
}
