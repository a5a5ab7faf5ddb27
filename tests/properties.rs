//! What must hold for any input at all: nothing panics, nothing is lost, and neither threads nor
//! the order of rows and columns change a result.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use dianzhi::api::{CheckRequest, GroupRequest, Watch, check, group};
use dianzhi::codes::{is_diagnosis, is_procedure, normal_form};
use dianzhi::diagnostics::{Lang, Place};
use dianzhi::grouper::{Grouper, Workspace};
use dianzhi::records::{
    Checked, Checker, Counts, Depth, EditBook, Encoding, Header, Intake, RowReader, in_order,
};
use dianzhi::scenarios::edit_book;
use dianzhi::tables::{CodeLists, Compiled, Condition, Library, Scheme};
use dianzhi::units::{Exact, Fen};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;

// ---- a small world: the sound scheme and records of tests/bad ----------------------------------

fn bad() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

struct World {
    grouper: Grouper,
    book: EditBook,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let library = Library::find(&[bad().join("tables")]).unwrap();
    let grouper = Grouper::new(Compiled::new(Scheme::load(&library, "small").unwrap()));
    let lists = CodeLists::of(&library, grouper.scheme()).unwrap();
    let book = edit_book(&library, lists, None).unwrap();
    World { grouper, book }
});

fn sound_file() -> Vec<u8> {
    fs::read(bad().join("records/personal-misfits.csv")).unwrap()
}

fn depths() -> [Depth<'static>; 3] {
    let book = &WORLD.book;
    let all = |for_money| Depth::All { book, for_money };
    [Depth::Grouping, all(false), all(true)]
}

fn reader(bytes: &[u8], for_money: bool) -> dianzhi::diagnostics::Result<RowReader> {
    let place = Place::file(Path::new("any.csv"));
    RowReader::new(place, Box::new(Cursor::new(bytes.to_vec())), for_money)
}

/// Reads bytes as records, each way; a file that can be read says what became of every row.
fn read_as_records(bytes: &[u8], threads: usize) -> Vec<Option<Counts>> {
    let read = |depth: Depth<'static>| {
        let reader = reader(bytes, matches!(depth, Depth::All { for_money: true, .. })).ok()?;
        let mut rows = 0;
        let group_row = |output: &mut (Workspace, u64), checked, checker: &Checker<'_>| {
            output.1 += 1;
            if checked == Checked::Case {
                WORLD.grouper.group(checker.case(), &mut output.0);
            }
        };
        let counts = in_order(
            reader,
            depth,
            Lang::Zh,
            threads,
            Default::default,
            group_row,
            |batch| {
                rows += batch.output.1;
                Ok(())
            },
        );
        let counts = counts.ok()?;
        assert!(counts.read == rows && counts.rejected <= counts.read);
        Some(counts)
    };
    depths().into_iter().map(read).collect()
}

/// Bytes that mean something to a reader of CSV, and any others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let awkward = select(b",\"\"\n\r|\0\xff\xfe\x80 .*-09xX\xef\xbb\xbf".to_vec());
    prop::collection::vec(prop_oneof![3 => awkward, 1 => any::<u8>()], 0..200)
}

fn inserted(mut file: Vec<u8>, at: Index, bytes: &[u8]) -> Vec<u8> {
    let at = at.index(file.len() + 1);
    file.splice(at..at, bytes.iter().copied());
    file
}

