//! What a ledger tells people (结算台账报表): a month by hospital, one hospital's statement. Money in
//! yuan.

use std::collections::BTreeMap;

use super::CsvText;
use super::ledger_labels::label;
use super::table::{Cell, Column, Table};
use crate::budget::Booking;
use crate::diagnostics::Lang;
use crate::ledger::{Entry, HospitalMonth, Posted, Statement};
use crate::scenarios::LeftOut;
use crate::units::{Fen, Points};

/// Columns of a month by hospital (月度预结算表列名).
pub const MONTH_COLUMNS: [&str; 12] = [
    "pool",
    "month",
    "hospital",
    "cases",
    "booked",
    "deposit",
    "deductions",
    "cash",
    "advance_offset",
    "month_hash",
    "prior_year",
    "left_out",
];

/// `month.csv` (月度预结算): one row a pool and hospital, with the records that could not be taken; of
/// what has no known pool or hospital a row each without amounts.
pub fn month_csv(posted: &[(String, Posted)], left_out: &[LeftOut]) -> CsvText {
    let mut text = CsvText::with_header(&MONTH_COLUMNS);
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for record in left_out {
        *counts.entry((&record.pool, &record.hospital)).or_default() += 1;
    }
    for (pool, posted) in posted {
        for row in &posted.hospitals {
            text.cell(pool);
            month_cells(&mut text, row);
            text.cell(&posted.closed.hash);
            text.show(Some(row.prior_year));
            let count = counts.remove(&(pool.as_str(), row.hospital.as_str()));
            text.show(Some(count.unwrap_or(0)));
            text.end_row();
        }
    }
    let month = posted
        .first()
        .map_or("", |(_, posted)| posted.closed.month.as_str());
    for ((pool, hospital), count) in counts {
        [pool, month, hospital]
            .into_iter()
            .for_each(|cell| text.cell(cell));
        (3..MONTH_COLUMNS.len() - 1).for_each(|_| text.cell(""));
        text.show(Some(count));
        text.end_row();
    }
    text
}

fn month_cells(text: &mut CsvText, row: &HospitalMonth) {
    text.cell(&row.month);
    text.cell(&row.hospital);
    text.show(Some(row.cases));
    month_amounts(row)
        .into_iter()
        .for_each(|amount| text.show(Some(amount)));
}

/// A hospital's statement (医院对账单): its months, the entries that are no cases, its clearing, and
/// the hashes of the closed months.
pub fn statement_csv(statement: &Statement) -> CsvText {
    let mut text = CsvText::with_header(&["section", "month", "item", "value", "reason", "author"]);
    let mut row = |cells: [&str; 6]| {
        cells.into_iter().for_each(|cell| text.cell(cell));
        text.end_row();
    };
    for month in &statement.months {
        row(["month", &month.month, "cases", &month.cases.to_string(), "", ""]);
        for (item, amount) in MONTH_LINES.into_iter().zip(month_amounts(month)) {
            row(["month", &month.month, item, &amount.to_string(), "", ""]);
        }
        if month.prior_year != Fen::ZERO {
            row([
                "month",
                &month.month,
                "prior_year",
                &month.prior_year.to_string(),
                "",
                "",
            ]);
        }
    }
    for (kind, cases, units) in &statement.kinds {
        row([
            "kind",
            "",
            &format!("cases_{}", kind.as_str()),
            &cases.to_string(),
            "",
            "",
        ]);
        let points = Points::new(*units).to_string();
        row(["kind", "", &format!("points_{}", kind.as_str()), &points, "", ""]);
    }
    for (month, entry) in &statement.entries {
        let (item, booked) = (entry_words(entry, Lang::En), entry.booked.to_string());
        row(["entry", month, &item, &booked, &entry.reason, &entry.author]);
    }
    if let Some((net, state)) = &statement.clearing {
        row(["clearing", "", "state", state, "", ""]);
        for (item, amount) in net.lines() {
            row(["clearing", "", item, &amount.to_string(), "", ""]);
        }
    }
    for closed in &statement.closed {
        row(["hash", &closed.month, "closed month", &closed.hash, "", ""]);
    }
    for run in &statement.runs {
        row(["run", &run.period, "run_id", &run.id, "", &run.author]);
        row(["run", &run.period, "pack", &run.pack, "", &run.author]);
        row(["run", &run.period, "evidence_min", &run.evidence, "", &run.author]);
        row([
            "run",
            &run.period,
            "evidence_accepted",
            &run.accepted,
            "",
            &run.author,
        ]);
    }
    text
}

