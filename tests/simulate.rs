//! Simulation: golden numbers of the toy region, what must not change, the shipped scenarios, bad
//! input.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dianzhi::api::{self, SimulateRequest, Simulation, Watch};
use dianzhi::diagnostics::Lang;
use dianzhi::records::Intake;
use dianzhi::scenarios::simulate::statistics::{
    cases_for_stable_ratio, gain_of_inflating, growth_that_holds, lognormal_cv, lognormal_sigma,
    poisson_sum_cv,
};
use dianzhi::scenarios::simulate::{
    BandOfRun, Bin, KeyPath, Mix, bisect, case_mix, lever_of, levers, limits,
};
use dianzhi::units::Fen;
use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn toy(name: &str) -> PathBuf {
    root().join("tests/simulate/toy").join(format!("{name}.toml"))
}

/// A simulation and its folder of results.
struct Done {
    folder: tempfile::TempDir,
    said: Simulation,
}

fn request(scenarios: &[PathBuf], output: &Path) -> SimulateRequest {
    SimulateRequest {
        scenarios: scenarios.to_vec(),
        intake: Intake::default(),
        codes: api::CodesRequest::default(),
        tables: vec![root().join("grouping-tables")],
        output: output.to_owned(),
    }
}

fn simulate_on(scenarios: &[PathBuf], threads: usize) -> Result<Done, String> {
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch {
        lang: Lang::En,
        threads,
        advance: &|_| {},
    };
    let said = api::simulate(&request(scenarios, folder.path()), &watch).map_err(|e| e.to_string())?;
    Ok(Done { folder, said })
}

fn simulate(scenario: PathBuf) -> Done {
    simulate_on(&[scenario], 2).unwrap()
}

type Row = BTreeMap<String, String>;