// ---- any bytes ---------------------------------------------------------------------------------

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_as_records(bytes in bytes()) {
        read_as_records(&bytes, 1);
    }

    #[test]
    fn any_bytes_below_a_header(bytes in bytes()) {
        let file = [b"case_id,sex,age,diagnoses,\xe5\xa7\x93\xe5\x90\x8d\n", &bytes[..]].concat();
        let counts = read_as_records(&file, 1);
        prop_assert!(counts[0].is_some() && counts[0] == read_as_records(&file, 3)[0]);
    }

    #[test]
    fn any_bytes_within_records(bytes in bytes(), at: Index) {
        let file = inserted(sound_file(), at, &bytes);
        prop_assert_eq!(read_as_records(&file, 1), read_as_records(&file, 2));
    }

    #[test]
    fn any_text_as_condition(text in "(pdx|px|dx|any|not|in|@A|\\{[A-Z*,]{0,4}\\}|\\(|\\)|<|=|[0-9.]{1,4}|and|or|age|mcc|sites| |\\PC){0,24}") {
        if let Err(error) = Condition::parse(&text) {
            prop_assert!(error.offset <= text.len() && text.is_char_boundary(error.offset), "{error:?}");
        }
    }

    #[test]
    fn normal_form_of_the_normal_form_is_itself(code in "[ \u{3000}†xXa-zA-Z0-9.+*ａ-ｚＸ０-９－]{0,14}|\\PC{0,10}") {
        let once = normal_form(&code).into_owned();
        prop_assert_eq!(normal_form(&once), once.as_str());
    }
}

const TABLE_FILES: [&str; 7] = [
    "rules.csv",
    "codesets.csv",
    "scheme.toml",
    "complications.csv",
    "exclusions.csv",
    "or_procedures.csv",
    "groups.csv",
];

/// The sound scheme in a folder of its own, one file replaced.
fn load_with(file: &str, content: &[u8]) -> dianzhi::diagnostics::Result<Scheme> {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("small");
    fs::create_dir(&place).unwrap();
    for name in TABLE_FILES {
        fs::copy(bad().join("tables/small").join(name), place.join(name)).unwrap();
    }
    fs::write(place.join(file), content).unwrap();
    Scheme::load(&Library::find(&[folder.path().to_owned()])?, "small")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_as_tables(file in select(TABLE_FILES.to_vec()), bytes in bytes(), at in prop::option::of(any::<Index>())) {
        let content = match at {
            Some(at) => inserted(fs::read(bad().join("tables/small").join(file)).unwrap(), at, &bytes),
            None => bytes,
        };
        match load_with(file, &content) {
            Ok(scheme) => drop(Compiled::new(scheme)),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn endless_conditions_end_in_an_error() {
    const LONG: usize = 1 << 20;
    let nested = [
        ("(", ")"),
        ("not ", ""),
        ("true and (", ")"),
        ("not (", ")"),
        ("sites(", ""),
    ];
    let mut texts: Vec<String> = nested
        .map(|(open, close)| format!("{}true{}", open.repeat(LONG / 4), close.repeat(LONG / 4)))
        .into();
    texts.extend(
        ["x", "{", "@", "<", "9", "中", "\"", "pdx in {A,", "mcc or "]
            .map(|piece| piece.repeat(LONG / piece.len())),
    );
    for text in texts {
        let error = Condition::parse(&text).unwrap_err();
        assert!(
            error.message.len() < 1000,
            "a message of {} bytes",
            error.message.len()
        );
    }
    let wide = format!("mcc{}", " or mcc".repeat(LONG / 7));
    assert!(Condition::parse(&wide).is_ok(), "wide is not deep");
}

// ---- codes -------------------------------------------------------------------------------------

/// The codes of a shipped list.
fn listed(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("grouping-tables/codes")
        .join(file);
    let rows = csv::Reader::from_path(path).unwrap().into_records();
    rows.map(|row| row.unwrap()[0].to_owned()).collect()
}

/// Every code of a list is its own normal form and well formed, but for the exceptions.
fn check_list(file: &str, is_well_formed: fn(&str) -> bool, exceptions: &[&str]) {
    let codes = listed(file);
    assert!(codes.len() > 10_000);
    assert!(
        codes.iter().all(|code| normal_form(code) == code.as_str()),
        "{file}"
    );
    let odd: Vec<&String> = codes.iter().filter(|code| !is_well_formed(code)).collect();
    assert_eq!(odd, exceptions, "{file}");
}

#[test]
fn listed_codes_are_normal_and_well_formed() {
    check_list("diagnoses.csv", is_diagnosis, &[]);
    check_list("procedures.csv", is_procedure, &["86.700x0013", "86.700x0014"]);
}

// ---- framing -----------------------------------------------------------------------------------

/// Every row's fields, as the record reader cuts them.
fn our_rows(text: &[u8]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let cells = |found: &mut Vec<Vec<String>>, _, checker: &Checker<'_>| {
        let row = checker.row();
        found.push(
            (0..row.width())
                .map(|index| row.field(index).to_owned())
                .collect(),
        );
    };
    let reader = reader(text, false).unwrap();
    in_order(reader, Depth::Grouping, Lang::En, 1, Vec::new, cells, |batch| {
        rows.extend(batch.output);
        Ok(())
    })
    .unwrap();
    rows
}

/// The same by the `csv` crate.
fn their_rows(text: &[u8]) -> Vec<Vec<String>> {
    let rows = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text)
        .into_records();
    rows.map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// A cell as written and whatever it may hold.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9 |.]{0,6}",
        "[a-z,\"\n\u{4e2d}]{0,6}".prop_map(|text| format!("\"{}\"", text.replace('"', "\"\""))),
        "[a-z]{1,3}\"[a-z\"]{0,3}",
    ]
}

