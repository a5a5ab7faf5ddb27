//! One regional budget (区域总额预算): its price, and what each hospital and case is due, to the
//! fen.
//!
//! [`settle`] takes the scored cases of one pool and its money. Every amount it gives out sums:
//! cases to their hospital, hospitals and what stays unallocated to the budget. The order of the
//! cases changes nothing.
//!
//! | class | price | due |
//! |---|---|---|
//! | V1 (基金池) | F ÷ ΣP, exact | P × price |
//! | V2 (总费用池) | (F + ΣN) ÷ ΣP, exact | P × price − N |
//! | V3 (按支付比例放大) | (F ÷ ρ) ÷ ΣP, or preset | P × price − N, or × ρᵢ; corrected to F where the pack says so |
//! | V4 (固定费率) | fixed; scaled by k = F ÷ Σ(S − N) where the pack says so | k × (S − N), or k × S × ρᵢ |
//!
//! F is the budget less reserve and carve-outs, plus changes and what the region's corridor adds
//! or keeps, less the cases paid by amount (by items, or at cost), which leave first. N is what
//! others than the pool paid; a due below zero is legal and kept unless the pack clamps it. Then
//! come the pack's steps in the pack's order: scale, cap, reflow, corridor, add-ons, assessment,
//! penalty. Split by largest remainder, first over hospitals (ties by code), then over a
//! hospital's cases (ties by id).
//! A year has months: [`book`] says what a month's cases are worth before the year is priced,
//! [`Booking`] what of it is paid and what is kept as a deposit, [`NetOff`] what is still to be
//! paid, or asked back, at the end.
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

mod gross;
mod ledger;
mod money;
mod months;
mod pool;
mod profit;
mod review;
mod rounding;
mod settle;
mod share;
mod steps;
mod terms;

pub use months::{AdvanceGiven, BookedAt, Booking, CLEARING_LINES, NetOff, YearOf, book, difference, mirror};
pub use pool::{CaseDue, HospitalDue, KindTotal, More, PoolCase, PoolSettlement, StepOfDue};
pub use profit::{Profit, Sum, mean, percent};
pub use settle::settle;
pub use terms::{CaseName, Decision, FundShare, PoolMoney, Reviewed, Verdict};
