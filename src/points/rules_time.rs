//! Rules about time (结算期规则): what a month is booked at and until when it is paid, the deposit,
//! the advance, late lists, the day that puts a case into a month.

use jiff::civil::Date;

use super::calendar::Calendar;
use super::file::PackFile;
use super::file_money::{AssessEffect, DeadlineFile};
use super::file_time::{
    AdvanceOffset, Attribution, LateThen, MonthModel, MonthShare, MonthTable, PnlColumn, Version,
};
use super::pack::Places;
use super::rules::{missing, not_negative, share, together};
use crate::diagnostics::Result;
use crate::units::Exact;

/// Everything a year of months computes with.
#[derive(Clone, Debug)]
pub(crate) struct TimeRules {
    pub(crate) month: Option<Month>,
    pub(crate) advance: Option<Advance>,
    pub(crate) late: Option<(u32, LateThen)>,
    pub(crate) attribution: Attribution,
    pub(crate) version: Version,
    /// Month and day of the next year until which a year is cleared.
    pub(crate) deadline: Option<(i8, i8)>,
    /// Columns of profit and loss, in the order in which they are shown.
    pub(crate) pnl: Vec<PnlColumn>,
}

/// What a month is booked at, and what of it is kept back.
#[derive(Clone, Debug)]
pub(crate) struct Month {
    pub(crate) model: MonthModel,
    pub(crate) deposit: Exact,
    /// Whether what is booked is paid out each month.
    pub(crate) is_cash: bool,
    /// What each month weighs in the year's budget; empty: all alike.
    pub(crate) pattern: Vec<i128>,
    pub(crate) clock: Option<Clock>,
}

/// Until when a month is paid.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Working days, the first after the last day of declaring.
    pub(crate) working_days: u32,
    /// Last day of declaring, in the month that follows.
    pub(crate) declared_by: i8,
    pub(crate) calendar: Calendar,
}

/// Working capital, given once and taken back at the clearing, or from months.
#[derive(Clone, Debug)]
pub(crate) struct Advance {
    /// How many months' worth of the budget.
    pub(crate) months: Exact,
    /// Over how many months it is taken back; none: at the clearing.
    pub(crate) over: Option<u32>,
}

impl TimeRules {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<TimeRules> {
        let keeps = file
            .assess
            .as_ref()
            .is_some_and(|a| a.effect == AssessEffect::DepositShare);
        if keeps && file.month.is_none() {
            return Err(missing(at, "assess", "month.deposit"));
        }
        let time = file.time.as_ref();
        Ok(TimeRules {
            month: month(file, at)?,
            advance: advance(file, at)?,
            late: late(file, at)?,
            attribution: time.map_or(Attribution::Discharge, |time| time.attribution),
            version: time.map_or(Version::Discharge, |time| time.version),
            deadline: file
                .clear
                .deadline
                .map(|deadline| day_of_year(deadline, at))
                .transpose()?,
            pnl: pnl(file, at)?,
        })
    }
}

fn month(file: &PackFile, at: &Places) -> Result<Option<Month>> {
    let Some(table) = &file.month else { return Ok(None) };
    let by_budget = table.model == MonthModel::OwnMonthPv;
    together(at, by_budget, "month.share", "month", table.share)?;
    Ok(Some(Month {
        model: table.model,
        deposit: share(at, "month.deposit", table.deposit)?,
        is_cash: table.is_cash,
        pattern: pattern(table, at)?,
        clock: clock(table, at)?,
    }))
}

/// Twelve weights, January first; a budget is split by them to the fen.
fn pattern(table: &MonthTable, at: &Places) -> Result<Vec<i128>> {
    const KEY: &str = "month.pattern";
    let wanted = table.share == Some(MonthShare::LastYearPattern);
    let Some(written) = together(at, wanted, KEY, "month", table.pattern.as_ref())? else {
        return Ok(Vec::new());
    };
    let weights = written.iter().map(|weight| {
        let exact = not_negative(at, KEY, *weight)?;
        let units = exact.points_half_away(12).map(crate::units::Points::units);
        units.map_err(|_| at.error(KEY, format!("`{KEY}`: {weight} is out of range")))
    });
    let weights: Vec<i128> = weights.collect::<Result<_>>()?;
    if weights.len() != 12 || weights.iter().all(|weight| *weight == 0) {
        let message = format!(
            "`{KEY}` has {} numbers; expected twelve, January first, not all of them zero",
            weights.len()
        );
        return Err(at.error(KEY, message));
    }
    Ok(weights)
}

