//! `tables check`: everything that can be said of a scheme without a record.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Watch;
use super::parts::Parts;
use super::tables::by_id;
use crate::diagnostics::{Error, Place, Result};
use crate::grouper::{Grouper, Reaches, Verdict, row_findings};
use crate::points::Weights;
use crate::reports::{Output, table_findings_csv};
use crate::tables::{CodeLists, Compiled, Grade, Level, Library, Scheme, TableFinding, lint};

/// Check a scheme's tables (检查规则表).
#[derive(Clone, Debug)]
pub struct CheckTablesRequest {
    /// A scheme's folder, or its id.
    pub scheme: PathBuf,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// Weights that every group should have, if that is to be checked.
    pub weights: Option<PathBuf>,
    /// Where all findings go as CSV, if anywhere.
    pub output: Option<PathBuf>,
}

/// A checked scheme (检查结果).
#[derive(Clone, Debug, Default)]
pub struct CheckedTables {
    /// Everything found, by file, line and column.
    pub findings: Vec<TableFinding>,
    /// What was counted; `None` if the scheme cannot be loaded.
    pub counts: Option<TableCounts>,
}

/// How large a scheme is, and how much of it can be reached (规模).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableCounts {
    /// Rule rows.
    pub rows: usize,
    /// Code sets.
    pub sets: usize,
    /// Different group codes.
    pub groups: usize,
    /// Those that some case has for its group.
    pub reachable: usize,
}

impl CheckedTables {
    /// How many findings are of a grade.
    pub fn count(&self, grade: Grade) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.grade == grade)
            .count()
    }
}

/// Finds everything odd about a scheme's tables; that it cannot be loaded is a finding too. The watch
/// is told of progress in parts, [`PARTS`](super::PARTS) in all.
///
/// # Errors
/// A folder of tables, the weights or the output cannot be used.
pub fn check_tables(request: &CheckTablesRequest, watch: &Watch<'_>) -> Result<CheckedTables> {
    let (library, id) = locate(&request.scheme, &request.tables)?;
    let weights = request.weights.as_deref().map(weighted_groups).transpose()?;
    let mut checked = match Scheme::load_or_tell(&library, &id, usize::MAX) {
        Ok(scheme) => analyse(&library, scheme, weights.as_ref(), watch)?,
        Err(error) => CheckedTables {
            findings: TableFinding::of_error(&error, &Place::file(&request.scheme)),
            counts: None,
        },
    };
    checked.findings.sort();
    if let Some(path) = &request.output {
        let mut output = Output::create(path)?;
        output.put(table_findings_csv(&checked.findings).bytes())?;
        output.finish()?;
    }
    Ok(checked)
}

/// A folder with a `scheme.toml` is taken as it is, and its neighbours may be extended; anything
/// else is the id of a scheme.
fn locate(scheme: &Path, tables: &[PathBuf]) -> Result<(Library, String)> {
    if !scheme.join("scheme.toml").is_file() {
        if scheme.is_dir() {
            let message = "this folder holds no scheme.toml, so it is no scheme";
            return Err(Error::at(Place::file(scheme), message));
        }
        return Ok((by_id(scheme, tables)?, scheme.to_string_lossy().into_owned()));
    }
    let whole = if scheme.file_name().is_none() {
        let failed = |e| Error::io(scheme, "could not be found", &e);
        scheme.canonicalize().map_err(failed)?
    } else {
        scheme.to_owned()
    };
    let id = whole
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let parent = match whole.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let places: Vec<PathBuf> = std::iter::once(parent).chain(tables.iter().cloned()).collect();
    Ok((Library::find(&places)?, id))
}

fn weighted_groups(path: &Path) -> Result<BTreeSet<String>> {
    let weights = Weights::load(path)?;
    Ok(weights
        .rows()
        .into_iter()
        .map(|(group, _)| group.to_owned())
        .collect())
}

fn analyse(
    library: &Library,
    scheme: Scheme,
    weights: Option<&BTreeSet<String>>,
    watch: &Watch<'_>,
) -> Result<CheckedTables> {
    let mut findings = Vec::new();
    let lists = match CodeLists::of(library, &scheme) {
        Ok(lists) => Some(lists),
        Err(error) => {
            let of_lists = TableFinding::of_error(&error, &scheme_file(library, &scheme)?);
            findings.extend(of_lists.into_iter().map(|finding| TableFinding {
                grade: Grade::Warning,
                kind: "no-code-list",
                ..finding
            }));
            None
        }
    };
    findings.extend(lint(library, &scheme, lists.as_ref(), watch.lang)?);
    let grouper = Grouper::new(Compiled::new(scheme));
    let reaches = Reaches::new(&grouper, lists.as_ref());
    let parts = Parts::of(reaches.outcome_rows().len(), watch);
    let reached = reaches.outcomes(watch.threads, &|rows| parts.advance(rows))?;
    findings.extend(row_findings(&reaches, &reached, weights, watch.lang)?);

    let scheme = grouper.scheme();
    let code = |row: usize| scheme.rules().get(row).map_or("", |rule| rule.code.as_str());
    let reachable: BTreeSet<&str> = reached
        .iter()
        .filter(|reach| matches!(reach.verdict, Verdict::Reached(_)))
        .map(|reach| code(reach.row))
        .collect();
    let outcomes: BTreeSet<usize> = reached.iter().map(|reach| reach.row).collect();
    // a core group is a group of its own only where a case has it for its group
    let groups = scheme
        .rules()
        .iter()
        .enumerate()
        .filter(|(row, rule)| match rule.level {
            Level::Drg | Level::Ambiguous => true,
            Level::Packet => outcomes.contains(row),
            _ => false,
        })
        .map(|(_, rule)| rule);
    let groups: BTreeSet<&str> = groups
        .map(|rule| rule.code.as_str())
        .chain(reachable.iter().copied())
        .collect();
    Ok(CheckedTables {
        findings,
        counts: Some(TableCounts {
            rows: scheme.rules().len(),
            sets: scheme.set_names().len(),
            groups: groups.len(),
            reachable: reachable.len(),
        }),
    })
}

fn scheme_file(library: &Library, scheme: &Scheme) -> Result<Place> {
    let file = library.read(scheme.id(), "scheme.toml")?;
    Ok(file.map_or_else(|| Place::file(Path::new(scheme.id())), |file| file.place))
}
