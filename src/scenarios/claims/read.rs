//! Bills from a claims file (读取结算单据).

use std::collections::BTreeMap;
use std::path::Path;

use csv::StringRecord;
use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;

use super::lines::{LineFees, read_lines};
use super::table::RowTable;
use crate::benefit::{Area, Bill, Care, Condition, Facility, FeeSplit, Level};
use crate::diagnostics::{Error, Place, Result};
use crate::records::read_date;
use crate::units::Fen;

/// The columns of a claims file, in the order of [`Column`].
const COLUMNS: [&str; 33] = [
    "settlement",
    "reverses",
    "person",
    "family",
    "care",
    "plan",
    "categories",
    "status",
    "minor",
    "student_entry_year",
    "hospital",
    "level",
    "facility",
    "area",
    "referral",
    "diagnoses",
    "conditions",
    "registered_diseases",
    "admit_date",
    "discharge_date",
    "settle_date",
    "chosen_year",
    "total_fee",
    "fee_own",
    "fee_over",
    "fee_pre",
    "fee_scope",
    "items",
    "special_drug",
    "account",
    "deposit",
    "family_account",
    "fees_by_year",
];

/// A column by its place in [`COLUMNS`].
#[derive(Clone, Copy)]
enum Column {
    Settlement,
    Reverses,
    Person,
    Family,
    Care,
    Plan,
    Categories,
    Status,
    Minor,
    StudentEntryYear,
    Hospital,
    Level,
    Facility,
    Area,
    Referral,
    Diagnoses,
    Conditions,
    RegisteredDiseases,
    AdmitDate,
    DischargeDate,
    SettleDate,
    ChosenYear,
    TotalFee,
    FeeOwn,
    FeeOver,
    FeePre,
    FeeScope,
    Items,
    SpecialDrug,
    Account,
    Deposit,
    FamilyAccount,
    FeesByYear,
}

const NEEDED: [&str; 9] = [
    "settlement",
    "person",
    "level",
    "discharge_date",
    "total_fee",
    "fee_own",
    "fee_over",
    "fee_pre",
    "fee_scope",
];

/// With lines, amounts come from these.
const NEEDED_WITH_LINES: [&str; 4] = ["settlement", "person", "level", "discharge_date"];

/// A row that is no bill, or a bill that was not settled (被拒单据).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Line in the claims file.
    pub line: u64,
    /// The settlement id.
    pub settlement: String,
    /// Name of the error.
    pub error: &'static str,
    /// What is wrong, what was expected.
    pub message: String,
}

/// A claims file in memory (结算单据文件); bills borrow from it.
pub struct ClaimRows {
    table: RowTable,
    lines: Option<HashMap<String, LineFees>>,
    /// Path and content of every file read, for hashing.
    pub files: Vec<(String, String)>,
}

/// Lines of a settlement that no claim has would be lost unseen.
fn refuse_strangers(path: &Path, claims: &RowTable, lines: &HashMap<String, LineFees>) -> Result<()> {
    let rows = claims.rows.iter();
    let known: HashSet<&str> = rows
        .map(|(_, row)| claims.cell(row, Column::Settlement as usize))
        .collect();
    let mut strange: Vec<&str> = lines.keys().map(String::as_str).collect();
    strange.retain(|settlement| !known.contains(settlement));
    strange.sort_unstable();
    let Some(first) = strange.first() else {
        return Ok(());
    };
    let message = format!(
        "field `settlement`: `{first}` has lines here and stands in no row of the claims ({} such); expected the lines \
         of these claims only",
        strange.len()
    );
    Err(Error::at(Place::file(path), message))
}

impl ClaimRows {
    /// Reads claims, and their fee lines if there is a file of them.
    ///
    /// # Errors
    /// A file that cannot be read, a missing column, a broken row, a line that cannot be split.
    pub fn read(path: &Path, lines: Option<&Path>) -> Result<ClaimRows> {
        let needed: &[&str] = if lines.is_some() {
            &NEEDED_WITH_LINES
        } else {
            &NEEDED
        };
        let table = RowTable::read(path, &COLUMNS, needed)?;
        let mut files = vec![(path.display().to_string(), table.text.clone())];
        let lines = match lines {
            None => None,
            Some(path) => {
                let (text, fees) = read_lines(path)?;
                refuse_strangers(path, &table, &fees)?;
                files.push((path.display().to_string(), text));
                Some(fees)
            }
        };
        Ok(ClaimRows { table, lines, files })
    }

