//! Made records as rows of a file: a layout, a format, an encoding (记录写出形式).

use super::columns::Column;
use super::draft::write_cell;
use super::encode::TextEncoding;
use super::layout::{Form, Layout, LayoutRow, LayoutWriter};
use crate::diagnostics::{Error, Result};

/// What kind of file (文件格式).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFormat {
    /// Commas between cells.
    Csv,
    /// A workbook of one sheet.
    Xlsx,
    /// A dBASE table.
    Dbf,
    /// An array of messages, one a line.
    Json,
    /// A message a line.
    Ndjson,
}

/// Separates cells of rows that become workbooks and dBASE tables; it is in no text of theirs.
pub const CELL_END: char = '\u{1f}';

impl RecordFormat {
    /// All.
    pub const ALL: [RecordFormat; 5] = [
        RecordFormat::Csv,
        RecordFormat::Xlsx,
        RecordFormat::Dbf,
        RecordFormat::Json,
        RecordFormat::Ndjson,
    ];

    /// By name, as typed.
    ///
    /// # Errors
    /// It is none; those there are.
    pub fn typed(name: &str) -> std::result::Result<RecordFormat, String> {
        let found = RecordFormat::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| format!("`{name}` is no format; expected csv, xlsx, dbf, json or ndjson"))
    }

    /// The name, and how names of its files end.
    pub const fn name(self) -> &'static str {
        match self {
            RecordFormat::Csv => "csv",
            RecordFormat::Xlsx => "xlsx",
            RecordFormat::Dbf => "dbf",
            RecordFormat::Json => "json",
            RecordFormat::Ndjson => "ndjson",
        }
    }

    /// Whether it takes files of a form.
    const fn suits(self, form: Form) -> bool {
        match self {
            RecordFormat::Csv | RecordFormat::Xlsx | RecordFormat::Dbf => matches!(form, Form::Table),
            RecordFormat::Json | RecordFormat::Ndjson => matches!(form, Form::Json),
        }
    }
}

/// How made records are written.
#[derive(Debug)]
pub struct RecordForm {
    writer: LayoutWriter,
    /// The columns are written as they are, under their own names.
    neutral: Option<Vec<Column>>,
    format: RecordFormat,
    encoding: TextEncoding,
}

/// Memory for one row at a time.
#[derive(Debug, Default)]
pub struct RowBuffer {
    /// The columns of the layout, and what they could not take.
    pub row: LayoutRow,
    text: String,
}

impl RecordForm {
    /// For records that fill these columns. Tables are CSV in UTF-8 and messages JSON where nothing
    /// else is said; a dBASE table is in GB18030, which is GBK where GBK has the characters.
    ///
    /// # Errors
    /// Layout, format and encoding do not go together.
    pub fn new(
        layout: &Layout,
        columns: &[Column],
        format: Option<RecordFormat>,
        encoding: Option<TextEncoding>,
    ) -> Result<RecordForm> {
        let format = format.unwrap_or(match layout.form() {
            Form::Table => RecordFormat::Csv,
            Form::Json => RecordFormat::Json,
        });
        if !format.suits(layout.form()) {
            let (is, expected) = match layout.form() {
                Form::Table => ("rows and columns", "csv, xlsx or dbf"),
                Form::Json => ("messages", "json or ndjson"),
            };
            return Err(Error::new(format!(
                "--format {}: layout `{}` is of {is}; expected {expected}",
                format.name(),
                layout.id()
            )));
        }
        let encoding = encoding_for(format, encoding)?;
        let form = RecordForm {
            writer: LayoutWriter::new(layout, columns),
            neutral: layout.is_neutral().then(|| columns.to_vec()),
            format,
            encoding,
        };
        Ok(form)
    }

    /// The columns of the layout.
    pub fn writer(&self) -> &LayoutWriter {
        &self.writer
    }

    /// What kind of file.
    pub fn format(&self) -> RecordFormat {
        self.format
    }

