//! The rows `group` writes: the input columns and what was decided.

use super::CsvText;
use crate::diagnostics::{Action, Finding, Lang};
use crate::grouper::Grouping;
use crate::records::{Header, Row};
use crate::tables::Scheme;

/// Columns `group` adds to the input's.
pub const GROUP_COLUMNS: [&str; 7] = ["status", "mdc", "adrg", "group", "group_name", "mcc_cc", "reason"];

/// The header: the input's columns that are passed through, then [`GROUP_COLUMNS`].
pub fn grouped_header(header: &Header) -> CsvText {
    let mut text = CsvText::default();
    for index in passed_through(header) {
        text.cell(header.names().get(index).map_or("", String::as_str));
    }
    GROUP_COLUMNS.iter().for_each(|name| text.cell(name));
    text.end_row();
    text
}

/// The input's fields that stand in the output: not personal ones, and not columns of an earlier
/// grouping, which the new one replaces.
pub fn passed_through(header: &Header) -> Vec<usize> {
    let names = header.names().iter().enumerate();
    let kept = names.filter(|(index, name)| {
        !header.personal().contains(index) && !GROUP_COLUMNS.contains(&name.as_str())
    });
    kept.map(|(index, _)| index).collect()
}

/// Appends the input's cells: as written where that is right, else cell by cell.
///
/// Of a row that does not fit a header with personal columns nobody can say which cell is
/// personal: all stay empty.
pub fn input_cells(out: &mut CsvText, header: &Header, passed: &[usize], row: &Row) {
    if row.width() == header.width() && passed.len() == header.width() {
        return out.raw(row.written());
    }
    let shown = header.personal().is_empty() || row.fits(header);
    for index in passed {
        out.cell(if shown { row.field(*index) } else { "" });
    }
}

/// Appends what a case was grouped to; `reason` also says, if asked, which row decided.
pub fn grouping_cells(out: &mut CsvText, scheme: &Scheme, grouping: &Grouping, lang: Lang, explain: bool) {
    out.cell(grouping.status(scheme).as_str());
    out.cell(grouping.mdc(scheme));
    out.cell(grouping.adrg(scheme));
    out.cell(grouping.code(scheme));
    out.cell(grouping.name(scheme));
    out.cell(grouping.severity_word());
    let reason = match grouping.reason(scheme, lang) {
        reason if reason.is_empty() && explain => short_reason(scheme, grouping),
        reason => reason,
    };
    out.cell(&reason);
}

/// The rows that decided, outermost first: `MDC F: pdx in @MDCF.dx; FR1: …; FR13: cc`.
fn short_reason(scheme: &Scheme, grouping: &Grouping) -> String {
    let rules = [grouping.mdc, grouping.adrg, grouping.row];
    let mut parts: Vec<String> = rules
        .into_iter()
        .flatten()
        .filter_map(|index| scheme.rules().get(index))
        .map(|rule| format!("{}: {}", rule.code, rule.written))
        .collect();
    parts.dedup();
    parts.join("; ")
}

/// Appends the cells of a record that was not grouped, with the findings that rejected it.
pub fn rejected_cells<'f>(out: &mut CsvText, findings: impl Iterator<Item = &'f Finding>, lang: Lang) {
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
