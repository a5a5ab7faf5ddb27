//! Packed files and the crosswalk: whatever is grouped from a packed file is what is grouped from
//! the records themselves, and whatever was done to the file is found out.
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

use dianzhi::api::{
    BulkSummary, CheckRequest, GenerateRequest, GroupRequest, PackRequest, RegroupRequest, Regrouped, Watch,
    check, generate, group, pack, regroup,
};
use dianzhi::diagnostics::{Lang, Place, Result};
use dianzhi::grouper::{DictionaryFacts, Grouper, Workspace};
use dianzhi::records::{Dictionary, Intake, PackedReader, PackedWriter};
use dianzhi::reports::{CROSSWALK_COLUMNS, Move};
use dianzhi::scenarios::generate::{Plan, RECORD_COLUMNS};
use dianzhi::tables::{Compiled, Library, Scheme};
use dianzhi::units::{Exact, Fen};
use flate2::Crc;
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;

mod random_schemes;

use random_schemes::Maker;

mod shipped;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shipped() -> PathBuf {
    root().join("grouping-tables")
}

fn watch(threads: usize) -> Watch<'static> {
    Watch {
        lang: Lang::En,
        threads,
        advance: &|_| {},
    }
}

// ---- a folder to work in ----------------------------------------------------------------------

/// Runs requests in a folder of its own, with tables of one place.
struct Bench {
    folder: TempDir,
    tables: PathBuf,
}

/// A row by its columns.
type Row = BTreeMap<String, String>;

