//! The lists beside the records: hospitals and insured persons.

use std::collections::BTreeMap;
use std::path::Path;

use hashbrown::HashMap;
use jiff::civil::Date;

use super::Scenario;
use crate::benefit::{BenefitPolicy, Status};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Result, suggestion};
use crate::records::{TableFacts, TableForm, WholeTable, read_date};

/// A hospital of the region (医疗机构).
#[derive(Clone, Debug)]
pub struct Hospital {
    /// Level.
    pub level: HospitalLevel,
    /// District; empty where the list does not tell it.
    pub district: String,
    /// Group of counties; empty where the list does not tell it.
    pub county_group: String,
}

/// An insured person (参保人员), by number; no names.
#[derive(Clone, Debug)]
pub struct Insured {
    /// `employee` or `resident`.
    pub scheme: String,
    /// Contribution tier, empty where there are none.
    pub plan: String,
    /// Categories (身份类别).
    pub categories: Vec<String>,
    /// Employment status, of employees.
    pub status: Option<Status>,
    /// Day of birth.
    pub birth: Date,
}

impl Insured {
    /// Whether plan and categories are words of the policy that will share this person's bills.
    fn fits(&self, policy: &BenefitPolicy) -> std::result::Result<(), String> {
        if !policy.plans().is_empty() && !policy.plans().contains(&self.plan) {
            let plans = policy.plans().join(", ");
            return Err(format!("field `plan`: `{}`; expected one of {plans}", self.plan));
        }
        let known = policy.categories();
        let unknown = self.categories.iter().find(|category| !known.contains(category));
        match unknown
            .map(String::as_str)
            .or(self.categories.is_empty().then_some(""))
        {
            Some(word) => {
                let known_words = known.iter().map(String::as_str);
                let hint = suggestion(word, known_words);
                Err(format!(
                    "field `categories`: `{word}`; expected one or more of {}{hint}",
                    known.join(", ")
                ))
            }
            None => Ok(()),
        }
    }

    /// Full years on a day (周岁).
    pub fn age_on(&self, day: Date) -> i16 {
        let had_birthday = (day.month(), day.day()) >= (self.birth.month(), self.birth.day());
        day.year() - self.birth.year() - i16::from(!had_birthday)
    }
}

/// Hospitals and persons by their codes (名单).
#[derive(Debug, Default)]
pub struct Lists {
    /// By hospital code.
    pub hospitals: HashMap<String, Hospital>,
    /// By the insurer's number.
    pub persons: HashMap<String, Insured>,
    /// Path as shown and SHA-256 of each file.
    pub files: Vec<(String, String)>,
}

impl Lists {
    /// Reads both lists of a scenario.
    ///
    /// # Errors
    /// A missing column, an unknown level, scheme or status, a code that stands twice; each with
    /// its line.
    pub fn load(scenario: &Scenario, benefits: &BTreeMap<String, BenefitPolicy>) -> Result<Lists> {
        let mut lists = Lists::default();
        let hospitals = Table::read(&scenario.hospitals)?;
        lists.hospitals = hospitals_of(&hospitals)?;
        let persons = Table::read(&scenario.persons)?;
        persons.each(
            [
                "person",
                "insured_scheme",
                "plan",
                "categories",
                "status",
                "birth_date",
            ],
            |cells| {
                let [person, scheme, plan, categories, status, birth] = cells;
                if !matches!(scheme, "employee" | "resident") {
                    return Err(format!(
                        "field `insured_scheme`: `{scheme}`; expected employee or resident"
                    ));
                }
                let status = match status {
                    "" => None,
                    "active" => Some(Status::Active),
                    "retired" => Some(Status::Retired),
                    other => {
                        return Err(format!(
                            "field `status`: `{other}`; expected active, retired or nothing"
                        ));
                    }
                };
                let categories = categories
                    .split('|')
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect();
                let birth =
                    read_date(birth).ok_or("field `birth_date`: expected a date such as 1980-03-05")?;
                let insured = Insured {
                    birth,
                    scheme: scheme.to_owned(),
                    plan: plan.to_owned(),
                    categories,
                    status,
                };
                benefits
                    .get(scheme)
                    .map_or(Ok(()), |policy| insured.fits(policy))?;
                add(&mut lists.persons, "person", person, insured)
            },
        )?;
        lists.files = [&hospitals, &persons]
            .map(|table| (table.facts().path.clone(), table.facts().sha256.clone()))
            .to_vec();
        Ok(lists)
    }
}

