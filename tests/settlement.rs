//! Points and budget: the published cases, the laws that hold for any pool, and every load error.
//!
//! Cases stand in `tests/golden/settlement/`, one file an operation; here is one `check` for each.
//! `UPDATE_GOLDEN=1` rewrites the expected messages in `bad/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod money;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dianzhi::budget::{
    Decision, PoolCase, PoolMoney, PoolSettlement, Profit, Sum, Verdict, mean, percent, settle,
};
use dianzhi::codes::HospitalLevel;
use dianzhi::diagnostics::{Evidence, Place};
use dianzhi::points::{
    Kind, Observation, Pack, Payment, PricingCase, Printed, Score, ScoreError, Weights, calibrate,
    catalogue_value, score, year_mixed_mean,
};
use dianzhi::units::{Exact, Fen, Points, apportion};
use money::*;
use proptest::prelude::*;
use serde_json::Value;

// ---- golden cases -----------------------------------------------------------------------------

fn one_hospital(coefficient: &str) -> [(&'static str, Option<String>); 2] {
    [
        ("coef.hospital", Some("[\"hospital\"]".to_owned())),
        (
            "coef.values",
            Some(format!("{{ hospital = {{ H = \"{coefficient}\" }} }}")),
        ),
    ]
}

/// A fixed rate: the exact standard of a normal case of this weight.
fn standard(weight: &str, rate: &str, coefficient: &str, expected: Fen) -> Exact {
    let mut edits = vec![("price.rate", Some(quoted(rate)))];
    edits.extend(one_hospital(coefficient));
    let weights = weights(&format!("G,{weight},,,yes,local,\n"));
    let score = score(&pack_of(HARBIN, &edits), &weights, &case("G", expected)).unwrap();
    assert_eq!(score.kind, Kind::Normal);
    match score.payment {
        Payment::Standard(fen) => fen,
        other => panic!("not a standard: {other:?}"),
    }
}

#[test]
fn weight_times_rate() {
    golden("weight_rate", |inputs, expected| {
        let expected = yuan(text(expected, "standard"));
        let (weight, rate, coef) = (text(inputs, "weight"), text(inputs, "rate"), text(inputs, "coef"));
        assert_eq!(
            standard(weight, rate, coef, expected).fen_half_away().unwrap(),
            expected
        );
    });
}

#[test]
fn difference_of_standards_is_not_the_difference_of_rounded_ones() {
    golden("weight_rate_diff", |inputs, expected| {
        let of = |weight| {
            standard(
                text(inputs, weight),
                text(inputs, "rate"),
                text(inputs, "coef"),
                yuan("7000"),
            )
        };
        let (from, to) = (of("weight_from"), of("weight_to"));
        let exact = from.sub(to).unwrap().fen_half_away().unwrap();
        assert_eq!(exact, yuan(text(expected, "diff")));
        let rounded = from.fen_half_away().unwrap() - to.fen_half_away().unwrap();
        assert_eq!(rounded, yuan(text(expected, "diff_of_rounded")));
    });
}

/// What a score pays at a price in yuan per point.
fn pay(score: &Score, price: &str) -> Fen {
    match score.payment {
        Payment::Points(points) => {
            let fen_per_point = decimal(price).mul(Exact::integer(100)).unwrap();
            points
                .exact()
                .unwrap()
                .mul(fen_per_point)
                .unwrap()
                .fen_half_away()
                .unwrap()
        }
        Payment::Standard(fen) => fen.fen_half_away().unwrap(),
        Payment::Amount(fen) => fen,
        Payment::ByItem | Payment::Nothing => panic!("paid by item, or nothing"),
    }
}

#[test]
fn points_times_price() {
    golden("points_price", |inputs, expected| {
        let mut edits = vec![
            ("round.points_dp", Some(quoted("none"))),
            (
                "price.scale",
                Some(quoted(inputs["scale"].as_str().unwrap_or("1"))),
            ),
            ("outlier.high_pay", Some(quoted("standard"))),
        ];
        edits.extend(one_hospital(text(inputs, "coef")));
        let weight = inputs["points"].as_str().or(inputs["rw"].as_str()).unwrap();
        let mean = inputs["mean_cost"].as_str().unwrap_or("5000");
        let cost = yuan(inputs["cost"].as_str().unwrap_or("5000"));
        let weights = weights(&format!("G,{weight},,{mean},yes,local,\n"));
        let limits = expected["low"].as_str().zip(expected["high"].as_str());
        let pack = match limits {
            Some(_) => pack_with_limits(&edits),
            None => pack_of(SAMPLE, &edits),
        };
        let score = score(&pack, &weights, &case("G", cost)).unwrap();
        let paid = pay(&score, text(inputs, "point_value"));
        assert_eq!(paid, yuan(text(expected, "pay")));
        if let Some((low, high)) = limits {
            let base = score.outlier_base.unwrap();
            let limit = |threshold: Exact| base.mul(threshold).unwrap().fen_half_away().unwrap();
            assert_eq!(limit(decimal("0.40")), yuan(low));
            assert_eq!(limit(score.threshold.unwrap()), yuan(high));
        }
        if let Some(profit) = expected["profit"].as_str() {
            assert_eq!(score.kind, Kind::High);
            assert_eq!(paid - cost, yuan(profit));
        }
    });
}

/// A pack whose limits hang on a base of their own, which lies in [1499.6217, 1499.6250): the published
/// limits, 0.4 and 3 times of it, leave no other.
fn pack_with_limits(edits: &[(&str, Option<String>)]) -> Pack {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("base.csv"), "group,mean_cost\nG,1499.6234\n").unwrap();
    let mut edits: Vec<(&str, Option<&str>)> = edits
        .iter()
        .map(|(key, value)| (*key, value.as_deref()))
        .collect();
    edits.extend([
        ("outlier.base", Some("\"table\"")),
        ("outlier.table", Some("\"base.csv\"")),
    ]);
    let place = Place::file(&folder.path().join("policy.toml"));
    Pack::parse(&place, &edited(SAMPLE, &edits)).unwrap_or_else(|e| panic!("{e}"))
}

/// The pack of an outlier case: the policy in flat form, laid over a shipped pack.
fn outlier_pack(inputs: &Value) -> Pack {
    let policy = &inputs["policy"];
    let word = |key: &str| policy[key].as_str();
    let score_or_weight = inputs["score"].as_str().or(inputs["rw"].as_str()).unwrap();
    let fixed = word("outlier_base") == Some("standard");
    let mut edits = vec![
        ("round.points_dp", Some(quoted("none"))),
        ("price.scale", Some(quoted(text(inputs, "scale")))),
        ("outlier.base", word("outlier_base").map(quoted)),
        ("outlier.low", word("low").map(quoted)),
        (
            "outlier.edge",
            Some(format!(
                "{{ low = \"{}\", high = \"{}\", extreme = \"{}\" }}",
                word("edge_low").unwrap(),
                word("edge_high").unwrap_or(">"),
                word("edge_extreme").unwrap_or(">")
            )),
        ),
    ];
    if let Some(k) = word("high_k") {
        edits.push(("outlier.high", Some(format!("{{ by = \"flat\", k = \"{k}\" }}"))));
    }
    for (key, path) in [("low_pay", "outlier.low_pay"), ("high_pay", "outlier.high_pay")] {
        edits.extend(word(key).map(|pay| (path, Some(quoted(pay)))));
    }
    edits.extend(
        policy["low_coef"]
            .as_bool()
            .map(|on| ("outlier.low_coef", Some(on.to_string()))),
    );
    if let (Some(x), Some(pay)) = (word("extreme_x"), word("extreme_pay")) {
        let extreme = format!("{{ x = \"{x}\", pay = \"{pay}\" }}");
        edits.push(("outlier.extreme", Some(extreme)));
    }
    if let Some(base) = inputs["outlier_base_amount"].as_str() {
        let price = yuan(base).exact().div(decimal(score_or_weight)).unwrap();
        let price = price.fen_half_away().unwrap().to_string();
        edits.push(("outlier.mean_price", Some(quoted(&price))));
    }
    if let Some(factor) = inputs["ungrouped_factor"].as_str() {
        let pay = format!("{{ mode = \"ratio\", factor = \"{factor}\", base = \"score_x_mean_price\" }}");
        edits.push(("ungrouped.pay", Some(pay)));
    }
    if fixed {
        edits.push(("price.rate", Some(quoted(text(inputs, "price")))));
    }
    edits.extend(one_hospital(text(inputs, "coef")));
    pack_of(if fixed { HARBIN } else { SAMPLE }, &edits)
}

