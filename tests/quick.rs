//! The quick way through a file against the checker: whatever stands in it, both give the same
//! rows, groups, counts and findings; behind a door that maps codes as well.
//!
//! Files are generated records, some with a cell of `quick/cells.txt` or made over by a row of
//! `quick/rows.txt`, in either encoding, with either line end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use dianzhi::diagnostics::{Finding, Lang, Place};
use dianzhi::grouper::{Grouper, Grouping, Workspace};
use dianzhi::records::{
    Checked, Checker, CodeSystem, Counts, Depth, Door, PlainRow, PlainRows, RowReader, RowWork, SourceCodes,
    in_order, quickly_behind,
};
use dianzhi::scenarios::generate::{Generator, Plan, RECORD_COLUMNS};
use dianzhi::scenarios::{DeclaredCodes, code_system};
use dianzhi::tables::{CodeLists, Compiled, Library, Scheme};
use proptest::prelude::*;
use proptest::sample::Index;

/// Columns of the files: not all of the generated ones, the lists not in the usual order.
const COLUMNS: [&str; 16] = [
    "case_id",
    "procedures",
    "hospital",
    "insured_scheme",
    "sex",
    "age",
    "age_days",
    "weight_g",
    "admit_date",
    "discharge_date",
    "los_days",
    "department",
    "discharge_status",
    "icu_hours",
    "diagnoses",
    "total_fee",
];

/// What the files are made of.
struct Material {
    grouper: Grouper,
    /// Cells of generated records, by [`COLUMNS`].
    records: Vec<Vec<String>>,
    /// Columns and what may stand there.
    cells: Vec<(usize, Vec<u8>)>,
    /// Rows with `{row}` in them.
    rows: Vec<Vec<u8>>,
    /// Doors that change nothing, that map the codes of a file, and that map those of other files.
    doors: [Door; 3],
}

static MATERIAL: LazyLock<Material> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::find(&[folder.join("grouping-tables")]).unwrap();
    let scheme = Scheme::load(&library, "chs-drg-1.1").unwrap();
    let lists = CodeLists::of(&library, &scheme).unwrap();
    let grouper = Grouper::new(Compiled::new(scheme));
    Material {
        records: generated(&grouper, &lists),
        grouper,
        cells: cells(&data("cells.txt")),
        rows: data("rows.txt").lines().map(bytes).collect(),
        doors: doors(&library),
    }
});

fn generated(grouper: &Grouper, lists: &CodeLists) -> Vec<Vec<String>> {
    let plan = Plan {
        cases: 2_000,
        seed: 5,
        mix_seed: 3,
        year: 2022,
        stays: 1.35,
        defects: 0.0,
    };
    let records = Generator::new(grouper, lists, plan).unwrap().batch(0).records;
    let column = |name: &&str| RECORD_COLUMNS.iter().position(|known| known == name).unwrap();
    let columns: Vec<usize> = COLUMNS.iter().map(column).collect();
    let picked = |record: &String| {
        let cells: Vec<&str> = record.split(',').collect();
        columns.iter().map(|column| cells[*column].to_owned()).collect()
    };
    records.iter().map(picked).collect()
}

/// A data file without its comments.
fn data(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/quick")
        .join(name);
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

fn cells(text: &str) -> Vec<(usize, Vec<u8>)> {
    let mut cells = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        let column = COLUMNS.iter().position(|known| *known == name).unwrap();
        cells.extend(words.map(|word| (column, bytes(word))));
    }
    cells
}

