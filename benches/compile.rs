//! How long a scheme takes from its files to the form the grouper reads; the bar is 150 ms.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::path::Path;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use dianzhi::tables::{Compiled, Library, Scheme};

fn compile(criterion: &mut Criterion) {
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("grouping-tables");
    let library = Library::find(&[tables]).unwrap();
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(20);
    for id in [
        "chs-drg-1.1",
        "chongqing-2022",
        "zhejiang-2022",
        "pingdingshan-2025",
        "dip-3.0",
    ] {
        group.bench_function(format!("load {id}"), |bencher| {
            bencher.iter(|| Scheme::load(&library, id).unwrap())
        });
        group.bench_function(format!("compile {id}"), |bencher| {
            let load = || Scheme::load(&library, id).unwrap();
            bencher.iter_batched(load, Compiled::new, BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, compile);
criterion_main!(benches);