    /// Rows that were written by `bill_row`, below the header of `bill_header` (恢复单据).
    ///
    /// # Errors
    /// A broken row.
    pub fn of_rows(place: Place, rows: &[String]) -> Result<ClaimRows> {
        let mut text = bill_header();
        for row in rows {
            text.push('\n');
            text.push_str(row);
        }
        let table = RowTable::parse(place, text, &COLUMNS, &NEEDED)?;
        Ok(ClaimRows {
            table,
            lines: None,
            files: Vec::new(),
        })
    }

    /// Columns nobody reads, with the nearest known one (未识别的列).
    pub fn ignored(&self) -> &[String] {
        &self.table.ignored
    }

    /// The file, for messages (文件位置).
    pub fn place(&self) -> &Place {
        &self.table.place
    }

    /// Rows in the file (行数).
    pub fn len(&self) -> usize {
        self.table.rows.len()
    }

    /// Whether there are none (是否为空).
    pub fn is_empty(&self) -> bool {
        self.table.rows.is_empty()
    }

    /// Every row as a bill, or why it is none (逐行解析), in the order of the file.
    pub fn bills(&self) -> impl Iterator<Item = std::result::Result<(u64, Bill<'_>), RefusedRow>> {
        self.table.rows.iter().map(|row| self.row(row))
    }

    /// One of the rows as a bill (第几行单据).
    pub fn bill_at(&self, index: usize) -> Option<std::result::Result<(u64, Bill<'_>), RefusedRow>> {
        self.table.rows.get(index).map(|row| self.row(row))
    }

    /// Settlement, person and family of a row as written (单据、人员与家庭编号).
    pub fn key(&self, index: usize) -> (&str, &str, &str) {
        let Some((_, row)) = self.table.rows.get(index) else {
            return ("", "", "");
        };
        let cell = |column| self.cell(row, column);
        (
            cell(Column::Settlement),
            cell(Column::Person),
            cell(Column::Family),
        )
    }

    /// Settlements that some row takes back (被冲销的结算).
    pub fn taken_back(&self) -> HashSet<&str> {
        let rows = self.table.rows.iter();
        let taken_back = rows.map(|(_, row)| self.cell(row, Column::Reverses));
        taken_back.filter(|id| !id.is_empty()).collect()
    }

    /// Person and family of every row as written (人员与家庭编号).
    pub fn persons(&self) -> impl Iterator<Item = (&str, &str)> {
        let rows = self.table.rows.iter();
        rows.map(|(_, row)| (self.cell(row, Column::Person), self.cell(row, Column::Family)))
    }

    fn row<'r>(
        &'r self,
        (line, row): &'r (u64, StringRecord),
    ) -> std::result::Result<(u64, Bill<'r>), RefusedRow> {
        self.bill(row)
            .map(|bill| (*line, bill))
            .map_err(|message| RefusedRow {
                line: *line,
                settlement: self.cell(row, Column::Settlement).to_owned(),
                error: "CellRefused",
                message,
            })
    }

    fn cell<'r>(&self, row: &'r StringRecord, column: Column) -> &'r str {
        self.table.cell(row, column as usize)
    }

    fn bill<'r>(&'r self, row: &'r StringRecord) -> std::result::Result<Bill<'r>, String> {
        let cell = |column| self.cell(row, column);
        let id = cell(Column::Settlement);
        if id.is_empty() || cell(Column::Person).is_empty() {
            return Err("`settlement` and `person` must not be empty".to_owned());
        }
        let (total, fees, by_year) = self.fees(row, id)?;
        let admission = date(cell(Column::AdmitDate), Column::AdmitDate)?;
        let discharge = date(cell(Column::DischargeDate), Column::DischargeDate)?
            .ok_or("`discharge_date` is empty; expected a date such as 2022-03-01")?;
        if let Some(admission) = admission.filter(|admission| *admission > discharge) {
            return Err(format!(
                "`discharge_date` {discharge} is before `admit_date` {admission}; expected it on that day or later"
            ));
        }
        Ok(Bill {
            id,
            reverses: Some(cell(Column::Reverses)).filter(|id| !id.is_empty()),
            person: cell(Column::Person),
            family: cell(Column::Family),
            care: word_or(cell(Column::Care), Column::Care, Care::Inpatient)?,
            plan: cell(Column::Plan),
            categories: cell(Column::Categories),
            status: optional(cell(Column::Status), Column::Status)?,
            minor: flag(cell(Column::Minor), Column::Minor)?,
            student_entry_year: flag(cell(Column::StudentEntryYear), Column::StudentEntryYear)?,
            hospital: cell(Column::Hospital),
            level: level(cell(Column::Level))?,
            facility: word_or(cell(Column::Facility), Column::Facility, Facility::General)?,
            area: word_or(cell(Column::Area), Column::Area, Area::Local)?,
            referral: flag(cell(Column::Referral), Column::Referral)?,
            diagnoses: cell(Column::Diagnoses),
            conditions: conditions(cell(Column::Conditions))?,
            registered_diseases: number(cell(Column::RegisteredDiseases), Column::RegisteredDiseases)?
                .unwrap_or(1),
            admission,
            discharge,
            settlement: date(cell(Column::SettleDate), Column::SettleDate)?,
            chosen_year: number(cell(Column::ChosenYear), Column::ChosenYear)?,
            total,
            fees,
            by_year,
            items: items(cell(Column::Items))?,
            special_drug: yuan(cell(Column::SpecialDrug), Column::SpecialDrug)?,
            account: yuan(cell(Column::Account), Column::Account)?,
            family_account: yuan(cell(Column::FamilyAccount), Column::FamilyAccount)?,
            deposit: yuan(cell(Column::Deposit), Column::Deposit)?,
        })
    }

    /// Amounts as written, or from the lines; where both are there, they must agree.
    fn fees(&self, row: &StringRecord, id: &str) -> std::result::Result<Amounts, String> {
        let amount = |column| yuan(self.cell(row, column), column);
        let written = FeeSplit {
            own: amount(Column::FeeOwn)?,
            over: amount(Column::FeeOver)?,
            pre: amount(Column::FeePre)?,
            scope: amount(Column::FeeScope)?,
        };
        let total = amount(Column::TotalFee)?;
        let Some(lines) = &self.lines else {
            let by_year = fees_by_year(self.cell(row, Column::FeesByYear))?;
            return Ok((total, written, by_year));
        };
        // a reversal has no lines of its own: its amounts are the mirror of what was settled
        let Some(of_lines) = lines.get(id) else {
            let reverses = !self.cell(row, Column::Reverses).is_empty();
            return match reverses {
                true => Ok((total, written, BTreeMap::new())),
                false => Err("the claim has no lines".to_owned()),
            };
        };
        let sum = of_lines.fees.total();
        if self.table.has(Column::TotalFee as usize) && total != sum {
            return Err(format!(
                "`total_fee` is {total} yuan, but the lines sum to {sum} yuan"
            ));
        }
        let says_parts = self.table.has(Column::FeeScope as usize);
        if says_parts && written != of_lines.fees {
            return Err("the fee columns differ from the split of the lines".to_owned());
        }
        Ok((sum, of_lines.fees, of_lines.by_year.clone()))
    }
}

