//! The whole chain on the shipped sample: sums, sameness, bad scenarios.
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
use dianzhi::units::Fen;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the program in the project's folder; gives exit code and standard error.
fn dianzhi(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("dianzhi").unwrap();
    let output = command
        .current_dir(root())
        .args(arguments)
        .args(["--lang", "en"])
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn run(scenario: &str, more: &[&str]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["run", scenario, "-o", folder.path().to_str().unwrap()];
    arguments.extend(more);
    let (code, words) = dianzhi(&arguments);
    assert_eq!(code, 0, "{words}");
    (folder, words)
}

/// The rows of a CSV as maps from column to cell.
fn rows(file: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let cells = |record: csv::StringRecord| {
        header
            .iter()
            .map(str::to_owned)
            .zip(record.iter().map(str::to_owned))
            .collect()
    };
    reader.records().map(|record| cells(record.unwrap())).collect()
}

fn fen(row: &BTreeMap<String, String>, column: &str) -> Fen {
    Fen::parse_yuan(&row[column]).unwrap_or_else(|_| panic!("{column}: `{}`", row[column]))
}

fn sum(rows: &[BTreeMap<String, String>], column: &str) -> Fen {
    rows.iter().map(|row| fen(row, column)).sum()
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect()
}

const SCENARIOS: [&str; 4] = [
    "scenarios/sample-region.toml",
    "scenarios/harbin-2022.toml",
    "scenarios/pingdingshan-2025.toml",
    "scenarios/pingdingshan-2025-grossed.toml",
];

#[test]
fn every_fen_is_somebodys() {
    for scenario in SCENARIOS {
        let (folder, _) = run(scenario, &[]);
        let at = |name: &str| rows(&folder.path().join(name));
        let (cases, slips, pools, hospitals) = (
            at("cases.csv"),
            at("slips.csv"),
            at("pools.csv"),
            at("hospitals.csv"),
        );
        let priced: Vec<_> = cases
            .iter()
            .filter(|row| row["priced"] == "yes")
            .cloned()
            .collect();
        assert_eq!(priced.len(), slips.len());
        assert!(priced.len() > 2_900, "{}", priced.len());

        for slip in &slips {
            let parts = [
                "fulamt_ownpay_amt",
                "overlmt_selfpay",
                "preselfpay_amt",
                "inscp_scp_amt",
            ];
            assert_eq!(
                parts.map(|part| fen(slip, part)).into_iter().sum::<Fen>(),
                fen(slip, "medfee_sumamt")
            );
            let payers = ["fund_pay_sumamt", "hosp_part_amt", "psn_part_amt"];
            assert_eq!(
                payers.map(|payer| fen(slip, payer)).into_iter().sum::<Fen>(),
                fen(slip, "medfee_sumamt")
            );
        }
        for row in &priced {
            assert_eq!(fen(row, "claim") + fen(row, "nonfund"), fen(row, "total_fee"));
            assert_eq!(
                fen(row, "due") - fen(row, "claim") - fen(row, "hospital_share"),
                fen(row, "gain")
            );
        }
        for pool in ["resident", "employee"] {
            let amount = |side: &str| {
                let lines = pools
                    .iter()
                    .filter(|row| row["pool"] == pool && row["side"] == side);
                lines.map(|row| fen(row, "value")).sum::<Fen>()
            };
            assert_eq!(amount("source"), amount("use"), "{scenario} {pool}");
            assert_eq!(amount("difference"), Fen::ZERO);
            let of_pool: Vec<_> = priced
                .iter()
                .filter(|row| row["insured_scheme"] == pool)
                .cloned()
                .collect();
            let in_pool: Vec<_> = hospitals
                .iter()
                .filter(|row| row["pool"] == pool)
                .cloned()
                .collect();
            for column in ["due", "claim", "nonfund", "total_fee", "gain"] {
                assert_eq!(
                    sum(&of_pool, column),
                    sum(&in_pool, column),
                    "{scenario} {pool} {column}"
                );
            }
            let unallocated = pools
                .iter()
                .find(|row| row["pool"] == pool && row["item"] == "unallocated");
            let unallocated = unallocated.map_or(Fen::ZERO, |row| fen(row, "value"));
            assert_eq!(
                sum(&of_pool, "due") + unallocated,
                amount("source"),
                "{scenario} {pool}"
            );
        }
    }
}

/// Groups, points and money of the packet scenarios, a pool a line: `tests/run/packets.csv`. Both classes
/// share the same points; each spends its budget to the fen.
#[test]
fn packets_come_to_the_stored_result() {
    let mut found =
        "scenario,pool,cases,points,point_value,points_cases,amount_cases,difference\n".to_owned();
    for scenario in ["pingdingshan-2025", "pingdingshan-2025-grossed"] {
        let (folder, words) = run(&format!("scenarios/{scenario}.toml"), &[]);
        assert!(
            words.contains("read 3000 = grouped 2978 + ambiguous 0 + ungrouped 1 + rejected 21"),
            "{words}"
        );
        let pools = rows(&folder.path().join("pools.csv"));
        for pool in ["employee", "resident"] {
            let value = |item: &str| {
                let row = pools
                    .iter()
                    .find(|row| row["pool"] == pool && row["item"] == item);
                row.map_or("0.00", |row| row["value"].as_str())
            };
            let cells = [
                "cases",
                "points",
                "point_value_yuan",
                "points_cases",
                "amount_cases",
                "sources - uses",
            ];
            found.push_str(&format!("{scenario},{pool},{}\n", cells.map(value).join(",")));
            assert_eq!(value("sources - uses"), "0.00");
        }
    }
    let stored = root().join("tests/run/packets.csv");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(stored.parent().unwrap()).unwrap();
        std::fs::write(&stored, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&stored).unwrap_or_default());
}

