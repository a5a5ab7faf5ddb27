//! Working days of a place (工作日历): weekdays, less holidays, plus days that are worked instead.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};

use crate::diagnostics::{Error, Place, Result, suggestion};

/// Which days are worked (工作日历): Monday to Friday, and the exceptions of the years it tells of.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    name: String,
    exceptions: BTreeMap<Date, bool>,
}

impl Calendar {
    /// A calendar from CSV with the columns `day,working`: `2026-01-01,no`.
    ///
    /// # Errors
    /// Another header; a day that is none or stands twice; another word than yes or no.
    pub(super) fn parse(place: &Place, text: &str) -> Result<Calendar> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let not_csv = |e: csv::Error| Error::at(place.clone(), format!("this is not CSV: {e}"));
        let header = reader.headers().map_err(not_csv)?.clone();
        if header.iter().ne(["day", "working"]) {
            return Err(Error::at(place.line(1), "expected the columns day,working"));
        }
        let mut calendar = Calendar {
            name: place.file.to_string(),
            exceptions: BTreeMap::new(),
        };
        let mut errors = Vec::new();
        for record in reader.records() {
            let record = record.map_err(not_csv)?;
            let line = place.line(record.position().map_or(1, csv::Position::line));
            let cell = |at: usize| record.get(at).unwrap_or("");
            if let Err(message) = calendar.add(cell(0), cell(1)) {
                errors.push(Error::at(line, message));
            }
        }
        Error::all(errors)?;
        Ok(calendar)
    }

    fn add(&mut self, day: &str, working: &str) -> std::result::Result<(), String> {
        let date: Date = day
            .parse()
            .map_err(|_| format!("`day` is `{day}`; expected a date such as 2026-01-01"))?;
        let working = match working {
            "yes" => true,
            "no" => false,
            other => {
                let hint = suggestion(other, ["yes", "no"]);
                return Err(format!("`working` is `{other}`; expected yes or no{hint}"));
            }
        };
        match self.exceptions.insert(date, working) {
            None => Ok(()),
            Some(_) => Err(format!("{day} stands in an earlier row too")),
        }
    }

    /// The day that is so many working days after another.
    ///
    /// # Errors
    /// A year on the way of which the calendar tells nothing.
    pub(crate) fn after(&self, day: Date, working_days: u32) -> Result<Date> {
        let mut day = day;
        let mut left = working_days;
        while left > 0 {
            day = day
                .tomorrow()
                .map_err(|_| Error::new("the calendar ends before the last working day"))?;
            if !self.exceptions.keys().any(|known| known.year() == day.year()) {
                let year = day.year();
                let message = format!("the calendar `{}` tells no day of {year}", self.name);
                return Err(Error::new(message));
            }
            left -= u32::from(self.is_worked(day));
        }
        Ok(day)
    }

    fn is_worked(&self, day: Date) -> bool {
        let weekday = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.exceptions.get(&day).copied().unwrap_or(weekday)
    }
}