#[test]
fn outlier_cases() {
    golden("outlier_case", |inputs, expected| {
        let score_or_weight = inputs["score"].as_str().or(inputs["rw"].as_str()).unwrap();
        let mut rows = format!("G,{score_or_weight},,,yes,local,\n");
        if let Some(mean) = inputs["city_mean"].as_str() {
            rows += &format!("*,1,,{mean},yes,local,\n");
        }
        let mut case = case("G", yuan(text(inputs, "cost")));
        if expected["kind"] == "ungrouped" {
            case.group = None;
        }
        let score = score(&outlier_pack(inputs), &weights(&rows), &case).unwrap();
        assert_eq!(score.kind.as_str(), text(expected, "kind"));
        if let Some(ratio) = expected["ratio"].as_str() {
            let decimals = ratio.split_once('.').map_or(0, |(_, places)| places.len());
            assert_eq!(score.ratio_shown(decimals.try_into().unwrap()).unwrap(), ratio);
        }
        for key in ["points", "settle_score"] {
            if let Some(points) = expected.get(key) {
                let shown = score.points.map(|p| p.exact().unwrap().show(4).unwrap());
                assert_eq!(shown.as_deref(), points.as_str());
            }
        }
        if let Some(standard) = expected["standard"].as_str() {
            assert_eq!(
                score.outlier_base.unwrap().fen_half_away().unwrap(),
                yuan(standard)
            );
        }
        let price = inputs["price"]
            .as_str()
            .or(inputs["point_value"].as_str())
            .unwrap();
        assert_eq!(pay(&score, price), yuan(text(expected, "pay")));
    });
}

const HOSPITALS: [&str; 3] = ["H1", "H2", "H3"];

#[test]
fn pools_close() {
    golden("clear", |inputs, expected| {
        let fund = yuan(text(inputs, "fund"));
        let settled = match text(inputs, "formula_class") {
            "V1" => settle(&floating("V1", "none", &[]), "p", fund, &v2_cases(inputs)),
            "V2" => settle(&pack(SAMPLE, &[]), "employee", fund, &v2_cases(inputs)),
            "V3" => return v3_closes(inputs, expected),
            _ => settle(&capped_pack(inputs), "employee", fund, &v4_cases(inputs)),
        };
        let settled = settled.unwrap_or_else(|e| panic!("{e}"));
        let column = |of: fn(&dianzhi::budget::HospitalDue) -> Option<Fen>| -> Vec<Fen> {
            settled.hospitals.iter().map(|h| of(h).unwrap()).collect()
        };
        if let Some(pv) = expected["pv_full"].as_str() {
            assert_eq!(settled.point_value.unwrap().show_yuan(10).unwrap(), pv);
        }
        if let Some(k) = expected["k"].as_str() {
            assert_eq!(settled.k.unwrap().show(10).unwrap(), k);
            assert_eq!(column(|h| h.after_scale), list(expected, "after_budget"));
            assert_eq!(column(|h| h.after_cap), list(expected, "after_cap"));
        }
        if expected["due"].is_array() {
            assert_eq!(column(|h| Some(h.due)), list(expected, "due"));
        }
        if let Some(unallocated) = expected["unallocated"].as_str() {
            assert_eq!(used(&settled, "unallocated"), yuan(unallocated));
        }
    });
}

fn v2_cases(inputs: &Value) -> Vec<PoolCase<'static>> {
    let points = inputs["points"].as_array().unwrap().iter();
    let nonfund = match inputs["nonfund"].is_array() {
        true => list(inputs, "nonfund"),
        false => vec![Fen::ZERO; HOSPITALS.len()],
    };
    let cases = HOSPITALS.iter().zip(points).zip(nonfund);
    cases
        .map(|((hospital, points), nonfund)| PoolCase {
            nonfund,
            ..pool_case(
                hospital,
                hospital,
                Payment::Points(points_of(points.as_str().unwrap())),
            )
        })
        .collect()
}

fn points_of(text: &str) -> Points {
    decimal(text).points_half_away(12).unwrap()
}

fn v4_cases(inputs: &Value) -> Vec<PoolCase<'static>> {
    let parts = list(inputs, "standard_fund_part").into_iter();
    let cases = HOSPITALS.iter().zip(parts).zip(list(inputs, "claim"));
    cases
        .map(|((hospital, part), claim)| PoolCase {
            claim,
            ..pool_case(hospital, hospital, Payment::Standard(part.exact()))
        })
        .collect()
}

fn capped_pack(inputs: &Value) -> Pack {
    let cap = format!(
        "{{ of = \"claim\", rate = \"{}\", per = \"fund\" }}",
        text(inputs, "cap_of_claim")
    );
    pack_of(
        HARBIN,
        &[
            ("clear.steps", Some(capped_steps(text(inputs, "reflow")))),
            ("clear.cap", Some(cap)),
            ("clear.reflow", Some(quoted(text(inputs, "reflow")))),
        ],
    )
}

/// Steps of a capped pool; reflow only where something flows back.
fn capped_steps(reflow: &str) -> String {
    let flows = if reflow == "stay" { "" } else { ", \"reflow\"" };
    format!(
        "[\"freeze\", \"budget\", \"carve\", \"price\", \"fund_part\", \"scale\", \"cap\"{flows}, \"residual\", \"net_off\", \"confirm\"]"
    )
}

/// Score × coefficient × price, less what the person paid: below zero, or clamped there.
fn clamped_standard(inputs: &Value, expected: &Value) {
    let mut edits = vec![("price.rate", Some(quoted(text(inputs, "price"))))];
    edits.extend(one_hospital(text(inputs, "coef")));
    edits.extend([
        ("outlier.high", Some("{ by = \"flat\", k = \"9\" }".to_owned())),
        ("fund.negative", Some(quoted(text(inputs, "negative")))),
    ]);
    let weights = weights(&format!("G,{},,,yes,local,\n", text(inputs, "score")));
    let cost = yuan(text(inputs, "cost"));
    let score = score(&pack_of(HARBIN, &edits), &weights, &case("G", cost)).unwrap();
    assert_eq!(score.kind, Kind::Normal);
    let case = PoolCase {
        nonfund: yuan(text(inputs, "person")) + yuan(text(inputs, "other_funds")),
        ..pool_case("C1", "H1", score.payment)
    };
    for (negative, due) in [("zero", "due"), ("keep", "due_if_keep")] {
        let mut edits = edits.clone();
        edits.push(("fund.negative", Some(quoted(negative))));
        // fixed, not scaled: the due is what the formula gives
        edits.push(("price.model", Some(quoted("fixed"))));
        let steps = "[\"freeze\", \"budget\", \"carve\", \"price\", \"fund_part\", \"residual\", \"net_off\", \"confirm\"]";
        edits.push(("clear.steps", Some(steps.to_owned())));
        let settled = settle(&pack_of(HARBIN, &edits), "p", Fen::ZERO, &[case]).unwrap();
        assert_eq!(settled.cases[0].standard, yuan(text(expected, "standard")));
        assert_eq!(settled.cases[0].due, yuan(text(expected, due)));
    }
}

#[test]
fn a_single_case_may_be_due_less_than_nothing() {
    golden("fund_subtract", |inputs, expected| {
        let standard = match inputs["standard"].as_str() {
            Some(standard) => yuan(standard),
            None => return clamped_standard(inputs, expected),
        };
        let nonfund = yuan(text(inputs, "person")) + yuan(text(inputs, "other_funds"));
        let cases = [
            PoolCase {
                nonfund,
                ..pool_case("C1", "H1", Payment::Standard(standard.exact()))
            },
            pool_case("C2", "H2", Payment::Standard(yuan("50000").exact())),
        ];
        let settled = settle(&pack(HARBIN, &[]), "employee", yuan("90000"), &cases).unwrap();
        assert_eq!(settled.k, Some(Exact::ONE));
        assert_eq!(settled.cases[0].due, yuan(text(expected, "due")));
        assert_eq!(settled.cases[0].standard, standard);
        assert_eq!(
            yuan(text(inputs, "cost")) - nonfund,
            yuan(text(expected, "fund_by_item"))
        );
    });
}

#[test]
fn largest_remainder() {
    golden("allocate", |inputs, expected| {
        let total = yuan(text(inputs, "total"));
        let parts = match inputs["exact_shares_fen"].as_array() {
            None => {
                let weights = inputs["weights"].as_array().unwrap().iter();
                let weights: Vec<i128> = weights.map(|w| w.as_str().unwrap().parse().unwrap()).collect();
                total.split(&weights)
            }
            Some(shares) => {
                let thirds = shares
                    .iter()
                    .map(|s| s.as_str().unwrap().strip_suffix("/3").unwrap());
                let thirds: Vec<i128> = thirds.map(|s| s.parse().unwrap()).collect();
                apportion(total, &thirds, 3)
            }
        };
        assert_eq!(parts.unwrap(), list(expected, "shares"));
    });
}

