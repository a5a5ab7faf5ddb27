//! `policy check`: what each shipped pack means, in both languages.
//!
//! `UPDATE_GOLDEN=1` rewrites the expected words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod money;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use dianzhi::diagnostics::Place;
use dianzhi::points::Pack;
use money::edit;

const PACKS: [&str; 8] = [
    "chongqing-like/2026",
    "jinhua-like/2026",
    "jining-like/2023",
    "hubei-like/2023",
    "harbin-2022",
    "pingdingshan-like/2025",
    "pingdingshan-like/2025-grossed",
    "sample-region-2022",
];

fn file(pack: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/policies/{pack}.toml"))
}

#[test]
fn every_shipped_pack_says_what_it_means() {
    for pack in PACKS {
        for lang in ["en", "zh"] {
            let mut command = Command::cargo_bin("dianzhi").unwrap();
            let output = command
                .args(["policy", "check"])
                .arg(file(pack))
                .args(["--lang", lang])
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(
                output.status.success(),
                "{pack}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!(
                "tests/golden/policy/{}.{lang}.txt",
                pack.replace('/', "-")
            ));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::create_dir_all(expected.parent().unwrap()).unwrap();
                fs::write(&expected, &said).unwrap();
            }
            assert_eq!(
                said,
                fs::read_to_string(&expected).unwrap_or_default(),
                "{pack} {lang}"
            );
        }
    }
}

/// Required keys of the worked packs are missed by name; each table of theirs may be misspelt only
/// to be told.
#[test]
fn no_worked_pack_can_lose_a_key_unseen() {
    for pack in PACKS {
        let path = file(pack);
        let written = fs::read_to_string(&path).unwrap();
        let mut table = String::new();
        for line in written.lines() {
            if let Some(header) = line.strip_prefix('[') {
                table = format!("{}.", header.trim_end_matches(']'));
                continue;
            }
            let Some((name, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) else {
                continue;
            };
            let key = format!("{table}{name}");
            let text = edit(&written, &key, None);
            match Pack::parse(&Place::file(&path), &text) {
                Err(error) => {
                    let error = error.to_string();
                    let named = error.contains("(E_MISSING)") || error.contains(&key) || error.contains(name);
                    assert!(named, "{pack} without {key}: {error}");
                }
                // what may be absent is off: remarks on evidence, open keys, and switches
                Ok(_) => assert!(
                    OFF_WHEN_ABSENT.contains(&name),
                    "{pack} loads without {key} = {value}"
                ),
            }
            let misspelt = edit(&text, &format!("{key}x"), Some(value));
            let error = Pack::parse(&Place::file(&path), &misspelt)
                .unwrap_err()
                .to_string();
            assert!(error.contains(&format!("unknown key `{key}x`")), "{error}");
        }
    }
}

const OFF_WHEN_ABSENT: [&str; 10] = [
    "weaker",
    "unresolved",
    "keys",
    "columns",
    "same_price",
    "merge",
    "zero_base",
    "aux",
    "reflow",
    "blank", // refused at the first case that asks for it
];