/// What stands above a statement: by which packs its months and its year were made, and on what
/// evidence (对账单说明).
pub fn statement_notes(statement: &Statement, lang: Lang) -> Vec<String> {
    let mut notes = vec![lang.pick("amounts in yuan", "金额单位：元").to_owned()];
    let mut packs: Vec<(&str, &str)> = Vec::new();
    for run in &statement.runs {
        let pack = (run.pack.as_str(), run.evidence.as_str());
        if !packs.contains(&pack) {
            packs.push(pack);
        }
    }
    notes.extend(packs.into_iter().map(|(pack, evidence)| match lang {
        Lang::En => format!("policy pack {pack}, weakest evidence: {evidence}"),
        Lang::Zh => format!("政策包 {pack}，最弱依据：{evidence}"),
    }));
    notes
}

/// Cases and points by kind, in words.
fn kinds_table(statement: &Statement, lang: Lang) -> Table {
    let columns = vec![
        Column::plain("kind", label("kind", lang)),
        Column::summed("cases", label("cases", lang)),
        Column::plain("points", label("points", lang)),
    ];
    let mut table = Table::new(lang.pick("kinds", "病例类型"), columns);
    let rows = statement.kinds.iter().map(|(kind, cases, units)| {
        vec![
            Cell::text(kind.words().in_lang(lang)),
            Cell::Count(*cases),
            Cell::Number(Points::new(*units).to_string()),
        ]
    });
    table.rows.extend(rows);
    table
}

/// The same as tables for people (对账单各表).
pub fn statement_tables(statement: &Statement, lang: Lang) -> Vec<Table> {
    let own = |name: &str| Column::plain(name, label(name, lang));
    let summed = |name: &str| Column::summed(name, label(name, lang));
    let mut months = vec![own("month"), summed("cases")];
    months.extend(MONTH_LINES.map(summed));
    months.push(summed("prior_year"));
    let mut months = Table::new(lang.pick("months", "月度结算"), months);
    for month in &statement.months {
        let mut cells = vec![Cell::text(&month.month), Cell::Count(month.cases.into())];
        cells.extend(month_amounts(month).map(Cell::Money));
        cells.push(Cell::Money(month.prior_year));
        months.rows.push(cells);
    }
    let columns = vec![
        own("month"),
        own("item"),
        summed("booked"),
        own("reason"),
        own("author"),
    ];
    let mut entries = Table::new(lang.pick("entries", "冲正与差额"), columns);
    for (month, entry) in &statement.entries {
        let cells = [month, &entry_words(entry, lang)].map(Cell::text);
        let rest = [
            Cell::Money(entry.booked),
            Cell::text(&entry.reason),
            Cell::text(&entry.author),
        ];
        entries.rows.push(cells.into_iter().chain(rest).collect());
    }
    let mut clearing = Table::new(lang.pick("clearing", "年度清算"), vec![own("item"), own("value")]);
    if let Some((net, state)) = &statement.clearing {
        let state = [label("state", lang), label(state, lang)].map(Cell::text);
        clearing.rows.push(state.into());
        let lines = net
            .lines()
            .map(|(item, amount)| vec![Cell::text(label(item, lang)), Cell::Money(amount)]);
        clearing.rows.extend(lines);
    }
    let mut closed = Table::new(
        lang.pick("closed months", "已关账月度"),
        vec![own("month"), own("hash")],
    );
    let hashes = statement.closed.iter();
    closed
        .rows
        .extend(hashes.map(|month| [&month.month, &month.hash].map(Cell::text).into()));
    let made_by = Table::of_notes(lang.pick("made by", "说明"), &statement_notes(statement, lang));
    vec![
        months,
        entries,
        clearing,
        closed,
        kinds_table(statement, lang),
        made_by,
    ]
}

fn entry_words(entry: &Entry, lang: Lang) -> String {
    let (kind, case, day) = (entry.kind.as_str(), &entry.key.case_id, &entry.key.discharge);
    match lang {
        Lang::En => format!("{kind} of case {case} of {day}"),
        Lang::Zh => format!("{}：病例{case}，{day}出院", label(kind, lang)),
    }
}

/// What a month has besides its cases, in this order.
const MONTH_LINES: [&str; 5] = ["booked", "deposit", "deductions", "cash", "advance_offset"];

fn month_amounts(month: &HospitalMonth) -> [Fen; 5] {
    let Booking {
        booked,
        deposit,
        deductions,
        offset,
        cash,
    } = month.booking;
    [booked, deposit, deductions, cash, offset]
}
