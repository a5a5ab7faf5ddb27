//! Sentences in both languages, with what they are about.

use std::fmt;

use super::{Lang, Words, did_you_mean};

/// A sentence in both languages (双语语句); `{0}`, `{1}` … stand for its particulars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    words: Words,
    with: Vec<Particular>,
}

/// What stands in a sentence: the same in both languages, or a sentence of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Particular {
    Text(String),
    Told(Told),
}

impl Told {
    /// A sentence about these.
    pub fn new<const N: usize>(en: &'static str, zh: &'static str, with: [&dyn fmt::Display; N]) -> Told {
        Told {
            words: Words { en, zh },
            with: with.map(|text| Particular::Text(text.to_string())).to_vec(),
        }
    }

    /// The same with a part that has words of its own; it comes after the others.
    #[must_use]
    pub fn and(mut self, part: Told) -> Told {
        self.with.push(Particular::Told(part));
        self
    }

    /// Words that are the same in both languages.
    pub fn same(text: impl fmt::Display) -> Told {
        Told::new("{0}", "{0}", [&text])
    }

    /// The end of a sentence about an unknown word: the nearest known one, or nothing (猜测原意).
    pub fn suggestion<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Told {
        match did_you_mean(written, known) {
            Some(word) => Told::new("; did you mean `{0}`?", "；是否应为`{0}`？", [&word]),
            None => Told::same(""),
        }
    }

    /// The words in one language.
    pub fn in_lang(&self, lang: Lang) -> String {
        let mut text = String::new();
        let mut rest = self.words.in_lang(lang);
        while let Some((before, after)) = rest.split_once('{') {
            let (number, behind) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(before);
            match number
                .parse()
                .ok()
                .and_then(|number: usize| self.with.get(number))
            {
                Some(Particular::Text(word)) => text.push_str(word),
                Some(Particular::Told(part)) => text.push_str(&part.in_lang(lang)),
                None => {}
            }
            rest = behind;
        }
        text.push_str(rest);
        text
    }
}

/// In English, as in files.
impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_lang(Lang::En))
    }
}
