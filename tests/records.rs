//! Records as hospitals write them: what the edits find, what the code map and the pseudonyms make
//! of them.
//!
//! Cases are rows in `tests/records`: `edits.csv` changes cells of a sound record in `bases.csv` and
//! says whether an edit hits; `defects.csv` is a file of planted defects, `sound.csv` has none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use dianzhi::api::{CheckRequest, DoorRequest, Watch, check};
use dianzhi::codes::normal_form;
use dianzhi::diagnostics::{Action, Finding, Lang, Place, Severity, Stops};
use dianzhi::records::{
    Checked, Checker, CodeMap, Codes, Depth, Door, EditBook, EditFile, Edits, Encoding, Header, Profile,
    Pseudonyms, SourceCodes,
};
use dianzhi::scenarios::{DeclaredCodes, code_system, edit_book};
use dianzhi::tables::{CodeLists, Library};
use proptest::prelude::*;
use tempfile::TempDir;

/// Edits that no single row of a neutral file can hit: of files, of lists beside them, of cells that
/// only layouts have, of the map; each has a test of its own or is not asked of rows.
const NOT_OF_ROWS: [&str; 25] = [
    "F001", "F002", "F003", "F012", "C107", "C108", "D606", "D608", "K955", "K958", "K959", "M979", "M980",
    "M981", "M982", "M983", "M984", "M985", "S991", "S992", "S993", "S994", "P208", "B505", "C106",
];

type Row = BTreeMap<String, String>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records")
}

fn rows_of(path: &Path) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn rows(name: &str) -> Vec<Row> {
    rows_of(&folder().join(name))
}

fn library() -> Library {
    Library::find(&[]).unwrap()
}

fn profile_of(text: &str) -> Result<Profile, dianzhi::diagnostics::Error> {
    let place = Place::file(&folder().join("profile.toml"));
    let text = text.to_owned();
    Profile::read(EditFile { place, text })
}

fn book_of(profile: &str) -> EditBook {
    let (library, profile) = (library(), profile_of(profile).unwrap());
    let lists = CodeLists::first(&library).unwrap();
    let as_of = "2026-12-31".parse().unwrap();
    edit_book(&library, lists, Some(&profile))
        .unwrap()
        .with_as_of(Some(as_of))
}

static BOOK: LazyLock<EditBook> = LazyLock::new(|| {
    let mut book = book_of(&fs::read_to_string(folder().join("profile.toml")).unwrap());
    let declared = DeclaredCodes {
        tells_others: true,
        ..DeclaredCodes::default()
    };
    let codes = code_system(&library(), "insurance-2.0", &declared, &any_file(None)).unwrap();
    book.set_door(Door::new(vec![codes], None));
    book
});

/// A file that says so much of its codes.
fn any_file(column: Option<&str>) -> SourceCodes {
    SourceCodes {
        file: "a.csv".into(),
        column: column.map(str::to_owned),
        ..SourceCodes::default()
    }
}

/// A row of neutral columns as a file of one record.
fn checked(row: &Row, book: &EditBook) -> (Checked, Vec<Finding>, Vec<String>) {
    let names: Vec<String> = row.keys().cloned().collect();
    let header = Header::read(&Place::file(Path::new("made-up.csv")), names, false).unwrap();
    let depth = Depth::All {
        book,
        for_money: false,
    };
    let mut checker = Checker::new(
        "made-up.csv".into(),
        Arc::new(header),
        Encoding::Utf8,
        depth,
        Lang::En,
    );
    let cells: Vec<String> = row
        .values()
        .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
        .collect();
    let checked = checker.check_text(&cells.join(","), 2);
    let case = checker.case();
    let values = vec![
        case.diagnoses().collect::<Vec<_>>().join("|"),
        case.procedures().collect::<Vec<_>>().join("|"),
        format!(
            "{:?} {:?} {:?} {}",
            case.numbers(),
            case.admit(),
            case.discharge(),
            case.sex()
        ),
    ];
    (checked, checker.take_findings(), values)
}

fn base(name: &str) -> Row {
    let mut row = rows("bases.csv")
        .into_iter()
        .find(|row| row["base"] == name)
        .unwrap();
    row.remove("base");
    row
}

