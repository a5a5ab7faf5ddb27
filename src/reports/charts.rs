//! Pages with charts: each chart is drawn from a table of the page and names the file the table stands in.

use std::fmt::Write;
use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};

use super::table::{Cell, Table};
use super::table_page::{STYLE, escaped, shown as shown_cell, thousands, write_table_body};
use crate::diagnostics::{Error, Lang, Result};

/// The chart library, packed; see `assets/README.md`.
const LIBRARY: &[u8] = include_bytes!("assets/echarts.min.js.gz");

/// What draws the charts.
const DRAW: &str = include_str!("assets/draw.js");

const CHART_STYLE: &str = "
.bar { position: sticky; top: 0; background: #fff; padding: .35rem 0; z-index: 2; border-bottom: 1px solid #d8d8d8; \
max-height: 5.2rem; overflow-y: auto; }
.bar a { margin-right: .8rem; } .bar button { font: inherit; padding: .15rem .6rem; margin-right: .5rem; }
.bar button[aria-pressed=true] { background: #1a1a1a; color: #fff; }
section { scroll-margin-top: 5.8rem; }
.cards { display: flex; flex-wrap: wrap; gap: .6rem; margin: .6rem 0; }
.card { border: 1px solid #bbb; border-radius: .3rem; padding: .45rem .7rem; flex: 1 1 12rem; display: flex; \
flex-direction: column; break-inside: avoid; overflow-wrap: anywhere; }
.card .big { font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
figure { margin: .6rem 0; } figcaption { font-weight: 600; } .chart { width: 100%; min-height: 200px; }
details { margin: .3rem 0 1rem; } summary { cursor: pointer; color: #333; }
@media (max-width: 40rem) { body { margin: 1rem auto; padding: 0 .6rem; font-size: 13px; }
  .bar a { display: inline-block; } th, td { padding: .2rem .35rem; } }
@media print { .bar { display: none; } figure { break-inside: avoid; } details:not([open]) { display: none; } }
";

/// A table of a page with the charts drawn from it (图表节).
#[derive(Clone, Debug)]
pub struct Section<'t> {
    /// The question it answers.
    pub heading: String,
    /// What must be known to read it.
    pub notes: Vec<String>,
    /// Charts of the table.
    pub charts: Vec<Chart>,
    /// The table.
    pub table: &'t Table,
    /// The file the table stands in, e.g. `impact.csv`.
    pub file: &'t str,
}

/// A chart of a section's table (图).
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// How.
    pub draw: Draw,
    /// The column across: names, or numbers.
    pub x: String,
    /// The columns that are drawn; their meaning is the form's.
    pub ys: Vec<String>,
    /// Rows that are drawn: column and value; none: all.
    pub only: Vec<(String, String)>,
    /// Words of the column across, with what they are called on the page.
    pub words: Vec<(String, String)>,
}

impl Chart {
    /// Of all rows of a table.
    pub fn new(title: impl Into<String>, draw: Draw, x: &str, ys: &[&str]) -> Chart {
        Chart {
            title: title.into(),
            draw,
            x: x.to_owned(),
            ys: ys.iter().map(|name| (*name).to_owned()).collect(),
            only: Vec::new(),
            words: Vec::new(),
        }
    }

    /// With names for words of the column across.
    #[must_use]
    pub fn called(mut self, words: Vec<(String, String)>) -> Chart {
        self.words = words;
        self
    }

    fn name_of<'c>(&'c self, word: &'c str) -> &'c str {
        let named = self.words.iter().find(|(known, _)| known == word);
        named.map_or(word, |(_, name)| name)
    }

    /// Of the rows that have this value in a column.
    #[must_use]
    pub fn only(mut self, column: &str, value: &str) -> Chart {
        self.only.push((column.to_owned(), value.to_owned()));
        self
    }
}

/// A line over a heat map (等值线): its name, and its steps of two numbers.
pub type Level = (String, Vec<Option<(String, String)>>);

/// The form of a chart (图形). Columns are named as in CSV.
#[derive(Clone, Debug)]
pub enum Draw {
    /// A bar each row and column; stacked, or lying for long names.
    Bars {
        /// On top of each other.
        stacked: bool,
        /// From left to right.
        lying: bool,
    },
    /// A line each column; over numbers where `x` holds such.
    Lines {
        /// By steps, not straight.
        steps: bool,
        /// A line for each word of a column instead, of the first of `ys`: the column, and words with
        /// their names in the legend.
        by: Option<(String, Vec<(String, String)>)>,
        /// A dashed line on which both numbers are the same.
        diagonal: bool,
    },
    /// A point each row and column over names, which stand below each other.
    Dots {
        /// A level line.
        level: Option<String>,
    },
    /// A card each row: `ys` are its unit, the value before, the value after, and the change.
    Cards,
    /// Lines over areas between two columns each, the widest first.
    Fan {
        /// Low and high.
        bands: Vec<(&'static str, &'static str)>,
    },
    /// Steps from one total to another: `ys` are the change, empty of a total, and the total after it.
    Waterfall,
    /// What one number moves: `ys` are the result at its low and its high end.
    Tornado {
        /// The result between them.
        base: String,
    },
    /// Two numbers and a third: `ys` are the second and the third.
    Heat {
        /// A line over it, in steps of two numbers, with its name; `None` ends a stroke.
        over: Option<Level>,
    },
    /// What went from where to where: `ys` are where to, and how many.
    Flow,
    /// A point each row: `ys` are its height, and its size if there are two.
    Points {
        /// A level line.
        level: Option<String>,
        /// A line over it, in steps of two numbers, with its name; `None` ends a stroke.
        over: Option<Level>,
    },
}

impl Draw {
    const fn kind(&self) -> &'static str {
        match self {
            Draw::Bars { .. } => "bars",
            Draw::Lines { .. } => "lines",
            Draw::Dots { .. } => "dots",
            Draw::Cards => "cards",
            Draw::Fan { .. } => "fan",
            Draw::Waterfall => "waterfall",
            Draw::Tornado { .. } => "tornado",
            Draw::Heat { .. } => "heat",
            Draw::Flow => "flow",
            Draw::Points { .. } => "points",
        }
    }
}

