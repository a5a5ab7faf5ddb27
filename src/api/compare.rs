//! Our result against one that comes back: `settle compare`.

use std::path::PathBuf;

use super::refuse_overwriting;
use crate::diagnostics::{Lang, Result};
use crate::records::AnyTable;
use crate::reports::{Table, comparison_tables, write_book, write_together};
use crate::scenarios::{Comparison, Mapping};

/// What is compared (比对请求).
#[derive(Clone, Debug)]
pub struct CompareRequest {
    /// Our result, e.g. `cases.csv`.
    pub ours: PathBuf,
    /// What came back: CSV in any encoding, or a workbook.
    pub theirs: PathBuf,
    /// How it is read.
    pub mapping: PathBuf,
    /// Folder for the results.
    pub output: PathBuf,
}

/// Compares our result with one that comes back (回盘比对).
///
/// # Errors
/// A file cannot be read, or does not have the columns that the mapping names.
pub fn compare(request: &CompareRequest, lang: Lang) -> Result<Comparison> {
    let names = ["differences.csv", "summary.csv", "comparison.xlsx"];
    let [differences, summary, book] = names.map(|name| request.output.join(name));
    let inputs = [&request.ours, &request.theirs, &request.mapping];
    refuse_overwriting(
        [differences.clone(), summary.clone(), book.clone()],
        inputs.into_iter().map(PathBuf::as_path),
    )?;
    let mapping = Mapping::load(&request.mapping)?;
    let (ours, theirs) = (AnyTable::read(&request.ours)?, AnyTable::read(&request.theirs)?);
    let comparison = mapping.compare(&ours, &theirs)?;
    let tables = comparison_tables(&comparison, lang, false);
    let [of_summary, of_differences] = tables.each_ref().map(Table::csv);
    write_together([
        (differences, of_differences.bytes()),
        (summary, of_summary.bytes()),
    ])?;
    write_book(&book, &comparison_tables(&comparison, lang, true), lang)?;
    Ok(comparison)
}