fn changed(row: &Row) -> Row {
    let mut changed = base(&row["base"]);
    for change in row["changes"].split(" & ").filter(|change| !change.is_empty()) {
        let (column, value) = change.split_once('=').unwrap();
        assert!(
            changed.insert(column.to_owned(), value.to_owned()).is_some(),
            "{column}"
        );
    }
    changed
}

// ---- edits -------------------------------------------------------------------------------------

#[test]
fn every_edit_hits_what_it_should_and_nothing_else() {
    let mut wrong = Vec::new();
    let mut tried: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for case in rows("edits.csv") {
        let (_, findings, _) = checked(&changed(&case), &BOOK);
        let hits = findings.iter().any(|finding| finding.edit.code == case["edit"]);
        if hits != (case["hit"] == "yes") {
            let codes: Vec<&str> = findings.iter().map(|finding| finding.edit.code).collect();
            wrong.push(format!(
                "{} {} {} `{}`: {codes:?}",
                case["edit"], case["hit"], case["base"], case["changes"]
            ));
        }
        tried
            .entry(case["edit"].clone())
            .or_default()
            .insert(case["hit"].clone());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let both = |code: &str| tried.get(code).is_some_and(|ways| ways.len() == 2);
    let untried: Vec<&str> = Edits::built_in()
        .iter()
        .map(|edit| edit.code)
        .filter(|code| !both(code) && !NOT_OF_ROWS.contains(code) && *code != "F014")
        .collect();
    assert!(untried.is_empty(), "no case hits, or none spares, {untried:?}");
}

#[test]
fn sound_bases_have_no_findings_above_information() {
    for name in ["adult", "mother", "newborn", "dead"] {
        let (checked, findings, _) = checked(&base(name), &BOOK);
        let grave: Vec<_> = findings
            .iter()
            .filter(|finding| finding.severity != Severity::Info)
            .collect();
        assert!(checked == Checked::Case && grave.is_empty(), "{name}: {grave:?}");
    }
}

// ---- files -------------------------------------------------------------------------------------

fn watch() -> Watch<'static> {
    Watch {
        lang: Lang::En,
        threads: 1,
        advance: &|_| {},
    }
}

fn request(file: &str, output: &Path) -> CheckRequest {
    CheckRequest {
        records: folder().join(file),
        output: output.to_owned(),
        profile: Some(folder().join("profile.toml")),
        max_findings: 10_000,
        neutral: true,
        ..CheckRequest::default()
    }
}

/// What is missing of the planted defects, or wrong about them, in a file of them.
fn wrong_about_defects(file: &str) -> Vec<String> {
    let out = TempDir::new().unwrap();
    let summary = check(&request(file, out.path()), &watch()).unwrap();
    let findings = rows_of(&out.path().join("findings.csv"));
    let rejected: BTreeSet<String> = rows_of(&out.path().join("rejected.csv"))
        .into_iter()
        .map(|row| row["line"].clone())
        .collect();
    let mut wrong = Vec::new();
    for expected in rows("defects_expected.csv") {
        let of_line: Vec<&Row> = findings
            .iter()
            .filter(|row| row["line"] == expected["line"])
            .collect();
        let codes = expected["must_contain"].split_whitespace();
        // the layout derives the days of an infant from the dates before any edit looks
        for code in codes.filter(|code| !(file.starts_with("hqms") && *code == "A404")) {
            let found = of_line.iter().find(|row| row["code"] == code);
            let is_right =
                found.is_some_and(|row| (row["action"] == "repaired") == (expected["repaired"] == "Y"));
            if !is_right {
                wrong.push(format!("{} {code}: {of_line:?}", expected["defect"]));
            }
        }
        if rejected.contains(&expected["line"]) == (expected["reaches_grouper"] == "yes") {
            wrong.push(format!("{}: reaches_grouper, {of_line:?}", expected["defect"]));
        }
    }
    assert_eq!((summary.read, summary.rejected), (45, 6), "{file}");
    wrong
}

