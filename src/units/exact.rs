//! Exact fractions (精确值) and the named roundings that end them.

use std::cmp::Ordering;

use super::{Fen, Points};

/// An exact fraction; the value between a product and its one rounding.
///
/// Two `i128`, reduced after every operation, denominator above zero. Every operation is
/// checked: an overflow is an [`Overflow`] error, never a wrong number.
///
/// ```
/// use dianzhi::units::Exact;
/// // 45 759.50 yuan × 65 % = 29 743.675: half up gives the cent that binary floats lose
/// let paid = Exact::new(4_575_950 * 65, 100).unwrap();
/// assert_eq!(paid.fen_half_away().unwrap().to_string(), "29743.68");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    num: i128,
    den: i128,
}

/// A result outside the 128-bit range, or a division by zero (溢出).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl std::fmt::Display for Overflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the amount leaves the exact 128-bit range or divides by zero")
    }
}

impl std::error::Error for Overflow {}

#[allow(
    clippy::should_implement_trait,
    reason = "every operation is checked and returns a `Result`, which the operator traits cannot"
)]
impl Exact {
    /// Zero.
    pub const ZERO: Exact = Exact { num: 0, den: 1 };
    /// One.
    pub const ONE: Exact = Exact { num: 1, den: 1 };

    /// `num / den`.
    ///
    /// # Errors
    /// A zero denominator, or a sign that cannot be turned.
    pub fn new(num: i128, den: i128) -> Result<Exact, Overflow> {
        if den == 0 {
            return Err(Overflow);
        }
        let (num, den) = if den < 0 {
            (
                num.checked_neg().ok_or(Overflow)?,
                den.checked_neg().ok_or(Overflow)?,
            )
        } else {
            (num, den)
        };
        Ok(Exact { num, den }.reduced())
    }

    /// A whole number.
    pub const fn integer(value: i128) -> Exact {
        Exact { num: value, den: 1 }
    }

    /// Numerator and denominator in lowest terms, denominator above zero.
    pub const fn parts(self) -> (i128, i128) {
        (self.num, self.den)
    }

