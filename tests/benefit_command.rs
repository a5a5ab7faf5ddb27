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
    let negative: Vec<String> = original[12..].iter().map(|amount| format!("-{amount}")).collect();
    let header = format!("{},reverses", lines[0]);
    let row = format!(
        "R1,{},{},{}",
        original[1..12].join(","),
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

/// Rows of `tests/benefit/refused.csv`, in one file: each is refused at its line, with its field and value,
/// in both languages; what is sound beside them is settled.
#[test]
fn refused_bills_are_told_by_place_field_and_value() {
    let folder = tempfile::tempdir().unwrap();
    let claims = folder.path().join("claims.csv");
    let header = "settlement,person,plan,categories,minor,level,discharge_date,total_fee,fee_own,fee_over,fee_pre,fee_scope,age";
    let cases = rows(Path::new("tests/benefit/refused.csv"));
    let sound = "sound,P1,p1,ordinary,0,2,2022-03-01,100.00,0,0,0,100.00,";
    let written: Vec<&str> = cases.iter().map(|case| &*case["row"]).collect();
    std::fs::write(
        &claims,
        format!("{header}\n{sound}\n{}\n{sound}\n", written.join("\n")),
    )
    .unwrap();
    let path = claims.to_str().unwrap();
    for (lang, column) in [("en", "message"), ("zh", "message_zh")] {
        let out = folder.path().join(lang);
        let mut command = Command::cargo_bin("dianzhi").unwrap();
        let arguments = [
            "benefit",
            path,
            "-p",
            POLICY,
            "-o",
            out.to_str().unwrap(),
            "--lang",
            lang,
        ];
        let ran = command.args(arguments).output().unwrap();
        let words = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success(), "{words}");
        assert_eq!(
            words.contains("!! draft") || words.contains("!! 草案"),
            true,
            "{words}"
        );
        assert!(
            words.contains(&format!("{path}:3: {}", cases[0][column])),
            "{words}"
        );
        let refused = rows(&out.join("rejected.csv"));
        assert_eq!(refused.len(), cases.len() + 1);
        for (index, (row, case)) in refused.iter().zip(&cases).enumerate() {
            let said =
                ["file", "line", "field", "value", "error", "message", "draft"].map(|column| &*row[column]);
            let line = (index + 3).to_string();
            let expected = [
                path,
                &line,
                &case["field"],
                &case["value"],
                &case["error"],
                &case[column],
                "draft",
            ];
            assert_eq!(said, expected);
        }
        assert_eq!(refused[cases.len()]["error"], "SettledBefore");
        assert_eq!(rows(&out.join("slips.csv")).len(), 1);
    }
    let strict = dianzhi(&["benefit", path, "-p", POLICY, "-o", path, "--strict"]);
    assert_eq!(strict.status.code(), Some(2), "a folder is expected");
    let out = folder.path().join("strict");
    let strict = dianzhi(&[
        "benefit",
        path,
        "-p",
        POLICY,
        "-o",
        out.to_str().unwrap(),
        "--strict",
    ]);
    assert_eq!(strict.status.code(), Some(1));
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

/// A column nobody reads is said with the nearest known one outside its backticks.
#[test]
fn columns_that_are_not_read_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(CLAIMS)
        .unwrap()
        .replacen("family", "familly", 1);
    let claims = folder.path().join("claims.csv");
    std::fs::write(&claims, text).unwrap();
    let path = claims.to_str().unwrap();
    let ran = dianzhi(&[
        "benefit",
        path,
        "-p",
        POLICY,
        "-o",
        folder.path().join("out").to_str().unwrap(),
    ]);
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    let expected = format!("{path}:1: column `familly` is not read; did you mean `family`?");
    assert!(words.contains(&expected), "{words}");
}