fn clock(table: &MonthTable, at: &Places) -> Result<Option<Clock>> {
    let Some(clock) = &table.clock else {
        return Ok(None);
    };
    if !(1..=28).contains(&clock.declared_by) {
        let message = format!(
            "`month.clock.declared_by` is {}; expected a day from 1 to 28 of the month that follows",
            clock.declared_by
        );
        return Err(at.error("month.clock.declared_by", message));
    }
    if clock.working_days == 0 || clock.working_days > 366 {
        let message = format!(
            "`month.clock.working_days` is {}; expected 1 to 366",
            clock.working_days
        );
        return Err(at.error("month.clock.working_days", message));
    }
    let (place, text) = at.beside("month.clock.calendar", &format!("{}.csv", clock.calendar))?;
    Ok(Some(Clock {
        working_days: clock.working_days,
        declared_by: clock.declared_by,
        calendar: Calendar::parse(&place, &text)?,
    }))
}

fn advance(file: &PackFile, at: &Places) -> Result<Option<Advance>> {
    const KEY: &str = "advance.offset_months";
    let Some(table) = &file.advance else {
        return Ok(None);
    };
    let by_months = table.offset == AdvanceOffset::Month;
    let over = together(at, by_months, KEY, "advance", table.offset_months)?;
    if let Some(over) = over.filter(|over| !(1..=12).contains(over)) {
        return Err(at.error(KEY, format!("`{KEY}` is {over}; expected 1 to 12 months")));
    }
    if by_months && !file.month.as_ref().is_some_and(|month| month.is_cash) {
        let message = "`advance.offset = month` needs months that are paid: `month.is_cash = true`";
        return Err(at.error("advance.offset", message));
    }
    Ok(Some(Advance {
        months: not_negative(at, "advance.months", table.months)?,
        over,
    }))
}

/// Dates of records are civil dates; a zone other than a city's own is refused.
fn late(file: &PackFile, at: &Places) -> Result<Option<(u32, LateThen)>> {
    let Some(time) = &file.time else { return Ok(None) };
    let city = time
        .zone
        .split_once('/')
        .filter(|(area, city)| !area.is_empty() && !city.is_empty());
    if city.is_none() || time.zone.starts_with("Etc/") {
        let message = format!(
            "`time.zone` is `{}`; expected a place's own zone, e.g. Asia/Shanghai",
            time.zone
        );
        return Err(at.error("time.zone", message));
    }
    if time.late.then == LateThen::Penalty && file.penalty.is_none() {
        return Err(missing(at, "time.late", "penalty"));
    }
    Ok(Some((time.late.days, time.late.then)))
}

/// A day that every year has.
fn day_of_year(deadline: DeadlineFile, at: &Places) -> Result<(i8, i8)> {
    let DeadlineFile { month, day } = deadline;
    // 2027 is no leap year, so 29 February is refused
    match Date::new(2027, month, day) {
        Ok(_) => Ok((month, day)),
        Err(_) => Err(at.error(
            "clear.deadline",
            format!("`clear.deadline`: month {month}, day {day} is no day of every year; e.g. {{ month = 6, day = 30 }}"),
        )),
    }
}

/// Each column once.
fn pnl(file: &PackFile, at: &Places) -> Result<Vec<PnlColumn>> {
    const KEY: &str = "report.pnl";
    let columns = file.report.as_ref().map_or(&[][..], |report| &report.pnl);
    let twice = columns
        .iter()
        .enumerate()
        .any(|(i, column)| columns.iter().position(|c| c == column) != Some(i));
    if twice || (file.report.is_some() && columns.is_empty()) {
        return Err(at.error(
            KEY,
            format!("`{KEY}` names each of its columns once, and at least one"),
        ));
    }
    Ok(columns.to_vec())
}
