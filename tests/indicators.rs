//! Indicators against the golden numbers of the planning specification (`tests/golden/planning`), and
//! against counting again the plain way.
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

use dianzhi::diagnostics::Place;
use dianzhi::points::calibration::{Estimator, Missing, SeenStay, Statistic, Stays, StaysReader};
use dianzhi::scenarios::Discharges;
use dianzhi::scenarios::performance::{
    Better, Deaths, IndicatorPlan, Indicators, Ranked, Reference, Unit, UnitKind, adjusted_p, exact_limits,
    indicators, mid_p_upper, rank_sum_ratios, rate, shrunk_ratio, two_sided_p, upper_tail,
};
use proptest::prelude::*;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn golden() -> Value {
    let file = root().join("tests/golden/planning/toy_golden.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// A case of the toy set: hospital, department, group, fen, hundredths of a day, death.
type Row = (String, String, String, i64, u32, bool);

fn toy_rows() -> Vec<Row> {
    let mut reader = csv::Reader::from_path(root().join("tests/golden/planning/toy_cases.csv")).unwrap();
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| {
        let fen = row[4].replace('.', "").parse().unwrap();
        let days = row[5].parse::<u32>().unwrap() * 100;
        (
            row[1].to_owned(),
            row[3][..1].to_owned(),
            row[3].to_owned(),
            fen,
            days,
            &row[6] == "1",
        )
    })
    .collect()
}

fn stays_of(rows: &[Row]) -> (Stays, Discharges) {
    let mut reader = StaysReader::new(0, 0);
    let mut discharges = Discharges::new();
    for (hospital, department, group, cost, los, died) in rows {
        let unit = discharges
            .entry((hospital.clone(), department.clone()))
            .or_default();
        unit.all += 1;
        unit.grouped += 1;
        reader.add(&SeenStay {
            group,
            mdc: &group[..1],
            hospital,
            department,
            cost: *cost,
            los: Some(*los),
            died: *died,
            ..SeenStay::default()
        });
    }
    (reader.finish(), discharges)
}

fn plan(change: &[(&str, &str)]) -> IndicatorPlan {
    let mut text = fs::read_to_string(root().join("scenarios/indicators.toml")).unwrap();
    for (from, to) in change {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    IndicatorPlan::parse(&Place::file(Path::new("plan.toml")), &text).unwrap()
}

/// Indicators by arithmetic weights that are not rounded, as the golden numbers are.
fn made(rows: &[Row], plan: &IndicatorPlan) -> Indicators {
    let (stays, discharges) = stays_of(rows);
    let weights = Estimator::Arithmetic.weights(&stays, &stays.all).unwrap().weights;
    let reference = Reference::of(&stays, &plan.reference);
    indicators(&stays, &discharges, &weights, (&reference, plan))
}

fn near(found: Statistic, expected: &Value, what: &str) {
    let (found, expected) = (found.unwrap(), expected.as_f64().unwrap());
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        "{what}: {found}, expected {expected}"
    );
}

fn hospitals(made: &Indicators) -> impl Iterator<Item = &Unit> {
    made.units.iter().filter(|unit| unit.kind == UnitKind::Hospital)
}

#[test]
fn hospitals_of_the_toy_set() {
    // tolerance of the file: 1e-9
    let golden = golden();
    let made = made(&toy_rows(), &plan(&[]));
    assert_eq!(hospitals(&made).count(), 4);
    for unit in hospitals(&made) {
        let expected = &golden["hospital"][&unit.hospital];
        assert_eq!(Some(unit.totals.cases), expected["cases"].as_u64());
        assert_eq!(Some(unit.groups_of[0] as u64), expected["drg_groups"].as_u64());
        near(Ok(unit.total_weight), &expected["total_weight"], "total weight");
        near(unit.cmi, &expected["cmi"], "cmi");
        near(
            unit.efficiency.cost.norm,
            &expected["CEI_mean_of_ratios"],
            "cost norm",
        );
        near(
            unit.efficiency.time.norm,
            &expected["TEI_mean_of_ratios"],
            "time norm",
        );
        near(
            unit.efficiency.cost.o_over_e,
            &expected["CEI_O_over_E"],
            "cost o_over_e",
        );
        near(
            unit.efficiency.time.o_over_e,
            &expected["TEI_O_over_E"],
            "time o_over_e",
        );
        near(unit.mean_cost(), &expected["mean_cost"], "mean cost");
        let deaths = &golden["extra"]["mortality_by_hospital"][&unit.hospital];
        assert_eq!(Some(unit.deaths.observed), deaths["O"].as_u64());
        near(Ok(unit.deaths.expected), &deaths["E"], "expected deaths");
        assert_eq!(Some(unit.low_risk.0), deaths["low_risk_cases"].as_u64());
        assert_eq!(Some(unit.low_risk.1), deaths["low_risk_deaths"].as_u64());
    }
    // the region against itself
    let region = &made.units[0];
    assert_eq!(region.kind, UnitKind::Region);
    for index in [
        region.efficiency.cost,
        region.efficiency.time,
        region.efficiency.cost_adjusted,
    ] {
        assert!((index.norm.unwrap() - 1.0).abs() < 1e-12 && (index.o_over_e.unwrap() - 1.0).abs() < 1e-12);
    }
    assert!((region.cmi.unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn numbers_of_the_specification_itself() {
    // planning.md section 10, G10: tolerance 1e-6
    let made = made(&toy_rows(), &plan(&[]));
    let first = hospitals(&made).find(|unit| unit.hospital == "H3A").unwrap();
    assert!((first.cmi.unwrap() - 1.669_174).abs() < 1e-6);
    assert!((first.efficiency.cost.norm.unwrap() - 1.347_266).abs() < 1e-6);
    assert!((first.efficiency.cost.o_over_e.unwrap() - 1.145_602).abs() < 1e-6);
    let grades: Vec<u8> = made.grades.groups.values().map(|grade| grade.number()).collect();
    assert_eq!(grades, [4, 1, 2, 3, 0]); // BR2, ES2, FM1, GB1, OB2
    // G6: anchors, in per cent, tolerance 1e-6; audit, in per cent, 1e-4
    for (deaths, cases, expected) in [
        (130, 680_939, 0.019_091),
        (209, 130_449, 0.160_216),
        (2_346, 927_304, 0.252_991),
    ] {
        assert!((rate(deaths, cases).unwrap() * 100.0 - expected).abs() < 1e-6);
    }
    let found = rate(666, 5_157).unwrap() * 100.0;
    assert!((found - 12.914_5).abs() < 1e-4 && (found * 0.4527 - 5.846_4).abs() < 1e-4);
}

#[test]
fn grades_are_those_of_the_toy_set() {
    let golden = golden();
    let (grades, expected) = (made(&toy_rows(), &plan(&[])).grades, &golden["mortality"]);
    near(Ok(grades.mean.unwrap()), &expected["ln_mean"], "mean");
    near(
        Ok(grades.deviation.unwrap()),
        &expected["ln_sd_sample"],
        "deviation",
    );
    for (group, grade) in &grades.groups {
        assert_eq!(
            Some(u64::from(grade.number())),
            expected["grade"][group].as_u64(),
            "{group}"
        );
    }
    assert!(grades.is_low("ES2", false) && !grades.is_low("OB2", false) && grades.is_low("OB2", true));
    // a group with too few cases has no grade
    let few = made(&toy_rows(), &plan(&[("min_cases = 1", "min_cases = 50")])).grades;
    assert!(!few.groups.contains_key("GB1") && few.groups.len() == 4);
}

#[test]
fn exact_tests_of_deaths() {
    let golden = &golden()["extra"]["stat_micro"];
    let twelve = Deaths {
        observed: 12,
        expected: 6.0,
    };
    near(
        Ok(upper_tail(twelve).unwrap()),
        &golden["poisson_upper_tail_O12_E6"],
        "tail",
    );
    near(
        Ok(mid_p_upper(twelve).unwrap()),
        &golden["poisson_midp_O12_E6"],
        "mid-p",
    );
    near(
        shrunk_ratio(twelve, 4.0, 1.0),
        &golden["gamma_poisson_shrunk_O12_E6_alpha4_theta1"],
        "shrunk",
    );
    assert_eq!(
        upper_tail(Deaths {
            observed: 0,
            expected: 2.0
        }),
        Some(1.0)
    );
    assert_eq!(
        two_sided_p(Deaths {
            observed: 3,
            expected: 0.0
        }),
        None
    );
    assert_eq!(
        two_sided_p(Deaths {
            observed: 6,
            expected: 6.0
        }),
        Some(1.0)
    );
    let list = |key: &str| -> Vec<f64> {
        golden["bh"][key]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p.as_f64().unwrap())
            .collect()
    };
    let adjusted = adjusted_p(&list("p").into_iter().map(Some).collect::<Vec<_>>());
    for (found, expected) in adjusted.iter().zip(list("adjusted")) {
        assert!((found.unwrap() - expected).abs() < 1e-9);
    }
    let rejected = adjusted.iter().flatten().filter(|p| **p <= 0.05).count();
    assert_eq!(Some(rejected as u64), golden["bh"]["rejected_at_q0.05"].as_u64());
    // of what is not known nothing is made, and it counts for nothing
    assert_eq!(adjusted_p(&[None, Some(0.02)]), [None, Some(0.02)]);
}

/// Terms of the Poisson distribution one after the other: the oracle of the library's.
fn plain_cdf(deaths: u64, expected: f64) -> f64 {
    let mut term = (-expected).exp();
    let mut sum = term;
    for k in 1..=deaths {
        term *= expected / k as f64;
        sum += term;
    }
    sum
}

#[test]
fn limits_of_a_funnel_are_quantiles() {
    for expected in [0.3, 1.0, 6.0, 40.5] {
        for share in [0.95, 0.998] {
            let (low, high) = exact_limits(expected, share).unwrap();
            let outside = (1.0 - share) / 2.0;
            assert!(
                plain_cdf(low, expected) >= outside && (low == 0 || plain_cdf(low - 1, expected) < outside)
            );
            assert!(
                plain_cdf(high, expected) >= 1.0 - outside && plain_cdf(high - 1, expected) < 1.0 - outside
            );
        }
    }
    assert_eq!(exact_limits(0.0, 0.95), None);
}

#[test]
fn ranks_are_summed_and_ties_share_theirs() {
    let of = |values: [Statistic; 4], weight, better| Ranked {
        values: values.into(),
        weight,
        better,
    };
    let found = rank_sum_ratios(
        &[
            of([Ok(3.0), Ok(1.0), Ok(2.0), Ok(2.0)], 0.5, Better::High),
            of([Ok(1.0), Ok(2.0), Ok(3.0), Ok(4.0)], 0.5, Better::Low),
        ],
        4,
    );
    // ranks 4, 1, 2.5, 2.5 and 4, 3, 2, 1
    assert_eq!(found, [Ok(1.0), Ok(0.5), Ok(0.5625), Ok(0.4375)]);
    let lacking = of(
        [Ok(3.0), Err(Missing::NoStay), Ok(2.0), Ok(1.0)],
        1.0,
        Better::High,
    );
    let found = rank_sum_ratios(&[lacking], 4);
    assert_eq!(found[1], Err(Missing::NoStay));
    assert_eq!(found[0], Ok(1.0));
}

#[test]
fn a_hospital_may_be_left_out_of_its_reference() {
    let row = |hospital: &str, group: &str, cost| -> Row {
        (
            hospital.to_owned(),
            String::new(),
            group.to_owned(),
            cost,
            100,
            false,
        )
    };
    let rows = [
        row("A", "G1", 100),
        row("A", "G1", 300),
        row("B", "G1", 600),
        row("B", "H1", 50),
    ];
    let index = |own: &str| {
        let made = made(
            &rows,
            &plan(&[("own_hospital = \"in\"", &format!("own_hospital = \"{own}\""))]),
        );
        hospitals(&made)
            .map(|unit| (unit.efficiency.cost.norm, unit.efficiency.without_reference))
            .collect::<Vec<_>>()
    };
    let inside = index("in");
    assert!((inside[0].0.unwrap() - 0.6).abs() < 1e-12); // 200 against 333.3
    let outside = index("out");
    assert!((outside[0].0.unwrap() - 200.0 / 600.0).abs() < 1e-12);
    // what nobody else treats has no reference
    assert_eq!(outside[1], (Ok(3.0), 1));
}

#[test]
fn categories_weighed_as_in_the_region_can_turn_ranks() {
    let row = |hospital: &str, group: &str, cost| -> Row {
        (
            hospital.to_owned(),
            String::new(),
            group.to_owned(),
            cost,
            100,
            false,
        )
    };
    let mut rows = Vec::new();
    for (hospital, group, cost, times) in [
        ("A", "G1", 150, 8),
        ("A", "H1", 60, 2),
        ("B", "G1", 90, 2),
        ("B", "H1", 130, 8),
        ("C", "G1", 60, 10),
    ] {
        rows.extend(std::iter::repeat_n(row(hospital, group, cost), times));
    }
    let made = made(&rows, &plan(&[]));
    let mean = |cases: &[(f64, f64)]| {
        let n: f64 = cases.iter().map(|(n, _)| n).sum();
        cases.iter().map(|(n, cost)| n * cost).sum::<f64>() / n
    };
    let (g, h) = (
        mean(&[(8.0, 150.0), (2.0, 90.0), (10.0, 60.0)]),
        mean(&[(2.0, 60.0), (8.0, 130.0)]),
    );
    for (unit, (of_g, of_h)) in hospitals(&made).zip([(150.0, 60.0), (90.0, 130.0)]) {
        let expected = (20.0 * of_g / g + 10.0 * of_h / h) / 30.0;
        assert!((unit.efficiency.cost_adjusted.norm.unwrap() - expected).abs() < 1e-12);
    }
    // a category that the hospital has not: its share goes to the others
    let third = hospitals(&made).nth(2).unwrap();
    assert!((third.efficiency.cost_adjusted.norm.unwrap() - 60.0 / g).abs() < 1e-12);
}

/// What of a unit is a sum.
fn sums(unit: &Unit) -> (u64, u64, i128, u64, u64) {
    let totals = &unit.totals;
    (
        unit.discharged.all,
        totals.cases,
        totals.cost,
        totals.deaths,
        unit.low_risk.0,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn departments_sum_to_hospitals_and_these_to_the_region(
        cells in prop::collection::vec((0_usize..3, 0_usize..3, 0_usize..5, 1_i64..100_000, 0_u32..50, any::<bool>()), 1..120),
    ) {
        let rows: Vec<Row> = cells
            .iter()
            .map(|(hospital, department, group, cost, days, died)| {
                (format!("H{hospital}"), format!("D{department}"), format!("{}1", ['A', 'A', 'B', 'C', 'C'][*group]), *cost, days * 100, *died)
            })
            .collect();
        let plan = plan(&[]);
        let all = made(&rows, &plan);
        let sum = |kind: UnitKind, hospital: Option<&str>| {
            let units = all.units.iter().filter(|unit| unit.kind == kind && hospital.is_none_or(|of| unit.hospital == of));
            units.map(sums).fold((0, 0, 0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2, a.3 + b.3, a.4 + b.4))
        };
        prop_assert_eq!(sum(UnitKind::Region, None), sum(UnitKind::Hospital, None));
        for unit in hospitals(&all) {
            prop_assert_eq!(sums(unit), sum(UnitKind::Department, Some(&unit.hospital)));
        }
        // indices again the plain way
        let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        rows.iter().for_each(|row| groups.entry(&row.2).or_default().push(row.3 as f64));
        let mean = |costs: &Vec<f64>| costs.iter().sum::<f64>() / costs.len() as f64;
        for unit in hospitals(&all) {
            let own: Vec<&Row> = rows.iter().filter(|row| row.0 == unit.hospital).collect();
            let ratios: f64 = own.iter().map(|row| row.3 as f64 / mean(&groups[row.2.as_str()])).sum();
            prop_assert!((unit.efficiency.cost.norm.unwrap() - ratios / own.len() as f64).abs() < 1e-9);
        }
        // any order gives the same
        let turned: Vec<Row> = rows.iter().rev().cloned().collect();
        prop_assert_eq!(format!("{all:?}"), format!("{:?}", made(&turned, &plan)));
        // the same costs in another unit: weights and indices stay
        let dear: Vec<Row> = rows.iter().cloned().map(|row| (row.0, row.1, row.2, row.3 * 4, row.4, row.5)).collect();
        let dear = made(&dear, &plan);
        for (one, other) in all.units.iter().zip(&dear.units) {
            let same = |a: Statistic, b: Statistic| a.unwrap_or(0.0) - b.unwrap_or(0.0) < 1e-9;
            prop_assert!(same(one.cmi, other.cmi) && same(one.efficiency.cost.norm, other.efficiency.cost.norm));
        }
    }
}

// ---- the command ------------------------------------------------------------------------------

/// Exit code and words.
fn dianzhi(arguments: &[&str]) -> (i32, String) {
    let mut command = assert_cmd::Command::cargo_bin("dianzhi").unwrap();
    let run = command
        .current_dir(root())
        .args(["--lang", "en"])
        .args(arguments)
        .output()
        .unwrap();
    (run.status.code().unwrap(), String::from_utf8(run.stderr).unwrap())
}

fn as_stored(name: &str, found: &str) {
    let stored = root().join("tests/indicators/sample-region").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(stored.parent().unwrap()).unwrap();
        fs::write(&stored, found).unwrap();
    }
    assert!(
        fs::read_to_string(&stored).unwrap() == found,
        "{name} is not as stored"
    );
}

fn text_of(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_shipped_plan_on_the_sample_region_gives_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text_of(&folder.path().join(name));
    let (records, weights) = (
        "scenarios/sample-region/records.csv",
        "scenarios/sample-region/weights.csv",
    );
    assert_eq!(
        dianzhi(&["group", records, "-t", "chongqing-2022", "-o", &at("grouped.csv")]).0,
        0
    );
    let run = |out: &str, more: &[&str]| {
        let plan = "scenarios/indicators.toml";
        let asked = [
            "indicators",
            &at("grouped.csv"),
            "--weights",
            weights,
            "--plan",
            plan,
            "-o",
            &at(out),
        ];
        let (code, words) = dianzhi(&[&asked[..], more].concat());
        assert_eq!(code, 0, "{words}");
        (PathBuf::from(at(out)), words)
    };
    let (out, words) = run("one", &["--threads", "1"]);
    assert!(
        words.starts_with("read 3000, 2972 grouped cases with hospital and cost, "),
        "{words}"
    );
    // itself as the region, given as another file: nothing else comes out
    let (other, _) = run(
        "other",
        &[
            "--threads",
            "8",
            "--lang",
            "zh",
            "--reference",
            &at("grouped.csv"),
        ],
    );
    for name in [
        "indicators",
        "efficiency",
        "mortality",
        "grades",
        "composite",
        "without-weight",
    ] {
        let name = format!("{name}.csv");
        let found = fs::read_to_string(out.join(&name)).unwrap();
        assert!(found == fs::read_to_string(other.join(&name)).unwrap(), "{name}");
        as_stored(&name, &found);
    }
    let page = fs::read_to_string(other.join("indicators.html")).unwrap();
    assert!(page.contains("<h2>绩效指标</h2>") && page.contains("不是结论"));
    assert!(out.join("indicators.xlsx").is_file());
}

/// A case that costs nothing is grouped all the same, and a department that has no other is told.
#[test]
fn cases_of_no_cost_count_for_the_grouping_rate() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text_of(&folder.path().join(name));
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "grouped.csv",
        "hospital,department,group,mdc,status,total_fee,los_days,discharge_status\n\
         H1,D1,A1,A,grouped,100.00,3,1\nH1,D1,A1,A,grouped,0,3,1\nH1,D1,,,ungrouped,50.00,3,1\n\
         H2,D1,A1,A,grouped,0,3,1\nH2,D2,A1,A,grouped,70.00,3,1\n",
    );
    write(
        "weights.csv",
        "group,weight,cases,mean_cost,stable,evidence,note\nA1,2,,,yes,assumption,\n",
    );
    let plan = text_of(&root().join("scenarios/indicators.toml"));
    let (grouped, weights, out) = (at("grouped.csv"), at("weights.csv"), at("out"));
    let asked = [
        "indicators",
        &grouped,
        "--weights",
        &weights,
        "--plan",
        &plan,
        "-o",
        &out,
    ];
    let (code, words) = dianzhi(&asked);
    assert_eq!(code, 0, "{words}");
    let mut reader = csv::Reader::from_path(folder.path().join("out/indicators.csv")).unwrap();
    let found: Vec<String> = reader
        .records()
        .map(|row| row.unwrap())
        .map(|row| {
            format!(
                "{} {} {} {} {} {}",
                &row[0], &row[1], &row[2], &row[3], &row[4], &row[5]
            )
        })
        .collect();
    let expected = [
        "region *  5 4 0.800000",
        "hospital H1  3 2 0.666667",
        "hospital H2  2 2 1.000000",
        "department H1 D1 3 2 0.666667",
        "department H2 D1 1 1 1.000000",
        "department H2 D2 1 1 1.000000",
    ];
    assert_eq!(found, expected);
}

#[test]
fn figures_of_others_and_low_risk_diagnoses_are_held_against_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text_of(&folder.path().join(name));
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "grouped.csv",
        "hospital,department,group,mdc,status,total_fee,los_days,discharge_status,diagnoses\n\
         H1,D1,A1,A,grouped,100.00,5,1,K35.900|I10\nH1,D1,A1,A,grouped,300.00,7,5,K35.100\n\
         H1,D2,B1,B,grouped,50.00,2,1,J18.900\nH2,D1,A1,A,grouped,200.00,x,1,I10.x00\nH2,D1,,,ungrouped,9,1,1,\n\
         H3,D1,,,ungrouped,9,1,1,\n",
    );
    write(
        "weights.csv",
        "group,weight,cases,mean_cost,stable,evidence,note\nA1,2,,,yes,assumption,\n",
    );
    write("low.csv", "code\nK35\n");
    write(
        "published.csv",
        "hospital,cases,total_weight,cmi\nH1,300,330.00,1.11\nH2,300,331.50,1.11\n",
    );
    let text = fs::read_to_string(root().join("scenarios/indicators.toml")).unwrap();
    let text = text.replace(
        "# low_risk_diagnoses = \"low-risk.csv\" ",
        "low_risk_diagnoses = \"low.csv\" #",
    );
    write(
        "plan.toml",
        &(text + "[published]\nfile = \"published.csv\"\ndecimals = 2\n"),
    );
    let asked = [
        "indicators",
        &at("grouped.csv"),
        "--weights",
        &at("weights.csv"),
        "--plan",
        &at("plan.toml"),
        "-o",
        &at("out"),
    ];
    let (code, words) = dianzhi(&asked);
    assert_eq!(code, 0, "{words}");
    assert!(
        words.contains("1 of them without a weight: 3 hospitals, 4 departments; CMI 2.0000; 1 finding\n"),
        "{words}"
    );
    let table = |name: &str| -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(folder.path().join("out").join(name)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    };
    let mortality = table("mortality.csv");
    let first = mortality.iter().find(|row| row["hospital"] == "H1").unwrap();
    assert_eq!(
        (
            first["low_diagnosis_cases"].as_str(),
            first["low_diagnosis_deaths"].as_str()
        ),
        ("2", "1")
    );
    let units = table("indicators.csv");
    let rates: Vec<(&str, &str)> = units
        .iter()
        .filter(|row| row["kind"] == "hospital")
        .map(|row| (row["grouping_rate"].as_str(), row["missing"].as_str()))
        .collect();
    // H3 grouped nothing: what cannot be is empty, with the reason
    assert_eq!(rates[0], ("1.000000", ""));
    assert_eq!(rates[1], ("0.500000", "mean_stay: no_stay"));
    assert_eq!(rates[2].0, "0.000000");
    assert!(
        rates[2].1.contains("cmi: no_weight; heavy_share: no_cases"),
        "{rates:?}"
    );
    let published = table("published.csv");
    // 330 − 333 = −3, and rounding explains up to 1.5; 331.5 − 333 = −1.5 fits
    let fits: Vec<&str> = published.iter().map(|row| row["fits"].as_str()).collect();
    assert_eq!(fits, ["no", "yes"]);
}

/// Each row: a piece of the shipped plan -> what stands there instead => what is said.
#[test]
fn plans_that_cannot_be_carried_out() {
    let file = root().join("tests/indicators/plans.txt");
    let cases = fs::read_to_string(&file).unwrap();
    let shipped = fs::read_to_string(root().join("scenarios/indicators.toml")).unwrap();
    let mut said = String::new();
    for case in cases.lines() {
        let Some((change, _)) = case.split_once(" => ").filter(|_| !case.starts_with('#')) else {
            said.push_str(&format!("{case}\n"));
            continue;
        };
        let (from, to) = change.split_once(" -> ").unwrap();
        assert!(shipped.contains(from), "{from}");
        let text = shipped.replacen(from, to, 1);
        let error = IndicatorPlan::parse(&Place::file(Path::new("plan.toml")), &text).unwrap_err();
        said.push_str(&format!(
            "{change} => {}\n",
            error.to_string().replace('\n', " | ")
        ));
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(&file, &said).unwrap();
    }
    assert_eq!(said, cases);
}
