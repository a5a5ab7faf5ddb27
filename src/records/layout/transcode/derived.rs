//! What follows from other columns where a column is empty.

use super::*;

impl<'m, 't> Making<'m, 't> {
    /// Writes what follows from other columns, for a column that is empty.
    pub(super) fn derive(&mut self, column: Column) {
        let number = match column {
            Column::Age => self.dates(years_between),
            Column::AgeDays if self.is_infant() => self.dates(days_between),
            Column::LosDays => self.stay(),
            Column::WeightG if self.is_infant() => return self.put_birth_weight(),
            Column::IcuHours => return self.put_icu_hours(),
            _ => None,
        };
        if let Some(number) = number {
            self.text.push_str(&number.to_string());
        }
    }

    /// What a column says that is read for others.
    pub(super) fn hidden(&self, step: Option<&Step>) -> String {
        step.map_or_else(String::new, |step| self.aside(step))
    }

    pub(super) fn birth(&self) -> Option<Date> {
        read_date(&self.hidden(self.of.plan.hidden.birth.as_ref()))
    }

    pub(super) fn admitted(&self) -> Option<Date> {
        read_date(&self.hidden(self.of.plan.hidden.admit.as_ref()))
    }

    pub(super) fn dates(&self, between: impl Fn(Date, Date) -> Option<i64>) -> Option<i64> {
        between(self.birth()?, self.admitted()?)
    }

    /// Days of the stay by its dates, the same day as one.
    pub(super) fn stay(&self) -> Option<i64> {
        let discharged = read_date(&self.hidden(self.of.plan.hidden.discharge.as_ref()))?;
        days_between(self.admitted()?, discharged).map(|days| days.max(1))
    }

    /// Whether the age is 0, as written or by the dates.
    pub(super) fn is_infant(&self) -> bool {
        let written = match self.of.plan.hidden.age.as_ref().map(|step| &step.take) {
            Some(Take::First(fields)) => self.filled(fields),
            Some(Take::Whole(field)) => self.cells.cell(*field),
            _ => "",
        };
        let written = match self.joined.and_then(|row| row.cell(Column::Age)) {
            Some(joined) if written.is_empty() => joined,
            _ => written,
        };
        match written {
            "" => self.dates(years_between) == Some(0),
            written => read_number(written) == Some(0),
        }
    }

    /// The first birth weight; zero says nothing.
    pub(super) fn put_birth_weight(&mut self) {
        let weights = self.hidden(self.of.plan.hidden.birth_weights.as_ref());
        let first = weights.split('|').next().unwrap_or("");
        if !is_zero(first) {
            self.text.push_str(first);
        }
    }

    /// The sum of the stays in intensive care that have both times.
    pub(super) fn put_icu_hours(&mut self) {
        let Some(step) = &self.of.plan.hidden.icu_stays else {
            return;
        };
        if let Take::Each(slots) = &step.take
            && !slots.iter().flatten().any(|field| !self.cell(*field).is_empty())
        {
            return;
        }
        let mut minutes = None;
        for stay in self.aside(step).split('|') {
            let mut parts = stay.split(';').skip(1);
            let (Some(from), Some(to)) = (parts.next(), parts.next()) else {
                continue;
            };
            if let (Some(from), Some(to)) = (minute_of(from), minute_of(to))
                && to >= from
            {
                minutes = Some(minutes.unwrap_or(0) + to - from);
            }
        }
        if let Some(minutes) = minutes {
            put_hours(self.text, minutes);
        }
    }
}
