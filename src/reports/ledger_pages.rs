//! What a ledger tells people (结算台账报表): a month by hospital, a year's clearing, one hospital's
//! statement. Money in yuan.

use super::CsvText;
use super::ledger_labels::{label, why};
use super::table::{Cell, Column, Table};
use crate::budget::{Booking, CLEARING_LINES, CaseDue, HospitalDue, PoolSettlement};
use crate::diagnostics::Lang;
use crate::ledger::{ClearingRow, Entry, HospitalMonth, Paid, Posted, Statement, YearCase};
use crate::points::{Pack, PnlColumn};
use crate::scenarios::{PACKET_GROUNDS, SCORE_GROUNDS};
use crate::units::{Fen, Overflow, Points};

/// Columns of a month by hospital (月度预结算表列名).
pub const MONTH_COLUMNS: [&str; 10] = [
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
];

/// `month.csv` (月度预结算): one row a pool and hospital.
pub fn month_csv(posted: &[(String, Posted)]) -> CsvText {
    let mut text = CsvText::with_header(&MONTH_COLUMNS);
    for (pool, posted) in posted {
        for row in &posted.hospitals {
            text.cell(pool);
            month_cells(&mut text, row);
            text.cell(&posted.closed.hash);
            text.end_row();
        }
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

/// A year's clearing (年度清算表), a table a pool: one row a hospital, its due after each step of the pack.
pub fn clearing_tables(pools: &[(PoolSettlement, Vec<ClearingRow>)], lang: Lang) -> Vec<Table> {
    let steps = steps_of(pools);
    let pools = pools.iter().map(|(settlement, rows)| {
        let mut table = Table::new(&settlement.pool, clearing_columns(&steps, lang));
        for row in rows {
            let due = settlement
                .hospitals
                .iter()
                .find(|due| due.hospital == row.hospital);
            let mut cells = vec![Cell::text(&settlement.pool), Cell::text(&row.hospital)];
            cells.extend(due_cells(due, &steps));
            cells.extend(row.net.lines().map(|(_, amount)| Cell::Money(amount)));
            table.rows.push(cells);
        }
        table
    });
    pools.collect()
}

fn clearing_columns(steps: &[&str], lang: Lang) -> Vec<Column> {
    let own = |name: &str| Column::plain(name, label(name, lang));
    let summed = |name: &str| Column::summed(name, label(name, lang));
    let mut columns = vec![own("pool"), own("hospital")];
    columns.extend(["cases", "standard", "nonfund", "amount_due"].map(summed));
    columns.extend(steps.iter().map(|step| {
        let step_label = match lang {
            Lang::En => format!("after {}", label(step, lang)),
            Lang::Zh => format!("{}后", label(step, lang)),
        };
        Column::summed(format!("after_{step}"), step_label)
    }));
    columns.push(summed("addons"));
    columns.extend(CLEARING_LINES.map(summed));
    columns
}

/// Every step that ran in any pool, in the order of the first.
fn steps_of(pools: &[(PoolSettlement, Vec<ClearingRow>)]) -> Vec<&'static str> {
    let mut steps = Vec::new();
    let ran = pools
        .iter()
        .flat_map(|(settlement, _)| &settlement.hospitals)
        .flat_map(|due| &due.steps);
    for step in ran {
        if !steps.contains(&step.step) {
            steps.push(step.step);
        }
    }
    steps
}

/// A hospital all of whose cases were reversed has no due, and empty cells.
fn due_cells(due: Option<&HospitalDue>, steps: &[&str]) -> Vec<Cell> {
    let mut cells = vec![due.map_or(Cell::Empty, |due| Cell::Count(due.cases))];
    let amounts = [
        due.map(|due| due.standard),
        due.map(|due| due.nonfund),
        due.map(|due| due.amount_due),
    ];
    cells.extend(amounts.map(Cell::money));
    cells.extend(steps.iter().map(|step| {
        let ran = due.and_then(|due| due.steps.iter().find(|ran| ran.step == *step));
        Cell::money(ran.map(|ran| ran.after))
    }));
    cells.push(Cell::money(due.map(|due| due.addons)));
    cells
}

/// A pool's reconciliation (基金池对账), a table a pool: sources, uses, and a difference that is zero.
///
/// # Errors
/// A number that cannot be shown.
pub fn pool_tables(pools: &[(PoolSettlement, Vec<ClearingRow>)], lang: Lang) -> Result<Vec<Table>, Overflow> {
    pools
        .iter()
        .map(|(settlement, _)| pool_table(settlement, lang))
        .collect()
}

fn pool_table(settlement: &PoolSettlement, lang: Lang) -> Result<Table, Overflow> {
    let columns = ["pool", "side", "item", "value"];
    let columns = columns.map(|name| Column::plain(name, label(name, lang)));
    let mut table = Table::new(reconciliation_name(&settlement.pool, lang), columns.into());
    let mut row = |side: &str, item: &str, value: Cell| {
        let cells = [&settlement.pool, side, item].map(Cell::text);
        table.rows.push(cells.into_iter().chain([value]).collect());
    };
    for (item, amount) in &settlement.sources {
        row("source", item, Cell::Money(*amount));
    }
    for (item, amount) in &settlement.uses {
        row("use", item, Cell::Money(*amount));
    }
    row("difference", "sources - uses", Cell::Money(settlement.difference));
    if let Some(value) = settlement.point_value {
        row("price", "points", Cell::Number(settlement.points.to_string()));
        row("price", "point_value_yuan", Cell::Number(value.show_yuan(10)?));
    }
    if let Some(k) = settlement.k {
        row("price", "k", Cell::Number(k.show(10)?));
    }
    for warning in &settlement.warnings {
        row("warning", "look at", Cell::text(warning));
    }
    Ok(table)
}

/// The same for people: the words of sides and items in their language.
pub fn in_words(tables: Vec<Table>, lang: Lang) -> Vec<Table> {
    let in_words = |row: Vec<Cell>| {
        let cells = row.into_iter().enumerate().map(|(at, cell)| match cell {
            Cell::Text(word) if at == 1 || at == 2 => Cell::text(label(&word, lang)),
            cell => cell,
        });
        cells.collect()
    };
    let tables = tables.into_iter().map(|table| Table {
        rows: table.rows.into_iter().map(in_words).collect(),
        ..table
    });
    tables.collect()
}

fn reconciliation_name(pool: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{pool} reconciliation"),
        Lang::Zh => format!("{pool} 对账"),
    }
}

