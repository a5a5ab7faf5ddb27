//! Our result against one that comes back: what differs is told, what is not given is never zero.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use calamine::Reader;
use proptest::prelude::*;
use tempfile::TempDir;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/compare")
        .join(name)
}

/// Compares `ours.csv` with a file; gives the exit status and what is said.
fn compare(theirs: &Path, mapping: &Path, out: &Path) -> (Option<i32>, String) {
    let mut command = Command::cargo_bin("dianzhi").unwrap();
    let arguments = ["settle", "compare", "--lang", "en", "--strict"];
    let output = command
        .args(arguments)
        .args([&data("ours.csv"), theirs])
        .arg("--mapping")
        .args([mapping, Path::new("-o"), out])
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn check_golden(out: &Path) {
    for name in ["differences.csv", "summary.csv"] {
        let (made, golden) = (std::fs::read_to_string(out.join(name)).unwrap(), data(name));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &made).unwrap();
        }
        assert_eq!(made, std::fs::read_to_string(&golden).unwrap(), "{name}");
    }
}

#[test]
fn what_differs_is_told_case_by_case() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let (status, said) = compare(&data("theirs.csv"), &data("mapping.toml"), &out);
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("due: same 1, differs 2, nothing_theirs 1, unreadable 1"),
        "{said}"
    );
    assert!(said.contains("; not complete"), "{said}");
    check_golden(&out);
}

/// The same from GB18030, and from a workbook.
#[test]
fn what_comes_back_may_be_of_any_form() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = std::fs::read_to_string(data("theirs.csv")).unwrap();
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    std::fs::write(at("gbk.csv"), &bytes).unwrap();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    for (row, record) in (0..).zip(reader.records()) {
        for (column, cell) in (0..).zip(record.unwrap().iter()) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    book.save(at("back.xlsx")).unwrap();
    for name in ["gbk.csv", "back.xlsx"] {
        let out = at("out");
        let (status, said) = compare(&at(name), &data("mapping.toml"), &out);
        assert_eq!(status, Some(1), "{said}");
        check_golden(&out);
        let mut book: calamine::Xlsx<_> = calamine::open_workbook(out.join("comparison.xlsx")).unwrap();
        assert_eq!(book.sheet_names(), ["summary", "differences"]);
        assert_eq!(book.worksheet_range("differences").unwrap().get_size().0, 8);
    }
}

#[test]
fn a_mapping_that_does_not_fit_is_told() {
    let mapping = std::fs::read_to_string(data("mapping.toml")).unwrap();
    let mut cases = csv::Reader::from_path(data("bad.csv")).unwrap();
    for case in cases.records() {
        let case = case.unwrap();
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("mapping.toml");
        let changed = mapping.replacen(&case[0], &case[1], 1);
        assert_ne!(changed, mapping, "{case:?}");
        std::fs::write(&path, changed).unwrap();
        let (status, said) = compare(&data("theirs.csv"), &path, &folder.path().join("out"));
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(&case[2]), "{} in {said}", &case[2]);
        assert!(!folder.path().join("out/summary.csv").exists());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever comes back, it is read or refused in words.
    #[test]
    fn any_bytes_are_compared_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let folder = TempDir::new().unwrap();
        let theirs = folder.path().join("theirs");
        std::fs::write(&theirs, &bytes).unwrap();
        let (status, said) = compare(&theirs, &data("mapping.toml"), &folder.path().join("out"));
        prop_assert_eq!(status, Some(2), "{}", said);
        prop_assert!(!said.contains("panicked"), "{}", said);
    }
}
