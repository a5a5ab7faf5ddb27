//! The whole chain: every stage of a run, in order.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::lists::Lists;
use super::statement::RunResult;
use super::{Scenario, read, settle};
use crate::benefit::BenefitPolicy;
use crate::diagnostics::{Lang, Result};
use crate::grouper::Grouper;
use crate::points::{Pack, Weights};
use crate::tables::{CodeLists, Compiled, Library, Scheme};

/// Everything a run reads besides the records, loaded and checked (运行输入).
pub struct Inputs {
    /// The scenario.
    pub scenario: Scenario,
    /// Hospitals and persons.
    pub lists: Lists,
    /// The scheme.
    pub grouper: Grouper,
    /// Its code lists.
    pub code_lists: CodeLists,
    /// Group weights.
    pub weights: Weights,
    /// Policy pack.
    pub pack: Pack,
    /// Benefit policies by pool.
    pub benefits: BTreeMap<String, BenefitPolicy>,
}

impl Inputs {
    /// Loads all inputs of a scenario; `records` stands in for the records it names.
    ///
    /// # Errors
    /// Any input that cannot be used, by file and line; weights that do not fit the policy.
    pub fn load(library: &Library, mut scenario: Scenario, records: Option<PathBuf>) -> Result<Inputs> {
        if let Some(records) = records {
            scenario.records = records;
        }
        let scheme = Scheme::load(library, &scenario.scheme)?;
        let code_lists = CodeLists::of(library, &scheme)?;
        let weights = Weights::load(&scenario.weights)?;
        let pack = Pack::load(&scenario.policy)?;
        pack.fits(&weights)?;
        let mut benefits = BTreeMap::new();
        for (name, pool) in &scenario.pools {
            let policy = BenefitPolicy::load(&pool.benefit)?.skip_unknown_tiers(pool.skip_unknown_tiers);
            benefits.insert(name.clone(), policy);
        }
        Ok(Inputs {
            lists: Lists::load(&scenario)?,
            grouper: Grouper::new(Compiled::new(scheme)),
            code_lists,
            weights,
            pack,
            benefits,
            scenario,
        })
    }
}

/// Takes a scenario's records to money (全流程运行): read and group, share each bill, price each
/// case, settle each pool.
///
/// # Errors
/// Records that cannot be read; a pool that cannot be settled. What is wrong with single records
/// is in the result.
pub fn run(inputs: &Inputs, lang: Lang, threads: usize, advance: &dyn Fn(u64)) -> Result<RunResult> {
    let mut result = read::read(inputs, lang, threads, advance)?;
    let slips = settle::share_bills(inputs, &mut result, lang);
    let scores = settle::score_cases(inputs, &result, &slips)?;
    settle::settle_pools(inputs, &mut result, slips, scores)?;
    Ok(result)
}
