//! `findings.xlsx`: the findings for people who mend records in a spreadsheet.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use tempfile::NamedTempFile;

use crate::diagnostics::{Error, Finding, Lang, Result, Unfinished};

/// The most rows a worksheet has, the header left out.
const MOST_ROWS: u32 = 1_048_575;

/// Columns with their labels and widths.
const COLUMNS: [(&str, &str, f64); 16] = [
    ("file", "文件", 24.0),
    ("line", "行号", 8.0),
    ("record", "序号", 8.0),
    ("case_id", "病例标识", 18.0),
    ("hospital", "医疗机构", 14.0),
    ("code", "规则", 7.0),
    ("severity", "严重程度", 9.0),
    ("stops", "阻断环节", 9.0),
    ("action", "处理", 9.0),
    ("field", "源列", 16.0),
    ("column", "中性列", 16.0),
    ("slot", "位次", 6.0),
    ("value", "值", 20.0),
    ("expected", "应为", 40.0),
    ("message", "说明", 36.0),
    ("see", "另见行号", 9.0),
];

/// A workbook being written row by row, in memory that does not grow (质控问题工作簿).
pub struct FindingsBook {
    book: Workbook,
    lang: Lang,
    /// The sheet being written, and its next row.
    sheet: usize,
    row: u32,
    path: PathBuf,
}

impl FindingsBook {
    /// A workbook that will stand at `path`.
    ///
    /// # Errors
    /// The library cannot begin a sheet.
    pub fn create(path: &Path, lang: Lang) -> Result<FindingsBook> {
        let mut book = FindingsBook {
            book: new_book(path)?,
            lang,
            sheet: 0,
            row: 0,
            path: path.to_owned(),
        };
        book.begin_sheet().map_err(|e| failed(path, &e))?;
        Ok(book)
    }

    fn begin_sheet(&mut self) -> std::result::Result<(), XlsxError> {
        let (lang, number) = (self.lang, self.sheet + 1);
        let bold = Format::new().set_bold();
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(format!("{} {number}", lang.pick("findings", "质控问题")))?;
        sheet.set_freeze_panes(1, 0)?;
        for (at, (en, zh, width)) in (0..).zip(COLUMNS) {
            sheet.set_column_width(at, width)?;
            sheet.write_string_with_format(0, at, lang.pick(en, zh), &bold)?;
        }
        self.row = 1;
        Ok(())
    }

    /// Appends findings.
    ///
    /// # Errors
    /// The library cannot write a cell.
    pub fn put<'f>(&mut self, findings: impl IntoIterator<Item = &'f Finding>) -> Result<()> {
        for finding in findings {
            self.put_one(finding).map_err(|e| failed(&self.path, &e))?;
        }
        Ok(())
    }

    fn put_one(&mut self, finding: &Finding) -> std::result::Result<(), XlsxError> {
        if self.row > MOST_ROWS {
            self.sheet += 1;
            self.begin_sheet()?;
        }
        let (row, lang) = (self.row, self.lang);
        write_row(self.book.worksheet_from_index(self.sheet)?, row, finding, lang)?;
        self.row += 1;
        Ok(())
    }

    /// Makes the file appear under its name.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(self) -> Result<()> {
        save_book(self.book, &self.path)
    }
}

/// An empty workbook with a fixed date: the same cells give the same bytes.
///
/// # Errors
/// None that can happen; the library's word for it is passed on.
pub(super) fn new_book(path: &Path) -> Result<Workbook> {
    let mut book = Workbook::new();
    let written = ExcelDateTime::from_ymd(2000, 1, 1).map_err(|e| failed(path, &e))?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&written));
    Ok(book)
}

/// Writes a workbook under a temporary name and renames it when whole.
///
/// # Errors
/// It cannot be written.
pub(super) fn save_book(mut book: Workbook, path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let cannot = |e: std::io::Error| Error::io(path, "could not be written", &e);
    std::fs::create_dir_all(folder).map_err(cannot)?;
    let mut file = NamedTempFile::with_prefix_in(".dianzhi-", folder).map_err(cannot)?;
    let mark = Unfinished::new(file.path());
    book.save_to_writer(file.as_file_mut())
        .map_err(|e| failed(path, &e))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let readable = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(readable).map_err(cannot)?;
    }
    mark.finish(|| file.persist(path)).map_err(|e| cannot(e.error))?;
    Ok(())
}

fn write_row(
    sheet: &mut Worksheet,
    row: u32,
    finding: &Finding,
    lang: Lang,
) -> std::result::Result<(), XlsxError> {
    let edit = &finding.edit;
    let texts = [
        (0, &*finding.file),
        (3, &finding.case_id),
        (4, &finding.hospital),
        (5, edit.code),
        (6, finding.severity.in_lang(lang)),
        (7, edit.stops.in_lang(lang)),
        (8, finding.action.in_lang(lang)),
        (9, &finding.field),
        (10, finding.column),
        (12, &finding.value),
        (13, &finding.expected),
        (14, edit.name.in_lang(lang)),
    ];
    for (column, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        sheet.write_string(row, column, text)?;
    }
    let numbers = [
        (1, Some(finding.line)),
        (2, Some(finding.record)),
        (11, finding.slot.map(|slot| slot as u64)),
        (15, finding.see),
    ];
    for (column, number) in numbers {
        if let Some(number) = number {
            sheet.write_number(row, column, number as f64)?;
        }
    }
    Ok(())
}

pub(super) fn failed(path: &Path, error: &XlsxError) -> Error {
    match error {
        XlsxError::IoError(e) => Error::io(path, "could not be written", e),
        other => Error::at(
            crate::diagnostics::Place::file(path),
            format!("the workbook could not be written: {other}"),
        ),
    }
}
