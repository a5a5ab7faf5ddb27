//! What a person has used up this year (年度累计): counters, and the movements that made them.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::Date;

use super::claim::{Care, Condition};
use super::dated::Days;
use super::file::CapUnit;
use super::name::Name;
use crate::units::Fen;

/// A place in the list of counters (累计量序号).
pub type Slot = usize;

/// Counters that every policy has, in the order of a person's list.
pub mod slots {
    use super::Slot;

    pub const ADMISSIONS: Slot = 0;
    pub const DEDUCTIBLE_USED: Slot = 1;
    pub const TOTAL: Slot = 2;
    pub const SCOPE: Slot = 3;
    /// In-scope cost that basic insurance counted: where the year's bands stand (gross).
    pub const BASIC_BASE: Slot = 4;
    /// The same above the deductibles (excess).
    pub const BASIC_ABOVE: Slot = 5;
    pub const BASIC_PAID: Slot = 6;
    pub const CII_BASE: Slot = 7;
    /// Rounded up to the fen: half a threshold may end in half a fen.
    pub const CII_DEDUCTIBLE_USED: Slot = 8;
    pub const CII_PAID: Slot = 9;
    pub const DRUG_BASE: Slot = 10;
    pub const DRUG_PAID: Slot = 11;
    pub const QUOTA_LEFT: Slot = 12;
    pub const QUOTA_GRANTED: Slot = 13;
    /// Bills of the two-disease scheme by disease, in the order of `Condition::ALL`.
    pub const CONDITIONS: Slot = 14;
    /// Deductible used and amount paid of each outpatient scheme.
    pub const OUTPATIENT: Slot = 17;

    pub const NAMES: [&str; 17] = [
        "admissions",
        "ded_used",
        "total_year",
        "scope_year",
        "basic_base",
        "basic_above",
        "basic_paid",
        "cii_base",
        "cii_ded_used",
        "cii_paid",
        "drug_base",
        "drug_paid",
        "quota_left",
        "quota_granted",
        "two_disease_bills.hypertension",
        "two_disease_bills.diabetes",
        "two_disease_bills.insulin",
    ];
}

/// Counters of the first stay at each hospital carry its name behind this.
pub const AT_HOSPITAL: &str = "admissions_at.";

/// Whether a counter of that name counts; the others are amounts (计数累计量).
pub fn is_number(name: &str) -> bool {
    name.starts_with("admissions") || name.starts_with("two_disease_bills")
}

/// The counter of bills of one disease of the two-disease scheme.
pub fn condition(condition: Condition) -> Slot {
    let place = Condition::ALL.iter().position(|known| *known == condition);
    slots::CONDITIONS + place.unwrap_or_default()
}

/// Every counter of a policy with its name (累计量清单), so that a counter is a number.
#[derive(Clone, Debug)]
pub struct Layout {
    pub names: Vec<Name>,
    /// Counters that a family shares.
    pub of_family: Vec<Slot>,
}

impl Default for Layout {
    fn default() -> Layout {
        let schemes = Care::OUTPATIENT.iter().flat_map(|care| {
            ["opd_ded", "opd_paid"].map(|what| Name::of(&format!("{what}.{}", care.as_str())))
        });
        Layout {
            names: slots::NAMES
                .iter()
                .map(|name| Name::of(name))
                .chain(schemes)
                .collect(),
            of_family: Vec::new(),
        }
    }
}

/// The counters of one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierSlots {
    pub base: Slot,
    /// The first of one for each kind of care, where the cap is kept by kind.
    paid: Slot,
    by_kind: bool,
}

impl TierSlots {
    pub fn paid(self, care: Care) -> Slot {
        if self.by_kind {
            self.paid + care.index()
        } else {
            self.paid
        }
    }
}

impl Layout {
    /// The counters of a tier; rows of one id share them.
    pub fn tier(&mut self, section: &str, id: &str, unit: CapUnit) -> TierSlots {
        let base = self.slot(format!("{section}_base.{id}"));
        let by_kind = unit == CapUnit::Kind;
        let paid = match by_kind {
            false => self.slot(format!("{section}_paid.{id}")),
            true => {
                let slots = Care::ALL.map(|care| self.slot(format!("{section}_paid.{id}.{}", care.as_str())));
                slots.into_iter().min().unwrap_or(base)
            }
        };
        if unit == CapUnit::Family && !self.of_family.contains(&paid) {
            self.of_family.push(paid);
        }
        TierSlots { base, paid, by_kind }
    }

    pub fn find(&self, name: &str) -> Option<Slot> {
        self.names.iter().position(|known| **known == *name)
    }

    fn slot(&mut self, name: String) -> Slot {
        self.find(&name).unwrap_or_else(|| {
            self.names.push(Name::of(&name));
            self.names.len() - 1
        })
    }
}

/// The counters of an outpatient scheme: deductible used, paid.
pub fn outpatient(care: Care) -> (Slot, Slot) {
    let scheme = Care::OUTPATIENT.iter().position(|known| *known == care);
    let first = slots::OUTPATIENT + 2 * scheme.unwrap_or_default();
    (first, first + 1)
}