proptest! {
    #[test]
    fn rows_are_cut_as_the_csv_crate_cuts_them(
        rows in prop::collection::vec(prop::collection::vec(cell(), 1..5), 0..8),
        windows: bool,
    ) {
        let end = if windows { "\r\n" } else { "\n" };
        let mut text = format!("case_id,sex,age,diagnoses{end}");
        for row in &rows {
            text.push_str(&format!("i{}{end}", row.iter().map(|cell| format!(",{cell}")).collect::<String>()));
        }
        prop_assert_eq!(our_rows(text.as_bytes()), their_rows(text.as_bytes()));
    }
}

#[test]
fn rows_are_cut_alike_across_chunks() {
    // notes of several lines and every length, so that chunks of a megabyte end anywhere in them
    let mut text = "case_id,sex,age,diagnoses,note,more\n".to_owned();
    for number in 0..60_000 {
        let note = "line\n".repeat(number % 7) + &"\"\"".repeat(number % 3);
        text.push_str(&format!(
            "C{number},1,50,K35.800,\"{note}\",\"a\"{}\n",
            "z".repeat(number % 40)
        ));
    }
    assert!(text.len() > 3 << 20);
    assert_eq!(our_rows(text.as_bytes()), their_rows(text.as_bytes()));
}

// ---- threads, order of rows and columns --------------------------------------------------------

const COLUMNS: [&str; 11] = [
    "case_id",
    "sex",
    "age",
    "age_days",
    "weight_g",
    "department",
    "los_days",
    "discharge_status",
    "icu_hours",
    "diagnoses",
    "procedures",
];

/// Cells of a row by the columns above, some of them wrong.
fn row() -> impl Strategy<Value = Vec<String>> {
    let one = |values: &'static [&'static str]| select(values).prop_map(str::to_owned);
    let diagnoses = prop::collection::vec(
        select(&["K35.800", "K35.900", "I10.x00x032", "J96.000", "zz", ""][..]),
        1..4,
    );
    let procedures = prop::collection::vec(select(&["47.0901", "47.0100", ""][..]), 0..3);
    let numbers = (
        one(&["0", "17", "18", "70", "-1", ""]),
        one(&["", "0", "28"]),
        one(&["", "0", "1500", "x"]),
    );
    let rest = (
        one(&["ICU", "0301"]),
        one(&["", "3", "0"]),
        one(&["1", "5", ""]),
        one(&["", "0", "121"]),
    );
    (one(&["1", "2", "男", "9"]), numbers, rest, diagnoses, procedures).prop_map(
        |(sex, (age, days, weight), (department, los, status, hours), diagnoses, procedures)| {
            let lists = [diagnoses.join("|"), procedures.join("|")];
            [
                [
                    String::new(),
                    sex,
                    age,
                    days,
                    weight,
                    department,
                    los,
                    status,
                    hours,
                ]
                .as_slice(),
                &lists,
            ]
            .concat()
        },
    )
}

