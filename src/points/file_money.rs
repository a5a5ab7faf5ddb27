//! The pack's tables about a pool's money (基金结算): shares of the fund, budget, pool, add-ons,
//! reviews, rounding, clearing, assessment, penalties.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::file::Weaker;
use crate::units::{Rate, Ratio};

table!(FundTable {
    formula: FundFormula,
    negative: FundNegative,
    ratio: Option<String>,
    table: Option<String>,
    keys: Option<Vec<Vec<String>>>,
    v3_correct: Option<bool>,
    split: Option<FundSplit>,
    order: Option<Vec<PoolFund>>,
});

words!(
    /// How a standard becomes the fund's part of it.
    FundFormula { Subtract, Ratio, None }
);
words!(
    /// A due below zero.
    FundNegative { Keep, Zero }
);
words!(
    /// How a due is split over the funds of a pool.
    FundSplit { ProRataClaim, FixedOrder }
);

table!(BudgetTable {
    reserve: ReserveFile,
    change: Option<ChangeFile>,
    carveout: Option<Vec<String>>,
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReserveFile {
    pub(super) kind: ReserveKind,
    pub(super) rate: Option<Ratio>,
}

words!(
    /// What is kept back of a budget.
    ReserveKind { None, Risk }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeFile {
    pub(super) in_year: Vec<String>,
}

table!(PoolTable {
    key: Vec<PoolKey>,
    merge: Option<Vec<Vec<String>>>,
    includes: Vec<PoolFund>,
    basis: PoolBasis,
    amount_cases: AmountCases,
    reference_price: Option<Rate>,
});

words!(
    /// What makes a pool of its own.
    #[derive(PartialOrd, Ord)]
    PoolKey { Region, InsuredScheme, Fund, Level, District, CountyGroup, Care, Year }
);
words!(
    /// What a point buys.
    PoolBasis { Fund, TotalCost, RatioGrossed, Standard }
);
words!(
    /// Where cases paid by amount stand to the points.
    AmountCases { DeductFirst, PointsAtReference }
);

/// A fund whose money may be in a pool (基金); every other payment is non-fund to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolFund {
    /// Basic insurance, the pooled fund (统筹基金).
    Basic,
    /// Critical illness insurance (大病保险).
    Cii,
    /// Large-sum supplement of employees (大额医疗补助).
    LargeSum,
    /// Maternity insurance (生育保险).
    Maternity,
}

impl PoolFund {
    /// Every fund (全部基金).
    pub const ALL: [PoolFund; 4] = [
        PoolFund::Basic,
        PoolFund::Cii,
        PoolFund::LargeSum,
        PoolFund::Maternity,
    ];

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            PoolFund::Basic => "basic",
            PoolFund::Cii => "cii",
            PoolFund::LargeSum => "large_sum",
            PoolFund::Maternity => "maternity",
        }
    }
}

table!(AddonTable {
    items: Vec<AddonFile>,
    position: AddonPosition,
    funded_by: AddonFunding,
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddonFile {
    pub(super) id: String,
    pub(super) sign: i64,
}

words!(
    /// Where in the clearing an add-on comes in.
    AddonPosition { BeforeScale, AfterScale, AfterCap }
);
words!(
    /// Whose money an add-on is.
    AddonFunding { Pool, CarveOut, Reserve }
);

table!(SpecialTable {
    quota: BTreeMap<String, Ratio>,
    denominator: Denominator,
    round: QuotaRound,
    outcome: Vec<Outcome>,
});

words!(
    /// Whose discharges a quota is a share of.
    Denominator { HospitalDischarges, PoolDischarges }
);
words!(
    /// How a quota becomes a number of cases.
    QuotaRound { Floor, HalfUp, Ceil }
);
words!(
    /// What a review may decide.
    Outcome { ByItemRate, Uplift, ExtraPoints, Agreed }
);

table!(RoundTable {
    points_dp: PointsDp,
    money: MoneyRound,
    pv_pay_dp: PvPayDp,
    allocate: Allocate,
    residual: Residual,
});

words!(PointsDp {
    #[serde(rename = "4")]
    Four,
    #[serde(rename = "6")]
    Six,
    None
});
words!(MoneyRound { HalfAway });
words!(
    /// Decimals of the point value that money is paid from.
    PvPayDp {
        #[serde(rename = "2")]
        Two,
        #[serde(rename = "4")]
        Four,
        #[serde(rename = "6")]
        Six,
        None,
    }
);
words!(
    /// Whether a hospital's due is rounded before its cases', or is their sum.
    Allocate { HospitalThenCase, CaseSum }
);
words!(
    /// Where the fen go that rounding leaves.
    Residual { LargestRemainder, ToReserve, ToLast }
);

table!(ClearTable {
    steps: Vec<Step>,
    cap: Option<CapFile>,
    reflow: Option<Reflow>,
    corridor: Option<CorridorFile>,
    deadline: Option<DeadlineFile>,
});

/// A day of the year after the one that is cleared.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadlineFile {
    pub(super) month: i8,
    pub(super) day: i8,
}

words!(
    /// A step of the clearing, in the pack's order.
    #[derive(PartialOrd, Ord)]
    Step {
        Freeze,
        Budget,
        Carve,
        Price,
        FundPart,
        Scale,
        Cap,
        Reflow,
        Corridor,
        Addons,
        Assess,
        Penalty,
        Residual,
        NetOff,
        Confirm,
    }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "a key with one legal value is checked by its type alone")]
pub(super) struct CapFile {
    pub(super) of: CapOf,
    pub(super) rate: Ratio,
    pub(super) per: CapPer,
}

words!(CapOf { Claim });
words!(CapPer { Fund });

/// Where the money above a cap goes (超限结余去向).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reflow {
    /// It stays in the pool, unallocated.
    Stay,
    /// It is shared once among the hospitals below their cap, up to that cap.
    Once,
    /// It is shared again until nothing is left or everybody is at the cap.
    Iterate,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CorridorFile {
    pub(super) region: Option<RegionFile>,
    pub(super) hospital: Option<HospitalCorridorFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionFile {
    pub(super) basis: RegionBasis,
    pub(super) over_share: Ratio,
    pub(super) under_keep: Ratio,
}

words!(
    /// What a region's budget is held against.
    RegionBasis { Claims, Standards }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HospitalCorridorFile {
    pub(super) balance: CorridorBalance,
    pub(super) bands: Vec<BandFile>,
}

words!(
    /// Who pays, or keeps, what a corridor changes.
    CorridorBalance { Reserve, Fund }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BandFile {
    pub(super) to: String,
    pub(super) op: super::file::LowEdge,
    pub(super) alpha: Ratio,
    pub(super) beta: Ratio,
}

table!(AssessTable {
    effect: AssessEffect,
    bands: Option<Vec<AssessBandFile>>,
});

words!(
    /// What an assessment changes.
    AssessEffect { Off, DepositShare, PayableMultiplier, PointsDeduction }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssessBandFile {
    pub(super) from: Ratio,
    pub(super) share: Ratio,
}

table!(PenaltyTable {
    mode: PenaltyMode,
    multiple: Option<Ratio>,
});

words!(
    /// What a violation costs.
    PenaltyMode { ZeroPoints, PointsMultiple, ReturnFund }
);
