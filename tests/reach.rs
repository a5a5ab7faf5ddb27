//! Which rows a case can reach: on every shipped scheme, on random schemes against enumeration,
//! and on tables made to be too much.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dianzhi::api::{
    CheckTablesRequest, ConformRequest, PARTS, Watch, WitnessRequest, check_tables, conform, witness,
};
use dianzhi::diagnostics::{Lang, Place};
use dianzhi::grouper::{Cause, Grouper, Reaches, Verdict, group_plainly};
use dianzhi::records::{Checked, Checker, Depth, Encoding, Header};
use dianzhi::scenarios::generate::RECORD_COLUMNS;
use dianzhi::tables::{CodeLists, Compiled, Grade, Level, Library, Scheme};

mod random_schemes;
mod shipped;

use random_schemes::{DIAGNOSES, Maker, PROCEDURES};

/// Schemes whose conformance file is shipped: the national one, and one of many numbers.
const SHIPPED_FILES: usize = 2;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn tables() -> PathBuf {
    root().join("grouping-tables")
}

fn library() -> Library {
    Library::find(&[tables()]).unwrap()
}

fn watch() -> Watch<'static> {
    Watch {
        lang: Lang::En,
        threads: 2,
        advance: &|_| {},
    }
}

// ---- shipped schemes --------------------------------------------------------------------------

/// The groups of a scheme's golden cases.
fn golden_groups(id: &str) -> BTreeSet<String> {
    let file = root().join(format!("tests/golden/grouping/{id}.csv"));
    let mut rows = csv::Reader::from_path(file).unwrap();
    let at = rows
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "expected")
        .unwrap();
    let groups = rows.records().map(|row| row.unwrap()[at].to_owned());
    groups.filter(|group| group != "0000").collect()
}

/// Every row is decided; every group of the golden cases is among those reached, every other one
/// is shown to have no case.
fn check_rows(id: &str) {
    let grouper = Grouper::new(Compiled::new(Scheme::load(&library(), id).unwrap()));
    let scheme = grouper.scheme();
    let lists = CodeLists::of(&library(), scheme).unwrap();
    let reaches = Reaches::new(&grouper, Some(&lists));
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    for reach in reaches.outcomes(2, &|_| {}).unwrap() {
        let rule = &scheme.rules()[reach.row];
        match reach.verdict {
            Verdict::Reached(case) => {
                let landed = reaches.group(&case).unwrap();
                assert_eq!(landed.row, Some(reach.row), "{id}: {}", rule.code);
                assert!(case.code_count() <= 5, "{id}: {} needs {:?}", rule.code, case);
                reached.insert(&rule.code);
            }
            Verdict::Never(Cause::Shadowed(by)) => {
                assert!(
                    !by.is_empty() && by.iter().all(|row| *row < reach.row),
                    "{id}: {}",
                    rule.code
                );
            }
            Verdict::Never(_) => {}
            Verdict::Undecided => panic!("{id}: {} was not decided", rule.code),
        }
    }
    let missing: Vec<String> = golden_groups(id)
        .into_iter()
        .filter(|group| !reached.contains(group.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "{id}: golden cases reach {missing:?}, the analysis does not"
    );
    assert!(
        matches!(reaches.ungrouped().unwrap(), Verdict::Reached(_)),
        "{id}"
    );
}

/// What `witness` writes groups as it says, and a shipped file is what it writes.
fn check_file(id: &str, folder: &Path) -> bool {
    check_witness(id, folder, (500, 5))
}

/// As [`check_file`]; more than so many rows reached, and cases beside their numbers.
fn check_witness(id: &str, folder: &Path, (reached, boundaries): (usize, usize)) -> bool {
    let output = folder.join(format!("{id}.csv"));
    let request = WitnessRequest {
        scheme: id.to_owned(),
        tables: vec![tables()],
        output: output.clone(),
    };
    let done = witness(&request, &watch()).unwrap();
    assert_eq!(done.undecided, 0, "{id}");
    assert!(
        done.reached > reached && done.boundaries > boundaries,
        "{id}: {done:?}"
    );
    let shipped = root().join(format!("tests/golden/witness/{id}.csv"));
    let is_shipped = shipped.is_file();
    if is_shipped && std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::copy(&output, &shipped).unwrap();
    }
    let request = ConformRequest {
        scheme: id.to_owned(),
        file: if is_shipped {
            shipped.clone()
        } else {
            output.clone()
        },
        tables: vec![tables()],
    };
    let conformed = conform(&request, &watch()).unwrap();
    assert!(
        conformed.differences.is_empty(),
        "{id}: {:?}",
        conformed.differences[0]
    );
    assert!(conformed.remarks.is_empty(), "{id}: {:?}", conformed.remarks);
    assert!(conformed.cases as usize > done.reached, "{id}");
    if is_shipped {
        assert!(
            fs::read(&output).unwrap() == fs::read(&shipped).unwrap(),
            "{id}: another file is written"
        );
    }
    is_shipped
}

