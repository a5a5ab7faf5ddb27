//! Outpatient schemes resolved (门诊待遇解析).

use super::Condition;
use super::dated::{Dated, Rows};
use super::error::fault::{self, named};
use super::file;
use super::literal::{Cells, Known, Limit};
use super::policy::{ByCondition, MajorTerms, Outpatient, Scheme, SchemeCap, SchemeLimit, Tier};
use super::resolve::{Desk, Refusal};
use crate::diagnostics::{Result, suggestion};
use crate::units::Fen;

/// Key of a cap for who has both diseases.
const BOTH: &str = "both";

/// Paths of one scheme's parameters.
struct Paths {
    deductible: &'static str,
    ratio: &'static str,
    cap: &'static str,
    by_condition: bool,
}

const GENERAL: Paths = Paths {
    deductible: "outpatient.general.deductible",
    ratio: "outpatient.general.ratio",
    cap: "outpatient.general.cap",
    by_condition: false,
};
const TWO_DISEASE: Paths = Paths {
    deductible: "outpatient.two_disease.deductible",
    ratio: "outpatient.two_disease.ratio",
    cap: "outpatient.two_disease.cap",
    by_condition: true,
};
const CHRONIC: Paths = Paths {
    deductible: "outpatient.chronic.deductible",
    ratio: "outpatient.chronic.ratio",
    cap: "outpatient.chronic.cap",
    by_condition: false,
};

impl Desk<'_> {
    pub fn outpatient(
        &self,
        section: &file::Outpatient,
        tiers: &[Tier],
        assistance: usize,
    ) -> Result<Outpatient> {
        let path = "outpatient.chain";
        let chain = match section.chain.0.is_empty() {
            true => None,
            false => Some(self.chain(path, &section.chain, tiers, assistance)?),
        };
        Ok(Outpatient {
            general: self.scheme(&GENERAL, &section.general)?,
            two_disease: self.scheme(&TWO_DISEASE, &section.two_disease)?,
            chronic: self.scheme(&CHRONIC, &section.chronic)?,
            quota: self.optional("outpatient.quota.amount", &section.quota.amount, |row| {
                Ok(row.value.0.clone())
            })?,
            carry: self.optional(
                "outpatient.quota.carry",
                &section.quota.carry,
                |row| Ok(row.order),
            )?,
            major: self.major(&section.major.as_inpatient)?,
            chain,
        })
    }

    fn major(&self, rows: &Rows<file::MajorRow>) -> Result<Option<Dated<MajorTerms>>> {
        self.optional("outpatient.major.as_inpatient", rows, |row| {
            // the only reading there is: the yearly cap of stays counts these visits too
            let file::MajorCap::SharedWithInpatient = row.cap;
            Ok(MajorTerms {
                as_inpatient: row.value,
                per: row.deductible_per,
            })
        })
    }

    /// A scheme with a ratio must say its cap; one without either is not there.
    fn scheme(&self, paths: &Paths, section: &file::Scheme) -> Result<Option<Scheme>> {
        let nothing =
            section.ratio.0.is_empty() && section.cap.0.is_empty() && section.deductible.0.is_empty();
        if nothing {
            return Ok(None);
        }
        Ok(Some(Scheme {
            deductible: self.optional(paths.deductible, &section.deductible, |row| self.deductible(row))?,
            ratio: self.required(paths.ratio, &section.ratio, |row| {
                self.value_or_table(&row.value, &row.table)
            })?,
            cap: self.required(paths.cap, &section.cap, |row| {
                self.scheme_cap(row, paths.by_condition)
            })?,
        }))
    }

    fn scheme_cap(&self, row: &file::SchemeCapRow, by_condition: bool) -> Refusal<SchemeCap> {
        let limit = match &row.table {
            Some(Cells::Table(table)) if by_condition && row.value.is_none() => {
                SchemeLimit::ByCondition(conditions(table)?)
            }
            _ => SchemeLimit::Grid(self.value_or_table(&row.value, &row.table)?),
        };
        Ok(SchemeCap {
            limit,
            per_extra_disease: row
                .per_extra_disease
                .as_ref()
                .map_or(Fen::ZERO, |amount| amount.0),
            shared_with: row.shared_with,
        })
    }
}

fn conditions(table: &std::collections::BTreeMap<String, Cells<Known<Limit>>>) -> Refusal<ByCondition> {
    let known = Condition::ALL.map(Condition::as_str).into_iter().chain([BOTH]);
    let known: Vec<&str> = known.collect();
    if let Some(word) = table.keys().find(|key| !known.contains(&key.as_str())) {
        let hint = suggestion(word, known.iter().copied());
        return Err(format!("`{word}` is not one of {}{hint}", known.join(", ")));
    }
    let cell = |key: &str| match table.get(key) {
        Some(Cells::Leaf(limit)) => Ok(limit.clone()),
        Some(Cells::Table(_)) => Err(format!("`table.{key}` must be one amount")),
        None => Err(named(
            fault::TABLE_INCOMPLETE,
            format!("the table has no entry for `{key}`"),
        )),
    };
    let insulin = Condition::Insulin.as_str();
    Ok(ByCondition {
        hypertension: cell(Condition::Hypertension.as_str())?,
        diabetes: cell(Condition::Diabetes.as_str())?,
        both: cell(BOTH)?,
        insulin: table.contains_key(insulin).then(|| cell(insulin)).transpose()?,
    })
}
