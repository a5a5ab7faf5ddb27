//! What an import of a workbook did not understand.

use super::CsvText;
use crate::tables::Remark;

/// Columns of the import's report.
pub const REMARK_COLUMNS: [&str; 5] = ["sheet", "cell", "problem", "text", "expected"];

/// The remarks as CSV, a row each (导入报告).
pub fn remarks_csv(remarks: &[Remark]) -> CsvText {
    let mut text = CsvText::with_header(&REMARK_COLUMNS);
    for remark in remarks {
        text.cell(&remark.sheet);
        text.cell(&remark.cell);
        text.cell(remark.problem.as_str());
        text.cell(&remark.text);
        text.cell(&remark.expected);
        text.end_row();
    }
    text
}
