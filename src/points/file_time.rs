//! The pack's tables about time (结算期): months, the advance, late lists, reports, events.

use serde::Deserialize;

use super::file::Weaker;
use crate::units::Ratio;

table!(MonthTable {
    model: MonthModel,
    deposit: Ratio,
    is_cash: bool,
    share: Option<MonthShare>,
});

words!(
    /// What a month is booked at.
    MonthModel { Claim, LastYearPrice, OwnMonthPv, PresetPrice }
);
words!(
    /// A month's share of the year's budget.
    MonthShare { Twelfth }
);

table!(AdvanceTable {
    months: Ratio,
    offset: AdvanceOffset,
});

words!(AdvanceOffset { Clearing });

table!(TimeTable {
    attribution: Attribution,
    version: Version,
    late: LateFile,
    zone: String,
});

words!(
    /// The day that puts a case into a month.
    Attribution { Discharge }
);
words!(
    /// The day that chooses the rules of a case.
    Version { Discharge }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LateFile {
    pub(super) days: u32,
    pub(super) then: LateThen,
}

words!(
    /// What becomes of a list that comes late.
    LateThen { Reject, NextMonth, NoPoints }
);
