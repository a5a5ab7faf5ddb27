//! The ledger: published netting and entries, months that never change, a year that closes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod money;
mod settlers;

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use calamine::{DataType, Reader, Xlsx, open_workbook};
use dianzhi::budget::{Booking, NetOff, YearOf, difference, mirror};
use dianzhi::codes::HospitalLevel;
use dianzhi::ledger::{
    CaseKey, Cleared, ClearingRow, Entry, EntryKind, EntryMore, Ledger, MonthToClose, Paid, Posted,
};
use dianzhi::points::{Kind, Pack};
use dianzhi::units::{Fen, Points};
use money::*;
use proptest::prelude::*;
use tempfile::TempDir;

// ---- published numbers ------------------------------------------------------------------------

fn with_deposit(rate: &str) -> Pack {
    pack_of(SAMPLE, &[("month.deposit", Some(quoted(rate)))])
}

#[test]
fn a_deposit_is_rounded_once_and_the_cash_is_what_remains() {
    golden("deposit", |inputs, expected| {
        let pack = with_deposit(text(inputs, "deposit_rate"));
        let booking = Booking::of(&pack, "p", yuan(text(inputs, "booked")), Fen::ZERO).unwrap();
        assert_eq!(booking.deposit, yuan(text(expected, "deposit")));
        assert_eq!(booking.cash, yuan(text(expected, "cash")));
    });
}

#[test]
fn a_year_is_netted_by_what_was_booked() {
    golden("net_off", |inputs, expected| {
        let of = |key: &str| inputs[key].as_str().map_or(Fen::ZERO, yuan);
        let withheld = of("deposit_withheld");
        let returned = match inputs["deposit_return_share"].as_str() {
            Some(share) => NetOff::returned("p", withheld, decimal(share)).unwrap(),
            None => of("deposit_returned"),
        };
        let year = YearOf {
            due: of("due"),
            booked: of("booked_months"),
            withheld,
            returned,
            advance: of("advance"),
            penalties: of("penalty"),
            ..YearOf::default()
        };
        let net = NetOff::of(year).unwrap();
        assert_eq!(net.clearing, yuan(text(expected, "clearing")));
        if let Some(forfeited) = expected["deposit_forfeited"].as_str() {
            assert_eq!(
                (net.year.returned, net.forfeited),
                (yuan(text(expected, "deposit_returned")), yuan(forfeited))
            );
            assert_eq!(
                of("cash_months") + net.clearing,
                yuan(text(expected, "cash_total"))
            );
        }
    });
}

/// An amount posted in a month and brought to another one in a later month.
#[test]
fn entries_sum_to_the_fen() {
    golden("difference_entry", |inputs, expected| {
        let (posted, recomputed) = (yuan(text(inputs, "posted")), yuan(text(inputs, "recomputed")));
        assert_eq!(difference(recomputed, [posted]), yuan(text(expected, "entry")));
        let folder = TempDir::new().unwrap();
        let mut ledger = ledger_in(&folder);
        let month = text(inputs, "posted_month");
        post(&mut ledger, month, vec![case_of("C1", "H1", posted)], "a").unwrap();
        let open = text(expected, "entry_month");
        let entry = ledger
            .adjust("p", open, ("C1", None), recomputed, ("price", "Wang"))
            .unwrap();
        assert_eq!(entry.booked, yuan(text(expected, "entry")));
        let entries = ledger.case("p", "C1", None).unwrap();
        let sum: Fen = entries.iter().map(|(_, _, entry)| entry.booked).sum();
        assert_eq!(sum, yuan(text(expected, "sum_of_entries")));
    });
}

