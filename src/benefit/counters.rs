//! What a person has used up this year (年度累计).

use std::sync::Arc;

use jiff::civil::Date;

use crate::units::{Exact, Fen};

/// Counters of one person in one calendar year (年度累计量); a new year begins with the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct YearToDate {
    /// Set by the first claim.
    pub(super) year: Option<i16>,
    pub(super) admissions: u32,
    pub(super) total: Fen,
    pub(super) scope: Fen,
    pub(super) deductible_used: Fen,
    /// In-scope cost that basic insurance counted: where the year's bands stand (gross).
    pub(super) basic_base: Fen,
    /// The same above the deductibles (excess).
    pub(super) basic_above: Fen,
    pub(super) basic_paid: Fen,
    pub(super) cii_base: Fen,
    pub(super) cii_threshold_used: Used,
    pub(super) cii_paid: Fen,
    /// The scale last used.
    pub(super) cii_scale: Option<CiiScaleId>,
    pub(super) tiers: Vec<TierCount>,
}

/// How much of a threshold is used: exact, since half a threshold may end in half a fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used(pub Exact);

impl Default for Used {
    fn default() -> Used {
        Used(Exact::ZERO)
    }
}

impl Used {
    fn shown(self) -> Fen {
        self.0.fen_half_away().unwrap_or_default()
    }
}

/// Names a critical illness scale: the day whose values it has, and whether it is the tilt scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CiiScaleId {
    pub day: Date,
    pub tilt: bool,
}

/// What one tier of assistance or of the tail has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierCount {
    pub id: Arc<str>,
    pub base: Fen,
    pub paid: Fen,
}

impl YearToDate {
    /// Settled admissions (住院次数).
    pub fn admissions(&self) -> u32 {
        self.admissions
    }

    /// Every counter with its name (累计量清单), tiers last in the order of their first claim.
    /// Amounts are in fen; `admissions` is a number.
    pub fn entries(&self) -> Vec<(String, i64)> {
        let amounts = [
            ("total_year", self.total),
            ("scope_year", self.scope),
            ("ded_used", self.deductible_used),
            ("basic_base", self.basic_base),
            ("basic_above", self.basic_above),
            ("basic_paid", self.basic_paid),
            ("cii_base", self.cii_base),
            ("cii_ded_used", self.cii_threshold_used.shown()),
            ("cii_paid", self.cii_paid),
        ];
        let mut entries = vec![("admissions".to_owned(), i64::from(self.admissions))];
        entries.extend(amounts.map(|(name, amount)| (name.to_owned(), amount.fen())));
        for tier in &self.tiers {
            entries.push((format!("base.{}", tier.id), tier.base.fen()));
            entries.push((format!("paid.{}", tier.id), tier.paid.fen()));
        }
        entries
    }

    pub(super) fn tier(&self, id: &str) -> (Fen, Fen) {
        let count = self.tiers.iter().find(|tier| &*tier.id == id);
        count.map_or((Fen::ZERO, Fen::ZERO), |tier| (tier.base, tier.paid))
    }

    pub(super) fn add_tier(&mut self, id: &Arc<str>, base: Fen, paid: Fen) {
        match self.tiers.iter_mut().find(|tier| tier.id == *id) {
            Some(tier) => {
                tier.base += base;
                tier.paid += paid;
            }
            None => self.tiers.push(TierCount {
                id: Arc::clone(id),
                base,
                paid,
            }),
        }
    }
}
