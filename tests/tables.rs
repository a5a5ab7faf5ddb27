//! Schemes compared, shown, and imported from workbooks: small ones against kept words, a whole
//! one there and back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod workbook;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use dianzhi::diagnostics::Lang;
use dianzhi::tables::{CodeLists, Library, Scheme, Wording, compare, import};
use proptest::prelude::*;
use workbook::Form;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn data(name: &str) -> PathBuf {
    root().join("tests/tables").join(name)
}

/// Runs the program in the project's folder: exit code, standard output, standard error.
fn dianzhi(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("dianzhi").unwrap();
    let output = command
        .current_dir(root())
        .env_remove("DIANZHI_TABLES")
        .args(arguments)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Compares with a kept file; `UPDATE_GOLDEN=1` rewrites it.
fn golden(name: &str, text: &str) {
    let file = data(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, text).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        text,
        kept,
        "{} differs; UPDATE_GOLDEN=1 rewrites it",
        file.display()
    );
}

// ---- diff and show ------------------------------------------------------------------------------

const OLD: &str = "tests/tables/schemes/old";
const NEW: &str = "tests/tables/schemes/new";

#[test]
fn a_new_edition_in_words() {
    for lang in ["en", "zh"] {
        let (code, text, _) = dianzhi(&["tables", "diff", OLD, NEW, "--lang", lang]);
        assert_eq!(code, 0);
        golden(&format!("diff.{lang}.txt"), &text);
    }
    let (_, csv, words) = dianzhi(&["tables", "diff", OLD, NEW, "-o", "-", "--lang", "en"]);
    golden("diff.csv", &csv);
    assert_eq!(words.trim(), format!("{} changes", csv.lines().count() - 1));
    let (code, ..) = dianzhi(&["tables", "diff", OLD, NEW, "-o", "-", "--strict"]);
    assert_eq!(code, 1, "differences are findings");
}

/// A core group that stands in two rows of one edition and in one of the other was not removed.
#[test]
fn a_code_in_fewer_rows_still_stands() {
    let of_group = |old: &str, new: &str| -> Vec<String> {
        let (_, csv, _) = dianzhi(&["tables", "diff", old, new, "-o", "-"]);
        let rows = csv::Reader::from_reader(csv.as_bytes()).into_records();
        let rows = rows.map(|row| row.unwrap());
        rows.filter(|row| &row[2] == "AH1" && row[4].is_empty())
            .map(|row| format!("{} {}", &row[0], &row[3]).trim().to_owned())
            .collect()
    };
    let forth = of_group("chs-drg-1.0", "chs-drg-1.1");
    let back = of_group("chs-drg-1.1", "chs-drg-1.0");
    assert_eq!(
        forth,
        [
            "adrg_row_removed",
            "adrg_renamed",
            "adrg_condition",
            "drg_added AH11",
            "drg_added AH15",
            "drg_removed AH19"
        ]
    );
    assert!(
        back.contains(&"adrg_row_added".to_owned()) && !back.contains(&"adrg_added".to_owned()),
        "{back:?}"
    );
}

#[test]
fn there_and_back_differs_alike() {
    let kinds = |old: &str, new: &str| {
        let (_, csv, _) = dianzhi(&["tables", "diff", old, new, "-o", "-"]);
        let kind = |line: &str| line.split(',').next().unwrap().to_owned();
        let mut kinds: Vec<String> = csv.lines().skip(1).map(kind).collect();
        kinds.sort();
        kinds
    };
    let turned = |kind: String| {
        let pairs = [("added", "removed"), ("entered", "left")];
        let turn = |(a, b): &(&str, &str)| match kind.rsplit_once('_') {
            Some((what, end)) if end == *a => Some(format!("{what}_{b}")),
            Some((what, end)) if end == *b => Some(format!("{what}_{a}")),
            _ => None,
        };
        pairs.iter().find_map(turn).unwrap_or(kind)
    };
    let mut back: Vec<String> = kinds(NEW, OLD).into_iter().map(turned).collect();
    back.sort();
    assert_eq!(kinds(OLD, NEW), back);
}

