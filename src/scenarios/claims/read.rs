//! Bills from a claims file (读取结算单据).

use std::collections::BTreeMap;
use std::path::Path;

use csv::StringRecord;
use hashbrown::HashSet;
use jiff::civil::Date;

use super::lines::{ClaimLines, LineFees, read_lines};
use super::refused::{CellFault, RefusedRow, expected};
use super::table::RowTable;
use crate::benefit::{Area, Bill, Care, Condition, Facility, FeeSplit, GROWN_UP, Level, Status};
use crate::diagnostics::{Place, Result, Told};
use crate::records::{TableFacts, TableForm, read_date};
use crate::units::Fen;

/// The columns of a claims file, in the order of [`Column`].
const COLUMNS: [&str; 35] = [
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
    "fees_by_day",
    "age",
];

/// Columns of a bill that is kept: all but those that are read into another.
const KEPT: usize = 34;

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
    FeesByDay,
    Age,
}

impl Column {
    fn name(self) -> &'static str {
        COLUMNS.get(self as usize).copied().unwrap_or_default()
    }
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

/// A claims file in memory (结算单据文件); bills borrow from it.
pub struct ClaimRows {
    table: RowTable,
    lines: Option<ClaimLines>,
    /// Written by this program: rows of before may lack columns that came later, at their end.
    kept: bool,
}

impl ClaimRows {
    /// Reads claims, and their fee lines if there is a file of them.
    ///
    /// # Errors
    /// A file that cannot be read; a missing column. A broken row or line refuses its claim.
    pub fn read(path: &Path, lines: Option<&Path>, form: &TableForm) -> Result<ClaimRows> {
        let needed: &[&str] = if lines.is_some() {
            &NEEDED_WITH_LINES
        } else {
            &NEEDED
        };
        Ok(ClaimRows {
            table: RowTable::read(path, form, &COLUMNS, needed)?,
            lines: lines.map(|path| read_lines(path, form)).transpose()?,
            kept: false,
        })
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
        Ok(ClaimRows {
            table: RowTable::parse(place, &text, &COLUMNS, &NEEDED)?,
            lines: None,
            kept: true,
        })
    }

    /// How each file was read (读取情况).
    pub fn facts(&self) -> impl Iterator<Item = &TableFacts> {
        let lines = self.lines.iter().map(|lines| lines.table.facts());
        std::iter::once(self.table.facts()).chain(lines)
    }

    /// Lines that no claim of the file has (无单据的明细): they would be lost unseen.
    pub fn stray_lines(&self) -> Vec<RefusedRow> {
        let Some(lines) = &self.lines else {
            return Vec::new();
        };
        let rows = self.table.rows().iter();
        let known: HashSet<&str> = rows.map(|(_, row)| self.cell(row, Column::Settlement)).collect();
        lines.strays(|settlement| known.contains(settlement))
    }

    /// Columns nobody reads, with the nearest known one (未识别的列).
    pub fn ignored(&self) -> &[Told] {
        &self.table.ignored
    }

    /// The file, for messages (文件位置).
    pub fn place(&self) -> &Place {
        self.table.place()
    }

    /// Rows in the file (行数).
    pub fn len(&self) -> usize {
        self.table.rows().len()
    }

    /// Whether there are none (是否为空).
    pub fn is_empty(&self) -> bool {
        self.table.rows().is_empty()
    }

    /// Every row as a bill, or why it is none (逐行解析), in the order of the file.
    pub fn bills(&self) -> impl Iterator<Item = std::result::Result<(u64, Bill<'_>), RefusedRow>> {
        self.table.rows().iter().map(|row| self.row(row))
    }

    /// One of the rows as a bill (第几行单据).
    pub fn bill_at(&self, index: usize) -> Option<std::result::Result<(u64, Bill<'_>), RefusedRow>> {
        self.table.rows().get(index).map(|row| self.row(row))
    }

