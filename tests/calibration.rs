//! Weights, trims and quality of groups against the golden numbers of the planning specification:
//! `tests/golden/planning/toy_golden.json`, its tolerances in `meta.tolerance`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use dianzhi::diagnostics::Place;
use dianzhi::points::Weights;
use dianzhi::points::calibration::{
    Bootstrap, CalibrationPlan, Cap, CasesBy, Deviation, Estimator, Explained, Hsrv, Made, MeanChange,
    Normalise, Of, Sample, SeenStay, Severity, Shrink, ShrinkBy, Spread, Stable, Stay, Stays, StaysReader,
    StepFault, StepGroup, Steps, Trim, by_category, by_group, calibrate_stays, cases_for_five_per_cent,
    compare_trims, coverage, drift, fixed_point, geometric_raw, ladder, split_list, splits,
    structure_weights,
};
use proptest::prelude::*;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/planning")
}

fn golden() -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join("toy_golden.json")).unwrap()).unwrap()
}

/// A row of the toy set.
#[derive(Clone, Debug)]
struct Row {
    hospital: String,
    group: String,
    cost: i64,
    los: u32,
    died: bool,
}

fn toy_rows() -> Vec<Row> {
    let mut reader = csv::Reader::from_path(folder().join("toy_cases.csv")).unwrap();
    let fen = |yuan: &str| yuan.replace('.', "").parse().unwrap();
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| Row {
        hospital: row[1].to_owned(),
        group: row[3].to_owned(),
        cost: fen(&row[4]),
        los: row[5].parse::<u32>().unwrap() * 100,
        died: &row[6] == "1",
    })
    .collect()
}

fn stays_of(rows: &[Row]) -> Stays {
    let mut reader = StaysReader::new(0, 0);
    for row in rows {
        reader.add(&SeenStay {
            group: &row.group,
            mdc: &row.group[..1],
            adrg: &row.group[..2],
            hospital: &row.hospital,
            cost: row.cost,
            los: Some(row.los),
            died: row.died,
            year: Some(2024),
            ..SeenStay::default()
        });
    }
    reader.finish()
}

fn toy() -> Stays {
    stays_of(&toy_rows())
}

fn near(found: f64, expected: &Value, tolerance: f64, what: &str) {
    let expected = expected
        .as_f64()
        .unwrap_or_else(|| panic!("{what}: no golden number"));
    let apart = (found - expected).abs();
    assert!(
        apart <= tolerance * expected.abs().max(1.0),
        "{what}: {found}, expected {expected}"
    );
}

fn each_group(stays: &Stays, expected: &Value, what: &str, of: impl Fn(usize) -> f64) {
    for (place, group) in stays.groups.iter().enumerate() {
        near(
            of(place),
            &expected[&group.code],
            1e-9,
            &format!("{what} {}", group.code),
        );
    }
}

/// Keys of the golden file and the rules they stand for.
const TRIMS: [(&str, &str); 12] = [
    ("none", "none"),
    ("iqr1.5", "iqr:1.5"),
    ("p1_p99", "pct:1,99"),
    ("logsd3", "logsd:3"),
    ("mult_0.3_3", "mult:0.3,3"),
    ("iqr1.5_ln_cost", "iqr:1.5 on ln_cost"),
    ("p2.5_p97.5", "pct:2.5,97.5"),
    ("logsd3_cost_and_cost_per_day", "logsd:3 on cost_and_cost_per_day"),
    ("mult_0.3_3_two_pass", "mult:0.3,3 passes 2"),
    ("mult_0.5_2", "mult:0.5,2"),
    ("los_l3h3", "los:l3h3"),
    ("los_mean3_mean2sd", "los:mean3_2sd"),
];

fn trim(rule: &str) -> Trim {
    rule.parse().unwrap()
}

#[test]
fn trims_weights_and_quality_are_those_of_the_toy_set() {
    let (golden, stays) = (golden(), toy());
    for (key, rule) in TRIMS {
        let extra = &golden["extra"]["trim_extra"];
        let expected = if golden[key].is_null() {
            &extra[key]
        } else {
            &golden[key]
        };
        let kept = trim(rule).keep(&stays.all, 0);
        assert_eq!(Some(kept.len() as u64), expected["n"].as_u64(), "{key}");
        let removed = &golden["extra"]["trim_removed"][key];
        assert_eq!(
            Some((stays.all.len() - kept.len()) as u64),
            removed["n_removed"].as_u64()
        );
        let cost = (stays.all.cost() - kept.cost()) as f64 / 100.0;
        near(cost, &removed["cost_removed"], 1e-9, key);
        let weights = Estimator::Arithmetic.weights(&stays, &kept).unwrap().weights;
        each_group(&stays, &expected["weights"], key, |place| weights[place].unwrap());
        let spreads: Vec<Spread> = kept
            .groups()
            .map(|group| Spread::of(group.iter().map(Stay::yuan)))
            .collect();
        for (cv, deviation) in [("cv_pop", Deviation::Population), ("cv_samp", Deviation::Sample)] {
            each_group(&stays, &expected[cv], key, |place| {
                spreads[place].cv(deviation).unwrap()
            });
        }
        each_group(&stays, &expected["n_g"], key, |place| spreads[place].count as f64);
        for (riv, of) in [("RIV_cost", Of::Cost), ("RIV_los", Of::Stay)] {
            let found = Explained::by_groups(&kept, of, |_| true).riv().unwrap();
            near(found, &expected[riv], 1e-9, &format!("{key} {riv}"));
        }
    }
}

