//! The fast grouper against the plain reading of the rules: on made-up records of every shipped
//! scheme, on mutated ones, and on random schemes made to be awkward.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dianzhi::api::{GenerateRequest, Watch, generate};
use dianzhi::diagnostics::{Lang, Place};
use dianzhi::grouper::{Grouper, Workspace, group_plainly};
use dianzhi::records::{Checked, Checker, Depth, Encoding, Header};
use dianzhi::scenarios::generate::{Generator, Plan, RECORD_COLUMNS};
use dianzhi::tables::{CodeLists, Compiled, Library, NO_GROUP, Scheme};
use rand::prelude::IndexedRandom as _;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

mod random_schemes;
mod shipped;

use random_schemes::Maker;

fn tables() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("grouping-tables")
}

fn library() -> Library {
    Library::find(&[tables()]).unwrap()
}

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

/// How often each outcome came up.
#[derive(Default, Debug)]
struct Outcomes {
    grouped: usize,
    ungrouped: usize,
    rejected: usize,
}

/// Groups every row both ways; they must agree.
fn check<'r>(grouper: &Grouper, rows: impl IntoIterator<Item = &'r str>) -> Outcomes {
    let scheme = grouper.scheme();
    let (mut checker, mut work) = (checker(), Workspace::default());
    let mut outcomes = Outcomes::default();
    for row in rows {
        if checker.check_text(row, 1) != Checked::Case {
            outcomes.rejected += 1;
            continue;
        }
        let fast = grouper.group(checker.case(), &mut work);
        let plain = group_plainly(scheme, checker.case());
        assert_eq!(
            (fast, fast.code(scheme)),
            (plain, plain.code(scheme)),
            "{}: fast and plain differ on\n{row}\n{}",
            scheme.id(),
            written(scheme)
        );
        match fast.code(scheme) {
            NO_GROUP => outcomes.ungrouped += 1,
            _ => outcomes.grouped += 1,
        }
    }
    outcomes
}

/// The rules of a small scheme, to see why; nothing of a shipped one.
fn written(scheme: &Scheme) -> String {
    if scheme.rules().len() > 60 {
        return String::new();
    }
    let rules = scheme.rules().iter();
    rules
        .map(|rule| format!("{:?} {}: {}\n", rule.level, rule.code, rule.written))
        .collect()
}

// ---- shipped schemes --------------------------------------------------------------------------

/// Cases made up for each shipped scheme.
const CASES: usize = 3_000;

fn made_up(grouper: &Grouper, lists: &CodeLists, defects: f64) -> Vec<String> {
    let plan = Plan {
        cases: CASES as u64,
        seed: 11,
        mix_seed: 3,
        year: 2022,
        stays: 1.35,
        defects,
    };
    let generator = Generator::new(grouper, lists, plan).unwrap();
    let mut records: Vec<String> = (0..2).flat_map(|batch| generator.batch(batch).records).collect();
    records.truncate(CASES);
    records
}

/// One cell of a row replaced by what rules like to compare with.
fn mutate(row: &str, scheme: &Scheme, rng: &mut ChaCha8Rng) -> String {
    let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
    let mut set = |column: &str, value: String| {
        let index = RECORD_COLUMNS.iter().position(|name| *name == column).unwrap();
        if let Some(cell) = cells.get_mut(index) {
            *cell = value;
        }
    };
    let edge = |values: &[&str], rng: &mut ChaCha8Rng| (*values.choose(rng).unwrap()).to_owned();
    match rng.random_range(0..10) {
        0 => set("age", edge(&["0", "1", "17", "18", "65"], rng)),
        1 => {
            set("age", "0".to_owned());
            set("age_days", edge(&["", "0", "28", "29", "365"], rng));
        }
        2 => set("weight_g", edge(&["", "0", "1499", "1500", "2499", "2500"], rng)),
        3 => set("icu_hours", edge(&["", "0", "1", "95", "96", "120", "121"], rng)),
        4 => set("department", edge(&["ICU", "", "0301"], rng)),
        5 => set("sex", edge(&["1", "2"], rng)),
        6 => set("discharge_status", edge(&["1", "2", "4", "5", "9", ""], rng)),
        7 => set("los_days", edge(&["", "1", "60", "61", "366"], rng)),
        8 => set("procedures", String::new()),
        _ => {}
    }
    swap_codes(&cells.join(","), scheme, rng)
}

