//! Points of a case (分值): the policy pack, the weights, the coefficients, the classification
//! with its outlier edges, and the calibration of weights.
//!
//! [`Pack::load`] reads one place's policy; [`Weights::load`] the weights it prices with;
//! [`score`] gives one case its kind and its payment: points, a standard, or an amount.
//! [`calibrate`] makes weights from costs.
//!
//! # The pack language, as far as this version computes it
//!
//! A pack is TOML; decimals are strings. A key is required, or its absence means *off*; there is
//! no default. A key of the language that is not computed yet is refused by name, so a pack that
//! loads is a pack that is computed whole. Every table names its document (`meta = "d1"`), and
//! `weaker = { low = "assumption" }` lowers single keys of it.
//!
//! | table | keys |
//! |---|---|
//! | root | `schema = 1`, `pack`, `formula_class` V2, V4, `grouper` {system, version}, `meta`, `doc.*`; `unresolved` |
//! | `doc.x` | `source`, `doc_no`, `effective_from`, `effective_to` (date, `"unknown"`, `"open"`), `evidence` |
//! | `case` | `method` {default = drg_points (V2), drg_weight (V4), dip_score}, `classify`: days, ungrouped, unpriced, outlier in the order of testing |
//! | `price` | `model` floating (V2), fixed_then_scaled (V4); `scale` 1, 100, 1000; V4: `rate`, `k_may_exceed_one` |
//! | `weight` | `base = "city_mean"`, `catalogue_scale` |
//! | `group` | `unstable_pay` cost_ratio, by_item; `zero_score_pay` actual, zero, error |
//! | `coef` | `hospital` any of level, hospital; `values.level`, `values.hospital`; `compose = "product"`, `missing = "error"` |
//! | `outlier` | `from = "pack"`, `base` standard (V4), group_mean, score_x_mean_price (with `mean_price`, yuan per point); `base_includes` [] or ["coef"]; `low`, `low_rule` flat, min_1_coef; `low_coef`; `low_pay` actual, base_x_ratio, cost_x_control, by_item; `high` {by flat, k} or {by rw, points, bands, band_edge}; `high_pay` excess_coef, excess_plain, deduct, cap, by_item, standard; `extreme` {x, pay coef_only, by_item} or {pay off}; `edge` {low, high, extreme}; `approval = "auto"`, `net_of_denied = false`, `aux_on = false` |
//! | `ungrouped` | `pay` {mode by_item, zero, actual} or {mode ratio, factor, base} |
//! | `scope` | `days` {count = discharge_minus_admission, exclude, then = by_item} |
//! | `fund` | `formula = "subtract"`, `negative = "keep"` |
//! | `pool` | `key = ["insured_scheme"]`, `includes`, `basis` total_cost (V2), standard (V4), `amount_cases = "deduct_first"` |
//! | `round` | `points_dp` 4, 6, none; `money = "half_away"`, `pv_pay_dp = "none"`, `allocate = "hospital_then_case"`, `residual = "largest_remainder"` |
//! | `clear` | V4: `cap` {of = claim, rate, per = fund} with `reflow` stay, once |
//!
//! `price.rate` is one rate (`"9575.25"`), a rate a pool (`{ employee = "…", resident = "…" }`),
//! or a rate a pool and hospital level (`{ employee = { "3" = "…", "2" = "…" } }`), in yuan per
//! weight 1.0. Budgets are not policy: the caller passes them.
#![deny(
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

#[macro_use]
mod language;

mod calibrate;
mod document;
mod file;
mod file_money;
mod file_stay;
mod file_time;
mod formation;
mod keys;
mod kind;
mod lookup;
mod outlier;
mod pack;
mod probe;
mod readmission;
mod rules;
mod rules_coef;
mod rules_money;
mod rules_outlier;
mod rules_price;
mod rules_stay;
mod rules_time;
mod schema;
mod score;
mod weights;

pub use calibrate::{Calibration, Observation, calibrate};
pub use document::{Document, Effective, Parameter};
pub use file::{FormulaClass, Grouper, GrouperSystem};
pub(crate) use file_money::{
    AddonFunding, AddonPosition, AssessEffect, CorridorBalance, Denominator, FundFormula, FundSplit, Outcome,
    PenaltyMode, QuotaRound, RegionBasis, Step,
};
pub use file_money::{PoolFund, Reflow};
pub use formation::{Printed, catalogue_value, related_increase, year_mixed_mean};
pub use kind::{Kind, Kinds, Mark, Marks};
pub use pack::Pack;
pub use readmission::{Cut, Stay};
pub(crate) use rules_money::{Band, Corridor, FundRatio, MoneyRules};
pub use score::{CaseFacts, Ending, Payment, PricingCase, Score, ScoreError, score};
pub use weights::{GroupWeight, Weights};
