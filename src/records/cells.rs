//! Reading single cells: numbers, dates, codes.

use jiff::civil::Date;

/// Years a date may be of.
const YEARS: std::ops::RangeInclusive<i64> = 1850..=2200;

/// A non-negative number with at most two decimals, in hundredths.
///
/// Commas between thousands, full-width digits and a trailing unit are accepted.
pub fn read_number(cell: &str) -> Option<i64> {
    if let Some(number) = read_plain_number(cell.as_bytes()) {
        return Some(number);
    }
    let unit = |c: char| matches!(c, '岁' | '天' | '克' | 'g' | '元');
    let mut folded = String::new();
    for c in cell.trim().trim_end_matches(unit).chars() {
        match c {
            '０'..='９' => folded.push(char::from_u32(u32::from(c) - 0xfee0)?),
            '．' => folded.push('.'),
            ',' | '，' => {}
            '+' if folded.is_empty() => {}
            _ => folded.push(c),
        }
    }
    read_plain_number(folded.as_bytes())
}

/// Digits with an optional point: the common case, without allocation.
#[inline]
pub(super) fn read_plain_number(digits: &[u8]) -> Option<i64> {
    match digits {
        [one @ b'0'..=b'9'] => Some(i64::from(one - b'0') * 100),
        [ten @ b'0'..=b'9', one @ b'0'..=b'9'] => {
            Some(i64::from(ten - b'0') * 1000 + i64::from(one - b'0') * 100)
        }
        _ => read_longer_number(digits),
    }
}

fn read_longer_number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let mut value: i64 = 0;
    let mut decimals: Option<u32> = None;
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + i64::from(byte - b'0');
                decimals = decimals.map(|d| d + 1);
            }
            b'.' if decimals.is_none() && value >= 0 && digits.len() > 1 => decimals = Some(0),
            _ => return None,
        }
    }
    match decimals {
        None => Some(value * 100),
        Some(1) => Some(value * 10),
        Some(2) => Some(value),
        // more decimals are legal only if they say nothing: 3250.000
        Some(0) => None,
        Some(more) => {
            let cut = 10_i64.checked_pow(more - 2)?;
            (value % cut == 0).then_some(value / cut)
        }
    }
}

/// The longest number in bytes that [`read_short_number`] reads.
pub(super) const SHORT_NUMBER: usize = 8;

/// What [`read_plain_number`] reads in the first `length` of eight bytes, 1 to 8, if it is digits
/// alone or has two decimals; nothing is then not yet an answer.
///
/// All digits at once: neither the length nor the digits of a number can be foreseen, so a loop
/// over them would stall the processor.
#[inline]
pub(super) fn read_short_number(bytes: [u8; SHORT_NUMBER], length: usize) -> Option<i64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const POINT: u64 = (b'.' ^ b'0') as u64;
    // the last digit is the highest byte, nulls stand before the first
    let cells = (u64::from_le_bytes(bytes) ^ ZEROS) << ((SHORT_NUMBER - length) * 8);
    let decimals = cells & 0xffff_0000_0000_0000;
    let whole = cells & 0x0000_00ff_ffff_ffff;
    let (digits, hundredths) = match cells >> 40 & 0xff {
        POINT => (decimals | whole << 8, 1),
        _ => (cells, 100),
    };
    // a byte above 9 reaches the highest bit, or had it
    let odd = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
    (odd == 0).then(|| i64::from(eight_digits(digits)) * hundredths)
}

/// The number whose decimal digits are these bytes, the highest byte last: neighbours are joined
/// to pairs, pairs to fours, fours to eight.
#[inline]
fn eight_digits(digits: u64) -> u32 {
    const EVERY_OTHER_PAIR: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let high = (pairs & EVERY_OTHER_PAIR).wrapping_mul(100 + (1_000_000 << 32));
    let low = (pairs >> 16 & EVERY_OTHER_PAIR).wrapping_mul(1 + (10_000 << 32));
    (high.wrapping_add(low) >> 32) as u32
}

/// A date in its usual form, `yyyy-MM-dd` and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IsoDate {
    year: i64,
    month: i64,
    day: i64,
}

