//! Cases in coded form grouped a second on one thread: a packed file in memory read and checked,
//! the same with grouping, and grouping alone from blocks at hand.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dianzhi::diagnostics::{Lang, Place};
use dianzhi::grouper::{DictionaryFacts, Grouper, Workspace};
use dianzhi::records::{
    Checked, Checker, CodedCases, Counts, Depth, Encoding, Header, PackedBlock, PackedReader, PackedWriter,
};
use dianzhi::scenarios::generate::{Generator, Plan, RECORD_COLUMNS};
use dianzhi::tables::{CodeLists, Compiled, Library, Scheme};

const CASES: usize = 100_000;

/// A packed file of generated cases.
fn packed(grouper: &Grouper, lists: &CodeLists) -> Vec<u8> {
    let plan = Plan {
        cases: CASES as u64,
        seed: 1,
        mix_seed: 1,
        year: 2022,
        stays: 1.35,
        defects: 0.0,
    };
    let generator = Generator::new(grouper, lists, plan).unwrap();
    let place = Place::file(Path::new("made-up.csv"));
    let header = Header::read(&place, RECORD_COLUMNS.map(str::to_owned).to_vec(), false).unwrap();
    let mut checker = Checker::new(
        place.file,
        Arc::new(header),
        Encoding::Utf8,
        Depth::Grouping,
        Lang::En,
    );
    let mut cases = CodedCases::default();
    let rows = (0..).flat_map(|batch| generator.batch(batch).records);
    let mut counts = Counts::default();
    for row in rows.take(CASES) {
        counts.read += 1;
        match checker.check_text(&row, 1) {
            Checked::Case => cases.push(checker.case()),
            _ => counts.rejected += 1,
        }
    }
    let mut file = PackedWriter::head().to_vec();
    let mut writer = PackedWriter::default();
    let mut put = |bytes: &[u8]| {
        file.extend_from_slice(bytes);
        Ok(())
    };
    writer.append(&cases, &mut put).unwrap();
    writer.finish(counts, &mut put).unwrap();
    file
}

fn reader(file: &[u8]) -> PackedReader {
    let place = Place::file(Path::new("made-up.dzc"));
    PackedReader::new(place, Box::new(Cursor::new(file.to_vec()))).unwrap()
}

fn group_block(grouper: &Grouper, block: &PackedBlock, facts: &DictionaryFacts, work: &mut Workspace) {
    for case in block.cases().iter() {
        std::hint::black_box(grouper.group_packed(&case, facts, work));
    }
}

fn regroup(criterion: &mut Criterion) {
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("grouping-tables");
    let library = Library::find(&[tables]).unwrap();
    let mut benchmarks = criterion.benchmark_group("regroup");
    for id in ["chs-drg-1.1", "chongqing-2022"] {
        let grouper = Grouper::new(Compiled::new(Scheme::load(&library, id).unwrap()));
        let lists = CodeLists::of(&library, grouper.scheme()).unwrap();
        let file = packed(&grouper, &lists);
        let mut work = Workspace::default();
        benchmarks.throughput(Throughput::Elements(CASES as u64));
        benchmarks.bench_function(format!("{id}: read"), |bencher| {
            bencher.iter(|| {
                let mut reader = reader(&file);
                while let Some(block) = reader.next_block().unwrap() {
                    std::hint::black_box(block);
                }
            });
        });
        benchmarks.bench_function(format!("{id}: read and group"), |bencher| {
            bencher.iter(|| {
                let (mut reader, mut facts) = (reader(&file), DictionaryFacts::default());
                while let Some(block) = reader.next_block().unwrap() {
                    reader
                        .dictionary()
                        .look(|dictionary| grouper.learn(dictionary, &mut facts));
                    group_block(&grouper, &block, &facts, &mut work);
                }
            });
        });
        let mut reader = reader(&file);
        let blocks: Vec<PackedBlock> = std::iter::from_fn(|| reader.next_block().unwrap()).collect();
        let mut facts = DictionaryFacts::default();
        reader
            .dictionary()
            .look(|dictionary| grouper.learn(dictionary, &mut facts));
        benchmarks.bench_function(format!("{id}: group"), |bencher| {
            bencher.iter(|| {
                blocks
                    .iter()
                    .for_each(|block| group_block(&grouper, block, &facts, &mut work));
            });
        });
    }
    benchmarks.finish();
}

criterion_group!(benches, regroup);
criterion_main!(benches);
