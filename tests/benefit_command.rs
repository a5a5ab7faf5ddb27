//! `dianzhi benefit`: a file of bills in, slips and movements out; the same bytes from any number
//! of threads; a ledger that a second run leaves as it is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use dianzhi::units::Fen;

const POLICY: &str = "scenarios/benefit/sample-region/resident.toml";
const REFORM: &str = "scenarios/benefit/sample-reform/resident.toml";
const CLAIMS: &str = "scenarios/benefit-sample/claims.csv";
const PERSONS: &str = "scenarios/benefit-sample/persons.csv";

fn dianzhi(arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("dianzhi").unwrap();
    command.args(arguments).args(["--lang", "en"]).output().unwrap()
}

/// Runs `benefit` on a claims file and gives the folder of the results.
fn settled(folder: &Path, name: &str, claims: &str, more: &[&str]) -> PathBuf {
    let out = folder.join(name);
    let mut arguments = vec!["benefit", claims, "-p", POLICY, "-o", out.to_str().unwrap()];
    arguments.extend(more);
    let ran = dianzhi(&arguments);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    out
}

fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn yuan(row: &BTreeMap<String, String>, column: &str) -> Fen {
    Fen::parse_yuan(&row[column]).unwrap_or_else(|e| panic!("{column}: {e}"))
}

#[test]
fn slips_close_and_movements_sum() {
    let folder = tempfile::tempdir().unwrap();
    let out = settled(folder.path(), "out", CLAIMS, &[]);
    let slips = rows(&out.join("slips.csv"));
    let tiers = rows(&out.join("tiers.csv"));
    assert!(slips.len() > 50);
    for slip in &slips {
        let funds = yuan(slip, "fund_pay_sumamt") + yuan(slip, "hosp_part_amt");
        assert_eq!(funds + yuan(slip, "psn_part_amt"), yuan(slip, "medfee_sumamt"));
        let of_slip = tiers
            .iter()
            .filter(|tier| tier["settlement"] == slip["settlement"]);
        assert_eq!(of_slip.map(|tier| yuan(tier, "amount")).sum::<Fen>(), funds);
        assert_eq!(slip["draft"], "draft");
    }
    // each counter begins where the last movement of the person left it
    let person: BTreeMap<&str, &str> = slips
        .iter()
        .map(|slip| (&*slip["settlement"], &*slip["person"]))
        .collect();
    let mut stands: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let movements = rows(&out.join("movements.csv"));
    for moved in &movements {
        let key = (person[&*moved["settlement"]], &*moved["counter"]);
        if let Some(stood) = stands.insert(key, &moved["after"]) {
            assert_eq!(stood, moved["before"], "{key:?}");
        }
    }
    let page: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("run.json")).unwrap()).unwrap();
    assert_eq!(page["counts"]["settled"], slips.len());
    assert!(
        page["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .any(|param| param["path"] == "inpatient.ratio.p1.L2")
    );
}

#[test]
fn threads_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let one = settled(
        folder.path(),
        "one",
        CLAIMS,
        &["--threads", "1", "--persons", PERSONS],
    );
    let five = settled(
        folder.path(),
        "five",
        CLAIMS,
        &["--threads", "5", "--persons", PERSONS],
    );
    for name in [
        "slips.csv",
        "tiers.csv",
        "movements.csv",
        "vouchers.csv",
        "rejected.csv",
        "run.json",
    ] {
        let read = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
        assert_eq!(read(&one), read(&five), "{name}");
    }
}