#[test]
fn a_reversal_is_the_mirror() {
    golden("reversal", |inputs, expected| {
        let points = decimal(text(inputs, "posted_points"))
            .points_half_away(12)
            .unwrap();
        let posted = yuan(text(inputs, "posted"));
        let (amount, mirrored) = mirror(posted, points);
        assert_eq!(amount, yuan(text(expected, "entry")));
        assert_eq!(mirrored.exact().unwrap(), decimal(text(expected, "entry_points")));
        let folder = TempDir::new().unwrap();
        let mut ledger = ledger_in(&folder);
        let case = Entry {
            paid: Paid::Points(points.units()),
            ..case_of("C1", "H1", posted)
        };
        post(&mut ledger, "2026-03", vec![case], "a").unwrap();
        ledger
            .reverse(
                "p",
                text(inputs, "reversal_month"),
                ("C1", None),
                ("wrong list", "Wang"),
            )
            .unwrap();
        let entries = ledger.case("p", "C1", None).unwrap();
        let sum: Fen = entries.iter().map(|(_, _, entry)| entry.booked).sum();
        assert_eq!(sum, yuan(text(expected, "sum")));
    });
}

// ---- months -----------------------------------------------------------------------------------

fn ledger_in(folder: &TempDir) -> Ledger {
    Ledger::open(&folder.path().join("year.ledger")).unwrap()
}

fn case_of(id: &str, hospital: &str, booked: Fen) -> Entry {
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
        ratio: Some((18, 25)),
        cost: booked + Fen::new(100),
        claim: booked,
        nonfund: Fen::new(100),
        booked,
        refers: None,
        reason: String::new(),
        author: "Li".to_owned(),
        more: EntryMore::default(),
    }
}

fn post(
    ledger: &mut Ledger,
    month: &str,
    cases: Vec<Entry>,
    input_hash: &str,
) -> dianzhi::diagnostics::Result<Posted> {
    let pack = with_deposit("5%");
    ledger.close_month(&MonthToClose {
        pool: "p",
        month,
        pack: "pack",
        pack_hash: "0",
        input_hash,
        author: "Li",
        cases,
        booking: &|booked, _| Booking::of(&pack, "p", booked, Fen::ZERO),
    })
}

#[test]
fn a_closed_month_never_changes() {
    let folder = TempDir::new().unwrap();
    let mut ledger = ledger_in(&folder);
    let cases = vec![
        case_of("C1", "H1", yuan("100")),
        case_of("C2", "H2", yuan("50.01")),
    ];
    let posted = post(&mut ledger, "2026-01", cases.clone(), "a").unwrap();
    assert!(!posted.already);
    assert_eq!(posted.hospitals.len(), 2);
    let again = post(&mut ledger, "2026-01", cases, "a").unwrap();
    assert!(again.already, "the same month again writes nothing");
    assert_eq!(
        (again.closed, &again.hospitals),
        (posted.closed.clone(), &posted.hospitals)
    );
    let other = post(&mut ledger, "2026-01", vec![], "b").unwrap_err().to_string();
    assert!(
        other.contains("is closed (hash") && other.contains("made from other input"),
        "{other}"
    );
    for (month, said) in [
        ("2025-12", "2026-01 is closed"),
        ("2026-1", "is no month"),
        ("2026-13", "is no month"),
    ] {
        let error = post(&mut ledger, month, vec![], "c").unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let late = ledger
        .reverse("p", "2026-01", ("C1", None), ("late", "Li"))
        .unwrap_err()
        .to_string();
    assert!(late.contains("is not open"), "{late}");
    ledger
        .reverse("p", "2026-02", ("C1", None), ("wrong", "Li"))
        .unwrap();
    let twice = ledger
        .reverse("p", "2026-02", ("C1", None), ("wrong", "Li"))
        .unwrap_err()
        .to_string();
    assert!(twice.contains("is reversed already"), "{twice}");
    let february = post(&mut ledger, "2026-02", vec![], "d").unwrap();
    assert_eq!(
        february.hospitals[0].booking.booked,
        yuan("-100"),
        "the entry stands in the month that took it"
    );
    assert_eq!(
        ledger.closed("p", "2026-01").unwrap(),
        Some(posted.closed),
        "and January is what it was"
    );
    let left = ledger.year_cases("p", "2026").unwrap();
    assert_eq!(
        left.iter()
            .map(|case| case.key.case_id.as_str())
            .collect::<Vec<_>>(),
        ["C2"]
    );
}

/// A month that fails leaves nothing, and a case is posted once.
#[test]
fn a_month_is_posted_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let mut ledger = ledger_in(&folder);
    post(&mut ledger, "2026-01", vec![case_of("C1", "H1", yuan("1"))], "a").unwrap();
    let cases = vec![case_of("C9", "H1", yuan("9")), case_of("C1", "H1", yuan("1"))];
    let error = post(&mut ledger, "2026-02", cases, "b").unwrap_err().to_string();
    assert!(error.contains("a case stands in the ledger already"), "{error}");
    assert_eq!(ledger.closed("p", "2026-02").unwrap(), None);
    assert!(
        ledger.case("p", "C9", None).is_err(),
        "nothing of the month was kept"
    );
}

