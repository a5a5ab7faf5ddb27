//! Findings of `tables check`: a CSV for machines, lines for people.

use super::CsvText;
use crate::tables::TableFinding;

/// Columns of the findings of `tables check`.
pub const TABLE_FINDING_COLUMNS: [&str; 6] = ["file", "line", "column", "severity", "kind", "message"];

/// All findings as CSV (规则表检查结果).
pub fn table_findings_csv(findings: &[TableFinding]) -> CsvText {
    let mut text = CsvText::with_header(&TABLE_FINDING_COLUMNS);
    for finding in findings {
        text.cell(&finding.place.file);
        text.show(finding.place.line);
        text.show(finding.place.column);
        text.cell(finding.grade.as_str());
        text.cell(finding.kind);
        text.cell(&finding.message);
        text.end_row();
    }
    text
}

/// A finding in one line: place, severity, kind, message (一行说明).
pub fn table_finding_line(finding: &TableFinding) -> String {
    let TableFinding {
        place,
        grade,
        kind,
        message,
    } = finding;
    format!("{place}: {} {kind}: {message}", grade.as_str())
}
