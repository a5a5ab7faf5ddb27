//! Neutral values in the forms that foreign cells have (写法): [`super::forms`] read backwards.

use hashbrown::HashMap;

use super::super::cells::read_number;
use super::super::columns::Column;
use super::file::{DateForm, Read};
use super::load::Source;

/// How a value is written.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// As it stands.
    Plain,
    /// A value for a value.
    Table(HashMap<String, String>),
    /// Written by another column, of which this one is read through the table.
    Follows(HashMap<String, String>),
    Date(DateForm),
    /// Behind the date in the same cell.
    TimeBehind,
    Hour,
    MonthsAndThirtieths,
    DurationHours,
    DurationMinutes,
    Wound,
}

/// How a column is written; `taken` says that another one is written under the same header.
pub(super) fn way(column: Column, source: &Source, dates: DateForm, taken: bool) -> Way {
    if let Some(table) = &source.table {
        if taken {
            return Way::Follows(table.iter().map(|(k, v)| (k.clone(), v.clone())).collect());
        }
        let mut back: HashMap<String, String> = HashMap::new();
        for (written, value) in table.iter() {
            // a value that stands for itself, else the first that stands for it
            if written == value || !back.contains_key(value) {
                back.insert(value.clone(), written.clone());
            }
        }
        return Way::Table(back);
    }
    match source.read {
        Some(Read::Date) => Way::Date(dates),
        Some(Read::Time) if taken => Way::TimeBehind,
        Some(Read::Time) => Way::Plain,
        Some(Read::Hour) => Way::Hour,
        Some(Read::MonthsAndThirtieths) => Way::MonthsAndThirtieths,
        Some(Read::DurationHours) => Way::DurationHours,
        Some(Read::DurationMinutes) => Way::DurationMinutes,
        Some(Read::WoundClassAndHealing) => Way::Wound,
        Some(Read::DayHourMinute) => Way::Plain,
        None if matches!(
            column,
            Column::BirthDate | Column::AdmitDate | Column::DischargeDate
        ) =>
        {
            Way::Date(dates)
        }
        None => Way::Plain,
    }
}

/// A value as it is written; nothing where the layout has no word for it.
pub(super) fn written(way: &Way, value: &str) -> Option<String> {
    let plain = || value.to_owned();
    Some(match way {
        Way::Plain | Way::TimeBehind | Way::Wound => plain(),
        Way::Table(back) => return back.get(value).cloned(),
        Way::Follows(table) => {
            let found = table
                .iter()
                .filter(|(_, reads)| *reads == value)
                .map(|(k, _)| k)
                .min();
            return found.cloned();
        }
        Way::Date(form) => date(*form, value),
        Way::Hour => value.split(':').next().unwrap_or(value).to_owned(),
        Way::MonthsAndThirtieths => months(value).unwrap_or_else(plain),
        Way::DurationHours => hundredths(value)
            .map(|hours| duration((hours * 60 + 50) / 100))
            .unwrap_or_else(plain),
        Way::DurationMinutes => hundredths(value)
            .map(|minutes| duration(minutes / 100))
            .unwrap_or_else(plain),
    })
}

/// The cells of one element of a list; nothing where it has none.
pub(super) fn parts(way: &Way, item: &str) -> Option<Vec<String>> {
    match way {
        Way::Wound => wound(item),
        _ => Some(item.split(';').map(str::to_owned).collect()),
    }
}

/// A date in the form of the layout; what is none stays.
fn date(form: DateForm, value: &str) -> String {
    let parts: Vec<&str> = value.split('-').collect();
    let by = match form {
        DateForm::Dashed => "-",
        DateForm::Plain => "",
        DateForm::Slashed => "/",
    };
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2 => parts.join(by),
        _ => value.to_owned(),
    }
}

fn hundredths(value: &str) -> Option<i64> {
    read_number(value).filter(|number| *number >= 0)
}

/// Days as months of 30 days and thirtieths.
fn months(value: &str) -> Option<String> {
    let days = hundredths(value).filter(|number| number % 100 == 0)? / 100;
    let (months, rest) = (days / 30, days % 30);
    Some(match months {
        0 => format!("{rest}/30"),
        _ => format!("{months} {rest}/30"),
    })
}

/// Minutes as `d/h/m`.
fn duration(minutes: i64) -> String {
    format!("{}/{}/{}", minutes / 1440, minutes / 60 % 24, minutes % 60)
}

/// Minutes as days, hours and minutes.
pub(super) fn day_hour_minute(value: &str) -> Option<[String; 3]> {
    let minutes = hundredths(value).filter(|number| number % 100 == 0)? / 100;
    Some([minutes / 1440, minutes / 60 % 24, minutes % 60].map(|number| number.to_string()))
}

/// Class and healing of a code of both.
fn wound(item: &str) -> Option<Vec<String>> {
    let code = hundredths(item).filter(|number| number % 100 == 0)? / 100;
    let (class, healing) = match code {
        0 => (0, 0),
        1..=9 => ((code - 1) / 3 + 1, (code - 1) % 3 + 1),
        10 | 20 | 30 => (code / 10, 9),
        _ => return None,
    };
    let healing = if class == 0 {
        String::new()
    } else {
        healing.to_string()
    };
    Some(vec![class.to_string(), healing])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::forms;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for minutes in [0, 5, 59, 60, 1439, 1440, 2244, 2960, 100_000] {
            assert_eq!(forms::duration(&duration(minutes)), Some(minutes));
            let parts = day_hour_minute(&minutes.to_string()).unwrap();
            let cells = [0, 1, 2].map(|place| parts[place].as_str());
            assert_eq!(forms::day_hour_minute(cells), Some(minutes));
            let mut hours = String::new();
            forms::put_hours(&mut hours, minutes);
            assert_eq!(
                written(&Way::DurationHours, &hours),
                Some(duration(minutes)),
                "{hours}"
            );
        }
        for days in [0, 1, 15, 29, 31, 75, 364] {
            let cell = months(&days.to_string()).unwrap();
            let read = forms::MonthsAndDays::read(&cell).unwrap();
            assert_eq!(read.in_days(None, None), days, "{cell}");
        }
        for code in [0, 1, 5, 9, 10, 20, 30] {
            let parts = wound(&code.to_string()).unwrap();
            assert_eq!(forms::wound(&parts[0], &parts[1]), Some(code));
        }
        assert_eq!(wound("31"), None);
        for form in [DateForm::Dashed, DateForm::Plain, DateForm::Slashed] {
            let mut read = String::new();
            forms::put_date(&mut read, &date(form, "2022-03-05"));
            assert_eq!(read, "2022-03-05");
        }
        assert_eq!(date(DateForm::Plain, "spring"), "spring");
    }
}