    /// How its text is written as bytes.
    pub fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// Whether rows are text that may be broken.
    pub fn has_text_rows(&self) -> bool {
        self.format == RecordFormat::Csv && !self.encoding.is_wide()
    }

    /// Lines before the first record.
    pub fn lines_before(&self) -> u64 {
        match self.format {
            RecordFormat::Ndjson | RecordFormat::Dbf => 0,
            RecordFormat::Csv | RecordFormat::Xlsx | RecordFormat::Json => 1,
        }
    }

    /// What stands before the first record, as bytes.
    ///
    /// # Errors
    /// A header has a character that the encoding lacks.
    pub fn head(&self) -> Result<Vec<u8>> {
        let mut text = self.encoding.mark().to_owned();
        match self.format {
            RecordFormat::Csv => {
                self.put_cells(self.writer.headers().iter().map(String::as_str), &mut text);
                text.push('\n');
            }
            RecordFormat::Json => text.push_str("[\n"),
            RecordFormat::Xlsx | RecordFormat::Dbf | RecordFormat::Ndjson => {}
        }
        let encoded = self.encoding.encode(&text);
        let lacks = |c| Error::new(format!("a header: {} has no `{c}`", self.encoding.name()));
        encoded.map(std::borrow::Cow::into_owned).map_err(lacks)
    }

    /// Appends a record without its line end; of formats without lines its cells between
    /// [`CELL_END`]s.
    ///
    /// # Errors
    /// A value has a character that the encoding lacks; the case is named.
    pub fn put<'c>(
        &self,
        cell: impl Fn(Column) -> &'c str,
        buffer: &mut RowBuffer,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        buffer.text.clear();
        if let (Some(columns), RecordFormat::Csv) = (&self.neutral, self.format) {
            self.put_cells(columns.iter().map(|column| cell(*column)), &mut buffer.text);
        } else {
            self.writer.fill(&cell, &mut buffer.row);
            match self.format {
                RecordFormat::Json | RecordFormat::Ndjson => {
                    self.writer.message(&buffer.row, &mut buffer.text)
                }
                _ => self.put_cells(buffer.row.cells().iter().map(String::as_str), &mut buffer.text),
            }
        }
        match self.encoding.encode(&buffer.text) {
            Ok(bytes) => out.extend_from_slice(&bytes),
            Err(lacking) => {
                return Err(Error::new(format!(
                    "case `{}`: {} has no character `{lacking}`; expected another --encoding",
                    cell(Column::CaseId),
                    self.encoding.name()
                )));
            }
        }
        Ok(())
    }

    fn put_cells<'c>(&self, cells: impl Iterator<Item = &'c str>, text: &mut String) {
        for (place, cell) in cells.enumerate() {
            match (self.format, place) {
                (_, 0) => {}
                (RecordFormat::Csv, _) => text.push(','),
                _ => text.push(CELL_END),
            }
            match self.format {
                RecordFormat::Csv => write_cell(text, cell),
                _ => text.push_str(cell),
            }
        }
    }
}

/// # Errors
/// The format has no such encoding.
fn encoding_for(format: RecordFormat, asked: Option<TextEncoding>) -> Result<TextEncoding> {
    match (format, asked) {
        (RecordFormat::Dbf, None) => Ok(TextEncoding::Gb18030),
        (RecordFormat::Dbf, Some(wide)) if wide.is_wide() => Err(Error::new(format!(
            "--encoding {}: a dBASE table has one byte a letter; expected gbk, gb18030 or utf-8",
            wide.name()
        ))),
        (RecordFormat::Xlsx, Some(_)) => Err(Error::new(
            "--encoding: a workbook has an encoding of its own; expected none",
        )),
        (RecordFormat::Json | RecordFormat::Ndjson, Some(other)) if other != TextEncoding::Utf8 => {
            Err(Error::new(format!(
                "--encoding {}: JSON is UTF-8 by its definition; expected utf-8",
                other.name()
            )))
        }
        (_, asked) => Ok(asked.unwrap_or(TextEncoding::Utf8)),
    }
}
