//! Packets: the published cases, the fast way against the plain one, and what each key of a scheme does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dianzhi::diagnostics::{Lang, Place};
use dianzhi::grouper::{Grouper, Grouping, Workspace, group_plainly};
use dianzhi::records::{Checked, Checker, Depth, Encoding, Header};
use dianzhi::tables::{CodeLists, Compiled, Library, NO_GROUP, Scheme};
use rand::prelude::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

mod packet_schemes;

use packet_schemes::Maker;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn data(name: &str) -> PathBuf {
    root().join("tests/packets").join(name)
}

fn shipped(id: &str) -> Grouper {
    let library = Library::find(&[root().join("grouping-tables")]).unwrap();
    Grouper::new(Compiled::new(Scheme::load(&library, id).unwrap()))
}

const COLUMNS: &str = "case_id,sex,age,los_days,discharge_status,icu_hours,total_fee,diagnoses,procedures";

fn checker(columns: &str) -> Checker<'static> {
    let place = Place::file(Path::new("made-up.csv"));
    let names = columns.split(',').map(str::to_owned).collect();
    let header = Header::read(&place, names, false).unwrap();
    Checker::new(
        "made-up.csv".into(),
        Arc::new(header),
        Encoding::Utf8,
        Depth::Grouping,
        Lang::En,
    )
}

/// The group of a record, by both ways, which must agree.
fn group(grouper: &Grouper, checker: &mut Checker<'_>, work: &mut Workspace, row: &str) -> Grouping {
    assert_eq!(
        checker.check_text(row, 1),
        Checked::Case,
        "{row}: {:?}",
        checker.findings()
    );
    let scheme = grouper.scheme();
    let fast = grouper.group(checker.case(), work);
    let plain = group_plainly(scheme, checker.case());
    assert_eq!(
        (fast, fast.code(scheme)),
        (plain, plain.code(scheme)),
        "{}: fast and plain differ on\n{row}",
        scheme.id()
    );
    fast
}

// ---- published cases --------------------------------------------------------------------------

/// Every row of a file of cases gives its `expected_group`, and its `expected_reason` where one is named.
fn check_cases(grouper: &Grouper, file: &Path) -> usize {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name);
    let (expected, reason) = (at("expected_group").unwrap(), at("expected_reason"));
    let columns: Vec<&str> = header.iter().collect();
    let (mut checker, mut work) = (checker(&columns.join(",")), Workspace::default());
    let mut count = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let row: Vec<&str> = record.iter().collect();
        let found = group(grouper, &mut checker, &mut work, &row.join(","));
        let scheme = grouper.scheme();
        assert_eq!(
            found.code(scheme),
            &record[expected],
            "{}: {row:?}",
            file.display()
        );
        if let Some(reason) = reason.map(|at| &record[at]).filter(|reason| !reason.is_empty()) {
            assert!(found.reason(scheme, Lang::En).contains(reason), "{row:?}");
        }
        count += 1;
    }
    count
}

#[test]
fn published_cases_of_the_plan() {
    assert_eq!(check_cases(&shipped("dip-3.0"), &data("plan-cases.csv")), 44);
}

// ---- fast and plain ---------------------------------------------------------------------------

#[test]
fn random_schemes_group_alike_both_ways() {
    const SCHEMES: u64 = 500;
    let folder = tempfile::tempdir().unwrap();
    let (mut grouped, mut ungrouped) = (0, 0);
    for seed in 0..SCHEMES {
        let mut maker = Maker::new(seed);
        let grouper = maker.scheme(folder.path());
        let (mut checker, mut work) = (checker(COLUMNS), Workspace::default());
        for _ in 0..80 {
            let found = group(&grouper, &mut checker, &mut work, &maker.row());
            match found.code(grouper.scheme()) {
                NO_GROUP => ungrouped += 1,
                _ => grouped += 1,
            }
        }
    }
    assert!(
        grouped > 10_000 && ungrouped > 3_000,
        "too one-sided to prove much: {grouped} grouped, {ungrouped} not"
    );
}