// ---- shares, reserves, quotas -----------------------------------------------------------------

/// A pack of class V1, V2 or V3 with a floating price.
fn floating(class: &str, formula: &str, more: &[(&str, &str)]) -> Pack {
    let basis = match class {
        "V1" => "fund",
        "V2" => "total_cost",
        _ => "ratio_grossed",
    };
    let mut edits = vec![
        ("formula_class", Some(quoted(class))),
        ("pool.basis", Some(quoted(basis))),
        ("fund.formula", Some(quoted(formula))),
    ];
    edits.extend(more.iter().map(|(key, value)| (*key, Some((*value).to_owned()))));
    pack_of(SAMPLE, &edits)
}

fn v3(ratio: &str, correct: bool) -> Pack {
    floating(
        "V3",
        "subtract",
        &[
            ("fund.ratio", &quoted(ratio)),
            ("fund.v3_correct", &correct.to_string()),
        ],
    )
}

fn v3_closes(inputs: &Value, expected: &Value) {
    let fund = yuan(text(inputs, "fund"));
    let ratio = format!("fixed:{}", text(inputs, "ratio"));
    let cases = v2_cases(inputs);
    let plain = settle(&v3(&ratio, false), "p", fund, &cases).unwrap();
    let dues = |settled: &PoolSettlement| settled.hospitals.iter().map(|h| h.due).collect::<Vec<_>>();
    assert_eq!(
        plain.point_value.unwrap().show_yuan(10).unwrap(),
        text(expected, "pv_full")
    );
    assert_eq!(dues(&plain), list(expected, "due_uncorrected"));
    let gap = plain
        .sources
        .iter()
        .find(|(name, _)| *name == "gap_funding")
        .unwrap();
    assert_eq!(-gap.1, yuan(text(expected, "gap")));
    assert_eq!(
        sum(dues(&plain).into_iter()),
        yuan(text(expected, "sum_uncorrected"))
    );
    let corrected = settle(&v3(&ratio, true), "p", fund, &cases).unwrap();
    assert_eq!(dues(&corrected), list(expected, "due"));
    assert_eq!(
        corrected.k.unwrap().show(10).unwrap(),
        text(expected, "correction")
    );
    assert_eq!(sum(dues(&corrected).into_iter()), fund);
}

#[test]
fn a_bill_without_enough_for_the_fund_may_be_clamped() {
    let clamped = |negative: &str, cases: &[PoolCase]| {
        let pack = pack(HARBIN, &[("fund.negative", Some(&quoted(negative)))]);
        settle(&pack, "p", yuan("90000"), cases).unwrap()
    };
    let cases = [
        PoolCase {
            nonfund: yuan("70"),
            ..pool_case("C1", "H1", Payment::Standard(yuan("50").exact()))
        },
        pool_case("C2", "H1", Payment::Standard(yuan("80").exact())),
    ];
    let kept = clamped("keep", &cases);
    assert_eq!((kept.cases[0].due, kept.cases[1].due), (yuan("-20"), yuan("80")));
    let zero = clamped("zero", &cases);
    assert_eq!((zero.cases[0].due, zero.cases[1].due), (Fen::ZERO, yuan("80")));
    let line = zero.sources.iter().find(|(name, _)| *name == "clamp").unwrap();
    assert_eq!(line.1, yuan("20"), "the clamp is a line of the books");
}

#[test]
fn a_quota_is_a_whole_number_of_cases() {
    golden("quota", |inputs, expected| {
        let count = usize::try_from(inputs["discharges"].as_u64().unwrap()).unwrap();
        let quota = expected["quota"].as_u64().unwrap();
        let pack = pack_of(
            SAMPLE,
            &[
                ("special.meta", Some(quoted("invented"))),
                (
                    "special.quota",
                    Some(format!("{{ \"*\" = \"{}\" }}", text(inputs, "rate"))),
                ),
                ("special.denominator", Some(quoted("pool_discharges"))),
                ("special.round", Some(quoted(text(inputs, "round")))),
                ("special.outcome", Some("[\"agreed\"]".to_owned())),
            ],
        );
        let ids: Vec<String> = (0..count).map(|i| format!("C{i:05}")).collect();
        let cases: Vec<PoolCase> = ids
            .iter()
            .map(|id| pool_case(id, "H1", Payment::ByItem))
            .collect();
        let decided = ids.iter().take(700).map(|case| Decision {
            case: case.as_str().into(),
            verdict: Verdict::Agreed(yuan("1")),
        });
        let decisions: Vec<Decision> = decided.collect();
        let money = PoolMoney {
            budget: yuan("700"),
            decisions: &decisions,
            ..PoolMoney::default()
        };
        let settled = settle(&pack, "p", money, &cases).unwrap();
        let within = settled.reviewed.iter().filter(|r| r.within_quota).count() as u64;
        assert_eq!((within, settled.reviewed.len()), (quota, 700));
        assert_eq!(
            used(&settled, "amount_cases"),
            Fen::new(i64::try_from(quota).unwrap() * 100)
        );
    });
}

#[test]
fn surplus_and_overrun_of_a_hospital() {
    golden("corridor_hospital", |inputs, expected| {
        let band = |band: &Value| {
            let of = |key: &str| format!("{key} = \"{}\"", text(band, key));
            format!(
                "{{ {}, {}, {}, {} }}",
                of("to"),
                of("op"),
                of("alpha"),
                of("beta")
            )
        };
        let bands: Vec<String> = inputs["bands"].as_array().unwrap().iter().map(band).collect();
        let corridor = format!(
            "{{ hospital = {{ balance = \"reserve\", bands = [{}] }} }}",
            bands.join(", ")
        );
        let steps = "[\"freeze\", \"budget\", \"carve\", \"price\", \"fund_part\", \"corridor\", \"residual\", \"net_off\", \"confirm\"]";
        let pack = floating(
            "V1",
            "none",
            &[("clear.corridor", &corridor), ("clear.steps", steps)],
        );
        let case = PoolCase {
            claim: yuan(text(inputs, "actual")),
            ..pool_case("C1", "H1", Payment::Points(points_of("7")))
        };
        let settled = settle(&pack, "p", yuan(text(inputs, "due")), &[case]).unwrap();
        let pay = yuan(text(expected, "pay"));
        assert_eq!(settled.hospitals[0].due, pay);
        assert_eq!(settled.cases[0].due, pay);
        let changed = pay - yuan(text(inputs, "due"));
        let drawn = settled
            .sources
            .iter()
            .find(|(name, _)| *name == "reserve_drawn")
            .map_or(Fen::ZERO, |s| s.1);
        let kept = settled
            .uses
            .iter()
            .find(|(name, _)| *name == "to_reserve")
            .map_or(Fen::ZERO, |s| s.1);
        assert_eq!(drawn - kept, changed);
        assert!(
            settled
                .warnings
                .iter()
                .any(|w| w.contains("jumps at claim = 0.8500 of due")),
            "{:?}",
            settled.warnings
        );
    });
}

#[test]
fn surplus_and_overrun_of_a_region() {
    golden("corridor_region", |inputs, expected| {
        let of = |key: &str| text(inputs, key).to_owned();
        let corridor = format!(
            "{{ region = {{ basis = \"claims\", over_share = \"{}\", under_keep = \"{}\" }} }}",
            of("over_share"),
            of("under_keep")
        );
        let pack = floating("V1", "none", &[("clear.corridor", &corridor)]);
        let case = PoolCase {
            claim: yuan(&of("actual")),
            ..pool_case("C1", "H1", Payment::Points(points_of("7")))
        };
        let money = PoolMoney {
            budget: yuan(&of("budget")),
            reserve_left: yuan(&of("reserve")),
            ..PoolMoney::default()
        };
        let settled = settle(&pack, "p", money, &[case]).unwrap();
        assert_eq!(settled.hospitals[0].due, yuan(text(expected, "final_pool")));
        let scarce = settle(
            &pack,
            "p",
            PoolMoney {
                reserve_left: yuan("1000"),
                ..money
            },
            &[case],
        )
        .unwrap();
        assert!(
            scarce.hospitals[0].due <= money.budget + yuan("1000"),
            "an overrun is shared as far as the reserve goes"
        );
    });
}

// ---- catalogue values and profit --------------------------------------------------------------

