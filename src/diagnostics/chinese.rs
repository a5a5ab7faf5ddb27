//! Errors in Chinese (中文错误信息): the sentences of `errors_zh.csv` in place of the English ones.
//!
//! Errors are written once, in English, where they arise; what stands in the table is told in Chinese, with
//! the user's own words where they stood. A message that no row fits stays as it is.

use std::sync::OnceLock;

use super::Error;

/// A sentence in both languages; `{1}`, `{2}` … stand for the user's words.
struct Sentence {
    /// What stands before, between and behind the words.
    literals: Vec<String>,
    /// Whether each word stands between backticks: it is the user's, and never translated.
    quoted: Vec<bool>,
    zh: String,
}

impl Sentence {
    fn of(en: &str, zh: &str) -> Sentence {
        let (mut literals, mut quoted) = (Vec::new(), Vec::new());
        let mut rest = en;
        for number in 1.. {
            let Some((before, after)) = rest.split_once(&format!("{{{number}}}")) else {
                break;
            };
            quoted.push(before.ends_with('`') && after.starts_with('`'));
            literals.push(before.to_owned());
            rest = after;
        }
        literals.push(rest.to_owned());
        Sentence {
            literals,
            quoted,
            zh: zh.to_owned(),
        }
    }

    fn weight(&self) -> usize {
        self.literals.iter().map(String::len).sum()
    }

    /// The user's words, if the message is of this form.
    fn words<'m>(&self, message: &'m str) -> Option<Vec<&'m str>> {
        let (first, rest) = self.literals.split_first()?;
        let mut left = message.strip_prefix(first.as_str())?;
        let mut words = Vec::new();
        for (at, literal) in rest.iter().enumerate() {
            let end = match at + 1 == rest.len() {
                true => left.strip_suffix(literal.as_str())?.len(),
                false => left.find(literal.as_str())?,
            };
            let word = left.get(..end)?;
            if word.is_empty() {
                return None;
            }
            words.push(word);
            left = left.get(end + literal.len()..)?;
        }
        left.is_empty().then_some(words)
    }
}

fn sentences() -> &'static [Sentence] {
    static SENTENCES: OnceLock<Vec<Sentence>> = OnceLock::new();
    SENTENCES.get_or_init(|| {
        let mut rows = csv::Reader::from_reader(include_str!("errors_zh.csv").as_bytes());
        // the text is part of the program, and a test reads every row of it
        let rows = rows.records().filter_map(std::result::Result::ok);
        rows.map(|row| Sentence::of(row.get(0).unwrap_or(""), row.get(1).unwrap_or("")))
            .collect()
    })
}

/// A message in Chinese (译为中文), the nearest word offered at its end; nothing where no sentence fits.
pub fn in_chinese(message: &str) -> Option<String> {
    let (plain, offered) = without_offer(message);
    let fitting = sentences()
        .iter()
        .filter_map(|sentence| Some((sentence, sentence.words(&plain)?)));
    // the most of the message said by the sentence itself; of equals the first
    let (sentence, words) = fitting.fold(None, |best: Option<(&Sentence, Vec<&str>)>, next| match best {
        Some(best) if best.0.weight() >= next.0.weight() => Some(best),
        _ => Some(next),
    })?;
    let mut text = sentence.zh.clone();
    for (at, (word, quoted)) in words.into_iter().zip(&sentence.quoted).enumerate() {
        let own = if *quoted { None } else { in_chinese(word) };
        text = text.replace(&format!("{{{}}}", at + 1), own.as_deref().unwrap_or(word));
    }
    if let Some(word) = offered {
        text.push_str(&format!("；是否应为`{word}`？"));
    }
    Some(text)
}

/// The message without `; did you mean …?`, and the word that was offered.
fn without_offer(message: &str) -> (String, Option<&str>) {
    const OFFER: &str = "; did you mean `";
    let offer = message.split_once(OFFER);
    match offer.and_then(|(before, rest)| Some((before, rest.split_once("`?")?))) {
        Some((before, (word, after))) => (format!("{before}{after}"), Some(word)),
        None => (message.to_owned(), None),
    }
}

impl Error {
    /// Each message with its place, in Chinese as far as it can be said so (中文信息).
    pub fn chinese(&self) -> String {
        let lines = self.messages().map(|(place, message)| {
            let message = in_chinese(message).unwrap_or_else(|| message.to_owned());
            match place {
                Some(place) => format!("{place}: {message}"),
                None => message,
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_has_the_same_words_in_both_languages() {
        let mut rows = csv::Reader::from_reader(include_str!("errors_zh.csv").as_bytes());
        for row in rows.records() {
            let row = row.unwrap();
            let (en, zh) = (row.get(0).unwrap(), row.get(1).unwrap());
            let count = Sentence::of(en, zh).quoted.len();
            for number in 1..=count {
                assert!(zh.contains(&format!("{{{number}}}")), "{en}: {zh}");
            }
            assert!(!zh.contains(&format!("{{{}}}", count + 1)), "{en}: {zh}");
            assert!(!zh.is_ascii(), "{zh}");
        }
    }

    #[test]
    fn words_of_the_user_stand_where_they_stood() {
        let said = |message| in_chinese(message).unwrap();
        assert_eq!(
            said("there is no lever `budget.grwth`; did you mean `budget.growth`?"),
            "没有杠杆`budget.grwth`；是否应为`budget.growth`？"
        );
        assert_eq!(
            said("could not be read: there is no such file or folder"),
            "无法读取：没有该文件或文件夹"
        );
        assert_eq!(
            said("`behaviour.seed` is \"one\"; expected a whole number"),
            "`behaviour.seed`为 \"one\"；应为整数"
        );
        // what the user wrote is not translated
        assert_eq!(said("key `a list` is missing"), "缺少键`a list`");
        assert_eq!(in_chinese("something that nobody says"), None);
    }
}
