//! A million cases of a hundred hospitals and eight hundred groups: a settle-only draw (bar: 20 ms on two
//! cores), a thousand bootstrap draws (30 s), and a reform that groups coded cases anew (2 s).
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use dianzhi::diagnostics::{Lang, Place};
use dianzhi::grouper::Grouper;
use dianzhi::records::{Checked, Checker, CodedCases, Counts, Depth, Encoding, Header, Intake, PackedWriter};
use dianzhi::scenarios::DeclaredCodes;
use dianzhi::scenarios::generate::{Generator, Plan, RECORD_COLUMNS};
use dianzhi::scenarios::simulate::{Engine, How, Resolved, draws};
use dianzhi::tables::{CodeLists, Compiled, Library, Scheme};

const CASES: u64 = 1_000_000;
const HOSPITALS: u64 = 100;
const GROUPS: u64 = 800;

/// Draws of one measurement of single draws, and of a whole bootstrap.
const DRAWS: u64 = 20;
const BOOTSTRAP: u64 = 1_000;

/// Name, what is drawn, how often.
const STUDIES: [(&str, &str, u64); 3] = [
    ("settle-only-draw", "case_in_hospital", DRAWS),
    ("poisson-draw", "poisson_volume", DRAWS),
    ("bootstrap-1000", "case_in_hospital", BOOTSTRAP),
];

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
    for (name, level, draws) in STUDIES {
        let reform = format!(
            "schema = 1\nscenario = {{ id = \"{name}\", baseline = \"base.toml\" }}\nbudget.growth = \"3%\"\n\
             mc = {{ seed = 1, draws = {draws}, levels = [\"{level}\"] }}\n"
        );
        std::fs::write(folder.join(format!("{name}.toml")), reform).unwrap();
    }
}

/// Generated records in coded form; the hospitals they name.
fn coded(library: &Library) -> (Vec<u8>, BTreeSet<String>) {
    let grouper = Grouper::new(Compiled::new(Scheme::load(library, "chs-drg-1.1").unwrap()));
    let lists = CodeLists::of(library, grouper.scheme()).unwrap();
    let plan = Plan {
        cases: CASES,
        seed: 1,
        mix_seed: 1,
        year: 2022,
        stays: 1.35,
        defects: 0.0,
    };
    let generator = Generator::new(&grouper, &lists, plan).unwrap();
    let place = Place::file(Path::new("made-up.csv"));
    let header = Header::read(&place, RECORD_COLUMNS.map(str::to_owned).to_vec(), false).unwrap();
    let depth = Depth::Grouping;
    let mut checker = Checker::new(place.file, Arc::new(header), Encoding::Utf8, depth, Lang::En);
    let mut file = PackedWriter::head().to_vec();
    let mut writer = PackedWriter::default();
    let (mut counts, mut hospitals) = (Counts::default(), BTreeSet::new());
    let mut put = |bytes: &[u8]| {
        file.extend_from_slice(bytes);
        Ok(())
    };
    for batch in 0.. {
        let mut cases = CodedCases::default();
        for row in generator.batch(batch).records {
            if counts.read == CASES {
                break;
            }
            counts.read += 1;
            match checker.check_text(&row, 1) {
                Checked::Case => {
                    hospitals.insert(checker.case().hospital().to_owned());
                    cases.push(checker.case());
                }
                _ => counts.rejected += 1,
            }
        }
        writer.append(&cases, &mut put).unwrap();
        if counts.read == CASES {
            break;
        }
    }
    writer.finish(counts, &mut put).unwrap();
    (file, hospitals)
}

/// A baseline of coded cases under one scheme and a reform under another.
fn write_coded(folder: &Path, library: &Library) {
    let (file, hospitals) = coded(library);
    std::fs::write(folder.join("cases.dzc"), file).unwrap();
    let rows: String = hospitals
        .iter()
        .enumerate()
        .map(|(at, code)| format!("{code},{}\n", 1 + at % 3))
        .collect();
    std::fs::write(folder.join("hospitals.csv"), format!("hospital,level\n{rows}")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let weights = |edition: &str| root.join(format!("scenarios/weights/sample-chs-drg-{edition}.csv"));
    let base = std::fs::read_to_string(folder.join("base.toml")).unwrap();
    let cases = "cases = \"cases.dzc\"\nhospitals = \"hospitals.csv\"\nscheme = \"chs-drg-1.0\"";
    let base = base
        .replace("cases = \"cases.csv\"", cases)
        .replace("weights.csv", &weights("1.0").to_string_lossy());
    std::fs::write(folder.join("coded.toml"), base).unwrap();
    let reform = format!(
        "schema = 1\nscenario = {{ id = \"regrouped\", baseline = \"coded.toml\" }}\nscheme = \"chs-drg-1.1\"\n\
         weights = \"{}\"\n",
        weights("1.1").display()
    );
    std::fs::write(folder.join("regrouped.toml"), reform).unwrap();
}

fn simulate(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    write_region(folder.path());
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("grouping-tables");
    let library = Library::find(&[tables]).unwrap();
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
    group.sampling_mode(SamplingMode::Flat);
    for (name, _, draws_of) in STUDIES {
        let path = folder.path().join(format!("{name}.toml"));
        let resolved = Resolved::load(&[path], Lang::En).unwrap();
        let mut engine = Engine::new(how(), &resolved.baseline.document);
        let base = engine.run("baseline", &resolved.baseline).unwrap();
        let reform = engine.run("reform", &resolved.reform).unwrap();
        // a draw is made once, and settled for the baseline and for the reform
        group.throughput(Throughput::Elements(draws_of));
        group.bench_function(name, |b| {
            b.iter(|| draws(&mut engine, &resolved, &base, &reform).unwrap())
        });
    }
    write_coded(folder.path(), &library);
    let resolved = Resolved::load(&[folder.path().join("regrouped.toml")], Lang::En).unwrap();
    group.throughput(Throughput::Elements(CASES));
    group.bench_function("reform-with-regrouping", |b| {
        b.iter_batched(
            || Engine::new(how(), &resolved.baseline.document),
            |mut engine| engine.run("reform", &resolved.reform).unwrap(),
            BatchSize::PerIteration,
        )
    });
    group.finish();
}

criterion_group!(benches, simulate);
criterion_main!(benches);