/// Cases near the rows of a shipped scheme: a principal diagnosis of a row, its procedures, and others.
fn near_rows(grouper: &Grouper, lists: &CodeLists, count: usize) -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let scheme = grouper.scheme();
    let codes = |list: &dianzhi::codes::CodeList| list.codes().to_vec();
    let (diagnoses, procedures) = (codes(&lists.diagnoses), codes(&lists.procedures));
    let mut rows = Vec::new();
    for _ in 0..count {
        let rule = scheme.rules().choose(&mut rng).unwrap();
        let mut sets = rule.when.sets();
        let of = |set: Option<&dianzhi::tables::SetRef>, rng: &mut ChaCha8Rng| {
            let set = scheme.set(set?)?;
            set.codes.choose(rng).map(|code| scheme.code(*code).to_owned())
        };
        let principal =
            of(sets.next(), &mut rng).filter(|code| code.starts_with(|c: char| c.is_ascii_uppercase()));
        let mut dx = vec![principal.unwrap_or_else(|| diagnoses.choose(&mut rng).unwrap().clone())];
        let mut px: Vec<String> = sets.filter_map(|set| of(Some(set), &mut rng)).collect();
        px.retain(|code| code.starts_with(|c: char| c.is_ascii_digit()));
        for _ in 0..rng.random_range(0..3) {
            dx.push(diagnoses.choose(&mut rng).unwrap().clone());
        }
        for _ in 0..rng.random_range(0..2) {
            let at = rng.random_range(0..=px.len());
            px.insert(at, procedures.choose(&mut rng).unwrap().clone());
        }
        let age = rng.random_range(1..90);
        rows.push(format!("c,1,{age},5,1,,9000,{},{}", dx.join("|"), px.join("|")));
    }
    rows
}

#[test]
fn shipped_schemes_group_alike_both_ways() {
    for id in ["pingdingshan-2025", "dip-3.0"] {
        let grouper = shipped(id);
        let library = Library::find(&[root().join("grouping-tables")]).unwrap();
        let lists = CodeLists::of(&library, grouper.scheme()).unwrap();
        let (mut checker, mut work) = (checker(COLUMNS), Workspace::default());
        let rows = near_rows(&grouper, &lists, 1_500);
        let mut grouped = 0;
        for row in &rows {
            let found = group(&grouper, &mut checker, &mut work, row);
            grouped += usize::from(found.row.is_some());
        }
        assert!(grouped > rows.len() / 4, "{id}: {grouped} of {}", rows.len());
    }
}

// ---- invariants -------------------------------------------------------------------------------

/// A row of [`COLUMNS`] as its diagnoses and procedures, and the cells before them.
fn lists(row: &str) -> (String, Vec<String>, Vec<String>) {
    let mut cells: Vec<&str> = row.split(',').collect();
    let list = |cell: &str| {
        cell.split('|')
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let procedures = list(cells.pop().unwrap());
    let diagnoses = list(cells.pop().unwrap());
    (cells.join(","), diagnoses, procedures)
}

/// What is said of a case, its places in the record left out.
fn said(grouper: &Grouper, found: &Grouping) -> (String, String, u8, String) {
    let mut labels = String::new();
    found
        .packet
        .write_labels(grouper.scheme().packets().unwrap(), &mut labels);
    let kind = found.packet.treatment_type.word().to_owned();
    (
        found.code(grouper.scheme()).to_owned(),
        kind,
        found.packet.primary_care.into(),
        labels,
    )
}

/// A code that no made-up table names, nor a beginning of it.
const UNRELATED: &str = "Q99.900";

/// The order of other diagnoses never matters, nor do such that no table names; nor what was grouped
/// before.
fn check_other_diagnoses(grouper: &Grouper, rows: &[String], rng: &mut ChaCha8Rng) {
    let (mut checker, mut work) = (checker(COLUMNS), Workspace::default());
    for row in rows.iter().rev() {
        let found = group(grouper, &mut checker, &mut work, row);
        let (cells, mut diagnoses, procedures) = lists(row);
        diagnoses[1..].shuffle(rng);
        let at = rng.random_range(1..=diagnoses.len());
        diagnoses.insert(at, UNRELATED.to_owned());
        let other = format!("{cells},{},{}", diagnoses.join("|"), procedures.join("|"));
        let again = group(grouper, &mut checker, &mut Workspace::default(), &other);
        assert_eq!(said(grouper, &again), said(grouper, &found), "{row}\n{other}");
    }
}

#[test]
fn other_diagnoses_have_no_order_in_random_schemes() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..100 {
        let mut maker = Maker::new(10_000 + seed);
        let grouper = maker.scheme(folder.path());
        let rows: Vec<String> = (0..40).map(|_| maker.row()).collect();
        check_other_diagnoses(&grouper, &rows, &mut ChaCha8Rng::seed_from_u64(seed));
    }
}