#[test]
fn golden_numbers_of_the_specification_itself() {
    // planning.md section 10, G8 (tolerance 1e-6) and G9 (exact)
    let stays = toy();
    let rivs = [
        ("none", 0.585098, 663),
        ("iqr:1.5", 0.791822, 634),
        ("pct:1,99", 0.786450, 645),
        ("logsd:3", 0.743183, 659),
        ("mult:0.3,3", 0.761310, 633),
    ];
    for (rule, riv, n) in rivs {
        let kept = trim(rule).keep(&stays.all, 0);
        let found = Explained::by_groups(&kept, Of::Cost, |_| true).riv().unwrap();
        assert!((found - riv).abs() < 1e-6, "{rule}: {found}");
        assert_eq!(kept.len(), n, "{rule}");
    }
    assert_eq!(trim("mult:0.3,3 passes 2").keep(&stays.all, 0).len(), 631);
    assert_eq!(
        trim("logsd:3 on cost_and_cost_per_day").keep(&stays.all, 0).len(),
        657
    );
    assert_eq!(cases_for_five_per_cent(1.0), 1537); // G7
}

#[test]
fn geometric_weights_raw_and_normalised() {
    let (golden, stays) = (golden(), toy());
    let (raw, _) = geometric_raw(stays.groups.len(), &stays.all).unwrap();
    each_group(&stays, &golden["geo_weights_raw"], "raw", |place| {
        raw[place].unwrap()
    });
    let weights = Estimator::Geometric.weights(&stays, &stays.all).unwrap().weights;
    each_group(&stays, &golden["geo_weights_norm_cmi1"], "normalised", |place| {
        weights[place].unwrap()
    });
}

fn hsrv(stays: &Stays, kept: &Sample, start: f64) -> dianzhi::points::calibration::FixedPoint {
    let hsrv = Hsrv {
        tolerance: 1e-12,
        rounds: 500,
        hospitals: stays.hospitals.len(),
        start,
    };
    fixed_point(stays.groups.len(), kept, &hsrv).unwrap()
}

#[test]
fn relative_values_free_of_prices() {
    // G17
    let (golden, stays) = (golden(), toy());
    let kept = trim("logsd:3").keep(&stays.all, 0);
    let found = hsrv(&stays, &kept, 1.0);
    let expected = &golden["hsrv_logsd3"];
    each_group(&stays, &expected["weights"], "hsrv", |place| {
        found.weights[place].unwrap()
    });
    for (hospital, mix) in stays.hospitals.iter().zip(&found.case_mix) {
        near(mix.unwrap(), &expected["cmi"][hospital], 1e-9, hospital);
    }
    let rounds = expected["iterations"].as_u64().unwrap();
    assert!(
        u64::from(found.rounds).abs_diff(rounds) <= 2,
        "{} rounds",
        found.rounds
    );
    let other_start = hsrv(&stays, &kept, 7.5);
    let arithmetic = Estimator::Arithmetic.weights(&stays, &kept).unwrap().weights;
    let planted = &golden["extra"]["planted"];
    for (place, group) in stays.groups.iter().enumerate() {
        let (weight, other) = (found.weights[place].unwrap(), other_start.weights[place].unwrap());
        assert!((weight - other).abs() < 1e-9, "the start shows in {}", group.code);
        let truth = planted["true_weights_on_logsd3_sample"][&group.code]
            .as_f64()
            .unwrap();
        let errors = ((weight - truth).abs(), (arithmetic[place].unwrap() - truth).abs());
        near(
            errors.0,
            &planted["abs_error"]["hsrv_logsd3"][&group.code],
            1e-9,
            &group.code,
        );
        near(
            errors.1,
            &planted["abs_error"]["arithmetic_logsd3"][&group.code],
            1e-9,
            &group.code,
        );
        assert!(errors.0 < errors.1, "{}", group.code);
    }
}

#[test]
fn hospitals_without_a_common_group_are_not_compared() {
    let mut rows = toy_rows();
    rows.retain(|row| match row.hospital.as_str() {
        "H1A" => row.group == "OB2",
        _ => row.group != "OB2",
    });
    let stays = stays_of(&rows);
    let estimator = Estimator::Hsrv {
        tolerance: 1e-10,
        rounds: 500,
    };
    let error = estimator.weights(&stays, &stays.all).unwrap_err().to_string();
    assert_eq!(
        error,
        "method `hsrv`: hospitals that share no group cannot be compared; their parts are [H1A] and [H2A, H3A, H3B]; \
         expected hospitals that are all connected by common groups"
    );
    let hurried = Estimator::Hsrv {
        tolerance: 1e-12,
        rounds: 2,
    };
    let stays = toy();
    let error = hurried.weights(&stays, &stays.all).unwrap_err().to_string();
    assert!(
        error.contains("expected a larger `tolerance` or more `rounds`"),
        "{error}"
    );
}

/// The two groups of `extra.fee_structure_micro`, each case at its mean.
fn structure_stays(golden: &Value) -> Stays {
    let mut reader = StaysReader::new(5, 0);
    for group in ["A", "B"] {
        let cell = &golden["block_mean"][group];
        let blocks: Vec<i64> = (0..5).map(|block| cell[block].as_i64().unwrap() * 100).collect();
        for _ in 0..golden["cases"][group].as_u64().unwrap() {
            reader.add(&SeenStay {
                group,
                hospital: "H",
                cost: blocks.iter().sum(),
                blocks: &blocks,
                ..SeenStay::default()
            });
        }
    }
    reader.finish()
}

#[test]
fn structure_weights_by_shares_of_blocks() {
    let golden = &golden()["extra"]["fee_structure_micro"];
    let stays = structure_stays(golden);
    let all: Vec<f64> = (0..5)
        .map(|block| golden["region_block_mean"][block].as_f64().unwrap())
        .collect();
    let whole: f64 = all.iter().sum();
    let by_share: Vec<f64> = all.iter().map(|mean| mean / whole).collect();
    let cases = [
        ("weights_equal_20pct", vec![0.2; 5]),
        ("weights_v_35_15_20_20_10", vec![0.35, 0.15, 0.2, 0.2, 0.1]),
        ("weights_v_equals_share", by_share),
    ];
    for (key, shares) in cases {
        let made = Estimator::Structure { shares }
            .weights(&stays, &stays.all)
            .unwrap();
        each_group(&stays, &golden[key], key, |place| made.weights[place].unwrap());
        assert!(made.empty_blocks.is_empty());
    }
    // with the shares that the region spends, it is the arithmetic weight
    let arithmetic = Estimator::Arithmetic.weights(&stays, &stays.all).unwrap().weights;
    each_group(&stays, &golden["weights_v_equals_share"], "arithmetic", |place| {
        arithmetic[place].unwrap()
    });
    each_group(&stays, &golden["weights_basic"], "basic", |place| {
        arithmetic[place].unwrap()
    });
}

