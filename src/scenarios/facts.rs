//! What only some packs ask of a case, from its record (计价附加信息): days of settlement, the
//! ending, add-ons, denied amounts, who was born to whom.

use jiff::civil::Date;

use crate::diagnostics::Lang;
use crate::points::{CaseDays, Ending};
use crate::records::{Case, Column, Header, Row, read_date, read_time};
use crate::units::Fen;

/// The columns that facts are read from (计价附加列).
///
/// | column | means |
/// |---|---|
/// | `settle_date` | day on which the bill was settled with the person |
/// | `settle_month` | settlement period of the list, `2026-01` |
/// | `discharge_status` | 1 as ordered, 2 to another hospital, 3 to the community, 4 against advice, 5 death, 9 other; 2, 4 and 5 may leave a treatment incomplete |
/// | `admit_time`, `discharge_time` | with the dates, the hours of a stay that ended in death |
/// | `day_surgery` | 1: day care |
/// | `mother_case` | case of the mother that a newborn stays with |
/// | `stay_purposes` | words of `readmit.exempt`, e.g. `chemo\|planned` |
/// | `refunds` | lines of the bill below zero, summed; not above zero |
/// | `denied` | denied by review |
/// | `tcm_fee`, `treatment_fee` | traditional medicine, and all treatment it is a share of |
/// | `addons` | add-ons of the pack by name, `negotiated_drug;120.00\|…` |
/// | `outlier_approved` | 1: the review of a high multiple agreed |
/// | `insured_region` | where the person is insured; another region than the scenario's is elsewhere |
pub(super) const FACT_COLUMNS: [Column; 15] = [
    Column::SettleDate,
    Column::SettleMonth,
    Column::DischargeStatus,
    Column::AdmitTime,
    Column::DischargeTime,
    Column::DaySurgery,
    Column::MotherCase,
    Column::StayPurposes,
    Column::Refunds,
    Column::Denied,
    Column::TcmFee,
    Column::TreatmentFee,
    Column::Addons,
    Column::OutlierApproved,
    Column::InsuredRegion,
];

/// What is known of a case besides its group and bill (计价附加信息).
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Month of discharge.
    pub discharged: String,
    /// Month of the day on which the bill was settled.
    pub settled_on: String,
    /// Settlement period.
    pub period: String,
    /// How the stay ended.
    pub ending: Option<Ending>,
    /// Hours of the stay.
    pub hours: Option<u32>,
    /// Day care.
    pub day_care: bool,
    /// The mother's case, of a newborn that stays with her.
    pub mother: String,
    /// What the stay is for.
    pub purposes: Vec<String>,
    /// Lines of the bill below zero.
    pub refunds: Fen,
    /// Denied by review.
    pub denied: Fen,
    /// Cost of traditional medicine.
    pub tcm_fee: Option<Fen>,
    /// Cost of all treatment that it is a share of.
    pub treatment_fee: Option<Fen>,
    /// Add-ons by name.
    pub addons: Vec<(String, Fen)>,
    /// The review of a high multiple agreed.
    pub approved: bool,
    /// Where the person is insured, where the record says so.
    pub insured_region: String,
    /// The first cell that could not be read.
    pub unread: Option<Unread>,
}

/// A cell that payment cannot use (无法用于计价的值).
#[derive(Clone, Debug)]
pub struct Unread {
    /// Its column.
    pub column: Column,
    /// What stands there.
    pub value: String,
    /// What was expected, in English and Chinese.
    pub expected: (&'static str, &'static str),
}

impl Unread {
    /// What was expected.
    pub(super) fn expected(&self, lang: Lang) -> String {
        lang.pick(self.expected.0, self.expected.1).to_owned()
    }
}

const MONEY: (&str, &str) = ("an amount in yuan with at most two decimals", "元，最多两位小数");

/// Where the columns stand in a file.
pub(super) struct FactFields(Vec<(Column, usize)>);

impl FactFields {
    pub(super) fn of(header: &Header) -> FactFields {
        let found = FACT_COLUMNS
            .iter()
            .filter_map(|column| Some((*column, header.field(*column)?)));
        FactFields(found.collect())
    }

    /// The days of a row that is no case, as far as they can be read.
    pub(super) fn of_rejected(&self, row: &Row, header: &Header) -> Facts {
        let mut facts = Facts::default();
        if let Some(field) = header.field(Column::DischargeDate) {
            facts.discharged = read_date(row.field(field).trim()).map_or_else(String::new, month_of);
        }
        for (column, field) in &self.0 {
            let cell = row.field(*field).trim();
            // what cannot be read leaves the month unknown
            if matches!(column, Column::SettleDate | Column::SettleMonth)
                && !cell.is_empty()
                && facts.take(*column, cell).is_err()
            {
                return Facts::default();
            }
        }
        facts
    }