/// In the shipped schemes; there procedures matter by the main one and by how often each stands, so their
/// order behind the main one does not.
#[test]
fn order_matters_only_through_the_principal_codes() {
    for id in ["pingdingshan-2025", "dip-3.0"] {
        let grouper = shipped(id);
        let library = Library::find(&[root().join("grouping-tables")]).unwrap();
        let code_lists = CodeLists::of(&library, grouper.scheme()).unwrap();
        let rows = near_rows(&grouper, &code_lists, 400);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        check_other_diagnoses(&grouper, &rows, &mut rng);
        let (mut checker, mut work) = (checker(COLUMNS), Workspace::default());
        for row in &rows {
            let found = group(&grouper, &mut checker, &mut work, row);
            let (cells, diagnoses, mut procedures) = lists(row);
            let Some(main) = found.packet.main_procedure() else {
                continue;
            };
            procedures[main + 1..].shuffle(&mut rng);
            let other = format!("{cells},{},{}", diagnoses.join("|"), procedures.join("|"));
            let again = group(&grouper, &mut checker, &mut work, &other);
            assert_eq!(said(&grouper, &again), said(&grouper, &found), "{row}\n{other}");
        }
    }
}

/// The shipped catalogue decides by `highest_score` and `code_order`: its rows may stand in any order.
#[test]
fn the_order_of_rows_does_not_matter() {
    let grouper = shipped("pingdingshan-2025");
    let folder = tempfile::tempdir().unwrap();
    let tables = root().join("grouping-tables");
    let other = folder.path().join("shuffled");
    std::fs::create_dir_all(&other).unwrap();
    let copy = |name: &str| std::fs::read_to_string(tables.join("pingdingshan-2025").join(name)).unwrap();
    let toml = copy("scheme.toml").replace("id = \"pingdingshan-2025\"", "id = \"shuffled\"");
    std::fs::write(other.join("scheme.toml"), toml).unwrap();
    let groups = copy("groups.csv");
    let (header, rows) = groups.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    rows.shuffle(&mut rng);
    std::fs::write(
        other.join("groups.csv"),
        format!("{header}\n{}\n", rows.join("\n")),
    )
    .unwrap();
    let library = Library::find(&[folder.path().to_owned(), tables]).unwrap();
    let shuffled = Grouper::new(Compiled::new(Scheme::load(&library, "shuffled").unwrap()));
    let code_lists = CodeLists::of(&library, grouper.scheme()).unwrap();
    let (mut checker, mut work) = (checker(COLUMNS), Workspace::default());
    for row in near_rows(&grouper, &code_lists, 1_500) {
        let found = group(&grouper, &mut checker, &mut work, &row);
        assert_eq!(checker.check_text(&row, 1), Checked::Case);
        let again = shuffled.group(checker.case(), &mut Workspace::default());
        assert_eq!(said(&shuffled, &again), said(&grouper, &found), "{row}");
    }
}

/// What a group is called is one thing, whatever the case of its letters.
#[test]
fn codes_of_groups_are_unique() {
    for id in ["pingdingshan-2025", "dip-3.0", "hubei-base", "jining-2023"] {
        let grouper = shipped(id);
        let packets = grouper.scheme().packets().unwrap();
        let rules = grouper.scheme().rules().iter().enumerate();
        let of_packets = rules.filter(|(at, _)| packets.of(*at).is_some());
        let codes: Vec<String> = of_packets.map(|(_, rule)| rule.code.to_lowercase()).collect();
        let different: std::collections::BTreeSet<&String> = codes.iter().collect();
        assert!(codes.len() > 10, "{id}: {}", codes.len());
        assert_eq!(different.len(), codes.len(), "{id}");
    }
}

