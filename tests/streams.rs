//! Bytes in and out: compressed records, standard input, and what an interrupted run leaves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

const HEADER: &str = "case_id,sex,age,diagnoses,procedures\n";

fn records() -> String {
    let rows: String = (0..5_000)
        .map(|case| {
            format!(
                "case-{case},{},{},I10.x00|E11.900,\n",
                1 + case % 2,
                case % 90 + 1
            )
        })
        .collect();
    format!("{HEADER}{rows}")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn dianzhi() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dianzhi"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("LC_ALL", "C");
    command
}

/// Groups a file to standard output.
fn group(file: &Path) -> Output {
    let mut command = dianzhi();
    command.args(["group", "-t", "chs-drg-1.1", "--quiet"]).arg(file);
    command.output().unwrap()
}

#[test]
fn compressed_records_are_read_as_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records");
    let text = records();
    let (first, second) = text.split_at(text.len() / 3);
    fs::write(&file, &text).unwrap();
    let expected = group(&file);
    assert!(expected.status.success());
    assert_eq!(
        expected.stdout.iter().filter(|byte| **byte == b'\n').count(),
        5_001
    );

    // of two members or frames, and with a frame of other data between them
    let skipped = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    let forms = [
        ("gzip", gzip(text.as_bytes())),
        (
            "two gzip members",
            [gzip(first.as_bytes()), gzip(second.as_bytes())].concat(),
        ),
        ("zstd", zstd(text.as_bytes())),
        (
            "two zstd frames",
            [
                skipped.clone(),
                zstd(first.as_bytes()),
                skipped,
                zstd(second.as_bytes()),
            ]
            .concat(),
        ),
    ];
    for (form, bytes) in forms {
        fs::write(&file, &bytes).unwrap();
        let grouped = group(&file);
        assert!(
            grouped.status.success(),
            "{form}: {}",
            String::from_utf8_lossy(&grouped.stderr)
        );
        assert!(grouped.stdout == expected.stdout, "{form}");

        let mut child = piped(&["group", "-", "-t", "chs-drg-1.1", "--quiet"]);
        let mut input = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || input.write_all(&bytes).unwrap());
        let from_pipe = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert!(from_pipe.stdout == expected.stdout, "{form} from standard input");
    }
}

fn piped(arguments: &[&str]) -> Child {
    let mut command = dianzhi();
    command.args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn damaged_compressed_records_are_an_error_and_leave_no_result() {
    let folder = tempfile::tempdir().unwrap();
    let (file, result) = (
        folder.path().join("records.gz"),
        folder.path().join("grouped.csv"),
    );
    let text = records();
    let cut = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.len() * 2 / 3);
        bytes
    };
    let flip_last = |mut bytes: Vec<u8>| {
        let at = bytes.len() - 2;
        bytes[at] ^= 0x55;
        bytes
    };
    let forms = [
        ("cut gzip", cut(gzip(text.as_bytes()))),
        ("gzip with a wrong checksum", flip_last(gzip(text.as_bytes()))),
        (
            "gzip with something behind it",
            [gzip(text.as_bytes()), b"and more".to_vec()].concat(),
        ),
        ("cut zstd", cut(zstd(text.as_bytes()))),
        ("zstd with a wrong checksum", flip_last(zstd(text.as_bytes()))),
        (
            "zstd with something behind it",
            [zstd(text.as_bytes()), b"and more".to_vec()].concat(),
        ),
    ];
    for (form, bytes) in forms {
        fs::write(&file, bytes).unwrap();
        let mut command = dianzhi();
        command
            .args(["group", "-t", "chs-drg-1.1", "--quiet", "-o"])
            .arg(&result)
            .arg(&file);
        let grouped = command.output().unwrap();
        let words = String::from_utf8_lossy(&grouped.stderr).into_owned();
        assert_eq!(grouped.status.code(), Some(2), "{form}: {words}");
        assert!(words.contains("records.gz: could not be read"), "{form}: {words}");
        assert_eq!(names(folder.path()), ["records.gz"], "{form}");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_no_half_file() {
    for signal in ["INT", "TERM", "HUP"] {
        let folder = tempfile::tempdir().unwrap();
        let result = folder.path().join("grouped.csv");
        fs::write(&result, "an earlier result").unwrap();
        let mut child = piped(&["group", "-", "-t", "chs-drg-1.1", "-o", result.to_str().unwrap()]);
        // more records are to come, so the run waits
        let mut input = child.stdin.take().unwrap();
        input.write_all(records().repeat(10).as_bytes()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while names(folder.path()).len() < 2 {
            assert!(Instant::now() < deadline, "the run has not begun to write");
            std::thread::sleep(Duration::from_millis(20));
        }
        let kill = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let status = child.wait().unwrap();
        drop(input);
        assert_eq!(status.code(), Some(130), "{signal}");
        assert_eq!(names(folder.path()), ["grouped.csv"], "{signal}");
        assert_eq!(fs::read_to_string(&result).unwrap(), "an earlier result");
    }
}
