//! The same case out of every layout, form and encoding; what is said of files that are unsound;
//! and nothing personal anywhere.
//!
//! The files are in `tests/records/`: twelve stays as HQMS and N041 exports and as a neutral file,
//! one as settlement lists, each with the cases expected; `bad/` holds unsound ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use dianzhi::api::{
    BulkSummary, CalibrateRequest, CheckRequest, ConvertRequest, DoorRequest, GroupRequest, PackRequest,
    RegroupRequest, Watch, calibrate, check, convert, group, layout, layouts, pack, regroup,
};
use dianzhi::diagnostics::{Lang, Place};
use dianzhi::library::Library;
use dianzhi::records::{Checked, Depth, Encoding, Intake, LayoutChoice, RowReader, in_order};
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Workbook};
use serde_json::Value;

/// What every filled personal cell of the files begins with.
const PERSONAL: &str = "PII-";

fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records")
}

fn file(name: &str) -> PathBuf {
    files().join(name)
}

fn watch(threads: usize) -> Watch<'static> {
    Watch {
        lang: Lang::En,
        threads,
        advance: &|_| {},
    }
}

fn intake() -> Intake {
    Intake {
        library: Some(Library::built_in()),
        ..Intake::default()
    }
}

/// A folder of its own for a test's files.
fn bench() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The neutral text of records, and what was said of them.
fn converted(records: &Path, intake: &Intake) -> dianzhi::diagnostics::Result<(String, BulkSummary)> {
    let folder = bench();
    let request = ConvertRequest {
        records: records.to_owned(),
        intake: intake.clone(),
        output: folder.path().join("neutral.csv"),
        findings: Some(folder.path().join("findings.csv")),
    };
    let summary = convert(&request, &watch(2))?;
    let text = fs::read_to_string(&request.output).unwrap();
    let findings = fs::read_to_string(request.findings.unwrap()).unwrap();
    assert!(
        !text.contains(PERSONAL) && !findings.contains(PERSONAL),
        "{}",
        records.display()
    );
    Ok((text, summary))
}

fn neutral(name: &str) -> String {
    converted(&file(name), &intake()).unwrap().0
}

/// Rows by header.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

// ---- the same case -----------------------------------------------------------------------------

/// A value of the expected files as a cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join("|"),
        number => number.to_string(),
    }
}

fn check_cases(name: &str, join: Option<&str>, expected: &str, which: Option<&str>) {
    let how = Intake {
        join: join.map(file),
        ..intake()
    };
    let (text, summary) = converted(&file(name), &how).unwrap();
    assert_eq!(summary.finding_count(), 0, "{name}: {:?}", summary.first_findings);
    let cases = fs::read_to_string(file(expected)).unwrap();
    let cases = cases
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let cases: Vec<Value> = cases
        .filter(|case| which.is_none_or(|which| case["file"].as_str().unwrap().starts_with(which)))
        .collect();
    let rows = rows(&text);
    assert_eq!(rows.len(), cases.len(), "{name}");
    for (row, case) in rows.iter().zip(&cases) {
        for (column, value) in case
            .as_object()
            .unwrap()
            .iter()
            .filter(|(column, _)| *column != "file")
        {
            let found = row.get(column).map_or("", String::as_str);
            // an aligned list whose slots are all empty is written as an empty cell
            assert_eq!(found, cell(value), "{name}: {} {column}", cell(&case["case_id"]));
        }
    }
}

#[test]
fn every_layout_gives_the_expected_cases() {
    check_cases("hqms_utf8bom.csv", None, "expected_hqms.jsonl", None);
    check_cases("hqms_gb18030.csv", None, "expected_hqms.jsonl", None);
    check_cases("neutral.csv", None, "expected_hqms.jsonl", None);
    check_cases("n041_gbk.csv", None, "expected_n041.jsonl", None);
    let settlement = "expected_settlement.jsonl";
    check_cases(
        "settlement_4101.json",
        None,
        settlement,
        Some("settlement_4101.json"),
    );
    check_cases(
        "settlement_4101A.json",
        Some("settlement_join.csv"),
        settlement,
        Some("settlement_4101A"),
    );
}

