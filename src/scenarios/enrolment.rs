//! The tables of enrolment (参保缴费名单), joined by person.
//!
//! | file | a row | columns |
//! |---|---|---|
//! | `persons.csv` | a registered person | person, place, birth_date, died_on, ground |
//! | `coverage.csv` | a cover | person, insured_scheme, place, plan, benefit, enrolled_on, from, to |
//! | `payments.csv` | a fee paid | person, place, plan, who, benefit, paid_on, amount |
//! | `subsidies.csv` | an enrolment subsidy | person, place, plan, benefit, category, amount, granted_on |
//! | `lists.csv` | an entry of a list | list, person, place, category, from, to |
//!
//! Columns stand in any order. An empty `to` is open; an empty `from` of a cover is an enrolment
//! that has not come into force. `who` is `student` or empty. Numbers only, no names. A table may be
//! packed, a workbook, or in another encoding; under another name, and on standard input, its columns
//! tell which one it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use jiff::civil::Date;

use super::lists::Table;
use crate::benefit::enrolment::{Cover, CoverScheme, Insured, List, Listed, Payment, PersonFile, Subsidy};
use crate::benefit::finance::{CoverPeriod, FinancePolicy, Span};
use crate::diagnostics::{Error, Place, Result, suggestion};
use crate::records::{TableFacts, TableForm, read_date};
use crate::units::Fen;

/// The tables, in reading order.
pub const TABLES: [&str; 5] = [
    "persons.csv",
    "coverage.csv",
    "payments.csv",
    "subsidies.csv",
    "lists.csv",
];

/// Columns of each table.
pub const PERSON_COLUMNS: [&str; 5] = ["person", "place", "birth_date", "died_on", "ground"];
/// Columns of `coverage.csv`.
pub const COVERAGE_COLUMNS: [&str; 8] = [
    "person",
    "insured_scheme",
    "place",
    "plan",
    "benefit",
    "enrolled_on",
    "from",
    "to",
];
/// Columns of `payments.csv`.
pub const PAYMENT_COLUMNS: [&str; 7] = ["person", "place", "plan", "who", "benefit", "paid_on", "amount"];
/// Columns of `subsidies.csv`.
pub const SUBSIDY_COLUMNS: [&str; 7] = [
    "person",
    "place",
    "plan",
    "benefit",
    "category",
    "amount",
    "granted_on",
];
/// Columns of `lists.csv`.
pub const LIST_COLUMNS: [&str; 6] = ["list", "person", "place", "category", "from", "to"];

/// Persons with everything on file of them, by number (参保档案).
#[derive(Debug, Default)]
pub struct EnrolmentFiles {
    /// By the insurer's number, ascending.
    pub persons: Vec<PersonFile>,
    /// How each table was read.
    pub files: Vec<TableFacts>,
    /// The path of each table, in the order of [`TABLES`].
    pub paths: [String; 5],
    /// Rows of each table, in the order of [`TABLES`].
    pub rows: [u64; 5],
}

type Refusal<T> = std::result::Result<T, String>;

impl EnrolmentFiles {
    /// Reads the tables from folders and files, against a policy; of payments for periods of `year`
    /// (of all, without it) the fee must be on file.
    ///
    /// # Errors
    /// A file of another name, one table twice, none of persons; a missing column; unknown words,
    /// dates that are none, amounts below zero, a fee the policy does not have; each with its line.
    pub fn load(
        inputs: &[PathBuf],
        form: &TableForm,
        policy: &FinancePolicy,
        year: Option<i16>,
    ) -> Result<EnrolmentFiles> {
        let tables = tables_of(inputs, form)?;
        let mut reading = Reading {
            policy,
            year,
            persons: Vec::new(),
            by_number: HashMap::new(),
        };
        let mut files = EnrolmentFiles::default();
        for (index, table) in tables.iter().enumerate() {
            let Some(table) = table else { continue };
            let rows = reading.table(index, table)?;
            if let (Some(place), Some(count)) = (files.paths.get_mut(index), files.rows.get_mut(index)) {
                place.clone_from(&table.facts().path);
                *count = rows;
            }
            files.files.push(table.facts().clone());
        }
        files.persons = reading.persons;
        files.persons.sort_by(|a, b| a.person.cmp(&b.person));
        Ok(files)
    }