    /// Exact product.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn mul(self, other: Exact) -> Result<Exact, Overflow> {
        // crossways reduction keeps the products small
        let a = gcd(self.num.unsigned_abs(), other.den.unsigned_abs());
        let b = gcd(other.num.unsigned_abs(), self.den.unsigned_abs());
        let (a, b) = (to_signed(a)?, to_signed(b)?);
        let num = (self.num / a).checked_mul(other.num / b).ok_or(Overflow)?;
        let den = (self.den / b).checked_mul(other.den / a).ok_or(Overflow)?;
        Ok(Exact { num, den })
    }

    /// Exact quotient.
    ///
    /// # Errors
    /// [`Overflow`], also when `other` is zero.
    pub fn div(self, other: Exact) -> Result<Exact, Overflow> {
        self.mul(Exact::new(other.den, other.num)?)
    }

    /// Exact sum.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn add(self, other: Exact) -> Result<Exact, Overflow> {
        if self.den == 1 && other.den == 1 {
            let num = self.num.checked_add(other.num).ok_or(Overflow)?;
            return Ok(Exact { num, den: 1 });
        }
        let g = to_signed(gcd(self.den.unsigned_abs(), other.den.unsigned_abs()))?;
        let left = self.num.checked_mul(other.den / g).ok_or(Overflow)?;
        let right = other.num.checked_mul(self.den / g).ok_or(Overflow)?;
        let num = left.checked_add(right).ok_or(Overflow)?;
        let den = self.den.checked_mul(other.den / g).ok_or(Overflow)?;
        Ok(Exact { num, den }.reduced())
    }

    /// Exact difference.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn sub(self, other: Exact) -> Result<Exact, Overflow> {
        self.add(Exact {
            num: other.num.checked_neg().ok_or(Overflow)?,
            den: other.den,
        })
    }

    /// Exact order, of any two: whole parts first, then the remainders upside down, so that no
    /// product is needed which might not fit.
    pub fn compare(self, other: Exact) -> Ordering {
        if self.den == other.den {
            return self.num.cmp(&other.num);
        }
        let (mut left, mut right) = ((self.num, self.den), (other.num, other.den));
        let mut upside_down = false;
        loop {
            let wholes = left.0.div_euclid(left.1).cmp(&right.0.div_euclid(right.1));
            let rests = (left.0.rem_euclid(left.1), right.0.rem_euclid(right.1));
            let order = match (wholes, rests) {
                (Ordering::Equal, (0, rest)) => 0.cmp(&rest),
                (Ordering::Equal, (_, 0)) => Ordering::Greater,
                (Ordering::Equal, rests) => {
                    (left, right) = ((left.1, rests.0), (right.1, rests.1));
                    upside_down = !upside_down;
                    continue;
                }
                (order, _) => order,
            };
            return if upside_down { order.reverse() } else { order };
        }
    }

    /// The smaller of two.
    pub fn min(self, other: Exact) -> Exact {
        if self.compare(other).is_le() { self } else { other }
    }

    /// Rounds toward minus infinity.
    pub fn floor(self) -> i128 {
        self.num.div_euclid(self.den)
    }

    /// Rounds half away from zero (四舍五入): −0.005 becomes −0.01.
    ///
    /// # Errors
    /// [`Overflow`] when twice the numerator does not fit.
    pub fn half_away(self) -> Result<i128, Overflow> {
        let doubled = self.num.unsigned_abs().checked_mul(2).ok_or(Overflow)?;
        let den = self.den.unsigned_abs();
        let rounded = doubled.checked_add(den).ok_or(Overflow)? / den.checked_mul(2).ok_or(Overflow)?;
        let rounded = to_signed(rounded)?;
        Ok(if self.num < 0 { -rounded } else { rounded })
    }

    /// An amount counted in fen, rounded half away from zero (四舍五入到分).
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn fen_half_away(self) -> Result<Fen, Overflow> {
        i64::try_from(self.half_away()?)
            .map(Fen::new)
            .map_err(|_| Overflow)
    }

    /// An amount counted in fen, cut to whole yuan (取整到元), toward minus infinity.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn fen_floor_yuan(self) -> Result<Fen, Overflow> {
        let yuan = self.div(Exact::integer(100))?.floor();
        let fen = yuan.checked_mul(100).ok_or(Overflow)?;
        i64::try_from(fen).map(Fen::new).map_err(|_| Overflow)
    }

    /// A number of points, rounded half away from zero to `decimals` places (at most 12).
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn points_half_away(self, decimals: u32) -> Result<Points, Overflow> {
        let step = power_of_ten(decimals)?;
        let rounded = self.mul(Exact::integer(step))?.half_away()?;
        let unit = Points::PER_POINT / step;
        rounded.checked_mul(unit).map(Points::new).ok_or(Overflow)
    }

    /// Decimal text rounded half away from zero, for showing only.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn show(self, decimals: u32) -> Result<String, Overflow> {
        let step = power_of_ten(decimals)?;
        let rounded = self.mul(Exact::integer(step))?.half_away()?;
        Ok(show_scaled(rounded, decimals))
    }

    /// As [`Exact::show`], without the zeros at the end (去尾零显示): `58`, `0.611`.
    ///
    /// # Errors
    /// Out of range.
    pub fn show_shortest(self, most: u32) -> Result<String, Overflow> {
        let shown = self.show(most)?;
        Ok(match shown.contains('.') {
            true => shown.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => shown,
        })
    }

    fn reduced(self) -> Exact {
        let g = gcd(self.num.unsigned_abs(), self.den.unsigned_abs());
        match i128::try_from(g) {
            Ok(g) if g > 1 => Exact {
                num: self.num / g,
                den: self.den / g,
            },
            _ => self,
        }
    }
}

/// `value / 10^decimals` as text with exactly `decimals` places.
pub(super) fn show_scaled(value: i128, decimals: u32) -> String {
    let step = 10_u128.pow(decimals.min(38));
    let sign = if value < 0 { "-" } else { "" };
    let value = value.unsigned_abs();
    match decimals {
        0 => format!("{sign}{value}"),
        _ => format!(
            "{sign}{}.{:0width$}",
            value / step,
            value % step,
            width = usize::try_from(decimals).unwrap_or(0)
        ),
    }
}

fn power_of_ten(decimals: u32) -> Result<i128, Overflow> {
    if decimals > 12 {
        return Err(Overflow);
    }
    10_i128.checked_pow(decimals).ok_or(Overflow)
}

fn to_signed(value: u128) -> Result<i128, Overflow> {
    i128::try_from(value).map_err(|_| Overflow)
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        // most values fit 64 bits, where division is several times cheaper
        if let (Ok(x), Ok(y)) = (u64::try_from(a), u64::try_from(b)) {
            return u128::from(gcd_small(x, y));
        }
        (a, b) = (b, a % b);
    }
    a.max(1)
}

fn gcd_small(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}
