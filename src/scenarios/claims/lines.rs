//! Fee lines of claims (费用明细): split line by line, summed by claim and by calendar year.

use std::collections::BTreeMap;
use std::path::Path;

use csv::StringRecord;
use hashbrown::HashMap;

use super::table::RowTable;
use crate::benefit::{FeeLine, FeeSplit, split};
use crate::diagnostics::{Error, Result};
use crate::records::read_date;
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
}

/// Content, and fees by claim.
///
/// # Errors
/// A line that cannot be read or split, with its place.
pub fn read_lines(path: &Path) -> Result<(String, HashMap<String, LineFees>)> {
    let table = RowTable::read(path, &COLUMNS, &NEEDED)?;
    let mut claims: HashMap<String, LineFees> = HashMap::new();
    for (line, row) in &table.rows {
        let (claim, year, fees) =
            read_line(&table, row).map_err(|message| Error::at(table.place.line(*line), message))?;
        let known = claims.entry(claim.to_owned()).or_default();
        known.fees = known.fees.plus(fees);
        let of_year = known.by_year.entry(year).or_default();
        *of_year = of_year.plus(fees);
    }
    Ok((table.text, claims))
}

fn read_line<'r>(
    table: &RowTable,
    row: &'r StringRecord,
) -> std::result::Result<(&'r str, i16, FeeSplit), String> {
    let [claim, day, amount, class, selfpay, price, limit, quantity] =
        [0, 1, 2, 3, 4, 5, 6, 7].map(|column| table.cell(row, column));
    let refused =
        |name: &str, cell: &str, expected: &str| format!("field `{name}`: `{cell}`; expected {expected}");
    let day = read_date(day).ok_or_else(|| refused("date", day, "a date such as 2022-03-01"))?;
    let amount = Fen::parse_yuan(amount).map_err(|e| refused("amount", amount, &e.to_string()))?;
    if !matches!(class, "01" | "02" | "03") {
        return Err(refused("class", class, "01, 02 or 03"));
    }
    let exact = |name: &str, cell: &str| decimal(cell).ok_or_else(|| refused(name, cell, "a decimal number"));
    let limit = match limit {
        "" => None,
        cell => Some(exact("limit", cell)?),
    };
    let needs = |name: &str, cell: &str| match (limit, cell) {
        (None, "") => Ok(Exact::ZERO),
        (Some(_), "") => Err(format!("field `{name}` is empty, but the line has a `limit`")),
        (_, cell) => exact(name, cell),
    };
    let line = FeeLine {
        amount,
        out_of_list: class == "03",
        quantity: needs("quantity", quantity)?,
        price: needs("price", price)?,
        limit,
        selfpay: selfpay_ratio(selfpay)
            .ok_or_else(|| refused("selfpay_prop", selfpay, "a part from 0 to 1, or a percentage"))?,
    };
    let fees = split(&line).map_err(|e| e.to_string())?;
    Ok((claim, day.year(), fees))
}

/// `0.1` and `10%` both mean a tenth.
fn selfpay_ratio(cell: &str) -> Option<Ratio> {
    match cell {
        "" => Some(Ratio::ZERO),
        cell => {
            let ratio: Ratio = cell.parse().ok()?;
            (ratio >= Ratio::ZERO && ratio <= Ratio::ONE).then_some(ratio)
        }
    }
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
