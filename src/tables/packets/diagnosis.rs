//! What a catalogue's `diagnosis` cell means: a beginning, a range of categories, or any.

use crate::codes::normal_form;
use crate::tables::Pattern;

/// A principal diagnosis as a catalogue row gives it (主要诊断范围).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DiagnosisCell {
    /// `K35.3`: codes that begin so.
    Prefix(String),
    /// `A00-C50`: categories, both ends included.
    Range(Category, Category),
    /// `*`.
    Any,
}

/// A category of diagnoses (类目): a letter and two digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Category {
    letter: u8,
    number: u8,
}

impl Category {
    fn parse(text: &str) -> Option<Category> {
        let [letter, tens, ones] = *text.as_bytes() else {
            return None;
        };
        let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
        letter.is_ascii_uppercase().then_some(())?;
        Some(Category {
            letter,
            number: digit(tens)? * 10 + digit(ones)?,
        })
    }
}

impl DiagnosisCell {
    /// Reads a cell; nothing if it is none of the three.
    pub(super) fn parse(cell: &str) -> Option<DiagnosisCell> {
        if cell == "*" {
            return Some(DiagnosisCell::Any);
        }
        let code = normal_form(cell);
        if let Some((first, last)) = code.split_once('-') {
            let (first, last) = (Category::parse(first.trim())?, Category::parse(last.trim())?);
            return (first <= last).then_some(DiagnosisCell::Range(first, last));
        }
        let begins = code.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
        let of_code = |byte: u8| byte.is_ascii_alphanumeric() || b".+*".contains(&byte);
        // marks of a catalogue: what is meant is the part before them, alone or with another code behind
        let meant = code.trim_end_matches(['+', '*']);
        (begins && code.bytes().all(of_code)).then(|| DiagnosisCell::Prefix(meant.to_owned()))
    }

    /// The codes meant, as few beginnings as say it.
    pub(super) fn patterns(&self) -> Vec<Pattern> {
        let begins = |text: &str| Pattern::Prefix(text.to_owned());
        match self {
            DiagnosisCell::Any => vec![begins("")],
            DiagnosisCell::Prefix(prefix) => vec![begins(prefix)],
            DiagnosisCell::Range(first, last) => range(*first, *last).iter().map(|p| begins(p)).collect(),
        }
    }

    /// Letters and digits that are fixed.
    pub(super) fn length(&self) -> usize {
        match self {
            DiagnosisCell::Prefix(prefix) => prefix.len(),
            DiagnosisCell::Range(..) | DiagnosisCell::Any => 0,
        }
    }
}

/// Letters, tens and single categories that make up a range.
fn range(first: Category, last: Category) -> Vec<String> {
    let mut found = Vec::new();
    for letter in first.letter..=last.letter {
        let from = if letter == first.letter { first.number } else { 0 };
        let to = if letter == last.letter { last.number } else { 99 };
        let letter = char::from(letter);
        if (from, to) == (0, 99) {
            found.push(letter.to_string());
            continue;
        }
        let mut number = from;
        while number <= to {
            if number.is_multiple_of(10) && number + 9 <= to {
                found.push(format!("{letter}{}", number / 10));
                number += 10;
            } else {
                found.push(format!("{letter}{number:02}"));
                number += 1;
            }
        }
    }
    found
}

/// Categories and ranges separated by blanks, as a scope gives them: `A00-A09 D01 I85`.
pub(super) fn scope(cell: &str) -> Option<Vec<Pattern>> {
    let parts = cell.split_whitespace().map(DiagnosisCell::parse);
    let parts: Option<Vec<DiagnosisCell>> = parts.collect();
    let patterns: Vec<Pattern> = parts?.iter().flat_map(DiagnosisCell::patterns).collect();
    (!patterns.is_empty()).then_some(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_as_few_beginnings_as_say_them() {
        let check = |cell: &str, expected: &[&str]| {
            let parsed = DiagnosisCell::parse(cell).map(|cell| cell.patterns());
            let expected: Vec<Pattern> = expected
                .iter()
                .map(|prefix| Pattern::Prefix((*prefix).to_owned()))
                .collect();
            assert_eq!(parsed, Some(expected), "{cell}");
        };
        check("A00-B99", &["A", "B"]);
        check("A00-A09", &["A0"]);
        check(
            "C15-C26",
            &[
                "C15", "C16", "C17", "C18", "C19", "C20", "C21", "C22", "C23", "C24", "C25", "C26",
            ],
        );
        check("A95-C01", &["A95", "A96", "A97", "A98", "A99", "B", "C00", "C01"]);
        check("K35.3", &["K35.3"]);
        check("a46.X", &["A46.x"]);
        check("*", &[""]);
    }
}
