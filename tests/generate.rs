//! A made-up region: its figures, its order in time, its defects, its bytes.
//!
//! Figures and tolerances are of `generate/figures.csv`; each with the basis it has in the plan.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use assert_cmd::Command;

type Row = BTreeMap<String, String>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the program; exit code and what it said.
fn dianzhi(arguments: &[&str]) -> (i32, String) {
    let output = Command::cargo_bin("dianzhi")
        .unwrap()
        .current_dir(root())
        .args(arguments)
        .args(["--lang", "en"])
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), words)
}

/// A region by a plan that begins as all do here.
fn region(plan: &str, threads: &str) -> tempfile::TempDir {
    region_as(plan, &[], threads).0
}

/// The same in a form, and what was said.
fn region_as(plan: &str, form: &[&str], threads: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.toml");
    std::fs::write(&file, format!("schema = 1\nscheme = \"chongqing-2022\"\n{plan}")).unwrap();
    let mut arguments = vec![
        "generate",
        file.to_str().unwrap(),
        "-o",
        folder.path().to_str().unwrap(),
    ];
    arguments.extend(["--threads", threads]);
    arguments.extend(form);
    let (code, words) = dianzhi(&arguments);
    assert_eq!(code, 0, "{words}");
    (folder, words)
}

/// The only file of records in a folder.
fn records_in(folder: &Path) -> PathBuf {
    let names = ["csv", "xlsx", "dbf", "json", "ndjson"].map(|end| folder.join(format!("records.{end}")));
    let there: Vec<PathBuf> = names.into_iter().filter(|file| file.exists()).collect();
    assert_eq!(there.len(), 1);
    there.into_iter().next().unwrap()
}

fn rows(file: PathBuf) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(file).unwrap();
    let header = reader.byte_headers().unwrap().clone();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let rows = reader.byte_records().map(|row| row.unwrap());
    rows.map(|row| {
        header
            .iter()
            .zip(row.iter())
            .map(|(name, cell)| (text(name), text(cell)))
            .collect()
    })
    .collect()
}

fn findings(folder: &Path) -> Vec<Row> {
    let (records, found, join) = (
        records_in(folder),
        folder.join("found.csv"),
        folder.join("join.csv"),
    );
    let mut arguments = vec!["check", records.to_str().unwrap(), "--money"];
    arguments.extend(["-o", found.to_str().unwrap()]);
    if join.exists() {
        arguments.extend(["--join", join.to_str().unwrap()]);
    }
    let (code, words) = dianzhi(&arguments);
    assert!(code < 2, "{words}");
    rows(found)
}

/// Days since an early day.
fn day(date: &str) -> i64 {
    let first = jiff::civil::date(1900, 1, 1);
    let date: jiff::civil::Date = date.parse().unwrap();
    i64::from(first.until(date).unwrap().get_days())
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn share(records: &[Row], fits: impl Fn(&Row) -> bool) -> f64 {
    mean(records.iter().map(|row| f64::from(u8::from(fits(row)))))
}

/// The stays of each person in order.
fn histories(records: &[Row]) -> Vec<Vec<&Row>> {
    let mut of: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for record in records {
        of.entry(&record["person"]).or_default().push(record);
    }
    let mut histories: Vec<Vec<&Row>> = of.into_values().collect();
    for stays in &mut histories {
        stays.sort_by_key(|stay| (stay["admit_date"].clone(), stay["discharge_date"].clone()));
    }
    histories
}

/// Every figure of the region, by name.
fn figures(records: &[Row], truth: &[Row]) -> BTreeMap<&'static str, f64> {
    let level = |row: &Row, level: &str| row["hospital_level"] == level;
    let cost = |of: &str| {
        let of_level = records.iter().filter(|row| level(row, of));
        mean(of_level.map(|row| number(row, "total_fee")))
    };
    let count = |column: &str| {
        let codes = |row: &Row| row[column].split('|').filter(|code| !code.is_empty()).count() as f64;
        mean(records.iter().map(codes))
    };
    let (mut returns, mut within) = (0.0, 0.0);
    for stays in histories(records) {
        for pair in stays.windows(2).filter(|pair| pair[0]["discharge_status"] != "2") {
            if pair[0]["discharge_date"][..4] == pair[1]["discharge_date"][..4] {
                let gap = day(&pair[1]["admit_date"]) - day(&pair[0]["discharge_date"]);
                returns += 1.0;
                within += f64::from(u8::from(gap <= 31));
            }
        }
    }
    BTreeMap::from([
        ("share of level 3", share(records, |row| level(row, "3"))),
        ("share of level 2", share(records, |row| level(row, "2"))),
        ("share of level 1", share(records, |row| level(row, "1"))),
        (
            "mean cost",
            mean(records.iter().map(|row| number(row, "total_fee"))),
        ),
        ("cost of level 3 to level 2", cost("3") / cost("2")),
        (
            "mean stay",
            mean(records.iter().map(|row| number(row, "los_days"))),
        ),
        ("diagnoses", count("diagnoses")),
        ("procedures", count("procedures")),
        ("60 or older", share(records, |row| number(row, "age") >= 60.0)),
        ("died", share(records, |row| row["discharge_status"] == "5")),
        (
            "regular discharge",
            share(records, |row| row["discharge_status"] == "1"),
        ),
        ("newborns", share(truth, |row| row["kind"] == "newborn")),
        ("returns within 31 days", within / returns),
    ])
}

