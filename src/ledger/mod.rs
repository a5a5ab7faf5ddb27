//! The ledger (结算台账): months, cases, entries and clearings, kept in a database.
//!
//! One SQLite file, or a schema on a PostgreSQL server. Every write is one transaction: a process that is killed leaves the ledger as
//! it was before or as it is after. A closed month is never rewritten: the database itself refuses
//! it, and each month's hash is held against its rows whenever it is read. What comes later is an
//! entry in an open month: a reversal is the mirror of what was posted, a difference brings what
//! was posted to what is right. Entries of a case always sum to its current value.
//!
//! [`Ledger::close_months`] posts a month and closes it; [`Ledger::reverse`] and
//! [`Ledger::adjust`] write entries; [`Ledger::year_cases`] gives a year's cases as they stand,
//! and [`Ledger::keep_years`] keeps its clearing; [`Ledger::statement`] tells one hospital.
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

mod adjust;
mod benefit;
mod database;
mod entry;
mod month;
mod note;
#[cfg(feature = "postgres")]
mod postgres;
mod posting;
mod schema;
mod sqlite;
mod store;
mod year;

pub use adjust::WhichCase;
pub use benefit::{BenefitEvent, BenefitLedger};
pub use entry::{CaseKey, Entry, EntryKind, EntryMore, Paid};
pub use month::{BookingRule, ClosedMonth, HospitalMonth, MonthToClose, Posted};
pub use note::{DecisionNote, RunNote};
pub use posting::Posting;
pub use store::{Ledger, is_on_a_server};
pub use year::{Cleared, ClearingRow, Standing, Statement, YearBook, YearCase, YearToKeep};
