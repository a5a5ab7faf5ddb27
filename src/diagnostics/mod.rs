//! What is wrong, where, and what was expected (错误与质控问题).
//!
//! Two kinds. An [`Error`] stops the run: a table, policy, scenario or file that cannot be used.
//! A [`Finding`] (质控问题) concerns one record: the run goes on with the rest and the finding is
//! written out. Both name their [`Place`]; messages are lower case, one line, with the user's
//! own words in backticks.

mod chinese;
mod error;
mod evidence;
mod files;
mod finding;
mod lang;
mod told;
mod unfinished;

pub use chinese::in_chinese;
pub use error::{Error, Place, Result};
pub use evidence::Evidence;
pub use files::{hexadecimal, line_of, parse_toml, read_text, read_toml, utf8_text};
pub use finding::{Action, Edit, Finding, Severity, Stops};
pub use lang::{Lang, Texts, Words};
pub use told::Told;
pub use unfinished::{Unfinished, remove_unfinished};

/// Longer words are not compared: the cost grows with their square.
const LONGEST_WORD: usize = 64;

/// The nearest of `known` to what was `written`, if any is near enough to offer (猜测原意).
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().take(LONGEST_WORD + 1).count();
    if length > LONGEST_WORD {
        return None; // no slip of the pen
    }
    let allowed = length.div_ceil(3);
    // another case is no other word
    let folded = written.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&folded, &word.to_lowercase()), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, word)| word)
}

/// `; did you mean `x`?`, or nothing: the end of a message about an unknown word.
pub fn suggestion<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    did_you_mean(written, known).map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}
