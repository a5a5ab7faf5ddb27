//! Lists that should say the same (名单比对): poverty, tax and insurance.

use std::collections::BTreeSet;

use super::super::finance::Span;
use super::person::{List, PersonFile};

/// Two lists that are compared (比对的两份名单).
pub type Pair = (List, List);

/// The three pairs.
pub const PAIRS: [Pair; 3] = [
    (List::Poverty, List::Tax),
    (List::Poverty, List::Insurance),
    (List::Tax, List::Insurance),
];

/// How two lists differ about a person (名单差异).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListDifference {
    /// On the one only: lists the person is on, and is missing from.
    Missing {
        /// The list with the person.
        on: List,
        /// The list without.
        not_on: List,
        /// Line of the entry.
        line: u64,
    },
    /// On both, by other categories.
    Category {
        /// The lists.
        pair: Pair,
        /// Categories of the first.
        first: String,
        /// Categories of the second.
        second: String,
        /// Line of the entry in the first.
        line: u64,
    },
}

/// How the lists differ about a person on some days (三类名单差异).
pub fn differences(person: &PersonFile, days: Span) -> Vec<ListDifference> {
    let mut found = Vec::new();
    for (one, other) in PAIRS {
        let first = |list| person.listed(list, days).map(|entry| entry.line).next();
        match (first(one), first(other)) {
            (Some(line), None) => found.push(ListDifference::Missing {
                on: one,
                not_on: other,
                line,
            }),
            (None, Some(line)) => found.push(ListDifference::Missing {
                on: other,
                not_on: one,
                line,
            }),
            (Some(line), Some(_)) => found.extend(categories_differ(person, days, (one, other), line)),
            (None, None) => {}
        }
    }
    found
}

fn categories_differ(person: &PersonFile, days: Span, pair: Pair, line: u64) -> Option<ListDifference> {
    let words = |list| -> BTreeSet<&str> {
        let entries = person.listed(list, days);
        entries.map(|entry| entry.category.as_str()).collect()
    };
    let (first, second) = (words(pair.0), words(pair.1));
    let joined = |words: BTreeSet<&str>| words.into_iter().collect::<Vec<_>>().join("|");
    (first != second).then(|| ListDifference::Category {
        pair,
        first: joined(first),
        second: joined(second),
        line,
    })
}