/// Columns of a neutral text, each a text of its own.
fn columns(text: &str, wanted: &[&str]) -> String {
    let rows = rows(text);
    let line = |row: &BTreeMap<String, String>| {
        wanted
            .iter()
            .map(|column| row[*column].clone())
            .collect::<Vec<_>>()
            .join("\t")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_neutral_file_and_a_front_sheet_are_the_same_bytes() {
    let (hqms, own) = (neutral("hqms_utf8bom.csv"), neutral("neutral.csv"));
    assert_eq!(hqms, neutral("hqms_gb18030.csv"));
    let shared: Vec<&str> = own
        .lines()
        .next()
        .unwrap()
        .split(',')
        .filter(|column| *column != "local_flag")
        .collect();
    assert!(shared.len() > 40);
    assert_eq!(columns(&hqms, &shared), columns(&own, &shared));
    // what was made neutral stays as it is
    let folder = bench();
    let once = folder.path().join("once.csv");
    fs::write(&once, &hqms).unwrap();
    assert_eq!(converted(&once, &intake()).unwrap().0, hqms);
}

/// To check a file, its findings alone written.
fn check_request(records: &Path, output: &Path) -> CheckRequest {
    CheckRequest {
        intake: intake(),
        records: records.to_owned(),
        scheme: None,
        tables: Vec::new(),
        money: false,
        output: output.to_owned(),
        profile: None,
        door: DoorRequest::default(),
        as_of: None,
        xlsx: false,
        neutral: false,
        max_findings: 10_000,
    }
}

/// To group a file.
fn group_request(records: &Path, intake: &Intake, output: &Path) -> GroupRequest {
    GroupRequest {
        intake: intake.clone(),
        records: records.to_owned(),
        scheme: "chs-drg-1.1".to_owned(),
        tables: Vec::new(),
        output: output.to_owned(),
        findings: None,
        explain: false,
        door: DoorRequest::default(),
    }
}

/// What `group` writes of a file.
fn grouped(records: &Path, intake: &Intake, threads: usize) -> (String, BulkSummary) {
    let folder = bench();
    let request = group_request(records, intake, &folder.path().join("grouped.csv"));
    let summary = group(&request, &watch(threads)).unwrap();
    (fs::read_to_string(&request.output).unwrap(), summary)
}

#[test]
fn a_foreign_file_groups_as_its_neutral_one() {
    let folder = bench();
    for name in ["hqms_gb18030.csv", "n041_gbk.csv", "settlement_4101.json"] {
        let (foreign, _) = grouped(&file(name), &intake(), 2);
        let own = folder.path().join("neutral.csv");
        fs::write(&own, neutral(name)).unwrap();
        let header: Vec<&str> = foreign.lines().next().unwrap().split(',').collect();
        assert_eq!(
            columns(&foreign, &header),
            columns(&grouped(&own, &intake(), 1).0, &header),
            "{name}"
        );
        assert_eq!(foreign, grouped(&file(name), &intake(), 1).0, "{name}");
    }
}

// ---- encodings and forms -----------------------------------------------------------------------

fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(bytes_of)
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A table as the `csv` crate writes it.
fn written(table: &[Vec<String>], delimiter: u8, style: csv::QuoteStyle, ends: csv::Terminator) -> String {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .quote_style(style)
        .terminator(ends)
        .from_writer(Vec::new());
    table.iter().for_each(|row| writer.write_record(row).unwrap());
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

fn table(name: &str) -> Vec<Vec<String>> {
    let bytes = fs::read(file(name)).unwrap();
    let text = match String::from_utf8(bytes.clone()) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => encoding_rs::GB18030.decode(&bytes).0.into_owned(),
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn encodings_delimiters_quotes_and_line_ends_change_nothing() {
    use csv::{QuoteStyle, Terminator};
    let folder = bench();
    for name in ["hqms_utf8bom.csv", "n041_gbk.csv"] {
        let (table, expected) = (table(name), neutral(name));
        let plain = written(&table, b',', QuoteStyle::Necessary, Terminator::Any(b'\n'));
        let gb18030 = encoding_rs::GB18030.encode(&plain).0.into_owned();
        let files: [(&str, Vec<u8>, Option<u8>); 11] = [
            ("utf-8", plain.clone().into_bytes(), None),
            ("mark", format!("\u{feff}{plain}").into_bytes(), None),
            ("gb18030", gb18030.clone(), None),
            ("utf-16 le", utf16(&plain, u16::to_le_bytes), None),
            ("utf-16 be", utf16(&plain, u16::to_be_bytes), None),
            (
                "crlf",
                written(&table, b',', QuoteStyle::Necessary, Terminator::CRLF).into_bytes(),
                None,
            ),
            (
                "quoted",
                written(&table, b',', QuoteStyle::Always, Terminator::CRLF).into_bytes(),
                None,
            ),
            (
                "tabs",
                written(&table, b'\t', QuoteStyle::Necessary, Terminator::CRLF).into_bytes(),
                Some(b'\t'),
            ),
            (
                "semicolons",
                written(&table, b';', QuoteStyle::Necessary, Terminator::CRLF).into_bytes(),
                Some(b';'),
            ),
            (
                "bars",
                written(&table, b'|', QuoteStyle::Necessary, Terminator::CRLF).into_bytes(),
                Some(b'|'),
            ),
            ("gzip", gzip(&gb18030), None),
        ];
        for (what, bytes, delimiter) in files {
            let path = folder.path().join("records");
            fs::write(&path, bytes).unwrap();
            let how = Intake {
                delimiter,
                ..intake()
            };
            assert_eq!(converted(&path, &how).unwrap().0, expected, "{name} as {what}");
        }
    }
    assert_eq!(
        converted(
            &file("neutral.csv"),
            &Intake {
                encoding: Some(Encoding::Utf8),
                ..intake()
            }
        )
        .unwrap()
        .0,
        neutral("neutral.csv")
    );
}

#[test]
fn the_order_of_columns_and_other_columns_change_nothing() {
    let folder = bench();
    for name in ["hqms_utf8bom.csv", "n041_gbk.csv"] {
        let (table, expected) = (table(name), neutral(name));
        for step in [7, 113, table[0].len() - 1] {
            let width = table[0].len();
            let permuted = table.iter().enumerate().map(|(number, row)| {
                let own = (0..width).map(|field| row[(field * step) % width].clone());
                let others = if number == 0 {
                    ["姓名", "remark", ""].map(str::to_owned)
                } else {
                    ["PII-name", "any, \"text\"", ""].map(str::to_owned)
                };
                own.chain(others).collect::<Vec<String>>()
            });
            let permuted: Vec<Vec<String>> = permuted.collect();
            // a step that shares a divisor with the width would name headers twice
            if (1..=width).any(|divisor| divisor > 1 && width % divisor == 0 && step % divisor == 0) {
                continue;
            }
            let path = folder.path().join("permuted.csv");
            let text = written(&permuted, b',', csv::QuoteStyle::Necessary, csv::Terminator::CRLF);
            fs::write(&path, text).unwrap();
            assert_eq!(
                converted(&path, &intake()).unwrap().0,
                expected,
                "{name} by {step}"
            );
        }
    }
}

/// A workbook of a table, as people make them: a title merged over it, empty columns behind it, and
/// another sheet. Cells of `numbers` are numbers, all others text.
fn workbook(table: &[Vec<String>], numbers: &[&str], path: &Path) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("病案").unwrap();
    sheet
        .merge_range(0, 0, 0, 5, "某院出院病例", &Format::new())
        .unwrap();
    for (row, cells) in table.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let (row, column) = (u32::try_from(row).unwrap() + 2, u16::try_from(column).unwrap());
            let header = table[0][usize::from(column)].as_str();
            match cell.parse::<f64>() {
                Ok(number) if numbers.contains(&header) => sheet.write_number(row, column, number).unwrap(),
                _ => sheet.write_string(row, column, cell).unwrap(),
            };
        }
        sheet
            .write_string(
                u32::try_from(row).unwrap() + 2,
                u16::try_from(cells.len()).unwrap() + 3,
                "",
            )
            .unwrap();
    }
    book.add_worksheet()
        .set_name("说明")
        .unwrap()
        .write_string(0, 0, "x")
        .unwrap();
    book.save(path).unwrap();
}

#[test]
fn a_workbook_gives_the_same_cases() {
    let folder = bench();
    let path = folder.path().join("records.xlsx");
    for name in ["hqms_utf8bom.csv", "n041_gbk.csv"] {
        workbook(&table(name), &["A14", "B20", "A49", "NL", "SJZYTS"], &path);
        let (text, summary) = converted(&path, &intake()).unwrap();
        assert_eq!(text, neutral(name), "{name}");
        assert_eq!(summary.opened.list()[0].sheet.as_ref().unwrap().0, "病案");
    }
    let other = Intake {
        sheet: Some("说明".to_owned()),
        ..intake()
    };
    let error = converted(&path, &other).unwrap_err().to_string();
    assert!(error.contains("F001: no layout fits"), "{error}");
    let none = Intake {
        sheet: Some("病按".to_owned()),
        ..intake()
    };
    let error = converted(&path, &none).unwrap_err().to_string();
    assert!(error.contains("there is no sheet `病按`"), "{error}");
}

#[test]
fn a_code_in_a_number_cell_is_found_with_its_cell() {
    let folder = bench();
    let path = folder.path().join("records.xlsx");
    let header = ["case_id", "sex", "age", "diagnoses", "procedures", "admit_date"]
        .map(str::to_owned)
        .to_vec();
    let row = ["7", "1", "54", "K35.800x001", "47.01", "46027"]
        .map(str::to_owned)
        .to_vec();
    workbook(&[header, row], &["procedures", "admit_date"], &path);
    let request = check_request(&path, &folder.path().join("findings.csv"));
    let summary = check(&request, &watch(1)).unwrap();
    let findings = fs::read_to_string(&request.output).unwrap();
    let of = |code: &str| {
        rows(&findings)
            .into_iter()
            .find(|row| row["code"] == code)
            .unwrap()
    };
    let (number, date) = (of("F005"), of("F008"));
    assert_eq!(
        [&number["line"], &number["field"], &number["value"]],
        ["病案!E4", "procedures", "47.01"]
    );
    assert_eq!(
        [&date["line"], &date["action"], &date["value"]],
        ["病案!F4", "repaired", "46027"]
    );
    assert!(
        summary
            .first_findings
            .concat()
            .contains("records.xlsx:病案!E4: F005"),
        "{:?}",
        summary.first_findings
    );
    assert_eq!(
        rows(&converted(&path, &intake()).unwrap().0)[0]["admit_date"],
        "2026-01-05"
    );
}

/// A table as dBASE keeps it, every row also once as deleted.
fn dbf(table: &[Vec<String>]) -> Vec<u8> {
    let cells: Vec<Vec<Vec<u8>>> = table
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| encoding_rs::GBK.encode(cell).0.into_owned())
                .collect()
        })
        .collect();
    let width = |field: usize| {
        cells[1..]
            .iter()
            .map(|row| row[field].len())
            .max()
            .unwrap()
            .max(1)
    };
    let widths: Vec<usize> = (0..table[0].len()).map(width).collect();
    let (head, row) = (32 + 32 * widths.len() + 1, 1 + widths.iter().sum::<usize>());
    let mut bytes = vec![0x03, 126, 11, 22];
    bytes.extend(u32::try_from(2 * (table.len() - 1)).unwrap().to_le_bytes());
    bytes.extend(u16::try_from(head).unwrap().to_le_bytes());
    bytes.extend(u16::try_from(row).unwrap().to_le_bytes());
    bytes.resize(32, 0);
    for (name, width) in table[0].iter().zip(&widths) {
        let mut field = name.as_bytes().to_vec();
        field.resize(11, 0);
        field.push(b'C');
        field.resize(16, 0);
        field.push(u8::try_from(*width).unwrap());
        field.resize(32, 0);
        bytes.extend(field);
    }
    bytes.push(0x0d);
    for row in &cells[1..] {
        for flag in [b' ', b'*'] {
            bytes.push(flag);
            for (cell, width) in row.iter().zip(&widths) {
                let mut cell = cell.clone();
                cell.resize(*width, b' ');
                bytes.extend(cell);
            }
        }
    }
    bytes.push(0x1a);
    bytes
}

