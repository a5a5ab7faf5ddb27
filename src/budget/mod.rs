//! One regional budget (区域总额预算): its price, and what each hospital and case is due, to the
//! fen.
//!
//! [`settle`] takes the scored cases of one pool and its money. Every amount it gives out sums:
//! cases to their hospital, hospitals and what stays unallocated to the budget. The order of the
//! cases changes nothing.
//!
//! | class | price | due |
//! |---|---|---|
//! | V2 (总费用池) | (F + ΣN) ÷ ΣP, exact | P × price − N |
//! | V4 (固定费率后折算) | k = F ÷ Σ(S − N), exact | k × (S − N), at most cap × claim |
//!
//! F is the budget less the cases paid by amount (by items, or at cost), which leave first. N is
//! what others than the pool paid; a due below zero is legal and kept. Split by largest
//! remainder, first over hospitals (ties by code), then over a hospital's cases (ties by id).
//!
//! What is not here yet: the classes V1 and V3, corridors, months and clearing. A pack that asks
//! for them does not load.
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

mod ledger;
mod pool;
mod scaled;
mod settle;
mod share;
mod total_fee;

pub use pool::{CaseDue, HospitalDue, KindTotal, PoolCase, PoolSettlement};
pub use settle::settle;
