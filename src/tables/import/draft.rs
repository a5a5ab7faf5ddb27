//! What a workbook has said so far: MDCs, core groups, groups, lists.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use super::super::scheme::ComplicationLevel;
use super::ledger::At;
use super::mapping::{Again, Part};

/// A scheme being gathered (方案草稿); everything in order of first sight.
#[derive(Default)]
pub(super) struct Draft {
    pub mdcs: Listed<MdcDraft>,
    pub adrgs: Listed<AdrgDraft>,
    pub drgs: Listed<DrgDraft>,
    pub sets: Listed<SetDraft>,
    pub complications: Listed<ComplicationDraft>,
    /// List and principal diagnosis.
    pub exclusions: Vec<(u32, String)>,
    seen_exclusions: HashSet<(u32, String)>,
    /// Where each exclusion list begins.
    pub exclusion_lists: BTreeMap<u32, At>,
    pub operations: Vec<String>,
    seen_operations: HashSet<String>,
}

/// Things with a code, in order.
pub(super) struct Listed<T> {
    items: Vec<T>,
    index: HashMap<String, usize>,
}

impl<T> Default for Listed<T> {
    fn default() -> Listed<T> {
        Listed {
            items: Vec::new(),
            index: HashMap::new(),
        }
    }
}

impl<T> Listed<T> {
    pub fn get(&self, code: &str) -> Option<&T> {
        self.index.get(code).and_then(|at| self.items.get(*at))
    }

    /// The item of a code, made if it is new.
    pub fn entry(&mut self, code: &str, make: impl FnOnce() -> T) -> Option<&mut T> {
        let at = match self.index.get(code) {
            Some(at) => *at,
            None => {
                self.items.push(make());
                self.index.insert(code.to_owned(), self.items.len() - 1);
                self.items.len() - 1
            }
        };
        self.items.get_mut(at)
    }

    pub fn all(&self) -> &[T] {
        &self.items
    }
}

pub(super) struct MdcDraft {
    pub code: String,
    pub name: String,
    pub at: At,
    /// Stands in a list of MDCs, not only above its diagnoses.
    pub declared: bool,
}

pub(super) struct AdrgDraft {
    pub code: String,
    pub name: String,
    /// As a column or title says; else the code's beginning decides.
    pub mdc: Option<String>,
    pub at: At,
    pub declared: bool,
    /// Its lists in order: part of the mapping, name of the set.
    pub parts: Vec<(usize, String)>,
}

pub(super) struct DrgDraft {
    pub code: String,
    pub name: String,
    pub adrg: String,
    pub at: At,
}

#[derive(Default)]
pub(super) struct SetDraft {
    pub name: String,
    /// Code and body region.
    pub codes: Vec<(String, String)>,
    seen: HashSet<(String, String)>,
}

pub(super) struct ComplicationDraft {
    pub code: String,
    pub level: ComplicationLevel,
    pub exclusion: Option<u32>,
    pub at: At,
}

impl Draft {
    pub fn mdc(&mut self, code: &str, name: &str, at: &At) -> Option<&mut MdcDraft> {
        let make = || MdcDraft {
            code: code.to_owned(),
            name: String::new(),
            at: at.clone(),
            declared: false,
        };
        let mdc = self.mdcs.entry(code, make)?;
        if mdc.name.is_empty() {
            mdc.name = name.to_owned();
        }
        Some(mdc)
    }

    pub fn adrg(&mut self, code: &str, name: &str, mdc: Option<&str>, at: &At) -> Option<&mut AdrgDraft> {
        let make = || AdrgDraft {
            code: code.to_owned(),
            name: String::new(),
            mdc: None,
            at: at.clone(),
            declared: false,
            parts: Vec::new(),
        };
        let adrg = self.adrgs.entry(code, make)?;
        if adrg.name.is_empty() {
            adrg.name = name.to_owned();
        }
        if adrg.mdc.is_none() {
            adrg.mdc = mdc.map(str::to_owned);
        }
        Some(adrg)
    }

    /// The set of a core group that a title begins or goes on with; `titled`: the title stands in
    /// a line of its own just here.
    pub fn part_set(&mut self, adrg: &str, at: &At, number: usize, part: &Part, titled: bool) -> String {
        let Some(draft) = self.adrg(adrg, "", None, at) else {
            return String::new();
        };
        let goes_on = match part.again {
            Again::Same => draft.parts.iter().rev().find(|(known, _)| *known == number),
            Again::New if titled => None,
            Again::New => draft.parts.last().filter(|(known, _)| *known == number),
        };
        if let Some((_, set)) = goes_on {
            return set.clone();
        }
        let own = |name: &str| format!("{adrg}.{name}");
        let mut name = own(part.set.as_ref());
        let mut next = 1;
        while draft.parts.iter().any(|(_, taken)| *taken == name) {
            name = own(&format!("{}{next}", part.set.as_ref()));
            next += 1;
        }
        draft.parts.push((number, name.clone()));
        self.set(&name);
        name
    }

    /// A set that exists from here on, perhaps without codes.
    pub fn set(&mut self, name: &str) -> Option<&mut SetDraft> {
        let make = || SetDraft {
            name: name.to_owned(),
            ..SetDraft::default()
        };
        self.sets.entry(name, make)
    }

    /// Whether the code was new to the set.
    pub fn add_code(&mut self, set: &str, code: &str, site: &str) -> bool {
        let Some(set) = self.set(set) else { return false };
        let pair = (code.to_owned(), site.to_owned());
        if !set.seen.insert(pair.clone()) {
            return false;
        }
        // a body region adds to the code that stood there without one
        let plain = (code.to_owned(), String::new());
        if !site.is_empty() && set.seen.remove(&plain) {
            set.codes.retain(|known| *known != plain);
        }
        set.codes.push(pair);
        true
    }

    pub fn add_exclusion(&mut self, list: u32, code: &str, at: &At) -> bool {
        self.exclusion_lists.entry(list).or_insert_with(|| at.clone());
        let new = self.seen_exclusions.insert((list, code.to_owned()));
        if new {
            self.exclusions.push((list, code.to_owned()));
        }
        new
    }

    pub fn add_operation(&mut self, code: &str) -> bool {
        let new = self.seen_operations.insert(code.to_owned());
        if new {
            self.operations.push(code.to_owned());
        }
        new
    }
}