#[test]
fn catalogue_values_are_means_over_the_regions_mean() {
    golden("rw", |inputs, expected| {
        let of = |key: &str| decimal(text(inputs, key));
        let scale = text(inputs, "catalogue_scale").parse().unwrap();
        let printed = Printed { scale, decimals: 6 };
        let value = catalogue_value(of("group_mean"), of("regional_mean"), printed).unwrap();
        assert_eq!(
            value,
            expected["rw_recomputed"].as_str().unwrap_or(text(expected, "rw"))
        );
    });
    golden("rw_three_year", |inputs, expected| {
        let of = |key: &str| -> Vec<Exact> {
            inputs[key]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| decimal(v.as_str().unwrap()))
                .collect()
        };
        let mean = year_mixed_mean(&of("means_oldest_first"), &of("mix")).unwrap();
        assert_eq!(mean.show(2).unwrap(), text(expected, "m"));
        let printed = Printed {
            scale: 1,
            decimals: 4,
        };
        let value = catalogue_value(mean, decimal(text(inputs, "regional_mean")), printed).unwrap();
        assert_eq!(value, text(expected, "rw"));
    });
    // the price of a mean case over the mean cost, for showing only
    golden("control", |inputs, expected| {
        let of = |key: &str| decimal(text(inputs, key));
        let price = of("point_value").mul(of("scale")).unwrap();
        let printed = Printed {
            scale: 1,
            decimals: 3,
        };
        assert_eq!(
            catalogue_value(price, of("city_mean"), printed).unwrap(),
            text(expected, "control")
        );
    });
}

/// Months of which some may not be known, summed as expected.
fn months_summed(inputs: &Value, expected: &Value) -> Sum {
    let months = inputs["months"].as_array().unwrap().iter();
    let sum = Sum::of(months.map(|month| month.as_str().map(yuan)));
    assert_eq!(sum.total, yuan(text(expected, "total")));
    sum
}

#[test]
fn profit_and_its_sums() {
    fn some(value: &Value) -> Option<Fen> {
        value.as_str().map(yuan)
    }
    golden("pnl", |inputs, expected| {
        let official = some(&inputs["official"]);
        let profit = Profit::of(
            yuan(text(inputs, "standard")),
            yuan(text(inputs, "cost")),
            official,
        );
        assert_eq!(profit.formula, yuan(text(expected, "profit_formula")));
        assert_eq!(profit.adjust, some(&expected["profit_adjust"]));
        let cases = inputs["cases"].as_u64().unwrap();
        assert_eq!(
            mean(yuan(text(inputs, "cost")), cases).unwrap(),
            yuan(text(expected, "avg_cost"))
        );
    });
    golden("sum", |inputs, expected| {
        assert!(months_summed(inputs, expected).complete);
    });
    golden("mean", |inputs, expected| {
        let cases = inputs["cases"].as_u64().unwrap();
        assert_eq!(
            mean(yuan(text(inputs, "profit")), cases).unwrap(),
            yuan(text(expected, "mean"))
        );
    });
    golden("share", |inputs, expected| {
        let sum = months_summed(inputs, expected);
        assert!(!sum.complete);
        let part = yuan(text(inputs, "part")).fen().into();
        assert_eq!(
            percent(part, sum.total.fen().into(), 2).unwrap(),
            text(expected, "share_pct")
        );
    });
    golden("match_rate", |inputs, expected| {
        let of = |key: &str| i128::from(inputs[key].as_u64().unwrap());
        for (part, expect) in [
            ("match_net", "net_pct"),
            ("match_positive_only", "positive_only_pct"),
        ] {
            assert_eq!(percent(of(part), of("cases"), 1).unwrap(), text(expected, expect));
        }
    });
}

// ---- calibration ------------------------------------------------------------------------------

fn observations() -> Vec<(String, String, Fen)> {
    let mut reader = csv::Reader::from_path(folder().join("calibrate-cases.csv")).unwrap();
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| (row[0].to_owned(), row[1].to_owned(), yuan(&row[2])))
        .collect()
}

fn observed(rows: &[(String, String, Fen)]) -> impl Iterator<Item = Observation<'_>> {
    rows.iter().map(|(hospital, group, cost)| Observation {
        group,
        hospital,
        cost: *cost,
    })
}

#[test]
fn weights_are_the_means_ratio() {
    let golden: Value =
        serde_json::from_str(&fs::read_to_string(folder().join("calibrate.json")).unwrap()).unwrap();
    let expected = &golden["expected"];
    let rows = observations();
    let made = calibrate(observed(&rows), 5).unwrap();
    assert_eq!(made.weights.city_mean(), Some(yuan(text(expected, "mean_all"))));
    for (group, weight) in expected["weights"].as_object().unwrap() {
        let row = made.weights.get(group).unwrap();
        assert_eq!(row.weight.unwrap().to_string(), weight.as_str().unwrap());
        assert_eq!(row.cases, expected["n_g"][group].as_u64());
        assert_eq!(row.evidence, Evidence::Assumption);
    }
    let case_mix = made.case_mix().unwrap();
    for (hospital, mean) in made.hospitals.iter().zip(case_mix) {
        assert_eq!(
            mean.unwrap().show(3).unwrap(),
            text(&expected["case_mix"], hospital)
        );
    }
    assert_eq!(made.cases.sum(), 663);
}

#[test]
fn calibration_does_not_see_the_order_of_cases() {
    let mut rows = observations();
    let forward = written(&calibrate(observed(&rows), 5).unwrap().weights);
    rows.reverse();
    rows.rotate_left(101);
    assert_eq!(written(&calibrate(observed(&rows), 5).unwrap().weights), forward);
}