impl IsoDate {
    pub(super) fn read(cell: &[u8]) -> Option<IsoDate> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = cell else {
            return None;
        };
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0, |value, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| value * 10 + i64::from(digit - b'0'))
            })
        };
        let year = number(&[*y1, *y2, *y3, *y4])?;
        let (month, day) = (number(&[*m1, *m2])?, number(&[*d1, *d2])?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let there = YEARS.contains(&year) && (1..=days).contains(&day);
        there.then_some(IsoDate { year, month, day })
    }

    /// Days since a day long ago.
    pub(super) fn day_number(self) -> i64 {
        // years begin with March, so that a leap day is the last of its year
        let (year, month) = match self.month {
            1 | 2 => (self.year - 1, self.month + 9),
            _ => (self.year, self.month - 3),
        };
        year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + self.day
    }
}

/// A date (日期): `yyyy-MM-dd`, `yyyy/M/d`, `yyyy.M.d`, `yyyyMMdd`, `yyyy年M月d日`, with or without
/// a time of day behind it. Years 1850 to 2200.
pub fn read_date(cell: &str) -> Option<Date> {
    let cell = cell.trim();
    if has_utc_mark(cell) {
        return None;
    }
    let digits = cell.bytes().take_while(u8::is_ascii_digit).count();
    let (year, month, day) = if digits == 8 || digits == 14 {
        (cell.get(..4)?, cell.get(4..6)?, cell.get(6..8)?)
    } else {
        let (year, rest) = cell.split_at_checked(4)?;
        let rest = rest.strip_prefix(['-', '/', '.', '年'])?;
        let (month, rest) = split_digits(rest)?;
        let rest = rest.strip_prefix(['-', '/', '.', '月'])?;
        let (day, rest) = split_digits(rest)?;
        if !matches!(rest.chars().next(), None | Some(' ' | 'T' | '日')) {
            return None;
        }
        (year, month, day)
    };
    let number = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse::<i16>().ok())?
    };
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    if !YEARS.contains(&i64::from(year)) {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Whether a time is that of another place than the record's (UTC标记): `Z`, or hours off Greenwich. Its
/// day may be another one than where the patient lay.
pub(super) fn has_utc_mark(cell: &str) -> bool {
    let Some((_, time)) = cell.split_once(['T', ' ']) else {
        return cell.len() > 8 && cell.ends_with(['Z', 'z']);
    };
    time.ends_with(['Z', 'z']) || time.contains('+') || time.contains('-')
}

/// A date that a spreadsheet shows as its day number, 20000 to 80000, with or without a part of a day.
pub(super) fn read_serial_date(cell: &str) -> Option<Date> {
    let (days, part) = cell.split_once('.').unwrap_or((cell, "0"));
    let is_number = days.len() == 5 && days.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit());
    let days: i32 = days.parse().ok().filter(|_| is_number && !part.is_empty())?;
    let first = Date::new(1899, 12, 30).ok()?;
    (20_000..=80_000)
        .contains(&days)
        .then(|| first.checked_add(jiff::Span::new().days(days)).ok())?
}

/// Minutes since midnight (时刻): `8`, `8:30`, `08:30:00`.
pub fn read_time(cell: &str) -> Option<i64> {
    let mut parts = cell.trim().split(':');
    let mut part = |most: i64| {
        let text = parts.next()?;
        let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i64>()
            .ok()
            .filter(|value| is_number && *value <= most)
    };
    let hour = part(24)?;
    let rest = [part(59), part(59)];
    let minute = match rest {
        [None, _] if cell.contains(':') => return None,
        [_, None] if cell.matches(':').count() > 1 => return None,
        [minute, _] => minute.unwrap_or(0),
    };
    (cell.matches(':').count() <= 2).then_some(hour * 60 + minute)
}

/// A date with the time behind it, in minutes since a day long ago; midnight where there is none.
pub(super) fn read_moment(cell: &str) -> Option<i64> {
    let cell = cell.trim();
    let day = day_number(read_date(cell)?);
    let time = cell
        .split_once([' ', 'T'])
        .map_or(Some(0), |(_, time)| read_time(time))?;
    Some(day * 1440 + time)
}