#[test]
fn a_block_without_cost_is_dropped_and_told() {
    let (weights, empty) =
        structure_weights(&[vec![10.0, 0.0], vec![30.0, 0.0]], &[20.0, 0.0], &[0.5, 0.5]).unwrap();
    assert_eq!((weights, empty), (vec![0.5, 1.5], vec![1]));
    assert!(structure_weights(&[vec![0.0]], &[0.0], &[1.0]).is_err());
}

fn step_groups(numbers: &[(u64, Option<f64>)]) -> Vec<StepGroup> {
    let of = |(kept, previous): &(u64, Option<f64>)| StepGroup {
        kept: *kept,
        all: *kept + 1,
        cv: Some(0.5),
        previous: *previous,
    };
    numbers.iter().map(of).collect()
}

#[test]
fn the_cap_keeps_the_sum_of_weights_or_is_refused() {
    let golden = &golden()["extra"]["weight_cap_micro"];
    let of = |what: &str, name: &str| golden[what][name].as_f64().unwrap();
    let names = ["A", "B", "C"];
    let groups = names.map(|name| (of("cases", name) as u64, Some(of("prev", name))));
    let raw = names.map(|name| Some(of("raw", name)));
    let capped = |down: f64, up: f64| Steps {
        cap: Some(Cap {
            down,
            up,
            cases: CasesBy::Kept,
        }),
        ..Steps::default()
    };
    let done = capped(of_number(golden, "down"), of_number(golden, "up"))
        .take(&raw, &step_groups(&groups))
        .unwrap();
    near(done[0].figure.unwrap().1, &golden["lambda"], 1e-9, "lambda");
    let mut points = 0.0;
    for (place, name) in names.iter().enumerate() {
        let weight = done[0].weights[place].unwrap();
        near(weight, &golden["capped"][*name], 1e-9, name);
        points += of("cases", name) * weight;
    }
    near(points, &golden["total_points_raw"], 1e-9, "points");
    let dear = raw.map(|weight| weight.map(|weight| weight * 2.0));
    let refused = capped(0.1, 0.1).take(&dear, &step_groups(&groups)).unwrap_err();
    let StepFault::CapInfeasible {
        least,
        largest,
        target,
    } = refused
    else {
        panic!("{refused}")
    };
    near(least, &golden["feasible_interval"][0], 1e-9, "least");
    near(largest, &golden["feasible_interval"][1], 1e-9, "largest");
    assert!((target - 340.0).abs() < 1e-9);
    assert!(refused.to_string().contains("CapInfeasible"));
}

fn of_number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap()
}

#[test]
fn steps_follow_each_other_and_say_what_they_did() {
    let groups = step_groups(&[
        (100, Some(1.0)),
        (20, Some(2.0)),
        (4, Some(3.0)),
        (50, None),
        (0, Some(0.5)),
    ]);
    let weights = [Some(1.1), Some(1.8), Some(9.0), Some(0.7), None];
    let steps = Steps {
        shrink: Some(Shrink {
            k: ShrinkBy::Cases(20.0),
            floor_cases: 10,
            mean_change: MeanChange::ByCases,
        }),
        blend: Some(0.5),
        cap: None,
        normalise: Some(Normalise::One(CasesBy::Kept)),
    };
    assert!(steps.ask_for_previous());
    let done = steps.take(&weights, &groups).unwrap();
    let names: Vec<&str> = done.iter().map(|step| step.name).collect();
    assert_eq!(names, ["shrink", "blend", "normalise"]);
    // z = 100/120 and 20/40; under ten cases the earlier weight times (110 + 36) / (100 + 40)
    let change = 146.0 / 140.0;
    let shrunk = [1.0 + 0.1 * 100.0 / 120.0, 1.9, 3.0 * change, 0.7, 0.5 * change];
    for (found, expected) in done[0].weights.iter().zip(shrunk) {
        assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} {expected}");
    }
    assert!((done[1].weights[1].unwrap() - 1.95).abs() < 1e-12);
    assert_eq!(done[1].weights[3], Some(0.7)); // a new group has nothing to be mixed with
    let points: f64 = done[2]
        .weights
        .iter()
        .zip(&groups)
        .map(|(weight, group)| weight.unwrap() * group.kept as f64)
        .sum();
    assert!((points - 174.0).abs() < 1e-9);
}

#[test]
fn normalising_to_earlier_weights_leaves_out_groups_that_are_new() {
    let groups = step_groups(&[(10, Some(1.0)), (10, Some(3.0)), (10, None)]);
    let steps = Steps {
        normalise: Some(Normalise::Previous(CasesBy::Kept)),
        ..Steps::default()
    };
    let done = steps.take(&[Some(2.0), Some(2.0), Some(5.0)], &groups).unwrap();
    assert_eq!(done[0].weights, [Some(2.0), Some(2.0), Some(5.0)]);
    let done = steps.take(&[Some(1.0), Some(1.0), Some(5.0)], &groups).unwrap();
    assert_eq!(done[0].weights, [Some(2.0), Some(2.0), Some(10.0)]);
    let nothing = steps.take(&[None], &step_groups(&[(0, None)]));
    assert_eq!(nothing, Err(StepFault::NoSum));
}