    /// The years that payments are for (缴费所属年度).
    ///
    /// # Errors
    /// An academic period, where the policy does not say which year it counts to.
    pub fn years(&self, policy: &FinancePolicy) -> Result<Vec<i16>> {
        let payments = self.persons.iter().flat_map(|person| &person.payments);
        let years: std::result::Result<BTreeSet<i16>, String> =
            payments.map(|payment| policy.year_of(payment.benefit)).collect();
        Ok(years.map_err(Error::new)?.into_iter().collect())
    }
}

/// The columns by which a table of any name is told, in the order of [`TABLES`].
const TELLING: [&str; 5] = ["birth_date", "insured_scheme", "paid_on", "granted_on", "list"];

/// How names of tables end in a folder.
const ENDINGS: [&str; 8] = ["csv", "csv.gz", "csv.zst", "tsv", "txt", "xlsx", "xls", "ods"];

/// The tables that are read from a folder (文件夹中的名单).
pub fn tables_in(folder: &Path) -> Vec<PathBuf> {
    let names = TABLES.iter().flat_map(|table| {
        let stem = table.trim_end_matches(".csv");
        ENDINGS.map(|ending| folder.join(format!("{stem}.{ending}")))
    });
    names.filter(|path| path.is_file()).collect()
}

/// Every table of the inputs, read, by its place in [`TABLES`].
fn tables_of(inputs: &[PathBuf], form: &TableForm) -> Result<[Option<Table>; 5]> {
    let mut found: [Option<Table>; 5] = Default::default();
    let paths = inputs.iter().flat_map(|input| match input.is_dir() {
        true => tables_in(input),
        false => vec![input.clone()],
    });
    for path in paths {
        let table = Table::read_as(&path, form)?;
        let index = table_of(&path, &table)?;
        let Some(place) = found.get_mut(index) else {
            continue;
        };
        if let Some(earlier) = place {
            let message = format!("this table is read from {} already", earlier.facts().path);
            return Err(Error::at(Place::file(&path), message));
        }
        *place = Some(table);
    }
    if found.first().is_none_or(Option::is_none) {
        let given = inputs
            .first()
            .map_or(Place::file(Path::new("-")), |input| Place::file(input));
        return Err(Error::at(given, "there is no `persons.csv` among the inputs"));
    }
    Ok(found)
}

/// Which table a file holds: by its name, or else by the column that only this table has.
fn table_of(path: &Path, table: &Table) -> Result<usize> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let by_name = TABLES
        .iter()
        .position(|table| table.trim_end_matches(".csv") == stem);
    let has = |column: &&str| table.columns().iter().any(|name| name == column);
    by_name.or_else(|| TELLING.iter().position(has)).ok_or_else(|| {
        let hint = suggestion(&name, TABLES);
        let message = format!(
            "`{name}` is no table of enrolment; expected one of {}{hint}, or a table with one of the columns {}",
            TABLES.join(", "),
            TELLING.join(", ")
        );
        Error::at(Place::file(path), message)
    })
}

/// Tables being read.
struct Reading<'p> {
    policy: &'p FinancePolicy,
    /// The year whose fees must be on file; without it, of every payment.
    year: Option<i16>,
    persons: Vec<PersonFile>,
    by_number: HashMap<String, usize>,
}

