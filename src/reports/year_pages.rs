//! A year's clearing for people (年度清算报表): hospitals, reconciliation of the pools, cases. Money in
//! yuan.

use super::ledger_labels::{label, why, why_marked};
use super::table::{Cell, Column, Table};
use crate::budget::{CLEARING_LINES, CaseDue, HospitalDue, PoolSettlement};
use crate::diagnostics::Lang;
use crate::ledger::{ClearingRow, Paid, RunNote, YearCase};
use crate::points::{Kind, Mark, Pack, PnlColumn};
use crate::scenarios::{Detail, PACKET_GROUNDS, SCORE_GROUNDS};
use crate::units::{Exact, Fen, Overflow, Points};

/// A year to be shown (年度清算结果).
pub struct YearPage<'a> {
    /// Settlement and rows by pool.
    pub pools: &'a [(PoolSettlement, Vec<ClearingRow>)],
    /// The run of each pool.
    pub runs: &'a [RunNote],
    /// Language of labels.
    pub lang: Lang,
}

/// A year's clearing (年度清算表), a table a pool: one row a hospital, its due after each step of the pack.
pub fn clearing_tables(page: &YearPage) -> Vec<Table> {
    let (steps, lang) = (steps_of(page.pools), page.lang);
    let pools = page.pools.iter().map(|(settlement, rows)| {
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
pub fn pool_tables(page: &YearPage) -> Result<Vec<Table>, Overflow> {
    let pools = page.pools.iter().zip(page.runs);
    pools
        .map(|((settlement, rows), run)| pool_table((settlement, rows, run), page.lang))
        .collect()
}

fn pool_table(
    (settlement, rows, run): (&PoolSettlement, &[ClearingRow], &RunNote),
    lang: Lang,
) -> Result<Table, Overflow> {
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
    let forfeited: Fen = rows.iter().map(|row| row.net.forfeited).sum();
    row("kept_by_fund", "deposit_forfeited", Cell::Money(forfeited));
    row(
        "count",
        "hospitals",
        Cell::Count(settlement.hospitals.len() as u64),
    );
    row("count", "cases", Cell::Count(settlement.cases.len() as u64));
    for kind in Kind::ALL {
        let of = settlement.hospitals.iter().flat_map(|hospital| &hospital.kinds);
        let of: Vec<_> = of.filter(|total| total.kind == kind).collect();
        if !of.is_empty() {
            let points: i128 = of.iter().map(|total| total.points.units()).sum();
            row(
                "points_of_kind",
                kind.as_str(),
                Cell::Number(Points::new(points).to_string()),
            );
        }
    }
    for (item, text) in run_lines(run) {
        row("run", item, Cell::text(text));
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

/// By what a result was made.
fn run_lines(run: &RunNote) -> [(&'static str, &str); 5] {
    [
        ("run_id", &run.id),
        ("pack", &run.pack),
        ("pack_hash", &run.pack_hash),
        ("input_hash", &run.input_hash),
        ("evidence_min", &run.evidence),
    ]
}

/// A case of a cleared year with what made it (年度病例).
pub struct CaseOfYear<'a> {
    /// As it stands.
    pub entry: &'a YearCase,
    /// The month that took it.
    pub month: &'a str,
    /// What made it; none where the records do not have it.
    pub detail: Option<&'a Detail>,
    /// What it is due.
    pub due: CaseDue,
    /// A review within the quota decided it.
    pub reviewed: bool,
    /// It is in violation.
    pub in_violation: bool,
}

/// Columns of a cleared year's cases that are words or numbers nobody sums; the amounts follow.
const CASE_WORDS: [&str; 28] = [
    "pool",
    "hospital",
    "level",
    "case_id",
    "discharge_date",
    "group",
    "kind",
    "why",
    "points",
    "run_id",
    "pack",
    "month",
    "insured_scheme",
    "admit_date",
    "los_days",
    "grouper_version",
    "weight",
    "base_points",
    "coefficient",
    "auxiliary_coefficient",
    "also",
    "marks",
    "outlier_base",
    "ratio",
    "threshold",
    "edge",
    "price",
    "evidence_min",
];

/// The cases of a cleared year (年度病例明细): each with its kind and why, what was booked and what is
/// due.
pub fn year_cases_table(
    (pack, with_grounds): (&Pack, bool),
    (settlement, run): (&PoolSettlement, &RunNote),
    cases: &[CaseOfYear],
    lang: Lang,
) -> Table {
    let own = |name: &str| Column::plain(name, label(name, lang));
    let summed = |name: &str| Column::summed(name, label(name, lang));
    let mut columns: Vec<Column> = CASE_WORDS.map(own).into();
    columns.extend(
        [
            "standard",
            "cost",
            "claim",
            "nonfund",
            "booked",
            "due",
            "gain",
            "amount_case",
        ]
        .map(summed),
    );
    columns.extend(pack.pnl().iter().map(|column| summed(column.as_str())));
    // under a scheme of packets also what each was paid by
    let grounds = PACKET_GROUNDS.into_iter().chain(SCORE_GROUNDS);
    let grounds = grounds.filter(|name| with_grounds && !CASE_WORDS.contains(name));
    let grounds: Vec<&str> = grounds.collect();
    columns.extend(grounds.iter().map(|name| own(name)));
    let mut table = Table::new(&settlement.pool, columns);
    // what cannot be shown has no price in this column; the settlement would have failed before
    let value = settlement.point_value.map(|value| value.show_yuan(10));
    let price = value.or_else(|| settlement.k.map(|k| k.show(10)));
    let price = price.and_then(Result::ok).unwrap_or_default();
    for case in cases {
        let mut cells = case.words(&settlement.pool, lang);
        cells.extend(case.making(pack, run));
        cells.extend([Cell::Number(price.clone()), Cell::text(&run.evidence)]);
        cells.extend(case.amounts());
        cells.extend(
            pack.pnl()
                .iter()
                .map(|column| profit(*column, case.entry, case.due)),
        );
        cells.extend(grounds.iter().map(|name| Cell::text(ground(case.entry, name))));
        table.rows.push(cells);
    }
    table
}

/// What a payment was made of, where the ledger keeps it.
fn ground<'c>(case: &'c YearCase, name: &str) -> &'c str {
    let found = case.more.grounds.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, text)| text)
}

impl CaseOfYear<'_> {
    /// Who it is, of what kind, and why.
    fn words(&self, pool: &str, lang: Lang) -> Vec<Cell> {
        let entry = self.entry;
        let points = match entry.paid {
            Paid::Points(units) => Cell::Number(Points::new(units).to_string()),
            _ => Cell::Empty,
        };
        let words = [
            pool,
            &entry.key.hospital,
            entry.level.as_str(),
            &entry.key.case_id,
            &entry.key.discharge,
            &entry.group,
            entry.case_kind.as_str(),
        ];
        let cells = words.map(Cell::text).into_iter();
        cells.chain([Cell::text(self.why(lang)), points]).collect()
    }

    /// Why it is paid as it is: what befell it after its kind was found comes first.
    fn why(&self, lang: Lang) -> String {
        let marks = self.detail.map(|detail| detail.score.marks).unwrap_or_default();
        let mut whys: Vec<&str> = Vec::new();
        if self.reviewed {
            whys.push(lang.pick("a review of the single case decided it", "经特例单议确定"));
        }
        if self.in_violation {
            whys.push(lang.pick("it is in violation", "查实违规"));
        }
        if self.entry.more.late {
            whys.push(lang.pick(
                "its list came late and counts as a violation",
                "清单迟报，按违规处理",
            ));
        }
        whys.extend(marks.iter().map(|mark| why_marked(mark, lang)));
        let is_nothing = self.entry.paid == Paid::Nothing && whys.is_empty();
        if is_nothing {
            whys.push(lang.pick("its list came too late to have points", "清单迟报，不计点数"));
        }
        if !marks.contains(Mark::Merged) {
            whys.push(why(self.entry.case_kind, lang));
        }
        whys.join(lang.pick("; ", "；"))
    }

    /// By what rules and numbers it was made.
    fn making(&self, pack: &Pack, run: &RunNote) -> Vec<Cell> {
        let number = |text: Option<String>| text.map_or(Cell::Empty, Cell::Number);
        let mut cells = vec![Cell::text(&run.id), Cell::text(&run.pack), Cell::text(self.month)];
        let Some(detail) = self.detail else {
            cells.extend(vec![Cell::Empty; 14]);
            return cells;
        };
        let score = &detail.score;
        let exact = |value: Option<Exact>| number(value.and_then(|value| value.show(6).ok()));
        let also: Vec<&str> = score.reasons.iter().map(Kind::as_str).collect();
        let marks: Vec<&str> = score.marks.iter().map(Mark::as_str).collect();
        let base = score.outlier_base.and_then(|base| base.fen_half_away().ok());
        cells.extend([
            Cell::text(&detail.insured_scheme),
            Cell::text(detail.admit.map_or_else(String::new, |day| day.to_string())),
            detail
                .los_days
                .map_or(Cell::Empty, |days| Cell::Count(days.into())),
            Cell::text(&pack.grouper().version),
            number(score.weight.map(|weight| weight.to_string())),
            number(score.base_points.map(|points| points.to_string())),
            exact(score.coefficient),
            exact(score.auxiliary),
            Cell::text(also.join("|")),
            Cell::text(marks.join("|")),
            Cell::money(base),
            number(score.ratio_shown(6)),
            exact(score.threshold),
            Cell::text(pack.edge_of(score.kind)),
        ]);
        cells
    }

    fn amounts(&self) -> Vec<Cell> {
        let (case, due) = (self.entry, self.due);
        let amounts = [
            due.standard,
            case.cost,
            case.claim,
            case.nonfund,
            case.booked,
            due.due,
            due.due - case.claim,
        ];
        let by_amount = match case.paid {
            Paid::Amount(_) | Paid::ByItem => Cell::Money(due.due),
            _ => Cell::Empty,
        };
        amounts.map(Cell::Money).into_iter().chain([by_amount]).collect()
    }
}

/// A column of profit and loss; what only a return tells is not known here, and not zero.
fn profit(column: PnlColumn, case: &YearCase, due: CaseDue) -> Cell {
    match column {
        PnlColumn::Formula => Cell::Money(due.standard - case.cost),
        PnlColumn::FundMinusClaim => Cell::Money(due.due - case.claim),
        PnlColumn::Official | PnlColumn::Adjust => Cell::Empty,
    }
}