/// The same bills as a clerk's sheet may come: any encoding, separator, packing, a workbook, a pipe.
#[test]
fn one_sheet_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(CLAIMS)
        .unwrap()
        .replace(",H1", ",市第一医院");
    assert!(text.contains("医院"));
    let utf16 = |little: bool| -> Vec<u8> {
        let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
        let bytes = units.map(|unit| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        });
        bytes.flatten().collect()
    };
    let gzip = {
        use std::io::Write as _;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&encoding_rs::GB18030.encode(&text).0).unwrap();
        packed.finish().unwrap()
    };
    let forms: [(&str, Vec<u8>, &[&str], &str); 9] = [
        ("plain.csv", text.clone().into_bytes(), &[], "encoding UTF-8"),
        (
            "bom.csv",
            format!("\u{feff}{text}").into_bytes(),
            &[],
            "encoding UTF-8",
        ),
        (
            "gbk.csv",
            encoding_rs::GBK.encode(&text).0.into_owned(),
            &[],
            "encoding GB18030",
        ),
        (
            "said.csv",
            encoding_rs::GBK.encode(&text).0.into_owned(),
            &["--encoding", "gbk"],
            "encoding GB18030",
        ),
        ("le.csv", utf16(true), &[], "encoding UTF-16 LE"),
        ("be.csv", utf16(false), &[], "encoding UTF-16 BE"),
        ("packed.csv.gz", gzip, &[], "encoding GB18030"),
        (
            "tab.tsv",
            text.replace(',', "\t").into_bytes(),
            &["--delimiter", "tab"],
            "encoding UTF-8",
        ),
        ("sheet.xlsx", workbook(&text), &[], "sheet Sheet1"),
    ];
    let slips = |out: &Path| std::fs::read_to_string(out.join("slips.csv")).unwrap();
    let mut expected = None;
    for (name, bytes, more, said) in &forms {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let out = folder.path().join(format!("{name}.out"));
        let mut arguments = vec![
            "benefit",
            path.to_str().unwrap(),
            "-p",
            POLICY,
            "-o",
            out.to_str().unwrap(),
        ];
        arguments.extend(*more);
        let ran = dianzhi(&arguments);
        let words = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(
            ran.status.success() && words.contains(&format!("{name}: {said}")),
            "{name}: {words}"
        );
        let first = expected.get_or_insert_with(|| slips(&out));
        assert_eq!(slips(&out), *first, "{name}");
        assert!(first.lines().count() > 50);
    }
    // standard input, once
    let out = folder.path().join("pipe.out");
    let mut command = Command::cargo_bin("dianzhi").unwrap();
    let arguments = [
        "benefit",
        "-",
        "-p",
        POLICY,
        "-o",
        out.to_str().unwrap(),
        "--lang",
        "en",
    ];
    let ran = command
        .args(arguments)
        .write_stdin(encoding_rs::GBK.encode(&text).0.into_owned());
    assert!(ran.output().unwrap().status.success());
    assert_eq!(Some(slips(&out)), expected);
    let twice = dianzhi(&[
        "benefit",
        "-",
        "--lines",
        "-",
        "-p",
        POLICY,
        "-o",
        out.to_str().unwrap(),
    ]);
    assert!(String::from_utf8_lossy(&twice.stderr).contains("`-` stands for two tables"));
    // a separator that is not said is asked for
    let semicolons = folder.path().join("semicolons.csv");
    std::fs::write(&semicolons, text.replace(',', ";")).unwrap();
    let ran = dianzhi(&[
        "benefit",
        semicolons.to_str().unwrap(),
        "-p",
        POLICY,
        "-o",
        out.to_str().unwrap(),
    ]);
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(
        words.contains("column `settlement` is missing; the header has `;`: say --delimiter ';'"),
        "{words}"
    );
}

/// A sheet whose columns have the field's Chinese names, or those of the national interface.
#[test]
fn columns_may_have_chinese_names() {
    let folder = tempfile::tempdir().unwrap();
    let header = "结算号,人员编号,档次,身份类别,年龄,医院等级,出院日期,medfee_sumamt,全自费,超限价自费,先行自付,inscp_scp_amt";
    let row = "a,P1,p1,ordinary,40,2,2022-03-01,10000.00,0,0,0,10000.00";
    let claims = folder.path().join("单据.csv");
    let text = format!("{header}\r\n{row}\r\n,,,,,,,,,,,\r\n");
    std::fs::write(&claims, encoding_rs::GBK.encode(&text).0).unwrap();
    let out = settled(folder.path(), "out", claims.to_str().unwrap(), &[]);
    let slips = rows(&out.join("slips.csv"));
    assert_eq!(slips.len(), 1, "blank rows behind are none");
    assert_eq!(slips[0]["hifp_pay"], "6790.00");
    let twice = format!("settlement,{header}\na,{row}\n");
    std::fs::write(&claims, twice).unwrap();
    let ran = dianzhi(&[
        "benefit",
        claims.to_str().unwrap(),
        "-p",
        POLICY,
        "-o",
        out.to_str().unwrap(),
    ]);
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(
        words.contains("column `结算号`: `settlement` stands in an earlier column already"),
        "{words}"
    );
}

