//! The house rules that no compiler checks: who may use whom, how code may fail, what may stand
//! in it.
//!
//! Each rule is a list here and one test. A ratchet only turns down: when the code gets better,
//! the number is lowered in the same commit.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms by rank: a room uses rooms of lower ranks only, never one beside it.
const RANKS: [&[&str]; 11] = [
    &["units", "codes", "diagnostics"],
    &["library"],
    &["tables", "records"],
    &["grouper", "benefit"],
    &["points"],
    &["budget"],
    &["ledger"],
    &["scenarios"],
    &["reports"],
    &["api"],
    &["cli"],
];

/// What ranks alone would allow, and is wrong all the same: a bill is shared without knowing any
/// grouping; pricing and budgets know groups by their code only.
const NEVER: [(&str, &str); 7] = [
    ("benefit", "tables"),
    ("benefit", "records"),
    ("points", "tables"),
    ("points", "benefit"),
    ("budget", "tables"),
    ("budget", "benefit"),
    ("records", "tables"),
];

/// Where nothing may be rounded, cut or lost by accident.
const MONEY_ROOMS: [&str; 5] = ["units", "benefit", "points", "budget", "ledger"];

/// What each money room denies in its `mod.rs`.
const DENIED: [&str; 5] = [
    "clippy::indexing_slicing",
    "clippy::float_arithmetic",
    "clippy::cast_possible_truncation",
    "clippy::cast_sign_loss",
    "clippy::cast_possible_wrap",
];

/// Ways to stop without an error message.
const PANICS: [&str; 6] = [
    ".unwrap()",
    ".expect(",
    "panic!",
    "todo!",
    "unimplemented!",
    "unreachable!",
];

/// The files that may name shipped schemes: examples in the help, in both languages.
const HELP: [&str; 2] = ["src/cli/arguments.rs", "src/cli/help_zh.csv"];

/// Longest function of `src` in lines, from `fn` to its closing brace. Aim: 60.
const LONGEST_FUNCTION: usize = 71;

/// One source file.
struct Source {
    path: String,
    /// As written.
    text: String,
    /// Comments and test modules blanked.
    code: String,
    /// Literals blanked as well.
    bare: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        // what a fuzz run leaves behind is no source
        let left_behind = ["target", "corpus", "artifacts"]
            .iter()
            .any(|name| path.ends_with(name));
        if path.is_dir() && !left_behind {
            files_below(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    files_below(&root().join("src"), &mut files);
    assert!(files.len() > 50, "src is not where it should be");
    // what others wrote and we only carry is no source of ours
    files.retain(|file| !file.components().any(|part| part.as_os_str() == "assets"));
    files.iter().map(|file| Source::read(file)).collect()
}

impl Source {
    fn read(file: &Path) -> Source {
        let text = fs::read_to_string(file).unwrap();
        let path = file
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let (mut code, mut bare) = blanked(&text);
        for (start, end) in test_modules(&bare) {
            code.replace_range(start..end, &spaces(&code[start..end]));
            bare.replace_range(start..end, &spaces(&bare[start..end]));
        }
        Source {
            path,
            text,
            code,
            bare,
        }
    }

    /// `tables` of `src/tables/scheme.rs`; nothing for `src/lib.rs`.
    fn room(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        below
            .split_once('/')
            .map(|(room, _)| room)
            .filter(|room| *room != "build")
    }

    fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.path, self.text[..offset].matches('\n').count() + 1)
    }
}

/// Same length, same lines, nothing to read.
fn spaces(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect()
}

/// The text without comments, and without comments and literals; offsets stay.
fn blanked(text: &str) -> (String, String) {
    let (mut code, mut bare) = (String::new(), String::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, is_comment) = match token(rest) {
            Some((length, is_comment)) => (length, Some(is_comment)),
            None => (first.len_utf8(), None),
        };
        let (piece, after) = rest.split_at(length);
        match is_comment {
            None => {
                code.push_str(piece);
                bare.push_str(piece);
            }
            Some(is_comment) => {
                code.push_str(&if is_comment {
                    spaces(piece)
                } else {
                    piece.to_owned()
                });
                bare.push_str(&spaces(piece));
            }
        }
        rest = after;
    }
    (code, bare)
}

