//! A code list with names.

use hashbrown::HashMap;

/// A code list with names (编码目录), e.g. all diagnoses of the insurance edition.
#[derive(Debug, Default)]
pub struct CodeList {
    names: HashMap<String, String>,
    sorted: Vec<String>,
}

impl CodeList {
    /// From `(code, name)` rows; of a code that stands twice the last name holds.
    pub fn new(rows: Vec<(String, String)>) -> CodeList {
        let names: HashMap<String, String> = rows.into_iter().collect();
        let mut sorted: Vec<String> = names.keys().cloned().collect();
        sorted.sort_unstable();
        CodeList { names, sorted }
    }

    /// Whether it holds no code.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
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
    pub fn codes(&self) -> &[String] {
        &self.sorted
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
        // the longest beginning is shared with a neighbour in code order
        let place = self.sorted.partition_point(|known| known.as_str() < code);
        let neighbours = [place.checked_sub(1), Some(place)].into_iter().flatten();
        let longest = neighbours
            .filter_map(|at| self.sorted.get(at))
            .map(|known| common(known))
            .max()?;
        let beginning = code.as_bytes().get(..longest).filter(|_| longest >= 3)?;
        let first = self.sorted.partition_point(|known| known.as_bytes() < beginning);
        self.sorted.get(first).map(String::as_str)
    }
}