/// The weights of the packet scenarios are the scores of the scheme, row by row.
#[test]
fn weights_of_packets_are_the_catalogue_s_scores() {
    let pairs = |file: &str, code: &str, score: &str| -> Vec<(String, String)> {
        let rows = rows(&root().join(file)).into_iter();
        rows.map(|row| (row[code].clone(), row[score].clone())).collect()
    };
    let scores = pairs("grouping-tables/pingdingshan-2025/groups.csv", "code", "score");
    assert_eq!(scores.len(), 4_444);
    assert_eq!(
        pairs("scenarios/weights/pingdingshan-2025.csv", "group", "weight"),
        scores
    );
}

#[test]
fn records_in_are_records_out() {
    let (folder, words) = run(SCENARIOS[0], &[]);
    let at = |name: &str| rows(&folder.path().join(name));
    let (cases, rejected, findings) = (at("cases.csv"), at("rejected.csv"), at("findings.csv"));
    assert_eq!(cases.len() + rejected.len(), 3_000);
    assert!(
        words.contains("read 3000 = grouped 2976 + ambiguous 3 + ungrouped 1 + rejected 20"),
        "{words}"
    );

    // every planted defect is found, at its record
    let found: BTreeSet<(String, String)> = findings
        .iter()
        .map(|row| (row["record"].clone(), row["code"].clone()))
        .collect();
    let truth = rows(&root().join("scenarios/sample-region/truth.csv"));
    let mut planted_records = 0;
    for (index, row) in truth
        .iter()
        .enumerate()
        .filter(|(_, row)| !row["planted"].is_empty())
    {
        planted_records += 1;
        let record = (index + 1).to_string();
        let hit = found.contains(&(record.clone(), row["planted"].clone()));
        // of a duplicate the second copy carries the finding
        let is_first_copy = row["planted"] == "F012" && truth.get(index + 1).is_some_and(|next| next == row);
        assert!(
            hit || is_first_copy,
            "record {record}: {} was planted and not found",
            row["planted"]
        );
    }
    assert!(planted_records > 40, "{planted_records}");
    // and nothing above information where none was planted, but for stays that happen to lie close
    let planted: BTreeSet<String> = truth
        .iter()
        .enumerate()
        .filter(|(_, row)| !row["planted"].is_empty())
        .map(|(index, _)| (index + 1).to_string())
        .collect();
    let unexpected: Vec<_> = findings
        .iter()
        .filter(|row| !planted.contains(&row["record"]))
        .filter(|row| !["S993", "S994"].contains(&row["code"].as_str()))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
}