impl Bench {
    fn new(tables: PathBuf) -> Bench {
        Bench {
            folder: tempfile::tempdir().unwrap(),
            tables,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn pack(&self, records: &Path, output: &str, threads: usize) -> Result<BulkSummary> {
        let request = PackRequest {
            intake: Intake::default(),
            records: records.to_owned(),
            output: self.file(output),
            findings: Some(self.file(&format!("{output}.findings"))),
        };
        pack(&request, &watch(threads))
    }

    fn group(&self, records: &Path, scheme: &str, output: &str, explain: bool) -> Result<BulkSummary> {
        let request = GroupRequest {
            intake: Intake::default(),
            records: records.to_owned(),
            scheme: scheme.to_owned(),
            tables: vec![self.tables.clone()],
            output: self.file(output),
            findings: Some(self.file(&format!("{output}.findings"))),
            explain,
            door: Default::default(),
        };
        group(&request, &watch(2))
    }

    fn regroup(&self, records: &Path, [old, new]: [&str; 2], output: &str, threads: usize) -> Regrouped {
        let request = RegroupRequest {
            intake: Intake::default(),
            records: records.to_owned(),
            old: old.to_owned(),
            new: new.to_owned(),
            tables: vec![self.tables.clone()],
            output: self.file(output),
            cases: Some(self.file(&format!("{output}.moved"))),
            findings: Some(self.file(&format!("{output}.findings"))),
        };
        regroup(&request, &watch(threads)).unwrap()
    }

    fn rows(&self, name: &str) -> Vec<Row> {
        let mut reader = csv::Reader::from_path(self.file(name)).unwrap();
        let header = reader.headers().unwrap().clone();
        let row = |row: csv::StringRecord| {
            let cells = header.iter().zip(row.iter());
            cells
                .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
                .collect()
        };
        reader.records().map(|record| row(record.unwrap())).collect()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).unwrap()
    }
}

fn cells(row: &Row, columns: &[&str]) -> Vec<String> {
    columns.iter().map(|column| row[*column].clone()).collect()
}

const DECIDED: [&str; 7] = ["status", "mdc", "adrg", "group", "group_name", "mcc_cc", "reason"];

/// Bytes of the closing block.
const CLOSING: usize = 16 + 24;

// ---- the same groups --------------------------------------------------------------------------

/// Packs a file and groups what was packed: the accepted records, their groups and the findings
/// are those of the file itself, whatever the number of threads. Gives the accepted records.
fn check_packing(bench: &Bench, records: &Path, scheme: &str, explain: bool) -> u64 {
    let shown = records.display();
    let straight = bench.group(records, scheme, "straight.csv", explain).unwrap();
    let packed = bench.pack(records, "records.dzc", 1).unwrap();
    assert_eq!(
        (straight.read, straight.rejected, &straight.findings),
        (packed.read, packed.rejected, &packed.findings),
        "{shown}"
    );
    assert_eq!(
        bench.bytes("straight.csv.findings"),
        bench.bytes("records.dzc.findings"),
        "{shown}"
    );
    bench.pack(records, "threads.dzc", 3).unwrap();
    assert_eq!(bench.bytes("records.dzc"), bench.bytes("threads.dzc"), "{shown}");

    let grouped = bench
        .group(&bench.file("records.dzc"), scheme, "packed.csv", explain)
        .unwrap();
    assert_eq!(grouped.outcomes, straight.outcomes, "{shown}");
    assert_eq!(
        (grouped.read, grouped.rejected_before),
        (straight.read - straight.rejected, straight.rejected),
        "{shown}"
    );
    let mut accepted = bench.rows("straight.csv");
    accepted.retain(|row| row["status"] != "rejected");
    let from_packed = bench.rows("packed.csv");
    assert_eq!(accepted.len(), from_packed.len(), "{shown}");
    for (straight, packed) in accepted.iter().zip(&from_packed) {
        assert_eq!(straight["case_id"].trim(), packed["case_id"], "{shown}");
        assert_eq!(
            cells(straight, &DECIDED),
            cells(packed, &DECIDED),
            "{shown}: {packed:?}"
        );
    }
    check_round_trip(bench);
    from_packed.len() as u64
}

/// The rows written from a packed file say all that the file says: they pack to the same bytes.
fn check_round_trip(bench: &Bench) {
    bench.pack(&bench.file("packed.csv"), "again.dzc", 2).unwrap();
    let [mut first, mut again] = ["records.dzc", "again.dzc"].map(|name| bench.bytes(name));
    // the last block counts what was rejected, and that is gone
    first.truncate(first.len() - CLOSING);
    again.truncate(again.len() - CLOSING);
    assert!(first == again, "a packed file lost something on the way");
}

fn scheme_ids() -> Vec<String> {
    shipped::schemes_of("drg")
}

#[test]
fn packets_group_alike_from_a_packed_file() {
    let cases = root().join("tests/packets/plan-cases.csv");
    assert_eq!(check_packing(&Bench::new(shipped()), &cases, "dip-3.0", true), 44);
}

#[test]
fn golden_cases_of_every_scheme_group_alike_from_a_packed_file() {
    for scheme in scheme_ids() {
        let golden = root().join(format!("tests/golden/grouping/{scheme}.csv"));
        assert!(check_packing(&Bench::new(shipped()), &golden, &scheme, true) >= 300);
    }
}

fn made_up(bench: &Bench, scheme: &str, cases: u64, defects: f64) -> PathBuf {
    let records = bench.file("made-up.csv");
    let plan = Plan {
        cases,
        seed: 5,
        mix_seed: 2,
        year: 2022,
        stays: 1.35,
        defects,
    };
    let request = GenerateRequest {
        scheme: scheme.to_owned(),
        tables: vec![bench.tables.clone()],
        plan,
        output: records.clone(),
    };
    generate(&request, &watch(2)).unwrap();
    records
}

#[test]
fn made_up_records_of_every_scheme_group_alike_from_a_packed_file() {
    for scheme in scheme_ids() {
        let bench = Bench::new(shipped());
        let records = made_up(&bench, &scheme, 4_000, 0.2);
        let accepted = check_packing(&bench, &records, &scheme, false);
        assert!((3_000..4_000).contains(&accepted), "{scheme}: {accepted}");
    }
}

#[test]
fn awkward_records_group_alike_from_a_packed_file() {
    let awkward = root().join("tests/packed/awkward.csv");
    for scheme in ["chs-drg-1.1", "chongqing-2022"] {
        let accepted = check_packing(&Bench::new(shipped()), &awkward, scheme, true);
        assert_eq!(accepted, 15);
    }
    let bad = root().join("tests/bad");
    let bench = Bench::new(bad.join("tables"));
    let mut read = 0;
    for entry in fs::read_dir(bad.join("records")).unwrap() {
        let file = entry.unwrap().path();
        match (
            bench.group(&file, "small", "x.csv", false),
            bench.pack(&file, "x.dzc", 1),
        ) {
            (Ok(_), Ok(_)) => {
                check_packing(&bench, &file, "small", false);
                read += 1;
            }
            (grouped, packed) => assert_eq!(
                grouped.unwrap_err().to_string(),
                packed.unwrap_err().to_string(),
                "{}",
                file.display()
            ),
        }
    }
    assert!(read > 30, "only {read} of the bad files could be read");
}

#[test]
fn random_schemes_group_alike_from_a_packed_file() {
    let mut maker = Maker::new(29);
    for _ in 0..60 {
        let folder = tempfile::tempdir().unwrap();
        maker.scheme(folder.path());
        let bench = Bench::new(folder.path().to_owned());
        let rows: Vec<String> = (0..200).map(|_| maker.row()).collect();
        let records = bench.file("records.csv");
        fs::write(
            &records,
            format!("{}\n{}\n", RECORD_COLUMNS.join(","), rows.join("\n")),
        )
        .unwrap();
        assert_eq!(check_packing(&bench, &records, "random", false), 200);
    }
}

// ---- the crosswalk ----------------------------------------------------------------------------

/// What the crosswalk must say, from two groupings of the same cases.
#[derive(Default)]
struct Counted {
    cases: u64,
    without_fee: u64,
    cost: i64,
}

type Pair = (Vec<String>, Vec<String>);

/// Group code first: the order of the crosswalk.
const END: [&str; 4] = ["group", "mdc", "adrg", "status"];

fn count_plainly(old: &[Row], new: &[Row]) -> BTreeMap<Pair, Counted> {
    let mut counted: BTreeMap<Pair, Counted> = BTreeMap::new();
    for (old, new) in old.iter().zip(new) {
        assert_eq!(old["case_id"], new["case_id"]);
        let pair = counted.entry((cells(old, &END), cells(new, &END))).or_default();
        pair.cases += 1;
        match Fen::parse_yuan(&old["total_fee"]) {
            Ok(fee) => pair.cost += fee.fen(),
            Err(_) => pair.without_fee += 1,
        }
    }
    counted
}

fn expected_cells(counted: &BTreeMap<Pair, Counted>) -> Vec<(Vec<String>, Vec<String>)> {
    let of_old = |old: &Vec<String>| -> u64 {
        let same = counted.iter().filter(|((other, _), _)| other == old);
        same.map(|(_, counted)| counted.cases).sum()
    };
    let row = |((old, new), counted): (&Pair, &Counted)| {
        let share = Exact::new(counted.cases.into(), of_old(old).into()).unwrap();
        let with_fee = counted.cases - counted.without_fee;
        let (cost, mean) = match with_fee {
            0 => (String::new(), String::new()),
            cases => (
                Fen::new(counted.cost).to_string(),
                // half a fen goes up
                Fen::new((2 * counted.cost + cases as i64) / (2 * cases as i64)).to_string(),
            ),
        };
        let tally = vec![
            counted.cases.to_string(),
            share.show(6).unwrap(),
            counted.without_fee.to_string(),
            cost,
            mean,
        ];
        ([old.clone(), new.clone()].concat(), tally)
    };
    counted.iter().map(row).collect()
}

/// The crosswalk is what two runs of `group` give when they are counted by hand; it does not
/// depend on threads, nor on the records being packed.
fn check_regroup(bench: &Bench, records: &Path, schemes: [&str; 2]) -> Regrouped {
    bench.pack(records, "records.dzc", 2).unwrap();
    let packed = bench.file("records.dzc");
    let regrouped = bench.regroup(&packed, schemes, "crosswalk.csv", 1);
    for (name, records, threads) in [
        ("t", &packed, 3),
        ("r1", &records.to_owned(), 1),
        ("r3", &records.to_owned(), 3),
    ] {
        let other = bench.regroup(records, schemes, name, threads);
        assert_eq!(
            (&other.moves, other.total),
            (&regrouped.moves, regrouped.total),
            "{name}"
        );
        assert_eq!(bench.bytes(name), bench.bytes("crosswalk.csv"), "{name}");
        let moved = format!("{name}.moved");
        assert_eq!(bench.bytes(&moved), bench.bytes("crosswalk.csv.moved"), "{name}");
    }
    bench.group(&packed, schemes[0], "old.csv", false).unwrap();
    bench.group(&packed, schemes[1], "new.csv", false).unwrap();
    let (old, new) = (bench.rows("old.csv"), bench.rows("new.csv"));
    let counted = count_plainly(&old, &new);

    let rows = bench.rows("crosswalk.csv");
    let ends = ["old", "new"].map(|which| END.map(|column| format!("{which}_{column}")));
    let ends: Vec<&str> = ends.iter().flatten().map(String::as_str).collect();
    let found: Vec<(Vec<String>, Vec<String>)> = rows
        .iter()
        .map(|row| (cells(row, &ends), cells(row, &CROSSWALK_COLUMNS[10..])))
        .collect();
    assert_eq!(found, expected_cells(&counted));

    let moved = old
        .iter()
        .zip(&new)
        .filter(|(old, new)| old["group"] != new["group"]);
    let moved: Vec<Vec<String>> = moved
        .map(|(old, new)| vec![old["case_id"].clone(), old["group"].clone(), new["group"].clone()])
        .collect();
    let listed = bench.rows("crosswalk.csv.moved");
    let listed: Vec<Vec<String>> = listed
        .iter()
        .map(|row| cells(row, &["case_id", "old_group", "new_group"]))
        .collect();
    assert_eq!(listed, moved);
    check_sums(&regrouped, &old, moved.len() as u64);
    regrouped
}

/// The parts sum to the whole, and the whole is what was read.
fn check_sums(regrouped: &Regrouped, rows: &[Row], moved: u64) {
    let fees = rows
        .iter()
        .filter_map(|row| Fen::parse_yuan(&row["total_fee"]).ok());
    let cost: Fen = fees.sum();
    assert_eq!(
        (regrouped.total.cases, regrouped.total.cost),
        (rows.len() as u64, i128::from(cost.fen()))
    );
    let tallies = regrouped.moves.iter().map(|(_, tally)| tally);
    let sums = tallies.fold((0, 0, 0), |sums, tally| {
        (
            sums.0 + tally.cases,
            sums.1 + tally.cost,
            sums.2 + tally.without_fee,
        )
    });
    assert_eq!(
        sums,
        (
            regrouped.total.cases,
            regrouped.total.cost,
            regrouped.total.without_fee
        )
    );
    let unmoved = regrouped
        .moves
        .iter()
        .find(|(way, _)| *way == Move::None)
        .unwrap();
    assert_eq!(regrouped.total.cases - unmoved.1.cases, moved);
}

fn moved(regrouped: &Regrouped, way: Move) -> u64 {
    regrouped
        .moves
        .iter()
        .find(|(found, _)| *found == way)
        .unwrap()
        .1
        .cases
}

#[test]
fn a_scheme_against_itself_moves_nothing() {
    for scheme in scheme_ids() {
        let bench = Bench::new(shipped());
        let golden = root().join(format!("tests/golden/grouping/{scheme}.csv"));
        let regrouped = check_regroup(&bench, &golden, [&scheme, &scheme]);
        assert_eq!(moved(&regrouped, Move::None), regrouped.total.cases, "{scheme}");
    }
}

#[test]
fn the_crosswalk_is_what_two_groupings_count() {
    for schemes in [
        ["chs-drg-1.0", "chs-drg-1.1"],
        ["chs-drg-1.1", "chongqing-2022"],
        ["beijing-2022", "foshan-2022"],
    ] {
        let bench = Bench::new(shipped());
        let records = made_up(&bench, schemes[0], 3_000, 0.1);
        let regrouped = check_regroup(&bench, &records, schemes);
        assert!(regrouped.read.rejected == 0 && regrouped.total.cases > 2_500);
        for way in [Move::None, Move::Adrg] {
            assert!(moved(&regrouped, way) > 0, "{schemes:?}: nothing is {way:?}");
        }
        check_regroup(&bench, &root().join("tests/packed/awkward.csv"), schemes);
    }
}

#[test]
fn every_way_to_move_is_told() {
    let bench = Bench::new(root().join("tests/packed/tables"));
    let regrouped = check_regroup(&bench, &root().join("tests/packed/moves.csv"), ["old", "new"]);
    let counts: Vec<(Move, u64)> = regrouped
        .moves
        .iter()
        .map(|(way, tally)| (*way, tally.cases))
        .collect();
    let expected: Vec<(Move, u64)> = Move::ALL.into_iter().zip([2, 1, 1, 1, 2, 0, 1, 1]).collect();
    assert_eq!(counts, expected);
}

// ---- damage -----------------------------------------------------------------------------------

fn sound() -> Vec<u8> {
    let bench = Bench::new(shipped());
    let awkward = root().join("tests/packed/awkward.csv");
    bench.pack(&awkward, "sound.dzc", 1).unwrap();
    bench.bytes("sound.dzc")
}

fn grouper() -> Grouper {
    let library = Library::find(&[root().join("tests/bad/tables")]).unwrap();
    Grouper::new(Compiled::new(Scheme::load(&library, "small").unwrap()))
}

/// Reads a file to its end and looks at everything in it; gives its cases.
fn read_through(grouper: &Grouper, bytes: &[u8]) -> Result<u64> {
    let place = Place::file(Path::new("any.dzc"));
    let mut reader = PackedReader::new(place, Box::new(Cursor::new(bytes.to_vec())))?;
    let (mut facts, mut work, mut dictionary) = (
        DictionaryFacts::default(),
        Workspace::default(),
        Dictionary::default(),
    );
    while let Some(block) = reader.next_block()? {
        reader.dictionary().look(|shared| {
            grouper.learn(shared, &mut facts);
            dictionary.catch_up(shared);
        });
        let cases = block.cases();
        assert_eq!(cases.iter().count(), block.count());
        assert!(block.count() as u64 <= block.bytes());
        for (case, id) in cases.iter().zip(block.case_ids()) {
            let unpacked = case.unpacked(id, &dictionary);
            assert!(unpacked.diagnoses().len() > 0 && unpacked.diagnoses().all(|code| !code.is_empty()));
            assert_eq!(
                grouper.group_packed(&case, &facts, &mut work),
                grouper.group(&unpacked, &mut work)
            );
        }
    }
    assert!(reader.written().is_some() && reader.next_block()?.is_none());
    Ok(reader.cases())
}

/// The places of the blocks: where their heads begin, and the end.
fn block_starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![12];
    while *starts.last().unwrap() < bytes.len() {
        let at = starts.last().unwrap();
        let length = u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap());
        starts.push(at + 16 + length as usize);
    }
    starts
}

