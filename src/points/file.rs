//! The pack as it is written (政策包文件): words and numbers with their types, nothing decided yet.
//!
//! Which keys exist and which are required stands in `schema`; these shapes give them types.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use toml::value::Datetime;

use super::file_money::{
    AddonTable, AssessTable, BudgetTable, ClearTable, FundTable, PenaltyTable, PoolTable, RoundTable,
    SpecialTable,
};
use super::file_stay::{
    BedDayTable, CostTable, DayCareTable, ReadmitTable, ScopeTable, TcmTable, TransferTable,
};
use super::file_time::{AdvanceTable, MonthTable, OverrideTable, ReportTable, TimeTable};
use crate::diagnostics::Evidence;
use crate::units::{Rate, Ratio};

/// Keys of one table that are known less well than the table's document.
pub(super) type Weaker = BTreeMap<String, Evidence>;

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
    bedday: Option<BedDayTable>,
    readmit: Option<ReadmitTable>,
    transfer: Option<TransferTable>,
    daycare: Option<DayCareTable>,
    tcm: Option<TcmTable>,
    cost: CostTable,
    fund: FundTable,
    budget: BudgetTable,
    pool: PoolTable,
    addon: Option<AddonTable>,
    special: Option<SpecialTable>,
    round: RoundTable,
    clear: ClearTable,
    assess: Option<AssessTable>,
    penalty: Option<PenaltyTable>,
    month: Option<MonthTable>,
    advance: Option<AdvanceTable>,
    time: Option<TimeTable>,
    report: Option<ReportTable>,
    r#override: Option<OverrideTable>,
});

impl PackFile {
    /// Every table that names a document, with its keys' weaker evidence.
    pub(super) fn provenance(&self) -> Vec<(&'static str, &str, &Weaker)> {
        macro_rules! of {
            ($($name:literal $table:ident),*) => { vec![$(($name, self.$table.meta.as_str(), &self.$table.weaker)),*] };
        }
        macro_rules! if_there {
            ($($name:literal $table:ident),*) => { [$(self.$table.as_ref().map(|t| ($name, t.meta.as_str(), &t.weaker))),*] };
        }
        let mut tables = vec![("", self.meta.as_str(), &self.weaker)];
        tables.extend(of!("case" case, "price" price, "weight" weight, "group" group, "coef" coef));
        tables.extend(of!("outlier" outlier, "ungrouped" ungrouped));
        tables.extend(
            if_there!("scope" scope, "bedday" bedday, "readmit" readmit)
                .into_iter()
                .flatten(),
        );
        tables.extend(
            if_there!("transfer" transfer, "daycare" daycare, "tcm" tcm)
                .into_iter()
                .flatten(),
        );
        tables.extend(of!("cost" cost, "fund" fund, "budget" budget, "pool" pool));
        tables.extend(if_there!("addon" addon, "special" special).into_iter().flatten());
        tables.extend(of!("round" round, "clear" clear));
        tables.extend(
            if_there!("assess" assess, "penalty" penalty, "month" month)
                .into_iter()
                .flatten(),
        );
        tables.extend(if_there!("advance" advance, "time" time).into_iter().flatten());
        tables.extend(
            if_there!("report" report, "override" r#override)
                .into_iter()
                .flatten(),
        );
        tables
    }
}

/// How points become money (公式类别).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum FormulaClass {
    /// Points share the fund's money (基金池).
    V1,
    /// Points share a pool of total fees (总费用池): the fund's money and the patients'.
    V2,
    /// Points share the fund's money grossed up by the payment ratio (按支付比例放大).
    V3,
    /// A fixed rate makes standards, which may be scaled to the pool (固定费率后按总额折算).
    V4,
}

impl FormulaClass {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            FormulaClass::V1 => "V1",
            FormulaClass::V2 => "V2",
            FormulaClass::V3 => "V3",
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
    pub(super) bed_day: Option<BedDayMethod>,
    pub(super) day_care: Option<DayCareMethod>,
}