#[test]
fn planted_defects_are_found() {
    let wrong = wrong_about_defects("defects.csv");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn planted_defects_of_a_front_sheet_export_are_found() {
    let wrong = wrong_about_defects("hqms_dirty.csv");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sound_records_are_spared_in_every_layout() {
    for file in [
        "sound.csv",
        "hqms_utf8bom.csv",
        "hqms_gb18030.csv",
        "n041_gbk.csv",
    ] {
        let out = TempDir::new().unwrap();
        check(&request(file, out.path()), &watch()).unwrap();
        let findings = rows_of(&out.path().join("findings.csv"));
        let grave: Vec<_> = findings.iter().filter(|row| row["severity"] != "info").collect();
        assert!(grave.is_empty(), "{file}: {grave:?}");
    }
}

#[test]
fn codes_are_mapped_once_and_both_are_kept() {
    let out = TempDir::new().unwrap();
    check(&request("sound.csv", out.path()), &watch()).unwrap();
    let neutral = rows_of(&out.path().join("neutral.csv"));
    let expected = rows("expected_mapped.csv");
    assert_eq!(neutral.len(), expected.len());
    for (row, expected) in neutral.iter().zip(&expected) {
        for (column, value) in expected {
            assert_eq!(&row[column], value, "{} {column}", expected["case_id"]);
        }
        assert_eq!(row["code_version"], "insurance-2.0");
    }
    // what was mapped says so, and is left alone
    let mapped = out.path().join("neutral.csv");
    let text = fs::read_to_string(&mapped)
        .unwrap()
        .replace("insurance-2.0", "clinical-2.0");
    fs::write(&mapped, text).unwrap();
    let again = TempDir::new().unwrap();
    let twice = CheckRequest {
        records: mapped,
        ..request("sound.csv", again.path())
    };
    let summary = check(&twice, &watch()).unwrap();
    assert_eq!(summary.findings["C107"].1, 12);
    for (row, expected) in rows_of(&again.path().join("neutral.csv")).iter().zip(&expected) {
        assert_eq!(row["diagnoses"], expected["diagnoses"]);
    }
}

fn clinical_map() -> Arc<CodeMap> {
    let declared = DeclaredCodes {
        option: Some("clinical-2.0"),
        ..DeclaredCodes::default()
    };
    let codes = code_system(&library(), "insurance-2.0", &declared, &any_file(None)).unwrap();
    codes.map.unwrap()
}

#[test]
fn a_second_mapping_would_lead_elsewhere() {
    let map = clinical_map();
    let apply = |kind: &str, code: &str| {
        let codes = Codes::declared(vec![code.to_owned()]);
        let mapped = if kind == "diagnosis" {
            map.apply_to_diagnoses(codes)
        } else {
            map.apply_to_procedures(codes)
        };
        mapped.as_slice()[0].clone()
    };
    let cases = rows("map_once.csv");
    assert_eq!(cases.len(), 77);
    for case in cases {
        let once = apply(&case["kind"], &case["code"]);
        assert_eq!(once, case["once"], "{}", case["code"]);
        assert_eq!(
            apply(&case["kind"], &once),
            case["wrong_if_twice"],
            "{}",
            case["code"]
        );
    }
}

#[test]
fn the_way_back_and_unknown_versions_are_refused() {
    let library = library();
    let message = |lists: &str, option: &'static str, column: Option<&str>| {
        let declared = DeclaredCodes {
            option: Some(option),
            ..DeclaredCodes::default()
        };
        code_system(&library, lists, &declared, &any_file(column))
            .unwrap_err()
            .to_string()
    };
    let back = message("clinical-2.0", "insurance-2.0", None);
    assert!(back.contains("no way back"), "{back}");
    let unknown = message("insurance-2.0", "insurance-1.0", None);
    assert!(unknown.contains("--map FILE"), "{unknown}");
    let differ = message("insurance-2.0", "clinical-2.0", Some("insurance-2.0"));
    assert!(differ.contains("`--codes` says `clinical-2.0`"), "{differ}");
}

#[test]
fn pseudonyms_are_those_of_the_vectors_and_nothing_else_gets_out() {
    let out = TempDir::new().unwrap();
    let key = out.path().join("key.txt");
    for case in rows("pseudonym.csv") {
        fs::write(&key, format!("{}\n", case["key_hex"])).unwrap();
        let pseudonyms = Pseudonyms::open(&key, false).unwrap();
        assert_eq!(
            pseudonyms.of("person", &format!(" {} ", case["value"])),
            case["pseudonym"]
        );
        assert_eq!(pseudonyms.of("person", " "), "");
    }
    let records = out.path().join("records.csv");
    let header = "case_id,record_no,person,sex,birth_date,admit_date,age,diagnoses";
    fs::write(
        &records,
        format!("{header}\nPII-1,PII-2,PII-3,1,1980-03-05,2026-01-05,45,K80.101\n"),
    )
    .unwrap();
    let hidden = CheckRequest {
        records,
        door: DoorRequest {
            pseudonymise: Some(key.clone()),
            pseudonymise_all: true,
            ..DoorRequest::default()
        },
        ..request("sound.csv", &out.path().join("out"))
    };
    check(&hidden, &watch()).unwrap();
    let row = rows_of(&out.path().join("out/neutral.csv")).remove(0);
    assert_eq!((row["birth_date"].as_str(), row["age"].as_str()), ("", "45"));
    assert_eq!(
        [&row["case_id"], &row["record_no"], &row["person"]].map(String::len),
        [32; 3]
    );
    for file in ["findings.csv", "rejected.csv", "quality.csv", "neutral.csv"] {
        let text = fs::read_to_string(out.path().join("out").join(file)).unwrap();
        assert!(!text.contains("PII-"), "{file}");
    }
    fs::write(&key, "not a key").unwrap();
    let message = Pseudonyms::open(&key, false).unwrap_err().to_string();
    assert!(
        message.contains("64 hexadecimal digits") && !message.contains("not a key"),
        "{message}"
    );
}

#[test]
fn results_do_not_depend_on_threads() {
    let result = |threads| {
        let out = TempDir::new().unwrap();
        let lines = fs::read_to_string(folder().join("defects.csv")).unwrap();
        let (header, body) = lines.split_once('\n').unwrap();
        let records = out.path().join("records.csv");
        fs::write(&records, format!("{header}\n{}", body.repeat(200))).unwrap();
        let many = CheckRequest {
            records,
            xlsx: true,
            max_findings: 150,
            ..request("defects.csv", &out.path().join("out"))
        };
        let summary = check(&many, &Watch { threads, ..watch() }).unwrap();
        assert!(summary.left_out > 0);
        let files = [
            "findings.csv",
            "rejected.csv",
            "quality.csv",
            "neutral.csv",
            "findings.xlsx",
        ];
        let bytes = files.map(|file| fs::read(out.path().join("out").join(file)).unwrap());
        let folder = out.path().display().to_string();
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).replace(&folder, ""))[..4].to_vec()
    };
    assert_eq!(result(1), result(3));
}

