//! Which pool each case belongs to (基金池划分), and what keeps a case from having one.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::chain::Inputs;
use super::settle::level_of;
use super::statement::{Money, RunResult, Statement};
use crate::diagnostics::{Error, Finding, Lang, Place, Result, suggestion};
use crate::points::PoolParts;
use crate::records::Column;

/// Gives every case that can go on its pool; a newborn that is paid with its mother must find her.
///
/// # Errors
/// A pool that has cases and no budget.
pub(super) fn assign(inputs: &Inputs, result: &mut RunResult, lang: Lang) -> Result<()> {
    let file: Arc<str> = inputs.scenario.records.to_string_lossy().into();
    for statement in &mut result.statements {
        if !matches!(statement.money, Money::Pending) {
            continue;
        }
        match pool_of(inputs, statement) {
            Ok(pool) => statement.pool = pool,
            Err(part) => keep_out(
                statement,
                lack_of(part, statement, &file, lang),
                &mut result.findings,
            ),
        }
    }
    if inputs.pack.merges_newborns() {
        lost_newborns(result, &file, lang);
    }
    result.findings.sort_by_key(|finding| finding.line);
    each_has_a_budget(inputs, result)
}

/// The pool's name, or the part of `pool.key` that is not known.
pub(super) fn pool_of(inputs: &Inputs, statement: &Statement) -> std::result::Result<String, &'static str> {
    let scheme = inputs.grouper.scheme();
    let hospital = inputs.lists.hospitals.get(&statement.hospital);
    let grouped = statement.grouping.status(scheme).has_group();
    let day = statement
        .discharge
        .map_or_else(String::new, |day| day.to_string());
    inputs.pack.pool_of(&PoolParts {
        insurance: &statement.insured_scheme,
        level: level_of(inputs, statement).map_or("", |level| level.as_str()),
        district: hospital.map_or("", |hospital| hospital.district.as_str()),
        county_group: hospital.map_or("", |hospital| hospital.county_group.as_str()),
        care: if statement.facts.day_care {
            "day_care"
        } else {
            "inpatient"
        },
        day: &day,
        group: grouped.then(|| statement.grouping.code(scheme)),
    })
}

fn lack_of(part: &'static str, statement: &Statement, file: &Arc<str>, lang: Lang) -> Option<Finding> {
    let expected = match lang {
        Lang::En => {
            format!("a hospital whose `{part}` the list of hospitals tells, which `pool.key` asks for")
        }
        Lang::Zh => format!("医疗机构名单须载明`{part}`（`pool.key`所需）"),
    };
    statement.finding(file, "M985", Column::Hospital, &statement.hospital, expected)
}

fn keep_out(statement: &mut Statement, finding: Option<Finding>, findings: &mut Vec<Finding>) {
    if let Some(finding) = finding {
        statement.money = Money::KeptOut(finding.edit.code);
        findings.push(finding);
    }
}

/// Newborns whose mother is no case of the same hospital and pool.
fn lost_newborns(result: &mut RunResult, file: &Arc<str>, lang: Lang) {
    let pending = |statement: &&Statement| matches!(statement.money, Money::Pending);
    let mothers: HashMap<(String, String), String> = result
        .statements
        .iter()
        .filter(pending)
        .map(|stay| ((stay.hospital.clone(), stay.case_id.clone()), stay.pool.clone()))
        .collect();
    let mut findings = Vec::new();
    for statement in &mut result.statements {
        let mother = &statement.facts.mother;
        if mother.is_empty() || !matches!(statement.money, Money::Pending) {
            continue;
        }
        let found = mothers.get(&(statement.hospital.clone(), mother.clone()));
        if found == Some(&statement.pool) && *mother != statement.case_id {
            continue;
        }
        let expected = match lang {
            Lang::En => "a case of the same hospital and pool, which is priced",
            Lang::Zh => "同一医疗机构、同一基金池且参与计价的病例",
        };
        let finding = statement.finding(file, "M985", Column::MotherCase, mother, expected.to_owned());
        keep_out(statement, finding, &mut findings);
    }
    result.findings.extend(findings);
}

/// Money cannot be guessed: every pool that cases belong to has its budget in the scenario.
fn each_has_a_budget(inputs: &Inputs, result: &RunResult) -> Result<()> {
    let mut without: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for statement in &result.statements {
        let pool = statement.pool.as_str();
        if matches!(statement.money, Money::Pending) && !inputs.scenario.budgets.contains_key(pool) {
            let (count, _) = without.entry(pool).or_insert((0, &statement.case_id));
            *count += 1;
        }
    }
    let known = || inputs.scenario.budgets.keys().map(String::as_str);
    let errors = without.into_iter().map(|(pool, (count, first))| {
        let hint = suggestion(pool, known());
        let names: Vec<&str> = known().collect();
        let message = format!(
            "pool `{pool}` has {count} cases, the first of them `{first}`, and no budget; the scenario has budgets of {}{hint}",
            names.join(", ")
        );
        Error::at(Place::file(&inputs.scenario.path), message)
    });
    Error::all(errors)
}