#[test]
fn a_ledger_carries_the_year_over_batches() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(CLAIMS).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let half = lines.len() / 2;
    let write = |name: &str, rows: &[&str]| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{}\n{}\n", lines[0], rows.join("\n"))).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (first, second) = (
        write("first.csv", &lines[1..half]),
        write("second.csv", &lines[half..]),
    );
    let ledger = folder.path().join("year.ledger");
    let with_ledger = ["--ledger", ledger.to_str().unwrap()];
    let whole = settled(folder.path(), "whole", CLAIMS, &[]);
    let one = settled(folder.path(), "one", &first, &with_ledger);
    let two = settled(folder.path(), "two", &second, &with_ledger);
    let slips = |folder: &Path| rows(&folder.join("slips.csv"));
    let mut joined = slips(&one);
    joined.extend(slips(&two));
    assert_eq!(joined, slips(&whole), "two batches are one year");
    // the same batch again writes nothing
    let size = || rusqlite_count(&ledger);
    let before = size();
    let again = dianzhi(&[
        "benefit",
        &second,
        "-p",
        POLICY,
        "-o",
        folder.path().join("again").to_str().unwrap(),
        "--ledger",
        ledger.to_str().unwrap(),
    ]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        said.contains(&format!("{} known before", lines.len() - half)),
        "{said}"
    );
    assert_eq!(size(), before);
    // a bill of the first batch is taken back in a third one
    let original: Vec<&str> = lines[1].split(',').collect();
    let person = original[1];
    let later: Vec<&&str> = lines[2..]
        .iter()
        .filter(|line| line.split(',').nth(1) == Some(person))
        .collect();
    let negative: Vec<String> = original[11..].iter().map(|amount| format!("-{amount}")).collect();
    let header = format!("{},reverses", lines[0]);
    let row = format!(
        "R1,{},{},{}",
        original[1..11].join(","),
        negative.join(","),
        original[0]
    );
    let back = folder.path().join("back.csv");
    std::fs::write(&back, format!("{header}\n{row}\n").replace("-0.00", "0.00")).unwrap();
    let more = [
        "--ledger",
        ledger.to_str().unwrap(),
        "--reversal",
        "mirror-and-replay",
    ];
    let taken = settled(folder.path(), "back", back.to_str().unwrap(), &more);
    let mirrored = slips(&taken);
    assert_eq!(
        mirrored.len(),
        1,
        "{}",
        std::fs::read_to_string(taken.join("rejected.csv")).unwrap()
    );
    let posted = slips(&whole).remove(0);
    for column in ["medfee_sumamt", "hifp_pay", "psn_part_amt"] {
        assert_eq!(yuan(&mirrored[0], column), -yuan(&posted, column), "{column}");
    }
    let kinds: Vec<String> = rows(&taken.join("movements.csv"))
        .into_iter()
        .map(|row| row["kind"].clone())
        .collect();
    assert_eq!(kinds.iter().any(|kind| kind == "replay"), !later.is_empty());
    assert!(kinds.iter().any(|kind| kind == "mirror"));
}