/// The bytes a word of the data files stands for.
fn bytes(word: &str) -> Vec<u8> {
    if word == "_" {
        return Vec::new();
    }
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let length = match (first, rest.get(1..2)) {
            ('{', _) if !rest.starts_with("{row}") => {
                let (repeated, _) = rest[1..].split_once('}').unwrap();
                let (text, times) = repeated.rsplit_once('*').unwrap();
                bytes.extend(self::bytes(text).repeat(times.parse().unwrap()));
                repeated.len() + 2
            }
            ('\\', Some("x")) => {
                bytes.push(u8::from_str_radix(&rest[2..4], 16).unwrap());
                4
            }
            ('\\', Some(letter)) => {
                let escapes = [
                    ("s", b' '),
                    ("t", b'\t'),
                    ("r", b'\r'),
                    ("n", b'\n'),
                    ("0", 0),
                    ("\\", b'\\'),
                ];
                bytes.push(escapes.iter().find(|(name, _)| *name == letter).unwrap().1);
                2
            }
            _ => {
                bytes.extend(first.to_string().bytes());
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    bytes
}

/// How a record is written.
#[derive(Clone, Debug)]
enum Change {
    None,
    /// Some cells are replaced.
    Cells(Vec<Index>),
    Row(Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => Just(Change::None),
        3 => prop::collection::vec(any::<Index>(), 1..4).prop_map(Change::Cells),
        1 => any::<Index>().prop_map(Change::Row),
    ]
}

/// A file of records.
#[derive(Clone, Debug)]
struct Made {
    records: Vec<(Index, Change)>,
    /// Of so many records one is changed as its [`Change`] says.
    every: usize,
    gb18030: bool,
    carriage_returns: bool,
    last_line_ends: bool,
}

fn made(records: std::ops::Range<usize>) -> impl Strategy<Value = Made> {
    (
        prop::collection::vec((any::<Index>(), change()), records),
        prop::sample::select(vec![1, 3, 40]),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.3),
        any::<bool>(),
    )
        .prop_map(
            |(records, every, gb18030, carriage_returns, last_line_ends)| Made {
                records,
                every,
                gb18030,
                carriage_returns,
                last_line_ends,
            },
        )
}

impl Made {
    fn written(&self) -> Vec<u8> {
        let line_end: &[u8] = if self.carriage_returns { b"\r\n" } else { b"\n" };
        let mut file = COLUMNS.join(",").into_bytes();
        file.extend(line_end);
        for (number, (record, change)) in self.records.iter().enumerate() {
            let changed = number % self.every == 0;
            file.extend(self.row(record, if changed { change } else { &Change::None }));
            file.extend(line_end);
        }
        if !self.last_line_ends {
            file.truncate(file.len() - line_end.len());
        }
        file
    }

    fn row(&self, record: &Index, change: &Change) -> Vec<u8> {
        let cells = record.get(&MATERIAL.records).iter();
        let mut cells: Vec<Vec<u8>> = cells.map(|cell| cell.clone().into_bytes()).collect();
        if let Change::Cells(changes) = change {
            for change in changes {
                let (column, cell) = change.get(&MATERIAL.cells);
                cells[*column].clone_from(cell);
            }
        }
        let row = cells.join(&b","[..]);
        let row = match change {
            Change::Row(change) => filled(change.get(&MATERIAL.rows).as_slice(), &row),
            _ => row,
        };
        match (self.gb18030, std::str::from_utf8(&row)) {
            (true, Ok(text)) => encoding_rs::GB18030.encode(text).0.into_owned(),
            _ => row,
        }
    }
}

/// A row of `rows.txt` with the record in its place.
fn filled(pattern: &[u8], row: &[u8]) -> Vec<u8> {
    let place = b"{row}";
    match pattern.windows(place.len()).position(|part| part == place) {
        Some(at) => [&pattern[..at], row, &pattern[at + place.len()..]].concat(),
        None => pattern.to_vec(),
    }
}

/// A row as written, and its group unless it was rejected.
type Outcome = (String, Option<Grouping>);

/// All that comes out of a file.
#[derive(Debug, Default, PartialEq)]
struct Read {
    rows: Vec<Outcome>,
    counts: Counts,
    findings: Vec<Finding>,
}

/// The rows of a chunk, and how many of them were plain.
#[derive(Default)]
struct Rows {
    rows: Vec<Outcome>,
    plain: usize,
    work: Workspace,
}

impl Rows {
    fn checked(&mut self, checked: Checked, checker: &Checker<'_>) {
        let grouped =
            (checked == Checked::Case).then(|| MATERIAL.grouper.group(checker.case(), &mut self.work));
        self.rows.push((checker.row().written().to_owned(), grouped));
    }
}

struct Quickly;

impl RowWork for Quickly {
    type Output = Rows;

    fn start(&self) -> Rows {
        Rows::default()
    }

    fn prepare(&self, out: &mut Rows, rows: &PlainRows<'_>) {
        MATERIAL.grouper.prepare(rows, &mut out.work);
    }

    fn plain(&self, out: &mut Rows, row: &PlainRow<'_>) -> bool {
        let Some(grouping) = MATERIAL.grouper.group_row(row, &mut out.work) else {
            return false;
        };
        out.rows.push((row.written().to_owned(), Some(grouping)));
        out.plain += 1;
        true
    }

    fn checked(&self, out: &mut Rows, checked: Checked, checker: &Checker<'_>) {
        out.checked(checked, checker);
    }
}

fn doors(library: &Library) -> [Door; 3] {
    let codes = |version| {
        let declared = DeclaredCodes {
            option: Some(version),
            ..DeclaredCodes::default()
        };
        code_system(library, "insurance-2.0", &declared, &SourceCodes::default()).unwrap()
    };
    let (ours, others) = (codes("insurance-2.0"), codes("clinical-2.0"));
    let door = |files: &[&CodeSystem]| Door::new(files.iter().map(|codes| (*codes).clone()).collect(), None);
    [door(&[&ours]), door(&[&others]), door(&[&ours, &others])]
}

fn reader(file: &[u8]) -> RowReader {
    let place = Place::file(Path::new("made-up.csv"));
    RowReader::new(place, Box::new(Cursor::new(file.to_vec())), false).unwrap()
}

/// What the quick way reads, and how many of the rows were plain.
fn quickly(file: &[u8], door: &Door, threads: usize) -> (Read, usize) {
    let (mut read, mut plain) = (Read::default(), 0);
    read.counts = quickly_behind(reader(file), door, Lang::En, threads, &Quickly, |batch| {
        read.rows.extend(batch.output.rows);
        read.findings.extend(batch.findings);
        plain += batch.output.plain;
        Ok(())
    })
    .unwrap();
    (read, plain)
}

fn checked(file: &[u8], door: &Door) -> Read {
    let mut read = Read::default();
    read.counts = in_order(
        reader(file),
        Depth::Behind(door),
        Lang::En,
        1,
        Rows::default,
        |out: &mut Rows, checked, checker| out.checked(checked, checker),
        |batch| {
            read.rows.extend(batch.output.rows);
            read.findings.extend(batch.findings);
            Ok(())
        },
    )
    .unwrap();
    read
}

/// Reads a file both ways; gives how many rows were plain.
fn check(made: &Made) -> Result<usize, TestCaseError> {
    let file = made.written();
    let [nothing, mapped, of_others] = &MATERIAL.doors;
    check_behind(&file, mapped)?;
    check_behind(&file, of_others)?;
    check_behind(&file, nothing)
}

fn check_behind(file: &[u8], door: &Door) -> Result<usize, TestCaseError> {
    let right = checked(file, door);
    let (read, plain) = quickly(file, door, 1);
    for (number, (quick, right)) in read.rows.iter().zip(&right.rows).enumerate() {
        prop_assert_eq!(quick, right, "row {}", number);
    }
    prop_assert_eq!(read.rows.len(), right.rows.len());
    for (quick, right) in read.findings.iter().zip(&right.findings) {
        prop_assert_eq!(quick, right);
    }
    prop_assert_eq!(read.findings.len(), right.findings.len());
    prop_assert_eq!(read.counts, right.counts);
    prop_assert!(quickly(file, door, 3).0 == right, "three threads read otherwise");
    Ok(plain)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_read_quickly_as_it_is_checked(made in made(1..200)) {
        check(&made)?;
    }
}

proptest! {
    // longer than what is read at once, so that records lie across the ends of chunks
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_long_file_is_read_quickly_as_it_is_checked(made in made(9_000..12_000)) {
        check(&made)?;
    }
}

/// The other tests would say nothing if no row went the quick way.
#[test]
fn records_as_generated_go_the_quick_way() {
    let records: Vec<String> = MATERIAL.records.iter().map(|cells| cells.join(",")).collect();
    for line_end in ["\n", "\r\n"] {
        let file = [COLUMNS.join(","), records.join(line_end)].join(line_end);
        for (door, share) in MATERIAL.doors.iter().zip([95, 5, 95]) {
            let (read, plain) = quickly(file.as_bytes(), door, 1);
            assert_eq!(read.rows.len(), records.len());
            // the few others are infants without weight and the like, and codes the map does not know
            assert!(
                plain * 100 > records.len() * share,
                "{plain} of {}",
                records.len()
            );
            assert_eq!(read, checked(file.as_bytes(), door));
        }
    }
}