    /// Settlement, person and family of a row as written (单据、人员与家庭编号).
    pub fn key(&self, index: usize) -> (&str, &str, &str) {
        let Some((_, row)) = self.table.rows().get(index) else {
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
        let rows = self.table.rows().iter();
        let taken_back = rows.map(|(_, row)| self.cell(row, Column::Reverses));
        taken_back.filter(|id| !id.is_empty()).collect()
    }

    /// Person and family of every row as written (人员与家庭编号).
    pub fn persons(&self) -> impl Iterator<Item = (&str, &str)> {
        let rows = self.table.rows().iter();
        rows.map(|(_, row)| (self.cell(row, Column::Person), self.cell(row, Column::Family)))
    }

    fn row<'r>(
        &'r self,
        (line, row): &'r (u64, StringRecord),
    ) -> std::result::Result<(u64, Bill<'r>), RefusedRow> {
        let refused = |fault| {
            let settlement = self.cell(row, Column::Settlement);
            RefusedRow::of_fault(self.place(), *line, settlement, fault)
        };
        if let Some(refused) = self.broken_line(row) {
            return Err(refused);
        }
        self.bill(row).map(|bill| (*line, bill)).map_err(refused)
    }

    /// The first broken line of the claim of a row: it stands in another file.
    fn broken_line(&self, row: &StringRecord) -> Option<RefusedRow> {
        let lines = self.lines.as_ref()?;
        lines.broken(self.cell(row, Column::Settlement))
    }

    fn cell<'r>(&self, row: &'r StringRecord, column: Column) -> &'r str {
        self.table.cell(row, column as usize)
    }

    fn bill<'r>(&'r self, row: &'r StringRecord) -> Checked<Bill<'r>> {
        if !self.kept {
            self.table.check_width(row)?;
        }
        let cell = |column| self.cell(row, column);
        let id = cell(Column::Settlement);
        for column in [Column::Settlement, Column::Person] {
            if cell(column).is_empty() {
                return Err(refused(column, "", expected::a_value()));
            }
        }
        let Amounts {
            total,
            fees,
            by_year,
            by_day,
        } = self.fees(row, id)?;
        let (admission, discharge) = self.stay(row)?;
        Ok(Bill {
            id,
            reverses: Some(cell(Column::Reverses)).filter(|id| !id.is_empty()),
            person: cell(Column::Person),
            family: cell(Column::Family),
            care: word(cell(Column::Care), Column::Care, &Care::ALL.map(Care::as_str))?
                .unwrap_or(Care::Inpatient),
            plan: cell(Column::Plan),
            categories: cell(Column::Categories),
            status: word(
                cell(Column::Status),
                Column::Status,
                &Status::ALL.map(Status::as_str),
            )?,
            minor: self.minor(row)?,
            student_entry_year: flag(cell(Column::StudentEntryYear), Column::StudentEntryYear)? == Some(true),
            hospital: cell(Column::Hospital),
            level: level(cell(Column::Level))?,
            facility: word(
                cell(Column::Facility),
                Column::Facility,
                &Facility::ALL.map(Facility::as_str),
            )?
            .unwrap_or(Facility::General),
            area: word(cell(Column::Area), Column::Area, &Area::ALL.map(Area::as_str))?
                .unwrap_or(Area::Local),
            referral: flag(cell(Column::Referral), Column::Referral)? == Some(true),
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
            by_day,
            items: items(cell(Column::Items))?,
            special_drug: yuan(cell(Column::SpecialDrug), Column::SpecialDrug)?,
            account: yuan(cell(Column::Account), Column::Account)?,
            family_account: yuan(cell(Column::FamilyAccount), Column::FamilyAccount)?,
            deposit: yuan(cell(Column::Deposit), Column::Deposit)?,
        })
    }

    /// Days of admission, where it is said, and discharge.
    fn stay(&self, row: &StringRecord) -> Checked<(Option<Date>, Date)> {
        let cell = |column| self.cell(row, column);
        let admission = date(cell(Column::AdmitDate), Column::AdmitDate)?;
        let written = cell(Column::DischargeDate);
        let discharge = date(written, Column::DischargeDate)?
            .ok_or_else(|| refused(Column::DischargeDate, "", expected::date()))?;
        if let Some(admission) = admission.filter(|admission| *admission > discharge) {
            return Err(refused(
                Column::DischargeDate,
                written,
                Told::new(
                    "{0}, the `admit_date`, or later",
                    "{0}（`admit_date`）或之后",
                    [&admission],
                ),
            ));
        }
        Ok((admission, discharge))
    }

    /// Under age by the column `minor`, or by `age`; nothing where neither says it.
    fn minor(&self, row: &StringRecord) -> Checked<Option<bool>> {
        let said = flag(self.cell(row, Column::Minor), Column::Minor)?;
        let age = self.cell(row, Column::Age);
        let by_age = number::<i16>(age, Column::Age)?.map(|years| years < GROWN_UP);
        match (said, by_age) {
            (Some(said), Some(by_age)) if said != by_age => Err(refused(
                Column::Age,
                age,
                Told::new("an age that agrees with `minor`", "与`minor`一致的年龄", []),
            )),
            _ => Ok(said.or(by_age)),
        }
    }

    /// Amounts as written, or from the lines; where both are there, they must agree.
    fn fees(&self, row: &StringRecord, id: &str) -> Checked<Amounts> {
        let amount = |column| yuan(self.cell(row, column), column);
        let written = FeeSplit {
            own: amount(Column::FeeOwn)?,
            over: amount(Column::FeeOver)?,
            pre: amount(Column::FeePre)?,
            scope: amount(Column::FeeScope)?,
        };
        let total = amount(Column::TotalFee)?;
        let as_written = |by_year, by_day| Amounts {
            total,
            fees: written,
            by_year,
            by_day,
        };
        let Some(lines) = &self.lines else {
            return Ok(as_written(
                fees_by_year(self.cell(row, Column::FeesByYear))?,
                fees_by_day(self.cell(row, Column::FeesByDay))?,
            ));
        };
        // a reversal has no lines of its own: its amounts are the mirror of what was settled
        let Some(of_lines) = lines.of(id) else {
            let reverses = !self.cell(row, Column::Reverses).is_empty();
            return match reverses {
                true => Ok(as_written(BTreeMap::new(), BTreeMap::new())),
                false => Err(refused(
                    Column::Settlement,
                    id,
                    Told::new("fee lines of this claim", "有费用明细的结算号", []),
                )),
            };
        };
        self.agree(row, of_lines, total, written)?;
        Ok(Amounts {
            total: of_lines.fees.total(),
            fees: of_lines.fees,
            by_year: of_lines.by_year.clone(),
            by_day: of_lines.by_day.clone(),
        })
    }

    /// Whether amounts of the row, if it has any, are those of its lines.
    fn agree(&self, row: &StringRecord, lines: &LineFees, total: Fen, written: FeeSplit) -> Checked<()> {
        let parts = [
            (Column::TotalFee, total, lines.fees.total()),
            (Column::FeeOwn, written.own, lines.fees.own),
            (Column::FeeOver, written.over, lines.fees.over),
            (Column::FeePre, written.pre, lines.fees.pre),
            (Column::FeeScope, written.scope, lines.fees.scope),
        ];
        for (column, said, sum) in parts {
            if self.table.has(column as usize) && said != sum {
                let expected = Told::new("{0}, the sum of its lines", "{0}（费用明细合计）", [&sum]);
                return Err(refused(column, self.cell(row, column), expected));
            }
        }
        Ok(())
    }
}

