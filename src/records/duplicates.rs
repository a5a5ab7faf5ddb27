//! The same case twice, over all records of a run.

use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use std::hash::BuildHasher;

use super::check::Checker;
use super::edits::Edits;
use super::keys::{KeyFile, StoredKey};
use crate::diagnostics::{Action, Edit, Finding, Lang, Result, hexadecimal};

/// What makes a case the same case: hospital, case id and day of discharge (病例主键).
#[derive(Clone, Debug)]
pub struct CaseKey {
    hospital: String,
    case_id: String,
    /// `2026-01-31`, empty where it is not known.
    discharge: String,
    line: u64,
    record: u64,
    file: Arc<str>,
    /// The header of the case id.
    field: Arc<str>,
    /// SHA-256 of the row as written.
    row: [u8; 32],
}

impl CaseKey {
    /// Of the checker's current case.
    pub fn of(checker: &Checker<'_>) -> CaseKey {
        CaseKey {
            hospital: checker.case().hospital().to_owned(),
            case_id: checker.case().case_id().to_owned(),
            discharge: discharge_of(checker.case().discharge()),
            line: checker.line(),
            record: checker.record(),
            file: Arc::clone(checker.file()),
            field: Arc::clone(checker.case_id_header()),
            row: Sha256::digest(checker.row().written()).into(),
        }
    }

    /// Counts the record from the beginning of the file: so many came before its chunk.
    pub fn shift_record(&mut self, before: u64) {
        self.record += before;
    }

    /// Fingerprint of the row as written (清单指纹): the first half of its SHA-256, in hexadecimal.
    pub fn fingerprint(&self) -> String {
        hexadecimal(self.row.get(..8).unwrap_or_default())
    }

    fn is_of(&self, stored: &StoredKey) -> bool {
        (&stored.hospital, &stored.case_id, &stored.discharge)
            == (&self.hospital, &self.case_id, &self.discharge)
    }
}

/// Finds second and later copies of a case (查重).
///
/// Of each case 16 bytes stay in memory, a hash and a place in a file without a name, where its key
/// stands; two hashes that are alike are two cases until that file says otherwise.
///
/// Copies that are alike count once. Of copies that differ nobody can say which one stands, so
/// none of them is priced: what is paid must not depend on their order.
#[derive(Debug)]
pub struct Duplicates {
    edit: Arc<Edit>,
    hasher: DefaultHashBuilder,
    firsts: HashTable<Known>,
    keys: KeyFile,
    /// The files met, in order.
    files: Vec<Arc<str>>,
    /// First copies of which a later one differs, with the line of that: by place in the key file.
    contradicted: std::collections::BTreeMap<u64, u64>,
}

/// The first copy of a case.
#[derive(Clone, Copy, Debug)]
struct Known {
    hash: u64,
    /// Where its key stands.
    place: u64,
}

impl Duplicates {
    /// None seen yet.
    pub fn new(edits: &Edits) -> Duplicates {
        Duplicates {
            edit: edits.get("F012"),
            hasher: DefaultHashBuilder::default(),
            firsts: HashTable::new(),
            keys: KeyFile::default(),
            files: Vec::new(),
            contradicted: std::collections::BTreeMap::new(),
        }
    }

    /// Notes cases in file order; the finding of a second copy, if it is one, names the first's
    /// line and keeps the copy out of the money stages.
    ///
    /// # Errors
    /// The keys cannot be kept.
    pub fn note(&mut self, key: CaseKey, lang: Lang) -> Result<Option<Finding>> {
        if key.case_id.is_empty() {
            return Ok(None); // that is another finding; two unknown cases are not the same case
        }
        let hash = self.hash_of(&key.hospital, &key.case_id, &key.discharge);
        let Some((place, first)) = self.first_of(hash, |stored| key.is_of(stored))? else {
            let stored = StoredKey {
                hospital: key.hospital,
                case_id: key.case_id,
                discharge: key.discharge,
                file: self.number_of(&key.file),
                line: key.line,
                row: key.row,
            };
            let place = self.keys.add(&stored)?;
            self.firsts
                .insert_unique(hash, Known { hash, place }, |known| known.hash);
            return Ok(None);
        };
        let differs = first.row != key.row;
        if differs {
            self.contradicted.entry(place).or_insert(key.line);
        }
        let file = self
            .files
            .get(first.file as usize)
            .filter(|file| **file != key.file);
        let place = (first.line, file.map(Arc::clone));
        Ok(Some(key.finding(Arc::clone(&self.edit), place, differs, lang)))
    }

    /// Line of a later copy that differs from the first, which stands on `line`.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub fn contradiction(
        &mut self,
        (hospital, case_id): (&str, &str),
        discharge: Option<Date>,
        line: u64,
    ) -> Result<Option<u64>> {
        if self.contradicted.is_empty() {
            return Ok(None);
        }
        let day = discharge_of(discharge);
        let hash = self.hash_of(hospital, case_id, &day);
        let is_key = |stored: &StoredKey| {
            stored.hospital == hospital && stored.case_id == case_id && stored.discharge == day
        };
        let found = self.first_of(hash, is_key)?;
        let place = found
            .filter(|(_, first)| first.line == line)
            .map(|(place, _)| place);
        Ok(place.and_then(|place| self.contradicted.get(&place).copied()))
    }

    fn hash_of(&self, hospital: &str, case_id: &str, discharge: &str) -> u64 {
        self.hasher.hash_one((hospital, case_id, discharge))
    }

    /// The first copy of a case, by its hash and then by its key.
    fn first_of(
        &mut self,
        hash: u64,
        is_key: impl Fn(&StoredKey) -> bool,
    ) -> Result<Option<(u64, StoredKey)>> {
        let alike = self.firsts.iter_hash(hash).filter(|known| known.hash == hash);
        for place in alike.map(|known| known.place) {
            let stored = self.keys.get(place)?;
            if is_key(&stored) {
                return Ok(Some((place, stored)));
            }
        }
        Ok(None)
    }

    fn number_of(&mut self, file: &Arc<str>) -> u32 {
        // files come one after the other
        if self.files.last() != Some(file) {
            self.files.push(Arc::clone(file));
        }
        u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX)
    }
}

/// A day as keys have it.
fn discharge_of(day: Option<Date>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

/// What is expected of copies, alike or not.
pub fn expected_of_copies(differ: bool, lang: Lang) -> &'static str {
    match differ {
        false => lang.pick("each case of a hospital once", "同一机构每个病例只出现一次"),
        true => lang.pick(
            "each case of a hospital once; the copies differ, so none of them is priced",
            "同一机构每个病例只出现一次；各副本内容不同，均不参与结算",
        ),
    }
}

impl CaseKey {
    fn finding(self, edit: Arc<Edit>, first: (u64, Option<Arc<str>>), differs: bool, lang: Lang) -> Finding {
        let mut expected = expected_of_copies(differs, lang).to_owned();
        if let (_, Some(file)) = &first {
            expected.push_str(&match lang {
                Lang::En => format!("; the first is in {file}"),
                Lang::Zh => format!("；首次出现于 {file}"),
            });
        }
        Finding {
            file: self.file,
            line: self.line,
            record: self.record,
            value: self.case_id.clone(),
            case_id: self.case_id,
            hospital: self.hospital,
            severity: edit.severity,
            edit,
            action: Action::Kept,
            field: self.field.to_string(),
            cell: None,
            column: super::Column::CaseId.name(),
            slot: None,
            expected,
            see: Some(first.0),
        }
    }
}