/// Some codes of the row become others of the scheme, or ones no table knows.
fn swap_codes(row: &str, scheme: &Scheme, rng: &mut ChaCha8Rng) -> String {
    let count = u32::try_from(scheme.code_count()).unwrap();
    let mut swap = |code: &str| match rng.random_range(0..8) {
        0 => scheme
            .code(dianzhi::tables::CodeId(rng.random_range(0..count)))
            .to_owned(),
        1 if code.len() > 4 => code[..4].to_owned(),
        _ => code.to_owned(),
    };
    let mut swapped = |cell: &str| cell.split('|').map(&mut swap).collect::<Vec<_>>().join("|");
    let is_codes = |index: usize| matches!(RECORD_COLUMNS.get(index), Some(&"diagnoses" | &"procedures"));
    let cells = row.split(',').enumerate();
    let cells = cells.map(|(index, cell)| {
        if is_codes(index) && cell.is_ascii() {
            swapped(cell)
        } else {
            cell.to_owned()
        }
    });
    cells.collect::<Vec<_>>().join(",")
}

fn check_scheme(id: &str) {
    let library = library();
    let grouper = Grouper::new(Compiled::new(Scheme::load(&library, id).unwrap()));
    let lists = CodeLists::of(&library, grouper.scheme()).unwrap();
    let rows = made_up(&grouper, &lists, 0.0);
    let as_made = check(&grouper, rows.iter().map(String::as_str));
    assert!(
        as_made.rejected == 0 && as_made.grouped > CASES * 9 / 10,
        "{id}: {as_made:?}"
    );
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let rows: Vec<String> = rows
        .iter()
        .map(|row| mutate(row, grouper.scheme(), &mut rng))
        .collect();
    let mutated = check(&grouper, rows.iter().map(String::as_str));
    assert!(
        mutated.rejected < CASES / 20 && mutated.ungrouped > 0,
        "{id}: {mutated:?}"
    );
}

#[test]
fn shipped_schemes_group_alike_both_ways() {
    let ids = shipped::schemes_of("drg");
    assert!(ids.len() >= 11);
    let (first, second) = ids.split_at(ids.len() / 2);
    std::thread::scope(|scope| {
        for half in [first, second] {
            scope.spawn(move || half.iter().for_each(|id| check_scheme(id)));
        }
    });
}

#[test]
fn a_plan_makes_the_same_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let made = |threads: usize| {
        let output = folder.path().join(threads.to_string());
        fs::create_dir(&output).unwrap();
        let plan = Plan {
            cases: 6_500,
            seed: 2,
            mix_seed: 1,
            year: 2023,
            stays: 1.2,
            defects: 0.05,
        };
        let id = shipped::schemes_of("drg").remove(0);
        let request = GenerateRequest {
            scheme: id,
            tables: vec![tables()],
            plan,
            output: output.clone(),
        };
        generate(
            &request,
            &Watch {
                lang: Lang::En,
                threads,
                advance: &|_| {},
            },
        )
        .unwrap();
        ["records.csv", "hospitals.csv", "persons.csv", "truth.csv"]
            .map(|name| fs::read(output.join(name)).unwrap())
    };
    let [one, again, three] = [1, 2, 3].map(made);
    assert!(one == again && one == three);
    assert_eq!(one[0].iter().filter(|byte| **byte == b'\n').count(), 6_501);
}

// ---- random schemes ---------------------------------------------------------------------------

#[test]
fn random_schemes_group_alike_both_ways() {
    const SCHEMES: u64 = 400;
    let folder = tempfile::tempdir().unwrap();
    let mut all = Outcomes::default();
    for seed in 0..SCHEMES {
        let mut maker = Maker::new(seed);
        let grouper = maker.scheme(folder.path());
        let rows: Vec<String> = (0..150).map(|_| maker.row()).collect();
        let outcomes = check(&grouper, rows.iter().map(String::as_str));
        assert_eq!(outcomes.rejected, 0, "scheme {seed}");
        all.grouped += outcomes.grouped;
        all.ungrouped += outcomes.ungrouped;
    }
    assert!(
        all.grouped > 5_000 && all.ungrouped > 5_000,
        "too one-sided to prove much: {all:?}"
    );
}
