//! The benefit file as written (待遇参数文件): its sections, keys and closed words.
//!
//! This is the schema: a key that is not here is an error with its line. Keys marked *carried*
//! are read, checked and kept, but no amount of a slip is computed from them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

pub use super::claim::{Area, Care, Facility};
use super::dated::{Days, Headed, Overlays, Row, Rows};
pub use super::head::{Document, Standing};
use super::head::{Extends, head};
use super::literal::{Band, Cells, Change, Day, Ids, Known, Limit, Lit, Literal, Share};
use crate::diagnostics::Evidence;
use crate::units::Fen;

/// A whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub file: Head,
    #[serde(default)]
    pub income: Income,
    #[serde(default)]
    pub doc: Vec<Document>,
    #[serde(default)]
    pub lists: BTreeMap<String, DiseaseList>,
    #[serde(default)]
    pub rules: Rules,
    pub inpatient: Option<Inpatient>,
    pub cii: Option<Cii>,
    #[serde(default)]
    pub assist: Tiers,
    #[serde(default)]
    pub tail: Tiers,
    #[serde(default)]
    pub outpatient: Outpatient,
    #[serde(default)]
    pub account: Account,
    /// Carried: what plans cost and who subsidises them.
    #[serde(default)]
    pub finance: toml::Table,
    /// Carried: who may enrol, when, and from which day the benefits run.
    #[serde(default)]
    pub enrolment: toml::Table,
}

head! {
    /// The head: place, scheme, and the closed words of this place.
    Head {
        scheme: Option<String>,
        /// The file of national bounds, from this file's folder; `none` where it is stated that
        /// there are none.
        bounds: Option<String>,
        levels: Option<Vec<super::Level>>,
        statuses: Option<Vec<super::Status>>,
        identity_order: Option<Vec<String>>,
        #[serde(default)]
        groups: BTreeMap<String, Vec<String>>,
    }
}

impl Extends for File {
    fn schema(&self) -> u8 {
        self.file.schema
    }

    fn extends(&self) -> Option<&str> {
        self.file.extends.as_deref()
    }
}

/// A named list of diseases by ICD-10 prefixes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiseaseList {
    pub prefixes: Lit<Known<Vec<String>>>,
    #[serde(default)]
    pub doc: Ids,
    pub evidence: Evidence,
    pub note: Option<String>,
}

/// Disposable income per head by the year earned.
#[derive(Clone, Debug, Default)]
pub struct Income {
    pub by_year: BTreeMap<u16, Fen>,
    pub evidence: Option<Evidence>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    #[serde(default)]
    pub chain: Rows<ChainRow>,
    #[serde(default)]
    pub dates: Rows<DatesRow>,
    /// Who is treated first and pays later: no deposit is due.
    #[serde(default)]
    pub treat_first: Rows<CategoriesRow>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inpatient {
    pub scale: Option<BasicShape>,
    #[serde(default)]
    pub deductible: Rows<DeductibleRow>,
    #[serde(default)]
    pub deductible_nth: Rows<NthRow>,
    #[serde(default)]
    pub deductible_limit: Rows<LimitRow>,
    #[serde(default)]
    pub ratio: Rows<RatioRow>,
    #[serde(default)]
    pub bands: Rows<BandsRow>,
    #[serde(default)]
    pub ratio_adjust: Rows<ChangeRow>,
    #[serde(default)]
    pub cap: Rows<CapRow>,
    #[serde(default)]
    pub deductible_waive: Rows<WaiveRow>,
    #[serde(default)]
    pub item_ratio: Rows<ItemRatioRow>,
    #[serde(default)]
    pub floor: Rows<FloorRow>,
    #[serde(default)]
    pub out_of_area: Rows<AreaRow>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cii {
    #[serde(default)]
    pub rules: Rows<CiiRuleRow>,
    #[serde(default)]
    pub ordinary: CiiScale,
    #[serde(default)]
    pub tilt: CiiScale,
    #[serde(default)]
    pub special_drug: Rows<SpecialDrugRow>,
}

/// Outpatient care, a section a scheme.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outpatient {
    #[serde(default)]
    pub general: Scheme,
    #[serde(default)]
    pub two_disease: Scheme,
    #[serde(default)]
    pub chronic: Scheme,
    #[serde(default)]
    pub quota: Quota,
    #[serde(default)]
    pub major: Major,
    /// Payers after the scheme, as in `rules.chain`; without it the scheme alone pays.
    #[serde(default)]
    pub chain: Rows<ChainRow>,
}

/// Deductible, ratio and cap of an outpatient scheme.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    #[serde(default)]
    pub deductible: Rows<DeductibleRow>,
    #[serde(default)]
    pub ratio: Rows<RatioRow>,
    #[serde(default)]
    pub cap: Rows<SchemeCapRow>,
}