#[test]
fn the_same_bytes_twice_and_on_any_number_of_threads() {
    for scenario in SCENARIOS {
        let (first, _) = run(scenario, &["--threads", "1"]);
        for threads in ["1", "2", "3"] {
            let (again, _) = run(scenario, &["--threads", threads]);
            assert!(
                contents(first.path()) == contents(again.path()),
                "{scenario} with {threads} threads"
            );
        }
    }
}

/// The records of a scenario in another order.
fn shuffled(scenario: &str, folder: &Path) -> PathBuf {
    let written = std::fs::read_to_string(root().join(scenario)).unwrap();
    let records = written
        .lines()
        .find_map(|line| line.strip_prefix("records = \""))
        .unwrap();
    let records = records.split('"').next().unwrap();
    let text = std::fs::read_to_string(root().join("scenarios").join(records)).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    let mut lines: Vec<&str> = body.lines().collect();
    // of a duplicate the first copy counts: they are alike, so which one is first changes nothing
    lines.reverse();
    let middle = lines.len() / 3;
    lines.rotate_left(middle);
    let shuffled = folder.join("records.csv");
    std::fs::write(&shuffled, format!("{header}\n{}\n", lines.join("\n"))).unwrap();
    shuffled
}

#[test]
fn the_order_of_records_changes_no_amount() {
    let folder = tempfile::tempdir().unwrap();
    for scenario in SCENARIOS {
        let (straight, _) = run(scenario, &[]);
        let shuffled = shuffled(scenario, folder.path());
        let (turned, _) = run(scenario, &["--records", shuffled.to_str().unwrap()]);
        for name in ["cases.csv", "slips.csv", "hospitals.csv", "pools.csv"] {
            let sorted = |folder: &Path| {
                let text = std::fs::read_to_string(folder.join(name)).unwrap();
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            assert!(
                sorted(straight.path()) == sorted(turned.path()),
                "{scenario} {name}"
            );
        }
    }
}

#[test]
fn calibrating_the_generated_earlier_year_gives_the_shipped_weights() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (records, weights) = (at("records-2021.csv"), at("weights.csv"));
    let generate = [
        "generate",
        "-t",
        "chongqing-2022",
        "--cases",
        "40000",
        "--seed",
        "2021",
        "--year",
        "2021",
        "-o",
        &records,
    ];
    assert_eq!(dianzhi(&generate).0, 0);
    let calibrate = [
        "calibrate",
        &records,
        "-t",
        "chongqing-2022",
        "--min-cases",
        "5",
        "-o",
        &weights,
    ];
    assert_eq!(dianzhi(&calibrate).0, 0);
    let shipped = std::fs::read(root().join("scenarios/sample-region/weights.csv")).unwrap();
    assert!(
        std::fs::read(&weights).unwrap() == shipped,
        "the shipped weights are not what the commands make"
    );
}

