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
//! no default. A key that nothing can compute is refused by name, so a pack that loads is a pack
//! that is computed whole. Every table names its document (`meta = "d1"`), and
//! `weaker = { low = "assumption" }` lowers single keys of it.
//!
//! | table | keys |
//! |---|---|
//! | root | `schema = 1`, `pack`, `formula_class` V1 to V4, `grouper` {system, version}, `meta`, `doc.*`; `unresolved` |
//! | `doc.x` | `source`, `doc_no`, `effective_from`, `effective_to` (date, `"unknown"`, `"open"`), `evidence` |
//! | `case` | `method` {default = drg_points (V1 to V3), drg_weight (V4), dip_score, table; bed_day, day_care}, `classify`: scope, days, tcm, bedday, daycare, ungrouped, unpriced, incomplete, outlier in the order of testing |
//! | `price` | `model` floating (V1 to V3), preset (V3), fixed, fixed_then_scaled, table (V4); `scale` 1, 100, 1000; `rate`; `table` with `keys` and `nonlocal`; V4: `k_may_exceed_one` |
//! | `weight` | `base` city_mean, fixed_parameter and quota (with `parameter`), reference_disease (with `reference`); `catalogue_scale`; `columns` by level; `year_mix` |
//! | `group` | `unstable_pay` cost_ratio, by_item; `zero_score_pay` actual, zero, error; `attr.*` {skip, at, list}; `same_price` {mode off, coef_one, own_coef; list} |
//! | `coef` | `hospital`: level, hospital, hospital_x_group, incentive, table (most specific row first, `keys`); `values` inline or by CSV; `by_insurance`; `compose` product, base_plus_addons; `missing` error, one_with_warning; `aux` {kinds, pick max or product, table} |
//! | `outlier` | `from = "pack"`; `base` standard (known price), group_mean, level_mean_last_year and table (with `table`), score_x_mean_price (with `mean_price`); `base_includes` aux, own_coef, coef; `zero_base` error, normal; `low`, `low_rule`, `low_coef`, `low_pay` actual, base_x_ratio, cost_x_control, cost_at_price, by_item; `high` flat, by bands, or percentile {top, rank cost or ratio, of group, hospital or pool, over month or year, round}; `high_pay` excess_coef, excess_plain, deduct, cap, by_item, standard, review; `extreme` {x, pay coef_only, by_item, review} or off; `edge`; `approval` auto, review; `net_of_denied`; `aux_on` |
//! | `ungrouped` | `pay` {mode by_item, zero, actual, return}, {fixed, points} or {ratio, factor, base}; `blank` group, ungrouped, or a rule like `pay`: what a case is paid that only the blank group took |
//! | `scope` | `out` {pay, hospitals, insurance}, `days` {count, exclude, then}, `incomplete` {when, death_hours, pay}, `newborn` separate, coef, merged |
//! | `bedday`, `daycare`, `tcm` | points by the day with phases; a share, a list or the stay's own rule; the gate of traditional medicine, `tilt` by hospital or group up to `tilt_max` |
//! | `transfer` | `mode` off, deduct_along_chain {days, match group, adrg, diagnosis, person} |
//! | `readmit` | `days`, `match`, `within`, `cut` {how half, zero, merge, flag; stay}, `exempt` |
//! | `cost` | `basis` positive_only, net |
//! | `fund` | `formula` none (V1), subtract, ratio; `negative` keep, zero; `ratio` group, hospital, case, pool_realised, fixed:x; `v3_correct`; `split` with `order` |
//! | `budget` | `reserve` none or {risk, rate}; `change.in_year`; `carveout` |
//! | `pool` | `key`, `merge`, `includes`, `basis` fund, total_cost, ratio_grossed, standard; `amount_cases` deduct_first, points_at_reference (with `reference_price`); `key` region, insured_scheme, fund, level, district, county_group, care, year |
//! | `addon`, `special`, `assess`, `penalty` | items and position; quota and outcomes of reviews; bands of scores; what a violation costs |
//! | `round` | `points_dp` 4, 6, none; `money = "half_away"`; `pv_pay_dp` 2, 4, 6, none; `allocate` hospital_then_case, case_sum; `residual` largest_remainder, to_reserve, to_last |
//! | `clear` | `steps`; `deadline` {month, day} of the next year; `cap` with `reflow` stay, once, iterate; `corridor` of region and hospital |
//! | `month`, `advance`, `time` | what a month is booked at, its share (twelfth, last_year_pattern), deposit, `clock`; working capital and whether months take it back; the day that makes a case's month and version, late lists |
//! | `report`, `override` | columns of profit and loss; events {id, from, to, do freeze_rate, separate_budget, exclude_cases; groups, rate, pay} |
//!
//! A key with `.csv` values names a file beside the pack. `price.rate` is one rate (`"9575.25"`), a
//! rate a pool (`{ employee = "…", resident = "…" }`), or a rate a pool and hospital level
//! (`{ employee = { "3" = "…", "2" = "…" } }`), in yuan per weight 1.0. Budgets are not policy: the
//! caller passes them.
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

mod calendar;
mod calibrate;
pub mod calibration;
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
mod pools;
mod probe;
mod ranking;
mod readmission;
mod rules;
mod rules_coef;
mod rules_event;
mod rules_money;
mod rules_outlier;
mod rules_price;
mod rules_stay;
mod rules_time;
mod schema;
mod score;
mod times;
mod transfer;
mod weights;
mod words;
mod words_more;
mod words_time;

pub use calibrate::{Calibration, Observation, calibrate};
pub use document::{Document, Effective, Parameter};
pub use file::{FormulaClass, Grouper, GrouperSystem};
pub(crate) use file_money::{
    AddonFunding, AddonPosition, Allocate, AssessEffect, CorridorBalance, Denominator, FundFormula,
    FundSplit, Outcome, PenaltyMode, RegionBasis, Residual, Step,
};
pub use file_money::{PoolFund, Reflow};
pub(crate) use file_time::{MonthModel, PnlColumn};
pub use formation::{Printed, catalogue_value, related_increase, year_mixed_mean};
pub use kind::{Kind, Kinds, Mark, Marks};
pub use pack::{Late, Pack};
pub use pools::PoolParts;
pub use ranking::Ranked;
pub use readmission::{Cut, Stay};
pub(crate) use rules_money::{Band, Corridor, FundRatio, MoneyRules, Penalty, Special, corridor_jumps};
pub(crate) use rules_time::Month;
pub use score::{CaseFacts, Ending, Payment, PricingCase, Score, ScoreError, score};
pub use times::CaseDays;
pub(crate) use weights::ALL_CASES;
pub use weights::{GroupWeight, Weights};
pub use words::Sentence;
