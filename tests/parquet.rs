//! Parquet files give the same cases as the CSV of the same values, and damaged ones an error.
#![cfg(feature = "parquet")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use assert_cmd::Command;
use dianzhi::diagnostics::{Lang, Place};
use dianzhi::records::{Depth, RowReader, in_order};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use proptest::sample::Index;

const SCHEMA: &str = "message records {
    required binary case_id (string);
    required int32 sex;
    required int32 age;
    required int32 admit_date (date);
    required int64 discharge_date (timestamp(millis, true));
    optional group diagnoses (list) { repeated group list { required binary element (string); } }
    optional binary procedures (string);
    required int64 total_fee (decimal(12, 2));
    required binary note (string);
}";

/// What the file below holds.
const AS_CSV: &str = "\
case_id,sex,age,admit_date,discharge_date,diagnoses,procedures,total_fee
A1,1,70,2022-03-01,2022-03-05,I25.103|E11.900,,2253.82
A2,2,45,2022-12-30,2023-01-02 10:30:00,J18.900,33.2400x001,0.05
A3,1,0,1969-12-31,1970-01-01,K35.800|E87.801,47.0100,-1.00
";

fn texts(texts: &[&str]) -> Vec<ByteArray> {
    texts.iter().map(|text| ByteArray::from(*text)).collect()
}

/// The rows in two row groups, of two and one.
fn file(compression: Compression) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    for rows in [0..2_usize, 2..3] {
        let mut group = writer.next_row_group().unwrap();
        let mut column = 0;
        while let Some(mut out) = group.next_column().unwrap() {
            let of = |all: &[&str]| texts(&all[rows.clone()]);
            let days = [19_052_i32, 19_356, -1];
            let millis = [19_056 * 86_400_000_i64, 19_359 * 86_400_000 + 37_800_000, 0];
            match column {
                0 => drop(
                    out.typed::<ByteArrayType>()
                        .write_batch(&of(&["A1", "A2", "A3"]), None, None),
                ),
                1 => drop(
                    out.typed::<Int32Type>()
                        .write_batch(&[1, 2, 1][rows.clone()], None, None),
                ),
                2 => drop(
                    out.typed::<Int32Type>()
                        .write_batch(&[70, 45, 0][rows.clone()], None, None),
                ),
                3 => drop(
                    out.typed::<Int32Type>()
                        .write_batch(&days[rows.clone()], None, None),
                ),
                4 => drop(
                    out.typed::<Int64Type>()
                        .write_batch(&millis[rows.clone()], None, None),
                ),
                5 => {
                    let (codes, levels): (&[&str], &[i16]) = match rows.start {
                        0 => (&["I25.103", "E11.900", "J18.900"], &[0, 1, 0]),
                        _ => (&["K35.800", "E87.801"], &[0, 1]),
                    };
                    let there = vec![2; codes.len()];
                    let written =
                        out.typed::<ByteArrayType>()
                            .write_batch(&texts(codes), Some(&there), Some(levels));
                    drop(written);
                }
                6 => {
                    let (codes, there): (&[&str], &[i16]) = match rows.start {
                        0 => (&["33.2400x001"], &[0, 1]),
                        _ => (&["47.0100"], &[1]),
                    };
                    drop(
                        out.typed::<ByteArrayType>()
                            .write_batch(&texts(codes), Some(there), None),
                    );
                }
                7 => drop(out.typed::<Int64Type>().write_batch(
                    &[225_382, 5, -100][rows.clone()],
                    None,
                    None,
                )),
                _ => drop(
                    out.typed::<ByteArrayType>()
                        .write_batch(&of(&["张三", "", "x"]), None, None),
                ),
            }
            out.close().unwrap();
            column += 1;
        }
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// The neutral file that a file of records is converted to, and what is said.
fn neutral(name: &str, bytes: &[u8]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (records, out) = (folder.path().join(name), folder.path().join("neutral.csv"));
    std::fs::write(&records, bytes).unwrap();
    let output = Command::cargo_bin("dianzhi")
        .unwrap()
        .args([
            "convert",
            records.to_str().unwrap(),
            "-o",
            out.to_str().unwrap(),
            "--lang",
            "en",
        ])
        .args(["--layout", "neutral"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (std::fs::read_to_string(out).unwrap_or_default(), said)
}

/// By header, the cells of each row.
fn columns(text: &str) -> std::collections::BTreeMap<String, Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |(at, name): (usize, &str)| {
        (
            name.to_owned(),
            rows.iter().map(|row| row[at].to_owned()).collect(),
        )
    };
    headers.iter().enumerate().map(column).collect()
}

#[test]
fn typed_columns_give_the_cells_of_the_csv() {
    let (expected, said) = neutral("records.csv", AS_CSV.as_bytes());
    assert!(!expected.is_empty(), "{said}");
    let expected = columns(&expected);
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(ZstdLevel::default()),
        Compression::GZIP(Default::default()),
    ] {
        let (found, said) = neutral("records.parquet", &file(compression));
        let found = columns(&found);
        for (name, cells) in &expected {
            assert_eq!(found.get(name), Some(cells), "{name}: {said}");
        }
    }
}

/// How many records are read, or the error.
fn read(bytes: Vec<u8>) -> Result<u64, String> {
    let place = Place::file(Path::new("any.parquet"));
    let reader = RowReader::new(place, Box::new(Cursor::new(bytes)), false).map_err(|e| e.to_string())?;
    let counts = in_order(
        reader,
        Depth::Grouping,
        Lang::En,
        1,
        || (),
        |(), _, _| (),
        |_| Ok(()),
    );
    counts.map(|counts| counts.read).map_err(|e| e.to_string())
}

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| file(Compression::SNAPPY));

#[test]
fn a_file_cut_short_is_told() {
    assert_eq!(read(SOUND.clone()), Ok(3));
    for length in [4, 12, SOUND.len() / 2, SOUND.len() - 1] {
        let said = read(SOUND[..length].to_vec()).unwrap_err();
        assert!(
            said.starts_with("any.parquet") && said.contains("F001: this Parquet file"),
            "{said}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever is damaged ends in records or in an error that names the file.
    #[test]
    fn any_change_ends_well(changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4)) {
        let mut bytes = SOUND.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Err(said) = read(bytes) {
            prop_assert!(said.contains("any.parquet"), "{said}");
        }
    }

    #[test]
    fn any_bytes_behind_the_mark(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let whole = [b"PAR1", bytes.as_slice(), b"PAR1"].concat();
        prop_assert!(read(whole).is_err());
    }
}
