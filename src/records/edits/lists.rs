//! Lists of codes the edits ask about, and the codes marked by the lists they stand in.

use hashbrown::HashSet;

use crate::codes::{CodeIndex, CodeList};
use crate::diagnostics::{Error, Place, Result};

/// The lists a code stands in, a bit each.
pub(in crate::records) type Marks = u128;

/// How many different lists there may be.
pub(super) const MOST_SETS: usize = 128;

/// Which kind of code a list holds (编码类别).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::records) enum CodeKind {
    Diagnosis,
    Procedure,
    Pathology,
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    /// `O80-O84`: every code that begins with something between.
    Range(String, String),
    /// `Z37*`, `M*/3`: pieces in this order, the first at the beginning; the last at the end
    /// unless the pattern ends in a star.
    Pattern(Vec<String>),
    /// `~切除术`: every listed code whose name holds this.
    Name(String),
}

/// A list of codes (编码集合): single codes, ranges, patterns, names.
#[derive(Clone, Debug)]
pub(super) struct CodeSet {
    /// Its name, or its text in a condition.
    pub(super) name: String,
    pub(super) kind: CodeKind,
    codes: HashSet<String>,
    entries: Vec<Entry>,
}

impl CodeSet {
    pub(super) fn new(name: &str, kind: CodeKind) -> CodeSet {
        CodeSet {
            name: name.to_owned(),
            kind,
            codes: HashSet::new(),
            entries: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.entries.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.codes.clear();
        self.entries.clear();
    }

    /// Adds an entry as written.
    ///
    /// # Errors
    /// A range whose end lies before its beginning, an empty name.
    pub(super) fn add(&mut self, entry: &str, place: &Place) -> Result<()> {
        let wrong = |message: String| Err(Error::at(place.clone(), message));
        if let Some(name) = entry.strip_prefix('~') {
            if name.is_empty() {
                return wrong("`~` needs a part of a name behind it".to_owned());
            }
            self.entries.push(Entry::Name(name.to_owned()));
        } else if entry.contains('*') && !is_asterisk_code(entry) {
            let pieces = entry.split('*').map(str::to_owned);
            self.entries.push(Entry::Pattern(pieces.collect()));
        } else if let Some((from, to)) = entry.split_once('-') {
            if from > to || from.len() != to.len() || from.is_empty() {
                return wrong(format!(
                    "`{entry}` is no range; expected two codes of one length, the lower first"
                ));
            }
            self.entries.push(Entry::Range(from.to_owned(), to.to_owned()));
        } else {
            self.codes.insert(entry.to_owned());
        }
        Ok(())
    }

    /// Whether a code stands in it; `name` is the code's name in its list, if it has one.
    pub(super) fn holds(&self, code: &str, name: Option<&str>) -> bool {
        self.codes.contains(code)
            || self.entries.iter().any(|entry| match entry {
                Entry::Range(from, to) => in_range(code, from, to),
                Entry::Pattern(pieces) => fits(code, pieces),
                Entry::Name(part) => name.is_some_and(|name| name.contains(part.as_str())),
            })
    }
}

/// A code such as `A17.000+G01*` ends in a star of its own.
fn is_asterisk_code(entry: &str) -> bool {
    entry.contains('+') && entry.ends_with('*') && entry.matches('*').count() == 1
}

fn in_range(code: &str, from: &str, to: &str) -> bool {
    code.get(..to.len())
        .is_some_and(|beginning| from <= beginning && beginning <= to)
}

fn fits(code: &str, pieces: &[String]) -> bool {
    let Some((first, others)) = pieces.split_first() else {
        return false;
    };
    let Some(mut rest) = code.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some((last, between)) = others.split_last() else {
        return rest.is_empty();
    };
    for piece in between {
        let Some((_, after)) = rest.split_once(piece.as_str()) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last.as_str())
}

/// A code list whose codes are marked by the sets they stand in (带标记的编码目录).
#[derive(Debug)]
pub struct MarkedCodes {
    list: CodeList,
    index: CodeIndex,
    marks: Vec<Marks>,
    sets: Vec<(Marks, CodeSet)>,
}

impl MarkedCodes {
    pub(super) fn new(list: CodeList, kind: CodeKind, sets: &[CodeSet]) -> MarkedCodes {
        let of_kind = |(at, set): (usize, &CodeSet)| (set.kind == kind).then(|| (1 << at, set.clone()));
        let sets: Vec<(Marks, CodeSet)> = sets.iter().enumerate().filter_map(of_kind).collect();
        let index = CodeIndex::new(list.codes().iter().map(String::as_str).zip(0..));
        let mut marked = MarkedCodes {
            marks: vec![0; list.codes().len()],
            list,
            index,
            sets,
        };
        marked.mark_listed();
        marked
    }

