//! The pack's tables about time (结算期): months, the advance, late lists, reports, events.

use serde::Deserialize;

use super::file::{DateFile, Weaker};
use crate::units::Ratio;

table!(MonthTable {
    model: MonthModel,
    deposit: Ratio,
    is_cash: bool,
    share: Option<MonthShare>,
    clock: Option<ClockFile>,
});

words!(
    /// What a month is booked at.
    MonthModel { Claim, LastYearPrice, OwnMonthPv, PresetPrice }
);
words!(
    /// A month's share of the year's budget.
    MonthShare { Twelfth, LastYearPattern }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockFile {
    pub(super) working_days: u32,
}

table!(AdvanceTable {
    months: Ratio,
    offset: AdvanceOffset,
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
    /// A column of a hospital's profit and loss.
    PnlColumn { Formula, Official, Adjust, FundMinusClaim }
);

table!(OverrideTable { events: Vec<EventFile> });

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventFile {
    pub(super) id: String,
    pub(super) from: DateFile,
    pub(super) to: DateFile,
    #[serde(rename = "do")]
    pub(super) effect: EventEffect,
}

words!(
    /// What an event changes.
    EventEffect { ExcludeCases }
);