#[test]
fn a_dbf_file_gives_the_same_cases() {
    let folder = bench();
    let path = folder.path().join("n041.dbf");
    let bytes = dbf(&table("n041_gbk.csv"));
    fs::write(&path, &bytes).unwrap();
    let (text, summary) = converted(&path, &intake()).unwrap();
    assert_eq!(text, neutral("n041_gbk.csv"));
    assert_eq!(
        summary.opened.list()[0]
            .deleted
            .load(std::sync::atomic::Ordering::Relaxed),
        12
    );
    // the file ends in the middle of a row
    let of_head = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let (head, row) = (of_head(8), of_head(10));
    fs::write(&path, &bytes[..head + 22 * row + row / 2]).unwrap();
    let (_, summary) = converted(&path, &intake()).unwrap();
    assert_eq!(
        (summary.read, summary.rejected),
        (12, 1),
        "{:?}",
        summary.first_findings
    );
    assert_eq!(summary.findings.keys().copied().collect::<Vec<_>>(), ["F003"]);
}

#[test]
fn messages_come_in_every_form() {
    let folder = bench();
    let path = folder.path().join("lists");
    let one = fs::read_to_string(file("settlement_4101.json")).unwrap();
    let value: Value = serde_json::from_str(&one).unwrap();
    let (line, bare) = (value.to_string(), value["input"].to_string());
    let (expected, row) = (neutral("settlement_4101.json"), neutral("settlement_4101.json"));
    let row = row.lines().nth(1).unwrap();
    let three = format!("{expected}{row}\n{row}\n");
    let forms = [
        (line.clone(), &expected),
        (format!("[{one},\n{line},{line}]\n"), &three),
        (format!("{line}\n\n{line}\n{one}"), &three),
        (format!("\u{feff}{line}{line}{line}"), &three),
    ];
    for (text, expected) in forms {
        fs::write(&path, &text).unwrap();
        assert_eq!(converted(&path, &intake()).unwrap().0, *expected);
    }
    // bare: without the envelope; names in capitals; a number as number; one object for a list
    let odd = bare
        .replace("\"gend\":\"2\"", "\"GEND\":2")
        .replace("\"age\":\"58.0\"", "\"age\":58.0");
    fs::write(&path, &odd).unwrap();
    assert_eq!(converted(&path, &intake()).unwrap().0, expected);
}