// ---- what each key does -----------------------------------------------------------------------

fn example(id: &str) -> Grouper {
    let library = Library::find(&[data("examples")]).unwrap();
    Grouper::new(Compiled::new(Scheme::load(&library, id).unwrap()))
}

/// The two shipped examples, each with its own sample rows.
#[test]
fn shipped_examples_do_what_their_rows_say() {
    assert_eq!(check_rows("shipped.csv", shipped), 29);
}

/// Treatment types stand once: the catalogues have those of the base.
#[test]
fn types_of_procedures_stand_once() {
    let tables = root().join("grouping-tables");
    for id in ["pingdingshan-2025", "dip-3.0"] {
        assert!(!tables.join(id).join("procedure-types.csv").exists(), "{id}");
        let grouper = shipped(id);
        assert_eq!(grouper.scheme().lineage(), [id, "hubei-base"]);
        let weaker: Vec<(&str, &str)> = grouper
            .scheme()
            .weaker()
            .iter()
            .map(|(file, evidence)| (file.as_str(), evidence.as_str()))
            .collect();
        assert_eq!(weaker, [("procedure-types.csv", "assumption")], "{id}");
    }
}

#[test]
fn each_key_does_what_it_says() {
    assert_eq!(check_examples("examples/cases.csv"), 67);
}

/// The published cases of the classifier, `C01` to `C20` without those of the primary-care choice
/// (tests/catalogue.rs), and what stands beside their edges.
#[test]
fn labels_of_the_auxiliary_catalogue() {
    assert_eq!(check_examples("examples/classifier/cases.csv"), 33);
}

/// The types of the published probes stand in the shipped tables.
#[test]
fn published_types_of_procedures() {
    for id in ["pingdingshan-2025", "dip-3.0"] {
        let grouper = shipped(id);
        let packets = grouper.scheme().packets().unwrap();
        let typed = |code: &str| {
            let id = grouper.scheme().code_id(code).unwrap();
            packets.procedures.traits(id).unwrap().kind.unwrap().word()
        };
        // `interventional_as = "surgical"` in both
        let probes = ["00.2100", "00.0100", "00.3100", "00.5500", "00.7000"];
        let expected = ["diagnostic", "therapeutic", "therapeutic", "surgical", "surgical"];
        assert_eq!(probes.map(typed), expected, "{id}");
    }
}

/// Each row of a file of cases of the example schemes gives what it expects; how many there are.
fn check_examples(file: &str) -> usize {
    check_rows(file, example)
}

fn check_rows(file: &str, scheme: impl Fn(&str) -> Grouper) -> usize {
    let load = scheme;
    let mut reader = csv::Reader::from_path(data(file)).unwrap();
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut groupers: std::collections::BTreeMap<String, Grouper> = std::collections::BTreeMap::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for record in reader.records() {
        count += 1;
        let record = record.unwrap();
        let cell = |name: &str| &record[columns.iter().position(|column| column == name).unwrap()];
        let scheme = cell("scheme").to_owned();
        let grouper = groupers.entry(scheme.clone()).or_insert_with(|| load(&scheme));
        let quoted = |cell: &str| match cell.contains(',') {
            true => format!("\"{cell}\""),
            false => cell.to_owned(),
        };
        let row: Vec<String> = record.iter().map(quoted).collect();
        let (mut checker, mut work) = (checker(&columns.join(",")), Workspace::default());
        let found = group(grouper, &mut checker, &mut work, &row.join(","));
        let scheme = grouper.scheme();
        let packets = scheme.packets().unwrap();
        let main = found.packet.main_procedure();
        let main = main
            .and_then(|place| checker.case().procedures().nth(place))
            .unwrap_or("");
        let mut labels = String::new();
        found.packet.write_labels(packets, &mut labels);
        let seen = [
            found.code(scheme),
            main,
            found.packet.treatment_type.word(),
            if found.packet.primary_care { "1" } else { "" },
            &labels,
        ];
        let expected = ["expected_group", "main", "type", "primary", "auxiliary"].map(cell);
        if seen != expected {
            wrong.push(format!(
                "{} {}: {seen:?}, expected {expected:?}: {}",
                scheme.id(),
                cell("case_id"),
                cell("why")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    count
}
