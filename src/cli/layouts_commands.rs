//! `layouts` and `convert`: the requests they make, and what they say.

use super::commands::{Ending, bulk, print};
use super::layouts_arguments::{ConvertArguments, LayoutsCheckArguments, LayoutsCommand};
use super::reading_words::{reading_words, some};
use super::terminal::Terminal;
use crate::api::{self, ConvertRequest, Fit};
use crate::diagnostics::{Lang, Result};
use crate::library::Library;
use crate::records::{Column, Form, Layout, LayoutChoice};

/// Writes the neutral file and says what became of the records.
pub(super) fn convert(convert: &ConvertArguments, terminal: &Terminal) -> Result<Ending> {
    let (records, intake) = convert.reading.of(&convert.records, Some(&convert.tables))?;
    let request = ConvertRequest {
        records: records.to_owned(),
        intake,
        output: convert.output.file.clone(),
        findings: convert.findings.clone(),
    };
    bulk(terminal, &convert.records, |watch| api::convert(&request, watch))
}

/// Lists, shows or tries layouts.
pub(super) fn layouts(command: &LayoutsCommand, terminal: &Terminal) -> Result<Ending> {
    match command {
        LayoutsCommand::List { tables } => {
            let layouts = api::layouts(&Library::find(&tables.tables)?)?;
            let lines = layouts.iter().map(|layout| listed(layout, terminal.lang));
            print(&lines.collect::<String>())?;
            Ok(Ending::NO_FINDINGS)
        }
        LayoutsCommand::Show { layout, tables } => {
            let library = Library::find(&tables.tables)?;
            let layout = api::layout(&library, &LayoutChoice::typed(layout))?;
            print(&shown(&layout, terminal.lang))?;
            Ok(Ending::NO_FINDINGS)
        }
        LayoutsCommand::Check(check) => try_layout(check, terminal),
    }
}

fn try_layout(check: &LayoutsCheckArguments, terminal: &Terminal) -> Result<Ending> {
    let (records, intake) = check
        .reading
        .of(std::slice::from_ref(&check.records), Some(&check.tables))?;
    let fit = api::fit(records, &intake)?;
    print(&fit_words(&fit, terminal.lang))?;
    Ok(Ending {
        findings: !fit.missing.is_empty(),
    })
}

/// `hqms-811  table  51 columns  HQMS …`
fn listed(layout: &Layout, lang: Lang) -> String {
    let columns = layout.columns().count();
    let form = form_word(layout.form(), lang);
    match lang {
        Lang::En => format!(
            "{}  {form}, {columns} neutral columns  {}\n",
            layout.id(),
            layout.name()
        ),
        Lang::Zh => format!("{}  {form}，{columns}个中性列  {}\n", layout.id(), layout.name()),
    }
}

fn form_word(form: Form, lang: Lang) -> &'static str {
    match form {
        Form::Table => lang.pick("table", "表格"),
        Form::Json => lang.pick("JSON", "JSON报文"),
    }
}

fn shown(layout: &Layout, lang: Lang) -> String {
    let mut text = listed(layout, lang);
    let label = lang.pick("from", "来源");
    text.push_str(&format!("{label}: {}\n", layout.place()));
    let codes = match layout.codes() {
        "" => lang.pick("to be declared", "须声明"),
        codes => codes,
    };
    text.push_str(&format!("{}: {codes}\n", lang.pick("code version", "编码版本")));
    for (column, headers) in layout.columns() {
        text.push_str(&format!(
            "  {} = {}\n",
            column_words(column, lang),
            some(&headers, lang)
        ));
    }
    let needs: Vec<&str> = layout.join_needs().iter().map(|column| column.name()).collect();
    if !needs.is_empty() {
        let label = lang.pick(
            "needs a joined file (--join) for",
            "以下各列须由关联文件（--join）提供",
        );
        text.push_str(&format!("{label}: {}\n", needs.join(", ")));
    }
    text
}

fn column_words(column: Column, lang: Lang) -> String {
    match lang {
        Lang::En => column.name().to_owned(),
        Lang::Zh => format!("{}（{}）", column.name(), column.chinese()),
    }
}

fn fit_words(fit: &Fit, lang: Lang) -> String {
    let mut text = reading_words(std::slice::from_ref(&fit.opened), lang)
        .trim_start()
        .to_owned();
    let mut say = |label: &str, count: usize| text.push_str(&format!("\n{label}: {count}\n"));
    say(
        lang.pick("columns that are read", "已映射的来源列"),
        fit.mapped.len(),
    );
    for (header, columns) in &fit.mapped {
        let columns: Vec<&str> = columns.iter().map(|column| column.name()).collect();
        text.push_str(&format!("  {header} → {}\n", columns.join(", ")));
    }
    let label = lang.pick("columns that are not read", "未映射的来源列");
    text.push_str(&format!("{label}: {}\n", fit.unmapped.len()));
    for header in &fit.unmapped {
        text.push_str(&format!("  {header}\n"));
    }
    let label = lang.pick("neutral columns whose headers are missing", "来源中缺失的中性列");
    text.push_str(&format!("{label}: {}\n", fit.missing.len()));
    for (column, headers) in &fit.missing {
        text.push_str(&format!(
            "  {} = {}\n",
            column_words(*column, lang),
            some(headers, lang)
        ));
    }
    text
}