impl Reading<'_> {
    /// Reads a table; says how many rows it has.
    fn table(&mut self, index: usize, table: &Table) -> Result<u64> {
        let mut rows = 0;
        let mut count = |done: Refusal<()>| {
            rows += 1;
            done
        };
        match index {
            0 => table.each_line(PERSON_COLUMNS, |line, cells| count(self.person(line, cells)))?,
            1 => table.each_line(COVERAGE_COLUMNS, |line, cells| count(self.cover(line, cells)))?,
            2 => table.each_line(PAYMENT_COLUMNS, |line, cells| count(self.payment(line, cells)))?,
            3 => table.each_line(SUBSIDY_COLUMNS, |line, cells| count(self.subsidy(line, cells)))?,
            _ => table.each_line(LIST_COLUMNS, |line, cells| count(self.listed(line, cells)))?,
        }
        Ok(rows)
    }

    /// The file of a person, new if there is none.
    fn file(&mut self, number: &str) -> Refusal<&mut PersonFile> {
        if number.is_empty() {
            return Err("field `person` is empty".to_owned());
        }
        let index = match self.by_number.get(number) {
            Some(index) => *index,
            None => {
                self.by_number.insert(number.to_owned(), self.persons.len());
                self.persons.push(PersonFile {
                    person: number.to_owned(),
                    ..PersonFile::default()
                });
                self.persons.len() - 1
            }
        };
        self.persons
            .get_mut(index)
            .ok_or_else(|| "this person is lost".to_owned())
    }

    /// The file of a person who must be registered.
    fn registered(&mut self, number: &str) -> Refusal<&mut PersonFile> {
        let file = self.file(number)?;
        match file.insured {
            Some(_) => Ok(file),
            // a person's number is personal data: it is not shown
            None => Err("field `person`: this person is not in `persons.csv`".to_owned()),
        }
    }

    fn person(&mut self, line: u64, cells: [&str; 5]) -> Refusal<()> {
        let [number, place, birth, died, ground] = cells;
        let insured = Insured {
            place: filled("place", place)?,
            birth: day("birth_date", birth)?,
            died_on: optional("died_on", died)?,
            ground: ground.to_owned(),
            line,
        };
        if insured.died_on.is_some_and(|died| died < insured.birth) {
            return Err("field `died_on`: this day is before `birth_date`".to_owned());
        }
        let file = self.file(number)?;
        match file.insured.replace(insured) {
            None => Ok(()),
            Some(earlier) => Err(format!("this person stands in line {} too", earlier.line)),
        }
    }

    fn cover(&mut self, line: u64, cells: [&str; 8]) -> Refusal<()> {
        let [number, scheme, place, plan, benefit, enrolled, from, to] = cells;
        let scheme = CoverScheme::by_word(scheme).ok_or_else(|| {
            let hint = suggestion(scheme, ["employee", "resident"]);
            format!("field `insured_scheme`: `{scheme}`; expected employee or resident{hint}")
        })?;
        let benefit = match scheme {
            CoverScheme::Resident => {
                self.known_plan(plan)?;
                Some(period(benefit)?)
            }
            CoverScheme::Employee => None,
        };
        let cover = Cover {
            scheme,
            place: filled("place", place)?,
            plan: plan.to_owned(),
            benefit,
            enrolled_on: optional("enrolled_on", enrolled)?,
            days: match from {
                "" if to.is_empty() => None,
                "" => return Err("field `from` is empty, but `to` is not".to_owned()),
                from => Some(span(from, to)?),
            },
            line,
        };
        self.registered(number)?.covers.push(cover);
        Ok(())
    }

    fn payment(&mut self, line: u64, cells: [&str; 7]) -> Refusal<()> {
        let [number, place, plan, who, benefit, paid_on, amount] = cells;
        self.known_plan(plan)?;
        let student = match who {
            "" => false,
            "student" => true,
            other => return Err(format!("field `who`: `{other}`; expected student or nothing")),
        };
        let benefit = period(benefit)?;
        let year = self
            .policy
            .year_of(benefit)
            .map_err(|e| format!("field `benefit`: {e}"))?;
        if self.year.is_none_or(|asked| asked == year) {
            self.policy
                .fee(benefit, student, plan)
                .map_err(|e| format!("field `benefit`: {e}"))?;
        }
        let payment = Payment {
            place: filled("place", place)?,
            plan: plan.to_owned(),
            student,
            benefit,
            paid_on: day("paid_on", paid_on)?,
            amount: yuan("amount", amount)?,
            line,
        };
        self.registered(number)?.payments.push(payment);
        Ok(())
    }

    fn subsidy(&mut self, line: u64, cells: [&str; 7]) -> Refusal<()> {
        let [number, place, plan, benefit, category, amount, granted_on] = cells;
        self.known_plan(plan)?;
        self.known_category(category)?;
        let benefit = period(benefit)?;
        self.policy
            .year_of(benefit)
            .map_err(|e| format!("field `benefit`: {e}"))?;
        let subsidy = Subsidy {
            place: filled("place", place)?,
            plan: plan.to_owned(),
            benefit,
            category: category.to_owned(),
            amount: yuan("amount", amount)?,
            granted_on: day("granted_on", granted_on)?,
            line,
        };
        self.file(number)?.subsidies.push(subsidy);
        Ok(())
    }

    fn listed(&mut self, line: u64, cells: [&str; 6]) -> Refusal<()> {
        let [list, number, place, category, from, to] = cells;
        let list = List::by_word(list).ok_or_else(|| {
            let hint = suggestion(list, List::ALL.map(List::as_str));
            format!("field `list`: `{list}`; expected poverty, tax or insurance{hint}")
        })?;
        self.known_category(category)?;
        let listed = Listed {
            list,
            place: filled("place", place)?,
            category: category.to_owned(),
            days: span(from, to)?,
            line,
        };
        self.file(number)?.lists.push(listed);
        Ok(())
    }

    fn known_plan(&self, plan: &str) -> Refusal<()> {
        let plans = self.policy.plans();
        if plans.is_empty() && plan.is_empty() || plans.iter().any(|known| known == plan) {
            return Ok(());
        }
        let expected = if plans.is_empty() {
            "nothing".to_owned()
        } else {
            format!("one of {}", plans.join(", "))
        };
        let hint = suggestion(plan, plans.iter().map(String::as_str));
        Err(format!("field `plan`: `{plan}`; expected {expected}{hint}"))
    }

    fn known_category(&self, category: &str) -> Refusal<()> {
        let known = self.policy.categories();
        if known.iter().any(|word| word == category) {
            return Ok(());
        }
        let hint = suggestion(category, known.iter().map(String::as_str));
        Err(format!(
            "field `category`: `{category}`; expected one of {}{hint}",
            known.join(", ")
        ))
    }
}

