//! A catalogue built of history: which packets, which means, and that its own grouper agrees.
//!
//! `catalogue/formation.txt` holds cases with the packet they must be in; a generated region is built
//! into a catalogue, grouped by it, and every reported number counted again the plain way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

type Row = BTreeMap<String, String>;

const PLAN: &str = "scenarios/dip-catalogue.toml";

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

fn rows(file: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// Builds a catalogue of records by a plan into `tables` of the folder; the folder of the scheme.
fn build(folder: &Path, records: &Path, plan: &str) -> (PathBuf, String) {
    let tables = folder.join("tables");
    let mut arguments = vec![
        "calibrate",
        "--dip",
        records.to_str().unwrap(),
        "--parameters",
        plan,
    ];
    arguments.extend(["-o", tables.to_str().unwrap()]);
    let (code, words) = dianzhi(&arguments);
    assert_eq!(code, 0, "{words}");
    (tables.join("built-dip"), words)
}

/// The group of each record by the catalogue just built; empty if it has none.
fn grouped(folder: &Path, records: &Path) -> Vec<Row> {
    let (tables, out) = (folder.join("tables"), folder.join("grouped.csv"));
    let mut arguments = vec!["group", records.to_str().unwrap(), "-t", "built-dip"];
    arguments.extend(["--tables", tables.to_str().unwrap(), "-o", out.to_str().unwrap()]);
    let (code, words) = dianzhi(&arguments);
    assert_eq!(code, 0, "{words}");
    rows(&out)
}

fn summary(scheme: &Path) -> BTreeMap<String, f64> {
    let figures = rows(&scheme.join("summary.csv"));
    let figure = |row: Row| (row["figure"].clone(), row["value"].parse().unwrap());
    figures.into_iter().map(figure).collect()
}

fn is_grouped(row: &Row) -> bool {
    row["status"] == "grouped"
}

#[test]
fn cases_form_the_packets_they_must() {
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.csv");
    let mut text = "case_id,sex,age,los_days,discharge_date,diagnoses,procedures,total_fee\n".to_owned();
    let mut expected = Vec::new();
    let cases = std::fs::read_to_string(root().join("tests/catalogue/formation.txt")).unwrap();
    for line in cases.lines().filter(|line| !line.starts_with('#')) {
        let (case, packet) = line.split_once(" => ").unwrap();
        let cells: Vec<&str> = case.split('|').map(str::trim).collect();
        for _ in 0..cells[0].parse::<usize>().unwrap() {
            let lists = [cells[1], cells[2]].map(|list| list.replace(' ', "|"));
            let [diagnoses, procedures] = lists;
            let number = expected.len();
            let (year, fee) = (cells[3], cells[4]);
            text.push_str(&format!(
                "{number},1,50,3,{year}-05-03,{diagnoses},{procedures},{fee}\n"
            ));
            expected.push(packet);
        }
    }
    // what is left out: no cost, another year, no case
    text.push_str("no-cost,1,50,3,2023-05-03,K21.000,,0.00\nold,1,50,3,2019-05-03,K21.000,,100.00\n");
    text.push_str("no-sex,,50,3,2023-05-03,K21.000,,100.00\n");
    std::fs::write(&records, text).unwrap();
    let (scheme, words) = build(folder.path(), &records, PLAN);
    assert!(
        words.contains(&format!("built of {} cases", expected.len())),
        "{words}"
    );
    let wrong: Vec<String> = grouped(folder.path(), &records)
        .iter()
        .zip(&expected)
        .filter_map(|(row, expected)| {
            let found = if is_grouped(row) {
                row["group"].as_str()
            } else {
                "-"
            };
            (found != *expected).then(|| format!("{}: {found}, not {expected}", row["diagnoses"]))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let report: BTreeMap<String, Row> = rows(&scheme.join("report.csv"))
        .into_iter()
        .map(|row| (row["code"].clone(), row))
        .collect();
    // (1 × 100 + 2 × 200 + 7 × 300) / 10, and (2 × 900 + 7 × 500) / 9 without the missing year
    assert_eq!(report["K21.0"]["mean_cost"], "260.000000");
    assert_eq!(report["E11:BSZL"]["mean_cost"], "588.888889");
    // as in the code: a colon before the procedures, a plus between them
    for code in ["K21.0", "K35.3:47.0100", "K35.3:47.0100+54.5900"] {
        let signs = |text: &str| [':', '+'].map(|sign| text.matches(sign).count());
        assert_eq!(
            signs(&report[code]["name"]),
            signs(code),
            "{}",
            report[code]["name"]
        );
    }
    let summary = summary(&scheme);
    for figure in ["left_out_no_cost", "left_out_other_year", "left_out_rejected"] {
        assert_eq!(summary[figure], 1.0, "{figure}");
    }
    assert_eq!(
        summary["cases_in_none"],
        expected.iter().filter(|packet| **packet == "-").count() as f64
    );
}

/// The published cases C13 to C15: of a packet's ten cases six, two and all at hospitals of primary care, the
/// last with a coefficient of variation of 1.97.
#[test]
fn packets_of_primary_care_are_chosen_by_share_and_spread() {
    let folder = tempfile::tempdir().unwrap();
    let mut text =
        "case_id,hospital,sex,age,los_days,discharge_date,diagnoses,procedures,total_fee\n".to_owned();
    for number in 0..10 {
        let dear = if number == 0 { "2012.62" } else { "100.00" };
        let near = |first: usize| if number < first { "H1" } else { "H3" };
        for (packet, hospital, fee) in [
            ("A09.900", near(6), "100.00"),
            ("E11.900", near(2), "100.00"),
            ("D64.900", "H1", dear),
            ("K21.000", "H9", "100.00"),
        ] {
            text.push_str(&format!(
                "{packet}-{number},{hospital},1,50,3,2023-05-03,{packet},,{fee}\n"
            ));
        }
    }
    let records = folder.path().join("records.csv");
    std::fs::write(&records, text).unwrap();
    std::fs::write(
        folder.path().join("hospitals.csv"),
        "hospital,level\nH1,1\nH3,3\n",
    )
    .unwrap();
    let usual = std::fs::read_to_string(root().join(PLAN)).unwrap();
    let plan = usual
        .replace("core_min = 15", "core_min = 10")
        .replace("# [build.primary]", "[build.primary]");
    let plan = ["hospitals", "levels", "share", "cv"]
        .iter()
        .fold(plan, |plan, key| {
            plan.replace(&format!("\n# {key} = "), &format!("\n{key} = "))
        });
    let path = folder.path().join("plan.toml");
    std::fs::write(&path, plan).unwrap();
    let (scheme, _) = build(folder.path(), &records, path.to_str().unwrap());
    let report: BTreeMap<String, Row> = rows(&scheme.join("report.csv"))
        .into_iter()
        .map(|row| (row["code"].clone(), row))
        .collect();
    let of = |code: &str| {
        (
            report[code]["cases"].as_str(),
            report[code]["at_primary"].as_str(),
        )
    };
    assert_eq!(
        [of("A09.9"), of("E11.9"), of("D64.9")],
        [("10", "6"), ("10", "2"), ("10", "10")]
    );
    assert_eq!(report["D64.9"]["cv"], "1.9700");
    let chosen = rows(&scheme.join("primary-care.csv"));
    let groups: Vec<&str> = chosen.iter().map(|row| row["group"].as_str()).collect();
    assert_eq!(groups, ["A09.9"]);
    assert_eq!(
        chosen[0]["note"],
        "6 of 10 cases at hospitals of primary care; CV 0.0000"
    );
    let summary = summary(&scheme);
    assert_eq!(
        (summary["rows_primary"], summary["hospital_unknown"]),
        (1.0, 10.0)
    );
}

/// The costs of each group, with years; what the catalogue leaves out counts nowhere.
fn costs(grouped: &[Row]) -> BTreeMap<String, Vec<(i32, f64)>> {
    let mut costs: BTreeMap<String, Vec<(i32, f64)>> = BTreeMap::new();
    for row in grouped.iter().filter(|row| is_grouped(row)) {
        costs.entry(row["group"].clone()).or_default().push(cost(row));
    }
    costs
}

/// Year and cost of a case.
fn cost(row: &Row) -> (i32, f64) {
    let year = row["discharge_date"][..4].parse().unwrap();
    (year, row["total_fee"].parse().unwrap())
}

/// Between the costs around rank 1 + p (n − 1).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = share * (sorted.len() - 1) as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (rank - below as f64) * (sorted[above] - sorted[below])
}

/// Without the costs beyond two percentiles.
fn trimmed(costs: &[(i32, f64)]) -> Vec<(i32, f64)> {
    if costs.len() < 25 {
        return costs.to_vec();
    }
    let mut sorted: Vec<f64> = costs.iter().map(|(_, cost)| *cost).collect();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (quantile(&sorted, 0.025), quantile(&sorted, 0.975));
    let kept = costs
        .iter()
        .filter(|(_, cost)| *cost > low - 1e-6 && *cost < high + 1e-6);
    kept.copied().collect()
}

/// Yearly means weighed 1, 2, 7 over the years there are.
fn weighed(costs: &[(i32, f64)]) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (year, weight) in [(2021, 1.0), (2022, 2.0), (2023, 7.0)] {
        let of_year: Vec<f64> = costs
            .iter()
            .filter(|cost| cost.0 == year)
            .map(|cost| cost.1)
            .collect();
        if !of_year.is_empty() {
            sum += weight * of_year.iter().sum::<f64>() / of_year.len() as f64;
            weights += weight;
        }
    }
    sum / weights
}

fn cv(costs: &[(i32, f64)]) -> f64 {
    let count = costs.len() as f64;
    let mean = costs.iter().map(|cost| cost.1).sum::<f64>() / count;
    let squares: f64 = costs.iter().map(|cost| (cost.1 - mean).powi(2)).sum();
    (squares / count).sqrt() / mean
}

fn near(what: &str, found: f64, expected: f64, off: f64) {
    assert!((found - expected).abs() <= off, "{what}: {found}, not {expected}");
}

#[test]
fn grouped_again_coverage_spread_and_scores_are_those_reported() {
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("region.toml");
    let mix = root().join("tests/catalogue/mix.csv");
    let text = format!(
        "schema = 1\nscheme = \"pingdingshan-2025\"\ncases = 5000\nfirst_year = 2021\nyears = 3\nmix = {:?}\n\
         [persons]\nnewborns = 0\n[trend]\ncost = 0.1\n[output]\ndetail = \"short\"\n",
        mix.to_str().unwrap()
    );
    std::fs::write(&plan, text).unwrap();
    let region = folder.path().join("region");
    let (code, words) = dianzhi(&["generate", plan.to_str().unwrap(), "-o", region.to_str().unwrap()]);
    assert_eq!(code, 0, "{words}");
    let records = region.join("records.csv");
    let (scheme, _) = build(folder.path(), &records, PLAN);
    let grouped = grouped(folder.path(), &records);
    let (costs, summary) = (costs(&grouped), summary(&scheme));
    let all: usize = costs.values().map(Vec::len).sum();
    assert_eq!(summary["cases_used"], grouped.len() as f64);
    assert_eq!(summary["cases_moved_in_last_round"], 0.0);
    near(
        "coverage",
        summary["coverage"],
        all as f64 / grouped.len() as f64,
        1e-6,
    );
    let report = rows(&scheme.join("report.csv"));
    let core: Vec<&Row> = report.iter().filter(|row| row["level"] == "core").collect();
    assert!(
        core.len() > 20 && report.len() > core.len(),
        "{} core rows of {}",
        core.len(),
        report.len()
    );
    let in_core: usize = core
        .iter()
        .map(|row| costs.get(&row["code"]).map_or(0, Vec::len))
        .sum();
    near(
        "core",
        summary["coverage_core"],
        in_core as f64 / grouped.len() as f64,
        1e-6,
    );
    let everything: Vec<(i32, f64)> = costs.values().flat_map(|costs| trimmed(costs)).collect();
    near(
        "mean of the grouped",
        summary["mean_cost_grouped"],
        weighed(&everything),
        1e-5,
    );
    // the region's mean is of cases in no packet too
    let in_none = grouped.iter().filter(|row| !is_grouped(row)).map(cost);
    let everything: Vec<(i32, f64)> = everything.into_iter().chain(in_none).collect();
    let mean_of_all = weighed(&everything);
    near("mean of all", summary["mean_cost_all"], mean_of_all, 1e-5);
    assert_eq!(summary["mean_cost"], summary["mean_cost_all"]);
    assert!(summary["mean_cost_all"] != summary["mean_cost_grouped"]);
    let number = |row: &Row, column: &str| row[column].parse::<f64>().unwrap();
    for row in &report {
        let code = row["code"].as_str();
        let costs = costs.get(code).map_or(&[][..], Vec::as_slice);
        assert_eq!(number(row, "cases"), costs.len() as f64, "{code}");
        if costs.is_empty() {
            continue;
        }
        let kept = trimmed(costs);
        assert_eq!(
            number(row, "trimmed"),
            (costs.len() - kept.len()) as f64,
            "{code}"
        );
        near(code, number(row, "cv"), cv(&kept), 6e-5);
        near(code, number(row, "mean_cost"), weighed(&kept), 1e-5);
        near(
            code,
            number(row, "score"),
            1000.0 * weighed(&kept) / mean_of_all,
            1e-5,
        );
    }
}

#[test]
fn same_records_build_the_same_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.csv");
    let arguments = [
        "generate",
        "-t",
        "pingdingshan-2025",
        "--cases",
        "2000",
        "--year",
        "2023",
        "-o",
    ];
    let (code, words) = dianzhi(&[&arguments[..], &[records.to_str().unwrap()]].concat());
    assert_eq!(code, 0, "{words}");
    let built = ["1", "2"].map(|threads| {
        let tables = folder.path().join(threads);
        let (code, words) = dianzhi(&[
            "calibrate",
            "--dip",
            records.to_str().unwrap(),
            "--parameters",
            PLAN,
            "-o",
            tables.to_str().unwrap(),
            "--threads",
            threads,
        ]);
        assert_eq!(code, 0, "{words}");
        [
            "scheme.toml",
            "groups.csv",
            "mean-costs.csv",
            "report.csv",
            "summary.csv",
        ]
        .map(|name| std::fs::read(tables.join("built-dip").join(name)).unwrap())
    });
    assert!(built[0] == built[1]);
}