/// Length of the comment (true) or literal (false) that `text` begins with.
fn token(text: &str) -> Option<(usize, bool)> {
    if text.starts_with("//") {
        return Some((text.find('\n').unwrap_or(text.len()), true));
    }
    if text.starts_with("/*") {
        return Some((text.find("*/").map_or(text.len(), |at| at + 2), true));
    }
    if let Some(raw) = text.strip_prefix('r').filter(|raw| raw.starts_with(['"', '#'])) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let body = raw[hashes..].strip_prefix('"')?;
        return Some((2 + hashes + body.find(&end)? + end.len(), false));
    }
    if text.starts_with('"') {
        return Some((quoted(text, '"'), false));
    }
    // a character literal, not a lifetime
    let mut chars = text.strip_prefix('\'')?.chars();
    let (one, two) = (chars.next()?, chars.next()?);
    (one == '\\' || two == '\'').then(|| (quoted(text, '\''), false))
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// From each `#[cfg(test)]` to the brace that closes what follows it.
fn test_modules(bare: &str) -> Vec<(usize, usize)> {
    let starts = bare.match_indices("#[cfg(test)]").map(|(at, _)| at);
    starts
        .map(|start| (start, start + block_end(&bare[start..])))
        .collect()
}

/// Length up to the brace that closes the first one opened.
fn block_end(bare: &str) -> usize {
    let mut depth = 0;
    for (at, c) in bare.char_indices() {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        if c == '}' && depth == 0 {
            return at + 1;
        }
    }
    bare.len()
}

/// Fails with everything found, a line each.
fn none(what: &str, found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

// ---- rooms ------------------------------------------------------------------------------------

fn rank(room: &str) -> usize {
    let found = RANKS.iter().position(|rooms| rooms.contains(&room));
    found.unwrap_or_else(|| panic!("`{room}` is no room of this house"))
}

/// The rooms a piece of code names: `crate::room`, `crate::{room, other::Thing}`.
fn rooms_used(code: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        let group = rest
            .strip_prefix('{')
            .map(|inside| &inside[..block_end(rest) - 2]);
        let names = group.map_or(vec![rest], |inside| inside.split(',').collect());
        let first_word = |path: &str| {
            path.trim_start()
                .split(|c: char| !is_word(c))
                .next()
                .unwrap()
                .to_owned()
        };
        used.extend(
            names
                .into_iter()
                .map(first_word)
                .filter(|name| !name.is_empty())
                .map(|name| (at, name)),
        );
    }
    used
}

#[test]
fn dependencies_point_downward() {
    let allowed =
        |room: &str, used: &str| room == used || rank(used) < rank(room) && !NEVER.contains(&(room, used));
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(room) = source.room() else { continue };
        let used = rooms_used(&source.bare);
        let used = used.iter().filter(|(_, used)| !allowed(room, used));
        wrong.extend(used.map(|(at, used)| format!("{}: `{room}` uses `{used}`", source.place(*at))));
    }
    none("rooms may use only those below them", wrong);
}

#[test]
fn every_room_has_its_rank() {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let declared: BTreeSet<&str> = declared.collect();
    let ranked: BTreeSet<&str> = RANKS.concat().into_iter().collect();
    assert_eq!(declared, ranked);
}

// ---- failing ----------------------------------------------------------------------------------

#[test]
fn nothing_stops_without_a_message() {
    let mut found = Vec::new();
    for source in sources() {
        for panic in PANICS {
            let hits = source.bare.match_indices(panic);
            found.extend(hits.map(|(at, _)| format!("{}: `{panic}`", source.place(at))));
        }
    }
    none("no panics outside tests", found);
}

#[test]
fn money_rooms_deny_what_loses_money() {
    let mut found = Vec::new();
    for room in MONEY_ROOMS {
        let source = Source::read(&root().join("src").join(room).join("mod.rs"));
        let denied = source.bare.find("#![deny(").map_or("", |at| &source.bare[at..]);
        let denied = denied.split(")]").next().unwrap();
        let missing = DENIED.into_iter().filter(|lint| !denied.contains(lint));
        found.extend(missing.map(|lint| format!("{}: {lint}", source.path)));
    }
    none("missing in `#![deny(…)]`", found);
}

