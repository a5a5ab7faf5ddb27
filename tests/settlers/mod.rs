//! What every ledger holds to, whichever database keeps it: two settlers, and one that is killed.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::path::Path;
use std::process::{Command, Stdio};

use dianzhi::budget::{Booking, CaseDue};
use dianzhi::codes::HospitalLevel;
use dianzhi::ledger::{
    CaseKey, Cleared, ClearingRow, Entry, EntryKind, EntryMore, Ledger, MonthToClose, Paid, Posted, RunNote,
    YearToKeep,
};
use dianzhi::points::{Kind, Pack};
use dianzhi::units::Fen;
use tempfile::TempDir;

/// A case of hospital and number, booked at some yuan.
pub fn case_of(id: &str, hospital: &str, booked: i64) -> Entry {
    Entry {
        kind: EntryKind::Case,
        key: CaseKey {
            hospital: hospital.to_owned(),
            case_id: id.to_owned(),
            discharge: "2026-01-15".to_owned(),
        },
        level: HospitalLevel::Three,
        group: "G".to_owned(),
        case_kind: Kind::Normal,
        paid: Paid::Points(1_500_000_000_000),
        ratio: None,
        cost: Fen::new(booked * 100),
        claim: Fen::new(booked * 70),
        nonfund: Fen::new(booked * 30),
        booked: Fen::new(booked * 100),
        refers: None,
        reason: String::new(),
        author: "Li".to_owned(),
        more: EntryMore {
            // what a copy must not take for its own marks
            addons: vec![("tab\tand \\ back".to_owned(), Fen::new(5))],
            ..EntryMore::default()
        },
    }
}

pub fn post(
    ledger: &mut Ledger,
    pack: &Pack,
    month: &str,
    cases: Vec<Entry>,
    input: &str,
) -> dianzhi::diagnostics::Result<Posted> {
    ledger.close_month(&MonthToClose {
        pool: "p",
        month,
        pack: "pack",
        pack_hash: "0",
        input_hash: input,
        author: "Li",
        cases,
        booking: &|booked, _| Booking::of(pack, "p", booked, Fen::ZERO),
    })
}

/// Keeps the clearing of 2026: one hospital's rows, as prepared or locked.
pub fn keep_year(
    ledger: &mut Ledger,
    rows: &[ClearingRow],
    lock: bool,
) -> dianzhi::diagnostics::Result<Cleared> {
    let cases = ledger.year_cases("p", "2026")?;
    let due = |case: &Entry| CaseDue {
        standard: case.booked,
        due: case.booked,
    };
    let kept = ledger.keep_years(&[YearToKeep {
        pool: "p",
        year: "2026",
        rows,
        differences: Vec::new(),
        dues: cases.iter().map(|case| (&case.key, due(case))).collect(),
        lock,
        note: RunNote {
            id: "r1".to_owned(),
            pool: "p".to_owned(),
            period: "2026".to_owned(),
            pack: "pack".to_owned(),
            pack_hash: "0".to_owned(),
            input_hash: "1".to_owned(),
            evidence: "local".to_owned(),
            accepted: "local".to_owned(),
            author: "Li".to_owned(),
            decisions: Vec::new(),
        },
    }])?;
    Ok(kept[0])
}

/// A command that settles a month of the sample's first records.
fn settle(folder: &Path, ledger: &str, records: usize, out: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = folder.join(format!("records-{records}.csv"));
    let text = std::fs::read_to_string(root.join("scenarios/sample-region/records.csv")).unwrap();
    let some: String = text
        .lines()
        .take(records + 1)
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&path, some).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("dianzhi"));
    command
        .current_dir(root)
        .args([
            "settle",
            "month",
            "scenarios/sample-region.toml",
            "--month",
            "2022-01",
        ])
        .args([
            "--author",
            "Li",
            "--accept-evidence",
            "assumption",
            "--threads",
            "1",
            "--lang",
            "en",
        ])
        .args(["--leave-out", "1", "--ledger", ledger, "--records"])
        .arg(&path)
        .arg("-o")
        .arg(folder.join(out))
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// Two processes with different cases at once: one closes the month, the other is told.
pub fn one_of_two_processes_closes(ledger: &str) {
    let folder = TempDir::new().unwrap();
    let processes = [(300, "a.csv"), (200, "b.csv")]
        .map(|(records, out)| settle(folder.path(), ledger, records, out).spawn().unwrap());
    let outputs = processes.map(|process| process.wait_with_output().unwrap());
    let closed = outputs.iter().filter(|output| output.status.success()).count();
    let said: Vec<String> = outputs
        .iter()
        .map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
        .collect();
    assert_eq!(closed, 1, "{said:?}");
    let told = said
        .iter()
        .any(|said| said.contains("is closed") || said.contains("stands in the ledger already"));
    assert!(told, "{said:?}");
}

/// Killed at any moment, the ledger is before or after the month, and the next settler goes on.
pub fn killed_settlers_leave_whole_months(fresh: &dyn Fn(u32) -> String, parts: u32) {
    let folder = TempDir::new().unwrap();
    let begin = std::time::Instant::now();
    assert!(
        settle(folder.path(), &fresh(0), 300, "whole.csv")
            .status()
            .unwrap()
            .success()
    );
    let takes = begin.elapsed();
    let whole = std::fs::read(folder.path().join("whole.csv")).unwrap();
    for part in 1..=parts {
        let ledger = fresh(part);
        let mut child = settle(folder.path(), &ledger, 300, "month.csv").spawn().unwrap();
        std::thread::sleep(takes * part / parts);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(
            settle(folder.path(), &ledger, 300, "month.csv")
                .status()
                .unwrap()
                .success(),
            "after {part}/{parts}"
        );
        assert_eq!(
            std::fs::read(folder.path().join("month.csv")).unwrap(),
            whole,
            "after {part}/{parts}"
        );
    }
}