impl Done {
    fn rows(&self, table: &str) -> Vec<Row> {
        let mut reader = csv::Reader::from_path(self.folder.path().join(format!("{table}.csv"))).unwrap();
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

    /// The cell of the one row in which every named column has its value.
    fn cell(&self, table: &str, at: &[(&str, &str)], column: &str) -> String {
        let rows = self.rows(table);
        let fits = |row: &&Row| at.iter().all(|(name, value)| row[*name] == *value);
        let found: Vec<&Row> = rows.iter().filter(fits).collect();
        assert_eq!(found.len(), 1, "{table} {at:?}");
        found[0][column].clone()
    }

    fn number(&self, table: &str, at: &[(&str, &str)], column: &str) -> f64 {
        let cell = self.cell(table, at, column);
        cell.parse()
            .unwrap_or_else(|_| panic!("{table} {at:?} {column}: `{cell}`"))
    }

    fn point_value(&self, folder: &str) -> f64 {
        self.number(&format!("{folder}/pools"), &[("pool", "all")], "point_value")
    }

    fn due(&self, folder: &str, hospital: &str) -> Fen {
        Fen::parse_yuan(&self.cell(&format!("{folder}/hospitals"), &[("hospital", hospital)], "due")).unwrap()
    }
}

fn golden() -> Value {
    let text = fs::read_to_string(root().join("tests/simulate/toy/golden.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn near(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected} within {tolerance}"
    );
}

const HOSPITALS: [&str; 4] = ["H3A", "H3B", "H2A", "H1A"];

// ---- golden numbers of planning.md section 10 ---------------------------------------------------

/// G7: the lognormal of a published mean and median; T3 and T6.
#[test]
fn closed_forms_hold() {
    let sigma = lognormal_sigma(14019.62, 9649.21).unwrap();
    near("sigma", sigma, 0.864386, 1e-6);
    near("cv", lognormal_cv(sigma), 1.054042, 1e-6);
    near("T3", growth_that_holds(0.04, 0.02, 0.01), 0.071408, 1e-12);
    assert_eq!(cases_for_stable_ratio(1.0, 0.05), Some(1537));
    let forms = &golden()["extra"]["closed_forms"];
    let (gain, loss) = gain_of_inflating(33383.47330809659 / 63247.42533_f64, 0.05);
    near(
        "T2 gain",
        gain,
        forms["upcode_gain_s0.52782_x5pct"].as_f64().unwrap(),
        1e-4,
    );
    near("T2 loss", loss, forms["others_loss"].as_f64().unwrap(), 1e-4);
    near("T4", poisson_sum_cv(100_000.0, 1.2), 0.00493964, 1e-8);
    assert_eq!(lognormal_sigma(1.0, 2.0), None);
    assert_eq!(cases_for_stable_ratio(f64::NAN, 0.05), None);
}

/// G11: point value and pay of the toy region.
#[test]
fn toy_settles_to_the_fen() {
    let done = simulate(toy("empty"));
    let golden = golden();
    near(
        "point value",
        done.point_value("baseline"),
        golden["scenario"]["point_value"].as_f64().unwrap(),
        1e-6,
    );
    for hospital in HOSPITALS {
        let expected = golden["extra"]["settlement_fen"]["pay_fen"][hospital]
            .as_i64()
            .unwrap();
        assert_eq!(done.due("baseline", hospital), Fen::new(expected), "{hospital}");
    }
}

/// G12: one hospital, and all, raise their points (T2).
#[test]
fn upcoding_moves_money_or_nothing() {
    let (one, all) = (simulate(toy("upcode")), simulate(toy("upcode-all")));
    let golden = &golden()["scenario"];
    let expected = &golden["H3A_upcodes_5pct"];
    near(
        "one",
        one.point_value("reform"),
        expected["point_value"].as_f64().unwrap(),
        1e-6,
    );
    near(
        "all",
        all.point_value("reform"),
        golden["all_upcode_5pct_point_value"].as_f64().unwrap(),
        1e-6,
    );
    for hospital in HOSPITALS {
        assert_eq!(
            all.due("reform", hospital),
            all.due("baseline", hospital),
            "{hospital}"
        );
        let pay = expected["pay"][hospital].as_f64().unwrap();
        near(
            hospital,
            one.due("reform", hospital).fen() as f64 / 100.0,
            pay,
            0.01,
        );
    }
    near(
        "gain",
        one.number("hospitals", &[("hospital", "H3A")], "delta_pct"),
        2.300178,
        1e-4,
    );
    near(
        "loss",
        one.number("hospitals", &[("hospital", "H1A")], "delta_pct"),
        -2.571259,
        1e-4,
    );
}

/// G13: Shapley values and the waterfall of three levers, and their sums.
#[test]
fn attribution_is_fair_and_sums() {
    let done = simulate(toy("three"));
    let golden = golden();
    let names = [("budget", "budget"), ("coef", "coef2"), ("behaviour", "upcode")];
    for hospital in HOSPITALS {
        let mut sums = [Fen::ZERO; 2];
        for (lever, name) in names {
            let at = [("hospital", hospital), ("lever", lever)];
            let value = done.cell("shapley", &at, "value");
            let step = done.cell("waterfall", &at, "delta");
            let expected = golden["scenario"]["shapley"][hospital][name].as_f64().unwrap();
            near("shapley", value.parse().unwrap(), expected, 0.01 + 1e-9);
            let expected = golden["extra"]["waterfall_budget_coef2_upcode"][hospital][name]
                .as_f64()
                .unwrap();
            near("waterfall", step.parse().unwrap(), expected, 0.01 + 1e-9);
            sums[0] += Fen::parse_yuan(&value).unwrap();
            sums[1] += Fen::parse_yuan(&step).unwrap();
        }
        let total = done.due("reform", hospital) - done.due("baseline", hospital);
        assert_eq!(sums, [total; 2], "{hospital}");
    }
}

/// G14: all three levers: point value, bins, Gini.
#[test]
fn three_levers_together() {
    let done = simulate(toy("three"));
    let extra = &golden()["extra"];
    near(
        "point value",
        done.point_value("reform"),
        extra["reform_all_three"]["point_value"].as_f64().unwrap(),
        1e-6,
    );
    let bins = extra["winners_losers"]["reform_all_three"].as_array().unwrap();
    for (bin, count) in Bin::ALL.into_iter().zip(bins) {
        let at = [("by", "all"), ("bin", bin.as_str())];
        assert_eq!(
            done.cell("winners", &at, "hospitals"),
            count.to_string(),
            "{bin:?}"
        );
    }
    let gini = &extra["gini_payment_to_cost"];
    for (scenario, column, key) in [
        ("baseline", "gini", "baseline_unweighted"),
        ("baseline", "gini_by_cases", "baseline_case_weighted"),
        ("reform", "gini", "reform_unweighted"),
        ("reform", "gini_by_cases", "reform_case_weighted"),
    ] {
        near(
            key,
            done.number("fairness", &[("scenario", scenario)], column),
            gini[key].as_f64().unwrap(),
            1e-6,
        );
    }
    for hospital in HOSPITALS {
        for scenario in ["baseline", "reform"] {
            let key = if scenario == "reform" {
                "reform_all_three"
            } else {
                "baseline"
            };
            let expected = extra["payment_to_cost"][key][hospital].as_f64().unwrap();
            near(
                hospital,
                done.number(
                    &format!("{scenario}/hospitals"),
                    &[("hospital", hospital)],
                    "pay_to_cost",
                ),
                expected,
                1e-6,
            );
        }
    }
}

/// G15, T3, the heat map's diagonal, targets.
#[test]
fn studies_of_the_toy() {
    let done = simulate(toy("studies"));
    let expected = [
        ("behaviour.volume.all", 6.950841),
        ("budget.growth", 6.944585),
        ("behaviour.upcoding.hospital.H3A", 6.113449),
        ("policy.coef.values.level.2", 2.065687),
    ];
    let rows = done.rows("tornado");
    assert_eq!(rows.len(), expected.len());
    for (row, (key, range)) in rows.iter().zip(expected) {
        assert_eq!(row["key"], key);
        near(key, row["range"].parse().unwrap(), range, 1e-6);
    }
    let line: Vec<(String, String)> = done
        .rows("isoline")
        .into_iter()
        .map(|row| (row["x"].clone(), row["y"].clone()))
        .collect();
    assert_eq!(line.len(), 5, "{line:?}");
    for (x, y) in &line {
        near("diagonal", x.parse().unwrap(), y.parse().unwrap(), 1e-3);
    }
    let targets = done.rows("targets");
    near(
        "target",
        targets[0]["solution"].trim_end_matches('%').parse().unwrap(),
        5.0,
        1e-6,
    );
    assert_eq!(targets[1]["status"], "no_root_in_bracket");
    assert_eq!(
        done.rows("sweep")
            .iter()
            .filter(|row| row["metric"] == "point_value")
            .count(),
        3 * 2 * 2
    );
    let hold = simulate(toy("hold"));
    near(
        "T3",
        hold.cell("targets", &[("key", "budget.growth")], "solution")
            .trim_end_matches('%')
            .parse()
            .unwrap(),
        7.1408,
        1e-5,
    );
}

/// G16: spread of points by bootstrap and by Poisson volumes.
#[test]
fn draws_spread_as_they_must() {
    let done = simulate(toy("studies"));
    let golden = &golden()["extra"]["uncertainty"];
    let of = |level: &str, metric: &str, column: &str| {
        done.number(
            "draws",
            &[
                ("draw_level", level),
                ("scenario", "baseline"),
                ("metric", metric),
            ],
            column,
        )
    };
    let draws = 300.0_f64;
    let sd = golden["sd_points_case_bootstrap_within_hospital"]
        .as_f64()
        .unwrap();
    near(
        "hospital",
        of("case_in_hospital", "points.all", "sd"),
        sd,
        3.0 * sd / (2.0 * draws).sqrt(),
    );
    near("cell", of("case_in_cell", "point_value.all", "sd"), 0.0, 1e-9);
    let cv = golden["cv_points_poisson_volume"].as_f64().unwrap();
    let found = of("poisson_volume", "points.all", "sd") / of("poisson_volume", "points.all", "mean");
    near("poisson", found, cv, 3.0 * cv / (2.0 * draws).sqrt());
    let differences = done
        .rows("draws")
        .into_iter()
        .filter(|row| row["scenario"] == "difference");
    for row in differences.filter(|row| row["metric"].starts_with("point_value")) {
        near("paired", row["mean"].parse().unwrap(), 0.0, 0.0);
    }
}

/// G18: decomposition of the case mix, and cliffs of a corridor.
#[test]
fn micro_cases() {
    let extra = &golden()["extra"];
    let micro = &extra["cmi_decomposition_micro"];
    let mixes: Vec<Mix> = ["X1", "X3", "Y1"]
        .map(|group| {
            let of = |key: &str| micro[key][group].as_f64().unwrap();
            Mix {
                adrg: micro["adrg"][group].as_str().unwrap().to_owned(),
                cases: (of("cases_0"), of("cases_1")),
                weight: (of("w0"), of("w1")),
            }
        })
        .into();
    let found = case_mix(&mixes).unwrap();
    for (key, value) in [
        ("cmi0", found.old),
        ("cmi1", found.new),
        ("between_adrg", found.between),
        ("within_adrg", found.within),
        ("weight_table", found.weights),
    ] {
        near(key, value, micro[key].as_f64().unwrap(), 1e-9);
    }
    near(
        "sum",
        found.between + found.within + found.weights,
        found.new - found.old,
        1e-12,
    );
    let corridor = &extra["corridor_micro"];
    let bands: Vec<BandOfRun> = corridor["bands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|band| BandOfRun {
            to: band["to"].as_f64(),
            alpha: band["a"].as_f64().unwrap(),
            beta: band["b"].as_f64().unwrap(),
            slope_out_of_range: false,
        })
        .collect();
    let limits = limits(&bands, 1000.0);
    let cliffs: Vec<f64> = limits
        .iter()
        .filter(|limit| limit.is_cliff)
        .map(|limit| limit.at)
        .collect();
    assert_eq!(cliffs, [0.8]);
    for limit in &limits {
        let jump = corridor["jumps"][format!("{:?}", limit.at)].as_f64().unwrap();
        near("jump", limit.above - limit.below, jump, 1e-9);
    }
}

// ---- what must not change -----------------------------------------------------------------------

fn files(folder: &Path, below: &str) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder.join(below))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

