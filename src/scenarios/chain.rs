//! The whole chain: every stage of a run, in order.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hashbrown::HashSet;

use super::edits::{DeclaredCodes, edit_book, take_codes};
use super::lists::Lists;
use super::statement::RunResult;
use super::{Scenario, pools, price, read, settle};
use crate::benefit::BenefitPolicy;
use crate::diagnostics::{Error, Lang, Place, Result, suggestion};
use crate::grouper::Grouper;
use crate::points::{Effective, Pack, Weights};
use crate::records::{EditBook, Intake, RowReader, RunningHash};
use crate::tables::{CodeLists, Compiled, Library, Scheme};

/// Everything a run reads besides the records, loaded and checked (运行输入).
pub struct Inputs {
    /// The scenario.
    pub scenario: Scenario,
    /// Hospitals and persons.
    pub lists: Lists,
    /// The scheme.
    pub grouper: Grouper,
    /// The edits of the records, with the scheme's code lists.
    pub edits: EditBook,
    /// The version of those lists.
    pub list_version: String,
    /// Group weights.
    pub weights: Weights,
    /// Policy pack.
    pub pack: Pack,
    /// Benefit policies by pool.
    pub benefits: BTreeMap<String, BenefitPolicy>,
    /// How the records are to be read.
    pub intake: Intake,
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
        let weights = Weights::load(&scenario.weights)?;
        let pack = Pack::load(&scenario.policy)?;
        Inputs::with(library, scenario, weights, pack)
    }

    /// The same with weights and pack at hand.
    ///
    /// # Errors
    /// As [`Inputs::load`].
    pub(super) fn with(
        library: &Library,
        scenario: Scenario,
        weights: Weights,
        pack: Pack,
    ) -> Result<Inputs> {
        let scheme = Scheme::load(library, &scenario.scheme)?;
        let code_lists = CodeLists::of(library, &scheme)?;
        let list_version = code_lists.version.clone();
        let edits = edit_book(library, code_lists, None)?.stopping_only();
        fits(&scenario, &scheme, (&pack, &weights))?;
        let mut benefits = BTreeMap::new();
        for (name, pool) in &scenario.pools {
            let policy = BenefitPolicy::load(&pool.benefit)?.skip_unknown_tiers(pool.skip_unknown_tiers);
            benefits.insert(name.clone(), policy);
        }
        categories_are_known(&scenario, &benefits)?;
        Ok(Inputs {
            lists: Lists::load(&scenario, &benefits)?,
            grouper: Grouper::new(Compiled::new(scheme)),
            edits,
            list_version,
            weights,
            pack,
            benefits,
            scenario,
            intake: Intake {
                library: Some(library.clone()),
                ..Intake::plain(true)
            },
        })
    }

    /// Opens the records.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn open_records(&self) -> Result<(RowReader, RunningHash)> {
        RowReader::open_hashed(&self.scenario.records, &self.intake)
    }

    /// Finds out in which codes the records of `reader` are, and how they are mapped to those of the
    /// lists.
    ///
    /// # Errors
    /// The records cannot be read; no map leads to the lists.
    pub fn find_codes(
        mut self,
        library: &Library,
        declared: &DeclaredCodes<'_>,
        reader: &RowReader,
    ) -> Result<Inputs> {
        take_codes(&mut self.edits, library, &self.list_version, declared, reader)?;
        Ok(self)
    }

    /// The same, its records to be read so.
    pub fn read_as(self, intake: Intake) -> Inputs {
        Inputs {
            intake: intake.for_all(true),
            ..self
        }
    }
}

impl Inputs {
    /// Every file a run reads, tables excepted.
    pub fn paths(&self) -> Vec<PathBuf> {
        let scenario = &self.scenario;
        let own = [
            &scenario.path,
            &scenario.records,
            &scenario.hospitals,
            &scenario.persons,
            &scenario.weights,
        ];
        let mut paths: Vec<PathBuf> = own.into_iter().cloned().collect();
        paths.push(scenario.policy.clone());
        paths.extend(self.pack.files().iter().map(|(path, _)| path.clone()));
        paths.extend(
            self.benefits
                .values()
                .flat_map(|policy| policy.files())
                .map(|file| file.path.clone()),
        );
        paths
    }
}

