//! Workbooks (XLSX, XLS, ODS): the rows of one sheet.
//!
//! A sheet is read whole: its format gives no rows before its end. It has at most 1,048,576 rows.

use std::io::Cursor;
use std::sync::Arc;

use calamine::{Data, Range, Reader, SheetVisible, Sheets, open_workbook_auto_from_rs};

use super::super::columns::Column;
use super::json::side_by_side;
use super::plan::Take;
use super::transcode::{Cells, NeutralRows, Note, Transcoder};
use crate::diagnostics::{Action, Error, Lang, Place, Result, suggestion};

/// Rows among which the headers are looked for.
const HEADER_ROWS: usize = 20;

/// Rows made neutral at a time.
const PORTION: usize = 1024;

/// The most rows a sheet can have: of a sheet with so many, some may be missing.
const MOST_ROWS: usize = 1_048_576;

/// Columns of codes and identifiers: a number cell in one of them may have lost digits.
pub(super) const TEXTS: [Column; 12] = [
    Column::CaseId,
    Column::Hospital,
    Column::RecordNo,
    Column::EncounterId,
    Column::SettlementId,
    Column::Diagnoses,
    Column::Procedures,
    Column::TcmDiagnoses,
    Column::ExternalCauses,
    Column::Pathologies,
    Column::OutpatientDiagnosis,
    Column::Department,
];

/// A sheet whose rows are being read (工作表).
pub(in crate::records) struct SheetRows {
    pub name: String,
    range: Range<Data>,
    /// Of the next row, in the range.
    next: usize,
    /// Number of the range's first row, from 0.
    first: usize,
    /// Fields left of the range.
    left: usize,
    /// Codes and identifiers: field, column, slot.
    texts: Arc<Vec<(usize, Column, usize)>>,
}

/// A row of a sheet as text.
#[derive(Debug)]
pub(in crate::records) struct SheetRow {
    line: u64,
    text: String,
    ends: Vec<u32>,
    /// Codes and identifiers that are number cells.
    numbers: Vec<(Column, usize, String)>,
}

#[cfg(feature = "parquet")]
impl SheetRow {
    /// Of cells that need no reading.
    pub(super) fn new(line: u64, cells: &[String], numbers: Vec<(Column, usize, String)>) -> SheetRow {
        let (text, ends) = side_by_side(cells);
        SheetRow {
            line,
            text,
            ends,
            numbers,
        }
    }
}

impl Transcoder {
    /// The rows of a sheet.
    pub(in crate::records) fn sheet_rows(&self, rows: &[SheetRow], lang: Lang, out: &mut NeutralRows) {
        for row in rows {
            let cells = Cells {
                text: &row.text,
                ends: &row.ends,
                nodes: &[],
                clean: false,
                quoted: false,
            };
            self.row(&cells, row.line, lang, out);
            for (column, slot, value) in &row.numbers {
                out.add(number_as_code(*column, *slot, value.clone(), lang));
            }
        }
    }

    /// The fields of columns, with their slots.
    pub(super) fn fields_of(&self, columns: &[Column]) -> Vec<(usize, Column, usize)> {
        let mut fields = Vec::new();
        for step in &self.plan.steps {
            let Some(column) = step.column.filter(|column| columns.contains(column)) else {
                continue;
            };
            let slots = match &step.take {
                Take::List(slots) => slots.clone(),
                take => vec![take.fields()],
            };
            for (slot, alternatives) in slots.iter().enumerate() {
                fields.extend(alternatives.iter().map(|field| (*field, column, slot)));
            }
        }
        fields
    }
}