    /// Reads a row.
    pub(super) fn read(&self, row: &Row, case: &Case) -> Box<Facts> {
        let mut facts = Box::new(Facts {
            discharged: case.discharge().map_or_else(String::new, month_of),
            ..Facts::default()
        });
        let (mut admitted, mut left) = (None, None);
        for (column, field) in &self.0 {
            let cell = row.field(*field).trim();
            if cell.is_empty() {
                continue;
            }
            match column {
                // a time that is none leaves the hours unknown
                Column::AdmitTime => admitted = read_time(cell),
                Column::DischargeTime => left = read_time(cell),
                column => {
                    if let Err(expected) = facts.take(*column, cell) {
                        facts.cannot_read(*column, cell, expected);
                    }
                }
            }
        }
        facts.hours = hours(case, admitted, left);
        facts
    }
}

impl Facts {
    fn cannot_read(&mut self, column: Column, cell: &str, expected: (&'static str, &'static str)) {
        self.unread.get_or_insert_with(|| Unread {
            column,
            value: cell.chars().take(32).collect(),
            expected,
        });
    }

    /// The months that attribution and version choose between.
    pub(super) fn days(&self) -> CaseDays<'_> {
        CaseDays {
            discharge: &self.discharged,
            settled_on: &self.settled_on,
            period: &self.period,
        }
    }

    fn take(&mut self, column: Column, cell: &str) -> std::result::Result<(), (&'static str, &'static str)> {
        let amount = || Fen::parse_yuan(cell).ok()?.of_a_cell();
        let above = || amount().filter(|amount| !amount.is_negative()).ok_or(MONEY);
        match column {
            Column::SettleDate => {
                let date = read_date(cell).ok_or(("a date such as 2026-01-31", "日期，如2026-01-31"))?;
                self.settled_on = month_of(date);
            }
            Column::SettleMonth => {
                self.period = period(cell).ok_or(("a month such as 2026-01", "月份，如2026-01"))?;
            }
            Column::DischargeStatus => self.ending = ending(cell),
            Column::DaySurgery => self.day_care = yes_no(cell)?,
            Column::OutlierApproved => self.approved = yes_no(cell)?,
            Column::MotherCase => self.mother = cell.to_owned(),
            Column::InsuredRegion => self.insured_region = cell.to_owned(),
            Column::StayPurposes => self.purposes = words(cell).map(str::to_owned).collect(),
            Column::Refunds => {
                let not_above = ("an amount in yuan, not above zero", "元，不大于零");
                self.refunds = amount().filter(|amount| *amount <= Fen::ZERO).ok_or(not_above)?;
            }
            Column::Denied => self.denied = above()?,
            Column::TcmFee => self.tcm_fee = Some(above()?),
            Column::TreatmentFee => self.treatment_fee = Some(above()?),
            Column::Addons => self.addons = addons(cell)?,
            _ => {}
        }
        Ok(())
    }
}

fn month_of(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('|').map(str::trim).filter(|word| !word.is_empty())
}

/// `2026-01` or `202601`.
fn period(cell: &str) -> Option<String> {
    let (year, month) = cell.split_once('-').or_else(|| cell.split_at_checked(4))?;
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    let good = digits(year, 4) && digits(month, 2) && ("01"..="12").contains(&month);
    good.then(|| format!("{year}-{month}"))
}

/// By the code table of 离院方式; a transfer to the community ends the treatment as ordered.
fn ending(cell: &str) -> Option<Ending> {
    match cell {
        "1" | "3" | "9" => Some(Ending::Completed),
        "2" => Some(Ending::TransferOut),
        "4" => Some(Ending::LeftEarly),
        "5" => Some(Ending::Death),
        _ => None,
    }
}

fn yes_no(cell: &str) -> std::result::Result<bool, (&'static str, &'static str)> {
    match cell {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(("1 or 0", "1或0")),
    }
}

/// `negotiated_drug;120.00|…`, each name once.
fn addons(cell: &str) -> std::result::Result<Vec<(String, Fen)>, (&'static str, &'static str)> {
    const EXPECTED: (&str, &str) = (
        "names and amounts not below zero, each name once, e.g. negotiated_drug;120.00",
        "名称与不小于零的金额，每个名称一次，如negotiated_drug;120.00",
    );
    let mut addons: Vec<(String, Fen)> = Vec::new();
    for item in words(cell) {
        let (name, amount) = item.split_once(';').ok_or(EXPECTED)?;
        let amount = Fen::parse_yuan(amount.trim()).ok().and_then(Fen::of_a_cell);
        let amount = amount.filter(|amount| !amount.is_negative());
        let name = name.trim();
        if name.is_empty() || addons.iter().any(|(known, _)| known == name) {
            return Err(EXPECTED);
        }
        addons.push((name.to_owned(), amount.ok_or(EXPECTED)?));
    }
    Ok(addons)
}

/// Full hours between admission and discharge, where both times are known.
fn hours(case: &Case, admitted: Option<i64>, left: Option<i64>) -> Option<u32> {
    let days = i64::from(case.admit()?.until(case.discharge()?).ok()?.get_days());
    let minutes = days * 1440 + left? - admitted?;
    u32::try_from(minutes.div_euclid(60) + i64::from(minutes.rem_euclid(60) > 0)).ok()
}