impl Hospital {
    /// Reads a list of hospitals, `hospital,level` and perhaps `district,county_group`, by code (读取医疗机构名单).
    ///
    /// # Errors
    /// As [`Lists::load`].
    pub fn load_all(path: &Path) -> Result<HashMap<String, Hospital>> {
        hospitals_of(&Table::read(path)?)
    }
}

fn hospitals_of(table: &Table) -> Result<HashMap<String, Hospital>> {
    let mut hospitals = HashMap::new();
    let optional = ["district", "county_group"];
    table.each_of(
        ["hospital", "level"],
        optional,
        |_, [code, level], [district, county_group]| {
            let level = level
                .parse()
                .map_err(|expected| format!("field `level`: `{level}`; {expected}"))?;
            let hospital = Hospital {
                level,
                district: district.to_owned(),
                county_group: county_group.to_owned(),
            };
            add(&mut hospitals, "hospital", code, hospital)
        },
    )?;
    Ok(hospitals)
}

fn add<T>(
    map: &mut HashMap<String, T>,
    column: &str,
    code: &str,
    value: T,
) -> std::result::Result<(), String> {
    if code.is_empty() {
        return Err(format!("field `{column}` is empty"));
    }
    match map.insert(code.to_owned(), value) {
        None => Ok(()),
        // a person's number is personal data: it is not shown
        Some(_) => Err(format!("this {column} stands in an earlier row too")),
    }
}

/// A table with a header, columns by name in any order.
pub(super) struct Table {
    whole: WholeTable,
}

impl Table {
    /// Reads a file that says by itself how it is to be read.
    pub(super) fn read(path: &Path) -> Result<Table> {
        Table::read_as(path, &TableForm::default())
    }

    pub(super) fn read_as(path: &Path, form: &TableForm) -> Result<Table> {
        let whole = WholeTable::read(path, form)?;
        Ok(Table { whole })
    }

    /// How it was read.
    pub(super) fn facts(&self) -> &TableFacts {
        &self.whole.facts
    }

    /// The names of its columns.
    pub(super) fn columns(&self) -> &[String] {
        &self.whole.columns
    }

    /// Hands the named cells of each row to `row`; its complaints become errors with the line.
    pub(super) fn each<const N: usize>(
        &self,
        columns: [&str; N],
        mut row: impl FnMut([&str; N]) -> std::result::Result<(), String>,
    ) -> Result<()> {
        self.each_line(columns, |_, cells| row(cells))
    }

    /// As [`Table::each`], with the line of each row.
    pub(super) fn each_line<const N: usize>(
        &self,
        columns: [&str; N],
        mut row: impl FnMut(u64, [&str; N]) -> std::result::Result<(), String>,
    ) -> Result<()> {
        self.each_of(columns, [], |line, cells, []| row(line, cells))
    }

    /// The same with further columns that may be absent; their cells are then empty.
    fn each_of<const N: usize, const M: usize>(
        &self,
        columns: [&str; N],
        optional: [&str; M],
        mut row: impl FnMut(u64, [&str; N], [&str; M]) -> std::result::Result<(), String>,
    ) -> Result<()> {
        let (whole, header) = (&self.whole, &self.whole.columns);
        let mut fields = [0; N];
        for (field, column) in fields.iter_mut().zip(columns) {
            let missing = || {
                let hint = suggestion(column, header.iter().map(String::as_str));
                let place = whole.place.line(whole.header_line);
                Error::at(place, format!("column `{column}` is missing{hint}"))
            };
            *field = header
                .iter()
                .position(|name| name == column)
                .ok_or_else(missing)?;
        }
        let further = optional.map(|column| header.iter().position(|name| name == column));
        let mut errors = Vec::new();
        for (line, record) in &whole.rows {
            let line = *line;
            let cell = |field: usize| record.get(field).map_or("", str::trim);
            let complaint = match whole.odd_width(record) {
                None => row(
                    line,
                    fields.map(cell),
                    further.map(|field| field.map_or("", cell)),
                )
                .err(),
                Some(found) => Some(format!(
                    "this row has {found} fields; the header has {}",
                    header.len()
                )),
            };
            errors.extend(complaint.map(|message| Error::at(whole.place.line(line), message)));
            if errors.len() >= 20 {
                break;
            }
        }
        Error::all(errors)
    }
}
