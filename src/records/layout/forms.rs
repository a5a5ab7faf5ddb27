//! The forms of single cells that foreign files have, and neutral ones do not (读法).

use jiff::civil::Date;

use super::super::cells::{read_date, read_number};
use super::super::draft::plain_number;

/// Days of a month where an age is given in months without dates.
const DAYS_OF_MONTH: i64 = 30;

/// Healing of a wound that is neither good, fair nor bad.
const OTHER_HEALING: i64 = 10;

/// A date as `yyyy-MM-dd`; what is none stays as written, for the edits to find.
pub(super) fn put_date(out: &mut String, cell: &str) {
    if is_iso_date(cell.as_bytes()) {
        return out.push_str(cell.get(..10).unwrap_or(cell));
    }
    match read_date(cell) {
        Some(date) => put_day(out, date),
        None => out.push_str(cell),
    }
}

fn put_day(out: &mut String, date: Date) {
    out.push_str(&date.to_string());
}

/// Whether a cell is `yyyy-MM-dd` and perhaps a time behind a blank; days that no month has are
/// left to the reader of dates.
fn is_iso_date(cell: &[u8]) -> bool {
    let (day, rest) = match cell.split_first_chunk::<10>() {
        Some((day, rest)) => (day, rest),
        None => return false,
    };
    let ends = matches!(rest.first(), None | Some(b' ' | b'T'));
    let digits = [0, 1, 2, 3, 5, 6, 8, 9]
        .iter()
        .all(|at| day.get(*at).is_some_and(u8::is_ascii_digit));
    let dashes = [4, 7].iter().all(|at| day.get(*at) == Some(&b'-'));
    ends && digits && dashes && matches!((day.get(5), day.get(8)), (Some(b'0' | b'1'), Some(b'0'..=b'3')))
}

/// The time of a cell of date and time, as `HH:mm:ss`; nothing where it has none.
pub(super) fn put_time(out: &mut String, cell: &str) {
    if let Some((hour, minute, second)) = time_of(cell) {
        out.push_str(&format!("{hour:02}:{minute:02}:{second:02}"));
    }
}

/// A date with its time, if it has one: `yyyy-MM-dd HH:mm:ss`; what is neither stays as written.
pub(super) fn put_moment(out: &mut String, cell: &str) {
    let Some(date) = read_date(cell) else {
        return out.push_str(cell);
    };
    put_day(out, date);
    if let Some((hour, minute, second)) = time_of(cell) {
        out.push_str(&format!(" {hour:02}:{minute:02}:{second:02}"));
    }
}

/// Minutes since a day long ago.
pub(super) fn minute_of(cell: &str) -> Option<i64> {
    let date = read_date(cell)?;
    let days = Date::new(1850, 1, 1).ok()?.until(date).ok()?.get_days();
    let (hour, minute, _) = time_of(cell)?;
    Some((i64::from(days) * 24 + hour) * 60 + minute)
}

