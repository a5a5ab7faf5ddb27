//! The conformance file of a scheme (一致性文件): made cases and the groups they must get, in the
//! neutral layout, so that any grouper can be tried on it.

use super::CsvText;
use crate::grouper::Grouping;
use crate::records::{CaseDraft, Column};
use crate::tables::Scheme;

/// What a case is expected to be grouped to, and by which tables.
///
/// `cases_in_file` says on every row how many there are, so that a file cut short is noticed.
pub const EXPECTED_COLUMNS: [&str; 9] = [
    "case_for",
    "edge",
    "expected_status",
    "expected_mdc",
    "expected_adrg",
    "expected_group",
    "cases_in_file",
    "scheme",
    "tables_sha256",
];

/// The header: the columns of a record, then [`EXPECTED_COLUMNS`].
pub fn conformance_header() -> CsvText {
    let columns: Vec<&str> = CaseDraft::COLUMNS
        .into_iter()
        .map(Column::name)
        .chain(EXPECTED_COLUMNS)
        .collect();
    CsvText::with_header(&columns)
}

/// One case of the file (一致性病例).
pub struct ConformanceCase<'c> {
    /// The record.
    pub case: &'c CaseDraft,
    /// The row it was made for, e.g. `FR11 rules.csv:118`; empty for the case without a group.
    pub case_for: &'c str,
    /// The number it stands beside, e.g. `age = 16`; empty if none.
    pub edge: &'c str,
    /// What it is grouped to.
    pub grouping: Grouping,
    /// How many cases the whole file holds.
    pub cases_in_file: usize,
}

/// Appends a case.
pub fn conformance_row(out: &mut CsvText, scheme: &Scheme, row: &ConformanceCase<'_>) {
    row.case.cells().iter().for_each(|cell| out.cell(cell));
    out.cell(row.case_for);
    out.cell(row.edge);
    out.cell(row.grouping.status(scheme).as_str());
    out.cell(row.grouping.mdc(scheme));
    out.cell(row.grouping.adrg(scheme));
    out.cell(row.grouping.code(scheme));
    out.cell(&row.cases_in_file.to_string());
    out.cell(scheme.id());
    out.cell(scheme.hash());
    out.end_row();
}