/// The rows of a CSV as a workbook, amounts as numbers, as a clerk types them.
fn workbook(text: &str) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in text.lines().enumerate() {
        for (column, cell) in line.split(',').enumerate() {
            let (row, column) = (u32::try_from(row).unwrap(), u16::try_from(column).unwrap());
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) => sheet.write_string(row, column, cell).unwrap(),
            };
        }
    }
    book.save_to_buffer().unwrap()
}

/// National bounds: the file is named, found up the tree, or missed aloud; and it stands in `run.json`.
#[test]
fn national_bounds_are_never_left_out_unsaid() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("a/b/place");
    std::fs::create_dir_all(&place).unwrap();
    let policy = place.join("minimal.toml");
    let minimal = std::fs::read_to_string("tests/golden/benefit/good/minimal.toml").unwrap();
    let claims = folder.path().join("claims.csv");
    let row = "settlement,person,plan,level,discharge_date,total_fee,fee_own,fee_over,fee_pre,fee_scope\na,P1,p1,1,2022-03-01,100.00,0,0,0,100.00\n";
    std::fs::write(&claims, row).unwrap();
    let out = folder.path().join("out");
    let run = |text: &str| {
        std::fs::write(&policy, text).unwrap();
        let [claims, policy, out] = [&claims, &policy, &out].map(|path| path.to_str().unwrap());
        let ran = dianzhi(&["benefit", claims, "-p", policy, "-o", out]);
        (
            ran.status.code(),
            String::from_utf8_lossy(&ran.stderr).into_owned(),
        )
    };
    let inputs = || {
        let page = std::fs::read_to_string(out.join("run.json")).unwrap();
        page.matches("national.toml\"").count()
    };
    let (code, words) = run(&minimal);
    assert_eq!(code, Some(0));
    assert!(
        words.contains("national bounds were not checked: `file.bounds` names none"),
        "{words}"
    );
    let named = minimal.replacen("schema = 1,", "schema = 1, bounds = \"../national.toml\",", 1);
    let (code, words) = run(&named);
    assert_eq!(code, Some(2));
    assert!(
        words.contains("minimal.toml:2:") && words.contains("there is no file `../national.toml`"),
        "{words}"
    );
    let national = folder.path().join("a/national.toml");
    std::fs::copy("scenarios/benefit/national.toml", &national).unwrap();
    let (_, words) = run(&minimal);
    assert!(
        words.contains("the bounds of `") && words.contains("up the tree, were kept"),
        "{words}"
    );
    assert_eq!(inputs(), 1);
    std::fs::rename(&national, folder.path().join("a/b/national.toml")).unwrap();
    let (code, words) = run(&named);
    assert!(code == Some(0) && !words.contains("bounds"), "{words}");
    assert_eq!(inputs(), 1);
    let (_, words) = run(&minimal.replacen("schema = 1,", "schema = 1, bounds = \"none\",", 1));
    assert!(
        words.contains("national bounds were not checked: `file.bounds` is `none`"),
        "{words}"
    );
}