/// The database refuses what the program never does; what was changed all the same is noticed.
#[test]
fn a_change_from_outside_is_refused_or_noticed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("year.ledger");
    let mut ledger = Ledger::open(&path).unwrap();
    post(&mut ledger, "2026-01", vec![case_of("C1", "H1", yuan("1"))], "a").unwrap();
    let outside = rusqlite::Connection::open(&path).unwrap();
    for sql in [
        "UPDATE entry SET booked = 0",
        "DELETE FROM entry",
        "UPDATE closed_month SET hash = 'x'",
        "DELETE FROM hospital_month",
    ] {
        assert!(outside.execute(sql, []).is_err(), "{sql}");
    }
    outside
        .execute_batch("DROP TRIGGER entry_is_kept; UPDATE entry SET booked = 7")
        .unwrap();
    let error = ledger.year_cases("p", "2026").unwrap_err().to_string();
    assert!(error.contains("it was changed from outside"), "{error}");
}

#[test]
fn what_is_no_ledger_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x");
    std::fs::write(
        &path,
        "case_id,age\nC1,40\nC2,50\nC3,50 and some more text\n".repeat(30),
    )
    .unwrap();
    let error = Ledger::open(&path).err().unwrap().to_string();
    assert!(error.contains("the ledger: file is not a database"), "{error}");
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE t (a)")
        .unwrap();
    let error = Ledger::open(&other).err().unwrap().to_string();
    assert!(error.contains("this is a database, but no ledger"), "{error}");
    let later = folder.path().join("later.db");
    rusqlite::Connection::open(&later)
        .unwrap()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    let error = Ledger::open(&later).err().unwrap().to_string();
    assert!(error.contains("this ledger is of version 99"), "{error}");
}

/// Two settlers with different cases: one month, one of them is told.
#[test]
fn two_settlers_cannot_both_close_a_month() {
    let folder = TempDir::new().unwrap();
    drop(ledger_in(&folder));
    let path = folder.path().join("year.ledger");
    let results: Vec<bool> = std::thread::scope(|scope| {
        let settlers: Vec<_> = ["a", "b", "c", "d"]
            .into_iter()
            .map(|who| {
                let path = path.clone();
                scope.spawn(move || {
                    let mut ledger = Ledger::open(&path).unwrap();
                    let case = case_of(who, "H1", yuan("1"));
                    post(&mut ledger, "2026-01", vec![case], who).is_ok()
                })
            })
            .collect();
        settlers
            .into_iter()
            .map(|settler| settler.join().unwrap())
            .collect()
    });
    assert_eq!(results.iter().filter(|closed| **closed).count(), 1);
    assert_eq!(ledger_in(&folder).year_cases("p", "2026").unwrap().len(), 1);
}