/// Total, its four parts, and these by year and by day.
struct Amounts {
    total: Fen,
    fees: FeeSplit,
    by_year: BTreeMap<i16, FeeSplit>,
    by_day: BTreeMap<Date, FeeSplit>,
}

type Checked<T> = std::result::Result<T, CellFault>;

fn refused(column: Column, cell: &str, expected: Told) -> CellFault {
    // a person's number is personal data: it is not shown
    let shown = if matches!(column, Column::Person | Column::Family) {
        ""
    } else {
        cell
    };
    CellFault::new(column.name(), shown, expected)
}

fn word<T: std::str::FromStr>(cell: &str, column: Column, known: &[&str]) -> Checked<Option<T>> {
    match cell {
        "" => Ok(None),
        word => match word.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(refused(column, cell, expected::one_of(word, known))),
        },
    }
}

fn level(cell: &str) -> Checked<Level> {
    let known = ["T", "1", "2", "3"];
    Level::of_word(cell).ok_or_else(|| refused(Column::Level, cell, expected::one_of(cell, &known)))
}

fn flag(cell: &str, column: Column) -> Checked<Option<bool>> {
    match cell {
        "" => Ok(None),
        "0" => Ok(Some(false)),
        "1" => Ok(Some(true)),
        _ => Err(refused(column, cell, expected::one_of("", &["0", "1"]))),
    }
}

