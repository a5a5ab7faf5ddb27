//! What the program says about every kind of bad input, word for word.
//!
//! `tests/bad/messages.txt` is a transcript of a terminal: each `$` line is typed in `tests/bad`,
//! below it stand the exit code, the words on standard error (`!`) and what went to standard
//! output (`>`). The files are in `records/`, the bad schemes in `tables/`; `small` is a sound one.
//! `UPDATE_GOLDEN=1` rewrites the answers; read the difference before you commit it.
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
use std::process::Output;

use assert_cmd::Command;

/// Edits of a record as a whole: the others are tried cell by cell in `tests/records`.
const SHOWN: [&str; 22] = [
    "F002", "F003", "F004", "F006", "F007", "F008", "F009", "F010", "F012", "F014", "C101", "C102", "C103",
    "C104", "X301", "A401", "A402", "A404", "B501", "D601", "M971", "M979",
];

/// What a personal cell of the files begins with; it may come out nowhere.
const PERSONAL: &str = "PII-";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

fn dianzhi(arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("dianzhi").unwrap();
    command.current_dir(folder()).args(arguments);
    for variable in ["DIANZHI_TABLES", "LC_ALL", "LC_MESSAGES", "LANG"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        !said.contains(PERSONAL),
        "{arguments:?} shows personal data:\n{said}"
    );
    assert!(!said.contains("panicked"), "{arguments:?}:\n{said}");
    output
}

/// Lines with a mark before each; what cannot be seen is written out, long lines are cut.
fn marked(mark: char, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = |line: &str| {
        let shown: String = line
            .chars()
            .flat_map(|c| shown(c).chars().collect::<Vec<_>>())
            .collect();
        match shown.char_indices().nth(400) {
            Some((at, _)) => format!("{mark} {} …\n", &shown[..at]),
            None => format!("{mark} {shown}\n"),
        }
    };
    text.split_terminator('\n').map(line).collect()
}

fn shown(c: char) -> String {
    if c.is_control() {
        c.escape_default().to_string()
    } else {
        c.to_string()
    }
}

fn answer(typed: &str) -> String {
    let arguments: Vec<&str> = typed.split_whitespace().skip(2).collect();
    let output = dianzhi(&arguments);
    let code = output.status.code().unwrap();
    format!(
        "exit {code}\n{}{}",
        marked('!', &output.stderr),
        marked('>', &output.stdout)
    )
}

#[test]
fn every_bad_input_gets_its_message() {
    let file = folder().join("messages.txt");
    let written = fs::read_to_string(&file).unwrap();
    let comments: String = written
        .lines()
        .take_while(|line| !line.starts_with('$'))
        .map(|line| format!("{line}\n"))
        .collect();
    let typed = written.lines().filter(|line| line.starts_with("$ dianzhi "));
    let transcript: Vec<String> = typed.map(|typed| format!("{typed}\n{}", answer(typed))).collect();
    let transcript = format!("{comments}{}", transcript.join("\n"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &transcript).unwrap();
    }
    let differs = transcript
        .lines()
        .zip(written.lines())
        .enumerate()
        .find(|(_, (now, before))| now != before);
    if let Some((line, (now, before))) = differs {
        panic!("messages.txt:{}:\n  said    {now}\n  expected {before}", line + 1);
    }
    assert_eq!(
        transcript.lines().count(),
        written.lines().count(),
        "messages.txt ends too early or too late"
    );
}

fn names_in(folder_name: &str) -> Vec<String> {
    let entries = fs::read_dir(folder().join(folder_name)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn every_file_and_every_edit_has_a_message() {
    let written = fs::read_to_string(folder().join("messages.txt")).unwrap();
    let words: BTreeSet<&str> = written.split(|c: char| c.is_whitespace() || c == ',').collect();
    let records = names_in("records")
        .into_iter()
        .map(|name| format!("records/{name}"));
    let schemes = names_in("tables").into_iter().filter(|name| name != "codes");
    let edits = SHOWN.into_iter().map(str::to_owned);
    let missing: Vec<String> = records
        .chain(schemes)
        .chain(edits)
        .filter(|word| !words.contains(word.as_str()))
        .collect();
    assert!(missing.is_empty(), "nothing in messages.txt about {missing:?}");
}

/// The number behind a word of the summary: `read 3 = grouped 1 + …`.
fn counted(summary: &str, word: &str) -> u64 {
    let mut words = summary.split_whitespace().skip_while(|found| *found != word);
    words.nth(1).map_or(0, |number| number.parse().unwrap())
}

#[test]
fn no_record_is_lost() {
    for name in names_in("records") {
        let file = format!("records/{name}");
        let grouped = dianzhi(&["group", &file, "--tables", "tables", "-t", "small"]);
        let checked = dianzhi(&["check", &file, "--tables", "tables", "-t", "small"]);
        assert_eq!(grouped.status.code(), checked.status.code(), "{file}");
        if grouped.status.code() == Some(2) {
            assert!(grouped.stdout.is_empty() && checked.stdout.is_empty(), "{file}");
            continue;
        }
        let of_group = String::from_utf8(grouped.stderr).unwrap();
        let of_check = String::from_utf8(checked.stderr).unwrap();
        let read = counted(&of_group, "read");
        let parts = ["grouped", "ambiguous", "ungrouped", "rejected"].map(|word| counted(&of_group, word));
        assert_eq!(read, parts.iter().sum::<u64>(), "{file}: {of_group}");
        assert_eq!(read, counted(&of_check, "read"), "{file}: {of_check}");
        assert_eq!(
            read,
            counted(&of_check, "sound") + counted(&of_check, "rejected"),
            "{file}: {of_check}"
        );
        let rows = csv::Reader::from_reader(&grouped.stdout[..]).into_records();
        let rows: Vec<csv::StringRecord> = rows
            .collect::<Result<_, _>>()
            .unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(read, rows.len() as u64, "{file}");
    }
}

/// Help that cannot be written is a failure like any other.
#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_said_to_be_so() {
    for asked in [&["--help"][..], &["--version"], &["tables", "check", "--help"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let program = assert_cmd::cargo::cargo_bin("dianzhi");
        let output = std::process::Command::new(program)
            .args(asked)
            .stdout(full)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{asked:?}: {said}");
        assert!(
            said.starts_with("(standard output): could not be written"),
            "{asked:?}: {said}"
        );
    }
}