fn is_blank(cell: &Data) -> bool {
    match cell {
        Data::Empty => true,
        Data::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

impl SheetRows {
    /// Opens the sheet of a name, or the first visible one.
    ///
    /// # Errors
    /// It is no workbook; there is no such sheet.
    pub(in crate::records) fn open(place: &Place, bytes: Vec<u8>, sheet: Option<&str>) -> Result<SheetRows> {
        let unsound = |_| {
            Error::at(
                place.clone(),
                "F001: this workbook cannot be read; it is damaged or has a password",
            )
        };
        let mut workbook: Sheets<_> = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(unsound)?;
        let sheets = workbook.sheets_metadata().to_vec();
        let name = match sheet {
            Some(name) => match sheets.iter().find(|found| found.name == name) {
                Some(found) => found.name.clone(),
                None => {
                    let names: Vec<&str> = sheets.iter().map(|found| found.name.as_str()).collect();
                    let hint = suggestion(name, names.iter().copied());
                    let message = format!("there is no sheet `{name}`{hint}; there are {}", names.join(", "));
                    return Err(Error::at(place.clone(), message));
                }
            },
            None => {
                let visible = sheets.iter().find(|found| found.visible == SheetVisible::Visible);
                let none = || Error::at(place.clone(), "F001: this workbook has no visible sheet");
                visible.map(|found| found.name.clone()).ok_or_else(none)?
            }
        };
        let unsound = |_| Error::at(place.clone(), format!("F001: sheet `{name}` cannot be read"));
        let range = workbook.worksheet_range(&name).map_err(unsound)?;
        let (first, left) = range.start().unwrap_or((0, 0));
        Ok(SheetRows {
            name,
            next: 0,
            first: first as usize,
            left: left as usize,
            range,
            texts: Arc::default(),
        })
    }

    /// The first rows that are not empty, with their lines: among them stand the headers.
    pub(in crate::records) fn heads(&self) -> Vec<(u64, Vec<String>)> {
        let rows = self.range.rows().take(HEADER_ROWS).enumerate();
        let head = |(index, row): (usize, &[Data])| {
            let mut headers = vec![String::new(); self.left];
            headers.extend(row.iter().map(|cell| shown(cell).trim().to_owned()));
            while headers.last().is_some_and(String::is_empty) {
                headers.pop();
            }
            (self.line(index), headers)
        };
        rows.map(head)
            .filter(|(_, headers)| !headers.is_empty())
            .collect()
    }

    /// Every row with its line, cells as they are shown, without blanks around them.
    pub(in crate::records) fn all_rows(&self) -> Vec<(u64, Vec<String>)> {
        let cells = |row: &[Data]| row.iter().map(|cell| shown(cell).trim().to_owned()).collect();
        let rows = self.range.rows().enumerate();
        rows.map(|(index, row)| (self.line(index), cells(row))).collect()
    }

    /// Begins behind the row of the headers; `texts` are the fields of codes and identifiers.
    pub(in crate::records) fn begin(&mut self, line: u64, transcoder: &Transcoder) {
        self.next = (line as usize).saturating_sub(self.first);
        self.texts = Arc::new(transcoder.fields_of(&TEXTS));
    }

    /// Whether the sheet has as many rows as one can have.
    pub(in crate::records) fn is_full(&self) -> bool {
        self.first + self.range.height() >= MOST_ROWS
    }

    /// The next rows; nothing at the end.
    pub(in crate::records) fn next_rows(&mut self, transcoder: &Transcoder) -> Option<Vec<SheetRow>> {
        if self.next >= self.range.height() {
            return None;
        }
        let end = (self.next + PORTION).min(self.range.height());
        let mut rows = Vec::new();
        for index in self.next..end {
            let Some(row) = self.range.rows().nth(index) else {
                break;
            };
            if row.iter().any(|cell| !is_blank(cell)) {
                rows.push(self.row(transcoder, index, row));
            }
        }
        self.next = end;
        Some(rows)
    }

    fn row(&self, transcoder: &Transcoder, index: usize, row: &[Data]) -> SheetRow {
        let mut cells = vec![String::new(); self.left];
        for (field, cell) in (self.left..).zip(row) {
            // what no column is made of is not even looked at
            let read = transcoder.plan.reads(field);
            cells.push(if read { shown(cell) } else { String::new() });
        }
        let (text, ends) = side_by_side(&cells);
        let numbers = self.texts.iter().filter_map(|(field, column, slot)| {
            let cell = field.checked_sub(self.left).and_then(|at| row.get(at))?;
            matches!(cell, Data::Float(_) | Data::Int(_)).then(|| (*column, *slot, shown(cell)))
        });
        SheetRow {
            line: self.line(index),
            numbers: numbers.collect(),
            text,
            ends,
        }
    }

    fn line(&self, index: usize) -> u64 {
        (self.first + index + 1) as u64
    }
}

fn number_as_code(column: Column, slot: usize, value: String, lang: Lang) -> Note {
    let list = matches!(column, Column::Diagnoses | Column::Procedures);
    Note {
        edit: "F005",
        action: Action::Kept,
        column: Some(column),
        slot: list.then_some(slot),
        value,
        expected: lang
            .pick(
                "a text cell: as a number it may have lost zeros or digits",
                "文本单元格：数字格式可能丢失零或数位",
            )
            .to_owned(),
        row: String::new(),
    }
}

/// A cell as text: numbers without exponent, dates as `yyyy-MM-dd HH:mm:ss`.
fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        Data::Bool(yes) => if *yes { "1" } else { "0" }.to_owned(),
        Data::DateTime(moment) if moment.is_duration() => moment.as_f64().to_string(),
        Data::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            match (hour, minute, second) {
                (0, 0, 0) => date,
                _ => format!("{date} {hour:02}:{minute:02}:{second:02}"),
            }
        }
    }
}
