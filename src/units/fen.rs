//! Money (金额): integer fen.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use super::{Exact, ParseError};

/// Money in fen (分), 1/100 yuan; negative amounts are legal (冲正, negative dues).
///
/// Sums panic on overflow rather than wrap (overflow checks are on in every profile); amounts
/// that enter from outside are bounded by [`Fen::LARGEST_INPUT`], so a sum would need ninety
/// million such cases to reach the end of the range.
///
/// ```
/// use dianzhi::units::Fen;
/// let fee = Fen::parse_yuan("8155.59").unwrap();
/// assert_eq!(fee.fen(), 815_559);
/// assert_eq!((fee - Fen::parse_yuan("0.6").unwrap()).to_string(), "8154.99");
/// assert!(Fen::parse_yuan("1.005").is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fen(i64);

impl Fen {
    /// No money.
    pub const ZERO: Fen = Fen(0);

    /// The largest amount read from a cell or a file: 10 hundred million yuan (十亿元) a case.
    pub const LARGEST_INPUT: Fen = Fen(100_000_000_000);

    /// The amount, if a cell may hold it: sums of any number of such amounts stay in range
    /// (单笔金额上限).
    pub fn of_a_cell(self) -> Option<Fen> {
        (self.0.unsigned_abs() <= Fen::LARGEST_INPUT.0.unsigned_abs()).then_some(self)
    }

    /// From an integer number of fen.
    pub const fn new(fen: i64) -> Fen {
        Fen(fen)
    }

    /// The integer number of fen.
    pub const fn fen(self) -> i64 {
        self.0
    }

    /// Reads yuan as text: optional sign, digits, at most two decimals; no float on the way.
    ///
    /// # Errors
    /// Anything else, and amounts whose fen do not fit 64 bits.
    pub fn parse_yuan(text: &str) -> Result<Fen, ParseError> {
        const EXPECTED: ParseError = ParseError {
            expected: "yuan with at most two decimals, e.g. 8155.59",
        };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (yuan, cents) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let has_point_without_cents = digits.ends_with('.');
        if yuan.is_empty()
            || cents.len() > 2
            || has_point_without_cents
            || !all_digits(yuan)
            || !all_digits(cents)
        {
            return Err(EXPECTED);
        }
        let yuan: i64 = yuan.parse().map_err(|_| EXPECTED)?;
        let cents: i64 = match cents.len() {
            0 => 0,
            1 => cents.parse::<i64>().map_err(|_| EXPECTED)? * 10,
            _ => cents.parse().map_err(|_| EXPECTED)?,
        };
        let fen = yuan
            .checked_mul(100)
            .and_then(|fen| fen.checked_add(cents))
            .ok_or(EXPECTED)?;
        Ok(Fen(if negative { -fen } else { fen }))
    }

    /// The same amount as an exact fraction of fen.
    pub fn exact(self) -> Exact {
        Exact::integer(i128::from(self.0))
    }

    /// `true` below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl Fen {
    /// Appends the amount in yuan to a text (追加金额), as [`fmt::Display`] shows it: for bills of
    /// millions of records.
    pub fn push_to(self, text: &mut String) {
        text.push_str(self.digits(&mut [b'0'; 24]));
    }

    /// The same behind bytes of a text (追加金额).
    pub fn push_bytes(self, text: &mut Vec<u8>) {
        text.extend_from_slice(self.written(&mut [b'0'; 24]));
    }

    fn digits(self, text: &mut [u8; 24]) -> &str {
        std::str::from_utf8(self.written(text)).unwrap_or_default()
    }

    /// Digits, two at a time from the last, to the sign.
    fn written(self, text: &mut [u8; 24]) -> &[u8] {
        let (mut start, mut rest) = (22, self.0.unsigned_abs());
        put_pair(text, start, rest % 100);
        rest /= 100;
        start -= 1;
        put(text, start, b'.');
        while rest >= 10 {
            start -= 2;
            put_pair(text, start, rest % 100);
            rest /= 100;
        }
        if rest > 0 || start == 21 {
            start -= 1;
            put(text, start, b'0' + u8::try_from(rest).unwrap_or(0));
        }
        if self.0 < 0 {
            start -= 1;
            put(text, start, b'-');
        }
        text.get(start..).unwrap_or_default()
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.digits(&mut [b'0'; 24]))
    }
}

/// Both digits of a number below 100.
fn put_pair(text: &mut [u8; 24], at: usize, number: u64) {
    let digit = |digit: u64| b'0' + u8::try_from(digit).unwrap_or(0);
    put(text, at, digit(number / 10));
    put(text, at + 1, digit(number % 10));
}

fn put(text: &mut [u8; 24], at: usize, byte: u8) {
    if let Some(place) = text.get_mut(at) {
        *place = byte;
    }
}

impl Add for Fen {
    type Output = Fen;
    fn add(self, other: Fen) -> Fen {
        Fen(self.0 + other.0)
    }
}

impl Sub for Fen {
    type Output = Fen;
    fn sub(self, other: Fen) -> Fen {
        Fen(self.0 - other.0)
    }
}

impl Neg for Fen {
    type Output = Fen;
    fn neg(self) -> Fen {
        Fen(-self.0)
    }
}

impl AddAssign for Fen {
    fn add_assign(&mut self, other: Fen) {
        *self = *self + other;
    }
}

impl SubAssign for Fen {
    fn sub_assign(&mut self, other: Fen) {
        *self = *self - other;
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(amounts: I) -> Fen {
        amounts.fold(Fen::ZERO, Add::add)
    }
}