#[test]
fn an_empty_reform_is_its_baseline() {
    for scenario in [toy("empty"), root().join("scenarios/unchanged.toml")] {
        let done = simulate(scenario);
        assert_eq!(
            files(done.folder.path(), "baseline"),
            files(done.folder.path(), "reform")
        );
        assert!(done.rows("changes").is_empty());
        assert!(done.rows("hospitals").iter().all(|row| row["delta"] == "0.00"));
        let twice = done
            .rows("stages")
            .iter()
            .filter(|row| row["run"] != "baseline" && row["reused"] == "no")
            .count();
        assert_eq!(twice, 0, "an empty reform computes nothing");
    }
}

/// A lever of the settlement computes no points; one of the points reads no records.
#[test]
fn runs_start_where_a_change_is() {
    let done = simulate(toy("three"));
    let computed = |run: &str| -> Vec<String> {
        let rows = done
            .rows("stages")
            .into_iter()
            .filter(|row| row["run"] == run && row["reused"] == "no");
        rows.map(|row| row["stage"].clone()).collect()
    };
    assert_eq!(computed("budget"), ["settle"]);
    assert_eq!(computed("behaviour"), ["settle"]);
    assert_eq!(computed("reform"), ["score", "settle"]);
    assert_eq!(computed("coef"), ["settle"]);
}

#[test]
fn threads_change_nothing() {
    let hashes = [1, 2, 8].map(|threads| simulate_on(&[toy("draws")], threads).unwrap().said.result_hash);
    assert_eq!(hashes[0], hashes[1]);
    assert_eq!(hashes[0], hashes[2]);
}

/// Σ pay = budget, whatever the reform.
#[test]
fn pay_sums_to_the_budget() {
    for scenario in ["upcode", "three", "hold"] {
        let done = simulate(toy(scenario));
        for folder in ["baseline", "reform"] {
            let pool = done.rows(&format!("{folder}/pools")).remove(0);
            assert_eq!(pool["budget"], pool["due"], "{scenario}");
        }
    }
}

/// Cases in any order, and a hospital split in two, give the same sums.
#[test]
fn order_and_splitting_change_no_sum() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(root().join("tests/simulate/toy")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let cases = folder.path().join("cases.csv");
    let text = fs::read_to_string(&cases).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let mut backward: Vec<&str> = rows.lines().collect();
    backward.reverse();
    fs::write(&cases, format!("{header}\n{}\n", backward.join("\n"))).unwrap();
    let before = simulate(toy("three"));
    let turned = simulate(folder.path().join("three.toml"));
    for table in ["baseline", "reform"] {
        assert_eq!(
            files(before.folder.path(), table),
            files(turned.folder.path(), table)
        );
    }
    let split: Vec<String> = backward
        .iter()
        .enumerate()
        .map(|(at, row)| {
            if at % 2 == 0 {
                row.replace(",H3A,", ",H3Z,")
            } else {
                (*row).to_owned()
            }
        })
        .collect();
    fs::write(&cases, format!("{header}\n{}\n", split.join("\n"))).unwrap();
    let parts = simulate(folder.path().join("empty.toml"));
    let sum = parts.due("baseline", "H3A") + parts.due("baseline", "H3Z");
    assert!(
        (sum - before.due("baseline", "H3A")).fen().abs() <= 1,
        "to the fen of one rounding"
    );
}