fn written(weights: &Weights) -> String {
    let mut bytes = Vec::new();
    weights.write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_group_of_few_cases_gets_no_weight_and_reads_back_as_written() {
    let rows = observations();
    let made = calibrate(observed(&rows), 50).unwrap().weights;
    let gb1 = made.get("GB1").unwrap();
    assert_eq!((gb1.stable, gb1.weight, gb1.cases), (false, None, Some(43)));
    let text = written(&made);
    let read = Weights::parse(&Place::file(Path::new("w.csv")), &text).unwrap();
    assert_eq!(read, made);
    assert_eq!(text.lines().nth(1), Some("*,1,663,15773.44,yes,assumption,"));
}

#[test]
fn nothing_to_calibrate_is_an_error() {
    let one = |cost| {
        [Observation {
            group: "G",
            hospital: "H",
            cost: Fen::new(cost),
        }]
    };
    assert!(calibrate([], 1).is_err());
    assert!(calibrate(one(0), 1).is_err());
    assert!(calibrate(one(-1), 1).is_err());
    assert!(
        calibrate(
            [Observation {
                group: "*",
                hospital: "H",
                cost: Fen::new(1)
            }],
            1
        )
        .is_err()
    );
}

// ---- one case: kinds and edges ----------------------------------------------------------------

fn edge_pack(low: &str, high: &str, extreme: &str) -> Pack {
    pack(
        SAMPLE,
        &[
            ("outlier.high", Some("{ by = \"flat\", k = \"3\" }")),
            ("outlier.extreme", Some("{ x = \"5\", pay = \"coef_only\" }")),
            (
                "outlier.edge",
                Some(&format!(
                    "{{ low = \"{low}\", high = \"{high}\", extreme = \"{extreme}\" }}"
                )),
            ),
        ],
    )
}

/// Threshold − 1 fen, exact, + 1 fen, for every threshold and operator.
#[test]
fn every_edge_is_owned_by_one_side() {
    use Kind::{Extreme, High, Low, Normal};
    let weights = weights("G,1,,10000,yes,local,\n");
    for (low, high, extreme, limit, kinds) in [
        ("<", ">", ">", "4000", [Low, Normal, Normal]),
        ("<=", ">", ">", "4000", [Low, Low, Normal]),
        ("<", ">", ">", "30000", [Normal, Normal, High]),
        ("<", ">=", ">", "30000", [Normal, High, High]),
        ("<", ">", ">", "50000", [High, High, Extreme]),
        ("<", ">", ">=", "50000", [High, Extreme, Extreme]),
    ] {
        let pack = edge_pack(low, high, extreme);
        let costs = [-1, 0, 1].map(|step| yuan(limit) + Fen::new(step));
        let got = costs.map(|cost| score(&pack, &weights, &case("G", cost)).unwrap().kind);
        assert_eq!(got, kinds, "low {low} high {high} extreme {extreme} at {limit}");
    }
}

/// Base points 100: with `<=` the limit 100 belongs to its own band (K = 3), with `<` to the next.
#[test]
fn a_band_owns_its_limit_or_leaves_it_to_the_next() {
    let weights = weights("G,1,,10000,yes,local,\nS,0.9999,,10000,yes,local,\n");
    let banded = |by: &str, limit: &str, edge: &str| {
        let high = format!(
            "{{ by = \"{by}\", bands = [[\"{limit}\", \"3\"], [\"inf\", \"2\"]], band_edge = \"{edge}\" }}"
        );
        pack(SAMPLE, &[("outlier.high", Some(&high))])
    };
    for (by, limit) in [("points", "100"), ("rw", "1")] {
        for (edge, group, kind) in [
            ("<=", "G", Kind::Normal),
            ("<", "G", Kind::High),
            ("<", "S", Kind::Normal),
        ] {
            let scored = score(&banded(by, limit, edge), &weights, &case(group, yuan("25000"))).unwrap();
            assert_eq!(scored.kind, kind, "{by} {edge} {group}");
        }
    }
}

#[test]
fn the_low_limit_may_shrink_with_the_coefficient() {
    let weights = weights("G,1,,10000,yes,local,\n");
    let low = |rule: &str, level| {
        let pack = pack(SAMPLE, &[("outlier.low_rule", Some(rule))]);
        let case = PricingCase {
            level,
            ..case("G", yuan("3700"))
        };
        score(&pack, &weights, &case).unwrap().kind
    };
    assert_eq!(low("\"flat\"", HospitalLevel::One), Kind::Low);
    // 0.40 × 0.90 = 0.36; a coefficient above one changes nothing
    assert_eq!(low("\"min_1_coef\"", HospitalLevel::One), Kind::Normal);
    assert_eq!(low("\"min_1_coef\"", HospitalLevel::Three), Kind::Low);
}

#[test]
fn cases_without_a_usable_weight() {
    const ROWS: &str = "*,1,,10000,yes,local,\nZ,0,,,yes,local,\nU,,2,8000,no,local,\n";
    let weights = weights(ROWS);
    let cost = yuan("5000");
    let points = |text| Payment::Points(points_of(text));
    for (group, edit, kind, payment) in [
        (
            None,
            ("ungrouped.pay", "{ mode = \"by_item\" }"),
            Kind::Ungrouped,
            Payment::ByItem,
        ),
        (
            None,
            ("ungrouped.pay", "{ mode = \"zero\" }"),
            Kind::Ungrouped,
            points("0"),
        ),
        (
            None,
            ("ungrouped.pay", "{ mode = \"actual\" }"),
            Kind::Ungrouped,
            Payment::Amount(cost),
        ),
        (
            None,
            (
                "ungrouped.pay",
                "{ mode = \"ratio\", factor = \"0.7\", base = \"group_mean\" }",
            ),
            Kind::Ungrouped,
            points("35"),
        ),
        (
            Some("U"),
            ("group.unstable_pay", "\"cost_ratio\""),
            Kind::Unstable,
            points("50"),
        ),
        (
            Some("U"),
            ("group.unstable_pay", "\"by_item\""),
            Kind::Unstable,
            Payment::ByItem,
        ),
        (
            Some("not in the table"),
            ("group.unstable_pay", "\"cost_ratio\""),
            Kind::Unstable,
            points("50"),
        ),
        (
            Some("Z"),
            ("group.zero_score_pay", "\"actual\""),
            Kind::ZeroScore,
            Payment::Amount(cost),
        ),
        (
            Some("Z"),
            ("group.zero_score_pay", "\"zero\""),
            Kind::ZeroScore,
            points("0"),
        ),
    ] {
        let pack = pack(SAMPLE, &[(edit.0, Some(edit.1))]);
        let case = PricingCase {
            group,
            ..case("", cost)
        };
        let scored = score(&pack, &weights, &case).unwrap();
        assert_eq!(
            (scored.kind, scored.payment),
            (kind, payment),
            "{group:?} {edit:?}"
        );
    }
}

#[test]
fn stays_out_of_scope_are_paid_by_item_and_keep_their_other_reasons() {
    let pack = pack(
        SAMPLE,
        &[
            (
                "case.classify",
                Some("[\"days\", \"ungrouped\", \"unpriced\", \"outlier\"]"),
            ),
            ("scope.meta", Some("\"invented\"")),
            (
                "scope.days",
                Some(
                    "{ count = \"discharge_minus_admission\", exclude = [[\"<=\", 2], [\">=\", 60]], then = \"by_item\" }",
                ),
            ),
        ],
    );
    let weights = weights("G,1,,10000,yes,local,\n");
    for (days, kind) in [
        (2, Kind::OutOfScope),
        (3, Kind::Low),
        (59, Kind::Low),
        (60, Kind::OutOfScope),
    ] {
        let case = PricingCase {
            los_days: Some(days),
            ..case("G", yuan("100"))
        };
        let scored = score(&pack, &weights, &case).unwrap();
        assert_eq!(scored.kind, kind, "{days} days");
        assert_eq!(scored.reasons.contains(Kind::Low), kind == Kind::OutOfScope);
    }
    assert_eq!(
        score(&pack, &weights, &case("G", yuan("100"))).unwrap_err(),
        ScoreError::NoStay
    );
}

#[test]
fn rates_by_pool_and_level() {
    let rate = "{ employee = { \"3\" = \"100\", \"2\" = \"90\" }, resident = \"80\" }";
    let pack = pack(HARBIN, &[("price.rate", Some(rate))]);
    let weights = weights("G,1,,,yes,local,\n");
    let standard = |pool, level| {
        let case = PricingCase {
            pool,
            level,
            ..case("G", yuan("80"))
        };
        score(&pack, &weights, &case).map(|scored| pay(&scored, ""))
    };
    assert_eq!(standard("employee", HospitalLevel::Three), Ok(yuan("100")));
    assert_eq!(standard("employee", HospitalLevel::Two), Ok(yuan("90")));
    assert_eq!(standard("resident", HospitalLevel::One), Ok(yuan("80")));
    let missing = |pool, level| standard(pool, level).unwrap_err().to_string();
    assert_eq!(
        missing("employee", HospitalLevel::One),
        "the pack has no rate `price.rate.employee.1`"
    );
    assert_eq!(
        missing("other", HospitalLevel::One),
        "the pack has no rate `price.rate.other`"
    );
}

#[test]
fn a_number_that_is_missing_is_an_error_and_not_a_guess() {
    let score_of = |edits: &[(&str, Option<&str>)], rows: &str, group| {
        score(&pack(SAMPLE, edits), &weights(rows), &case(group, yuan("5000"))).unwrap_err()
    };
    let mean = "*,1,,10000,yes,local,\n";
    assert_eq!(score_of(&[], "G,1,,,yes,local,\n", "G"), ScoreError::NoGroupMean);
    assert_eq!(score_of(&[], "G,1,,0,yes,local,\n", "G"), ScoreError::BaseZero);
    assert_eq!(score_of(&[], "G,1,,,yes,local,\n", "X"), ScoreError::NoCityMean);
    assert_eq!(
        score_of(&[], &format!("{mean}Z,0,,,yes,local,\n"), "Z"),
        ScoreError::ZeroScore
    );
    let other = [
        ("coef.hospital", Some("[\"hospital\"]")),
        ("coef.values", Some("{ hospital = { A = \"1\" } }")),
    ];
    let error = score_of(&other, &format!("{mean}G,1,,,yes,local,\n"), "G");
    assert_eq!(
        error.to_string(),
        "the pack has no coefficient `coef.values.hospital.H`"
    );
    let negative = score(&pack(SAMPLE, &[]), &weights(mean), &case("G", Fen::new(-1)));
    assert_eq!(negative.unwrap_err(), ScoreError::NegativeCost);
    let huge = format!("{mean}G,9999999999999999999999,,,yes,local,\n");
    let fine = [
        ("outlier.base_includes", Some("[\"coef\"]")),
        (
            "coef.values",
            Some("{ level = { \"3\" = \"1.23456789012345678901\" } }"),
        ),
    ];
    assert_eq!(score_of(&fine, &huge, "G"), ScoreError::Overflow);
}

// ---- loading ----------------------------------------------------------------------------------

#[test]
fn shipped_packs_load_and_say_what_they_assume() {
    for name in ["sample-region-2022", "harbin-2022"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/policies/{name}.toml"));
        let pack = Pack::load(&path).unwrap();
        assert_eq!((pack.name(), pack.evidence()), (name, Evidence::Assumption));
        assert!(
            pack.parameters().iter().all(|p| !p.value.is_empty()),
            "every key shows its value"
        );
        assert!(
            pack.assumed()
                .any(|p| p.key == "outlier.low" && p.value == "\"0.40\"")
        );
    }
    let harbin = pack(HARBIN, &[]);
    let of = |key: &str| {
        harbin
            .parameters()
            .iter()
            .find(|p| p.key == key)
            .unwrap()
            .evidence
    };
    assert_eq!(of("weight.catalogue_scale"), Evidence::Secondary);
    assert_eq!(of("price.rate"), Evidence::Assumption);
    assert_eq!(of("formula_class"), Evidence::Assumption);
}

#[test]
fn the_shipped_weights_price_with_the_shipped_pack() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/weights/harbin-2022.csv");
    let weights = Weights::load(&path).unwrap();
    assert_eq!((weights.len(), weights.evidence()), (660, Evidence::Secondary));
    let pack = pack(HARBIN, &[]);
    pack.fits(&weights).unwrap();
    for (group, row) in weights.rows() {
        let cost = row
            .weight
            .unwrap()
            .exact()
            .unwrap()
            .mul(Exact::integer(1_200_000))
            .unwrap();
        let scored = score(&pack, &weights, &case(group, cost.fen_half_away().unwrap())).unwrap();
        assert_eq!(scored.kind, Kind::Normal, "{group}");
    }
}

