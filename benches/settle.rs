//! A pool of 100,000 cases: points of each, then what each is due.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dianzhi::budget::{More, PoolCase, settle};
use dianzhi::codes::HospitalLevel;
use dianzhi::diagnostics::Place;
use dianzhi::points::{CaseFacts, Pack, PricingCase, Score, Weights, score};
use dianzhi::units::Fen;

const CASES: i64 = 100_000;
const HOSPITALS: i64 = 60;
const GROUPS: i64 = 700;

fn pack() -> Pack {
    let text = include_str!("../scenarios/policies/sample-region-2022.toml");
    Pack::parse(&Place::file(Path::new("policy.toml")), text).unwrap()
}

fn weights() -> Weights {
    let row = |group: i64| {
        format!(
            "G{group},{}.{:02},100,{}.00,yes,assumption,\n",
            1 + group % 5,
            group % 100,
            5_000 + group
        )
    };
    let rows: String = (0..GROUPS).map(row).collect();
    let text =
        format!("group,weight,cases,mean_cost,stable,evidence,note\n*,1,,8000.00,yes,assumption,\n{rows}");
    Weights::parse(&Place::file(Path::new("weights.csv")), &text).unwrap()
}

/// Names made once: cases borrow them.
struct Names {
    cases: Vec<String>,
    hospitals: Vec<String>,
    groups: Vec<String>,
}

fn named(letter: char, count: i64) -> Vec<String> {
    (0..count).map(|number| format!("{letter}{number}")).collect()
}

/// The same numbers in every run, spread by a factor without a common divisor.
fn cost(number: i64) -> Fen {
    Fen::new(100_000 + number * 7_919 % 3_000_000)
}

fn score_all(pack: &Pack, weights: &Weights, names: &Names) -> Vec<Score> {
    let groups = names.groups.iter().cycle();
    let hospitals = names.hospitals.iter().cycle();
    let cases = (0..CASES).zip(groups.zip(hospitals));
    cases
        .map(|(number, (group, hospital))| {
            let case = PricingCase {
                group: Some(group),
                hospital,
                level: HospitalLevel::Three,
                pool: "employee",
                cost: cost(number),
                los_days: Some(7),
                facts: CaseFacts::default(),
            };
            score(pack, weights, &case).unwrap()
        })
        .collect()
}

fn pool<'n>(scores: &[Score], names: &'n Names) -> Vec<PoolCase<'n>> {
    let of_names = names.cases.iter().zip(names.hospitals.iter().cycle());
    let cases = (0..CASES).zip(scores).zip(of_names);
    cases
        .map(|((number, score), (id, hospital))| PoolCase {
            id,
            hospital,
            kind: score.kind,
            payment: score.payment,
            cost: cost(number),
            claim: cost(number),
            nonfund: Fen::new(30_000),
            more: More::default(),
        })
        .collect()
}

fn settlement(criterion: &mut Criterion) {
    let (pack, weights) = (pack(), weights());
    let names = Names {
        cases: named('C', CASES),
        hospitals: named('H', HOSPITALS),
        groups: named('G', GROUPS),
    };
    let scores = score_all(&pack, &weights, &names);
    let cases = pool(&scores, &names);
    let mut group = criterion.benchmark_group("settle");
    group
        .sample_size(20)
        .throughput(Throughput::Elements(CASES.unsigned_abs()));
    group.bench_function("score", |bencher| {
        bencher.iter(|| score_all(&pack, &weights, &names))
    });
    group.bench_function("settle", |bencher| {
        bencher.iter(|| settle(&pack, "employee", Fen::new(80_000_000_000), &cases).unwrap());
    });
    group.finish();
}

criterion_group!(benches, settlement);
criterion_main!(benches);
