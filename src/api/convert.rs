//! `convert`: records of any layout written as a neutral file.

use std::path::PathBuf;

use super::Watch;
use super::bulk::{BulkSummary, FindingsFile};
use crate::diagnostics::Result;
use crate::records::{Checked, Depth, Intake, RowReader, in_order};
use crate::reports::{CsvText, Output};

/// Write records of any layout as a neutral file (转为中性版式).
#[derive(Clone, Debug)]
pub struct ConvertRequest {
    /// The records, `-` for standard input.
    pub records: PathBuf,
    /// How the records are to be read.
    pub intake: Intake,
    /// The neutral file, `-` for standard output.
    pub output: PathBuf,
    /// Where findings go, if anywhere.
    pub findings: Option<PathBuf>,
}

/// Writes every record that has a sound shape as a row of the neutral layout, values as they were
/// written; what stops a record from being grouped is counted, and the record written all the same
/// (版式转换).
///
/// # Errors
/// Records or output cannot be used.
pub fn convert(request: &ConvertRequest, watch: &Watch<'_>) -> Result<BulkSummary> {
    let outputs = [Some(request.output.clone()), request.findings.clone()];
    let inputs = request.intake.files(&request.records);
    super::refuse_overwriting(outputs.into_iter().flatten(), inputs)?;
    let intake = Intake {
        close_gaps: true,
        ..request.intake.clone().for_all(false)
    };
    let reader = RowReader::open_all(&request.records, &intake)?;
    let mut summary = BulkSummary::of(&reader);
    let mut output = Output::create(&request.output)?;
    output.put(header(reader.header().names()).bytes())?;
    let findings_out = request.findings.as_deref().map(FindingsFile::create);
    let mut findings_out = findings_out.transpose()?;
    let counts = in_order(
        reader,
        Depth::Grouping,
        watch.lang,
        watch.threads,
        String::new,
        |rows: &mut String, checked, checker| {
            if checked != Checked::Unreadable {
                rows.push_str(checker.row().written());
                rows.push('\n');
            }
        },
        |batch| {
            output.put(batch.output.as_bytes())?;
            summary.note(&batch.findings, watch);
            if let Some(out) = &mut findings_out {
                out.put(&batch.findings, watch)?;
            }
            (watch.advance)(batch.bytes);
            Ok(())
        },
    )?;
    output.finish()?;
    findings_out.map_or(Ok(()), FindingsFile::finish)?;
    summary.read = counts.read;
    summary.rejected = counts.rejected;
    Ok(summary)
}

fn header(names: &[String]) -> CsvText {
    let mut text = CsvText::default();
    names.iter().for_each(|name| text.cell(name));
    text.end_row();
    text
}