fn filled(field: &str, cell: &str) -> Refusal<String> {
    match cell {
        "" => Err(format!("field `{field}` is empty")),
        cell => Ok(cell.to_owned()),
    }
}

fn day(field: &str, cell: &str) -> Refusal<Date> {
    read_date(cell).ok_or_else(|| format!("field `{field}`: expected a date such as 2020-11-05"))
}

fn optional(field: &str, cell: &str) -> Refusal<Option<Date>> {
    match cell {
        "" => Ok(None),
        cell => day(field, cell).map(Some),
    }
}

/// Days; an empty end is open.
fn span(from: &str, to: &str) -> Refusal<Span> {
    let span = Span {
        from: day("from", from)?,
        to: optional("to", to)?.unwrap_or(Date::MAX),
    };
    match span.to < span.from {
        true => Err(format!("field `to`: {} is before `from`, {}", span.to, span.from)),
        false => Ok(span),
    }
}

fn period(cell: &str) -> Refusal<CoverPeriod> {
    cell.parse().map_err(|e| format!("field `benefit`: {e}"))
}

fn yuan(field: &str, cell: &str) -> Refusal<Fen> {
    let amount = Fen::parse_yuan(cell).map_err(|e| format!("field `{field}`: `{cell}`; {e}"))?;
    match amount.is_negative() || amount > Fen::LARGEST_INPUT {
        true => Err(format!(
            "field `{field}`: `{cell}`; expected 0 to {} yuan",
            Fen::LARGEST_INPUT
        )),
        false => Ok(amount),
    }
}