#[test]
fn every_lever_is_said_in_both_languages() {
    assert!(levers().len() > 90);
    for lever in levers() {
        assert!(
            !lever.sentence(Lang::En).is_empty() && !lever.sentence(Lang::Zh).is_empty(),
            "{}",
            lever.path
        );
        let path = KeyPath::parse(&lever.path.replace('*', "X")).unwrap();
        assert_eq!(
            lever_of(&path).unwrap().path,
            lever.path,
            "the closest row of a path is its own"
        );
    }
}

#[test]
fn targets_say_when_there_is_no_one_root() {
    for (name, gap, status) in [
        ("root", (|x| x * x * x - 2.0) as fn(f64) -> f64, "root"),
        ("none", |x| x + 10.0, "no_root_in_bracket"),
        ("turns", |x| (x - 0.5).powi(2) - 0.1, "not_monotone"),
    ] {
        let found = bisect(0.0, 2.0, &mut |x| Ok(Some(gap(x)))).unwrap();
        assert_eq!(found.1, status, "{name}");
        if let Some(root) = found.0 {
            near(name, root, 2.0_f64.cbrt(), 1e-9);
        }
    }
}

// ---- shipped scenarios ----------------------------------------------------------------------------

const SHIPPED: [&str; 6] = [
    "unchanged",
    "budget-plus-5",
    "outlier-thresholds",
    "level-coefficients",
    "new-grouper",
    "upcoding-stress",
];

/// Tables whose content is kept for each shipped scenario.
const KEPT: [&str; 4] = ["headline", "hospitals", "changes", "remarks"];

#[test]
fn shipped_scenarios_give_what_is_stored() {
    for name in SHIPPED {
        let done = simulate(root().join(format!("scenarios/{name}.toml")));
        let stored = root().join("tests/simulate/shipped").join(name);
        for table in KEPT {
            let found = fs::read_to_string(done.folder.path().join(format!("{table}.csv"))).unwrap();
            let found = found.replace(&format!("{}/", root().display()), "");
            let file = stored.join(format!("{table}.csv"));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::create_dir_all(&stored).unwrap();
                fs::write(&file, &found).unwrap();
            }
            assert_eq!(
                found,
                fs::read_to_string(&file).unwrap_or_default(),
                "{name}: {table}"
            );
        }
        let run: Value =
            serde_json::from_slice(&fs::read(done.folder.path().join("run.json")).unwrap()).unwrap();
        assert!(!run["purpose"].as_str().unwrap().is_empty(), "{name}");
        for field in [
            "input_hash",
            "table_hash",
            "policy_hash",
            "baseline_hash",
            "result_hash",
        ] {
            assert_eq!(run[field].as_str().unwrap().len(), 64, "{name}: {field}");
        }
        assert!(
            run["residual"]
                .as_array()
                .unwrap()
                .iter()
                .all(|pool| pool["residual_fen"] == 0),
            "{name}"
        );
    }
}

/// The baseline is what `run` gives: same hospitals, same dues.
#[test]
fn the_baseline_is_what_a_run_pays() {
    let done = simulate(root().join("scenarios/unchanged.toml"));
    let folder = tempfile::tempdir().unwrap();
    let request = api::RunRequest {
        scenario: root().join("scenarios/sample-region.toml"),
        records: None,
        intake: Intake::default(),
        codes: api::CodesRequest::default(),
        tables: vec![root().join("grouping-tables")],
        output: folder.path().to_owned(),
    };
    let watch = Watch {
        lang: Lang::En,
        threads: 2,
        advance: &|_| {},
    };
    let ran = api::run(&request, &watch).unwrap();
    let mut dues: BTreeMap<String, Fen> = BTreeMap::new();
    for hospital in ran
        .result
        .pools
        .iter()
        .flat_map(|pool| &pool.settlement.hospitals)
    {
        *dues.entry(hospital.hospital.clone()).or_insert(Fen::ZERO) += hospital.due;
    }
    for (hospital, due) in dues {
        assert_eq!(done.due("baseline", &hospital), due, "{hospital}");
    }
}

/// Margins of the crosswalk are both group tables.
#[test]
fn crosswalk_margins_match_both_groupers() {
    let done = simulate(root().join("scenarios/new-grouper.toml"));
    for (folder, column) in [("baseline", "old_group"), ("reform", "new_group")] {
        let mut cases: BTreeMap<String, u64> = BTreeMap::new();
        for row in done.rows("crosswalk") {
            *cases.entry(row[column].clone()).or_insert(0) += row["cases"].parse::<u64>().unwrap();
        }
        for row in done.rows(&format!("{folder}/groups")) {
            assert_eq!(
                cases[&row["group"]].to_string(),
                row["cases"],
                "{folder} {}",
                row["group"]
            );
        }
    }
    let mix = done.rows("case_mix").remove(0);
    let of = |column: &str| mix[column].parse::<f64>().unwrap();
    near(
        "case mix",
        of("between") + of("within") + of("weight_table"),
        of("new_cmi") - of("old_cmi"),
        1e-8,
    );
}

