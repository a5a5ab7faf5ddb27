//! One case in words.

use std::path::PathBuf;

use super::Watch;
use crate::diagnostics::{Error, Place, Result};
use crate::grouper::{Explanation, explain as explain_case};
use crate::records::{Checked, Depth, RowReader, in_order};
use crate::reports::finding_line;
use crate::tables::{CodeLists, Library, Scheme};

/// Explain the grouping of one case (单例解释).
#[derive(Clone, Debug)]
pub struct ExplainRequest {
    /// The records, `-` for standard input.
    pub records: PathBuf,
    /// The case.
    pub case_id: String,
    /// The scheme's id.
    pub scheme: String,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
}

/// An explained case (解释结果).
pub struct Explained {
    /// The scheme, for names and rule rows.
    pub scheme: Scheme,
    /// Its code lists, for names.
    pub lists: CodeLists,
    /// Every record of that id: its line, findings in words, codes and, if it could be grouped,
    /// the explanation.
    pub records: Vec<ExplainedRecord>,
}

/// One record of the case id asked for.
pub struct ExplainedRecord {
    /// Line in the file.
    pub line: u64,
    /// Findings, a line each.
    pub findings: Vec<String>,
    /// Diagnoses, principal first.
    pub diagnoses: Vec<String>,
    /// Procedures, principal first.
    pub procedures: Vec<String>,
    /// How it is grouped; `None` if rejected.
    pub explanation: Option<Explanation>,
}

/// Explains every record with this case id (单例解释).
///
/// # Errors
/// Tables or records cannot be used; no record has the id.
pub fn explain(request: &ExplainRequest, watch: &Watch<'_>) -> Result<Explained> {
    let library = Library::find(&request.tables)?;
    let scheme = Scheme::load(&library, &request.scheme)?;
    let lists = CodeLists::of(&library, &scheme)?;
    let reader = RowReader::open(&request.records, false)?;
    let place = Place {
        file: reader.file().clone(),
        line: None,
        column: None,
    };
    let id_field = reader.header().field(crate::records::Column::CaseId).unwrap_or(0);
    let depth = Depth::All {
        diagnoses: &lists.diagnoses,
        procedures: &lists.procedures,
        for_money: false,
    };
    let mut records: Vec<ExplainedRecord> = Vec::new();
    in_order(
        reader,
        depth,
        watch.lang,
        watch.threads,
        Vec::new,
        |found: &mut Vec<ExplainedRecord>, checked, checker| {
            if checker.row().field(id_field).trim() != request.case_id {
                return;
            }
            let of_this_row = checker.findings().iter().filter(|f| f.line == checker.line());
            let case = checker.case();
            let names = [&lists.diagnoses, &lists.procedures];
            found.push(ExplainedRecord {
                line: checker.line(),
                findings: of_this_row
                    .map(|finding| finding_line(finding, watch.lang))
                    .collect(),
                diagnoses: case.diagnoses().map(str::to_owned).collect(),
                procedures: case.procedures().map(str::to_owned).collect(),
                explanation: (checked == Checked::Case)
                    .then(|| explain_case(&scheme, case, names, watch.lang)),
            });
        },
        |batch| {
            records.extend(batch.output);
            (watch.advance)(batch.bytes);
            Ok(())
        },
    )?;
    if records.is_empty() {
        let message = format!("no record has case_id `{}`", request.case_id);
        return Err(Error::at(place, message));
    }
    Ok(Explained {
        scheme,
        lists,
        records,
    })
}