#[test]
fn exceptions_have_a_reason() {
    let mut found = Vec::new();
    for source in sources() {
        for (at, _) in source.code.match_indices("[allow(") {
            let end = source.code[at..].find(")]").unwrap_or(0);
            if !source.code[at..at + end].contains("reason = \"")
                && !source.code[at..].starts_with("[allow(missing_docs)]")
            {
                found.push(source.place(at));
            }
        }
    }
    none("`allow` needs `reason = …`", found);
}

// ---- schemes are data -------------------------------------------------------------------------

/// Ids, names and group codes of every shipped scheme. MDC letters are no words of their own.
fn scheme_words() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut files = Vec::new();
    files_below(&root().join("grouping-tables"), &mut files);
    for file in files {
        match file.file_name().unwrap().to_str().unwrap() {
            "scheme.toml" => {
                let header: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
                let id = header["id"].as_str().unwrap();
                words.insert(id.to_owned());
                words.insert(header["name"].as_str().unwrap().to_owned());
                // the place alone: `beijing` of `beijing-2022`
                words.extend(
                    id.split(['-', '.'])
                        .filter(|part| part.len() > 3 && part.parse::<u32>().is_err() && *part != "base")
                        .map(str::to_owned),
                );
            }
            "rules.csv" => {
                let mut rows = csv::Reader::from_path(&file).unwrap();
                let codes = rows.records().map(|row| row.unwrap()[1].to_owned());
                words.extend(codes.filter(|code| code.len() > 2));
            }
            _ => {}
        }
    }
    words
}

/// The words of a text, Chinese ones as wholes and as every part of them.
fn holds_word(text: &str, word: &str) -> Option<usize> {
    let stands_alone = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let after = text[*at + word.len()..].chars().next();
        !word.is_ascii()
            || !before
                .into_iter()
                .chain(after)
                .any(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    text.match_indices(word).map(|(at, _)| at).find(stands_alone)
}

#[test]
fn code_knows_no_scheme() {
    let words = scheme_words();
    assert!(
        words.len() > 1000 && words.contains("重庆"),
        "the shipped schemes were not read"
    );
    let mut found = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| !HELP.contains(&source.path.as_str()))
    {
        let lower = source.code.to_lowercase();
        let hits = words.iter().filter_map(|word| {
            let hit = holds_word(&source.code, word).or_else(|| holds_word(&lower, word));
            hit.map(|at| format!("{}: `{word}`", source.place(at)))
        });
        found.extend(hits);
    }
    none("a city's difference is data, never code", found);
}

// ---- size -------------------------------------------------------------------------------------

/// Every function: lines and place.
fn functions(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in source.bare.match_indices("fn ") {
        let starts_word = source.bare[..at].chars().next_back().is_none_or(|c| !is_word(c));
        let signature = &source.bare[at..];
        let body = signature.find(['{', ';']).unwrap_or(0);
        if !starts_word || !signature[body..].starts_with('{') {
            continue;
        }
        let end = body + block_end(&signature[body..]);
        let name = signature[3..].split(|c: char| !is_word(c)).next().unwrap();
        found.push((
            signature[..end].lines().count(),
            format!("{}: `{name}`", source.place(at)),
        ));
    }
    found
}

#[test]
fn functions_stay_short() {
    let mut functions: Vec<(usize, String)> = sources().iter().flat_map(functions).collect();
    functions.sort();
    let longest = functions.last().unwrap();
    assert!(
        longest.0 <= LONGEST_FUNCTION,
        "{} has {} lines; at most {LONGEST_FUNCTION} are allowed",
        longest.1,
        longest.0
    );
}

// ---- machines ---------------------------------------------------------------------------------

#[test]
fn nothing_names_a_machine() {
    let folders = ["tmp", "work", "root"].map(|name| format!("/{name}"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches", "scenarios"] {
        files_below(&root().join(folder), &mut files);
    }
    let top = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    files.extend(top.filter(|path| path.to_string_lossy().contains("README")));
    let mut found = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        for folder in &folders {
            let stands_alone = |at: &usize| {
                let before = text[..*at].chars().next_back();
                let after = text[*at + folder.len()..].chars().next();
                !before.is_some_and(|c| is_word(c) || c == '.') && !after.is_some_and(is_word)
            };
            if text
                .match_indices(folder.as_str())
                .map(|(at, _)| at)
                .any(|at| stands_alone(&at))
            {
                found.push(format!("{}: `{folder}`", file.display()));
            }
        }
    }
    none("paths of one machine", found);
}
