//! DIP in money: scores of cases by every known deviation rule, and the published numbers.
//!
//! `tests/golden/dip/` holds the numbers with their sources; the deviation rules of six places
//! stand there as edits of one pack.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod money;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dianzhi::budget::{PoolCase, percent, settle};
use dianzhi::diagnostics::Place;
use dianzhi::points::{
    CaseFacts, Kind, Mark, Pack, Payment, PricingCase, Printed, Score, catalogue_value, related_increase,
    score,
};
use dianzhi::units::{Exact, Fen, Points};
use money::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dip")
}

/// The base pack with a variant's edits and a test's own.
fn variant(name: &str, more: &[(&str, &str)]) -> Pack {
    let base = folder().join("base.toml");
    let mut text = fs::read_to_string(&base).unwrap();
    let edits = fs::read_to_string(folder().join(format!("{name}.edit"))).unwrap();
    for line in edits.lines().filter(|line| !line.starts_with('#')) {
        let (key, value) = line.split_once(" = ").unwrap();
        text = edit(&text, key, Some(value));
    }
    for (key, value) in more {
        text = edit(&text, key, Some(value));
    }
    Pack::parse(&Place::file(&base), &text).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// `a=1; b=2` as a map.
fn pairs(text: &str) -> BTreeMap<&str, &str> {
    text.split("; ")
        .map(|pair| pair.split_once('=').unwrap())
        .collect()
}

struct Row {
    id: String,
    scheme: String,
    kind: String,
    input: String,
    expect: String,
    tolerance: String,
}

fn rows(file: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(folder().join(file)).unwrap();
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| Row {
        id: row[0].to_owned(),
        kind: row[1].to_owned(),
        scheme: row[2].to_owned(),
        input: row[3].to_owned(),
        expect: row[4].to_owned(),
        tolerance: row[5].to_owned(),
    })
    .collect()
}

/// The numbers are printed with six decimals of yuan, money here has two: everything that is money
/// is taken ten thousandfold, which no score can see.
const TEN_THOUSAND: i128 = 10_000;

fn ten_thousandfold(text: &str) -> Fen {
    let fen = decimal(text).mul(Exact::integer(TEN_THOUSAND * 100)).unwrap();
    let rounded = fen.fen_half_away().unwrap();
    assert_eq!(rounded.exact(), fen, "`{text}` has no more than six decimals");
    rounded
}

fn scored(pack: &Pack, score_text: &str, mean: &str, case: &PricingCase) -> Score {
    let weights = weights(&format!(
        "G,{score_text},,{},yes,local,\n",
        ten_thousandfold(mean)
    ));
    score(pack, &weights, case).unwrap_or_else(|e| panic!("{e}"))
}

fn difference(a: Exact, b: &str) -> Exact {
    let difference = a.sub(decimal(b)).unwrap();
    if difference.parts().0 < 0 {
        Exact::ZERO.sub(difference).unwrap()
    } else {
        difference
    }
}

#[test]
fn case_scores_of_every_deviation_rule() {
    let rows = rows("deviation.csv");
    assert_eq!(rows.len(), 45);
    for row in rows {
        let (input, expect) = (pairs(&row.input), pairs(&row.expect));
        let price = decimal(input["point_value"])
            .mul(Exact::integer(TEN_THOUSAND))
            .unwrap();
        let price = format!("\"{}\"", price.show(9).unwrap());
        let coefficient = format!("{{ hospital = {{ H = \"{}\" }} }}", input["k"]);
        let pack = variant(
            &row.scheme,
            &[("price.rate", &price), ("coef.values", &coefficient)],
        );
        let case = case("G", ten_thousandfold(input["cost"]));
        let score = scored(&pack, input["score"], input["mean_cost"], &case);
        assert_eq!(score.kind.as_str(), expect["band"], "{}", row.id);
        assert_eq!(score.ratio_shown(6).unwrap(), expect["ratio"], "{}", row.id);
        let points = score.points.unwrap().exact().unwrap();
        assert!(
            difference(points, expect["case_score"])
                .compare(decimal("0.000001"))
                .is_le(),
            "{}",
            row.id
        );
        let Payment::Standard(fen) = score.payment else {
            panic!("{}: no standard", row.id)
        };
        let yuan = fen.div(Exact::integer(TEN_THOUSAND * 100)).unwrap();
        assert!(
            difference(yuan, expect["amount"])
                .compare(decimal("0.01"))
                .is_le(),
            "{}",
            row.id
        );
        let reviewed = row.scheme == "dip-3.0" && expect["band"] == "high";
        assert_eq!(score.marks.contains(Mark::Review), reviewed, "{}", row.id);
    }
}

