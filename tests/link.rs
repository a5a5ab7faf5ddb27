//! The link of bills to standards, and the indicators of a run: published cases, the draft scenario as it
//! is kept, and what must hold for any bill.
//!
//! `UPDATE_GOLDEN=1` rewrites `tests/run/linyi-2021`.

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
use dianzhi::benefit::link::{CopayBase, FundFormula, FundTerms, LinkBill, LinkPaid, Negative, link_fund};
use dianzhi::units::{Exact, Fen};
use proptest::prelude::*;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

// ---- published cases ------------------------------------------------------------------------

fn examples(kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(root().join("tests/enrolment/examples.json")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let found: Vec<Value> = all
        .into_iter()
        .filter(|example| example["kind"] == kind)
        .collect();
    assert_eq!(found.len(), 2, "examples of {kind}");
    found
}

fn yuan(value: &Value) -> Fen {
    Fen::parse_yuan(value.as_str().unwrap()).unwrap()
}

fn bill(total: Fen, standard: Fen) -> LinkBill {
    LinkBill {
        total,
        standard,
        own: Fen::ZERO,
        pre: Fen::ZERO,
        scope: total,
    }
}

#[test]
fn the_fund_pays_what_others_leave_of_the_standard() {
    for example in examples("drg_fund") {
        let (inputs, expected) = (&example["inputs"], &example["expected"]);
        let bill = bill(yuan(&inputs["total"]), yuan(&inputs["standard"]));
        let paid = LinkPaid {
            person: yuan(&inputs["person"]),
            other_funds: yuan(&inputs["other_funds"]),
            deductible: Fen::ZERO,
        };
        assert_eq!(
            paid.person + paid.other_funds + yuan(&inputs["pooled_by_item"]),
            bill.total
        );
        let negative = match example["params"]["negative"].as_str() {
            Some("keep") => Negative::Keep,
            Some("zero") => Negative::Zero,
            other => panic!("{other:?}"),
        };
        let terms = FundTerms {
            formula: FundFormula::Subtract,
            ratio: Exact::ZERO,
            negative,
        };
        let result = link_fund(&bill, &paid, &terms).unwrap();
        assert_eq!(result.fund, yuan(&expected["fund"]), "{}", example["id"]);
        assert_eq!(
            result.hospital,
            yuan(&expected["hospital_result"]),
            "{}",
            example["id"]
        );
    }
}

#[test]
fn the_smaller_of_bill_and_standard_is_shared() {
    for example in examples("copay_base") {
        let (inputs, expected) = (&example["inputs"], &example["expected"]);
        let bill = bill(yuan(&inputs["total"]), yuan(&inputs["standard"]));
        let base = bill.base(CopayBase::MinItemsStandard);
        assert_eq!(base.base, yuan(&expected["copay_base"]), "{}", example["id"]);
        assert_eq!(
            bill.standard - bill.total,
            yuan(&expected["hospital_result"]),
            "{}",
            example["id"]
        );
        assert_eq!(base.scope + base.hospital, bill.scope);
    }
}

// ---- laws -----------------------------------------------------------------------------------

proptest! {
    /// What leaves the scope is the hospital's; subtract and keep leave it standard less bill.
    #[test]
    fn nothing_is_lost_between_bill_and_standard(
        own in 0_i64..1_000_000, pre in 0_i64..1_000_000, scope in 0_i64..10_000_000,
        standard in 0_i64..12_000_000, person in 0_i64..1_000_000, other in 0_i64..1_000_000,
    ) {
        let total = Fen::new(own + pre + scope);
        let bill = LinkBill {
            total, standard: Fen::new(standard), own: Fen::new(own), pre: Fen::new(pre), scope: Fen::new(scope),
        };
        for how in [CopayBase::Items, CopayBase::MinItemsStandard, CopayBase::Standard, CopayBase::Fixed] {
            let base = bill.base(how);
            prop_assert_eq!(base.scope + base.hospital, bill.scope);
            prop_assert!(!base.scope.is_negative());
            prop_assert!(how == CopayBase::Standard || !base.hospital.is_negative());
        }
        let paid = LinkPaid {
            person: Fen::new(person), other_funds: Fen::new(other), deductible: Fen::ZERO,
        };
        let terms = |negative| FundTerms { formula: FundFormula::Subtract, ratio: Exact::ZERO, negative };
        let kept = link_fund(&bill, &paid, &terms(Negative::Keep)).unwrap();
        prop_assert_eq!(kept.hospital, bill.standard - bill.total);
        let zero = link_fund(&bill, &paid, &terms(Negative::Zero)).unwrap();
        prop_assert!(!zero.fund.is_negative() && zero.fund >= kept.fund);
    }
}

// ---- the draft of a city --------------------------------------------------------------------

fn run(scenario: &Path, out: &Path, lang: &str) -> (Option<i32>, String) {
    let output = Command::cargo_bin("dianzhi")
        .unwrap()
        .current_dir(root())
        .args([
            "run",
            scenario.to_str().unwrap(),
            "-o",
            out.to_str().unwrap(),
            "--lang",
            lang,
        ])
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn rows(file: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let cells = |record: csv::StringRecord| {
        let cells = record.iter().map(str::to_owned);
        header.iter().map(str::to_owned).zip(cells).collect()
    };
    reader.records().map(|record| cells(record.unwrap())).collect()
}

fn fen(row: &BTreeMap<String, String>, column: &str) -> Fen {
    Fen::parse_yuan(&row[column]).unwrap_or_else(|_| panic!("{column}: `{}`", row[column]))
}

fn linyi() -> PathBuf {
    root().join("scenarios/linyi-2021.toml")
}

fn check_golden(name: &str, made: &str) {
    let golden = root().join("tests/run/linyi-2021").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(&golden, made).unwrap();
    }
    assert_eq!(made, std::fs::read_to_string(&golden).unwrap(), "{name}");
}

#[test]
fn the_draft_gives_what_is_kept_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (status, said) = run(Path::new("scenarios/linyi-2021.toml"), folder.path(), "en");
    assert_eq!(status, Some(0), "{said}");
    let said = said.replace(folder.path().to_str().unwrap(), "DIR");
    assert!(said.contains("!! DRAFT") && said.contains("(draft)"), "{said}");
    check_golden("summary.txt", &said);
    for name in [
        "pools.csv",
        "hospitals.csv",
        "indicators.csv",
        "burden.csv",
        "poor.csv",
    ] {
        let made = std::fs::read_to_string(folder.path().join(name)).unwrap();
        check_golden(name, &made);
    }
    let links = rows(&folder.path().join("link.csv"));
    assert_eq!(links.len(), 1177);
    for link in &links {
        let payers = [
            "person_paid",
            "basic_by_items",
            "cii",
            "ma",
            "other_payers",
            "hospital_share",
        ];
        let sum: Fen = payers.into_iter().map(|payer| fen(link, payer)).sum();
        assert_eq!(sum, fen(link, "total_fee"), "{link:?}");
        let result = fen(link, "standard") - fen(link, "total_fee");
        assert_eq!(
            fen(link, "hospital_result") + fen(link, "hospital_share"),
            result,
            "{link:?}"
        );
        assert_eq!(link["evidence"], "assumption");
    }
    // the joined statement and the settlement agree, case by case
    let apart = links
        .iter()
        .filter(|link| fen(link, "fund") != fen(link, "due"))
        .count();
    assert_eq!(apart, 0);
    let page = std::fs::read_to_string(folder.path().join("run.json")).unwrap();
    assert!(
        page.contains("DRAFT") && page.contains("link.csv"),
        "run.json does not say so"
    );
}