/// The cases of a cleared year (年度病例明细): each with its kind, what was booked and what is due.
/// `with_grounds`: under a scheme of packets also what each was paid by.
pub fn year_cases_table(
    (pack, with_grounds): (&Pack, bool),
    pool: &str,
    cases: &[YearCase],
    dues: &[CaseDue],
    lang: Lang,
) -> Table {
    let own = |name: &str| Column::plain(name, label(name, lang));
    let summed = |name: &str| Column::summed(name, label(name, lang));
    let words = [
        "pool",
        "hospital",
        "level",
        "case_id",
        "discharge_date",
        "group",
        "kind",
        "why",
        "points",
    ];
    let mut columns: Vec<Column> = words.map(own).into();
    columns.extend(["standard", "cost", "claim", "nonfund", "booked", "due", "gain"].map(summed));
    let grounds: Vec<&str> = match with_grounds {
        true => PACKET_GROUNDS.into_iter().chain(SCORE_GROUNDS).collect(),
        false => Vec::new(),
    };
    columns.extend(grounds.iter().map(|name| own(name)));
    columns.extend(pack.pnl().iter().map(|column| summed(column.as_str())));
    let mut table = Table::new(pool, columns);
    for (case, due) in cases.iter().zip(dues) {
        let points = match case.paid {
            Paid::Points(units) => Cell::Number(Points::new(units).to_string()),
            _ => Cell::Empty,
        };
        let mut cells = vec![
            Cell::text(pool),
            Cell::text(&case.key.hospital),
            Cell::text(case.level.as_str()),
            Cell::text(&case.key.case_id),
            Cell::text(&case.key.discharge),
            Cell::text(&case.group),
            Cell::text(case.case_kind.as_str()),
            Cell::text(why(case.case_kind, lang)),
            points,
        ];
        let amounts = [
            due.standard,
            case.cost,
            case.claim,
            case.nonfund,
            case.booked,
            due.due,
        ];
        cells.extend(amounts.map(Cell::Money));
        cells.push(Cell::Money(due.due - case.claim));
        cells.extend(grounds.iter().map(|name| Cell::text(ground(case, name))));
        cells.extend(pack.pnl().iter().map(|column| profit(*column, case, *due)));
        table.rows.push(cells);
    }
    table
}

/// What a payment was made of, where the ledger keeps it.
fn ground<'c>(case: &'c YearCase, name: &str) -> &'c str {
    let found = case.more.grounds.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, text)| text)
}

/// A column of profit and loss; what only a return tells is not known here, and not zero.
fn profit(column: PnlColumn, case: &YearCase, due: CaseDue) -> Cell {
    match column {
        PnlColumn::Formula => Cell::Money(due.standard - case.cost),
        PnlColumn::FundMinusClaim => Cell::Money(due.due - case.claim),
        PnlColumn::Official | PnlColumn::Adjust => Cell::Empty,
    }
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
    text
}

/// The same as tables for people (对账单各表).
pub fn statement_tables(statement: &Statement, lang: Lang) -> Vec<Table> {
    let own = |name: &str| Column::plain(name, label(name, lang));
    let summed = |name: &str| Column::summed(name, label(name, lang));
    let mut months = vec![own("month"), summed("cases")];
    months.extend(MONTH_LINES.map(summed));
    let mut months = Table::new(lang.pick("months", "月度结算"), months);
    for month in &statement.months {
        let mut cells = vec![Cell::text(&month.month), Cell::Count(month.cases.into())];
        cells.extend(month_amounts(month).map(Cell::Money));
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
    vec![months, entries, clearing, closed]
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