#[test]
fn k_is_estimated_of_changes_that_chance_does_not_explain() {
    let mut groups = step_groups(&[(100, Some(1.0)), (100, Some(1.0)), (100, Some(1.0))]);
    groups.iter_mut().for_each(|group| group.cv = Some(1.0));
    let change = 0.2_f64;
    let weights = [Some(change.exp()), Some(1.0), Some((-change).exp())];
    let shrink = |min_cases| Steps {
        shrink: Some(Shrink {
            k: ShrinkBy::Estimate {
                min_cases,
                least: 1e-6,
            },
            floor_cases: 0,
            mean_change: MeanChange::ByGroups,
        }),
        ..Steps::default()
    };
    // mean CV² = 1; variance of the changes 0.04; by chance 0.01
    let done = shrink(50).take(&weights, &groups).unwrap();
    assert!((done[0].figure.unwrap().1 - 1.0 / 0.03).abs() < 1e-9);
    assert_eq!(shrink(500).take(&weights, &groups), Err(StepFault::NoEstimate));
}

#[test]
fn quality_by_group_and_category() {
    let stays = toy();
    let kept = trim("logsd:3").keep(&stays.all, 0);
    let stable = Stable {
        min_cases: 50,
        cv: 0.55,
    };
    let quality = by_group(&stays.all, &kept, Deviation::Sample, &stable);
    let stable: Vec<bool> = quality.iter().map(|group| group.stable).collect();
    // CV of BR2 and ES2 too large, GB1 too few
    assert_eq!(stable, [false, false, true, false, true]);
    let removed: i128 = quality.iter().map(|group| group.trimmed_cost).sum();
    assert_eq!(removed, 44_127_004);
    let shares = split_list(&quality, 2);
    assert_eq!(shares.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [2, 3]);
    let all: f64 = split_list(&quality, 99).iter().map(|(_, share)| share).sum();
    assert!((all - 1.0).abs() < 1e-12);
    let parts = by_category(&stays, &kept);
    assert_eq!(parts[0].mdc, "*");
    assert_eq!(parts.len(), 6);
    assert!(parts[0].cost_kept.riv().unwrap() > parts[0].cost.riv().unwrap());
    // a category of one group explains nothing
    assert!(parts[1].cost.riv().unwrap().abs() < 1e-12);
    assert!(parts[1].cost.f().is_err());
    let by_hand = {
        let e = parts[0].cost;
        ((e.total - e.within) / 4.0) / (e.within / 658.0)
    };
    assert!((parts[0].cost.f().unwrap() - by_hand).abs() < 1e-9);
}

#[test]
fn hospital_effect_is_the_share_between_hospitals() {
    let row = |hospital: &str, cost| Row {
        hospital: hospital.to_owned(),
        group: "G1".to_owned(),
        cost,
        los: 100,
        died: false,
    };
    let stays = stays_of(&[row("A", 100), row("A", 300), row("B", 500), row("B", 700)]);
    let stable = Stable {
        min_cases: 1,
        cv: 9.0,
    };
    let quality = by_group(&stays.all, &stays.all, Deviation::Population, &stable);
    // between 4 × 2² = 16, all 3² + 1 + 1 + 3² = 20
    assert!((quality[0].hospital_effect.unwrap() - 0.8).abs() < 1e-12);
}

#[test]
fn rules_are_compared_on_the_cases_that_all_keep() {
    let stays = toy();
    let rules = ["none", "iqr:1.5", "logsd:3"].map(trim);
    let kept = rules.map(|rule| rule.keep(&stays.all, 0));
    let effects = compare_trims(&stays.all, &rules, 0, |sample| Ok(sample.len())).unwrap();
    let by_hand = stays.all.stays().iter();
    let by_hand = by_hand.filter(|stay| kept.iter().all(|sample| sample.stays().contains(stay)));
    let by_hand = by_hand.count();
    for ((effect, len), sample) in effects.iter().zip(&kept) {
        assert_eq!(
            (effect.on_common.cases, *len, effect.kept),
            (by_hand, sample.len(), sample.len())
        );
    }
    assert_eq!(effects[0].0.on_common.riv(), effects[1].0.on_common.riv());
    assert_ne!(effects[0].0.cost.riv(), effects[1].0.cost.riv());
}

#[test]
fn small_groups_stay_untrimmed() {
    let stays = toy();
    let kept = trim("iqr:1.5").keep(&stays.all, 100);
    assert_eq!(kept.group(3).len(), stays.all.group(3).len());
    assert!(kept.group(0).len() < stays.all.group(0).len());
}

#[test]
fn severity_is_followed_or_told() {
    let mut reader = StaysReader::new(0, 0);
    for (group, severity) in [
        ("XA1", Severity::Mcc),
        ("XA3", Severity::Cc),
        ("XA5", Severity::None),
        ("XB9", Severity::None),
    ] {
        reader.add(&SeenStay {
            group,
            adrg: &group[..2],
            severity,
            hospital: "H",
            cost: 100,
            ..SeenStay::default()
        });
    }
    let stays = reader.finish();
    let found = ladder(&stays, &[Some(1.5), Some(1.6), Some(1.4), Some(0.1)], 0.2);
    let told: Vec<_> = found.iter().map(|rung| (rung.groups, rung.reversed)).collect();
    assert_eq!(told, [((1, 2), false), ((0, 1), true)]);
    assert!(ladder(&stays, &[Some(3.0), Some(2.0), Some(1.0), None], 0.2).is_empty());
}

#[test]
fn drift_is_against_earlier_weights() {
    let found = drift(
        &[Some(1.1), Some(1.8), None, Some(1.0)],
        &[Some(1.0), Some(2.0), Some(1.0), None],
    );
    assert_eq!(found.changes.len(), 2);
    assert!((found.changes[1].1 + 0.1).abs() < 1e-12);
    let median = found
        .quantiles
        .iter()
        .find(|(name, _)| *name == "median")
        .unwrap()
        .1;
    assert!(median.abs() < 1e-12);
}

