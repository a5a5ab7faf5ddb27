//! Any bytes into every reader: the first byte says which. None may panic.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use dianzhi::diagnostics::{Lang, Place};
use dianzhi::points::{Pack, Weights};
use dianzhi::records::{Depth, Dictionary, PackedReader, PackedWriter, RowReader, in_order};
use dianzhi::tables::{Condition, Library, import};
use flate2::Crc;
use libfuzzer_sys::fuzz_target;

const HEADER: &[u8] =
    b"case_id,sex,age,age_days,weight_g,admit_date,discharge_date,diagnoses,procedures,total_fee\n";

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else {
        return;
    };
    let place = Place::file(Path::new("fuzz"));
    let text = String::from_utf8_lossy(bytes);
    match which % 8 {
        0 => read_records(&place, bytes.to_vec()),
        1 => read_records(&place, [HEADER, bytes].concat()),
        2 => drop(Condition::parse(&text)),
        3 => drop(Pack::parse(&place, &text)),
        4 => drop(Weights::parse(&place, &text)),
        5 => read_packed(&place, bytes.to_vec()),
        6 => read_packed(&place, packed_block(bytes)),
        _ => read_workbook(bytes),
    }
});

/// Imports by a mapping of the tests; every cell is accounted for.
fn read_workbook(bytes: &[u8]) {
    let mapping = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tables/import/blocks.toml"
    ));
    let book = std::env::temp_dir().join(format!("dianzhi-fuzz-{}.xlsx", std::process::id()));
    if std::fs::write(&book, bytes).is_err() {
        return;
    }
    if let Ok(made) = import(&Library::built_in(), &book, mapping, "made", Lang::En) {
        let [cells, used, skipped, not_understood] = made.ledger.totals();
        assert_eq!(cells, used + skipped + not_understood, "a cell was lost");
    }
}

/// A packed file with one block of these bytes under a right checksum.
fn packed_block(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let head = [&b"CASE"[..], &0_u32.to_le_bytes(), &length.to_le_bytes()].concat();
    let mut crc = Crc::new();
    crc.update(&head);
    crc.update(body);
    [&PackedWriter::head()[..], &head, &crc.sum().to_le_bytes(), body].concat()
}

/// Reads every block and looks at every case.
fn read_packed(place: &Place, bytes: Vec<u8>) {
    let Ok(mut reader) = PackedReader::new(place.clone(), Box::new(Cursor::new(bytes))) else {
        return;
    };
    let mut dictionary = Dictionary::default();
    while let Ok(Some(block)) = reader.next_block() {
        reader.dictionary().look(|shared| dictionary.catch_up(shared));
        for (case, id) in block.cases().iter().zip(block.case_ids()) {
            let codes = case.unpacked(id, &dictionary).diagnoses().len();
            assert_eq!(codes, case.diagnoses(), "a code was lost");
        }
    }
}

/// Reads everything to the end; rows that cannot be read become findings.
fn read_records(place: &Place, bytes: Vec<u8>) {
    let Ok(reader) = RowReader::new(place.clone(), Box::new(Cursor::new(bytes)), false) else {
        return;
    };
    let mut rows = 0;
    let counts = in_order(
        reader,
        Depth::Grouping,
        Lang::En,
        1,
        || 0,
        |in_chunk, _, _| *in_chunk += 1,
        |batch| {
            rows += batch.output;
            Ok(())
        },
    );
    assert_eq!(
        counts.map_or(rows, |counts| counts.read),
        rows,
        "a record was lost"
    );
}