/// Total, its four parts, and these by year.
type Amounts = (Fen, FeeSplit, BTreeMap<i16, FeeSplit>);

fn refused(column: Column, cell: &str, expected: impl std::fmt::Display) -> String {
    let name = COLUMNS.get(column as usize).copied().unwrap_or_default();
    format!("field `{name}`: `{cell}`; expected {expected}")
}

fn optional<T: std::str::FromStr<Err = String>>(
    cell: &str,
    column: Column,
) -> std::result::Result<Option<T>, String> {
    match cell {
        "" => Ok(None),
        word => match word.parse() {
            Ok(value) => Ok(Some(value)),
            Err(message) => {
                let message: String = message;
                let expected = message
                    .split_once(" is not ")
                    .map_or("a known word", |(_, rest)| rest);
                Err(refused(column, cell, expected))
            }
        },
    }
}

fn word_or<T: std::str::FromStr<Err = String>>(
    cell: &str,
    column: Column,
    or: T,
) -> std::result::Result<T, String> {
    optional(cell, column).map(|found| found.unwrap_or(or))
}

fn level(cell: &str) -> std::result::Result<Level, String> {
    Level::of_word(cell).ok_or_else(|| refused(Column::Level, cell, "one of T, 1, 2, 3"))
}

fn flag(cell: &str, column: Column) -> std::result::Result<bool, String> {
    match cell {
        "" | "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(refused(column, cell, "0 or 1")),
    }
}

fn number<T: std::str::FromStr>(cell: &str, column: Column) -> std::result::Result<Option<T>, String> {
    match cell {
        "" => Ok(None),
        digits => match digits.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(refused(column, cell, "a whole number")),
        },
    }
}

fn date(cell: &str, column: Column) -> std::result::Result<Option<Date>, String> {
    match cell {
        "" => Ok(None),
        written => match read_date(written) {
            Some(day) => Ok(Some(day)),
            None => Err(refused(column, cell, "a date such as 2022-03-01")),
        },
    }
}

fn yuan(cell: &str, column: Column) -> std::result::Result<Fen, String> {
    match cell {
        "" => Ok(Fen::ZERO),
        written => Fen::parse_yuan(written).map_err(|e| refused(column, cell, e)),
    }
}

fn conditions(cell: &str) -> std::result::Result<Vec<Condition>, String> {
    let words = cell.split('|').filter(|word| !word.is_empty());
    let parsed = words.map(|word| word_or(word, Column::Conditions, Condition::Hypertension));
    parsed.collect()
}

