//! The pack's tables about time (结算期): months, the advance, late lists, reports, events.

use serde::Deserialize;

use super::file::{DateFile, Weaker};
use crate::units::{Rate, Ratio};

table!(MonthTable {
    model: MonthModel,
    deposit: Ratio,
    is_cash: bool,
    share: Option<MonthShare>,
    pattern: Option<Vec<Ratio>>,
    clock: Option<ClockFile>,
});

/// Until when a month is paid: so many working days from the day after the last day of declaring.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockFile {
    pub(super) working_days: u32,
    pub(super) calendar: String,
    pub(super) declared_by: i8,
}

words!(
    /// What a month is booked at.
    MonthModel { Claim, LastYearPrice, OwnMonthPv, PresetPrice }
);
words!(
    /// A month's share of the year's budget.
    MonthShare { Twelfth, LastYearPattern }
);

table!(AdvanceTable {
    months: Ratio,
    offset: AdvanceOffset,
    offset_months: Option<u32>,
});

words!(
    /// When an advance is taken back.
    AdvanceOffset { Clearing, Month }
);

table!(TimeTable {
    attribution: Attribution,
    version: Version,
    late: LateFile,
    zone: String,
});

words!(
    /// The day that puts a case into a month.
    Attribution { Discharge, SettlementDate, SettlementMonth }
);
words!(
    /// The day that chooses the rules of a case.
    Version { Discharge, SettlementMonth }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LateFile {
    pub(super) days: u32,
    pub(super) then: LateThen,
}

words!(
    /// What becomes of a list that comes late.
    LateThen { Reject, NextMonth, NoPoints, Penalty }
);

table!(ReportTable { pnl: Vec<PnlColumn> });

words!(
    /// A column of profit and loss.
    PnlColumn { Formula, Official, Adjust, FundMinusClaim }
);

table!(OverrideTable { events: Vec<EventFile> });

/// Something that changes the rules for a time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventFile {
    pub(super) id: String,
    pub(super) from: DateFile,
    pub(super) to: DateFile,
    #[serde(rename = "do")]
    pub(super) what: EventWord,
    pub(super) groups: Option<Vec<String>>,
    pub(super) rate: Option<Rate>,
    pub(super) pay: Option<super::file_stay::OutPay>,
}

words!(
    /// What an event does to its cases.
    EventWord { FreezeRate, SeparateBudget, ExcludeCases }
);
