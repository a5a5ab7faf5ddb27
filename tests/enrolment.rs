//! Enrolment and financing: published sums, one worked region, planted defects found exactly, every
//! error's message, and the laws that hold for any covers and heads.
//!
//! `UPDATE_GOLDEN=1` rewrites `tests/enrolment/expected`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use dianzhi::benefit::enrolment::{Cover, CoverScheme, Enrolling, gaps, overlaps};
use dianzhi::benefit::finance::{
    CentralShare, CoverPeriod, FinancePolicy, HeadSubsidy, LocalShare, Span, WaitingDays, central_subsidy,
    person_fee, refund, structure_index,
};
use dianzhi::units::{Exact, Fen, Ratio};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/enrolment")
        .join(name)
}

fn shipped(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/benefit/{place}/finance.toml"))
}

/// Runs the program in English; gives the exit status and what is said.
fn dianzhi(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::cargo_bin("dianzhi")
        .unwrap()
        .args(arguments)
        .args(["--lang", "en"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

// ---- examples -------------------------------------------------------------------------------

fn examples(kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(data("examples.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let found: Vec<Value> = all
        .into_iter()
        .filter(|example| example["kind"] == kind)
        .collect();
    assert!(!found.is_empty(), "no example of {kind}");
    found
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn yuan(value: &Value) -> Fen {
    Fen::parse_yuan(text(value)).unwrap()
}

fn day(value: &Value) -> Date {
    text(value).parse().unwrap()
}

fn span(value: &Value) -> Span {
    Span {
        from: day(&value[0]),
        to: day(&value[1]),
    }
}

fn percent(value: &Value) -> Exact {
    let ratio: Ratio = format!("{}%", text(value)).parse().unwrap();
    ratio.exact().unwrap()
}

#[test]
fn central_subsidies() {
    for example in examples("central_subsidy") {
        let (id, params, expected) = (text(&example["id"]), &example["params"], &example["expected"]);
        let standard = yuan(&example["inputs"]["standard"]);
        let share = CentralShare {
            from_year: 2000,
            to_year: None,
            base: yuan(&params["base"]),
            old_share: percent(&params["old_share"]),
            share: percent(&params["share"]),
        };
        let central = central_subsidy(standard, &share).unwrap();
        assert_eq!(central, yuan(&expected["central"]), "{id}");
        if params["province_share"].is_string() {
            let local = LocalShare {
                from_year: 2000,
                to_year: None,
                province: percent(&params["province_share"]),
                city: percent(&params["city_share"]),
            };
            let head = HeadSubsidy::of(standard, &share, &local).unwrap();
            assert_eq!(head.province, yuan(&expected["province"]), "{id}");
            assert_eq!(head.city, yuan(&expected["city"]), "{id}");
            assert_eq!(
                head.central + head.province + head.city + head.county,
                standard,
                "{id}"
            );
            let heads = example["inputs"]["heads"].as_i64().unwrap();
            assert_eq!(
                Fen::new(head.city.fen() * heads),
                yuan(&expected["city_total"]),
                "{id}"
            );
        }
    }
}

#[test]
fn fees_after_subsidies() {
    for example in examples("enrol_subsidy") {
        let inputs = &example["inputs"];
        let paid = person_fee(yuan(&inputs["fee"]), yuan(&inputs["subsidy"]));
        assert_eq!(
            paid,
            yuan(&example["expected"]["person_fee"]),
            "{}",
            example["id"]
        );
    }
}

#[test]
fn structure_indices() {
    for example in examples("structure_index") {
        let inputs = &example["inputs"];
        let index = structure_index(yuan(&inputs["personal"]), yuan(&inputs["fiscal"])).unwrap();
        assert_eq!(index, text(&example["expected"]["index"]), "{}", example["id"]);
    }
}

#[test]
fn refunds() {
    for example in examples("refund") {
        let (inputs, expected) = (&example["inputs"], &example["expected"]);
        let subsidy = yuan(&inputs["enrol_subsidy"]);
        let paid = person_fee(yuan(&inputs["fee"]), subsidy);
        let (paid_on, window) = (day(&inputs["paid_on"]), span(&inputs["window"]));
        let begins = day(&inputs["benefit_start"]);
        let of = |died| refund(paid_on, window, died, begins, paid, subsidy);
        let given = of(Some(day(&inputs["died_on"]))).unwrap();
        assert_eq!(given.person, yuan(&expected["refund_person"]));
        assert_eq!(given.subsidy, yuan(&expected["return_enrol_subsidy"]));
        assert_eq!(of(Some(begins)), None, "died on the first day of cover");
        assert_eq!(of(None), None);
    }
}

#[test]
fn gaps_of_coverage() {
    for example in examples("coverage_gap") {
        let periods = example["inputs"]["covered"].as_array().unwrap().iter().map(span);
        let covers: Vec<Cover> = periods
            .enumerate()
            .map(|(line, days)| cover(line as u64, days))
            .collect();
        let found = gaps(&covers, span(&example["inputs"]["window"]));
        let expected: Vec<Span> = example["expected"]["gaps"]
            .as_array()
            .unwrap()
            .iter()
            .map(span)
            .collect();
        assert_eq!(found.iter().map(|gap| gap.days).collect::<Vec<_>>(), expected);
        assert_eq!(
            found[0].days.days(),
            example["expected"]["days"].as_i64().unwrap()
        );
    }
}

fn cover(line: u64, days: Span) -> Cover {
    Cover {
        scheme: CoverScheme::Resident,
        place: "D01".to_owned(),
        plan: String::new(),
        benefit: None,
        enrolled_on: None,
        days: Some(days),
        line,
    }
}

#[test]
fn waiting_days() {
    let policy = FinancePolicy::load(&shipped("sample-region")).unwrap();
    for example in examples("waiting") {
        let cases = example["inputs"]["cases"].as_array().unwrap();
        for (case, expected) in cases.iter().zip(example["expected"]["days"].as_array().unwrap()) {
            let on = day(&case["enrol_on"]);
            let optional = |value: &Value| value.as_str().map(|_| day(value));
            let who = Enrolling {
                on,
                window: Some(span(&case["window"])),
                birth: optional(&case["birth"]).or(Some(date(1970, 1, 1))),
                employee_to: optional(&case["employee_paid_to"]),
                categories: &[],
            };
            let days = match policy.waiting_days(&who) {
                WaitingDays::Until(first) => i64::from((first - on).get_days()),
                WaitingDays::Exempt(_) => 0,
                other => panic!("{other:?}: {case}"),
            };
            assert_eq!(days, expected.as_i64().unwrap(), "{case}");
        }
    }
}

// ---- files of places ------------------------------------------------------------------------

/// Place, period, terms, plan, fee: as the notices print them.
#[test]
fn shipped_files_hold_what_the_notices_print() {
    let rows = [
        ("500000", "2021", false, "p1", "280.00"),
        ("500000", "2021", false, "p2", "655.00"),
        ("500000", "2020-09..2021-08", true, "p1", "250.00"),
        ("500000", "2020-09..2021-08", true, "p2", "625.00"),
        ("500000", "2025", false, "p2", "775.00"),
        ("500113", "2023", false, "p2", "725.00"),
        ("371300", "2021", false, "", "280.00"),
    ];
    for (place, period, student, plan, fee) in rows {
        let policy = FinancePolicy::load(&shipped(place)).unwrap();
        let found = policy.fee(period.parse().unwrap(), student, plan);
        assert_eq!(
            found.map(|fee| fee.to_string()),
            Ok(fee.to_owned()),
            "{place} {period} {plan}"
        );
        assert!(policy.is_draft(), "{place}");
    }
}

/// Place, period, category, plan, subsidy, who pays the rest.
#[test]
fn shipped_subsidies_are_the_printed_ones() {
    let rows = [
        ("500000", "2021", "extreme_poor", "p2", "280.00", None),
        ("500000", "2021", "dibao_edge", "p2", "196.00", None),
        ("500113", "2023", "dibao", "p1", "315.00", None),
        ("500113", "2023", "dibao", "p2", "350.00", None),
        ("500113", "2023", "old_soldier", "p2", "675.00", None),
        ("371300", "2023", "dibao", "", "150.00", Some("county")),
    ];
    for (place, period, category, plan, amount, rest) in rows {
        let policy = FinancePolicy::load(&shipped(place)).unwrap();
        let period: CoverPeriod = period.parse().unwrap();
        let (of, row) = policy.subsidy_row(period, &["ordinary", category]).unwrap();
        assert_eq!(of, category);
        let granted = policy.granted(&row.value, false, plan).unwrap();
        assert_eq!(
            (granted.to_string().as_str(), row.value.rest.as_deref()),
            (amount, rest),
            "{place} {category}"
        );
    }
}

/// The files of the sample region, in a folder that can be changed.
fn copied() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    for place in ["cn", "sample-region"] {
        std::fs::create_dir(folder.path().join(place)).unwrap();
        std::fs::copy(shipped(place), folder.path().join(place).join("finance.toml")).unwrap();
    }
    let policy = folder.path().join("sample-region/finance.toml");
    (folder, policy)
}

#[test]
fn a_wrong_finance_file_is_refused_in_words() {
    let sound = std::fs::read_to_string(shipped("sample-region")).unwrap();
    let mut edits = csv::Reader::from_path(data("bad_policies.csv")).unwrap();
    for edit in edits.records() {
        let edit = edit.unwrap();
        let (_folder, policy) = copied();
        let changed = sound.replacen(&edit[0], &edit[1], 1);
        assert_ne!(changed, sound, "{edit:?}");
        std::fs::write(&policy, changed).unwrap();
        let error = FinancePolicy::load(&policy).unwrap_err().to_string();
        assert!(error.contains(&edit[2]), "{} in\n{error}", &edit[2]);
        assert!(error.contains("finance.toml"), "no file in {error}");
    }
}

// ---- one region worked by hand --------------------------------------------------------------

fn check_golden(out: &Path, names: &[&str]) {
    for name in names {
        let made = std::fs::read_to_string(out.join(name)).unwrap();
        // paths are those of the machine
        let made = made.replace(&format!("{}/", shown(Path::new(env!("CARGO_MANIFEST_DIR")))), "");
        let golden = data("expected").join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(data("expected")).unwrap();
            std::fs::write(&golden, &made).unwrap();
        }
        assert_eq!(made, std::fs::read_to_string(&golden).unwrap(), "{name}");
    }
}

#[test]
fn a_region_is_checked_and_summed_up() {
    let folder = TempDir::new().unwrap();
    let (case, policy) = (data("case"), shipped("sample-region"));
    let at = |name: &str| folder.path().join(name);
    let (status, said) = dianzhi(&[
        "enrol",
        "check",
        shown(&case),
        "-p",
        shown(&policy),
        "-o",
        shown(&at("checked")),
        "--strict",
    ]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("!! draft"), "{said}");
    std::fs::rename(at("checked/findings.csv"), at("checked/check-findings.csv")).unwrap();
    check_golden(&at("checked"), &["check-findings.csv", "lists.csv", "states.csv"]);
    let (status, said) = dianzhi(&[
        "enrol",
        "finance",
        shown(&case),
        "-p",
        shown(&policy),
        "--year",
        "2021",
        "-o",
        shown(&at("summed")),
    ]);
    assert_eq!(status, Some(0), "{said}");
    let names = [
        "heads.csv",
        "fees.csv",
        "subsidies.csv",
        "premium.csv",
        "income.csv",
        "structure.csv",
        "bounds.csv",
        "refunds.csv",
        "findings.csv",
    ];
    check_golden(&at("summed"), &names);
    let page: Value = serde_json::from_slice(&std::fs::read(at("summed/run.json")).unwrap()).unwrap();
    assert_eq!(page["counts"]["heads"], 7);
    assert_eq!(page["inputs"].as_array().unwrap().len(), 7);
    let clauses = page["policy"]["parameters"].as_array().unwrap();
    assert!(
        clauses
            .iter()
            .any(|p| p["path"] == "finance.fiscal_subsidy" && p["doc"][0] == "made")
    );
}

#[test]
fn findings_are_told_in_chinese_too() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let output = Command::cargo_bin("dianzhi")
        .unwrap()
        .args([
            "enrol",
            "check",
            shown(&data("case")),
            "-p",
            shown(&shipped("sample-region")),
        ])
        .args(["-o", shown(&out), "--lang", "zh"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("死亡未减员") && said.contains("草案"), "{said}");
    let findings = std::fs::read_to_string(out.join("findings.csv")).unwrap();
    assert!(
        findings.contains("122天未参保,无未参保天数,学年转自然年度参保空档"),
        "{findings}"
    );
}

#[test]
fn a_wrong_row_is_refused_in_words() {
    let mut rows = csv::Reader::from_path(data("bad_rows.csv")).unwrap();
    for row in rows.records() {
        let row = row.unwrap();
        let folder = TempDir::new().unwrap();
        for entry in std::fs::read_dir(data("case")).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        let table = folder.path().join(&row[0]);
        let text = std::fs::read_to_string(&table).unwrap() + &row[1] + "\n";
        std::fs::write(&table, text).unwrap();
        let out = folder.path().join("out");
        let policy = shipped("sample-region");
        let (status, said) = dianzhi(&[
            "enrol",
            "check",
            shown(folder.path()),
            "-p",
            shown(&policy),
            "-o",
            shown(&out),
        ]);
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(&row[2]), "{} in\n{said}", &row[2]);
        assert!(!out.exists(), "results of refused tables");
    }
}

/// Tables as a clerk's programs save them: other encodings, packed, under other names, from a pipe; the
/// same findings come of them, and what they were taken for is said and kept.
#[test]
fn tables_come_in_every_form() {
    use std::io::Write as _;
    let folder = TempDir::new().unwrap();
    let policy = shipped("sample-region");
    let text = |name: &str| {
        let text = std::fs::read_to_string(data("case").join(name)).unwrap();
        text.replace("D01", "渝北区") // some text that is not ASCII
    };
    let plain = folder.path().join("plain");
    let other = folder.path().join("other");
    std::fs::create_dir(&plain).unwrap();
    std::fs::create_dir(&other).unwrap();
    let names = ["persons", "coverage", "payments", "subsidies", "lists"];
    for name in names {
        std::fs::write(plain.join(format!("{name}.csv")), text(&format!("{name}.csv"))).unwrap();
    }
    let gbk = |name: &str| encoding_rs::GBK.encode(&text(name)).0.into_owned();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&gbk("coverage.csv")).unwrap();
    let wide: Vec<u8> = format!("\u{feff}{}", text("payments.csv"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::write(other.join("coverage.csv.gz"), packed.finish().unwrap()).unwrap();
    std::fs::write(other.join("payments.csv"), wide).unwrap();
    std::fs::write(
        other.join("subsidies.csv"),
        format!("\u{feff}{}", text("subsidies.csv")),
    )
    .unwrap();
    let lists = folder.path().join("三方名单.csv");
    std::fs::write(&lists, gbk("lists.csv")).unwrap();
    let outs = ["one", "two"].map(|name| folder.path().join(name));
    let mut command = Command::cargo_bin("dianzhi").unwrap();
    let arguments = [
        "enrol",
        "check",
        shown(&other),
        shown(&lists),
        "-",
        "-p",
        shown(&policy),
        "-o",
        shown(&outs[1]),
    ];
    let ran = command
        .args(arguments)
        .args(["--lang", "en"])
        .write_stdin(gbk("persons.csv"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{said}");
    for taken in [
        "(standard input): encoding GB18030",
        "coverage.csv.gz: encoding GB18030",
        "payments.csv: encoding UTF-16 LE",
        "三方名单.csv: encoding GB18030",
    ] {
        assert!(said.contains(taken), "{taken} in\n{said}");
    }
    let (status, said) = dianzhi(&[
        "enrol",
        "check",
        shown(&plain),
        "-p",
        shown(&policy),
        "-o",
        shown(&outs[0]),
    ]);
    assert_eq!(status, Some(0), "{said}");
    for name in ["lists.csv", "states.csv"] {
        let [one, two] = [&outs[0], &outs[1]].map(|out| std::fs::read(out.join(name)).unwrap());
        assert_eq!(one, two, "{name}");
    }
    let without_files = |out: &Path| {
        let mut reader = csv::Reader::from_path(out.join("findings.csv")).unwrap();
        let file = reader.headers().unwrap().iter().position(|name| name == "file");
        let rows = reader.records().map(|row| {
            let row = row.unwrap();
            let kept = row.iter().enumerate().filter(|(at, _)| Some(*at) != file);
            kept.map(|(_, cell)| cell.to_owned()).collect::<Vec<_>>()
        });
        rows.collect::<Vec<_>>()
    };
    assert_eq!(without_files(&outs[0]), without_files(&outs[1]));
    assert!(without_files(&outs[0]).len() > 5);
}

#[test]
fn what_a_request_lacks_is_told() {
    let (case, sample) = (data("case"), shipped("sample-region"));
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let lists = case.join("lists.csv");
    let persons = case.join("persons.csv");
    let other = folder.path().join("person.csv");
    std::fs::write(&other, "number,name\n1,2\n").unwrap();
    let ask = |inputs: &[&Path], policy: &Path, year: &str| {
        let mut arguments = vec!["enrol", "finance"];
        arguments.extend(inputs.iter().map(|path| shown(path)));
        arguments.extend(["-p", shown(policy), "--year", year, "-o", shown(&out)]);
        dianzhi(&arguments)
    };
    let rows: [(&[&Path], &Path, &str, &str); 5] = [
        (
            &[&lists],
            &sample,
            "2021",
            "there is no `persons.csv` among the inputs",
        ),
        (
            &[&other],
            &sample,
            "2021",
            "`person.csv` is no table of enrolment",
        ),
        (&[&case, &persons], &sample, "2021", "this table is read from"),
        (
            &[&case],
            &sample,
            "2020",
            "`finance.personal_fee` has no fee of 2020; it has 2021",
        ),
        (
            &[&persons],
            &shipped("500000"),
            "2025",
            "`enrolment.window` has no row for 2025",
        ),
    ];
    for (inputs, policy, year, message) in rows {
        let (status, said) = ask(inputs, policy, year);
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(message), "{message} in {said}");
    }
    let (status, said) = dianzhi(&[
        "enrol",
        "check",
        shown(&case),
        "-p",
        shown(&sample),
        "-o",
        shown(&case),
    ]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("this file is an input of the run"), "{said}");
}

// ---- planted defects ------------------------------------------------------------------------

/// Findings by person and kind; those of the policy concern no person.
fn found(path: &Path) -> BTreeMap<(String, String), u64> {
    let mut found = BTreeMap::new();
    for row in csv::Reader::from_path(path).unwrap().records() {
        let row = row.unwrap();
        if !row[4].is_empty() {
            *found.entry((row[4].to_owned(), row[2].to_owned())).or_insert(0) += 1;
        }
    }
    found
}

#[test]
fn exactly_the_planted_defects_are_found() {
    let folder = TempDir::new().unwrap();
    let (persons, out) = (folder.path().join("persons"), folder.path().join("out"));
    let policy = shipped("sample-region");
    let (status, said) = dianzhi(&[
        "enrol",
        "generate",
        "-p",
        shown(&policy),
        "--year",
        "2021",
        "--persons",
        "6000",
        "--seed",
        "3",
        "--defects",
        "0.5",
        "-o",
        shown(&persons),
    ]);
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = dianzhi(&[
        "enrol",
        "check",
        shown(&persons),
        "-p",
        shown(&policy),
        "-o",
        shown(&out),
    ]);
    assert_eq!(status, Some(0), "{said}");
    let mut truth = BTreeMap::new();
    for row in csv::Reader::from_path(persons.join("truth.csv"))
        .unwrap()
        .records()
    {
        let row = row.unwrap();
        truth.insert(
            (row[0].to_owned(), row[1].to_owned()),
            row[2].parse::<u64>().unwrap(),
        );
    }
    let kinds: std::collections::BTreeSet<&str> = truth.keys().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds.len(), 23, "{kinds:?}");
    assert_eq!(found(&out.join("findings.csv")), truth);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever the region, every sum closes and sound persons have no findings.
    #[test]
    fn sums_close_for_any_region(seed in any::<u32>(), persons in 1_u64..400, defects in 0_u8..3) {
        let folder = TempDir::new().unwrap();
        let (made, out) = (folder.path().join("made"), folder.path().join("out"));
        let policy = shipped("sample-region");
        let share = (f64::from(defects) / 2.0).to_string();
        let (status, said) = dianzhi(&[
            "enrol", "generate", "-p", shown(&policy), "--year", "2021", "--persons", &persons.to_string(), "--seed",
            &seed.to_string(), "--defects", &share, "-o", shown(&made),
        ]);
        prop_assert_eq!(status, Some(0), "{}", said);
        let (status, said) = dianzhi(&[
            "enrol", "finance", shown(&made), "-p", shown(&policy), "--year", "2021", "-o", shown(&out),
        ]);
        prop_assert_eq!(status, Some(0), "{}", said);
        for row in csv::Reader::from_path(out.join("income.csv")).unwrap().records() {
            let row = row.unwrap();
            prop_assert!(&row[2] != "difference" || &row[3] == "0.00", "{:?}", row);
        }
        for row in csv::Reader::from_path(out.join("fees.csv")).unwrap().records() {
            prop_assert_eq!(&row.unwrap()[12], "0.00");
        }
        let findings = found(&out.join("findings.csv"));
        prop_assert!(defects > 0 || findings.is_empty(), "{:?}", findings);
    }
}

// ---- laws -----------------------------------------------------------------------------------

fn any_spans() -> impl Strategy<Value = Vec<Span>> {
    let one = (0_i64..900, 0_i64..400).prop_map(|(from, length)| {
        let from = date(2020, 1, 1).saturating_add(jiff::Span::new().days(from));
        Span {
            from,
            to: from.saturating_add(jiff::Span::new().days(length)),
        }
    });
    proptest::collection::vec(one, 0..5)
}

proptest! {
    /// Against a plain count of days.
    #[test]
    fn gaps_and_overlaps_are_those_of_a_count_of_days(spans in any_spans()) {
        let covers: Vec<Cover> = spans.iter().enumerate().map(|(line, days)| cover(line as u64, *days)).collect();
        let within = Span { from: date(2021, 1, 1), to: date(2021, 12, 31) };
        let first = spans.iter().map(|span| span.from).min();
        let (mut uncovered, mut doubles) = (0_i64, 0_i64);
        let mut day = within.from;
        while day <= within.to {
            let count = spans.iter().filter(|span| span.holds(day)).count() as i64;
            uncovered += i64::from(count == 0 && first.is_some_and(|first| first < day));
            doubles += count * (count - 1) / 2;
            day = day.tomorrow().unwrap();
        }
        let found: i64 = gaps(&covers, within).iter().map(|gap| gap.days.days()).sum();
        prop_assert_eq!(found, uncovered);
        let found: i64 = overlaps(&covers, within).iter().map(|(_, _, days)| days.days()).sum();
        prop_assert_eq!(found, doubles);
    }

    /// The parts of a subsidy are its whole, none below zero.
    #[test]
    fn parts_of_a_subsidy_sum_to_it(
        standard in 0_i64..200_000, base in 0_i64..200_000, old in 0_i128..=100, share in 0_i128..=100,
        province in 0_i128..=100, city in 0_i128..=100,
    ) {
        let city = city.min(100 - province);
        let of = |percent| Exact::new(percent, 100).unwrap();
        let central = CentralShare {
            from_year: 2000, to_year: None, base: Fen::new(base), old_share: of(old), share: of(share),
        };
        let local = LocalShare { from_year: 2000, to_year: None, province: of(province), city: of(city) };
        let head = HeadSubsidy::of(Fen::new(standard), &central, &local).unwrap();
        let parts = [head.central, head.province, head.city, head.county];
        prop_assert_eq!(parts.into_iter().sum::<Fen>(), Fen::new(standard));
        // two halves of a fen may both be rounded up: the county then carries one
        prop_assert!(parts.iter().all(|part| *part >= Fen::new(-1)), "{:?}", parts);
    }

    /// A period's text is read as the period.
    #[test]
    fn periods_are_written_as_they_are_read(year in 1900_i16..2200, month in 1_i8..=12, months in 0_i32..24) {
        let from = Date::new(year, month, 1).unwrap();
        let to = from.saturating_add(jiff::Span::new().months(months));
        let text = format!("{year:04}-{month:02}..{:04}-{:02}", to.year(), to.month());
        let period: CoverPeriod = text.parse().unwrap();
        prop_assert_eq!(period.span(), Span { from, to: to.last_of_month() });
        prop_assert_eq!(period.to_string().parse::<CoverPeriod>().unwrap(), period);
    }
}

// ---- rules of the notices -------------------------------------------------------------------

/// Every rule has its row, every row a command that there is, or the room that will compute it.
#[test]
fn every_rule_of_the_notices_is_accounted_for() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/docs/notice-rules.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| id "));
    let rows: Vec<Vec<&str>> = rows
        .map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let ids: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    let expected = [("F", 14), ("E", 9), ("B", 20), ("P", 10)];
    let expected: Vec<String> = expected
        .into_iter()
        .flat_map(|(letter, count)| (1..=count).map(move |number| format!("{letter}{number}")))
        .collect();
    assert_eq!(expected.len(), 53);
    assert_eq!(ids, expected);
    let mut commands = std::collections::BTreeSet::new();
    for row in &rows {
        assert!(
            row.len() == 4 && row.iter().all(|cell| !cell.is_empty()),
            "{row:?}"
        );
        match row[2] {
            "later" => assert!(
                row[3].starts_with("room `") || row[3].starts_with("not computed: "),
                "{row:?}"
            ),
            command => {
                let command = command
                    .strip_prefix("`dianzhi ")
                    .and_then(|rest| rest.strip_suffix('`'));
                commands.insert(command.unwrap_or_else(|| panic!("{row:?} names no command")));
            }
        }
    }
    for command in commands {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let (status, said) = dianzhi(&words);
        assert_eq!(status, Some(0), "{command}: {said}");
    }
    // what a finding says its rule is, is a rule
    for kind in dianzhi::benefit::enrolment::Kind::ALL {
        let row = rows.iter().find(|row| row[0] == kind.rule());
        assert!(
            row.is_some_and(|row| row[2].starts_with("`dianzhi enrol")),
            "{kind:?}"
        );
    }
}
