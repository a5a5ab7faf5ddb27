//! Weights made of costs, and how good they are (权重测算与分组质量).
//!
//! In reading order: means, spreads, quantiles (`statistics`); stays as few numbers each (`stays`);
//! what is left out of a mean (`trim`); estimators (`estimate`, `hsrv`); the steps behind them (`steps`);
//! quality of groups (`quality`); what weights are held against (`checks`, `levels`); how sure they are
//! (`bootstrap`); what other rules of trimming would do (`trim_pay`); what is asked for (`plan`); all of it together (`run`).
//!
//! Statistics are floating point here, over stays in an order of their own, so that neither the order
//! of the records nor the number of threads reaches a digit. A weight is rounded once, by name, where it
//! is written.
#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "statistics: counts and fen far below 2^53; no amount is paid from here"
)]

mod bootstrap;
mod checks;
mod estimate;
mod hsrv;
mod levels;
mod plan;
mod quality;
mod run;
mod statistics;
mod stays;
mod steps;
mod trim;
mod trim_pay;

pub use bootstrap::{Bootstrap, Uncertain, Uncertainty, cases_for_five_per_cent};
pub use checks::{
    Coverage, Drift, Rung, Split, SplitGate, YearOfGroup, by_year, coverage, drift, ladder, splits,
};
pub use estimate::{Drawn, Estimated, Estimator, geometric_raw, structure_weights};
pub use hsrv::{FixedPoint, Hsrv, NoFixedPoint, fixed_point};
pub use levels::{Level, levels};
pub use plan::{
    AddBackPlan, BlockPlan, BlocksPlan, COLUMNS as READ_COLUMNS, CalibrationPlan, FileOf, PacketsPlan,
    QualityPlan, RecordsPlan, SplitPlan, Unstable, WeightsPlan, number,
};
pub use quality::{
    Explained, GroupQuality, Of, Part, Stable, TrimEffect, by_category, by_group, compare_trims, split_list,
};
pub use run::{CostChanges, Made, calibrate_stays, group_weights, trimmed_is_lower};
pub use statistics::{
    Deviation, MeanBy, Missing, MissingYears, Quantile, Spread, Statistic, Sums, Value, YearMix, approximate,
    quantile, ratio,
};
pub use stays::{Group, Sample, SeenStay, Severity, Side, Stay, Stays, StaysReader};
pub use steps::{
    Cap, CasesBy, MeanChange, Normalise, Shrink, ShrinkBy, StepDone, StepFault, StepGroup, Steps,
};
pub use trim::{Scale, Trim, is_within};
pub use trim_pay::{TrimPay, trim_pay};