/// An amount a year for each head, spent as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    #[serde(default)]
    pub amount: Rows<QuotaRow>,
    #[serde(default)]
    pub carry: Rows<CarryRow>,
}

/// Major diseases treated as outpatient care and paid as stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Major {
    #[serde(default)]
    pub as_inpatient: Rows<MajorRow>,
}

/// What the personal account may pay.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    #[serde(default)]
    pub pays: Rows<AccountRow>,
}

/// The ordinary scale, or the tilt scale with its categories.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CiiScale {
    pub scale: Option<Shape>,
    #[serde(default)]
    pub categories: Rows<CategoriesRow>,
    #[serde(default)]
    pub threshold: Rows<ThresholdRow>,
    #[serde(default)]
    pub bands: Rows<BandsRow>,
    #[serde(default)]
    pub cap: Rows<LimitRow>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    #[serde(default)]
    pub tiers: Rows<TierRow>,
}

/// Rows of an overlay take the place of the rows below; its other keys take it whole.
macro_rules! lay_over {
    ($below:ident, $above:ident, $overlays:ident; rows $($($row:ident).+ = $path:literal),*; whole $($($key:ident).+),*) => {
        $( $below.$($row).+.lay_over($path, $above.$($row).+, $overlays); )*
        $( if $above.$($key).+.is_some() { $below.$($key).+ = $above.$($key).+; } )*
    };
}

impl Rules {
    pub fn lay_over(&mut self, above: Rules, overlays: &mut Overlays) {
        lay_over!(self, above, overlays; rows chain = "rules.chain", dates = "rules.dates", treat_first = "rules.treat_first"; whole);
    }
}

impl Inpatient {
    pub fn lay_over(&mut self, above: Inpatient, overlays: &mut Overlays) {
        lay_over!(self, above, overlays;
            rows
                deductible = "inpatient.deductible",
                deductible_nth = "inpatient.deductible_nth",
                deductible_limit = "inpatient.deductible_limit",
                ratio = "inpatient.ratio",
                bands = "inpatient.bands",
                ratio_adjust = "inpatient.ratio_adjust",
                cap = "inpatient.cap",
                deductible_waive = "inpatient.deductible_waive",
                item_ratio = "inpatient.item_ratio",
                floor = "inpatient.floor",
                out_of_area = "inpatient.out_of_area";
            whole scale);
    }
}

impl Cii {
    pub fn lay_over(&mut self, above: Cii, overlays: &mut Overlays) {
        lay_over!(self, above, overlays;
            rows
                rules = "cii.rules",
                ordinary.categories = "cii.ordinary.categories",
                ordinary.threshold = "cii.ordinary.threshold",
                ordinary.bands = "cii.ordinary.bands",
                ordinary.cap = "cii.ordinary.cap",
                tilt.categories = "cii.tilt.categories",
                tilt.threshold = "cii.tilt.threshold",
                tilt.bands = "cii.tilt.bands",
                tilt.cap = "cii.tilt.cap",
                special_drug = "cii.special_drug";
            whole ordinary.scale, tilt.scale);
    }
}