fn rusqlite_count(path: &Path) -> i64 {
    let db = rusqlite::Connection::open(path).unwrap();
    let sum = "SELECT sum(after - before) FROM movement WHERE counter = 'basic_paid'";
    assert!(db.query_row(sum, [], |row| row.get::<_, i64>(0)).unwrap() > 0);
    assert!(db.execute("DELETE FROM event", []).is_err(), "events stay");
    db.query_row("SELECT count(*) FROM event", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn refused_bills_are_told_by_line_and_name() {
    let folder = tempfile::tempdir().unwrap();
    let claims = folder.path().join("claims.csv");
    let header = "settlement,person,plan,categories,level,discharge_date,total_fee,fee_own,fee_over,fee_pre,fee_scope,colour";
    let rows_of = [
        "a,P1,p1,ordinary,2,2022-03-01,100.00,0,0,0,100.00,red",
        "b,P1,p1,ordinary,9,2022-03-01,100.00,0,0,0,100.00,red",
        "c,P1,p1,ordinary,2,2022-03-32,100.00,0,0,0,100.00,red",
        "d,P1,p1,ordinary,2,2022-03-01,100.01,0,0,0,100.00,red",
        "e,P1,p1,dibbao,2,2022-03-01,100.00,0,0,0,100.00,red",
        "a,P1,p1,ordinary,2,2022-03-01,100.00,0,0,0,100.00,red",
    ];
    std::fs::write(&claims, format!("{header}\n{}\n", rows_of.join("\n"))).unwrap();
    let out = settled(folder.path(), "out", claims.to_str().unwrap(), &[]);
    let refused = rows(&out.join("rejected.csv"));
    let said: Vec<(&str, &str)> = refused
        .iter()
        .map(|row| (&*row["line"], &*row["error"]))
        .collect();
    assert_eq!(
        said,
        [
            ("3", "CellRefused"),
            ("4", "CellRefused"),
            ("5", "IdentityBroken"),
            ("6", "UnknownWord"),
            ("7", "SettledBefore")
        ]
    );
    assert_eq!(
        refused[0]["message"],
        "field `level`: `9`; expected one of T, 1, 2, 3"
    );
    assert!(
        refused[3]["message"].ends_with("did you mean `dibao`?"),
        "{}",
        refused[3]["message"]
    );
    let strict = dianzhi(&[
        "benefit",
        claims.to_str().unwrap(),
        "-p",
        POLICY,
        "-o",
        out.to_str().unwrap(),
        "--strict",
    ]);
    assert_eq!(strict.status.code(), Some(1));
    let words = String::from_utf8_lossy(&strict.stderr).into_owned();
    assert!(words.contains("column `colour` is not read"), "{words}");
    let none = dianzhi(&[
        "benefit",
        "nowhere.csv",
        "-p",
        POLICY,
        "-o",
        out.to_str().unwrap(),
    ]);
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn explain_in_both_languages() {
    let bill = |lang: &str| {
        let mut command = Command::cargo_bin("dianzhi").unwrap();
        let ran = command
            .args(["benefit", "explain", CLAIMS, "S7", "-p", POLICY, "--lang", lang])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    };
    let (zh, en) = (bill("zh"), bill("en"));
    for (name, said) in [("zh", &zh), ("en", &en)] {
        let path = format!("tests/golden/benefit/explained.{name}.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, said).unwrap();
        }
        assert_eq!(*said, std::fs::read_to_string(&path).unwrap(), "{path}");
    }
    let unknown = dianzhi(&["benefit", "explain", CLAIMS, "S7x", "-p", POLICY]);
    let words = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(words.contains("no settlement `S7x`"), "{words}");
}

#[test]
fn a_reform_is_told_by_payer_household_and_category() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("change");
    let arguments = [
        "benefit",
        "compare",
        CLAIMS,
        "-p",
        POLICY,
        "--reform",
        REFORM,
        "-o",
        out.to_str().unwrap(),
    ];
    let ran = dianzhi(&arguments);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let change = |file: &str, column: &str| {
        rows(&out.join(file))
            .iter()
            .map(|row| yuan(row, column))
            .sum::<Fen>()
    };
    let gained = change("households.csv", "funds_change");
    assert!(gained > Fen::ZERO);
    assert_eq!(gained, -change("households.csv", "person_change"));
    assert_eq!(gained, change("categories.csv", "funds_change"));
    assert_eq!(gained, change("payers.csv", "change"));
    let same = [
        "benefit",
        "compare",
        CLAIMS,
        "-p",
        POLICY,
        "--reform",
        POLICY,
        "-o",
        out.to_str().unwrap(),
    ];
    assert!(dianzhi(&same).status.success());
    assert!(rows(&out.join("bills.csv")).is_empty(), "a policy equals itself");
}

#[test]
fn lines_are_split_and_years_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let claims = path(
        "claims.csv",
        "settlement,person,plan,categories,level,discharge_date\na,P1,p1,ordinary,2,2022-03-01\n",
    );
    let lines = path(
        "lines.csv",
        "settlement,date,amount,class,selfpay_prop,price,limit,quantity\n\
         a,2022-02-27,10000.00,03,,,,\na,2022-02-27,20000.00,02,3%,,,\na,2022-02-28,70000.00,01,,,,\n\
         a,2022-02-28,300.00,01,0,100.00,80.00,3\n",
    );
    let out = settled(folder.path(), "out", &claims, &["--lines", &lines]);
    let slip = rows(&out.join("slips.csv")).remove(0);
    let amounts = [
        "medfee_sumamt",
        "fulamt_ownpay_amt",
        "overlmt_selfpay",
        "preselfpay_amt",
        "inscp_scp_amt",
    ];
    let said: Vec<&str> = amounts.iter().map(|column| &*slip[*column]).collect();
    assert_eq!(said, ["100300.00", "10000.00", "60.00", "600.00", "89640.00"]);
    let broken = path(
        "broken.csv",
        "settlement,date,amount,class\na,2022-02-27,10000.00,04\n",
    );
    let ran = dianzhi(&[
        "benefit",
        &claims,
        "-p",
        POLICY,
        "--lines",
        &broken,
        "-o",
        out.to_str().unwrap(),
    ]);
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(
        words.contains("broken.csv:2: field `class`: `04`; expected 01, 02 or 03"),
        "{words}"
    );
}
