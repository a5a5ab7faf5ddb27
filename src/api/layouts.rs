//! `layouts`: which there are, and how one fits a file.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::Result;
use crate::library::Library;
use crate::records::{Column, Intake, Layout, LayoutChoice, Layouts, Opened, RowReader};

/// How a layout fits a file (版式核对).
#[derive(Clone, Debug)]
pub struct Fit {
    /// The file, its layout, its headers.
    pub opened: Opened,
    /// Headers that are read, each with the neutral columns it is read for.
    pub mapped: Vec<(String, Vec<Column>)>,
    /// Headers that no neutral column is made of.
    pub unmapped: Vec<String>,
    /// Neutral columns the layout maps, none of whose headers the file has.
    pub missing: Vec<(Column, Vec<String>)>,
}

/// All layouts, by id (版式清单).
///
/// # Errors
/// A layout file cannot be used.
pub fn layouts(library: &Library) -> Result<Vec<Arc<Layout>>> {
    Ok(Layouts::load(library)?.iter().cloned().collect())
}

/// One layout, by id or file.
///
/// # Errors
/// There is none of the id; the file cannot be used.
pub fn layout(library: &Library, choice: &LayoutChoice) -> Result<Arc<Layout>> {
    match choice {
        LayoutChoice::File(path) => Layouts::with_file(library, path),
        LayoutChoice::Named(id) => Layouts::load(library)?.find(id),
        LayoutChoice::Detect => Layouts::load(library)?.find(""),
    }
}

/// Opens a file of records and says which of its columns are read, which are not, and which that
/// the layout knows it lacks (列映射核对).
///
/// # Errors
/// The file cannot be read, or fits no layout.
pub fn fit(records: &Path, intake: &Intake) -> Result<Fit> {
    let reader = RowReader::open_all(records, &intake.clone().for_all(false))?;
    let opened = reader.opened().list();
    let Some(opened) = opened.into_iter().next() else {
        return Err(crate::diagnostics::Error::new("there are no files of records"));
    };
    let layout = Arc::clone(&opened.chosen.layout);
    let same = |one: &str, other: &str| Column::same_header(one, other);
    let columns: Vec<(Column, Vec<String>)> = layout.columns().collect();
    let of_header = |header: &String| -> Vec<Column> {
        let reads = |headers: &[String]| headers.iter().any(|read| same(read, header));
        let found = columns.iter().filter(|(_, headers)| reads(headers));
        found.map(|(column, _)| *column).collect()
    };
    let (mut mapped, mut unmapped) = (Vec::new(), Vec::new());
    for header in opened.headers.iter().filter(|header| !layout.is_personal(header)) {
        match of_header(header) {
            found if !found.is_empty() => mapped.push((header.clone(), found)),
            _ if header.trim().is_empty() => {}
            _ => unmapped.push(header.clone()),
        }
    }
    let absent = |headers: &[String]| {
        !headers
            .iter()
            .any(|read| opened.headers.iter().any(|header| same(read, header)))
    };
    let missing = columns
        .iter()
        .filter(|(_, headers)| absent(headers))
        .cloned()
        .collect();
    Ok(Fit {
        opened,
        mapped,
        unmapped,
        missing,
    })
}
