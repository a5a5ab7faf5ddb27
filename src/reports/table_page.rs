//! Tables as one page of HTML that stands alone and prints well.

use std::fmt::Write;

use super::table::{Cell, Column, Table};
use crate::diagnostics::Lang;

/// What a page needs to be read on a screen, a phone and on paper; no file beside it.
pub(super) const STYLE: &str = "
:root { color-scheme: light; }
body { font: 14px/1.5 'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', sans-serif; margin: 2rem auto; \
max-width: 72rem; padding: 0 1rem; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .4rem; }
p.note { color: #444; margin: .15rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; }
th, td { padding: .28rem .55rem; border-bottom: 1px solid #d8d8d8; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid #1a1a1a; vertical-align: bottom; }
td.n, th.n { text-align: right; white-space: nowrap; }
tfoot td { border-top: 2px solid #1a1a1a; border-bottom: none; font-weight: 600; }
td.hash { font-family: monospace; overflow-wrap: anywhere; }
@media print {
  @page { size: A4 landscape; margin: 14mm; }
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; }
  .wide { overflow: visible; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
";

/// A page of tables (网页报表): a title, notes, then each table under its name.
pub fn page(title: &str, notes: &[String], tables: &[Table], lang: Lang) -> String {
    let mut html = String::new();
    let locale = lang.pick("en", "zh-CN");
    let title = escaped(title);
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"{locale}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for note in notes {
        let _ = writeln!(html, "<p class=\"note\">{}</p>", escaped(note));
    }
    tables
        .iter()
        .for_each(|table| write_table(&mut html, table, lang));
    html.push_str("</body>\n</html>\n");
    html
}

fn write_table(html: &mut String, table: &Table, lang: Lang) {
    let _ = writeln!(html, "<h2>{}</h2>", escaped(&table.name));
    write_table_body(html, table, lang);
}

/// A table without its name.
pub(super) fn write_table_body(html: &mut String, table: &Table, lang: Lang) {
    if table.rows.is_empty() {
        let _ = writeln!(html, "<p class=\"note\">{}</p>", lang.pick("none", "无"));
        return;
    }
    html.push_str("<div class=\"wide\"><table>\n<thead><tr>");
    for (at, column) in table.columns.iter().enumerate() {
        let class = class_of(table, at);
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escaped(&column.label));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        html.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let _ = write!(html, "<td{}>{}</td>", class_of(table, at), escaped(&shown(cell)));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n");
    write_sums(html, table, lang);
    html.push_str("</table></div>\n");
}

/// Numbers stand on the right, hashes may be broken anywhere.
fn class_of(table: &Table, at: usize) -> &'static str {
    let named = |column: &Column| column.name.ends_with("hash");
    if table.columns.get(at).is_some_and(named) {
        return " class=\"hash\"";
    }
    let numbers = table
        .rows
        .iter()
        .filter_map(|row| row.get(at))
        .any(Cell::is_number);
    if numbers { " class=\"n\"" } else { "" }
}

fn write_sums(html: &mut String, table: &Table, lang: Lang) {
    if !table.columns.iter().any(|column| column.summed) {
        return;
    }
    html.push_str("<tfoot><tr>");
    for (at, column) in table.columns.iter().enumerate() {
        let sum = if column.summed { table.sum(at) } else { Cell::Empty };
        let shown = match (&sum, at) {
            (Cell::Empty, 0) => lang.pick("sum", "合计").to_owned(),
            (sum, _) => shown(sum),
        };
        let _ = write!(html, "<td{}>{}</td>", class_of(table, at), escaped(&shown));
    }
    html.push_str("</tr></tfoot>\n");
}

/// A cell for the eye: commas between thousands of counts and amounts.
pub(super) fn shown(cell: &Cell) -> String {
    let text = cell.shown();
    match cell {
        Cell::Count(_) | Cell::Money(_) => thousands(&text),
        _ => text,
    }
}

/// The digits before the point in threes.
pub(super) fn thousands(text: &str) -> String {
    let whole = text.find('.').unwrap_or(text.len());
    let mut grouped = String::with_capacity(text.len() + text.len() / 3);
    for (at, c) in text.char_indices() {
        let before = text
            .get(..at)
            .is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit()));
        if before && at < whole && (whole - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    grouped
}

/// Text that means itself in HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}