/// Weights and pack are made for the scheme, for the year and for each other.
pub(super) fn fits(scenario: &Scenario, scheme: &Scheme, (pack, weights): (&Pack, &Weights)) -> Result<()> {
    weights_of_scheme(scenario, scheme, weights)?;
    pack_of_run(scenario, scheme, pack)?;
    pack.fits(weights)
}

/// Every weight is that of a group of the scheme: else the weights are another scheme's, or a
/// group is misspelt and its cases would lose their weight unseen.
fn weights_of_scheme(scenario: &Scenario, scheme: &Scheme, weights: &Weights) -> Result<()> {
    let groups: HashSet<&str> = scheme.rules().iter().map(|rule| rule.code.as_str()).collect();
    let place = Place::file(&scenario.weights);
    let rows = weights.rows();
    let unknown: Vec<&str> = rows
        .iter()
        .map(|(group, _)| *group)
        .filter(|group| *group != "*" && !groups.contains(group))
        .collect();
    let Some(first) = unknown.first() else {
        return Ok(());
    };
    let hint = suggestion(first, groups.iter().copied());
    let more = if unknown.len() > 1 {
        format!(" (and {} more)", unknown.len() - 1)
    } else {
        String::new()
    };
    let message = format!(
        "group `{first}` is no group of scheme `{}`{more}{hint}",
        scheme.id()
    );
    Err(Error::at(place, message))
}

/// Categories that count as poor must be words of some policy of the run.
fn categories_are_known(scenario: &Scenario, benefits: &BTreeMap<String, BenefitPolicy>) -> Result<()> {
    let terms = scenario.indicators.as_ref();
    let unknown = terms.and_then(|terms| terms.unknown_category(benefits.values()));
    let Some(word) = unknown else { return Ok(()) };
    let known = || {
        let policies = benefits.values().flat_map(|policy| policy.categories());
        policies.map(String::as_str)
    };
    let hint = suggestion(word, known());
    let known: std::collections::BTreeSet<&str> = known().collect();
    let known: Vec<&str> = known.into_iter().collect();
    let message = format!(
        "`indicators.poor`: `{word}` is no category of this run; expected some of {}{hint}",
        known.join(", ")
    );
    Err(Error::at(Place::file(&scenario.path), message))
}

/// The pack is made for this scheme and in force in this year.
fn pack_of_run(scenario: &Scenario, scheme: &Scheme, pack: &Pack) -> Result<()> {
    let place = Place::file(&scenario.policy);
    let version = &pack.grouper().version;
    if !scheme.lineage().contains(version) {
        let message = format!(
            "`grouper.version` is `{version}`, but the scenario groups by `{}`; expected one of {}",
            scheme.id(),
            scheme.lineage().join(", ")
        );
        return Err(Error::at(place, message));
    }
    let by_insurance = scenario.budgets.keys().eq(scenario.pools.keys());
    if !pack.pools_by_insurance() && by_insurance {
        let message = "this pack's `pool.key`, `pool.merge` and events make other pools than one an insurance; the scenario needs a table [budget] by pool";
        return Err(Error::at(place, message));
    }
    let year = u16::try_from(scenario.year).unwrap_or(0);
    for document in pack.documents() {
        let begins_later = matches!(document.effective_from, Effective::On { year: from, .. } if from > year);
        let ended = matches!(document.effective_to, Effective::On { year: to, .. } if to < year);
        if begins_later || ended {
            let (from, to) = (document.effective_from, document.effective_to);
            let message = format!(
                "document `{}` is in force from {from} to {to}, not in {year}",
                document.id
            );
            return Err(Error::at(place, message));
        }
    }
    Ok(())
}

/// Takes a scenario's records to money (全流程运行): read and group, share each bill, price each
/// case, settle each pool. `records` are those of [`Inputs::open_records`].
///
/// # Errors
/// Records that cannot be read; a pool that cannot be settled. What is wrong with single records
/// is in the result.
pub fn run(
    inputs: &Inputs,
    records: (RowReader, RunningHash),
    lang: Lang,
    threads: usize,
    advance: &dyn Fn(u64),
) -> Result<RunResult> {
    let mut result = read::read(inputs, records, lang, threads, advance)?;
    pools::assign(inputs, &mut result, lang)?;
    let slips = settle::share_bills(inputs, &mut result, lang);
    let (scores, bills) = price::score_cases(inputs, &result, &slips)?;
    settle::settle_pools(inputs, &mut result, slips, scores, bills)?;
    Ok(result)
}