/// Days since a day long ago.
pub(super) fn day_number(date: Date) -> i64 {
    let date = IsoDate {
        year: i64::from(date.year()),
        month: i64::from(date.month()),
        day: i64::from(date.day()),
    };
    date.day_number()
}

/// Full years from birth to a later day.
pub(super) fn full_years(birth: Date, day: Date) -> Option<i64> {
    let before_birthday = (day.month(), day.day()) < (birth.month(), birth.day());
    let years = i64::from(day.year() - birth.year()) - i64::from(before_birthday);
    (years >= 0).then_some(years)
}

/// One or two leading digits and what follows.
fn split_digits(text: &str) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=2).contains(&length) {
        return None;
    }
    text.split_at_checked(length)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_hundredths() {
        let cases = [
            ("45", Some(4500)),
            ("37.5", Some(3750)),
            ("1,234.56", Some(123_456)),
            ("３２５０克", Some(325_000)),
            ("3250.000", Some(325_000)),
            ("0", Some(0)),
            ("-1", None),
            ("1.005", None),
            ("5.", None),
            (".", None),
            ("1e3", None),
            ("", None),
        ];
        for (cell, expected) in cases {
            assert_eq!(read_number(cell), expected, "{cell}");
        }
    }

    #[test]
    fn a_short_number_reads_as_any_number() {
        let alphabet = [b'0', b'1', b'9', b'.', b'/', b':', b'-', 0xb5];
        let mut read = 0;
        for length in 1..=SHORT_NUMBER {
            for number in 0..4_000_usize {
                let letter = |at: usize| {
                    // every cell of up to four bytes, and some of the longer ones
                    let digit = if length <= 4 {
                        number >> (3 * at)
                    } else {
                        (number * (at + 7)) >> at
                    };
                    alphabet[digit % if length > 4 && number % 3 > 0 { 3 } else { 8 }]
                };
                let mut bytes = [b'7'; SHORT_NUMBER];
                (0..length).for_each(|at| bytes[at] = letter(at));
                if length > 4 && number % 2 > 0 {
                    bytes[length - 3] = b'.';
                }
                if let Some(short) = read_short_number(bytes, length) {
                    assert_eq!(
                        read_plain_number(&bytes[..length]),
                        Some(short),
                        "{bytes:?} {length}"
                    );
                    read += 1;
                }
            }
        }
        assert!(read > 8_000, "{read}");
        assert_eq!(read_short_number(*b"87654321", 8), Some(8_765_432_100));
        assert_eq!(read_short_number(*b"12345.67", 8), Some(1_234_567));
        assert_eq!(read_short_number(*b"7,,,,,,,", 1), Some(700));
    }

    #[test]
    fn usual_dates_are_those_of_the_calendar() {
        let first = jiff::civil::date(1999, 12, 30);
        for days in 0..1_500 {
            let date = first.checked_add(jiff::Span::new().days(days)).unwrap();
            let read = IsoDate::read(date.to_string().as_bytes()).unwrap();
            let start = IsoDate::read(b"1999-12-30").unwrap();
            assert_eq!(read.day_number() - start.day_number(), days, "{date}");
        }
        for cell in [
            "2021-02-29",
            "2022-13-01",
            "2022-04-31",
            "2022-4-01",
            "2022/04/01",
            "1849-01-01",
        ] {
            assert_eq!(IsoDate::read(cell.as_bytes()), None, "{cell}");
        }
    }

    #[test]
    fn dates_of_every_form() {
        for cell in [
            "2022-03-05",
            "2022/3/5",
            "2022.3.05",
            "20220305",
            "2022年3月5日",
            "2022-03-05T08:30",
            "20220305083000",
        ] {
            assert_eq!(read_date(cell), Some(jiff::civil::date(2022, 3, 5)), "{cell}");
        }
        for cell in [
            "2022-13-05",
            "22-03-05",
            "05/03/2022",
            "2022-03",
            "2022-03-055",
            "",
            "1700-01-01",
        ] {
            assert_eq!(read_date(cell), None, "{cell}");
        }
    }
}
