//! Draws over a million grouped cases of a hundred hospitals and eight hundred groups: one draw, pools
//! settled, baseline and reform.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::fmt::Write;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dianzhi::diagnostics::Lang;
use dianzhi::records::Intake;
use dianzhi::scenarios::DeclaredCodes;
use dianzhi::scenarios::simulate::{Engine, How, Resolved, draws};
use dianzhi::tables::Library;

const CASES: u64 = 1_000_000;
const HOSPITALS: u64 = 100;
const GROUPS: u64 = 800;

/// Draws of one measurement.
const DRAWS: u64 = 20;

fn write_region(folder: &Path) {
    let mut cases = String::from("case_id,hospital,level,group,cost,los\n");
    for case in 0..CASES {
        let (hospital, group) = (case % HOSPITALS, case * 7 % GROUPS);
        let (level, cost) = (1 + hospital % 3, 100_000 + case * 7_919 % 3_000_000);
        let _ = writeln!(
            cases,
            "C{case:07},H{hospital:03},{level},G{group:03},{}.{:02},5",
            cost / 100,
            cost % 100
        );
    }
    std::fs::write(folder.join("cases.csv"), cases).unwrap();
    let mut weights =
        String::from("group,weight,cases,mean_cost,stable,evidence,note\n*,1,,16000.00,yes,assumption,\n");
    for group in 0..GROUPS {
        let _ = writeln!(
            weights,
            "G{group:03},{}.{:02},100,16000.00,yes,assumption,",
            group % 4,
            25 + group % 75
        );
    }
    std::fs::write(folder.join("weights.csv"), weights).unwrap();
    let toy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulate/toy");
    std::fs::copy(toy.join("policy.toml"), folder.join("policy.toml")).unwrap();
    let base = std::fs::read_to_string(toy.join("base.toml")).unwrap();
    std::fs::write(
        folder.join("base.toml"),
        base.replace("7320451.76", "11000000000.00"),
    )
    .unwrap();
    for level in ["case_in_hospital", "poisson_volume"] {
        let reform = format!(
            "schema = 1\nscenario = {{ id = \"{level}\", baseline = \"base.toml\" }}\nbudget.growth = \"3%\"\n\
             mc = {{ seed = 1, draws = {DRAWS}, levels = [\"{level}\"] }}\n"
        );
        std::fs::write(folder.join(format!("{level}.toml")), reform).unwrap();
    }
}

fn simulate(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    write_region(folder.path());
    let library = Library::find(&[]).unwrap();
    let (intake, codes) = (Intake::default(), DeclaredCodes::default());
    let how = || How {
        library: &library,
        intake: &intake,
        codes: &codes,
        lang: Lang::En,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        advance: &|_| {},
    };
    let mut group = c.benchmark_group("simulate");
    group.sample_size(10);
    // twice as many settlements: each draw is made for the baseline and for the reform
    group.throughput(Throughput::Elements(2 * DRAWS));
    for level in ["case_in_hospital", "poisson_volume"] {
        let path = folder.path().join(format!("{level}.toml"));
        let resolved = Resolved::load(&[path], Lang::En).unwrap();
        let mut engine = Engine::new(how(), &resolved.baseline.document);
        let base = engine.run("baseline", &resolved.baseline).unwrap();
        let reform = engine.run("reform", &resolved.reform).unwrap();
        group.bench_function(level, |b| {
            b.iter(|| draws(&mut engine, &resolved, &base, &reform).unwrap())
        });
    }
    group.finish();
}

criterion_group!(benches, simulate);
criterion_main!(benches);
