//! Every scheme gives the published group on its golden cases, by the fast and by the plain way.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use dianzhi::diagnostics::Lang;
use dianzhi::grouper::{Grouper, Workspace, group_plainly};
use dianzhi::records::{Checked, Depth, RowReader, in_order};
use dianzhi::tables::{Compiled, Library, Scheme};

mod shipped;

fn library() -> Library {
    Library::find(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("grouping-tables")]).unwrap()
}

fn grouper(scheme: &str) -> Grouper {
    Grouper::new(Compiled::new(Scheme::load(&library(), scheme).unwrap()))
}

/// Every row of `file` gives its `expected`; `every_plain`: the plain way groups one row in so many.
fn check(grouper: &Grouper, file: &Path, every_plain: u64) -> u64 {
    let reader = RowReader::open(file, false).unwrap();
    let expected = reader
        .header()
        .names()
        .iter()
        .position(|name| name == "expected")
        .unwrap();
    let mut wrong: Vec<String> = Vec::new();
    let scheme = grouper.scheme();
    let counts = in_order(
        reader,
        Depth::Grouping,
        Lang::En,
        2,
        || (Workspace::default(), Vec::new()),
        |(work, wrong), checked, checker| {
            assert_eq!(checked, Checked::Case, "{:?}", checker.findings());
            let fast = grouper.group(checker.case(), work);
            let expected = checker.row().field(expected);
            if fast.code(scheme) != expected {
                wrong.push(format!(
                    "{}: {} for {expected}",
                    checker.case().case_id(),
                    fast.code(scheme)
                ));
            }
            if checker.line() % every_plain == 0 {
                assert_eq!(
                    fast,
                    group_plainly(scheme, checker.case()),
                    "{}",
                    checker.case().case_id()
                );
            }
        },
        |batch| {
            wrong.extend(batch.output.1);
            Ok(())
        },
    )
    .unwrap();
    assert!(
        wrong.is_empty(),
        "{}: {} wrong, first {:?}",
        file.display(),
        wrong.len(),
        &wrong[..wrong.len().min(5)]
    );
    counts.read
}

fn golden_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "csv"));
    files.sort();
    files
}

#[test]
fn golden_cases_of_every_scheme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = golden_files(&root.join("tests/golden/grouping"));
    assert_eq!(
        own.len(),
        shipped::schemes_of("drg").len(),
        "one golden file a scheme"
    );
    // the full collection, where it stands beside the project
    let extra = golden_files(&root.join("../shared/golden/grouping"));
    for (is_own, file) in own
        .iter()
        .map(|f| (true, f))
        .chain(extra.iter().map(|f| (false, f)))
    {
        let scheme = file.file_stem().unwrap().to_str().unwrap();
        let read = check(&grouper(scheme), file, if is_own { 1 } else { 10 });
        assert!(read >= 300, "{}: only {read} rows", file.display());
    }
}