words!(
    /// What a case is paid by.
    MethodWord { DrgWeight, DrgPoints, DipScore, Table, Item, Quota }
);
words!(BedDayMethod {
    #[serde(rename = "bedday")]
    BedDay
});
words!(DayCareMethod { Share, Quota, Item });

words!(
    /// A test of the classification.
    #[derive(PartialOrd, Ord)]
    Test {
        Scope,
        Days,
        Tcm,
        #[serde(rename = "bedday")]
        BedDay,
        #[serde(rename = "daycare")]
        DayCare,
        Ungrouped,
        Unpriced,
        Incomplete,
        Outlier,
    }
);

table!(PriceTable {
    model: PriceModel,
    scale: Ratio,
    rate: Option<RateFile>,
    k_may_exceed_one: Option<bool>,
    table: Option<String>,
    keys: Option<Vec<Vec<String>>>,
    nonlocal: Option<Vec<NonlocalFile>>,
});

words!(
    /// When the price of a point is known.
    PriceModel { Fixed, Floating, FixedThenScaled, Table, Preset }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NonlocalFile {
    pub(super) from: DateFile,
    pub(super) rule: NonlocalRule,
}

words!(
    /// The price of a person insured elsewhere.
    NonlocalRule { Same, ByInsuredPlace, Common }
);

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
    catalogue_scale: Ratio,
    columns: Option<BTreeMap<String, String>>,
    year_mix: Option<Vec<Ratio>>,
    parameter: Option<Rate>,
    reference: Option<String>,
});

words!(
    /// What a weight of one stands for.
    WeightBase { CityMean, FixedParameter, ReferenceDisease, Quota }
);

table!(GroupTable {
    unstable_pay: UnstablePay,
    zero_score_pay: ZeroPay,
    attr: Option<BTreeMap<String, AttributeFile>>,
    same_price: Option<SamePriceFile>,
});

/// A kind of group that skips some of the hospital's coefficients.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttributeFile {
    pub(super) skip: Vec<CoefKind>,
    pub(super) at: Option<Vec<String>>,
    pub(super) list: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SamePriceFile {
    pub(super) mode: SamePriceMode,
    pub(super) list: Option<String>,
}

words!(
    /// What stands in place of the hospital's coefficient in a group of one price.
    SamePriceMode { Off, CoefOne, OwnCoef }
);

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
    keys: Option<Vec<Vec<String>>>,
    by_insurance: Option<bool>,
    aux: Option<AuxFile>,
});

words!(
    /// A factor of the hospital's coefficient.
    #[derive(PartialOrd, Ord)]
    CoefKind { Level, Hospital, HospitalXGroup, Incentive, Table }
);
words!(
    /// How the factors become one.
    Compose { Product, BasePlusAddons }
);
words!(
    /// A factor that is not there.
    Missing { Error, OneWithWarning }
);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CoefValues {
    pub(super) level: Option<FactorsFile>,
    pub(super) hospital: Option<FactorsFile>,
    pub(super) hospital_x_group: Option<FactorsFile>,
    pub(super) incentive: Option<FactorsFile>,
    pub(super) table: Option<FactorsFile>,
}

/// The name of a CSV file, or factors by name, or by insurance and name.
#[derive(Clone, Debug)]
pub(super) enum FactorsFile {
    File(String),
    Values(BTreeMap<String, FactorFile>),
}

/// One factor, or factors by name.
#[derive(Clone, Debug)]
pub(super) enum FactorFile {
    One(Ratio),
    By(BTreeMap<String, Ratio>),
}

impl<'de> Deserialize<'de> for FactorsFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FactorsFile, D::Error> {
        deserializer.deserialize_any(FactorsVisitor)
    }
}

struct FactorsVisitor;

