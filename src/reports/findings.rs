//! `findings.csv`, and what a rejected record says of itself.

use super::CsvText;
use crate::diagnostics::{Finding, Lang};

/// Columns of `findings.csv`.
pub const FINDING_COLUMNS: [&str; 16] = [
    "file", "line", "record", "case_id", "hospital", "code", "severity", "stops", "action", "field",
    "column", "slot", "value", "expected", "message", "see",
];

/// Appends a finding as a row of `findings.csv` (质控问题清单).
pub fn finding_row(out: &mut CsvText, finding: &Finding, lang: Lang) {
    out.cell(&finding.file);
    match &finding.cell {
        Some(cell) => out.cell(cell),
        None => out.show(Some(finding.line)),
    }
    out.show(Some(finding.record));
    out.cell(&finding.case_id);
    out.cell(&finding.hospital);
    out.cell(finding.edit.code);
    out.cell(finding.severity.as_str());
    out.cell(finding.edit.stops.as_str());
    out.cell(finding.action.as_str());
    out.cell(&finding.field);
    out.cell(finding.column);
    out.show(finding.slot);
    out.cell(&finding.value);
    out.cell(&finding.expected);
    out.cell(finding.edit.name.in_lang(lang));
    out.show(finding.see);
    out.end_row();
}

/// A finding in one line: place, code, column, value, what was expected (一行说明).
pub fn finding_line(finding: &Finding, lang: Lang) -> String {
    let name = finding.edit.name.in_lang(lang);
    let Finding { file, line, edit, .. } = finding;
    let place = finding.cell.clone().unwrap_or_else(|| line.to_string());
    let mut text = format!("{file}:{place}: {} {name}", edit.code);
    if !finding.column.is_empty() {
        let slot = finding.slot.map_or_else(String::new, |slot| format!("[{slot}]"));
        // the source's own header, where it has another name
        let field = match finding.field.as_str() {
            field if field.eq_ignore_ascii_case(finding.column) || field.is_empty() => String::new(),
            field => format!("{field} = "),
        };
        text.push_str(&format!(": {field}{}{slot} `{}`", finding.column, finding.value));
    } else if !finding.value.is_empty() {
        text.push_str(&format!(": {}", finding.value));
    }
    text.push_str(&format!(
        "; {} {}",
        lang.pick("expected", "应为"),
        finding.expected
    ));
    if let Some(see) = finding.see {
        text.push_str(&format!("; {} {see}", lang.pick("first on line", "首次出现于第")));
    }
    text
}

/// `findings.csv` of findings already in order (质控问题清单).
pub fn findings_csv(findings: &[Finding], lang: Lang) -> CsvText {
    let mut text = CsvText::with_header(&FINDING_COLUMNS);
    findings
        .iter()
        .for_each(|finding| finding_row(&mut text, finding, lang));
    text
}
