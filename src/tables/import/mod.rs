//! A scheme from the workbook a bureau publishes (导入分组方案工作簿).
//!
//! A workbook has no fixed form; a mapping says which sheet holds what, under which titles, and
//! what the words of the publication mean as conditions. Every filled cell is used, skipped for a
//! reason, or not understood, and counted so; nothing is guessed.

mod build;
mod draft;
mod ledger;
mod mapping;
mod sheets;
mod workbook;

pub use ledger::{Ledger, Problem, Reason, Remark};

use std::path::Path;

use super::code_lists::CodeLists;
use crate::diagnostics::{Lang, Place, Result, parse_toml, read_text};
use crate::library::Library;
use draft::Draft;
use mapping::Mapping;

/// The files of a scheme's folder, in order of name (方案文件).
pub const SCHEME_FILES: [&str; 7] = [
    "codesets.csv",
    "complications.csv",
    "exclusions.csv",
    "groups.csv",
    "or_procedures.csv",
    "rules.csv",
    "scheme.toml",
];

/// A scheme made from a workbook (导入结果): the files of its folder, and what was not understood.
#[derive(Debug)]
pub struct Imported {
    /// Name and content of every file, in order of name.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// What became of every cell.
    pub ledger: Ledger,
    /// How many MDCs, core groups and groups were found.
    pub counts: [usize; 3],
}

/// Reads `workbook` by `mapping` as the scheme `id` (导入).
///
/// # Errors
/// A file cannot be read; the mapping is wrong, or does not fit the workbook: a sheet or a column
/// title is not there. Single cells never stop an import: they are remarks of the ledger.
pub fn import(library: &Library, workbook: &Path, mapping: &Path, id: &str, lang: Lang) -> Result<Imported> {
    let text = read_text(mapping)?;
    let place = Place::file(mapping);
    let mapping: Mapping = parse_toml(&place, &text)?;
    let source = mapping::Source { place, text: &text };
    mapping.check(&source)?;
    let codes = &mapping.scheme.codes;
    let lists = CodeLists::named(library, &codes.diagnosis, &codes.procedure)
        .map_err(|error| source.wrap(&mapping.scheme.name, &error))?;
    let book = workbook::read(workbook)?;
    let mut ledger = Ledger::new(lang);
    let mut draft = Draft::default();
    sheets::read(&book, &mapping, &source, &lists, &mut draft, &mut ledger)?;
    build::build(id, &mapping, &source, draft, ledger)
}
