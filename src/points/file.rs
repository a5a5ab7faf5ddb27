//! The pack as it is written (政策包文件): words and numbers with their types, nothing decided yet.
//!
//! Which keys exist and which are required stands in `schema`; these shapes give them types.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use toml::value::Datetime;

use crate::diagnostics::Evidence;
use crate::units::{Rate, Ratio};

/// Keys of one table that are known less well than the table's document.
pub(super) type Weaker = BTreeMap<String, Evidence>;

/// A table of the pack: its own keys, and where they come from.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code, reason = "a key with one legal value is checked by its type alone")]
        pub(super) struct $name {
            pub(super) meta: String,
            #[serde(default)]
            pub(super) weaker: Weaker,
            $($(#[$attr])* pub(super) $field: $type),*
        }
    };
}

/// Words of the language, spelled as in the file.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $word:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(super) enum $name { $($(#[$attr])* $word),* }
    };
}

table!(PackFile {
    schema: u32,
    pack: String,
    formula_class: FormulaClass,
    grouper: Grouper,
    #[serde(default)]
    unresolved: Vec<String>,
    doc: BTreeMap<String, DocFile>,
    case: CaseTable,
    price: PriceTable,
    weight: WeightTable,
    group: GroupTable,
    coef: CoefTable,
    outlier: OutlierTable,
    ungrouped: UngroupedTable,
    scope: Option<ScopeTable>,
    fund: FundTable,
    pool: PoolTable,
    round: RoundTable,
    clear: Option<ClearTable>,
});

impl PackFile {
    /// Every table that names a document, with its keys' weaker evidence.
    pub(super) fn provenance(&self) -> Vec<(&'static str, &str, &Weaker)> {
        let mut tables = vec![
            ("", self.meta.as_str(), &self.weaker),
            ("case", &self.case.meta, &self.case.weaker),
            ("price", &self.price.meta, &self.price.weaker),
            ("weight", &self.weight.meta, &self.weight.weaker),
            ("group", &self.group.meta, &self.group.weaker),
            ("coef", &self.coef.meta, &self.coef.weaker),
            ("outlier", &self.outlier.meta, &self.outlier.weaker),
            ("ungrouped", &self.ungrouped.meta, &self.ungrouped.weaker),
            ("fund", &self.fund.meta, &self.fund.weaker),
            ("pool", &self.pool.meta, &self.pool.weaker),
            ("round", &self.round.meta, &self.round.weaker),
        ];
        tables.extend(self.scope.as_ref().map(|t| ("scope", t.meta.as_str(), &t.weaker)));
        tables.extend(self.clear.as_ref().map(|t| ("clear", t.meta.as_str(), &t.weaker)));
        tables
    }
}

/// How points become money (公式类别).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum FormulaClass {
    /// Points share a pool of total fees (总费用池): the fund's money and the patients'.
    V2,
    /// A fixed rate makes standards, which are scaled to the pool (固定费率后按总额折算).
    V4,
}

impl FormulaClass {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            FormulaClass::V2 => "V2",
            FormulaClass::V4 => "V4",
        }
    }
}

/// The grouping a pack prices (分组器).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouper {
    /// DRG or DIP.
    pub system: GrouperSystem,
    /// Version as the place names it.
    pub version: String,
}

/// The two families of case groups (付费方式).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum GrouperSystem {
    /// Diagnosis-related groups (疾病诊断相关分组).
    #[serde(rename = "DRG")]
    Drg,
    /// Diagnosis-intervention packet (区域点数法总额预算和按病种分值付费).
    #[serde(rename = "DIP")]
    Dip,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocFile {
    pub(super) source: String,
    pub(super) doc_no: String,
    pub(super) effective_from: DateFile,
    pub(super) effective_to: DateFile,
    pub(super) evidence: Evidence,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum DateFile {
    On(Datetime),
    Word(String),
}

table!(CaseTable { method: Method, classify: Vec<Test> });

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Method {
    pub(super) default: MethodWord,
}

words!(MethodWord {
    DrgWeight,
    DrgPoints,
    DipScore
});

words!(
    /// A test of the classification.
    Test { Days, Ungrouped, Unpriced, Outlier }
);

table!(PriceTable {
    model: PriceModel,
    scale: Ratio,
    rate: Option<RateFile>,
    k_may_exceed_one: Option<bool>,
});

words!(PriceModel {
    Floating,
    FixedThenScaled
});

/// `"9575.25"`, or one rate a pool, or one a pool and hospital level.
#[derive(Clone, Debug)]
pub(super) enum RateFile {
    One(Rate),
    By(BTreeMap<String, RateFile>),
}

impl<'de> Deserialize<'de> for RateFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RateFile, D::Error> {
        deserializer.deserialize_any(RateVisitor)
    }
}

struct RateVisitor;

