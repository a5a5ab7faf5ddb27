//! Tables as a workbook: a sheet each, sums as formulas, the header frozen.

use std::path::Path;

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet, XlsxError};

use super::findings_book::{failed, new_book, save_book};
use super::table::{Cell, Column, Table};
use crate::diagnostics::{Lang, Result};
use crate::units::Fen;

/// The longest name of a worksheet, in characters.
const LONGEST_NAME: usize = 31;

/// Characters that no worksheet's name may hold.
const NOT_IN_NAMES: [char; 7] = ['[', ']', ':', '*', '?', '/', '\\'];

/// The widest column in characters.
const WIDEST: usize = 44;

/// Writes tables as a workbook (工作簿), whole or not at all.
///
/// # Errors
/// It cannot be written.
pub fn write_book(path: &Path, tables: &[Table], lang: Lang) -> Result<()> {
    save_book(book_of(path, tables, lang)?, path)
}

/// The bytes of a workbook, to be written together with other files (工作簿字节).
///
/// # Errors
/// It cannot be made; `path` is named.
pub fn book_bytes(path: &Path, tables: &[Table], lang: Lang) -> Result<Vec<u8>> {
    let mut book = book_of(path, tables, lang)?;
    book.save_to_buffer().map_err(|e| failed(path, &e))
}

fn book_of(path: &Path, tables: &[Table], lang: Lang) -> Result<Workbook> {
    let mut book = new_book(path)?;
    let names = sheet_names(tables);
    for (table, name) in tables.iter().zip(&names) {
        let sheet = book.add_worksheet();
        let written = sheet
            .set_name(name)
            .and_then(|sheet| write_table(sheet, table, lang));
        written.map_err(|e| failed(path, &e))?;
    }
    Ok(book)
}

/// A name of its own for each, without what names may not hold.
fn sheet_names(tables: &[Table]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for table in tables {
        let clean = table.name.replace(NOT_IN_NAMES, " ");
        let clean = clean.trim_matches([' ', '\'']);
        let mut name: String = clean.chars().take(LONGEST_NAME).collect();
        let mut number = 2;
        // names are told apart without regard to case
        while name.is_empty()
            || names
                .iter()
                .any(|taken| taken.to_lowercase() == name.to_lowercase())
        {
            let end = format!(" {number}");
            name = clean.chars().take(LONGEST_NAME - end.len()).collect();
            name.push_str(&end);
            number += 1;
        }
        names.push(name);
    }
    names
}

/// How cells look.
struct Looks {
    header: Format,
    money: Format,
    count: Format,
    sum_label: Format,
    sum_money: Format,
    sum_count: Format,
}

impl Looks {
    fn new() -> Looks {
        let money = Format::new().set_num_format("#,##0.00");
        let count = Format::new().set_num_format("#,##0");
        let sum = |format: &Format| format.clone().set_bold().set_border_top(FormatBorder::Thin);
        let header = Format::new().set_bold().set_text_wrap();
        Looks {
            header: header
                .set_align(FormatAlign::VerticalCenter)
                .set_border_bottom(FormatBorder::Thin),
            sum_label: sum(&Format::new()),
            sum_money: sum(&money),
            sum_count: sum(&count),
            money,
            count,
        }
    }
}

fn write_table(sheet: &mut Worksheet, table: &Table, lang: Lang) -> std::result::Result<(), XlsxError> {
    let looks = Looks::new();
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    for (at, column) in (0..).zip(&table.columns) {
        sheet.write_string_with_format(0, at, &column.label, &looks.header)?;
        sheet.set_column_width(at, width_of(table, usize::from(at), column) as f64)?;
    }
    for (row, cells) in (1..).zip(&table.rows) {
        for (at, cell) in (0..).zip(cells) {
            write_cell(sheet, (row, at), cell, &looks)?;
        }
    }
    write_sums(sheet, table, &looks, lang)
}

/// Wide enough for its widest cell; a Chinese character takes two.
fn width_of(table: &Table, at: usize, column: &Column) -> usize {
    let wide = unicode_width::UnicodeWidthStr::width;
    let cells = table.rows.iter().filter_map(|row| row.get(at));
    let widest = cells.map(|cell| wide(cell.shown().as_str())).max();
    (widest.unwrap_or(0) + 4)
        .max(wide(column.label.as_str()) + 2)
        .clamp(8, WIDEST)
}

/// The amount as the spreadsheet keeps it: a double holds fen exactly up to ninety thousand billion.
fn yuan(amount: Fen) -> f64 {
    amount.fen() as f64 / 100.0
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, at): (u32, u16),
    cell: &Cell,
    looks: &Looks,
) -> std::result::Result<(), XlsxError> {
    match cell {
        Cell::Empty => return Ok(()),
        Cell::Text(text) => sheet.write_string(row, at, text)?,
        Cell::Count(count) => sheet.write_number_with_format(row, at, *count as f64, &looks.count)?,
        Cell::Money(amount) => sheet.write_number_with_format(row, at, yuan(*amount), &looks.money)?,
        Cell::Number(text) => match text.parse::<f64>() {
            Ok(number) => sheet.write_number(row, at, number)?,
            Err(_) => sheet.write_string(row, at, text)?,
        },
    };
    Ok(())
}

/// The sums below, as formulas with their results.
fn write_sums(
    sheet: &mut Worksheet,
    table: &Table,
    looks: &Looks,
    lang: Lang,
) -> std::result::Result<(), XlsxError> {
    let last = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
    if last == 0 || !table.columns.iter().any(|column| column.summed) {
        return Ok(());
    }
    let row = last + 1;
    for (at, column) in (0_u16..).zip(&table.columns) {
        let sum = if column.summed {
            table.sum(usize::from(at))
        } else {
            Cell::Empty
        };
        let (format, result) = match &sum {
            Cell::Money(amount) => (&looks.sum_money, amount.to_string()),
            Cell::Count(count) => (&looks.sum_count, count.to_string()),
            _ => {
                let label = if at == 0 { lang.pick("sum", "合计") } else { "" };
                sheet.write_string_with_format(row, at, label, &looks.sum_label)?;
                continue;
            }
        };
        let name = column_name(at);
        let formula = Formula::new(format!("=SUM({name}2:{name}{})", last + 1)).set_result(result);
        sheet.write_formula_with_format(row, at, formula, format)?;
    }
    Ok(())
}

/// `A`, `B`, … `Z`, `AA`, …
fn column_name(at: u16) -> String {
    rust_xlsxwriter::column_number_to_name(at)
}
