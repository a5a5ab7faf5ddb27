//! The filled cells of an .xlsx workbook, row by row.
//!
//! Cells are streamed and kept sparsely: a stray cell in the last row of a sheet costs one cell,
//! not a million.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use calamine::{DataRef, Reader, Xlsx, XlsxError};

use crate::diagnostics::{Error, Place, Result};

/// More filled cells than any published scheme has: a workbook beyond it is no scheme.
const MOST_CELLS: usize = 8_000_000;

/// A workbook as read (工作簿).
pub(super) struct Workbook {
    pub path: PathBuf,
    pub sheets: Vec<Sheet>,
}

/// One sheet (工作表): its filled rows in order.
pub(super) struct Sheet {
    pub name: String,
    pub rows: Vec<SheetRow>,
}

/// One row with a filled cell.
pub(super) struct SheetRow {
    /// From 1.
    pub number: u32,
    pub cells: Vec<Cell>,
}

/// One filled cell (单元格).
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// From 0.
    pub column: u32,
    pub text: String,
    pub kind: CellKind,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellKind {
    Text,
    /// A number: a code in it has lost its trailing zeros.
    Number,
    /// A date, a truth value, a formula that failed.
    Other,
}

impl Workbook {
    /// The place of the file.
    pub fn place(&self) -> Place {
        Place::file(&self.path)
    }
}

impl SheetRow {
    /// The cell of a column.
    pub fn cell(&self, column: u32) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.column == column)
    }
}

/// `2, 17` → `C17`.
pub(super) fn address(column: u32, row: u32) -> String {
    format!("{}{row}", letters(column))
}

/// `0` → `A`, `26` → `AA`.
pub(super) fn letters(column: u32) -> String {
    let mut rest = column;
    let mut letters = Vec::new();
    loop {
        let digit = u8::try_from(rest % 26).unwrap_or(0);
        letters.push(char::from(b'A' + digit));
        match (rest / 26).checked_sub(1) {
            Some(next) => rest = next,
            None => break,
        }
    }
    letters.iter().rev().collect()
}

/// `C` → 2.
pub(super) fn column_of(letters: &str) -> Option<u32> {
    if letters.is_empty() || letters.len() > 3 || !letters.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let number = letters
        .bytes()
        .fold(0, |sum, letter| sum * 26 + u32::from(letter - b'A') + 1);
    number.checked_sub(1)
}

/// Reads every sheet.
pub(super) fn read(path: &Path) -> Result<Workbook> {
    let file = File::open(path).map_err(|e| Error::io(path, "could not be read", &e))?;
    let unreadable = |e: &XlsxError| unreadable(path, None, e);
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(file)).map_err(|e| unreadable(&e))?;
    let mut sheets = Vec::new();
    let mut filled = 0;
    for name in book.sheet_names() {
        let rows = read_sheet(path, &mut book, &name, &mut filled)?;
        sheets.push(Sheet { name, rows });
    }
    Ok(Workbook {
        path: path.to_owned(),
        sheets,
    })
}

fn read_sheet(
    path: &Path,
    book: &mut Xlsx<BufReader<File>>,
    name: &str,
    filled: &mut usize,
) -> Result<Vec<SheetRow>> {
    let unreadable = |e: &XlsxError| unreadable(path, Some(name), e);
    let mut cells = match book.worksheet_cells_reader(name) {
        Ok(cells) => cells,
        Err(XlsxError::NotAWorksheet(_)) => return Ok(Vec::new()), // a chart has no cells
        Err(e) => return Err(unreadable(&e)),
    };
    let mut rows: Vec<SheetRow> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(|e| unreadable(&e))? {
        let (row, column) = cell.get_position();
        let Some((text, kind)) = content(cell.get_value()) else {
            continue;
        };
        *filled += 1;
        if *filled > MOST_CELLS {
            let message = format!("more than {MOST_CELLS} filled cells; expected a grouping scheme");
            return Err(Error::at(Place::file(path), message));
        }
        let number = row.saturating_add(1);
        if rows.last().is_none_or(|last| last.number != number) {
            rows.push(SheetRow {
                number,
                cells: Vec::new(),
            });
        }
        if let Some(last) = rows.last_mut() {
            last.cells.push(Cell { column, text, kind });
        }
    }
    Ok(rows)
}

/// The text of a cell as a person sees it; nothing for one that only looks filled.
fn content(value: &DataRef<'_>) -> Option<(String, CellKind)> {
    let (text, kind) = match value {
        DataRef::Empty => return None,
        DataRef::String(text) => (text.clone(), CellKind::Text),
        DataRef::SharedString(text) => ((*text).to_owned(), CellKind::Text),
        DataRef::Int(number) => (number.to_string(), CellKind::Number),
        DataRef::Float(number) => (number.to_string(), CellKind::Number),
        DataRef::Bool(truth) => (truth.to_string().to_uppercase(), CellKind::Other),
        DataRef::DateTime(date) => (date.as_f64().to_string(), CellKind::Other),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => (text.clone(), CellKind::Other),
        DataRef::Error(error) => (error.to_string(), CellKind::Other),
    };
    let text = text.trim().to_owned();
    (!text.is_empty()).then_some((text, kind))
}

fn unreadable(path: &Path, sheet: Option<&str>, error: &XlsxError) -> Error {
    if let XlsxError::Io(e) = error {
        return Error::io(path, "could not be read", e);
    }
    let sheet = sheet.map_or_else(String::new, |name| format!("sheet `{name}`: "));
    let reason = match error {
        XlsxError::Zip(_) => "it is no .xlsx file, or damaged".to_owned(),
        XlsxError::Password => "it is protected by a password".to_owned(),
        other => {
            let words = other.to_string().replace('\n', " ");
            words.chars().take(120).collect::<String>().to_lowercase()
        }
    };
    let message = format!("{sheet}could not be read as a workbook: {reason}; save it as .xlsx and try again");
    Error::at(Place::file(path), message)
}
