//! Rules about time (结算期规则): what a month is booked at, the deposit, the advance, late lists.

use super::document::Effective;
use super::file::PackFile;
use super::file_money::AssessEffect;
use super::file_time::{
    AdvanceOffset, Attribution, EventEffect, LateThen, MonthModel, MonthShare, PnlColumn, Version,
};
use super::pack::{Places, effective};
use super::rules::{missing, not_negative, share};
use crate::diagnostics::Result;
use crate::units::Exact;

/// Everything a year of months computes with.
#[derive(Clone, Debug)]
pub(crate) struct TimeRules {
    pub(crate) month: Option<Month>,
    pub(crate) advance: Option<Advance>,
    pub(crate) attribution: Option<(Attribution, Version)>,
    pub(crate) late: Option<(u32, LateThen)>,
    pub(crate) report: Vec<PnlColumn>,
    pub(crate) events: Vec<Event>,
}

/// What a month is booked at, and what of it is kept back.
#[derive(Clone, Debug)]
pub(crate) struct Month {
    pub(crate) model: MonthModel,
    pub(crate) deposit: Exact,
    /// Whether what is booked is paid out each month.
    pub(crate) is_cash: bool,
    pub(crate) share: Option<MonthShare>,
    pub(crate) working_days: Option<u32>,
}

/// Working capital, given once.
#[derive(Clone, Debug)]
pub(crate) struct Advance {
    pub(crate) months: Exact,
    pub(crate) offset: AdvanceOffset,
}

/// A time in which other rules hold.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) from: Effective,
    pub(crate) to: Effective,
    pub(crate) effect: EventEffect,
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
            attribution: file.time.as_ref().map(|time| (time.attribution, time.version)),
            late: late(file, at)?,
            report: file
                .report
                .as_ref()
                .map_or_else(Vec::new, |report| report.pnl.clone()),
            events: events(file, at)?,
        })
    }
}

fn month(file: &PackFile, at: &Places) -> Result<Option<Month>> {
    let Some(table) = &file.month else { return Ok(None) };
    let by_budget = table.model == MonthModel::OwnMonthPv;
    let share_of_year = super::rules::together(at, by_budget, "month.share", "month", table.share)?;
    Ok(Some(Month {
        model: table.model,
        deposit: share(at, "month.deposit", table.deposit)?,
        is_cash: table.is_cash,
        share: share_of_year,
        working_days: table.clock.as_ref().map(|clock| clock.working_days),
    }))
}

fn advance(file: &PackFile, at: &Places) -> Result<Option<Advance>> {
    let Some(table) = &file.advance else {
        return Ok(None);
    };
    Ok(Some(Advance {
        months: not_negative(at, "advance.months", table.months)?,
        offset: table.offset,
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

fn events(file: &PackFile, at: &Places) -> Result<Vec<Event>> {
    const KEY: &str = "override.events";
    let mut events: Vec<Event> = Vec::new();
    for event in file.overrides.iter().flat_map(|table| &table.events) {
        let day = |date| {
            let on = effective(date).filter(|on| matches!(on, Effective::On { .. }));
            on.ok_or_else(|| {
                at.error(
                    KEY,
                    format!("`{KEY}`: event `{}` needs dates such as 2026-01-31", event.id),
                )
            })
        };
        let (from, to) = (day(&event.from)?, day(&event.to)?);
        if to < from {
            return Err(at.error(
                KEY,
                format!(
                    "`{KEY}`: event `{}` ends on {to}, before it begins on {from}",
                    event.id
                ),
            ));
        }
        if let Some(other) = events.iter().find(|other| other.from <= to && from <= other.to) {
            let message = format!("`{KEY}`: event `{}` overlaps event `{}`", event.id, other.id);
            return Err(at.error(KEY, message));
        }
        events.push(Event {
            id: event.id.clone(),
            from,
            to,
            effect: event.effect,
        });
    }
    Ok(events)
}
