//! Cases grouped a second on one thread, from rows in memory: checking them, grouping them, both.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dianzhi::diagnostics::{Lang, Place};
use dianzhi::grouper::{Grouper, Workspace, group_plainly};
use dianzhi::records::{Checked, Checker, Depth, Encoding, Header};
use dianzhi::scenarios::generate::{Generator, Plan, RECORD_COLUMNS};
use dianzhi::tables::{CodeLists, Compiled, Library, Scheme};

const CASES: usize = 10_000;

fn checker() -> Checker<'static> {
    let place = Place::file(Path::new("made-up.csv"));
    let header = Header::read(&place, RECORD_COLUMNS.map(str::to_owned).to_vec(), false).unwrap();
    Checker::new(
        "made-up.csv".into(),
        Arc::new(header),
        Encoding::Utf8,
        Depth::Grouping,
        Lang::En,
    )
}

fn rows(grouper: &Grouper, lists: &CodeLists) -> Vec<String> {
    let plan = Plan {
        cases: CASES as u64,
        seed: 1,
        mix_seed: 1,
        year: 2022,
        stays: 1.35,
        defects: 0.0,
    };
    let generator = Generator::new(grouper, lists, plan).unwrap();
    (0..)
        .flat_map(|batch| generator.batch(batch).records)
        .take(CASES)
        .collect()
}

/// Checks every row and does something with each case.
fn each(checker: &mut Checker<'_>, rows: &[String], mut visit: impl FnMut(&Checker<'_>)) {
    for row in rows {
        if checker.check_text(row, 1) == Checked::Case {
            visit(checker);
        }
    }
    checker.take_findings();
}

fn group(criterion: &mut Criterion) {
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("grouping-tables");
    let library = Library::find(&[tables]).unwrap();
    let mut benchmarks = criterion.benchmark_group("group");
    for id in ["chs-drg-1.1", "chongqing-2022"] {
        let grouper = Grouper::new(Compiled::new(Scheme::load(&library, id).unwrap()));
        let lists = CodeLists::of(&library, grouper.scheme()).unwrap();
        let rows = rows(&grouper, &lists);
        let (mut checker, mut work) = (checker(), Workspace::default());
        benchmarks.throughput(Throughput::Elements(CASES as u64));
        benchmarks.bench_function(format!("{id}: check"), |bencher| {
            bencher.iter(|| each(&mut checker, &rows, |_| {}));
        });
        benchmarks.bench_function(format!("{id}: check and group"), |bencher| {
            bencher.iter(|| {
                each(&mut checker, &rows, |row| {
                    std::hint::black_box(grouper.group(row.case(), &mut work));
                })
            });
        });
        let few = rows.get(..100).unwrap();
        benchmarks.throughput(Throughput::Elements(few.len() as u64));
        benchmarks.bench_function(format!("{id}: check and group plainly"), |bencher| {
            bencher.iter(|| {
                each(&mut checker, few, |row| {
                    std::hint::black_box(group_plainly(grouper.scheme(), row.case()));
                })
            });
        });
    }
    benchmarks.finish();
}

criterion_group!(benches, group);
criterion_main!(benches);