#[test]
fn no_scheme_differs_from_itself() {
    let library = Library::find(&[root().join("grouping-tables")]).unwrap();
    for id in library.scheme_ids().unwrap() {
        let scheme = Scheme::load(&library, &id).unwrap();
        let lists = CodeLists::of(&library, &scheme).unwrap();
        let wording = Wording {
            scheme: &scheme,
            lists: &lists,
            lang: Lang::En,
        };
        assert_eq!(compare(wording, wording), [], "{id}");
    }
    let (code, text, _) = dianzhi(&["tables", "diff", OLD, OLD, "--lang", "en", "--strict"]);
    assert_eq!((code, text.lines().last()), (0, Some("no difference")));
}

#[test]
fn the_way_to_a_group() {
    let mut all = String::new();
    for (code, lang) in [
        ("B", "en"),
        ("BB1", "zh"),
        ("BB11", "en"),
        ("BQY", "en"),
        ("BR1", "en"),
        ("Z", "zh"),
    ] {
        let (exit, text, words) = dianzhi(&[
            "tables",
            "show",
            "new",
            code,
            "--tables",
            "tests/tables/schemes",
            "--lang",
            lang,
        ]);
        assert_eq!(exit, 0, "{words}");
        all.push_str(&format!("$ tables show new {code} --lang {lang}\n{text}\n"));
    }
    let (exit, _, words) = dianzhi(&[
        "tables",
        "show",
        "new",
        "BB19",
        "--tables",
        "tests/tables/schemes",
        "--lang",
        "en",
    ]);
    assert_eq!(exit, 2);
    all.push_str(&format!("$ tables show new BB19\n{words}"));
    golden("show.txt", &all);
}

#[test]
fn long_lists_are_cut_unless_all_is_wanted() {
    let lines = |more: &[&str]| {
        let arguments = [&["tables", "show", "chs-drg-1.1", "BR1", "--lang", "en"], more].concat();
        dianzhi(&arguments).1.lines().count()
    };
    assert!(lines(&[]) < 60 && lines(&["--all"]) > 3000);
}

// ---- import: small workbooks ----------------------------------------------------------------------

/// Imports `tests/tables/import/<name>.txt` by `<name>.toml`: words, report and tables in one text.
fn imported(name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("plan.xlsx");
    let text = fs::read_to_string(data(&format!("import/{name}.txt"))).unwrap();
    workbook::from_text(&text, &book);
    let made = folder.path().join("made");
    let mapping = format!("tests/tables/import/{name}.toml");
    let (code, _, words) = dianzhi(&[
        "tables",
        "import",
        book.to_str().unwrap(),
        "--mapping",
        &mapping,
        "-o",
        made.to_str().unwrap(),
        "--lang",
        "en",
    ]);
    let mut all = format!("exit {code}\n{words}");
    let report = folder.path().join("made.report.csv");
    let mut files = vec![report];
    let names = ["rules.csv", "codesets.csv", "complications.csv", "exclusions.csv"];
    let more = ["or_procedures.csv", "groups.csv", "scheme.toml"];
    files.extend(names.iter().chain(&more).map(|name| made.join(name)));
    for file in files.iter().filter(|file| file.exists()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        all.push_str(&format!("--- {name}\n{}", fs::read_to_string(file).unwrap()));
    }
    all.replace(folder.path().to_str().unwrap(), "FOLDER")
}

#[test]
fn small_workbooks() {
    let mut names: Vec<String> = fs::read_dir(data("import"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 3);
    for name in names {
        golden(&format!("import/{name}.golden"), &imported(&name));
    }
}

/// Mappings with one fault each, and the exact message.
#[test]
fn faults_of_a_mapping_at_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("plan.xlsx");
    workbook::from_text(&fs::read_to_string(data("import/habits.txt")).unwrap(), &book);
    let sound = fs::read_to_string(data("import/habits.toml")).unwrap();
    let mapping = folder.path().join("mapping.toml");
    let library = Library::find(&[root().join("grouping-tables")]).unwrap();
    let faults = fs::read_to_string(data("import/faults.txt")).unwrap();
    let mut all = String::new();
    let mut tried = 0;
    for fault in faults.lines().filter(|line| !line.starts_with('#')) {
        let Some((from, to)) = fault.split_once(" ==> ") else {
            continue;
        };
        assert_eq!(
            sound.matches(from).count(),
            1,
            "`{from}` must stand once in habits.toml"
        );
        fs::write(&mapping, sound.replace(from, to)).unwrap();
        let error = import(&library, &book, &mapping, "made", Lang::En).unwrap_err();
        all.push_str(&format!("{from} ==> {to}\n{error}\n\n"));
        tried += 1;
    }
    assert!(tried > 15);
    golden(
        "import/faults.golden",
        &all.replace(folder.path().to_str().unwrap(), "FOLDER")
            .replace(root().to_str().unwrap(), "PROJECT"),
    );
}