/// The date, and the time if it is not midnight, of the number by which a spreadsheet keeps them
/// (日期序列号): days since 1899-12-30 with a fraction, 20000 to 80000.
pub(super) fn serial(cell: &str) -> Option<String> {
    const FIRST: i64 = 20_000;
    const LAST: i64 = 80_000;
    let (days, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    let whole_days = whole(days).filter(|days| (FIRST..=LAST).contains(days))?;
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || days.len() != 5 {
        return None;
    }
    // nine decimals are far below a second
    let nine: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    let seconds = (nine.parse::<i64>().ok()? * 86_400 + 500_000_000) / 1_000_000_000;
    let date = Date::new(1899, 12, 30)
        .ok()?
        .checked_add(jiff::Span::new().days(whole_days))
        .ok()?;
    Some(match seconds {
        0 => date.to_string(),
        86_400 => date.tomorrow().ok()?.to_string(),
        _ => format!(
            "{date} {:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ),
    })
}

/// Hours, minutes and seconds behind a date, or alone.
fn time_of(cell: &str) -> Option<(i64, i64, i64)> {
    let digits = cell.bytes().take_while(u8::is_ascii_digit).count();
    let time = match digits {
        14 => return clock(cell.get(8..10)?, cell.get(10..12)?, cell.get(12..14)?),
        _ if cell.get(..6).is_some_and(|head| head.contains(':')) => cell,
        _ => cell.split_once([' ', 'T'])?.1.trim(),
    };
    let mut parts = time.split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    clock(hour, minute, parts.next().unwrap_or("0"))
}

fn clock(hour: &str, minute: &str, second: &str) -> Option<(i64, i64, i64)> {
    let second = second.split('.').next().unwrap_or(second);
    let (hour, minute, second) = (whole(hour)?, whole(minute)?, whole(second)?);
    (hour < 24 && minute < 60 && second < 60).then_some((hour, minute, second))
}

/// A number of digits alone.
fn whole(digits: &str) -> Option<i64> {
    let digits = digits.trim();
    let plain = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// An hour alone, as `HH:00:00`; what is none stays as written.
pub(super) fn put_hour(out: &mut String, cell: &str) {
    match whole(cell).filter(|hour| *hour < 24) {
        Some(hour) => out.push_str(&format!("{hour:02}:00:00")),
        None => out.push_str(cell),
    }
}

/// Age in months and thirtieths of a month: `15/30`, `2 15/30`, `3`.
pub(super) struct MonthsAndDays {
    months: i64,
    days: i64,
}

impl MonthsAndDays {
    pub(super) fn read(cell: &str) -> Option<MonthsAndDays> {
        let (months, days) = match cell.rsplit_once([' ', '+']) {
            Some((months, part)) => (whole(months)?, thirtieths(part)?),
            None if cell.contains('/') => (0, thirtieths(cell)?),
            None => (whole(cell)?, 0),
        };
        Some(MonthsAndDays { months, days })
    }

    /// In days: of whole months by the dates of birth and admission where both are known.
    pub(super) fn in_days(&self, born: Option<Date>, admitted: Option<Date>) -> i64 {
        let by_dates = born.zip(admitted).filter(|_| self.months > 0 && self.days == 0);
        let between = by_dates.and_then(|(born, admitted)| days_between(born, admitted));
        between.unwrap_or(self.months * DAYS_OF_MONTH + self.days)
    }
}

fn thirtieths(part: &str) -> Option<i64> {
    let (days, of) = part.split_once('/')?;
    (of.trim() == "30").then(|| whole(days)).flatten()
}

/// Days from one date to a later one.
pub(super) fn days_between(first: Date, last: Date) -> Option<i64> {
    let days = first.until(last).ok()?.get_days();
    Some(i64::from(days)).filter(|days| *days >= 0)
}

/// Full years from birth to a day.
pub(super) fn years_between(born: Date, day: Date) -> Option<i64> {
    let years = i64::from(day.year()) - i64::from(born.year());
    let before_birthday = (day.month(), day.day()) < (born.month(), born.day());
    Some(years - i64::from(before_birthday)).filter(|years| *years >= 0)
}

/// A duration of days, hours and minutes such as `1/13/24`, in minutes; 24 hours and 60 minutes
/// are tolerated.
pub(super) fn duration(cell: &str) -> Option<i64> {
    let mut parts = cell.split('/');
    let (days, hours, minutes) = (
        whole(parts.next()?)?,
        whole(parts.next()?)?,
        whole(parts.next()?)?,
    );
    (parts.next().is_none() && hours <= 24 && minutes <= 60).then_some((days * 24 + hours) * 60 + minutes)
}

/// Days, hours and minutes of three cells, an empty one for zero, in minutes.
pub(super) fn day_hour_minute(cells: [&str; 3]) -> Option<i64> {
    let number = |cell: &str| match cell {
        "" => Some(0),
        cell => read_number(cell)
            .filter(|hundredths| hundredths % 100 == 0)
            .map(|number| number / 100),
    };
    let [days, hours, minutes] = cells.map(number);
    Some((days? * 24 + hours?) * 60 + minutes?)
}

/// Minutes as hours with at most two decimals, half a hundredth up.
pub(super) fn put_hours(out: &mut String, minutes: i64) {
    out.push_str(&plain_number((minutes * 100 + 30) / 60));
}

/// Class I, II, III and healing 甲 乙 丙 as one code; class 0 gives 0.
pub(super) fn wound(class: &str, healing: &str) -> Option<i64> {
    let class = match class {
        "Ⅰ" | "I" => 1,
        "Ⅱ" | "II" => 2,
        "Ⅲ" | "III" => 3,
        digit => whole(digit)?,
    };
    let healing = match healing {
        "甲" => 1,
        "乙" => 2,
        "丙" => 3,
        "其他" => 9,
        "" if class == 0 => 0,
        digit => whole(digit)?,
    };
    match (class, healing) {
        (0, _) => Some(0),
        (1..=3, 1..=3) => Some(3 * (class - 1) + healing),
        (1..=3, 4..=9) => Some(OTHER_HEALING * class),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn put(write: impl Fn(&mut String, &str), cell: &str) -> String {
        let mut out = String::new();
        write(&mut out, cell);
        out
    }

    #[test]
    fn dates_and_times() {
        let cases = [
            (
                "2026-01-05 09:20:00",
                "2026-01-05",
                "09:20:00",
                "2026-01-05 09:20:00",
            ),
            ("2026/1/5 9:20", "2026-01-05", "09:20:00", "2026-01-05 09:20:00"),
            ("20260105", "2026-01-05", "", "2026-01-05"),
            ("20260105092000", "2026-01-05", "09:20:00", "2026-01-05 09:20:00"),
            ("2026年1月5日", "2026-01-05", "", "2026-01-05"),
            (
                "2026-01-05T09:20:00.000",
                "2026-01-05",
                "09:20:00",
                "2026-01-05 09:20:00",
            ),
            ("yesterday", "yesterday", "", "yesterday"),
            ("2026-13-05", "2026-13-05", "", "2026-13-05"),
        ];
        for (cell, date, time, moment) in cases {
            assert_eq!(put(put_date, cell), date, "{cell}");
            assert_eq!(put(put_time, cell), time, "{cell}");
            assert_eq!(put(put_moment, cell), moment, "{cell}");
        }
        assert_eq!(put(put_hour, "09"), "09:00:00");
        assert_eq!(put(put_hour, "24"), "24");
    }

    #[test]
    fn serials_are_days_with_a_fraction() {
        let cases = [
            ("46027", Some("2026-01-05")),
            ("46027.388888889", Some("2026-01-05 09:20:00")),
            ("46027.9999999999", Some("2026-01-06")),
            ("19999", None),
            ("80001", None),
            ("20260105", None),
            ("46027.x", None),
        ];
        for (cell, expected) in cases {
            assert_eq!(serial(cell).as_deref(), expected, "{cell}");
        }
    }

    #[test]
    fn ages_in_months_and_thirtieths() {
        let day = jiff::civil::date;
        let cases = [("15/30", 15), ("2 15/30", 75), ("3", 90), ("0/30", 0)];
        for (cell, days) in cases {
            assert_eq!(
                MonthsAndDays::read(cell).unwrap().in_days(None, None),
                days,
                "{cell}"
            );
        }
        let months = MonthsAndDays::read("3").unwrap();
        assert_eq!(months.in_days(Some(day(2026, 1, 10)), Some(day(2026, 4, 12))), 92);
        for wrong in ["x", "15/31", "1/2/3", "", "-1"] {
            assert!(MonthsAndDays::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn durations_and_wounds() {
        assert_eq!(duration("1/13/24"), Some(2244));
        assert_eq!(put(|out, _| put_hours(out, 2244), ""), "37.4");
        assert_eq!(put(|out, _| put_hours(out, 2960), ""), "49.33");
        assert_eq!(
            [duration("0/25/0"), duration("1/2"), duration("1/2/3/4")],
            [None; 3]
        );
        assert_eq!(day_hour_minute(["1", "", "30"]), Some(1470));
        let wounds = [("1", "1"), ("Ⅱ", "乙"), ("3", "3"), ("0", ""), ("2", "9")].map(|(c, h)| wound(c, h));
        assert_eq!(wounds, [Some(1), Some(5), Some(9), Some(0), Some(20)]);
        assert_eq!(wound("4", "1"), None);
    }

    #[test]
    fn years_are_full() {
        let day = jiff::civil::date;
        assert_eq!(years_between(day(1980, 3, 5), day(2026, 3, 4)), Some(45));
        assert_eq!(years_between(day(1980, 3, 5), day(2026, 3, 5)), Some(46));
        assert_eq!(years_between(day(2026, 3, 5), day(2025, 3, 5)), None);
    }
}