/// Every chart of the report has its table, and every table its row in the dictionary.
#[test]
fn the_report_stands_alone() {
    for (lang, word) in [
        (Lang::En, "Who is affected by which lever?"),
        (Lang::Zh, "谁受哪项杠杆影响"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let watch = Watch {
            lang,
            threads: 2,
            advance: &|_| {},
        };
        api::simulate(&request(&[toy("studies")], folder.path()), &watch).unwrap();
        let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
        assert!(page.contains(word));
        assert!(
            !page.contains("src=\"http") && !page.contains("<link"),
            "it needs no network"
        );
        assert!(page.matches("data-chart=").count() >= 6);
        let done = Done {
            folder,
            said: simulate(toy("empty")).said,
        };
        let described = done.rows("dictionary");
        for table in ["impact", "hospitals", "tornado", "heatmap", "draws"] {
            assert!(described.iter().any(|row| row["file"] == table), "{table}");
        }
        let blank: Vec<&Row> = described
            .iter()
            .filter(|row| row["en"].is_empty() || row["zh"].is_empty())
            .collect();
        assert!(blank.is_empty(), "{blank:?}");
    }
}

// ---- the same again ---------------------------------------------------------------------------

/// The toy region in a folder of its own, its cases with months and patients, as another program may save
/// them: in GBK, the first hospital under a Chinese name.
fn richer_toy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(root().join("tests/simulate/toy")).unwrap() {
        let path = entry.unwrap().path();
        let to = folder.path().join(path.file_name().unwrap());
        match path.extension().and_then(|end| end.to_str()) {
            Some("toml") => {
                let text = fs::read_to_string(&path).unwrap();
                fs::write(to, text.replace("H3A", "三甲院")).unwrap();
            }
            _ => drop(fs::copy(&path, to).unwrap()),
        }
    }
    let cases = fs::read_to_string(root().join("tests/simulate/toy/cases.csv")).unwrap();
    let mut text = String::new();
    for (at, row) in cases.lines().enumerate() {
        let row = row.replace(",H3A,", ",三甲院,");
        let more = match at {
            0 => "month,sex,age,insured_scheme".to_owned(),
            at => {
                let scheme = if at % 3 == 0 { "employee" } else { "resident" };
                format!("2026-{:02},{},{},{scheme}", 1 + at % 12, 1 + at % 2, at % 97)
            }
        };
        text.push_str(&format!("{row},{more}\n"));
    }
    let (gbk, _, lossy) = encoding_rs::GBK.encode(&text);
    assert!(!lossy);
    fs::write(folder.path().join("cases.csv"), gbk).unwrap();
    folder
}

fn run_json(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("run.json")).unwrap()).unwrap()
}

/// Not the language, not the folder of the scenario, not the number of threads.
#[test]
fn the_hash_of_results_is_of_numbers_alone() {
    let (one, other) = (richer_toy(), richer_toy());
    let mut hashes = Vec::new();
    for (toy, lang, threads) in [(&one, Lang::En, 1), (&other, Lang::Zh, 2)] {
        let output = tempfile::tempdir().unwrap();
        let watch = Watch {
            lang,
            threads,
            advance: &|_| {},
        };
        let scenario = toy.path().join("panels.toml");
        let said = api::simulate(&request(&[scenario], output.path()), &watch).unwrap();
        let changes = fs::read_to_string(output.path().join("changes.csv")).unwrap();
        assert!(
            changes.contains(&*toy.path().to_string_lossy()),
            "places are told"
        );
        let run = run_json(output.path());
        assert_eq!(run["result_hash"], said.result_hash.as_str());
        let fields = [
            "result_hash",
            "input_hash",
            "policy_hash",
            "baseline_hash",
            "table_hash",
        ];
        hashes.push(fields.map(|field| run[field].clone()));
    }
    assert_eq!(hashes[0], hashes[1]);
}

/// Every hash has one form, every file of results is listed with its own, warnings are counted.
#[test]
fn the_page_of_a_run_says_what_made_it() {
    let toy = richer_toy();
    let done = simulate(toy.path().join("panels.toml"));
    let run = run_json(done.folder.path());
    let hex = |value: &Value| {
        let text = value.as_str().unwrap();
        text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    for (list, name) in [("inputs", "path"), ("outputs", "name")] {
        for file in run[list].as_array().unwrap() {
            assert!(hex(&file["sha256"]), "{file}");
            let path = Path::new(file[name].as_str().unwrap());
            let path = if list == "inputs" {
                path.to_owned()
            } else {
                done.folder.path().join(path)
            };
            let bytes = fs::read(&path).unwrap();
            assert_eq!(sha256(&bytes), file["sha256"], "{}", path.display());
        }
    }
    assert_eq!(run["command"], "simulate");
    assert_eq!(run["version"]["source"].as_str().unwrap().len(), 32);
    assert!(hex(&run["version"]["lock_hash"]));
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for row in done.rows("remarks") {
        *counted.entry(row["code"].clone()).or_insert(0) += 1;
    }
    assert_eq!(counted["without_effect"], 1, "scores that no rule asks for");
    assert_eq!(run["warnings"], serde_json::to_value(&counted).unwrap());
    assert!(
        done.said
            .remarks
            .iter()
            .any(|remark| remark.code == "without_effect")
    );
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    dianzhi::diagnostics::hexadecimal(&sha2::Sha256::digest(bytes))
}

/// A second run takes away what the first one wrote and it does not; nothing else.
#[test]
fn old_tables_do_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str| {
        let watch = Watch {
            lang: Lang::En,
            threads: 2,
            advance: &|_| {},
        };
        api::simulate(&request(&[toy(name)], folder.path()), &watch).unwrap()
    };
    let there = |name: &str| folder.path().join(name).exists();
    assert!(run("studies").left.is_empty());
    assert!(there("tornado.csv") && there("heatmap.csv"));
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    fs::write(folder.path().join("heatmap.csv"), "mine too").unwrap();
    let said = run("empty");
    assert!(!there("tornado.csv") && !there("draws.csv") && !there("isoline.csv"));
    assert!(there("notes.txt") && there("heatmap.csv") && there("impact.csv"));
    assert_eq!(said.left, [folder.path().join("heatmap.csv")]);
    // what another command wrote is none of ours
    let page = fs::read_to_string(folder.path().join("run.json")).unwrap();
    let other = page.replace("\"command\": \"simulate\"", "\"command\": \"run\"");
    assert_ne!(page, other);
    fs::write(folder.path().join("run.json"), other).unwrap();
    fs::write(folder.path().join("shapley.csv"), "theirs").unwrap();
    run("empty");
    assert!(there("heatmap.csv"));
}