/// Makes the checksum of the block at `start` right again.
fn seal(bytes: &mut [u8], start: usize) {
    let length = u32::from_le_bytes(bytes[start + 8..start + 12].try_into().unwrap()) as usize;
    let mut crc = Crc::new();
    crc.update(&bytes[start..start + 12]);
    crc.update(&bytes[start + 16..start + 16 + length]);
    bytes[start + 12..start + 16].copy_from_slice(&crc.sum().to_le_bytes());
}

/// A name, what is done to a sound file, and what is said about it.
type Damage = (&'static str, fn(&mut Vec<u8>), &'static str);

const DAMAGES: [Damage; 14] = [
    (
        "nothing left",
        |file| file.clear(),
        "any.dzc: this is no packed file, or its first bytes were changed on the way; expected what `dianzhi pack` writes",
    ),
    (
        "line ends changed",
        |file| file[4] = b'\n',
        "any.dzc: this is no packed file, or its first bytes were changed on the way; expected what `dianzhi pack` writes",
    ),
    (
        "another format",
        |file| file[8] = 2,
        "any.dzc: packed format 2 is not known; this program reads 1",
    ),
    (
        "head only",
        |file| file.truncate(11),
        "any.dzc: the file ends before its first block",
    ),
    (
        "no block",
        |file| file.truncate(12),
        "any.dzc: block 0: the file ends before it; it was not written or copied whole",
    ),
    (
        "cut within a block",
        |file| file.truncate(100),
        "any.dzc: block 0: the file ends within it, 1089 bytes too early; it was not written or copied whole",
    ),
    (
        "cut behind the first block",
        |file| file.truncate(file.len() - CLOSING),
        "any.dzc: block 1: the file ends before it; it was not written or copied whole",
    ),
    (
        "cut by a byte",
        |file| file.truncate(file.len() - 1),
        "any.dzc: block 1: the file ends within it, 1 bytes too early; it was not written or copied whole",
    ),
    (
        "a byte changed",
        |file| file[200] ^= 1,
        "any.dzc: block 0: its checksum does not fit its bytes; the file is damaged",
    ),
    (
        "a length changed",
        |file| file[23] ^= 0x80,
        "any.dzc: block 0: its length was changed, or it is no block",
    ),
    (
        "a block lost",
        |file| drop(file.drain(12..file.len() - CLOSING)),
        "any.dzc: block 0: block 1 stands in its place",
    ),
    (
        "a block doubled",
        |file| {
            let block = file[12..file.len() - CLOSING].to_vec();
            file.splice(12..12, block);
        },
        "any.dzc: block 1: block 0 stands in its place",
    ),
    (
        "another kind",
        |file| {
            file[12] = b'X';
            seal(file, 12);
        },
        "any.dzc: block 0: it is of no known kind",
    ),
    (
        "more at the end",
        |file| file.push(0),
        "any.dzc: block 1: it closes the file, but more bytes follow it",
    ),
];

