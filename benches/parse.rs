//! How fast conditions are parsed: every `when` cell of the shipped schemes.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dianzhi::tables::Condition;

fn conditions() -> Vec<String> {
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("grouping-tables");
    let mut files: Vec<_> = std::fs::read_dir(tables)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("rules.csv"))
        .collect();
    files.retain(|file| file.is_file());
    files.sort();
    let rows = files
        .iter()
        .flat_map(|file| csv::Reader::from_path(file).unwrap().into_records());
    rows.map(|row| row.unwrap().get(3).unwrap().to_owned()).collect()
}

fn parse(criterion: &mut Criterion) {
    let conditions = conditions();
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Elements(conditions.len() as u64));
    group.bench_function("every condition shipped", |bencher| {
        bencher.iter(|| {
            conditions
                .iter()
                .filter(|text| Condition::parse(black_box(text)).is_ok())
                .count()
        });
    });
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