// ---- who, in which months, by how much ----------------------------------------------------------

/// Kinds of patients sum to the whole, and each is what its points earn.
#[test]
fn every_kind_of_patient_is_told() {
    let toy = richer_toy();
    let done = simulate(toy.path().join("panels.toml"));
    let rows = done.rows("patients");
    for by in ["insured_scheme", "sex", "age_band"] {
        for (folder, column) in [("baseline", "base_due"), ("reform", "reform_due")] {
            let fen = |text: &str| Fen::parse_yuan(text).unwrap();
            let parts = rows.iter().filter(|row| row["by"] == by);
            let sum: Fen = parts.map(|row| fen(&row[column])).sum();
            let whole: Fen = done
                .rows(&format!("{folder}/hospitals"))
                .iter()
                .map(|row| fen(&row["due"]))
                .sum();
            assert_eq!(sum, whole, "{by} {column}");
        }
    }
    assert_eq!(rows.iter().filter(|row| row["by"] == "age_band").count(), 5);
    let value = done.point_value("reform");
    for row in &rows {
        let points: f64 = row["reform_points"].parse().unwrap();
        near(
            &row["part"],
            row["reform_due"].parse().unwrap(),
            points * value,
            0.05,
        );
    }
    // what the records do not tell is not made up
    assert!(
        !simulate(self::toy("three"))
            .folder
            .path()
            .join("patients.csv")
            .exists()
    );
}

/// The fan is wide at the beginning of the year and closes at its end, for the baseline and the reform.
#[test]
fn the_fan_narrows_to_the_year() {
    let toy = richer_toy();
    let done = simulate(toy.path().join("panels.toml"));
    for scenario in ["baseline", "reform"] {
        let rows = done.rows("fan");
        let rows: Vec<&Row> = rows.iter().filter(|row| row["scenario"] == scenario).collect();
        assert_eq!(rows.len(), 12);
        let of = |row: &Row, column: &str| row[column].parse::<f64>().unwrap();
        let width = |row: &Row| of(row, "p95") - of(row, "p5");
        assert!(width(rows[0]) > 0.0, "months to come are not known in the first");
        assert!(width(rows[0]) > width(rows[10]) && width(rows[10]) > width(rows[11]));
        near("the last month", width(rows[11]), 0.0, 0.0);
        near("the year", of(rows[11], "p50"), done.point_value(scenario), 1e-6);
        near(
            "the year",
            of(rows[11], "pre_settled"),
            done.point_value(scenario),
            1e-6,
        );
    }
    let of = |scenario: &str| {
        let at = [("scenario", scenario), ("month", "2026-01")];
        done.number("fan", &at, "p50")
    };
    near("same draws", of("reform") / of("baseline"), 1.03, 1e-6);
}

/// Each metric of a tornado has a base and a chart of its own.
#[test]
fn a_tornado_has_a_panel_for_each_metric() {
    let toy = richer_toy();
    let done = simulate(toy.path().join("panels.toml"));
    let mut bases: BTreeMap<String, String> = BTreeMap::new();
    for row in done.rows("tornado") {
        let known = bases.entry(row["metric"].clone()).or_insert(row["base"].clone());
        assert_eq!(*known, row["base"]);
    }
    assert_eq!(bases.len(), 3, "{bases:?}");
    let at = |metric: &str| done.number("headline", &[("metric", metric)], "reform");
    for metric in ["point_value", "worst_level_margin"] {
        near(metric, bases[metric].parse().unwrap(), at(metric), 1e-6);
    }
    let page = fs::read_to_string(done.folder.path().join("report.html")).unwrap();
    // no key moves the balance of this pool
    assert_eq!(page.matches("data-chart=\"tornado\"").count(), 2);
    assert_eq!(page.matches("data-chart=\"fan\"").count(), 2);
    assert!(page.contains("class=\"cards\""));
    for (metric, panels) in [("point_value", 1), ("worst_level_margin", 1), ("fund_balance", 0)] {
        let title = format!("<figcaption>{metric} (");
        let found = page.matches(&title).count();
        assert!(found >= panels, "{metric}: {found}");
    }
}

/// One level behaves so: nobody else does in the first row, all in the last column of the matrix.
#[test]
fn a_stress_test_says_who_has_what_of_it() {
    let done = simulate(toy("panels-without-months"));
    let at = |level: &str, value: &str| [("level", level.to_owned()), ("value", value.to_owned())];
    let reached = |level: &str, value: &str, metric: &str| {
        let [level, value] = at(level, value);
        let at = [(level.0, &*level.1), (value.0, &*value.1), ("metric", metric)];
        done.number("stress", &at, "under_stress")
    };
    near(
        "none",
        reached("3", "0%", "point_value"),
        done.point_value("reform"),
        1e-6,
    );
    assert!(reached("3", "10%", "point_value") < reached("3", "5%", "point_value"));
    assert!(reached("3", "10%", "pay.level.3") > reached("3", "0%", "pay.level.3"));
    assert!(reached("3", "10%", "pay.level.1") < reached("3", "0%", "pay.level.1"));
    for row in done.rows("pay_off") {
        let of = |column: &str| row[column].parse::<f64>().unwrap();
        // where all do, nobody has anything of it: the same money is shared alike
        near("all", of("all_do"), of("nobody_does"), 0.01);
        assert!(of("level_does") > of("nobody_does") && of("others_do") < of("nobody_does"));
    }
}

