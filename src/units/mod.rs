//! Quantities of their own type (金额, 点数, 权重, 比例, 点值), named rounding, and the one
//! way to split an amount.
//!
//! | type | Chinese | inside | edge form |
//! |---|---|---|---|
//! | [`Fen`] | 分 | `i64`, 1/100 yuan | yuan text with two decimals, `"8155.59"` |
//! | [`Points`] | 点数 | `i128`, 10⁻¹² point | decimal text, `"114.0000"` |
//! | [`Weight`], [`Ratio`], [`Rate`] | 权重, 比例, 费率 | exact decimal | string or integer, never a float |
//! | [`PointValue`] | 点值 | an exact fraction, fen per point | shown rounded, never paid rounded |
//! | [`Exact`] | 精确值 | a fraction of two `i128` | none: it must be rounded by name |
//!
//! A product that makes money stays [`Exact`] until one named rounding turns it into [`Fen`];
//! there is no default rounding. What is divided among several parties goes through
//! [`apportion`], so that the parts sum to the whole.
//!
//! This room uses integers only; floating point appears nowhere in it.
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

mod apportion;
mod decimal;
mod exact;
mod fen;
mod points;

pub use apportion::{ApportionError, apportion};
pub use decimal::{Rate, Ratio, Weight};
pub use exact::{Exact, Overflow};
pub use fen::Fen;
pub use points::{PointValue, Points};

/// Why a text is not a quantity (数值格式错误), in words for the person who must mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What was expected, e.g. `yuan with at most two decimals`.
    pub expected: &'static str,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for ParseError {}