#[test]
fn every_shipped_group_has_a_case_or_none_is_possible() {
    let folder = tempfile::tempdir().unwrap();
    let ids = shipped::schemes_of("drg");
    assert!(ids.len() >= 11);
    ids.iter().for_each(|id| check_rows(id));
    let shipped = ids.iter().filter(|id| check_file(id, folder.path())).count();
    assert_eq!(shipped, SHIPPED_FILES);
}

/// The plan 3.0 as it is shipped: a case for every row, and the file of them as it stands.
#[test]
fn every_packet_of_the_plan_has_a_case() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        check_witness("dip-3.0", folder.path(), (200, 15)),
        "no file is shipped"
    );
}

#[test]
fn shipped_schemes_are_checked_without_error() {
    for id in shipped::schemes_of("drg") {
        let request = CheckTablesRequest {
            scheme: id.clone().into(),
            tables: vec![tables()],
            weights: None,
            output: None,
        };
        let checked = check_tables(&request, &watch()).unwrap();
        assert_eq!(checked.count(Grade::Error), 0, "{id}");
        let counts = checked.counts.unwrap();
        assert!(
            counts.reachable > 500 && counts.reachable <= counts.groups,
            "{id}: {counts:?}"
        );
        assert!(checked.findings.is_sorted(), "{id}");
        assert!(
            checked
                .findings
                .iter()
                .all(|finding| finding.place.line.is_some()),
            "{id}"
        );
    }
}

// ---- random schemes ---------------------------------------------------------------------------

/// Cells of a case drawn so that they fit each other, as the analysis takes a case to do.
fn facts(maker: &mut Maker) -> String {
    let age = maker.one(&["0", "1", "17", "18", "19", "70"]);
    let days = match age {
        "0" => maker.one(&["", "0", "27", "28", "28.5", "29", "365"]),
        "1" => maker.one(&["", "365", "500", "731"]),
        _ => "",
    };
    let weight = maker.one(&["", "0", "1499", "1500", "1501", "2499", "2499.5", "2500"]);
    let los = maker.one(&["", "0", "1", "2", "59", "60", "61"]);
    let department = maker.one(&["ICU", "0301", ""]);
    let status = maker.one(&["1", "4", "45", "5", ""]);
    let hours = maker.one(&["", "0", "1", "119", "120", "121"]);
    let fee = maker.one(&["", "999.99", "1000", "1000.01", "1000.02"]);
    let sex = maker.one(&["1", "2"]);
    format!("{sex},{age},{days},{weight},,,{los},{department},{status},{hours},DX,PX,{fee},,,,")
}