/// The oldest rule has no coefficients at all: s·r, s, s·(r − 2 + 1); above five it is reviewed.
#[test]
fn the_first_rule_knows_no_coefficient() {
    let pack = variant("dip-1.0", &[]);
    for (cost, kind, points) in [
        ("4999", Kind::Low, "49.99"),
        ("5000", Kind::Normal, "100"),
        ("20000", Kind::Normal, "100"),
        ("20001", Kind::High, "100.01"),
        ("50000", Kind::High, "400"),
        ("50001", Kind::Extreme, "100"),
    ] {
        let score = scored(&pack, "100", "10000", &case("G", ten_thousandfold(cost)));
        let shown = score.points.unwrap().exact().unwrap();
        assert_eq!((score.kind, shown), (kind, decimal(points)), "{cost}");
        assert_eq!(score.marks.contains(Mark::Review), kind == Kind::Extreme);
    }
}

/// Which coefficient multiplies what, with all of them different from one: k = 1.05, aux = 1.2.
#[test]
fn every_factor_stands_where_its_rule_has_it() {
    let labels = [("severity", "2")];
    let facts = CaseFacts {
        auxiliary: &labels,
        ..CaseFacts::default()
    };
    let coefficient = "{ hospital = { H = \"1.05\" } }";
    for (name, low, normal, high, dear) in [
        // s r k a = 100 × 0.4 × 1.05 × 1.2; s k a; s (r − 1) k a; the same at six times the mean
        ("hubei-base-old", "50.4", "126", "252", "630"),
        ("hubei-base", "50.4", "126", "252", "630"),
        // s r a; s k a; s (r − 2 + k) a
        ("taian-2023", "48", "126", "246", "606"),
        ("jining-2023", "48", "126", "246", "126"),
    ] {
        let pack = variant(name, &[("coef.values", coefficient)]);
        for (ratio, expected) in [("0.4", low), ("1", normal), ("3", high), ("6", dear)] {
            // the mean holds the auxiliary coefficient: 10000 × 1.2
            let cost = decimal(ratio).mul(decimal("12000")).unwrap().show(2).unwrap();
            let case = PricingCase {
                facts,
                ..case("G", ten_thousandfold(&cost))
            };
            let score = scored(&pack, "100", "10000", &case);
            assert_eq!(score.auxiliary, Some(decimal("1.2")));
            assert_eq!(
                score.points.unwrap().exact().unwrap(),
                decimal(expected),
                "{name} at {ratio}"
            );
        }
    }
}

/// A label of a family the pack does not count, or without a row, changes nothing; of several
/// the largest counts, or their product.
#[test]
fn auxiliary_coefficients_are_picked() {
    for (pick, labels, expected) in [
        ("max", &[("severity", "2"), ("age", "old")][..], "1.3"),
        ("product", &[("severity", "2"), ("age", "old")], "1.56"),
        ("max", &[("severity", "9")], "1"),
        ("max", &[("weather", "2")], "1"),
        ("max", &[], "1"),
    ] {
        let aux =
            format!("{{ kinds = [\"severity\", \"age\"], pick = \"{pick}\", table = \"auxiliary.csv\" }}");
        let pack = variant("hubei-base", &[("coef.aux", &aux)]);
        let facts = CaseFacts {
            auxiliary: labels,
            ..CaseFacts::default()
        };
        let case = PricingCase {
            facts,
            ..case("G", ten_thousandfold("12000"))
        };
        let score = scored(&pack, "100", "10000", &case);
        assert_eq!(score.auxiliary, Some(decimal(expected)), "{pick} {labels:?}");
    }
}

