//! A code list with names.

use hashbrown::HashMap;

/// A code list with names (编码目录), e.g. all diagnoses of the insurance edition.
#[derive(Debug, Default)]
pub struct CodeList {
    names: HashMap<String, String>,
}

impl CodeList {
    /// From `(code, name)` rows; of a code that stands twice the last name holds.
    pub fn new(rows: Vec<(String, String)>) -> CodeList {
        CodeList {
            names: rows.into_iter().collect(),
        }
    }

    /// The name of a code; `None` if the list does not hold it.
    pub fn name(&self, code: &str) -> Option<&str> {
        self.names.get(code).map(String::as_str)
    }

    /// Whether the list holds the code.
    pub fn contains(&self, code: &str) -> bool {
        self.names.contains_key(code)
    }

    /// All codes, sorted.
    pub fn codes(&self) -> Vec<&str> {
        let mut codes: Vec<&str> = self.names.keys().map(String::as_str).collect();
        codes.sort_unstable();
        codes
    }

    /// The listed code nearest to one that is not listed: the longest common beginning of at
    /// least a category, first in code order.
    pub fn nearest(&self, code: &str) -> Option<&str> {
        let common = |known: &str| {
            known
                .bytes()
                .zip(code.bytes())
                .take_while(|(a, b)| a == b)
                .count()
        };
        let best = self.names.keys().map(|known| (common(known), known.as_str()));
        let best = best.max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(a.1)));
        best.filter(|(length, _)| *length >= 3).map(|(_, known)| known)
    }
}