/// Light stays of level 3 move to level 1: none is lost, the heavy ones stay.
#[test]
fn light_stays_move_to_a_lower_level() {
    let done = simulate(toy("sorting"));
    let of = |folder: &str, hospital: &str, column: &str| {
        let table = format!("{folder}/hospitals");
        done.number(&table, &[("hospital", hospital)], column)
    };
    let all = |folder: &str| {
        HOSPITALS
            .map(|hospital| of(folder, hospital, "cases"))
            .iter()
            .sum::<f64>()
    };
    near("cases", all("reform"), all("baseline"), 0.0);
    assert!(of("reform", "H1A", "cases") > of("baseline", "H1A", "cases"));
    assert!(of("reform", "H3A", "cases") < of("baseline", "H3A", "cases"));
    near(
        "level 2",
        of("reform", "H2A", "cases"),
        of("baseline", "H2A", "cases"),
        0.0,
    );
    assert!(of("reform", "H3A", "cmi") > of("baseline", "H3A", "cmi"));
    // the coefficient of the hospital that takes them is theirs
    let pool = |folder: &str| done.number(&format!("{folder}/pools"), &[("pool", "all")], "points");
    assert!(pool("reform") < pool("baseline"));
}

/// Weights of the toy's file are arithmetic means of all its cases: made again, they pay the same; trimmed
/// otherwise, they are the golden ones of that rule.
#[test]
fn calibration_is_a_lever_like_any_other() {
    let (same, trimmed) = (simulate(toy("calibrated")), simulate(toy("calibrated-trim")));
    for hospital in HOSPITALS {
        let apart = same.due("reform", hospital) - same.due("baseline", hospital);
        assert!(apart.fen().abs() <= 1, "{hospital}: {apart}");
    }
    let golden = fs::read_to_string(root().join("tests/golden/planning/toy_golden.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    for (group, expected) in golden["iqr1.5"]["weights"].as_object().unwrap() {
        let found = trimmed.number("reform/groups", &[("group", group)], "weight");
        near(group, found, expected.as_f64().unwrap(), 1e-9);
    }
    let changes = trimmed.rows("changes");
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["lever"], "weights");
    assert!(
        trimmed
            .rows("assumptions")
            .iter()
            .any(|row| row["path"] == "calibration.weights.trim")
    );
    let stages = trimmed.rows("stages");
    let computed = |stage: &str| {
        let of = |row: &&Row| row["run"] == "reform" && row["stage"] == stage && row["reused"] == "no";
        stages.iter().filter(of).count()
    };
    assert_eq!(
        (computed("cases"), computed("score")),
        (0, 1),
        "no record is read anew"
    );
}

/// Coded cases are grouped by the scheme of each scenario as they are read.
#[test]
fn coded_cases_are_grouped_anew() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // the sample has copies of records, which a table of cases may not have
    let mut reader = csv::Reader::from_path(root().join("scenarios/sample-region/records.csv")).unwrap();
    let id = reader
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "case_id")
        .unwrap();
    let mut writer = csv::Writer::from_path(at("records.csv")).unwrap();
    writer.write_record(reader.headers().unwrap()).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for record in reader.records().filter_map(Result::ok) {
        if seen.insert(record[id].to_owned()) {
            writer.write_record(&record).unwrap();
        }
    }
    writer.flush().unwrap();
    let pack = api::PackRequest {
        records: at("records.csv"),
        intake: Intake::default(),
        output: at("cases.dzc"),
        findings: None,
    };
    let watch = Watch {
        lang: Lang::En,
        threads: 2,
        advance: &|_| {},
    };
    api::pack(&pack, &watch).unwrap();
    let sample = root().join("scenarios");
    let base = fs::read_to_string(root().join("tests/simulate/toy/base.toml")).unwrap();
    let base = base
        .replace(
            "cases = \"cases.csv\"",
            &format!(
                "cases = \"cases.dzc\"\nscheme = \"chs-drg-1.0\"\nhospitals = \"{}\"",
                sample.join("sample-region/hospitals.csv").display()
            ),
        )
        .replace(
            "weights.csv",
            &sample
                .join("weights/sample-chs-drg-1.0.csv")
                .display()
                .to_string(),
        );
    fs::write(at("base.toml"), base).unwrap();
    let policy = fs::read_to_string(root().join("tests/simulate/toy/policy.toml")).unwrap();
    fs::write(at("policy.toml"), policy).unwrap();
    let weights = sample.join("weights/sample-chs-drg-1.1.csv");
    fs::write(
        at("new.toml"),
        format!(
            "schema = 1\nscenario = {{ id = \"new\", baseline = \"base.toml\" }}\nscheme = \"chs-drg-1.1\"\nweights = \"{}\"\n",
            weights.display()
        ),
    )
    .unwrap();
    let done = simulate(at("new.toml"));
    let rows = done.rows("crosswalk");
    assert!(rows.iter().any(|row| row["old_group"] != row["new_group"]));
    let cases: u64 = rows.iter().map(|row| row["cases"].parse::<u64>().unwrap()).sum();
    let counts = &run_json(done.folder.path())["counts"];
    let left_out = counts["rejected"].as_u64().unwrap() + counts["without_money"].as_u64().unwrap();
    assert_eq!(
        cases + left_out,
        counts["read"].as_u64().unwrap(),
        "nothing is dropped silently"
    );
    // the same cases as the other form of the records has
    let other = simulate(root().join("scenarios/new-grouper.toml"));
    let moved = |done: &Done| -> BTreeMap<(String, String), u64> {
        let rows = done.rows("crosswalk").into_iter();
        rows.map(|row| {
            (
                (row["old_group"].clone(), row["new_group"].clone()),
                row["cases"].parse().unwrap(),
            )
        })
        .collect()
    };
    let (coded, plain) = (moved(&done), moved(&other));
    for (pair, cases) in &plain {
        assert!(coded.get(pair).is_some_and(|coded| coded >= cases), "{pair:?}");
    }
    assert_eq!(
        done.rows("patients")
            .iter()
            .filter(|row| row["by"] == "sex")
            .count(),
        2
    );
}