#[test]
fn gates_of_packets() {
    let stays = toy();
    let found = coverage(&stays.all, [10_u64, 44, 65, 150].into_iter());
    let told: Vec<(usize, usize)> = found.iter().map(|at| (at.groups, at.cases)).collect();
    assert_eq!(told, [(5, 663), (4, 620), (4, 620), (2, 410)]);

    let mut reader = StaysReader::new(0, 2);
    let mut add = |cost: i64, labels: [&str; 2]| {
        reader.add(&SeenStay {
            group: "P",
            hospital: "H",
            cost,
            labels: &labels.map(str::to_owned),
            ..SeenStay::default()
        });
    };
    for _ in 0..6 {
        add(100, ["light", "x"]);
        add(900, ["heavy", "y"]);
        add(200, ["light", "y"]);
        add(800, ["heavy", "x"]);
    }
    let stays = reader.finish();
    let gate = dianzhi::points::calibration::SplitGate {
        min_cases: 10,
        min_of_label: 5,
        cv_before: 0.7,
        fall: 0.2,
    };
    let found = splits(&stays, &[gate, gate]);
    let told: Vec<_> = found
        .iter()
        .map(|split| (split.dimension, split.passes, split.chosen))
        .collect();
    assert_eq!(told, [(0, true, true), (1, false, false)]);
    let coefficients: Vec<f64> = found[0].labels.iter().map(|(_, _, of)| of.unwrap()).collect();
    assert_eq!(coefficients, [1.7, 0.3]);
    assert!((found[0].behind.unwrap() - 0.1).abs() < 1e-12);
    let strict = gate.times(2.0);
    assert_eq!((strict.min_cases, strict.min_of_label), (20, 10));
}

// ---- the whole --------------------------------------------------------------------------------

const PLAN: &str = r#"
schema = 1
title = "toy"
[records]
grouped = ["grouped"]
died = ["5"]
[weights]
method = "arithmetic"
scale = 1
decimals = 4
trim = "logsd:3"
trim_min_cases = 0
[quality]
deviation = "sample"
stable_cases = 5
stable_cv = "1"
unstable = "no_weight"
cv_below = ["1", "0.8", "0.7"]
riv_target = "0.70"
split_list = 20
least_gap = "0.20"
drift_band = "0.20"
compare = ["none", "iqr:1.5"]
[uncertainty]
seed = 20261121
draws = 200
level = "0.95"
small_cases = 50
"#;

fn plan(text: &str) -> CalibrationPlan {
    CalibrationPlan::parse(&Place::file(Path::new("plan.toml")), text).unwrap()
}