#[test]
fn a_case_that_lacks_something_is_grouped_but_not_priced() {
    let (folder, words) = run("tests/bad/run/scenario.toml", &[]);
    let findings = rows(&folder.path().join("findings.csv"));
    let told = |row: &BTreeMap<String, String>| {
        ["case_id", "code", "column", "value", "expected"]
            .map(|column| row[column].clone())
            .join("; ")
    };
    let expected = [
        "C2; M980; hospital; H9; a hospital of tests/bad/run/hospitals.csv",
        "C3; M981; person; ; a person of tests/bad/run/persons.csv",
        "C4; M982; insured_scheme; resident; employee, as the list of persons says",
        "C5; M982; insured_scheme; employee; resident, as the list of persons says",
        "C6; M983; discharge_date; 2021-03-05; a discharge in 2022",
        "C7; M984; total_fee; ; what the benefit policy needs: `inpatient.bands` depends on the status, which the claim does not say",
        "C8; M982; insured_scheme; ; one of the scenario's pools: employee, resident",
        "C10; F012; case_id; C10; each case of a hospital once; the copies differ, so none of them is priced",
        "C10; F012; case_id; C10; each case of a hospital once; the copies differ, so none of them is priced",
    ];
    assert_eq!(findings.iter().map(told).collect::<Vec<_>>(), expected);
    let cases = rows(&folder.path().join("cases.csv"));
    let priced: Vec<&str> = cases
        .iter()
        .filter(|row| row["priced"] == "yes")
        .map(|row| row["case_id"].as_str())
        .collect();
    assert_eq!((cases.len(), priced), (10, vec!["C1"]));
    // the only priced case takes the whole budget
    assert_eq!(cases[0]["due"], "5000.00");
    assert!(
        words.contains("F012 2, M980 1, M981 1, M982 3, M983 1, M984 1"),
        "{words}"
    );
}

#[test]
fn results_never_replace_what_they_are_made_of() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["records.csv", "hospitals.csv", "persons.csv", "scenario.toml"] {
        let text = std::fs::read_to_string(root().join("tests/bad/run").join(name)).unwrap();
        let scenarios = format!("{}/scenarios/", root().display());
        std::fs::write(
            folder.path().join(name),
            text.replace("../../../scenarios/", &scenarios),
        )
        .unwrap();
    }
    let before = contents(folder.path());
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (scenario, records) = (at("scenario.toml"), at("records.csv"));
    let attempts: [&[&str]; 3] = [
        &["run", &scenario, "-o", folder.path().to_str().unwrap()],
        &["group", &records, "-t", "chongqing-2022", "-o", &records],
        &["check", &records, "-o", &records],
    ];
    for attempt in attempts {
        let (code, words) = dianzhi(attempt);
        assert_eq!(code, 2, "{words}");
        assert!(words.contains("this file is an input of the run"), "{words}");
        assert!(contents(folder.path()) == before, "{attempt:?}");
    }
}

/// A scenario with one thing wrong, and what is said of it.
fn check_bad(name: &str, from: &str, to: &str, expected: &str) {
    let folder = root().join("scenarios");
    let text = std::fs::read_to_string(folder.join("sample-region.toml")).unwrap();
    assert!(
        text.contains(from),
        "{name}: `{from}` is not in the sample scenario"
    );
    let scenarios = tempfile::tempdir().unwrap();
    let link = |name: &str| format!("\"{}/{name}", folder.display()).replace('\\', "/");
    let mut text = text.replacen(from, to, 1);
    for part in ["sample-region/", "policies/", "benefit/", "weights/"] {
        text = text.replace(&format!("\"{part}"), &link(part));
    }
    let file = scenarios.path().join("bad.toml");
    std::fs::write(&file, text).unwrap();
    let out = scenarios.path().join("out");
    let (code, words) = dianzhi(&["run", file.to_str().unwrap(), "-o", out.to_str().unwrap()]);
    let words = words.replace(file.to_str().unwrap(), "bad.toml");
    let words = words.replace(&format!("{}/", folder.display()), "");
    assert_eq!((code, words.trim_end()), (2, expected), "{name}");
    assert!(!out.exists(), "{name}: results were written");
}