impl Outpatient {
    pub fn lay_over(&mut self, above: Outpatient, overlays: &mut Overlays) {
        lay_over!(self, above, overlays;
            rows
                general.deductible = "outpatient.general.deductible",
                general.ratio = "outpatient.general.ratio",
                general.cap = "outpatient.general.cap",
                two_disease.deductible = "outpatient.two_disease.deductible",
                two_disease.ratio = "outpatient.two_disease.ratio",
                two_disease.cap = "outpatient.two_disease.cap",
                chronic.deductible = "outpatient.chronic.deductible",
                chronic.ratio = "outpatient.chronic.ratio",
                chronic.cap = "outpatient.chronic.cap",
                quota.amount = "outpatient.quota.amount",
                quota.carry = "outpatient.quota.carry",
                major.as_inpatient = "outpatient.major.as_inpatient",
                chain = "outpatient.chain";
            whole);
    }
}

impl Account {
    pub fn lay_over(&mut self, above: Account, overlays: &mut Overlays) {
        lay_over!(self, above, overlays; rows pays = "account.pays"; whole);
    }
}

impl Head {
    pub fn lay_over(&mut self, above: Head) -> Result<(), String> {
        self.place = above.place;
        self.status = above.status;
        // the older comparison is what the values together can claim
        self.checked_on = self.checked_on.min(above.checked_on);
        for (name, members) in above.groups {
            // a name that changed its meaning would change rows the overlay does not name
            if self.groups.contains_key(&name) {
                return Err(format!(
                    "`file.groups`: `{name}` already has a meaning in a file below"
                ));
            }
            self.groups.insert(name, members);
        }
        macro_rules! whole {
            ($($key:ident),*) => { $( if above.$key.is_some() { self.$key = above.$key; } )* };
        }
        whole!(scheme, bounds, plans, levels, statuses, identity_order);
        Ok(())
    }
}

macro_rules! closed_words {
    ($( $(#[$doc:meta])* $name:ident { $($variant:ident),* } )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant),* }
    )*};
}

closed_words! {
    /// Band edges on the amount with (gross) or above (excess) the threshold.
    Basis { Gross, Excess }
    /// Each band its own ratio, or one ratio for all.
    Kind { Marginal, Slab }
    /// Whether an amount equal to an edge belongs to the lower band; only slab cares.
    Edge { UpperIn, UpperOut }
    /// Bands start anew with each claim, or run on through the year.
    Position { Claim, Year }
    /// What a deductible is charged for.
    Per { Admission, Year, YearlyHighest }
    /// What a cap limits.
    CapOn { Payout, Base }
    /// The days a parameter can be chosen by.
    ParamDate { Admission, Discharge, Settlement, Service }
    /// The year of a stay over the turn of the year.
    YearCrossing { WholeByDischarge, WholeBySettlement, SplitByLineDate, ForcedYearend, PatientChoice }
    /// What a claim is held against: this bill's deductible, or the year's.
    TierPer { Claim, Year }
    /// What a floor is a part of.
    FloorBase { Scope, Total }
    /// Since when a category gained in the year has the tilt scale.
    TiltSpan { Onward, WholeYear }
    /// How long an unspent quota lasts.
    Carry { UntilSpent }
    /// What is spent first.
    CarryOrder { BeforePooling, AfterPooling }
    /// Whose yearly cap counts outpatient care of major diseases.
    MajorCap { SharedWithInpatient }
    /// Parts of the person's share that an account may pay.
    AccountPart { Scope, Pre, Oos }
    /// Parts of the bill that enter critical illness insurance.
    CiiPart { ScopeLeft, Pre }
    /// Whether what basic insurance left unpaid for its cap enters critical illness insurance.
    OverCap { Included, Excluded }
    /// What happens when the scale changes inside the year.
    OnChange { Difference, Grandfather, Consumed, Recompute }
    /// The part of the bill a tier works on.
    TierBase { ScopeLeft, ScopeLeftYear, TotalLeft, Oos, OosPre }
    /// Whose cap it is: the person's, the family's, or the person's for each kind of care.
    CapUnit { Person, Family, Kind }
    /// How long a cap lasts.
    CapPeriod { Claim, Year }
    /// Age classes.
    Age { Minor, Adult }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicShape {
    pub basis: Basis,
    pub kind: Kind,
    pub edge: Option<Edge>,
    pub position: Position,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    pub basis: Basis,
    pub kind: Kind,
    pub edge: Option<Edge>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParamDates {
    /// For every purpose that has no word of its own.
    pub all: ParamDate,
    pub basic: Option<ParamDate>,
    pub cii: Option<ParamDate>,
    pub assist: Option<ParamDate>,
    pub tail: Option<ParamDate>,
    /// Category, age, status.
    pub person: Option<ParamDate>,
}

/// A product in place of an amount: reference amount × ratio, rounded once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PercentOf {
    pub reference: Lit<Fen>,
    pub ratio: Lit<Share>,
}

/// A part of the in-scope cost in place of an amount, between two edges.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PercentOfScope {
    pub ratio: Lit<Share>,
    pub min: Lit<Fen>,
    pub max: Lit<Limit>,
}

/// A part of a year's income in place of an amount.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfIncome {
    pub year: u16,
    pub ratio: Lit<Share>,
}