/// Caps of assistance never fall, and tiers beyond the national list are told.
#[test]
fn falling_caps_are_refused_and_tiers_beyond_the_list_told() {
    let folder = tempfile::tempdir().unwrap();
    let minimal = std::fs::read_to_string("tests/golden/benefit/good/minimal.toml").unwrap();
    let national = std::fs::canonicalize("scenarios/benefit/national.toml").unwrap();
    let named = format!("schema = 1, bounds = \"{}\",", national.display());
    let claims = folder.path().join("claims.csv");
    let row = "settlement,person,plan,level,discharge_date,total_fee,fee_own,fee_over,fee_pre,fee_scope\na,P1,p1,1,2022-03-01,100.00,0,0,0,100.00\n";
    std::fs::write(&claims, row).unwrap();
    let policy = folder.path().join("minimal.toml");
    let run = |links: &str, tiers: &str| {
        let text = minimal
            .replacen("schema = 1,", &named, 1)
            .replacen("[\"basic\", \"cii\"]", links, 1);
        std::fs::write(&policy, format!("{text}\n{tiers}")).unwrap();
        let out = folder.path().join("out");
        let [claims, policy, out] = [&claims, &policy, &out].map(|path| path.to_str().unwrap());
        let ran = dianzhi(&["benefit", claims, "-p", policy, "-o", out]);
        (
            ran.status.code(),
            String::from_utf8_lossy(&ran.stderr).into_owned(),
        )
    };
    let tier = |section: &str, id: &str, days: &str, cap: &str| {
        format!(
            "[[{section}.tiers]]\nid = \"{id}\"\n{days}\nbase = \"scope_left\"\nthreshold = \"0 yuan\"\nratio = \"70%\"\n\
             cap = \"{cap}\"\ncap_unit = \"person\"\ncap_period = \"year\"\npayer = \"ma\"\nevidence = \"assumption\"\n"
        )
    };
    let caps = |before: &str, after: &str| {
        tier("assist", "ma", "from = 2020-01-01\nto = 2020-12-31", before)
            + &tier("assist", "ma", "from = 2021-01-01", after)
    };
    let chain = "[\"basic\", \"cii\", \"assist\"]";
    let cases = [
        ("6000 yuan", "6000 yuan", None),
        ("6000 yuan", "none", None),
        (
            "6000 yuan",
            "5999 yuan",
            Some("is 5999.00 yuan, and was 6000.00 yuan before; expected it never to fall"),
        ),
        ("none", "5999 yuan", Some("is 5999.00 yuan, and was none before")),
        ("unknown", "5999 yuan", None),
    ];
    for (before, after, refused) in cases {
        let (code, words) = run(chain, &caps(before, after));
        assert_eq!(
            code,
            Some(if refused.is_some() { 2 } else { 0 }),
            "{before} {after}: {words}"
        );
        if let Some(refused) = refused {
            assert!(
                words.contains(refused) && words.contains("[BoundViolated]"),
                "{words}"
            );
        }
        let doubtful = words.contains("`assist.cap ma` from 2021-01-01 is not checkable");
        assert_eq!(doubtful, before == "unknown", "{words}");
    }
    let (code, words) = run(
        "[\"basic\", \"cii\", \"top\"]",
        &tier("tail", "top", "from = 2020-01-01", "none"),
    );
    assert_eq!(code, Some(0), "{words}");
    assert!(
        words.contains(
            "`rules.chain`: `top` is beyond the national list (n27 三, secondary), from 2021-01-01"
        ),
        "{words}"
    );
    // a circle names the files in it
    std::fs::create_dir(folder.path().join("b")).unwrap();
    let other = folder.path().join("b/two.toml");
    std::fs::create_dir(folder.path().join("a")).unwrap();
    let one = folder.path().join("a/one.toml");
    let head = |name: &str| {
        format!(
            "file = {{ schema = 1, extends = \"{name}\", place = \"x\", status = \"draft\", checked_on = 2026-11-21 }}\n"
        )
    };
    std::fs::write(&one, head("b/two")).unwrap();
    std::fs::write(&other, head("a/one")).unwrap();
    let out = folder.path().join("out");
    let [claims, one, out] = [&claims, &one, &out].map(|path| path.to_str().unwrap());
    let ran = dianzhi(&["benefit", claims, "-p", one, "-o", out]);
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(
        words.contains("files extend each other in a circle: `a/one` → `b/two` → `a/one`"),
        "{words}"
    );
}

