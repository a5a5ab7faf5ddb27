//! A catalogue of packets from history (DIP 病种目录测算).
//!
//! In reading order: what is asked for (`plan`); the cases it is built of (`history`); which keys of
//! diagnosis and procedures become packets (`keys`); rows, scores and what is reported of them (`rows`).
//! Means, spreads and trims are those of every calibration ([`crate::points::calibration`]).
//!
//! The scheme a catalogue extends says what no history can: treatment types, excluded codes, how
//! one of several rows is chosen. So cases are looked at by that scheme's grouper, and counted where the
//! new catalogue's own grouper puts them.

mod history;
mod keys;
mod plan;
mod rows;

pub use history::{History, LeftOut, Observed, Seen};
pub use keys::{CoreKey, Keys, choose_keys};
pub use plan::{
    BuildPlan, CataloguePlan, Deviation, MeanBy, MissingYears, PrimaryPlan, Quantile, Ratio, ScoreMethod,
    ScorePlan, Then, TrimBy, TrimPlan,
};
pub use rows::{Catalogue, CatalogueRow, PRIMARY, Placed, RowReport, rows_of, rows_to_drop, score_rows};