/// T5: the money of high multiples falls as the multiple rises, so a share of it has one multiple.
#[test]
fn the_money_of_high_multiples_is_monotone() {
    let done = simulate(toy("multiples"));
    let shares: Vec<f64> = done
        .rows("sweep")
        .iter()
        .filter(|row| row["metric"] == "high_money_share")
        .map(|row| row["reform"].parse().unwrap())
        .collect();
    assert_eq!(shares.len(), 5);
    assert!(shares.windows(2).all(|pair| pair[0] >= pair[1]), "{shares:?}");
    assert!(shares[0] > shares[4]);
    let target = done.rows("targets").remove(0);
    assert!(
        ["root", "no_root_in_bracket"].contains(&&*target["status"]),
        "{target:?}"
    );
}

/// What is not defined says why, in the table and in words.
#[test]
fn no_value_has_a_reason() {
    let done = simulate(toy("leave"));
    let reason = |metric: &str| done.cell("headline", &[("metric", metric)], "reason");
    assert_eq!(reason("point_value"), "reform: no_points");
    assert_eq!(reason("worst_level_margin"), "reform: no_cost");
    assert_eq!(reason("pay"), "");
    let said = done
        .said
        .headline
        .iter()
        .find(|of| of.metric == "point_value")
        .unwrap();
    assert_eq!(said.reform.unwrap_err().words.zh, "没有按点数分配基金的病例");
}

/// Cases in another encoding than said, and options that are for records, are refused in words.
#[test]
fn the_door_of_records_is_that_of_cases() {
    let toy = richer_toy();
    let run = |intake: Intake| {
        let output = tempfile::tempdir().unwrap();
        let mut request = request(&[toy.path().join("empty.toml")], output.path());
        request.intake = intake;
        let watch = Watch {
            lang: Lang::En,
            threads: 1,
            advance: &|_| {},
        };
        api::simulate(&request, &watch).map_err(|e| e.to_string())
    };
    let encoding = |name: &str| Intake {
        encoding: Some(dianzhi::records::Encoding::typed(name).unwrap()),
        ..Intake::default()
    };
    assert!(run(encoding("gbk")).is_ok() && run(Intake::default()).is_ok());
    let said = run(encoding("utf-8")).err().unwrap();
    assert!(
        said.contains("cases.csv:2: this row cannot be read; expected text in the encoding of the file"),
        "{said}"
    );
    let said = run(Intake {
        keep: vec!["x".to_owned()],
        ..Intake::default()
    });
    assert!(said.err().unwrap().contains("`--keep` is for `records`"));
    let text = fs::read_to_string(root().join("tests/simulate/toy/cases.csv")).unwrap();
    fs::write(toy.path().join("cases.csv"), text.replace(',', ";")).unwrap();
    assert!(run(Intake::default()).is_err());
    let semicolons = Intake {
        delimiter: Some(b';'),
        ..Intake::default()
    };
    // the hospital of another name is in no case now, and nothing asks for it
    assert!(run(semicolons).is_ok());
}

// ---- bad input ----------------------------------------------------------------------------------

/// Each folder of `tests/simulate/bad` is a scenario and what is said of it.
#[test]
fn bad_scenarios_are_said_in_words() {
    let folder = root().join("tests/simulate/bad");
    let mut names: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    names.sort();
    assert!(names.len() >= 12);
    for scenario in names {
        let said = simulate_on(std::slice::from_ref(&scenario), 1)
            .err()
            .unwrap_or_else(|| panic!("{} runs", scenario.display()));
        for line in said.lines() {
            let (_, message) = line.split_once(": ").unwrap();
            let zh = dianzhi::diagnostics::in_chinese(message);
            assert!(zh.is_some(), "no Chinese for: {message}");
        }
        let said = said.replace(&format!("{}/", root().display()), "");
        let expected = scenario.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&expected, format!("{said}\n")).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(format!("{said}\n"), expected, "{}", scenario.display());
    }
}

/// Values as in the baseline and values set twice are warnings.
#[test]
fn composition_says_what_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let base = toy("base");
    let write = |name: &str, body: &str| {
        let path = folder.path().join(name);
        let head = format!(
            "schema = 1\nscenario = {{ id = \"{name}\", baseline = \"{}\" }}\n",
            base.display()
        );
        fs::write(&path, head + body).unwrap();
        path
    };
    let first = write(
        "a.toml",
        "budget.growth = \"3%\"\npolicy.coef.values.level.2 = \"0.85\"\n",
    );
    let second = write("b.toml", "budget.growth = \"5%\"\n");
    let done = simulate_on(&[first, second], 1).unwrap();
    let codes: Vec<&str> = done.said.remarks.iter().map(|remark| remark.code).collect();
    assert_eq!(codes, ["conflict", "no_effect"]);
    assert_eq!(done.rows("changes").len(), 1);
    assert_eq!(
        done.cell("changes", &[("path", "budget.growth")], "after"),
        "\"5%\""
    );
    let frozen = write(
        "c.toml",
        &format!("scenario.baseline_hash = \"{}\"\n", done.said.baseline_hash),
    );
    let text = fs::read_to_string(&frozen).unwrap();
    let text = text
        .replace(" }\nscenario.baseline_hash = ", ", baseline_hash = ")
        .replace("\"\n", "\" }\n");
    fs::write(&frozen, &text).unwrap();
    simulate_on(std::slice::from_ref(&frozen), 1).unwrap();
    fs::write(&frozen, text.replace(&done.said.baseline_hash, "0000")).unwrap();
    let said = simulate_on(&[frozen], 1).err().unwrap();
    assert!(
        said.contains("`scenario.baseline_hash` is `0000`, but the baseline `toy` is now"),
        "{said}"
    );
}
