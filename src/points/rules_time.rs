//! Rules about time (结算期规则): what a month is booked at, the deposit, the advance, late lists.

use super::file::PackFile;
use super::file_money::AssessEffect;
use super::file_time::{LateThen, MonthModel};
use super::pack::Places;
use super::rules::{missing, not_negative, share};
use crate::diagnostics::Result;
use crate::units::Exact;

/// Everything a year of months computes with.
#[derive(Clone, Debug)]
pub(crate) struct TimeRules {
    pub(crate) month: Option<Month>,
    pub(crate) advance: Option<Advance>,
    pub(crate) late: Option<(u32, LateThen)>,
}

/// What a month is booked at, and what of it is kept back.
#[derive(Clone, Debug)]
pub(crate) struct Month {
    pub(crate) model: MonthModel,
    pub(crate) deposit: Exact,
    /// Whether what is booked is paid out each month.
    pub(crate) is_cash: bool,
}

/// Working capital, given once and taken back at the clearing.
#[derive(Clone, Debug)]
pub(crate) struct Advance {
    /// How many months' worth of the budget.
    pub(crate) months: Exact,
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
        Ok(TimeRules {
            month: month(file, at)?,
            advance: advance(file, at)?,
            late: late(file, at)?,
        })
    }
}

fn month(file: &PackFile, at: &Places) -> Result<Option<Month>> {
    let Some(table) = &file.month else { return Ok(None) };
    let by_budget = table.model == MonthModel::OwnMonthPv;
    super::rules::together(at, by_budget, "month.share", "month", table.share)?;
    Ok(Some(Month {
        model: table.model,
        deposit: share(at, "month.deposit", table.deposit)?,
        is_cash: table.is_cash,
    }))
}

fn advance(file: &PackFile, at: &Places) -> Result<Option<Advance>> {
    let Some(table) = &file.advance else {
        return Ok(None);
    };
    Ok(Some(Advance {
        months: not_negative(at, "advance.months", table.months)?,
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
    Ok(Some((time.late.days, time.late.then)))
}
