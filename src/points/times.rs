//! What a pack says of months and days (结算期查询): which month a case belongs to, which rules it
//! has, when money is due.

use jiff::civil::Date;

use super::Pack;
use super::file_time::{Attribution, PnlColumn, Version};
use crate::diagnostics::{Error, Result};
use crate::units::Fen;

/// The days of a case, as far as they are known (病例日期).
#[derive(Clone, Copy, Debug, Default)]
pub struct CaseDays<'a> {
    /// Month of discharge, `2026-01`.
    pub discharge: &'a str,
    /// Month of the day on which the bill was settled with the person; empty: not known.
    pub settled_on: &'a str,
    /// Settlement period that the list belongs to; empty: not known.
    pub period: &'a str,
}

impl Pack {
    /// The month that a case belongs to (归属月份).
    ///
    /// # Errors
    /// The key that asks for it, and the column that is empty.
    pub fn month_of<'a>(
        &self,
        days: CaseDays<'a>,
    ) -> std::result::Result<&'a str, (&'static str, &'static str)> {
        let (month, column) = match self.rules.time.attribution {
            Attribution::Discharge => return Ok(days.discharge),
            Attribution::SettlementDate => (days.settled_on, "settle_date"),
            Attribution::SettlementMonth => (days.period, "settle_month"),
        };
        known(month, "time.attribution", column)
    }

    /// The month whose rules and prices a case has (适用版本月份).
    ///
    /// # Errors
    /// As [`Pack::month_of`].
    pub fn version_of<'a>(
        &self,
        days: CaseDays<'a>,
    ) -> std::result::Result<&'a str, (&'static str, &'static str)> {
        match self.rules.time.version {
            Version::Discharge => Ok(days.discharge),
            Version::SettlementMonth => known(days.period, "time.version", "settle_month"),
        }
    }

    /// A month's share of a year's budget (月度预算份额): a twelfth, or by the pattern of last year; the
    /// twelve sum to it.
    ///
    /// # Errors
    /// The month is none; the budget is out of range.
    pub fn share_of_month(&self, budget: Fen, month: &str) -> Result<Fen> {
        let pattern = self
            .rules
            .time
            .month
            .as_ref()
            .map(|month| month.pattern.as_slice());
        let pattern = pattern.filter(|pattern| !pattern.is_empty()).unwrap_or(&[1; 12]);
        let shares = budget.split(pattern).map_err(|e| Error::new(e.to_string()))?;
        let of: Option<usize> = month.get(5..).and_then(|of| of.parse().ok());
        let share = of.and_then(|of| shares.get(of.checked_sub(1)?)).copied();
        share.ok_or_else(|| Error::new(format!("`{month}` is no month; expected one such as 2026-01")))
    }

    /// The day until which a month is paid (月度拨付期限); none where the pack has no clock.
    ///
    /// # Errors
    /// The month is none; the calendar does not reach so far.
    pub fn pay_by(&self, month: &str) -> Result<Option<Date>> {
        let Some(clock) = self
            .rules
            .time
            .month
            .as_ref()
            .and_then(|month| month.clock.as_ref())
        else {
            return Ok(None);
        };
        let no_month = || Error::new(format!("`{month}` is no month; expected one such as 2026-01"));
        let first: Date = format!("{month}-01").parse().map_err(|_| no_month())?;
        let next = first.last_of_month().tomorrow().map_err(|_| no_month())?;
        let declared = Date::new(next.year(), next.month(), clock.declared_by).map_err(|_| no_month())?;
        clock.calendar.after(declared, clock.working_days).map(Some)
    }

    /// The day until which a year is cleared (年度清算期限); none where the pack names none.
    pub fn clear_by(&self, year: i16) -> Option<Date> {
        let (month, day) = self.rules.time.deadline?;
        Date::new(year.checked_add(1)?, month, day).ok()
    }

    /// Over how many months an advance is taken back (预付金按月冲抵); none: at the clearing.
    pub fn advance_over(&self) -> Option<u32> {
        self.rules.time.advance.as_ref()?.over
    }

    /// Columns of profit and loss that the pack wants to see (盈亏列).
    pub(crate) fn pnl(&self) -> &[PnlColumn] {
        &self.rules.time.pnl
    }
}

fn known<'a>(
    month: &'a str,
    key: &'static str,
    column: &'static str,
) -> std::result::Result<&'a str, (&'static str, &'static str)> {
    if month.is_empty() {
        Err((key, column))
    } else {
        Ok(month)
    }
}

impl PnlColumn {
    /// The column's name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            PnlColumn::Formula => "pnl_formula",
            PnlColumn::Official => "pnl_official",
            PnlColumn::Adjust => "pnl_adjust",
            PnlColumn::FundMinusClaim => "fund_minus_claim",
        }
    }
}