#[test]
fn figures_of_twenty_thousand_records_are_those_of_the_plan() {
    let folder = region("cases = 20000\n", "2");
    let records = rows(folder.path().join("records.csv"));
    let truth = rows(folder.path().join("truth.csv"));
    assert!((20_000..20_050).contains(&records.len()));
    let found = figures(&records, &truth);
    let expected = rows(root().join("tests/generate/figures.csv"));
    assert_eq!(expected.len(), found.len());
    let wrong: Vec<String> = expected
        .iter()
        .filter_map(|row| {
            let (wanted, off) = (number(row, "expected"), number(row, "tolerance"));
            let is = found[row["figure"].as_str()];
            ((is - wanted).abs() > off).then(|| format!("{}: {is:.4}, not {wanted} ± {off}", row["figure"]))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn records_of_a_region_are_sound_and_in_order() {
    let folder = region(
        "cases = 6000\nyears = 3\nfirst_year = 2020\n[trend]\ncost = 0.5\nvolume = 0.2\n",
        "2",
    );
    let records = rows(folder.path().join("records.csv"));
    let above_info = findings(folder.path())
        .into_iter()
        .filter(|row| row["severity"] != "info");
    assert_eq!(
        above_info.map(|row| row["code"].clone()).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
    let (mut transfers, mut over_the_year) = (0, 0);
    for stays in histories(&records) {
        let births: BTreeSet<&str> = stays.iter().map(|stay| stay["birth_date"].as_str()).collect();
        assert_eq!(births.len(), 1, "one person has one birth date");
        for (place, stay) in stays.iter().enumerate() {
            let next = stays.get(place + 1);
            over_the_year += i32::from(stay["admit_date"][..4] < stay["discharge_date"][..4]);
            let gap = next.map(|next| day(&next["admit_date"]) - day(&stay["discharge_date"]));
            assert!(gap.is_none_or(|gap| gap >= 0), "stays of one person overlap");
            match stay["discharge_status"].as_str() {
                "2" => {
                    transfers += 1;
                    assert!(gap.is_some_and(|gap| gap <= 1) && next.unwrap()["hospital"] != stay["hospital"]);
                    assert_eq!(stay["discharge_to"], next.unwrap()["hospital"]);
                }
                "5" => assert!(next.is_none(), "nobody comes back from death"),
                _ => {}
            }
            closes_to_the_fen(stay);
        }
    }
    assert!(
        transfers > 20 && over_the_year > 20,
        "{transfers} {over_the_year}"
    );
    let year = |year: &'static str| {
        records
            .iter()
            .filter(move |row| row["discharge_date"].starts_with(year))
    };
    let cost = |of: &'static str| mean(year(of).map(|row| number(row, "total_fee")));
    assert!(
        (1.9..2.7).contains(&(cost("2022") / cost("2020"))),
        "cost grows by half a year"
    );
    let growth = year("2022").count() as f64 / year("2020").count() as f64;
    assert!(
        (1.25..1.65).contains(&growth),
        "stays grow by a fifth a year: {growth}"
    );
}

/// Items, payers and the parts by policy all sum to the total, and own payment is the same in both.
fn closes_to_the_fen(record: &Row) {
    let fen = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    let total = fen(&record["total_fee"]);
    let sum = |columns: &[&str]| columns.iter().map(|column| fen(&record[*column])).sum::<i64>();
    assert_eq!(sum(&["fee_own", "fee_over", "fee_pre", "fee_scope"]), total);
    let items: Vec<Vec<&str>> = record["list_fees"]
        .split('|')
        .map(|item| item.split(';').collect())
        .collect();
    let column = |place: usize| items.iter().map(|item| fen(item[place])).sum::<i64>();
    assert_eq!(column(1), total);
    assert_eq!(column(2) + column(3) + column(4) + column(5), total);
    assert_eq!(
        (column(4), column(5)),
        (fen(&record["fee_own"]), fen(&record["fee_over"]))
    );
    let front = record["front_fees"]
        .split('|')
        .map(|item| item.split_once(';').unwrap());
    let main = front.filter(|(key, _)| !key.contains('x'));
    assert_eq!(main.map(|(_, amount)| fen(amount)).sum::<i64>(), total);
    let fund = fen(record["fund_paid"].split_once(';').unwrap().1);
    assert_eq!(fund + sum(&["account_paid", "cash_paid"]), total);
}

#[test]
fn mothers_carry_the_weight_of_the_child_that_has_its_own_record() {
    let folder = region("cases = 4000\n[persons]\nnewborns = 0.1\n", "2");
    let records = rows(folder.path().join("records.csv"));
    let children: Vec<&Row> = records
        .iter()
        .filter(|row| row["person"].ends_with('N'))
        .collect();
    assert!(children.len() > 300);
    for child in children {
        let mother = child["person"].trim_end_matches('N');
        let weights = &child["birth_weights_g"];
        let delivery = records
            .iter()
            .find(|row| row["person"] == mother && row["birth_weights_g"] == *weights);
        let delivery = delivery.expect("a child has a mother with its weight");
        let born = day(&child["birth_date"]);
        assert!((day(&delivery["admit_date"])..=day(&delivery["discharge_date"])).contains(&born));
        assert!(delivery["diagnoses"].contains("Z37") && delivery["sex"] == "2");
        assert!(number(child, "age_days") <= 28.0 && number(child, "weight_g") >= 600.0);
    }
}

/// Finds every planted edit at its line; which edits were planted, and in what share.
fn finds_what_is_planted(folder: &Path) -> (BTreeMap<String, usize>, f64) {
    let truth = rows(folder.join("truth.csv"));
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in findings(folder) {
        found
            .entry(finding["line"].clone())
            .or_default()
            .insert(finding["code"].clone());
    }
    let planted = truth.iter().filter(|row| !row["planted"].is_empty());
    let planted: Vec<&Row> = planted.collect();
    let missed = planted.iter().filter(|row| {
        let line: u64 = row["line"].parse().unwrap();
        // the finding of a double stands at its second copy
        let lines = [line, line + u64::from(row["planted"] == "F012")];
        let at = |line: &u64| {
            found
                .get(&line.to_string())
                .is_some_and(|codes| codes.contains(&row["planted"]))
        };
        !lines.iter().any(at)
    });
    let missed: Vec<String> = missed
        .map(|row| format!("{} {}", row["line"], row["planted"]))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
    let mut counts = BTreeMap::new();
    for row in &planted {
        *counts.entry(row["planted"].clone()).or_default() += 1;
    }
    (counts, planted.len() as f64 / truth.len() as f64)
}

#[test]
fn what_is_planted_is_found() {
    let folder = region("cases = 4000\n[defects]\nshare = 0.5\n", "2");
    let (planted, share) = finds_what_is_planted(folder.path());
    assert!((0.45..0.55).contains(&share), "{share}");
    assert!(planted.len() > 70, "{} edits planted", planted.len());
}

#[test]
fn what_is_planted_is_found_in_foreign_files() {
    let forms: [(&[&str], usize); 2] = [
        (&["--layout", "hqms-811", "--encoding", "gb18030"], 55),
        (&["--layout", "setl-4101", "--format", "ndjson"], 50),
    ];
    for (form, edits) in forms {
        let (folder, _) = region_as("cases = 1500\n[defects]\nshare = 0.5\n", form, "2");
        let (planted, share) = finds_what_is_planted(folder.path());
        assert!((0.4..0.6).contains(&share), "{form:?}: {share}");
        assert!(planted.len() > edits, "{form:?}: {} edits planted", planted.len());
    }
}

#[test]
fn single_edits_have_the_share_that_is_stated() {
    let plan =
        "cases = 6000\n[defects]\nshare = 0.1\n[defects.shares]\nC103 = 0.05\nA411 = 0.03\nX303 = 0.02\n";
    let folder = region(plan, "2");
    let (planted, share) = finds_what_is_planted(folder.path());
    assert!((0.18..0.22).contains(&share), "{share}");
    for (edit, stated) in [("C103", 0.05), ("A411", 0.03), ("X303", 0.02)] {
        let is = planted[edit] as f64 / 6000.0;
        // besides, each is drawn now and then for the share of all
        assert!((stated - 0.008..stated + 0.011).contains(&is), "{edit}: {is}");
    }
}

/// The records of a folder as neutral rows, read with what their layout has no place for.
fn as_neutral(folder: &Path, layout: &str) -> Vec<Row> {
    let (out, join, records) = (
        folder.join("neutral.csv"),
        folder.join("join.csv"),
        records_in(folder),
    );
    let mut arguments = vec!["convert", records.to_str().unwrap(), "-o", out.to_str().unwrap()];
    if join.exists() {
        arguments.extend(["--join", join.to_str().unwrap()]);
    }
    let (code, said) = dianzhi(&arguments);
    assert!(
        code == 0 && said.contains(&format!("layout: {layout} ")),
        "{said}"
    );
    rows(out)
}

/// Rows of `generate/forms.csv`: a form, and the columns of which it keeps a part.
#[test]
fn every_form_is_read_as_the_neutral_one() {
    let plan =
        "cases = 300\n[stays]\ndiagnoses_at_most = 16\nprocedures_at_most = 7\n[persons]\nnewborns = 0.05\n";
    let mut neutral: BTreeMap<(String, bool), Vec<Row>> = BTreeMap::new();
    for case in rows(root().join("tests/generate/forms.csv")) {
        let mut form = vec!["--layout", &case["layout"], "--format", &case["format"]];
        form.extend(["--codes", &case["codes"]]);
        if !case["encoding"].is_empty() {
            form.extend(["--encoding", &case["encoding"]]);
        }
        let (folder, words) = region_as(plan, &form, "2");
        // codes whose names GBK cannot write are not drawn
        let gbk = case["encoding"] == "gbk";
        let expected = neutral.entry((case["codes"].clone(), gbk)).or_insert_with(|| {
            let encoding = if gbk { "gbk" } else { "utf-8" };
            let folder = region_as(plan, &["--codes", &case["codes"], "--encoding", encoding], "2").0;
            as_neutral(folder.path(), "neutral")
        });
        let found = as_neutral(folder.path(), &case["layout"]);
        assert_eq!(found.len(), expected.len(), "{form:?}");
        let mut differing = BTreeMap::new();
        for (expected, found) in expected.iter().zip(&found) {
            for (column, value) in expected.iter().filter(|(column, _)| *column != "code_version") {
                let is = found.get(column).map_or("", String::as_str);
                if is != value {
                    differing.entry(column.as_str()).or_insert((is, value));
                }
            }
        }
        let coarse: BTreeSet<&str> = case["coarse"]
            .split(' ')
            .filter(|name| !name.is_empty())
            .collect();
        let columns: BTreeSet<&str> = differing.keys().copied().collect();
        assert_eq!(columns, coarse, "{form:?}: {differing:#?}");
        assert!(coarse.iter().all(|column| words.contains(column)), "{words}");
        let foreign = case["layout"] != "neutral";
        assert_eq!(words.contains("join.csv has it"), foreign, "{words}");
    }
}

/// What no form can be.
#[test]
fn forms_that_do_not_go_together_are_told() {
    let cases: [(&[&str], &str); 8] = [
        (
            &["--layout", "hqms-812"],
            "unknown layout `hqms-812`; did you mean `hqms-811`?",
        ),
        (
            &["--format", "parquet"],
            "--format: `parquet` is no format; expected csv, xlsx, dbf, json or ndjson",
        ),
        (
            &["--encoding", "big5"],
            "--encoding: `big5` is no encoding that is written",
        ),
        (
            &["--format", "json"],
            "--format json: layout `neutral` is of rows and columns; expected csv, xlsx or dbf",
        ),
        (
            &["--layout", "setl-4101", "--format", "csv"],
            "--format csv: layout `setl-4101` is of messages; expected json or ndjson",
        ),
        (
            &["--layout", "setl-4101", "--encoding", "gbk"],
            "--encoding GBK: JSON is UTF-8 by its definition; expected utf-8",
        ),
        (
            &["--codes", "icd-11"],
            "--codes: no map leads from `icd-11` to `insurance-2.0`",
        ),
        (
            &["--layout", "chinese-headers", "--format", "dbf"],
            "is too long a name for a dBASE table; expected at most 10 bytes",
        ),
    ];
    for (form, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.toml");
        std::fs::write(&file, "schema = 1\nscheme = \"chongqing-2022\"\ncases = 1\n").unwrap();
        let out = folder.path().join("out");
        let mut arguments = vec!["generate", file.to_str().unwrap(), "-o", out.to_str().unwrap()];
        arguments.extend(form);
        let (code, words) = dianzhi(&arguments);
        assert!(code == 2 && words.contains(expected), "{form:?}: {words}");
        assert!(!out.join("truth.csv").exists());
    }
}

#[test]
fn a_list_too_long_for_a_layout_is_cut_and_counted() {
    let (folder, words) = region_as(
        "cases = 200\n[stays]\nprocedures = 6\n",
        &["--layout", "n041", "--encoding", "gb18030"],
        "2",
    );
    assert!(
        words.contains("procedures of ") && words.contains("the list is longer than the layout"),
        "{words}"
    );
    assert!(
        as_neutral(folder.path(), "n041")
            .iter()
            .all(|row| row["procedures"].split('|').count() <= 7)
    );
}

#[test]
fn same_plan_gives_same_bytes_on_any_number_of_threads() {
    let plan = "cases = 1500\nyears = 2\n[defects]\nshare = 0.1\n";
    let (one, two) = (region(plan, "1"), region(plan, "2"));
    for name in ["records.csv", "persons.csv", "hospitals.csv", "truth.csv"] {
        let read = |folder: &tempfile::TempDir| std::fs::read(folder.path().join(name)).unwrap();
        assert!(read(&one) == read(&two), "{name}");
    }
    let other = region("cases = 1500\nseed = 2\n", "2");
    let records = |folder: &tempfile::TempDir| std::fs::read(folder.path().join("records.csv")).unwrap();
    assert!(records(&one) != records(&other));
}

#[test]
fn faults_of_a_plan_are_told_with_their_place() {
    let cases = std::fs::read_to_string(root().join("tests/generate/plans.txt")).unwrap();
    let mut wrong = Vec::new();
    for case in cases.lines().filter(|line| !line.starts_with('#')) {
        let (line, expected) = case.split_once("=> ").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.toml");
        let head = "schema = 1\nscheme = \"chongqing-2022\"\ncases = 10\n";
        std::fs::write(&file, format!("{head}{}\n", line.trim_end())).unwrap();
        let out = folder.path().join("out");
        let (code, words) = dianzhi(&["generate", file.to_str().unwrap(), "-o", out.to_str().unwrap()]);
        let words = words.replace(&format!("{}/", folder.path().display()), "");
        if code != 2 || words.trim() != expected {
            wrong.push(format!("{}\n   {code} {words}", line.trim_end()));
        }
        assert!(!out.join("records.csv").exists());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