#[test]
fn a_folder_is_not_written_over_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("plan.xlsx");
    workbook::from_text(&fs::read_to_string(data("import/blocks.txt")).unwrap(), &book);
    let made = folder.path().join("made");
    let run = |more: &[&str]| {
        let mapping = "tests/tables/import/blocks.toml";
        let paths = [
            book.to_str().unwrap(),
            "--mapping",
            mapping,
            "-o",
            made.to_str().unwrap(),
        ];
        dianzhi(&[&["tables", "import", "--lang", "en"], paths.as_slice(), more].concat())
    };
    assert_eq!(run(&[]).0, 0);
    let before = fs::read(made.join("rules.csv")).unwrap();
    let (code, _, words) = run(&[]);
    assert_eq!(code, 2);
    assert!(
        words.contains("this folder is there already; choose another name, or say --replace"),
        "{words}"
    );
    fs::write(made.join("rules.csv"), "spoiled").unwrap();
    fs::write(made.join("notes.txt"), "mine").unwrap();
    let (code, _, words) = run(&["--replace"]);
    assert_eq!(code, 2);
    assert!(words.contains("--replace would remove `notes.txt`"), "{words}");
    fs::remove_file(made.join("notes.txt")).unwrap();
    assert_eq!(run(&["--replace", "--strict"]).0, 1, "remarks are findings");
    assert_eq!(
        fs::read(made.join("rules.csv")).unwrap(),
        before,
        "same inputs, same bytes"
    );
    fs::remove_file(made.join("scheme.toml")).unwrap();
    let (code, _, words) = run(&["--replace"]);
    assert_eq!(code, 2);
    assert!(words.contains("this one has no scheme.toml"), "{words}");
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(
        names.len(),
        3,
        "workbook, folder, report and nothing else: {names:?}"
    );
}

// ---- import: a whole scheme there and back ----------------------------------------------------------

/// Exports a shipped scheme in the national form, imports it, and wants the same scheme back.
fn there_and_back(id: &str, form: Form, mapping: &Path) {
    let library = Library::find(&[root().join("grouping-tables")]).unwrap();
    let scheme = Scheme::load(&library, id).unwrap();
    let lists = CodeLists::of(&library, &scheme).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("plan.xlsx");
    workbook::export(&scheme, &lists, form, &book);
    let made = folder.path().join("made");
    let (code, _, words) = dianzhi(&[
        "tables",
        "import",
        book.to_str().unwrap(),
        "--mapping",
        mapping.to_str().unwrap(),
        "-o",
        made.to_str().unwrap(),
        "--lang",
        "en",
    ]);
    assert_eq!(code, 0, "{words}");
    assert!(
        words.contains("26 MDC") && words.contains("not understood 0"),
        "{words}"
    );

    let back = Library::find(&[folder.path().to_owned(), root().join("grouping-tables")]).unwrap();
    let imported = Scheme::load(&back, "made").unwrap();
    let wording = |scheme| Wording {
        scheme,
        lists: &lists,
        lang: Lang::En,
    };
    let changes = compare(wording(&scheme), wording(&imported));
    assert_eq!(changes, [], "{words}");
    golden_cases_group_alike(id, folder.path());
}

/// Every golden case of the scheme, grouped by what was imported.
fn golden_cases_group_alike(id: &str, tables: &Path) {
    let cases = root().join(format!("tests/golden/grouping/{id}.csv"));
    let grouped = tables.join("grouped.csv");
    let tables = tables.to_str().unwrap();
    let (code, _, words) = dianzhi(&[
        "group",
        cases.to_str().unwrap(),
        "-t",
        "made",
        "--tables",
        tables,
        "-o",
        grouped.to_str().unwrap(),
    ]);
    assert_eq!(code, 0, "{words}");
    let mut reader = csv::Reader::from_path(&grouped).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name| header.iter().position(|column| column == name).unwrap();
    let (expected, group) = (column("expected"), column("group"));
    let mut compared = 0;
    for row in reader.records() {
        let row = row.unwrap();
        assert_eq!(&row[group], &row[expected], "{row:?}");
        compared += 1;
    }
    assert!(compared >= 500, "only {compared} cases");
}