/// The deductible of the nth admission: a factor of the first one's, or its own value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NthStep {
    pub n: u32,
    pub factor: Option<Lit<Share>>,
    pub value: Option<Cells<Fen>>,
    pub table: Option<Cells<Fen>>,
}

/// A condition on person and claim; every key that is written must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhenText {
    pub plans: Option<Vec<String>>,
    pub levels: Option<Vec<String>>,
    pub age: Option<Age>,
    pub status: Option<super::Status>,
    pub categories: Option<Vec<String>>,
    pub disease_list: Option<String>,
    pub facility: Option<Facility>,
    pub area: Option<Area>,
    pub referral: Option<bool>,
    pub same_hospital: Option<bool>,
    pub nth_from: Option<u32>,
    pub total_over: Option<Lit<Fen>>,
    pub student_entry_year: Option<bool>,
}

impl OnChange {
    /// The word itself, if it is one of these.
    pub fn word(text: &str) -> Option<&'static str> {
        let all = [
            OnChange::Difference,
            OnChange::Grandfather,
            OnChange::Consumed,
            OnChange::Recompute,
        ];
        all.map(OnChange::as_str).into_iter().find(|word| *word == text)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            OnChange::Difference => "difference",
            OnChange::Grandfather => "grandfather",
            OnChange::Consumed => "consumed",
            OnChange::Recompute => "recompute",
        }
    }
}

macro_rules! rows {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$field_doc:meta])* $field:ident : $type:ty ),* $(,)? } )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            from: Day,
            to: Option<Day>,
            #[serde(default)]
            doc: Ids,
            clause: Option<String>,
            evidence: Evidence,
            note: Option<String>,
            #[serde(rename = "checked_on")]
            _checked_on: Option<Day>,
            $( $(#[$field_doc])* pub $field: $type, )*
        }

        impl Headed for $name {
            fn days(&self) -> Days {
                Days { from: self.from.0, to: self.to.map_or(Date::MAX, |day| day.0) }
            }

            fn set_days(&mut self, days: Days) {
                self.from = Day(days.from);
                self.to = (days.to != Date::MAX).then_some(Day(days.to));
            }

            fn source(&self) -> super::Source {
                super::Source {
                    doc: self.doc.0.clone(),
                    clause: self.clause.clone(),
                    evidence: self.evidence,
                    note: self.note.clone(),
                }
            }

            fn set_evidence(&mut self, evidence: Evidence) {
                self.evidence = evidence;
            }
        }
    )*};
}