    fn mark_listed(&mut self) {
        let codes = self.list.codes();
        for (bit, set) in &self.sets {
            for code in &set.codes {
                mark(&mut self.marks, self.index.get(code), *bit);
            }
            for entry in &set.entries {
                let from = first_piece(entry);
                let start = codes.partition_point(|code| code.as_str() < from);
                let candidates = codes.iter().enumerate().skip(start);
                for (at, code) in candidates.take_while(|(_, code)| may_fit(code, entry)) {
                    let fits = match entry {
                        Entry::Range(from, to) => in_range(code, from, to),
                        Entry::Pattern(pieces) => fits(code, pieces),
                        Entry::Name(part) => self
                            .list
                            .name(code)
                            .is_some_and(|name| name.contains(part.as_str())),
                    };
                    if fits {
                        mark(&mut self.marks, u32::try_from(at).ok(), *bit);
                    }
                }
            }
        }
    }

    /// The list.
    pub fn list(&self) -> &CodeList {
        &self.list
    }

    /// The marks of a code, and whether it is listed; without a list every code is.
    pub(in crate::records) fn look_up(&self, code: &str) -> (Marks, bool) {
        let listed = self.index.get(code).and_then(|at| self.marks.get(at as usize));
        match listed {
            Some(marks) => (*marks, true),
            None => (self.marks_of_unlisted(code), self.list.is_empty()),
        }
    }

    fn marks_of_unlisted(&self, code: &str) -> Marks {
        let hits = self.sets.iter().filter(|(_, set)| set.holds(code, None));
        hits.fold(0, |marks, (bit, _)| marks | bit)
    }
}

fn mark(marks: &mut [Marks], at: Option<u32>, bit: Marks) {
    if let Some(held) = at.and_then(|at| marks.get_mut(at as usize)) {
        *held |= bit;
    }
}

fn first_piece(entry: &Entry) -> &str {
    match entry {
        Entry::Range(from, _) => from,
        Entry::Pattern(pieces) => pieces.first().map_or("", String::as_str),
        Entry::Name(_) => "",
    }
}

/// Whether this and later codes may still fit.
fn may_fit(code: &str, entry: &Entry) -> bool {
    match entry {
        Entry::Range(_, to) => code.get(..to.len()).unwrap_or(code) <= to.as_str(),
        Entry::Pattern(pieces) => code.starts_with(pieces.first().map_or("", String::as_str)),
        Entry::Name(_) => true,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn entries_of_every_form() {
        let place = Place::file(std::path::Path::new("lists.csv"));
        let holds = |entry: &str, code: &str| {
            let mut set = CodeSet::new("any", CodeKind::Diagnosis);
            set.add(entry, &place).unwrap();
            set.holds(code, Some("胆囊切除术"))
        };
        for (entry, code, expected) in [
            ("O80-O84", "O80.000", true),
            ("O80-O84", "O84.900x001", true),
            ("O80-O84", "O85.x00", false),
            ("74.0-74.4", "74.4x00", true),
            ("74.0-74.4", "74.5000", false),
            ("60-64", "64.0x00", true),
            ("Z37*", "Z37.000", true),
            ("Z37*", "Z38.000", false),
            ("M*/3", "M81600/3", true),
            ("M*/3", "M81600/0", false),
            ("M872*/3", "M87200/3", true),
            ("S62.802", "S62.802", true),
            ("S62.802", "S62.8020", false),
            ("A17.000+G01*", "A17.000+G01*", true),
            ("~切除", "51.2300", true),
            ("~切开", "51.2300", false),
        ] {
            assert_eq!(holds(entry, code), expected, "{entry} {code}");
        }
        let mut set = CodeSet::new("any", CodeKind::Diagnosis);
        assert!(set.add("O84-O80", &place).is_err() && set.add("~", &place).is_err());
    }
}