/// A person's year in the ledger comes before the bill that is explained; a bill that the ledger has is
/// explained as it stood then.
#[test]
fn explain_goes_on_from_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let header = "settlement,person,plan,categories,minor,level,discharge_date,total_fee,fee_own,fee_over,fee_pre,fee_scope";
    let file = |name: &str, rows: &[&str]| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let january = "a,P1,p1,ordinary,0,2,2022-01-10,10000.00,0,0,0,10000.00";
    let march = "b,P1,p1,ordinary,0,2,2022-03-10,20000.00,0,0,0,20000.00";
    let (first, second) = (file("first.csv", &[january]), file("second.csv", &[march]));
    let ledger = folder.path().join("year.ledger");
    let ledger = ledger.to_str().unwrap();
    let explain = |claims: &str, id: &str, more: &[&str]| {
        let mut arguments = vec!["benefit", "explain", claims, id, "-p", POLICY];
        arguments.extend(more);
        let ran = dianzhi(&arguments);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    };
    let missing = dianzhi(&[
        "benefit", "explain", &second, "b", "-p", POLICY, "--ledger", ledger,
    ]);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("expected a ledger of persons' settlements"));
    settled(folder.path(), "one", &first, &["--ledger", ledger]);
    let both = explain(&file("both.csv", &[january, march]), "b", &[]);
    assert!(both.contains("total_year: 10000.00 → 30000.00"), "{both}");
    assert!(explain(&second, "b", &[]).contains("total_year: 0.00 → 20000.00"));
    assert_eq!(explain(&second, "b", &["--ledger", ledger]), both);
    settled(folder.path(), "two", &second, &["--ledger", ledger]);
    assert_eq!(
        explain(&second, "b", &["--ledger", ledger]),
        both,
        "as it stood then"
    );
    assert!(explain(&second, "a", &["--ledger", ledger]).contains("total_year: 0.00 → 10000.00"));
    let page: serde_json::Value =
        serde_json::from_str(&explain(&second, "b", &["--ledger", ledger, "--json"])).unwrap();
    let steps = page[0]["steps"].as_array().unwrap();
    let person = steps.last().unwrap();
    assert_eq!(
        (person["step"].as_str(), person["rule"].as_str()),
        (Some("person"), Some("rest"))
    );
    let counter = person["counters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|counter| counter["id"] == "total_year");
    assert_eq!(counter.unwrap()["before_fen"], 1_000_000);
    assert_eq!(page[0]["slip"]["psn_part_amt_fen"], person["amount_fen"]);
    let ratio = steps.iter().flat_map(|step| step["params"].as_array().unwrap());
    let ratio = ratio
        .clone()
        .find(|param| param["path"] == "inpatient.ratio.p1.L2")
        .unwrap();
    assert_eq!(
        ratio["documents"][0],
        "《2022 change with old and new ratios, 重庆日报》"
    );
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
    // what bills leave to the list of persons is told by it
    let text = std::fs::read_to_string(CLAIMS).unwrap();
    let left = text.lines().enumerate().map(|(row, line)| {
        let mut cells: Vec<&str> = line.split(',').collect();
        if row > 0 {
            (cells[2], cells[5]) = ("", "");
        }
        cells.join(",")
    });
    let claims = folder.path().join("claims.csv");
    std::fs::write(&claims, left.collect::<Vec<_>>().join("\n")).unwrap();
    let listed = folder.path().join("listed");
    let [claims, listed_out] = [&claims, &listed].map(|path| path.to_str().unwrap());
    let arguments = [
        "benefit",
        "compare",
        claims,
        "-p",
        POLICY,
        "--reform",
        REFORM,
        "--persons",
        PERSONS,
        "-o",
        listed_out,
    ];
    let ran = dianzhi(&arguments);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    for name in ["households.csv", "categories.csv", "payers.csv"] {
        assert_eq!(rows(&listed.join(name)), rows(&out.join(name)), "{name}");
    }
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
        "settlement,person,plan,categories,minor,level,discharge_date\na,P1,p1,ordinary,0,2,2022-03-01\n",
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
    // a broken line refuses its claim and no other; lines of no claim are told
    let claims = path(
        "two.csv",
        "settlement,person,plan,categories,minor,level,discharge_date\n\
         a,P1,p1,ordinary,0,2,2022-03-01\nb,P2,p1,ordinary,0,2,2022-03-01\nc,P3,p1,ordinary,0,2,2022-03-01\n\
         e,P4,p1,ordinary,0,2,2022-03-01\n",
    );
    let broken = path(
        "broken.csv",
        "settlement,date,amount,class\na,2022-02-27,100.00,04\nb,2022-02-27,100.00,01\n\
         c,2022-02-30,100.00,01\nd,2022-02-27,100.00,01\n",
    );
    let out = settled(folder.path(), "broken", &claims, &["--lines", &broken]);
    let refused: Vec<String> = rows(&out.join("rejected.csv"))
        .iter()
        .map(|row| {
            format!(
                "{}:{} {} {}",
                row["line"], row["settlement"], row["error"], row["message"]
            )
        })
        .collect();
    assert_eq!(
        refused,
        [
            "2:a CellRefused field `class`: `04`; expected one of 01, 02, 03",
            "4:c CellRefused field `date`: `2022-02-30`; expected a date such as 2022-03-01",
            "5:e CellRefused field `settlement`: `e`; expected fee lines of this claim",
            "5:d LineWithoutClaim field `settlement`: `d`; expected lines of the claims of this run only",
        ]
    );
    let slips = rows(&out.join("slips.csv"));
    assert_eq!(slips.len(), 1);
    assert_eq!(slips[0]["settlement"], "b");
}
