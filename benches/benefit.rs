//! A year of 100,000 made-up bills of 30,000 persons: read from memory, settled with counters.
//!
//! The same on a million bills of 300,000 persons, whole process:
//! `dianzhi benefit generate -p … --persons 300000 --claims 1000000 --year 2022 -o made/`, then
//! `dianzhi benefit made/claims.csv -p … -o out/ --threads 2`, with and without `--ledger`.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dianzhi::benefit::{BenefitPolicy, BookRules};
use dianzhi::records::TableForm;
use dianzhi::scenarios::claims::{BatchRequest, ClaimRows, MadeClaims, make_claims, settle_batch};

const CLAIMS: u64 = 100_000;

fn settle(c: &mut Criterion) {
    let policy = Path::new("scenarios/benefit/sample-region/resident.toml");
    let policy = BenefitPolicy::load(policy).unwrap();
    let wish = MadeClaims {
        persons: CLAIMS * 3 / 10,
        claims: CLAIMS,
        year: 2022,
        seed: 1,
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claims.csv");
    std::fs::write(&path, make_claims(&policy, &wish).unwrap()).unwrap();
    let claims = ClaimRows::read(&path, None, &TableForm::default()).unwrap();
    let mut group = c.benchmark_group("benefit");
    group.throughput(Throughput::Elements(CLAIMS));
    group.sample_size(10);
    for threads in [1, 2] {
        group.bench_function(format!("settle_{threads}"), |b| {
            b.iter(|| {
                let request = BatchRequest {
                    policy: &policy,
                    persons: None,
                    rules: BookRules::default(),
                    claims: &claims,
                    history: None,
                    threads,
                };
                settle_batch(&request).unwrap().settled.len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, settle);
criterion_main!(benches);