#[test]
fn a_whole_scheme_in_rows() {
    let mapping = root().join("grouping-tables/mappings/national.toml");
    there_and_back("chs-drg-1.1", Form::Rows, &mapping);
}

#[test]
fn a_whole_scheme_in_blocks() {
    // the shipped mapping, with the two sheets of the printed form instead of its tables
    let text = fs::read_to_string(root().join("grouping-tables/mappings/national.toml")).unwrap();
    let mut mapping: toml::Table = text.parse().unwrap();
    let sheets = mapping["sheet"].as_array_mut().unwrap();
    sheets.retain(|sheet| {
        let name = sheet["name"].as_str().unwrap();
        !["MDC主诊表*", "ADRG诊断手术表*", "排除表*"].contains(&name)
    });
    let blocks = r##"
        sheet = [
            { name = "分组细则", kind = "lists", layout = "blocks", columns = { text = "#A", code_name = "#B" } },
            { name = "排除表", kind = "exclusions", layout = "blocks", columns = { text = "#A" } },
        ]"##;
    let blocks: toml::Table = blocks.parse().unwrap();
    sheets.extend(blocks["sheet"].as_array().unwrap().iter().cloned());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("blocks.toml");
    fs::write(&file, mapping.to_string()).unwrap();
    there_and_back("chs-drg-1.1", Form::Blocks, &file);
}

// ---- import: whatever bytes -------------------------------------------------------------------------

fn import_bytes(bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("plan.xlsx");
    fs::write(&book, bytes).unwrap();
    let library = Library::built_in();
    let mapping = data("import/blocks.toml");
    match import(&library, &book, &mapping, "made", Lang::En) {
        Ok(made) => {
            let [cells, used, skipped, not_understood] = made.ledger.totals();
            assert_eq!(
                cells,
                used + skipped + not_understood,
                "every cell is accounted for"
            );
            Ok(())
        }
        Err(error) => {
            let words = error.to_string();
            assert!(
                words.contains("plan.xlsx") || words.contains("blocks.toml:"),
                "no place: {words}"
            );
            Err(words)
        }
    }
}

fn small_workbook() -> &'static [u8] {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("plan.xlsx");
        workbook::from_text(&fs::read_to_string(data("import/blocks.txt")).unwrap(), &book);
        fs::read(book).unwrap()
    })
}

#[test]
fn a_truncated_workbook_is_an_error() {
    let whole = small_workbook();
    for length in (0..whole.len()).step_by(97) {
        let words = import_bytes(&whole[..length]).unwrap_err();
        assert!(words.contains("could not be read as a workbook"), "{words}");
    }
    import_bytes(whole).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(import_bytes(&bytes).is_err());
    }

    #[test]
    fn a_damaged_workbook_never_panics(hits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..20)) {
        let mut bytes = small_workbook().to_vec();
        for (at, byte) in hits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = import_bytes(&bytes);
    }

    #[test]
    fn cells_of_any_text_are_accounted_for(cells in proptest::collection::vec(cell_text(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("plan.xlsx");
        let rows = |width: usize| cells.chunks(width).map(|row| row.join("|")).collect::<Vec<_>>().join("\n");
        let text = format!(
            "== 细则\n{}\n== 组\nDRG编码|DRG名称\n{}\n== 排除\n{}\n== 并发症\n编码|级别|表\n{}\n",
            rows(2), rows(2), rows(1), rows(3)
        );
        workbook::from_text(&text, &book);
        let _ = import_bytes(&fs::read(&book).unwrap());
    }
}

/// Cells as they come: codes, titles, numbers, nonsense.
fn cell_text() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "",
        "I60.000",
        "i60.000",
        "Ｉ６０．０００",
        "01.2401",
        "'18.9",
        "BB1",
        "BB1 名",
        "BB19",
        "MDCB 名",
        "MDCB",
        "MDCZZZ",
        "包含以下主要诊断：",
        "同时包含以下手术",
        "和",
        "表 7-1",
        "表7-",
        "12",
        "99999999999",
        "MCC",
        "CC",
        "x",
    ]);
    prop_oneof![
        3 => known.prop_map(str::to_owned),
        1 => "[^|\n\r'#=\\x00-\\x1f]{0,12}",
    ]
}
