//! Who the record is about, and how old.

use jiff::civil::Date;

use super::Checker;
use super::found::Hit;
use super::row::small;
use crate::diagnostics::Lang;
use crate::records::case::Span;
use crate::records::cells::{day_number, full_years};
use crate::records::{Column, plain_number};

/// Below this many grams, in hundredths, a newborn's weight is in kilograms (以千克填写的体重).
pub const KILOGRAMS: i64 = 1_000;

impl Checker<'_> {
    pub(super) fn read_identity(&mut self) {
        self.case.case_id = self.copy(Column::CaseId);
        self.case.hospital = self.copy(Column::Hospital);
        self.case.person = self.copy(Column::Person);
        self.case.department = self.copy(Column::Department);
        self.case.discharge_status = self.copy(Column::DischargeStatus);
        self.case.front_fees = self.copy(Column::FrontFees);
        self.case.insured_scheme = match self.cell(Column::InsuredScheme) {
            "employee" | "resident" | "" => self.copy(Column::InsuredScheme),
            _ => {
                let expected = self
                    .lang
                    .pick("employee or resident", "employee（职工）或 resident（居民）");
                self.note(
                    Hit::of("F006")
                        .at(Column::InsuredScheme)
                        .expected(expected)
                        .emptied(),
                );
                (0, 0)
            }
        };
    }

    pub(super) fn read_person(&mut self) {
        match self.cell(Column::Sex) {
            "1" | "男" => self.case.sex = 1,
            "2" | "女" => self.case.sex = 2,
            _ => self.note(Hit::of("X301").at(Column::Sex)),
        }
        let age = self.read_age();
        self.case.numbers.age = age.unwrap_or(0);
        self.case.numbers.age_days = self.number(Column::AgeDays);
        // zero grams means absent
        self.case.numbers.weight = self.number(Column::WeightG).filter(|weight| *weight > 0);
        if age == Some(0) {
            self.check_infant();
        }
    }

    fn read_age(&mut self) -> Option<i64> {
        let age = self.number(Column::Age);
        let Some(age) = age else {
            let years = self
                .birth_and_admission()
                .and_then(|(birth, admit)| full_years(birth, admit));
            let hit = Hit::of("A401").at(Column::Age);
            match years {
                Some(years) => self.note(hit.expected(self.words_of_dates(years)).repaired()),
                None => self.note(hit),
            }
            return years.map(|years| years * 100);
        };
        let (least, most) = self.ready.limits.age;
        if age > most || age < least || age % 100 != 0 {
            let (least, most) = (plain_number(least), plain_number(most));
            let expected = match self.lang {
                Lang::En => format!("full years, {least} to {most}"),
                Lang::Zh => format!("整岁，{least}至{most}"),
            };
            self.note(Hit::of("A402").at(Column::Age).expected(expected));
        }
        Some(age)
    }

    /// `17, from birth and admission date`
    fn words_of_dates(&self, value: i64) -> String {
        match self.lang {
            Lang::En => format!("{value}, from birth and admission date"),
            Lang::Zh => format!("按出生日期、入院日期为{value}"),
        }
    }

    /// Both dates, the birth not after the admission.
    fn birth_and_admission(&self) -> Option<(Date, Date)> {
        let date = |column| crate::records::read_date(self.cell(column));
        let (birth, admit) = (date(Column::BirthDate)?, date(Column::AdmitDate)?);
        (birth <= admit).then_some((birth, admit))
    }

    /// What the dates and the birth weights do not say makes its comparison false.
    fn check_infant(&mut self) {
        let days = match self.case.numbers.age_days {
            Some(days) => days,
            None => {
                let derived = self.birth_and_admission();
                let days = derived.map(|(birth, admit)| day_number(admit) - day_number(birth));
                let hit = Hit::of("A404").at(Column::AgeDays);
                let Some(days) = days else { return self.note(hit) };
                self.note(hit.expected(self.words_of_dates(days)).repaired());
                self.case.numbers.age_days = Some(days * 100);
                days * 100
            }
        };
        if days > self.ready.limits.infancy {
            self.note(Hit::of("A406").at(Column::AgeDays));
        }
        if days <= self.ready.limits.newborn {
            self.check_newborn_weight();
        }
    }

    fn check_newborn_weight(&mut self) {
        if self.case.numbers.weight.is_some_and(|weight| weight < KILOGRAMS) {
            self.note(Hit::of("B505").at(Column::WeightG).emptied());
            self.case.numbers.weight = None;
        }
        if self.case.numbers.weight.is_none() {
            self.case.numbers.weight = self.first_birth_weight();
        }
        let (least, most) = self.ready.limits.weight;
        let shown = [least, most].map(plain_number);
        let [low, high] = &shown;
        let expected = match self.lang {
            Lang::En => format!("{low} to {high} grams up to day 28"),
            Lang::Zh => format!("出生28天内为{low}至{high}克"),
        };
        match self.case.numbers.weight {
            None => self.note(Hit::of("B501").at(Column::WeightG).expected(expected)),
            // the birth weights, where they are there, are checked one by one
            Some(_) if self.cell(Column::WeightG).is_empty() => {}
            Some(weight) if !(least..=most).contains(&weight) => {
                self.note(Hit::of("B502").at(Column::WeightG).expected(expected));
            }
            Some(_) => {}
        }
    }

    /// The first birth weight in grams; kilograms count as empty.
    fn first_birth_weight(&self) -> Option<i64> {
        let first = self.cell(Column::BirthWeightsG).split('|').next()?;
        let weight = crate::records::cells::read_number(first.trim())?;
        (weight >= KILOGRAMS).then_some(weight)
    }

    /// Copies a cell into the case's text.
    fn copy(&mut self, column: Column) -> Span {
        let Some(index) = self.ready.header.field(column) else {
            return (0, 0);
        };
        let start = small(self.case.text.len());
        self.case.text.push_str(self.row.field(index).trim());
        (start, small(self.case.text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LONGEST_INFANCY, NEWBORN_DAYS, NEWBORN_WEIGHTS, OLDEST};
    use crate::records::Edits;

    #[test]
    fn the_quick_reader_and_the_rows_agree_on_limits() {
        let limit = |code, name| Edits::built_in().parameters(code).get(name);
        assert_eq!(limit("A402", "min"), 0);
        assert_eq!(limit("A402", "max"), OLDEST);
        assert_eq!(limit("A406", "max"), LONGEST_INFANCY);
        assert_eq!(limit("B501", "newborn_days"), NEWBORN_DAYS);
        assert_eq!(limit("B502", "error_min"), *NEWBORN_WEIGHTS.start());
        assert_eq!(limit("B502", "error_max"), *NEWBORN_WEIGHTS.end());
    }
}