fn written(weights: &Weights) -> String {
    let mut bytes = Vec::new();
    weights.write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn weights_are_written_as_a_policy_reads_them() {
    let stays = toy();
    let made = calibrate_stays(&stays, &plan(PLAN), None, 1).unwrap();
    let text = written(&made.weights);
    assert_eq!(text.lines().nth(1), Some("*,1,659,15199.57,yes,assumption,"));
    assert_eq!(
        text.lines().nth(2),
        Some("BR2,0.7005,143,10647.18,yes,assumption,")
    );
    let read = Weights::parse(&Place::file(Path::new("w.csv")), &text).unwrap();
    assert_eq!(read, made.weights);
    let few = plan(&PLAN.replace("stable_cases = 5", "stable_cases = 50"));
    let made = calibrate_stays(&stays, &few, None, 1).unwrap();
    assert!(written(&made.weights).contains("GB1,,43,71933.01,no,assumption,not stable"));
    let thousand = plan(&PLAN.replace("scale = 1\n", "scale = 1000\n"));
    let made = calibrate_stays(&stays, &thousand, None, 1).unwrap();
    assert!(written(&made.weights).contains("BR2,700.4919,143,"));
}

#[test]
fn one_calibration_whether_planned_or_not() {
    let rows = toy_rows();
    let observed = rows.iter().map(|row| dianzhi::points::Observation {
        group: &row.group,
        hospital: &row.hospital,
        cost: dianzhi::units::Fen::new(row.cost),
    });
    let plain = dianzhi::points::calibrate(observed, 5).unwrap().weights;
    let untrimmed = plan(
        &PLAN
            .replace("logsd:3", "none")
            .replace("stable_cv = \"1\"", "stable_cv = \"9\""),
    );
    let planned = calibrate_stays(&stays_of(&rows), &untrimmed, None, 1)
        .unwrap()
        .weights;
    assert_eq!(written(&plain), written(&planned));
}

#[test]
fn intervals_are_the_same_on_any_number_of_threads_and_near_the_closed_form() {
    let stays = toy();
    let plan = plan(PLAN);
    let one = calibrate_stays(&stays, &plan, None, 1).unwrap();
    for threads in [2, 8] {
        let more = calibrate_stays(&stays, &plan, None, threads).unwrap();
        assert_eq!(one.uncertain, more.uncertain);
    }
    let uncertain = one.uncertain.as_ref().unwrap();
    assert_eq!(uncertain.failed, 0);
    for (place, group) in uncertain.groups.iter().enumerate() {
        let (group, quality) = (group.unwrap(), &one.quality[place]);
        let weight = one.last()[place].unwrap();
        assert!(group.low < weight && weight < group.high, "{group:?}");
        // the error of a quotient whose denominator holds the group: dW/W = (1 − s) dm/m − Σ s dm/m
        let own = relative_error(&one, place).powi(2) * (1.0 - share_of(&one, place)).powi(2);
        let others = (0..stays.groups.len()).filter(|other| *other != place);
        let others: f64 = others
            .map(|other| (share_of(&one, other) * relative_error(&one, other)).powi(2))
            .sum();
        let expected = weight * (own + others).sqrt();
        assert!(
            (group.error / expected - 1.0).abs() < 0.2,
            "{} {expected} {}",
            group.error,
            quality.kept
        );
    }
    let other = Bootstrap {
        seed: 1,
        draws: 200,
        level: 0.95,
        small: 5,
    };
    let other = other
        .run(
            (&stays, &one.kept),
            (&Estimator::Arithmetic, &Steps::default()),
            &one.groups,
            2,
        )
        .unwrap();
    assert_ne!(Some(other), one.uncertain);
}

/// Standard error of a group's mean over the mean.
fn relative_error(made: &Made, place: usize) -> f64 {
    let spread = Spread::of(made.kept.group(place).iter().map(Stay::yuan));
    spread.cv(Deviation::Population).unwrap() / (spread.count as f64).sqrt()
}

/// A group's part of all kept costs.
fn share_of(made: &Made, place: usize) -> f64 {
    made.last()[place].unwrap() * made.kept.group(place).len() as f64 / made.kept.len() as f64
}

#[test]
fn every_method_makes_weights_of_mean_one() {
    let stays = toy();
    let methods = [
        ("arithmetic", ""),
        ("geometric", ""),
        ("hsrv", "[hsrv]\ntolerance = \"0.000000000001\"\nrounds = 500\n"),
        (
            "multi_year",
            "[years]\nof = [2024]\nweights = [7]\nmissing = \"reweigh\"\n",
        ),
    ];
    for (method, table) in methods {
        let text = PLAN.replace("\"arithmetic\"", &format!("\"{method}\"")) + table;
        let made = calibrate_stays(&stays, &plan(&text), None, 1).unwrap();
        let weights = made.last().iter().zip(&made.groups);
        let (points, cases) = weights.fold((0.0, 0.0), |(points, cases), (weight, group)| {
            (
                points + weight.unwrap() * group.kept as f64,
                cases + group.kept as f64,
            )
        });
        assert!(
            (points / cases - 1.0_f64).abs() < 1e-9,
            "{method}: {}",
            points / cases
        );
        assert_eq!(made.arithmetic.is_some(), method != "arithmetic");
    }
}

#[test]
fn several_years_are_weighed() {
    let mut reader = StaysReader::new(0, 0);
    let mut add = |group, year, cost: i64| {
        reader.add(&SeenStay {
            group,
            hospital: "H",
            year: Some(year),
            cost,
            ..SeenStay::default()
        });
    };
    for (group, year, cost) in [
        ("A", 2021, 100),
        ("A", 2022, 200),
        ("A", 2023, 300),
        ("B", 2022, 400),
        ("B", 2023, 500),
        ("B", 2023, 700),
        ("B", 2020, 9_999),
    ] {
        add(group, year, cost);
    }
    let stays = reader.finish();
    let weights = |missing| {
        let estimator = Estimator::MultiYear {
            years: vec![2021, 2022, 2023],
            weights: vec![1, 2, 7],
            missing,
        };
        estimator.weights(&stays, &stays.all).unwrap().weights
    };
    use dianzhi::points::calibration::MissingYears::{Reweigh, Zero};
    // means of all cases: 100, 300, 500 → 421 with 1:2:7
    let all = (100.0 + 2.0 * 300.0 + 7.0 * 500.0) / 10.0;
    let a = (100.0 + 2.0 * 200.0 + 7.0 * 300.0) / 10.0;
    let b = 2.0 * 400.0 + 7.0 * 600.0;
    for (missing, over) in [(Reweigh, 9.0), (Zero, 10.0)] {
        let found = weights(missing);
        assert!((found[0].unwrap() - a / all).abs() < 1e-12);
        assert!((found[1].unwrap() - b / over / all).abs() < 1e-12);
    }
}

/// Each row: a piece of the plan -> what stands there instead => what is said.
#[test]
fn plans_that_cannot_be_carried_out() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calibration/plans.txt");
    let cases = fs::read_to_string(&file).unwrap();
    let mut said = String::new();
    for case in cases.lines() {
        let Some((change, _)) = case.split_once(" => ").filter(|_| !case.starts_with('#')) else {
            said.push_str(&format!("{case}\n"));
            continue;
        };
        let (from, to) = change.split_once(" -> ").unwrap();
        assert!(PLAN.contains(from), "{from}");
        let text = PLAN.trim_start().replace(from, &to.replace("\\n", "\n"));
        let error = CalibrationPlan::parse(&Place::file(Path::new("plan.toml")), &text).unwrap_err();
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

#[test]
fn names_of_rules_say_themselves() {
    for (_, rule) in TRIMS {
        assert_eq!(trim(rule).to_string(), rule);
    }
    let wrong = [
        "iqr",
        "iqr:0",
        "iqr:x",
        "pct:99,1",
        "pct:1,101",
        "mult:0.3,3 passes 3",
        "los:l3",
        "none:1",
        "",
    ];
    for rule in wrong {
        assert!(rule.parse::<Trim>().is_err(), "{rule}");
    }
    let error = "igr:1.5".parse::<Trim>().unwrap_err();
    assert!(error.contains("did you mean `iqr`?"), "{error}");
}

// ---- what must not matter ---------------------------------------------------------------------

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn neither_order_nor_the_unit_of_costs_matters(
        seed in any::<u64>(),
        cells in prop::collection::vec((0_usize..4, 0_usize..3, 1_i64..1_000_000, 0_u32..60), 8..80),
        rule in prop::sample::select(TRIMS.map(|(_, rule)| rule).to_vec()),
    ) {
        let row = |(group, hospital, cost, los): &(usize, usize, i64, u32), times: i64| Row {
            hospital: format!("H{hospital}"),
            group: format!("G{group}0"),
            cost: cost * times,
            los: los * 100,
            died: false,
        };
        let rows: Vec<Row> = cells.iter().map(|cell| row(cell, 1)).collect();
        let mut turned = rows.clone();
        turned.reverse();
        let middle = (seed % turned.len() as u64) as usize;
        turned.rotate_left(middle);
        let plan = plan(&PLAN.replace("logsd:3", rule).replace("draws = 200", "draws = 5"));
        let made = calibrate_stays(&stays_of(&rows), &plan, None, 1).unwrap();
        let mut other = calibrate_stays(&stays_of(&turned), &plan, None, 2).unwrap();
        prop_assert_eq!(written(&made.weights), written(&other.weights));
        other.weights = made.weights.clone();
        prop_assert_eq!(format!("{made:?}"), format!("{other:?}"));
        // the same costs in another unit: weights, CV and RIV stay
        let dear: Vec<Row> = cells.iter().map(|cell| row(cell, 4)).collect();
        let dear = calibrate_stays(&stays_of(&dear), &plan, None, 1).unwrap();
        prop_assume!(dear.kept.len() == made.kept.len()); // a bound may fall on a cost
        for (one, other) in made.last().iter().zip(dear.last()) {
            prop_assert!((one.unwrap_or(0.0) - other.unwrap_or(0.0)).abs() < 1e-9);
        }
        for (one, other) in made.quality.iter().zip(&dear.quality) {
            prop_assert!((one.cv.unwrap_or(0.0) - other.cv.unwrap_or(0.0)).abs() < 1e-9);
        }
        let riv = |made: &Made| made.parts[0].cost_kept.riv().unwrap_or(0.0);
        prop_assert!((riv(&made) - riv(&dear)).abs() < 1e-9);
    }

    #[test]
    fn bounds_hold_and_the_sum_stays(
        groups in prop::collection::vec((1_u64..500, 0.1_f64..5.0, 0.5_f64..1.8), 1..30),
        width in 0.02_f64..0.5,
    ) {
        let weights: Vec<Option<f64>> = groups.iter().map(|(_, previous, change)| Some(previous * change)).collect();
        let of: Vec<StepGroup> = step_groups(&groups.iter().map(|(n, previous, _)| (*n, Some(*previous))).collect::<Vec<_>>());
        let steps = Steps { cap: Some(Cap { down: width, up: width, cases: CasesBy::Kept }), ..Steps::default() };
        let sum = |weights: &[Option<f64>]| -> f64 {
            weights.iter().zip(&groups).map(|(weight, (n, ..))| weight.unwrap() * *n as f64).sum()
        };
        match steps.take(&weights, &of) {
            Ok(done) => {
                prop_assert!((sum(&done[0].weights) / sum(&weights) - 1.0).abs() < 1e-9);
                for (weight, (_, previous, _)) in done[0].weights.iter().zip(&groups) {
                    let change = weight.unwrap() / previous - 1.0;
                    prop_assert!(change.abs() <= width + 1e-12);
                }
            }
            Err(StepFault::CapInfeasible { least, largest, target }) => {
                prop_assert!(target < least || target > largest);
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

// ---- the command ------------------------------------------------------------------------------

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

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

fn text_of(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The sample region, grouped, in a folder of its own.
fn grouped_sample() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let grouped = text_of(&folder.path().join("grouped.csv"));
    let records = "scenarios/sample-region/records.csv";
    assert_eq!(
        dianzhi(&["group", records, "-t", "chongqing-2022", "-o", &grouped]).0,
        0
    );
    (folder, grouped)
}

/// Compares a result with the stored one, or stores it.
fn as_stored(name: &str, found: &str) {
    let stored = root().join("tests/calibration/sample-region").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(stored.parent().unwrap()).unwrap();
        fs::write(&stored, found).unwrap();
    }
    assert!(
        fs::read_to_string(&stored).unwrap() == found,
        "{name} is not as stored"
    );
}

#[test]
fn the_shipped_plan_on_the_sample_region_gives_what_is_stored() {
    let (folder, grouped) = grouped_sample();
    let run = |out: &str, more: &[&str]| {
        let out = text_of(&folder.path().join(out));
        let plan = [
            "calibrate",
            &grouped,
            "--plan",
            "scenarios/calibration.toml",
            "-o",
            &out,
        ];
        let ran = dianzhi(&[&plan[..], more].concat());
        assert_eq!(ran.0, 0, "{}", ran.1);
        (PathBuf::from(out), ran.1)
    };
    let (out, words) = run("one", &["--threads", "1"]);
    assert!(
        words.starts_with("read 3000, 2972 grouped cases with hospital and cost, "),
        "{words}"
    );
    let (zh, words) = run("zh", &["--threads", "8", "--lang", "zh"]);
    assert!(words.contains("证据等级：assumption"), "{words}");
    let mut names: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names.iter().filter(|name| name.ends_with(".csv")) {
        let (one, other) = (
            fs::read(out.join(name)).unwrap(),
            fs::read(zh.join(name)).unwrap(),
        );
        assert!(one == other, "{name} depends on threads or language");
    }
    as_stored("files.txt", &(names.join("\n") + "\n"));
    for name in [
        "summary.csv",
        "weights.csv",
        "categories.csv",
        "trims.csv",
        "remarks.csv",
        "uncertainty.csv",
    ] {
        as_stored(name, &fs::read_to_string(out.join(name)).unwrap());
    }
    let page = fs::read_to_string(zh.join("calibration.html")).unwrap();
    assert!(page.contains("<h2>分类RIV</h2>") && page.contains("被裁剪病例照常支付"));
    let json = |folder: &Path| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.join("run.json")).unwrap()).unwrap()
    };
    let (one, other) = (json(&out), json(&zh));
    assert_eq!(one["result_hash"], other["result_hash"]);
    assert_eq!(one["seed"], 20_261_121);
    assert_eq!(one["inputs"].as_array().unwrap().len(), 2);
    assert!(one["warnings"]["evidence"] == 1);
    // the weights price a scenario as they are
    Weights::load(&out.join("weights.csv")).unwrap();
}

#[test]
fn records_that_cannot_count_are_told_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let grouped = folder.path().join("grouped.csv");
    let rows = "case_id,hospital,group,total_fee,status,mcc_cc\n\
        1,H1,A1,100.00,grouped,\n2,H1,A1,free,grouped,\n3,,A1,5,grouped,\n4,H1,,5,ungrouped,\n\
        5,H2,A1,300,grouped,SEVERE\n6,H1,A1\n7,H1,B1,\"5\n";
    fs::write(&grouped, rows).unwrap();
    let plan = folder.path().join("plan.toml");
    fs::write(&plan, PLAN.replace("logsd:3", "none")).unwrap();
    let out = folder.path().join("out");
    let arguments = [
        "calibrate",
        &text_of(&grouped),
        "--plan",
        &text_of(&plan),
        "-o",
        &text_of(&out),
        "--strict",
    ];
    let (code, words) = dianzhi(&arguments);
    assert_eq!(code, 1, "{words}");
    assert!(words.contains("read 7, 2 grouped cases"), "{words}");
    let findings = fs::read_to_string(out.join("findings.csv")).unwrap();
    let told: Vec<&str> = findings
        .lines()
        .skip(1)
        .map(|line| line.split_once("grouped.csv,").unwrap().1)
        .collect();
    let expected = [
        "3,total_fee,free,no_cost,\"yuan above zero, with at most two decimals\",大于零的金额（元），最多两位小数",
        "4,hospital,,no_hospital,the code of a hospital,医疗机构代码",
        "6,mcc_cc,SEVERE,,\"MCC, CC or nothing\",MCC、CC或空",
        "7,,,odd_row,as many cells as the header has,与表头相同的单元格数",
        "8,,,odd_row,a row whose quotes are closed,引号闭合的一行",
    ];
    assert_eq!(told, expected);
    let summary = fs::read_to_string(out.join("summary.csv")).unwrap();
    assert!(summary.contains("left_out_not_grouped,1,") && summary.contains("left_out_odd_row,2,"));

    fs::write(&grouped, "case_id,hospitals,group,total_fee\n1,H1,A1,5\n").unwrap();
    let (code, words) = dianzhi(&arguments);
    assert_eq!(code, 2);
    assert!(
        words.contains("grouped.csv:1: column `hospital` is missing; did you mean `hospitals`?"),
        "{words}"
    );
    fs::write(&grouped, "hospital,group,total_fee\nH1,,5\n").unwrap();
    let (_, words) = dianzhi(&arguments);
    assert!(
        words.contains("of 1 records none is grouped with a hospital and a cost"),
        "{words}"
    );
}

