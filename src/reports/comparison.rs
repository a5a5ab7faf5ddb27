//! What differs between our result and one that comes back (回盘比对表).

use super::table::{Cell, Column, Table};
use crate::diagnostics::Lang;
use crate::scenarios::{Comparison, Differing, Returned, Sums};

/// The summary by column, then every difference: in the words of files, or for people.
pub fn comparison_tables(comparison: &Comparison, lang: Lang, for_people: bool) -> [Table; 2] {
    let said = move |verdict: Returned| match for_people {
        true => verdict_label(verdict, lang),
        false => verdict.as_str(),
    };
    [summary(comparison, lang), differences(comparison, lang, &said)]
}

fn summary(comparison: &Comparison, lang: Lang) -> Table {
    let mut columns = vec![Column::plain("column", lang.pick("column", "列"))];
    columns
        .extend(Returned::ALL.map(|verdict| Column::plain(verdict.as_str(), verdict_label(verdict, lang))));
    let sums = [
        ("ours", "sum of ours", "我方合计"),
        ("theirs", "sum of theirs", "回盘合计"),
        ("difference", "difference", "差额"),
        ("complete", "complete", "是否完整"),
    ];
    columns.extend(sums.map(|(name, en, zh)| Column::plain(name, lang.pick(en, zh))));
    let mut table = Table::new(lang.pick("summary", "比对汇总"), columns);
    let rows = comparison.sums.iter();
    table
        .rows
        .extend(rows.map(|(column, sums)| summary_row(column, sums)));
    table
}

fn summary_row(column: &str, sums: &Sums) -> Vec<Cell> {
    let name = if column.is_empty() { "(case)" } else { column };
    let mut cells = vec![Cell::text(name)];
    let count = |verdict| sums.counts.get(&verdict).copied().unwrap_or(0);
    cells.extend(Returned::ALL.map(|verdict| Cell::Count(count(verdict))));
    let money = sums.money;
    cells.push(Cell::money(money.map(|(ours, _)| ours)));
    cells.push(Cell::money(money.map(|(_, theirs)| theirs)));
    cells.push(Cell::money(money.map(|(ours, theirs)| ours - theirs)));
    cells.push(Cell::text(if sums.complete() { "true" } else { "false" }));
    cells
}

fn differences(comparison: &Comparison, lang: Lang, said: &dyn Fn(Returned) -> &'static str) -> Table {
    let key = comparison.key.iter().map(|name| Column::plain(name, name));
    let own = [
        ("column", "column", "列"),
        ("ours", "ours", "我方"),
        ("theirs", "theirs", "回盘"),
        ("difference", "difference", "差额"),
        ("verdict", "what it is", "结论"),
        ("line", "line of theirs", "回盘行号"),
    ];
    let own = own.map(|(name, en, zh)| Column::plain(name, lang.pick(en, zh)));
    let mut table = Table::new(lang.pick("differences", "差异明细"), key.chain(own).collect());
    let rows = comparison.differing.iter();
    table
        .rows
        .extend(rows.map(|differing| difference_row(differing, said)));
    table
}

fn difference_row(differing: &Differing, said: &dyn Fn(Returned) -> &'static str) -> Vec<Cell> {
    let mut cells: Vec<Cell> = differing.key.iter().map(Cell::text).collect();
    cells.extend([&differing.column, &differing.ours, &differing.theirs].map(Cell::text));
    cells.push(Cell::money(differing.difference));
    cells.push(Cell::text(said(differing.verdict)));
    cells.push(differing.line.map_or(Cell::Empty, Cell::Count));
    cells
}

fn verdict_label(verdict: Returned, lang: Lang) -> &'static str {
    let (en, zh) = match verdict {
        Returned::Same => ("same", "一致"),
        Returned::Differs => ("differs", "不一致"),
        Returned::NothingTheirs => ("not given in theirs", "回盘未给"),
        Returned::NothingOurs => ("not given in ours", "我方未给"),
        Returned::NothingBoth => ("given in neither", "双方均未给"),
        Returned::Unreadable => ("theirs unreadable", "回盘无法识别"),
        Returned::OnlyOurs => ("case in ours only", "仅我方有"),
        Returned::OnlyTheirs => ("case in theirs only", "仅回盘有"),
        Returned::Twice => ("case several times in theirs", "回盘重复"),
    };
    lang.pick(en, zh)
}