rows! {
    /// The order of the payers.
    ChainRow { value: Vec<String> }
    /// Which day picks the parameters, and which year a stay belongs to.
    DatesRow {
        param_date: ParamDates,
        year_crossing: YearCrossing,
    }
    /// The person's first part of a stay.
    DeductibleRow {
        per: Option<Per>,
        value: Option<Cells<Known<Fen>>>,
        table: Option<Cells<Known<Fen>>>,
        percent_of: Option<PercentOf>,
        percent_of_scope: Option<PercentOfScope>,
        #[serde(default)]
        facility: BTreeMap<Facility, Lit<Share>>,
    }
    /// Deductibles of later admissions.
    NthRow { value: Lit<Known<Vec<NthStep>>> }
    /// The most that is paid or charged.
    LimitRow { value: Option<Cells<Known<Limit>>>, table: Option<Cells<Known<Limit>>> }
    /// The fund's ratio.
    RatioRow {
        value: Option<Cells<Known<Share>>>,
        table: Option<Cells<Known<Share>>>,
        delta: Option<Cells<Change>>,
    }
    /// Ratios by band.
    BandsRow {
        value: Option<Cells<Known<Vec<Band>>>>,
        table: Option<Cells<Known<Vec<Band>>>>,
        /// Only on a tilt scale: the ordinary bands, moved by this.
        on_ordinary: Option<Lit<Change>>,
    }
    /// A deductible that is cut or dropped for some.
    WaiveRow { #[serde(default)] when: WhenText, factor: Lit<Share> }
    /// A class of items with its own ratio.
    ItemRatioRow {
        class: String,
        value: Option<Cells<Known<Share>>>,
        table: Option<Cells<Known<Share>>>,
    }
    /// The least that basic insurance pays.
    FloorRow { #[serde(default)] when: WhenText, base: FloorBase, ratio: Lit<Known<Share>> }
    /// Terms of care out of the area.
    AreaRow {
        #[serde(default)]
        when: WhenText,
        change: Option<Lit<Known<Change>>>,
        first_bear: Option<Lit<Known<Share>>>,
        then_level: Option<super::Level>,
    }
    /// Special drugs: a second ledger of critical illness insurance.
    SpecialDrugRow {
        threshold: Lit<Known<Fen>>,
        #[serde(default)]
        zero_threshold_for: Vec<String>,
        ratio: Lit<Known<Share>>,
        cap: Lit<Known<Limit>>,
    }
    /// The yearly cap of an outpatient scheme: by plan and level, or by disease.
    SchemeCapRow {
        value: Option<Cells<Known<Limit>>>,
        table: Option<Cells<Known<Limit>>>,
        per_extra_disease: Option<Lit<Fen>>,
        shared_with: Option<Care>,
    }
    /// The quota of a year.
    QuotaRow { value: Lit<Known<Fen>> }
    /// What becomes of an unspent quota.
    CarryRow {
        #[serde(rename = "value")]
        _value: Carry,
        order: CarryOrder,
    }
    /// Major diseases as stays.
    MajorRow { value: bool, deductible_per: Per, cap: MajorCap }
    /// What an account may pay.
    AccountRow { value: Vec<AccountPart> }
    /// A change of the ratio for some persons.
    ChangeRow { #[serde(default)] when: WhenText, change: Lit<Known<Change>> }
    /// The yearly cap of basic insurance.
    CapRow {
        on: CapOn,
        value: Option<Cells<Known<Limit>>>,
        table: Option<Cells<Known<Limit>>>,
    }
    /// What critical illness insurance counts, and what it does when its scale changes.
    CiiRuleRow { base: Vec<CiiPart>, over_cap: OverCap, on_change: OnChange, allow_negative: bool, tilt_span: Option<TiltSpan> }
    /// Who has the tilt scale.
    CategoriesRow { value: Vec<String> }
    /// Where critical illness insurance begins.
    ThresholdRow { value: Option<Lit<Known<Fen>>>, formula: Option<String> }
    /// One row of assistance or of a tail tier.
    TierRow {
        id: String,
        group: Option<String>,
        #[serde(default)]
        when: WhenText,
        base: TierBase,
        threshold: Option<Lit<Known<Fen>>>,
        deductible: Option<Lit<Known<Fen>>>,
        threshold_of_income: Option<OfIncome>,
        deductible_per: Option<TierPer>,
        ratio: Option<Cells<Known<Share>>>,
        kind: Option<Kind>,
        basis: Option<Basis>,
        edge: Option<Edge>,
        bands: Option<Lit<Known<Vec<Band>>>>,
        cap: Lit<Known<Limit>>,
        cap_unit: CapUnit,
        cap_period: CapPeriod,
        payer: super::Payer,
    }
}

impl Row for ChainRow {}
impl Row for DatesRow {}
impl Row for DeductibleRow {}
impl Row for NthRow {}
impl Row for LimitRow {}
impl Row for RatioRow {}
impl Row for BandsRow {}
impl Row for CapRow {}
impl Row for CiiRuleRow {}
impl Row for CategoriesRow {}
impl Row for ThresholdRow {}
impl Row for SpecialDrugRow {}
impl Row for SchemeCapRow {}
impl Row for QuotaRow {}
impl Row for CarryRow {}
impl Row for MajorRow {}
impl Row for AccountRow {}

impl Row for ItemRatioRow {
    fn same_rule(&self, other: &ItemRatioRow) -> bool {
        self.class == other.class
    }

    fn gives_way_to(&self, overlay: &ItemRatioRow) -> bool {
        self.class == overlay.class
    }
}

/// Rows that each stand under a condition: one condition, one rule.
macro_rules! under_conditions {
    ($($row:ident),*) => {$(
        impl Row for $row {
            fn same_rule(&self, other: &$row) -> bool {
                self.when == other.when
            }

            fn gives_way_to(&self, overlay: &$row) -> bool {
                self.when == overlay.when
            }
        }
    )*};
}

under_conditions!(ChangeRow, WaiveRow, FloorRow, AreaRow);

impl Row for TierRow {
    fn same_rule(&self, other: &TierRow) -> bool {
        self.id == other.id && self.when == other.when
    }

    fn gives_way_to(&self, overlay: &TierRow) -> bool {
        self.id == overlay.id || (self.group.is_some() && self.group == overlay.group)
    }
}

impl Literal for Vec<NthStep> {
    const EXPECTED: &'static str = "a list of steps, e.g. [{ n = 1, factor = \"100%\" }]";

    fn parse(text: &str) -> Result<Vec<NthStep>, String> {
        Err(format!("`{text}` is refused; expected {}", Self::EXPECTED))
    }

    fn list<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Vec<NthStep>, A::Error> {
        let mut steps: Vec<NthStep> = Vec::new();
        while let Some(step) = seq.next_element::<NthStep>()? {
            let next = steps.last().map_or(step.n == 1, |last| last.n < step.n);
            if !next {
                return Err(A::Error::custom("the steps must begin with `n = 1` and ascend"));
            }
            steps.push(step);
        }
        if steps.is_empty() {
            return Err(A::Error::invalid_length(0, &Self::EXPECTED));
        }
        Ok(steps)
    }

    fn show(&self) -> String {
        let steps: Vec<String> = self.iter().map(|step| step.n.to_string()).collect();
        format!("steps from admission {}", steps.join(", "))
    }
}

impl<'de> Deserialize<'de> for Income {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Income, D::Error> {
        struct IncomeVisitor;
        impl<'de> Visitor<'de> for IncomeVisitor {
            type Value = Income;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("amounts by year, e.g. { 2019 = \"28920 yuan\", evidence = \"official\" }")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Income, A::Error> {
                let mut income = Income::default();
                while let Some(key) = map.next_key::<String>()? {
                    income.take(&key, &mut map)?;
                }
                Ok(income)
            }
        }
        deserializer.deserialize_map(IncomeVisitor)
    }
}

impl Income {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "evidence" => self.evidence = Some(map.next_value()?),
            "note" => {
                map.next_value::<String>()?;
            }
            year => {
                let year: u16 = year.parse().map_err(|_| {
                    A::Error::custom(format!("unknown key `{key}`; expected a year, evidence or note"))
                })?;
                self.by_year.insert(year, map.next_value::<Lit<Fen>>()?.0);
            }
        }
        Ok(())
    }
}