// ---- profiles ----------------------------------------------------------------------------------

#[test]
fn a_profile_says_what_it_does_not_know() {
    let apply = |text: &str| {
        let library = library();
        let lists = CodeLists::first(&library).unwrap();
        let profile = profile_of(&format!("profile = \"x\"\n{text}"))
            .and_then(|profile| edit_book(&library, lists, Some(&profile)).map(|_| ()));
        profile.map_err(|e| e.to_string())
    };
    for (text, expected) in [
        (
            "C999 = { stops = \"group\" }",
            "profile.toml:2: there is no edit or key `C999`",
        ),
        (
            "off = [\"S9994\"]",
            "there is no edit `S9994`; did you mean `S994`?",
        ),
        (
            "C102 = { stop = \"group\" }",
            "unknown key `stop`; did you mean `stops`?",
        ),
        ("C102 = { stops = \"gruop\" }", "`gruop` is nothing to stop"),
        ("X301 = { stops = \"none\" }", "cannot be lowered"),
        ("off = [\"C101\"]", "cannot be switched off"),
        ("B502 = { error = [9999, 200] }", "two limits, the lower first"),
        (
            "lists = { principal_blockd = \"x.csv\" }",
            "did you mean `principal_blocked`?",
        ),
        ("K960 = { max = 2.5 }", "decimal in quotes"),
    ] {
        let message = apply(text).unwrap_err();
        assert!(message.contains(expected), "{text}: {message}");
    }
    apply("off = [\"S994\"]\nC102 = { stops = \"group\" }\nB502 = { error = [100, 9999], warning = [400, 6500] }\nM972 = { tolerance = \"0.10\" }").unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Lowering what stops, or how grave it is, changes whether a case goes on, never its values.
    #[test]
    fn lowering_changes_no_value(
        at in prop::sample::subsequence(vec!["C102", "C103", "A402", "A404", "B501", "B502", "D601", "D602", "M971", "F005", "P201"], 1..6),
        severity in prop::sample::select(vec!["error", "warning", "info"]),
        stops in prop::sample::select(vec!["money", "none"]),
    ) {
        static STRICT: LazyLock<EditBook> = LazyLock::new(|| {
            book_of("profile = \"strict\"\nC102 = { stops = \"group\" }\nC103 = { stops = \"group\" }\nB501 = { stops = \"group\" }")
        });
        let lines: Vec<String> = at.iter().map(|code| format!("{code} = {{ severity = \"{severity}\", stops = \"{stops}\" }}")).collect();
        let lowered = book_of(&format!("profile = \"lowered\"\n{}", lines.join("\n")));
        for row in rows("defects.csv").iter().filter(|row| row.contains_key("code_version")) {
            let (strictly, _, before) = checked(row, &STRICT);
            let (loosely, _, after) = checked(row, &lowered);
            prop_assert_eq!(&before, &after);
            prop_assert!(strictly != Checked::Case || loosely == Checked::Case);
        }
    }

    /// The order of the other diagnoses changes no finding but gaps and slots.
    #[test]
    fn order_of_other_diagnoses_changes_no_finding(
        row in prop::sample::select(rows("edits.csv")),
        order in Just([1_usize, 2, 3]).prop_shuffle(),
    ) {
        let mut row = changed(&row);
        let more = format!("{}|E11.900|N39.000|O80.000", row["diagnoses"].split('|').next().unwrap());
        for column in ["poa", "diagnosis_outcomes", "diagnosis_names"] {
            row.insert(column.to_owned(), String::new());
        }
        row.insert("diagnoses".to_owned(), more.clone());
        let codes: Vec<&str> = more.split('|').collect();
        let shuffled: Vec<&str> = std::iter::once(codes[0]).chain(order.iter().map(|at| codes[*at])).collect();
        let mut turned = row.clone();
        turned.insert("diagnoses".to_owned(), shuffled.join("|"));
        let found = |row: &Row| {
            let (checked, findings, _) = checked(row, &BOOK);
            let mut codes: Vec<&str> = findings.iter().map(|finding| finding.edit.code).filter(|code| !["F011", "C109"].contains(code)).collect();
            codes.sort_unstable();
            (checked, codes.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        prop_assert_eq!(found(&row), found(&turned));
    }

    /// Normalising and repairing twice is once; a listed code stays itself.
    #[test]
    fn tidying_twice_is_once(text in "[A-Za-zＡ-Ｃ0-9０-９.xX+*† E-]{0,12}", listed in prop::sample::select(BOOK.diagnoses().codes().to_vec())) {
        let once = normal_form(&text).into_owned();
        prop_assert_eq!(normal_form(&once).into_owned(), once.clone());
        prop_assert_eq!(normal_form(&listed).into_owned(), listed.clone());
        let mut row = base("adult");
        row.insert("procedures".to_owned(), once);
        let (_, _, before) = checked(&row, &BOOK);
        row.insert("procedures".to_owned(), before[1].clone());
        let (_, findings, after) = checked(&row, &BOOK);
        prop_assert_eq!(&before, &after);
        prop_assert!(findings.iter().all(|finding| finding.action != Action::Repaired || finding.column != "procedures"));
        row.insert("diagnoses".to_owned(), listed.clone());
        let (_, _, values) = checked(&row, &BOOK);
        prop_assert_eq!(&values[0], &listed);
    }
}

#[test]
fn only_what_cannot_be_a_case_stops_grouping_by_default() {
    let stopping: Vec<&str> = Edits::built_in()
        .iter()
        .filter(|edit| matches!(edit.stops, Stops::File | Stops::Record | Stops::Group))
        .map(|edit| edit.code)
        .collect();
    assert_eq!(stopping, ["A401", "C101", "D601", "F001", "F002", "F003", "X301"]);
}
