//! The pack's tables about stays (住院情形): out of scope, incomplete, bed days, day care,
//! readmission, traditional medicine, and what a cost is.

use serde::Deserialize;

use super::file::Weaker;
use crate::units::Ratio;

table!(ScopeTable {
    out: Option<OutFile>,
    days: Option<DaysFile>,
    incomplete: Option<IncompleteFile>,
    newborn: Option<Newborn>,
    newborn_factor: Option<Ratio>,
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutFile {
    pub(super) pay: OutPay,
    #[serde(default)]
    pub(super) hospitals: Vec<String>,
    #[serde(default)]
    pub(super) insurance: Vec<String>,
}

words!(
    /// What a case outside this payment is paid.
    OutPay { ByItem, Zero }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DaysFile {
    pub(super) count: DaysCount,
    pub(super) exclude: Vec<(DaysEdge, u32)>,
    pub(super) then: DaysThen,
}

words!(
    /// How the days of a stay are counted.
    DaysCount { DischargeMinusAdmission, BothDaysCount }
);
words!(
    /// What a stay of other length is paid by.
    DaysThen {
        ByItem,
        #[serde(rename = "bedday")]
        BedDay,
    }
);

/// How a stay is held against a number of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum DaysEdge {
    #[serde(rename = "<")]
    Below,
    #[serde(rename = "<=")]
    AtOrBelow,
    #[serde(rename = ">")]
    Above,
    #[serde(rename = ">=")]
    AtOrAbove,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IncompleteFile {
    pub(super) when: Vec<IncompleteWhen>,
    pub(super) death_hours: Option<u32>,
    pub(super) pay: IncompletePay,
}

words!(
    /// An ending that leaves the treatment incomplete.
    IncompleteWhen { TransferOut, LeftEarly, Death }
);
words!(
    /// What an incomplete stay is paid.
    IncompletePay { RatioCappedAtBase, Off, ByItem, Full }
);
words!(
    /// How a newborn with its mother is paid.
    Newborn { Separate, Merged, Coef }
);

table!(BedDayTable {
    by: BedDayBy,
    table: String,
    phases: Option<Vec<PhaseFile>>,
});

words!(
    /// What the points of a day depend on.
    BedDayBy { Hospital, Level, Group, Phase }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhaseFile {
    pub(super) to_day: u32,
    pub(super) factor: Ratio,
}

table!(ReadmitTable {
    days: u32,
    #[serde(rename = "match")]
    matching: ReadmitMatch,
    within: ReadmitWithin,
    cut: CutFile,
    exempt: Vec<String>,
});

words!(
    /// When two stays are of one illness.
    ReadmitMatch { Group, Diagnosis, Adrg }
);
words!(
    /// Where the second stay counts.
    ReadmitWithin { Hospital, Region }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CutFile {
    pub(super) how: CutHow,
    pub(super) stay: CutStay,
}

words!(
    /// What a readmission costs.
    CutHow { Half, Zero, Merge, Flag }
);
words!(
    /// The stay it costs.
    CutStay { First, Second }
);

table!(TransferTable {
    mode: TransferMode,
    days: Option<u32>,
    #[serde(rename = "match")]
    matching: Option<ChainMatch>,
});

words!(
    /// When two stays belong to one chain of transfers.
    ChainMatch { Group, Diagnosis, Adrg, Person }
);

words!(
    /// How a chain of transfers is paid.
    TransferMode { Off, DeductAlongChain }
);

table!(DayCareTable {
    mode: DayCareMode,
    share: Option<Ratio>,
    list: Option<String>,
});

words!(
    /// What day care is paid.
    DayCareMode { InDrg, ShareOfInpatient, OwnList }
);

table!(TcmTable {
    gate: GateFile,
    tilt: Option<String>,
    tilt_max: Option<Ratio>,
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GateFile {
    pub(super) groups: String,
    pub(super) min_ratio: Ratio,
    pub(super) else_group: String,
}

table!(CostTable { basis: CostBasis });

words!(
    /// Which lines of a bill are its cost.
    CostBasis { PositiveOnly, Net }
);