#[test]
fn weights_that_lack_what_a_formula_asks_for_are_told_before_the_run() {
    let error = pack(SAMPLE, &[])
        .fits(&weights("G,1,,10,yes,local,\n"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "pack `sample-region-2022`: `group.unstable_pay = cost_ratio` needs the region's mean cost, \
         but the weights have no row `*` with `mean_cost`"
    );
}

/// Key paths written in a pack, one a line, with whether the language requires them.
fn written_keys(pack: &str) -> Vec<String> {
    let mut table = String::new();
    let mut keys = Vec::new();
    for line in pack.lines() {
        if let Some(header) = line.strip_prefix('[') {
            table = format!("{}.", header.trim_end_matches(']'));
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            keys.push(format!("{table}{key}"));
        }
    }
    keys
}

#[test]
fn every_required_key_is_missed_by_name() {
    for base in [SAMPLE, HARBIN] {
        let keys = written_keys(base);
        let required = keys
            .iter()
            .filter(|k| !k.ends_with("weaker") && *k != "unresolved");
        for key in required {
            let error = parse(&edit(base, key, None)).unwrap_err().to_string();
            // a table of values is missed by the values it should hold
            let named = error.contains(&format!("`{key}`")) || error.contains(&format!("`{key}.level`"));
            assert!(named && error.contains("(E_MISSING)"), "{key}: {error}");
        }
    }
}

#[test]
fn keys_inside_tables_are_missed_by_name() {
    for (key, value, missing) in [
        ("grouper", "{ system = \"DRG\" }", "grouper.version"),
        ("case.method", "{}", "case.method.default"),
        (
            "outlier.edge",
            "{ low = \"<\", high = \">\" }",
            "outlier.edge.extreme",
        ),
        ("outlier.high", "{ k = \"2\" }", "outlier.high.by"),
        ("outlier.extreme", "{ x = \"5\" }", "outlier.extreme.pay"),
        ("outlier.extreme", "{ pay = \"by_item\" }", "outlier.extreme.x"),
        ("outlier.base", "\"score_x_mean_price\"", "outlier.mean_price"),
        ("ungrouped.pay", "{}", "ungrouped.pay.mode"),
        (
            "ungrouped.pay",
            "{ mode = \"ratio\", base = \"group_mean\" }",
            "ungrouped.pay.factor",
        ),
        (
            "ungrouped.pay",
            "{ mode = \"ratio\", factor = \"1\" }",
            "ungrouped.pay.base",
        ),
    ] {
        let error = parse(&edit(SAMPLE, key, Some(value))).unwrap_err().to_string();
        assert!(
            error.contains(&format!("required key `{missing}` is missing")),
            "{error}"
        );
    }
}

/// A bad pack: a shipped one with some keys edited, and the exact message.
fn bad_pack(text: &str) -> String {
    let mut pack = SAMPLE.to_owned();
    for line in text.lines() {
        match line.split_once(" = ") {
            Some(("base", "harbin-2022")) => pack = HARBIN.to_owned(),
            Some((key, value)) => pack = edit(&pack, key, Some(value)),
            None => pack = edit(&pack, line.trim_start_matches("without "), None),
        }
    }
    parse(&pack).map_or_else(|e| e.to_string(), |_| "it loads".to_owned())
}

fn bad_weights(text: &str) -> String {
    let place = Place::file(Path::new("weights.csv"));
    Weights::parse(&place, text).map_or_else(|e| e.to_string(), |_| "it loads".to_owned())
}

/// `bad/*.edit` are edits of a shipped pack, `bad/*.csv` weights; `.expected` is the message.
#[test]
fn each_load_error_has_its_exact_message() {
    let mut seen = 0;
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join("bad"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let said = match path.extension().and_then(|e| e.to_str()) {
            Some("edit") => bad_pack(&fs::read_to_string(&path).unwrap()),
            Some("csv") => bad_weights(&fs::read_to_string(&path).unwrap()),
            _ => continue,
        };
        let expected = path.with_extension("expected");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&expected, format!("{said}\n")).unwrap();
        }
        assert_eq!(
            said + "\n",
            fs::read_to_string(&expected).unwrap_or_default(),
            "{}",
            path.display()
        );
        seen += 1;
    }
    assert!(seen > 20, "the bad files are there");
}

#[test]
fn an_open_key_settles_nothing() {
    let open = pack(SAMPLE, &[("unresolved", Some("[\"outlier.high\"]"))]);
    let error = settle(&open, "employee", Fen::ZERO, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "pack `sample-region-2022` leaves open: outlier.high; nothing is settled before they are decided"
    );
}

// ---- one pool: errors -------------------------------------------------------------------------

#[test]
fn pools_that_cannot_be_settled_say_why() {
    let v2 = pack(SAMPLE, &[]);
    let v4 = pack(HARBIN, &[]);
    let one = Payment::Points(points_of("1"));
    let say = |pack: &Pack, amount, cases: &[PoolCase]| {
        settle(pack, "p", Fen::new(amount), cases)
            .unwrap_err()
            .to_string()
    };
    let zero = pool_case("C1", "H1", Payment::Points(Points::ZERO));
    assert_eq!(
        say(&v2, 100, &[zero]),
        "no case of pool `p` has points, but 1.00 is to be shared"
    );
    let nothing = pool_case("C1", "H1", Payment::Standard(Exact::ZERO));
    assert_eq!(
        say(&v4, 100, &[nothing]),
        "no case of pool `p` has a standard above what others paid, but 1.00 is to be shared"
    );
    let twice = [pool_case("C1", "H1", one), pool_case("C1", "H1", one)];
    assert_eq!(
        say(&v2, 100, &twice),
        "pool `p`: case `C1` of hospital `H1` stands twice"
    );
    assert_eq!(
        say(&v4, 100, &twice[..1]),
        "pool `p`, case `C1`: has points, but class V4 pays standards"
    );
    assert_eq!(
        say(&v2, 100, &[nothing]),
        "pool `p`, case `C1`: has a standard, but class V2 pays points"
    );
    assert_eq!(
        say(&v2, -1, &[]),
        "pool `p`: its budget is -0.01; expected zero or more"
    );
    let dear = PoolCase {
        claim: Fen::new(200),
        ..pool_case("C1", "H1", Payment::ByItem)
    };
    assert_eq!(
        say(&v2, 100, &[dear]),
        "pool `p`: its cases paid by amount leave -1.00 to share, less than nothing even with what others paid"
    );
    assert_eq!(
        say(&v4, 100, &[dear]),
        "pool `p`: its cases paid by amount leave -1.00 to share"
    );
    let large = PoolCase {
        cost: Fen::new(i64::MAX),
        ..pool_case("C1", "H1", one)
    };
    assert_eq!(
        say(&v2, 100, &[large]),
        "pool `p`, case `C1`: `cost` is 92233720368547758.07; at most 1000000000.00 yuan are settled for a case"
    );
    let many = pool_case("C1", "H1", Payment::Points(Points::new(i128::MIN)));
    assert_eq!(
        say(&v2, 100, &[many]),
        "pool `p`, case `C1`: its points or standard leave the range that can be settled"
    );
}

#[test]
fn an_empty_pool_keeps_its_money() {
    for base in [SAMPLE, HARBIN] {
        let settled = settle(&pack(base, &[]), "p", Fen::new(7), &[]).unwrap();
        assert_eq!(used(&settled, "unallocated"), Fen::new(7));
        assert_eq!(
            (settled.difference, settled.point_value, settled.k),
            (Fen::ZERO, None, None)
        );
    }
}

#[test]
fn a_pool_richer_than_its_standards_pays_them_or_more() {
    let cases = [pool_case("C1", "H1", Payment::Standard(yuan("60").exact()))];
    let due = |may: &str| {
        let pack = pack(HARBIN, &[("price.k_may_exceed_one", Some(may))]);
        let settled = settle(&pack, "p", yuan("90"), &cases).unwrap();
        (settled.cases[0].due, used(&settled, "unallocated"))
    };
    assert_eq!(due("false"), (yuan("60"), yuan("30")));
    assert_eq!(due("true"), (yuan("90"), Fen::ZERO));
}

// ---- laws of any pool -------------------------------------------------------------------------