#[test]
fn every_damage_is_told_with_its_block() {
    let (grouper, sound) = (grouper(), sound());
    assert_eq!(read_through(&grouper, &sound).unwrap(), 15);
    for (name, damage, expected) in DAMAGES {
        let mut file = sound.clone();
        damage(&mut file);
        let error = read_through(&grouper, &file).expect_err(name);
        assert_eq!(error.to_string(), expected, "{name}");
    }
}

#[test]
fn other_commands_say_that_they_read_no_packed_file() {
    let bench = Bench::new(shipped());
    fs::write(bench.file("sound.dzc"), sound()).unwrap();
    let request = CheckRequest {
        records: bench.file("sound.dzc"),
        output: bench.file("findings.csv"),
        ..CheckRequest::default()
    };
    let expected = "sound.dzc: F001: this is a packed file; only `group` and `regroup` read it, expected CSV";
    let error = check(&request, &watch(1)).unwrap_err().to_string();
    assert!(error.ends_with(expected), "{error}");
    let error = bench
        .pack(&bench.file("sound.dzc"), "again.dzc", 1)
        .unwrap_err()
        .to_string();
    assert!(error.ends_with(expected), "{error}");
    assert!(!bench.file("again.dzc").exists() && !bench.file("findings.csv").exists());

    fs::write(bench.file("text.dzc"), "case_id,sex,age,diagnoses\n").unwrap();
    let error = bench.group(&bench.file("text.dzc"), "chs-drg-1.1", "out.csv", false);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("text.dzc: this is no packed file"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_as_a_packed_file(bytes in prop::collection::vec(any::<u8>(), 0..300), whole: bool) {
        let head = PackedWriter::head();
        let head = if whole { &head[..] } else { &[] };
        prop_assert!(read_through(&grouper(), &[head, &bytes].concat()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Bytes changed in a block and the checksum made right: a file that nobody wrote, yet whole.
    /// It is read, or it is told what is wrong with it.
    #[test]
    fn any_change_under_a_right_checksum(changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4), cut in 0_usize..9) {
        static SOUND: std::sync::LazyLock<(Grouper, Vec<u8>)> = std::sync::LazyLock::new(|| (grouper(), sound()));
        let (grouper, sound) = &*SOUND;
        let mut file = sound.clone();
        let starts = block_starts(&file);
        prop_assert_eq!(starts.len(), 3);
        for (at, byte) in changes {
            let body = starts[0] + 16..starts[1];
            file[body.start + at.index(body.len())] = byte;
        }
        file.drain(starts[1] - cut..starts[1]);
        let length = u32::try_from(starts[1] - cut - starts[0] - 16).unwrap();
        file[starts[0] + 8..starts[0] + 12].copy_from_slice(&length.to_le_bytes());
        seal(&mut file, starts[0]);
        if let Err(error) = read_through(grouper, &file) {
            prop_assert!(error.to_string().starts_with("any.dzc: block "), "{error}");
        }
    }
}
