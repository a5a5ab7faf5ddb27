//! Performance indicators of hospitals and departments (绩效指标): case mix, efficiency, mortality.
//!
//! In reading order: what is asked for (`plan`); cases, costs, days and deaths by unit and group
//! (`cells`); what a unit is compared with (`reference`); efficiency by two named definitions
//! (`efficiency`); grades of risk and tests of deaths (`mortality`); the composite (`composite`); all
//! of it for every unit (`units`).
//!
//! Indicators are statistics: floating point, over cells in the order of their names.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "statistics: counts and fen far below 2^53"
)]

mod cells;
mod composite;
mod efficiency;
mod mortality;
mod plan;
mod reference;
mod units;

pub use cells::{Cell, Totals, cells_of};
pub use composite::{Ranked, rank_sum_ratios};
pub use efficiency::{Efficiency, Index};
pub use mortality::{
    Deaths, Grade, Grades, adjusted_p, exact_limits, grades, mid_p_upper, rate, shrunk_ratio, two_sided_p,
    upper_tail,
};
pub use plan::{Better, CompositePlan, IndicatorPlan, MortalityPlan, NamedIndicator, Own, PublishedPlan};
pub use reference::Reference;
pub use units::{Indicators, NAMES, Unit, UnitKind, indicators};