/// A random case: everything but its id.
#[derive(Clone, Debug)]
struct Draw {
    hospital: usize,
    points: i64,
    paid: u8,
    claim: i64,
    nonfund: i64,
}

/// Cases of up to forty hospitals.
fn draws() -> impl Strategy<Value = Vec<Draw>> {
    draws_of(MANY, 120)
}

fn draws_of(hospitals: usize, cases: usize) -> impl Strategy<Value = Vec<Draw>> {
    let points = prop_oneof![1 => Just(0_i64), 4 => 1..3_000_000_i64];
    let draw = (0..hospitals, points, 0..10_u8, 0..900_000_i64, 0..1_500_000_i64);
    let draw = draw.prop_map(|(hospital, points, paid, claim, nonfund)| Draw {
        hospital,
        points,
        paid,
        claim,
        nonfund,
    });
    prop::collection::vec(draw, 0..cases)
}

/// Ids that do not sort as the cases come.
fn ids(count: usize) -> Vec<String> {
    (0..count)
        .map(|i| format!("C{:03}", (i * 37 + 11) % 997))
        .collect()
}

/// How many hospitals a random pool may have.
const MANY: usize = 40;

/// Hospital codes that do not sort as they come.
fn code(hospital: usize) -> &'static str {
    const CODES: &str = "H31H07H22H15H38H02H29H11H40H05H18H34H09H26H13H37H01H20H33H16H04H28H10H39H23H06H19H35H12H30H03H25H17H36H08H21H32H14H27H24";
    &CODES[3 * hospital..3 * hospital + 3]
}

fn pool<'a>(draws: &[Draw], ids: &'a [String], payment: impl Fn(&Draw) -> Payment) -> Vec<PoolCase<'a>> {
    let cases = draws.iter().zip(ids).map(|(draw, id)| PoolCase {
        cost: Fen::new(draw.claim + draw.nonfund),
        claim: Fen::new(draw.claim),
        nonfund: Fen::new(draw.nonfund),
        ..pool_case(
            id,
            code(draw.hospital),
            match draw.paid {
                0 => Payment::ByItem,
                1 => Payment::Amount(Fen::new(draw.claim)),
                _ => payment(draw),
            },
        )
    });
    cases.collect()
}

/// Points with four decimals.
fn as_points(draw: &Draw) -> Payment {
    Payment::Points(Points::new(i128::from(draw.points) * 100_000_000))
}

/// A standard with thirds of a fen in it.
fn as_standard(draw: &Draw) -> Payment {
    Payment::Standard(Exact::new(i128::from(draw.points) * 2, 3).unwrap())
}

fn capped(may_exceed: bool, cap: Option<(&str, &str)>) -> Pack {
    let may = may_exceed.to_string();
    let mut edits = vec![("price.k_may_exceed_one", Some(may))];
    if let Some((rate, reflow)) = cap {
        edits.push(("clear.steps", Some(capped_steps(reflow))));
        let cap = format!("{{ of = \"claim\", rate = \"{rate}\", per = \"fund\" }}");
        edits.push(("clear.cap", Some(cap)));
        edits.push(("clear.reflow", Some(quoted(reflow))));
    }
    pack_of(HARBIN, &edits)
}

type Paying = fn(&Draw) -> Payment;

/// Every pool a class can meet: the pack, and what makes its payments.
fn classes() -> Vec<(Pack, Paying)> {
    let mut classes: Vec<(Pack, Paying)> = vec![(pack(SAMPLE, &[]), as_points)];
    for cap in [
        None,
        Some(("110%", "stay")),
        Some(("110%", "once")),
        Some(("40%", "once")),
    ] {
        for may_exceed in [false, true] {
            classes.push((capped(may_exceed, cap), as_standard));
        }
    }
    classes
}

/// The money every class was asked to share: pools without anything to share by are errors and
/// tested above.
fn settled(pack: &Pack, amount: i64, cases: &[PoolCase]) -> Option<PoolSettlement> {
    match settle(pack, "p", Fen::new(amount), cases) {
        Ok(settled) => Some(settled),
        Err(error) => {
            let text = error.to_string();
            assert!(
                text.contains("is to be shared") || text.contains("to share"),
                "{text}"
            );
            None
        }
    }
}

fn sum(amounts: impl Iterator<Item = Fen>) -> Fen {
    amounts.sum()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Sources = uses, hospitals = pool, cases = hospital, and the columns add up.
    #[test]
    fn money_is_conserved(draws in draws(), amount in 0..90_000_000_i64) {
        let ids = ids(draws.len());
        for (pack, payment) in classes() {
            let cases = pool(&draws, &ids, payment);
            let Some(settled) = settled(&pack, amount, &cases) else { continue };
            prop_assert_eq!(sum(settled.sources.iter().map(|s| s.1)), Fen::new(amount));
            prop_assert_eq!(sum(settled.uses.iter().map(|s| s.1)), Fen::new(amount));
            prop_assert!(!used(&settled, "unallocated").is_negative());
            let due = sum(settled.hospitals.iter().map(|h| h.due));
            prop_assert_eq!(due + used(&settled, "unallocated"), Fen::new(amount));
            for hospital in &settled.hospitals {
                let own = cases.iter().zip(&settled.cases).filter(|(c, _)| c.hospital == hospital.hospital);
                prop_assert_eq!(sum(own.map(|(_, c)| c.due)), hospital.due);
                prop_assert_eq!(sum(hospital.kinds.iter().map(|k| k.due)), hospital.due);
                if payment(&draws[0]) == as_points(&draws[0]) {
                    prop_assert_eq!(hospital.standard - hospital.nonfund, hospital.due);
                }
            }
        }
    }

    /// The order in which cases come changes no amount.
    #[test]
    fn order_changes_nothing(draws in draws(), amount in 0..90_000_000_i64, by in 0..30_usize) {
        let ids = ids(draws.len());
        for (pack, payment) in classes() {
            let cases = pool(&draws, &ids, payment);
            let mut turned = cases.clone();
            turned.rotate_left(by.min(cases.len()));
            turned.reverse();
            let (Some(a), Some(b)) = (settled(&pack, amount, &cases), settled(&pack, amount, &turned)) else { continue };
            prop_assert_eq!(&a.hospitals, &b.hospitals);
            let by_id = |cases: &[PoolCase], s: &PoolSettlement| -> BTreeMap<String, _> {
                cases.iter().zip(&s.cases).map(|(c, due)| (c.id.to_owned(), *due)).collect()
            };
            prop_assert_eq!(by_id(&cases, &a), by_id(&turned, &b));
        }
    }

    /// Points of another scale buy the same.
    #[test]
    fn points_times_a_whole_number_leave_the_dues(draws in draws(), amount in 0..90_000_000_i64, times in 2..1000_i128) {
        let ids = ids(draws.len());
        let pack = pack(SAMPLE, &[]);
        let scaled = |draw: &Draw| Payment::Points(Points::new(i128::from(draw.points) * 100_000_000 * times));
        let plain = settled(&pack, amount, &pool(&draws, &ids, as_points));
        let scaled = settled(&pack, amount, &pool(&draws, &ids, scaled));
        prop_assert_eq!(plain.map(|s| s.cases), scaled.map(|s| s.cases));
    }

    /// No hospital is above its cap, and only those below it get anything back.
    #[test]
    fn caps_hold(draws in draws(), amount in 0..90_000_000_i64) {
        let ids = ids(draws.len());
        let cases = pool(&draws, &ids, as_standard);
        let Some(settled) = settled(&capped(true, Some(("110%", "once"))), amount, &cases) else { return Ok(()) };
        for hospital in &settled.hospitals {
            let sharing = cases.iter().filter(|c| c.hospital == hospital.hospital && matches!(c.payment, Payment::Standard(_)));
            let claim = sum(sharing.map(|c| c.claim));
            let cap = claim.exact().mul(decimal("1.1")).unwrap().fen_half_away().unwrap();
            let due = hospital.due - hospital.amount_due;
            prop_assert!(due <= cap);
            prop_assert_eq!(hospital.after_cap.unwrap() + hospital.reflow.unwrap(), due);
        }
    }

    /// The settlement agrees with a slow and plain one.
    #[test]
    fn the_plain_settlement_agrees(draws in draws_of(5, 30), amount in 0..90_000_000_i64) {
        let ids = ids(draws.len());
        for (cap, may_exceed) in [(None, false), (None, true), (Some(("110%", "stay")), true), (Some(("110%", "once")), false)] {
            let cases = pool(&draws, &ids, as_standard);
            if let Some(settled) = settled(&capped(may_exceed, cap), amount, &cases) {
                let plain = plain::v4(amount, &cases, may_exceed, cap.map(|(_, reflow)| reflow == "once"));
                prop_assert_eq!(settled.cases.iter().map(|c| c.due.fen()).collect::<Vec<_>>(), plain);
            }
        }
        let cases = pool(&draws, &ids, as_points);
        if let Some(settled) = settled(&pack(SAMPLE, &[]), amount, &cases) {
            let dues: Vec<i64> = settled.cases.iter().map(|c| c.due.fen()).collect();
            prop_assert_eq!(dues, plain::v2(amount, &cases));
        }
    }

    /// Any bytes are an error or a pack, never a panic.
    #[test]
    fn any_bytes_load_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), &bytes).unwrap();
        let _ = Pack::load(file.path());
        let _ = Weights::load(file.path());
    }

    /// Nor do a few bytes changed in a good file.
    #[test]
    fn damaged_files_load_or_fail(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        for good in [SAMPLE, "group,weight,cases,mean_cost,stable,evidence,note\n*,1,9,10.00,yes,local,\nG,0.5,,,yes,local,x\n"] {
            let mut bytes = good.as_bytes().to_vec();
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let text = String::from_utf8_lossy(&bytes);
            let _ = parse(&text);
            let _ = Weights::parse(&Place::file(Path::new("w.csv")), &text);
        }
    }
}