/// A page of charts and tables that needs no other file and no network (图表页).
///
/// # Errors
/// A chart names a column its table has not.
pub fn chart_page(title: &str, notes: &[String], sections: &[Section<'_>], lang: Lang) -> Result<String> {
    let locale = lang.pick("en", "zh-CN");
    let title = escaped(title);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"{locale}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}{CHART_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for note in notes {
        let _ = writeln!(html, "<p class=\"note\">{}</p>", escaped(note));
    }
    write_bar(&mut html, sections, lang);
    for (at, section) in sections.iter().enumerate() {
        write_section(&mut html, section, at, lang)?;
    }
    let library = library()?;
    let _ = write!(
        html,
        "<script>{library}</script>\n<script>{DRAW}</script>\n</body>\n</html>\n"
    );
    Ok(html)
}

fn library() -> Result<String> {
    let mut text = String::new();
    let read = GzDecoder::new(LIBRARY).read_to_string(&mut text);
    read.map_err(|error| {
        Error::new(format!(
            "the chart library inside the program is damaged: {error}"
        ))
    })?;
    Ok(text)
}

/// What stays in sight: where to go, and two switches.
fn write_bar(html: &mut String, sections: &[Section<'_>], lang: Lang) {
    html.push_str("<nav class=\"bar\">");
    for (at, section) in sections.iter().enumerate() {
        let _ = write!(html, "<a href=\"#s{at}\">{}</a>", escaped(&section.heading));
    }
    let tables = lang.pick("all tables", "展开全部表格");
    let patterns = lang.pick("patterns", "图案填充");
    let _ = writeln!(
        html,
        "<button type=\"button\" id=\"tables\" aria-pressed=\"false\">{tables}</button>\
         <button type=\"button\" id=\"patterns\" aria-pressed=\"false\">{patterns}</button></nav>"
    );
}

fn write_section(html: &mut String, section: &Section<'_>, at: usize, lang: Lang) -> Result<()> {
    let _ = writeln!(
        html,
        "<section id=\"s{at}\"><h2>{}</h2>",
        escaped(&section.heading)
    );
    for note in &section.notes {
        let _ = writeln!(html, "<p class=\"note\">{}</p>", escaped(note));
    }
    let table = section.table;
    for chart in &section.charts {
        let shown = shown_rows(chart, table)?;
        if shown.rows.is_empty() {
            continue;
        }
        if matches!(chart.draw, Draw::Cards) {
            write_cards(html, chart, &shown)?;
            continue;
        }
        let data = data_of(chart, &shown)?.to_string().replace('<', "\\u003c");
        let _ = writeln!(
            html,
            "<figure data-chart=\"{}\"><figcaption>{}</figcaption><div class=\"chart\"></div>\
             <script type=\"application/json\">{data}</script></figure>",
            chart.draw.kind(),
            escaped(&chart.title)
        );
    }
    let (rows, file) = (table.rows.len(), escaped(section.file));
    let label = match lang {
        Lang::En if rows == 1 => format!("the table behind it: 1 row, also in {file}"),
        Lang::En => format!("the table behind it: {rows} rows, also in {file}"),
        Lang::Zh => format!("数据表：{rows}行，见{file}"),
    };
    let open = if section.charts.is_empty() { " open" } else { "" };
    let _ = writeln!(html, "<details{open}><summary>{label}</summary>");
    write_table_body(html, table, lang);
    html.push_str("</details></section>\n");
    Ok(())
}

/// Where a column of a chart stands.
fn place_of(chart: &Chart, table: &Table, name: &str) -> Result<usize> {
    let mut columns = table.columns.iter();
    columns.position(|column| column.name == name).ok_or_else(|| {
        Error::new(format!(
            "chart `{}`: table `{}` has no column `{name}`",
            chart.title, table.name
        ))
    })
}

/// The rows a chart is drawn from.
fn shown_rows(chart: &Chart, table: &Table) -> Result<Table> {
    let mut shown = table.clone();
    for (column, value) in &chart.only {
        let at = place_of(chart, table, column)?;
        shown
            .rows
            .retain(|row| row.get(at).is_some_and(|cell| cell.shown() == *value));
    }
    Ok(shown)
}

/// Numbers large enough to be read first; they stand in the page itself, for paper too.
fn write_cards(html: &mut String, chart: &Chart, table: &Table) -> Result<()> {
    let at = |name: &str| place_of(chart, table, name);
    let name = at(&chart.x)?;
    let ys: Result<Vec<usize>> = chart.ys.iter().map(|name| at(name)).collect();
    let ys = ys?;
    html.push_str("<div class=\"cards\">");
    for row in &table.rows {
        let cell = |at: Option<&usize>| {
            let cell = at.and_then(|at| row.get(*at));
            cell.map_or_else(String::new, |cell| escaped(&short_cell(cell)))
        };
        let [unit, before, after, change] = [0, 1, 2, 3].map(|part| cell(ys.get(part)));
        let word = row.get(name).map(Cell::shown).unwrap_or_default();
        let name = escaped(chart.name_of(&word));
        let from_to = match before.is_empty() {
            true => format!("{after} {unit}"),
            false => format!("{before} → {after} {unit}"),
        };
        let sign = if change.starts_with(['-', '0']) || change.is_empty() {
            ""
        } else {
            "+"
        };
        let _ = write!(
            html,
            "<div class=\"card\"><b>{name}</b><span class=\"big\">{after}</span>\
             <span>{from_to}</span><span>{sign}{change}</span></div>"
        );
    }
    html.push_str("</div>\n");
    Ok(())
}

/// A number without zeros at its end, thousands apart.
fn short_cell(cell: &Cell) -> String {
    let Cell::Number(text) = cell else {
        return shown_cell(cell);
    };
    let short = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    };
    thousands(short)
}