/// Rows numbered by case_id.
fn rows(most: usize) -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(row(), 1..most).prop_map(|mut rows| {
        rows.iter_mut()
            .enumerate()
            .for_each(|(number, row)| row[0] = format!("C{number}"));
        rows
    })
}

/// What each case came to, by case_id, when the file has these columns in this order.
fn results(columns: &[&str], rows: &[Vec<String>]) -> BTreeMap<String, String> {
    let cell = |row: &[String], column: &str| match COLUMNS.iter().position(|name| *name == column) {
        Some(index) => row[index].clone(),
        None => "\"any, thing\"".to_owned(),
    };
    let line = |row: &Vec<String>| {
        columns
            .iter()
            .map(|column| cell(row, column))
            .collect::<Vec<_>>()
            .join(",")
            + "\n"
    };
    let text = format!(
        "{}\n{}",
        columns.join(","),
        rows.iter().map(line).collect::<String>()
    );
    let mut found = BTreeMap::new();
    let outcome = |found: &mut Vec<(String, String)>, checked, checker: &Checker<'_>| {
        let case = checker.case();
        let grouping =
            (checked == Checked::Case).then(|| WORLD.grouper.group(case, &mut Workspace::default()));
        found.push((case.case_id().to_owned(), format!("{grouping:?}")));
    };
    in_order(
        reader(text.as_bytes(), false).unwrap(),
        Depth::Grouping,
        Lang::En,
        1,
        Vec::new,
        outcome,
        |batch| {
            found.extend(batch.output);
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(found.len(), rows.len());
    found
}

proptest! {
    #[test]
    fn neither_the_order_of_rows_nor_of_columns_matters(
        rows in rows(20),
        shuffled in Just(COLUMNS.to_vec()).prop_shuffle(),
        seed in any::<Index>(),
    ) {
        let as_written = results(&COLUMNS, &rows);
        let mut turned = rows.clone();
        turned.rotate_left(seed.index(rows.len()));
        turned.reverse();
        prop_assert_eq!(&results(&COLUMNS, &turned), &as_written);
        prop_assert_eq!(&results(&shuffled, &rows), &as_written);
        let with_others = [&["note"], &shuffled[..], &["remark", "ward"]].concat();
        prop_assert_eq!(&results(&with_others, &rows), &as_written);
    }
}

/// Files of a request on so many threads.
fn files_on(threads: usize, records: &Path, folder: &Path) -> Vec<Vec<u8>> {
    let watch = Watch {
        lang: Lang::En,
        threads,
        advance: &|_| {},
    };
    let [grouped, findings, checked] =
        ["grouped", "findings", "checked"].map(|name| folder.join(format!("{name}-{threads}.csv")));
    let request = GroupRequest {
        intake: Intake::default(),
        records: records.to_owned(),
        scheme: "small".to_owned(),
        tables: vec![bad().join("tables")],
        output: grouped.clone(),
        findings: Some(findings.clone()),
        explain: true,
        door: Default::default(),
    };
    group(&request, &watch).unwrap();
    let GroupRequest {
        records,
        scheme,
        tables,
        ..
    } = request;
    check(
        &CheckRequest {
            records,
            scheme: Some(scheme),
            tables,
            output: checked.clone(),
            max_findings: 10_000,
            ..CheckRequest::default()
        },
        &watch,
    )
    .unwrap();
    [grouped, findings, checked]
        .map(|file| fs::read(file).unwrap())
        .into()
}

#[test]
fn threads_change_no_byte() {
    // several chunks of a megabyte, with quotes, broken rows and copies of cases
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let sample = rows(400).new_tree(&mut runner).unwrap().current();
    let mut text = COLUMNS.join(",") + ",note\n";
    for copy in 0..60_000_usize.div_ceil(sample.len()) {
        for row in &sample {
            let note =
                ["", "\"a, b\"", "\"two\nlines\"", "\"open", "a,b"][(copy + row[0].len() + row[2].len()) % 5];
            text.push_str(&format!("{copy}-{},{note}\n", row.join(",")));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.csv");
    fs::write(&records, &text).unwrap();
    assert!(text.len() > 3 << 20, "{} bytes are no several chunks", text.len());
    let [one, two, three] = [1, 2, 3].map(|threads| files_on(threads, &records, folder.path()));
    assert!(one == two && one == three);
}

#[test]
fn a_checker_keeps_nothing_of_the_row_before() {
    let place = Place::file(Path::new("any.csv"));
    let header = Arc::new(Header::read(&place, COLUMNS.map(str::to_owned).to_vec(), false).unwrap());
    let new = || {
        Checker::new(
            "any.csv".into(),
            Arc::clone(&header),
            Encoding::Utf8,
            Depth::Grouping,
            Lang::En,
        )
    };
    let full = "C1,1,0,3,2000,ICU,9,5,121,K35.800|J96.000,47.0901";
    let bare = "C2,2,50,,,,,,,K35.900,";
    let (mut used, mut fresh) = (new(), new());
    used.check_text(full, 1);
    assert_eq!(used.check_text(bare, 1), fresh.check_text(bare, 1));
    let facts = |checker: &Checker<'_>| {
        let case = checker.case();
        let lists = [
            case.diagnoses().map(str::to_owned).collect::<Vec<_>>(),
            case.procedures().map(str::to_owned).collect(),
        ];
        let numbers = (
            case.sex(),
            case.age(),
            case.age_days(),
            case.weight(),
            case.los(),
            case.icu_hours(),
        );
        (
            lists,
            numbers,
            case.department().to_owned(),
            case.discharge_status().to_owned(),
        )
    };
    assert_eq!(facts(&used), facts(&fresh));
}

// ---- exact numbers -----------------------------------------------------------------------------

proptest! {
    /// By arithmetic of 64 bits as by that of 128, which holds where products leave 64 bits.
    #[test]
    fn bills_are_split_alike_with_memory_and_without(
        amount in prop_oneof![0..200_000_000_i64, any::<i32>().prop_map(i64::from), 0..i64::MAX / 4],
        weights in any::<[u32; 5]>(),
        scale in 0..32_u32,
    ) {
        let (amount, weights) = (Fen::new(amount), weights.map(|weight| i64::from(weight >> scale)));
        let parts = amount.split_over(weights).map(Vec::from);
        prop_assert_eq!(parts, amount.split(&weights.map(i128::from)));
    }

    #[test]
    fn amounts_are_written_with_two_decimals(fen in prop_oneof![any::<i64>(), -200..200_i64, 0..1_000_000_i64]) {
        let (sign, whole) = (if fen < 0 { "-" } else { "" }, fen.unsigned_abs());
        let expected = format!("{sign}{}.{:02}", whole / 100, whole % 100);
        let mut pushed = String::new();
        Fen::new(fen).push_to(&mut pushed);
        prop_assert_eq!(&pushed, &expected);
        prop_assert_eq!(Fen::new(fen).to_string(), expected);
    }
}

proptest! {
    /// Against the crossways products where they fit; where they do not, by a step of known sign.
    #[test]
    fn fractions_are_ordered_whatever_their_size(
        (a, b, c, d) in (any::<i32>(), 1..=i32::MAX, any::<i32>(), 1..=i32::MAX),
        (num, den) in (i128::MIN / 4..i128::MAX / 4, 1..i128::MAX / 4),
    ) {
        let exact = |num, den| Exact::new(num, den).unwrap();
        let (left, right) = (exact(a.into(), b.into()), exact(c.into(), d.into()));
        let crossways = (i64::from(a) * i64::from(d)).cmp(&(i64::from(c) * i64::from(b)));
        prop_assert_eq!(left.compare(right), crossways);

        let (less, here, more) = (exact(num - 1, den), exact(num, den), exact(num + 1, den));
        prop_assert!(here.compare(here).is_eq());
        prop_assert!(less.compare(here).is_lt() && here.compare(less).is_gt());
        prop_assert!(here.compare(more).is_lt() && less.compare(more).is_lt());
        let steeper = exact(num, den + 1);
        prop_assert_eq!(here.compare(steeper), num.cmp(&0));
    }
}
