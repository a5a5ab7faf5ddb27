//! Financing (筹资): what a head costs, who pays it, and what a notice says it must be.
//!
//! A finance file is a stack of TOML files like a benefit file (`extends`), with fees by plan and
//! cover period, fiscal subsidies by year, shares of the payers, enrolment subsidies by category,
//! the critical illness premium, windows, waiting periods, grounds, and national bounds. Every row
//! carries its document, clause and evidence. The schema is `src/benefit/finance/file.rs`.
//!
//! ```
//! use std::path::Path;
//! use dianzhi::benefit::finance::{CoverPeriod, FinancePolicy};
//!
//! let policy = FinancePolicy::load(Path::new("scenarios/benefit/500000/finance.toml"))?;
//! let year: CoverPeriod = "2021".parse()?;
//! let fee = policy.fee(year, false, "p2")?;
//! assert_eq!(fee.to_string(), "655.00");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * A fee belongs to the period whose cover it buys and to the year in which it is collected: the
//!   280 yuan collected late in 2020 buy the cover of 2021. Bounds on fees go by collection.
//! * Nothing is carried over: a year without a value is an error that names the years there are.

mod bounds;
mod file;
mod load;
mod money;
mod period;
mod policy;

pub use bounds::{Bound, BoundCheck, Op, Verdict, average_at_least};
pub(in crate::benefit) use file::Length;
pub use money::{
    CentralShare, HeadSubsidy, Refund, Structure, central_subsidy, person_fee, refund, structure_index,
};
pub use period::{CoverPeriod, Span};
pub use policy::{
    AcademicYear, EnrolSubsidy, Fee, FinanceDocument, FinancePolicy, Fiscal, Grant, LocalShare, Parameter,
    Projection, Waiting, WaitingDays,
};
