//! Who pays a bill (待遇计算): one claim, a dated policy and the person's year so far → one slip.
//!
//! A bill is split into out-of-list, over-limit, pre-self-pay and in-scope cost; then an ordered
//! chain of payers each pays on what the one before left: basic insurance (基本医保), critical
//! illness insurance (大病保险), medical assistance (医疗救助), and local tail tiers (兜底保障).
//! The person pays the rest.
//!
//! ```text
//! TOML files ──load──▶ BenefitPolicy ─┐
//! Claim ──────────────────────────────┼─share──▶ Slip, and the counters moved on
//! YearToDate ─────────────────────────┘─explain─▶ Explanation: the same, step by step
//! ```
//!
//! ```
//! use std::path::Path;
//! use dianzhi::benefit::{BenefitPolicy, Claim, Level, Payer, YearToDate, share};
//! use dianzhi::units::Fen;
//!
//! let policy = BenefitPolicy::load(Path::new("scenarios/benefit/sample-region/resident.toml"))?;
//! let claim = Claim {
//!     id: "1",
//!     plan: "p2",
//!     level: Level::Three,
//!     categories: &["dibao"],
//!     minor: Some(false),
//!     diagnoses: &["J18.900"],
//!     discharge: jiff::civil::date(2022, 3, 1),
//!     total: Fen::new(12_000_000),
//!     own: Fen::new(500_000),
//!     over: Fen::new(100_000),
//!     pre: Fen::new(400_000),
//!     scope: Fen::new(11_000_000),
//!     ..Claim::default()
//! };
//! let mut year = YearToDate::default();
//! let slip = share(&policy, &claim, &mut year)?;
//! assert_eq!(slip.fund(Payer::Basic).to_string(), "60060.00");
//! assert_eq!(slip.person.to_string(), "14048.79");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * Places differ by parameter file only. Every parameter is a list of dated values with their
//!   source; the file's schema is `src/benefit/file.rs`.
//! * Money is [`Fen`](crate::units::Fen). A tier's exact sum over its bands is rounded half up
//!   once; what is left over by rounding falls to the person, by subtraction.
//! * A claim that needs a value which is unknown, or not in force on its day, is not settled: it
//!   gives a [`ShareError`], and the counters stay as they were.
//!
//! A single bill is [`share`]d on one person's counters; many bills of many persons go through a
//! [`Book`], which posts, mirrors and replays.
//!
//! # What it does not do
//!
//! Financing and enrolment are sections of the same file, and rooms of their own. A category's changes
//! inside a stay are not followed. Shares tied to a group's standard
//! (`copay_base`) come in as the amounts of the bill.

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

mod account;
mod area;
mod basic;
mod bill;
mod book;
mod bounds;
mod chain;
mod cii;
mod claim;
mod counters;
mod dated;
mod deductible;
mod drug;
pub mod enrolment;
mod error;
mod explain;
mod file;
pub mod finance;
mod formula;
mod head;
mod kept;
mod lines;
pub mod link;
mod literal;
mod load;
mod name;
mod outpatient;
mod persons;
mod policy;
mod resolve;
mod resolve_outpatient;
mod run;
mod scale;
mod slip;
mod tiers;
mod tilt_check;
mod words;

pub use bill::Bill;
pub use book::{Book, BookRules, LateBill, MovementKind, NamedMovement, Outcome, Reversal, Voucher};
pub use claim::{Area, Care, Claim, Condition, Facility, ItemAmount, Level, Status};
pub use counters::{Movement, YearToDate, is_number};
pub use error::ShareError;
pub use explain::{CounterMove, Explanation, ParamUsed, Step, explain};
pub use kept::KeptEvent;
pub use lines::{FeeLine, FeeSplit, split};
pub use name::Name;
pub use persons::{Cover, GROWN_UP, Held, InsuredPerson};
pub use policy::{BenefitPolicy, PolicyFile, Source};
pub use run::share;
pub use scale::Scale;
pub use slip::{Payer, Skipped, Slip, TierShare, Uncovered, Why};
pub use words::How;

/// The links of a chain that are not tail tiers.
mod chain_words {
    pub const BASIC: &str = "basic";
    pub const CII: &str = "cii";
    pub const ASSIST: &str = "assist";
}
