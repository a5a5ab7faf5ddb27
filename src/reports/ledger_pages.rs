//! What a ledger tells people (结算台账报表): a month by hospital, a year's clearing, one hospital's
//! statement. Money in yuan.

use super::CsvText;
use crate::budget::{Booking, HospitalDue, NetOff, PoolSettlement};
use crate::ledger::{ClearingRow, HospitalMonth, Posted, Statement};
use crate::units::{Fen, Overflow};

/// Columns of a month by hospital (月度预结算表列名).
pub const MONTH_COLUMNS: [&str; 9] = [
    "pool",
    "month",
    "hospital",
    "cases",
    "booked",
    "deposit",
    "deductions",
    "cash",
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
    let Booking {
        booked,
        deposit,
        deductions,
        cash,
    } = row.booking;
    [booked, deposit, deductions, cash]
        .into_iter()
        .for_each(|amount| text.show(Some(amount)));
}

/// `clearing.csv` (年度清算表): one row a pool and hospital, each step's due before and after it.
pub fn clearing_csv(pools: &[(PoolSettlement, Vec<ClearingRow>)]) -> CsvText {
    let steps = steps_of(pools);
    let mut columns: Vec<String> = ["pool", "hospital", "cases", "standard", "nonfund", "amount_due"]
        .map(str::to_owned)
        .to_vec();
    columns.extend(steps.iter().map(|step| format!("after_{step}")));
    let money = [
        "addons",
        "due",
        "booked",
        "deposit_withheld",
        "deposit_returned",
        "deposit_forfeited",
        "advance_outstanding",
        "clearing",
    ];
    columns.extend(money.map(str::to_owned));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut text = CsvText::with_header(&columns);
    for (settlement, rows) in pools {
        for row in rows {
            let due = settlement
                .hospitals
                .iter()
                .find(|due| due.hospital == row.hospital);
            text.cell(&settlement.pool);
            text.cell(&row.hospital);
            due_cells(&mut text, due, &steps);
            net_cells(&mut text, &row.net);
            text.end_row();
        }
    }
    text
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
fn due_cells(text: &mut CsvText, due: Option<&HospitalDue>, steps: &[&str]) {
    text.show(due.map(|due| due.cases));
    for amount in [
        due.map(|due| due.standard),
        due.map(|due| due.nonfund),
        due.map(|due| due.amount_due),
    ] {
        text.show(amount);
    }
    for step in steps {
        let ran = due.and_then(|due| due.steps.iter().find(|ran| ran.step == *step));
        text.show(ran.map(|ran| ran.after));
    }
    text.show(due.map(|due| due.addons));
}

fn net_cells(text: &mut CsvText, net: &NetOff) {
    let of = &net.year;
    let amounts = [
        of.due,
        of.booked,
        of.withheld,
        of.returned,
        net.forfeited,
        of.advance,
        net.clearing,
    ];
    amounts.into_iter().for_each(|amount| text.show(Some(amount)));
}

/// `pools.csv` of a clearing (基金池对账): sources, uses, and a difference that is zero.
///
/// # Errors
/// A number that cannot be shown.
pub fn cleared_pools_csv(pools: &[(PoolSettlement, Vec<ClearingRow>)]) -> Result<CsvText, Overflow> {
    let mut text = CsvText::with_header(&["pool", "side", "item", "value"]);
    for (settlement, _) in pools {
        let mut row = |side: &str, item: &str, value: &str| {
            [settlement.pool.as_str(), side, item, value]
                .into_iter()
                .for_each(|cell| text.cell(cell));
            text.end_row();
        };
        for (item, amount) in &settlement.sources {
            row("source", item, &amount.to_string());
        }
        for (item, amount) in &settlement.uses {
            row("use", item, &amount.to_string());
        }
        row("difference", "sources - uses", &settlement.difference.to_string());
        if let Some(value) = settlement.point_value {
            row("price", "points", &settlement.points.to_string());
            row("price", "point_value_yuan", &value.show_yuan(10)?);
        }
        if let Some(k) = settlement.k {
            row("price", "k", &k.show(10)?);
        }
        for warning in &settlement.warnings {
            row("warning", "look at", warning);
        }
    }
    Ok(text)
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
        let Booking {
            booked,
            deposit,
            deductions,
            cash,
        } = month.booking;
        row(["month", &month.month, "cases", &month.cases.to_string(), "", ""]);
        for (item, amount) in [
            ("booked", booked),
            ("deposit", deposit),
            ("deductions", deductions),
            ("cash", cash),
        ] {
            row(["month", &month.month, item, &amount.to_string(), "", ""]);
        }
    }
    for (month, entry) in &statement.entries {
        let item = format!(
            "{} of case {} of {}",
            entry.kind.as_str(),
            entry.key.case_id,
            entry.key.discharge
        );
        row([
            "entry",
            month,
            &item,
            &entry.booked.to_string(),
            &entry.reason,
            &entry.author,
        ]);
    }
    if let Some((net, state)) = &statement.clearing {
        row(["clearing", "", "state", state, "", ""]);
        for (item, amount) in clearing_lines(net) {
            row(["clearing", "", item, &amount.to_string(), "", ""]);
        }
    }
    for closed in &statement.closed {
        row(["hash", &closed.month, "closed month", &closed.hash, "", ""]);
    }
    text
}

/// The lines of a clearing: what is added, what is taken off, and what it comes to.
fn clearing_lines(net: &NetOff) -> [(&'static str, Fen); 7] {
    let of = &net.year;
    [
        ("due", of.due),
        ("booked", of.booked),
        ("deposit_withheld", of.withheld),
        ("deposit_returned", of.returned),
        ("deposit_forfeited", net.forfeited),
        ("advance_outstanding", of.advance),
        ("clearing", net.clearing),
    ]
}