impl<'de> Visitor<'de> for RateVisitor {
    type Value = RateFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate in yuan as text, e.g. \"9575.25\", or a table of rates by pool")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RateFile, E> {
        text.parse().map(RateFile::One).map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<RateFile, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RateFile, A::Error> {
        let mut rates = BTreeMap::new();
        while let Some((key, rate)) = map.next_entry::<String, RateFile>()? {
            rates.insert(key, rate);
        }
        if rates.is_empty() {
            return Err(A::Error::custom("expected at least one rate"));
        }
        Ok(RateFile::By(rates))
    }
}

table!(WeightTable {
    base: WeightBase,
    catalogue_scale: Ratio
});

words!(WeightBase { CityMean });

table!(GroupTable {
    unstable_pay: UnstablePay,
    zero_score_pay: ZeroPay
});

words!(
    /// Payment of a group without a usable weight.
    UnstablePay { CostRatio, ByItem }
);
words!(
    /// Payment of a group whose weight is zero.
    ZeroPay { Actual, Zero, Error }
);

table!(CoefTable {
    hospital: Vec<CoefKind>,
    compose: Compose,
    missing: Missing,
    #[serde(default)]
    values: CoefValues,
});

words!(CoefKind { Level, Hospital });
words!(Compose { Product });
words!(Missing { Error });

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CoefValues {
    pub(super) level: Option<BTreeMap<String, Ratio>>,
    pub(super) hospital: Option<BTreeMap<String, Ratio>>,
}

table!(OutlierTable {
    from: OutlierFrom,
    base: BaseWord,
    base_includes: Vec<BaseIncludes>,
    mean_price: Option<Rate>,
    low: Ratio,
    low_rule: LowRule,
    low_coef: bool,
    low_pay: LowPay,
    high: HighFile,
    high_pay: HighPay,
    approval: Approval,
    extreme: ExtremeFile,
    edge: EdgeFile,
    net_of_denied: bool,
    aux_on: bool,
});

words!(OutlierFrom { Pack });
words!(Approval { Auto });
words!(
    /// What a case's cost is held against.
    BaseWord { Standard, GroupMean, ScoreXMeanPrice }
);
words!(BaseIncludes { Coef });
words!(
    /// Whether the low threshold shrinks with the coefficient.
    LowRule { Flat, #[serde(rename = "min_1_coef")] MinOneCoef }
);
words!(
    /// Payment of a low multiple.
    LowPay { Actual, BaseXRatio, CostXControl, ByItem }
);
words!(
    /// Payment of a high multiple.
    HighPay { ExcessCoef, ExcessPlain, Deduct, Cap, ByItem, Standard }
);
words!(
    /// Payment of an extreme multiple.
    ExtremePay { CoefOnly, ByItem, Off }
);
words!(HighBy { Flat, Rw, Points });

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HighFile {
    pub(super) by: HighBy,
    pub(super) k: Option<Ratio>,
    pub(super) bands: Option<Vec<(String, Ratio)>>,
    pub(super) band_edge: Option<LowEdge>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtremeFile {
    pub(super) x: Option<Ratio>,
    pub(super) pay: ExtremePay,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EdgeFile {
    pub(super) low: LowEdge,
    pub(super) high: HighEdge,
    pub(super) extreme: HighEdge,
}

/// Which side owns a lower limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum LowEdge {
    #[serde(rename = "<")]
    Below,
    #[serde(rename = "<=")]
    AtOrBelow,
}

/// Which side owns an upper limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum HighEdge {
    #[serde(rename = ">")]
    Above,
    #[serde(rename = ">=")]
    AtOrAbove,
}

table!(UngroupedTable { pay: UngroupedFile });

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UngroupedFile {
    pub(super) mode: UngroupedMode,
    pub(super) factor: Option<Ratio>,
    pub(super) base: Option<BaseWord>,
}

words!(UngroupedMode {
    Ratio,
    Actual,
    Zero,
    ByItem
});

table!(ScopeTable { days: DaysFile });

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "a key with one legal value is checked by its type alone")]
pub(super) struct DaysFile {
    pub(super) count: DaysCount,
    pub(super) exclude: Vec<(DaysEdge, u32)>,
    pub(super) then: DaysThen,
}

words!(DaysCount {
    DischargeMinusAdmission
});
words!(DaysThen { ByItem });

/// How a stay is held against a number of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum DaysEdge {
    #[serde(rename = "<")]
    Below,
    #[serde(rename = "<=")]
    AtOrBelow,
    #[serde(rename = ">")]
    Above,
    #[serde(rename = ">=")]
    AtOrAbove,
}

table!(FundTable {
    formula: FundFormula,
    negative: FundNegative,
});

words!(FundFormula { Subtract });
words!(FundNegative { Keep });

table!(PoolTable {
    key: Vec<PoolKey>,
    includes: Vec<PoolFund>,
    basis: PoolBasis,
    amount_cases: AmountCases,
});

words!(PoolKey { InsuredScheme });
words!(PoolBasis { TotalCost, Standard });
words!(AmountCases { DeductFirst });

/// A fund whose money may be in a pool (基金); every other payment is non-fund to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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
words!(PvPayDp { None });
words!(Allocate { HospitalThenCase });
words!(Residual { LargestRemainder });

table!(ClearTable { cap: Option<CapFile>, reflow: Option<Reflow> });

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
}