/// `class=yuan`, parted by `|`.
fn items(cell: &str) -> std::result::Result<Vec<(&str, Fen)>, String> {
    let item = |word| -> std::result::Result<(&str, Fen), String> {
        let (class, amount): (&str, &str) = str::split_once(word, '=').ok_or_else(|| {
            refused(
                Column::Items,
                word,
                "a class and its amount, e.g. tcm_slices=120.50",
            )
        })?;
        Ok((class, yuan(amount, Column::Items)?))
    };
    cell.split('|')
        .filter(|word| !word.is_empty())
        .map(item)
        .collect()
}

/// Year and its four amounts, e.g. `2021=0;0;10.00;500.00`, parted by `|`.
fn fees_by_year(cell: &str) -> std::result::Result<BTreeMap<i16, FeeSplit>, String> {
    let expected = "a year and its four amounts, e.g. 2021=0;0;10.00;500.00";
    let refused_as = |word: &str| refused(Column::FeesByYear, word, expected);
    let year = |word: &str| -> std::result::Result<(i16, FeeSplit), String> {
        let (year, amounts) = word.split_once('=').ok_or_else(|| refused_as(word))?;
        let amounts: std::result::Result<Vec<Fen>, _> = amounts.split(';').map(Fen::parse_yuan).collect();
        let amounts = amounts.map_err(|_| refused_as(word))?;
        let [own, over, pre, scope] = amounts.try_into().map_err(|_| refused_as(word))?;
        let fees = FeeSplit {
            own,
            over,
            pre,
            scope,
        };
        Ok((year.parse().map_err(|_| refused_as(word))?, fees))
    };
    cell.split('|')
        .filter(|word| !word.is_empty())
        .map(year)
        .collect()
}

/// The header of [`bill_row`] (留存单据的列).
pub fn bill_header() -> String {
    COLUMNS.join(",")
}

/// A bill as one row of a claims file, every column filled (留存单据).
pub fn bill_row(bill: &Bill<'_>) -> String {
    let mut row = RowText {
        text: String::with_capacity(160),
    };
    let flag = |set: bool| if set { "1" } else { "" };
    row.cell(bill.id);
    row.cell(bill.reverses.unwrap_or_default());
    row.cell(bill.person);
    row.cell(bill.family);
    row.cell(bill.care.as_str());
    row.cell(bill.plan);
    row.cell(bill.categories);
    row.cell(bill.status.map_or("", |status| status.as_str()));
    row.cell(flag(bill.minor));
    row.cell(flag(bill.student_entry_year));
    row.cell(bill.hospital);
    row.cell(bill.level.as_str());
    row.cell(bill.facility.as_str());
    row.cell(bill.area.as_str());
    row.cell(flag(bill.referral));
    row.cell(bill.diagnoses);
    row.list(bill.conditions.iter().map(|word| word.as_str()));
    row.show(Some(bill.registered_diseases));
    row.show(bill.admission);
    row.show(Some(bill.discharge));
    row.show(bill.settlement);
    row.show(bill.chosen_year);
    let fees = bill.fees;
    for amount in [bill.total, fees.own, fees.over, fees.pre, fees.scope] {
        row.show(Some(amount));
    }
    let items = bill.items.iter();
    row.list(items.map(|(class, scope)| format!("{class}={scope}")));
    for amount in [bill.special_drug, bill.account, bill.deposit, bill.family_account] {
        row.show(Some(amount));
    }
    let by_year = bill.by_year.iter();
    row.list(
        by_year.map(|(year, fees)| format!("{year}={};{};{};{}", fees.own, fees.over, fees.pre, fees.scope)),
    );
    row.text.pop();
    row.text
}

/// Cells of a row, a comma behind each.
struct RowText {
    text: String,
}

impl RowText {
    fn cell(&mut self, cell: &str) {
        match cell.contains([',', '"', '\n', '\r']) {
            true => self.show(Some(format_args!("\"{}\"", cell.replace('"', "\"\"")))),
            false => {
                self.text.push_str(cell);
                self.text.push(',');
            }
        }
    }

    /// A value that needs no quotes.
    fn show(&mut self, value: Option<impl std::fmt::Display>) {
        use std::fmt::Write;
        if let Some(value) = value {
            // memory takes all that is written
            let _ = write!(self.text, "{value}");
        }
        self.text.push(',');
    }

    fn list(&mut self, words: impl Iterator<Item = impl AsRef<str>>) {
        let mut list = String::new();
        for word in words {
            if !list.is_empty() {
                list.push('|');
            }
            list.push_str(word.as_ref());
        }
        self.cell(&list);
    }
}