/// The scenario with other terms, its paths made whole.
fn changed(edits: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut text = std::fs::read_to_string(linyi()).unwrap();
    let scenarios = root().join("scenarios");
    for path in ["linyi-2021/", "policies/", "benefit/"] {
        let whole = format!("\"{}/{path}", scenarios.to_str().unwrap());
        text = text.replace(&format!("\"{path}"), &whole);
    }
    for (find, write) in edits {
        assert!(text.contains(find), "{find}");
        text = text.replacen(find, write, 1);
    }
    let path = folder.path().join("changed.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn other_bases_move_the_bill_and_never_lose_it() {
    let of_items = |edits: &[(&str, &str)]| {
        let (folder, scenario) = changed(edits);
        let out = folder.path().join("out");
        let (status, said) = run(&scenario, &out, "en");
        assert_eq!(status, Some(0), "{said}");
        rows(&out.join("link.csv"))
    };
    let items = of_items(&[]);
    let sum = |links: &[BTreeMap<String, String>], column: &str| -> Fen {
        links.iter().map(|link| fen(link, column)).sum()
    };
    let terms = [
        ("copay_base = \"items\"", "copay_base = \"min_items_standard\""),
        ("copay_base = \"items\"", "copay_base = \"standard\""),
    ];
    for term in terms {
        let links = of_items(&[term]);
        assert_eq!(links.len(), items.len());
        for link in &links {
            let payers = [
                "person_paid",
                "basic_by_items",
                "cii",
                "ma",
                "other_payers",
                "hospital_share",
            ];
            let paid: Fen = payers.into_iter().map(|payer| fen(link, payer)).sum();
            assert_eq!(paid, fen(link, "total_fee"), "{link:?}");
            if term.1.contains("min_items") {
                assert!(fen(link, "copay_base") <= fen(link, "standard").max(fen(link, "total_fee")));
                assert!(fen(link, "hospital_share") >= Fen::ZERO, "{link:?}");
            }
        }
        if term.1.contains("min_items") {
            // the smaller base never costs the persons more
            assert!(sum(&links, "person_paid") < sum(&items, "person_paid"));
        }
    }
    let ratio = of_items(&[(
        "fund_formula = \"subtract\"",
        "fund_formula = \"ratio\"\nfund_ratio = \"case\"",
    )]);
    assert_ne!(sum(&ratio, "fund"), sum(&items, "fund"));
    assert_eq!(sum(&ratio, "person_paid"), sum(&items, "person_paid"));
}

/// Edit, message.
#[test]
fn wrong_terms_are_refused_in_words() {
    let cases = [
        (
            "copay_base = \"items\"",
            "copay_base = \"item\"",
            "unknown value `item`",
        ),
        (
            "copay_base = \"items\"",
            "copay_base = \"fixed\"",
            "`link.fixed` is written with `copay_base = \"fixed\"`",
        ),
        (
            "copay_base = \"items\"",
            "copay_base = \"fixed\"\nfixed = { AA19 = \"1000 yuan\" }",
            "`link.fixed` has no amount for group",
        ),
        (
            "fund_formula = \"subtract\"",
            "fund_formula = \"ratio\"",
            "`link.fund_ratio` is written with `fund_formula = \"ratio\"`",
        ),
        (
            "negative = \"keep\"",
            "negatives = \"keep\"",
            "unknown key `negatives`; did you mean `negative`?",
        ),
        (
            "target = \"70%\"",
            "target = \"170%\"",
            "`170%` is refused; expected a ratio from \"0%\" to \"100%\"",
        ),
        (
            "tolerance = \"2pp\"",
            "tolerance = \"2%\"",
            "`2%` is refused; expected percentage points, e.g. \"2pp\"",
        ),
        (
            "high_burden = \"15000 yuan\"",
            "high_burden = \"15000\"",
            "`15000` is refused; expected an amount with its unit",
        ),
        (
            "\"dibao\",",
            "\"dibau\",",
            "`indicators.poor`: `dibau` is no category of this run",
        ),
    ];
    for (find, write, message) in cases {
        let (folder, scenario) = changed(&[(find, write)]);
        let (status, said) = run(&scenario, &folder.path().join("out"), "en");
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(message), "{message} in {said}");
        assert!(!folder.path().join("out/link.csv").exists());
    }
}

#[test]
fn the_draft_says_so_in_chinese_too() {
    let folder = tempfile::tempdir().unwrap();
    let (status, said) = run(Path::new("scenarios/linyi-2021.toml"), folder.path(), "zh");
    assert_eq!(status, Some(0), "{said}");
    for words in [
        "草案",
        "政策范围内支付比例",
        "低于目标",
        "政策范围内自付超过15000.00元的参保人16人",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
}