impl<'de> Visitor<'de> for FactorsVisitor {
    type Value = FactorsFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a CSV file, or a table of factors as text, e.g. { H001 = \"0.92\" }")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<FactorsFile, E> {
        Ok(FactorsFile::File(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FactorsFile, A::Error> {
        let mut factors = BTreeMap::new();
        while let Some((key, factor)) = map.next_entry::<String, FactorFile>()? {
            factors.insert(key, factor);
        }
        Ok(FactorsFile::Values(factors))
    }
}

impl<'de> Deserialize<'de> for FactorFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FactorFile, D::Error> {
        deserializer.deserialize_any(FactorVisitor)
    }
}

struct FactorVisitor;

impl<'de> Visitor<'de> for FactorVisitor {
    type Value = FactorFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a ratio as text, e.g. \"0.92\", or a table of them by insurance")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<FactorFile, E> {
        text.parse().map(FactorFile::One).map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<FactorFile, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FactorFile, A::Error> {
        let mut factors = BTreeMap::new();
        while let Some((key, factor)) = map.next_entry::<String, Ratio>()? {
            factors.insert(key, factor);
        }
        Ok(FactorFile::By(factors))
    }
}

/// Auxiliary coefficients: the families that count, which of several wins, and their values.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuxFile {
    pub(super) kinds: Vec<String>,
    pub(super) pick: AuxPick,
    pub(super) table: String,
}

words!(
    /// Which of several auxiliary coefficients counts.
    AuxPick { Max, Product }
);

table!(OutlierTable {
    from: OutlierFrom,
    base: BaseWord,
    base_includes: Vec<BaseIncludes>,
    mean_price: Option<String>,
    table: Option<String>,
    keys: Option<Vec<Vec<String>>>,
    zero_base: Option<ZeroBase>,
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
words!(
    /// Whether more than the standard is paid at once, or after a review only.
    Approval { Auto, Review }
);
words!(
    /// A case whose cost is held against nothing.
    ZeroBase { Error, Normal }
);
words!(
    /// What a case's cost is held against.
    BaseWord { Standard, GroupMean, LevelMeanLastYear, Table, ScoreXMeanPrice }
);
words!(
    /// Factors that are part of what a cost is held against.
    BaseIncludes { Aux, OwnCoef, Coef }
);
words!(
    /// Whether the low threshold shrinks with the coefficient.
    LowRule { Flat, #[serde(rename = "min_1_coef")] MinOneCoef }
);
words!(
    /// Payment of a low multiple.
    LowPay { Actual, BaseXRatio, CostXControl, CostAtPrice, ByItem }
);
words!(
    /// Payment of a high multiple.
    HighPay { ExcessCoef, ExcessPlain, Deduct, Cap, ByItem, Standard, Review }
);
words!(
    /// Payment of an extreme multiple.
    ExtremePay { CoefOnly, ByItem, Review, Off }
);
words!(HighBy {
    Flat,
    Rw,
    Points,
    Percentile
});
words!(
    /// What a percentile ranks.
    RankBy { Cost, Ratio }
);
words!(
    /// The cases among which a percentile is taken.
    RankOf { Group, Hospital, Pool }
);
words!(
    /// The time over which it is taken.
    RankOver { Month, Year }
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HighFile {
    pub(super) by: HighBy,
    pub(super) k: Option<Ratio>,
    pub(super) bands: Option<Vec<(String, Ratio)>>,
    pub(super) band_edge: Option<LowEdge>,
    pub(super) top: Option<Ratio>,
    pub(super) rank: Option<RankBy>,
    pub(super) of: Option<RankOf>,
    pub(super) over: Option<RankOver>,
    pub(super) round: Option<super::file_money::QuotaRound>,
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

table!(UngroupedTable { pay: UngroupedFile, blank: Option<BlankAs> });

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UngroupedFile {
    pub(super) mode: UngroupedMode,
    pub(super) factor: Option<Ratio>,
    pub(super) base: Option<BaseWord>,
    pub(super) points: Option<Ratio>,
}

words!(
    /// What a case of the blank group is paid as.
    BlankAs { Group, Ungrouped }
);

words!(
    /// What a case without a group is paid.
    UngroupedMode { Ratio, Actual, Zero, ByItem, Fixed, Return }
);
