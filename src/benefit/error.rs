//! Why a claim is not settled (未能结算).

use std::fmt;

use jiff::civil::Date;

use crate::units::{Fen, Overflow};

/// Why a claim is not settled (未能结算的原因); the counters stay as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShareError {
    /// No value of the parameter is in force on that day (当日无参数); nothing is carried over.
    NoValueOnDate {
        /// Key path in the benefit file.
        path: String,
        /// The day.
        date: Date,
    },
    /// The value in force is stated as unknown (参数未知).
    UnknownValueUsed {
        /// Key path in the benefit file.
        path: String,
        /// The day.
        date: Date,
    },
    /// A plan, level, status or category the policy does not know (未知代码).
    UnknownWord {
        /// What the word should be.
        what: &'static str,
        /// As the claim has it.
        written: String,
        /// What the policy knows.
        known: String,
    },
    /// The parameter depends on something the claim does not say (缺少信息).
    NotSaid {
        /// Key path in the benefit file.
        path: String,
        /// What is missing.
        what: &'static str,
    },
    /// An amount below zero or beyond any bill (金额超出范围).
    AmountOutOfRange {
        /// Field of the claim.
        field: &'static str,
        /// Its amount.
        amount: Fen,
    },
    /// Two sides that must be equal are not (恒等式不成立).
    IdentityBroken {
        /// The identity.
        identity: &'static str,
        /// Its left side.
        left: Fen,
        /// Its right side.
        right: Fen,
    },
    /// The counters belong to another year (年度不符).
    OtherYear {
        /// Year of the counters.
        counters: i16,
        /// Year of the claim.
        claim: i16,
    },
    /// Counters that cannot have come from this program's claims (累计超出范围).
    Overflow,
}

impl fmt::Display for ShareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShareError::NoValueOnDate { path, date } => write!(f, "`{path}` has no value on {date}"),
            ShareError::UnknownValueUsed { path, date } => {
                write!(f, "`{path}` is needed, but its value on {date} is unknown")
            }
            ShareError::UnknownWord { what, written, known } => {
                write!(
                    f,
                    "`{written}` is no {what} of this policy; expected one of {known}"
                )
            }
            ShareError::NotSaid { path, what } => {
                write!(f, "`{path}` depends on the {what}, which the claim does not say")
            }
            ShareError::AmountOutOfRange { field, amount } => {
                write!(
                    f,
                    "`{field}` is {amount} yuan; expected 0 to {} yuan",
                    Fen::LARGEST_INPUT
                )
            }
            ShareError::IdentityBroken {
                identity,
                left,
                right,
            } => {
                write!(f, "{identity} does not hold: {left} is not {right}")
            }
            ShareError::OtherYear { counters, claim } => {
                write!(f, "the counters are of {counters}, the claim of {claim}")
            }
            ShareError::Overflow => f.write_str("the counters leave the range of money"),
        }
    }
}

impl std::error::Error for ShareError {}

impl From<Overflow> for ShareError {
    fn from(_: Overflow) -> ShareError {
        ShareError::Overflow
    }
}