/// Every principal diagnosis with none or one other, every pair of procedures; each with facts of
/// its own, and now and then one more other diagnosis.
fn rows(maker: &mut Maker) -> Vec<String> {
    let none_or = |codes: &[&'static str]| [&[""][..], codes].concat();
    let mut rows = Vec::new();
    for principal in DIAGNOSES {
        for other in none_or(&DIAGNOSES)
            .into_iter()
            .filter(|other| *other != principal)
        {
            for procedure in none_or(&PROCEDURES) {
                let third = if maker.chance(0.3) {
                    maker.one(&DIAGNOSES)
                } else {
                    ""
                };
                let third = if third == principal || third == other {
                    ""
                } else {
                    third
                };
                let second = if maker.chance(0.4) {
                    maker.one(&PROCEDURES)
                } else {
                    ""
                };
                let row = facts(maker)
                    .replace("DX", &format!("{principal}|{other}|{third}"))
                    .replace("PX", &format!("{procedure}|{second}"));
                rows.push(format!("C,H,P,employee,{row}"));
            }
        }
    }
    rows
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

fn written(scheme: &Scheme) -> String {
    let rules = scheme.rules().iter().enumerate();
    rules
        .map(|(row, rule)| format!("{row} {:?} {}: {}\n", rule.level, rule.code, rule.written))
        .collect()
}

#[derive(Debug, Default)]
struct Tally {
    reached: usize,
    never: usize,
    landed: usize,
}

/// No enumerated case lands on a row said to have none; every row said to have one gets it from
/// the plain grouping.
fn check_random(seed: u64, folder: &Path, tally: &mut Tally) {
    let mut maker = Maker::new(seed);
    let grouper = maker.scheme(folder);
    let scheme = grouper.scheme();
    let reaches = Reaches::new(&grouper, None);
    let mut reached: BTreeSet<usize> = BTreeSet::new();
    for reach in reaches.outcomes(1, &|_| {}).unwrap() {
        match reach.verdict {
            Verdict::Reached(case) => {
                assert_eq!(reaches.group(&case).unwrap().row, Some(reach.row));
                reached.insert(reach.row);
                tally.reached += 1;
            }
            Verdict::Never(_) => tally.never += 1,
            Verdict::Undecided => panic!("scheme {seed}: row {} was not decided", reach.row),
        }
    }
    let no_group = matches!(reaches.ungrouped().unwrap(), Verdict::Reached(_));
    let mut checker = checker();
    for row in rows(&mut maker) {
        assert_eq!(checker.check_text(&row, 1), Checked::Case, "{row}");
        let grouping = group_plainly(scheme, checker.case());
        tally.landed += usize::from(grouping.row.is_some());
        let foreseen = grouping.row.map_or(no_group, |row| reached.contains(&row));
        assert!(
            foreseen,
            "scheme {seed}: no case should land on {:?}, but this one does\n{row}\n{}",
            grouping.row,
            written(scheme)
        );
        let passed = grouping.mdc.into_iter().chain(grouping.adrg);
        tally.landed += passed.count();
    }
    // what is above a reached row is passed, what is never passed has nothing reached below it
    for (row, rule) in scheme.rules().iter().enumerate() {
        let below = scheme.rules().iter().enumerate().skip(row + 1);
        let below = below.take_while(|(_, under)| match rule.level {
            Level::Mdc => under.level != Level::Mdc,
            Level::Adrg => under.level == Level::Drg,
            Level::Drg | Level::Ambiguous | Level::Layer | Level::Packet => false,
        });
        if matches!(reaches.passage(row).unwrap(), Verdict::Never(_)) {
            assert!(!reached.contains(&row) && below.map(|(row, _)| row).all(|row| !reached.contains(&row)));
        }
    }
}

#[test]
fn random_schemes_are_reached_as_enumeration_says() {
    const SCHEMES: u64 = 120;
    let folder = tempfile::tempdir().unwrap();
    let mut tally = Tally::default();
    for seed in 0..SCHEMES {
        check_random(seed, folder.path(), &mut tally);
    }
    assert!(
        tally.reached > 500 && tally.never > 200 && tally.landed > 10_000,
        "too one-sided to prove much: {tally:?}"
    );
}

// ---- many rows --------------------------------------------------------------------------------

/// A scheme of so many core groups: some with a list of their own, some with beginnings of codes, each
/// code in one place; at the end one that takes the rest.
fn large_scheme(folder: &Path, rows: usize) {
    let place = folder.join("large");
    fs::create_dir(&place).unwrap();
    let header = "id = \"large\"\nname = \"large\"\nkind = \"drg\"\nsource = \"made up\"\nevidence = \"assumption\"\n\
                  codes = { diagnosis = \"d\", procedure = \"p\" }\n";
    fs::write(place.join("scheme.toml"), header).unwrap();
    let mut rules = "level,code,parent,when,otherwise,name\nmdc,A,,true,,all\n".to_owned();
    let mut sets = "set,code,site\n".to_owned();
    for row in 0..rows {
        let when = match row % 4 {
            0 => format!("pdx in {{B{row:05}*}}"),
            1 => format!("dx any in @A{row:05}.dx"),
            _ => format!("pdx in @A{row:05}.dx"),
        };
        if row % 4 > 0 {
            sets += &format!("A{row:05}.dx,C{row:05},\n");
        }
        rules += &format!("adrg,A{row:05},A,{when},group,row {row}\n");
    }
    // a row again, and what is left
    rules += "adrg,X1,A,pdx in @A00002.dx,group,taken\nadrg,X2,A,true,group,rest\n";
    fs::write(place.join("rules.csv"), rules).unwrap();
    fs::write(place.join("codesets.csv"), sets).unwrap();
}

#[test]
fn thousands_of_rows_are_told_apart() {
    const ROWS: usize = 4_444;
    let folder = tempfile::tempdir().unwrap();
    large_scheme(folder.path(), ROWS);
    let done = std::sync::atomic::AtomicU64::new(0);
    let advance = |parts| {
        done.fetch_add(parts, std::sync::atomic::Ordering::Relaxed);
    };
    let request = CheckTablesRequest {
        scheme: folder.path().join("large"),
        tables: Vec::new(),
        weights: None,
        output: None,
    };
    let watch = Watch {
        advance: &advance,
        ..watch()
    };
    let checked = check_tables(&request, &watch).unwrap();
    let counts = checked.counts.unwrap();
    assert_eq!((counts.rows, counts.reachable), (ROWS + 3, ROWS + 1));
    let unreached: Vec<&str> = checked
        .findings
        .iter()
        .filter(|finding| finding.kind != "no-code-list")
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(
        unreached,
        ["no case reaches `X1`: earlier rows take them all: `A00002` (5)"]
    );
    assert_eq!(done.into_inner(), PARTS);
}

// ---- too much ---------------------------------------------------------------------------------

/// The answer of the program to one condition, and how long it took.
fn checked_alone(when: &str) -> (Option<i32>, String, Duration) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("mine");
    fs::create_dir(&place).unwrap();
    let header = "id = \"mine\"\nname = \"mine\"\nkind = \"drg\"\nsource = \"made up\"\nevidence = \"assumption\"\n\
                  codes = { diagnosis = \"d\", procedure = \"p\" }\n";
    fs::write(place.join("scheme.toml"), header).unwrap();
    let rules = format!(
        "level,code,parent,when,otherwise,name\nmdc,A,,\"{when}\",,first\nadrg,AA1,A,true,group,core\n"
    );
    fs::write(place.join("rules.csv"), rules).unwrap();
    let start = Instant::now();
    let output = assert_cmd::Command::cargo_bin("dianzhi")
        .unwrap()
        .current_dir(folder.path())
        .args(["tables", "check", "mine", "--lang", "en"])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(!said.contains("panicked") && !said.contains("overflow"), "{said}");
    (output.status.code(), said, start.elapsed())
}

#[test]
fn a_megabyte_of_anything_is_answered() {
    const MANY: usize = 1 << 20;
    let parentheses = "(".repeat(MANY / 2) + "true" + &")".repeat(MANY / 2);
    let nots = "not ".repeat(MANY / 4) + "true";
    let open = "(".repeat(MANY);
    let flat = vec!["age < 18"; MANY / 12].join(" or ");
    let codes: Vec<String> = (0..MANY / 9).map(|code| format!("A{code:06}")).collect();
    let many_codes = format!("pdx in {{{}}}", codes.join(","));
    let beginnings = format!("pdx in {{{}*}}", codes[..codes.len() / 20].join("*,"));
    let too_deep = "more than 64 nested parentheses or `not`";
    for (what, when, code, said) in [
        ("parentheses", parentheses.as_str(), 2, too_deep),
        ("nots", &nots, 2, too_deep),
        ("open parentheses", &open, 2, too_deep),
        ("or", &flat, 0, "1 of 1 groups reachable"),
        ("codes", &many_codes, 0, "1 of 1 groups reachable"),
        ("beginnings of codes", &beginnings, 0, "1 of 1 groups reachable"),
    ] {
        let (exit, answer, took) = checked_alone(when);
        let start: String = answer.chars().take(300).collect();
        assert_eq!(exit, Some(code), "{what}: {start}");
        assert!(answer.contains(said), "{what}: {start}");
        assert!(took < Duration::from_secs(60), "{what} took {took:?}");
    }
}

/// A condition that is as hard as a puzzle is given up, said to be so, and never guessed.
#[test]
fn what_is_too_hard_is_left_undecided() {
    // pigeons in holes: each of n + 1 pigeons is in one of n holes, no two in the same
    let (pigeons, holes) = (9, 8);
    let sits = |pigeon: usize, hole: usize| format!("sdx any in {{P{pigeon}H{hole}}}");
    let mut parts: Vec<String> = Vec::new();
    for pigeon in 0..pigeons {
        let somewhere: Vec<String> = (0..holes).map(|hole| sits(pigeon, hole)).collect();
        parts.push(format!("({})", somewhere.join(" or ")));
    }
    for hole in 0..holes {
        for (one, other) in (0..pigeons).flat_map(|one| (0..one).map(move |other| (one, other))) {
            parts.push(format!("not ({} and {})", sits(one, hole), sits(other, hole)));
        }
    }
    let (exit, answer, took) = checked_alone(&parts.join(" and "));
    assert_eq!(exit, Some(0), "{answer}");
    assert!(answer.contains("note undecided-row"), "{answer}");
    assert!(took < Duration::from_secs(120), "{took:?}");
}
