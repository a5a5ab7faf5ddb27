//! Persons with their intervals (参保人员名单): one row an interval.

use std::path::Path;

use csv::StringRecord;
use hashbrown::HashMap;
use jiff::civil::Date;

use super::table::RowTable;
use crate::benefit::{BenefitPolicy, Cover, Held, InsuredPerson, Status};
use crate::diagnostics::{Error, Result, suggestion};
use crate::records::{TableFacts, TableForm, read_date};
use crate::units::Fen;

const COLUMNS: [&str; 10] = [
    "person",
    "family",
    "birth",
    "kind",
    "value",
    "plan",
    "from",
    "to",
    "benefits_from",
    "quota_left",
];
const NEEDED: [&str; 5] = ["person", "kind", "value", "from", "to"];

/// How it was read, and persons by number. `kind` is `cover` (its value is the scheme), `category` or
/// `status`; an empty `to` is an interval still open.
///
/// # Errors
/// A row that cannot be read; a category the policy does not know; two births of one person.
pub fn read_persons(
    path: &Path,
    form: &TableForm,
    policy: &BenefitPolicy,
) -> Result<(TableFacts, HashMap<String, InsuredPerson>)> {
    let table = RowTable::read(path, form, &COLUMNS, &NEEDED)?;
    let mut persons: HashMap<String, InsuredPerson> = HashMap::new();
    for (line, row) in table.rows() {
        let number = table.cell(row, 0);
        let person = match persons.get_mut(number) {
            Some(person) => person,
            None => persons.entry(number.to_owned()).or_default(),
        };
        let refused = |message: String| Error::at(table.place().line(*line), message);
        table
            .check_width(row)
            .map_err(|fault| refused(fault.to_string()))?;
        take(person, &table, row, policy).map_err(refused)?;
    }
    Ok((table.facts().clone(), persons))
}

fn take(
    person: &mut InsuredPerson,
    table: &RowTable,
    row: &StringRecord,
    policy: &BenefitPolicy,
) -> std::result::Result<(), String> {
    let [
        number,
        family,
        birth,
        kind,
        value,
        plan,
        from,
        to,
        benefits_from,
        quota,
    ] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(|column| table.cell(row, column));
    if number.is_empty() {
        return Err("field `person` is empty".to_owned());
    }
    whoever(person, family, birth, quota)?;
    let from = day("from", from)?.ok_or("field `from` is empty; expected a date")?;
    let to = day("to", to)?.unwrap_or(Date::MAX);
    if to < from {
        return Err(format!("the interval ends on {to}, before it begins on {from}"));
    }
    match kind {
        "cover" => {
            check_plan(plan, policy)?;
            person.covers.push(Cover {
                scheme: value.to_owned(),
                plan: plan.to_owned(),
                from,
                to,
                benefits_from: day("benefits_from", benefits_from)?,
            });
        }
        "category" => {
            check_category(value, policy)?;
            let what = value.to_owned();
            person.categories.push(Held { what, from, to });
        }
        "status" => {
            let expected = |message| format!("field `value`: {message}");
            let what: Status = value.parse().map_err(expected)?;
            person.statuses.push(Held { what, from, to });
        }
        other => {
            let hint = suggestion(other, ["cover", "category", "status"]);
            return Err(format!(
                "field `kind`: `{other}`; expected cover, category or status{hint}"
            ));
        }
    }
    Ok(())
}

/// What belongs to the person, not to an interval: said once or always the same.
fn whoever(
    person: &mut InsuredPerson,
    family: &str,
    birth: &str,
    quota: &str,
) -> std::result::Result<(), String> {
    if !family.is_empty() {
        if !person.family.is_empty() && person.family != family {
            return Err("the person stands in two families".to_owned());
        }
        family.clone_into(&mut person.family);
    }
    if let Some(day) = day("birth", birth)? {
        if person.birth.is_some_and(|known| known != day) {
            return Err("the person has two days of birth".to_owned());
        }
        person.birth = Some(day);
    }
    if !quota.is_empty() {
        person.quota_left =
            Fen::parse_yuan(quota).map_err(|e| format!("field `quota_left`: `{quota}`; {e}"))?;
    }
    Ok(())
}

fn check_plan(plan: &str, policy: &BenefitPolicy) -> std::result::Result<(), String> {
    let plans = policy.plans();
    if plans.is_empty() || plan.is_empty() || plans.iter().any(|known| known == plan) {
        return Ok(());
    }
    let hint = suggestion(plan, plans.iter().map(String::as_str));
    Err(format!(
        "field `plan`: `{plan}`; expected one of {}{hint}",
        plans.join(", ")
    ))
}

fn check_category(category: &str, policy: &BenefitPolicy) -> std::result::Result<(), String> {
    let known = policy.categories();
    if known.iter().any(|word| word == category) {
        return Ok(());
    }
    let hint = suggestion(category, known.iter().map(String::as_str));
    Err(format!(
        "field `value`: `{category}` is no category; expected one of {}{hint}",
        known.join(", ")
    ))
}

fn day(name: &str, cell: &str) -> std::result::Result<Option<Date>, String> {
    match cell {
        "" => Ok(None),
        written => read_date(written)
            .map(Some)
            .ok_or_else(|| format!("field `{name}`: expected a date such as 2022-03-01")),
    }
}