/// Counters of one person in one year (年度累计量); a new year begins with the default.
#[derive(Clone, Debug, Default)]
pub struct YearToDate {
    /// Set by the first claim.
    pub(super) year: Option<i16>,
    /// By slot; what is not there yet is zero.
    pub(super) values: Vec<i64>,
    /// Admissions at each hospital, kept where a rule asks.
    pub(super) hospitals: Vec<(Arc<str>, i64)>,
    /// The critical illness scale last used.
    pub(super) cii_scale: Option<CiiScaleId>,
}

impl PartialEq for YearToDate {
    fn eq(&self, other: &YearToDate) -> bool {
        let slots = self.values.len().max(other.values.len());
        let at = |hospital: &Arc<str>, of: &YearToDate| of.admissions_at(hospital);
        let mut hospitals = self.hospitals.iter().chain(&other.hospitals);
        self.year == other.year
            && self.cii_scale == other.cii_scale
            && (0..slots).all(|slot| self.value(slot) == other.value(slot))
            && hospitals.all(|(hospital, _)| at(hospital, self) == at(hospital, other))
    }
}

impl Eq for YearToDate {}

/// Names a critical illness scale: the day whose values it has, and whether it is the tilt scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CiiScaleId {
    pub day: Date,
    pub tilt: bool,
}

/// One counter moved by one settlement (累计变动): state = Σ (after − before).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Name of the counter.
    pub counter: Cow<'static, str>,
    /// Whether the family shares it.
    pub of_family: bool,
    /// Before the settlement.
    pub before: i64,
    /// After it.
    pub after: i64,
}

impl Movement {
    /// How much it moved (变动量).
    pub fn delta(&self) -> i64 {
        self.after - self.before
    }
}

impl YearToDate {
    /// Settled admissions (住院次数).
    pub fn admissions(&self) -> u32 {
        u32::try_from(self.value(slots::ADMISSIONS)).unwrap_or_default()
    }

    /// The year the counters belong to (年度), once a claim was settled.
    pub fn year(&self) -> Option<i16> {
        self.year
    }

    /// What a new year takes over (跨年结转): the unspent outpatient quota, which has no end.
    #[must_use]
    pub fn into_next_year(&self) -> YearToDate {
        let mut next = YearToDate::default();
        next.set(slots::QUOTA_LEFT, self.value(slots::QUOTA_LEFT));
        next
    }

    /// Counters of a person who brings an unspent outpatient quota (个人门诊定额余额).
    pub fn with_quota(left: Fen) -> YearToDate {
        let mut year = YearToDate::default();
        year.set(slots::QUOTA_LEFT, left.fen());
        year
    }

    pub(super) fn value(&self, slot: Slot) -> i64 {
        self.values.get(slot).copied().unwrap_or_default()
    }

    pub(super) fn fen(&self, slot: Slot) -> Fen {
        Fen::new(self.value(slot))
    }

    pub(super) fn set(&mut self, slot: Slot, value: i64) {
        if self.values.len() <= slot {
            self.values.resize(slot + 1, 0);
        }
        if let Some(place) = self.values.get_mut(slot) {
            *place = value;
        }
    }

    pub(super) fn add(&mut self, slot: Slot, amount: Fen) {
        self.set(slot, self.value(slot) + amount.fen());
    }

    pub(super) fn admissions_at(&self, hospital: &str) -> i64 {
        let found = self.hospitals.iter().find(|(known, _)| **known == *hospital);
        found.map_or(0, |(_, count)| *count)
    }

    pub(super) fn add_admission_at(&mut self, hospital: &str, count: i64) {
        match self.hospitals.iter_mut().find(|(known, _)| **known == *hospital) {
            Some((_, known)) => *known += count,
            None => self.hospitals.push((Arc::from(hospital), count)),
        }
        self.hospitals.retain(|(_, count)| *count != 0);
    }

    /// Every counter that is not zero with its name (累计量清单), in the policy's order. Amounts
    /// are in fen; counts are numbers.
    pub(super) fn entries(&self, layout: &Layout) -> Vec<(Cow<'static, str>, i64)> {
        let named = layout.names.iter().zip(&self.values);
        let mut entries: Vec<(Cow<'static, str>, i64)> = named
            .filter(|(_, value)| **value != 0)
            .map(|(name, value)| (Cow::Borrowed(name.as_str()), *value))
            .collect();
        let at =
            |(hospital, count): &(Arc<str>, i64)| (Cow::Owned(format!("{AT_HOSPITAL}{hospital}")), *count);
        entries.extend(self.hospitals.iter().map(at));
        entries
    }
}

/// The calendar year that holds a day (自然年).
pub fn calendar_year(day: Date) -> Days {
    let (first, last) = (day.first_of_year(), day.last_of_year());
    Days {
        from: first,
        to: last,
    }
}