/// A chart's form and its table's cells, numbers as they are shown.
fn data_of(chart: &Chart, table: &Table) -> Result<Value> {
    let place = |name: &str| place_of(chart, table, name);
    let ys: Result<Vec<usize>> = chart.ys.iter().map(|name| place(name)).collect();
    let labels: Vec<&str> = table.columns.iter().map(|column| column.label.as_str()).collect();
    let rows: Vec<Vec<Value>> = table
        .rows
        .iter()
        .map(|row| row.iter().map(value_of).collect())
        .collect();
    let mut data = Map::new();
    data.insert("kind".to_owned(), json!(chart.draw.kind()));
    data.insert("x".to_owned(), json!(place(&chart.x)?));
    data.insert("ys".to_owned(), json!(ys?));
    data.insert("columns".to_owned(), json!(labels));
    data.insert("rows".to_owned(), json!(rows));
    if !chart.words.is_empty() {
        data.insert("words".to_owned(), json!(chart.words));
    }
    match &chart.draw {
        Draw::Bars { stacked, lying } => {
            data.insert("stacked".to_owned(), json!(stacked));
            data.insert("lying".to_owned(), json!(lying));
        }
        Draw::Lines { steps, by, diagonal } => {
            data.insert("steps".to_owned(), json!(steps));
            data.insert("diagonal".to_owned(), json!(diagonal));
            if let Some((column, names)) = by {
                data.insert("by".to_owned(), json!(place(column)?));
                data.insert("names".to_owned(), json!(names));
            }
        }
        Draw::Fan { bands } => {
            let pairs = bands.iter().map(|(low, high)| Ok([place(low)?, place(high)?]));
            data.insert("bands".to_owned(), json!(pairs.collect::<Result<Vec<_>>>()?));
        }
        Draw::Tornado { base } => {
            data.insert("base".to_owned(), number(base));
        }
        Draw::Heat { over } => put_over(&mut data, over.as_ref()),
        Draw::Points { level, over } => {
            put_level(&mut data, level.as_ref());
            put_over(&mut data, over.as_ref());
        }
        Draw::Dots { level } => put_level(&mut data, level.as_ref()),
        Draw::Waterfall | Draw::Flow | Draw::Cards => {}
    }
    Ok(Value::Object(data))
}

fn put_level(data: &mut Map<String, Value>, level: Option<&String>) {
    if let Some(level) = level {
        data.insert("level".to_owned(), number(level));
    }
}

fn put_over(data: &mut Map<String, Value>, over: Option<&Level>) {
    let Some((name, strokes)) = over else { return };
    let step = |step: &Option<(String, String)>| match step {
        Some((x, y)) => json!([number(x), number(y)]),
        None => Value::Null,
    };
    data.insert("over_name".to_owned(), json!(name));
    data.insert("over".to_owned(), strokes.iter().map(step).collect());
}

fn value_of(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => json!(text),
        Cell::Count(count) => json!(count),
        Cell::Money(_) | Cell::Number(_) => number(&cell.shown()),
    }
}

/// The digits of a number as they stand; words where they are none.
fn number(shown: &str) -> Value {
    serde_json::from_str(shown)
        .ok()
        .filter(Value::is_number)
        .unwrap_or_else(|| json!(shown))
}