#[test]
fn a_locked_year_stays() {
    let folder = TempDir::new().unwrap();
    let mut ledger = ledger_in(&folder);
    let row = |due: &str| ClearingRow {
        hospital: "H1".to_owned(),
        net: NetOff::of(YearOf {
            due: yuan(due),
            ..YearOf::default()
        })
        .unwrap(),
    };
    let clear = |ledger: &mut Ledger, due: &str, lock| settlers::keep_year(ledger, &[row(due)], lock);
    assert_eq!(clear(&mut ledger, "1", false).unwrap(), Cleared::Prepared);
    assert_eq!(clear(&mut ledger, "2", true).unwrap(), Cleared::Locked);
    assert_eq!(clear(&mut ledger, "2", true).unwrap(), Cleared::Already);
    let error = clear(&mut ledger, "3", false).unwrap_err().to_string();
    assert!(
        error.contains("year 2026 of pool `p` is locked with other amounts"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    /// Settle and reverse: every column of every case sums to nothing, points included.
    #[test]
    fn settled_and_reversed_is_nothing(amounts in prop::collection::vec((-90_000_i64..900_000, 0..3_000_000_i64), 1..12)) {
        let folder = TempDir::new().unwrap();
        let mut ledger = ledger_in(&folder);
        let ids: Vec<String> = (0..amounts.len()).map(|i| format!("C{i}")).collect();
        let cases = amounts.iter().zip(&ids).map(|((booked, points), id)| Entry {
            paid: Paid::Points(Points::new(i128::from(*points) * 100_000_000).units()),
            ..case_of(id, "H1", Fen::new(*booked))
        });
        post(&mut ledger, "2026-01", cases.collect(), "a").unwrap();
        for id in &ids {
            ledger.adjust("p", "2026-02", (id.as_str(), None), Fen::new(12_345_678), ("more", "Li")).unwrap();
            ledger.reverse("p", "2026-02", (id.as_str(), None), ("all", "Li")).unwrap();
            let entries = ledger.case("p", id, None).unwrap();
            let sum = |of: fn(&Entry) -> Fen| entries.iter().map(|(_, _, entry)| of(entry)).sum::<Fen>();
            for of in [|e: &Entry| e.cost, |e: &Entry| e.claim, |e: &Entry| e.nonfund, |e: &Entry| e.booked] {
                prop_assert_eq!(sum(of), Fen::ZERO);
            }
            let points: i128 = entries.iter().map(|(_, _, e)| match e.paid { Paid::Points(units) => units, _ => 0 }).sum();
            prop_assert_eq!(points, 0);
        }
        let january = post(&mut ledger, "2026-02", vec![], "b").unwrap();
        prop_assert_eq!(january.hospitals[0].booking.booked, -Fen::new(amounts.iter().map(|(booked, _)| booked).sum()));
        prop_assert!(ledger.year_cases("p", "2026").unwrap().is_empty());
    }

    /// Booked = cash + deposit + deductions, and the whole year's cash is what is due, less what is
    /// taken off.
    #[test]
    fn cash_and_clearing_make_what_is_due(
        months in prop::collection::vec((-900_000_i64..90_000_000, 0..50_000_i64), 1..13),
        due in -9_000_000_i64..900_000_000, advance in 0..5_000_000_i64, penalties in 0..100_000_i64, share in 0..=100_u8,
    ) {
        let pack = with_deposit("5%");
        let booked = months.iter().map(|(booked, deducted)| Booking::of(&pack, "p", Fen::new(*booked), Fen::new(*deducted)).unwrap());
        let booked: Vec<Booking> = booked.collect();
        for month in &booked {
            prop_assert_eq!(month.booked, month.cash + month.deposit + month.deductions);
        }
        let sum = |of: fn(&Booking) -> Fen| booked.iter().map(of).sum::<Fen>();
        let withheld = sum(|b| b.deposit);
        let returned = NetOff::returned("p", withheld, decimal(&format!("{share}%"))).unwrap();
        let year = YearOf {
            due: Fen::new(due),
            advance: Fen::new(advance),
            penalties: Fen::new(penalties),
            booked: sum(|b| b.booked),
            withheld,
            returned,
            ..YearOf::default()
        };
        let net = NetOff::of(year).unwrap();
        let paid = Fen::new(advance) + sum(|b| b.cash) + net.clearing;
        prop_assert_eq!(paid, Fen::new(due - penalties) - sum(|b| b.deductions) - net.forfeited);
    }
}

// ---- from records to a statement --------------------------------------------------------------

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn dianzhi(arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("dianzhi").unwrap();
    command
        .current_dir(root())
        .args(arguments)
        .args(["--lang", "en", "--threads", "2"])
        .output()
        .unwrap()
}

fn good(arguments: &[&str]) -> String {
    let output = dianzhi(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said + &String::from_utf8_lossy(&output.stdout)
}

fn bad(arguments: &[&str]) -> String {
    let output = dianzhi(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Closes a month without the records that cannot be taken, whose number the first try tells.
fn closes_month(arguments: &[String]) -> String {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let tried = dianzhi(&arguments);
    let said = String::from_utf8_lossy(&tried.stderr).into_owned();
    let Some((_, number)) = said.split_once("close without them by `--leave-out ") else {
        assert!(tried.status.success(), "{said}");
        return said;
    };
    let (number, _) = number.split_once('`').unwrap();
    good(&[&arguments[..], &["--leave-out", number]].concat())
}

fn column(path: &Path, name: &str) -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let at = reader
        .headers()
        .unwrap()
        .iter()
        .position(|column| column == name)
        .unwrap();
    reader
        .records()
        .map(|row| row.unwrap())
        .map(|row| (format!("{} {}", &row[0], &row[1]), row[at].to_owned()))
        .collect()
}

#[test]
fn a_year_of_a_scenario() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (ledger, out) = (at("year.ledger"), at("out"));
    let scenario = "scenarios/sample-region.toml";
    let month = |month: &str, output: &str| -> Vec<String> {
        [
            "settle",
            "month",
            scenario,
            "--month",
            month,
            "--ledger",
            &ledger,
            "--author",
            "Li",
            "--accept-evidence",
            "assumption",
            "-o",
            output,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    let run = |arguments: Vec<String>| closes_month(&arguments);
    let weak = bad(&[
        "settle", "month", scenario, "--month", "2022-01", "--ledger", &ledger, "--author", "Li",
    ]);
    assert!(
        weak.contains("weaker than local; accept it by `--accept-evidence assumption`"),
        "{weak}"
    );
    run(month("2022-01", &at("jan.csv")));
    let again = run(month("2022-01", &at("again.csv")));
    assert!(
        again.contains("closed before by the same cases, nothing written"),
        "{again}"
    );
    let same = [at("jan.csv"), at("again.csv")].map(|path| std::fs::read(path).unwrap());
    assert_eq!(same[0], same[1]);
    let early = bad(&[
        "settle",
        "year",
        scenario,
        "--ledger",
        &at("none.ledger"),
        "--author",
        "Li",
        "-o",
        &out,
    ]);
    assert!(early.contains("weaker than local"), "{early}");
    let case = first_case(&at("year.ledger"));
    let entry = [
        "--ledger",
        &ledger,
        "--pool",
        &case.0,
        "--case",
        &case.1,
        "--month",
        "2022-12",
        "--reason",
        "wrong list",
        "--author",
        "Li",
    ];
    good(&[&["settle", "reverse"], &entry[..]].concat());
    good(&[
        "settle",
        "advance",
        "--ledger",
        &ledger,
        "--pool",
        &case.0,
        "--hospital",
        &case.2,
        "--amount",
        "1000",
        "--day",
        "2022-01-05",
        "--author",
        "Li",
    ]);
    let others = (2..=12).map(|of| (format!("2022-{of:02}"), at(&format!("{of}.csv"))));
    let others: Vec<(String, String)> = others.collect();
    for (of, out) in &others {
        run(month(of, out));
    }
    let year = [
        "settle",
        "year",
        scenario,
        "--ledger",
        &ledger,
        "--author",
        "Li",
        "--accept-evidence",
        "assumption",
        "--lock",
        "-o",
        &out,
    ];
    good(&year);
    let locked = good(&year);
    assert!(locked.contains("locked before, the same"), "{locked}");
    let mut months = vec![at("jan.csv")];
    months.extend(others.into_iter().map(|(_, out)| out));
    closes(&PathBuf::from(&out), &months, &case);
    let of_hospital = [
        "settle",
        "statement",
        "--ledger",
        &ledger,
        "--pool",
        &case.0,
        "--year",
        "2022",
        "--hospital",
        &case.2,
    ];
    shown_alike(Path::new(&out), &of_hospital, folder.path());
    let statement = good(&of_hospital);
    for part in [
        "month,2022-01,booked,",
        "reversal of case",
        "wrong list,Li",
        "clearing,,state,LOCKED",
        "hash,2022-12,closed month,",
    ] {
        assert!(statement.contains(part), "{part}: {statement}");
    }
}

/// The clearing as workbook, page and list of cases says what `clearing.csv` says; the statement likewise.
fn shown_alike(out: &Path, statement: &[&str], folder: &Path) {
    let due: Fen = column(&out.join("clearing.csv"), "due")
        .iter()
        .map(|(_, due)| yuan(due))
        .sum();
    let of_cases: Fen = column(&out.join("cases.csv"), "due")
        .iter()
        .map(|(_, due)| yuan(due))
        .sum();
    assert_eq!(of_cases, due, "dues of the cases");
    let mut book: Xlsx<_> = open_workbook(out.join("clearing.xlsx")).unwrap();
    let names = book.sheet_names();
    assert_eq!(
        names,
        [
            "employee",
            "resident",
            "employee reconciliation",
            "resident reconciliation",
            "made by"
        ]
    );
    let mut sum = 0.0;
    for name in &names[..2] {
        let range = book.worksheet_range(name).unwrap();
        let at = range
            .rows()
            .next()
            .unwrap()
            .iter()
            .position(|cell| cell == "due")
            .unwrap();
        let last = range.rows().next_back().unwrap();
        sum += last[at].get_float().unwrap();
        let formulas = book.worksheet_formula(name).unwrap();
        assert!(
            formulas
                .rows()
                .flatten()
                .any(|formula| formula.starts_with("SUM(")),
            "{name}"
        );
    }
    assert_eq!(format!("{sum:.2}"), due.to_string());
    let html = std::fs::read_to_string(out.join("clearing.html")).unwrap();
    for part in [
        "<!doctype html>",
        "@media print",
        "weakest evidence: assumption",
        "<h2>employee</h2>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    for name in ["statement.xlsx", "statement.html"] {
        let path = folder.join(name);
        good(&[statement, &["-o", path.to_str().unwrap()]].concat());
    }
    let mut book: Xlsx<_> = open_workbook(folder.join("statement.xlsx")).unwrap();
    assert_eq!(
        book.sheet_names(),
        [
            "months",
            "entries",
            "clearing",
            "closed months",
            "kinds",
            "made by"
        ]
    );
    // a header, twelve months, and the clearing period that the lock closed
    assert_eq!(book.worksheet_range("closed months").unwrap().get_size().0, 14);
    let html = std::fs::read_to_string(folder.join("statement.html")).unwrap();
    assert!(html.contains("wrong list") && html.contains("locked"), "{html}");
}

/// A settler killed at any moment leaves the ledger before or after the month, and the next one goes on.
#[test]
fn a_killed_settler_leaves_a_month_whole_or_not_begun() {
    let folder = TempDir::new().unwrap();
    let settle = |ledger: &Path, out: &Path| {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("dianzhi"));
        command
            .current_dir(root())
            .args([
                "settle",
                "month",
                "scenarios/sample-region.toml",
                "--month",
                "2022-01",
            ])
            .args(["--leave-out", "14"])
            .args([
                "--author",
                "Li",
                "--accept-evidence",
                "assumption",
                "--threads",
                "2",
                "--ledger",
            ])
            .args([ledger, Path::new("-o"), out])
            .stderr(std::process::Stdio::null());
        command
    };
    let whole = folder.path().join("whole.csv");
    let begin = std::time::Instant::now();
    assert!(
        settle(&folder.path().join("whole.ledger"), &whole)
            .status()
            .unwrap()
            .success()
    );
    let takes = begin.elapsed();
    for part in 0..=8_u32 {
        let ledger = folder.path().join(format!("{part}.ledger"));
        let out = folder.path().join("month.csv");
        let mut child = settle(&ledger, &out).spawn().unwrap();
        std::thread::sleep(takes * part / 8);
        child.kill().unwrap();
        child.wait().unwrap();
        if ledger.is_file() {
            let kept = Ledger::open(&ledger).unwrap();
            for pool in ["employee", "resident"] {
                let closed = kept.closed(pool, "2022-01").unwrap();
                let posted = kept.postings("2022-13").unwrap();
                let posted = posted.values().filter(|posting| posting.pool == pool).count();
                assert_eq!(closed.is_some(), posted > 0, "{pool} after {part}/8");
            }
        }
        assert!(
            settle(&ledger, &out).status().unwrap().success(),
            "after {part}/8"
        );
        let same = [&out, &whole].map(|path| std::fs::read(path).unwrap());
        assert_eq!(same[0], same[1], "after {part}/8");
    }
}

#[test]
fn two_processes_cannot_both_close_a_month() {
    let folder = TempDir::new().unwrap();
    settlers::one_of_two_processes_closes(&folder.path().join("two.ledger").to_string_lossy());
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_server_needs_a_program_that_knows_servers() {
    let error = Ledger::open(Path::new("postgres://settler:secret@localhost/year"))
        .err()
        .unwrap();
    let error = error.to_string();
    assert!(
        error.contains("built without PostgreSQL") && !error.contains("secret"),
        "{error}"
    );
}

/// A ledger that the first version made is brought to the present one, its hashes as they were.
#[test]
fn an_older_ledger_is_brought_up() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("old.ledger");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("ledger/version-1.sql")).unwrap();
    drop(old);
    let mut ledger = Ledger::open(&path).unwrap();
    let closed = ledger.closed("p", "2026-01").unwrap().unwrap();
    assert_eq!(
        closed.hash,
        "d3281f25adad71ee67b9f5e134e867a2b5946a5c8f05eca5e9eb6faf6f0f98a7"
    );
    let posted = post(&mut ledger, "2026-02", vec![case_of("C2", "H1", yuan("1"))], "b").unwrap();
    assert_eq!(posted.hospitals[0].booking.offset, Fen::ZERO);
}

/// Pool, number and hospital of some case of the first month.
fn first_case(ledger: &str) -> (String, String, String) {
    let db = rusqlite::Connection::open(ledger).unwrap();
    db.query_row(
        "SELECT pool, case_id, hospital FROM entry ORDER BY id LIMIT 1",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
    .unwrap()
}

/// Each hospital's cash, advance and clearing come to its due; the pools close.
fn closes(out: &Path, months: &[String], case: &(String, String, String)) {
    let clearing = out.join("clearing.csv");
    let of = |name: &str| column(&clearing, name);
    for ((who, due), (_, clearing)) in of("due").into_iter().zip(of("clearing")) {
        let cash: Fen = months
            .iter()
            .flat_map(|path| {
                let mut reader = csv::Reader::from_path(path).unwrap();
                let rows: Vec<_> = reader.records().map(|row| row.unwrap()).collect();
                rows.into_iter()
                    .filter(|row| format!("{} {}", &row[0], &row[2]) == who)
                    .map(|row| yuan(&row[7]))
                    .collect::<Vec<_>>()
            })
            .sum();
        let advance = if who == format!("{} {}", case.0, case.2) {
            yuan("1000")
        } else {
            Fen::ZERO
        };
        assert_eq!(cash + advance + yuan(&clearing), yuan(&due), "{who}");
    }
    let pools = std::fs::read_to_string(out.join("pools.csv")).unwrap();
    assert_eq!(
        pools.matches("difference,sources - uses,0.00").count(),
        2,
        "{pools}"
    );
}
