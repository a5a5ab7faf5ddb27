//! Codes that no rule can tell apart.

use std::hash::Hash;

use hashbrown::HashMap;

use super::compile::RawSet;
use super::scheme::{CodeId, Scheme};

/// The kind of a code (编码类): two codes of one kind stand in the same sets, with the same body
/// regions, weigh the same as complications and exclude the same.
///
/// Some forty thousand codes are of some four thousand kinds, so that all that is known of a kind
/// fits the processor's cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeKind(pub(super) u32);

impl CodeKind {
    /// In place of the kind of a code: there is none.
    pub const NONE: CodeKind = CodeKind(u32::MAX);

    #[inline]
    pub(in crate::tables) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The kind of every code number.
#[derive(Debug)]
pub(super) struct Kinds {
    of: Vec<CodeKind>,
    count: u32,
}

fn number_of_codes(scheme: &Scheme) -> u32 {
    u32::try_from(scheme.code_count()).unwrap_or(u32::MAX)
}

impl Kinds {
    /// Of `numbers` code numbers.
    pub(super) fn of(scheme: &Scheme, sets: &[RawSet], numbers: usize) -> Kinds {
        let mut kinds = Kinds {
            of: vec![CodeKind(0); numbers],
            count: 1,
        };
        for set in sets {
            kinds.tell_apart(set.numbers.iter().map(|number| (*number, ())));
            kinds.tell_apart(set.sites.iter().copied());
        }
        let complications = scheme.complications().into_iter();
        kinds.tell_apart(complications.map(|(code, row)| (code.0, (row.level, row.exclusion))));
        let principals = (0..).zip(scheme.codes()).map(|(number, _)| number);
        let lists = principals.map(|number| (number, scheme.exclusions(CodeId(number))));
        kinds.tell_apart(lists.filter(|(_, lists)| !lists.is_empty()));
        if let Some(packets) = scheme.packets() {
            let ids = (0..number_of_codes(scheme)).map(CodeId);
            let traits = ids
                .clone()
                .filter_map(|id| Some((id.0, packets.procedures.traits(id)?)));
            kinds.tell_apart(traits);
            let weights = ids.filter_map(|id| Some((id.0, packets.comorbidity.of(id)?)));
            kinds.tell_apart(weights);
        }
        kinds.number_through();
        kinds
    }

    /// Codes of one kind with different features become of different kinds; those without a
    /// feature stay what they are.
    fn tell_apart<F: Hash + Eq>(&mut self, features: impl Iterator<Item = (u32, F)>) {
        let mut split: HashMap<(CodeKind, F), CodeKind> = HashMap::new();
        for (number, feature) in features {
            if let Some(kind) = self.of.get_mut(number as usize) {
                *kind = *split.entry((*kind, feature)).or_insert_with(|| {
                    self.count += 1;
                    CodeKind(self.count - 1)
                });
            }
        }
    }

    /// Kinds that were split up leave gaps: the rest are numbered anew, by their first code.
    fn number_through(&mut self) {
        let mut new = vec![CodeKind::NONE; self.count as usize];
        self.count = 0;
        for kind in &mut self.of {
            let Some(new) = new.get_mut(kind.index()) else {
                continue;
            };
            if *new == CodeKind::NONE {
                *new = CodeKind(self.count);
                self.count += 1;
            }
            *kind = *new;
        }
    }

    /// How many kinds there are.
    pub(super) fn count(&self) -> usize {
        self.count as usize
    }

    /// The kind of a code number.
    pub(super) fn get(&self, number: u32) -> CodeKind {
        self.of.get(number as usize).copied().unwrap_or(CodeKind::NONE)
    }

    /// A code number of each kind, the first.
    pub(super) fn samples(&self) -> Vec<u32> {
        let mut samples = Vec::with_capacity(self.count());
        for (number, kind) in (0..).zip(&self.of) {
            if kind.index() == samples.len() {
                samples.push(number);
            }
        }
        samples
    }
}