#[test]
fn costs_are_changed_before_they_are_weighed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "grouped.csv",
        "hospital,group,total_fee,front_fees\nH1,A1,100.00,D1;60.00|D2;30.00\nH2,A1,100.00,D1;60.00|D2;30.00\n\
         H1,B1,200.00,D1;150.00\n",
    );
    write("ratios.csv", "hospital,block,ratio\nH1,work,0.5\n");
    write("savings.csv", "group,saving\nB1,40.00\n");
    let tables = "[blocks]\ncolumn = \"front_fees\"\nblock = [{ name = \"work\", items = [\"D1\"] }]\n\
                  [cost_ratios]\nfile = \"ratios.csv\"\n[add_back]\nfile = \"savings.csv\"\nretention = \"0.5\"\n";
    let head = PLAN
        .replace("logsd:3", "none")
        .replace("stable_cases = 5", "stable_cases = 1");
    write("plan.toml", &(head.clone() + tables));
    let at = |name: &str| text_of(&folder.path().join(name));
    let arguments = [
        "calibrate",
        &at("grouped.csv"),
        "--plan",
        &at("plan.toml"),
        "-o",
        &at("out"),
    ];
    let (code, words) = dianzhi(&arguments);
    assert_eq!(code, 0, "{words}");
    // A1: 100 − 30 and 100; B1: 200 − 75 + 20
    let weights = fs::read_to_string(folder.path().join("out/weights.csv")).unwrap();
    let rows: Vec<&str> = weights.lines().skip(1).collect();
    assert_eq!(rows[0], "*,1,3,105.00,yes,assumption,");
    assert_eq!(rows[1], "A1,0.8095,2,85.00,yes,assumption,");
    assert_eq!(rows[2], "B1,1.3810,1,145.00,yes,assumption,");
    write("savings.csv", "group,saving\nB2,40.00\n");
    assert!(
        dianzhi(&arguments)
            .1
            .contains("[add_back]: no record is of group `B2`; did you mean `B1`?")
    );
    write("ratios.csv", "hospital,block,ratio\nH1,works,0.5\n");
    let words = dianzhi(&arguments).1;
    assert!(
        words.contains("ratios.csv:2: `works` is no block of the plan; did you mean `work`?"),
        "{words}"
    );
}

