//! Reading single cells: numbers, dates, codes.

use jiff::civil::Date;

/// What a cell may hold instead of nothing (占位符).
pub(super) fn is_placeholder(cell: &str) -> bool {
    matches!(cell, "-" | "--" | "—" | "NULL" | "null" | "无" | "N/A")
}

/// A non-negative number with at most two decimals, in hundredths.
///
/// Commas between thousands, full-width digits and a trailing unit are accepted.
pub(super) fn read_number(cell: &str) -> Option<i64> {
    if let Some(number) = read_plain(cell.as_bytes()) {
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
    read_plain(folded.as_bytes())
}

/// Digits with an optional point: the common case, without allocation.
fn read_plain(digits: &[u8]) -> Option<i64> {
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

/// A date (日期): `yyyy-MM-dd`, `yyyy/M/d`, `yyyy.M.d`, `yyyyMMdd`, `yyyy年M月d日`, with or without
/// a time of day behind it. Years 1850 to 2200.
pub fn read_date(cell: &str) -> Option<Date> {
    let cell = cell.trim();
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
    if !(1850..=2200).contains(&year) {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
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
