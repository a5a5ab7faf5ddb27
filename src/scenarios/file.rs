//! The scenario file: which records, scheme, weights, policy, benefits and budgets.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, Visitor};

use super::link_file::{IndicatorTerms, LinkTerms};
use crate::diagnostics::{Error, Place, Result, read_toml};
use crate::units::Fen;

/// What a run is made of (情景文件). Paths in the file are relative to it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Where it was read.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// Its title, for people.
    pub title: String,
    /// What every page of the results must say, e.g. that the region is invented.
    pub notice: String,
    /// How bills and standards meet; without it no link is written.
    pub link: Option<LinkTerms>,
    /// What indicators are held against.
    pub indicators: Option<IndicatorTerms>,
    /// Settlement year (清算年度): discharges of this year are priced.
    pub year: i16,
    /// Grouping scheme.
    pub scheme: String,
    /// Discharge records.
    pub records: PathBuf,
    /// Hospitals with their levels.
    pub hospitals: PathBuf,
    /// Insured persons.
    pub persons: PathBuf,
    /// Group weights.
    pub weights: PathBuf,
    /// Policy pack.
    pub policy: PathBuf,
    /// Region whose persons are insured here; without it, every person is.
    pub region: Option<String>,
    /// Insurances, each with the benefits of its persons.
    pub pools: BTreeMap<String, PoolOfScenario>,
    /// The year's regional budgets by pool (区域总额预算); a pool is an insurance, or what the pack's
    /// `pool.key` and `pool.merge` make.
    pub budgets: BTreeMap<String, Fen>,
}

/// An insurance of a scenario (险种).
#[derive(Clone, Debug)]
pub struct PoolOfScenario {
    /// Benefit policy of its persons.
    pub benefit: PathBuf,
    /// Leave out assistance and tail tiers whose values are unknown, and say so.
    pub skip_unknown_tiers: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: u8,
    scenario: String,
    title: String,
    #[serde(default)]
    notice: String,
    link: Option<LinkTerms>,
    indicators: Option<IndicatorTerms>,
    year: i16,
    scheme: String,
    records: PathBuf,
    hospitals: PathBuf,
    persons: PathBuf,
    weights: PathBuf,
    policy: PathBuf,
    region: Option<String>,
    pool: WrittenPools,
    budget: Option<BTreeMap<String, Yuan>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPools {
    resident: Option<WrittenPool>,
    employee: Option<WrittenPool>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPool {
    budget: Option<Yuan>,
    benefit: PathBuf,
    #[serde(default)]
    skip_unknown_tiers: bool,
}

impl Scenario {
    /// Reads a scenario file (读取情景).
    ///
    /// # Errors
    /// Unknown keys, floats, missing keys, a schema or pool this version does not know; each with
    /// line and column.
    pub fn load(path: &Path) -> Result<Scenario> {
        let written: Written = read_toml(path)?;
        if written.schema != 1 {
            let message = format!("schema = {}; this version reads schema 1", written.schema);
            return Err(Error::at(Place::file(path), message));
        }
        if let Some(refusal) = written.link.as_ref().and_then(LinkTerms::refusal) {
            return Err(Error::at(Place::file(path), refusal));
        }
        let beside = |file: PathBuf| path.parent().map_or(file.clone(), |folder| folder.join(&file));
        let written_pools = [
            ("resident", written.pool.resident),
            ("employee", written.pool.employee),
        ];
        let budgets = budgets(path, &written_pools, written.budget)?;
        let pools = written_pools.into_iter().filter_map(|(name, pool)| {
            let pool = pool?;
            let pool = PoolOfScenario {
                benefit: beside(pool.benefit),
                skip_unknown_tiers: pool.skip_unknown_tiers,
            };
            Some((name.to_owned(), pool))
        });
        let pools: BTreeMap<String, PoolOfScenario> = pools.collect();
        if pools.is_empty() {
            let message = "no pool; expected [pool.resident], [pool.employee] or both";
            return Err(Error::at(Place::file(path), message));
        }
        Ok(Scenario {
            path: path.to_owned(),
            name: written.scenario,
            title: written.title,
            notice: written.notice,
            link: written.link,
            indicators: written.indicators,
            year: written.year,
            scheme: written.scheme,
            records: beside(written.records),
            hospitals: beside(written.hospitals),
            persons: beside(written.persons),
            weights: beside(written.weights),
            policy: beside(written.policy),
            region: written.region,
            pools,
            budgets,
        })
    }
}

/// The budgets of the pools: of each insurance beside its benefits, or all of them in one table.
fn budgets(
    path: &Path,
    pools: &[(&str, Option<WrittenPool>)],
    table: Option<BTreeMap<String, Yuan>>,
) -> Result<BTreeMap<String, Fen>> {
    let own = pools
        .iter()
        .filter_map(|(name, pool)| Some((*name, pool.as_ref()?)));
    let Some(table) = table else {
        return own
            .map(|(name, pool)| match &pool.budget {
                Some(budget) => Ok((name.to_owned(), budget.0)),
                None => Err(Error::at(
                    Place::file(path),
                    format!("pool `{name}` has no budget; expected `budget` in [pool.{name}], or a table [budget] by pool"),
                )),
            })
            .collect();
    };
    let mut own = own.filter(|(_, pool)| pool.budget.is_some());
    if let Some((name, _)) = own.next() {
        let message =
            format!("[pool.{name}] has a `budget`, and there is a table [budget]; expected one of them");
        return Err(Error::at(Place::file(path), message));
    }
    if table.is_empty() {
        let message = "the table [budget] is empty; expected a budget a pool";
        return Err(Error::at(Place::file(path), message));
    }
    Ok(table.into_iter().map(|(pool, budget)| (pool, budget.0)).collect())
}

/// `"31000000.00 yuan"`.
struct Yuan(Fen);

impl<'de> Deserialize<'de> for Yuan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Yuan, D::Error> {
        struct YuanText;
        impl Visitor<'_> for YuanText {
            type Value = Yuan;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount not below zero as text with its unit, e.g. \"31000000.00 yuan\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Yuan, E> {
                let amount = text
                    .strip_suffix(" yuan")
                    .and_then(|yuan| Fen::parse_yuan(yuan).ok());
                amount
                    .filter(|amount| !amount.is_negative())
                    .map(Yuan)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(YuanText)
    }
}