#[test]
fn earlier_weights_bind_the_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let previous = folder.path().join("previous.csv");
    let header = "group,weight,cases,mean_cost,stable,evidence,note\n";
    let rows = "BR2,0.6,,,yes,assumption,\nES2,0.4,,,yes,assumption,\nFM1,3.6,,,yes,assumption,\n\
                GB1,4.9,,,yes,assumption,\nOB2,0.25,,,yes,assumption,\nXX1,1,,,yes,assumption,\n";
    fs::write(&previous, format!("{header}{rows}")).unwrap();
    let weights = Weights::load(&previous).unwrap();
    let text = PLAN.replace("trim_min_cases = 0", "trim_min_cases = 0\nprevious = \"p.csv\"")
        + "[cap]\ndown = \"0.10\"\nup = \"0.10\"\ncases = \"kept\"\n[normalise]\nto = \"previous\"\ncases = \"all\"\n";
    let stays = toy();
    let made = calibrate_stays(&stays, &plan(&text), Some(&weights), 1).unwrap();
    let capped = &made.steps[0];
    for (weight, group) in capped.weights.iter().zip(&made.groups) {
        let change = weight.unwrap() / group.previous.unwrap() - 1.0;
        assert!(change.abs() <= 0.1 + 1e-12, "{change}");
    }
    let sum = |of: &dyn Fn(usize) -> f64| -> f64 {
        (0..5)
            .map(|place| of(place) * made.groups[place].all as f64)
            .sum()
    };
    let (now, before) = (
        sum(&|place| made.last()[place].unwrap()),
        sum(&|place| made.groups[place].previous.unwrap()),
    );
    assert!((now / before - 1.0).abs() < 1e-12);
    assert_eq!(made.drift.changes.len(), 5);
}