/// The most specific row counts: group and level, hospital and insurance, hospital, level.
#[test]
fn coefficients_are_looked_up_most_specific_first() {
    let of = |group: &str, hospital: &str, insurance: &str, keys: Option<&str>| {
        let mut edits = vec![
            ("coef.hospital", "[\"table\"]"),
            ("coef.values", "{ table = \"lookup.csv\" }"),
        ];
        edits.extend(keys.map(|keys| ("coef.keys", keys)));
        let pack = variant("hubei-base", &edits);
        let facts = CaseFacts {
            insurance,
            ..CaseFacts::default()
        };
        let case = PricingCase {
            group: Some("G"),
            hospital,
            facts,
            ..case(group, ten_thousandfold("10000"))
        };
        let weights = weights("G,100,,10000,yes,local,\nX,100,,10000,yes,local,\n");
        let case = PricingCase {
            group: Some(group),
            ..case
        };
        score(&pack, &weights, &case).unwrap().coefficient.unwrap()
    };
    let order = "[[\"group\", \"level\"], [\"hospital\", \"insurance\"], [\"hospital\"], [\"level\"]]";
    for (group, hospital, insurance, expected) in [
        ("G", "A", "resident", "1.1"),
        ("X", "A", "resident", "0.631"),
        ("X", "A", "employee", "0.9"),
        ("X", "B", "employee", "1.05"),
    ] {
        assert_eq!(
            of(group, hospital, insurance, Some(order)),
            decimal(expected),
            "{group} {hospital} {insurance}"
        );
    }
    let text = edit(
        &fs::read_to_string(folder().join("base.toml")).unwrap(),
        "coef.hospital",
        Some("[\"table\"]"),
    );
    let text = edit(&text, "coef.values", Some("{ table = \"lookup.csv\" }"));
    let error = Pack::parse(&Place::file(&folder().join("base.toml")), &text)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("name equally much; the pack must say by `keys`"),
        "{error}"
    );
}

#[test]
fn published_numbers() {
    let rows = rows("published.csv");
    assert_eq!(rows.len(), 14);
    for row in rows {
        let (input, expect) = (pairs(&row.input), pairs(&row.expect));
        match row.kind.as_str() {
            "rw" => {
                let printed = Printed {
                    scale: input["scale"].parse().unwrap(),
                    decimals: 6,
                };
                let value = catalogue_value(
                    decimal(input["mean_cost"]),
                    decimal(input["region_mean"]),
                    printed,
                );
                let tolerance = if row.tolerance == "exact" {
                    "0"
                } else {
                    row.tolerance.as_str()
                };
                let off = difference(decimal(&value.unwrap()), expect["score"]);
                assert!(off.compare(decimal(tolerance)).is_le(), "{}", row.id);
            }
            "related_procedure_rule" => related(&input, &expect),
            "payment" => payment(&input, &expect),
            "aggregate" => {
                let of = |key: &str| input[key].parse::<i128>().unwrap();
                assert_eq!(
                    percent(of("ungrouped"), of("cases"), 2).unwrap(),
                    expect["ungrouped_pct"]
                );
            }
            other => panic!("{}: what is `{other}`?", row.id),
        }
    }
}

fn related(input: &BTreeMap<&str, &str>, expect: &BTreeMap<&str, &str>) {
    let with = input["with_related"].split('|');
    let expected = expect["increase_pct"]
        .split('|')
        .zip(expect["own_group"].split('|'));
    for (with, (percent, own_group)) in with.zip(expected) {
        let increase = related_increase(decimal(input["base_mean"]), decimal(with)).unwrap();
        let shown = increase.mul(Exact::integer(100)).unwrap();
        assert!(difference(shown, percent).compare(decimal("0.005")).is_le());
        let own = increase.compare(decimal(input["min_increase"])).is_ge();
        assert_eq!(own.to_string(), own_group);
    }
}

/// From the bill to the fund's payment: the standard less what the person paid, at least nothing.
fn payment(input: &BTreeMap<&str, &str>, expect: &BTreeMap<&str, &str>) {
    let price = format!("\"{}\"", input["point_value"]);
    let coefficient = format!("{{ hospital = {{ H = \"{}\" }} }}", input["k"]);
    let edits = [
        ("price.rate", price.as_str()),
        ("coef.values", coefficient.as_str()),
        ("fund.negative", "\"zero\""),
        ("round.points_dp", "\"none\""),
        ("outlier.high", "{ by = \"flat\", k = \"9\" }"),
    ];
    let pack = variant("dip-3.0", &edits);
    let weights = weights(&format!("G,{},,,yes,local,\n", input["score"]));
    let fees: Fen = input["fees"].split('|').map(yuan).sum();
    assert_eq!(fees, yuan(input["total"]));
    let score = score(&pack, &weights, &case("G", fees)).unwrap();
    assert_eq!(
        score.points.unwrap().exact().unwrap().show(7).unwrap(),
        expect["case_score"]
    );
    let case = PoolCase {
        cost: fees,
        claim: yuan(input["fund_booked"]),
        nonfund: yuan(input["patient_share"]),
        ..pool_case("C1", "H", score.payment)
    };
    let settled = settle(&pack, "p", Fen::ZERO, &[case]).unwrap();
    assert_eq!(settled.cases[0].standard, yuan(expect["payment_standard"]));
    assert_eq!(settled.cases[0].due, yuan(expect["fund_payment"]));
    assert_eq!(
        settled.cases[0].due - case.claim,
        yuan(expect["difference_to_booked"])
    );
}