/// `catalogue/plans.txt`: a change to the plan, and what is said of it.
#[test]
fn faults_of_a_plan_are_told() {
    let usual = std::fs::read_to_string(root().join(PLAN)).unwrap();
    let cases = std::fs::read_to_string(root().join("tests/catalogue/plans.txt")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.csv");
    let row = "case_id,sex,age,discharge_date,diagnoses,total_fee\n1,1,50,2023-05-03,K21.000,100.00\n";
    std::fs::write(&records, row).unwrap();
    let mut wrong = Vec::new();
    for case in cases.lines().filter(|line| !line.starts_with('#')) {
        let (change, expected) = case.split_once(" => ").unwrap();
        let (from, to) = change.split_once(" -> ").unwrap();
        assert!(usual.contains(from), "{from}");
        let plan = folder.path().join("plan.toml");
        std::fs::write(&plan, usual.replacen(from, &to.trim().replace("\\n", "\n"), 1)).unwrap();
        let out = folder.path().join("tables");
        let (code, words) = dianzhi(&[
            "calibrate",
            "--dip",
            records.to_str().unwrap(),
            "--parameters",
            plan.to_str().unwrap(),
            "-o",
            out.to_str().unwrap(),
        ]);
        let words = words.replace(&format!("{}/", folder.path().display()), "");
        if code != 2 || words.trim() != expected {
            wrong.push(format!("{change}\n   {code} {words}"));
        }
        assert!(!out.exists());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