#[test]
fn a_message_without_one_principal_has_none() {
    let folder = bench();
    let path = folder.path().join("lists.json");
    let one = fs::read_to_string(file("settlement_4101.json")).unwrap();
    let mut value: Value = serde_json::from_str(&one).unwrap();
    value["input"]["diseinfo"][0]["maindiag_flag"] = "1".into();
    let two = value.to_string();
    for element in value["input"]["diseinfo"].as_array_mut().unwrap() {
        element["maindiag_flag"] = "0".into();
    }
    fs::write(&path, format!("{two}\n{value}\n{{\"input\":\n")).unwrap();
    let (text, summary) = converted(&path, &intake()).unwrap();
    assert_eq!((summary.read, summary.rejected), (3, 3));
    assert_eq!(
        summary.findings.keys().copied().collect::<Vec<_>>(),
        ["C101", "F003"]
    );
    assert!(
        rows(&text).iter().all(|row| row["diagnoses"].starts_with('|')),
        "{text}"
    );
}

#[test]
fn archives_and_folders_are_read_file_by_file() {
    let folder = bench();
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["hqms_gb18030.csv", "n041_gbk.csv"] {
        archive
            .start_file(format!("in/{name}"), zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(&fs::read(file(name)).unwrap()).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    fs::write(folder.path().join("all.zip"), bytes).unwrap();
    fs::copy(file("hqms_utf8bom.csv"), folder.path().join("hqms.csv")).unwrap();
    fs::write(folder.path().join("notes.md"), "no records").unwrap();
    let (text, summary) = grouped(folder.path(), &intake(), 2);
    assert_eq!((summary.read, summary.rejected), (36, 0));
    let opened = summary.opened.list();
    let ids: Vec<&str> = opened.iter().map(|file| file.chosen.layout.id()).collect();
    assert_eq!(ids, ["hqms-811", "n041", "hqms-811"]);
    assert!(
        opened[0].file.ends_with("all.zip/in/hqms_gb18030.csv"),
        "{}",
        opened[0].file
    );
    let groups: Vec<String> = rows(&text).iter().map(|row| row["group"].clone()).collect();
    assert_eq!(groups[..12], groups[12..24]);
    assert_eq!(groups[..12], groups[24..]);
}

#[test]
fn files_in_codes_of_different_editions_are_mapped_file_by_file() {
    let folder = bench();
    let names = ["hqms_gb18030.csv", "settlement_4101.json"];
    for name in names {
        fs::copy(file(name), folder.path().join(name)).unwrap();
    }
    let (together, _) = grouped(folder.path(), &intake(), 2);
    let together = rows(&together);
    let (hqms, settlement) = together.split_at(12);
    let (alone, _) = grouped(&file(names[0]), &intake(), 1);
    for (row, alone) in hqms.iter().zip(rows(&alone)) {
        for column in ["diagnoses", "diagnoses_written", "code_version", "group"] {
            assert_eq!(row[column], alone[column], "{column}");
        }
    }
    let (alone, _) = grouped(&file(names[1]), &intake(), 1);
    let alone = rows(&alone);
    assert_eq!(settlement.len(), alone.len());
    for (row, alone) in settlement.iter().zip(&alone) {
        assert_eq!(
            [&row["diagnoses"], &row["procedures"], &row["group"]],
            [&alone["diagnoses"], &alone["procedures"], &alone["group"]]
        );
        assert_eq!([&row["diagnoses_written"], &row["procedures_written"]], ["", ""]);
        assert_eq!(row["code_version"], "insurance-2.0");
    }
    let output = folder.path().join("checked");
    let request = CheckRequest {
        neutral: true,
        ..check_request(folder.path(), &output)
    };
    let summary = check(&request, &watch(2)).unwrap();
    assert_eq!(summary.code_version, "clinical-2.0, insurance-2.0");
    let checked = rows(&fs::read_to_string(output.join("neutral.csv")).unwrap());
    for (row, grouped) in checked.iter().zip(&together) {
        for column in ["case_id", "diagnoses", "diagnoses_written", "code_version"] {
            assert_eq!(row[column], grouped[column], "{column}");
        }
    }
}

#[test]
fn commands_that_take_codes_as_they_stand_refuse_other_editions() {
    let folder = bench();
    let records = file("hqms_gb18030.csv");
    let output = folder.path().join("result");
    let packed = pack(
        &PackRequest {
            records: records.clone(),
            intake: intake(),
            output: output.clone(),
            findings: None,
        },
        &watch(1),
    );
    let regrouped = regroup(
        &RegroupRequest {
            records: records.clone(),
            intake: intake(),
            old: "chs-drg-1.0".to_owned(),
            new: "chs-drg-1.1".to_owned(),
            tables: Vec::new(),
            output: output.clone(),
            cases: None,
            findings: None,
        },
        &watch(1),
    );
    let calibrated = calibrate(
        &CalibrateRequest {
            records,
            intake: intake(),
            scheme: "chs-drg-1.1".to_owned(),
            tables: Vec::new(),
            min_cases: 5,
            output: output.clone(),
        },
        &watch(1),
    );
    for error in [
        packed.unwrap_err(),
        regrouped.unwrap_err(),
        calibrated.map(|_| ()).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(
            error.contains("the codes are of version `clinical-2.0`"),
            "{error}"
        );
    }
    assert!(!output.exists());
}

// ---- what the user asks for --------------------------------------------------------------------

#[test]
fn other_columns_are_kept_when_asked_for_but_never_personal_ones() {
    let keep = |name: &str| Intake {
        keep: vec![name.to_owned()],
        ..intake()
    };
    let (text, _) = grouped(&file("hqms_gb18030.csv"), &keep("A02"), 1);
    assert!(rows(&text).iter().all(|row| row["A02"] == "某市某医院"));
    let (text, _) = grouped(&file("hqms_gb18030.csv"), &keep("payer"), 1);
    assert!(rows(&text).iter().all(|row| row["payer"] == "1.1"));
    for (name, said) in [
        ("A11", "column `A11` is personal"),
        ("C18x01", "column `C18x01` is personal"),
        ("A020", "there is no column `A020` to keep; did you mean"),
    ] {
        let error = converted(&file("hqms_gb18030.csv"), &keep(name))
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_hospital_adds_its_layout_by_a_file() {
    let folder = bench();
    let path = folder.path().join("mine.toml");
    let text = "id = \"mine\"\nname = \"mine\"\nform = \"table\"\ndetect = [\"no\", \"dx1\"]\n\n[columns]\ncase_id = \"no\"\nsex = { from = \"s\", table = { M = \"1\", F = \"2\" } }\nage = \"years\"\ndiagnoses = { list = [\"dx{1..3}\"] }\n";
    fs::write(&path, text).unwrap();
    let records = folder.path().join("records.csv");
    fs::write(
        &records,
        "no,s,years,dx1,dx2,dx3\n1,M,54.0,K35.800x001,,I10.x00\n2,X,54,K35.800x001,,\n",
    )
    .unwrap();
    let mine = Intake {
        layout: LayoutChoice::File(path),
        ..intake()
    };
    let (text, summary) = converted(&records, &mine).unwrap();
    assert_eq!(
        text,
        "case_id,sex,age,diagnoses\n1,1,54,K35.800x001|I10.x00\n2,,54,K35.800x001\n"
    );
    let first = &summary.first_findings[1];
    assert!(
        first.contains("records.csv:3: F006") && first.contains("s = sex `X`; expected one of F, M"),
        "{first}"
    );
    let error = converted(&records, &intake()).unwrap_err().to_string();
    assert!(
        error.contains("F001: no layout fits these 6 headers; the nearest is"),
        "{error}"
    );
    let unknown = Intake {
        layout: LayoutChoice::typed("hqms"),
        ..intake()
    };
    let error = converted(&records, &unknown).unwrap_err().to_string();
    assert!(error.contains("unknown layout `hqms`"), "{error}");
}

#[test]
fn a_joined_file_fills_what_is_lacking_and_is_checked() {
    let folder = bench();
    let path = folder.path().join("join.csv");
    let how = |text: &str| {
        fs::write(&path, text).unwrap();
        converted(
            &file("hqms_gb18030.csv"),
            &Intake {
                join: Some(path.clone()),
                ..intake()
            },
        )
    };
    let (text, summary) = how("case_id,plan,sex\nB000001/1,二档,1\n").unwrap();
    assert_eq!(
        [
            &rows(&text)[0]["plan"],
            &rows(&text)[1]["plan"],
            &rows(&text)[0]["sex"]
        ],
        ["二档", "", "2"]
    );
    let differences = summary.opened.list()[0].differences();
    assert_eq!(
        differences
            .iter()
            .map(|(column, count)| (column.name(), *count))
            .collect::<Vec<_>>(),
        [("sex", 1)]
    );
    let faults = [
        (
            "case_id,plan\n1,a\n1,b\n",
            "join.csv:3: case_id `1` stands twice; expected one row for each",
        ),
        (
            "person,plan\nPII-1,a\nPII-1,b\n",
            "join.csv:3: person stands twice; expected one row for each",
        ),
        (
            "case_id,plans\n1,a\n",
            "join.csv:1: unknown neutral column `plans`; did you mean `plan`?",
        ),
        (
            "plan\na\n",
            "join.csv:1: there is no column to join by; expected one of settlement_id, encounter_id, case_id, person",
        ),
        (
            "case_id,plan\n1\n",
            "join.csv:2: this row has not as many cells as the header",
        ),
    ];
    for (text, said) in faults {
        let error = how(text).unwrap_err().to_string();
        assert!(error.ends_with(said), "{error}");
    }
}

#[test]
fn layout_files_say_what_is_wrong_with_them() {
    let folder = bench();
    let path = folder.path().join("x.toml");
    let cases = fs::read_to_string(file("layouts-bad/cases.txt")).unwrap();
    let cases: Vec<&str> = cases.split("\n== ").skip(1).collect();
    assert!(cases.len() > 10);
    let mut wrong = Vec::new();
    for case in cases {
        let (expected, text) = case.split_once('\n').unwrap();
        fs::write(&path, text).unwrap();
        let error = layout(&Library::built_in(), &LayoutChoice::File(path.clone()))
            .unwrap_err()
            .to_string();
        let (_, said) = error.split_once("x.toml:").unwrap_or(("", &error));
        if said != expected {
            wrong.push(format!("{text}\n  said     {said}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(layouts(&Library::built_in()).unwrap().len(), 6);
}

// ---- unsound files -----------------------------------------------------------------------------

#[test]
fn unsound_files_give_what_is_expected() {
    let folder = bench();
    let expected = fs::read_to_string(file("bad/expected.csv")).unwrap();
    for row in rows(&expected) {
        let name = &row["file"];
        let request = check_request(&file("bad").join(name), &folder.path().join("findings.csv"));
        let codes: Vec<&str> = row["must_contain"].split_whitespace().collect();
        match check(&request, &watch(1)) {
            Err(error) => {
                assert_eq!(row["exit"], "2", "{name}: {error}");
                assert!(
                    codes.iter().all(|code| error.to_string().contains(code)),
                    "{name}: {error}"
                );
            }
            Ok(summary) => {
                assert_eq!(row["exit"], "0", "{name}");
                let found = [summary.read, summary.rejected].map(|count| count.to_string());
                assert_eq!(
                    found,
                    [row["records_in"].clone(), row["rejected"].clone()],
                    "{name}"
                );
                let missing: Vec<&&str> = codes
                    .iter()
                    .filter(|code| !summary.findings.contains_key(**code))
                    .collect();
                assert!(
                    missing.is_empty(),
                    "{name}: {missing:?} not in {:?}",
                    summary.findings.keys()
                );
            }
        }
    }
}

#[test]
fn a_broken_row_of_a_foreign_file_costs_itself_alone() {
    let folder = bench();
    let path = folder.path().join("records.csv");
    let bytes = fs::read(file("n041_gbk.csv")).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let header = lines[0];
    let short = b"1,2,3\r\n".to_vec();
    let no_text = [&lines[2][..20], &[0xff, 0xff], &lines[2][20..]].concat();
    let cut = &lines[12][..lines[12].len() / 2];
    fs::write(
        &path,
        [header, &short, lines[1], &no_text, b"\r\n", lines[3], cut].concat(),
    )
    .unwrap();
    let (text, summary) = grouped(&path, &intake(), 1);
    assert_eq!(
        (summary.read, summary.rejected),
        (5, 3),
        "{:?}",
        summary.first_findings
    );
    let found: Vec<(&str, u64)> = summary
        .findings
        .iter()
        .map(|(code, (_, count))| (*code, *count))
        .collect();
    assert_eq!(found, [("F002", 1), ("F003", 2)]);
    let states: Vec<String> = rows(&text).iter().map(|row| row["status"].clone()).collect();
    assert_eq!(
        states,
        ["rejected", "grouped", "rejected", "ungrouped", "rejected"]
    );
    let places = [
        "records.csv:2: F003",
        "records.csv:4: F002",
        "records.csv:7: F003",
    ];
    for (line, place) in summary.first_findings.iter().zip(places) {
        assert!(line.contains(place), "{line}");
    }
    assert!(!text.contains(PERSONAL) && !summary.first_findings.concat().contains(PERSONAL));
}

/// Reads whatever there is; every record read must be accounted for.
fn read_any(bytes: Vec<u8>) {
    let place = Place::file(Path::new("any"));
    let reader = match RowReader::new_as(place, Box::new(Cursor::new(bytes)), &intake()) {
        Ok(reader) => reader,
        Err(error) => {
            assert!(error.to_string().starts_with("any"), "{error}");
            return;
        }
    };
    let mut rows = 0;
    let note = |rows: &mut u64, _: Checked, _: &dianzhi::records::Checker<'_>| *rows += 1;
    let counts = in_order(
        reader,
        Depth::Grouping,
        Lang::En,
        1,
        || 0,
        note,
        |batch| {
            rows += batch.output;
            Ok(())
        },
    );
    if let Ok(counts) = counts {
        assert_eq!(counts.read, rows);
    }
}

/// Sound files in each form, to be damaged.
fn sound_files() -> Vec<Vec<u8>> {
    let folder = bench();
    let book = folder.path().join("records.xlsx");
    workbook(&table("n041_gbk.csv")[..3], &[], &book);
    let text = |name: &str| fs::read(file(name)).unwrap();
    vec![
        text("n041_gbk.csv"),
        text("settlement_4101.json"),
        dbf(&table("n041_gbk.csv")[..3]),
        fs::read(book).unwrap(),
        utf16(&String::from_utf8(text("neutral.csv")).unwrap(), u16::to_le_bytes),
        gzip(&text("hqms_gb18030.csv")[..12_000]),
    ]
}

#[test]
fn damaged_files_of_every_form_are_read_without_a_panic() {
    let files = sound_files();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(200));
    let damage = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        prop::collection::vec(any::<u8>(), 0..12),
        any::<bool>(),
    );
    let damage = (any::<prop::sample::Index>(), damage);
    let run = runner.run(&damage, |(which, (at, end, put, cut))| {
        let mut bytes = files[which.index(files.len())].clone();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            let end = at + end.index(bytes.len() - at).min(64);
            bytes.splice(at..end, put);
        }
        read_any(bytes);
        Ok(())
    });
    run.unwrap();
}

#[test]
fn any_bytes_behind_the_first_ones_of_a_form_are_read_without_a_panic() {
    let heads: [&[u8]; 7] = [
        b"",
        b"{",
        b"[{\"input\":{\"setlinfo\":",
        b"PK\x03\x04",
        &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
        &[3, 126, 11, 22, 1, 0, 0, 0, 65, 0, 11, 0],
        b"BAH,XB,NL,JBDM\n",
    ];
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(400));
    let any = (
        any::<prop::sample::Index>(),
        prop::collection::vec(any::<u8>(), 0..200),
    );
    let run = runner.run(&any, |(head, bytes)| {
        read_any([heads[head.index(heads.len())], &bytes].concat());
        Ok(())
    });
    run.unwrap();
}

/// The edits that look at what only the reader of a layout sees: one cell changed, one edit hit.
#[test]
fn what_only_the_reader_sees_is_edited_too() {
    let folder = bench();
    let changes = rows(&fs::read_to_string(file("reader_edits.csv")).unwrap());
    let edits: BTreeSet<&str> = changes.iter().map(|row| row["edit"].as_str()).collect();
    assert_eq!(edits.len(), 7, "{edits:?}");
    for (number, change) in changes.iter().enumerate() {
        let [name, cell, value, edit] = ["file", "cell", "value", "edit"].map(|key| change[key].as_str());
        let changed = folder.path().join(format!("{number}-{name}"));
        for (value, expected) in [(None, 0), (Some(value), 1)] {
            write_changed(&file(name), &changed, cell, value);
            let output = folder.path().join(format!("{number}.csv"));
            check(&check_request(&changed, &output), &watch(1)).unwrap();
            let findings = rows(&fs::read_to_string(&output).unwrap());
            let hits = findings.iter().filter(|row| row["code"] == edit).count();
            assert_eq!(hits, expected, "{edit}: {cell} = {value:?}");
        }
    }
}

/// Writes a sample again, one cell of its first record changed: a header, or a path in a message.
fn write_changed(from: &Path, to: &Path, cell: &str, value: Option<&str>) {
    let text = fs::read_to_string(from).unwrap();
    let written = if from.extension().is_some_and(|ending| ending == "json") {
        let mut messages: Value = serde_json::from_str(&text).unwrap();
        let place = messages.pointer_mut(cell).expect(cell);
        if let Some(value) = value {
            *place = value.into();
        }
        messages.to_string()
    } else {
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let header = reader.headers().unwrap().clone();
        let field = header.iter().position(|name| name == cell).expect(cell);
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&header).unwrap();
        for (number, record) in reader.records().enumerate() {
            let record = record.unwrap();
            let cells = record.iter().enumerate().map(|(at, own)| match value {
                Some(value) if number == 0 && at == field => value,
                _ => own,
            });
            writer.write_record(cells).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    };
    fs::write(to, written).unwrap();
}

#[test]
fn numbers_of_persons_are_read_only_to_be_replaced() {
    let folder = bench();
    let key = folder.path().join("key");
    fs::write(&key, "ab".repeat(32)).unwrap();
    for name in ["hqms_gb18030.csv", "n041_gbk.csv"] {
        let output = folder.path().join(name).with_extension("");
        let mut request = CheckRequest {
            neutral: true,
            ..check_request(&file(name), &output)
        };
        let persons = |request: &CheckRequest| {
            check(request, &watch(1)).unwrap();
            let neutral = fs::read_to_string(output.join("neutral.csv")).unwrap();
            assert!(!neutral.contains("PII"));
            let rows = rows(&neutral);
            rows.iter()
                .map(|row| row["person"].clone())
                .collect::<Vec<String>>()
        };
        assert!(persons(&request).iter().all(String::is_empty));
        request.door.pseudonymise = Some(key.clone());
        let replaced = persons(&request);
        let is_replaced = |person: &&String| person.len() == 32;
        assert_eq!(
            replaced.iter().filter(is_replaced).count(),
            replaced.len(),
            "{name}"
        );
    }
}

/// Where a rejected row begins and how long it is, so that it can be cut out of its file.
#[test]
fn rejected_rows_are_found_in_their_file() {
    let folder = bench();
    let header = "case_id,sex,age,diagnoses";
    let rows_of = [
        "A,1,40,I10.x00",
        "病案,3,40,I10.x00",
        "B,\"2\",40",
        "C,1,x,I10.x00",
        "D,1,,I10.x00",
    ];
    let text = format!("\u{feff}{header}\r\n{}\r\n", rows_of.join("\r\n"));
    let records = folder.path().join("records.csv");
    fs::write(&records, &text).unwrap();
    let output = folder.path().join("checked");
    check(&check_request(&records, &output), &watch(1)).unwrap();
    let rejected = rows(&fs::read_to_string(output.join("rejected.csv")).unwrap());
    let cut = |row: &BTreeMap<String, String>| {
        let [start, length] = ["offset", "bytes"].map(|key| row[key].parse::<usize>().unwrap());
        text[start..start + length].to_owned()
    };
    let cut: Vec<String> = rejected.iter().map(cut).collect();
    assert_eq!(cut, rows_of[1..]);
}