#[test]
fn a_bad_scenario_is_named_by_line_and_key() {
    let cases = [
        (
            "unknown key",
            "year = 2022",
            "yaer = 2022",
            "bad.toml:8:1: unknown key `yaer`; did you mean `year`?",
        ),
        (
            "float",
            "budget = \"7400000.00 yuan\"",
            "budget = 7400000.00",
            "bad.toml:17:10: found floating point `7400000.0`; expected an amount not below zero as text with its unit, e.g. \"31000000.00 yuan\"",
        ),
        (
            "no unit",
            "budget = \"7400000.00 yuan\"",
            "budget = \"7400000.00\"",
            "bad.toml:17:10: found string \"7400000.00\"; expected an amount not below zero as text with its unit, e.g. \"31000000.00 yuan\"",
        ),
        (
            "missing key",
            "title = \"Sample region (样例地区)\"\n",
            "",
            "bad.toml:1:1: key `title` is missing",
        ),
        (
            "unknown pool",
            "[pool.resident]",
            "[pool.residents]",
            "bad.toml:16:7: unknown key `residents`; did you mean `resident`?",
        ),
        (
            "unknown scheme",
            "scheme = \"chongqing-2022\"",
            "scheme = \"chongqing-2023\"",
            "unknown scheme `chongqing-2023`; did you mean `chongqing-2022`?",
        ),
        (
            "weights of another scheme",
            "\"sample-region/weights.csv\"",
            "\"weights/harbin-2022.csv\"",
            "weights/harbin-2022.csv: group `BB1A` is no group of scheme `chongqing-2022` (and 333 more); did you mean `BB1`?",
        ),
        (
            "pack of another scheme",
            "policies/sample-region-2022",
            "policies/harbin-2022",
            "policies/harbin-2022.toml: `grouper.version` is `harbin-2022`, but the scenario groups by `chongqing-2022`; expected one of chongqing-2022, chs-drg-1.0",
        ),
        (
            "a year the pack is not made for",
            "year = 2022",
            "year = 2019",
            "policies/sample-region-2022.toml: document `invented` is in force from 2022-01-01 to 2022-12-31, not in 2019",
        ),
        (
            "other schema",
            "schema = 1",
            "schema = 2",
            "bad.toml: schema = 2; this version reads schema 1",
        ),
    ];
    for (name, from, to, expected) in cases {
        check_bad(name, from, to, expected);
    }
}

/// A stay that begins the day after one of the same person and group ended.
#[test]
fn stays_cut_in_two_and_early_returns_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("scenarios/sample-region/records.csv")).unwrap();
    let mut lines: Vec<&str> = text.lines().take(2).collect();
    let stay = |case: &str, days: [&str; 2]| {
        let first = lines[1].replace("C2022-0000000-1", case);
        first
            .replace("2022-02-22", days[0])
            .replace("2022-02-26", days[1])
    };
    let (next_day, next_week, later) = (
        stay("C2", ["2022-02-27", "2022-03-01"]),
        stay("C3", ["2022-03-08", "2022-03-10"]),
        stay("C4", ["2022-03-20", "2022-03-21"]),
    );
    lines.extend([next_day.as_str(), &next_week, &later]);
    let records = folder.path().join("records.csv");
    std::fs::write(&records, lines.join("\n") + "\n").unwrap();
    let path = records.to_str().unwrap();
    let (results, _) = run(SCENARIOS[0], &["--records", path, "--codes", "insurance-2.0"]);
    let findings = rows(&results.path().join("findings.csv"));
    let told = |row: &BTreeMap<String, String>| {
        ["case_id", "code", "value", "see"]
            .map(|column| row[column].clone())
            .join(" ")
    };
    let told: Vec<String> = findings
        .iter()
        .filter(|row| row["code"].starts_with("S99"))
        .map(told)
        .collect();
    let expected = [
        "C2 S993 2022-02-27 2",
        "C2 S994 2022-02-27 2",
        "C3 S994 2022-03-08 3",
    ];
    assert_eq!(told, expected);
}

#[test]
fn codes_of_a_version_without_a_map_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().to_str().unwrap();
    let (code, words) = dianzhi(&["run", SCENARIOS[0], "-o", output, "--codes", "other-1.0"]);
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("no map leads from codes `other-1.0`"), "{words}");
}