/// The same laws once more, slow and plain: fractions, maps, one fen at a time.
mod plain {
    use std::collections::BTreeMap;

    use dianzhi::budget::PoolCase;
    use dianzhi::points::Payment;
    use dianzhi::units::Exact;

    type Shares<K> = BTreeMap<K, Exact>;

    fn whole(value: i64) -> Exact {
        Exact::integer(value.into())
    }

    fn sum(values: impl Iterator<Item = Exact>) -> Exact {
        values.fold(Exact::ZERO, |sum, value| sum.add(value).unwrap())
    }

    /// Floors, then one fen at a time to whoever lacks most; the first key wins a tie.
    fn deal<K: Ord + Clone>(total: i64, shares: &Shares<K>) -> BTreeMap<K, i64> {
        if shares.is_empty() {
            return BTreeMap::new();
        }
        let mut dealt: BTreeMap<K, i64> = shares
            .iter()
            .map(|(k, s)| (k.clone(), s.floor().try_into().unwrap()))
            .collect();
        while dealt.values().sum::<i64>() < total {
            let lacks = |k: &K| shares[k].sub(whole(dealt[k])).unwrap();
            let mut most: Option<&K> = None;
            for key in shares.keys() {
                if most.is_none_or(|m| lacks(key).compare(lacks(m)).is_gt()) {
                    most = Some(key);
                }
            }
            let most = most.unwrap().clone();
            *dealt.get_mut(&most).unwrap() += 1;
        }
        dealt
    }

    fn amount_due(case: &PoolCase) -> Option<i64> {
        match case.payment {
            Payment::ByItem => Some(case.claim.fen()),
            Payment::Amount(amount) => Some(amount.fen() - case.nonfund.fen()),
            _ => None,
        }
    }

    fn by_hospital<'a>(cases: &'a [PoolCase<'a>]) -> BTreeMap<&'a str, Vec<&'a PoolCase<'a>>> {
        let mut hospitals: BTreeMap<&str, Vec<&PoolCase>> = BTreeMap::new();
        for case in cases.iter().filter(|case| amount_due(case).is_none()) {
            hospitals.entry(case.hospital).or_default().push(case);
        }
        hospitals
    }

    fn in_order(cases: &[PoolCase], dues: &BTreeMap<String, i64>) -> Vec<i64> {
        cases
            .iter()
            .map(|case| amount_due(case).unwrap_or_else(|| dues[case.id]))
            .collect()
    }

    fn left(amount: i64, cases: &[PoolCase]) -> i64 {
        amount - cases.iter().filter_map(amount_due).sum::<i64>()
    }

    pub(super) fn v2(amount: i64, cases: &[PoolCase]) -> Vec<i64> {
        let hospitals = by_hospital(cases);
        let points = |case: &PoolCase| match case.payment {
            Payment::Points(points) => points.exact().unwrap(),
            _ => unreachable!(),
        };
        let gross = left(amount, cases) + hospitals.values().flatten().map(|c| c.nonfund.fen()).sum::<i64>();
        let all = sum(hospitals.values().flatten().map(|c| points(c)));
        let price = if all == Exact::ZERO {
            Exact::ZERO
        } else {
            whole(gross).div(all).unwrap()
        };
        let share = |case: &PoolCase| points(case).mul(price).unwrap();
        let of_hospital = hospitals
            .iter()
            .map(|(h, cases)| (*h, sum(cases.iter().map(|c| share(c)))))
            .collect();
        let dealt = deal(if all == Exact::ZERO { 0 } else { gross }, &of_hospital);
        let mut dues = BTreeMap::new();
        for (hospital, cases) in &hospitals {
            let shares: Shares<&str> = cases.iter().map(|c| (c.id, share(c))).collect();
            let dealt = deal(dealt[hospital], &shares);
            dues.extend(
                cases
                    .iter()
                    .map(|c| (c.id.to_owned(), dealt[c.id] - c.nonfund.fen())),
            );
        }
        in_order(cases, &dues)
    }

    /// Standards to the twelfth decimal of a fen, less what others paid.
    fn part(case: &PoolCase) -> Exact {
        match case.payment {
            Payment::Standard(fen) => {
                let rounded = fen.points_half_away(12).unwrap().exact().unwrap();
                rounded.sub(case.nonfund.exact()).unwrap()
            }
            _ => unreachable!(),
        }
    }

    /// `cap` is `None`, or whether what is above it flows back.
    pub(super) fn v4(amount: i64, cases: &[PoolCase], may_exceed: bool, cap: Option<bool>) -> Vec<i64> {
        let hospitals = by_hospital(cases);
        let left = left(amount, cases);
        let parts: Shares<&str> = hospitals
            .iter()
            .map(|(h, cases)| (*h, sum(cases.iter().map(|c| part(c)))))
            .collect();
        let all = sum(parts.values().copied());
        let mut total = left;
        let mut k = if all == Exact::ZERO {
            Exact::ZERO
        } else {
            whole(left).div(all).unwrap()
        };
        if left == 0 {
            (k, total) = (Exact::ZERO, 0);
        } else if !may_exceed && k.compare(Exact::ONE).is_gt() {
            (k, total) = (Exact::ONE, all.half_away().unwrap().try_into().unwrap());
        }
        let shares = parts.iter().map(|(h, part)| (*h, part.mul(k).unwrap())).collect();
        let scaled = deal(total, &shares);
        let finals = match cap {
            None => scaled.clone(),
            Some(reflow) => capped(&hospitals, &parts, &scaled, reflow),
        };
        let mut dues = BTreeMap::new();
        for (hospital, cases) in &hospitals {
            let due = finals[hospital];
            let own = if due == scaled[hospital] {
                k
            } else {
                whole(due).div(parts[hospital]).unwrap()
            };
            let shares: Shares<&str> = cases.iter().map(|c| (c.id, part(c).mul(own).unwrap())).collect();
            dues.extend(
                deal(due, &shares)
                    .into_iter()
                    .map(|(id, due)| (id.to_owned(), due)),
            );
        }
        in_order(cases, &dues)
    }

    fn capped<'a>(
        hospitals: &BTreeMap<&'a str, Vec<&PoolCase>>,
        parts: &Shares<&'a str>,
        scaled: &BTreeMap<&'a str, i64>,
        reflow: bool,
    ) -> BTreeMap<&'a str, i64> {
        let cap = |h: &str| {
            let claim: i64 = hospitals[h].iter().map(|c| c.claim.fen()).sum();
            i64::try_from(
                Exact::new(i128::from(claim) * 11, 10)
                    .unwrap()
                    .half_away()
                    .unwrap(),
            )
            .unwrap()
        };
        let mut dues: BTreeMap<&str, i64> = scaled.iter().map(|(h, due)| (*h, (*due).min(cap(h)))).collect();
        let above: i64 = scaled.values().sum::<i64>() - dues.values().sum::<i64>();
        let takers: Vec<&str> = dues
            .iter()
            .filter(|(h, due)| **due < cap(h) && parts[**h].compare(Exact::ZERO).is_gt())
            .map(|(h, _)| *h)
            .collect();
        if !reflow || above == 0 || takers.is_empty() {
            return dues;
        }
        let all = sum(takers.iter().map(|h| parts[h]));
        let share = |h: &&'a str| (*h, parts[*h].mul(whole(above)).unwrap().div(all).unwrap());
        for (hospital, back) in deal(above, &takers.iter().map(share).collect()) {
            let due = dues.get_mut(hospital).unwrap();
            *due = (*due + back).min(cap(hospital));
        }
        dues
    }
}
