//! Fee lines of claims (费用明细): split line by line, summed by claim, by calendar year and by day.

use std::collections::BTreeMap;
use std::path::Path;

use csv::StringRecord;
use hashbrown::HashMap;
use jiff::civil::Date;

use super::refused::{CellFault, RefusedRow, expected};
use super::table::RowTable;
use crate::benefit::{FeeLine, FeeSplit, split};
use crate::diagnostics::{Result, Told};
use crate::records::{TableForm, read_date};
use crate::units::{Exact, Fen, Ratio};

const COLUMNS: [&str; 8] = [
    "settlement",
    "date",
    "amount",
    "class",
    "selfpay_prop",
    "price",
    "limit",
    "quantity",
];
const NEEDED: [&str; 4] = ["settlement", "date", "amount", "class"];

/// The fees of one claim from its lines.
#[derive(Clone, Debug, Default)]
pub struct LineFees {
    pub fees: FeeSplit,
    /// By the calendar year of the lines.
    pub by_year: BTreeMap<i16, FeeSplit>,
    pub by_day: BTreeMap<Date, FeeSplit>,
}

/// The lines of all claims of a file.
pub struct ClaimLines {
    pub table: RowTable,
    /// Sums, or the first line that is none with its fault.
    claims: HashMap<String, std::result::Result<LineFees, (u64, CellFault)>>,
    /// The first line of each claim, by claim.
    first: BTreeMap<String, u64>,
}

/// Reads lines; one that cannot be read or split refuses its claim, and no other.
///
/// # Errors
/// A file that cannot be read; a missing column.
pub fn read_lines(path: &Path, form: &TableForm) -> Result<ClaimLines> {
    let table = RowTable::read(path, form, &COLUMNS, &NEEDED)?;
    let mut claims = HashMap::new();
    let mut first = BTreeMap::new();
    for (line, row) in table.rows() {
        let claim = table.cell(row, 0);
        if !claims.contains_key(claim) {
            first.insert(claim.to_owned(), *line);
        }
        let known = claims.entry(claim.to_owned());
        let known = known.or_insert_with(|| Ok(LineFees::default()));
        let Ok(fees) = known else { continue };
        match read_line(&table, row) {
            Ok((day, of_line)) => fees.add(day, of_line),
            Err(fault) => *known = Err((*line, fault)),
        }
    }
    Ok(ClaimLines { table, claims, first })
}

impl LineFees {
    fn add(&mut self, day: Date, fees: FeeSplit) {
        let add = |sum: &mut FeeSplit| *sum = sum.plus(fees);
        add(&mut self.fees);
        add(self.by_year.entry(day.year()).or_default());
        add(self.by_day.entry(day).or_default());
    }
}

impl ClaimLines {
    /// The sums of a claim whose lines are all sound.
    pub fn of(&self, settlement: &str) -> Option<&LineFees> {
        self.claims.get(settlement)?.as_ref().ok()
    }

    /// Why the lines of a claim give no sum.
    pub fn broken(&self, settlement: &str) -> Option<RefusedRow> {
        let (line, fault) = self.claims.get(settlement)?.as_ref().err()?;
        Some(RefusedRow::of_fault(
            self.table.place(),
            *line,
            settlement,
            fault.clone(),
        ))
    }

    /// Lines of claims that nobody knows, one row a claim.
    pub fn strays(&self, is_known: impl Fn(&str) -> bool) -> Vec<RefusedRow> {
        let strange = self.first.iter().filter(|(settlement, _)| !is_known(settlement));
        let refused = strange.map(|(settlement, line)| {
            let expected = Told::new("lines of the claims of this run only", "仅限本批单据的明细", []);
            let fault = CellFault::new("settlement", settlement, expected);
            RefusedRow {
                error: "LineWithoutClaim",
                ..RefusedRow::of_fault(self.table.place(), *line, settlement, fault)
            }
        });
        refused.collect()
    }
}

fn read_line(table: &RowTable, row: &StringRecord) -> std::result::Result<(Date, FeeSplit), CellFault> {
    table.check_width(row)?;
    let [day, amount, class, selfpay, price, limit, quantity] =
        [1, 2, 3, 4, 5, 6, 7].map(|column| table.cell(row, column));
    let exact = |name: &'static str, cell: &str| {
        decimal(cell).ok_or_else(|| CellFault::new(name, cell, expected::decimal()))
    };
    let limit = match limit {
        "" => None,
        cell => Some(exact("limit", cell)?),
    };
    let needs = |name: &'static str, cell: &str| match (limit, cell) {
        (None, "") => Ok(Exact::ZERO),
        (Some(_), "") => {
            let expected = Told::new(
                "a number, since the line has a `limit`",
                "数字（该行有`limit`）",
                [],
            );
            Err(CellFault::new(name, "", expected))
        }
        (_, cell) => exact(name, cell),
    };
    if !matches!(class, "01" | "02" | "03") {
        let classes = expected::one_of("", &["01", "02", "03"]);
        return Err(CellFault::new("class", class, classes));
    }
    let parsed = Fen::parse_yuan(amount);
    let line = FeeLine {
        amount: parsed.map_err(|_| CellFault::new("amount", amount, expected::yuan()))?,
        out_of_list: class == "03",
        quantity: needs("quantity", quantity)?,
        price: needs("price", price)?,
        limit,
        selfpay: selfpay_ratio(selfpay)?,
    };
    let day = read_date(day).ok_or_else(|| CellFault::new("date", day, expected::date()))?;
    let fees = split(&line).map_err(|e| CellFault::of_row(e.told()))?;
    Ok((day, fees))
}

/// `0.1` and `10%` both mean a tenth.
fn selfpay_ratio(cell: &str) -> std::result::Result<Ratio, CellFault> {
    let parsed = match cell {
        "" => Some(Ratio::ZERO),
        cell => cell.parse().ok(),
    };
    let inside = parsed.filter(|ratio| *ratio >= Ratio::ZERO && *ratio <= Ratio::ONE);
    inside.ok_or_else(|| {
        let expected = Told::new("a part from 0 to 1, or a percentage", "0至1的数或百分比", []);
        CellFault::new("selfpay_prop", cell, expected)
    })
}

/// A plain decimal, exact.
fn decimal(cell: &str) -> Option<Exact> {
    let (whole, part) = cell.split_once('.').unwrap_or((cell, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 12 {
        return None;
    }
    let number: i128 = format!("{whole}{part}").parse().ok()?;
    let scale = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?;
    Exact::new(number, scale).ok()
}