fn number<T: std::str::FromStr>(cell: &str, column: Column) -> Checked<Option<T>> {
    match cell {
        "" => Ok(None),
        digits => match digits.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(refused(column, cell, expected::whole_number())),
        },
    }
}

fn date(cell: &str, column: Column) -> Checked<Option<Date>> {
    match cell {
        "" => Ok(None),
        written => match read_date(written) {
            Some(day) => Ok(Some(day)),
            None => Err(refused(column, cell, expected::date())),
        },
    }
}

fn yuan(cell: &str, column: Column) -> Checked<Fen> {
    match cell {
        "" => Ok(Fen::ZERO),
        written => Fen::parse_yuan(written).map_err(|_| refused(column, cell, expected::yuan())),
    }
}

fn conditions(cell: &str) -> Checked<Vec<Condition>> {
    let words = cell.split('|').filter(|word| !word.is_empty());
    let known = Condition::ALL.map(Condition::as_str);
    let parsed = words.filter_map(|one| word(one, Column::Conditions, &known).transpose());
    parsed.collect()
}

/// `class=yuan`, parted by `|`.
fn items(cell: &str) -> Checked<Vec<(&str, Fen)>> {
    let item = |word| -> Checked<(&str, Fen)> {
        let (class, amount): (&str, &str) = str::split_once(word, '=').ok_or_else(|| {
            let example = "tcm_slices=120.50";
            let expected = Told::new(
                "a class and its amount, e.g. {0}",
                "类别及金额，如{0}",
                [&example],
            );
            refused(Column::Items, word, expected)
        })?;
        Ok((class, yuan(amount, Column::Items)?))
    };
    cell.split('|')
        .filter(|word| !word.is_empty())
        .map(item)
        .collect()
}

/// Year and its four amounts, e.g. `2021=0;0;10.00;500.00`, parted by `|`.
fn fees_by_year(cell: &str) -> Checked<BTreeMap<i16, FeeSplit>> {
    fees_by(cell, Column::FeesByYear, |year| year.parse().ok())
}

/// The same by day.
fn fees_by_day(cell: &str) -> Checked<BTreeMap<Date, FeeSplit>> {
    fees_by(cell, Column::FeesByDay, read_date)
}

fn fees_by<K: Ord>(
    cell: &str,
    column: Column,
    key: impl Fn(&str) -> Option<K>,
) -> Checked<BTreeMap<K, FeeSplit>> {
    let example = "2021=0;0;10.00;500.00";
    let of_word = |word: &str| {
        let (time, amounts) = word.split_once('=')?;
        let amounts: Vec<Fen> = amounts
            .split(';')
            .map(|amount| Fen::parse_yuan(amount).ok())
            .collect::<Option<_>>()?;
        let [own, over, pre, scope] = amounts.try_into().ok()?;
        let fees = FeeSplit {
            own,
            over,
            pre,
            scope,
        };
        Some((key(time)?, fees))
    };
    let refused_as = |word: &str| {
        let en = "a time and its four amounts, e.g. {0}";
        refused(column, word, Told::new(en, "时间及其四项金额，如{0}", [&example]))
    };
    cell.split('|')
        .filter(|word| !word.is_empty())
        .map(|word| of_word(word).ok_or_else(|| refused_as(word)))
        .collect()
}

/// The header of [`bill_row`] (留存单据的列).
pub fn bill_header() -> String {
    COLUMNS.get(..KEPT).unwrap_or(&COLUMNS).join(",")
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
    row.cell(bill.minor.map_or("", |minor| if minor { "1" } else { "0" }));
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
    row.list(by_year.map(|(year, fees)| fees_at(year, fees)));
    // what a bill without lines says has one column less
    if !bill.by_day.is_empty() {
        row.list(bill.by_day.iter().map(|(day, fees)| fees_at(day, fees)));
    }
    row.text.pop();
    row.text
}

fn fees_at(time: impl std::fmt::Display, fees: &FeeSplit) -> String {
    format!("{time}={};{};{};{}", fees.own, fees.over, fees.pre, fees.scope)
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