/// Cases of score zero are paid their cost; the blank group by its ratio, without coefficients.
#[test]
fn groups_without_a_score() {
    let pack = variant(
        "jining-2023",
        &[(
            "ungrouped.pay",
            "{ mode = \"ratio\", factor = \"0.7\", base = \"group_mean\" }",
        )],
    );
    let weights = weights("*,1000,,6000.00,yes,local,\nZ,0,,,yes,local,\n");
    let zero = score(&pack, &weights, &case("Z", yuan("123.45"))).unwrap();
    assert_eq!(
        (zero.kind, zero.payment),
        (Kind::ZeroScore, Payment::Amount(yuan("123.45")))
    );
    let blank = PricingCase {
        group: None,
        ..case("", yuan("3000"))
    };
    let blank = score(&pack, &weights, &blank).unwrap();
    // scale 1: a point is worth the region's mean of 6000, so 3000 / 6000 × 0.7
    assert_eq!(
        (blank.kind, blank.points),
        (Kind::Ungrouped, Some(Points::new(350_000_000_000)))
    );
}

/// What the blank group is paid as is said by the pack: as no group, by its own score, or refused.
#[test]
fn the_blank_group() {
    let weights = weights("*,1000,,6000.00,yes,local,\nKBBZ,0.5,,3000.00,yes,local,\n");
    let paid = |blank: &str| {
        let ratio = "{ mode = \"ratio\", factor = \"0.7\", base = \"group_mean\" }";
        let mut changes = vec![("ungrouped.pay", ratio)];
        changes.extend((!blank.is_empty()).then_some(("ungrouped.blank", blank)));
        let pack = variant("jining-2023", &changes);
        let facts = CaseFacts {
            blank: true,
            ..CaseFacts::default()
        };
        let case = PricingCase {
            facts,
            ..case("KBBZ", yuan("3000"))
        };
        score(&pack, &weights, &case).map(|score| (score.kind, score.points))
    };
    let as_none = paid("\"ungrouped\"").unwrap();
    assert_eq!(as_none, (Kind::Ungrouped, Some(Points::new(350_000_000_000))));
    let own = paid("{ mode = \"fixed\", points = \"12\" }").unwrap();
    assert_eq!(own, (Kind::Ungrouped, Some(Points::new(12_000_000_000_000))));
    let by_score = paid("\"group\"").unwrap();
    assert_eq!(by_score.0, Kind::Normal);
    assert!(by_score.1 != as_none.1, "{by_score:?}");
    let refused = paid("").unwrap_err().to_string();
    assert!(
        refused.contains("`ungrouped.blank`") && refused.contains("E_MISSING"),
        "{refused}"
    );
}

/// Prices of points by month, insured place, hospital and insurance; a person insured elsewhere
/// by the rule of the month.
#[test]
fn prices_by_place_and_month() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/policies/jining-like/2023.toml");
    let pack = Pack::load(&path).unwrap();
    let weights = weights("G,100,,,yes,local,\n");
    let price = |hospital, insurance, place, month| {
        let facts = CaseFacts {
            insurance,
            insured_place: place,
            month,
            ..CaseFacts::default()
        };
        let case = PricingCase {
            hospital,
            facts,
            ..case("G", yuan("6000"))
        };
        let scored = score(&pack, &weights, &case)?;
        let Payment::Standard(fen) = scored.payment else {
            panic!("no standard")
        };
        let points = scored
            .points
            .unwrap()
            .exact()
            .unwrap()
            .mul(Exact::integer(100))
            .unwrap();
        Ok::<_, dianzhi::points::ScoreError>(fen.div(points).unwrap().show(2).unwrap())
    };
    assert_eq!(price("H001", "employee", "", "2023-06").unwrap(), "58.50");
    assert_eq!(price("H001", "employee", "", "2023-07").unwrap(), "58.00");
    assert_eq!(price("H002", "resident", "", "2023-06").unwrap(), "55.00");
    assert_eq!(
        price("H002", "employee", "elsewhere", "2023-05").unwrap(),
        "56.00"
    );
    let before = price("H002", "employee", "elsewhere", "2023-04")
        .unwrap_err()
        .to_string();
    assert!(
        before.contains("`price.table` has no row for group `G`, hospital `H002`"),
        "{before}"
    );
}
