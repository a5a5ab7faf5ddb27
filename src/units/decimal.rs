//! Decimal quantities of their own type: weight (权重), ratio (比例, 系数), rate (费率).

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::{Exact, Overflow, ParseError};

macro_rules! decimal_quantity {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(Decimal);

        impl $name {
            /// One.
            pub const ONE: $name = $name(Decimal::ONE);

            /// The exact fraction.
            ///
            /// # Errors
            /// [`Overflow`]; not for decimals of at most 28 places.
            pub fn exact(self) -> Result<Exact, Overflow> {
                decimal_to_exact(self.0)
            }

            /// The decimal as written, trailing zeros included.
            pub const fn decimal(self) -> Decimal {
                self.0
            }

            /// From a decimal.
            pub const fn new(value: Decimal) -> $name {
                $name(value)
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            /// Reads plain decimal text, never through a float.
            fn from_str(text: &str) -> Result<$name, ParseError> {
                parse_decimal(text).map($name).ok_or(ParseError { expected: $expected })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        /// A string or an integer; a float is refused, since it has already lost digits.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                deserializer.deserialize_any(DecimalVisitor($expected)).map($name)
            }
        }
    };
}

decimal_quantity!(
    /// Relative cost of a group, 1 is the region's mean case (权重).
    Weight,
    "a weight as decimal text, e.g. \"0.6524\""
);
decimal_quantity!(
    /// A ratio, coefficient or multiple without unit (比例, 系数, 倍率). Accepts `"92.5%"`,
    /// `"5‰"` and plain decimals.
    Ratio,
    "a ratio as text, e.g. \"0.92\", \"40%\" or \"5‰\""
);
decimal_quantity!(
    /// Yuan per weight 1.0 (费率).
    Rate,
    "a rate in yuan as text, e.g. \"9575.25\""
);

impl Ratio {
    /// Zero.
    pub const ZERO: Ratio = Ratio(Decimal::ZERO);
}

impl Rate {
    /// Fen per weight 1.0.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn exact_fen(self) -> Result<Exact, Overflow> {
        self.exact()?.mul(Exact::integer(100))
    }
}

fn decimal_to_exact(value: Decimal) -> Result<Exact, Overflow> {
    let den = 10_i128.checked_pow(value.scale()).ok_or(Overflow)?;
    Exact::new(value.mantissa(), den)
}

/// Plain digits with an optional point, sign and `%` or `‰`; exact or nothing.
fn parse_decimal(text: &str) -> Option<Decimal> {
    let (digits, shift) = if let Some(rest) = text.strip_suffix('%') {
        (rest, 2)
    } else if let Some(rest) = text.strip_suffix('‰') {
        (rest, 3)
    } else {
        (text, 0)
    };
    let plain = digits.bytes().any(|b| b.is_ascii_digit())
        && digits
            .bytes()
            .enumerate()
            .all(|(i, b)| b.is_ascii_digit() || b == b'.' || (i == 0 && b == b'-'));
    if !plain || digits.len() > 24 {
        return None;
    }
    let mut value = Decimal::from_str_exact(digits).ok()?;
    value.set_scale(value.scale() + shift).ok()?;
    Some(value)
}

struct DecimalVisitor(&'static str);

impl Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (decimals are written in quotes)", self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
        parse_decimal(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Decimal, E> {
        Ok(Decimal::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Decimal, E> {
        Ok(Decimal::from(value))
    }
}
