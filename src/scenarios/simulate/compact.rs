//! Cases in coded form (编码病例), grouped by the scenario's scheme as they are read: a reform that changes
//! the scheme groups them anew.
//!
//! Coded cases hold no insurance, no day and no bill but its total: they belong to the one pool there is, and
//! what was paid by items is taken to be all of their cost.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::cases::{Counted, How};
use super::resolve::Whole;
use super::table::{GroupedCase, Words};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Error, Place, Result};
use crate::grouper::{DictionaryFacts, Grouper, Workspace};
use crate::records::{
    Dictionary, PACKED_MAGIC, PackedBlock, PackedReader, SharedDictionary, Vocabulary, ordered,
};
use crate::scenarios::Hospital;
use crate::tables::{Compiled, Packets, Scheme};
use crate::units::Fen;

/// Whether a file holds coded cases, by its first bytes.
///
/// # Errors
/// It cannot be read.
pub(super) fn is_compact(path: &Path) -> Result<bool> {
    let failed = |e: std::io::Error| Error::io(path, "could not be read", &e);
    let mut head = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    let read = file.take(PACKED_MAGIC.len() as u64).read_to_end(&mut head);
    read.map_err(failed)?;
    Ok(head == PACKED_MAGIC)
}

/// Reads and groups coded cases (读取编码病例).
///
/// # Errors
/// The file or the scheme cannot be used; there are several pools.
pub(super) fn read_compact(path: &Path, whole: &Whole, how: &How<'_>) -> Result<(Vec<GroupedCase>, Counted)> {
    let place = Place::file(path);
    let scheme = Scheme::load(how.library, &whole.needed_text("scheme")?)?;
    if scheme.packets().is_some_and(Packets::asks_bill) {
        let message = format!(
            "scheme `{}` asks for parts of the bill, which coded cases do not hold",
            scheme.id()
        );
        return Err(Error::at(place, message));
    }
    let hospitals = Hospital::load_all(&whole.needed_file("hospitals")?)?;
    let pools = whole.pools();
    let [pool] = pools.as_slice() else {
        let message = format!(
            "coded cases do not say which pool pays them; expected one pool, found {}",
            pools.join(", ")
        );
        return Err(Error::at(place, message));
    };
    let reading = Reading {
        grouper: Grouper::new(Compiled::new(scheme)),
        pool: pool.as_str().into(),
        level: &|code| hospitals.get(code).map(|hospital| hospital.level),
        states: Mutex::default(),
    };
    let file = std::fs::File::open(path).map_err(|e| Error::io(path, "could not be read", &e))?;
    let mut reader = PackedReader::new(place, Box::new(std::io::BufReader::new(file)))?;
    let dictionary = reader.dictionary().clone();
    let mut cases = Vec::new();
    let mut without = 0;
    ordered(
        how.threads,
        || reader.next_block(),
        |block| reading.block(&block, &dictionary),
        |(more, left_out): (Vec<GroupedCase>, u64)| {
            cases.extend(more);
            without += left_out;
            Ok(())
        },
    )?;
    let written = reader.written().unwrap_or_default();
    let counts = Counted {
        read: written.read,
        rejected: written.rejected,
        without_money: without,
        tables_hash: reading.grouper.scheme().hash().to_owned(),
    };
    Ok((cases, counts))
}

struct Reading<'r> {
    grouper: Grouper,
    pool: Arc<str>,
    level: &'r (dyn Fn(&str) -> Option<HospitalLevel> + Sync),
    states: Mutex<Vec<State>>,
}

/// What a thread keeps from block to block.
#[derive(Default)]
struct State {
    dictionary: Dictionary,
    facts: DictionaryFacts,
    work: Workspace,
    words: Words,
}

impl Reading<'_> {
    fn states(&self) -> std::sync::MutexGuard<'_, Vec<State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cases of a block, and how many have no fee or no hospital of the list.
    fn block(&self, block: &PackedBlock, dictionary: &SharedDictionary) -> (Vec<GroupedCase>, u64) {
        let taken = self.states().pop();
        let mut state = taken.unwrap_or_default();
        dictionary.look(|dictionary| {
            self.grouper.learn(dictionary, &mut state.facts);
            state.dictionary.catch_up(dictionary);
        });
        let read = self.cases(block, &mut state);
        self.states().push(state);
        read
    }

    fn cases(&self, block: &PackedBlock, state: &mut State) -> (Vec<GroupedCase>, u64) {
        let scheme = self.grouper.scheme();
        let mut cases = Vec::with_capacity(block.count());
        let mut without = 0;
        let empty = state.words.get("");
        for (case, id) in block.cases().iter().zip(block.case_ids()) {
            let grouping = self.grouper.group_packed(&case, &state.facts, &mut state.work);
            let Some(cost) = case.total_fee().filter(|fee| *fee > Fen::ZERO) else {
                without += 1;
                continue;
            };
            let hospital = state.dictionary.text(Vocabulary::Hospitals, case.hospital());
            // as of other records: a case of a hospital that is not listed does not reach money
            let Some(level) = (self.level)(hospital) else {
                without += 1;
                continue;
            };
            let has_group = grouping.status(scheme).has_group();
            let word = |of: &str| if has_group { of.to_owned() } else { String::new() };
            let numbers = case.numbers();
            cases.push(GroupedCase {
                id: id.to_owned(),
                line: 0,
                hospital: state.words.get(hospital),
                level,
                pool: Arc::clone(&self.pool),
                group: state.words.get(&word(grouping.code(scheme))),
                adrg: state.words.get(&word(grouping.adrg(scheme))),
                month: Arc::clone(&empty),
                insurance: Arc::clone(&empty),
                sex: case.sex(),
                age: u32::try_from(numbers.age / 100).ok(),
                los: numbers.los.and_then(|los| u32::try_from(los / 100).ok()),
                cost,
                claim: cost,
            });
        }
        (cases, without)
    }
}
